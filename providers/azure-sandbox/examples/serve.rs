//! Serves the Azure sandbox to other programs until Ctrl-C.
//!
//! ```text
//! cargo run -p cloudgrant-azure-sandbox --example serve -- FOLDER [--port N] [--knobs latency=50ms,seed=42] [--config manifest.json]
//! ```
//!
//! Standard output gets `export` lines for a shell: `eval "$(...)"`, or copy them. The manifest is JSON; without one, a
//! small one with an organization named `acme` is used.

use std::error::Error;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};

use cloudgrant_sandbox_kit::{Start, registry};
// The crate registers itself once the program uses something of it.
use cloudgrant_azure_sandbox as _;
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("name a folder for the state")?;
    let mut start = Start::new(folder).config(small_manifest());
    while let Some(argument) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{argument} needs a value"))?;
        match argument.as_str() {
            "--port" => start.address = SocketAddr::from((Ipv4Addr::LOCALHOST, value.parse()?)),
            "--knobs" => start.knobs = value.parse()?,
            "--config" => start.config = serde_json::from_slice(&std::fs::read(value)?)?,
            other => return Err(format!("there is no {other}; there are --port, --knobs and --config").into()),
        }
    }
    let running = registry::start("azure", start).await?;
    let mut output = std::io::stdout().lock();
    for (name, value) in running.exports() {
        writeln!(output, "export {name}={value}")?;
    }
    output.flush()?;
    drop(output);
    tokio::signal::ctrl_c().await?;
    running.stop().await;
    Ok(())
}

fn small_manifest() -> Value {
    json!({
        "platform": {"kind": "union", "organization": "acme"},
        "azure": {
            "resource_group": "acme-dataplane",
            "cluster": {"oidc_issuer": "https://westeurope.oic.prod-aks.azure.com/tenant/cluster/"},
            "identities": {"production": "acme-production"},
        },
        "resources": {
            "training-data": {"azure": "https://acmetraining.blob.core.windows.net/inputs/"},
            "labels-token": {"azure": "https://acme-vault.vault.azure.net/secrets/labels-token"},
        },
        "registries": [{"name": "trainer-images", "azure": "acmeimages.azurecr.io"}],
    })
}
