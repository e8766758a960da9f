//! One file: what programs see, what the medium holds, and what was only promised.

/// Something done to a file since its last sync.
#[derive(Clone, Debug)]
enum Change {
    Write { at: usize, bytes: Box<[u8]> },
    Cut(usize),
}

/// What becomes of one sector that was only promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Kept,
    Lost,
}

/// A file.
#[derive(Clone, Debug, Default)]
pub(crate) struct File {
    seen: Vec<u8>,
    durable: Vec<u8>,
    promised: Vec<Change>,
    /// A sync of the directory has confirmed its name.
    pub(crate) named: bool,
}

impl File {
    pub(crate) fn size(&self) -> usize {
        self.seen.len()
    }

    /// Reads; gives how much there was.
    pub(crate) fn read(&self, at: usize, into: &mut [u8]) -> usize {
        let from = self.seen.get(at..).unwrap_or_default();
        let count = from.len().min(into.len());
        into[..count].copy_from_slice(&from[..count]);
        count
    }

    pub(crate) fn write(&mut self, at: usize, bytes: &[u8]) {
        put(&mut self.seen, at, bytes);
        self.promised.push(Change::Write { at, bytes: bytes.into() });
    }

    pub(crate) fn cut(&mut self, size: usize) {
        if size != self.seen.len() {
            self.seen.resize(size, 0);
            self.promised.push(Change::Cut(size));
        }
    }

    /// What was promised is kept from here on.
    pub(crate) fn sync(&mut self) {
        for change in self.promised.drain(..) {
            apply(&mut self.durable, &change);
        }
    }

    /// A sync that fails: of what was promised, this much is written and the rest never will be, though it is seen.
    pub(crate) fn fail_to_sync(&mut self, sector: usize, fate: impl FnMut() -> Fate) {
        self.durable = self.after_power_cut(sector, fate);
        self.promised.clear();
    }

    /// What the medium holds when the power goes: each sector that was only promised has a fate of its own.
    pub(crate) fn after_power_cut(&self, sector: usize, mut fate: impl FnMut() -> Fate) -> Vec<u8> {
        let mut image = self.durable.clone();
        for change in &self.promised {
            match change {
                Change::Write { at, bytes } => {
                    let mut done = 0;
                    while done < bytes.len() {
                        let here = at + done;
                        let end = ((here / sector + 1) * sector - at).min(bytes.len());
                        if fate() == Fate::Kept {
                            put(&mut image, here, &bytes[done..end]);
                        }
                        done = end;
                    }
                }
                Change::Cut(size) => {
                    if fate() == Fate::Kept {
                        image.resize(*size, 0);
                    }
                }
            }
        }
        image
    }

    /// All of it, as it is seen.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.seen
    }

    /// A file of which all is durable.
    pub(crate) fn holding(bytes: Vec<u8>) -> Self {
        Self { seen: bytes.clone(), durable: bytes, promised: Vec::new(), named: true }
    }
}

fn put(file: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    let end = at + bytes.len();
    if file.len() < end {
        file.resize(end, 0);
    }
    file[at..end].copy_from_slice(bytes);
}

fn apply(file: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Write { at, bytes } => put(file, *at, bytes),
        Change::Cut(size) => file.resize(*size, 0),
    }
}
