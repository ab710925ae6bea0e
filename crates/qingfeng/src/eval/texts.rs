//! What a worker remembers of the texts of one field: their codes, their marks, and how tests on them came out.

use qingfeng_rules::FieldId;
use qingfeng_rules::internals::Program;

use super::codes::Amiss;
use super::dictionary::{Dictionary, MISSING};
use super::dispatch::{Dispatch, FieldMarks, Mark};
use super::values::BatchValues;

/// The texts of one field in the present batch, and their marks.
pub(super) struct FieldTexts {
    pub(super) field: FieldId,
    pub(super) dictionary: Dictionary,
    is_key: bool,
    is_tested: bool,
    /// The position of the field in the dispatch, if any rule hangs on it.
    pub(super) dispatch: Option<usize>,
    /// For each code where its marks end in `marks`.
    ends: Vec<u32>,
    marks: Vec<Mark>,
    /// The position of the field among those of codes, if it is one.
    pub(super) coded: Option<usize>,
    /// For each code of a text what is amiss with it, if anything is.
    amiss: Vec<Option<Box<Amiss>>>,
    has_amiss: bool,
    /// Whether no line of the batch has a text, and none needed a number.
    is_absent: bool,
    /// Room for a text as it is compared.
    scratch: String,
}

impl FieldTexts {
    pub(super) fn new(
        field: FieldId,
        is_key: bool,
        is_tested: bool,
        coded: Option<usize>,
        runs: bool,
    ) -> Self {
        Self {
            field,
            dictionary: Dictionary::new(!is_key, runs),
            is_key,
            is_tested,
            dispatch: None,
            ends: Vec::new(),
            marks: Vec::new(),
            coded,
            amiss: Vec::new(),
            has_amiss: false,
            is_absent: false,
            scratch: String::new(),
        }
    }

    /// Marks texts by another dispatch from now on.
    pub(super) fn follow(&mut self, dispatch: &Dispatch) {
        self.dispatch = dispatch.fields.iter().position(|marks| marks.field == self.field);
        self.dictionary.forget();
        self.ends.clear();
        self.marks.clear();
        self.amiss.clear();
        self.has_amiss = false;
    }

    /// Numbers the texts of a batch. `judge` says what is amiss with a code of the field.
    pub(super) fn number(
        &mut self,
        values: &BatchValues,
        dispatch: &Dispatch,
        program: &Program,
        judge: impl Fn(usize, &str) -> Option<Box<Amiss>>,
    ) {
        let is_asked = self.is_key || self.is_tested || self.dispatch.is_some();
        let column = values.column(self.field);
        self.is_absent = !is_asked && (self.coded.is_none() || column.is_absent());
        if self.is_absent {
            return;
        }
        let Self { dictionary, dispatch: at, ends, marks, coded, amiss, has_amiss, scratch, .. } = self;
        let field_marks: Option<&FieldMarks> = at.map(|at| &dispatch.fields[at]);
        let mut find = |ends: &mut Vec<u32>, marks: &mut Vec<Mark>, text: Option<&str>| {
            let Some(field_marks) = field_marks else { return false };
            let before = marks.len();
            field_marks.find(program, text, scratch, marks);
            ends.push(marks.len() as u32);
            marks.len() > before
        };
        if ends.is_empty() {
            find(ends, marks, None);
        }
        let coded_texts = values.coded(self.field);
        dictionary.number(column, coded_texts, values.len(), &mut |code, text| {
            // The first code after all were forgotten.
            if code == MISSING + 1 {
                ends.clear();
                marks.clear();
                amiss.clear();
                *has_amiss = false;
                find(ends, marks, None);
            }
            if let Some(coded) = coded {
                let of_code = if text.is_empty() { None } else { judge(*coded, text) };
                *has_amiss |= of_code.is_some();
                amiss.push(of_code);
            }
            find(ends, marks, Some(text))
        });
    }

    /// Whether something is amiss with any of the codes, on this batch or one before.
    pub(super) fn has_amiss(&self) -> bool {
        self.has_amiss && !self.is_absent
    }

    /// What is amiss with the code of a line.
    pub(super) fn amiss(&self, line: usize) -> Option<&Amiss> {
        let code = (self.dictionary.code(line) as usize).checked_sub(1)?;
        self.amiss.get(code)?.as_deref()
    }

    pub(super) fn code(&self, line: usize) -> u32 {
        self.dictionary.code(line)
    }

    pub(super) fn marks(&self, line: usize) -> &[Mark] {
        let Some(code) = self.dictionary.marked(line) else { return &[] };
        let code = code as usize;
        let start = if code == 0 { 0 } else { self.ends[code - 1] as usize };
        &self.marks[start..self.ends[code] as usize]
    }
}

/// How tests on texts came out, by test and code of the text.
#[derive(Default)]
pub(super) struct TestTables {
    tables: Vec<TestTable>,
    bytes: usize,
}

#[derive(Clone, Default)]
struct TestTable {
    generation: u64,
    /// 0 is not known, 1 false, 2 true.
    known: Vec<u8>,
}

/// The memory that remembered tests may take.
const TESTS_BYTES_MAX: usize = 32 << 20;

impl TestTables {
    pub(super) fn get(&self, test: u32, code: u32, generation: u64) -> Option<bool> {
        let table = self.tables.get(test as usize)?;
        match table.known.get(code as usize) {
            Some(&known) if known > 0 && table.generation == generation => Some(known == 2),
            _ => None,
        }
    }

    pub(super) fn set(&mut self, test: u32, code: u32, generation: u64, holds: bool) {
        if self.bytes > TESTS_BYTES_MAX {
            self.tables.iter_mut().for_each(|table| *table = TestTable::default());
            self.bytes = 0;
        }
        if self.tables.len() <= test as usize {
            self.tables.resize(test as usize + 1, TestTable::default());
        }
        let table = &mut self.tables[test as usize];
        if table.generation != generation {
            table.known.clear();
            table.generation = generation;
        }
        if table.known.len() <= code as usize {
            let length = (code as usize + 1).next_power_of_two();
            self.bytes += length - table.known.len();
            table.known.resize(length, 0);
        }
        table.known[code as usize] = 1 + u8::from(holds);
    }
}
