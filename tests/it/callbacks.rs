//! Reports: until the cloud says yes, and to nobody else.

use std::net::TcpListener;
use std::time::Duration;

use serde_json::json;

use crate::rig::{Cloud, RETRY_AFTER_S, Rig, another};

#[test]
fn a_callback_elsewhere_is_refused_and_not_a_byte_leaves() {
    let mut rig = Rig::new();
    rig.start();
    let foreign = TcpListener::bind("127.0.0.1:0").expect("a port");
    foreign.set_nonblocking(true).expect("set");
    let port = foreign.local_addr().expect("bound").port();
    let own = rig.cloud.origin.trim_start_matches("http://").to_owned();
    for (n, url) in [
        format!("http://127.0.0.1:{port}/api/v1/x"),
        format!("http://localhost:{port}/api/v1/x"),
        format!("http://{own}@127.0.0.1:{port}/api/v1/x"),
        format!("http://127.1:{port}/api/v1/x"),
        format!("http://2130706433:{port}/api/v1/x"),
        format!("http://[::ffff:127.0.0.1]:{port}/api/v1/x"),
        format!("https://127.0.0.1:{port}/api/v1/x"),
        format!("http://alteg.io:{port}/api/v1/x"),
        "http://alteg.io/api/v1/x".to_owned(),
        "https://alteg.io:8443/api/v1/x".to_owned(),
        "https://alteg.io.example/api/v1/x".to_owned(),
        "https://user:pass@alteg.io/api/v1/x".to_owned(),
        "https://alteg.io/other/x".to_owned(),
        "https://alteg.io/api/../x".to_owned(),
        "https://alteg.io\\@127.0.0.1/api/x".to_owned(),
        "ftp://alteg.io/api/x".to_owned(),
        "//alteg.io/api/x".to_owned(),
        "not a url".to_owned(),
    ]
    .into_iter()
    .enumerate()
    {
        let mut document = another(&format!("foreign-{n}"), 500 + n as i64);
        document["callback_url"] = json!(url);
        let reply = rig.post(&document);
        assert_eq!((reply.status, &reply.body["code"]), (400, &json!(1001)), "{url}: {reply:?}");
    }
    assert!(foreign.accept().is_err(), "somebody called");
    assert!(rig.receipts().is_empty());
}

#[test]
fn a_redirect_to_a_foreign_place_is_not_followed_and_one_to_our_own_is() {
    let foreign = Cloud::open();
    let mut rig = Rig::new();
    rig.start();
    for code in [301, 302, 303, 307, 308] {
        rig.cloud.redirect(code, &format!("{}/api/v1/integration/kkm/callback/", foreign.origin));
        let document = another(&format!("redirected-{code}"), i64::from(code));
        rig.post(&document).assert_pending();
        rig.cloud.await_heard(&document["id"], code);
    }
    assert!(foreign.callbacks().is_empty(), "the token left");
    rig.cloud.redirect(307, &format!("{}/api/v1/integration/kkm/callback/again", rig.cloud.origin));
    let document = another("redirected-home", 1);
    rig.post(&document).assert_pending();
    rig.cloud.await_success(&document["id"]);
    assert_eq!(rig.receipts().len(), 6);
}

#[test]
fn failures_are_retried_with_the_same_bytes_and_others_are_registered_meanwhile() {
    let mut rig = Rig::new();
    rig.start();
    rig.cloud.answer(&[500]);
    let first = another("retried", 1);
    rig.post(&first).assert_pending();
    rig.cloud.await_heard(&first["id"], 500);
    let second = another("meanwhile", 2);
    rig.post(&second).assert_pending();
    rig.cloud.await_success(&second["id"]);
    // Between the tries the daemon dies and comes back.
    rig.kill();
    rig.start();
    rig.cloud.await_success(&first["id"]);
    assert_eq!(rig.cloud.words_for(&first["id"]).len(), 1, "the same bytes each time");
    assert_eq!(rig.receipts().len(), 2);
}

#[test]
fn a_refused_token_pauses_and_loses_nothing_and_another_4xx_parks_until_a_person_says_again() {
    let mut rig = Rig::new();
    rig.start();
    rig.cloud.answer(&[404]);
    let parked = another("parked", 1);
    rig.post(&parked).assert_pending();
    rig.cloud.await_heard(&parked["id"], 404);
    rig.await_shown("1", "report     parked");
    assert!(rig.command(&["retry"]).status.success());
    rig.cloud.await_success(&parked["id"]);

    rig.cloud.answer(&[401]);
    let paused = another("paused", 2);
    rig.post(&paused).assert_pending();
    rig.cloud.await_heard(&paused["id"], 401);
    // A new document rings the bell: one report looks whether the token is taken again.
    let next = another("after-the-pause", 3);
    rig.post(&next).assert_pending();
    rig.cloud.await_success(&paused["id"]);
    rig.cloud.await_success(&next["id"]);
    assert_eq!(rig.receipts().len(), 3);
}

#[test]
fn a_cloud_that_asks_to_wait_is_left_alone_so_long_and_receipts_go_on() {
    let mut rig = Rig::new();
    rig.start();
    rig.cloud.answer(&[429, 429]);
    let first = another("asked-to-wait", 1);
    rig.post(&first).assert_pending();
    rig.cloud.await_heard(&first["id"], 429);
    // Registered at once, reported when the host may be called again.
    let second = another("behind-it", 2);
    rig.post(&second).assert_pending();
    rig.await_shown("2", "registered fiscal document");
    rig.cloud.await_success(&first["id"]);
    rig.cloud.await_success(&second["id"]);
    let heard = rig.cloud.callbacks();
    assert_eq!(heard.iter().map(|c| c.answered).collect::<Vec<_>>(), [429, 429, 200, 200]);
    for pair in heard.windows(2).take(2) {
        assert!(pair[1].at - pair[0].at >= Duration::from_secs(RETRY_AFTER_S), "called too early");
    }
    assert_eq!(rig.cloud.words_for(&first["id"]).len(), 1, "the same bytes each time");
    assert_eq!(rig.receipts().len(), 2);
}

#[test]
fn what_no_cloud_took_is_sent_after_a_restart_with_the_same_bytes() {
    let dead = TcpListener::bind("127.0.0.1:0").expect("a port");
    let origin = format!("http://{}", dead.local_addr().expect("bound"));
    drop(dead);
    let mut rig = Rig::new();
    rig.allow_origin(&origin);
    rig.start();
    let mut unheard = another("unheard", 1);
    unheard["callback_url"] = json!(format!("{origin}/api/v1/integration/kkm/callback/"));
    rig.post(&unheard).assert_pending();
    rig.await_log("report not delivered yet");
    // A host out of reach holds up no other.
    let other = another("other-host", 2);
    rig.post(&other).assert_pending();
    rig.cloud.await_success(&other["id"]);
    rig.kill();
    let back = Cloud::open_at(origin.trim_start_matches("http://"));
    rig.start();
    back.await_success(&unheard["id"]);
    assert_eq!(back.words_for(&unheard["id"]).len(), 1);
    assert_eq!(rig.receipts().len(), 2);
}
