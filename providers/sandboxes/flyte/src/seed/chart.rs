//! The charts' templates of the service account that task pods run under.

use serde::Deserialize;

/// What the cluster-resource sync sets itself.
pub(crate) const RESERVED: [&str; 3] = ["namespace", "project", "domain"];

/// Whose template makes the account `default` of a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Chart {
    /// flyte-core on EKS (`values-eks.yaml`, `cluster_resource_manager.templates`): a fixed annotation, whose value is
    /// `defaultIamRole`.
    #[default]
    FlyteCoreEks,
    /// flyte-core on GKE (`values-gcp.yaml`): a fixed annotation, whose value is `gsa`.
    FlyteCoreGcp,
    /// Union's data plane (`clusterresourcesync.templates`), on every cloud: `defaultUserRoleKey` is the annotation and
    /// `defaultUserRoleValue` its value.
    UnionDataplane,
}

impl Chart {
    /// The annotation and its value, as the template has them.
    pub(crate) fn annotation(self) -> (&'static str, &'static str) {
        match self {
            Self::FlyteCoreEks => ("eks.amazonaws.com/role-arn", "{{ defaultIamRole }}"),
            Self::FlyteCoreGcp => ("iam.gke.io/gcp-service-account", "{{ gsa }}"),
            Self::UnionDataplane => ("{{ defaultUserRoleKey }}", "{{ defaultUserRoleValue }}"),
        }
    }

    /// The template.
    pub(crate) fn template(self) -> String {
        let (key, value) = self.annotation();
        format!(
            "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: default\n  namespace: {{{{ namespace }}}}\n  \
             annotations:\n    {key}: {value}\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_the_charts() {
        assert_eq!(
            Chart::UnionDataplane.template(),
            "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: default\n  namespace: {{ namespace }}\n  \
             annotations:\n    {{ defaultUserRoleKey }}: {{ defaultUserRoleValue }}\n"
        );
        assert!(Chart::FlyteCoreEks.template().ends_with("    eks.amazonaws.com/role-arn: {{ defaultIamRole }}\n"));
    }
}
