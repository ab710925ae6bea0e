//! The fields of a pack as data.

use qingfeng::Engine;
use qingfeng::rules::FieldId;
use serde::Serialize;

use crate::record::{is_none, record};

/// All that `schema` lists, for an engine's pack.
pub fn listing(engine: &Engine) -> impl Serialize + use<'_> {
    let pack = engine.pack();
    let schema = &pack.schema;
    let name = |id: FieldId| schema[id].name.as_str();
    let derived = pack
        .derived()
        .map(|derived| record!({ name: derived.name(), kind: derived.kind(), title: derived.title() }));
    let computed = pack.computed.iter().map(|field| {
        record!({
            name: &field.name,
            kind: field.kind,
            missing: field.missing,
            expression: field.closure.text(),
            fields: field.closure.fields().map(|field| pack.field_name(field)).collect::<Vec<_>>(),
        })
    });
    let lookups = pack.lookups.iter().map(|lookup| {
        let columns = lookup.columns.iter().map(|(name, kind)| record!({ name: name, kind: *kind }));
        record!({
            name: &lookup.name,
            // Where the rows come from, if that is a file.
            #[serde(skip_serializing_if = "is_none")]
            file: lookup.source.file(),
            source: lookup.source.to_string(),
            key: lookup.key_names().collect::<Vec<_>>(),
            from: lookup.from.as_deref(),
            until: lookup.until.as_deref(),
            columns: columns.collect::<Vec<_>>(),
        })
    });
    let site = schema.keys.site.iter().map(|(kind, field)| record!({ kind: kind, field: name(*field) }));
    record!({
        pack: engine.pack_id(),
        digest: engine.digest(),
        declaration: name(schema.declaration),
        item: schema.item.map(name),
        date: schema.date.map(name),
        fields: schema.fields(),
        derived: derived.collect::<Vec<_>>(),
        computed: computed.collect::<Vec<_>>(),
        lookups: lookups.collect::<Vec<_>>(),
        // The fields that the keys of rules read.
        keys: record!({
            region: schema.keys.region.map(name),
            commodity: schema.keys.commodity.map(name),
            mode: schema.keys.mode.map(name),
            site: site.collect::<Vec<_>>(),
            site_kind: schema.keys.site_kind.map(name),
        }),
    })
}
