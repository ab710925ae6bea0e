//! Reading assessments of whatever packs, side by side.

use std::cmp::Ordering;
use std::sync::Arc;

use qingfeng_rules::{ChannelId, Pack};

use super::{Evidence, Judged, MAX_DECLARATIONS};
use crate::AssessedDeclaration;
use crate::rolling::AssessmentDecoder;
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

/// The mean score of each channel's declarations, which orders channels where no pack does.
fn mean_scores(declarations: &[AssessedDeclaration], channels: usize) -> Vec<f64> {
    let mut sums = vec![(0_i128, 0_u64); channels];
    for declaration in declarations {
        let (sum, count) = &mut sums[declaration.channel.index()];
        *sum += i128::from(declaration.score);
        *count += 1;
    }
    sums.into_iter().map(|(sum, count)| sum as f64 / count.max(1) as f64).collect()
}

impl Evidence {
    /// Reads assessments; these offices are sites too. Channels are in the order of the pack, those that it does not have
    /// before them.
    pub(super) fn assessed<'o>(
        assessments: &[Input],
        pack: Option<&Pack>,
        offices: impl Iterator<Item = &'o str>,
    ) -> Result<Self, ReadError> {
        let mut decoder = AssessmentDecoder::of_any_pack();
        let mut declarations: Vec<AssessedDeclaration> = Vec::new();
        for input in assessments {
            decoder.each(input, &mut |declaration| {
                if declarations.len() == MAX_DECLARATIONS {
                    let reason = format!("more than {MAX_DECLARATIONS} assessments; give a shorter time");
                    return Err(ReadError::content(input, reason));
                }
                declarations.push(declaration);
                Ok(())
            })?;
        }
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
        let means = mean_scores(&declarations, channels.len());
        let (channels, new_channels) =
            in_order(channels, |a, b| places[a].cmp(&places[b]).then_with(|| means[a].total_cmp(&means[b])));
        let interner = &mut decoder.interner;
        let mut renumber = |numbers: &[u32], new: &[u32]| {
            let mut numbers: Vec<u32> = numbers.iter().map(|&number| new[number as usize]).collect();
            numbers.sort_unstable();
            interner.numbers(&numbers)
        };
        for declaration in &mut declarations {
            declaration.rules = renumber(&declaration.rules, &new_rules);
            declaration.shadow_rules = renumber(&declaration.shadow_rules, &new_rules);
            declaration.sites = renumber(&declaration.sites, &new_sites);
            declaration.pack = new_packs[declaration.pack as usize];
            declaration.channel = ChannelId(new_channels[declaration.channel.index()] as u8);
        }
        let guessed_channels = AssessedDeclaration::merge(&mut declarations, interner, unknown);
        let judged = |assessed| Judged { assessed, inspection: None };
        let declarations = declarations.into_iter().map(judged).collect();
        Ok(Self { rules, sites, channels, packs, declarations, guessed_channels, ..Self::default() })
    }
}

#[cfg(test)]
mod tests;
