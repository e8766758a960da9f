//! `devices`: who is at which port. Only what may be asked is asked, an echo is no register, and a register that is plugged
//! in elsewhere is followed.

use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use serde_json::Value;

use crate::rig::{Rig, another};

/// The simulated register's serial number, without its zeros.
const SERIAL: &str = "1234";

/// A line at whose far end somebody counts bytes, and maybe sends them back.
struct Line {
    path: PathBuf,
    heard: Arc<AtomicUsize>,
    /// Keeps the line raw and alive while nobody else has it open.
    _near: OwnedFd,
}

impl Line {
    fn open(echoes: bool) -> Self {
        let far = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a pty");
        grantpt(&far).expect("granted");
        unlockpt(&far).expect("unlocked");
        let name = ptsname(&far, Vec::new()).expect("a name").into_string().expect("text");
        let near = rustix::fs::open(&name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, rustix::fs::Mode::empty())
            .expect("opened");
        let mut raw = tcgetattr(&near).expect("read");
        raw.make_raw();
        tcsetattr(&near, OptionalActions::Now, &raw).expect("set");
        let heard = Arc::new(AtomicUsize::new(0));
        let counted = heard.clone();
        std::thread::spawn(move || {
            let mut far = std::fs::File::from(far);
            let mut buffer = [0; 256];
            while let Ok(count @ 1..) = far.read(&mut buffer) {
                counted.fetch_add(count, Ordering::SeqCst);
                if echoes && far.write_all(&buffer[..count]).is_err() {
                    return;
                }
            }
        });
        Self { path: name.into(), heard, _near: near }
    }

    fn heard(&self) -> usize {
        self.heard.load(Ordering::SeqCst)
    }
}

/// A directory of links, as udev keeps it below `/dev/serial/by-id`.
fn by_id(rig: &Rig) -> PathBuf {
    let directory = rig.path("machine/dev/serial/by-id");
    std::fs::create_dir_all(&directory).expect("made");
    directory
}

fn devices(rig: &Rig, further: &[&str]) -> Value {
    let root = rig.path("machine");
    let mut arguments = vec!["devices", "--json", "--root", root.to_str().expect("text")];
    arguments.extend(further);
    let output = rig.command(&arguments);
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn said(found: &Value, link: &str) -> Value {
    let ports = found["ports"].as_array().expect("ports");
    let port = ports.iter().find(|p| p["port"].as_str().is_some_and(|name| name.ends_with(link)));
    port.unwrap_or_else(|| panic!("no {link} in {found}"))["said"].clone()
}

fn plug(directory: &Path, link: &str, to: &Path) {
    symlink(to, directory.join(link)).expect("linked");
}

#[test]
fn ports_are_listed_with_what_answered_and_only_the_allowed_ones_are_asked() {
    let rig = Rig::new();
    let links = by_id(&rig);
    let (stranger, echo) = (Line::open(false), Line::open(true));
    plug(&links, "usb-SHTRIH-M_Light-if00", &rig.path("register.tty"));
    plug(&links, "usb-FTDI_FT232R-if00-port0", &stranger.path);
    plug(&links, "usb-SHTRIH-M_echo-if00", &echo.path);
    let found = devices(&rig, &[]);
    assert_eq!(found["service_runs"], false);
    let register = said(&found, "usb-SHTRIH-M_Light-if00")["register"].clone();
    assert_eq!((&register["serial"], &register["family"]), (&SERIAL.into(), &"shtrih".into()), "{register}");
    assert!(said(&found, "usb-SHTRIH-M_echo-if00")["nothing"]["why"].is_string(), "an echo is no device");
    assert!(echo.heard() > 0, "it was asked");
    let why = said(&found, "usb-FTDI_FT232R-if00-port0")["not_asked"]["why"].to_string();
    assert!(why.contains("--ask"), "{why}");
    assert_eq!(stranger.heard(), 0, "not a byte may go to what nobody allowed");

    let name = links.join("usb-FTDI_FT232R-if00-port0");
    let found = devices(&rig, &["--ask", name.to_str().expect("text")]);
    assert!(said(&found, "usb-FTDI_FT232R-if00-port0")["nothing"].is_object(), "a person allowed it");
    assert!(stranger.heard() > 0);
}

#[test]
fn a_port_that_the_service_holds_is_told_and_not_touched() {
    let mut rig = Rig::new();
    let links = by_id(&rig);
    plug(&links, "usb-SHTRIH-M_Light-if00", &rig.path("register.tty"));
    rig.start();
    let sale = another("held", 1);
    rig.post(&sale).assert_pending();
    rig.cloud.await_success(&sale["id"]);
    let found = devices(&rig, &[]);
    assert_eq!(found["service_runs"], true);
    assert_eq!(said(&found, "usb-SHTRIH-M_Light-if00")["held"]["device"], "front", "{found}");
    assert!(found["devices"][0]["port"].as_str().is_some_and(|p| p.ends_with("register.tty")), "{found}");
    let asked = devices(&rig, &["--ask", links.join("usb-SHTRIH-M_Light-if00").to_str().expect("text")]);
    assert!(said(&asked, "usb-SHTRIH-M_Light-if00")["held"].is_object(), "not even by hand");
    let text = rig.command(&["devices", "--root", rig.path("machine").to_str().expect("text")]);
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(text.contains("front: serial") && text.contains("the running service uses it"), "{text}");
    let again = another("held-2", 2);
    rig.post(&again).assert_pending();
    rig.cloud.await_success(&again["id"]);
}

#[test]
fn a_register_that_is_plugged_in_elsewhere_is_followed_by_its_serial_number() {
    let mut rig = Rig::new();
    let links = by_id(&rig);
    let stranger = Line::open(false);
    plug(&links, "usb-A-if00", &stranger.path);
    plug(&links, "usb-B-if00", &rig.path("register.tty"));
    rig.place(&format!(
        "family = \"shtrih\"\nport = \"auto\"\nserial = \"{SERIAL}\"\nsearch = \"{}\"",
        links.display()
    ));
    rig.start();
    let first = another("before", 1);
    rig.post(&first).assert_pending();
    rig.cloud.await_success(&first["id"]);
    assert!(devices(&rig, &["--no-ports"])["devices"][0]["port"].as_str().is_some_and(|p| p.ends_with("usb-B-if00")));

    // Another socket, another name; and at the old name there is something else now.
    rig.kill_register();
    std::fs::remove_file(links.join("usb-B-if00")).expect("unplugged");
    let echo = Line::open(true);
    plug(&links, "usb-B-if00", &echo.path);
    rig.start_register(&[]);
    plug(&links, "usb-Z-if00", &rig.path("register.tty"));
    let second = another("after", 2);
    rig.post(&second).assert_pending();
    rig.cloud.await_success(&second["id"]);
    assert_eq!(rig.receipts().len(), 2);
    assert!(devices(&rig, &["--no-ports"])["devices"][0]["port"].as_str().is_some_and(|p| p.ends_with("usb-Z-if00")));
}
