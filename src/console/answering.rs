//! Who answers a question: the running service, else the journal itself.

use std::path::PathBuf;

use crate::config::Settings;
use crate::control::{self, Ask, Desk, DeviceView, Tell};
use crate::daemon;

/// Who answers.
pub(super) enum Answering {
    /// The service, at this socket.
    Service(PathBuf),
    /// The journal, whose lock is held meanwhile.
    Journal(Box<Desk>),
    /// Neither a service nor a journal is there.
    Nobody,
}

impl Answering {
    /// Looks who is there; an error says why a journal that is there cannot be opened.
    pub(super) fn find(settings: &Settings) -> Result<Self, String> {
        let socket = daemon::socket(settings);
        if control::ask(&socket, &Ask::Devices).map_err(|e| format!("the service does not answer: {e}"))?.is_some() {
            return Ok(Self::Service(socket));
        }
        if !daemon::has_journal(&settings.journal.directory) {
            return Ok(Self::Nobody);
        }
        daemon::offline_desk(settings).map(|desk| Self::Journal(Box::new(desk))).map_err(|e| e.to_string())
    }

    /// True when a service runs.
    pub(super) fn is_service(&self) -> bool {
        matches!(self, Self::Service(_))
    }

    /// The answer; nothing where nobody is.
    pub(super) fn answer(&self, ask: Ask) -> Result<Option<Tell>, String> {
        match self {
            Self::Service(socket) => control::ask(socket, &ask).map_err(|e| e.to_string()),
            Self::Journal(desk) => Ok(Some(desk.answer(ask))),
            Self::Nobody => Ok(None),
        }
    }

    /// The devices as they are known; nothing where nobody is.
    pub(super) fn devices(&self) -> Result<Option<Vec<DeviceView>>, String> {
        Ok(if let Some(Tell::Devices(views)) = self.answer(Ask::Devices)? { Some(views) } else { None })
    }
}
