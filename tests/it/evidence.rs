//! A result that is unknown is asked of the register.

use crate::rig::{Rig, another, example};

#[test]
fn a_lost_answer_after_registering_is_a_true_success_and_no_second_receipt() {
    let mut rig = Rig::new();
    rig.start();
    rig.register("lose-answer FF45");
    rig.post(&example()).assert_pending();
    rig.cloud.await_success(&example()["id"]);
    let next = another("the-next", 6);
    rig.post(&next).assert_pending();
    rig.cloud.await_success(&next["id"]);
    assert_eq!(rig.receipts().len(), 2);
}

#[test]
fn a_power_cut_before_registering_is_repeated_and_after_it_is_not() {
    for when in ["power-cut before FF45", "power-cut after FF45"] {
        let mut rig = Rig::new();
        rig.start();
        rig.register(when);
        rig.post(&example()).assert_pending();
        rig.cloud.await_success(&example()["id"]);
        assert_eq!(rig.receipts().len(), 1, "{when}");
    }
}
