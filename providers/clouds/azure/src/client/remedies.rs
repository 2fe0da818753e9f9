//! Commands that people are told to type. Whatever is in an ID or a name is one word of the shell: names are other people's, too.

use cloudgrant_core::quoted;
use serde_json::json;

use crate::config::Guid;
use crate::names::resource_id::ResourceId;
use crate::names::{HOME_TAG, STACK_TAG};

/// Takes a role assignment away.
pub(crate) fn delete_assignment(id: &str) -> String {
    format!("az role assignment delete --ids {}", quoted(id))
}

/// Deletes a custom role, by the GUID of its definition.
pub(crate) fn delete_role(id: &str, subscription: &str) -> String {
    format!(
        "az role definition delete --name {} --scope {}",
        quoted(id),
        quoted(&format!("/subscriptions/{subscription}"))
    )
}

/// Lists the role assignments of a subscription.
pub(crate) fn list_assignments(subscription: &str) -> String {
    format!("az role assignment list --all --subscription {}", quoted(subscription))
}

/// Lists what stacks with a home have assigned. In a query, an apostrophe and a backslash have a backslash before them.
/// Source: JMESPath, raw string literals.
pub(crate) fn list_assignments_of(home: &str) -> String {
    let home = home.replace('\\', r"\\").replace('\'', r"\'");
    format!("az role assignment list --all --query {}", quoted(&format!("[?contains(description, '{home}')]")))
}

/// Puts the marks of a stack and its home among the tags of a managed identity.
pub(crate) fn mark(identity: &ResourceId, stack: &str, home: &str) -> String {
    format!(
        "az tag update --operation merge --resource-id {} --tags {} {}",
        quoted(identity.as_str()),
        quoted(&format!("{STACK_TAG}={stack}")),
        quoted(&format!("{HOME_TAG}={home}"))
    )
}

/// Takes a federated credential away.
pub(crate) fn delete_credential(identity: &ResourceId, name: &str) -> String {
    format!(
        "az identity federated-credential delete --subscription {} --resource-group {} --identity-name {} --name {}",
        quoted(&identity.subscription()),
        quoted(identity.resource_group().unwrap_or_default()),
        quoted(identity.name()),
        quoted(name)
    )
}

/// Has a managed identity trust a service account, whose namespace and name whoever types it fills in.
pub(crate) fn add_credential(identity: &ResourceId, issuer: &str, audience: &str) -> String {
    format!(
        "az identity federated-credential create --subscription {} --resource-group {} --identity-name {} --name NAME \
         --issuer {} --subject system:serviceaccount:NAMESPACE:SERVICE_ACCOUNT --audiences {}",
        quoted(&identity.subscription()),
        quoted(identity.resource_group().unwrap_or_default()),
        quoted(identity.name()),
        quoted(issuer),
        quoted(audience)
    )
}

/// Lists the managed identities of a subscription.
pub(crate) fn list_identities(subscription: &str) -> String {
    format!("az identity list --subscription {} --query '[].id'", quoted(subscription))
}

/// Has a cluster issue tokens, and put them into pods.
pub(crate) fn enable_workload_identity(subscription: &str, group: &str, cluster: &str) -> String {
    format!(
        "az aks update --subscription {} --resource-group {} --name {} --enable-oidc-issuer --enable-workload-identity",
        quoted(subscription),
        quoted(group),
        quoted(cluster)
    )
}

/// Has a key vault look at roles.
pub(crate) fn enable_roles(vault: &str) -> String {
    format!("az keyvault update --name {} --enable-rbac-authorization true", quoted(vault))
}

/// Has a key vault trust another tenant. Source: Azure Key Vault, "Moving an Azure Key Vault to another subscription".
pub(crate) fn trust_tenant(vault: &str, tenant: &str) -> String {
    format!("az keyvault update --name {} --set {}", quoted(vault), quoted(&format!("properties.tenantId={tenant}")))
}

/// Brings a deleted key vault back.
pub(crate) fn recover_vault(vault: &str) -> String {
    format!("az keyvault recover --name {}", quoted(vault))
}

/// Takes the admin user of a registry away.
pub(crate) fn disable_admin(registry: &str) -> String {
    format!("az acr update --name {} --admin-enabled false", quoted(registry))
}

/// Has a sandbox know a role, by its name or its ID, whose actions whoever types it fills in.
pub(crate) fn role_for_sandbox(role: &str, subscription: &str) -> String {
    let subscription = format!("/subscriptions/{subscription}");
    let (id, name) = if Guid::parse(role).is_ok() { (role, "NAME") } else { ("GUID", role) };
    let described = json!({
        "id": format!("{subscription}/providers/Microsoft.Authorization/roleDefinitions/{id}"),
        "properties": {
            "roleName": name,
            "assignableScopes": [subscription],
            "permissions": [{ "actions": ["ACTION"], "dataActions": ["ACTION"] }],
        },
    });
    let put = r#"curl -sS --cacert "$REQUESTS_CA_BUNDLE" "$ARM_ENDPOINT/_sandbox/put" -d @role.json"#;
    format!("`cloudgrant sandbox -- sh -c '{put}'`, with `{described}` in role.json")
}

/// Lists the roles of a subscription.
pub(crate) fn list_roles(subscription: &str) -> String {
    format!(
        "az role definition list --scope {} --query '[].roleName'",
        quoted(&format!("/subscriptions/{subscription}"))
    )
}

/// Lets a service account name no identity any more. None where the subject is no service account.
pub(crate) fn unbind(subject: &str) -> Option<String> {
    let (namespace, account) = subject.strip_prefix("system:serviceaccount:")?.split_once(':')?;
    Some(format!(
        "kubectl annotate serviceaccount {} --namespace {} azure.workload.identity/client-id-",
        quoted(account),
        quoted(namespace)
    ))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// What is more than a word of the shell.
    pub(crate) const NAME: &str = r"a'b$(touch PWNED);`id` (x)\&|>";

    /// What stands outside of quotes.
    pub(crate) fn bare(command: &str) -> String {
        let mut bare = String::new();
        let mut is_quoted = false;
        let mut chars = command.chars();
        while let Some(c) = chars.next() {
            match c {
                '\'' => is_quoted = !is_quoted,
                '\\' if !is_quoted => _ = chars.next(),
                c if !is_quoted => bare.push(c),
                _ => {}
            }
        }
        assert!(!is_quoted, "{command}");
        bare
    }

    #[test]
    fn no_name_is_more_than_a_word_of_a_printed_command() {
        let group = "/subscriptions/00000000-0000-0000-0000-00000000000b/resourceGroups/rg(prod)";
        let identity = format!("{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i");
        let identity = ResourceId::parse(&identity).expect("an ID");
        for command in [
            delete_assignment(NAME),
            list_assignments(NAME),
            list_assignments_of(NAME),
            delete_credential(&identity, NAME),
            add_credential(&identity, NAME, "a"),
            add_credential(&identity, "i", NAME),
            list_identities(NAME),
            enable_workload_identity(NAME, "g", "c"),
            enable_workload_identity("s", NAME, "c"),
            enable_workload_identity("s", "g", NAME),
            enable_roles(NAME),
            disable_admin(NAME),
            list_roles(NAME),
            delete_role(NAME, "s"),
            delete_role("r", NAME),
            unbind(&format!("system:serviceaccount:{NAME}:default")).expect("a service account"),
            unbind(&format!("system:serviceaccount:n:{NAME}")).expect("a service account"),
        ] {
            assert!(command.contains("PWNED"), "{command}");
            let bare = bare(&command);
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@, ".contains(c);
            assert!(bare.chars().all(plain) && !bare.contains("PWNED"), "{command}: {bare}");
        }
        assert!(delete_credential(&identity, "c").contains("--resource-group 'rg(prod)'"));
        assert_eq!(delete_assignment("/subscriptions/s/a"), "az role assignment delete --ids /subscriptions/s/a");
        assert_eq!(unbind("repo:acme/app:ref:refs/heads/main"), None);
    }
}
