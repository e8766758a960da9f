//! Tokens: read from files or systemd credentials into a type that cannot be printed.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::settings::TokenSource;

/// The shortest token that is taken: 128 bits written in hex have 32, in base64 22.
const SHORTEST: usize = 16;

/// Why a token cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// It cannot be read.
    #[error("the token file {path}: {source}")]
    Read {
        /// Which.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// Others can read it.
    #[error("the token file {0} can be read by everybody; run: chmod 600 {0}")]
    Open(PathBuf),
    /// No credentials were given to the service.
    #[error("credential {0}: systemd passed none; add LoadCredential={0}:/etc/kkm-bridge/{0} to the unit")]
    NoCredentials(String),
    /// Too short, or not one line of printable ASCII.
    #[error("the token in {0} must be one line of at least {SHORTEST} printable characters")]
    Unfit(PathBuf),
}

/// Reads a token.
pub fn read(source: &TokenSource) -> Result<SecretString, SecretError> {
    let path = match source {
        TokenSource::File(path) => {
            private(path)?;
            path.clone()
        }
        TokenSource::Credential(name) => {
            let directory = std::env::var_os("CREDENTIALS_DIRECTORY");
            let directory = directory.ok_or_else(|| SecretError::NoCredentials(name.clone()))?;
            Path::new(&directory).join(name)
        }
    };
    let text = std::fs::read_to_string(&path).map_err(|source| SecretError::Read { path: path.clone(), source })?;
    let token = text.trim();
    if token.len() < SHORTEST || !token.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(SecretError::Unfit(path));
    }
    Ok(SecretString::from(token.to_owned()))
}

fn private(path: &Path) -> Result<(), SecretError> {
    let metadata = std::fs::metadata(path).map_err(|source| SecretError::Read { path: path.to_owned(), source })?;
    if metadata.permissions().mode() & 0o004 != 0 {
        return Err(SecretError::Open(path.to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn file(text: &str, mode: u32) -> (tempfile::TempDir, TokenSource) {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("token");
        std::fs::write(&path, text).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("set");
        (directory, TokenSource::File(path))
    }

    #[test]
    fn a_token_is_read_without_its_line_end_and_cannot_be_printed() {
        let (_directory, source) = file("0123456789abcdef0123\n", 0o600);
        let token = read(&source).expect("read");
        assert_eq!(token.expose_secret(), "0123456789abcdef0123");
        assert!(!format!("{token:?}").contains("0123"));
    }

    #[test]
    fn a_token_that_others_can_read_or_guess_is_refused() {
        let (_directory, source) = file("0123456789abcdef0123\n", 0o644);
        assert!(matches!(read(&source), Err(SecretError::Open(_))));
        let (_directory, source) = file("short\n", 0o600);
        assert!(matches!(read(&source), Err(SecretError::Unfit(_))));
    }
}
