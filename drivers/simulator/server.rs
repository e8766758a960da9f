//! Serves a device on its link: blocking, one thread, woken by bytes, by the device's own times and by the script.
//!
//! Bytes are taken from the link only as far as the device has room, so a full buffer holds the host up. On TCP one client
//! after another is served; what it sent before it left is worked on. When power goes the link goes with it, as a USB
//! device's does, and comes back with the power. The one file of the simulators that reads the system's monotonic clock.

use std::io::{self, BufRead, Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::link::{End, Link};

/// What can be at the end of a line: a machine without port and clock.
pub trait Appliance: Send + 'static {
    /// Why a line of its script is not understood.
    type NotUnderstood: std::error::Error;

    /// A line of the fault script; gives what a person should read.
    fn tell(&mut self, line: &str, now: Duration) -> Result<String, Self::NotUnderstood>;
    /// What a byte of the host takes on its line.
    fn byte_time(&self) -> Duration;
    /// Bytes arrive.
    fn feed(&mut self, bytes: &[u8], now: Duration);
    /// Time passes.
    fn pass(&mut self, now: Duration);
    /// What it has to say by now.
    fn poll(&mut self, now: Duration) -> Vec<u8>;
    /// When it does something by itself.
    fn wake_at(&self) -> Option<Duration>;
    /// True when it has power.
    fn powered(&self) -> bool;
    /// How often the link broke, with power or by itself: whoever was connected before is not any more.
    fn breaks(&self) -> u32;
    /// Bytes that it takes now.
    fn room(&self) -> usize;
    /// A client came.
    fn greet(&mut self);
    /// True when something that was received is not worked on yet.
    fn has_waiting(&self) -> bool;
    /// A failure of its books, once.
    fn take_failure(&mut self) -> Option<io::Error>;
}

/// A device that is served in a thread of this process.
pub(crate) struct Running<D> {
    shared: Arc<Shared<D>>,
    thread: Option<JoinHandle<io::Result<()>>>,
    name: String,
}

impl<D: Appliance> Running<D> {
    /// Starts it; the link exists when this returns. `byte_time`: what a byte of the host takes on the line.
    pub(crate) fn start(thread: &str, device: D, byte_time: Duration, link: &Link) -> io::Result<Self> {
        let (bell, heard) = UnixStream::pair()?;
        heard.set_nonblocking(true)?;
        bell.set_nonblocking(true)?;
        let (device, stop) = (Mutex::new(device), AtomicBool::new(false));
        let shared = Arc::new(Shared { device, started: Instant::now(), stop, bell, byte_time });
        let opened = shared.open(link)?;
        let name = opened.end.name();
        let (worker, asked) = (Arc::clone(&shared), link.clone());
        let thread =
            std::thread::Builder::new().name(thread.to_owned()).spawn(move || serve(&worker, heard, opened, &asked))?;
        Ok(Self { shared, thread: Some(thread), name })
    }

    /// Where it is reached: the path, or the bound address.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Works on the device at the link's time.
    pub(crate) fn work<T>(&self, work: impl FnOnce(&mut D, Duration) -> T) -> T {
        let (mut device, now) = self.shared.device();
        let worked = work(&mut device, now);
        drop(device);
        self.shared.ring();
        worked
    }

    /// A line of the fault script; gives what a person should read.
    pub(crate) fn tell(&self, line: &str) -> Result<String, D::NotUnderstood> {
        self.work(|device, now| device.tell(line, now))
    }

    /// Ends it and takes the link away.
    pub(crate) fn stop(mut self) -> io::Result<()> {
        self.shared.stop();
        self.wait()
    }

    /// Waits until it ends by itself.
    pub(crate) fn wait(&mut self) -> io::Result<()> {
        let Some(thread) = self.thread.take() else { return Ok(()) };
        thread.join().unwrap_or_else(|_| Err(io::Error::other("the serving thread panicked")))
    }

    /// The ready line on standard output, then lines of the script from standard input where that is wanted, until the
    /// process ends or the device does.
    pub(crate) fn converse(mut self, who: &str, script: bool) -> io::Result<()> {
        say(&format!("{who} ready on {}", self.name));
        if script {
            for line in io::stdin().lock().lines().map_while(Result::ok).filter(|line| !line.trim().is_empty()) {
                say(&self.tell(&line).unwrap_or_else(|error| error.to_string()));
            }
        }
        self.wait()
    }
}

impl<D> Drop for Running<D> {
    fn drop(&mut self) {
        self.shared.stop();
        // A failure of the thread has no one left to be told to.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn say(text: &str) {
    // Without a reader of its output the device goes on.
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// The device between its threads.
struct Shared<D> {
    device: Mutex<D>,
    started: Instant,
    stop: AtomicBool,
    bell: UnixStream,
    /// Time of a byte on the line.
    byte_time: Duration,
}

/// An open link.
struct Opened {
    end: End,
    /// How often the link was broken before it was opened.
    breaks: u32,
}

impl<D> Shared<D> {
    /// The device, and the link's time.
    fn device(&self) -> (MutexGuard<'_, D>, Duration) {
        let device = self.device.lock().unwrap_or_else(PoisonError::into_inner);
        (device, self.started.elapsed())
    }

    /// Wakes the serving thread: the device changed by another hand.
    fn ring(&self) {
        // A full bell rings already.
        let _ = (&self.bell).write(&[1]);
    }

    /// Ends the serving thread.
    fn stop(&self) {
        self.stop.store(true, Ordering::SeqCst);
        self.ring();
    }
}

impl<D: Appliance> Shared<D> {
    fn open(&self, link: &Link) -> io::Result<Opened> {
        let breaks = self.device().0.breaks();
        Ok(Opened { end: End::open(link)?, breaks })
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
fn serve<D: Appliance>(shared: &Shared<D>, mut bell: UnixStream, first: Opened, asked: &Link) -> io::Result<()> {
    let place = first.end.again(asked);
    let mut opened = Some(first);
    loop {
        let open = match opened.take() {
            Some(open) => open,
            None => shared.open(&place)?,
        };
        match serve_link(shared, &mut bell, &open)? {
            Ended::Stopped => return Ok(()),
            Ended::HostLeft if matches!(open.end, End::Regular(..)) => return work_off(shared, &mut bell),
            Ended::Broken | Ended::PowerCut if matches!(open.end, End::Regular(..)) => return Ok(()),
            Ended::HostLeft => opened = Some(open),
            // As a USB device that is found again: under the same name, and another device.
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

/// The end of a file is not the end of a slow device.
fn work_off<D: Appliance>(shared: &Shared<D>, bell: &mut UnixStream) -> io::Result<()> {
    while shared.device().0.has_waiting() {
        if wait(shared, bell, None, None, |device| !device.has_waiting())?.is_some() {
            break;
        }
    }
    Ok(())
}

fn serve_link<D: Appliance>(shared: &Shared<D>, bell: &mut UnixStream, open: &Opened) -> io::Result<Ended> {
    match &open.end {
        End::Pty { master, .. } => talk(shared, bell, master.as_fd(), true, open.breaks),
        End::Fifo(file, _) | End::Regular(file, _) => talk(shared, bell, file.as_fd(), false, open.breaks),
        End::Tcp(listener) => loop {
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
                    match wait(shared, bell, Some(listener.as_fd()), None, |device| !device.powered())? {
                        Some(stopped) => return Ok(stopped),
                        None => continue,
                    }
                }
                Err(error) => return Err(error),
            };
            client.set_nonblocking(true)?;
            client.set_nodelay(true)?;
            shared.device().0.greet();
            match talk(shared, bell, client.as_fd(), true, breaks)? {
                Ended::HostLeft | Ended::Broken => {}
                other @ (Ended::Stopped | Ended::PowerCut) => return Ok(other),
            }
        },
    }
}

fn await_power<D: Appliance>(shared: &Shared<D>, bell: &mut UnixStream) -> io::Result<Ended> {
    while !shared.device().0.powered() {
        if let Some(stopped) = wait(shared, bell, None, None, D::powered)? {
            return Ok(stopped);
        }
    }
    Ok(Ended::PowerCut)
}

/// Why a connection that began after so many breaks of the link is none any more.
fn broken(device: &impl Appliance, breaks: u32) -> Option<Ended> {
    match (device.powered(), device.breaks() == breaks) {
        (false, _) => Some(Ended::PowerCut),
        (true, false) => Some(Ended::Broken),
        (true, true) => None,
    }
}

/// Waits for bytes, the bell, the device's own time or `until`, unless what is waited for `came` already; says when
/// serving is to stop.
fn wait<D: Appliance>(
    shared: &Shared<D>,
    bell: &mut UnixStream,
    port: Option<BorrowedFd<'_>>,
    until: Option<Duration>,
    came: impl Fn(&D) -> bool,
) -> io::Result<Option<Ended>> {
    let timeout = {
        let (device, now) = shared.device();
        // What is waited for came before anybody waited.
        if came(&device) {
            return Ok(None);
        }
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
fn talk<D: Appliance>(
    shared: &Shared<D>,
    bell: &mut UnixStream,
    port: BorrowedFd<'_>,
    answers: bool,
    breaks: u32,
) -> io::Result<Ended> {
    let mut buffer = [0; 4096];
    // The line is busy with bytes that were taken from the link already.
    let mut free_at = Duration::ZERO;
    loop {
        let (bytes, room, now, ended) = {
            let (mut device, now) = shared.device();
            (device.poll(now), device.room(), now, broken(&*device, breaks))
        };
        if answers {
            send(port, &bytes);
        }
        if let Some(ended) = ended {
            return Ok(ended);
        }
        let listens = room > 0 && free_at <= now;
        let until = (room > 0 && free_at > now).then_some(free_at);
        if let Some(stopped) =
            wait(shared, bell, listens.then_some(port), until, |device| broken(device, breaks).is_some())?
        {
            return Ok(stopped);
        }
        if !listens {
            continue;
        }
        // It may have been changed by another hand in the meantime, and must not be until the bytes are in.
        let (mut device, now) = shared.device();
        let most = device.room().min(if shared.byte_time.is_zero() { buffer.len() } else { 16 });
        if most == 0 || broken(&*device, breaks).is_some() {
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

/// A device does not wait for a host that does not read: what does not fit is lost.
fn send(port: BorrowedFd<'_>, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        match rustix::io::write(port, bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return,
        }
    }
}
