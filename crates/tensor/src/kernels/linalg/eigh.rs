//! Eigenvalues and eigenvectors of symmetric matrices: Householder reflections to a tridiagonal matrix, then QL steps with implicit
//! shifts (Golub and Van Loan, sections 8.3.1 and 8.3.5).

use super::{
    Scalar, add_multiple, dot, largest,
    qr::{reflect, reflector},
    vectors::rotate,
};

/// QL steps for each eigenvalue: two or three are usual, and thirty have always been enough.
const STEPS: usize = 60;

/// `values` in ascending order, and the eigenvectors as the columns of `vectors`. Symmetry is taken for granted.
pub(super) fn factor<T: Scalar>(a: &[T], n: usize, values: &mut [T], vectors: &mut [T]) {
    let scale = largest(a);
    if !scale.is_finite() {
        let nan = T::from_f64(f64::NAN);
        values.fill(nan);
        vectors.fill(nan);
        return;
    }
    let mut a = a.to_vec();
    let scales = scale != T::ZERO && !(scale > T::SMALLEST && scale < T::LARGEST);
    if scales {
        a.iter_mut().for_each(|x| *x /= scale);
    }
    if !T::eigh(&a, n, values, vectors) {
        factor_by_rotations(a, n, values, vectors);
    }
    if scales {
        values.iter_mut().for_each(|x| *x *= scale);
    }
}

fn factor_by_rotations<T: Scalar>(a: Vec<T>, n: usize, values: &mut [T], vectors: &mut [T]) {
    let (mut diagonal, mut beside, mut rows) = tridiagonal(a, n);
    if !diagonalise(&mut diagonal, &mut beside, &mut rows, n) {
        diagonal.fill(T::from_f64(f64::NAN));
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| diagonal[i].to_f64().total_cmp(&diagonal[j].to_f64()));
    for (to, &from) in order.iter().enumerate() {
        values[to] = diagonal[from];
        (0..n).for_each(|i| vectors[i * n + to] = rows[from * n + i]);
    }
}

/// The diagonal of `T = Qᵀ A Q`, what stands beside it, and Qᵀ.
fn tridiagonal<T: Scalar>(mut a: Vec<T>, n: usize) -> (Vec<T>, Vec<T>, Vec<T>) {
    let mut beside = vec![T::ZERO; n];
    let mut scales = vec![T::ZERO; n];
    let mut w = vec![T::ZERO; n];
    for k in 0..n.saturating_sub(1) {
        // By symmetry the column below the diagonal is the row right of it; v stays there.
        let (above, below) = a.split_at_mut((k + 1) * n);
        let v = &mut above[k * n + k + 1..];
        let (scale, multiple) = reflector(v);
        (scales[k], beside[k]) = (scale, multiple);
        if scale == T::ZERO {
            continue;
        }
        // A - v wᵀ - w vᵀ with w = scale (A v) - scale²/2 (vᵀ A v) v
        let w = &mut w[k + 1..];
        for (w, row) in w.iter_mut().zip(below.chunks_exact(n)) {
            *w = scale * dot(&row[k + 1..], v);
        }
        let half = scale * dot(w, v) * T::from_f64(0.5);
        add_multiple(w, -half, v);
        for (i, row) in below.chunks_exact_mut(n).enumerate() {
            add_multiple(&mut row[k + 1..], -v[i], w);
            add_multiple(&mut row[k + 1..], -w[i], v);
        }
    }
    let diagonal = (0..n).map(|i| a[i * n + i]).collect();
    let mut rows = vec![T::ZERO; n * n];
    for (i, row) in rows.chunks_exact_mut(n.max(1)).enumerate() {
        row[i] = T::ONE;
        // A reflection leaves the unit vectors of the indices before its own as they are.
        for k in (0..i).rev() {
            reflect(&mut row[k + 1..], &a[k * n + k + 1..(k + 1) * n], scales[k]);
        }
    }
    (diagonal, beside, rows)
}

/// Makes a tridiagonal matrix diagonal by rotations, which `rows` follow; whether that came to an end.
fn diagonalise<T: Scalar>(d: &mut [T], e: &mut [T], rows: &mut [T], n: usize) -> bool {
    // Blocks of a deficient matrix are made of rounding errors, and their parts of errors of those: steps on them need not end. What
    // this cuts off is far below the error of the reduction, epsilon times the largest element.
    let vanishing = T::EPSILON * T::EPSILON * (largest(d) + largest(e));
    for first in 0..n {
        let mut steps = 0;
        loop {
            let negligible = |i: &usize| {
                let size = e[*i].abs();
                size <= vanishing || size <= T::EPSILON * (d[*i].abs() + d[*i + 1].abs())
            };
            let last = (first..n - 1).find(negligible).unwrap_or(n - 1);
            if last == first {
                break;
            }
            steps += 1;
            if steps > STEPS {
                return false;
            }
            ql_step(d, e, rows, n, first, last);
        }
    }
    true
}

/// One step on the block `first..=last`, with Wilkinson's shift: the rotations chase an element beside the diagonal upwards.
fn ql_step<T: Scalar>(d: &mut [T], e: &mut [T], rows: &mut [T], n: usize, first: usize, last: usize) {
    let two = T::from_f64(2.0);
    let ratio = (d[first + 1] - d[first]) / (two * e[first]);
    let root = length_of(ratio, T::ONE);
    let mut g = d[last] - d[first] + e[first] / (ratio + root.with_sign_of(ratio));
    let (mut sine, mut cosine, mut shift) = (T::ONE, T::ONE, T::ZERO);
    for i in (first..last).rev() {
        let (f, b) = (sine * e[i], cosine * e[i]);
        let r = length_of(f, g);
        e[i + 1] = r;
        if r == T::ZERO {
            // The block has come apart here: go on with its parts.
            d[i + 1] -= shift;
            e[last] = T::ZERO;
            return;
        }
        (sine, cosine) = (f / r, g / r);
        let above = d[i + 1] - shift;
        let change = (d[i] - above) * sine + two * cosine * b;
        shift = sine * change;
        d[i + 1] = above + shift;
        g = cosine * change - b;
        let (lower, upper) = rows.split_at_mut((i + 1) * n);
        rotate(&mut lower[i * n..], &mut upper[..n], cosine, sine);
    }
    d[first] -= shift;
    e[first] = g;
    e[last] = T::ZERO;
}

/// `sqrt(x² + y²)` without overflow.
fn length_of<T: Scalar>(x: T, y: T) -> T {
    super::length(&[x, y])
}
