//! Fields that are computed from declared ones.

use serde::Serialize;

use crate::base::codes;
use crate::base::value::Date;
use crate::model::schema::{CodeList, FieldId, Kind, Schema};

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
}

/// Each field with its name in rules, what it is, and the kind of its values.
const FIELDS: [(Derived, &str, &str, Kind); 12] = [
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
];

impl Derived {
    /// All of them.
    pub const ALL: [Self; 12] = {
        let mut all = [Self::UnitValue; 12];
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
            Self::HsInForce => {
                let commodity = schema.keys.commodity.filter(|&id| schema[id].codes == Some(CodeList::Hs))?;
                Some(vec![commodity, schema.date?])
            }
            Self::ModeInForce => {
                let is_mode = |id: &FieldId| schema[*id].codes == Some(CodeList::Table("trade-mode"));
                Some(vec![schema.keys.mode.filter(is_mode)?, schema.date?])
            }
        }
    }

    /// Whether a code was in force on a day, for the fields that say so; `None` where it is not known.
    pub fn in_force(self, code: &str, day: Date) -> Option<bool> {
        match self {
            Self::HsInForce => CodeList::Hs.knows(code).then(|| codes::in_force(code, day)),
            Self::ModeInForce => {
                // The list of modes may lack one; then nothing is known of it.
                let mode = codes::table("trade-mode")?.find(code)?;
                Some(mode.from.is_none_or(|from| from <= day) && mode.until.is_none_or(|until| day <= until))
            }
            _ => None,
        }
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

impl Schema {
    /// The built-in derived fields that this schema gives.
    pub(crate) fn derived(&self) -> impl Iterator<Item = Derived> + '_ {
        Derived::ALL.into_iter().filter(|derived| derived.sources(self).is_some())
    }
}

/// Anything that `d.name` can mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FieldRef {
    /// A field of the schema.
    Declared(FieldId),
    /// A built-in derived field.
    Derived(Derived),
    /// A field that the pack computes with `field(...)`, by its position.
    Computed(usize),
}
