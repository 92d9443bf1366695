//! `sinc x = sin(pi x) / (pi x)` and its derivatives of every order.
//!
//! With t = pi x, the derivative of order n is `S_n(t) = integral of s^n cos(t s + n pi / 2) ds over (0, 1)`, times pi^n. Small t take
//! the series of it, larger ones `t S_n = d^n/dt^n sin t - n S_(n-1)`, which loses `n / t` in each step.

use super::sin_cos_pi;
use std::f64::consts::PI;

/// The derivative of order `n` at x.
pub(crate) fn sinc(n: u32, x: f64) -> f64 {
    let t = PI * x;
    // Up to here the series cancels less than a digit for small n, and beyond n the recurrence loses little.
    let derivative = if t.abs() <= f64::from(n).max(1.5) { series(n, t) } else { recurrence(n, x, t) };
    derivative * libm::pow(PI, f64::from(n))
}

/// The sum over k of `(-1)^k t^(2k - n) / ((2k + 1) (2k - n)!)`, from 2k = n on.
fn series(n: u32, t: f64) -> f64 {
    let first = n.div_ceil(2);
    let odd = if n % 2 == 1 { t } else { 1.0 };
    let mut term = if first.is_multiple_of(2) { odd } else { -odd };
    let (mut sum, mut k) = (0.0, f64::from(first));
    loop {
        let added = term / (2.0 * k + 1.0);
        // Terms grow while 2k - n is below t, and t is at most n or 1.5.
        let exponent = 2.0 * k - f64::from(n);
        if added == 0.0 || (added.abs() < f64::EPSILON * 0.01 * f64::abs(sum) && exponent > t.abs()) {
            return sum + added;
        }
        sum += added;
        term *= -t * t / ((exponent + 1.0) * (exponent + 2.0));
        k += 1.0;
    }
}

fn recurrence(n: u32, x: f64, t: f64) -> f64 {
    if t.is_infinite() {
        return 0.0;
    }
    let (sin, cos) = sin_cos_pi(x);
    let mut derivative = sin / t;
    for k in 1..=n {
        let turned = [sin, cos, -sin, -cos][(k % 4) as usize];
        derivative = (turned - f64::from(k) * derivative) / t;
    }
    derivative
}
