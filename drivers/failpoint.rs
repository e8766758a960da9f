//! Named points at which a test kills the process, as a power cut would, or lets something fail.
//!
//! `KKM_BRIDGE_KILL_AT=name` or `name:n` (the n-th time, from 1) makes [`hit`] end the process with SIGKILL;
//! `KKM_BRIDGE_FAIL_AT` in the same form makes [`fails`] true, from the n-th time on. Without the cargo feature
//! `failpoints` both are empty; a released package is built without it.

/// A point at which a test can kill the process.
#[inline]
pub fn hit(name: &str) {
    #[cfg(feature = "failpoints")]
    armed::hit(name);
    #[cfg(not(feature = "failpoints"))]
    let _ = name;
}

/// A point of which every command of a device has one of its own: `shtrih.sent.FF45`.
#[inline]
pub fn hit_of(name: &str, command: &[u8]) {
    #[cfg(feature = "failpoints")]
    if armed::to_kill() {
        use std::fmt::Write;
        let mut named = format!("{name}.");
        for byte in command {
            let _ = write!(named, "{byte:02X}");
        }
        armed::hit(&named);
    }
    #[cfg(not(feature = "failpoints"))]
    let _ = (name, command);
}

/// True when a test wants the thing of that name to fail.
#[inline]
pub fn fails(name: &str) -> bool {
    #[cfg(feature = "failpoints")]
    return armed::fails(name);
    #[cfg(not(feature = "failpoints"))]
    {
        let _ = name;
        false
    }
}

#[cfg(feature = "failpoints")]
mod armed {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    struct Armed {
        name: String,
        nth: u32,
        passed: AtomicU32,
    }

    impl Armed {
        fn read(variable: &str) -> Option<Self> {
            let text = std::env::var(variable).ok()?;
            let (name, nth) = match text.split_once(':') {
                Some((name, nth)) => (name, nth.parse().ok()?),
                None => (text.as_str(), 1),
            };
            Some(Self { name: name.to_owned(), nth, passed: AtomicU32::new(0) })
        }

        /// How often this point was passed, this time included; 0 for another point.
        fn pass(&self, name: &str) -> u32 {
            if self.name == name { self.passed.fetch_add(1, Ordering::SeqCst) + 1 } else { 0 }
        }
    }

    fn kill() -> Option<&'static Armed> {
        static KILL: OnceLock<Option<Armed>> = OnceLock::new();
        KILL.get_or_init(|| Armed::read("KKM_BRIDGE_KILL_AT")).as_ref()
    }

    pub(super) fn to_kill() -> bool {
        kill().is_some()
    }

    pub(super) fn hit(name: &str) {
        if kill().is_some_and(|a| a.pass(name) == a.nth) {
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
            loop {
                std::thread::park();
            }
        }
    }

    pub(super) fn fails(name: &str) -> bool {
        static FAIL: OnceLock<Option<Armed>> = OnceLock::new();
        let armed = FAIL.get_or_init(|| Armed::read("KKM_BRIDGE_FAIL_AT"));
        armed.as_ref().is_some_and(|a| a.pass(name) >= a.nth)
    }
}
