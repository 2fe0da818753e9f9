//! What is there: the annotations of service accounts that are the stack's, and what is in the way of those that it wants.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cloudgrant_core::{
    Action, Desired, Error, ErrorKind, Found, Note, Object, ObjectId, Observed, Obstacle, Result, Stays, Unmakeable,
    Unsearched, redacted,
};
use k8s_openapi::api::core::v1::ServiceAccount;
use serde_json::{Value, json};

use crate::backend::ServiceAccounts;
use crate::by_others;
use crate::client::Connected;
use crate::errors::{WITHOUT_CLUSTER, asked, in_the_way, missing, needing};
use crate::fields::{applied_by, others_with, told};
use crate::names::{SERVICE_ACCOUNT_ANNOTATION, id, name_of, parts};

pub(crate) const LIST_ACCOUNTS: &str = "`{ apiGroups: [\"\"], resources: [serviceaccounts], verbs: [list] }`";
const GET_ACCOUNTS: &str = "`{ apiGroups: [\"\"], resources: [serviceaccounts], verbs: [get] }`";
/// How many namespaces are named.
const NAMED: usize = 3;
/// How the names of places begin.
pub(crate) const PLACE: &str = "service accounts of the cluster with the issuer ";
const READ_ISSUER: &str = "`{ nonResourceURLs: [/.well-known/openid-configuration], verbs: [get] }` (which \
                           `system:service-account-issuer-discovery` has)";

pub(crate) async fn observe(backend: &ServiceAccounts, desired: &Desired) -> Result<Observed> {
    let objects = desired.objects.iter().filter(|object| object.id.kind == SERVICE_ACCOUNT_ANNOTATION);
    let wanted: BTreeMap<&str, &Object> = objects.map(|object| (object.id.name.as_str(), object)).collect();
    let cluster = backend.cluster.connected().await?;
    let mut observed = Observed::default();
    let issuer = issuer(cluster).await?;
    if let Some(problem) = of_another_cluster(backend, &issuer, desired, !wanted.is_empty()) {
        observed.problems.push(problem);
        return Ok(observed);
    }
    observed.unsearched.extend(other_clusters(&issuer, &desired.issuers));

    let named = desired.baseline.bindings.iter().flat_map(|binding| &binding.subjects);
    let named = named.map(|(_, subject)| format!("{}/{}", subject.namespace(), subject.service_account()));
    let given_up: BTreeSet<_> = named.collect();
    let named = given_up.iter().cloned().chain(wanted.keys().map(|name| (*name).to_owned())).collect();
    let overridden = desired.overridden.iter();
    let overridden: HashMap<_, _> = overridden
        .map(|(subject, key)| (format!("{}/{}", subject.namespace(), subject.service_account()), *key))
        .collect();
    let accounts = list(cluster, &named, &backend.listed, &issuer, &mut observed).await?;
    let mut seen = HashMap::new();
    for (name, account) in &accounts {
        let ours = applied_by(account, &backend.manager);
        let object = wanted.get(name.as_str());
        let overridden = overridden.get(name.as_str()).copied();
        observed.notes.extend(overridden.and_then(|key| without_meaning(account, name, key, &ours)));
        if ours.is_empty() && object.is_none() {
            // Whoever overwrote the stack's value has it now.
            if overridden.is_none() && given_up.contains(name) {
                observed.notes.extend(of_others(desired, account, name));
            }
            continue;
        }
        seen.extend(account.metadata.uid.clone().map(|uid| (name.clone(), uid)));
        if let Some((conflict, instead)) = object.and_then(|object| conflict(object, account, &backend.manager)) {
            observed.conflicts.insert(id(name), conflict);
            observed.instead.insert(id(name), instead.into());
        }
        if ours.is_empty() {
            continue;
        }
        let mut found = found(name, &json!(ours), object.is_some());
        if found.if_deleted.is_some() && overridden.is_some() {
            found.if_deleted = Some("the cloud itself gives its pods their identity by now".to_owned());
        }
        let keys = ours.keys().filter(|_| object.is_none());
        for (key, others) in keys.map(|key| (key, others_with(account, key, &backend.manager))) {
            if others.is_empty() {
                continue;
            }
            let others: Vec<_> = others.iter().map(|other| told(other)).collect();
            let others = others.join(" and ");
            found.if_deleted = Some(format!("only this stack's part of it goes, as {others} has it as well"));
            if backend.leaves && !desired.thorough {
                observed.notes.push(Note::warning(id(name), format!("it stays: {others} has it as well")));
            } else {
                observed.stays.push(Stays { object: id(name), reason: shared(name, key, &others), is_empty: false });
            }
        }
        observed.names.insert(id(name), ours.into_values().collect());
        observed.objects.insert(id(name), found);
    }
    *backend.seen() = seen;
    by_others::observe(desired, &accounts, &backend.manager, &mut observed);
    let absent = wanted.keys().filter(|name| !accounts.contains_key(**name));
    of_missing(cluster, &absent.copied().collect(), &mut observed).await?;
    if let Some(note) = of_place(backend, &wanted, &observed) {
        observed.notes.push(note);
    }
    Ok(observed)
}

async fn issuer(cluster: Connected<'_>) -> Result<String> {
    const WHAT: &str = "can't read which issuer the Kubernetes cluster has";
    cluster.issuer().await.map_err(|error| needing(asked(WHAT, &error), READ_ISSUER, None))
}

/// The service accounts of a cluster, as a place. AWS has issuers without their scheme.
fn place_of(issuer: &str) -> String {
    format!("{PLACE}{}", redacted(issuer.trim_start_matches("https://")))
}

/// The cluster that is reached, as a place.
pub(crate) async fn reached(backend: &ServiceAccounts) -> Result<String> {
    Ok(place_of(&issuer(backend.cluster.connected().await?).await?))
}

/// The manifest says which cluster it means by its issuer. Where nothing is wanted and nobody knows an issuer, nothing is written
/// but what the stack's own mark allows.
fn of_another_cluster(backend: &ServiceAccounts, issuer: &str, desired: &Desired, writes: bool) -> Option<Error> {
    let is_it = desired.issuers.iter().any(|known| same(known, issuer));
    if is_it || (desired.issuers.is_empty() && !writes) {
        return None;
    }
    let known: Vec<_> = desired.issuers.iter().map(|known| format!("`{}`", redacted(known))).collect();
    let place = backend.cluster.place();
    Some(match known.is_empty() {
        true => Error::new(
            ErrorKind::Manifest,
            format!("nobody says that {place} is the cluster whose service accounts are trusted"),
        )
        .with("issuer", redacted(issuer))
        .hint("name the cluster's issuer in the section of the cloud, under `cluster`"),
        false => Error::new(
            ErrorKind::WrongAccount,
            format!(
                "{place} isn't the manifest's: its issuer is `{}`, and not {}",
                redacted(issuer),
                known.join(" or ")
            ),
        )
        .hint(format!(
            "select the data plane's cluster: `kubectl config use-context NAME`, or KUBECONFIG; {WITHOUT_CLUSTER}"
        )),
    })
}

/// AWS has issuers without their scheme. A slash at the end counts.
fn same(known: &str, issuer: &str) -> bool {
    let bare = |issuer: &str| issuer.trim_start_matches("https://").to_owned();
    bare(known) == bare(issuer)
}

/// One kubeconfig is the way to one cluster.
fn other_clusters(issuer: &str, known: &BTreeSet<String>) -> Vec<Unsearched> {
    let others = known.iter().filter(|known| !same(known, issuer));
    let unsearched = |other: &String| Unsearched {
        place: place_of(other),
        reason: "another cluster is selected: run this once more with that one's context".to_owned(),
    };
    others.map(unsearched).collect()
}

/// The service accounts by their names: all that there are, so that those are found that nobody wants any more. Where that isn't
/// allowed, those that the manifest names, also if everything of it goes: as its namespaces list them, or one by one; and of its other
/// projects and domains (`listed`) those that may be read. What else there is was not searched then, nor what of these may not be read.
async fn list(
    cluster: Connected<'_>,
    named: &BTreeSet<String>,
    listed: &BTreeSet<String>,
    issuer: &str,
    observed: &mut Observed,
) -> Result<BTreeMap<String, ServiceAccount>> {
    const WHAT: &str = "can't list the service accounts of the Kubernetes cluster";
    let by_name = |accounts: Vec<ServiceAccount>| {
        accounts.into_iter().filter_map(|account| Some((name_of(&account)?, account))).collect()
    };
    match cluster.service_accounts(None).await {
        Ok(accounts) => return Ok(by_name(accounts)),
        Err(kube::Error::Api(status)) if status.is_forbidden() && !(named.is_empty() && listed.is_empty()) => {}
        Err(error) => return Err(needing(asked(WHAT, &error), LIST_ACCOUNTS, None)),
    }
    let mut namespaces: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for name in named.union(listed) {
        namespaces.entry(parts(name).0).or_default().push(name);
    }
    let mut accounts = Vec::new();
    let (mut is_any_read, mut refused, mut unread) = (false, None, Vec::new());
    for (namespace, names) in namespaces {
        match cluster.service_accounts(Some(namespace)).await {
            Ok(listed) => {
                is_any_read = true;
                accounts.extend(listed);
            }
            Err(kube::Error::Api(status)) if status.is_forbidden() => {
                for name in names {
                    let failed = |error| {
                        let what = format!("can't read service account {name}, nor list those of its namespace");
                        needing(asked(&what, &error), GET_ACCOUNTS, Some(namespace))
                    };
                    match cluster.service_account(name).await {
                        // Nobody but whoever was bound there before needs it.
                        Err(kube::Error::Api(status)) if status.is_forbidden() && !named.contains(name) => {
                            refused.get_or_insert(failed(kube::Error::Api(status)));
                            unread.push(namespace);
                        }
                        account => {
                            is_any_read = true;
                            accounts.extend(account.map_err(failed)?);
                        }
                    }
                }
            }
            Err(error) => {
                return Err(asked(&format!("can't list the service accounts of namespace {namespace}"), &error));
            }
        }
    }
    if let Some(error) = refused.filter(|_| !is_any_read) {
        return Err(error);
    }
    // As parts of the place, so that the mark of that stays, too.
    let place = place_of(issuer);
    unread.dedup();
    if let [first, others @ ..] = unread.as_slice() {
        let names = cloudgrant_core::listed(&unread, NAMED);
        let (namespaces, in_one) = if others.is_empty() { ("namespace", Some(*first)) } else { ("namespaces", None) };
        let rule = missing(GET_ACCOUNTS, in_one);
        let reason = format!("an annotation that a grant left there stays, as it may not be read: {rule}");
        observed.unsearched.push(Unsearched { place: format!("{place}, in the {namespaces} {names}"), reason });
    }
    let others = format!("{place}, other than those of the grants, projects and domains that the manifest names");
    observed.unsearched.push(Unsearched { place: others, reason: missing(LIST_ACCOUNTS, None) });
    Ok(by_name(accounts))
}

fn found(name: &str, annotations: &Value, is_wanted: bool) -> Found {
    let warning = format!("pods of service account {name} that start after this have no identity of this stack");
    Found {
        attributes: json!({ "annotations": annotations }).into(),
        owned: true,
        depends_on: Vec::new(),
        if_deleted: (!is_wanted).then_some(warning),
        touches: Vec::new(),
    }
}

/// An annotation of somebody else's that names a principal, where the cloud gives the account's pods another one: it means nothing, and
/// whoever reads it would think otherwise. What the stack wrote itself goes.
fn without_meaning(account: &ServiceAccount, name: &str, key: &str, ours: &BTreeMap<String, String>) -> Option<Note> {
    let value = account.metadata.annotations.as_ref()?.get(key).filter(|_| !ours.contains_key(key))?;
    let (namespace, account) = parts(name);
    let message = format!(
        "service account {name} has the annotation {key} ({}), which means nothing: the cloud itself gives its pods their identity, and \
         that wins. Whoever wrote it can take it off: `kubectl annotate serviceaccount {account} --namespace {namespace} {key}-`",
        redacted(value)
    );
    Some(Note::warning(id(name), message))
}

/// The annotations by which a service account names what its pods run under. Source: the clouds' documentation of their Kubernetes
/// services, "IAM roles for service accounts", "Microsoft Entra Workload ID", "Workload Identity Federation for GKE".
const OF_PRINCIPALS: [&str; 3] =
    ["eks.amazonaws.com/role-arn", "azure.workload.identity/client-id", "iam.gke.io/gcp-service-account"];

/// What somebody else says that pods of a service account run under from which the stack takes its own principal.
fn of_others(desired: &Desired, account: &ServiceAccount, name: &str) -> Vec<Note> {
    let (namespace, service_account) = parts(name);
    let there = |key| account.metadata.annotations.as_ref().and_then(|annotations| annotations.get(key));
    let there = OF_PRINCIPALS.into_iter().filter_map(|key| Some((key, there(key)?)));
    let note = |(key, value): (&str, &String)| {
        let message = format!(
            "service account {name} has the annotation {key} ({}), and not from this stack: it stays, and its pods run under that. Whoever \
             wrote it can take it off: `kubectl annotate serviceaccount {service_account} --namespace {namespace} {key}-`",
            redacted(value)
        );
        Note::warning(id(name), message)
    };
    there.filter(|(key, value)| !by_others::is_asked_for(desired, name, key, value)).map(note).collect()
}

/// Why an annotation stays that the stack gives up, and what to do about it.
fn shared(name: &str, key: &str, others: &str) -> String {
    let (namespace, account) = parts(name);
    format!(
        "{others} has it as well, and server-side apply leaves it to that manager: pods still run as what it names, as long as that \
         is there. Take it out of what that manager applies, or remove it: `kubectl annotate serviceaccount {account} \
         --namespace {namespace} {key}-`"
    )
}

/// What somebody else has of a wanted annotation, unless it is the same, and what is there then. What the cloud has yet to choose
/// nobody can have written down.
fn conflict(object: &Object, account: &ServiceAccount, manager: &str) -> Option<(Error, Value)> {
    let wanted = object.attributes.value();
    let there = account.metadata.annotations.as_ref()?;
    let wanted = wanted["annotations"].as_object()?;
    let error = wanted.iter().find_map(|(key, value)| {
        let is_other = there.get(key).is_some_and(|there| value.as_str() != Some(there));
        let others = others_with(account, key, manager);
        (is_other && !others.is_empty()).then(|| in_the_way(&object.id.name, key, &others, manager))
    })?;
    let there: serde_json::Map<_, _> =
        wanted.keys().filter_map(|key| Some((key.clone(), there.get(key)?.as_str().into()))).collect();
    Some((error, json!({ "annotations": there })))
}

/// An apply makes a service account that isn't there, but no namespace.
async fn of_missing(cluster: Connected<'_>, missing: &BTreeSet<&str>, observed: &mut Observed) -> Result<()> {
    let Some(first) = missing.first() else { return Ok(()) };
    let namespaces = match cluster.namespaces().await {
        Ok(namespaces) => Some(namespaces),
        // What isn't there is then told when it is needed.
        Err(kube::Error::Api(status)) if status.is_forbidden() => None,
        Err(error) => return Err(asked("can't list the namespaces of the Kubernetes cluster", &error)),
    };
    let is_absent = |name: &&str| namespaces.as_ref().is_some_and(|all| !all.contains(parts(name).0));
    let mut absent: BTreeMap<&str, BTreeSet<ObjectId>> = BTreeMap::new();
    for name in missing.iter().copied().filter(is_absent) {
        absent.entry(parts(name).0).or_default().insert(id(name));
    }
    let made = missing.iter().filter(|name| !is_absent(name)).count();
    if made > 0 {
        let more = if made > 1 { format!(" and {} more", made - 1) } else { String::new() };
        let first = missing.iter().find(|name| !is_absent(name)).unwrap_or(first);
        observed.notes.push(Note::info(
            id(first),
            format!("service account {first}{more} isn't there yet: it is made, and stays when its annotation goes"),
        ));
    }
    for (namespace, objects) in absent {
        let message = format!("the namespace {namespace} isn't there, so that its service account can't be annotated");
        observed.unmakeable.push(Unmakeable {
            why: Error::new(ErrorKind::NotFound, message).hint(format!(
                "the platform makes it when the project is registered; or make it: `kubectl create namespace {namespace}`"
            )),
            actions: &[Action::Create, Action::Update],
            objects,
            obstacle: Obstacle::Certain,
        });
    }
    Ok(())
}

/// Which cluster it is, where something there is to be changed.
fn of_place(backend: &ServiceAccounts, wanted: &BTreeMap<&str, &Object>, observed: &Observed) -> Option<Note> {
    let is_so = |(name, object): (&&str, &&Object)| {
        observed.objects.get(&id(name)).is_some_and(|found| found.attributes == object.attributes)
    };
    // What others were asked for and are seen to have done, nobody changes.
    let mut accounts = observed.objects.keys().filter(|id| id.kind == SERVICE_ACCOUNT_ANNOTATION);
    let left_over = accounts.find(|id| !wanted.contains_key(id.name.as_str()));
    let differs = wanted.iter().find(|(name, object)| !is_so((*name, *object))).map(|(name, _)| id(name));
    let about = differs.or_else(|| left_over.cloned())?;
    Some(Note::info(about, format!("service accounts are changed in {}", backend.cluster.place())))
}
