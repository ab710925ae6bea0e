//! The report of a campaign as data: what was inspected and found, by site, region, goods, mode and month, against the
//! capacity and the aims, and how far the data can be trusted.
//!
//! [`Report::of`] makes it from [`Evidence`], the pack and the plans. `serde` writes it unchanged: a page that
//! shows a report has no figure of its own.
//!
//! A declaration belongs to a region by the destination of its decisive line, to each of its sites and their kinds, and
//! to the goods group and mode of its decisive line. Regions and sites overlap, so their rows do not add up to the whole.

mod count;
mod cuts;
mod offices;
mod quality;
mod statements;
mod survey;
#[cfg(test)]
mod tests;

use qingfeng::read::ReadError;
use qingfeng_rules::reference::Groups;
use qingfeng_rules::{CodeList, Date, FieldId, Pack, codes, countries};
use serde::Serialize;

use self::cuts::CutCounts;
use self::quality::QualityCounts;
use crate::effect::Effect;
use crate::effect::tally::Cases;
use crate::targets::Targets;
use crate::watch::Watch;
use qingfeng_inspection::PlanFile;
use qingfeng_inspection::evidence::Evidence;

pub use count::Counts;
pub use cuts::{Cell, Cuts, Kind, Matrix, MatrixRow, Row};
pub use offices::{Capacity, OfficeUse};
pub use quality::{Check, Code, Quality};
pub use statements::{Statement, Tone};
pub use survey::{By, Condition, MAX_SURVEYS, Survey, SurveyError, SurveyReport};

/// What a report is about.
#[derive(Clone, Debug)]
pub struct ReportOptions {
    /// Its title; without one the pack's.
    pub title: Option<String>,
    /// The day as of which it is written. Declarations and inspections of later days are left out.
    pub as_of: Date,
    /// The first day of the declarations, if not all count.
    pub from: Option<Date>,
    /// The special surveys.
    pub surveys: Vec<Survey>,
}

impl ReportOptions {
    /// A report of all declarations up to a day, without surveys.
    pub fn as_of(as_of: Date) -> Self {
        Self { title: None, as_of, from: None, surveys: Vec::new() }
    }
}

/// What a name means to people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Titled {
    /// The name in files.
    pub name: String,
    /// In English.
    pub title: String,
    /// In Chinese.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title_zh: Option<String>,
}

impl Titled {
    /// A name that is its own title.
    pub fn plain(name: &str) -> Self {
        Self { name: name.to_owned(), title: name.to_owned(), title_zh: None }
    }

    pub(crate) fn of(groups: &[qingfeng_rules::reference::Group], name: &str) -> Self {
        groups.iter().find(|group| group.name == name).map_or_else(
            || Self::plain(name),
            |group| Self {
                name: name.to_owned(),
                title: group.title.clone(),
                title_zh: group.title_zh.clone(),
            },
        )
    }
}

/// The report of a campaign.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// What it is called.
    pub title: String,
    /// In Chinese, where the pack has it and no title was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title_zh: Option<String>,
    /// The day as of which it was written.
    pub as_of: Date,
    /// The first day of the declarations counted.
    pub from: Option<Date>,
    /// Their last day.
    pub until: Option<Date>,
    /// The pack whose names it uses: `name version`.
    pub pack: String,
    /// The packs that assessed.
    pub packs: Vec<String>,
    /// The unit of values.
    pub unit: Option<String>,
    /// What its figures say, in the order in which a reader needs it.
    pub statements: Vec<Statement>,
    /// The year's aims and what was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub targets: Option<Targets>,
    /// All declarations, and the same by what they belong to.
    pub counts: Cuts,
    /// Selection against capacity.
    pub capacity: Capacity,
    /// The worth of rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
    /// Displacement, unequal treatment and what is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watch: Option<Watch>,
    /// The special surveys.
    pub surveys: Vec<SurveyReport>,
    /// How far the data can be trusted.
    pub quality: Quality,
}

/// What else a report shows, made from the same evidence.
#[derive(Clone, Debug, Default)]
pub struct ReportParts {
    /// The worth of rules.
    pub effect: Option<Effect>,
    /// Displacement, unequal treatment and what is open.
    pub watch: Option<Watch>,
    /// The year's aims and what was done.
    pub targets: Option<Targets>,
    /// Declarations that [`ReportOptions::cut`] took out.
    pub out_of_time: u64,
}

impl ReportOptions {
    /// Takes declarations out whose day is known to be outside of the report's time, and says how many. What is made from
    /// the evidence afterwards speaks of the same declarations.
    pub fn cut(&self, evidence: &mut Evidence) -> u64 {
        evidence.keep_days(self.from, Some(self.as_of))
    }
}

/// Which declarations of the evidence a report counts: those whose day is known to be outside are left out.
fn in_time(options: &ReportOptions, day: Option<Date>) -> bool {
    day.is_none_or(|day| day <= options.as_of && options.from.is_none_or(|from| from <= day))
}

impl Report {
    /// The report of this evidence. `plans` are those from which the evidence was made; the pack gives names, regions
    /// and goods groups.
    ///
    /// # Errors
    ///
    /// Declarations that can no longer be read.
    pub fn of(
        evidence: &Evidence,
        pack: &Pack,
        plans: &[PlanFile],
        options: &ReportOptions,
        parts: ReportParts,
    ) -> Result<Self, ReadError> {
        let names = Names::new(evidence, pack);
        let new = || CutCounts::new(evidence, &names);
        let mut counts = new();
        let mut surveys: Vec<(&Survey, CutCounts<'_>)> =
            options.surveys.iter().map(|survey| (survey, new())).collect();
        let mut quality = QualityCounts::new(evidence, &names);
        let mut days: Option<(Date, Date)> = None;
        let cases = Cases::new(evidence, None);
        evidence.each(|judged| {
            if !in_time(options, judged.day) {
                return;
            }
            if let Some(day) = judged.day {
                let (first, last) = days.unwrap_or((day, day));
                days = Some((first.min(day), last.max(day)));
            }
            let case = cases.of(judged);
            counts.add(judged, &case);
            for (survey, counts) in &mut surveys {
                if survey.has(judged, evidence, &names) {
                    counts.add(judged, &case);
                }
            }
            quality.add(judged, &case, &names);
        })?;
        let counts = counts.finish();
        let capacity = Capacity::of(plans, &names, options);
        let surveys = surveys.into_iter().map(|(survey, counts)| SurveyReport {
            survey: survey.clone(),
            filter: survey.to_string(),
            titles: survey.titles(&names),
            counts: counts.finish(),
        });
        let surveys = surveys.collect();
        let quality = Quality::of(quality, evidence, options, parts.out_of_time);
        let mut report = Self {
            title: options.title.clone().or_else(|| pack.title.clone()).unwrap_or_else(|| pack.name.clone()),
            title_zh: pack.title_zh.clone().filter(|_| options.title.is_none()),
            as_of: options.as_of,
            from: options.from.or(days.map(|days| days.0)),
            until: days.map(|days| days.1),
            pack: format!("{} {}", pack.name, pack.version),
            packs: evidence.packs.iter().map(ToString::to_string).collect(),
            unit: unit(pack).map(str::to_owned),
            statements: Vec::new(),
            targets: parts.targets,
            counts,
            capacity,
            effect: parts.effect,
            watch: parts.watch,
            surveys,
            quality,
        };
        report.statements = statements::of(&report);
        Ok(report)
    }
}

/// What people call the country with this code, ISO 3166-1 alpha-2; of another text the text itself.
///
/// ```
/// let kenya = qingfeng_insight::report::country("KE");
/// assert_eq!((kenya.title.as_str(), kenya.title_zh.as_deref()), ("Kenya", Some("肯尼亚")));
/// assert_eq!(qingfeng_insight::report::country("??").title, "??");
/// ```
pub fn country(code: &str) -> Titled {
    let known = countries::country(code);
    Titled {
        name: code.to_owned(),
        title: known.map_or(code, |country| country.name).to_owned(),
        title_zh: known.map(|country| country.name_zh.to_owned()),
    }
}

/// The unit of declared values.
pub fn unit(pack: &Pack) -> Option<&str> {
    let of_field = || pack.schema[pack.schema.field("value")?].unit.as_deref();
    pack.schema.money().map(|money| money.currency.as_str()).or_else(of_field)
}

/// What people call a site of the pack.
pub fn site(pack: &Pack, name: &str) -> Titled {
    Titled::of(&pack.reference.sites, name)
}

/// What people call a channel of the pack.
pub fn channel(pack: &Pack, name: &str) -> Titled {
    let channel = pack.channels.iter().find(|channel| channel.name == name);
    let title = channel.and_then(|channel| channel.title.as_deref());
    Titled {
        name: name.to_owned(),
        title: title.unwrap_or(name).to_owned(),
        title_zh: channel.and_then(|channel| channel.title_zh.clone()),
    }
}

/// What people call a mode, with its code: as the first of the pack's groups that has this code alone, else as the code list
/// that the pack's modes have. A value that only the pack has is no code, so that its title is enough.
pub fn mode(pack: &Pack, code: &str) -> Titled {
    let alone =
        |group: &&qingfeng_rules::reference::Group| matches!(&group.members[..], [only] if only.code == code);
    let group = pack.reference.modes.iter().find(alone);
    let titles = pack.schema.keys.mode.and_then(|field| titles(pack, field, code));
    let (title, title_zh) = match (group, titles) {
        (Some(group), titles) => {
            (group.title.as_str(), group.title_zh.as_deref().or(titles.map(|titles| titles.1)))
        }
        (None, Some((title, title_zh))) => (title, Some(title_zh)),
        (None, None) => return Titled::plain(code),
    };
    let is_code = code.bytes().all(|byte| byte.is_ascii_digit());
    Titled {
        name: code.to_owned(),
        title: match title {
            // Some entries of code lists have no English name.
            "" => code.to_owned(),
            title if is_code => format!("{title} ({code})"),
            title => title.to_owned(),
        },
        title_zh: title_zh.map(|title| if is_code { format!("{title}（{code}）") } else { title.to_owned() }),
    }
}

/// What people call a place of trade: a site of the pack, else the name that the code list of ports has, with the code.
pub fn place(pack: &Pack, name: &str) -> Titled {
    let titled = site(pack, name);
    if titled.title_zh.is_some() || titled.title != name {
        return titled;
    }
    let ports = pack.schema.keys.site.iter().find(|(kind, _)| kind == "port").map(|of| of.1);
    let title_zh = ports.and_then(|field| titles(pack, field, name)).map(|titles| titles.1);
    Titled { title_zh: title_zh.map(|title| format!("{title}（{name}）")), ..titled }
}

/// What people call a code of a field, in English and in Chinese: as the pack has it, else as the list of the field does.
fn titles<'p>(pack: &'p Pack, field: FieldId, code: &str) -> Option<(&'p str, &'p str)> {
    let field = &pack.schema[field];
    let of_pack = pack.reference.codes.get(&field.name).and_then(|of| of.codes.get(code));
    if let Some(of) = of_pack.filter(|of| of.title.is_some() || of.title_zh.is_some()) {
        let (title, title_zh) = (of.title.as_deref(), of.title_zh.as_deref());
        return Some((title.or(title_zh)?, title_zh.or(title)?));
    }
    let Some(CodeList::Table(list)) = field.codes else { return None };
    codes::table(list)?.find(code).map(|entry| (entry.title, entry.title_zh))
}

/// Where the declarations of the evidence belong, by the pack's reference data.
pub(crate) struct Names<'p> {
    pub pack: &'p Pack,
    regions: Groups,
    modes: Groups,
    /// The kinds of the evidence's sites.
    site_kinds: Vec<Option<&'p str>>,
}

/// The groups of a code on a day, in the pack's order, each once.
fn groups_of(groups: &Groups, code: &str, day: Option<Date>) -> Vec<usize> {
    let mut of: Vec<usize> = groups.on(code, day).collect();
    of.dedup();
    of
}

impl<'p> Names<'p> {
    fn new(evidence: &Evidence, pack: &'p Pack) -> Self {
        let sites = &pack.reference.sites;
        let kind = |site: &str| sites.iter().find(|group| group.name == site)?.kind.as_deref();
        Self {
            pack,
            regions: Groups::new(&pack.reference.regions),
            modes: Groups::new(&pack.reference.modes),
            site_kinds: evidence.sites.iter().map(|site| kind(site)).collect(),
        }
    }

    /// The regions of a destination, by their places in the pack.
    pub fn regions(&self, destination: &str, day: Option<Date>) -> Vec<usize> {
        groups_of(&self.regions, destination, day)
    }

    /// The groups of a mode, by their places in the pack.
    pub fn modes(&self, mode: &str, day: Option<Date>) -> Vec<usize> {
        groups_of(&self.modes, mode, day)
    }

    /// The kind of a site of the evidence.
    pub fn kind(&self, site: u32) -> Option<&'p str> {
        self.site_kinds.get(site as usize).copied().flatten()
    }

    /// What people call a goods group.
    pub fn goods(&self, name: &str) -> Titled {
        Titled::of(&self.pack.reference.commodities, name)
    }
}
