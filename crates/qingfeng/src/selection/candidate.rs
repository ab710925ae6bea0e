//! Declarations as selection sees them.

use std::sync::Arc;

use qingfeng_rules::{ChannelId, Date};

/// One assessed declaration. Texts that many declarations share are shared.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Its id.
    pub declaration_id: Box<str>,
    /// Its own date.
    pub day: Date,
    /// The sites to which its lines belong, by position in the pack's sites, rising.
    pub sites: Arc<[u32]>,
    /// Its trader, if it has one.
    pub trader: Option<Arc<str>>,
    /// The class of its trader.
    pub trader_class: Arc<str>,
    /// The goods group of its decisive line, or `other`.
    pub group: Arc<str>,
    /// The goods group of each line, in order.
    pub line_groups: Arc<[Arc<str>]>,
    /// The trade mode of its decisive line.
    pub mode: Option<Arc<str>>,
    /// The destination of its decisive line.
    pub destination: Option<Arc<str>>,
    /// Its packages, all lines together.
    pub packages: Option<i64>,
    /// Its value, all lines together.
    pub value: Option<f64>,
    /// Its score.
    pub score: i64,
    /// Its channel.
    pub channel: ChannelId,
    /// The active rules that fired on it, by position in the pack, rising.
    pub rules: Arc<[u32]>,
}

/// The declarations of some files, in the order of day and id, whatever the order of the files was.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Candidates {
    /// The declarations; no id is there twice on a day.
    pub all: Vec<Candidate>,
    /// The assessments that were read, before those of one declaration were put together to the worst.
    pub read: u64,
    /// Declarations without a day, which no day's plan can have: how many, and the first ids.
    pub without_day: (u64, Vec<Box<str>>),
}
