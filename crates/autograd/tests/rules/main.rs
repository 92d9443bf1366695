//! Every built-in rule held to every law of the battery: each operation that `ops` exports stands in a table with samples, and each
//! sample keeps all of `check::Law`.
//!
//! `cargo test -p cotangent-autograd --test rules -- --nocapture` tells which samples take longest;
//! `COTANGENT_CHECK_SEEDS=100 cargo test -p cotangent-autograd --test rules` draws a hundred times as many inputs.

mod compositions;
mod elementwise;
mod functions;
mod halves;
mod indexed;
mod linalg;
mod losses;
mod moved;
mod networks;
mod ordered;
mod reduced;
mod shapes;
mod table;
mod windows;

use cotangent_autograd::check::{self, Law, LawReport};
use cotangent_tensor::{
    DType, Derivative, Primitive,
    ops::{
        All, Any, ArgMax, ArgMin, ArgSort, Bitwise, Ceil, Compare, Comparison, Connective, DivFloor, DivTrunc, Floor,
        Heaviside, OneHot, Round, RoundDecimals, SearchSorted, Sign, StopGradient, Trunc,
    },
};
use std::{
    cmp::Reverse,
    collections::BTreeSet,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};
use table::{Sample, names_of_operations_in, table};

// One line for each name, so that two that are added do not meet.

/// What `ops` exports that is no operation.
#[rustfmt::skip]
const NOT_OPERATIONS: &[&str] = &[
    "Attention",
    "Comparison",
    "Connective",
    "Cut",
    "Elementwise",
    "Ellipsis",
    "Grid",
    "GridPadding",
    "GridSample",
    "Interpolate",
    "Interpolation",
    "Item",
    "Kept",
    "MatrixNorm",
    "NewAxis",
    "NewShape",
    "Operand",
    "PadMode",
    "QuantileMethod",
    "Quantiles",
    "Repeats",
    "Rotary",
    "ScatterReduce",
    "Span",
    "Special",
    "Subscript",
    "SummedAxes",
    "ToNumber",
    "Triangular",
];
/// Fused derivatives, which operations of the table run: their own derivatives are checked one order higher.
#[rustfmt::skip]
const OF_DERIVATIVES: &[&str] = &[
    "CrossEntropyGrad",
    "CtcLossGrad",
    "ElementwiseGrad",
    "LogSoftmaxGrad",
    "SoftmaxGrad",
];

/// Operations that say that their derivative is zero.
fn constant_operations() -> Vec<(&'static str, Box<dyn Primitive>)> {
    vec![
        ("All", Box::new(All::new(.., false))),
        ("Any", Box::new(Any::new(.., false))),
        ("ArgMax", Box::new(ArgMax::new(0, false))),
        ("ArgMin", Box::new(ArgMin::new(0, false))),
        ("ArgSort", Box::new(ArgSort::new(0, false))),
        ("Bitwise", Box::new(Bitwise(Connective::And))),
        ("Ceil", Box::new(Ceil)),
        ("Compare", Box::new(Compare(Comparison::Lt))),
        ("DivFloor", Box::new(DivFloor)),
        ("DivTrunc", Box::new(DivTrunc)),
        ("Floor", Box::new(Floor)),
        ("Heaviside", Box::new(Heaviside)),
        ("OneHot", Box::new(OneHot::new(3, DType::F64))),
        ("Round", Box::new(Round)),
        ("RoundDecimals", Box::new(RoundDecimals(2))),
        ("SearchSorted", Box::new(SearchSorted::new(false))),
        ("Sign", Box::new(Sign)),
        ("StopGradient", Box::new(StopGradient)),
        ("Trunc", Box::new(Trunc)),
    ]
}

/// The names in the `pub use` lines of the families of operations.
fn exported() -> BTreeSet<String> {
    macro_rules! families {
        ($($family:literal)*) => { [$(include_str!(concat!("../../../tensor/src/ops/", $family, "/mod.rs"))),*] };
    }
    let families = families!("indexing" "linear" "network" "ordering" "pointwise" "reduction" "shaping");
    let of_all = include_str!("../../../tensor/src/ops/mod.rs");
    assert_eq!(of_all.matches("::*;").count(), families.len(), "every family is read");
    let items = families.iter().chain([&of_all]).flat_map(|source| source.split(';'));
    let uses = items.filter_map(|item| item.trim_start().strip_prefix("pub use "));
    let names = uses.flat_map(|item| item.split(|c: char| !c.is_alphanumeric()).map(str::to_owned));
    // Modules are in lower case.
    names.filter(|name| name.starts_with(char::is_uppercase)).collect()
}

#[test]
fn every_operation_is_in_the_table() {
    let in_table: BTreeSet<String> = table().iter().map(|sample| sample.operation.to_owned()).collect();
    let constant: Vec<&str> = constant_operations().iter().map(|(name, _)| *name).collect();
    let known: BTreeSet<String> =
        NOT_OPERATIONS.iter().chain(OF_DERIVATIVES).chain(&constant).map(|&name| name.to_owned()).collect();
    let exported = exported();
    assert!(exported.len() > 50, "the exports of ops are read: {exported:?}");
    let missing: Vec<&String> =
        exported.iter().filter(|name| !in_table.contains(*name) && !known.contains(*name)).collect();
    assert!(missing.is_empty(), "ops exports operations without a sample in this table: {missing:?}");
    let unknown: Vec<&String> = in_table.union(&known).filter(|name| !exported.contains(*name)).collect();
    assert!(unknown.is_empty(), "ops does not export {unknown:?}");
}

#[test]
fn every_sample_runs_its_operation() {
    for sample in table() {
        let names = names_of_operations_in(&sample);
        let wanted = sample.operation.to_lowercase();
        let found = names.iter().any(|name| name.replace('_', "") == wanted);
        assert!(found, "{}, {}: ran {names:?}", sample.operation, sample.form);
    }
}

#[test]
fn constant_operations_say_so() {
    for (name, operation) in constant_operations() {
        assert!(matches!(operation.derivative(), Derivative::Zero), "{name}");
    }
}

#[test]
fn every_sample_keeps_every_law() {
    let batteries: Vec<check::Operation> = table().into_iter().map(Sample::battery).collect();
    let next = AtomicUsize::new(0);
    let reports = Mutex::new(Vec::new());
    let work = || {
        while let Some(battery) = batteries.get(next.fetch_add(1, Relaxed)) {
            let report = battery.run();
            reports.lock().unwrap().push(report);
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));

    let mut reports = reports.into_inner().unwrap();
    assert_eq!(reports.len(), batteries.len(), "a thread has panicked");
    reports.sort_by_key(|report| Reverse(report.elapsed()));
    let total: Duration = reports.iter().map(LawReport::elapsed).sum();
    println!("{} samples in {total:.1?}, {:.1?} each; the slowest:", reports.len(), total / reports.len() as u32);
    reports.iter().take(10).for_each(|report| println!("  {report}"));
    let broken: Vec<String> = reports.iter().filter(|report| !report.is_pass()).map(ToString::to_string).collect();
    assert!(broken.is_empty(), "{} of {} samples break laws:\n{}", broken.len(), reports.len(), broken.join("\n"));
    // A law that nothing was compared for would hold for the wrong reason.
    let idle: Vec<Law> =
        Law::ALL.into_iter().filter(|law| reports.iter().all(|report| report.compared(*law) == 0)).collect();
    match std::env::var("COTANGENT_CHECK_ONLY") {
        Err(_) => assert!(idle.is_empty(), "no sample says anything of {idle:?}"),
        Ok(only) => assert!(idle.len() < Law::ALL.len(), "no sample of the table is {only}"),
    }
}
