//! The options that say what to read.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum;
use qingfeng::read::{Encoding, Format, Input, ReadOptions, Reader};
use qingfeng::rules::{Date, Pack};

use crate::exit::Failure;

/// What to read, and how.
#[derive(Debug, clap::Args)]
pub struct InputArgs {
    /// Files with declarations: CSV, NDJSON, Parquet or Arrow; the first two also packed with gzip or zstd. `-` is
    /// standard input.
    #[arg(value_name = "INPUT", required = true)]
    pub inputs: Vec<PathBuf>,

    #[command(flatten)]
    how: ReadArgs,
}

/// How to read inputs.
#[derive(Debug, clap::Args)]
pub struct ReadArgs {
    /// The format of all inputs, when neither their names nor their content tell it.
    #[arg(long, value_name = "FORMAT")]
    input_format: Option<InputFormat>,

    /// The encoding of text files.
    #[arg(long, value_name = "ENCODING", default_value = "utf-8")]
    encoding: InputEncoding,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum InputFormat {
    Csv,
    Ndjson,
    Parquet,
    Arrow,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum InputEncoding {
    #[value(name = "utf-8")]
    Utf8,
    /// GB 18030, and with it GBK and GB 2312.
    Gb18030,
}

/// A day on the command line.
pub fn day(text: &str) -> Result<Date, String> {
    text.parse().map_err(|_| "no day of the calendar; write it as 2016-06-30".to_owned())
}

/// Whether a path on the command line stands for standard input or output.
pub fn is_standard(path: &Path) -> bool {
    path.as_os_str() == "-"
}

impl InputArgs {
    /// A reader of the inputs, for declarations as the pack has them.
    pub fn reader(&self, pack: &Pack, options: ReadOptions) -> Result<Reader, Failure> {
        self.how.reader(&self.inputs, pack, options)
    }
}

impl ReadArgs {
    /// A reader of these inputs, for declarations as the pack has them.
    pub fn reader(&self, inputs: &[PathBuf], pack: &Pack, options: ReadOptions) -> Result<Reader, Failure> {
        Ok(Reader::new(Arc::clone(&pack.schema), Self::inputs(inputs), self.options(options))?)
    }

    /// These options with what the command line says.
    pub fn options(&self, options: ReadOptions) -> ReadOptions {
        let format = self.input_format.map(|format| match format {
            InputFormat::Csv => Format::Csv,
            InputFormat::Ndjson => Format::Ndjson,
            InputFormat::Parquet => Format::Parquet,
            InputFormat::Arrow => Format::Arrow,
        });
        let encoding = match self.encoding {
            InputEncoding::Utf8 => Encoding::Utf8,
            InputEncoding::Gb18030 => Encoding::Gb18030,
        };
        ReadOptions { format, encoding, ..options }
    }

    /// Paths on the command line as inputs.
    pub fn inputs(paths: &[PathBuf]) -> Vec<Input> {
        let input = |path: &PathBuf| {
            if is_standard(path) { Input::Stdin } else { Input::Path(path.clone()) }
        };
        paths.iter().map(input).collect()
    }
}
