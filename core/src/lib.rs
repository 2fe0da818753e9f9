//! The model, the provider contract and the engine of cloudgrant.
//!
//! A manifest says once who may reach what. From it come intents; a provider says which objects its cloud must
//! have for them, and which it has; the difference is a plan; an approved plan is applied and verified:
//!
//! ```text
//! manifest + env + flags --config--> intents --check against Capabilities--> Checked<intent>
//!   --Provider::{grant_task_access, enable_registry, bind_scope}--> Desired
//!   --Provider::observe--> Observed --diff--> Plan --approval--> ApprovedPlan
//!   --Engine: order, concurrency, retry, deadline--> Provider::apply --> observe again --> Report
//! ```
//!
//! What every cloud needs lives here, once. A provider knows only its cloud: implement [`Provider`] and
//! [`Connect`], declare [`Capabilities`], and register with [`register_provider!`].

#![cfg_attr(not(test), warn(clippy::expect_used, clippy::panic, clippy::unreachable))]

mod access;
mod advice;
mod answering;
mod attributes;
mod audience;
pub mod audit;
mod capability;
mod checked;
mod comparison;
pub mod config;
mod diagnostic;
mod diff;
mod engine;
mod error;
mod execute;
mod inexact;
mod intent;
pub mod many;
mod names;
mod object;
mod order;
mod origin;
mod pace;
mod permissions;
mod plan;
mod platform;
mod prefix;
mod principal;
mod protected;
mod provider;
mod registry;
mod resource;
mod scope;
mod session;
pub mod short;
mod shown;
mod stacks;

pub use access::Access;
pub use advice::of_secrets;
pub use answering::{Answering, proxy_named};
pub use attributes::Attributes;
pub use audience::{Audience, Choice};
pub use capability::Capabilities;
pub use checked::Checked;
pub use comparison::{Difference, Effect, Move, compare};
pub use diagnostic::{Diagnostic, Place, nearest};
pub use engine::{Applied, Cancel, Engine, Event, Failed, Report, Settings, Silent, Watch};
pub use error::{Error, ErrorKind, Result};
pub use execute::Execute;
pub use inexact::Inexact;
pub use intent::{Intent, IntentId, Intents, Reach, RegistryAccess, ScopeBinding, TaskAccess, Verb};
pub use names::{Domain, GrantName, InvalidName, Project, RegistryName, ResourceName, Stack};
pub use object::{
    Desired, Found, Handoff, Level, Limit, Note, Object, ObjectId, Observed, Ownership, Stays, Unsearched, Widening,
};
pub use origin::Origin;
pub use pace::{Pace, Signal, Turn};
pub use permissions::{Permissions, Purpose};
pub use plan::{Action, Approval, Approved, ApprovedPlan, Change, Plan, Summary, TAKES_ALL_AWAY};
pub use platform::{Platform, PlatformKind};
pub use prefix::{CLEAR_PREFIX, unclear_prefix};
pub use principal::{Naming, Subject};
pub use protected::{Protected, matches};
pub use provider::{Caller, Connect, Context, Outcome, Provider, Shares};
pub use registry::{Registration, provider, providers};
pub use resource::{Resource, ResourceKind};
pub use scope::{Pair, Scope, ScopeKind};
pub use session::Session;
pub use shown::{ends_kept, is_invisible, quoted, shown, steers};
pub use stacks::{FoundStack, Stacks};

#[doc(hidden)]
pub use inventory;
