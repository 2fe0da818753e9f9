//! A Kubernetes API server on loopback, as far as service accounts, field managers and access reviews go.
//!
//! An emulator of the part of an API server that annotating service accounts needs: namespaces and service accounts, made,
//! read, watched, changed and deleted, and what is in a namespace that is deleted with it; secrets, in which Helm keeps its
//! releases; server-side apply with its managers and conflicts; tokens of service accounts with their issuer; access reviews. It answers as version 1.36 does, in the same
//! words. Genuine clients can use it: `kubectl`, `helm` and client libraries find it by the kubeconfig that it writes, which
//! `KUBECONFIG` among [`Running::exports`] names.
//!
//! Bodies are read as JSON, YAML and protobuf, which Go's clients send; answers are JSON or YAML.
//!
//! # Who may call
//!
//! The users that the [`Seed`] names, each by a bearer token, and service accounts by tokens that were issued here. Who may
//! do what are the seed's [`Rule`]s, which are as those of role-based access control; beside them everybody may look at
//! what there is and ask what they may themselves. Nobody is let in without a token.
//!
//! # What goes wrong on request
//!
//! All knobs of the sandbox kit. `deny=serviceaccounts:patch` refuses an operation: a resource, with its subresource behind
//! a slash, and a verb. There are no quotas.
//!
//! # Beside Kubernetes' own API
//!
//! Below `/_sandbox/` are requests for tests: counters, knobs, and a log.
//!
//! # What it does not do
//!
//! * Other resources, custom ones among them, aren't there (404), nor are other reviews than `SubjectAccessReview` and
//!   `SelfSubjectAccessReview`.
//! * No collection can be deleted at once (405).
//! * Of what happened before a start nothing is known, nor of more than the last thousand writes: whoever wants to watch from then
//!   on is told that it has expired (410).
//! * No controller fills secrets of the type `kubernetes.io/service-account-token`, nor are secrets encrypted on the disk.
//! * The next pages of a list are of the present state, not of the one of the first page.
//! * Who applies as `kubectl` doesn't take over what client-side `kubectl apply` left.
//! * Tokens can't be bound to pods, secrets or nodes: there are none.

#![cfg_attr(not(test), warn(clippy::expect_used, clippy::panic, clippy::unreachable))]

mod authorization;
mod fields;
mod kubeconfig;
mod management;
mod protocol;
mod seed;
mod server;
mod services;
mod state;

use std::sync::{Arc, Mutex};

use cloudgrant_sandbox_kit::oidc::Issuer;
use cloudgrant_sandbox_kit::server::tls;
use cloudgrant_sandbox_kit::{Counter, Faults, Quotas, Result, Running, SandboxError, Server, Start, Store};
use serde_json::json;

pub use crate::authorization::caller::User;
pub use crate::authorization::rules::Rule;
pub use crate::seed::Seed;
use crate::server::dispatch::Dispatcher;

/// The file of the folder that clients are pointed to.
const KUBECONFIG: &str = "kubeconfig";

cloudgrant_sandbox_kit::register_sandbox!("kubernetes", start_for_manifest);

/// Starts the sandbox with what the manifest in `start.config` takes for granted ([`Seed::of_manifest`]). A manifest that names no
/// issuer, and none at all, finds the cluster under the issuer that the last one named.
///
/// # Errors
/// As [`start`].
pub async fn start_for_manifest(start: Start) -> Result<Running> {
    let (seed, names_issuer) = (Seed::of_manifest(&start.config), seed::names_issuer(&start.config));
    begin(start, seed, names_issuer).await
}

/// Starts the sandbox: reads the folder, makes what the seed names, and listens. `start.config` isn't read.
///
/// # Errors
/// When a quota is set, when the folder is in use or holds something else, when it can't be read or written, and when the
/// address is taken or not on loopback.
pub async fn start(start: Start, seed: &Seed) -> Result<Running> {
    begin(start, seed.clone(), true).await
}

async fn begin(start: Start, mut seed: Seed, names_issuer: bool) -> Result<Running> {
    let Start { folder, address, config: _, knobs } = start;
    Quotas::new(&[], &knobs.quotas)?;
    let store = Store::open(&folder, "kubernetes")?;
    let folder = std::path::absolute(&folder)
        .map_err(|error| SandboxError::new(format!("find the folder {}", folder.display())).source(error))?;
    let tls = tls::set_up(&folder, "cloudgrant Kubernetes sandbox")?;
    seed::keep_issuer(&store, &mut seed.issuer, names_issuer)?;
    let issuer = Issuer::load(&folder, &seed.issuer)?;
    let otherwise = store.begun_otherwise("kubernetes", &[("issuer", seed.issuer.as_str())])?;
    let mut state = state::State::load(store)?;
    seed::seed(&mut state, &seed)?;
    // A stop may have come in between.
    services::objects::empty(&mut state, &state::now())?;
    tracing::debug!(%knobs, "the Kubernetes sandbox starts");
    let counter = Arc::new(Counter::default());
    let dispatcher = Dispatcher {
        start: state.history.start(),
        state: Mutex::new(state),
        users: seed.users.clone(),
        rules: seed.rules.clone(),
        issuer,
        faults: Faults::new(knobs),
        counter: Arc::clone(&counter),
        log: Mutex::default(),
    };
    let server = Server::start(address, tls, Arc::new(dispatcher)).await?;
    let endpoint = format!("https://{}", server.address());
    let certificate = tls::certificate_path(&folder);
    let kubeconfig = folder.join(KUBECONFIG);
    kubeconfig::write(&kubeconfig, &endpoint, &certificate, &seed.users)?;
    let settings = json!({"kubernetes": {
        "endpoint": endpoint,
        "ca_certificate": certificate,
        "kubeconfig": kubeconfig,
    }});
    let exports = vec![("KUBECONFIG".to_owned(), kubeconfig.display().to_string())];
    Ok(Running::new(endpoint, settings, exports, counter, server)
        .with_commands(COMMANDS)
        .with_another_beginning(otherwise))
}

/// The commands of kubectl that it answers.
const COMMANDS: &[&str] = &[
    "kubectl annotate",
    "kubectl apply",
    "kubectl auth can-i",
    "kubectl create namespace",
    "kubectl create serviceaccount",
    "kubectl delete",
    "kubectl get",
];
