//! The model, the provider contract and the engine of cloudgrant.
//!
//! A manifest says once who may reach what. From it come intents; a provider says which objects its cloud must
//! have for them, and which it has; the difference is a plan; an approved plan is applied and verified:
//!
//! ```text
//! manifest + env + flags --manifest--> document --link--> intents
//!   --check against Capabilities--> Checked<intent>
//!   --Provider::grant_task_access--> Permissions: what may be done
//!   --Provider::bind_scope(bindings, permissions)--> principals that carry them
//!   --Provider::enable_registry--> Desired
//!   --Platform::deliver(principals)--> Desired: what the platform must be told
//!   --Backend::observe--> Observed --diff--> Plan --approval--> ApprovedPlan
//!   --Engine: order, concurrency, retry, deadline--> Backend::apply --> observe again --> Report
//! ```
//!
//! What every cloud needs lives here, once. A provider knows only its cloud: implement [`Backend`],
//! [`Provider`] and [`Connect`], declare [`Capabilities`], and register with [`register_provider!`]. A platform knows what it calls its own
//! things on each cloud: implement [`Platform`] and [`ConnectPlatform`], and register with [`register_platform!`].

#![cfg_attr(not(test), warn(clippy::expect_used, clippy::panic, clippy::unreachable))]

pub mod audit;
mod contract;
pub mod digest;
mod engine;
mod link;
pub mod manifest;
mod pace;
pub mod parallel;
mod plan;
mod session;
pub mod shared_document;
mod text;
mod vocabulary;

pub use contract::backend::group::BackendGroup;
pub use contract::backend::protected::Protected;
pub use contract::backend::stacks::{FoundStack, Marked, PlatformSetting, Stacks, WayTo, in_the_way_of_another};
pub use contract::backend::{Backend, Outcome, PlatformPlace};
pub use contract::delivery::{Annotation, Asked, Bound, DeliveryFile, Identifier, Identity, Principal, Principals};
pub use contract::error::code::{CloudError, Code};
pub use contract::error::diagnostic::{Diagnostic, Place, nearest};
pub use contract::error::problem_kind::ProblemKind;
pub use contract::error::{Error, ErrorKind, Result};
pub use contract::object::attributes::Attributes;
pub use contract::object::change::{Action, Approved, Change};
pub use contract::object::confirmed::Confirmed;
pub use contract::object::desired::Desired;
pub use contract::object::how_asked::{HandedOff, HowAsked};
pub use contract::object::observed::{
    Broken, Found, Limit, Observed, Obstacle, Stays, Unmakeable, Unsearched, Widened, Widening,
};
pub use contract::object::reference::Outputs;
pub use contract::object::remainder::{Remainder, Shares};
pub use contract::object::terraform::{TerraformBlock, TerraformPurpose, TerraformValue};
pub use contract::object::{Handoff, Object, ObjectId, Ownership, Reference};
pub use contract::platform::{
    ConnectPlatform, Conventions, ExecutePermission, MadeBy, OuterUnit, Platform, PlatformContext, RunsAs, Snippet,
    Unit,
};
pub use contract::provider::capability::Capabilities;
pub use contract::provider::client_code::ClientCode;
pub use contract::provider::connect::{Connect, Context};
pub use contract::provider::permission_document::{PermissionDocument, Purpose};
pub use contract::provider::permissions::{Granted, Permissions};
pub use contract::provider::{Caller, HandsOff, Provider};
pub use contract::registry::clouds::{Registration, provider, providers};
pub use contract::registry::platforms::{PlatformRegistration, platform, platforms};
pub use engine::{Applied, Cancel, Confirming, Engine, Event, Failed, Report, Said, Settings, Silent, Watch};
pub use link::intents::intents;
pub use pace::answering::{Answering, nothing_listens, proxy_named};
pub use pace::{Pace, Signal, Turn};
pub use plan::audience::{Audience, Choice};
pub use plan::comparison::{Difference, Effect, Move, compare};
pub use plan::confirmation::Confirmation;
pub use plan::execute::Execute;
pub use plan::handoff_names::HandoffNames;
pub use plan::secret_notes::of_secrets;
pub use plan::{Approval, ApprovedPlan, Plan, Refusal, Summary};
pub use session::Session;
pub use text::listed::listed;
pub use text::origin::Origin;
pub use text::redact::{ends_kept, is_invisible, quoted, redacted, steers};
pub use text::wildcard::{matches, matches_case};
pub use vocabulary::access::Access;
pub use vocabulary::checked::Checked;
pub use vocabulary::inexact::Inexact;
pub use vocabulary::intent::{Intent, IntentId, Intents, Reach, RegistryAccess, ScopeBinding, TaskAccess};
pub use vocabulary::locator::Locator;
pub use vocabulary::names::{Domain, GrantName, InvalidName, Project, RegistryName, ResourceName, Stack, Workload};
pub use vocabulary::note::{DELETES_WITHOUT_GRANTS, Level, Note, TAKES_ALL_AWAY};
pub use vocabulary::prefix::{CLEAR_PREFIX, unclear_prefix};
pub use vocabulary::principal::{Naming, Subject};
pub use vocabulary::resource::{KindWords, RegisteredKind, Resource, ResourceKind};
pub use vocabulary::scope::{Pair, Scope, ScopeKind};
pub use vocabulary::tenancy::Tenancy;

#[doc(hidden)]
pub use inventory;
