//! Samples of the operations that networks are made of: normalisation, attention, recurrence, embeddings, resampling,
//! similarity.

use crate::table::{Sample, sample, shapes};
use cotangent_tensor::{
    Rng, Tensor, apply,
    ops::{Attention, GridPadding, GridSample, Interpolate, Interpolation, LstmSteps, Rotary},
};

pub(crate) fn samples() -> Vec<Sample> {
    [normalised(), attended(), recurrent(), resampled(), looked_up()].into_iter().flatten().collect()
}

/// x, weight and bias of rows of three: several, one, none.
fn rows() -> Vec<Vec<Vec<usize>>> {
    shapes![[[2, 3], [3], [3]], [[3], [3], [3]], [[0, 3], [3], [3]]]
}

/// x, weight and bias of four channels: with other axes, without, one sample, none.
fn channels() -> Vec<Vec<Vec<usize>>> {
    shapes![[[2, 4, 3], [4], [4]], [[3, 4], [4], [4]], [[1, 4, 1, 2], [4], [4]], [[0, 4, 2], [4], [4]]]
}

fn normalised() -> Vec<Sample> {
    vec![
        sample!("Normalise", rows(), |x| x[0].layer_norm([3], Some(&x[1]), Some(&x[2]), 0.1)),
        // The sum of what is normalised is zero whatever the input; that of its exponentials is not.
        sample!("Normalise", shapes![[[2, 1, 3]], [[1, 3]], [[0, 1, 3]]], |x| x[0]
            .layer_norm([1, 3], None, None, 0.1)
            .exp()),
        // One element alone: zeros.
        sample!("Normalise", shapes![[[2, 1]], [[1]]], |x| x[0].layer_norm([1], None, None, 0.1)),
        sample!("Normalise", shapes![[[2, 3], [3]]], |x| x[0].layer_norm([3], None, Some(&x[1]), 0.1).exp()),
        sample!("Normalise", rows(), |x| x[0].rms_norm([3], Some(&x[1]), 0.1) + &x[2]),
        sample!("Normalise", shapes![[[2, 3]], [[1, 3]]], |x| x[0].rms_norm([3], None, 0.1)),
        sample!("Normalise", channels(), |x| x[0].group_norm(2, Some(&x[1]), Some(&x[2]), 0.1)),
        sample!("Normalise", channels(), |x| x[0].instance_norm(Some(&x[1]), Some(&x[2]), 0.1)),
        sample!("Normalise", shapes![[[2, 2, 2]], [[3, 2]]], |x| x[0].group_norm(1, None, None, 0.1).exp()),
        sample!("Normalise", shapes![[[2, 4, 3], [4], [4]], [[3, 4], [4], [4]], [[1, 4, 1, 2], [4], [4]]], |x| {
            x[0].batch_norm(Some(&x[1]), Some(&x[2]), 0.1).0
        }),
        // The statistics have derivatives too.
        sample!("Normalise", shapes![[[2, 2, 3]], [[3, 2]]], |x| {
            let (y, mean, var) = x[0].batch_norm(None, None, 0.1);
            Tensor::concat([y.flatten(0, -1), mean, var], 0)
        }),
        sample!("Normalise", shapes![[[2, 2, 3]]], |x| x[0].batch_norm(None, None, 0.1).2),
        sample!("Sub", shapes![[[2, 3, 2], [3], [3]], [[2, 3], [3], [3]], [[0, 3], [3], [3]]], |x| {
            x[0].batch_norm_with(&x[1], &x[1].sigmoid(), Some(&x[2]), Some(&x[1]), 0.5)
        }),
        sample!("Powf", shapes![[[2, 4, 2]], [[1, 1]], [[0, 2]]], |x| x[0].local_response_norm(3, 0.5, 0.75, 1.0)),
        sample!("Div", shapes![[[2, 3]], [[1, 1]], [[0, 3]]], |x| x[0].normalize(2.0, 1, 0.1)).between(0.5, 2.0),
        sample!("Div", shapes![[[2, 3]], [[3, 1]]], |x| x[0].normalize(3.0, 0, 0.1)).between(0.5, 2.0),
        sample!("Div", shapes![[[2, 3]]], |x| x[0].normalize(0.5, -1, 0.1)).between(0.5, 2.0),
        sample!("Div", shapes![[[2, 3], [2, 3]], [[1, 3], [2, 3]], [[0, 2], [0, 2]]], |x| {
            x[0].cosine_similarity(&x[1], -1, 0.1)
        })
        .between(0.5, 2.0),
        sample!("Sub", shapes![[[2, 3], [2, 3]], [[3], [2, 3]], [[0, 2], [0, 2]]], |x| {
            (&x[0] + 3).pairwise_distance(&x[1], 2.0, 0.1)
        })
        .between(0.5, 2.0),
        sample!("Sub", shapes![[[2, 3], [2, 3]]], |x| (&x[0] + 3).pairwise_distance(&x[1], 1.5, 0.1)).between(0.5, 2.0),
    ]
}

fn attended() -> Vec<Sample> {
    let qkv = || {
        shapes![
            [[2, 3, 2], [2, 4, 2], [2, 4, 3]],
            [[1, 1], [1, 1], [1, 1]],
            [[0, 2], [3, 2], [3, 1]],
            [[2, 1], [0, 1], [0, 2]],
            [[2, 0], [2, 0], [2, 1]],
        ]
    };
    vec![
        sample!("ScaledDotProductAttention", qkv(), |x| {
            x[0].scaled_dot_product_attention(&x[1], &x[2], Attention::new())
        }),
        sample!("ScaledDotProductAttention", qkv(), |x| {
            x[0].scaled_dot_product_attention(&x[1], &x[2], Attention::new().causal().scale(0.7))
        }),
        sample!(
            "ScaledDotProductAttention",
            shapes![[[3, 2], [2, 3, 2], [2, 3, 1], [3, 3]], [[1, 1], [1, 1], [1, 1], [1, 1]]],
            |x| { x[0].scaled_dot_product_attention(&x[1], &x[2], Attention::new().mask(&x[3])) }
        ),
        // The first row sees nothing.
        sample!("ScaledDotProductAttention", shapes![[[2, 3, 2], [3, 2], [3, 1]]], |x| {
            let mask = Tensor::from([[false, false, false], [true, false, true], [false, true, true]]);
            x[0].scaled_dot_product_attention(&x[1], &x[2], Attention::new().mask(&mask).causal())
        }),
        sample!("ScaledDotProductAttention", shapes![[[4, 2, 2], [2, 3, 2], [2, 3, 1]]], |x| {
            x[0].scaled_dot_product_attention(&x[1], &x[2], Attention::new().grouped_heads())
        }),
        sample!("MatMul", shapes![[[2, 3, 2], [2, 4, 2], [2, 4, 3]]], |x| {
            let mut rng = Rng::seed(4);
            x[0].scaled_dot_product_attention(&x[1], &x[2], Attention::new().dropout(0.4, &mut rng))
        }),
        sample!("Softmax", shapes![[[2, 3]], [[1, 3]], [[0, 3]]], |x| {
            x[0].masked_softmax(&Tensor::from([true, false, true]), -1)
        }),
        sample!("Softmax", shapes![[[2, 3]]], |x| {
            x[0].masked_softmax(&Tensor::from([[true, false, true], [false, false, false]]), 1)
        }),
    ]
}

fn recurrent() -> Vec<Sample> {
    // Three steps of two sequences and three numbers; one of each; no sequence.
    let shapes = |batch_first: bool| {
        let x = |steps, batch, gates| if batch_first { vec![batch, steps, gates] } else { vec![steps, batch, gates] };
        let of = |steps: usize, batch: usize, hidden: usize| {
            let state = vec![batch, hidden];
            vec![x(steps, batch, 4 * hidden), vec![4 * hidden, hidden], vec![4 * hidden], state.clone(), state]
        };
        vec![of(3, 2, 3), of(1, 1, 1), of(2, 0, 2)]
    };
    let sample = |form: &'static str, batch_first: bool, steps: LstmSteps, outputs: &'static [usize]| {
        let run = move |x: &[Tensor]| {
            let y = apply(&steps, &x.iter().collect::<Vec<_>>());
            Tensor::concat(outputs.iter().map(|&i| y[i].flatten(0, -1)).collect::<Vec<_>>(), 0)
        };
        Sample::new("LstmSteps", form, shapes(batch_first), run)
    };
    let (steps, batch_first) = (LstmSteps::new(), LstmSteps::new().batch_first());
    vec![
        sample("all that comes out", false, steps, &[0, 1, 2]),
        sample("h backwards", false, steps.reverse(), &[0]),
        sample("h and c, the batch first", true, batch_first, &[0, 1]),
        sample("c backwards, the batch first", true, batch_first.reverse(), &[1]),
    ]
}

fn resampled() -> Vec<Sample> {
    let images = || shapes![[[1, 2, 3, 4]], [[2, 1, 1, 1]], [[0, 1, 2, 2]]];
    let of = |mode| Interpolate::to_size([4, 2]).mode(mode);
    let sampled = |mode, padding| GridSample::new().mode(mode).padding(padding);
    let mut samples = vec![
        sample!("Resample", images(), |x| x[0].interpolate(&Interpolate::to_size([5, 2]))),
        sample!("Resample", shapes![[[1, 1, 3]], [[2, 1, 1]]], |x| {
            x[0].interpolate(&Interpolate::by_factor([2.5]).mode(Interpolation::Linear))
        }),
        sample!("Resample", shapes![[[1, 1, 2, 2, 3]]], |x| {
            x[0].interpolate(&Interpolate::to_size([3, 1, 4]).mode(Interpolation::Linear).align_corners())
        }),
        sample!("Reshape", shapes![[[1, 4, 1, 2]], [[0, 4, 1, 1]]], |x| x[0].pixel_shuffle(2)),
        sample!("Reshape", shapes![[[2, 1, 2, 4]], [[1, 0, 2, 2]]], |x| x[0].pixel_unshuffle(2)),
        sample!("MatMul", shapes![[[2, 2, 3]], [[0, 2, 3]]], |x| x[0].affine_grid([x[0].size(0), 1, 2, 3], false)),
        sample!("IndexSelect", shapes![[[1, 1, 2, 2, 2], [1, 1, 1, 2, 3]]], |x| {
            x[0].grid_sample(&x[1].tanh(), GridSample::new().padding(GridPadding::Border))
        }),
    ];
    for mode in [Interpolation::NearestExact, Interpolation::Linear, Interpolation::Cubic, Interpolation::Area] {
        let options = of(mode);
        let interpolated = move |x: &[Tensor]| x[0].interpolate(&options);
        samples.push(Sample::new("Resample", "interpolated by another mode", images(), interpolated));
    }
    for mode in [Interpolation::Nearest, Interpolation::Linear, Interpolation::Cubic] {
        for padding in [GridPadding::Zeros, GridPadding::Border, GridPadding::Reflection] {
            let options = sampled(mode, padding);
            let shapes =
                shapes![[[1, 2, 3, 4], [1, 2, 2, 2]], [[1, 1, 1, 1], [1, 1, 1, 2]], [[0, 1, 2, 2], [0, 1, 1, 2]]];
            let sampled = move |x: &[Tensor]| x[0].grid_sample(&x[1], options);
            samples.push(Sample::new("IndexSelect", "a sampled grid", shapes, sampled).between(-1.3, 1.3));
        }
    }
    samples
}

fn looked_up() -> Vec<Sample> {
    let even = || shapes![[[2, 3, 4]], [[1, 2]], [[0, 2]], [[3, 0]]];
    vec![
        sample!("IndexSelect", shapes![[[3, 2]], [[3, 1]], [[3, 0]]], |x| {
            x[0].embedding(&Tensor::from([[2i64, 0], [2, 1]]), None)
        }),
        // A padding row that is named would have differences, which its derivative must not have.
        sample!("Where", shapes![[[3, 2]]], |x| x[0].embedding(&Tensor::from([2i64, 1, 2]), Some(0))),
        sample!("RotaryEmbedding", even(), |x| x[0].rotary_embedding(&Rotary::new().base(10.0))),
        sample!("RotaryEmbedding", even(), |x| x[0].rotary_embedding(&Rotary::new().interleaved().offset(3))),
        sample!("Where", shapes![[[2, 3]], [[1, 1]], [[0, 2]]], |x| x[0].dropout(0.4, &mut Rng::seed(2))),
        sample!("Where", shapes![[[2, 3, 2]], [[0, 2]]], |x| x[0].feature_dropout(0.4, &mut Rng::seed(2))),
        sample!("Where", shapes![[[2, 3]], [[1, 1]]], |x| x[0].alpha_dropout(0.4, &mut Rng::seed(2))),
    ]
}
