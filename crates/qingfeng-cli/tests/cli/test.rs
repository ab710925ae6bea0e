//! `qingfeng test`.

use crate::support::{Desk, golden, is_harmful};

const TESTS: &str = r#"
let moto = #{
    declared_on: date("2016-03-01"), destination: "KE", mode: "0110", exporter: "E1",
    hs: "8711209000", goods: "motorcycle", quantity: 10, value: 2000.0,
};
test("an unbranded cheap motorcycle is noted", moto, #{
    fires: ["PRICE"], channel: "blue", score: 35, reasons: #{ "PRICE": "unit value 200.0 USD, no brand" },
});
test("with a brand it passes", moto + #{ brand: "HAOJUE" }, #{ silent: "PRICE", score: 0, channel: "green" });
test("a blacklisted exporter", moto + #{ exporter: "E9" }, #{ points: #{ "BLACK": 50 }, reason_contains: #{ "BLACK": "E9" } });
test("sealed by customs", moto + #{ brand: "HAOJUE", sealed: true }, #{ fires_exactly: ["TRUST"] });
test("packages that cannot be told", moto + #{ hs: "8507600000", packages: 3 }, #{
    faults: #{ "PARITY": "division by zero" }, fires: "TRIAL", channel: "yellow",
});
test("the worst of two lines decides", [moto, moto + #{ item_no: 2, value: 9000.0 }], #{
    channel: "blue", items: [#{ fires: "PRICE" }, #{ silent: "PRICE", channel: "green" }],
});
test("a draft can be tested", moto + #{ brand: "HAOJUE" }, #{ fires: "IDEA", score: 0 });
"#;

const TABLE: &str = "\
test,note,Date,Destination,mode,hs,exporter,quantity,value,expect:fires,expect:silent,expect:channel,expect:points:BLACK,expect-all:score
cheap,the bound,2016-03-01,KE,0110,8711209000,E1,10,2999,PRICE,BLACK|TRUST,,,35
dear,,20160301,KE,0110,8711209000,E1,10,3000,,PRICE,green,,
two lines,,2016/03/01,KE,0110,8711209000,E9,10,2000,PRICE|BLACK,,red,50,85
two lines,,2016/03/01,KE,0110,8711209000,E9,10,9000,BLACK,PRICE,yellow,50,
";

fn desk() -> Desk {
    let desk = Desk::new();
    desk.write("harbour/tests/motorcycles.rhai", TESTS);
    desk.write("harbour/tests/prices.csv", TABLE);
    desk
}

#[test]
fn all_pass() {
    let ran = desk().run("test harbour").exits(0);
    assert_eq!(ran.stdout.lines().next(), Some("10 tests passed"), "{}", ran.stdout);
    assert_eq!(ran.stderr, "");
}

#[test]
fn failures_show_what_decided() {
    let desk = desk();
    desk.write(
        "harbour/tests/wrong.rhai",
        r#"
let moto = #{ declared_on: date("2016-03-01"), destination: "KE", mode: "0110", hs: "8711209000", exporter: "E1", quantity: 10, value: 3200.0 };
test("a price that is not low", moto, #{ fires: "PRICE", channel: "red" });
test("a key that does not fit", moto + #{ destination: "DE", mode: "1039" }, #{ fires: "PRICE" });
test("not in force", moto + #{ declared_on: "2015-12-31" }, #{ fires: "PRICE" });
test("neither sealed nor counted", moto, #{ fires: "TRUST" });
test("fires though it should not", moto + #{ value: 10.0 }, #{ silent: "PRICE", score: 0 });
test("other points", moto + #{ exporter: "E9" }, #{ points: #{ "BLACK": 30 }, reasons: #{ "BLACK": "exporter E8" } });
test("a fault that nobody expects", moto + #{ hs: "8507600000", packages: 3 }, #{ channel: "yellow" });
test("the wrong one of two lines", [moto, moto + #{ value: 10.0 }], #{ items: [#{ fires: "PRICE" }, #{}] });
test("one rule more than expected", moto + #{ value: 10.0, exporter: "E9" }, #{ fires_exactly: "PRICE" });
"#,
    );
    let ran = desk.run("test harbour --filter wrong.rhai").exits(1);
    golden("test-failures.txt", &ran.stdout);
    assert_eq!(ran.stderr, "");
}

#[test]
fn mistakes_are_drawn_and_the_other_tests_run() {
    let desk = desk();
    desk.write(
        "harbour/tests/mistakes.rhai",
        r#"
let line = #{ destination: "KE", mode: "0110", hs: "8711209000" };
test("an unknown field", line + #{ quantty: 10 }, #{ fires: "PRICE" });
test("a number for a code", line + #{ mode: 110 }, #{ fires: "PRICE" });
test("a text for a number", line + #{ quantity: "ten" }, #{ fires: "PRICE" });
test("a computed field", line + #{ unit_value: 10.0 }, #{ fires: "PRICE" });
test("a required field is missing", #{ destination: "KE" }, #{ fires: "PRICE" });
test("headers that differ", [line, line + #{ mode: "1039" }], #{ fires: "PRICE" });
test("an unknown rule", line, #{ fires: ["PRIZE"] });
test("a retired rule", line, #{ silent: "PAST" });
test("an unknown channel", line, #{ channel: "rad" });
test("an unknown key", line, #{ fire: "PRICE" });
test("an unknown fault", line, #{ faults: #{ "PARITY": "division by nought" } });
test("nothing expected", line, #{});
test("both at once", line, #{ fires: "PRICE", silent: "PRICE" });
test("items of other lines", line, #{ items: [#{ fires: "PRICE" }, #{}] });
test("twice", line, #{ score: 0 });
test("twice", line, #{ score: 0 });
test("out of bounds", line + #{ plates: 101 }, #{ score: 0 });
test("", line, #{ score: 0 });
test("no line", [], #{ score: 0 });
test("no map", line, "PRICE");
"#,
    );
    desk.write("harbour/tests/broken.rhai", "test(\"a\", #{ hs: \"1\" }\n");
    desk.write(
        "harbour/tests/calls.rhai",
        "let a = #{};\na.b = 1;\ntest(\"x\", a);\nprint(a);\ntset(1, 2, 3);\n",
    );
    desk.write("harbour/tests/stops.rhai", "let n = 0;\nloop { n += 1; }\n");
    desk.write(
        "harbour/tests/table.csv",
        "test,destination,mode,hs,colour,unit_value,quantity,Qty,expect:fire,expect:points\nx,KE,0110,8711209000,red,1,many,2,PRICE,25\nshort,KE\n",
    );
    desk.write("harbour/tests/cells.csv", "test,destination,mode,hs,quantity,expect:score\nx,KE,0110,8711209000,many,0\ny,KE,0110,8711209000,1,ten\n,KE,0110,8711209000,1,0\nnothing,KE,0110,8711209000,1,\n");
    let ran = desk.run("test harbour").exits(1);
    golden("test-mistakes.txt", &ran.stderr);
    assert!(ran.stdout.contains("11 tests passed"), "{}", ran.stdout);
    let plain = desk.run("test harbour --format json").exits(1).json();
    let codes: Vec<_> =
        plain["mistakes"].as_array().unwrap().iter().map(|item| item["code"].as_str().unwrap()).collect();
    assert!(codes.contains(&"QF0501") && codes.contains(&"QF0003"), "{codes:?}");
}

#[test]
fn files_that_cannot_be_read() {
    let desk = desk();
    desk.write("harbour/tests/gbk.csv", "x");
    std::fs::write(desk.path().join("harbour/tests/gbk.csv"), [b't', 0xd6, 0xd0]).unwrap();
    let ran = desk.run("test harbour").exits(1);
    assert!(ran.stderr.contains("is not UTF-8"), "{}", ran.stderr);
}

#[test]
fn no_test_is_a_finding() {
    let desk = Desk::new();
    let ran = desk.run("test harbour").exits(1);
    assert!(ran.stdout.starts_with("No test in harbour"), "{}", ran.stdout);
    let desk = self::desk();
    let ran = desk.run("test harbour --filter nothing-of-this-name").exits(1);
    assert!(ran.stdout.starts_with("No test: none of 10 tests"), "{}", ran.stdout);
    desk.run("test harbour --filter CHEAP").exits(0);
}

#[test]
fn what_no_test_shows() {
    let desk = desk();
    golden("test-coverage.txt", &desk.run("test harbour --coverage").exits(0).stdout);
    let json = desk.run("test harbour --coverage --format json").exits(0).json();
    let rules = json["coverage"]["rules"].as_array().unwrap();
    let price = rules.iter().find(|rule| rule["rule"] == "PRICE").unwrap();
    assert_eq!(
        (&price["fired"], &price["silent"], &price["points"]),
        (&true.into(), &true.into(), &true.into())
    );
    assert!(rules.iter().all(|rule| rule["rule"] != "PAST"), "a retired rule");
}

#[test]
fn changes_that_no_test_notices() {
    let desk = desk();
    let shown = desk.run("test harbour --mutate").exits(0).stdout;
    golden("test-mutate.txt", &shown);
    assert_eq!(steady(&desk.run("test harbour --mutate").exits(0).stdout), steady(&shown));
    desk.run("test harbour --mutate --mutate-min 1").exits(0);
    desk.run("test harbour --mutate --mutate-min 100").exits(1);
    let json = desk.run("test harbour --mutate --mutate-limit 5 --format json").exits(0).json();
    let report = &json["mutations"];
    assert_eq!(report["tried"].as_u64().unwrap() + report["invalid"].as_u64().unwrap(), 5);
}

fn steady(text: &str) -> String {
    text.lines().filter(|line| !line.starts_with("Took ")).collect::<Vec<_>>().join("\n")
}

#[test]
fn expectations_on_files() {
    let desk = desk();
    desk.write(
        "harbour/expect.toml",
        "[[expect]]\nrule = \"PRICE\"\nfile = \"declarations.csv\"\nexactly = 2\n\
         [[expect]]\nrule = \"BLACK\"\nfile = \"declarations.csv\"\nlines = [\"D3\", \"D4\"]\nunexpected = \"fail\"\n\
         [[expect]]\nrule = \"TRIAL\"\nfile = \"declarations.csv\"\nat_most = 3\nlines = [\"D5\"]\n",
    );
    golden("test-data.txt", &desk.run("test harbour --data .").exits(0).stdout);
    desk.run("test harbour").exits(0);
    desk.write(
        "harbour/expect.toml",
        "[[expect]]\nrule = \"PRICE\"\nfile = \"declarations.csv\"\nat_least = 3\n\
         [[expect]]\nrule = \"BLACK\"\nfile = \"declarations.csv\"\nlines = [\"D3/1\", \"D9\"]\nunexpected = \"fail\"\n",
    );
    golden("test-data-fails.txt", &desk.run("test harbour --data .").exits(1).stdout);
    let json = desk.run("test harbour --data . --format json").exits(1).json();
    assert_eq!(json["expectations"][0]["passed"], false);
    desk.write(
        "harbour/expect.toml",
        "[[expect]]\nrule = \"PRIZE\"\nfile = \"../declarations.csv\"\nexact = 2\n[[expect]]\nrule = \"PAST\"\nfile = \"a.csv\"\n\
         unexpected = \"shout\"\n[[expect]]\nrule = \"PRICE\"\nfile = \"nowhere.csv\"\nat_most = 1\nat_least = 2\n[more]\n\
         [[expect]]\nrule = \"PRICE\"\nfile = \"nowhere.csv\"\nat_most = 1\n",
    );
    golden("test-data-mistakes.txt", &desk.run("test harbour --data .").exits(1).stderr);
}

#[test]
fn junit() {
    let desk = desk();
    desk.write(
        "harbour/tests/wrong.rhai",
        "test(\"<dear> & \\\"far\\\"\", #{ destination: \"KE\", mode: \"0110\", hs: \"8711209000\" }, #{ fires: \"PRICE\" });\n",
    );
    desk.write("harbour/tests/bad.rhai", "test(\"x\", #{ colour: 1 }, #{ score: 0 });\n");
    let xml = desk.run("test harbour --format junit").exits(1).stdout;
    let without_time = xml.split(" time=").next().unwrap().to_owned()
        + ">"
        + xml.split_once('>').unwrap().1.split_once('>').unwrap().1;
    golden("test-junit.xml", &without_time);
}

#[test]
fn what_tests_hold_cannot_reach_a_terminal() {
    let desk = desk();
    desk.write(
        "harbour/tests/hostile.rhai",
        "test(\"\u{1b}[2J\u{202e}\", #{ destination: \"KE\", mode: \"0110\", hs: \"8711209000\", goods: \"\u{9b}\" }, #{ reasons: #{ \"PRICE\": \"\u{1b}[31m\" } });\n\
         test(\"b\", #{ \"\u{1b}\": 1 }, #{ score: 0 });\n",
    );
    for format in ["human", "json", "junit"] {
        let ran = desk.run(&format!("test harbour --format {format}")).exits(1);
        assert!(!is_harmful(&ran.stdout), "{format}: {:?}", ran.stdout);
        assert!(!is_harmful(&ran.stderr), "{format}: {:?}", ran.stderr);
    }
}

#[test]
fn a_file_of_tests_that_is_too_large_stops() {
    let desk = desk();
    desk.write(
        "harbour/tests/large.rhai",
        "let t = \"xxxxxxxxxxxxxxxx\";\nfor i in 0..11 { t = t + t; }\nfor i in 0..19000 {\n    test(`${i}`, #{ goods: `${t}${i}` }, #{ score: 0 });\n}\n",
    );
    let ran = desk.run("test harbour").exits(1);
    assert!(ran.stderr.contains("the file has too many tests"), "{}", ran.stderr);
}
