//! The summary of a scoring run, for people.

use qingfeng::read::Reject;
use qingfeng::rules::Status;
use qingfeng::{CodeCounts, Engine, Summary};

use crate::numbers::{count, grouped};
use crate::rejects::listed;
use crate::render::short_digest;
use crate::table::{Cell, table, titled};
use crate::terminal::{BOLD, DIM, ERROR, WARNING, channel_style, clean, styled};

/// The rejects that are shown when they go to no file.
pub const SHOWN_REJECTS: usize = 5;
const SHOWN_RULES: usize = 10;
const SHOWN_FAULTY_RULES: usize = 5;
const SHOWN_CODES: usize = 5;
const SHOWN_SCATTERED: usize = 3;
const SHOWN_COLUMNS: usize = 10;

/// What a summary is made from.
pub struct Report<'r> {
    pub summary: &'r Summary,
    pub engine: &'r Engine,
    /// The first rejects, if they were not written to a file.
    pub rejects: &'r [Reject],
}

impl Report<'_> {
    /// The summary: what was decided first, then what someone should look at, the speed last.
    pub fn human(&self) -> String {
        [
            self.lines(),
            self.channels(),
            self.rules(),
            self.faults(),
            self.unreadable(),
            self.scattered(),
            self.changed(),
            self.codes_amiss(),
            self.unused_columns(),
            self.speed(),
        ]
        .concat()
    }

    /// What `--strict` does not take.
    pub fn findings(&self) -> String {
        self.unreadable() + &self.scattered()
    }

    fn lines(&self) -> String {
        let Summary { lines_read, lines_assessed, lines_rejected, lines_unreadable, .. } = *self.summary;
        let amiss = |lines: u64| if lines > 0 { WARNING } else { DIM };
        let row =
            |name, lines: u64, style| vec![Cell::new(name), Cell::new(grouped(lines)).right().style(style)];
        let rows = [
            row("read", lines_read, BOLD),
            row("assessed", lines_assessed, BOLD),
            row("partly unreadable", lines_unreadable, amiss(lines_unreadable)),
            row("left out", lines_rejected, amiss(lines_rejected)),
        ];
        titled("Goods lines", &rows)
    }

    /// The channels, the most severe first.
    fn channels(&self) -> String {
        let declarations = self.summary.declarations;
        let channels = &self.engine.pack().channels;
        let rows: Vec<_> = self
            .summary
            .channels
            .iter()
            .enumerate()
            .rev()
            .map(|(at, (name, count))| {
                let percent =
                    if declarations == 0 { 0.0 } else { *count as f64 * 100.0 / declarations as f64 };
                let title = channels.get(at).and_then(|channel| channel.title.as_deref()).unwrap_or_default();
                vec![
                    Cell::new(name).style(channel_style(at, channels.len())),
                    Cell::new(grouped(*count)).right(),
                    Cell::new(format!("{percent:.1} %")).right(),
                    Cell::new(title).style(DIM),
                ]
            })
            .collect();
        format!("\n{}", titled(&count(declarations, "declaration"), &rows))
    }

    fn rules(&self) -> String {
        let rule = |id: &str| self.engine.pack().rules.iter().find(|rule| rule.id == id);
        let mut fired: Vec<_> = self.summary.rules.iter().filter(|(_, count)| count.fired > 0).collect();
        // The sort keeps the order of the pack among equals.
        fired.sort_by_key(|(_, count)| std::cmp::Reverse(count.fired));
        let more = fired.len().saturating_sub(SHOWN_RULES);
        let rows: Vec<_> = fired
            .iter()
            .take(SHOWN_RULES)
            .map(|(id, counted)| {
                let rule = rule(id);
                let is_shadow = rule.is_some_and(|rule| rule.status == Status::Shadow);
                vec![
                    Cell::new(id).style(BOLD),
                    Cell::new(count(counted.fired, "line")).right(),
                    Cell::new(points(counted.points)).right(),
                    Cell::new(if is_shadow { "(shadow)" } else { "" }).style(DIM),
                    Cell::new(rule.map_or("", |rule| rule.title.as_str())),
                ]
            })
            .collect();
        if rows.is_empty() {
            return "\nNo rule fired.\n".into();
        }
        let rest = match more {
            0 => String::new(),
            1 => "  and 1 more rule that fired less often\n".into(),
            more => format!("  and {more} more rules that fired less often\n"),
        };
        format!("\n{}{rest}", titled("Rules that fired most", &rows))
    }

    fn faults(&self) -> String {
        let total = self.summary.faults_total;
        if total == 0 {
            return String::new();
        }
        let mut faulty: Vec<_> = self.summary.rules.iter().filter(|(_, count)| count.faults > 0).collect();
        faulty.sort_by_key(|(_, count)| std::cmp::Reverse(count.faults));
        let rows: Vec<_> = faulty
            .iter()
            .take(SHOWN_FAULTY_RULES)
            .map(|(id, counted)| {
                vec![Cell::new(id).style(BOLD), Cell::new(count(counted.faults, "line")).right()]
            })
            .collect();
        let lifted = match self.engine.pack().on_fault {
            Some(channel) => {
                let name = &self.engine.pack().channels[channel.index()].name;
                format!("with an active one a line gets at least {}", clean(name))
            }
            None => "the pack names no channel for such lines".into(),
        };
        let heading = styled(ERROR, &count(total, "fault"));
        format!("\n{heading}: rules that could not be evaluated; {lifted}\n{}", table("  ", &rows))
    }

    /// What could not be read, by field, and the first places.
    fn unreadable(&self) -> String {
        let Summary { lines_rejected, lines_unreadable, declarations_unreadable, ref unreadable, .. } =
            *self.summary;
        let mut out = String::new();
        if lines_unreadable > 0 {
            let decides = match self.engine.pack().on_unreadable {
                Some(channel) => {
                    let name = &self.engine.pack().channels[channel.index()].name;
                    format!("such a line gets at least {}", clean(name))
                }
                None => "the worst that is possible decides".to_owned(),
            };
            let heading = format!("{} with something unreadable", count(lines_unreadable, "line"));
            out += &format!(
                "\n{}, in {}: rules that depend on it are undecided; {decides}\n",
                styled(WARNING, &heading),
                count(declarations_unreadable, "declaration")
            );
            let rows: Vec<_> = unreadable
                .iter()
                .map(|(field, values)| {
                    let name = if field.is_empty() { "the whole line" } else { field };
                    let kinds: Vec<String> = values
                        .kinds
                        .iter()
                        .map(|(kind, lines)| format!("{} {}", grouped(*lines), kind.replace('_', " ")))
                        .collect();
                    vec![
                        Cell::new(name).style(BOLD),
                        Cell::new(count(values.lines, "line")).right(),
                        Cell::new(kinds.join(", ")),
                    ]
                })
                .collect();
            out += &table("  ", &rows);
        }
        if lines_rejected > 0 {
            out +=
                &format!("\n{}\n", styled(WARNING, &format!("{} left out", count(lines_rejected, "line"))));
        }
        if !self.rejects.is_empty() {
            out += &listed(self.rejects, SHOWN_REJECTS);
            let total = unreadable.values().map(|values| values.lines).sum::<u64>() + lines_rejected;
            let hint = "--rejects FILE writes them all, with field and value";
            out += &match total.saturating_sub(self.rejects.len() as u64) {
                0 => format!("  ({hint})\n"),
                more => format!("  and {} more ({hint})\n", grouped(more)),
            };
        }
        out
    }

    fn scattered(&self) -> String {
        let total = self.summary.scattered_declarations;
        if total == 0 {
            return String::new();
        }
        let heading = styled(WARNING, &count(total, "scattered declaration"));
        let mut out =
            format!("\n{heading}: each part was assessed as if it were the whole; sort the inputs\n");
        for places in self.summary.scattered_places.iter().take(SHOWN_SCATTERED) {
            out += &format!("  {}, and again {}\n", clean(&places.first), clean(&places.again));
        }
        out
    }

    /// What was read otherwise than it is written, by field.
    fn changed(&self) -> String {
        let fields = self.summary.changed.iter();
        let rows = fields.flat_map(|(field, changes)| {
            changes.iter().map(move |(change, changed)| {
                vec![
                    Cell::new(field).style(BOLD),
                    Cell::new(count(changed.cells, "cell")).right(),
                    Cell::new(change.title()),
                    Cell::new(&changed.example).style(DIM),
                ]
            })
        });
        let rows: Vec<_> = rows.collect();
        if rows.is_empty() {
            return String::new();
        }
        format!("\n{}", titled("Read otherwise than written", &rows))
    }

    fn codes_amiss(&self) -> String {
        let of = |heading: &str, what: &str, codes: &mut dyn Iterator<Item = (&str, &CodeCounts)>| {
            let rows: Vec<_> = codes.map(|(field, codes)| amiss(field, codes)).collect();
            if rows.is_empty() {
                return String::new();
            }
            format!("\n{}: {what}\n{}", styled(WARNING, heading), table("  ", &rows))
        };
        let Summary { unknown_codes, codes_of_another_day, unfit_units, .. } = self.summary;
        let named = |(field, codes)| (String::as_str(field), codes);
        of(
            "Unknown codes",
            "no group of the pack and no code list has them",
            &mut unknown_codes.iter().map(named),
        ) + &of(
            "Codes of another day",
            "they were not in use on the day of the declaration",
            &mut codes_of_another_day.iter().map(named),
        ) + &of(
            "Units of other goods",
            "the tariff does not measure the goods in them",
            &mut std::iter::once(("legal_unit", unfit_units)).filter(|(_, codes)| codes.lines() > 0),
        )
    }

    fn unused_columns(&self) -> String {
        let with = self.summary.inputs.iter().filter(|input| !input.unused_columns.is_empty());
        let rows: Vec<_> = with
            .map(|input| {
                let columns = &input.unused_columns;
                let mut shown = columns.iter().take(SHOWN_COLUMNS).cloned().collect::<Vec<_>>().join(", ");
                if columns.len() > SHOWN_COLUMNS {
                    shown += ", …";
                }
                vec![Cell::new(&input.input), Cell::new(shown)]
            })
            .collect();
        if rows.is_empty() { String::new() } else { format!("\n{}", titled("Unused columns", &rows)) }
    }

    fn speed(&self) -> String {
        let Summary { seconds, threads, ref digest, .. } = *self.summary;
        let pack = self.engine.pack();
        let lookups = self.engine.lookups().map_or(String::new(), |lookups| {
            format!("Lookups {} of {}.\n", lookups.snapshot, clean(&lookups.store))
        });
        format!(
            "\nTook {seconds:.1} s: {} lines a second on {}.\nPack {} {}, digest {}.\n{lookups}",
            grouped(self.summary.lines_per_second() as u64),
            count(threads as u64, "thread"),
            clean(&pack.name),
            clean(&pack.version),
            short_digest(digest),
        )
    }
}

/// A row of codes that are amiss: their field, the lines, the most frequent of them.
fn amiss(field: &str, counts: &CodeCounts) -> Vec<Cell> {
    let mut codes: Vec<_> = counts.codes.iter().collect();
    codes.sort_by_key(|&(_, lines)| std::cmp::Reverse(*lines));
    let shown = codes.iter().take(SHOWN_CODES).map(|(code, lines)| format!("{code} ({})", grouped(**lines)));
    let mut shown = shown.collect::<Vec<_>>().join(", ");
    if codes.len() > SHOWN_CODES || counts.others > 0 {
        shown += ", …";
    }
    vec![Cell::new(field).style(BOLD), Cell::new(count(counts.lines(), "line")).right(), Cell::new(shown)]
}

/// `+1,200 points`
fn points(points: i64) -> String {
    let sign = if points > 0 { "+" } else { "" };
    format!("{sign}{} point{}", grouped(points), if points.abs() == 1 { "" } else { "s" })
}
