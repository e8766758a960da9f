use super::*;
use crate::transport::tape::Tape;

/// Beep: repeated when the device has not heard it. Short status and close stand for the other two kinds.
fn request(repeat: Repeat) -> Request {
    Request {
        name: "beep",
        code: vec![0x13],
        body: vec![0x13, 1, 0, 0, 0],
        timeout: Duration::from_secs(10),
        repeat,
        sent_point: None,
    }
}

struct Played {
    result: Result<Vec<u8>, Lost>,
    stray: Vec<Vec<u8>>,
    over: bool,
}

/// Plays a conversation whole and byte by byte; both must end alike.
fn play(repeat: Repeat, text: &str) -> Played {
    let once = |tape: Tape| {
        let (mut tape, mut stray) = (tape, Vec::new());
        let result = Exchange::new(&mut tape, Timing::SERIAL, &mut stray).ask(&request(repeat));
        Played { result, stray, over: tape.is_over() }
    };
    let whole = once(Tape::parse(text));
    let by_byte = once(Tape::parse(text).in_chunks_of(1));
    assert_eq!(whole.result, by_byte.result, "byte by byte it ends otherwise");
    assert_eq!(whole.stray, by_byte.stray);
    whole
}

const COMMAND: &str = "> 02 05 13 01 00 00 00 17";
const ANSWER: &str = "< 02 03 13 00 01 11";
const BODY: [u8; 3] = [0x13, 0x00, 0x01];

fn lost(kind: FaultKind, reached: bool) -> Result<Vec<u8>, Lost> {
    Err(Lost { kind, reached })
}

#[test]
fn enq_command_answer_acknowledged() {
    let p = play(Repeat::OnlyRefused, &format!("> 05\n< 15\n{COMMAND}\n< 06\n{ANSWER}\n> 06"));
    assert_eq!(p.result, Ok(BODY.to_vec()));
    assert!(p.over && p.stray.is_empty());
}

#[test]
fn ffh_before_a_control_byte_is_noise() {
    let p = play(Repeat::OnlyRefused, &format!("> 05\n< FF 15\n{COMMAND}\n< FF FF 06\n< FF\n{ANSWER}\n> 06"));
    assert_eq!(p.result, Ok(BODY.to_vec()));
    assert!(p.over);
}

#[test]
fn noise_and_silence_are_no_connection_and_nothing_was_sent() {
    let p = play(Repeat::OnlyRefused, "> 05\n< FF FF FF\n> 05\n> 05\n> 05\n> 05");
    assert_eq!(p.result, lost(FaultKind::Silent, false));
    assert!(p.over);
}

#[test]
fn an_answer_found_before_the_command_is_kept_and_the_command_goes_out_once() {
    let p = play(
        Repeat::OnlyRefused,
        &format!("> 05\n< 06 02 02 8D 4E C1\n> 06\n> 05\n< 15\n{COMMAND}\n< 06\n{ANSWER}\n> 06"),
    );
    assert_eq!(p.result, Ok(BODY.to_vec()));
    assert_eq!(p.stray, [vec![0x8D, 0x4E]]);
    assert!(p.over);
}

#[test]
fn a_refused_frame_goes_out_again_when_the_device_says_that_it_is_idle() {
    let text = format!("> 05\n< 15\n{COMMAND}\n< 15\n> 05\n< 15\n{COMMAND}\n< 06\n{ANSWER}\n> 06");
    for repeat in [Repeat::IfUnheard, Repeat::OnlyRefused] {
        let p = play(repeat, &text);
        assert_eq!(p.result, Ok(BODY.to_vec()));
        assert!(p.over);
    }
}

#[test]
fn a_late_nak_to_enq_is_not_taken_for_a_refused_frame() {
    let p = play(Repeat::OnlyRefused, &format!("> 05\n< 15\n{COMMAND}\n< 15 06\n{ANSWER}\n> 06"));
    assert_eq!(p.result, Ok(BODY.to_vec()));
    let p = play(Repeat::OnlyRefused, &format!("> 05\n< 15\n{COMMAND}\n< 15\n> 05\n< 06\n{ANSWER}\n> 06"));
    assert_eq!(p.result, Ok(BODY.to_vec()));
    assert!(p.over);
}

#[test]
fn silence_after_the_frame_is_asked_about_and_an_ack_means_received() {
    let p = play(Repeat::OnlyRefused, &format!("> 05\n< 15\n{COMMAND}\n> 05\n< 06\n{ANSWER}\n> 06"));
    assert_eq!(p.result, Ok(BODY.to_vec()));
    assert!(p.over);
}

#[test]
fn silence_and_then_idle_sends_again_only_what_may_be_repeated() {
    let first = format!("> 05\n< 15\n{COMMAND}\n> 05\n< 15");
    let p = play(Repeat::OnlyRefused, &first);
    assert_eq!(p.result, lost(FaultKind::Silent, true), "a command that registers is in doubt");
    assert!(p.over);
    let p = play(Repeat::IfUnheard, &format!("{first}\n{COMMAND}\n< 06\n{ANSWER}\n> 06"));
    assert_eq!(p.result, Ok(BODY.to_vec()));
}

#[test]
fn an_answer_whose_ack_was_lost_is_an_answer() {
    let p = play(Repeat::OnlyRefused, &format!("> 05\n< 15\n{COMMAND}\n{ANSWER}\n> 06"));
    assert_eq!(p.result, Ok(BODY.to_vec()));
    assert!(p.over);
}

#[test]
fn a_spoiled_answer_is_refused_and_asked_for() {
    let p = play(
        Repeat::OnlyRefused,
        &format!("> 05\n< 15\n{COMMAND}\n< 06\n< 02 03 13 00 01 FF\n> 15\n> 05\n< 06\n{ANSWER}\n> 06"),
    );
    assert_eq!(p.result, Ok(BODY.to_vec()));
    assert!(p.over);
}

#[test]
fn an_answer_that_breaks_off_is_refused_and_asked_for() {
    let p =
        play(Repeat::OnlyRefused, &format!("> 05\n< 15\n{COMMAND}\n< 06 02 03 13\n> 15\n> 05\n< 06\n{ANSWER}\n> 06"));
    assert_eq!(p.result, Ok(BODY.to_vec()));
    assert!(p.over);
}

#[test]
fn an_answer_that_is_gone_leaves_doubt() {
    let p = play(Repeat::IfUnheard, &format!("> 05\n< 15\n{COMMAND}\n< 06\n> 05\n< 15"));
    assert_eq!(p.result, lost(FaultKind::Silent, true));
    assert!(p.over);
}

#[test]
fn a_device_still_at_work_is_waited_for() {
    let p = play(Repeat::OnlyRefused, &format!("> 05\n< 15\n{COMMAND}\n< 06\n> 05\n< 06\n> 05\n< 06\n{ANSWER}\n> 06"));
    assert_eq!(p.result, Ok(BODY.to_vec()));
    assert!(p.over);
}

#[test]
fn a_device_that_works_for_ever_is_given_up() {
    let asks = "\n> 05\n< 06".repeat(WAIT_ROUNDS as usize);
    let p = play(Repeat::OnlyRefused, &format!("> 05\n< 15\n{COMMAND}\n< 06{asks}"));
    assert_eq!(p.result, lost(FaultKind::Silent, true));
    assert!(p.over);
}

#[test]
fn an_answer_to_another_command_is_kept_and_ours_is_waited_for() {
    let p = play(Repeat::OnlyRefused, &format!("> 05\n< 15\n{COMMAND}\n< 06\n< 02 02 8D 4E C1\n> 06\n{ANSWER}\n> 06"));
    assert_eq!(p.result, Ok(BODY.to_vec()));
    assert_eq!(p.stray, [vec![0x8D, 0x4E]]);
}

#[test]
fn a_connection_that_breaks_before_the_frame_has_not_reached_the_device() {
    let p = play(Repeat::OnlyRefused, "> 06");
    assert!(matches!(p.result, Err(Lost { kind: FaultKind::Disconnected(_), reached: false })));
}
