//! Everything of a pack but its rules: manifest, reference data, lookup tables.

use std::fmt::Write as _;

use qingfeng::FieldValue;

use super::choices::Choices;
use super::fields::{DECLARED, Field};
use super::values::{COUNTRIES, HS, Kind, MODES, PORTS, Values};

/// A file: its path in the pack, and its text.
pub(super) type File = (String, String);

/// The channels, from mild to severe.
pub(super) const CHANNELS: [&str; 4] = ["green", "blue", "yellow", "red"];
/// The groups of each key, besides its codes.
pub(super) const REGIONS: [&str; 2] = ["east-africa", "gulf"];
pub(super) const COMMODITIES: [&str; 2] = ["vehicles", "bags"];
pub(super) const MODE_GROUPS: [&str; 2] = ["general", "post"];
pub(super) const SITES: [&str; 4] = ["north", "trucks", "port", "border"];

#[derive(Clone, Debug)]
pub(super) struct Table {
    pub name: &'static str,
    key: &'static [&'static str],
    dated: bool,
    columns: Vec<(&'static str, Kind)>,
}

const COLUMNS: &[(&str, Kind)] = &[
    ("grade", Kind::Integer),
    ("remark", Kind::Text),
    ("share", Kind::Number),
    ("open", Kind::Flag),
    ("since", Kind::Date),
];

impl Table {
    /// Every column that rules can read, with its kind.
    pub fn columns(&self) -> impl Iterator<Item = (&'static str, Kind)> + '_ {
        let days = [("listed_on", Kind::Date), ("delisted_on", Kind::Date)];
        let keys = self.key.iter().filter_map(|key| Some((*key, declared(key)?.kind)));
        self.columns.iter().copied().chain(days.into_iter().filter(|_| self.dated)).chain(keys)
    }
}

fn declared(name: &str) -> Option<&'static Field> {
    DECLARED.iter().find(|field| field.name == name)
}

/// The lookup tables, at most two.
pub(super) fn tables(choices: &mut Choices<'_>) -> Vec<Table> {
    const KEYS: [&[&str]; 6] = [
        &["exporter"],
        &["destination", "mode"],
        &["brand", "exporter"],
        &["plate_count"],
        &["signed_on"],
        &["hs", "certified"],
    ];
    let names = ["watched", "terms"];
    let count = choices.between(0, 2);
    names[..count]
        .iter()
        .map(|name| Table {
            name,
            key: KEYS[choices.below(KEYS.len())],
            dated: choices.percent(50),
            columns: COLUMNS.iter().filter(|_| choices.percent(70)).copied().collect(),
        })
        .collect()
}

pub(super) fn manifest(choices: &mut Choices<'_>, tables: &[Table]) -> File {
    let mut text =
        String::from("[pack]\nname = \"generated\"\nversion = \"1\"\n\n[schema]\nextends = \"export\"\n");
    let mut line = |line: String| {
        text.push_str(&line);
        text.push('\n');
    };
    for field in DECLARED.iter().filter(|field| field.added) {
        let level = if field.header { "header" } else { "item" };
        line(format!(
            "[schema.fields.{}]\nkind = \"{}\"\nlevel = \"{level}\"",
            field.name,
            kind_name(field.kind)
        ));
    }
    let combine = choices.pick(&["sum", "max"]);
    let (floor, cap) = *choices.pick(&[(0, 100), (-50, 1_000_000), (10, 60), (-2_000_000, 2_000_000)]);
    line(format!("\n[score]\ncombine = \"{combine}\"\nfloor = {floor}\ncap = {cap}"));
    for (channel, from) in CHANNELS.iter().zip([0, 20, 40, 70]) {
        line(format!("[[channels]]\nname = \"{channel}\"\nfrom = {from}"));
    }
    if choices.percent(50) {
        line(format!("[on_fault]\nat_least = \"{}\"", choices.pick(&CHANNELS)));
    }
    for table in tables {
        let key: Vec<String> = table.key.iter().map(|key| format!("\"{key}\"")).collect();
        line(format!("[lookups.{0}]\nfile = \"lookups/{0}.csv\"\nkey = [{1}]", table.name, key.join(", ")));
        if table.dated {
            line("from = \"listed_on\"\nuntil = \"delisted_on\"".into());
        }
        if !table.columns.is_empty() {
            line(format!("[lookups.{}.columns]", table.name));
            for (column, kind) in &table.columns {
                line(format!("{column} = \"{}\"", kind_name(*kind)));
            }
        }
    }
    ("pack.toml".into(), text)
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Flag => "flag",
        Kind::Integer => "integer",
        Kind::Number => "number",
        Kind::Text => "text",
        Kind::Date => "date",
    }
}

/// The groups that the keys of rules name.
pub(super) fn reference(choices: &mut Choices<'_>) -> Vec<File> {
    let mut files = Vec::new();
    let mut file = |name: &str, groups: &[&str], codes: &[&str], more: &dyn Fn(usize) -> String| {
        let mut text = String::new();
        for (at, group) in groups.iter().enumerate() {
            let mut members: Vec<String> = Vec::new();
            // The first group has the first code always, so that no group is empty for want of choices.
            for code in codes.iter().skip(at).step_by(2) {
                members.push(match choices.below(8) {
                    6 => format!("{{ code = \"{code}\", from = \"2016-01-01\" }}"),
                    7 => format!("{{ code = \"{code}\", until = \"2016-09-05\" }}"),
                    _ => format!("\"{code}\""),
                });
            }
            _ = writeln!(
                text,
                "[{group}]\ntitle = \"{group}\"\nmembers = [{}]\n{}",
                members.join(", "),
                more(at)
            );
        }
        files.push((format!("reference/{name}.toml"), text));
    };
    let nothing = |_: usize| String::new();
    file("regions", &REGIONS, COUNTRIES, &nothing);
    file("commodities", &COMMODITIES, HS, &nothing);
    file("modes", &MODE_GROUPS, MODES, &nothing);
    file("sites", &SITES[..2], PORTS, &|at| format!("kind = \"{}\"\n", ["port", "border"][at]));
    files
}

/// The file of a lookup table: rows with the values that lines have.
pub(super) fn lookup_file(choices: &mut Choices<'_>, values: &Values, table: &Table) -> File {
    let mut header: Vec<&str> = table.key.to_vec();
    if table.dated {
        header.extend(["listed_on", "delisted_on"]);
    }
    header.extend(table.columns.iter().map(|(name, _)| *name));
    let mut text = header.join(",");
    for _ in 0..choices.between(1, 6) {
        let mut cells = Vec::new();
        for key in table.key {
            let field = declared(key);
            cells.push(match field.and_then(|field| field.codes) {
                Some(codes) => (*choices.pick(codes)).to_owned(),
                None => cell(values.of_field(choices, field.map_or(Kind::Text, |field| field.kind))),
            });
        }
        if table.dated {
            let (from, until) = *choices.pick(&[
                ("", ""),
                ("2016-01-01", ""),
                ("", "2016-09-05"),
                ("2015-12-31", "2016-12-31"),
                ("2016-09-06", "2016-09-06"),
            ]);
            cells.extend([from.to_owned(), until.to_owned()]);
        }
        for &(_, kind) in &table.columns {
            cells.push(if choices.percent(25) {
                String::new()
            } else {
                cell(values.of_field(choices, kind))
            });
        }
        text.push('\n');
        text.push_str(&cells.join(","));
    }
    text.push('\n');
    (format!("lookups/{}.csv", table.name), text)
}

fn cell(value: FieldValue) -> String {
    match value {
        FieldValue::Flag(flag) => flag.to_string(),
        FieldValue::Integer(integer) => integer.to_string(),
        FieldValue::Number(number) => format!("{number:?}"),
        FieldValue::Text(text) => format!("\"{}\"", text.replace('"', "\"\"")),
        _ => String::new(),
    }
}
