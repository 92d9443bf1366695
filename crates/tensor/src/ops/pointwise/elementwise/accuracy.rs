//! The error of every elementwise function: f32 against f64 over the whole range, f64 against stored values.
//!
//! Errors are in units in the last place. Where a function is a difference of its own arguments, no code that has only those
//! arguments makes a small result exact: such errors are in units of what is subtracted, which `unit` gives.

use crate::{
    DType, Tensor,
    kernels::math::tests::{F32, F64, ulp_error},
};
use std::collections::{BTreeMap, BTreeSet};

struct Function {
    /// As the module exports it; after a space, a part of its domain or a parameter.
    name: &'static str,
    f: fn(&Tensor, &Tensor) -> Tensor,
    /// The largest error in f32 and in f64, with a tenth to spare over the largest that was found.
    bounds: (f64, f64),
    /// A number whose last place counts instead of that of a smaller result.
    unit: fn(f64, f64) -> f64,
    covers: fn(f64, f64) -> bool,
}

impl Function {
    fn unit(self, unit: fn(f64, f64) -> f64) -> Self {
        Function { unit, ..self }
    }
    fn where_(self, covers: fn(f64, f64) -> bool) -> Self {
        Function { covers, ..self }
    }
    /// The name under which results are stored: with the method's name and without underscores.
    fn stored(&self) -> String {
        self.name.to_lowercase().replace(' ', "-")
    }
}

/// The error of `got`, in units of the result or of a larger number.
fn error(got: f64, want: f64, unit: f64, format: (i32, i32, f64)) -> f64 {
    if unit > want.abs() && unit.is_finite() && got.is_finite() {
        // The last place of `unit`, as `ulp_error` measures a difference from it.
        return ulp_error(unit + (got - want), unit, format).max((got - want).abs() / unit);
    }
    ulp_error(got, want, format)
}

/// Bit patterns of every exponent and sign, which a step that divides no power of two spreads over all digits; and special values.
fn arguments(step: usize, offset: u32) -> Vec<f32> {
    let special =
        [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, -3.0, 6.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, f32::MAX, f32::MIN];
    let subnormal = [1, 0x7f_ffff, 0x80_0000, 0x8000_0001].map(f32::from_bits);
    let patterns = (0..=u32::MAX).step_by(step).map(|bits| f32::from_bits(bits.wrapping_add(offset)));
    // Half of all patterns are below 2^-1 or above 2^1; functions bend in between.
    let bends = (0..20_000u32)
        .map(|i| f32::from_bits(0x3e00_0000 + i.wrapping_mul(2011) % 0x0300_0000) * [1.0, -1.0][i as usize % 2]);
    special.into_iter().chain(subnormal).chain(patterns).chain(bends).collect()
}

/// What f32 is off from f64, at most.
fn worst_f32(function: &Function, x: &[f32], y: &[f32]) -> (f64, String) {
    let [x32, y32] = [x, y].map(Tensor::from);
    let [x64, y64] = [&x32, &y32].map(|x| x.cast(DType::F64));
    let got = (function.f)(&x32, &y32).cast(DType::F64).to_vec::<f64>();
    let want = (function.f)(&x64, &y64).to_vec::<f64>();
    let arguments = x.iter().zip(y).map(|(&x, &y)| (f64::from(x), f64::from(y)));
    worst(function, arguments, got.iter().zip(&want), F32)
}

fn worst<'a>(
    function: &Function,
    arguments: impl Iterator<Item = (f64, f64)>,
    results: impl Iterator<Item = (&'a f64, &'a f64)>,
    format: (i32, i32, f64),
) -> (f64, String) {
    let mut worst = (0.0, String::new());
    for ((x, y), (&got, &want)) in arguments.zip(results) {
        if (function.covers)(x, y) {
            let error = error(got, want, (function.unit)(x, y), format);
            if error > worst.0 {
                worst = (error, format!("at {x:e}, {y:e}: {got:e}, true {want:e}"));
            }
        }
    }
    worst
}

#[test]
fn f32_is_as_exact_as_documented() {
    // Steps that leave a hundred thousand patterns: all of them take minutes, and find no more.
    let (x, y) = (arguments(40_009, 0), arguments(40_009, 0x1234_5678));
    let y: Vec<f32> = y.iter().cycle().skip(y.len() / 3).take(x.len()).copied().collect();
    let mut failures = Vec::new();
    for function in functions() {
        let (error, place) = worst_f32(&function, &x, &y);
        println!("{:<24} f32 {error:.3} of {} {place}", function.name, function.bounds.0);
        if error > function.bounds.0 {
            failures.push(format!("{}: {error} ULP, at most {} {place}", function.name, function.bounds.0));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn f64_agrees_with_stored_values() {
    let mut stored: BTreeMap<String, Vec<Vec<f64>>> = BTreeMap::new();
    for line in include_str!("accuracy/reference.txt").lines() {
        let mut words = line.split(' ');
        let name = words.next().expect("a name").replace('_', "");
        let numbers = words.map(|word| f64::from_bits(u64::from_str_radix(word, 16).expect("the bits of an f64")));
        stored.entry(name).or_default().push(numbers.collect());
    }
    let mut failures = Vec::new();
    for function in functions() {
        let Some(lines) = stored.remove(&function.stored()) else {
            assert!(function.bounds.1 == 0.0, "there are no stored values of {}", function.name);
            continue;
        };
        let column = |i: usize| lines.iter().map(|line| line[i]).collect::<Vec<f64>>();
        let (x, y, want) = (column(0), column(lines[0].len() - 2), column(lines[0].len() - 1));
        let got = (function.f)(&Tensor::from(&x[..]), &Tensor::from(&y[..])).to_vec::<f64>();
        let arguments = x.iter().copied().zip(y.iter().copied());
        // The stored value is itself off by up to half a unit.
        let (error, place) = worst(&function, arguments, got.iter().zip(&want), F64);
        println!("{:<24} f64 {error:.3} of {} {place}", function.name, function.bounds.1);
        if error > function.bounds.1 + 0.5 {
            failures.push(format!("{}: {error} ULP, at most {} {place}", function.name, function.bounds.1));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(stored.is_empty(), "no function has these values: {:?}", stored.keys());
}

fn snake_case(name: &str) -> String {
    let words = name
        .char_indices()
        .map(|(i, c)| format!("{}{}", if i > 0 && c.is_uppercase() { "_" } else { "" }, c.to_lowercase()));
    words.collect()
}

/// The table in the documentation says what is asserted here.
#[test]
fn documented_errors_are_those_of_the_table() {
    let documented = include_str!("../../operations.md");
    for function in functions() {
        let (name, part) = function.name.split_once(' ').unwrap_or((function.name, "0"));
        // Parts of a domain and derivatives are not listed; nor is what is rounded once.
        if part == "0" && function.bounds.0.max(function.bounds.1) > 0.51 {
            let row = format!("| `{}` | {:?} | {:?} |", snake_case(name), function.bounds.0, function.bounds.1);
            assert!(documented.contains(&row), "operations.md lacks {row}");
        }
    }
}

/// The macros that declare functions put the sentence there by themselves; the other methods must have it written down.
#[test]
fn every_method_says_how_exact_it_is() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/ops/pointwise");
    let rooms = std::fs::read_dir(folder).expect("the folder of the rooms");
    let rooms: Vec<_> = rooms.map(|room| room.expect("a readable folder").path()).collect();
    let sources: String =
        rooms.iter().filter(|room| room.is_file()).map(|room| std::fs::read_to_string(room).expect("a file")).collect();
    let silent: Vec<String> = functions()
        .iter()
        .map(|function| snake_case(function.name.split(' ').next().expect("a name")))
        .filter(|name| !sources.contains(&format!("accuracy!({name})")) && !sources.contains(&format!(", {name}:")))
        .collect();
    assert!(silent.is_empty(), "the documentation of {silent:?} has no bound");
}

/// What the rooms of elementwise functions export that is no function.
const NO_FUNCTIONS: [&str; 1] = ["Where"];

#[test]
fn every_elementwise_function_is_measured() {
    let measured: BTreeSet<&str> =
        functions().iter().map(|function| function.name.split(' ').next().expect("a name")).collect();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/ops/pointwise");
    let rooms = std::fs::read_dir(folder).expect("the folder of the rooms");
    let mut missing = Vec::new();
    let exports = include_str!("../mod.rs");
    let mut found = 0;
    for room in rooms {
        let path = room.expect("a readable folder").path();
        let Some(room) = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".rs")) else { continue };
        let source = std::fs::read_to_string(&path).expect("a readable file");
        if room == "elementwise" || !(source.contains(" Elementwise for ") || source.contains("functions! {")) {
            continue;
        }
        let exported = exports
            .split(';')
            .filter_map(|item| item.trim_start().strip_prefix("pub use ")?.strip_prefix(room)?.strip_prefix("::"));
        for name in
            exported.flat_map(|names| names.split(|c: char| !c.is_alphanumeric())).filter(|name| !name.is_empty())
        {
            found += 1;
            if !measured.contains(name) && !NO_FUNCTIONS.contains(&name) {
                missing.push(name);
            }
        }
    }
    assert!(found > 70, "the exports of the rooms are read: {found}");
    assert!(missing.is_empty(), "the table of errors lacks {missing:?}");
}

mod table;
use table::functions;
