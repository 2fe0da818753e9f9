//! The provider: what must exist.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use cloudgrant_core::{
    Access, Annotation, Approved, Backend, Bound, Capabilities, Checked, Confirmed, Connect, Context, Desired,
    Diagnostic, Error, ErrorKind, Handoff, Identifier, Identity, Inexact, Intent, Locator, Note, Object, ObjectId,
    Observed, Outcome, Ownership, Permissions, Principal, Protected, Provider, Reach, RegisteredKind, RegistryAccess,
    ResourceKind, Result, Scope, ScopeBinding, ScopeKind, Stacks, TaskAccess,
};
use serde::Deserialize;
use serde_json::json;

use super::cloud::{Cloud, Code, Kind, Refusal};

pub(super) const PRINCIPAL: &str = "principal";
pub(super) const POLICY: &str = "policy";
pub(super) const ATTACHMENT: &str = "attachment";
pub(super) const STATEMENT: &str = "statement";

/// How the names of policies begin that say which handoffs were confirmed. No grant is called so.
pub(super) const CONFIRMED: &str = "+confirmed-";

/// The account of the provider's credentials. Registries of others are somebody else's to change.
pub(super) const ACCOUNT: &str = "ours";

/// Where a stack lives of which the manifest says nothing else.
pub(super) const HOME: &str = "first";

/// The provider's section of the manifest.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Which cloud: [`Cloud::named`].
    pub cloud: String,
    /// The principal under which task code runs that has none of its own.
    pub task_principal: String,
    /// Where the stack lives, where it isn't `first`.
    #[serde(default)]
    pub home: Option<String>,
    /// Patterns of names that are never touched.
    #[serde(default)]
    pub protected: Vec<String>,
}

/// The reference provider.
#[derive(Debug)]
pub struct Reference {
    pub(super) stack: String,
    pub(super) cloud: Cloud,
    pub(super) config: Config,
    sent: AtomicU64,
}

impl Reference {
    /// Passes a request's answer on, counts it, and makes an error of a refusal.
    pub(super) fn ask<T>(&self, answer: Result<T, Refusal>) -> Result<T> {
        self.sent.fetch_add(1, Ordering::Relaxed);
        answer.map_err(error)
    }

    /// The name of an object of this stack. Names of stacks and grants have no dots, so no two stacks share one.
    pub(super) fn own(&self, name: &str) -> String {
        format!("{}.{name}", self.stack)
    }

    /// The principal of a scope, and the object that makes it, unless everybody's default one serves.
    fn principal(&self, binding: &ScopeBinding) -> (String, Option<Object>) {
        if binding.scope == Scope::Global {
            return (self.config.task_principal.clone(), None);
        }
        let name = self.own(&binding.scope.slug());
        let trusts: Vec<_> = binding.service_accounts().into_iter().map(ToString::to_string).collect();
        let object = Object::new(
            ObjectId::new(PRINCIPAL, &name),
            binding.scope.clone(),
            vec![binding.id()],
            json!({ "trusts": trusts }),
        );
        (name, Some(object))
    }
}

/// What a grant comes to in this cloud: a policy, to which principals are tied.
#[derive(Debug)]
struct Policy(ObjectId);

/// What the cloud's refusals mean to core.
fn error(refusal: Refusal) -> Error {
    let Refusal { operation, code } = refusal;
    let (kind, message) = match code {
        Code::SlowDown => (ErrorKind::Throttled, "the cloud asks to slow down"),
        Code::Broken => (ErrorKind::Unavailable, "the cloud fails at the moment"),
        Code::Forbidden => (ErrorKind::AccessDenied, "the cloud refuses the caller"),
        Code::Missing => (ErrorKind::NotFound, "there is no such thing"),
        Code::Exists => (ErrorKind::Conflict, "there is one already"),
        Code::InUse => (ErrorKind::Conflict, "something still needs it"),
        // Whoever reads again and merges again gets through.
        Code::Outdated => (ErrorKind::NotYet, "somebody else wrote in the meantime"),
    };
    Error::new(kind, message).with("operation", operation)
}

#[async_trait]
impl Backend for Reference {
    async fn observe(&self, desired: &Desired) -> Result<Observed> {
        self.look(desired)
    }

    async fn apply(&self, change: Approved<'_>) -> Result<Outcome> {
        self.make(change.change())
    }

    fn protected(&self) -> Protected {
        Protected::new(&self.config.protected)
    }

    fn equivalent(&self, object: &Object) -> Vec<String> {
        match object.id.kind {
            ATTACHMENT | STATEMENT => Vec::new(),
            kind => {
                vec![format!("cloud create {kind} {} --owner {} '{}'", object.id.name, self.stack, object.attributes)]
            }
        }
    }

    fn requests(&self) -> Option<u64> {
        Some(self.sent.load(Ordering::Relaxed))
    }
}

#[async_trait]
impl Provider for Reference {
    async fn grant_task_access(&self, grants: &[Arc<Checked<TaskAccess>>]) -> Result<Permissions> {
        let mut permissions = Permissions::default();
        for grant in grants.iter().map(|grant| &***grant) {
            let reach = grant.reaches.iter();
            let allowed = |reach: &Reach| match grant.precise {
                // This cloud lets whoever writes read as well, unless it is told not to.
                true => json!([reach.resource.locator, reach.access, "only"]),
                false => json!([reach.resource.locator, reach.access]),
            };
            let reach: Vec<_> = reach.map(allowed).collect();
            let policy = Policy(ObjectId::new(POLICY, self.own(grant.name.as_str())));
            permissions.desired.objects.push(Object::new(
                policy.0.clone(),
                grant.scope.clone(),
                vec![grant.id()],
                json!({ "allows": reach }),
            ));
            permissions.grant(grant, policy);
        }
        Ok(permissions)
    }

    async fn enable_registry(&self, registries: &[Checked<RegistryAccess>]) -> Result<Desired> {
        let mut desired = Desired::default();
        for registry in registries {
            let name = registry.resource().locator.trim_start_matches("registry://");
            let id = format!("{}/{}", self.stack, registry.name);
            let may = registry.access().to_string();
            let handoff = (!is_ours(name)).then(|| Handoff {
                verifiable: true,
                ..Handoff::unseen(
                    format!("the owner of {name}"),
                    format!("let the platform's nodes {may} {name}"),
                    json!({ "id": id, "may": may }).to_string(),
                )
            });
            if handoff.is_some() {
                desired.notes.push(Note::info(registry.id(), format!("{name} is in another account")));
            }
            desired.objects.push(Object {
                ownership: Ownership::Fragment { of: format!("the document of {name}") },
                touches: vec![name.to_owned()],
                handoff,
                ..Object::new(
                    ObjectId::new(STATEMENT, format!("{name}#{id}")),
                    registry.scope().clone(),
                    vec![registry.id()],
                    json!({ "registry": name, "id": id, "may": may }),
                )
            });
        }
        Ok(desired)
    }

    async fn bind_scope(&self, bindings: &[Checked<ScopeBinding>], permissions: &Permissions) -> Result<Bound> {
        let mut bound = Bound::default();
        let desired = &mut bound.desired;
        let policies = permissions.by_grant::<Policy>()?;
        for binding in bindings {
            let (principal, object) = self.principal(binding);
            let touches = match &object {
                Some(_) => Vec::new(),
                None => {
                    if self.ask(self.cloud.get(Kind::Principal, &principal))?.is_none() {
                        let message = format!("the platform's principal `{principal}` isn't there");
                        return Err(Error::new(ErrorKind::NotFound, message).hint("set `task_principal`"));
                    }
                    vec![principal.clone()]
                }
            };
            let made_by = object.as_ref().map(|object| object.id.clone());
            desired.objects.extend(object);
            bound.principals.extend(made_by.as_ref().map(|made_by| told(binding, &principal, made_by)));
            // The policies of the wider scopes as well: the same ones attached, no copies.
            for Policy(policy) in binding.grants.iter().filter_map(|grant| policies.get(&grant.id())).flatten() {
                desired.objects.push(Object {
                    depends_on: made_by.iter().cloned().chain([policy.clone()]).collect(),
                    ownership: Ownership::Fragment { of: format!("the attachments of {principal}") },
                    touches: touches.clone(),
                    ..Object::new(
                        ObjectId::new(ATTACHMENT, format!("{principal}/{}", policy.name)),
                        binding.scope.clone(),
                        vec![binding.id()],
                        json!({ "principal": principal, "policy": policy.name }),
                    )
                });
            }
        }
        Ok(bound)
    }

    fn confirmation(&self, confirmed: &Confirmed) -> Option<Object> {
        let Confirmed { document, on, .. } = confirmed;
        Some(Object::new(
            ObjectId::new(POLICY, self.own(&format!("{CONFIRMED}{}", confirmed.digits()))),
            Scope::Global,
            // Attached to nobody, a policy gives nothing.
            Vec::new(),
            json!({
                "confirms": confirmed.handoff(),
                "document": document,
                "on": on,
                "how": confirmed.how.texts().join("\n"),
            }),
        ))
    }

    async fn stacks(&self) -> Result<Stacks> {
        self.list()
    }
}

/// A principal, for the platform to be told of it. Here its name is known beforehand, as that of a role on AWS.
fn told(binding: &Checked<ScopeBinding>, name: &str, made_by: &ObjectId) -> Principal {
    let value = Identifier::Known(name.to_owned());
    Principal {
        scope: binding.scope.clone(),
        because: vec![binding.id()],
        serves: binding.serves().cloned().collect(),
        depends_on: vec![made_by.clone()],
        identity: Identity::Known {
            name: name.to_owned(),
            annotation: Annotation { key: "reference.example/principal", value, pod_label: None },
            issuers: Vec::new(),
        },
    }
}

pub(super) fn is_ours(registry: &str) -> bool {
    registry.split('/').next() == Some(ACCOUNT)
}

#[async_trait]
impl Connect for Reference {
    const ID: &'static str = "reference";
    const SUMMARY: &'static str = "a cloud in memory";
    const CAPABILITIES: Capabilities = Capabilities::none()
        .scopes(&ScopeKind::ALL, "")
        .kinds(&[
            RegisteredKind::new(
                ResourceKind::OBJECT_STORE,
                &[Access::List, Access::Read, Access::Write, Access::ReadWrite, Access::Manage],
            ),
            RegisteredKind::new(ResourceKind::SECRET, &[Access::Read]),
            RegisteredKind::new(ResourceKind::REGISTRY, &[Access::Pull, Access::Push]),
        ])
        .registry(&[Access::Pull, Access::Push])
        .inexact(&[Inexact {
            kind: ResourceKind::OBJECT_STORE,
            access: Access::Write,
            gains: "reads objects",
            loses: "",
            precisely: true,
        }]);
    type Config = Config;

    fn parse_locator(locator: &str) -> Result<(ResourceKind, Locator), Diagnostic> {
        match locator.split_once("://") {
            Some(("store", name)) if !name.is_empty() => Ok((ResourceKind::OBJECT_STORE, Locator::new(locator, ()))),
            Some(("secret", name)) if !name.is_empty() => Ok((ResourceKind::SECRET, Locator::new(locator, ()))),
            Some(("registry", name)) if name.contains('/') => Ok((ResourceKind::REGISTRY, Locator::new(locator, ()))),
            _ => Err(Diagnostic::new("", format!("`{locator}` is nothing that this cloud has"))
                .hint("write `store://NAME`, `secret://NAME` or `registry://ACCOUNT/NAME`")),
        }
    }

    fn directs_credentials(_: &Config) -> Vec<Diagnostic> {
        Vec::new()
    }

    async fn connect(context: Context, config: Config) -> Result<Self> {
        // Names of stacks have no such sign: two homes of one name are two stacks.
        let stack = match config.home.as_deref() {
            Some(home) if home != HOME => format!("{}@{home}", context.stack),
            _ => context.stack.to_string(),
        };
        Ok(Self { stack, cloud: Cloud::named(&config.cloud), config, sent: AtomicU64::new(0) })
    }
}
