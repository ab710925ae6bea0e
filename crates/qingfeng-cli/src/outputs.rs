//! Files that a command writes.

use std::path::{Path, PathBuf};

use qingfeng::write::Output;

use crate::exit::Failure;
use crate::inputs::is_standard;
use crate::terminal;

/// An output by its path on the command line; none, and `-`, are standard output.
pub fn output(path: Option<&PathBuf>) -> Output {
    match path {
        Some(path) if !is_standard(path) => Output::Path(path.clone()),
        _ => Output::Stdout,
    }
}

/// Refuses outputs that would overwrite each other or an input. Each comes with the flag that names it; a path of
/// `-` is standard output.
pub fn check_apart(outputs: &[(&str, &Path)], inputs: &[PathBuf]) -> Result<(), Failure> {
    for (at, (flag, path)) in outputs.iter().enumerate() {
        for (earlier_flag, earlier) in &outputs[..at] {
            if is_standard(path) && is_standard(earlier) {
                return Err(Failure::Usage(format!(
                    "{earlier_flag} and {flag} both go to standard output; give one of them a file"
                )));
            }
            if same_file(path, earlier) {
                let message = format!("{earlier_flag} and {flag} are the same file, {}", path.display());
                return Err(Failure::Usage(message));
            }
        }
        if !is_standard(path) && inputs.iter().any(|input| same_file(path, input)) {
            let message = format!("{flag} would overwrite the input {}", path.display());
            return Err(Failure::Usage(message));
        }
    }
    Ok(())
}

fn same_file(a: &Path, b: &Path) -> bool {
    real_path(a) == real_path(b)
}

/// The path without links, `.` and `..`; of a file that is not there yet, by the directory that it will be in.
fn real_path(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| {
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let directory = directory.unwrap_or(Path::new(".")).canonicalize();
        match (directory, path.file_name()) {
            (Ok(directory), Some(name)) => directory.join(name),
            _ => path.to_owned(),
        }
    })
}

/// Writes a text to a file or, for `-`, to standard output.
pub fn write_text(path: &Path, text: &str) -> Result<(), Failure> {
    if !is_standard(path) {
        return std::fs::write(path, text)
            .map_err(|error| Failure::Files(format!("{}: cannot be written: {error}", path.display())));
    }
    Ok(terminal::print_bytes(text.as_bytes())?)
}
