//! The keyed draw.

use hmac::{Hmac, KeyInit, Mac};
use qingfeng_rules::Date;
use sha2::{Digest, Sha256};

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mac) => mac,
        Err(_) => unreachable!("HMAC takes keys of any length"),
    };
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// The key of all draws.
#[derive(Clone)]
pub struct Key(Vec<u8>);

/// The key of a day's draws.
#[derive(Clone)]
pub struct DayKey {
    day: Date,
    key: [u8; 32],
}

impl Key {
    /// A key from bytes.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    /// The key of a day.
    pub fn of_day(&self, day: Date) -> DayKey {
        DayKey { day, key: hmac(&self.0, format!("qingfeng draw\n{day}").as_bytes()) }
    }
}

impl DayKey {
    /// What may be told of it before the day.
    pub fn commitment(&self) -> String {
        let mut hasher = Sha256::new();
        hasher.update(format!("qingfeng draw commitment\n{}\n", self.day));
        hasher.update(self.key);
        hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn ticket(&self, id: &str) -> [u8; 32] {
        hmac(&self.key, id.as_bytes())
    }
}

/// A stratum to draw from.
pub(super) struct Stratum<'s> {
    pub(super) name: &'s str,
    /// Rate × declarations.
    pub(super) weight: u128,
    /// How many are drawn, where each stratum has its number.
    pub(super) size: u64,
    pub(super) ids: &'s [&'s str],
}

pub(super) fn of_sizes(strata: &[Stratum<'_>]) -> Vec<f64> {
    let of = strata.iter().map(|stratum| match stratum.ids.len() as u64 {
        0 => 0.0,
        population => stratum.size.min(population) as f64 / population as f64,
    });
    of.collect()
}

/// The lowest tickets of each stratum, by position.
pub(super) fn lowest(key: &DayKey, strata: &[Stratum<'_>]) -> Vec<Vec<usize>> {
    let of = strata.iter().map(|stratum| {
        let mut order: Vec<usize> = (0..stratum.ids.len()).collect();
        if stratum.size > 0 {
            order.sort_by_cached_key(|&at| (key.ticket(stratum.ids[at]), stratum.ids[at]));
        }
        order.truncate(stratum.size as usize);
        order
    });
    of.collect()
}

/// An inspection in the units of weights.
const WHOLE: u128 = 1 << 40;

/// The weight of a declaration of each stratum.
fn weights(strata: &[Stratum<'_>], total: u64) -> Vec<u128> {
    let mut weights = vec![0; strata.len()];
    let drawable = |stratum: &Stratum<'_>| stratum.weight > 0 && !stratum.ids.is_empty();
    let mut open: Vec<usize> = (0..strata.len()).filter(|&at| drawable(&strata[at])).collect();
    let mut left = u128::from(total);
    loop {
        let all: u128 = open.iter().map(|&at| strata[at].weight).sum();
        let full = |at: &usize| left * strata[*at].weight >= all * strata[*at].ids.len() as u128;
        let (capped, rest): (Vec<usize>, Vec<usize>) = open.iter().copied().partition(full);
        for &at in &capped {
            weights[at] = WHOLE;
        }
        if capped.is_empty() || rest.is_empty() {
            for &at in &rest {
                weights[at] = left * strata[at].weight * WHOLE / (all * strata[at].ids.len() as u128);
            }
            return weights;
        }
        left = left.saturating_sub(capped.iter().map(|&at| strata[at].ids.len() as u128).sum());
        open = rest;
    }
}

pub(super) fn of_weights(strata: &[Stratum<'_>], total: u64) -> Vec<f64> {
    weights(strata, total).iter().map(|&weight| weight as f64 / WHOLE as f64).collect()
}

/// A systematic sample, by position in each stratum.
pub(super) fn systematic(key: &DayKey, office: &str, strata: &[Stratum<'_>], total: u64) -> Vec<Vec<usize>> {
    let weights = weights(strata, total);
    let mut order: Vec<usize> = (0..strata.len()).collect();
    order.sort_by_cached_key(|&at| {
        hmac(&key.key, format!("stratum\n{office}\n{}", strata[at].name).as_bytes())
    });
    let start = hmac(&key.key, format!("start\n{office}").as_bytes());
    let mut point = start[..8].iter().fold(0_u128, |sum, &byte| sum << 8 | u128::from(byte)) % WHOLE;
    let mut drawn = vec![Vec::new(); strata.len()];
    let mut reached = 0;
    for at in order {
        let stratum = &strata[at];
        let mut members: Vec<usize> = (0..stratum.ids.len()).collect();
        members.sort_by_cached_key(|&member| (key.ticket(stratum.ids[member]), stratum.ids[member]));
        for member in members {
            reached += weights[at];
            if point < reached {
                drawn[at].push(member);
                point += WHOLE;
            }
        }
    }
    drawn
}
