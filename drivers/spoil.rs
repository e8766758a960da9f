//! Promises that a build can be told to break, so that the tests can be seen to notice.
//!
//! `KKM_BRIDGE_SPOIL=name` breaks one of them in a build with the cargo feature `spoiled`. In every other build
//! [`is`] is the constant `false` and the broken branch is not compiled in. Never shipped.

/// What can be broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spoil {
    /// The mark is not stored: recovery begins from the counters of the moment.
    NoMark,
    /// After a doubt the document is sent again.
    BlindResend,
    /// Intake answers before the commit.
    AnswerBeforeCommit,
    /// A document of equal sum is taken for ours without its marker.
    AmountOnlyMatch,
    /// A query without an answer is taken as "not registered".
    SilenceIsNo,
    /// The journal does not wait for the disk.
    SyncOff,
    /// A registered twin is not looked for.
    TwinUnchecked,
    /// A doubt is reported as an error.
    DoubtIsError,
    /// Outcome and report are two transactions.
    ReportApart,
    /// The document that came last is begun first.
    LastFirst,
    /// Intake does not look where the callback leads.
    CallbackUnchecked,
}

impl Spoil {
    /// All, with the names of `KKM_BRIDGE_SPOIL`.
    pub const NAMES: [(&'static str, Self); 11] = [
        ("no-mark", Self::NoMark),
        ("blind-resend", Self::BlindResend),
        ("answer-before-commit", Self::AnswerBeforeCommit),
        ("amount-only-match", Self::AmountOnlyMatch),
        ("silence-is-no", Self::SilenceIsNo),
        ("sync-off", Self::SyncOff),
        ("twin-unchecked", Self::TwinUnchecked),
        ("doubt-is-error", Self::DoubtIsError),
        ("report-apart", Self::ReportApart),
        ("last-first", Self::LastFirst),
        ("callback-unchecked", Self::CallbackUnchecked),
    ];
}

/// True when this build was told to break that promise.
#[inline]
pub fn is(spoil: Spoil) -> bool {
    #[cfg(feature = "spoiled")]
    {
        use std::sync::OnceLock;
        static CHOSEN: OnceLock<Option<Spoil>> = OnceLock::new();
        *CHOSEN.get_or_init(|| {
            let name = std::env::var("KKM_BRIDGE_SPOIL").ok()?;
            Spoil::NAMES.iter().find(|(n, _)| *n == name).map(|(_, spoil)| *spoil)
        }) == Some(spoil)
    }
    #[cfg(not(feature = "spoiled"))]
    {
        let _ = spoil;
        false
    }
}
