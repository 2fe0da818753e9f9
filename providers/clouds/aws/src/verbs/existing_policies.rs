//! Existing policies in place of listed actions (`aws.policies`): read and judged while planning, and attached to the principals of their
//! grants. The policy itself is never changed, and never deleted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cloudgrant_core::{
    Checked, Diagnostic, Error, ErrorKind, Intent, IntentId, Note, Object, Ownership, Permissions, Result, Scope,
    ScopeBinding, TaskAccess, redacted,
};
use serde_json::Value;

use crate::config::Config;
use crate::config::arn::name_in;
use crate::error;
use crate::inventory::snapshot::Snapshot;
use crate::marks::attached_policies::{self, ExistingPolicy};
use crate::names::Names;
use crate::objects::{managed_policy, role as iam_role};
use crate::policy::document;
use crate::resources::existing_policy::{key, too_much};
use crate::resources::kinds::other_arn::OtherArn;
use crate::resources::locator::Locator;
use crate::verbs::attachment::attachment;
use crate::verbs::handles::Handles;
use crate::verbs::managed_policy::ManagedPolicy;

/// What a grant names one for: the key of the manifest, the policy's ARN, and the resource.
type Named<'a> = (String, &'a str, &'a OtherArn);

fn named<'a>(config: &'a Config, grant: &'a TaskAccess) -> Vec<Named<'a>> {
    let named = |reach: &'a cloudgrant_core::Reach| {
        let arn = config.policy(&reach.resource.name, reach.access)?;
        match reach.resource.locator.parsed::<Locator>() {
            Locator::Other(other) => Some((key(&reach.resource.name, reach.access), arn, other)),
            _ => None,
        }
    };
    grant.reaches.iter().filter_map(named).collect()
}

/// The ARNs that each role is to carry by grants.
pub(crate) fn by_role(
    config: &Config,
    names: &Names,
    grants: &[Arc<Checked<TaskAccess>>],
) -> BTreeMap<String, BTreeSet<String>> {
    let mut by_role: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    if config.policies.is_empty() {
        return by_role;
    }
    for grant in grants {
        for (_, arn, _) in named(config, grant) {
            for scope in &*grant.carried_by {
                by_role.entry(names.role_of(scope)).or_default().insert(arn.to_owned());
            }
        }
    }
    by_role
}

/// Adds what grants come to by existing policies.
///
/// # Errors
/// One isn't there, can't be read, or allows more than its grant gives. Where only something is taken away beside them, that is a note.
pub(crate) async fn add(
    handles: Handles<'_>,
    grants: &[Arc<Checked<TaskAccess>>],
    snapshot: &Snapshot,
    permissions: &mut Permissions,
) -> Result<()> {
    if handles.config.policies.is_empty() {
        return Ok(());
    }
    let is_beside_revoked = grants.iter().any(|grant| !grant.beside_revoked.is_empty());
    let marks: Vec<_> = attached_policies::marked(handles.names, snapshot).into_values().flatten().collect();
    let mut documents: BTreeMap<String, Option<Value>> = BTreeMap::new();
    let mut problems: BTreeMap<(String, String), Diagnostic> = BTreeMap::new();
    for grant in grants {
        for (path, arn, other) in named(handles.config, grant) {
            if !documents.contains_key(arn) {
                documents.insert(arn.to_owned(), read(handles, snapshot, arn).await?);
            }
            let found = documents.get(arn).and_then(Option::as_ref);
            let wrong = match found {
                Some(document) => too_much(document, other),
                None => vec![("it isn't there".to_owned(), "name a policy that is there".to_owned())],
            };
            for (message, hint) in wrong {
                let message = format!("`{}`: {message}", redacted(arn));
                let problem = Diagnostic::new(path.clone(), message.clone()).hint(hint);
                problems.insert((path.clone(), message), problem);
            }
            let policy = ExistingPolicy::new(arn, found);
            // The one on the role of others, and the one on the stack's own roles, say the same.
            let changed = marks.iter().filter(|said| said.policy == arn).find_map(|said| said.changed_to(&policy));
            if let Some(changed) = changed.filter(|_| found.is_some()) {
                let message =
                    format!("{} {changed}: its owner decides that, and an apply takes note of it", redacted(arn));
                permissions.desired.notes.push(Note::warning(grant.id(), message));
            }
            permissions.add(grant.scope.clone(), vec![grant.id()], ManagedPolicy::Existing(policy));
            let message = format!(
                "it comes to the existing policy {}: whoever may change that one decides what task code may do there; each plan looks at \
                 it anew",
                redacted(arn)
            );
            permissions.desired.notes.push(Note::info(grant.id(), message));
        }
    }
    let problems: Vec<_> = problems.into_values().collect();
    if problems.is_empty() {
        return Ok(());
    }
    if is_beside_revoked {
        let note = |problem: Diagnostic| Note::warning(problem.path, problem.message);
        permissions.desired.notes.extend(problems.into_iter().map(note));
        return Ok(());
    }
    let message = "existing policies are not what their grants give";
    Err(Error::new(ErrorKind::Manifest, message).diagnostics(problems))
}

/// The document of a policy's default version; `None` if there is no such policy.
async fn read(handles: Handles<'_>, snapshot: &Snapshot, arn: &str) -> Result<Option<Value>> {
    // The list of the account has all of its own, with these documents.
    if let Some(policy) = snapshot.policies.get(arn) {
        return Ok(Some(policy.document()));
    }
    if !arn.contains(":iam::aws:policy/") {
        return Ok(None);
    }
    let client = handles.clients.iam().await;
    let answer = Box::pin(client.get_policy().policy_arn(arn).send()).await;
    let policy = match answer.map_err(|error| error::of("iam:GetPolicy", error)) {
        Ok(answer) => answer.policy,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.with("policy", arn)),
    };
    let Some(version) = policy.and_then(|policy| policy.default_version_id) else { return Ok(Some(Value::Null)) };
    let answer = Box::pin(client.get_policy_version().policy_arn(arn).version_id(version).send()).await;
    match answer.map_err(|error| error::of("iam:GetPolicyVersion", error)) {
        Ok(answer) => {
            let text = answer.policy_version.and_then(|version| version.document);
            Ok(Some(text.map_or(Value::Null, |text| document::from_iam(&text))))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.with("policy", arn)),
    }
}

/// What a binding's principal carries of these, each with the grants that ask for it.
pub(crate) type Carried<'a> = BTreeMap<&'a ExistingPolicy, BTreeSet<IntentId>>;

/// The attachments to a role of the stack, and the marks that say of them.
pub(crate) fn on_own_role(
    handles: Handles<'_>,
    binding: &Checked<ScopeBinding>,
    role: &str,
    task_policy: Option<&str>,
    carried: Carried<'_>,
) -> Vec<Object> {
    let mut objects = Vec::new();
    // What every task needs is on each role in any case.
    for (policy, because) in carried.into_iter().filter(|(policy, _)| task_policy != Some(policy.arn.as_str())) {
        let because: Vec<_> = because.into_iter().chain([binding.id()]).collect();
        let mark = attached_policies::mark(
            handles.names,
            &handles.config.tags,
            (policy, None),
            &binding.scope,
            because.clone(),
        );
        let name = managed_policy::id(name_in(&policy.arn));
        let mut object = attachment(role, &name, &policy.arn, &binding.scope, because);
        object.depends_on = vec![iam_role::id(role), mark.id.clone()];
        objects.extend([mark, object]);
    }
    objects
}

/// The same for a role of others: what somebody else attached to it is theirs, and stays.
pub(crate) fn on_role_of_others(
    handles: Handles<'_>,
    binding: &Checked<ScopeBinding>,
    role: &str,
    snapshot: &Snapshot,
    carried: Carried<'_>,
) -> (Vec<Object>, Vec<Note>) {
    let (mut objects, mut notes) = (Vec::new(), Vec::new());
    for (policy, because) in carried {
        let because: Vec<_> = because.into_iter().chain([binding.id()]).collect();
        let mark = attached_policies::mark(
            handles.names,
            &handles.config.tags,
            (policy, Some(role)),
            &binding.scope,
            because.clone(),
        );
        let is_there = snapshot.roles.get(role).is_some_and(|there| there.attached.contains_key(&policy.arn));
        let is_marked = snapshot.policies.contains_key(&handles.names.policy_arn(&mark.id.name));
        // Where another stack attached it, too, each has a mark, and the last one to go detaches it.
        let is_shared = || attached_policies::of_another_stack(handles.names, snapshot, &policy.arn, role).is_some();
        if is_there && !is_marked && !is_shared() {
            let message = format!(
                "somebody else attached {} to {role} already: it is left as it is, and stays when the grant is taken away",
                redacted(&policy.arn)
            );
            notes.push(Note::of_access(binding.id(), message));
            continue;
        }
        let name = managed_policy::id(name_in(&policy.arn));
        let mut object = attachment(role, &name, &policy.arn, &binding.scope, because);
        object.depends_on = vec![mark.id.clone()];
        object.touches = vec![role.to_owned()];
        object.ownership = Ownership::Fragment { of: format!("role {role}") };
        objects.extend([mark, object]);
    }
    (objects, notes)
}

/// Those that a binding's principal carries: of the wider scopes, and of its own.
pub(crate) fn carried<'a>(
    policies: &BTreeMap<&'a Scope, Vec<cloudgrant_core::Granted<'a, ManagedPolicy>>>,
    binding: &ScopeBinding,
) -> Carried<'a> {
    let mut carried = Carried::new();
    let scopes: BTreeSet<_> = binding.grants.iter().map(|grant| &grant.scope).collect();
    for (because, right) in scopes.into_iter().filter_map(|scope| policies.get(scope)).flatten() {
        if let ManagedPolicy::Existing(policy) = right {
            carried.entry(policy).or_default().extend(because.iter().cloned());
        }
    }
    carried
}
