//! Lists for a terminal.

use annotate_snippets::renderer::{Effects, Style};

use super::view::{Changed, Line, List, View, changes, kind};
use crate::table::{Cell, table};
use crate::terminal::{BOLD, DIM, WARNING, channel_style, clean, styled};
use crate::words::Language;

const STRUCK: Style = Style::new().effects(Effects::STRIKETHROUGH);

pub fn human(view: &View, words: Language) -> String {
    if view.lists.is_empty() {
        return format!("{}\n", words.list_empty());
    }
    let lists: Vec<String> = view.lists.iter().map(|list| of_list(view, list, words)).collect();
    let mut out = lists.join("\n");
    if !view.rules.is_empty() {
        out += &format!("\n{}\n", styled(BOLD, words.list_rules()));
        let rows: Vec<_> =
            view.rules.iter().map(|(id, title)| vec![Cell::new(id), Cell::new(title)]).collect();
        out += &table("  ", &rows);
    }
    out
}

fn of_list(view: &View, list: &List, words: Language) -> String {
    let office = match &list.office_title {
        Some(title) => format!("{title} ({})", list.office),
        None => list.office.clone(),
    };
    let mut out = format!("{}\n", styled(BOLD, &clean(&format!("{office}, {}", list.day))));
    let head = |text: &str| Cell::new(text).style(DIM);
    let mut rows = vec![vec![
        head("#").right(),
        head(words.list_declaration()),
        head(words.list_selected()),
        head(words.list_likely()),
        head(words.list_score()).right(),
        head(words.channel()),
        head(words.list_goods()),
        head(words.list_trader()),
        head(words.list_items()).right(),
        head(words.list_packages()).right(),
        head(words.list_cost()).right(),
    ]];
    rows.extend(list.lines.iter().map(|line| cells(view, line, words)));
    let rows = table("  ", &rows);
    let mut rows = rows.lines();
    out += &format!("{}\n", rows.next().unwrap_or_default());
    for (row, line) in rows.zip(&list.lines) {
        out += &format!("{row}\n");
        let mut why = line.told.join("; ");
        if !line.rules.is_empty() {
            why += &format!("{}[{}]", if why.is_empty() { "" } else { " " }, line.rules.join(", "));
        }
        if !why.is_empty() {
            out += &format!("       {}\n", styled(DIM, &clean(&why)));
        }
        for change in changes(view, line, words) {
            out += &format!("       {}\n", styled(WARNING, &clean(&change)));
        }
    }
    out += &format!("  {}\n", list.totals(words));
    let commitment = list.commitment.as_deref().unwrap_or(words.list_no_draw());
    out += &format!("  {}: {}\n", words.list_commitment(), clean(commitment));
    for pack in &list.packs {
        out += &format!("  {}: {}\n", words.list_pack(), clean(pack));
    }
    out
}

fn cells(view: &View, line: &Line, words: Language) -> Vec<Cell> {
    let number = |number: Option<i64>| number.map_or(String::new(), |number| words.digits(number));
    let style = if line.stands() { Style::new() } else { STRUCK };
    let order = match (line.changed, line.order) {
        (Some(Changed::Added | Changed::ReroutedHere), _) | (_, None) => "+".to_owned(),
        (Some(Changed::Dropped | Changed::ReroutedAway), Some(_)) => "-".to_owned(),
        (None, Some(order)) => order.to_string(),
    };
    let channel = line.channel.as_deref().unwrap_or("");
    let severity = view.channel(channel).filter(|_| line.stands());
    let channel_style = severity.map_or(style, |at| channel_style(at, view.channels.len()));
    let goods = line.goods(words);
    vec![
        Cell::new(order).right(),
        Cell::new(&line.declaration_id).style(style),
        Cell::new(kind(line, words)).style(style),
        Cell::new(line.chance(words)).style(style),
        Cell::new(number(line.score)).right().style(style),
        Cell::new(view.channel_title(channel, words)).style(channel_style),
        Cell::new(goods).style(style),
        Cell::new(line.trader.as_deref().unwrap_or("")).style(style),
        Cell::new(number(line.items)).right().style(style),
        Cell::new(number(line.packages)).right().style(style),
        Cell::new(number(line.cost.map(i64::from))).right().style(style),
    ]
}
