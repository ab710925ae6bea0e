//! The options that say which pack and which store of lookups are meant, and who changes a store.

use std::env::VarError;
use std::path::{Path, PathBuf};

use qingfeng::Engine;
use qingfeng::rules::Pack;
use qingfeng_store::{Author, Store, StoreError, StoreLookups, StoreUrl, TRADE_DEFAULT};

use crate::clock;
use crate::exit::Failure;
use crate::render;

/// The environment variable that names the store.
pub const STORE: &str = "QINGFENG_STORE";
/// The environment variable that names the record of past trade.
pub const TRADE: &str = "QINGFENG_TRADE";
/// The environment variable that names who changes it.
const BY: &str = "QINGFENG_BY";

/// The pack that scores, and its living lookup tables.
#[derive(Debug, clap::Args)]
pub struct PackArgs {
    /// Directory of the rule pack.
    #[arg(long, value_name = "DIR")]
    pub rules: PathBuf,

    #[command(flatten)]
    pub lookups: LookupArgs,
}

impl PackArgs {
    pub fn open(&self) -> Result<Engine, Failure> {
        self.lookups.open(&self.rules)
    }
}

/// The pack that a command is about, and its living lookup tables.
#[derive(Debug, clap::Args)]
pub struct DirectoryArgs {
    /// Directory of the rule pack.
    #[arg(value_name = "DIR")]
    pub directory: PathBuf,

    #[command(flatten)]
    pub lookups: LookupArgs,
}

impl DirectoryArgs {
    pub fn open(&self) -> Result<Engine, Failure> {
        self.lookups.open(&self.directory)
    }
}

#[derive(Debug, clap::Args)]
pub struct StoreArgs {
    /// Store of lookup tables and results: sqlite:PATH or postgresql://USER@HOST/DATABASE. Default: the environment
    /// variable QINGFENG_STORE, then the store that pack.toml names.
    #[arg(long, value_name = "URL")]
    store: Option<String>,
}

/// Where the living lookup tables of a pack are, and as of which change.
#[derive(Debug, clap::Args)]
pub struct LookupArgs {
    #[command(flatten)]
    store: StoreArgs,

    /// Snapshot of the store, by the number of its last change. Default: the latest.
    #[arg(long, value_name = "SNAPSHOT")]
    snapshot: Option<u64>,

    #[command(flatten)]
    trade: TradeArgs,
}

/// Where the record of past trade is.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct TradeArgs {
    /// Directory of the record of past trade, from which profiles are counted. Default: the environment variable
    /// QINGFENG_TRADE, then `lookups/trade` of the pack.
    #[arg(long, value_name = "DIR")]
    trade: Option<PathBuf>,
}

impl TradeArgs {
    /// The directory that the option or the environment names.
    fn given(&self) -> Result<Option<PathBuf>, Failure> {
        match &self.trade {
            Some(directory) => Ok(Some(directory.clone())),
            None => Ok(environment(TRADE)?.map(PathBuf::from)),
        }
    }

    /// The directory that is meant: the option's, else the environment's, else that of the pack.
    pub fn directory(&self, pack: &Path) -> Result<PathBuf, Failure> {
        Ok(self.given()?.unwrap_or_else(|| pack.join(TRADE_DEFAULT)))
    }
}

impl LookupArgs {
    /// Those of the store of this URL; without one, of that which the environment or the pack names.
    pub fn of_store(store: Option<String>, snapshot: Option<u64>) -> Self {
        Self { store: StoreArgs { store }, snapshot, trade: TradeArgs::default() }
    }

    /// What a pack takes from the store.
    pub fn lookups(&self) -> Result<StoreLookups, Failure> {
        let lookups = StoreLookups::default().store(self.store.given()?).snapshot(self.snapshot);
        Ok(lookups.trade(self.trade.given()?))
    }

    pub fn open(&self, directory: &Path) -> Result<Engine, Failure> {
        render::open(directory, &self.lookups()?)
    }

    pub fn snapshot(&self) -> Option<u64> {
        self.snapshot
    }

    /// The store as the option names it.
    pub fn name(&self) -> Option<&str> {
        self.store.name()
    }

    pub fn url(&self, pack: Option<(&Path, &Pack)>) -> Result<StoreUrl, Failure> {
        self.store.url(pack)
    }
}

impl StoreArgs {
    /// The store as the option names it.
    pub fn name(&self) -> Option<&str> {
        self.store.as_deref()
    }

    /// The store that the option or the environment names.
    fn given(&self) -> Result<Option<StoreUrl>, Failure> {
        match &self.store {
            Some(url) => store_url("--store", url).map(Some),
            None => environment(STORE)?.map(|url| store_url(STORE, &url)).transpose(),
        }
    }

    /// The store that is meant: the option's, else the environment's, else that of the pack in a directory.
    pub fn url(&self, pack: Option<(&Path, &Pack)>) -> Result<StoreUrl, Failure> {
        if let Some(url) = self.given()? {
            return Ok(url);
        }
        match pack {
            Some((directory, pack)) => StoreUrl::of_pack(&pack.store, Some(directory)).map_err(|error| {
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
    /// Name of the person who makes the change. Default: the environment variable QINGFENG_BY.
    #[arg(long, value_name = "NAME", alias = "by")]
    author: Option<String>,

    /// Why the change is made.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl AuthorArgs {
    /// The author, by the clock of the machine.
    pub fn author(&self) -> Result<Author, Failure> {
        let by = match &self.author {
            Some(by) => Some(by.clone()),
            None => environment(BY)?,
        };
        let by = by.map(|by| by.trim().to_owned()).filter(|by| !by.is_empty()).ok_or_else(|| {
            Failure::Usage(format!(
                "a change needs the name of who makes it; give --author NAME, or set the environment variable {BY}"
            ))
        })?;
        let reason = self.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
        Ok(Author { by, at: clock::now(), reason: reason.map(str::to_owned) })
    }
}

/// The store of a URL that an option or a variable names.
pub fn store_url(named_by: &str, url: &str) -> Result<StoreUrl, Failure> {
    StoreUrl::parse(url, Path::new("")).map_err(|error| Failure::Usage(format!("{named_by}: {error}")))
}

/// The store if it is there.
pub fn existing(url: &StoreUrl) -> Result<Option<Store>, Failure> {
    match Store::open(url) {
        Ok(store) => Ok(Some(store)),
        Err(StoreError::Missing { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn environment(name: &str) -> Result<Option<String>, Failure> {
    match std::env::var(name) {
        Ok(text) if text.trim().is_empty() => Ok(None),
        Ok(text) => Ok(Some(text)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => {
            Err(Failure::Usage(format!("the environment variable {name} is not text in UTF-8; set it again")))
        }
    }
}
