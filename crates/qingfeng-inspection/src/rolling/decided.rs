//! What earlier runs decided, read back.

use qingfeng::read::{Input, ReadError};
use qingfeng::tables::{Row, RowReader};
use qingfeng_rules::{Pack, SelectionKind};

use super::{AssessedDeclaration, AssessmentColumns, AssessmentDecoder, Decision, DecisionColumns, Taken};

const COLUMNS: DecisionColumns = DecisionColumns::COLUMNS;

impl Taken {
    /// Reads decisions, as `qingfeng roll` writes them, each with the assessment that it was made of: for
    /// [`Roll::recall`](super::Roll::recall).
    ///
    /// # Errors
    ///
    /// The table cannot be read, lacks a column, or has a row that no decision is; standard input, as it is read twice.
    pub fn read(
        input: &Input,
        pack: &Pack,
        take: &mut dyn FnMut(&AssessedDeclaration, Self),
    ) -> Result<(), ReadError> {
        if *input == Input::Stdin {
            let reason = "decisions of an earlier run are read from a file; give its name";
            return Err(ReadError::content(input, reason));
        }
        let mut decoder = AssessmentDecoder::of_pack(pack);
        let mut assessments = RowReader::open(input, &AssessmentColumns::TABLE)?;
        let mut decisions = RowReader::open(input, &DecisionColumns::TABLE)?;
        let needed = [COLUMNS.number.at(), COLUMNS.day.at(), COLUMNS.left.at(), COLUMNS.line_groups.at()];
        decisions.require(&needed, DecisionColumns::TABLE.what)?;
        while let (Some(assessed), Some(decided)) = (assessments.read()?, decisions.read()?) {
            let candidate =
                AssessedDeclaration { day: decided.date(COLUMNS.day)?, ..decoder.row(&assessed)? };
            take(&candidate, Self::of_row(&decided)?);
        }
        Ok(())
    }

    fn of_row(row: &Row<'_>) -> Result<Self, ReadError> {
        let selected = row.text(COLUMNS.selected)?;
        let kind = selected.as_deref().map(|name| {
            let other = || row.wrong(COLUMNS.selected, "mandatory, targeted or random, or missing");
            SelectionKind::from_name(name).ok_or_else(other)
        });
        let selected = kind.transpose()?;
        let decision = match row.number(COLUMNS.probability)? {
            None => None,
            Some(probability) => Some(Decision {
                selected,
                why: row.text(COLUMNS.why)?.unwrap_or_default().into_owned(),
                probability,
                threshold: row.number(COLUMNS.threshold)?.unwrap_or(0.0),
            }),
        };
        Ok(Self {
            number: row.required_count(COLUMNS.number, 1)?.into(),
            replaces: row.count(COLUMNS.replaces, 1)?.map(u64::from),
            again: false,
            office: row.text(COLUMNS.office)?.map(std::borrow::Cow::into_owned),
            decision,
            worth: row.integer(COLUMNS.worth)?.unwrap_or(0),
            cost: row.count(COLUMNS.cost, 0)?.unwrap_or(0),
            left: row.count(COLUMNS.left, 0)?.unwrap_or(0).into(),
        })
    }
}
