//! Tables that people keep beside inspections: notices from partner authorities abroad, and tip-offs.

use std::collections::BTreeSet;

use qingfeng_rules::Date;
use serde::Serialize;

use qingfeng::read::{Input, ReadError, ReadOptions};
use qingfeng::tables::{Col, Day, Mistake, SheetRow, Table, Text};
use qingfeng_inspection::Ledger;

/// How far a notice from abroad has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NoticeStatus {
    /// The partner has its answer.
    Answered,
    /// Not yet.
    Open,
    /// Who produced or exported the goods could not be traced.
    Untraceable,
}

const STATUSES: [(&str, NoticeStatus, &[&str]); 3] = [
    ("answered", NoticeStatus::Answered, &["已答复"]),
    ("open", NoticeStatus::Open, &["未答复", "未结"]),
    ("untraceable", NoticeStatus::Untraceable, &["无法溯源", "无法追查"]),
];

/// A partner authority abroad told of goods that violate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Notice {
    /// Its id.
    pub notice_id: String,
    /// The day on which it came.
    pub received_on: Date,
    /// The country from which it came.
    pub country: Option<String>,
    /// Whom it names: a brand.
    pub brand: Option<String>,
    /// A producer.
    pub producer: Option<String>,
    /// An exporter.
    pub exporter: Option<String>,
    /// How far it has come; open, unless it is said.
    pub status: NoticeStatus,
    /// The day of the answer, or on which the trace was given up.
    pub answered_on: Option<Date>,
    /// The number of the case that came of it.
    pub case_number: Option<String>,
}

/// Somebody told of goods that violate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TipOff {
    /// Its id.
    pub tip_id: String,
    /// The day on which it came.
    pub received_on: Date,
    /// What kind it is, in the words of those who keep the table: `producing area`, `brand owner`.
    pub kind: Option<String>,
    /// The declaration to which it led.
    pub declaration_id: Option<String>,
    /// The number of the case to which it led.
    pub case_number: Option<String>,
    /// What the case brought in, in yuan.
    pub proceeds: Option<f64>,
}

qingfeng::columns! {
    /// The columns of a table of notices.
    pub NoticeColumns = "a table of notices";
    notice_id: Text Needed "The id of the notice." also "id" also "notice" also "通报编号";
    received_on: Day Needed "The day on which it came." also "received" also "收到日期" also "通报日期";
    country: Text Optional "The country from which it came." also "通报国" also "国家";
    brand: Text Optional "The brand that it names." also "品牌";
    producer: Text Optional "The producer that it names." also "生产企业" also "生产商";
    exporter: Text Optional "The exporter that it names." also "出口商" also "境内发货人";
    status: Text Optional "`answered`, `open`, `untraceable`." also "状态";
    answered_on: Day Optional "The day of the answer." also "answered" also "答复日期";
    case_number: Text Optional "The number of the case that came of it." also "case" also "case no" also "案件编号" also "案号";
}

qingfeng::columns! {
    /// The columns of a table of tip-offs.
    pub TipOffColumns = "a table of tip-offs";
    tip_id: Text Needed "The id of the tip-off." also "id" also "tip off id" also "举报编号";
    received_on: Day Needed "The day on which it came." also "received" also "举报日期" also "收到日期";
    kind: Text Optional "What kind it is." also "举报类型" also "类型";
    declaration_id: Text Optional "The declaration to which it led." also "declaration" also "报关单号" also "海关编号";
    case_number: Text Optional "The number of the case to which it led." also "case" also "case no" also "案件编号" also "案号";
    proceeds: Number Optional "What the case brought in: fines and what was confiscated." unit "yuan" also "罚没金额" also "罚没款" also "收缴金额";
}

const NOTICES: NoticeColumns = NoticeColumns::COLUMNS;
const TIP_OFFS: TipOffColumns = TipOffColumns::COLUMNS;

fn read<T>(
    inputs: &[Input],
    options: &ReadOptions,
    table: &Table,
    id: Col<Text>,
    row: fn(SheetRow<'_>) -> Result<T, Mistake>,
) -> Result<Ledger<T>, ReadError> {
    let mut ids: BTreeSet<String> = BTreeSet::new();
    let name = table.columns[id.at()].name;
    Ledger::read(inputs, options, table, &mut |cells| {
        let id = cells.text(id).unwrap_or_default();
        if ids.contains(id) {
            let reason = format!("`{name}` is there twice; keep the row that says how it stands");
            return Err((name, Some(id.to_owned()), reason));
        }
        let read = row(cells)?;
        ids.insert(id.to_owned());
        Ok(read)
    })
}

fn received(row: SheetRow<'_>, column: Col<Day>) -> Result<Date, Mistake> {
    let missing =
        || ("received_on", None, "`received_on` is missing; fill in the day on which it came".to_owned());
    row.date(column).ok_or_else(missing)
}

fn owned(row: SheetRow<'_>, column: Col<Text>) -> Option<String> {
    row.text(column).map(str::to_owned)
}

impl Notice {
    /// Reads tables of notices. A notice without a status is open.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, or has no column `notice_id` or `received_on`.
    pub fn read(inputs: &[Input], options: &ReadOptions) -> Result<Ledger<Self>, ReadError> {
        read(inputs, options, &NoticeColumns::TABLE, NOTICES.notice_id, |row| {
            let status = match row.text(NOTICES.status) {
                None => NoticeStatus::Open,
                Some(name) => {
                    let known = STATUSES
                        .iter()
                        .find(|(known, _, zh)| known.eq_ignore_ascii_case(name) || zh.contains(&name));
                    known.map(|of| of.1).ok_or_else(|| {
                        let told = qingfeng::internals::shown(name);
                        let reason =
                            format!("there is no status `{told}`; there are answered, open, untraceable");
                        ("status", Some(told), reason)
                    })?
                }
            };
            let (received_on, answered_on) =
                (received(row, NOTICES.received_on)?, row.date(NOTICES.answered_on));
            if let Some(answered) = answered_on.filter(|answered| *answered < received_on) {
                let reason = format!(
                    "it was answered on {answered}, before it came on {received_on}; correct one of them"
                );
                return Err(("answered_on", Some(answered.to_string()), reason));
            }
            Ok(Self {
                notice_id: owned(row, NOTICES.notice_id).unwrap_or_default(),
                received_on,
                country: owned(row, NOTICES.country),
                brand: owned(row, NOTICES.brand),
                producer: owned(row, NOTICES.producer),
                exporter: owned(row, NOTICES.exporter),
                status,
                answered_on,
                case_number: owned(row, NOTICES.case_number),
            })
        })
    }

    /// How far it had come at the end of a day.
    ///
    /// ```
    /// use qingfeng_insight::targets::{Notice, NoticeStatus};
    ///
    /// let notice = Notice {
    ///     notice_id: "KE-1".into(),
    ///     received_on: "2016-03-01".parse()?,
    ///     country: None,
    ///     brand: None,
    ///     producer: None,
    ///     exporter: None,
    ///     status: NoticeStatus::Answered,
    ///     answered_on: Some("2016-05-02".parse()?),
    ///     case_number: None,
    /// };
    /// assert_eq!(notice.as_of("2016-05-01".parse()?), NoticeStatus::Open);
    /// assert_eq!(notice.as_of("2016-05-02".parse()?), NoticeStatus::Answered);
    /// # Ok::<(), qingfeng::rules::ParseDateError>(())
    /// ```
    pub fn as_of(&self, day: Date) -> NoticeStatus {
        match self.answered_on {
            Some(answered) if answered > day => NoticeStatus::Open,
            _ => self.status,
        }
    }
}

impl TipOff {
    /// Reads tables of tip-offs.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, or has no column `tip_id` or `received_on`.
    pub fn read(inputs: &[Input], options: &ReadOptions) -> Result<Ledger<Self>, ReadError> {
        read(inputs, options, &TipOffColumns::TABLE, TIP_OFFS.tip_id, |row| {
            let proceeds = row.number(TIP_OFFS.proceeds);
            if let Some(proceeds) = proceeds.filter(|proceeds| *proceeds < 0.0) {
                let reason = format!("`proceeds` is {proceeds}; it must be 0 or more");
                return Err(("proceeds", Some(proceeds.to_string()), reason));
            }
            Ok(Self {
                tip_id: owned(row, TIP_OFFS.tip_id).unwrap_or_default(),
                received_on: received(row, TIP_OFFS.received_on)?,
                kind: owned(row, TIP_OFFS.kind),
                declaration_id: owned(row, TIP_OFFS.declaration_id),
                case_number: owned(row, TIP_OFFS.case_number),
                proceeds,
            })
        })
    }
}
