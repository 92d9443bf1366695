//! `Descent`: the optimizer around a rule. It knows models, groups and state, and nothing of any rule.

use super::{
    Optimizer, Rule, Scalar, Slots, Step, check_not_half,
    memory::{Memory, Remembered, Settings, for_each_learned},
    settings::not_negative,
};
use crate::{
    refusal::or_panic,
    state::{self, Given},
};
use cotangent_autograd::Module;
use cotangent_tensor::{DType, PieceChange, Result, Tensor, change_in_pieces};
use std::{fmt, ops::Range, panic::Location, sync::Arc};

/// An optimizer that changes every parameter by one [`Rule`], with settings that may differ between groups of parameters.
///
/// [`Adam`](super::Adam), [`Sgd`](super::Sgd) and the others are names for this with their rule; their settings are methods here.
/// [Groups](Self::group) are chosen by a parameter's path, `layers.0.weight`. A parameter may be in several: their changes are made one after
/// another, and what is [frozen](Self::freeze) stays frozen.
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
    /// The settings of each combination of groups that a parameter is in; formed when the memory is grouped.
    combined: Vec<Options<R>>,
    memory: Memory,
    /// [`update()`] for this rule. A pointer, so that a rule's loops are compiled in the crate whose function makes the optimizer:
    /// those of this crate with this crate's optimisation, whatever a user's is, and not again for each model.
    update: Update<R>,
}

type Update<R> = fn(&Options<R>, f64, &mut Tensor, &Tensor, &mut Remembered);

/// What may differ between groups.
#[derive(Clone, Debug)]
struct Options<R> {
    rule: R,
    lr_factor: f64,
    maximize: bool,
}

/// Parameters that are treated in another way.
#[derive(Clone)]
struct Group<R> {
    matches: Arc<dyn Fn(&str) -> bool + Send + Sync>,
    effect: Effect<R>,
    /// Where it was formed.
    place: &'static Location<'static>,
}

/// What being in a group means.
#[derive(Clone)]
enum Effect<R> {
    /// Other settings.
    Change {
        change: Change<R>,
        /// Of parameters that are in no group formed before: the optimizer's, changed.
        options: Options<R>,
    },
    Freeze,
}

type Change<R> = Arc<dyn Fn(Descent<R>) -> Descent<R> + Send + Sync>;

impl<R: Rule> Descent<R> {
    /// An optimizer by a rule, with a learning rate.
    ///
    /// # Panics
    /// When the rate is negative or not finite.
    #[must_use]
    #[track_caller]
    pub fn by_rule(rule: R, lr: f64) -> Self {
        not_negative(R::NAME, "lr", lr);
        Self::without_groups(Options { rule, lr_factor: 1.0, maximize: false }, lr, update::<R>)
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
    /// A parameter that several groups match has the changes of all, in the order in which they were formed: each changes only what it
    /// sets, and where two set the same, the later one holds. (PyTorch refuses a parameter in two groups.) None of them thaws what is
    /// [frozen](Self::freeze).
    ///
    /// ```
    /// use cotangent_nn::{Optimizer, Sgd};
    /// use cotangent_tensor::Tensor;
    /// let mut sgd = Sgd::new(0.5)
    ///     .weight_decay(0.25)
    ///     .group(|path| path.starts_with("0."), |sgd| sgd.lr_factor(0.5))
    ///     .group(|path| path.ends_with(".1"), |sgd| sgd.weight_decay(0.0));
    /// let tensors = |x: f64| [[x, x], [x, x]].map(|layer| layer.map(Tensor::from));
    /// let (mut model, gradient) = (tensors(4.0), tensors(1.0));
    /// sgd.step(&mut model, &gradient);
    /// // `0.1` is in both: half of the rate, and no decay.
    /// assert_eq!(model.map(|layer| layer.map(|x| x.item::<f64>())), [[3.5, 3.75], [3.0, 3.5]]);
    /// ```
    ///
    /// # Panics
    /// When `change` changes the learning rate itself, which all groups share, or forms groups or freezes: groups do not nest. The first
    /// step panics when no parameter of the model is in the group.
    #[must_use]
    #[track_caller]
    pub fn group(
        self,
        matches: impl Fn(&str) -> bool + Send + Sync + 'static,
        change: impl Fn(Self) -> Self + Send + Sync + 'static,
    ) -> Self {
        let changed = change(Self::without_groups(self.options.clone(), self.lr, self.update));
        assert!(
            changed.lr.to_bits() == self.lr.to_bits(),
            "{}: a group shares the optimizer's learning rate; give it a multiple with .lr_factor(..)",
            R::NAME
        );
        assert!(
            changed.groups.is_empty(),
            "{}: a group has settings alone, and no groups of its own; call .group(..) and .freeze(..) on the optimizer itself, \
             where a parameter may be in several",
            R::NAME
        );
        let effect = Effect::Change { change: Arc::new(change), options: changed.options };
        self.with_group(Group { matches: Arc::new(matches), effect, place: Location::caller() })
    }

    /// Leaves the parameters whose path `matches` as they are, whatever [groups](Self::group) they are in, formed before or after.
    ///
    /// Their gradient is computed all the same. That costs nothing where a transform does not see them, or does not reach them: of
    /// `grad(&model.head, |head| loss(head.forward(&features)))` or with `features.stop_gradient()`, only the head has a way back.
    ///
    /// # Panics
    /// The first step panics when no parameter of the model matches.
    #[must_use]
    #[track_caller]
    pub fn freeze(self, matches: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.with_group(Group { matches: Arc::new(matches), effect: Effect::Freeze, place: Location::caller() })
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

    fn without_groups(options: Options<R>, lr: f64, update: Update<R>) -> Self {
        Descent { lr, options, groups: Vec::new(), combined: Vec::new(), memory: Memory::default(), update }
    }

    /// The groups that a parameter is in.
    fn groups_of(&self, path: &str) -> Vec<usize> {
        (0..self.groups.len()).filter(|&group| (self.groups[group].matches)(path)).collect()
    }

    /// The settings of a parameter that is in these groups; none where they are the optimizer's own.
    fn options_in(&self, groups: &[usize]) -> Option<Options<R>> {
        let mut combined = None;
        for &group in groups {
            if let Effect::Change { change, options } = &self.groups[group].effect {
                combined = Some(match combined {
                    None => options.clone(),
                    Some(before) => change(Self::without_groups(before, self.lr, self.update)).options,
                });
            }
        }
        combined
    }

    /// Finds the settings of each parameter. Refuses halves that are not frozen, and a group without a parameter: a path was mistyped, and
    /// what was to be frozen would train.
    fn form_groups(&mut self, model: &dyn Module) -> Result<Vec<Settings>, String> {
        let (mut paths, mut settings, mut checked) = (Vec::new(), Vec::new(), Ok(()));
        let (mut combinations, mut is_empty) = (Vec::new(), vec![true; self.groups.len()]);
        for_each_learned(model, |path, x| {
            let groups = self.groups_of(path);
            groups.iter().for_each(|&group| is_empty[group] = false);
            paths.push(path.to_owned());
            if groups.iter().any(|&group| matches!(self.groups[group].effect, Effect::Freeze)) {
                return settings.push(Settings::Frozen);
            }
            if checked.is_ok() {
                checked = check_not_half(R::NAME, x);
            }
            if groups.is_empty() {
                return settings.push(Settings::Own);
            }
            let known = combinations.iter().position(|known| *known == groups);
            settings.push(Settings::Combined(known.unwrap_or(combinations.len())));
            if known.is_none() {
                combinations.push(groups);
            }
        });
        checked?;
        if let Some(group) = is_empty.iter().position(|&is_empty| is_empty) {
            let Group { effect, place, .. } = &self.groups[group];
            let what = if let Effect::Freeze = effect { "what is frozen" } else { "the group formed" };
            return Err(format!(
                "{}: {what} at {place} has no parameter of the model, which has {}",
                R::NAME,
                some_of(&paths)
            ));
        }
        self.combined = combinations.iter().filter_map(|groups| self.options_in(groups)).collect();
        Ok(settings)
    }
}

/// The first few paths, and how many more there are.
fn some_of(paths: &[String]) -> String {
    // What fits one line of a message.
    let shown = paths
        .iter()
        .take(6)
        .map(|path| if path.is_empty() { "one tensor".to_owned() } else { format!("`{path}`") })
        .collect::<Vec<_>>()
        .join(", ");
    match paths.len() {
        0 => "none".to_owned(),
        1..=6 => shown,
        count => format!("{shown} and {} more", count - 6),
    }
}

impl<R: Rule> Optimizer for Descent<R> {
    fn step_dyn(&mut self, model: &mut dyn Module, gradient: &dyn Module) {
        self.options.rule.check();
        self.memory.check(R::NAME, model, Some(gradient));
        let settings = if self.memory.is_grouped() { None } else { Some(or_panic(self.form_groups(model))) };
        for options in &self.combined {
            options.rule.check();
        }
        let Descent { lr, options, combined, memory, update, .. } = self;
        memory.for_each(model, gradient, settings, |x, x_bar, remembered| {
            let options = match remembered.settings {
                Settings::Own => &*options,
                Settings::Combined(combination) => &combined[combination],
                Settings::Frozen => return,
            };
            update(options, *lr, x, x_bar, remembered);
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
        let options = self.options_in(&self.groups_of(path));
        let rule = &options.as_ref().unwrap_or(&self.options).rule;
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
            change_in_pieces(slices, &Piece { rule, step: &step, x_bar });
        });
    });
}

/// A step, of which each thread takes pieces.
struct Piece<'a, R, T> {
    rule: &'a R,
    step: &'a Step<'a>,
    x_bar: &'a [T],
}

impl<R: Rule, T: Scalar> PieceChange<T> for Piece<'_, R, T> {
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
        let shown = |group: &'_ Group<R>| match &group.effect {
            Effect::Change { options, .. } => format!("{options:?}"),
            Effect::Freeze => "frozen".to_owned(),
        };
        let groups: Vec<_> = self.groups.iter().map(shown).collect();
        f.debug_struct("Descent")
            .field("lr", &self.lr)
            .field("options", &self.options)
            .field("groups", &groups)
            .finish_non_exhaustive()
    }
}
