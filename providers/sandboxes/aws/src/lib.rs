//! AWS on loopback, for trying cloudgrant without an account.
//!
//! An emulator of the parts of IAM, STS, ECR, S3, KMS and Secrets Manager that granting access needs, with AWS's limits,
//! validations, errors and texts, so that what works here has a fair chance there. Other programs can use it too: `aws`,
//! boto3, Terraform and the SDKs talk to it through [`Running::exports`].
//!
//! # Accounts
//!
//! Every account exists and is empty until something is made in it. The access key names the account: `AKIASANDBOX0` and
//! the twelve digits of its id, with any secret key. `sts:AssumeRole` gives sessions in other accounts.
//!
//! # Partitions
//!
//! The manifest's region says which of AWS's partitions the sandbox plays, such as GovCloud or China: ARNs and hosts are that
//! partition's, and those of another are refused as AWS refuses them.
//!
//! # What it does not do
//!
//! * Signatures are not verified.
//! * Identity policies are not evaluated: whoever has a key may do everything in its account, except for what the `deny`
//!   knob refuses (`iam:CreateRole@service-control-policy` says in whose name), and where a test says what callers of an account may do
//!   (`POST /_sandbox/allow`). Trust policies are evaluated, as far as `StringEquals` and `StringLike` on what the caller or its token
//!   says go: a statement with any other condition doesn't apply.
//! * `AssumeRoleWithWebIdentity` takes tokens of clusters whose sandbox runs in the same process: it knows nobody else's keys.
//! * Reads are strongly consistent; the `replication` knob delays only the moment from which a new role can be named as a
//!   principal.

#![cfg_attr(not(test), warn(clippy::expect_used, clippy::panic, clippy::unreachable))]

mod authorization;
mod management;
mod partition;
mod protocol;
mod quotas;
mod seed;
mod server;
mod services;
mod state;

use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

use cloudgrant_sandbox_kit::store::fixed_file;
use cloudgrant_sandbox_kit::{Counter, Faults, Plain, Result, Running, SandboxError, Server, Start, Store};
use serde_json::json;

use crate::authorization::caller_policies::Allowed;
use crate::authorization::denials;
use crate::server::{auth, dispatch};

/// The account that is used where the manifest names none.
pub const DEFAULT_ACCOUNT: &str = "111122223333";

/// The region that is used where the manifest names none.
pub const DEFAULT_REGION: &str = "us-west-2";

cloudgrant_sandbox_kit::register_sandbox!("aws", start);

/// The access key that stands for an account: its id after a prefix. Any secret key goes with it.
pub fn access_key(account: &str) -> String {
    format!("{}{account}", auth::KEY_PREFIX)
}

/// Starts the sandbox: reads the folder, makes what the manifest takes for granted, and listens.
///
/// # Errors
/// When a quota has no such name, when the folder is in use or holds something else, when it can't be read or written,
/// and when the address is taken or not on loopback.
pub async fn start(start: Start) -> Result<Running> {
    let Start { folder, address, config, knobs } = start;
    let quotas = quotas::Quotas::new(&knobs.quotas)?;
    denials::check(&knobs.deny)?;
    let store = Store::open(&folder, "aws")?;
    let profiles = no_profiles(&folder)?;
    let wishes = seed::Wishes::read(&config);
    let issuers = wishes.issuers.join(", ");
    let otherwise = store.begun_otherwise("aws", &[("account", &wishes.account), ("issuer", &issuers)])?;
    let partition = partition::Partition::of_region(&wishes.region);
    let mut state = state::State::load(store, partition, quotas, knobs.replication)?;
    state.older_wording = knobs.older_wording;
    seed::seed(&mut state, &wishes)?;
    tracing::debug!(%knobs, "the AWS sandbox starts");
    let counter = Arc::new(Counter::default());
    let dispatcher = dispatch::Dispatcher {
        start: state.history.start(),
        state: Mutex::new(state),
        faults: Faults::new(knobs),
        counter: Arc::clone(&counter),
        log: Mutex::default(),
        carried_out: AtomicU64::new(0),
        allowed: Allowed::default(),
    };
    let server = Server::start(address, Plain, Arc::new(dispatcher)).await?;
    let endpoint = format!("http://{}", server.address());
    let settings = json!({"aws": {"endpoint": endpoint, "credentials": "sandbox"}});
    let exports = [
        ("AWS_ENDPOINT_URL", endpoint.as_str()),
        ("AWS_ACCESS_KEY_ID", &access_key(&wishes.account)),
        ("AWS_SECRET_ACCESS_KEY", "sandbox"),
        ("AWS_REGION", &wishes.region),
        ("AWS_DEFAULT_REGION", &wishes.region),
        ("AWS_CONFIG_FILE", &profiles),
        ("AWS_SHARED_CREDENTIALS_FILE", &profiles),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    Ok(Running::new(endpoint.clone(), settings, exports.into(), counter, server)
        .with_commands(COMMANDS)
        .with_another_beginning(otherwise))
}

/// The commands of the AWS CLI that it answers. Of `aws s3` it answers little: it has no objects.
const COMMANDS: &[&str] = &["aws ecr", "aws iam", "aws kms", "aws s3api", "aws secretsmanager", "aws sts"];

/// A file without profiles, for programs that would find a person's own, and with them the real cloud.
fn no_profiles(folder: &Path) -> Result<String> {
    let failed = |error| SandboxError::new(format!("make a file in {}", folder.display())).source(error);
    let file = std::path::absolute(folder).map_err(failed)?.join("no-profiles");
    // A profile can name a command to run (`credential_process`).
    fixed_file(&file, "")?;
    Ok(file.display().to_string())
}
