//! A pack: one directory that is one unit of risk policy.

mod files;
mod fixes;
mod rewrite;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rhai::AST;

use crate::base::value::Date;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place};
use crate::lang::interpret::{Interpretable, Interpreted, Interpreter};
use crate::lang::rule::{Closure, ComputedField, KeyValue, Rule, Status, computed_needs};
use crate::lang::rule_files::{self, Environment, Used};
use crate::lang::syntax::Function;
use crate::model::channel::{Channel, ChannelId, Score};
use crate::model::derived::{Derived, FieldRef};
use crate::model::manifest::{self, Document, History, Lookup, Manifest, MemberKind, Risk};
use crate::model::reference::{Key, Reference};
use crate::model::schema::{CodeList, FieldId, Kind, Schema};
use crate::model::selection::Selection;
use crate::program::{self, Lowered, PackMeaning, Parts, Passes, Program, Source, Totals};

pub use files::PackFiles;
pub(crate) use files::{Files, text_of};
pub use files::{Unreadable, read_file};
pub use fixes::Applied;
pub use rewrite::WrittenPoints;

/// A checked pack: schema, reference data, channels and rules, ready to be evaluated.
///
/// A pack is immutable and can be shared between threads.
#[derive(Clone)]
pub struct Pack {
    /// The name.
    pub name: String,
    /// The version.
    pub version: String,
    /// What people read, in English.
    pub title: Option<String>,
    /// What people read, in Chinese.
    pub title_zh: Option<String>,
    /// The fields of declarations.
    pub schema: Arc<Schema>,
    /// Named groups of codes.
    pub reference: Reference,
    /// How points become a score.
    pub score: Score,
    /// The control channels, from mild to severe.
    pub channels: Vec<Channel>,
    /// The channel that a line with a fault gets at least.
    pub on_fault: Option<ChannelId>,
    /// The channel that a line with an unreadable value gets at least; `None` if the worst that is possible decides.
    pub on_unreadable: Option<ChannelId>,
    /// The lookup tables, in the order of their names.
    pub lookups: Vec<Lookup>,
    /// Where the store of lookup tables and history is, unless the caller names another:
    /// `sqlite:PATH`, relative to the pack, or `postgresql://...`.
    pub store: String,
    /// How the history of a party is graded.
    pub history: History,
    /// All rules, in the order of files and of registration.
    pub rules: Vec<Rule>,
    /// The fields that the pack computes, in the order of definition; a field uses only earlier ones.
    pub computed: Vec<ComputedField>,
    /// The day for which `check` judges what is valid, if the pack names one; otherwise it is today.
    pub check_as_of: Option<Date>,
    /// The inspection policy, if the pack has one.
    pub selection: Option<Selection>,
    /// Warnings: mistakes with which the pack can still be used.
    pub warnings: Diagnostics,
    hasher: blake3::Hasher,
    pub(crate) lowered: Lowered,
    pub(crate) files: Vec<AST>,
    pub(crate) functions: Vec<BTreeMap<String, Function>>,
    pub(crate) risks: Vec<Risk>,
    /// What the rule files use of what the pack defines.
    pub(crate) used: Used,
    pub(crate) patterns: Vec<String>,
}

impl std::fmt::Debug for Pack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pack({}@{}, {} rules)", self.name, self.version, self.rules.len())
    }
}

impl Pack {
    /// Checks the files of a pack.
    ///
    /// # Errors
    ///
    /// All mistakes that were found, warnings among them, if at least one is an error.
    pub fn load(files: &PackFiles) -> Result<Self, Diagnostics> {
        let mut diagnostics = Diagnostics::default();
        diagnostics.items.clone_from(&files.0.unreadable);
        let texts = files.texts(&mut diagnostics);
        diagnostics.read_suppressions();
        let Some(manifest_text) = texts.get("pack.toml") else {
            if diagnostics.errors() == 0 {
                let title = "the directory has no `pack.toml`";
                let help = "give the directory that holds `pack.toml`, or write one";
                diagnostics.push(Diagnostic::new(Code::UnreadableFile, title).help(help));
            }
            return Err(diagnostics);
        };
        texts.iter().for_each(|(path, text)| turned_text(path, text, &mut diagnostics));
        let document = Document::parse("pack.toml", manifest_text, None, &mut diagnostics);
        let mut manifest = manifest::read(&document, &mut diagnostics);
        let reference = read_reference(&texts, &manifest.schema, &mut diagnostics);
        // What all files may read comes first.
        let written = texts
            .iter()
            .filter(|(path, _)| path.ends_with(".rhai"))
            .map(|(path, text)| (Arc::from(*path), Arc::clone(text)));
        let of_risks = manifest.risks.iter().map(|(risk, text)| (Arc::clone(&risk.text), Arc::clone(text)));
        let rule_texts: Vec<(Arc<str>, Arc<str>)> = of_risks.chain(written).collect();
        let environment = Environment {
            schema: &manifest.schema,
            reference: &reference,
            channels: &manifest.channels,
            lookups: &manifest.lookups,
        };
        let loaded = rule_files::load(&rule_texts, &environment, &mut diagnostics);
        resolve_profiles(&mut manifest, &loaded.computed, &mut diagnostics);
        let money = texts
            .get("reference/rates.toml")
            .and_then(|text| manifest::read_rates("reference/rates.toml", text, &mut diagnostics));
        let known = manifest::selection::Known {
            schema: &manifest.schema,
            reference: &reference,
            channels: &manifest.channels,
            lookups: &manifest.lookups,
            tags: loaded
                .rules
                .iter()
                .filter(|rule| rule.status != Status::Retired)
                .flat_map(|rule| &rule.tags)
                .map(String::as_str)
                .collect(),
        };
        let selection = manifest::selection::read(&document, &known, &mut diagnostics);
        let counts = loaded.rules.iter().any(|rule| rule.status == Status::Active);
        if !counts && diagnostics.errors() == 0 {
            let place = Place { file: "pack.toml".into(), span: 0..0 };
            let title = "the pack has no active rule: every declaration gets the mildest channel";
            let help = "add a rule with `rule(\"ID\", #{ ... })` in a file that ends in `.rhai`";
            diagnostics.push(Diagnostic::new(Code::NoActiveRule, title).at(place, "").help(help));
        }
        diagnostics.sort();
        if diagnostics.errors() > 0 {
            return Err(diagnostics);
        }
        let mut schema = manifest.schema;
        schema.know(&reference);
        schema.set_money(money);
        let schema = Arc::new(schema);
        let source = Source {
            schema: &schema,
            lookups: &manifest.lookups,
            rules: &loaded.rules,
            computed: &loaded.computed,
            functions: &loaded.functions,
            files: &loaded.names,
        };
        let lowered = program::lower(&source, true);
        unsure_totals(&loaded.computed, &lowered, &loaded.names, &mut diagnostics);
        if diagnostics.errors() > 0 {
            return Err(diagnostics);
        }
        let mut hasher = blake3::Hasher::new();
        for (path, text) in &texts {
            add_to_digest(&mut hasher, path, PackFiles::canonical(text).as_bytes());
        }
        Ok(Self {
            name: manifest.name,
            version: manifest.version,
            title: manifest.title,
            title_zh: manifest.title_zh,
            schema,
            reference,
            score: manifest.score,
            channels: manifest.channels,
            on_fault: manifest.on_fault,
            on_unreadable: manifest.on_unreadable,
            lookups: manifest.lookups,
            store: manifest.store,
            history: manifest.history,
            rules: loaded.rules,
            computed: loaded.computed,
            check_as_of: manifest.check_as_of,
            selection,
            warnings: diagnostics,
            hasher,
            lowered,
            files: loaded.files,
            functions: loaded.functions,
            risks: manifest.risks.into_iter().map(|(risk, _)| risk).collect(),
            used: loaded.used,
            patterns: loaded.patterns.into_iter().collect(),
        })
    }

    /// The digest of the pack: BLAKE3 in hexadecimal over the path and the content of each of its files, those
    /// of `lookups` (path and content, in order) included. Line ends and byte order marks of policy files do
    /// not count.
    pub fn digest<'t>(&self, lookups: impl IntoIterator<Item = (&'t str, &'t [u8])>) -> String {
        let mut hasher = self.hasher.clone();
        for (path, content) in lookups {
            add_to_digest(&mut hasher, path, content);
        }
        hasher.finalize().to_hex().to_string()
    }

    /// The rules as programs that need no interpreter, after these passes.
    ///
    /// ```
    /// use qingfeng_rules::{Pack, PackFiles};
    /// use qingfeng_rules::internals::Passes;
    ///
    /// # let mut files = PackFiles::default();
    /// # let manifest = "[pack]\nname = \"demo\"\nversion = \"1\"\n[schema]\nextends = \"export\"\n[[channels]]\nname = \"green\"\nfrom = 0";
    /// # files.insert("pack.toml", manifest.as_bytes().to_vec());
    /// files.insert("a.rhai", br#"rule("R", #{ title: "t", when: |d| d.brand == "DELI" });"#.to_vec());
    /// let program = Pack::load(&files).unwrap().program(Passes::ALL);
    /// assert!(program.witness(0).is_some() && program.residuals(0).is_empty());
    /// ```
    pub fn program(&self, passes: Passes) -> Program {
        Program::compile(&self.lowered, passes)
    }

    /// The same pack with other rules: each has the closures of the rule of this pack at the position beside it. Only its
    /// key, its days, its status and its id may differ from that one; the digest remains that of this pack.
    ///
    /// ```
    /// use qingfeng_rules::{Pack, PackFiles, Rule};
    /// use qingfeng_rules::internals::Passes;
    ///
    /// # let mut files = PackFiles::default();
    /// # let manifest = "[pack]\nname = \"demo\"\nversion = \"1\"\n[schema]\nextends = \"export\"\n[[channels]]\nname = \"green\"\nfrom = 0";
    /// # files.insert("pack.toml", manifest.as_bytes().to_vec());
    /// files.insert("a.rhai", br#"rule("R", #{ title: "t", mode: ["1039"], when: |d| d.brand == "DELI" });"#.to_vec());
    /// let pack = Pack::load(&files).unwrap();
    /// let anywhere = Rule { id: "R anywhere".to_owned(), mode: Vec::new(), ..pack.rules[0].clone() };
    /// let both = pack.with_rules(vec![(0, pack.rules[0].clone()), (0, anywhere)]);
    /// assert!(both.program(Passes::ALL).witness(1).is_some());
    /// ```
    ///
    /// # Panics
    ///
    /// If this pack has no rule at one of the positions.
    #[must_use]
    pub fn with_rules(&self, rules: Vec<(usize, Rule)>) -> Self {
        let positions: Vec<usize> = rules.iter().map(|(at, _)| *at).collect();
        Self {
            rules: rules.into_iter().map(|(_, rule)| rule).collect(),
            lowered: self.lowered.of_rules(&positions),
            ..self.clone()
        }
    }

    /// The fields that the pack computes, as rules read them.
    pub fn computed_fields(&self) -> impl Iterator<Item = FieldRef> + '_ {
        self.computed.iter().enumerate().map(|(at, field)| field.field(at))
    }

    /// The fields of the schema on which a total hangs, by its position among the computed fields; of no other field any.
    #[doc(hidden)]
    pub fn total_sources(&self, at: usize) -> BTreeSet<FieldId> {
        if !self.computed[at].total {
            return BTreeSet::new();
        }
        let needed = computed_needs(&BTreeSet::from([FieldRef::Total(at)]), &self.computed);
        let closures = || needed.iter().map(|&at| &self.computed[at].closure);
        let fields = closures().flat_map(Closure::fields);
        let mut sources: BTreeSet<FieldId> = fields.flat_map(|field| field.sources(&self.schema)).collect();
        if closures().any(|closure| !closure.lookups.is_empty()) {
            sources.extend(self.schema.date);
        }
        sources
    }

    /// What the lines of a declaration add to the totals of the pack, as programs that need no interpreter.
    #[doc(hidden)]
    pub fn totals(&self) -> Totals {
        Totals::of(&self.lowered)
    }

    /// The condition of a rule (by its position), taken apart at `&&` and `||`.
    ///
    /// ```
    /// use qingfeng_rules::{Pack, PackFiles};
    /// use qingfeng_rules::internals::PartTree;
    ///
    /// # let mut files = PackFiles::default();
    /// # let manifest = "[pack]\nname = \"demo\"\nversion = \"1\"\n[schema]\nextends = \"export\"\n[[channels]]\nname = \"green\"\nfrom = 0";
    /// # files.insert("pack.toml", manifest.as_bytes().to_vec());
    /// files.insert("a.rhai", br#"rule("R", #{ title: "t", when: |d| d.brand == () && d.unit_value < 300.0 });"#.to_vec());
    /// let parts = Pack::load(&files).unwrap().parts(0);
    /// assert_eq!(parts.tree(), Some(&PartTree::All(vec![PartTree::Leaf(0), PartTree::Leaf(1)])));
    /// assert_eq!(parts.leaves()[1].text, "d.unit_value < 300.0");
    /// ```
    pub fn parts(&self, rule: usize) -> Parts {
        Parts::of(&self.source(), &self.lowered.facts, rule)
    }

    pub(crate) fn source(&self) -> Source<'_> {
        Source {
            schema: &self.schema,
            lookups: &self.lookups,
            rules: &self.rules,
            computed: &self.computed,
            functions: &self.functions,
            files: &self.lowered.facts.files,
        }
    }

    /// What the closures of the pack mean, whatever is called how and however it is written.
    ///
    /// ```
    /// use qingfeng_rules::{Pack, PackFiles};
    ///
    /// # let manifest = "[pack]\nname = \"demo\"\nversion = \"1\"\n[schema]\nextends = \"export\"\n[[channels]]\nname = \"green\"\nfrom = 0";
    /// let meaning = |rules: &str| {
    ///     let mut files = PackFiles::default();
    ///     files.insert("pack.toml", manifest.as_bytes().to_vec());
    ///     files.insert("a.rhai", rules.as_bytes().to_vec());
    ///     Pack::load(&files).unwrap().meaning().rules[0].when.clone()
    /// };
    /// let before = meaning(r#"rule("R", #{ title: "t", when: |d| d.value < 300.0 && d.brand == () });"#);
    /// let after = meaning(r#"const LOW = 300; rule("R", #{ title: "t", when: |line| line.brand == () && LOW > line.value });"#);
    /// assert_eq!(before.digest, after.digest);
    /// assert_eq!(after.text(), "d.brand == () && 300 > d.value");
    /// ```
    pub fn meaning(&self) -> PackMeaning {
        let names: Vec<String> = self.lookups.iter().map(|lookup| lookup.name.clone()).collect();
        self.meaning_with(&names)
    }

    /// The same, its lookup tables under other names: those that another pack has for them.
    ///
    /// # Panics
    ///
    /// If there are fewer names than lookup tables.
    pub fn meaning_with(&self, tables: &[String]) -> PackMeaning {
        assert!(tables.len() >= self.lookups.len(), "a name for each lookup table");
        program::meaning_of_pack(&self.lowered, &self.rules, tables)
    }

    /// Whether all that rules are about is the same in another pack: fields, groups, channels, tables, policy.
    pub fn is_of_the_same_data(&self, other: &Self) -> bool {
        let tables = |pack: &Self| format!("{:?}", pack.lookups);
        let channels = |pack: &Self| format!("{:?} {:?}", pack.channels, pack.selection);
        self.schema == other.schema
            && self.reference == other.reference
            && (self.score, self.on_fault, self.on_unreadable)
                == (other.score, other.on_fault, other.on_unreadable)
            && (&self.name, &self.version, &self.store) == (&other.name, &other.version, &other.store)
            && tables(self) == tables(other)
            && channels(self) == channels(other)
            && format!("{:?}", self.history) == format!("{:?}", other.history)
    }

    /// What `name` stands for in this key of a rule; `None` where a rule that says so does not load.
    pub fn key_value(&self, key: Key, name: &str) -> Option<KeyValue> {
        rule_files::key_value(&self.schema, &self.reference, key, name)
    }

    /// The names of the values in one part of a rule's key, as the rule file has them.
    pub fn key_names<'p>(&'p self, rule: &'p Rule, key: Key) -> Vec<&'p str> {
        rule.key(key).iter().map(|value| self.key_name(key, value)).collect()
    }

    /// The name of a value of a key, as rules write it.
    pub fn key_name<'p>(&'p self, key: Key, value: &'p KeyValue) -> &'p str {
        match value {
            KeyValue::Group(group) => &self.reference.groups(key)[*group].name,
            KeyValue::Code(code) | KeyValue::SiteKind(code) => code,
        }
    }

    /// The field that `d.name` means in this pack.
    pub fn field(&self, name: &str) -> Option<FieldRef> {
        if let Some(at) = self.computed.iter().position(|field| field.name == name) {
            return Some(self.computed[at].field(at));
        }
        if let Some(id) = self.schema.field(name) {
            return Some(FieldRef::Declared(id));
        }
        self.derived().find(|derived| derived.name() == name).map(FieldRef::Derived)
    }

    /// The built-in derived fields that this pack's schema gives.
    pub fn derived(&self) -> impl Iterator<Item = Derived> + '_ {
        self.schema.derived()
    }

    /// The name of a field.
    pub fn field_name(&self, field: FieldRef) -> &str {
        match field {
            FieldRef::Declared(id) => &self.schema[id].name,
            FieldRef::Derived(derived) => derived.name(),
            FieldRef::Computed(at) | FieldRef::Total(at) => &self.computed[at].name,
        }
    }

    /// The kind of a field.
    pub fn field_kind(&self, field: FieldRef) -> Kind {
        match field {
            FieldRef::Declared(id) => self.schema[id].kind,
            FieldRef::Derived(derived) => derived.kind(),
            FieldRef::Computed(at) | FieldRef::Total(at) => self.computed[at].kind,
        }
    }

    /// The channel of a score: the most severe one whose `from` it reaches; the mildest if it reaches none.
    pub fn channel_of_score(&self, score: i64) -> ChannelId {
        let at = self.channels.iter().rposition(|channel| channel.from <= score).unwrap_or(0);
        ChannelId(at as u8)
    }
}

impl Interpretable for Pack {
    fn interpreted(&self) -> Interpreted<'_> {
        Interpreted {
            schema: &self.schema,
            lookups: &self.lookups,
            rules: &self.rules,
            computed: &self.computed,
            files: &self.files,
            patterns: &self.patterns,
        }
    }
}

impl Interpreter {
    /// An interpreter of the rules of a pack.
    pub fn new(pack: Arc<Pack>) -> Self {
        Self::of(pack)
    }
}

fn add_to_digest(hasher: &mut blake3::Hasher, path: &str, content: &[u8]) {
    hasher.update(&(path.len() as u64).to_le_bytes());
    hasher.update(path.as_bytes());
    hasher.update(&(content.len() as u64).to_le_bytes());
    hasher.update(content);
}

/// Reports the first letter of a file that turns the direction of text.
fn turned_text(path: &str, text: &str, diagnostics: &mut Diagnostics) {
    let turns = |letter: char| matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let mut found = text.char_indices().filter(|(_, letter)| turns(*letter));
    let Some((at, letter)) = found.next() else { return };
    let more = match found.count() {
        0 => String::new(),
        more => format!(", and {more} more like it"),
    };
    let title = format!(
        "the file holds the letter U+{:04X}{more}, which turns the direction of text",
        u32::from(letter)
    );
    let place = Place { file: path.into(), span: at..at + letter.len_utf8() };
    let item = Diagnostic::new(Code::TurnedText, title)
        .at(place, "")
        .note("what people see is then not what is evaluated")
        .help("take it out");
    diagnostics.push(item);
}

/// Reports totals that are not compiled or could fail on some line: the total of a declaration would not be known then.
fn unsure_totals(
    computed: &[ComputedField],
    lowered: &Lowered,
    files: &[Arc<str>],
    diagnostics: &mut Diagnostics,
) {
    let totals = computed.iter().enumerate().filter(|(at, field)| field.total && !lowered.is_sure(*at));
    for (_, field) in totals {
        let closure = &field.closure;
        let place = Place { file: Arc::clone(&files[closure.file]), span: closure.body.span.clone() };
        let title = format!("what a line adds to the total `{}` may fail", field.name);
        let help = "add up a flag or a number that every line has or lacks: without division of whole numbers, loops and \
                    statements that are not compiled";
        diagnostics.push(Diagnostic::found(Code::NotInLanguage, place, title, help));
    }
}

/// Finds the fields that profiles measure. What a declaration told of itself must not change with a table, so none of them
/// asks one.
fn resolve_profiles(manifest: &mut Manifest, computed: &[ComputedField], diagnostics: &mut Diagnostics) {
    let schema = &manifest.schema;
    let known = |name: &str| {
        let at = computed.iter().position(|field| field.name == name);
        at.map(|at| (computed[at].field(at), computed[at].kind)).or_else(|| schema.known_field(name))
    };
    let asks_a_table = |field: FieldRef| {
        let needed = computed_needs(&BTreeSet::from([field]), computed);
        needed.into_iter().any(|at| !computed[at].closure.lookups.is_empty())
    };
    let mut names = schema.known_names();
    names.extend(computed.iter().map(|field| field.name.as_str()));
    manifest::resolve_profiles(&mut manifest.lookups, diagnostics, &names, &known, &asks_a_table);
}

fn read_reference(
    texts: &BTreeMap<&str, Arc<str>>,
    schema: &Schema,
    diagnostics: &mut Diagnostics,
) -> Reference {
    let site_kinds: Vec<String> = schema.keys.site.iter().map(|(kind, _)| kind.clone()).collect();
    let countries =
        schema.keys.region.is_none_or(|field| schema[field].codes.is_some_and(CodeList::is_country));
    let codes = match texts.get("reference/codes.toml") {
        Some(text) => manifest::read_codes("reference/codes.toml", text, schema, diagnostics),
        None => BTreeMap::new(),
    };
    let mut read = |path: &str, kinds: Option<&[String]>, members| match texts.get(path) {
        Some(text) => manifest::read_groups(path, text, kinds, members, diagnostics),
        None => Vec::new(),
    };
    let region_members = if countries { MemberKind::Country } else { MemberKind::Code };
    let reference = Reference {
        regions: read("reference/regions.toml", None, region_members),
        commodities: read("reference/commodities.toml", None, MemberKind::HsPrefix),
        modes: read("reference/modes.toml", None, MemberKind::Code),
        sites: read("reference/sites.toml", Some(&site_kinds), MemberKind::Code),
        codes,
    };
    let known = ["regions", "commodities", "modes", "sites", "codes", "rates"];
    for path in texts.keys().filter(|path| path.starts_with("reference/") && path.ends_with(".toml")) {
        let name = path.trim_start_matches("reference/").trim_end_matches(".toml");
        if !known.contains(&name) {
            let place = Place { file: (*path).into(), span: 0..0 };
            let title = format!("`{path}` is not a reference file");
            let help = crate::diagnostic::suggestion(name, known);
            diagnostics.push(Diagnostic::new(Code::UnknownKey, title).at(place, "").help(help));
        }
    }
    reference
}
