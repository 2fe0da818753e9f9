//! Federated identity credentials of applications.
//!
//! Source: "federatedIdentityCredential" of the Graph reference; "Important considerations and restrictions for
//! federated identity credentials".

use http::Method;
use serde_json::{Map, Value, json};

use super::applications::known;
use super::call::{Call, Key, Reply, keyed};
use super::errors::{Answer, GraphError};
use super::permissions;
use crate::state::model::{Application, Credential};
use crate::state::{State, time};

const COLLECTION: &str = "federatedIdentityCredentials";

pub(super) fn call(state: &mut State, call: &Call<'_>, key: &Key, first: &str, more: &[&str]) -> Answer<Reply> {
    let application = known(state, call, key)?.clone();
    let named = match (keyed(first), more) {
        ((COLLECTION, None), []) => None,
        ((COLLECTION, None), [name]) => Some(Key::Id((*name).to_owned())),
        ((COLLECTION, Some(key)), []) => Some(key),
        _ => return Err(super::unknown(call)),
    };
    let found = named.as_ref().and_then(|key| application.credentials.iter().position(|one| is_named(one, key)));
    match (call.method, named) {
        (&Method::GET, None) => {
            permissions::read(state, call.caller)?;
            let shown = application.credentials.iter().map(render).collect();
            Ok(Reply::ok(call.page(COLLECTION, shown, state.quotas.page())?))
        }
        (&Method::GET, Some(key)) => {
            permissions::read(state, call.caller)?;
            let found = found.and_then(|at| application.credentials.get(at));
            let found = found.ok_or_else(|| GraphError::missing(key.text()))?;
            Ok(Reply::ok(call.one(COLLECTION, render(found))))
        }
        (&Method::POST, None) => {
            permissions::write(state, call.caller, &application)?;
            let sent = call.object()?;
            let name = sent.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
            add(state, call, application, &name, &sent)
        }
        (&Method::PATCH, Some(key)) => {
            permissions::write(state, call.caller, &application)?;
            let sent = call.object()?;
            match (found, &key) {
                (Some(at), _) => change(state, application, at, &sent),
                (None, Key::Other(_, name) | Key::Id(name)) if call.makes_missing => {
                    add(state, call, application, name, &sent)
                }
                _ => Err(GraphError::missing(key.text())),
            }
        }
        (&Method::DELETE, Some(key)) => {
            permissions::write(state, call.caller, &application)?;
            let at = found.ok_or_else(|| GraphError::missing(key.text()))?;
            let mut application = application;
            application.credentials.remove(at);
            state.save(application)?;
            Ok(Reply::empty())
        }
        _ => Err(super::unknown(call)),
    }
}

fn is_named(credential: &Credential, key: &Key) -> bool {
    let by_name = |name: &str| credential.name.as_deref() == Some(name);
    match key {
        Key::Id(text) => credential.id.eq_ignore_ascii_case(text) || by_name(text),
        Key::Other(field, value) => field == "name" && by_name(value),
    }
}

fn add(
    state: &mut State,
    call: &Call<'_>,
    mut application: Application,
    name: &str,
    sent: &Map<String, Value>,
) -> Answer<Reply> {
    check_name(name)?;
    let most = state.quotas.credentials();
    if application.credentials.len() >= most {
        return Err(GraphError::bad(format!(
            "No more than {most} FederatedIdentityCredentials may be configured on an application."
        )));
    }
    if application.credentials.iter().any(|one| one.name.as_deref() == Some(name)) {
        return Err(GraphError::taken(format!("FederatedIdentityCredential with name {name} already exists.")));
    }
    let blank = Credential {
        id: state.ids.guid("federated credential"),
        issuer: String::new(),
        subject: String::new(),
        audiences: Vec::new(),
        name: Some(name.to_owned()),
        description: None,
        changed: time::now(),
    };
    let made = written(blank, sent, &application.credentials)?;
    let shown = render(&made);
    application.credentials.push(made);
    state.save(application)?;
    Ok(Reply::created(call.one(COLLECTION, shown)))
}

fn change(state: &mut State, mut application: Application, at: usize, sent: &Map<String, Value>) -> Answer<Reply> {
    let before = application.credentials.remove(at);
    if sent.get("name").is_some_and(|name| name.as_str() != before.name.as_deref()) {
        return Err(GraphError::bad("The name of a FederatedIdentityCredential can't be changed."));
    }
    let changed = written(Credential { changed: time::now(), ..before }, sent, &application.credentials)?;
    application.credentials.insert(at, changed);
    state.save(application)?;
    Ok(Reply::empty())
}

/// A credential with what was sent in it, which has to be complete and different from the others.
fn written(mut credential: Credential, sent: &Map<String, Value>, others: &[Credential]) -> Answer<Credential> {
    let known = ["name", "issuer", "subject", "audiences", "description"];
    if let Some(name) = sent.keys().find(|name| !known.contains(&name.as_str()) && !name.starts_with('@')) {
        return Err(GraphError::bad(format!("Invalid property '{name}'.")));
    }
    let text = |name: &str| sent.get(name).and_then(Value::as_str).map(str::to_owned);
    credential.issuer = text("issuer").unwrap_or(credential.issuer);
    credential.subject = text("subject").unwrap_or(credential.subject);
    credential.description = text("description").or(credential.description);
    if let Some(audiences) = sent.get("audiences") {
        let audiences = audiences.as_array().into_iter().flatten().filter_map(Value::as_str);
        credential.audiences = audiences.map(str::to_owned).collect();
    }
    let invalid = |name: &str| {
        Err(GraphError::bad(format!(
            "Invalid value specified for property '{name}' of resource 'FederatedIdentityCredential'."
        )))
    };
    if !credential.issuer.starts_with("https://") || credential.issuer.chars().count() > 600 {
        return invalid("issuer");
    }
    if credential.subject.is_empty() || credential.subject.chars().count() > 600 {
        return invalid("subject");
    }
    let [audience] = credential.audiences.as_slice() else { return invalid("audiences") };
    if audience.is_empty() || audience.chars().count() > 600 {
        return invalid("audiences");
    }
    if credential.description.as_deref().is_some_and(|text| text.chars().count() > 600) {
        return invalid("description");
    }
    if others.iter().any(|other| other.issuer == credential.issuer && other.subject == credential.subject) {
        return Err(GraphError::taken(
            "FederatedIdentityCredential with issuer and subject already exists on the application.",
        ));
    }
    Ok(credential)
}

/// 3 to 120 letters, digits, hyphens and underscores, a letter or digit first.
fn check_name(name: &str) -> Answer<()> {
    let fits = (3..=120).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        && name.starts_with(|c: char| c.is_ascii_alphanumeric());
    if fits {
        return Ok(());
    }
    Err(GraphError::bad("Invalid value specified for property 'name' of resource 'FederatedIdentityCredential'."))
}

fn render(credential: &Credential) -> Value {
    json!({
        "id": credential.id,
        "name": credential.name,
        "issuer": credential.issuer,
        "subject": credential.subject,
        "description": credential.description,
        "audiences": credential.audiences,
    })
}
