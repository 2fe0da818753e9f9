//! `bind_scope`: attachments to the platform's task role for the global scope, a role for each narrower one, which its service
//! accounts name, or with which EKS associates them.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{
    Annotation, AnnotationValue, Bound, Checked, Desired, Error, ErrorKind, Identity, Intent, IntentId, Note, Object,
    ObjectId, Ownership, Principal, Result, Scope, ScopeBinding, parallel,
};
use foldhash::{HashMap, HashMapExt as _, HashSet};
use serde_json::{Value, json};

use crate::config::eks_cluster::EksCluster;
use crate::config::{Binding, Cluster};
use crate::inventory::snapshot::Snapshot;
use crate::objects::attachment::Attachment;
use crate::objects::kinds;
use crate::objects::pod_identity_association::PodIdentityAssociation;
use crate::packing::packed::{Carried, CarriedBy};
use crate::policy::document;
use crate::policy::statement::{Meaning, meanings};
use crate::policy::trust;
use crate::verbs::others_roles::OthersRole;
use crate::{Aws, eks_clusters};

/// The mark of the stack on its roles.
pub(crate) const STACK_TAG: &str = "cloudgrant:stack";
/// The home of the stack: its account and the cluster's issuer.
pub(crate) const HOME_TAG: &str = "cloudgrant:home";
/// The scope that a role serves, for people who meet it in the console.
pub(crate) const SCOPE_TAG: &str = "cloudgrant:scope";
/// The platform's task policy that the stack attached: so that it is known for ours when it is to go.
pub(crate) const TASK_POLICY_TAG: &str = "cloudgrant:task-policy";

/// What a role's tag says. IAM keeps the case of keys, and takes such as differ in it alone for the same, of roles. Source: IAM user guide, "Tags
/// for IAM resources", "Rules for tagging".
pub(crate) fn tag_of<'a>(tags: impl IntoIterator<Item = (&'a String, &'a String)>, key: &str) -> Option<&'a str> {
    let is_it = |(found, value): (&String, &'a String)| (found.to_lowercase() == key.to_lowercase()).then_some(value);
    tags.into_iter().find_map(is_it).map(String::as_str)
}

/// How a service account names its role. Source: Amazon EKS user guide, "Assign IAM roles to Kubernetes service accounts".
const ROLE_ANNOTATION: &str = "eks.amazonaws.com/role-arn";

pub(crate) async fn bound(aws: &Aws, bindings: &[Checked<ScopeBinding>]) -> Result<Bound> {
    let mut bound = Bound::default();
    let desired = &mut bound.desired;
    if bindings.is_empty() {
        return Ok(bound);
    }
    let grants = bindings.iter().flat_map(|binding| &binding.grants);
    // Only roles of ours need the task policy, as the task role has it already; and they trust the issuer.
    let any_narrow = bindings.iter().any(|binding| binding.scope != Scope::Global);
    let for_roles = async {
        if any_narrow { tokio::try_join!(task_policy(aws), issuers(aws)).map(|(policy, ())| policy) } else { Ok(None) }
    };
    let any_global = bindings.iter().any(|binding| binding.scope == Scope::Global);
    let for_global = async { if any_global { aws.task_role().await.map(Some) } else { Ok(None) } };
    let (inventory, for_roles, mut for_global, snapshot) =
        tokio::join!(aws.inventory(grants), for_roles, for_global, aws.snapshot());
    let snapshot = snapshot?;
    let (task_policy, no_policy) = match for_roles {
        Ok(Some(TaskPolicy { arn, missing })) => (Ok(Some(arn)), missing),
        Ok(None) => (Ok(None), None),
        Err(error) => (Err(error), None),
    };
    let mut no_role = None;
    if let Ok(Some(role)) = &mut for_global {
        desired.notes.extend(role.note("task_role"));
        no_role = role.missing.take();
    }
    let mut read = Error::both(Error::both(inventory, task_policy), for_global);
    // Told at once with what else is in the way; where nothing else is, the observation tells it.
    let has_failed = read.is_err();
    for missing in no_policy.into_iter().chain(no_role).filter(|_| has_failed) {
        read = Error::both(read, Err::<(), _>(missing)).map(|(read, ())| read);
    }
    let ((inventory, task_policy), task_role) = read?;
    let grants = bindings.iter().flat_map(|binding| &binding.grants);
    let reading = aws.reading().await;
    let policies = reading.packed.carried(aws, grants, &inventory, &snapshot).await?;
    if let Some(arn) = &task_policy
        && snapshot.policies.get(arn).is_some_and(|policy| document::is_administrators(&policy.document()))
    {
        let message = format!("`{arn}` allows everything, and every role of the stack carries it (`aws.task_policy`)");
        desired.notes.push(Note::warning("aws.task_policy", message));
    }
    let mut meanings = Meanings::new(aws, &snapshot);
    for binding in bindings {
        meanings.taken_over(&policies, binding, &mut desired.replaces);
        if let (Scope::Global, Some(task_role)) = (&binding.scope, &task_role) {
            global(task_role, binding, carried(aws, &policies, binding), desired);
        }
    }
    let narrow_ones = bindings.iter().filter(|binding| binding.scope != Scope::Global).collect();
    let parts = parallel::map(narrow_ones, |binding| {
        narrow(aws, binding, task_policy.as_deref(), carried(aws, &policies, binding))
    });
    for part in parts {
        bound.extend(part?);
    }
    Ok(bound)
}

/// Read for the observation, beside the rest. What is denied is told there: it is in nobody's way who only takes away.
async fn issuers(aws: &Aws) -> Result<()> {
    match aws.issuers().await {
        Err(error) if error.kind() == ErrorKind::AccessDenied => Ok(()),
        read => read.map(drop),
    }
}

/// The policy that every task needs.
pub(crate) struct TaskPolicy {
    pub(crate) arn: String,
    /// Said where it isn't there: no role can be made that is to carry it.
    pub(crate) missing: Option<Error>,
}

/// The policy that every task needs (requirement 22), where the platform has one.
pub(crate) async fn task_policy(aws: &Aws) -> Result<Option<TaskPolicy>> {
    let Some(name) = aws.config.task_policy(&aws.conventions) else { return Ok(None) };
    let there = |arn: String| Ok(Some(TaskPolicy { arn, missing: None }));
    // Those that AWS manages are in no account's list.
    if name.starts_with("arn:") && name.contains(":aws:policy/") {
        return there(name);
    }
    let snapshot = aws.snapshot().await?;
    let known = if name.starts_with("arn:") {
        snapshot.policies.contains_key(&name).then_some(name.as_str())
    } else {
        snapshot.policy_arn(&name)
    };
    if let Some(arn) = known {
        return there(arn.to_owned());
    }
    let mut error = Error::new(ErrorKind::NotFound, format!("the policy that every task needs, `{name}`, isn't there"))
        .with("account", &aws.config.account);
    if snapshot.roles.keys().any(|role| role.ends_with(&name)) {
        error = error.with("found", format!("a role of that name; the policy `{name}` is another thing"));
    }
    let arn = if name.starts_with("arn:") { name } else { aws.names.policy_arn_without_path(&name) };
    Ok(Some(TaskPolicy { arn, missing: Some(error.hint(aws.task_policy_hint())) }))
}

/// A policy that a principal carries: the policy, its ARN, and the grants in it.
type OnRole<'a> = (&'a Carried, String, Vec<IntentId>);

/// The policies that a binding's principal carries: those of the wider scopes, and its own. The same policies, not
/// copies.
fn carried<'a>(aws: &Aws, policies: &'a CarriedBy, binding: &ScopeBinding) -> Vec<OnRole<'a>> {
    let scopes: BTreeSet<_> = binding.grants.iter().map(|grant| &grant.scope).collect();
    let policies = scopes.into_iter().filter_map(|scope| policies.get(scope)).flatten();
    policies.map(|policy| (policy, aws.names.policy_arn(&policy.name), policy.because.clone())).collect()
}

/// What the stack's policies give, each read once.
struct Meanings<'a> {
    aws: &'a Aws,
    snapshot: &'a Snapshot,
    known: HashMap<&'a str, HashSet<Meaning>>,
}

impl<'a> Meanings<'a> {
    fn new(aws: &'a Aws, snapshot: &'a Snapshot) -> Self {
        Self { aws, snapshot, known: HashMap::new() }
    }

    /// Finds out which of a role's policies already give what new ones are to give.
    fn taken_over(
        &mut self,
        policies: &CarriedBy,
        binding: &ScopeBinding,
        replaces: &mut BTreeMap<ObjectId, Vec<ObjectId>>,
    ) {
        let (aws, snapshot) = (self.aws, self.snapshot);
        let role = aws.role_of(&binding.scope);
        let Some(known) = snapshot.roles.get(&role) else { return };
        let ours: Vec<_> = known.attached.iter().filter(|(arn, _)| aws.names.is_policy_of_ours(arn)).collect();
        if ours.is_empty() {
            return;
        }
        let carried = carried(aws, policies, binding);
        for (policy, _, _) in carried.iter().filter(|(_, arn, _)| !known.attached.contains_key(arn)) {
            let new = &policy.gives;
            let mut old: Vec<_> =
                ours.iter().filter(|(arn, _)| !self.of_policy(arn).is_disjoint(new)).map(|(_, name)| *name).collect();
            old.sort_unstable();
            let ids = old.into_iter().flat_map(|name| [kinds::attachment(&role, name), kinds::policy(name)]);
            replaces.entry(kinds::attachment(&role, &policy.name)).or_default().extend(ids);
        }
    }

    fn of_policy(&mut self, arn: &'a str) -> &HashSet<Meaning> {
        let policy = self.snapshot.policies.get(arn);
        self.known.entry(arn).or_insert_with(|| policy.map(|policy| meanings(&policy.document())).unwrap_or_default())
    }
}

/// Requirement 14.
fn global(role: &OthersRole, binding: &Checked<ScopeBinding>, carried: Vec<OnRole<'_>>, desired: &mut Desired) {
    for (policy, arn, mut because) in carried {
        let policy = kinds::policy(&policy.name);
        because.push(binding.id());
        let fragment = Ownership::Fragment { of: format!("role {}", role.name) };
        let mut object = attachment(&role.name, &policy, &arn, &binding.scope, because);
        object.depends_on = vec![policy];
        object.touches = vec![role.name.clone()];
        object.ownership = fragment;
        desired.objects.push(object);
    }
}

/// Requirements 16 to 23.
fn narrow(
    aws: &Aws,
    binding: &Checked<ScopeBinding>,
    task_policy: Option<&str>,
    carried: Vec<OnRole<'_>>,
) -> Result<Bound> {
    let mut desired = Desired::default();
    let name = aws.names.role(&binding.scope);
    let role = kinds::role(&name);
    let mut tags = json!({
        STACK_TAG: aws.names.stack(),
        HOME_TAG: aws.names.home(),
        SCOPE_TAG: binding.scope.to_string(),
    });
    if let Some(tags) = tags.as_object_mut() {
        tags.extend(task_policy.map(|arn| (TASK_POLICY_TAG.to_owned(), arn.into())));
        tags.extend(aws.config.tags.iter().map(|(key, value)| (key.clone(), value.as_str().into())));
    }
    let mut attributes = json!({ "path": aws.names.path(), "tags": tags, "trust": trust(aws, binding)? });
    if let Some(boundary) = &aws.config.permissions_boundary {
        attributes["boundary"] = boundary.as_str().into();
    }
    desired.objects.push(Object {
        id: role.clone(),
        scope: binding.scope.clone(),
        attributes: attributes.into(),
        references: Vec::new(),
        depends_on: Vec::new(),
        because: for_binding(binding),
        ownership: Ownership::Exclusive,
        touches: Vec::new(),
        handoff: None,
    });
    if let Some(arn) = task_policy {
        let policy = kinds::policy(kinds::policy_name(arn));
        let mut object = attachment(&name, &policy, arn, &binding.scope, vec![binding.id()]);
        object.depends_on = vec![role.clone()];
        desired.objects.push(object);
    }
    for (policy, arn, mut grants) in carried {
        let policy = kinds::policy(&policy.name);
        grants.push(binding.id());
        let mut object = attachment(&name, &policy, &arn, &binding.scope, grants);
        object.depends_on = vec![role.clone(), policy];
        desired.objects.push(object);
    }
    desired.notes.push(replaces(aws, binding, task_policy));
    if aws.config.is_pod_identity() {
        desired.objects.extend(associations(aws, binding, &name, &role));
    }
    let principal = principal(aws, binding, name, role);
    Ok(Bound { desired, principals: vec![principal] })
}

/// The binding, and the grants of its own scope.
fn for_binding(binding: &Checked<ScopeBinding>) -> Vec<IntentId> {
    let grants = binding.grants.iter().filter(|grant| grant.scope == binding.scope).map(|grant| grant.id());
    std::iter::once(binding.id()).chain(grants).collect()
}

/// The role, for the platform to be told of it.
fn principal(aws: &Aws, binding: &Checked<ScopeBinding>, name: String, role: ObjectId) -> Principal {
    let issuers = aws.config.issuers().map(str::to_owned).collect();
    let identifier = aws.names.role_arn(&name);
    let identity = match aws.config.binding {
        Binding::PodIdentity => Identity::BoundByCloud { name, identifier, overridden: ROLE_ANNOTATION, issuers },
        Binding::Irsa => {
            let value = AnnotationValue::Known(identifier);
            Identity::Known { name, annotation: Annotation { key: ROLE_ANNOTATION, value, pod_label: None }, issuers }
        }
    };
    Principal {
        scope: binding.scope.clone(),
        because: for_binding(binding),
        serves: binding.serves().cloned().collect(),
        depends_on: vec![role],
        identity,
    }
}

/// What EKS gives the role by: an association of each service account in each cluster, after the cluster's mark.
fn associations(aws: &Aws, binding: &Checked<ScopeBinding>, name: &str, role: &ObjectId) -> Vec<Object> {
    let (names, scope) = (&aws.names, &binding.scope);
    let mut tags = BTreeMap::from([
        (STACK_TAG.to_owned(), names.stack().to_string()),
        (HOME_TAG.to_owned(), names.home()),
        (SCOPE_TAG.to_owned(), scope.to_string()),
    ]);
    tags.extend(aws.config.tags.iter().map(|(key, value)| (key.clone(), value.clone())));
    let mut objects = Vec::new();
    for cluster in aws.config.eks_clusters() {
        let mark = eks_clusters::mark(names, &aws.config.tags, &cluster, scope, for_binding(binding));
        let (arn, needs) = (cluster.arn(), vec![role.clone(), mark.id.clone()]);
        objects.push(mark);
        objects.extend(binding.serves().map(|(_, subject)| {
            let association = PodIdentityAssociation {
                cluster: arn.as_str().into(),
                namespace: subject.namespace().into(),
                service_account: subject.service_account().into(),
                role: names.role_arn(name).into(),
                tags: tags.clone(),
                target_role: None,
                policy: None,
                without_session_tags: false,
            };
            Object {
                id: association.id(),
                scope: scope.clone(),
                attributes: association.into(),
                references: Vec::new(),
                depends_on: needs.clone(),
                because: for_binding(binding),
                ownership: Ownership::Exclusive,
                touches: Vec::new(),
                handoff: None,
            }
        }));
    }
    objects
}

fn attachment(role: &str, policy: &ObjectId, arn: &str, scope: &Scope, because: Vec<IntentId>) -> Object {
    Object {
        id: kinds::attachment(role, &policy.name),
        scope: scope.clone(),
        attributes: Attachment::new(role, arn).into(),
        references: Vec::new(),
        depends_on: Vec::new(),
        because,
        ownership: Ownership::Exclusive,
        touches: Vec::new(),
        handoff: None,
    }
}

/// Requirements 17 to 20.
fn trust(aws: &Aws, binding: &ScopeBinding) -> Result<Value> {
    let subjects: Vec<_> = binding.subjects.iter().map(|(_, subject)| subject).collect();
    let needed = |what: &str, key: &str| {
        let message = format!("a role for task code needs {what}");
        Error::new(ErrorKind::Manifest, message).hint(format!("set `{key}`"))
    };
    match aws.config.binding {
        Binding::PodIdentity => {
            let clusters: Vec<EksCluster> = aws.config.eks_clusters().collect();
            let named = !clusters.is_empty();
            named.then(|| trust::of_pod_identity(&clusters, &subjects)).ok_or_else(|| {
                needed("the EKS cluster in which its service accounts are associated with it", "aws.cluster.name")
            })
        }
        Binding::Irsa => {
            let issuers = aws.config.issuers();
            let issuers: Vec<_> =
                issuers.map(|issuer| (issuer.to_owned(), aws.names.oidc_provider_arn(issuer))).collect();
            let audience = aws.config.cluster.as_ref().map(Cluster::audience).filter(|_| !issuers.is_empty());
            let trust = audience.map(|audience| trust::of_web_identity(&issuers, audience, &subjects));
            trust.ok_or_else(|| needed("the cluster's OpenID Connect provider", "aws.cluster.oidc_provider"))
        }
    }
}

/// Requirement 27.
fn replaces(aws: &Aws, binding: &ScopeBinding, task_policy: Option<&str>) -> Note {
    let default = aws.config.task_role(&aws.conventions).unwrap_or_else(|| "the platform's default role".to_owned());
    let keeps = match task_policy {
        Some(arn) => {
            format!("it carries {} as well, so that tasks keep what they need to run", kinds::policy_name(arn))
        }
        None => "no `aws.task_policy` is set, so tasks keep only what the grants say".to_owned(),
    };
    let message = format!("once bound, its role replaces {default} for task code of {}; {keeps}", binding.scope);
    if task_policy.is_some() { Note::info(binding.id(), message) } else { Note::warning(binding.id(), message) }
}
