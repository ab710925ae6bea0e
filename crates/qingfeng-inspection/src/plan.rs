//! What a plan says of an office and a day.

use std::borrow::Cow;

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

/// Why a declaration is not inspected, as summaries count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Because {
    /// It has no day, so no day's plan can have it.
    NoDay,
    /// Its day is before the first planned one.
    Earlier,
    /// The same, and a result of its inspection is known: it was opened.
    Known,
    /// Its day is after the last planned one.
    Later,
    /// It belongs to no site.
    NoSite,
    /// None of its sites is of a kind that inspects.
    NoOffice,
    /// Nothing is said of what its sites that inspect can do on its day.
    NoCapacity,
    /// Its site inspects nothing on its day.
    Closed,
    /// The capacity is used.
    Room,
    /// A quota has its place.
    Quota,
    /// Its trader is left alone.
    LeftAlone,
    /// Its trader has had its inspections of a day.
    PerDay,
    /// Neither mandatory nor targeted, and the draw did not fall on it.
    NotDrawn,
}

impl Because {
    /// As rows say it.
    pub fn told(self) -> &'static str {
        match self {
            Self::NoDay => "no office: no day",
            Self::Earlier => "no office: a day before the first planned one",
            Self::Known => "no office: a day before the first planned one, and a result is known",
            Self::Later => "no office: a day after the last planned one",
            Self::NoSite => "no office: no site",
            Self::NoOffice => "no office: no site that inspects",
            Self::NoCapacity => "no office: no site with capacity on its day",
            Self::Closed => "no capacity on its day",
            Self::Room => "no capacity left",
            Self::Quota => "displaced by a quota",
            Self::LeftAlone => "its trader is left alone",
            Self::PerDay => "its trader has had the inspections of a day",
            Self::NotDrawn => "not drawn",
        }
    }

    /// As summaries list it.
    pub fn name(self) -> &'static str {
        self.told().strip_prefix("no office: ").unwrap_or(self.told())
    }

    /// Whether a limit on its trader is why.
    pub fn is_limit(self) -> bool {
        matches!(self, Self::LeftAlone | Self::PerDay)
    }
}

/// A declaration that no office's plan can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoOffice {
    /// The declaration, by its position in the candidates.
    pub candidate: usize,
    /// Why.
    pub because: Because,
}

/// A declaration of an office's day that is not inspected.
#[derive(Clone, Debug, PartialEq)]
pub struct LeftOut {
    /// The declaration, by its position in the candidates.
    pub candidate: usize,
    /// As what it would have been inspected.
    pub kind: SelectionKind,
    /// Why it is not ...
    pub because: Because,
    /// ... and in words: `no capacity left`, `displaced by quota markets`, `trader left alone until 2016-10-02`.
    pub why: Cow<'static, str>,
    /// The quota that has its place, if one has.
    pub displaced_by: Option<String>,
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
    /// All others of its declarations, the worthiest first, ties by id.
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
