//! Special surveys: a cut of trade, such as one border or one product.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::cuts::{Cuts, sites_of};
use super::{Names, Titled, channel, country, mode, site};
use qingfeng_inspection::evidence::{Evidence, Judged};

/// The surveys of a report at most.
pub const MAX_SURVEYS: usize = 50;
const MAX_CONDITIONS: usize = 20;

/// What a condition of a survey asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The destination, ISO 3166-1 alpha-2.
    Destination,
    /// A region of the pack.
    Region,
    /// A site.
    Site,
    /// A kind of site.
    Kind,
    /// A goods group.
    Group,
    /// A trade mode or a group of modes of the pack.
    Mode,
    /// A class of traders.
    Class,
    /// A channel.
    Channel,
    /// A rule that fired.
    Rule,
}

impl By {
    /// The word in a condition.
    pub fn name(self) -> &'static str {
        CONDITIONS.iter().find(|(_, by)| *by == self).map_or("", |(name, _)| name)
    }
}

const CONDITIONS: [(&str, By); 9] = [
    ("destination", By::Destination),
    ("region", By::Region),
    ("site", By::Site),
    ("kind", By::Kind),
    ("group", By::Group),
    ("mode", By::Mode),
    ("class", By::Class),
    ("channel", By::Channel),
    ("rule", By::Rule),
];

/// A condition: one of these values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Condition {
    /// What it asks.
    pub by: By,
    /// The values.
    pub values: Vec<String>,
}

/// A special survey: declarations that meet all conditions.
///
/// ```
/// use qingfeng_insight::report::Survey;
///
/// let survey: Survey = "Toys to Myanmar and Laos=destination:MM|LA,group:toys".parse()?;
/// assert_eq!(survey.name, "Toys to Myanmar and Laos");
/// assert_eq!(survey.conditions.len(), 2);
/// assert!("Myanmar=country:MM".parse::<Survey>().unwrap_err().to_string().contains("destination"));
/// # Ok::<(), qingfeng_insight::report::SurveyError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Survey {
    /// What it is called.
    pub name: String,
    /// What its declarations meet, all of it.
    pub conditions: Vec<Condition>,
}

/// A survey that is not written as `NAME=WHAT:VALUE,…`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say what the fields are")]
pub enum SurveyError {
    /// It has no name, or no condition.
    #[error(
        "`{0}` is no survey; write NAME=CONDITION,… such as \"Myanmar=destination:MM\" or \
         \"Toys at Ruili=site:ruili,group:toys\""
    )]
    Form(String),
    /// It asks for something that declarations do not have.
    #[error(
        "a survey cannot ask for `{0}`; it asks for destination, region, site, kind, group, mode, class, channel or rule"
    )]
    Unknown(String),
    /// It has too many conditions.
    #[error("the survey `{0}` has more than {MAX_CONDITIONS} conditions or values; make two surveys of it")]
    TooMany(String),
    /// A value that the pack does not have.
    #[error(
        "the survey `{survey}` asks for the {what} `{value}`, which the pack does not have; it has {known}"
    )]
    NotInPack { survey: String, what: &'static str, value: String, known: String },
}

impl FromStr for Survey {
    type Err = SurveyError;

    fn from_str(text: &str) -> Result<Self, SurveyError> {
        let form = || SurveyError::Form(qingfeng::internals::shown(text).to_string());
        let (name, conditions) = text.split_once('=').ok_or_else(form)?;
        let name = name.trim();
        if name.is_empty() {
            return Err(form());
        }
        let mut survey = Self { name: name.to_owned(), conditions: Vec::new() };
        for condition in conditions.split(',') {
            let (what, values) = condition.split_once(':').ok_or_else(form)?;
            let what = what.trim();
            let by = CONDITIONS.iter().find(|(known, _)| *known == what).map(|(_, by)| *by);
            let by = by.ok_or_else(|| SurveyError::Unknown(qingfeng::internals::shown(what).to_string()))?;
            let values: Vec<String> = values
                .split('|')
                .map(|value| match by {
                    By::Destination => value.trim().to_uppercase(),
                    _ => value.trim().to_owned(),
                })
                .collect();
            if values.iter().any(String::is_empty) {
                return Err(form());
            }
            if survey.conditions.len() == MAX_CONDITIONS || values.len() > MAX_CONDITIONS {
                return Err(SurveyError::TooMany(name.to_owned()));
            }
            survey.conditions.push(Condition { by, values });
        }
        Ok(survey)
    }
}

impl fmt::Display for Survey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, condition) in self.conditions.iter().enumerate() {
            let name = condition.by.name();
            write!(f, "{}{name}:{}", if at == 0 { "" } else { "," }, condition.values.join("|"))?;
        }
        Ok(())
    }
}

impl Survey {
    /// Whether the pack has what the survey asks for: a name that it does not have would make an empty survey look like
    /// a border without trade.
    ///
    /// # Errors
    ///
    /// The first value that the pack does not have, with those that it has.
    pub fn check(&self, pack: &qingfeng_rules::Pack) -> Result<(), SurveyError> {
        let reference = &pack.reference;
        let names = |groups: &[qingfeng_rules::reference::Group]| {
            groups.iter().map(|group| group.name.clone()).collect()
        };
        for condition in &self.conditions {
            let (what, known): (&'static str, Vec<String>) = match condition.by {
                By::Region => ("region", names(&reference.regions)),
                By::Site => ("site", names(&reference.sites)),
                By::Kind => {
                    ("kind of site", pack.schema.keys.site.iter().map(|(kind, _)| kind.clone()).collect())
                }
                By::Group => {
                    let mut known: Vec<String> = names(&reference.commodities);
                    known.push("other".to_owned());
                    ("goods group", known)
                }
                By::Channel => {
                    ("channel", pack.channels.iter().map(|channel| channel.name.clone()).collect())
                }
                By::Destination => {
                    let known = |value: &String| qingfeng_rules::countries::country(value).is_some();
                    match condition.values.iter().find(|value| value.len() != 2 || !known(value)) {
                        Some(value) => {
                            return Err(SurveyError::NotInPack {
                                survey: self.name.clone(),
                                what: "country",
                                value: value.clone(),
                                known: "the codes of ISO 3166-1, two letters".to_owned(),
                            });
                        }
                        None => continue,
                    }
                }
                // Codes of modes are those of declarations, and rules and classes may be of older packs.
                By::Mode | By::Class | By::Rule => continue,
            };
            if let Some(value) = condition.values.iter().find(|value| !known.contains(value)) {
                return Err(SurveyError::NotInPack {
                    survey: self.name.clone(),
                    what,
                    value: value.clone(),
                    known: known.join(", "),
                });
            }
        }
        Ok(())
    }

    /// Whether a declaration is in the survey.
    pub(super) fn has(&self, judged: &Judged, evidence: &Evidence, names: &Names<'_>) -> bool {
        self.conditions.iter().all(|condition| {
            let is = |value: &str| condition.values.iter().any(|one| one == value);
            match condition.by {
                By::Destination => judged.destination.as_deref().is_some_and(is),
                By::Region => judged.destination.as_deref().is_some_and(|code| {
                    let regions = names.regions(code, judged.day);
                    regions.iter().any(|&at| is(&names.pack.reference.regions[at].name))
                }),
                By::Site => sites_of(judged)
                    .iter()
                    .any(|&site| evidence.sites.get(site as usize).is_some_and(|name| is(name))),
                By::Kind => sites_of(judged).iter().any(|&site| names.kind(site).is_some_and(is)),
                By::Group => is(&judged.group),
                By::Mode => judged.mode.as_deref().is_some_and(|mode| {
                    is(mode)
                        || names
                            .modes(mode, judged.day)
                            .iter()
                            .any(|&at| is(&names.pack.reference.modes[at].name))
                }),
                By::Class => is(&judged.trader_class),
                By::Channel => is(evidence.channel(judged)),
                By::Rule => judged
                    .rules
                    .iter()
                    .any(|&rule| evidence.rules.get(rule as usize).is_some_and(|name| is(name))),
            }
        })
    }

    /// The conditions with what people call their values.
    pub(super) fn titles(&self, names: &Names<'_>) -> Vec<Titled> {
        let reference = &names.pack.reference;
        let title = |by: By, value: &str| match by {
            By::Destination => country(value),
            By::Region => Titled::of(&reference.regions, value),
            By::Site => site(names.pack, value),
            By::Group => names.goods(value),
            By::Mode => match reference.modes.iter().any(|group| group.name == value) {
                true => Titled::of(&reference.modes, value),
                false => mode(names.pack, value),
            },
            By::Channel => channel(names.pack, value),
            By::Rule => {
                let rule = names.pack.rules.iter().find(|rule| rule.id == value);
                rule.map_or_else(
                    || Titled::plain(value),
                    |rule| Titled {
                        name: value.to_owned(),
                        title: rule.title.clone(),
                        title_zh: rule.title_zh.clone(),
                    },
                )
            }
            By::Kind | By::Class => Titled::plain(value),
        };
        let conditions = self.conditions.iter();
        conditions.flat_map(|one| one.values.iter().map(move |value| title(one.by, value))).collect()
    }
}

/// A special survey with its counts.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SurveyReport {
    /// What it is.
    #[serde(flatten)]
    pub survey: Survey,
    /// The same as `--survey` has it, without the name.
    pub filter: String,
    /// What people call the values of its conditions, in order.
    pub titles: Vec<Titled>,
    /// Its counts.
    pub counts: Cuts,
}
