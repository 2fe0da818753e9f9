//! What is read from the manifest.

use serde_json::Value;

use super::assumed::Assumed;
use super::{ecr, iam, kms, s3, secretsmanager};
use crate::partition::Partition;
use crate::server::auth;
use crate::{DEFAULT_ACCOUNT, DEFAULT_REGION};

/// What is read from the manifest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Wishes {
    /// The data plane's account.
    pub(crate) account: String,
    /// The data plane's region.
    pub(crate) region: String,
    pub(super) organization: Option<String>,
    pub(crate) issuers: Vec<String>,
    pub(super) audience: String,
    /// Names of EKS clusters.
    pub(super) clusters: Vec<String>,
    pub(super) task_role: Option<String>,
    /// Of Union, or named by the manifest: whether or not anything says how the role is called.
    pub(super) task_policy: Option<String>,
    pub(super) node_role: Option<String>,
    /// The path and name of the policy that bounds roles, where it is the data plane's own.
    pub(super) boundary: Option<(String, String)>,
    pub(super) admin_role: Option<String>,
    /// Roles of other accounts that the data plane's account may become.
    pub(super) assumed: Vec<Assumed>,
    /// Account, region, name.
    pub(super) repositories: Vec<(String, String, String)>,
    /// Names: they are in the data plane's account.
    pub(super) buckets: Vec<String>,
    /// Account, region, name, suffix.
    pub(super) secrets: Vec<(String, String, String, String)>,
    /// Account, region, id: those that are granted, and those that encrypt what is.
    pub(super) keys: Vec<(String, String, String)>,
}

impl Wishes {
    /// Reads them.
    pub(crate) fn read(config: &Value) -> Self {
        let text = |pointer: &str| {
            config.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let organization = text("/platform/organization");
        let named = |pointer: &str, before: &str, after: &str| {
            text(pointer).or_else(|| organization.as_ref().map(|organization| format!("{before}{organization}{after}")))
        };
        let objects = |pointer: &str| config.pointer(pointer).and_then(Value::as_object).into_iter().flatten();
        let registries = config.pointer("/registries").and_then(Value::as_array).into_iter().flatten();
        let locators: Vec<&str> = objects("/resources")
            .map(|(_, resource)| resource)
            .chain(registries)
            .filter_map(|one| one.get("aws")?.as_str())
            .collect();
        let account = text("/aws/account")
            .filter(|account| auth::is_account(account))
            .unwrap_or_else(|| DEFAULT_ACCOUNT.to_owned());
        let region = text("/aws/region").unwrap_or_else(|| DEFAULT_REGION.to_owned());
        let partition = Partition::of_region(&region);
        Self {
            boundary: text("/aws/permissions_boundary").and_then(|arn| iam::own_policy(partition, &account, &arn)),
            account,
            region,
            issuers: issuers(config.pointer("/aws/cluster/oidc_provider")),
            clusters: several(config.pointer("/aws/cluster/name")).map(str::to_owned).collect(),
            audience: text("/aws/cluster/audience").unwrap_or_else(|| "sts.amazonaws.com".to_owned()),
            task_role: named("/aws/task_role", "", "-userflyterole"),
            task_policy: text("/aws/task_policy").or_else(|| {
                let is_union = text("/platform/kind").is_some_and(|kind| kind == "union");
                (is_union || organization.is_some()).then(|| "userflyterole".to_owned())
            }),
            node_role: named("/aws/node_role", "unionai-", "-flyteworker-node-group"),
            admin_role: organization.as_ref().map(|organization| format!("{organization}-adminflyterole")),
            assumed: objects("/aws/accounts")
                .filter_map(|(_, account)| Assumed::read(account.get("assume_role")?))
                .collect(),
            repositories: locators.iter().filter_map(|locator| ecr::repository(locator)).collect(),
            buckets: locators.iter().filter_map(|locator| s3::bucket(locator)).collect(),
            keys: locators
                .iter()
                .copied()
                .chain(objects("/aws/keys").filter_map(|(_, key)| key.as_str()))
                .filter_map(kms::key)
                .collect(),
            secrets: locators.iter().filter_map(|locator| secretsmanager::secret(locator)).collect(),
            organization,
        }
    }
}

/// One issuer, or a list of them, each without its scheme.
fn issuers(written: Option<&Value>) -> Vec<String> {
    let bare = |issuer: &str| {
        let issuer = issuer.split_once(":oidc-provider/").map_or(issuer, |(_, issuer)| issuer);
        issuer.trim_start_matches("https://").to_owned()
    };
    several(written).map(bare).collect()
}

/// One text, or a list of them.
fn several(written: Option<&Value>) -> impl Iterator<Item = &str> {
    let list = written.map(|written| written.as_array().map_or(std::slice::from_ref(written), Vec::as_slice));
    list.unwrap_or_default().iter().filter_map(Value::as_str).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn odd_manifests_are_tolerated() {
        for config in [
            json!(null),
            json!([]),
            json!({"aws": 3}),
            json!({"registries": {"a": 1}, "resources": [1], "aws": {"account": "1"}}),
        ] {
            let wishes = Wishes::read(&config);
            assert_eq!((wishes.account.as_str(), wishes.task_role), (DEFAULT_ACCOUNT, None));
        }
        let wishes = Wishes::read(&json!({"platform": {"organization": "acme"}, "aws": {"node_role": "nodes"}}));
        assert_eq!(wishes.task_role.as_deref(), Some("acme-userflyterole"));
        assert_eq!(wishes.node_role.as_deref(), Some("nodes"));
    }
}
