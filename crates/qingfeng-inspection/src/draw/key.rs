//! The key of the draw, the keys of its days, and what is published of them.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use qingfeng_rules::{Date, Month};
use sha2::{Digest, Sha256};

/// The fewest hex digits of a key: 32 bytes.
const DIGITS_MIN: usize = 64;
const DIGITS_MAX: usize = 1_024;
/// A key of so few different bytes was not made at random.
const DIFFERENT_BYTES_MIN: usize = 12;

/// Why a text is no key. Nothing of the text is in the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say what the fields are")]
pub enum KeyError {
    /// Too few hex digits.
    #[error(
        "the key of the draw has {digits} hex digits, fewer than {DIGITS_MIN}; make one with `qingfeng draw new-key`"
    )]
    Short { digits: usize },
    /// Too many hex digits.
    #[error("the key of the draw has more than {DIGITS_MAX} hex digits; is it the right file?")]
    Long,
    /// An odd number of hex digits.
    #[error("the key of the draw has an odd number of hex digits; one was lost or added in copying")]
    Odd,
    /// Something else than hex digits.
    #[error(
        "the key of the draw has something at position {at} that is no hex digit; it is 0-9 and a-f alone"
    )]
    NotHex { at: usize },
    /// Zeros, a repeated piece, a sequence.
    #[error(
        "the key of the draw was not made at random: it repeats itself or counts; make one with `qingfeng draw new-key`"
    )]
    Regular,
    /// A day's key of another length.
    #[error("a day's key has 64 hex digits, and this has {digits}; is it the key of the draw itself?")]
    NotOfADay { digits: usize },
}

/// The secret from which all draws follow. It appears in no output, message or `Debug` text.
///
/// ```
/// use qingfeng_inspection::draw::Key;
///
/// let key = Key::parse("8f1d2c3b4a5968778695a4b3c2d1e0ff0123456789abcdeffedcba9876543210")?;
/// let day = key.of_day("2016-09-06".parse()?);
/// assert_eq!(day.commitment("pack harbour@3#ab\n").len(), 64);
/// assert_eq!(format!("{key:?} {day:?}"), "Key(..) DayKey(2016-09-06, ..)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Key(Vec<u8>);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

impl Key {
    /// The key that a file or a variable holds: hex digits, 64 or more. White space around it does not count.
    ///
    /// # Errors
    ///
    /// Too few or too many digits, other characters, and keys that nobody drew.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let bytes = bytes(text)?;
        if bytes.len() * 2 < DIGITS_MIN {
            return Err(KeyError::Short { digits: bytes.len() * 2 });
        }
        if is_regular(&bytes) { Err(KeyError::Regular) } else { Ok(Self(bytes)) }
    }

    /// A key of these random bytes.
    ///
    /// # Errors
    ///
    /// Fewer than 32 bytes, and bytes that are not random.
    pub fn from_bytes(random: &[u8]) -> Result<Self, KeyError> {
        Self::parse(&hex(random))
    }

    /// The key in hex, as its file holds it: a secret.
    pub fn to_secret_hex(&self) -> String {
        hex(&self.0)
    }

    /// The key of a day: HMAC-SHA256 under the key over `qingfeng draw`, a line end, and the day in ISO form. It
    /// tells nothing of other days.
    pub fn of_day(&self, day: Date) -> DayKey {
        DayKey { day, bytes: hmac(&self.0, format!("qingfeng draw\n{day}").as_bytes()) }
    }

    /// The key of a month's visits, which is the key of no day: HMAC-SHA256 under the key over `qingfeng draw visits`, a
    /// line end, and the month: `2016-09`. Tickets are of enterprises.
    pub(crate) fn of_visits(&self, month: Month) -> DayKey {
        DayKey {
            day: month.day(1),
            bytes: hmac(&self.0, format!("qingfeng draw visits\n{month}").as_bytes()),
        }
    }
}

/// The secret of one day. To show it to an auditor gives away no other day.
#[derive(Clone)]
pub struct DayKey {
    day: Date,
    bytes: [u8; 32],
}

impl fmt::Debug for DayKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DayKey({}, ..)", self.day)
    }
}

impl DayKey {
    /// The key of a day, as it was written for an auditor: 64 hex digits.
    ///
    /// # Errors
    ///
    /// Another number of digits, other characters.
    pub fn parse(day: Date, text: &str) -> Result<Self, KeyError> {
        let found = bytes(text)?;
        let digits = found.len() * 2;
        let bytes = found.try_into().map_err(|_| KeyError::NotOfADay { digits })?;
        Ok(Self { day, bytes })
    }

    /// The day.
    pub fn day(&self) -> Date {
        self.day
    }

    /// The key in hex: a secret until the day is over.
    pub fn to_secret_hex(&self) -> String {
        hex(&self.bytes)
    }

    /// What may be published before the day, so that nobody can choose another key, pack, rate or capacity afterwards:
    /// SHA-256 in hex over `qingfeng draw commitment 2`, the day in ISO form, the 32 bytes of the day's key, and the
    /// [terms](super::super::Policy::draw_terms), with a line end after each of the first two.
    pub fn commitment(&self, terms: &str) -> String {
        let mut hash = Sha256::new();
        hash.update(format!("qingfeng draw commitment 2\n{}\n", self.day));
        hash.update(self.bytes);
        hash.update(terms);
        hex(&hash.finalize())
    }

    /// What was published before commitments had terms: `qingfeng draw commitment`, the day, the key.
    pub(crate) fn older_commitment(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(format!("qingfeng draw commitment\n{}\n", self.day));
        hash.update(self.bytes);
        hex(&hash.finalize())
    }

    /// The ticket of a declaration: HMAC-SHA256 under the day's key over its id. The lowest tickets are drawn.
    pub fn ticket(&self, declaration_id: &str) -> [u8; 32] {
        hmac(&self.bytes, declaration_id.as_bytes())
    }

    /// Where the systematic sample of an office's strata starts, below `end`: the first 16 bytes, as a whole number
    /// with the highest byte first, of HMAC-SHA256 under the day's key over `qingfeng draw start`, a line end, and the
    /// office; the remainder after division by `end`.
    pub(super) fn start(&self, office: &str, end: u128) -> u128 {
        let hash = hmac(&self.bytes, format!("qingfeng draw start\n{office}").as_bytes());
        hash[..16].iter().fold(0_u128, |number, &byte| number << 8 | u128::from(byte)) % end.max(1)
    }

    /// By what strata are ordered for that sample: HMAC-SHA256 under the day's key over `qingfeng draw stratum`, the
    /// office and the name, with a line end after each of the first two.
    pub(super) fn stratum(&self, office: &str, name: &str) -> [u8; 32] {
        hmac(&self.bytes, format!("qingfeng draw stratum\n{office}\n{name}").as_bytes())
    }
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        unreachable!("HMAC takes keys of any length")
    };
    mac.update(message);
    mac.finalize().into_bytes().into()
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

fn bytes(text: &str) -> Result<Vec<u8>, KeyError> {
    let text = text.trim();
    let mut digits = Vec::new();
    for (at, letter) in text.chars().enumerate() {
        if at == DIGITS_MAX {
            return Err(KeyError::Long);
        }
        let digit = letter.to_digit(16).ok_or(KeyError::NotHex { at: at + 1 })?;
        digits.push(digit as u8);
    }
    if digits.is_empty() {
        return Err(KeyError::Short { digits: 0 });
    }
    if digits.len() % 2 == 1 {
        return Err(KeyError::Odd);
    }
    Ok(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

/// Whether bytes repeat themselves, count, or are few different ones.
fn is_regular(bytes: &[u8]) -> bool {
    let repeats = (1..=bytes.len() / 2).any(|period| bytes.iter().zip(&bytes[period..]).all(|(a, b)| a == b));
    let step = bytes[1].wrapping_sub(bytes[0]);
    let counts = bytes.windows(2).all(|pair| pair[1].wrapping_sub(pair[0]) == step);
    let mut different = bytes.to_vec();
    different.sort_unstable();
    different.dedup();
    repeats || counts || different.len() < DIFFERENT_BYTES_MIN
}

#[cfg(test)]
mod tests;
