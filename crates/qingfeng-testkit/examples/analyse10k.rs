use qingfeng::Engine;
use qingfeng_testkit::workload::{Mix, Workload};
fn main() {
    for (n, mix) in [
        (1000, Mix::Standard),
        (10_000, Mix::Standard),
        (10_000, Mix::NoKeys),
        (10_000, Mix::Numeric),
        (10_000, Mix::Keywords),
    ] {
        let workload = Workload::new(1, n, mix);
        let directory = workload.lay_out().unwrap();
        let start = std::time::Instant::now();
        let engine = Engine::open(directory.path()).unwrap();
        let load = start.elapsed();
        let start = std::time::Instant::now();
        let found = engine.pack().analyse(engine.program(), None);
        let took = start.elapsed();
        let mut counts = std::collections::BTreeMap::new();
        for item in &found {
            *counts.entry(item.code.id()).or_insert(0) += 1;
        }
        println!("{n} {mix:?} {counts:?} load {load:?} analyse {took:?}");
        for code in ["QF1101", "QF1102", "QF1103", "QF1201", "QF1202"] {
            if let Some(i) = found.iter().find(|i| i.code.id() == code) {
                println!("  {} | {:?}", i.title, i.note);
            }
        }
    }
}
