//! QR factorisation by Householder reflections (Golub and Van Loan, section 5.2), with LAPACK's signs: a diagonal element of R has the
//! sign opposite to the element that it eliminates from.

use super::{Scalar, add_multiple, dot, largest, length, transposed};

/// `H = I - scale v vᵀ`, which maps a vector to a multiple of the first unit vector; `v[0]` is 1.
///
/// Replaces `x` by v and returns the scale and the multiple. Where `x` is such a multiple already, H is the identity.
pub(super) fn reflector<T: Scalar>(x: &mut [T]) -> (T, T) {
    let Some((&first, rest)) = x.split_first() else { return (T::ZERO, T::ZERO) };
    if length(rest) == T::ZERO {
        x[0] = T::ONE;
        return (T::ZERO, first);
    }
    let length = length(x);
    if length < T::SMALLEST * T::SMALLEST {
        // Its elements may be subnormal: v would not have the length that the scale stands for, and H not be orthogonal.
        let factor = T::LARGEST * T::LARGEST;
        x.iter_mut().for_each(|x| *x *= factor);
        let (scale, multiple) = reflector(x);
        return (scale, multiple / factor);
    }
    let multiple = -length.with_sign_of(first);
    let divisor = first - multiple;
    x[1..].iter_mut().for_each(|x| *x /= divisor);
    x[0] = T::ONE;
    ((multiple - first) / multiple, multiple)
}

/// `y` becomes `H y`.
pub(super) fn reflect<T: Scalar>(y: &mut [T], v: &[T], scale: T) {
    let along = scale * dot(y, v);
    add_multiple(y, -along, v);
}

/// `q` (`m` x `k`) and `r` (`k` x `n`) of `a = q r`, for `k` from `min(m, n)`, up to `m`; both hold zeros at first.
pub(super) fn factor<T: Scalar>(a: &[T], m: usize, n: usize, k: usize, q: &mut [T], r: &mut [T]) {
    let scale = largest(a);
    let is_moderate = scale > T::SMALLEST && scale < T::LARGEST;
    if !(is_moderate && T::qr(a, m, n, k, q, r)) {
        factor_by_columns(a, m, n, k, q, r);
    }
}

fn factor_by_columns<T: Scalar>(a: &[T], m: usize, n: usize, k: usize, q: &mut [T], r: &mut [T]) {
    let steps = m.min(n);
    // By columns, which reflections change one at a time.
    let mut columns = transposed(a, m, n);
    let mut scales = vec![T::ZERO; steps];
    for j in 0..steps {
        let (done, rest) = columns.split_at_mut((j + 1) * m);
        let v = &mut done[j * m + j..];
        let (scale, multiple) = reflector(v);
        for column in rest.chunks_exact_mut(m) {
            reflect(&mut column[j..], v, scale);
        }
        scales[j] = scale;
        r[j * n + j] = multiple;
    }
    for (j, column) in columns.chunks_exact(m.max(1)).enumerate() {
        for (i, &x) in column.iter().enumerate().take(j.min(k)) {
            r[i * n + j] = x;
        }
    }
    let mut unit = vec![T::ZERO; m];
    for j in 0..k {
        unit.fill(T::ZERO);
        unit[j] = T::ONE;
        // Reflections after the j-th leave the unit vector as it is.
        for i in (0..steps.min(j + 1)).rev() {
            reflect(&mut unit[i..], &columns[i * m + i..(i + 1) * m], scales[i]);
        }
        (0..m).for_each(|i| q[i * k + j] = unit[i]);
    }
}
