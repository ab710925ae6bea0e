//! Channels that no declaration can get.

use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Place};
use crate::model::channel::Combine;

use super::Analysis;

/// What scores rules can add up to: none below the least, none above the most, and all a multiple of the step.
struct Scores {
    least: i64,
    most: i64,
    step: i64,
}

impl Analysis<'_> {
    pub(super) fn channels(&mut self) {
        let pack = self.pack;
        let scores = self.scores();
        for (at, channel) in pack.channels.iter().enumerate() {
            let named = self.active().any(|rule| {
                let rule = self.rule(rule);
                [rule.at_least, rule.at_most].iter().flatten().any(|channel| channel.index() == at)
            });
            let is_floor = [pack.on_fault, pack.on_unreadable]
                .into_iter()
                .flatten()
                .any(|channel| channel.index() == at);
            let last = at + 1 == pack.channels.len();
            let from = if at == 0 { i64::MIN } else { channel.from };
            let below = if last { i64::MAX } else { pack.channels[at + 1].from };
            if named || is_floor || scores.reach(from, below, pack.score.floor, pack.score.cap) {
                continue;
            }
            let place = self.channel_place(&channel.name);
            let title = format!("no declaration can get the channel `{}`", channel.name);
            let why = if channel.from > scores.most.min(pack.score.cap) {
                format!(
                    "it begins at {} points; all rules together give at most {}",
                    channel.from,
                    scores.most.clamp(pack.score.floor, pack.score.cap)
                )
            } else if !last && below <= scores.least.max(pack.score.floor) {
                format!(
                    "it ends below {below} points, and no score is less than {}",
                    scores.least.max(pack.score.floor)
                )
            } else {
                format!("all points are multiples of {}, and none of these falls into it", scores.step)
            };
            let item = Diagnostic::new(Code::UnreachableChannel, title)
                .at(place, "")
                .note(format!("{why}; and no rule names it in `at_least` or `at_most`"))
                .help("mend `from`, or let a rule ask for it with `at_least`");
            self.found.push(item);
        }
    }

    /// What the points of the rules add up to; computed ones may be any.
    fn scores(&self) -> Scores {
        let fixed: Option<Vec<i64>> = self.active().map(|at| self.rule(at).points.fixed()).collect();
        let Some(points) = fixed else { return Scores { least: i64::MIN, most: i64::MAX, step: 1 } };
        let step = points.iter().fold(0_i64, |step, &points| gcd(step, points.abs()));
        let (least, most) = match self.pack.score.combine {
            Combine::Sum => points.iter().fold((0_i64, 0_i64), |(least, most), &points| {
                (least.saturating_add(points.min(0)), most.saturating_add(points.max(0)))
            }),
            Combine::Max => (
                points.iter().copied().min().unwrap_or(0).min(0),
                points.iter().copied().max().unwrap_or(0).max(0),
            ),
        };
        Scores { least, most, step }
    }

    fn channel_place(&self, name: &str) -> Place {
        let file: Arc<str> = "pack.toml".into();
        let text = self.pack.warnings.sources.text(&file).unwrap_or("");
        let quoted = format!("\"{name}\"");
        let from = text.find("[[channels]]").unwrap_or(0);
        let span = text[from..].find(&quoted).map_or(0..0, |at| from + at..from + at + quoted.len());
        Place { file, span }
    }
}

impl Scores {
    /// Whether a score from `from` up to `below` (excluded) is possible, given the floor and the cap.
    fn reach(&self, from: i64, below: i64, floor: i64, cap: i64) -> bool {
        // The ends are reached from beyond them.
        for end in [floor, cap] {
            let beyond = if end == floor { self.least <= end } else { self.most >= end };
            if beyond && from <= end && end < below {
                return true;
            }
        }
        let low = from.max(self.least).max(floor);
        let high = below.saturating_sub(1).min(self.most).min(cap);
        if low > high {
            return false;
        }
        match self.step {
            0 => low <= 0 && 0 <= high,
            step => high.div_euclid(step) * step >= low,
        }
    }
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}
