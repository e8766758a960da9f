//! Named points at which a test kills the process, as a power cut would.
//!
//! `KKM_BRIDGE_KILL_AT=name` or `name:n` (the n-th time, from 1) makes [`hit`] end the process with SIGKILL. Without the
//! cargo feature `failpoints` the call is empty; a released package is built without it.

/// A point that a test can name.
#[inline]
pub fn hit(name: &str) {
    #[cfg(feature = "failpoints")]
    armed::hit(name);
    #[cfg(not(feature = "failpoints"))]
    let _ = name;
}

#[cfg(feature = "failpoints")]
mod armed {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    struct Armed {
        name: String,
        left: AtomicU32,
    }

    pub(super) fn hit(name: &str) {
        static ARMED: OnceLock<Option<Armed>> = OnceLock::new();
        let armed = ARMED.get_or_init(|| parse(&std::env::var("KKM_BRIDGE_KILL_AT").ok()?));
        let Some(armed) = armed else { return };
        if armed.name == name && armed.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
            loop {
                std::thread::park();
            }
        }
    }

    fn parse(text: &str) -> Option<Armed> {
        let (name, times) = match text.split_once(':') {
            Some((name, times)) => (name, times.parse().ok()?),
            None => (text, 1),
        };
        Some(Armed { name: name.to_owned(), left: AtomicU32::new(times) })
    }
}
