//! The Arrow columns of declarations and outcomes, and how a declaration is written into them.

use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, Date32Builder, Float64Builder, Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};

use super::text::push_number;
use super::violations::{CLEAR, Finding};

/// Name, type, and whether the field is never missing.
type Column = (&'static str, DataType, bool);

const DECLARATIONS: [Column; 33] = [
    ("declaration_id", DataType::Utf8, true),
    ("declared_on", DataType::Date32, false),
    ("port", DataType::Utf8, false),
    ("declaration_office", DataType::Utf8, false),
    ("site_kind", DataType::Utf8, false),
    ("procurement_place", DataType::Utf8, false),
    ("origin_district", DataType::Utf8, false),
    ("destination", DataType::Utf8, true),
    ("final_destination", DataType::Utf8, false),
    ("trading_country", DataType::Utf8, false),
    ("transit", DataType::Utf8, false),
    ("mode", DataType::Utf8, true),
    ("transport", DataType::Utf8, false),
    ("exporter", DataType::Utf8, false),
    ("producer", DataType::Utf8, false),
    ("agent", DataType::Utf8, false),
    ("consignee", DataType::Utf8, false),
    ("contract", DataType::Utf8, false),
    ("currency", DataType::Utf8, false),
    ("item_no", DataType::Int64, false),
    ("hs", DataType::Utf8, true),
    ("goods", DataType::Utf8, false),
    ("brand", DataType::Utf8, false),
    ("brand_kind", DataType::Utf8, false),
    ("model", DataType::Utf8, false),
    ("quantity", DataType::Float64, false),
    ("unit", DataType::Utf8, false),
    ("net_kg", DataType::Float64, false),
    ("gross_kg", DataType::Float64, false),
    ("value", DataType::Float64, false),
    ("packages", DataType::Int64, false),
    ("certificate", DataType::Utf8, false),
    ("origin_country", DataType::Utf8, false),
];

const OUTCOMES: [Column; 9] = [
    ("declaration_id", DataType::Utf8, true),
    ("item_no", DataType::Int64, true),
    ("declared_on", DataType::Date32, true),
    ("result", DataType::Utf8, true),
    ("tell", DataType::Utf8, false),
    ("pieces", DataType::Int64, true),
    ("value", DataType::Float64, true),
    ("fine", DataType::Float64, true),
    ("major_case", DataType::Boolean, true),
];

fn schema(columns: &[Column]) -> SchemaRef {
    let fields: Vec<Field> =
        columns.iter().map(|(name, kind, required)| Field::new(*name, kind.clone(), !required)).collect();
    Arc::new(Schema::new(fields))
}

pub(super) fn declarations_schema() -> SchemaRef {
    schema(&DECLARATIONS)
}

pub(super) fn outcomes_schema() -> SchemaRef {
    schema(&OUTCOMES)
}

/// What all lines of a declaration share. An empty text is missing, as is a `None`.
#[derive(Debug, Default)]
pub(super) struct Header {
    pub(super) declaration_id: String,
    /// Days since 1 January 1970.
    pub(super) declared_on: i32,
    pub(super) port: Option<&'static str>,
    pub(super) declaration_office: &'static str,
    pub(super) site_kind: Option<&'static str>,
    pub(super) procurement_place: Option<&'static str>,
    pub(super) origin_district: Option<u32>,
    pub(super) destination: &'static str,
    pub(super) final_destination: Option<&'static str>,
    pub(super) trading_country: Option<&'static str>,
    pub(super) transit: Option<&'static str>,
    pub(super) mode: &'static str,
    pub(super) transport: Option<&'static str>,
    pub(super) exporter: Option<u32>,
    pub(super) producer: Option<u32>,
    pub(super) agent: Option<u32>,
    pub(super) consignee: String,
    pub(super) contract: String,
    pub(super) currency: Option<&'static str>,
}

/// One goods line. An empty text is missing, as is a `None`; amounts are in whole small units.
#[derive(Debug, Default)]
pub(super) struct Line {
    pub(super) hs: &'static str,
    pub(super) goods: String,
    pub(super) brand: String,
    pub(super) brand_kind: Option<&'static str>,
    pub(super) model: String,
    pub(super) quantity: Option<u64>,
    pub(super) unit: Option<&'static str>,
    /// In hundredths of a kilogram.
    pub(super) net: Option<u64>,
    /// In hundredths of a kilogram.
    pub(super) gross: Option<u64>,
    pub(super) value_cents: Option<u64>,
    pub(super) packages: Option<u64>,
    pub(super) certificate: String,
    pub(super) origin_country: Option<&'static str>,
}

impl Line {
    pub(super) fn clear(&mut self) {
        self.goods.clear();
        self.brand.clear();
        self.model.clear();
        self.certificate.clear();
    }
}

/// What the inspection of a line finds, in numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outcome {
    pub(super) finding: Finding,
    pub(super) pieces: u64,
    pub(super) value_cents: u64,
    /// In hundreds of yuan.
    pub(super) fine: u64,
    pub(super) major_case: bool,
}

/// Text columns: of the header, of a line, of an outcome.
const HEADER_TEXTS: usize = 18;
const LINE_TEXTS: usize = 8;
const TEXTS: usize = HEADER_TEXTS + LINE_TEXTS + 2;
/// About how many bytes each text has.
const TEXT_BYTES: [usize; TEXTS] =
    [18, 4, 4, 6, 4, 5, 2, 2, 2, 1, 5, 1, 7, 6, 5, 26, 11, 3, 10, 32, 8, 4, 6, 3, 4, 2, 6, 1];

/// A batch in the making: the columns of each type in the order of the schemas, those that both have once.
pub(super) struct Columns {
    length: usize,
    declared_on: Date32Builder,
    texts: [StringBuilder; TEXTS],
    /// Those of [`HEADER_TEXTS`] that are made of numbers, while they are written.
    codes: [String; 4],
    /// The item, the packages; the pieces found.
    integers: [Int64Builder; 3],
    /// The quantity, the weights, the value; the value found, the fine.
    numbers: [Float64Builder; 6],
    major_case: BooleanBuilder,
}

impl Columns {
    /// Columns with room for about `lines` lines.
    pub(super) fn with_capacity(lines: usize) -> Self {
        Self {
            length: 0,
            declared_on: Date32Builder::with_capacity(lines),
            texts: TEXT_BYTES.map(|bytes| StringBuilder::with_capacity(lines, lines * bytes)),
            codes: Default::default(),
            integers: std::array::from_fn(|_| Int64Builder::with_capacity(lines)),
            numbers: std::array::from_fn(|_| Float64Builder::with_capacity(lines)),
            major_case: BooleanBuilder::with_capacity(lines),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.length
    }

    /// Writes the header of the next `lines` lines.
    pub(super) fn push_header(&mut self, header: &Header, lines: usize) {
        self.length += lines;
        self.declared_on.append_value_n(header.declared_on, lines);
        let numbers = [
            (header.origin_district, "", 5),
            (header.exporter, "E", 6),
            (header.producer, "P", 5),
            (header.agent, "A", 4),
        ];
        for (code, (number, prefix, width)) in self.codes.iter_mut().zip(numbers) {
            code.clear();
            if let Some(number) = number {
                code.push_str(prefix);
                push_number(code, u64::from(number), width);
            }
        }
        let [origin_district, exporter, producer, agent] = self.codes.each_ref().map(|code| present(code));
        let texts: [Option<&str>; HEADER_TEXTS] = [
            Some(&header.declaration_id),
            header.port,
            Some(header.declaration_office),
            header.site_kind,
            header.procurement_place,
            origin_district,
            Some(header.destination),
            header.final_destination,
            header.trading_country,
            header.transit,
            Some(header.mode),
            header.transport,
            exporter,
            producer,
            agent,
            present(&header.consignee),
            present(&header.contract),
            header.currency,
        ];
        for (column, text) in self.texts.iter_mut().zip(texts) {
            match text {
                Some(text) => column.append_value_n(text, lines),
                None => column.append_nulls(lines),
            }
        }
    }

    pub(super) fn push_line(&mut self, item_no: u32, line: &Line, outcome: Option<&Outcome>) {
        let texts: [Option<&str>; LINE_TEXTS + 2] = [
            Some(line.hs),
            present(&line.goods),
            present(&line.brand),
            line.brand_kind,
            present(&line.model),
            line.unit,
            present(&line.certificate),
            line.origin_country,
            Some(outcome.map_or(CLEAR, |outcome| outcome.finding.result)),
            outcome.and_then(|outcome| outcome.finding.tell).map(|tell| tell.name()),
        ];
        let integers = [
            Some(i64::from(item_no)),
            line.packages.map(|packages| packages as i64),
            Some(outcome.map_or(0, |outcome| outcome.pieces as i64)),
        ];
        let numbers = [
            line.quantity.map(|quantity| quantity as f64),
            line.net.map(hundredths),
            line.gross.map(hundredths),
            line.value_cents.map(hundredths),
            Some(outcome.map_or(0.0, |outcome| hundredths(outcome.value_cents))),
            Some(outcome.map_or(0.0, |outcome| (outcome.fine * 100) as f64)),
        ];
        let columns = self.texts[HEADER_TEXTS..].iter_mut();
        columns.zip(texts).for_each(|(column, text)| column.append_option(text));
        self.integers.iter_mut().zip(integers).for_each(|(column, integer)| column.append_option(integer));
        self.numbers.iter_mut().zip(numbers).for_each(|(column, number)| column.append_option(number));
        self.major_case.append_value(outcome.is_some_and(|outcome| outcome.major_case));
    }

    /// The declarations and outcomes written so far.
    pub(super) fn finish(mut self) -> (RecordBatch, RecordBatch) {
        let declared_on: ArrayRef = Arc::new(self.declared_on.finish());
        let mut texts = self.texts.iter_mut().map(|column| -> ArrayRef { Arc::new(column.finish()) });
        let mut integers = self.integers.iter_mut().map(|column| -> ArrayRef { Arc::new(column.finish()) });
        let mut numbers = self.numbers.iter_mut().map(|column| -> ArrayRef { Arc::new(column.finish()) });
        let mut next = |(_, kind, _): &Column| match kind {
            DataType::Date32 => Some(Arc::clone(&declared_on)),
            DataType::Int64 => integers.next(),
            DataType::Float64 => numbers.next(),
            DataType::Boolean => Some(Arc::new(self.major_case.finish()) as ArrayRef),
            _ => texts.next(),
        };
        let declarations: Vec<ArrayRef> = DECLARATIONS.iter().filter_map(&mut next).collect();
        // The id, the item and the day are those of the declarations.
        let mut outcomes = [0, 19, 1].map(|at| Arc::clone(&declarations[at])).to_vec();
        outcomes.extend(OUTCOMES[outcomes.len()..].iter().filter_map(next));
        let reason = "every line is written into every column of the schema";
        (
            RecordBatch::try_new(declarations_schema(), declarations).expect(reason),
            RecordBatch::try_new(outcomes_schema(), outcomes).expect(reason),
        )
    }
}

fn present(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// Whole numbers far below 2^53 divided by 100 are rounded alike on every machine.
fn hundredths(number: u64) -> f64 {
    number as f64 / 100.0
}
