//! Reading assessments of whatever packs, side by side.

use std::cmp::Ordering;
use std::sync::Arc;

use qingfeng_rules::ChannelId;

use super::{Evidence, Judged, MAX_DECLARATIONS};
use crate::{AssessedDeclaration, AssessmentDecoder};
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

/// Compares channels by the mean score of their declarations, as no pack says which is the graver one.
fn by_mean_score(declarations: &[AssessedDeclaration], channels: usize) -> impl Fn(usize, usize) -> Ordering {
    let mut sums = vec![(0_i128, 0_i128); channels];
    for declaration in declarations {
        if let Some((sum, count)) = sums.get_mut(declaration.channel.index()) {
            *sum += i128::from(declaration.score);
            *count += 1;
        }
    }
    move |a, b| (sums[a].0 * sums[b].1).cmp(&(sums[b].0 * sums[a].1))
}

impl Evidence {
    /// Reads assessments; these offices are sites too.
    pub(super) fn assessed<'o>(
        assessments: &[Input],
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
        let (channels, new_channels) = in_order(channels, by_mean_score(&declarations, channels.len()));
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
        AssessedDeclaration::merge(&mut declarations, interner);
        let judged = |assessed| Judged { assessed, inspection: None };
        let declarations = declarations.into_iter().map(judged).collect();
        Ok(Self { rules, sites, channels, packs, declarations, ..Self::default() })
    }
}

#[cfg(test)]
mod tests;
