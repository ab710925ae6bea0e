//! Writes the battery into a directory: `cargo run -p qingfeng-testkit --example battery -- DIR`.
#![expect(clippy::print_stdout, reason = "an example speaks to whoever runs it")]

use std::path::Path;

use qingfeng_testkit::battery::Battery;

fn main() -> Result<(), String> {
    let directory = std::env::args_os().nth(1).ok_or("give the directory: battery DIR")?;
    let battery =
        Battery::write(concat!(env!("CARGO_MANIFEST_DIR"), "/../..").as_ref(), Path::new(&directory))?;
    println!("{} cases", battery.cases.len());
    Ok(())
}
