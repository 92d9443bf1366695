//! The tape: reverse mode as a list of what was done, walked backwards.
//!
//! While a transform runs, each operation on a tensor that it traces becomes a record: the operation, where its inputs came from,
//! and what its rule asked to keep. The sweep then takes the records last to first and asks each rule for the cotangents of its
//! inputs. Accumulation, skipping what needs no cotangent and freeing what was kept happen here and nowhere else, and nothing here
//! names an operation.

use cotangent_tensor::{
    Cotangent, Cotangents, DType, Derivative, Few, Level, Primitive, Result, Saved, Spec, SpecRef, Tensor, Tracer,
    try_apply, try_decompose,
};
use std::{
    any::Any,
    borrow::Borrow,
    cell::Cell,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

/// The number of a value on its tape; `u32::MAX` stands for a constant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ValueId(u32);

impl ValueId {
    pub(crate) const CONSTANT: ValueId = ValueId(u32::MAX);

    fn index(self) -> Option<usize> {
        (self != ValueId::CONSTANT).then_some(self.0 as usize)
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
struct Contents {
    records: Vec<Record>,
    /// The spec of each value, to hold rules to.
    specs: Vec<Spec>,
}

impl Contents {
    fn add_value(&mut self, spec: Spec) -> ValueId {
        let id = u32::try_from(self.specs.len()).ok().filter(|&id| id != u32::MAX);
        self.specs.push(spec);
        ValueId(id.expect("a tape holds fewer than 2^32 - 1 values"))
    }
}

thread_local! {
    /// The emptied lists of the last tape: a training step then records into memory that is mapped already.
    static SPARE: Cell<(Vec<Record>, Vec<Spec>)> = const { Cell::new((Vec::new(), Vec::new())) };
}

/// Records that a thread keeps room for between tapes: some 16 MiB, enough for any model but not for a simulation.
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
        let (records, specs) = SPARE.try_with(Cell::take).unwrap_or_default();
        let contents = Mutex::new(Contents { records, specs });
        Tape(Arc::new(Shared { level: Level::fresh(), open: AtomicBool::new(true), contents }))
    }

    /// The tensor as a variable of this tape.
    pub(crate) fn watch(&self, x: &Tensor) -> (Tensor, ValueId) {
        let id = self.0.contents().add_value(SpecRef::to_owned(x.spec()));
        (Tensor::from_tracer(Arc::new(Traced { tape: self.0.clone(), id, primal: x.clone() })), id)
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
        Recording { records: std::mem::take(&mut contents.records), specs: std::mem::take(&mut contents.specs) }
    }

    fn of<'a>(&self, x: &'a Tensor) -> Option<&'a Traced> {
        let tracer = x.tracer().filter(|tracer| tracer.level() == self.level)?;
        (tracer as &dyn Any).downcast_ref()
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
        let tape = &self.tape;
        let traced: Few<Option<&Traced>> = inputs.iter().map(|x| tape.of(x)).collect();
        let below = |i: usize| traced[i].map_or(inputs[i], |traced| &traced.primal);
        let primals: Few<&Tensor> = (0..inputs.len()).map(below).collect();
        let derivative = primitive.derivative();
        if let Derivative::Decomposition(parts) = derivative {
            return try_decompose(primitive, parts, inputs);
        }
        let outputs = try_apply(primitive, &primals)?;
        let Derivative::Vjp(rule) = derivative else { return Ok(outputs) };
        let needs: Few<bool> = traced.iter().map(Option::is_some).collect();
        let saved = Saved::new(rule.keep(&needs), &primals, &outputs);
        let primitive = primitive.boxed();
        let mut contents = tape.contents();
        if !self.is_open() {
            // Another thread has ended the transform in the meantime.
            return Ok(outputs);
        }
        let mut trace = |primal: Tensor| {
            if !primal.dtype().is_float() {
                return (primal, ValueId::CONSTANT);
            }
            let id = contents.add_value(SpecRef::to_owned(primal.spec()));
            (Tensor::from_tracer(Arc::new(Traced { tape: tape.clone(), id, primal })), id)
        };
        let (outputs, output_ids): (Few<Tensor>, Few<ValueId>) = if outputs.len() == 1 {
            let (output, id) = trace(outputs.into_single());
            (output.into(), id.into())
        } else {
            outputs.into_iter().map(trace).unzip()
        };
        let ids = traced.iter().map(|traced| traced.map_or(ValueId::CONSTANT, |traced| traced.id)).collect();
        contents.records.push(Record { primitive, inputs: ids, outputs: output_ids, saved });
        Ok(outputs)
    }
}

/// Hears of each rule that a sweep runs, the cotangents of its outputs before, and those of its inputs after.
pub(crate) trait Listener {
    /// Whether anybody does. Then each rule gives its cotangents by themselves, and adds none to the sum of others.
    const LISTENS: bool = true;
    fn before(&mut self, _: Step<'_>) {}
    fn after(&mut self, _: Step<'_>) {}
}

/// Nobody listens.
impl Listener for () {
    const LISTENS: bool = false;
}

/// A rule that a sweep runs, with the outputs or the inputs of its operation.
pub(crate) struct Step<'a> {
    pub(crate) name: &'static str,
    pub(crate) ids: &'a [ValueId],
    pub(crate) cotangents: &'a [Option<Tensor>],
}

/// A finished tape, to be swept.
pub(crate) struct Recording {
    records: Vec<Record>,
    specs: Vec<Spec>,
}

impl Recording {
    /// The cotangents of `wanted`, from those of some results; `None` where nothing depends on the value.
    pub(crate) fn sweep(
        &self,
        seeds: impl IntoIterator<Item = (ValueId, Tensor)>,
        wanted: &[ValueId],
    ) -> Vec<Option<Tensor>> {
        sweep(&self.specs, self.records.iter().rev(), seeds, wanted, &mut ())
    }

    /// As `sweep`, freeing what each record kept as soon as its rule has run.
    pub(crate) fn sweep_once(
        self,
        seeds: impl IntoIterator<Item = (ValueId, Tensor)>,
        wanted: &[ValueId],
    ) -> Vec<Option<Tensor>> {
        self.sweep_heard(seeds, wanted, &mut ())
    }

    /// As `sweep_once`, with a listener.
    pub(crate) fn sweep_heard(
        mut self,
        seeds: impl IntoIterator<Item = (ValueId, Tensor)>,
        wanted: &[ValueId],
        listener: &mut impl Listener,
    ) -> Vec<Option<Tensor>> {
        let cotangents = sweep(&self.specs, std::iter::from_fn(|| self.records.pop()), seeds, wanted, listener);
        self.specs.clear();
        if self.records.capacity() <= SPARE_RECORDS && self.specs.capacity() <= 2 * SPARE_RECORDS {
            // A thread that is ending keeps nothing.
            let _ = SPARE.try_with(|spare| spare.set((self.records, self.specs)));
        }
        cotangents
    }
}

fn sweep<L: Listener>(
    specs: &[Spec],
    records: impl Iterator<Item = impl Borrow<Record>>,
    seeds: impl IntoIterator<Item = (ValueId, Tensor)>,
    wanted: &[ValueId],
    listener: &mut L,
) -> Vec<Option<Tensor>> {
    let mut pending = Pending::new(specs.len());
    for (id, seed) in seeds {
        pending.add(id, seed);
    }
    // What is wanted has no record, since it was watched, and so stays pending to the end.
    for record in records {
        let record: &Record = record.borrow();
        let cotangents: Few<Option<Tensor>> = record.outputs.iter().map(|&id| pending.take(id)).collect();
        if cotangents.iter().all(Option::is_none) {
            continue;
        }
        let Derivative::Vjp(rule) = record.primitive.derivative() else { unreachable!("only rules are recorded") };
        let name = record.primitive.name();
        listener.before(Step { name, ids: &record.outputs, cotangents: &cotangents });
        let needs: Few<bool> = record.inputs.iter().map(|id| id.index().is_some()).collect();
        let outputs =
            cotangents.into_iter().zip(&record.outputs).map(|(cotangent, id)| match (cotangent, id.index()) {
                (Some(cotangent), _) => Cotangent::Given(cotangent),
                (None, Some(index)) => Cotangent::Zero(Box::new(specs[index].clone())),
                // An integer output; no rule looks at its cotangent.
                (None, None) => Cotangent::Zero(Box::new(Spec::new([], DType::F32))),
            });
        let outputs = Cotangents::new(outputs.collect());
        let spec_of = |i: usize| record.inputs[i].index().map(|index| specs[index].as_ref());
        if !L::LISTENS
            && let Some(rule) = rule.accumulates()
            && let Some(&first) = record.inputs.first()
            && let Some(sum) = pending.take(first)
        {
            let sum = rule.accumulate(sum, &record.saved, outputs);
            check_sum(name, &sum, spec_of(0));
            pending.add(first, sum);
            continue;
        }
        let cotangents = rule.vjp(&record.saved, outputs, &needs);
        check_cotangents(name, &cotangents, record.inputs.len(), spec_of);
        listener.after(Step { name, ids: &record.inputs, cotangents: &cotangents });
        for (&id, cotangent) in record.inputs.iter().zip(cotangents) {
            if let (Some(_), Some(cotangent)) = (id.index(), cotangent) {
                pending.add(id, cotangent);
            }
        }
    }
    wanted.iter().map(|&id| pending.take(id)).collect()
}

/// Holds a rule to one cotangent for each input that needs one, of that input's spec; `spec_of` is `None` for the others. A
/// gradient is never dropped in silence.
fn check_cotangents<'a>(
    name: &str,
    x_bars: &[Option<Tensor>],
    inputs: usize,
    spec_of: impl Fn(usize) -> Option<SpecRef<'a>>,
) {
    let given = x_bars.len();
    assert!(
        given == inputs,
        "{name}: the rule's vjp must give a cotangent, or None where none is needed, for each of {inputs} inputs; it gave {given}"
    );
    for (i, x_bar) in x_bars.iter().enumerate() {
        match (spec_of(i), x_bar) {
            (Some(x), Some(x_bar)) => assert!(
                x_bar.spec() == x,
                "{name}: the rule's vjp gave a cotangent {} for input {i}, which is {x}",
                x_bar.spec(),
            ),
            (Some(x), None) => {
                panic!(
                    "{name}: the rule's vjp gave no cotangent for input {i}, {x}, which needs one; \
                     where it is zero, give zeros"
                )
            }
            (None, _) => {}
        }
    }
}

/// Holds a rule that adds to a sum to the spec of its input.
fn check_sum(name: &str, sum: &Tensor, spec: Option<SpecRef<'_>>) {
    if let Some(x) = spec {
        assert!(sum.spec() == x, "{name}: the rule's sum of cotangents is {}, but its input is {x}", sum.spec());
    }
}

/// Cotangents that wait for their value's record. Few are alive at once, whatever the length of the tape, so that values hold
/// the number of a slot and not a tensor.
struct Pending {
    /// For each value, one more than its slot; zero for none.
    slot_of: Vec<u32>,
    slots: Vec<Option<Tensor>>,
    free: Vec<u32>,
}

impl Pending {
    fn new(values: usize) -> Self {
        Pending { slot_of: vec![0; values], slots: Vec::new(), free: Vec::new() }
    }

    fn add(&mut self, id: ValueId, cotangent: Tensor) {
        let Some(index) = id.index() else { return };
        let slot = &mut self.slot_of[index];
        if let Some(taken) = slot.checked_sub(1) {
            let sum = &mut self.slots[taken as usize];
            *sum = Some(match sum.take() {
                Some(before) => before + cotangent,
                None => cotangent,
            });
            return;
        }
        let free = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() as u32 - 1
        });
        self.slots[free as usize] = Some(cotangent);
        *slot = free + 1;
    }

    fn take(&mut self, id: ValueId) -> Option<Tensor> {
        let slot = &mut self.slot_of[id.index()?];
        let taken = std::mem::take(slot).checked_sub(1)?;
        self.free.push(taken);
        self.slots[taken as usize].take()
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
        None => Cotangent::Zero(Box::new(SpecRef::to_owned(y.spec()))),
    });
    let x_bars = rule.vjp(&saved, Cotangents::new(cotangents.collect()), &needs);
    check_cotangents(primitive.name(), &x_bars, primals.len(), |i| tangents[i].map(|_| primals[i].spec()));
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
