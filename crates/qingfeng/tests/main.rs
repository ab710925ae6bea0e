//! All tests of the engine from outside, in one binary: each binary links Arrow and Parquet.

mod corpus;
mod diff;
mod equality;
mod fuzz_short;
mod lookups;
mod one_answer;
mod opening;
mod profile;
mod properties;
mod reading;
mod scoring;
mod testing;
mod why_not;
mod writing;
