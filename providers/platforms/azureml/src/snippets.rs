//! Lines of a job's code with which it uses what is granted (requirements 41 and 86).

use cloudgrant_core::{Access, Reach, ResourceKind, Snippet};
use serde_json::json;

/// The package of the script's client is the cloud's own: the SDK submits the job and is no part of it.
const SDK: &str = "Azure Machine Learning (a job's script)";

/// A module that uses a container or a vault under the compute's identity; none for what has no names in task code.
///
/// Source: Azure Machine Learning documentation, "Set up service authentication": on clusters with several identities, the variable
/// `DEFAULT_IDENTITY_CLIENT_ID` names the default one; a Kubernetes compute has one alone, and no such variable.
pub(crate) fn of(reach: &Reach, names: &[(&'static str, String)]) -> Vec<Snippet> {
    let named = |wanted: &str| names.iter().find(|(called, _)| *called == wanted).map(|(_, name)| name.as_str());
    let python = if reach.resource.kind == ResourceKind::OBJECT_STORE {
        let (Some(host), Some(path)) = (named("ACCOUNT_HOST"), named("OBJECT_PATH")) else { return Vec::new() };
        container(reach.access, host, path)
    } else if reach.resource.kind == ResourceKind::SECRET {
        let (Some(vault), Some(secret)) = (named("VAULT_URL"), named("SECRET_NAME")) else { return Vec::new() };
        secret_of(vault, secret)
    } else {
        return Vec::new();
    };
    vec![Snippet { sdk: SDK, python }]
}

/// How a script gets a token of the compute's identity: on Kubernetes there is no variable, and the only identity is the default.
const CREDENTIAL: &str =
    "credential = ManagedIdentityCredential(client_id=os.environ.get(\"DEFAULT_IDENTITY_CLIENT_ID\"))";

/// Shows no more than the level gives.
fn container(access: Access, host: &str, path: &str) -> String {
    let (container, prefix) = path.split_once('/').unwrap_or((path, ""));
    let prefix = literal(prefix);
    let used = match access {
        Access::Write => format!("container.upload_blob({prefix} + \"result.txt\", b\"...\", overwrite=True)\n"),
        Access::List | Access::Read | Access::ReadWrite | Access::Manage | Access::Pull | Access::Push => {
            format!("names = [blob.name for blob in container.list_blobs(name_starts_with={prefix})]\n")
        }
    };
    format!(
        "import os\n\nfrom azure.identity import ManagedIdentityCredential\nfrom azure.storage.blob import ContainerClient\n\n\
         {CREDENTIAL}\ncontainer = ContainerClient({}, {}, credential=credential)\n{used}",
        literal(&format!("https://{host}")),
        literal(container),
    )
}

fn secret_of(vault: &str, secret: &str) -> String {
    format!(
        "import os\n\nfrom azure.identity import ManagedIdentityCredential\nfrom azure.keyvault.secrets import SecretClient\n\n\
         {CREDENTIAL}\nvault = SecretClient({}, credential=credential)\n\
         secret = vault.get_secret({}).value  # Never print it, and return it from no step.\n",
        literal(vault),
        literal(secret),
    )
}

/// A text as Python writes it: each text in JSON is one in Python, too.
fn literal(text: &str) -> String {
    json!(text).to_string()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cloudgrant_core::{Locator, Resource, ResourceName};

    use super::*;

    fn lines(kind: ResourceKind, access: Access, names: &[(&'static str, &str)]) -> Vec<String> {
        let name = ResourceName::parse("inputs").expect("a name");
        let resource = Arc::new(Resource { name, kind, locator: Locator::new("x", ()), force: false });
        let names: Vec<_> = names.iter().map(|(called, name)| (*called, (*name).to_owned())).collect();
        of(&Reach { resource, access }, &names).into_iter().map(|snippet| snippet.python).collect()
    }

    const CONTAINER: [(&str, &str); 2] =
        [("ACCOUNT_HOST", "acme.blob.core.windows.net"), ("OBJECT_PATH", "inputs/a \"b\"/")];

    #[test]
    fn requirement_86_the_variable_of_clusters_names_the_identity_and_nothing_does_on_kubernetes() {
        let [read] = &lines(ResourceKind::OBJECT_STORE, Access::Read, &CONTAINER)[..] else { panic!("one") };
        // Without the variable, as on Kubernetes, it is `None`: the only identity there is.
        assert!(read.contains("client_id=os.environ.get(\"DEFAULT_IDENTITY_CLIENT_ID\")"), "{read}");
        assert!(read.contains("ContainerClient(\"https://acme.blob.core.windows.net\", \"inputs\""), "{read}");
        assert!(read.contains("name_starts_with=\"a \\\"b\\\"/\""), "{read}");
        assert!(!read.contains("upload"), "{read}");
    }

    #[test]
    fn a_level_shows_no_more_than_it_gives() {
        let [write] = &lines(ResourceKind::OBJECT_STORE, Access::Write, &CONTAINER)[..] else { panic!("one") };
        assert!(write.contains("upload_blob") && !write.contains("list_blobs"), "{write}");
        let vault = [("VAULT_URL", "https://acme.vault.azure.net"), ("SECRET_NAME", "token")];
        let [secret] = &lines(ResourceKind::SECRET, Access::Read, &vault)[..] else { panic!("one") };
        assert!(secret.contains("get_secret(\"token\")"), "{secret}");
        assert!(lines(ResourceKind::REGISTRY, Access::Pull, &[]).is_empty());
    }
}
