use super::*;
use crate::transport::tape::Tape;

/// A command of the kind that may never run twice.
fn request(repeat: Repeat) -> Request {
    let body = vec![0x13, 1, 0, 0, 0];
    Request { name: "beep", code: vec![0x13], body, timeout: Duration::from_secs(10), repeat, sent_point: None }
}

const BODY: [u8; 3] = [0x13, 0x00, 0x01];

fn said(number: u16, answer: &[u8]) -> Said {
    Said { number, answer: answer.to_vec(), unsettled: false }
}

fn hex(bytes: &[u8]) -> String {
    let words: Vec<_> = bytes.iter().map(|b| format!("{b:02X}")).collect();
    words.join(" ")
}

/// `> packet` and `< packet` in the words of the tape.
fn ours(number: u16) -> String {
    format!("> {}\n", hex(&encode(number, &[0x13, 1, 0, 0, 0]).expect("fits")))
}

fn theirs(number: u16, data: &[u8]) -> String {
    match data {
        [] => format!("< {}\n", EMPTY[usize::from(number)]),
        data => format!("< {}\n", hex(&encode(number, data).expect("fits"))),
    }
}

/// Packets without data, numbers 0 to 1.
const EMPTY: [&str; 2] = ["8F 02 00 00 00 A8 69", "8F 02 00 01 00 99 5A"];

const SYNC: &str = "> 8F 00 00 0F 1D\n";

fn play(repeat: Repeat, before: &Said, text: &str) -> (Result<Vec<u8>, Lost>, Said, bool) {
    let once = |mut tape: Tape| {
        let mut said = before.clone();
        let result = Numbered::new(&mut tape, Timing::SERIAL).ask(&request(repeat), &mut said);
        (result, said, tape.is_over())
    };
    let (whole, by_byte) = (once(Tape::parse(text)), once(Tape::parse(text).in_chunks_of(1)));
    assert_eq!(whole, by_byte, "byte by byte it ends otherwise");
    whole
}

fn lost(kind: FaultKind, reached: bool) -> Result<Vec<u8>, Lost> {
    Err(Lost { kind, reached })
}

#[test]
fn a_request_and_its_answer_carry_the_next_number() {
    let text = ours(8) + &theirs(8, &BODY);
    let (result, after, over) = play(Repeat::OnlyRefused, &said(7, &[0x10, 0]), &text);
    assert_eq!((result, after, over), (Ok(BODY.to_vec()), said(8, &BODY), true));
}

#[test]
fn silence_is_asked_about_and_what_was_not_heard_goes_out_under_the_same_number() {
    let before = said(7, &[0x10, 0]);
    let text = ours(8) + SYNC + &theirs(7, &[0x10, 0]) + &ours(8) + &theirs(8, &BODY);
    let (result, _, over) = play(Repeat::OnlyRefused, &before, &text);
    assert_eq!((result, over), (Ok(BODY.to_vec()), true));
}

#[test]
fn an_answer_that_was_lost_is_given_again_and_the_command_does_not_run_again() {
    let text = ours(8) + SYNC + &theirs(8, &BODY);
    let (result, _, over) = play(Repeat::OnlyRefused, &said(7, &[0x10, 0]), &text);
    assert_eq!((result, over), (Ok(BODY.to_vec()), true));
}

#[test]
fn a_spoiled_answer_is_asked_for_at_once() {
    let text = ours(8) + "< 8F 05 00 08 00 13 00 01 00 00\n" + SYNC + &theirs(8, &BODY);
    let (result, _, over) = play(Repeat::OnlyRefused, &said(7, &[0x10, 0]), &text);
    assert_eq!((result, over), (Ok(BODY.to_vec()), true));
}

#[test]
fn a_device_that_lost_power_meanwhile_leaves_doubt_and_gets_nothing_again() {
    // It has forgotten answer and number; the answer alone; or counts from elsewhere.
    for text in [theirs(0, &[]), theirs(1, &[]), theirs(3, &[0x10, 0])] {
        let (result, _, over) = play(Repeat::OnlyRefused, &said(7, &[0x10, 0]), &(ours(8) + SYNC + &text));
        assert_eq!((result, over), (lost(FaultKind::Garbled, true), true));
    }
}

#[test]
fn the_very_number_without_an_answer_is_no_success() {
    let text = ours(1) + &theirs(1, &[]);
    let (result, ..) = play(Repeat::Freely, &said(0, &[]), &text);
    assert_eq!(result, lost(FaultKind::Garbled, true));
}

#[test]
fn what_registers_never_follows_an_empty_answer_nor_bears_the_first_number() {
    for before in [said(7, &[]), said(0, &[0x10, 0])] {
        let next = before.number + 1;
        let question = format!("> {}\n", hex(&encode(next, &[0xFC]).expect("fits")));
        let text = question + &theirs(next, &[0xFC, 0, 0]) + &ours(next + 1) + &theirs(next + 1, &BODY);
        let (result, _, over) = play(Repeat::OnlyRefused, &before, &text);
        assert_eq!((result, over), (Ok(BODY.to_vec()), true));
    }
}

#[test]
fn an_answer_that_nobody_asked_for_since_is_not_taken_for_a_no() {
    let text = ours(8) + &theirs(7, &[0x10, 0]) + &theirs(8, &BODY);
    let (result, _, over) = play(Repeat::OnlyRefused, &said(7, &[0x10, 0]), &text);
    assert_eq!((result, over), (Ok(BODY.to_vec()), true));
}

#[test]
fn a_device_that_stays_silent_is_doubt_after_the_command_s_time() {
    let (result, ..) = play(Repeat::OnlyRefused, &said(7, &[0x10, 0]), &(ours(8) + &SYNC.repeat(6)));
    assert_eq!(result, lost(FaultKind::Silent, true));
}

#[test]
fn the_first_question_tells_the_last_answer_or_that_this_level_is_not_spoken() {
    let mut stray = Vec::new();
    let text = SYNC.to_owned() + &theirs(7, &BODY);
    let greeted = greet(&mut Tape::parse(&text), Timing::SERIAL, &mut stray).expect("open");
    assert_eq!((greeted, stray), (Some(said(7, &BODY)), vec![BODY.to_vec()]));
    for silent in [SYNC.repeat(3), format!("{SYNC}< 8F 00 00 0F 1D\n").repeat(3)] {
        let greeted = greet(&mut Tape::parse(&silent), Timing::SERIAL, &mut Vec::new()).expect("open");
        assert_eq!(greeted, None, "silence, and our own bytes that come back");
    }
}
