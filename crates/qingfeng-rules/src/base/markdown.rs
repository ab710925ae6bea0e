//! Rows of tables in Markdown, the form in which keys and functions are listed.

/// The cells of a row, or `None` for any other line. The line under the head is not a row.
pub(crate) fn cells(line: &str) -> Option<Vec<String>> {
    let row = line.strip_prefix("| ")?.strip_suffix(" |")?.replace("\\|", "\0");
    (!row.starts_with("---")).then(|| row.split(" | ").map(|cell| cell.replace('\0', "|")).collect())
}

/// What is written between backquotes, without them.
pub(crate) fn plain(code: &str) -> &str {
    let inner = |mark: &str, end: &str| code.strip_prefix(mark)?.strip_suffix(end);
    inner("`` ", " ``").or_else(|| inner("`", "`")).unwrap_or(code)
}

/// A text as code, whatever is in it.
pub(crate) fn code(text: &str) -> String {
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_read_as_it_was_written() {
        let texts = ["when: |d| d.brand == ()", "a text", "", "`value ${d.value}`"];
        let row: Vec<String> = texts.map(|text| code(text).replace('|', "\\|")).to_vec();
        let read = cells(&format!("| {} |", row.join(" | "))).unwrap();
        assert_eq!(read.iter().map(|cell| plain(cell)).collect::<Vec<_>>(), texts);
        assert_eq!((cells("| --- | --- |"), cells("Text")), (None, None));
    }
}
