//! Where the key of the draw comes from.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use qingfeng::rules::Date;
use qingfeng_inspection::draw::{DayKey, Key};

use crate::exit::Failure;
use crate::inputs::small_text;
use crate::terminal::{self, WARNING, clean};

/// The variable that may hold the key.
pub const VARIABLE: &str = "QINGFENG_DRAW_KEY";

/// The bytes of a key file at most.
const KEY_FILE_BYTES_MAX: u64 = 4_096;

/// Where the key of the draw is.
#[derive(Debug, clap::Args)]
pub struct KeyArgs {
    /// File with the key of the draw, made by `qingfeng draw new-key`. Default: the key in the environment variable
    /// QINGFENG_DRAW_KEY.
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
}

impl KeyArgs {
    pub fn find(&self) -> Result<Option<Key>, Failure> {
        if let Some(path) = &self.key_file {
            let text = read_secret(path)?;
            return Key::parse(&text).map(Some).map_err(|error| at(path, &error));
        }
        match std::env::var(VARIABLE) {
            Ok(text) => {
                Key::parse(&text).map(Some).map_err(|error| Failure::Usage(format!("{VARIABLE}: {error}")))
            }
            Err(std::env::VarError::NotPresent) => Ok(None),
            Err(std::env::VarError::NotUnicode(_)) => {
                Err(Failure::Usage(format!("{VARIABLE} holds no text; it must be hex digits")))
            }
        }
    }

    /// The key, which must be there.
    pub fn get(&self) -> Result<Key, Failure> {
        self.find()?.ok_or_else(|| {
            let message =
                format!("no key of the draw: give --key-file FILE, or set {VARIABLE}; `qingfeng draw new-key` makes one");
            Failure::Usage(message)
        })
    }
}

fn at(path: &Path, error: &impl std::fmt::Display) -> Failure {
    Failure::Files(format!("{}: {error}", path.display()))
}

/// The key of a day, from its own file.
pub fn day_key(path: &Path, day: Date) -> Result<DayKey, Failure> {
    DayKey::parse(day, &read_secret(path)?).map_err(|error| at(path, &error))
}

/// Reads a file with a secret, and warns if others can read it.
fn read_secret(path: &Path) -> Result<String, Failure> {
    warn_of_readers(path);
    let (too_long, no_text) =
        ("is too large for a key; is it the right file?", "is no text; a key is hex digits");
    Ok(small_text(path, KEY_FILE_BYTES_MAX, too_long, no_text)?)
}

#[cfg(unix)]
fn warn_of_readers(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    if path.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o077 != 0) {
        let path = path.display().to_string();
        let path = clean(&path);
        terminal::summary(&format!(
            "{WARNING}warning:{WARNING:#} others can read {path}, and with it foresee the draw; `chmod 600 {path}`\n"
        ));
    }
}

#[cfg(not(unix))]
fn warn_of_readers(_: &Path) {}

/// Writes a secret to a new file that nobody else can read.
pub fn write_secret(path: &Path, text: &str) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let failed = |error: io::Error| match error.kind() {
        ErrorKind::AlreadyExists => at(
            path,
            &"is there already, and a key is never overwritten: days committed by it could not be proved; give another name",
        ),
        _ => at(path, &format!("cannot be written: {error}")),
    };
    let mut file = options.open(path).map_err(failed)?;
    file.write_all(format!("{text}\n").as_bytes()).and_then(|()| file.sync_all()).map_err(failed)
}
