//! Tables of outcomes: their columns, and what a row says.

use std::sync::Arc;

use qingfeng_rules::Kind;

use crate::Violation;
use crate::{Disposal, Outcome, Verdict};
use qingfeng::internals::sheet::{ColumnOf, Mistake, Row};
use qingfeng_rules::SelectionKind;

/// The bytes of the code of a waiver at most.
const WAIVER_BYTES_MAX: usize = 64;

const fn column(
    name: &'static str,
    kind: Kind,
    required: bool,
    headers: &'static [&'static str],
) -> ColumnOf {
    ColumnOf { name, kind, required, headers }
}

/// The columns of a table of outcomes, with the other headers under which each is found.
pub const COLUMNS: [ColumnOf; 17] = [
    column(
        "declaration_id",
        Kind::Text,
        true,
        &["declaration number", "declaration no", "entry id", "报关单号", "报关单编号", "海关编号"],
    ),
    column("item_no", Kind::Integer, false, &["item", "line", "line no", "项号", "商品序号"]),
    column("found_on", Kind::Date, false, &["day", "inspected on", "查验日期", "查获日期", "发现日期"]),
    column("declared_on", Kind::Date, false, &["declaration date", "申报日期"]),
    column("known_on", Kind::Date, false, &["获知日期", "更正日期"]),
    column("selected", Kind::Text, false, &["selected how", "selection", "布控方式", "选查方式"]),
    column("result", Kind::Text, false, &["verdict", "查验结果", "结果"]),
    column("waiver", Kind::Text, false, &["waiver code", "waiver reason", "免查代码", "免查原因"]),
    column("pieces", Kind::Integer, false, &["件数", "违规件数"]),
    column("value", Kind::Number, false, &["案值", "货值"]),
    column("fine", Kind::Number, false, &["罚款", "罚款金额"]),
    column("case_number", Kind::Text, false, &["case", "case no", "案件编号", "案号", "立案号"]),
    column("major_case", Kind::Flag, false, &["major", "大案", "是否大案"]),
    column("disposal", Kind::Text, false, &["处置", "处置方式"]),
    column("disclosed_on", Kind::Date, false, &["disclosure", "公示日期", "公开日期"]),
    column("hours", Kind::Number, false, &["工时"]),
    column("office", Kind::Text, false, &["site", "查验机构", "查验关区"]),
];

/// Where the site that inspected stands; only checks against a plan ask for it.
pub const OFFICE: usize = 16;

/// The results that files name, with what they mean, and how a Chinese file may say it.
pub const RESULTS: [(&str, Verdict, &[&str]); 10] = [
    ("clear", Verdict::Clear, &["正常", "未发现", "无异常"]),
    ("counterfeit", Verdict::Violation(Violation::Counterfeit), &["侵权"]),
    ("fake", Verdict::Violation(Violation::Fake), &["假冒"]),
    ("inferior", Verdict::Violation(Violation::Inferior), &["伪劣", "劣质"]),
    ("safety", Verdict::Violation(Violation::Safety), &["安全"]),
    ("health", Verdict::Violation(Violation::Health), &["卫生"]),
    ("environment", Verdict::Violation(Violation::Environment), &["环保"]),
    ("misdeclared", Verdict::Violation(Violation::Misdeclared), &["申报不实"]),
    ("waived", Verdict::Waived, &["免查"]),
    ("open", Verdict::Open, &["未结"]),
];

/// How a Chinese file may name what became of the goods.
const DISPOSALS_ZH: [(&str, Disposal); 4] = [
    ("销毁", Disposal::Destroyed),
    ("退运", Disposal::Returned),
    ("没收", Disposal::Confiscated),
    ("整改", Disposal::Rectified),
];

/// How a Chinese file may name how a declaration was selected.
const SELECTED_ZH: [(&str, SelectionKind); 3] =
    [("必查", SelectionKind::Mandatory), ("布控", SelectionKind::Targeted), ("随机", SelectionKind::Random)];

/// Whether a reason of a waiver is a code: one word, not a sentence.
pub fn is_code(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= WAIVER_BYTES_MAX
        && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}

fn unknown(field: &'static str, value: &str, names: &[&'static str]) -> Mistake {
    let told = qingfeng::internals::shown(value);
    let reason = match qingfeng_rules::internals::nearest(&value.to_lowercase(), names.iter().copied()) {
        Some(name) => format!("there is no {} `{told}`; did you mean `{name}`?", field.replace('_', " ")),
        None => {
            format!("there is no {} `{told}`; there are {}", field.replace('_', " "), names.join(", "))
        }
    };
    (field, Some(told), reason)
}

/// What a row of these columns says.
pub fn outcome(row: Row<'_>) -> Result<Outcome, Mistake> {
    let waiver: Option<Arc<str>> = row.text(7).map(Into::into);
    let verdict = match row.text(6) {
        None => Verdict::Open,
        Some(name) => match Verdict::from_name(name) {
            // A waiver for which nobody can be asked by a code is none.
            Some(Verdict::Waived) if !waiver.as_deref().is_some_and(is_code) => Verdict::Open,
            Some(verdict) => verdict,
            None => return Err(unknown("result", name, &RESULTS.map(|(name, ..)| name))),
        },
    };
    let selected = match row.text(5) {
        None => None,
        Some(name) => {
            let known = SelectionKind::from_name(&name.to_lowercase())
                .or_else(|| SELECTED_ZH.iter().find(|(zh, _)| *zh == name).map(|of| of.1));
            Some(known.ok_or_else(|| unknown("selected", name, &["mandatory", "targeted", "random"]))?)
        }
    };
    let disposal = match row.text(13) {
        None => None,
        Some(name) => {
            let known = Disposal::ALL.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            let known = known.or_else(|| DISPOSALS_ZH.iter().find(|(zh, _)| *zh == name)).map(|of| of.1);
            Some(known.ok_or_else(|| unknown("disposal", name, &Disposal::ALL.map(|(name, _)| name)))?)
        }
    };
    let (mut pieces, value, fine, hours) = (row.integer(8), row.number(9), row.number(10), row.number(15));
    let below = |name: &'static str, number: Option<f64>| match number.filter(|number| *number < 0.0) {
        None => Ok(()),
        Some(number) => {
            Err((name, Some(number.to_string()), format!("`{name}` is {number}; it must be 0 or more")))
        }
    };
    below("pieces", pieces.map(|pieces| pieces as f64))?;
    for (name, number) in [("value", value), ("fine", fine), ("hours", hours)] {
        below(name, number)?;
    }
    let (found_on, known_on) = (row.date(2).or_else(|| row.date(3)), row.date(4));
    if let (Some(found), Some(known)) = (found_on, known_on)
        && known < found
    {
        let reason =
            format!("it counts as known on {known}, before it was found on {found}; correct one of them");
        return Err(("known_on", Some(known.to_string()), reason));
    }
    let (mut fine, major_case) = (fine, row.flag(12).unwrap_or(false));
    if let Verdict::Clear | Verdict::Waived = verdict {
        let reason = |what: &str| {
            format!("the result is {}, and yet there is {what}; correct one of them", verdict.name())
        };
        if let Some(pieces) = pieces.filter(|pieces| *pieces > 0) {
            return Err(("pieces", Some(pieces.to_string()), reason("a number of pieces that violate")));
        }
        if let Some(fine) = fine.filter(|fine| *fine > 0.0) {
            return Err(("fine", Some(fine.to_string()), reason("a fine")));
        }
        if major_case {
            return Err(("major_case", Some("true".to_owned()), reason("a major case")));
        }
        (pieces, fine) = (None, None);
    }
    Ok(Outcome {
        declaration_id: row.text(0).unwrap_or_default().into(),
        item_no: row.integer(1),
        found_on,
        known_on,
        selected,
        verdict,
        waiver,
        pieces,
        value,
        fine,
        case_number: row.text(11).map(Into::into),
        major_case,
        disposal,
        disclosed_on: row.date(14),
        hours,
    })
}
