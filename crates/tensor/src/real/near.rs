//! Numbers of loops that vectorise though their formula has sines or cosines, of which those far out do not.

use super::{Lane, Real};
use crate::{kernels::math::Math, ops, ops::Special};
use std::ops::{Add, Div, Mul, Neg, Sub};

/// A number as in [`Lane`], whose sine and cosine are computed as if it were in their range; and whether all were of which it is made.
#[derive(Clone, Copy)]
pub(crate) struct NearLane<T, const FMA: bool> {
    pub(crate) lane: Lane<T, FMA>,
    pub(crate) is_right: bool,
}

impl<T: Math, const FMA: bool> NearLane<T, FMA> {
    #[inline(always)]
    pub(crate) fn new(x: T) -> Self {
        NearLane { lane: Lane(x), is_right: true }
    }

    /// What was made of this and another.
    #[inline(always)]
    fn with(self, other: Self, lane: Lane<T, FMA>) -> Self {
        NearLane { lane, is_right: self.is_right & other.is_right }
    }

    #[inline(always)]
    fn angle(&self, value: T) -> Self {
        NearLane { lane: Lane(value), is_right: self.is_right & self.lane.0.trig_in_range() }
    }
}

macro_rules! operators {
    ($($trait:ident $method:ident),*) => {$(
        impl<T: Math, const FMA: bool> $trait for NearLane<T, FMA> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                self.with(other, $trait::$method(self.lane, other.lane))
            }
        }
    )*};
}
operators!(Add add, Sub sub, Mul mul, Div div);

impl<T: Math, const FMA: bool> Neg for NearLane<T, FMA> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        NearLane { lane: -self.lane, ..self }
    }
}

macro_rules! functions {
    ($($name:ident),*) => {$(
        #[inline(always)]
        fn $name(&self) -> Self {
            NearLane { lane: self.lane.$name(), ..*self }
        }
    )*};
}

impl<T: Math, const FMA: bool> Real for NearLane<T, FMA> {
    functions!(exp, expm1, ln, log1p, sqrt, tanh, sigmoid, softplus, erf, gelu, abs, floor, ceil, trunc, round);
    #[inline(always)]
    fn sin(&self) -> Self {
        self.angle(self.lane.0.sin_in_range::<FMA>())
    }
    #[inline(always)]
    fn cos(&self) -> Self {
        self.angle(self.lane.0.cos_in_range::<FMA>())
    }
    #[inline(always)]
    fn constant(&self, value: f64) -> Self {
        NearLane { lane: self.lane.constant(value), is_right: true }
    }
    #[inline(always)]
    fn powf(&self, exponent: f64) -> Self {
        NearLane { lane: self.lane.powf(exponent), ..*self }
    }
    #[inline(always)]
    fn special<F: Special>(function: &F, x: &[Self]) -> Self {
        let mut lanes = [x[0].lane; ops::MAX_ARITY];
        lanes.iter_mut().zip(x).for_each(|(lane, x)| *lane = x.lane);
        NearLane { lane: Lane::special(function, &lanes[..x.len()]), is_right: x.iter().all(|x| x.is_right) }
    }
    #[inline(always)]
    fn if_nan(&self, then: Self, otherwise: Self) -> Self {
        let is_right = self.is_right & then.is_right & otherwise.is_right;
        NearLane { lane: self.lane.if_nan(then.lane, otherwise.lane), is_right }
    }
    #[inline(always)]
    fn if_greater(&self, than: &Self, then: Self, otherwise: Self) -> Self {
        let is_right = self.is_right & than.is_right & then.is_right & otherwise.is_right;
        NearLane { lane: self.lane.if_greater(&than.lane, then.lane, otherwise.lane), is_right }
    }
}
