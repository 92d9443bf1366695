//! The pictures of the players.

use crate::{Stage, game::Board, network::Network};
use cotangent::{
    nn::pictures::{Chart, Picture, PictureError, Plane, Shades},
    prelude::*,
};
use std::path::Path;

/// What becomes of its games as it learns.
pub(crate) fn progress(history: &[Stage], path: &Path) -> Result<(), PictureError> {
    let by_games = |of: &dyn Fn(&Stage) -> f64| -> Vec<(f64, f64)> {
        history.iter().map(|stage| (stage.games as f64, of(stage))).collect()
    };
    let random = Chart::new(
        "The network alone against one who moves at random",
        "games played against itself",
        "part of the games",
    )
    .y_range(0.0..1.0)
    .line("won", by_games(&|stage| stage.alone.random.won))
    .line("drawn", by_games(&|stage| stage.alone.random.drawn))
    .line("lost", by_games(&|stage| stage.alone.random.lost));
    let all = Chart::new("Games that it can lose", "games played against itself", "part of all games")
        .line("network alone", by_games(&|stage| stage.alone.lost as f64 / stage.alone.games as f64))
        .line("with search", by_games(&|stage| stage.searching.lost as f64 / stage.searching.games as f64));
    Picture::of(random).below(all).save(path)
}

/// What the network recommends on six boards.
pub(crate) fn opinions(network: &Network, path: &Path) -> Result<(), PictureError> {
    let charts = [
        ("The first move", &[][..]),
        ("After the centre", &[4]),
        ("After a corner", &[0]),
        ("O must not lose", &[0, 4, 8]),
        ("X can win", &[0, 3, 4, 5]),
        ("O must block", &[0, 4, 2]),
    ]
    .map(|(name, squares)| {
        let board = Board::after(squares);
        let opinion = &network.opinions(&[board])[0];
        let mover = if squares.len() % 2 == 0 { "X" } else { "O" };
        // The middle of a square, with the first row at the top.
        let middle = |square: usize| ((square % 3) as f64 + 0.5, 2.5 - (square / 3) as f64);
        let plane = Plane::over(0.0..3.0, 0.0..3.0, |points| {
            let of_point = |at: &[f32]| {
                let (column, row) = ((at[0] as usize).min(2), 2 - (at[1] as usize).min(2));
                opinion.policy[3 * row + column]
            };
            Tensor::from(points.to_vec::<f32>().chunks(2).map(of_point).collect::<Vec<f32>>())
        });
        let [x, o] = board.marks().map(|squares| squares.into_iter().map(middle).collect::<Vec<_>>());
        Chart::new(name, format!("{mover} moves, expects {:+.2}", opinion.value), "")
            .heat("policy", &plane, Shades::viridis().over(0.0..1.0))
            .points("X", x)
            .points("O", o)
    });
    Picture::grid(3, charts).save(path)
}
