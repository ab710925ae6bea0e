//! Declarations whose lines do not stand together, found exactly and in bounded memory.
//!
//! Every start of a declaration is noted: a hash of its id and its place. Sorted runs of notes go to temporary files;
//! at the end the runs are merged, and an id that was noted twice started twice.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use rayon::slice::ParallelSliceMut;

use super::error::ReadError;
use super::lines::{Place, Position};
use super::{Scattered, ScatteredDeclaration};
use crate::threads::is_in_pool;

/// The number of scattered declarations that are shown.
const SHOWN: usize = 20;
/// The bytes of a note in a file: hash, input, kind of position, its numbers.
const NOTE_BYTES: usize = 25;
/// The runs that are merged at once, each with an open file.
const MERGED_RUNS: usize = 64;
/// The notes for which there is room from the start.
const RESERVED: usize = 1 << 18;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Note {
    /// 64 bits of the id's hash: among a hundred million ids two fall together with a chance of 1 in 3,700.
    hash: u64,
    place: Place,
}

/// The starts of declarations noted so far.
pub(crate) struct Starts {
    notes: Vec<Note>,
    /// The notes in memory at most. Nothing is noted if it is 0.
    run: usize,
    spilled: Vec<File>,
}

impl Starts {
    /// Notes are kept in memory up to `run`, and in temporary files from there.
    pub(crate) fn new(run: usize) -> Self {
        Self { notes: Vec::new(), run: run.max(1), spilled: Vec::new() }
    }

    /// Nothing is noted.
    pub(crate) fn ignored() -> Self {
        Self { notes: Vec::new(), run: 0, spilled: Vec::new() }
    }

    /// Notes that the declaration whose id has this [`id_hash`] starts here.
    pub(crate) fn note(&mut self, hash: u64, place: Place) -> Result<(), ReadError> {
        if self.run == 0 {
            return Ok(());
        }
        if self.notes.len() == self.run {
            self.spill().map_err(ReadError::temporary)?;
        }
        if self.notes.capacity() == 0 {
            // Growing step by step would need half as much again, and copy. Pages that stay empty cost nothing.
            self.notes.reserve_exact(self.run.min(RESERVED));
        }
        self.notes.push(Note { hash, place });
        Ok(())
    }

    fn sort(&mut self) {
        if is_in_pool() {
            self.notes.par_sort_unstable();
        } else {
            self.notes.sort_unstable();
        }
    }

    fn spill(&mut self) -> io::Result<()> {
        self.sort();
        self.spilled.push(write_run(self.notes.drain(..).map(Ok))?);
        if self.spilled.len() == MERGED_RUNS {
            let merged = write_run(Merge::new(self.spilled.drain(..), Vec::new())?)?;
            self.spilled.push(merged);
        }
        Ok(())
    }

    /// The ids that were noted more than once. No notes are left.
    pub(crate) fn scattered(&mut self) -> Result<Scattered, ReadError> {
        self.sort();
        let notes = std::mem::take(&mut self.notes);
        let merge = Merge::new(self.spilled.drain(..), notes).map_err(ReadError::temporary)?;
        find(merge).map_err(ReadError::temporary)
    }
}

/// The hash by which an id is noted. It is the same throughout a run of the program, and nothing but notes sees it.
pub(crate) fn id_hash(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

fn find(notes: impl Iterator<Item = io::Result<Note>>) -> io::Result<Scattered> {
    let mut count = 0;
    // The greatest place on top, so that the first ones stay.
    let mut shown: BinaryHeap<(Place, Place)> = BinaryHeap::new();
    let mut first: Option<Note> = None;
    let mut is_counted = false;
    for note in notes {
        let note = note?;
        match first {
            Some(first) if first.hash == note.hash => {
                if !is_counted {
                    is_counted = true;
                    count += 1;
                    shown.push((note.place, first.place));
                    if shown.len() > SHOWN {
                        shown.pop();
                    }
                }
            }
            _ => {
                first = Some(note);
                is_counted = false;
            }
        }
    }
    let shown = shown.into_sorted_vec().into_iter();
    Ok(Scattered {
        count,
        first: shown.map(|(again, first)| ScatteredDeclaration { first, again }).collect(),
    })
}

fn write_run(notes: impl Iterator<Item = io::Result<Note>>) -> io::Result<File> {
    let mut file = BufWriter::new(tempfile::tempfile()?);
    for note in notes {
        file.write_all(&to_bytes(note?))?;
    }
    let mut file = file.into_inner()?;
    file.seek(SeekFrom::Start(0))?;
    Ok(file)
}

fn to_bytes(Note { hash, place }: Note) -> [u8; NOTE_BYTES] {
    let (kind, number, item) = match place.position {
        Position::Line(line) => (0, line, 0),
        Position::Row(row) => (1, row, 0),
        Position::Item { line, item } => (2, line, item),
    };
    let mut bytes = [0; NOTE_BYTES];
    bytes[..8].copy_from_slice(&hash.to_le_bytes());
    bytes[8..12].copy_from_slice(&place.input.to_le_bytes());
    bytes[12] = kind;
    bytes[13..21].copy_from_slice(&number.to_le_bytes());
    bytes[21..].copy_from_slice(&item.to_le_bytes());
    bytes
}

fn from_bytes(bytes: &[u8; NOTE_BYTES]) -> Note {
    let long = |at: usize| u64::from_le_bytes(std::array::from_fn(|byte| bytes[at + byte]));
    let short = |at: usize| u32::from_le_bytes(std::array::from_fn(|byte| bytes[at + byte]));
    let position = match bytes[12] {
        0 => Position::Line(long(13)),
        1 => Position::Row(long(13)),
        _ => Position::Item { line: long(13), item: short(21) },
    };
    Note { hash: long(0), place: Place { input: short(8), position } }
}

/// Sorted runs, merged to one.
struct Merge {
    files: Vec<BufReader<File>>,
    memory: std::vec::IntoIter<Note>,
    /// The least note of each run that is not at its end, by the number of the run; memory comes last.
    heads: BinaryHeap<Reverse<(Note, usize)>>,
}

impl Merge {
    fn new(files: impl Iterator<Item = File>, memory: Vec<Note>) -> io::Result<Self> {
        let files: Vec<_> = files.map(BufReader::new).collect();
        let mut merge = Self { files, memory: memory.into_iter(), heads: BinaryHeap::new() };
        for run in 0..=merge.files.len() {
            merge.advance(run)?;
        }
        Ok(merge)
    }

    fn advance(&mut self, run: usize) -> io::Result<()> {
        let next = match self.files.get_mut(run) {
            None => self.memory.next(),
            Some(file) => {
                let mut bytes = [0; NOTE_BYTES];
                match file.read_exact(&mut bytes) {
                    Ok(()) => Some(from_bytes(&bytes)),
                    Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => None,
                    Err(error) => return Err(error),
                }
            }
        };
        self.heads.extend(next.map(|note| Reverse((note, run))));
        Ok(())
    }
}

impl Iterator for Merge {
    type Item = io::Result<Note>;

    fn next(&mut self) -> Option<Self::Item> {
        let Reverse((note, run)) = self.heads.pop()?;
        Some(self.advance(run).map(|()| note))
    }
}

#[cfg(test)]
mod tests;
