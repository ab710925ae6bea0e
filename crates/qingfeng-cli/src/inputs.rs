//! The options that say what to read.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use qingfeng::read::{Encoding, Format, ReadOptions, Reader};
use qingfeng::rules::countries::Numbers;
use qingfeng::rules::{Date, Pack, ParseZoneError, Zone};

use crate::exit::Failure;
use crate::studies::{StudyError, files};
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
    #[arg(long, value_name = "FORMAT", value_parser = one_of(&[
        ("csv", Format::Csv), ("ndjson", Format::Ndjson), ("parquet", Format::Parquet), ("arrow", Format::Arrow),
    ]))]
    input_format: Option<Format>,
}

impl InputFormatArgs {
    /// How to read inputs of this format, for commands whose encoding stands with other options.
    pub fn with(self, encoding: EncodingArgs) -> ReadArgs {
        ReadArgs { format: self, encoding }
    }
}

/// How texts, days and countries are written.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct EncodingArgs {
    /// Encoding of text files. `gb18030` reads GBK and GB 2312 too.
    #[arg(long, value_name = "ENCODING", default_value = "utf-8", value_parser = one_of(&[
        ("utf-8", Encoding::Utf8), ("gb18030", Encoding::Gb18030),
    ]))]
    encoding: Encoding,

    /// Zone that days are of, as +08:00 or Asia/Shanghai: of a moment such as 2016-09-05T16:00:00Z it decides on which day
    /// it is. Default: that of the pack.
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true, value_parser = zone)]
    zone: Option<Zone>,

    /// List that countries' numbers are from: `iso` is ISO 3166-1, `gac` is China Customs until August 2018. Default: that
    /// of the pack.
    #[arg(long, value_name = "LIST", value_parser = one_of(&[("iso", Numbers::Iso), ("gac", Numbers::Gac)]))]
    country_numbers: Option<Numbers>,
}

impl EncodingArgs {
    /// These options with what the command line says.
    pub fn options(self, options: ReadOptions) -> ReadOptions {
        let Self { encoding, zone, country_numbers } = self;
        ReadOptions { encoding, zone, country_numbers, ..options }
    }
}

/// A zone on the command line.
fn zone(text: &str) -> Result<Zone, String> {
    text.parse().map_err(|error: ParseZoneError| error.to_string())
}

/// Takes one of these words, each for a value.
pub fn one_of<T: Copy + Send + Sync + 'static>(
    words: &'static [(&'static str, T)],
) -> impl TypedValueParser<Value = T> {
    let value = |word: String| words.iter().find(|(known, _)| *known == word).map(|(_, value)| *value);
    PossibleValuesParser::new(words.iter().map(|(word, _)| *word))
        .try_map(move |word| value(word).ok_or("is none of the words"))
}

/// The text of a small file: a key, aims.
pub fn small_text(path: &Path, bytes_max: u64, too_long: &str, no_text: &str) -> Result<String, StudyError> {
    let failed = |what: &str| StudyError::Failed(format!("{}: {what}", path.display()));
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(bytes_max + 1).read_to_end(&mut bytes));
    read.map_err(|error| failed(&format!("cannot be read: {error}")))?;
    if bytes.len() as u64 > bytes_max {
        return Err(failed(too_long));
    }
    String::from_utf8(bytes).map_err(|_| failed(no_text))
}

/// A day on the command line.
pub fn day(text: &str) -> Result<Date, String> {
    text.parse().map_err(|_| "no day of the calendar; write it as 2016-06-30".to_owned())
}

/// A share on the command line that is neither none nor all, such as 0.95.
pub fn part(text: &str) -> Result<f64, String> {
    text.parse().map_err(|_| NO_PART.to_owned()).and_then(checked_part)
}

const NO_PART: &str = "no share; write a number between 0 and 1, such as 0.05";

/// A share that is neither none nor all.
pub fn checked_part(share: f64) -> Result<f64, String> {
    if share > 0.0 && share < 1.0 { Ok(share) } else { Err(NO_PART.to_owned()) }
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
        Ok(Reader::new(Arc::clone(&pack.schema), files(inputs), options)?)
    }

    /// These options with what the command line says.
    pub fn options(&self, options: ReadOptions) -> ReadOptions {
        ReadOptions { format: self.format.input_format, ..self.encoding.options(options) }
    }
}
