//! What is found about a declaration: score, channel, and why.

use std::sync::Arc;

use qingfeng_rules::{ChannelId, Combine, Fault, Pack, Score, Status};
use serde::{Deserialize, Serialize};

use crate::output::summary::Notes;

/// The result of one declaration. Its JSON is stored by whoever decides with it: fields may be added, and what an older
/// version wrote is read all the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Assessment {
    /// The declaration's id.
    pub declaration_id: String,
    /// The score of its worst line.
    pub score: i64,
    /// The channel of its worst line.
    pub channel: String,
    /// The number of its worst line: the one in the most severe channel, among those the one with the highest
    /// score, among those the first.
    pub decisive_item: Option<i64>,
    /// The position of that line in `items`, from 0, which is certain where numbers are repeated. `None` only in what
    /// was written before there was this field.
    #[serde(default)]
    pub decisive_index: Option<usize>,
    /// Each goods line, in order.
    pub items: Vec<ItemAssessment>,
    /// The pack that decided: `name@version#digest`.
    pub pack: Arc<str>,
    /// What of the declaration was not understood, from [`assess`](crate::Engine::assess) and
    /// [`assess_json`](crate::Engine::assess_json). Of a table or of files it is noted for all declarations together,
    /// by [`BatchAssessment::notes`](crate::BatchAssessment::notes) and [`Summary`](crate::Summary).
    #[serde(default, skip_serializing_if = "Notes::is_empty")]
    pub notes: Notes,
}

impl Assessment {
    /// The goods line that decided; the first one with the number `decisive_item` where the position is not known.
    pub fn decisive(&self) -> Option<&ItemAssessment> {
        let by_number = || self.items.iter().find(|item| item.item_no == self.decisive_item);
        self.decisive_index.and_then(|at| self.items.get(at)).or_else(by_number)
    }
}

/// The result of one goods line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ItemAssessment {
    /// The number of the line.
    pub item_no: Option<i64>,
    /// The points put together, within the pack's floor and cap.
    pub score: i64,
    /// The points put together, before floor and cap.
    pub points: i64,
    /// The points that shadow rules would have given.
    #[serde(default)]
    pub shadow_points: i64,
    /// The channel.
    pub channel: String,
    /// The rules that fired, in the order of the pack.
    pub fired: Vec<FiredRule>,
    /// The rules that could not be evaluated, in the order of the pack.
    #[serde(default)]
    pub faults: Vec<RuleFault>,
}

/// A rule that fired on a line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FiredRule {
    /// The rule's id.
    pub rule: String,
    /// The points it gave.
    pub points: i64,
    /// Whether it is a shadow rule, which counts nothing.
    #[serde(default)]
    pub shadow: bool,
    /// Its evidence on this line, where it was asked for.
    #[serde(default)]
    pub reason: Option<String>,
}

/// A rule that could not be evaluated on a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RuleFault {
    /// The rule's id.
    pub rule: String,
    /// Why.
    pub fault: Fault,
}

/// The result of one goods line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LineResult {
    pub score: i64,
    pub points: i64,
    pub shadow_points: i64,
    pub channel: ChannelId,
}

/// What a rule does to the channel when it fires.
#[derive(Clone, Copy, Debug)]
struct Effect {
    shadow: bool,
    active: bool,
    at_least: Option<ChannelId>,
    at_most: Option<ChannelId>,
}

/// How fired rules and faults become score and channel.
#[derive(Debug)]
pub struct Effects {
    /// By position in the pack.
    rules: Vec<Effect>,
    score: Score,
    /// The least score of each channel, from mild to severe.
    from: Vec<i64>,
    on_fault: Option<ChannelId>,
}

/// Where a line's channel comes from: the score, then the strictest ceiling, then the highest floor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Routing {
    pub of_score: ChannelId,
    /// The lowest `at_most` of the rules that fired, and the first rule that has it.
    pub ceiling: Option<(ChannelId, u32)>,
    /// The highest `at_least` of the rules that fired, and the first rule that has it; a fault has no rule.
    pub floor: Option<(ChannelId, Option<u32>)>,
}

impl Routing {
    /// The channel: a floor beats a ceiling.
    pub(crate) fn channel(&self) -> ChannelId {
        let limited = self.ceiling.map_or(self.of_score, |(ceiling, _)| self.of_score.min(ceiling));
        self.floor.map_or(limited, |(floor, _)| limited.max(floor))
    }
}

impl Effects {
    pub(crate) fn new(pack: &Pack) -> Self {
        let rules = pack.rules.iter().map(|rule| Effect {
            // Tests of rules evaluate drafts, which count nothing either.
            shadow: matches!(rule.status, Status::Shadow | Status::Draft),
            active: rule.status == Status::Active,
            at_least: rule.at_least,
            at_most: rule.at_most,
        });
        Self {
            rules: rules.collect(),
            score: pack.score,
            from: pack.channels.iter().map(|channel| channel.from).collect(),
            on_fault: pack.on_fault,
        }
    }

    /// The channel of a line with this score, these fired rules and these faults. Only active rules count.
    pub(crate) fn route(&self, score: i64, fired: &[(u32, i64)], faults: &[(u32, Fault)]) -> Routing {
        let of_score = self.from.iter().rposition(|from| *from <= score).unwrap_or(0);
        let mut routing = Routing { of_score: ChannelId(of_score as u8), ceiling: None, floor: None };
        for &(rule, _) in fired {
            let effect = self.rules[rule as usize];
            if !effect.active {
                continue;
            }
            if let Some(ceiling) = effect.at_most
                && routing.ceiling.is_none_or(|(known, _)| ceiling < known)
            {
                routing.ceiling = Some((ceiling, rule));
            }
            if let Some(floor) = effect.at_least
                && routing.floor.is_none_or(|(known, _)| floor > known)
            {
                routing.floor = Some((floor, Some(rule)));
            }
        }
        if let Some(floor) = self.on_fault
            && faults.iter().any(|&(rule, _)| self.rules[rule as usize].active)
            && routing.floor.is_none_or(|(known, _)| floor > known)
        {
            routing.floor = Some((floor, None));
        }
        routing
    }

    /// Puts points, floors and ceilings together. Points of shadow rules are summed apart and count nothing.
    pub(crate) fn result(&self, fired: &[(u32, i64)], faults: &[(u32, Fault)]) -> LineResult {
        let (mut points, mut shadow_points) = (None, None);
        for &(rule, more) in fired {
            let total: &mut Option<i64> =
                if self.rules[rule as usize].shadow { &mut shadow_points } else { &mut points };
            *total = Some(match (*total, self.score.combine) {
                (None, _) => more,
                (Some(sum), Combine::Sum) => sum + more,
                (Some(largest), Combine::Max) => largest.max(more),
            });
        }
        let points = points.unwrap_or(0);
        let score = points.clamp(self.score.floor, self.score.cap);
        let channel = self.route(score, fired, faults).channel();
        LineResult { score, points, shadow_points: shadow_points.unwrap_or(0), channel }
    }
}

/// The worst of some lines: the most severe channel, then the highest score, then the first.
pub(crate) fn decisive(lines: &[LineResult]) -> usize {
    let mut worst = 0;
    for (at, line) in lines.iter().enumerate() {
        if (line.channel, line.score) > (lines[worst].channel, lines[worst].score) {
            worst = at;
        }
    }
    worst
}
