//! What is found about a declaration: score, channel, and why.

use std::sync::Arc;

use qingfeng_rules::{ChannelId, Combine, Fault, Pack, Status};
use serde::{Deserialize, Serialize};

/// The result of one declaration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    /// Each goods line, in order.
    pub items: Vec<ItemAssessment>,
    /// The pack that decided: `name@version#digest`.
    pub pack: Arc<str>,
}

/// The result of one goods line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ItemAssessment {
    /// The number of the line.
    pub item_no: Option<i64>,
    /// The points put together, within the pack's floor and cap.
    pub score: i64,
    /// The points put together, before floor and cap.
    pub points: i64,
    /// The points that shadow rules would have given.
    pub shadow_points: i64,
    /// The channel.
    pub channel: String,
    /// The rules that fired, in the order of the pack.
    pub fired: Vec<FiredRule>,
    /// The rules that could not be evaluated, in the order of the pack.
    pub faults: Vec<RuleFault>,
}

/// A rule that fired on a line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FiredRule {
    /// The rule's id.
    pub rule: String,
    /// The points it gave.
    pub points: i64,
    /// Whether it is a shadow rule, which counts nothing.
    pub shadow: bool,
    /// Its evidence on this line, where it was asked for.
    pub reason: Option<String>,
}

/// A rule that could not be evaluated on a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleFault {
    /// The rule's id.
    pub rule: String,
    /// Why.
    pub fault: Fault,
}

/// The result of one goods line, with rules as positions in the pack.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LineResult {
    pub score: i64,
    pub points: i64,
    pub shadow_points: i64,
    pub channel: ChannelId,
    pub fired: Vec<(u32, i64)>,
    pub faults: Vec<(u32, Fault)>,
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

/// The channel of a line with this score, these fired rules and these faults. Only active rules count.
pub(crate) fn route(pack: &Pack, score: i64, fired: &[(u32, i64)], faults: &[(u32, Fault)]) -> Routing {
    let is_active = |rule: u32| pack.rules[rule as usize].status == Status::Active;
    let mut routing = Routing { of_score: pack.channel_of_score(score), ceiling: None, floor: None };
    for &(rule, _) in fired.iter().filter(|&&(rule, _)| is_active(rule)) {
        let definition = &pack.rules[rule as usize];
        if let Some(ceiling) = definition.at_most
            && routing.ceiling.is_none_or(|(known, _)| ceiling < known)
        {
            routing.ceiling = Some((ceiling, rule));
        }
        if let Some(floor) = definition.at_least
            && routing.floor.is_none_or(|(known, _)| floor > known)
        {
            routing.floor = Some((floor, Some(rule)));
        }
    }
    if let Some(floor) = pack.on_fault
        && faults.iter().any(|&(rule, _)| is_active(rule))
        && routing.floor.is_none_or(|(known, _)| floor > known)
    {
        routing.floor = Some((floor, None));
    }
    routing
}

impl LineResult {
    /// Puts points, floors and ceilings together. Points of shadow rules are summed apart and count nothing.
    pub(crate) fn new(pack: &Pack, fired: Vec<(u32, i64)>, faults: Vec<(u32, Fault)>) -> Self {
        let (mut points, mut shadow_points) = (None, None);
        for &(rule, more) in &fired {
            let total: &mut Option<i64> = if pack.rules[rule as usize].status == Status::Shadow {
                &mut shadow_points
            } else {
                &mut points
            };
            *total = Some(match (*total, pack.score.combine) {
                (None, _) => more,
                (Some(sum), Combine::Sum) => sum + more,
                (Some(largest), Combine::Max) => largest.max(more),
            });
        }
        let points = points.unwrap_or(0);
        let score = points.clamp(pack.score.floor, pack.score.cap);
        let channel = route(pack, score, &fired, &faults).channel();
        Self { score, points, shadow_points: shadow_points.unwrap_or(0), channel, fired, faults }
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
