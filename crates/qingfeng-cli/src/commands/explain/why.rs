//! Why the channel is what it is, step by step, in plain words.

use qingfeng::rules::{Combine, Pack};
use qingfeng::{ExplainedItem, Explanation};

use crate::terminal::clean;

/// The steps from the goods lines to the channel.
pub fn steps(explanation: &Explanation, pack: &Pack) -> Vec<String> {
    let Some(item) = explanation.items.iter().find(|item| item.decisive) else { return Vec::new() };
    let mut steps = Vec::new();
    steps.extend(which_line(explanation, item));
    steps.push(points(item, pack));
    steps.extend(bounds(item, pack));
    steps.push(by_score(item, pack));
    steps.extend(limits(item, pack));
    steps
}

/// How people call a goods line.
pub fn item_name(item: &ExplainedItem) -> String {
    item.item_no.map_or("the goods line".into(), |number| format!("item {number}"))
}

fn which_line(explanation: &Explanation, item: &ExplainedItem) -> Option<String> {
    let others = explanation.items.len() - 1;
    let name = item_name(item);
    let as_severe = explanation.items.iter().filter(|other| other.channel == item.channel).count() - 1;
    let lines = others + 1;
    match (others, as_severe) {
        (0, _) => None,
        (_, 0) => Some(format!(
            "A declaration goes where its worst line goes. Of its {lines} lines, {name} has the most severe channel."
        )),
        _ => Some(format!(
            "A declaration goes where its worst line goes. Of its {lines} lines, {name} is the worst by channel and \
             score."
        )),
    }
}

/// `MC-01 +25, BR-DELI +50`
fn points(item: &ExplainedItem, pack: &Pack) -> String {
    let giving: Vec<String> = item
        .rules
        .iter()
        .filter(|rule| rule.fired && !rule.shadow)
        .filter_map(|rule| {
            rule.points.filter(|&points| points != 0).map(|points| format!("{} {points:+}", rule.id))
        })
        .collect();
    let fired = item.rules.iter().filter(|rule| rule.fired && !rule.shadow).count();
    match (giving.as_slice(), pack.score.combine) {
        ([], _) if fired == 0 => "No rule that counts fired, so the line has 0 points.".into(),
        ([], _) => "The rules that fired give no points.".into(),
        ([one], _) => format!(
            "The rule {} gives {}.",
            clean(one.split(' ').next().unwrap_or(one)),
            so_many(item.points)
        ),
        (several, Combine::Sum) => {
            format!(
                "The points of the rules that fired add up to {}: {}.",
                item.points,
                clean(&several.join(", "))
            )
        }
        (several, Combine::Max) => format!(
            "Of the rules that fired only the largest points count, {}: {}.",
            item.points,
            clean(&several.join(", "))
        ),
    }
}

fn so_many(points: i64) -> String {
    format!("{points} point{}", if points.abs() == 1 { "" } else { "s" })
}

fn bounds(item: &ExplainedItem, pack: &Pack) -> Option<String> {
    if item.points == item.score {
        None
    } else if item.points > item.score {
        Some(format!("A score is {} at most, so it is {}.", pack.score.cap, item.score))
    } else {
        Some(format!("A score is {} at least, so it is {}.", pack.score.floor, item.score))
    }
}

fn by_score(item: &ExplainedItem, pack: &Pack) -> String {
    let at = pack.channels.iter().position(|channel| channel.name == item.channel_of_score).unwrap_or(0);
    let channel = &pack.channels[at];
    let name = clean(&channel.name);
    let score = item.score;
    match pack.channels.get(at + 1) {
        _ if score < channel.from => {
            format!("A score of {score} reaches no channel, so it is the mildest, {name}.")
        }
        Some(next) => {
            let next_name = clean(&next.name);
            format!(
                "A score of {score} leads to {name}, which begins at {}; {next_name} begins at {}.",
                channel.from, next.from
            )
        }
        None => format!("A score of {score} leads to {name}, which begins at {}.", channel.from),
    }
}

/// What floors and ceilings did to the channel of the score.
fn limits(item: &ExplainedItem, pack: &Pack) -> Vec<String> {
    let severity = |name: &str| pack.channels.iter().position(|channel| channel.name == name);
    let mut steps = Vec::new();
    let mut now = item.channel_of_score.as_str();
    if let Some(ceiling) = &item.ceiling {
        let (channel, rule) = (clean(&ceiling.channel), clean(ceiling.rule.as_deref().unwrap_or("a rule")));
        if severity(now) > severity(&ceiling.channel) {
            steps.push(format!("{rule} allows {channel} at most, which lowers it to {channel}."));
            now = &ceiling.channel;
        } else {
            steps.push(format!("{rule} allows {channel} at most, which changes nothing."));
        }
    }
    if let Some(floor) = &item.floor {
        let channel = clean(&floor.channel);
        let who = match &floor.rule {
            Some(rule) => format!("{} demands {channel} at least", clean(rule)),
            None => format!("A rule could not be evaluated, and such a line gets {channel} at least"),
        };
        if severity(now) < severity(&floor.channel) {
            let over = if steps.is_empty() { "" } else { " (a demand beats an allowance)" };
            steps.push(format!("{who}, which raises it to {channel}{over}."));
        } else {
            steps.push(format!("{who}, which changes nothing."));
        }
    }
    steps
}
