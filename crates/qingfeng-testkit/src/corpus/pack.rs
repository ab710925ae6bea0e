//! The pack of a case, as files in a directory of its own.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::Case;

/// Writes the base pack with the changes of the case into a temporary directory.
pub(super) fn lay_out(case: &Case, base: &Path) -> Result<TempDir, String> {
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    write_pack(case, base, directory.path())?;
    Ok(directory)
}

/// Writes the base pack with the changes of the case into a directory.
pub(crate) fn write_pack(case: &Case, base: &Path, directory: &Path) -> Result<(), String> {
    let mut files = BTreeMap::new();
    read(base, "", &mut files).map_err(|error| format!("{}: {error}", base.display()))?;
    if !case.manifest.is_empty() {
        let text = files.get("pack.toml").map(String::as_str).unwrap_or_default();
        let mut manifest: toml::Table = text.parse().map_err(|error| format!("pack.toml: {error}"))?;
        merge(&mut manifest, &case.manifest);
        files.insert("pack.toml".into(), manifest.to_string());
    }
    for (path, text) in &case.append {
        match files.get_mut(path) {
            Some(file) => file.push_str(text),
            None => return Err(format!("the base pack has no file {path} to add to")),
        }
    }
    files.extend(case.files.iter().map(|(path, text)| (path.clone(), text.clone())));
    let rules = case.rule_file();
    if !rules.is_empty() {
        files.insert("rules.rhai".into(), rules);
    }
    write(&files, directory).map_err(|error| format!("the pack cannot be laid out: {error}"))
}

/// Lays one table over another: tables are merged, all else is replaced.
fn merge(under: &mut toml::Table, over: &toml::Table) {
    for (key, value) in over {
        match (under.get_mut(key), value) {
            (Some(toml::Value::Table(under)), toml::Value::Table(over)) => merge(under, over),
            _ => _ = under.insert(key.clone(), value.clone()),
        }
    }
}

fn read(directory: &Path, prefix: &str, files: &mut BTreeMap<String, String>) -> std::io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            read(&entry.path(), &format!("{path}/"), files)?;
        } else {
            files.insert(path, fs::read_to_string(entry.path())?);
        }
    }
    Ok(())
}

fn write(files: &BTreeMap<String, String>, directory: &Path) -> std::io::Result<()> {
    for (path, text) in files {
        let path = directory.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, text)?;
    }
    Ok(())
}
