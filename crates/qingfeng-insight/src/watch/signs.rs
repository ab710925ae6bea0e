//! What stands out, in one list.

use serde::Serialize;

use super::{Proposal, ShiftTo, Watch, WatchOptions};

/// What a sign is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignKind {
    /// Trade that moved after a rule came into force.
    Displacement,
    /// Declarations just under a limit.
    JustUnderLimit,
    /// A site that inspects the same scores more or less than others.
    UnequalTreatment,
    /// A site that finds more or less than others in the same scores.
    UnequalFindings,
    /// A rule whose hit rate falls.
    Decay,
    /// A rule that fires no more.
    Silent,
    /// Inspections that stay open.
    Open,
}

impl SignKind {
    /// All, in the order in which they are told.
    pub const ALL: [Self; 7] = [
        Self::Displacement,
        Self::JustUnderLimit,
        Self::UnequalTreatment,
        Self::UnequalFindings,
        Self::Decay,
        Self::Silent,
        Self::Open,
    ];

    /// What it may mean, in English and in Chinese.
    pub fn may_mean(self) -> [&'static str; 2] {
        match self {
            Self::Displacement => [
                "trade may be going round the rule; a season, a new line or a change of business looks the same",
                "贸易可能正在绕开该规则；季节、新航线或经营变化也会有同样表现",
            ],
            Self::JustUnderLimit => [
                "consignments may be split, or values set, to stay under the limit",
                "货物可能被拆分或价值被压低，以免超过限额",
            ],
            Self::UnequalTreatment => [
                "traders may choose the site; its capacity or its share of surprise inspections may be another reason",
                "企业可能选择该现场；查验能力或随机比例不同也可能是原因",
            ],
            Self::UnequalFindings => [
                "inspections may be done or recorded differently, or goods differ in what scores do not see",
                "查验方式或记录口径可能不同，或者评分未能反映货物差异",
            ],
            Self::Decay => [
                "traders may have learned the rule, or what it looks for is gone",
                "企业可能已了解该规则，或规则所针对的现象已消失",
            ],
            Self::Silent => [
                "its reference data or its condition may no longer fit the trade",
                "参考数据或条件可能已不符合当前贸易",
            ],
            Self::Open => [
                "results are not sent or not coded; hit rates of these rules and sites are not known until they are",
                "结果未报送或未编码；在此之前相关规则和现场的查获率未知",
            ],
        }
    }

    /// What to look at next, in English and in Chinese.
    pub fn look_next(self) -> [&'static str; 2] {
        match self {
            Self::Displacement => [
                "draw some of this trade at random for inspection, and ask who moved",
                "对这部分贸易随机抽查，并查明哪些企业转移",
            ],
            Self::JustUnderLimit => [
                "look for declarations of the same exporter, day and goods that together exceed the limit",
                "查找同一企业、同日、同类货物合计超限的报关单",
            ],
            Self::UnequalTreatment => {
                ["compare its capacity, its overrides and its plan", "比较其查验能力、人工改派和计划"]
            }
            Self::UnequalFindings => [
                "exchange inspectors or repeat some inspections of both kinds",
                "交流查验人员，或对两类结果各复查一部分",
            ],
            Self::Decay => [
                "look at its last findings and at `qingfeng why-not`, then make it a shadow rule or retire it",
                "查看其最近查获和 `qingfeng why-not`，再改为影子规则或停用",
            ],
            Self::Silent => ["ask `qingfeng why-not` for it", "用 `qingfeng why-not` 查看原因"],
            Self::Open => ["ask the site for the results listed", "向该现场催报所列结果"],
        }
    }
}

/// Something that stands out: a sign and no proof.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sign {
    /// What it is of.
    pub kind: SignKind,
    /// The rule, the mode or the site.
    pub subject: String,
    /// Where: the port, mode or heading that trade went to.
    pub to: Option<String>,
    /// How large: a ratio to what was to be expected; of [`SignKind::Open`] the share that is open, of
    /// [`SignKind::Silent`] the days without firing.
    pub size: f64,
    /// Its 95 % interval, where it has one.
    pub interval: Option<(f64, f64)>,
    /// The probability of it by chance, corrected for the number of comparisons; `None` for what is no test.
    pub p_adjusted: Option<f64>,
    /// The sign in one sentence of plain English, with its numbers.
    pub text: String,
    /// The same in Chinese.
    pub text_zh: String,
}

/// A number with two figures after the point, or fewer where it is large.
fn times(ratio: f64) -> String {
    if ratio < 10.0 { format!("{ratio:.2}") } else { format!("{ratio:.0}") }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

fn p(p: f64) -> String {
    if p < 0.001 { "p < 0.001".to_owned() } else { format!("p {p:.3}") }
}

/// Whole units of value, with their thousands apart.
fn amount(cents: i64) -> String {
    format!("{}{}", if cents <= -100 { "-" } else { "" }, grouped((cents / 100).unsigned_abs()))
}

/// A count with its thousands apart.
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// What stands out of all that was found.
pub(super) fn signs(watch: &Watch, options: &WatchOptions) -> Vec<Sign> {
    let mut signs: Vec<Sign> = Vec::new();
    displaced(watch, options, &mut signs);
    bunched(watch, options, &mut signs);
    unequal(watch, options, &mut signs);
    decayed(watch, &mut signs);
    late(watch, options, &mut signs);
    signs.sort_by(|a, b| {
        let p = |sign: &Sign| sign.p_adjusted.unwrap_or(1.0);
        a.kind
            .cmp(&b.kind)
            .then(p(a).total_cmp(&p(b)))
            .then(b.size.total_cmp(&a.size))
            .then_with(|| (&a.subject, &a.to, &a.text).cmp(&(&b.subject, &b.to, &b.text)))
    });
    signs
}

fn displaced(watch: &Watch, options: &WatchOptions, signs: &mut Vec<Sign>) {
    for of_rule in &watch.displacement {
        // Where the trade that the rule catches grows as well, it is growth and goes round nothing.
        let grows = of_rule.caught.as_ref().is_some_and(|caught| caught.low > 1.0);
        let is_sign = |shift: &&super::Shift| {
            let apart = !grows || matches!(shift.to, ShiftTo::NewExporters);
            apart
                && shift.p_adjusted <= options.level
                && shift.ratio >= options.least_ratio
                && shift.after >= options.least_count
        };
        for shift in of_rule.shifts.iter().filter(is_sign) {
            let to = match shift.to {
                ShiftTo::Caught => continue,
                ShiftTo::Port => format!("to port {}", shift.at),
                ShiftTo::Mode => format!("to mode {}", shift.at),
                ShiftTo::Code => format!("to code {}", shift.at),
                ShiftTo::ExportersPort => format!("of its exporters to port {}", shift.at),
                ShiftTo::ExportersMode => format!("of its exporters to mode {}", shift.at),
                ShiftTo::ExportersCode => format!("of its exporters to code {}", shift.at),
                ShiftTo::NewExporters => "to new exporters".to_owned(),
            };
            let noun = if shift.to == ShiftTo::NewExporters { "exporters" } else { "consignments" };
            let caught = of_rule.caught.as_ref().map(|caught| times(caught.ratio));
            let [caught, caught_zh] = match caught {
                None => Default::default(),
                Some(times) => [
                    format!("; what it catches is {times} times as much"),
                    format!("；规则命中的贸易为此前的 {times} 倍"),
                ],
            };
            let at = &shift.at;
            let to_zh = match shift.to {
                ShiftTo::Caught | ShiftTo::NewExporters => "由新企业申报的贸易".to_owned(),
                ShiftTo::Port => format!("经口岸 {at} 的贸易"),
                ShiftTo::Mode => format!("以贸易方式 {at} 申报的贸易"),
                ShiftTo::Code => format!("以编码 {at} 申报的贸易"),
                ShiftTo::ExportersPort => format!("原命中企业经口岸 {at} 的贸易"),
                ShiftTo::ExportersMode => format!("原命中企业以贸易方式 {at} 申报的贸易"),
                ShiftTo::ExportersCode => format!("原命中企业以编码 {at} 申报的贸易"),
            };
            let noun_zh = if shift.to == ShiftTo::NewExporters { "家企业" } else { "批" };
            signs.push(Sign {
                kind: SignKind::Displacement,
                subject: of_rule.rule.clone(),
                to: Some(to.clone()),
                size: shift.ratio,
                interval: Some((shift.low, shift.high)),
                p_adjusted: Some(shift.p_adjusted),
                text: format!(
                    "rule {}, since {}: trade {to} is {} times as much as before ({} to {}, {}), against {}: {} {noun} \
                     before, {} after, value {} and {}{caught}",
                    of_rule.rule,
                    of_rule.since,
                    times(shift.ratio),
                    times(shift.low),
                    times(shift.high),
                    p(shift.p_adjusted),
                    shift.against,
                    grouped(shift.before),
                    grouped(shift.after),
                    amount(shift.value_before_cents),
                    amount(shift.value_after_cents),
                ),
                text_zh: format!(
                    "规则 {} 自 {} 起：{to_zh}为此前的 {} 倍（{} 至 {}，{}），与{}相比；此前 {}{noun_zh}，此后 {}{noun_zh}，货值 {} 和 {}{caught_zh}",
                    of_rule.rule,
                    of_rule.since,
                    times(shift.ratio),
                    times(shift.low),
                    times(shift.high),
                    p(shift.p_adjusted),
                    shift.against_zh,
                    grouped(shift.before),
                    grouped(shift.after),
                    amount(shift.value_before_cents),
                    amount(shift.value_after_cents),
                ),
            });
        }
    }
}

fn bunched(watch: &Watch, options: &WatchOptions, signs: &mut Vec<Sign>) {
    for bunching in &watch.limits {
        let (Some(expected), Some(ratio), Some(adjusted)) =
            (bunching.expected, bunching.ratio, bunching.p_adjusted)
        else {
            continue;
        };
        if adjusted > options.level || ratio < options.least_ratio || bunching.under < options.least_count {
            continue;
        }
        let (low, high) = (bunching.low.unwrap_or(0.0), bunching.high.unwrap_or(f64::MAX));
        let most = |list: &[super::BunchingAt], what: &str| {
            list.first().map_or(String::new(), |at| {
                format!("; {what} {}: {} against {:.1}", at.name, grouped(at.under), at.expected)
            })
        };
        let most_zh = |list: &[super::BunchingAt], what: &str| {
            list.first().map_or(String::new(), |at| {
                format!("；{what} {}：{} 票，预期 {:.1} 票", at.name, grouped(at.under), at.expected)
            })
        };
        signs.push(Sign {
            kind: SignKind::JustUnderLimit,
            subject: bunching.limit.mode.clone(),
            to: None,
            size: ratio,
            interval: Some((low, high)),
            p_adjusted: Some(adjusted),
            text: format!(
                "mode {}, limit {}: {} declarations from 90 % of the limit to the limit, {} times the {expected:.1} of a smooth \
                 distribution ({} to {}, {}); {} above it to 110 %{}{}",
                bunching.limit.mode,
                amount((bunching.limit.value * 100.0).round() as i64),
                grouped(bunching.under),
                times(ratio),
                times(low),
                times(high),
                p(adjusted),
                grouped(bunching.above),
                most(&bunching.places, "most at"),
                most(&bunching.exporters, "most by"),
            ),
            text_zh: format!(
                "贸易方式 {}，限额 {}：限额 90 % 至限额之间有 {} 票，为平滑分布预期 {expected:.1} 票的 {} 倍（{} 至 {}，{}）；限额以上至 110 % 有 {} 票{}{}",
                bunching.limit.mode,
                amount((bunching.limit.value * 100.0).round() as i64),
                grouped(bunching.under),
                times(ratio),
                times(low),
                times(high),
                p(adjusted),
                grouped(bunching.above),
                most_zh(&bunching.places, "最多的站点"),
                most_zh(&bunching.exporters, "最多的企业"),
            ),
        });
    }
}

fn unequal(watch: &Watch, options: &WatchOptions, signs: &mut Vec<Sign>) {
    let is_apart = |ratio: f64| ratio >= options.least_ratio || ratio * options.least_ratio <= 1.0;
    for site in &watch.sites.sites {
        if site.declarations < options.least_count {
            continue;
        }
        let found_ratio =
            if site.found_expected > 0.0 { site.found.hits as f64 / site.found_expected } else { 1.0 };
        if site.p_adjusted <= options.level && is_apart(site.ratio) {
            let [found, found_zh] = if site.found.of < options.least_count {
                [
                    "too few results to compare what it finds".to_owned(),
                    "结果过少，无法比较查获情况".to_owned(),
                ]
            } else if site.found_p_adjusted > options.level {
                let (hits, of) = (grouped(site.found.hits), grouped(site.found.of));
                [
                    format!("it finds {hits} of {of} inspected, no more and no less than others"),
                    format!("查验 {of} 票查获 {hits} 票，与其他站点无异"),
                ]
            } else {
                let times = times(found_ratio);
                [format!("it finds {times} times what others do"), format!("查获为其他站点的 {times} 倍")]
            };
            signs.push(Sign {
                kind: SignKind::UnequalTreatment,
                subject: site.site.clone(),
                to: None,
                size: site.ratio,
                interval: None,
                p_adjusted: Some(site.p_adjusted),
                text: format!(
                    "{} inspects {} of {} declarations, {} times what all sites do at the same scores (alike sites: {} to {}, \
                     {}); {} mandatory, {} targeted, {} drawn; {found}",
                    site.site,
                    grouped(site.selected.all()),
                    grouped(site.declarations),
                    times(site.ratio),
                    times(site.funnel.0),
                    times(site.funnel.1),
                    p(site.p_adjusted),
                    grouped(site.selected.mandatory),
                    grouped(site.selected.targeted),
                    grouped(site.selected.random),
                ),
                text_zh: format!(
                    "{} 在 {} 票中查验 {} 票，为同等分值平均水平的 {} 倍（同类站点 {} 至 {}，{}）；必查 {}、布控 {}、随机 {}；{found_zh}",
                    site.site,
                    grouped(site.declarations),
                    grouped(site.selected.all()),
                    times(site.ratio),
                    times(site.funnel.0),
                    times(site.funnel.1),
                    p(site.p_adjusted),
                    grouped(site.selected.mandatory),
                    grouped(site.selected.targeted),
                    grouped(site.selected.random),
                ),
            });
        }
        if site.found_p_adjusted <= options.level
            && is_apart(found_ratio)
            && site.found.of >= options.least_count
        {
            signs.push(Sign {
                kind: SignKind::UnequalFindings,
                subject: site.site.clone(),
                to: None,
                size: found_ratio,
                interval: None,
                p_adjusted: Some(site.found_p_adjusted),
                text: format!(
                    "{} finds {} in {} inspections, {} times the {:.1} of all sites at the same scores ({})",
                    site.site,
                    grouped(site.found.hits),
                    grouped(site.found.of),
                    times(found_ratio),
                    site.found_expected,
                    p(site.found_p_adjusted),
                ),
                text_zh: format!(
                    "{} 查验 {} 票查获 {} 票，为同等分值平均水平 {:.1} 票的 {} 倍（{}）",
                    site.site,
                    grouped(site.found.of),
                    grouped(site.found.hits),
                    site.found_expected,
                    times(found_ratio),
                    p(site.found_p_adjusted),
                ),
            });
        }
    }
}

fn decayed(watch: &Watch, signs: &mut Vec<Sign>) {
    for decay in &watch.decay {
        let retire = match decay.proposal {
            Proposal::Keep => continue,
            Proposal::Review => ["look at it", "复核"],
            Proposal::Retire => ["retire it", "停用"],
        };
        let [retire, retire_zh] = retire;
        if let Some(days) = decay.silent_days {
            signs.push(Sign {
                kind: SignKind::Silent,
                subject: decay.rule.clone(),
                to: None,
                size: f64::from(days),
                interval: None,
                p_adjusted: None,
                text: format!(
                    "rule {} fired on {} declarations and on none for {days} days; proposal: {retire}",
                    decay.rule,
                    grouped(decay.fired)
                ),
                text_zh: format!(
                    "规则 {} 共命中 {} 票，已有 {days} 天未命中；建议：{retire_zh}",
                    decay.rule,
                    grouped(decay.fired)
                ),
            });
            continue;
        }
        let share = |share: &super::Share| share.share.map_or("-".to_owned(), percent);
        signs.push(Sign {
            kind: SignKind::Decay,
            subject: decay.rule.clone(),
            to: None,
            size: decay.last.share.unwrap_or(0.0) / decay.first.share.unwrap_or(1.0).max(1e-9),
            interval: None,
            p_adjusted: decay.p_adjusted,
            text: format!(
                "rule {}: hit rate falls from {} ({} of {}) to {} ({} of {} since {}, {} to {}; {}); proposal: {retire}",
                decay.rule,
                share(&decay.first),
                grouped(decay.first.hits),
                grouped(decay.first.of),
                share(&decay.last),
                grouped(decay.last.hits),
                grouped(decay.last.of),
                decay.last_from.as_deref().unwrap_or("-"),
                percent(decay.last.low),
                percent(decay.last.high),
                p(decay.p_adjusted.unwrap_or(1.0)),
            ),
            text_zh: format!(
                "规则 {}：查获率由 {}（{} / {}）降至 {}（{} / {}，自 {} 起，{} 至 {}；{}）；建议：{retire_zh}",
                decay.rule,
                share(&decay.first),
                grouped(decay.first.hits),
                grouped(decay.first.of),
                share(&decay.last),
                grouped(decay.last.hits),
                grouped(decay.last.of),
                decay.last_from.as_deref().unwrap_or("-"),
                percent(decay.last.low),
                percent(decay.last.high),
                p(decay.p_adjusted.unwrap_or(1.0)),
            ),
        });
    }
}

fn late(watch: &Watch, options: &WatchOptions, signs: &mut Vec<Sign>) {
    for site in watch.open.sites.iter().filter(|site| site.late > 0) {
        signs.push(Sign {
            kind: SignKind::Open,
            subject: site.site.clone(),
            to: None,
            size: site.open.share.unwrap_or(0.0),
            interval: Some((site.open.low, site.open.high)),
            p_adjusted: None,
            text: format!(
                "{}: {} of {} inspections are open, {} for more than {} days; {} without any answer, {} not coded, {} in part",
                site.site,
                grouped(site.open.hits),
                grouped(site.inspections),
                grouped(site.late),
                options.late_after_days,
                grouped(site.nothing),
                grouped(site.uncoded),
                grouped(site.partly),
            ),
            text_zh: format!(
                "{}：{} 次查验中 {} 次未结，其中 {} 次超过 {} 天；无反馈 {}、未编码 {}、部分 {}",
                site.site,
                grouped(site.inspections),
                grouped(site.open.hits),
                grouped(site.late),
                options.late_after_days,
                grouped(site.nothing),
                grouped(site.uncoded),
                grouped(site.partly),
            ),
        });
    }
}
