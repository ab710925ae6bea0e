//! Tables of a report, all from its JSON.

use maud::{Markup, html};

use super::charts;
use super::doc::{As, Doc};
use crate::html::{self, text};

/// A heading of a column, and whether numbers stand below it.
type Column<'c> = (&'c str, bool);

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

impl Doc<'_> {
    fn count_columns(&self, first: &'static str) -> Vec<Column<'_>> {
        vec![
            (first, false),
            (self.say("Declarations", "报关单"), true),
            (self.say("Inspected", "已查验"), true),
            (self.say("Found", "查获"), true),
            (self.say("Hit rate", "查获率"), true),
            (self.say("Of all, estimated", "总体违规率（估计）"), true),
            (self.say("Cases", "案件"), true),
            (self.say("Major", "大案"), true),
            (self.say("Pieces", "件数"), true),
            (self.say("Fines, yuan", "罚款（元）"), true),
        ]
    }

    fn count_cells(&self, path: &str) -> Markup {
        let of = |field: &str| format!("{path}.{field}");
        html! {
            (self.cell(&of("declarations"), As::Count))
            (self.cell(&of("inspected"), As::Count))
            (self.cell(&of("found"), As::Count))
            (self.rate_cell(&of("hit_rate")))
            (self.rate_cell(&of("estimate")))
            (self.cell(&of("cases"), As::Count))
            (self.cell(&of("major_cases"), As::Count))
            (self.cell(&of("pieces"), As::Count))
            (self.cell(&of("fines"), As::Round))
        }
    }

    /// Counts by what declarations belong to. `all` is the place of the whole, where rows add up to it.
    pub fn counts(&self, path: &str, first: &'static str, all: Option<&str>) -> Markup {
        let body = html! {
            @for row in self.items(path) {
                tr { th scope="row" { (text(&self.title(&row))) } (self.count_cells(&row)) }
            }
        };
        let foot = all.map(|all| {
            html! { tr { th scope="row" { (self.say("All", "合计")) } (self.count_cells(all)) } }
        });
        table(&self.count_columns(first), &body, foot.as_ref())
    }

    /// A bar for each row with this figure, the largest first.
    pub fn bars(&self, path: &str, field: &str, title: &str) -> Markup {
        let mut values: Vec<(String, f64)> = self
            .items(path)
            .iter()
            .map(|row| (self.title(row), self.number(&format!("{row}.{field}")).unwrap_or(0.0)))
            .filter(|(_, value)| *value > 0.0)
            .collect();
        values.sort_by(|a, b| b.1.total_cmp(&a.1));
        charts::bars(title, &values)
    }

    /// The same for shares, in per cent.
    pub fn share_bars(&self, path: &str, field: &str, title: &str) -> Markup {
        let mut values: Vec<(String, f64)> = self
            .items(path)
            .iter()
            .filter_map(|row| Some((self.title(row), self.number(&format!("{row}.{field}"))?)))
            .map(|(name, share)| (name, (share * 1000.0).round() / 10.0))
            .filter(|(_, value)| *value > 0.0)
            .collect();
        values.sort_by(|a, b| b.1.total_cmp(&a.1));
        charts::bars(title, &values)
    }

    /// Kinds of violation, or what became of the goods.
    pub fn kinds(&self, path: &str, first: &'static str) -> Markup {
        let value = match self.text("unit") {
            "" => self.say("Value", "货值").to_owned(),
            unit if self.zh => format!("货值（{unit}）"),
            unit => format!("Value, {unit}"),
        };
        let columns = [
            (first, false),
            (self.say("Goods lines", "商品项"), true),
            (self.say("Declarations", "报关单"), true),
            (self.say("Pieces", "件数"), true),
            (value.as_str(), true),
            (self.say("Fines, yuan", "罚款（元）"), true),
        ];
        let body = html! {
            @for row in self.items(path) {
                tr {
                    th scope="row" { (text(&self.title(&row))) }
                    (self.cell(&format!("{row}.lines"), As::Count))
                    (self.cell(&format!("{row}.declarations"), As::Count))
                    (self.cell(&format!("{row}.pieces"), As::Count))
                    (self.cell(&format!("{row}.value"), As::Round))
                    (self.cell(&format!("{row}.fines"), As::Round))
                }
            }
        };
        table(&columns, &body, None)
    }

    /// Regions by goods groups: found of inspected in each cell, the deeper the higher the hit rate.
    pub fn matrix(&self, path: &str) -> Markup {
        let groups = self.items(&format!("{path}.groups"));
        html! {
            div.scroll tabindex="0" role="group" aria-label=(self.say("Regions and goods", "区域与商品")) {
                table.matrix {
                    thead {
                        tr {
                            td {}
                            @for group in &groups { th scope="col" { span { (text(&self.title(group))) } } }
                        }
                    }
                    tbody {
                        @for row in self.items(&format!("{path}.rows")) {
                            tr {
                                th scope="row" { (text(&self.title(&row))) }
                                @for cell in self.items(&format!("{row}.cells")) { (self.matrix_cell(&cell)) }
                            }
                        }
                    }
                }
            }
        }
    }

    fn matrix_cell(&self, cell: &str) -> Markup {
        let of = |field: &str| format!("{cell}.{field}");
        let inspected = self.number(&of("inspected")).unwrap_or(0.0);
        let declared = self.number(&of("declarations")).unwrap_or(0.0);
        // The lower end of the interval: a single finding of a single inspection is no hot spot.
        let shade = match self.number(&of("hit_rate.low")) {
            _ if declared == 0.0 => "e",
            None => "n",
            Some(low) if low >= 0.4 => "s4",
            Some(low) if low >= 0.2 => "s3",
            Some(low) if low >= 0.1 => "s2",
            Some(low) if low >= 0.03 => "s1",
            Some(_) => "s0",
        };
        html! {
            td class=(shade) {
                @if inspected > 0.0 {
                    (self.figure(&of("hit_rate.rate"), As::Share))
                    small { (self.figure(&of("found"), As::Count)) "/" (self.figure(&of("inspected"), As::Count)) }
                    @if self.has(&of("estimate.rate")) {
                        small { "≈ " (self.figure(&of("estimate.rate"), As::Share)) }
                    }
                } @else if declared > 0.0 {
                    small { "0/0" }
                }
            }
        }
    }

    /// Checks of the data, those with something to tell.
    pub fn checks(&self, path: &str) -> Markup {
        let columns = [
            (self.say("What", "项目"), false),
            (self.say("Count", "数量"), true),
            (self.say("Of", "总数"), true),
            (self.say("Share", "占比"), true),
        ];
        let body = html! {
            @for row in self.items(path) {
                tr {
                    th scope="row" {
                        @let what = self.text(&format!("{row}.what"));
                        (text(super::words::word(what, self.zh).unwrap_or(what)))
                    }
                    (self.cell(&format!("{row}.count"), As::Count))
                    (self.cell(&format!("{row}.of"), As::Count))
                    (self.cell(&format!("{row}.share"), As::Share))
                }
            }
        };
        table(&columns, &body, None)
    }

    /// The use of the capacity by office.
    pub fn capacity(&self) -> Markup {
        let mut columns = vec![
            (self.say("Office", "查验站点"), false),
            (self.say("Days", "天数"), true),
            (self.say("Inspections", "查验"), true),
            (self.say("Mandatory", "必查"), true),
            (self.say("Targeted", "布控"), true),
            (self.say("Drawn", "随机"), true),
            (self.say("Share drawn", "随机占比"), true),
        ];
        let units = [
            ("inspections", self.say("inspections", "票"), "capacity.all.inspections_possible"),
            ("points", self.say("points", "分"), "capacity.all.points_possible"),
        ];
        let units: Vec<_> =
            units.into_iter().filter(|(_, _, possible)| self.number(possible) > Some(0.0)).collect();
        let heads: Vec<[String; 2]> = units
            .iter()
            .map(|(_, unit, _)| {
                [
                    format!("{}, {unit}", self.say("Used", "已用能力")),
                    format!("{}, {unit}", self.say("Possible", "查验能力")),
                ]
            })
            .collect();
        columns.extend(heads.iter().flatten().map(|head| (head.as_str(), true)));
        columns.push((self.say("Used", "使用率"), true));
        let row = |path: &str, name: &str| {
            let of = |field: &str| format!("{path}.{field}");
            html! {
                tr {
                    th scope="row" { (text(name)) }
                    @for field in ["days", "inspections", "mandatory", "targeted", "random"] {
                        (self.cell(&of(field), As::Count))
                    }
                    (self.cell(&of("random_share"), As::Share))
                    @for (unit, _, _) in &units {
                        (self.cell(&of(&format!("{unit}_used")), As::Count))
                        (self.cell(&of(&format!("{unit}_possible")), As::Count))
                    }
                    (self.cell(&of("used_share"), As::Share))
                }
            }
        };
        let body = html! {
            @for office in self.items("capacity.offices") { (row(&office, &self.title(&office))) }
        };
        table(&columns, &body, Some(&row("capacity.all", self.say("All", "合计"))))
    }
}
