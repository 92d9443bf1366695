//! The sweep: the records last to first, each rule asked for the cotangents of its inputs, and these added up.

use super::{Record, SPARE, SPARE_RECORDS, ValueId};
use cotangent_tensor::{Cotangent, Cotangents, DType, Derivative, Few, Spec, SpecRef, Tensor};
use std::borrow::Borrow;

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
    pub(super) records: Vec<Record>,
    pub(super) specs: Vec<Spec>,
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
pub(super) fn check_cotangents<'a>(
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
