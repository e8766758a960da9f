//! Where a device is reached: a pseudo terminal under a name, a TCP address, or a file with no way back.

use std::fs;
use std::io;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

/// What to serve on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// A pseudo terminal; the path is a symbolic link to it, made here.
    Pty(PathBuf),
    /// `address:port`; port 0 lets the system choose. One client at a time.
    Tcp(String),
    /// A FIFO, made here where there is none: one way, as `/dev/usb/lp0` without status. A regular file is read once, to
    /// its end.
    File(PathBuf),
}

/// An open end.
pub(crate) enum End {
    /// The far side keeps the near one open too, so that a host may come and go.
    Pty { master: OwnedFd, _slave: OwnedFd, link: PathBuf },
    /// Waits for one client after another.
    Tcp(TcpListener),
    /// Bytes from whoever opens it.
    Fifo(OwnedFd, PathBuf),
    /// Bytes that are there already.
    Regular(OwnedFd, PathBuf),
}

impl End {
    /// Makes the port; a stale symbolic link is replaced, any other file is not.
    pub(crate) fn open(link: &Link) -> io::Result<Self> {
        match link {
            Link::Pty(path) => open_pty(path),
            Link::Tcp(address) => {
                let listener = TcpListener::bind(address)?;
                listener.set_nonblocking(true)?;
                Ok(Self::Tcp(listener))
            }
            Link::File(path) => open_file(path),
        }
    }

    /// For people, and for whoever connects: the path, or the address that was bound.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Pty { link: path, .. } | Self::Fifo(_, path) | Self::Regular(_, path) => path.display().to_string(),
            Self::Tcp(listener) => listener.local_addr().map_or_else(|e| e.to_string(), |address| address.to_string()),
        }
    }

    /// The same place for the next opening, with the port that the system chose.
    pub(crate) fn again(&self, asked: &Link) -> Link {
        match (self, asked) {
            (Self::Tcp(listener), Link::Tcp(address)) => {
                Link::Tcp(listener.local_addr().map_or_else(|_| address.clone(), |bound| bound.to_string()))
            }
            (Self::Pty { .. } | Self::Tcp(_) | Self::Fifo(..) | Self::Regular(..), other) => other.clone(),
        }
    }
}

impl Drop for End {
    fn drop(&mut self) {
        match self {
            Self::Pty { link, .. } => {
                // Somebody may have removed it already.
                let _ = fs::remove_file(link);
            }
            Self::Tcp(_) | Self::Fifo(..) | Self::Regular(..) => {}
        }
    }
}

fn open_file(path: &Path) -> io::Result<End> {
    match fs::metadata(path) {
        Ok(about) if about.file_type().is_fifo() => {}
        Ok(about) if about.is_file() => {
            let file = rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
            return Ok(End::Regular(file, path.to_path_buf()));
        }
        Ok(_) => return Err(io::Error::other("it is neither a FIFO nor a regular file")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            rustix::fs::mknodat(rustix::fs::CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
        }
        Err(error) => return Err(error),
    }
    // Open for writing too, so that the end of one host is not the end of the file.
    let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(End::Fifo(rustix::fs::open(path, flags, Mode::empty())?, path.to_path_buf()))
}

fn open_pty(link: &Path) -> io::Result<End> {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&master)?;
    unlockpt(&master)?;
    let name = ptsname(&master, Vec::new())?;
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let slave = rustix::fs::open(name.as_c_str(), flags, Mode::empty())?;
    let mut settings = tcgetattr(&slave)?;
    settings.make_raw();
    tcsetattr(&slave, OptionalActions::Now, &settings)?;
    rustix::io::ioctl_fionbio(&master, true)?;
    if fs::symlink_metadata(link).is_ok_and(|old| old.file_type().is_symlink()) {
        fs::remove_file(link)?;
    }
    let target = name.into_string().map_err(io::Error::other)?;
    std::os::unix::fs::symlink(target, link)?;
    Ok(End::Pty { master, _slave: slave, link: link.to_path_buf() })
}
