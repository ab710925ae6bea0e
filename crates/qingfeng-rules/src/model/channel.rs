//! Scores, and the control channels that they lead to.

use serde::Serialize;

/// How the points of several fired rules become one score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Combine {
    /// The points are added.
    Sum,
    /// The largest points count, and nothing else.
    Max,
}

impl Combine {
    /// The name in `pack.toml`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Max => "max",
        }
    }
}

/// How points become a score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Score {
    /// How the points of several rules are put together.
    pub combine: Combine,
    /// The least score.
    pub floor: i64,
    /// The greatest score.
    pub cap: i64,
}

/// A control channel: what happens to a declaration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Channel {
    /// The name that rules and outputs use.
    pub name: String,
    /// What people read.
    pub title: Option<String>,
    /// The same in Chinese.
    pub title_zh: Option<String>,
    /// The least score that leads here.
    pub from: i64,
}

/// The position of a channel in the pack's list, which goes from mild to severe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelId(pub u8);

impl ChannelId {
    /// The position as an index.
    pub fn index(self) -> usize {
        self.0.into()
    }
}

pub(crate) fn by_name(channels: &[Channel]) -> Vec<(&str, ChannelId)> {
    channels.iter().zip(0..=u8::MAX).map(|(channel, at)| (channel.name.as_str(), ChannelId(at))).collect()
}
