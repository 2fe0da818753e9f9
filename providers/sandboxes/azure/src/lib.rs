//! Azure on loopback, for trying cloudgrant without a subscription.
//!
//! An emulator of the parts of Azure Resource Manager, Microsoft Entra ID and Microsoft Graph that granting access needs,
//! with Azure's limits, validations, errors and texts, so that what works here has a fair chance there. Other programs can
//! use it too: `az` and the SDKs talk to it through [`Running::exports`].
//!
//! # Who may call
//!
//! One client logs in: [`CLIENT_ID`] with the secret [`SECRET`]. It is Owner of every subscription of its tenant. A managed
//! identity logs in with a federated token, and may do what its role assignments say. Other service principals that tests
//! put there, with an `appId`, log in with the same secret; applications that Microsoft Graph made, with the secrets
//! and federated credentials that it gave them. In Microsoft Graph the client may do everything with applications,
//! unless it was granted permissions by hand; others may do what their permissions say.
//!
//! # Which cloud
//!
//! The one that the manifest names (`azure.cloud`): its audiences, its hosts, its issuer. Tokens of another cloud aren't given,
//! and another cloud's locators stand for nothing here.
//!
//! # What goes wrong on request
//!
//! All knobs of the sandbox kit. Some have a meaning of their own here:
//!
//! * `deny=Microsoft.Authorization/roleAssignments:write` refuses an operation, by the name that Azure gives it, with a
//!   colon for the last slash and `*` for any text; the permissions that the caller can list show it. With `@` and a
//!   subscription's ID behind it, it is refused there only. `deny=entra:token` lets nobody log in.
//! * `rate=10` turns Azure Resource Manager's token buckets on; other numbers make them smaller or larger in proportion.
//! * `replication=3s` is for how long a new identity can't be given a role, a new federated credential not be used, and
//!   a role definition not be deleted after the last assignment of it went; and for how long Microsoft Graph doesn't
//!   find a new application, nor Entra let it log in with a new secret.
//! * `quota.NAME=N` for `RoleAssignmentsPerSubscription`, `CustomRolesPerTenant`, `FederatedCredentialsPerIdentity`,
//!   `ConditionBytes`, `DescriptionBytes`, `TagsPerResource`, `PageSize`, `TokenSeconds`, and
//!   `OperationSeconds`, for how long Azure Machine Learning is busy with a change (0).
//!
//! Writes of federated credentials on one identity exclude each other always, as in Azure.
//!
//! # Beside Azure's own API
//!
//! Below `/_sandbox/` are requests for tests: counters, a log, the whole state, things put behind everybody's back, and
//! who may do what.
//!
//! # What it does not do
//!
//! * Assertions of other issuers are believed: their signatures can't be checked. Those that an application signs with the
//!   key of its certificate are checked, but not whether the certificate has expired.
//! * Reads are strongly consistent, but for the `replication` knob.
//! * Role assignments inside of a resource (a container, a secret) are made whether or not there is such a thing: Azure
//!   Resource Manager knows the resource around it only.
//! * Azure Machine Learning runs nothing: computes have no nodes, endpoints no deployments, and there are no jobs.
//!   Workspaces are made by a PUT, not by deployments. How it words what it refuses is mostly ours.
//! * What has no documented error code has one of ours, with status 400 or 409: a role that can't be assigned at a scope
//!   (`RoleDefinitionNotAssignable`), a condition or description that is refused (`InvalidRoleAssignmentCondition`,
//!   `InvalidRoleAssignmentDescription`), a federated credential that is refused (`InvalidFederatedIdentityCredential`,
//!   `TooManyFederatedIdentityCredentials`, `FederatedIdentityCredentialsUniquenessViolation`), the last Owner
//!   (`CannotDeleteLastRbacAdminAssignment`), identities that can't be changed so (`UnsupportedIdentityChange`), and
//!   what a workspace, a compute or a datastore keeps (`WorkspacePropertyImmutable`, `ComputePropertyImmutable`,
//!   `DatastorePropertyImmutable`). Programs must not depend on these.

#![cfg_attr(not(test), warn(clippy::expect_used, clippy::panic, clippy::unreachable))]

mod authorization;
mod cloud;
mod management;
mod protocol;
mod quotas;
mod seed;
mod server;
mod services;
mod state;

use std::path::Path;
use std::sync::{Arc, Mutex};

use cloudgrant_sandbox_kit::server::tls;
use cloudgrant_sandbox_kit::{Counter, Faults, Result, Running, SandboxError, Server, Setup, Start, Store};
use serde_json::json;

pub use crate::authorization::condition;
use crate::server::{dispatch, throttle, writes};
use crate::services::entra;

/// The client that the sandbox lets in.
pub const CLIENT_ID: &str = "c10d9a27-5a4d-4b0f-8f4e-5eadb0c05a4d";

/// That client's secret. It is worth nothing outside of the sandbox.
pub const SECRET: &str = "sandbox";

/// The tenant that is used where the manifest names none.
pub const DEFAULT_TENANT: &str = "7e4a0001-0000-4000-8000-000000000001";

/// The subscription that is used where the manifest names none.
pub const DEFAULT_SUBSCRIPTION: &str = "5b500001-0000-4000-8000-000000000001";

/// The resource group that is used where the manifest names none.
pub const DEFAULT_GROUP: &str = "sandbox";

cloudgrant_sandbox_kit::register_sandbox!("azure", start);

/// Starts the sandbox: reads the folder, makes what the manifest takes for granted, and listens.
///
/// # Errors
/// When a quota has no such name, when the folder is in use or holds something else, when it can't be read or written,
/// and when the address is taken or not on loopback.
pub async fn start(start: Start) -> Result<Running> {
    let Start { folder, address, config, knobs } = start;
    let quotas = quotas::Quotas::new(&knobs.quotas)?;
    dispatch::check_denied(&knobs.deny)?;
    let store = Store::open(&folder, "azure")?;
    let folder = std::path::absolute(&folder)
        .map_err(|error| SandboxError::new(format!("find the folder {}", folder.display())).source(error))?;
    let tls = tls::set_up(&folder, "cloudgrant Azure sandbox")?;
    let tool = no_login(&folder)?;
    let key = entra::jwt::Key::load(&folder)?;
    let wishes = seed::wishes::Wishes::read(&config);
    let beginning = [
        ("tenant", wishes.tenant.as_str()),
        ("subscription", &wishes.subscription),
        ("resource group", &wishes.group),
        ("issuer", &wishes.issuers.join(", ")),
        ("cloud", wishes.cloud.name),
    ];
    store.has_one("cloud", wishes.cloud.name)?;
    let otherwise = store.begun_otherwise("azure", &beginning)?;
    let mut state = state::State::load(store, &wishes.tenant, wishes.cloud, quotas, knobs.replication)?;
    seed::check_home(&state, &wishes)?;
    seed::seed(&mut state, &wishes)?;
    let issuers = seed::issuers(&state, &wishes);
    tracing::debug!(%knobs, "the Azure sandbox starts");
    let counter = Arc::new(Counter::default());
    let dispatcher = dispatch::Dispatcher {
        start: state.history.start(),
        state: Mutex::new(state),
        faults: Faults::new(knobs).with_own_rate(),
        counter: Arc::clone(&counter),
        log: Mutex::default(),
        throttle: throttle::Throttle::default(),
        writes: writes::Writes::default(),
        key,
        cloud: wishes.cloud,
        carried_out: std::sync::atomic::AtomicU64::new(0),
    };
    let server = Server::start(address, tls, Arc::new(dispatcher)).await?;
    let endpoint = format!("https://{}", server.address());
    let certificate = tls::certificate_path(&folder).display().to_string();
    let settings = json!({"azure": {
        "endpoint": endpoint,
        "authority": endpoint,
        "ca_certificate": certificate,
        "credentials": "sandbox",
    }});
    // SSL_CERT_FILE is not among them: it replaces the system's authorities in every program that reads it.
    let exports = [
        ("AZURE_AUTHORITY_HOST", endpoint.as_str()),
        ("AZURE_TENANT_ID", &wishes.tenant),
        ("AZURE_CLIENT_ID", CLIENT_ID),
        ("AZURE_CLIENT_SECRET", SECRET),
        ("AZURE_SUBSCRIPTION_ID", &wishes.subscription),
        ("REQUESTS_CA_BUNDLE", &certificate),
        ("AZURE_CORE_INSTANCE_DISCOVERY", "false"),
        ("ARM_ENDPOINT", &endpoint),
        ("AZURE_CONFIG_DIR", &tool),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    Ok(Running::new(endpoint.clone(), settings, exports.into(), counter, server)
        .with_setup(az())
        .with_commands(COMMANDS)
        .with_issuers(issuers)
        .with_another_beginning(otherwise))
}

/// The commands of the Azure CLI that it answers, once that is set up.
const COMMANDS: &[&str] = &["az acr", "az group", "az identity", "az resource", "az role"];

/// A folder for the Azure CLI's settings in which nobody is logged in: with a person's own it would work in the real cloud, and
/// registering changes them for good. It is new at each start, as the endpoint is.
fn no_login(folder: &Path) -> Result<String> {
    let tool = folder.join("az");
    let failed = |error| SandboxError::new(format!("make the folder {}", tool.display())).source(error);
    if tool.exists() {
        std::fs::remove_dir_all(&tool).map_err(failed)?;
    }
    std::fs::create_dir(&tool).map_err(failed)?;
    Ok(tool.display().to_string())
}

/// What makes the Azure CLI talk to this sandbox: it takes its endpoints from a cloud that is registered with it, not from
/// variables.
fn az() -> Setup {
    let commands = [
        r#"az cloud register -n cloudgrant-sandbox --endpoint-resource-manager "$ARM_ENDPOINT""#,
        "az cloud set -n cloudgrant-sandbox",
        r#"az login --service-principal -u "$AZURE_CLIENT_ID" -p "$AZURE_CLIENT_SECRET" --tenant "$AZURE_TENANT_ID""#,
    ];
    Setup { tool: "az", commands: commands.map(str::to_owned).into() }
}
