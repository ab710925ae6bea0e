//! The parts of `[selection]` that say how many, how much and how often.

use std::ops::Range;

use toml::Spanned;
use toml::de::DeTable;

use super::{COUNT_MAX, DAYS_MAX, Reader, VISITS_MAX};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::keys::Table;
use crate::model::selection::{
    Amount, CellPart, Exploration, InspectionCost, Least, Millionths, OTHER_GROUP, OverrideAction,
    OverrideRule, Quota, QuotaOf, RandomLeast, RandomRates, RateRule, Selection, SelectionKind, SiteCapacity,
    Stratum, TraderLimits, Visits,
};

impl Reader<'_, '_, '_> {
    pub(super) fn random(
        &mut self,
        table: &DeTable<'_>,
        span: Range<usize>,
        policy: &Selection,
    ) -> RandomRates {
        let (mut random, mut none) = (RandomRates::default(), true);
        let given = self.toml.table(table, "random");
        let place = given.as_ref().map_or(span, |(_, span)| span.clone());
        if let Some((inner, _)) = given {
            self.toml.known_keys(inner, Table::SelectionRandom);
            // A rate that cannot be read has its own message.
            let rate =
                if inner.get("rate").is_some() { self.share(inner, "rate") } else { Some(random.rate) };
            none = rate == Some(Millionths(0));
            random.rate = rate.unwrap_or_default();
            let strata = [("group", Stratum::Group), ("trader_class", Stratum::TraderClass)];
            random.strata = self.choices(inner, "strata", &strata);
            let least = [("stratum", RandomLeast::Stratum), ("day", RandomLeast::Day)];
            random.at_least = self.toml.choice(inner, "at_least", &least).unwrap_or_default();
            random.rates = self.rates(inner, policy, &random.strata);
        }
        if none && random.rates.iter().all(|rule| rule.rate == Millionths(0)) {
            let place = self.toml.place(place);
            let note = Diagnostic::new(Code::NoDraw, "nothing is drawn at random")
                .at(place, "")
                .note("what is never looked at is never found, and hit rates cannot be compared with chance")
                .help("write `rate = 0.02` in `[selection.random]`");
            self.toml.diagnostics.push(note);
        }
        random
    }

    fn rates(&mut self, table: &DeTable<'_>, policy: &Selection, strata: &[Stratum]) -> Vec<RateRule> {
        let mut rates: Vec<RateRule> = Vec::new();
        for (inner, span) in self.tables(table, "rates", Table::SelectionRate) {
            self.toml.require(inner, span.clone(), "rate", "`rate` is missing", "add `rate = 0.05`");
            let rule = RateRule {
                office: self.office(inner, "office", policy),
                group: self.group_of_policy(inner, policy),
                trader_class: self.class_of_policy(inner, policy),
                rate: self.share(inner, "rate").unwrap_or_default(),
            };
            for (key, stratum) in [("group", Stratum::Group), ("trader_class", Stratum::TraderClass)] {
                if !strata.contains(&stratum) {
                    let title = format!("a rate by `{key}` needs strata of that kind");
                    let help = format!("write `strata = [\"{key}\"]` in `[selection.random]`");
                    self.toml.bad(inner, key, title, help);
                }
            }
            if ["office", "group", "trader_class"].iter().all(|key| inner.get(*key).is_none()) {
                let help = "add `office`, `group` or `trader_class`; `rate` of `[selection.random]` fits all";
                self.missing(span, "the rate does not say whom it fits".to_owned(), help);
                continue;
            }
            let same = |known: &&RateRule| {
                (&known.office, &known.group, &known.trader_class)
                    == (&rule.office, &rule.group, &rule.trader_class)
            };
            if rates.iter().find(same).is_some() {
                self.duplicate(span, "there are two rates for the same".to_owned());
                continue;
            }
            rates.push(rule);
        }
        rates
    }

    /// The key that is given, of two keys of which exactly one is required.
    fn one_of<'k>(
        &mut self,
        table: &DeTable<'_>,
        span: &Range<usize>,
        keys: [&'k str; 2],
    ) -> Option<&'k str> {
        let [first, second] = keys;
        match (table.get(first), table.get(second)) {
            (Some(_), None) => Some(first),
            (None, Some(_)) => Some(second),
            (Some(_), Some(_)) => {
                let title = format!("`{first}` and `{second}` exclude each other");
                self.toml.bad(table, second, title, "keep one of them");
                None
            }
            (None, None) => {
                let title = format!("`{first}` or `{second}` is missing");
                self.missing(span.clone(), title, "add one of them");
                None
            }
        }
    }

    pub(super) fn quotas(&mut self, table: &DeTable<'_>) -> Vec<Quota> {
        let mut quotas: Vec<Quota> = Vec::new();
        let sites = &self.known.schema.keys.site;
        let kinds: Vec<(&str, &str)> = sites.iter().map(|(kind, _)| (kind.as_str(), kind.as_str())).collect();
        for (inner, span) in self.tables(table, "quotas", Table::SelectionQuota) {
            let name = self.toml.required_text(inner, span.clone(), "name", "\"markets\"");
            let of = match self.one_of(inner, &span, ["kind", "site"]) {
                Some("kind") => {
                    self.toml.choice(inner, "kind", &kinds).map(|kind| QuotaOf::Kind(kind.to_owned()))
                }
                Some(_) => self.site(inner, "site").map(|(site, _)| QuotaOf::Site(site)),
                None => None,
            };
            let least = match self.one_of(inner, &span, ["share", "count"]) {
                Some("share") => self.share(inner, "share").map(Least::Share),
                Some(_) => self.count(inner, "count", 1, COUNT_MAX).map(Least::Count),
                None => None,
            };
            let (Some(name), Some(of), Some(least)) = (name, of, least) else { continue };
            if quotas.iter().any(|quota| quota.name == name) {
                let place = inner.get("name").map_or(span, Spanned::span);
                self.duplicate(place, format!("there are two quotas `{name}`"));
                continue;
            }
            quotas.push(Quota { name, of, least });
        }
        quotas
    }

    pub(super) fn cost(&mut self, table: &DeTable<'_>, groups: &[String]) -> InspectionCost {
        let mut cost = InspectionCost {
            declaration: 10,
            line: 5,
            hundred_packages: 0,
            most: None,
            groups: Vec::new(),
            points_per_hour: 60,
        };
        let Some((inner, span)) = self.toml.table(table, "cost") else { return cost };
        self.toml.known_keys(inner, Table::SelectionCost);
        let most = 1_000_000;
        cost.declaration = self.count(inner, "declaration", 0, most).unwrap_or(cost.declaration);
        cost.line = self.count(inner, "line", 0, most).unwrap_or(cost.line);
        cost.hundred_packages = self.count(inner, "hundred_packages", 0, most).unwrap_or(0);
        cost.points_per_hour = self.count(inner, "points_per_hour", 1, most).unwrap_or(cost.points_per_hour);
        cost.most = self.count(inner, "most", 1, most);
        if cost.declaration == 0 && cost.line == 0 {
            let title = "an inspection costs nothing, so that no capacity ends".to_owned();
            self.bad(span, title, "let `declaration` or `line` be at least 1");
        }
        if cost.hundred_packages > 0 && !self.has_numbers("packages") {
            let title = "the schema has no field `packages` of whole numbers";
            self.toml.bad(inner, "hundred_packages", title, "take `hundred_packages` out");
        }
        if let Some((by_group, _)) = self.toml.table(inner, "groups") {
            for (key, _) in by_group.iter() {
                let name = key.get_ref().as_ref();
                let known = groups.iter().map(String::as_str).chain([OTHER_GROUP]);
                let title = format!("`{name}` is none of the `groups` of the policy");
                if self.toml.is_known(name, key.span(), title, known)
                    && let Some(points) = self.count(by_group, name, 0, most)
                {
                    cost.groups.push((name.to_owned(), points));
                }
            }
            cost.groups.sort();
        }
        cost
    }

    pub(super) fn traders(&mut self, table: &DeTable<'_>) -> TraderLimits {
        let Some((inner, span)) = self.toml.table(table, "traders") else { return TraderLimits::default() };
        self.toml.known_keys(inner, Table::SelectionTraders);
        let together = ["inspections", "days", "pause_days"];
        let given = together.iter().filter(|key| inner.get(**key).is_some()).count();
        if given > 0 && given < together.len() {
            for key in together.into_iter().filter(|key| inner.get(*key).is_none()) {
                let title = format!("`{key}` is missing: `inspections`, `days` and `pause_days` go together");
                self.missing(span.clone(), title, &format!("add `{key} = 30`, or take the others out"));
            }
        }
        TraderLimits {
            inspections: self.count(inner, "inspections", 1, COUNT_MAX),
            days: self.count(inner, "days", 1, DAYS_MAX).unwrap_or(0),
            pause_days: self.count(inner, "pause_days", 1, DAYS_MAX).unwrap_or(0),
            per_day: self.count(inner, "per_day", 1, COUNT_MAX),
        }
    }

    pub(super) fn exploration(&mut self, table: &DeTable<'_>) -> Exploration {
        let mut exploration = Exploration {
            share: Millionths(0),
            young_days: 90,
            young_results: 30,
            cell: vec![CellPart::Band, CellPart::Group, CellPart::Mode],
        };
        let Some((inner, _)) = self.toml.table(table, "exploration") else { return exploration };
        self.toml.known_keys(inner, Table::SelectionExploration);
        exploration.share = self.share(inner, "share").unwrap_or_default();
        exploration.young_days = self.count(inner, "young_days", 0, DAYS_MAX).unwrap_or(90);
        exploration.young_results = self.count(inner, "young_results", 0, COUNT_MAX).unwrap_or(30);
        if inner.get("cell").is_some() {
            let parts = [
                ("band", CellPart::Band),
                ("group", CellPart::Group),
                ("mode", CellPart::Mode),
                ("destination", CellPart::Destination),
                ("office", CellPart::Office),
                ("trader_class", CellPart::TraderClass),
            ];
            exploration.cell = self.choices(inner, "cell", &parts);
        }
        exploration
    }

    pub(super) fn visits(&mut self, table: &DeTable<'_>, policy: &Selection) -> Option<Visits> {
        let (inner, span) = self.toml.table(table, "visits")?;
        self.toml.known_keys(inner, Table::SelectionVisits);
        for (key, example) in [("kind", "\"production\""), ("per_month", "10")] {
            let title = format!("`{key}` is missing");
            self.toml.require(inner, span.clone(), key, title, format!("add `{key} = {example}`"));
        }
        // A trader that cannot be one has its own message.
        if policy.trader.is_none() && table.get("trader").is_none() {
            let title = "whom to visit is not said: the policy has no `trader`".to_owned();
            self.missing(span, title, "name the field of the enterprise: `trader = \"exporter\"`");
        }
        let kinds = self.known.schema.keys.site.iter().map(|(kind, _)| (kind.as_str(), kind.as_str()));
        let kind = self.toml.choice(inner, "kind", &kinds.collect::<Vec<_>>());
        let per_month = self.count(inner, "per_month", 1, VISITS_MAX);
        let random = self.share(inner, "random").unwrap_or_default();
        let pause_days = self.count(inner, "pause_days", 0, DAYS_MAX).unwrap_or(0);
        Some(Visits { random, pause_days, ..Visits::new(kind?, per_month?) })
    }

    pub(super) fn capacity(&mut self, table: &DeTable<'_>, policy: &Selection) -> Vec<SiteCapacity> {
        let mut capacity: Vec<SiteCapacity> = Vec::new();
        for (inner, span) in self.tables(table, "capacity", Table::SelectionCapacity) {
            self.toml.require(inner, span.clone(), "site", "`site` is missing", "add `site = \"yiwu\"`");
            let site = self.office(inner, "site", policy);
            let amount = match self.one_of(inner, &span, ["inspections", "hours"]) {
                Some("inspections") => {
                    self.count(inner, "inspections", 0, COUNT_MAX).map(Amount::Inspections)
                }
                Some(_) => self.hours(inner, policy.cost.points_per_hour).map(Amount::Points),
                None => None,
            };
            let (Some(site), Some(amount)) = (site, amount) else { continue };
            if capacity.iter().any(|known| known.site == site) {
                let place = inner.get("site").map_or(span, Spanned::span);
                self.duplicate(place, format!("the site `{site}` has two capacities"));
                continue;
            }
            capacity.push(SiteCapacity { site, amount });
        }
        capacity
    }

    /// Hours of officers, as points; what is no whole point is lost.
    fn hours(&mut self, table: &DeTable<'_>, points_per_hour: u32) -> Option<u32> {
        let hours = self.toml.number(table, "hours")?;
        let points = (hours * f64::from(points_per_hour)).floor();
        if !(0.0..=f64::from(u32::MAX)).contains(&points) {
            let title = "`hours` must be between 0 and what a day's officers can do";
            self.toml.bad(table, "hours", title, "write the hours of all officers together, such as 16");
            return None;
        }
        Some(points as u32)
    }

    pub(super) fn overrides(&mut self, table: &DeTable<'_>) -> Vec<OverrideRule> {
        let mut overrides = Vec::new();
        let actions = OverrideAction::ALL.map(|action| (action.name(), action));
        let kinds = SelectionKind::ALL.map(|kind| (kind.name(), kind));
        for (inner, _) in self.tables(table, "overrides", Table::SelectionOverride) {
            overrides.push(OverrideRule {
                actions: self.choices(inner, "actions", &actions),
                selected: self.choices(inner, "selected", &kinds),
                channel: self.channel(inner, "channel"),
                score_from: self.toml.integer(inner, "score_from"),
                second_person: self.toml.flag(inner, "second_person").unwrap_or(true),
            });
        }
        overrides
    }
}
