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
mod declarations;
mod history;
mod join;
mod read;

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use qingfeng_rules::{Date, SelectionKind};

use crate::{AssessedDeclaration, Counted};
use qingfeng::read::Reject;
use qingfeng_store::{Outcome, Verdict, verdict_of};

pub use chances::{Chance, Chances, PlannedDraw};
pub use changes::Changed;
pub use declarations::Declarations;
pub use history::Labels;
pub use join::Unplanned;

/// Where a rule stands in [`Evidence::rules`].
pub type RuleAt = u32;

/// Declarations with what is known of them.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// The ids of rules, active and shadow, in the order of their texts.
    pub rules: Vec<Box<str>>,
    /// Sites, in the order of their names.
    pub sites: Vec<Box<str>>,
    /// Channels, the gravest last, as the pack orders them. Of those that no pack was given for, the ones whose declarations
    /// have the higher scores on average are taken for the graver.
    pub channels: Vec<Box<str>>,
    /// The packs that assessed, `name@version#digest`, in the order of their texts.
    pub packs: Vec<Box<str>>,
    /// By day and id, those without a day first; no id is there twice on a day. Several assessments of one are put
    /// together as plans do it, see [`AssessedDeclaration::merge`].
    pub declarations: Declarations,
    /// Assessments of a declaration that gave way to one in another channel, where no pack said which is the graver.
    pub guessed_channels: u64,
    /// Planned inspections of declarations that the assessments do not have.
    pub planned_elsewhere: Counted<Box<str>>,
    /// Declarations with outcomes that no plan selected. They say nothing here, since nobody knows how they came to be
    /// inspected.
    pub unplanned: Counted<Box<str>>,
    /// The draws of the plans, by which [`chance`](Self::chance) tells what could have been drawn.
    pub chances: Chances,
    /// Rows of outcomes that could not be read.
    pub outcome_rejects: Counted<Reject>,
    /// Results of a line that a later one replaced and that said something else.
    pub corrected: u64,
}

/// An assessed declaration, with its inspection if one was planned.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// The declaration. Its rules, sites, channel and pack are places in [`Evidence`].
    pub assessed: AssessedDeclaration,
    /// Its inspection, if a plan has it.
    pub inspection: Option<Box<Inspection>>,
}

impl Deref for Judged {
    type Target = AssessedDeclaration;

    fn deref(&self) -> &AssessedDeclaration {
        &self.assessed
    }
}

impl DerefMut for Judged {
    fn deref_mut(&mut self) -> &mut AssessedDeclaration {
        &mut self.assessed
    }
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

impl Evidence {
    /// The name of a declaration's channel.
    pub fn channel(&self, judged: &Judged) -> &str {
        self.channels.get(judged.channel.index()).map_or("", |channel| channel)
    }
}
