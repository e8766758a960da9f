//! A register on a pseudo terminal and on TCP.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::host::{ACK, ENQ, NAK, bytes, frame};
use crate::simulator::{Link, Options, Simulator, books};

const DEADLINE: Duration = Duration::from_secs(20);

fn read(port: &mut impl Read, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    port.read_exact(&mut bytes).expect("bytes");
    bytes
}

fn ask(port: &mut (impl Read + Write), body: &[u8]) -> Vec<u8> {
    port.write_all(&[ENQ]).expect("written");
    assert_eq!(read(port, 1), [NAK]);
    port.write_all(&frame(body)).expect("written");
    assert_eq!(read(port, 1), [ACK]);
    let head = read(port, 2);
    let rest = read(port, usize::from(head[1]) + 1);
    port.write_all(&[ACK]).expect("written");
    rest[..rest.len() - 1].to_vec()
}

/// A terminal whose reads do not wait for ever.
struct Terminal(File);

impl Read for Terminal {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let deadline = Timespec { tv_sec: DEADLINE.as_secs() as i64, tv_nsec: 0 };
        match poll(&mut [PollFd::new(&self.0, PollFlags::IN)], Some(&deadline))? {
            0 => Err(io::ErrorKind::TimedOut.into()),
            _ => self.0.read(buffer),
        }
    }
}

impl Write for Terminal {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn open(path: &Path) -> Terminal {
    const O_NOCTTY: i32 = 0o400;
    let file = OpenOptions::new().read(true).write(true).custom_flags(O_NOCTTY).open(path);
    Terminal(file.expect("the terminal opens"))
}

#[test]
fn a_host_may_come_and_go_on_a_pseudo_terminal() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("register");
    std::os::unix::fs::symlink("/dev/nowhere", &path).expect("a stale link");
    let shelf = dir.path().join("books");
    let simulator = Simulator::start(&Options::new(Link::Pty(path.clone()), &shelf)).expect("started");
    assert_eq!(simulator.name(), path.display().to_string());
    assert_eq!(ask(&mut open(&path), &bytes("E0 1E 00 00 00")), bytes("E0 00 1E"));
    assert_eq!(ask(&mut open(&path), &bytes("E0 1E 00 00 00")), bytes("E0 73"));
    assert_eq!(books::read(&shelf).expect("readable").len(), 2);
    simulator.stop().expect("stopped");
    assert!(!path.exists() && std::fs::symlink_metadata(&path).is_err(), "the link went with it");
}

#[test]
fn a_power_cut_takes_the_pseudo_terminal_away_and_power_brings_it_back() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("register");
    let shelf = dir.path().join("books");
    let simulator = Simulator::start(&Options::new(Link::Pty(path.clone()), &shelf)).expect("started");
    simulator.inject("power-cut after E0 stays").expect("a line");
    let mut port = open(&path);
    port.write_all(&[&[ENQ], frame(&bytes("E0 1E 00 00 00")).as_slice()].concat()).expect("written");
    let mut rest = Vec::new();
    // The line hangs up: an error, or the end of the bytes.
    let _ = port.read_to_end(&mut rest);
    assert_eq!(rest.len().min(2), rest.len(), "at most NAK and ACK came: {rest:02X?}");
    let until = Instant::now() + DEADLINE;
    while std::fs::symlink_metadata(&path).is_ok() {
        assert!(Instant::now() < until, "the link is still there");
        std::thread::yield_now();
    }
    assert_eq!(books::read(&shelf).expect("readable").len(), 2, "carried out before power went");
    simulator.inject("power on").expect("a line");
    while std::fs::symlink_metadata(&path).is_err() {
        assert!(Instant::now() < until, "the link does not come back");
        std::thread::yield_now();
    }
    assert_eq!(ask(&mut open(&path), &bytes("E0 1E 00 00 00")), bytes("E0 73"));
}

#[test]
fn one_client_after_another_on_tcp_and_a_power_cut_takes_the_port_away() {
    let dir = tempfile::tempdir().expect("a directory");
    let options = Options::new(Link::Tcp("127.0.0.1:0".to_owned()), dir.path());
    let simulator = Simulator::start(&options).expect("started");
    let connect = || {
        let stream = TcpStream::connect(simulator.name()).expect("connected");
        stream.set_read_timeout(Some(DEADLINE)).expect("set");
        stream
    };
    let mut first = connect();
    assert_eq!(ask(&mut first, &bytes("E0 1E 00 00 00")), bytes("E0 00 1E"));
    let mut second = connect();
    drop(first);
    assert_eq!(ask(&mut second, &bytes("E0 1E 00 00 00")), bytes("E0 73"));
    simulator.inject("power off").expect("a line");
    assert!(matches!(second.read(&mut [0]), Ok(0) | Err(_)), "the connection is gone");
    let until = Instant::now() + DEADLINE;
    while TcpStream::connect(simulator.name()).is_ok() {
        assert!(Instant::now() < until, "the port is still there");
    }
    simulator.inject("power on").expect("a line");
    let mut third = loop {
        match TcpStream::connect(simulator.name()) {
            Ok(stream) => break stream,
            Err(error) => assert!(Instant::now() < until, "{error}"),
        }
    };
    third.set_read_timeout(Some(DEADLINE)).expect("set");
    assert_eq!(ask(&mut third, &bytes("10 1E 00 00 00"))[5], 2);
}

#[test]
fn a_line_of_the_script_that_is_not_understood_stops_the_start() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut options = Options::new(Link::Tcp("127.0.0.1:0".to_owned()), dir.path());
    options.faults = vec!["make trouble".to_owned()];
    let error = Simulator::start(&options).err().expect("refused").to_string();
    assert!(error.contains("\"make trouble\" is not understood"), "{error}");
}
