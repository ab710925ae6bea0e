//! Declarations decided on in the order in which they come.
//!
//! `cargo run --release --example roll_day -- rules/clean-wind assessments.ndjson draw.key`

#![expect(clippy::print_stdout, reason = "an example speaks to whoever runs it")]

use qingfeng::OpenedPack;
use qingfeng::read::Input;
use qingfeng_inspection::draw::Key;
use qingfeng_inspection::rolling::{ArrivingDeclarations, Roll};
use qingfeng_inspection::{Capacity, Policy};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [pack, assessments, key] = arguments.as_slice() else {
        return Err("give PACK ASSESSMENTS KEY".into());
    };
    let opened = OpenedPack::open(pack)?;
    let policy = Policy::of(opened.pack()).ok_or("the pack has no [selection]")?;
    let capacity = Capacity::of_policy(&policy);
    let key = Key::parse(&std::fs::read_to_string(key)?)?;

    let mut roll = Roll::new(&policy, &capacity, None, Some(&key));
    for arriving in ArrivingDeclarations::open(&Input::Path(assessments.into()), opened.pack())? {
        let arriving = arriving?;
        let taken = roll.take(&arriving);
        if let (Some(office), Some(decision)) = (taken.office, taken.decision)
            && let Some(selected) = decision.selected
        {
            let id = &arriving.declaration_id;
            println!("{office}: {id} {} with {}, {}", selected.name(), decision.probability, decision.why);
        }
    }
    for day in roll.finish() {
        println!("{} {}: {} of {:?}", day.day, day.office, day.used, day.capacity);
    }
    Ok(())
}
