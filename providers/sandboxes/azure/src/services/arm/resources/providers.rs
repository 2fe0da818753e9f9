//! Resource providers: which types and versions there are.
//!
//! Source: "Providers" of the Resources REST reference.

use http::Method;
use serde_json::{Value, json};

use crate::protocol::errors::{Answer, ArmError};
use crate::services::arm::request::call::{Call, Reply};
use crate::services::arm::request::route::{Kind, PROVIDED};
use crate::services::arm::request::versions;

/// Carries out a request.
pub(crate) fn call(call: &Call<'_>) -> Answer<Reply> {
    let subscription = call.id().subscription();
    match (call.method, &call.route.name) {
        (&Method::GET, None) => Ok(call.all(namespaces().into_iter().map(|namespace| render(subscription, namespace)))),
        (&Method::GET, Some(name)) => one(subscription, name),
        _ => Err(call.not_allowed()),
    }
}

/// Registers a provider with the subscription; all are, already.
pub(crate) fn register(call: &Call<'_>) -> Answer<Reply> {
    one(call.id().subscription(), call.route.name.as_deref().unwrap_or_default())
}

fn one(subscription: Option<&str>, name: &str) -> Answer<Reply> {
    let known = namespaces().into_iter().find(|namespace| namespace.eq_ignore_ascii_case(name));
    known.map(|namespace| Reply::ok(render(subscription, namespace))).ok_or_else(|| {
        ArmError::not_found("InvalidResourceNamespace", format!("The resource namespace '{name}' is invalid."))
    })
}

fn namespaces() -> Vec<&'static str> {
    let mut all: Vec<&str> = PROVIDED.iter().filter_map(|(_, full_type)| full_type.split('/').next()).collect();
    all.push("Microsoft.Resources");
    all.sort_unstable();
    all.dedup();
    all
}

fn render(subscription: Option<&str>, namespace: &str) -> Value {
    let own = [Kind::Tenant, Kind::Subscription, Kind::ResourceGroup, Kind::Resource, Kind::Provider];
    let kinds = PROVIDED.iter().copied().chain(own.map(|kind| (kind, kind.full_type())));
    let types: Vec<Value> = kinds
        .filter_map(|(kind, full_type)| Some((kind, full_type.strip_prefix(namespace)?.strip_prefix('/')?)))
        .map(|(kind, name)| {
            let newest: Vec<&str> = versions::of(kind).iter().rev().copied().collect();
            json!({"resourceType": name, "locations": [], "apiVersions": newest, "capabilities": "None"})
        })
        .collect();
    let start = subscription.map(|id| format!("/subscriptions/{id}")).unwrap_or_default();
    json!({
        "id": format!("{start}/providers/{namespace}"),
        "namespace": namespace,
        "resourceTypes": types,
        "registrationState": "Registered",
        "registrationPolicy": "RegistrationRequired",
    })
}
