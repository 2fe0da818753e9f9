//! The keys of the manifest's section `platform` that Union has.

use cloudgrant_core::{Diagnostic, Error, Naming, Result};
use cloudgrant_platform_kit::{Attribute, Deliveries, Host, Keys, written};
use serde::Deserialize;

/// The name of the one namespace, and of the service account in it, where a data plane has a single one. Source: Union,
/// "Self-managed deployment": the release's namespace is `union`, and tasks run under the account `union` there.
const ONE: &str = "union";

/// The keys of the section `platform` that are for Union alone.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UnionKeys {
    /// As [`Keys::delivery`].
    pub delivery: Deliveries,
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

/// Holds the namespaces of a data plane that has a single one against that: its chart gives all task code the release's, whatever
/// template there is.
///
/// # Errors
/// They have a template.
pub(crate) fn one_namespace(naming: &Naming) -> Result<()> {
    if !naming.template().contains('{') {
        return Ok(());
    }
    let message = format!(
        "with `low_privilege` all task code runs in one namespace, and `{}` is a template of several",
        naming.template()
    );
    let hint = "name the release's namespace, or leave `platform.namespace` out; or take out `platform.low_privilege`";
    Err(Error::manifest(vec![Diagnostic::new("platform.namespace", message).hint(hint)]))
}

impl From<UnionKeys> for Keys {
    fn from(keys: UnionKeys) -> Self {
        let UnionKeys { delivery, attribute, deployment, low_privilege: _ } = keys;
        Self { delivery, attribute, deployment }
    }
}
