//! The language: from the text of a rule file to checked rules, and what they mean.
//!
//! [`sandbox`] runs the top level of a file with Rhai and [`rule_files`] collects what it registers; [`syntax`] translates
//! Rhai's tree into [`expr`]; [`typing`] checks it with the [`types`] of fields and [`functions`]. [`kernel`] has the
//! meaning of every operation, and [`interpret`] runs rules with Rhai itself: it is the reference for the programs.

pub(crate) mod bounds;
pub(crate) mod expr;
pub(crate) mod functions;
pub(crate) mod interpret;
pub mod kernel;
pub(crate) mod layout;
pub(crate) mod pieces;
pub(crate) mod rule;
pub(crate) mod rule_files;
pub(crate) mod sandbox;
pub(crate) mod syntax;
pub(crate) mod types;
pub(crate) mod typing;
