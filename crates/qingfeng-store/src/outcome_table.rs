//! Tables of outcomes: their columns, and what a row says.

use std::sync::Arc;

use crate::{Disposal, Outcome, Verdict, Violation};
use qingfeng_rules::SelectionKind;

use qingfeng::tables::{Mistake, SheetRow};

const WAIVER_BYTES_MAX: usize = 64;

qingfeng::columns! {
    /// The columns of a table of outcomes: a row is the result of a goods line, or of a declaration as a whole.
    pub OutcomeColumns = "a table of results of inspections";
    declaration_id: Text Needed "The declaration; needed." also "declaration number" also "declaration no" also "entry id" also "报关单号" also "报关单编号" also "海关编号";
    item_no: Integer Optional "Its line; without it the declaration as a whole." also "item" also "line" also "line no" also "项号" also "商品序号";
    found_on: Day Optional "The day of the result; `declared_on` stands in for it." also "day" also "inspected on" also "查验日期" also "查获日期" also "发现日期";
    declared_on: Day Optional "The day of the declaration." also "declaration date" also "申报日期";
    known_on: Day Optional "The day from which it counts as known, if that is another." also "获知日期" also "更正日期";
    selected: Text Optional "`mandatory`, `targeted`, `random`." also "selected how" also "selection" also "布控方式" also "选查方式";
    result: Text Headed "`clear`, `counterfeit`, `fake`, `inferior`, `safety`, `health`, `environment`, `misdeclared`, `waived`, `open`." also "verdict" also "查验结果" also "结果";
    waiver: Text Optional "The coded reason of a waiver: one word." also "waiver code" also "waiver reason" also "免查代码" also "免查原因";
    pieces: Integer Optional "Pieces that violate." also "件数" also "违规件数" also "违法违规件数";
    value: Number Optional "Their value, in the unit of declarations." also "案值" also "货值";
    fine: Number Optional "The fine of the line." unit "yuan" also "罚款" also "罚款金额";
    case_number: Text Optional "The number of the case." also "case" also "case no" also "案件编号" also "案号" also "立案号";
    major_case: Flag Optional "Whether it is a major one." also "major" also "大案" also "是否大案" also "重大案件" also "是否重大案件";
    disposal: Text Optional "`destroyed`, `returned`, `confiscated`, `rectified`." also "处置" also "处置方式";
    disclosed_on: Day Optional "The day on which the case was made public." also "disclosure" also "公示日期" also "公开日期";
    hours: Number Optional "Hours of officers that the inspection took." unit "hours" also "工时";
    office: Text Optional "The site that inspected; only checks read it." also "site" also "查验机构" also "查验关区";
}

/// The columns of a table of outcomes.
pub const COLUMNS: OutcomeColumns = OutcomeColumns::COLUMNS;

/// The results that files name, with what they mean, and how a Chinese file may say it: in the words of inspectors, and in
/// those of the pages of Qingfeng.
pub const RESULTS: [(&str, Verdict, &[&str]); 10] = [
    ("clear", Verdict::Clear, &["正常", "未发现", "无异常", "未见异常", "查验正常"]),
    // Of four kinds, 假、冒、伪、劣, the second (another's name or mark of certification) has no result of its own.
    ("counterfeit", Verdict::Violation(Violation::Counterfeit), &["侵权", "侵权假冒", "假冒", "冒用"]),
    ("fake", Verdict::Violation(Violation::Fake), &["掺假", "掺杂掺假", "掺假造假", "以假充真"]),
    ("inferior", Verdict::Violation(Violation::Inferior), &["伪劣", "劣质", "以次充好"]),
    ("safety", Verdict::Violation(Violation::Safety), &["安全", "安全不合格", "不合格"]),
    ("health", Verdict::Violation(Violation::Health), &["卫生", "卫生不合格"]),
    ("environment", Verdict::Violation(Violation::Environment), &["环保", "环保不合格"]),
    ("misdeclared", Verdict::Violation(Violation::Misdeclared), &["申报不实", "伪造产地"]),
    ("waived", Verdict::Waived, &["免查"]),
    ("open", Verdict::Open, &["未结", "未反馈"]),
];

/// How a Chinese file may name what became of the goods.
const DISPOSALS_ZH: [(&str, Disposal); 5] = [
    ("销毁", Disposal::Destroyed),
    ("退运", Disposal::Returned),
    ("没收", Disposal::Confiscated),
    ("整改", Disposal::Rectified),
    ("整改后放行", Disposal::Rectified),
];

/// How a Chinese file may name how a declaration was selected.
const SELECTED_ZH: [(&str, SelectionKind); 8] = [
    ("必查", SelectionKind::Mandatory),
    ("布控", SelectionKind::Targeted),
    ("人工分析布控", SelectionKind::Targeted),
    ("规则布控", SelectionKind::Targeted),
    ("人工分析布控（规则布控）", SelectionKind::Targeted),
    ("随机", SelectionKind::Random),
    ("随机布控", SelectionKind::Random),
    ("随机抽查", SelectionKind::Random),
];

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

/// The verdict of a result, with the reason of a waiver.
///
/// # Errors
///
/// A result that there is not.
pub fn verdict(result: Option<&str>, waiver: Option<&str>) -> Result<Verdict, Mistake> {
    let Some(name) = result else { return Ok(Verdict::Open) };
    match Verdict::from_name(name) {
        // A waiver for which nobody can be asked by a code is none.
        Some(Verdict::Waived) if !waiver.is_some_and(is_code) => Ok(Verdict::Open),
        Some(verdict) => Ok(verdict),
        None => Err(unknown("result", name, &RESULTS.map(|(name, ..)| name))),
    }
}

/// An outcome whose numbers fit what it came to; what is clear or waived has no pieces and no fine.
///
/// # Errors
///
/// A number below 0; pieces, a fine or a major case of what is clear or waived.
pub fn checked(outcome: Outcome) -> Result<Outcome, Mistake> {
    let Outcome { verdict, pieces, value, fine, hours, major_case, .. } = outcome;
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
    let (Verdict::Clear | Verdict::Waived) = verdict else { return Ok(outcome) };
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
    Ok(Outcome { pieces: None, fine: None, ..outcome })
}

/// What a row of these columns says.
pub fn outcome(row: SheetRow<'_>) -> Result<Outcome, Mistake> {
    let waiver: Option<Arc<str>> = row.text(COLUMNS.waiver).map(Into::into);
    let verdict = verdict(row.text(COLUMNS.result), waiver.as_deref())?;
    let selected = match row.text(COLUMNS.selected) {
        None => None,
        Some(name) => {
            let known = SelectionKind::from_name(&name.to_lowercase())
                .or_else(|| SELECTED_ZH.iter().find(|(zh, _)| *zh == name).map(|of| of.1));
            Some(known.ok_or_else(|| unknown("selected", name, &["mandatory", "targeted", "random"]))?)
        }
    };
    let disposal = match row.text(COLUMNS.disposal) {
        None => None,
        Some(name) => {
            let known = Disposal::ALL.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            let known = known.or_else(|| DISPOSALS_ZH.iter().find(|(zh, _)| *zh == name)).map(|of| of.1);
            Some(known.ok_or_else(|| unknown("disposal", name, &Disposal::ALL.map(|(name, _)| name)))?)
        }
    };
    let (found_on, known_on) =
        (row.date(COLUMNS.found_on).or_else(|| row.date(COLUMNS.declared_on)), row.date(COLUMNS.known_on));
    if let (Some(found), Some(known)) = (found_on, known_on)
        && known < found
    {
        let reason =
            format!("it counts as known on {known}, before it was found on {found}; correct one of them");
        return Err(("known_on", Some(known.to_string()), reason));
    }
    checked(Outcome {
        declaration_id: row.text(COLUMNS.declaration_id).unwrap_or_default().into(),
        item_no: row.integer(COLUMNS.item_no),
        found_on,
        known_on,
        selected,
        verdict,
        waiver,
        pieces: row.integer(COLUMNS.pieces),
        value: row.number(COLUMNS.value),
        fine: row.number(COLUMNS.fine),
        case_number: row.text(COLUMNS.case_number).map(Into::into),
        major_case: row.flag(COLUMNS.major_case).unwrap_or(false),
        disposal,
        disclosed_on: row.date(COLUMNS.disclosed_on),
        hours: row.number(COLUMNS.hours),
    })
}
