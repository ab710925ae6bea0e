//! `qingfeng coverage`.

use crate::support::{Desk, golden, is_harmful};

#[test]
fn coverage_for_people() {
    let desk = Desk::new();
    for (name, args) in [
        ("coverage.txt", ""),
        ("coverage-trade.txt", "declarations.csv --by commodity,mode"),
        ("coverage-one-axis.txt", "declarations.csv --by mode --limit 1"),
        ("coverage-one-day.txt", "--as-of 2015-03-01 --mode general"),
        ("coverage-cell.txt", "declarations.csv --region africa --commodity motorcycles --mode general"),
    ] {
        let ran = desk.run(&format!("coverage harbour {args}")).exits(0);
        golden(name, &ran.stdout);
        assert_eq!(ran.stderr, "", "{args}");
    }
}

#[test]
fn coverage_as_data() {
    let desk = Desk::new();
    let json = desk.run("coverage harbour declarations.csv --format json").exits(0).json();
    let names = |axis: usize| {
        let segments = json["axes"][axis]["segments"].as_array().unwrap().iter();
        segments.map(|segment| segment["name"].as_str().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(names(0), ["(all)", "africa", "others", "(other)"]);
    assert_eq!(names(2), ["(all)", "general", "border-trade", "(other)"]);
    let cells = json["cells"].as_array().unwrap();
    assert_eq!(cells.len(), 4 * 4 * 4);
    let everything = &cells[0];
    assert_eq!(everything["trade"], json["totals"]["all"]);
    assert_eq!(json["totals"]["lines_rejected"], 1);
    // 2,000 + 500 + 300 + 4,000 + 4,000 + 1,000 + 900 + 30, in hundredths.
    assert_eq!(everything["trade"]["value_cents"], 1_273_000);
    let cell = |names: [&str; 3]| {
        let keys = ["region", "commodity", "mode"];
        let is = |cell: &&serde_json::Value| keys.iter().zip(names).all(|(key, name)| cell[*key] == name);
        cells.iter().find(is).unwrap()
    };
    let batteries = cell(["africa", "batteries", "general"]);
    assert_eq!(
        (&batteries["trade"]["lines"], &batteries["trade"]["value_cents"]),
        (&1.into(), &50_000.into())
    );
    let one = desk.run("coverage harbour --mode general --format json").exits(0).json();
    assert_eq!(one["cells"].as_array().unwrap().len(), 16);
    assert!(one["totals"].is_null() && one["cells"][0]["trade"].is_null());
}

#[test]
fn threads_change_nothing() {
    let desk = Desk::new();
    desk.run("generate --lines 3000 -o many.csv").exits(0);
    let run = |threads: usize| {
        desk.run(&format!("coverage harbour many.csv --format json --threads {threads}")).exits(0).stdout
    };
    assert_eq!(run(1), run(3));
}

#[test]
fn the_page_stands_alone() {
    let desk = Desk::new();
    desk.write(
        "harbour/reference/commodities.toml",
        "[motorcycles]\ntitle = \"<script>alert(1)</script>\\u202e\\u0007\"\nmembers = [\"8711\"]\n\
         [batteries]\ntitle = \"Batteries\"\nmembers = [\"8506\", \"8507\"]\n",
    );
    let ran = desk.run("coverage harbour declarations.csv --html page.html").exits(0);
    assert!(!is_harmful(&ran.stdout));
    let page = desk.read("page.html");
    assert!(page.starts_with("<!DOCTYPE html>") && !is_harmful(&page));
    for needs in ["<script", "http:", "https:", "url(", "@import", "src="] {
        assert!(!page.contains(needs), "{needs}");
    }
    assert!(page.contains("&lt;script&gt;alert(1)") && page.contains("Batteries"));
    // A picture for all modes together, one for each, and the gaps.
    assert_eq!(page.matches("<table class=\"matrix").count(), 4, "{page}");
    for shows in ["Goods by region, all modes", "By trade mode", "General trade", "not green"] {
        assert!(page.contains(shows), "{shows}");
    }
    desk.run("coverage harbour --html page.html --by mode").exits(0);
    assert!(desk.read("page.html").contains("Trade modes"));
}

#[test]
fn a_pack_without_groups_has_one_cell() {
    let desk = Desk::empty();
    desk.write(
        "bare/pack.toml",
        "[pack]\nname = \"bare\"\nversion = \"1\"\n[schema]\nextends = \"export\"\n[[channels]]\nname = \"green\"\nfrom = 0\n",
    );
    let ran = desk.run("coverage bare").exits(0);
    golden("coverage-bare.txt", &ran.stdout);
    desk.run("coverage bare --html bare.html").exits(0);
}

#[test]
fn too_many_cells_are_refused() {
    let desk = Desk::new();
    for file in ["regions", "commodities", "modes"] {
        let groups: String = (0..60)
            .map(|at| {
                format!(
                    "[group-{at}]\ntitle = \"t\"\nmembers = [\"{}\"]\n",
                    match file {
                        "regions" => "KE".to_owned(),
                        "commodities" => format!("{}", 10 + at),
                        _ => format!("M{at}"),
                    }
                )
            })
            .collect();
        desk.write(&format!("bare/reference/{file}.toml"), groups);
    }
    desk.write(
        "bare/pack.toml",
        "[pack]\nname = \"bare\"\nversion = \"1\"\n[schema]\nextends = \"export\"\n[[channels]]\nname = \"green\"\nfrom = 0\n",
    );
    let ran = desk.run("coverage bare --format json").exits(2);
    assert!(ran.stderr.contains("238328 cells, more than the 200000 there can be"), "{}", ran.stderr);
    desk.run("coverage bare").exits(0);
    desk.run("coverage bare --format json --mode group-1").exits(0);
}
