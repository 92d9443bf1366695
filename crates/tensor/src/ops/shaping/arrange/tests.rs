use super::*;
use crate::DType;
use crate::ops::refused::message;

fn counting(shape: &[usize]) -> Tensor {
    Tensor::arange(0, shape.iter().product::<usize>() as i64, 1).reshape(shape)
}

#[test]
fn axes_move_as_in_pytorch() {
    assert_eq!(counting(&[2, 3, 4, 5]).movedim([0, 2], [3, 1]).shape()[..], [3, 4, 5, 2]);
    assert_eq!(counting(&[2, 3]).movedim([0], [-1]).to_vec::<i64>(), [0, 3, 1, 4, 2, 5]);
    assert_eq!(counting(&[2, 3]).movedim([], []).to_vec::<i64>(), counting(&[6]).to_vec::<i64>());
    let x = counting(&[2, 3]);
    assert_eq!(
        message(|| counting(&[2, 3]).movedim([0], [0, 1])),
        "movedim: needs one new place for each axis, not [0, 1] for [0]; got i64[2, 3]"
    );
    assert_eq!(message(move || x.movedim([0, 1], [0, 0])), "movedim: axis 0 is named twice in [0, 0]; got i64[2, 3]");
}

#[test]
fn rolling_turns_around() {
    let x = counting(&[2, 3]);
    assert_eq!(x.roll([1, -4], [1, 0]).to_vec::<i64>(), [2, 0, 1, 5, 3, 4]);
    assert_eq!(x.roll([isize::MIN, isize::MAX], [0, 0]).to_vec::<i64>(), [3, 4, 5, 0, 1, 2]);
    assert_eq!(counting(&[2, 2]).roll([3], []).to_vec::<i64>(), [1, 2, 3, 0]);
    assert_eq!(counting(&[0, 2]).roll([1, 1], [0, 1]).shape()[..], [0, 2]);
    assert_eq!(Tensor::from(5i64).roll([7], []).item::<i64>(), 5);
    assert_eq!(
        message(move || x.roll([1], [0, 1])),
        "roll: needs one shift for each axis, or one and no axis; not [1] for [0, 1]; got i64[2, 3]"
    );
}

#[test]
fn four_quarter_turns_are_none() {
    let x = counting(&[2, 3]);
    assert_eq!(x.rot90(1, [0, 1]).to_vec::<i64>(), [2, 5, 1, 4, 0, 3]);
    assert_eq!(x.rot90(-1, [0, 1]).to_vec::<i64>(), x.rot90(1, [1, 0]).to_vec::<i64>());
    assert_eq!(x.rot90(isize::MAX, [0, 1]).to_vec::<i64>(), x.rot90(3, [0, 1]).to_vec::<i64>());
    let turned = (0..4).fold(x.clone(), |x, _| x.rot90(1, [0, -1]));
    assert_eq!(turned.to_vec::<i64>(), x.to_vec::<i64>());
    assert_eq!(message(move || x.rot90(1, [1, -1])), "rot90: needs two axes, not axis 1 twice; got i64[2, 3]");
}

#[test]
fn an_axis_is_cut_into_several() {
    assert_eq!(counting(&[2, 12]).unflatten(-1, [-1, 3]).shape()[..], [2, 4, 3]);
    assert_eq!(counting(&[2, 0]).unflatten(1, [0, 7]).shape()[..], [2, 0, 7]);
    assert_eq!(
        message(|| counting(&[2, 12]).unflatten(1, [5, -1])),
        "unflatten: [5, -1] do not multiply to axis 1 of size 12; got i64[2, 12]"
    );
}

#[test]
fn grids_have_an_axis_for_each_list() {
    let lists = [counting(&[2]), Tensor::from(5i64), counting(&[3])];
    let grid = Tensor::meshgrid(&lists, Grid::Xy);
    assert!(grid.iter().all(|x| x.shape()[..] == [1, 2, 3]));
    assert_eq!(grid[2].to_vec::<i64>(), [0, 1, 2, 0, 1, 2]);
    assert_eq!(grid[0].to_vec::<i64>(), [0, 0, 0, 1, 1, 1]);
    assert_eq!(Tensor::meshgrid([counting(&[2])], Grid::Xy)[0].shape()[..], [2]);
    assert_eq!(Tensor::meshgrid([counting(&[0]), counting(&[2])], Grid::Ij)[1].shape()[..], [0, 2]);
    assert!(message(|| Tensor::meshgrid([counting(&[2, 1])], Grid::Ij)).starts_with("meshgrid: takes lists"));
    assert_eq!(message(|| Tensor::meshgrid::<Tensor>([], Grid::Ij)), "meshgrid: needs at least one list");
}

#[test]
fn tensors_are_put_side_by_side() {
    assert_eq!(Tensor::hstack([Tensor::from(1i64), Tensor::from([2i64, 3])]).to_vec::<i64>(), [1, 2, 3]);
    assert_eq!(Tensor::hstack([counting(&[2, 1, 2]), counting(&[2, 2, 2])]).shape()[..], [2, 3, 2]);
    assert_eq!(Tensor::vstack([counting(&[2]), counting(&[1, 2]).select(0, 0)]).shape()[..], [2, 2]);
    let blocks = [Tensor::from(1i64), Tensor::zeros([0, 2], DType::I64), Tensor::from([2i64, 3])];
    let y = Tensor::block_diag(blocks);
    assert_eq!((y.shape()[0], y.shape()[1]), (2, 5));
    assert_eq!(y.to_vec::<i64>(), [1, 0, 0, 0, 0, 0, 0, 0, 2, 3]);
    assert!(message(|| Tensor::block_diag([counting(&[1, 1, 1])])).starts_with("block_diag: takes matrices"));
    assert_eq!(message(|| Tensor::block_diag::<Tensor>([])), "block_diag: needs at least one matrix");
    let mixed = [counting(&[1]), Tensor::from([1.0f32])];
    assert!(message(|| Tensor::block_diag(&mixed)).starts_with("block_diag: all inputs must have one dtype"));
    assert!(message(|| Tensor::broadcast_tensors([counting(&[2]), counting(&[3])])).starts_with("broadcast_tensors: "));
}
