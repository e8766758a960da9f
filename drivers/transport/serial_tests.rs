use std::io::{Read, Write};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use super::*;

/// The device's end of a line, and the path of ours.
fn line() -> (File, String) {
    let far = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pty");
    grantpt(&far).expect("granted");
    unlockpt(&far).expect("unlocked");
    let path = ptsname(&far, Vec::new()).expect("a name").into_string().expect("utf-8");
    (File::from(far), path)
}

const SOON: Duration = Duration::from_millis(100);
const LATE: Duration = Duration::from_secs(5);

#[test]
fn bytes_pass_unchanged_in_both_directions() {
    let (mut far, path) = line();
    let mut port = SerialOpener::new(path, 115_200).open().expect("opens");
    let all: Vec<u8> = (0..=255).collect();
    port.write(&all, LATE).expect("written");
    let mut got = vec![0; 256];
    far.read_exact(&mut got).expect("read");
    assert_eq!(got, all);
    far.write_all(&all).expect("written");
    let mut got: Vec<u8> = Vec::new();
    let mut buffer = [0; 64];
    while got.len() < 256 {
        let n = port.read(&mut buffer, LATE).expect("read");
        assert!(n > 0, "came in time");
        got.extend(&buffer[..n]);
    }
    assert_eq!(got, all);
}

#[test]
fn silence_ends_at_the_deadline() {
    let (_far, path) = line();
    let mut port = SerialOpener::new(path, 115_200).open().expect("opens");
    let before = port.now();
    assert_eq!(port.read(&mut [0; 8], SOON), Ok(0));
    assert!(port.now() >= before + SOON);
}

#[test]
fn a_write_that_nobody_reads_fails_instead_of_hanging() {
    let (_far, path) = line();
    let mut port = SerialOpener::new(path, 115_200).open().expect("opens");
    let before = port.now();
    assert_eq!(port.write(&vec![0x55; 65_536], SOON), Err(PortError::Stuck));
    assert!(port.now() < before + LATE);
}

#[test]
fn a_peer_that_closes_is_gone_at_once() {
    let (far, path) = line();
    let mut port = SerialOpener::new(path, 115_200).open().expect("opens");
    drop(far);
    assert!(matches!(port.read(&mut [0; 8], LATE), Err(PortError::Gone(_))));
    assert!(matches!(port.write(b"x", LATE), Err(PortError::Gone(_))));
}

#[test]
fn what_was_received_can_be_thrown_away() {
    let (mut far, path) = line();
    let mut port = SerialOpener::new(path, 115_200).open().expect("opens");
    far.write_all(b"old").expect("written");
    assert_eq!(port.read(&mut [0; 1], LATE), Ok(1));
    port.discard_input().expect("discarded");
    far.write_all(b"new").expect("written");
    let mut buffer = [0; 8];
    assert_eq!(port.read(&mut buffer, LATE), Ok(3));
    assert_eq!(&buffer[..3], b"new");
}

#[test]
fn a_second_opener_is_told_that_the_port_is_in_use() {
    let (_far, path) = line();
    let _held = SerialOpener::new(&path, 115_200).open().expect("opens");
    match SerialOpener::new(&path, 115_200).open().map(|_| ()) {
        Err(PortError::Unreachable(why)) => {
            assert!(why.contains("port in use") && why.contains(&path), "{why}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_missing_device_is_named_with_its_errno() {
    match SerialOpener::new("/dev/no-such-line", 9600).open().map(|_| ()) {
        Err(PortError::Unreachable(why)) => {
            assert!(why.contains("/dev/no-such-line") && why.contains("errno 2"), "{why}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_device_that_sends_xoff_is_waited_for_and_xon_lets_the_rest_go() {
    const XOFF: &[u8] = b"\x13";
    const XON: &[u8] = b"\x11";
    let (mut far, path) = line();
    let mut port = SerialOpener::new(path, 9600).with(Parity::Even, Flow::XonXoff).open().expect("opens");
    far.write_all(XOFF).expect("written");
    // The system takes note of it a moment later.
    let began = port.now();
    while port.write(b".", SOON) != Err(PortError::Stuck) {
        assert!(port.now() < began + LATE, "XOFF is not heard");
    }
    far.write_all(XON).expect("written");
    port.write(b"receipt", LATE).expect("written");
    let mut got = [b'.'];
    while got == *b"." {
        far.read_exact(&mut got).expect("read");
    }
    assert_eq!(&got, b"r");
    assert_eq!(port.read(&mut [0; 8], SOON), Ok(0), "flow control is no answer");
}

#[test]
fn a_line_without_the_wire_dsr_says_so_instead_of_losing_bytes() {
    let (_far, path) = line();
    let mut port = SerialOpener::new(path, 9600).with(Parity::None, Flow::DtrDsr).open().expect("opens");
    match port.write(b"receipt", LATE) {
        Err(PortError::Gone(why)) => assert!(why.contains("DSR"), "{why}"),
        other => panic!("{other:?}"),
    }
}
