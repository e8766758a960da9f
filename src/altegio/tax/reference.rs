//! The cloud's own list of tax systems and rates, and what a table lacks against it.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::TaxTable;

/// A slug and its title.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct Named {
    /// Slug.
    pub slug: String,
    /// Title for people.
    #[serde(default)]
    pub title: String,
}

/// What a table lacks; empty lists when it lacks nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lacks {
    /// Tax systems that are unknown here.
    pub systems: Vec<Named>,
    /// Rates that are unknown here.
    pub vats: Vec<Named>,
    /// Known system and known rate that are not noted as usual together.
    pub pairs: Vec<(String, String)>,
}

/// The list could not be read.
#[derive(Debug, thiserror::Error)]
#[error("this is no list of tax systems: {0}")]
pub struct ReferenceError(#[from] serde_json::Error);

#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    Wrapped { data: Vec<Entry> },
    Bare(Vec<Entry>),
}

#[derive(Deserialize)]
struct Entry {
    #[serde(flatten)]
    system: Named,
    #[serde(default)]
    vats: Vec<Named>,
}

impl TaxTable {
    /// Compares with the answer of `references/tax_system/{country}`: a list of `{title, slug, vats: [{title, slug}]}`,
    /// bare or under `data`.
    pub fn lacks(&self, reference: &str) -> Result<Lacks, ReferenceError> {
        let entries = match serde_json::from_str(reference)? {
            Answer::Wrapped { data } => data,
            Answer::Bare(list) => list,
        };
        let mut lacks = Lacks::default();
        let mut unknown_vats = BTreeSet::new();
        for Entry { system, vats } in entries {
            let known = self.system(&system.slug);
            for vat in vats {
                if self.vat(&vat.slug).is_none() {
                    unknown_vats.insert(vat);
                } else if known.is_some_and(|known| !known.is_usual(&vat.slug)) {
                    lacks.pairs.push((system.slug.clone(), vat.slug));
                }
            }
            if known.is_none() {
                lacks.systems.push(system);
            }
        }
        lacks.vats = unknown_vats.into_iter().collect();
        Ok(lacks)
    }
}
