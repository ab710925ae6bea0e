//! What whoever is on duty sees: data, of which pages are made elsewhere.

use std::collections::BTreeMap;

use qingfeng::Explanation;
use qingfeng::rules::Pack;
use serde::Serialize;

use crate::recent::RecentNote;
use crate::reload::{ReloadNote, ShadowView};

/// What a rule did since the start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RuleView {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The same in Chinese.
    pub title_zh: Option<String>,
    /// Whether it is a shadow rule, which counts nothing.
    pub shadow: bool,
    /// Lines on which it fired.
    pub fired: u64,
    /// Lines on which it could not be evaluated.
    pub faults: u64,
}

/// How many declarations went to a channel since the start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ChannelView {
    /// The channel.
    pub channel: String,
    /// What people read of it.
    pub title: Option<String>,
    /// The same in Chinese.
    pub title_zh: Option<String>,
    /// Declarations.
    pub declarations: u64,
}

/// What is on the disk, when it was last looked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DiskView {
    /// The digest of the pack there; `None` where it cannot be read.
    pub digest: Option<String>,
    /// When it was looked.
    pub at: String,
}

/// What runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct View {
    /// The pack: `name@version#digest`, and the snapshot of a store.
    pub pack: String,
    /// Its digest.
    pub digest: String,
    /// The snapshot of its store, if it has one.
    pub snapshot: Option<String>,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Rules by status.
    pub statuses: BTreeMap<&'static str, usize>,
    /// Since when this pack runs.
    pub since: String,
    /// Since when the service runs.
    pub started: String,
    /// What was on the disk when it was last looked.
    pub on_disk: DiskView,
    /// Declarations by channel, from mild to severe, single ones and those of bodies with many.
    pub channels: Vec<ChannelView>,
    /// Declarations that were assessed.
    pub declarations: u64,
    /// Goods lines that were assessed.
    pub lines: u64,
    /// Declarations that could not be.
    pub rejected: u64,
    /// The rules that are evaluated, in the order of the pack.
    pub rules: Vec<RuleView>,
    /// Reloads, the newest first.
    pub reloads: Vec<ReloadNote>,
    /// The shadow pack, if there is one.
    pub shadow: Option<ShadowView>,
    /// The last declarations, the newest first.
    pub recent: Vec<RecentNote>,
    /// Declarations that wait.
    pub waiting: usize,
    /// Whether whoever asks may see why.
    pub may_explain: bool,
}

/// What a page shows.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Shown<'s> {
    /// What runs.
    Overview(&'s View),
    /// Why a declaration got its channel, and the pack that says so.
    Explanation(&'s Explanation, &'s Pack),
}

/// A page for a browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsolePage {
    /// The page.
    pub html: String,
    /// Its Content Security Policy.
    pub policy: String,
}

/// Makes the pages of the console. The words and the look are those of whoever runs the service.
pub trait Console: Send + Sync {
    /// A page, in Chinese or in English.
    fn page(&self, shown: Shown<'_>, is_chinese: bool) -> ConsolePage;
}
