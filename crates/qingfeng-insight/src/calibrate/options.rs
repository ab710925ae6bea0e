//! What is fitted, and within which bounds.

use std::collections::BTreeSet;

use qingfeng_rules::{Combine, Pack, Points, Rule, Status, limits};
use serde::Serialize;

use super::{CalibrateError, Reason};

/// The rules of a pack as calibration sees them, with the points that they have today.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CurrentPoints {
    /// The active rules, in the order of the pack.
    pub rules: Vec<CurrentRule>,
    /// The least score.
    pub floor: i64,
    /// The greatest score.
    pub cap: i64,
    /// The channels from mild to severe, with the least score of each.
    pub channels: Vec<(String, i64)>,
    /// Whether the score is the sum of the points. Points that are not added cannot be fitted.
    pub summed: bool,
}

/// An active rule and its points.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CurrentRule {
    /// The rule's id.
    pub id: String,
    /// The same points on every line; `None` where an expression gives them.
    pub points: Option<i64>,
    /// Why it keeps its points whatever was found, if it does.
    pub kept: Option<Reason>,
    /// Whether it stands for the lines on which a rule with computed points gives these; the rule itself is there as well.
    pub is_band: bool,
}

impl CurrentPoints {
    /// Those of a pack. A rule that chooses among numbers (`if … { 44 } else { 9 }`) has each of them as a band. Other
    /// computed points keep what they compute, and so do rules with a channel of their own (`at_least`, `at_most`), those that
    /// selection calls mandatory by a tag, and those whose number is not written in the rule or serves several rules, since
    /// no proposal could change it for one of them alone.
    ///
    /// ```
    /// use qingfeng::Engine;
    /// use qingfeng_insight::calibrate::CurrentPoints;
    ///
    /// let engine = Engine::open(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/import-fraud"))?;
    /// let current = CurrentPoints::of(engine.pack());
    /// assert_eq!(current.rules[0].id, "DE-01");
    /// assert_eq!(current.rules[0].points, Some(6));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of(pack: &Pack) -> Self {
        let mut own = vec![false; pack.rules.len()];
        let mut bands: BTreeSet<(usize, i64)> = BTreeSet::new();
        for written in pack.written_points() {
            match written.rules[..] {
                [rule] if written.is_chosen => _ = bands.insert((rule, written.points)),
                [rule] => own[rule] = true,
                _ => {}
            }
        }
        let active = pack.rules.iter().zip(own).filter(|(rule, _)| rule.status == Status::Active);
        let rules = active.map(|(rule, is_own)| {
            let points = match rule.points {
                Points::Fixed(points) => Some(points),
                Points::Computed(_) => None,
            };
            let kept = if points.is_none() {
                Some(Reason::Computed)
            } else {
                kept_by_policy(rule, pack).or((!is_own).then_some(Reason::SharedNumber))
            };
            CurrentRule { id: rule.id.clone(), points, kept, is_band: false }
        });
        // Each number is fitted as if the lines on which its rule gives it had a rule of their own.
        let bands = bands.into_iter().map(|(at, points)| (&pack.rules[at], points));
        let bands =
            bands.filter(|(rule, _)| rule.status == Status::Active).map(|(rule, points)| CurrentRule {
                id: rule.id.clone(),
                points: Some(points),
                kept: kept_by_policy(rule, pack),
                is_band: true,
            });
        Self {
            rules: rules.chain(bands).collect(),
            floor: pack.score.floor,
            cap: pack.score.cap,
            channels: pack.channels.iter().map(|channel| (channel.name.clone(), channel.from)).collect(),
            summed: pack.score.combine == Combine::Sum,
        }
    }
}

/// Why a rule keeps its points though they can be written: its channel, or what its tags make mandatory, is policy.
fn kept_by_policy(rule: &Rule, pack: &Pack) -> Option<Reason> {
    let mandatory = pack.selection.as_ref().map_or(&[][..], |selection| &selection.mandatory.tags);
    if rule.at_least.is_some() || rule.at_most.is_some() {
        Some(Reason::ForcedChannel)
    } else {
        rule.tags.iter().any(|tag| mandatory.contains(tag)).then_some(Reason::Mandatory)
    }
}

/// Towards what points are drawn where little was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Toward {
    /// Towards the points of the pack: a rule of which little is known stays nearly what it is.
    #[default]
    Pack,
    /// Towards nothing: a rule of which little is known loses its points.
    Zero,
}

/// How points are fitted.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CalibrateOptions {
    /// The least points of a rule; without it 0, and for a rule that has less than 0 today -40 or the least of the
    /// pack.
    pub least: Option<i64>,
    /// The most points of a rule; without it 40 or the most points of a rule of the pack, and 0 for a rule that has less than
    /// 0 today.
    pub most: Option<i64>,
    /// Judged declarations on which a rule must have fired; a rule with fewer keeps its points.
    pub support: u32,
    /// Towards what the penalty draws.
    pub toward: Toward,
    /// The penalties that are tried, in the unit of declarations: that of `λ‖β‖²/2` beside the log likelihood.
    pub penalties: Vec<f64>,
    /// The latest periods that are judged after learning on what was before, at most.
    pub periods: u32,
    /// Whether channels keep their least scores, though other numbers of declarations then reach them. Without it their
    /// least scores move, so that each channel keeps its workload.
    pub keep_channels: bool,
    /// Whether declarations count by one over their probability of being selected. Without it the points are those of
    /// what was looked at, not of what came.
    pub weighted: bool,
}

impl Default for CalibrateOptions {
    fn default() -> Self {
        Self {
            least: None,
            most: None,
            support: 30,
            toward: Toward::Pack,
            penalties: vec![0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0],
            periods: 4,
            keep_channels: false,
            weighted: true,
        }
    }
}

/// The most points that a rule without bounds of its own is given.
const MOST: i64 = 40;
/// Penalties that are tried, and periods that are judged, at most.
const PENALTIES_MAX: usize = 100;
const PERIODS_MAX: u32 = 120;

impl CalibrateOptions {
    /// What is wrong with them.
    pub(super) fn check(&self) -> Result<(), CalibrateError> {
        let refused = |text: String| Err(CalibrateError::Option(text));
        if self.penalties.is_empty() || self.penalties.len() > PENALTIES_MAX {
            return refused(format!("give 1 to {PENALTIES_MAX} penalties"));
        }
        if let Some(penalty) = self.penalties.iter().find(|penalty| !(1e-6..=1e9).contains(*penalty)) {
            return refused(format!(
                "a penalty of {penalty} is out of bounds; give one from 0.000001 to 1e9"
            ));
        }
        if self.periods > PERIODS_MAX {
            return refused(format!("{} periods are too many; judge {PERIODS_MAX} at most", self.periods));
        }
        let most = limits::POINTS_MAX;
        if [self.least, self.most].into_iter().flatten().any(|points| !(-most..=most).contains(&points)) {
            return refused(format!("points of a rule go from {} to {most}", -most));
        }
        match (self.least, self.most) {
            (Some(least), Some(most)) if least > most => {
                refused(format!("the least points, {least}, are more than the most, {most}"))
            }
            _ => Ok(()),
        }
    }

    /// Between which points a rule with these points today may come to lie.
    pub(super) fn bounds(&self, today: i64, pack: &CurrentPoints) -> (i64, i64) {
        let fixed = || pack.rules.iter().filter_map(|rule| rule.points);
        let (least, most) = if today < 0 {
            (fixed().min().unwrap_or(today).min(-MOST), 0)
        } else {
            (0, fixed().max().unwrap_or(MOST).max(MOST))
        };
        let least = self.least.unwrap_or(least);
        let most = self.most.unwrap_or(most);
        (least, most.max(least))
    }
}
