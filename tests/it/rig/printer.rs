//! A receipt printer in the place of the register.

use std::process::Command;
use std::time::Instant;

use kkm_drivers::simulator::printer::Slip;
use kkm_drivers::simulator::printer::books;

use super::{Rig, Wire, patience, program};

/// How the printer is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrinterLink {
    /// A pseudo-terminal, as a serial line.
    Pty,
    /// A socket.
    Tcp,
    /// A pipe, without a way back.
    File,
}

impl Rig {
    /// A printer of this kind and a cloud. `driver`: further lines of the device's section; `settings`: at the end.
    pub fn printer(link: PrinterLink, model: &str, driver: &str, settings: &str) -> Self {
        let mut rig = Self::bare(Wire::Pty, settings);
        let port = rig.start_printer(link, model, &[]);
        rig.place(&format!("family = \"escpos\"\nport = \"{port}\"\n{driver}"));
        rig
    }

    /// Starts it, with books that stay; gives its port.
    pub fn start_printer(&mut self, link: PrinterLink, model: &str, arguments: &[&str]) -> String {
        let mut command = Command::new(program());
        command.args(["simulate", "printer", "--model", model, "--quiet", "--no-pictures"]).args(arguments);
        command.arg("--books").arg(self.path("books"));
        let path = self.path("printer.port").display().to_string();
        let port = match (link, self.address.clone()) {
            (PrinterLink::Pty, _) => {
                command.args(["--pty", &path]);
                path
            }
            (PrinterLink::File, _) => {
                command.args(["--file", &path]);
                format!("lp:{path}")
            }
            (PrinterLink::Tcp, address) => {
                command.args(["--tcp", address.as_deref().unwrap_or("127.0.0.1:0")]);
                String::new()
            }
        };
        let ready = self.run_device(command, "printer ");
        if link != PrinterLink::Tcp {
            return port;
        }
        let address = ready.rsplit(' ').next().expect("an address").trim().to_owned();
        self.address = Some(address.clone());
        format!("tcp://{address}")
    }

    /// Paper on which a customer sees something.
    pub fn slips(&self) -> Vec<Slip> {
        books::read(&self.path("books")).expect("the books are whole").into_iter().filter(Slip::is_printed).collect()
    }

    /// Waits until so many slips are cut.
    #[track_caller]
    pub fn await_slips(&self, count: usize) -> Vec<Slip> {
        let deadline = Instant::now() + patience();
        loop {
            let slips = self.slips();
            if slips.iter().filter(|slip| slip.cut().is_some()).count() >= count {
                return slips;
            }
            assert!(Instant::now() < deadline, "never {count} slips:\n{}", self.log());
            std::thread::park_timeout(std::time::Duration::from_millis(10));
        }
    }
}
