//! A kubeconfig: how `kubectl` and client libraries find the sandbox, and log in.

use std::fs;
use std::path::Path;

use cloudgrant_sandbox_kit::{Result, SandboxError};
use serde_json::{Value, json};

use crate::authorization::caller::User;

/// What the cluster and the contexts are called.
const NAME: &str = "cloudgrant-sandbox";

/// Writes a kubeconfig with a context for each user, the first one's being the current. Only its owner may read it.
pub(crate) fn write(file: &Path, endpoint: &str, certificate: &Path, users: &[User]) -> Result<()> {
    let text = format!("{:#}\n", kubeconfig(endpoint, certificate, users));
    let failed = |error| SandboxError::new(format!("write {}", file.display())).source(error);
    // The address is another at each start.
    if file.exists() {
        fs::remove_file(file).map_err(failed)?;
    }
    cloudgrant_sandbox_kit::server::tls::write_secret(file, &text)
}

/// JSON is YAML, too.
fn kubeconfig(endpoint: &str, certificate: &Path, users: &[User]) -> Value {
    let context =
        |user: &User| json!({"name": format!("{NAME}-{}", user.name), "context": {"cluster": NAME, "user": user.name}});
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": NAME, "cluster": {"server": endpoint, "certificate-authority": certificate}}],
        "users": users.iter().map(|user| json!({"name": user.name, "user": {"token": user.token}})).collect::<Vec<_>>(),
        "contexts": users.iter().map(context).collect::<Vec<_>>(),
        "current-context": users.first().map_or_else(String::new, |user| format!("{NAME}-{}", user.name)),
    })
}
