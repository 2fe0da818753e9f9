//! What task code calls a container and a secret (requirement 41).

use crate::config::Cloud;
use crate::config::cloud::Hosts;
use crate::resources::kinds::object_store::Objects;
use crate::resources::kinds::secret::Secret;
use crate::resources::locator::Locator;
use crate::resources::place::Place;

impl Locator {
    /// The names of what is granted, in this cloud.
    ///
    /// A container is told with its account: in `abfs://`, the platforms' clients go by the account of their own configuration,
    /// whichever the URI names.
    pub(crate) fn in_task_code(&self, cloud: Cloud) -> Vec<(&'static str, String)> {
        let hosts = Hosts::of(cloud);
        match self {
            Self::Objects(Objects { account, container, prefix }) => vec![
                ("ACCOUNT_NAME", account.name().to_owned()),
                ("ACCOUNT_HOST", host(account, hosts.blob).replace(".dfs.", ".blob.")),
                ("OBJECT_PATH", format!("{container}/{prefix}")),
            ],
            Self::Secret(Secret { vault, name }) => {
                vec![("VAULT_URL", format!("https://{}", host(vault, hosts.vault))), ("SECRET_NAME", name.clone())]
            }
            Self::Registry(_) | Self::Child(_) | Self::Resource(_) => Vec::new(),
        }
    }
}

fn host(place: &Place, suffix: &str) -> String {
    match place {
        Place::Named(host) => host.text.clone(),
        Place::At(id) => format!("{}.{suffix}", id.name()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(locator: &str) -> Vec<String> {
        let names = Locator::parse(locator).expect("a locator").in_task_code(Cloud::Public);
        names.into_iter().map(|(called, name)| format!("{called}={name}")).collect()
    }

    #[test]
    fn requirement_41_a_container_is_named_with_its_account() {
        let expected = ["ACCOUNT_NAME=acme", "ACCOUNT_HOST=acme.blob.core.windows.net", "OBJECT_PATH=models/a/"];
        for locator in ["https://acme.blob.core.windows.net/models/a/", "abfss://models@acme.dfs.core.windows.net/a/"] {
            assert_eq!(named(locator), expected, "{locator}");
        }
    }

    #[test]
    fn requirement_41_a_secret_is_named_with_its_vault() {
        let expected = ["VAULT_URL=https://acme-vault.vault.azure.net", "SECRET_NAME=token"];
        assert_eq!(named("https://acme-vault.vault.azure.net/secrets/token"), expected);
    }

    #[test]
    fn requirement_41_a_registry_has_no_other_name() {
        assert!(named("acmeimages.azurecr.io/team/trainer").is_empty());
    }
}
