//! What the lists have, whoever reads them.

use std::collections::BTreeMap;

use qingfeng::rules::reference::Group;
use qingfeng::rules::selection::{Amount, OverrideAction, QuotaOf};
use qingfeng::rules::{Date, Pack};
use qingfeng_insight::report;
use qingfeng_inspection::overrides::{ChangedRow, Override, Overrides};
use qingfeng_inspection::{PlanFile, PlanRow, capacity_unit};
use serde::Serialize;

use crate::words::{Language, tell_why};

/// All lists of a plan that are wanted.
#[derive(Debug, Serialize)]
pub struct View {
    pub plan: String,
    pub plan_digest: String,
    pub lists: Vec<List>,
    /// Titles of rules, where a pack was given.
    pub rules: BTreeMap<String, String>,
    /// Names of channels from mild to severe, and what people read of them.
    #[serde(skip)]
    pub channels: Vec<(String, String)>,
    /// Titles of sites, where a pack was given.
    #[serde(skip)]
    sites: BTreeMap<String, String>,
    #[serde(skip)]
    offices: Vec<String>,
    #[serde(skip)]
    days: Option<(Date, Date)>,
}

/// The list of a site and a day.
#[derive(Debug, Serialize)]
pub struct List {
    pub day: Date,
    pub office: String,
    pub office_title: Option<String>,
    pub lines: Vec<Line>,
    /// Inspections that stand: of each kind, and those that people added.
    pub mandatory: usize,
    pub targeted: usize,
    pub random: usize,
    pub added: usize,
    pub dropped: usize,
    /// The cost of those that stand, as the plan has it.
    pub cost: u64,
    /// What the site can do that day, as the plan has it.
    pub capacity: Option<u32>,
    pub capacity_in: Option<&'static str>,
    pub commitment: Option<String>,
    pub packs: Vec<String>,
}

/// A line of a list.
#[derive(Debug, Serialize)]
pub struct Line {
    /// Its place in the plan; none if people brought it here.
    pub order: Option<u32>,
    pub declaration_id: String,
    pub selected: &'static str,
    pub why: Vec<String>,
    /// The same in the reader's language.
    #[serde(skip)]
    pub told: Vec<String>,
    pub probability: Option<f64>,
    pub score: Option<i64>,
    pub channel: Option<String>,
    /// What people read of the channel, where a pack was given.
    pub channel_title: Option<String>,
    pub group: Option<String>,
    pub group_title: Option<String>,
    pub trader: Option<String>,
    pub items: Option<i64>,
    pub packages: Option<i64>,
    pub cost: Option<u32>,
    pub rules: Vec<String>,
    /// What of the declaration could not be read: to ask for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<String>,
    /// The same in the reader's language.
    #[serde(skip)]
    pub unreadable_told: Vec<String>,
    /// What people did: `added`, `dropped`, `rerouted here`, `rerouted away`.
    pub changed: Option<Changed>,
    pub overrides: Vec<Override>,
}

/// What people did with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Changed {
    Added,
    Dropped,
    ReroutedHere,
    ReroutedAway,
}

impl Line {
    /// What people call its goods.
    pub fn goods(&self, words: Language) -> &str {
        let name = self.group.as_deref().unwrap_or("");
        match words {
            Language::Zh => self.group_title.as_deref().unwrap_or_else(|| words.named(name)),
            Language::En => self.group_title.as_deref().unwrap_or(name),
        }
    }

    /// Whether it is still to be inspected here.
    pub fn stands(&self) -> bool {
        !matches!(self.changed, Some(Changed::Dropped | Changed::ReroutedAway))
    }

    /// How likely it was to be on the list, for people: `1`, `1 in 29`, `67 %`.
    pub fn chance(&self, words: Language) -> String {
        match self.probability {
            None => "–".to_owned(),
            Some(1.0) => words.list_certain().to_owned(),
            Some(chance) if chance > 0.5 => format!("{:.0} %", chance * 100.0),
            Some(chance) => {
                let one_in = 1.0 / chance;
                let near = (one_in * 10.0).round() / 10.0;
                let shown = if one_in >= 100.0 || near.fract() == 0.0 {
                    format!("{one_in:.0}")
                } else {
                    format!("{near:.1}")
                };
                format!("{} {shown} ({:.1} %)", words.list_one_in(), chance * 100.0)
            }
        }
    }
}

fn title(groups: &[Group], name: &str, words: Language) -> Option<String> {
    let group = groups.iter().find(|group| group.name == name)?;
    Some(words.titled(&group.title, group.title_zh.as_deref()).to_owned())
}

/// What people read of a channel: a Chinese reader the action, an English one its name, by which rules know it.
fn channel(pack: Option<&Pack>, name: &str, words: Language) -> String {
    let zh = pack.and_then(|pack| report::channel(pack, name).title_zh);
    match words {
        Language::En => name.to_owned(),
        Language::Zh => zh.unwrap_or_else(|| words.named(name).to_owned()),
    }
}

/// What people call those whose declarations a quota counts.
fn quota(pack: &Pack, name: &str, words: Language) -> Option<String> {
    let quota = pack.selection.as_ref()?.quotas.iter().find(|quota| quota.name == name)?;
    match &quota.of {
        QuotaOf::Site(site) => title(&pack.reference.sites, site, words),
        QuotaOf::Kind(kind) => words.name(kind).map(str::to_owned),
    }
}

/// What could not be read, `item 2: value`, with what people call the field.
fn unreadable(pack: Option<&Pack>, what: &str, words: Language) -> String {
    let parts = what.strip_prefix("item ").and_then(|rest| rest.split_once(": "));
    let Some((item, name)) = parts.filter(|_| words == Language::Zh) else { return what.to_owned() };
    let field = pack.and_then(|pack| Some(&pack.schema[pack.schema.field(name)?]));
    words.list_item(item, field.and_then(|field| field.title_zh.as_deref()).unwrap_or(name))
}

impl View {
    pub fn new(
        plan: &PlanFile,
        overrides: &Overrides,
        pack: Option<&Pack>,
        office: Option<&str>,
        day: Option<Date>,
        words: Language,
    ) -> Self {
        let mut lists: BTreeMap<(Date, String), List> = BTreeMap::new();
        let mut titles: BTreeMap<String, String> = BTreeMap::new();
        for changed in overrides.apply(plan) {
            if day.is_some_and(|day| day != changed.day) {
                continue;
            }
            let planned = changed.row.as_ref().map(|row| row.office.clone());
            let mut places = vec![(changed.office.clone(), false)];
            if let Some(planned) = planned.filter(|planned| *planned != changed.office) {
                places.push((planned, true));
            }
            for (place, away) in places {
                if office.is_some_and(|office| office != place) {
                    continue;
                }
                let list = lists
                    .entry((changed.day, place.clone()))
                    .or_insert_with(|| List::new(changed.day, &place, pack, words));
                list.add(&changed, away, pack, words);
                for id in changed.row.iter().flat_map(|row| &row.rules) {
                    let rule = pack.and_then(|pack| pack.rules.iter().find(|rule| rule.id == *id));
                    if let Some(rule) = rule.filter(|_| !titles.contains_key(id)) {
                        titles.insert(
                            id.clone(),
                            words.titled(&rule.title, rule.title_zh.as_deref()).to_owned(),
                        );
                    }
                }
            }
        }
        // Lists stand in the plan's order; those that only people made come last of their day.
        let place = |office: &str, day: Date| {
            plan.days().position(|rows| rows[0].day == day && rows[0].office == office).unwrap_or(usize::MAX)
        };
        let mut lists: Vec<List> = lists.into_values().collect();
        lists.sort_by_key(|list| (list.day, place(&list.office, list.day)));
        let mut offices: Vec<String> = plan.rows.iter().map(|row| row.office.clone()).collect();
        offices.sort_unstable();
        offices.dedup();
        Self {
            plan: plan.path.display().to_string(),
            plan_digest: plan.digest.clone(),
            lists,
            rules: titles,
            channels: pack.map_or_else(Vec::new, |of| {
                let names = of.channels.iter().map(|channel| channel.name.clone());
                names.map(|name| (name.clone(), channel(pack, &name, words))).collect()
            }),
            sites: pack.map_or_else(BTreeMap::new, |pack| {
                let sites = pack.reference.sites.iter();
                let titled = |site: &Group| words.titled(&site.title, site.title_zh.as_deref()).to_owned();
                sites.map(|site| (site.name.clone(), titled(site))).collect()
            }),
            offices,
            days: plan.rows.first().zip(plan.rows.last()).map(|(first, last)| (first.day, last.day)),
        }
    }

    /// What to say when no list was found.
    pub fn missing(&self, office: Option<&str>, day: Option<Date>) -> String {
        let office = office.map_or(String::new(), |office| format!(" of `{office}`"));
        let day = day.map_or(String::new(), |day| format!(" on {day}"));
        let Some((first, last)) = self.days else {
            return format!("{}: the plan has no inspections at all", self.plan);
        };
        let shown: Vec<&str> = self.offices.iter().take(12).map(String::as_str).collect();
        let more = if self.offices.len() > shown.len() { ", ..." } else { "" };
        format!(
            "the plan has no inspections{office}{day}; it is for {first} to {last} and the sites {}{more}",
            shown.join(", ")
        )
    }

    /// The position of a channel, from mild to severe.
    pub fn channel(&self, name: &str) -> Option<usize> {
        self.channels.iter().position(|(channel, _)| channel == name)
    }

    /// What people read of a channel.
    pub fn channel_title<'v>(&'v self, name: &'v str, words: Language) -> &'v str {
        match self.channels.iter().find(|(channel, _)| channel == name) {
            Some((_, title)) => title,
            None if words == Language::Zh => words.named(name),
            None => name,
        }
    }
}

impl List {
    fn new(day: Date, office: &str, pack: Option<&Pack>, words: Language) -> Self {
        Self {
            day,
            office: office.to_owned(),
            office_title: pack.and_then(|pack| title(&pack.reference.sites, office, words)),
            lines: Vec::new(),
            mandatory: 0,
            targeted: 0,
            random: 0,
            added: 0,
            dropped: 0,
            cost: 0,
            capacity: None,
            capacity_in: None,
            commitment: None,
            packs: Vec::new(),
        }
    }

    fn add(&mut self, of: &ChangedRow, away: bool, pack: Option<&Pack>, words: Language) {
        let row = of.row.as_ref();
        let changed = match row {
            _ if away => Some(Changed::ReroutedAway),
            _ if of.dropped => Some(Changed::Dropped),
            None => Some(Changed::Added),
            Some(row) if row.office != of.office => Some(Changed::ReroutedHere),
            Some(_) => None,
        };
        let first = of.changes.first();
        let group = row.and_then(|row| row.group.clone());
        let goods = |name: &str| title(&pack?.reference.commodities, name, words);
        let channel_name = row
            .map_or_else(|| first.and_then(|first| first.channel.clone()), |row| Some(row.channel.clone()));
        let why = row.map_or_else(Vec::new, |row| row.why.clone());
        let named = |name: &str| {
            let is_channel = pack.is_some_and(|pack| pack.channels.iter().any(|known| known.name == name));
            if is_channel {
                Some(channel(pack, name, words))
            } else {
                goods(name).or_else(|| quota(pack?, name, words))
            }
        };
        let line = Line {
            order: row.filter(|_| changed != Some(Changed::ReroutedHere)).map(|row| row.order),
            declaration_id: of.declaration_id.clone(),
            selected: row.map_or("added", |row| row.selected.name()),
            told: match words {
                Language::En => why.clone(),
                Language::Zh => why.iter().map(|why| tell_why(words, why, named)).collect(),
            },
            why,
            probability: row.map(|row| row.probability),
            score: row.map_or_else(|| first.and_then(|first| first.score), |row| Some(row.score)),
            channel_title: pack.zip(channel_name.as_deref()).and_then(|(pack, name)| {
                let known = pack.channels.iter().find(|known| known.name == name)?;
                let title = known.title.as_deref().unwrap_or(name);
                Some(words.titled(title, known.title_zh.as_deref()).to_owned())
            }),
            channel: channel_name,
            group_title: group.as_deref().and_then(goods),
            group,
            trader: row.and_then(|row| row.trader.clone()),
            items: row.and_then(|row| row.items),
            packages: row.and_then(|row| row.packages),
            cost: row.map(|row| row.cost),
            rules: row.map_or_else(Vec::new, |row| row.rules.clone()),
            unreadable_told: row.map_or_else(Vec::new, |row| {
                row.unreadable.iter().map(|what| unreadable(pack, what, words)).collect()
            }),
            unreadable: row.map_or_else(Vec::new, |row| row.unreadable.clone()),
            changed,
            overrides: of.changes.clone(),
        };
        if !line.stands() {
            self.dropped += 1;
        } else {
            self.cost += u64::from(line.cost.unwrap_or(0));
            match line.selected {
                "mandatory" => self.mandatory += 1,
                "targeted" => self.targeted += 1,
                "random" => self.random += 1,
                _ => self.added += 1,
            }
        }
        let of_row = |of: fn(&PlanRow) -> Option<&String>| row.and_then(of).cloned();
        if self.commitment.is_none() {
            self.commitment = of_row(|row| row.commitment.as_ref());
        }
        // What comes from another site was planned for the capacity there.
        if let Some(capacity) = row.filter(|row| row.office == self.office).and_then(|row| row.capacity) {
            let (Amount::Inspections(count) | Amount::Points(count)) = capacity;
            (self.capacity, self.capacity_in) = (Some(count), Some(capacity_unit(capacity)));
        }
        if let Some(pack) = row.map(|row| row.pack.clone()).filter(|pack| !self.packs.contains(pack)) {
            self.packs.push(pack);
        }
        self.lines.push(line);
    }

    /// `1 inspection`, `2 inspections`: those that stand.
    pub fn count(&self, words: Language) -> String {
        let standing = self.standing();
        format!(
            "{standing} {}",
            if standing == 1 { words.list_inspection() } else { words.unit_inspections() }
        )
    }

    /// The inspections that stand.
    pub fn standing(&self) -> usize {
        self.mandatory + self.targeted + self.random + self.added
    }

    /// What the list comes to: `10 inspections (2 mandatory, 7 targeted, 1 random), 143 points of a capacity of 160`.
    pub fn totals(&self, words: Language) -> String {
        let counts = [
            (self.mandatory, words.list_mandatory()),
            (self.targeted, words.list_targeted()),
            (self.random, words.list_random()),
            (self.added, words.list_added()),
        ];
        let counts: Vec<String> = counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, name)| format!("{count} {name}"))
            .collect();
        let mut totals = self.count(words);
        if !counts.is_empty() {
            totals += &format!(" ({})", counts.join(", "));
        }
        if self.dropped > 0 {
            totals += &format!(", {} {}", self.dropped, words.list_dropped());
        }
        let (cost, capacity_word) = (words.list_cost().to_lowercase(), words.list_capacity());
        totals += &match (self.capacity, self.capacity_in) {
            (Some(capacity), Some("points")) => {
                format!("; {cost} {}, {capacity_word} {capacity} {}", self.cost, words.unit_points())
            }
            (Some(capacity), _) => format!("; {capacity_word} {capacity}"),
            _ => format!("; {cost} {}", self.cost),
        };
        totals
    }
}

/// What of a line could not be read, and what people did with it, each in words.
pub fn changes(view: &View, line: &Line, words: Language) -> Vec<String> {
    let site = |site: &Option<String>| {
        let site = site.as_deref().unwrap_or_default();
        view.sites.get(site).map_or(site, String::as_str).to_owned()
    };
    let mut all = Vec::new();
    if !line.unreadable.is_empty() {
        all.push(format!("{}: {}", words.list_unreadable(), line.unreadable_told.join(", ")));
    }
    for change in &line.overrides {
        let did = match change.action {
            OverrideAction::Add => format!("{} {} {}", words.list_added(), words.list_to(), site(&change.to)),
            OverrideAction::Drop => {
                format!("{} {} {}", words.list_dropped(), words.list_from(), site(&change.from))
            }
            OverrideAction::Reroute => format!(
                "{} {} {} {} {}",
                words.list_rerouted(),
                words.list_from(),
                site(&change.from),
                words.list_to(),
                site(&change.to)
            ),
        };
        let second =
            change.second.as_ref().map_or(String::new(), |second| format!(" {} {second}", words.list_with()));
        all.push(format!("{did} {} {}{second}: {}", words.list_by(), change.by, change.reason));
    }
    if line.overrides.first().is_some_and(|first| first.known == Some(false)) {
        all.push(words.list_unknown().to_owned());
    }
    all
}

/// How a line came onto the list, in the reader's language.
pub fn kind(line: &Line, words: Language) -> &'static str {
    match line.selected {
        "mandatory" => words.list_mandatory(),
        "targeted" => words.list_targeted(),
        "random" => words.list_random(),
        _ => words.list_added(),
    }
}
