//! Tools for those who write and test rules: they run the engine, and scoring knows none of them.
//!
//! | to | |
//! | --- | --- |
//! | run the tests of a pack, with their coverage and with changed rules | [`rule_tests`] |
//! | say in what two packs differ, and what becomes of declarations | [`diff`] |
//! | say why a rule fires so rarely | [`why_not`] |
//! | say which combinations of region, goods and mode the policy covers | [`policy_coverage`] |
//! | compare the compiled rules with the interpreter | [`verify`] |
//! | say what each rule costs | [`profile`] |
//! | list rules, and what was found about a pack, as data | [`listing`] |

pub mod diff;
pub mod listing;
pub mod policy_coverage;
pub mod profile;
pub mod rule_tests;
pub mod verify;
pub mod why_not;
