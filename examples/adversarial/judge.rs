//! A third network, which takes no part in the game: it has learned to read real digits, and now reads forged ones.

use cotangent::{
    nn::{accuracy, data::Digits},
    prelude::*,
};

#[derive(Module, Clone)]
pub(crate) struct Judge {
    hidden: Linear,
    output: Linear,
}

impl Judge {
    /// A judge that has learned from these images.
    pub(crate) fn trained_on(digits: &Digits, rng: &mut Rng) -> Result<Self, cotangent::Error> {
        let mut judge = Judge { hidden: Linear::new(64, 256, rng), output: Linear::new(256, 10, rng) };
        let mut adam = Adam::new(3e-3);
        let batches = Loader::new(&digits.images.flatten(1, -1), &digits.labels, 64)?;
        // Enough to read 0.97 of the digits that were held out.
        for _ in 0..30 {
            for batch in batches.epoch(rng) {
                // With some noise, it does not learn the images by heart.
                let x = &batch.x + 0.1 * rng.normal(batch.x.shape(), DType::F32);
                let gradient = grad(&judge, |judge| judge.forward(&x).cross_entropy(&batch.y));
                adam.step(&mut judge, &gradient);
            }
        }
        Ok(judge)
    }

    fn forward(&self, images: &Tensor) -> Tensor {
        self.output.forward(&self.hidden.forward(images).relu())
    }

    /// Which digit each of these images shows.
    pub(crate) fn read(&self, images: &Tensor) -> Tensor {
        self.forward(images).argmax(-1)
    }

    pub(crate) fn accuracy(&self, digits: &Digits) -> f64 {
        accuracy(&self.forward(&digits.images.flatten(1, -1)), &digits.labels)
    }

    pub(crate) fn verdict(&self, images: &Tensor) -> Verdict {
        let probabilities = self.forward(images).softmax(-1);
        Verdict {
            confidence: f64::from(probabilities.max(-1).mean(..).item::<f32>()),
            counts: probabilities.argmax(-1).bincount(10).to_vec(),
        }
    }
}

/// What the judge says of many images.
pub(crate) struct Verdict {
    /// The mean probability of the digit that it takes an image for. Where an image is no digit, the probabilities are spread.
    pub(crate) confidence: f64,
    /// How many images it takes for each of the ten digits.
    pub(crate) counts: Vec<i64>,
}

impl Verdict {
    /// How many of the ten digits are among the images: a forger that has found one good image must not win by repeating it.
    /// A digit counts if 2 of 100 images show it, a fifth of its share.
    pub(crate) fn coverage(&self) -> usize {
        let all: i64 = self.counts.iter().sum();
        self.counts.iter().filter(|&&count| count * 50 >= all).count()
    }
}

/// For each image the distance to the nearest of the `others`, and which that is.
pub(crate) fn nearest(images: &Tensor, others: &Tensor) -> (Tensor, Tensor) {
    images.cdist(others, 2).min_with_indices(-1)
}
