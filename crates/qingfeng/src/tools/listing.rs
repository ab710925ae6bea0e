//! What a pack holds, and what is to be said of it, as data: `qingfeng rules` and `qingfeng check` write it, and a service
//! answers with it.
//!
//! ```
//! use qingfeng::Engine;
//!
//! let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/clean-wind");
//! let engine = Engine::open(directory)?;
//! let rules = engine.listed_rules();
//! assert_eq!(rules.len(), engine.pack().rules.len());
//! assert!(rules.iter().any(|rule| rule.fields.contains("brand")));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::BTreeSet;

use qingfeng_rules::diagnostics::{DiagnosticData, PlaceData};
use qingfeng_rules::internals::Visit;
use qingfeng_rules::{ChannelId, Closure, Date, Diagnostics, FieldId, FieldRef, Key, Points, Status};
use serde::Serialize;

use crate::engine::Engine;

/// A rule of a pack with all that it says.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ListedRule<'e> {
    /// Its id.
    pub id: &'e str,
    /// Its title.
    pub title: &'e str,
    /// The same in Chinese.
    pub title_zh: Option<&'e str>,
    /// Its status.
    pub status: Status,
    /// Its file, within the pack.
    pub file: &'e str,
    /// Its line, from 1.
    pub line: usize,
    /// The regions and countries that it is keyed on.
    pub region: Vec<String>,
    /// The goods.
    pub commodity: Vec<String>,
    /// The trade modes.
    pub mode: Vec<String>,
    /// The sites.
    pub site: Vec<String>,
    /// The first day on which it is in force.
    pub from: Option<Date>,
    /// The last day.
    pub until: Option<Date>,
    /// Its condition.
    pub when: Option<String>,
    /// Its points, where they are the same on every line.
    pub points: Option<i64>,
    /// What computes its points, where they are not.
    pub points_computed: Option<String>,
    /// The channel that it asks for at least.
    pub at_least: Option<&'e str>,
    /// The channel that it asks for at most.
    pub at_most: Option<&'e str>,
    /// What makes its reason.
    pub reason: Option<String>,
    /// What it is based on.
    pub basis: Option<&'e str>,
    /// Whose it is.
    pub owner: Option<&'e str>,
    /// Its tags.
    pub tags: &'e [String],
    /// The fields that condition, points and reason read.
    pub fields: BTreeSet<&'e str>,
    /// Whether all of it is compiled.
    pub compiled: bool,
    /// What of it is left to the interpreter.
    pub residual: Vec<ListedResidual<'e>>,
    /// Whether it fires on each line that its key fits.
    pub always: bool,
    /// What must hold on a line for it to be visited there; without one it is visited on each line that its key fits.
    pub witness: Option<String>,
}

/// A closure that is left to the interpreter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ListedResidual<'e> {
    /// Which closure of the rule.
    pub closure: &'static str,
    /// Why.
    pub reason: &'e str,
    /// The file of the place for which it is, within the pack.
    pub file: &'e str,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

/// All that was found about a pack.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PackReport<'d> {
    /// The pack, `name@version#digest`, if it is valid.
    pub pack: Option<String>,
    /// Its digest.
    pub digest: Option<&'d str>,
    /// The day for which validities were judged.
    pub as_of: Option<Date>,
    /// How many errors there are.
    pub errors: usize,
    /// How many warnings.
    pub warnings: usize,
    /// How many notes.
    pub notes: usize,
    /// All of them.
    pub diagnostics: Vec<DiagnosticData<'d>>,
    /// What comments allow.
    pub suppressed: Vec<SuppressedData<'d>>,
}

/// A diagnostic that a comment allows.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SuppressedData<'d> {
    /// The reason that the comment gives.
    pub reason: &'d str,
    /// Where the comment stands.
    pub comment: PlaceData<'d>,
    /// What it allows.
    #[serde(flatten)]
    pub item: DiagnosticData<'d>,
}

impl<'d> PackReport<'d> {
    /// What was found about a pack: its engine, if it has no errors, and the day for which it was judged.
    pub fn new(engine: Option<&'d Engine>, diagnostics: &'d Diagnostics, as_of: Option<Date>) -> Self {
        let sources = &diagnostics.sources;
        let suppressed = diagnostics.suppressed.iter().map(|suppressed| SuppressedData {
            reason: &suppressed.reason,
            comment: PlaceData::new(&suppressed.place, sources),
            item: DiagnosticData::new(&suppressed.diagnostic, sources),
        });
        Self {
            pack: engine.map(|engine| engine.pack_id().to_string()),
            digest: engine.map(Engine::digest),
            as_of: as_of.filter(|_| engine.is_some()),
            errors: diagnostics.errors(),
            warnings: diagnostics.warnings(),
            notes: diagnostics.notes(),
            diagnostics: diagnostics.data(),
            suppressed: suppressed.collect(),
        }
    }
}

impl Engine {
    /// The rules of the pack, in its order.
    pub fn listed_rules(&self) -> Vec<ListedRule<'_>> {
        (0..self.pack().rules.len()).map(|at| self.listed(at)).collect()
    }

    /// The rule of an id, `None` if the pack has none of it.
    pub fn listed_rule(&self, id: &str) -> Option<ListedRule<'_>> {
        self.pack().rules.iter().position(|rule| rule.id == id).map(|at| self.listed(at))
    }

    /// The fields of the schema that the evaluated rules look at: in conditions, points, reasons and keys, and those from which
    /// derived and computed fields and the keys of lookup tables have their values.
    pub fn fields_of_rules(&self) -> BTreeSet<FieldId> {
        let pack = self.pack();
        let schema = &pack.schema;
        let rules = || pack.rules.iter().filter(|rule| rule.status.is_evaluated());
        let closures = rules().flat_map(|rule| {
            let points = match &rule.points {
                Points::Fixed(_) => None,
                Points::Computed(closure) => Some(closure),
            };
            rule.when.iter().chain(points).chain(&rule.reason)
        });
        let mut next: Vec<FieldRef> = closures.flat_map(Closure::fields).collect();
        let mut known = BTreeSet::new();
        while let Some(field) = next.pop() {
            if let FieldRef::Computed(at) | FieldRef::Total(at) = field
                && known.insert(field)
            {
                next.extend(pack.computed[at].closure.fields());
            }
            known.insert(field);
        }
        let mut fields: BTreeSet<FieldId> =
            known.into_iter().flat_map(|field| field.sources(schema)).collect();
        fields.extend(pack.lookups.iter().flat_map(|lookup| lookup.key_sources(schema)));
        let keys = &schema.keys;
        let is_keyed = |key| rules().any(|rule| !pack.key_names(rule, key).is_empty());
        fields.extend(keys.region.filter(|_| is_keyed(Key::Region)));
        fields.extend(keys.commodity.filter(|_| is_keyed(Key::Commodity)));
        fields.extend(keys.mode.filter(|_| is_keyed(Key::Mode)));
        if is_keyed(Key::Site) {
            fields.extend(keys.site.iter().map(|(_, field)| *field).chain(keys.site_kind));
        }
        fields
    }

    fn listed(&self, at: usize) -> ListedRule<'_> {
        let (pack, program) = (self.pack(), self.program());
        let rule = &pack.rules[at];
        let residuals = program.residuals(at);
        let residual = residuals.iter().map(|residual| {
            let (line, column) = pack.warnings.sources.line_and_column(&residual.place);
            ListedResidual {
                closure: residual.closure,
                reason: &residual.reason,
                file: &residual.place.file,
                line,
                column,
            }
        });
        let (points, computed) = match &rule.points {
            Points::Fixed(points) => (Some(*points), None),
            Points::Computed(closure) => (None, Some(closure)),
        };
        let channel = |channel: ChannelId| pack.channels[channel.index()].name.as_str();
        let names = |key| pack.key_names(rule, key).into_iter().map(Into::into).collect();
        let closures = rule.when.iter().chain(computed).chain(&rule.reason);
        ListedRule {
            id: &rule.id,
            title: &rule.title,
            title_zh: rule.title_zh.as_deref(),
            status: rule.status,
            file: &rule.place.file,
            line: pack.warnings.sources.line_and_column(&rule.place).0,
            region: names(Key::Region),
            commodity: names(Key::Commodity),
            mode: names(Key::Mode),
            site: names(Key::Site),
            from: rule.from,
            until: rule.until,
            when: rule.when.as_ref().map(Closure::text),
            points,
            points_computed: computed.map(Closure::text),
            at_least: rule.at_least.map(channel),
            at_most: rule.at_most.map(channel),
            reason: rule.reason.as_ref().map(Closure::text),
            basis: rule.basis.as_deref(),
            owner: rule.owner.as_deref(),
            tags: &rule.tags,
            fields: closures.flat_map(Closure::fields).map(|field| pack.field_name(field)).collect(),
            compiled: residuals.is_empty(),
            residual: residual.collect(),
            always: program.visit(at) == Visit::Always,
            witness: program.witness_text(at),
        }
    }
}
