//! Text from outside, made fit for a device of few letters. Knows no device.
//!
//! | file | holds |
//! |---|---|
//! | [`mod@clean`] | only characters that show something: no control byte, no mark of direction |
//! | [`translit`] | what reads the same in other letters |

pub mod clean;
pub mod translit;
