//! The sweep: the records last to first, each rule asked for the cotangents of its inputs, and these added up.

use super::{Contents, Record, SPARE, SPARE_RECORDS, ValueId, Values};
use cotangent_tensor::{Cotangent, Cotangents, DType, Derivative, Few, Primitive, Spec, SpecRef, Tensor};

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
pub(crate) struct Recording(pub(super) Contents);

impl Recording {
    /// The cotangents of `wanted`, from those of some results; `None` where nothing depends on the value.
    pub(crate) fn sweep(
        &self,
        seeds: impl IntoIterator<Item = (ValueId, Tensor)>,
        wanted: &[ValueId],
    ) -> Vec<Option<Tensor>> {
        let mut pending = Pending::seeded(&self.0.values, seeds);
        self.0.records.iter().rev().for_each(|record| pull(record, &self.0.values, &mut pending, &mut ()));
        pending.take_all(wanted)
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
        let Contents { records, values } = &mut self.0;
        let mut pending = Pending::seeded(values, seeds);
        while let Some(record) = records.last() {
            pull(record, values, &mut pending, listener);
            // In its place, since a record is some lines of cache long.
            records.truncate(records.len() - 1);
        }
        let cotangents = pending.take_all(wanted);
        values.clear();
        if records.capacity() <= SPARE_RECORDS && values.run_of.capacity() <= 2 * SPARE_RECORDS {
            // A thread that is ending keeps nothing.
            let _ = SPARE.try_with(|spare| spare.set(Some(self.0)));
        }
        cotangents
    }
}

/// Runs the rule of a record, if anything depends on its outputs, and adds what it gives to what is pending.
fn pull<L: Listener>(record: &Record, values: &Values, pending: &mut Pending, listener: &mut L) {
    if record.outputs.iter().all(|&id| pending.get(id).is_none()) {
        return;
    }
    let primitive = &*record.primitive;
    let Derivative::Vjp(rule) = primitive.derivative() else { unreachable!("only rules are recorded") };
    if L::LISTENS {
        let cotangents: Few<Option<Tensor>> = record.outputs.iter().map(|&id| pending.get(id).cloned()).collect();
        listener.before(Step { name: primitive.name(), ids: &record.outputs, cotangents: &cotangents });
    }
    let mut take = |id| cotangent_of(id, pending.take(id), values);
    let outputs = Cotangents::new(match record.outputs[..] {
        [id] => Few::one(take(id)),
        ref ids => ids.iter().map(|&id| take(id)).collect(),
    });
    if !L::LISTENS
        && let Some(rule) = rule.accumulates()
        && let [first, others @ ..] = &record.inputs[..]
        && !others.iter().any(|id| id.is_value())
        && let Some(sum) = pending.take(*first)
    {
        let sum = rule.accumulate(sum, &record.saved, outputs);
        check_sum(primitive, &sum, values.spec(*first));
        pending.add(*first, sum);
        return;
    }
    let mut cotangents = match record.inputs[..] {
        [x] => rule.vjp(&record.saved, outputs, &[x.is_value()]),
        [x, y] => rule.vjp(&record.saved, outputs, &[x.is_value(), y.is_value()]),
        ref ids => rule.vjp(&record.saved, outputs, &ids.iter().map(|id| id.is_value()).collect::<Few<_>>()),
    };
    check_cotangents(primitive, &cotangents, record.inputs.len(), |i| values.spec(record.inputs[i]));
    if L::LISTENS {
        listener.after(Step { name: primitive.name(), ids: &record.inputs, cotangents: &cotangents });
    }
    for (&id, cotangent) in record.inputs.iter().zip(cotangents.iter_mut()) {
        if id.is_value()
            && let Some(cotangent) = cotangent.take()
        {
            pending.add(id, cotangent);
        }
    }
}

#[inline]
fn cotangent_of(id: ValueId, given: Option<Tensor>, values: &Values) -> Cotangent {
    match given {
        Some(cotangent) => Cotangent::Given(cotangent),
        None => Cotangent::Zero(Box::new(match values.spec(id) {
            Some(spec) => spec.to_owned(),
            // An integer output; no rule looks at its cotangent.
            None => Spec::new([], DType::F32),
        })),
    }
}

/// Holds a rule to one cotangent for each input that needs one, of that input's spec; `spec_of` is `None` for the others. A
/// gradient is never dropped in silence.
pub(super) fn check_cotangents<'a>(
    primitive: &dyn Primitive,
    x_bars: &[Option<Tensor>],
    inputs: usize,
    spec_of: impl Fn(usize) -> Option<SpecRef<'a>>,
) {
    let given = x_bars.len();
    assert!(
        given == inputs,
        "{}: the rule's vjp must give a cotangent, or None where none is needed, for each of {inputs} inputs; it gave {given}",
        primitive.name(),
    );
    for (i, x_bar) in x_bars.iter().enumerate() {
        if let Some(x) = spec_of(i)
            && x_bar.as_ref().is_none_or(|x_bar| x_bar.spec() != x)
        {
            refuse_cotangent(primitive.name(), i, x, x_bar.as_ref());
        }
    }
}

#[cold]
fn refuse_cotangent(name: &str, i: usize, x: SpecRef<'_>, x_bar: Option<&Tensor>) -> ! {
    match x_bar.map(Tensor::spec) {
        Some(x_bar) => panic!("{name}: the rule's vjp gave a cotangent {x_bar} for input {i}, which is {x}"),
        None => panic!(
            "{name}: the rule's vjp gave no cotangent for input {i}, {x}, which needs one; where it is zero, give zeros"
        ),
    }
}

/// Holds a rule that adds to a sum to the spec of its input.
fn check_sum(primitive: &dyn Primitive, sum: &Tensor, spec: Option<SpecRef<'_>>) {
    if let Some(x) = spec {
        let name = primitive.name();
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
    /// The cotangents that a sweep begins with.
    fn seeded(values: &Values, seeds: impl IntoIterator<Item = (ValueId, Tensor)>) -> Self {
        let mut pending = Pending { slot_of: vec![0; values.len()], slots: Vec::new(), free: Vec::new() };
        seeds.into_iter().for_each(|(id, seed)| pending.add(id, seed));
        pending
    }

    /// What the sweep leaves: what is wanted has no record, since it was watched, and so stays pending to the end.
    fn take_all(mut self, wanted: &[ValueId]) -> Vec<Option<Tensor>> {
        wanted.iter().map(|&id| self.take(id)).collect()
    }

    #[inline]
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

    #[inline]
    fn get(&self, id: ValueId) -> Option<&Tensor> {
        self.slots[self.slot_of[id.index()?].checked_sub(1)? as usize].as_ref()
    }

    #[inline]
    fn take(&mut self, id: ValueId) -> Option<Tensor> {
        let slot = &mut self.slot_of[id.index()?];
        let taken = std::mem::take(slot).checked_sub(1)?;
        self.free.push(taken);
        self.slots[taken as usize].take()
    }
}
