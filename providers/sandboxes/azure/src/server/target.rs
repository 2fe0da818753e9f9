//! From a path to the service that is meant.

use cloudgrant_sandbox_kit::Request;

use crate::services::arm::request::route::Route;
use crate::services::blob::Place;
use crate::services::entra::Wish;
use crate::services::graph;

/// What a path asks for.
#[derive(Debug)]
pub(crate) enum Target {
    Entra(Wish),
    Metadata,
    Graph(Vec<String>),
    Blob(Place),
    Arm(Option<Route>),
}

impl Target {
    /// Reads a request's path.
    pub(crate) fn read(request: &Request) -> Self {
        let path = request.path.as_str();
        if let Some(place) = Place::read(request) {
            return Self::Blob(place);
        }
        if let Some(wish) = Wish::read(&request.method, path) {
            return Self::Entra(wish);
        }
        if path.trim_matches('/').eq_ignore_ascii_case("metadata/endpoints") {
            return Self::Metadata;
        }
        match graph::segments(path) {
            Some(segments) => Self::Graph(segments),
            None => Self::Arm(Route::read(path)),
        }
    }

    /// The operation's name, for counters and the log.
    pub(crate) fn action(&self, request: &Request) -> String {
        match self {
            Self::Entra(wish) => wish.action().to_owned(),
            Self::Metadata => "metadata/endpoints".to_owned(),
            Self::Graph(segments) => graph::action(segments, &request.method),
            Self::Blob(place) => place.action(request),
            Self::Arm(Some(route)) => route.action(&request.method),
            Self::Arm(None) => "unknown".to_owned(),
        }
    }
}
