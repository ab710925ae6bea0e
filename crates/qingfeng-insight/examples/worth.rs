//! What rules are worth: assessments, a plan and results to hit rates, as they were seen and had everything been inspected.
//!
//! `cargo run --release --example worth -- assessments.parquet plan.parquet results.csv`

#![expect(clippy::print_stdout, reason = "an example speaks to whoever runs it")]

use qingfeng::read::Input;
use qingfeng_insight::effect::{Effect, EffectOptions};
use qingfeng_inspection::PlanFile;
use qingfeng_inspection::evidence::Evidence;
use qingfeng_inspection::overrides::Overrides;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [assessments, plan, results] = arguments.as_slice() else {
        return Err("give ASSESSMENTS PLAN RESULTS".into());
    };
    let plans = [PlanFile::read(plan.as_ref())?];
    let (assessments, results) = (Input::Path(assessments.into()), Input::Path(results.into()));
    let mut evidence = Evidence::read(&[assessments], &plans, &[results], None)?;
    // What people took off the list was not inspected, and is not clear.
    for plan in &plans {
        evidence.change(plan, &Overrides::read(plan)?);
    }
    let rejected = &evidence.outcome_rejects;
    if let Some(first) = rejected.first.first() {
        println!("{} results cannot be read, the first: {first}", rejected.total);
    }
    let effect = Effect::of(&evidence, &EffectOptions::default())?;
    for rule in effect.rules.iter().take(20) {
        let estimate = &rule.figures.estimate;
        println!(
            "{:<16} seen {:.3}, of all {:.3} ({:.3} to {:.3}), {}",
            rule.rule,
            rule.figures.seen.map_or(f64::NAN, |seen| seen.rate),
            estimate.rate.unwrap_or(f64::NAN),
            estimate.low,
            estimate.high,
            rule.rating.state.name()
        );
    }
    Ok(())
}
