//! `support-bundle`: useful to service, and nobody else's business stays out of it.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::rig::{PARTNER_TOKEN, Rig, SHOP_TOKEN, another};

/// What must be in no file of a bundle.
const CANARIES: [&str; 11] = [
    SHOP_TOKEN,
    PARTNER_TOKEN,
    "canary.mail@example.com",
    "79161234567",
    "916) 123-45-67",
    "Канареечная стрижка",
    "Канарейкина",
    "770123456789",
    "canary-text",
    "comment-canary",
    "987654",
];

fn canary_sale(id: &str, document_id: i64) -> Value {
    let mut document = another(id, document_id);
    document["customer"] = json!({ "email": "canary.mail@example.com", "phone": "+79161234567" });
    document["positions"][0]["title"] = json!("Канареечная стрижка");
    document["cashier"]["name"] = json!("Канарейкина А.");
    document["cashier"]["uid"] = json!("canary-cashier");
    document["custom_text"] = json!("canary-text");
    document
}

/// A stand-in for `journalctl` whose log says too much.
fn talkative_journal(rig: &Rig) -> String {
    let directory = rig.path("bin");
    std::fs::create_dir_all(&directory).expect("made");
    let lines = [
        "2026-11-25T09:00:00+0300 box kkm-bridge[1]: ready address=127.0.0.1:8181",
        "2026-11-25T09:00:01+0300 box kkm-bridge[1]: refused line Канареечная стрижка",
        "2026-11-25T09:00:02+0300 box kkm-bridge[1]: to canary.mail@example.com and +7 (916) 123-45-67",
        &format!("2026-11-25T09:00:03+0300 box kkm-bridge[1]: Authorization: Bearer {SHOP_TOKEN}"),
        &format!("2026-11-25T09:00:04+0300 box kkm-bridge[1]: token={PARTNER_TOKEN}"),
    ];
    let script = format!("#!/bin/sh\ncat <<'END'\n{}\nEND\n", lines.join("\n"));
    std::fs::write(directory.join("journalctl"), script).expect("written");
    std::fs::set_permissions(directory.join("journalctl"), std::fs::Permissions::from_mode(0o755)).expect("set");
    format!("{}:{}", directory.display(), std::env::var("PATH").unwrap_or_default())
}

fn bundle(rig: &Rig, config: &Path, further: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kkm-bridge"));
    command.arg("--config").arg(config).arg("support-bundle").arg("--offline").args(further);
    command.env("PATH", talkative_journal(rig)).output().expect("it runs")
}

/// All files of a bundle by name.
fn files(directory: &Path) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(directory).expect("a directory").flatten();
    let read = entries.map(|e| {
        let text = std::fs::read_to_string(e.path()).expect("text");
        (e.file_name().into_string().expect("text"), text)
    });
    read.collect()
}

#[track_caller]
fn holds_no_canary(directory: &Path) {
    for (name, text) in files(directory) {
        for canary in CANARIES {
            assert!(!text.contains(canary), "{name} holds {canary}:\n{text}");
        }
    }
}

fn text<'a>(files: &'a [(String, String)], name: &str) -> &'a str {
    &files.iter().find(|(n, _)| n == name).unwrap_or_else(|| panic!("no {name}")).1
}

fn spoken_rig() -> Rig {
    let mut rig = Rig::with(
        "# comment-canary\npassword = 30\n[altegio.cashiers]\n\"canary-cashier\" = \"770123456789\"\n\
         [devices.second.driver]\nfamily = \"simulated\"\nport = \"/nowhere/register\"\npassword = 987654\n",
    );
    rig.settings_at_top("# comment-canary too");
    rig
}

#[test]
fn no_secret_and_no_customer_is_in_a_bundle_and_service_finds_what_it_needs() {
    let mut rig = spoken_rig();
    rig.start();
    let done = canary_sale("bundle-1", 1);
    rig.post(&done).assert_pending();
    rig.cloud.await_success(&done["id"]);
    let mut refused = canary_sale("bundle-2", 2);
    refused["positions"][0]["vat"] = json!("canary.mail@example.com");
    rig.post(&refused).assert_error(1002);
    rig.register("paper out");
    rig.post(&canary_sale("bundle-3", 3)).assert_pending();
    rig.await_hindered("bundle-3");
    let output = bundle(&rig, &rig.config(), &["--directory", rig.path("bundle").to_str().expect("text")]);
    assert!(output.status.success(), "{output:?}");
    holds_no_canary(&rig.path("bundle"));
    let files = files(&rig.path("bundle"));
    let documents: Value = serde_json::from_str(text(&files, "journal.json")).expect("JSON");
    let of = |sale: i64| documents.as_array().expect("a list").iter().find(|d| d["sale"] == sale).expect("there");
    assert_eq!((&of(1)["state"], &of(1)["document_number"]), (&json!("done"), &json!(3)));
    assert_eq!(of(3)["state"], "accepted");
    assert!(text(&files, "history.json").contains("device adopted"));
    assert!(text(&files, "service.log").contains("ready address=127.0.0.1:8181"), "what is harmless stays");
    let config: Value = serde_json::from_str(text(&files, "config.json")).expect("JSON");
    assert_eq!(config["devices"]["front"]["driver"]["password"], "(secret)");
    assert_eq!(config["devices"]["front"]["driver"]["family"], "shtrih");
    assert!(text(&files, "doctor.txt").contains("no paper"), "{}", text(&files, "doctor.txt"));
    assert!(text(&files, "versions.json").contains(env!("CARGO_PKG_VERSION")));
    let mode = std::fs::metadata(rig.path("bundle")).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode, 0o700);
}

#[test]
fn a_bundle_is_packed_without_the_service_and_with_a_configuration_that_cannot_be_read() {
    let mut rig = spoken_rig();
    rig.start();
    let done = canary_sale("bundle-4", 4);
    rig.post(&done).assert_pending();
    rig.cloud.await_success(&done["id"]);
    rig.kill();
    let packed = rig.path("bundle.tar.gz");
    let output = bundle(&rig, &rig.config(), &[packed.to_str().expect("text")]);
    assert!(output.status.success(), "{output:?}");
    let again = bundle(&rig, &rig.config(), &[packed.to_str().expect("text")]);
    assert!(!again.status.success(), "nothing is written over");
    std::fs::create_dir(rig.path("unpacked")).expect("made");
    let tar = Command::new("tar").arg("-xzf").arg(&packed).arg("-C").arg(rig.path("unpacked")).status();
    assert!(tar.expect("tar runs").success());
    let inside = rig.path("unpacked/kkm-bridge-support");
    holds_no_canary(&inside);
    assert!(text(&files(&inside), "journal.json").contains("\"done\""));

    let broken = rig.path("broken.toml");
    let written = format!("[callback]\ntoken = \"{PARTNER_TOKEN}\nphone = +79161234567\n");
    std::fs::write(&broken, written).expect("written");
    let output = bundle(&rig, &broken, &["--directory", rig.path("second").to_str().expect("text")]);
    assert!(output.status.success(), "{output:?}");
    let files = files(&rig.path("second"));
    // The log of this stand-in holds words that only a journal that can be read would give away.
    for (name, text) in files.iter().filter(|(name, _)| name != "service.log") {
        assert!(CANARIES.iter().all(|canary| !text.contains(canary)), "{name}: {text}");
    }
    assert!(text(&files, "doctor.json").contains("config_form"));
    assert!(text(&files, "config.json").contains("token"), "its keys are shown");
}
