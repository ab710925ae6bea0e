//! Comments that allow what `check` would say: `// qingfeng: allow QF1202 because the tiers add up`.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use serde::Serialize;

use super::comments::{self, Comment, NAME};
use super::{Code, Diagnostic, Diagnostics, Fix, Place, Severity, nearest};
use crate::base::limits;

const USAGE: &str = "qingfeng: allow QF1202 because ...";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Suppression {
    code: Code,
    reason: Arc<str>,
    place: Place,
    scope: Range<usize>,
}

/// A diagnostic that a comment allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Suppressed {
    /// What would have been said.
    pub diagnostic: Diagnostic,
    /// Why it is allowed, in the author's words.
    pub reason: Arc<str>,
    /// The comment.
    pub place: Place,
}

impl Diagnostics {
    /// Reads the comments of all files that allow something, and reports those that cannot.
    pub(crate) fn read_suppressions(&mut self) {
        for (file, text) in self.sources.all() {
            // Hardly any file has one, and reading a file for its comments takes a while.
            let has_name = |line: &str| line.to_ascii_lowercase().contains(NAME);
            if !text.lines().any(has_name) {
                continue;
            }
            let comments =
                if file.ends_with(".toml") { comments::of_toml(&text) } else { comments::of_rules(&text) };
            for comment in comments {
                match read(&file, &text, &comment) {
                    Ok(suppressions) => self.known.suppressions.extend(suppressions),
                    Err(mistake) => self.push(*mistake),
                }
                if self.known.suppressions.len() > limits::SUPPRESSIONS_MAX {
                    let title = format!("a pack cannot allow more than {} things", limits::SUPPRESSIONS_MAX);
                    let place = Place { file, span: comment.span };
                    let help = "correct what so many comments speak of";
                    self.push(Diagnostic::new(Code::BadSuppression, title).at(place, "").help(help));
                    return;
                }
            }
        }
    }

    /// Keeps where each rule stands, for comments that allow something in it.
    pub(crate) fn keep_rules(&mut self, rules: BTreeMap<String, Place>) {
        if !self.known.suppressions.is_empty() {
            self.known.rules = rules;
        }
    }

    /// Takes out what comments allow, to where it is counted and listed ([`Diagnostics::suppressed`]), and says
    /// which comments allow nothing. Errors are never allowed.
    ///
    /// To be called once, when all checks have said what they have to say. `looked_for` tells whether a code could
    /// have been found at all: of tests nothing is said where none are run.
    ///
    /// ```
    /// use qingfeng_rules::{Code, Pack, PackFiles};
    ///
    /// # let mut files = PackFiles::default();
    /// # let manifest = "[pack]\nname = \"demo\"\nversion = \"1\"\n[schema]\nextends = \"export\"\n[[channels]]\nname = \"green\"\nfrom = 0";
    /// # files.insert("pack.toml", manifest.as_bytes().to_vec());
    /// let rule = "// qingfeng: allow QF1001 because whole dozens are meant
    ///     rule(\"R\", #{ title: \"t\", when: |d| d.packages / 12 > 1 });";
    /// files.insert("a.rhai", rule.into());
    /// let mut warnings = Pack::load(&files).unwrap().warnings.clone();
    /// assert_eq!(warnings.items[0].code, Code::IntegerDivision);
    /// warnings.suppress(|_| true);
    /// assert!(warnings.items.is_empty());
    /// assert_eq!(&*warnings.suppressed[0].reason, "whole dozens are meant");
    /// ```
    pub fn suppress(&mut self, looked_for: impl Fn(Code) -> bool) {
        let suppressions = std::mem::take(&mut self.known.suppressions);
        let mut by_file: BTreeMap<(Arc<str>, Code), Vec<usize>> = BTreeMap::new();
        for (at, suppression) in suppressions.iter().enumerate() {
            let key = (suppression.place.file.clone(), suppression.code);
            by_file.entry(key).or_default().push(at);
        }
        let mut used = vec![false; suppressions.len()];
        let find = |code: Code, place: &Place| {
            let candidates = by_file.get(&(place.file.clone(), code))?;
            candidates.iter().copied().find(|&at| {
                let scope = &suppressions[at].scope;
                scope.start <= place.span.start && place.span.end <= scope.end
            })
        };
        for item in std::mem::take(&mut self.items) {
            let primary = item.labels.first().map(|label| &label.place);
            let rule = item.rule.as_ref().and_then(|rule| self.known.rules.get(rule));
            let allowed = primary.into_iter().chain(rule).find_map(|place| find(item.code, place));
            match allowed.filter(|_| item.code.severity() != Severity::Error) {
                None => self.items.push(item),
                Some(at) => {
                    used[at] = true;
                    let (reason, place) = (suppressions[at].reason.clone(), suppressions[at].place.clone());
                    self.suppressed.push(Suppressed { diagnostic: item, reason, place });
                }
            }
        }
        for (suppression, used) in suppressions.iter().zip(used) {
            if !used && looked_for(suppression.code) {
                self.items.push(suppression.unused());
            }
        }
        self.sort();
    }
}

impl Suppression {
    fn unused(&self) -> Diagnostic {
        let title = format!("nothing is silenced: there is no `{}` here", self.code.id());
        Diagnostic::new(Code::UnusedSuppression, title)
            .at(self.place.clone(), "")
            .note("a comment that is left behind would silence the next mistake of its kind")
            .help("take the comment out, or the code out of it")
    }
}

/// What a comment allows; nothing if it is not meant for us.
fn read(file: &Arc<str>, text: &str, comment: &Comment) -> Result<Vec<Suppression>, Box<Diagnostic>> {
    let whole = &text[comment.text..comment.span.end];
    let place = |part: &str| {
        let start = part.as_ptr() as usize - text.as_ptr() as usize;
        Place { file: file.clone(), span: start..start + part.len() }
    };
    let bad = |part: &str, title: String| {
        let part = part.trim();
        let place = if part.is_empty() {
            Place { file: file.clone(), span: comment.span.clone() }
        } else {
            place(part)
        };
        Box::new(Diagnostic::new(Code::BadSuppression, title).at(place, ""))
    };
    let words = whole.trim_start();
    let Some(rest) = without_prefix(words, NAME) else { return Ok(Vec::new()) };
    let after = rest.trim_start();
    let Some(order) = after.strip_prefix([':', '：']) else {
        // A sentence that begins with the name is none to us, unless it is one but for the colon.
        return match without_prefix(after, "allow ") {
            Some(_) if after.len() < rest.len() => {
                let help = format!("write `{USAGE}`");
                Err(Box::new(bad(words, "a colon is missing after `qingfeng`".into()).help(help)))
            }
            _ => Ok(Vec::new()),
        };
    };
    let order = order.trim_start();
    let Some(list) = without_prefix(order, "allow").filter(|list| !list.starts_with(char::is_alphanumeric))
    else {
        let written = order.split_whitespace().next().unwrap_or("");
        let title = format!("`{written}` is not something to tell Qingfeng");
        return Err(Box::new(bad(written, title).help(format!("write `{USAGE}`"))));
    };
    let (codes, reason) = match list.find("because") {
        Some(at) => (&list[..at], list[at + "because".len()..].trim()),
        None => (list, ""),
    };
    let separators: &[char] = &[',', '，', '、', ' ', '\t'];
    let mut allowed = Vec::new();
    for written in codes.split(separators).filter(|written| !written.is_empty()) {
        // Without `because` the reason may begin at once.
        let is_code =
            written.len() >= 2 && written.is_char_boundary(2) && written[..2].eq_ignore_ascii_case("qf");
        if !is_code && !allowed.is_empty() && reason.is_empty() {
            break;
        }
        let Some(code) = Code::find(written) else {
            let mut mistake = bad(written, format!("there is no code `{written}`"));
            let silenceable = Code::ALL.iter().filter(|code| code.severity() != Severity::Error);
            *mistake = match nearest(written, silenceable.map(|code| code.id())) {
                Some(near) => {
                    let fix = Fix::suggested(format!("write `{near}`"), place(written), near);
                    mistake.help(format!("did you mean `{near}`?")).fix(fix)
                }
                None => mistake.help("`qingfeng explain-code` lists all codes"),
            };
            return Err(mistake);
        };
        if code.severity() == Severity::Error {
            let title = format!("`{}` is an error, and errors cannot be allowed", code.id());
            return Err(Box::new(bad(written, title).help("correct what it speaks of")));
        }
        allowed.push(code);
    }
    if allowed.is_empty() {
        let title = "the comment names no code".to_owned();
        return Err(Box::new(bad(words, title).help(format!("write `{USAGE}`"))));
    }
    if reason.is_empty() {
        let title = "the comment gives no reason".to_owned();
        let note = "who reads the rule later must see why it is meant as it is";
        let ids: Vec<&str> = allowed.iter().map(|code| code.id()).collect();
        let help = format!("write `qingfeng: allow {} because ...`", ids.join(", "));
        return Err(Box::new(bad(words, title).note(note).help(help)));
    }
    let Some(scope) = comment.scope.clone() else {
        let title = "the comment stands above nothing that it could speak of".to_owned();
        let help = if file.ends_with(".toml") {
            "put it on a line of its own, above the table or the line that it is about"
        } else {
            "put it on a line of its own, above the call of `rule` that it is about, or into that call"
        };
        return Err(Box::new(bad(words, title).help(help)));
    };
    let reason: Arc<str> = reason.into();
    let place = Place { file: file.clone(), span: comment.span.clone() };
    allowed.dedup();
    Ok(allowed
        .into_iter()
        .map(|code| Suppression { code, reason: reason.clone(), place: place.clone(), scope: scope.clone() })
        .collect())
}

/// The text after a prefix, in capitals or not.
fn without_prefix<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let start = text.get(..prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}
