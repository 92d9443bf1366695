//! New layers are drawn by PyTorch's laws, and their settings are its defaults.

use cotangent_autograd::module;
use cotangent_nn::*;
use cotangent_tensor::{DType, Rng, Tensor};

/// Checks numbers that are uniform in ± a bound.
fn uniform(what: &str, tensor: &Tensor, bound: f64) {
    let values = tensor.cast(DType::F64).to_vec::<f64>();
    let greatest = values.iter().fold(0.0, |max: f64, x| max.max(x.abs()));
    // f32 rounds the bound. Of 300 uniform numbers the greatest falls below 97% of the bound once in 10,000 seeds.
    assert!((0.97 * bound..=bound * (1.0 + 1e-6)).contains(&greatest), "{what}: {greatest} for a bound of {bound}");
    let variance = values.iter().map(|x| x * x).sum::<f64>() / values.len() as f64;
    // The mean of n squares of uniform numbers is off by √(4/5 / n), 5% for n = 300, at one sigma.
    assert!((variance * 3.0 / (bound * bound) - 1.0).abs() < 0.2, "{what}: a variance of {variance}");
}

fn bias(bias: Option<Tensor>) -> Tensor {
    bias.expect("a new layer has one")
}

#[test]
fn convolutions_fill_the_range_of_their_inputs() {
    let rng = &mut Rng::seed(1);
    // 6 channels of 3 · 4 elements.
    let layer = Conv2d::new(6, 300, [3, 4], rng);
    assert_eq!(layer.weight.shape()[..], [300, 6, 3, 4]);
    uniform("weight", &layer.weight, 1.0 / 72f64.sqrt());
    uniform("bias", &bias(layer.bias), 1.0 / 72f64.sqrt());
    // 2 channels in each of 3 groups.
    let layer = Conv2d::new(6, 300, [3, 4], rng).groups(3);
    assert_eq!((&layer.weight.shape()[..], layer.groups), (&[300, 2, 3, 4][..], 3));
    uniform("weight in groups", &layer.weight, 1.0 / 24f64.sqrt());
    uniform("bias in groups", &bias(layer.bias), 1.0 / 24f64.sqrt());
    assert_eq!(Conv1d::new(2, 3, 5, rng).weight.shape()[..], [3, 2, 5]);
    assert_eq!(Conv3d::new(2, 3, [1, 2, 3], rng).weight.shape()[..], [3, 2, 1, 2, 3]);
}

#[test]
fn transposed_convolutions_fill_the_range_of_their_outputs() {
    let rng = &mut Rng::seed(2);
    let layer = ConvTranspose1d::new(6, 300, 2, rng);
    assert_eq!(layer.weight.shape()[..], [6, 300, 2]);
    uniform("weight", &layer.weight, 1.0 / 600f64.sqrt());
    uniform("bias", &bias(layer.bias), 1.0 / 600f64.sqrt());
    let layer = ConvTranspose1d::new(6, 300, 2, rng).groups(3);
    assert_eq!(layer.weight.shape()[..], [6, 100, 2]);
    uniform("weight in groups", &layer.weight, 1.0 / 200f64.sqrt());
    uniform("bias in groups", &bias(layer.bias), 1.0 / 200f64.sqrt());
}

/// How many 32-bit words a generator has given.
fn words(rng: &Rng) -> u128 {
    u128::from_le_bytes(rng.to_bytes()[32..].try_into().expect("sixteen bytes"))
}

#[test]
fn grouped_convolutions_draw_what_they_keep() {
    let rng = &mut Rng::seed(6);
    let layer = Conv2d::grouped(6, 300, [3, 4], 3, rng);
    assert_eq!((&layer.weight.shape()[..], layer.groups), (&[300, 2, 3, 4][..], 3));
    uniform("weight", &layer.weight, 1.0 / 24f64.sqrt());
    uniform("bias", &bias(layer.bias), 1.0 / 24f64.sqrt());
    let layer = ConvTranspose1d::grouped(6, 300, 2, 3, rng);
    assert_eq!((&layer.weight.shape()[..], layer.groups), (&[6, 100, 2][..], 3));
    uniform("weight of a transposed one", &layer.weight, 1.0 / 200f64.sqrt());
    uniform("bias of a transposed one", &bias(layer.bias), 1.0 / 200f64.sqrt());
    // Of one group, it is the plain layer.
    let [plain, grouped] = [Conv1d::new(2, 3, 5, &mut Rng::seed(7)), Conv1d::grouped(2, 3, 5, 1, &mut Rng::seed(7))];
    assert_eq!(plain.weight.to_vec::<f32>(), grouped.weight.to_vec::<f32>());

    // A depthwise layer of 75,264 weights, of which a dense one has 115 million.
    let before = words(rng);
    let layer = Conv2d::grouped(1536, 1536, 7, 1536, rng);
    assert_eq!(layer.weight.shape()[..], [1536, 1, 7, 7]);
    // Draws are made in whole blocks, of less than a thousand words.
    assert!(words(rng) - before < (75_264 + 1536) as u128 + 2000, "{} words", words(rng) - before);
    let x = Tensor::ones([1, 1536, 7, 7], DType::F32);
    assert_eq!(layer.forward(&x).shape()[..], [1, 1536, 1, 1]);
}

#[test]
fn a_bilinear_layer_fills_the_range_of_its_first_inputs() {
    let layer = Bilinear::new(16, 5, 300, &mut Rng::seed(3));
    uniform("weight", &layer.weight, 0.25);
    uniform("bias", &bias(layer.bias), 0.25);
}

#[test]
fn an_embedding_is_normal_with_zeros_in_its_padding() {
    let layer = Embedding::new(200, 50, &mut Rng::seed(4)).padding_idx(3);
    let variance = layer.weight.square().mean(..).item::<f32>();
    // 199 rows of 200; a variance of 10,000 numbers is off by 1.4% at one sigma.
    assert!((variance - 0.995).abs() < 0.06, "{variance}");
    assert_eq!(layer.weight.narrow(0, 3, 1).to_vec::<f32>(), [0.0; 50]);
    assert!(layer.weight.narrow(0, 2, 1).ne(0).all(..).item::<bool>());
}

#[test]
fn normalisations_begin_as_the_identity() {
    let named = |layer: &dyn cotangent_autograd::Module| -> Vec<(String, Vec<f64>)> {
        let all = module::named_tensors(layer).into_iter();
        all.map(|(name, tensor)| (name, tensor.cast(DType::F64).to_vec::<f64>())).collect()
    };
    let wanted = |values: &[(&str, &[f64])]| -> Vec<(String, Vec<f64>)> {
        values.iter().map(|(name, values)| ((*name).to_owned(), values.to_vec())).collect()
    };
    let (ones, zeros) = (&[1.0, 1.0][..], &[0.0, 0.0][..]);
    let affine = wanted(&[("weight", ones), ("bias", zeros)]);
    assert_eq!(named(&LayerNorm::new(2)), affine);
    assert_eq!(named(&GroupNorm::new(1, 2)), affine);
    assert_eq!(named(&InstanceNorm3d::new(2).with_affine()), affine);
    assert_eq!(named(&RmsNorm::new(2)), wanted(&[("weight", ones)]));
    let running = [("running_mean", zeros), ("running_var", ones), ("num_batches_tracked", &[0.0])];
    let all: Vec<_> = [("weight", ones), ("bias", zeros)].into_iter().chain(running).collect();
    assert_eq!(named(&BatchNorm2d::new(2)), wanted(&all));
    assert_eq!(named(&InstanceNorm1d::new(2).with_running_stats()), wanted(&running));
    assert_eq!(named(&PRelu::new(2)), wanted(&[("weight", &[0.25, 0.25])]));
    assert_eq!(module::num_parameters(&BatchNorm2d::new(2)), 4);
}

#[test]
fn layers_without_inputs_draw_nothing_infinite() {
    let rng = &mut Rng::seed(5);
    assert_eq!(bias(Conv1d::new(0, 2, 3, rng).bias).to_vec::<f32>(), [0.0; 2]);
    assert_eq!(bias(ConvTranspose1d::new(2, 3, 0, rng).bias).to_vec::<f32>(), [0.0; 3]);
    assert_eq!(bias(Bilinear::new(0, 2, 2, rng).bias).to_vec::<f32>(), [0.0; 2]);
}
