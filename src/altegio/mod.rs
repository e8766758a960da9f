//! The cloud's wire: a fiscalize document in, a status body out. No HTTP, no clock, no SQL.
//!
//! ```text
//!   bytes --json--> fields with their places --document--> Order | Rejected
//!                                                 |
//!            number  date  position  payment  people  tax  fingerprint
//! ```
//! | room | holds |
//! |---|---|
//! | [`document`] | [`document::read`]: from bytes to an [`Order`] or a [`Rejected`] |
//! | [`id`] | the document's id, echoed as it came |
//! | [`refusal`] | the cloud's codes |
//! | [`rules`] | the shop's switches |
//! | [`status`] | the body of the immediate answer and of the callback |
//! | [`tax`] | slugs to tax systems and rates, as data |

mod date;
pub mod document;
mod fingerprint;
pub mod id;
mod json;
#[cfg(test)]
mod malformed_tests;
mod number;
mod payment;
mod people;
mod position;
pub mod refusal;
pub mod rules;
#[cfg(test)]
mod sameness_tests;
pub mod status;
pub mod tax;
mod text;

pub use document::{Order, Rejected, read};
pub use id::RawId;
pub use refusal::{Code, Refusal};
pub use rules::Rules;
pub use status::{Status, StatusBody};
pub use tax::TaxTable;
