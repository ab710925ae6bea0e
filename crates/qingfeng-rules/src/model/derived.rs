//! Fields that are computed from declared ones.

use serde::Serialize;

use crate::base::codes;
use crate::model::schema::{CodeList, Field, FieldId, Kind, Schema};

/// A field that every pack has whose schema has the fields it is computed from.
///
/// All are missing where what they are computed from is missing; quotients also where the divisor is zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Derived {
    /// Value of the line by its quantity.
    UnitValue,
    /// Net kilograms of the line by its quantity.
    UnitMass,
    /// Value of the line by its net kilograms.
    ValuePerKg,
    /// The first two digits of the commodity code.
    Hs2,
    /// The first four digits of the commodity code.
    Hs4,
    /// The first six digits of the commodity code.
    Hs6,
    /// How many lines the declaration has.
    ItemCount,
    /// The sum of `value` over the declaration's lines; missing only where no line has one.
    DeclarationValue,
    /// The sum of `net_kg` over the declaration's lines; missing only where no line has one.
    DeclarationNetKg,
    /// The sum of `quantity` over the declaration's lines; missing only where no line has one.
    DeclarationQuantity,
    /// Whether the commodity code's subheading was in force on the day of the declaration.
    HsInForce,
    /// Whether the trade mode was in use on the day of the declaration.
    ModeInForce,
    /// The same of the kind of brand.
    BrandKindInForce,
    /// The same of the kind of packing.
    PackingInForce,
    /// The same of the mode of transport.
    TransportInForce,
    /// The same of the office of exit.
    PortInForce,
    /// The same of the district of origin.
    OriginDistrictInForce,
    /// Whether the tariff measures such goods in the unit of the first statutory quantity.
    LegalUnitFits,
}

/// Each field with its name in rules, what it is, and the kind of its values.
const FIELDS: [(Derived, &str, &str, Kind); 18] = [
    (Derived::UnitValue, "unit_value", "value / quantity", Kind::Number),
    (Derived::UnitMass, "unit_mass", "net_kg / quantity", Kind::Number),
    (Derived::ValuePerKg, "value_per_kg", "value / net_kg", Kind::Number),
    (Derived::Hs2, "hs2", "first two digits of the commodity code", Kind::Code),
    (Derived::Hs4, "hs4", "first four digits of the commodity code", Kind::Code),
    (Derived::Hs6, "hs6", "first six digits of the commodity code", Kind::Code),
    (Derived::ItemCount, "item_count", "number of lines of the declaration", Kind::Integer),
    (Derived::DeclarationValue, "declaration_value", "sum of value over the declaration", Kind::Number),
    (Derived::DeclarationNetKg, "declaration_net_kg", "sum of net_kg over the declaration", Kind::Number),
    (
        Derived::DeclarationQuantity,
        "declaration_quantity",
        "sum of quantity over the declaration",
        Kind::Number,
    ),
    (Derived::HsInForce, "hs_in_force", "whether the tariff had the subheading on that day", Kind::Flag),
    (Derived::ModeInForce, "mode_in_force", "whether the mode was in use on that day", Kind::Flag),
    (
        Derived::BrandKindInForce,
        "brand_kind_in_force",
        "whether the kind of brand was in use on that day",
        Kind::Flag,
    ),
    (
        Derived::PackingInForce,
        "packing_in_force",
        "whether the kind of packing was in use on that day",
        Kind::Flag,
    ),
    (
        Derived::TransportInForce,
        "transport_in_force",
        "whether the mode of transport was in use on that day",
        Kind::Flag,
    ),
    (Derived::PortInForce, "port_in_force", "whether the office of exit was there on that day", Kind::Flag),
    (
        Derived::OriginDistrictInForce,
        "origin_district_in_force",
        "whether the district of origin was there on that day",
        Kind::Flag,
    ),
    (
        Derived::LegalUnitFits,
        "legal_unit_fits",
        "whether the tariff measures such goods in the first statutory unit",
        Kind::Flag,
    ),
];

impl Derived {
    /// All of them.
    pub const ALL: [Self; 18] = {
        let mut all = [Self::UnitValue; 18];
        let mut at = 0;
        while at < all.len() {
            assert!(FIELDS[at].0 as usize == at, "the rows stand in the order of the fields");
            all[at] = FIELDS[at].0;
            at += 1;
        }
        all
    };

    /// The name in rules.
    pub fn name(self) -> &'static str {
        FIELDS[self as usize].1
    }

    /// What it is, for people.
    pub fn title(self) -> &'static str {
        FIELDS[self as usize].2
    }

    /// The kind of its values.
    pub fn kind(self) -> Kind {
        FIELDS[self as usize].3
    }

    /// Whether every line has it.
    pub fn always_present(self) -> bool {
        self == Self::ItemCount
    }

    /// The fields it is computed from, or `None` where the schema lacks one or has a field of its own by this
    /// name. A quotient has its dividend first.
    pub fn sources(self, schema: &Schema) -> Option<Vec<FieldId>> {
        if schema.field(self.name()).is_some() {
            return None;
        }
        let number = |name: &str| {
            schema.field(name).filter(|&id| matches!(schema[id].kind, Kind::Number | Kind::Integer))
        };
        match self {
            Self::UnitValue => Some(vec![number("value")?, number("quantity")?]),
            Self::UnitMass => Some(vec![number("net_kg")?, number("quantity")?]),
            Self::ValuePerKg => Some(vec![number("value")?, number("net_kg")?]),
            Self::Hs2 | Self::Hs4 | Self::Hs6 => schema.keys.commodity.map(|field| vec![field]),
            Self::ItemCount => Some(Vec::new()),
            Self::DeclarationValue => Some(vec![number("value")?]),
            Self::DeclarationNetKg => Some(vec![number("net_kg")?]),
            Self::DeclarationQuantity => Some(vec![number("quantity")?]),
            Self::HsInForce => Some(vec![commodity(schema)?, schema.date?]),
            Self::LegalUnitFits => {
                let is_unit = |id: &FieldId| schema[*id].codes == Some(CodeList::Table("unit"));
                Some(vec![commodity(schema)?, schema.field("legal_unit").filter(is_unit)?])
            }
            Self::ModeInForce => {
                Some(vec![schema.keys.mode.filter(|id| is_listed(schema, *id))?, schema.date?])
            }
            Self::BrandKindInForce
            | Self::PackingInForce
            | Self::TransportInForce
            | Self::PortInForce
            | Self::OriginDistrictInForce => {
                let field = schema.field(self.name().strip_suffix("_in_force")?)?;
                Some(vec![Some(field).filter(|id| is_listed(schema, *id))?, schema.date?])
            }
        }
    }

    /// When a code of its field was in use, for those that say whether it was; `None` where nothing is known of it, as of
    /// one that the list lacks.
    pub fn lives<'f>(self, field: &'f Field, code: &str) -> Option<&'f [codes::Life]> {
        match self {
            Self::HsInForce if !CodeList::Hs.knows(code) => None,
            Self::HsInForce => Some(codes::lives(code).unwrap_or(&[codes::Life { from: None, until: None }])),
            _ => field.reading.known.as_ref()?.life(code).map(std::slice::from_ref),
        }
    }

    /// Whether it says of a code whether it was in use on the day of the declaration: the field of the code comes first of
    /// its sources, then that of the day.
    pub fn is_of_days(self) -> bool {
        self.kind() == Kind::Flag && self != Self::LegalUnitFits
    }

    /// How many digits of the commodity code it keeps, for those that do.
    pub fn digits(self) -> Option<usize> {
        match self {
            Self::Hs2 => Some(2),
            Self::Hs4 => Some(4),
            Self::Hs6 => Some(6),
            _ => None,
        }
    }
}

/// The field of the commodity code, if that is one of the tariff.
fn commodity(schema: &Schema) -> Option<FieldId> {
    schema.keys.commodity.filter(|&id| schema[id].codes == Some(CodeList::Hs))
}

/// Whether a field has one of the code lists whose codes have days.
fn is_listed(schema: &Schema, field: FieldId) -> bool {
    matches!(schema[field].codes, Some(CodeList::Table(_)))
}

impl Schema {
    /// The declared or derived field of this name, with its kind.
    pub fn known_field(&self, name: &str) -> Option<(FieldRef, Kind)> {
        let declared = self.field(name).map(|id| (FieldRef::Declared(id), self[id].kind));
        declared.or_else(|| {
            let derived = self.derived().find(|derived| derived.name() == name)?;
            Some((FieldRef::Derived(derived), derived.kind()))
        })
    }

    /// The names of the declared and derived fields.
    pub(crate) fn known_names(&self) -> Vec<&str> {
        let declared = self.fields().iter().map(|field| field.name.as_str());
        declared.chain(self.derived().map(|derived| derived.name())).collect()
    }

    /// The built-in derived fields that this schema gives.
    pub(crate) fn derived(&self) -> impl Iterator<Item = Derived> + '_ {
        Derived::ALL.into_iter().filter(|derived| derived.sources(self).is_some())
    }
}

impl FieldRef {
    /// The fields of the schema from which a declared or derived field has its value.
    pub fn sources(self, schema: &Schema) -> Vec<FieldId> {
        match self {
            Self::Declared(field) => vec![field],
            Self::Derived(derived) => derived.sources(schema).unwrap_or_default(),
            Self::Computed(_) | Self::Total(_) => Vec::new(),
        }
    }
}

/// Anything that `d.name` can mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FieldRef {
    /// A field of the schema.
    Declared(FieldId),
    /// A built-in derived field.
    Derived(Derived),
    /// A field that the pack computes with `field(...)`, by its position. Of a total it is what the line adds.
    Computed(usize),
    /// A total that the pack computes with `total(...)`, by its position among the computed fields: the sum over all lines of
    /// the declaration.
    Total(usize),
}
