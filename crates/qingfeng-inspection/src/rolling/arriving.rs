//! Assessments in the order in which they come.

use std::collections::HashMap;
use std::sync::Arc;

use qingfeng_rules::{ChannelId, Pack};

use super::super::candidate::Candidate;
use qingfeng::internals::shown;
use qingfeng::internals::table_rows::{Row, RowReader};
use qingfeng::read::{Input, ReadError};

/// The columns of assessments that selection needs.
const COLUMNS: &[&str] = &[
    "declaration_id",
    "score",
    "channel",
    "rules",
    "pack",
    "declared_on",
    "sites",
    "trader",
    "trader_class",
    "group",
    "mode",
    "destination",
    "line_groups",
    "packages",
    "value",
];
/// Those that `score` writes where the pack has a policy.
const REQUIRED: &[usize] = &[0, 1, 2, 3, 5, 6, 8, 9, 12];

/// A declaration that has come.
#[derive(Clone, Debug, PartialEq)]
pub struct ArrivingDeclaration {
    /// What selection knows of it; `None` if it has no day.
    pub candidate: Option<Candidate>,
    /// Its id.
    pub declaration_id: String,
    /// The pack that assessed it.
    pub pack: String,
}

/// Reads assessments in the order in which they come, one at a time; from standard input each row as soon as its line
/// ends.
pub struct ArrivingDeclarations {
    rows: RowReader<'static>,
    sites: HashMap<String, u32>,
    rules: HashMap<String, u32>,
    channels: Vec<(String, ChannelId)>,
    /// Texts that many declarations share.
    texts: HashMap<String, Arc<str>>,
    /// Lists of sites and of rules, and lists of goods groups, that many declarations share.
    numbers: HashMap<Vec<u32>, Arc<[u32]>>,
    groups: HashMap<Vec<Arc<str>>, Arc<[Arc<str>]>>,
    /// The pack that must have assessed the declarations.
    expected: Option<String>,
}

/// Shared texts at most; further ones are copied.
const SHARED_MAX: usize = 100_000;

impl ArrivingDeclarations {
    /// Opens a table of assessments by declaration, as `qingfeng score` writes it: standard input as NDJSON.
    ///
    /// # Errors
    ///
    /// It cannot be opened, or lacks a column.
    pub fn open(input: &Input, pack: &Pack) -> Result<Self, ReadError> {
        let rows = RowReader::open(input, None, COLUMNS)?;
        rows.require(
            REQUIRED,
            "what `qingfeng score` writes by declaration with a pack that has [selection]",
        )?;
        let number = |(at, name): (usize, &str)| (name.to_owned(), at as u32);
        let sites = pack.reference.sites.iter().map(|site| site.name.as_str());
        let rules = pack.rules.iter().map(|rule| rule.id.as_str());
        Ok(Self {
            rows,
            sites: sites.enumerate().map(number).collect(),
            rules: rules.enumerate().map(number).collect(),
            channels: pack
                .channels
                .iter()
                .enumerate()
                .map(|(at, channel)| (channel.name.clone(), ChannelId(at as u8)))
                .collect(),
            texts: HashMap::new(),
            numbers: HashMap::new(),
            groups: HashMap::new(),
            expected: None,
        })
    }

    /// The same, refusing assessments of another pack than this one, `name@version#digest`. What was known of lookups
    /// may differ.
    pub(crate) fn of_pack(self, pack_id: &str) -> Self {
        Self { expected: Some(without_lookups(pack_id).to_owned()), ..self }
    }

    fn shared_numbers(&mut self, numbers: Vec<u32>) -> Arc<[u32]> {
        if let Some(known) = self.numbers.get(&numbers) {
            return Arc::clone(known);
        }
        let new: Arc<[u32]> = numbers.as_slice().into();
        if self.numbers.len() < SHARED_MAX {
            self.numbers.insert(numbers, Arc::clone(&new));
        }
        new
    }

    fn shared_groups(&mut self, groups: Vec<Arc<str>>) -> Arc<[Arc<str>]> {
        if let Some(known) = self.groups.get(&groups) {
            return Arc::clone(known);
        }
        let new: Arc<[Arc<str>]> = groups.as_slice().into();
        if self.groups.len() < SHARED_MAX {
            self.groups.insert(groups, Arc::clone(&new));
        }
        new
    }

    fn shared(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.texts.get(text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = text.into();
        if self.texts.len() < SHARED_MAX {
            self.texts.insert(text.to_owned(), Arc::clone(&new));
        }
        new
    }

    fn arriving(&mut self, row: &Row) -> Result<ArrivingDeclaration, ReadError> {
        let declaration_id = row.required_text(0)?.into_owned();
        let pack = row.text(4)?.unwrap_or_default().into_owned();
        if let Some(expected) = &self.expected
            && without_lookups(&pack) != expected
        {
            return Err(row.error(format!(
                "was assessed by the pack {}, and the pack given by --rules is {expected}; give the pack that assessed \
                 it, or score the declarations anew",
                if pack.is_empty() { "that `pack` does not name".to_owned() } else { shown(&pack) },
            )));
        }
        if row.text(8)?.is_none() {
            return Err(row.error(
                "`trader_class` is missing; write assessments by declaration, with a pack that has [selection]",
            ));
        }
        let Some(day) = row.date(5)? else {
            return Ok(ArrivingDeclaration { candidate: None, declaration_id, pack });
        };
        let numbers = |column: usize, known: &HashMap<String, u32>, what: &str| {
            let mut numbers = Vec::new();
            for name in row.list(column)?.iter().filter(|name| !name.is_empty()) {
                let Some(&number) = known.get(name) else {
                    let name = shown(name);
                    return Err(row.error(format!(
                        "`{}` has `{name}`, which is no {what} of the pack; give the pack that assessed it by --rules",
                        COLUMNS[column]
                    )));
                };
                numbers.push(number);
            }
            numbers.sort_unstable();
            numbers.dedup();
            Ok::<Vec<u32>, ReadError>(numbers)
        };
        let rules = numbers(3, &self.rules, "rule")?;
        let sites = numbers(6, &self.sites, "site")?;
        let (rules, sites) = (self.shared_numbers(rules), self.shared_numbers(sites));
        let channel = row.required_text(2)?;
        let Some(&(_, channel)) = self.channels.iter().find(|(name, _)| *name == channel) else {
            let channel = shown(&channel);
            return Err(row.error(format!("`channel` is `{channel}`, which is no channel of the pack")));
        };
        let line_groups = row.list(12)?.iter().map(|group| self.shared(group)).collect();
        let line_groups = self.shared_groups(line_groups);
        let trader = row.text(7)?.map(|trader| self.shared(&trader));
        let score =
            row.integer(1)?.ok_or_else(|| row.error("`score` is missing; each assessment has one"))?;
        let (class, group) = (row.text(8)?, row.text(9)?);
        let (mode, destination) = (row.text(10)?, row.text(11)?);
        let candidate = Candidate {
            declaration_id: declaration_id.as_str().into(),
            day,
            sites,
            trader,
            trader_class: self.shared(class.as_deref().unwrap_or("unnamed")),
            group: self.shared(group.as_deref().unwrap_or("other")),
            line_groups,
            mode: mode.map(|mode| self.shared(&mode)),
            destination: destination.map(|destination| self.shared(&destination)),
            packages: row.integer(13)?,
            value: row.number(14)?,
            score,
            channel,
            rules,
        };
        Ok(ArrivingDeclaration { candidate: Some(candidate), declaration_id, pack })
    }
}

impl Iterator for ArrivingDeclarations {
    type Item = Result<ArrivingDeclaration, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = self.rows.next()?;
        Some(row.and_then(|row| self.arriving(&row)))
    }
}

/// The id of a pack without what was known of lookups, `+lookups@` and what follows.
fn without_lookups(pack_id: &str) -> &str {
    pack_id.split_once("+lookups@").map_or(pack_id, |(pack, _)| pack)
}
