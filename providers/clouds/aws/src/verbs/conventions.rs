//! What to do where something of the platform's, whose name is a convention of Union's, isn't there.

use cloudgrant_core::{Platform, PlatformKind, shown};

use crate::config::Config;

impl Config {
    /// What to do where a role of the platform's isn't there, or where nobody knows its name: the organization stands first
    /// where its name would be made of that.
    pub(crate) fn role_hint(&self, platform: &Platform, key: &str) -> String {
        let named = match key {
            "task_role" => self.task_role.is_some(),
            "node_role" => self.node_role.is_some(),
            _ => false,
        };
        let Platform { kind, organization, .. } = platform;
        match kind {
            PlatformKind::Union if !named && organization.is_empty() => {
                format!("set `platform.organization`, of which Union makes its name, or name the role: `aws.{key}`")
            }
            PlatformKind::Union if !named => format!(
                "Union makes its name of `platform.organization`, which is `{}`: mend that, or name the role: `aws.{key}`",
                shown(organization)
            ),
            PlatformKind::Union | PlatformKind::Flyte => format!("name a role that is there: `aws.{key}`"),
        }
    }

    /// The same for the policy that every task needs.
    pub(crate) fn task_policy_hint(&self, platform: &Platform) -> String {
        let name = "name a policy that is there: `aws.task_policy`";
        if self.task_policy.is_some() {
            return name.to_owned();
        }
        let unset = platform.organization.is_empty();
        let first = if unset { "set `platform.organization`, of which Union makes the other names; " } else { "" };
        format!("{first}Union calls the policy so: if the account is the right one, {name}")
    }
}
