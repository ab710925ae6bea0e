//! The keys of rules: regions, goods groups and trade modes of the pack `clean-wind`.

use toml::Value;

use super::KeySet;

/// The reference files of the pack.
pub(super) const REFERENCE: [(&str, &str); 4] = [
    ("reference/regions.toml", include_str!("../../../rules/clean-wind/reference/regions.toml")),
    ("reference/commodities.toml", include_str!("../../../rules/clean-wind/reference/commodities.toml")),
    ("reference/modes.toml", include_str!("../../../rules/clean-wind/reference/modes.toml")),
    ("reference/sites.toml", include_str!("../../../rules/clean-wind/reference/sites.toml")),
];

/// Names, and how often they are drawn. Groups have no dated members: a key means the same on each day.
type Choices = &'static [(&'static str, u32)];

const REGIONS: Choices = &[
    ("africa", 3),
    ("arab-states", 2),
    ("middle-east", 2),
    ("latin-america", 2),
    ("south-east-asia", 2),
    ("west-asia", 2),
    ("key-destinations", 2),
    ("neighbours", 2),
];

/// Groups, and HS prefixes where the reference data has no group.
const COMMODITIES: Choices = &[
    ("luxury-brand-goods", 3),
    ("apparel", 3),
    ("footwear", 3),
    ("bags", 3),
    ("mobile-phones", 3),
    ("motorcycles-and-parts", 3),
    ("diesel-engines-and-parts", 2),
    ("stationery", 3),
    ("batteries", 3),
    ("toys", 3),
    ("small-appliances", 3),
    ("small-hardware", 3),
    ("building-materials", 3),
    ("campaign-goods", 8),
    ("smart-phones", 1),
    ("phone-parts", 1),
    ("phone-accessories", 1),
    ("lithium-batteries", 1),
    ("dry-cells", 1),
    ("motorcycles", 2),
    ("motorcycle-parts", 2),
    ("diesel-parts", 1),
    ("certified-goods", 4),
    ("handbags-and-wallets", 1),
    ("watches", 1),
    ("sports-wear", 3),
    ("household-electrical", 1),
    ("structural-steel", 1),
    ("84", 3),
    ("85", 4),
    ("87", 2),
    ("94", 2),
    ("39", 2),
    ("40", 1),
    ("63", 1),
    ("69", 1),
    ("8471", 1),
    ("8473", 1),
    ("8708", 1),
    ("9403", 1),
];

const MODES: Choices = &[
    ("general", 4),
    ("market-procurement", 3),
    ("e-commerce-retail", 2),
    ("small-border", 1),
    ("border-residents", 1),
    ("border-trade", 1),
    ("processing", 2),
    ("samples", 1),
];

/// What can stand in the keys of a rule, with the codes of each.
#[derive(Debug)]
pub(super) struct KeyChoices {
    pub(super) region: Vec<(KeySet, u32)>,
    pub(super) commodity: Vec<(KeySet, u32)>,
    pub(super) mode: Vec<(KeySet, u32)>,
}

impl KeyChoices {
    pub(super) fn new() -> Self {
        let [regions, commodities, modes, _] = REFERENCE.map(|(path, text)| {
            text.parse::<toml::Table>().unwrap_or_else(|error| panic!("{path}: {error}"))
        });
        let resolve = |groups: &toml::Table, choices: Choices| {
            choices.iter().map(|&(name, weight)| (key_set(groups, name), weight)).collect()
        };
        Self {
            region: resolve(&regions, REGIONS),
            commodity: resolve(&commodities, COMMODITIES),
            mode: resolve(&modes, MODES),
        }
    }
}

/// A group with its members, or a code.
fn key_set(groups: &toml::Table, name: &str) -> KeySet {
    let codes = match groups.get(name).and_then(|group| group.get("members")).and_then(Value::as_array) {
        Some(members) => members
            .iter()
            .map(|member| member.as_str().unwrap_or_else(|| panic!("{name} has dated members")).to_owned())
            .collect(),
        None => vec![name.to_owned()],
    };
    KeySet { names: vec![name.to_owned()], codes }
}
