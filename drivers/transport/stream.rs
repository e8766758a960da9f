//! Bytes through a file descriptor of the system with deadlines: what serial ports and sockets share.
//!
//! The descriptor is non-blocking, so no call of the system can hang: `poll` waits, and the deadline is counted again
//! after every interruption. A read of 0 bytes, a hang-up and every error but "try again" mean that the peer is gone.

use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::PortError;
use crate::pulse;

/// Writes all of `bytes` within `within`.
pub(super) fn write(fd: impl AsFd, name: &str, bytes: &[u8], within: Duration) -> Result<(), PortError> {
    pulse::beat();
    let until = Instant::now() + within;
    let mut rest = bytes;
    while !rest.is_empty() {
        match rustix::io::write(&fd, rest) {
            Ok(0) => return Err(gone(name, "it takes no bytes any more")),
            Ok(n) => rest = &rest[n..],
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => {
                if !ready(&fd, name, PollFlags::OUT, until)? {
                    return Err(PortError::Stuck);
                }
            }
            Err(e) => return Err(gone(name, &io::Error::from(e).to_string())),
        }
    }
    Ok(())
}

/// Reads what is there, waiting at most `within` for the first byte; 0: nothing came.
pub(super) fn read(fd: impl AsFd, name: &str, buffer: &mut [u8], within: Duration) -> Result<usize, PortError> {
    pulse::beat();
    let until = Instant::now() + within;
    loop {
        match rustix::io::read(&fd, &mut *buffer) {
            Ok(0) => return Err(gone(name, "the other side closed")),
            Ok(n) => return Ok(n),
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => {
                if !ready(&fd, name, PollFlags::IN, until)? {
                    return Ok(0);
                }
            }
            Err(e) => return Err(gone(name, &io::Error::from(e).to_string())),
        }
    }
}

/// Reads and forgets what has already arrived.
pub(super) fn discard(fd: impl AsFd, name: &str) -> Result<(), PortError> {
    let mut buffer = [0; 512];
    while read(&fd, name, &mut buffer, Duration::ZERO)? > 0 {}
    Ok(())
}

/// Waits for readiness or a hang-up until the deadline; false: neither came.
fn ready(fd: impl AsFd, name: &str, what: PollFlags, until: Instant) -> Result<bool, PortError> {
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let timeout = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: i64::from(left.subsec_nanos()) };
        let mut fds = [PollFd::new(&fd, what)];
        match poll(&mut fds, Some(&timeout)) {
            Ok(0) => return Ok(false),
            Ok(_) if fds[0].revents().contains(PollFlags::NVAL) => return Err(gone(name, "the descriptor is closed")),
            Ok(_) if what == PollFlags::OUT && fds[0].revents().intersects(PollFlags::HUP | PollFlags::ERR) => {
                return Err(gone(name, "the other side closed"));
            }
            Ok(_) => return Ok(true),
            Err(Errno::INTR) => {}
            Err(e) => return Err(gone(name, &io::Error::from(e).to_string())),
        }
    }
}

pub(super) fn gone(name: &str, why: &str) -> PortError {
    PortError::Gone(format!("{name}: {why}"))
}
