//! Cotangents of parts of a tensor, read one after another: each is added to the sum of those before it.

use cotangent_autograd::{grad, hvp};
use cotangent_tensor::{DType, Tensor};

#[test]
fn parts_that_are_read_in_a_loop_add_up_to_any_order() {
    let rows = 6;
    let x = Tensor::linspace(-1.0, 1.0, rows * 4, DType::F64).reshape([rows, 4]);
    let read_one_by_one = |x: &Tensor| {
        let index = Tensor::from([2i64, -1]);
        let mut sum = x.square().sum(..);
        for i in 0..rows {
            let row = x.select(0, i as isize);
            let both = x.index_select(1, &index).narrow(0, i, 1) * x.index((&index, ..)).sum(..);
            sum = sum + row.exp().sum(..) * x.narrow(0, i, 1).sin().sum(..) + both.sum(..);
        }
        sum + x.gather(0, &Tensor::from([[0i64, 5, -6, 1]])).exp().sum(..)
    };
    let read_at_once = |x: &Tensor| {
        let (a, b) = (x.exp().sum(1), x.sin().sum(1));
        let columns = Tensor::stack([&x.narrow(1, 2, 1), &x.narrow(1, 3, 1)], 0).sum(..);
        let rows = x.narrow(0, 2, 1).sum(..) + x.narrow(0, 5, 1).sum(..);
        let picked = [(0, 0), (5, 1), (0, 2), (1, 3)].map(|(i, j)| x.narrow(0, i, 1).narrow(1, j, 1).exp().sum(..));
        x.square().sum(..) + (a * b).sum(..) + columns * rows + picked.into_iter().reduce(|s, t| s + t).unwrap()
    };
    let close = |found: &Tensor, wanted: &Tensor| {
        // The same terms in another order.
        assert!((found - wanted).abs().max(..).item::<f64>() < 1e-12, "{found}\n{wanted}");
    };
    close(&grad(&x, read_one_by_one), &grad(&x, read_at_once));
    let v = x.cos();
    close(&hvp(&x, &v, read_one_by_one), &hvp(&x, &v, read_at_once));
    // Reverse over reverse.
    let second = |f: &dyn Fn(&Tensor) -> Tensor| grad(&x, |x| (grad(x, f) * &v).sum(..));
    close(&second(&read_one_by_one), &second(&read_at_once));
    let third = |f: &dyn Fn(&Tensor) -> Tensor| grad(&x, |x| (hvp(x, &v, f) * &v).sum(..));
    close(&third(&read_one_by_one), &third(&read_at_once));
}
