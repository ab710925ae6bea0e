use super::*;

const HEAD: &str = "day,office,order,declaration_id,selected,probability,score,channel,cost,pack\n";

fn read(text: &str) -> Result<PlanFile, String> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("plan.csv");
    std::fs::write(&path, text).unwrap();
    PlanFile::read(&path).map_err(|error| error.to_string().replace(&path.display().to_string(), "plan.csv"))
}

#[test]
fn what_no_plan_has_is_refused_with_its_place() {
    for (rows, message) in [
        (
            "2016-02-30,yiwu,1,D1,random,1,0,green,1,p\n",
            "line 2: `day` is `2016-02-30`; it must be a day of the calendar such as 2016-09-06",
        ),
        (
            "2016-02-03,yiwu,0,D1,random,1,0,green,1,p\n",
            "line 2: `order` is `0`; it must be a whole number from 1 to 4294967295",
        ),
        (
            "2016-02-03,yiwu,1,,random,1,0,green,1,p\n",
            "line 2: `declaration_id` is missing; it must be a text",
        ),
        (
            "2016-02-03,yiwu,1,D1,chosen,1,0,green,1,p\n",
            "line 2: `selected` is `chosen`; it must be mandatory, targeted or random",
        ),
        (
            "2016-02-03,yiwu,1,D1,random,0,0,green,1,p\n",
            "line 2: `probability` is 0; it must be above 0 and at most 1",
        ),
        (
            "2016-02-03,yiwu,1,D1,random,NaN,0,green,1,p\n",
            "line 2: `probability` is `NaN`; it must be a number",
        ),
        ("2016-02-03,yiwu,1,D1,random,1,x,green,1,p\n", "line 2: `score` is `x`; it must be a whole number"),
        (
            "2016-02-03,yiwu,1,D1,random,1,0,green,1\n",
            "line 2: has 9 fields, the header has 10; a cell with a separator in it must stand in quotes",
        ),
        (
            "2016-02-03,\"yiwu,1,D1,random,1,0,green,1,p\n",
            "line 2: the quote that opens cell 2 is never closed; close or remove it",
        ),
        (
            "2016-02-03,yiwu,2,D1,random,1,0,green,1,p\n2016-02-03,yiwu,1,D2,random,1,0,green,1,p\n",
            "line 3: `order` is 1 after 2; a plan is ordered by day, office and order, so write it anew or sort it",
        ),
        (
            "2016-02-03,yiwu,1,D1,random,1,0,green,1,p\n2016-02-03,linyi,1,D1,random,1,0,green,1,p\n",
            "has declaration D1 twice on 2016-02-03; a plan has each once, so write it anew",
        ),
    ] {
        assert_eq!(read(&format!("{HEAD}{rows}")).unwrap_err(), format!("plan.csv: {message}"));
    }
    assert_eq!(
        read("a,b\n1,2\n").unwrap_err(),
        "plan.csv: has no column `day`; is it a plan, as `qingfeng plan` writes it?"
    );
    assert_eq!(read(HEAD).unwrap().rows, []);
}

#[test]
fn the_cells_of_a_row_are_those_of_the_columns() {
    let row = "2016-02-03,yiwu,1,D1,random,0.5,7,green,1,p\n";
    let cells = read(&format!("{HEAD}{row}")).unwrap().rows[0].cells();
    let columns = PlanColumns::TABLE.columns;
    assert_eq!(cells.len(), columns.len());
    let given: Vec<&str> = HEAD.trim().split(',').collect();
    for (cell, column) in cells.iter().zip(columns) {
        let expected = given.iter().position(|name| *name == column.name);
        let expected = expected.and_then(|at| row.trim().split(',').nth(at)).unwrap_or_default();
        assert_eq!(cell, expected, "{}", column.name);
    }
}
