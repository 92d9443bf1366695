//! `Descent`: the optimizer around a rule. It knows models, groups and state, and nothing of any rule.

use super::{
    Optimizer, Rule, Scalar, Slots, Step,
    memory::{Memory, Remembered, for_each_learned},
    refuse_halves,
    settings::not_negative,
};
use crate::state::{self, Given};
use cotangent_autograd::Module;
use cotangent_tensor::{DType, PieceChange, Result, Tensor, change_in_pieces};
use std::{fmt, ops::Range, sync::Arc};

/// An optimizer that changes every parameter by one [`Rule`], with settings that may differ between groups of parameters.
///
/// [`Adam`](super::Adam), [`Sgd`](super::Sgd) and the others are names for this with their rule; their settings are methods here.
/// Groups are chosen by a parameter's path, `layers.0.weight`. Where several match, the one that was given last holds.
///
/// ```
/// use cotangent_nn::{Optimizer, Sgd};
/// use cotangent_tensor::Tensor;
/// let mut sgd = Sgd::new(0.5)
///     .weight_decay(0.25)
///     .group(|path| path == "1", |sgd| sgd.weight_decay(0.0).lr_factor(0.5))
///     .freeze(|path| path == "2");
/// let (mut model, zero) = ([2.0, 2.0, 2.0].map(Tensor::from), [1.0, 1.0, 1.0].map(Tensor::from));
/// sgd.step(&mut model, &zero);
/// assert_eq!(model.map(|x| x.item::<f64>()), [1.25, 1.75, 2.0]);
/// ```
#[derive(Clone)]
pub struct Descent<R> {
    lr: f64,
    options: Options<R>,
    groups: Vec<Group<R>>,
    memory: Memory,
    /// [`update`] for this rule. A pointer, so that a rule's loops are compiled in the crate whose function makes the optimizer:
    /// those of this crate with this crate's optimisation, whatever a user's is, and not again for each model.
    update: fn(&Options<R>, f64, &mut Tensor, &Tensor, &mut Remembered),
}

/// What may differ between groups.
#[derive(Clone, Debug)]
struct Options<R> {
    rule: R,
    lr_factor: f64,
    maximize: bool,
    is_frozen: bool,
}

/// Parameters with options of their own.
#[derive(Clone)]
struct Group<R> {
    matches: Arc<dyn Fn(&str) -> bool + Send + Sync>,
    options: Options<R>,
}

impl<R: Rule> Descent<R> {
    /// An optimizer by a rule, with a learning rate.
    ///
    /// # Panics
    /// When the rate is negative or not finite.
    #[must_use]
    #[track_caller]
    pub fn by_rule(rule: R, lr: f64) -> Self {
        not_negative(R::NAME, "lr", lr);
        let options = Options { rule, lr_factor: 1.0, maximize: false, is_frozen: false };
        Descent { lr, options, groups: Vec::new(), memory: Memory::default(), update: update::<R> }
    }

    /// The rule, with the settings of parameters that are in no group.
    #[must_use]
    pub fn rule(&self) -> &R {
        &self.options.rule
    }

    /// Changes settings of the rule; groups that were formed before keep theirs.
    #[must_use]
    pub fn change_rule(mut self, change: impl FnOnce(&mut R)) -> Self {
        change(&mut self.options.rule);
        self
    }

    /// What the learning rate is multiplied with; for [`group`](Self::group), so that a schedule moves all groups.
    ///
    /// # Panics
    /// When it is negative or not finite.
    #[must_use]
    #[track_caller]
    pub fn lr_factor(mut self, lr_factor: f64) -> Self {
        not_negative(R::NAME, "lr_factor", lr_factor);
        self.options.lr_factor = lr_factor;
        self
    }

    /// Whether to go up: steps are those of the negated gradient.
    #[must_use]
    pub fn maximize(mut self, maximize: bool) -> Self {
        self.options.maximize = maximize;
        self
    }

    /// Gives the parameters whose path `matches` settings of their own: this optimizer's as they are now, with a `change`.
    ///
    /// # Panics
    /// When `change` changes the learning rate itself, which all groups share, or forms groups or freezes: groups do not nest.
    #[must_use]
    #[track_caller]
    pub fn group(
        self,
        matches: impl Fn(&str) -> bool + Send + Sync + 'static,
        change: impl FnOnce(Self) -> Self,
    ) -> Self {
        let (groups, memory) = (Vec::new(), Memory::default());
        let changed =
            change(Descent { lr: self.lr, options: self.options.clone(), groups, memory, update: self.update });
        assert!(
            changed.lr.to_bits() == self.lr.to_bits(),
            "{}: a group shares the optimizer's learning rate; give it a multiple with .lr_factor(..)",
            R::NAME
        );
        assert!(
            changed.groups.is_empty(),
            "{}: a group has settings alone, and no groups of its own; call .group(..) and .freeze(..) on the optimizer itself, \
             where the last that matches holds",
            R::NAME
        );
        self.with_group(Group { matches: Arc::new(matches), options: changed.options })
    }

    /// Leaves the parameters whose path `matches` as they are.
    #[must_use]
    pub fn freeze(self, matches: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        let options = Options { is_frozen: true, ..self.options.clone() };
        self.with_group(Group { matches: Arc::new(matches), options })
    }

    /// Dissolves all groups: every parameter has the optimizer's own settings again, and what was frozen thaws. What is
    /// remembered stays.
    #[must_use]
    pub fn ungroup(mut self) -> Self {
        self.groups.clear();
        self.memory.ungroup();
        self
    }

    fn with_group(mut self, group: Group<R>) -> Self {
        self.groups.push(group);
        self.memory.ungroup();
        self
    }
}

impl<R: Rule> Optimizer for Descent<R> {
    fn step_dyn(&mut self, model: &mut dyn Module, gradient: &dyn Module) {
        let Descent { lr, options, groups, memory, update } = self;
        options.rule.check();
        groups.iter().for_each(|group| group.options.rule.check());
        let group_of = |path: &str, x: &Tensor| {
            let group = groups.iter().rposition(|group| (group.matches)(path));
            if !group.map_or(&*options, |group| &groups[group].options).is_frozen {
                refuse_halves(R::NAME, x);
            }
            group
        };
        memory.for_each(R::NAME, model, gradient, group_of, |x, x_bar, remembered| {
            let options = remembered.group.map_or(&*options, |group| &groups[group].options);
            if !options.is_frozen {
                update(options, *lr, x, x_bar, remembered);
            }
        });
    }

    fn lr(&self) -> f64 {
        self.lr
    }

    fn set_lr(&mut self, lr: f64) {
        not_negative(R::NAME, "lr", lr);
        self.lr = lr;
    }

    fn state(&self, model: &dyn Module) -> Vec<(String, Tensor)> {
        self.memory.check(R::NAME, model, None);
        let mut state = vec![("lr".to_owned(), Tensor::from(self.lr))];
        let mut parameters = self.memory.parameters.iter();
        for_each_learned(model, |path, _| {
            let remembered = parameters.next();
            state.push((state::name_below(path, "step"), state::count(remembered.map_or(0, |known| known.steps))));
            let Some(remembered) = remembered else { return };
            for (name, slot) in remembered.names.iter().zip(&remembered.slots) {
                state.push((state::name_below(path, name), slot.clone()));
            }
        });
        state
    }

    fn load_state(&mut self, model: &dyn Module, state: Vec<(String, Tensor)>) -> Result<()> {
        let mut given = Given::new(R::NAME, state);
        let lr = given.rate("lr")?;
        let (mut parameters, mut failure) = (Vec::new(), None);
        for_each_learned(model, |path, x| {
            if failure.is_some() {
                return;
            }
            match self.remembered_of(path, x, &mut given) {
                Ok(remembered) => parameters.push(remembered),
                Err(error) => failure = Some(error),
            }
        });
        failure.map_or(Ok(()), Err)?;
        given.finish()?;
        self.lr = lr;
        self.memory = Memory::of(parameters);
        Ok(())
    }
}

impl<R: Rule> Descent<R> {
    /// What was given as the memory of a parameter: slots only if it was stepped.
    fn remembered_of(&self, path: &str, x: &Tensor, given: &mut Given) -> Result<Remembered> {
        let group = self.groups.iter().rev().find(|group| (group.matches)(path));
        let rule = &group.map_or(&self.options, |group| &group.options).rule;
        let mut remembered = Remembered::new(x);
        remembered.steps = given.count(&state::name_below(path, "step"))?;
        if remembered.steps > 0 {
            remembered.names = rule.slots(x.shape());
            for name in remembered.names {
                let like = rule.initial(name, x);
                remembered.slots.push(given.tensor(&state::name_below(path, name), like.spec())?);
            }
        }
        Ok(remembered)
    }
}

/// Changes one parameter by the rule.
fn update<R: Rule>(options: &Options<R>, lr: f64, x: &mut Tensor, x_bar: &Tensor, remembered: &mut Remembered) {
    let rule = &options.rule;
    remembered.hold(R::NAME, rule.slots(x.shape()), |slot| rule.initial(slot, x));
    remembered.steps += 1;
    let lr = lr * options.lr_factor;
    let upwards;
    let x_bar = if options.maximize {
        upwards = -x_bar;
        &upwards
    } else {
        x_bar
    };
    match x.dtype() {
        DType::F32 => update_of::<R, f32>(rule, lr, x, x_bar, remembered),
        DType::F64 => update_of::<R, f64>(rule, lr, x, x_bar, remembered),
        other => unreachable!("{other} has no gradient"),
    }
}

fn update_of<R: Rule, T: Scalar>(rule: &R, lr: f64, x: &mut Tensor, x_bar: &Tensor, remembered: &mut Remembered) {
    let shape = x.shape().clone();
    let step = Step { lr, count: remembered.steps, shape: &shape };
    // The gradient of a product may be a transposed view. Its copy is of recycled memory, which a vector's would not be.
    let x_bar = x_bar.array().contiguous();
    let x_bar = x_bar.as_slice::<T>().expect("contiguous");
    x.with_mut::<T, _>(|x| {
        with_slices(&mut remembered.slots, vec![x], &mut |slices| {
            if !rule.is_elementwise() {
                return update_slices(rule, &step, x_bar, slices);
            }
            change_in_pieces(slices, &Update { rule, step: &step, x_bar });
        });
    });
}

/// A step, of which each thread takes pieces.
struct Update<'a, R, T> {
    rule: &'a R,
    step: &'a Step<'a>,
    x_bar: &'a [T],
}

impl<R: Rule, T: Scalar> PieceChange<T> for Update<'_, R, T> {
    #[inline(always)]
    fn change(&self, at: Range<usize>, slices: Vec<&mut [T]>) {
        update_slices(self.rule, self.step, &self.x_bar[at], slices);
    }
}

/// Changes a parameter, the first of the slices, and what is remembered of it; or a piece of all.
#[inline(always)]
fn update_slices<R: Rule, T: Scalar>(rule: &R, step: &Step<'_>, x_bar: &[T], mut slices: Vec<&mut [T]>) {
    let x = slices.remove(0);
    rule.update(step, x, x_bar, Slots(slices));
}

/// Calls `f` with the elements of all tensors, after those that are held already. As deep as a rule has slots.
fn with_slices<T: Scalar>(tensors: &mut [Tensor], held: Vec<&mut [T]>, f: &mut dyn FnMut(Vec<&mut [T]>)) {
    match tensors.split_first_mut() {
        None => f(held),
        Some((first, rest)) => first.with_mut::<T, _>(|slice| {
            let mut held: Vec<&mut [T]> = held;
            held.push(slice);
            with_slices(rest, held, f);
        }),
    }
}

impl<R: fmt::Debug> fmt::Debug for Descent<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let groups: Vec<_> = self.groups.iter().map(|group| &group.options).collect();
        f.debug_struct("Descent")
            .field("lr", &self.lr)
            .field("options", &self.options)
            .field("groups", &groups)
            .finish_non_exhaustive()
    }
}
