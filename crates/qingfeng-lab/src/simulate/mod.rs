//! Days of synthetic trade with exporters who adapt, and the whole cycle run on them day by day: what a random share,
//! exploration and calibration are worth where the truth is known.

mod consignment;
mod exporters;
mod offices;
mod options;
mod records;
mod result;
mod summary;
mod tactics;
#[cfg(test)]
mod tests;
mod trade;
mod world;

use std::sync::atomic::{AtomicU64, Ordering};

use arrow_schema::ArrowError;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use qingfeng::Engine;
use qingfeng_inspection::Policy;
use world::{World, WorldRun};

pub use options::{
    Adversaries, Arm, ArmError, Inspections, MAX_ARMS, MAX_INSPECTIONS_PER_DAY, MAX_LINES, MAX_LINES_PER_DAY,
    MAX_SEEDS, Offices, SimulateOptions,
};
pub use result::{
    Accuracy, ArmResult, Counts, Estimate, Figures, Month, RuleTruth, RuleWorth, Simulated, TacticResult,
    WorldMonth, WorldResult,
};
pub use tactics::Tactic;

/// A simulation cannot be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the messages say what the fields are")]
pub enum SimulateError {
    /// The pack says nothing of inspections.
    #[error("the pack has no [selection], which says who is inspected; see `qingfeng reference selection`")]
    NoPolicy,
    /// No site can inspect anything.
    #[error(
        "no site that inspects has a capacity: write `[[selection.capacity]]` with `site` and `inspections` or `hours` into \
         pack.toml, or give a table of capacities"
    )]
    NoCapacity,
    /// Sites that are put together count in different units.
    #[error(
        "the capacity of the site `{site}` is in another unit than that of others it is put together with; give all in \
         inspections or all in hours, or keep the sites apart"
    )]
    MixedCapacity { site: String },
    /// The days are none of the generator's.
    #[error("the first and the last day must be days of 2016, the first before the last")]
    Days,
    /// A number that is out of bounds.
    #[error("{what} {given}; give a number from {least} to {most}")]
    Bounds { what: &'static str, given: u64, least: u64, most: u64 },
    /// More lines than a simulation has.
    #[error(
        "{lines} goods lines in all ({days} days x {lines_per_day} lines x {arms} arms x {seeds} worlds), more than \
         {MAX_LINES}; simulate fewer of them"
    )]
    Lines { lines: u64, days: u64, lines_per_day: u64, arms: u64, seeds: u64 },
    /// An arm is of the other pack, and there is none.
    #[error("the arm {arm} is of the other pack, and none is given; name it with --other")]
    NoOther { arm: Arm },
    /// An arm is there twice.
    #[error("the arm {arm} is there twice; leave one out")]
    ArmTwice { arm: Arm },
    /// The pack cannot assess declarations of the generator.
    #[error(
        "the pack cannot assess synthetic declarations, which have the fields of the standard export declaration: {0}"
    )]
    Assess(String),
    /// A column of a table in memory is missing.
    #[error("a table in memory has no column `{0}`; does the pack have a date and an inspection policy?")]
    NoColumn(&'static str),
    /// A table in memory cannot be made.
    #[error("a table in memory cannot be made: {0}")]
    Table(#[from] ArrowError),
    /// No key follows from the seed.
    #[error("no key of the draw follows from this seed; give another")]
    Key,
    /// The threads cannot be started.
    #[error("cannot start the threads: {0}")]
    Threads(String),
}

/// A simulation, ready to be run: days of synthetic trade with exporters who adapt, and the whole cycle day by day.
///
/// ```text
/// generate ──▶ the day's consignments ──adversaries rewrite theirs──▶ declarations
///    declarations ──engine──▶ assessments ──planner, the world's key──▶ inspections ──truth──▶ outcomes
///    outcomes ──▶ experience of the planner, points (monthly), what adversaries learn ──▶ the next day
/// ```
///
/// Each *world* has a seed: its trade, its traders and its draw follow from it. Each *arm* is a way of running the ports.
/// All arms see the same original trade in the same world, so that their differences are paired.
///
/// Consignments, not declarations, are what is counted: one that an adversary splits into three declarations is one
/// violation, found when any part of it is. So all arms have the same violations, whatever adversaries do.
///
/// ```
/// use qingfeng::Engine;
/// use qingfeng_lab::{Simulation, SimulateOptions};
///
/// let engine = Engine::open(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/clean-wind"))?;
/// let options = SimulateOptions {
///     until: "2016-01-10".parse()?,
///     lines_per_day: 200,
///     arms: vec!["random-10".parse()?, "random-10+steady".parse()?],
///     ..SimulateOptions::new()
/// };
/// let simulated = Simulation::new(&engine, options)?.run(&|_, _| {})?;
/// let [adaptive, steady] = [0, 1].map(|at| &simulated.arms[at].worlds[0].counts);
/// assert_eq!(adaptive.violations, steady.violations);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Simulation {
    engine: Engine,
    policy: Policy,
    other: Option<(Engine, Policy)>,
    options: SimulateOptions,
}

impl Simulation {
    /// A simulation of a pack with an inspection policy.
    ///
    /// # Errors
    ///
    /// A pack without a policy or a capacity; days, numbers or arms that are none or too many.
    pub fn new(engine: &Engine, options: SimulateOptions) -> Result<Self, SimulateError> {
        let bounds = |what, given, least, most| {
            let within = (least..=most).contains(&given);
            if within { Ok(given) } else { Err(SimulateError::Bounds { what, given, least, most }) }
        };
        // The exporters' ways of adapting are those of 2016.
        let of_year = [options.from, options.until].iter().all(|day| day.year() == 2016);
        if !of_year || options.from > options.until {
            return Err(SimulateError::Days);
        }
        let lines_per_day =
            bounds("the goods lines of a day are", options.lines_per_day, 1, MAX_LINES_PER_DAY)?;
        let seeds = bounds("the worlds are", options.seeds.into(), 1, MAX_SEEDS.into())?;
        let arms = bounds("the arms are", options.arms.len() as u64, 1, MAX_ARMS as u64)?;
        if let Inspections::PerDay(inspections) = options.inspections {
            bounds("the inspections of a day are", inspections.into(), 1, MAX_INSPECTIONS_PER_DAY.into())?;
        }
        for parts in [options.adversaries.share, options.adversaries.speed] {
            bounds("the millionths of adversaries are", parts.0.into(), 0, 1_000_000)?;
        }
        for (at, &arm) in options.arms.iter().enumerate() {
            if options.arms[..at].contains(&arm) {
                return Err(SimulateError::ArmTwice { arm });
            }
        }
        let days = u64::try_from(options.days()).unwrap_or(0);
        let lines = days * lines_per_day * seeds * arms;
        if lines > MAX_LINES {
            return Err(SimulateError::Lines { lines, days, lines_per_day, arms, seeds });
        }
        let policy = Policy::of(engine.pack()).ok_or(SimulateError::NoPolicy)?;
        Ok(Self { engine: engine.clone(), policy, other: None, options })
    }

    /// The same with another pack, by which arms with the part `other` assess and plan: so two packs are held against each
    /// other on the same trade.
    ///
    /// # Errors
    ///
    /// A pack without a policy.
    pub fn with_other(mut self, engine: &Engine) -> Result<Self, SimulateError> {
        let policy = Policy::of(engine.pack()).ok_or(SimulateError::NoPolicy)?;
        self.other = Some((engine.clone(), policy));
        Ok(self)
    }

    /// The pack of an arm.
    fn pack_of(&self, arm: Arm) -> Result<(&Engine, &Policy), SimulateError> {
        match &self.other {
            Some((engine, policy)) if arm.other => Ok((engine, policy)),
            None if arm.other => Err(SimulateError::NoOther { arm }),
            _ => Ok((&self.engine, &self.policy)),
        }
    }

    /// Runs all arms in all worlds. `progress` is told how many days of how many are done, from any thread. The result
    /// depends on the pack and the options alone, not on threads.
    ///
    /// # Errors
    ///
    /// A pack that cannot assess what the generator makes, or whose sites have capacities in different units.
    pub fn run(&self, progress: &(dyn Fn(u64, u64) + Sync)) -> Result<Simulated, SimulateError> {
        let Some(threads) = self.options.threads else { return self.run_here(progress) };
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .map_err(|error| SimulateError::Threads(error.to_string()))?;
        pool.install(|| self.run_here(progress))
    }

    fn run_here(&self, progress: &(dyn Fn(u64, u64) + Sync)) -> Result<Simulated, SimulateError> {
        let options = &self.options;
        let days = u64::try_from(options.days()).unwrap_or(0);
        // Seeds within arms, so that arms are ready one after the other.
        let jobs: Vec<(Arm, u64)> = options
            .arms
            .iter()
            .flat_map(|&arm| (0..u64::from(options.seeds)).map(move |world| (arm, world)))
            .collect();
        let (done, total) = (AtomicU64::new(0), days * jobs.len() as u64);
        let tell = || progress(done.fetch_add(1, Ordering::Relaxed) + 1, total);
        let worlds: Vec<World> = jobs
            .par_iter()
            .map(|&(arm, world)| {
                let seed = options.seed.wrapping_add(world);
                let (engine, policy) = self.pack_of(arm)?;
                WorldRun { engine, policy, options, arm, seed }.run(&tell)
            })
            .collect::<Result<_, SimulateError>>()?;
        let mut worlds = worlds.into_iter();
        let mut arms: Vec<ArmResult> = Vec::with_capacity(options.arms.len());
        for &arm in &options.arms {
            let of_arm: Vec<World> = worlds.by_ref().take(options.seeds as usize).collect();
            let put_together = summary::arm(arm, of_arm, arms.first().map(|first| first.worlds.as_slice()));
            arms.push(put_together);
        }
        Ok(Simulated {
            pack: self.engine.pack_id().to_string(),
            other: self.other.as_ref().map(|(engine, _)| engine.pack_id().to_string()),
            seed: options.seed,
            seeds: options.seeds,
            from: options.from.to_string(),
            until: options.until.to_string(),
            days: u32::try_from(days).unwrap_or(0),
            lines_per_day: options.lines_per_day,
            inspections_per_day: match options.inspections {
                Inspections::PerDay(inspections) => Some(inspections),
                Inspections::Table(_) => None,
            },
            offices: options.offices,
            adversaries: options.adversaries,
            arms,
        })
    }
}
