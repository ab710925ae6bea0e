//! Pages of what checks of a valid pack find.

use super::{Code, Page};

pub(super) fn page(code: Code) -> &'static Page {
    match code {
        Code::IntegerDivision => &Page {
            meaning: "Both sides of a division are whole numbers, so the result is one too: `7 / 2` gives 3.",
            why: "A limit such as `d.packages / 2 > 3` is not passed by 7 packages, though 3.5 is above 3.",
            remedy: "Write `.to_float()` behind the first number to keep the fraction. If whole numbers are meant, allow it \
                     with a comment.",
            example: &[(
                "rules.rhai",
                "rule(\"HALF\", #{ title: \"More than half\", score: 5, when: |d| d.packages / 2 > 3 });\n",
            )],
        },
        Code::NoActiveRule => &Page {
            meaning: "The pack has no rule that counts: none at all, or only drafts, shadow rules and retired ones.",
            why: "Every declaration gets the mildest channel, and no message says so when declarations are scored.",
            remedy: "Look whether the rule files end in `.rhai`, and give a rule `status: \"active\"`.",
            example: &[(
                "rules.rhai",
                "rule(\"PRICE\", #{ title: \"Far below the usual price\", status: \"draft\", score: 35 });\n",
            )],
        },
        Code::ResidualRule => &Page {
            meaning: "A condition, a score or a reason is written with something that is not compiled, a `while` loop for \
                      one, and is run by the interpreter.",
            why: "The answer is the same, but on that rule each line takes about a hundred times as long.",
            remedy: "Use expressions, and `for` over lists. `qingfeng rules DIR` shows how each rule is evaluated. \
                     `check --deny QF1003` makes it an error.",
            example: &[(
                "rules.rhai",
                "rule(\"COUNT\", #{\n    title: \"Counts by itself\",\n    score: 5,\n    when: |d| { let n = 0; while n < \
                 3 { n += 1; } d.packages > n },\n});\n",
            )],
        },
        Code::UnusedSuppression => &Page {
            meaning: "A comment allows a warning that is not found where it stands: the rule was corrected, or the comment \
                      was moved away from it.",
            why: "A comment that is left behind would silence the next mistake of its kind, which may be a real one.",
            remedy: "Take the comment out, or the code out of it.",
            example: &[(
                "rules.rhai",
                "// qingfeng: allow QF1001 because whole dozens are meant\n\
                 rule(\"DOZENS\", #{ title: \"By the dozen\", score: 5, when: |d| d.packages > 120 });\n",
            )],
        },
        Code::NeverHolds => &Page {
            meaning: "No line can make the condition true: its parts contradict each other.",
            why: "The rule never fires. Mostly `&&` stands where `||` is meant, or two limits are exchanged.",
            remedy: "Look at the parts that are shown. If the rule is kept for the record only, give it `status: \"retired\"`.",
            example: &[(
                "rules.rhai",
                "rule(\"PRICE\", #{\n    title: \"Outside of the usual price\",\n    score: 35,\n    when: |d| d.unit_value < \
                 100.0 && d.unit_value > 900.0,\n});\n",
            )],
        },
        Code::AlwaysHolds => &Page {
            meaning: "Every line makes the condition true, so it says nothing.",
            why: "The rule fires on each line that its keys fit. Mostly `||` stands where `&&` is meant.",
            remedy: "Correct the condition, or leave `when` out if the keys alone are meant.",
            example: &[(
                "rules.rhai",
                "rule(\"BRAND\", #{\n    title: \"Brand of neither\",\n    score: 35,\n    when: |d| d.brand != \"DELI\" || \
                 d.brand != \"HAOJUE\",\n});\n",
            )],
        },
        Code::AddsNothing => &Page {
            meaning: "A part of the condition can be taken out without changing on which lines it holds: another part says \
                      it already.",
            why: "It makes the rule harder to read, and often it is a slip: another field or another limit is meant.",
            remedy: "Take the part out, or correct it.",
            example: &[(
                "rules.rhai",
                "rule(\"BRAND\", #{\n    title: \"Brand of the one, not of the other\",\n    score: 35,\n    when: |d| \
                 d.brand == \"DELI\" && d.brand != \"HAOJUE\",\n});\n",
            )],
        },
        Code::UnknownCode => &Page {
            meaning: "A field with a closed list of codes, such as countries, is compared with a code that is not on the \
                      list. Declarations are brought to the codes of the list when they are read, so it never occurs.",
            why: "The comparison never holds. The United Kingdom is `GB`, not `UK`.",
            remedy: "Write the code of the list. Countries have the two letters of ISO 3166-1.",
            example: &[(
                "rules.rhai",
                "rule(\"ISLAND\", #{ title: \"To the island\", score: 5, when: |d| d.destination == \"UK\" });\n",
            )],
        },
        Code::SameCondition => &Page {
            meaning: "Two rules have the same condition, and there are lines that the keys of both fit.",
            why: "Both fire on such a line, and the points of both count. Mostly one was copied from the other and never \
                  changed.",
            remedy: "Take one of them out, change what should differ, or make their keys exclude each other. If both are \
                     meant to count, allow it with a comment.",
            example: &[(
                "rules.rhai",
                "rule(\"CHEAP\", #{ title: \"Far below the usual price\", region: \"africa\", score: 20, when: |d| d.unit_value \
                 < 300.0 });\n\
                 rule(\"CHEAP-2\", #{ title: \"Far below the usual price\", region: \"KE\", score: 20, when: |d| d.unit_value < \
                 300.0 });\n",
            )],
        },
        Code::ImpliedRule => &Page {
            meaning: "Wherever one rule fires the other fires too: its condition asks for less.",
            why: "The points of both count, so the same finding is counted twice. With tiers (below 100, below 300) the \
                  lowest price gets the points of all tiers.",
            remedy: "Part the tiers: `d.unit_value < 300.0 && d.unit_value >= 100.0`. If they are meant to add up, allow it \
                     with a comment.",
            example: &[(
                "rules.rhai",
                "rule(\"CHEAP\", #{ title: \"Below the usual price\", score: 10, when: |d| d.unit_value < 300.0 });\n\
                 rule(\"CHEAPEST\", #{ title: \"Far below the usual price\", score: 30, when: |d| d.unit_value < 100.0 });\n",
            )],
        },
        Code::BeatenCeiling => &Page {
            meaning: "A rule lowers a declaration with `at_most`, but wherever it fires another rule lifts it higher with \
                      `at_least`. A floor beats a ceiling.",
            why: "The ceiling never decides anything.",
            remedy: "Narrow the rule with the floor, or take the ceiling out.",
            example: &[(
                "rules.rhai",
                "rule(\"TRUST\", #{ title: \"A trusted exporter\", at_most: \"green\", when: |d| d.exporter == \"E1\" && \
                 d.value < 1000.0 });\n\
                 rule(\"WATCH\", #{ title: \"An exporter to watch\", at_least: \"red\", when: |d| d.exporter == \"E1\" });\n",
            )],
        },
        Code::UnreachableKey => &Page {
            meaning: "A key of the rule fits no code while the rule is in force: the group that it names is empty, or its \
                      members have ended before the rule begins.",
            why: "The rule never fires.",
            remedy: "Name another group, or correct the days of its members.",
            example: &[
                (
                    "reference/regions.toml",
                    "[old-bloc]\ntitle = \"The old bloc\"\nmembers = [{ code = \"KE\", until = \"2014-12-31\" }]\n",
                ),
                (
                    "rules.rhai",
                    "rule(\"BLOC\", #{ title: \"To the bloc\", region: \"old-bloc\", from: \"2016-01-01\", score: 5 });\n",
                ),
            ],
        },
        Code::ExpiredRule => &Page {
            meaning: "The last day of the rule's validity is past. The day for which this is judged is that of `--as-of`, or \
                      `as_of` under `[check]` in `pack.toml`, or today.",
            why: "The rule fires on no new declaration. It may be one that should have been renewed.",
            remedy: "Set a later `until`, or give the rule `status: \"retired\"` to keep it for the record.",
            example: &[(
                "rules.rhai",
                "rule(\"CAMPAIGN\", #{ title: \"Goods of the campaign\", until: \"2015-12-31\", score: 5, when: |d| d.brand == \
                 () });\n",
            )],
        },
        Code::UnreachableChannel => &Page {
            meaning: "No score and no rule leads to the channel: it begins above the greatest score that there can be, and no \
                      rule has it as `at_least`.",
            why: "No declaration ever goes there, whatever its risk.",
            remedy: "Lower its `from`, raise `cap` under `[score]`, or lift declarations to it with `at_least`.",
            example: &[
                (
                    "pack.toml",
                    r#"[pack]
name = "harbour"
version = "1"

[schema]
extends = "export"

[score]
cap = 60

[[channels]]
name = "green"
from = 0

[[channels]]
name = "red"
from = 70
"#,
                ),
                (
                    "rules.rhai",
                    "rule(\"PRICE\", #{ title: \"Far below the usual price\", score: 35, when: |d| d.unit_value < 300.0 });\n",
                ),
            ],
        },
        Code::SilencedByMissing => &Page {
            meaning: "The rule does not fire where a field that it reads is left empty, although the field may be left \
                      empty: every comparison with a missing value is false.",
            why: "A smuggler can leave a field empty, too, and the rule falls silent.",
            remedy: "Say what a missing value means: `d.brand == () || d.brand == \"DELI\"`, or `d.value ?? 0.0`. If an empty \
                     field is no risk, or is dealt with by another rule, allow it with a comment.",
            example: &[(
                "rules.rhai",
                "rule(\"PRICE\", #{ title: \"Far below the usual price\", score: 35, when: |d| d.unit_value < 300.0 });\n",
            )],
        },
        Code::LiteralText => &Page {
            meaning: "Free text, such as the name of the goods or the brand, is compared letter by letter. `Deli`, `DELI` and \
                      `ＤＥＬＩ` in wide letters are three different texts.",
            why: "Declarants write as they like, and who wants to get around a rule writes it another way.",
            remedy: "Use `has_word(\"deli\")`, which pays no heed to case, width and spacing, or `resembles(\"DELI\")`, or \
                     compare `.to_lower()`.",
            example: &[(
                "rules.rhai",
                "rule(\"COPY\", #{ title: \"Called a replica\", score: 35, when: |d| d.goods.contains(\"Replica\") });\n",
            )],
        },
        Code::EmptyMatch => &Page {
            meaning: "The regular expression finds the empty text, and so it is found in every text: `*` and `?` allow \
                      nothing as well.",
            why: "The condition holds wherever the field is given.",
            remedy: "Ask for at least one letter: `+` in the place of `*`.",
            example: &[(
                "rules.rhai",
                "rule(\"COPY\", #{ title: \"Called a replica\", score: 35, when: |d| d.goods.matches(\"(replica)*\") });\n",
            )],
        },
        Code::UnusedLookup => &Page {
            meaning: "`pack.toml` declares a lookup table that no rule and no computed field uses.",
            why: "It is read and held in memory for nothing. Perhaps a rule should use it: a blacklist that nothing asks \
                  stops nobody.",
            remedy: "Use it with `d.listed(\"name\")`, or take it out of `pack.toml`.",
            example: &[
                (
                    "pack.toml",
                    r#"[pack]
name = "harbour"
version = "1"

[schema]
extends = "export"

[[channels]]
name = "green"
from = 0

[lookups.blacklist]
file = "lookups/blacklist.csv"
key = ["exporter"]
"#,
                ),
                ("lookups/blacklist.csv", "exporter\nE9\n"),
                (
                    "rules.rhai",
                    "rule(\"PRICE\", #{ title: \"Far below the usual price\", score: 35, when: |d| d.unit_value < 300.0 });\n",
                ),
            ],
        },
        Code::UnusedFunction => &Page {
            meaning: "A rule file defines a function that nothing in it calls. Functions belong to their file: those of \
                      another file cannot call it.",
            why: "It may be one that a rule should call.",
            remedy: "Call it, or take it out.",
            example: &[(
                "rules.rhai",
                "fn cheap(d) { d.unit_value < 300.0 }\n\
                 rule(\"PRICE\", #{ title: \"Far below the usual price\", score: 35, when: |d| d.unit_value < 300.0 });\n",
            )],
        },
        Code::UnusedField => &Page {
            meaning: "The pack computes a field that no rule and no other field reads.",
            why: "It may be one that a rule should read.",
            remedy: "Read it as `d.name`, or take it out.",
            example: &[(
                "rules.rhai",
                "field(\"cheap\", |d| d.unit_value < 300.0);\n\
                 rule(\"PRICE\", #{ title: \"Far below the usual price\", score: 35, when: |d| d.unit_value < 300.0 });\n",
            )],
        },
        Code::UncoveredPoints => &Page {
            meaning: "No test expects the points of this rule, or the score of a line on which it fires, so nothing shows that they \
                      are given where they should be.",
            why: "A change of the points, or one that silences the rule, would not be noticed.",
            remedy: "Write a test in `tests/` in which it fires and which expects its `points` or the `score`, and one in which \
                     it just does not.",
            example: &[
                (
                    "rules.rhai",
                    "rule(\"PRICE\", #{ title: \"Far below the usual price\", score: 35, when: |d| d.unit_value < 300.0 });\n\
                     rule(\"HEAVY\", #{ title: \"Heavy goods\", score: 5, when: |d| d.net_kg > 10000.0 });\n",
                ),
                (
                    "tests/price.rhai",
                    "test(\"a cheap motorcycle\", #{ destination: \"KE\", mode: \"0110\", hs: \"8711209000\", quantity: 10, \
                     value: 2000.0 },\n     #{ fires: \"PRICE\", score: 35 });\n",
                ),
            ],
        },
        Code::AnalysisStopped => &Page {
            meaning: "The pack has so many rules that comparing each with each would take too long. The comparison stopped \
                      at a bound; what was found until then is shown.",
            why: "Rules that say the same may not have been found.",
            remedy: "Nothing needs to be done. Keys that exclude each other make rules that need not be compared.",
            example: &[],
        },
        Code::NoDraw => &Page {
            meaning: "`[selection]` says who gets inspected, and no `rate` of it draws a declaration at random.",
            why: "What is never looked at is never found. Without a draw nobody can tell whether rules find more than chance \
                  would, and a trader who knows the rules is never inspected.",
            remedy: "Give `[selection.random]` a `rate`; 0.02 is 2 % of all declarations.",
            example: &[
                ("pack.toml", NO_DRAW),
                (
                    "rules.rhai",
                    "rule(\"CHEAP\", #{ title: \"Cheap\", score: 40, when: |d| d.unit_value < 1.0 });\n",
                ),
            ],
        },
        Code::NoWitness => &Page {
            meaning: "Nothing in the condition tells from a single field where to look for lines on which it may hold, so it \
                      is evaluated on every line that the rule's keys fit.",
            why: "Rules that must be looked at everywhere take most of the time of a run.",
            remedy: "Add a key, or a comparison of a field with a value. [The rule language](../rule-language.md#fast-rules) \
                     says what makes rules fast.",
            example: &[(
                "rules.rhai",
                "rule(\"UNNAMED\", #{ title: \"Not called a watch\", score: 5, when: |d| !d.goods.has_word(\"watch\") });\n",
            )],
        },
        _ => &Page { meaning: "", why: "", remedy: "", example: &[] },
    }
}

const NO_DRAW: &str = r#"[pack]
name = "harbour"
version = "1"

[schema]
extends = "export"

[[channels]]
name = "green"
from = 0

[[channels]]
name = "yellow"
from = 40

[selection]
targeted_from = "yellow"
"#;
