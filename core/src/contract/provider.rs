//! The contract: what a cloud must do to be a provider.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::contract::capability::Capabilities;
use crate::contract::change::Approved;
use crate::contract::delivery::Bound;
use crate::contract::diagnostic::Diagnostic;
use crate::contract::error::{Error, ErrorKind, Result};
use crate::contract::object::{Desired, Object, ObjectId, Observed};
use crate::contract::permissions::{Permissions, Purpose};
use crate::contract::platform::Platform;
use crate::contract::protected::Protected;
use crate::contract::stacks::Stacks;
use crate::pace::Pace;
use crate::vocabulary::access::Access;
use crate::vocabulary::checked::Checked;
use crate::vocabulary::intent::{Intents, RegistryAccess, ScopeBinding, TaskAccess};
use crate::vocabulary::names::Stack;
use crate::vocabulary::resource::{Resource, ResourceKind};

/// One cloud, connected.
///
/// The verbs say what must exist; [`observe`](Self::observe) says what does; [`apply`](Self::apply) makes one
/// change. Everything between, the difference, order, concurrency, retries, approval, verification, is core's.
///
/// Every answer follows from the arguments and the cloud alone: asked twice, a provider answers the same. The verbs are
/// asked side by side.
#[async_trait]
pub trait Provider: Debug + Send + Sync {
    /// What is wrong with the intents, as far as it can be told without the cloud.
    ///
    /// # Behavior
    /// - Sends nothing.
    /// - Reports every problem, each at its key path (`resources.NAME.PROVIDER`, `grants.NAME`, ...).
    fn validate(&self, intents: &Intents) -> Vec<Diagnostic> {
        let _ = intents;
        Vec::new()
    }

    /// Whether the provider's section of the manifest says itself what a level on a resource comes to in grants, such as
    /// by naming another role: then what [`Capabilities::inexact`](crate::Capabilities::inexact) says of it isn't so there,
    /// and the provider tells what is.
    fn settles_level(&self, resource: &Resource, access: Access) -> bool {
        let _ = (resource, access);
        false
    }

    /// Which objects must exist so that task code has what the grants say.
    ///
    /// Needs a level in [`Capabilities::task_access`].
    ///
    /// # Behavior
    /// - May read the cloud, never writes.
    /// - Gets the whole batch, so that it can pack and share; answers with nothing for an empty one.
    /// - Gives each object the scope of the grants for which it exists, and names these. What several scopes share it
    ///   gives once for each of them, in the same form: core makes it one object, for all of their grants.
    /// - Where others are revoked beside these grants ([`TaskAccess::beside_revoked`]), gives an object that is for several
    ///   grants as it is, less what is revoked, and names it in [`Desired::less_revoked`]. Where each grant has objects of
    ///   its own, core sees to that.
    ///
    /// # Errors
    /// What is taken for granted isn't there, or the cloud doesn't answer.
    async fn grant_task_access(&self, grants: &[Arc<Checked<TaskAccess>>]) -> Result<Desired>;

    /// Which objects must exist so that the platform's infrastructure can use the registries.
    ///
    /// Needs a level in [`Capabilities::registry`].
    ///
    /// # Behavior
    /// - As [`grant_task_access`](Self::grant_task_access).
    /// - Where nothing needs to be done, a note says so.
    ///
    /// # Errors
    /// As [`grant_task_access`](Self::grant_task_access).
    async fn enable_registry(&self, registries: &[Checked<RegistryAccess>]) -> Result<Desired>;

    /// Which objects must exist so that task code of a scope runs under a principal of that scope, and that
    /// principal carries the binding's grants.
    ///
    /// Needs the scope's kind in [`Capabilities::scopes`].
    ///
    /// # Behavior
    /// - As [`grant_task_access`](Self::grant_task_access).
    /// - Trusts exactly the binding's subjects, never a pattern.
    /// - Says of each principal that task code isn't yet told of which it is ([`Principal`](crate::Principal)): to tell the
    ///   platform is the platform's own plugin's to do. So its kinds of objects are the cloud's alone.
    /// - May depend on objects that `grant_task_access` wants.
    ///
    /// # Errors
    /// As [`grant_task_access`](Self::grant_task_access).
    async fn bind_scope(&self, bindings: &[Checked<ScopeBinding>]) -> Result<Bound>;

    /// What is there now: the wanted objects, and those that this stack owns and no longer wants.
    ///
    /// # Behavior
    /// - Never writes.
    /// - Gives attributes in the same canonical form as the verbs: equal means nothing to do.
    /// - Says `owned` only of what carries the stack's mark, and leaves out foreign objects that nobody wants.
    /// - Reports the limits that the wanted objects have to keep.
    /// - Says by object what is in the way of it ([`Observed::conflicts`]), so that it keeps nobody from taking other grants
    ///   away, and so it says what can't be made ([`Observed::unmakeable`]); a [problem](Observed::problems) keeps everybody
    ///   from everything.
    ///
    /// # Errors
    /// The cloud doesn't answer. Absence is no error.
    async fn observe(&self, desired: &Desired) -> Result<Observed>;

    /// Makes one change. The only writer.
    ///
    /// # Behavior
    /// - Idempotent: made again after a lost answer, it succeeds.
    /// - Changes the object of the change and nothing else; documents that others write too are read, merged
    ///   and written.
    /// - Says [`ErrorKind::NotYet`](crate::ErrorKind::NotYet) where waiting for the cloud helps; core waits.
    ///
    /// # Errors
    /// What was attempted, on which object, and what the cloud said.
    async fn apply(&self, change: Approved<'_>) -> Result<Outcome>;

    /// Where the stack's own objects are, in the cloud's words, for whoever reads a plan and approves it: `account
    /// 111122223333`.
    fn place(&self) -> String {
        "its cloud".to_owned()
    }

    /// Whether it works in a sandbox, with credentials that only a sandbox knows, and not in a real cloud: then plans, questions
    /// and the audit trail say so.
    fn is_in_sandbox(&self) -> bool {
        false
    }

    /// How long the cloud may take until it shows, and knows everywhere, what was changed, by its own documentation or by
    /// the manifest; in place of [`Settings::settle`](crate::Settings::settle) and
    /// [`Settings::propagation`](crate::Settings::propagation).
    fn settle_timeout(&self) -> Option<Duration> {
        None
    }

    /// Who the cloud takes the caller for: what the audit trail says beside the name on the machine. Asked once a plan was
    /// made, so that a provider that had to log in for it knows by then.
    ///
    /// # Errors
    /// The cloud doesn't say.
    async fn caller(&self) -> Result<Option<Caller>> {
        Ok(None)
    }

    /// Which stacks there are wherever the credentials reach, the manifest's and all others, and what they own.
    ///
    /// # Behavior
    /// - Never writes.
    /// - Tells the homes of one stack name apart, and lists nothing that carries no stack's mark.
    /// - Takes no more requests than it must: lists, and nothing for each object.
    /// - What may not be read it says as unsearched, as long as something can be read.
    ///
    /// # Errors
    /// The cloud doesn't answer, or lets nothing be read. [`ErrorKind::Unsupported`] from a provider that doesn't look.
    async fn stacks(&self) -> Result<Stacks> {
        Err(Error::new(ErrorKind::Unsupported, "this provider doesn't say which stacks there are")
            .hint("look for the mark of each stack with the cloud's own tools"))
    }

    /// Names that are never touched.
    fn protected(&self) -> Protected {
        Protected::default()
    }

    /// What whoever runs this manifest must be allowed, narrowed to what the stack makes and the manifest names.
    ///
    /// # Behavior
    /// - Sends nothing.
    /// - Is enough to make, change and take away all that the intents come to, and holds nothing that no run needs.
    /// - Says nothing where the provider doesn't know.
    fn permissions(&self, intents: &Intents, purpose: Purpose) -> Vec<Permissions> {
        let _ = (intents, purpose);
        Vec::new()
    }

    /// What is left of an object that is for several grants, where some of these are taken away and others were edited since
    /// and not applied; `None` to leave it to core, which goes by keys and by lists of texts. Asked only where what is there
    /// differs from the baseline.
    fn remainder(&self, object: &ObjectId, shares: &Shares<'_>) -> Option<Value> {
        let _ = (object, shares);
        None
    }

    /// The commands with which a person would make an object with the cloud's own tool.
    fn equivalent(&self, object: &Object) -> Vec<String> {
        let _ = object;
        Vec::new()
    }

    /// How task code names a resource that it is granted, where it wants other names than the locator: each with what it is
    /// called. Asked after the verbs, and only for what they were given.
    ///
    /// # Behavior
    /// Platforms make lines of task code of these ([`Platform::snippets`](crate::Platform::snippets)):
    /// - an object store: `URI`, where the platform's own clients read it as it stands; or `ACCOUNT_NAME`, `ACCOUNT_HOST` and
    ///   `OBJECT_PATH`, where they would take it for another account's;
    /// - a secret: `SECRET_GROUP` and `SECRET_KEY`, where the platform mounts it; or `VAULT_URL` and `SECRET_NAME`, where task
    ///   code asks the vault itself.
    fn in_task_code(&self, resource: &Resource) -> Vec<(&'static str, String)> {
        let _ = resource;
        Vec::new()
    }

    /// The pace of its client, for the engine to begin as many changes as the cloud takes at the moment. Where there is
    /// none, a fixed number is under way.
    fn pace(&self) -> Option<&Pace> {
        None
    }

    /// Has plans ask anew for what they otherwise take from what the stack's own objects say. `drift` wants it, and
    /// an `apply` that finds nothing else to do: somebody may have changed that beside the stack.
    fn look_again(&self) {}

    /// How many requests were sent so far, retries included, where the provider counts them.
    fn requests(&self) -> Option<u64> {
        None
    }
}

/// The attributes of an object that is for several grants, of which some are taken away.
#[derive(Debug, Clone, Copy)]
pub struct Shares<'a> {
    /// What is there. It may be what the manifest said earlier.
    pub there: &'a Value,
    /// What the manifest asks for, with all grants.
    pub baseline: &'a Value,
    /// The same without those that are taken away; `None` where nothing else asks for the object.
    pub wanted: Option<&'a Value>,
    /// Whether grants that stay ask for other objects that aren't in the cloud as the manifest has them: then what is there and
    /// nothing asks for may be theirs, and stays.
    pub are_others_edited: bool,
}

/// Who calls, in the cloud's own words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Caller {
    /// The principal: an ARN on AWS, the object's id in Microsoft Entra on Azure.
    pub principal: String,
    /// The application as which it logged in, where the cloud tells the two apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// Where it is known: an account on AWS, a tenant on Azure.
    pub account: String,
}

/// What came of a change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What the cloud calls the object, such as an ARN, where it has such a name.
    pub identifier: Option<String>,
    /// What else was done or seen that the plan didn't show, such as an edit of somebody else's that was put back.
    pub remarks: Vec<String>,
}

/// What every provider is told, whatever its own section says.
#[derive(Debug, Clone)]
pub struct Context {
    /// The stack, whose mark every object carries.
    pub stack: Stack,
    /// The platform.
    pub platform: Arc<dyn Platform>,
}

/// How a provider comes into being.
#[async_trait]
pub trait Connect: Provider + Sized + 'static {
    /// The name by which manifests select it, and that of its section.
    const ID: &'static str;

    /// What it is, in a line.
    const SUMMARY: &'static str;

    /// What it can do. What isn't declared here, it is never asked.
    const CAPABILITIES: Capabilities;

    /// Its section of the manifest. Unknown keys must be refused (`deny_unknown_fields`).
    type Config: DeserializeOwned + Send + 'static;

    /// Understands a locator of the manifest.
    ///
    /// # Errors
    /// What is wrong with it, and what would be right. Core adds the place.
    fn resource_kind(locator: &str) -> Result<ResourceKind, Diagnostic>;

    /// What of its section directs credentials: says where they are sent (an endpoint, an authority), whom to believe (a
    /// certificate authority), or which are used (a profile, a source of them).
    ///
    /// A manifest may be a stranger's, such as that of a pull request: core refuses what is named here where a file or a
    /// profile in it says so, and obeys it from a flag or an environment variable, which are the person's own.
    ///
    /// # Behavior
    /// - Says nothing of a value that is safe from whomever it comes: a host of the cloud itself, this machine.
    /// - Takes the section apart field by field (`let Config { region: _, .. }` without the dots), so that a key that is
    ///   added later doesn't compile before somebody has thought about it.
    /// - Each has its key path (`aws.endpoint`) and a message of what the value would do; core adds the rest.
    fn directs_credentials(config: &Self::Config) -> Vec<Diagnostic>;

    /// Keys of its section that the cloud's own tools take from variables, each with the variable: what a manifest would say is
    /// taken from there where there is none.
    const VARIABLES: &'static [(&'static str, &'static str)] = &[];

    /// What is wrong with its section although each key of it can be read: what contradicts itself, and what no cloud has.
    ///
    /// # Behavior
    /// - Sends nothing. Each problem has its key path (`aws.region`).
    /// - Where it finds something, the provider may be connected all the same, for hearing what else
    ///   [`validate`](Provider::validate) says; nothing more is then asked of it.
    fn check(config: &Self::Config) -> Vec<Diagnostic> {
        let _ = config;
        Vec::new()
    }

    /// Gets ready, without a request and without setting up TLS: an offline refusal must cost nothing.
    ///
    /// # Errors
    /// The configuration contradicts itself.
    async fn connect(context: Context, config: Self::Config) -> Result<Self>;
}
