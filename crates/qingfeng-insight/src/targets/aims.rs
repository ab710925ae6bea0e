//! The aims of a year, as a file says them.

use std::collections::BTreeMap;
use std::ops::Range;

use qingfeng_rules::Date;
use serde::Serialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The bytes of a file of aims at most.
pub const MAX_AIMS_BYTES: u64 = 1 << 20;
const MAX_AIM: f64 = 1e15;

/// What is to be reached in a year.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Aim {
    /// Cases.
    pub cases: Option<u64>,
    /// Major cases among them.
    pub major_cases: Option<u64>,
    /// Fines, in yuan.
    pub fines: Option<f64>,
    /// Pieces that violate.
    pub pieces: Option<u64>,
}

/// The aims of a year.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Aims {
    /// The calendar year.
    pub year: i64,
    /// Of all sites together.
    pub all: Aim,
    /// By kind of site, as the pack names kinds.
    pub kinds: BTreeMap<String, Aim>,
    /// The share of the notices from abroad that are to be answered, from 0 to 1.
    pub notices_answered: Option<f64>,
    /// In how many days a notice is to be answered.
    pub notice_days: Option<u32>,
    /// The share of the proceeds that a reward for a tip-off is; a tenth.
    pub reward_share: f64,
    /// The largest reward, in yuan; 100,000.
    pub reward_most: f64,
}

/// A file of aims is not what it should be: where, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}, line {line}: {reason}")]
pub struct AimsError {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, and what would be right.
    pub reason: String,
}

struct Reading<'t> {
    file: &'t str,
    text: &'t str,
}

type Spans<'d, 'a> = &'d DeTable<'a>;

impl Reading<'_> {
    fn wrong(&self, span: Range<usize>, reason: impl Into<String>) -> AimsError {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        AimsError { file: self.file.to_owned(), line, reason: reason.into() }
    }

    fn known(&self, table: Spans<'_, '_>, of: &str, keys: &[&str]) -> Result<(), AimsError> {
        for key in table.keys() {
            let name = key.get_ref().as_ref();
            if keys.contains(&name) {
                continue;
            }
            let shown = qingfeng::internals::shown(name);
            let remedy = match qingfeng_rules::internals::nearest(name, keys.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are {}", keys.join(", ")),
            };
            return Err(self.wrong(key.span(), format!("{of} has no key `{shown}`; {remedy}")));
        }
        Ok(())
    }

    fn number(&self, table: Spans<'_, '_>, key: &str, most: f64) -> Result<Option<f64>, AimsError> {
        let Some(value) = table.get(key) else { return Ok(None) };
        let number: Option<f64> = match value.get_ref() {
            DeValue::Integer(integer) => {
                i64::from_str_radix(integer.as_str(), integer.radix()).ok().map(|integer| integer as f64)
            }
            DeValue::Float(float) => float.as_str().replace('_', "").parse().ok(),
            _ => None,
        };
        match number.filter(|number| (0.0..=most).contains(number)) {
            Some(number) => Ok(Some(number)),
            None => Err(self.wrong(value.span(), format!("`{key}` must be a number from 0 to {most}"))),
        }
    }

    fn count(&self, table: Spans<'_, '_>, key: &str, most: u64) -> Result<Option<u64>, AimsError> {
        let Some(value) = table.get(key) else { return Ok(None) };
        let number = match value.get_ref() {
            DeValue::Integer(integer) => u64::from_str_radix(integer.as_str(), integer.radix()).ok(),
            _ => None,
        };
        match number.filter(|number| *number <= most) {
            Some(number) => Ok(Some(number)),
            None => Err(self.wrong(value.span(), format!("`{key}` must be a whole number from 0 to {most}"))),
        }
    }

    fn table<'d, 'a>(&self, table: Spans<'d, 'a>, key: &str) -> Result<Option<Spans<'d, 'a>>, AimsError> {
        table.get(key).map(|value| self.as_table(value, key)).transpose()
    }

    fn as_table<'d, 'a>(
        &self,
        value: &'d Spanned<DeValue<'a>>,
        key: &str,
    ) -> Result<Spans<'d, 'a>, AimsError> {
        match value.get_ref() {
            DeValue::Table(table) => Ok(table),
            _ => Err(self.wrong(value.span(), format!("`{key}` must be a table: [{key}]"))),
        }
    }

    fn aim(&self, table: Spans<'_, '_>, of: &str) -> Result<Aim, AimsError> {
        self.known(table, of, &["cases", "major_cases", "fines", "pieces"])?;
        let most = MAX_AIM as u64;
        let aim = Aim {
            cases: self.count(table, "cases", most)?,
            major_cases: self.count(table, "major_cases", most)?,
            fines: self.number(table, "fines", MAX_AIM)?,
            pieces: self.count(table, "pieces", most)?,
        };
        if let (Some(cases), Some(major)) = (aim.cases, aim.major_cases)
            && major > cases
            && let Some(value) = table.get("major_cases")
        {
            let reason = format!("{of} aims at {major} major cases of {cases} cases; correct one of them");
            return Err(self.wrong(value.span(), reason));
        }
        Ok(aim)
    }
}

impl Aims {
    /// Reads aims from TOML. `kinds` are the kinds of sites that there are; the file may name no others.
    ///
    /// # Errors
    ///
    /// [`AimsError`]: what is no TOML, a key or a kind that there is not, a number that none can be.
    ///
    /// ```
    /// use qingfeng_insight::targets::Aims;
    ///
    /// let text = "year = 2016\n[all]\ncases = 240\nmajor_cases = 20\n[kinds.port]\ncases = 120\n";
    /// let aims = Aims::parse(text, "aims.toml", &["port", "market"])?;
    /// assert_eq!((aims.all.cases, aims.kinds["port"].cases), (Some(240), Some(120)));
    /// let wrong = Aims::parse("year = 2016\n[all]\ncase = 240\n", "aims.toml", &[]).unwrap_err();
    /// assert_eq!(wrong.to_string(), "aims.toml, line 3: [all] has no key `case`; did you mean `cases`?");
    /// # Ok::<(), qingfeng_insight::targets::AimsError>(())
    /// ```
    pub fn parse(text: &str, file: &str, kinds: &[&str]) -> Result<Self, AimsError> {
        let reading = Reading { file, text };
        let parsed = DeTable::parse(text).map_err(|error| {
            let message = error.message().lines().next().unwrap_or("is no TOML").to_owned();
            reading.wrong(error.span().unwrap_or(0..0), format!("{message}; write it as TOML: cases = 240"))
        })?;
        let table = parsed.get_ref();
        reading.known(table, "a file of aims", &["year", "all", "kinds", "notices", "tip_offs"])?;
        let year = reading.count(table, "year", 9999)?.filter(|year| *year > 0).ok_or_else(|| {
            let span = table.get("year").map_or(0..0, Spanned::span);
            reading.wrong(span, "`year` is missing; say which year the aims are of: year = 2016")
        })?;
        let all = reading.table(table, "all")?.map(|all| reading.aim(all, "[all]")).transpose()?;
        let mut by_kind = BTreeMap::new();
        if let Some(of_kinds) = reading.table(table, "kinds")? {
            for (key, value) in of_kinds {
                let name = key.get_ref().as_ref();
                let shown = qingfeng::internals::shown(name);
                if !kinds.contains(&name) {
                    let remedy = match qingfeng_rules::internals::nearest(name, kinds.iter().copied()) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("the pack has {}", kinds.join(", ")),
                    };
                    let reason = format!("there is no kind of site `{shown}`; {remedy}");
                    return Err(reading.wrong(key.span(), reason));
                }
                let of = reading.as_table(value, &format!("kinds.{shown}"))?;
                by_kind.insert(name.to_owned(), reading.aim(of, &format!("[kinds.{shown}]"))?);
            }
        }
        let mut aims = Self {
            year: year as i64,
            all: all.unwrap_or_default(),
            kinds: by_kind,
            notices_answered: None,
            notice_days: None,
            reward_share: 0.1,
            reward_most: 100_000.0,
        };
        if let Some(notices) = reading.table(table, "notices")? {
            reading.known(notices, "[notices]", &["answered", "days"])?;
            aims.notices_answered = reading.number(notices, "answered", 1.0)?;
            aims.notice_days = reading.count(notices, "days", 36_525)?.map(|days| days as u32);
        }
        if let Some(tip_offs) = reading.table(table, "tip_offs")? {
            reading.known(tip_offs, "[tip_offs]", &["share", "most"])?;
            if let Some(share) = reading.number(tip_offs, "share", 1.0)? {
                aims.reward_share = share;
            }
            if let Some(most) = reading.number(tip_offs, "most", MAX_AIM)? {
                aims.reward_most = most;
            }
        }
        Ok(aims)
    }

    /// The first and the last day of the year.
    pub fn days(&self) -> (Date, Date) {
        let year = i32::try_from(self.year).unwrap_or(9999);
        let day = |month, day, or| Date::from_ymd(year, month, day).unwrap_or(or);
        (day(1, 1, Date::MIN), day(12, 31, Date::MAX))
    }
}
