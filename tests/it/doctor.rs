//! `doctor`: broken set-ups, each named with its way out; a healthy one has none.

use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::rig::{Cloud, PARTNER_TOKEN, Rig, SHOP_TOKEN, another};

/// A machine below a directory, healthy but for the service, which does not run.
struct Sick {
    directory: tempfile::TempDir,
    cloud: Cloud,
}

/// Nobody on any machine.
const STRANGER: u32 = 64_999;

impl Sick {
    fn new() -> Self {
        let machine = Self { directory: tempfile::tempdir().expect("a directory"), cloud: Cloud::open() };
        machine.put("/etc/systemd/system/kkm-bridge.service", include_str!("../../systemd/kkm-bridge.service"));
        machine.put("/run/systemd/timesync/synchronized", "");
        machine.secret("/etc/kkm-bridge/shop.token", SHOP_TOKEN);
        machine.secret("/etc/kkm-bridge/partner.token", PARTNER_TOKEN);
        let own = std::fs::metadata(machine.directory.path()).expect("there");
        machine.people(own.uid(), own.gid());
        machine.configure("", "family = \"simulated\"\nport = \"/var/lib/register\"", "");
        machine
    }

    fn path(&self, absolute: &str) -> PathBuf {
        self.directory.path().join(absolute.trim_start_matches('/'))
    }

    fn put(&self, absolute: &str, text: &str) {
        let path = self.path(absolute);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        std::fs::write(path, text).expect("written");
    }

    fn rights(&self, absolute: &str, mode: u32) {
        std::fs::set_permissions(self.path(absolute), std::fs::Permissions::from_mode(mode)).expect("set");
    }

    fn secret(&self, absolute: &str, text: &str) {
        self.put(absolute, text);
        self.rights(absolute, 0o600);
    }

    fn link(&self, absolute: &str, to: &Path) {
        let path = self.path(absolute);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        symlink(to, path).expect("linked");
    }

    /// The service's user, and the groups that own ports; files belong to whoever runs the test.
    fn people(&self, user: u32, group: u32) {
        let own = std::fs::metadata(self.directory.path()).expect("there").gid();
        self.put("/etc/passwd", &format!("nobody:x:65534:65534::/:\nkkm-bridge:x:{user}:{group}::/:\n"));
        self.put("/etc/group", &format!("ports:x:{own}:\n"));
    }

    fn configure(&self, intake: &str, driver: &str, further: &str) {
        let origin = &self.cloud.origin;
        let text = format!(
            "[intake]\n{intake}\n[journal]\ndirectory = \"/var/lib/kkm-bridge\"\n[altegio]\nlocale = \"en\"\n\
             [callback]\ndefault_url = \"{origin}/api/v1/callback\"\nallowed = [\"{origin}\"]\n\
             token = {{ file = \"/etc/kkm-bridge/partner.token\" }}\n\
             [shops.main]\ntoken = {{ file = \"/etc/kkm-bridge/shop.token\" }}\ndevice = \"front\"\n\
             [devices.front.driver]\n{driver}\n{further}\n"
        );
        self.put("/etc/kkm-bridge/kkm-bridge.toml", &text);
    }

    /// The register at this port of the machine.
    fn at(&self, port: &str) {
        self.configure("", &format!("family = \"shtrih\"\nport = \"{port}\""), "");
    }

    /// What happens to the simulated register before it is asked.
    fn register(&self, script: &str) {
        self.put("/var/lib/register/script", script);
    }

    fn doctor(&self, further: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kkm-bridge"));
        command.env_remove("KKM_BRIDGE_CONFIG").arg("doctor").arg("--root").arg(self.directory.path()).args(further);
        command.output().expect("it runs")
    }

    fn findings(&self, locale: &str) -> (Option<i32>, Vec<Value>) {
        let output = self.doctor(&["--json", "--locale", locale]);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {output:?}"));
        (output.status.code(), report["findings"].as_array().expect("a list").clone())
    }
}

/// A break, the name of the finding, and words of its way out in English and Russian.
type Case = (&'static str, fn(&Sick), &'static str, &'static str, &'static str);

const CASES: [Case; 26] = [
    ("no configuration", no_configuration, "config_missing", "kkm-bridge setup", "kkm-bridge setup"),
    ("a key with a typing error", typing_error, "config_form", "kkm-bridge check", "kkm-bridge check"),
    ("a token that everybody reads", open_token, "config_problem", "kkm-bridge check", "kkm-bridge check"),
    ("http for the whole world", open_http, "config_problem", "kkm-bridge check", "kkm-bridge check"),
    ("a token that the service cannot read", root_token, "secret_unreadable", "chown kkm-bridge", "chown kkm-bridge"),
    (
        "a credential that the unit does not load",
        no_credential,
        "credential_not_loaded",
        "LoadCredential=",
        "LoadCredential=",
    ),
    ("a register that is switched off", switched_off, "port_missing", "kkm-bridge devices", "проверьте кабель"),
    ("brltty has the adapter", brltty, "brltty_took_adapter", "apt-get remove brltty", "переподключите адаптер"),
    ("no right to the serial line", no_right, "port_forbidden", "usermod -aG ports kkm-bridge", "usermod -aG ports"),
    ("no right to the printer", no_lp_right, "port_forbidden", "usermod -aG ports kkm-bridge", "usermod -aG ports"),
    ("no driver for a USB printer", no_usblp, "no_printer_driver", "modprobe usblp", "modprobe usblp"),
    ("ModemManager", modem_manager, "modem_manager", "disable --now ModemManager", "если в машине нет модема"),
    ("a login prompt on the line", login_prompt, "login_prompt", "serial-getty@PORT", "serial-getty@ПОРТ"),
    ("a name that moves", moving_name, "unstable_name", "usb-SHTRIH-if00", "usb-SHTRIH-if00"),
    ("one port for two devices", shared_port, "port_shared", "a port of its own", "свой порт"),
    ("something that is no register", no_register, "device_silent", "cable, port and speed", "порт и скорость"),
    ("a port that another program holds", held_port, "device_silent", "cable, port and speed", "порт и скорость"),
    ("no paper", no_paper, "device_hindered", "at the device itself", "на самой кассе"),
    ("a shift of yesterday", old_shift, "shift_expired", "kkm-bridge shift close", "kkm-bridge shift close"),
    ("another program's receipt", foreign_receipt, "foreign_receipt", "exclusive = true", "exclusive = true"),
    ("a register's clock", wrong_clock, "device_clock", "set the device's clock", "установите часы"),
    ("a full storage", full_storage, "device_hindered", "at the device itself", "на самой кассе"),
    ("a rate that the register lacks", no_rate, "rate_missing", "update the device's firmware", "обновите прошивку"),
    ("a certificate of the year 2021", old_certificate, "certificate_ends", "certbot renew", "certbot renew"),
    ("a cloud that is out of reach", no_cloud, "callback_unreachable", "DNS and firewall", "межсетевой экран"),
    ("nobody keeps the clock", no_ntp, "time_unsynchronized", "set-ntp true", "set-ntp true"),
];

fn no_configuration(m: &Sick) {
    std::fs::remove_file(m.path("/etc/kkm-bridge/kkm-bridge.toml")).expect("removed");
}

fn typing_error(m: &Sick) {
    m.configure("lissten = \"canary-of-a-secret\"", "family = \"simulated\"\nport = \"/var/lib/register\"", "");
}

fn open_token(m: &Sick) {
    m.rights("/etc/kkm-bridge/shop.token", 0o644);
}

fn open_http(m: &Sick) {
    m.configure("listen = \"0.0.0.0:8181\"", "family = \"simulated\"\nport = \"/var/lib/register\"", "");
}

fn root_token(m: &Sick) {
    m.people(STRANGER, STRANGER);
}

fn no_credential(m: &Sick) {
    let text = std::fs::read_to_string(m.path("/etc/kkm-bridge/kkm-bridge.toml")).expect("there");
    let text = text.replace("{ file = \"/etc/kkm-bridge/partner.token\" }", "{ credential = \"partner.token\" }");
    m.put("/etc/kkm-bridge/kkm-bridge.toml", &text);
}

fn switched_off(m: &Sick) {
    m.at("/dev/serial/by-id/usb-SHTRIH-if00");
}

fn brltty(m: &Sick) {
    m.at("/dev/serial/by-id/usb-1a86_USB_Serial-if00-port0");
    m.put("/sys/bus/usb/devices/1-1/idVendor", "1a86\n");
    m.put("/sys/bus/usb/devices/1-1/idProduct", "7523\n");
    m.put("/sys/bus/usb/devices/1-1:1.0/bInterfaceClass", "ff\n");
    m.put("/usr/bin/brltty", "");
}

fn no_right(m: &Sick) {
    m.put("/dev/ttyS0", "");
    m.rights("/dev/ttyS0", 0o660);
    m.people(STRANGER, STRANGER);
    m.at("/dev/ttyS0");
}

fn no_lp_right(m: &Sick) {
    m.put("/dev/usb/lp0", "");
    m.rights("/dev/usb/lp0", 0o660);
    m.people(STRANGER, STRANGER);
    m.at("/dev/usb/lp0");
}

fn no_usblp(m: &Sick) {
    m.put("/sys/bus/usb/devices/1-2:1.0/bInterfaceClass", "07\n");
    m.at("/dev/usb/lp0");
}

fn modem_manager(m: &Sick) {
    m.put("/dev/ttyACM0", "");
    m.put("/proc/412/comm", "ModemManager\n");
    m.at("/dev/ttyACM0");
}

fn login_prompt(m: &Sick) {
    m.put("/dev/ttyS0", "");
    m.put("/proc/cmdline", "root=/dev/sda1 console=tty0 console=ttyS0,115200\n");
    m.at("/dev/ttyS0");
}

fn moving_name(m: &Sick) {
    m.put("/dev/ttyUSB0", "");
    m.link("/dev/serial/by-id/usb-SHTRIH-if00", Path::new("../../ttyUSB0"));
    m.put("/sys/devices/usb1/1-1/idVendor", "0403\n");
    m.put("/sys/devices/usb1/1-1/idProduct", "6001\n");
    m.put("/sys/devices/usb1/1-1/1-1:1.0/ttyUSB0/port_number", "0\n");
    let device = Path::new("../../../devices/usb1/1-1/1-1:1.0/ttyUSB0");
    m.link("/sys/class/tty/ttyUSB0/device", device);
    m.at("/dev/ttyUSB0");
}

fn shared_port(m: &Sick) {
    m.put("/dev/ttyS0", "");
    let other = "[devices.second.driver]\nfamily = \"shtrih\"\nport = \"/dev/ttyS0\"";
    m.configure("", "family = \"shtrih\"\nport = \"/dev/ttyS0\"", other);
}

fn no_register(m: &Sick) {
    m.put("/dev/ttyS0", "");
    m.at("/dev/ttyS0");
}

fn held_port(m: &Sick) {
    m.put("/dev/ttyS0", "");
    m.put("/proc/77/comm", "minicom\n");
    m.link("/proc/77/fd/3", Path::new("/dev/ttyS0"));
    m.at("/dev/ttyS0");
    let (_, findings) = m.findings("en");
    assert!(findings.iter().any(|f| f["what"].as_str().is_some_and(|w| w.contains("minicom (process 77)"))));
}

fn no_paper(m: &Sick) {
    m.register("paper out\n");
}

fn old_shift(m: &Sick) {
    m.register("auto-open on\nforeign sale 10000\nshift expire\n");
}

fn foreign_receipt(m: &Sick) {
    m.register("auto-open on\nforeign sale 10000\nforeign-open 500\n");
}

fn wrong_clock(m: &Sick) {
    m.register("clock -2h\n");
}

fn full_storage(m: &Sick) {
    m.register("storage full\n");
}

fn no_rate(m: &Sick) {
    m.register("tax-systems 01\nvat 1 1800\n");
}

fn old_certificate(m: &Sick) {
    m.secret("/etc/kkm-bridge/both.pem", include_str!("../../src/http/testdata/expired.pem"));
    let both = "\"/etc/kkm-bridge/both.pem\"";
    let intake = format!("tls = {{ certificate = {both}, key = {both} }}");
    m.configure(&intake, "family = \"simulated\"\nport = \"/var/lib/register\"", "");
}

fn no_cloud(m: &Sick) {
    let text = std::fs::read_to_string(m.path("/etc/kkm-bridge/kkm-bridge.toml")).expect("there");
    // A port that nobody listens at.
    m.put("/etc/kkm-bridge/kkm-bridge.toml", &text.replace(&m.cloud.origin, "http://127.0.0.1:9"));
}

fn no_ntp(m: &Sick) {
    std::fs::remove_file(m.path("/run/systemd/timesync/synchronized")).expect("removed");
}

#[test]
fn doctor_is_shown_broken_set_ups_and_names_each_one_s_way_out() {
    let mut unnamed = Vec::new();
    for (what, spoil, name, english, russian) in CASES {
        let machine = Sick::new();
        spoil(&machine);
        for (locale, words) in [("en", english), ("ru", russian)] {
            let (code, findings) = machine.findings(locale);
            let text = |f: &Value, key: &str| f[key].as_str().unwrap_or_default().to_owned();
            let found = findings.iter().find(|f| text(f, "name") == name);
            let named = found.is_some_and(|f| text(f, "way_out").contains(words) && !text(f, "what").is_empty());
            let told = code == Some(if findings.iter().any(|f| f["level"] == "broken") { 2 } else { 1 });
            let leaks = findings.iter().any(|f| f.to_string().contains("canary-of-a-secret"));
            if !named || !told || leaks {
                unnamed.push(format!("{what} ({locale}), exit {code:?}: {findings:#?}"));
            }
        }
    }
    assert!(unnamed.is_empty(), "{} not named:\n{}", unnamed.len(), unnamed.join("\n"));
}

#[test]
fn a_machine_that_only_lacks_its_service_is_told_so_and_nothing_else() {
    let machine = Sick::new();
    machine.register("vat 1 2200\n");
    let (code, findings) = machine.findings("en");
    let names: Vec<_> = findings.iter().map(|f| f["name"].as_str().unwrap_or_default()).collect();
    assert_eq!((code, names), (Some(1), vec!["service_down"]), "{findings:#?}");
    let text = String::from_utf8_lossy(&machine.doctor(&[]).stdout).into_owned();
    assert!(text.contains("well      devices") && text.contains("-> systemctl enable --now"), "{text}");
    assert!(machine.cloud.callbacks().is_empty(), "nothing is posted to the cloud");

    // Tokens as credentials are nothing that the doctor itself could read.
    no_credential(&machine);
    let drop_in = "[Service]\nLoadCredential=partner.token:/etc/kkm-bridge/partner.token\n";
    machine.put("/etc/systemd/system/kkm-bridge.service.d/override.conf", drop_in);
    let (code, findings) = machine.findings("en");
    assert_eq!((code, findings.len()), (Some(1), 1), "{findings:#?}");
}

#[test]
fn a_journal_that_root_left_behind_or_that_is_damaged_is_found() {
    let machine = Sick::new();
    machine.put("/var/lib/kkm-bridge/journal.db", "this is no database, and long enough to be told apart from one");
    let (_, findings) = machine.findings("en");
    assert!(findings.iter().any(|f| f["name"] == "journal_unusable"), "{findings:#?}");
    machine.people(STRANGER, STRANGER);
    let (code, findings) = machine.findings("en");
    assert_eq!(code, Some(2));
    let foreign = findings.iter().find(|f| f["name"] == "journal_foreign").expect("found");
    assert!(foreign["way_out"].as_str().is_some_and(|w| w.contains("chown -R kkm-bridge:")), "{foreign}");
}

#[test]
fn a_running_service_is_asked_for_what_its_devices_say() {
    let mut rig = Rig::new();
    rig.start();
    let sale = another("before-the-doctor", 1);
    rig.post(&sale).assert_pending();
    rig.cloud.await_success(&sale["id"]);
    std::fs::create_dir_all(rig.path("machine/run/systemd/timesync")).expect("made");
    std::fs::write(rig.path("machine/run/systemd/timesync/synchronized"), "").expect("written");
    let root = rig.path("machine").to_str().expect("text").to_owned();
    let names = |rig: &Rig| -> Vec<String> {
        let output = rig.command(&["doctor", "--json", "--offline", "--root", &root]);
        let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let findings = report["findings"].as_array().expect("a list").clone();
        findings.iter().map(|f| f["name"].as_str().unwrap_or_default().to_owned()).collect()
    };
    rig.register("vat 1 2200");
    rig.register("tax-systems 01");
    assert_eq!(names(&rig), [""; 0], "all is well");
    rig.register("paper out");
    assert_eq!(names(&rig), ["device_hindered"]);
    rig.register("paper in");
    rig.register("swap-storage");
    let after = another("after-the-swap", 2);
    rig.post(&after).assert_pending();
    rig.await_log("nothing is dispatched until a person agrees");
    assert!(names(&rig).contains(&"fenced".to_owned()));
}
