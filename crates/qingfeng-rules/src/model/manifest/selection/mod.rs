//! `[selection]` of `pack.toml`: the inspection policy, from TOML with places to checked data.
//!
//! It names sites, goods groups, channels, lookup tables and tags of rules, so it is read after all of them.

mod amounts;

use std::collections::BTreeSet;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Document, Lookup, PLAIN_NAME, Toml, is_plain_name};
use crate::diagnostic::{Code, Diagnostics};
use crate::model::channel::{Channel, ChannelId, by_name};
use crate::model::keys::Table;
use crate::model::reference::Reference;
use crate::model::schema::{FieldId, Kind, Level, Schema};
use crate::model::selection::{
    Mandatory, Millionths, OTHER_GROUP, RESERVED_CLASSES, RandomRates, Selection, TraderClass, Worth,
};

/// What a policy may name.
pub(crate) struct Known<'k> {
    pub schema: &'k Schema,
    pub reference: &'k Reference,
    pub channels: &'k [Channel],
    pub lookups: &'k [Lookup],
    /// The tags of rules that are not retired.
    pub tags: BTreeSet<&'k str>,
}

/// The most of any count in a policy.
const COUNT_MAX: i64 = 1_000_000_000;
/// The most days of any stretch.
const DAYS_MAX: i64 = 36_525;
/// The most visits of a site in a month.
const VISITS_MAX: i64 = 100_000;
/// The most goods groups, classes of traders, rates, capacities and overrides, each.
const ENTRIES_MAX: usize = 1_000;
/// The most quotas: where declarations come one at a time, each is a bit of a number with one more for exploration.
const QUOTAS_MAX: usize = 63;

/// The policy of a pack, if it has one. Of a file that is not TOML none is read.
pub(crate) fn read(
    document: &Document<'_>,
    known: &Known<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<Selection> {
    if !document.is_whole || document.root.get_ref().get("selection").is_none() {
        return None;
    }
    let (mut toml, root) = document.reader(diagnostics);
    let (table, span) = toml.table(root, "selection")?;
    Some(Reader { toml: &mut toml, known }.selection(table, span))
}

struct Reader<'r, 't, 'd> {
    toml: &'r mut Toml<'d>,
    known: &'t Known<'t>,
}

impl Reader<'_, '_, '_> {
    fn selection(&mut self, table: &DeTable<'_>, span: Range<usize>) -> Selection {
        self.toml.known_keys(table, Table::Selection);
        let offices = self.offices(table);
        let groups = self.groups(table);
        let trader_classes = self.trader_classes(table);
        let worth =
            self.toml.choice(table, "worth", &[("findings", Worth::Findings), ("value", Worth::Value)]);
        if worth == Some(Worth::Value) && !self.has_numbers("value") {
            let title = "the schema has no field `value` of numbers";
            self.toml.bad(table, "worth", title, "write `worth = \"findings\"`");
        }
        let mildest = ChannelId(u8::from(self.known.channels.len() > 1));
        let mut selection = Selection {
            trader: self.trader(table),
            worth: worth.unwrap_or_default(),
            targeted_from: self.channel(table, "targeted_from").unwrap_or(mildest),
            mandatory: self.mandatory(table),
            random: RandomRates::default(),
            quotas: Vec::new(),
            cost: self.cost(table, &groups),
            traders: self.traders(table),
            exploration: self.exploration(table),
            visits: None,
            capacity: Vec::new(),
            overrides: self.overrides(table),
            offices,
            groups,
            trader_classes,
        };
        selection.random = self.random(table, span, &selection);
        selection.quotas = self.quotas(table);
        selection.visits = self.visits(table, &selection);
        selection.capacity = self.capacity(table, &selection);
        selection
    }

    fn bad(&mut self, span: Range<usize>, title: String, help: &str) {
        self.toml.report(Code::BadValue, span, title, help);
    }

    fn duplicate(&mut self, span: Range<usize>, title: String) {
        self.toml.report(Code::Duplicate, span, title, "keep one of them");
    }

    /// Adds what the list does not have; what stands in it already is reported.
    fn add<T: PartialEq>(&mut self, list: &mut Vec<T>, item: T, span: Range<usize>, name: &str) {
        if list.contains(&item) {
            self.duplicate(span, format!("{name} stands twice"));
        } else {
            list.push(item);
        }
    }

    fn has_numbers(&self, field: &str) -> bool {
        let schema = self.known.schema;
        schema.field(field).is_some_and(|id| matches!(schema[id].kind, Kind::Number | Kind::Integer))
    }

    fn tables<'a>(
        &mut self,
        table: &'a DeTable<'a>,
        key: &str,
        keys: Table,
    ) -> Vec<(&'a DeTable<'a>, Range<usize>)> {
        let most = if key == "quotas" { QUOTAS_MAX } else { ENTRIES_MAX };
        self.toml.tables(table, key, most, keys)
    }

    /// The kinds of sites whose sites inspect.
    fn offices(&mut self, table: &DeTable<'_>) -> Vec<String> {
        let kinds: Vec<&str> = self.known.schema.keys.site.iter().map(|(kind, _)| kind.as_str()).collect();
        if table.get("offices").is_none() {
            let usual = ["market", "port", "border"];
            return usual.into_iter().filter(|kind| kinds.contains(kind)).map(str::to_owned).collect();
        }
        let mut offices: Vec<String> = Vec::new();
        for (kind, span) in self.toml.texts(table, "offices") {
            let title = format!("there is no kind of site `{kind}`");
            if self.toml.is_known(&kind, span.clone(), title, kinds.iter().copied()) {
                let name = format!("`{kind}`");
                self.add(&mut offices, kind, span, &name);
            }
        }
        let given = table.get("offices").map(Spanned::get_ref);
        if matches!(given, Some(DeValue::Array(items)) if items.is_empty()) {
            let help = format!("name kinds of sites: {}", kinds.join(", "));
            self.toml.bad(table, "offices", "without a kind of site nobody inspects", help);
        }
        offices
    }

    fn trader(&mut self, table: &DeTable<'_>) -> Option<FieldId> {
        let schema = self.known.schema;
        let fits = |field: FieldId| {
            matches!(schema[field].kind, Kind::Text | Kind::Code) && schema[field].level == Level::Header
        };
        if table.get("trader").is_none() {
            return schema.field("exporter").filter(|&field| fits(field));
        }
        let field = self.toml.field_at(schema, table, "trader")?;
        if fits(field) {
            return Some(field);
        }
        let name = &schema[field].name;
        let title = format!("`{name}` cannot be the trader: it is no text or code of the whole declaration");
        self.toml.bad(table, "trader", title, "name a field of level header, of kind text or code");
        None
    }

    fn groups(&mut self, table: &DeTable<'_>) -> Vec<String> {
        let known = self.known.reference.commodities.iter().map(|group| group.name.as_str());
        let mut groups: Vec<String> = Vec::new();
        for (name, span) in self.toml.texts(table, "groups") {
            if name == OTHER_GROUP {
                let title = format!("`{OTHER_GROUP}` is what lines of no group belong to");
                self.bad(span, title, "take it out, or give the group another name");
                continue;
            }
            let title = format!("there is no goods group `{name}`");
            if self.toml.is_known(&name, span.clone(), title, known.clone()) {
                let named = format!("the goods group `{name}`");
                self.add(&mut groups, name, span, &named);
            }
        }
        if groups.len() > ENTRIES_MAX {
            self.toml.bad(table, "groups", format!("more than {ENTRIES_MAX} goods groups"), "take some out");
        }
        groups
    }

    fn trader_classes(&mut self, table: &DeTable<'_>) -> Vec<TraderClass> {
        let mut classes: Vec<TraderClass> = Vec::new();
        for (inner, span) in self.tables(table, "trader_classes", Table::SelectionClass) {
            let name = self.toml.required_text(inner, span.clone(), "name", "\"trusted\"");
            let lookups = self.known.lookups.iter().map(|lookup| lookup.name.as_str());
            let listed = self.toml.required_text(inner, span.clone(), "listed", "\"trusted-traders\"");
            let lookup = listed.and_then(|listed| {
                let title = format!("there is no lookup table `{listed}`");
                let span = inner.get("listed").map_or(0..0, Spanned::span);
                self.toml.is_known(&listed, span, title, lookups.clone());
                lookups.clone().position(|lookup| lookup == listed)
            });
            let (Some(name), Some(lookup)) = (name, lookup) else { continue };
            let name_span = inner.get("name").map_or(span, Spanned::span);
            if RESERVED_CLASSES.contains(&name.as_str()) {
                let title = format!("`{name}` is a class that there is anyway");
                self.bad(name_span, title, "give the class another name");
            } else if !is_plain_name(&name) {
                let title = format!("`{name}` cannot name a class of traders");
                self.bad(name_span, title, PLAIN_NAME);
            } else if classes.iter().any(|class| class.name == name) {
                self.duplicate(name_span, format!("there are two classes of traders `{name}`"));
            } else {
                classes.push(TraderClass { name, lookup });
            }
        }
        classes
    }

    fn channel(&mut self, table: &DeTable<'_>, key: &str) -> Option<ChannelId> {
        self.toml.choice(table, key, &by_name(self.known.channels))
    }

    fn mandatory(&mut self, table: &DeTable<'_>) -> Mandatory {
        let mut mandatory = Mandatory { forced: true, tags: Vec::new() };
        let Some((inner, _)) = self.toml.table(table, "mandatory") else { return mandatory };
        self.toml.known_keys(inner, Table::SelectionMandatory);
        mandatory.forced = self.toml.flag(inner, "forced").unwrap_or(true);
        let tags = &self.known.tags;
        for (tag, span) in self.toml.texts(inner, "tags") {
            let title = format!("no rule has the tag `{tag}`");
            if self.toml.is_known(&tag, span.clone(), title, tags.iter().copied()) {
                let name = format!("the tag `{tag}`");
                self.add(&mut mandatory.tags, tag, span, &name);
            }
        }
        mandatory
    }

    /// A share of 0 to 1, with six decimals at most.
    fn share(&mut self, table: &DeTable<'_>, key: &str) -> Option<Millionths> {
        let number = self.toml.number(table, key)?;
        if !(0.0..=1.0).contains(&number) {
            let title = format!("`{key}` must lie between 0 and 1");
            self.toml.bad(table, key, title, "write a share: 0.02 is 2 %");
            return None;
        }
        let millionths = (number * 1e6).round();
        if millionths / 1e6 != number {
            let title = format!("`{key}` has more than six decimals");
            self.toml.bad(table, key, title, "round it: shares are counted in millionths");
            return None;
        }
        Some(Millionths(millionths as u32))
    }

    fn count(&mut self, table: &DeTable<'_>, key: &str, least: i64, most: i64) -> Option<u32> {
        let number = self.toml.integer(table, key)?;
        if !(least..=most).contains(&number) {
            let title = format!("`{key}` must lie between {least} and {most}");
            self.toml.bad(table, key, title, "write a whole number");
            return None;
        }
        u32::try_from(number).ok()
    }

    fn missing(&mut self, span: Range<usize>, title: String, help: &str) {
        self.toml.report(Code::MissingKey, span, title, help);
    }

    /// Some of the named values, none twice.
    fn choices<T: Copy + PartialEq>(
        &mut self,
        table: &DeTable<'_>,
        key: &str,
        choices: &[(&str, T)],
    ) -> Vec<T> {
        let mut chosen = Vec::new();
        for (text, span) in self.toml.texts(table, key) {
            match choices.iter().find(|(name, _)| *name == text) {
                None => {
                    let title = format!("`{key}` cannot have `{text}`");
                    let names = choices.iter().map(|(name, _)| *name);
                    self.toml.unknown(Code::BadValue, span, title, &text, names);
                }
                Some(&(_, value)) => self.add(&mut chosen, value, span, &format!("`{text}`")),
            }
        }
        chosen
    }

    /// A site that inspects.
    fn office(&mut self, table: &DeTable<'_>, key: &str, policy: &Selection) -> Option<String> {
        let (name, span) = self.site(table, key)?;
        let sites = &self.known.reference.sites;
        let kind = sites.iter().find(|site| site.name == name).and_then(|site| site.kind.clone());
        if let Some(kind) = kind.filter(|kind| !policy.offices.contains(kind)) {
            let title = format!("`{name}` does not inspect: sites of the kind `{kind}` are not in `offices`");
            self.bad(span, title, "name a site that inspects, or add its kind to `offices`");
            return None;
        }
        Some(name)
    }

    fn site(&mut self, table: &DeTable<'_>, key: &str) -> Option<(String, Range<usize>)> {
        let (name, span) = self.toml.text(table, key)?;
        let sites = self.known.reference.sites.iter().map(|site| site.name.as_str());
        let title = format!("there is no site `{name}`");
        self.toml.is_known(&name, span.clone(), title, sites).then_some((name, span))
    }

    fn group_of_policy(&mut self, table: &DeTable<'_>, policy: &Selection) -> Option<String> {
        let (name, span) = self.toml.text(table, "group")?;
        let known = policy.groups.iter().map(String::as_str).chain([OTHER_GROUP]);
        let title = format!("`{name}` is none of the `groups` of the policy");
        self.toml.is_known(&name, span, title, known).then_some(name)
    }

    fn class_of_policy(&mut self, table: &DeTable<'_>, policy: &Selection) -> Option<String> {
        let (name, span) = self.toml.text(table, "trader_class")?;
        let classes = policy.trader_classes.iter().map(|class| class.name.as_str());
        let title = format!("there is no class of traders `{name}`");
        self.toml.is_known(&name, span, title, classes.chain(RESERVED_CLASSES)).then_some(name)
    }
}
