//! Designs that are wrong, each in one place of [`crate::moves`] or [`crate::evidence`].

/// What a design may get wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    NoMark,
    BlindResend,
    AmountOnlyMatch,
    SilenceIsNo,
    AnswerBeforeCommit,
    NoQuiesce,
    ExpiryWhileBegun,
    SettleWithoutReport,
    CancelAfterClose,
    SecondAttemptWithoutVerdict,
    WordWithoutSecondLook,
    TwoInFlight,
    FenceIgnored,
    TwinRuleOutside,
    SameIdOutside,
    ClosingNotStored,
    ErrorOnDoubt,
    SuccessOnSend,
    BeginUnconditional,
    RefusalLeavesOpen,
    ExpiryBehindTheFence,
}

impl Bug {
    /// All, with names for people.
    pub const ALL: [(Self, &'static str); 21] = [
        (Self::NoMark, "no mark is stored"),
        (Self::BlindResend, "sent again after a doubt"),
        (Self::AmountOnlyMatch, "an equal sum is ours"),
        (Self::SilenceIsNo, "no answer to a query is a no"),
        (Self::AnswerBeforeCommit, "answered before the commit"),
        (Self::NoQuiesce, "evidence is read while a command is under way"),
        (Self::ExpiryWhileBegun, "expires while begun"),
        (Self::SettleWithoutReport, "outcome and report are two transactions"),
        (Self::CancelAfterClose, "silence on the close is answered with a cancel"),
        (Self::SecondAttemptWithoutVerdict, "a restart begins anew without a verdict"),
        (Self::WordWithoutSecondLook, "a person's no counts without a second look"),
        (Self::TwoInFlight, "two in flight on a device"),
        (Self::FenceIgnored, "the fence is ignored"),
        (Self::TwinRuleOutside, "the twin rule is outside the transaction"),
        (Self::SameIdOutside, "the same-id rule is outside the transaction"),
        (Self::ClosingNotStored, "closing is not stored, and begun is harmless"),
        (Self::ErrorOnDoubt, "a doubt is reported as an error"),
        (Self::SuccessOnSend, "success is reported when the command has left"),
        (Self::BeginUnconditional, "begin does not look at the state"),
        (Self::RefusalLeavesOpen, "a refused receipt is left open"),
        (Self::ExpiryBehindTheFence, "expires behind the fence"),
    ];
}
