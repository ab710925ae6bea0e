//! The aims of a year, and the ledgers that are held against them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use qingfeng::read::ReadOptions;
use qingfeng::rules::{Date, Pack};
use qingfeng_insight::targets::{Aims, Ledgers, MAX_AIMS_BYTES, Notice, Targets, TipOff, site_kinds};
use qingfeng_inspection::outcomes::Outcomes;
use qingfeng_inspection::overrides::ChangedPlan;
use qingfeng_inspection::visits::Visit;
use qingfeng_inspection::{Ledger, Policy};

use crate::exit::Failure;
use crate::findings::tell_rejects;
use crate::inputs::{ReadArgs, small_text};

/// What came from outside.
#[derive(Debug, clap::Args)]
pub struct LedgerArgs {
    /// Notices of partner authorities abroad, with the columns notice_id, received_on, country, brand, producer, exporter, status
    /// (answered, open, untraceable; open without one), answered_on, case_number.
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "aims")]
    pub notices: Vec<PathBuf>,

    /// Tip-offs, with the columns tip_id, received_on, kind, declaration_id or case_number to which it led, proceeds (yuan; without
    /// them the fines of the case).
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "aims")]
    pub tip_offs: Vec<PathBuf>,

    /// Results of visits to enterprises, with the columns visited_on, site, enterprise, result, and optionally case_number,
    /// major_case, fine (yuan), pieces, declaration_id, waiver. Their cases count at the site.
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "aims")]
    pub visited: Vec<PathBuf>,
}

/// The aims of a file; they may name the kinds of sites that the pack has.
pub fn read_aims(path: &Path, pack: &Pack) -> Result<Aims, Failure> {
    let kinds = site_kinds(pack);
    let names: BTreeSet<&str> = kinds.values().map(String::as_str).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let (too_long, no_text) =
        ("is longer than 1 MiB; is it a file of aims?", "is not UTF-8; save the file as UTF-8");
    let text = small_text(path, MAX_AIMS_BYTES, too_long, no_text)?;
    Aims::parse(&text, &path.display().to_string(), &names).map_err(|error| Failure::Usage(error.to_string()))
}

/// Results of visits; rows that cannot be read are reported on standard error.
pub fn read_visits(
    paths: &[PathBuf],
    options: &ReadOptions,
    policy: Option<&Policy>,
) -> Result<Vec<Visit>, Failure> {
    let Some(policy) = policy.filter(|policy| policy.selection.visits.is_some()) else {
        return Err(Failure::Usage(
            "the pack does not say which sites have visits; write `[selection.visits]` with `kind` and `per_month` into \
             pack.toml"
                .to_owned(),
        ));
    };
    let ledger = Visit::read(&ReadArgs::inputs(paths), options, policy)?;
    Ok(rows("visits", ledger))
}

/// The rows of a table, of which those that cannot be read are reported.
fn rows<T>(table: &str, ledger: Ledger<T>) -> Vec<T> {
    tell_rejects(table, &ledger.rejects, ledger.rejected);
    ledger.rows
}

impl LedgerArgs {
    /// All files that are read, to refuse outputs that would overwrite one.
    pub fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.notices.iter().chain(&self.tip_offs).chain(&self.visited)
    }

    /// The accounts of the year; rows of ledgers that cannot be read are reported on standard error.
    pub fn targets(
        &self,
        aims: &Aims,
        pack: &Pack,
        plans: &[ChangedPlan],
        outcomes: &Outcomes,
        options: &ReadOptions,
        as_of: Date,
    ) -> Result<Targets, Failure> {
        let notices = match self.notices.as_slice() {
            [] => None,
            paths => Some(rows("notices", Notice::read(&ReadArgs::inputs(paths), options)?)),
        };
        let tip_offs = match self.tip_offs.as_slice() {
            [] => None,
            paths => Some(rows("tip-offs", TipOff::read(&ReadArgs::inputs(paths), options)?)),
        };
        let visits = match self.visited.as_slice() {
            [] => None,
            paths => Some(read_visits(paths, options, Policy::of(pack).as_ref())?),
        };
        let ledgers =
            Ledgers { notices: notices.as_deref(), tip_offs: tip_offs.as_deref(), visits: visits.as_deref() };
        Ok(Targets::of_plans(plans, outcomes, &site_kinds(pack), aims, ledgers, as_of))
    }
}
