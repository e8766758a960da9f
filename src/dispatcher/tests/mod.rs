//! The rules of a document's life on simulated time: the real journal, the real Shtrih-M driver, a register in memory.

mod bench;
mod crash;
mod duplicates;
mod fence;
mod life;
mod shift;
mod time;
