//! `simulate cloud` as an integrator's tool: it sends what networks do, answers by script, writes both down, and tells
//! whether every document got its one word.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::rig::{Rig, another};

/// A port that is free now.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("bound").port()
}

fn cloud(rig: &Rig, port: u16, url: &str, further: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kkm-bridge"));
    command.args(["simulate", "cloud", "--listen", &format!("127.0.0.1:{port}"), "--post", url]);
    command.arg("--token-file").arg(rig.path("partner.token")).arg("--shop-token-file").arg(rig.path("shop.token"));
    command.arg("--record").arg(rig.path("record.jsonl")).args(further).output().expect("it runs")
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn record(rig: &Rig) -> Vec<Value> {
    let text = std::fs::read_to_string(rig.path("record.jsonl")).expect("written");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn documents_from_files_with_duplicates_twins_and_hang_ups_each_get_one_word() {
    let mut rig = Rig::new();
    let port = free_port();
    rig.allow_origin(&format!("http://127.0.0.1:{port}"));
    rig.start();
    std::fs::create_dir(rig.path("documents")).expect("made");
    for n in 1..=3 {
        let text = another(&format!("from-file-{n}"), n).to_string();
        std::fs::write(rig.path(&format!("documents/{n}.json")), text).expect("written");
    }
    let documents = rig.path("documents").to_str().expect("text").to_owned();
    let output = cloud(
        &rig,
        port,
        &rig.url,
        &[
            "--document",
            &documents,
            "--count",
            "12",
            "--rate",
            "20/s",
            "--seed",
            "3",
            "--duplicates",
            "40",
            "--twins",
            "20",
            "--hang-ups",
            "30",
            "--answer",
            "500,reset,slow:50ms,429:1",
            "--wait",
        ],
    );
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let said = text(&output);
    assert!(said.contains("without a word 0, with two different words 0"), "{said}");
    let record = record(&rig);
    let requests = |how: &str| record.iter().filter(|l| l["kind"] == "request" && l["how"] == how).count();
    assert_eq!(requests("first") + requests("hang_up"), 12);
    assert!(requests("duplicate") > 0 && requests("hang_up") > 0 && requests("twin") > 0, "{said}");
    let callbacks: Vec<&Value> = record.iter().filter(|l| l["kind"] == "callback").collect();
    for answer in ["500", "reset", "slow", "429"] {
        assert!(callbacks.iter().any(|c| c["answered"] == answer), "no callback was answered {answer}: {said}");
    }
    assert!(callbacks.iter().all(|c| c["authorized"] == true && c["at"].is_string()));
    let ids: BTreeSet<String> = callbacks.iter().map(|c| c["id"].to_string()).collect();
    assert!(ids.contains("\"from-file-1\"") && ids.contains("\"sim-3-11\""), "{ids:?}");
    assert_eq!(rig.receipts().len(), 12, "twelve sales, whatever the network did");
}

#[test]
fn a_service_that_takes_documents_and_says_nothing_is_found_out() {
    let rig = Rig::new();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("bound"));
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut reader = BufReader::new(stream.try_clone().expect("cloned"));
            let mut length = 0;
            for line in reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty()) {
                if let Some(value) = line.to_lowercase().strip_prefix("content-length: ") {
                    length = value.parse().expect("a length");
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).expect("a body");
            let answer = json!({ "status": "pending", "code": 0 }).to_string();
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{answer}",
                answer.len()
            );
        }
    });
    let output = cloud(&rig, 0, &url, &["--count", "2", "--fresh", "--wait", "--patience", "1"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(text(&output).contains("without a word: \"sim-1-0\" \"sim-1-1\""), "{}", text(&output));
    let wrong = cloud(&rig, 0, &url, &["--answer", "299,whatever"]);
    assert!(text(&wrong).contains("none of 500"), "{}", text(&wrong));
}

#[test]
fn one_document_ends_with_its_callback_as_in_the_demonstration() {
    let mut rig = Rig::new();
    let port = free_port();
    rig.allow_origin(&format!("http://127.0.0.1:{port}"));
    rig.start();
    let output = cloud(&rig, port, &rig.url, &["--once", "--answer", "500"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let said = text(&output);
    assert!(
        said.contains("--- request: POST") && said.contains("answered 500") && said.contains("answered 200"),
        "{said}"
    );
}
