//! What came out of the printer, whatever the host believes.
//!
//! `slips.jsonl` in the books' directory only grows: one line for each thing that happened on paper, in order, with the
//! number of the slip that it happened on; a cut ends a slip. Each line is written before the printer goes on, so it
//! survives the death of the process; a cut is synced to the disk. A last line without its end is cut off at the next
//! start. Dots are not kept: after a restart the picture of a slip that was not cut yet begins anew, its text does not.
//!
//! ```text
//! {"slip":1,"item":{"line":{"text":"Итого            1999.99","wide":2}}}
//! {"slip":1,"item":{"qr":{"data":"t=20260211T0430","level":"M","model":2,"module":6}}}
//! {"slip":1,"item":{"pulse":{"pin":2,"on_ms":50,"off_ms":500}}}
//! {"slip":1,"item":{"cut":"partial"}}
//! ```

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::bitmap::Bitmap;
pub use super::slip::{Counter, Cut, Item, Line, Slip};
use super::trace::COMMANDS;

/// Name of the file in the books' directory.
pub const SLIPS: &str = "slips.jsonl";

#[derive(Serialize, Deserialize)]
struct Entry {
    slip: u64,
    item: Item,
}

/// The slips in a directory; the last one may not be cut yet.
pub fn read(directory: &Path) -> io::Result<Vec<Slip>> {
    let text = match std::fs::read(directory.join(SLIPS)) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    let mut slips: Vec<Slip> = Vec::new();
    for line in text.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n")) {
        let entry: Entry = serde_json::from_slice(line)?;
        if slips.last().is_none_or(|slip| slip.number != entry.slip) {
            slips.push(Slip { number: entry.slip, ..Slip::default() });
        }
        if let Some(slip) = slips.last_mut() {
            slip.items.push(entry.item);
        }
    }
    number_copies(&mut slips);
    Ok(slips)
}

fn number_copies(slips: &mut [Slip]) {
    let mut seen: HashMap<Vec<Item>, u32> = HashMap::new();
    for slip in slips {
        let copies = seen.entry(slip.items.iter().filter(|item| item.is_content()).cloned().collect()).or_default();
        *copies += 1;
        slip.copy = *copies;
    }
}

/// The open books.
#[derive(Debug)]
pub(crate) struct Books {
    directory: Option<PathBuf>,
    file: Option<File>,
    slips: Vec<Slip>,
    sheet: Bitmap,
    last_sheet: Bitmap,
    pictures: bool,
    /// The file for the list of commands, until the printer takes it.
    pub(crate) trace: Option<File>,
}

impl Books {
    /// Of a directory; `pictures`: each slip also becomes `slip-NNNN.png` when it is cut.
    pub(crate) fn open(directory: &Path, width: usize, pictures: bool) -> io::Result<Self> {
        std::fs::create_dir_all(directory)?;
        let slips = read(directory)?;
        let path = directory.join(SLIPS);
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        let whole = std::fs::read(&path)?.iter().rposition(|byte| *byte == b'\n').map_or(0, |place| place + 1);
        file.set_len(whole as u64)?;
        let trace = OpenOptions::new().create(true).append(true).open(directory.join(COMMANDS))?;
        let directory = Some(directory.to_path_buf());
        Ok(Self { directory, file: Some(file), slips, pictures, trace: Some(trace), ..Self::in_memory(width) })
    }

    /// Books that end with the process.
    pub(crate) fn in_memory(width: usize) -> Self {
        let (sheet, last_sheet) = (Bitmap::new(width, 0), Bitmap::new(width, 0));
        Self { directory: None, file: None, slips: Vec::new(), sheet, last_sheet, pictures: false, trace: None }
    }

    /// The slip that was added to last.
    pub(crate) fn last(&self) -> Option<&Slip> {
        self.slips.last()
    }

    /// All slips; the last one may not be cut yet.
    pub(crate) fn slips(&self) -> Vec<Slip> {
        let mut slips = self.slips.clone();
        number_copies(&mut slips);
        slips
    }

    /// Paper of the slip that was cut last.
    pub(crate) fn last_sheet(&self) -> &Bitmap {
        &self.last_sheet
    }

    /// Paper of the slip that is being printed.
    pub(crate) fn sheet(&self) -> &Bitmap {
        &self.sheet
    }

    /// What a counter shows; `ever`: since the printer was made.
    pub(crate) fn count(&self, counter: Counter, ever: bool) -> u32 {
        let items = self.slips.iter().flat_map(|slip| &slip.items);
        items.fold(0, |count, item| match item {
            Item::CounterReset(reset) if *reset == counter && !ever => 0,
            item => count + u32::from(counter.counts(item)),
        })
    }

    /// Something happened; `picture` is the paper that it took.
    pub(crate) fn add(&mut self, item: Item, picture: Option<&Bitmap>) -> io::Result<()> {
        let ended = matches!(item, Item::Cut(_));
        if ended && self.pictures {
            for code in self.sheet.qr_codes() {
                self.add(Item::Scanned(code), None)?;
            }
        }
        if let Some(picture) = picture {
            self.sheet.append(picture);
        }
        if self.slips.last().is_none_or(|slip| slip.cut().is_some()) {
            self.slips.push(Slip { number: self.slips.len() as u64 + 1, ..Slip::default() });
        }
        let Some(slip) = self.slips.last_mut() else { return Ok(()) };
        slip.items.push(item.clone());
        let number = slip.number;
        if let Some(file) = &mut self.file {
            let mut line = serde_json::to_vec(&Entry { slip: number, item })?;
            line.push(b'\n');
            file.write_all(&line)?;
            if ended {
                file.sync_data()?;
            }
        }
        if ended {
            let blank = Bitmap::new(self.sheet.width(), 0);
            let sheet = std::mem::replace(&mut self.sheet, blank);
            if let (Some(directory), true) = (&self.directory, self.pictures) {
                std::fs::write(directory.join(format!("slip-{number:04}.png")), sheet.png())?;
            }
            self.last_sheet = sheet;
        }
        Ok(())
    }
}
