//! The daemon as a shop meets it: the real program, a simulated register in a process of its own, a stand-in for the
//! cloud. One file a promise.

#[allow(unreachable_pub, reason = "a test program has no public")]
mod rig;

mod bundle;
mod callbacks;
mod cases;
mod cloud;
mod day;
mod devices;
mod disk;
mod doctor;
mod duplicate;
mod evidence;
mod hostile;
mod moments;
mod printer;
mod printer_cases;
mod refusal;
mod register;
mod restart;
mod rig_command;
mod service;
mod setup;
mod shift;
mod slice;
mod spoil;
mod states;
mod two;
mod walls;
