//! A coverage as a page: a picture of the table, the same small for each segment that it leaves out, and the gaps.

use maud::{Markup, html};
use qingfeng::Engine;
use qingfeng::rules::{Key, Pack};
use qingfeng::tools::policy_coverage::{Axis, Gap, PolicyCell, PolicyCoverage, Reach, Segment};

use super::subject;
use super::view::{View, is_everything, is_whole, mildest, points, short, units, why};
use crate::html::{self, Page};
use crate::terminal::clean;
use crate::words::Language;

/// Gaps that the page lists.
const GAPS_MAX: usize = 200;
/// Cells that the small pictures may have together; a page with more would be slow.
const SMALL_CELLS_MAX: usize = 60_000;
/// Columns that leave room for long titles of the rows.
const ROOMY_COLUMNS: usize = 10;
/// Shades of points.
const SHADES: i64 = 6;

/// What the drawing of every cell needs.
struct Drawing<'c> {
    pack: &'c Pack,
    coverage: &'c PolicyCoverage,
    view: &'c View,
    counted: bool,
}

pub fn page(engine: &Engine, coverage: &PolicyCoverage, view: &View) -> String {
    let drawing = Drawing { pack: engine.pack(), coverage, view, counted: coverage.totals.is_some() };
    let title = "Coverage of the policy";
    let page = Page {
        language: Language::En,
        title,
        subtitle: &subject(engine, coverage),
        style: include_str!("page.css"),
        script: None,
    };
    page.with(&html! {
        (drawing.figures())
        h2 { (drawing.heading()) }
        p.soft { (drawing.reading()) }
        div.scroll { (drawing.matrix(0, false)) }
        (drawing.legend())
        h2 { "Gaps" }
        (drawing.gaps())
        (drawing.multiples())
    })
}

fn axis_title(key: Key) -> &'static str {
    match key {
        Key::Region => "region",
        Key::Commodity => "goods",
        Key::Mode => "trade mode",
        Key::Site => "site",
    }
}

impl Drawing<'_> {
    fn channel(&self, reach: &Reach) -> &str {
        self.pack.channels.get(usize::from(reach.channel)).map_or("", |channel| &channel.name)
    }

    fn axis(&self, axis: usize) -> &Axis {
        &self.coverage.axes()[axis]
    }

    /// The numbers at the top.
    fn figures(&self) -> Markup {
        let rules = self.pack.rules.iter().filter(|rule| rule.status == qingfeng::rules::Status::Active);
        let gaps = self.view.gaps(self.coverage).len();
        let cells = |axis: usize| {
            self.axis(axis).segments.iter().filter(|s| s.segment != Segment::All).count().max(1)
        };
        let total = cells(self.view.rows) * self.view.columns.map_or(1, cells);
        html! {
            ul.figures {
                li { b { (html::number(rules.count() as u64)) } span { "active rules" } }
                li { b { (html::number(gaps as u64)) } span { "gaps among " (html::number(total as u64)) " cells" } }
                @if let Some(totals) = &self.coverage.totals {
                    li { b { (html::number(totals.all.lines)) } span { "goods lines" } }
                    li { b { (short(totals.all.value_cents)) } span { "value, " (html::text(self.unit())) } }
                    li {
                        b { (html::per_cent(totals.all.lines_controlled, totals.all.lines)) }
                        span { "of the lines not " (html::text(mildest(self.pack))) }
                    }
                    @if totals.lines_rejected > 0 {
                        li { b.warn { (html::number(totals.lines_rejected)) } span { "lines that could not be read whole" } }
                    }
                }
            }
        }
    }

    fn unit(&self) -> &str {
        let field = self.pack.schema.field("value").map(|field| &self.pack.schema[field]);
        field.and_then(|field| field.unit.as_deref()).unwrap_or("as declared")
    }

    fn heading(&self) -> String {
        let rows = match self.axis(self.view.rows).key {
            Key::Commodity => "Goods",
            Key::Region => "Regions",
            _ => "Trade modes",
        };
        let by = self
            .view
            .columns
            .map_or(String::new(), |axis| format!(" by {}", axis_title(self.axis(axis).key)));
        let third = self.view.third().map(|axis| self.axis(axis));
        let of = third.and_then(|axis| axis.segments.first()).map_or(String::new(), |segment| {
            let title: String = segment.title.chars().flat_map(char::to_lowercase).collect();
            if segment.segment == Segment::All {
                format!(", {title}")
            } else {
                format!(", {}", segment.title)
            }
        });
        format!("{rows}{by}{of}")
    }

    /// How the picture is read.
    fn reading(&self) -> Markup {
        let number = if self.counted { "the value of its trade" } else { "how many rules are made for it" };
        html! {
            "The stronger the colour of a cell, the more points the rules that are made for it can add up to. The number is "
            (number) ". Groups overlap, so cells do not add up; the first row and column count everything once."
        }
    }

    /// The picture of the table, with a segment of the axis that it leaves out.
    fn matrix(&self, third: usize, small: bool) -> Markup {
        let rows = self.axis(self.view.rows);
        let columns = self.view.column_axis(self.coverage);
        let count = self.view.column_count(self.coverage);
        let apart = |column: usize| columns.is_some_and(|axis| is_whole(axis, column));
        html! {
            table.matrix.small[small].roomy[!small && count <= ROOMY_COLUMNS] {
                thead {
                    tr {
                        td {}
                        @for at in 0..count {
                            th scope="col" {
                                @match columns {
                                    _ if small => { (at + 1) }
                                    Some(axis) => {
                                        span title=(clean(&axis.segments[at].name)) { (html::text(&axis.segments[at].title)) }
                                    }
                                    None => {}
                                }
                            }
                        }
                    }
                }
                tbody {
                    @for row in self.view.rows_with_lines(self.coverage, third) {
                        @let segment = &rows.segments[row];
                        tr class=[is_whole(rows, row).then_some("apart")] {
                            th scope="row" title=[(!small).then(|| clean(&segment.name))] { (html::text(&segment.title)) }
                            @for at in 0..count {
                                @if let Some(cell) = self.view.cell(self.coverage, row, at, third) {
                                    (self.cell(cell, apart(at), small))
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// One cell of a picture; in a small one it has no room for more than the mark of a gap.
    fn cell(&self, cell: &PolicyCell, apart: bool, small: bool) -> Markup {
        let class = format!("{}{}", self.shade(cell), if apart { " apart" } else { "" });
        if small {
            return html! { td class=(class) { @if let Some(gap) = cell.gap { (symbol(gap)) } } };
        }
        let main = self.mark(cell);
        let trade =
            if self.counted && cell.trade.lines > 0 { short(cell.trade.value_cents) } else { String::new() };
        html! {
            td class=(class) title=(self.told(cell)) {
                @if !self.counted { (main) }
                @else if cell.gap.is_some() { (main) small { (trade) } }
                @else { (trade) }
            }
        }
    }

    fn mark(&self, cell: &PolicyCell) -> String {
        match cell.gap {
            Some(gap) => symbol(gap).to_owned(),
            None if cell.is_empty || cell.made_for.rules == 0 => String::new(),
            None => cell.made_for.rules.to_string(),
        }
    }

    /// How a cell is painted.
    fn shade(&self, cell: &PolicyCell) -> String {
        match cell.gap {
            _ if cell.is_empty => "e".to_owned(),
            Some(gap) => format!("g {}", class(gap)),
            None if cell.made_for.rules == 0 || is_everything(cell) => "n".to_owned(),
            None => {
                let (floor, cap) = (self.pack.score.floor, self.pack.score.cap);
                let (points, range) = (
                    i128::from(cell.made_for.points) - i128::from(floor),
                    i128::from(cap) - i128::from(floor),
                );
                let shade = if range > 0 { points * i128::from(SHADES - 1) / range } else { 0 };
                format!("s{}", shade.clamp(0, i128::from(SHADES - 1)))
            }
        }
    }

    /// What a cell shows when it is pointed at.
    fn told(&self, cell: &PolicyCell) -> String {
        let names: Vec<&str> = (0..3)
            .filter(|&axis| self.axis(axis).segments[cell.at[axis]].segment != Segment::All)
            .map(|axis| self.axis(axis).segments[cell.at[axis]].name.as_str())
            .collect();
        let mut told = format!(
            "{}: {} rules made for it, {} points; {} name it, {} points, {}; {} in all",
            if names.is_empty() { "everything".to_owned() } else { names.join(", ") },
            cell.made_for.rules,
            points(&cell.made_for),
            cell.named.rules,
            points(&cell.named),
            self.channel(&cell.named),
            cell.all.rules,
        );
        if self.counted {
            told += &format!("; {} lines, value {}", cell.trade.lines, units(cell.trade.value_cents));
        }
        clean(&told).into_owned()
    }

    fn legend(&self) -> Markup {
        let gap = |gap: Gap, text: String| {
            html! {
                li { table { tr { td class={ "g " (class(gap)) } { (symbol(gap)) } } } (html::text(&text)) }
            }
        };
        html! {
            ul.legend {
                li {
                    "rules made for it: few points "
                    table { tr { @for shade in 0..SHADES { td class={ "s" (shade) } {} } } }
                    " up to " (self.pack.score.cap)
                }
                li { table { tr { td.n {} } } "rules name only one of its parts" }
                (gap(Gap::Weak, format!("gap: rules name it, but leave it {}", mildest(self.pack))))
                (gap(Gap::Unnamed, "gap: no rule names it".to_owned()))
                (gap(Gap::Nothing, "gap: no rule is there".to_owned()))
            }
        }
    }

    fn gaps(&self) -> Markup {
        let gaps = self.view.gaps(self.coverage);
        if gaps.is_empty() {
            return html! { p { "There are none." } };
        }
        let axes = [Some(self.view.rows), self.view.columns];
        let axes: Vec<usize> = axes.into_iter().flatten().collect();
        let mut columns: Vec<(&str, bool)> = vec![("", false)];
        columns.extend(axes.iter().map(|&axis| (axis_title(self.axis(axis).key), false)));
        let controlled = format!("not {}", mildest(self.pack));
        if self.counted {
            columns.extend([
                ("value", true),
                ("lines", true),
                ("fired on", true),
                (controlled.as_str(), true),
            ]);
        }
        columns.push(("why", false));
        html! {
            div.scroll {
                table.wide {
                    (html::head(&columns))
                    tbody {
                        @for (cell, gap) in gaps.iter().take(GAPS_MAX) {
                            tr {
                                td class=(if *gap == Gap::Weak { "warn" } else { "bad" }) { b { (symbol(*gap)) } }
                                @for &axis in &axes {
                                    td { (html::text(&self.axis(axis).segments[cell.at[axis]].title)) }
                                }
                                @if self.counted {
                                    (html::number_cell(&html::number(units(cell.trade.value_cents))))
                                    (html::number_cell(&html::number(cell.trade.lines)))
                                    (html::number_cell(&html::number(cell.trade.lines_fired)))
                                    (html::number_cell(&html::number(cell.trade.lines_controlled)))
                                }
                                td.soft { (html::text(&why(*gap, cell, mildest(self.pack)))) }
                            }
                        }
                    }
                }
            }
            @if gaps.len() > GAPS_MAX {
                p.soft { "and " (html::number((gaps.len() - GAPS_MAX) as u64)) " more" }
            }
        }
    }

    /// The same picture, small, for each segment of the axis that the table leaves out.
    fn multiples(&self) -> Markup {
        let Some(third) = self.view.third().map(|axis| self.axis(axis)) else { return html! {} };
        let Some(columns) = self.view.column_axis(self.coverage) else { return html! {} };
        let segments: Vec<usize> = (0..third.segments.len()).filter(|&at| !is_whole(third, at)).collect();
        if third.segments.len() < 2 {
            return html! {};
        }
        let cells = segments.len() * self.axis(self.view.rows).segments.len() * columns.segments.len();
        html! {
            h2 { "By " (axis_title(third.key)) }
            @if cells > SMALL_CELLS_MAX {
                p.soft { "There are too many cells to draw; keep one with --" (third.key.name()) "." }
            } @else {
                p.soft {
                    "Columns: "
                    @for (at, segment) in columns.segments.iter().enumerate() {
                        @if at > 0 { ", " }
                        (at + 1) "\u{a0}" (html::text(&segment.title))
                    }
                    "."
                }
                div.multiples { @for &at in &segments { (self.small(third, at)) } }
            }
        }
    }

    fn small(&self, third: &Axis, at: usize) -> Markup {
        let shown = self.view.rows_with_lines(self.coverage, at);
        let total = self.view.cell(self.coverage, 0, 0, at);
        html! {
            figure {
                figcaption {
                    (html::text(&third.segments[at].title))
                    @if let (true, Some(total)) = (self.counted, total) {
                        span.soft {
                            (html::count(total.trade.lines, "line")) ", value " (short(total.trade.value_cents))
                        }
                    }
                    @if shown.is_empty() { span.soft { "no code on these days" } }
                }
                (self.matrix(at, true))
            }
        }
    }
}

/// The mark of a gap; it does not need its colour.
fn symbol(gap: Gap) -> &'static str {
    match gap {
        Gap::Nothing => "✕",
        Gap::Unnamed => "○",
        Gap::Weak => "!",
    }
}

fn class(gap: Gap) -> &'static str {
    match gap {
        Gap::Nothing => "nothing",
        Gap::Unnamed => "unnamed",
        Gap::Weak => "weak",
    }
}
