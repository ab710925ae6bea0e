//! A table of goods lines that is already in memory, as Arrow columns.
//!
//! `cargo run --example assess_table -- rules/clean-wind`

#![expect(clippy::print_stdout, reason = "an example speaks to whoever runs it")]

use std::sync::Arc;

use arrow_array::{Float64Array, RecordBatch, StringArray};
use qingfeng::Engine;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let engine = Engine::open(std::env::args().nth(1).unwrap_or_else(|| "rules/clean-wind".into()))?;
    let table = RecordBatch::try_from_iter([
        ("Declaration ID", Arc::new(StringArray::from(vec!["D1", "D1", "D2"])) as _),
        ("Destination", Arc::new(StringArray::from(vec!["NGA", "NGA", "DEU"])) as _),
        ("Trade mode", Arc::new(StringArray::from(vec!["1039", "1039", "0110"])) as _),
        ("HS code", Arc::new(StringArray::from(vec!["6402.99", "4202.22", "8471.30"])) as _),
        (
            "Goods",
            Arc::new(StringArray::from(vec!["sports shoes, replica", "handbags", "notebook computers"])) as _,
        ),
        ("Value", Arc::new(Float64Array::from(vec![9000.0, 4200.0, 88000.0])) as _),
    ])?;
    let results = engine.assess_batch(&table)?;
    for assessment in results.assessments() {
        println!("{} {} {}", assessment.declaration_id, assessment.channel, assessment.score);
    }
    Ok(())
}
