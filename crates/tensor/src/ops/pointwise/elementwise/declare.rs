//! How the built-in elementwise functions are declared: documentation, type, method and formula within a few lines.

/// The type of an operation, with its parameters, and its method.
macro_rules! declared {
    ([$($doc:tt)*] [$($rule:literal)?] $Type:ident $({ $($(#[$about:meta])* $parameter:ident),+ })?, $method:ident) => {
        operation_type! { $Type $({ $($(#[$about])* $parameter),+ })?, $method }

        impl Tensor {
            $($doc)*
            ///
            #[doc = $crate::ops::pointwise::elementwise::bounds::accuracy!($method)]
            ///
            /// # Panics
            /// When the dtype is not floating point, nor one that is named above.
            $(#[doc = concat!("Also, ", $rule, ".")])?
            #[must_use]
            #[track_caller]
            pub fn $method(&self $($(, $parameter: impl ToNumber)+)?) -> Tensor {
                apply(&$Type { $($($parameter: $parameter.to_number().as_f64()),+)? }, &[self]).into_single()
            }
        }
    };
}

macro_rules! operation_type {
    ($Type:ident, $method:ident) => {
        #[doc = concat!("The operation of [`Tensor::", stringify!($method), "`](crate::Tensor::", stringify!($method), ").")]
        #[derive(Clone, Copy, Debug)]
        pub struct $Type;
    };
    ($Type:ident { $($(#[$about:meta])* $parameter:ident),+ }, $method:ident) => {
        #[doc = concat!("The operation of [`Tensor::", stringify!($method), "`](crate::Tensor::", stringify!($method), ").")]
        #[derive(Clone, Copy, Debug)]
        pub struct $Type {
            $($(#[$about])* pub $parameter: f64),+
        }
    };
}

/// Functions of one number and of constant parameters, by a formula.
///
/// The derivative may be written in the input, `from x => slope`, or in the output, `from y => slope`; else it comes from the
/// formula. Parameters may have a domain, `where condition => "what must hold"`. A formula with sines or cosines says `angles true`.
macro_rules! functions {
    ($($(#[$doc:meta])* $Type:ident $({ $($(#[$about:meta])* $parameter:ident),+ } $(where $valid:expr => $rule:literal)?)?,
        $method:ident: |$x:ident| $value:expr
        $(, from $kept:ident => $slope:expr)? $(, integer |$n:ident| $integer:expr)? $(, angles $angles:literal)?;)*) => {$(
        declared! { [$(#[$doc])*] [$($($rule)?)?] $Type $({ $($(#[$about])* $parameter),+ })?, $method }

        impl Elementwise for $Type {
            const NAME: &'static str = stringify!($method);
            const ARITY: usize = 1;
            $(const KEEPS: Kept = kept!($kept);)?
            $(const HAS_ANGLES: bool = $angles;)?
            $(const INTEGER: Option<fn(&Self, &[i64]) -> i64> = Some(|_, n| { let $n = n[0]; $integer });)?
            check_of_domain! { $Type { $($($parameter),+)? } $($(, $valid => $rule)?)? }
            #[inline(always)]
            fn value<R: Real>(&self, x: &[R]) -> R {
                let $Type { $($($parameter),+)? } = *self;
                let $x = &x[0];
                $value
            }
            pull_by_slope! { $Type { $($($parameter),+)? } $(, $kept => $slope)? }
        }
    )*};
}

/// The check of the parameters, if they have a domain.
macro_rules! check_of_domain {
    ($Type:ident { $($parameter:ident),* }) => {};
    ($Type:ident { $($parameter:ident),* }, $valid:expr => $rule:literal) => {
        fn check(&self, _: DType) -> Result<()> {
            #[allow(unused_variables, reason = "a domain need not limit all parameters")]
            let $Type { $($parameter),* } = *self;
            if $valid {
                return Ok(());
            }
            let given = [$(self.$parameter),*].map(|parameter| format!("{parameter:?}")).join(" and ");
            Err(Error::new(ErrorKind::Value, Self::NAME, format!(concat!($rule, ", not {}"), given)))
        }
    };
}

/// The derivative, if it is written down.
macro_rules! pull_by_slope {
    ($Type:ident { $($parameter:ident),* }) => {};
    ($Type:ident { $($parameter:ident),* }, $kept:ident => $slope:expr) => {
        #[inline(always)]
        fn pull<R: Real>(&self, _: usize, y_bar: &R, kept: &[R]) -> R {
            #[allow(unused_variables, reason = "a slope need not look at all parameters")]
            let $Type { $($parameter),* } = *self;
            let $kept = &kept[0];
            y_bar.clone() * $slope
        }
    };
}

/// Functions of one number that code of their own computes, in f64; the derivative as in `functions`.
macro_rules! specials {
    ($($(#[$doc:meta])* $Type:ident, $method:ident: $number:expr, from $kept:ident => $slope:expr;)*) => {$(
        declared! { [$(#[$doc])*] [] $Type, $method }

        impl Elementwise for $Type {
            const NAME: &'static str = stringify!($method);
            const ARITY: usize = 1;
            const KEEPS: Kept = kept!($kept);
            const IN_F64: bool = true;
            #[inline(always)]
            fn value<R: Real>(&self, x: &[R]) -> R {
                R::special(self, x)
            }
            #[inline(always)]
            fn pull<R: Real>(&self, _: usize, y_bar: &R, kept: &[R]) -> R {
                let $kept = &kept[0];
                y_bar.clone() * $slope
            }
        }

        impl Special for $Type {
            fn number(&self, x: &[f64]) -> f64 {
                $number(x[0])
            }
        }
    )*};
}

/// Functions of two numbers, which broadcast: by a formula `|x, y|`, or by the `number` that code of its own computes, in f64; and
/// the cotangent of each, from that of the result.
macro_rules! pairs {
    ($($(#[$doc:meta])* $Type:ident, $method:ident: $(number $number:path,)? $(|$x:ident, $y:ident| $value:expr,)?
        cotangents |$z_bar:ident, $a:ident, $b:ident| { $x_bar:expr, $y_bar:expr $(,)? };)*) => {$(
        operation_type! { $Type, $method }

        impl Elementwise for $Type {
            const NAME: &'static str = stringify!($method);
            const ARITY: usize = 2;
            const IN_F64: bool = in_f64!($(number $number)?);
            #[inline(always)]
            fn value<R: Real>(&self, x: &[R]) -> R {
                $(let [$x, $y] = [&x[0], &x[1]];
                $value)?
                $(value_by!($number, self, x))?
            }
            #[inline(always)]
            fn pull<R: Real>(&self, i: usize, $z_bar: &R, x: &[R]) -> R {
                let [$a, $b] = [&x[0], &x[1]];
                if i == 0 { $x_bar } else { $y_bar }
            }
        }

        $(impl Special for $Type {
            fn number(&self, x: &[f64]) -> f64 {
                $number(x[0], x[1])
            }
        })?

        impl Tensor {
            $(#[$doc])*
            ///
            #[doc = $crate::ops::pointwise::elementwise::bounds::accuracy!($method)]
            ///
            /// # Panics
            /// When the shapes do not broadcast, the dtypes differ or are not floating point.
            #[must_use]
            #[track_caller]
            pub fn $method<'a>(&self, other: impl Into<Operand<'a>>) -> Tensor {
                binary(&$Type, self, other.into())
            }
        }
    )*};
}

macro_rules! in_f64 {
    () => {
        false
    };
    (number $number:path) => {
        true
    };
}

macro_rules! value_by {
    ($number:path, $function:expr, $x:expr) => {
        R::special($function, $x)
    };
}

macro_rules! kept {
    (x) => {
        Kept::Inputs
    };
    (y) => {
        Kept::Output
    };
}
pub(in crate::ops) use {
    check_of_domain, declared, functions, in_f64, kept, operation_type, pairs, pull_by_slope, specials, value_by,
};
