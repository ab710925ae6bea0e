//! The options that say which store of lookups is meant, and who changes it.

use std::env::VarError;
use std::path::Path;

use qingfeng::Engine;
use qingfeng::rules::{Pack, PackFiles};
use qingfeng_store::{Author, StoreLookups, StoreUrl};

use crate::clock;
use crate::exit::Failure;
use crate::render::{self, Checked};

/// The environment variable that names the store.
const STORE: &str = "QINGFENG_STORE";
/// The environment variable that names who changes it.
const BY: &str = "QINGFENG_BY";

/// Which store is meant.
#[derive(Debug, clap::Args)]
pub struct StoreArgs {
    /// The store: sqlite:PATH or postgresql://USER@HOST/DATABASE. Without it, the environment variable QINGFENG_STORE,
    /// else what pack.toml says.
    #[arg(long, value_name = "URL")]
    store: Option<String>,
}

/// Where the living lookup tables of a pack are, and as of which change.
#[derive(Debug, clap::Args)]
pub struct LookupArgs {
    #[command(flatten)]
    store: StoreArgs,

    /// The snapshot of the store: what was in it after the change of this number. Without it, the latest.
    #[arg(long, value_name = "NUMBER")]
    snapshot: Option<u64>,
}

impl LookupArgs {
    /// The latest of the store of this URL; without one, of that which the environment or the pack names.
    pub fn of_store(store: Option<String>) -> Self {
        Self { store: StoreArgs { store }, snapshot: None }
    }

    /// What a pack takes from the store.
    pub fn lookups(&self) -> Result<StoreLookups, Failure> {
        Ok(StoreLookups::default().store(self.store.given()?).snapshot(self.snapshot))
    }

    /// The engine of the pack in a directory.
    pub fn open(&self, directory: &Path) -> Result<Engine, Failure> {
        render::open(directory, &self.lookups()?)
    }

    /// The number of the snapshot, if one was named.
    pub fn snapshot(&self) -> Option<u64> {
        self.snapshot
    }

    /// The store of the pack in a directory.
    pub fn url(&self, pack: Option<(&Path, &Pack)>) -> Result<StoreUrl, Failure> {
        self.store.url(pack)
    }
}

impl StoreArgs {
    /// The store that the option or the environment names.
    fn given(&self) -> Result<Option<StoreUrl>, Failure> {
        let here = Path::new("");
        if let Some(url) = &self.store {
            let wrong = |error| Failure::Usage(format!("--store: {error}"));
            return StoreUrl::parse(url, here).map(Some).map_err(wrong);
        }
        let url = environment(STORE)?.map(|url| StoreUrl::parse(&url, here));
        url.transpose().map_err(|error| Failure::Usage(format!("{STORE}: {error}")))
    }

    /// The store that is meant: the option's, else the environment's, else that of the pack in a directory.
    pub fn url(&self, pack: Option<(&Path, &Pack)>) -> Result<StoreUrl, Failure> {
        if let Some(url) = self.given()? {
            return Ok(url);
        }
        match pack {
            Some((directory, pack)) => StoreUrl::parse(&pack.store, directory).map_err(|error| {
                Failure::Usage(format!("{}: {error}", directory.join("pack.toml").display()))
            }),
            None => Err(Failure::Usage(format!(
                "no store is named; give --rules DIR, --store URL, or the environment variable {STORE}"
            ))),
        }
    }
}

/// Who changes a store, and why.
#[derive(Debug, clap::Args)]
pub struct AuthorArgs {
    /// Who makes the change. Without it, the environment variable QINGFENG_BY.
    #[arg(long, value_name = "NAME")]
    by: Option<String>,

    /// Why it is made.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl AuthorArgs {
    /// The author, by the clock of the machine.
    pub fn author(&self) -> Result<Author, Failure> {
        let by = match &self.by {
            Some(by) => Some(by.clone()),
            None => environment(BY)?,
        };
        let by = by.map(|by| by.trim().to_owned()).filter(|by| !by.is_empty()).ok_or_else(|| {
            Failure::Usage(format!(
                "a change needs the name of who makes it; give --by NAME, or set the environment variable {BY}"
            ))
        })?;
        let reason = self.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
        Ok(Author { by, at: clock::now(), reason: reason.map(str::to_owned) })
    }
}

fn environment(name: &str) -> Result<Option<String>, Failure> {
    match std::env::var(name) {
        Ok(text) if text.trim().is_empty() => Ok(None),
        Ok(text) => Ok(Some(text)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => {
            Err(Failure::Usage(format!("the environment variable {name} is no text in UTF-8; set it anew")))
        }
    }
}

/// The pack in a directory, without its lookup tables.
pub fn load_pack(directory: &Path) -> Result<Pack, Failure> {
    Pack::load(&PackFiles::read(directory)).map_err(|diagnostics| {
        Failure::Pack(Box::new(Checked {
            directory: directory.to_owned(),
            diagnostics,
            engine: None,
            as_of: None,
            notes_shown: false,
        }))
    })
}
