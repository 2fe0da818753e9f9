//! Changes that are written down.

use crate::audit::record::Event;
use crate::audit::requests::with_requests;
use crate::audit::trail::Trail;
use crate::contract::backend::Outcome;
use crate::contract::backend::of_plan::Backends;
use crate::contract::error::Result;
use crate::contract::object::change::Approved;
use crate::pace::Pace;
use crate::vocabulary::intent::IntentId;

/// Has backends make changes. Where there is a trail, each of them has a line there before and one after it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Writer<'a> {
    backends: Backends<'a>,
    trail: Option<&'a Trail>,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(backends: Backends<'a>, trail: Option<&'a Trail>) -> Self {
        Self { backends, trail }
    }

    pub(crate) fn pace(&self) -> Option<&'a Pace> {
        self.backends.pace()
    }

    /// Whether the platform is told by objects of a kind.
    pub(crate) fn is_of_platform(&self, kind: &str) -> bool {
        self.backends.is_of_platform(kind)
    }

    /// `because` is for what the object of the change is, or was.
    ///
    /// # Errors
    /// The backend's; or the change can't be written down, and wasn't tried.
    pub(crate) async fn apply(&self, approved: Approved<'_>, because: &[IntentId]) -> Result<Outcome> {
        let change = approved.change();
        let backend = self.backends.of(change.id.kind);
        let Some(trail) = self.trail else { return backend.apply(approved).await };
        let (action, object) = (change.action, &change.id);
        trail.append(Event::Attempt { action, object, because })?;
        let (mut result, requests) = with_requests(backend.apply(approved)).await;
        let event = match &result {
            Ok(outcome) => Event::Applied { action, object, identifier: outcome.identifier.as_deref(), requests },
            Err(error) => Event::Failed { action, object, error: error.to_string(), requests },
        };
        // What was made is made, and why something failed must be told: the line before it stands, and without another one
        // nothing else is tried.
        if let Err(unwritten) = trail.append(event) {
            result = match result {
                Ok(mut outcome) => {
                    outcome.remarks.push(format!("what came of it isn't in the audit trail: {unwritten}"));
                    Ok(outcome)
                }
                // Trying again helps no more, as that can't be written down either.
                Err(error) => {
                    Err(error.for_good().with("audit trail", format!("this failure isn't in it: {unwritten}")))
                }
            };
        }
        result
    }
}
