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
mod tests {
    use qingfeng::OpenedPack;

    use super::*;
    use crate::Candidates;

    /// Plans and evidence put several assessments of a declaration together alike, whatever the order of rows.
    #[test]
    fn a_declaration_assessed_twice_is_the_same_everywhere() {
        let pack = concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/clean-wind");
        let opened = OpenedPack::open(pack).unwrap();
        let id = opened.pack_id();
        let header = "declaration_id,score,channel,rules,pack,declared_on,sites,trader_class,group,line_groups,packages,value";
        // The graver channel has the lower score: something holds it up.
        let mut rows = [
            format!("D1,30,green,,{id},2016-09-06,yiwu,known,toys,toys;toys,3,10.5"),
            format!("D1,0,red,,{id},2016-09-06,ningbo,known,footwear,footwear,4,1.5"),
            format!("D2,0,green,,{id},2016-09-06,,known,other,other,1,1"),
            format!("D3,90,red,,{id},2016-09-06,,known,other,other,1,1"),
        ];
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("assessments.csv");
        for _ in 0..2 {
            std::fs::write(&path, format!("{header}\n{}\n", rows.join("\n"))).unwrap();
            let inputs = [Input::Path(path.clone())];
            let candidates = Candidates::read(&inputs, &opened).unwrap();
            let evidence = Evidence::assessed(&inputs, std::iter::empty()).unwrap();
            assert_eq!((candidates.all.len(), evidence.declarations.len()), (3, 3));
            let (planned, judged) = (&candidates.all[0], &evidence.declarations[0]);
            assert_eq!(opened.pack().channels[planned.channel.index()].name, "red");
            assert_eq!(evidence.channel(judged), "red");
            let of = |one: &AssessedDeclaration| {
                (
                    one.score,
                    one.group.clone(),
                    one.packages,
                    one.value,
                    one.line_groups.clone(),
                    one.sites.len(),
                )
            };
            assert_eq!(of(planned), of(judged));
            assert_eq!((planned.score, planned.packages, planned.value), (0, Some(7), Some(12.0)));
            assert_eq!((&*planned.group, planned.line_groups.len(), planned.sites.len()), ("footwear", 3, 2));
            rows.reverse();
        }
    }
}
