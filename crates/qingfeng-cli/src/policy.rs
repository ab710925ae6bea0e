//! The options that say by which policy inspections are selected, and within which capacities.

use std::path::PathBuf;

use qingfeng::OpenedPack;
use qingfeng::read::Input;
use qingfeng_inspection::{Capacity, Policy};

use crate::exit::Failure;
use crate::render;

/// The policy of a pack, and the capacities of its sites.
#[derive(Debug, clap::Args)]
pub struct PolicyArgs {
    /// Directory of the rule pack. Its `[selection]` says who is inspected.
    #[arg(long, value_name = "DIR")]
    pub rules: PathBuf,

    /// Capacity of each site by day, with the columns site, day (or from and until), weekdays, inspections or hours.
    /// Default: the capacities of the pack.
    #[arg(long, value_name = "FILE")]
    pub capacity: Option<PathBuf>,
}

impl PolicyArgs {
    pub fn open(&self) -> Result<(OpenedPack, Policy), Failure> {
        let opened = render::open_policy(&self.rules)?;
        let policy = Policy::of(opened.pack()).ok_or_else(|| {
            Failure::Usage(format!(
                "{}/pack.toml has no [selection], which says who is inspected; see `qingfeng reference selection`",
                self.rules.display()
            ))
        })?;
        Ok((opened, policy))
    }

    /// What each site can inspect on each day.
    pub fn capacity(&self, policy: &Policy) -> Result<Capacity, Failure> {
        match &self.capacity {
            None => Ok(Capacity::of_policy(policy)),
            Some(path) => Ok(Capacity::read(&Input::from(path.clone()), policy)?),
        }
    }
}
