//! A list of entries into a store, and an engine that sees them.
//!
//! `cargo run --release --features sqlite --example store_list -- PACK sqlite:store.sqlite TABLE list.csv 2016-09-06`

#![expect(clippy::print_stdout, reason = "an example speaks to whoever runs it")]

use std::path::Path;

use qingfeng::Engine;
use qingfeng::read::{Input, ReadOptions};
use qingfeng::rules::{Date, Pack, PackFiles};
use qingfeng_store::{Author, Import, ImportOptions, Known, Store, StoreLookups, StoreUrl, TableForm};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [pack, url, table, list, day] = arguments.as_slice() else {
        return Err("give PACK STORE TABLE LIST DAY".into());
    };
    let day: Date = day.parse()?;
    let url = StoreUrl::parse(url, Path::new("."))?;

    let rules = Pack::load(&PackFiles::read(Path::new(pack)))
        .map_err(|mistakes| format!("{} mistakes in the pack", mistakes.errors()))?;
    let options = ImportOptions {
        known: Known::On(day),
        source: Some("market supervision of Yiwu".to_owned()),
        grade: None,
        future: false,
        read: ReadOptions::default(),
    };
    let import = Import::read(TableForm::new(&rules, table)?, vec![Input::Path(list.into())], &options)?;
    import.rejects().iter().for_each(|reject| println!("rejected: {reject}"));
    // The library reads no clock: the moment comes from the program.
    let author = Author { by: "Li Wei".to_owned(), at: format!("{day}T08:30:00Z"), reason: None };
    let mut store = Store::create(&url)?;
    let (imported, snapshot) = import.add(&mut store, &author)?;
    println!("{} added, {} unchanged: {snapshot}", imported.added, imported.unchanged);

    let lookups = StoreLookups::default().store(url).snapshot(snapshot.change);
    let engine = Engine::builder().directory(pack).lookups(&lookups).build()?;
    println!("{}", engine.pack_id());
    Ok(())
}
