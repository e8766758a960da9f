//! The socket: one line in, one line out.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader as AsyncBufReader};
use tokio::net::UnixListener;

use super::{Ask, Desk, Tell};

/// The longest request, in bytes.
const LINE_LIMIT: u64 = 64 * 1024;
/// How long the console waits for an answer.
const PATIENCE: Duration = Duration::from_secs(200);

/// Binds the socket for the owner and the group alone. A stale one is replaced: the journal's lock says who is alive.
pub fn bind(socket: &Path) -> std::io::Result<UnixListener> {
    match std::fs::remove_file(socket) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(socket)?;
    std::fs::set_permissions(socket, std::fs::Permissions::from_mode(0o660))?;
    Ok(listener)
}

/// Serves until the future is dropped.
pub async fn serve(listener: UnixListener, desk: Arc<Desk>) {
    loop {
        let Ok((mut stream, _)) = listener.accept().await else { continue };
        let desk = desk.clone();
        tokio::spawn(async move {
            let (read, mut write) = stream.split();
            let mut line = String::new();
            if AsyncBufReader::new(read.take(LINE_LIMIT)).read_line(&mut line).await.is_err() {
                return;
            }
            let tell = match serde_json::from_str::<Ask>(&line) {
                Ok(ask) => tokio::task::spawn_blocking(move || desk.answer(ask))
                    .await
                    .unwrap_or_else(|_| Tell::Refused("the daemon is going down".into())),
                Err(error) => Tell::Refused(format!("not understood: {error}")),
            };
            let mut text = serde_json::to_string(&tell).unwrap_or_default();
            text.push('\n');
            let _ = write.write_all(text.as_bytes()).await;
        });
    }
}

/// Asks a running daemon; `None` when none listens.
pub fn ask(socket: &Path, ask: &Ask) -> std::io::Result<Option<Tell>> {
    let Ok(mut stream) = UnixStream::connect(socket) else { return Ok(None) };
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut text = serde_json::to_string(ask)?;
    text.push('\n');
    stream.write_all(text.as_bytes())?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    Ok(Some(serde_json::from_str(&line)?))
}
