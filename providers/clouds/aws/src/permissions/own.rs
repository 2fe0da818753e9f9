//! What changing the stack's own policies and roles takes, in the data plane's account.
//!
//! Only what the manifest has may be made. What it doesn't have may be taken away: an earlier state of it may have had it,
//! and what the stack gave has to go with it. All of it is below the stack's path.

use std::collections::BTreeSet;

use cloudgrant_core::{Intents, Scope};
use serde_json::{Value, json};

use crate::config::arn::Arn;
use crate::permissions::handles::Handles;
use crate::permissions::statement::statement;

/// Actions on something of the stack's own.
struct Writing {
    /// Where the manifest has it.
    sid: &'static str,
    actions: &'static [&'static str],
    /// Where it doesn't: what an earlier state of the manifest made still has to go.
    sid_of_removing: &'static str,
    removing: &'static [&'static str],
}

/// On the stack's own policies.
const POLICIES: Writing = Writing {
    sid: "WritePolicies",
    actions: &[
        "iam:CreatePolicy",
        "iam:CreatePolicyVersion",
        "iam:DeletePolicy",
        "iam:DeletePolicyVersion",
        "iam:GetPolicy",
        "iam:GetPolicyVersion",
        "iam:ListPolicyVersions",
        "iam:TagPolicy",
    ],
    sid_of_removing: "RemovePolicies",
    removing: &["iam:DeletePolicy", "iam:DeletePolicyVersion", "iam:GetPolicy", "iam:ListPolicyVersions"],
};

/// On the stack's own roles.
const ROLES: Writing = Writing {
    sid: "WriteRoles",
    actions: &[
        "iam:CreateRole",
        "iam:DeleteRole",
        "iam:GetRole",
        "iam:TagRole",
        "iam:UntagRole",
        "iam:UpdateAssumeRolePolicy",
    ],
    sid_of_removing: "RemoveRoles",
    removing: &["iam:DeleteRole"],
};

/// Which policies a role has.
const ATTACHMENTS: Writing = Writing {
    sid: "AttachPolicies",
    actions: &["iam:AttachRolePolicy", "iam:DetachRolePolicy"],
    sid_of_removing: "DetachPolicies",
    removing: &["iam:DetachRolePolicy"],
};

impl Writing {
    /// For those of which the manifest has some, or has not.
    fn statement(&self, has_any: bool, resources: Vec<String>, condition: Option<Value>) -> Option<Value> {
        let (sid, actions) = if has_any { (self.sid, self.actions) } else { (self.sid_of_removing, self.removing) };
        (!resources.is_empty()).then(|| statement(sid, actions, resources, condition))
    }
}

/// What of its own a manifest has the stack make.
pub(super) struct Makes {
    /// Also those that say where the stack's statements are in other accounts.
    policies: bool,
    pub(super) roles: bool,
    /// Whether the platform's task role carries anything.
    on_task_role: bool,
}

impl Makes {
    /// `any_elsewhere`: whether repositories of other accounts get statements.
    pub(super) fn of(intents: &Intents, any_elsewhere: bool) -> Self {
        let any = |is: fn(&Scope) -> bool| intents.bindings.iter().any(|binding| is(&binding.scope));
        Self {
            policies: !intents.grants.is_empty() || any_elsewhere,
            roles: any(|scope| *scope != Scope::Global),
            on_task_role: any(|scope| *scope == Scope::Global),
        }
    }

    /// Why something may be taken away that the manifest doesn't have.
    pub(super) fn note(&self) -> Option<String> {
        let removed = [
            (self.policies, POLICIES.sid_of_removing),
            (self.roles, ROLES.sid_of_removing),
            (self.roles && self.on_task_role, ATTACHMENTS.sid_of_removing),
        ];
        let removed: Vec<_> = removed.into_iter().filter(|(has, _)| !has).map(|(_, sid)| sid).collect();
        let (last, before) = removed.split_last()?;
        let (sids, are) = match before {
            [] => ((*last).to_owned(), "is"),
            before => (format!("{} and {last}", before.join(", ")), "are"),
        };
        Some(format!(
            "{sids} {are} for what an earlier state of the manifest made and this one doesn't: without such a state, leave \
             them out"
        ))
    }
}

/// On what is the stack's own in the data plane's account: making what the manifest has, and taking away what it had.
pub(super) fn writing(handles: Handles<'_>, makes: &Makes) -> Vec<Value> {
    let (names, config, conventions) = (handles.names, handles.config, handles.conventions);
    let (policies, roles) = (names.policy_arn("*"), names.role_arn("*"));
    let mut statements = Vec::new();
    statements.extend(POLICIES.statement(makes.policies, vec![policies.clone()], None));
    statements.extend(ROLES.statement(makes.roles, vec![roles.clone()], None));
    if let Some(boundary) = config.permissions_boundary.as_ref().filter(|_| makes.roles) {
        let action = "iam:PutRolePermissionsBoundary";
        let only = json!({ "ArnLike": { "iam:PermissionsBoundary": [boundary] } });
        statements.push(statement("BoundRoles", &[action], vec![roles.clone()], Some(only)));
    }
    // A name is unique in the account, whatever its path, which the manifest needn't know: the second form is the same role or
    // policy below a path. Source: IAM user guide, "IAM identifiers".
    let anywhere = |kind: &str, name: String| match Arn::is_begun(&name) {
        true => vec![name],
        false => ["", "*/"]
            .map(|path| format!("arn:{}:iam::{}:{kind}/{path}{name}", config.partition(), config.account))
            .to_vec(),
    };
    let task_policy = config.task_policy(conventions).map(|policy| anywhere("policy", policy)).unwrap_or_default();
    let task_role = config.task_role(conventions).map(|role| anywhere("role", role)).unwrap_or_default();
    let holders = [(vec![roles], makes.roles), (task_role, makes.on_task_role)];
    for has_any in [true, false] {
        // Only roles of the stack carry the task policy, those of before as well.
        let task_policy = if makes.roles || !has_any { task_policy.as_slice() } else { &[] };
        let existing = config.policies.values().flat_map(|levels| levels.values());
        let existing: BTreeSet<_> = existing.collect();
        let attached: Vec<_> = std::iter::once(&policies).chain(task_policy).chain(existing).collect();
        // Without the condition, whoever holds this could give these roles any policy of the account or of AWS.
        let only = json!({ "ArnLike": { "iam:PolicyARN": attached } });
        let holders = holders.iter().filter(|(_, carries)| *carries == has_any).flat_map(|(arns, _)| arns.clone());
        statements.extend(ATTACHMENTS.statement(has_any, holders.collect(), Some(only)));
    }
    statements
}
