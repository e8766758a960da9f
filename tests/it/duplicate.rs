//! The same document again: at once, later, after a restart; and its twins.

use serde_json::json;

use crate::rig::{Rig, another, example};

#[test]
fn ten_at_once_and_one_after_a_restart_are_one_receipt_and_one_answer() {
    let mut rig = Rig::new();
    rig.start();
    let document = example();
    let replies: Vec<_> = std::thread::scope(|scope| {
        let posts: Vec<_> = (0..10).map(|_| scope.spawn(|| rig.post(&document))).collect();
        posts.into_iter().map(|p| p.join().expect("answered")).collect()
    });
    replies.iter().for_each(crate::rig::Reply::assert_pending);
    rig.cloud.await_success(&document["id"]);
    rig.kill();
    rig.start();
    assert_eq!(rig.post(&document), replies[0]);
    let marker = another("after-the-restart", 5);
    rig.post(&marker).assert_pending();
    rig.cloud.await_success(&marker["id"]);
    assert_eq!(rig.receipts().len(), 2, "the example once, and the one after it");
    assert_eq!(rig.cloud.words_for(&document["id"]).len(), 1);
}

#[test]
fn the_same_id_with_another_content_is_a_conflict() {
    let mut rig = Rig::new();
    rig.start();
    let document = example();
    rig.post(&document).assert_pending();
    rig.cloud.await_success(&document["id"]);
    let mut other = document.clone();
    other["cashier"]["name"] = json!("Somebody Else");
    rig.post(&other).assert_error(1001);
    let mut only_the_date = document.clone();
    only_the_date["date"] = json!("2026-09-22T10:00:00+03:00");
    rig.post(&only_the_date).assert_pending();
    assert_eq!(rig.receipts().len(), 1);
}

#[test]
fn a_twin_whose_first_was_confirmed_is_refused_until_a_person_allows_it() {
    let mut rig = Rig::new();
    rig.start();
    let first = another("first", 42);
    rig.post(&first).assert_pending();
    rig.cloud.await_success(&first["id"]);
    rig.await_shown("42", "report confirmed");
    let twin = another("twin", 42);
    let reply = rig.post(&twin);
    reply.assert_error(1001);
    assert!(reply.body["message"].as_str().expect("text").contains("kkm-bridge allow 42"), "{reply:?}");
    assert!(rig.command(&["allow", "42"]).status.success());
    rig.post(&twin).assert_pending();
    rig.cloud.await_success(&twin["id"]);
    assert_eq!(rig.receipts().len(), 2);
}

#[test]
fn a_twin_of_one_nobody_heard_about_is_one_receipt_for_both() {
    // Nothing listens where the first callback goes, so no attempt reaches the wire.
    let dead = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let origin = format!("http://{}", dead.local_addr().expect("bound"));
    drop(dead);
    let mut rig = Rig::new();
    rig.allow_origin(&origin);
    rig.start();
    let mut first = another("unheard", 43);
    first["callback_url"] = json!(format!("{origin}/api/v1/integration/kkm/callback/"));
    rig.post(&first).assert_pending();
    rig.await_shown("43", "registered fiscal document");
    let twin = another("again", 43);
    rig.post(&twin).assert_pending();
    rig.cloud.await_success(&twin["id"]);
    assert_eq!(rig.receipts().len(), 1);
}
