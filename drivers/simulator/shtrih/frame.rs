//! Frames of the standard low level: `02 LEN BODY LRC`, LRC = XOR of LEN and BODY (protocol 2.0, "low level").

/// Begins a frame.
pub(crate) const STX: u8 = 0x02;
/// The host asks what the device is doing.
pub(crate) const ENQ: u8 = 0x05;
/// Yes.
pub(crate) const ACK: u8 = 0x06;
/// No.
pub(crate) const NAK: u8 = 0x15;

/// XOR of the length and of the body.
pub(crate) fn lrc(body: &[u8]) -> u8 {
    body.iter().fold(body.len() as u8, |sum, byte| sum ^ byte)
}

/// A body of 1 to 255 bytes as a frame.
pub(crate) fn frame(body: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(body.len() + 3);
    frame.extend([STX, body.len() as u8]);
    frame.extend_from_slice(body);
    frame.push(lrc(body));
    frame
}
