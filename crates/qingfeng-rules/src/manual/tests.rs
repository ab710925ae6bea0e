//! Every function and key is described, and the examples of keys are accepted.

use std::collections::BTreeSet;

use super::*;
use crate::pack::{Pack, PackFiles};

#[test]
fn every_function_is_described_and_nothing_else() {
    let entries = function_entries();
    let described: BTreeSet<&str> =
        entries.iter().filter(|entry| entry.usage.is_some()).map(|entry| entry.name.as_str()).collect();
    assert_eq!(described, language::names().collect::<BTreeSet<_>>());
    for entry in &entries {
        assert!(
            !entry.meaning.is_empty() && !entry.facts.iter().any(|(_, text)| text.is_empty()),
            "{entry:?}"
        );
        assert!(!entry.examples.is_empty(), "{} has no example", entry.name);
        for example in &entry.examples {
            assert!(example.result.as_ref().is_some_and(|result| !result.is_empty()), "{example:?}");
        }
        let is_shown = entry.name.split(' ').any(|name| {
            let name = name.trim_matches(['[', ']', '}']);
            entry.examples.iter().any(|example| example.source.contains(name))
        });
        assert!(is_shown, "{} is in none of its examples", entry.name);
    }
}

/// The examples of keys, put together, are a pack without mistakes.
#[test]
fn examples_of_keys_are_accepted() {
    let of = |table: Table| -> String {
        let plain = table.rows().iter().filter(|row| !row.example.starts_with('['));
        plain.map(|row| format!("{}\n", row.example)).collect()
    };
    let manifest = format!(
        "[pack]\n{}[schema]\n{}[schema.fields.gate]\n{}[schema.fields.share]\nkind = \"number\"\n{}\n[keys]\n{}[score]\n{}\
         [[channels]]\n{}[[channels]]\nname = \"yellow\"\nfrom = 40\n[on_fault]\n{}[on_unreadable]\n{}[lookups.blacklist]\n{}[store]\n{}\
         [[history.grades]]\n{}[lookups.notices]\nstore = \"notices\"\nkey = [\"producer\"]\nmay_be_empty = true\n\
         [lookups.exporter-history]\nhistory = \"exporter\"\n",
        of(Table::Pack),
        of(Table::Schema),
        of(Table::SchemaField).replace("min = 0\nmax = 100\n", ""),
        "min = 0\nmax = 100",
        of(Table::Keys),
        of(Table::Score),
        of(Table::Channel),
        of(Table::OnFault),
        of(Table::OnUnreadable),
        // The rows of a table come from one place.
        of(Table::Lookup)
            .replace("store = \"blacklist\"\n", "")
            .replace("history = \"exporter\"\n", "")
            .replace("may_be_empty = true\n", ""),
        of(Table::Store),
        of(Table::HistoryGrade),
    );
    let quota = of(Table::SelectionQuota).replace("site = \"qingdao\"\n", "").replace("count = 5\n", "");
    let capacity = of(Table::SelectionCapacity).replace("hours = 16\n", "");
    let policy = format!(
        "[selection]\n{}[[selection.trader_classes]]\n{}[selection.mandatory]\n{}[selection.random]\n{}\
         [[selection.random.rates]]\n{}[[selection.quotas]]\n{quota}[selection.cost]\n{}[selection.traders]\n{}\
         [selection.exploration]\n{}[selection.visits]\n{}[[selection.capacity]]\n{capacity}[[selection.overrides]]\n{}",
        of(Table::Selection).replace("\"market\", ", ""),
        of(Table::SelectionClass),
        of(Table::SelectionMandatory),
        of(Table::SelectionRandom),
        of(Table::SelectionRate),
        of(Table::SelectionCost),
        of(Table::SelectionTraders),
        of(Table::SelectionExploration),
        of(Table::SelectionVisits),
        of(Table::SelectionOverride),
    );
    let measures = Table::Measure.rows().iter().enumerate();
    let measures: String = measures
        .map(|(at, row)| {
            format!("[profiles.p{at}]\nkey = [\"exporter\"]\nmeasures = {{ {} }}\n", row.example)
        })
        .collect();
    // What is declared and what is found are measured apart.
    let of_results = "source = \"results\"\nweighted = false\n";
    let declared = of(Table::Profile).replace(of_results, "");
    let profiles = format!(
        "[profiles.exporter]\n{declared}{measures}[profiles.found]\nkey = [\"exporter\"]\n{of_results}\
         measures = {{ bad = \"found\" }}\n[risks.goods]\n{}",
        of(Table::Risk),
    );
    let manifest = manifest + &policy + &profiles;
    let group = |name: &str, members: &str| format!("[{name}]\ntitle = \"t\"\nmembers = [{members}]\n");
    let mut files = PackFiles::default();
    files.insert("pack.toml", manifest.into_bytes());
    let regions = format!("[belt-and-road]\n{}{}", of(Table::Group), group("africa", "\"KE\""));
    files.insert("reference/regions.toml", regions.into_bytes());
    files.insert("reference/commodities.toml", group("motorcycles", "\"8711\"").into_bytes());
    files.insert("reference/modes.toml", group("general", "\"0110\"").into_bytes());
    let member = of(Table::Member).trim_end().replace('\n', ", ");
    let sites = format!(
        "[qingdao]\n{}[other]\ntitle = \"t\"\nkind = \"port\"\nmembers = [{{ {member} }}]\n",
        of(Table::Site)
    );
    files.insert("reference/sites.toml", sites.into_bytes());
    files.insert("reference/rates.toml", of(Table::Rates).into_bytes());
    files.insert("reference/codes.toml", format!("[brand]\n{}", of(Table::Codes)).into_bytes());
    let keys: String = Table::Rule.rows().iter().map(|row| format!("    {},\n", row.example)).collect();
    let fields = Table::Field.rows().iter().chain(Table::Total.rows());
    let fields: String = fields.map(|row| format!("{};\n", row.example)).collect();
    let fields =
        fields + "field(\"is_small\", |d| d.value < 1.0); field(\"has_no_brand\", |d| d.brand == ());\n";
    // Of the kinds of site the example keeps one.
    let rule = format!("{fields}rule(\"EXAMPLE\", #{{\n{keys}}});\n").replace("\"market\"", "\"port\"");
    files.insert("rules.rhai", rule.into_bytes());
    if let Err(mistakes) = Pack::load(&files) {
        panic!("{mistakes}");
    }
}

#[test]
fn entries_are_found_by_name() {
    let parts = |name: &str| -> Vec<(Part, String)> {
        find(name).into_iter().map(|entry| (entry.part, entry.section)).collect()
    };
    assert_eq!(parts("has_word"), [(Part::Functions, "Text".to_owned())]);
    assert_eq!(parts("weekday"), [(Part::Functions, "Dates".to_owned())]);
    assert_eq!(parts("&&"), [(Part::Functions, "Operators".to_owned())]);
    assert_eq!(parts("unit_value"), [(Part::Fields, SECTION_OF_DERIVED.to_owned())]);
    assert_eq!(parts("combine"), [(Part::Keys, "[score]".to_owned())]);
    assert!(parts("mode").len() > 2, "a key of rules, a key of the pack, a field");
    assert!(parts("nowhere-at-all").is_empty());
}
