//! The ledgers that are held against the aims of a year.

use std::path::PathBuf;

use crate::studies::{LedgerInputs, files};

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

impl LedgerArgs {
    /// All files that are read, to refuse outputs that would overwrite one.
    pub fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.notices.iter().chain(&self.tip_offs).chain(&self.visited)
    }

    /// The tables.
    pub fn inputs(&self) -> LedgerInputs {
        let given = |paths: &[PathBuf]| (!paths.is_empty()).then(|| files(paths));
        LedgerInputs {
            notices: given(&self.notices),
            tip_offs: given(&self.tip_offs),
            visited: given(&self.visited),
        }
    }
}
