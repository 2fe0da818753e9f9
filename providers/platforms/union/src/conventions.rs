//! What Union calls its own things on each cloud.

use cloudgrant_core::{Conventions, MadeBy};

pub(crate) fn on(cloud: &str, organization: &str) -> Conventions {
    match cloud {
        "aws" => aws(organization),
        "azure" => azure(),
        _ => Conventions::default(),
    }
}

/// Source: Union, "Enabling AWS resources"; requirements 13, 22, 29 and 30.
fn aws(organization: &str) -> Conventions {
    let mut storage = vec!["unionai-*".to_owned(), "union-cloud-*".to_owned()];
    if !organization.is_empty() {
        storage.extend([format!("union-{organization}-*"), format!("opta-{organization}-*")]);
    }
    let of_organization = |name: String| (!organization.is_empty()).then_some(name);
    Conventions {
        task_principal: Vec::from_iter(of_organization(format!("{organization}-userflyterole"))),
        task_policy: Some("userflyterole".to_owned()),
        node_principal: of_organization(format!("unionai-{organization}-flyteworker-node-group")),
        storage,
        protected: vec!["*adminflyterole*".to_owned()],
        is_of_organization: true,
        scoped_principals: MadeBy::Stack,
    }
}

/// Source: Union, "Enabling Azure resources", which calls the identity by either name; requirements 2, 7 and 29.
fn azure() -> Conventions {
    Conventions {
        task_principal: vec!["flyteuser*".to_owned(), "userflyterole*".to_owned()],
        storage: vec!["unionai*".to_owned(), "unionmeta*".to_owned()],
        protected: vec!["*adminflyte*".to_owned(), "*flyteadmin*".to_owned()],
        scoped_principals: MadeBy::Vendor,
        ..Conventions::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_13_and_30_names_on_aws_are_made_of_the_organization_and_of_nothing_without_one() {
        let named = on("aws", "acme");
        assert_eq!(named.task_principal_name(), Some("acme-userflyterole"));
        assert_eq!(named.node_principal.as_deref(), Some("unionai-acme-flyteworker-node-group"));
        assert_eq!(named.own_storage().matching("opta-acme-x"), Some("opta-acme-*"));
        let unnamed = on("aws", "");
        assert_eq!((unnamed.task_principal_name(), unnamed.node_principal.as_deref()), (None, None));
        assert_eq!(unnamed.task_policy.as_deref(), Some("userflyterole"));
        assert_eq!(unnamed.storage, ["unionai-*", "union-cloud-*"], "no pattern is made of an empty name");
    }

    #[test]
    fn requirement_7_only_the_vendor_makes_a_domain_s_identity_on_azure() {
        assert_eq!(on("azure", "acme").scoped_principals, MadeBy::Vendor);
        assert_eq!(on("azure", "acme").task_principal_name(), None, "a part of the name is Azure's");
        assert_eq!(on("aws", "acme").scoped_principals, MadeBy::Stack);
        assert_eq!(on("elsewhere", "acme"), Conventions::default());
    }
}
