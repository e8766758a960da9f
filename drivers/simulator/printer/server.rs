//! Serves a printer on its link: blocking, one thread, woken by bytes, by the printer's own times and by the script.
//!
//! Bytes are taken from the link only as far as the printer has room, so a full buffer holds the host up. On TCP one
//! client after another is served; what it sent before it left is printed. When power goes the link goes with it and
//! comes back with the power. Reads the system's monotonic clock.

use std::fs;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, Mode, OFlags};

use super::device::Device;
use crate::simulator::link::{End, Link as TwoWay};

/// Where a printer is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// A pseudo terminal; the path is a symbolic link to it, made here.
    Pty(PathBuf),
    /// `address:port`; port 0 lets the system choose. One client at a time.
    Tcp(String),
    /// A FIFO, made here where there is none: one way, as `/dev/usb/lp0` without status. A regular file is printed once.
    File(PathBuf),
}

/// An open link.
pub(crate) struct Opened {
    way: Way,
    /// How often the link was broken before it was opened.
    breaks: u32,
}

enum Way {
    Two(End),
    Fifo(OwnedFd, PathBuf),
    Regular(OwnedFd, PathBuf),
}

impl Opened {
    pub(crate) fn open(link: &Link, shared: &Shared) -> io::Result<Self> {
        let breaks = shared.device().0.breaks();
        let way = match link {
            Link::Pty(path) => Way::Two(End::open(&TwoWay::Pty(path.clone()))?),
            Link::Tcp(address) => Way::Two(End::open(&TwoWay::Tcp(address.clone()))?),
            Link::File(path) => open_file(path)?,
        };
        Ok(Self { way, breaks })
    }

    /// For people, and for whoever connects.
    pub(crate) fn name(&self) -> String {
        match &self.way {
            Way::Two(end) => end.name(),
            Way::Fifo(_, path) | Way::Regular(_, path) => path.display().to_string(),
        }
    }

    /// The same place for the next opening, with the port that the system chose.
    fn again(&self, asked: &Link) -> Link {
        match (&self.way, asked) {
            (Way::Two(End::Tcp(_)), Link::Tcp(_)) => Link::Tcp(self.name()),
            (Way::Two(_) | Way::Fifo(..) | Way::Regular(..), other) => other.clone(),
        }
    }
}

fn open_file(path: &Path) -> io::Result<Way> {
    match fs::metadata(path) {
        Ok(about) if about.file_type().is_fifo() => {}
        Ok(about) if !about.is_file() => return Err(io::Error::other("it is neither a FIFO nor a regular file")),
        Ok(_) => {
            let file = rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
            return Ok(Way::Regular(file, path.to_path_buf()));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            rustix::fs::mknodat(rustix::fs::CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
        }
        Err(error) => return Err(error),
    }
    // Open for writing too, so that the end of one host is not the end of the file.
    let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(Way::Fifo(rustix::fs::open(path, flags, Mode::empty())?, path.to_path_buf()))
}

/// The printer between its threads.
pub(crate) struct Shared {
    device: Mutex<Device>,
    started: Instant,
    stop: AtomicBool,
    bell: UnixStream,
    /// Time of a byte on the line.
    byte_time: Duration,
}

impl Shared {
    /// Shares a printer; the second half is for [`serve`].
    pub(crate) fn new(device: Device, baud: Option<u32>) -> io::Result<(Arc<Self>, UnixStream)> {
        let (bell, heard) = UnixStream::pair()?;
        heard.set_nonblocking(true)?;
        bell.set_nonblocking(true)?;
        let byte_time = baud.map_or(Duration::ZERO, |baud| Duration::from_secs(10) / baud.max(1));
        let stop = AtomicBool::new(false);
        let shared = Self { device: Mutex::new(device), started: Instant::now(), stop, bell, byte_time };
        Ok((Arc::new(shared), heard))
    }

    /// The printer, and the link's time.
    pub(crate) fn device(&self) -> (MutexGuard<'_, Device>, Duration) {
        let device = self.device.lock().unwrap_or_else(PoisonError::into_inner);
        (device, self.started.elapsed())
    }

    /// Wakes the serving thread: the printer changed by another hand.
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
    /// The connection broke and power stayed.
    Broken,
}

/// Serves until it is stopped, or to the end of a regular file; `first` was opened by the caller.
pub(crate) fn serve(shared: &Shared, mut bell: UnixStream, first: Opened, asked: &Link) -> io::Result<()> {
    let place = first.again(asked);
    let mut opened = Some(first);
    loop {
        let open = match opened.take() {
            Some(open) => open,
            None => Opened::open(&place, shared)?,
        };
        match serve_link(shared, &mut bell, &open)? {
            Ended::Stopped => return Ok(()),
            Ended::HostLeft if matches!(open.way, Way::Regular(..)) => return print_the_rest(shared, &mut bell),
            Ended::Broken | Ended::PowerCut if matches!(open.way, Way::Regular(..)) => return Ok(()),
            Ended::HostLeft => opened = Some(open),
            // As a USB printer that is found again: under the same name, and another device.
            Ended::Broken => drop(open),
            Ended::PowerCut => {
                drop(open);
                if matches!(await_power(shared, &mut bell)?, Ended::Stopped) {
                    return Ok(());
                }
            }
        }
    }
}

/// The end of a file is not the end of a slow printer.
fn print_the_rest(shared: &Shared, bell: &mut UnixStream) -> io::Result<()> {
    while shared.device().0.has_waiting() {
        if wait(shared, bell, None, None)?.is_some() {
            break;
        }
    }
    Ok(())
}

fn serve_link(shared: &Shared, bell: &mut UnixStream, open: &Opened) -> io::Result<Ended> {
    match &open.way {
        Way::Two(End::Pty { master, .. }) => talk(shared, bell, master.as_fd(), true, open.breaks),
        Way::Fifo(file, _) | Way::Regular(file, _) => talk(shared, bell, file.as_fd(), false, open.breaks),
        Way::Two(End::Tcp(listener)) => loop {
            let (powered, breaks) = {
                let (device, _) = shared.device();
                (device.powered(), device.breaks())
            };
            if !powered {
                return Ok(Ended::PowerCut);
            }
            let client: TcpStream = match listener.accept() {
                Ok((client, _)) => client,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    match wait(shared, bell, Some(listener.as_fd()), None)? {
                        Some(stopped) => return Ok(stopped),
                        None => continue,
                    }
                }
                Err(error) => return Err(error),
            };
            client.set_nonblocking(true)?;
            client.set_nodelay(true)?;
            match talk(shared, bell, client.as_fd(), true, breaks)? {
                Ended::HostLeft | Ended::Broken => {}
                other @ (Ended::Stopped | Ended::PowerCut) => return Ok(other),
            }
        },
    }
}

fn await_power(shared: &Shared, bell: &mut UnixStream) -> io::Result<Ended> {
    while !shared.device().0.powered() {
        if let Some(stopped) = wait(shared, bell, None, None)? {
            return Ok(stopped);
        }
    }
    Ok(Ended::PowerCut)
}

/// Why a connection that began after so many breaks of the link is none any more.
fn broken(device: &Device, breaks: u32) -> Option<Ended> {
    match (device.powered(), device.breaks() == breaks) {
        (false, _) => Some(Ended::PowerCut),
        (true, false) => Some(Ended::Broken),
        (true, true) => None,
    }
}

/// Waits for bytes, the bell, the printer's own time or `until`; says when serving is to stop.
fn wait(
    shared: &Shared,
    bell: &mut UnixStream,
    port: Option<BorrowedFd<'_>>,
    until: Option<Duration>,
) -> io::Result<Option<Ended>> {
    let timeout = {
        let (device, now) = shared.device();
        let wake = device.wake_at().into_iter().chain(until).min();
        wake.map(|at| at.saturating_sub(now))
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
    device.take_failure().map_or(Ok(None), Err)
}

/// Serves one connection that began after so many breaks of the link.
fn talk(shared: &Shared, bell: &mut UnixStream, port: BorrowedFd<'_>, answers: bool, breaks: u32) -> io::Result<Ended> {
    let mut buffer = [0; 4096];
    // The line is busy with bytes that were taken from the link already.
    let mut free_at = Duration::ZERO;
    loop {
        let (bytes, room, now, ended) = {
            let (mut device, now) = shared.device();
            (device.poll(now), device.room(), now, broken(&device, breaks))
        };
        if answers {
            send(port, &bytes);
        }
        if let Some(ended) = ended {
            return Ok(ended);
        }
        let listens = room > 0 && free_at <= now;
        let until = (room > 0 && free_at > now).then_some(free_at);
        if let Some(stopped) = wait(shared, bell, listens.then_some(port), until)? {
            return Ok(stopped);
        }
        if !listens {
            continue;
        }
        // It may have been changed by another hand in the meantime, and must not be until the bytes are in.
        let (mut device, now) = shared.device();
        let most = device.room().min(if shared.byte_time.is_zero() { buffer.len() } else { 16 });
        if most == 0 || broken(&device, breaks).is_some() {
            continue;
        }
        match rustix::io::read(port, &mut buffer[..most]) {
            Ok(0) => return Ok(Ended::HostLeft),
            Ok(count) => {
                device.feed(&buffer[..count], now);
                free_at = now.max(free_at) + shared.byte_time * count as u32;
            }
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {}
            Err(_) => return Ok(Ended::HostLeft),
        }
    }
}

/// A printer does not wait for a host that does not read: what does not fit is lost.
fn send(port: BorrowedFd<'_>, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        match rustix::io::write(port, bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return,
        }
    }
}
