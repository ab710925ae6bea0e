//! Drives the real command over packs and files that each test writes into a directory of its own.

mod allow;
mod check;
mod codes;
mod command_line;
mod coverage;
mod diff;
mod docs;
mod draw;
mod explain;
mod fix;
mod generate;
mod guide;
mod inspections;
mod listings;
mod living;
mod lookup;
mod packs;
mod plan;
mod profile;
mod reference;
mod sarif;
mod score;
mod support;
mod test;
mod verify;
mod why_not;
