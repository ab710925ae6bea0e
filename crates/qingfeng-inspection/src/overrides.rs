//! Changes of a plan by people: kept beside it, never in it.
//!
//! `plan.csv` has its overrides in `plan.csv.overrides.ndjson`, one a line, in the order in which they were made. Lines are
//! only added. Each has the digest of the plan, the hash of the line before, and a hash of its own, so that a plan made anew,
//! a line changed, moved or taken out shows itself. Who writes a new file from its first line to its last can make one
//! that holds together: keep the last hash elsewhere, and compare it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use qingfeng_rules::selection::OverrideAction;
use qingfeng_rules::{Date, Pack};
use serde::{Deserialize, Serialize};

use super::plan_file::{PlanFile, PlanRow};
use qingfeng_rules::SelectionKind;

const MAX_OVERRIDES: usize = 100_000;
const MAX_BYTES: u64 = 256 << 20;
/// The characters of a reason, a name or an id at most.
const MAX_OVERRIDE_TEXT: usize = 2_000;

/// A change of a plan, as its line has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Override {
    /// Its number, from 1 without gaps.
    pub number: u64,
    /// When it was made: UTC, `2016-09-06T08:30:00Z`.
    pub at: String,
    /// Who made it.
    pub by: String,
    /// Who agreed, where the pack asks for a second person.
    pub second: Option<String>,
    /// Why.
    pub reason: String,
    /// What was done.
    pub action: OverrideAction,
    /// The declaration.
    pub declaration: String,
    /// The day of the plan.
    pub day: Date,
    /// Where it was to be inspected before, of `drop` and `reroute`.
    pub from: Option<String>,
    /// Where it is inspected now, of `add` and `reroute`.
    pub to: Option<String>,
    /// Whether an added declaration was found among the assessments that were given; `null` for others.
    pub known: Option<bool>,
    /// The score of an added declaration that was found.
    pub score: Option<i64>,
    /// Its channel.
    pub channel: Option<String>,
    /// BLAKE3 of the plan's bytes, in hexadecimal.
    pub plan: String,
    /// The hash of the line before, or of nothing but zeros.
    pub before: String,
    /// BLAKE3 of this line without its hash, in hexadecimal.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hash: String,
}

impl Override {
    fn digest(&self) -> Result<String, serde_json::Error> {
        let bare = Self { hash: String::new(), ..self.clone() };
        Ok(blake3::hash(serde_json::to_string(&bare)?.as_bytes()).to_hex().to_string())
    }
}

/// A change that somebody asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OverrideRequest {
    /// What is to be done.
    pub action: Option<OverrideAction>,
    /// The declaration.
    pub declaration: String,
    /// The day; it may be left out where only one fits.
    pub day: Option<Date>,
    /// The site, of an addition or a rerouting.
    pub to: Option<String>,
    /// For an addition: whether assessments were given that have the declaration, with its score and channel.
    pub known: Option<(i64, String)>,
}

/// Who makes a change, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverrideBy {
    /// When: UTC, `2016-09-06T08:30:00Z`.
    pub at: String,
    /// Who.
    pub by: String,
    /// Who agrees.
    pub second: Option<String>,
    /// Why.
    pub reason: String,
}

/// An override cannot be made, or its file cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the messages say what the fields are")]
pub enum OverrideError {
    /// The file cannot be opened, read or written.
    #[error("{path}: {source}")]
    Io { path: String, source: io::Error },
    /// The file is no unbroken chain of overrides of this plan.
    #[error("{path}: {reason}")]
    Broken { path: String, reason: String },
    /// The change is refused.
    #[error("{0}")]
    Refused(String),
}

/// The overrides of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overrides {
    /// Their file.
    pub path: PathBuf,
    /// All of them, in order.
    pub all: Vec<Override>,
}

/// A row of a plan, or one that was added to it, with what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangedRow {
    /// The row of the plan; `None` if it was added.
    pub row: Option<PlanRow>,
    /// The declaration.
    pub declaration_id: String,
    /// The day.
    pub day: Date,
    /// The site that inspects it now; of a dropped one, the site that would have.
    pub office: String,
    /// Whether it was dropped.
    pub dropped: bool,
    /// The overrides of it, in order.
    pub changes: Vec<Override>,
}

/// A plan as people changed it: what was to be inspected in the end, by whom.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangedPlan {
    /// The plan; what was rerouted stands at its new site.
    pub plan: PlanFile,
    /// What of its rows was dropped, by day and declaration.
    pub dropped: BTreeSet<(Date, String)>,
    /// What was added: day, declaration, site.
    pub added: Vec<(Date, String, String)>,
}

impl From<PlanFile> for ChangedPlan {
    /// A plan that nobody changed.
    fn from(plan: PlanFile) -> Self {
        Self { plan, dropped: BTreeSet::new(), added: Vec::new() }
    }
}

impl ChangedPlan {
    /// Each inspection once, dropped ones among them: day, declaration, site, and whether it was dropped.
    pub fn inspections(&self) -> impl Iterator<Item = (Date, &str, &str, bool)> {
        let rows = self.plan.rows.iter().map(|row| {
            let dropped = self.dropped.contains(&(row.day, row.declaration_id.clone()));
            (row.day, row.declaration_id.as_str(), row.office.as_str(), dropped)
        });
        rows.chain(self.added.iter().map(|(day, id, office)| (*day, id.as_str(), office.as_str(), false)))
    }

    /// A plan with these changes.
    pub fn of(plan: PlanFile, overrides: &Overrides) -> Self {
        if overrides.all.is_empty() {
            return plan.into();
        }
        let rows = overrides.apply(&plan);
        let mut changed = Self::from(plan);
        for (at, row) in rows.into_iter().enumerate() {
            match row.row {
                Some(_) if row.dropped => {
                    changed.dropped.insert((row.day, row.declaration_id));
                }
                Some(_) => changed.plan.rows[at].office = row.office,
                None if row.dropped => {}
                None => changed.added.push((row.day, row.declaration_id, row.office)),
            }
        }
        changed
    }
}

/// The file beside a plan.
fn beside(plan: &Path) -> PathBuf {
    let mut path = plan.as_os_str().to_owned();
    path.push(".overrides.ndjson");
    path.into()
}

/// A name as it is compared with another: without case, width of letters and blanks.
fn folded(name: &str) -> String {
    let narrow = |letter: char| match letter {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter) - 0xfee0).unwrap_or(letter),
        letter => letter,
    };
    let letters = name.chars().map(narrow).flat_map(char::to_lowercase);
    letters
        .filter(|letter| !letter.is_whitespace() && !matches!(letter, '\u{200b}'..='\u{200f}' | '\u{feff}'))
        .collect()
}

impl Overrides {
    /// The overrides of a plan, from the file beside it; none if there is no such file.
    ///
    /// # Errors
    ///
    /// The file cannot be read; its last line is cut off; a line is no override; the chain of hashes is broken; the plan
    /// is another than the one that was overridden.
    pub fn read(plan: &PlanFile) -> Result<Self, OverrideError> {
        let path = beside(&plan.path);
        let failed = |source| OverrideError::Io { path: path.display().to_string(), source };
        match File::open(&path) {
            Ok(mut file) => Ok(Self { all: lines(&mut file, &path, plan)?, path }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self { path, all: Vec::new() }),
            Err(error) => Err(failed(error)),
        }
    }

    /// The hash of the last line: who keeps it elsewhere can see that none was changed since.
    pub fn last_hash(&self) -> Option<&str> {
        self.all.last().map(|last| last.hash.as_str())
    }

    /// Makes changes, all or none: checks them, and adds their lines to the file. Others who do so at the same time
    /// wait.
    ///
    /// # Errors
    ///
    /// As for [`read`](Self::read); and a change that is refused: the reason or the name is missing, the pack asks for a
    /// second person and there is none or it is the first, the declaration is not in the plan (or is, for an addition), the
    /// office is no site of the pack, a day must be given.
    pub fn make(
        plan: &PlanFile,
        pack: &Pack,
        requests: &[OverrideRequest],
        by: &OverrideBy,
    ) -> Result<Vec<Override>, OverrideError> {
        let by = checked_person(by)?;
        let path = beside(&plan.path);
        // A request that is refused leaves no file behind.
        let existing = Self::read(plan)?;
        let trial = drafts(plan, pack, &existing.all, requests, &by)?;
        if trial.is_empty() {
            return Ok(trial);
        }
        let failed = |source| OverrideError::Io { path: path.display().to_string(), source };
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(&path).map_err(failed)?;
        file.lock().map_err(failed)?;
        let all = lines(&mut file, &path, plan)?;
        let made = if all == existing.all { trial } else { drafts(plan, pack, &all, requests, &by)? };
        let mut text = String::new();
        for line in &made {
            text += &serde_json::to_string(line).map_err(|error| failed(error.into()))?;
            text.push('\n');
        }
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
        Ok(made)
    }

    /// The rows of the plan with their changes, in the plan's order; after them what was added, in the order of day,
    /// office and declaration.
    pub fn apply(&self, plan: &PlanFile) -> Vec<ChangedRow> {
        let mut of: BTreeMap<(Date, &str), Vec<&Override>> = BTreeMap::new();
        for change in &self.all {
            of.entry((change.day, &change.declaration)).or_default().push(change);
        }
        let changed = |row: Option<&PlanRow>, day, declaration: &str, changes: Vec<&Override>| {
            let office = changes.iter().rev().find_map(|change| change.to.clone());
            let dropped = changes.last().is_some_and(|change| change.action == OverrideAction::Drop);
            ChangedRow {
                declaration_id: declaration.to_owned(),
                day,
                office: office.or_else(|| row.map(|row| row.office.clone())).unwrap_or_default(),
                dropped,
                changes: changes.into_iter().cloned().collect(),
                row: row.cloned(),
            }
        };
        let mut rows: Vec<ChangedRow> = plan
            .rows
            .iter()
            .map(|row| {
                let changes = of.remove(&(row.day, row.declaration_id.as_str())).unwrap_or_default();
                changed(Some(row), row.day, &row.declaration_id, changes)
            })
            .collect();
        let mut added: Vec<ChangedRow> =
            of.into_iter().map(|((day, id), changes)| changed(None, day, id, changes)).collect();
        added.sort_by(|a, b| {
            (a.day, &a.office, &a.declaration_id).cmp(&(b.day, &b.office, &b.declaration_id))
        });
        rows.extend(added);
        rows
    }
}

/// Who and why, trimmed; refused if missing.
fn checked_person(by: &OverrideBy) -> Result<OverrideBy, OverrideError> {
    let text = |what: &str, text: &str| {
        let text = text.trim();
        if text.is_empty() {
            return Err(OverrideError::Refused(format!(
                "{what} is empty; an override says who made it and why"
            )));
        }
        if text.chars().count() > MAX_OVERRIDE_TEXT {
            let message = format!("{what} is longer than {MAX_OVERRIDE_TEXT} characters; shorten it");
            return Err(OverrideError::Refused(message));
        }
        if text.chars().any(|letter| letter.is_control() && letter != '\n') {
            return Err(OverrideError::Refused(format!("{what} has a control character; write plain text")));
        }
        Ok(text.to_owned())
    };
    let by = OverrideBy {
        at: by.at.clone(),
        by: text("the name", &by.by)?,
        second: by.second.as_deref().map(|second| text("the second name", second)).transpose()?,
        reason: text("the reason", &by.reason)?,
    };
    if folded(&by.by).is_empty() || by.second.as_deref().is_some_and(|second| folded(second).is_empty()) {
        return Err(OverrideError::Refused("a name has nothing but blanks; write a name".to_owned()));
    }
    if let Some(second) = by.second.as_deref().filter(|second| folded(second) == folded(&by.by)) {
        let message = format!("the second person, `{second}`, is the first; somebody else must agree");
        return Err(OverrideError::Refused(message));
    }
    Ok(by)
}

/// The lines of the changes that are asked for.
fn drafts(
    plan: &PlanFile,
    pack: &Pack,
    all: &[Override],
    requests: &[OverrideRequest],
    by: &OverrideBy,
) -> Result<Vec<Override>, OverrideError> {
    let mut made: Vec<Override> = Vec::new();
    for request in requests {
        let earlier = || all.iter().chain(&made);
        if all.len() + made.len() >= MAX_OVERRIDES {
            let message =
                format!("the plan has {MAX_OVERRIDES} overrides, as many as it may; make a new plan");
            return Err(OverrideError::Refused(message));
        }
        let mut draft = draft(plan, pack, &earlier, request, by)?;
        draft.number = (all.len() + made.len()) as u64 + 1;
        draft.before = earlier().last().map_or_else(|| "0".repeat(64), |last| last.hash.clone());
        draft.hash = draft.digest().map_err(|error| OverrideError::Refused(error.to_string()))?;
        made.push(draft);
    }
    Ok(made)
}

fn draft<'o, I: Iterator<Item = &'o Override>>(
    plan: &PlanFile,
    pack: &Pack,
    earlier: &dyn Fn() -> I,
    request: &OverrideRequest,
    by: &OverrideBy,
) -> Result<Override, OverrideError> {
    let refused = |message: String| Err(OverrideError::Refused(message));
    let action = request.action.unwrap_or(OverrideAction::Drop);
    let id = request.declaration.trim();
    if id.is_empty() || id.chars().count() > MAX_OVERRIDE_TEXT || id.chars().any(char::is_control) {
        return refused(
            "a declaration's id is empty, too long or no plain text; give it as the plan has it".to_owned(),
        );
    }
    let is_of = |day: Date| request.day.is_none_or(|wanted| wanted == day);
    let rows: Vec<&PlanRow> =
        plan.rows.iter().filter(|row| row.declaration_id == id && is_of(row.day)).collect();
    let mut days: Vec<Date> = rows.iter().map(|row| row.day).collect();
    days.extend(
        earlier().filter(|change| change.declaration == id && is_of(change.day)).map(|change| change.day),
    );
    days.sort_unstable();
    days.dedup();
    let name = qingfeng::internals::shown(id);
    let day = match (days.as_slice(), action) {
        ([day], _) => *day,
        ([], OverrideAction::Add) => match request.day {
            Some(day) => day,
            None => match (plan.rows.first(), plan.rows.last()) {
                (Some(first), Some(last)) if first.day == last.day => first.day,
                _ => return refused(format!("on which day is {name} to be inspected? give it by --day")),
            },
        },
        ([], _) => {
            let on = request.day.map_or(String::new(), |day| format!(" on {day}"));
            return refused(format!(
                "the plan has no declaration {name}{on}; look for it in its list of the day"
            ));
        }
        _ => return refused(format!("the plan has {name} on several days; give one by --day")),
    };
    let row = rows.iter().find(|row| row.day == day).copied();
    let last = earlier().filter(|change| change.declaration == id && change.day == day).last();
    // Where it stands now, and since which change.
    let now: Option<String> = match last {
        Some(change) if change.action == OverrideAction::Drop => None,
        Some(change) => change.to.clone(),
        None => row.map(|row| row.office.clone()),
    };
    let since =
        last.map_or(String::new(), |change| format!(" (override {} by {})", change.number, change.by));
    match (action, &now) {
        (OverrideAction::Add, Some(office)) => {
            return refused(format!("{name} is on the list of {office} on {day} already{since}"));
        }
        (OverrideAction::Drop | OverrideAction::Reroute, None) => {
            return refused(format!(
                "{name} was taken off the list of {day} already{since}; add it again first"
            ));
        }
        _ => {}
    }
    let to = match (action, request.to.as_deref().map(str::trim)) {
        (OverrideAction::Drop, Some(_)) => {
            return refused("what is dropped goes nowhere; leave out --to".to_owned());
        }
        (OverrideAction::Drop, None) => None,
        // What was dropped comes back to where it was.
        (OverrideAction::Add, None) if last.is_some() => last.and_then(|change| change.from.clone()),
        (_, None | Some("")) => {
            return refused(format!("where is {name} to be inspected? give a site by --to"));
        }
        (_, Some(site)) => Some(site.to_owned()),
    };
    if let Some(site) = &to {
        check_site(pack, site)?;
        if action == OverrideAction::Reroute && now.as_ref() == Some(site) {
            return refused(format!("{name} is inspected by {site} already{since}"));
        }
    }
    let (score, channel) = match (row, &request.known) {
        (Some(row), _) => (Some(row.score), Some(row.channel.clone())),
        (None, Some((score, channel))) => (Some(*score), Some(channel.clone())),
        (None, None) => {
            let first = earlier().find(|change| change.declaration == id && change.day == day);
            first.map_or((None, None), |first| (first.score, first.channel.clone()))
        }
    };
    if needs_second(pack, action, row.map(|row| row.selected), score, channel.as_deref())
        && by.second.is_none()
    {
        return refused(format!(
            "the pack asks for a second person to {} {name}: give who agrees by --second",
            action.name()
        ));
    }
    Ok(Override {
        number: 0,
        at: by.at.clone(),
        by: by.by.clone(),
        second: by.second.clone(),
        reason: by.reason.clone(),
        action,
        declaration: id.to_owned(),
        day,
        from: now,
        to,
        known: (action == OverrideAction::Add && row.is_none()).then_some(score.is_some()),
        score: score.filter(|_| row.is_none()),
        channel: channel.filter(|_| row.is_none()),
        plan: plan.digest.clone(),
        before: String::new(),
        hash: String::new(),
    })
}

fn check_site(pack: &Pack, site: &str) -> Result<(), OverrideError> {
    let kinds = pack.selection.as_ref().map(|selection| selection.offices.as_slice()).unwrap_or_default();
    let inspects =
        |kind: &Option<String>| kinds.is_empty() || kind.as_ref().is_some_and(|kind| kinds.contains(kind));
    let offices: Vec<&str> = pack
        .reference
        .sites
        .iter()
        .filter(|group| inspects(&group.kind))
        .map(|group| group.name.as_str())
        .collect();
    if offices.contains(&site) {
        return Ok(());
    }
    let near = qingfeng_rules::internals::suggestion(site, offices.iter().copied());
    let site = qingfeng::internals::shown(site);
    Err(OverrideError::Refused(format!("the pack has no site `{site}` that inspects; {near}")))
}

/// Whether the pack asks for a second person: the first rule that fits says so. What is not known of a declaration fits
/// every condition, so that nobody gets around a rule by leaving something out.
fn needs_second(
    pack: &Pack,
    action: OverrideAction,
    selected: Option<SelectionKind>,
    score: Option<i64>,
    channel: Option<&str>,
) -> bool {
    let Some(selection) = &pack.selection else { return false };
    let channel = channel.and_then(|name| pack.channels.iter().position(|channel| channel.name == name));
    let rule = selection.overrides.iter().find(|rule| {
        (rule.actions.is_empty() || rule.actions.contains(&action))
            && (rule.selected.is_empty() || selected.is_some_and(|kind| rule.selected.contains(&kind)))
            && rule.channel.is_none_or(|mildest| channel.is_none_or(|channel| channel >= mildest.index()))
            && rule.score_from.is_none_or(|least| score.is_none_or(|score| score >= least))
    });
    rule.is_some_and(|rule| rule.second_person)
}

/// The lines of an overrides file, each checked.
fn lines(file: &mut File, path: &Path, plan: &PlanFile) -> Result<Vec<Override>, OverrideError> {
    let failed = |source| OverrideError::Io { path: path.display().to_string(), source };
    let broken = |reason: String| OverrideError::Broken { path: path.display().to_string(), reason };
    file.seek(SeekFrom::Start(0)).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(broken("is larger than 256 MiB; is it the right file?".to_owned()));
    }
    let text = String::from_utf8(bytes)
        .map_err(|_| broken("is not UTF-8; it was changed, so get it back from a copy".to_owned()))?;
    let mut all: Vec<Override> = Vec::new();
    for (at, line) in text.split_inclusive('\n').enumerate() {
        let at = at + 1;
        let Some(line) = line.strip_suffix('\n') else {
            return Err(broken(format!(
                "line {at} is cut off, as when a machine stops while it writes; that override was not made: take the \
                 line out, and make it again"
            )));
        };
        if at > MAX_OVERRIDES {
            return Err(broken(format!("has more than {MAX_OVERRIDES} lines; is it the right file?")));
        }
        let line: Override = serde_json::from_str(line).map_err(|error| {
            broken(format!("line {at} is no override: {error}; it was changed, so get it back from a copy"))
        })?;
        let before = all.last().map_or_else(|| "0".repeat(64), |last| last.hash.clone());
        let digest = line.digest().map_err(|error| broken(format!("line {at}: {error}")))?;
        if line.number != at as u64 || line.before != before || line.hash != digest {
            return Err(broken(format!(
                "line {at} does not follow from the line before: one of them was changed, moved or taken out; get the \
                 file back from a copy"
            )));
        }
        if line.plan != plan.digest {
            return Err(broken(format!(
                "line {at} changes another plan: {} was written anew after override {at} of {} by {}; put the old plan back, \
                 or move this file away and make the overrides again",
                plan.path.display(),
                line.at,
                line.by
            )));
        }
        all.push(line);
    }
    Ok(all)
}

#[cfg(test)]
mod tests;
