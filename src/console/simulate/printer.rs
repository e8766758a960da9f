//! A simulated receipt printer as a process of its own.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{ArgGroup, Args};
use kkm_drivers::simulator::PaperTo;
use kkm_drivers::simulator::printer::{self, Link, Options, Profile};

#[derive(Args, Debug)]
#[command(group(ArgGroup::new("link").required(true)))]
#[command(
    after_help = "Lines of the fault script may be typed while it runs; `help` lists them.\nThe books: slips.jsonl is what came out, commands.txt what was understood, slip-NNNN.png the paper."
)]
pub(in crate::console) struct Printer {
    /// Directory of its own books; kept between runs
    #[arg(long, value_name = "DIR")]
    books: PathBuf,
    /// Serve on a pseudo-terminal that is found under this name
    #[arg(long, value_name = "LINK", group = "link")]
    pty: Option<PathBuf>,
    /// Serve on a TCP address, one client at a time; 9100 is the usual port
    #[arg(long, value_name = "ADDRESS", group = "link")]
    tcp: Option<String>,
    /// Print what is written to this FIFO, made if need be, with no way back; or print a file and end
    #[arg(long, value_name = "PATH", group = "link")]
    file: Option<PathBuf>,
    /// What it is: numbers of code pages, answers, width
    #[arg(long, value_name = "NAME", default_value = "epson", value_parser = PossibleValuesParser::new(Profile::ALL.map(|profile| profile.name)))]
    model: String,
    /// Columns of font A: 32 on paper of 58 mm, 42 or 48 on 80 mm; the model's own unless given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(8..=200))]
    columns: Option<u16>,
    /// A line of the fault script, from the start; may be repeated
    #[arg(long, value_name = "LINE")]
    fault: Vec<String>,
    /// Pace the line as one of this speed
    #[arg(long, value_name = "BAUD")]
    baud: Option<u32>,
    /// Answer nothing, as a link without a way back
    #[arg(long)]
    mute: bool,
    /// Make no pictures of the slips
    #[arg(long)]
    no_pictures: bool,
    /// Show no slips
    #[arg(long)]
    quiet: bool,
}

pub(super) fn run(printer: Printer) -> ExitCode {
    let link = match (printer.pty, printer.tcp, printer.file) {
        (Some(path), _, _) => Link::Pty(path),
        (None, Some(address), _) => Link::Tcp(address),
        (None, None, Some(path)) => Link::File(path),
        (None, None, None) => unreachable!("clap asks for one of the three"),
    };
    let profile = Profile::named(&printer.model).unwrap_or(printer::profile::EPSON);
    let mut options = Options::new(profile, link, printer.books);
    options.columns = printer.columns.unwrap_or(options.columns);
    options.faults = printer.fault;
    options.baud = printer.baud;
    options.mute = printer.mute;
    options.pictures = !printer.no_pictures;
    options.paper = if printer.quiet { PaperTo::Nowhere } else { PaperTo::Stdout };
    options.script_on_stdin = true;
    match printer::run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => super::failed("printer", error),
    }
}
