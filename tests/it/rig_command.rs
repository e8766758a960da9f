//! `rig`: an acceptance and fault script against a device, and evidence that says what it was.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::rig::{PARTNER_TOKEN, Rig, SHOP_TOKEN};

/// A bench with a register of the family `simulated`, or at another port.
struct Bench {
    directory: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let bench = Self { directory: tempfile::tempdir().expect("a directory") };
        let books = bench.path("books").display().to_string();
        bench.configure(&format!("family = \"simulated\"\nport = \"{books}\""));
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn configure(&self, driver: &str) {
        for (name, token) in [("shop.token", SHOP_TOKEN), ("partner.token", PARTNER_TOKEN)] {
            std::fs::write(self.path(name), token).expect("written");
        }
        let dir = self.directory.path().display();
        let text = format!(
            "[journal]\ndirectory = \"{dir}/journal\"\n[altegio]\nlocale = \"en\"\n\
             [callback]\ntoken = {{ file = \"{dir}/partner.token\" }}\n\
             [shops.main]\ntoken = {{ file = \"{dir}/shop.token\" }}\ndevice = \"front\"\n\
             [devices.front.driver]\n{driver}\n"
        );
        std::fs::write(self.path("kkm-bridge.toml"), text).expect("written");
    }

    fn rig(&self, further: &[&str], typed: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kkm-bridge"));
        command.arg("--config").arg(self.path("kkm-bridge.toml")).args(["rig", "--device", "front", "--out"]);
        command.arg(self.path("evidence")).args(further);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it runs");
        // Nobody reads when it refuses at once.
        let _ = child.stdin.take().expect("piped").write_all(typed.as_bytes());
        child.wait_with_output().expect("it ends")
    }

    /// The evidence of the only run.
    fn evidence(&self) -> (PathBuf, Value, String) {
        let files = std::fs::read_dir(self.path("evidence")).expect("written").flatten().map(|e| e.path());
        let files: Vec<PathBuf> = files.collect();
        let of = |end: &str| files.iter().find(|p| p.extension().is_some_and(|e| e == end)).expect("there").clone();
        let json = std::fs::read_to_string(of("json")).expect("read");
        let html = std::fs::read_to_string(of("html")).expect("read");
        (of("json"), serde_json::from_str(&json).expect("JSON"), html)
    }

    fn script(&self, steps: &str) -> String {
        let path = self.path("script.toml");
        std::fs::write(&path, format!("title = \"own\"\nfamily = [\"simulated\", \"shtrih\"]\n{steps}"))
            .expect("written");
        path.to_str().expect("text").to_owned()
    }
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// What the register at a port calls itself from now on.
fn call_itself_real(rig: &mut Rig) {
    rig.kill_register();
    let state = rig.path("books/state.json");
    let told = std::fs::read_to_string(&state).expect("its state").replace("ШТРИХ-ИМИТАТОР", "ШТРИХ-ЛАЙТ-01Ф");
    std::fs::write(&state, told).expect("written");
    rig.start_register(&[]);
}

fn at_the_port(rig: &Rig) -> Bench {
    let bench = Bench::new();
    let port = rig.path("register.tty").display().to_string();
    bench.configure(&format!("family = \"shtrih\"\nport = \"{port}\""));
    bench
}

#[test]
fn the_shipped_script_passes_on_a_simulated_register_and_the_evidence_says_that_it_is_one() {
    let bench = Bench::new();
    let output = bench.rig(&["--yes", "--by", "a | test"], "");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let (file, evidence, html) = bench.evidence();
    assert!(file.file_name().and_then(|n| n.to_str()).is_some_and(|n| n.starts_with("rig-simulated-")));
    assert_eq!(evidence["simulated"], true);
    let steps = evidence["steps"].as_array().expect("steps");
    assert!(steps.len() >= 15 && steps.iter().all(|s| s["passed"] == true));
    let step = |id: &str| steps.iter().find(|s| s["id"] == id).expect("played");
    assert_eq!(step("cable-pulled")["facts"]["outcome"], "doubtful", "the fault was a fault");
    assert_eq!(step("cable-pulled")["facts"]["verdict"]["verdict"], "happened");
    assert_eq!(step("power-cut")["facts"]["verdict"]["verdict"], "did_not");
    assert!(html.contains("SIMULATED: the device says of itself"), "{html}");
    let row = text(&output).lines().find(|l| l.starts_with("| 2")).expect("a row").to_owned();
    assert!(row.contains("| SIMULATED |") && row.contains("a / test") && row.matches('|').count() == 12, "{row}");
    let matrix =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/hardware.md")).expect("there");
    let head = matrix.lines().find(|l| l.starts_with("| date")).expect("a head");
    assert_eq!(head.matches('|').count(), row.matches('|').count(), "the row fits the matrix");
    assert!(!matrix.contains("| SIMULATED |"), "the matrix claims nothing that was not run on hardware");
}

#[test]
fn what_does_not_hold_fails_the_run_and_names_the_check() {
    let bench = Bench::new();
    let script = bench.script(
        "[[step]]\nid = \"open\"\nwhat = \"a shift\"\ndo = \"open_shift\"\n\
         [[step]]\nid = \"twice\"\nwhat = \"once\"\ndo = \"sale\"\ntotal_minor = 100\n\
         person = { ru = \"x\", en = \"x\" }\nsimulate = [\"foreign sale 100 after FF45\"]\n\
         [[step]]\nid = \"wrong\"\nwhat = \"no paper\"\ndo = \"look\"\nexpect = { hindrance = \"paper_out\" }\n",
    );
    let output = bench.rig(&["--yes", "--script", &script], "");
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let said = text(&output);
    assert!(said.contains("registered exactly once or not at all: wanted 1, seen 2"), "{said}");
    assert!(said.contains("hindrance: wanted paper_out, seen none"), "{said}");
    assert!(said.contains("| 1/3 | twice wrong |"), "{said}");
}

#[test]
fn a_person_is_led_step_by_step_and_what_the_person_sees_counts() {
    let mut rig = Rig::new();
    call_itself_real(&mut rig);
    let bench = at_the_port(&rig);
    let steps = ["--fiscal", "--only", "text,open-shift,cover,sale"];
    // The text came out; the sale; the cover is opened (and found closed, for nobody did it).
    let output = bench.rig(&steps, "y\nn\n\n");
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("Did a text in Russian and English come out?"), "{said}");
    assert!(said.contains(">>> Open the printer's cover."), "{said}");
    assert!(said.contains("a person looked at the paper: wanted true, seen false"), "{said}");
    let (file, evidence, html) = bench.evidence();
    assert!(file.file_name().and_then(|n| n.to_str()).is_some_and(|n| n.starts_with("rig-hardware-")));
    assert_eq!((&evidence["simulated"], html.contains("SIMULATED")), (&Value::Bool(false), false));
    assert!(evidence["left_out"].as_array().is_some_and(|l| l.len() > 10), "what was not run is said");
    assert_eq!(rig.receipts().len(), 1);
}

#[test]
fn a_real_register_gets_no_document_by_mistake_and_no_simulated_person() {
    let mut rig = Rig::new();
    call_itself_real(&mut rig);
    let bench = at_the_port(&rig);
    for (flags, why) in [(vec![], "--fiscal"), (vec!["--fiscal", "--yes"], "a person must stand")] {
        let output = bench.rig(&flags, "");
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output).contains(why), "{}", text(&output));
    }
    assert_eq!(rig.receipts().len(), 0);
    rig.start();
    let busy = rig.command(&["rig", "--device", "front"]);
    assert!(text(&busy).contains("stop it first"), "{}", text(&busy));
    let list = bench.rig(&["--list"], "");
    assert!(list.status.success() && text(&list).contains("cable-pulled"), "{}", text(&list));
}

#[test]
fn a_receipt_printer_is_judged_by_what_a_person_sees_for_it_keeps_nothing() {
    let bench = Bench::new();
    let mut command = Command::new(env!("CARGO_BIN_EXE_kkm-bridge"));
    command.args(["simulate", "printer", "--quiet", "--no-pictures", "--tcp", "127.0.0.1:0", "--books"]);
    let mut printer =
        command.arg(bench.path("slips")).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("starts");
    let mut line = String::new();
    BufReader::new(printer.stdout.take().expect("piped")).read_line(&mut line).expect("ready");
    let address = line.trim().rsplit(' ').next().expect("an address").to_owned();
    bench.configure(&format!(
        "family = \"escpos\"\nprofile = \"epson-tm-t88\"\nport = \"tcp://{address}\"\nquiet_ms = 0"
    ));
    let output = bench.rig(&["--only", "who,text,slip-sale"], "y\ny\n");
    let _ = printer.kill();
    let _ = printer.wait();
    let said = text(&output);
    assert!(said.contains("| 3/10 |") && said.contains("| SIMULATED |"), "{said}");
    let (_, evidence, _) = bench.evidence();
    let sale = &evidence["steps"][2];
    assert_eq!(
        (&sale["facts"]["new_documents"], &sale["paper_is_right"]),
        (&Value::Null, &Value::Bool(true)),
        "{sale}"
    );
}
