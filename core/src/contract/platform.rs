//! The contract: what a platform must do to be one.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::contract::backend::Backend;
use crate::contract::backend::protected::Protected;
use crate::contract::backend::stacks::WayTo;
use crate::contract::delivery::{DeliveryFile, Principal};
use crate::contract::error::Result;
use crate::contract::object::desired::Desired;
use crate::contract::object::how_asked::{HandedOff, HowAsked};
use crate::contract::object::{Handoff, ObjectId};
use crate::contract::provider::client_code::ClientCode;
use crate::contract::provider::permission_document::{PermissionDocument, Purpose};
use crate::vocabulary::intent::{Intents, Reach};
use crate::vocabulary::names::{Stack, Workload};
use crate::vocabulary::principal::Naming;
use crate::vocabulary::scope::{Pair, Scope};
use crate::vocabulary::tenancy::Tenancy;

/// A platform that runs task code: which scopes there are and who runs in each, what the platform calls its own things on each
/// cloud, and what it asks of whoever starts task code.
///
/// A cloud never asks which platform it has before it: it asks for the [`Conventions`]. So a platform that is added later works
/// on every cloud, and a cloud that is added later with every platform.
///
/// Every answer follows from the manifest alone. No request is sent, but by its [`backend`](Self::backend).
pub trait Platform: Debug + Send + Sync {
    /// The platform's name as people write it: `Union`.
    fn name(&self) -> &'static str;

    /// What runs where.
    fn tenancy(&self) -> &Tenancy;

    /// What the platform calls its own things on a cloud, by its own documentation and charts.
    ///
    /// # Behavior
    /// - `cloud` is the ID under which a provider is registered: `aws`.
    /// - Of a cloud on which the platform has no conventions it says nothing ([`Conventions::default`]): then the manifest names
    ///   what is needed.
    fn conventions(&self, cloud: &str) -> Conventions {
        let _ = cloud;
        Conventions::default()
    }

    /// What must be so on the platform that task code runs under these principals (requirements 7 and 24 to 26).
    ///
    /// # Behavior
    /// - Gets all of a plan's principals at once.
    /// - Gives each object the scope of the principal for which it exists, and its intents. Its kinds are [its
    ///   own](Self::kinds).
    /// - Where the cloud has yet to choose a value ([`Identifier::Chosen`](crate::Identifier::Chosen)), an object of the
    ///   [backend](Self::backend)'s [refers](crate::Reference) to it.
    /// - What cloudgrant can't do is a [`Handoff`] of the object.
    ///
    /// # Errors
    /// The platform can't be told of such a principal.
    fn deliver(&self, principals: &[Principal]) -> Result<Desired>;

    /// The kinds of all objects that it gives. None of them may be a cloud's.
    fn kinds(&self) -> &'static [&'static str];

    /// Who reads and writes what the platform is told; `None` where that is left to people, so that everything that it gives is
    /// a [`Handoff`].
    ///
    /// # Behavior
    /// - Is asked for objects of the platform's own kinds alone: side by side with the cloud, or after it, where what is told is the
    ///   cloud's to choose.
    /// - What it is told goes before the cloud's principals go, and comes after they are there.
    fn backend(&self) -> Option<&dyn Backend> {
        None
    }

    /// What somebody has to say so that a [place](Backend::reached) is searched. `None` for a place of another platform's.
    fn way_to(&self, place: &str) -> Option<WayTo> {
        let _ = place;
        None
    }

    /// The sandboxes that stand in for what the [backend](Self::backend) reaches, by the names under which they are registered; empty
    /// where there is no backend, or nothing that stands in for it.
    fn sandboxes(&self) -> Vec<&'static str> {
        Vec::new()
    }

    /// What whoever runs cloudgrant must be allowed for what the [backend](Self::backend) does, as documents; beside those of the
    /// cloud ([`Provider::permissions`](crate::Provider::permissions)), and with other names than these.
    fn permissions(&self, intents: &Intents, purpose: Purpose) -> Vec<PermissionDocument> {
        let _ = (intents, purpose);
        Vec::new()
    }

    /// How a workload comes by its principal. `None` where it is none of the platform's.
    fn runs_as(&self, workload: &Workload) -> Option<RunsAs> {
        let _ = workload;
        None
    }

    /// The unit of the cloud's in which all workloads run, such as a workspace, with what the platform's own keys want of that itself.
    /// `None` where they want nothing.
    ///
    /// # Behavior
    /// - The cloud sees to it as long as a workload is bound: it adds to what is there, and takes away what the stack put there alone.
    fn outer_unit(&self) -> Option<OuterUnit> {
        None
    }

    /// What the platform must be told as files, for those who deliver from a repository: what `cloudgrant export` writes. Empty where the platform is
    /// told in no such way.
    ///
    /// # Behavior
    /// - Every path is its own, and stays below the folder.
    /// - A principal whose value isn't known, or that somebody has to make, has no file.
    fn files(&self, principals: &[Principal]) -> Vec<DeliveryFile> {
        let _ = principals;
        Vec::new()
    }

    /// What is to be done on the platform before a principal goes, or stops trusting somebody, so that these pairs don't run
    /// under it any more: a sentence, for people. Each pair is given as `-p PROJECT -d DOMAIN`, or described where nobody can
    /// tell it any more.
    fn unbinding(&self, bound: &[String]) -> String;

    /// How somebody takes back what a handoff of the platform's own kinds asked for, as
    /// [`Provider::taken_back`](crate::Provider::taken_back).
    fn taken_back(&self, kind: &str, name: &str, how: &HowAsked) -> Option<(ObjectId, Handoff)> {
        let _ = (kind, name, how);
        None
    }

    /// The handoff by which the platform's vendor is asked for the principal of a scope; `None` where no vendor makes any.
    fn asked_for(&self, scope: &Scope) -> Option<HandedOff> {
        let _ = scope;
        None
    }

    /// What whoever starts task code must be allowed on the platform (requirements 8 and 44).
    fn execute_permission(&self) -> ExecutePermission;

    /// How people are given that permission on these pairs, for whoever can do it; `None` where there is nothing to give.
    fn execute_handoff(&self, stack: &Stack, pairs: &[Pair]) -> Option<Handoff> {
        let _ = (stack, pairs);
        None
    }

    /// Where the platform itself keeps secrets for task code, as the beginning of a sentence that goes on with a colon
    /// (requirement 43); `None` where it keeps none.
    fn secrets(&self) -> Option<&'static str> {
        None
    }

    /// The lines of task code with which a task uses what it is granted (requirement 41), one for each of the platform's SDKs
    /// that the manifest leaves open.
    ///
    /// # Behavior
    /// - `names` is what the cloud says of the resource ([`Provider::in_task_code`](crate::Provider::in_task_code)): the
    ///   platform has the words, and the cloud the names.
    /// - Each is a module of its own: whatever it uses is imported or assigned in it.
    /// - Shows no more than the level gives, and returns no secret's value (requirement 42).
    /// - Empty where task code has nothing to say of such a resource, or where its names aren't known.
    fn snippets(&self, reach: &Reach, names: &[(&'static str, String)]) -> Vec<Snippet> {
        let _ = (reach, names);
        Vec::new()
    }

    /// The same where the cloud's own client is what uses the resource, whatever kind it is ([`ClientCode`]): a task of these
    /// lines for each SDK.
    fn snippets_of_client(&self, reach: &Reach, code: &ClientCode) -> Vec<Snippet> {
        let _ = (reach, code);
        Vec::new()
    }
}

/// How a workload comes by its principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunsAs {
    /// It runs on a unit of the cloud's, and the cloud itself says under which principal that is.
    Unit(Unit),
    /// It signs in with credentials of its own, which the platform is handed: an application of Microsoft Entra ID.
    Application,
    /// A principal that is there takes this one on: the ARN of the role that may assume it.
    AssumedBy(String),
}

/// A unit of the cloud's on which a workload runs, and which has the principal of that workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// What it is, in the cloud's words: an object's kind of the provider, such as `machine-learning-compute`.
    pub kind: &'static str,
    /// Which one it is, as the cloud names it: an ID or an ARN.
    pub id: String,
}

/// A unit of the cloud's in which those of workloads are, and what the manifest wants of it itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OuterUnit {
    /// Which one.
    pub unit: Unit,
    /// The principals that it is to have beside those that others gave it, as the cloud names them. They are there already.
    pub principals: Vec<String>,
    /// Its settings, each as the cloud calls it, with what it is to be.
    pub settings: BTreeMap<&'static str, String>,
    /// Whether its principals are given what they need on what the unit works with. Otherwise what they lack is told.
    pub gives_roles: bool,
}

/// Lines of task code for one of a platform's SDKs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Snippet {
    /// For which of the platform's versions, and with which package: `Flyte 1 (flytekit)`.
    pub sdk: &'static str,
    /// The lines: a Python module.
    pub python: String,
}

/// What a platform calls its own things on one cloud.
///
/// Names may be patterns, in which `*` is any number of characters, where the platform makes a part of them that nobody
/// knows beforehand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conventions {
    /// The principal of all task code that has none of its own (requirements 2 and 13). Empty where nothing says how it is called.
    pub task_principal: Vec<String>,
    /// The policy with what every task needs, which each principal of task code carries (requirement 22).
    pub task_policy: Option<String>,
    /// The principal under which nodes pull images (requirement 30).
    pub node_principal: Option<String>,
    /// Buckets and storage accounts that are the platform's own (requirement 29).
    pub storage: Vec<String>,
    /// Principals of the platform's administration. Nobody changes them, unless the manifest has a list of its own.
    pub protected: Vec<String>,
    /// Whether names of principals are made of `platform.organization`: what to look at where such a name isn't there, or isn't
    /// known.
    pub is_of_organization: bool,
    /// Who makes the principal of a scope narrower than global.
    pub scoped_principals: MadeBy,
}

/// Who makes something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MadeBy {
    /// The stack: cloudgrant makes it, and takes it away.
    #[default]
    Stack,
    /// The platform's vendor, who is asked for it (requirement 7).
    Vendor,
}

impl Conventions {
    /// The patterns of the platform's own buckets and storage accounts.
    pub fn own_storage(&self) -> Protected {
        Protected::new(self.storage.iter().map(String::as_str))
    }

    /// The task principal's name, where it is known in whole.
    pub fn task_principal_name(&self) -> Option<&str> {
        self.task_principal.iter().find(|name| !name.contains('*')).map(String::as_str)
    }
}

/// What a platform asks of whoever starts task code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecutePermission {
    /// The action that must be allowed on the project and domain; `None` where the platform has no such permission.
    pub action: Option<&'static str>,
    /// What there is to know, in a sentence.
    pub summary: String,
}

/// What a platform is told, whatever its own keys say.
#[derive(Debug, Clone)]
pub struct PlatformContext {
    /// What runs where.
    pub tenancy: Arc<Tenancy>,
    /// The stack, whose mark everything carries that the [backend](Platform::backend) makes.
    pub stack: Stack,
    /// What tells the stack from others of its name ([`Provider::home`](crate::Provider::home)). Empty as long as the cloud isn't
    /// connected: till then, the backend isn't asked for anything.
    pub home: String,
    /// Whether the cloud is a sandbox's. Then nothing but a sandbox may be told of its principals.
    pub is_cloud_in_sandbox: bool,
    /// What the platform's own [sandboxes](Platform::sandboxes) say of where they are, where they were started for this run: an object
    /// with the keys of each.
    pub sandbox: Option<Value>,
}

/// How a platform comes into being.
pub trait ConnectPlatform: Platform + Sized + 'static {
    /// The name by which manifests select it: `platform.kind`.
    const ID: &'static str;

    /// What it is, in a line.
    const SUMMARY: &'static str;

    /// Its own keys in the manifest, beside those that every platform has: of the section `platform`. Unknown ones must be refused
    /// (`deny_unknown_fields`), and all may be left out.
    ///
    /// None may direct credentials, say where they are sent or which are used: a manifest may be a stranger's.
    type Config: DeserializeOwned;

    /// Whether its scopes are workloads ([`workloads`](Self::workloads)), in place of projects and domains: then its section of the
    /// manifest has neither these nor namespaces and service accounts.
    const HAS_WORKLOADS: bool = false;

    /// Its workloads, as its own keys list them. Each is a scope of its own.
    fn workloads(config: &Self::Config) -> Vec<Workload> {
        let _ = config;
        Vec::new()
    }

    /// What it calls namespaces and service accounts where the manifest has no `platform.namespace` or `platform.service_account`, as
    /// its own keys say.
    fn naming(config: &Self::Config) -> Naming {
        let _ = config;
        Naming::default()
    }

    /// Gets ready. No request is sent.
    fn connect(context: PlatformContext, config: Self::Config) -> Self;
}
