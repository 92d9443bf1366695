//! Connectionist temporal classification against torch 2.15 (its `ctc_loss` of `log_softmax`), and by differences.
//!
//! Logits are sin(7.3 x) for x from -2 to 2 evenly; the gradient is that of Σ i loss_i, i from 1, with respect to them.

use crate::loss::{Ctc, Reduction};
use crate::{Loss, panics::panic_message};
use cotangent_autograd::{check, grad};
use cotangent_tensor::{DType, Rng, Tensor};

struct Case {
    shape: [usize; 3],
    loss: Ctc,
    labels: Tensor,
    input_lengths: Vec<usize>,
    label_lengths: Vec<usize>,
    losses: Vec<f64>,
    mean: f64,
    sum: f64,
    gradient: Vec<f64>,
}

impl Case {
    fn of(&self, logits: &Tensor, reduction: Reduction) -> Tensor {
        let loss = self.loss.clone().reduction(reduction);
        loss.of(&logits.log_softmax(2), &self.labels, &self.input_lengths, &self.label_lengths)
    }

    fn logits(&self) -> Tensor {
        let count = self.shape.iter().product();
        (Tensor::linspace(-2.0, 2.0, count, DType::F64) * 7.3).sin().reshape(self.shape)
    }
}

fn cases() -> Vec<Case> {
    vec![
        Case {
            shape: [6, 2, 4],
            loss: Ctc::new(),
            labels: Tensor::from([[1i64, 2, 2], [3, 1, 0]]),
            input_lengths: vec![6, 5],
            label_lengths: vec![3, 2],
            losses: vec![5.890894857070223, 2.7943593853015787],
            mean: 1.6804056558370986,
            sum: 8.685254242371801,
            gradient: vec![
                -0.05374005831258158,
                -0.57721306572057,
                0.23199722051815305,
                0.3989559035149985,
                -0.44675696102313633,
                0.550977832402941,
                0.617446018617715,
                -0.7216668899975196,
                0.1477146166397567,
                -0.09737288562406195,
                -0.18787743168611643,
                0.13753570067042165,
                0.010150102169489333,
                0.1886492256527016,
                0.5767728996736222,
                -0.7755722274958131,
                -0.05490045161667587,
                0.18111818292284246,
                -0.22912213844689447,
                0.10290440714072788,
                -0.11236568120511692,
                -0.15789182673800792,
                0.44996601305060485,
                -0.17970850510748,
                -0.2652563272648157,
                0.25995344020817185,
                -0.26003288950051767,
                0.2653357765571615,
                0.01955071321861151,
                -0.4677646315758566,
                0.30606807917561446,
                0.1421458391816307,
                -0.37588808575319194,
                0.15238171159395864,
                -0.24855478843969991,
                0.47206116259893327,
                -0.09626356510226762,
                -0.5302101565127026,
                0.4056213471929488,
                0.22085237442202146,
                -0.06233049732566828,
                0.19388965236615527,
                -0.46968241055053095,
                0.33812325551004396,
                0.0,
                0.0,
                0.0,
                0.0,
            ],
        },
        Case {
            shape: [4, 3, 3],
            loss: Ctc::new().blank(2),
            labels: Tensor::from([[0i64, 1], [1, 1], [0, 0]]),
            input_lengths: vec![4, 3, 4],
            label_lengths: vec![2, 2, 0],
            losses: vec![2.0179496986294025, 4.147599454233662, 4.022427105874128],
            mean: 2.368400560768553,
            sum: 10.187976258737192,
            gradient: vec![
                -0.3762510897808464,
                0.26215932984297735,
                0.1140917599378691,
                0.4821550080126146,
                -1.1952271222282194,
                0.7130721142156048,
                1.6973833588364677,
                0.7737598657622697,
                -2.4711432245987375,
                -0.1660814111608067,
                0.1335745163114595,
                0.03250689484934722,
                1.0222830578355446,
                0.6735229318005695,
                -1.6958059896361142,
                0.8531810679375119,
                0.788293760550683,
                -1.641474828488195,
                0.010232983715775903,
                -0.10117770200085965,
                0.09094471828508374,
                1.1433736239754475,
                -1.483599753476003,
                0.34022612950055553,
                0.4012202830244675,
                0.8342455079300678,
                -1.2354657909545352,
                0.5012377230457589,
                -0.4674928609624348,
                -0.033744862083324036,
                0.0,
                0.0,
                0.0,
                0.6683024151370389,
                1.1874202964454557,
                -1.8557227115824948,
            ],
        },
        Case {
            shape: [3, 2, 3],
            loss: Ctc::new().zero_infinity(true),
            labels: Tensor::from([[1i64, 1], [2, 1]]),
            input_lengths: vec![2, 3],
            label_lengths: vec![2, 2],
            losses: vec![0.0, 1.677070398505546],
            mean: 0.4192675996263865,
            sum: 1.677070398505546,
            gradient: vec![
                0.0,
                0.0,
                0.0,
                0.6323303203700323,
                0.2745469582391521,
                -0.9068772786091844,
                0.0,
                0.0,
                0.0,
                0.15630670555164058,
                -0.060816788662812815,
                -0.09548991688882777,
                0.0,
                0.0,
                0.0,
                -0.007701880254430582,
                -1.1617855866893483,
                1.169487466943779,
            ],
        },
    ]
}

#[track_caller]
fn assert_close(found: &[f64], wanted: &[f64]) {
    assert_eq!(found.len(), wanted.len());
    for (found, wanted) in found.iter().zip(wanted) {
        assert!((found - wanted).abs() <= 1e-12, "{found} instead of {wanted}");
    }
}

#[test]
fn values_and_gradients_are_those_of_pytorch() {
    for case in cases() {
        let logits = case.logits();
        let single = |reduction| case.of(&logits, reduction).item::<f64>();
        assert_close(&case.of(&logits, Reduction::None).to_vec(), &case.losses);
        assert_close(&[single(Reduction::Mean), single(Reduction::Sum)], &[case.mean, case.sum]);
        let weights = Tensor::arange(1, case.shape[1] as i64 + 1, 1).cast(DType::F64);
        let gradient = grad(&logits, |x| (case.of(x, Reduction::None) * &weights).sum(..));
        assert_close(&gradient.to_vec(), &case.gradient);
    }
}

#[test]
fn derivatives_agree_with_differences_at_second_order() {
    for case in cases() {
        check::gradients(|x: &Tensor| case.of(x, Reduction::Mean)).at(&case.logits()).assert_pass();
        // Of log-probabilities that do not add up to 1, as of any function.
        check::gradients(|x: &Tensor| case.loss.of(x, &case.labels, &case.input_lengths, &case.label_lengths))
            .at(&case.logits())
            .assert_pass();
    }
}

#[test]
fn lists_one_after_another_and_a_single_sequence() {
    let x = Rng::seed(5).normal([6, 2, 4], DType::F64).log_softmax(-1);
    let padded = x.ctc_loss(&Tensor::from([[1i64, 2, 3], [3, 0, 0]]), &[6, 4], &[3, 1]).item::<f64>();
    let joined = x.ctc_loss(&Tensor::from([1i64, 2, 3, 3]), &[6, 4], &[3, 1]).item::<f64>();
    assert_eq!(padded, joined);
    let single = |i: usize, labels: &[i64], steps: usize| {
        let x = x.narrow(1, i, 1).squeeze(1);
        let loss = Ctc::new().reduction(Reduction::None).of(&x, &Tensor::from(labels), &[steps], &[labels.len()]);
        assert_eq!(loss.rank(), 0);
        loss.item::<f64>() / labels.len() as f64
    };
    assert_close(&[(single(0, &[1, 2, 3], 6) + single(1, &[3], 4)) / 2.0], &[padded]);
}

#[test]
fn too_few_steps_are_infinite_with_no_gradient() {
    let x = Rng::seed(6).normal([2, 1, 3], DType::F32).log_softmax(-1);
    let labels = Tensor::from([[1i64, 1]]);
    assert_eq!(x.ctc_loss(&labels, &[2], &[2]).item::<f32>(), f32::INFINITY);
    for loss in [Ctc::new(), Ctc::new().zero_infinity(true)] {
        let gradient = grad(&x, |x| loss.of(x, &labels, &[2], &[2]));
        assert_eq!(gradient.to_vec::<f32>(), [0.0; 6]);
    }
    assert_eq!(Ctc::new().zero_infinity(true).of(&x, &labels, &[2], &[2]).item::<f32>(), 0.0);
}

#[test]
fn lengths_that_do_not_add_up_are_named() {
    let x = Tensor::zeros([4, 2, 3], DType::F32);
    assert_eq!(
        panic_message(|| x.ctc_loss(&Tensor::from([1i64, 2, 1]), &[4, 4], &[2, 2])),
        "ctc_loss: lists of labels one after another need as many as their lengths add up to, 4; got f32[4, 2, 3], i64[3]"
    );
    assert_eq!(
        panic_message(|| x.ctc_loss(&Tensor::from([[1i64, 0], [1, 1]]), &[4, 4], &[2, 2])),
        "ctc_loss: the label at [0, 1] is 0, which is the blank; got f32[4, 2, 3], i64[2, 2]"
    );
    assert_eq!(
        panic_message(|| x.ctc_loss(&Tensor::from([1i64, 0]), &[4, 4], &[usize::MAX, 3])),
        "ctc_loss: lists of labels one after another need as many as their lengths add up to, more than memory holds; \
         got f32[4, 2, 3], i64[2]"
    );
}
