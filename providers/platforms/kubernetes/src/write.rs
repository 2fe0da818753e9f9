//! Writing annotations: by server-side apply, as the stack's own field manager, and never by force.

use cloudgrant_core::{Action, Change, Error, ErrorKind, Outcome, Result};
use serde_json::{Value, json};

use crate::account::configuration;
use crate::backend::ServiceAccounts;
use crate::errors::{asked, in_the_way, is_another, managers_in_the_way, needing};
use crate::fields::told;
use crate::names::parts;

pub(crate) async fn write(backend: &ServiceAccounts, change: &Change) -> Result<Outcome> {
    let name = change.id.name.as_str();
    match change.action {
        Action::Create | Action::Update => {
            let annotations = change.after.as_ref().map(|after| after.value()["annotations"].take());
            annotate(backend, name, &annotations.unwrap_or_default()).await
        }
        Action::Delete => give_up(backend, name, change.before.as_ref().map(|before| before.value())).await,
        Action::Handoff => Err(Error::provider_bug("kubernetes", format!("it was told to hand {name} off"))),
    }
}

async fn annotate(backend: &ServiceAccounts, name: &str, annotations: &Value) -> Result<Outcome> {
    let uid = backend.seen().get(name).cloned();
    let cluster = backend.cluster.connected().await?;
    // With the uid, it can't be somebody else's new account of the same name, nor make one that somebody deleted.
    let wanted = configuration(name, annotations, uid.as_deref());
    let error = match cluster.apply(name, &backend.manager, &wanted).await {
        Ok(account) => {
            // An answer that was lost is asked for again: then it is this one.
            backend.seen().extend(account.metadata.uid.map(|uid| (name.to_owned(), uid)));
            return Ok(Outcome::default());
        }
        Err(error) => error,
    };
    if let Some((managers, _)) = managers_in_the_way(&error) {
        let key = annotations.as_object().and_then(|all| all.keys().next()).map_or("", String::as_str);
        return Err(in_the_way(name, key, &managers, &backend.manager));
    }
    if is_another(&error) {
        let message = format!("service account {name} was deleted, or made anew, since the plan was made");
        return Err(Error::new(ErrorKind::PlanStale, message).hint("make a new plan and look at it again"));
    }
    Err(refused(name, &error, uid.is_some()))
}

/// Takes away what is the stack's own. What another manager has applied as well stays, and so does the account.
async fn give_up(backend: &ServiceAccounts, name: &str, before: Option<Value>) -> Result<Outcome> {
    let cluster = backend.cluster.connected().await?;
    let seen = backend.seen().get(name).cloned();
    let uid = match seen {
        Some(uid) => uid,
        // Without one, the apply could make an account that is gone.
        None => {
            let account = cluster.service_account(name).await.map_err(|error| refused(name, &error, true))?;
            match account.and_then(|account| account.metadata.uid) {
                Some(uid) => uid,
                None => return Ok(Outcome::default()),
            }
        }
    };
    match cluster.apply(name, &backend.manager, &configuration(name, &json!({}), Some(&uid))).await {
        Ok(account) => {
            let ours = before.map(|mut before| before["annotations"].take()).unwrap_or_default();
            let ours: Vec<_> = ours.as_object().into_iter().flat_map(|all| all.keys()).collect();
            let stays =
                ours.into_iter().filter(|key| account.metadata.annotations.iter().any(|all| all.contains_key(*key)));
            let remark = |key: &String| {
                let others = crate::fields::others_with(&account, key, &backend.manager);
                let others: Vec<_> = others.iter().map(|other| told(other)).collect();
                format!(
                    "the annotation {key} of service account {name} stays: it is also managed by {}",
                    others.join(" and ")
                )
            };
            Ok(Outcome { remarks: stays.map(remark).collect(), ..Outcome::default() })
        }
        // What was the stack's went with the account.
        Err(error) if is_another(&error) => Ok(Outcome::default()),
        Err(error) => Err(refused(name, &error, true)),
    }
}

fn refused(name: &str, error: &kube::Error, is_there: bool) -> Error {
    let (namespace, _) = parts(name);
    let verbs = if is_there { "[patch]" } else { "[patch, create]" };
    let rule = format!("`{{ apiGroups: [\"\"], resources: [serviceaccounts], verbs: {verbs} }}`");
    let error = needing(asked(&format!("can't annotate service account {name}"), error), &rule, Some(namespace));
    match error.kind() {
        ErrorKind::NotFound => error.hint(format!(
            "the platform makes the namespace when the project is registered; or make it: `kubectl create namespace {namespace}`"
        )),
        _ => error,
    }
}
