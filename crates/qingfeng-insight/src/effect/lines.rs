//! On which goods lines rules fired.

use std::collections::BTreeMap;

use qingfeng::read::{Input, ReadError};
use qingfeng::tables::RowReader;
use qingfeng_inspection::evidence::{Evidence, RuleAt};
use qingfeng_store::Verdict;

/// Goods lines on which rules fired, from assessments by item.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FiredLines {
    /// By the place of a rule in [`Evidence::rules`]: goods lines on which it fired.
    pub(crate) fired: Vec<u64>,
    /// The rules of goods lines that violate, by declaration and line, rising.
    pub(crate) of_line: BTreeMap<(Box<str>, i64), Box<[RuleAt]>>,
    /// Goods lines that were read.
    pub lines: u64,
    /// Goods lines that violate and that the assessments by item do not have: their findings count for no rule.
    pub missing: u64,
}

/// A goods line: its declaration and its number.
type Line = (Box<str>, i64);

qingfeng::columns! {
    /// The columns of assessments by item that are asked for.
    ItemColumns = "what `qingfeng score --by item` writes";
    declaration_id: Text Needed "The declaration.";
    item_no: Integer Needed "The goods line.";
    rules: Texts Needed "The ids of the active rules that fired.";
    shadow_rules: Texts Needed "The ids of the shadow rules that fired.";
}

impl FiredLines {
    /// Reads assessments by item (`qingfeng score --by item`), of which only lines that violate are kept.
    ///
    /// # Errors
    ///
    /// An input that cannot be read, or is no table of assessments by item; with its place.
    pub fn read(inputs: &[Input], evidence: &Evidence) -> Result<Self, ReadError> {
        let mut wanted: BTreeMap<Line, Option<Box<[RuleAt]>>> = BTreeMap::new();
        for (_, id, inspection) in evidence.inspections() {
            for outcome in &inspection.outcomes {
                if let (Verdict::Violation(_), Some(item)) = (outcome.verdict, outcome.item_no) {
                    wanted.insert((id.into(), item), None);
                }
            }
        }
        let mut lines = Self { fired: vec![0; evidence.rules.len()], ..Self::default() };
        for input in inputs {
            let columns = ItemColumns::COLUMNS;
            let mut rows = RowReader::open(input, &ItemColumns::TABLE)?;
            while let Some(row) = rows.read()? {
                lines.lines += 1;
                let mut fired: Vec<RuleAt> = Vec::new();
                for column in [columns.rules, columns.shadow_rules] {
                    for id in row.list(column)?.iter() {
                        let at = evidence.rules.binary_search_by(|rule| (**rule).cmp(&**id));
                        fired.extend(at.ok().map(|at| at as RuleAt));
                    }
                }
                fired.sort_unstable();
                fired.dedup();
                fired.iter().for_each(|&rule| lines.fired[rule as usize] += 1);
                let (id, item) = (row.text(columns.declaration_id)?, row.integer(columns.item_no)?);
                let (Some(id), Some(item)) = (id, item) else { continue };
                if let Some(known) = wanted.get_mut(&((*id).into(), item)) {
                    // Assessed more than once: whatever fired at any time.
                    let mut all = known.take().map(Vec::from).unwrap_or_default();
                    all.extend(fired);
                    all.sort_unstable();
                    all.dedup();
                    *known = Some(all.into());
                }
            }
        }
        lines.missing = wanted.values().filter(|rules| rules.is_none()).count() as u64;
        lines.of_line = wanted.into_iter().filter_map(|(line, rules)| Some((line, rules?))).collect();
        Ok(lines)
    }

    /// Whether a rule fired on a line. A result of a declaration as a whole is of each of its lines.
    pub(crate) fn fired_on(&self, declaration: &str, item: Option<i64>, rule: RuleAt) -> bool {
        let Some(item) = item else { return true };
        let rules = self.of_line.get(&(declaration.into(), item));
        rules.is_some_and(|rules| rules.binary_search(&rule).is_ok())
    }
}
