//! The laws that every operation keeps, whatever it computes, and the battery that holds one to them: [`operation`].
//!
//! Differences see a wrong formula. They do not see a rule that is right for the inputs at hand and wrong for a strided one, for
//! zero, or for an input that is used twice. Each of those is a law of its own, with a comparison of its own.

mod calls;
mod compare;
mod differences;
mod inputs;
mod linear;
mod numbers;
mod operation;
mod report;
mod run;
mod sample;
mod views;

pub use operation::{Operation, operation};
pub use report::{Breach, LawReport};

use super::Layout;
use calls::Case;
use std::fmt;

/// What holds for every operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Law {
    /// Inside of either mode an operation gives what it gives outside.
    Traced,
    /// ⟨J v, w⟩ = ⟨v, Jᵀ w⟩.
    DotProduct,
    /// Both modes give the limit of differences of the function.
    FirstOrder,
    /// All compositions give the limit of differences of the gradient.
    SecondOrder,
    /// All compositions give the limit of differences of the Hessian's product.
    ThirdOrder,
    /// All four compositions of second order give one number.
    Compositions,
    /// Jᵀ (a w + b u) = a Jᵀ w + b Jᵀ u.
    LinearVjp,
    /// J (a v + b u) = a J v + b J u.
    LinearJvp,
    /// Jᵀ 0 = 0 and J 0 = 0, without NaN.
    Zero,
    /// A cotangent added to one that is there already is their sum, and changes no tensor that others hold.
    Accumulation,
    /// Inputs in any memory layout give what their contiguous copies give: value, both derivatives, a second one.
    InputLayouts,
    /// Cotangents and tangents in any memory layout, broadcast ones too, give what their contiguous copies give.
    CotangentLayouts,
    /// One tensor for two inputs gets the sum of both cotangents.
    Aliasing,
    /// What broadcasts by itself is what is expanded first.
    Broadcasting,
    /// Where only some inputs need a cotangent, they get the same one.
    NeededInputs,
    /// Where only some outputs have a cotangent, the others' is zero.
    SomeOutputs,
    /// Among equal elements, where there is no derivative, both modes still make the same choice.
    Ties,
    /// f32 gives what f64 gives, to a bound.
    SinglePrecision,
    /// Any number of threads gives the same bits.
    Threads,
    /// Values that were given are met exactly.
    ExactValues,
    /// Inputs that do not fit are refused, with the text that was given.
    Refusals,
}

impl Law {
    /// All laws, in the order in which they are tried: the cheaper first, and those of inputs that are refused last.
    pub const ALL: [Law; 21] = [
        Law::Traced,
        Law::DotProduct,
        Law::FirstOrder,
        Law::SecondOrder,
        Law::ThirdOrder,
        Law::Compositions,
        Law::LinearVjp,
        Law::LinearJvp,
        Law::Zero,
        Law::Accumulation,
        Law::InputLayouts,
        Law::CotangentLayouts,
        Law::Aliasing,
        Law::Broadcasting,
        Law::NeededInputs,
        Law::SomeOutputs,
        Law::Ties,
        Law::SinglePrecision,
        Law::Threads,
        Law::ExactValues,
        Law::Refusals,
    ];

    /// What the law says.
    #[must_use]
    pub fn statement(self) -> &'static str {
        match self {
            Law::Traced => "inside of either mode an operation gives what it gives outside",
            Law::DotProduct => "<J v, w> = <v, J^T w>",
            Law::FirstOrder => "both modes give the limit of differences of the function",
            Law::SecondOrder => "all compositions of modes give the limit of differences of the gradient",
            Law::ThirdOrder => "all compositions of modes give the limit of differences of the Hessian's product",
            Law::Compositions => "all four compositions of second order give one number",
            Law::LinearVjp => "J^T (a w + b u) = a J^T w + b J^T u",
            Law::LinearJvp => "J (a v + b u) = a J v + b J u",
            Law::Zero => "J^T 0 = 0 and J 0 = 0, without NaN",
            Law::Accumulation => "a cotangent added to another is their sum",
            Law::InputLayouts => "inputs in any memory layout give what their contiguous copies give",
            Law::CotangentLayouts => {
                "cotangents and tangents in any memory layout give what their contiguous copies give"
            }
            Law::Aliasing => "one tensor for two inputs gets the sum of both cotangents",
            Law::Broadcasting => "what broadcasts by itself is what is expanded first",
            Law::NeededInputs => "where only some inputs need a cotangent, they get the same one",
            Law::SomeOutputs => "where only some outputs have a cotangent, the others' is zero",
            Law::Ties => "among equal elements both modes make the same choice",
            Law::SinglePrecision => "f32 gives what f64 gives, to a bound",
            Law::Threads => "any number of threads gives the same bits",
            Law::ExactValues => "values that were given are met exactly",
            Law::Refusals => "inputs that do not fit are refused, with the text that was given",
        }
    }

    /// Whether the law is of a sample; the others are of inputs that are listed one by one.
    fn is_of_samples(self) -> bool {
        !matches!(self, Law::ExactValues | Law::Refusals)
    }

    /// Whether the law is tried with large samples: where a kernel that does something else when there is much to do would break it.
    fn is_of_large_samples(self) -> bool {
        matches!(
            self,
            Law::Traced | Law::DotProduct | Law::Accumulation | Law::InputLayouts | Law::SinglePrecision | Law::Threads
        )
    }

    /// Holds a sample to the law.
    fn hold(self, case: &Case<'_>) -> Held {
        match self {
            Law::Traced => linear::traced(case),
            Law::DotProduct => linear::dot_product(case),
            Law::FirstOrder | Law::SecondOrder | Law::ThirdOrder => differences::hold(case, self),
            Law::Compositions => differences::compositions(case),
            Law::LinearVjp => linear::linear_vjp(case),
            Law::LinearJvp => linear::linear_jvp(case),
            Law::Zero => linear::zero(case),
            Law::Accumulation => linear::accumulation(case),
            Law::InputLayouts => views::input_layouts(case),
            Law::CotangentLayouts => views::cotangent_layouts(case),
            Law::Aliasing => inputs::aliasing(case),
            Law::Broadcasting => inputs::broadcasting(case),
            Law::NeededInputs => inputs::needed_inputs(case),
            Law::SomeOutputs => inputs::some_outputs(case),
            Law::Ties => linear::ties(case),
            Law::SinglePrecision => numbers::single_precision(case),
            Law::Threads => numbers::threads(case),
            Law::ExactValues | Law::Refusals => unreachable!("these are not of samples"),
        }
    }
}

impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// How often a law was compared with what an operation does, or where it is broken.
type Held = Result<usize, Violation>;

/// A law broken by a sample.
#[derive(Clone, Debug)]
struct Violation {
    layout: Option<Layout>,
    what: String,
}

impl From<String> for Violation {
    fn from(what: String) -> Self {
        Violation { layout: None, what }
    }
}

impl Violation {
    /// In this layout.
    fn laid_out(layout: Layout) -> impl Fn(String) -> Violation {
        move |what| Violation { layout: Some(layout), what }
    }
}
