//! The line in memory: simulated time, power, and every byte of a sale hurt in turn.

use std::io;
use std::time::Duration;

use super::host::{ACK, ENQ, NAK, clock, closing, frame, item};
use crate::simulator::books::Kind;
use crate::simulator::{Device, Manner, MemoryLink, Register};
use crate::transport::{Opener, Port, PortError};

const MS: Duration = Duration::from_millis(1);

fn link(manner: Manner) -> MemoryLink {
    MemoryLink::new(Device::new(Register::in_memory(clock(), Box::new(io::sink())), manner))
}

fn byte(port: &mut dyn Port, within: Duration) -> Result<Option<u8>, PortError> {
    let mut one = [0];
    Ok((port.read(&mut one, within)? == 1).then_some(one[0]))
}

/// One command as the manual advises a host (section "exchange, host side"); `None` when the answer is gone.
fn exchange(port: &mut dyn Port, body: &[u8]) -> Result<Option<Vec<u8>>, PortError> {
    'frame: for _ in 0..10 {
        while byte(port, 100 * MS)?.is_some() {}
        port.write(&[ENQ], MS)?;
        match byte(port, 200 * MS)? {
            Some(NAK) => {}
            Some(ACK) => {
                receive(port)?;
                continue;
            }
            _ => continue,
        }
        port.write(&frame(body), MS)?;
        match byte(port, 200 * MS)? {
            Some(ACK) => {}
            Some(NAK) => continue,
            _ => {
                for _ in 0..10 {
                    // The answer itself may be here already, and its length of 21 looks like a NAK.
                    while byte(port, 100 * MS)?.is_some() {}
                    port.write(&[ENQ], MS)?;
                    match byte(port, 200 * MS)? {
                        Some(ACK) => return receive(port),
                        Some(NAK) => continue 'frame,
                        _ => {}
                    }
                }
                return Ok(None);
            }
        }
        return receive(port);
    }
    Ok(None)
}

fn receive(port: &mut dyn Port) -> Result<Option<Vec<u8>>, PortError> {
    for _ in 0..10 {
        let mut bytes = Vec::new();
        while let Some(next) = byte(port, if bytes.is_empty() { 3000 * MS } else { 100 * MS })? {
            if bytes.is_empty() && next != 2 {
                continue;
            }
            bytes.push(next);
            if bytes.len() > 2 && bytes.len() == usize::from(bytes[1]) + 3 {
                break;
            }
        }
        if bytes.len() > 3 && bytes.len() == usize::from(bytes[1]) + 3 && frame(&bytes[2..bytes.len() - 1]) == bytes {
            port.write(&[ACK], MS)?;
            return Ok(Some(bytes[2..bytes.len() - 1].to_vec()));
        }
        while byte(port, 100 * MS)?.is_some() {}
        port.write(&[NAK, ENQ], MS)?;
        match byte(port, 200 * MS)? {
            Some(ACK) => {}
            _ => return Ok(None),
        }
    }
    Ok(None)
}

fn with_password(command: &[u8], parameters: &[u8]) -> Vec<u8> {
    [command, &[30, 0, 0, 0], parameters].concat()
}

#[test]
fn waiting_takes_simulated_time_only() {
    let link = link(Manner::default());
    let mut port = link.clone().open().expect("open");
    link.inject("delay E0 12s").expect("a line");
    assert!(exchange(&mut *port, &with_password(&[0xE0], &[])).expect("a port").is_some());
    assert!((12_000 * MS..20_000 * MS).contains(&link.now()));
}

#[test]
fn a_slow_line_takes_the_time_that_its_bytes_take() {
    let link = link(Manner { baud: Some(9600), ..Manner::default() });
    let mut port = link.clone().open().expect("open");
    exchange(&mut *port, &with_password(&[0x10], &[])).expect("a port").expect("an answer");
    // A tenth of a second of listening; ENQ, NAK, 8 bytes, ACK, 20 bytes, ACK at ten bits a byte.
    assert_eq!(link.now().as_millis(), 100 + 32 * 10_000 / 9600);
}

#[test]
fn a_port_that_lost_power_is_gone_for_good_and_can_be_opened_again() {
    let link = link(Manner::default());
    let mut port = link.clone().open().expect("open");
    link.inject("power-cut before E0").expect("a line");
    let gone = exchange(&mut *port, &with_password(&[0xE0], &[]));
    assert!(matches!(gone, Err(PortError::Gone(_))), "{gone:?}");
    assert!(matches!(link.clone().open().err(), Some(PortError::Unreachable(_))));
    link.advance(2000 * MS);
    assert!(matches!(port.write(&[ENQ], MS), Err(PortError::Gone(_))), "the old one stays dead");
    let mut port = link.clone().open().expect("open");
    assert!(exchange(&mut *port, &with_password(&[0xE0], &[])).expect("a port").is_some());
}

/// The last command of a sale, each of its bytes lost, turned or doubled in both directions: the host that follows the
/// manual either hears the answer or finds by FF01 what became of it; nothing is ever registered twice or by half.
#[test]
fn any_one_hurt_byte_of_a_close_registers_once_or_not_at_all_and_ff01_tells() {
    let bytes = |link: &MemoryLink| link.device(|device| device.bytes_seen());
    let close = with_password(&[0xFF, 0x45], &closing(&[(1, 100)], 0, 1));
    let run = |fault: Option<String>| {
        let link = link(Manner { baud: Some(115_200), ..Manner::default() });
        let mut port = link.clone().open().expect("open");
        for body in [with_password(&[0x8D], &[0]), with_password(&[0xFF, 0x46], &item(1, 1_000_000, 100, 8, "x"))] {
            exchange(&mut *port, &body).expect("a port").expect("an answer");
        }
        let before = bytes(&link);
        if let Some(fault) = &fault {
            link.inject(fault).expect("a line");
        }
        let answer = exchange(&mut *port, &close).expect("a port");
        let after = bytes(&link);
        let storage = exchange(&mut *port, &with_password(&[0xFF, 0x01], &[])).expect("a port");
        let storage = storage.unwrap_or_else(|| panic!("no answer to FF01 after {fault:?}"));
        let last = storage[storage.len() - 4];
        let receipts = link.device(|device| {
            device.register().documents().iter().filter(|document| document.kind == Kind::Receipt).count()
        });
        assert_eq!(usize::from(last) - 2, receipts, "the storage tells what the books hold");
        if let Some(answer) = answer.filter(|answer| answer.get(2) == Some(&0)) {
            assert_eq!((answer.len(), receipts), (21, 1), "an answer without error is a registered receipt");
        }
        assert!(receipts <= 1);
        ((after.0 - before.0, after.1 - before.1), receipts)
    };
    let (count, receipts) = run(None);
    assert_eq!((count, receipts), ((1 + 121 + 1, 1 + 1 + 24), 1));
    for kind in ["drop", "flip", "dup"] {
        for (way, count) in [("in", count.0), ("out", count.1)] {
            for nth in 1..=count {
                run(Some(format!("{kind} {way} {nth}")));
            }
        }
    }
}
