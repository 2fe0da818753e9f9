//! The keys of the manifest's section `platform` that Union has.

use cloudgrant_core::Naming;
use cloudgrant_platform_kit::{Attribute, Host, Keys, Way, written};
use serde::Deserialize;

/// The name of the one namespace, and of the service account in it, where a data plane has a single one. Source: Union,
/// "Self-managed deployment": the release's namespace is `union`, and tasks run under the account `union` there.
const ONE: &str = "union";

/// The keys of the section `platform` that are for Union alone.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UnionKeys {
    /// As [`Keys::delivery`].
    pub delivery: Way,
    /// As [`Keys::attribute`].
    #[serde(deserialize_with = "written")]
    pub attribute: Option<Attribute>,
    /// As [`Keys::deployment`].
    #[serde(deserialize_with = "written")]
    pub deployment: Option<Host>,
    /// Whether the data plane runs all task code in one namespace, as its chart has it by default.
    ///
    /// Source: unionai/helm-charts, `charts/dataplane/values.yaml`, `low_privilege`.
    pub low_privilege: bool,
}

impl UnionKeys {
    /// What namespaces and service accounts are called where the manifest doesn't say it.
    pub(crate) fn naming(&self) -> Naming {
        let one = self.low_privilege.then(|| Naming::new(ONE, ONE).ok()).flatten();
        one.unwrap_or_default()
    }
}

impl From<UnionKeys> for Keys {
    fn from(keys: UnionKeys) -> Self {
        let UnionKeys { delivery, attribute, deployment, low_privilege: _ } = keys;
        Self { delivery, attribute, deployment }
    }
}
