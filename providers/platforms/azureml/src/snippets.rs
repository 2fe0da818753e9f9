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
