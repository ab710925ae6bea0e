//! A coverage for people: a table of cells, and the gaps.

use annotate_snippets::renderer::Style;
use qingfeng::Engine;
use qingfeng::tools::policy_coverage::{Gap, PolicyCell, PolicyCoverage, Segment};

use super::view::{View, is_everything, mildest, points, short, units, why};
use super::{axis_title, subject};
use crate::numbers::{count, grouped};
use crate::table::{Cell, heads, table, width};
use crate::terminal::{BAD, BOLD, DIM, WARNING, clean, styled};

/// Columns of the terminal that a table may take.
const WIDTH_MAX: usize = 118;

pub fn human(engine: &Engine, coverage: &PolicyCoverage, view: &View, gaps_shown: usize) -> String {
    let mut out = format!("{BOLD}{}{BOLD:#}\n", clean(&heading(coverage, view)));
    out += &format!("{DIM}{}{DIM:#}\n\n", clean(&subject(engine, coverage)));
    out += &match view.columns {
        Some(_) => matrix(engine, coverage, view),
        None => list(engine, coverage, view),
    };
    out += &gaps(engine, coverage, view, gaps_shown);
    out += &trade(engine, coverage);
    out
}

/// What the table is of: `Goods by region, all trade modes`.
fn heading(coverage: &PolicyCoverage, view: &View) -> String {
    let title = |axis: usize| axis_title(coverage.axes()[axis].key);
    match view.columns {
        Some(columns) => format!("{} by {}", title(view.rows), title(columns).to_lowercase()),
        None => title(view.rows).to_owned(),
    }
}

/// The mark of a cell, and how it is drawn: the rules made for it, or why it is a gap.
fn mark(cell: &PolicyCell) -> (String, Style) {
    match cell.gap {
        _ if cell.is_empty || is_everything(cell) => (String::new(), DIM),
        Some(Gap::Nothing) => ("x".to_owned(), BAD),
        Some(Gap::Unnamed) => ("o".to_owned(), BAD),
        Some(Gap::Weak) => ("!".to_owned(), WARNING),
        None if cell.made_for.rules > 0 => (cell.made_for.rules.to_string(), BOLD),
        None => ("·".to_owned(), Style::new()),
    }
}

fn matrix(engine: &Engine, coverage: &PolicyCoverage, view: &View) -> String {
    let (rows, Some(columns)) = (view.row_axis(coverage), view.column_axis(coverage)) else {
        return String::new();
    };
    let shown = view.rows_with_lines(coverage, 0);
    let names = rows.segments.iter().map(|segment| width(&clean(&segment.name))).max().unwrap_or(0);
    let column_of = |column: usize| {
        let marks = shown
            .iter()
            .map(|&row| view.cell(coverage, row, column, 0).map_or_else(|| (String::new(), DIM), mark));
        marks.collect::<Vec<_>>()
    };
    let mut out = String::new();
    let mut next = 0;
    while next < columns.segments.len() {
        // A block of columns that there is room for.
        let mut block = Vec::new();
        let mut used = names + 2;
        while let Some(column) = Some(next).filter(|&next| next < columns.segments.len()) {
            let marks = column_of(column);
            used +=
                2 + marks.iter().map(|(mark, _)| mark.len()).chain([letter(column).len()]).max().unwrap_or(0);
            if used > WIDTH_MAX && !block.is_empty() {
                break;
            }
            block.push((column, marks));
            next += 1;
        }
        let keys: Vec<String> =
            block.iter().map(|(at, _)| format!("{} {}", letter(*at), columns.segments[*at].name)).collect();
        out += &flowing(&keys);
        let mut rows_of_block = vec![vec![Cell::new("")]];
        rows_of_block[0].extend(block.iter().map(|(at, _)| Cell::new(letter(*at)).style(DIM).right()));
        for (at, &row) in shown.iter().enumerate() {
            let marks = block.iter().map(|(_, marks)| Cell::new(&marks[at].0).style(marks[at].1).right());
            let name = Cell::new(&rows.segments[row].name);
            rows_of_block.push(std::iter::once(name).chain(marks).collect());
        }
        out += &table("  ", &rows_of_block);
        out.push('\n');
    }
    out += &legend(engine, coverage, view);
    out
}

/// What the marks mean; only those that the table has.
fn legend(engine: &Engine, coverage: &PolicyCoverage, view: &View) -> String {
    let cells = || {
        let rows = view.rows_with_lines(coverage, 0).into_iter();
        rows.flat_map(|row| {
            (0..view.column_count(coverage)).filter_map(move |column| view.cell(coverage, row, column, 0))
        })
    };
    let has = |gap: Gap| cells().any(|cell| cell.gap == Some(gap));
    let mildest = mildest(engine.pack());
    let [a, b] = [view.rows, view.columns.unwrap_or(view.rows)].map(|axis| ["region", "goods", "mode"][axis]);
    let has_ordinary = |made_for: bool| {
        cells().any(|cell| {
            !cell.is_empty
                && !is_everything(cell)
                && cell.gap.is_none()
                && (cell.made_for.rules > 0) == made_for
        })
    };
    let mut rows: Vec<(&str, String)> = Vec::new();
    let mut explain = |is_there: bool, mark, text: String| {
        rows.extend(Some((mark, text)).filter(|_| is_there));
    };
    let kept = view.third().filter(|&third| {
        coverage.axes()[third].segments.first().is_some_and(|segment| segment.segment != Segment::All)
    });
    let made_for = match kept {
        None => {
            format!("active rules made for the cell: in `(all)` they name its {a} or {b}, elsewhere both")
        }
        Some(_) => {
            "active rules made for the cell: they name two at least of its region, goods and mode".to_owned()
        }
    };
    explain(has_ordinary(true), "7", made_for);
    explain(has_ordinary(false), "·", "rules name one of them and nothing else".to_owned());
    explain(has(Gap::Weak), "!", format!("a gap: rules name it, but by themselves leave it {mildest}"));
    explain(
        has(Gap::Unnamed),
        "o",
        "a gap: no rule names it, only rules for everything are there".to_owned(),
    );
    explain(has(Gap::Nothing), "x", "a gap: no rule is there".to_owned());
    let rows = rows.into_iter().map(|(mark, text)| vec![Cell::new(mark), Cell::new(text).style(DIM)]);
    table("  ", &rows.collect::<Vec<_>>()) + "\n"
}

/// The heading of a column: a letter, or two.
fn letter(at: usize) -> String {
    let one = |at: usize| char::from(b'A' + (at % 26) as u8);
    if at < 26 { one(at).to_string() } else { format!("{}{}", letter(at / 26 - 1), one(at)) }
}

/// Texts one after the other, in lines.
fn flowing(texts: &[String]) -> String {
    let mut out = String::from("  ");
    let mut used = 0;
    for text in texts {
        let text = clean(text);
        if used > 0 && used + width(&text) > WIDTH_MAX - 20 {
            out += "\n  ";
            used = 0;
        }
        if used > 0 {
            out += "   ";
        }
        used += width(&text) + 3;
        out += &styled(DIM, &text);
    }
    out + "\n\n"
}

/// A table of one axis has room for more.
fn list(engine: &Engine, coverage: &PolicyCoverage, view: &View) -> String {
    let axis = view.row_axis(coverage);
    let pack = engine.pack();
    let counted = coverage.totals.is_some();
    let mut headings = vec!["", "rules", "name it", "made for it", "points", "channel", "by themselves"];
    if counted {
        headings.extend(["lines", "value"]);
    }
    const LEFT: [usize; 3] = [0, 5, 6];
    let cell_of = |(at, text): (usize, String)| {
        if LEFT.contains(&at) { Cell::new(text) } else { Cell::new(text).right() }
    };
    let mut rows = vec![heads(&headings, &LEFT)];
    for row in view.rows_with_lines(coverage, 0) {
        let Some(cell) = view.cell(coverage, row, 0, 0) else { continue };
        let channel =
            |at: u8| pack.channels.get(usize::from(at)).map_or(String::new(), |channel| channel.name.clone());
        let mut texts = vec![
            axis.segments[row].name.clone(),
            cell.all.rules.to_string(),
            cell.named.rules.to_string(),
            cell.made_for.rules.to_string(),
            points(&cell.all),
            channel(cell.all.channel),
            format!("{} {}", points(&cell.named), channel(cell.named.channel)),
        ];
        if counted {
            texts.extend([grouped(cell.trade.lines), grouped(units(cell.trade.value_cents))]);
        }
        let mut row: Vec<Cell> = texts.into_iter().enumerate().map(cell_of).collect();
        if cell.gap.is_some() {
            row.push(Cell::new("gap").style(BAD));
        }
        rows.push(row);
    }
    table("  ", &rows) + "\n"
}

fn gaps(engine: &Engine, coverage: &PolicyCoverage, view: &View, shown: usize) -> String {
    let gaps = view.gaps(coverage);
    if gaps.is_empty() {
        return format!("{BOLD}No gaps{BOLD:#}\n");
    }
    let mildest = mildest(engine.pack());
    let counted = coverage.totals.is_some();
    let mut out = format!("{BOLD}{}{BOLD:#}", count(gaps.len() as u64, "gap"));
    if counted {
        out += ", most value first";
    }
    out.push('\n');
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    if counted {
        rows.push(heads(&["value", "lines", "fired on", &format!("not {mildest}")], &[]));
    }
    for (cell, gap) in gaps.iter().take(shown) {
        let mut row = Vec::new();
        if counted {
            row.push(Cell::new(short(cell.trade.value_cents)).style(BOLD).right());
            row.push(Cell::new(grouped(cell.trade.lines)).right());
            row.push(Cell::new(grouped(cell.trade.lines_fired)).right());
            row.push(Cell::new(grouped(cell.trade.lines_controlled)).right());
        }
        for axis in [Some(view.rows), view.columns].into_iter().flatten() {
            row.push(Cell::new(&coverage.axes()[axis].segments[cell.at[axis]].name));
        }
        row.push(Cell::new(why(*gap, cell, mildest)).style(DIM));
        rows.push(row);
    }
    out += &table("  ", &rows);
    if gaps.len() > shown {
        out += &format!(
            "  {DIM}and {} more; --limit {} lists them{DIM:#}\n",
            grouped((gaps.len() - shown) as u64),
            gaps.len()
        );
    }
    out
}

/// What was counted, and what could not be.
fn trade(engine: &Engine, coverage: &PolicyCoverage) -> String {
    let Some(totals) = &coverage.totals else { return String::new() };
    let pack = engine.pack();
    let mildest = mildest(pack);
    let all = &totals.all;
    let field = pack.schema.field("value").map(|field| &pack.schema[field]);
    let unit =
        field.and_then(|field| field.unit.as_deref()).map_or(String::new(), |unit| format!(" ({unit})"));
    let mut out = format!(
        "\n{BOLD}Trade{BOLD:#}  {} of {}, value {}{}\n",
        count(all.lines, "line"),
        count(totals.declarations, "declaration"),
        grouped(units(all.value_cents)),
        clean(&unit),
    );
    out += &format!(
        "       a rule fired on {}; {} not {}\n",
        grouped(all.lines_fired),
        grouped(all.lines_controlled),
        clean(mildest),
    );
    if all.lines_without_value > 0 {
        out += &format!("       {} without a value\n", count(all.lines_without_value, "line"));
    }
    if totals.lines_rejected > 0 {
        let text = format!(
            "{} could not be read whole; `qingfeng score` shows why",
            count(totals.lines_rejected, "line")
        );
        out += &format!("       {}\n", styled(WARNING, &text));
    }
    out
}
