//! What was seen, for programs and for people, and the row of the matrix.

use kkm_drivers::contract::Identity;
use serde::Serialize;

use super::play::Seen;

/// The whole run.
#[derive(Debug, Serialize)]
pub(super) struct Evidence {
    pub(super) program: &'static str,
    pub(super) script: String,
    pub(super) script_sha256: String,
    pub(super) family: String,
    pub(super) profile: String,
    pub(super) link: String,
    pub(super) device: Identity,
    /// By what the device itself says.
    pub(super) simulated: bool,
    pub(super) by: String,
    pub(super) began: String,
    /// Why it ended before its last step.
    pub(super) broken_off: Option<String>,
    pub(super) steps: Vec<Seen>,
    /// Steps that were not taken.
    pub(super) left_out: Vec<String>,
}

impl Evidence {
    /// Every step was taken and passed.
    pub(super) fn passed(&self) -> bool {
        self.broken_off.is_none() && self.left_out.is_empty() && self.steps.iter().all(|s| s.passed)
    }

    /// What the run is worth: by what the device says of itself, and it may say nothing.
    pub(super) fn marked(&self) -> &'static str {
        match (self.simulated, self.device.firmware.is_empty()) {
            (true, _) => "SIMULATED",
            (false, false) => "hardware",
            (false, true) => "unproven",
        }
    }

    /// The row of `docs/hardware.md`.
    pub(super) fn row(&self) -> String {
        let passed = self.steps.iter().filter(|s| s.passed).count();
        let all = self.steps.len() + self.left_out.len();
        let failed: Vec<&str> = self.steps.iter().filter(|s| !s.passed).map(|s| s.id.as_str()).collect();
        let not = failed.into_iter().chain(self.left_out.iter().map(String::as_str)).collect::<Vec<_>>().join(" ");
        let cell = |text: &str| if text.is_empty() { "-".to_owned() } else { text.replace('|', "/") };
        format!(
            "| {} | {} | {} | {} | {} | {} | {passed}/{all} | {} | {} | {} | {} |",
            &self.began[..10.min(self.began.len())],
            self.marked(),
            cell(&self.device.model),
            cell(&self.device.firmware),
            cell(&format!("{} {}", self.family, self.profile)),
            cell(&self.link),
            cell(&not),
            self.program,
            &self.script_sha256[..12.min(self.script_sha256.len())],
            cell(&self.by),
        )
    }

    /// For people: one page that needs nothing else.
    pub(super) fn html(&self) -> String {
        use std::fmt::Write;
        let mut out = String::from(
            "<!doctype html><meta charset=\"utf-8\"><title>kkm-bridge rig</title>\n<style>body{font:14px sans-serif;margin:2em}td,th{border:1px solid #999;padding:4px;vertical-align:top;text-align:left}table{border-collapse:collapse}.no{background:#fdd}.yes{background:#dfd}.sim{background:#ffd;padding:6px}</style>\n",
        );
        let _ = writeln!(out, "<h1>{}</h1>", escaped(&self.script));
        if self.simulated {
            out.push_str("<p class=\"sim\">SIMULATED: the device says of itself that it is no hardware.</p>\n");
        }
        let facts = [
            ("marked", self.marked().to_owned()),
            ("device", format!("{} {}", self.device.model, self.device.firmware)),
            ("serial, storage", format!("{}, {}", self.device.serial, self.device.storage)),
            ("family, link", format!("{} {}, {}", self.family, self.profile, self.link)),
            ("program", self.program.to_owned()),
            ("script", self.script_sha256.clone()),
            ("began", self.began.clone()),
            ("by", self.by.clone()),
            ("result", if self.passed() { "every step passed".into() } else { "NOT every step passed".into() }),
            ("broken off", self.broken_off.clone().unwrap_or_else(|| "no".into())),
            ("left out", if self.left_out.is_empty() { "nothing".into() } else { self.left_out.join(", ") }),
        ];
        out.push_str("<table>\n");
        for (name, value) in facts {
            let _ = writeln!(out, "<tr><th>{name}<td>{}", escaped(&value));
        }
        out.push_str("</table>\n<h2>Steps</h2>\n<table>\n<tr><th>step<th>what<th>person<th>checks<th>facts\n");
        for step in &self.steps {
            let class = if step.passed { "yes" } else { "no" };
            let _ = write!(out, "<tr class=\"{class}\"><td>{}<td>{}<td>", escaped(&step.id), escaped(&step.what));
            let _ = write!(out, "{}<td>", escaped(&step.person.join("; ")));
            for check in &step.checks {
                let sign = if check.holds { "ok" } else { "NO" };
                let text = format!("{sign} {}: wanted {}, seen {}", check.name, check.wanted, check.seen);
                let _ = write!(out, "{}<br>", escaped(&text));
            }
            let facts = serde_json::to_string(&step.facts).unwrap_or_default();
            let _ =
                writeln!(out, "<td><details><summary>{}</summary>{}</details>", escaped(&step.began), escaped(&facts));
        }
        out.push_str("</table>\n<p>Row for docs/hardware.md:<pre>");
        out.push_str(&escaped(&self.row()));
        out.push_str("</pre>\n");
        out
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
