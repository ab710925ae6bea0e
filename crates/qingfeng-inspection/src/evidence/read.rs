//! Reading assessments of whatever packs, side by side.

use std::cmp::Ordering;
use std::sync::Arc;

use qingfeng_rules::{Date, Pack};

use super::{Declarations, Evidence};
use crate::rolling::AssessmentDecoder;
use crate::sorted::{Renumbering, Sorter, each_assessed};
use qingfeng::read::{Input, ReadError};

/// Names in order, and by former number the new one.
fn in_order(names: &[Arc<str>], order: impl Fn(usize, usize) -> Ordering) -> (Vec<Box<str>>, Vec<u32>) {
    let mut sorted: Vec<usize> = (0..names.len()).collect();
    sorted.sort_by(|&a, &b| order(a, b).then_with(|| names[a].cmp(&names[b])));
    let mut new = vec![0; names.len()];
    for (position, &former) in sorted.iter().enumerate() {
        new[former] = position as u32;
    }
    (sorted.into_iter().map(|at| (&*names[at]).into()).collect(), new)
}

/// The sum and the number of scores, which order channels where no pack does.
#[derive(Clone, Copy, Default)]
struct Scores {
    sum: i128,
    count: u64,
}

impl Scores {
    fn mean(self) -> f64 {
        self.sum as f64 / self.count.max(1) as f64
    }
}

impl Evidence {
    /// Reads assessments; these offices are sites too. Channels are in the order of the pack, those that it does not have
    /// before them. `day_of` gives the day of a declaration that has none of its own.
    pub(super) fn assessed<'o>(
        assessments: &[Input],
        pack: Option<&Pack>,
        offices: impl Iterator<Item = &'o str>,
        day_of: &(dyn Fn(&str) -> Option<Date> + Sync),
    ) -> Result<Self, ReadError> {
        let mut decoder = AssessmentDecoder::of_any_pack();
        let mut sorter = Sorter::default();
        let mut scores: Vec<Scores> = Vec::new();
        each_assessed(assessments, &mut decoder, &mut |mut declaration| {
            let channel = declaration.channel.index();
            scores.resize(scores.len().max(channel + 1), Scores::default());
            scores[channel].sum += i128::from(declaration.score);
            scores[channel].count += 1;
            declaration.day = declaration.day.or_else(|| day_of(&declaration.declaration_id));
            sorter.push(&declaration)
        })?;
        offices.for_each(|office| {
            decoder.sites.number(office);
        });
        let equal = |_: usize, _: usize| Ordering::Equal;
        let (rules, new_rules) = in_order(decoder.rules.all(), equal);
        let (sites, new_sites) = in_order(decoder.sites.all(), equal);
        let (packs, new_packs) = in_order(decoder.packs.all(), equal);
        let channels = decoder.channels.all();
        let of_pack = |name: &str| pack?.channels.iter().position(|channel| channel.name == name);
        let places: Vec<Option<usize>> = channels.iter().map(|name| of_pack(name)).collect();
        let unknown = places.iter().filter(|place| place.is_none()).count();
        let mean = |channel: usize| scores.get(channel).copied().unwrap_or_default().mean();
        let (channels, new_channels) =
            in_order(channels, |a, b| places[a].cmp(&places[b]).then_with(|| mean(a).total_cmp(&mean(b))));
        let mut sorted = sorter.finish()?;
        let new =
            Renumbering { rules: new_rules, sites: new_sites, packs: new_packs, channels: new_channels };
        sorted.renumber(new, unknown);
        let declarations = Declarations::stored(sorted);
        Ok(Self { rules, sites, channels, packs, declarations, ..Self::default() })
    }
}

#[cfg(test)]
mod tests;
