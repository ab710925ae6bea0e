//! Rules that were added, removed, renamed or changed, by what they mean.

use std::collections::{BTreeMap, BTreeSet};

use qingfeng_rules::internals::{Meaning, MeaningDigest, PackMeaning, RuleMeaning};
use qingfeng_rules::{ChannelId, Date, Key, Pack, Rule};
use serde::Serialize;

use super::change::Change;
use super::keys::Codes;
use super::tables::Tables;

/// The rules of two packs, compared by what they mean.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RulesDiff {
    /// Rules that only the new pack has, in its order.
    pub added: Vec<RuleNote>,
    /// Rules that only the old pack has, in its order.
    pub removed: Vec<RuleNote>,
    /// Rules that mean what they meant and go by another id.
    pub renamed: Vec<RenamedRule>,
    /// Rules that both packs have and that mean something else.
    pub changed: Vec<ChangedRule>,
    /// Rules that decide what they decided, and say it otherwise: title, reason, basis, owner, tags.
    pub reworded: Vec<ChangedRule>,
    /// How many rules mean what they meant.
    pub same: usize,
}

/// A rule that one of the packs has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleNote {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// How far it counts.
    pub status: &'static str,
    /// Where it stands: file and line.
    pub place: String,
    /// Its condition with constants put in; none for a rule that always fires.
    pub when: Option<String>,
    /// Its points.
    pub points: String,
}

/// A rule by its two ids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RenamedRule {
    /// The id in the old pack.
    pub old: String,
    /// The id in the new pack.
    pub new: String,
    /// Its title in the new pack.
    pub title: String,
}

/// A rule that both packs have, and in what it differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangedRule {
    /// Its id.
    pub id: String,
    /// Its title in the new pack.
    pub title: String,
    /// Where it stands in the old pack: file and line.
    pub old_place: String,
    /// Where it stands in the new pack.
    pub new_place: String,
    /// What decides otherwise.
    pub changes: Vec<Change>,
    /// What only reads otherwise.
    pub wording: Vec<Change>,
}

#[derive(Debug)]
pub(super) struct Matching {
    /// For each rule of the new pack that of the old one.
    pub old_of_new: Vec<Option<usize>>,
    /// For each rule of the old pack that of the new one.
    pub new_of_old: Vec<Option<usize>>,
    /// The rules of the new pack that mean something else than in the old one.
    pub changed: BTreeSet<usize>,
}

/// One pack with what its closures mean.
pub(super) struct Side<'p> {
    pub pack: &'p Pack,
    pub meaning: PackMeaning,
    /// The names that lookup tables are compared by.
    pub tables: Vec<String>,
}

impl<'p> Side<'p> {
    pub fn new(pack: &'p Pack, tables: Vec<String>) -> Self {
        Self { pack, meaning: pack.meaning_with(&tables), tables }
    }

    fn channel(&self, channel: Option<ChannelId>) -> Option<&'p String> {
        channel.map(|channel| &self.pack.channels[channel.index()].name)
    }

    fn place(&self, rule: &Rule) -> String {
        let (line, _) = self.pack.warnings.sources.line_and_column(&rule.place);
        format!("{}:{line}", rule.place.file)
    }

    fn note(&self, at: usize) -> RuleNote {
        let (rule, meaning) = (&self.pack.rules[at], &self.meaning.rules[at]);
        RuleNote {
            id: rule.id.clone(),
            title: rule.title.clone(),
            status: rule.status.name(),
            place: self.place(rule),
            when: rule.when.as_ref().map(|_| meaning.when.text()),
            points: meaning.points.text(),
        }
    }

    /// All that decides what a rule does, its id aside.
    fn whole(&self, at: usize, tables: &Tables) -> Whole {
        let (rule, meaning) = (&self.pack.rules[at], &self.meaning.rules[at]);
        let asked = meaning.when.tables.union(&meaning.points.tables);
        let changed = asked.filter(|&&table| tables.changes.contains_key(&self.tables[table]));
        Whole {
            codes: Key::ALL.map(|key| Codes::of(self.pack, rule, key)),
            days: (rule.from, rule.until),
            status: rule.status.name(),
            when: meaning.when.digest,
            points: meaning.points.digest,
            channels: [self.channel(rule.at_least).cloned(), self.channel(rule.at_most).cloned()],
            changed_tables: changed.count() > 0,
        }
    }
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Whole {
    codes: [Codes; 4],
    days: (Option<Date>, Option<Date>),
    status: &'static str,
    when: MeaningDigest,
    points: MeaningDigest,
    channels: [Option<String>; 2],
    /// A rule that asks another table is another rule.
    changed_tables: bool,
}

impl RulesDiff {
    pub(super) fn of(old: &Side<'_>, new: &Side<'_>, tables: &Tables) -> (Self, Matching) {
        let mut matching = matched(old, new, tables);
        let mut diff = Self::default();
        for (at, rule) in new.pack.rules.iter().enumerate() {
            let Some(before) = matching.old_of_new[at] else {
                diff.added.push(new.note(at));
                continue;
            };
            let old_rule = &old.pack.rules[before];
            let changes = Pair { old, new, before, after: at }.changes(tables);
            let wording = Pair { old, new, before, after: at }.wording();
            let renamed = old_rule.id != rule.id;
            if renamed {
                diff.renamed.push(RenamedRule {
                    old: old_rule.id.clone(),
                    new: rule.id.clone(),
                    title: rule.title.clone(),
                });
            }
            let decides = !changes.is_empty();
            if !decides && wording.is_empty() {
                diff.same += usize::from(!renamed);
                continue;
            }
            let changed = ChangedRule {
                id: rule.id.clone(),
                title: rule.title.clone(),
                old_place: old.place(old_rule),
                new_place: new.place(rule),
                changes,
                wording,
            };
            if decides {
                matching.changed.insert(at);
                diff.changed.push(changed);
            } else {
                diff.reworded.push(changed);
            }
        }
        let removed = (0..old.pack.rules.len()).filter(|&at| matching.new_of_old[at].is_none());
        diff.removed = removed.map(|at| old.note(at)).collect();
        (diff, matching)
    }

    /// Whether both packs have the same rules.
    pub fn is_empty(&self) -> bool {
        let Self { added, removed, renamed, changed, reworded, same: _ } = self;
        added.len() + removed.len() + renamed.len() + changed.len() + reworded.len() == 0
    }
}

/// Rules by id; of the rest those that mean the same, in order.
fn matched(old: &Side<'_>, new: &Side<'_>, tables: &Tables) -> Matching {
    let ids: BTreeMap<&str, usize> =
        old.pack.rules.iter().enumerate().map(|(at, rule)| (rule.id.as_str(), at)).collect();
    let mut old_of_new: Vec<Option<usize>> =
        new.pack.rules.iter().map(|rule| ids.get(rule.id.as_str()).copied()).collect();
    let mut new_of_old: Vec<Option<usize>> = vec![None; old.pack.rules.len()];
    for (at, before) in old_of_new.iter().enumerate() {
        if let Some(before) = before {
            new_of_old[*before] = Some(at);
        }
    }
    let mut gone: BTreeMap<Whole, Vec<usize>> = BTreeMap::new();
    for at in (0..new_of_old.len()).rev().filter(|&at| new_of_old[at].is_none()) {
        gone.entry(old.whole(at, tables)).or_default().push(at);
    }
    if !gone.is_empty() {
        for (at, known) in old_of_new.iter_mut().enumerate() {
            if known.is_none()
                && let Some(before) = gone.get_mut(&new.whole(at, tables)).and_then(Vec::pop)
            {
                *known = Some(before);
                new_of_old[before] = Some(at);
            }
        }
    }
    Matching { old_of_new, new_of_old, changed: BTreeSet::new() }
}

struct Pair<'p> {
    old: &'p Side<'p>,
    new: &'p Side<'p>,
    before: usize,
    after: usize,
}

impl Pair<'_> {
    fn rules(&self) -> (&Rule, &Rule) {
        (&self.old.pack.rules[self.before], &self.new.pack.rules[self.after])
    }

    fn meanings(&self) -> (&RuleMeaning, &RuleMeaning) {
        (&self.old.meaning.rules[self.before], &self.new.meaning.rules[self.after])
    }

    fn changes(&self, tables: &Tables) -> Vec<Change> {
        let (a, b) = self.rules();
        let (old, new) = self.meanings();
        let mut changes: Vec<Change> = Vec::new();
        changes.extend(
            (a.status != b.status).then(|| Change::value("status", a.status.name(), b.status.name())),
        );
        for key in Key::ALL {
            let (old, new) = (Codes::of(self.old.pack, a, key), Codes::of(self.new.pack, b, key));
            changes.extend(Codes::change(key.name(), &old, &new));
        }
        changes.extend(Change::option("from", a.from.as_ref(), b.from.as_ref(), "open"));
        changes.extend(Change::option("until", a.until.as_ref(), b.until.as_ref(), "open"));
        changes.extend(self.closure("when", &old.when, &new.when));
        changes.extend(match (a.points.fixed(), b.points.fixed()) {
            (Some(a), Some(b)) => (a != b).then(|| Change::value("score", a, b)),
            _ => self.closure("score", &old.points, &new.points),
        });
        for (what, old, new) in [("at_least", a.at_least, b.at_least), ("at_most", a.at_most, b.at_most)] {
            changes.extend(Change::option(what, self.old.channel(old), self.new.channel(new), "none"));
        }
        let names = |side: &Side<'_>, meaning: &RuleMeaning| -> BTreeSet<String> {
            meaning.when.tables.union(&meaning.points.tables).map(|&at| side.tables[at].clone()).collect()
        };
        for name in names(self.old, old).intersection(&names(self.new, new)) {
            // Which rows came and went is said of the pack.
            let short = |change: &Change| match &change.note {
                Some(note) => Change::note(change.what.clone(), note.clone()),
                None => change.clone(),
            };
            changes.extend(tables.changes.get(name).map(short));
        }
        changes
    }

    fn wording(&self) -> Vec<Change> {
        let (a, b) = self.rules();
        let (old, new) = self.meanings();
        let mut changes: Vec<Change> = Vec::new();
        changes.extend((a.title != b.title).then(|| Change::value("title", &a.title, &b.title)));
        changes.extend(Change::option("title_zh", a.title_zh.as_ref(), b.title_zh.as_ref(), "none"));
        if a.reason.is_some() || b.reason.is_some() {
            changes.extend(self.closure("reason", &old.reason, &new.reason));
        }
        changes.extend(Change::option("basis", a.basis.as_ref(), b.basis.as_ref(), "none"));
        changes.extend(Change::option("owner", a.owner.as_ref(), b.owner.as_ref(), "none"));
        let tags = |rule: &Rule| rule.tags.iter().cloned().collect::<BTreeSet<String>>();
        let (a, b) = (tags(a), tags(b));
        let minus = |a: &BTreeSet<String>, b: &BTreeSet<String>| a.difference(b).cloned().collect();
        changes.extend(Change::members("tags", minus(&a, &b), minus(&b, &a)));
        changes
    }

    /// What differs between two closures, part by part.
    fn closure(&self, what: &str, old: &Meaning, new: &Meaning) -> Option<Change> {
        if old.digest == new.digest {
            return None;
        }
        let beyond = |a: &Meaning, b: &Meaning| -> Vec<String> {
            let known: BTreeSet<MeaningDigest> = b.parts.iter().map(|part| part.digest).collect();
            let parts = a.parts.iter().filter(|part| !known.contains(&part.digest));
            parts.map(|part| part.text.clone()).collect()
        };
        let (removed, added) = (beyond(old, new), beyond(new, old));
        let mut notes: Vec<String> = self.through(old, new);
        if !(old.compiled && new.compiled) {
            notes.push("compared as it is written: it is left to the interpreter".to_owned());
        } else if removed == added && notes.is_empty() {
            notes.push(if removed.is_empty() {
                "its parts stand in another order, which counts where one of them can fault".to_owned()
            } else {
                "what differs is not shown: it is longer, or a field is of another kind".to_owned()
            });
        }
        let replaces = removed.len() == 1 && added.len() == 1;
        // The same text on both sides would say nothing.
        let (removed, added) = if removed == added { (Vec::new(), Vec::new()) } else { (removed, added) };
        let note = (!notes.is_empty()).then(|| notes.join("; "));
        Some(Change { what: what.to_owned(), removed, added, note, replaces })
    }

    /// The computed fields below a closure that are computed otherwise.
    fn through(&self, old: &Meaning, new: &Meaning) -> Vec<String> {
        let (old_pack, new_pack) = (self.old.pack, self.new.pack);
        let mut notes = Vec::new();
        for &at in &new.computed {
            let name = &new_pack.computed[at].name;
            let before = old_pack.computed.iter().position(|field| field.name == *name);
            let Some(before) = before.filter(|before| old.computed.contains(before)) else { continue };
            let (a, b) = (&self.old.meaning.computed[before], &self.new.meaning.computed[at]);
            if a.digest != b.digest {
                let (a, b) = (a.text(), b.text());
                let is_said = a != b;
                let other = format!("d.{name} is computed otherwise");
                notes.push(if is_said { format!("d.{name}: {a} → {b}") } else { other });
            }
        }
        notes
    }
}
