//! Several faults at once, drawn at random: the seed of a failure is kept by proptest and replayed.

use proptest::prelude::*;

use super::shop::{End, Shop, small_sale};
use crate::simulator::books::Kind;

const COMMANDS: [&str; 15] =
    ["8D", "FF0C", "FF46", "89", "FF45", "10", "11", "FC", "FF01", "FF40", "88", "FF0A", "FF3A", "FF3B", "1B"];

fn fault() -> impl Strategy<Value = String> {
    let command = prop::sample::select(&COMMANDS[..]);
    let kind = prop::sample::select(vec![
        "lose-answer CMD",
        "lose-answer CMD kept",
        "lose-answer CMD x3",
        "silence CMD 1s",
        "silence CMD 20s",
        "nak CMD",
        "nak CMD x5",
        "bad-lrc CMD",
        "bad-lrc CMD x6",
        "no-ack CMD",
        "no-ack CMD x4",
        "half-answer CMD",
        "print-time 700ms",
        "print-time 20s",
        "delay CMD 4s",
        "delay CMD 40s",
        "refuse CMD 50 x3",
        "refuse CMD 33",
        "power-cut before CMD 3s",
        "power-cut after CMD 3s",
        "busy 7 before CMD",
        "noise 2 before CMD",
    ]);
    let scripted = (kind, command).prop_map(|(kind, command)| kind.replace("CMD", command));
    let byte = (prop::sample::select(vec!["drop", "flip"]), prop::sample::select(vec!["in", "out"]), 1u32..900)
        .prop_map(|(what, way, n)| format!("{what} {way} {n}"));
    prop_oneof![4 => scripted, 1 => byte]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_mixture_of_faults_registers_twice_or_reports_what_is_not_so(faults in prop::collection::vec(fault(), 1..5), numbered: bool) {
        let mut shop = if numbered { Shop::numbered() } else { Shop::open() };
        for fault in &faults {
            shop.inject(fault);
        }
        let end = shop.dispatch(&small_sale());
        let receipts = shop.booked(Kind::Receipt);
        let booked = receipts.len();
        match end {
            End::Registered(proof, _) => {
                prop_assert_eq!(booked, 1);
                let number = receipts.last().map(|d| u64::from(d.number));
                prop_assert_eq!(number, Some(proof.document_number));
            }
            End::Refused(_) => prop_assert_eq!(booked, 0),
            End::Person(_) | End::Never => prop_assert!(booked <= 1),
        }
    }
}
