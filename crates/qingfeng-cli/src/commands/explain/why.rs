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
    let lines = explanation.items.len();
    if lines == 1 {
        return None;
    }
    let name = item_name(item);
    let others = || explanation.items.iter().filter(|other| !other.decisive);
    let worst = if others().all(|other| other.channel != item.channel) {
        format!("{name} has the most severe channel")
    } else if others().all(|other| (&other.channel, other.score) != (&item.channel, item.score)) {
        format!("{name} has the most severe channel and the highest score in it")
    } else {
        format!("none is worse than {name}, the first of those with its channel and score")
    };
    Some(format!("A declaration goes where its worst line goes. Of its {lines} lines, {worst}."))
}

/// What the rules that fired gave.
fn points(item: &ExplainedItem, pack: &Pack) -> String {
    let fired = || item.rules.iter().filter(|rule| rule.fired && !rule.shadow);
    let giving: Vec<String> = fired()
        .filter_map(|rule| Some((&rule.id, rule.points.filter(|&points| points != 0)?)))
        .map(|(id, points)| format!("{} {points:+}", clean(id)))
        .collect();
    let total = format!("{} point{}", item.points, if item.points.abs() == 1 { "" } else { "s" });
    match (giving.len(), pack.score.combine) {
        (0, _) if fired().next().is_none() => "No rule that counts fired, so the line has 0 points.".into(),
        (0, _) => "The rules that fired give no points.".into(),
        (1, _) => format!("One rule that fired gives points: {}.", giving[0]),
        (_, Combine::Sum) => format!("The rules that fired give {total} together: {}.", giving.join(", ")),
        (_, Combine::Max) => {
            format!("Of the rules that fired the largest points count, {total}: {}.", giving.join(", "))
        }
    }
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
            None => format!("{}, and such a line gets {channel} at least", faults(item)),
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

/// `PARITY (division by zero) could not be evaluated`
fn faults(item: &ExplainedItem) -> String {
    let faulty: Vec<String> = item
        .rules
        .iter()
        .filter_map(|rule| Some(format!("{} ({})", clean(&rule.id), clean(rule.fault.as_deref()?))))
        .collect();
    format!("{} could not be evaluated", faulty.join(", "))
}
