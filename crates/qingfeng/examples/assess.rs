//! One declaration, as a customs system asks while it is being lodged.
//!
//! `cargo run --example assess -- rules/clean-wind`

#![expect(clippy::print_stdout, reason = "an example speaks to whoever runs it")]

use qingfeng::{Declaration, Engine, Item};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let engine = Engine::open(std::env::args().nth(1).unwrap_or_else(|| "rules/clean-wind".into()))?;
    let motorcycles = Item::new().with("hs", "8711209000").with("quantity", 40).with("value", 8000.0);
    let declaration = Declaration::new().with("declaration_id", "530120160001").with("mode", "0110");
    let assessment = engine.assess(&declaration.with("destination", "KEN").item(motorcycles))?;
    println!("{} {}: {}", assessment.declaration_id, assessment.channel, assessment.score);
    for fired in assessment.items[0].fired.iter().filter(|fired| !fired.shadow) {
        println!("{:>4} {} {}", fired.points, fired.rule, fired.reason.as_deref().unwrap_or(""));
    }
    Ok(())
}
