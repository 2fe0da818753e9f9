//! Whether a resource answers some networks only.

use serde::Deserialize;

/// Which networks a resource answers, where it doesn't answer all.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct NetworkRules {
    pub(super) default_action: Option<String>,
}

/// Whether a resource answers some networks only. Source: REST references of Storage, Key Vault and Container Registry,
/// `publicNetworkAccess`, and `defaultAction` of the network rules.
pub(super) fn is_closed(public: Option<&str>, rules: Option<&NetworkRules>) -> bool {
    let denies = rules.and_then(|rules| rules.default_action.as_deref());
    public.is_some_and(|access| !access.eq_ignore_ascii_case("Enabled"))
        || denies.is_some_and(|action| action.eq_ignore_ascii_case("Deny"))
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
