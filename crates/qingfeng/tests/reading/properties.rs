//! What holds for all inputs.

use proptest::collection::vec;
use proptest::prelude::*;
use qingfeng::read::{Encoding, Format, ReadOptions};

use super::{HEADER, read_bytes};

/// Text with what CSV and JSON find hard: quotes, separators, line ends, blanks, letters of any length.
fn text() -> impl Strategy<Value = String> {
    let letter = prop_oneof![
        4 => prop::sample::select(vec!['"', ',', ';', '\n', '\r', '\t', ' ', '\\', '\u{3000}', '\0', 'a', '手', '𠀀']),
        1 => any::<char>(),
    ];
    vec(letter, 0..12).prop_map(|letters| letters.into_iter().collect())
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

fn csv(texts: &[String]) -> String {
    let line = |(at, text): (usize, &String)| {
        format!("D{},KE,0110,87,{},,,,{},\n", at / 3, at % 3 + 1, quoted(text))
    };
    format!("{HEADER}\n{}", texts.iter().enumerate().map(line).collect::<String>())
}

/// What databases and spreadsheets write for a missing value.
const MISSING: [&str; 12] =
    ["NULL", "null", "Null", "(null)", "\\N", "#N/A", "#NA", "N/A", "n/a", "None", "nan", "NaN"];

/// Texts without blanks around them, empty where they say that there is none, and without what spreadsheets put around a text so that it stays one.
fn trimmed(texts: &[String]) -> Vec<String> {
    let trimmed = texts.iter().map(|text| {
        let text = text.trim();
        let text = if MISSING.contains(&text) { "" } else { text };
        let inner = text.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"'));
        inner.filter(|inner| !inner.contains('"')).map_or(text, str::trim).to_owned()
    });
    trimmed.collect()
}

proptest! {
    #[test]
    fn any_text_survives_csv(texts in vec(text(), 0..20)) {
        // A mark before a formula is taken away.
        prop_assume!(texts.iter().all(|text| !text.trim_start().starts_with('\'')));
        let outcome = read_bytes("a.csv", csv(&texts).as_bytes(), ReadOptions::default());
        prop_assert_eq!(outcome.problems(), Vec::<String>::new());
        prop_assert_eq!(outcome.values("goods"), trimmed(&texts));
    }

    #[test]
    fn any_text_survives_json(texts in vec(text(), 0..20)) {
        let line = |(at, text): (usize, &String)| {
            let object = serde_json::json!({
                "declaration_id": at, "destination": "KE", "mode": "0110", "hs": 87, "goods": text
            });
            format!("{object}\n")
        };
        let json: String = texts.iter().enumerate().map(line).collect();
        let outcome = read_bytes("a.ndjson", json.as_bytes(), ReadOptions::default());
        prop_assert_eq!(outcome.problems(), Vec::<String>::new());
        prop_assert_eq!(outcome.values("goods"), trimmed(&texts));
    }

    #[test]
    fn any_text_survives_gb18030(texts in vec(text(), 0..20)) {
        // A mark before a formula is taken away.
        prop_assume!(texts.iter().all(|text| !text.trim_start().starts_with('\'')));
        let csv = csv(&texts);
        let (bytes, _, is_lossy) = encoding_rs::GB18030.encode(&csv);
        prop_assume!(!is_lossy);
        // A few letters of private use have no way there and back.
        let (back, _, _) = encoding_rs::GB18030.decode(&bytes);
        prop_assume!(back == csv);
        let options = ReadOptions { encoding: Encoding::Gb18030, ..ReadOptions::default() };
        let outcome = read_bytes("a.csv", &bytes, options);
        prop_assert_eq!(outcome.problems(), Vec::<String>::new());
        prop_assert_eq!(outcome.values("goods"), trimmed(&texts));
    }

    #[test]
    fn the_size_of_batches_does_not_show(
        pieces in vec(prop_oneof![text(), Just("\"".into()), Just("D1,KE,0110,87,,,,,x,\n".into())], 0..60),
        batch_lines in 1..20_usize,
        max_declaration_lines in 1..5_usize,
        noted_declarations in 1..5_usize,
    ) {
        let text = format!("{HEADER}\n{}", pieces.concat());
        let options = ReadOptions { max_declaration_lines, ..ReadOptions::default() };
        let whole = read_bytes("a.csv", text.as_bytes(), options.clone());
        let options = ReadOptions { batch_lines, noted_declarations, ..options };
        let cut = read_bytes("a.csv", text.as_bytes(), options);
        prop_assert_eq!(&cut.batch, &whole.batch);
        prop_assert_eq!(&cut.places, &whole.places);
        prop_assert_eq!(&cut.declarations, &whole.declarations);
        prop_assert_eq!(&cut.rejects, &whole.rejects);
        prop_assert_eq!(&cut.scattered, &whole.scattered);
    }

    #[test]
    fn good_lines_are_read_whatever_stands_between_them(junk in vec(text(), 0..10)) {
        // A quoted cell at the start of each good line ends whatever a quote in the junk has opened, and text after
        // that quote shows that it did not belong there.
        let good = |at: usize| format!("\nD{at},KE,0110,87,,,,,\"good\",\n");
        let junk: Vec<String> = junk.iter().map(|text| text.replace(['\n', '\r'], " ")).collect();
        let body: String = junk.iter().enumerate().map(|(at, junk)| format!("{}{junk}", good(at))).collect();
        let outcome = read_bytes("a.csv", format!("{HEADER}{body}{}", good(99)).as_bytes(), ReadOptions::default());
        let goods = outcome.values("goods");
        prop_assert_eq!(goods.iter().filter(|goods| *goods == "good").count(), junk.len() + 1);
    }

    #[test]
    fn random_bytes_do_no_harm(
        bytes in vec(prop_oneof![any::<u8>(), prop::sample::select(b"\",\n\r{}[]:DKE08711".to_vec())], 0..400),
        format in prop::sample::select(vec![Format::Csv, Format::Ndjson, Format::Parquet, Format::Arrow]),
        start in prop::sample::select(vec!["", "HEADER\n", "PAR1", "ARROW1\0\0", "\u{1F}\u{8B}\u{8}"]),
        encoding in prop::sample::select(vec![Encoding::Utf8, Encoding::Gb18030]),
    ) {
        let start = start.replace("HEADER", HEADER);
        let bytes = [start.as_bytes(), &bytes].concat();
        let options = ReadOptions { format: Some(format), encoding, batch_lines: 2, ..ReadOptions::default() };
        // `read_bytes` checks that lines read are lines and rejects.
        read_bytes("a", &bytes, options);
        read_bytes("a", &bytes, ReadOptions::default());
    }
}

/// A small table in each of the binary formats.
fn tables() -> Vec<Vec<u8>> {
    let texts: Vec<String> = (0..40).map(|at| format!("goods {at}")).collect();
    let whole = read_bytes("a.csv", csv(&texts).as_bytes(), ReadOptions::default()).batch;
    let directory = tempfile::tempdir().expect("a temporary directory");
    let files = ["a.parquet", "a.arrow"].map(|name| {
        let path = directory.path().join(name);
        let output = qingfeng::write::Output::Path(path.clone());
        let mut writer = qingfeng::write::TableWriter::create(&output, whole.schema()).expect("a file");
        writer.write(&whole).expect("a batch");
        writer.finish().expect("a whole file");
        std::fs::read(path).expect("the file")
    });
    let mut stream = arrow_ipc::writer::StreamWriter::try_new(Vec::new(), &whole.schema()).expect("a stream");
    stream.write(&whole).expect("a batch");
    files.into_iter().chain([stream.into_inner().expect("the stream")]).collect()
}

#[test]
fn damaged_tables_do_no_harm() {
    let mut random = 0x2545_F491_4F6C_DD1D_u64;
    let mut next = move |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % below as u64) as usize
    };
    for table in tables() {
        for _ in 0..300 {
            let mut bytes = table.clone();
            for _ in 0..=next(3) {
                let at = next(bytes.len());
                bytes[at] = match next(3) {
                    0 => 0,
                    1 => 0xFF,
                    _ => bytes[at] ^ (1 << next(8)),
                };
            }
            if next(4) == 0 {
                bytes.truncate(next(bytes.len()));
            }
            read_bytes("a", &bytes, ReadOptions::default());
        }
    }
}
