//! A printer behind the kernel's printer class driver (`/dev/usb/lp0`): a character device with no line settings.
//!
//! The descriptor is non-blocking: while paper is out the kernel takes no bytes, and a blocking write would hang.
//! Reading is what printer and driver make of it: some give status bytes, some nothing for ever, and a port that can only
//! be opened for writing reads as silence. A pipe or a file stands in for a printer that never answers.
//!
//! Not offered: USB without the class driver (printers that only a vendor's library reaches), and the wires of the
//! parallel port (`LPGETSTATUS`). `lp0` is whichever printer came first: with two of them, a link that udev makes by
//! serial number is the stable name.

use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, FlockOperation, Mode, OFlags, flock, stat};
use rustix::io::Errno;

use super::{Opener, Port, PortError, stream};

/// Between two looks at a device that reports readiness and gives nothing.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Opens a printer's character device.
#[derive(Clone, Debug)]
pub struct LpOpener {
    path: String,
}

impl LpOpener {
    /// The device at `path`.
    pub fn new(path: impl Into<String>) -> Self {
        Self { path: path.into() }
    }
}

impl Opener for LpOpener {
    fn open(&mut self) -> Result<Box<dyn Port>, PortError> {
        let flags = OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let open = |mode| rustix::fs::open(&self.path, flags | mode, Mode::empty());
        let kind = stat(self.path.as_str()).map(|s| FileType::from_raw_mode(s.st_mode));
        let write_only = |flags| open(flags).map(|fd| (fd, false)).map_err(|e| refused(&self.path, e));
        let (fd, reads) = match kind.map_err(|e| refused(&self.path, e))? {
            // Read and written by the same descriptor, it would answer itself.
            FileType::Fifo => write_only(OFlags::WRONLY)?,
            FileType::RegularFile => write_only(OFlags::WRONLY | OFlags::APPEND)?,
            _ => match open(OFlags::RDWR) {
                Ok(fd) => (fd, true),
                // Some ports are for writing only.
                Err(Errno::ACCESS | Errno::INVAL | Errno::OPNOTSUPP) => write_only(OFlags::WRONLY)?,
                Err(e) => return Err(refused(&self.path, e)),
            },
        };
        flock(&fd, FlockOperation::NonBlockingLockExclusive).map_err(|_| refused(&self.path, Errno::BUSY))?;
        Ok(Box::new(Lp { path: self.path.clone(), fd, reads, start: Instant::now() }))
    }

    fn name(&self) -> String {
        self.path.clone()
    }
}

/// An open printer.
struct Lp {
    path: String,
    fd: OwnedFd,
    reads: bool,
    start: Instant,
}

impl Lp {
    /// Waits until something may be there to read.
    fn wait(&self, until: Instant) {
        let left = until.saturating_duration_since(Instant::now());
        let timeout = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: i64::from(left.subsec_nanos()) };
        let _ = poll(&mut [PollFd::new(&self.fd, PollFlags::IN)], Some(&timeout));
    }
}

impl Port for Lp {
    fn write(&mut self, bytes: &[u8], within: Duration) -> Result<(), PortError> {
        stream::write(self.fd.as_fd(), &self.path, bytes, within)
    }

    fn read(&mut self, buffer: &mut [u8], within: Duration) -> Result<usize, PortError> {
        let until = Instant::now() + within;
        while self.reads {
            match rustix::io::read(&self.fd, &mut *buffer) {
                // An empty transfer is no farewell here.
                Ok(0) => std::thread::sleep(LOOK_AGAIN.min(until.saturating_duration_since(Instant::now()))),
                Ok(n) => return Ok(n),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => self.wait(until),
                Err(Errno::INVAL | Errno::BADF | Errno::OPNOTSUPP) => self.reads = false,
                Err(e) => return Err(stream::gone(&self.path, &std::io::Error::from(e).to_string())),
            }
            if Instant::now() >= until {
                return Ok(0);
            }
        }
        std::thread::sleep(until.saturating_duration_since(Instant::now()));
        Ok(0)
    }

    fn discard_input(&mut self) -> Result<(), PortError> {
        let mut buffer = [0; 512];
        while self.read(&mut buffer, Duration::ZERO)? > 0 {}
        Ok(())
    }

    fn pause(&mut self, time: Duration) {
        std::thread::sleep(time);
    }

    fn now(&self) -> Duration {
        self.start.elapsed()
    }
}

fn refused(path: &str, e: Errno) -> PortError {
    let way_out = match e {
        Errno::NOENT => "no such printer: is it plugged in and switched on, and the module usblp loaded?",
        Errno::ACCESS | Errno::PERM => "no right to use it: the user must be in the group lp",
        Errno::BUSY => "printer in use by another program (CUPS?)",
        Errno::NODEV | Errno::NXIO => "the printer is gone, or taken by another driver (CUPS?)",
        _ => "cannot be opened",
    };
    PortError::Unreachable(format!("{path}: {way_out} ({}, errno {})", std::io::Error::from(e), e.raw_os_error()))
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{Read, Write};

    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

    use super::*;

    const SOON: Duration = Duration::from_millis(100);
    const LATE: Duration = Duration::from_secs(5);

    /// A character device with somebody at its other end.
    fn device() -> (File, String) {
        let far = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pty");
        grantpt(&far).expect("granted");
        unlockpt(&far).expect("unlocked");
        let mut raw = tcgetattr(&far).expect("settings");
        raw.make_raw();
        tcsetattr(&far, OptionalActions::Now, &raw).expect("raw");
        let path = ptsname(&far, Vec::new()).expect("a name").into_string().expect("utf-8");
        (File::from(far), path)
    }

    #[test]
    fn bytes_pass_and_answers_come_back() {
        let (mut far, path) = device();
        let mut port = LpOpener::new(path).open().expect("opens");
        port.write(&[0x10, 0x04, 0x01], LATE).expect("written");
        let mut got = [0; 3];
        far.read_exact(&mut got).expect("read");
        assert_eq!(got, [0x10, 0x04, 0x01]);
        far.write_all(&[0x12]).expect("written");
        assert_eq!(port.read(&mut [0; 8], LATE), Ok(1));
        assert_eq!(port.read(&mut [0; 8], SOON), Ok(0));
    }

    #[test]
    fn a_printer_that_takes_nothing_more_ends_the_write_at_its_deadline() {
        let (_far, path) = device();
        let mut port = LpOpener::new(path).open().expect("opens");
        assert_eq!(port.write(&vec![0x20; 1 << 20], SOON), Err(PortError::Stuck));
    }

    #[test]
    fn a_device_that_gives_empty_reads_is_silent_and_not_gone() {
        let mut port = LpOpener::new("/dev/null").open().expect("opens");
        port.write(b"receipt", LATE).expect("written");
        let before = port.now();
        assert_eq!(port.read(&mut [0; 8], SOON), Ok(0));
        assert!(port.now() >= before + SOON);
    }

    #[test]
    fn a_file_takes_one_document_after_another_and_never_answers() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("paper.bin").display().to_string();
        std::fs::write(&path, b"").expect("made");
        for document in [b"first ", b"second"] {
            let mut port = LpOpener::new(&path).open().expect("opens");
            port.write(document, LATE).expect("written");
            assert_eq!(port.read(&mut [0; 8], SOON), Ok(0));
        }
        assert_eq!(std::fs::read(&path).expect("read"), b"first second");
    }

    #[test]
    fn a_pipe_that_nobody_reads_is_a_printer_that_is_gone() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("printer.fifo").display().to_string();
        rustix::fs::mkfifoat(rustix::fs::CWD, path.as_str(), Mode::RUSR | Mode::WUSR).expect("made");
        let gone = LpOpener::new(&path).open().map(|_| ()).expect_err("nobody reads");
        assert!(gone.to_string().contains("gone"), "{gone}");
    }

    #[test]
    fn a_printer_is_found_again_under_its_name_after_it_was_replugged() {
        let directory = tempfile::tempdir().expect("a directory");
        let link = directory.path().join("receipts");
        let mut opener = LpOpener::new(link.display().to_string());
        assert!(opener.open().is_err(), "switched on late");
        for _ in 0..2 {
            let (mut far, path) = device();
            std::os::unix::fs::symlink(path, &link).expect("plugged in");
            let mut port = opener.open().expect("opens");
            port.write(b"receipt", LATE).expect("written");
            far.read_exact(&mut [0; 7]).expect("read");
            drop(far);
            std::fs::remove_file(&link).expect("unplugged");
            assert!(matches!(port.write(b"receipt", LATE), Err(PortError::Gone(_))));
        }
    }

    #[test]
    fn a_second_program_is_told_that_the_printer_is_in_use() {
        let (_far, path) = device();
        let _held = LpOpener::new(&path).open().expect("opens");
        let refused = LpOpener::new(&path).open().map(|_| ()).expect_err("held");
        assert!(refused.to_string().contains("in use"), "{refused}");
        let missing = LpOpener::new("/dev/usb/no-such-lp").open().map(|_| ()).expect_err("missing");
        assert!(missing.to_string().contains("usblp"), "{missing}");
    }
}
