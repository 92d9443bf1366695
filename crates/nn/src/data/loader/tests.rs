use super::*;
use crate::{
    data::{Example, Examples},
    panics::panic_message,
};
use cotangent_tensor::DType;

/// Example i has the inputs 2i, 2i + 1 and the target i.
fn counted(n: usize, batch_size: usize) -> Loader {
    let x = Tensor::from_vec((0..2 * n).map(|i| i as f32).collect(), [n, 2]).expect("two inputs for each example");
    Loader::new(&x, &Tensor::arange(0, n as i64, 1), batch_size).expect("data that fit")
}

fn targets(batches: Epoch) -> Vec<i64> {
    batches.flat_map(|batch| batch.y.to_vec::<i64>()).collect()
}

#[test]
fn an_epoch_has_every_example_once_with_its_own_target() {
    for (n, batch_size) in [(10, 3), (9, 3), (1, 5), (7, 1)] {
        let loader = counted(n, batch_size);
        let batches: Vec<Batch> = loader.epoch(&mut Rng::seed(1)).collect();
        assert_eq!(batches.len(), loader.batches());
        for batch in &batches {
            let wanted = batch.y.to_vec::<i64>().into_iter().flat_map(|i| [(2 * i) as f32, (2 * i + 1) as f32]);
            assert_eq!(batch.x.to_vec::<f32>(), wanted.collect::<Vec<f32>>());
            assert!((1..=batch_size).contains(&batch.len()));
        }
        let mut seen: Vec<i64> = batches.iter().flat_map(|batch| batch.y.to_vec::<i64>()).collect();
        seen.sort_unstable();
        assert_eq!(seen, (0..n as i64).collect::<Vec<_>>());
    }
}

#[test]
fn each_epoch_has_its_own_order_which_the_seed_decides() {
    let (loader, mut rng) = (counted(50, 8), Rng::seed(2));
    let (first, second) = (targets(loader.epoch(&mut rng)), targets(loader.epoch(&mut rng)));
    assert_ne!(first, second);
    assert!(!first.is_sorted());
    let mut again = Rng::seed(2);
    assert_eq!(targets(loader.epoch(&mut again)), first);
    assert_eq!(targets(loader.epoch(&mut again)), second);
}

#[test]
fn by_reference_the_order_is_that_of_the_data() {
    let loader = counted(10, 4);
    let mut seen = Vec::new();
    for batch in &loader {
        seen.push((batch.x.to_vec::<f32>()[0], batch.y.to_vec::<i64>()));
    }
    assert_eq!(seen, [(0.0, vec![0, 1, 2, 3]), (8.0, vec![4, 5, 6, 7]), (16.0, vec![8, 9])]);
}

#[test]
fn a_last_batch_that_is_not_full_can_be_left_out() {
    let loader = counted(10, 4).drop_last(true);
    assert_eq!(targets((&loader).into_iter()), [0, 1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(counted(8, 4).drop_last(true).batches(), 2);
    assert_eq!(counted(3, 4).drop_last(true).epoch(&mut Rng::seed(3)).len(), 0);
    assert_eq!(counted(10, 4).drop_last(true).drop_last(false).batches(), 3);
}

#[test]
fn an_epoch_knows_how_many_batches_are_left() {
    let loader = counted(10, 4);
    let mut epoch = loader.epoch(&mut Rng::seed(4));
    assert_eq!(epoch.len(), 3);
    epoch.next();
    assert_eq!(epoch.len(), 2);
    assert_eq!(epoch.by_ref().count(), 2);
    assert!(epoch.next().is_none() && epoch.next().is_none());
}

#[test]
fn data_that_do_not_fit_are_refused() {
    let zeros = |shape: &[usize]| Tensor::zeros(shape, DType::F32);
    let refusal = |x: &[usize], y: &[usize], size| Loader::new(&zeros(x), &zeros(y), size).unwrap_err().to_string();
    assert_eq!(
        refusal(&[5, 2], &[4], 2),
        "loader: x has 5 examples along its first axis and y has 4; got f32[5, 2], f32[4]"
    );
    assert_eq!(
        refusal(&[5, 2], &[5], 0),
        "loader: a batch needs at least one example; the batch size is 0; got f32[5, 2], f32[5]"
    );
    assert_eq!(refusal(&[0, 2], &[0], 2), "loader: there are no examples; got f32[0, 2], f32[0]");
    assert_eq!(
        refusal(&[], &[5], 2),
        "loader: x and y need a first axis, along which the examples lie; got f32[], f32[5]"
    );
}

/// Each word, or the refusal of an empty one.
fn words(words: &[&'static str], size: usize) -> Loader<impl Dataset<Example = Result<String, String>> + use<>> {
    let checked = |word: &str| if word.is_empty() { Err("an empty word".to_owned()) } else { Ok(word.to_owned()) };
    Loader::over(Examples(words.to_vec()).map(checked), size).expect("words")
}

#[test]
fn a_dataset_of_ones_own_is_stacked_by_its_kind_of_example() {
    struct Powers;
    impl Dataset for Powers {
        type Example = (Example, u8, bool);
        fn len(&self) -> usize {
            5
        }
        fn get(&self, i: usize) -> Self::Example {
            let x = Tensor::from([i as f32, (i * i) as f32]);
            (Example { x, y: Tensor::from(i as i64) }, i as u8, i.is_multiple_of(2))
        }
    }
    let loader = Loader::over(Powers, 3).expect("examples");
    let (batch, bytes, even) = loader.into_iter().nth(1).expect("two batches");
    assert_eq!((batch.x.to_vec::<f32>(), batch.x.shape().to_vec()), (vec![3.0, 9.0, 4.0, 16.0], vec![2, 2]));
    assert_eq!((batch.y.to_vec::<i64>(), batch.len()), (vec![3, 4], 2));
    assert_eq!((bytes.to_vec::<u8>(), even.to_vec::<bool>()), (vec![3, 4], vec![false, true]));
    assert_eq!(format!("{loader:?}"), "Loader { examples: 5, batch_size: 3, drop_last: false, .. }");
}

#[test]
fn an_example_that_fails_makes_its_batch_fail_and_no_other() {
    let loader = words(&["a", "b", "", "c", "d"], 2);
    let wanted =
        vec![Ok(vec!["a".to_owned(), "b".to_owned()]), Err("an empty word".to_owned()), Ok(vec!["d".to_owned()])];
    assert_eq!(loader.into_iter().collect::<Vec<_>>(), wanted);
    assert_eq!(loader.into_iter().prefetch(2).collect::<Vec<_>>(), wanted);
}

#[test]
fn a_closure_says_what_a_batch_is_and_different_shapes_need_one() {
    let ragged: Vec<Tensor> = (1..4).map(|n| Tensor::arange(0, n, 1)).collect();
    let loader = Loader::over(Examples(ragged), 2).expect("examples");
    let message = panic_message(|| loader.into_iter().next());
    assert_eq!(
        message,
        "loader: the examples of a batch need one shape and one dtype; got i64[1], i64[2]; pad them to one shape, or say \
         with .collate(..) what their batch is"
    );
    let lens = loader.drop_last(true).collate(|rows: Vec<Tensor>| rows.iter().map(Tensor::numel).collect::<Vec<_>>());
    assert_eq!(lens.into_iter().collect::<Vec<_>>(), [[1, 2]]);
}

#[test]
fn a_sampler_decides_on_the_examples_of_an_epoch() {
    let loader = counted(4, 3);
    struct Ends;
    impl Sampler for Ends {
        fn order(&self, examples: usize, _: &mut Rng) -> Vec<usize> {
            vec![examples - 1, 0, examples - 1, 0]
        }
    }
    assert_eq!(targets(loader.epoch_by(&Ends, &mut Rng::seed(0))), [3, 0, 3, 0]);
    struct Beyond;
    impl Sampler for Beyond {
        fn order(&self, examples: usize, _: &mut Rng) -> Vec<usize> {
            vec![examples]
        }
    }
    let message = panic_message(|| loader.epoch_by(&Beyond, &mut Rng::seed(0)));
    assert_eq!(message, "loader: the order of the epoch names the example 4, and there are 4");
}

#[test]
fn an_epoch_continues_where_it_was_saved_through_tensors_too() {
    for drop_last in [false, true] {
        let loader = counted(23, 4).drop_last(drop_last);
        let whole = targets(loader.epoch(&mut Rng::seed(5)));
        for stop in 0..=loader.batches() {
            let mut epoch = loader.epoch(&mut Rng::seed(5));
            let mut seen: Vec<i64> = epoch.by_ref().take(stop).flat_map(|batch| batch.y.to_vec::<i64>()).collect();
            let tensors = epoch.position().to_tensors();
            let position = Position::from_tensors(tensors.iter().map(|(name, x)| (*name, x))).expect("as saved");
            seen.extend(targets(loader.resume(position).expect("the same data")));
            assert_eq!(seen, whole);
        }
    }
    let mut epoch = counted(23, 4).epoch(&mut Rng::seed(5)).prefetch(3);
    let first: Vec<i64> = epoch.by_ref().take(2).flat_map(|batch| batch.y.to_vec::<i64>()).collect();
    let rest = targets(counted(23, 4).resume(epoch.position()).expect("the same data"));
    assert_eq!([first, rest].concat(), targets(counted(23, 4).epoch(&mut Rng::seed(5))));
    let refusal = counted(3, 4).resume(epoch.position()).unwrap_err().to_string();
    assert!(refusal.starts_with("loader: the order of the epoch names the example "), "{refusal}");
}
