//! A shop on simulated time: one number decides everything that happens in it, in one process.
//!
//! Real: the journal, intake behind its router, the lane, the Shtrih-M driver, the outbox's schedule and store. Simulated:
//! time, the disk under the journal (`simulated_disk`), the register with its line, the cloud, people. What is checked
//! after every step is in [`truth`]; what may happen is in [`plan`].
//!
//! One thread is everything: a job of the journal is committed by who brings it, in place of the writer's thread.
//!
//! A seed that breaks a promise is printed with the shortest list of acts that still breaks it. `KKM_SIM_SEED=n` runs one
//! seed and prints its story; `tests/simulate.sh` runs many.

#![cfg(feature = "simulators")]
#![allow(unreachable_pub, missing_docs, reason = "a test program has no public")]

mod campaign;
mod chance;
mod cloud;
mod daemon;
mod healed;
mod plan;
mod seeds;
mod shop;
mod truth;
mod wire;
