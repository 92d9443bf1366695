//! The gradient checker: derivatives of any function, and so of any rule, against differences and against each other.
//!
//! [`gradients`] compares reverse mode Jᵀ w and forward mode J v with the limit of differences of the function; both with each other,
//! ⟨J v, w⟩ = ⟨v, Jᵀ w⟩; and at second and third order the derivatives in every composition of the modes with the limit of
//! differences of the derivative one order below. The function is any code; a rule is checked by calling its operation.
//!
//! [`operation`] is the battery for a rule: from the description of an operation it draws samples and holds it to every [`Law`] that
//! operations keep, of which differences are only some.
//!
//! Differences settle a question only where they converge. A point on a kink, a jump, noise or the end of a domain get
//! verdicts of their own, and only [`Verdict::Pass`] passes.

mod differences;
mod first_order;
mod gradients;
mod higher_order;
mod laws;
mod layout;
mod modes;
mod point;
mod report;
mod results;
#[cfg(feature = "proptest")]
pub mod strategies;

pub use gradients::{Gradients, gradients};
pub use laws::{Breach, Law, LawReport, Operation, operation};
pub use layout::Layout;
pub use modes::{Composition, Mode};
pub use report::{Comparison, Finding, Report, Verdict};

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Why a check ended before its comparisons.
enum Stopped {
    Inconclusive(String),
    Fail(String),
}

/// Runs a derivative; a panic in it is a failure of a rule, since the function itself has run without one.
fn differentiated<R>(mode: &str, run: impl FnOnce() -> R) -> Result<R, Stopped> {
    unwound(run).map_err(|text| Stopped::Fail(format!("{mode} panicked: {text}")))
}

/// What a computation gives, or the message of its panic.
fn unwound<R>(run: impl FnOnce() -> R) -> Result<R, String> {
    // What a panic leaves half done is dropped with the closure's own values.
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        text.unwrap_or("without a message").to_owned()
    })
}
