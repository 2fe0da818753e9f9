//! Watching objects: a line for each change, as long as the client wants to know.
//!
//! Source: "Kubernetes API Concepts", "Efficient detection of changes", "Watch bookmarks" and "Streaming lists"; the recorded
//! answers of a real server in `tests/it/recorded.jsonl`.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, interval_at, sleep_until};

use super::{Call, table};
use crate::protocol::answers::Reply;
use crate::protocol::bodies::Format;
use crate::protocol::errors::{Answer, ApiError, FieldError};
use crate::protocol::selectors::{Fields, Labels};
use crate::state::State;
use crate::state::events::{Event, Following};
use crate::state::resources::Resource;

/// How long a watch lasts whose client doesn't say so. A real server takes this long or up to twice as long.
const LASTS: Duration = Duration::from_secs(30 * 60);

/// How often the client is told how far it has seen, if it wants to be.
const BETWEEN_BOOKMARKS: Duration = Duration::from_secs(60);

/// The same once more before the end, this long before it.
const BEFORE_THE_END: Duration = Duration::from_secs(2);

/// The annotation of the bookmark behind the objects that are there already.
const INITIAL_END: &str = "k8s.io/initial-events-end";

/// From when on a client wants to know.
enum Begin {
    /// What is there first.
    Everything,
    /// What comes.
    Now,
    /// What was after a version.
    After(u64),
}

/// Carries a `GET` of a collection with `watch` out.
pub(super) fn watch(state: &mut State, call: &Call<'_>) -> Answer<Reply> {
    let text = |name: &str| call.query.get(name).unwrap_or_default();
    let initial = call.query.get("sendInitialEvents").map(|_| call.query.is_set("sendInitialEvents"));
    check_match(initial, text("resourceVersionMatch"))?;
    let labels = Labels::parse(text("labelSelector"))?;
    let resource = call.resource;
    let fields = Fields::parse(text("fieldSelector"), resource.plural, text("labelSelector"), resource.selectable)?;
    let lasts = match text("timeoutSeconds") {
        "" | "0" => LASTS,
        number => Duration::from_secs(
            number
                .parse()
                .map_err(|_| ApiError::bad_request(format!("strconv.ParseInt: parsing {number:?}: invalid syntax")))?,
        ),
    };
    if call.format == Format::Yaml {
        return Err(ApiError::not_acceptable());
    }
    let begin = match (initial, text("resourceVersion")) {
        (Some(true), _) | (None, "" | "0") => Begin::Everything,
        (Some(false), "" | "0") => Begin::Now,
        (_, version) => Begin::After(version.parse().map_err(|_| {
            let why = format!("strconv.ParseUint: parsing {version:?}: invalid syntax");
            ApiError::invalid("", resource.plural, "", &[FieldError::invalid("resourceVersion", version, &why)])
        })?),
    };
    let after = match begin {
        Begin::Everything | Begin::Now => state.revision(),
        Begin::After(version) => version,
    };
    let (sender, pieces) = unbounded_channel();
    let mut watching = Watching {
        resource,
        namespace: call.namespace.map(str::to_owned),
        labels,
        fields,
        is_table: call.format == Format::Table,
        has_headers: false,
        bookmarks: call.query.is_set("allowWatchBookmarks"),
        after,
        seen: state.revision(),
        sender,
    };
    let Following { past, coming } = match state.events.after(after) {
        Ok(following) => following,
        Err(since) => {
            // What is wrong by then is told as an event, as a client may watch through a cache.
            watching.tell("ERROR", &ApiError::expired(after, since).body());
            return Ok(Reply::Pieces(pieces));
        }
    };
    if matches!(begin, Begin::Everything) {
        for (_, object) in state.list(resource, call.namespace, None) {
            if watching.selects(object) {
                watching.tell_of("ADDED", object);
            }
        }
    }
    if initial == Some(true) && watching.bookmarks {
        watching.bookmark(Some(INITIAL_END));
    }
    past.iter().for_each(|event| watching.on(event));
    tokio::spawn(watching.follow(coming, lasts));
    Ok(Reply::Pieces(pieces))
}

/// Which of the two parameters goes with the other one.
fn check_match(initial: Option<bool>, matching: &str) -> Answer<()> {
    let why = match (initial, matching) {
        (None, "") | (Some(_), "NotOlderThan") => return Ok(()),
        (None, _) => "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
        (Some(_), _) => "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
    };
    let error = FieldError::forbidden("resourceVersionMatch", why);
    Err(ApiError::invalid("meta.k8s.io", "ListOptions", "", &[error]))
}

/// A client that watches.
struct Watching {
    resource: &'static Resource,
    namespace: Option<String>,
    labels: Labels,
    fields: Fields,
    is_table: bool,
    /// Whether the columns were told: once is enough.
    has_headers: bool,
    bookmarks: bool,
    /// The version from which on the client wants to know.
    after: u64,
    /// The number of the last write that is known of.
    seen: u64,
    sender: UnboundedSender<Bytes>,
}

impl Watching {
    /// Tells what comes, until the time is up, the client is gone, or the server stops.
    async fn follow(mut self, mut coming: UnboundedReceiver<Arc<Event>>, lasts: Duration) {
        let begun = Instant::now();
        // Beyond what a clock can hold is for ever.
        let after = |lasts: Duration| begun.checked_add(lasts).unwrap_or(begun + LASTS);
        let end = after(lasts);
        let last_bookmark = lasts.checked_sub(BEFORE_THE_END).filter(|lasts| !lasts.is_zero()).map(after);
        let mut bookmarks = interval_at(begun + BETWEEN_BOOKMARKS, BETWEEN_BOOKMARKS);
        let mut is_last_told = last_bookmark.is_none();
        let sender = self.sender.clone();
        loop {
            tokio::select! {
                biased;
                () = sender.closed() => return,
                event = coming.recv() => match event {
                    Some(event) => self.on(&event),
                    None => return,
                },
                () = sleep_until(end) => return,
                () = sleep_until(last_bookmark.unwrap_or(end)), if self.bookmarks && !is_last_told => {
                    is_last_told = true;
                    self.bookmark(None);
                }
                _ = bookmarks.tick(), if self.bookmarks => self.bookmark(None),
            }
        }
    }

    /// Tells of an event, as far as it concerns the client: what comes into its selection is new to it, what leaves it is gone.
    fn on(&mut self, event: &Event) {
        self.seen = self.seen.max(event.revision);
        if event.resource.plural != self.resource.plural || event.revision <= self.after {
            return;
        }
        let before = event.before.as_ref().filter(|object| self.selects(object));
        let is_selected = !event.is_gone && self.selects(&event.object);
        match (before, is_selected) {
            (None, false) => {}
            (None, true) => self.tell_of("ADDED", &event.object),
            (Some(_), true) => self.tell_of("MODIFIED", &event.object),
            (Some(_), false) if event.is_gone => self.tell_of("DELETED", &event.object),
            (Some(before), false) => {
                let mut left = before.clone();
                left["metadata"]["resourceVersion"] = event.object["metadata"]["resourceVersion"].clone();
                self.tell_of("DELETED", &left);
            }
        }
    }

    fn selects(&self, object: &Value) -> bool {
        let within = object["metadata"]["namespace"].as_str().unwrap_or_default();
        self.namespace.as_deref().is_none_or(|namespace| namespace == within)
            && self.labels.match_object(object)
            && self.fields.match_object(object)
    }

    fn tell_of(&mut self, what: &str, object: &Value) {
        if !self.is_table {
            return self.tell(what, object);
        }
        let mut table = table::table(self.resource, &[object], &object["metadata"]["resourceVersion"]);
        if std::mem::replace(&mut self.has_headers, true) {
            table["columnDefinitions"] = Value::Null;
        }
        self.tell(what, &table);
    }

    /// Tells how far the client has seen.
    fn bookmark(&mut self, annotation: Option<&str>) {
        let mut metadata = json!({"resourceVersion": self.seen.to_string()});
        if let Some(annotation) = annotation {
            metadata["annotations"] = json!({annotation: "true"});
        }
        let object = if self.is_table {
            json!({"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata, "columnDefinitions": null, "rows": []})
        } else {
            json!({"kind": self.resource.kind, "apiVersion": "v1", "metadata": metadata})
        };
        self.tell("BOOKMARK", &object);
    }

    fn tell(&mut self, what: &str, object: &Value) {
        // A client that is gone is told nothing more.
        let _ = self.sender.send(Bytes::from(format!("{}\n", json!({"type": what, "object": object}))));
    }
}
