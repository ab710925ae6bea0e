//! One world under one arm: the whole cycle, day by day.

use std::collections::BTreeMap;

use arrow_array::{BooleanArray, RecordBatch};
use arrow_select::filter::filter_record_batch;
use qingfeng_rules::{Date, SelectionKind};

use super::SimulateError;
use super::consignment::{Columns, Consignment, LineTruth, column, combined, table};
use super::exporters::{Exporters, PLACES, TALLIES, TacticTally, Trade, exporter_number, tally_index, trade};
use super::offices::ArmOffices;
use super::options::{Arm, SimulateOptions};
use super::records::OfficeRecords;
use super::result::{Counts, WorldMonth, WorldResult};
use super::summary::figures;
use super::tactics::Tactic;
use super::trade::Days;
use crate::generate::{Generated, disguise};
use qingfeng::tables::BatchRows;
use qingfeng::{By, Engine};
use qingfeng_inspection::draw::Key;
use qingfeng_inspection::outcomes::Timeline;
use qingfeng_inspection::rolling::{AssessmentColumns, AssessmentDecoder};
use qingfeng_inspection::{AssessedDeclaration, Experience, PlannedDay, Planner, Policy, Targeting};

/// One world to run: its seed, its arm, and what all worlds share.
pub(super) struct WorldRun<'s> {
    pub(super) engine: &'s Engine,
    pub(super) policy: &'s Policy,
    pub(super) options: &'s SimulateOptions,
    pub(super) arm: Arm,
    pub(super) seed: u64,
}

/// The results of a world.
pub(super) struct World {
    pub(super) result: WorldResult,
    pub(super) tallies: [TacticTally; TALLIES],
}

/// A declaration as it was lodged.
struct Lodged {
    id: Box<str>,
    truth: LineTruth,
    origin: Option<usize>,
    places: [Option<Box<str>>; 2],
    is_inspected: bool,
}

/// A consignment that violates.
struct ViolatingConsignment {
    exporter: Option<u32>,
    trade: Trade,
    tactic: Option<Tactic>,
    /// Whether its exporter adapts.
    adapts: bool,
    value_cents: i64,
    found: Option<SelectionKind>,
    in_reach: bool,
}

/// The declarations of a day, and what they hide.
#[derive(Default)]
struct Lodging {
    lodged: Vec<Lodged>,
    violating: Vec<ViolatingConsignment>,
    tables: Vec<RecordBatch>,
    disguised: u64,
}

impl WorldRun<'_> {
    /// Runs the world; `day_done` is called after each day.
    pub(super) fn run(&self, day_done: &dyn Fn()) -> Result<World, SimulateError> {
        let Self { engine, options, arm, seed, .. } = *self;
        let days = u64::try_from(options.days()).unwrap_or(0);
        let stream = Days::new(seed, options.lines_per_day * days, options.from, options.until);
        let key = draw_key(seed)?;
        let mut offices = ArmOffices::new(self.policy, options, arm)?;
        let mut decoder = AssessmentDecoder::of_pack(engine.pack());
        let mut sent = BTreeMap::new();
        let mut exporters = Exporters::new(seed, options.adversaries);
        let mut experience = Experience::none(&offices.policy);
        let known = Timeline::default();
        let targeting = if arm.by_score { Targeting::Score } else { Targeting::Mean };
        let mut records = OfficeRecords::new(engine, &offices.policy);
        let mut points: Option<Vec<Option<i64>>> = None;
        let (mut months, mut late, mut all) =
            (BTreeMap::<(i64, i64), Counts>::new(), Counts::default(), Counts::default());
        let (mut month, mut before, mut calibrations) = (None, 0, 0);
        let late_from = options.from.plus_days(options.days() * 2 / 3).unwrap_or(options.until);

        for (day, pieces) in stream.ok_or(SimulateError::Days)? {
            let of_month = (day.year(), day.month());
            if arm.calibrate
                && month.is_some_and(|month| month != of_month)
                && let Some(fitted) = records.fitted_points(engine.pack())
            {
                points = Some(fitted);
                calibrations += 1;
            }
            month = Some(of_month);

            let mut lodging = self.lodge(&pieces, day, &mut exporters)?;
            let mut candidates: Vec<AssessedDeclaration> = Vec::with_capacity(lodging.lodged.len());
            for table in &lodging.tables {
                let batch =
                    engine.assess_batch(table).map_err(|error| SimulateError::Assess(error.to_string()))?;
                let batch = match &points {
                    Some(points) => batch.with_points(points),
                    None => batch,
                };
                let rows = batch.rows(By::Declaration, false)?;
                for row in BatchRows::new(&AssessmentColumns::TABLE, &rows)?.iter() {
                    candidates
                        .push(decoder.row(&row).map_err(|error| SimulateError::Assess(error.to_string()))?);
                }
            }
            candidates.retain(|candidate| candidate.day.is_some());
            for candidate in &mut candidates {
                offices.assign(candidate, &mut sent);
                // The day on which it is lodged, whatever field of the pack says it.
                candidate.day = Some(day);
            }
            AssessedDeclaration::merge(&mut candidates, decoder.interner(), 0);

            let capacity = offices.capacity(day)?;
            offices.set_rates(&candidates, &capacity, day);
            experience.settle();
            let planner =
                Planner::new(&offices.policy, &capacity).with_outcomes(&known).with_targeting(targeting);
            let day_key = key.of_day(day);
            let (planned, without_office) =
                planner.plan_day(&candidates, 0..candidates.len(), day, &experience, Some(&day_key));

            lodging.lodged.sort_by(|a, b| a.id.cmp(&b.id));
            let at: Vec<Option<usize>> = candidates
                .iter()
                .map(|one| lodging.lodged.binary_search_by(|lodged| lodged.id.cmp(&one.declaration_id)).ok())
                .collect();
            let mut counts = lodging.inspect(&planned, &at, &without_office);
            for of_office in &planned {
                for selected in &of_office.selected {
                    let candidate = &candidates[selected.candidate];
                    let lodged = at[selected.candidate].map(|at| &lodging.lodged[at]);
                    let found = lodged.is_some_and(|lodged| lodged.truth.violation.is_some());
                    let cell = Experience::cell(&offices.policy, candidate, Some(&of_office.office));
                    experience.learn(before + selected.candidate, candidate, cell, None, Some((day, found)));
                }
            }
            before += candidates.len();
            let truth =
                |candidate: usize| at[candidate].map(|at| lodging.lodged[at].truth).unwrap_or_default();
            records.add(&candidates, &planned, &without_office, &truth, decoder.interner());
            if !arm.steady {
                lodging.inform(&mut exporters, day);
            }
            counts.disguised = lodging.disguised;
            all += counts;
            *months.entry(of_month).or_default() += counts;
            if day >= late_from {
                late += counts;
            }
            day_done();
        }
        let worth = records.worth().map_err(|error| SimulateError::Assess(error.to_string()))?;
        let (rules, estimated, violating) = worth;
        let result = WorldResult {
            seed,
            counts: all,
            figures: figures(&all, &late, days),
            estimated_violations: (all.drawn > 0).then_some(estimated),
            violating_declarations: violating,
            calibrations,
            months: months
                .into_iter()
                .map(|((year, month), counts)| WorldMonth { month: format!("{year:04}-{month:02}"), counts })
                .collect(),
            rules,
        };
        Ok(World { result, tallies: exporters.tallies })
    }

    /// What is lodged on a day: adversaries rewrite theirs.
    fn lodge(
        &self,
        pieces: &[Generated],
        day: Date,
        exporters: &mut Exporters,
    ) -> Result<Lodging, SimulateError> {
        let mut lodging = Lodging::default();
        let mut rewritten: Vec<Consignment> = Vec::new();
        for generated in pieces {
            let columns = Columns::new(generated).ok_or(SimulateError::NoColumn("result"))?;
            let mut keep = vec![true; generated.declarations.num_rows()];
            for lines in columns.declarations() {
                let first = lines.start;
                let truth = combined(lines.clone().map(|line| columns.truth(line)));
                let text = |at: usize| columns.text(at, first);
                let mut origin = None;
                let mut instead = None;
                if truth.violation.is_some() {
                    let exporter = exporter_number(text(column::EXPORTER));
                    let adapting =
                        exporter.filter(|&exporter| !self.arm.steady && exporters.adapts(exporter));
                    let trade = trade(text(column::MODE), text(column::HS));
                    let mut tactic = None;
                    if let Some(exporter) = adapting {
                        let consignment = columns.consignment(lines.clone());
                        (tactic, instead) = exporters.lodge(exporter, &trade, &consignment, day);
                    }
                    origin = Some(lodging.violating.len());
                    lodging.violating.push(ViolatingConsignment {
                        exporter,
                        trade,
                        tactic,
                        adapts: adapting.is_some(),
                        value_cents: truth.value_cents,
                        found: None,
                        in_reach: false,
                    });
                }
                match instead {
                    Some(declarations) => {
                        keep[lines].fill(false);
                        for declaration in declarations {
                            lodging.lodged.push(Lodged {
                                id: declaration.header(column::ID).unwrap_or_default().into(),
                                truth: declaration.truth(),
                                origin,
                                places: PLACES.map(|place| declaration.header(place).map(Into::into)),
                                is_inspected: false,
                            });
                            lodging.disguised += 1;
                            rewritten.push(declaration);
                        }
                    }
                    None => lodging.lodged.push(Lodged {
                        id: text(column::ID).unwrap_or_default().into(),
                        truth,
                        origin,
                        places: PLACES.map(|place| text(place).map(Into::into)),
                        is_inspected: false,
                    }),
                }
            }
            let table = &generated.declarations;
            lodging.tables.push(if keep.iter().all(|&keep| keep) {
                table.clone()
            } else {
                filter_record_batch(table, &BooleanArray::from(keep))?
            });
        }
        if !rewritten.is_empty() {
            lodging.tables.push(table(&rewritten)?);
        }
        Ok(lodging)
    }
}

impl Lodging {
    /// Inspects what is planned, and counts the day. `at` gives where a candidate stands in what was lodged.
    fn inspect(&mut self, planned: &[PlannedDay], at: &[Option<usize>], without_office: &[usize]) -> Counts {
        let mut counts = Counts { declarations: self.lodged.len() as u64, ..Counts::default() };
        let mut in_reach = vec![true; at.len()];
        without_office.iter().for_each(|&candidate| in_reach[candidate] = false);
        for (candidate, &lodged) in at.iter().enumerate() {
            let origin = lodged.and_then(|lodged| self.lodged[lodged].origin);
            if let Some(origin) = origin.filter(|_| in_reach[candidate]) {
                self.violating[origin].in_reach = true;
            }
        }
        for selected in planned.iter().flat_map(|of_office| &of_office.selected) {
            counts.inspections += 1;
            let lodged = at[selected.candidate].map(|lodged| &mut self.lodged[lodged]);
            let Some(lodged) = lodged else { continue };
            lodged.is_inspected = true;
            let hit = u64::from(lodged.truth.violation.is_some());
            counts.hits += hit;
            match selected.kind {
                SelectionKind::Mandatory => {}
                SelectionKind::Targeted => {
                    counts.targeted += 1;
                    counts.targeted_hits += hit;
                }
                SelectionKind::Random => {
                    counts.drawn += 1;
                    counts.drawn_hits += hit;
                }
            }
            if let Some(origin) = lodged.origin.filter(|_| hit > 0) {
                self.violating[origin].found.get_or_insert(selected.kind);
            }
        }
        for origin in &self.violating {
            let value = u64::try_from(origin.value_cents).unwrap_or(0);
            counts.violations += 1;
            counts.value_cents += value;
            counts.out_of_reach += u64::from(!origin.in_reach);
            if origin.found.is_some() {
                counts.violations_found += 1;
                counts.value_found_cents += value;
            }
        }
        counts
    }

    /// Exporters learn what became of theirs, and what they saw at ports and markets.
    fn inform(&self, exporters: &mut Exporters, day: Date) {
        for lodged in &self.lodged {
            for place in lodged.places.iter().flatten() {
                exporters.observed.record(place, lodged.is_inspected);
            }
        }
        for origin in &self.violating {
            let exporter = origin.exporter.filter(|_| origin.adapts);
            match origin.found {
                Some(kind) => exporters.found(exporter, &origin.trade, origin.tactic, kind, day),
                None => exporters.passed(exporter, origin.tactic),
            }
        }
        exporters.end_day();
    }
}

/// The key of a world's draw. It is no secret: everything of a simulation follows from its seed.
fn draw_key(seed: u64) -> Result<Key, SimulateError> {
    // Of keys that look made up, as one in very many may, the next is taken.
    (0..16)
        .find_map(|turn| {
            let mut hasher = blake3::Hasher::new();
            hasher.update(b"qingfeng simulate").update(&disguise::mix(seed ^ (turn << 60)).to_le_bytes());
            Key::from_bytes(hasher.finalize().as_bytes()).ok()
        })
        .ok_or(SimulateError::Key)
}

/// The tactics in the order of their tallies.
pub(super) fn tallied() -> impl Iterator<Item = (Option<Tactic>, usize)> {
    Tactic::ALL.into_iter().map(Some).chain([None]).map(|tactic| (tactic, tally_index(tactic)))
}
