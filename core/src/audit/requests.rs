//! The cloud's ids of requests, collected where they are known and wanted elsewhere: a client sees them, the engine writes
//! them down, and the contract between needs to know nothing of it.

use std::cell::RefCell;

tokio::task_local! {
    static REQUESTS: RefCell<Vec<String>>;
}

/// The most ids that are kept of one change.
const MOST: usize = 64;

/// Tells the id that the cloud gave to a request. Called by providers' clients; outside of a change, it does nothing.
pub fn note_request(id: &str) {
    // Not everything that comes over the wire is written down: an id is short and plain.
    let plain = !id.is_empty() && id.len() <= 128 && id.chars().all(|c| c.is_ascii_graphic());
    let note = |requests: &RefCell<Vec<String>>| {
        let mut requests = requests.borrow_mut();
        if plain && requests.len() < MOST && requests.last().is_none_or(|last| last != id) {
            requests.push(id.to_owned());
        }
    };
    // No change is under way: nothing to do.
    _ = REQUESTS.try_with(note);
}

/// Runs a future, and gives the ids of the requests that were sent in it.
pub async fn with_requests<T>(future: impl Future<Output = T>) -> (T, Vec<String>) {
    REQUESTS
        .scope(RefCell::default(), async {
            let answer = future.await;
            (answer, REQUESTS.with(RefCell::take))
        })
        .await
}
