//! `grant_task_access`: managed policies, one a scope unless it needs more or shares, and statements in the repositories
//! of other accounts.

use std::collections::BTreeMap;
use std::sync::Arc;

use cloudgrant_core::{
    Checked, Conventions, Diagnostic, Error, ErrorKind, Intent, Intents, Note, Object, Ownership, Permissions,
    ResourceKind, Result, Scope, ScopeBinding, TaskAccess,
};
use foldhash::HashMap;

use crate::config::Config;
use crate::inventory::lookups::secrets::Secrets;
use crate::marks::places::Places;
use crate::names::Names;
use crate::objects::{attachment, managed_policy};
use crate::packing::pack::Policy;
use crate::packing::scoped::PackingInput;
use crate::packing::share;
use crate::resources::by_arn;
use crate::resources::locator::Locator;
use crate::verbs::handles::Handles;
use crate::verbs::managed_policy::ManagedPolicy;
use crate::verbs::needed::Needed;
use crate::verbs::{existing_policies, notes, resource_policies};

pub(crate) async fn permissions(handles: Handles<'_>, grants: &[Arc<Checked<TaskAccess>>]) -> Result<Permissions> {
    let mut permissions = Permissions::default();
    if grants.is_empty() {
        return Ok(permissions);
    }
    // What principals need is read beside what the grants reach, and told with that where it is in the way.
    let carried_by = || grants.iter().flat_map(|grant| grant.carried_by.iter());
    let any_narrow = carried_by().any(|scope| *scope != Scope::Global);
    let any_global = carried_by().any(|scope| *scope == Scope::Global);
    let needed = Needed::read(handles, any_narrow, any_global);
    let (reached, snapshot, needed) =
        tokio::join!(handles.inventory.reached(grants), handles.inventory.snapshot(), needed);
    let read = Error::both(reached, snapshot);
    let needed = if read.is_ok() { needed.whole().map(drop) } else { needed.in_the_way() };
    let ((reached, snapshot), ()) = Error::both(read, needed)?;
    let carried_by: HashMap<&Scope, &[Scope]> = grants.iter().map(|grant| (&grant.scope, &*grant.carried_by)).collect();
    let is_beside_revoked = grants.iter().any(|grant| !grant.beside_revoked.is_empty());
    let input = PackingInput {
        names: handles.names,
        config: handles.config,
        reached: &reached,
        snapshot: &snapshot,
        quota: handles.inventory.quotas().await?.attached_per_role,
        task_policy: handles.config.task_policy(handles.conventions),
        existing_by_role: existing_policies::by_role(handles.config, handles.names, grants),
    };
    let revoked = grants.iter().map(|grant| &grant.beside_revoked).find(|revoked| !revoked.is_empty());
    let of_revoked = handles.inventory.reached(revoked.map_or(&[][..], |revoked| &**revoked));
    let packed = share::policies(&input, grants, of_revoked).await?;
    permissions.desired.unapplied.extend(packed.unapplied);
    permissions.desired.absent.extend(packed.absent);
    permissions.desired.less_revoked.extend(packed.held_against);
    for (scope, policies) in packed.by_scope {
        let carried_by = carried_by.get(&scope).copied().unwrap_or_default();
        if is_beside_revoked {
            let desired = &mut permissions.desired;
            let with_unasked = policies.iter().filter(|policy| policy.has_unasked);
            desired.unasked.extend(with_unasked.map(|policy| managed_policy::id(&policy.name)));
            desired.less_revoked.extend(policies.iter().map(|policy| managed_policy::id(&policy.name)));
        }
        // Each scope says of a shared policy what it has to do with it; it is one object all the same.
        for policy in policies {
            let object = policy_object(handles.names, &handles.config.tags, &scope, carried_by, policy);
            permissions.add(scope.clone(), object.because.clone(), ManagedPolicy::Own(object.id.clone()));
            permissions.desired.objects.push(object);
        }
    }
    existing_policies::add(handles, grants, &snapshot, &mut permissions).await?;
    let desired = &mut permissions.desired;
    let mut places = Places::default();
    for grant in grants {
        resource_policies::wanted(handles, grant, &reached, &mut places, desired).await?;
        secret_notes(handles.config, grant, &reached.secrets, &mut desired.notes);
        desired.notes.extend(by_arn::note(handles.config, grant));
        desired.notes.extend(by_arn::on_no_resource(handles.config, grant));
    }
    desired.notes.extend(notes::buckets::of(handles, grants, &reached.buckets));
    desired.notes.extend(notes::repositories::notes(handles, grants).await?);
    desired.objects.extend(places.objects(handles.names, &handles.config.tags, &snapshot));
    Ok(permissions)
}

/// Requirement 15: no global grant is attached to a task role that is protected.
pub(crate) fn protected(config: &Config, conventions: &Conventions, intents: &Intents) -> Option<Error> {
    let is_global = |binding: &Checked<ScopeBinding>| binding.scope == Scope::Global;
    let problem = protected_task_role(config, conventions).filter(|_| intents.bindings.iter().any(is_global))?;
    Some(Error::new(ErrorKind::Manifest, "the plan would change what is protected").diagnostics(vec![problem]))
}

/// What is wrong with a task role that is protected.
pub(crate) fn protected_task_role(config: &Config, conventions: &Conventions) -> Option<Diagnostic> {
    let role = config.task_role(conventions)?;
    let protected = config.protected(conventions);
    let pattern = protected.matching(&role)?;
    Some(
        Diagnostic::new("aws.task_role", format!("`{role}` is protected (`{pattern}`)"))
            .hint("grants go to the role of task code, never to the platform's own"),
    )
}

fn policy_object(
    names: &Names,
    tags: &BTreeMap<String, String>,
    scope: &Scope,
    carried_by: &[Scope],
    policy: Policy,
) -> Object {
    // What it gives away has to be where it goes to, and attached there, before it goes.
    let taken_over =
        |by: &String| carried_by.iter().map(|scope| attachment::id(&names.role_of(scope), by)).collect::<Vec<_>>();
    Object {
        id: managed_policy::id(&policy.name),
        scope: scope.clone(),
        attributes: managed_policy::ManagedPolicy::new(&names.path(), &policy.document, tags).attributes(),
        references: Vec::new(),
        depends_on: policy
            .after
            .iter()
            .flat_map(taken_over)
            .chain(policy.after.iter().map(|by| managed_policy::id(by)))
            .collect(),
        because: policy.because,
        ownership: Ownership::Exclusive,
        touches: Vec::new(),
        handoff: None,
    }
}

fn secret_notes(config: &Config, grant: &Checked<TaskAccess>, secrets: &Secrets, notes: &mut Vec<Note>) {
    let mut any = false;
    for reach in grant.reaches.iter().filter(|reach| reach.resource.kind == ResourceKind::SECRET) {
        any = true;
        if let Locator::Secret(secret) = reach.resource.locator.parsed() {
            notes.extend(secrets.notes(secret));
        }
    }
    if any && !config.inspect_secrets {
        // Requirement 36.
        let message = "its secrets must be plaintext secrets, as the platform can't mount key/value ones; \
             `aws.inspect_secrets: true` has that checked, which reads their values";
        notes.push(Note::info(grant.id(), message));
    }
}
