//! What others do to a document between one request and the next, with each of the guards.

mod meanwhile;
mod store;

use std::time::Duration;

use crate::contract::error::ErrorKind;
use crate::shared_document::{Guard, Meanwhile, SharedDocument, Writers, write};

use store::{Call, Edit, Fate, Line, Script, Store};

use Call::{Reads, Writes};

const ETAG: Guard = Guard::Version;
const BESIDE: Guard = Guard::ReadingBeside { patience: Duration::from_millis(20) };

/// A document with a line `A` of others, in which the stack wants a line of its own.
async fn written(store: &Store) -> crate::Result<Vec<String>> {
    write(store, &mut Meanwhile::default()).await
}

#[tokio::test]
async fn what_is_so_already_is_read_and_not_written() {
    for (guard, reads) in [(ETAG, 1), (Guard::ReadBack, 1), (BESIDE, 2)] {
        let store = Store::new(guard, Script::default());
        store.edit(&Edit::Puts(store::OURS));
        assert!(written(&store).await.expect("so already").is_empty());
        assert_eq!((store.names(), store.requests()), (vec!["A", store::OURS], (reads, 0)), "{guard:?}");
    }
}

#[tokio::test]
async fn a_change_is_written_once_and_read_back() {
    for (guard, reads) in [(ETAG, 2), (Guard::ReadBack, 2), (BESIDE, 4)] {
        let store = Store::new(guard, Script::default());
        assert!(written(&store).await.expect("written").is_empty());
        assert_eq!((store.names(), store.requests()), (vec!["A", store::OURS], (reads, 1)), "{guard:?}");
    }
}

/// With ETags, a write that somebody was quicker than is refused, and what they wrote is merged.
#[tokio::test]
async fn with_versions_nothing_of_others_is_ever_overwritten() {
    let edits = vec![(Writes(1), Edit::Puts("P")), (Writes(2), Edit::Takes("A"))];
    let store = Store::new(ETAG, Script { edits, ..Script::default() });
    assert!(written(&store).await.expect("written").is_empty());
    assert_eq!((store.names(), store.requests()), (vec!["P", store::OURS], (4, 3)));
}

#[tokio::test]
async fn whoever_is_quicker_each_time_is_told_of() {
    let edits = (1..=Store::TRIES).map(|at| (Writes(at), Edit::Puts("P"))).collect();
    let store = Store::new(ETAG, Script { edits, ..Script::default() });
    let error = written(&store).await.expect_err("outrun");
    assert_eq!((error.kind(), error.message()), (ErrorKind::NotYet, "outrun"));
    assert_eq!(store.requests(), (Store::TRIES, Store::TRIES));
    assert!(!store.names().contains(&store::OURS));
}

/// Without versions, somebody who writes an old document takes the change out again.
#[tokio::test]
async fn a_change_that_was_overwritten_is_made_again() {
    for guard in [ETAG, Guard::ReadBack, BESIDE] {
        let read_back = if guard == BESIDE { Reads(4) } else { Reads(2) };
        let edits = vec![(read_back, Edit::Takes(store::OURS)), (read_back, Edit::Puts("P"))];
        let store = Store::new(guard, Script { edits, ..Script::default() });
        written(&store).await.expect("written");
        assert_eq!((store.names(), store.requests().1), (vec!["A", "P", store::OURS], 2), "{guard:?}");
    }
}

/// What comes between the last reading before a write and the write: the reading beside it sees that.
#[tokio::test]
async fn what_a_write_overwrote_is_put_back_and_told() {
    let edits = || vec![(Reads(3), Edit::Puts("P")), (Reads(3), Edit::Takes("A"))];
    for fate in [Fate::Done, Fate::Unknown] {
        let fates = vec![(1, fate)];
        let store = Store::new(BESIDE, Script { edits: edits(), fates, ..Script::default() });
        let remarks = written(&store).await.expect("written");
        assert_eq!(store.names(), [store::OURS, "P"], "{fate:?}");
        let [put, taken] = remarks.as_slice() else { panic!("{remarks:?}") };
        assert!(put.contains("wrote the list") && put.contains("their line `P` was put back"), "{put}");
        assert!(taken.contains("`A`, which they took out, was taken out once more"), "{taken}");
    }
}

#[tokio::test]
async fn a_reading_that_the_write_overtook_shows_nothing_that_was_overwritten() {
    let edits = vec![(Reads(1), Edit::Puts("P")), (Reads(3), Edit::Takes("P")), (Reads(4), Edit::Puts("P"))];
    let store = Store::new(BESIDE, Script { edits, held: vec![(Reads(3), Writes(1))], ..Script::default() });
    written(&store).await.expect("written");
    assert_eq!((store.names(), store.requests().1), (vec!["A", store::OURS, "P"], 1));
}

#[tokio::test(start_paused = true)]
async fn an_old_reading_after_a_write_is_waited_out() {
    let store = Store::new(BESIDE, Script { old: vec![3, 4, 5], ..Script::default() });
    assert!(written(&store).await.expect("written").is_empty());
    assert_eq!((store.names(), store.requests().1), (vec!["A", store::OURS], 1));
}

/// A lost answer is an error: whether the change is made, another try finds out, which reads first.
#[tokio::test(start_paused = true)]
async fn after_a_lost_answer_nothing_is_written_over_what_may_come() {
    for guard in [ETAG, Guard::ReadBack, BESIDE] {
        for fate in [Fate::Unknown, Fate::Lost, Fate::Late] {
            let store = Store::new(guard, Script { fates: vec![(1, fate)], ..Script::default() });
            let mut meanwhile = Meanwhile::default();
            let error = write(&store, &mut meanwhile).await.expect_err("nobody knows");
            assert_eq!((error.kind(), store.requests().1), (ErrorKind::Unavailable, 1), "{guard:?} {fate:?}");
            write(&store, &mut meanwhile).await.expect("written");
            let again = usize::from(fate == Fate::Lost || fate == Fate::Late && guard != BESIDE);
            let (names, (_, writes)) = (store.names(), store.requests());
            assert_eq!((names, writes), (vec!["A", store::OURS], 1 + again), "{guard:?} {fate:?}");
        }
    }
}

#[tokio::test]
async fn of_a_refusal_nothing_is_left_to_find_out() {
    for guard in [ETAG, Guard::ReadBack, BESIDE] {
        let store = Store::new(guard, Script { fates: vec![(1, Fate::Refused)], ..Script::default() });
        let error = written(&store).await.expect_err("refused");
        assert_eq!((error.kind(), store.names()), (ErrorKind::AccessDenied, vec!["A"]));
        assert_eq!(store.requests(), (if guard == BESIDE { 3 } else { 1 }, 1), "{guard:?}");
    }
}

/// The service takes the change no more once the first write undid somebody's edit: the edit comes back without it.
#[tokio::test(start_paused = true)]
async fn what_a_write_overwrote_comes_back_though_the_change_is_refused_by_then() {
    let edits = vec![(Reads(3), Edit::Puts("P")), (Reads(4), Edit::Takes(store::OURS))];
    let store = Store::new(BESIDE, Script { edits, fates: vec![(2, Fate::Refused)], ..Script::default() });
    let mut meanwhile = Meanwhile::default();
    let error = write(&store, &mut meanwhile).await.expect_err("refused");
    assert_eq!((error.kind(), store.names()), (ErrorKind::AccessDenied, vec!["A", "P"]));
    let told = error.context().iter().find(|(key, _)| *key == "meanwhile").map(|(_, what)| what.clone());
    assert!(told.is_some_and(|told| told.contains("`P` was put back")), "{error:?}");
    // The report of the try that succeeds has what the one before did.
    let remarks = write(&store, &mut meanwhile).await.expect("written");
    assert!(remarks.iter().any(|remark| remark.contains("`P` was put back")), "{remarks:?}");
}

#[tokio::test]
async fn what_nobody_can_put_back_is_told() {
    let edits = vec![(Reads(3), Edit::Puts("P"))];
    let fates = vec![(2, Fate::Refused), (3, Fate::Refused)];
    let store = Store::new(BESIDE, Script { edits, fates, ..Script::default() });
    let error = written(&store).await.expect_err("refused");
    let told = error.context().iter().find(|(key, _)| *key == "overwritten").map(|(_, what)| what.as_str());
    let expected = "somebody else wrote the list at the same time, and it isn't as they made it: it should have `P`";
    assert_eq!(told, Some(expected), "{error:?}");
}

#[tokio::test]
async fn what_stays_otherwise_is_told_once() {
    let edits = vec![(Writes(1), Edit::Puts("P"))];
    let store = Store { stays: true, ..Store::new(ETAG, Script { edits, ..Script::default() }) };
    assert_eq!(written(&store).await.expect("written"), ["something stays"]);
}

#[tokio::test]
async fn what_is_gone_with_its_document_needs_no_write() {
    for (takes_away, expected) in [(true, None), (false, Some(ErrorKind::NotFound))] {
        let store = Store { is_missing: true, takes_away, ..Store::new(ETAG, Script::default()) };
        assert_eq!(written(&store).await.err().map(|error| error.kind()), expected);
        assert_eq!(store.requests(), (1, 0));
    }
}

/// Others add lines of their own before any request, or write again what they have read a while ago, with its version.
#[tokio::test]
async fn with_versions_nothing_is_lost_at_any_moment() {
    let (mut all, mut written) = (0, 0);
    for seed in 0..300 {
        let others = Some(fastrand::Rng::with_seed(seed).into());
        let store = Store { others, ..Store::new(ETAG, Script::default()) };
        for _ in 0..20 {
            written += usize::from(write(&store, &mut Meanwhile::default()).await.is_ok());
        }
        let (names, added) = (store.all_names(), store.added());
        let lost: Vec<_> = (1..=added).map(|at| format!("other-{at}")).filter(|one| !names.contains(one)).collect();
        assert!(lost.is_empty(), "seed {seed}: {lost:?} of {names:?}");
        all += added;
    }
    assert!(all > 1_000 && written > 5_000, "{all} lines of others beside {written} changes");
}

#[tokio::test]
async fn one_writes_a_document_after_the_other() {
    let writers = Writers::<&str, Line>::default();
    let first = writers.of("one").await;
    let (second, other) = (writers.of("one"), writers.of("other"));
    assert!(tokio::time::timeout(Duration::from_millis(20), second).await.is_err(), "it is being written");
    drop(other.await);
    drop(first);
    drop(writers.of("one").await);
}
