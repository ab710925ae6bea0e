//! What watching found, for people.

use qingfeng_insight::watch::{
    Bunching, Proposal, RuleDisplacement, RuleWatch, Sign, SignKind, Treatment, Watch, WatchOptions,
};

use super::Read;
use crate::numbers::{self, count, grouped, more, p_value};
use crate::table::{Cell, heads, table, wrapped};
use crate::terminal::{BOLD, DIM, GOOD, WARNING, clean, styled};
use crate::words::Language;

/// Signs of a kind that are shown; JSON has all.
const SIGNS_SHOWN: usize = 20;
/// Columns of a sign's text.
const COLUMNS: usize = 110;

pub fn human(watch: &Watch, read: &Read, options: &WatchOptions) -> String {
    let mut out = head(watch, read, options);
    for kind in SignKind::ALL {
        let signs: Vec<&Sign> = watch.signs.iter().filter(|sign| sign.kind == kind).collect();
        if !signs.is_empty() {
            out += &of_kind(kind, &signs, watch);
        }
    }
    out += &displacement(&watch.displacement);
    out += &limits(&watch.limits, options);
    out += &sites(watch);
    out += &open(watch);
    out
}

fn head(watch: &Watch, read: &Read, options: &WatchOptions) -> String {
    let as_of = watch.as_of.map_or(String::new(), |day| format!(", as of {day}"));
    let mut out = format!(
        "{} and {} of them{as_of}\n",
        count(watch.declarations, "declaration"),
        count(watch.inspections, "planned inspection"),
    );
    if read.lines > 0 {
        out += &format!("{} of declarations read for where trade goes\n", count(read.lines, "goods line"));
    }
    let left_out = [
        (read.rejected, "goods line", "could not be read whole", "; `qingfeng score` shows why"),
        (read.undated, "declaration", "without a day", ", left out of displacement"),
        (
            read.planned_elsewhere,
            "planned inspection",
            "of declarations that the assessments do not have",
            "",
        ),
        (
            read.guessed_channels,
            "assessment",
            "of declarations that others put into another channel",
            "; --rules says which channel is the graver",
        ),
        (watch.sites.without_site, "declaration", "that belong to no site", ", left out of sites"),
    ];
    for (number, noun, what, then) in left_out {
        if number > 0 {
            out += &format!("{} {what}{then}\n", styled(WARNING, &count(number, noun)));
        }
    }
    if options.known.rules.is_empty() && !watch.rules.is_empty() {
        out += &format!("{}\n", styled(WARNING, Language::En.rules_not_judged()));
    }
    out += &match watch.signs.len() as u64 {
        0 => format!("{}\n", styled(GOOD, "No sign of anything.")),
        signs => format!(
            "{}. A sign is no proof; of the tested ones about {:.0} % may be chance.\n",
            styled(BOLD, &count(signs, "sign")),
            watch.level * 100.0
        ),
    };
    out
}

fn title(kind: SignKind) -> &'static str {
    match kind {
        SignKind::Displacement => "Trade that moved after a rule came into force",
        SignKind::JustUnderLimit => "Declarations just under a limit",
        SignKind::TraderUnderLimit => "Traders just under a limit",
        SignKind::UnequalTreatment => "Sites that inspect the same scores more or less",
        SignKind::UnequalFindings => "Sites that find more or less at the same scores",
        SignKind::Harmful => "Rules that do harm",
        SignKind::Tired => "Rules that become worse",
        SignKind::Dead => "Rules that fire no more or find nothing",
        SignKind::Open => "Inspections that stay open: never clear",
    }
}

fn of_kind(kind: SignKind, signs: &[&Sign], watch: &Watch) -> String {
    let mut out = format!("\n{BOLD}{}{BOLD:#}\n", title(kind));
    for sign in signs.iter().take(SIGNS_SHOWN) {
        let lines = wrapped(&clean(sign.words.as_ref().map_or("", |words| &words.text)), COLUMNS);
        out += &format!("  {} {}\n", styled(WARNING, "•"), lines.join("\n    "));
        if matches!(kind, SignKind::Harmful | SignKind::Tired | SignKind::Dead)
            && let Some(change) = watch.rules.get(sign.of).and_then(change)
        {
            out += &change;
        }
    }
    out += &more("  ", signs.len() as u64, SIGNS_SHOWN, "; --format json has all");
    let [_, means, next] = Language::En.sign_kind(kind);
    out += &format!("  {DIM}may mean: {means}{DIM:#}\n");
    out += &format!("  {DIM}next: {next}{DIM:#}\n");
    out
}

/// Where the rule stands, and what to write there.
fn change(watched: &RuleWatch) -> Option<String> {
    let (place, change) = (watched.place.as_ref()?, watched.change.as_ref()?);
    let to = if watched.proposal == Proposal::Review { "to measure it further" } else { "to end it" };
    Some(format!("    {}: {to}, write {}\n", clean(place), clean(change)))
}

fn displacement(rules: &[RuleDisplacement]) -> String {
    if rules.is_empty() {
        return String::new();
    }
    let (judged, others): (Vec<_>, Vec<_>) = rules.iter().partition(|rule| rule.not_judged.is_none());
    let mut out = format!("\n{BOLD}Rules that came into force{BOLD:#}\n");
    if !judged.is_empty() {
        let head = ["rule", "since", "weeks", "caught before", "after", "times", "places compared"];
        let mut rows = vec![heads(&head, &[0])];
        for of_rule in judged {
            let caught = of_rule.caught.as_ref();
            let number = |of: Option<u64>| Cell::new(grouped(of.unwrap_or(0))).right();
            rows.push(vec![
                Cell::new(&of_rule.rule),
                Cell::new(of_rule.since.to_string()).right(),
                Cell::new(format!("{}+{}", of_rule.weeks.0, of_rule.weeks.1)).right(),
                number(caught.map(|caught| caught.before)),
                number(caught.map(|caught| caught.after)),
                Cell::new(caught.map_or("-".to_owned(), |caught| format!("{:.2}", caught.ratio))).right(),
                number(Some(of_rule.compared)),
            ]);
        }
        out += &table("  ", &rows);
    }
    for of_rule in others {
        let why = of_rule.not_judged.as_deref().unwrap_or_default();
        out +=
            &format!("  {DIM}{}, since {}: not judged, {why}{DIM:#}\n", clean(&of_rule.rule), of_rule.since);
    }
    out
}

fn limits(limits: &[Bunching], options: &WatchOptions) -> String {
    if limits.is_empty() {
        return String::new();
    }
    let head = ["mode", "limit", "declarations", "90 to 100 %", "expected", "times", "100 to 110 %"];
    let mut rows: Vec<Vec<Cell>> = vec![heads(&head, &[0])];
    for bunching in limits {
        let number = |value: Option<f64>, places: usize| {
            Cell::new(value.map_or("-".to_owned(), |value| format!("{value:.places$}"))).right()
        };
        rows.push(vec![
            Cell::new(&bunching.limit.mode),
            Cell::new(grouped(bunching.limit.value.round() as i128)).right(),
            Cell::new(grouped(bunching.declarations)).right(),
            Cell::new(grouped(bunching.under)).right(),
            number(bunching.expected, 1),
            number(bunching.ratio, 2),
            Cell::new(grouped(bunching.above)).right(),
        ]);
    }
    let mut out = format!("\n{BOLD}Value limits{BOLD:#}\n{}", table("  ", &rows));
    for bunching in limits {
        for at in bunching.places.iter().filter(|at| at.p_adjusted <= options.level).take(SIGNS_SHOWN) {
            out += &format!(
                "  mode {} at {}: {} just under the limit, {:.1} expected\n",
                clean(&bunching.limit.mode),
                clean(&at.name),
                grouped(at.under),
                at.expected
            );
        }
    }
    out
}

fn percent(share: Option<f64>) -> Cell {
    Cell::new(share.map_or("-".to_owned(), numbers::percent)).right()
}

fn sites(watch: &Watch) -> String {
    if watch.sites.sites.is_empty() {
        return String::new();
    }
    let head =
        ["site", "declarations", "inspected", "share", "same scores", "times", "alike", "found", "expected"];
    let mut rows = vec![heads(&head, &[0])];
    for site in &watch.sites.sites {
        rows.push(vec![
            Cell::new(&site.site),
            Cell::new(grouped(site.declarations)).right(),
            Cell::new(grouped(site.selected.all())).right(),
            percent(Some(site.share)),
            percent(Some(site.standardised)),
            Cell::new(format!("{:.2}", site.ratio)).right(),
            Cell::new(format!("{:.2} to {:.2}", site.funnel.0, site.funnel.1)).right(),
            Cell::new(format!("{} of {}", grouped(site.found.hits), grouped(site.found.of))).right(),
            Cell::new(format!("{:.1}", site.found_expected)).right(),
        ]);
    }
    let mut out = format!("\n{BOLD}Sites, scores being equal{BOLD:#}\n{}", table("  ", &rows));
    let Treatment { apart, .. } = watch.sites;
    if apart > 1 {
        let sentence = Language::En.sites_differ(grouped(apart), grouped(watch.sites.sites.len() as u64));
        out += &format!("  {}\n", wrapped(&sentence, COLUMNS).join("\n  "));
    }
    for (what, test) in [("shares inspected", watch.sites.inspected), ("hit rates", watch.sites.found)] {
        if let Some(test) = test.filter(|test| test.degrees > 0) {
            let p = p_value(test.p);
            out += &format!(
                "  {what} of sites: chi-square {:.1} with {} degrees of freedom, {p}\n",
                test.chi_square, test.degrees
            );
        }
    }
    out
}

fn open(watch: &Watch) -> String {
    let open = &watch.open;
    if open.open == 0 {
        return String::new();
    }
    let head = [
        "site",
        "inspections",
        "open",
        "no answer",
        "not coded",
        "in part",
        "to 7 days",
        "to 30",
        "to 90",
        "older",
    ];
    let mut rows = vec![heads(&head, &[0])];
    for site in open.sites.iter().filter(|site| site.open.hits > 0) {
        let numbers = [site.inspections, site.open.hits, site.nothing, site.uncoded, site.partly];
        let mut row = vec![Cell::new(&site.site)];
        row.extend(numbers.iter().chain(&site.ages).map(|&number| Cell::new(grouped(number)).right()));
        rows.push(row);
    }
    let mut out = format!(
        "\n{BOLD}Open inspections: {} of {}{BOLD:#}\n{}",
        grouped(open.open),
        grouped(open.inspections),
        table("  ", &rows)
    );
    if !open.listed.is_empty() {
        out += &format!("  {DIM}the oldest{DIM:#}\n");
    }
    let listed = open.listed.iter().map(|open| {
        vec![
            Cell::new(open.day.to_string()),
            Cell::new(&open.site),
            Cell::new(&open.declaration_id),
            Cell::new(format!("{} days", open.age)).right(),
            Cell::new(match open.why {
                qingfeng_insight::watch::OpenWhy::Nothing => "no answer",
                qingfeng_insight::watch::OpenWhy::Uncoded => "not coded",
                qingfeng_insight::watch::OpenWhy::Partly => "coded in part",
            }),
        ]
    });
    out + &table("  ", &listed.collect::<Vec<_>>())
}
