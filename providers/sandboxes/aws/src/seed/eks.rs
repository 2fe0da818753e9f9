//! The EKS clusters that a manifest names.

use cloudgrant_sandbox_kit::Result;

use super::once;
use super::wishes::Wishes;
use crate::services::eks::new_cluster;
use crate::state::State;

/// Makes them. Issuers go by their places in the list.
pub(super) fn seed(state: &mut State, wishes: &Wishes) -> Result<()> {
    for (at, name) in wishes.clusters.iter().enumerate() {
        let cluster = new_cluster(&wishes.account, &wishes.region, name, wishes.issuers.get(at).cloned());
        once(state, format!("eks-cluster {} {} {name}", wishes.account, wishes.region), |state| {
            state.save_eks_cluster(cluster)
        })?;
    }
    Ok(())
}
