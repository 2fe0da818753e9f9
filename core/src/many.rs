//! The same for each of many things, on all cores.

use rayon::iter::{IntoParallelIterator, ParallelIterator};

/// So few take less time than threads to do them would.
const FEW: usize = 64;

/// What `each` makes of each thing, in the things' order.
pub fn map<T: Send, R: Send>(things: Vec<T>, each: impl Fn(T) -> R + Send + Sync) -> Vec<R> {
    if things.len() <= FEW {
        return things.into_iter().map(each).collect();
    }
    things.into_par_iter().map(each).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_in_the_order_of_the_things() {
        for many in [0, 1, FEW, FEW + 1, 100 * FEW] {
            assert_eq!(map((0..many).collect(), |number| number + 1), (1..=many).collect::<Vec<_>>());
        }
    }
}
