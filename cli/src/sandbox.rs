//! The emulator of the selected cloud, in this process.

mod tools;

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use cloudgrant_core::{Error, ErrorKind, Result, quoted};
use cloudgrant_sandbox_kit::registry::{all, find};
use cloudgrant_sandbox_kit::{Knobs, Running, SandboxError, Setup, Start};
use serde_json::Value;

use crate::args::Global;
use crate::args::manifest_file::ENDINGS;
pub(crate) use tools::Tools;

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
async fn start(provider: &str, folder: PathBuf, address: SocketAddr, config: Value, knobs: Knobs) -> Result<Running> {
    let Some(registration) = find(provider) else {
        let known: Vec<_> = all().map(|registration| registration.provider).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        return Err(Error::new(ErrorKind::Unsupported, format!("there is no sandbox for the provider `{provider}`"))
            .hint(format!("sandboxes that are linked in: {known}")));
    };
    is_folder(&folder)?;
    (registration.start)(Start { folder, address, config, knobs })
        .await
        .map_err(|error| failed(ErrorKind::Unexpected, &error))
}

/// A sandbox of the cloud and, where the platform is told by things that have some, of these as well.
#[derive(Debug)]
pub(crate) struct Sandboxes {
    pub(crate) cloud: Running,
    /// By the names under which they are registered.
    pub(crate) platform: Vec<(&'static str, Running)>,
}

impl Sandboxes {
    /// Starts them. The platform's state is in folders in the cloud's, so that all begin anew together.
    ///
    /// # Errors
    /// One of them isn't linked in, or can't start.
    pub(crate) async fn start(
        provider: &str,
        platform: Vec<&'static str>,
        folder: &Path,
        address: SocketAddr,
        mut config: Value,
        knobs: Knobs,
    ) -> Result<Self> {
        let cloud = start(provider, folder.to_owned(), address, config.clone(), knobs.clone()).await?;
        if let (Some(issuer), Value::Object(config)) = (cloud.issuers().first(), &mut config) {
            config.insert("issuer".to_owned(), issuer.as_str().into());
        }
        // What counts the cloud's requests, or is a quota of the cloud's, says nothing of another server.
        let (quotas, late_at, hold_before, hold_after) = Default::default();
        let knobs = Knobs { quotas, late_at, hold_before, hold_after, ..knobs };
        let address = SocketAddr::new(address.ip(), 0);
        let mut started = Self { cloud, platform: Vec::new() };
        for name in platform {
            match start(name, folder.join(name), address, config.clone(), knobs.clone()).await {
                Ok(running) => started.platform.push((name, running)),
                Err(error) => {
                    started.stop().await;
                    return Err(error);
                }
            }
        }
        Ok(started)
    }

    /// What those of the platform say of where they are, together.
    pub(crate) fn of_platform(&self) -> Option<Value> {
        let all = self.platform.iter().filter_map(|(_, running)| running.settings().as_object());
        let all: serde_json::Map<_, _> = all.flatten().map(|(key, value)| (key.clone(), value.clone())).collect();
        (!self.platform.is_empty()).then_some(Value::Object(all))
    }

    /// All of them, the cloud's first.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Running> {
        std::iter::once(&self.cloud).chain(self.platform.iter().map(|(_, running)| running))
    }

    /// What other programs need before they talk to these.
    pub(crate) fn setups(&self) -> Vec<&Setup> {
        self.all().filter_map(Running::setup).collect()
    }

    pub(crate) async fn stop(self) {
        self.cloud.stop().await;
        for (_, platform) in self.platform {
            platform.stop().await;
        }
    }
}

/// Refuses a file where the state is to be: whoever names one means something else.
fn is_folder(folder: &Path) -> Result<()> {
    let Some(file) = folder.ancestors().find(|part| part.is_file()) else { return Ok(()) };
    let file = file.display();
    let message = format!("{file} is a file, and the sandbox keeps its state in a folder");
    let named = file.to_string();
    let hint = match ENDINGS.iter().any(|ending| named.to_ascii_lowercase().ends_with(ending)) {
        true => format!("a manifest is named with an option of its own: `--sandbox --file {}`", quoted(&named)),
        false => "write `--sandbox=DIR` with another folder, or `--sandbox` for the usual one".to_owned(),
    };
    Err(Error::new(ErrorKind::Usage, message).hint(hint))
}

/// That the folder was begun for something else than the manifest names now, and what to do where that is in the way. The world in
/// it is that of its beginning.
pub(crate) fn begun_otherwise(running: &Running, folder: &Path) -> Option<String> {
    let otherwise = running.begun_otherwise();
    let folder = folder.display();
    (!otherwise.is_empty()).then(|| {
        format!(
            "The sandbox in {folder} was begun with {}: it may lack what is needed now. To begin anew, delete that folder, or \
             name another one (`--sandbox=DIR`).",
            otherwise.join("; ")
        )
    })
}

/// The variables by which programs know where no proxy is used: the lower-case one counts for some, the other one for others.
const NO_PROXY: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// What those variables are to be such that no proxy is used for the sandbox, which none could reach. What is in them stays;
/// where only one of them is set, the other one takes over what it says.
pub(crate) fn without_proxy(host: IpAddr, variable: impl Fn(&str) -> Option<String>) -> Vec<(String, String)> {
    let host = host.to_string();
    let said = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
    let value = |name: &str| {
        let before = said(name).or_else(|| NO_PROXY.into_iter().find_map(said)).unwrap_or_default();
        match before.split(',').any(|one| one.trim() == host || one.trim() == "*") {
            true => before,
            false if before.is_empty() => host.clone(),
            false => format!("{before},{host}"),
        }
    };
    NO_PROXY.map(|name| (name.to_owned(), value(name))).into()
}

/// What went wrong in a sandbox, as an error of the command.
pub(crate) fn failed(kind: ErrorKind, error: &SandboxError) -> Error {
    // Its Display ends with the hint, which has a place of its own here.
    let text = error.to_string();
    let message = text.split("\nhint: ").next().unwrap_or_default().to_owned();
    let failed = Error::new(kind, message);
    match error.hint_text() {
        Some(hint) => failed.hint(hint),
        None => failed,
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn what_needs_no_proxy_stays_named() {
        let with = |upper: Option<&str>, lower: Option<&str>| {
            let variable = |name: &str| if name == "NO_PROXY" { upper } else { lower }.map(str::to_owned);
            let [upper, lower] = without_proxy(Ipv4Addr::LOCALHOST.into(), variable).try_into().expect("two");
            assert_eq!((upper.0.as_str(), lower.0.as_str()), ("NO_PROXY", "no_proxy"));
            (upper.1, lower.1)
        };
        let both = |value: &str| (value.to_owned(), value.to_owned());
        assert_eq!(with(None, None), both("127.0.0.1"));
        assert_eq!(with(Some(" "), None), both("127.0.0.1"));
        assert_eq!(with(Some("corp.example"), None), both("corp.example,127.0.0.1"));
        assert_eq!(with(None, Some("corp.example")), both("corp.example,127.0.0.1"));
        assert_eq!(with(Some("a, 127.0.0.1"), Some("*")), ("a, 127.0.0.1".to_owned(), "*".to_owned()));
        assert_eq!(with(Some("a"), Some("b")), ("a,127.0.0.1".to_owned(), "b,127.0.0.1".to_owned()));
    }
}
