//! The commands by the manual's sections: who may give them, and which file carries them out.

mod close;
mod receipt;
mod service;
mod shift;
mod status;
mod storage;
mod text;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::codes::Code;
use super::tables;
use super::wire::{Answer, Fields};
use crate::simulator::faults::Command;
use crate::simulator::register::Register;
use crate::simulator::register::settings::{ADMINISTRATOR, SYSTEM_ADMINISTRATOR};

/// What the device forgets when power goes.
#[derive(Debug, Default)]
pub(crate) struct Session {
    /// Loaded blocks of a two-dimensional code, by number.
    pub(super) blocks: BTreeMap<u8, Vec<u8>>,
    /// Tags of a document that is being read back.
    pub(super) read_back: VecDeque<Vec<u8>>,
    /// Speed code and time-out code of the port.
    pub(super) port: Option<(u8, u8)>,
    /// The mode that it says it is in, whatever it does.
    pub(crate) mode: Option<u8>,
    byte_timeout: Option<Duration>,
}

impl Session {
    /// A new byte time-out, once.
    pub(crate) fn take_byte_timeout(&mut self) -> Option<Duration> {
        self.byte_timeout.take()
    }
}

/// One command on its way.
pub(super) struct Call<'a> {
    pub(super) register: &'a mut Register,
    pub(super) session: &'a mut Session,
    pub(super) operator: u8,
    pub(super) fields: Fields<'a>,
}

impl Call<'_> {
    /// The answer that most commands give: the operator's number.
    pub(super) fn operator(&self) -> Answer {
        Answer::default().u8(self.operator)
    }
}

type Handler = fn(&mut Call<'_>) -> Result<Answer, Code>;

/// Who may give a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    /// Anybody, without a password.
    Open,
    /// Every operator.
    Operator,
    /// The administrators.
    Administrator,
    /// The system administrator.
    System,
}

fn lookup(code: Command) -> Option<(Access, Handler)> {
    use Access::{Administrator, Open, Operator, System};
    let found: (Access, Handler) = match code {
        0x10 => (Operator, status::short),
        0x11 => (Operator, status::long),
        0xFC => (Open, status::device_type),
        0xF7 => (Open, status::model),
        0x6B => (Open, status::error_name),
        0x1A => (Operator, status::money_register),
        0x1B => (Operator, status::operation_register),

        0x13 => (Operator, service::beep),
        0x28 => (Operator, service::drawer),
        0x14 => (System, service::set_port),
        0x15 => (System, service::port),
        0x16 => (Open, service::reset),
        0x21 => (System, service::set_time),
        0x22 => (System, service::set_date),
        0x23 => (System, service::confirm_date),
        0x25 => (Operator, service::cut),
        0x29 => (Operator, service::feed),
        0x2B => (Operator, service::stop_test),
        0xB0 => (Operator, service::print_on),
        0x1E => (System, tables::write),
        0x1F => (System, tables::read),
        0x2D => (Operator, tables::table_structure),
        0x2E => (Operator, tables::field_structure),

        0xE0 => (Operator, shift::open),
        0x40 => (Administrator, shift::x_report),
        0x41 => (Administrator, shift::z_report),
        0x50 => (Operator, shift::cash_in),
        0x51 => (Operator, shift::cash_out),
        0xFF0B => (System, shift::open_in_storage),
        0xFF41 => (System, shift::begin_opening),
        0xFF42 => (System, shift::begin_closing),
        0xFF43 => (System, shift::close_in_storage),

        0x8D => (Operator, receipt::open),
        0x80 => (Operator, receipt::sale),
        0x81 => (Operator, receipt::buy),
        0x82 => (Operator, receipt::sale_return),
        0x83 => (Operator, receipt::buy_return),
        0x84 => (Operator, receipt::storno),
        0x86 => (Operator, receipt::discount),
        0x87 => (Operator, receipt::charge),
        0x88 => (Operator, receipt::cancel),
        0x89 => (Operator, receipt::subtotal),
        0x8C => (Operator, receipt::copy),
        0xFF0D => (Operator, receipt::item_with_discount),
        0xFF46 => (Operator, receipt::item_v2),
        0xFF4B => (Operator, receipt::receipt_discount),
        0xFF0C => (Operator, receipt::tag),
        0xFF4D => (Operator, receipt::item_tag),
        0x85 => (Operator, close::four_kinds),
        0x8E => (Operator, close::sixteen_kinds),
        0xFF45 => (Operator, close::v2),
        0xFF35 => (Operator, close::begin_correction),
        0xFF36 => (Operator, close::correction),
        0xFF4A => (Operator, close::correction_v2),

        0x17 => (Operator, text::line),
        0x12 => (Operator, text::bold_line),
        0x2F => (Operator, text::line_in_font),
        0x18 => (Operator, text::title),
        0x52..=0x54 => (Operator, text::cliche),
        0xC0 | 0xC4 => (Operator, text::load_graphics),
        0xC1 | 0xC3 | 0xC5 => (Operator, text::print_graphics),
        0xC2 => (Operator, text::ean13),
        0xDD => (Operator, text::load_block),
        0xDE => (Operator, text::print_code),

        0xFF01 => (System, storage::status),
        0xFF02 => (Operator, storage::number),
        0xFF03 => (Operator, storage::expiry),
        0xFF04 => (Operator, storage::version),
        0xFF08 => (System, storage::cancel),
        0xFF09 => (Operator, storage::registration),
        0xFF0A => (Operator, storage::find),
        0xFF37 => (System, storage::begin_settlement),
        0xFF38 => (System, storage::settlement),
        0xFF39 => (Operator, storage::exchange),
        0xFF3A => (Operator, storage::begin_read_back),
        0xFF3B => (Operator, storage::read_back),
        0xFF3C => (Operator, storage::ticket),
        0xFF3F => (Operator, storage::unconfirmed),
        0xFF40 => (Operator, storage::shift_parameters),
        0xFF63 => (Operator, storage::resource),
        _ => return None,
    };
    Some(found)
}

/// Commands that are answered while the device prints.
const ALWAYS: [Command; 6] = [0x10, 0x11, 0xFC, 0xF7, 0x6B, 0x15];

/// Questions to the storage and the tables, which a mode does not hinder.
const ASKS: [Command; 7] = [0x1A, 0x1B, 0x1F, 0x2D, 0x2E, 0xFF01, 0xFF40];

/// The command of a body; it is never empty.
pub(crate) fn code(body: &[u8]) -> Command {
    match body {
        [0xFF, second, ..] => 0xFF00 | u16::from(*second),
        [first, ..] => u16::from(*first),
        [] => 0,
    }
}

fn split(body: &[u8]) -> (&[u8], &[u8]) {
    let length = if body.first() == Some(&0xFF) { 2 } else { 1 };
    body.split_at(length.min(body.len()))
}

/// An answer with an error: the command and the code, nothing else.
pub(crate) fn refusal(body: &[u8], code: u8) -> Vec<u8> {
    let mut answer = split(body).0.to_vec();
    answer.push(code);
    answer
}

/// Carries a command out and gives the body of the answer.
pub(crate) fn execute(register: &mut Register, session: &mut Session, body: &[u8]) -> Vec<u8> {
    match run(register, session, body) {
        Ok(Answer(data)) => {
            let mut answer = refusal(body, 0);
            answer.extend(data);
            answer
        }
        Err(Code(code)) => refusal(body, code),
    }
}

fn run(register: &mut Register, session: &mut Session, body: &[u8]) -> Result<Answer, Code> {
    let command = code(body);
    let mut fields = Fields(split(body).1);
    let (access, handler) = lookup(command).ok_or(Code::UNKNOWN_COMMAND)?;
    let operator = match access {
        Access::Open => 0,
        Access::Operator | Access::Administrator | Access::System => {
            let password = fields.u32()?;
            register.state().settings.operator_by_password(password).ok_or(Code::WRONG_PASSWORD)?
        }
    };
    let allowed = match access {
        Access::Open | Access::Operator => true,
        Access::Administrator => operator >= ADMINISTRATOR,
        Access::System => operator == SYSTEM_ADMINISTRATOR,
    };
    if !allowed {
        return Err(Code::WRONG_PASSWORD);
    }
    if !ALWAYS.contains(&command) && register.poll_busy() {
        return Err(Code::BUSY);
    }
    if session.mode.is_some() && !ALWAYS.contains(&command) && !ASKS.contains(&command) {
        return Err(Code::WRONG_MODE);
    }
    // After a date was set, the device waits for its confirmation and does nothing else.
    if register.state().unconfirmed_date.is_some() && !ALWAYS.contains(&command) && !matches!(command, 0x22 | 0x23) {
        return Err(Code::CONFIRM_DATE);
    }
    handler(&mut Call { register, session, operator, fields })
}
