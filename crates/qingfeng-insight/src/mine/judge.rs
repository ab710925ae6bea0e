//! How well points rank lines.

use serde::Serialize;

use super::Hits;

/// The best lines by points: precision and recall.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct BestShare {
    /// Which share of the lines, in percent.
    pub percent: u32,
    /// How many lines these are, of all trade where plans say how lines were selected.
    pub lines: u64,
    /// The lines with a finding among them; of lines with the same points the share that belongs to the best.
    pub hits: f64,
    /// Findings by lines.
    pub precision: f64,
    /// Findings by all findings.
    pub recall: f64,
}

/// How well points rank lines.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Judgement {
    /// All lines that were ranked.
    pub all: Hits,
    /// The best 1, 2, 5 and 10 percent.
    pub best: Vec<BestShare>,
}

impl Judgement {
    /// Judges lines by their points and whether there was a finding. The order of lines has no bearing: lines of equal
    /// points share their findings.
    ///
    /// ```
    /// use qingfeng_insight::mine::Judgement;
    /// let lines = (0..100).map(|line| (line, line >= 90)).collect();
    /// let judged = Judgement::of(lines).unwrap();
    /// assert_eq!(judged.best[3].precision, 1.0);
    /// assert_eq!(judged.best[2].recall, 0.5);
    /// ```
    pub fn of(lines: Vec<(i64, bool)>) -> Option<Self> {
        Self::weighed(lines.into_iter().map(|(points, found)| (points, found, None)).collect())
    }

    /// The same where lines stand for others of all trade, by their weights: the best are a share of the trade. Either all
    /// lines have a weight, or none has.
    pub fn weighed(mut lines: Vec<(i64, bool, Option<f64>)>) -> Option<Self> {
        if lines.is_empty() {
            return None;
        }
        // By weight and finding too, so that sums do not depend on the order of lines.
        lines.sort_unstable_by(|a, b| {
            let weight = |line: &(i64, bool, Option<f64>)| line.2.unwrap_or(1.0);
            b.0.cmp(&a.0).then(a.1.cmp(&b.1)).then(weight(a).total_cmp(&weight(b)))
        });
        let mut all = Hits::default();
        let mut ties: Vec<(f64, f64)> = Vec::new();
        let mut last = None;
        for &(points, found, weight) in &lines {
            all.add(found, weight);
            let weight = weight.unwrap_or(1.0);
            if last != Some(points) {
                ties.push((0.0, 0.0));
            }
            if let Some((lines, hits)) = ties.last_mut() {
                *lines += weight;
                *hits += if found { weight } else { 0.0 };
            }
            last = Some(points);
        }
        let (total, hits) =
            all.trade.map_or((all.lines as f64, all.hits as f64), |trade| (trade.lines, trade.hits));
        let best = [1, 2, 5, 10].map(|percent| {
            let wanted = ((total * f64::from(percent) + 50.0) / 100.0).floor().max(1.0).min(total);
            let (mut left, mut found) = (wanted, 0.0);
            for &(lines, hits) in &ties {
                let room = left.min(lines);
                found += hits * room / lines;
                left -= room;
                if left <= 0.0 {
                    break;
                }
            }
            let recall = if hits > 0.0 { found / hits } else { 0.0 };
            BestShare {
                percent,
                lines: wanted.round() as u64,
                hits: found,
                precision: found / wanted,
                recall,
            }
        });
        Some(Self { all, best: best.into() })
    }
}
