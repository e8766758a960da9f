//! Walls that the compiler does not keep.

use std::path::{Path, PathBuf};

fn sources(directory: &str) -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
    let mut found = Vec::new();
    let mut waiting = vec![root];
    while let Some(next) = waiting.pop() {
        for entry in std::fs::read_dir(&next).expect("readable") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = std::fs::read_to_string(&path).expect("text");
                found.push((path, text));
            }
        }
    }
    assert!(!found.is_empty());
    found
}

/// No source in `directory` uses one of `words`; `except` names files that may.
fn nobody_uses(directory: &str, words: &[&str], except: &[&str]) {
    for (path, text) in sources(directory) {
        if except.iter().any(|e| path.ends_with(e)) {
            continue;
        }
        for word in words {
            assert!(!text.contains(word), "{} uses {word}", path.display());
        }
    }
}

#[test]
fn drivers_know_no_server_no_sql_and_no_async() {
    let manifest =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("drivers/Cargo.toml")).expect("text");
    for package in ["tokio", "axum", "rusqlite", "hyper", "reqwest", "kkm-bridge\""] {
        assert!(!manifest.contains(&format!("\n{package}")), "{package}");
    }
}

#[test]
fn families_do_not_see_each_other() {
    nobody_uses("drivers/shtrih", &["crate::simulated"], &[]);
    nobody_uses("drivers/simulator", &["crate::shtrih", "crate::escpos", "crate::layout"], &[]);
}

#[test]
fn transports_know_no_family_and_the_contract_knows_nothing_of_ours() {
    nobody_uses("drivers/transport", &["crate::shtrih", "crate::simulator"], &[]);
    nobody_uses("drivers/contract", &["crate::shtrih", "crate::simulator", "crate::transport"], &[]);
}

#[test]
fn time_is_read_in_one_file() {
    nobody_uses(
        "src",
        &["SystemTime::now", "Timestamp::now", "Instant::now", "Zoned::now", "clock_gettime"],
        &["src/clock.rs", "send_tests.rs", "serve_tests.rs", "run_tests.rs"],
    );
}

#[test]
fn the_parts_meet_only_in_the_journal() {
    nobody_uses("src", &["crate::inbox"], &["src/daemon.rs", "src/inbox.rs", "src/lib.rs"]);
    nobody_uses("src/outbox", &["crate::dispatcher", "crate::inbox"], &[]);
    nobody_uses("src/dispatcher", &["crate::outbox", "crate::inbox"], &["tests/bench.rs"]);
    nobody_uses("src/journal", &["crate::dispatcher", "crate::inbox"], &[]);
}
