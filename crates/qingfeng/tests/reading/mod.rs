//! Reading of declarations, from bytes in a file to typed goods lines and rejects.

mod bad_inputs;
mod bad_lines;
mod declarations;
mod formats;
mod meanings;
mod pipes;
mod properties;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{RecordBatch, StringArray};
use arrow_select::concat::concat_batches;
use qingfeng::read::{
    Input, InputNotes, Place, ReadError, ReadOptions, Reader, Reject, Scattered, arrow_schema,
};
use qingfeng_rules::{Field, FieldId, Kind, Level, Schema};

/// The columns of most inputs here.
const HEADER: &str = "declaration_id,destination,mode,hs,item_no,quantity,packages,declared_on,goods,fragile";

/// All that a reader gave.
#[derive(Debug)]
struct Outcome {
    batch: RecordBatch,
    places: Vec<Place>,
    /// The number of lines of each declaration.
    declarations: Vec<usize>,
    rejects: Vec<Reject>,
    /// The lines of which something could not be read.
    spoilt: BTreeSet<usize>,
    /// The lines that were left out.
    lost: u64,
    chunk_lines: Vec<usize>,
    error: Option<ReadError>,
    notes: Vec<InputNotes>,
    scattered: Scattered,
}

impl Outcome {
    /// The values of a field as text, a missing one as an empty text.
    fn values(&self, field: &str) -> Vec<String> {
        let column = self.batch.column_by_name(field).expect("the schema has the field");
        (0..column.len()).map(|row| crate::text(column, row)).collect()
    }

    /// The same of the lines of which all could be read.
    fn readable(&self, field: &str) -> Vec<String> {
        let lines = self.values(field).into_iter().enumerate();
        lines.filter(|(line, _)| !self.spoilt.contains(line)).map(|(_, value)| value).collect()
    }

    /// Each reject as `position: [field] reason`.
    fn problems(&self) -> Vec<String> {
        let problem = |reject: &Reject| {
            let field = reject.field.as_ref().map(|field| format!("[{field}] ")).unwrap_or_default();
            format!("{}: {field}{}", reject.position, reject.reason)
        };
        self.rejects.iter().map(problem).collect()
    }

    fn error(&self) -> String {
        self.error.as_ref().map(ReadError::to_string).unwrap_or_default()
    }
}

/// The export schema, with a flag and with bounds on the number of packages.
fn schema() -> Arc<Schema> {
    let export = Schema::export();
    let mut fields = export.fields().to_vec();
    for field in fields.iter_mut().filter(|field| field.name == "packages") {
        field.max = Some(1000.0);
    }
    let flag = Field {
        name: "fragile".into(),
        kind: Kind::Flag,
        level: Level::Item,
        required: false,
        unit: None,
        title: "fragile".into(),
        title_zh: Some("易碎".into()),
        columns: vec!["易碎".into()],
        codes: None,
        min: None,
        max: None,
        reading: qingfeng_rules::Reading::default(),
    };
    fields.push(flag);
    let mut schema = Schema::new(fields, FieldId(0)).expect("headers are distinct");
    schema.item = schema.field("item_no");
    Arc::new(schema)
}

fn read_inputs(inputs: Vec<Input>, options: ReadOptions) -> Outcome {
    let schema = schema();
    let arrow = arrow_schema(&schema);
    let mut batches = Vec::new();
    let mut outcome = Outcome {
        batch: RecordBatch::new_empty(Arc::clone(&arrow)),
        places: Vec::new(),
        declarations: Vec::new(),
        rejects: Vec::new(),
        spoilt: BTreeSet::new(),
        lost: 0,
        chunk_lines: Vec::new(),
        error: None,
        notes: Vec::new(),
        scattered: Scattered::default(),
    };
    let mut reader = match Reader::new(schema, inputs, options) {
        Ok(reader) => reader,
        Err(error) => return Outcome { error: Some(error), ..outcome },
    };
    for chunk in &mut reader {
        match chunk {
            Err(error) => outcome.error = Some(error),
            Ok(chunk) => {
                assert!(outcome.error.is_none(), "nothing comes after an error");
                assert_eq!(chunk.lines_read(), chunk.lines.len() as u64 + chunk.lines_lost);
                assert_eq!(chunk.lines.batch().schema(), arrow);
                assert_eq!(
                    chunk.lines.declarations().map(|lines| lines.len()).sum::<usize>(),
                    chunk.lines.len()
                );
                outcome.declarations.extend(chunk.lines.declarations().map(|lines| lines.len()));
                outcome.chunk_lines.push(chunk.lines.len());
                let before = outcome.places.len();
                outcome.spoilt.extend(chunk.lines.unreadable().iter().map(|of| before + of.line));
                outcome.lost += chunk.lines_lost;
                outcome.places.extend_from_slice(chunk.lines.places());
                outcome.rejects.extend(chunk.rejects);
                batches.push(chunk.lines.batch().clone());
            }
        }
    }
    assert!(reader.next().is_none(), "the reader has ended");
    outcome.batch = concat_batches(&arrow, &batches).expect("batches have one schema");
    outcome.notes = reader.notes().to_vec();
    outcome.scattered = reader.scattered().clone();
    outcome
}

/// A directory of its own, with files of these names and contents.
fn files(contents: &[(&str, &[u8])]) -> (tempfile::TempDir, Vec<PathBuf>) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = |(name, bytes): &(&str, &[u8])| {
        let path = directory.path().join(name);
        std::fs::write(&path, bytes).expect("a file in it");
        path
    };
    let paths = contents.iter().map(path).collect();
    (directory, paths)
}

fn read_file(path: &Path, options: ReadOptions) -> Outcome {
    read_inputs(vec![Input::Path(path.to_owned())], options)
}

fn read_bytes(name: &str, bytes: &[u8], options: ReadOptions) -> Outcome {
    let (_directory, paths) = files(&[(name, bytes)]);
    let mut outcome = read_file(&paths[0], options);
    // The directory's name differs from run to run.
    let directory = format!("{}/", paths[0].parent().expect("a directory").display());
    for reject in &mut outcome.rejects {
        reject.input = reject.input.replace(&directory, "");
    }
    let ids = outcome.values("declaration_id").into_iter().map(|id| id.replace(&directory, ""));
    let (schema, mut columns, _) = outcome.batch.into_parts();
    columns[0] = Arc::new(ids.map(Some).collect::<StringArray>());
    outcome.batch = RecordBatch::try_new(schema, columns).expect("ids are texts");
    outcome
}

fn read(name: &str, text: &str) -> Outcome {
    read_bytes(name, text.as_bytes(), ReadOptions::default())
}

#[test]
fn a_reader_can_go_to_another_thread() {
    fn is_send<T: Send>() {}
    is_send::<Reader>();
}
