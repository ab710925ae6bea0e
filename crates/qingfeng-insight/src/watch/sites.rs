//! How sites treat declarations of the same score and channel.

use std::collections::BTreeMap;

use super::open::{Known, State};
use super::{BandTreatment, ByKind, Heterogeneity, Share, SiteTreatment, Treatment, WatchOptions};
use crate::statistics::{Z998, chi_square_above, false_discovery, normal_above, quadratic};
use qingfeng_inspection::evidence::Judged;

/// The most sites that the test of all together takes.
const SITES_MAX: usize = 300;
const BANDS_SHOWN: usize = 5;

/// How many of how many, by stratum and site.
type Counts<K> = BTreeMap<K, BTreeMap<u32, [u64; 2]>>;

/// What one site has against all in the same strata.
#[derive(Clone, Copy, Default)]
pub(super) struct Compared {
    pub observed: f64,
    pub expected: f64,
    pub variance: f64,
}

impl Compared {
    fn ratio(&self) -> f64 {
        if self.expected > 0.0 { self.observed / self.expected } else { 1.0 }
    }

    /// The probability of such a difference, in both directions (Mantel and Haenszel 1959, without their correction).
    pub fn p(&self) -> f64 {
        if self.variance <= 0.0 {
            return 1.0;
        }
        let z = (self.observed - self.expected) / self.variance.sqrt();
        (2.0 * normal_above(z.abs())).min(1.0)
    }
}

/// How likely it is that sites differ so from the middle of all by chance, given how sites differ as a rule.
///
/// Where capacities do not follow trade, hardly two sites inspect the same share of the same scores, and a test against
/// all of them calls nearly every site deviant. So a site is held against the site in the middle, and its distance against the
/// spread that sites have beyond chance. Both are told by medians, which a few sites that stand out do not move (after
/// Spiegelhalter 2005, section 5, with the median absolute deviation in the place of winsorised means). Two sites have no middle:
/// each is held against both.
fn standing_out(sites: &[Compared]) -> Vec<f64> {
    if sites.len() < 3 {
        return sites.iter().map(Compared::p).collect();
    }
    let known: Vec<&Compared> = sites.iter().filter(|site| site.variance > 0.0).collect();
    let chance = |site: &Compared| site.variance / (site.expected * site.expected);
    let middle = median(known.iter().map(|site| site.ratio()).collect());
    let off = median(known.iter().map(|site| (site.ratio() - middle).abs()).collect());
    let spread = (NORMAL_OF_MEDIAN * off).powi(2) - median(known.iter().map(|site| chance(site)).collect());
    let p = |site: &Compared| match site.variance > 0.0 {
        true => {
            let z = (site.ratio() - middle) / (chance(site) + spread.max(0.0)).sqrt();
            (2.0 * normal_above(z.abs())).min(1.0)
        }
        false => 1.0,
    };
    sites.iter().map(p).collect()
}

/// By how much the standard deviation of normal numbers exceeds the median of their distances from the middle.
const NORMAL_OF_MEDIAN: f64 = 1.4826;

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    match (numbers.len(), numbers.len() / 2) {
        (0, _) => 0.0,
        (even, half) if even % 2 == 0 => 0.5 * (numbers[half - 1] + numbers[half]),
        (_, half) => numbers[half],
    }
}

/// Each site against all, and all sites against being alike, within strata.
pub(super) fn compare<K>(counts: &Counts<K>) -> (BTreeMap<u32, Compared>, Option<Heterogeneity>) {
    let mut sites: BTreeMap<u32, Compared> = BTreeMap::new();
    for stratum in counts.values() {
        let of = |at: usize| stratum.values().map(|count| count[at] as f64).sum::<f64>();
        let (hits, n) = (of(0), of(1));
        for (&site, &[hits_here, n_here]) in stratum {
            let compared = sites.entry(site).or_default();
            compared.observed += hits_here as f64;
            compared.expected += n_here as f64 * hits / n.max(1.0);
            if n > 1.0 {
                let n_here = n_here as f64;
                compared.variance += n_here * (n - n_here) * hits * (n - hits) / (n * n * (n - 1.0));
            }
        }
    }
    let all = (2..=SITES_MAX).contains(&sites.len()).then(|| together(counts, &sites));
    (sites, all)
}

fn together<K>(counts: &Counts<K>, sites: &BTreeMap<u32, Compared>) -> Heterogeneity {
    let numbers: BTreeMap<u32, usize> = sites.keys().enumerate().map(|(at, &site)| (site, at)).collect();
    let size = sites.len();
    let mut matrix = vec![vec![0.0; size]; size];
    for stratum in counts.values() {
        let of = |at: usize| stratum.values().map(|count| count[at] as f64).sum::<f64>();
        let (hits, n) = (of(0), of(1));
        if n <= 1.0 {
            continue;
        }
        let factor = hits * (n - hits) / (n * n * (n - 1.0));
        for (a, a_count) in stratum {
            for (b, b_count) in stratum {
                let own = if a == b { n * a_count[1] as f64 } else { 0.0 };
                matrix[numbers[a]][numbers[b]] += factor * (own - a_count[1] as f64 * b_count[1] as f64);
            }
        }
    }
    // One site follows from the others; `quadratic` finds that out, as it does where sites share no stratum.
    let differences: Vec<f64> = sites.values().map(|site| site.observed - site.expected).collect();
    let (chi_square, degrees) = quadratic(matrix, &differences);
    Heterogeneity { chi_square, degrees, p: chi_square_above(chi_square, degrees) }
}

/// Which site a declaration belongs to.
pub(super) struct Offices {
    /// By site: the rank of its kind.
    rank: Vec<usize>,
    inspects: Vec<bool>,
}

impl Offices {
    pub fn new(known: &Known, options: &WatchOptions) -> Self {
        let sites = &known.evidence.sites;
        let mut inspects = vec![false; sites.len()];
        for (_, inspected) in known.inspected() {
            if let Some(inspects) = inspects.get_mut(inspected.inspection.office as usize) {
                *inspects = true;
            }
        }
        let rank = |site: &str| {
            options
                .offices
                .iter()
                .position(|of_kind| of_kind.iter().any(|of| **of == *site))
                .unwrap_or(usize::MAX)
        };
        let rank = if options.offices.is_empty() {
            inspects.iter().map(|&inspects| if inspects { 0 } else { usize::MAX }).collect()
        } else {
            sites.iter().map(|site| rank(site)).collect()
        };
        Self { rank, inspects }
    }

    /// The site that inspects it; of others the first that inspects anything, else the first.
    pub fn of(&self, judged: &Judged) -> Option<u32> {
        if let Some(inspection) = &judged.inspection {
            return Some(inspection.office);
        }
        let ranked = judged
            .sites
            .iter()
            .copied()
            .filter(|&site| self.rank.get(site as usize).is_some_and(|&rank| rank != usize::MAX));
        ranked.min_by_key(|&site| (!self.inspects[site as usize], self.rank[site as usize], site))
    }
}

/// The band of a score, by its lowest score.
fn band(score: i64, width: u32) -> i64 {
    let width = i64::from(width.max(1));
    score.div_euclid(width).saturating_mul(width)
}

/// How sites treat the same scores, as it is counted.
pub(super) struct TreatmentCounts<'e> {
    offices: Offices,
    without_site: u64,
    inspected: Counts<(&'e str, i64)>,
    found: Counts<(&'e str, i64, u8)>,
    selected: BTreeMap<u32, ByKind>,
}

impl<'e> TreatmentCounts<'e> {
    pub fn new(known: &Known<'e>, options: &WatchOptions) -> Self {
        let offices = Offices::new(known, options);
        let (inspected, found, selected) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { offices, without_site: 0, inspected, found, selected }
    }

    /// Counts a declaration.
    pub fn add(&mut self, known: &Known<'e>, judged: &Judged, options: &WatchOptions) {
        let Some(site) = self.offices.of(judged) else {
            self.without_site += 1;
            return;
        };
        let channel = known.evidence.channel(judged);
        let band = band(judged.score, options.band);
        let count = self.inspected.entry((channel, band)).or_default().entry(site).or_default();
        count[1] += 1;
        let Some(inspection) = known.inspection(judged) else { return };
        count[0] += 1;
        let kind = inspection.inspection.selected;
        self.selected.entry(site).or_default().add(kind);
        if let State::Found(is_found) = inspection.state {
            // What is drawn and what is picked of one band differ in what is found.
            let of_band = self.found.entry((channel, band, kind as u8)).or_default();
            let count = of_band.entry(site).or_default();
            count[0] += u64::from(is_found);
            count[1] += 1;
        }
    }
}

/// How sites treat the same scores.
pub(super) fn treatment(counted: TreatmentCounts<'_>, known: &Known, options: &WatchOptions) -> Treatment {
    let TreatmentCounts { without_site, inspected, found, selected, .. } = counted;
    let mut treatment = Treatment { without_site, ..Treatment::default() };
    let (of_inspected, heterogeneity) = compare(&inspected);
    let (of_found, found_heterogeneity) = compare(&found);
    treatment.inspected = heterogeneity;
    treatment.found = found_heterogeneity;
    let all: f64 = inspected.values().flat_map(BTreeMap::values).map(|count| count[1] as f64).sum();
    for (&site, compared) in &of_inspected {
        let none = Compared::default();
        let findings = of_found.get(&site).unwrap_or(&none);
        let mut own = SiteTreatment {
            site: known.evidence.sites.get(site as usize).map_or(String::new(), ToString::to_string),
            selected: selected.get(&site).copied().unwrap_or_default(),
            expected: compared.expected,
            found_expected: findings.expected,
            ..SiteTreatment::default()
        };
        let coded = found.values().filter_map(|stratum| stratum.get(&site)).map(|count| count[1]).sum();
        own.found = Share::new(findings.observed as u64, coded);
        let (mut weights, mut weighted) = (0.0, 0.0);
        for (&(channel, from), stratum) in &inspected {
            let Some(&[hits, n]) = stratum.get(&site) else { continue };
            let sum = |at: usize| stratum.values().map(|count| count[at] as f64).sum::<f64>();
            own.declarations += n;
            weights += sum(1);
            weighted += sum(1) * hits as f64 / n as f64;
            own.bands.push(BandTreatment {
                channel: channel.to_owned(),
                from,
                declarations: n,
                inspected: hits,
                share_of_all: sum(0) / sum(1),
            });
        }
        own.share = compared.observed / own.declarations.max(1) as f64;
        own.standardised = if weights > 0.0 { weighted / weights } else { 0.0 };
        own.standardised_over = weights / all.max(1.0);
        own.ratio = compared.ratio();
        let half =
            if compared.expected > 0.0 { Z998 * compared.variance.sqrt() / compared.expected } else { 0.0 };
        own.funnel = ((1.0 - half).max(0.0), 1.0 + half);
        let difference = |band: &BandTreatment| {
            (band.inspected as f64 - band.declarations as f64 * band.share_of_all).abs()
        };
        own.bands.sort_by(|a, b| {
            difference(b)
                .total_cmp(&difference(a))
                .then_with(|| (&a.channel, a.from).cmp(&(&b.channel, b.from)))
        });
        own.bands.truncate(BANDS_SHOWN);
        treatment.sites.push(own);
    }
    let told = |of: &BTreeMap<u32, Compared>| {
        let of_sites: Vec<Compared> =
            of_inspected.keys().map(|site| of.get(site).copied().unwrap_or_default()).collect();
        let p = standing_out(&of_sites);
        let adjusted = false_discovery(&p);
        let plain = false_discovery(&of_sites.iter().map(Compared::p).collect::<Vec<_>>());
        let is_apart = |(p, site): (&f64, &Compared)| {
            *p <= options.level && options.is_apart(site.ratio()) && site.expected > 0.0
        };
        let apart = plain.iter().zip(&of_sites).filter(|site| is_apart(*site)).count() as u64;
        (p, adjusted, apart)
    };
    let (p, p_adjusted, apart) = told(&of_inspected);
    let (found_p, found_p_adjusted, found_apart) = told(&of_found);
    (treatment.apart, treatment.found_apart) = (apart, found_apart);
    for (at, site) in treatment.sites.iter_mut().enumerate() {
        (site.p, site.p_adjusted) = (p[at], p_adjusted[at]);
        (site.found_p, site.found_p_adjusted) = (found_p[at], found_p_adjusted[at]);
    }
    treatment
}
