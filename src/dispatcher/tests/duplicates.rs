//! Duplicates and twins.

use serde_json::json;

use super::bench::{DEVICE, Shop};
use crate::journal::accept::{Acceptance, Repeat, SameId};

#[test]
fn the_same_id_is_pending_while_undecided_and_after_success() {
    let mut shop = Shop::open();
    let row = shop.sale("a", 1);
    assert_eq!(shop.accept(&Shop::document("a", 1, "sale")), Acceptance::Pending(row));
    shop.run(50);
    assert_eq!(shop.accept(&Shop::document("a", 1, "sale")), Acceptance::Pending(row));
    shop.restart();
    assert_eq!(shop.accept(&Shop::document("a", 1, "sale")), Acceptance::Pending(row));
    assert_eq!(shop.receipts().len(), 1);
}

#[test]
fn the_same_id_with_another_content_is_a_conflict_while_undecided_or_registered() {
    let mut shop = Shop::open();
    shop.sale("a", 1);
    let mut other = Shop::document("a", 1, "sale");
    other["payments"][0]["type"] = json!("card");
    assert_eq!(shop.accept(&other), Acceptance::OtherContent);
    shop.run(50);
    assert_eq!(shop.accept(&other), Acceptance::OtherContent);
}

/// A document that ended in an error, confirmed or not.
fn failed(shop: &mut Shop, confirmed: bool) {
    shop.inject("paper out");
    shop.sale("a", 1);
    shop.run(500);
    if confirmed {
        shop.deliver();
    }
    shop.inject("paper in");
}

#[test]
fn after_a_confirmed_error_a_later_date_is_a_new_try_and_the_same_date_a_repeat() {
    let mut shop = Shop::open();
    failed(&mut shop, true);
    assert!(matches!(shop.accept(&Shop::document("a", 1, "sale")), Acceptance::Failed { code: 2002, .. }));
    let mut later = Shop::document("a", 1, "sale");
    later["date"] = json!("2026-11-25T09:30:00+03:00");
    assert!(matches!(shop.accept(&later), Acceptance::Queued(_)));
    shop.run(50);
    assert_eq!(shop.ours(), 1);
}

#[test]
fn an_error_that_was_not_confirmed_is_answered_as_stored_whatever_the_date_and_so_is_every_one_by_switch() {
    let mut shop = Shop::open();
    failed(&mut shop, false);
    let mut later = Shop::document("a", 1, "sale");
    later["date"] = json!("2026-11-25T09:30:00+03:00");
    assert!(matches!(shop.accept(&later), Acceptance::Failed { .. }));
    shop.deliver();
    shop.policy.same_id_after_error = SameId::Stored;
    assert!(matches!(shop.accept(&later), Acceptance::Failed { .. }));
}

#[test]
fn a_second_print_waits_for_the_first_of_its_sale_but_a_return_and_other_sales_do_not() {
    let shop = Shop::open();
    shop.sale("a", 1);
    assert_eq!(shop.accept(&Shop::document("b", 1, "sale")), Acceptance::EarlierUndecided);
    assert!(matches!(shop.accept(&Shop::document("r", 1, "return")), Acceptance::Queued(_)));
    assert!(matches!(shop.accept(&Shop::document("c", 2, "sale")), Acceptance::Queued(_)));
}

#[test]
fn a_twin_before_the_wire_is_one_receipt_for_both() {
    let mut shop = Shop::open();
    shop.sale("a", 1);
    shop.run(50);
    let Acceptance::Twin(row) = shop.accept(&Shop::document("b", 1, "sale")) else { panic!("no twin") };
    shop.assert_state(row, "done");
    assert_eq!(shop.summary(row).report.expect("a report").state, "waiting");
    assert_eq!(shop.receipts().len(), 1);
}

#[test]
fn a_twin_after_the_wire_is_refused_until_it_is_allowed_once() {
    let mut shop = Shop::open();
    shop.sale("a", 1);
    shop.run(50);
    shop.deliver();
    let twin = |id: &str| Shop::document(id, 1, "sale");
    assert!(matches!(shop.accept(&twin("b")), Acceptance::AlreadyRegistered { confirmed: true, .. }));
    shop.journal.allow(DEVICE, 1).expect("allowed");
    assert!(matches!(shop.accept(&twin("b")), Acceptance::Queued(_)));
    shop.run(50);
    shop.deliver();
    assert!(matches!(shop.accept(&twin("c")), Acceptance::AlreadyRegistered { .. }), "one allowance, one receipt");
}

#[test]
fn a_return_in_between_makes_the_next_sale_no_twin_and_finds_its_original() {
    let mut shop = Shop::open();
    let sale = shop.sale("a", 1);
    shop.run(50);
    shop.deliver();
    assert!(matches!(shop.accept(&Shop::document("r", 1, "return")), Acceptance::Queued(_)));
    let waiting = shop.journal.next_waiting(DEVICE).expect("read").expect("the return");
    assert_eq!(waiting.original, shop.summary(sale).proof);
    shop.run(50);
    shop.deliver();
    assert!(matches!(shop.accept(&Shop::document("b", 1, "sale")), Acceptance::Queued(_)));
}

#[test]
fn a_corrected_contact_or_cashier_makes_it_no_other_sale() {
    let mut shop = Shop::open();
    shop.sale("a", 1);
    shop.run(50);
    shop.deliver();
    let mut corrected = Shop::document("b", 1, "sale");
    corrected["customer"] = json!({"email": "new@example.com"});
    corrected["cashier"] = json!({"name": "Somebody Else"});
    assert!(matches!(shop.accept(&corrected), Acceptance::AlreadyRegistered { .. }));
}

#[test]
fn the_switch_of_repeats_refuses_or_prints_always() {
    let mut shop = Shop::open();
    shop.sale("a", 1);
    shop.run(50);
    shop.policy.repeat = Repeat::Refuse;
    assert!(matches!(
        shop.accept(&Shop::document("b", 1, "sale")),
        Acceptance::AlreadyRegistered { confirmed: false, .. }
    ));
    shop.policy.repeat = Repeat::Print;
    assert!(matches!(shop.accept(&Shop::document("b", 1, "sale")), Acceptance::Queued(_)));
}

#[test]
fn what_the_device_cannot_do_is_refused_at_intake_once_it_is_known() {
    let mut shop = Shop::open();
    shop.sale("a", 1);
    shop.run(50);
    let mut foreign = Shop::document("b", 2, "sale");
    foreign["positions"][0]["vat"] = json!("ru_vat_20");
    assert!(matches!(shop.accept(&foreign), Acceptance::DeviceCannot(_)), "the register's group 1 is 22 %");
}

#[test]
fn a_payload_that_was_dropped_still_guards_and_still_serves_a_return() {
    let mut shop = Shop::open();
    let sale = shop.sale("a", 1);
    shop.run(50);
    shop.deliver();
    shop.advance(std::time::Duration::from_secs(100 * 24 * 3600));
    let dropped = shop.journal.drop_payloads(std::time::Duration::from_secs(90 * 24 * 3600)).expect("dropped");
    assert_eq!(dropped, 1);
    assert!(shop.journal.find("1").expect("read").expect("there").body.is_none());
    assert_eq!(shop.accept(&Shop::document("a", 1, "sale")), Acceptance::Pending(sale));
    assert!(matches!(shop.accept(&Shop::document("b", 1, "sale")), Acceptance::AlreadyRegistered { .. }));
    assert!(matches!(shop.accept(&Shop::document("r", 1, "return")), Acceptance::Queued(_)));
    let waiting = shop.journal.next_waiting(DEVICE).expect("read").expect("the return");
    assert!(waiting.original.is_some());
}
