//! What a device's refusal means for the cashier.

use kkm_drivers::contract::{Reason, Refusal};

use super::{Locale, quote, quote_longer};

/// The way out, then the device's own code. None of it was registered.
pub(super) fn render(refusal: &Refusal, locale: Locale) -> String {
    let text = reason(&refusal.reason, locale);
    let code = match &refusal.device_code {
        Some(code) => {
            let code = quote(code);
            locale.pick(format!(" (код кассы {code})"), format!(" (register's code {code})"))
        }
        None => String::new(),
    };
    format!("{}{text}{code}", locale.pick("Чек не пробит: ", "Not registered: "))
}

/// What stands in the way, and the way out.
pub(super) fn reason(reason: &Reason, locale: Locale) -> String {
    match reason {
        Reason::PaperOut => {
            locale.pick("нет бумаги, вставьте рулон и напечатайте снова", "no paper, put in a roll and print again")
        }
        Reason::CoverOpen => {
            locale.pick("открыта крышка, закройте и напечатайте снова", "the cover is open, close it and print again")
        }
        Reason::PrinterFailed => locale.pick(
            "сбой печати, проверьте бумагу и нож, выключите и включите кассу",
            "the printer fails, check paper and cutter, switch the register off and on",
        ),
        Reason::ShiftExpired => locale.pick(
            "смена старше 24 часов, закройте смену и напечатайте снова",
            "the shift is older than 24 hours, close it and print again",
        ),
        Reason::ShiftClosed => locale
            .pick("смена закрыта, откройте смену и напечатайте снова", "the shift is closed, open it and print again"),
        Reason::Busy => locale.pick(
            "касса занята и не освободилась, дождитесь конца печати и напечатайте снова",
            "the register stays busy, wait until it has printed and print again",
        ),
        Reason::NeedsService => locale.pick(
            "касса ждёт действий на ней самой (дата, сброс), позовите мастера",
            "the register waits for something at its own keys (date, reset), call service",
        ),
        Reason::StorageUnusable => locale.pick(
            "фискальный накопитель переполнен, просрочен или неисправен, позовите мастера",
            "the fiscal storage is full, expired or broken, call service",
        ),
        Reason::ClockWrong => locale.pick(
            "часы кассы неверны, установите дату и время и напечатайте снова",
            "the register's clock is wrong, set date and time and print again",
        ),
        Reason::PasswordWrong => locale.pick(
            "неверный пароль оператора, исправьте его в настройках кассы",
            "the operator password is wrong, correct it in the bridge's settings",
        ),
        Reason::VatUnsupported(rate) => {
            let ru = rate.to_string();
            let en = match rate.basis_points() {
                Some(_) => ru.clone(),
                None => "no VAT".to_owned(),
            };
            locale.pick(
                format!("касса не знает ставку НДС {ru}, обновите прошивку или выберите другую ставку"),
                format!("the register does not know the VAT rate {en}, update its firmware or choose another"),
            )
        }
        Reason::TaxSystemUnsupported => locale.pick(
            "касса не зарегистрирована на эту систему налогообложения (tax), выберите другую",
            "the register is not registered for this tax system (tax), choose another",
        ),
        Reason::NotEnoughCash => locale.pick(
            "в кассе не хватает наличных для возврата, внесите деньги и напечатайте снова",
            "not enough cash in the register for this return, put some in and print again",
        ),
        Reason::ReceiptTooLarge => locale.pick(
            "в чеке слишком много строк для кассы, разделите его",
            "too many lines for the register, split the receipt",
        ),
        Reason::SumTooLarge => locale.pick(
            "сумма или количество больше, чем касса вмещает, разделите чек",
            "a sum or quantity is larger than the register holds, split the receipt",
        ),
        Reason::TotalsDiffer { ours, device } => locale.pick(
            format!("касса насчитала {device} вместо {ours}, чек отменён, сообщите поддержке"),
            format!("the register came to {device} instead of {ours}, the receipt was cancelled, tell support"),
        ),
        Reason::ForeignReceiptOpen => locale.pick(
            "в кассе открыт чужой чек, закройте или отмените его и напечатайте снова",
            "another program's receipt is open, close or cancel it and print again",
        ),
        Reason::Unsupported => locale.pick(
            "касса не умеет эту операцию, выполните её на другой",
            "the register cannot do this, use another one",
        ),
        Reason::Other(text) => {
            let text = quote_longer(text);
            locale.pick(
                format!("касса ответила «{text}», исправьте и напечатайте снова"),
                format!("the register says \"{text}\", put it right and print again"),
            )
        }
    }
}
