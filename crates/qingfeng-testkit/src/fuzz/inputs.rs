//! Seeded inputs, put together from fragments.

use std::sync::LazyLock;

use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng, SeedableRng};

/// A stream of inputs; the same seed gives the same inputs.
pub struct Inputs(Pcg64Mcg);

/// Fragments that stand two blanks or a line end apart.
fn split(fragments: &str) -> Vec<&str> {
    fragments.split("  ").map(str::trim).filter(|fragment| !fragment.is_empty()).collect()
}

/// Things that can stand where a value stands.
static VALUES: LazyLock<Vec<&str>> = LazyLock::new(|| {
    split(
        r#"
    d.value  d.quantity  d.net_kg  d.unit_value  d.packages  d.item_count  d.item_no  d.brand  d.goods
    d.hs  d.hs4  d.mode  d.destination  d.exporter  d.certified  d.declared_on  d.seen_on  d.per_package
    d.plate_count  d.lookup("blacklist").grade  d.lookup("terms").share  d.listed("blacklist")
    d.lookup("blacklist")  ()  0  1  -1  2.5  0.0  1e308  9223372036854775807  true  false  ""  "DELI"
    "摩托"  "8711"  LOW  date("2016-09-06")  [1, 2.0, 3]  ["a", "DELI"]  []  #{a: 1, b: "x"}  1..5  d  x
    `${d.brand} ${d.value}`
    "#,
    )
});

/// Forms in which `$` is a smaller expression.
static FORMS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    split(
        r#"
    $ == $  $ != $  $ < $  $ <= $  $ > $  $ >= $  $ && $  $ || $  !$  -$  $ + $  $ - $  $ * $  $ / $
    $ % $  $ ** $  $ ?? $  $ in $  $ !in $  ($)  $.len()  $.contains($)  $.starts_with($)  $.ends_with($)
    $.has_word($)  $.has_any_word([$, $])  $.resembles($)  $.matches("^[A-Z]+")  $.to_lower()
    $.to_upper()  $.sub_string($, $)  $.sub_string($)  $.index_of($)  $.is_empty()  to_string($)  $.abs()
    $.sign()  $.floor()  $.ceiling()  $.round()  $.round($)  $.int()  $.to_float()  $.sqrt()  min($, $)
    max($, $)  $.is_even()  $.is_odd()  date($)  $.year  $.weekday  [$, $]  [$][$]  $.some(|x| $)
    $.all(|x| $)  $.filter(|x| $).len()  $.map(|x| $)  #{a: $}.a  if $ { $ } else { $ }
    switch $ { 1 => $, "DELI" => $, _ => $ }  { let x = $; $ }  { let x = $; x += $; x > $ }
    { let n = 0; for x in $ { n += 1; if $ { break; } } n > $ }  { while $ { return $; } $ }  `${$}` == $
    $ & $  $ | $  $ ^ $  $ << $  $.keys()  $.values()  { let a = []; a.push($); a.len() > $ }
    "#,
    )
});

/// Pieces of rule files, whole and broken.
const RULE_FILE: &[&str] = &[
    "rule(\"R1\", #{ title: \"t\", when: |d| d.value < 10.0 });\n",
    "title: \"t\", ",
    "region: [\"africa\", \"KE\"], ",
    "region: \"afrika\", ",
    "commodity: \"8711\", ",
    "mode: \"general\", ",
    "site: [\"port\", \"qingdao\"], ",
    "from: \"2016-01-01\", ",
    "until: \"2015-01-01\", ",
    "status: \"shadow\", ",
    "score: 35, ",
    "score: |d| d.item_count * 5, ",
    "at_least: \"red\", ",
    "at_most: \"blue\", ",
    "reason: |d| `${d.unit_value} USD`, ",
    "when: |d| d.brand == () && ",
    "tags: [\"a\"], ",
    "const LIMIT = 5;\n",
    "let list = [1, 2, 3];\n",
    "for b in [\"A\", \"B\"] { ",
    "rule(b, #{ title: b });",
    "rule(`X-${b}`, #{ title: b, when: |d| d.brand == b });",
    "fn cheap(d, limit) { d.unit_value < limit }\n",
    "cheap(d, LIMIT)",
    "field(\"twice\", |d| d.value * 2);\n",
    "field(\"f\", |d| ",
    "let s = \"ab\"; loop { s += s; }\n",
    "while true { }\n",
    "import \"x\" as y;\n",
    "eval(\"1\");\n",
    "switch b { \"A\" => 1, _ => 2 }",
    "if x == 1 { } else { ",
    "// comment\n",
    "\\u{110000}",
    "let f = |x| f.call(x); f.call(1);\n",
    "private fn g() { g() }\ng();\n",
    "#{title: #{}}",
    "this.x = 1;",
    "debug(1);",
    "摩托车",
    "0x7fffffffffffffff",
    "let a = []; a.push(a); ",
    "let m = #{}; m.x = m;\n",
    "fn rule(a, b) { }\n",
    "fn d() { }\n",
    "let rule = 1;\n",
    "rule(\"C\", #{ title: \"t\", when: Fn(\"cheap\") });\n",
    "rule(\"K\", #{ title: \"t\", when: cheap.curry(1) });\n",
];

const RULE_SIGNS: &[&str] = &[
    "rule(\"R", "\", #{ ", "});\n", " })", ");", "#{", "}", "/* open", "`${`", "\"", "'", "|d| ", "|a, b| ",
    "()", "=> ", "\u{feff}", "\u{0}", "\r\n", "x?.y", "a?[0]", "1e999",
];

const CSV: &[&str] = &[
    "declaration_id,destination,mode,hs,item_no,quantity,value,packages,declared_on,goods,brand,certified\n",
    "报关单号;运抵国;监管方式;商品编号;数量\n",
    "declaration_id\tdestination\tmode\ths\n",
    "D1,KE,0110,8711209000,1,10,2000.0,7,2016-05-04,goods,DELI,true\n",
    "D1,KE,0110,8711209000,2,,,,,,,\n",
    "D2,KEN,9610,8711.20,,1e3,1,234.5,2016/5/4,\"a, b\",,no\n",
    "2016-02-30",
    "1,234,567",
];

const CSV_SIGNS: &[&str] = &[
    "D2,,,\n", "\n", "\r\n", ",", ";", "\t", "\"", "\"\"", "D", "KE", "0110", "8711", "-1", "1e400", "nan",
    "inf", "20160504", "TRUE", "\u{feff}", "\u{0}", "手机", "\u{3000}",
];

const NDJSON: &[&str] = &[
    "{\"declaration_id\":\"D1\",\"destination\":\"KE\",\"mode\":\"0110\",\"hs\":\"8711\",\"value\":1.5}\n",
    "{\"declaration_id\":\"D2\",\"destination\":\"KE\",\"mode\":\"0110\",\"items\":[{\"hs\":\"8711\"},{\"hs\":\"6403\",\"quantity\":2}]}\n",
    "{\"declaration_id\":\"D3\",\"destination\":\"KE\",\"mode\":\"0110\",\"items\":[",
    "{\"hs\":\"8711\"}",
    "9223372036854775808",
    "\"value\":",
    "\"items\":",
    "\"items\":[]",
    "{\"a\":{\"b\":[1,{}]}}",
];

const NDJSON_SIGNS: &[&str] = &[
    "]}", "{", "}", "[", "]", ",", ":", "\"", "\n", "null", "true", "1e400", "-0.0", "\"hs\":", "\\u0000",
    "\\ud800", "\u{feff}", "手",
];

impl Inputs {
    /// The stream of a seed.
    pub fn new(seed: u64) -> Self {
        Self(Pcg64Mcg::seed_from_u64(seed))
    }

    /// A number below another.
    pub fn below(&mut self, end: usize) -> usize {
        (self.0.next_u64() % end.max(1) as u64) as usize
    }

    fn one<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.below(of.len())]
    }

    fn either<'t>(&mut self, fragments: &[&'t str], signs: &[&'t str]) -> &'t str {
        let at = self.below(fragments.len() + signs.len());
        fragments.get(at).copied().unwrap_or_else(|| signs[at - fragments.len()])
    }

    /// An expression of at most this depth. Many are well typed, many are not.
    pub fn condition(&mut self, depth: usize) -> String {
        if depth == 0 || self.below(4) == 0 {
            return self.one(&VALUES).to_owned();
        }
        let mut text = String::new();
        for (at, part) in self.one(&FORMS).split('$').enumerate() {
            if at > 0 {
                text += &self.condition(depth - 1);
            }
            text += part;
        }
        text
    }

    /// A rule file.
    pub fn rule_file(&mut self) -> Vec<u8> {
        let mut text = String::new();
        for _ in 0..=self.below(12) {
            match self.below(3) {
                0 => {
                    let id = self.below(100);
                    let condition = self.condition(3);
                    text += &format!("rule(\"X{id}\", #{{ title: \"t\", when: |d| {condition} }});\n");
                }
                _ => text += self.either(RULE_FILE, RULE_SIGNS),
            }
        }
        self.damaged(text)
    }

    /// A CSV file.
    pub fn csv(&mut self) -> Vec<u8> {
        let header = CSV[self.below(4).min(2)];
        self.file(header, CSV, CSV_SIGNS)
    }

    /// An NDJSON file.
    pub fn ndjson(&mut self) -> Vec<u8> {
        self.file("", NDJSON, NDJSON_SIGNS)
    }

    fn file(&mut self, start: &str, fragments: &[&str], signs: &[&str]) -> Vec<u8> {
        let mut text = start.to_owned();
        for _ in 0..self.below(30) {
            text += self.either(fragments, signs);
        }
        self.damaged(text)
    }

    /// The bytes of a text, sometimes with a few of them changed.
    fn damaged(&mut self, text: String) -> Vec<u8> {
        let mut bytes = text.into_bytes();
        if !bytes.is_empty() && self.below(4) == 0 {
            for _ in 0..=self.below(3) {
                let at = self.below(bytes.len());
                bytes[at] = (self.below(256)) as u8;
            }
        }
        bytes
    }
}
