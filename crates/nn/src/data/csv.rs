//! CSV: numbers in columns, and labels and categories in words.
//!
//! ```
//! use cotangent_nn::data::{Loader, csv};
//! let flowers = "\
//! length,width,species
//! 5.1,3.5,setosa
//! 7.0,3.2,versicolor
//! 4.9,3.0,setosa
//! ";
//! let table = csv::Reader::new().label("species").parse(flowers.as_bytes())?;
//! assert_eq!(table.columns, ["length", "width"]);
//! assert_eq!(table.x.shape()[..], [3, 2]);
//! assert_eq!((table.y.to_vec::<i64>(), table.classes.join(" ")), (vec![0, 1, 0], "setosa versicolor".to_owned()));
//! let loader = Loader::new(&table.x, &table.y, 2)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Columns of words beside the labels are [categories](Reader::categories), numbered for an [`Embedding`](crate::Embedding) or
//! `one_hot`.
//!
//! Quoting follows RFC 4180. Spaces around a field do not count. Numbers are Rust's: `1.5`, `-2e3`, `inf`.

use super::{Place, ReadError, ReadErrorKind, ReadResult, read_error::read_file};
use cotangent_tensor::{DType, Tensor};
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    path::Path,
};

const FORMAT: &str = "csv";

/// What stands for a number that is not known, besides nothing at all and Rust's `nan` with any sign; case does not count.
const MISSING: [&str; 4] = ["na", "n/a", "null", "?"];

/// The error of this reader; its place is a line.
pub type Error = ReadError;

/// What becomes of a number that is missing: of a field that is empty, or `NA`, `N/A`, `NaN`, `-NaN`, `null` or `?`, in any
/// case.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Missing {
    /// It is an error.
    #[default]
    Refuse,
    /// It becomes this number, such as NaN, or the mean of the column.
    Fill(f64),
    /// Its row is left out.
    SkipRow,
}

/// How to read: set what differs from the defaults, then [`read`](Self::read) or [`parse`](Self::parse).
#[derive(Clone, Debug)]
#[must_use = "nothing is read before .read or .parse"]
pub struct Reader {
    header: bool,
    delimiter: u8,
    label: Option<String>,
    classes: Option<Vec<String>>,
    categories: Vec<String>,
    category_names: Option<Vec<Vec<String>>>,
    columns: Option<Vec<String>>,
    missing: Missing,
    dtype: DType,
}

impl Default for Reader {
    fn default() -> Self {
        Reader::new()
    }
}

impl Reader {
    /// With a header, commas, no labels, all columns, refusing missing numbers, in f32.
    pub fn new() -> Self {
        Reader {
            header: true,
            delimiter: b',',
            label: None,
            classes: None,
            categories: Vec::new(),
            category_names: None,
            columns: None,
            missing: Missing::Refuse,
            dtype: DType::F32,
        }
    }

    /// Whether the first row has the names of the columns. Without a header they are named `0`, `1`, ..
    pub fn header(self, header: bool) -> Self {
        Reader { header, ..self }
    }

    /// The byte between fields, such as `b';'` or `b'\t'`.
    pub fn delimiter(self, delimiter: u8) -> Self {
        Reader { delimiter, ..self }
    }

    /// The column of the labels. Its distinct fields become classes, in ascending order: of numbers where all are whole numbers, else of
    /// the alphabet.
    ///
    /// Another file, in which a class does not occur, numbers them differently: read it with the [`classes`](Self::classes) of the
    /// first one. Labels that are numbers of classes already, of which some may not occur, stay as they are with `.classes(0..10)`.
    pub fn label(self, column: impl Into<String>) -> Self {
        Reader { label: Some(column.into()), ..self }
    }

    /// The names of the classes, which are numbered in this order; a label that is none of them is refused.
    ///
    /// ```
    /// use cotangent_nn::data::csv;
    /// let reader = csv::Reader::new().label("y");
    /// let train = reader.parse(b"x,y\n1,a\n2,b\n3,c\n")?;
    /// let test = reader.classes(&train.classes).parse(b"x,y\n4,b\n5,c\n")?;
    /// assert_eq!((test.y.to_vec::<i64>(), test.classes), (vec![1, 2], train.classes));
    /// # Ok::<(), csv::Error>(())
    /// ```
    ///
    /// # Panics
    /// When two are the same.
    #[track_caller]
    pub fn classes<S: ToString>(self, names: impl IntoIterator<Item = S>) -> Self {
        let names: Vec<String> = names.into_iter().map(|name| name.to_string()).collect();
        if let Some(twice) = twice(&names) {
            panic!("csv: each class is named once; got {twice:?} twice");
        }
        Reader { classes: Some(names), ..self }
    }

    /// The columns of words, such as cities. The distinct fields of each become its categories, which are numbered as
    /// [classes](Self::label) are.
    ///
    /// ```
    /// use cotangent_nn::data::csv;
    /// let reader = csv::Reader::new().label("left").categories(["city", "plan"]);
    /// let train = reader.parse(b"age,city,plan,left\n31,Rome,basic,no\n52,Bern,full,yes\n40,Bern,basic,no\n")?;
    /// assert_eq!((train.x.shape()[..].to_vec(), train.columns.join(" ")), (vec![3, 1], "age".to_owned()));
    /// assert_eq!(train.categories.to_vec::<i64>(), [1, 0, 0, 1, 0, 0]);
    /// assert_eq!(train.category_names, [["Bern", "Rome"], ["basic", "full"]]);
    ///
    /// // The numbers of another file are those of the first.
    /// let reader = reader.classes(&train.classes).category_names(&train.category_names);
    /// let new = reader.parse(b"age,city,plan,left\n27,Rome,full,no\n")?;
    /// assert_eq!(new.categories.to_vec::<i64>(), [1, 1]);
    /// # Ok::<(), csv::Error>(())
    /// ```
    pub fn categories<S: Into<String>>(self, columns: impl IntoIterator<Item = S>) -> Self {
        Reader { categories: columns.into_iter().map(Into::into).collect(), ..self }
    }

    /// The names of the categories, a list for each column of [`categories`](Self::categories), which are numbered in this order; a field
    /// that is none of them is refused.
    ///
    /// # Panics
    /// When two of a list are the same.
    #[track_caller]
    pub fn category_names(self, names: &[Vec<String>]) -> Self {
        if let Some(twice) = names.iter().find_map(|names| twice(names)) {
            panic!("csv: each category of a column is named once; got {twice:?} twice");
        }
        Reader { category_names: Some(names.to_vec()), ..self }
    }

    /// The columns of numbers, in this order, instead of all but those of the label and of categories.
    pub fn columns<S: Into<String>>(self, columns: impl IntoIterator<Item = S>) -> Self {
        Reader { columns: Some(columns.into_iter().map(Into::into).collect()), ..self }
    }

    /// What becomes of missing numbers; a missing label or category is always refused, unless rows are skipped.
    pub fn missing(self, missing: Missing) -> Self {
        Reader { missing, ..self }
    }

    /// The dtype of the numbers, f32 or f64.
    ///
    /// # Panics
    /// When it is another one.
    #[track_caller]
    pub fn dtype(self, dtype: DType) -> Self {
        let is_read = matches!(dtype, DType::F32 | DType::F64);
        assert!(is_read, "csv: numbers are read as f32 or f64, not {dtype}; cast them afterwards");
        Reader { dtype, ..self }
    }

    /// The table in a file.
    ///
    /// # Errors
    /// As [`parse`](Self::parse), and when the file cannot be read.
    pub fn read(&self, path: impl AsRef<Path>) -> ReadResult<Table> {
        read_file(FORMAT, path.as_ref(), |bytes| self.parse(bytes))
    }

    /// The table in bytes in memory. It takes up to 128 times the bytes while it is made: of a single row with nothing between its
    /// commas, each byte becomes a column with its name, twice, and a number of eight bytes in a list that doubles as it grows.
    ///
    /// # Errors
    /// When a row has another number of fields than the first, a field is not a number, a label, category or number is missing, a label
    /// or category is none of those that were named, text is not UTF-8, or a column that is asked for is not there or there twice.
    pub fn parse(&self, bytes: &[u8]) -> ReadResult<Table> {
        let mut rows = ::csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.delimiter)
            .trim(::csv::Trim::All)
            .from_reader(bytes);
        let mut row = ::csv::ByteRecord::new();
        let mut next = |row: &mut ::csv::ByteRecord| match rows.read_byte_record(row) {
            Ok(true) => Ok(Some(row.position().map_or(0, ::csv::Position::line))),
            Ok(false) => Ok(None),
            // Of bytes in memory, without checks of lengths and of UTF-8, nothing is refused that we know of.
            Err(error) => Err(malformed(error.position().map_or(0, ::csv::Position::line), error.to_string())),
        };
        let Some(first_line) = next(&mut row)? else {
            return Err(malformed(1, "there are no rows"));
        };
        let mut names = Vec::with_capacity(row.len());
        for (i, field) in row.iter().enumerate() {
            names.push(if self.header { text(first_line, field)?.to_owned() } else { i.to_string() });
        }
        let mut gathered = Gathered::new(self, &names, first_line)?;
        let mut line = if self.header { next(&mut row)? } else { Some(first_line) };
        while let Some(at) = line {
            if row.len() != names.len() {
                return Err(malformed(
                    at,
                    format!("the row has {} fields, and the first has {}", row.len(), names.len()),
                ));
            }
            gathered.add(at, &row, &names, self.missing)?;
            line = next(&mut row)?;
        }
        Ok(gathered.table(&names, self.dtype))
    }
}

/// The numbers and labels of a CSV file.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Table {
    /// The numbers, of shape `[rows, columns]`.
    pub x: Tensor,
    /// The class of each row, i64 of shape `[rows]`; zeros where no column of labels was named.
    pub y: Tensor,
    /// The category of each row in each column of categories, i64 of shape `[rows, columns]`.
    pub categories: Tensor,
    /// The names of the columns of `x`.
    pub columns: Vec<String>,
    /// The names of the classes, those that were given or those that occur; empty where no column of labels was named.
    pub classes: Vec<String>,
    /// The names of the categories of each column of categories, those that were given or those that occur.
    pub category_names: Vec<Vec<String>>,
}

/// A name that occurs twice.
fn twice(names: &[String]) -> Option<&String> {
    let mut seen = HashSet::new();
    names.iter().find(|&name| !seen.insert(name))
}

/// What has been read of the rows.
struct Gathered<'a> {
    /// The columns of numbers.
    columns: Vec<usize>,
    numbers: Vec<f64>,
    label: Option<Words<'a>>,
    categories: Vec<Words<'a>>,
    rows: usize,
}

impl<'a> Gathered<'a> {
    fn new(reader: &'a Reader, names: &[String], line: u64) -> ReadResult<Self> {
        // Without a table of the names, which would take more memory than they do.
        let find = |wanted: &String| {
            let mut found = names.iter().enumerate().filter(|(_, name)| *name == wanted).map(|(i, _)| i);
            match (found.next(), found.next()) {
                (Some(i), None) => Ok(i),
                (Some(_), Some(_)) => Err(malformed(line, format!("two columns are named {wanted:?}"))),
                (None, _) => Err(malformed(line, format!("there is no column {wanted:?} among {}", shown(names)))),
            }
        };
        let label = reader.label.as_ref().map(find).transpose()?;
        if label.is_none() && reader.classes.is_some() {
            return Err(malformed(line, "classes were named, and no column of labels; .label(..) names it"));
        }
        let named = reader.category_names.as_deref();
        let counts = (named.map_or(reader.categories.len(), <[_]>::len), reader.categories.len());
        if counts.0 != counts.1 {
            return Err(malformed(line, format!("categories were named for {} columns, of {}", counts.0, counts.1)));
        }
        let mut categories = Vec::new();
        for (i, column) in reader.categories.iter().enumerate() {
            categories.push(Words::new("category", find(column)?, named.map(|named| &named[i][..])));
        }
        let is_words = |i: usize| Some(i) == label || categories.iter().any(|words| words.column == i);
        let columns = match &reader.columns {
            Some(columns) => columns.iter().map(find).collect::<ReadResult<_>>()?,
            None => (0..names.len()).filter(|&i| !is_words(i)).collect(),
        };
        let label = label.map(|column| Words::new("label", column, reader.classes.as_deref()));
        Ok(Gathered { columns, numbers: Vec::new(), label, categories, rows: 0 })
    }

    fn add(&mut self, line: u64, row: &::csv::ByteRecord, names: &[String], missing: Missing) -> ReadResult<()> {
        let mut words = self.label.iter().chain(&self.categories);
        if missing == Missing::SkipRow && words.any(|words| row[words.column].is_empty()) {
            return Ok(());
        }
        let before = self.numbers.len();
        for &i in &self.columns {
            let field = text(line, &row[i])?;
            let is_missing = || field.is_empty() || MISSING.iter().any(|missing| field.eq_ignore_ascii_case(missing));
            let number = match field.parse::<f64>() {
                Ok(number) => Some(number).filter(|number| !number.is_nan()),
                Err(_) if is_missing() => None,
                Err(_) => {
                    let rule = format!(
                        "the field of column {:?} is {field:?}, which is not a number; .categories(..) reads columns of words, \
                         .columns(..) names those of numbers",
                        names[i]
                    );
                    return Err(malformed(line, rule));
                }
            };
            self.numbers.push(match (number, missing) {
                (Some(number), _) => number,
                (None, Missing::Fill(number)) => number,
                (None, Missing::SkipRow) => {
                    self.numbers.truncate(before);
                    return Ok(());
                }
                (None, Missing::Refuse) => {
                    let rule =
                        format!("the number of column {:?} is missing; .missing(..) says what becomes of it", names[i]);
                    return Err(malformed(line, rule));
                }
            });
        }
        for words in self.label.iter_mut().chain(&mut self.categories) {
            let field = text(line, &row[words.column])?;
            words.add(field, &names[words.column]).map_err(|rule| malformed(line, rule))?;
        }
        self.rows += 1;
        Ok(())
    }

    fn table(self, names: &[String], dtype: DType) -> Table {
        let Gathered { columns, numbers, label, categories, rows } = self;
        let shape = [rows, columns.len()];
        let x = match dtype {
            DType::F64 => Tensor::from_vec(numbers, shape),
            _ => Tensor::from_vec(numbers.into_iter().map(|number| number as f32).collect::<Vec<f32>>(), shape),
        };
        let (labels, classes) = label.map_or_else(|| (vec![0; rows], Vec::new()), Words::in_order);
        let (categories, category_names): (Vec<_>, Vec<_>) = categories.into_iter().map(Words::in_order).unzip();
        let by_column = Tensor::from_vec(categories.concat(), [categories.len(), rows]);
        Table {
            x: x.expect("one number for each row and column"),
            y: Tensor::from(labels),
            categories: by_column.expect("one number for each column and row").transpose(0, 1),
            columns: columns.into_iter().map(|i| names[i].clone()).collect(),
            classes,
            category_names,
        }
    }
}

/// The first names, as many as a message can have.
fn shown(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let more = if names.len() > SHOWN { " and others" } else { "" };
    format!("{:?}{more}", &names[..names.len().min(SHOWN)])
}

/// A column of words. They are those that were named, or numbered as they come, and put in order at the end.
struct Words<'a> {
    /// What they are, for a message.
    what: &'static str,
    column: usize,
    named: Option<&'a [String]>,
    known: HashMap<String, i64>,
    /// Of each row.
    numbers: Vec<i64>,
}

impl<'a> Words<'a> {
    fn new(what: &'static str, column: usize, named: Option<&'a [String]>) -> Self {
        let known = named.unwrap_or_default().iter().cloned().zip(0..).collect();
        Words { what, column, named, known, numbers: Vec::new() }
    }

    fn add(&mut self, field: &str, column: &str) -> Result<(), String> {
        let what = self.what;
        if field.is_empty() {
            return Err(format!("the {what} of column {column:?} is missing"));
        }
        let number = match (self.known.get(field), self.named) {
            (Some(&number), _) => number,
            (None, Some(named)) => {
                let known = shown(named);
                return Err(format!("the {what} of column {column:?} is {field:?}, which is none of {known}"));
            }
            (None, None) => {
                let number = self.known.len() as i64;
                self.known.insert(field.to_owned(), number);
                number
            }
        };
        self.numbers.push(number);
        Ok(())
    }

    /// The number of each row, and the names that are numbered.
    fn in_order(self) -> (Vec<i64>, Vec<String>) {
        let Words { named, known, mut numbers, .. } = self;
        let names = if named.is_some() { in_given_order(known) } else { in_order(known) };
        let mut ranks = vec![0; names.len()];
        for (rank, &(_, number)) in names.iter().enumerate() {
            ranks[number as usize] = rank as i64;
        }
        numbers.iter_mut().for_each(|number| *number = ranks[*number as usize]);
        (numbers, names.into_iter().map(|(name, _)| name).collect())
    }
}

fn in_given_order(classes: HashMap<String, i64>) -> Vec<(String, i64)> {
    let mut classes: Vec<(String, i64)> = classes.into_iter().collect();
    classes.sort_unstable_by_key(|&(_, class)| class);
    classes
}

/// The classes in ascending order: as whole numbers, where all are, and no two the same.
fn in_order(classes: HashMap<String, i64>) -> Vec<(String, i64)> {
    let number = |name: &str| name.parse::<i64>().ok();
    let numbers: Option<BTreeSet<i64>> = classes.keys().map(|name| number(name)).collect();
    let by_number = numbers.is_some_and(|numbers| numbers.len() == classes.len());
    let mut classes: Vec<(String, i64)> = classes.into_iter().collect();
    if by_number {
        classes.sort_unstable_by_key(|(name, _)| number(name));
    } else {
        classes.sort_unstable();
    }
    classes
}

fn text(line: u64, field: &[u8]) -> ReadResult<&str> {
    str::from_utf8(field).map_err(|_| malformed(line, "the text is not UTF-8"))
}

fn malformed(line: u64, rule: impl Into<String>) -> ReadError {
    ReadError::new(ReadErrorKind::Malformed, FORMAT, Place::Line(line), rule)
}

#[cfg(test)]
mod tests;
