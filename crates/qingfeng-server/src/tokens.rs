//! Who may do what: tokens, kept by their hashes.

use std::path::Path;
use std::{fs, io};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;

/// Tokens of a file, and its bytes, at most.
const TOKENS_MAX: usize = 10_000;
const FILE_BYTES_MAX: u64 = 4 << 20;

/// What a token allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Role {
    /// Post declarations and have decisions, without reasons and rules.
    Assess,
    /// See why: rules and reasons in answers, and explanations.
    Explain,
    /// Exchange the pack, and have a pack checked.
    Reload,
    /// See what runs: the pack with its rules, counts, the console.
    Read,
}

impl Role {
    /// Its name, as a file of tokens has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Assess => "assess",
            Self::Explain => "explain",
            Self::Reload => "reload",
            Self::Read => "read",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    tokens: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    sha256: String,
    roles: Vec<Role>,
}

#[derive(Clone)]
struct Token {
    name: String,
    hash: [u8; 32],
    roles: Vec<Role>,
}

/// The tokens of a service.
///
/// ```
/// use qingfeng_server::{Role, Tokens};
///
/// // `printf %s secret | sha256sum`
/// let text = r#"
///     [[tokens]]
///     name = "customs"
///     sha256 = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"
///     roles = ["assess", "explain"]
/// "#;
/// let tokens = Tokens::parse(text)?;
/// assert_eq!(tokens.find("secret").map(|(name, roles)| (name, roles[1])), Some(("customs", Role::Explain)));
/// assert!(tokens.find("Secret").is_none());
/// # Ok::<(), qingfeng_server::TokensError>(())
/// ```
#[derive(Clone)]
pub struct Tokens(Vec<Token>);

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|token| &token.name)).finish()
    }
}

/// A file of tokens cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokensError {
    /// It cannot be read.
    #[error("{path}: cannot be read: {source}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// It is no file of tokens.
    #[error("{0}")]
    Invalid(String),
}

impl Tokens {
    /// Reads a file of tokens.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, or is none of tokens.
    pub fn read(path: &Path) -> Result<Self, TokensError> {
        let failed = |source| TokensError::Unreadable { path: path.display().to_string(), source };
        if fs::metadata(path).map_err(failed)?.len() > FILE_BYTES_MAX {
            return Err(TokensError::Invalid(format!(
                "{}: is too large for a file of tokens",
                path.display()
            )));
        }
        let text = fs::read_to_string(path).map_err(failed)?;
        Self::parse(&text).map_err(|error| TokensError::Invalid(format!("{}: {error}", path.display())))
    }

    /// Reads the text of a file of tokens.
    ///
    /// # Errors
    ///
    /// What is no TOML or has other keys, a hash that is none, a name or a hash that stands there twice, no token at all.
    pub fn parse(text: &str) -> Result<Self, TokensError> {
        // What toml says shows the line, and with it perhaps a token that was written instead of its hash.
        let File { tokens } = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(0, |span| text[..span.start.min(text.len())].lines().count());
            TokensError::Invalid(format!("line {line}: {}", error.message()))
        })?;
        if tokens.is_empty() || tokens.len() > TOKENS_MAX {
            return Err(TokensError::Invalid(format!(
                "has {} tokens; write 1 to {TOKENS_MAX}",
                tokens.len()
            )));
        }
        let mut known: Vec<Token> = Vec::with_capacity(tokens.len());
        for Entry { name, sha256, roles } in tokens {
            if name.is_empty() || name.len() > 100 || name.chars().any(char::is_control) {
                return Err(TokensError::Invalid(
                    "the `name` of a token has 1 to 100 characters and no control characters".to_owned(),
                ));
            }
            let hash = hash_of_hex(&sha256).ok_or_else(|| {
                TokensError::Invalid(format!(
                    "`sha256` of the token `{name}` is no hash of 64 hexadecimal digits; make it with `printf %s TOKEN | sha256sum`"
                ))
            })?;
            if roles.is_empty() {
                return Err(TokensError::Invalid(format!("the token `{name}` has no role; give it one")));
            }
            if known.iter().any(|token| token.name == name || token.hash == hash) {
                return Err(TokensError::Invalid(format!(
                    "the token `{name}` stands there twice, by its name or by its hash; leave one out"
                )));
            }
            known.push(Token { name, hash, roles });
        }
        Ok(Self(known))
    }

    /// The name and the roles of a token. It takes the same time for any token that is not known.
    pub fn find(&self, token: &str) -> Option<(&str, &[Role])> {
        let hash: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let mut found = None;
        for known in &self.0 {
            if bool::from(known.hash.ct_eq(&hash)) {
                found = Some((known.name.as_str(), known.roles.as_slice()));
            }
        }
        found
    }
}

fn hash_of_hex(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    let mut hash = [0; 32];
    if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::Tokens;

    #[test]
    fn mistakes_are_told_and_no_token_is() {
        let hash = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";
        let one = |name: &str, hash: &str, roles: &str| {
            format!("[[tokens]]\nname = \"{name}\"\nsha256 = \"{hash}\"\nroles = {roles}\n")
        };
        for (text, said) in [
            ("tokens = []".to_owned(), "has 0 tokens"),
            (one("a", "secret", "[\"read\"]"), "no hash"),
            (one("a", hash, "[]"), "no role"),
            (one("a", hash, "[\"root\"]"), "root"),
            (one("a", hash, "[\"read\"]") + "token = \"hunter2\"\n", "token"),
            (one("a", hash, "[\"read\"]") + &one("b", hash, "[\"read\"]"), "twice"),
        ] {
            let error = Tokens::parse(&text).expect_err(&text).to_string();
            assert!(error.contains(said), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
        assert!(!format!("{:?}", Tokens::parse(&one("a", hash, "[\"read\"]"))).contains("2bb8"));
    }
}
