//! Displacement and unequal treatment on the page.

use maud::{Markup, html};
use qingfeng_insight::watch::SignKind;

use super::doc::{As, Doc};
use super::tables::table;
use crate::html::text;

/// Signs that are listed.
const SIGNS: usize = 60;
/// Rules of which it is told where trade went.
const RULES: usize = 30;

pub fn section(doc: &Doc<'_>) -> Markup {
    html! {
        p.soft {
            (doc.say(
                "These are signs and no proof: numbers that chance alone would seldom give. Tests of one kind are corrected for \
                 their number (Benjamini and Hochberg 1995).",
                "以下为线索而非证据，即单凭偶然很少出现的数字。同类检验已按次数校正（Benjamini–Hochberg 1995）。",
            ))
        }
        h3 { (doc.say("What stands out", "值得关注的线索")) }
        (signs(doc))
        h3 { (doc.say("How sites treat the same scores", "各站点对同等分值的处理")) }
        p.soft {
            (doc.say(
                "Expected is how many would be inspected if the site did as all do in the same channel and band of scores. \
                 The funnel is where 99.8 % of alike sites of its size lie.",
                "“预期”为该站点在相同通道和分值段按平均水平应查验的数量。“区间”为同规模站点 99.8% 所在范围。",
            ))
        }
        (treatment(doc))
        @if doc.has("watch.displacement") {
            h3 { (doc.say("Trade after rules came into force", "规则生效后的贸易变化")) }
            (displacement(doc))
        }
        @if doc.has("watch.limits") {
            h3 { (doc.say("Just under value limits", "紧贴限额申报")) }
            (limits(doc))
        }
        h3 { (doc.say("Inspections still open", "尚未结案的查验")) }
        (open(doc))
    }
}

/// The kind of sign of this name in the JSON.
fn kind(name: &str) -> Option<SignKind> {
    SignKind::ALL.into_iter().find(|kind| serde_json::to_value(kind).is_ok_and(|value| value == name))
}

fn title_of(kind: Option<SignKind>, zh: bool) -> &'static str {
    match (kind, zh) {
        (Some(SignKind::Displacement), false) => "Trade moved",
        (Some(SignKind::Displacement), true) => "贸易转移",
        (Some(SignKind::JustUnderLimit), false) => "Just under a limit",
        (Some(SignKind::JustUnderLimit), true) => "紧贴限额",
        (Some(SignKind::UnequalTreatment), false) => "Unequal treatment",
        (Some(SignKind::UnequalTreatment), true) => "查验力度不一",
        (Some(SignKind::UnequalFindings), false) => "Unequal findings",
        (Some(SignKind::UnequalFindings), true) => "查获结果不一",
        (Some(SignKind::Decay), false) => "Rule decays",
        (Some(SignKind::Decay), true) => "规则减弱",
        (Some(SignKind::Silent), false) => "Rule is silent",
        (Some(SignKind::Silent), true) => "规则不再命中",
        (Some(SignKind::Open), false) => "Results are open",
        (Some(SignKind::Open), true) => "结果未反馈",
        (None, false) => "Other",
        (None, true) => "其他",
    }
}

fn signs(doc: &Doc<'_>) -> Markup {
    let signs = doc.items("watch.signs");
    if signs.is_empty() {
        return html! { p { (doc.say("Nothing stands out beyond chance.", "未发现超出偶然的线索。")) } };
    }
    let language = usize::from(doc.zh);
    let columns = [
        (doc.say("Sign", "线索"), false),
        (doc.say("Of", "对象"), false),
        (doc.say("Size", "程度"), true),
        (doc.say("Chance", "偶然概率"), true),
        (doc.say("In words", "说明"), false),
    ];
    let body = html! {
        @for sign in signs.iter().take(SIGNS) {
            @let of = |field: &str| format!("{sign}.{field}");
            @let name = doc.text(&of("kind"));
            tr {
                td.sign { (title_of(kind(name), doc.zh)) }
                th scope="row" {
                    (text(&doc.site_title(doc.text(&of("subject")))))
                    @if !doc.zh && doc.has(&of("to")) { " → " (doc.figure(&of("to"), As::Text)) }
                }
                @match kind(name) {
                    Some(SignKind::Open) => (doc.cell(&of("size"), As::Share)),
                    Some(SignKind::Silent) => (doc.cell(&of("size"), As::Round)),
                    _ => (doc.cell(&of("size"), As::Fine)),
                }
                (doc.cell(&of("p_adjusted"), As::Chance))
                td.words {
                    @let words = of(doc.say("text", "text_zh"));
                    span data-f=(words) data-as="text" { (text(doc.text(&words))) }
                }
            }
        }
    };
    let kinds: Vec<SignKind> = SignKind::ALL
        .into_iter()
        .filter(|known| signs.iter().any(|sign| kind(doc.text(&format!("{sign}.kind"))) == Some(*known)))
        .collect();
    html! {
        (table(&columns, &body, None))
        dl.terms {
            @for kind in kinds {
                dt { (title_of(Some(kind), doc.zh)) }
                dd {
                    (doc.say("It may mean: ", "可能含义：")) (kind.may_mean()[language])
                    (doc.say(". Next: ", "。下一步：")) (kind.look_next()[language]) (doc.say(".", "。"))
                }
            }
        }
        @if signs.len() > SIGNS {
            p.soft { (doc.say("The JSON has all of them.", "完整列表见 JSON。")) }
        }
    }
}

fn treatment(doc: &Doc<'_>) -> Markup {
    let columns = [
        (doc.say("Site", "站点"), false),
        (doc.say("Declarations", "报关单"), true),
        (doc.say("Share inspected", "查验比例"), true),
        (doc.say("At equal scores", "同分值比例"), true),
        (doc.say("Expected", "预期查验"), true),
        (doc.say("Ratio", "实际/预期"), true),
        (doc.say("Funnel", "区间"), true),
        (doc.say("Chance", "偶然概率"), true),
        (doc.say("Found", "查获"), true),
        (doc.say("Expected", "预期查获"), true),
        (doc.say("Chance", "偶然概率"), true),
    ];
    let body = html! {
        @for site in doc.items("watch.sites.sites") {
            @let of = |field: &str| format!("{site}.{field}");
            tr {
                th scope="row" { (text(&doc.site_title(doc.text(&of("site"))))) }
                (doc.cell(&of("declarations"), As::Count))
                (doc.cell(&of("share"), As::Share))
                (doc.cell(&of("standardised"), As::Share))
                (doc.cell(&of("expected"), As::Round))
                (doc.cell(&of("ratio"), As::Fine))
                td.number data-v=(doc.number(&of("funnel[0]")).unwrap_or(0.0)) {
                    (doc.figure(&of("funnel[0]"), As::Fine)) "–" (doc.figure(&of("funnel[1]"), As::Fine))
                }
                (doc.cell(&of("p_adjusted"), As::Chance))
                (doc.cell(&of("found.hits"), As::Count))
                (doc.cell(&of("found_expected"), As::Round))
                (doc.cell(&of("found_p_adjusted"), As::Chance))
            }
        }
    };
    table(&columns, &body, None)
}

fn displacement(doc: &Doc<'_>) -> Markup {
    let columns = [
        (doc.say("Rule", "规则"), false),
        (doc.say("Since", "生效日"), false),
        (doc.say("Caught before", "此前命中"), true),
        (doc.say("After", "此后命中"), true),
        (doc.say("Ratio", "比值"), true),
        (doc.say("Went to, the strongest evidence", "可能去向（证据最强）"), false),
        (doc.say("Ratio", "比值"), true),
        (doc.say("Chance", "偶然概率"), true),
    ];
    let rules = doc.items("watch.displacement");
    let judged: Vec<&String> =
        rules.iter().filter(|rule| !doc.has(&format!("{rule}.not_judged"))).take(RULES).collect();
    let body = html! {
        @for rule in judged {
            @let of = |field: &str| format!("{rule}.{field}");
            tr {
                th scope="row" {
                    (doc.figure(&of("rule"), As::Text))
                    small.wrap { (text(doc.text(&of("title")))) }
                }
                (doc.text_cell(&of("since")))
                (doc.cell(&of("caught.before"), As::Count))
                (doc.cell(&of("caught.after"), As::Count))
                (doc.cell(&of("caught.ratio"), As::Fine))
                td {
                    @if doc.has(&of("shifts")) {
                        (shift(doc.text(&of("shifts[0].to")), doc.zh)) " "
                        (doc.figure(&of("shifts[0].at"), As::Text))
                    }
                }
                (doc.cell(&of("shifts[0].ratio"), As::Fine))
                (doc.cell(&of("shifts[0].p_adjusted"), As::Chance))
            }
        }
    };
    table(&columns, &body, None)
}

fn shift(to: &str, zh: bool) -> &'static str {
    match (to, zh) {
        ("port", false) => "another port",
        ("port", true) => "其他口岸",
        ("mode", false) => "another mode",
        ("mode", true) => "其他贸易方式",
        ("code", false) => "another code",
        ("code", true) => "其他编码",
        ("exporters-port", false) => "its exporters at",
        ("exporters-port", true) => "原企业改至",
        ("exporters-mode", false) => "its exporters by",
        ("exporters-mode", true) => "原企业改用",
        ("exporters-code", false) => "its exporters under",
        ("exporters-code", true) => "原企业改报",
        ("new-exporters", false) => "new exporters",
        ("new-exporters", true) => "新企业",
        (_, false) => "elsewhere",
        (_, true) => "其他",
    }
}

fn limits(doc: &Doc<'_>) -> Markup {
    let columns = [
        (doc.say("Mode", "贸易方式"), false),
        (doc.say("Limit", "限额"), true),
        (doc.say("Declarations", "报关单"), true),
        (doc.say("90 to 100 % of it", "限额的 90% 至 100%"), true),
        (doc.say("Expected", "预期"), true),
        (doc.say("Ratio", "比值"), true),
        (doc.say("Chance", "偶然概率"), true),
    ];
    let body = html! {
        @for limit in doc.items("watch.limits") {
            @let of = |field: &str| format!("{limit}.{field}");
            tr {
                (doc.text_cell(&of("limit.mode")))
                (doc.cell(&of("limit.value"), As::Round))
                (doc.cell(&of("declarations"), As::Count))
                (doc.cell(&of("under"), As::Count))
                (doc.cell(&of("expected"), As::Round))
                (doc.cell(&of("ratio"), As::Fine))
                (doc.cell(&of("p_adjusted"), As::Chance))
            }
        }
    };
    table(&columns, &body, None)
}

fn open(doc: &Doc<'_>) -> Markup {
    if doc.number("watch.open.open") == Some(0.0) {
        return html! { p { (doc.say("Every inspection has a coded result.", "所有查验均有编码结果。")) } };
    }
    let columns = [
        (doc.say("Site", "站点"), false),
        (doc.say("Inspections", "查验"), true),
        (doc.say("Open", "未结"), true),
        (doc.say("Share", "占比"), true),
        (doc.say("Nothing came back", "无反馈"), true),
        (doc.say("Not coded", "未编码"), true),
        (doc.say("In part", "部分"), true),
        (doc.say("Late", "逾期"), true),
    ];
    let body = html! {
        @for site in doc.items("watch.open.sites") {
            @let of = |field: &str| format!("{site}.{field}");
            tr {
                th scope="row" { (text(&doc.site_title(doc.text(&of("site"))))) }
                (doc.cell(&of("inspections"), As::Count))
                (doc.cell(&of("open.hits"), As::Count))
                (doc.cell(&of("open.share"), As::Share))
                (doc.cell(&of("nothing"), As::Count))
                (doc.cell(&of("uncoded"), As::Count))
                (doc.cell(&of("partly"), As::Count))
                (doc.cell(&of("late"), As::Count))
            }
        }
    };
    table(&columns, &body, None)
}
