//! How Flyte is told under which principal task code runs.

use cloudgrant_core::{AnnotationValue, Desired, Error, Identity, Principal, Result};
use cloudgrant_platform_kit::{ClusterResourceAttributes, by_scope, service_accounts};

/// Source: Flyte's Helm chart for EKS (`values-eks.yaml`), which annotates each namespace's service account with that value.
pub(crate) const ATTRIBUTES: ClusterResourceAttributes =
    ClusterResourceAttributes { tool: "flytectl", key: "defaultIamRole" };

/// Flyte's charts have a template for AWS's annotation, and none for Azure's: there the service accounts themselves are
/// annotated.
pub(crate) fn of(principals: &[Principal]) -> Result<Desired> {
    let mut desired = Desired::default();
    for (scope, principals) in by_scope(principals) {
        let mut chosen = Vec::new();
        for principal in principals {
            match &principal.identity {
                Identity::Known { annotation, .. } => match &annotation.value {
                    AnnotationValue::Known(value) => desired.objects.extend(ATTRIBUTES.objects(principal, value)),
                    AnnotationValue::Chosen { .. } => chosen.push(principal),
                },
                Identity::Asked(_) => {
                    let what = format!("it wants somebody to make a principal of {scope}: Flyte has no vendor");
                    return Err(Error::provider_bug("flyte", what));
                }
            }
        }
        desired.objects.extend(service_accounts::object(scope, &chosen));
    }
    Ok(desired)
}
