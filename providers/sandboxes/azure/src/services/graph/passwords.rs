//! Client secrets: added and shown once, and removed.
//!
//! Source: "application: addPassword" and "application: removePassword" of the Graph reference.

use http::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::applications::{known, seconds};
use super::call::{Call, Key, Reply};
use super::errors::{Answer, GraphError};
use super::{permissions, policy};
use crate::authorization::condition::datetime;
use crate::state::model::Password;
use crate::state::{State, time};

/// How long a secret is good for where nothing is said: two years.
const USUAL: time::Millis = 2 * 365 * 24 * 3600 * 1000;

pub(super) fn call(state: &mut State, call: &Call<'_>, key: &Key, rest: &[&str]) -> Answer<Reply> {
    if *call.method != Method::POST {
        return Err(super::unknown(call));
    }
    let mut application = known(state, call, key)?.clone();
    permissions::write(state, call.caller, &application)?;
    let sent = Value::Object(call.object()?);
    if rest == ["removePassword"] {
        let key = sent["keyId"].as_str().unwrap_or_default();
        let before = application.passwords.len();
        application.passwords.retain(|one| !one.key.eq_ignore_ascii_case(key));
        if application.passwords.len() == before {
            return Err(GraphError::bad("No password credential found with keyId.").detail("InvalidValue", "keyId"));
        }
        state.save(application)?;
        return Ok(Reply::empty());
    }
    let wanted = &sent["passwordCredential"];
    if wanted["secretText"].is_string() {
        return Err(GraphError::bad("The secretText of a password credential is made by the service."));
    }
    let now = time::now();
    let begins = moment(&wanted["startDateTime"])?.unwrap_or(now);
    let ends = moment(&wanted["endDateTime"])?.unwrap_or(begins + USUAL);
    if ends <= begins || ends <= now {
        return Err(GraphError::bad("Password credential expiration date must be after its start and in the future."));
    }
    policy::check(state, &application.tenant, ends - begins.min(now))?;
    let hint: String = state.ids.hex("hint").chars().take(3).collect();
    let secret = format!("{hint}~{}", state.ids.hex("secret"));
    let made = Password {
        key: state.ids.guid("password"),
        name: wanted["displayName"].as_str().map(str::to_owned),
        hint,
        digest: digest(&secret),
        begins,
        ends,
        created: now,
    };
    let mut shown = render(&made);
    application.passwords.push(made);
    state.save(application)?;
    shown["secretText"] = json!(secret);
    shown["@odata.context"] = json!(format!("{}/v1.0/$metadata#microsoft.graph.passwordCredential", call.base));
    Ok(Reply::ok(shown))
}

/// A moment that a client wrote, if it wrote one.
fn moment(value: &Value) -> Answer<Option<time::Millis>> {
    let Value::String(text) = value else {
        return if value.is_null() { Ok(None) } else { Err(GraphError::bad("A date and time was expected.")) };
    };
    let utc = text.strip_suffix("+00:00").map_or_else(|| text.clone(), |plain| format!("{plain}Z"));
    let ticks = datetime::moment(&utc).and_then(|ticks| u64::try_from(ticks / (datetime::TICKS / 1000)).ok());
    ticks.map(Some).ok_or_else(|| GraphError::bad(format!("'{text}' is no date and time in UTC.")))
}

/// What is kept of a secret.
fn digest(secret: &str) -> String {
    Sha256::digest(secret).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A secret as it is shown later: without what it is.
pub(super) fn render(password: &Password) -> Value {
    json!({
        "customKeyIdentifier": null,
        "displayName": password.name,
        "startDateTime": seconds(password.begins),
        "endDateTime": seconds(password.ends),
        "hint": password.hint,
        "keyId": password.key,
        "secretText": null,
    })
}

/// What becomes of somebody who logs in with a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Login {
    Right,
    Wrong,
    Expired,
}

/// Whether a secret is one of an application's, and good now.
pub(crate) fn login(state: &State, passwords: &[Password], secret: &str) -> Login {
    let (wanted, now) = (digest(secret), time::now());
    // A server that has not heard of a new one yet does not know it.
    match passwords.iter().find(|one| one.digest == wanted && state.is_replicated(one.created)) {
        None => Login::Wrong,
        Some(found) if now < found.ends && now >= found.begins => Login::Right,
        Some(_) => Login::Expired,
    }
}
