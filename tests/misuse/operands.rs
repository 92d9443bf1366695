//! Dtypes, plain numbers, broadcasting and products.

use crate::{assert_messages, misuses};
use cotangent::{DType, Tensor, ops, try_apply};

fn zeros(shape: &[usize], dtype: DType) -> Tensor {
    Tensor::zeros(shape, dtype)
}

#[test]
fn dtypes() {
    let (f32, f64, i64) = (zeros(&[2], DType::F32), zeros(&[2], DType::F64), zeros(&[2], DType::I64));
    let (u8, bool) = (zeros(&[2], DType::U8), zeros(&[2], DType::Bool));
    assert_messages(misuses![
        i64.exp() => "exp: needs a floating-point dtype; got i64[2]; cast first, for example with .cast(DType::F32)",
        bool.relu() =>
            "relu: needs a floating-point dtype; got bool[2]; cast first, for example with .cast(DType::F32)",
        i64.powf(2) => "powf: needs a floating-point dtype; got i64[2]; cast first, for example with .cast(DType::F32)",
        bool.abs() =>
            "abs: truth values have no arithmetic; got bool[2]; cast first, for example with .cast(DType::F32)",
        bool.clamp(0, 1) =>
            "clamp: truth values have no arithmetic; got bool[2]; cast first, for example with .cast(DType::F32)",
        &bool + &bool =>
            "add: truth values have no arithmetic; got bool[2], bool[2]; \
             cast first, for example with .cast(DType::F32)",
        -&bool => "neg: truth values have no arithmetic; got bool[2]; cast first, for example with .cast(DType::F32)",
        &i64 / &i64 =>
            "div: needs a floating-point dtype; got i64[2], i64[2]; cast first, for example with .cast(DType::F32)",
        &i64 / 2 =>
            "div: needs a floating-point dtype; got i64[2], i64[]; cast first, for example with .cast(DType::F32)",
        &f32 * &f64 =>
            "mul: all inputs must have one dtype, not f32 and f64; got f32[2], f64[2]; \
             cast one of them, for example with .cast(DType::F32)",
        &f64 - Tensor::from(1.0f32) =>
            "sub: all inputs must have one dtype, not f64 and f32; got f64[2], f32[]; \
             cast one of them, for example with .cast(DType::F64)",
        f64.clone() - Tensor::from(1.0f32) =>
            "sub: all inputs must have one dtype, not f64 and f32; got f64[2], f32[]; \
             cast one of them, for example with .cast(DType::F64)",
        f32.maximum(&i64) =>
            "maximum: all inputs must have one dtype, not f32 and i64; got f32[2], i64[2]; \
             cast one of them, for example with .cast(DType::F32)",
        &i64 * &f32 =>
            "mul: all inputs must have one dtype, not i64 and f32; got i64[2], f32[2]; \
             cast one of them, for example with .cast(DType::F32)",
        &bool * &f64 =>
            "mul: all inputs must have one dtype, not bool and f64; got bool[2], f64[2]; \
             cast one of them, for example with .cast(DType::F64)",
        &bool + &i64 =>
            "add: all inputs must have one dtype, not bool and i64; got bool[2], i64[2]; \
             cast one of them, for example with .cast(DType::I64)",
        &bool + &u8 =>
            "add: all inputs must have one dtype, not bool and u8; got bool[2], u8[2]; \
             cast one of them, for example with .cast(DType::U8)",
        f32.lt(&u8) =>
            "lt: all inputs must have one dtype, not f32 and u8; got f32[2], u8[2]; \
             cast one of them, for example with .cast(DType::F32)",
        f32.where_(&f32, &f32) =>
            "where: the condition must be bool; got f32[2], f32[2], f32[2]; \
             compare to get one, for example with .gt(0)",
        bool.where_(&f32, &f64) =>
            "where: what is chosen must have one dtype, not f32 and f64; got bool[2], f32[2], f64[2]; \
             cast one of them, for example with .cast(DType::F32)",
        bool.where_(&u8, &f32) =>
            "where: what is chosen must have one dtype, not u8 and f32; got bool[2], u8[2], f32[2]; \
             cast one of them, for example with .cast(DType::F32)",
        bool.where_(1.0, 0.0) =>
            "where: two plain numbers have no dtype; make one a tensor, for example with Tensor::from(1.0f32)",
        u8.sum(..) =>
            "sum: a sum of u8 would soon overflow it; got u8[2]; cast first, for example with .cast(DType::I64)",
        i64.mean(..) =>
            "mean: needs a floating-point dtype; got i64[2]; cast first, for example with .cast(DType::F32)",
        i64.var(.., 1) =>
            "var: needs a floating-point dtype; got i64[2]; cast first, for example with .cast(DType::F32)",
        i64.softmax(0) =>
            "softmax: needs a floating-point dtype; got i64[2]; cast first, for example with .cast(DType::F32)",
        i64.logsumexp(..) =>
            "logsumexp: needs a floating-point dtype; got i64[2]; cast first, for example with .cast(DType::F32)",
        f32.index_select(0, &f32) =>
            "index_select: the index must be i64, not f32; got f32[2], f32[2]; cast it with .cast(DType::I64)",
        bool.scatter_add(0, &i64, &bool) =>
            "scatter_add: truth values cannot be added; got bool[2], i64[2], bool[2]; \
             cast first, for example with .cast(DType::I64)",
        f32.scatter_add(0, &i64, &f64) =>
            "scatter_add: the summands must have the tensor's dtype, f32, not f64; got f32[2], i64[2], f64[2]; \
             cast them with .cast(DType::F32)",
        i64.scatter_add(0, &i64, &f32) =>
            "scatter_add: the summands must have the tensor's dtype, i64, not f32; got i64[2], i64[2], f32[2]; \
             cast the tensor with .cast(DType::F32)",
        i64.scatter(0, &i64, &f32) =>
            "scatter: the values must have the tensor's dtype, i64, not f32; got i64[2], i64[2], f32[2]; \
             cast the tensor with .cast(DType::F32)",
        Tensor::concat([&f32, &i64], 0) =>
            "concat: all inputs must have one dtype, not f32 and i64; got f32[2], i64[2]; \
             cast one of them, for example with .cast(DType::F32)",
        Tensor::concat([&u8, &i64, &f32], 0) =>
            "concat: all inputs must have one dtype, not u8 and i64; got u8[2], i64[2], f32[2]; \
             cast one of them, for example with .cast(DType::F32)",
        Tensor::stack([&f32, &i64], 0) =>
            "stack: all inputs must have one dtype, not f32 and i64; got f32[2], i64[2]; \
             cast one of them, for example with .cast(DType::F32)",
        Tensor::linspace(0.0, 1.0, 3, DType::I64) => "linspace: needs a floating-point dtype, not i64",
        Tensor::arange(0, 3, 0) => "arange: the step must not be zero; got start 0, end 3, step 0",
    ]);
}

#[test]
fn plain_numbers() {
    let (i64, u8, bool) = (zeros(&[2], DType::I64), zeros(&[2], DType::U8), zeros(&[2], DType::Bool));
    let way_out = "write an integer, or cast the tensor with .cast(DType::F32)";
    assert_messages(misuses![
        &i64 * 0.5 =>
            "mul: the float 0.5 does not go with a tensor of i64; got i64[2]; \
             write an integer, or cast the tensor with .cast(DType::F32)",
        2.0 - &i64 =>
            "sub: the float 2.0 does not go with a tensor of i64; got i64[2]; \
             write an integer, or cast the tensor with .cast(DType::F32)",
        i64.gt(0.0) =>
            "gt: the float 0.0 does not go with a tensor of i64; got i64[2]; \
             write an integer, or cast the tensor with .cast(DType::F32)",
        &u8 + 256 => "add: 256 does not fit a tensor of u8, which holds 0 to 255; got u8[2]",
        u8.maximum(-1) => "maximum: -1 does not fit a tensor of u8, which holds 0 to 255; got u8[2]",
        bool.eq(2) => "eq: a tensor of bool holds false and true, not 2; got bool[2]",
        bool.eq(1.0) => "eq: a tensor of bool holds false and true, not 1.0; got bool[2]",
        u8.pad([(1, 0)], -1) => "pad: -1 does not fit a tensor of u8, which holds 0 to 255; got u8[2]",
        i64.pad([(1, 0)], 0.5) =>
            "pad: the float 0.5 does not go with a tensor of i64; got i64[2]; \
             write an integer, or cast the tensor with .cast(DType::F32)",
        Tensor::full([2], 300, DType::U8) => "full: 300 does not fit a tensor of u8, which holds 0 to 255",
        bool.where_(&i64, 0.5) =>
            "where: the float 0.5 does not go with a tensor of i64; got i64[2]; \
             write an integer, or cast the tensor with .cast(DType::F32)",
    ]);
    let mut x = i64.clone();
    let message = crate::panic_message(|| x += 0.5).expect("a float does not go with integers");
    assert!(message.starts_with("add: the float 0.5") && message.ends_with(way_out), "{message}");
}

#[test]
fn broadcasting() {
    let (a, b, c) = (zeros(&[2, 3], DType::F32), zeros(&[4], DType::F32), zeros(&[2], DType::F32));
    let mask = zeros(&[5], DType::Bool);
    assert_messages(misuses![
        &a + &b =>
            "add: the shapes do not broadcast: aligned at the last axis, sizes must be equal or 1; \
             got f32[2, 3], f32[4]",
        a.clone() * c.clone() =>
            "mul: the shapes do not broadcast: aligned at the last axis, sizes must be equal or 1; \
             got f32[2, 3], f32[2]",
        a.minimum(&b) =>
            "minimum: the shapes do not broadcast: aligned at the last axis, sizes must be equal or 1; \
             got f32[2, 3], f32[4]",
        a.ge(&b) =>
            "ge: the shapes do not broadcast: aligned at the last axis, sizes must be equal or 1; \
             got f32[2, 3], f32[4]",
        mask.where_(&a, 0) =>
            "where: the shapes do not broadcast: aligned at the last axis, sizes must be equal or 1; \
             got bool[5], f32[2, 3], f32[]",
        a.expand([3, 3]) =>
            "expand: cannot broadcast to [3, 3]: aligned at the last axis, each size must be equal or 1; got f32[2, 3]",
        a.expand([3]) =>
            "expand: cannot broadcast to [3]: aligned at the last axis, each size must be equal or 1; got f32[2, 3]",
        a.sum_to_shape([2]) => "sum_to_shape: [2] does not broadcast to the tensor's shape; got f32[2, 3]",
    ]);
}

#[test]
fn products() {
    let f = |shape: &[usize]| zeros(shape, DType::F32);
    let (a, b, v, scalar) = (f(&[2, 3]), f(&[4, 2]), f(&[5]), f(&[]));
    assert_messages(misuses![
        zeros(&[2, 2], DType::I64).matmul(&zeros(&[2, 2], DType::I64)) =>
            "matmul: needs a floating-point dtype; got i64[2, 2], i64[2, 2]; \
             cast first, for example with .cast(DType::F32)",
        a.matmul(&zeros(&[3, 2], DType::F64)) =>
            "matmul: all inputs must have one dtype, not f32 and f64; got f32[2, 3], f64[3, 2]; \
             cast one of them, for example with .cast(DType::F32)",
        a.matmul(&b) =>
            "matmul: the inner sizes differ: 3 columns on the left, 4 rows on the right; got f32[2, 3], f32[4, 2]",
        a.matmul(&v) =>
            "matmul: the inner sizes differ: 3 columns on the left, 5 rows on the right; got f32[2, 3], f32[5]",
        v.matmul(&a) =>
            "matmul: the inner sizes differ: 5 columns on the left, 2 rows on the right; got f32[5], f32[2, 3]",
        v.matmul(&f(&[4])) =>
            "matmul: the inner sizes differ: 5 columns on the left, 4 rows on the right; got f32[5], f32[4]",
        f(&[7, 2, 3]).matmul(&b) =>
            "matmul: the inner sizes differ: 3 columns on the left, 4 rows on the right; got f32[7, 2, 3], f32[4, 2]",
        f(&[7, 2, 3]).matmul(&f(&[6, 3, 2])) =>
            "matmul: the batch axes do not broadcast: aligned at the last, sizes must be equal or 1; \
             got f32[7, 2, 3], f32[6, 3, 2]",
        f(&[7, 2, 3]).matmul(&f(&[1, 4, 2])) =>
            "matmul: the inner sizes differ: 3 columns on the left, 4 rows on the right; \
             got f32[7, 2, 3], f32[1, 4, 2]",
        a.matmul(&scalar) => "matmul: a scalar is not a matrix; got f32[2, 3], f32[]; multiply by it with *",
        scalar.matmul(&a) => "matmul: a scalar is not a matrix; got f32[], f32[2, 3]; multiply by it with *",
    ]);
}

/// The primitive itself says in an error what the method says in a panic; where the method would have brought the
/// shapes together first, it says that.
#[test]
fn try_apply_returns_what_the_method_panics_with() {
    let (i, f, g) = (zeros(&[2], DType::I64), zeros(&[2], DType::F32), zeros(&[3], DType::F32));
    let matrix = zeros(&[2, 3], DType::F32);
    let error = |primitive: &dyn cotangent::Primitive, inputs: &[&Tensor]| {
        try_apply(primitive, inputs).expect_err("a misuse").to_string()
    };
    let panic = |call: &dyn Fn() -> Tensor| crate::panic_message(|| drop(call())).expect("a misuse");
    assert_eq!(error(&ops::Exp, &[&i]), panic(&|| i.exp()));
    assert_eq!(error(&ops::Add, &[&i, &f]), panic(&|| &i + &f));
    assert_eq!(error(&ops::Sum::new(3, false), &[&f]), panic(&|| f.sum(3)));
    assert_eq!(error(&ops::MatMul, &[&matrix, &matrix]), panic(&|| matrix.matmul(&matrix)));
    assert_eq!(error(&ops::Gather::new(0), &[&f, &f]), panic(&|| f.gather(0, &f)));
    assert_eq!(error(&ops::Reshape::new([3]), &[&f]), panic(&|| f.reshape([3])));
    assert_eq!(error(&ops::Concat::new(1), &[&f, &f]), panic(&|| Tensor::concat([&f, &f], 1)));
    let index = Tensor::from([7i64]);
    assert_eq!(error(&ops::IndexSelect::new(0), &[&f, &index]), panic(&|| f.index_select(0, &index)));
    // Inside a transform too.
    cotangent::grad(&f, |f| {
        assert_eq!(
            error(&ops::MatMul, &[f, f]),
            "matmul: the primitive takes matrices; its method takes vectors too; got f32[2], f32[2]"
        );
        f.sum(..)
    });
    assert_eq!(
        error(&ops::Add, &[&f, &g]),
        "add: the primitive takes inputs of one shape; got f32[2], f32[3]; its method broadcasts; \
         for try_apply, expand the inputs first"
    );
}

/// A primitive that is given too few or too many inputs says so; each counts them before it looks at them.
#[test]
fn wrong_numbers_of_inputs() {
    let x = zeros(&[2], DType::F32);
    let axis = 0;
    let primitives: [(Box<dyn cotangent::Primitive>, usize); 25] = [
        (Box::new(ops::Exp), 1),
        (Box::new(ops::Neg), 1),
        (Box::new(ops::Add), 2),
        (Box::new(ops::Maximum), 2),
        (Box::new(ops::Where), 3),
        (Box::new(ops::Compare(ops::Comparison::Eq)), 2),
        (Box::new(ops::Cast(DType::F64)), 1),
        (Box::new(ops::StopGradient), 1),
        (Box::new(ops::Sum::new(.., false)), 1),
        (Box::new(ops::Max::new(.., false)), 1),
        (Box::new(ops::ArgMax::new(axis, false)), 1),
        (Box::new(ops::Softmax::new(axis)), 1),
        (Box::new(ops::LogSoftmax::new(axis)), 1),
        (Box::new(ops::LogSumExp::new(.., false)), 1),
        (Box::new(ops::MatMul), 2),
        (Box::new(ops::Reshape::new([2])), 1),
        (Box::new(ops::Permute::new([0])), 1),
        (Box::new(ops::Expand::new([2])), 1),
        (Box::new(ops::Narrow::new(axis, 0, 1)), 1),
        (Box::new(ops::Flip::new(..)), 1),
        (Box::new(ops::Pad::new([(0, 0)], 0)), 1),
        (Box::new(ops::Gather::new(axis)), 2),
        (Box::new(ops::ScatterAdd::new(axis)), 3),
        (Box::new(ops::IndexSelect::new(axis)), 2),
        (Box::new(ops::IndexAdd::new(axis)), 3),
    ];
    for (primitive, takes) in primitives {
        for given in (0..5).filter(|&given| given != takes) {
            let error = try_apply(&*primitive, &vec![&x; given]).expect_err("a wrong number of inputs").to_string();
            let s = if takes == 1 { "" } else { "s" };
            let rule = format!("{}: takes {takes} input{s}, not {given}", primitive.name());
            assert!(error.starts_with(&rule), "{error}");
        }
    }
}

/// A compound assignment that is refused leaves its left side as it was.
#[test]
fn what_is_assigned_to_keeps_its_shape_and_its_value() {
    let mut x = Tensor::from([1.0]);
    let (longer, other) = (Tensor::from([1.0, 2.0, 3.0]), Tensor::from([1.0f32]));
    assert_messages(misuses![
        x += &longer =>
            "add: the tensor that is assigned to would change its shape; got f64[1], f64[3]; \
             write x = x + y for a result of another shape",
    ]);
    assert_messages(misuses![
        x *= &other =>
            "mul: all inputs must have one dtype, not f64 and f32; got f64[1], f32[1]; \
             cast one of them, for example with .cast(DType::F64)",
    ]);
    assert_eq!(x.to_vec::<f64>(), [1.0]);
    x += 1;
    x -= Tensor::from([0.5]);
    assert_eq!(x.to_vec::<f64>(), [1.5]);
}
