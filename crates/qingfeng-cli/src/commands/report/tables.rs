//! Tables and bars of a report.

use maud::{Markup, html};
use qingfeng_insight::report::{Cell, Check, Counts, Kind, Matrix, OfficeUse, Row, Titled};

use super::Doc;
use super::place::{As, At, HasInterval as _, at};
use crate::charts;
use crate::html::{self, text};

/// What stands in a column, by row.
type CellOf<'c, T> = Box<dyn Fn(&At<'_, T>) -> Markup + 'c>;

/// A column of a table: its heading, whether numbers stand below it, and its cell in each row.
pub struct Column<'c, T> {
    head: &'c str,
    is_number: bool,
    cell: CellOf<'c, T>,
}

/// A column of texts.
pub fn texts<'c, T>(head: &'c str, cell: impl Fn(&At<'_, T>) -> Markup + 'c) -> Column<'c, T> {
    Column { head, is_number: false, cell: Box::new(cell) }
}

/// A column of numbers.
pub fn numbers<'c, T>(head: &'c str, cell: impl Fn(&At<'_, T>) -> Markup + 'c) -> Column<'c, T> {
    Column { head, is_number: true, cell: Box::new(cell) }
}

/// A column of a field of rows that is a number, and how it is written.
macro_rules! number {
    ($row:ty: $head:expr, $($field:ident).+, $kind:ident) => {
        numbers($head, |row: &At<'_, $row>| at!(row.$($field).+).cell(As::$kind))
    };
}
pub(super) use number;

/// A table without names of its rows.
pub fn table<'r, T: 'r>(columns: &[Column<'_, T>], rows: impl IntoIterator<Item = At<'r, T>>) -> Markup {
    drawn(columns, rows.into_iter().map(|row| (None, row)), None)
}

/// A table whose first column has the names of its rows.
pub fn named_table<'r, T: 'r>(
    columns: &[Column<'_, T>],
    rows: impl Iterator<Item = (String, At<'r, T>)>,
    foot: Option<(&str, At<'r, T>)>,
) -> Markup {
    drawn(columns, rows.map(|(name, row)| (Some(name), row)), foot)
}

/// A table that can be sorted, in a box of its own that scrolls where it is too wide. A name stands in the place of the
/// first column.
fn drawn<'r, T: 'r>(
    columns: &[Column<'_, T>],
    rows: impl Iterator<Item = (Option<String>, At<'r, T>)>,
    foot: Option<(&str, At<'r, T>)>,
) -> Markup {
    let cells = |name: Option<&str>, row: &At<'r, T>| {
        html! {
            tr {
                @if let Some(name) = name { th scope="row" { (text(name)) } }
                @for column in &columns[usize::from(name.is_some())..] { ((column.cell)(row)) }
            }
        }
    };
    let heads: Vec<(&str, bool)> = columns.iter().map(|column| (column.head, column.is_number)).collect();
    html! {
        div.scroll tabindex="0" role="group" aria-label=[heads.first().map(|(name, _)| name)] {
            table.sortable {
                (html::head(&heads))
                tbody { @for (name, row) in rows { (cells(name.as_deref(), &row)) } }
                @if let Some((name, foot)) = &foot { tfoot { (cells(Some(name), foot)) } }
            }
        }
    }
}

/// The head of a first column whose names stand apart.
pub fn names<T>(head: &str) -> Column<'_, T> {
    texts(head, |_| html! {})
}

/// Bars of what is more than nothing, the largest first.
fn bars(title: &str, values: impl Iterator<Item = (String, f64)>) -> Markup {
    let mut values: Vec<(String, f64)> = values.filter(|(_, value)| *value > 0.0).collect();
    values.sort_by(|a, b| b.1.total_cmp(&a.1));
    charts::bars(title, &values)
}

/// A share in per cent, with one decimal.
pub fn per_cent(share: f64) -> f64 {
    (share * 1000.0).round() / 10.0
}

impl Doc<'_> {
    /// Counts by what declarations belong to. `all` is the whole, where rows add up to it.
    pub fn counts(&self, rows: &At<'_, Vec<Row>>, first: &str, all: Option<At<'_, Counts>>) -> Markup {
        let w = self.w;
        let columns: [Column<'_, Counts>; 10] = [
            names(first),
            number!(Counts: w.declarations(), declarations, Count),
            number!(Counts: w.inspected(), inspected, Count),
            number!(Counts: w.found(), found, Count),
            numbers(w.hit_rate(), |row: &At<'_, Counts>| at!(row.hit_rate).rate_cell()),
            numbers(w.of_all(), |row: &At<'_, Counts>| at!(row.estimate).rate_cell()),
            number!(Counts: w.cases(), cases, Count),
            number!(Counts: w.major(), major_cases, Count),
            number!(Counts: w.pieces(), pieces, Count),
            numbers(w.fines_yuan(), |row: &At<'_, Counts>| at!(row.fines).cell(self.yuan())),
        ];
        let rows = rows.items().map(|row| (self.title(&row.of), row.same(|row| &row.counts)));
        named_table(&columns, rows, all.map(|all| (w.all(), all)))
    }

    /// A bar for each row.
    pub fn bars(&self, rows: &[Row], title: &str, count: fn(&Counts) -> u64) -> Markup {
        bars(title, rows.iter().map(|row| (self.title(&row.of), count(&row.counts) as f64)))
    }

    /// A bar with the hit rate of each row, in per cent.
    pub fn rate_bars(&self, rows: &[Row], title: &str) -> Markup {
        let rate = |row: &Row| Some((self.title(&row.of), per_cent(row.counts.hit_rate.as_ref()?.rate)));
        bars(title, rows.iter().filter_map(rate))
    }

    /// A bar with a share of each office, in per cent.
    pub fn office_bars(&self, title: &str, share: fn(&OfficeUse) -> Option<f64>) -> Markup {
        let offices = &self.report.capacity.offices;
        bars(
            title,
            offices.iter().filter_map(|office| Some((self.title(&office.of), per_cent(share(office)?)))),
        )
    }

    /// Kinds of violation, or what became of the goods.
    pub fn kinds(&self, kinds: &At<'_, Vec<Kind>>, first: &str) -> Markup {
        let w = self.w;
        let unit = self.report.unit.as_deref().filter(|unit| !unit.is_empty());
        let value = unit.map_or_else(|| w.value().to_owned(), |unit| w.value_in(w.unit(unit)));
        let columns: [Column<'_, Kind>; 6] = [
            names(first),
            number!(Kind: w.goods_lines(), lines, Count),
            number!(Kind: w.declarations(), declarations, Count),
            number!(Kind: w.pieces(), pieces, Count),
            numbers(&value, |row: &At<'_, Kind>| at!(row.value).cell(self.sum())),
            numbers(w.fines_yuan(), |row: &At<'_, Kind>| at!(row.fines).cell(self.yuan())),
        ];
        named_table(&columns, kinds.items().map(|kind| (w.named(&kind.name).to_owned(), kind)), None)
    }

    /// Regions by goods groups: found of inspected in each cell, the deeper the higher the hit rate.
    pub fn matrix(&self, matrix: &At<'_, Matrix>) -> Markup {
        html! {
            div.scroll tabindex="0" role="group" aria-label=(self.w.regions_and_goods()) {
                table.matrix {
                    thead {
                        tr {
                            td {}
                            @for group in &matrix.groups { th scope="col" { span { (text(&self.title(group))) } } }
                        }
                    }
                    tbody {
                        @for row in at!(matrix.rows).items() {
                            tr {
                                th scope="row" { (text(&self.title(&row.of))) }
                                @for cell in at!(row.cells).items() { (matrix_cell(&cell)) }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Checks of the data, those with something to tell.
    pub fn checks(&self, checks: &At<'_, Vec<Check>>) -> Markup {
        let w = self.w;
        let columns: [Column<'_, Check>; 4] = [
            names(w.what()),
            number!(Check: w.count(), count, Count),
            number!(Check: w.of(), of, Count),
            number!(Check: w.share(), share, Share),
        ];
        named_table(&columns, checks.items().map(|check| (w.named(check.what).to_owned(), check)), None)
    }

    /// The use of the capacity by office.
    pub fn capacity(&self) -> Markup {
        let (w, report) = (self.w, self.place());
        let capacity = at!(report.capacity);
        let heads =
            [w.unit_inspections(), w.unit_points()].map(|unit| [w.used_in(unit), w.possible_in(unit)]);
        let [[used, possible], [used_points, possible_points]] = &heads;
        let mut columns: Vec<Column<'_, OfficeUse>> = vec![
            names(w.office()),
            number!(OfficeUse: w.days(), days, Count),
            number!(OfficeUse: w.inspections(), inspections, Count),
            number!(OfficeUse: w.mandatory(), mandatory, Count),
            number!(OfficeUse: w.targeted(), targeted, Count),
            number!(OfficeUse: w.drawn(), random, Count),
            number!(OfficeUse: w.share_drawn(), random_share, Share),
        ];
        if capacity.all.inspections_possible > 0 {
            columns.push(number!(OfficeUse: used, inspections_used, Count));
            columns.push(number!(OfficeUse: possible, inspections_possible, Count));
        }
        if capacity.all.points_possible > 0 {
            columns.push(number!(OfficeUse: used_points, points_used, Count));
            columns.push(number!(OfficeUse: possible_points, points_possible, Count));
        }
        columns.push(number!(OfficeUse: w.used(), used_share, Share));
        let offices = at!(capacity.offices).items().map(|office| (self.title(&office.of), office));
        named_table(&columns, offices, Some((w.all(), at!(capacity.all))))
    }

    /// How the page writes a sum in the unit of its heading.
    pub fn sum(&self) -> As {
        if self.is_chinese() { As::Sum } else { As::Round }
    }

    /// How the page writes a sum of yuan: in English its heading has the unit.
    pub fn yuan(&self) -> As {
        if self.is_chinese() { As::Yuan } else { As::Round }
    }

    /// What people call a thing: its title in the page's language, a word for its name, or the name.
    pub fn title(&self, of: &Titled) -> String {
        let zh = of.title_zh.as_deref().unwrap_or("");
        let own = if self.is_chinese() { zh } else { &of.title };
        if (own.is_empty() || own == of.name)
            && let Some(word) = self.w.name(&of.name)
        {
            return word.to_owned();
        }
        [own, &of.title, &of.name].into_iter().find(|text| !text.is_empty()).unwrap_or("").to_owned()
    }

    /// What people call a site or a mode of this name; of another name itself.
    pub fn name_of(&self, name: &str) -> String {
        let counts = &self.report.counts;
        let row = counts.by_site.iter().chain(&counts.by_mode).find(|row| row.of.name == name);
        row.map_or_else(|| name.to_owned(), |row| self.title(&row.of))
    }
}

fn matrix_cell(cell: &At<'_, Cell>) -> Markup {
    // The lower end of the interval: a single finding of a single inspection is no hot spot.
    let shade = match cell.hit_rate.map(|rate| rate.low) {
        _ if cell.declarations == 0 => "e",
        None => "n",
        Some(low) if low >= 0.4 => "s4",
        Some(low) if low >= 0.2 => "s3",
        Some(low) if low >= 0.1 => "s2",
        Some(low) if low >= 0.03 => "s1",
        Some(_) => "s0",
    };
    let rate = at!(cell.hit_rate).some().filter(|_| cell.inspected > 0);
    let estimate = at!(cell.estimate).some().filter(|estimate| estimate.rate.is_some());
    html! {
        td class=(shade) {
            @if let Some(rate) = rate {
                (at!(rate.rate).figure(As::Share))
                small { (at!(cell.found).figure(As::Count)) "/" (at!(cell.inspected).figure(As::Count)) }
                @if let Some(estimate) = estimate { small { "≈ " (at!(estimate.rate).figure(As::Share)) } }
            } @else if cell.declarations > 0 {
                small { "0/0" }
            }
        }
    }
}
