//! Error codes of the manual and which of them stands for which no of the register.

use crate::simulator::register::Denied;

/// An error code: the first byte of an answer after the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Code(pub(crate) u8);

impl Code {
    pub(crate) const STORAGE_NO_DATA: Self = Self(0x08);
    pub(crate) const BAD_PARAMETERS: Self = Self(0x33);
    pub(crate) const NO_DATA: Self = Self(0x34);
    pub(crate) const UNKNOWN_COMMAND: Self = Self(0x37);
    pub(crate) const BUSY: Self = Self(0x50);
    pub(crate) const TABLE: Self = Self(0x5D);
    pub(crate) const WRONG_PASSWORD: Self = Self(0x4F);
    pub(crate) const WRONG_MODE: Self = Self(0x73);
    pub(crate) const FIELD_READ_ONLY: Self = Self(0x7A);
    pub(crate) const BAD_DATE: Self = Self(0x7C);
    pub(crate) const FRAME_LENGTH: Self = Self(0x7E);
    pub(crate) const FIELD_RANGE: Self = Self(0x90);
    pub(crate) const CONFIRM_DATE: Self = Self(0xC0);
}

impl From<Denied> for Code {
    fn from(denied: Denied) -> Self {
        Self(match denied {
            Denied::WrongMode | Denied::ShiftClosed | Denied::ShiftOpen => 0x73,
            Denied::ShiftExpired => 0x4E,
            Denied::ReceiptOpen => 0x4A,
            Denied::Underpaid => 0x45,
            Denied::CashlessAboveTotal => 0x4D,
            Denied::SumOff => 0x5E,
            Denied::DrawerShort => 0x46,
            Denied::ReceiptFull => 0x4B,
            Denied::ZeroReceipt => 0x8E,
            Denied::NegativeTotal => 0x5F,
            Denied::StorageFull => 0x14,
            Denied::ClockWrong => 0x07,
            // Seen in the field: a tax system outside the registration is answered as "department range".
            Denied::TaxSystemOutside => 0x63,
            Denied::NoSuchTax | Denied::OutOfRange | Denied::BadTag => 0x33,
            Denied::NoData => 0x56,
            Denied::NoPaper => 0x6B,
            Denied::PaperAwaited => 0x72,
            Denied::PrintAwaited => 0x58,
            Denied::CutterFailed => 0x71,
            Denied::Books(_) => 0x39,
        })
    }
}

/// Text of a code for command 6Bh.
pub(crate) fn text(code: u8) -> &'static str {
    match code {
        0x00 => "Ошибок нет",
        0x07 => "ФН: неверное значение даты и времени",
        0x08 => "ФН: нет запрошенных данных",
        0x14 => "ФН: исчерпан ресурс хранения",
        0x16 => "ФН: смена длилась более 24 часов",
        0x33 => "Некорректные параметры в команде",
        0x34 => "Нет данных",
        0x37 => "Команда не поддерживается",
        0x39 => "Внутренняя ошибка ПО",
        0x45 => "Сумма всех типов оплаты меньше итога чека",
        0x46 => "Не хватает наличности в кассе",
        0x4A => "Открыт чек - операция невозможна",
        0x4B => "Буфер чека переполнен",
        0x4D => "Вносимая безналичной оплатой сумма больше суммы чека",
        0x4E => "Смена превысила 24 часа",
        0x4F => "Неверный пароль",
        0x50 => "Идет печать предыдущей команды",
        0x56 => "Нет документа для повтора",
        0x58 => "Ожидание команды продолжения печати",
        0x5D => "Таблица не определена",
        0x5E => "Некорректная операция",
        0x5F => "Отрицательный итог чека",
        0x63 => "Переполнение диапазона отдела",
        0x6B => "Нет чековой ленты",
        0x71 => "Ошибка отрезчика",
        0x72 => "Команда не поддерживается в данном подрежиме",
        0x73 => "Команда не поддерживается в данном режиме",
        0x7A => "Поле не редактируется",
        0x7C => "Не совпадает дата",
        0x7E => "Неверное значение в поле длины",
        0x8E => "Нулевой итог чека",
        0x90 => "Поле превышает размер, установленный в настройках",
        0xC0 => "Контроль даты и времени (подтвердите дату и время)",
        _ => "Неизвестная ошибка",
    }
}
