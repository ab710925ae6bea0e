//! Plans of small made-up worlds.

mod probabilities;
mod properties;
mod world;
