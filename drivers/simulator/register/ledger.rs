//! The books while the register runs: in memory, and in their file where they have one.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use super::books::{BookedDocument, DOCUMENTS, read, whole_lines};

/// The books while the register runs.
#[derive(Debug)]
pub(crate) struct Ledger {
    documents: Vec<BookedDocument>,
    file: Option<File>,
    durable: bool,
}

impl Ledger {
    /// Ledger that die with the process.
    pub(crate) fn in_memory() -> Self {
        Self { documents: Vec::new(), file: None, durable: false }
    }

    /// Opens the books of a directory, or begins them.
    pub(crate) fn open(directory: &Path, durable: bool) -> io::Result<Self> {
        let documents = read(directory)?;
        let path = directory.join(DOCUMENTS);
        let whole = std::fs::read(&path).map_or(0, |bytes| whole_lines(&bytes));
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        file.set_len(whole as u64)?;
        if durable {
            file.sync_all()?;
            File::open(directory)?.sync_all()?;
        }
        Ok(Self { documents, file: Some(file), durable })
    }

    /// Writes a document and waits until the disk has it.
    pub(crate) fn append(&mut self, document: BookedDocument) -> io::Result<&BookedDocument> {
        if let Some(file) = &mut self.file {
            let mut line = serde_json::to_vec(&document)?;
            line.push(b'\n');
            file.write_all(&line)?;
            if self.durable {
                file.sync_data()?;
            }
        }
        let place = self.documents.len();
        self.documents.push(document);
        Ok(&self.documents[place])
    }

    /// All documents, in order.
    pub(crate) fn documents(&self) -> &[BookedDocument] {
        &self.documents
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_was_never_finished_was_never_registered() {
        let dir = tempfile::tempdir().expect("a directory");
        std::fs::write(dir.path().join(DOCUMENTS), b"{\"seq\":1,").expect("written");
        assert_eq!(read(dir.path()).expect("readable"), []);
        Ledger::open(dir.path(), true).expect("opened");
        assert_eq!(std::fs::read(dir.path().join(DOCUMENTS)).expect("readable"), b"");
    }
}
