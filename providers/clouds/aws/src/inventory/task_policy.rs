//! The policy that every task needs, where the platform has one.

use cloudgrant_core::{Error, ErrorKind, Result};

use crate::config::arn::Arn;
use crate::inventory::cache::Inventory;

/// The policy that every task needs.
pub(crate) struct TaskPolicy {
    pub(crate) arn: String,
    /// Said where it isn't there: no role can be made that is to carry it.
    pub(crate) missing: Option<Error>,
}

impl Inventory {
    /// The policy that every task needs (requirement 22), where the platform has one.
    pub(crate) async fn task_policy(&self) -> Result<Option<TaskPolicy>> {
        let Some(name) = self.config.task_policy(&self.conventions) else { return Ok(None) };
        let there = |arn: String| Ok(Some(TaskPolicy { arn, missing: None }));
        // Those that AWS manages are in no account's list.
        if Arn::parse(&name).is_some_and(Arn::is_policy_of_aws) {
            return there(name);
        }
        let snapshot = self.snapshot().await?;
        let known = if Arn::is_begun(&name) {
            snapshot.policies.contains_key(&name).then_some(name.as_str())
        } else {
            snapshot.policy_arn(&name)
        };
        if let Some(arn) = known {
            return there(arn.to_owned());
        }
        let mut error =
            Error::new(ErrorKind::NotFound, format!("the policy that every task needs, `{name}`, isn't there"))
                .with("account", &self.config.account);
        if snapshot.roles.keys().any(|role| role.ends_with(&name)) {
            error = error.with("found", format!("a role of that name; the policy `{name}` is another thing"));
        }
        let arn = if Arn::is_begun(&name) { name } else { self.names.policy_arn_without_path(&name) };
        Ok(Some(TaskPolicy { arn, missing: Some(error.hint(self.task_policy_hint())) }))
    }
}
