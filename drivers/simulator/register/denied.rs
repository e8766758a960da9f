//! Why a register says no, in no family's words; a front-end gives each its code.

/// A definite no: nothing was registered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// The operation does not belong to this state.
    #[error("not in this mode")]
    WrongMode,
    /// The shift is older than 24 hours.
    #[error("the shift is older than 24 hours")]
    ShiftExpired,
    /// There is no open shift.
    #[error("the shift is closed")]
    ShiftClosed,
    /// There is one already.
    #[error("the shift is open")]
    ShiftOpen,
    /// A receipt is open.
    #[error("a receipt is open")]
    ReceiptOpen,
    /// Paid less than the total.
    #[error("paid less than the total")]
    Underpaid,
    /// Paid more than the total without cash.
    #[error("cashless sums above the total")]
    CashlessAboveTotal,
    /// The line's sum is not quantity times price.
    #[error("the sum differs from quantity times price by more than one minor unit")]
    SumOff,
    /// The drawer holds less.
    #[error("not enough cash in the drawer")]
    DrawerShort,
    /// The receipt's buffer is full.
    #[error("the receipt is full")]
    ReceiptFull,
    /// The total is zero and that is forbidden.
    #[error("zero receipt")]
    ZeroReceipt,
    /// A discount above the total, or a line taken back that was not there.
    #[error("the total would become negative")]
    NegativeTotal,
    /// The fiscal storage takes no more documents.
    #[error("the fiscal storage is full")]
    StorageFull,
    /// The clock is behind the last document.
    #[error("the clock is behind the last document")]
    ClockWrong,
    /// Not a tax system of the registration.
    #[error("tax system outside the registration")]
    TaxSystemOutside,
    /// The tax table has no such row.
    #[error("no such tax group")]
    NoSuchTax,
    /// Department, quantity, price or sum out of range.
    #[error("a number is out of range")]
    OutOfRange,
    /// A tag that the storage does not take.
    #[error("a tag is not taken")]
    BadTag,
    /// Nothing there.
    #[error("no such data")]
    NoData,
    /// No paper, or the cover is open.
    #[error("no paper")]
    NoPaper,
    /// An operation was interrupted for want of paper, which is still missing.
    #[error("paper ended while printing")]
    PaperAwaited,
    /// Paper is back, the register waits to be told to print on.
    #[error("waits for the command to print on")]
    PrintAwaited,
    /// The cutter fails.
    #[error("the cutter fails")]
    CutterFailed,
    /// The books cannot be written.
    #[error("the books cannot be written: {0}")]
    Books(String),
}
