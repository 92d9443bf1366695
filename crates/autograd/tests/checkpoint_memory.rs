//! What a checkpoint is for: less is held. The counts of bytes are the process's own, so that this is a program of one test.

use cotangent_autograd::{checkpoint, grad};
use cotangent_tensor::{Tensor, memory};

#[test]
fn of_a_checkpointed_chain_only_the_ends_of_the_segments_are_held() {
    const SIZE: usize = 64 * 1024;
    let chain = |x: &Tensor| (0..16).fold(x.clone(), |x, _| x.sin());
    let held = |f: &dyn Fn(&Tensor) -> Tensor| {
        let mut held = 0;
        let x = Tensor::from(vec![0.5; SIZE]);
        let before = memory::live_bytes();
        let _ = grad(&x, |x| {
            let y = f(x);
            held = memory::live_bytes() - before;
            y.sum(..)
        });
        held / (SIZE * size_of::<f64>())
    };
    assert_eq!(held(&chain), 16);
    assert!(held(&|x| checkpoint(x, chain)) <= 2);
}
