//! Counts for Prometheus, as its text format has them. Labels are those of the pack and of closed lists; nothing that is posted is one.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::routes::ROUTES;
use crate::state::{STATUS_CLASSES, State, lock};

/// Rules that have counters of their own at most. Larger packs have the sums alone.
const RULES_MAX: usize = 2_000;

/// Upper bounds in seconds.
const BOUNDS: [f64; 12] =
    [0.000_05, 0.000_1, 0.000_2, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.05, 0.25, 1.0, 5.0];

/// Durations, counted by size.
#[derive(Default)]
pub(crate) struct Histogram {
    counts: [AtomicU64; BOUNDS.len() + 1],
    nanoseconds: AtomicU64,
}

impl Histogram {
    pub fn add(&self, duration: Duration) {
        let seconds = duration.as_secs_f64();
        let at = BOUNDS.iter().position(|bound| seconds <= *bound).unwrap_or(BOUNDS.len());
        self.counts[at].fetch_add(1, Ordering::Relaxed);
        let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    fn write(&self, text: &mut Text, name: &str, help: &str) {
        text.head(name, help, "histogram");
        let mut sum = 0;
        for (at, count) in self.counts.iter().enumerate() {
            sum += count.load(Ordering::Relaxed);
            let bound = BOUNDS.get(at).map_or("+Inf".to_owned(), ToString::to_string);
            text.value(&format!("{name}_bucket"), &[("le", &bound)], sum);
        }
        let seconds = self.nanoseconds.load(Ordering::Relaxed) as f64 / 1e9;
        text.value(&format!("{name}_sum"), &[], seconds);
        text.value(&format!("{name}_count"), &[], sum);
    }
}

#[derive(Default)]
struct Text(String);

impl Text {
    fn head(&mut self, name: &str, help: &str, kind: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn value(&mut self, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        self.0 += name;
        for (at, (label, text)) in labels.iter().enumerate() {
            let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(self.0, "{}{label}=\"{text}\"", if at == 0 { '{' } else { ',' });
        }
        let _ = writeln!(self.0, "{} {value}", if labels.is_empty() { "" } else { "}" });
    }

    fn one(&mut self, name: &str, help: &str, kind: &str, value: impl std::fmt::Display) {
        self.head(name, help, kind);
        self.value(name, &[], value);
    }
}

/// All counts.
pub(crate) fn text(state: &State) -> String {
    let live = state.live();
    let counters = &state.counters;
    let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
    let mut text = Text::default();
    text.head("qingfeng_declarations_total", "Declarations that were assessed, by channel.", "counter");
    for channel in live.channel_views() {
        text.value("qingfeng_declarations_total", &[("channel", &channel.channel)], channel.declarations);
    }
    text.one("qingfeng_lines_total", "Goods lines that were assessed.", "counter", load(&counters.lines));
    text.head(
        "qingfeng_rejects_total",
        "Declarations that could not be assessed, by what was wrong.",
        "counter",
    );
    for (kind, count) in &*lock(&counters.rejected) {
        text.value("qingfeng_rejects_total", &[("reason", kind)], count);
    }
    let rules = live.rule_views();
    if rules.len() <= RULES_MAX {
        text.head("qingfeng_rule_fired_total", "Lines on which a rule fired.", "counter");
        rules
            .iter()
            .for_each(|rule| text.value("qingfeng_rule_fired_total", &[("rule", &rule.id)], rule.fired));
        text.head("qingfeng_rule_faults_total", "Lines on which a rule could not be evaluated.", "counter");
        rules
            .iter()
            .for_each(|rule| text.value("qingfeng_rule_faults_total", &[("rule", &rule.id)], rule.faults));
    } else {
        let (fired, faults) =
            rules.iter().fold((0, 0), |(fired, faults), rule| (fired + rule.fired, faults + rule.faults));
        text.one(
            "qingfeng_rule_fired_total",
            "Pairs of a line and a rule that fired on it.",
            "counter",
            fired,
        );
        text.one(
            "qingfeng_rule_faults_total",
            "Pairs of a line and a rule that could not be evaluated.",
            "counter",
            faults,
        );
    }
    counters.assess_seconds.write(
        &mut text,
        "qingfeng_assess_seconds",
        "Time to assess one declaration, without waiting.",
    );
    text.head("qingfeng_requests_total", "Requests, by route and class of the status.", "counter");
    let routes = ROUTES.iter().map(|route| route.path).chain(["other"]);
    for (route, counts) in routes.zip(&counters.requests) {
        for (class, count) in STATUS_CLASSES.iter().zip(counts) {
            text.value("qingfeng_requests_total", &[("route", route), ("status", class)], load(count));
        }
    }
    text.one(
        "qingfeng_queue_waiting",
        "Declarations that wait for a thread.",
        "gauge",
        state.workers.waiting(),
    );
    text.one(
        "qingfeng_queue_full_total",
        "Requests that were answered with 429.",
        "counter",
        load(&counters.queue_full),
    );
    text.head("qingfeng_batches_total", "Bodies with many declarations, by outcome.", "counter");
    for (outcome, count) in ["done", "failed"].into_iter().zip(&counters.batches) {
        text.value("qingfeng_batches_total", &[("outcome", outcome)], load(count));
    }
    text.one(
        "qingfeng_connections",
        "Connections that are open.",
        "gauge",
        counters.connections.load(Ordering::Relaxed),
    );
    text.one(
        "qingfeng_connections_refused_total",
        "Connections beyond the most that may be open.",
        "counter",
        load(&counters.connections_refused),
    );
    text.head("qingfeng_pack_info", "The pack that runs.", "gauge");
    let pack = live.engine.pack();
    let labels = [
        ("name", pack.name.as_str()),
        ("version", pack.version.as_str()),
        ("digest", live.engine.digest()),
        ("snapshot", live.snapshot().unwrap_or_default()),
    ];
    text.value("qingfeng_pack_info", &labels, 1);
    let is_stale = lock(&state.disk).digest.as_deref() != Some(live.engine.digest());
    text.one(
        "qingfeng_pack_stale",
        "Whether the pack on the disk is another one than runs.",
        "gauge",
        u8::from(is_stale),
    );
    text.head("qingfeng_reload_total", "Reloads, by outcome.", "counter");
    for (outcome, count) in state.reloads.counts() {
        text.value("qingfeng_reload_total", &[("outcome", outcome)], count);
    }
    if let Some(shadow) = state.shadow() {
        let view = shadow.view();
        text.one(
            "qingfeng_shadow_compared_total",
            "Declarations that the shadow pack assessed too.",
            "counter",
            view.change.compared,
        );
        text.one(
            "qingfeng_shadow_skipped_total",
            "Declarations that it did not, since there was no time.",
            "counter",
            view.skipped,
        );
        text.head(
            "qingfeng_shadow_changed_total",
            "Declarations that would have gone to another channel.",
            "counter",
        );
        for change in &view.change.channels {
            text.value(
                "qingfeng_shadow_changed_total",
                &[("from", &change.from), ("to", &change.to)],
                change.declarations,
            );
        }
    }
    text.0
}
