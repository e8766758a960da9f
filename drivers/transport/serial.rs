//! A serial line: RS-232, or a USB device that looks like one.
//!
//! `serialport` sets the line up and holds its locks (TIOCEXCL and `flock`); the bytes go through a descriptor of our
//! own, opened before it and non-blocking: a blocking write would hang for ever when nobody reads. The line is 8N1
//! without flow control unless the configuration says otherwise.
//!
//! Linux has no DTR/DSR flow control in its drivers, so it is done here: few bytes at a time, each portion only while the
//! device holds DSR and the one before it has left.

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::termios::{QueueSelector, tcflush};
use serde::Deserialize;
use serialport::{ErrorKind, FlowControl, SerialPort, TTYPort};

use super::{Opener, Port, PortError, stream};

/// Bytes of a portion under DTR/DSR: a device has room for them when it takes DSR away.
const PORTION: usize = 64;
/// Between two looks at DSR.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// How a device on a serial line says that it can take no more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flow {
    /// It does not.
    #[default]
    None,
    /// By the wire RTS/CTS.
    RtsCts,
    /// By the wire DTR/DSR, the usual one of receipt printers.
    DtrDsr,
    /// By the bytes XOFF (13h) and XON (11h).
    XonXoff,
}

/// Parity bit of a serial line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Parity {
    /// None.
    #[default]
    None,
    /// Even.
    Even,
    /// Odd.
    Odd,
}

/// Opens a serial line.
#[derive(Clone, Debug)]
pub struct SerialOpener {
    path: String,
    baud: u32,
    parity: Parity,
    flow: Flow,
}

impl SerialOpener {
    /// A line at `path` (a stable link of `/dev/serial/by-id` is best) with `baud` bits per second.
    pub fn new(path: impl Into<String>, baud: u32) -> Self {
        Self { path: path.into(), baud, parity: Parity::None, flow: Flow::None }
    }

    /// The same line with a parity bit and flow control.
    #[must_use]
    pub fn with(self, parity: Parity, flow: Flow) -> Self {
        Self { parity, flow, ..self }
    }
}

impl Opener for SerialOpener {
    fn open(&mut self) -> Result<Box<dyn Port>, PortError> {
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let fd = rustix::fs::open(&self.path, flags, Mode::empty()).map_err(|e| refused(&self.path, e))?;
        let line = serialport::new(&self.path, self.baud)
            .parity(match self.parity {
                Parity::None => serialport::Parity::None,
                Parity::Even => serialport::Parity::Even,
                Parity::Odd => serialport::Parity::Odd,
            })
            .flow_control(match self.flow {
                Flow::None | Flow::DtrDsr => FlowControl::None,
                Flow::RtsCts => FlowControl::Hardware,
                Flow::XonXoff => FlowControl::Software,
            });
        let lock = line.open_native().map_err(|e| not_set_up(&self.path, &e))?;
        Ok(Box::new(Serial { path: self.path.clone(), fd, lock, flow: self.flow, start: Instant::now() }))
    }

    fn name(&self) -> String {
        self.path.clone()
    }
}

/// An open line.
struct Serial {
    path: String,
    fd: OwnedFd,
    /// Holds the exclusive locks as long as the line is open, and reads its wires.
    lock: TTYPort,
    flow: Flow,
    start: Instant,
}

impl Serial {
    /// True while the device holds DSR and nothing of the last portion waits in this machine.
    fn takes_more(&mut self) -> Result<bool, PortError> {
        let wires = |e: serialport::Error| {
            PortError::Gone(format!("{}: the wire DSR cannot be read ({e}); choose another flow", self.path))
        };
        Ok(self.lock.bytes_to_write().map_err(wires)? == 0 && self.lock.read_data_set_ready().map_err(wires)?)
    }
}

impl Port for Serial {
    fn write(&mut self, bytes: &[u8], within: Duration) -> Result<(), PortError> {
        if self.flow != Flow::DtrDsr {
            return stream::write(self.fd.as_fd(), &self.path, bytes, within);
        }
        let until = Instant::now() + within;
        for portion in bytes.chunks(PORTION) {
            while !self.takes_more()? {
                if Instant::now() >= until {
                    return Err(PortError::Stuck);
                }
                std::thread::sleep(LOOK_AGAIN);
            }
            let left = until.saturating_duration_since(Instant::now());
            stream::write(self.fd.as_fd(), &self.path, portion, left)?;
        }
        Ok(())
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
