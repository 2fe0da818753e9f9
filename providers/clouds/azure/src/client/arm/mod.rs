//! The Resource Manager's resource types, as far as the provider needs them: one file a type.

mod clusters;
mod deny_assignments;
mod federated_credentials;
mod identities;
mod namespaces;
mod permissions;
mod registries;
mod resource_groups;
mod role_assignments;
mod role_definitions;
mod storage;
mod subscriptions;
mod vaults;

pub(crate) use clusters::{Cluster, Kubelet};
pub(crate) use deny_assignments::{Denied, DenyAssignment, Party};
pub(crate) use federated_credentials::FederatedCredential;
pub(crate) use identities::Identity;
pub(crate) use namespaces::{Namespace, READ_NAMESPACES};
pub(crate) use permissions::Permission;
pub(crate) use registries::{Mode, Registry};
pub(crate) use role_assignments::{NewRoleAssignment, RoleAssignment};
pub(crate) use role_definitions::{NewRoleDefinition, RoleDefinition};
pub(crate) use storage::{READ_CONTAINER, StorageAccount};
pub(crate) use subscriptions::Subscription;
pub(crate) use vaults::{READ_SECRET, Vault};

use serde::Deserialize;

/// Which networks a resource answers, where it doesn't answer all.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct NetworkRules {
    default_action: Option<String>,
}

/// Whether a resource answers some networks only. Source: REST references of Storage, Key Vault and Container Registry,
/// `publicNetworkAccess`, and `defaultAction` of the network rules.
fn is_closed(public: Option<&str>, rules: Option<&NetworkRules>) -> bool {
    let denies = rules.and_then(|rules| rules.default_action.as_deref());
    public.is_some_and(|access| !access.eq_ignore_ascii_case("Enabled"))
        || denies.is_some_and(|action| action.eq_ignore_ascii_case("Deny"))
}

/// What somebody else wrote and people read, without what ends a line or steers a terminal: nothing of it may pass for something else
/// that is said.
pub(crate) fn one_line(text: String) -> String {
    let is_plain = |c: char| !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}');
    match text.chars().all(is_plain) {
        true => text,
        false => text.chars().map(|c| if is_plain(c) { c } else { char::REPLACEMENT_CHARACTER }).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_closes_a_resource() {
        let rules = |action: &str| NetworkRules { default_action: Some(action.to_owned()) };
        for (public, action, expected) in [
            (None, None, false),
            (Some("enabled"), Some("Allow"), false),
            (Some("Enabled"), Some("Deny"), true),
            (None, Some("deny"), true),
            (Some("disabled"), None, true),
            (Some("SecuredByPerimeter"), Some("Allow"), true),
        ] {
            let rules = action.map(rules);
            assert_eq!(is_closed(public, rules.as_ref()), expected, "{public:?} {rules:?}");
        }
    }
}
