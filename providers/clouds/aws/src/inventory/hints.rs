//! What to do where something of the platform's isn't there, or where nobody knows how it is called.

use cloudgrant_core::redacted;

use crate::inventory::cache::Inventory;

impl Inventory {
    /// What to do where a role of the platform's isn't there, or where nobody knows its name: the organization stands first
    /// where its name would be made of that.
    pub(crate) fn role_hint(&self, key: &str) -> String {
        if !self.is_of_organization(key) {
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

    /// Whether nobody knows how such a role is called, as its name would be made of an organization that isn't set.
    pub(crate) fn lacks_organization(&self, key: &str) -> bool {
        self.is_of_organization(key) && self.platform.tenancy().organization.is_empty()
    }

    /// Whether the name of such a role is made of the organization's, as the manifest doesn't name it.
    fn is_of_organization(&self, key: &str) -> bool {
        let named = match key {
            "task_role" => self.config.task_role.is_some(),
            "node_role" => self.config.node_role.is_some(),
            _ => false,
        };
        !named && self.conventions.is_of_organization
    }

    /// What to do where the policy isn't there that every task needs.
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
