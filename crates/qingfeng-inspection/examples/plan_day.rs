//! Assessments of a day to a plan: who gets inspected, and how likely it was.
//!
//! `cargo run --release --example plan_day -- rules/clean-wind assessments.parquet draw.key 2016-09-06 plan.csv`

#![expect(clippy::print_stdout, reason = "an example speaks to whoever runs it")]

use qingfeng::OpenedPack;
use qingfeng::read::Input;
use qingfeng::rules::Date;
use qingfeng::write::{Output, TableWriter};
use qingfeng_inspection::draw::Key;
use qingfeng_inspection::{
    Candidates, Capacity, PlanColumns, PlanInputs, PlanMarks, Planner, Policy, plan_rows,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [pack, assessments, key, day, output] = arguments.as_slice() else {
        return Err("give PACK ASSESSMENTS KEY DAY OUTPUT".into());
    };
    let day: Date = day.parse()?;
    // A plan needs the policy of the pack and asks no store.
    let opened = OpenedPack::open(pack)?;
    let policy = Policy::of(opened.pack()).ok_or("the pack has no [selection]")?;
    let capacity = Capacity::of_policy(&policy);
    let key = Key::parse(&std::fs::read_to_string(key)?)?;

    let candidates = Candidates::read(&[Input::Path(assessments.into())], &opened)?;
    let plan = Planner::new(&policy, &capacity).plan(&candidates, day, day, &|day| Some(key.of_day(day)))?;

    let commitment = key.of_day(day).commitment(&policy.draw_terms(opened.pack_id(), &capacity, day));
    let inputs = PlanInputs::new([day, day], &candidates, &capacity, None)?.to_string();
    let marks = PlanMarks { pack: candidates.packs.join(" "), inputs };
    let mut writer = TableWriter::create(&Output::Path(output.into()), PlanColumns::TABLE.schema())?;
    for planned in &plan.days {
        println!("{}: {} inspections", planned.office, planned.selected.len());
        let rows = plan_rows(planned, &policy, &candidates.all, Some(&commitment), &marks)?;
        writer.write(&rows)?;
    }
    writer.finish()?;
    println!("{} declarations of no office", plan.no_office.len());
    Ok(())
}
