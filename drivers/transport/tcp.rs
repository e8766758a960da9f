//! A device behind a TCP socket: the device is the server and takes one client.
//!
//! A connection that broke silently is noticed by keep-alive probes and by bytes that nobody acknowledges
//! (`TCP_USER_TIMEOUT`); a device that accepts and says nothing is the family's matter.
//!
//! A device that takes several clients would mix their frames, so this machine's programs lock its address: a name in the
//! kernel's abstract socket space, which falls with the process.

use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::os::fd::AsFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr as UnixAddr, UnixListener};
use std::time::{Duration, Instant};

use rustix::net::sockopt;

use super::{Opener, Port, PortError, stream};

/// How long a device may take to accept.
const CONNECT: Duration = Duration::from_secs(5);
/// Silence after which the system asks the peer whether it is there, and the pause between the questions.
const KEEPALIVE: Duration = Duration::from_secs(5);
/// Questions without an answer after which the peer is gone.
const KEEPALIVE_PROBES: u32 = 3;
/// Unacknowledged bytes of this age break the connection.
const USER_TIMEOUT_MS: u32 = 10_000;

/// Opens a socket.
#[derive(Clone, Debug)]
pub struct TcpOpener {
    address: String,
}

impl TcpOpener {
    /// `host:port`; a name is looked up at every opening.
    pub fn new(address: impl Into<String>) -> Self {
        Self { address: address.into() }
    }

    fn connect(&self) -> Result<(TcpStream, UnixListener), PortError> {
        let unreachable = |why: String| PortError::Unreachable(format!("{}: {why}", self.address));
        let addresses = self.address.to_socket_addrs().map_err(|e| unreachable(format!("no such host ({e})")))?;
        let mut last = "the name has no address".to_owned();
        for address in addresses {
            let Ok(lock) = lock(&address) else {
                "is in use by another program of this machine; stop that one first".clone_into(&mut last);
                continue;
            };
            match TcpStream::connect_timeout(&address, CONNECT) {
                Ok(socket) => return Ok((socket, lock)),
                Err(e) => last = format!("does not accept a connection ({e}); is it on, and free of another client?"),
            }
        }
        Err(unreachable(last))
    }
}

impl Opener for TcpOpener {
    fn open(&mut self) -> Result<Box<dyn Port>, PortError> {
        let (socket, lock) = self.connect()?;
        prepare(&socket).map_err(|e| PortError::Unreachable(format!("{}: {e}", self.address)))?;
        Ok(Box::new(Tcp { name: self.address.clone(), socket, start: Instant::now(), _lock: lock }))
    }

    fn name(&self) -> String {
        self.address.clone()
    }
}

/// Held by one program at a time.
fn lock(address: &SocketAddr) -> std::io::Result<UnixListener> {
    let name = format!("kkm-bridge/tcp/{address}");
    UnixListener::bind_addr(&UnixAddr::from_abstract_name(name.as_bytes())?)
}

fn prepare(socket: &TcpStream) -> std::io::Result<()> {
    socket.set_nodelay(true)?;
    socket.set_nonblocking(true)?;
    sockopt::set_socket_keepalive(socket, true)?;
    sockopt::set_tcp_keepidle(socket, KEEPALIVE)?;
    sockopt::set_tcp_keepintvl(socket, KEEPALIVE)?;
    sockopt::set_tcp_keepcnt(socket, KEEPALIVE_PROBES)?;
    sockopt::set_tcp_user_timeout(socket, USER_TIMEOUT_MS)?;
    Ok(())
}

/// An open socket.
struct Tcp {
    name: String,
    socket: TcpStream,
    start: Instant,
    _lock: UnixListener,
}

impl Port for Tcp {
    fn write(&mut self, bytes: &[u8], within: Duration) -> Result<(), PortError> {
        stream::write(self.socket.as_fd(), &self.name, bytes, within)
    }

    fn read(&mut self, buffer: &mut [u8], within: Duration) -> Result<usize, PortError> {
        stream::read(self.socket.as_fd(), &self.name, buffer, within)
    }

    fn discard_input(&mut self) -> Result<(), PortError> {
        stream::discard(self.socket.as_fd(), &self.name)
    }

    fn pause(&mut self, time: Duration) {
        std::thread::sleep(time);
    }

    fn now(&self) -> Duration {
        self.start.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    const LATE: Duration = Duration::from_secs(5);

    fn connected() -> (TcpStream, Box<dyn Port>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
        let address = listener.local_addr().expect("an address").to_string();
        let port = TcpOpener::new(address).open().expect("connects");
        (listener.accept().expect("accepted").0, port)
    }

    #[test]
    fn an_address_is_held_by_one_program_until_it_lets_go() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
        let address = listener.local_addr().expect("an address").to_string();
        let first = TcpOpener::new(address.clone()).open().expect("connects");
        let refused = TcpOpener::new(address.clone()).open().map(|_| ()).expect_err("held");
        assert!(refused.to_string().contains("in use by another program"), "{refused}");
        drop(first);
        TcpOpener::new(address).open().expect("free again");
    }

    #[test]
    fn bytes_pass_in_both_directions() {
        let (mut far, mut port) = connected();
        port.write(b"ping", LATE).expect("written");
        let mut buffer = [0; 4];
        far.read_exact(&mut buffer).expect("read");
        assert_eq!(&buffer, b"ping");
        far.write_all(b"pong").expect("written");
        assert_eq!(port.read(&mut buffer, LATE), Ok(4));
        assert_eq!(&buffer, b"pong");
        assert_eq!(port.read(&mut buffer, Duration::from_millis(10)), Ok(0));
    }

    #[test]
    fn a_call_of_a_port_is_a_sign_of_life_also_when_nothing_comes() {
        let pulse = std::sync::Arc::new(crate::pulse::Pulse::default());
        let (_far, mut port) = connected();
        pulse.adopt();
        pulse.begin();
        assert_eq!(port.read(&mut [0; 4], Duration::ZERO), Ok(0));
        assert_eq!(pulse.beats(), Some(2));
        port.write(b"ping", LATE).expect("written");
        assert_eq!(pulse.beats(), Some(3));
    }

    #[test]
    fn a_peer_that_closes_is_gone() {
        let (far, mut port) = connected();
        drop(far);
        assert!(matches!(port.read(&mut [0; 4], LATE), Err(PortError::Gone(_))));
    }

    #[test]
    fn a_write_that_nobody_reads_fails_instead_of_hanging() {
        let (_far, mut port) = connected();
        let bytes = vec![0; 32 << 20];
        assert_eq!(port.write(&bytes, Duration::from_millis(100)), Err(PortError::Stuck));
    }

    #[test]
    fn a_refused_connection_names_the_address() {
        let address = {
            let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
            listener.local_addr().expect("an address").to_string()
        };
        match TcpOpener::new(&address).open().map(|_| ()) {
            Err(PortError::Unreachable(why)) => assert!(why.contains(&address), "{why}"),
            other => panic!("{other:?}"),
        }
    }
}
