use super::*;

/// The golden frames: name and bytes.
fn golden() -> Vec<(&'static str, Vec<u8>)> {
    include_str!("golden/frames.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let (name, hex) = line.split_once('|').expect("name | bytes");
            let bytes = hex.split_whitespace().map(|h| u8::from_str_radix(h, 16).expect("hex")).collect();
            (name.trim(), bytes)
        })
        .collect()
}

fn events(bytes: &[u8]) -> Vec<Event> {
    let mut decoder = Decoder::default();
    bytes.iter().map(|&b| decoder.push(b)).filter(|e| *e != Event::More).collect()
}

fn body(frame: &[u8]) -> Vec<u8> {
    frame[2..frame.len() - 1].to_vec()
}

#[test]
fn golden_frames_are_encoded_byte_for_byte() {
    for (name, frame) in golden() {
        assert_eq!(encode(&body(&frame)), Some(frame), "{name}");
    }
}

#[test]
fn golden_frames_are_decoded_whole_and_no_byte_too_early() {
    for (name, frame) in golden() {
        let mut decoder = Decoder::default();
        for (at, &byte) in frame.iter().enumerate() {
            let event = decoder.push(byte);
            if at + 1 < frame.len() {
                assert_eq!(event, Event::More, "{name}, byte {at}");
                assert!(decoder.is_inside());
            } else {
                assert_eq!(event, Event::Body(body(&frame)), "{name}");
                assert!(!decoder.is_inside());
            }
        }
    }
}

#[test]
fn two_frames_at_once_are_two_bodies() {
    for (name, frame) in golden() {
        let twice = [frame.clone(), vec![0xFF, NAK], frame.clone()].concat();
        assert_eq!(events(&twice), [Event::Body(body(&frame)), Event::Body(body(&frame))], "{name}");
    }
}

#[test]
fn one_wrong_bit_is_never_taken_for_a_frame() {
    for (name, frame) in golden() {
        for at in 0..frame.len() {
            for bit in 0..8 {
                let mut spoiled = frame.clone();
                spoiled[at] ^= 1 << bit;
                let taken = events(&spoiled).into_iter().any(|e| e == Event::Body(body(&frame)));
                assert!(!taken, "{name}, byte {at}, bit {bit}");
                let good = events(&spoiled).into_iter().filter(|e| matches!(e, Event::Body(_))).count();
                // A shorter frame that begins inside by chance is the one thing a xor cannot exclude.
                assert!(good == 0 || spoiled[1] != frame[1] || at == 0, "{name}, byte {at}, bit {bit}");
            }
        }
    }
}

#[test]
fn a_body_must_have_a_length_that_fits() {
    assert_eq!(encode(&[]), None);
    assert_eq!(encode(&[0; 256]), None);
    assert_eq!(encode(&[0; 255]).map(|f| f.len()), Some(258));
    assert_eq!(events(&[STX, 0]), [Event::Bad]);
}
