//! Online endpoints, without the deployments behind them.
//!
//! Source: "Online Endpoints" of the REST reference; "Access Azure resources from an online endpoint with a managed
//! identity".

use serde_json::{Map, Value, json};

use super::body::{Body, invalid, system_data, text};
use super::identity::{self, Identities};
use super::operations::Begun;
use super::{computes, operations, render};
use crate::protocol::errors::{Answer, ArmError};
use crate::services::arm::request::call::{Call, Reply};
use crate::services::arm::resources::generic;
use crate::state::model::{Change, Resource};
use crate::state::{State, time};

const READ_ONLY: &[&str] = &["provisioningState", "scoringUri", "swaggerUri"];

/// Makes an endpoint, or writes all of one anew.
pub(super) fn put(state: &mut State, call: &Call<'_>, name: &str, denied: &[String]) -> Answer<Reply> {
    check_name(name)?;
    let body = Body::read(state, call)?;
    let before = state.resources.get(call.id().key()).cloned();
    operations::check_idle(state, call.id())?;
    let location = body.location(call, before.as_ref())?;
    let sent = body.identity.as_ref().ok_or_else(|| invalid("The identity of the endpoint is required."))?;
    let wanted = Identities::read(sent)?;
    check_auth_mode(&body.properties)?;
    check_identities(before.as_ref(), &wanted)?;
    identity::check(state, call, denied, &before.as_ref().map(Identities::of).unwrap_or_default(), &wanted)?;

    let host = format!("{}.{location}.inference.ml.azure.com", name.to_ascii_lowercase());
    let mut properties = Map::from_iter([
        ("publicNetworkAccess".to_owned(), json!("Enabled")),
        ("traffic".to_owned(), json!({})),
        ("scoringUri".to_owned(), json!(format!("https://{host}/score"))),
        ("swaggerUri".to_owned(), json!(format!("https://{host}/swagger.json"))),
    ]);
    let sent =
        body.properties.into_iter().filter(|(name, value)| !READ_ONLY.contains(&name.as_str()) && !value.is_null());
    let (keys, sent): (Map<_, _>, Map<_, _>) = sent.partition(|(name, _)| name == "keys");
    properties.extend(sent);
    let mut more = body.more;
    more.entry("kind").or_insert_with(|| json!("Managed"));
    more.insert("systemData".to_owned(), system_data(&call.caller.client, before.as_ref()));
    let is_new = before.is_none();
    if let Some(identity) = before.as_ref().and_then(|before| before.more.get("identity")) {
        more.insert("identity".to_owned(), identity.clone());
    }
    let kept_keys = before.as_ref().map(|before| before.secrets.clone());
    let mut endpoint = Resource {
        created: before.as_ref().map_or_else(time::now, |before| before.created),
        id: before.map_or_else(|| call.id().text().to_owned(), |before| before.id),
        location: Some(location),
        tags: body.tags.unwrap_or_default(),
        more,
        properties,
        // They are chosen when it is made.
        secrets: kept_keys.unwrap_or(keys),
    };
    identity::assign(state, &mut endpoint, &wanted, &computes::principal_name(call.id()))?;
    let change = if is_new { Change::Create } else { Change::Update };
    let begun = begin(state, call, &mut endpoint, change)?;
    let reply = Reply::written(is_new, render(&endpoint, call.version));
    state.save(endpoint)?;
    Ok(Begun::limited(begun.asynchronous(reply)))
}

/// Changes tags, or the identity where that can be changed.
pub(super) fn patch(state: &mut State, call: &Call<'_>, denied: &[String]) -> Answer<Reply> {
    let body = Body::read(state, call)?;
    let before = generic::find(state, call.id())?.clone();
    operations::check_idle(state, call.id())?;
    if !body.properties.is_empty() || !body.more.is_empty() || body.location.is_some() {
        return Err(invalid("Only the tags and the identity of an endpoint can be updated."));
    }
    let mut endpoint = before.clone();
    if let Some(sent) = &body.identity {
        let wanted = Identities::read(sent)?;
        check_identities(Some(&before), &wanted)?;
        identity::check(state, call, denied, &Identities::of(&before), &wanted)?;
        identity::assign(state, &mut endpoint, &wanted, &computes::principal_name(call.id()))?;
    }
    if let Some(tags) = body.tags {
        endpoint.tags = tags;
    }
    endpoint.more.insert("systemData".to_owned(), system_data(&call.caller.client, Some(&before)));
    let begun = begin(state, call, &mut endpoint, Change::Update)?;
    state.save(endpoint)?;
    Ok(Begun::limited(begun.located(Reply::empty(202))))
}

fn begin(state: &mut State, call: &Call<'_>, endpoint: &mut Resource, change: Change) -> Answer<Begun> {
    let doing = if change == Change::Create { "Creating" } else { "Updating" };
    endpoint.properties.insert("provisioningState".to_owned(), doing.into());
    operations::begin(state, call, endpoint, change)
}

/// The identity of an endpoint that the service runs is chosen when it is made. One on a compute of its own can be
/// changed.
fn check_identities(before: Option<&Resource>, wanted: &Identities) -> Answer<()> {
    if wanted.system && !wanted.users.is_empty() {
        return Err(invalid(
            "An endpoint can have a system assigned identity or user assigned identities, and not both.",
        ));
    }
    let Some(before) = before else { return Ok(()) };
    let old = Identities::of(before);
    let keys = |identities: &Identities| {
        identities.users.iter().map(|user| user.key().to_owned()).collect::<std::collections::BTreeSet<_>>()
    };
    let is_managed = text(&before.properties, "compute").is_none();
    if is_managed && (old.system != wanted.system || keys(&old) != keys(wanted)) {
        return Err(ArmError::bad_request(
            "UnsupportedIdentityChange",
            "The identity of a managed online endpoint can't be changed after it was created.",
        ));
    }
    Ok(())
}

fn check_auth_mode(properties: &Map<String, Value>) -> Answer<()> {
    let modes = ["AMLToken", "Key", "AADToken"];
    match text(properties, "authMode") {
        Some(mode) if modes.iter().any(|known| known.eq_ignore_ascii_case(mode)) => Ok(()),
        other => Err(invalid(format!("The authMode '{}' is none of {}.", other.unwrap_or_default(), modes.join(", ")))),
    }
}

/// 3 to 32 letters, digits and hyphens, a letter first and no hyphen last. They are parts of hosts' names.
fn check_name(name: &str) -> Answer<()> {
    let fits = (3..=32).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && !name.ends_with('-');
    if fits {
        return Ok(());
    }
    Err(invalid(format!(
        "Endpoint name '{name}' is invalid. It must have 3 to 32 letters, digits or hyphens, begin with a letter, \
         and end with a letter or digit."
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_rules() {
        for name in ["abc", "scoring-1"] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in ["ab", "1ab", "a_b", "abc-", &"x".repeat(33)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
