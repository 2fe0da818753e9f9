//! Requirement 10: what puts tokens into pods, and whose tokens those are.

use std::collections::BTreeSet;

use cloudgrant_core::{Desired, ErrorKind, Note, Result};

use crate::client::arm::Cluster;
use crate::client::remedies;
use crate::config::Config;
use crate::inventory::cache::Inventory;
use crate::inventory::snapshot::Snapshot;
use crate::objects::{federated_credential, role_assignment};

/// Where the manifest names the issuers.
const KEY: &str = "azure.cluster.oidc_issuer";

/// Warns of issuers that no cluster of the group has, and of clusters where workload identity is off.
pub(crate) async fn notes(
    config: &Config,
    inventory: &Inventory,
    desired: &Desired,
    snapshot: &Snapshot,
) -> Result<Vec<Note>> {
    let credentials = federated_credential::among(&desired.objects);
    let issuers: BTreeSet<_> =
        credentials.map(|credential| Ok(credential?.1.issuer.into_owned())).collect::<Result<_>>()?;
    let clusters = match snapshot.clusters_of(inventory.cluster_group()).await {
        Err(error) if error.kind() == ErrorKind::AccessDenied => return unreadable(config, inventory, desired),
        _ => snapshot.clusters(inventory.cluster_group()).await?,
    };
    if issuers.is_empty() {
        return of_others(config, inventory, desired, &clusters);
    }
    let of_issuer = |issuer: &String| match of(issuer, &clusters) {
        Some(cluster) => (!cluster.workload_identity).then(|| is_off(config, inventory, cluster)),
        None => {
            let message = format!(
                "no managed cluster in resource group {} has the issuer {issuer}, so that nobody could check it: whoever \
                 runs it can make tokens with which identities of this stack are taken; if the cluster is elsewhere, set \
                 `azure.cluster.resource_group`",
                inventory.cluster_group()
            );
            Some(Note::warning(KEY, message))
        }
    };
    Ok(issuers.iter().filter_map(of_issuer).collect())
}

/// Where the caller may not read the clusters, nobody has held the manifest's issuers against them.
fn unreadable(config: &Config, inventory: &Inventory, desired: &Desired) -> Result<Vec<Note>> {
    let issuers = &config.cluster.oidc_issuer;
    if issuers.is_empty() || for_tasks(inventory, desired, &[])?.is_empty() {
        return Ok(Vec::new());
    }
    let message = format!(
        "the managed clusters of resource group {} can't be read, so that nobody could check {}: whoever runs it can make \
         tokens with which identities of this stack are taken; the right to read them is \
         `Microsoft.ContainerService/managedClusters/read`",
        inventory.cluster_group(),
        issuers.join(", ")
    );
    Ok(vec![Note::warning(KEY, message)])
}

/// Where all identities are others': they get their tokens in the same way, and whoever made them has let them trust an
/// issuer.
fn of_others(config: &Config, inventory: &Inventory, desired: &Desired, clusters: &[Cluster]) -> Result<Vec<Note>> {
    if for_tasks(inventory, desired, clusters)?.is_empty() {
        return Ok(Vec::new());
    }
    let strange = config.cluster.oidc_issuer.iter().filter(|issuer| of(issuer, clusters).is_none());
    let there: BTreeSet<_> = clusters.iter().filter_map(|cluster| cluster.issuer.as_deref()).collect();
    let there = match there.into_iter().collect::<Vec<_>>().join(", ") {
        none if none.is_empty() => String::new(),
        some => format!(" (what is there has {some})"),
    };
    let strange = strange.map(|issuer| {
        let message = format!(
            "no managed cluster in resource group {} has the issuer {issuer}{there}, so that nobody could check it: the \
             identities that get roles here are not the stack's, and they trust what whoever made their federated \
             credentials named; write the cluster's issuer exactly as the cluster reports it, or, if the cluster is elsewhere, set \
             `azure.cluster.resource_group`",
            inventory.cluster_group()
        );
        Note::warning(KEY, message)
    });
    let off = platforms_clusters(config, clusters).into_iter().filter(|cluster| !cluster.workload_identity);
    Ok(strange.chain(off.map(|cluster| is_off(config, inventory, cluster))).collect())
}

fn of<'a>(issuer: &String, clusters: &'a [Cluster]) -> Option<&'a Cluster> {
    clusters.iter().find(|cluster| cluster.issuer.as_ref() == Some(issuer))
}

/// The identities to which roles are to be assigned for task code, and not for nodes, which pull images without workload identity: by
/// their IDs, as objects have them.
pub(crate) fn for_tasks(inventory: &Inventory, desired: &Desired, clusters: &[Cluster]) -> Result<BTreeSet<String>> {
    let kubelets = clusters.iter().filter_map(|cluster| cluster.kubelet.as_ref());
    let kubelets = kubelets.map(|kubelet| kubelet.resource_id.clone()).chain(inventory.configured_kubelet());
    let pulling: Vec<_> = kubelets.collect();
    let mut identities = BTreeSet::new();
    for assignment in role_assignment::among(&desired.objects) {
        let (object, assignment) = assignment?;
        let is_pulling = pulling.iter().any(|kubelet| kubelet.eq_ignore_ascii_case(&assignment.principal));
        if object.handoff.is_none() && !is_pulling {
            identities.insert(assignment.principal.into_owned());
        }
    }
    Ok(identities)
}

/// The data plane's clusters, where task code runs under an identity of others': those that the manifest names, or the only
/// one. All of them where the manifest's issuers are none of theirs: a slip must not hide what is wrong with the cluster.
/// None where nothing tells which they are.
pub(crate) fn platforms_clusters<'a>(config: &Config, clusters: &'a [Cluster]) -> Vec<&'a Cluster> {
    let config = &config.cluster;
    let is_named = |cluster: &Cluster| config.name.as_ref().is_some_and(|name| cluster.name.eq_ignore_ascii_case(name));
    let is_trusted = |cluster: &Cluster| cluster.issuer.as_ref().is_some_and(|it| config.oidc_issuer.contains(it));
    let any_trusted = clusters.iter().any(is_trusted);
    let is_it = |cluster: &&Cluster| match (&config.name, config.oidc_issuer.as_slice()) {
        // The name is of one of them where there are several.
        (Some(_), [] | [_]) => is_named(cluster),
        (Some(_), [_, _, ..]) => is_named(cluster) || is_trusted(cluster),
        (None, [_, ..]) => is_trusted(cluster) || !any_trusted,
        (None, []) => clusters.len() == 1,
    };
    clusters.iter().filter(is_it).collect()
}

fn is_off(config: &Config, inventory: &Inventory, cluster: &Cluster) -> Note {
    let message = format!(
        "workload identity is off, so that pods get no tokens: `{}`",
        remedies::enable_workload_identity(config.subscription.as_str(), inventory.cluster_group(), &cluster.name)
    );
    Note::warning(format!("cluster {}", cluster.name), message)
}
