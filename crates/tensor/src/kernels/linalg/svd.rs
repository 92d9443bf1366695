//! Singular values by one-sided Jacobi rotations (Golub and Van Loan, section 8.6.3) on the triangular factor of a QR factorisation,
//! which finds small singular values to high relative accuracy (Demmel and Veselić, 1992).

use super::{Scalar, add_multiple, dot, largest, length, product, qr, transposed, vectors::rotate};

/// Sweeps over all pairs of columns: five to ten are usual.
const SWEEPS: usize = 60;

/// `u` (`m` x `k`), `s` descending and `vt` (`k` x `n`) of `a = u diag(s) vt`, with `k = min(m, n)`.
pub(super) fn factor<T: Scalar>(a: &[T], m: usize, n: usize, u: &mut [T], s: &mut [T], vt: &mut [T]) {
    if m < n {
        let (mut v, mut ut) = (vec![T::ZERO; n * m], vec![T::ZERO; m * m]);
        factor(&transposed(a, m, n), n, m, &mut v, s, &mut ut);
        vt.copy_from_slice(&transposed(&v, n, m));
        u.copy_from_slice(&transposed(&ut, m, m));
        return;
    }
    let scale = largest(a);
    if !scale.is_finite() {
        let nan = T::from_f64(f64::NAN);
        [u, s, vt].into_iter().for_each(|part| part.fill(nan));
        return;
    }
    // The largest element becomes about 1, so that a row can be told to vanish by its length.
    let divisor = match scale {
        zero if zero == T::ZERO => T::ONE,
        // A power of two, so that nothing is rounded.
        moderate if moderate > T::SMALLEST && moderate < T::LARGEST => {
            T::from_f64(2f64.powi(moderate.to_f64().log2().floor() as i32))
        }
        extreme => extreme,
    };
    let a: Vec<T> = a.iter().map(|&x| x / divisor).collect();
    if !T::svd(&a, m, n, u, s, vt) {
        factor_by_rotations(&a, m, n, u, s, vt);
    }
    s.iter_mut().for_each(|x| *x *= divisor);
}

/// Of a matrix whose largest element is about 1.
fn factor_by_rotations<T: Scalar>(a: &[T], m: usize, n: usize, u: &mut [T], s: &mut [T], vt: &mut [T]) {
    let (mut q, mut r) = (vec![T::ZERO; m * n], vec![T::ZERO; n * n]);
    qr::factor(a, m, n, n, &mut q, &mut r);
    // Rotations J make the rows of R orthogonal: Jᵀ R = diag(s) Vᵀ, so that A = (Q J) diag(s) Vᵀ.
    let mut turns = vec![T::ZERO; n * n];
    (0..n).for_each(|i| turns[i * n + i] = T::ONE);
    let converged = make_rows_orthogonal(&mut r, &mut turns, n);
    let lengths: Vec<T> = r.chunks_exact(n.max(1)).map(length).collect();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| lengths[j].to_f64().total_cmp(&lengths[i].to_f64()));
    let mut sorted_turns = vec![T::ZERO; n * n];
    for (to, &from) in order.iter().enumerate() {
        let length = if converged { lengths[from] } else { T::from_f64(f64::NAN) };
        s[to] = length;
        let row = &mut vt[to * n..][..n];
        row.copy_from_slice(&r[from * n..][..n]);
        if length == T::ZERO {
            complete(vt, to, n);
        } else {
            row.iter_mut().for_each(|x| *x /= length);
        }
        (0..n).for_each(|i| sorted_turns[i * n + to] = turns[from * n + i]);
    }
    u.copy_from_slice(&product(m, n, n, &q, &sorted_turns));
}

/// Rotates pairs of rows until all are orthogonal; `turns` are rotated with them. Whether that came to an end.
fn make_rows_orthogonal<T: Scalar>(rows: &mut [T], turns: &mut [T], n: usize) -> bool {
    // The rounding of a dot product, relative to the lengths, grows about as the root of its length.
    let tolerance = T::EPSILON * T::from_f64((n as f64).sqrt());
    // A rotation that leaves less than this of a square has cancelled digits of it.
    let least = T::from_f64(0.1);
    // Rows of a deficient matrix shrink with each cancellation. Squares below this lose digits, and rotations by them would not end.
    let vanishing = T::SMALLEST * T::SMALLEST;
    for _ in 0..SWEEPS {
        let mut has_turned = false;
        let mut squares: Vec<T> = rows.chunks_exact(n.max(1)).map(|row| dot(row, row)).collect();
        for (row, square) in rows.chunks_exact_mut(n.max(1)).zip(&mut squares) {
            if *square < vanishing {
                row.fill(T::ZERO);
                *square = T::ZERO;
            }
        }
        for j in 1..n {
            for i in 0..j {
                let (before, after) = rows.split_at_mut(j * n);
                let (x, y) = (&mut before[i * n..][..n], &mut after[..n]);
                let (xx, yy, xy) = (squares[i], squares[j], dot(x, y));
                let vanishes = xx < vanishing || yy < vanishing;
                if xy == T::ZERO || vanishes || xy.abs() <= tolerance * (xx.sqrt() * yy.sqrt()) {
                    continue;
                }
                has_turned = true;
                let ratio = (yy - xx) / (xy + xy);
                let tangent = T::ONE.with_sign_of(ratio) / (ratio.abs() + length(&[ratio, T::ONE]));
                let cosine = T::ONE / (T::ONE + tangent * tangent).sqrt();
                rotate(x, y, cosine, cosine * tangent);
                let square =
                    |row: &[T], before: T, after: T| if after > least * before { after } else { dot(row, row) };
                squares[i] = square(x, xx, xx - tangent * xy);
                squares[j] = square(y, yy, yy + tangent * xy);
                let (before, after) = turns.split_at_mut(j * n);
                rotate(&mut before[i * n..][..n], &mut after[..n], cosine, cosine * tangent);
            }
        }
        if !has_turned {
            return true;
        }
    }
    false
}

/// Makes row `k` a unit vector orthogonal to the rows before it: where the singular value is zero, any will do.
fn complete<T: Scalar>(rows: &mut [T], k: usize, n: usize) {
    let (done, row) = rows.split_at_mut(k * n);
    let row = &mut row[..n];
    // The axis of which least lies in the span of the rows before.
    let inside = |axis: usize| done.chunks_exact(n).fold(T::ZERO, |sum, row| sum + row[axis] * row[axis]);
    let axis =
        (1..n).fold((0, inside(0)), |best, axis| if inside(axis) < best.1 { (axis, inside(axis)) } else { best }).0;
    row.fill(T::ZERO);
    row[axis] = T::ONE;
    // Twice is enough: the second pass removes what rounding left of the first.
    for _ in 0..2 {
        for other in done.chunks_exact(n) {
            let along = dot(row, other);
            add_multiple(row, -along, other);
        }
        let length = length(row);
        row.iter_mut().for_each(|x| *x /= length);
    }
}
