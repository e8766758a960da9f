//! `setup`: from a plugged-in register to a configuration that works, and nothing half-way.

use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::rig::{PARTNER_TOKEN, Rig};

/// An empty machine, and what `setup` writes on it.
struct Shop {
    directory: tempfile::TempDir,
}

impl Shop {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::write(directory.path().join("given"), PARTNER_TOKEN).expect("written");
        Self { directory }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn command(&self, further: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kkm-bridge"));
        command.arg("--config").arg(self.path("etc/kkm-bridge.toml")).arg("setup");
        command.arg("--root").arg(self.path("machine")).args(further).stdin(Stdio::null());
        command
    }

    /// Without questions, with the partner's token.
    fn set_up(&self, further: &[&str]) -> Output {
        let mut command = self.command(further);
        command.arg("--yes").arg("--partner-token-from").arg(self.path("given")).output().expect("it runs")
    }

    fn simulated(&self, further: &[&str]) -> Output {
        let books = self.path("register");
        let mut flags = vec!["--family", "simulated", "--port", books.to_str().expect("text")];
        flags.extend(further);
        self.set_up(&flags)
    }

    fn configuration(&self) -> String {
        std::fs::read_to_string(self.path("etc/kkm-bridge.toml")).expect("written")
    }

    fn plug(&self, name: &str, line: &Path) {
        let links = self.path("machine/dev/serial/by-id");
        std::fs::create_dir_all(&links).expect("made");
        symlink(line, links.join(name)).expect("linked");
    }

    /// Names of the files that are there.
    fn files(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.path("etc")) else { return Vec::new() };
        let mut names: Vec<String> = entries.flatten().filter_map(|e| e.file_name().into_string().ok()).collect();
        names.sort();
        names
    }
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).expect("there").permissions().mode() & 0o777
}

#[test]
fn a_register_on_usb_is_found_configured_and_tried_out() {
    let mut rig = Rig::new();
    let shop = Shop::new();
    shop.plug("usb-SHTRIH-M_Light-if00", &rig.path("register.tty"));
    let output = shop.set_up(&["--close-at", "22:30", "--exclusive", "--time-zone", "Europe/Moscow"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let said = text(&output);
    for wanted in ["ИМИТАТОР", "Test print: done", "Test sale: done", "URL", "shop.token", "systemctl enable"] {
        assert!(said.contains(wanted), "no {wanted:?} in {said}");
    }
    let token = std::fs::read_to_string(shop.path("etc/shop.token")).expect("written");
    assert!(token.trim().len() >= 32 && token.trim().bytes().all(|b| b.is_ascii_hexdigit()), "{}", token.len());
    assert!(!said.contains(token.trim()) && !said.contains(PARTNER_TOKEN), "no token goes into a log");
    assert_eq!((mode(&shop.path("etc/shop.token")), mode(&shop.path("etc/partner.token"))), (0o600, 0o600));
    assert_eq!(mode(&shop.path("etc/kkm-bridge.toml")), 0o640);
    let configuration = shop.configuration();
    assert!(configuration.contains("usb-SHTRIH-M_Light-if00") && configuration.contains("serial = \"1234\""));
    let check = Command::new(env!("CARGO_BIN_EXE_kkm-bridge"))
        .arg("--config")
        .arg(shop.path("etc/kkm-bridge.toml"))
        .arg("check")
        .output()
        .expect("it runs");
    assert!(check.status.success(), "{}", text(&check));
    assert_eq!(rig.receipts().len(), 1, "the test sale, once");
    assert_eq!(rig.receipts()[0].total.minor(), 100);
    rig.kill_register();
}

#[test]
fn an_existing_configuration_is_never_written_over_and_kept_as_a_copy_when_forced() {
    let shop = Shop::new();
    let first = shop.simulated(&["--no-test-sale"]);
    assert_eq!(first.status.code(), Some(0), "{}", text(&first));
    let (before, token) = (shop.configuration(), std::fs::read(shop.path("etc/shop.token")).expect("there"));
    let again = shop.simulated(&["--no-test-sale", "--device", "other"]);
    assert_eq!(again.status.code(), Some(78));
    assert!(text(&again).contains("--force"), "{}", text(&again));
    assert_eq!(shop.configuration(), before);
    let forced = shop.simulated(&["--no-test-sale", "--device", "other", "--force", "--no-print"]);
    assert_eq!(forced.status.code(), Some(0), "{}", text(&forced));
    assert!(shop.configuration().contains("[devices.other.driver]"));
    assert_eq!(std::fs::read_to_string(shop.path("etc/kkm-bridge.toml.1")).expect("kept"), before);
    assert_eq!(std::fs::read(shop.path("etc/shop.token")).expect("there"), token, "Altegio knows this token");
}

#[test]
fn answers_that_make_no_configuration_leave_nothing_behind() {
    let shop = Shop::new();
    let refused: [(&[&str], &str); 6] = [
        (&["--listen", "0.0.0.0:8181"], "TLS"),
        (&["--device", "Front"], "lower case"),
        (&["--callback", "http://example.com/x"], "loopback"),
        (&["--close-at", "25:00"], "time"),
        (&["--tax-table", "/nowhere/tax.toml"], "/nowhere/tax.toml"),
        (&["--token-from", "/dev/null"], "at least 22"),
    ];
    for (flags, why) in refused {
        let output = shop.simulated(flags);
        assert_eq!(output.status.code(), Some(78), "{flags:?}: {}", text(&output));
        assert!(text(&output).contains(why), "{flags:?}: {}", text(&output));
        assert_eq!(shop.files(), [""; 0], "{flags:?}");
    }
    let without = shop.command(&["--yes", "--family", "simulated", "--port", "/tmp"]).output().expect("it runs");
    assert!(text(&without).contains("--partner-token-from"), "{}", text(&without));
    let nothing = shop.set_up(&[]);
    assert!(text(&nothing).contains("--port"), "{}", text(&nothing));
    assert_eq!(shop.files(), [""; 0]);
}

#[test]
fn a_device_that_does_not_say_that_it_is_simulated_gets_no_test_sale_unless_ordered() {
    let mut rig = Rig::new();
    // What the device says of itself decides, so let it say something else.
    rig.kill_register();
    let state = rig.path("books/state.json");
    let told = std::fs::read_to_string(&state).expect("its state").replace("ШТРИХ-ИМИТАТОР", "ШТРИХ-ЛАЙТ-01Ф");
    std::fs::write(&state, told).expect("written");
    rig.start_register(&[]);
    let shop = Shop::new();
    shop.plug("usb-SHTRIH-M_Light-if00", &rig.path("register.tty"));
    let output = shop.set_up(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert!(text(&output).contains("Test sale: none"), "{}", text(&output));
    assert_eq!(rig.receipts().len(), 0);
    let ordered = shop.set_up(&["--force", "--test-sale", "--no-print"]);
    assert_eq!(ordered.status.code(), Some(0), "{}", text(&ordered));
    assert_eq!(rig.receipts().len(), 1);
}

#[test]
fn on_a_terminal_it_asks_and_takes_enter_for_the_default() {
    let rig = Rig::new();
    let shop = Shop::new();
    shop.plug("usb-SHTRIH-M_Light-if00", &rig.path("register.tty"));
    let mut asked = shop.command(&["--ask", "--no-test-sale"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let asked = asked.as_mut().expect("it runs");
    // Profile, device, shop, callback, tax table, language, zone, then the token.
    let answers = format!("2\ntill\nNo!\nsalon\n\n\nen\nEurope/Moscow\n{PARTNER_TOKEN}\n");
    asked.stdin.take().expect("piped").write_all(answers.as_bytes()).expect("written");
    let mut said = String::new();
    std::io::Read::read_to_string(asked.stdout.as_mut().expect("piped"), &mut said).expect("read");
    assert!(asked.wait().expect("ended").success(), "{said}");
    assert!(said.contains("lower case"), "a wrong answer is told and asked again: {said}");
    let configuration = shop.configuration();
    for line in [
        "[devices.till.driver]",
        "[shops.salon]",
        "profile = \"vat22\"",
        "locale = \"en\"",
        "time_zone = \"Europe/Moscow\"",
    ] {
        assert!(configuration.contains(line), "{configuration}");
    }
}

#[test]
fn a_test_that_fails_leaves_the_configuration_and_says_why() {
    let shop = Shop::new();
    std::fs::create_dir_all(shop.path("register")).expect("made");
    std::fs::write(shop.path("register/script"), "paper out\n").expect("written");
    let output = shop.simulated(&["--no-test-sale"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(text(&output).contains("Test print: FAILED: no paper"), "{}", text(&output));
    assert!(shop.configuration().contains("simulated"));
}

#[test]
fn what_root_writes_belongs_to_the_service_and_to_nobody_else() {
    let shop = Shop::new();
    let service = 64_999;
    std::fs::create_dir_all(shop.path("machine/etc")).expect("made");
    let users = format!("root:x:0:0::/:\nkkm-bridge:x:{service}:{service}::/:\n");
    std::fs::write(shop.path("machine/etc/passwd"), users).expect("written");
    let output = shop.simulated(&["--no-print"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let own = std::fs::metadata(shop.path("machine")).expect("there").uid();
    // Only root can give files away; anybody else keeps them.
    let owner = if own == 0 { service } else { own };
    for token in ["etc/shop.token", "etc/partner.token"] {
        assert_eq!(std::fs::metadata(shop.path(token)).expect("there").uid(), owner);
        assert_eq!(mode(&shop.path(token)), 0o600);
    }
    let configuration = std::fs::metadata(shop.path("etc/kkm-bridge.toml")).expect("there");
    assert_eq!((configuration.uid(), configuration.mode() & 0o777), (own, 0o640));
    assert!(own != 0 || configuration.gid() == service);
}
