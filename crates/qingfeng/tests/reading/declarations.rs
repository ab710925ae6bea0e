//! Lines become whole declarations: contiguous, numbered, within their limit, cut nowhere.

use qingfeng::read::{Input, Place, Position, ReadOptions, ScatteredDeclaration};

use super::{HEADER, Outcome, files, read, read_bytes, read_inputs};

/// Lines of these declarations, each with the number of its item or without one.
fn lines(ids: &[(&str, &str)]) -> String {
    let line = |(id, item): &(&str, &str)| format!("{id},KE,0110,8711209000,{item},1,1,2016-09-06,goods,\n");
    format!("{HEADER}\n{}", ids.iter().map(line).collect::<String>())
}

fn line(line: u64) -> Place {
    Place { input: 0, position: Position::Line(line) }
}

#[test]
fn missing_and_unreadable_numbers_of_items_are_counted() {
    let text =
        lines(&[("A", ""), ("A", "x"), ("A", ""), ("A", "9"), ("A", ""), ("B", ""), ("B", "0"), ("B", "")]);
    let outcome = read("a.csv", &text);
    assert_eq!(outcome.values("item_no"), ["1", "2", "3", "9", "5", "1", "2", "3"]);
    assert_eq!(outcome.declarations, [5, 3]);
    assert_eq!(outcome.rejects.len(), 2);
}

#[test]
fn a_line_without_an_id_belongs_to_the_declaration_around_it_or_is_one_of_its_own() {
    let broken = |ids: &[(&str, &str)], after: usize, count: usize| {
        let mut all: Vec<String> = lines(ids).lines().map(str::to_owned).collect();
        all.splice(after..after, vec!["broken".to_owned(); count]);
        all.join("\n") + "\n"
    };
    let ids = |outcome: &Outcome| outcome.values("declaration_id");
    let own = |line: u64| format!("a.csv, line {line}");
    for batch_lines in [1, 2, 100] {
        let options = ReadOptions { batch_lines, ..ReadOptions::default() };
        let read = |text: &str| read_bytes("a.csv", text.as_bytes(), options.clone());
        let within = read(&broken(&[("A", ""), ("A", "")], 2, 1));
        assert_eq!((ids(&within), within.declarations.clone()), (vec!["A".into(); 3], vec![3]));
        assert_eq!(within.values("item_no"), ["1", "2", "3"]);
        assert_eq!(within.rejects[0].declaration_id.as_deref(), Some("A"));
        assert_eq!(within.scattered.count, 0);
        let between = read(&broken(&[("A", ""), ("B", "")], 2, 1));
        assert_eq!(ids(&between), ["A".to_owned(), own(3), "B".to_owned()]);
        let at_ends = read(&broken(&[("A", "")], 2, 2));
        assert_eq!(ids(&at_ends), ["A".to_owned(), own(3), own(4)]);
        assert_eq!(at_ends.rejects[0].declaration_id, None);
        // So many lines that no declaration can claim them.
        let many = read(&broken(&[("A", ""), ("A", "")], 2, 65));
        assert_eq!(many.declarations.len(), 67);
    }
}

#[test]
fn batches_are_cut_between_declarations_only() {
    let ids: Vec<String> = (0..500).map(|at: usize| format!("D{}", at * at / 400)).collect();
    let text = lines(&ids.iter().map(|id| (id.as_str(), "")).collect::<Vec<_>>());
    let whole = read("a.csv", &text);
    for batch_lines in [1, 2, 3, 7, 20, 100, 499, 500, 10_000] {
        let options = ReadOptions { batch_lines, ..ReadOptions::default() };
        let outcome = read_bytes("a.csv", text.as_bytes(), options);
        assert_eq!(outcome.batch, whole.batch);
        assert_eq!(outcome.places, whole.places);
        assert_eq!(outcome.declarations, whole.declarations);
        let mut declarations = outcome.declarations.iter();
        for &lines in &outcome.chunk_lines {
            let mut sum = 0;
            let mut count = 0;
            while sum < lines {
                sum += declarations.next().unwrap();
                count += 1;
            }
            assert_eq!(sum, lines, "a chunk has whole declarations");
            assert!(lines <= batch_lines || count == 1);
        }
    }
}

#[test]
fn declarations_go_on_from_file_to_file() {
    let (one, two) = (lines(&[("A", ""), ("B", "")]), lines(&[("B", ""), ("C", "")]));
    let (_directory, paths) = files(&[("one.csv", one.as_bytes()), ("two.csv", two.as_bytes())]);
    let inputs = paths.iter().cloned().map(Input::Path).collect();
    let outcome = read_inputs(inputs, ReadOptions { batch_lines: 1, ..ReadOptions::default() });
    assert_eq!(outcome.declarations, [1, 2, 1]);
    assert_eq!(outcome.values("item_no"), ["1", "1", "2", "1"]);
    assert_eq!(outcome.places[2], Place { input: 1, position: Position::Line(2) });
    assert_eq!(outcome.scattered.count, 0);
    assert_eq!(outcome.notes.len(), 2);
}

#[test]
fn one_line_stands_for_those_beyond_the_limit_of_a_declaration() {
    let text = lines(&[("A", ""), ("B", ""), ("B", "x"), ("B", ""), ("B", ""), ("B", ""), ("C", "")]);
    for batch_lines in [1, 2, 100] {
        let options = ReadOptions { max_declaration_lines: 2, batch_lines, ..ReadOptions::default() };
        let outcome = read_bytes("a.csv", text.as_bytes(), options);
        assert_eq!(outcome.declarations, [1, 3, 1]);
        assert_eq!(outcome.values("item_no"), ["1", "1", "2", "3", "1"]);
        assert_eq!((outcome.spoilt.iter().copied().collect::<Vec<_>>(), outcome.lost), (vec![2, 3], 2));
        let beyond = "the declaration has more than 2 lines, the most that are assessed together; \
                      split the declaration";
        assert_eq!(
            outcome.problems(),
            [
                "line 4: [item_no] `x` is not a whole number; write digits only, without units".to_owned(),
                format!("line 5: {beyond}"),
                format!("line 6: {beyond}"),
                format!("line 7: {beyond}")
            ]
        );
    }
}

#[test]
fn an_endless_declaration_does_not_pile_up() {
    let text = lines(&[("A", ""); 30_000]);
    let options = ReadOptions { max_declaration_lines: 10, batch_lines: 100, ..ReadOptions::default() };
    let outcome = read_bytes("a.csv", text.as_bytes(), options);
    assert_eq!((outcome.places.len(), outcome.lost), (11, 29_989));
    assert_eq!(outcome.rejects.len(), 29_990);
    assert!(outcome.chunk_lines.len() > 2, "rejects are given out as they come");
}

fn scattered(outcome: &Outcome) -> (u64, Vec<ScatteredDeclaration>) {
    (outcome.scattered.count, outcome.scattered.first.clone())
}

#[test]
fn scattered_declarations_are_found_with_both_places() {
    let text = lines(&[("A", ""), ("A", ""), ("B", ""), ("A", ""), ("C", ""), ("B", ""), ("A", "")]);
    let expected = vec![
        ScatteredDeclaration { first: line(2), again: line(5) },
        ScatteredDeclaration { first: line(4), again: line(7) },
    ];
    for noted_declarations in [1, 2, 3, 100] {
        let options = ReadOptions { noted_declarations, ..ReadOptions::default() };
        let outcome = read_bytes("a.csv", text.as_bytes(), options);
        assert_eq!(scattered(&outcome), (2, expected.clone()));
        assert_eq!(outcome.declarations, [2, 1, 1, 1, 1, 1], "each part is a declaration");
    }
    // So does a line with something unreadable.
    let text = lines(&[("A", ""), ("B", "x"), ("A", "")]);
    let again = ScatteredDeclaration { first: line(2), again: line(4) };
    assert_eq!(scattered(&read("a.csv", &text)), (1, vec![again]));
}

#[test]
fn nested_declarations_give_a_line_for_each_item() {
    let text = r#"{"declaration_id": 7, "destination": "ken", "mode": "0110", "items": [{"hs": 8711209000}, {"hs": "8712.00"}]}
{"items": [{"hs": "87"}], "海关编号": "8", "destination": "KEN", "mode": "0110", "colour": "red"}
"#;
    let outcome = read("a.ndjson", text);
    assert_eq!(outcome.problems(), [""; 0]);
    assert_eq!(outcome.values("declaration_id"), ["7", "7", "8"]);
    assert_eq!(outcome.values("hs"), ["8711209000", "871200", "87"]);
    assert_eq!(outcome.values("destination"), ["KE", "KE", "KE"]);
    assert_eq!(outcome.values("item_no"), ["1", "2", "1"]);
    assert_eq!(outcome.places[1].position, Position::Item { line: 1, item: 2 });
    assert_eq!(outcome.notes[0].unused_columns, ["colour"]);
    assert!(outcome.notes[0].absent_fields.contains(&"goods".to_owned()));
}
