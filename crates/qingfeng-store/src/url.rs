//! Where a store is.

use std::fmt;
use std::path::{Component, Path, PathBuf};

use super::StoreError;

/// Where a store is.
///
/// [`Display`](fmt::Display) and [`Debug`] show no password.
#[derive(Clone, PartialEq, Eq)]
pub enum StoreUrl {
    /// An SQLite file: `sqlite:PATH`.
    Sqlite(PathBuf),
    /// A PostgreSQL database: `postgresql://user@host/database?sslmode=verify-full`. It may hold a password and is
    /// never shown whole.
    Postgres(String),
}

impl StoreUrl {
    /// Reads `sqlite:PATH`, relative to the directory, or `postgresql://...`.
    ///
    /// ```
    /// use std::path::Path;
    /// use qingfeng_store::StoreUrl;
    ///
    /// let url = StoreUrl::parse("sqlite:lookups/store.sqlite", Path::new("rules/clean-wind"))?;
    /// assert_eq!(url.to_string(), "sqlite:rules/clean-wind/lookups/store.sqlite");
    /// let url = StoreUrl::parse("postgresql://qf:secret@db.example/qingfeng", Path::new("."))?;
    /// assert_eq!(url.to_string(), "postgresql://qf:***@db.example/qingfeng");
    /// # Ok::<(), qingfeng_store::StoreError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`StoreError::Url`] for anything else.
    pub fn parse(text: &str, base_directory: &Path) -> Result<Self, StoreError> {
        let text = text.trim();
        // A URL that cannot be read may hold a password too.
        let wrong = |reason: &str| StoreError::Url { url: without_password(text), reason: reason.to_owned() };
        if text.bytes().any(|byte| byte.is_ascii_control()) {
            return Err(wrong("it has control characters"));
        }
        if let Some(path) = text.strip_prefix("sqlite:") {
            // `sqlite:///var/lib/store.sqlite` is how other programs write an absolute path.
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() || path.ends_with('/') {
                return Err(wrong("it names no file"));
            }
            return Ok(Self::Sqlite(base_directory.join(path)));
        }
        if text.starts_with("postgresql://") || text.starts_with("postgres://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        Err(wrong("it starts with neither `sqlite:` nor `postgresql://`"))
    }

    /// The store that a pack in a directory names. It is a file in that directory: a pack may come from anybody, and must
    /// not say what else of the machine is opened, or with whom it is connected.
    ///
    /// # Errors
    ///
    /// [`StoreError::Url`] for any other, and for what [`parse`](Self::parse) refuses.
    pub fn of_pack(text: &str, directory: Option<&Path>) -> Result<Self, StoreError> {
        let url = Self::parse(text, directory.unwrap_or(Path::new("")))?;
        match (&url, directory) {
            (Self::Sqlite(path), Some(directory)) if is_within(path, directory) => Ok(url),
            _ => Err(StoreError::Url {
                url: without_password(text.trim()),
                reason: "a pack names a file in its own directory, or its caller names the store; if you trust this one, \
                         give it with `--store` or the environment variable `QINGFENG_STORE`"
                    .to_owned(),
            }),
        }
    }
}

/// Whether a path is that of a regular file in a directory, or would be one.
fn is_within(path: &Path, directory: &Path) -> bool {
    let Ok(inside) = path.strip_prefix(directory) else { return false };
    let is_plain = inside.components().all(|part| matches!(part, Component::Normal(_)));
    // Of what is there already, no link may lead out.
    let mut known = path.ancestors().skip_while(|path| path.symlink_metadata().is_err());
    let real =
        known.next().filter(|known| known.starts_with(directory)).and_then(|known| known.canonicalize().ok());
    let is_other = path.metadata().is_ok_and(|found| !found.is_file());
    is_plain
        && !is_other
        && real
            .zip(directory.canonicalize().ok())
            .is_some_and(|(real, directory)| real.starts_with(directory))
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => f.write_str(&without_password(url)),
        }
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}

/// A URL with stars for its passwords: the one before the host, and those among the parameters.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (address, query) = match rest.split_once('?') {
        Some((address, query)) => (address, Some(query)),
        None => (rest, None),
    };
    // The last `@`: a password may hold one that is not escaped, and a `/` too.
    let mut out = match address.rsplit_once('@') {
        Some((user, host)) => match user.split_once(':') {
            Some((user, _)) => format!("{scheme}://{user}:***@{host}"),
            None => format!("{scheme}://{user}@{host}"),
        },
        None => format!("{scheme}://{address}"),
    };
    for (at, part) in query.iter().flat_map(|query| query.split('&')).enumerate() {
        out.push(if at == 0 { '?' } else { '&' });
        match part.split_once('=') {
            Some((name, _)) if name.to_ascii_lowercase().contains("pass") => {
                out.push_str(name);
                out.push_str("=***");
            }
            // A password with a `?` that is not escaped ends up here.
            _ if part.contains('@') => out.push_str("***"),
            _ => out.push_str(part),
        }
    }
    out
}

#[cfg(test)]
mod tests;
