//! The two players, and the rules by which they play.

use cotangent::prelude::*;

/// How many random numbers an image is made from.
pub(crate) const NOISE: usize = 32;
/// Images of 8x8 pixels are rows of 64 numbers here.
const PIXELS: usize = 64;
const HIDDEN: usize = 128;

/// Makes images from random numbers.
#[derive(Module, Clone)]
pub(crate) struct Forger {
    hidden: [(Linear, BatchNorm1d); 2],
    output: Linear,
}

impl Forger {
    pub(crate) fn new(rng: &mut Rng) -> Self {
        let mut hidden = |inputs| (Linear::new(inputs, HIDDEN, rng), BatchNorm1d::new(HIDDEN));
        let hidden = [hidden(NOISE), hidden(HIDDEN)];
        Forger { hidden, output: Linear::new(HIDDEN, PIXELS, rng) }
    }

    /// Images `[n, 64]`, each pixel between 0 and 1, from noise `[n, 32]`. Every hidden unit is brought to mean 0 and deviation 1
    /// over the batch. Without that, a new forger makes nearly the same image of any noise, and the game begins with its collapse.
    pub(crate) fn forward(&self, noise: &Tensor, mode: &mut Mode) -> Tensor {
        let mut x = noise.clone();
        for (layer, norm) in &self.hidden {
            x = norm.forward(&layer.forward(&x), mode).relu();
        }
        self.output.forward(&x).sigmoid()
    }

    /// Images from noise, as they are when nothing is learned from them.
    pub(crate) fn draw(&self, noise: &Tensor) -> Tensor {
        self.forward(noise, &mut Mode::eval())
    }
}

/// Tells real images from forged ones.
#[derive(Module, Clone)]
pub(crate) struct Expert {
    hidden: [Linear; 2],
    output: Linear,
}

impl Expert {
    pub(crate) fn new(rng: &mut Rng) -> Self {
        let hidden = [Linear::new(PIXELS, HIDDEN, rng), Linear::new(HIDDEN, HIDDEN, rng)];
        Expert { hidden, output: Linear::new(HIDDEN, 1, rng) }
    }

    /// One number for each image: the greater, the more real it looks.
    fn forward(&self, images: &Tensor) -> Tensor {
        // A unit that is off for every forged image would tell the forger nothing with relu's slope of 0.
        let slope = 0.2;
        let x = self.hidden.iter().fold(images.clone(), |x, layer| layer.forward(&x).leaky_relu(slope));
        self.output.forward(&x).squeeze(-1)
    }
}

/// What is at stake: a number that the expert wants high and the forger wants low.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Game {
    /// The expert gives each image a probability p of being real, the sigmoid of its number. At stake is the mean of ln p for real
    /// images and of ln(1 - p) for forged ones: 0 if the expert is always right and sure, -2 ln 2 if it can only guess.
    Classic,
    /// At stake is the mean of the expert's numbers for real images less that for forged ones. So that the expert cannot win by
    /// great numbers, they may change by no more than 1 where an image changes by 1. The best expert then measures how far the
    /// forged images, as a heap, would have to be carried to become the real ones. (Arjovsky, Chintala, Bottou, "Wasserstein
    /// generative adversarial networks", ICML 2017.)
    Wasserstein,
}

impl Game {
    /// The value of the game, for as many real images as forged ones.
    pub(crate) fn value(self, expert: &Expert, real: &Tensor, forged: &Tensor) -> Tensor {
        let (real, forged) = (expert.forward(real), expert.forward(forged));
        match self {
            Game::Classic => real.log_sigmoid().mean(..) + (-forged).log_sigmoid().mean(..),
            Game::Wasserstein => real.mean(..) - forged.mean(..),
        }
    }

    /// What the value is when the expert cannot tell the images apart.
    pub(crate) fn draw(self) -> f64 {
        match self {
            Game::Classic => -2.0 * 2f64.ln(),
            Game::Wasserstein => 0.0,
        }
    }

    /// What the expert makes small.
    pub(crate) fn expert_loss(self, expert: &Expert, real: &Tensor, forged: &Tensor, rng: &mut Rng) -> Tensor {
        let loss = -self.value(expert, real, forged);
        match self {
            Game::Classic => loss,
            // 10 as in the paper.
            Game::Wasserstein => loss + 10.0 * steepness(expert, real, forged, rng),
        }
    }

    /// What the forger makes small.
    pub(crate) fn forger_loss(self, expert: &Expert, forged: &Tensor) -> Tensor {
        let forged = expert.forward(forged);
        match self {
            // To make ln(1 - p) small and to make ln p great is the same wish. But while the expert still sees through every
            // image, p is near 0, where the first of the two is flat and would teach nothing.
            Game::Classic => -forged.log_sigmoid().mean(..),
            Game::Wasserstein => -forged.mean(..),
        }
    }

    /// How many steps the expert learns for each of the forger's. Wasserstein's value means something only for a good expert.
    pub(crate) fn expert_steps(self) -> usize {
        match self {
            Game::Classic => 1,
            Game::Wasserstein => 3,
        }
    }

    /// The rate of learning of both. The rates and the number of epochs were tuned with the seeds 0 to 2.
    pub(crate) fn adam(self) -> Adam {
        // The game changes with each step of the other, so that old gradients must be forgotten sooner than Adam's β = 0.9 does.
        match self {
            Game::Classic => Adam::new(1e-3).betas(0.5, 0.999),
            Game::Wasserstein => Adam::new(2e-3).betas(0.5, 0.9),
        }
    }
}

/// How far the slope of the expert's number is from 1, at places between real images and forged ones: the mean of (|slope| - 1)².
/// (Gulrajani et al., "Improved training of Wasserstein GANs", NeurIPS 2017.)
///
/// The slope is a gradient in the pixels, and the expert learns from the gradient of it in the weights: a gradient inside a gradient.
fn steepness(expert: &Expert, real: &Tensor, forged: &Tensor, rng: &mut Rng) -> Tensor {
    let between = real.lerp(forged, &rng.uniform([real.size(0), 1], DType::F32));
    let slope = grad(&between, |images| expert.forward(images).sum(..));
    (slope.vector_norm(2, -1) - 1).square().mean(..)
}
