//! The same bits as the loop by hand.

use super::*;
use crate::data::{Sampler, Weighted};
use crate::{
    metrics::Mean,
    optim::{Accumulator, clip_grad_norm, clip_grad_value},
    schedule::{Cosine, Exponential, Plateau, Schedule},
};
use cotangent_autograd::value_and_grad;

#[test]
fn epochs_steps_and_means_are_those_of_the_loop_by_hand() {
    let (mut hand, mut trained) = (Begin::new(), Begin::new());
    let (train, valid) = (data(), valid());
    let history = Trainer::new(3)
        .validate(&valid)
        .fit(&mut trained.model, &mut trained.adam, &train, &mut trained.rng, loss)
        .expect("three epochs");

    let mut records = Vec::new();
    for _ in 0..3 {
        let mut means = [Mean::default(); 4];
        for batch in train.epoch(&mut hand.rng) {
            let mut mode = Mode::train(&mut hand.rng);
            let mut right = 0.0;
            let (value, gradient) = value_and_grad(&hand.model, |model| {
                let (value, [(_, accuracy)]) = loss(model, &batch, &mut mode);
                right = accuracy;
                value
            });
            mode.store(&mut hand.model);
            hand.adam.step(&mut hand.model, &gradient);
            means[0].add(value.item::<f32>().into(), batch.len());
            means[1].add(right, batch.len());
        }
        for batch in &valid {
            let (value, [(_, accuracy)]) = loss(&hand.model, &batch, &mut Mode::eval());
            means[2].add(value.item::<f32>().into(), batch.len());
            means[3].add(accuracy, batch.len());
        }
        records.push(means.map(|mean| mean.value()));
    }
    assert_eq!(trained.bits(), hand.bits());

    for (record, wanted) in history.records().iter().zip(&records) {
        let names = ["loss", "accuracy", "valid_loss", "valid_accuracy"];
        assert_eq!(record.measures.iter().collect::<Vec<_>>(), names.into_iter().zip(*wanted).collect::<Vec<_>>());
    }
    let numbers: Vec<_> = history.records().iter().map(|r| (r.epoch, r.steps, r.skipped, r.lr)).collect();
    assert_eq!(numbers, [(1, 5, 0, 0.01), (2, 10, 0, 0.01), (3, 15, 0, 0.01)]);
    assert!(history.records().iter().all(|record| record.seconds > 0.0));
    assert_eq!(history.stopped(), None);
    // It has learned, so that equality is not that of nothing with nothing.
    assert!(records[2][0] < records[0][0]);
}

#[test]
fn schedules_clipping_accumulation_and_samplers_are_lines_of_the_loop() {
    let (mut hand, mut trained) = (Begin::new(), Begin::new());
    let (train, schedule) = (even_data(), Cosine::new(0.05, 20));
    let sampler = Weighted::new(vec![1.0; 24]).expect("weights").draws(30);
    let history = Trainer::new(2)
        .sampler(sampler.clone())
        .accumulate(2)
        .change_gradient(|gradient: &mut Mlp| gradient.hidden.weight *= 1.5)
        .clip_grad_value(0.05)
        .clip_grad_norm(0.1)
        .schedule(schedule)
        .fit(&mut trained.model, &mut trained.adam, &train, &mut trained.rng, loss)
        .expect("two epochs");

    let mut step = 0;
    for _ in 0..2 {
        let mut accumulator = Accumulator::new();
        let order = sampler.order(24, &mut hand.rng);
        let epoch = train.resume(crate::data::Position::new(order)).expect("places");
        for (i, batch) in (1..).zip(epoch) {
            let mut mode = Mode::train(&mut hand.rng);
            let (_, gradient) = value_and_grad(&hand.model, |model| loss(model, &batch, &mut mode).0);
            mode.store(&mut hand.model);
            accumulator.add(gradient);
            // Five batches make three steps, the last of one batch.
            if i % 2 == 0 || i == 5 {
                let mut gradient = accumulator.take_mean().expect("gradients");
                gradient.hidden.weight *= 1.5;
                clip_grad_value(&mut gradient, 0.05);
                clip_grad_norm(&mut gradient, 0.1).expect("finite");
                hand.adam.set_lr(schedule.lr(step));
                hand.adam.step(&mut hand.model, &gradient);
                step += 1;
            }
        }
    }
    assert_eq!(trained.bits(), hand.bits());
    assert_eq!(history.last().map(|record| (record.steps, record.lr)), Some((6, schedule.lr(5))));
}

#[test]
fn a_step_over_several_batches_has_their_mean_loss() {
    let mut losses = Vec::new();
    let (mut model, mut sgd) = (Tensor::from(1.0f32), crate::Sgd::new(0.0));
    let mut number = 0.0;
    Trainer::new(1)
        .accumulate(3)
        .on(Event::Step, |now| losses.push((now.batch, now.steps, now.loss())))
        .fit(&mut model, &mut sgd, &data(), &mut Rng::seed(3), |x, _, _| {
            number += 1.0;
            x * number
        })
        .expect("an epoch");
    // Batches of 5, 5, 5, 5 and 3 examples.
    assert_eq!(losses, [(3, 1, 2.0), (5, 2, (4.0 * 5.0 + 5.0 * 3.0) / 8.0)]);
}

#[test]
fn rates_follow_epochs_and_plateaus() {
    let rates = |history: History| history.records().iter().map(|record| record.lr).collect::<Vec<_>>();
    let history = fit_scripted(scripted(&[0.0; 4]).schedule_by_epoch(Exponential::new(0.5, 0.5)));
    assert_eq!(rates(history.expect("four epochs")), [0.5, 0.25, 0.125, 0.0625]);
    // The plateau sets the rate at the end of an epoch, which the record of the next shows.
    let script = [1.0, 0.8, 0.9, 0.85, 0.7, 0.7];
    let plateau = || Plateau::new(0.5).factor(0.5).patience(1);
    let history = fit_scripted(scripted(&script).plateau("score", plateau()));
    assert_eq!(rates(history.expect("six epochs")), [0.5, 0.5, 0.5, 0.5, 0.25, 0.25]);
    let mut plateau = plateau();
    assert_eq!(script.map(|score| plateau.step(score)), [0.5, 0.5, 0.5, 0.25, 0.25, 0.25]);
}

#[test]
fn batches_made_ahead_and_boxed_optimizers_change_nothing() {
    let (mut plain, mut ahead) = (Begin::new(), Begin::new());
    let history =
        Trainer::new(2).fit(&mut plain.model, &mut plain.adam, &data(), &mut plain.rng, loss).expect("epochs");
    let mut boxed: Box<dyn Optimizer> = Box::new(Adam::new(0.01));
    let (loader, valid) = (data().ahead(2), valid().ahead(1));
    let other = Trainer::new(2).validate(&valid);
    let other = other.fit(&mut ahead.model, &mut boxed, &loader, &mut ahead.rng, loss).expect("epochs");
    assert_eq!(bits(&ahead.model), bits(&plain.model));
    assert_eq!(other.series("loss"), history.series("loss"));
}

#[test]
fn evaluation_is_the_mean_over_examples_and_leaves_the_model_alone() {
    let Begin { model, .. } = Begin::new();
    let before = bits(&model);
    let measures = evaluate(&model, &valid(), loss).expect("measures");
    let mut wanted = Mean::default();
    valid().into_iter().for_each(|batch| wanted.add(loss(&model, &batch, &mut Mode::eval()).1[0].1, batch.len()));
    assert_eq!(measures.get("accuracy"), Some(wanted.value()));
    assert_eq!(bits(&model), before);
}

#[test]
fn a_training_in_mixed_precision_keeps_running_statistics_in_f32() {
    let mut begin = Begin::new();
    let history = Trainer::new(8)
        .validate(&valid())
        .fit(&mut begin.model, &mut begin.adam, &data(), &mut begin.rng, |model, batch, mode| {
            let half = module::cast(model, DType::BF16);
            half.forward(&batch.x.cast(DType::BF16), mode).cast(DType::F32).cross_entropy(&batch.y)
        })
        .expect("a training");
    let losses = history.series("valid_loss");
    assert!(losses[7].1 < 0.8 * losses[0].1, "{losses:?}");
    let norm = &begin.model.norm;
    assert!(module::tensors(&begin.model).into_iter().all(|x| matches!(x.dtype(), DType::F32 | DType::I64)));
    // Eight epochs of five batches.
    assert_eq!(norm.num_batches_tracked.as_ref().map(|count| count.item::<i64>()), Some(40));
    let mean = norm.running_mean.as_ref().expect("kept");
    assert!(
        mean.cast(DType::BF16).cast(DType::F32).ne(mean).any(..).item::<bool>(),
        "more than a half holds: {mean:?}"
    );
}
