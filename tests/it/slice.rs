//! The main job, end to end.

use kkm_drivers::simulator::books::Operation;
use serde_json::json;

use crate::rig::{PARTNER_TOKEN, Rig, another, example};

#[test]
fn the_documented_example_is_registered_once_and_reported_with_the_token() {
    let mut rig = Rig::new();
    rig.start();
    let document = example();
    let reply = rig.post(&document);
    reply.assert_pending();
    assert_eq!(reply.body["id"], document["id"]);
    let callback = rig.cloud.await_success(&document["id"]);
    assert!(
        callback.head.to_lowercase().contains(&format!("authorization: bearer {PARTNER_TOKEN}")),
        "{}",
        callback.head
    );
    assert!(callback.head.contains("application/vnd.api.v2+json"), "{}", callback.head);
    let receipts = rig.receipts();
    assert_eq!(receipts.len(), 1);
    let receipt = &receipts[0];
    let paid = &receipt.payments;
    assert_eq!(receipt.total.minor(), 1065);
    assert_eq!((paid.cash.minor(), paid.electronic_total().minor(), paid.prepaid.minor()), (455, 555, 55));
    assert_eq!(receipt.vat.values().map(|v| v.tax.minor()).collect::<Vec<_>>(), [97], "10 % inside 10.65");
    assert_eq!(receipt.tag_text(1008), "customer@example.com");
    assert_eq!(receipt.tag_text(1021), "Cashier John Smith");
}

#[test]
fn as_published_it_asks_for_a_terminal_and_is_refused_or_noted_by_the_switch() {
    let mut published = example();
    published["pos"]["enabled"] = json!(true);
    let mut rig = Rig::new();
    rig.start();
    rig.post(&published).assert_error(1003);
    assert!(rig.receipts().is_empty());

    let mut by_hand = Rig::with("[altegio]\npos_without_terminal = \"charged_by_hand\"\n");
    by_hand.start();
    by_hand.post(&published).assert_pending();
    by_hand.cloud.await_success(&published["id"]);
    assert_eq!(by_hand.receipts().len(), 1);
    assert!(by_hand.show("239083104").contains("note"), "{}", by_hand.show("239083104"));
}

#[test]
fn a_return_is_registered_as_one_with_positive_sums() {
    let mut rig = Rig::new();
    rig.start();
    let sale = another("sale-1", 77);
    rig.post(&sale).assert_pending();
    rig.cloud.await_success(&sale["id"]);
    let mut back = another("return-1", 77);
    back["type"] = json!("return");
    rig.post(&back).assert_pending();
    rig.cloud.await_success(&back["id"]);
    let receipts = rig.receipts();
    let booked: Vec<_> = receipts.iter().map(|r| (r.operation, r.total.minor())).collect();
    assert_eq!(booked, [(Some(Operation::Sale), 1065), (Some(Operation::SaleReturn), 1065)]);
}
