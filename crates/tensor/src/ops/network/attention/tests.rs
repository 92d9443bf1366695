//! Attention against its composition, and the fused way back against its decomposition.

use super::{
    Attention, ScaledDotProductAttention,
    backward::AttentionGrad,
    weights::{masked_scores, weights},
};
use crate::{
    DType, Decompose, Few, Rng, Tensor, apply, kernels::parallel::with_threads, ops::refused::message, try_apply,
};

/// Batch, queries, keys, width, width of values: one of all; more rows than a tile; several matrices to a tile; nothing of each.
const SIZES: &[[usize; 5]] = &[
    [1, 1, 1, 1, 1],
    [2, 3, 4, 5, 6],
    [1, 300, 20, 4, 3],
    [3, 130, 140, 8, 5],
    [40, 7, 7, 3, 2],
    [1, 20, 9000, 2, 2],
    [0, 2, 2, 2, 2],
    [2, 0, 3, 2, 2],
    [2, 3, 0, 2, 2],
    [2, 3, 4, 0, 2],
    [2, 3, 4, 2, 0],
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum MaskKind {
    None,
    Bool,
    Added,
}

const MASKS: [MaskKind; 3] = [MaskKind::None, MaskKind::Bool, MaskKind::Added];

/// q, k, v and the mask, if there is one; bool masks leave nothing of the first row.
fn operands([b, l, s, e, d]: [usize; 5], mask: MaskKind) -> Vec<Tensor> {
    let mut rng = Rng::seed(5);
    let mut operands: Vec<Tensor> = [[b, l, e], [b, s, e], [b, s, d]].map(|shape| rng.normal(shape, DType::F64)).into();
    let first_row = Tensor::arange(0, l as i64, 1).eq(0).unsqueeze(1);
    match mask {
        MaskKind::None => {}
        MaskKind::Bool => {
            let random = rng.bernoulli(0.7, [b, l, s]);
            operands.push(first_row.where_(&random.ne(&random), &random));
        }
        MaskKind::Added => {
            let infinite = rng.bernoulli(0.2, [b, l, s]).where_(f64::NEG_INFINITY, &rng.normal([b, l, s], DType::F64));
            operands.push(first_row.where_(f64::NEG_INFINITY, &infinite));
        }
    }
    operands
}

fn every_case() -> impl Iterator<Item = (Vec<Tensor>, ScaledDotProductAttention, String)> {
    SIZES.iter().flat_map(|&sizes| MASKS.map(|mask| (sizes, mask))).flat_map(|(sizes, mask)| {
        [false, true].map(|causal| {
            let attention = ScaledDotProductAttention::new(causal, (!causal).then_some(0.4));
            (operands(sizes, mask), attention, format!("{sizes:?}, {mask:?}, causal {causal}"))
        })
    })
}

#[track_caller]
fn assert_close(what: &str, found: &Tensor, expected: &Tensor, tolerance: f64) {
    assert_eq!(found.shape(), expected.shape(), "{what}");
    let (found, expected) = (found.to_vec::<f64>(), expected.to_vec::<f64>());
    for (found, expected) in found.iter().zip(&expected) {
        let equal = found == expected;
        assert!(equal || (found - expected).abs() <= tolerance, "{what}: {found} is not {expected}");
    }
}

#[test]
fn fused_values_are_those_of_the_composition() {
    for (inputs, attention, what) in every_case() {
        let p = weights(&inputs[0], &inputs[1], inputs.get(3), attention.scores(&inputs[0]));
        let expected = p.matmul(&inputs[2]);
        let refs: Few<&Tensor> = inputs.iter().collect();
        let found = apply(&attention, &refs);
        // Sums of thousands of numbers near 1, in two orders.
        assert_close(&what, &found[0], &expected, 1e-12);
        let single: Vec<Tensor> =
            inputs.iter().map(|x| if x.dtype() == DType::Bool { x.clone() } else { x.cast(DType::F32) }).collect();
        let single = apply(&attention, &single.iter().collect::<Few<_>>());
        assert_close(&what, &single[0].cast(DType::F64), &expected, 1e-5);
        // exp(l) sums the exponentials of all scores.
        let scores = masked_scores(&inputs[0], &inputs[1], inputs.get(3), attention.scores(&inputs[0]));
        assert_close(&what, &found[1], &scores.logsumexp(-1), 1e-12);
        assert!(found.iter().all(|y| y.to_vec::<f64>().iter().all(|y| !y.is_nan())), "{what}");
    }
}

#[test]
fn the_fused_way_back_is_the_decomposition() {
    for (inputs, attention, what) in every_case() {
        let outputs = apply(&attention, &inputs.iter().collect::<Few<_>>());
        let mut rng = Rng::seed(6);
        let bars = [0, 1].map(|i| rng.normal(outputs[i].shape(), DType::F64));
        let mut all: Vec<&Tensor> = inputs[..3].iter().chain(&outputs).chain(&bars).collect();
        all.extend(inputs.get(3));
        let mask = inputs.get(3).is_some_and(|mask| mask.dtype().is_float());
        let gradient = AttentionGrad { attention, mask };
        let (found, expected) = (apply(&gradient, &all), gradient.decompose(&all));
        assert_eq!(found.len(), if mask { 4 } else { 3 });
        for (found, expected) in found.iter().zip(&expected) {
            assert_close(&what, found, expected, 1e-11);
        }
    }
}

/// `sin(k), sin(2 k), ..`
fn wave(shape: [usize; 2], k: f64) -> Tensor {
    let elements = (1..=shape[0] * shape[1]).map(|i| (k * i as f64).sin()).collect();
    Tensor::from_vec(elements, shape).unwrap()
}

/// Values of PyTorch 2.15, `scaled_dot_product_attention` with its math backend.
#[test]
fn masks_and_scales_mean_what_they_mean_in_pytorch() {
    let (q, k, v) = (wave([4, 2], 1.0), wave([3, 2], 2.0), wave([3, 2], 3.0));
    let added = wave([4, 3], 0.5);
    let seen = Tensor::from([[true, false, true], [false, false, false], [true, true, true], [false, true, false]]);
    let cases = [
        (
            Attention::new().mask(&seen),
            [
                0.30746636423571694,
                -0.4334791234036861,
                0.0,
                0.0,
                0.4781081345878606,
                -0.5934202158432302,
                0.4121184852417566,
                -0.5365729180004349,
            ],
        ),
        (
            Attention::new().mask(&added),
            [
                0.3928260870100791,
                -0.5158998681378841,
                0.29671798734440025,
                -0.4245026227635368,
                0.4282881696776374,
                -0.5472815267921803,
                0.41383692776444236,
                -0.5353066494420187,
            ],
        ),
        (
            Attention::new().causal(),
            [
                0.1411200080598672,
                -0.27941549819892586,
                0.21121055749347473,
                -0.34592622192051725,
                0.4781081345878606,
                -0.5934202158432302,
                0.3755916207218453,
                -0.49997092066846516,
            ],
        ),
        (
            Attention::new().scale(2.0),
            [
                0.3571232919107555,
                -0.4840433319302965,
                0.30875477616839475,
                -0.4348780035861375,
                0.5774645484210381,
                -0.6847346874531492,
                0.3846147656286223,
                -0.5101365952765632,
            ],
        ),
    ];
    for (options, expected) in cases {
        let what = format!("{options:?}");
        let found = q.scaled_dot_product_attention(&k, &v, options);
        assert_close(&what, &found.flatten(0, -1), &Tensor::from(expected), 1e-15);
    }
}

#[test]
fn any_layout_will_do() {
    for mask in MASKS {
        let plain = operands([2, 5, 6, 4, 3], mask);
        let strided: Vec<Tensor> = plain
            .iter()
            .map(|x| {
                let reversed = x.permute([2, 1, 0]).flip(..);
                let copied = Tensor::from(reversed.array().contiguous().into_owned());
                copied.flip(..).permute([2, 1, 0])
            })
            .collect();
        let attention = ScaledDotProductAttention::new(false, None);
        let [plain, strided] = [plain, strided].map(|inputs| apply(&attention, &inputs.iter().collect::<Few<_>>()));
        assert_close("strided", &strided[0], &plain[0], 1e-14);
    }
}

#[test]
fn operands_and_masks_broadcast() {
    let mut rng = Rng::seed(1);
    let mut random = |shape: &[usize]| rng.normal(shape, DType::F64);
    let (q, k, v) = (random(&[3, 4, 2]), random(&[2, 1, 5, 2]), random(&[5, 3]));
    let mask = random(&[2, 1, 1, 5]);
    let found = q.scaled_dot_product_attention(&k, &v, Attention::new().mask(&mask));
    assert_eq!(found.shape()[..], [2, 3, 4, 3]);
    let expected = (q.matmul(&k.transpose(-2, -1)) / 2f64.sqrt() + &mask).softmax(-1).matmul(&v);
    assert_close("broadcast", &found, &expected, 1e-14);
}

#[test]
fn heads_share_keys_and_values() {
    let mut rng = Rng::seed(2);
    let mut random = |shape: &[usize]| rng.normal(shape, DType::F64);
    let (q, k, v) = (random(&[2, 6, 4, 3]), random(&[2, 2, 5, 3]), random(&[2, 2, 5, 7]));
    let repeated = |x: &Tensor| x.index_select(1, &Tensor::from([0i64, 0, 0, 1, 1, 1]));
    for mask in [random(&[6, 4, 5]), random(&[2, 1, 4, 5]), random(&[4, 5])] {
        let found = q.scaled_dot_product_attention(&k, &v, Attention::new().grouped_heads().mask(&mask));
        let expected = q.scaled_dot_product_attention(&repeated(&k), &repeated(&v), Attention::new().mask(&mask));
        assert_close("grouped", &found, &expected, 1e-14);
    }
}

#[test]
fn results_have_the_same_bits_on_any_number_of_threads() {
    let inputs: Vec<Tensor> =
        operands([3, 200, 150, 32, 16], MaskKind::Added).iter().map(|x| x.cast(DType::F32)).collect();
    let attention = ScaledDotProductAttention::new(true, None);
    let run = || {
        let y = apply(&attention, &inputs.iter().collect::<Few<_>>());
        let zeros = y[1].zeros_like();
        let all = [&inputs[0], &inputs[1], &inputs[2], &y[0], &y[1], &y[0], &zeros, &inputs[3]];
        let gradient = AttentionGrad { attention: attention.clone(), mask: true };
        let bars = apply(&gradient, &all);
        y.iter().chain(&bars).map(Tensor::to_vec::<f32>).collect::<Vec<_>>()
    };
    assert_eq!(with_threads(1, run), with_threads(3, run));
}

#[test]
fn large_scores_do_not_overflow() {
    let (q, k) = (Tensor::from([[300.0f32], [-300.0]]), Tensor::from([[300.0f32], [1.0]]));
    let v = Tensor::from([[1.0f32], [2.0]]);
    let y = q.scaled_dot_product_attention(&k, &v, Attention::new());
    assert_eq!(y.to_vec::<f32>(), [1.0, 2.0]);
}

#[test]
fn dropout_draws_its_mask_once() {
    let inputs = operands([2, 3, 4, 5, 6], MaskKind::None);
    let [q, k, v] = [0, 1, 2].map(|i| &inputs[i]);
    let plain = q.scaled_dot_product_attention(k, v, Attention::new());
    let of = |p: f64, seed: u64| {
        let mut rng = Rng::seed(seed);
        q.scaled_dot_product_attention(k, v, Attention::new().dropout(p, &mut rng)).to_vec::<f64>()
    };
    assert_eq!(of(0.0, 1), plain.to_vec::<f64>());
    assert_eq!(of(1.0, 1), vec![0.0; 36]);
    assert_eq!(of(0.5, 1), of(0.5, 1));
    assert_ne!(of(0.5, 1), of(0.5, 2));
}

#[test]
fn what_does_not_fit_is_refused() {
    let zeros = |shape: &[usize]| Tensor::zeros(shape, DType::F32);
    let of = |q: &[usize], k: &[usize], v: &[usize], options: Attention<'_>| {
        message(|| zeros(q).scaled_dot_product_attention(&zeros(k), &zeros(v), options))
    };
    assert_eq!(
        of(&[2, 3], &[4, 5], &[4, 5], Attention::new()),
        "scaled_dot_product_attention: queries of 3 elements do not fit keys of 5; got f32[2, 3], f32[4, 5], f32[4, 5]"
    );
    assert_eq!(
        of(&[2, 3], &[4, 3], &[5, 3], Attention::new()),
        "scaled_dot_product_attention: there are 4 keys and 5 values; got f32[2, 3], f32[4, 3], f32[5, 3]"
    );
    assert_eq!(
        of(&[3], &[4, 3], &[4, 3], Attention::new()),
        "scaled_dot_product_attention: operands and mask need two axes at least; got f32[3], f32[4, 3], f32[4, 3]"
    );
    assert!(
        of(&[2, 2, 3], &[3, 4, 3], &[4, 3], Attention::new()).contains("the axes before the last two do not broadcast")
    );
    let mask = Tensor::zeros([3, 4], DType::I64);
    assert!(
        of(&[2, 3], &[4, 3], &[4, 3], Attention::new().mask(&mask))
            .contains("the mask must be bool, or f32 to be added, not i64")
    );
    let mask = Tensor::zeros([3, 4], DType::Bool);
    assert!(of(&[2, 3], &[4, 3], &[4, 3], Attention::new().mask(&mask)).contains("the mask must broadcast to [2, 4]"));
    assert!(
        of(&[3, 2, 3], &[2, 4, 3], &[2, 4, 3], Attention::new().grouped_heads())
            .contains("3 heads of queries cannot share 2 of keys and 2 of values")
    );
    assert!(of(&[2, 3], &[4, 3], &[4, 3], Attention::new().grouped_heads()).contains("need an axis of heads"));
    let x = zeros(&[2, 3]);
    let attention = ScaledDotProductAttention::new(false, None);
    assert_eq!(
        try_apply(&attention, &[&x]).unwrap_err().to_string(),
        "scaled_dot_product_attention: takes 3 inputs, or 4 with a mask, not 1; got f32[2, 3]"
    );
    assert!(try_apply(&attention, &[&x, &x, &x, &x]).unwrap_err().to_string().contains("takes a mask [.., l, s]"));
}

#[test]
fn a_masked_softmax_ignores_what_is_masked() {
    let x = Tensor::from([[f64::NAN, 1.0, 1.0], [f64::NEG_INFINITY, f64::NEG_INFINITY, 3.0]]);
    let mask = Tensor::from([[false, true, true], [true, true, false]]);
    assert_eq!(x.masked_softmax(&mask, 1).to_vec::<f64>(), [0.0, 0.5, 0.5, 0.0, 0.0, 0.0]);
    let row = Tensor::from([1.0, 1.0]);
    assert_eq!(
        row.masked_softmax(&Tensor::from([[true, false], [true, true]]), -1).to_vec::<f64>(),
        [1.0, 0.0, 0.5, 0.5]
    );
    assert_eq!(
        Tensor::zeros([2, 0], DType::F32).masked_softmax(&Tensor::zeros([2, 0], DType::Bool), 1).shape()[..],
        [2, 0]
    );
    assert_eq!(message(|| row.masked_softmax(&row, 0)), "masked_softmax: the mask must be bool; got f64[2], f64[2]");
    assert!(message(|| row.masked_softmax(&row.gt(0), 1)).starts_with("masked_softmax: axis 1 is out of range"));
}
