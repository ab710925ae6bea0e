//! Rules for measuring, by the hundred or by the ten thousand, over the lines of [`Generator`].
//!
//! A [`Workload`] has the same rules twice: as the files of a pack, and as data for [`HandRules`](crate::hand). Its
//! rules are keyed on a region, a goods group and a trade mode, one in ten without one of them, and ask one to five
//! things of a line, joined by `&&` and `||`. What they ask for (brands, exporters, words, limits) is drawn from the
//! lines of another seed, so that rules fire about as often as in real packs: two or three of a hundred candidates.
//!
//! ```
//! use qingfeng::Engine;
//! use qingfeng_benches::workload::{Mix, Workload};
//!
//! let workload = Workload::new(1, 100, Mix::Standard);
//! let directory = workload.lay_out()?;
//! let engine = Engine::open(directory.path())?;
//! assert_eq!(engine.pack().rules.len(), workload.rules().len());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod case;
mod checksum;
mod draw;
mod keys;
mod rhai;
mod sample;

use std::path::Path;

use arrow_array::RecordBatch;
use qingfeng_lab::Generator;
use tempfile::TempDir;

pub use case::{Case, Density, assess, bound};
pub use checksum::Checksum;

/// What the rules are like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mix {
    /// All kinds of conditions.
    Standard,
    /// The same without keys: each rule is a candidate on each line.
    NoKeys,
    /// Only words and parts of the goods name.
    Keywords,
    /// Only limits of numbers.
    Numeric,
    /// As `Standard`; one rule in ten has a loop, which a compiler leaves to the interpreter.
    Residual10,
}

impl Mix {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Standard, Self::NoKeys, Self::Keywords, Self::Numeric, Self::Residual10];

    /// The name in tables of results.
    pub fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::NoKeys => "no-keys",
            Self::Keywords => "keywords",
            Self::Numeric => "numeric",
            Self::Residual10 => "residual-10",
        }
    }
}

/// A text field that rules compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of the export declaration")]
pub enum TextField {
    Brand,
    Exporter,
    Port,
    Unit,
}

/// A number field that rules compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of the export declaration")]
pub enum NumberField {
    UnitValue,
    Quantity,
    NetKg,
    Value,
}

/// What a rule asks of a line. Whatever is missing fails each test but the one for it.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// `a && b && ...`
    All(Vec<Condition>),
    /// `a || b || ...`
    Any(Vec<Condition>),
    /// `d.brand == "X"`
    Is(TextField, String),
    /// `d.brand == ()`
    IsMissing(TextField),
    /// `d.port in ["X", "Y"]`
    IsIn(TextField, Vec<String>),
    /// `d.unit_value < 3.5`
    Below(NumberField, f64),
    /// `d.quantity > 100.0`
    Above(NumberField, f64),
    /// `d.goods.has_word("replica")`
    HasWord(String),
    /// `d.goods.contains("logo")`
    Contains(String),
    /// `d.hs.starts_with("8711")`
    HsStartsWith(String),
}

/// A key of a rule: names of groups or codes, as the rule file has them, and the codes that they stand for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySet {
    /// As in the rule file.
    pub names: Vec<String>,
    /// The codes; of commodities the prefixes.
    pub codes: Vec<String>,
}

/// A rule as data.
#[derive(Clone, Debug, PartialEq)]
pub struct HandRule {
    /// The id.
    pub id: String,
    /// Destinations; `None` is any.
    pub region: Option<KeySet>,
    /// Commodities; `None` is any.
    pub commodity: Option<KeySet>,
    /// Trade modes; `None` is any.
    pub mode: Option<KeySet>,
    /// The points.
    pub score: i64,
    /// The condition.
    pub condition: Condition,
    /// Where the rule file has a loop over ports before the condition: these ports. `condition` asks for them too.
    pub looped_ports: Option<Vec<String>>,
}

/// Rules as the files of a pack and as data, in the same order.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    rules: Vec<HandRule>,
    files: Vec<(String, String)>,
}

/// The seed of the rules that are measured. With it 100, 1,000 and 10,000 rules of the standard mix have about 2, 25
/// and 240 candidates on a line, of which 0.12, 0.8 and 7 fire.
pub const SEED: u64 = 3;

/// The seed of the lines that are measured.
pub const LINES_SEED: u64 = 2016;

/// The seed of the lines that rules are drawn from; measure on others.
const SAMPLE_SEED: u64 = 7;
const SAMPLE_LINES: u64 = 30_000;

/// The rules of a file of the pack.
const RULES_IN_A_FILE: usize = 250;

const PACK: &str = r#"[pack]
name    = "workload"
version = "1"

[schema]
extends = "export"

[keys.site]
port          = "port"
market        = "procurement_place"
market-office = "declaration_office"
production    = "origin_district"
border        = "port"
yard          = "port"

[score]
combine = "sum"
floor   = 0
cap     = 100

[[channels]]
name = "green"
from = 0

[[channels]]
name = "blue"
from = 20

[[channels]]
name = "yellow"
from = 40

[[channels]]
name = "red"
from = 70

[on_fault]
at_least = "yellow"
"#;

impl Workload {
    /// So many rules. The same seed gives the same rules.
    pub fn new(seed: u64, rules: usize, mix: Mix) -> Self {
        let batches = lines(SAMPLE_SEED, SAMPLE_LINES);
        let sample = sample::Sample::new(&batches);
        let rules = draw::Drafter::new(seed, mix, &sample).rules(rules);
        let mut files = vec![("pack.toml".to_owned(), PACK.to_owned())];
        files.extend(keys::REFERENCE.map(|(path, text)| (path.to_owned(), text.to_owned())));
        for (at, rules) in rules.chunks(RULES_IN_A_FILE).enumerate() {
            files.push((format!("rules-{at:03}.rhai"), rhai::file(rules)));
        }
        Self { rules, files }
    }

    /// The rules, in the order of the pack.
    pub fn rules(&self) -> &[HandRule] {
        &self.rules
    }

    /// The files of the pack: path and text.
    pub fn files(&self) -> &[(String, String)] {
        &self.files
    }

    /// Writes the pack into a directory.
    ///
    /// # Errors
    ///
    /// A file cannot be written.
    pub fn write(&self, directory: &Path) -> std::io::Result<()> {
        for (path, text) in &self.files {
            let path = directory.join(path);
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::write(path, text)?;
        }
        Ok(())
    }

    /// Writes the pack into a temporary directory.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub fn lay_out(&self) -> std::io::Result<TempDir> {
        let directory = tempfile::tempdir()?;
        self.write(directory.path())?;
        Ok(directory)
    }
}

/// Generated goods lines: batches of about 8,192 lines, each of whole declarations.
pub fn lines(seed: u64, lines: u64) -> Vec<RecordBatch> {
    Generator::new(seed, lines).map(|generated| generated.declarations).collect()
}
