#![allow(clippy::all)]
use qingfeng::Engine;
fn main() {
    let dir = std::env::args().nth(1).unwrap();
    let engine = Engine::open(&dir).unwrap();
    let start = std::time::Instant::now();
    let found = engine.pack().analyse(engine.program(), engine.pack().check_as_of);
    let took = start.elapsed();
    let mut all = engine.pack().warnings.clone();
    all.items = found;
    let mut counts = std::collections::BTreeMap::new();
    for item in &all.items {
        *counts.entry(item.code.id()).or_insert(0) += 1;
        println!("{}\n    note: {}", all.line(item), item.note.clone().unwrap_or_default());
    }
    println!("{counts:?} {took:?}");
}
