//! The declaration form of before and after August 2018, as files, tables and messages.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use qingfeng::read::{Input, ReadOptions, Reader};
use qingfeng::rules::{Pack, PackFiles};
use qingfeng::{Assessment, Engine};

const MANIFEST: &str = "[pack]\nname = \"p\"\nversion = \"1\"\n[schema]\nextends = \"export\"\ncountry_numbers = \"gac\"\n\
                        [[channels]]\nname = \"green\"\nfrom = 0\n[[channels]]\nname = \"red\"\nfrom = 50\n";
const RULE: &str = "rule(\"A\", #{ title: \"a\", score: 1, when: |d| d.value > 1.0 });\n";

fn pack(files: &[(&str, &str)]) -> Arc<Pack> {
    let mut all = PackFiles::default();
    all.insert("pack.toml", MANIFEST.into());
    all.insert("r.rhai", RULE.into());
    files.iter().for_each(|(name, text)| all.insert(*name, (*text).into()));
    Arc::new(Pack::load(&all).unwrap())
}

/// The fields of the first line that have a value, as `name=value`.
fn fields(pack: &Pack, input: Input) -> Vec<String> {
    let mut reader = Reader::new(Arc::clone(&pack.schema), vec![input], ReadOptions::default()).unwrap();
    let chunk = reader.next().unwrap().unwrap();
    assert!(chunk.rejects.is_empty(), "{:?}", chunk.rejects);
    let schema = &pack.schema;
    let value = |id| Some(format!("{}={}", schema[id].name, chunk.lines.shown(id, 0)?));
    schema.ids().filter_map(value).collect()
}

/// A line by its headers, in each format.
fn inputs(cells: &[(&str, &str)]) -> Vec<Input> {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let row = |of: fn(&(&str, &str)) -> String| cells.iter().map(of).collect::<Vec<_>>();
    let headers: Vec<String> = row(|cell| cell.0.to_owned()).iter().map(|text| quoted(text)).collect();
    let values: Vec<String> = row(|cell| cell.1.to_owned()).iter().map(|text| quoted(text)).collect();
    let csv = format!("{}\n{}\n", headers.join(","), values.join(","));
    let object: serde_json::Map<String, serde_json::Value> =
        cells.iter().map(|(header, value)| ((*header).to_owned(), (*value).into())).collect();
    let json = serde_json::to_string(&object).unwrap();
    let column = |value: &str| Arc::new(StringArray::from(vec![value])) as ArrayRef;
    let table =
        RecordBatch::try_from_iter(cells.iter().map(|(header, value)| (*header, column(value)))).unwrap();
    vec![Input::bytes("a.csv", csv), Input::bytes("a.ndjson", json), Input::batches("table", [table])]
}

#[test]
fn both_forms_are_read_box_by_box() {
    let forms: [(&[(&str, &str)], &str); 2] = [
        (
            &[
                ("海关编号", "310420160736487815"),
                ("申报日期", "2016-01-10"),
                ("出口口岸", "北仑海关"),
                ("申报海关", "3104"),
                ("收发货人", "宁波某某公司(330299Q276)"),
                ("运输方式", "水路运输"),
                ("监管方式", "一般贸易(0110)"),
                ("贸易国（地区）", "116"),
                ("运抵国（地区）", "224"),
                ("指运港", "蒙巴萨"),
                ("境内货源地", "33029"),
                ("许可证号", "16-AB-800121"),
                ("件数", "900"),
                ("包装种类", "2"),
                ("毛重（千克）", "16588"),
                ("净重（千克）", "15080"),
                ("随附单证", "B:310000116000001"),
                ("项号", "1"),
                ("商品编号", "9608100000"),
                ("商品名称、规格型号", "圆珠笔|塑料制|品牌:得力|型号:6506"),
                ("数量及单位", "1200.00千克 60000支"),
                ("最终目的国（地区）", "250"),
                ("单价", "0.46"),
                ("总价", "27600"),
                ("币制", "502"),
                ("征免", "照章征税"),
            ],
            "declaration_id=310420160736487815 declared_on=2016-01-10 port=3104 declaration_office=3104 destination_port=蒙巴萨 \
             origin_district=33029 destination=KE final_destination=UG trading_country=JP mode=0110 levy_mode=1 transport=2 \
             exporter=330299Q276 licence=16-AB-800121 documents=B:310000116000001 document_codes=B packing=2 total_packages=900 \
             total_gross_kg=16588 total_net_kg=15080 currency=USD item_no=1 hs=9608100000 goods=圆珠笔 \
             specification=塑料制|品牌:得力|型号:6506 brand=得力 model=6506 quantity=60000 unit=012 legal_quantity=1200 \
             legal_unit=KG net_kg=1200 unit_price=0.46 value=27600",
        ),
        (
            &[
                ("海关编号", "531720180465100023"),
                ("申报日期", "20180905"),
                ("出境关别", "5317"),
                ("离境口岸", "470201"),
                ("境内发货人", "91440317F8XUA22Q1A"),
                ("境外收货人", "TRANSASIA IMPORT CO."),
                ("监管方式", "0110"),
                ("运抵国（地区）", "BGD"),
                ("最终目的国（地区）", "孟加拉国"),
                ("净重（千克）", "528"),
                ("随附单证及编号", "发票;装箱单"),
                ("商品编号", "8507600090"),
                ("商品名称及规格型号", "手机电池|1|0|锂离子|品牌:XIAORUI|型号:BL-5C"),
                ("数量及单位", "24000个/528千克/24000个"),
                ("单价/总价/币制", "0.66/15840.00/美元"),
                ("原产国（地区）", "中国"),
                ("境内货源地", "44039"),
            ],
            "declaration_id=531720180465100023 declared_on=2018-09-05 port=5317 departure_port=470201 origin_district=44039 \
             destination=BD final_destination=BD mode=0110 exporter=91440317F8XUA22Q1A consignee=TRANSASIA IMPORT CO. \
             documents=发票;装箱单 total_net_kg=528 currency=USD item_no=1 hs=8507600090 goods=手机电池 \
             specification=1|0|锂离子|品牌:XIAORUI|型号:BL-5C brand=XIAORUI brand_kind=OWN benefit=0 model=BL-5C \
             quantity=24000 unit=PCS legal_quantity=24000 legal_unit=PCS second_legal_quantity=528 second_legal_unit=KG \
             net_kg=528 unit_price=0.66 value=15840 origin_country=CN",
        ),
    ];
    let pack = pack(&[]);
    for (cells, expected) in forms {
        let expected: Vec<&str> = expected.split_whitespace().collect();
        for input in inputs(cells) {
            let name = input.to_string();
            let found = fields(&pack, input).join(" ");
            assert_eq!(found.split_whitespace().collect::<Vec<_>>(), expected, "{name}");
        }
    }
}

#[test]
fn of_two_columns_for_a_field_the_one_is_read_that_it_prefers() {
    let csv = "declaration_id,destination,mode,hs,出境关别,口岸,规格型号,brand\nD1,KE,0110,960810,5304,2248,1|0|塑料|品牌:得力,DELI\n";
    let found = fields(&pack(&[]), Input::bytes("a.csv", csv));
    // A column of its own goes before a part of a box.
    assert!(found.contains(&"port=5304".to_owned()) && found.contains(&"brand=DELI".to_owned()), "{found:?}");
    let mut reader =
        Reader::new(Arc::clone(&pack(&[]).schema), vec![Input::bytes("a.csv", csv)], ReadOptions::default())
            .unwrap();
    reader.next();
    assert_eq!(reader.notes()[0].unused_columns, ["口岸 (for `port` the column 出境关别 is read)"]);
    // The pack decides otherwise.
    let manifest = MANIFEST.replace(
        "[[channels]]\nname = \"green\"",
        "columns = { port = [\"口岸\"] }\n[[channels]]\nname = \"green\"",
    );
    let found = fields(&pack(&[("pack.toml", &manifest)]), Input::bytes("a.csv", csv));
    assert!(found.contains(&"port=2248".to_owned()), "{found:?}");
}

/// The rules that fired on the first line.
fn fired_rules(assessment: &Assessment) -> String {
    let rules = assessment.items[0].fired.iter().map(|fired| &*fired.rule);
    rules.collect::<Vec<_>>().join(" ")
}

fn engine(directory: &Path, rules: &str, rates: &str) -> Engine {
    std::fs::create_dir_all(directory.join("reference")).unwrap();
    std::fs::write(directory.join("pack.toml"), MANIFEST).unwrap();
    std::fs::write(directory.join("r.rhai"), rules).unwrap();
    std::fs::write(directory.join("reference/rates.toml"), rates).unwrap();
    Engine::open(directory).unwrap()
}

#[test]
fn values_are_in_the_currency_of_the_pack() {
    let rates = "currency = \"USD\"\nuntil = \"2016-12-31\"\n[rates.CNY]\n\"2016-01-01\" = 0.15\n\"2016-07-01\" = 0.125\n";
    let rules = "rule(\"V\", #{ title: \"v\", score: 1, when: |d| d.value > 0.0, reason: |d| `${d.value} ${d.declared_value}` });\n";
    let directory = tempfile::tempdir().unwrap();
    let engine = engine(directory.path(), rules, rates);
    let line = |currency: &str, day: &str| {
        format!(
            "{{\"declaration_id\":\"D1\",\"destination\":\"KE\",\"mode\":\"0110\",\"hs\":\"960810\",\"value\":800,\"currency\":\"{currency}\",\"declared_on\":\"{day}\"}}"
        )
    };
    let reasons = |assessment: &Assessment| {
        assessment.items[0]
            .fired
            .iter()
            .map(|fired| fired.reason.clone().unwrap_or_default())
            .collect::<Vec<_>>()
    };
    for (currency, day, reason) in [
        ("USD", "2016-01-01", "800.0 800.0"),
        ("美元", "2020-01-01", "800.0 800.0"),
        ("CNY", "2016-06-30", "120.0 800.0"),
        ("142", "2016-07-01", "100.0 800.0"),
        ("", "2016-07-01", "800.0 800.0"),
    ] {
        let assessment = engine.assess_json(line(currency, day).as_bytes()).unwrap();
        assert_eq!(reasons(&assessment), [reason], "{currency} {day}");
    }
    let assessment = engine.assess_json(line("美元(JPY)", "2016-01-01").as_bytes()).unwrap();
    let unreadable: Vec<_> = assessment.items[0].unreadable.iter().map(|of| of.field.as_deref()).collect();
    assert_eq!(unreadable, [Some("currency"), Some("value")], "{assessment:?}");
    for (currency, day) in [("CNY", "2015-12-31"), ("CNY", "2017-01-01"), ("EUR", "2016-01-01"), ("CNY", "")]
    {
        let assessment = engine.assess_json(line(currency, day).as_bytes()).unwrap();
        let unreadable = &assessment.items[0].unreadable;
        assert_eq!(unreadable.len(), 1, "{assessment:?}");
        assert_eq!(unreadable[0].field.as_deref(), Some("value"));
        assert!(unreadable[0].reason.contains("reference/rates.toml"), "{unreadable:?}");
        let undecided: Vec<&str> = assessment.items[0].undecided.iter().map(|of| &*of.rule).collect();
        assert_eq!(undecided, ["V"], "{currency} {day}");
    }
}

#[test]
fn a_code_of_another_day_can_be_asked_for() {
    let rules = "rule(\"HS\", #{ title: \"t\", score: 1, when: |d| d.hs_in_force == false });\n\
                 rule(\"MODE\", #{ title: \"t\", score: 1, when: |d| d.mode_in_force == false });\n\
                 rule(\"NONE\", #{ title: \"t\", score: 1, when: |d| d.mode_in_force == () });\n";
    let directory = tempfile::tempdir().unwrap();
    let engine = engine(directory.path(), rules, "currency = \"USD\"\n");
    for (hs, mode, day, fired) in [
        ("8711601000", "0110", "2017-01-01", ""),
        ("8711601000", "0110", "2016-12-31", "HS"),
        ("6908100000", "0139", "2016-12-31", ""),
        ("6908100000", "0139", "2017-08-01", "HS MODE"),
        ("8517120000", "9710", "2020-06-30", "MODE"),
        ("8517120000", "ZZZZ", "2020-06-30", "NONE"),
        ("8517120000", "9710", "", "NONE"),
    ] {
        let line = format!(
            "{{\"declaration_id\":\"D1\",\"destination\":\"KE\",\"mode\":\"{mode}\",\"hs\":\"{hs}\",\"declared_on\":\"{day}\"}}"
        );
        let assessment = engine.assess_json(line.as_bytes()).unwrap();
        assert_eq!(fired_rules(&assessment), fired, "{hs} {mode} {day}");
    }
}

/// Codes that are known and amiss are told by field, the same of a message and of a file.
#[test]
fn codes_of_another_day_and_units_of_other_goods_are_told() {
    let directory = tempfile::tempdir().unwrap();
    let rules = "rule(\"UNIT\", #{ title: \"t\", score: 1, when: |d| d.legal_unit_fits == false });\n";
    let engine = engine(directory.path(), rules, "currency = \"USD\"\n");
    for (hs, unit, mode, day, expected) in [
        ("6403990090", "千克", "0110", "2018-09-01", ""),
        ("6403990090", "双", "0110", "2018-09-01", ""),
        ("6403990090", "升", "0110", "2018-09-01", "legal_unit=L of 640399 UNIT"),
        ("6403990090", "不知", "0110", "2018-09-01", "legal_unit!=不知"),
        ("6403990090", "", "9710", "2018-09-01", "mode=9710"),
        ("8711601000", "台", "0110", "2016-12-31", "hs=8711601000"),
        ("8711601000", "", "0110", "", ""),
        ("1234560000", "", "0110", "2018-09-01", "hs=1234560000"),
        ("9999000000", "", "0110", "2018-09-01", ""),
    ] {
        let line = format!(
            "{{\"declaration_id\":\"D1\",\"destination\":\"KE\",\"mode\":\"{mode}\",\"hs\":\"{hs}\",\"legal_unit\":\"{unit}\",\"declared_on\":\"{day}\"}}"
        );
        let assessment = engine.assess_json(line.as_bytes()).unwrap();
        let outputs = qingfeng::Outputs {
            assessments: &mut |_| Ok(()),
            rejects: &mut |_| Ok(()),
            progress: &mut |_| {},
        };
        let summary = engine.score(Input::bytes("a.ndjson", line)).run(outputs).unwrap();
        let notes = assessment.notes;
        assert_eq!(notes.unknown_codes, summary.unknown_codes);
        assert_eq!(notes.codes_of_another_day, summary.codes_of_another_day);
        assert_eq!(notes.unfit_units, summary.unfit_units);
        let mut told: Vec<String> = Vec::new();
        for (field, codes) in &notes.unknown_codes {
            told.extend(codes.codes.keys().map(|code| format!("{field}!={code}")));
        }
        for (field, codes) in &notes.codes_of_another_day {
            told.extend(codes.codes.keys().map(|code| format!("{field}={code}")));
        }
        told.extend(notes.unfit_units.codes.keys().map(|code| format!("legal_unit={code}")));
        told.extend(assessment.items[0].fired.iter().map(|fired| fired.rule.to_string()));
        assert_eq!(told.join(" "), expected, "{hs} {unit} {mode} {day}");
    }
}

/// A pack adds codes to the list of a field, says otherwise of its days, or has a list of its own.
#[test]
fn a_pack_extends_and_replaces_the_list_of_a_field() {
    let codes = "[mode.codes]\n\"9710\" = { from = \"2019-01-01\" }\n\
                 X1 = { title = \"free port\", title_zh = \"自由港\", from = \"2016-01-01\", until = \"2016-12-31\" }\n\
                 [brand_kind]\nonly = true\n[brand_kind.codes]\nA = { title_zh = \"甲\" }\n";
    let rules = "rule(\"IN\", #{ title: \"t\", score: 1, when: |d| d.mode_in_force == true });\n\
                 rule(\"OUT\", #{ title: \"t\", score: 1, when: |d| d.mode_in_force == false });\n\
                 rule(\"X\", #{ title: \"t\", score: 1, when: |d| d.mode == \"X1\" });\n\
                 rule(\"KIND\", #{ title: \"t\", score: 1, when: |d| d.brand_kind_in_force == true });\n";
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(directory.path().join("reference")).unwrap();
    std::fs::write(directory.path().join("reference/codes.toml"), codes).unwrap();
    let engine = engine(directory.path(), rules, "currency = \"USD\"\n");
    for (mode, kind, day, fired, unknown) in [
        ("9710", "", "2019-06-01", "IN", ""),
        ("9710", "", "2018-06-01", "OUT", ""),
        ("0110", "", "2016-06-01", "IN", ""),
        ("X1", "", "2016-06-01", "IN X", ""),
        ("free port", "甲", "2017-06-01", "OUT X KIND", ""),
        ("自由港(X1)", "A", "2016-06-01", "IN X KIND", ""),
        ("X2", "", "2016-06-01", "", "mode"),
        // The pack's own list has no such kind.
        ("0110", "境内自主品牌", "2018-06-01", "IN", "brand_kind"),
    ] {
        let line = format!(
            "{{\"declaration_id\":\"D1\",\"destination\":\"KE\",\"mode\":\"{mode}\",\"hs\":\"960810\",\"brand_kind\":\"{kind}\",\
             \"declared_on\":\"{day}\"}}"
        );
        let assessment = engine.assess_json(line.as_bytes()).unwrap();
        let rules = fired_rules(&assessment);
        let found: Vec<&str> = assessment.notes.unknown_codes.keys().map(String::as_str).collect();
        assert_eq!((rules, found.join(" ")), (fired.to_owned(), unknown.to_owned()), "{mode} {kind} {day}");
    }
}

#[test]
fn a_box_that_cannot_be_taken_apart_is_unreadable_in_each_of_its_fields() {
    let pack = pack(&[]);
    let cells = [
        ("declaration_id", "D1"),
        ("destination", "KE"),
        ("mode", "0110"),
        ("hs", "960810"),
        ("数量及单位", "1e3支"),
        ("单价/总价/币制", "0.46/27600"),
    ];
    let expected = [
        "currency",
        "legal_quantity",
        "legal_unit",
        "net_kg",
        "quantity",
        "second_legal_quantity",
        "second_legal_unit",
        "unit",
        "unit_price",
        "value",
    ];
    for input in inputs(&cells) {
        let name = input.to_string();
        let mut reader = Reader::new(Arc::clone(&pack.schema), vec![input], ReadOptions::default()).unwrap();
        let chunk = reader.next().unwrap().unwrap();
        let mut found: Vec<&str> =
            chunk.rejects.iter().filter_map(|reject| reject.field.as_deref()).collect();
        found.sort_unstable();
        assert_eq!(found, expected, "{name}");
        let reasons =
            chunk.rejects.iter().all(|reject| reject.reason.contains("cannot be taken apart; write it as"));
        assert!(reasons, "{name}: {:?}", chunk.rejects);
    }
}

/// The names that the single window gives to a declaration's country of arrival and to a line's final one.
#[test]
fn the_single_windows_country_of_arrival_goes_before_its_final_one() {
    let pack = pack(&[]);
    let line = |countries: &[(&'static str, &'static str)]| {
        let mut cells = vec![("entryId", "D1"), ("supvModeCdde", "0110"), ("codeTs", "960810")];
        cells.extend_from_slice(countries);
        cells
    };
    for (countries, expected) in [
        (
            &[("destinationCountry", "UG"), ("cusTradeCountry", "KE")][..],
            "destination=KE final_destination=UG",
        ),
        (&[("cusTradeCountry", "KE"), ("destinationCountry", "KE")], "destination=KE final_destination=KE"),
        (&[("destinationCountry", "UG")], "destination=UG"),
        // A name of its own goes before it.
        (
            &[("destinationCountry", "UG"), ("cusTradeCountry", "KE"), ("最终目的国", "TZ")],
            "destination=KE final_destination=TZ",
        ),
    ] {
        for input in inputs(&line(countries)) {
            let name = input.to_string();
            let found = fields(&pack, input);
            let found: Vec<&str> =
                found.iter().map(String::as_str).filter(|value| value.contains("destination=")).collect();
            assert_eq!(found.join(" "), expected, "{name}");
        }
    }
    // Where the final country has a name of its own the other value is not read, and that is said.
    let own = [("destinationCountry", "UG"), ("cusTradeCountry", "KE"), ("最终目的国", "TZ")];
    for input in inputs(&line(&own)) {
        let name = input.to_string();
        let mut reader = Reader::new(Arc::clone(&pack.schema), vec![input], ReadOptions::default()).unwrap();
        reader.next().unwrap().unwrap();
        let [unused] = &reader.notes()[0].unused_columns[..] else { panic!("{name}") };
        assert!(
            unused.ends_with("(for `destination` the column cusTradeCountry is read)"),
            "{name}: {unused}"
        );
    }
    let json = "{\"entryId\":\"D1\",\"supvModeCdde\":\"0110\",\"cusTradeCountry\":\"KE\",\"items\":[\
                {\"codeTs\":\"960810\",\"destinationCountry\":\"UG\"},{\"codeTs\":\"960810\"}]}";
    let mut reader =
        Reader::new(Arc::clone(&pack.schema), vec![Input::bytes("a.ndjson", json)], ReadOptions::default())
            .unwrap();
    let chunk = reader.next().unwrap().unwrap();
    assert!(chunk.rejects.is_empty(), "{:?}", chunk.rejects);
    let of = |name: &str, line| chunk.lines.shown(pack.schema.field(name).unwrap(), line);
    assert_eq!((of("destination", 0).as_deref(), of("destination", 1).as_deref()), (Some("KE"), Some("KE")));
    assert_eq!((of("final_destination", 0).as_deref(), of("final_destination", 1)), (Some("UG"), None));
}

#[test]
fn what_a_column_of_its_own_leaves_empty_is_taken_of_the_box() {
    let pack = pack(&[]);
    let line = |own: &[(&'static str, &'static str)]| {
        let mut cells =
            vec![("declaration_id", "D1"), ("destination", "KE"), ("mode", "0110"), ("hs", "960810")];
        cells.extend_from_slice(&[
            ("商品名称、规格型号", "圆珠笔|1|0|塑料|品牌:得力"),
            ("单价/总价/币制", "0.46/27600/USD"),
        ]);
        cells.extend_from_slice(own);
        cells
    };
    for (own, expected) in [
        (&[("品牌", "DELI"), ("币制", "EUR"), ("总价", "5")][..], "currency=EUR brand=DELI value=5"),
        (&[("品牌", ""), ("币制", " "), ("总价", "")], "currency=USD brand=得力 value=27600"),
        (&[("品牌", "NULL"), ("币制", "\u{3000}"), ("总价", "N/A")], "currency=USD brand=得力 value=27600"),
        (
            &[("商品名称", "钢笔"), ("规格型号", "品牌:晨光")],
            "currency=USD goods=钢笔 brand=得力 value=27600",
        ),
        (&[("商品名称", ""), ("规格型号", "")], "currency=USD goods=圆珠笔 brand=得力 value=27600"),
    ] {
        for input in inputs(&line(own)) {
            let name = input.to_string();
            let found = fields(&pack, input);
            let wanted = ["currency", "brand", "value"].iter().chain(if own[0].0 == "商品名称" {
                &["goods"][..]
            } else {
                &[]
            });
            let wanted: Vec<&&str> = wanted.collect();
            let found: Vec<&str> = found
                .iter()
                .map(String::as_str)
                .filter(|value| wanted.iter().any(|name| value.starts_with(&format!("{name}="))))
                .collect();
            assert_eq!(found.join(" "), expected, "{name} {own:?}");
        }
    }
    // What its own column has and nobody can read is not looked for elsewhere.
    for input in inputs(&line(&[("总价", "viele")])) {
        let mut reader = Reader::new(Arc::clone(&pack.schema), vec![input], ReadOptions::default()).unwrap();
        let chunk = reader.next().unwrap().unwrap();
        let found: Vec<_> =
            chunk.rejects.iter().map(|reject| (reject.field.as_deref(), reject.value.as_deref())).collect();
        assert_eq!(found, [(Some("value"), Some("viele"))]);
        assert_eq!(chunk.lines.shown(pack.schema.field("value").unwrap(), 0), None);
    }
}

#[test]
fn of_two_keys_for_a_field_a_message_gives_what_a_table_gives() {
    let pack = pack(&[]);
    let cells = [
        ("declaration_id", "D1"),
        ("destination", "KE"),
        ("mode", "0110"),
        ("hs", "960810"),
        ("出境关别", "5304"),
        ("口岸", "2248"),
    ];
    for input in inputs(&cells) {
        let name = input.to_string();
        let mut reader = Reader::new(Arc::clone(&pack.schema), vec![input], ReadOptions::default()).unwrap();
        let chunk = reader.next().unwrap().unwrap();
        assert!(chunk.rejects.is_empty(), "{name}: {:?}", chunk.rejects);
        assert_eq!(
            chunk.lines.shown(pack.schema.field("port").unwrap(), 0).as_deref(),
            Some("5304"),
            "{name}"
        );
        assert_eq!(
            reader.notes()[0].unused_columns,
            ["口岸 (for `port` the column 出境关别 is read)"],
            "{name}"
        );
    }
}
