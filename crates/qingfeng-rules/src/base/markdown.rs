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
mod tests;
