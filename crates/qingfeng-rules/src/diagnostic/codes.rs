//! The codes of diagnostics, as one table.

use serde::Serialize;

use super::Severity;

macro_rules! codes {
    ($($id:literal $severity:ident $variant:ident $summary:literal)*) => {
        /// What kind of mistake a diagnostic reports. The codes are stable: a code never changes its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[non_exhaustive]
        pub enum Code {
            $(
                #[doc = $summary]
                #[serde(rename = $id)]
                $variant,
            )*
        }

        impl Code {
            /// All codes, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The code as it is printed: `QF` and four digits.
            pub fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }

            /// The name: `UnknownKey`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant),)* }
            }

            /// How much a mistake of this kind weighs.
            pub fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)* }
            }

            /// The page of the code as Markdown: what it means, why it matters, what to do, and an example with its message.
            pub fn document(self) -> &'static str {
                match self { $(Self::$variant => include_str!(concat!("../../codes/", $id, ".md")),)* }
            }

            /// What it is, in one sentence.
            pub fn summary(self) -> &'static str {
                match self { $(Self::$variant => $summary,)* }
            }
        }
    };
}

codes! {
    "QF0001" Error UnreadableFile "A file of the pack is missing, too large or not UTF-8."
    "QF0002" Error TomlSyntax "`pack.toml` or a reference file is not TOML."
    "QF0003" Error RhaiSyntax "A rule file is not Rhai."
    "QF0101" Error UnknownKey "A key that does not exist."
    "QF0102" Error MissingKey "A key that must be there is missing."
    "QF0103" Error WrongType "A value of the wrong type."
    "QF0104" Error BadValue "A value of the right type that is not allowed."
    "QF0105" Error Duplicate "Two things with one name."
    "QF0106" Error UnknownName "A name that nothing has: a region, a goods group, a channel, a lookup table."
    "QF0107" Error EndsBeforeItBegins "A validity that ends before it begins."
    "QF0108" Error BadSuppression "A comment `qingfeng: allow` that allows nothing, or gives no reason."
    "QF0201" Error UnknownField "A field that the schema does not have."
    "QF0202" Error UnknownFunction "A function that the language does not have, or has with other arguments."
    "QF0203" Error UnknownVariable "A variable that is not defined."
    "QF0204" Error TypeMismatch "Values of types that do not go together."
    "QF0205" Error NotInLanguage "A construct that is not part of the rule language."
    "QF0301" Error FileFailed "The top level of a rule file failed while it ran."
    "QF0401" Error BadLookup "A lookup table's file does not fit its declaration."
    "QF0402" Error UnusableStore "The store of lookup tables is missing or cannot be read."
    "QF0403" Error UnknownTable "A table that the store has never had."
    "QF0404" Error BadEntry "An entry of the store that does not fit the declaration of its table."
    "QF0405" Error UnusableTrade "The record of past trade is missing, or not what the pack's profiles need."
    "QF0501" Error BadTest "A file or a table of tests that does not fit."
    "QF0502" Error BadExpectation "An expectation of a test that cannot be read or cannot be met."
    "QF1001" Warning IntegerDivision "Whole-number division, which drops the remainder."
    "QF1002" Warning NoActiveRule "A pack without a single rule that counts."
    "QF1003" Note ResidualRule "A closure that is not compiled but left to the interpreter."
    "QF1004" Warning UnusedSuppression "A comment `qingfeng: allow` that silences nothing."
    "QF1005" Warning TurnedText "A letter that turns the direction in which text is shown."
    "QF1101" Warning NeverHolds "A condition that holds on no line."
    "QF1102" Warning AlwaysHolds "A condition that holds on every line."
    "QF1103" Warning AddsNothing "A part of a condition that adds nothing to it."
    "QF1104" Warning UnknownCode "A comparison with a code that the field's closed list does not have."
    "QF1201" Warning SameCondition "Two rules with the same condition and overlapping keys."
    "QF1202" Warning ImpliedRule "A rule that fires wherever another one fires, so that both count."
    "QF1203" Warning BeatenCeiling "An `at_most` that the `at_least` of another rule always beats."
    "QF1301" Warning UnreachableKey "A key of a rule that no code reaches."
    "QF1302" Warning ExpiredRule "A rule whose validity has ended."
    "QF1303" Warning UnreachableChannel "A channel that no declaration can get."
    "QF1401" Warning SilencedByMissing "A rule that falls silent when a field is left empty."
    "QF1402" Warning LiteralText "A test of free text that depends on case, width or spacing."
    "QF1403" Warning EmptyMatch "A regular expression that also finds the empty text, and so fits every text."
    "QF1404" Warning CodeRange "A range of codes that ends before the codes that begin with its end."
    "QF1405" Warning ChangedEntry "A value of a lookup table that is read otherwise than it is written."
    "QF1406" Warning ProfileTooLarge "A profile that outgrew its bound, and is missing on every line."
    "QF1501" Warning UnusedLookup "A lookup table that no rule uses."
    "QF1502" Warning UnusedFunction "A function that nothing calls."
    "QF1503" Warning UnusedField "A computed field that no rule uses."
    "QF1504" Warning UncoveredPoints "A rule whose points no test covers."
    "QF1505" Note AnalysisStopped "The comparison of rules stopped at a bound."
    "QF1506" Note NoDraw "An inspection policy that draws nothing at random."
    "QF1601" Note NoWitness "A rule that must be looked at on every line of its key."
}

impl Code {
    /// The code of this id, in capitals or not.
    ///
    /// ```
    /// use qingfeng_rules::Code;
    /// assert_eq!(Code::find("qf0201"), Some(Code::UnknownField));
    /// assert_eq!(Code::find("QF9999"), None);
    /// ```
    pub fn find(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.id().eq_ignore_ascii_case(id))
    }
}
