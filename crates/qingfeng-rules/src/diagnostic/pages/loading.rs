//! Pages of the mistakes with which a pack cannot be used.

use super::{Code, Page};

pub(super) fn page(code: Code) -> &'static Page {
    match code {
        Code::UnreadableFile => &Page {
            meaning: "A file that belongs to the pack cannot be read: it is not there, it is larger than a policy file can \
                      be, or its bytes are no UTF-8 text. Files from a Chinese Windows are often saved as GB 18030.",
            why: "A rule file that is skipped would be a rule that never fires, and nobody would know.",
            remedy: "Name the directory that holds `pack.toml`. Save rule files and TOML files as UTF-8. Split a file that \
                     is too large.",
            example: &[("pack.toml", "")],
        },
        Code::TomlSyntax => &Page {
            meaning: "`pack.toml` or a file of `reference/` breaks the rules of TOML: a quote or a bracket is not closed, an \
                      `=` is missing, a key stands there twice.",
            why: "What stands after the mistake may be read as something else than is meant.",
            remedy: "Look at the place that is shown, and at the line above it. Texts stand in double quotes, lists in \
                     square brackets with commas.",
            example: &[(
                "reference/regions.toml",
                "[africa]\ntitle = \"Africa\nmembers = [\"KE\", \"TZ\"]\n",
            )],
        },
        Code::RhaiSyntax => &Page {
            meaning: "A rule file is not written as Rhai asks: a bracket is not closed, a comma is missing between two keys, \
                      a text has no end.",
            why: "None of the rules of the file can be read.",
            remedy: "Look at the place that is shown, and at the line above it: what is missing is missing there.",
            example: &[(
                "rules.rhai",
                "rule(\"PRICE\", #{\n    title: \"Far below the usual price\"\n    score: 35,\n});\n",
            )],
        },
        Code::UnknownKey => &Page {
            meaning: "A rule, a table of `pack.toml` or a group of reference data has a key that means nothing there. Mostly \
                      it is misspelt.",
            why: "A key that is passed over in silence is a condition that is not there: a rule with `regoin` would fire for \
                  every region.",
            remedy: "Write the key as it is suggested. [The rule language](../rule-language.md) lists the keys of a rule, \
                     [packs](../packs.md) those of the other files.",
            example: &[(
                "rules.rhai",
                "rule(\"PRICE\", #{ title: \"Far below the usual price\", regoin: [\"africa\"], score: 35 });\n",
            )],
        },
        Code::MissingKey => &Page {
            meaning: "Something that must be given is not: the `title` of a rule, the `from` of a channel, the `members` of \
                      a group.",
            why: "There is nothing that could be taken in its place without guessing.",
            remedy: "Add the key.",
            example: &[("rules.rhai", "rule(\"PRICE\", #{ region: [\"africa\"], score: 35 });\n")],
        },
        Code::WrongType => &Page {
            meaning: "A value is of another type than its key takes: a number where a text must stand, a text where a list \
                      must stand, a fraction where whole points are given.",
            why: "It would have to be converted, and there is more than one way.",
            remedy: "Write a value of the type that the message names. In TOML and in Rhai texts stand in double quotes, \
                     numbers and dates of rules as the message shows.",
            example: &[(
                "rules.rhai",
                "rule(\"PRICE\", #{ title: \"Far below the usual price\", score: \"35\" });\n",
            )],
        },
        Code::BadValue => &Page {
            meaning: "A value is of the right type but cannot be: a day that the calendar does not have, a name with letters \
                      that names cannot have, more points than a rule can give, a regular expression that is none.",
            why: "A rule with a date that does not exist would be in force never or always.",
            remedy: "Correct the value as the message says.",
            example: &[(
                "rules.rhai",
                "rule(\"PRICE\", #{ title: \"Far below the usual price\", from: \"2016-02-30\", score: 35 });\n",
            )],
        },
        Code::Duplicate => &Page {
            meaning: "Two things of one kind have the same name: two rules, two channels, two functions of a file, two keys \
                      of a rule, two fields that claim the same header.",
            why: "Reports, tests and outcomes name rules by their ids. With two of one name nobody could tell which one \
                  opened a container.",
            remedy: "Give one of them another name, or take it out. In a loop, put what differs into the id: \
                     `` rule(`BR-${brand}`, ...) ``.",
            example: &[(
                "rules.rhai",
                "rule(\"PRICE\", #{ title: \"Far below the usual price\", score: 35 });\n\
                 rule(\"PRICE\", #{ title: \"Far above the usual price\", score: 10 });\n",
            )],
        },
        Code::UnknownName => &Page {
            meaning: "A name that should be defined in the pack is not: a region, a goods group, a mode or a site of the \
                      reference data, a channel, a lookup table, a column of one.",
            why: "A rule for a region that does not exist would never fire.",
            remedy: "Write the name as it is suggested, or define it: groups in `reference/`, channels and lookup tables in \
                     `pack.toml`.",
            example: &[(
                "rules.rhai",
                "rule(\"PRICE\", #{ title: \"Far below the usual price\", region: [\"afrika\"], score: 35 });\n",
            )],
        },
        Code::EndsBeforeItBegins => &Page {
            meaning: "The last day of a validity is before its first day. Both days count: a rule with the same day twice is \
                      in force on that day.",
            why: "The rule, or the member of a group, would never be in force.",
            remedy: "Exchange the two days, or correct the year.",
            example: &[(
                "rules.rhai",
                "rule(\"PRICE\", #{\n    title: \"Far below the usual price\",\n    from: \"2016-09-01\",\n    until: \
                 \"2016-08-31\",\n    score: 35,\n});\n",
            )],
        },
        Code::BadSuppression => &Page {
            meaning: "A comment that begins with `qingfeng:` should allow a warning and cannot: its code does not exist or \
                      is that of an error, the reason is missing, or it stands above nothing.\n\nA comment that allows \
                      something stands on a line of its own above a call of `rule`, or within that call:\n\n```rhai\n// \
                      qingfeng: allow QF1202 because the second tier is meant to add up\n```\n\nIn `pack.toml` and in \
                      reference files it begins with `#` and speaks of the table or the line below it. Several codes are \
                      parted by commas. Above a loop it speaks of all rules that the loop makes.",
            why: "A warning that is silenced without a reason is one that nobody looks at again. A comment with a slip of \
                  the pen would seem to silence something and would not.",
            remedy: "Write `// qingfeng: allow CODE because REASON`. Errors cannot be allowed: correct what they speak of.",
            example: &[(
                "rules.rhai",
                "// qingfeng: allow QF1001\n\
                 rule(\"DOZENS\", #{ title: \"By the dozen\", score: 5, when: |d| d.packages / 12 > 10 });\n",
            )],
        },
        Code::UnknownField => &Page {
            meaning: "A condition reads a field that declarations do not have. It is misspelt, or it belongs to another \
                      schema.",
            why: "In plain Rhai a field that is not there would make every comparison false, and the rule would never fire.",
            remedy: "Write the name as it is suggested. `qingfeng schema DIR` lists all fields of the pack. A field of your \
                     own is declared in `pack.toml` under `[schema.fields.NAME]`, or computed with `field(\"name\", |d| ...)`.",
            example: &[(
                "rules.rhai",
                "rule(\"PRICE\", #{ title: \"Far below the usual price\", score: 35, when: |d| d.unit_vale < 300.0 });\n",
            )],
        },
        Code::UnknownFunction => &Page {
            meaning: "A function is called that the language does not have, or with more or fewer arguments than it takes.",
            why: "Only the functions of the language can be called: they cannot read files, tell the time or run without \
                  end.",
            remedy: "Write the name as it is suggested. [The rule language](../rule-language.md) lists all functions.",
            example: &[(
                "rules.rhai",
                "rule(\"COPY\", #{ title: \"Called a replica\", score: 35, when: |d| d.goods.contans(\"replica\") });\n",
            )],
        },
        Code::UnknownVariable => &Page {
            meaning: "A name stands there that is no variable, no constant and no parameter. Fields of the goods line are \
                      written with `d.` in front. A `fn` sees its parameters and nothing else.",
            why: "There is no value that it could have.",
            remedy: "Write `d.` in front of a field, or define a constant above: `const LOW_PRICE = 300.0;`.",
            example: &[(
                "rules.rhai",
                "rule(\"PRICE\", #{ title: \"Far below the usual price\", score: 35, when: |d| unit_value < 300.0 });\n",
            )],
        },
        Code::TypeMismatch => &Page {
            meaning: "Values are put together that do not go together: a text is compared with a number, a day with a text, a \
                      condition gives something else than true or false.",
            why: "Rhai would answer such a comparison with false and say nothing: the rule would never fire.",
            remedy: "Codes are texts and stand in quotes (`d.hs == \"8711\"`), amounts do not (`d.value < 300.0`), days are \
                     written `date(\"2016-09-06\")`. A flag that may be missing is compared: `d.certified == true`.",
            example: &[(
                "rules.rhai",
                "rule(\"PRICE\", #{ title: \"Far below the usual price\", score: 35, when: |d| d.unit_value < \"300\" });\n",
            )],
        },
        Code::NotInLanguage => &Page {
            meaning: "The construct is Rhai, but no part of the rule language.",
            why: "What a rule does must be the same on every line and every machine, and must come to an end. What could read \
                  files, tell the time, catch its own mistakes or change what other rules see is left out.",
            remedy: "Write it with what the language has; the message says how where there is a usual way.",
            example: &[(
                "rules.rhai",
                "rule(\"PRICE\", #{ title: \"Far below the usual price\", score: 35, when: |d| d?.unit_value < 300.0 });\n",
            )],
        },
        Code::FileFailed => &Page {
            meaning: "The top level of a rule file, which runs once when the pack is loaded, stopped before its end: a \
                      division by zero, a loop that never ends, a list that grows beyond every bound.",
            why: "The rules after the place where it stopped would be missing.",
            remedy: "Correct the statement that is shown.",
            example: &[(
                "rules.rhai",
                "let limits = [100, 300];\nrule(\"PRICE\", #{ title: \"Far below the usual price\", score: limits[2] });\n",
            )],
        },
        Code::BadLookup => &Page {
            meaning: "The file of a lookup table cannot be read, lacks a column that `pack.toml` declares, or has a row with \
                      a value that its column cannot have.",
            why: "An exporter whose row is skipped would be an exporter that is not on the blacklist.",
            remedy: "Correct the row that is named, or the declaration of the table under `[lookups.NAME]`.",
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
from = "listed_on"
"#,
                ),
                ("lookups/blacklist.csv", "exporter,listed_on\nE9,yesterday\n"),
                (
                    "rules.rhai",
                    "rule(\"BLACK\", #{ title: \"On the blacklist\", score: 30, when: |d| d.listed(\"blacklist\") });\n",
                ),
            ],
        },
        Code::UnusableStore => &Page {
            meaning: "A lookup table with `store` or `history` is made of a store, and the store is not there, cannot be \
                      reached, or is not as it was written.",
            why: "Without its entries rules would fall silent, and nobody would see it.",
            remedy: "Name the store that is in use with `--store URL` or the environment variable `QINGFENG_STORE`; make a \
                     new one with `qingfeng lookup import`. Where a change is not as it was written, restore a backup.",
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
store = "blacklist"
key = ["exporter"]
"#,
                ),
                (
                    "rules.rhai",
                    "rule(\"BLACK\", #{ title: \"On the blacklist\", score: 30, when: |d| d.listed(\"blacklist\") });\n",
                ),
            ],
        },
        Code::UnknownTable => &Page {
            meaning: "`store = \"NAME\"` names a table of which the store has never had an entry.",
            why: "A name that is spelt wrongly would be an empty table, and the rules that ask it would never fire.",
            remedy: "Write the name as it is suggested, fill the table with `qingfeng lookup import`, or set \
                     `may_be_empty = true` if it may have no entries yet.",
            example: &[],
        },
        Code::BadEntry => &Page {
            meaning: "An entry of the store has a value that its column cannot have: the pack declares a column as an \
                      integer, say, and an entry has a text there.",
            why: "An exporter whose entry is skipped would be an exporter that is not on the blacklist.",
            remedy: "Correct the kind of the column under `[lookups.NAME.columns]`; or let the entry end with `qingfeng \
                     lookup expire` and add it anew: an entry that has ended and does not fit is left out.",
            example: &[],
        },
        Code::BadTest => &Page {
            meaning: "A file of `tests/` does not fit: a line has a field that declarations do not have, an expectation \
                      names a rule or a channel that the pack does not have, a test expects nothing.",
            why: "A test that cannot fail proves nothing, and one that speaks of a rule under its old name tests no rule.",
            remedy: "Write the name as it is suggested.",
            example: &[
                (
                    "rules.rhai",
                    "rule(\"PRICE\", #{ title: \"Far below the usual price\", score: 35, when: |d| d.unit_value < 300.0 });\n",
                ),
                (
                    "tests/price.rhai",
                    "test(\"a cheap motorcycle\", #{ destinaton: \"KE\", quantity: 10, value: 2000.0 }, #{ fires: \"PRICE\" \
                     });\n",
                ),
            ],
        },
        Code::BadExpectation => &Page {
            meaning: "`expect.toml` says of a rule on how many lines of a file it fires, and something in it does not fit: \
                      the pack does not have the rule, a key is unknown, a number is missing.",
            why: "What is expected of a rule that does not exist is never looked at.",
            remedy: "Write the name as it is suggested, or take the expectation out with the rule.",
            example: &[
                (
                    "rules.rhai",
                    "rule(\"PRICE\", #{ title: \"Far below the usual price\", score: 35, when: |d| d.unit_value < 300.0 });\n",
                ),
                ("expect.toml", "[[expect]]\nrule = \"PRCE\"\nfile = \"march.csv\"\nat_least = 1\n"),
            ],
        },
        _ => &Page { meaning: "", why: "", remedy: "", example: &[] },
    }
}
