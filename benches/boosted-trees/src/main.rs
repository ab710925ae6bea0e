//! Gradient-boosted trees on the public import declarations, to hold `qingfeng mine` against.
//!
//! ```text
//! cargo +nightly run -- DIRECTORY [BUDGET]
//! ```

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::error::Error;
use std::path::Path;

use perpetual::objective::Objective;
use perpetual::{Matrix, PerpetualBooster};

/// The columns that rules of `rules/import-fraud` see, and whether they are codes. The same for the trees.
const COLUMNS: [(&str, bool); 14] = [
    ("Office ID", true),
    ("Process Type", true),
    ("Import Type", true),
    ("Import Use", true),
    ("Payment Type", true),
    ("Mode of Transport", true),
    ("HS6 Code", true),
    ("Country of Departure", true),
    ("Country of Origin", true),
    ("Tax Rate", false),
    ("Tax Type", true),
    ("Country of Origin Indicator", true),
    ("Net Mass", false),
    ("Item Price", false),
];
/// What a cold line must not share with a judged one.
const COLD: [&str; 5] = ["HS6 Code", "Country of Departure", "Country of Origin", "Tax Rate", "Tax Type"];
/// Codes with fewer learning lines are one code.
const LEAST: usize = 5;

/// Rates of codes are taken as if so many lines more were like all.
const LIKE: f64 = 20.0;

/// What a code is to the trees.
#[derive(Clone, Copy, PartialEq)]
enum Codes {
    /// A category of the library's own.
    Native,
    /// A number, in the order of letters.
    Numbers,
    /// The shrunken rate of findings on its learning lines.
    Rates,
}

type Row = BTreeMap<String, String>;

/// The files have no quotes: commas part cells.
fn read(path: &Path) -> Result<Vec<Row>, Box<dyn Error>> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut lines = text.trim_start_matches('\u{feff}').lines();
    let header: Vec<&str> = lines.next().ok_or("no header")?.split(',').collect();
    let mut rows = Vec::new();
    for (at, line) in lines.enumerate() {
        let cells: Vec<&str> = line.split(',').collect();
        if cells.len() != header.len() {
            return Err(format!("{}: line {}: {} cells, not {}", path.display(), at + 2, cells.len(), header.len()).into());
        }
        rows.push(header.iter().zip(cells).map(|(name, cell)| ((*name).to_owned(), cell.to_owned())).collect());
    }
    Ok(rows)
}

/// The columns as numbers: codes by their places among the codes of the learning lines.
struct Encoder {
    columns: Vec<(String, Option<BTreeMap<String, f64>>)>,
}

impl Encoder {
    fn new(learn: &[&Row], hs: &[usize], codes_as: Codes) -> Self {
        let base = learn.iter().map(|row| found(row)).sum::<f64>() / learn.len() as f64;
        let mut columns = Vec::new();
        let mut add = |name: String, codes: bool| {
            let map = codes.then(|| {
                let mut counts: BTreeMap<String, (usize, f64)> = BTreeMap::new();
                for row in learn {
                    let count = counts.entry(value(row, &name)).or_default();
                    count.0 += 1;
                    count.1 += found(row);
                }
                let large = counts.into_iter().filter(|(_, (count, _))| *count >= LEAST);
                let number = |(at, (code, (count, hits))): (usize, (String, (usize, f64)))| {
                    let rate = (hits + LIKE * base) / (count as f64 + LIKE);
                    (code, if codes_as == Codes::Rates { rate } else { at as f64 + 1.0 })
                };
                large.enumerate().map(number).collect()
            });
            columns.push((name, map));
        };
        for (name, codes) in COLUMNS {
            match name {
                "HS6 Code" => hs.iter().for_each(|digits| add(format!("HS{digits}"), true)),
                name => add(name.to_owned(), codes),
            }
        }
        add("Price by mass".to_owned(), false);
        Self { columns }
    }

    /// Column after column.
    fn encode(&self, rows: &[&Row]) -> Vec<f64> {
        let mut data = Vec::with_capacity(rows.len() * self.columns.len());
        for (name, codes) in &self.columns {
            data.extend(rows.iter().map(|row| {
                let text = value(row, name);
                match codes {
                    Some(codes) => codes.get(&text).copied().unwrap_or(0.0),
                    None => text.parse().unwrap_or(f64::NAN),
                }
            }));
        }
        data
    }

    fn categories(&self) -> HashSet<usize> {
        self.columns.iter().enumerate().filter(|(_, (_, codes))| codes.is_some()).map(|(at, _)| at).collect()
    }
}

fn value(row: &Row, name: &str) -> String {
    if let Some(digits) = name.strip_prefix("HS").and_then(|digits| digits.parse::<usize>().ok()) {
        return row["HS6 Code"].get(..digits).unwrap_or_default().to_owned();
    }
    if name == "Price by mass" {
        let number = |name: &str| row[name].parse::<f64>().unwrap_or(f64::NAN);
        let quotient = number("Item Price") / number("Net Mass");
        return if quotient.is_finite() { quotient.to_string() } else { String::new() };
    }
    row[name].clone()
}

fn found(row: &Row) -> f64 {
    f64::from(u8::from(row["Fraud"] == "1"))
}

fn judge(name: &str, scores: &[f64], judged: &[&Row]) {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]).then(a.cmp(&b)));
    let all: f64 = judged.iter().map(|row| found(row)).sum();
    for percent in [1, 2, 5, 10] {
        let best = (scores.len() * percent + 50) / 100;
        let hits: f64 = order[..best].iter().map(|&at| found(judged[at])).sum();
        println!(
            "{name:<28} best {percent:>2} %  precision {:.3}  recall {:.3}",
            hits / best as f64,
            hits / all
        );
    }
}

fn boosted(learn: &[&Row], rows: &[&Row], hs: &[usize], codes_as: Codes, budget: f32) -> Result<Vec<f64>, Box<dyn Error>> {
    let encoder = Encoder::new(learn, hs, codes_as);
    let columns = encoder.columns.len();
    let data = encoder.encode(learn);
    let matrix = Matrix::new(&data, learn.len(), columns);
    let targets: Vec<f64> = learn.iter().map(|row| found(row)).collect();
    let mut booster = PerpetualBooster::default()
        .set_objective(Objective::LogLoss)
        .set_budget(budget)
        .set_seed(2020)
        .set_num_threads(Some(2))
        .set_categorical_features((codes_as == Codes::Native).then(|| encoder.categories()));
    booster.fit(&matrix, &targets, None, None)?;
    let judged = encoder.encode(rows);
    Ok(booster.predict(&Matrix::new(&judged, rows.len(), columns), true))
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let directory = arguments.first().ok_or("name the directory with train.csv and valid.csv")?;
    let budgets: Vec<f32> = match arguments.get(1) {
        Some(budget) => vec![budget.parse()?],
        None => vec![0.1, 0.3, 0.5, 1.0],
    };
    let train = read(&Path::new(directory).join("train.csv"))?;
    let valid = read(&Path::new(directory).join("valid.csv"))?;
    let judged: Vec<&Row> = valid.iter().collect();
    let tuple = |row: &Row| COLD.map(|name| row[name].clone());
    let known: BTreeSet<[String; 5]> = valid.iter().map(tuple).collect();
    let all: Vec<&Row> = train.iter().collect();
    let cold: Vec<&Row> = train.iter().filter(|row| !known.contains(&tuple(row))).collect();
    println!("{} lines to learn from, {} of them cold; {} judged", all.len(), cold.len(), judged.len());
    for (name, hs) in [("HS6", &[6][..]), ("HS2, HS4", &[2, 4]), ("HS2, HS4, HS6", &[2, 4, 6])] {
        for (codes_as, kind) in [(Codes::Native, "native"), (Codes::Numbers, "by number"), (Codes::Rates, "by rate")] {
            for &budget in &budgets {
                for (learn, which) in [(&cold, "cold"), (&all, "as it is")] {
                    let scores = boosted(learn, &judged, hs, codes_as, budget)?;
                    judge(&format!("{which}, {name}, {kind}, {budget}"), &scores, &judged);
                }
            }
        }
    }
    Ok(())
}
