//! How Flyte is told under which principal task code runs.

use cloudgrant_core::{Desired, Error, Principal, Result};
use cloudgrant_platform_kit::helm::{Chart, ChartAttribute, Templates};
use cloudgrant_platform_kit::{ClusterResourceAttributes, Delivery, PlatformDelivery};

/// Flyte's charts have a template for AWS's annotation, and none for Azure's: there the service accounts themselves are
/// annotated. Source: flyte-core's `values-eks.yaml`, flyte-binary's `eks-production.yaml`.
pub(crate) const DELIVERY: Delivery = Delivery {
    attributes: ClusterResourceAttributes { tool: "flytectl", key: "defaultIamRole" },
    templated: "eks.amazonaws.com/role-arn",
    annotated: "azure.workload.identity/client-id",
    of_attributes: &["eks.amazonaws.com/role-arn"],
    charts: &[
        Chart {
            name: "flyte-core",
            path: &["cluster_resource_manager", "config", "cluster_resources", "customData"],
            attributes: ATTRIBUTES,
            templates: Templates::List(&["cluster_resource_manager", "templates"]),
            pod_labels: &["configmap", "k8s", "plugins", "k8s", "default-labels"],
            maps_namespaces: false,
        },
        Chart {
            name: "flyte-binary",
            path: &["configuration", "inline", "cluster_resources", "customData"],
            attributes: ATTRIBUTES,
            templates: Templates::Files(&["clusterResourceTemplates", "inline"]),
            pod_labels: &["configuration", "inline", "plugins", "k8s", "default-labels"],
            maps_namespaces: false,
        },
    ],
    untold: "task code of `global` runs under the platform's own role or identity, and no scope is narrower than that",
};

/// What its charts' templates make annotations of. For Azure's they have none, so that an export has one.
const ATTRIBUTES: &[ChartAttribute] = &[
    ChartAttribute {
        annotation: "eks.amazonaws.com/role-arn",
        key: "defaultIamRole",
        annotation_key: None,
        is_shipped: true,
    },
    ChartAttribute {
        annotation: "azure.workload.identity/client-id",
        key: "defaultClientId",
        annotation_key: None,
        is_shipped: false,
    },
];

pub(crate) fn of(platform_delivery: &PlatformDelivery, principals: &[Principal]) -> Result<Desired> {
    platform_delivery.desired(&DELIVERY, principals, |principal, _| {
        let what = format!("it wants somebody to make a principal of {}: Flyte has no vendor", principal.scope);
        Err(Error::provider_bug("flyte", what))
    })
}

#[cfg(test)]
mod tests;
