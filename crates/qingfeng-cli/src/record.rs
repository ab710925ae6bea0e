//! Records that are written as JSON and nowhere named.

/// A value with these keys, in this order, for serde. Keys may have attributes of serde.
macro_rules! record {
    ($(#[$outer:meta])* { $($(#[$inner:meta])* $key:ident: $value:expr),* $(,)? }) => {{
        #[expect(non_camel_case_types, reason = "the type of a value is named as its key")]
        let record = {
            #[derive(serde::Serialize)]
            $(#[$outer])*
            struct Record<$($key),*> {
                $($(#[$inner])* $key: $key,)*
            }
            Record { $($key: $value),* }
        };
        record
    }};
}

pub(crate) use record;

/// For `skip_serializing_if`: nothing.
pub fn is_none(value: &impl serde::Serialize) -> bool {
    serde_json::to_value(value).is_ok_and(|value| value.is_null())
}

/// For `skip_serializing_if`: a list without items.
pub fn is_empty(value: &impl serde::Serialize) -> bool {
    serde_json::to_value(value).is_ok_and(|value| value.as_array().is_some_and(Vec::is_empty))
}
