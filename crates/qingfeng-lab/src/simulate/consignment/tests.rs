//! Tests of `consignment`.

use super::*;

#[test]
fn columns_stand_where_they_are_looked_for() {
    let schema = Generator::schema();
    for (at, name) in [
        (column::ID, "declaration_id"),
        (column::DECLARED_ON, "declared_on"),
        (column::PORT, "port"),
        (column::OFFICE, "declaration_office"),
        (column::SITE_KIND, "site_kind"),
        (column::PLACE, "procurement_place"),
        (column::MODE, "mode"),
        (column::EXPORTER, "exporter"),
        (column::ITEM_NO, "item_no"),
        (column::HS, "hs"),
        (column::BRAND, "brand"),
        (column::BRAND_KIND, "brand_kind"),
        (column::QUANTITY, "quantity"),
        (column::NET, "net_kg"),
        (column::GROSS, "gross_kg"),
        (column::VALUE, "value"),
        (column::PACKAGES, "packages"),
    ] {
        assert_eq!(schema.field(at).name(), name);
    }
    let names: Vec<String> =
        Generator::outcomes_schema().fields().iter().map(|field| field.name().clone()).collect();
    assert_eq!(names[3..], ["result", "tell", "pieces", "value", "fine", "major_case"]);
}

#[test]
fn what_is_not_rewritten_stays_as_it_was() {
    let generated = Generator::new(7, 2_000).next().unwrap();
    let columns = Columns::new(&generated).unwrap();
    let all: Vec<Consignment> =
        columns.declarations().into_iter().map(|lines| columns.consignment(lines)).collect();
    assert_eq!(table(&all).unwrap(), generated.declarations);
}
