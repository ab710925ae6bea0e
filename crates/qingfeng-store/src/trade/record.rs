//! The files of a record.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::{self, File};
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{ArrayRef, Date32Array, Int64Array, RecordBatch};
use arrow_schema::{Field, Schema, SchemaRef};
use foldhash::fast::FixedState;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use qingfeng::internals::{BatchValues, Rows, Typed};
use qingfeng::read::{Chunk, Place, Reader};
use qingfeng::write::{Output, TableWriter, WholeFile, WriteError};
use qingfeng::{Engine, JobError, LivingTables, Pipeline, Progress};
use qingfeng_rules::lookups::{Counted, Lookup, Profile};
use qingfeng_rules::{Code, Date, Diagnostic, FieldRef, Kind, Pack};
use serde::{Deserialize, Serialize};

use super::columns::Growing;
use super::count::{Counter, TooLarge, days_and_declarations};
use super::results::{self, ResultCounter, ResultRow, Results, WeightedResult};

/// The form of records.
const FORM: u32 = 1;

/// With what the names of files of results begin.
const RESULTS: &str = "results-";

/// What says which files a record has.
const CONTENTS: &str = "trade.json";

/// A record cannot be read or added to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TradeError {
    /// There is no record.
    #[error("there is no record of past trade in {0}")]
    Missing(String),
    /// A file of the record cannot be read or written, or another run is writing it.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// A file of the record is not as it was written.
    #[error("{path} is not as it was written: {reason}")]
    Damaged {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The record was made by a newer program.
    #[error("{path} has the form {found}, and this program knows {FORM}; use a newer one")]
    Form {
        /// The file.
        path: String,
        /// Its form.
        found: u32,
    },
    /// A profile of the pack asks for what the record does not hold.
    #[error("the record of past trade in {record} has no `{field}` as the pack has it now: {reason}")]
    Field {
        /// The directory.
        record: String,
        /// The field.
        field: String,
        /// In what it differs.
        reason: &'static str,
    },
    /// The lines of a declaration do not stand together in what is added.
    #[error(
        "the lines of a declaration do not stand together: it begins at {first} and again at {again} ({count} such \
         declarations); sort the lines by declaration, or add files that overlap one after the other"
    )]
    Scattered {
        /// Where it begins.
        first: String,
        /// Where it begins again.
        again: String,
        /// How many such declarations there are.
        count: u64,
    },
    /// The pack has no profile.
    #[error("the pack has no profile, so nothing is to be kept; declare one: `[profiles.exporter]`")]
    NoProfile,
    /// The declarations cannot be read.
    #[error(transparent)]
    Read(#[from] JobError),
}

/// What was added to a record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Added {
    /// Lines that were added, and of how many declarations.
    pub lines: u64,
    /// Their declarations.
    pub declarations: u64,
    /// Declarations that were in the record already, by their ids.
    pub known: u64,
    /// Lines without a day, which are not kept.
    pub undated: u64,
    /// Lines of which something could not be read; they count without it.
    pub amiss: u64,
    /// The record after it.
    pub kept: Kept,
}

/// What a record holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Kept {
    /// Goods lines.
    pub lines: u64,
    /// Declarations.
    pub declarations: u64,
    /// The first day and the last.
    pub days: Option<(Date, Date)>,
    /// The names of the fields.
    pub fields: Vec<String>,
    /// Rows of results of inspections.
    pub results: u64,
    /// Names all that it holds: 12 hexadecimal digits.
    pub digest: String,
}

/// What was added of results to a record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ResultsAdded {
    /// Rows that were added.
    pub added: u64,
    /// Of these, rows of declarations that the record does not have: they count once these are added.
    pub of_unknown: u64,
    /// Rows that were in the record already.
    pub known: u64,
    /// Rows of which nobody can say when they were known, which are not kept.
    pub undated: u64,
    /// The record after it.
    pub kept: Kept,
}

/// How large a profile is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ProfileSize {
    /// Its name.
    pub profile: String,
    /// The fields of its key.
    pub key: Vec<String>,
    /// How many different keys the record has; 0 of one that is too large.
    pub keys: u64,
    /// How often what it tells of a key changes; `None` of one that is too large.
    pub changes: Option<u64>,
}

/// The lines of past declarations, in a directory.
#[derive(Debug)]
pub struct TradeRecord {
    directory: PathBuf,
    contents: Contents,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Contents {
    form: u32,
    parts: Vec<Part>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    results: Vec<ResultPart>,
}

/// A file of results.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct ResultPart {
    file: String,
    rows: u64,
    digest: String,
}

/// A field that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct KeptField {
    name: String,
    kind: String,
    /// What a computed field means, as a digest.
    #[serde(skip_serializing_if = "Option::is_none")]
    formula: Option<String>,
}

/// A file of lines.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Part {
    file: String,
    /// Its columns after the day and the declaration.
    columns: Vec<KeptField>,
    lines: u64,
    declarations: u64,
    first: i32,
    last: i32,
    digest: String,
}

impl TradeRecord {
    /// The record in a directory.
    ///
    /// # Errors
    ///
    /// There is none, or it cannot be read.
    pub fn open(directory: impl Into<PathBuf>) -> Result<Self, TradeError> {
        let directory = directory.into();
        let path = directory.join(CONTENTS);
        let text = fs::read(&path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => TradeError::Missing(directory.display().to_string()),
            _ => failed(&path, source),
        })?;
        let contents: Contents = serde_json::from_slice(&text).map_err(|error| TradeError::Damaged {
            path: path.display().to_string(),
            reason: error.to_string(),
        })?;
        if contents.form > FORM {
            return Err(TradeError::Form { path: path.display().to_string(), found: contents.form });
        }
        Ok(Self { directory, contents })
    }

    /// Whether there is a record in a directory.
    pub fn is_in(directory: &Path) -> bool {
        directory.join(CONTENTS).is_file()
    }

    /// What it holds.
    pub fn kept(&self) -> Kept {
        let parts = &self.contents.parts;
        let day = |day: Option<i32>| day.and_then(Date::from_days);
        let first = day(parts.iter().map(|part| part.first).min());
        let last = day(parts.iter().map(|part| part.last).max());
        Kept {
            lines: parts.iter().map(|part| part.lines).sum(),
            declarations: parts.iter().map(|part| part.declarations).sum(),
            days: first.zip(last),
            fields: self.fields(),
            results: self.contents.results.iter().map(|part| part.rows).sum(),
            digest: self.digest(),
        }
    }

    /// The names of the fields that all parts have.
    fn fields(&self) -> Vec<String> {
        let Some((first, others)) = self.contents.parts.split_first() else { return Vec::new() };
        let in_all = |column: &&KeptField| others.iter().all(|part| part.columns.contains(column));
        first.columns.iter().filter(in_all).map(|column| column.name.clone()).collect()
    }

    fn digest(&self) -> String {
        let parts = self.contents.parts.iter().map(|part| part.digest.as_str());
        let mut digests: Vec<&str> =
            parts.chain(self.contents.results.iter().map(|part| part.digest.as_str())).collect();
        digests.sort_unstable();
        let mut hasher = blake3::Hasher::new();
        digests.iter().for_each(|digest| _ = hasher.update(digest.as_bytes()));
        hasher.finalize().to_hex()[..12].to_owned()
    }

    /// Adds declarations to the record in a directory, all or none of them, and makes it if there is none. A declaration
    /// whose id the record has is there already and changes nothing, whichever file it comes in and whichever day it has.
    /// Days need no order; the lines of a declaration must stand together.
    ///
    /// What the pack's profiles measure asks no lookup table, so the engine may be one of
    /// [`StoreLookups::without_rows`](crate::StoreLookups::without_rows).
    ///
    /// # Errors
    ///
    /// [`TradeError`]: the record stays as it was.
    pub fn add(
        directory: &Path,
        engine: &Engine,
        reader: Reader,
        pipeline: &Pipeline,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Added, TradeError> {
        let wanted = fields_of(engine.pack());
        if wanted.is_empty() {
            return Err(TradeError::NoProfile);
        }
        Self::change(directory, |record| {
            let added = record.add_alone(&wanted, engine, reader, pipeline, progress)?;
            Ok((added.lines > 0, added))
        })
    }

    /// Adds results of inspections to the record in a directory, all or none, and makes it if there is none. A row that the
    /// record has already changes nothing; one that says something else of a line is a correction, which counts from the
    /// day after it is known.
    ///
    /// # Errors
    ///
    /// [`TradeError`]: the record stays as it was.
    pub fn add_results(
        directory: &Path,
        rows: impl IntoIterator<Item = WeightedResult>,
    ) -> Result<ResultsAdded, TradeError> {
        Self::change(directory, |record| {
            let mut known: HashSet<[u8; 16]> = HashSet::new();
            record.each_result(&mut |row| _ = known.insert(row.hash()))?;
            let declarations = record.declarations()?;
            let (mut added, mut fresh) = (ResultsAdded::default(), Vec::new());
            for row in rows {
                match ResultRow::of(&row) {
                    None => added.undated += 1,
                    Some(kept) if known.insert(kept.hash()) => {
                        let declaration = declaration_hash(&row.outcome.declaration_id);
                        added.of_unknown += u64::from(!declarations.contains(&declaration));
                        fresh.push(kept);
                    }
                    Some(_) => added.known += 1,
                }
            }
            added.added = fresh.len() as u64;
            if !fresh.is_empty() {
                let number = record.contents.results.iter().filter_map(|part| number_of(&part.file)).max();
                let file = format!("{RESULTS}{:06}.parquet", number.unwrap_or(0) + 1);
                let path = record.directory.join(&file);
                results::write(&path, &fresh)?;
                let digest = file_digest(&path)?;
                record.contents.results.push(ResultPart { file, rows: added.added, digest });
            }
            added.kept = record.kept();
            Ok((added.added > 0, added))
        })
    }

    /// Changes the record in a directory with no other writer; `change` says whether it did, and what came of it.
    fn change<T>(
        directory: &Path,
        change: impl FnOnce(&mut Self) -> Result<(bool, T), TradeError>,
    ) -> Result<T, TradeError> {
        fs::create_dir_all(directory).map_err(|source| failed(directory, source))?;
        let path = directory.join(CONTENTS);
        // Taken first and given its name last: of two runs at once the second gets an error.
        let whole = WholeFile::create(&path).map_err(|source| failed(&path, source))?;
        let record = match Self::open(directory) {
            Err(TradeError::Missing(_)) => Ok(Self {
                directory: directory.to_owned(),
                contents: Contents { form: FORM, ..Contents::default() },
            }),
            opened => opened,
        };
        let changed = record.and_then(|mut record| Ok((change(&mut record)?, record)));
        let ((has_changed, done), record) = match changed {
            Ok(changed) => changed,
            Err(error) => {
                discard(whole, &path);
                return Err(error);
            }
        };
        if !has_changed && path.exists() {
            discard(whole, &path);
            return Ok(done);
        }
        let write = || -> io::Result<()> {
            let mut file = whole.handle()?;
            serde_json::to_writer_pretty(&mut file, &record.contents)?;
            file.sync_all()?;
            drop(file);
            whole.finish()
        };
        write().map_err(|source| failed(&path, source))?;
        record.remove_others();
        Ok(done)
    }

    fn add_alone(
        &mut self,
        wanted: &Fields,
        engine: &Engine,
        reader: Reader,
        pipeline: &Pipeline,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Added, TradeError> {
        // What is added now is of no use where the older parts lack a field.
        for part in &self.contents.parts {
            for (column, _) in wanted.values() {
                self.position(part, column)?;
            }
        }
        let columns: Vec<KeptField> = wanted.values().map(|(column, _)| column.clone()).collect();
        let taken: Vec<(FieldRef, Kind)> = wanted.iter().map(|(&field, &(_, kind))| (field, kind)).collect();
        let number = self.contents.parts.iter().filter_map(|part| number_of(&part.file)).max();
        let file = format!("{:06}.parquet", number.unwrap_or(0) + 1);
        let path = self.directory.join(&file);
        let schema = part_schema(&columns);
        let mut writer =
            TableWriter::create(&Output::Path(path.clone()), Arc::clone(&schema)).map_err(write_failed)?;
        let mut known = self.declarations()?;
        let mut added = Added::default();
        let mut days: Option<(i32, i32)> = None;
        let mut failure = None;
        let taker = Taker { engine, fields: &taken, schema: &schema };
        let mut take = |taken: Result<Taken, TradeError>| {
            let add = || -> Result<(), TradeError> {
                let taken = taken?;
                added.undated += taken.undated;
                added.amiss += taken.amiss;
                let mut keep = vec![false; taken.batch.num_rows()];
                for (id, lines) in &taken.declarations {
                    if known.insert(*id) {
                        added.declarations += 1;
                        keep[lines.clone()].fill(true);
                    } else {
                        added.known += 1;
                    }
                }
                let batch = arrow_select::filter::filter_record_batch(&taken.batch, &keep.into())
                    .map_err(|error| damaged(&path, error))?;
                if let Some((of_days, _)) = days_and_declarations(&batch) {
                    for &day in of_days {
                        days = Some(days.map_or((day, day), |(first, last)| (first.min(day), last.max(day))));
                    }
                }
                added.lines += batch.num_rows() as u64;
                writer.write(&batch).map_err(write_failed)
            };
            Ok(match add() {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    failure = Some(error);
                    ControlFlow::Break(())
                }
            })
        };
        let done = pipeline.map(reader, &|chunk, _| taker.take(&chunk), &mut take, progress);
        let done = match (done, failure) {
            (Ok(reader), None) => whole(&reader),
            (_, Some(error)) => Err(error),
            (Err(error), None) => Err(error.into()),
        };
        let (Ok(()), Some((first, last))) = (&done, days) else {
            drop(writer);
            // Nothing was added.
            let _ = fs::remove_file(with_partial(&path));
            done?;
            added.kept = self.kept();
            return Ok(added);
        };
        writer.finish().map_err(write_failed)?;
        let digest = file_digest(&path)?;
        let (lines, declarations) = (added.lines, added.declarations);
        self.contents.parts.push(Part { file, columns, lines, declarations, first, last, digest });
        added.kept = self.kept();
        Ok(added)
    }

    /// The declarations that it has.
    fn declarations(&self) -> Result<HashSet<u64>, TradeError> {
        let mut known = HashSet::new();
        for part in &self.contents.parts {
            self.read(part, &[], &mut |batch| {
                known.extend(
                    days_and_declarations(batch).into_iter().flat_map(|(_, declarations)| declarations),
                );
                Ok(())
            })?;
        }
        Ok(known)
    }

    /// Removes files that a run left which was killed before it was done.
    fn remove_others(&self) {
        let Ok(found) = fs::read_dir(&self.directory) else { return };
        for entry in found.flatten() {
            let name = entry.file_name();
            let Some(name) = name.to_str().filter(|name| number_of(name).is_some()) else { continue };
            let mut kept = self.contents.parts.iter().map(|part| &part.file);
            if !kept.any(|file| file == name) && !self.contents.results.iter().any(|part| part.file == name) {
                // It is in nobody's way.
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// Gives out the results.
    fn each_result(&self, take: &mut dyn FnMut(ResultRow)) -> Result<(), TradeError> {
        for part in &self.contents.results {
            let path = self.directory.join(&part.file);
            if results::read(&path, take)? != part.rows {
                return Err(damaged(&path, "it has another number of rows"));
            }
        }
        Ok(())
    }

    /// The results, where a profile of the pack needs them.
    fn results(&self, pack: &Pack) -> Result<Results, TradeError> {
        let mut rows = Vec::new();
        let mut profiles = pack.lookups.iter().filter_map(Lookup::profile);
        if profiles.any(|profile| matches!(profile.of, Counted::Results { .. })) {
            self.each_result(&mut |row| rows.push(row))?;
        }
        Ok(Results::new(rows))
    }

    /// The column of a field in a part.
    fn position(&self, part: &Part, wanted: &KeptField) -> Result<usize, TradeError> {
        let error = |reason| TradeError::Field {
            record: self.directory.display().to_string(),
            field: wanted.name.clone(),
            reason,
        };
        let found = part.columns.iter().position(|known| known.name == wanted.name);
        let at = found.ok_or_else(|| error("it is new; remove the record and add all declarations again"))?;
        let known = &part.columns[at];
        if known.kind != wanted.kind {
            return Err(error("it was of another kind; remove the record and add all declarations again"));
        }
        if known.formula != wanted.formula {
            return Err(error("its formula was another; remove the record and add all declarations again"));
        }
        Ok(at)
    }

    /// The lines of a part: its days and declarations, and the columns at these positions.
    fn read(
        &self,
        part: &Part,
        columns: &[usize],
        take: &mut dyn FnMut(&RecordBatch) -> Result<(), TradeError>,
    ) -> Result<(), TradeError> {
        let path = self.directory.join(&part.file);
        let file = File::open(&path).map_err(|source| failed(&path, source))?;
        let builder =
            ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| damaged(&path, error))?;
        let schema = part_schema(&part.columns);
        if builder.schema().fields() != schema.fields() {
            return Err(damaged(&path, "it has other columns"));
        }
        let roots = [0, 1].into_iter().chain(columns.iter().map(|at| at + 2));
        let mask = ProjectionMask::roots(builder.parquet_schema(), roots);
        let reader = builder.with_projection(mask).with_batch_size(8_192).build();
        let mut lines = 0;
        for batch in reader.map_err(|error| damaged(&path, error))? {
            let batch = batch.map_err(|error| damaged(&path, error))?;
            lines += batch.num_rows() as u64;
            take(&batch)?;
        }
        if lines == part.lines { Ok(()) } else { Err(damaged(&path, "it has another number of lines")) }
    }

    /// The rows of a profile and how many keys they have, or the warning that it is too large.
    fn rows(
        &self,
        fields: &Fields,
        results: &Results,
        lookup: &Lookup,
        profile: &Profile,
    ) -> Result<Result<(Rows, u64), Diagnostic>, TradeError> {
        let mut counter = AnyCounter::new(profile, results);
        let mut too_large = None;
        for part in &self.contents.parts {
            let path = self.directory.join(&part.file);
            let position = |field: FieldRef| self.position(part, &fields[&field].0);
            let key = lookup.key.iter().map(|&field| position(field)).collect::<Result<Vec<_>, _>>()?;
            let optional = |field: Option<FieldRef>| field.map(position).transpose();
            let measured = profile.measures.iter();
            let measured =
                measured.map(|measure| Ok([optional(measure.field)?, optional(measure.only_field)?]));
            let measured = measured.collect::<Result<Vec<_>, TradeError>>()?;
            let of_measures = measured.iter().flatten().copied().flatten();
            let mut columns: Vec<usize> = key.iter().copied().chain(of_measures).collect();
            columns.sort_unstable();
            columns.dedup();
            self.read(part, &columns, &mut |batch| {
                if too_large.is_some() {
                    return Ok(());
                }
                let (days, declarations) =
                    days_and_declarations(batch).ok_or_else(|| damaged(&path, "a line has no day"))?;
                let typed = |at: usize| {
                    let place = columns.binary_search(&at).unwrap_or_default();
                    Typed::new(batch.column(place + 2), kind_of(&part.columns[at].kind))
                };
                let key: Vec<Typed> = key.iter().map(|&at| typed(at)).collect();
                let measured: Vec<[Option<Typed>; 2]> =
                    measured.iter().map(|of| of.map(|at| at.map(typed))).collect();
                too_large = counter.take(days, &declarations, &key, &measured).err();
                Ok(())
            })?;
        }
        let rows = match too_large {
            None => {
                let keys = counter.keys();
                counter.rows(lookup).map(|rows| (rows, keys))
            }
            Some(too_large) => Err(too_large),
        };
        Ok(rows.map_err(|too_large| self.warning(lookup, profile, &too_large)))
    }

    fn warning(&self, lookup: &Lookup, profile: &Profile, too_large: &TooLarge) -> Diagnostic {
        let name = &lookup.name;
        let (title, help) = match too_large {
            TooLarge::Keys => (
                format!(
                    "the profile `{name}` has more than {} keys in {} lines, so it is missing on every line",
                    profile.most_keys,
                    self.kept().lines
                ),
                format!("give it another key, or `most_keys` above {}", profile.most_keys),
            ),
            TooLarge::Rows => (
                format!(
                    "the profile `{name}` changes too often in {} lines, so it is missing on every line",
                    self.kept().lines
                ),
                "give it a longer key or a record of fewer days".to_owned(),
            ),
        };
        Diagnostic::new(Code::ProfileTooLarge, title).at(lookup.place.clone(), "declared here").help(help)
    }

    /// How large the profiles of a pack are.
    ///
    /// # Errors
    ///
    /// The record lacks what they need, or cannot be read.
    pub fn sizes(&self, pack: &Pack) -> Result<Vec<ProfileSize>, TradeError> {
        let (fields, results, mut sizes) = (fields_of(pack), self.results(pack)?, Vec::new());
        for lookup in &pack.lookups {
            let Some(profile) = lookup.profile() else { continue };
            let rows = self.rows(&fields, &results, lookup, profile)?.ok();
            sizes.push(ProfileSize {
                profile: lookup.name.clone(),
                key: lookup.key_names().map(str::to_owned).collect(),
                keys: rows.as_ref().map_or(0, |(_, keys)| *keys),
                changes: rows.map(|(rows, _)| rows.days.len() as u64 - 1),
            });
        }
        Ok(sizes)
    }

    /// The rows of the pack's profiles, by position in the pack, and warnings of those that are too large.
    pub(crate) fn profiles(&self, pack: &Pack) -> Result<LivingTables, TradeError> {
        let (mut tables, mut warnings) = (Vec::new(), Vec::new());
        let (fields, results) = (fields_of(pack), self.results(pack)?);
        for (at, lookup) in pack.lookups.iter().enumerate() {
            let Some(profile) = lookup.profile() else { continue };
            match self.rows(&fields, &results, lookup, profile)? {
                Ok((rows, _)) => tables.push((at, rows)),
                Err(warning) => warnings.push(warning),
            }
        }
        Ok(LivingTables { snapshot: None, tables, warnings })
    }
}

/// What counts for a profile, by what it is of.
enum AnyCounter<'p> {
    Declared(Counter<'p>),
    Results(ResultCounter<'p>),
}

impl<'p> AnyCounter<'p> {
    fn new(profile: &'p Profile, results: &'p Results) -> Self {
        match profile.of {
            Counted::Results { weighted } => Self::Results(ResultCounter::new(profile, weighted, results)),
            _ => Self::Declared(Counter::new(profile)),
        }
    }

    fn take(
        &mut self,
        days: &[i32],
        declarations: &[u64],
        key: &[Typed],
        measured: &[[Option<Typed>; 2]],
    ) -> Result<(), TooLarge> {
        match self {
            Self::Declared(counter) => counter.take(days, declarations, key, measured),
            Self::Results(counter) => counter.take(days, declarations, key),
        }
    }

    fn keys(&self) -> u64 {
        match self {
            Self::Declared(counter) => counter.keys(),
            Self::Results(counter) => counter.keys(),
        }
    }

    fn rows(self, lookup: &Lookup) -> Result<Rows, TooLarge> {
        match self {
            Self::Declared(counter) => counter.rows(lookup),
            Self::Results(counter) => counter.rows(lookup),
        }
    }
}

impl std::fmt::Display for TradeRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.directory.display().fmt(f)
    }
}

/// What is taken of a chunk.
struct Taken {
    batch: RecordBatch,
    /// Each declaration with its rows.
    declarations: Vec<(u64, std::ops::Range<usize>)>,
    undated: u64,
    amiss: u64,
}

struct Taker<'t> {
    engine: &'t Engine,
    fields: &'t [(FieldRef, Kind)],
    schema: &'t SchemaRef,
}

impl Taker<'_> {
    fn take(&self, chunk: &Chunk) -> Result<Taken, TradeError> {
        let pack = self.engine.pack();
        let values: Arc<BatchValues> = self.engine.evaluator().values(&chunk.lines);
        let mut columns: Vec<Growing> = self.fields.iter().map(|&(_, kind)| Growing::new(kind)).collect();
        let (mut days, mut ids): (Vec<i32>, Vec<i64>) = (Vec::new(), Vec::new());
        let mut declarations: Vec<(u64, std::ops::Range<usize>)> = Vec::new();
        let mut undated = 0;
        for declaration in chunk.lines.declarations() {
            let id = values.text_of(declaration.start, pack.schema.declaration).unwrap_or_default();
            let id = declaration_hash(id);
            let start = days.len();
            for line in declaration {
                let Some(day) = values.day(line) else {
                    undated += 1;
                    continue;
                };
                days.push(day.days());
                ids.push(id as i64);
                let fields = self.fields.iter().map(|&(field, _)| field);
                self.engine
                    .evaluator()
                    .fields_on(&values, line, fields, &mut |at, value| columns[at].push(value));
            }
            if days.len() > start {
                declarations.push((id, start..days.len()));
            }
        }
        let first: [ArrayRef; 2] = [Arc::new(Date32Array::from(days)), Arc::new(Int64Array::from(ids))];
        let columns = first.into_iter().chain(columns.into_iter().map(Growing::finish)).collect();
        let batch = RecordBatch::try_new(Arc::clone(self.schema), columns)
            .map_err(|error| TradeError::Read(JobError::Batch(error)))?;
        Ok(Taken { batch, declarations, undated, amiss: chunk.lines_amiss() })
    }
}

/// That no declaration began again after others: what comes later would be taken for one that is there already.
fn whole(reader: &Reader) -> Result<(), TradeError> {
    let scattered = reader.scattered();
    let Some(one) = scattered.first.first() else { return Ok(()) };
    let place = |place: Place| {
        let input = reader.inputs().get(place.input as usize).map_or(String::new(), ToString::to_string);
        format!("{input}, {}", place.position)
    };
    Err(TradeError::Scattered { first: place(one.first), again: place(one.again), count: scattered.count })
}

/// By what a declaration is known again.
pub(super) fn declaration_hash(id: &str) -> u64 {
    use std::hash::BuildHasher as _;
    FixedState::default().hash_one(id.as_bytes())
}

/// The fields that the profiles of a pack need.
type Fields = BTreeMap<FieldRef, (KeptField, Kind)>;

fn fields_of(pack: &Pack) -> Fields {
    let profiles = pack.lookups.iter().filter_map(|lookup| Some((lookup, lookup.profile()?)));
    let fields = profiles.flat_map(|(lookup, profile)| {
        let measured = profile.measures.iter().flat_map(|measure| [measure.field, measure.only_field]);
        lookup.key.iter().copied().chain(measured.flatten())
    });
    let fields: BTreeSet<FieldRef> = fields.collect();
    let is_computed = |field: &FieldRef| matches!(field, FieldRef::Computed(_) | FieldRef::Total(_));
    let meaning = fields.iter().any(is_computed).then(|| pack.meaning());
    let kept = |field: FieldRef| {
        let kind = pack.field_kind(field);
        let formula = match (field, &meaning) {
            (FieldRef::Computed(at) | FieldRef::Total(at), Some(meaning)) => {
                meaning.computed.get(at).map(|meaning| format!("{:?}", meaning.digest))
            }
            _ => None,
        };
        (KeptField { name: pack.field_name(field).to_owned(), kind: kind.to_string(), formula }, kind)
    };
    fields.into_iter().map(|field| (field, kept(field))).collect()
}

fn kind_of(name: &str) -> Kind {
    Kind::ALL.iter().find(|(known, _)| *known == name).map_or(Kind::Text, |&(_, kind)| kind)
}

/// The columns of a part: the day, the declaration, and what is kept, by position.
fn part_schema(columns: &[KeptField]) -> SchemaRef {
    let first = [(0, Kind::Date), (1, Kind::Integer)];
    let kinds = columns.iter().enumerate().map(|(at, column)| (at + 2, kind_of(&column.kind)));
    let fields = first.into_iter().chain(kinds);
    let fields: Vec<Field> = fields
        .map(|(at, kind)| Field::new(format!("c{at}"), qingfeng::internals::data_type(kind), true))
        .collect();
    Arc::new(Schema::new(fields))
}

/// The number of a file of a record, if it is named as one.
fn number_of(file: &str) -> Option<u32> {
    let digits = file.strip_suffix(".parquet")?;
    let digits = digits.strip_prefix(RESULTS).unwrap_or(digits);
    let is_number = digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_digit());
    if is_number { digits.parse().ok() } else { None }
}

fn file_digest(path: &Path) -> Result<String, TradeError> {
    let mut hasher = blake3::Hasher::new();
    let mut file = File::open(path).map_err(|source| failed(path, source))?;
    io::copy(&mut file, &mut hasher).map_err(|source| failed(path, source))?;
    Ok(hasher.finalize().to_hex().to_string())
}

pub(super) fn failed(path: &Path, source: io::Error) -> TradeError {
    TradeError::Io { path: path.display().to_string(), source }
}

pub(super) fn damaged(path: &Path, reason: impl ToString) -> TradeError {
    TradeError::Damaged { path: path.display().to_string(), reason: reason.to_string() }
}

pub(super) fn write_failed(error: WriteError) -> TradeError {
    TradeError::Read(JobError::Write(error))
}

fn with_partial(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".partial");
    name.into()
}

/// Gives up a file that was taken and not written.
fn discard(whole: WholeFile, path: &Path) {
    drop(whole);
    let _ = fs::remove_file(with_partial(path));
}
