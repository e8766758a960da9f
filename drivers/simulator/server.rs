//! Serves a device on a port: blocking, one thread, woken by bytes, by the device's own times and by the script.
//!
//! When the device's power is cut the port goes away altogether, as a USB register's does, and comes back with the
//! power. The one file of the simulator that reads the system's monotonic clock.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::link::{End, Link};
use super::shtrih::Device;

/// The device between its threads.
pub(crate) struct Shared {
    device: Mutex<Device>,
    started: Instant,
    stop: AtomicBool,
    bell: UnixStream,
}

impl Shared {
    /// Shares a device; the second half is for [`serve`].
    pub(crate) fn new(device: Device) -> io::Result<(Arc<Self>, UnixStream)> {
        let (bell, heard) = UnixStream::pair()?;
        heard.set_nonblocking(true)?;
        let stop = AtomicBool::new(false);
        Ok((Arc::new(Self { device: Mutex::new(device), started: Instant::now(), stop, bell }), heard))
    }

    /// The device, and the line's time.
    pub(crate) fn device(&self) -> (MutexGuard<'_, Device>, Duration) {
        let device = self.device.lock().unwrap_or_else(PoisonError::into_inner);
        (device, self.started.elapsed())
    }

    /// Wakes the serving thread: the device changed by another hand.
    pub(crate) fn ring(&self) {
        // A full bell rings already.
        let _ = (&self.bell).write(&[1]);
    }

    /// Ends the serving thread.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::SeqCst);
        self.ring();
    }
}

/// Why a stretch of serving ended.
enum Ended {
    Stopped,
    PowerCut,
    HostLeft,
}

/// Serves until it is stopped; `first` was opened by the caller.
pub(crate) fn serve(shared: &Shared, mut bell: UnixStream, first: End, asked: &Link) -> io::Result<()> {
    let place = first.again(asked);
    let mut end = Some(first);
    loop {
        let open = match end.take() {
            Some(open) => open,
            None => End::open(&place)?,
        };
        match serve_end(shared, &mut bell, &open)? {
            Ended::Stopped => return Ok(()),
            Ended::HostLeft => end = Some(open),
            Ended::PowerCut => {
                drop(open);
                if matches!(await_power(shared, &mut bell)?, Ended::Stopped) {
                    return Ok(());
                }
            }
        }
    }
}

fn serve_end(shared: &Shared, bell: &mut UnixStream, end: &End) -> io::Result<Ended> {
    match end {
        End::Pty { master, .. } => talk(shared, bell, master.as_fd()),
        End::Tcp(listener) => loop {
            if let Some(ended) = wait(shared, bell, Some(listener.as_fd()))? {
                return Ok(ended);
            }
            let client: TcpStream = match listener.accept() {
                Ok((client, _)) => client,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                Err(error) => return Err(error),
            };
            client.set_nonblocking(true)?;
            client.set_nodelay(true)?;
            shared.device().0.reconnect();
            match talk(shared, bell, client.as_fd())? {
                Ended::HostLeft => {}
                other @ (Ended::Stopped | Ended::PowerCut) => return Ok(other),
            }
        },
    }
}

fn await_power(shared: &Shared, bell: &mut UnixStream) -> io::Result<Ended> {
    loop {
        match wait(shared, bell, None)? {
            Some(Ended::PowerCut) => {}
            Some(Ended::Stopped) => return Ok(Ended::Stopped),
            Some(Ended::HostLeft) | None => return Ok(Ended::PowerCut),
        }
        let (mut device, now) = shared.device();
        device.pass(now);
        if device.powered() {
            return Ok(Ended::PowerCut);
        }
    }
}

/// Waits for bytes, the bell or the device's own time; says why serving must end, if it must.
fn wait(shared: &Shared, bell: &mut UnixStream, port: Option<BorrowedFd<'_>>) -> io::Result<Option<Ended>> {
    let timeout = {
        let (mut device, now) = shared.device();
        device.pass(now);
        if port.is_some() && !device.powered() {
            return Ok(Some(Ended::PowerCut));
        }
        // It came back before anybody waited for it.
        if port.is_none() && device.powered() {
            return Ok(None);
        }
        device.wake_at().map(|at| at.saturating_sub(now))
    };
    let timeout = timeout.map(|t| Timespec { tv_sec: t.as_secs() as i64, tv_nsec: i64::from(t.subsec_nanos()) });
    let mut fds = vec![PollFd::new(&*bell, PollFlags::IN)];
    if let Some(port) = &port {
        fds.push(PollFd::new(port, PollFlags::IN));
    }
    match poll(&mut fds, timeout.as_ref()) {
        Ok(_) | Err(rustix::io::Errno::INTR) => {}
        Err(error) => return Err(error.into()),
    }
    let mut rings = [0; 64];
    while matches!(bell.read(&mut rings), Ok(count) if count == rings.len()) {}
    if shared.stop.load(Ordering::SeqCst) {
        return Ok(Some(Ended::Stopped));
    }
    let (mut device, now) = shared.device();
    device.pass(now);
    Ok((!device.powered()).then_some(Ended::PowerCut))
}

fn talk(shared: &Shared, bell: &mut UnixStream, port: BorrowedFd<'_>) -> io::Result<Ended> {
    let mut buffer = [0; 512];
    loop {
        let bytes = {
            let (mut device, now) = shared.device();
            device.poll(now)
        };
        send(port, &bytes);
        if let Some(ended) = wait(shared, bell, Some(port))? {
            return Ok(ended);
        }
        match rustix::io::read(port, &mut buffer) {
            Ok(0) => return Ok(Ended::HostLeft),
            Ok(count) => {
                let (mut device, now) = shared.device();
                device.feed(&buffer[..count], now);
            }
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {}
            Err(_) => return Ok(Ended::HostLeft),
        }
    }
}

/// A register does not wait for a host that does not read: what does not fit is lost.
fn send(port: BorrowedFd<'_>, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        match rustix::io::write(port, bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return,
        }
    }
}
