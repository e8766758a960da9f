//! A simulated receipt printer from the command line:
//! `printer --books DIR (--pty LINK | --tcp ADDRESS | --file PATH) [--model NAME] [--columns N] [--fault LINE]...
//! [--baud N] [--mute] [--pictures] [--quiet]`.

use std::error::Error;
use std::path::PathBuf;

use kkm_drivers::simulator::PaperTo;
use kkm_drivers::simulator::printer::profile::EPSON;
use kkm_drivers::simulator::printer::{Link, Options, Profile, run};

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let (mut books, mut link, mut columns) = (None, None, None);
    let mut options = Options::new(EPSON, Link::Tcp(String::new()), "");
    options.paper = PaperTo::Stdout;
    options.script_on_stdin = true;
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--books" => books = Some(PathBuf::from(value()?)),
            "--pty" => link = Some(Link::Pty(PathBuf::from(value()?))),
            "--tcp" => link = Some(Link::Tcp(value()?)),
            "--file" => link = Some(Link::File(PathBuf::from(value()?))),
            "--model" => {
                let name = value()?;
                options.profile = Profile::named(&name).ok_or(format!("{name} is no known model"))?;
            }
            "--columns" => columns = Some(value()?.parse()?),
            "--fault" => options.faults.push(value()?),
            "--baud" => options.baud = Some(value()?.parse()?),
            "--mute" => options.mute = true,
            "--pictures" => options.pictures = true,
            "--quiet" => options.paper = PaperTo::Nowhere,
            other => return Err(format!("{other} is not understood").into()),
        }
    }
    options.columns = columns.unwrap_or(options.profile.columns);
    options.link = link.ok_or("--pty, --tcp or --file is needed")?;
    options.books = Some(books.ok_or("--books is needed")?);
    Ok(run(&options)?)
}
