//! The emulator of the selected cloud, in this process.

use std::net::SocketAddr;
use std::path::PathBuf;

use cloudgrant_core::{Error, ErrorKind, Result};
use cloudgrant_sandbox_kit::registry::{all, find};
use cloudgrant_sandbox_kit::{Knobs, Running, SandboxError, Start};
use serde_json::Value;

use crate::args::Global;

/// What goes wrong in the sandbox: the flag, or else the variable, which means nothing without a sandbox.
///
/// # Errors
/// The variable can't be understood.
pub(crate) fn knobs(global: &Global) -> Result<Knobs> {
    match (&global.faults, std::env::var("CLOUDGRANT_SANDBOX_FAULTS")) {
        (Some(knobs), _) => Ok(knobs.clone()),
        (None, Ok(text)) => text.parse().map_err(|error: SandboxError| {
            failed(ErrorKind::Usage, &error).with("environment variable", "CLOUDGRANT_SANDBOX_FAULTS")
        }),
        (None, Err(_)) => Ok(Knobs::default()),
    }
}

/// Starts the provider's sandbox, with what the manifest takes for granted in it.
///
/// # Errors
/// None is linked in for the provider, or it can't start.
pub(crate) async fn start(
    provider: &str,
    folder: PathBuf,
    address: SocketAddr,
    config: Value,
    knobs: Knobs,
) -> Result<Running> {
    let Some(registration) = find(provider) else {
        let known: Vec<_> = all().map(|registration| registration.provider).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        return Err(Error::new(ErrorKind::Unsupported, format!("there is no sandbox for the provider `{provider}`"))
            .hint(format!("sandboxes that are linked in: {known}")));
    };
    (registration.start)(Start { folder, address, config, knobs })
        .await
        .map_err(|error| failed(ErrorKind::Unexpected, &error))
}

fn failed(kind: ErrorKind, error: &SandboxError) -> Error {
    // Its Display ends with the hint, which has a place of its own here.
    let text = error.to_string();
    let message = text.split("\nhint: ").next().unwrap_or_default().to_owned();
    let failed = Error::new(kind, message);
    match error.hint_text() {
        Some(hint) => failed.hint(hint),
        None => failed,
    }
}
