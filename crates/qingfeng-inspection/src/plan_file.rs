//! Plans read back from their files: what lists, overrides and proofs of the draw start from.

use std::borrow::Cow;
use std::fs::File;
use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use qingfeng_rules::selection::Amount;
use qingfeng_rules::{Date, SelectionKind};

use super::rows::{PlanColumns, capacity_unit};
use qingfeng::read::{Input, ReadError};
use qingfeng::tables::{BatchRows, Col, Row, RowReader, Text, Texts};

const MAX_PLAN_ROWS: usize = 5_000_000;

const MAX_OFFICES: usize = 10_000;

/// What to do with rows out of order.
const ORDERED: &str = "a plan is ordered by day, office and order, so write it anew or sort it";

/// An inspection as a plan file has it.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanRow {
    /// Its day.
    pub day: Date,
    /// The site that inspects.
    pub office: String,
    /// Its place in the office's day, from 1.
    pub order: u32,
    /// The declaration.
    pub declaration_id: String,
    /// Why it is there.
    pub selected: SelectionKind,
    /// The same in words.
    pub why: Vec<String>,
    /// How likely it was to be there, in (0, 1].
    pub probability: f64,
    /// Its score.
    pub score: i64,
    /// Its channel.
    pub channel: String,
    /// Its expected worth, in millionths of a finding (or of the value's unit).
    pub worth: Option<i64>,
    /// What it costs, in points; 1 where capacity is in inspections.
    pub cost: u32,
    /// Its trader.
    pub trader: Option<String>,
    /// The class of its trader.
    pub trader_class: Option<String>,
    /// The goods group of its decisive line.
    pub group: Option<String>,
    /// The trade mode of its decisive line.
    pub mode: Option<String>,
    /// The destination of its decisive line.
    pub destination: Option<String>,
    /// How many goods lines it has.
    pub items: Option<i64>,
    /// Its packages.
    pub packages: Option<i64>,
    /// Its value, in the unit of declarations.
    pub value: Option<f64>,
    /// The ids of the active rules that fired.
    pub rules: Vec<String>,
    /// The stratum of the draw that it belongs to.
    pub stratum: Option<String>,
    /// How many were drawn of the stratum.
    pub drawn: Option<u32>,
    /// Among how many.
    pub population: Option<u32>,
    /// The commitment of the day's key, in hexadecimal.
    pub commitment: Option<String>,
    /// The pack of its assessment.
    pub pack: String,
    /// The digest of what else decided: capacities, outcomes.
    pub inputs: Option<String>,
    /// The capacity of the office's day.
    pub capacity: Option<Amount>,
    /// What of the declaration could not be read.
    pub unreadable: Vec<String>,
}

impl PlanRow {
    /// Its cells as texts, in the order of the columns of plans.
    pub(crate) fn cells(&self) -> Vec<String> {
        fn or_none<T: ToString>(of: Option<&T>) -> String {
            of.map(ToString::to_string).unwrap_or_default()
        }
        let (capacity, unit) = self.capacity.map_or((String::new(), ""), |amount| {
            (super::policy::units(amount).to_string(), capacity_unit(amount))
        });
        vec![
            self.day.to_string(),
            self.office.clone(),
            self.order.to_string(),
            self.declaration_id.clone(),
            self.selected.name().to_owned(),
            self.why.join(";"),
            self.probability.to_string(),
            self.score.to_string(),
            self.channel.clone(),
            or_none(self.worth.as_ref()),
            self.cost.to_string(),
            or_none(self.trader.as_ref()),
            or_none(self.trader_class.as_ref()),
            or_none(self.group.as_ref()),
            or_none(self.mode.as_ref()),
            or_none(self.destination.as_ref()),
            or_none(self.items.as_ref()),
            or_none(self.packages.as_ref()),
            or_none(self.value.as_ref()),
            self.rules.join(";"),
            or_none(self.stratum.as_ref()),
            or_none(self.drawn.as_ref()),
            or_none(self.population.as_ref()),
            or_none(self.commitment.as_ref()),
            self.pack.clone(),
            or_none(self.inputs.as_ref()),
            capacity,
            unit.to_owned(),
            self.unreadable.join(";"),
        ]
    }

    /// The rows of a plan in the making, as they are read back.
    pub(crate) fn of_batch(batch: &RecordBatch) -> Result<Vec<Self>, ReadError> {
        let rows = BatchRows::new(&PlanColumns::TABLE, batch)
            .map_err(|error| ReadError::content(&"a plan", error.to_string()))?;
        rows.iter().map(|row| plan_row(&row)).collect()
    }
}

/// A plan as its file has it.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanFile {
    /// The file.
    pub path: PathBuf,
    /// BLAKE3 of its bytes, in hexadecimal.
    pub digest: String,
    /// Its rows, by day, office and order.
    pub rows: Vec<PlanRow>,
}

impl PlanFile {
    /// Reads a plan: CSV, NDJSON, Parquet or Arrow, as the file's name or content says.
    ///
    /// # Errors
    ///
    /// The file cannot be read, lacks a column, or has a row that no plan has; the message names file, row, column and
    /// remedy.
    ///
    /// # Examples
    ///
    /// ```
    /// use qingfeng_inspection::PlanFile;
    /// use qingfeng_rules::SelectionKind;
    ///
    /// let directory = tempfile::tempdir()?;
    /// let path = directory.path().join("plan.csv");
    /// std::fs::write(&path, "day,office,order,declaration_id,selected,probability,score,channel,cost,pack\n\
    ///     2016-09-06,yiwu,1,D7,mandatory,1,95,red,15,clean-wind@1#ab\n\
    ///     2016-09-06,yiwu,2,D3,random,0.0345,0,green,10,clean-wind@1#ab\n")?;
    /// let plan = PlanFile::read(&path)?;
    /// assert_eq!(plan.rows[1].selected, SelectionKind::Random);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read(path: &Path) -> Result<Self, ReadError> {
        let input = Input::Path(path.to_owned());
        let digest = digest(path)?;
        let mut reader = RowReader::open(&input, &PlanColumns::TABLE)?;
        let mut rows: Vec<PlanRow> = Vec::new();
        let mut offices: Vec<String> = Vec::new();
        while let Some(row) = reader.read()? {
            let plan_row = plan_row(&row)?;
            if let Some(last) = rows.last() {
                check_order(&row, last, &plan_row)?;
                if last.day != plan_row.day {
                    offices.clear();
                }
            }
            if offices.last() != Some(&plan_row.office) {
                if offices.contains(&plan_row.office) || offices.len() == MAX_OFFICES {
                    let office = qingfeng::internals::shown(&plan_row.office);
                    return Err(
                        row.error(format!("`office` is `{office}` again, or one too many; {ORDERED}"))
                    );
                }
                offices.push(plan_row.office.clone());
            }
            if rows.len() == MAX_PLAN_ROWS {
                return Err(row.error(format!("a plan may have {MAX_PLAN_ROWS} rows; write one a month")));
            }
            rows.push(plan_row);
        }
        let mut ids: Vec<(Date, &str)> =
            rows.iter().map(|row| (row.day, row.declaration_id.as_str())).collect();
        ids.sort_unstable();
        if let Some(twice) = ids.windows(2).find(|pair| pair[0] == pair[1]) {
            let (day, id) = twice[0];
            let reason = format!(
                "has declaration {} twice on {day}; a plan has each once, so write it anew",
                qingfeng::internals::shown(id)
            );
            return Err(ReadError::content(&input, reason));
        }
        if digest != self::digest(path)? {
            return Err(ReadError::content(&input, "changes while it is read; wait until it is written"));
        }
        Ok(Self { path: path.to_owned(), digest, rows })
    }

    /// The offices and days of the plan, each with its rows, in order.
    pub fn days(&self) -> impl Iterator<Item = &[PlanRow]> {
        self.rows.chunk_by(|a, b| a.day == b.day && a.office == b.office)
    }
}

/// BLAKE3 of a file's bytes.
fn digest(path: &Path) -> Result<String, ReadError> {
    let failed = |source| ReadError::open(&path.display(), source);
    let found = path.metadata().map_err(failed)?;
    if found.is_dir() {
        return Err(ReadError::content(&path.display(), "is a directory; name the plan in it"));
    }
    if !found.is_file() {
        let reason = "is no file on a disk; a plan is read more than once, so write it to a file";
        return Err(ReadError::content(&path.display(), reason));
    }
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path).map_err(failed)?).map_err(failed)?;
    Ok(hasher.finalize().to_hex().to_string())
}

fn plan_row(row: &Row<'_>) -> Result<PlanRow, ReadError> {
    let columns = PlanColumns::COLUMNS;
    let selected = row.required_text(columns.selected)?;
    let selected = SelectionKind::from_name(&selected).ok_or_else(|| {
        let other = qingfeng::internals::shown(&selected);
        row.error(format!("`selected` is `{other}`; it must be mandatory, targeted or random"))
    })?;
    let probability = row.required_number(columns.probability)?;
    if !(probability > 0.0 && probability <= 1.0) {
        return Err(row.error(format!("`probability` is {probability}; it must be above 0 and at most 1")));
    }
    let capacity = match (row.count(columns.capacity, 0)?, row.text(columns.capacity_in)?.as_deref()) {
        (None, None) => None,
        (Some(count), Some("inspections")) => Some(Amount::Inspections(count)),
        (Some(count), Some("points")) => Some(Amount::Points(count)),
        _ => {
            let what = "`capacity` and `capacity_in` do not fit; a number goes with inspections or points";
            return Err(row.error(what));
        }
    };
    let text = |column: Col<Text>| Ok::<_, ReadError>(row.text(column)?.map(Cow::into_owned));
    let texts =
        |column: Col<Texts>| Ok::<_, ReadError>(row.list(column)?.into_iter().map(Cow::into_owned).collect());
    Ok(PlanRow {
        day: row.required_date(columns.day)?,
        office: row.required_text(columns.office)?.into_owned(),
        order: row.required_count(columns.order, 1)?,
        declaration_id: row.required_text(columns.declaration_id)?.into_owned(),
        selected,
        why: texts(columns.why)?,
        probability,
        score: row.required_integer(columns.score)?,
        channel: row.required_text(columns.channel)?.into_owned(),
        worth: row.integer(columns.worth)?,
        cost: row.required_count(columns.cost, 0)?,
        trader: text(columns.trader)?,
        trader_class: text(columns.trader_class)?,
        group: text(columns.group)?,
        mode: text(columns.mode)?,
        destination: text(columns.destination)?,
        items: row.integer(columns.items)?,
        packages: row.integer(columns.packages)?,
        value: row.number(columns.value)?,
        rules: texts(columns.rules)?,
        stratum: text(columns.stratum)?,
        drawn: row.count(columns.drawn, 0)?,
        population: row.count(columns.population, 0)?,
        commitment: text(columns.commitment)?,
        pack: row.required_text(columns.pack)?.into_owned(),
        inputs: text(columns.inputs)?,
        capacity,
        unreadable: texts(columns.unreadable)?,
    })
}

/// Rows stand by day, office and order; the offices of a day in the order that the plan has them.
fn check_order(row: &Row<'_>, last: &PlanRow, next: &PlanRow) -> Result<(), ReadError> {
    if next.day < last.day {
        return Err(row.error(format!("`day` is {}, before that of the row above; {ORDERED}", next.day)));
    }
    if next.day == last.day && next.office == last.office && next.order <= last.order {
        return Err(row.error(format!("`order` is {} after {}; {ORDERED}", next.order, last.order)));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
