//! Worlds of which the truth is known.
