//! What to do where something of the platform's isn't there, or where nobody knows how it is called.

use cloudgrant_core::redacted;

use crate::inventory::Inventory;

impl Inventory {
    /// What to do where a role of the platform's isn't there, or where nobody knows its name: the organization stands first
    /// where its name would be made of that.
    pub(crate) fn role_hint(&self, key: &str) -> String {
        let named = match key {
            "task_role" => self.config.task_role.is_some(),
            "node_role" => self.config.node_role.is_some(),
            _ => false,
        };
        if named || !self.conventions.is_of_organization {
            return format!("name a role that is there: `aws.{key}`");
        }
        let platform = self.platform.name();
        match self.platform.tenancy().organization.as_str() {
            "" => {
                format!(
                    "set `platform.organization`, of which {platform} makes its name, or name the role: `aws.{key}`"
                )
            }
            organization => format!(
                "{platform} makes its name of `platform.organization`, which is `{}`: mend that, or name the role: `aws.{key}`",
                redacted(organization)
            ),
        }
    }

    /// The same for the policy that every task needs.
    pub(crate) fn task_policy_hint(&self) -> String {
        let name = "name a policy that is there: `aws.task_policy`";
        if self.config.task_policy.is_some() {
            return name.to_owned();
        }
        let platform = self.platform.name();
        let first = if self.platform.tenancy().organization.is_empty() {
            format!("set `platform.organization`, of which {platform} makes the other names; ")
        } else {
            String::new()
        };
        format!("{first}{platform} calls the policy so: if the account is the right one, {name}")
    }
}
