//! The declarations of a case.

use qingfeng::{Declaration, FieldValue, Item};

use super::choices::Choices;
use super::fields::{DECLARED, Field};
use super::values::Values;

/// Declarations with lines that have some of the fields, and values that the rules know.
pub(super) fn declarations(choices: &mut Choices<'_>, values: &Values) -> Vec<Declaration> {
    // Some lines have nearly everything, some nearly nothing.
    let gaps = *choices.pick(&[15, 35, 5, 20, 70]);
    (0..choices.between(1, 5))
        .map(|at| {
            let mut declaration = Declaration::new().with("declaration_id", format!("D{at}"));
            for field in DECLARED.iter().filter(|field| field.header) {
                declaration = declaration.with(field.name, value(choices, values, field, gaps));
            }
            if choices.percent(20) {
                declaration = declaration.with("site_kind", *choices.pick(&["port", "market"]));
            }
            let lines = choices.between(1, 5);
            let item = |choices: &mut Choices<'_>| {
                let fields = DECLARED.iter().filter(|field| !field.header);
                fields.fold(Item::new(), |item, field| {
                    item.with(field.name, value(choices, values, field, gaps))
                })
            };
            (0..lines).fold(declaration, |declaration, _| declaration.item(item(choices)))
        })
        .collect()
}

fn value(choices: &mut Choices<'_>, values: &Values, field: &Field, gaps: usize) -> FieldValue {
    if field.missing && choices.percent(gaps) {
        return FieldValue::Missing;
    }
    if let Some(codes) = field.codes {
        return (*choices.pick(codes)).into();
    }
    match values.of_field(choices, field.kind) {
        FieldValue::Integer(integer) if field.not_negative => integer.saturating_abs().into(),
        FieldValue::Number(number) if field.not_negative => number.abs().into(),
        value => value,
    }
}
