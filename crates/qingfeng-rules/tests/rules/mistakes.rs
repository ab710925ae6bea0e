//! The message of every mistake a pack's author can make, word for word.
//!
//! The messages are kept in `golden/mistakes.txt`. After a change that means to change them, run the tests with
//! `QINGFENG_BLESS=1` and read the difference.

use crate::support::{MANIFEST, files};
use qingfeng_rules::{Pack, PackFiles};

/// All messages of a pack, one line each; none for a pack without mistakes.
fn messages(files: &PackFiles) -> Vec<String> {
    match Pack::load(files) {
        Ok(pack) => pack.warnings.items.iter().map(|item| pack.warnings.line(item)).collect(),
        Err(mistakes) => mistakes.items.iter().map(|item| mistakes.line(item)).collect(),
    }
}

/// Conditions with a mistake in them.
const CONDITIONS: &[&str] = &[
    "d.value < 1.0e999",
    "switch d.quantity { 10 => true, _ => false }",
    "switch d.packages { 7.0 => true, _ => false }",
    "switch #{a: 1}.a { 1 => true, _ => false }",
    "(d.hs == \"1\" ? d.value : 2.0) > 1",
    "(d.packages ?? 1) / (d.packages - 2) > 1",
    "d.brand = \"DELI\" && d.value > 3.0",
    "d.unit_vale < 300.0",
    "d.quantty > 1",
    "d.hs == 8711",
    "d.value == \"10\"",
    "d.declared_on > \"2016-01-01\"",
    "d.brand && true",
    "d.certified",
    "d.certified && true",
    "!d.certified",
    "d.value < ()",
    "d.certified < true",
    "d.brand + 1 == ()",
    "d.mode in [110]",
    "d.brand in 5",
    "d.goods.contans(\"x\")",
    "d.goods.contains(1)",
    "unit_value < 3",
    "LIMIT > 3",
    "d.unit_value",
    "d.value()",
    "d.goods.length > 3",
    "d.listed(\"blaklist\")",
    "d.listed",
    "d.listed(d.brand)",
    "d.lookup(\"blacklist\").grad == 1",
    "d.goods.matches(\"(\")",
    "d.goods.matches(d.brand)",
    "d.declared_on.hour == 3",
    "date(\"2016-02-30\") < d.declared_on",
    "d[\"hs\"] == \"1\"",
    "d.goods[0] == \"x\"",
    "d.value ** 0.5 > 1",
    "d.packages / 2 > 1",
    "this.x",
    "d?.hs == \"1\"",
    "{ let m = #{}; m[\"a\"] = 1; true }",
    "{ d.hs = \"1\"; true }",
    "{ try { true } catch { false } }",
    "{ throw 1; }",
    "eval(\"1\") == 1",
    "{ import \"x\" as y; true }",
    "global::X == 1",
    "'a' == d.brand",
    "type_of(d) == \"x\"",
    "print(\"x\") == ()",
    "switch d.mode { 110 => true, _ => false }",
    "d.hs << 2",
    "if d.brand { true } else { false }",
    "[1,2].some(|x| x)",
    "d.value.some(|x| true)",
    "d.brand ?? 5 == 5",
    "d.value & 1 == 1",
    "timestamp() == 1",
    "sleep(1) == ()",
    "for x in 5 { }",
    "d.brand == brand",
    "rule(\"X\", #{})== ()",
    "",
];

/// Rule files with a mistake in them.
const RULE_FILES: &[&str] = &[
    "const PRICE = #{ moto: 300.0, phone: 40.0 };\nrule(\"R\", #{ title: \"t\", when: |d| d.unit_value < PRICE.mot });",
    "const PRICE = #{ moto: 300.0, phone: 40.0 };\nrule(\"R\", #{ title: \"t\", when: |d| d.unit_value < PRICE[\"phon\"] });",
    "const PRICE = #{ moto: 300.0, phone: 40.0 };\nrule(\"R\", #{ title: \"t\", when: |d| d.goods == PRICE[d.hs] });",
    "/* a note\nrule(\"R\", #{ title: \"t\" });",
    "rule(\"R\", #{ title: \"t\" }); /* a /* nested */ note",
    "rule(\"R\", #{ title: \"t\", region: [] });",
    "rule(\"R\", #{ titel: \"t\" });",
    "rule(\"R\", #{ title: 5 });",
    "rule(\"R\", #{ title: \"t\", title_zh: \" \" });",
    "rule(\"R R\", #{ title: \"t\" });",
    "rule(5, #{ title: \"t\" });",
    "rule(\"R\");",
    "rule(\"R\", 5);",
    "rule(\"R\", #{ title: \"t\" });\nrule(\"R\", #{ title: \"u\" });",
    "rule(\"R\", #{ title: \"t\", region: [\"KE\", \"afrika\"] });",
    "rule(\"R\", #{ title: \"t\", region: 5 });",
    "rule(\"R\", #{ title: \"t\", commodity: [\"motorcicles\"] });",
    "rule(\"R\", #{ title: \"t\", mode: \"0111\" });",
    "rule(\"R\", #{ title: \"t\", site: [\"qindao\", \"prot\"] });",
    "rule(\"R\", #{ title: \"t\", status: \"activ\" });",
    "rule(\"R\", #{ title: \"t\", from: \"2016-13-01\" });",
    "rule(\"R\", #{ title: \"t\", from: \"2016-02-01\", until: \"2016-01-01\" });",
    "rule(\"R\", #{ title: \"t\", at_least: \"purple\" });",
    "rule(\"R\", #{ title: \"t\", score: 3.5 });",
    "rule(\"R\", #{ title: \"t\", score: 3000000 });",
    "rule(\"R\", #{ title: \"t\", score: |d| d.unit_value });",
    "rule(\"R\", #{ title: \"t\", score: |d| d.packages });",
    "rule(\"R\", #{ title: \"t\", reason: |d| 5 });",
    "rule(\"R\", #{ title: \"t\", reason: \"x\" });",
    "rule(\"R\", #{ title: \"t\", when: true });",
    "rule(\"R\", #{ title: \"t\", when: |a, b| true });",
    "rule(\"R\", #{ title: \"t\", tags: [1] });",
    "field(\"X\", |d| 1);",
    "field(\"hs\", |d| 1);",
    "field(\"x\", 5);",
    "field(\"x\", |d| [1]);",
    "field(\"x\");",
    "rule(\"R\", #{ title: \"t\", when: |d| d.x > 1 });\nfield(\"x\", |d| 1);",
    "rule(\"R\", #{ title: \"t\", ",
    "let x = ;",
    "loop { }",
    "let s = \"ab\"; loop { s += s; }",
    "1 / 0",
    "x + 1",
    "fn f(x) { f(x) }\nf(1);",
    "[1][5]",
    "rul(\"R\", #{});",
    "const LIMIT = 5;\nfn f(d) { d.packages > LIMIT }\nrule(\"R\", #{ title: \"t\", when: |d| f(d) });",
    "fn contains(a, b) { true }",
    "rule(\"R\", #{ title: \"t\", title: \"u\" });",
    "",
    "rule(\"R\", #{ title: \"t\", status: \"draft\" });",
    "let a = []; let f = |x| a; a.push(f); rule(\"R\", #{ title: \"t\", when: |d| a.len() == 1 });",
    "let x = \"abc;",
    "rule(\"R\", #{ title: \"t\", when: |d| d.value < 1 });\nrule(\"S\", #{ title: \"t\", when: |d| d.vlue < 1 });\nrule(\"T\", #{ titl: \"t\" });",
    "let t = #{ title: \"t\", regio: \"KE\" };\nrule(\"R\", t);",
    "for b in [\"A\", \"B C\"] { rule(b, #{ title: b }); }",
];

/// Changes to `pack.toml`: what is replaced, and by what.
const MANIFESTS: &[(&str, &str)] = &[
    ("[pack]\n", "[pak]\n"),
    ("name = \"test\"", "nam = \"test\""),
    ("version = \"1\"", "version = 1"),
    ("extends = \"export\"", "extends = \"exprot\""),
    ("[schema]\nextends = \"export\"\n", ""),
    ("extends = \"export\"", ""),
    ("extends = \"export\"", "extends = \"export\"\ndate = \"hs\""),
    ("extends = \"export\"", "extends = \"export\"\nitem = \"itm_no\""),
    ("kind = \"flag\"", "kind = \"boolean\""),
    ("kind = \"flag\"", ""),
    ("kind = \"flag\"", "kind = \"flag\"\nmin = 1"),
    ("kind = \"flag\"", "kind = \"number\"\nmin = 5\nmax = 1"),
    ("kind = \"flag\"", "kind = \"number\"\nmin = inf"),
    ("kind = \"flag\"", "kind = \"text\"\ncodes = \"country\""),
    ("kind = \"flag\"", "kind = \"flag\"\ncolumns = [\"HS code\"]"),
    ("kind = \"flag\"", "kind = \"flag\"\ncolumns = [1]"),
    ("kind = \"flag\"", "kind = \"flag\"\nrequird = true"),
    ("fields.certified", "fields.hs"),
    ("fields.certified", "fields.Certified"),
    ("fields.certified", "fields.year"),
    ("name = \"red\"", "name = \"green\""),
    ("name = \"red\"", "name = \"RED\""),
    ("from = 70", "from = 0"),
    ("from = 70", "from = \"70\""),
    ("from = 70", ""),
    ("[[channels]]\nname = \"green\"\nfrom = 0\n[[channels]]\nname = \"red\"\nfrom = 70\n", ""),
    ("at_least = \"red\"", "at_least = \"rad\""),
    ("key = [\"exporter\"]", "key = [\"exporteur\"]"),
    ("key = [\"exporter\"]", "key = [\"value\"]"),
    ("key = [\"exporter\"]", ""),
    ("[lookups.blacklist]", "[profiles.Past]\nmeasures = {}\n[lookups.blacklist]"),
    (
        "[lookups.blacklist]",
        "[profiles.blacklist]\nkey = [\"exporter\", \"hs2\", \"hs4\", \"hs6\", \"hs\", \"mode\", \"brand\"]\nwindow = 0\nleast = 0\nmeasures = { a = \"lines\" }\n[lookups.blacklist]",
    ),
    (
        "[lookups.blacklist]",
        "[profiles.past]\nkey = [\"expotrer\"]\nmeasures = { exporter = \"lines\", B = \"line\", c = \"median\", d = 1 }\n[lookups.blacklist]",
    ),
    (
        "[lookups.blacklist]",
        "[profiles.past]\nkey = [\"exporter\"]\nmeasures = { a = { median = \"value\" }, b = { sum = \"value\", mean = \"value\" }, c = { quantile = 2, of = \"value\" }, d = { quantile = 0.5 }, e = { sum = \"value\", of = \"value\" } }\n[lookups.blacklist]",
    ),
    (
        "[lookups.blacklist]",
        "[profiles.past]\nkey = [\"exporter\"]\nmeasures = { a = { sum = \"hs\" }, b = { sum = \"valeu\" }, c = { share = \"value\" }, d = { distinct = \"value\" }, e = { count = \"lines\", where = \"value\" }, f = { share = \"hs_in_force\", where = \"hs_in_force\" } }\n[lookups.blacklist]",
    ),
    (
        "[lookups.blacklist]",
        "[profiles.past]\nkey = [\"exporter\"]\nsource = \"result\"\nweighted = true\nmeasures = { a = \"found\" }\n[lookups.blacklist]",
    ),
    (
        "[lookups.blacklist]",
        "[profiles.past]\nkey = [\"exporter\"]\nsource = \"results\"\nmeasures = { a = \"fond\", b = { sum = \"value\" }, c = \"lines\" }\n[lookups.blacklist]",
    ),
    ("[lookups.blacklist]", "[risks.Goods]\nlevels = []\nprior = 0\n[lookups.blacklist]"),
    ("[lookups.blacklist]", "[risks.goods]\nstrength = 0\ndeviations = -1\nwindow = 0\n[lookups.blacklist]"),
    (
        "[lookups.blacklist]",
        "[risks.goods]\nlevels = [[\"hs2\"], [\"hs4\"]]\nprior = 0.1\nstrength = [1]\n[risks.more]\nlevels = [[\"hs2\"]]\nprior = 0.1\nstrength = [0]\n[lookups.blacklist]",
    ),
    (
        "[lookups.blacklist]",
        "[risks.goods]\nlevels = [[], [\"hs2\", \"hs2\"], [\"hs7\"], \"hs2\"]\nprior = 0.1\n[lookups.blacklist]",
    ),
    (
        "[lookups.blacklist]",
        "[profiles.goods_1]\nkey = [\"hs2\"]\nmeasures = { a = \"lines\" }\n[risks.goods]\nlevels = [[\"hs2\"]]\nprior = 0.1\n[lookups.blacklist]",
    ),
    ("file = \"lookups/blacklist.csv\"", "file = \"../blacklist.csv\""),
    ("file = \"lookups/blacklist.csv\"", ""),
    ("file = \"lookups/blacklist.csv\"", "store = \"Blacklist\"\nmay_be_empty = \"yes\""),
    ("file = \"lookups/blacklist.csv\"", "file = \"lookups/blacklist.csv\"\nmay_be_empty = true"),
    ("file = \"lookups/blacklist.csv\"", "file = \"lookups/blacklist.csv\"\nstore = \"blacklist\""),
    ("file = \"lookups/blacklist.csv\"", "history = \"importer\""),
    ("file = \"lookups/blacklist.csv\"", "history = \"exporter\""),
    ("file = \"lookups/blacklist.csv\"", "store = \"blacklist\""),
    ("[on_fault]", "[store]\nurl = \"mysql:blacklist\"\n[on_fault]"),
    ("[on_fault]", "[store]\nurl = \"postgresql://risk:secret@db/qingfeng\"\n[on_fault]"),
    ("[on_fault]", "[store]\n[on_fault]"),
    ("[on_fault]", "[history]\n[on_fault]"),
    (
        "[on_fault]",
        "[[history.grades]]\nname = \"A\"\n[[history.grades]]\nviolations_12m = 0\nmajors = true\n[on_fault]",
    ),
    ("grade = \"integer\"", "grade = \"int\""),
    ("grade = \"integer\"", "exporter = \"integer\""),
    ("[on_fault]", "[score]\ncombine = \"add\"\nfloor = 9\ncap = 1\n[on_fault]"),
    ("[on_fault]", "[keys]\nregion = \"value\"\nmod = \"mode\"\n[on_fault]"),
    ("[on_fault]", "[on_fault"),
    ("name = \"test\"", "name = \"test"),
];

/// Inspection policies with a mistake in them: what follows `[selection]`.
const POLICIES: &[&str] = &[
    "ofices = [\"port\"]",
    "offices = [\"prot\", \"port\", \"port\"]",
    "offices = []",
    "trader = \"exportr\"",
    "trader = \"hs\"",
    "groups = [\"motorcicles\", \"other\", \"motorcycles\", \"motorcycles\"]",
    "worth = \"money\"",
    "targeted_from = \"yelow\"",
    "trader_classes = [\"trusted\"]",
    "[[selection.trader_classes]]\nname = \"known\"\nlisted = \"blacklist\"",
    "[[selection.trader_classes]]\nname = \"found\"\nlisted = \"blaklist\"",
    "[[selection.trader_classes]]\nname = \"Found\"\nlisted = \"blacklist\"",
    "[[selection.trader_classes]]\nname = \"a\"\nlisted = \"blacklist\"\n[[selection.trader_classes]]\nname = \"a\"\nlisted = \"blacklist\"",
    "[[selection.trader_classes]]\nname = \"a\"",
    "[selection.mandatory]\nforced = \"yes\"\ntags = [\"notise\", \"notice\", \"notice\"]",
    "[selection.random]\nrate = 2",
    "[selection.random]\nrate = 0.02000001",
    "[selection.random]\nrate = 0",
    "[selection.random]\nstrata = [\"goods\"]\nat_least = \"week\"",
    "[[selection.random.rates]]\nrate = 0.5",
    "[[selection.random.rates]]\noffice = \"qingdao\"",
    "[[selection.random.rates]]\noffice = \"henan\"\nrate = 0.5",
    "[[selection.random.rates]]\ngroup = \"motorcycles\"\nrate = 0.5",
    "groups = [\"motorcycles\"]\n[selection.random]\nstrata = [\"group\", \"trader_class\"]\n[[selection.random.rates]]\n\
     group = \"motorcycle\"\ntrader_class = \"trusted\"\nrate = 0.5",
    "[selection.random]\nrate = 0.02\n[[selection.random.rates]]\noffice = \"qingdao\"\nrate = 0.5\n\
     [[selection.random.rates]]\noffice = \"qingdao\"\nrate = 0.4",
    "[[selection.quotas]]\nname = \"a\"",
    "[[selection.quotas]]\nkind = \"port\"\nsite = \"qingdao\"\nshare = 0.1\ncount = 5",
    "[[selection.quotas]]\nname = \"a\"\nkind = \"prot\"\nshare = 1.5",
    "[[selection.quotas]]\nname = \"a\"\nsite = \"qindao\"\ncount = 0",
    "[[selection.quotas]]\nname = \"a\"\nkind = \"port\"\ncount = 5\n[[selection.quotas]]\nname = \"a\"\nkind = \"port\"\ncount = 6",
    "[selection.cost]\ndeclaration = 0\nline = 0\npoints_per_hour = 0",
    "[selection.cost]\nline = -5\n[selection.cost.groups]\nmotorcycles = 8",
    "[selection.traders]\ninspections = 3\nper_day = 0",
    "[selection.exploration]\nshare = -0.1\ncell = [\"bande\", \"group\", \"group\"]",
    "[selection.visits]\nkinds = \"port\"",
    "[selection.visits]\nkind = \"prot\"\nper_month = 0\nrandom = 20\npause_days = -1",
    "trader = \"hs\"\n[selection.visits]\nkind = \"port\"\nper_month = 100001",
    "[[selection.capacity]]\ninspections = 10",
    "[[selection.capacity]]\nsite = \"qingdao\"",
    "[[selection.capacity]]\nsite = \"qingdao\"\ninspections = 10\nhours = 16",
    "[[selection.capacity]]\nsite = \"qingdao\"\nhours = -1\n[[selection.capacity]]\nsite = \"henan\"\ninspections = 1",
    "[[selection.capacity]]\nsite = \"qingdao\"\ninspections = 1\n[[selection.capacity]]\nsite = \"qingdao\"\ninspections = 2",
    "[[selection.overrides]]\nactions = [\"dropp\"]\nselected = [\"drawn\"]\nchannel = \"rad\"\nscore_from = \"high\"",
];

/// Reference files with a mistake in them.
const REFERENCES: &[(&str, &str)] = &[
    ("regions", "[africa]\ntitle = \"Africa\"\nmembers = [\"KE\", \"XX\", \"KEN\"]"),
    ("regions", "[africa]\ntitle = \"Africa\"\nmembrs = [\"KE\"]"),
    ("regions", "[africa]\nmembers = [\"KE\"]"),
    ("regions", "[Africa]\ntitle = \"Africa\"\nmembers = [5]"),
    ("regions", "africa = [\"KE\"]"),
    ("regions", "[africa]\ntitle = \"Africa\"\nmembers = [{ code = \"KE\", from = \"2016-02-30\" }]"),
    (
        "regions",
        "[africa]\ntitle = \"Africa\"\nmembers = [{ code = \"KE\", from = \"2016-02-01\", until = \"2016-01-01\" }]",
    ),
    ("regions", "[africa]\ntitle = \"Africa\"\nmembers = [{ cod = \"KE\" }]"),
    ("commodities", "[toys]\ntitle = \"Toys\"\nmembers = [\"9503\", \"95O4\", \"1\"]"),
    ("sites", "[qingdao]\ntitle = \"Qingdao\"\nmembers = [\"CNTAO\"]"),
    ("sites", "[qingdao]\ntitle = \"Qingdao\"\nkind = \"harbour\"\nmembers = [\"CNTAO\", \"*\"]"),
    ("modes", "[general]\ntitle = \"General\"\nkind = \"x\"\nmembers = []"),
    ("region", "[africa]\ntitle = \"Africa\"\nmembers = [\"KE\"]"),
    (
        "codes",
        "brand = [\"DELI\"]\n[brnad]\nnothing = [\"无\"]\n[value]\nnothing = [\"0\"]\n[hs]\nnothing = [\"0\"]",
    ),
    (
        "codes",
        "[brand]\nnothing = [\"无\", \" \", 0]\nwritings = { DELI = [\"得力\", \"\"], \"\" = [\"x\"] }",
    ),
    (
        "codes",
        "[brand]\nnothing = [\"n/m\"]\nwritings = { DELI = [\"得力\", \"Ｎ/Ｍ\"], CHENGUANG = [\"得力\"] }",
    ),
    ("codes", "[mode]\nonly = true\n[mode.codes.\"9710\"]\nfrm = \"2020-07-01\""),
    ("codes", "[mode]\nonly = true\n[brand]\nonly = 1"),
    (
        "codes",
        "[mode.codes]\n\"9710\" = { from = \"2020-07-01\", until = \"2020-06-30\" }\n\"9810\" = { title_zh = \"\" }",
    ),
    ("rates", "rates = {}"),
    ("rates", "currency = \"usd\"\nuntil = \"2016-13-01\"\n[rates.CNYY]\n\"2016-01-01\" = 0.15"),
    ("rates", "currency = \"USD\"\n[rates.USD]\n\"2016-01-01\" = 1\n[rates.人民币]\n\"2016-01-01\" = 0.15"),
    (
        "rates",
        "currency = \"USD\"\n[rates.CNY]\n\"2016-01-01\" = 0\n\"2016-02-01\" = inf\n\"2016-03-01\" = \"0.15\"\n\"1 May\" = 1",
    ),
    ("rates", "currency = \"USD\"\n[rates.CNY]\n\"2016-01-01\" = 0.15\n\"2016-01-01 \" = 0.16"),
];

fn report() -> String {
    let mut report = String::new();
    let mut add = |heading: &str, files: &PackFiles| {
        report += &format!("## {}\n", heading.replace('\n', "⏎"));
        messages(files).iter().for_each(|message| report += &format!("{message}\n"));
        report += "\n";
    };
    for condition in CONDITIONS {
        add(condition, &files(&format!("rule(\"R\", #{{ title: \"t\", when: |d| {condition} }});")));
    }
    for source in RULE_FILES {
        add(source, &files(source));
    }
    let rule = "rule(\"R\", #{ title: \"t\" });";
    for (old, new) in MANIFESTS {
        assert!(MANIFEST.contains(old), "{old}");
        let mut files = files(rule);
        files.insert("pack.toml", MANIFEST.replacen(old, new, 1).into_bytes());
        add(&format!("pack.toml: {old} -> {new}"), &files);
    }
    for policy in POLICIES {
        let mut files = files("rule(\"R\", #{ title: \"t\", tags: \"notice\" });");
        let sites = "[qingdao]\ntitle = \"Qingdao\"\nkind = \"port\"\nmembers = [\"CNTAO\"]\n\
                     [henan]\ntitle = \"Henan\"\nkind = \"production\"\nmembers = [\"41*\"]\n";
        files.insert("reference/sites.toml", sites.into());
        // One that draws, where it is not the draw that is wrong.
        let draws =
            if policy.contains("[selection.random") { "" } else { "\n[selection.random]\nrate = 0.02" };
        files.insert("pack.toml", format!("{MANIFEST}[selection]\n{policy}{draws}\n").into_bytes());
        add(&format!("[selection] {policy}"), &files);
    }
    for (name, text) in REFERENCES {
        let mut files = files(rule);
        files.insert(format!("reference/{name}.toml"), text.as_bytes().to_vec());
        add(&format!("reference/{name}.toml: {text}"), &files);
    }
    let mut no_manifest = PackFiles::default();
    no_manifest.insert("a.rhai", Vec::new());
    add("no pack.toml", &no_manifest);
    let mut not_text = files(rule);
    not_text.insert("b.rhai", b"// ok\nrule(\"\xff\")".to_vec());
    add("a rule file that is not UTF-8", &not_text);
    add("a directory that is not there", &PackFiles::read(std::path::Path::new("no/such/pack")));
    report
}

#[test]
fn every_mistake_has_its_message() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/mistakes.txt");
    let report = report();
    if std::env::var_os("QINGFENG_BLESS").is_some() {
        std::fs::write(path, &report).unwrap();
    }
    let golden = std::fs::read_to_string(path).unwrap();
    for (now, then) in report.split("\n\n").zip(golden.split("\n\n")) {
        assert_eq!(now, then);
    }
    assert_eq!(report.len(), golden.len());
}

#[test]
fn every_case_has_a_message() {
    for case in report().split("\n\n").filter(|case| !case.is_empty()) {
        assert!(case.lines().count() > 1, "no message for {case}");
    }
}

#[test]
fn all_mistakes_of_a_pack_are_shown_at_once() {
    let source = "rule(\"R\", #{ title: \"t\", region: \"afrika\", when: |d| d.vlue < 1 && d.brnd == () });\nrule(\"S\", #{ titel: \"t\" });";
    let mut files = files(source);
    files.insert("b.rhai", b"let x = ;".to_vec());
    files.insert("c.rhai", b"rule(\"T\", #{ title: \"t\", score: \"5\" });".to_vec());
    files.insert("reference/modes.toml", b"[general]\ntitle = 5\nmembers = [\"0110\"]".to_vec());
    let messages = messages(&files);
    assert_eq!(messages.len(), 8, "{messages:#?}");
}
