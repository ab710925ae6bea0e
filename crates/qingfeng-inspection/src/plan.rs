//! What a plan says of an office and a day.

use qingfeng_rules::selection::{Amount, Millionths};
use qingfeng_rules::{Date, SelectionKind};

/// An inspection of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Selected {
    /// The declaration, by its position in the candidates.
    pub candidate: usize,
    /// Why.
    pub kind: SelectionKind,
    /// What led to it, for people: `quota markets`, `exploration: rule MC-09 is young`, `drawn among 57 of toys/new`.
    pub why: Vec<String>,
    /// How likely it was to be inspected, in (0, 1], given all that was known before the draw.
    pub probability: f64,
    /// Its expected worth, in millionths of a finding (or of the value's unit).
    pub worth: i64,
    /// What its inspection costs, in points; 1 where capacity is in inspections.
    pub cost: u32,
    /// Its stratum, by position in the day's strata.
    pub stratum: usize,
}

/// A declaration that would have been inspected had the capacity sufficed, or but for a quota or a limit.
#[derive(Clone, Debug, PartialEq)]
pub struct LeftOut {
    /// The declaration, by its position in the candidates.
    pub candidate: usize,
    /// As what it would have been inspected.
    pub kind: SelectionKind,
    /// Why it is not: `no capacity left`, `displaced by quota markets`, `trader left alone until 2016-10-02`.
    pub why: String,
    /// The quota that has its place, if one has.
    pub displaced_by: Option<String>,
    /// Whether a limit on its trader is why.
    pub limited: bool,
    /// Its expected worth.
    pub worth: i64,
    /// What its inspection would cost.
    pub cost: u32,
    /// Its stratum, by position in the day's strata: it could be drawn.
    pub stratum: usize,
}

/// The draw of a stratum.
#[derive(Clone, Debug, PartialEq)]
pub struct StratumDraw {
    /// Its name: `motorcycles/new`; `all` where an office's day is not divided.
    pub name: String,
    /// The rate asked of it.
    pub rate: Millionths,
    /// All its declarations.
    pub declarations: u64,
    /// Those among which the draw was: neither mandatory nor targeted.
    pub population: u64,
    /// The inspections that the rate asks for.
    pub asked: u64,
    /// Those drawn.
    pub drawn: u64,
    /// How likely each of the population was to be drawn.
    pub probability: f64,
    /// Whether less was drawn than asked, since the capacity did not suffice.
    pub cut: bool,
}

/// The plan of an office and a day.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedDay {
    /// The office: a site that inspects.
    pub office: String,
    /// The day.
    pub day: Date,
    /// Its capacity.
    pub capacity: Amount,
    /// What of it is used, in the capacity's own unit.
    pub used: u64,
    /// What was kept for the draw, in the same unit: the dearest that could have been drawn. Where less was drawn, the
    /// rest is free.
    pub reserved: u64,
    /// The inspections that the rates of the draw ask for, all strata together.
    pub draw_asked: u64,
    /// The inspections, in the order mandatory, targeted, random; within a kind the worthiest first, ties by id.
    pub selected: Vec<Selected>,
    /// What was left out, the worthiest first, ties by id.
    pub left_out: Vec<LeftOut>,
    /// The strata, by name.
    pub strata: Vec<StratumDraw>,
    /// For each quota of the pack what it asked for, what there was, and what was selected.
    pub quotas: Vec<QuotaMet>,
}

/// What became of a quota on an office's day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotaMet {
    /// The quota's name.
    pub name: String,
    /// Whether it counts points; else inspections.
    pub points: bool,
    /// The inspections, or points, that it asks for.
    pub asked: u64,
    /// What its declarations of the day would have come to that must or may be targeted for their channel.
    pub available: u64,
    /// What was selected of them, of whatever kind.
    pub selected: u64,
    /// The declarations that a plan without quotas would have had in their places.
    pub displaced: Vec<usize>,
}
