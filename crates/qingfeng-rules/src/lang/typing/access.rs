//! The types of what is read of a value: properties, entries of maps, elements of lists.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::diagnostic::Code;
use crate::lang::expr::{Constant, Expr, ExprKind, Name};
use crate::lang::functions;
use crate::lang::types::{Base, Type};

use super::Checker;

impl Checker<'_> {
    /// The type of an entry of a map that is fixed when the rule file has run. A key that it does not have is a
    /// slip of the pen: Rhai would answer that it is missing.
    pub(super) fn entry(
        &mut self,
        entries: &BTreeMap<String, Constant>,
        key: &str,
        span: &Range<usize>,
    ) -> Type {
        match entries.get(key) {
            Some(value) => Type::of_constant(value),
            None => {
                let title = format!("the map has no key `{key}`");
                self.unknown(Code::UnknownName, span, title, key, entries.keys().map(String::as_str));
                Type::ANY
            }
        }
    }

    pub(super) fn property(&mut self, object: &Expr, name: &Name) -> Type {
        let ty = self.expr(object);
        if ty.base == Base::Map
            && let Some(Constant::Map(entries)) = self.constant(object)
        {
            return self.entry(&entries, &name.text, &name.span);
        }
        match &ty.base {
            Base::Line => match self.context.field(&name.text) {
                Some((field, ty)) => {
                    self.found.fields.insert(field);
                    ty
                }
                None => {
                    let title = format!("there is no field `{}`", name.text);
                    if matches!(name.text.as_str(), "listed" | "lookup") {
                        let help = format!("`{0}` is called with a table: `d.{0}(\"...\")`", name.text);
                        self.report(Code::UnknownField, &name.span, title, help);
                    } else {
                        let known = self.context.field_names();
                        self.unknown(Code::UnknownField, &name.span, title, &name.text, known);
                    }
                    Type::ANY
                }
            },
            Base::Entry(table) => {
                let context = self.context;
                let lookup = &context.lookups[*table];
                match lookup.columns.iter().find(|(column, _)| *column == name.text) {
                    Some((_, kind)) => Type::of_kind(*kind, true),
                    None => {
                        let title =
                            format!("the lookup table `{}` has no column `{}`", lookup.name, name.text);
                        let known = lookup.columns.iter().map(|(column, _)| column.as_str());
                        self.unknown(Code::UnknownName, &name.span, title, &name.text, known);
                        Type::ANY
                    }
                }
            }
            Base::Date | Base::Missing
                if matches!(name.text.as_str(), "year" | "month" | "day" | "weekday") =>
            {
                Type::INTEGER.or_missing(ty.missing)
            }
            Base::Date => {
                let known = ["year", "month", "day", "weekday"];
                let title = format!("a date has no `{}`", name.text);
                self.unknown(Code::UnknownField, &name.span, title, &name.text, known);
                Type::ANY
            }
            Base::Text | Base::Array(_) if name.text == "len" => Type::INTEGER.or_missing(ty.missing),
            Base::Map | Base::Any => {
                // It may be the line; then the field is read.
                if let Some((field, _)) = self.context.field(&name.text) {
                    self.found.fields.insert(field);
                }
                Type::ANY
            }
            _ => {
                let title = format!("{ty} has no `{}`", name.text);
                let help = functions::find(&name.text).map(|function| format!("write `{}`", function.usage));
                self.report(Code::UnknownField, &name.span, title, help);
                Type::ANY
            }
        }
    }

    pub(super) fn index(&mut self, object: &Expr, index: &Expr) -> Type {
        let (ty, index_type) = (self.expr(object), self.expr(index));
        let fixed = if ty.base == Base::Map { self.constant(object) } else { None };
        let (wanted, result) = match &ty.base {
            Base::Array(element) => (Base::Integer, (**element).clone()),
            Base::Map => match (fixed, &index.kind) {
                (Some(Constant::Map(entries)), ExprKind::Constant(Constant::Text(key))) => {
                    return self.entry(&entries, key, &index.span);
                }
                // Which entry it is, if any, turns out on the line.
                (Some(Constant::Map(entries)), _) => {
                    let types = entries.values().map(Type::of_constant).reduce(|a, b| a.join(&b));
                    (Base::Text, types.unwrap_or(Type::MISSING).or_missing(true))
                }
                _ => (Base::Text, Type::ANY),
            },
            Base::Any => return Type::ANY,
            Base::Line => {
                let help = "write `d.field`";
                self.report(Code::NotInLanguage, &index.span, "fields are not read with `[...]`", help);
                return Type::ANY;
            }
            _ => {
                let title = format!("{ty} cannot be indexed");
                let help = (ty.base == Base::Text).then(|| "use `sub_string(start, length)`".to_owned());
                self.report(Code::TypeMismatch, &object.span, title, help);
                return Type::ANY;
            }
        };
        if !index_type.fits(&wanted) {
            let title = format!("the index must be {}, and `{index}` is {index_type}", Type::of(wanted));
            self.report(Code::TypeMismatch, &index.span, title, None);
        } else if index_type.missing && !index_type.is_any() {
            let title = format!("an index is needed, and `{index}` may be missing");
            self.report(Code::TypeMismatch, &index.span, title, format!("write `{index} ?? ...`"));
        }
        result
    }
}
