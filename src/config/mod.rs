//! The configuration: compiled-in defaults, then the file, then the environment (`KKM_BRIDGE__SECTION__KEY`).
//!
//! Unknown keys are refused with file and line; [`check()`] finds what a start would trip over. `config/default.toml`
//! shows every key with its unit and default; a test keeps it equal to the defaults compiled in.

mod check;
mod secrets;
mod settings;

use std::path::{Path, PathBuf};

pub use check::{Problem, check};
pub use secrets::{SecretError, read as read_secret};
pub use settings::{Callback, Control, Device, Intake, JournalSettings, Settings, ShiftPolicy, Shop, TokenSource};

/// Why the configuration cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is missing or not readable.
    #[error("{path}: {source}\n  Copy config/shop.toml there and fill it in, or name another file with --config.")]
    Read {
        /// Which.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The file is wrong; the text shows line and key.
    #[error("{path}: {text}")]
    Form {
        /// Which.
        path: PathBuf,
        /// With the line.
        text: String,
    },
    /// Something outside of the file is wrong: the environment.
    #[error("{0}")]
    Layer(#[from] config::ConfigError),
}

/// Reads the file with the environment over it.
pub fn load(path: &Path) -> Result<Settings, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
    // First alone, for only this reader knows lines.
    if let Err(error) = toml::from_str::<Settings>(&text) {
        return Err(ConfigError::Form { path: path.to_owned(), text: error.to_string() });
    }
    let layers = config::Config::builder()
        .add_source(config::File::from_str(&text, config::FileFormat::Toml))
        .add_source(
            config::Environment::with_prefix("KKM_BRIDGE").prefix_separator("__").separator("__").try_parsing(true),
        )
        .build()?;
    Ok(layers.try_deserialize()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("kkm-bridge.toml");
        std::fs::write(&path, text).expect("written");
        (directory, path)
    }

    #[test]
    fn every_key_is_shown_with_its_default() {
        let shown: Settings = toml::from_str(include_str!("../../config/default.toml")).expect("default.toml is valid");
        assert_eq!(format!("{shown:?}"), format!("{:?}", Settings::default()));
    }

    #[test]
    fn the_shop_s_example_is_valid() {
        let (_directory, path) = written(include_str!("../../config/shop.toml"));
        let settings = load(&path).expect("shop.toml is valid");
        assert_eq!(settings.devices.len(), 1);
        assert_eq!(settings.shops.len(), 1);
    }

    #[test]
    fn an_unknown_key_is_refused_with_file_and_line() {
        let (_directory, path) = written("[intake]\nlisten = \"127.0.0.1:1\"\nlissten = \"127.0.0.1:2\"\n");
        let text = load(&path).expect_err("refused").to_string();
        assert!(text.contains("kkm-bridge.toml") && text.contains("line 3") && text.contains("lissten"), "{text}");
    }

    #[test]
    fn a_missing_file_says_what_to_do() {
        let text = load(Path::new("/nowhere/kkm.toml")).expect_err("missing").to_string();
        assert!(text.contains("/nowhere/kkm.toml") && text.contains("--config"), "{text}");
    }
}
