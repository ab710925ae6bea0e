//! The keys of `[selection]`: the inspection policy.

use super::{KeyTable, NONE, REQUIRED, row};

/// `[selection]`
pub const SELECTION: KeyTable = KeyTable {
    title: "[selection]",
    about: "Who gets inspected. Nothing of it changes a score or a channel. With it assessments by declaration carry what \
            `plan` and `draw` need.",
    rows: &[
        row(
            "offices",
            "kinds of sites",
            "`[\"market\", \"port\", \"border\"]`",
            "whose sites inspect, in the order in which a declaration looks for its office: the first site to which one \
             of its lines belongs and that has capacity",
            r#"offices = ["market", "port"]"#,
        ),
        row(
            "trader",
            "name of a text or code field of the whole declaration",
            "`exporter`",
            "whose inspections are counted together",
            r#"trader = "exporter""#,
        ),
        row(
            "groups",
            "names of goods groups",
            NONE,
            "a line is of the first to which it belongs, and else of `other`",
            r#"groups = ["motorcycles"]"#,
        ),
        row("trader_classes", "tables", NONE, "classes of traders, in order", "[[selection.trader_classes]]"),
        row(
            "worth",
            "`\"findings\"` or `\"value\"`",
            "`\"findings\"`",
            "what an inspection is expected to bring: findings, all the same, or findings by the declared value",
            r#"worth = "findings""#,
        ),
        row(
            "targeted_from",
            "name of a channel",
            "the second mildest",
            "the mildest channel whose declarations may be targeted",
            r#"targeted_from = "yellow""#,
        ),
        row("mandatory", "table", "forced", "which declarations must be inspected", "[selection.mandatory]"),
        row("random", "table", "nothing is drawn", "the surprise inspections", "[selection.random]"),
        row("quotas", "tables", NONE, "least numbers of inspections", "[[selection.quotas]]"),
        row(
            "cost",
            "table",
            "10 for a declaration, 5 for a line",
            "what an inspection costs, in points",
            "[selection.cost]",
        ),
        row("traders", "table", "no limits", "when a trader is left alone", "[selection.traders]"),
        row("exploration", "table", "none", "what is spent on learning", "[selection.exploration]"),
        row(
            "capacity",
            "tables",
            NONE,
            "what sites can do in a day where no capacity file says it",
            "[[selection.capacity]]",
        ),
        row(
            "overrides",
            "tables",
            "no change needs one",
            "which changes of a plan need a second person; the first that fits counts",
            "[[selection.overrides]]",
        ),
    ],
};

/// `[[selection.trader_classes]]`
pub const SELECTION_CLASS: KeyTable = KeyTable {
    title: "[[selection.trader_classes]]",
    about: "A trader is of the first class whose lookup table lists a line of the declaration on the line's day, else of \
            `known`; a declaration without a trader of `unnamed`.",
    rows: &[
        row("name", "text", REQUIRED, "lower case letters, digits, `-` and `_`", r#"name = "trusted""#),
        row("listed", "name of a lookup table", REQUIRED, "lists the class", r#"listed = "blacklist""#),
    ],
};

/// `[selection.mandatory]`
pub const SELECTION_MANDATORY: KeyTable = KeyTable {
    title: "[selection.mandatory]",
    about: "Mandatory inspections come first, as far as the capacity goes.",
    rows: &[
        row(
            "forced",
            "true or false",
            "`true`",
            "a declaration must be inspected if an active rule fired whose `at_least` is the most severe channel",
            "forced = true",
        ),
        row(
            "tags",
            "tags of rules",
            NONE,
            "or if an active rule fired that has one of these tags",
            r#"tags = ["price"]"#,
        ),
    ],
};

/// `[selection.random]`
pub const SELECTION_RANDOM: KeyTable = KeyTable {
    title: "[selection.random]",
    about: "Drawn by a secret key from all declarations of an office's day that were not selected before. [Auditing the \
            draw](../auditing-the-draw.md) says how.",
    rows: &[
        row(
            "rate",
            "number from 0 to 1",
            "0",
            "the least share of the declarations of each stratum; six decimals at most",
            "rate = 0.02",
        ),
        row(
            "strata",
            "`\"group\"`, `\"trader_class\"`",
            "all in one",
            "what divides an office's day into strata",
            r#"strata = ["group", "trader_class"]"#,
        ),
        row(
            "at_least",
            "`\"stratum\"` or `\"day\"`",
            "`\"stratum\"`",
            "where the share is rounded up to whole inspections: in each stratum, or once for the office's day, so that \
             each stratum gets a whole number next to its share",
            r#"at_least = "day""#,
        ),
        row(
            "rates",
            "tables",
            NONE,
            "rates of some strata; the first that fits counts",
            "[[selection.random.rates]]",
        ),
    ],
};

/// `[[selection.random.rates]]`
pub const SELECTION_RATE: KeyTable = KeyTable {
    title: "[[selection.random.rates]]",
    about: "At least one of `office`, `group` and `trader_class`; what is not given fits all.",
    rows: &[
        row("office", "name of a site", "all", "the site that inspects", r#"office = "qingdao""#),
        row(
            "group",
            "one of the policy's `groups`, or `other`",
            "all",
            "the goods group",
            r#"group = "motorcycles""#,
        ),
        row(
            "trader_class",
            "name of a class, `known` or `unnamed`",
            "all",
            "the class of traders",
            r#"trader_class = "known""#,
        ),
        row("rate", "number from 0 to 1", REQUIRED, "the least share of these strata", "rate = 0.05"),
    ],
};

/// `[[selection.quotas]]`
pub const SELECTION_QUOTA: KeyTable = KeyTable {
    title: "[[selection.quotas]]",
    about: "At each office and day so many inspections, as far as there are such declarations. One of `kind` and `site`, \
            one of `share` and `count`.",
    rows: &[
        row("name", "text", REQUIRED, "what plans call it", r#"name = "ports""#),
        row("kind", "kind of site", NONE, "counts declarations of all sites of the kind", r#"kind = "port""#),
        row("site", "name of a site", NONE, "counts declarations of the site", r#"site = "qingdao""#),
        row("share", "number from 0 to 1", NONE, "of the day's capacity", "share = 0.1"),
        row("count", "whole number", NONE, "so many inspections", "count = 5"),
    ],
};

/// `[selection.cost]`
pub const SELECTION_COST: KeyTable = KeyTable {
    title: "[selection.cost]",
    about: "Points, where capacity is in hours. Where it is in inspections each costs one.",
    rows: &[
        row("declaration", "whole number", "10", "of each declaration", "declaration = 10"),
        row("line", "whole number", "5", "of each line", "line = 5"),
        row(
            "hundred_packages",
            "whole number",
            "0",
            "of each hundred packages, begun hundreds counted",
            "hundred_packages = 2",
        ),
        row(
            "most",
            "whole number",
            NONE,
            "the most of an inspection, since of a large consignment a part is opened",
            "most = 60",
        ),
        row(
            "points_per_hour",
            "whole number",
            "60",
            "what an officer does in an hour",
            "points_per_hour = 60",
        ),
        row(
            "groups",
            "table: group = points",
            NONE,
            "of a line of these goods groups, instead of `line`",
            "groups = { motorcycles = 8 }",
        ),
    ],
};

/// `[selection.traders]`
pub const SELECTION_TRADERS: KeyTable = KeyTable {
    title: "[selection.traders]",
    about: "Of targeted inspections alone; `inspections`, `days` and `pause_days` go together.",
    rows: &[
        row(
            "inspections",
            "whole number",
            NONE,
            "so many inspections of a trader without a finding ...",
            "inspections = 3",
        ),
        row("days", "whole number", NONE, "... within so many days ...", "days = 60"),
        row(
            "pause_days",
            "whole number",
            NONE,
            "... and the trader is left alone for so many days after the last of them",
            "pause_days = 30",
        ),
        row("per_day", "whole number", NONE, "the most of a trader at an office in a day", "per_day = 2"),
    ],
};

/// `[selection.exploration]`
pub const SELECTION_EXPLORATION: KeyTable = KeyTable {
    title: "[selection.exploration]",
    about: "What is spent on finding out what young rules find, and on cells of which little is known.",
    rows: &[
        row("share", "number from 0 to 1", "0", "the share of the capacity", "share = 0.1"),
        row(
            "young_days",
            "whole number",
            "90",
            "a rule is young so many days from its first",
            "young_days = 90",
        ),
        row(
            "young_results",
            "whole number",
            "30",
            "and while fewer inspections have shown what it finds",
            "young_results = 30",
        ),
        row(
            "cell",
            "`\"band\"`, `\"group\"`, `\"mode\"`, `\"destination\"`, `\"office\"`, `\"trader_class\"`",
            "`[\"band\", \"group\", \"mode\"]`",
            "whose experience is put together; a band is ten points of score",
            r#"cell = ["band", "group", "mode"]"#,
        ),
    ],
};

/// `[[selection.capacity]]`
pub const SELECTION_CAPACITY: KeyTable = KeyTable {
    title: "[[selection.capacity]]",
    about: "One of `inspections` and `hours`. A site without capacity does not inspect.",
    rows: &[
        row("site", "name of a site of the kinds in `offices`", REQUIRED, "the site", r#"site = "qingdao""#),
        row(
            "inspections",
            "whole number",
            NONE,
            "inspections a day, whatever each costs",
            "inspections = 10",
        ),
        row("hours", "number", NONE, "hours of all officers together a day", "hours = 16"),
    ],
};

/// `[[selection.overrides]]`
pub const SELECTION_OVERRIDE: KeyTable = KeyTable {
    title: "[[selection.overrides]]",
    about: "What is not given fits all.",
    rows: &[
        row("actions", "`\"add\"`, `\"drop\"`, `\"reroute\"`", "all", "the changes", r#"actions = ["drop"]"#),
        row(
            "selected",
            "`\"mandatory\"`, `\"targeted\"`, `\"random\"`",
            "all",
            "how the declaration was selected",
            r#"selected = ["mandatory", "random"]"#,
        ),
        row("channel", "name of a channel", "any", "the mildest channel", r#"channel = "yellow""#),
        row("score_from", "whole number", "any", "the least score", "score_from = 70"),
        row(
            "second_person",
            "true or false",
            "`true`",
            "whether a second person must agree",
            "second_person = true",
        ),
    ],
};
