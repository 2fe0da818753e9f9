//! Flyte's control plane on loopback, for trying cloudgrant without a deployment.
//!
//! An emulator of the parts of it that telling Flyte of a role needs. Of Flyte admin's REST API: projects and domains, attributes of
//! projects, of pairs of project and domain, and of workflows, and signing in, as Flyte 1.16 has them (flyteorg/flyte, branch
//! `master` of August 2026). Of Flyte 2, over Connect: settings with their versions, projects, and how to sign in (branch `main` of August
//! 2026). Oddities included, so that what works here has a fair chance there.
//!
//! ```no_run
//! # async fn example() -> cloudgrant_sandbox_kit::Result<()> {
//! use cloudgrant_flyte_sandbox::{Seed, start_with};
//! use cloudgrant_sandbox_kit::Start;
//!
//! let seed = Seed { projects: vec!["vision".to_owned()], ..Seed::default() };
//! let running = start_with(Start::new("sandbox"), seed).await?;
//! println!("{}/api/v1/projects", running.endpoint());
//! # Ok(())
//! # }
//! ```
//!
//! # What it is begun with
//!
//! A [`Seed`]: projects, domains, Helm's `customData`, whose chart annotates the service accounts, and who may call. [`start`]
//! reads one from a manifest.
//!
//! # How programs find it
//!
//! [`Running::exports`] has the variables, and a configuration in the folder as flytectl and uctl read it. These two speak gRPC, and so get no
//! answer; but none of a person's own deployment either.
//!
//! # What goes wrong on request
//!
//! All knobs of the sandbox kit. `deny=admin:UpdateProjectDomainAttributes` refuses a call by the name that gRPC has for it, and
//! `deny=settings:UpdateSettings` one of the settings service; `deny=auth:Token` gives nobody a token; `quota.TokenSeconds=1` makes tokens expire. `replication` and `wording` change nothing.
//!
//! # Beside Flyte's own API
//!
//! Below `/_sandbox/` are requests for tests: counters, a log, what the cluster-resource sync would annotate next, and the tokens of
//! pods in the deployment's cluster.
//!
//! # What it does not do
//!
//! * gRPC, and protobuf's binary form over HTTP, but with Connect.
//! * Connect by `GET`. `GetSettings`, which resolves what is inherited, is unimplemented, as in Flyte 2.
//! * What Union's settings service refuses isn't public. With an [`organization`](Seed::organization), as on Union, requests must name
//!   it, and a project or a domain that isn't there is not found; Flyte 2 takes settings of any.
//! * Signing in as a person (PKCE, devices), and refreshing tokens. Tokens are signed with a secret of the folder, so that
//!   `/oauth2/jwks` has no keys.
//! * Everything else of the API, such as workflows and executions: those paths are unknown. Whether a workflow is there is not
//!   asked when attributes are set for it; Flyte doesn't ask either.
//! * `org` is read and not looked at, as by open-source Flyte; Union's control plane looks at it.
//! * Errors of the JSON reader don't say where in the body.

#![cfg_attr(not(test), warn(clippy::expect_used, clippy::panic, clippy::unreachable))]

mod configuration;
mod management;
mod protocol;
mod seed;
mod server;
mod services;
mod state;

use std::sync::{Arc, Mutex};

use cloudgrant_sandbox_kit::oidc::Issuer;
use cloudgrant_sandbox_kit::{Counter, Faults, Plain, Quotas, Result, Running, SandboxError, Server, Start, Store};
use serde_json::{Value, json};

pub use crate::seed::{Chart, Client, Domain, Seed, Services, SignIn};
use crate::server::dispatch::{self, Dispatcher};
use crate::services::auth::jwt::Key;

cloudgrant_sandbox_kit::register_sandbox!("flyte", start);

/// Starts the sandbox with the projects and domains of a manifest, beside those that earlier ones named.
///
/// # Errors
/// As [`start_with`].
pub async fn start(start: Start) -> Result<Running> {
    begin(start, |store, config| Seed::of_manifest_and_earlier(config, store)).await
}

/// Starts the sandbox: reads the folder, makes the seed's projects that were not made before, and listens.
///
/// # Errors
/// When no deployment could be as the seed says, when a quota has no such name, when the folder is in use or holds something
/// else, when it can't be read or written, and when the address is taken or not on loopback.
pub async fn start_with(start: Start, seed: Seed) -> Result<Running> {
    begin(start, |_, _| Ok(seed)).await
}

async fn begin(start: Start, seed: impl FnOnce(&Store, &Value) -> Result<Seed>) -> Result<Running> {
    let Start { folder, address, config, knobs } = start;
    let folder = std::path::absolute(&folder)
        .map_err(|error| SandboxError::new(format!("find the folder {}", folder.display())).source(error))?;
    let quotas = Quotas::new(dispatch::QUOTAS, &knobs.quotas)?;
    let store = Store::open(&folder, "flyte")?;
    let seed = seed(&store, &config)?;
    seed.check()?;
    let key = Key::load(&folder)?;
    let issuer = Issuer::load(&folder, &seed.issuer)?;
    let mut state = state::State::load(store)?;
    seed.plant(&mut state)?;
    tracing::debug!(%knobs, "the Flyte sandbox starts");
    let counter = Arc::new(Counter::default());
    let dispatcher = Dispatcher {
        state: Mutex::new(state),
        seed,
        faults: Faults::new(knobs),
        quotas: Mutex::new(quotas),
        counter: Arc::clone(&counter),
        log: Mutex::default(),
        key,
        issuer,
    };
    let server = Server::start(address, Plain, Arc::new(dispatcher)).await?;
    let endpoint = format!("http://{}", server.address());
    let configuration = configuration::write(&folder, &endpoint)?;
    let settings = json!({"flyte": {"endpoint": endpoint}});
    Ok(Running::new(endpoint.clone(), settings, configuration::exports(&endpoint, &configuration), counter, server))
}
