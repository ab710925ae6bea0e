//! How well points rank lines.

use serde::Serialize;

use super::Hits;

/// The best lines by points: precision and recall.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct BestShare {
    /// Which share of the lines, in percent.
    pub percent: u32,
    /// How many lines these are.
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
    pub fn of(mut lines: Vec<(i64, bool)>) -> Option<Self> {
        if lines.is_empty() {
            return None;
        }
        lines.sort_unstable_by_key(|&(points, _)| std::cmp::Reverse(points));
        let hits = lines.iter().filter(|(_, found)| *found).count() as u64;
        let mut ties: Vec<(u64, u64)> = Vec::new();
        let mut last = None;
        for &(points, found) in &lines {
            match ties.last_mut() {
                Some((lines, hits)) if last == Some(points) => {
                    *lines += 1;
                    *hits += u64::from(found);
                }
                _ => ties.push((1, found.into())),
            }
            last = Some(points);
        }
        let best = [1, 2, 5, 10].map(|percent| {
            let wanted = ((lines.len() as u64 * u64::from(percent) + 50) / 100).max(1);
            let (mut taken, mut found) = (0, 0.0);
            for &(lines, hits) in &ties {
                let room = (wanted - taken).min(lines);
                found += hits as f64 * room as f64 / lines as f64;
                taken += room;
                if taken == wanted {
                    break;
                }
            }
            let recall = if hits > 0 { found / hits as f64 } else { 0.0 };
            BestShare { percent, lines: wanted, hits: found, precision: found / wanted as f64, recall }
        });
        Some(Self { all: Hits { lines: lines.len() as u64, hits }, best: best.into() })
    }
}
