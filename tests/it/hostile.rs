//! Input from outside is data: whatever comes gets a 4xx that names its field, and nothing reaches the register.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::rig::{Reply, Rig, SHOP_TOKEN, another, example, patience};

/// The example with one field replaced.
fn with(path: &[&str], value: Value) -> Value {
    let mut document = example();
    let mut place = &mut document;
    for key in path {
        place = match key.parse::<usize>() {
            Ok(index) => &mut place[index],
            Err(_) => &mut place[*key],
        };
    }
    *place = value;
    document
}

/// The example's text with one piece replaced: for what no JSON value can hold.
fn raw(from: &str, to: &str) -> Vec<u8> {
    let text = example().to_string();
    assert!(text.contains(from), "{from} is in the example");
    text.replacen(from, to, 1).into_bytes()
}

/// Bodies with the code of their refusal, and the word that its message must hold (empty: none can be named).
fn bodies() -> Vec<(Vec<u8>, u16, &'static str)> {
    let value = |path: &[&str], v: Value, code, word| (with(path, v).to_string().into_bytes(), code, word);
    let mut list = vec![
        (Vec::new(), 1001, ""),
        (b"{".to_vec(), 1001, ""),
        (b"nonsense".to_vec(), 1001, ""),
        (b"[]".to_vec(), 1001, ""),
        (b"null".to_vec(), 1001, ""),
        (b"\"text\"".to_vec(), 1001, ""),
        (b"{}".to_vec(), 1001, "id"),
        (vec![0xFF, 0xFE, 0x00], 1001, ""),
        (raw("Consultation", "\u{1}Consultation"), 1001, ""),
        ([b"{\"id\":\"".as_slice(), &[0xC3, 0x28], b"\"}"].concat(), 1001, ""),
        (vec![b'['; 10_000], 1001, ""),
        (format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000)).into_bytes(), 1001, ""),
        (raw("\"type\":\"sale\"", "\"type\":\"sale\",\"type\":\"return\""), 1001, "type"),
        (raw("\"price\":13.19", "\"price\":13.19,\"price\":1.00"), 1002, "price"),
        (raw("\"sum\":5.55", "\"sum\":5.55,\"sum\":5.55"), 1003, "sum"),
        (raw("13.19", "NaN"), 1001, ""),
        (raw("13.19", "Infinity"), 1001, ""),
        (raw("13.19", "1e400"), 1002, "price"),
        (raw("13.19", "13.191234567890123456"), 1002, "price"),
        (raw("13.19", "-13.19"), 1002, "price"),
        (raw("13.19", "99999999999999999999"), 1002, "price"),
        (raw("13.19", "9223372036854775808"), 1002, "price"),
        (raw("\"quantity\":1", "\"quantity\":-1"), 1002, "quantity"),
        (raw("\"quantity\":1", "\"quantity\":1.12345678901234567"), 1002, "quantity"),
        (raw("\"quantity\":1", "\"quantity\":1e30"), 1002, "quantity"),
        (raw("2.54", "-2.54"), 1002, "discount_amount"),
        (raw("2.54", "99.99"), 1002, "discount_amount"),
        (raw("5.55", "-5.55"), 1003, "sum"),
        (raw("5.55", "5.555"), 1003, "sum"),
        (raw("5.55", "1e400"), 1003, "sum"),
        (raw("239083104", "1.5"), 1001, "document_id"),
        (raw("239083104", "99999999999999999999"), 1001, "document_id"),
        value(&["type"], json!("refund"), 1001, "type"),
        value(&["type"], json!(1), 1001, "type"),
        value(&["type"], Value::Null, 1001, "type"),
        value(&["id"], Value::Null, 1001, "id"),
        value(&["id"], json!(""), 1001, "id"),
        value(&["id"], json!([]), 1001, "id"),
        value(&["id"], json!({}), 1001, "id"),
        value(&["date"], json!("yesterday"), 1001, "date"),
        value(&["date"], json!(5), 1001, "date"),
        value(&["date"], json!("2026-02-30T10:00:00Z"), 1001, "date"),
        value(&["tax"], json!("ru_vat_10"), 1001, "tax"),
        value(&["tax"], Value::Null, 1001, "tax"),
        value(&["tax"], json!(7), 1001, "tax"),
        value(&["document_id"], Value::Null, 1001, "document_id"),
        value(&["document_id"], json!("x"), 1001, "document_id"),
        value(&["print_receipt"], json!("yes"), 1001, "print_receipt"),
        value(&["positions"], Value::Null, 1002, "positions"),
        value(&["positions"], json!([]), 1002, "positions"),
        value(&["positions"], json!({}), 1002, "positions"),
        value(&["positions", "0"], json!(1), 1002, ""),
        value(&["positions", "0", "price"], json!([1]), 1002, "price"),
        value(&["positions", "0", "title"], json!(1), 1002, "title"),
        value(&["positions", "0", "type"], json!("gift"), 1002, "type"),
        value(&["positions", "0", "vat"], json!("ru_osn"), 1002, "vat"),
        value(&["positions", "0", "vat"], Value::Null, 1002, "vat"),
        value(&["positions", "0", "payment_method"], json!("credit"), 1002, "payment_method"),
        value(&["positions", "0", "quantity"], json!(true), 1002, "quantity"),
        value(&["payments"], Value::Null, 1003, "payments"),
        value(&["payments"], json!("cash"), 1003, "payments"),
        value(&["payments", "0", "type"], json!("bitcoin"), 1003, "type"),
        value(&["payments", "0", "sum"], json!("lots"), 1003, "sum"),
        value(&["payments", "0", "sum"], Value::Null, 1003, "sum"),
        value(&["cashier"], json!(7), 1005, "cashier"),
        value(&["customer"], json!("me"), 1004, "customer"),
        value(&["callback_url"], json!(5), 1001, "callback_url"),
    ];
    let many = vec![example()["positions"][0].clone(); 1001];
    list.push((with(&["positions"], json!(many)).to_string().into_bytes(), 1002, "positions"));
    list
}

#[test]
fn malformed_documents_get_a_4xx_that_names_the_field_and_the_next_good_one_is_served() {
    let mut rig = Rig::new();
    rig.start();
    let bodies = bodies();
    assert!(bodies.len() >= 60);
    for (body, code, word) in &bodies {
        let shown = String::from_utf8_lossy(&body[..body.len().min(120)]).into_owned();
        let reply = rig.post_bytes(body, &format!("Bearer {SHOP_TOKEN}")).expect("an answer");
        assert_eq!(reply.status, 400, "{shown}: {reply:?}");
        assert_eq!((&reply.body["status"], &reply.body["code"]), (&json!("error"), &json!(code)), "{shown}: {reply:?}");
        let message = reply.body["message"].as_str().expect("a message");
        assert!(message.contains(word), "{shown}: {message}");
    }
    assert!(rig.receipts().is_empty() && rig.cloud.callbacks().is_empty());
    rig.post(&example()).assert_pending();
    rig.cloud.await_success(&example()["id"]);
}

#[test]
fn ten_megabytes_are_refused_before_they_are_read() {
    let mut rig = Rig::new();
    rig.start();
    let reply = rig.post_bytes(&vec![b' '; 10 * 1024 * 1024], &format!("Bearer {SHOP_TOKEN}"));
    // The connection may break while we still send: then there is no answer to read.
    if let Ok(reply) = reply {
        assert_eq!((reply.status, &reply.body["code"]), (413, &json!(1001)), "{reply:?}");
    }
    rig.post(&example()).assert_pending();
}

#[test]
fn a_request_that_never_ends_is_cut_and_others_are_served_meanwhile() {
    let mut rig = Rig::new();
    rig.settings_at_top("request_timeout = \"1s\"");
    rig.start();
    let address = rig.url.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let starts = [
        "POST / HTTP/1.1\r\nHost: x\r\nX-Slow: ".to_owned(),
        format!("POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {SHOP_TOKEN}\r\nContent-Length: 1000\r\n\r\n{{"),
        format!(
            "POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {SHOP_TOKEN}\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{{\r\n"
        ),
    ];
    let mut slow: Vec<TcpStream> = starts
        .iter()
        .map(|start| {
            let mut stream = TcpStream::connect(&address).expect("connects");
            stream.set_read_timeout(Some(patience())).expect("set");
            stream.write_all(start.as_bytes()).expect("written");
            stream
        })
        .collect();
    rig.post(&example()).assert_pending();
    for stream in &mut slow {
        let mut rest = Vec::new();
        // Ends only because the daemon closes it.
        let _ = stream.read_to_end(&mut rest);
        let text = String::from_utf8_lossy(&rest);
        assert!(text.is_empty() || text.starts_with("HTTP/1.1 408"), "{text}");
    }
    rig.cloud.await_success(&example()["id"]);
}

#[test]
fn a_client_that_hangs_up_is_served_all_the_same() {
    let mut rig = Rig::new();
    rig.start();
    let address = rig.url.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let mut document = another("hung-up", 5);
    document["callback_url"] = json!(format!("{}/api/v1/integration/kkm/callback/", rig.cloud.origin));
    let body = document.to_string();
    let mut stream = TcpStream::connect(&address).expect("connects");
    let head = format!(
        "POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {SHOP_TOKEN}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).expect("written");
    // Seen by the daemon whole, answered to nobody.
    rig.await_shown("5", "accepted");
    drop(stream);
    rig.cloud.await_success(&document["id"]);
    assert_eq!(rig.receipts().len(), 1);
}

#[test]
fn titles_of_every_kind_stop_no_sale_and_do_nothing_on_the_receipt() {
    let mut rig = Rig::new();
    rig.start();
    let titles = [
        "\u{1b}p\u{0}\u{19}\u{fa}\u{10}\u{14}\u{1}\u{0}\u{5}drawer".to_owned(),
        "line\r\nИТОГ = 0.00\u{7f}\u{85}".to_owned(),
        "\u{202e}egnahc\u{202c} \u{200b}\u{feff}x".to_owned(),
        "я".repeat(10_000),
        "//hidden from paper".to_owned(),
        "\u{1F600}".repeat(300),
        " \u{1} x".to_owned(),
    ];
    for (n, title) in titles.iter().enumerate() {
        let mut document = another(&format!("title-{n}"), 100 + n as i64);
        document["positions"][0]["title"] = json!(title);
        document["custom_text"] = json!(title);
        document["cashier"]["name"] = json!(title);
        let reply: Reply = rig.post(&document);
        reply.assert_pending();
        rig.cloud.await_success(&document["id"]);
    }
    let receipts = rig.receipts();
    assert_eq!(receipts.len(), titles.len());
    for receipt in &receipts {
        let texts = receipt.lines.iter().map(|l| &l.title).chain(receipt.notes.iter().map(|n| &n.text));
        for text in texts {
            let unsafe_char =
                |c: char| c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}');
            assert!(!text.chars().any(unsafe_char), "{text:?}");
            assert!(text.chars().count() <= 128, "{text:?}");
        }
        // Shtrih-M hides a line whose name begins so.
        assert!(receipt.lines.iter().all(|l| !l.title.starts_with("//")), "{receipt:?}");
    }
}

/// What comes back for these bytes until the daemon closes the connection, or nothing.
fn raw_talk(rig: &Rig, parts: &[&[u8]]) -> String {
    let address = rig.url.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let mut stream = TcpStream::connect(address).expect("connects");
    stream.set_read_timeout(Some(patience())).expect("set");
    for part in parts {
        // The daemon may refuse before it has read all.
        if stream.write_all(part).is_err() {
            break;
        }
    }
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn no_second_request_hides_behind_a_refused_or_ambiguous_first() {
    let mut rig = Rig::new();
    rig.start();
    let hidden = {
        let mut document = another("hidden", 66);
        document["callback_url"] = json!(format!("{}/api/v1/integration/kkm/callback/", rig.cloud.origin));
        let body = document.to_string();
        format!(
            "POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {SHOP_TOKEN}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let first = format!("POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {SHOP_TOKEN}\r\n");
    for (head, rest) in [
        // Too large by its announcement: what follows is its body.
        ("Content-Length: 10485760\r\n\r\n", ""),
        // Two lengths.
        ("Content-Length: 2\r\nContent-Length: 3\r\n\r\n", "{}"),
        ("Content-Length: 2, 3\r\n\r\n", "{}"),
        ("Content-Length: +2\r\n\r\n", "{}"),
        // Length and chunks.
        ("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", "2\r\n{}\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n\r\n", "2\r\n{}\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked, identity\r\n\r\n", "{}"),
        // Chunks that are none.
        ("Transfer-Encoding: chunked\r\n\r\n", "zz\r\n{}\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n\r\n", "FFFFFFFFFFFFFFFFF\r\n{}"),
        // A header that is none.
        ("Bad Header: x\r\nContent-Length: 2\r\n\r\n", "{}"),
    ] {
        let answer = raw_talk(&rig, &[first.as_bytes(), head.as_bytes(), rest.as_bytes(), hidden.as_bytes()]);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{head}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count().max(1), 1, "{head}: {answer}");
    }
    // Behind a first that was read whole, a second is a request of its own.
    rig.post(&example()).assert_pending();
    rig.cloud.await_success(&example()["id"]);
    assert_eq!(rig.receipts().len(), 1);
    assert!(!rig.show("66").contains("state"), "{}", rig.show("66"));
}

#[test]
fn floods_of_headers_and_endless_chunks_are_cut() {
    let mut rig = Rig::new();
    rig.start();
    let first = format!("POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {SHOP_TOKEN}\r\n");
    let many = "X-More: x\r\n".repeat(10_000);
    let long = format!("X-Long: {}\r\n", "x".repeat(1024 * 1024));
    let twice = format!("Authorization: Bearer {SHOP_TOKEN}\r\nContent-Length: 2\r\n\r\n{{}}");
    let chunks =
        format!("Transfer-Encoding: chunked\r\n\r\n{}", format!("1000\r\n{}\r\n", " ".repeat(4096)).repeat(2048));
    for (what, rest) in [("many", many), ("long", long), ("twice", twice), ("chunks", chunks)] {
        let answer = raw_talk(&rig, &[first.as_bytes(), rest.as_bytes()]);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{what}: {answer}");
    }
    rig.post(&example()).assert_pending();
    rig.cloud.await_success(&example()["id"]);
    assert_eq!(rig.receipts().len(), 1);
}

#[test]
fn who_guesses_tokens_is_told_to_wait_and_who_has_the_right_one_is_not() {
    let mut rig = Rig::new();
    rig.start();
    let guess = |n: u32| rig.post_bytes(b"{}", &format!("Bearer guessed-token-{n:020}")).expect("answered").status;
    for n in 0..10 {
        assert_eq!(guess(n), 401);
    }
    assert_eq!((guess(10), guess(11)), (429, 429));
    let mut stream =
        TcpStream::connect(rig.url.trim_start_matches("http://").trim_end_matches('/')).expect("connected");
    stream.set_read_timeout(Some(patience())).expect("set");
    stream.write_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answered");
    let wait = answer.lines().find_map(|l| l.to_lowercase().strip_prefix("retry-after: ")?.trim().parse::<u64>().ok());
    assert!(answer.starts_with("HTTP/1.1 429") && wait.is_some_and(|s| (1..=60).contains(&s)), "{answer}");
    let sale = another("right-all-the-time", 1);
    rig.post(&sale).assert_pending();
    rig.cloud.await_success(&sale["id"]);
    assert_eq!(rig.log().matches("too many wrong tokens").count(), 1, "the log is not flooded");
}
