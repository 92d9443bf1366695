//! The operations of a recording as the rows of a table: one for each part of the model that has parameters, and one for each operation
//! between parts.

use cotangent_autograd::watch::{Operation, Origin, Recording};
use std::collections::{BTreeMap, BTreeSet};

/// Operations that are shown together, in the order in which they ran.
pub(super) struct Row {
    /// The part of the model; none for an operation without parameters.
    pub(super) path: Option<String>,
    pub(super) operations: Vec<usize>,
    /// The numbers of what it gave in the end.
    pub(super) outputs: Vec<usize>,
    /// The names of operations without parameters that lie within the part.
    pub(super) within: BTreeSet<&'static str>,
}

impl Row {
    /// The name of each operation that computes something, and how often it ran; of those that only move numbers, if there are no others.
    pub(super) fn names(&self, recording: &Recording) -> Vec<(&'static str, usize)> {
        let operations = || self.operations.iter().map(|&number| &recording.operations()[number]);
        let computes = operations().any(|operation| operation.flops() > 0);
        let mut names: Vec<(&'static str, usize)> = Vec::new();
        for operation in operations().filter(|operation| !computes || operation.flops() > 0) {
            match names.iter_mut().find(|(name, _)| *name == operation.name()) {
                Some((_, count)) => *count += 1,
                None => names.push((operation.name(), 1)),
            }
        }
        names
    }
}

/// The rows, in the order in which they first ran.
///
/// An operation without parameters lies within a part if it ran between two operations of it and none of another part; so the steps of a
/// recurrent network are in its row. Others have rows of their own, one for all that ran after the same part under the same name. Those that
/// only move numbers have none, except at the end of a part, where they join its steps or undo what it did to the axes.
pub(super) fn rows(recording: &Recording) -> Vec<Row> {
    let mut rows = Rows {
        recording,
        rows: Vec::new(),
        row_of: vec![None; recording.operations().len()],
        parts: BTreeMap::new(),
        loose: BTreeMap::new(),
        current: None,
    };
    let (mut waiting, mut turned) = (Vec::new(), Vec::new());
    for (number, operation) in recording.operations().iter().enumerate() {
        let Some(path) = operation.path() else {
            waiting.push(number);
            continue;
        };
        // What only turns a parameter round says nothing of when its part runs.
        if operation.flops() == 0 && operation.outputs().iter().all(|&y| recording.values()[y].part().is_some()) {
            turned.push((path, number));
            continue;
        }
        let before = std::mem::take(&mut waiting);
        match rows.current.filter(|current| rows.parts.get(path) == Some(current)) {
            Some(part) => rows.add_within(part, &before),
            None => rows.add_after(&before),
        }
        let part = rows.part(path);
        rows.current = Some(part);
        rows.add(part, number);
    }
    rows.add_after(&waiting);
    for (path, number) in turned {
        let part = rows.part(path);
        rows.add(part, number);
    }
    rows.with_outputs()
}

struct Rows<'a> {
    recording: &'a Recording,
    rows: Vec<Row>,
    /// The row of each operation that has one.
    row_of: Vec<Option<usize>>,
    parts: BTreeMap<String, usize>,
    /// Rows of operations without parameters, by the part before them, their name, and how many of that name came between.
    loose: BTreeMap<(Option<usize>, &'static str, usize), usize>,
    /// The part that ran last.
    current: Option<usize>,
}

impl<'a> Rows<'a> {
    fn operation(&self, number: usize) -> &'a Operation {
        &self.recording.operations()[number]
    }

    fn part(&mut self, path: &str) -> usize {
        if let Some(&row) = self.parts.get(path) {
            return row;
        }
        let row = self.new_row(Some(path.to_owned()));
        self.parts.insert(path.to_owned(), row);
        row
    }

    fn new_row(&mut self, path: Option<String>) -> usize {
        self.rows.push(Row { path, operations: Vec::new(), outputs: Vec::new(), within: BTreeSet::new() });
        self.rows.len() - 1
    }

    fn add(&mut self, row: usize, number: usize) {
        self.rows[row].operations.push(number);
        self.row_of[number] = Some(row);
    }

    fn add_within(&mut self, part: usize, numbers: &[usize]) {
        for &number in numbers {
            let operation = self.operation(number);
            if operation.flops() > 0 {
                self.rows[part].within.insert(operation.name());
            }
            self.add(part, number);
        }
    }

    /// Adds what ran after the current part and before another.
    fn add_after(&mut self, numbers: &[usize]) {
        let mut numbers = numbers;
        if let Some(part) = self.current {
            let mut end = 0;
            // The last step of a loop is followed by no other, and then its steps may be joined.
            for (i, &number) in numbers.iter().enumerate() {
                let operation = self.operation(number);
                let is_step = self.rows[part].within.contains(operation.name());
                if is_step
                    || self.joins(part, &numbers[..i], operation)
                    || (i == 0 && self.gives_back_axes(part, operation))
                {
                    end = i + 1;
                } else if operation.flops() > 0 {
                    break;
                }
            }
            let (own, after) = numbers.split_at(end);
            own.iter().for_each(|&number| self.add(part, number));
            numbers = after;
        }
        let mut seen: BTreeMap<&'static str, usize> = BTreeMap::new();
        for &number in numbers {
            let operation = self.operation(number);
            if operation.flops() == 0 {
                continue;
            }
            let earlier = seen.entry(operation.name()).or_default();
            let key = (self.current, operation.name(), *earlier);
            *earlier += 1;
            let row = match self.loose.get(&key) {
                Some(&row) => row,
                None => {
                    let row = self.new_row(None);
                    self.loose.insert(key, row);
                    row
                }
            };
            self.add(row, number);
        }
    }

    /// Whether an operation puts together what a part gave, some of it perhaps in the operations `before`.
    fn joins(&self, part: usize, before: &[usize], operation: &Operation) -> bool {
        let of_part = |&input: &usize| {
            let mut value = input;
            while let Origin::Operation(number) = self.recording.values()[value].origin() {
                let source = self.operation(*number);
                match source.inputs() {
                    _ if self.row_of[*number] == Some(part) => return true,
                    &[moved] if source.flops() == 0 => value = moved,
                    _ => return before.contains(number) && self.rows[part].within.contains(source.name()),
                }
            }
            false
        };
        operation.flops() == 0 && operation.inputs().len() > 1 && operation.inputs().iter().all(of_part)
    }

    /// Whether an operation ends what a part does: a product of many axes is one of their rows all in one, which then get their axes
    /// back.
    fn gives_back_axes(&self, part: usize, operation: &Operation) -> bool {
        let ([input], [output]) = (operation.inputs(), operation.outputs()) else { return false };
        let last = self.rows[part].operations.last().map(|&last| self.operation(last));
        let (before, after) = (self.recording.values()[*input].spec(), self.recording.values()[*output].spec());
        operation.flops() == 0
            && last.is_some_and(|last| last.outputs() == [*input])
            && after.rank() > before.rank()
            && after.shape().last() == before.shape().last()
    }

    /// The rows, each with what the last of its operations gave that something else took, and that was not computed of parameters alone.
    fn with_outputs(mut self) -> Vec<Row> {
        let values = self.recording.values();
        let mut is_given = vec![false; values.len()];
        for (number, operation) in self.recording.operations().iter().enumerate() {
            for &input in operation.inputs() {
                if let Origin::Operation(source) = values[input].origin() {
                    is_given[input] |= self.row_of[*source] != self.row_of[number];
                }
            }
        }
        self.recording.results().iter().for_each(|&result| is_given[result] = true);
        for row in 0..self.rows.len() {
            let operations = || self.rows[row].operations.iter().rev().map(|&number| self.operation(number));
            let given = |operation: &Operation, of_data: bool| {
                let outputs = operation.outputs().iter().copied();
                let fits = |&y: &usize| is_given[y] && (!of_data || values[y].part().is_none());
                Some(outputs.filter(fits).collect::<Vec<_>>()).filter(|outputs| !outputs.is_empty())
            };
            let outputs = operations().find_map(|operation| given(operation, true));
            let outputs = outputs.or_else(|| operations().find_map(|operation| given(operation, false)));
            self.rows[row].outputs = outputs.unwrap_or_default();
        }
        self.rows
    }
}
