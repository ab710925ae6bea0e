//! The Arrow columns of declarations and outcomes, and how a declaration is written into them.

use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, Date32Builder, Float64Builder, Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};

use super::text::push_number;
use super::violations::{CLEAR, Finding};

/// Name, type, and whether the field is never missing.
type Column = (&'static str, DataType, bool);

const DECLARATIONS: [Column; 30] = [
    ("declaration_id", DataType::Utf8, true),
    ("declared_on", DataType::Date32, false),
    ("port", DataType::Utf8, false),
    ("site_kind", DataType::Utf8, false),
    ("procurement_place", DataType::Utf8, false),
    ("origin_district", DataType::Utf8, false),
    ("destination", DataType::Utf8, true),
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
    pub(super) site_kind: Option<&'static str>,
    pub(super) procurement_place: Option<&'static str>,
    pub(super) origin_district: Option<u32>,
    pub(super) destination: &'static str,
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

/// Text columns of the header, in the order of the schema with the date left out.
const HEADER_TEXTS: usize = 15;

/// A batch in the making.
pub(super) struct Columns {
    length: usize,
    declared_on: Date32Builder,
    header: [StringBuilder; HEADER_TEXTS],
    item_no: Int64Builder,
    hs: StringBuilder,
    goods: StringBuilder,
    brand: StringBuilder,
    brand_kind: StringBuilder,
    model: StringBuilder,
    quantity: Float64Builder,
    unit: StringBuilder,
    net_kg: Float64Builder,
    gross_kg: Float64Builder,
    value: Float64Builder,
    packages: Int64Builder,
    certificate: StringBuilder,
    origin_country: StringBuilder,
    result: StringBuilder,
    tell: StringBuilder,
    pieces: Int64Builder,
    found_value: Float64Builder,
    fine: Float64Builder,
    major_case: BooleanBuilder,
    /// Room for a code while it is written.
    code: String,
}

impl Columns {
    /// Columns with room for about `lines` lines.
    pub(super) fn with_capacity(lines: usize) -> Self {
        let text = |bytes: usize| StringBuilder::with_capacity(lines, lines * bytes);
        let float = || Float64Builder::with_capacity(lines);
        let integer = || Int64Builder::with_capacity(lines);
        Self {
            length: 0,
            declared_on: Date32Builder::with_capacity(lines),
            header: [18, 5, 6, 4, 5, 2, 1, 5, 1, 7, 6, 5, 26, 11, 3].map(text),
            item_no: integer(),
            hs: text(10),
            goods: text(32),
            brand: text(8),
            brand_kind: text(4),
            model: text(6),
            quantity: float(),
            unit: text(3),
            net_kg: float(),
            gross_kg: float(),
            value: float(),
            packages: integer(),
            certificate: text(4),
            origin_country: text(2),
            result: text(6),
            tell: text(1),
            pieces: integer(),
            found_value: float(),
            fine: float(),
            major_case: BooleanBuilder::with_capacity(lines),
            code: String::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.length
    }

    /// Writes the header of the next `lines` lines.
    pub(super) fn push_header(&mut self, header: &Header, lines: usize) {
        self.length += lines;
        self.declared_on.append_value_n(header.declared_on, lines);
        let plain = |text: &str, builder: &mut StringBuilder| repeat(builder, Some(text), lines);
        let option = |text: Option<&str>, builder: &mut StringBuilder| repeat(builder, text, lines);
        let [
            declaration_id,
            port,
            site_kind,
            procurement_place,
            origin_district,
            destination,
            transit,
            mode,
            transport,
            exporter,
            producer,
            agent,
            consignee,
            contract,
            currency,
        ] = &mut self.header;
        plain(&header.declaration_id, declaration_id);
        option(header.port, port);
        option(header.site_kind, site_kind);
        option(header.procurement_place, procurement_place);
        plain(header.destination, destination);
        option(header.transit, transit);
        plain(header.mode, mode);
        option(header.transport, transport);
        option(present(&header.consignee), consignee);
        option(present(&header.contract), contract);
        option(header.currency, currency);
        for (number, prefix, width, builder) in [
            (header.origin_district, "", 5, origin_district),
            (header.exporter, "E", 6, exporter),
            (header.producer, "P", 5, producer),
            (header.agent, "A", 4, agent),
        ] {
            self.code.clear();
            if let Some(number) = number {
                self.code.push_str(prefix);
                push_number(&mut self.code, u64::from(number), width);
            }
            repeat(builder, present(&self.code), lines);
        }
    }

    pub(super) fn push_line(&mut self, item_no: u32, line: &Line, outcome: Option<&Outcome>) {
        self.item_no.append_value(i64::from(item_no));
        self.hs.append_value(line.hs);
        self.goods.append_option(present(&line.goods));
        self.brand.append_option(present(&line.brand));
        self.brand_kind.append_option(line.brand_kind);
        self.model.append_option(present(&line.model));
        self.quantity.append_option(line.quantity.map(|quantity| quantity as f64));
        self.unit.append_option(line.unit);
        self.net_kg.append_option(line.net.map(hundredths));
        self.gross_kg.append_option(line.gross.map(hundredths));
        self.value.append_option(line.value_cents.map(hundredths));
        self.packages.append_option(line.packages.map(|packages| packages as i64));
        self.certificate.append_option(present(&line.certificate));
        self.origin_country.append_option(line.origin_country);

        self.result.append_value(outcome.map_or(CLEAR, |outcome| outcome.finding.result));
        self.tell.append_option(outcome.and_then(|outcome| outcome.finding.tell).map(|tell| tell.name()));
        self.pieces.append_value(outcome.map_or(0, |outcome| outcome.pieces as i64));
        self.found_value.append_value(outcome.map_or(0.0, |outcome| hundredths(outcome.value_cents)));
        self.fine.append_value(outcome.map_or(0.0, |outcome| (outcome.fine * 100) as f64));
        self.major_case.append_value(outcome.is_some_and(|outcome| outcome.major_case));
    }

    /// The declarations and outcomes written so far.
    pub(super) fn finish(mut self) -> (RecordBatch, RecordBatch) {
        let header = self.header.each_mut().map(|builder| -> ArrayRef { Arc::new(builder.finish()) });
        let declaration_id = header[0].clone();
        let declared_on: ArrayRef = Arc::new(self.declared_on.finish());
        let item_no: ArrayRef = Arc::new(self.item_no.finish());

        let mut declarations = vec![declaration_id.clone(), declared_on.clone()];
        declarations.extend(header.into_iter().skip(1));
        declarations.extend::<[ArrayRef; 14]>([
            item_no.clone(),
            Arc::new(self.hs.finish()),
            Arc::new(self.goods.finish()),
            Arc::new(self.brand.finish()),
            Arc::new(self.brand_kind.finish()),
            Arc::new(self.model.finish()),
            Arc::new(self.quantity.finish()),
            Arc::new(self.unit.finish()),
            Arc::new(self.net_kg.finish()),
            Arc::new(self.gross_kg.finish()),
            Arc::new(self.value.finish()),
            Arc::new(self.packages.finish()),
            Arc::new(self.certificate.finish()),
            Arc::new(self.origin_country.finish()),
        ]);
        let outcomes: Vec<ArrayRef> = vec![
            declaration_id,
            item_no,
            declared_on,
            Arc::new(self.result.finish()),
            Arc::new(self.tell.finish()),
            Arc::new(self.pieces.finish()),
            Arc::new(self.found_value.finish()),
            Arc::new(self.fine.finish()),
            Arc::new(self.major_case.finish()),
        ];
        let reason = "every line is written into every column of the schema";
        (
            RecordBatch::try_new(declarations_schema(), declarations).expect(reason),
            RecordBatch::try_new(outcomes_schema(), outcomes).expect(reason),
        )
    }
}

fn repeat(builder: &mut StringBuilder, text: Option<&str>, lines: usize) {
    match text {
        Some(text) => builder.append_value_n(text, lines),
        None => builder.append_nulls(lines),
    }
}

fn present(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// Whole numbers far below 2^53 divided by 100 are rounded alike on every machine.
fn hundredths(number: u64) -> f64 {
    number as f64 / 100.0
}
