//! The aims of a year, and the ledgers that are held against them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use qingfeng::read::ReadOptions;
use qingfeng::rules::{Date, Pack};
use qingfeng_insight::targets::{Aims, MAX_AIMS_BYTES, Notice, Targets, TipOff, site_kinds};
use qingfeng_inspection::outcomes::Outcomes;
use qingfeng_inspection::overrides::ChangedPlan;

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

impl LedgerArgs {
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
            paths => {
                let ledger = Notice::read(&ReadArgs::inputs(paths), options)?;
                tell_rejects("notices", &ledger.rejects, ledger.rejected);
                Some(ledger.rows)
            }
        };
        let tip_offs = match self.tip_offs.as_slice() {
            [] => None,
            paths => {
                let ledger = TipOff::read(&ReadArgs::inputs(paths), options)?;
                tell_rejects("tip-offs", &ledger.rejects, ledger.rejected);
                Some(ledger.rows)
            }
        };
        let (notices, tip_offs) = (notices.as_deref(), tip_offs.as_deref());
        Ok(Targets::of_plans(plans, outcomes, &site_kinds(pack), aims, notices, tip_offs, as_of))
    }
}
