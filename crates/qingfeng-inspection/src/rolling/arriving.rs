//! Assessments in the order in which they come.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::FixedState;
use qingfeng_rules::{ChannelId, Pack};

use super::super::candidate::{AssessedDeclaration, Interner};
use qingfeng::internals::shown;
use qingfeng::read::{Input, ReadError};
use qingfeng::tables::{Col, Row, RowReader, Texts};

qingfeng::columns! {
    /// The columns of assessments by declaration that selection and all that learns from inspections need.
    pub AssessmentColumns = "what `qingfeng score` writes by declaration";
    declaration_id: Text Needed "The declaration.";
    score: Integer Needed "Its score.";
    channel: Text Needed "Its channel.";
    rules: Texts Needed "The ids of the active rules that fired.";
    shadow_rules: Texts Optional "The ids of the shadow rules that fired.";
    pack: Text Needed "The pack that assessed it.";
    declared_on: Day Optional "Its own day.";
    sites: Texts Optional "The sites to which its lines belong.";
    trader: Text Optional "Its trader.";
    trader_class: Text Optional "The class of its trader.";
    group: Text Optional "The goods group of its decisive line.";
    mode: Text Optional "The trade mode of its decisive line.";
    destination: Text Optional "The destination of its decisive line.";
    line_groups: Texts Optional "The goods group of each line.";
    packages: Integer Optional "Its packages, all lines together.";
    value: Number Optional "Its value, all lines together.";
    unreadable: Texts Optional "What of it could not be read.";
}

const COLUMNS: AssessmentColumns = AssessmentColumns::COLUMNS;

/// The names of a kind that assessments may have at most.
const MAX_NAMES: usize = 1_000_000;

/// Numbers for names.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    at: HashMap<Arc<str>, u32, FixedState>,
    all: Vec<Arc<str>>,
    /// Whether names that are not known get a number of their own.
    grows: bool,
    /// What they are names of.
    what: &'static str,
}

impl Names {
    fn growing(what: &'static str) -> Self {
        Self { at: HashMap::default(), all: Vec::new(), grows: true, what }
    }

    fn known<'n>(what: &'static str, names: impl Iterator<Item = &'n str>) -> Self {
        let mut known = Self::growing(what);
        for name in names {
            known.add(name);
        }
        Self { grows: false, ..known }
    }

    fn add(&mut self, name: &str) -> u32 {
        let next = self.all.len() as u32;
        let name: Arc<str> = name.into();
        self.all.push(Arc::clone(&name));
        *self.at.entry(name).or_insert(next)
    }

    /// The number of a name; nothing where it is not known and cannot be.
    pub(crate) fn number(&mut self, name: &str) -> Option<u32> {
        match self.at.get(name) {
            Some(&at) => Some(at),
            None if self.grows && self.all.len() < MAX_NAMES => Some(self.add(name)),
            None => None,
        }
    }

    /// The same, where a name that is not known is a mistake of the row.
    fn of_row<K>(&mut self, row: &Row<'_>, column: Col<K>, name: &str) -> Result<u32, ReadError> {
        let what = self.what;
        self.number(name).ok_or_else(|| match self.grows {
            true => row.error(format!("more than {MAX_NAMES} names of {what}s; give a shorter time")),
            false => {
                let column = AssessmentColumns::TABLE.columns[column.at()].name;
                let remedy = "give the pack that assessed it by --rules";
                row.error(format!(
                    "`{column}` has `{}`, which is no {what} of the pack; {remedy}",
                    shown(name)
                ))
            }
        })
    }

    pub(crate) fn all(&self) -> &[Arc<str>] {
        &self.all
    }
}

/// Decodes rows of assessments by declaration: the one place that knows what their cells mean.
#[derive(Debug)]
pub struct AssessmentDecoder {
    pub(crate) rules: Names,
    pub(crate) sites: Names,
    pub(crate) channels: Names,
    pub(crate) packs: Names,
    pub(crate) interner: Interner,
    /// The pack that must have assessed the declarations, and whether they must have what a policy needs.
    expected: Option<String>,
    for_policy: bool,
}

impl AssessmentDecoder {
    /// Of assessments by one pack: rules, sites and channels have their positions in it, and others are mistakes.
    pub fn of_pack(pack: &Pack) -> Self {
        Self {
            rules: Names::known("rule", pack.rules.iter().map(|rule| &*rule.id)),
            sites: Names::known("site", pack.reference.sites.iter().map(|site| &*site.name)),
            channels: Names::known("channel", pack.channels.iter().map(|channel| &*channel.name)),
            packs: Names::growing("pack"),
            interner: Interner::default(),
            expected: None,
            for_policy: true,
        }
    }

    /// Of assessments by whatever packs: rules, sites and channels are numbered as they come.
    pub(crate) fn of_any_pack() -> Self {
        Self {
            rules: Names::growing("rule"),
            sites: Names::growing("site"),
            channels: Names::growing("channel"),
            packs: Names::growing("pack"),
            interner: Interner::default(),
            expected: None,
            for_policy: false,
        }
    }

    /// The same, refusing assessments of another pack than this one, `name@version#digest`. What was known of lookups
    /// may differ.
    pub(crate) fn expecting(self, pack_id: &str) -> Self {
        Self { expected: Some(without_lookups(pack_id).to_owned()), ..self }
    }

    /// Opens a table of assessments that has the columns that are needed.
    pub(crate) fn open(&self, input: &Input) -> Result<RowReader, ReadError> {
        let rows = RowReader::open(input, &AssessmentColumns::TABLE)?;
        if self.for_policy {
            let [sites, line_groups] = [COLUMNS.sites.at(), COLUMNS.line_groups.at()];
            let columns =
                [COLUMNS.declared_on.at(), sites, COLUMNS.trader_class.at(), COLUMNS.group.at(), line_groups];
            let what = "what `qingfeng score` writes by declaration with a pack that has [selection]";
            rows.require(&columns, what)?;
        }
        Ok(rows)
    }

    /// Where the texts and lists of the declarations are stored once.
    pub fn interner(&mut self) -> &mut Interner {
        &mut self.interner
    }

    /// What a row says.
    ///
    /// # Errors
    ///
    /// A cell that no assessment has; with its place.
    pub fn row(&mut self, row: &Row<'_>) -> Result<AssessedDeclaration, ReadError> {
        let Self { rules, sites, channels, packs, interner, expected, for_policy } = self;
        let declaration_id = row.required_text(COLUMNS.declaration_id)?;
        let pack = row.text(COLUMNS.pack)?;
        if let Some(expected) = expected
            && without_lookups(pack.as_deref().unwrap_or_default()) != expected
        {
            return Err(row.error(format!(
                "was assessed by the pack {}, and the pack given by --rules is {expected}; give the pack that assessed \
                 it, or score the declarations anew",
                pack.map_or_else(|| "that `pack` does not name".to_owned(), |pack| shown(&pack)),
            )));
        }
        let trader_class = row.text(COLUMNS.trader_class)?;
        if *for_policy && trader_class.is_none() {
            return Err(row.error(
                "`trader_class` is missing; write assessments by declaration, with a pack that has [selection]",
            ));
        }
        let mut numbers = |column: Col<Texts>, names: &mut Names, skips: bool| {
            let mut numbers = Vec::new();
            for name in row.list(column)?.iter().filter(|name| !name.is_empty()) {
                match names.number(name) {
                    Some(number) => numbers.push(number),
                    None if skips => {}
                    None => numbers.push(names.of_row(row, column, name)?),
                }
            }
            numbers.sort_unstable();
            numbers.dedup();
            Ok::<Arc<[u32]>, ReadError>(interner.numbers(&numbers))
        };
        let fired = numbers(COLUMNS.rules, rules, false)?;
        // Of a pack's own rules that were in shadow some may be gone; no plan asks for them.
        let in_shadow = numbers(COLUMNS.shadow_rules, rules, *for_policy)?;
        let sites = numbers(COLUMNS.sites, sites, false)?;
        let channel = row.text(COLUMNS.channel)?;
        let channel = channel.ok_or_else(|| row.error("`channel` is missing; each assessment has one"))?;
        let channel = match channels.number(&channel) {
            Some(channel) => u8::try_from(channel)
                .map_err(|_| row.error("one channel too many: assessments may name 256"))?,
            None => {
                let channel = shown(&channel);
                return Err(row.error(format!("`channel` is `{channel}`, which is no channel of the pack")));
            }
        };
        let groups = row.list(COLUMNS.line_groups)?;
        let groups: Vec<Arc<str>> = groups.iter().map(|group| interner.text(group)).collect();
        let unreadable = row.list(COLUMNS.unreadable)?;
        let unreadable: Vec<Arc<str>> =
            unreadable.iter().filter(|cell| !cell.is_empty()).map(|cell| interner.text(cell)).collect();
        let mut shared = |text: Option<std::borrow::Cow<'_, str>>| text.map(|text| interner.text(&text));
        let (trader, group) = (shared(row.text(COLUMNS.trader)?), shared(row.text(COLUMNS.group)?));
        let (mode, destination) = (shared(row.text(COLUMNS.mode)?), shared(row.text(COLUMNS.destination)?));
        let trader_class = shared(trader_class);
        let score = row.integer(COLUMNS.score)?;
        let unnamed = if *for_policy { "" } else { "unknown" };
        Ok(AssessedDeclaration {
            declaration_id: (*declaration_id).into(),
            day: row.date(COLUMNS.declared_on)?,
            score: score.ok_or_else(|| row.error("`score` is missing; each assessment has one"))?,
            channel: ChannelId(channel),
            rules: fired,
            shadow_rules: in_shadow,
            pack: packs.of_row(row, COLUMNS.pack, pack.as_deref().unwrap_or(unnamed))?,
            sites,
            trader,
            trader_class: trader_class.unwrap_or_else(|| interner.text("unnamed")),
            group: group.unwrap_or_else(|| interner.text("other")),
            line_groups: interner.list(&groups),
            mode,
            destination,
            packages: row.integer(COLUMNS.packages)?,
            value: row.number(COLUMNS.value)?,
            unreadable: interner.list(&unreadable),
        })
    }
}

/// Reads assessments in the order in which they come, one at a time; from standard input each row as soon as its line
/// ends.
#[derive(Debug)]
pub struct ArrivingDeclarations {
    rows: RowReader,
    decoder: AssessmentDecoder,
    is_over: bool,
}

impl ArrivingDeclarations {
    /// Opens a table of assessments by declaration, as `qingfeng score` writes it: standard input as NDJSON.
    ///
    /// # Errors
    ///
    /// It cannot be opened, or lacks a column.
    pub fn open(input: &Input, pack: &Pack) -> Result<Self, ReadError> {
        let decoder = AssessmentDecoder::of_pack(pack);
        Ok(Self { rows: decoder.open(input)?, decoder, is_over: false })
    }

    /// The packs that the declarations so far name, by [`AssessedDeclaration::pack`].
    pub fn packs(&self) -> &[Arc<str>] {
        self.decoder.packs.all()
    }
}

impl Iterator for ArrivingDeclarations {
    type Item = Result<AssessedDeclaration, ReadError>;

    /// The next declaration. After an error nothing comes.
    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let declaration = match self.rows.read() {
            Ok(Some(row)) => self.decoder.row(&row),
            Ok(None) => {
                self.is_over = true;
                return None;
            }
            Err(error) => Err(error),
        };
        self.is_over = declaration.is_err();
        Some(declaration)
    }
}

/// The id of a pack without what was known of lookups and of past trade, `+lookups@`, `+trade@` and what follows.
pub(crate) fn without_lookups(pack_id: &str) -> &str {
    let living = ["+lookups@", "+trade@"].iter().filter_map(|mark| pack_id.find(mark)).min();
    living.map_or(pack_id, |at| &pack_id[..at])
}
