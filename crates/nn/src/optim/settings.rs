//! Settings of optimizers: their domains, and the builder methods that check them.

/// Checks a setting.
#[track_caller]
pub(super) fn check(op: &str, name: &str, value: f64, allowed: bool, domain: &str) {
    assert!(allowed, "{op}: {name} must be {domain}; got {value}");
}

/// Checks a setting that must be a finite number from zero on.
#[track_caller]
pub(super) fn not_negative(op: &str, name: &str, value: f64) {
    check(op, name, value, value >= 0.0 && value.is_finite(), "a finite number from 0 on");
}

/// Checks a factor by which something is forgotten.
#[track_caller]
pub(super) fn decay(op: &str, name: &str, value: f64) {
    check(op, name, value, (0.0..1.0).contains(&value), "at least 0 and below 1");
}

/// Checks a part of a whole.
#[track_caller]
pub(super) fn part(op: &str, name: &str, value: f64) {
    check(op, name, value, (0.0..=1.0).contains(&value), "from 0 to 1");
}

/// Builder methods of `Descent<$Rule>` for settings that are numbers, each checked by a function of this module.
macro_rules! settings {
    ($Rule:ty; $($(#[$doc:meta])* $name:ident: $check:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// # Panics
        /// When it is outside its domain.
        #[must_use]
        #[track_caller]
        pub fn $name(self, $name: f64) -> Self {
            $crate::optim::settings::$check(<$Rule as $crate::optim::Rule>::NAME, stringify!($name), $name);
            self.change_rule(|rule| rule.$name = $name)
        }
    )*};
}

/// The builder method of `Descent<$Rule>` for the two decays of Adam's family.
macro_rules! betas {
    ($Rule:ty; $(#[$doc:meta])*) => {
        $(#[$doc])*
        ///
        /// # Panics
        /// When one is not in [0, 1).
        #[must_use]
        #[track_caller]
        pub fn betas(self, beta1: f64, beta2: f64) -> Self {
            let op = <$Rule as $crate::optim::Rule>::NAME;
            $crate::optim::settings::decay(op, "beta1", beta1);
            $crate::optim::settings::decay(op, "beta2", beta2);
            self.change_rule(|rule| rule.betas = (beta1, beta2))
        }
    };
}

pub(super) use {betas, settings};

/// What weight decay λ does in a step: the factor of x, and how much of x goes into the gradient.
pub(super) fn decay_of(lr: f64, weight_decay: f64, is_decoupled: bool) -> (f64, f64) {
    if is_decoupled { (1.0 - lr * weight_decay, 0.0) } else { (1.0, weight_decay) }
}
