//! Pieces, cut anywhere, become chunks of whole declarations.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use arrow_array::builder::Int64Builder;
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, new_null_array};
use arrow_schema::{ArrowError, DataType, SchemaRef};
use arrow_select::concat::concat;
use arrow_select::filter::filter_record_batch;
use qingfeng_rules::{Date, FieldId, Schema};

use super::changes::Changes;
use super::coded::{CodedColumns, joined_columns, sliced_columns};
use super::conflicts::{Conflict, Tails, conflict, without_conflicts};
use super::error::ReadError;
use super::lines::{Lines, Place, Unreadable, arrow_schema};
use super::money::convert;
use super::reject::{Problem, Reject, RejectKind, shown};
use super::rows::{Extent, Piece, PieceReject, Start};
use super::scatter::{Starts, id_hash};
use super::{Chunk, InputNames, Scattered};

/// The number of bytes of lines that wait for their chunk to fill at most, give or take a piece, unless memory is
/// limited.
const WAITING_BYTES: usize = 64 << 20;

/// Puts lines together to declarations: numbers them, keeps declarations within their limit, notes where they start.
pub(crate) struct Assembler {
    schema: Arc<Schema>,
    arrow: SchemaRef,
    batch_lines: usize,
    max_declaration_lines: usize,
    inputs: InputNames,
    open: Option<Open>,
    /// Lines that wait, the declarations among them, and how many bytes they have about.
    batches: VecDeque<Batch>,
    places: Vec<Place>,
    declarations: Vec<usize>,
    bytes: usize,
    /// The bytes at which a chunk is due; if memory is limited, a single declaration may not have more.
    waiting_bytes: usize,
    is_limited: bool,
    rejects: Vec<Reject>,
    /// What could not be read of lines that wait, and the number of lines that were left out since the last chunk.
    unreadable: Vec<Unreadable>,
    lost: u64,
    changes: Changes,
    /// Header fields that have several values within a declaration, with its first line that waits.
    conflicts: Vec<Conflict>,
    /// The value that each header field had last in the declaration that is being read.
    tails: Tails,
    /// The end of the last piece: lines whose declaration is known when the next line is.
    held: Option<Piece>,
    starts: Starts,
}

/// Lines that wait, and the numbers of their texts.
struct Batch {
    lines: RecordBatch,
    coded: CodedColumns,
}

impl Batch {
    fn slice(&self, from: usize, count: usize) -> Self {
        Self { lines: self.lines.slice(from, count), coded: sliced_columns(&self.coded, from, count) }
    }
}

/// Lines without a readable id that follow each other belong to the declaration around them if they are no more.
const UNNAMED_MAX: usize = 64;

/// The declaration whose lines are being read.
struct Open {
    id: String,
    /// Its lines so far, with the rejected ones.
    read: i64,
    /// Its lines so far, without them.
    kept: usize,
}

impl Assembler {
    pub(crate) fn new(
        schema: Arc<Schema>,
        inputs: InputNames,
        batch_lines: usize,
        max_declaration_lines: usize,
        starts: Starts,
    ) -> Self {
        Self {
            arrow: arrow_schema(&schema),
            schema,
            batch_lines: batch_lines.max(1),
            max_declaration_lines: max_declaration_lines.max(1),
            inputs,
            open: None,
            batches: VecDeque::new(),
            places: Vec::new(),
            declarations: Vec::new(),
            bytes: 0,
            waiting_bytes: WAITING_BYTES,
            is_limited: false,
            rejects: Vec::new(),
            unreadable: Vec::new(),
            lost: 0,
            changes: Changes::default(),
            conflicts: Vec::new(),
            tails: Tails::default(),
            held: None,
            starts,
        }
    }

    /// Keeps lines that wait within so many bytes.
    pub(crate) fn limit_memory(&mut self, bytes: usize) {
        self.waiting_bytes = bytes.min(WAITING_BYTES);
        self.is_limited = true;
    }

    /// Takes the lines that follow those taken before.
    pub(crate) fn take(&mut self, piece: Piece) -> Result<(), ReadError> {
        match self.named(piece, false) {
            Some(piece) => self.take_or_leave(piece),
            None => Ok(()),
        }
    }

    /// Takes what was held back, since no line follows.
    pub(crate) fn end(&mut self) -> Result<(), ReadError> {
        match self.held.take().and_then(|held| self.named(held, true)) {
            Some(piece) => self.take_or_leave(piece),
            None => Ok(()),
        }
    }

    /// Takes a piece; one that cannot be taken to its end leaves none of its lines behind.
    fn take_or_leave(&mut self, piece: Piece) -> Result<(), ReadError> {
        let open = self.open.as_ref().map(|open| Open { id: open.id.clone(), ..*open });
        let batches = self.batches.len();
        let (lines, rejects, lost) = (self.places.len(), self.rejects.len(), self.lost);
        let taken = self.take_named(piece);
        if taken.is_err() && self.batches.len() == batches {
            self.open = open;
            self.places.truncate(lines);
            self.declarations.truncate(self.declarations.partition_point(|&start| start < lines));
            self.unreadable.truncate(self.unreadable.partition_point(|of| of.line < lines));
            self.rejects.truncate(rejects);
            self.lost = lost;
        }
        taken
    }

    /// Gives lines without a readable id to the declaration whose lines stand around them. Those at the end of a piece
    /// wait for the next one.
    fn named(&mut self, mut piece: Piece, at_end: bool) -> Option<Piece> {
        if let Some(held) = self.held.take() {
            piece = held.followed_by(piece, self.schema.declaration);
        }
        let unnamed: Vec<usize> = piece.unnamed().collect();
        if unnamed.is_empty() {
            return Some(piece);
        }
        let lines = piece.places.len();
        let field = self.schema.declaration.index();
        let mut ids: Vec<Option<String>> = vec![None; lines];
        for run in unnamed.chunk_by(|a, b| a + 1 == *b).filter(|run| run.len() <= UNNAMED_MAX) {
            let (first, end) = (run[0], run[0] + run.len());
            if end == lines && !at_end {
                if first == 0 && piece.rejects.iter().all(|reject| reject.extent != Extent::Lost) {
                    self.held = Some(piece);
                    return None;
                }
                let (before, held) = piece.split_at(first, self.schema.declaration);
                self.held = Some(held);
                piece = before;
                ids.truncate(first);
                break;
            }
            let all = piece.batch.column(field);
            let above = match first.checked_sub(1) {
                Some(above) => Some(id_at(all, above).into_owned()),
                None => self.open.as_ref().map(|open| open.id.clone()),
            };
            if end < lines && above.as_deref() == Some(&*id_at(all, end)) {
                ids[first..end].fill(above);
            }
        }
        if ids.iter().any(Option::is_some) {
            piece.rename(&ids, self.schema.declaration);
        }
        Some(piece)
    }

    fn take_named(&mut self, piece: Piece) -> Result<(), ReadError> {
        let Piece { batch, places, rejects, bytes, starts, changes, coded } = piece;
        self.changes.add(changes);
        let ids = Arc::clone(batch.column(self.schema.declaration.index()));
        let items = self.schema.item.and_then(|item| {
            let items = batch.column(item.index()).as_primitive_opt::<Int64Type>()?;
            (items.null_count() > 0).then(|| items.clone())
        });
        let mut counted = items.as_ref().map(|items| Int64Builder::with_capacity(items.len()));
        let mut beyond: Option<Vec<bool>> = None;

        let goes_on = (self.open.as_ref().zip(starts.first()))
            .is_some_and(|(open, start)| open.id == id_at(&ids, start.line));
        let mut conflicts =
            self.tails.conflicts(&self.schema, &batch, &starts, goes_on).into_iter().peekable();

        let mut rejects = rejects.into_iter().peekable();
        let mut runs = starts.iter().peekable();
        while let Some(&Start { line: mut first, hash }) = runs.next() {
            let run_end = runs.peek().map_or(places.len(), |next| next.line);
            let id = id_at(&ids, first);
            // A reject within the run may belong to another declaration and end this one.
            while first < run_end {
                while let Some(reject) = rejects.next_if(|reject| reject.before <= first) {
                    self.note(reject)?;
                }
                let end = rejects.peek().map_or(run_end, |reject| reject.before.min(run_end));
                let open = enter(&mut self.open, &mut self.starts, &id, || hash, places[first])?;
                if let (Some(counted), Some(items)) = (&mut counted, &items) {
                    for (line, number) in (first..end).zip(open.read + 1..) {
                        counted.append_value(if items.is_null(line) { number } else { items.value(line) });
                    }
                }
                open.read += (end - first) as i64;
                // One line more stands for all that are beyond the limit.
                let most = self.max_declaration_lines;
                let kept = (end - first).min(most + 1 - open.kept);
                if kept > 0 && open.kept == 0 {
                    self.declarations.push(self.places.len());
                }
                open.kept += kept;
                if let Some(&start) = self.declarations.last() {
                    while let Some((line, field)) = conflicts.next_if(|(line, _)| *line < end) {
                        if self
                            .conflicts
                            .iter()
                            .rev()
                            .take_while(|of| of.start == start)
                            .all(|of| of.field != field)
                        {
                            let reject =
                                conflict(&self.schema, &self.inputs, field, &id, &batch, line, places[line]);
                            self.rejects.push(reject.clone());
                            self.conflicts.push(Conflict { start, field, reject });
                        }
                    }
                }
                let is_full = open.kept > most;
                self.places.extend_from_slice(&places[first..first + kept]);
                let lines = self.places.len();
                self.unreadable.truncate(self.unreadable.partition_point(|of| of.line < lines));
                let reject = |place| beyond_reject(&self.inputs, most, &id, place);
                if is_full && kept > 0 {
                    let reject = reject(places[first + kept - 1]);
                    self.rejects.push(reject.clone());
                    self.unreadable.push(Unreadable { line: lines - 1, field: None, reject });
                }
                for (line, &place) in places.iter().enumerate().take(end).skip(first + kept) {
                    beyond.get_or_insert_with(|| vec![true; batch.num_rows()])[line] = false;
                    self.lost += 1;
                    self.rejects.push(reject(place));
                }
                first = end;
            }
        }
        for reject in rejects {
            self.note(reject)?;
        }

        let batch = with_items(batch, &self.schema, counted);
        let (lines, coded) = match beyond {
            #[expect(clippy::expect_used, reason = "the mask was made for this batch")]
            Some(kept) => (
                filter_record_batch(&batch, &BooleanArray::from(kept))
                    .expect("the mask has the batch's length"),
                CodedColumns::new(),
            ),
            None => (batch, coded),
        };
        if lines.num_rows() > 0 {
            self.batches.push_back(Batch { lines, coded });
            self.bytes += bytes;
        }
        if self.is_limited
            && self.bytes > self.waiting_bytes
            && self.declarations.len() == 1
            && let Some(open) = &self.open
        {
            let (declaration, limit) = (shown(&open.id), self.waiting_bytes);
            return Err(ReadError::Memory { declaration, lines: open.kept, limit });
        }
        Ok(())
    }

    /// The input breaks off: the declaration that was being read may have more lines, and a part of it must not be
    /// taken for the whole. Its lines become rejects.
    pub(crate) fn break_off(&mut self) {
        let (Some(open), Some(&start)) = (&self.open, self.declarations.last()) else { return };
        if open.kept == 0 {
            return;
        }
        let shown_id = shown(&open.id);
        self.declarations.pop();
        let mut kept = start;
        self.batches.retain_mut(|batch| {
            *batch = batch.slice(0, kept.min(batch.lines.num_rows()));
            kept -= batch.lines.num_rows();
            batch.lines.num_rows() > 0
        });
        self.unreadable.truncate(self.unreadable.partition_point(|of| of.line < start));
        self.conflicts.retain(|of| of.start < start);
        self.lost += (self.places.len() - start) as u64;
        self.rejects.extend(self.places.split_off(start).into_iter().map(|place| {
            let reason = "the input breaks off within this declaration, so it is not assessed; mend the input and read \
                          it again";
            let input = self.inputs.get(place.input as usize).cloned().unwrap_or_default();
            Reject::new(input, place.position, Problem::new(RejectKind::CutOff, reason))
                .of(Some(shown_id.clone()))
        }));
        self.open = None;
    }

    /// Notes what could not be read: of the line that comes next, or a whole line. A line that is left out belongs to the
    /// declaration that it names, or else to the one before it.
    fn note(&mut self, reject: PieceReject) -> Result<(), ReadError> {
        let PieceReject { place, extent, declaration, reject, .. } = reject;
        let line = self.places.len();
        match extent {
            Extent::Field(field) => {
                self.unreadable.push(Unreadable { line, field: Some(field), reject: reject.clone() });
            }
            Extent::Line => self.unreadable.push(Unreadable { line, field: None, reject: reject.clone() }),
            Extent::Lost => {
                self.lost += 1;
                match declaration {
                    Some(id) => {
                        enter(&mut self.open, &mut self.starts, &id, || id_hash(&id), place)?.read += 1
                    }
                    None => {
                        if let Some(open) = &mut self.open {
                            open.read += 1;
                        }
                    }
                }
            }
        }
        self.rejects.push(reject);
        Ok(())
    }

    /// The next chunk, if enough lines wait for it: all of their declarations are complete, save at the end.
    pub(crate) fn chunk(&mut self, at_end: bool) -> Option<Parts> {
        let open = !at_end && self.open.as_ref().is_some_and(|open| open.kept > 0);
        let complete = match self.declarations.last() {
            Some(&start) if open => start,
            _ => self.places.len(),
        };
        let due = complete >= self.batch_lines
            || self.rejects.len() >= self.batch_lines
            || (complete > 0 && self.bytes >= self.waiting_bytes)
            || (at_end && complete + self.rejects.len() > 0);
        due.then(|| self.take_lines(self.whole_declarations(complete)))
    }

    /// The most lines that are whole declarations and fit into a batch; at least one declaration, if there is one.
    fn whole_declarations(&self, complete: usize) -> usize {
        if complete <= self.batch_lines {
            return complete;
        }
        let ends = || self.declarations.iter().copied().skip(1).chain([complete]);
        let fitting = ends().take_while(|&end| end <= self.batch_lines).last();
        fitting.or_else(|| ends().next()).unwrap_or(0)
    }

    fn take_lines(&mut self, count: usize) -> Parts {
        let waiting = self.places.len();
        let mut taken = Vec::new();
        let mut missing = count;
        while missing > 0
            && let Some(batch) = self.batches.pop_front()
        {
            let rows = batch.lines.num_rows();
            let part = missing.min(rows);
            if part < rows {
                self.batches.push_front(batch.slice(part, rows - part));
            }
            taken.push(batch.slice(0, part));
            missing -= part;
        }
        self.bytes = if waiting > count { self.bytes / waiting * (waiting - count) } else { 0 };

        let rest = self.places.split_off(count);
        let places = std::mem::replace(&mut self.places, rest);
        let first_rest = self.declarations.partition_point(|&start| start < count);
        let rest = self.declarations[first_rest..].iter().map(|start| start - count).collect();
        let declarations = std::mem::replace(&mut self.declarations, rest);
        let starts = declarations[..first_rest].iter().copied().chain([count]).map(|start| start as u32);
        let mut rest = self.unreadable.split_off(self.unreadable.partition_point(|of| of.line < count));
        rest.iter_mut().for_each(|of| of.line -= count);
        let mut unreadable = std::mem::replace(&mut self.unreadable, rest);
        let open = self.conflicts.partition_point(|of| of.start < count);
        let mut later = self.conflicts.split_off(open);
        later.iter_mut().for_each(|of| of.start -= count);
        let conflicts = std::mem::replace(&mut self.conflicts, later);
        for Conflict { start, field, reject } in &conflicts {
            let end = declarations.iter().copied().find(|next| next > start).unwrap_or(count).min(count);
            let known = |line: usize| {
                let first = unreadable.partition_point(|of| of.line < line);
                let of_line = unreadable[first..].iter().take_while(|of| of.line == line);
                of_line.clone().any(|of| of.field.is_none() || of.field == Some(*field))
            };
            let lines: Vec<usize> = (*start..end).filter(|line| !known(*line)).collect();
            let field = Some(*field);
            unreadable.extend(lines.into_iter().map(|line| Unreadable {
                line,
                field,
                reject: reject.clone(),
            }));
            unreadable.sort_by_key(|of| of.line);
        }
        Parts {
            schema: Arc::clone(&self.schema),
            inputs: Arc::clone(&self.inputs),
            arrow: Arc::clone(&self.arrow),
            batches: taken,
            starts: starts.collect(),
            places,
            rejects: std::mem::take(&mut self.rejects),
            unreadable,
            conflicts: conflicts.into_iter().map(|of| of.field).collect(),
            lost: std::mem::take(&mut self.lost),
            changes: std::mem::take(&mut self.changes),
        }
    }

    /// The starts of all declarations.
    pub(crate) fn starts(&mut self) -> &mut Starts {
        &mut self.starts
    }
}

/// A chunk whose columns are not put together yet: that is copying, which any thread can do.
pub(crate) struct Parts {
    schema: Arc<Schema>,
    inputs: InputNames,
    arrow: SchemaRef,
    batches: Vec<Batch>,
    starts: Vec<u32>,
    places: Vec<Place>,
    rejects: Vec<Reject>,
    unreadable: Vec<Unreadable>,
    lost: u64,
    changes: Changes,
    /// The fields that have several values within a declaration.
    conflicts: Vec<FieldId>,
}

impl Parts {
    /// The number of goods lines.
    pub(crate) fn lines(&self) -> usize {
        self.places.len()
    }

    /// The chunk of these parts.
    pub(crate) fn chunk(self) -> Chunk {
        let Self {
            schema,
            inputs,
            arrow,
            batches,
            starts,
            places,
            rejects,
            mut unreadable,
            lost,
            changes,
            conflicts,
        } = self;
        #[expect(clippy::expect_used, reason = "a chunk has less text than an Arrow column can hold")]
        let Batch { lines: batch, mut coded } = joined(&arrow, batches).expect("all batches have the schema");
        for field in &conflicts {
            coded.get_mut(field.index()).map(Option::take);
        }
        let batch = without_conflicts(batch, conflicts, &unreadable);
        let (batch, without_rate) = convert(&schema, &inputs, batch, &places, &unreadable);
        let mut rejects = rejects;
        if !without_rate.is_empty() {
            rejects.extend(without_rate.iter().map(|of| of.reject.clone()));
            unreadable.extend(without_rate);
            unreadable.sort_by_key(|of| of.line);
        }
        let lines = Lines::new(batch, starts, places, unreadable).coded(coded);
        Chunk { lines, rejects, lines_lost: lost, changes }
    }
}

/// The batches as one. Fields that files lack, most of all, share one column without values.
fn joined(arrow: &SchemaRef, mut batches: Vec<Batch>) -> Result<Batch, ArrowError> {
    if batches.len() == 1
        && let Some(one) = batches.pop()
    {
        return Ok(one);
    }
    let coded: Vec<&CodedColumns> = batches.iter().map(|batch| &batch.coded).collect();
    let coded = joined_columns(&coded);
    let rows: usize = batches.iter().map(|batch| batch.lines.num_rows()).sum();
    let mut absent: HashMap<DataType, ArrayRef> = HashMap::new();
    let columns = (0..arrow.fields().len()).map(|at| {
        let parts: Vec<&dyn Array> = batches.iter().map(|batch| batch.lines.column(at).as_ref()).collect();
        if parts.iter().any(|part| part.null_count() < part.len()) {
            return concat(&parts);
        }
        let of_type = arrow.field(at).data_type();
        let made = absent.entry(of_type.clone()).or_insert_with(|| new_null_array(of_type, rows));
        Ok(Arc::clone(made))
    });
    let columns = columns.collect::<Result<Vec<_>, ArrowError>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    let lines = RecordBatch::try_new_with_options(Arc::clone(arrow), columns, &options)?;
    Ok(Batch { lines, coded })
}

/// The declaration with this id: the open one, or a new one that starts at this place.
fn enter<'a>(
    open: &'a mut Option<Open>,
    starts: &mut Starts,
    id: &str,
    hash: impl FnOnce() -> u64,
    place: Place,
) -> Result<&'a mut Open, ReadError> {
    if open.as_ref().is_none_or(|open| open.id != id) {
        starts.note(hash(), place)?;
        let mut name = open.take().map_or_else(String::new, |open| open.id);
        name.clear();
        name.push_str(id);
        *open = Some(Open { id: name, read: 0, kept: 0 });
    }
    #[expect(clippy::expect_used, reason = "it was opened above if it was not open")]
    Ok(open.as_mut().expect("a declaration is open"))
}

#[cold]
fn beyond_reject(inputs: &InputNames, most: usize, id: &str, place: Place) -> Reject {
    let input = inputs.get(place.input as usize).cloned().unwrap_or_default();
    let reason = format!(
        "the declaration has more than {most} lines, the most that are assessed together; split the declaration"
    );
    Reject::new(input, place.position, Problem::new(RejectKind::TooManyLines, reason)).of(Some(shown(id)))
}

/// The value of the declaration's id as text.
pub(crate) fn id_at(ids: &ArrayRef, line: usize) -> Cow<'_, str> {
    if let Some(ids) = ids.as_string_opt::<i32>() {
        return ids.value(line).into();
    }
    if let Some(ids) = ids.as_primitive_opt::<Int64Type>() {
        return ids.value(line).to_string().into();
    }
    if let Some(ids) = ids.as_primitive_opt::<Float64Type>() {
        return ids.value(line).to_string().into();
    }
    if let Some(ids) = ids.as_primitive_opt::<Date32Type>() {
        return Date::from_days(ids.value(line)).map_or_else(String::new, |day| day.to_string()).into();
    }
    // Of the kinds that a field can have, flags are left.
    ids.as_boolean_opt().map_or_else(String::new, |ids| ids.value(line).to_string()).into()
}

/// The batch with the items' numbers filled in.
fn with_items(batch: RecordBatch, schema: &Schema, counted: Option<Int64Builder>) -> RecordBatch {
    let (Some(item), Some(mut counted)) = (schema.item, counted) else { return batch };
    let (arrow, mut columns, _) = batch.into_parts();
    columns[item.index()] = Arc::new(counted.finish());
    #[expect(clippy::expect_used, reason = "one number was counted for each line of the batch")]
    RecordBatch::try_new(arrow, columns).expect("the column has the batch's length and type")
}

/// Puts pieces together to one chunk, whatever its size; and the declarations in it that are scattered, if `starts`
/// notes them.
pub(crate) fn one_chunk(
    schema: &Arc<Schema>,
    input: &str,
    max_declaration_lines: usize,
    starts: Starts,
    pieces: impl Iterator<Item = Piece>,
) -> Result<(Chunk, Scattered), ArrowError> {
    let names: InputNames = Arc::new(vec![input.to_owned()]);
    let failed = |error: ReadError| ArrowError::ExternalError(error.into());
    let mut all = Assembler::new(Arc::clone(schema), names, usize::MAX, max_declaration_lines, starts);
    for piece in pieces {
        all.take(piece).map_err(failed)?;
        all.bytes = 0;
    }
    all.end().map_err(failed)?;
    let batches: Vec<Batch> = all.batches.drain(..).collect();
    all.batches.push_back(joined(&all.arrow, batches)?);
    let lines = Lines::empty(schema);
    let empty = Chunk { lines, rejects: Vec::new(), lines_lost: 0, changes: Changes::default() };
    Ok((all.chunk(true).map_or(empty, Parts::chunk), all.starts.scattered().map_err(failed)?))
}
