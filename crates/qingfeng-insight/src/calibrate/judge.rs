//! Each of the last periods judged by what was learnt before it.

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::design::{Design, Found, Set};
use super::fit::Line;
use super::learn::{Learnt, Lesson, score};
use super::{
    AtCapacity, CalibrateError, CalibrateOptions, CurrentPoints, PenaltyJudged, PeriodJudged, Validation,
    Verdict,
};

/// The shares of declarations that are inspected by score, for comparison.
const SHARES: [f64; 4] = [0.01, 0.02, 0.05, 0.1];
/// Errors of the gain beyond which it is more than chance.
const TOLD: f64 = 2.0;

/// A period, and what comes before it.
struct Fold<'d> {
    period: usize,
    lesson: Lesson<'d>,
    learnt_from: u64,
    judged: Vec<Found<'d>>,
}

/// The penalty that does best on periods that were not learnt from, and how it does; `None` where there are none.
pub(super) fn judge(
    design: &Design,
    current: &CurrentPoints,
    options: &CalibrateOptions,
) -> Result<Option<(f64, Validation)>, CalibrateError> {
    let periods = design.periods.len();
    let first = periods.saturating_sub(options.periods as usize).max(1);
    let mut folds = Vec::new();
    for period in first..periods {
        let judged = design.found(|number| number as usize == period);
        let before = design.found(|number| (number as usize) < period);
        let learnt_from = before.iter().map(|row| row.both().count).sum();
        match Lesson::new(design, before, current, options) {
            Ok(lesson) if !judged.is_empty() => folds.push(Fold { period, lesson, learnt_from, judged }),
            // So early nothing can be learnt.
            Ok(_) | Err(CalibrateError::AllAlike { .. } | CalibrateError::NoRule { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    if folds.is_empty() {
        return Ok(None);
    }
    // From the strongest: of two that do equally well the one that changes less counts.
    let mut penalties = options.penalties.clone();
    penalties.sort_by(|a, b| b.total_cmp(a));
    let tasks: Vec<(usize, usize)> =
        (0..penalties.len()).flat_map(|penalty| (0..folds.len()).map(move |fold| (penalty, fold))).collect();
    let learnt: Vec<Learnt> = tasks
        .into_par_iter()
        .map(|(penalty, fold)| folds[fold].lesson.learn(penalties[penalty], false))
        .collect::<Result<_, _>>()?;
    let of = |penalty: usize| &learnt[penalty * folds.len()..(penalty + 1) * folds.len()];
    let mut judged = Vec::with_capacity(penalties.len());
    for (at, &penalty) in penalties.iter().enumerate() {
        let mut sum = (0.0, 0.0);
        for (fold, learnt) in folds.iter().zip(of(at)) {
            let (loss, weight) =
                log_loss(&fold.judged, learnt.proposal, &|set| score(set, &learnt.points, current));
            sum = (sum.0 + loss, sum.1 + weight);
        }
        judged.push(PenaltyJudged { penalty, log_loss: sum.0 / sum.1 });
    }
    let best = (0..judged.len()).fold(
        0,
        |best, at| {
            if judged[at].log_loss < judged[best].log_loss { at } else { best }
        },
    );
    let validation = compared(design, current, &folds, of(best), judged);
    Ok(Some((penalties[best], validation)))
}

/// Minus the log of the probability that was given to what was found (summed by weight), and the weights.
fn log_loss(rows: &[Found<'_>], line: Line, of: &dyn Fn(&Set) -> i64) -> (f64, f64) {
    rows.iter().fold((0.0, 0.0), |(loss, weight), row| {
        let (violating, clear) = losses(line, of(row.set));
        (loss + row.violations.weight * violating + row.clear.weight * clear, weight + row.both().weight)
    })
}

/// What a violation costs the forecast, and what a clear declaration does.
fn losses(line: Line, score: i64) -> (f64, f64) {
    // No forecast is so sure that one declaration outweighs all others.
    let chance = line.probability(score as f64).clamp(1e-9, 1.0 - 1e-9);
    (-chance.ln(), -(-chance).ln_1p())
}

fn compared(
    design: &Design,
    current: &CurrentPoints,
    folds: &[Fold<'_>],
    learnt: &[Learnt],
    penalties: Vec<PenaltyJudged>,
) -> Validation {
    let today: Vec<i64> = current.rules.iter().map(|rule| rule.points.unwrap_or(0)).collect();
    let mut periods = Vec::with_capacity(folds.len());
    let mut pack = (0.0, 0.0);
    let mut proposal = (0.0, 0.0);
    // Of what each declaration gains: by weight, by square of the weight, and its square so.
    let mut gains = [0.0; 3];
    let mut capacity = [[0.0; 2]; SHARES.len()];
    let (mut violations_of_all, mut taken_of_all) = (0.0, [0.0; SHARES.len()]);
    for (fold, learnt) in folds.iter().zip(learnt) {
        let by_pack = |set: &Set| score(set, &today, current);
        let by_proposal = |set: &Set| score(set, &learnt.points, current);
        let pack_loss = log_loss(&fold.judged, learnt.pack, &by_pack);
        let proposal_loss = log_loss(&fold.judged, learnt.proposal, &by_proposal);
        pack = (pack.0 + pack_loss.0, pack.1 + pack_loss.1);
        proposal = (proposal.0 + proposal_loss.0, proposal.1 + proposal_loss.1);
        for row in &fold.judged {
            let (pack_violating, pack_clear) = losses(learnt.pack, by_pack(row.set));
            let (violating, clear) = losses(learnt.proposal, by_proposal(row.set));
            for (sums, gain) in
                [(row.violations, pack_violating - violating), (row.clear, pack_clear - clear)]
            {
                gains[0] += sums.square;
                gains[1] += sums.square * gain;
                gains[2] += sums.square * gain * gain;
            }
        }
        for (at, &share) in SHARES.iter().enumerate() {
            let (taken, found) = best(&fold.judged, share, &by_pack);
            let (_, found_by_proposal) = best(&fold.judged, share, &by_proposal);
            taken_of_all[at] += taken;
            capacity[at][0] += found;
            capacity[at][1] += found_by_proposal;
        }
        violations_of_all += fold.judged.iter().map(|row| row.violations.weight).sum::<f64>();
        periods.push(PeriodJudged {
            period: design.periods[fold.period].clone(),
            learnt_from: fold.learnt_from,
            judged: fold.judged.iter().map(|row| row.both().count).sum(),
            violations: fold.judged.iter().map(|row| row.violations.count).sum(),
            pack_log_loss: pack_loss.0 / pack_loss.1,
            proposal_log_loss: proposal_loss.0 / proposal_loss.1,
        });
    }
    let gain = (pack.0 - proposal.0) / pack.1;
    // The error of a ratio of weighted sums, declarations taken as independent.
    let square = gains[2] - 2.0 * gain * gains[1] + gain * gain * gains[0];
    let gain_error = square.max(0.0).sqrt() / pack.1;
    let verdict = match gain {
        gain if gain > 0.0 && gain > TOLD * gain_error => Verdict::Better,
        gain if gain < 0.0 && -gain > TOLD * gain_error => Verdict::Worse,
        _ => Verdict::NotTold,
    };
    let share_of = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
    let at_capacity =
        SHARES.iter().zip(&capacity).zip(&taken_of_all).map(|((&share, found), &taken)| AtCapacity {
            share,
            pack_precision: share_of(found[0], taken),
            proposal_precision: share_of(found[1], taken),
            pack_recall: share_of(found[0], violations_of_all),
            proposal_recall: share_of(found[1], violations_of_all),
        });
    Validation {
        period: design.period,
        periods,
        penalties,
        pack_log_loss: pack.0 / pack.1,
        proposal_log_loss: proposal.0 / proposal.1,
        gain,
        gain_error,
        at_capacity: at_capacity.collect(),
        verdict,
    }
}

/// The weight of the best share of the declarations by score, and the violations among them. Of declarations with one
/// score as many count as there is room for, with as many violations as they have on average.
fn best(rows: &[Found<'_>], share: f64, of: &dyn Fn(&Set) -> i64) -> (f64, f64) {
    let mut by_score = std::collections::BTreeMap::<i64, (f64, f64)>::new();
    for row in rows {
        let sums = by_score.entry(of(row.set)).or_default();
        sums.0 += row.both().weight;
        sums.1 += row.violations.weight;
    }
    let room = share * by_score.values().map(|sums| sums.0).sum::<f64>();
    let (mut taken, mut found) = (0.0, 0.0);
    for (weight, violations) in by_score.into_values().rev() {
        let part = ((room - taken) / weight).clamp(0.0, 1.0);
        taken += part * weight;
        found += part * violations;
        if part < 1.0 {
            break;
        }
    }
    (taken, found)
}
