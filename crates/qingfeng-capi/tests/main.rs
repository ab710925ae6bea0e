//! What C calls, called: from Rust, and by programs in C.

mod battery;
mod header;
// Programs are compiled and linked here as a system with `cc` and shared objects does it.
#[cfg(unix)]
mod programs;
mod support;
