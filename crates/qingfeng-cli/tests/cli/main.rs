//! Drives the real command over packs and files that each test writes into a directory of its own.

mod check;
mod command_line;
mod coverage;
mod docs;
mod explain;
mod generate;
mod listings;
mod reference;
mod score;
mod support;
mod verify;
