//! How much of what a pack scores highest was found to be irregular: precision in the best N percent of lines.
//!
//! `cargo run --example precision -- PACK FILE.csv ID_COLUMN LABEL_COLUMN PERCENT [AT_LEAST]`
//!
//! The label column (0 or 1) is read here and never shown to a rule. With `AT_LEAST` the program fails where
//! fewer percent of the best lines are irregular. Equal scores are taken in the order of the ids.

#![expect(clippy::print_stdout, reason = "an example speaks to whoever runs it")]

use std::collections::HashMap;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, RecordBatch};
use qingfeng::read::Input;
use qingfeng::{Engine, Outputs};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [pack, file, id, label, percent, at_least @ ..] = arguments.as_slice() else {
        return Err("give PACK FILE.csv ID_COLUMN LABEL_COLUMN PERCENT [AT_LEAST]".into());
    };
    let percent: f64 = percent.parse()?;
    let labels = labels(Path::new(file), id, label)?;
    let mut scores = scores(pack, file)?;
    scores.sort_by(|a, b| (-a.1, &a.0).cmp(&(-b.1, &b.0)));
    let is_irregular = |id: &String| labels.get(id).copied().unwrap_or(false);
    let best = (scores.len() as f64 * percent / 100.0) as usize;
    let found = scores[..best].iter().filter(|(id, _)| is_irregular(id)).count();
    let all = scores.iter().filter(|(id, _)| is_irregular(id)).count();
    let precision = 100.0 * found as f64 / best as f64;
    println!(
        "declarations     {}, {all} irregular ({:.1} %)",
        scores.len(),
        100.0 * all as f64 / scores.len() as f64
    );
    println!("best {percent} percent  {best}, {found} irregular ({precision:.1} %)");
    println!("recall           {:.1} %", 100.0 * found as f64 / all as f64);
    match at_least.first().map(|least| least.parse::<f64>()).transpose()? {
        Some(least) if precision < least => Err(format!("that is less than {least} %").into()),
        _ => Ok(()),
    }
}

/// The score of each declaration.
fn scores(pack: &str, file: &str) -> Result<Vec<(String, i64)>, Failure> {
    let engine = Engine::open(pack)?;
    let inputs = vec![Input::Path(file.into())];
    let mut scores = Vec::new();
    let mut take = |rows: &RecordBatch| {
        let (ids, points) = (rows.column_by_name("declaration_id"), rows.column_by_name("score"));
        if let (Some(ids), Some(points)) = (ids, points) {
            let (ids, points) = (ids.as_string::<i32>(), points.as_primitive::<Int64Type>());
            scores.extend((0..ids.len()).map(|row| (ids.value(row).to_owned(), points.value(row))));
        }
        Ok(())
    };
    let outputs = Outputs { assessments: &mut take, rejects: &mut |_| Ok(()), progress: &mut |_| {} };
    engine.score(inputs).run(outputs)?;
    Ok(scores)
}

/// The label of each declaration.
fn labels(file: &Path, id: &str, label: &str) -> Result<HashMap<String, bool>, Failure> {
    let mut rows = csv::Reader::from_path(file)?;
    let headers = rows.headers()?.clone();
    let position =
        |name: &str| headers.iter().position(|header| header.trim_start_matches('\u{feff}') == name);
    let (Some(id), Some(label)) = (position(id), position(label)) else {
        return Err(format!("{} has no column {id} or {label}", file.display()).into());
    };
    let label = |row: csv::StringRecord| (row[id].to_owned(), &row[label] == "1");
    Ok(rows.records().map(|row| Ok::<_, csv::Error>(label(row?))).collect::<Result<_, _>>()?)
}
