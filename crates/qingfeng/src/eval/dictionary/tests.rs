//! Tests of `dictionary`.

use arrow_array::StringArray;

use super::*;

fn column(texts: &[Option<&str>]) -> Typed {
    Typed::Text(StringArray::from(texts.to_vec()))
}

#[test]
fn equal_texts_have_one_code_from_batch_to_batch() {
    let mut dictionary = Dictionary::new(true, true);
    let mut told = Vec::new();
    for batch in [&[Some("KE"), None, Some("TZ"), Some("KE")][..], &[Some("TZ"), Some("UG")][..]] {
        dictionary.number(&column(batch), None, batch.len(), &mut |code, text| {
            told.push((code, text.to_owned()));
            text == "TZ"
        });
    }
    assert_eq!([0, 1].map(|line| dictionary.code(line)), [2, 3]);
    assert_eq!([0, 1].map(|line| dictionary.marked(line)), [Some(2), None]);
    let expected = [(1, "KE".to_owned()), (2, "TZ".to_owned()), (3, "UG".to_owned())];
    assert_eq!(told, expected);
}

#[test]
fn texts_that_do_not_repeat_are_numbered_by_line() {
    let mut dictionary = Dictionary::new(true, true);
    for batch in 0..=TEXTS_MAX / 8192 {
        let texts: Vec<String> = (0..8192).map(|number| format!("goods {batch} {number}")).collect();
        let texts: Vec<Option<&str>> = texts.iter().map(|text| Some(text.as_str())).collect();
        dictionary.number(&column(&texts), None, texts.len(), &mut |_, _| false);
    }
    let generation = dictionary.generation();
    let again = [Some("a"), None, Some("a")];
    let mut told = Vec::new();
    dictionary.number(&column(&again), None, again.len(), &mut |code, _| {
        told.push(code);
        true
    });
    assert_eq!([0, 1, 2].map(|line| dictionary.code(line)), [1, MISSING, 3]);
    assert_eq!(told, [1, 2, 3]);
    assert_ne!(dictionary.generation(), generation);
}

#[test]
fn texts_that_repeat_are_never_numbered_by_line() {
    let mut dictionary = Dictionary::new(true, true);
    let texts: Vec<String> = (0..8192).map(|number| format!("goods {number}")).collect();
    let texts: Vec<Option<&str>> = texts.iter().map(|text| Some(text.as_str())).collect();
    for _ in 0..40 {
        dictionary.number(&column(&texts), None, texts.len(), &mut |_, _| false);
    }
    assert_eq!(dictionary.generation(), 0);
}

#[test]
fn the_numbers_of_a_file_give_the_same_codes() {
    let texts = Arc::new(StringArray::from(vec![Some("UG"), Some("TZ"), None, Some("KE")]));
    let keys = [Some(3), None, Some(1), Some(3), Some(2)];
    let coded = Coded { texts: Arc::clone(&texts), keys: keys.to_vec().into() };
    let text = |key: i32| texts.is_valid(key as usize).then(|| texts.value(key as usize));
    let lines: Vec<Option<&str>> = keys.iter().map(|key| key.and_then(text)).collect();
    let mut codes = Vec::new();
    for coded in [None, Some(&coded)] {
        let mut dictionary = Dictionary::new(true, true);
        let mut told = Vec::new();
        // The second batch has the list of the first one, the third one has none.
        for of in [coded, coded, None] {
            dictionary.number(&column(&lines), of, lines.len(), &mut |code, text| {
                told.push((code, text.to_owned()));
                text == "TZ"
            });
            codes.push(
                (0..lines.len())
                    .map(|line| (dictionary.code(line), dictionary.marked(line)))
                    .collect::<Vec<_>>(),
            );
        }
        assert_eq!(told, [(1, "KE".to_owned()), (2, "TZ".to_owned())]);
    }
    assert!(codes.windows(2).all(|pair| pair[0] == pair[1]), "{codes:?}");
}
