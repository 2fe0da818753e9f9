//! How much is read of a cluster, and how long: whoever answers there is believed, and not trusted to come to an end.

use std::collections::HashSet;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use kube::client::DynBody;
use tower_http::map_response_body::MapResponseBodyLayer;

use crate::client::Asked;

/// The largest answer that is read, in bytes: a page of service accounts is some hundred kilobytes.
const ANSWER: usize = 64 * 1024 * 1024;
/// How many bytes all pages of a list may have, and how many pages there may be.
const LIST: u64 = 512 * 1024 * 1024;
const PAGES: usize = 10_000;
/// How long a request may take, with what the kubeconfig's command takes before it, at which a person may have to sign in.
const REQUEST: Duration = Duration::from_secs(300);

/// How many bytes of answers were read.
#[derive(Debug, Default, Clone)]
pub(crate) struct Received(Arc<AtomicU64>);

/// What of a cluster's lists has no end.
#[derive(Debug)]
pub(crate) enum Unbounded {
    /// It is too long.
    List,
    /// The place from which it goes on is one at which it was before.
    Circle,
}

impl fmt::Display for Unbounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::List => write!(f, "the list doesn't end within {PAGES} answers of {LIST} bytes in all"),
            Self::Circle => f.write_str("the list goes on where it was before, and has no end"),
        }
    }
}

impl std::error::Error for Unbounded {}

impl Received {
    /// Has a client count what it reads, and end answers that are too large.
    pub(crate) fn bounded(&self) -> MapResponseBodyLayer<impl Fn(Box<DynBody>) -> Box<DynBody> + Clone + use<>> {
        let received = self.0.clone();
        MapResponseBodyLayer::new(move |body: Box<DynBody>| {
            let received = received.clone();
            let counted = body.map_frame(move |frame| {
                let length = frame.data_ref().map_or(0, |data| data.len());
                received.fetch_add(u64::try_from(length).unwrap_or(u64::MAX), Ordering::Relaxed);
                frame
            });
            Box::new(Limited::new(counted, ANSWER)) as Box<DynBody>
        })
    }

    /// A list, of which nothing was read so far.
    pub(crate) fn list(&self) -> List<'_> {
        List { received: self, before: self.0.load(Ordering::Relaxed), places: HashSet::new() }
    }
}

/// A list while it is read, page by page.
#[derive(Debug)]
pub(crate) struct List<'a> {
    received: &'a Received,
    before: u64,
    places: HashSet<String>,
}

impl List<'_> {
    /// It goes on at this place.
    ///
    /// # Errors
    /// It was there before, or is too long.
    pub(crate) fn goes_on(&mut self, place: &str) -> Asked<()> {
        let read = self.received.0.load(Ordering::Relaxed).saturating_sub(self.before);
        let unbounded = |what| Err(kube::Error::Service(Box::new(what)));
        if !self.places.insert(place.to_owned()) {
            return unbounded(Unbounded::Circle);
        }
        if read > LIST || self.places.len() >= PAGES {
            return unbounded(Unbounded::List);
        }
        Ok(())
    }
}

/// Which limit it was that was passed, where that is why a request failed.
pub(crate) fn passed(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    if error.is::<LengthLimitError>() {
        return Some(format!("the answer is larger than {ANSWER} bytes"));
    }
    error.downcast_ref::<Unbounded>().map(ToString::to_string)
}

/// What comes of a request in the time that it may take.
pub(crate) async fn in_time<T>(request: impl Future<Output = Asked<T>>) -> Asked<T> {
    let ended = tokio::time::timeout(REQUEST, request).await;
    ended.unwrap_or_else(|_| {
        let late = std::io::Error::other(format!("no whole answer in {} seconds", REQUEST.as_secs()));
        Err(kube::Error::Service(Box::new(late)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_ends_where_it_goes_round_or_is_too_long() {
        let received = Received::default();
        let said = |went: Asked<()>| went.expect_err("no end").to_string();
        let mut list = received.list();
        assert!(list.goes_on("a").is_ok() && list.goes_on("b").is_ok());
        assert!(said(list.goes_on("a")).contains("goes on where it was before"));
        let mut list = received.list();
        assert!((1..PAGES).all(|page| list.goes_on(&page.to_string()).is_ok()));
        assert!(said(list.goes_on("one more")).contains("doesn't end"));
        let mut list = received.list();
        received.0.fetch_add(LIST + 1, Ordering::Relaxed);
        assert!(said(list.goes_on("a")).contains("doesn't end"));
        assert!(received.list().goes_on("a").is_ok(), "what was read before isn't of this list");
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_never_ends_does() {
        let late = in_time(std::future::pending::<Asked<()>>()).await.expect_err("no answer");
        assert!(crate::errors::asked("x", &late).to_string().contains("no whole answer in 300 seconds"), "{late}");
    }
}
