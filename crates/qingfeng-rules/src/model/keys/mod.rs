//! The keys of rules, of `pack.toml` and of reference files: what the readers accept, and what the reference says.

mod selection;

pub use selection::{
    SELECTION, SELECTION_CAPACITY, SELECTION_CLASS, SELECTION_COST, SELECTION_EXPLORATION,
    SELECTION_MANDATORY, SELECTION_OVERRIDE, SELECTION_QUOTA, SELECTION_RANDOM, SELECTION_RATE,
    SELECTION_TRADERS,
};

/// One key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyRow {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub takes: &'static str,
    /// What holds where it is left out; `required` where it cannot be.
    pub default: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// How it is written.
    pub example: &'static str,
}

/// The keys of one map or table. The reader takes these and no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyTable {
    /// Where the keys stand, as a heading.
    pub title: &'static str,
    /// What is to be known of all of them.
    pub about: &'static str,
    /// The keys, in the order of the reference.
    pub rows: &'static [KeyRow],
}

impl KeyTable {
    /// The names of the keys.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + Clone {
        self.rows.iter().map(|row| row.name)
    }

    /// Whether a key has the name.
    pub fn has(&self, name: &str) -> bool {
        self.names().any(|known| known == name)
    }
}

const fn row(
    name: &'static str,
    takes: &'static str,
    default: &'static str,
    meaning: &'static str,
    example: &'static str,
) -> KeyRow {
    KeyRow { name, takes, default, meaning, example }
}

const REQUIRED: &str = "required";
const NONE: &str = "none";

/// All tables, in the order of the reference.
pub const TABLES: &[&KeyTable] = &[
    &RULE,
    &FIELD,
    &MANIFEST,
    &PACK,
    &SCHEMA,
    &SCHEMA_FIELD,
    &KEYS,
    &SCORE,
    &CHANNEL,
    &ON_FAULT,
    &LOOKUP,
    &STORE,
    &HISTORY,
    &HISTORY_GRADE,
    &CHECK,
    &SELECTION,
    &SELECTION_CLASS,
    &SELECTION_MANDATORY,
    &SELECTION_RANDOM,
    &SELECTION_RATE,
    &SELECTION_QUOTA,
    &SELECTION_COST,
    &SELECTION_TRADERS,
    &SELECTION_EXPLORATION,
    &SELECTION_CAPACITY,
    &SELECTION_OVERRIDE,
    &GROUP,
    &SITE,
    &MEMBER,
];

/// `rule("ID", #{ ... })`
pub const RULE: KeyTable = KeyTable {
    title: "rule",
    about: "In a rule file: `rule(\"ID\", #{ ... })`. The id is unique in the pack: up to 64 letters, digits, `.`, `_` \
            and `-`. A rule can fire on a line that all of its keys `region`, `commodity`, `mode` and `site` fit, on a \
            day of its validity; it fires where its condition holds.",
    rows: &[
        row(
            "title",
            "text",
            REQUIRED,
            "what an officer reads when the rule fires",
            r#"title: "Motorcycles without a brand""#,
        ),
        row(
            "region",
            "text or texts",
            "any",
            "names from `reference/regions.toml`, or country codes; the destination is one of them",
            r#"region: ["africa", "PA"]"#,
        ),
        row(
            "commodity",
            "text or texts",
            "any",
            "names from `reference/commodities.toml`, or HS prefixes of 2 to 10 digits",
            r#"commodity: ["motorcycles", "8712"]"#,
        ),
        row(
            "mode",
            "text or texts",
            "any",
            "names from `reference/modes.toml`, or mode codes that are in it",
            r#"mode: "general""#,
        ),
        row(
            "site",
            "text or texts",
            "any",
            "names from `reference/sites.toml`, kinds of site, or codes that are in it",
            r#"site: ["qingdao", "market"]"#,
        ),
        row(
            "from",
            "day",
            "open",
            "first day of validity, by the declaration's own date",
            r#"from: "2016-01-01""#,
        ),
        row(
            "until",
            "day",
            "open",
            "last day of validity, by the declaration's own date",
            r#"until: "2017-12-31""#,
        ),
        row(
            "status",
            "`\"draft\"`, `\"shadow\"`, `\"active\"` or `\"retired\"`",
            "`\"active\"`",
            "how far the rule counts: a draft is only checked; a shadow rule is evaluated and reported, and counts \
             nothing; a retired one is kept for the record",
            r#"status: "shadow""#,
        ),
        row(
            "when",
            "formula that gives true or false",
            "always",
            "the condition",
            "when: |d| d.brand == () && d.value < 300.0",
        ),
        row(
            "score",
            "whole number, or formula that gives one",
            "0",
            "the points that are added when the rule fires; negative ones lower the risk; 1,000,000 at most either way",
            "score: 35",
        ),
        row(
            "at_least",
            "name of a channel",
            NONE,
            "the line's channel is at least this",
            r#"at_least: "yellow""#,
        ),
        row(
            "at_most",
            "name of a channel",
            NONE,
            "the line's channel is at most this, unless a rule asks for more with `at_least`",
            r#"at_most: "yellow""#,
        ),
        row(
            "reason",
            "formula that gives a text",
            "the title",
            "the evidence, filled in where the rule fired; cut after 1,000 characters",
            "reason: |d| `value ${d.value} USD, no brand`",
        ),
        row("basis", "text", NONE, "the legal basis", r#"basis: "Notice 31 of 2016""#),
        row("owner", "text", NONE, "who answers for the rule", r#"owner: "chongqing""#),
        row("tags", "text or texts", NONE, "free labels for reports", r#"tags: ["price", "campaign"]"#),
    ],
};

/// `field("name", |d| ...)`
pub const FIELD: KeyTable = KeyTable {
    title: "field",
    about: "In a rule file, before the rules that read it: `field(\"name\", |d| ...)`. From there on `d.name` is a field \
            like any other, computed once a line. Files are read in the order of their names.",
    rows: &[
        row(
            "name",
            "text, the first argument",
            REQUIRED,
            "the name: lower case letters, digits and `_`; no name that a field has already",
            r#"field("value_of_one", |d| d.value / d.quantity)"#,
        ),
        row(
            "formula",
            "formula, the second argument",
            REQUIRED,
            "gives a flag, a number, a text or a day, perhaps missing; may read fields computed before",
            r#"field("is_heavy", |d| (d.net_kg ?? 0.0) > 1000.0)"#,
        ),
    ],
};

/// `pack.toml`
pub const MANIFEST: KeyTable = KeyTable {
    title: "pack.toml",
    about: "The tables of the file.",
    rows: &[
        row("pack", "table", REQUIRED, "what the pack is called", "[pack]"),
        row("schema", "table", REQUIRED, "the fields of a declaration", "[schema]"),
        row("keys", "table", "those of the built-in schema", "which fields the keys of rules read", "[keys]"),
        row("score", "table", "sum, from 0 to 100", "how points become a score", "[score]"),
        row("channels", "tables", REQUIRED, "the control channels, from mild to severe", "[[channels]]"),
        row(
            "on_fault",
            "table",
            "a fault is counted and changes nothing",
            "what happens to a line on which a rule cannot be evaluated",
            "[on_fault]",
        ),
        row("lookups", "tables by name", NONE, "the lookup tables", "[lookups.blacklist]"),
        row("store", "table", "a file in the pack", "the store of entries and findings", "[store]"),
        row(
            "history",
            "table",
            "the grades A, B and C",
            "how the history of a party is graded",
            "[[history.grades]]",
        ),
        row("check", "table", NONE, "how the pack is checked", "[check]"),
        row("selection", "table", "no plans can be made", "who gets inspected", "[selection]"),
    ],
};

/// `[pack]`
pub const PACK: KeyTable = KeyTable {
    title: "[pack]",
    about: "",
    rows: &[
        row("name", "text", REQUIRED, "the name; every result carries it", r#"name = "clean-wind""#),
        row(
            "version",
            "text",
            REQUIRED,
            "the version; raise it with every change that is put to use",
            r#"version = "2016.1""#,
        ),
        row("title", "text", NONE, "what people read, in English", r#"title = "Counterfeit export goods""#),
        row("title_zh", "text", NONE, "what people read, in Chinese", r#"title_zh = "出口假冒商品""#),
    ],
};

/// `[schema]`
pub const SCHEMA: KeyTable = KeyTable {
    title: "[schema]",
    about: "Without `extends` the fields listed are all there are, and `declaration` is required.",
    rows: &[
        row(
            "extends",
            "`\"export\"`",
            "no fields but those listed",
            "the fields of the built-in export declaration are there too",
            r#"extends = "export""#,
        ),
        row("fields", "tables by name", NONE, "fields of the pack's own", "[schema.fields.licence]"),
        row(
            "declaration",
            "name of a text or code field",
            "`declaration_id`",
            "the field with the declaration's id",
            r#"declaration = "declaration_id""#,
        ),
        row(
            "item",
            "name of an integer field",
            "`item_no`",
            "the field with the line's number; lines are counted where it is missing",
            r#"item = "item_no""#,
        ),
        row(
            "date",
            "name of a date field",
            "`declared_on`",
            "the field with the declaration's own date, by which validity is judged",
            r#"date = "declared_on""#,
        ),
    ],
};

/// `[schema.fields.NAME]`
pub const SCHEMA_FIELD: KeyTable = KeyTable {
    title: "[schema.fields.NAME]",
    about: "A name has lower case letters, digits and `_`. Names and headers of two fields must differ.",
    rows: &[
        row(
            "kind",
            "`\"text\"`, `\"code\"`, `\"integer\"`, `\"number\"`, `\"flag\"` or `\"date\"`",
            REQUIRED,
            "what the field holds",
            r#"kind = "code""#,
        ),
        row(
            "level",
            "`\"item\"` or `\"header\"`",
            "`\"item\"`",
            "`\"header\"` where the value belongs to the whole declaration",
            r#"level = "header""#,
        ),
        row(
            "required",
            "true or false",
            "`false`",
            "a line without it is rejected, an input without a column for it is refused",
            "required = false",
        ),
        row("unit", "text", NONE, "the unit of its values", r#"unit = "kg""#),
        row("title", "text", "the name", "what people read, in English", r#"title = "licence""#),
        row("title_zh", "text", NONE, "what people read, in Chinese", r#"title_zh = "许可证""#),
        row(
            "columns",
            "texts",
            NONE,
            "headers that files may have for it, besides its name; case, width, blanks and punctuation do not matter",
            r#"columns = ["licence number"]"#,
        ),
        row(
            "codes",
            "`\"country\"` or `\"hs\"`",
            NONE,
            "of a code field: the code list, whose writings are brought to one form",
            r#"codes = "country""#,
        ),
        row("min", "number", NONE, "of integers and numbers: a line with less is rejected", "min = 0"),
        row("max", "number", NONE, "of integers and numbers: a line with more is rejected", "max = 100"),
    ],
};

/// `[keys]`
pub const KEYS: KeyTable = KeyTable {
    title: "[keys]",
    about: "Which field each key of a rule reads. All are fields of kind code. The defaults are those of the built-in \
            schema; a schema of one's own has none, and rules cannot use a key that reads no field.",
    rows: &[
        row("region", "name of a field", "`destination`", "read by `region`", r#"region = "destination""#),
        row("commodity", "name of a field", "`hs`", "read by `commodity`", r#"commodity = "hs""#),
        row("mode", "name of a field", "`mode`", "read by `mode`", r#"mode = "mode""#),
        row(
            "site",
            "table: kind of site = field",
            "`border` and `port`: `port`; `market`: `procurement_place`; `production`: `origin_district`",
            "the kinds of site, each with the field in which its members are looked up",
            r#"site = { port = "port" }"#,
        ),
    ],
};

/// `[score]`
pub const SCORE: KeyTable = KeyTable {
    title: "[score]",
    about: "",
    rows: &[
        row(
            "combine",
            "`\"sum\"` or `\"max\"`",
            "`\"sum\"`",
            "`\"sum\"` adds the points of the rules that fired, `\"max\"` takes the largest",
            r#"combine = "sum""#,
        ),
        row("floor", "whole number", "0", "the least score", "floor = 0"),
        row("cap", "whole number", "100", "the greatest score", "cap = 100"),
    ],
};

/// `[[channels]]`
pub const CHANNEL: KeyTable = KeyTable {
    title: "[[channels]]",
    about: "One table for each channel, from mild to severe, with rising `from`.",
    rows: &[
        row(
            "name",
            "text",
            REQUIRED,
            "what rules and outputs call it: lower case letters, digits, `-` and `_`",
            r#"name = "green""#,
        ),
        row("title", "text", NONE, "what people read", r#"title = "release""#),
        row(
            "from",
            "whole number",
            REQUIRED,
            "the least score that leads to it; a score below the first leads to the first channel",
            "from = 0",
        ),
    ],
};

/// `[on_fault]`
pub const ON_FAULT: KeyTable = KeyTable {
    title: "[on_fault]",
    about: "",
    rows: &[row(
        "at_least",
        "name of a channel",
        NONE,
        "the channel that a line gets at least when an active rule could not be evaluated on it",
        r#"at_least = "green""#,
    )],
};

/// `[check]`
pub const CHECK: KeyTable = KeyTable {
    title: "[check]",
    about: "",
    rows: &[row(
        "as_of",
        "ISO date",
        "the day on which the pack is checked",
        "the day for which `check` judges whether the validity of a rule is over",
        r#"as_of = "2016-12-31""#,
    )],
};

/// `[lookups.NAME]`
pub const LOOKUP: KeyTable = KeyTable {
    title: "[lookups.NAME]",
    about: "An entry matches a line where all fields of the key are equal, on a day from its first to its last. Its rows \
            come from exactly one of `file`, `store` and `history`.",
    rows: &[
        row("file", "text", NONE, "path within the pack", r#"file = "lookups/blacklist.csv""#),
        row(
            "store",
            "text",
            NONE,
            "the name of a table of the store; text columns `source` and `grade` are there without being declared",
            r#"store = "blacklist""#,
        ),
        row(
            "history",
            "`\"exporter\"`, `\"producer\"`, `\"agent\"` or `\"brand\"`",
            NONE,
            "what the findings of the store say of the party, whose key is the field of that name: `inspections_12m`, \
             `inspections_36m`, `violations_12m`, `violations_36m`, `clear_since_finding` (integer), `last_finding`, \
             `last_inspection` (date), `grade` (text); no other key goes with it",
            r#"history = "exporter""#,
        ),
        row(
            "key",
            "names of fields",
            "required but for `history`",
            "a file has columns of these names; numbers cannot be keys, integers can",
            r#"key = ["exporter"]"#,
        ),
        row(
            "from",
            "name of a column",
            NONE,
            "the column with the first day of an entry; an empty cell is open. Entries of a store have their days \
             without it: it is the name by which rules read them",
            r#"from = "listed_on""#,
        ),
        row(
            "until",
            "name of a column",
            NONE,
            "the column with the last day of an entry; an empty cell is open",
            r#"until = "delisted_on""#,
        ),
        row(
            "columns",
            "table: column = kind",
            NONE,
            "the other columns that rules may read, each with its kind",
            r#"columns = { grade = "text" }"#,
        ),
        row(
            "may_be_empty",
            "flag",
            "false",
            "a table that the store has never had is empty, and no mistake",
            r#"may_be_empty = true"#,
        ),
    ],
};

/// `[store]`
pub const STORE: KeyTable = KeyTable {
    title: "[store]",
    about: "Where the entries and findings are of which lookup tables with `store` or `history` are made. The environment \
            variable `QINGFENG_STORE` goes before the pack, the option `--store` before both.",
    rows: &[row(
        "url",
        "text",
        "`sqlite:lookups/store.sqlite`",
        "`sqlite:PATH`, relative to the pack, or `postgresql://USER@HOST/DATABASE`; a password does not belong in a pack",
        r#"url = "sqlite:lookups/store.sqlite""#,
    )],
};

/// `[history]`
pub const HISTORY: KeyTable = KeyTable {
    title: "[history]",
    about: "",
    rows: &[row(
        "grades",
        "tables",
        "A: a major case, or 3 violations in 12 months; B: 2 in 12 months, or 3 in 36; C: 1 in 36",
        "the grades of parties, from grave to light: a party has the first that fits, or none",
        "[[history.grades]]",
    )],
};

/// `[[history.grades]]`
pub const HISTORY_GRADE: KeyTable = KeyTable {
    title: "[[history.grades]]",
    about: "All that a grade asks for must be there. Two grades may have one name: either suffices.",
    rows: &[
        row("name", "text", REQUIRED, "what rules read as `grade`", r#"name = "A""#),
        row(
            "violations_12m",
            "integer",
            "not asked for",
            "the least violations in 12 months",
            "violations_12m = 3",
        ),
        row(
            "violations_36m",
            "integer",
            "not asked for",
            "the least violations in 36 months",
            "violations_36m = 3",
        ),
        row(
            "major",
            "flag",
            "not asked for",
            "whether there must be a major case in 36 months",
            "major = true",
        ),
    ],
};

/// `[NAME]` of a reference file
pub const GROUP: KeyTable = KeyTable {
    title: "[NAME] in reference/regions.toml, commodities.toml and modes.toml",
    about: "Each table is a group. Its name begins with a lower case letter; lower case letters, digits, `-` and `_` \
            follow.",
    rows: &GROUP_ROWS,
};

const GROUP_ROWS: [KeyRow; 3] = [
    row("title", "text", REQUIRED, "what people read, in English", r#"title = "Belt and Road""#),
    row("title_zh", "text", NONE, "what people read, in Chinese", r#"title_zh = "一带一路""#),
    row(
        "members",
        "texts, or tables with `code`",
        REQUIRED,
        "countries, HS prefixes of 2 to 10 digits, or codes; where codes are free, `\"53*\"` stands for all that begin \
         so",
        r#"members = ["KZ", { code = "PA", from = "2017-11-17" }]"#,
    ),
];

/// `[NAME]` of `reference/sites.toml`
pub const SITE: KeyTable = KeyTable {
    title: "[NAME] in reference/sites.toml",
    about: "As the other groups, and with a kind.",
    rows: &[
        GROUP_ROWS[0],
        GROUP_ROWS[1],
        row(
            "members",
            "texts, or tables with `code`",
            REQUIRED,
            "codes or names as they stand in the field of the site's kind; `\"53*\"` stands for all that begin so",
            r#"members = ["CNTAO", "4200"]"#,
        ),
        row("kind", "name of a kind", REQUIRED, "one of `[keys.site]`", r#"kind = "port""#),
    ],
};

/// `{ code = ... }` among the members of a group
pub const MEMBER: KeyTable = KeyTable {
    title: "{ code = ... } among the members of a group",
    about: "A member that holds for a time only, by the declaration's own date; both days are included.",
    rows: &[
        row("code", "text", REQUIRED, "the code", r#"code = "PA""#),
        row("from", "day", "open", "the first day", r#"from = "2017-11-17""#),
        row("until", "day", "open", "the last day", r#"until = "2023-12-06""#),
    ],
};
