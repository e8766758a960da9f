//! A printer on a pseudo terminal, on TCP and on a file.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::EPSON;
use crate::simulator::printer::{Link, Options, Printer, PrinterError, Slip, books};

const DEADLINE: Duration = Duration::from_secs(20);
const RECEIPT: &[u8] = b"Total 1.00\n\x1DVB\x00";

/// A terminal whose reads do not wait for ever.
struct Terminal(File);

impl Terminal {
    fn open(path: &Path) -> Self {
        const O_NOCTTY: i32 = 0o400;
        let file = OpenOptions::new().read(true).write(true).custom_flags(O_NOCTTY).open(path);
        Self(file.expect("the terminal opens"))
    }
}

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

fn ask(port: &mut (impl Read + Write), bytes: &[u8], count: usize) -> Vec<u8> {
    port.write_all(bytes).expect("written");
    let mut answer = vec![0; count];
    port.read_exact(&mut answer).expect("an answer");
    answer
}

fn connect(printer: &Printer) -> TcpStream {
    let stream = TcpStream::connect(printer.name()).expect("connected");
    stream.set_read_timeout(Some(DEADLINE)).expect("set");
    stream
}

/// Looks until it is so.
fn until(what: &str, so: impl Fn() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !so() {
        assert!(Instant::now() < deadline, "not in time: {what}");
        std::thread::yield_now();
    }
}

fn on_tcp(directory: &Path) -> Options {
    Options::new(EPSON, Link::Tcp("127.0.0.1:0".to_owned()), directory)
}

#[test]
fn a_host_prints_and_is_answered_on_a_pseudo_terminal() {
    let dir = tempfile::tempdir().expect("a directory");
    let (path, shelf) = (dir.path().join("printer"), dir.path().join("books"));
    let printer = Printer::start(&Options::new(EPSON, Link::Pty(path.clone()), &shelf)).expect("started");
    assert_eq!(printer.name(), path.display().to_string());
    let mut port = Terminal::open(&path);
    assert_eq!(ask(&mut port, b"\x10\x04\x01", 1), [0x12]);
    assert_eq!(ask(&mut port, &[RECEIPT, b"\x1D(H\x06\x0000AAAA"].concat(), 7), b"7\"AAAA\0");
    assert_eq!(books::read(&shelf).expect("readable")[0].text(), "Total 1.00");
    drop(port);
    assert_eq!(ask(&mut Terminal::open(&path), b"\x10\x04\x04", 1), [0x12], "a host may come and go");
    printer.stop().expect("stopped");
    assert!(std::fs::symlink_metadata(&path).is_err(), "the link went with it");
}

#[test]
fn power_off_takes_the_pseudo_terminal_away_and_power_on_brings_it_back() {
    let dir = tempfile::tempdir().expect("a directory");
    let (path, shelf) = (dir.path().join("printer"), dir.path().join("books"));
    let printer = Printer::start(&Options::new(EPSON, Link::Pty(path.clone()), &shelf)).expect("started");
    let mut port = Terminal::open(&path);
    printer.inject("power-cut after byte 17").expect("a line");
    port.write_all(&[RECEIPT, b"lost\nlost\n"].concat()).expect("written");
    let mut rest = Vec::new();
    // The line hangs up: an error, or the end of the bytes.
    let _ = port.read_to_end(&mut rest);
    until("the terminal is gone", || std::fs::symlink_metadata(&path).is_err());
    printer.inject("power on").expect("a line");
    until("the terminal is back", || std::fs::symlink_metadata(&path).is_ok());
    assert_eq!(ask(&mut Terminal::open(&path), b"\x10\x04\x01", 1), [0x12]);
    assert_eq!(books::read(&shelf).expect("readable").len(), 1);
}

#[test]
fn a_broken_link_is_another_pseudo_terminal_under_the_same_name() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("printer");
    let printer =
        Printer::start(&Options::new(EPSON, Link::Pty(path.clone()), dir.path().join("books"))).expect("started");
    let mut port = Terminal::open(&path);
    printer.inject("disconnect").expect("a line");
    let mut rest = Vec::new();
    let _ = port.read_to_end(&mut rest);
    until("the terminal is back", || std::fs::symlink_metadata(&path).is_ok());
    assert_eq!(ask(&mut Terminal::open(&path), b"\x10\x04\x01", 1), [0x12]);
}

#[test]
fn one_client_after_another_prints_on_tcp() {
    let dir = tempfile::tempdir().expect("a directory");
    let printer = Printer::start(&on_tcp(dir.path())).expect("started");
    let mut first = connect(&printer);
    assert_eq!(ask(&mut first, &[RECEIPT, b"\x1Dr\x01"].concat(), 1), [0]);
    let mut second = connect(&printer);
    second.write_all(b"second\n\x1DVB\x00\x1Dr\x01").expect("written");
    first.write_all(b"first again\n\x1DVB\x00").expect("written");
    drop(first);
    assert_eq!(ask(&mut second, b"", 1), [0]);
    let texts: Vec<String> = printer.device(|device| device.slips().iter().map(Slip::text).collect());
    assert_eq!(texts, ["Total 1.00", "first again", "second"], "the second one waited");
}

#[test]
fn a_client_that_sent_and_left_has_its_paper() {
    let dir = tempfile::tempdir().expect("a directory");
    let printer = Printer::start(&on_tcp(dir.path())).expect("started");
    connect(&printer).write_all(RECEIPT).expect("written");
    until("printed", || printer.device(|device| device.slips().len() == 1));
}

#[test]
fn a_half_open_connection_takes_bytes_and_answers_nothing_until_it_is_cut() {
    let dir = tempfile::tempdir().expect("a directory");
    let printer = Printer::start(&on_tcp(dir.path())).expect("started");
    let mut client = connect(&printer);
    assert_eq!(ask(&mut client, b"\x10\x04\x01", 1), [0x12]);
    printer.inject("deaf").expect("a line");
    client.write_all(&[RECEIPT, b"\x10\x04\x01"].concat()).expect("the system takes them");
    client.set_read_timeout(Some(Duration::from_millis(50))).expect("set");
    let silent = client.read(&mut [0]).expect_err("nothing comes").kind();
    assert!(matches!(silent, io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut), "{silent:?}");
    printer.inject("disconnect").expect("a line");
    assert!(matches!(client.read(&mut [0]), Ok(0) | Err(_)), "cut");
    printer.inject("deaf off").expect("a line");
    assert_eq!(ask(&mut connect(&printer), b"\x10\x04\x01", 1), [0x12]);
    assert!(printer.device(|device| device.slips().is_empty()), "what was not read was not printed");
}

#[test]
fn power_off_takes_the_tcp_port_away_and_power_on_brings_it_back() {
    let dir = tempfile::tempdir().expect("a directory");
    let printer = Printer::start(&on_tcp(dir.path())).expect("started");
    let mut client = connect(&printer);
    assert_eq!(ask(&mut client, b"\x10\x04\x01", 1), [0x12]);
    printer.inject("power off").expect("a line");
    assert!(matches!(client.read(&mut [0]), Ok(0) | Err(_)), "the connection is gone");
    until("nobody listens", || TcpStream::connect(printer.name()).is_err());
    printer.inject("power on").expect("a line");
    until("it listens again", || TcpStream::connect(printer.name()).is_ok());
    assert_eq!(ask(&mut connect(&printer), b"\x10\x04\x01", 1), [0x12]);
}

#[test]
fn automatic_status_reaches_a_waiting_host_when_somebody_opens_the_cover() {
    let dir = tempfile::tempdir().expect("a directory");
    let printer = Printer::start(&on_tcp(dir.path())).expect("started");
    let mut client = connect(&printer);
    assert_eq!(ask(&mut client, b"\x1Da\xFF", 4), [0x10, 0, 0, 0x0F]);
    printer.inject("cover open").expect("a line");
    assert_eq!(ask(&mut client, b"", 4), [0x38, 0, 0, 0x0F]);
}

#[test]
fn a_printer_that_starts_without_power_is_not_there_until_it_is_switched_on() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("printer");
    for link in [Link::Pty(path.clone()), Link::Tcp("127.0.0.1:0".to_owned())] {
        let mut options = Options::new(EPSON, link, dir.path().join("books"));
        options.faults = vec!["power off".to_owned()];
        let printer = Printer::start(&options).expect("started");
        let is_there = || match &options.link {
            Link::Tcp(_) => TcpStream::connect(printer.name()).is_ok(),
            Link::Pty(_) | Link::File(_) => std::fs::symlink_metadata(&path).is_ok(),
        };
        until("nobody is there", || !is_there());
        printer.inject("power on").expect("a line");
        until("it is there", is_there);
    }
}

#[test]
fn a_fifo_prints_and_has_no_way_back() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("lp0");
    let options = Options::new(EPSON, Link::File(path.clone()), dir.path().join("books"));
    let printer = Printer::start(&options).expect("started");
    for _ in 0..2 {
        let mut file = OpenOptions::new().write(true).open(&path).expect("open");
        file.write_all(&[RECEIPT, b"\x1Dr\x01"].concat()).expect("written");
    }
    until("printed twice", || printer.device(|device| device.slips().len() == 2));
    printer.stop().expect("stopped");
}

#[test]
fn a_file_is_printed_to_its_end() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("job.bin");
    std::fs::write(&path, RECEIPT.repeat(3)).expect("written");
    let mut options = Options::new(EPSON, Link::File(path), dir.path().join("books"));
    options.faults = vec!["slow 4000".to_owned()];
    super::super::run(&options).expect("ends by itself");
    assert_eq!(books::read(&dir.path().join("books")).expect("readable").len(), 3);
}

#[test]
fn a_slow_printer_with_a_small_buffer_holds_the_host_up_and_loses_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut options = on_tcp(dir.path());
    options.faults = vec!["buffer 45".to_owned(), "slow 20000".to_owned()];
    options.baud = Some(115_200);
    let printer = Printer::start(&options).expect("started");
    let long: Vec<u8> = (0..60).flat_map(|n| format!("line {n} of a long slip\n").into_bytes()).collect();
    assert_eq!(ask(&mut connect(&printer), &[&long, b"\x1Dr\x01".as_slice()].concat(), 1), [0]);
    let text = printer.device(|device| device.slips()[0].text());
    assert_eq!(format!("{text}\n").as_bytes(), long);
}

#[test]
fn a_mute_printer_prints_and_answers_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut options = on_tcp(dir.path());
    options.mute = true;
    let printer = Printer::start(&options).expect("started");
    let mut client = connect(&printer);
    client.write_all(&[b"\x10\x04\x01", RECEIPT, b"\x1Dr\x01"].concat()).expect("written");
    client.shutdown(std::net::Shutdown::Write).expect("shut");
    let mut all = Vec::new();
    client.read_to_end(&mut all).expect("the end");
    assert_eq!((all, printer.device(|device| device.slips().len())), (vec![], 1));
}

#[test]
fn a_line_of_the_script_that_is_not_understood_stops_the_start() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut options = on_tcp(dir.path());
    options.faults = vec!["make trouble".to_owned()];
    let error = Printer::start(&options).err().expect("refused");
    assert!(matches!(&error, PrinterError::Fault(fault) if fault.problem.contains("\"make trouble\"")), "{error}");
}
