//! Refusals: nothing was registered, and here is what to do.

use kkm_drivers::contract::{Money, Reason, Refusal as DeviceRefusal};

use super::place::{Place, Problem};
use super::{Locale, device, quote};

/// Why a document is refused. The wire's code follows from the variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// The request has no body.
    EmptyBody,
    /// The body did not come whole.
    Incomplete,
    /// The body is larger than any document.
    TooLarge {
        /// Size that is taken, in KiB.
        limit_kib: usize,
    },
    /// The body is not text.
    NotUtf8,
    /// The body is no JSON.
    BadJson {
        /// Line of the fault, from 1.
        line: usize,
        /// Column of the fault, from 1.
        column: usize,
    },
    /// The body is nested deeper than any document.
    TooDeep {
        /// Levels that are taken.
        limit: usize,
    },
    /// The body is JSON, but no object.
    NotAnObject,
    /// A field is wrong.
    Field {
        /// Which.
        place: Place,
        /// What is wrong.
        problem: Problem,
    },
    /// The tax system is in no table.
    UnknownTax {
        /// The slug that came.
        slug: String,
    },
    /// The VAT rate is in no table.
    UnknownVat {
        /// Position, from 0.
        line: usize,
        /// The slug that came.
        slug: String,
    },
    /// The discount exceeds the line.
    NegativeLine {
        /// Position, from 0.
        line: usize,
        /// What the line would cost.
        net: Money,
    },
    /// Positions and payments differ.
    SumsDiffer {
        /// Sum of the positions.
        lines: Money,
        /// Sum of the payments.
        payments: Money,
    },
    /// Nothing is to be paid.
    NothingToFiscalize,
    /// A payment terminal was asked for and none is configured.
    NoTerminal,
    /// A contact of the customer is demanded, and none is usable.
    ContactNeeded,
    /// A cashier is demanded, and none came.
    CashierNeeded,
    /// The cashier's taxpayer number is demanded and not configured.
    CashierInnNeeded {
        /// The cashier's uid, empty when none came.
        uid: String,
    },
    /// The callback would go to a host that is not on the allow-list.
    CallbackNotAllowed {
        /// Host that was asked for.
        host: String,
    },
    /// The same document came before and ended in this error, told again word for word.
    Stored {
        /// Its code on the wire.
        code: u16,
        /// What was said.
        message: String,
    },
    /// The same id came before with another content.
    OtherContent,
    /// An earlier attempt for the same sale is not decided yet.
    WaitForFirst {
        /// Altegio's sales document.
        document_id: i64,
    },
    /// The same sale is registered already.
    AlreadyRegistered {
        /// Number of the receipt.
        number: u64,
        /// Its time by the shop's clock, `hh:mm`.
        time: String,
        /// Altegio confirmed that it knows.
        confirmed: bool,
        /// Altegio's sales document.
        document_id: i64,
    },
    /// The device refused.
    Device(DeviceRefusal),
    /// The device did not become ready within the give-up time; the document will never be printed.
    GaveUp,
    /// The same, and this is what stood in the way.
    GaveUpBecause(Reason),
    /// A person decided that an unclear receipt was not registered.
    DecidedNotRegistered,
    /// The device cannot be reached.
    Unreachable,
    /// No device is configured for this address or token.
    UnknownDevice,
    /// The lane is longer than it can serve in time.
    Ahead {
        /// Receipts before this one.
        receipts: usize,
    },
    /// The journal has no room.
    JournalFull,
    /// The device stands still until a person decides about an earlier receipt.
    PersonMustDecide,
    /// The daemon is going down.
    Stopping,
}

impl Message {
    /// The message in one line, 200 characters at most unless the device's own text is longer.
    pub fn render(&self, locale: Locale) -> String {
        match self {
            Self::EmptyBody => locale.pick("Пустой запрос: отправьте документ ещё раз", "Empty request: send the document again"),
            Self::Incomplete => {
                locale.pick("Запрос пришёл не целиком: отправьте документ ещё раз", "The request did not come whole: send the document again")
            }
            Self::TooLarge { limit_kib } => locale.pick(
                format!("Документ больше {limit_kib} КиБ: разделите чек"),
                format!("The document is larger than {limit_kib} KiB: split the receipt"),
            ),
            Self::NotUtf8 => locale.pick(
                "Запрос не в кодировке UTF-8: сообщите поддержке Altegio",
                "The request is not UTF-8 text: tell Altegio's support",
            ),
            Self::BadJson { line, column } => locale.pick(
                format!("Запрос повреждён (JSON, строка {line}, знак {column}): отправьте документ ещё раз"),
                format!("The request is broken (JSON, line {line}, column {column}): send the document again"),
            ),
            Self::TooDeep { limit } => locale.pick(
                format!("Запрос вложен глубже {limit} уровней, это не документ: сообщите поддержке Altegio"),
                format!("The request is nested deeper than {limit} levels, no document is: tell Altegio's support"),
            ),
            Self::NotAnObject => locale.pick(
                "Запрос — не документ (нужен объект JSON): сообщите поддержке Altegio",
                "The request is no document (a JSON object is needed): tell Altegio's support",
            ),
            Self::Field { place, problem } => {
                let (place, problem) = (place.render(locale), problem.render(locale));
                locale.pick(
                    format!("Исправьте документ: {place}: {problem}"),
                    format!("Correct the document: {place}: {problem}"),
                )
            }
            Self::UnknownTax { slug } => {
                let slug = quote(slug);
                locale.pick(
                    format!("Поле «tax»: система налогообложения «{slug}» неизвестна: выберите другую или добавьте её в таблицу налогов кассы"),
                    format!("Field \"tax\": tax system \"{slug}\" is unknown: choose another or add it to the bridge's tax table"),
                )
            }
            Self::UnknownVat { line, slug } => {
                let (line, slug) = (line + 1, quote(slug));
                locale.pick(
                    format!("Строка {line}, поле «vat»: ставка «{slug}» неизвестна: выберите другую или добавьте её в таблицу налогов кассы"),
                    format!("Line {line}, field \"vat\": rate \"{slug}\" is unknown: choose another or add it to the bridge's tax table"),
                )
            }
            Self::NegativeLine { line, net } => {
                let line = line + 1;
                locale.pick(
                    format!("Строка {line}: скидка (discount_amount) больше цены, остаётся {net}: исправьте скидку"),
                    format!("Line {line}: the discount (discount_amount) exceeds the price and leaves {net}: correct it"),
                )
            }
            Self::SumsDiffer { lines, payments } => {
                let gap = Money::from_minor((lines.minor() - payments.minor()).abs());
                locale.pick(
                    format!("Позиции на {lines}, оплаты (payments) на {payments}, разница {gap}: исправьте цены, скидки или оплату"),
                    format!("Positions come to {lines}, payments to {payments}, they differ by {gap}: correct prices, discounts or payments"),
                )
            }
            Self::NothingToFiscalize => locale.pick(
                "Чек не нужен: сумма к оплате (payments) равна нулю",
                "Nothing to fiscalize: the sum to pay (payments) is zero",
            ),
            Self::NoTerminal => locale.pick(
                "Оплата картой через терминал (pos) не настроена: отключите терминал в кассе Altegio и примите карту отдельно",
                "No payment terminal (pos) is configured: switch it off in Altegio's cash settings and take the card by hand",
            ),
            Self::ContactNeeded => locale.pick(
                "Нужен e-mail или телефон клиента (customer): заполните карточку клиента и напечатайте снова",
                "The customer's e-mail or phone (customer) is needed: fill it in and print again",
            ),
            Self::CashierNeeded => locale.pick(
                "Не указан кассир (cashier): выберите кассира в Altegio и напечатайте снова",
                "No cashier (cashier) is given: choose one in Altegio and print again",
            ),
            Self::CashierInnNeeded { uid } => {
                let uid = quote(uid);
                locale.pick(
                    format!("Нет ИНН кассира (cashier.uid «{uid}»): добавьте его в настройки кассы, раздел cashiers"),
                    format!("The cashier's INN (cashier.uid \"{uid}\") is unknown: add it to the bridge's settings, section cashiers"),
                )
            }
            Self::CallbackNotAllowed { host } => {
                let host = quote(host);
                locale.pick(
                    format!("Поле «callback_url»: адрес «{host}» не разрешён: добавьте его в настройки кассы, если он ваш"),
                    format!("Field \"callback_url\": host \"{host}\" is not allowed: add it to the bridge's settings if it is yours"),
                )
            }
            Self::Stored { message, .. } => message.clone(),
            Self::OtherContent => locale.pick(
                "Документ с этим id уже принят с другим содержанием: напечатайте как новый чек",
                "A document with this id was taken before with another content: print it as a new receipt",
            ),
            Self::WaitForFirst { document_id } => locale.pick(
                format!("Чек по документу {document_id} уже печатается: дождитесь его результата, не печатайте второй"),
                format!("A receipt for document {document_id} is being made: wait for its result, do not print another"),
            ),
            Self::AlreadyRegistered { number, time, confirmed, document_id } => {
                let time = quote(time);
                let state = if *confirmed {
                    locale.pick("подтверждён", "confirmed")
                } else {
                    locale.pick("статус в пути", "its status is on the way")
                };
                locale.pick(
                    format!("Уже пробит чек {number} в {time}, {state}. Если это другая оплата, разрешите: kkm-bridge allow {document_id}, и печатайте снова"),
                    format!("Already receipt {number} of {time}, {state}. If this is another payment, allow it on the bridge: kkm-bridge allow {document_id}, and print again"),
                )
            }
            Self::Device(refusal) => device::render(refusal, locale),
            Self::GaveUp => locale.pick(
                "Касса не освободилась вовремя, чек не пробит и не будет: проверьте кассу и напечатайте снова",
                "The register was not ready in time; nothing was or will be registered: check it and print again",
            ),
            Self::GaveUpBecause(reason) => {
                let reason = device::reason(reason, locale);
                locale.pick(
                    format!("Касса не освободилась вовремя, чек не пробит и не будет: {reason}"),
                    format!("The register was not ready in time, nothing was or will be registered: {reason}"),
                )
            }
            Self::DecidedNotRegistered => locale.pick(
                "Касса проверена: этот чек не пробит. Напечатайте его снова",
                "The register was checked: this receipt is not registered. Print it again",
            ),
            Self::Unreachable => locale.pick(
                "Касса не отвечает, чек не пробит: проверьте питание и кабель, напечатайте снова",
                "The register does not answer, nothing was registered: check power and cable, print again",
            ),
            Self::UnknownDevice => locale.pick(
                "Для этого адреса не настроена касса: проверьте настройки кассы и ключ в Altegio",
                "No register is configured for this address: check the bridge's settings and the key in Altegio",
            ),
            Self::Ahead { receipts } => locale.pick(
                format!("Впереди чеков: {receipts}, касса не успеет: напечатайте через пару минут"),
                format!("{receipts} receipts ahead, the register cannot make it in time: print in a few minutes"),
            ),
            Self::JournalFull => locale.pick(
                "На диске кассы нет места, чек не принят: освободите место и напечатайте снова",
                "The bridge's disk is full, the receipt was not taken: free some space and print again",
            ),
            Self::PersonMustDecide => locale.pick(
                "Касса ждёт решения о прошлом чеке: посмотрите kkm-bridge queue, решите (kkm-bridge decide) и печатайте снова",
                "The register waits for a decision about an earlier receipt: see kkm-bridge queue, decide (kkm-bridge decide), print again",
            ),
            Self::Stopping => locale.pick(
                "Программа кассы перезапускается: напечатайте снова через минуту",
                "The bridge is restarting: print again in a minute",
            ),
        }
    }
}
