//! `bind_scope`: attachments to the platform's task role for the global scope, an IRSA role for each narrower one.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{
    Checked, Desired, Error, ErrorKind, Intent, IntentId, Note, Object, ObjectId, Ownership, Result, Scope,
    ScopeBinding,
};
use serde_json::{Value, json};

use crate::Aws;
use crate::document;
use crate::kinds;
use crate::pack::{self, Policy};
use crate::platform_binding;
use crate::secrets::Secrets;
use crate::snapshot::Snapshot;

/// The mark of the stack on its roles.
pub(crate) const STACK_TAG: &str = "cloudgrant:stack";
/// The scope that a role serves, for people who meet it in the console.
pub(crate) const SCOPE_TAG: &str = "cloudgrant:scope";
/// The platform's task policy that the stack attached: so that it is known for ours when it is to go.
pub(crate) const TASK_POLICY_TAG: &str = "cloudgrant:task-policy";

pub(crate) async fn desired(aws: &Aws, bindings: &[Checked<ScopeBinding>]) -> Result<Desired> {
    let mut desired = Desired::default();
    if bindings.is_empty() {
        return Ok(desired);
    }
    let grants = bindings.iter().flat_map(|binding| &binding.grants);
    let secrets = aws.secrets(grants).await?;
    // Only roles of ours need it: the task role has it already.
    let any_narrow = bindings.iter().any(|binding| binding.scope != Scope::Global);
    let task_policy = if any_narrow { task_policy(aws).await? } else { None };
    let snapshot = aws.snapshot().await?;
    let mut packed = Packed::default();
    for binding in bindings {
        packed.add(aws, binding, &secrets, &snapshot);
        let carried = packed.carried(aws, binding);
        match binding.scope {
            Scope::Global => global(aws, binding, carried, &mut desired).await?,
            _ => narrow(aws, binding, task_policy.as_deref(), carried, &mut desired)?,
        }
    }
    Ok(desired)
}

/// The ARN of the policy that every task needs (requirement 22), where the platform has one.
async fn task_policy(aws: &Aws) -> Result<Option<String>> {
    let Some(name) = aws.config.task_policy(&aws.context.platform) else { return Ok(None) };
    if name.starts_with("arn:") {
        return Ok(Some(name));
    }
    let snapshot = aws.snapshot().await?;
    if let Some(arn) = snapshot.policy_arn(&name) {
        return Ok(Some(arn.to_owned()));
    }
    let mut error = Error::new(ErrorKind::NotFound, format!("the policy that every task needs, `{name}`, isn't there"))
        .with("account", &aws.config.account);
    if snapshot.roles.keys().any(|role| role.ends_with(&name)) {
        error = error.with("found", format!("a role of that name; the policy `{name}` is another thing"));
    }
    Err(error.hint("name the policy: `aws.task_policy`"))
}

/// A policy that a principal carries: its id, its ARN, and the grants in it.
type Carried = (ObjectId, String, Vec<IntentId>);

/// The policies of each scope by their names, with the grants in them: packed once, however many principals carry them.
/// Their documents stand in the grants' objects, and would take as much memory again here.
#[derive(Default)]
struct Packed(BTreeMap<Scope, Vec<(String, Vec<IntentId>)>>);

impl Packed {
    fn add(&mut self, aws: &Aws, binding: &ScopeBinding, secrets: &Secrets, snapshot: &Snapshot) {
        for scope in binding.grants.iter().map(|grant| &grant.scope) {
            if !self.0.contains_key(scope) {
                let (names, partition) = (&aws.names, aws.config.partition());
                let policies = pack::policies(names, partition, scope, &binding.grants, secrets, snapshot);
                self.0.insert(
                    scope.clone(),
                    policies.into_iter().map(|Policy { name, because, .. }| (name, because)).collect(),
                );
            }
        }
    }

    /// The policies that a binding's principal carries: those of the wider scopes, and its own. The same policies, not
    /// copies.
    fn carried(&self, aws: &Aws, binding: &ScopeBinding) -> Vec<Carried> {
        let scopes: BTreeSet<_> = binding.grants.iter().map(|grant| &grant.scope).collect();
        let policies = scopes.into_iter().filter_map(|scope| self.0.get(scope)).flatten();
        policies.map(|(name, because)| (kinds::policy(name), aws.names.policy_arn(name), because.clone())).collect()
    }
}

/// Requirement 14.
async fn global(
    aws: &Aws,
    binding: &Checked<ScopeBinding>,
    carried: Vec<Carried>,
    desired: &mut Desired,
) -> Result<()> {
    let role = aws.task_role().await?;
    for (policy, arn, mut because) in carried {
        because.push(binding.id());
        let fragment = Ownership::Fragment { of: format!("role {}", role.name) };
        let mut object = attachment(&role.name, &policy, &arn, &binding.scope, because);
        object.depends_on = vec![policy];
        object.touches = vec![role.name.clone()];
        object.ownership = fragment;
        desired.objects.push(object);
    }
    Ok(())
}

/// Requirements 16 to 23.
fn narrow(
    aws: &Aws,
    binding: &Checked<ScopeBinding>,
    task_policy: Option<&str>,
    carried: Vec<Carried>,
    desired: &mut Desired,
) -> Result<()> {
    let name = aws.names.role(&binding.scope);
    let role = kinds::role(&name);
    let mut tags = json!({
        STACK_TAG: aws.names.stack(),
        SCOPE_TAG: binding.scope.to_string(),
    });
    if let (Some(arn), Some(tags)) = (task_policy, tags.as_object_mut()) {
        tags.insert(TASK_POLICY_TAG.to_owned(), arn.into());
    }
    let mut because = vec![binding.id()];
    because.extend(binding.grants.iter().filter(|grant| grant.scope == binding.scope).map(|grant| grant.id()));
    desired.objects.push(Object {
        id: role.clone(),
        scope: binding.scope.clone(),
        attributes: json!({ "path": aws.names.path(), "tags": tags, "trust": trust(aws, binding)? }),
        depends_on: Vec::new(),
        because: because.clone(),
        ownership: Ownership::Exclusive,
        touches: Vec::new(),
        handoff: None,
    });
    if let Some(arn) = task_policy {
        let policy_name = arn.rsplit('/').next().unwrap_or(arn);
        let policy = kinds::policy(policy_name);
        let mut object = attachment(&name, &policy, arn, &binding.scope, vec![binding.id()]);
        object.depends_on = vec![role.clone()];
        desired.objects.push(object);
    }
    for (policy, arn, mut grants) in carried {
        grants.push(binding.id());
        let mut object = attachment(&name, &policy, &arn, &binding.scope, grants);
        object.depends_on = vec![role.clone(), policy];
        desired.objects.push(object);
    }
    let arn = aws.names.role_arn(&name);
    for (pair, _) in binding.subjects.iter().filter(|(pair, _)| !binding.served_elsewhere.contains(pair)) {
        desired.objects.push(platform_binding::object(aws, binding, pair, &role, &arn));
    }
    desired.notes.push(replaces(aws, binding, task_policy));
    Ok(())
}

fn attachment(role: &str, policy: &ObjectId, arn: &str, scope: &Scope, because: Vec<IntentId>) -> Object {
    Object {
        id: kinds::attachment(role, &policy.name),
        scope: scope.clone(),
        attributes: json!({ "role": role, "policy": arn }),
        depends_on: Vec::new(),
        because,
        ownership: Ownership::Exclusive,
        touches: Vec::new(),
        handoff: None,
    }
}

/// Requirements 17 to 20. Source: Amazon EKS user guide, "Assign IAM roles to Kubernetes service accounts".
fn trust(aws: &Aws, binding: &ScopeBinding) -> Result<Value> {
    let issuer = aws.config.cluster.as_ref().map(|cluster| cluster.oidc_provider.as_str()).ok_or_else(|| {
        Error::new(ErrorKind::Manifest, "a role for task code needs the cluster's OpenID Connect provider")
            .hint("set `aws.cluster.oidc_provider`")
    })?;
    let subjects: Vec<_> = binding.subjects.iter().map(|(_, subject)| subject.to_string()).collect();
    let mut equals = serde_json::Map::new();
    equals.insert(format!("{issuer}:aud"), "sts.amazonaws.com".into());
    equals.insert(format!("{issuer}:sub"), subjects.into());
    Ok(document::document(vec![json!({
        "Effect": "Allow",
        "Principal": { "Federated": aws.names.oidc_provider_arn(issuer) },
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": { "StringEquals": equals },
    })]))
}

/// Requirement 27.
fn replaces(aws: &Aws, binding: &ScopeBinding, task_policy: Option<&str>) -> Note {
    let default =
        aws.config.task_role(&aws.context.platform).unwrap_or_else(|| "the platform's default role".to_owned());
    let keeps = match task_policy {
        Some(arn) => format!(
            "it carries {} as well, so that tasks keep what they need to run",
            arn.rsplit('/').next().unwrap_or(arn)
        ),
        None => "no `aws.task_policy` is set, so tasks keep only what the grants say".to_owned(),
    };
    let message = format!("once bound, its role replaces {default} for task code of {}; {keeps}", binding.scope);
    if task_policy.is_some() { Note::info(binding.id(), message) } else { Note::warning(binding.id(), message) }
}
