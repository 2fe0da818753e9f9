//! Whom the stack's identities trust.

use std::collections::{BTreeSet, HashSet};

use cloudgrant_core::{Desired, Found, Note, ObjectId, Observed, Platform, Result, Stays, Widening};

use crate::client::{arm, remedies};
use crate::config::Config;
use crate::names::Names;
use crate::names::resource_id::ResourceId;
use crate::objects::federated_credential::{self, FederatedCredential};
use crate::objects::managed_identity::trusts_others;
use crate::observe::looking::Looking;

/// Adds those of an identity.
pub(crate) fn add(
    looking: Looking<'_>,
    desired: &Desired,
    wanted: &HashSet<&ObjectId>,
    identity: &ResourceId,
    object: &ObjectId,
    credentials: &[arm::FederatedCredential],
    observed: &mut Observed,
) -> Result<()> {
    if !wanted.contains(object) {
        go_along(looking.names, looking.platform, identity, object, credentials, observed);
        return Ok(());
    }
    // Another cluster's credential for the same service account leaves it bound.
    let mut trusted = BTreeSet::new();
    for asked in federated_credential::among(&desired.objects) {
        let (_, asked) = asked?;
        trusted.extend(asked.is_on(identity).then(|| asked.subject.into_owned()));
    }
    let mut foreign = Vec::new();
    for credential in credentials.iter() {
        let attributes = FederatedCredential::found(looking.names, identity, credential).attributes();
        let named = federated_credential::id(identity.name(), &credential.name);
        // One that trusts the same, whatever it is called: Azure takes no second one.
        let same = desired.objects.iter().find(|object| {
            object.id.kind == federated_credential::KIND && object.attributes == attributes && object.id != named
        });
        let owned = credential.name.starts_with(&looking.names.credential_mark());
        let id = same.map_or(named, |object| object.id.clone());
        if same.is_some() {
            let message = format!("it is there under the name {}, which is as good", credential.name);
            observed.notes.push(Note::info(&id, message));
        } else if !owned && !wanted.contains(&id) {
            foreign.push(credential);
            continue;
        }
        if owned && !wanted.contains(&id) && looking.inventory.looks_again() {
            observed.widened.extend(trusting_nobody_s(looking.config, identity, object, credential));
        }
        let found = Found {
            attributes,
            owned,
            depends_on: vec![object.clone()],
            if_deleted: if_goes(looking.platform, credential, &trusted),
            touches: Vec::new(),
        };
        observed.objects.insert(id, found);
    }
    observed.widened.extend(foreign.into_iter().map(|credential| trusting(identity, object, credential)));
    Ok(())
}

/// Whom an identity trusts by somebody else's doing.
fn trusting(identity: &ResourceId, object: &ObjectId, credential: &arm::FederatedCredential) -> Widening {
    Widening {
        object: object.clone(),
        what: format!(
            "trusts the subject {} of {} through the federated credential {}, which this stack did not make",
            credential.subject, credential.issuer, credential.name
        ),
        remedy: remedies::delete_credential(identity, &credential.name),
    }
}

/// Whom an identity trusts that isn't wanted, but for what the stack may have made.
pub(crate) fn trusted_by_others(
    config: &Config,
    names: &Names,
    desired: &Desired,
    identity: &ResourceId,
    object: &ObjectId,
    credentials: &[arm::FederatedCredential],
) -> Vec<Widening> {
    let mark = names.credential_mark();
    let is_wanted = |credential: &arm::FederatedCredential| {
        let (id, attributes) = (
            federated_credential::id(identity.name(), &credential.name),
            FederatedCredential::found(names, identity, credential).attributes(),
        );
        let mut wanted = desired.objects.iter().filter(|wanted| wanted.id.kind == federated_credential::KIND);
        wanted.any(|wanted| wanted.id == id || wanted.attributes == attributes)
    };
    let unwanted = credentials.iter().filter(|one| !is_wanted(one));
    let told = |credential: &arm::FederatedCredential| match credential.name.starts_with(&mark) {
        true => trusting_nobody_s(config, identity, object, credential),
        false => Some(trusting(identity, object, credential)),
    };
    unwanted.filter_map(told).collect()
}

/// The same of a credential that is called as the stack's are: anybody can call one so. None where it may be one of the stack's, as it
/// trusts a service account of one of the manifest's clusters.
fn trusting_nobody_s(
    config: &Config,
    identity: &ResourceId,
    object: &ObjectId,
    credential: &arm::FederatedCredential,
) -> Option<Widening> {
    // A manifest that names no issuer means whichever the cluster has.
    let issuers = &config.cluster.oidc_issuer;
    let is_of_cluster = issuers.is_empty() || issuers.contains(&credential.issuer);
    if is_of_cluster && credential.subject.starts_with(SERVICE_ACCOUNT) {
        return None;
    }
    let what = format!(
        "trusts the subject {} of {} through the federated credential {}, and the manifest names no such cluster",
        credential.subject, credential.issuer, credential.name
    );
    Some(Widening::edited(object.clone(), &what, remedies::delete_credential(identity, &credential.name)))
}

/// How Kubernetes calls the subject of a service account's token. Source: Kubernetes documentation, "Service Accounts".
const SERVICE_ACCOUNT: &str = "system:serviceaccount:";

/// An identity that goes takes its credentials along: they need no deletions of their own, of which Azure lets one in four
/// seconds through. Those of others keep it, and nothing else.
fn go_along(
    names: &Names,
    platform: &dyn Platform,
    identity: &ResourceId,
    object: &ObjectId,
    credentials: &[arm::FederatedCredential],
    observed: &mut Observed,
) {
    let mark = names.credential_mark();
    let all = credentials.iter().map(|credential| credential.name.as_str());
    let (ours, foreign): (Vec<_>, Vec<_>) = all.partition(|name| name.starts_with(&mark));
    if !foreign.is_empty() {
        // It stays for these alone: what is the stack's on it goes.
        let why = trusts_others(identity, foreign);
        let reason = format!("{}; {}", why.message(), why.hint_text().unwrap_or_default());
        observed.objects.remove(object);
        observed.stays.push(Stays { object: object.clone(), reason, is_empty: true });
        for credential in credentials.iter().filter(|credential| credential.name.starts_with(&mark)) {
            let attributes = FederatedCredential::found(names, identity, credential).attributes();
            let id = federated_credential::id(identity.name(), &credential.name);
            let if_deleted = if_goes(platform, credential, &BTreeSet::new());
            let found = Found { attributes, owned: true, depends_on: Vec::new(), if_deleted, touches: Vec::new() };
            observed.objects.insert(id, found);
        }
        return;
    }
    if let Some(warning) = observed.objects.get_mut(object).and_then(|found| found.if_deleted.as_mut()) {
        match ours.len() {
            0 => {}
            1 => warning.push_str("; its federated credential goes with it"),
            many => warning.push_str(&format!("; its {many} federated credentials go with it")),
        }
        warning.push_str(&unbinding(platform, credentials));
    }
}

/// What to say where a credential goes and its identity stays; `trusted` are the subjects that the identity goes on to trust.
fn if_goes(
    platform: &dyn Platform,
    credential: &arm::FederatedCredential,
    trusted: &BTreeSet<String>,
) -> Option<String> {
    let subject = credential.subject.as_str();
    if trusted.contains(subject) {
        return Some(format!(
            "task code of {subject} in the cluster with the issuer {} gets no more tokens",
            credential.issuer
        ));
    }
    let told = format!("task code of {subject} that still names the identity fails without it");
    Some(told + &unbinding(platform, std::slice::from_ref(credential)))
}

/// What is to be done before an identity goes, for the service accounts that it trusts: the way back from what binding it took.
fn unbinding(platform: &dyn Platform, credentials: &[arm::FederatedCredential]) -> String {
    if platform.backend().is_some() {
        return format!(". {}", platform.unbinding(&[]));
    }
    let subjects: BTreeSet<_> = credentials.iter().map(|credential| credential.subject.as_str()).collect();
    let commands: Vec<_> =
        subjects.into_iter().filter_map(remedies::unbind).map(|command| format!("`{command}`")).collect();
    if commands.is_empty() { String::new() } else { format!(". Unbind it first: {}", commands.join(", ")) }
}
