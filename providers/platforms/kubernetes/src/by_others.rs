//! Annotations that somebody else is asked to make in a cluster that is read anyway, as the stack's own go there: whether they have made
//! them, a plan sees by itself.

use std::collections::BTreeMap;

use cloudgrant_core::{Desired, Found, Identity, Note, Object, Observed, Principal, Reference, Subject};
use k8s_openapi::api::core::v1::ServiceAccount;
use serde_json::{Map, Value};

use crate::account::value_of;
use crate::fields::others_with;

/// Where the attributes of what is handed off have the annotations that come of it, by service account.
const ACCOUNTS: &str = "service_accounts";

/// Has what somebody else is asked for say which annotations come of it on the service accounts of a principal, so that
/// [`ServiceAccounts`](crate::ServiceAccounts) sees whether they are there.
pub fn seen_on<'a>(object: &mut Object, principal: &Principal, accounts: impl IntoIterator<Item = &'a Subject>) {
    let (Identity::Known { annotation, issuers, .. }, Some(handoff)) = (&principal.identity, &mut object.handoff)
    else {
        return;
    };
    // One kubeconfig is the way to one cluster: of several, nobody sees whether it is done in each.
    if issuers.len() > 1 {
        return;
    }
    handoff.verifiable = true;
    let (value, chosen) = value_of(annotation);
    for account in accounts {
        let name = format!("{}/{}", account.namespace(), account.service_account());
        object.attributes.change(|attributes| attributes[ACCOUNTS][&name][annotation.key] = value.clone());
        // As a JSON pointer has it (RFC 6901).
        let part = |part: &str| part.replace('~', "~0").replace('/', "~1");
        let reference = chosen.clone().map(|(object, output)| Reference {
            pointer: format!("/{ACCOUNTS}/{}/{}", part(&name), part(annotation.key)),
            object,
            output,
        });
        // Several projects may have one service account.
        object.references.extend(reference.filter(|reference| !object.references.contains(reference)));
    }
}

/// What of that somebody else has made by now. One kubeconfig is the way to one cluster: where the manifest has several, what is in this
/// one says nothing of the others.
pub(crate) fn observe(
    desired: &Desired,
    accounts: &BTreeMap<String, ServiceAccount>,
    manager: &str,
    observed: &mut Observed,
) {
    if desired.issuers.len() > 1 {
        return;
    }
    for object in desired.objects.iter().filter(|object| object.handoff.is_some()) {
        let wanted = object.attributes.value();
        let Some(Value::Object(expected)) = wanted.get(ACCOUNTS) else { continue };
        let there: Map<_, _> =
            expected.iter().map(|(name, keys)| (name.clone(), theirs(name, keys, accounts, manager))).collect();
        if there.values().all(|of_one| of_one.as_object().is_none_or(Map::is_empty)) {
            continue;
        }
        if there == *expected {
            let message = "somebody else has done it, as the service accounts show";
            observed.notes.push(Note::info(&object.id, message));
        }
        let mut attributes = wanted.clone();
        attributes[ACCOUNTS] = there.into();
        let found = Found {
            attributes: attributes.into(),
            owned: false,
            depends_on: Vec::new(),
            if_deleted: None,
            touches: Vec::new(),
        };
        observed.objects.insert(object.id.clone(), found);
    }
}

/// Whether somebody else is asked for just this annotation of a service account.
pub(crate) fn is_asked_for(desired: &Desired, name: &str, key: &str, value: &str) -> bool {
    let handed_off = desired.objects.iter().filter(|object| object.handoff.is_some());
    handed_off.map(|object| object.attributes.value()).any(|wanted| wanted[ACCOUNTS][name][key] == value)
}

/// Of the annotations of a service account, those of these keys that aren't the stack's alone: its own go.
fn theirs(name: &str, keys: &Value, accounts: &BTreeMap<String, ServiceAccount>, manager: &str) -> Value {
    let Some(account) = accounts.get(name) else { return Value::Object(Map::new()) };
    let annotations = account.metadata.annotations.as_ref();
    let keys = keys.as_object().into_iter().flat_map(Map::keys);
    let of_others = keys.filter(|key| !others_with(account, key, manager).is_empty());
    let there = of_others.filter_map(|key| Some((key.clone(), annotations?.get(key)?.as_str().into())));
    Value::Object(there.collect())
}
