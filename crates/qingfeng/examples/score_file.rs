//! A file of declarations, scored to another file.
//!
//! `cargo run --release --example score_file -- rules/clean-wind declarations.csv scores.parquet`

#![expect(clippy::print_stdout, reason = "an example speaks to whoever runs it")]

use qingfeng::read::Input;
use qingfeng::write::{Output, TableWriter};
use qingfeng::{By, Engine, Outputs};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [pack, input, output] = arguments.as_slice() else { return Err("give PACK INPUT OUTPUT".into()) };
    let engine = Engine::open(pack)?;
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
    let summary = engine.score(Input::Path(input.into())).reasons(true).run(outputs)?;
    writer.finish()?;
    println!("{}", serde_json::to_string_pretty(&summary)?);
    Ok(())
}
