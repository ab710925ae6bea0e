//! Conjunctions that find more than their parts: level by level, the best of each level carried on.
//!
//! A conjunction is measured against what the additive model expects on its lines, so that two conditions each of which
//! finds much are none by being written together.

use std::sync::Arc;

use super::additive::Seen;
use super::facets::{Cell, Facet, Part, Pattern};

/// Conjunctions of each length that are carried on.
const BEAM: usize = 200;
/// Atoms at most, those with the most lines first.
const ATOMS_MAX: usize = 800;
/// Conjunctions that are handed on.
const HANDED_MAX: usize = 60;
/// Findings that a conjunction must have.
const HITS_MIN: u32 = 5;
/// How far, in standard deviations, findings must lie above what is expected, on the lines searched.
const SURPRISE_MIN: f64 = 3.0;
/// The share of lines that two conjunctions may have in common, of those that either has.
const OVERLAP_MAX: f64 = 0.5;

struct Atom {
    part: Part,
    bits: Vec<u64>,
}

struct Found {
    /// Atoms, rising.
    atoms: Vec<usize>,
    bits: Vec<u64>,
    surprise: f64,
}

fn and(a: &[u64], b: &[u64]) -> Vec<u64> {
    a.iter().zip(b).map(|(a, b)| a & b).collect()
}

fn common(a: &[u64], b: &[u64]) -> u32 {
    a.iter().zip(b).map(|(a, b)| (a & b).count_ones()).sum()
}

fn count(bits: &[u64]) -> u32 {
    bits.iter().map(|word| word.count_ones()).sum()
}

fn atoms(facets: &[Arc<Facet>], lines: &[u32], least: u32) -> Vec<Atom> {
    let mut atoms = Vec::new();
    let words = lines.len().div_ceil(64);
    for facet in facets {
        let mut of_cell = vec![vec![0_u64; words]; facet.cells.len() + 1];
        for (place, &line) in lines.iter().enumerate() {
            of_cell[facet.of_line[line as usize] as usize][place / 64] |= 1 << (place % 64);
        }
        let mut add = |cells: Vec<u32>| {
            let mut bits = vec![0_u64; words];
            for &cell in &cells {
                bits.iter_mut().zip(&of_cell[cell as usize]).for_each(|(bits, more)| *bits |= more);
            }
            let lines_of = count(&bits);
            if lines_of >= least && (lines_of as usize) < lines.len() {
                atoms.push(Atom { part: Part { facet: Arc::clone(facet), cells }, bits });
            }
        };
        let bands = facet.cells.iter().filter(|cell| matches!(cell, Cell::Band(..))).count() as u32;
        for below in 1..bands {
            add((1..=below).collect());
            add((below + 1..=bands).collect());
        }
        for cell in bands + 1..=facet.cells.len() as u32 {
            add(vec![cell]);
        }
    }
    let mut order: Vec<usize> = (0..atoms.len()).collect();
    order.sort_by_key(|&at| (std::cmp::Reverse(count(&atoms[at].bits)), at));
    order.truncate(ATOMS_MAX);
    order.sort_unstable();
    let mut keep = order.into_iter().peekable();
    let mut at = 0;
    atoms.retain(|_| {
        let kept = keep.next_if_eq(&at).is_some();
        at += 1;
        kept
    });
    atoms
}

/// Conjunctions of two to `conditions` parts, the most surprising first, none of which is much the same as one before.
pub(super) fn search(
    facets: &[Arc<Facet>],
    lines: &[u32],
    seen: Seen<'_>,
    expected: &[f64],
    conditions: usize,
    least: u32,
) -> Vec<Pattern> {
    let atoms = atoms(facets, lines, least);
    let mut hits = vec![0_u64; lines.len().div_ceil(64)];
    for (place, &line) in lines.iter().enumerate() {
        if seen.found[line as usize] {
            hits[place / 64] |= 1 << (place % 64);
        }
    }
    // By line what it adds to findings beyond those expected, and to their variance.
    let scale = seen.scale(lines);
    let terms: Vec<(f64, f64)> = lines
        .iter()
        .zip(expected)
        .map(|(&line, chance)| {
            let weight = seen.weight(line) * scale;
            let found = f64::from(u8::from(seen.found[line as usize]));
            (weight * (found - chance), weight * weight * chance * (1.0 - chance))
        })
        .collect();
    let surprise = |bits: &[u64]| {
        let (mut sum, mut spread) = (0.0, 1.0);
        for (word, &bits) in bits.iter().enumerate() {
            let mut left = bits;
            while left != 0 {
                let (beyond, variance) = terms[word * 64 + left.trailing_zeros() as usize];
                sum += beyond;
                spread += variance;
                left &= left - 1;
            }
        }
        sum / f64::sqrt(spread)
    };
    let mut level: Vec<Found> = atoms
        .iter()
        .enumerate()
        .map(|(at, atom)| Found { atoms: vec![at], bits: atom.bits.clone(), surprise: 0.0 })
        .collect();
    let mut best: Vec<Found> = Vec::new();
    for _ in 2..=conditions {
        use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
        let extended = |from: &Found| -> Vec<Found> {
            let last = *from.atoms.last().unwrap_or(&0);
            let families: Vec<&str> = from.atoms.iter().map(|&at| &*atoms[at].part.facet.family).collect();
            let mut made = Vec::new();
            for (at, atom) in atoms.iter().enumerate().skip(if from.atoms.len() == 1 { last + 1 } else { 0 })
            {
                if families.contains(&&*atom.part.facet.family) {
                    continue;
                }
                let lines_of = common(&from.bits, &atom.bits);
                // What the lines found cannot grow: too few of them, and no longer conjunction has more.
                if lines_of < least || lines_of == count(&from.bits) {
                    continue;
                }
                let bits = and(&from.bits, &atom.bits);
                if common(&bits, &hits) < HITS_MIN {
                    continue;
                }
                let surprise = surprise(&bits);
                if surprise > from.surprise.max(1.0) {
                    let mut members = from.atoms.clone();
                    members.push(at);
                    members.sort_unstable();
                    made.push(Found { atoms: members, bits, surprise });
                }
            }
            made
        };
        let mut next: Vec<Found> = level.par_iter().flat_map_iter(extended).collect();
        next.sort_by(|a, b| b.surprise.total_cmp(&a.surprise).then_with(|| a.atoms.cmp(&b.atoms)));
        next.dedup_by(|a, b| a.atoms == b.atoms);
        next.truncate(BEAM);
        best.extend(next.iter().filter(|of| of.surprise >= SURPRISE_MIN).map(|of| Found {
            atoms: of.atoms.clone(),
            bits: of.bits.clone(),
            surprise: of.surprise,
        }));
        level = next;
    }
    best.sort_by(|a, b| {
        b.surprise
            .total_cmp(&a.surprise)
            .then(a.atoms.len().cmp(&b.atoms.len()))
            .then_with(|| a.atoms.cmp(&b.atoms))
    });
    let mut kept: Vec<Found> = Vec::new();
    for of in best {
        let is_new = kept.iter().all(|known| {
            let both = f64::from(common(&known.bits, &of.bits));
            let either = f64::from(count(&known.bits) + count(&of.bits)) - both;
            both <= OVERLAP_MAX * either
        });
        if is_new {
            kept.push(of);
        }
        if kept.len() == HANDED_MAX {
            break;
        }
    }
    let pattern = |of: Found| Pattern { parts: of.atoms.iter().map(|&at| atoms[at].part.clone()).collect() };
    kept.into_iter().map(pattern).collect()
}
