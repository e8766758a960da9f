//! What the cloud's reference list of taxes has and the shop's table lacks.

use std::process::ExitCode;

use clap::Subcommand;

use crate::altegio::TaxTable;
use crate::config::Settings;
use crate::daemon::{self, StartError};
use crate::outbox::Answer;

/// A reference list is some KiB; this is far beyond it.
const LIST_LIMIT_BYTES: usize = 1024 * 1024;

#[derive(Debug, Subcommand)]
pub(super) enum Tax {
    /// Fetch Altegio's list and show what our table lacks; exit code 1 if it lacks anything
    Fetch {
        /// Altegio's number of the country
        #[arg(long)]
        country: u32,
        /// Where the cloud's API is
        #[arg(long, value_name = "ORIGIN", default_value = "https://api.alteg.io")]
        api: String,
    },
}

pub(super) fn run(settings: &Settings, tax: &Tax) -> ExitCode {
    let Tax::Fetch { country, api } = tax;
    let url = format!("{}/api/v1/integration/kkm/references/tax_system/{country}", api.trim_end_matches('/'));
    match fetch(settings, &url).and_then(|list| show(settings, &list)) {
        Ok(code) => code,
        Err(error) => super::fail(&format!("{url}: {error}"), 1),
    }
}

fn fetch(settings: &Settings, url: &str) -> Result<String, String> {
    let sender = daemon::sender(settings).map_err(|e: StartError| e.to_string())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
    let body = runtime.block_on(sender.get(url, LIST_LIMIT_BYTES)).map_err(|answer| match answer {
        Answer::Status { code, note, .. } => format!("answered {code}: {note}"),
        Answer::Unreachable(why) | Answer::NoAnswer(why) => why,
        Answer::NotAllowed(error) => format!("{error}; list it under callback.allowed if it is yours"),
    })?;
    String::from_utf8(body).map_err(|_| "the answer is no text".into())
}

fn show(settings: &Settings, list: &str) -> Result<ExitCode, String> {
    let table: TaxTable = daemon::tax_table(settings).map_err(|e| e.to_string())?;
    let lacks = table.lacks(list).map_err(|e| e.to_string())?;
    if lacks.systems.is_empty() && lacks.vats.is_empty() && lacks.pairs.is_empty() {
        println!("The table has everything that the cloud's list has.");
        return Ok(ExitCode::SUCCESS);
    }
    for system in &lacks.systems {
        println!("tax system {} is missing: {}", system.slug, system.title);
    }
    for vat in &lacks.vats {
        println!("rate {} is missing: {}", vat.slug, vat.title);
    }
    for (system, vat) in &lacks.pairs {
        println!("rate {vat} is not listed as usual under {system}");
    }
    println!(
        "Add what is missing to a table of your own (`tax_table` in the configuration; config/tax/ru.toml shows the form)."
    );
    Ok(ExitCode::FAILURE)
}
