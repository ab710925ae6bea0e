//! The battery through the crate: tables, however they are cut, give the bytes of messages.

use qingfeng::read::{Input, ReadOptions};
use qingfeng::write::{Output, TableWriter};
use qingfeng::{By, Engine};
use qingfeng_testkit::battery::Battery;

#[test]
fn tables_give_the_answers_of_the_battery() {
    let directory = tempfile::tempdir().unwrap();
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let battery =
        Battery::write(root.as_ref(), directory.path()).unwrap_or_else(|problem| panic!("{problem}"));
    let refused = battery.cases.iter().filter(|case| case.refused).count();
    assert!(refused >= 40 && battery.cases.len() >= 200, "{refused} of {}", battery.cases.len());
    let output = directory.path().join("rows.ndjson");
    for case in battery.cases.iter().filter(|case| !case.refused) {
        let engine = Engine::open(&case.pack).unwrap();
        let lines = battery.file(case, "lines.parquet");
        for (by, name) in [(By::Declaration, "by-declaration.ndjson"), (By::Item, "by-item.ndjson")] {
            let options = ReadOptions { batch_lines: 3, ..ReadOptions::default() };
            let scoring = engine.score(Input::Path(lines.clone())).read(options).by(by).reasons(true);
            let target = Output::Path(output.clone());
            let mut writer = TableWriter::create(&target, engine.output_schema(by, true)).unwrap();
            scoring.threads(2).into_iter().for_each(|batch| writer.write(&batch.unwrap().rows).unwrap());
            writer.finish().unwrap();
            assert_eq!(std::fs::read_to_string(&output).unwrap(), battery.text(case, name), "{}", case.name);
        }
    }
}
