use super::*;

#[test]
fn labels_of_a_column() {
    let directory = tempfile::tempdir().unwrap();
    let pack = concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/import-fraud");
    let engine = qingfeng::Engine::open(pack).unwrap();
    let path = directory.path().join("labels.csv");
    let read = |text: &str, label: &str| {
        std::fs::write(&path, text).unwrap();
        Labels::new(label, Some(engine.pack())).read(&[Input::Path(path.clone())])
    };
    let text = "\u{feff}Declaration ID,Date,Fraud\n1,2020-01-05,0\n2,2020-01-06,2\n3,2020-01-07,\n4,2020-01-08,fake\n5,,waived\n";
    let outcomes = read(text, "Fraud").unwrap();
    let verdicts = ["1", "2", "3", "4", "5"].map(|id| outcomes.of(id)[0].verdict);
    let [fake, misdeclared] = [Violation::Fake, Violation::Misdeclared].map(Verdict::Violation);
    assert_eq!(verdicts, [Verdict::Clear, misdeclared, Verdict::Open, fake, Verdict::Open]);
    assert_eq!(outcomes.of("2")[0].found_on, "2020-01-06".parse().ok());
    for (text, label, message) in [
        (text, "Guilt", "has no column `Guilt`"),
        (
            "Fraud\n1\n",
            "Fraud",
            "has no column `declaration_id` or `Declaration ID` with the ids of declarations",
        ),
        ("Declaration ID,Fraud\n1,perhaps\n", "Fraud", "line 2: `Fraud` is `perhaps`; it must be 0 or clear"),
        ("Declaration ID,Fraud\n,1\n", "Fraud", "line 2: `Declaration ID` is missing"),
    ] {
        let error = read(text, label).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
}
