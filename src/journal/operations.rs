//! Operations of our own, which the cloud's protocol lacks: shifts, reports, cash, corrections.
//!
//! They are documents like any other, with intent, mark and verdict; only nobody is told by callback. In logs and on the
//! control socket they carry Altegio's own numbers.

use kkm_drivers::contract::{Body, Money};
use rusqlite::params;

use super::{Journal, JournalError, Row, State, event};

/// Name of an operation in the journal.
pub fn kind(body: &Body) -> &'static str {
    match body {
        Body::Sale(_) => "sale",
        Body::Return(_) => "return",
        Body::Correction(_) => "correction",
        Body::OpenShift(_) => "open_shift",
        Body::CloseShift(_) => "close_shift",
        Body::XReport => "x_report",
        Body::CashIn(_) => "cash_in",
        Body::CashOut(_) => "cash_out",
        Body::Slip(_) => "slip",
    }
}

/// Altegio's number of an operation; `None` for what it has no number for.
pub fn altegio_type(kind: &str) -> Option<u8> {
    Some(match kind {
        "sale" => 0,
        "return" => 1,
        "correction" => 2,
        "open_shift" => 4,
        "close_shift" => 5,
        "cash_in" => 6,
        "cash_out" => 7,
        "x_report" => 13,
        _ => return None,
    })
}

/// Altegio's number of a status: 0 connection error, 1 success, 2 sent for printing, 3 execution error,
/// 4 status check error, 5 waiting for readiness.
pub fn altegio_status(state: State) -> u8 {
    match state {
        State::Expired => 0,
        State::Done => 1,
        State::Begun | State::Closing => 2,
        State::Refused => 3,
        State::Doubtful | State::Cancelling | State::NeedsOperator => 4,
        State::Accepted => 5,
    }
}

impl Journal {
    /// Queues an operation of our own for a device.
    pub fn order(&self, device: &str, body: Body) -> Result<Row, JournalError> {
        let (device, clock, epoch) = (device.to_owned(), self.clock().clone(), self.epoch());
        self.write(move |connection| {
            let now = clock.now();
            let kind = kind(&body);
            let waits = connection
                .prepare_cached(
                    "SELECT 1 FROM documents WHERE device = ?1 AND kind = ?2 AND callback_url IS NULL
                     AND state NOT IN ('done', 'refused', 'expired')",
                )?
                .exists(params![device, kind])?;
            if waits {
                return Err(JournalError::Decision(format!("{kind} is under way on {device}; wait for its end")));
            }
            let total = match &body {
                Body::CashIn(sum) | Body::CashOut(sum) => *sum,
                Body::Correction(correction) => correction.total,
                Body::Sale(receipt) | Body::Return(receipt) => receipt.total(),
                Body::OpenShift(_) | Body::CloseShift(_) | Body::XReport | Body::Slip(_) => Money::ZERO,
            };
            connection.execute(
                "INSERT INTO documents (epoch, device, request_id, document_id, kind, date_ms, fiscal_hash, twin_hash,
                     total_minor, body, notes, state, accepted)
                 VALUES (?1, ?2, '', 0, ?3, ?4, x'', x'', ?5, ?6, '[]', 'accepted', ?7)",
                params![
                    epoch,
                    device,
                    kind,
                    now.wall_ms,
                    total.minor(),
                    serde_json::to_string(&body)?,
                    serde_json::to_string(&now)?
                ],
            )?;
            let row = connection.last_insert_rowid();
            // An id of its own, which no document of the cloud can have: JSON ids are quoted or digits.
            connection
                .execute("UPDATE documents SET request_id = ?2 WHERE row = ?1", params![row, format!("own {row}")])?;
            event(connection, now.wall_ms, &device, Some(row), "ordered", kind)?;
            Ok(row)
        })
    }

    /// The state of a document now.
    pub fn state_of(&self, row: Row) -> Result<State, JournalError> {
        self.read(|connection| {
            let name: String =
                connection.query_row("SELECT state FROM documents WHERE row = ?1", [row], |r| r.get(0))?;
            Ok(State::named(&name).ok_or(rusqlite::Error::InvalidQuery)?)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_carry_the_cloud_s_numbers() {
        assert_eq!(altegio_type(kind(&Body::XReport)), Some(13));
        assert_eq!(altegio_type(kind(&Body::CashOut(Money::ZERO))), Some(7));
        assert_eq!(altegio_type(kind(&Body::Slip(String::new()))), None);
        let statuses: Vec<u8> = State::ALL.into_iter().map(altegio_status).collect();
        assert_eq!(statuses, [5, 2, 2, 4, 4, 4, 1, 3, 0]);
    }
}
