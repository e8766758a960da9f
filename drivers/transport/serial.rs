//! A serial line: RS-232, or a USB device that looks like one.
//!
//! `serialport` sets the line up and holds its locks (TIOCEXCL and `flock`); the bytes go through a descriptor of our
//! own, opened before it and non-blocking: a blocking write would hang for ever when nobody reads. The line is 8N1
//! without flow control unless a family asks otherwise.

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::termios::{QueueSelector, tcflush};
use serialport::{ErrorKind, TTYPort};

use super::{Opener, Port, PortError, stream};

/// Opens a serial line.
#[derive(Clone, Debug)]
pub struct SerialOpener {
    path: String,
    baud: u32,
}

impl SerialOpener {
    /// A line at `path` (a stable link of `/dev/serial/by-id` is best) with `baud` bits per second.
    pub fn new(path: impl Into<String>, baud: u32) -> Self {
        Self { path: path.into(), baud }
    }
}

impl Opener for SerialOpener {
    fn open(&mut self) -> Result<Box<dyn Port>, PortError> {
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let fd = rustix::fs::open(&self.path, flags, Mode::empty()).map_err(|e| refused(&self.path, e))?;
        let lock = serialport::new(&self.path, self.baud).open_native().map_err(|e| not_set_up(&self.path, &e))?;
        Ok(Box::new(Serial { path: self.path.clone(), fd, _lock: lock, start: Instant::now() }))
    }

    fn name(&self) -> String {
        self.path.clone()
    }
}

/// An open line.
struct Serial {
    path: String,
    fd: OwnedFd,
    /// Holds the exclusive locks as long as the line is open.
    _lock: TTYPort,
    start: Instant,
}

impl Port for Serial {
    fn write(&mut self, bytes: &[u8], within: Duration) -> Result<(), PortError> {
        stream::write(self.fd.as_fd(), &self.path, bytes, within)
    }

    fn read(&mut self, buffer: &mut [u8], within: Duration) -> Result<usize, PortError> {
        stream::read(self.fd.as_fd(), &self.path, buffer, within)
    }

    fn discard_input(&mut self) -> Result<(), PortError> {
        let _ = tcflush(&self.fd, QueueSelector::IFlush);
        stream::discard(self.fd.as_fd(), &self.path)
    }

    fn pause(&mut self, time: Duration) {
        std::thread::sleep(time);
    }

    fn now(&self) -> Duration {
        self.start.elapsed()
    }
}

impl Drop for Serial {
    /// What was not sent yet is not sent any more: a frame that was given up must not arrive later, and closing must
    /// not wait for a device that takes no bytes.
    fn drop(&mut self) {
        let _ = tcflush(&self.fd, QueueSelector::OFlush);
    }
}

/// The system's refusal to open, with the way out.
fn refused(path: &str, e: Errno) -> PortError {
    let way_out = match e {
        Errno::NOENT => "no such device: is it plugged in and switched on?",
        Errno::ACCESS | Errno::PERM => "no right to use it: the user must be in the group dialout",
        Errno::BUSY => "port in use by another program",
        Errno::NODEV | Errno::NXIO => "the device is gone, or taken by another driver (brltty, ModemManager)",
        Errno::IO => "the device does not respond",
        _ => "cannot be opened",
    };
    PortError::Unreachable(format!("{path}: {way_out} ({}, errno {})", std::io::Error::from(e), e.raw_os_error()))
}

/// A line that opened and then could not be locked or set up.
fn not_set_up(path: &str, e: &serialport::Error) -> PortError {
    // Where the file still opens, "no device" is the library's word for a lock held elsewhere.
    let way_out = match e.kind() {
        ErrorKind::NoDevice if File::open(path).is_err_and(|e| e.kind() == std::io::ErrorKind::NotFound) => {
            "the device went away, or was taken by another driver (brltty, ModemManager)"
        }
        ErrorKind::NoDevice => "port in use by another program",
        ErrorKind::Io(std::io::ErrorKind::PermissionDenied) => {
            "no right to use it: the user must be in the group dialout"
        }
        ErrorKind::InvalidInput | ErrorKind::Io(_) | ErrorKind::Unknown => {
            "is no serial line, or was taken by another driver"
        }
    };
    PortError::Unreachable(format!("{path}: {way_out} ({e})"))
}

#[cfg(test)]
#[path = "serial_tests.rs"]
mod tests;
