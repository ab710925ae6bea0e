//! What is found about a declaration: score, channel, and why.

use std::sync::Arc;

use qingfeng_rules::{ChannelId, Combine, Fault, Pack, Score, Status};
use serde::{Deserialize, Serialize};

use crate::eval::BatchResults;
use crate::output::summary::Notes;
use crate::read::{Lines, RejectKind};

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
    /// What is certain and what is possible, where something could not be read. `score` and `channel` are the upper end,
    /// unless the pack has `[on_unreadable]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<AssessmentRange>,
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
    /// What of the line could not be read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<UnreadableValue>,
    /// The active rules of which it is not known whether they fire, or with how many points, in the order of the pack.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undecided: Vec<UndecidedRule>,
    /// What is certain and what is possible, where something of the declaration could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<AssessmentRange>,
}

/// The ends of what is possible: whatever the unreadable values are, the channel and the score lie between them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AssessmentRange {
    /// The least score.
    pub score_least: i64,
    /// The highest score.
    pub score_most: i64,
    /// The mildest channel.
    pub channel_least: String,
    /// The most severe channel.
    pub channel_most: String,
}

impl AssessmentRange {
    pub(crate) fn new(pack: &Pack, range: ResultRange) -> Self {
        let name = |channel: ChannelId| pack.channels[channel.index()].name.clone();
        let ResultRange { least, most } = range;
        Self {
            score_least: least.1,
            score_most: most.1,
            channel_least: name(least.0),
            channel_most: name(most.0),
        }
    }
}

/// A value that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UnreadableValue {
    /// Its field; `None` if nothing of the line could be read.
    pub field: Option<String>,
    /// What stands there, cut to 100 characters; `None` if nothing does.
    pub value: Option<String>,
    /// What is wrong with it, for programs.
    pub kind: RejectKind,
    /// What is wrong with it, and what would be right.
    pub reason: String,
}

impl UnreadableValue {
    pub(crate) fn of_line(pack: &Pack, lines: &Lines, line: usize) -> Vec<Self> {
        let of = lines.unreadable_in(&(line..line + 1)).iter();
        of.map(|of| Self {
            field: of.field.map(|field| pack.schema[field].name.clone()),
            value: of.reject.value.clone(),
            kind: of.reject.kind,
            reason: of.reject.reason.clone(),
        })
        .collect()
    }
}

/// A rule of which it is not known whether it fires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UndecidedRule {
    /// The rule's id.
    pub rule: String,
    /// Whether it fires in any case, and only its points are not known.
    pub fires: bool,
    /// The fewest points that it gives where it fires.
    pub points_least: i64,
    /// The most points that it gives where it fires.
    pub points_most: i64,
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

impl UndecidedRule {
    pub(crate) fn of_line(pack: &Pack, results: &BatchResults, line: usize) -> Vec<Self> {
        let undecided = results.spoilt(line).map_or(&[][..], |spoilt| &spoilt.undecided).iter();
        undecided
            .map(|of| Self {
                rule: pack.rules[of.rule as usize].id.clone(),
                fires: of.fires,
                points_least: of.least,
                points_most: of.most,
            })
            .collect()
    }
}

/// The result of one goods line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LineResult {
    pub score: i64,
    pub points: i64,
    pub shadow_points: i64,
    pub channel: ChannelId,
}

/// A rule of which it is not known whether it fires on a line, or with how many points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UndecidedPoints {
    /// Its position in the pack.
    pub rule: u32,
    /// Whether it fires in any case.
    pub fires: bool,
    /// The fewest points that it gives where it fires.
    pub least: i64,
    /// The most.
    pub most: i64,
}

/// The mildest and the gravest result that are possible, each a channel and a score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResultRange {
    pub least: (ChannelId, i64),
    pub most: (ChannelId, i64),
}

impl ResultRange {
    /// That of a line without undecided rules.
    pub fn certain(line: &LineResult) -> Self {
        let of = (line.channel, line.score);
        Self { least: of, most: of }
    }

    /// That of the worst of two lines.
    pub fn worst(self, other: Self) -> Self {
        Self { least: self.least.max(other.least), most: self.most.max(other.most) }
    }
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
    on_unreadable: Option<ChannelId>,
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
            on_unreadable: pack.on_unreadable,
        }
    }

    /// The channel of a line with this score, these fired rules and these faults. Only active rules count.
    pub(crate) fn route(&self, score: i64, fired: &[(u32, i64)], faults: &[(u32, Fault)]) -> Routing {
        let mut routing = Routing { of_score: self.of_score(score), ceiling: None, floor: None };
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

    /// The same with rules that are undecided: the worst that is possible decides, or a floor of the pack's. What they
    /// could do is taken apart from what is certain, so that no result lies outside of the range.
    pub(crate) fn undecided(
        &self,
        fired: &[(u32, i64)],
        faults: &[(u32, Fault)],
        undecided: &[UndecidedPoints],
        may_fault: bool,
    ) -> (LineResult, ResultRange) {
        let certain = self.result(fired, faults);
        let counted = fired.iter().any(|&(rule, _)| !self.rules[rule as usize].shadow);
        let start = counted.then_some(certain.points);
        let (mut least, mut most) = (start, start);
        let mut alone = 0;
        for of in undecided {
            match self.score.combine {
                Combine::Sum => {
                    let (fewest, greatest) =
                        if of.fires { (of.least, of.most) } else { (of.least.min(0), of.most.max(0)) };
                    least = Some(least.unwrap_or(0).saturating_add(fewest));
                    most = Some(most.unwrap_or(0).saturating_add(greatest));
                }
                Combine::Max => {
                    if of.fires {
                        least = Some(least.map_or(of.least, |known| known.max(of.least)));
                    }
                    alone = alone.min(of.least);
                    most = Some(most.map_or(of.most, |known| known.max(of.most)));
                }
            }
        }
        let nothing_fires = !counted && !undecided.iter().any(|of| of.fires);
        let least = least.unwrap_or(alone);
        let most = if nothing_fires { most.unwrap_or(0).max(0) } else { most.unwrap_or(0) };
        let score = |points: i64| points.clamp(self.score.floor, self.score.cap);
        let (least, most) = (score(least), score(most));
        let of_certain = self.route(0, fired, faults);
        let limits = |of: &UndecidedPoints| self.rules[of.rule as usize];
        let ceilings = undecided.iter().filter_map(|of| limits(of).at_most);
        let of_fault = self.on_fault.filter(|_| may_fault);
        let floors = undecided.iter().filter_map(|of| limits(of).at_least).chain(of_fault);
        let kept = undecided.iter().filter(|of| of.fires).filter_map(|of| limits(of).at_least);
        let channel = |score: i64, ceiling: Option<ChannelId>, floor: Option<ChannelId>| {
            let ceiling = of_certain.ceiling.map(|(channel, _)| channel).into_iter().chain(ceiling).min();
            let floor = of_certain.floor.map(|(channel, _)| channel).into_iter().chain(floor).max();
            let of_score = self.of_score(score);
            let limited = ceiling.map_or(of_score, |ceiling| of_score.min(ceiling));
            floor.map_or(limited, |floor| limited.max(floor))
        };
        let strict = undecided.iter().filter(|of| of.fires).filter_map(|of| limits(of).at_most);
        let range = ResultRange {
            least: (channel(least, ceilings.min(), kept.max()), least),
            most: (channel(most, strict.min(), floors.max()), most),
        };
        let (channel, score) = match self.on_unreadable {
            None => range.most,
            Some(floor) => (certain.channel.max(floor), certain.score),
        };
        (LineResult { score, channel, ..certain }, range)
    }

    fn of_score(&self, score: i64) -> ChannelId {
        ChannelId(self.from.iter().rposition(|from| *from <= score).unwrap_or(0) as u8)
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
