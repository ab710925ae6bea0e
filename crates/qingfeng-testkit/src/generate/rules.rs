//! Rule files: constants, functions, computed fields, rules.

use std::fmt::Write as _;

use super::fields::{DECLARED, DERIVED};
use super::kinds::FLAG;
use super::pack::{CHANNELS, COMMODITIES, File, MODE_GROUPS, REGIONS, SITES};
use super::values::{COUNTRIES, HS, KINDS, Kind, MODES, PATTERNS, PORTS, text_literal};
use super::writer::{Base, Fixed, Signature, Type, Wanted, Writer, operand};

/// How many parts one closure may have: in most a change of any part shows in the answer.
const FUEL: [usize; 6] = [3, 5, 8, 12, 20, 45];
const MAP_KEYS: [&str; 5] = ["a", "b", "DELI", "KE", "limit"];

impl Writer<'_, '_> {
    pub fn rule_files(&mut self) -> Vec<File> {
        let count = if self.choices.percent(20) { 2 } else { 1 };
        (0..count).map(|at| (format!("{at}-rules.rhai"), self.rule_file(at))).collect()
    }

    fn rule_file(&mut self, file: usize) -> String {
        // Files share nothing but the fields that they compute.
        self.variables.clear();
        self.functions.clear();
        self.fixed = Fixed::default();
        let mut text = String::new();
        for _ in 0..self.choices.weighted(&[4, 3, 2, 1]) {
            text += &self.function();
        }
        for _ in 0..self.choices.weighted(&[3, 3, 2, 2, 1]) {
            text += &self.constant();
            text.push('\n');
        }
        for _ in 0..self.choices.weighted(&[4, 3, 2]) {
            text += &self.computed_field();
        }
        if self.choices.percent(12) {
            text.push_str(&self.rules_on_one_number(file));
            return text;
        }
        for at in 0..self.choices.below(6) {
            text += &self.probe(&format!("P{file}-{at}"));
        }
        for at in 0..self.choices.between(1, 4) {
            let id = format!("R{file}-{at}");
            text += &if self.choices.percent(20) {
                self.rules_in_a_loop(&id)
            } else {
                self.rule(&format!("\"{id}\""))
            };
        }
        text
    }

    /// Rules that compare one number with several limits, and no others: on some lines none of them need be looked at,
    /// and nothing of such a line may be seen on the next.
    fn rules_on_one_number(&mut self, file: usize) -> String {
        const LIMIT: &str = "THE_LIMIT";
        let sign = *self.choices.pick(&["<", ">", "<=", ">=", "=="]);
        let when = self.line_closure(|writer| {
            writer.fuel = writer.choices.between(2, 8);
            format!("{} {sign} {LIMIT}", operand(writer.number(true)))
        });
        let mut text = String::new();
        for at in 0..self.choices.between(2, 4) {
            let limit = operand(self.literal(Kind::Number));
            let when = when.replace(LIMIT, &limit);
            _ = writeln!(text, "rule(\"N{file}-{at}\", #{{ title: \"Limit\", score: 1, when: {when} }});");
        }
        text
    }

    /// A rule that looks at every line and shows one or two operators or functions in its answer.
    fn probe(&mut self, id: &str) -> String {
        let mut text = format!("rule(\"{id}\", #{{\n    title: \"Probe\",\n    score: 1,\n");
        if self.choices.percent(65) {
            let when = self.line_closure(|writer| {
                writer.fuel = writer.choices.between(1, 4);
                if writer.choices.percent(6) {
                    format!("{{ {} {} }}", writer.growth(), writer.comparison())
                } else {
                    writer.flag()
                }
            });
            _ = writeln!(text, "    when: {when},");
        } else {
            let reason = self.line_closure(|writer| {
                writer.fuel = writer.choices.between(2, 6);
                writer.template()
            });
            _ = writeln!(text, "    reason: {reason},");
        }
        text.push_str("});\n");
        text
    }

    fn function(&mut self) -> String {
        self.fuel = *self.choices.pick(&FUEL[1..5]);
        let name = self.name("f");
        if self.choices.percent(12) {
            return self.recursive_function(name);
        }
        let params: Vec<(String, Type)> = (0..self.choices.between(1, 2))
            .map(|at| {
                let ty = match self.choices.below(6) {
                    4 => Type::of(Base::List(*self.choices.pick(&KINDS), false)),
                    5 => Type::of(Base::Line),
                    _ => Type::one(*self.choices.pick(&KINDS), self.choices.percent(40)),
                };
                (["a", "b"][at].to_owned(), ty)
            })
            .collect();
        // Functions for `some` and its like take one value.
        let kind = if params.len() == 1 { Kind::Flag } else { *self.choices.pick(&KINDS) };
        let wanted = Wanted { kind, missing: kind != Kind::Flag && self.choices.percent(40) };
        let outer = std::mem::take(&mut self.variables);
        for (param, ty) in &params {
            self.declare(param, ty.clone(), true);
        }
        let (mut body, unknown) = self.noting_unknown(|writer| writer.body(wanted, 50));
        self.variables = outer;
        if !body.starts_with('{') || !body.ends_with('}') {
            body = format!("{{ {body} }}");
        }
        let names: Vec<&str> = params.iter().map(|(name, _)| name.as_str()).collect();
        let text = format!("fn {name}({}) {body}\n", names.join(", "));
        let result = Type { unknown, ..Type::one(wanted.kind, wanted.missing) };
        self.functions.push(Signature {
            name,
            params: params.into_iter().map(|(_, ty)| ty).collect(),
            result,
        });
        text
    }

    /// A function that calls itself, as often as its argument says.
    fn recursive_function(&mut self, name: String) -> String {
        let step = *self.choices.pick(&["n - 1", "n / 2", "n - 2"]);
        let end = *self.choices.pick(&["0", "1", "-5", "-20"]);
        let text = format!("fn {name}(n) {{ if n <= {end} {{ return 0; }} {name}({step}) + 1 }}\n");
        self.functions.push(Signature {
            name,
            params: vec![Type::one(Kind::Integer, false)],
            result: Type { unknown: true, ..Type::one(Kind::Integer, false) },
        });
        text
    }

    /// A constant at the top of a file, for the closures below it.
    fn constant(&mut self) -> String {
        let keyword = if self.choices.percent(25) { "let" } else { "const" };
        let mutable = keyword == "let";
        match self.choices.weighted(&[6, 5, 3, 1, 1, 1]) {
            0 => {
                let kind = *self.choices.pick(&KINDS);
                let literal = self.literal(kind);
                self.bind(keyword, "C", &literal, Type::one(kind, false), mutable)
            }
            1 => {
                let kind = *self.choices.pick(&KINDS);
                let items: Vec<String> =
                    (0..self.choices.between(1, 5)).map(|_| self.literal(kind)).collect();
                let list = format!("[{}]", items.join(", "));
                self.bind(keyword, "L", &list, Type::of(Base::List(kind, false)), mutable)
            }
            2 => {
                let same = self.choices.percent(60);
                let first = *self.choices.pick(&KINDS);
                let mut entries = Vec::new();
                let mut items = Vec::new();
                for key in &MAP_KEYS[..self.choices.between(1, MAP_KEYS.len())] {
                    let kind = if same { first } else { *self.choices.pick(&KINDS) };
                    entries.push((*key, kind));
                    items.push(format!("{key}: {}", self.literal(kind)));
                }
                let map = format!("#{{ {} }}", items.join(", "));
                self.bind("const", "M", &map, Type::of(Base::Map(entries)), false)
            }
            3 => {
                let name = self.name("P");
                self.fixed.patterns.push(name.clone());
                format!("const {name} = {};", text_literal(self.choices.word(&PATTERNS)))
            }
            4 if !self.tables.is_empty() => {
                let name = self.name("T");
                let table = self.choices.below(self.tables.len());
                self.fixed.tables.push((name.clone(), table));
                format!("const {name} = {};", text_literal(self.tables[table].name))
            }
            _ => {
                self.fuel = 6;
                let kind = *self.choices.pick(&KINDS);
                let outer = std::mem::take(&mut self.variables);
                let test = self.well_typed(|writer| writer.closure(Type::one(kind, false), FLAG));
                self.variables = outer;
                self.bind("const", "IS", &test, Type::of(Base::Test(kind)), false)
            }
        }
    }

    /// A total of a flag or a number that cannot fail.
    fn total(&mut self) -> Option<String> {
        let (kind, part, missing) = if self.choices.percent(50) {
            let field = self.field(Kind::Text)?;
            (Kind::Integer, format!("d.{} == {}", field.name, self.literal(Kind::Text)), false)
        } else {
            (Kind::Number, format!("d.{}", self.field(Kind::Number)?.name), true)
        };
        let name = format!("c{}", self.computed.len());
        self.computed.push((name.clone(), Type::one(kind, missing)));
        Some(format!("total(\"{name}\", |d| {part});\n"))
    }

    fn computed_field(&mut self) -> String {
        if self.choices.percent(25)
            && let Some(total) = self.total()
        {
            return total;
        }
        let kind = *self.choices.pick(&KINDS);
        let wanted = Wanted { kind, missing: self.choices.percent(60) };
        let closure = self.well_typed(|writer| writer.line_closure(|writer| writer.body(wanted, 25)));
        let name = format!("c{}", self.computed.len());
        self.computed.push((name.clone(), Type::one(kind, wanted.missing)));
        format!("field(\"{name}\", {closure});\n")
    }

    fn line_closure(&mut self, body: impl FnOnce(&mut Self) -> String) -> String {
        self.fuel = *self.choices.pick(&FUEL);
        let visible = self.variables.len();
        let name = if self.choices.percent(10) { "line" } else { "d" };
        let body = self.function_body(|writer| {
            writer.declare(name, Type::of(Base::Line), false);
            body(writer)
        });
        self.variables.truncate(visible);
        format!("|{name}| {body}")
    }

    fn rules_in_a_loop(&mut self, id: &str) -> String {
        let visible = self.variables.len();
        let name = self.name("each");
        let mut inside = String::new();
        let items: Vec<String> = if self.choices.percent(40) {
            let entries = vec![("a", *self.choices.pick(&KINDS)), ("limit", *self.choices.pick(&KINDS))];
            let item = |writer: &mut Self| {
                let parts: Vec<String> =
                    entries.iter().map(|(key, kind)| format!("{key}: {}", writer.literal(*kind))).collect();
                format!("#{{ {} }}", parts.join(", "))
            };
            let items = (0..self.choices.between(1, 3)).map(|_| item(self)).collect();
            // What is read of it beforehand is captured by itself.
            let part = self.name("part");
            _ = writeln!(inside, "let {part} = {name}.limit;");
            self.declare(&part, Type::one(entries[1].1, false), false);
            self.declare(&name, Type::of(Base::Map(entries)), false);
            items
        } else {
            let kind = *self.choices.pick(&KINDS);
            self.declare(&name, Type::one(kind, false), false);
            (0..self.choices.between(1, 3)).map(|_| self.literal(kind)).collect()
        };
        let rule = self.rule(&format!("`{id}-${{at}}`"));
        self.variables.truncate(visible);
        format!("for ({name}, at) in [{}] {{\n{inside}{rule}}}\n", items.join(", "))
    }

    fn rule(&mut self, id: &str) -> String {
        let mut text = format!("rule({id}, #{{\n    title: \"Generated\",\n");
        let mut entry = |key: &str, value: String| _ = writeln!(text, "    {key}: {value},");
        let keys: [(&str, &[&str], &[&str], usize); 4] = [
            ("region", &REGIONS, COUNTRIES, 25),
            ("commodity", &COMMODITIES, &HS[..4], 25),
            ("mode", &MODE_GROUPS, MODES, 20),
            ("site", &SITES, PORTS, 12),
        ];
        for (key, groups, codes, chance) in keys {
            if self.choices.percent(chance) {
                let names: Vec<String> = (0..self.choices.between(1, 2))
                    .map(|_| {
                        let table = if self.choices.percent(70) { groups } else { codes };
                        text_literal(self.choices.word(table))
                    })
                    .collect();
                entry(key, format!("[{}]", names.join(", ")));
            }
        }
        match self.choices.below(12) {
            9 => entry("from", "\"2016-01-01\"".into()),
            10 => entry("until", "\"2016-09-05\"".into()),
            11 => {
                entry("from", "\"2015-12-31\"".into());
                entry("until", "\"2016-12-31\"".into());
            }
            _ => {}
        }
        if self.choices.percent(20) {
            entry("status", text_literal(self.choices.word(&["shadow", "active", "draft", "retired"])));
        }
        if !self.choices.percent(15) {
            let when = self.line_closure(|writer| writer.condition());
            entry("when", when);
        }
        match self.choices.weighted(&[5, 3, 2]) {
            0 => {
                let points = *self.choices.pick(&[10, 25, 45, -20, 0, 1_000_000, -1_000_000]);
                entry("score", points.to_string());
            }
            1 => {
                let wanted = Wanted { kind: Kind::Integer, missing: false };
                let score = self.line_closure(|writer| writer.body(wanted, 20));
                entry("score", score);
            }
            _ => {
                // Points that are mostly within the bounds.
                let score = self.line_closure(|writer| {
                    let number = writer.well_typed(|writer| operand(writer.value(Kind::Number, false)));
                    format!("min(max({number}, -50), 90).round().to_int()")
                });
                entry("score", score);
            }
        }
        for (key, chance) in [("at_least", 12), ("at_most", 12)] {
            if self.choices.percent(chance) {
                entry(key, text_literal(self.choices.word(&CHANNELS)));
            }
        }
        if self.choices.percent(75) {
            let wanted = Wanted { kind: Kind::Text, missing: self.choices.percent(20) };
            let reason = self.line_closure(|writer| {
                if writer.choices.percent(70) { writer.template() } else { writer.body(wanted, 30) }
            });
            entry("reason", reason);
        }
        text.push_str("});\n");
        text
    }

    /// The condition of a rule: mostly a few comparisons of fields joined by `&&` and `||`.
    fn condition(&mut self) -> String {
        match self.choices.weighted(&[50, 28, 22]) {
            0 => {
                let count = self.choices.weighted(&[0, 4, 4, 3, 1]);
                let sign = *self.choices.pick(&[" && ", " || "]);
                let parts: Vec<String> = (0..count).map(|_| self.usual()).collect();
                match parts.as_slice() {
                    [] => "true".to_owned(),
                    [only] => only.clone(),
                    parts if sign == " && " && self.choices.percent(30) => {
                        let (first, rest) = (&parts[0], parts[1..].join(" || "));
                        format!("{first} && ({rest})")
                    }
                    parts => parts.join(sign),
                }
            }
            1 => self.compound(Kind::Flag, false),
            _ => self.body(FLAG, 100),
        }
    }

    /// A part of a condition as people write them.
    fn usual(&mut self) -> String {
        let Some(line) = self.line() else { return "true".to_owned() };
        match self.choices.weighted(&[30, 12, 12, 10, 8]) {
            0 => operand(self.comparison()),
            1 => {
                let fields: Vec<_> = DECLARED.iter().chain(DERIVED).filter(|field| field.missing).collect();
                let field = *self.choices.pick(&fields);
                let sign = self.choices.pick(&["==", "!="]);
                format!("{line}.{} {sign} ()", field.name)
            }
            2 => {
                let coded: Vec<_> = DECLARED
                    .iter()
                    .chain(DERIVED)
                    .filter_map(|field| Some((field.name, field.codes?)))
                    .collect();
                let (name, codes) = *self.choices.pick(&coded);
                let listed: Vec<String> =
                    (0..self.choices.between(1, 4)).map(|_| text_literal(self.choices.word(codes))).collect();
                let sign = self.choices.pick(&["in", "in", "!in"]);
                format!("{line}.{name} {sign} [{}]", listed.join(", "))
            }
            3 => {
                let field = *self.choices.pick(&["goods", "brand", "note", "model"]);
                let test =
                    *self.choices.pick(&["contains", "has_word", "resembles", "starts_with", "has_any_word"]);
                let word = match self.choices.below(3) {
                    0 => text_literal(self.values.word(self.choices)),
                    _ => self.literal(Kind::Text),
                };
                match test {
                    "has_any_word" => format!("{line}.{field}.{test}([{word}, \"logo\"])"),
                    test => format!("{line}.{field}.{test}({word})"),
                }
            }
            _ => operand(self.flag()),
        }
    }
}
