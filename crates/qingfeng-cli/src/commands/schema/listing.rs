//! The fields of a pack as data.

use qingfeng::Engine;
use qingfeng::rules::{Derived, Field, FieldId, Kind};
use serde::Serialize;

/// All that `schema` tells.
#[derive(Serialize)]
pub struct Listing<'p> {
    pack: &'p str,
    digest: &'p str,
    /// The field with the declaration's id.
    declaration: &'p str,
    /// The field with the number of a goods line.
    item: Option<&'p str>,
    /// The field with the declaration's own day.
    date: Option<&'p str>,
    fields: &'p [Field],
    derived: Vec<ListedDerived>,
    computed: Vec<ListedComputed<'p>>,
    lookups: Vec<ListedLookup<'p>>,
    keys: ListedKeys<'p>,
}

#[derive(Serialize)]
struct ListedDerived {
    name: &'static str,
    kind: Kind,
    title: &'static str,
}

#[derive(Serialize)]
struct ListedComputed<'p> {
    name: &'p str,
    kind: Kind,
    missing: bool,
    expression: String,
    fields: Vec<&'p str>,
}

#[derive(Serialize)]
struct ListedLookup<'p> {
    name: &'p str,
    /// Where the rows come from, if that is a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'p str>,
    /// Where the rows come from.
    source: String,
    key: Vec<&'p str>,
    from: Option<&'p str>,
    until: Option<&'p str>,
    columns: Vec<ListedColumn<'p>>,
}

#[derive(Serialize)]
struct ListedColumn<'p> {
    name: &'p str,
    kind: Kind,
}

/// The fields that the keys of rules read.
#[derive(Serialize)]
struct ListedKeys<'p> {
    region: Option<&'p str>,
    commodity: Option<&'p str>,
    mode: Option<&'p str>,
    site: Vec<ListedSite<'p>>,
    site_kind: Option<&'p str>,
}

#[derive(Serialize)]
struct ListedSite<'p> {
    kind: &'p str,
    field: &'p str,
}

impl<'p> Listing<'p> {
    /// The fields of an engine's pack.
    pub fn new(engine: &'p Engine) -> Self {
        let pack = engine.pack();
        let schema = &pack.schema;
        let name = |id: FieldId| schema[id].name.as_str();
        let derived = |derived: Derived| ListedDerived {
            name: derived.name(),
            kind: derived.kind(),
            title: derived.title(),
        };
        let computed = pack.computed.iter().map(|field| ListedComputed {
            name: &field.name,
            kind: field.kind,
            missing: field.missing,
            expression: field.closure.text(),
            fields: field.closure.fields().map(|field| pack.field_name(field)).collect(),
        });
        let lookups = pack.lookups.iter().map(|lookup| ListedLookup {
            name: &lookup.name,
            file: lookup.source.file(),
            source: lookup.source.to_string(),
            key: lookup.key.iter().map(|&id| name(id)).collect(),
            from: lookup.from.as_deref(),
            until: lookup.until.as_deref(),
            columns: lookup.columns.iter().map(|(name, kind)| ListedColumn { name, kind: *kind }).collect(),
        });
        let site = schema.keys.site.iter().map(|(kind, field)| ListedSite { kind, field: name(*field) });
        Self {
            pack: engine.pack_id(),
            digest: engine.digest(),
            declaration: name(schema.declaration),
            item: schema.item.map(name),
            date: schema.date.map(name),
            fields: schema.fields(),
            derived: pack.derived().map(derived).collect(),
            computed: computed.collect(),
            lookups: lookups.collect(),
            keys: ListedKeys {
                region: schema.keys.region.map(name),
                commodity: schema.keys.commodity.map(name),
                mode: schema.keys.mode.map(name),
                site: site.collect(),
                site_kind: schema.keys.site_kind.map(name),
            },
        }
    }
}
