//! What visits found, as people write it down.

use std::collections::{BTreeMap, BTreeSet};

use qingfeng::read::{Input, ReadError, ReadOptions};
use qingfeng::tables::{Mistake, SheetRow};
use qingfeng_rules::Date;
use qingfeng_store::{Outcome, Verdict, outcome_table, verdict_of};

use crate::ledger::Ledger;
use crate::policy::Policy;

qingfeng::columns! {
    /// The columns of a table of visits: a row is what a visit came to, or a part of that.
    pub VisitResultColumns = "a table of results of visits";
    enterprise: Text Needed "Who was visited, as plans of visits name it." also "trader" also "企业" also "企业名称" also "被走访企业";
    visited_on: Day Needed "The day of the visit." also "visit date" also "day" also "走访日期" also "检查日期";
    site: Text Needed "The site, of the kind that has visits." also "地区" also "产地";
    result: Text Headed "As of inspections: `clear`, `counterfeit`, …, `waived`, `open`." also "verdict" also "走访结果" also "检查结果" also "结果";
    waiver: Text Optional "The coded reason why the visit was not made: one word." also "waiver code" also "waiver reason" also "免查代码" also "免查原因";
    case_number: Text Optional "The number of the case." also "case" also "case no" also "案件编号" also "案号" also "立案号";
    major_case: Flag Optional "Whether it is a major one." also "major" also "大案" also "是否大案" also "重大案件" also "是否重大案件";
    fine: Number Optional "The fine." unit "yuan" also "fines" also "罚款" also "罚款金额";
    pieces: Integer Optional "Pieces that violate." also "件数" also "违规件数" also "违法违规件数";
    declaration_id: Text Optional "A declaration whose goods they were; each further one is a row." also "declaration" also "报关单号" also "海关编号";
}

const COLUMNS: VisitResultColumns = VisitResultColumns::COLUMNS;

/// A visit to an enterprise, and what it came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Visit {
    /// The day.
    pub visited_on: Date,
    /// The site.
    pub site: Box<str>,
    /// The enterprise.
    pub enterprise: Box<str>,
    /// What it came to: one result, or one for each case or declaration, ordered by these. The declaration of a result is
    /// empty where its row names none.
    pub outcomes: Vec<Outcome>,
}

/// What makes a visit.
type Which = (Date, Box<str>, Box<str>);

impl Visit {
    /// Reads tables of visits with the columns [`VisitResultColumns`]; rows of one day, site and enterprise are one visit.
    /// The visits stand by day, site and enterprise, whatever the order of the rows was. A row without a result, or waived
    /// without a coded reason, is open.
    ///
    /// # Errors
    ///
    /// A file that cannot be read or lacks a column that is needed.
    ///
    /// ```
    /// use qingfeng::OpenedPack;
    /// use qingfeng::read::{Input, ReadOptions};
    /// use qingfeng_inspection::Policy;
    /// use qingfeng_inspection::visits::Visit;
    ///
    /// let opened = OpenedPack::open(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/clean-wind"))?;
    /// let policy = Policy::of(opened.pack()).ok_or("no [selection]")?;
    /// let directory = tempfile::tempdir()?;
    /// let path = directory.path().join("visited.csv");
    /// std::fs::write(&path, "visited_on,site,enterprise,result,case_number,fines\n\
    ///     2016-09-13,zhejiang,E000017,counterfeit,HZ-7,30000\n2016-09-13,yiwu,E000017,clear,,\n")?;
    /// let read = Visit::read(&[Input::Path(path)], &ReadOptions::default(), &policy)?;
    /// assert_eq!((read.rows.len(), read.rows[0].outcomes[0].fine), (1, Some(30_000.0)));
    /// assert!(read.rejects[0].reason.starts_with("the site `yiwu` has no visits: its kind is not `production`"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read(inputs: &[Input], options: &ReadOptions, policy: &Policy) -> Result<Ledger<Self>, ReadError> {
        let sites: BTreeSet<&str> = policy.visited_sites().map(|(_, name)| name).collect();
        let mut seen: BTreeSet<(Which, Option<Box<str>>, Box<str>)> = BTreeSet::new();
        let ledger = Ledger::read(inputs, options, &VisitResultColumns::TABLE, &mut |row| {
            let (which, outcome) = result(row, policy, &sites)?;
            let part = (which.clone(), outcome.case_number.clone(), outcome.declaration_id.clone());
            if !seen.insert(part) {
                let reason = "the visit is there twice with this case and declaration; keep the row that says how it stands";
                return Err(("enterprise", Some(which.2.into()), reason.to_owned()));
            }
            Ok((which, outcome))
        })?;
        let mut visits: BTreeMap<Which, Vec<Outcome>> = BTreeMap::new();
        for (which, outcome) in ledger.rows {
            visits.entry(which).or_default().push(outcome);
        }
        let visits = visits.into_iter().map(|((visited_on, site, enterprise), mut outcomes)| {
            outcomes.sort_by(|a, b| {
                (&a.case_number, &a.declaration_id).cmp(&(&b.case_number, &b.declaration_id))
            });
            Self { visited_on, site, enterprise, outcomes }
        });
        Ok(Ledger { rows: visits.collect(), rejects: ledger.rejects, rejected: ledger.rejected })
    }

    /// What it came to as a whole.
    pub fn verdict(&self) -> Verdict {
        verdict_of(&self.outcomes)
    }

    /// Whether officers were there: unless it was waived with a coded reason.
    pub fn was_made(&self) -> bool {
        self.verdict() != Verdict::Waived
    }
}

/// What a row says.
fn result(row: SheetRow<'_>, policy: &Policy, sites: &BTreeSet<&str>) -> Result<(Which, Outcome), Mistake> {
    let missing = |field: &'static str| (field, None, format!("`{field}` is missing; fill it in"));
    let enterprise = row.text(COLUMNS.enterprise).ok_or_else(|| missing("enterprise"))?;
    let visited_on = row.date(COLUMNS.visited_on).ok_or_else(|| missing("visited_on"))?;
    let site = row.text(COLUMNS.site).ok_or_else(|| missing("site"))?;
    if !sites.contains(site) {
        let shown = qingfeng::internals::shown(site);
        let kind = policy.selection.visits.as_ref().map_or("", |visits| visits.kind.as_str());
        let what = match policy.sites.iter().any(|known| known.name == site) {
            true => format!("the site `{shown}` has no visits: its kind is not `{kind}`"),
            false => format!("there is no site `{shown}` in the pack"),
        };
        let remedy = match qingfeng_rules::internals::nearest(site, sites.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "see the pack's reference/sites.toml".to_owned(),
        };
        return Err(("site", Some(shown), format!("{what}; {remedy}")));
    }
    let waiver = row.text(COLUMNS.waiver);
    let outcome = Outcome {
        waiver: waiver.map(Into::into),
        pieces: row.integer(COLUMNS.pieces),
        fine: row.number(COLUMNS.fine),
        case_number: row.text(COLUMNS.case_number).map(Into::into),
        major_case: row.flag(COLUMNS.major_case).unwrap_or(false),
        ..Outcome::new(
            row.text(COLUMNS.declaration_id).unwrap_or_default(),
            visited_on,
            outcome_table::verdict(row.text(COLUMNS.result), waiver)?,
        )
    };
    Ok(((visited_on, site.into(), enterprise.into()), outcome_table::checked(outcome)?))
}
