//! What is refused before a byte reaches the register.

use serde_json::json;

use crate::rig::{PARTNER_TOKEN, Rig, example};

#[test]
fn sums_that_differ_an_unknown_slug_and_a_foreign_callback_are_refused() {
    let mut rig = Rig::new();
    rig.start();
    let mut sums = example();
    sums["payments"][0]["sum"] = json!(4.55);
    rig.post(&sums).assert_error(1003);
    let mut slug = example();
    slug["positions"][0]["vat"] = json!("ru_vat_77");
    rig.post(&slug).assert_error(1002);
    let mut system = example();
    system["tax"] = json!("ru_vat_10");
    rig.post(&system).assert_error(1001);
    let mut foreign = example();
    foreign["callback_url"] = json!("https://app.alteg.io.evil.example/api/v1/integration/kkm/callback/");
    rig.post(&foreign).assert_error(1001);
    assert!(rig.receipts().is_empty() && rig.cloud.callbacks().is_empty());
    // A first that was refused leaves nothing behind: the corrected one is a first.
    rig.post(&example()).assert_pending();
    rig.cloud.await_success(&example()["id"]);
}

#[test]
fn without_the_shop_s_token_nothing_is_taken() {
    let mut rig = Rig::new();
    rig.start();
    for wrong in [
        "",
        "Bearer",
        "Bearer ",
        "Bearer shop-token-0123456789abcde",
        "Basic c2hvcA==",
        &format!("Bearer {PARTNER_TOKEN}"),
    ] {
        let reply = rig.post_bytes(example().to_string().as_bytes(), wrong).expect("an answer");
        assert_eq!(reply.status, 401, "{wrong}");
        assert_eq!(reply.body, json!({"success": false, "data": null, "meta": {"message": "Authentication needed."}}));
    }
    assert!(rig.receipts().is_empty());
}

#[test]
fn no_secret_reaches_the_log() {
    let mut rig = Rig::new();
    rig.start();
    rig.post(&example()).assert_pending();
    rig.cloud.await_success(&example()["id"]);
    let log = rig.log();
    for secret in [PARTNER_TOKEN, crate::rig::SHOP_TOKEN, "customer@example.com"] {
        assert!(!log.contains(secret), "{secret}");
    }
}

#[test]
fn tax_fetch_shows_what_the_table_lacks_and_asks_only_allowed_places() {
    let rig = Rig::new();
    let list = json!([{"title": "ОСН", "slug": "ru_osn", "vats": [{"title": "НДС 99%", "slug": "ru_vat_99"}]}]);
    rig.cloud.serve_list(list);
    let output = rig.command(&["tax", "fetch", "--country", "7", "--api", &rig.cloud.origin]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("rate ru_vat_99 is missing"), "{text}");
    let foreign = rig.command(&["tax", "fetch", "--country", "7", "--api", "https://evil.example"]);
    assert!(String::from_utf8_lossy(&foreign.stderr).contains("callback.allowed"));
}
