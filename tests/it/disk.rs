//! A disk that fails or fills up.

use serde_json::json;

use crate::rig::{Rig, another};

/// `EX_IOERR`: the unit does not start it again by itself.
const DISK_FAILED: i32 = 74;

#[test]
fn a_commit_that_fails_ends_the_process_and_the_next_start_tells_the_truth() {
    // Commits of one receipt: accept, adopt, begin, closing, done, and those of the report.
    for nth in 1..=8 {
        let mut rig = Rig::new();
        let document = another(&format!("commit-{nth}"), 1);
        // The first commits may fail before it is ready.
        let mut answered = false;
        if rig.try_start(&[("KKM_BRIDGE_FAIL_AT", &format!("journal.commit:{nth}"))]) {
            answered = rig.try_post(&document).is_ok();
            assert_eq!(rig.wait_for_exit(), Some(DISK_FAILED), "commit {nth}");
        }
        rig.start();
        if !answered {
            rig.post(&document).assert_pending();
        }
        rig.cloud.await_success(&document["id"]);
        assert_eq!(rig.receipts().len(), 1, "commit {nth}");
        assert_eq!(rig.cloud.words_for(&document["id"]).len(), 1, "commit {nth}");
    }
}

#[test]
fn a_full_disk_stops_intake_before_anything_else() {
    let mut rig = Rig::new();
    rig.start_with(&[("KKM_BRIDGE_FAIL_AT", "journal.room:2")]);
    let first = another("with-room", 1);
    rig.post(&first).assert_pending();
    let second = another("without", 2);
    rig.post(&second).assert_error(2002);
    rig.cloud.await_success(&first["id"]);
    assert_eq!(rig.receipts().len(), 1);
    assert_eq!(rig.cloud.words_for(&json!("without")).len(), 0, "what was refused at intake has no callback");
}
