//! The trace of a request, as W3C Trace Context has it: the header `traceparent` is taken over, and returned.

use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};

/// Makes traces for requests that bring none. Each is different; none is a secret.
pub(crate) struct Traces {
    seed: String,
    next: AtomicU64,
}

/// The trace of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trace {
    pub id: String,
    span: String,
    flags: String,
}

impl Traces {
    /// `seed` tells this run of the service from others.
    pub fn new(seed: String) -> Self {
        Self { seed, next: AtomicU64::new(0) }
    }

    /// The trace that a header names, or a new one. The span is new in any case.
    pub fn of(&self, header: Option<&str>) -> Trace {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let hash = Sha256::digest(format!("{} {number}", self.seed).as_bytes());
        let hex: String = hash.iter().take(24).map(|byte| format!("{byte:02x}")).collect();
        let (id, flags) = header.and_then(parsed).unwrap_or((&hex[..32], "00"));
        Trace { id: id.to_owned(), span: hex[32..].to_owned(), flags: flags.to_owned() }
    }
}

impl Trace {
    /// The header.
    pub fn header(&self) -> String {
        format!("00-{}-{}-{}", self.id, self.span, self.flags)
    }
}

/// The trace id and the flags of a header that is well formed.
fn parsed(header: &str) -> Option<(&str, &str)> {
    let is_hex = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let mut parts = header.split('-');
    let (version, id, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_sound = version.len() == 2
        && version != "ff"
        && (version != "00" || parts.next().is_none())
        && (id.len(), span.len(), flags.len()) == (32, 16, 2)
        && [version, id, span, flags].into_iter().all(is_hex)
        && id.bytes().any(|byte| byte != b'0')
        && span.bytes().any(|byte| byte != b'0');
    is_sound.then_some((id, flags))
}

#[cfg(test)]
mod tests {
    use super::Traces;

    #[test]
    fn a_sound_trace_is_kept_and_another_is_not() {
        let traces = Traces::new("a run".to_owned());
        let given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let kept = traces.of(Some(given));
        assert_eq!(kept.id, "4bf92f3577b34da6a3ce929d0e0e4736");
        assert!(kept.header().ends_with("-01") && kept.header() != given);
        for odd in [
            "",
            "00",
            &given.to_uppercase(),
            &given.replace("4bf9", "\u{e9}f9"),
            &given[..54],
            &format!("{given}-x"),
        ] {
            let made = traces.of(Some(odd));
            assert_ne!(made.id, kept.id, "{odd}");
            assert_eq!(made.header().len(), 55);
        }
    }
}
