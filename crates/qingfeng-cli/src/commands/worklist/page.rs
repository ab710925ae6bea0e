//! Lists as a page: a sheet for each site and day, with boxes to tick and room for the result.

use maud::{Markup, html};

use super::view::{Changed, Line, List, View, changes, kind};
use crate::html::{self, Page};
use crate::words::Language;

pub fn page(view: &View, words: Language) -> String {
    let days = view.lists.first().zip(view.lists.last());
    let subtitle = match days {
        Some((first, last)) if first.day == last.day => first.day.to_string(),
        Some((first, last)) => format!("{} – {}", first.day, last.day),
        None => words.list_empty().to_owned(),
    };
    let page = Page {
        language: words,
        title: words.list_title(),
        subtitle: &subtitle,
        style: include_str!("page.css"),
        script: None,
    };
    page.with(&html! {
        @if view.lists.len() > 1 { (contents(view, words)) }
        @for (at, list) in view.lists.iter().enumerate() { (sheet(view, at, list, words)) }
    })
}

fn office(list: &List) -> String {
    list.office_title.clone().unwrap_or_else(|| list.office.clone())
}

/// What the page has, to click on a screen.
fn contents(view: &View, words: Language) -> Markup {
    html! {
        ul.contents {
            @for (at, list) in view.lists.iter().enumerate() {
                li { a href=(format!("#list-{at}")) { (html::text(&office(list))) ", " (list.day) } " " span.soft { (list.count(words)) } }
            }
        }
    }
}

fn sheet(view: &View, at: usize, list: &List, words: Language) -> Markup {
    let ids = list.lines.iter().flat_map(|line| &line.rules);
    let mut ids: Vec<&String> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    let titled: Vec<(&String, &String)> =
        ids.into_iter().filter_map(|id| Some((id, view.rules.get(id)?))).collect();
    html! {
        section.sheet id=(format!("list-{at}")) {
            h2 { (html::text(&office(list))) span.day { (list.day) } }
            p.soft { (html::text(&list.totals(words))) }
            table.wide.list {
                (html::head(&[
                    ("", false), ("#", true), (words.list_declaration(), false), (words.list_selected(), false),
                    (words.list_score(), true), (words.list_goods(), false), (words.list_items(), true), (words.list_packages(), true),
                    (words.list_cost(), true), (words.list_result(), false),
                ]))
                @for line in &list.lines { (row(view, line, words)) }
            }
            p.sign { (words.list_officer()) span {} }
            @if !titled.is_empty() {
                h3 { (words.list_rules()) }
                dl.rules { @for (id, title) in titled { dt { (html::text(id)) } dd { (html::text(title)) } } }
            }
            dl.proof {
                dt { (words.list_commitment()) }
                dd { code { (html::text(list.commitment.as_deref().unwrap_or(words.list_no_draw()))) } }
                @for pack in &list.packs { dt { (words.list_pack()) } dd { code { (html::text(pack)) } } }
            }
        }
    }
}

fn row(view: &View, line: &Line, words: Language) -> Markup {
    let number = |number: Option<i64>| number.map_or(String::new(), html::number);
    let goods = line.goods(words);
    let order = match line.changed {
        Some(Changed::Added | Changed::ReroutedHere) => "+".to_owned(),
        _ => line.order.map_or("+".to_owned(), |order| order.to_string()),
    };
    let mut why = line.told.join("; ");
    if !line.rules.is_empty() {
        why += &format!("{}[{}]", if why.is_empty() { "" } else { " " }, line.rules.join(", "));
    }
    html! {
        tbody.gone[!line.stands()] {
            tr {
                td.box { @if line.stands() { span.tick {} } }
                (html::number_cell(&order))
                td.id { (html::text(&line.declaration_id)) @if let Some(trader) = &line.trader { small { (html::text(trader)) } } }
                td { (kind(line, words)) small { (line.chance(words)) } }
                td.number {
                    (number(line.score))
                    @if let Some(channel) = &line.channel {
                        br;
                        @match view.channel(channel) {
                            Some(at) => { (html::channel(view.channel_title(channel, words), at, view.channels.len())) }
                            None => { span.tag { (html::text(view.channel_title(channel, words))) } }
                        }
                    }
                }
                td { (html::text(goods)) }
                (html::number_cell(&number(line.items)))
                (html::number_cell(&number(line.packages)))
                (html::number_cell(&number(line.cost.map(i64::from))))
                td.result {}
            }
            tr.why {
                td colspan="2" {}
                td colspan="8" {
                    (html::text(&why))
                    @for change in changes(view, line, words) { p.change { (html::text(&change)) } }
                }
            }
        }
    }
}
