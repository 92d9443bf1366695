//! The tape: reverse mode as a list of what was done, walked backwards.
//!
//! While a transform runs, each operation on a tensor that it traces becomes a record: the operation, where its inputs came from,
//! and what its rule asked to keep. The sweep then takes the records last to first and asks each rule for the cotangents of its
//! inputs. Accumulation, skipping what needs no cotangent and freeing what was kept happen here and nowhere else, and nothing here
//! names an operation.

mod sweep;

pub(crate) use sweep::{Listener, Recording, Step};

use cotangent_tensor::{
    Cotangent, Cotangents, Derivative, Few, Level, Primitive, Result, Saved, Spec, SpecRef, Tensor, Tracer, Vjp,
    try_apply, try_decompose,
};
use std::{
    any::Any,
    cell::Cell,
    ptr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};
use sweep::check_cotangents;

/// The number of a value on its tape; `u32::MAX` stands for a constant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ValueId(u32);

impl ValueId {
    pub(crate) const CONSTANT: ValueId = ValueId(u32::MAX);

    /// Whether this is not a constant.
    #[inline]
    fn is_value(self) -> bool {
        self != ValueId::CONSTANT
    }

    #[inline]
    fn index(self) -> Option<usize> {
        self.is_value().then_some(self.0 as usize)
    }
}

/// One operation that was done.
struct Record {
    primitive: Box<dyn Primitive>,
    inputs: Few<ValueId>,
    outputs: Few<ValueId>,
    saved: Saved,
}

/// What a tape holds. Values are numbered in the order in which they came to be.
#[derive(Default)]
struct Contents {
    records: Vec<Record>,
    values: Values,
}

/// The spec of each value, to hold rules to. Values of one spec mostly follow each other, so that a run of them has it once.
#[derive(Default)]
struct Values {
    run_of: Vec<u32>,
    runs: Vec<Spec>,
}

impl Values {
    #[inline]
    fn add(&mut self, spec: SpecRef<'_>) -> ValueId {
        if self.runs.last().is_none_or(|last| last.as_ref() != spec) {
            self.runs.push(spec.to_owned());
        }
        let id = u32::try_from(self.run_of.len()).ok().filter(|&id| id != u32::MAX);
        self.run_of.push(self.runs.len() as u32 - 1);
        ValueId(id.expect("a tape holds fewer than 2^32 - 1 values"))
    }

    fn len(&self) -> usize {
        self.run_of.len()
    }

    /// The spec of a value; a constant has none.
    #[inline]
    fn spec(&self, id: ValueId) -> Option<SpecRef<'_>> {
        Some(self.runs[self.run_of[id.index()?] as usize].as_ref())
    }

    fn clear(&mut self) {
        self.run_of.clear();
        self.runs.clear();
    }
}

thread_local! {
    /// The emptied lists of the last tape: a training step then records into memory that is mapped already.
    static SPARE: Cell<Option<Contents>> = const { Cell::new(None) };
}

/// Records that a thread keeps room for between tapes: some 10 MiB, enough for any model but not for a simulation.
const SPARE_RECORDS: usize = 64 * 1024;

struct Shared {
    level: Level,
    /// Whether the transform still runs; written under the lock of the contents.
    open: AtomicBool,
    contents: Mutex<Contents>,
}

impl Shared {
    fn contents(&self) -> MutexGuard<'_, Contents> {
        // A panic while the lock is held leaves at worst a value without a record, which is a constant.
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A tape that is being recorded.
pub(crate) struct Tape(Arc<Shared>);

/// A tensor that a tape traces.
struct Traced {
    tape: Arc<Shared>,
    id: ValueId,
    primal: Tensor,
}

impl Tape {
    pub(crate) fn new() -> Self {
        let contents = Mutex::new(SPARE.try_with(Cell::take).ok().flatten().unwrap_or_default());
        Tape(Arc::new(Shared { level: Level::fresh(), open: AtomicBool::new(true), contents }))
    }

    /// The tensor as a variable of this tape.
    pub(crate) fn watch(&self, x: &Tensor) -> (Tensor, ValueId) {
        let id = self.0.contents().values.add(x.spec());
        (Tensor::traced_by(Traced { tape: self.0.clone(), id, primal: x.without_ended_tracers().clone() }), id)
    }

    /// The value one level down, and its number, or `None` if it does not depend on what is watched.
    pub(crate) fn lower(&self, x: &Tensor) -> (Tensor, Option<ValueId>) {
        match self.0.of(x) {
            Some(traced) => (traced.primal.clone(), Some(traced.id)),
            None => (x.clone(), None),
        }
    }

    /// Ends recording: what was traced are constants from here on.
    pub(crate) fn close(self) -> Recording {
        self.0.close()
    }
}

impl Drop for Tape {
    /// A panic ends recording too, so that a tensor that outlives it keeps nothing alive.
    fn drop(&mut self) {
        drop(self.0.close());
    }
}

impl Shared {
    fn close(&self) -> Recording {
        let mut contents = self.contents();
        self.open.store(false, Relaxed);
        Recording(std::mem::take(&mut contents))
    }

    fn of<'a>(&self, x: &'a Tensor) -> Option<&'a Traced> {
        let traced: &Traced = (x.tracer()? as &dyn Any).downcast_ref()?;
        ptr::eq(&*traced.tape, self).then_some(traced)
    }
}

impl Tracer for Traced {
    fn level(&self) -> Level {
        self.tape.level
    }

    fn primal(&self) -> &Tensor {
        &self.primal
    }

    fn is_open(&self) -> bool {
        self.tape.open.load(Relaxed)
    }

    fn apply(&self, primitive: &dyn Primitive, inputs: &[&Tensor]) -> Result<Few<Tensor>> {
        let rule = match primitive.derivative() {
            Derivative::Vjp(rule) => Some(rule),
            Derivative::Decomposition(parts) => return try_decompose(primitive, parts, inputs),
            Derivative::Zero => None,
        };
        // The usual counts of inputs need no list.
        match *inputs {
            [x] => {
                let (x, id) = self.below(x);
                self.tape.run(primitive, rule, &[x], &[id], &[id.is_value()])
            }
            [x, y] => {
                let ((x, x_id), (y, y_id)) = (self.below(x), self.below(y));
                self.tape.run(primitive, rule, &[x, y], &[x_id, y_id], &[x_id.is_value(), y_id.is_value()])
            }
            _ => {
                let (primals, ids): (Few<&Tensor>, Few<ValueId>) = inputs.iter().map(|x| self.below(x)).unzip();
                let needs: Few<bool> = ids.iter().map(|id| id.is_value()).collect();
                self.tape.run(primitive, rule, &primals, &ids, &needs)
            }
        }
    }
}

impl Traced {
    /// The value of an input one level down, and its number, if this tape traces it.
    #[inline]
    fn below<'a>(&'a self, x: &'a Tensor) -> (&'a Tensor, ValueId) {
        // Mostly it is this one, which needs no look at its type.
        let traced = match x.tracer() {
            Some(tracer) if ptr::addr_eq(tracer, self) => Some(self),
            _ => self.tape.of(x),
        };
        match traced {
            Some(traced) => (&traced.primal, traced.id),
            None => (x, ValueId::CONSTANT),
        }
    }
}

impl Shared {
    /// Runs an operation one level down, and records it if it has a rule. Inlined, so that each usual count of inputs is compiled by
    /// itself, and what is handed on stays in registers.
    #[inline(always)]
    fn run(
        self: &Arc<Self>,
        primitive: &dyn Primitive,
        rule: Option<&dyn Vjp>,
        primals: &[&Tensor],
        ids: &[ValueId],
        needs: &[bool],
    ) -> Result<Few<Tensor>> {
        let outputs = try_apply(primitive, primals);
        match (rule, &outputs) {
            (Some(rule), Ok(results)) => {
                let saved = Saved::new(rule.keep(needs), primals, results);
                self.record(primitive, ids, outputs, saved)
            }
            _ => outputs,
        }
    }

    /// Appends a record, and gives its outputs as they are traced. They come as `try_apply` gave them, so that they are moved once, and last.
    #[inline]
    fn record(
        self: &Arc<Self>,
        primitive: &dyn Primitive,
        inputs: &[ValueId],
        outputs: Result<Few<Tensor>>,
        saved: Saved,
    ) -> Result<Few<Tensor>> {
        let (primitive, inputs) = (primitive.boxed(), inputs.iter().copied().collect());
        let mut contents = self.contents();
        if !self.open.load(Relaxed) {
            // Another thread has ended the transform in the meantime.
            return outputs;
        }
        let mut trace = |primal: Tensor| {
            if !primal.dtype().is_float() {
                return (primal, ValueId::CONSTANT);
            }
            let id = contents.values.add(primal.spec());
            (Tensor::traced_by(Traced { tape: self.clone(), id, primal }), id)
        };
        match outputs?.try_into_single() {
            Ok(output) => {
                let (output, id) = trace(output);
                contents.records.push(Record { primitive, inputs, outputs: id.into(), saved });
                Ok(output.into())
            }
            Err(several) => {
                let (traced, outputs) = several.into_iter().map(trace).unzip();
                contents.records.push(Record { primitive, inputs, outputs, saved });
                Ok(traced)
            }
        }
    }
}

/// The linear map that a vjp transposes, applied to tangents: forward mode for a rule without a `jvp`.
///
/// J v is the gradient of w -> Σ <vjp_i(w), v_i>, which does not depend on where w is, because a vjp is linear in it.
pub(crate) fn transposed_vjp(
    primitive: &dyn Primitive,
    primals: &[&Tensor],
    tangents: &[Option<&Tensor>],
    outputs: &[Tensor],
) -> Few<Option<Tensor>> {
    let Derivative::Vjp(rule) = primitive.derivative() else { unreachable!("the caller has a rule") };
    let needs: Few<bool> = tangents.iter().map(Option::is_some).collect();
    let saved = Saved::new(rule.keep(&needs), primals, outputs);
    let tape = Tape::new();
    let watched: Few<Option<(Tensor, ValueId)>> =
        outputs.iter().map(|y| y.dtype().is_float().then(|| tape.watch(&y.zeros_like()))).collect();
    let cotangents = watched.iter().zip(outputs).map(|(watched, y)| match watched {
        Some((w, _)) => Cotangent::Given(w.clone()),
        None => Cotangent::Zero(Box::new(y.spec().to_owned())),
    });
    let x_bars = rule.vjp(&saved, Cotangents::new(cotangents.collect()), &needs);
    check_cotangents(primitive, &x_bars, primals.len(), |i| tangents[i].map(|_| primals[i].spec()));
    let seeds: Vec<(ValueId, Tensor)> = x_bars
        .iter()
        .zip(tangents)
        .filter_map(|(x_bar, tangent)| Some((tape.lower(x_bar.as_ref()?).1?, (*tangent)?.clone())))
        .collect();
    let wanted: Vec<ValueId> =
        watched.iter().map(|watched| watched.as_ref().map_or(ValueId::CONSTANT, |&(_, id)| id)).collect();
    drop((x_bars, watched));
    tape.close().sweep_once(seeds, &wanted).into_iter().collect()
}
