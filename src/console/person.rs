//! The person at the terminal, and the witness that a person is: there is no journal behind `setup` and `rig`.

use std::io::{BufRead, Write};

use kkm_drivers::contract::{Fault, Witness};

/// Asks and hears one line; nothing at the end of the input.
pub(super) fn hear(question: &str) -> Option<String> {
    print!("{question}");
    let _ = std::io::stdout().flush();
    let mut line = String::new();
    match std::io::stdin().lock().read_line(&mut line) {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(line.trim().to_owned()),
    }
}

/// Nobody has to know before a driver passes a point: a person stands beside.
pub(super) struct Nobody;

impl Witness for Nobody {
    fn closing(&mut self) -> Result<(), Fault> {
        Ok(())
    }
}
