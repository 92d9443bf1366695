//! The network: what to try on a board, and who will win.

use crate::game::Board;
use cotangent::prelude::*;

/// Two hidden layers, and two answers.
#[derive(Module, Clone)]
pub(crate) struct Network {
    hidden: Vec<Linear>,
    policy: Linear,
    value: Linear,
}

/// Nodes in a hidden layer: enough for the few thousand boards of the game.
const WIDTH: usize = 128;

/// What the network says of a board.
pub(crate) struct Opinion {
    /// For each square, how much it deserves to be tried; 0 where a mark lies already.
    pub(crate) policy: [f32; 9],
    /// What who is to move may expect, from -1 (to lose) to 1 (to win).
    pub(crate) value: f32,
}

impl Network {
    pub(crate) fn new(rng: &mut Rng) -> Self {
        let hidden = vec![Linear::new(18, WIDTH, rng), Linear::new(WIDTH, WIDTH, rng)];
        Network { hidden, policy: Linear::new(WIDTH, 9, rng), value: Linear::new(WIDTH, 1, rng) }
    }

    /// Of boards `[n, 18]`: a score for each square `[n, 9]`, and the value `[n]`.
    fn forward(&self, boards: &Tensor) -> (Tensor, Tensor) {
        let x = self.hidden.iter().fold(boards.clone(), |x, layer| layer.forward(&x).relu());
        (self.policy.forward(&x), self.value.forward(&x).squeeze(-1).tanh())
    }

    /// What it says of many boards at once, which takes hardly longer than of one.
    pub(crate) fn opinions(&self, boards: &[Board]) -> Vec<Opinion> {
        if boards.is_empty() {
            return Vec::new();
        }
        let (scores, values) = self.forward(&numbers(boards));
        let (scores, values) = (scores.softmax(1).to_vec::<f32>(), values.to_vec::<f32>());
        let opinion = |((board, scores), &value): ((&Board, &[f32]), &f32)| {
            let mut policy = [0.0; 9];
            // The least float keeps the sum above zero where all free squares are thought hopeless.
            board.moves().for_each(|square| policy[square] = scores[square].max(f32::MIN_POSITIVE));
            let sum: f32 = policy.iter().sum();
            Opinion { policy: policy.map(|p| p / sum), value }
        };
        boards.iter().zip(scores.chunks(9)).zip(&values).map(opinion).collect()
    }

    /// How far it is from what the search found and from how the games ended: the cross-entropy of its policy, and the squared error of its value.
    pub(crate) fn loss(&self, lessons: &Lessons) -> Tensor {
        let (scores, values) = self.forward(&lessons.boards);
        let policy = -(&lessons.shares * scores.log_softmax(1)).sum(1).mean(..);
        policy + (values - &lessons.results).square().mean(..)
    }
}

fn numbers(boards: &[Board]) -> Tensor {
    let numbers: Vec<f32> = boards.iter().flat_map(|board| board.numbers()).collect();
    Tensor::from_vec(numbers, [boards.len(), 18]).expect("eighteen numbers for each board")
}

/// A board that came up in a game against itself.
#[derive(Clone, Copy)]
pub(crate) struct Lesson {
    pub(crate) board: Board,
    /// How often the search tried each square, as parts of 1.
    pub(crate) shares: [f32; 9],
    /// How the game ended for who was to move.
    pub(crate) result: f32,
}

/// Many lessons at once.
pub(crate) struct Lessons {
    boards: Tensor,
    shares: Tensor,
    results: Tensor,
}

impl Lessons {
    /// `count` lessons drawn from those that are there, each turned or mirrored at random: the game does not know left from right.
    pub(crate) fn draw(lessons: &[Lesson], count: usize, rng: &mut Rng) -> Lessons {
        let (mut boards, mut shares, mut results) = (Vec::new(), Vec::new(), Vec::new());
        let drawn = rng.randint(0, lessons.len() as i64, [count]).to_vec::<i64>();
        let ways = rng.randint(0, 8, [count]).to_vec::<i64>();
        for (&lesson, &way) in drawn.iter().zip(&ways) {
            let Lesson { board, shares: of_board, result } = lessons[lesson as usize];
            let from: [usize; 9] = std::array::from_fn(|square| turned(square, way));
            let marks = board.numbers();
            boards.extend((0..18).map(|i| marks[9 * (i / 9) + from[i % 9]]));
            shares.extend(from.map(|square| of_board[square]));
            results.push(result);
        }
        Lessons {
            boards: Tensor::from_vec(boards, [count, 18]).expect("eighteen numbers for each board"),
            shares: Tensor::from_vec(shares, [count, 9]).expect("nine squares for each board"),
            results: Tensor::from(results),
        }
    }
}

/// Where a square comes from in one of the eight ways to lay the board: mirrored or not, and a quarter turn up to three times.
fn turned(square: usize, way: i64) -> usize {
    let (mut row, mut column) = (square / 3, square % 3);
    if way >= 4 {
        column = 2 - column;
    }
    for _ in 0..way % 4 {
        (row, column) = (column, 2 - row);
    }
    3 * row + column
}
