//! What a pack says of its rules.

use qingfeng_rules::{Combine, Pack, Points, Rule, Status};
use serde::Serialize;

use qingfeng_inspection::evidence::Judged;

/// What a rule is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// It adds risk: points above 0, a floor, or a tag that makes inspections mandatory.
    Risk,
    /// It relieves: points below 0, or a ceiling.
    Relief,
}

impl Side {
    /// Its name in outputs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Risk => "risk",
            Self::Relief => "relief",
        }
    }
}

/// A rule of a pack.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KnownRule {
    /// Its id.
    pub id: Box<str>,
    /// Its title.
    pub title: String,
    /// The same in Chinese.
    pub title_zh: Option<String>,
    /// Whether it is on trial.
    pub shadow: bool,
    /// Its points, where they are the same on every line.
    pub points: Option<i64>,
    /// What it is for, as floor, ceiling and tags have it beside the points; `None` where they speak against each other.
    forced: Forced,
}

/// What floor, ceiling and tags make of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Forced {
    Nothing,
    One(Side),
    Both,
}

impl KnownRule {
    /// A rule with these points, and neither floor nor ceiling.
    pub fn with_points(id: &str, points: i64) -> Self {
        Self {
            id: id.into(),
            title: String::new(),
            title_zh: None,
            shadow: false,
            points: Some(points),
            forced: Forced::Nothing,
        }
    }

    fn of(rule: &Rule, mandatory: &[String]) -> Self {
        let raises = rule.at_least.is_some() || rule.tags.iter().any(|tag| mandatory.contains(tag));
        Self {
            title: rule.title.clone(),
            title_zh: rule.title_zh.clone(),
            shadow: rule.status == Status::Shadow,
            points: match rule.points {
                Points::Fixed(points) => Some(points),
                Points::Computed(_) => None,
            },
            forced: match (raises, rule.at_most.is_some()) {
                (false, false) => Forced::Nothing,
                (true, true) => Forced::Both,
                (true, false) => Forced::One(Side::Risk),
                (false, true) => Forced::One(Side::Relief),
            },
            ..Self::with_points(&rule.id, 0)
        }
    }

    /// What it is for. Points that are computed have the sign that they were seen to have: `given` is the least and the most
    /// of them. A rule without any points is to add risk, as rules do. `None` where points and channels speak against each
    /// other, and where nothing was seen.
    pub(crate) fn side(&self, given: Option<(i64, i64)>) -> Option<Side> {
        let by_points = match self.points.map_or(given, |points| Some((points, points))) {
            None => return if let Forced::One(side) = self.forced { Some(side) } else { None },
            Some((0, 0)) => None,
            Some((0.., _)) => Some(Side::Risk),
            Some((_, ..=0)) => Some(Side::Relief),
            Some(_) => return None,
        };
        match (by_points, self.forced) {
            (_, Forced::Both) => None,
            (None, Forced::Nothing) => Some(Side::Risk),
            (Some(side), Forced::Nothing) | (None, Forced::One(side)) => Some(side),
            (Some(side), Forced::One(forced)) => Some(side).filter(|side| *side == forced),
        }
    }
}

/// Whether the score of a declaration is the sum of the points of its rules: it has one line, on which all of them fired, and is
/// neither at the floor nor at the cap.
pub(crate) fn is_summed(judged: &Judged, (floor, cap): (i64, i64)) -> bool {
    judged.line_groups.len() <= 1 && floor < judged.score && judged.score < cap
}

/// The rules of a pack that are evaluated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct KnownRules {
    /// They, in the order of the pack.
    pub rules: Vec<KnownRule>,
    /// Between which scores the sum of the points stands as it is; `None` where points are not added.
    summed_within: Option<(i64, i64)>,
}

impl KnownRules {
    /// Those of a pack.
    pub fn of(pack: &Pack) -> Self {
        let mandatory = pack.selection.as_ref().map_or(&[][..], |selection| &selection.mandatory.tags);
        let evaluated = pack.rules.iter().filter(|rule| rule.status.is_evaluated());
        Self {
            rules: evaluated.map(|rule| KnownRule::of(rule, mandatory)).collect(),
            summed_within: (pack.score.combine == Combine::Sum).then_some((pack.score.floor, pack.score.cap)),
        }
    }

    /// Where each rule of the evidence stands here.
    pub(crate) fn places(&self, ids: &[Box<str>]) -> Vec<Option<usize>> {
        let at: std::collections::BTreeMap<&str, usize> =
            self.rules.iter().enumerate().map(|(at, rule)| (&*rule.id, at)).collect();
        ids.iter().map(|id| at.get(&**id).copied()).collect()
    }

    /// The rule with computed points that fired on a declaration, with the points that it gave: where it alone has such, all
    /// others are known, and the score is not cut.
    pub(crate) fn computed(&self, judged: &Judged, places: &[Option<usize>]) -> Option<(u32, i64)> {
        if !is_summed(judged, self.summed_within?) {
            return None;
        }
        let (mut computed, mut fixed) = (None, 0_i64);
        for &rule in judged.rules.iter() {
            let known = &self.rules[(*places.get(rule as usize)?)?];
            match known.points {
                Some(points) => fixed = fixed.saturating_add(points),
                None if computed.is_some() => return None,
                None => computed = Some(rule),
            }
        }
        Some((computed?, judged.score.saturating_sub(fixed)))
    }
}
