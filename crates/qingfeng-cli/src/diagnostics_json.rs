//! The mistakes of a pack as data.

use qingfeng::Engine;
use qingfeng::rules::diagnostics::{DiagnosticData, PlaceData};
use serde::Serialize;

use crate::record::record;
use crate::render::Checked;

/// All that `check` found. Pack and day are those of a valid pack.
pub fn report(checked: &Checked) -> impl Serialize + use<'_> {
    let Checked { diagnostics, engine, as_of, .. } = checked;
    let sources = &diagnostics.sources;
    let suppressed = diagnostics.suppressed.iter().map(|suppressed| {
        record!({
            reason: &suppressed.reason,
            comment: PlaceData::new(&suppressed.place, sources),
            #[serde(flatten)]
            item: DiagnosticData::new(&suppressed.diagnostic, sources),
        })
    });
    record!({
        pack: engine.as_ref().map(|engine| engine.pack_id().to_string()),
        digest: engine.as_ref().map(Engine::digest),
        as_of: as_of.filter(|_| engine.is_some()).map(|day| day.to_string()),
        errors: diagnostics.errors(),
        warnings: diagnostics.warnings(),
        notes: diagnostics.notes(),
        diagnostics: diagnostics.data(),
        suppressed: suppressed.collect::<Vec<_>>(),
    })
}
