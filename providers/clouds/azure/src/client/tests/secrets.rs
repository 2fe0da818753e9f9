//! What must not be said.

use std::fmt::Write;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::client::tests::*;

/// Keeps all that anybody logs, at every level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Visit for Log {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let _ = writeln!(self.0.lock().expect("a lock"), "{field}={value:?}");
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut self.clone());
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut self.clone());
    }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn tokens_are_in_no_log_error_or_debug() {
    let log = Log::default();
    let guard = tracing::subscriber::set_default(log.clone());
    let cloud = Loopback::start(|request, _| match request.method.as_str() {
        "GET" => json(200, serde_json::json!({ "value": [] })),
        _ => refusal(409, "RoleAssignmentExists"),
    })
    .await;
    let arm = Arm::new(&cloud.config()).expect("a client");
    list(&cloud).await.expect("a list");
    arm.role_assignments(SUBSCRIPTION).await.expect("a list");
    let error = arm.delete_role_assignment("/subscriptions/s", "n").await.expect_err("a conflict");
    drop(guard);
    let log = log.0.lock().expect("a lock").clone();
    // Both generations do log: or the test would see nothing.
    assert!(log.contains("sending request") && log.contains("passed to the transport policy"), "{log}");
    for text in [log, format!("{arm:?}"), format!("{error:?} {error}")] {
        assert!(!text.contains("hidden"), "{text}");
        assert!(!text.contains("client_secret"), "{text}");
    }
}
