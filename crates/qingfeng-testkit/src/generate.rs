//! Packs and declarations made up out of choices: every construct of the rule language, nested, on lines for which
//! the conditions hold now and then.
//!
//! The generator goes by types, so that nearly every pack it makes loads: a closure is written from the kind that it
//! must give, and each part from the kind that is wanted there, as an expression that may be missing or one that may
//! not. The values of a case are few, and rules and lines share them.
//!
//! ```
//! use qingfeng_testkit::generate::{Choices, GeneratedCase};
//!
//! let case = GeneratedCase::new(&mut Choices::new(&[]));
//! assert!(case.rules().starts_with("rule(\"R0-0\""));
//! assert_eq!(case.declarations.len(), 1, "no choices make the simplest case");
//! ```

mod choices;
mod expressions;
mod fields;
mod kinds;
mod lines;
mod of_pack;
mod pack;
mod rules;
mod statements;
mod values;
mod writer;

use std::fmt;
use std::path::Path;

use qingfeng::Declaration;

pub use choices::Choices;
pub use of_pack::declarations_for;

use values::Values;
use writer::Writer;

/// A pack, and declarations to assess with it. Prints both.
#[derive(Clone, Debug)]
pub struct GeneratedCase {
    /// The files of the pack: paths and texts.
    pub files: Vec<(String, String)>,
    /// Declarations of the pack's schema.
    pub declarations: Vec<Declaration>,
}

impl GeneratedCase {
    /// The case that the choices make. The same choices make the same case.
    pub fn new(choices: &mut Choices<'_>) -> Self {
        let values = Values::new(choices);
        let tables = pack::tables(choices);
        let mut files = vec![pack::manifest(choices, &tables)];
        files.extend(pack::reference(choices));
        files.extend(tables.iter().map(|table| pack::lookup_file(choices, &values, table)));
        let declarations = lines::declarations(choices, &values);
        files.extend(Writer::new(choices, &values, &tables).rule_files());
        Self { files, declarations }
    }

    /// Writes the pack into a directory.
    ///
    /// # Errors
    ///
    /// What the file system says.
    pub fn write(&self, directory: &Path) -> std::io::Result<()> {
        for (path, text) in &self.files {
            let path = directory.join(path);
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::write(path, text)?;
        }
        Ok(())
    }

    /// The rule files, one after the other.
    pub fn rules(&self) -> String {
        let rules = self.files.iter().filter(|(path, _)| path.ends_with(".rhai"));
        rules.map(|(_, text)| text.as_str()).collect()
    }

    /// The goods lines.
    pub fn lines(&self) -> usize {
        self.declarations.iter().map(|declaration| declaration.items.len().max(1)).sum()
    }
}

impl fmt::Display for GeneratedCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (path, text) in &self.files {
            writeln!(f, "=== {path}\n{text}")?;
        }
        writeln!(f, "=== declarations")?;
        for declaration in &self.declarations {
            writeln!(f, "{}", serde_json::to_string(declaration).map_err(|_| fmt::Error)?)?;
        }
        Ok(())
    }
}
