//! A device or a journal that is not the one of yesterday.

use std::time::Duration;

use kkm_drivers::contract::{Document, Driver, Marker, Outcome};

use super::bench::{DEVICE, Shop, Willing};
use crate::journal::accept::Acceptance;
use crate::journal::devices::Fence;

fn fence(shop: &Shop) -> Option<Fence> {
    shop.journal.device(DEVICE).expect("read").expect("adopted").fence
}

#[test]
fn the_first_start_adopts_the_device_as_it_is() {
    let mut shop = Shop::open();
    shop.inject("foreign sale 4200");
    shop.sale("a", 1);
    shop.run(50);
    assert_eq!(fence(&shop), None);
    assert_eq!(shop.ours(), 1);
}

#[test]
fn receipts_keyed_by_hand_in_between_are_logged_and_the_mark_moves_on() {
    let mut shop = Shop::open();
    shop.sale("a", 1);
    shop.run(50);
    shop.inject("foreign sale 4200");
    let row = shop.sale("b", 2);
    shop.run(50);
    shop.assert_state(row, "done");
    let history = shop.journal.history(50).expect("read");
    assert!(history.iter().any(|h| h.what == "stranger"), "{history:?}");
}

#[test]
fn a_swapped_storage_gets_nothing_until_a_person_agrees() {
    let mut shop = Shop::open();
    shop.sale("a", 1);
    shop.run(50);
    shop.inject("swap-storage");
    let row = shop.sale("b", 2);
    shop.run(50);
    assert!(matches!(fence(&shop), Some(Fence::IdentityChanged { .. })));
    shop.assert_state(row, "accepted");
    assert_eq!(shop.accept(&Shop::document("c", 3, "sale")), Acceptance::PersonNeeded);
    shop.journal.agree(DEVICE).expect("agreed");
    shop.run(50);
    shop.assert_state(row, "done");
    assert_eq!(fence(&shop), None);
}

/// Copies the journal, lets it sell, and puts the copy back as somebody with an old backup would.
fn roll_back(shop: &mut Shop) {
    let copy = shop.dir.path().join("copy.db");
    crate::journal::keep::backup(shop.dir.path(), &copy).expect("copied");
    shop.run(50);
    shop.deliver();
    shop.lane = None;
    let spare = Shop::open();
    let journal = std::mem::replace(&mut shop.journal, spare.journal.clone());
    drop(journal);
    crate::journal::keep::restore(&copy, shop.dir.path(), &[DEVICE], 1).expect("restored");
    shop.restart();
}

#[test]
fn an_old_copy_of_the_journal_sells_nothing_twice() {
    let mut shop = Shop::open();
    shop.sale("warm", 9);
    shop.run(50);
    let row = shop.sale("a", 1);
    roll_back(&mut shop);
    shop.assert_state(row, "accepted");
    shop.run(50);
    assert!(matches!(fence(&shop), Some(Fence::UnknownAttempt { .. })), "{:?}", fence(&shop));
    assert_eq!(shop.receipts().len(), 2, "nothing was sold again");
    shop.journal.agree(DEVICE).expect("agreed");
    shop.run(50);
    shop.assert_state(row, "done");
    assert_eq!(shop.receipts().len(), 2, "it is known by its marker");
    let next = shop.sale("b", 2);
    shop.run(50);
    shop.assert_state(next, "done");
}

#[test]
fn a_copy_from_before_the_first_contact_sells_nothing_twice_either() {
    let mut shop = Shop::open();
    let row = shop.sale("a", 1);
    roll_back(&mut shop);
    shop.advance(Duration::from_secs(3600));
    shop.run(50);
    shop.assert_state(row, "accepted");
    assert!(matches!(fence(&shop), Some(Fence::IdentityChanged { .. })), "{:?}", fence(&shop));
    assert_eq!(shop.receipts().len(), 1, "nothing was sold again, or told as given up");
    shop.journal.agree(DEVICE).expect("agreed");
    shop.run(50);
    shop.assert_state(row, "done");
    assert_eq!(shop.receipts().len(), 1, "it is known by its marker");
}

#[test]
fn there_is_nothing_to_agree_to_without_a_fence() {
    let mut shop = Shop::open();
    shop.sale("a", 1);
    shop.run(50);
    assert!(shop.journal.agree(DEVICE).is_err());
}

/// What waits in an old copy may be registered: it must not be reported as an error because it waited too long.
#[test]
fn what_an_old_copy_believes_to_wait_does_not_expire_before_the_device_was_looked_at() {
    let mut shop = Shop::open();
    shop.sale("warm", 9);
    shop.run(50);
    let row = shop.sale("a", 1);
    roll_back(&mut shop);
    shop.advance(Duration::from_secs(3600));
    shop.run(50);
    shop.assert_state(row, "accepted");
    assert!(matches!(fence(&shop), Some(Fence::UnknownAttempt { .. })), "{:?}", fence(&shop));
    shop.journal.agree(DEVICE).expect("agreed");
    shop.run(50);
    shop.assert_state(row, "done");
    assert_eq!(shop.receipts().len(), 2);
}

#[test]
fn an_old_copy_that_explains_the_device_needs_no_person() {
    let mut shop = Shop::open();
    shop.sale("warm", 9);
    shop.run(50);
    roll_back(&mut shop);
    assert_eq!(fence(&shop), Some(Fence::Restored));
    let row = shop.sale("a", 1);
    shop.run(50);
    shop.assert_state(row, "done");
    assert_eq!(fence(&shop), None);
}

#[test]
fn a_counter_that_went_back_gets_nothing_until_a_person_agrees() {
    let mut shop = Shop::open();
    shop.sale("a", 1);
    shop.run(50);
    let before = shop.receipts().len();
    shop.link.device(|d| d.register_mut().alter(|state| state.storage.last -= 1)).expect("altered");
    let row = shop.sale("b", 2);
    shop.run(50);
    assert!(matches!(fence(&shop), Some(Fence::CounterWentBack { expected: 3, found: 2 })), "{:?}", fence(&shop));
    shop.assert_state(row, "accepted");
    assert_eq!(shop.receipts().len(), before);
}

/// A receipt that some program of ours registered with this marker.
fn sold_with(shop: &Shop, row: i64, marker: Marker) {
    let document = Document { marker, body: shop.body(row), original: None };
    let outcome = shop.another().execute(&document, &mut Willing);
    assert!(matches!(outcome, Outcome::Done(..)), "{outcome:?}");
}

#[test]
fn a_second_box_on_the_same_register_is_seen_by_its_marker() {
    let mut shop = Shop::open();
    shop.sale("a", 1);
    shop.run(50);
    let row = shop.sale("b", 2);
    sold_with(&shop, row, Marker::new(12_345, 1, 1).expect("in range"));
    shop.run(50);
    assert!(matches!(fence(&shop), Some(Fence::UnknownAttempt { number: 4, .. })), "{:?}", fence(&shop));
    assert_eq!(shop.receipts().len(), 2, "nothing more was sold");
    assert_eq!(shop.accept(&Shop::document("c", 3, "sale")), Acceptance::PersonNeeded);
    shop.journal.agree(DEVICE).expect("agreed");
    shop.run(50);
    shop.assert_state(row, "done");
    assert_eq!(shop.receipts().len(), 3, "the other box's receipt is not taken for ours");
}

#[test]
fn a_receipt_of_a_document_that_is_believed_refused_or_expired_is_a_person_s_matter() {
    let mut shop = Shop::open();
    shop.sale("a", 1);
    shop.run(50);
    // Begun and withdrawn, then refused; yet it stands in the register.
    let row = shop.sale("b", 2);
    let mark = shop.another().mark().expect("a mark");
    let begun = shop.journal.begin(row, mark, super::bench::LIMITS).expect("begun");
    let crate::journal::life::Begin::Begun(document) = begun else { panic!("late") };
    shop.journal.back(row, crate::journal::Event::Untouched, None, "").expect("back");
    shop.inject("paper out");
    shop.run(500);
    shop.assert_state(row, "expired");
    shop.inject("paper in");
    sold_with(&shop, 1, document.marker);
    let next = shop.sale("c", 3);
    shop.run(50);
    let Some(Fence::Contradiction { document, state, .. }) = fence(&shop) else { panic!("{:?}", fence(&shop)) };
    assert_eq!((document, state.as_str()), (row, "expired"));
    shop.assert_state(next, "accepted");
    assert_eq!(shop.receipts().len(), 2);
}

#[test]
fn behind_a_fence_nothing_is_said_and_what_waited_too_long_is_reported_after_it_and_never_printed() {
    let mut shop = Shop::open();
    shop.sale("a", 1);
    shop.run(50);
    shop.inject("swap-storage");
    let row = shop.sale("b", 2);
    shop.run(50);
    shop.advance(super::bench::LIMITS.give_up_after);
    shop.run(50);
    shop.assert_state(row, "accepted");
    shop.journal.agree(DEVICE).expect("agreed");
    shop.run(50);
    shop.assert_state(row, "expired");
    assert_eq!(shop.summary(row).code, Some(2002));
    assert_eq!(shop.receipts().len(), 1);
}
