//! The fields of generated packs: those of the export declaration that make a difference, and some of each kind.

use super::values::{COUNTRIES, EXPORTERS, HS, Kind, MODES, PORTS, UNITS};

#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub name: &'static str,
    pub kind: Kind,
    pub header: bool,
    /// Whether a line may be without it.
    pub missing: bool,
    /// Whether the schema refuses negative values.
    pub not_negative: bool,
    /// The codes it has; texts of any kind where there are none.
    pub codes: Option<&'static [&'static str]>,
    /// Whether the pack adds it to the export declaration.
    pub added: bool,
}

const ITEM: Field = Field {
    name: "",
    kind: Kind::Text,
    header: false,
    missing: true,
    not_negative: false,
    codes: None,
    added: false,
};
const HEADER: Field = Field { header: true, ..ITEM };
const ADDED: Field = Field { added: true, ..ITEM };

/// What declarations are given.
pub(super) const DECLARED: &[Field] = &[
    Field { name: "value", kind: Kind::Number, not_negative: true, ..ITEM },
    Field { name: "goods", ..ITEM },
    Field { name: "brand", ..ITEM },
    Field { name: "quantity", kind: Kind::Number, not_negative: true, ..ITEM },
    Field { name: "packages", kind: Kind::Integer, not_negative: true, ..ITEM },
    Field { name: "balance", kind: Kind::Number, ..ADDED },
    Field { name: "plate_count", kind: Kind::Integer, ..ADDED },
    Field { name: "certified", kind: Kind::Flag, ..ADDED },
    Field { name: "seen_on", kind: Kind::Date, ..ADDED },
    Field { name: "note", ..ADDED },
    Field { name: "rate", kind: Kind::Number, header: true, ..ADDED },
    Field { name: "urgent", kind: Kind::Flag, header: true, ..ADDED },
    Field { name: "signed_on", kind: Kind::Date, header: true, ..ADDED },
    Field { name: "model", ..ITEM },
    Field { name: "net_kg", kind: Kind::Number, not_negative: true, ..ITEM },
    Field { name: "unit", codes: Some(UNITS), ..ITEM },
    Field { name: "declared_on", kind: Kind::Date, ..HEADER },
    Field { name: "exporter", codes: Some(EXPORTERS), ..HEADER },
    Field { name: "port", codes: Some(PORTS), ..HEADER },
    Field { name: "transit", codes: Some(COUNTRIES), ..HEADER },
    Field { name: "consignee", ..HEADER },
    Field { name: "destination", codes: Some(COUNTRIES), missing: false, ..HEADER },
    Field { name: "mode", codes: Some(MODES), missing: false, ..HEADER },
    Field { name: "hs", codes: Some(HS), missing: false, ..ITEM },
];

/// What is counted, and what the engine derives; rules read these too.
pub(super) const DERIVED: &[Field] = &[
    Field { name: "unit_value", kind: Kind::Number, ..ITEM },
    Field { name: "unit_mass", kind: Kind::Number, ..ITEM },
    Field { name: "value_per_kg", kind: Kind::Number, ..ITEM },
    Field { name: "item_no", kind: Kind::Integer, missing: false, ..ITEM },
    Field { name: "item_count", kind: Kind::Integer, missing: false, ..ITEM },
    Field { name: "hs2", codes: Some(&["87", "42", "61"]), ..ITEM },
    Field { name: "hs4", codes: Some(&["8711", "4202", "8517"]), ..ITEM },
    Field { name: "hs6", codes: Some(&["871120", "420221"]), ..ITEM },
    Field { name: "declaration_value", kind: Kind::Number, ..ITEM },
    Field { name: "declaration_net_kg", kind: Kind::Number, ..ITEM },
    Field { name: "declaration_quantity", kind: Kind::Number, ..ITEM },
    Field { name: "declaration_id", codes: Some(&["D0", "D1"]), missing: false, ..HEADER },
];
