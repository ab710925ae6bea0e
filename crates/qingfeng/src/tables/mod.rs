//! Tables with fixed columns: those that people keep (`sheet`), and those that the command writes and reads back (`rows`).

pub mod rows;
pub mod sheet;
