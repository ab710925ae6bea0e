//! Assessments, plans and outcomes, put together by declaration: what the worth of rules, calibration, watching and the
//! report start from.
//!
//! ```text
//! assessments ──┐
//! plans ────────┼──▶ Evidence: each declaration, whether and how likely it was inspected, and what was found
//! outcomes ─────┘
//! ```
//!
//! Assessments of several versions of a pack may stand side by side: rules are known by their ids alone.

mod chances;
mod changes;
mod history;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::BuildHasher as _;
use std::sync::Arc;

use foldhash::fast::FixedState;
use qingfeng_rules::Date;

use crate::PlanFile;
use crate::outcomes::Outcomes;
use qingfeng::internals::table_rows::{Row, RowReader};
use qingfeng::read::{Input, ReadError, Reject};
use qingfeng_rules::SelectionKind;
use qingfeng_store::{Outcome, Verdict, verdict_of};

pub use chances::{Chance, Chances};
pub use changes::Changed;
#[doc(hidden)]
pub use changes::bare;
pub use history::Labels;

/// The declarations that are held at most.
pub const MAX_DECLARATIONS: usize = 10_000_000;
/// The rules, sites or packs that assessments may name at most.
pub const MAX_NAMES: usize = 1_000_000;

/// Where a rule stands in [`Evidence::rules`].
pub type RuleAt = u32;

/// Declarations with what is known of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    /// The ids of rules, active and shadow, in the order of their texts.
    pub rules: Vec<Box<str>>,
    /// Sites, in the order of their names.
    pub sites: Vec<Box<str>>,
    /// The packs that assessed, `name@version#digest`, in the order of their texts.
    pub packs: Vec<Box<str>>,
    /// By day and id, those without a day first; no id is there twice on a day.
    pub declarations: Vec<Judged>,
    /// Planned inspections of declarations that the assessments do not have: how many, and the first ids.
    pub planned_elsewhere: (u64, Vec<Box<str>>),
    /// Declarations with outcomes that no plan selected: how many, and the first ids. They say nothing here, since nobody
    /// knows how they came to be inspected.
    pub unplanned: (u64, Vec<Box<str>>),
    /// The draws of the plans, by which [`chance`](Self::chance) tells what could have been drawn.
    pub chances: Chances,
    /// Rows of outcomes that could not be read: how many, and the first of them.
    pub outcome_rejects: (u64, Vec<Reject>),
    /// Results of a line that a later one replaced and that said something else.
    pub corrected: u64,
}

/// The ids that are told of what does not fit.
const TOLD: usize = 5;

/// An assessed declaration, with its inspection if one was planned.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// Its id.
    pub declaration_id: Box<str>,
    /// Its own day.
    pub day: Option<Date>,
    /// Its score.
    pub score: i64,
    /// Its channel.
    pub channel: Arc<str>,
    /// The active rules that fired on it, rising.
    pub rules: Arc<[RuleAt]>,
    /// The shadow rules that fired on it, rising.
    pub shadow_rules: Arc<[RuleAt]>,
    /// The pack that assessed it, by its place in [`Evidence::packs`].
    pub pack: u32,
    /// The sites to which its lines belong, by their places in [`Evidence::sites`], rising.
    pub sites: Arc<[u32]>,
    /// Its trader.
    pub trader: Option<Arc<str>>,
    /// The class of its trader.
    pub trader_class: Arc<str>,
    /// The goods group of its decisive line, or `other`.
    pub group: Arc<str>,
    /// The trade mode of its decisive line.
    pub mode: Option<Arc<str>>,
    /// The destination of its decisive line.
    pub destination: Option<Arc<str>>,
    /// How many goods lines it has.
    pub lines: u32,
    /// Its packages.
    pub packages: Option<i64>,
    /// Its value, in the unit of declarations.
    pub value: Option<f64>,
    /// Its inspection, if a plan has it.
    pub inspection: Option<Box<Inspection>>,
}

/// A planned inspection, and what it found.
#[derive(Clone, Debug, PartialEq)]
pub struct Inspection {
    /// Its day.
    pub day: Date,
    /// The site that inspects, by its place in [`Evidence::sites`].
    pub office: u32,
    /// Why it was selected.
    pub selected: SelectionKind,
    /// How likely it was to be selected, in (0, 1]: 1 unless it was drawn.
    pub probability: f64,
    /// What it costs: points, or 1 where capacity is in inspections.
    pub cost: u32,
    /// The stratum of the draw that it belongs to.
    pub stratum: Option<Arc<str>>,
    /// The results of its lines; none where nothing came back.
    pub outcomes: Vec<Outcome>,
}

impl Inspection {
    /// What it came to; open where nothing came back.
    pub fn verdict(&self) -> Verdict {
        verdict_of(&self.outcomes)
    }
}

impl Judged {
    /// What its inspection found, if there was one with a result: `Some(true)` a violation, `Some(false)` clear.
    pub fn found(&self) -> Option<bool> {
        self.inspection.as_ref()?.verdict().found()
    }
}

const COLUMNS: &[&str] = &[
    "declaration_id",
    "score",
    "channel",
    "rules",
    "shadow_rules",
    "pack",
    "declared_on",
    "sites",
    "trader",
    "trader_class",
    "group",
    "mode",
    "destination",
    "line_groups",
    "packages",
    "value",
];
const REQUIRED: &[usize] = &[0, 1, 2, 3, 5];

/// Texts, each stored once.
#[derive(Default)]
struct Shared {
    texts: HashMap<Box<str>, Arc<str>, FixedState>,
    numbers: HashMap<Vec<u32>, Arc<[u32]>, FixedState>,
}

/// Shared texts and lists at most; further ones are copied.
const SHARED_MAX: usize = 1_000_000;

impl Shared {
    fn text(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.texts.get(text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = text.into();
        if self.texts.len() < SHARED_MAX {
            self.texts.insert(text.into(), Arc::clone(&new));
        }
        new
    }

    fn numbers(&mut self, numbers: Vec<u32>) -> Arc<[u32]> {
        if let Some(known) = self.numbers.get(&numbers) {
            return Arc::clone(known);
        }
        let new: Arc<[u32]> = numbers.as_slice().into();
        if self.numbers.len() < SHARED_MAX {
            self.numbers.insert(numbers, Arc::clone(&new));
        }
        new
    }
}

/// Names in the order in which they come; put in order at the end.
#[derive(Default)]
struct Names {
    at: HashMap<Box<str>, u32, FixedState>,
}

impl Names {
    fn number(&mut self, name: &str) -> Option<u32> {
        if let Some(&at) = self.at.get(name) {
            return Some(at);
        }
        let next = self.at.len();
        if next == MAX_NAMES {
            return None;
        }
        self.at.insert(name.into(), next as u32);
        Some(next as u32)
    }

    /// The names in order, and by former number the new one.
    fn finish(self) -> (Vec<Box<str>>, Vec<u32>) {
        let mut new = vec![0; self.at.len()];
        let mut names: Vec<(Box<str>, u32)> = self.at.into_iter().collect();
        names.sort_unstable();
        for (position, (_, former)) in names.iter().enumerate() {
            new[*former as usize] = position as u32;
        }
        (names.into_iter().map(|(name, _)| name).collect(), new)
    }
}

struct Builder {
    rules: Names,
    sites: Names,
    packs: Names,
    shared: Shared,
    declarations: Vec<Judged>,
}

impl Builder {
    fn names(row: &Row, list: &[impl AsRef<str>], names: &mut Names) -> Result<Vec<u32>, ReadError> {
        let mut numbers = Vec::with_capacity(list.len());
        for name in list.iter().map(AsRef::as_ref).filter(|name| !name.is_empty()) {
            let number = names.number(name);
            numbers.push(
                number.ok_or_else(|| row.error(format!("more than {MAX_NAMES} names of rules or sites")))?,
            );
        }
        Ok(numbers)
    }

    fn declaration(&mut self, row: &Row) -> Result<(), ReadError> {
        let rules = Self::names(row, &row.list(3)?, &mut self.rules)?;
        let shadow_rules = Self::names(row, &row.list(4)?, &mut self.rules)?;
        let sites = Self::names(row, &row.list(7)?, &mut self.sites)?;
        let pack = row.text(5)?;
        let pack = Self::names(row, &[pack.as_deref().unwrap_or("unknown")], &mut self.packs)?;
        let mut text = |column: usize| -> Result<Option<Arc<str>>, ReadError> {
            Ok(row.text(column)?.map(|text| self.shared.text(&text)))
        };
        let (trader, trader_class, group) = (text(8)?, text(9)?, text(10)?);
        let (mode, destination, channel) = (text(11)?, text(12)?, text(2)?);
        let judged = Judged {
            declaration_id: row.required_text(0)?.into(),
            day: row.date(6)?,
            score: row.integer(1)?.ok_or_else(|| row.error("`score` is missing; each assessment has one"))?,
            channel: channel.ok_or_else(|| row.error("`channel` is missing; each assessment has one"))?,
            rules: self.shared.numbers(rules),
            shadow_rules: self.shared.numbers(shadow_rules),
            pack: pack.first().copied().unwrap_or_default(),
            sites: self.shared.numbers(sites),
            trader,
            trader_class: trader_class.unwrap_or_else(|| self.shared.text("unnamed")),
            group: group.unwrap_or_else(|| self.shared.text("other")),
            mode,
            destination,
            lines: row.list(13)?.len().max(1) as u32,
            packages: row.integer(14)?,
            value: row.number(15)?,
            inspection: None,
        };
        self.declarations.push(judged);
        Ok(())
    }

    fn finish<'o>(mut self, offices: impl Iterator<Item = &'o str>) -> Evidence {
        offices.for_each(|office| {
            self.sites.number(office);
        });
        let (rules, new_rules) = self.rules.finish();
        let (sites, new_sites) = self.sites.finish();
        let (packs, new_packs) = self.packs.finish();
        let mut shared = Shared::default();
        let mut renumber = |numbers: &Arc<[u32]>, new: &[u32]| {
            let mut numbers: Vec<u32> = numbers.iter().map(|&number| new[number as usize]).collect();
            numbers.sort_unstable();
            numbers.dedup();
            shared.numbers(numbers)
        };
        for judged in &mut self.declarations {
            judged.rules = renumber(&judged.rules, &new_rules);
            judged.shadow_rules = renumber(&judged.shadow_rules, &new_rules);
            judged.sites = renumber(&judged.sites, &new_sites);
            judged.pack = new_packs.get(judged.pack as usize).copied().unwrap_or_default();
        }
        // Of several assessments of one declaration and day the worst counts, whatever the order of the files.
        self.declarations.sort_by(|a, b| {
            (a.day, &a.declaration_id, b.score, &b.channel, &a.rules).cmp(&(
                b.day,
                &b.declaration_id,
                a.score,
                &a.channel,
                &b.rules,
            ))
        });
        self.declarations.dedup_by(|next, kept| {
            let same = next.day == kept.day && next.declaration_id == kept.declaration_id;
            if same {
                let mut united = |a: &Arc<[u32]>, b: &Arc<[u32]>| {
                    let all: BTreeSet<u32> = a.iter().chain(b.iter()).copied().collect();
                    shared.numbers(all.into_iter().collect())
                };
                kept.rules = united(&kept.rules, &next.rules);
                kept.shadow_rules = united(&kept.shadow_rules, &next.shadow_rules);
                kept.sites = united(&kept.sites, &next.sites);
                kept.lines += next.lines;
            }
            same
        });
        Evidence {
            rules,
            sites,
            packs,
            declarations: self.declarations,
            planned_elsewhere: (0, Vec::new()),
            unplanned: (0, Vec::new()),
            chances: Chances::default(),
            outcome_rejects: (0, Vec::new()),
            corrected: 0,
        }
    }
}

/// Keeps an id if it is one of the first.
fn tell(first: &mut BTreeSet<Box<str>>, id: &str) {
    if first.len() < TOLD || first.last().is_some_and(|last| id < &**last) {
        first.insert(id.into());
        if first.len() > TOLD {
            first.pop_last();
        }
    }
}

/// Which declarations the plans selected, and which others have outcomes.
#[derive(Clone, Debug, Default)]
pub struct Unplanned {
    selected: HashSet<Box<str>, FixedState>,
    /// Of millions of others only the number is told, and the first ids: 64 bits of each are enough to count them.
    others: HashSet<u64, FixedState>,
    first: BTreeSet<Box<str>>,
}

impl Unplanned {
    /// Of these plans.
    pub fn of(plans: &[PlanFile]) -> Self {
        let rows = plans.iter().flat_map(|plan| &plan.rows);
        let selected = rows.map(|row| row.declaration_id.as_str().into()).collect();
        Self { selected, ..Self::default() }
    }

    /// Whether a plan selected this declaration; one that none did is noted.
    pub fn keeps(&mut self, id: &str) -> bool {
        let known = self.selected.contains(id);
        if !known && self.others.insert(FixedState::default().hash_one(id)) {
            tell(&mut self.first, id);
        }
        known
    }

    /// How many declarations with outcomes no plan selected.
    pub fn count(&self) -> u64 {
        self.others.len() as u64
    }
}

impl Evidence {
    /// Reads assessments by declaration and the outcomes of what the plans selected, and puts them together.
    ///
    /// # Errors
    ///
    /// An input that cannot be read, lacks a column, or has a row that none should have; each with its place.
    ///
    /// ```
    /// use qingfeng_inspection::evidence::Evidence;
    /// use qingfeng::read::Input;
    /// use qingfeng_inspection::PlanFile;
    ///
    /// let directory = tempfile::tempdir()?;
    /// let file = |name: &str, text: &str| -> std::io::Result<_> {
    ///     let path = directory.path().join(name);
    ///     std::fs::write(&path, text)?;
    ///     Ok(path)
    /// };
    /// let assessments = file("assessments.csv", "declaration_id,score,channel,rules,pack,declared_on\n\
    ///     D1,80,red,replica,clean-wind@1#ab,2016-09-06\n\
    ///     D2,0,green,,clean-wind@1#ab,2016-09-06\n")?;
    /// let plan = file("plan.csv", "day,office,order,declaration_id,selected,probability,score,channel,cost,pack\n\
    ///     2016-09-06,yiwu,1,D1,targeted,1,80,red,15,clean-wind@1#ab\n")?;
    /// let outcomes = file("outcomes.csv", "declaration_id,item_no,found_on,result\nD1,1,2016-09-07,fake\n")?;
    /// let plans = [PlanFile::read(&plan)?];
    /// let evidence = Evidence::read(&[Input::Path(assessments)], &plans, &[Input::Path(outcomes)])?;
    /// assert_eq!(evidence.declarations[0].found(), Some(true));
    /// assert_eq!(evidence.declarations[1].found(), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read(assessments: &[Input], plans: &[PlanFile], outcomes: &[Input]) -> Result<Self, ReadError> {
        let mut others = Unplanned::of(plans);
        let outcomes = Outcomes::read(outcomes, &mut |id| others.keeps(id))?;
        Self::with_outcomes(assessments, plans, outcomes, others)
    }

    /// The same with outcomes that were read otherwise: as of a day, or out of a store. `unplanned` has told which of them
    /// a plan selected.
    ///
    /// # Errors
    ///
    /// Assessments that cannot be read, lack a column, or have a row that none should have; each with its place.
    pub fn with_outcomes(
        assessments: &[Input],
        plans: &[PlanFile],
        outcomes: Outcomes,
        unplanned: Unplanned,
    ) -> Result<Self, ReadError> {
        let offices = plans.iter().flat_map(|plan| &plan.rows).map(|row| row.office.as_str());
        let mut evidence = Self::assessed(assessments, offices)?;
        evidence.unplanned = (unplanned.count(), unplanned.first.into_iter().collect());
        let (rejects, rejected) = outcomes.rejects();
        evidence.outcome_rejects = (rejected, rejects.to_vec());
        evidence.corrected = outcomes.corrected();
        evidence.inspect(plans, outcomes);
        Ok(evidence)
    }

    /// Reads assessments; these offices are sites too.
    fn assessed<'o>(
        assessments: &[Input],
        offices: impl Iterator<Item = &'o str>,
    ) -> Result<Self, ReadError> {
        let mut builder = Builder {
            rules: Names::default(),
            sites: Names::default(),
            packs: Names::default(),
            shared: Shared::default(),
            declarations: Vec::new(),
        };
        for input in assessments {
            let rows = RowReader::open(input, None, COLUMNS)?;
            rows.require(REQUIRED, "what `qingfeng score` writes by declaration")?;
            for row in rows {
                builder.declaration(&row?)?;
                if builder.declarations.len() > MAX_DECLARATIONS {
                    let reason = format!("more than {MAX_DECLARATIONS} assessments; give a shorter time");
                    return Err(ReadError::content(input, reason));
                }
            }
        }
        Ok(builder.finish(offices))
    }

    /// Puts plans and outcomes to the declarations that they speak of.
    pub fn inspect(&mut self, plans: &[PlanFile], mut outcomes: Outcomes) {
        let mut elsewhere: BTreeSet<Box<str>> = BTreeSet::new();
        let mut missed = 0;
        let mut texts = Shared::default();
        for row in plans.iter().flat_map(|plan| &plan.rows) {
            let key = (Some(row.day), row.declaration_id.as_str());
            let at =
                self.declarations.binary_search_by(|judged| (judged.day, &*judged.declaration_id).cmp(&key));
            let Ok(at) = at else {
                missed += 1;
                tell(&mut elsewhere, &row.declaration_id);
                continue;
            };
            let Ok(office) = self.sites.binary_search_by(|site| (**site).cmp(&row.office)) else { continue };
            self.chances.row(row, office as u32, &self.declarations[at]);
            self.declarations[at].inspection = Some(Box::new(Inspection {
                day: row.day,
                office: office as u32,
                selected: row.selected,
                probability: row.probability,
                cost: row.cost,
                stratum: row.stratum.as_deref().map(|stratum| texts.text(stratum)),
                outcomes: outcomes.take(&row.declaration_id).unwrap_or_default(),
            }));
        }
        self.planned_elsewhere = (missed, elsewhere.into_iter().collect());
    }
}
