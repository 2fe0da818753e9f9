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

/// Makes something of each thing, so many at a time, on all cores, while `take` takes what was made before, in the
/// things' order.
///
/// # Errors
/// Those of `take`.
pub fn ahead<T: Sync, R: Send, E>(
    things: &[T],
    at_a_time: usize,
    each: impl Fn(&T) -> R + Send + Sync,
    mut take: impl FnMut(R) -> Result<(), E>,
) -> Result<(), E> {
    let make = |things: &[T]| map(things.iter().collect(), &each);
    let mut parts = things.chunks(at_a_time.max(1));
    let mut made = parts.next().map(make).unwrap_or_default();
    for part in parts {
        let mut next = Vec::new();
        rayon::in_place_scope(|scope| {
            scope.spawn(|_| next = make(part));
            made.drain(..).try_for_each(&mut take)
        })?;
        made = next;
    }
    made.into_iter().try_for_each(take)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_in_the_order_of_the_things() {
        for many in [0, 1, FEW, FEW + 1, 100 * FEW] {
            let (things, answers): (Vec<_>, Vec<_>) = ((0..many).collect(), (1..=many).collect());
            for at_a_time in [1, 10, 2 * FEW] {
                let mut taken = Vec::new();
                let take = |answer| {
                    taken.push(answer);
                    Ok::<_, ()>(())
                };
                let result = ahead(&things, at_a_time, |number| number + 1, take);
                assert_eq!((result, &taken), (Ok(()), &answers));
            }
            assert_eq!(map(things, |number| number + 1), answers);
        }
    }

    #[test]
    fn who_takes_no_more_ends_it() {
        let things: Vec<_> = (0..100).collect();
        let mut taken = 0;
        let result = ahead(
            &things,
            10,
            |number| *number,
            |number| {
                taken += 1;
                if number < 15 { Ok(()) } else { Err(number) }
            },
        );
        assert_eq!((result, taken), (Err(15), 16));
    }
}
