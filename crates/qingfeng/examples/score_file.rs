//! A file of declarations, scored to another file.
//!
//! `cargo run --release --example score_file -- rules/clean-wind declarations.csv scores.parquet`

#![expect(clippy::print_stdout, reason = "an example speaks to whoever runs it")]

use std::sync::Arc;

use qingfeng::read::{Input, ReadOptions, Reader};
use qingfeng::write::{Output, TableWriter};
use qingfeng::{By, Engine, JobOptions, Outputs};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [pack, input, output] = arguments.as_slice() else { return Err("give PACK INPUT OUTPUT".into()) };
    let engine = Engine::open(pack)?;
    let inputs = vec![Input::Path(input.into())];
    let reader = Reader::new(Arc::clone(&engine.pack().schema), inputs, ReadOptions::default())?;
    let mut writer =
        TableWriter::create(&Output::Path(output.into()), engine.output_schema(By::Declaration, true))?;
    let outputs = Outputs {
        assessments: &mut |rows| writer.write(rows),
        rejects: &mut |rejects| {
            rejects.iter().for_each(|reject| println!("rejected: {reject}"));
            Ok(())
        },
        progress: &mut |_| {},
    };
    let options = JobOptions { reasons: true, ..JobOptions::default() };
    let summary = engine.run(reader, outputs, &options)?;
    writer.finish()?;
    println!("{}", serde_json::to_string_pretty(&summary)?);
    Ok(())
}
