//! Ports: how bytes reach a device. Knows no family.
//!
//! A port never hangs: each call names how long it may take. Time is the port's own, so that a simulated port can run
//! on simulated time.

pub mod faulty;
pub mod lp;
pub mod serial;
mod stream;
pub mod tape;
pub mod tcp;

use std::time::Duration;

/// A failure of a port.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PortError {
    /// It cannot be opened: the system's reason and the way out.
    #[error("{0}")]
    Unreachable(String),
    /// It was open and is gone: cable, power, peer.
    #[error("{0}")]
    Gone(String),
    /// The bytes could not be written in time.
    #[error("the device does not take bytes")]
    Stuck,
}

/// An open connection to a device.
pub trait Port: Send {
    /// Writes all bytes or fails, within `within`.
    fn write(&mut self, bytes: &[u8], within: Duration) -> Result<(), PortError>;

    /// Reads what is there, waiting for the first byte at most `within`; 0 bytes: nothing came.
    fn read(&mut self, buffer: &mut [u8], within: Duration) -> Result<usize, PortError>;

    /// Throws away what was received and not read.
    fn discard_input(&mut self) -> Result<(), PortError>;

    /// Waits without touching the line.
    fn pause(&mut self, time: Duration);

    /// Monotonic time since some fixed moment.
    fn now(&self) -> Duration;
}

/// Opens a port, again and again if need be.
pub trait Opener: Send {
    /// Opens it; exclusive, so that no second program speaks on the line.
    fn open(&mut self) -> Result<Box<dyn Port>, PortError>;

    /// For people: `/dev/ttyS0`, `10.0.0.7:7778`.
    fn name(&self) -> String;
}
