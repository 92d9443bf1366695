//! The search: it looks ahead where the network thinks it worth while, and knows better than the network afterwards.
//!
//! Each step of it goes down from the board to one that it has not seen yet. On its way it takes the move with the greatest sum of two numbers:
//! what the move has brought so far, and how much the network recommends it, which counts less the more often the move was tried:
//!
//! ```text
//!   mean value + C · policy · √(visits of the board) / (1 + visits of the move)
//! ```
//!
//! (Silver et al., "Mastering the game of Go without human knowledge", Nature 550, 2017.) At the new board it asks the network who will win,
//! and tells all boards on the way. In the end, the moves that were tried most are the good ones.

use crate::{game::Board, network::Network};
use cotangent::prelude::*;

/// How much the recommendation counts against what was found. With values from -1 to 1, around 1 to 2 is usual.
const C: f32 = 1.5;
/// The part of chance in the recommendations for the first move, so that in its own games every move is tried now and then.
const CHANCE: f32 = 0.25;

/// A board in the tree, reached from the one above by a move.
struct Node {
    board: Board,
    /// How much the network recommends the move.
    policy: f32,
    visits: f32,
    /// The sum of the values that were found here and below, for who is to move here.
    total: f32,
    /// The boards after each move from here, as a range of nodes; empty as long as the network was not asked.
    children: std::ops::Range<usize>,
}

impl Node {
    fn new(board: Board, policy: f32) -> Node {
        Node { board, policy, visits: 0.0, total: 0.0, children: 0..0 }
    }
}

struct Tree {
    nodes: Vec<Node>,
}

impl Tree {
    /// The way down to a board without children.
    fn descend(&self) -> Vec<usize> {
        let mut way = vec![0];
        loop {
            let here = &self.nodes[way[way.len() - 1]];
            let worth = |child: usize| {
                let child = &self.nodes[child];
                // What is good for the other is bad for me.
                let mean = if child.visits > 0.0 { -child.total / child.visits } else { 0.0 };
                mean + C * child.policy * here.visits.sqrt() / (1.0 + child.visits)
            };
            let best = here.children.clone().max_by(|&a, &b| worth(a).total_cmp(&worth(b)));
            match best {
                Some(child) => way.push(child),
                None => return way,
            }
        }
    }

    /// Adds the boards after each move from a board.
    fn expand(&mut self, node: usize, policy: &[f32; 9]) {
        let (board, first) = (self.nodes[node].board, self.nodes.len());
        self.nodes.extend(board.moves().map(|square| Node::new(board.play(square), policy[square])));
        self.nodes[node].children = first..self.nodes.len();
    }

    /// Tells all boards on the way what was found at its end, each in turn from the other side.
    fn tell(&mut self, way: &[usize], value: f32) {
        let mut value = value;
        for &node in way.iter().rev() {
            self.nodes[node].visits += 1.0;
            self.nodes[node].total += value;
            value = -value;
        }
    }

    /// How often each move was tried, as parts of 1.
    fn shares(&self) -> [f32; 9] {
        let root = &self.nodes[0];
        let mut shares = [0.0; 9];
        for (square, child) in root.board.moves().zip(root.children.clone()) {
            shares[square] = self.nodes[child].visits;
        }
        let sum: f32 = shares.iter().sum();
        shares.map(|visits| visits / sum)
    }
}

/// Searches on many boards at once, so that the network is asked about all of them together: this many steps on each. Returns how often
/// each square was tried, as parts of 1. With `chance`, moves are tried that the network does not recommend.
pub(crate) fn search(boards: &[Board], network: &Network, steps: usize, mut chance: Option<&mut Rng>) -> Vec<[f32; 9]> {
    let mut trees: Vec<Tree> = boards.iter().map(|&board| Tree { nodes: vec![Node::new(board, 1.0)] }).collect();
    // The first step asks about the boards themselves.
    for step in 0..=steps {
        let ways: Vec<Vec<usize>> = trees.iter().map(Tree::descend).collect();
        let ends: Vec<Board> =
            trees.iter().zip(&ways).map(|(tree, way)| tree.nodes[way[way.len() - 1]].board).collect();
        let unknown: Vec<Board> = ends.iter().copied().filter(|end| end.result().is_none()).collect();
        let mut opinions = network.opinions(&unknown).into_iter();
        for ((tree, way), end) in trees.iter_mut().zip(&ways).zip(&ends) {
            let value = match end.result() {
                Some(result) => result as f32,
                None => {
                    let mut opinion = opinions.next().expect("an opinion of each board");
                    if let (0, Some(rng)) = (step, chance.as_deref_mut()) {
                        disturb(&mut opinion.policy, rng);
                    }
                    tree.expand(way[way.len() - 1], &opinion.policy);
                    opinion.value
                }
            };
            tree.tell(way, value);
        }
    }
    trees.iter().map(Tree::shares).collect()
}

/// Mixes chance into the recommendations: parts of 1 of which all divisions are equally likely.
fn disturb(policy: &mut [f32; 9], rng: &mut Rng) {
    // Exponential numbers divided by their sum are such parts. The numbers are above 0, where the logarithm is finite.
    let random = (1.0 - rng.uniform([9], DType::F64)).ln().to_vec::<f64>();
    let parts: Vec<f32> = (0..9).map(|i| if policy[i] > 0.0 { -random[i] as f32 } else { 0.0 }).collect();
    let sum: f32 = parts.iter().sum();
    if sum > 0.0 {
        policy.iter_mut().zip(parts).for_each(|(p, part)| *p = (1.0 - CHANCE) * *p + CHANCE * part / sum);
    }
}
