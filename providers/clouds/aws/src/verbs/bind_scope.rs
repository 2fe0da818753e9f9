//! `bind_scope`: attachments to the platform's task role for the global scope, a role for each narrower one, which its service
//! accounts name, or with which EKS associates them.

mod carried;

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{
    Annotation, Bound, Checked, Desired, Error, ErrorKind, Identifier, Identity, Intent, IntentId, Note, Object,
    ObjectId, Ownership, Permissions, Principal, Result, Scope, ScopeBinding, parallel,
};
use serde_json::Value;

use crate::config::arn::name_in;
use crate::config::eks_cluster::EksCluster;
use crate::config::{Binding, Cluster, Config};
use crate::inventory::others_roles::OthersRole;
use crate::marks::eks_clusters;
use crate::names::Names;
use crate::names::tags::{HOME_TAG, SCOPE_TAG, STACK_TAG, TASK_POLICY_TAG};
use crate::objects::attributes::raw;
use crate::objects::pod_identity_association::association::{self, PodIdentityAssociation};
use crate::objects::role::Role;
use crate::objects::tags::Tags;
use crate::objects::{managed_policy, role};
use crate::policy::document;
use crate::policy::trust;
use crate::verbs::attachment::attachment;
use crate::verbs::bind_scope::carried::{Meanings, OnRole, carried};
use crate::verbs::existing_policies;
use crate::verbs::handles::Handles;
use crate::verbs::needed::Needed;

/// How a service account names its role. Source: Amazon EKS user guide, "Assign IAM roles to Kubernetes service accounts".
const ROLE_ANNOTATION: &str = "eks.amazonaws.com/role-arn";

pub(crate) async fn bound(
    handles: Handles<'_>,
    bindings: &[Checked<ScopeBinding>],
    permissions: &Permissions,
) -> Result<Bound> {
    let mut bound = Bound::default();
    let desired = &mut bound.desired;
    if bindings.is_empty() {
        return Ok(bound);
    }
    let any_narrow = bindings.iter().any(|binding| binding.scope != Scope::Global);
    let any_global = bindings.iter().any(|binding| binding.scope == Scope::Global);
    let (needed, snapshot) = tokio::join!(Needed::read(handles, any_narrow, any_global), handles.inventory.snapshot());
    let snapshot = snapshot?;
    let (task_policy, task_role) = needed.whole()?;
    let task_policy = task_policy.map(|policy| policy.arn);
    desired.notes.extend(task_role.as_ref().and_then(|role| role.note("task_role")));
    if let Some(arn) = &task_policy
        && snapshot.policies.get(arn).is_some_and(|policy| document::is_administrators(&policy.document()))
    {
        let message = format!("`{arn}` allows everything, and every role of the stack carries it (`aws.task_policy`)");
        desired.notes.push(Note::warning("aws.task_policy", message));
    }
    let policies = permissions.by_scope()?;
    let mut meanings = Meanings::new(handles.names, &snapshot, &permissions.desired);
    for binding in bindings {
        meanings.taken_over(&policies, binding, &mut desired.replaces);
        if let (Scope::Global, Some(task_role)) = (&binding.scope, &task_role) {
            global(task_role, binding, carried(handles.names, &policies, binding), desired);
            let existing = existing_policies::carried(&policies, binding);
            let (objects, notes) =
                existing_policies::on_role_of_others(handles, binding, &task_role.name, &snapshot, existing);
            desired.objects.extend(objects);
            desired.notes.extend(notes);
        }
    }
    let narrow_ones = bindings.iter().filter(|binding| binding.scope != Scope::Global).collect();
    let parts = parallel::map(narrow_ones, |binding| {
        let existing = existing_policies::carried(&policies, binding);
        narrow(handles, binding, task_policy.as_deref(), carried(handles.names, &policies, binding), existing)
    });
    for part in parts {
        bound.extend(part?);
    }
    Ok(bound)
}

/// Requirement 14.
fn global(role: &OthersRole, binding: &Checked<ScopeBinding>, carried: Vec<OnRole<'_>>, desired: &mut Desired) {
    for (policy, arn, mut because) in carried {
        because.push(binding.id());
        let fragment = Ownership::Fragment { of: format!("role {}", role.name) };
        let mut object = attachment(&role.name, policy, &arn, &binding.scope, because);
        object.depends_on = vec![policy.clone()];
        object.touches = vec![role.name.clone()];
        object.ownership = fragment;
        desired.objects.push(object);
    }
}

/// Requirements 16 to 23.
fn narrow(
    handles: Handles<'_>,
    binding: &Checked<ScopeBinding>,
    task_policy: Option<&str>,
    carried: Vec<OnRole<'_>>,
    existing: existing_policies::Carried<'_>,
) -> Result<Bound> {
    let mut desired = Desired::default();
    let name = handles.names.role(&binding.scope);
    let role = role::id(&name);
    let mut tags: Tags = own_tags(handles.names, &binding.scope)
        .map(|(key, value)| (key.to_owned(), value.into()))
        .into_iter()
        .collect();
    tags.extend(task_policy.map(|arn| (TASK_POLICY_TAG.to_owned(), arn.into())));
    tags.extend(handles.config.tags.iter().map(|(key, value)| (key.clone(), value.as_str().into())));
    let trust = raw(&trust(handles.config, handles.names, binding)?);
    let boundary = handles.config.permissions_boundary.as_deref().map(Into::into);
    let attributes = Role { path: handles.names.path().into(), tags, trust: &trust, boundary }.attributes();
    desired.objects.push(Object {
        id: role.clone(),
        scope: binding.scope.clone(),
        attributes,
        references: Vec::new(),
        depends_on: Vec::new(),
        because: for_binding(binding),
        ownership: Ownership::Exclusive,
        touches: Vec::new(),
        handoff: None,
    });
    if let Some(arn) = task_policy {
        let policy = managed_policy::id(name_in(arn));
        let mut object = attachment(&name, &policy, arn, &binding.scope, vec![binding.id()]);
        object.depends_on = vec![role.clone()];
        desired.objects.push(object);
    }
    for (policy, arn, mut grants) in carried {
        grants.push(binding.id());
        let mut object = attachment(&name, policy, &arn, &binding.scope, grants);
        object.depends_on = vec![role.clone(), policy.clone()];
        desired.objects.push(object);
    }
    desired.objects.extend(existing_policies::on_own_role(handles, binding, &name, task_policy, existing));
    desired.notes.push(replaces(handles, binding, task_policy));
    if handles.config.is_pod_identity() {
        desired.objects.extend(associations(handles, binding, &name, &role));
    }
    let principal = principal(handles, binding, name, role);
    Ok(Bound { desired, principals: vec![principal] })
}

/// The tags that say whose something is, and for which scope.
fn own_tags(names: &Names, scope: &Scope) -> [(&'static str, String); 3] {
    [(STACK_TAG, names.stack().to_string()), (HOME_TAG, names.home()), (SCOPE_TAG, scope.to_string())]
}

/// The binding, and the grants of its own scope.
fn for_binding(binding: &Checked<ScopeBinding>) -> Vec<IntentId> {
    let grants = binding.grants.iter().filter(|grant| grant.scope == binding.scope).map(|grant| grant.id());
    std::iter::once(binding.id()).chain(grants).collect()
}

/// The role, for the platform to be told of it.
fn principal(handles: Handles<'_>, binding: &Checked<ScopeBinding>, name: String, role: ObjectId) -> Principal {
    let issuers = handles.config.issuers().map(str::to_owned).collect();
    let identifier = handles.names.role_arn(&name);
    let identity = match handles.config.binding {
        Binding::PodIdentity => Identity::BoundByCloud { name, identifier, overridden: ROLE_ANNOTATION, issuers },
        Binding::Irsa => {
            let value = Identifier::Known(identifier);
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
fn associations(handles: Handles<'_>, binding: &Checked<ScopeBinding>, name: &str, role: &ObjectId) -> Vec<Object> {
    let (names, scope) = (handles.names, &binding.scope);
    let mut tags = BTreeMap::from(own_tags(names, scope).map(|(key, value)| (key.to_owned(), value)));
    tags.extend(handles.config.tags.clone());
    let mut objects = Vec::new();
    for cluster in handles.config.eks_clusters() {
        let mark = eks_clusters::mark(names, &handles.config.tags, &cluster, scope, for_binding(binding));
        let (arn, needs) = (cluster.arn(), vec![role.clone(), mark.id.clone()]);
        objects.push(mark);
        // Several pairs may run as one service account.
        let subjects: BTreeSet<_> = binding.serves().map(|(_, subject)| subject).collect();
        objects.extend(subjects.into_iter().map(|subject| {
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
                id: association::id(&cluster, subject.namespace(), subject.service_account()),
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

/// Requirements 17 to 20.
fn trust(config: &Config, names: &Names, binding: &ScopeBinding) -> Result<Value> {
    let subjects = binding.service_accounts();
    let needed = |what: &str, key: &str| {
        let message = format!("a role for task code needs {what}");
        Error::new(ErrorKind::Manifest, message).hint(format!("set `{key}`"))
    };
    match config.binding {
        Binding::PodIdentity => {
            let clusters: Vec<EksCluster> = config.eks_clusters().collect();
            let named = !clusters.is_empty();
            named.then(|| trust::of_pod_identity(&clusters, &subjects)).ok_or_else(|| {
                needed("the EKS cluster in which its service accounts are associated with it", "aws.cluster.name")
            })
        }
        Binding::Irsa => {
            let issuers = config.issuers();
            let issuers: Vec<_> = issuers.map(|issuer| (issuer.to_owned(), names.oidc_provider_arn(issuer))).collect();
            let audience = config.cluster.as_ref().map(Cluster::audience).filter(|_| !issuers.is_empty());
            let trust = audience.map(|audience| trust::of_web_identity(&issuers, audience, &subjects));
            trust.ok_or_else(|| needed("the cluster's OpenID Connect provider", "aws.cluster.oidc_provider"))
        }
    }
}

/// Requirement 27.
fn replaces(handles: Handles<'_>, binding: &ScopeBinding, task_policy: Option<&str>) -> Note {
    let default =
        handles.config.task_role(handles.conventions).unwrap_or_else(|| "the platform's default role".to_owned());
    let keeps = match task_policy {
        Some(arn) => {
            format!("it carries {} as well, so that tasks keep what they need to run", name_in(arn))
        }
        None => "no `aws.task_policy` is set, so tasks keep only what the grants say".to_owned(),
    };
    let message = format!("once bound, its role replaces {default} for task code of {}; {keeps}", binding.scope);
    if task_policy.is_some() { Note::info(binding.id(), message) } else { Note::warning(binding.id(), message) }
}
