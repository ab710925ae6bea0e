//! The mistakes of a pack as data.

use qingfeng::tools::listing::PackReport;

use crate::render::Checked;

/// All that `check` found. Pack and day are those of a valid pack.
pub fn report(checked: &Checked) -> PackReport<'_> {
    PackReport::new(checked.engine.as_ref(), &checked.diagnostics, checked.as_of)
}
