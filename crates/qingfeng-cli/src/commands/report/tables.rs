//! Tables and bars of a report.

use maud::{Markup, html};
use qingfeng::report::{Cell, Check, Counts, Kind, Matrix, OfficeUse, Row, Titled};

use super::Doc;
use super::place::{As, At, HasInterval as _, at};
use crate::charts;
use crate::html::{self, text};

/// A heading of a column, and whether numbers stand below it.
pub type Column<'c> = (&'c str, bool);

/// A table that can be sorted, in a box of its own that scrolls where it is too wide.
pub fn table(columns: &[Column<'_>], body: &Markup, foot: Option<&Markup>) -> Markup {
    html! {
        div.scroll tabindex="0" role="group" aria-label=[columns.first().map(|(name, _)| name)] {
            table.sortable {
                (html::head(columns))
                tbody { (body) }
                @if let Some(foot) = foot { tfoot { (foot) } }
            }
        }
    }
}

/// The name of a row.
pub fn row_head(name: &str) -> Markup {
    html! { th scope="row" { (text(name)) } }
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
    fn count_cells(&self, counts: &At<'_, Counts>) -> Markup {
        html! {
            (at!(counts.declarations).cell(As::Count))
            (at!(counts.inspected).cell(As::Count))
            (at!(counts.found).cell(As::Count))
            (at!(counts.hit_rate).rate_cell())
            (at!(counts.estimate).rate_cell())
            (at!(counts.cases).cell(As::Count))
            (at!(counts.major_cases).cell(As::Count))
            (at!(counts.pieces).cell(As::Count))
            (at!(counts.fines).cell(As::Round))
        }
    }

    /// Counts by what declarations belong to. `all` is the whole, where rows add up to it.
    pub fn counts(&self, rows: &At<'_, Vec<Row>>, first: &str, all: Option<At<'_, Counts>>) -> Markup {
        let w = self.w;
        let columns = [
            (first, false),
            (w.declarations(), true),
            (w.inspected(), true),
            (w.found(), true),
            (w.hit_rate(), true),
            (w.of_all(), true),
            (w.cases(), true),
            (w.major(), true),
            (w.pieces(), true),
            (w.fines_yuan(), true),
        ];
        let body = html! {
            @for row in rows.items() {
                tr { (row_head(&self.title(&row.of))) (self.count_cells(&row.same(|row| &row.counts))) }
            }
        };
        let foot = all.map(|all| html! { tr { (row_head(w.all())) (self.count_cells(&all)) } });
        table(&columns, &body, foot.as_ref())
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
        let value = unit.map_or_else(|| w.value().to_owned(), |unit| w.value_in(unit));
        let columns = [
            (first, false),
            (w.goods_lines(), true),
            (w.declarations(), true),
            (w.pieces(), true),
            (value.as_str(), true),
            (w.fines_yuan(), true),
        ];
        let body = html! {
            @for kind in kinds.items() {
                tr {
                    (row_head(w.named(&kind.name)))
                    (at!(kind.lines).cell(As::Count))
                    (at!(kind.declarations).cell(As::Count))
                    (at!(kind.pieces).cell(As::Count))
                    (at!(kind.value).cell(As::Round))
                    (at!(kind.fines).cell(As::Round))
                }
            }
        };
        table(&columns, &body, None)
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
                                (row_head(&self.title(&row.of)))
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
        let columns = [(w.what(), false), (w.count(), true), (w.of(), true), (w.share(), true)];
        let body = html! {
            @for check in checks.items() {
                tr {
                    (row_head(w.named(check.what)))
                    (at!(check.count).cell(As::Count))
                    (at!(check.of).cell(As::Count))
                    (at!(check.share).cell(As::Share))
                }
            }
        };
        table(&columns, &body, None)
    }

    /// The use of the capacity by office.
    pub fn capacity(&self) -> Markup {
        let (w, report) = (self.w, self.place());
        let capacity = at!(report.capacity);
        let (in_inspections, in_points) =
            (capacity.all.inspections_possible > 0, capacity.all.points_possible > 0);
        let heads =
            [w.unit_inspections(), w.unit_points()].map(|unit| [w.used_in(unit), w.possible_in(unit)]);
        let mut columns = vec![
            (w.office(), false),
            (w.days(), true),
            (w.inspections(), true),
            (w.mandatory(), true),
            (w.targeted(), true),
            (w.drawn(), true),
            (w.share_drawn(), true),
        ];
        for (_, heads) in [in_inspections, in_points].iter().zip(&heads).filter(|(is, _)| **is) {
            columns.extend(heads.iter().map(|head| (head.as_str(), true)));
        }
        columns.push((w.used(), true));
        let row = |office: &At<'_, OfficeUse>, name: &str| {
            html! {
                tr {
                    (row_head(name))
                    (at!(office.days).cell(As::Count))
                    (at!(office.inspections).cell(As::Count))
                    (at!(office.mandatory).cell(As::Count))
                    (at!(office.targeted).cell(As::Count))
                    (at!(office.random).cell(As::Count))
                    (at!(office.random_share).cell(As::Share))
                    @if in_inspections {
                        (at!(office.inspections_used).cell(As::Count))
                        (at!(office.inspections_possible).cell(As::Count))
                    }
                    @if in_points {
                        (at!(office.points_used).cell(As::Count))
                        (at!(office.points_possible).cell(As::Count))
                    }
                    (at!(office.used_share).cell(As::Share))
                }
            }
        };
        let body = html! {
            @for office in at!(capacity.offices).items() { (row(&office, &self.title(&office.of))) }
        };
        table(&columns, &body, Some(&row(&at!(capacity.all), w.all())))
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

    /// What people call a site of this name; of another name itself.
    pub fn site_title(&self, name: &str) -> String {
        let site = self.report.counts.by_site.iter().find(|site| site.of.name == name);
        site.map_or_else(|| name.to_owned(), |site| self.title(&site.of))
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
