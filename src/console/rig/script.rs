//! The script's form: steps in TOML, checked before the first one is taken.

use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::console::hex;

/// Scripts that are compiled in, by family.
const SHIPPED: [(&str, &str); 3] = [
    ("escpos", include_str!("../../../config/rig/escpos.toml")),
    ("shtrih", include_str!("../../../config/rig/shtrih.toml")),
    ("simulated", include_str!("../../../config/rig/shtrih.toml")),
];

/// A script.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Script {
    /// For people.
    pub(super) title: String,
    /// Families that it is for.
    pub(super) family: Vec<String>,
    /// In order.
    pub(super) step: Vec<Step>,
    /// SHA-256 of the text, in hex.
    #[serde(skip)]
    pub(super) sha256: String,
}

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Do {
    /// Only what the person does.
    Nothing,
    /// Status.
    Look,
    /// A text.
    Slip,
    /// Opening of the shift.
    OpenShift,
    /// Closing of it.
    CloseShift,
    /// X report.
    XReport,
    /// Cash in.
    CashIn,
    /// Cash out.
    CashOut,
    /// A sale.
    Sale,
    /// A return.
    Return,
    /// Copy of the last receipt.
    Copy,
    /// Lets an interrupted print go on.
    Continue,
}

impl Do {
    /// Leaves something in a fiscal register that stays.
    pub(super) fn is_fiscal(self) -> bool {
        match self {
            Self::OpenShift | Self::CloseShift | Self::CashIn | Self::CashOut | Self::Sale | Self::Return => true,
            Self::Nothing | Self::Look | Self::Slip | Self::XReport | Self::Copy | Self::Continue => false,
        }
    }

    /// Is a receipt.
    pub(super) fn is_receipt(self) -> bool {
        self == Self::Sale || self == Self::Return
    }
}

/// How a receipt is paid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Pay {
    /// In cash.
    #[default]
    Cash,
    /// By card.
    Card,
}

/// A text in both languages.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Words {
    pub(super) ru: String,
    pub(super) en: String,
}

/// What must be seen after a step.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Expect {
    /// One of these.
    pub(super) outcome: Vec<String>,
    /// Name of the refusal's reason.
    pub(super) reason: Option<String>,
    /// `none`, or the name of a reason.
    pub(super) hindrance: Option<String>,
    /// `open`, `closed`, `expired`.
    pub(super) shift: Option<String>,
    /// `delivered`, `pending`, `suppressed`, `unknown`.
    pub(super) paper: Option<String>,
    /// New documents in the storage.
    pub(super) documents: Option<u64>,
}

/// A step.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    pub(super) id: String,
    pub(super) what: String,
    #[serde(rename = "do")]
    pub(super) action: Do,
    #[serde(default)]
    pub(super) total_minor: i64,
    #[serde(default = "one")]
    pub(super) lines: u16,
    #[serde(default)]
    pub(super) pay: Pay,
    #[serde(default)]
    pub(super) person: Option<Words>,
    #[serde(default)]
    pub(super) after: Option<Words>,
    #[serde(default)]
    pub(super) ask: Option<Words>,
    #[serde(default)]
    pub(super) simulate: Vec<String>,
    #[serde(default)]
    pub(super) simulate_after: Vec<String>,
    #[serde(default)]
    pub(super) expect: Expect,
}

fn one() -> u16 {
    1
}

impl Script {
    /// The file, or the one that is shipped for the family.
    pub(super) fn read(file: Option<&Path>, family: &str) -> Result<Self, String> {
        let text = match file {
            Some(path) => std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?,
            None => {
                let shipped = SHIPPED.iter().find(|(name, _)| *name == family);
                let (_, text) = shipped
                    .ok_or_else(|| format!("no script is shipped for the family {family}; name one with --script"))?;
                (*text).to_owned()
            }
        };
        let mut script = Self::parse(&text)?;
        if !script.family.iter().any(|f| f == family) {
            return Err(format!("the script is for {}, the device is {family}", script.family.join(", ")));
        }
        script.sha256 = hex(&Sha256::digest(text.as_bytes()));
        Ok(script)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let script: Self = toml::from_str(text).map_err(|e| e.to_string())?;
        for (index, step) in script.step.iter().enumerate() {
            let money = step.action.is_receipt() || matches!(step.action, Do::CashIn | Do::CashOut);
            let fits = step.lines > 0 && step.total_minor >= i64::from(step.lines) && step.total_minor <= 1_000_000;
            if money && !fits {
                return Err(format!("step {}: total_minor must be 1 for each line at least, 1000000 at most", step.id));
            }
            if script.step[..index].iter().any(|earlier| earlier.id == step.id) {
                return Err(format!("step {} is there twice", step.id));
            }
        }
        Ok(script)
    }
}

#[cfg(all(test, feature = "simulators"))]
mod tests {
    use kkm_drivers::simulator::faults::Fault;

    use super::*;

    #[test]
    fn the_shipped_scripts_are_sound_and_a_simulator_can_stand_for_the_person() {
        for (family, text) in SHIPPED {
            let script = Script::parse(text).unwrap_or_else(|e| panic!("{family}: {e}"));
            assert!(script.step.len() >= 8, "{family}");
            for step in &script.step {
                // A printer's simulator has a script of its own, which is not this one.
                assert!(family == "escpos" || step.person.is_some() != step.simulate.is_empty(), "{}", step.id);
                for line in step.simulate.iter().chain(&step.simulate_after) {
                    assert!(line.parse::<Fault>().is_ok(), "{}: {line}", step.id);
                }
            }
        }
    }

    #[test]
    fn a_script_with_a_typing_error_or_a_sum_of_nothing_is_refused() {
        let head = "title = \"x\"\nfamily = [\"shtrih\"]\n[[step]]\nid = \"a\"\nwhat = \"b\"\n";
        assert!(Script::parse(&format!("{head}do = \"look\"\n")).is_ok());
        assert!(Script::parse(&format!("{head}do = \"luok\"\n")).is_err());
        assert!(Script::parse(&format!("{head}do = \"look\"\nexpct = {{}}\n")).is_err());
        assert!(Script::parse(&format!("{head}do = \"sale\"\n")).is_err());
    }
}
