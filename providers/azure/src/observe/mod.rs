//! `observe`: what is there, in the form in which the verbs say what should be.

mod assignments;
mod caller;
mod identities;
mod other_homes;
mod places;
mod roles;

use cloudgrant_core::{Desired, Note, Observed, Result};

pub(crate) use self::identities::trusts_others;
use self::other_homes::OtherHomes;
use crate::Azure;
use crate::kinds;

pub(crate) async fn observed(azure: &Azure, desired: &Desired) -> Result<Observed> {
    // Nothing was asked for where everything is to go: then nothing was read yet either.
    azure.warm([]).await?;
    let snapshot = azure.used_up_snapshot().await;
    let mut observed = Observed::default();
    let mut others = OtherHomes::default();
    let principals = identities::add(azure, desired, &snapshot, &mut observed, &mut others).await?;
    roles::add(azure, desired, &snapshot, &mut observed, &mut others).await?;
    let subscriptions = places::searched(azure, desired, &snapshot, &mut observed).await?;
    let homes = (&mut observed, &mut others);
    assignments::add(azure, desired, &snapshot, &subscriptions, &principals, homes).await?;
    observed.notes.extend(others.note(azure.names.stack()));
    caller::may_assign(azure, desired, &mut observed).await?;
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
    if !desired.objects.iter().any(|object| object.id.kind == kinds::CREDENTIAL) {
        return Ok(());
    }
    let group = azure.cluster_group();
    let clusters = snapshot.clusters(group).await?;
    let named = |cluster: &&crate::arm::Cluster| {
        let wanted = |object: &&cloudgrant_core::Object| object.id.kind == kinds::CREDENTIAL;
        let issuer = desired.objects.iter().find(wanted).and_then(|object| object.attributes.text("issuer"));
        cluster.issuer == issuer
    };
    match clusters.iter().find(named) {
        Some(cluster) if !cluster.workload_identity => {
            let message = format!(
                "workload identity is off, so that pods get no tokens: `az aks update --resource-group {group} --name {} \
                 --enable-workload-identity`",
                cluster.name
            );
            observed.notes.push(Note::warning(format!("cluster {}", cluster.name), message));
        }
        Some(_) => {}
        None => {
            let message = format!(
                "no managed cluster in resource group {group} has this issuer, so that nobody could check it; if the \
                 cluster is elsewhere, set `azure.cluster.resource_group`"
            );
            observed.notes.push(Note::warning("azure.cluster.oidc_issuer", message));
        }
    }
    Ok(())
}
