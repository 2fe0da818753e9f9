//! `observe`: what is there, in the form in which the verbs say what should be.

mod assignments;
mod caller;
mod contents;
mod denials;
mod goes_on;
mod identities;
mod limited;
mod other_homes;
mod places;
mod roles;
mod scopes;

use std::collections::BTreeSet;

use cloudgrant_core::{Desired, Note, Object, Observed, Result};

pub(crate) use self::identities::trusts_others;
use self::other_homes::OtherHomes;
pub(crate) use self::roles::is_ours;
use crate::Azure;
use crate::arm::Cluster;
use crate::kinds;
use crate::remedies;

pub(crate) async fn observed(azure: &Azure, desired: &Desired) -> Result<Observed> {
    // Nothing was asked for where everything is to go: then nothing was read yet either.
    azure.warm([]).await?;
    let identities = goes_on::Identities::of(azure, desired).await?;
    let snapshot = azure.used_up_snapshot().await;
    let mut observed = Observed::default();
    let mut others = OtherHomes::default();
    let principals = identities::add(azure, desired, &snapshot, &mut observed, &mut others).await?;
    roles::add(azure, desired, &snapshot, &mut observed, &mut others).await?;
    let subscriptions = places::searched(azure, desired, &snapshot, &mut observed).await?;
    let homes = (&mut observed, &mut others);
    assignments::add(azure, desired, &snapshot, &subscriptions, (&principals, &identities), homes).await?;
    observed.notes.extend(others.note(azure.names.stack()));
    // None of these needs another's answer.
    let (absent, denied, (problems, refused), limited) = tokio::try_join!(
        contents::notes(azure, desired, &observed),
        denials::notes(azure, desired, &snapshot, &principals, &observed),
        caller::may_assign(azure, desired, &observed),
        limited::notes(azure, desired, &snapshot, &principals, &observed),
    )?;
    observed.problems.extend(problems);
    observed.notes.extend(absent.into_iter().chain(denied).chain(refused).chain(limited));
    workload_identity(azure, desired, &snapshot, &mut observed).await?;
    Ok(observed)
}

/// Requirement 10: what puts tokens into pods.
async fn workload_identity(
    azure: &Azure,
    desired: &Desired,
    snapshot: &crate::snapshot::Snapshot,
    observed: &mut Observed,
) -> Result<()> {
    let credentials = desired.objects.iter().filter(|object| object.id.kind == kinds::CREDENTIAL);
    let issuers: BTreeSet<_> = credentials.filter_map(|object| object.attributes.text("issuer")).collect();
    let clusters = snapshot.clusters(azure.cluster_group()).await?;
    if issuers.is_empty() {
        // The platform's own identity gets its tokens in the same way.
        let found = platforms_clusters(azure, desired, &clusters).into_iter();
        observed.notes.extend(found.filter(|cluster| !cluster.workload_identity).map(|cluster| is_off(azure, cluster)));
        return Ok(());
    }
    let group = azure.cluster_group();
    for issuer in &issuers {
        match clusters.iter().find(|cluster| cluster.issuer.as_ref() == Some(issuer)) {
            Some(cluster) if !cluster.workload_identity => {
                observed.notes.push(is_off(azure, cluster));
            }
            Some(_) => {}
            None => {
                let message = format!(
                    "no managed cluster in resource group {group} has the issuer {issuer}, so that nobody could check it: \
                     whoever runs it can make tokens with which identities of this stack are taken; if the cluster is \
                     elsewhere, set `azure.cluster.resource_group`"
                );
                observed.notes.push(Note::warning("azure.cluster.oidc_issuer", message));
            }
        }
    }
    Ok(())
}

/// The data plane's clusters, where task code runs under an identity of the platform's: those that the manifest names, or
/// the only one. None where that isn't known, and where nothing is for task code.
fn platforms_clusters<'a>(azure: &Azure, desired: &Desired, clusters: &'a [Cluster]) -> Vec<&'a Cluster> {
    let kubelets: Vec<_> = clusters.iter().filter_map(|cluster| cluster.kubelet.as_ref()).collect();
    let configured = azure.config.kubelet_identity.as_deref();
    let for_tasks = |object: &Object| {
        let principal = object.attributes.text("principal").unwrap_or_default();
        let pulls = kubelets.iter().any(|kubelet| kubelet.resource_id.eq_ignore_ascii_case(&principal));
        object.id.kind == kinds::ASSIGNMENT && !pulls && configured.is_none_or(|it| !principal.eq_ignore_ascii_case(it))
    };
    if !desired.objects.iter().any(for_tasks) {
        return Vec::new();
    }
    let config = &azure.config.cluster;
    let is_named = |cluster: &Cluster| config.name.as_ref().is_some_and(|name| cluster.name.eq_ignore_ascii_case(name));
    let is_trusted = |cluster: &Cluster| cluster.issuer.as_ref().is_some_and(|it| config.oidc_issuer.contains(it));
    let is_it = |cluster: &&Cluster| match (&config.name, config.oidc_issuer.as_slice()) {
        // The name is of one of them where there are several.
        (Some(_), [] | [_]) => is_named(cluster),
        (Some(_), [_, _, ..]) => is_named(cluster) || is_trusted(cluster),
        (None, [_, ..]) => is_trusted(cluster),
        (None, []) => clusters.len() == 1,
    };
    clusters.iter().filter(is_it).collect()
}

fn is_off(azure: &Azure, cluster: &Cluster) -> Note {
    let message = format!(
        "workload identity is off, so that pods get no tokens: `{}`",
        remedies::enable_workload_identity(azure.config.subscription.as_str(), azure.cluster_group(), &cluster.name)
    );
    Note::warning(format!("cluster {}", cluster.name), message)
}
