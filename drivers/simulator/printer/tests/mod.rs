//! Promises of the simulated printer, each in a file of its own.

mod answers;
mod books;
mod commands;
mod faults;
mod paper;
mod served;
mod strict;
mod text;

use std::time::Duration;

use super::profile::{EPSON, Profile};
use super::{Device, Fault, Item, Slip};

/// No answer.
const NOTHING: [u8; 0] = [];

/// A printer of 48 columns that was sent these bytes.
fn printed(bytes: &[u8]) -> Device {
    printed_on(EPSON, bytes)
}

fn printed_on(profile: Profile, bytes: &[u8]) -> Device {
    let mut device = Device::in_memory(profile, 48);
    device.feed(bytes, Duration::ZERO);
    device
}

/// What the printer answers to these bytes.
fn ask(device: &mut Device, bytes: &[u8]) -> Vec<u8> {
    device.feed(bytes, Duration::ZERO);
    device.poll(Duration::ZERO)
}

/// A line of the script.
fn inject(device: &mut Device, line: &str) -> String {
    let fault: Fault = line.parse().unwrap_or_else(|error| panic!("{error}"));
    device.inject(fault, Duration::ZERO)
}

/// All that is in the books, slip after slip.
fn items(device: &Device) -> Vec<Item> {
    device.slips().into_iter().flat_map(|slip| slip.items).collect()
}

/// Text of all slips.
fn text(device: &Device) -> String {
    device.slips().iter().map(Slip::text).collect::<Vec<_>>().join("\n")
}

/// All that should not have come.
fn incidents(device: &Device) -> Vec<String> {
    device.slips().iter().flat_map(|slip| slip.incidents().into_iter().map(str::to_owned).collect::<Vec<_>>()).collect()
}
