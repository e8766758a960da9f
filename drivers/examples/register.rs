//! A simulated register from the command line:
//! `register --books DIR (--pty LINK | --tcp ADDRESS) [--fault LINE]... [--baud N] [--quiet]`.

use std::error::Error;
use std::path::PathBuf;

use kkm_drivers::simulator::{Link, Options, PaperTo, run};

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let (mut books, mut link, mut faults) = (None, None, Vec::new());
    let (mut baud, mut paper) = (None, PaperTo::Stdout);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--books" => books = Some(PathBuf::from(value()?)),
            "--pty" => link = Some(Link::Pty(PathBuf::from(value()?))),
            "--tcp" => link = Some(Link::Tcp(value()?)),
            "--fault" => faults.push(value()?),
            "--baud" => baud = Some(value()?.parse()?),
            "--quiet" => paper = PaperTo::Nowhere,
            other => return Err(format!("{other} is not understood").into()),
        }
    }
    let mut options = Options::new(link.ok_or("--pty or --tcp is needed")?, books.ok_or("--books is needed")?);
    options.faults = faults;
    options.paper = paper;
    options.manner.baud = baud;
    options.script_on_stdin = true;
    Ok(run(&options)?)
}
