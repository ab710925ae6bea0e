//! The options that say what to read.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum;
use qingfeng::read::{Encoding, Format, Input, ReadOptions, Reader};
use qingfeng::rules::{Date, Pack};

use crate::exit::Failure;
use crate::terminal::{self, clean};

/// What to read, and how.
#[derive(Debug, clap::Args)]
pub struct InputArgs {
    /// Files with declarations: CSV or NDJSON, also compressed with gzip or zstd, Parquet or Arrow. `-` is standard input.
    #[arg(value_name = "INPUT", required = true)]
    pub inputs: Vec<PathBuf>,

    #[command(flatten)]
    how: ReadArgs,
}

/// How to read inputs.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct ReadArgs {
    #[command(flatten)]
    format: InputFormatArgs,

    #[command(flatten)]
    encoding: EncodingArgs,
}

/// The format of inputs.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct InputFormatArgs {
    /// Format of all inputs. Default: by file name, then by content.
    #[arg(long, value_name = "FORMAT")]
    input_format: Option<InputFormat>,
}

impl InputFormatArgs {
    /// How to read inputs of this format, for commands whose encoding stands with other options.
    pub fn with(self, encoding: EncodingArgs) -> ReadArgs {
        ReadArgs { format: self, encoding }
    }
}

/// How text files are encoded.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct EncodingArgs {
    /// Encoding of text files.
    #[arg(long, value_name = "ENCODING", default_value = "utf-8")]
    encoding: InputEncoding,
}

impl EncodingArgs {
    /// The encoding.
    pub fn get(self) -> Encoding {
        match self.encoding {
            InputEncoding::Utf8 => Encoding::Utf8,
            InputEncoding::Gb18030 => Encoding::Gb18030,
        }
    }
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

/// A share on the command line that is neither none nor all, such as 0.95.
pub fn part(text: &str) -> Result<f64, String> {
    share(text)
        .ok()
        .filter(|share| *share < 1.0)
        .ok_or_else(|| "no share; write a number between 0 and 1, such as 0.05".to_owned())
}

/// A share on the command line.
pub fn share(text: &str) -> Result<f64, String> {
    let wrong = || "no share; write a number above 0 and at most 1, such as 0.05".to_owned();
    text.parse().ok().filter(|share: &f64| *share > 0.0 && *share <= 1.0).ok_or_else(wrong)
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
        let options = self.options(options);
        terminal::detail(|| {
            let names: Vec<String> = inputs.iter().map(|path| path.display().to_string()).collect();
            format!("Reading {}", clean(&names.join(", ")))
        });
        Ok(Reader::new(Arc::clone(&pack.schema), Self::inputs(inputs), options)?)
    }

    /// These options with what the command line says.
    pub fn options(&self, options: ReadOptions) -> ReadOptions {
        let format = self.format.input_format.map(|format| match format {
            InputFormat::Csv => Format::Csv,
            InputFormat::Ndjson => Format::Ndjson,
            InputFormat::Parquet => Format::Parquet,
            InputFormat::Arrow => Format::Arrow,
        });
        ReadOptions { format, encoding: self.encoding.get(), ..options }
    }

    /// Paths on the command line as inputs.
    pub fn inputs(paths: &[PathBuf]) -> Vec<Input> {
        let input = |path: &PathBuf| {
            if is_standard(path) { Input::Stdin } else { Input::Path(path.clone()) }
        };
        paths.iter().map(input).collect()
    }
}
