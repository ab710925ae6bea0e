//! Plans of small made-up worlds.

mod probabilities;
mod proofs;
mod properties;
mod rolls;
mod visits;
mod world;
