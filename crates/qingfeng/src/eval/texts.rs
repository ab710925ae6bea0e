//! What a worker remembers of the texts of one field: their codes, their marks, and how tests on them came out.

use qingfeng_rules::FieldId;
use qingfeng_rules::internals::Program;

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
    /// Room for a text as it is compared.
    scratch: String,
}

impl FieldTexts {
    pub(super) fn new(field: FieldId, is_key: bool, is_tested: bool, runs: bool) -> Self {
        let dictionary = Dictionary::new(!is_key, runs);
        let (ends, marks, scratch) = (Vec::new(), Vec::new(), String::new());
        Self { field, dictionary, is_key, is_tested, dispatch: None, ends, marks, scratch }
    }

    /// Marks texts by another dispatch from now on.
    pub(super) fn follow(&mut self, dispatch: &Dispatch) {
        self.dispatch = dispatch.fields.iter().position(|marks| marks.field == self.field);
        self.dictionary.forget();
        self.ends.clear();
        self.marks.clear();
    }

    pub(super) fn number(&mut self, values: &BatchValues, dispatch: &Dispatch, program: &Program) {
        if !self.is_key && !self.is_tested && self.dispatch.is_none() {
            return;
        }
        let Self { field, dictionary, dispatch: at, ends, marks, scratch, .. } = self;
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
        dictionary.number(values.column(*field), values.len(), &mut |code, text| {
            // The first code after all were forgotten.
            if code == MISSING + 1 {
                ends.clear();
                marks.clear();
                find(ends, marks, None);
            }
            find(ends, marks, Some(text))
        });
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
