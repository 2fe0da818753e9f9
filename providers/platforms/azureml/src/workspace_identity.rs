//! What the manifest wants of the workspace itself: the identities under which it works.

use std::collections::BTreeMap;

use cloudgrant_core::{OuterUnit, Unit};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::keys::Workspace;

/// What Azure calls a workspace as a unit of its own.
const WORKSPACE: &str = "machine-learning-workspace";

/// What Azure calls the settings. Source: REST reference of Azure Machine Learning, workspaces.
const PRIMARY: &str = "primaryUserAssignedIdentity";
const SYSTEM_DATASTORES: &str = "systemDatastoresAuthMode";

/// What the section `platform.workspace_identity` has.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Written")]
pub struct WorkspaceIdentity {
    /// The user-assigned identities that the workspace is to have beside others.
    user_assigned: Vec<UserAssigned>,
    /// Which of them it works under.
    primary: Option<UserAssigned>,
    /// How its own datastores are read.
    system_datastores: Option<SystemDatastores>,
    /// Whether they get the roles that they need.
    roles: bool,
}

/// The section as it is written, key by key.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    user_assigned: Vec<UserAssigned>,
    primary: Option<UserAssigned>,
    system_datastores: Option<SystemDatastores>,
    #[serde(default)]
    roles: bool,
}

/// A user-assigned identity, by its resource ID.
#[derive(Debug, Clone)]
struct UserAssigned(String);

/// How a workspace reads its own datastores.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum SystemDatastores {
    /// With the account's key.
    AccessKey,
    /// Under an identity.
    Identity,
    /// With signatures that somebody's own rights stand behind.
    UserDelegationSas,
}

impl SystemDatastores {
    /// Source: REST reference of Azure Machine Learning, `SystemDatastoresAuthMode`, 2026-05-01.
    fn name(self) -> &'static str {
        match self {
            Self::AccessKey => "AccessKey",
            Self::Identity => "Identity",
            Self::UserDelegationSas => "UserDelegationSAS",
        }
    }
}

impl UserAssigned {
    /// Whether two are one: their letters' case says nothing.
    fn is(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl TryFrom<Written> for WorkspaceIdentity {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let Written { user_assigned, primary, system_datastores, roles } = written;
        for (at, one) in user_assigned.iter().enumerate() {
            if user_assigned.iter().take(at).any(|other| other.is(one)) {
                return Err(format!("`{}` stands in `user_assigned` twice", one.0));
            }
        }
        if let Some(primary) = primary.as_ref().filter(|primary| !user_assigned.iter().any(|one| one.is(primary))) {
            return Err(format!(
                "`primary` is `{}`, which isn't among `user_assigned`: add it there, as a workspace works under one of its own identities alone",
                primary.0
            ));
        }
        if user_assigned.is_empty() && system_datastores.is_none() {
            let message = "`workspace_identity` wants nothing of the workspace: name an identity in `user_assigned`, set `system_datastores`, or \
                           leave it out";
            return Err(message.to_owned());
        }
        if roles && user_assigned.is_empty() {
            return Err("`roles: true` gives roles to the identities in `user_assigned`, and there are none".to_owned());
        }
        Ok(Self { user_assigned, primary, system_datastores, roles })
    }
}

impl<'de> Deserialize<'de> for UserAssigned {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const TYPE: [&str; 3] = ["providers", "Microsoft.ManagedIdentity", "userAssignedIdentities"];
        let text = String::deserialize(deserializer)?;
        let parts: Vec<_> = text.split('/').collect();
        let is_one = match parts[..] {
            ["", subscriptions, subscription, groups, group, providers, provider, identities, name] => {
                subscriptions.eq_ignore_ascii_case("subscriptions")
                    && groups.eq_ignore_ascii_case("resourceGroups")
                    && ![subscription, group, name].contains(&"")
                    && TYPE.iter().zip([providers, provider, identities]).all(|(a, b)| b.eq_ignore_ascii_case(a))
            }
            _ => false,
        };
        if is_one {
            return Ok(Self(text));
        }
        Err(D::Error::custom(format!(
            "`{text}` is not the resource ID of a user-assigned identity: write `/subscriptions/SUBSCRIPTION/resourceGroups/GROUP/\
             providers/Microsoft.ManagedIdentity/userAssignedIdentities/NAME` (`az identity show --query id`)"
        )))
    }
}

impl WorkspaceIdentity {
    /// What a workspace is to have.
    pub(crate) fn of(&self, workspace: &Workspace) -> OuterUnit {
        let primary = self.primary.as_ref().map(|primary| (PRIMARY, primary.0.clone()));
        let datastores = self.system_datastores.map(|mode| (SYSTEM_DATASTORES, mode.name().to_owned()));
        OuterUnit {
            unit: Unit { kind: WORKSPACE, id: workspace.id().to_owned() },
            principals: self.user_assigned.iter().map(|one| one.0.clone()).collect(),
            settings: BTreeMap::from_iter(primary.into_iter().chain(datastores)),
            gives_roles: self.roles,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ONE: &str = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/ml/providers/Microsoft.ManagedIdentity/userAssignedIdentities/one";

    fn read(section: Value) -> Result<WorkspaceIdentity, String> {
        serde_json::from_value(section).map_err(|error| error.to_string())
    }

    #[test]
    fn requirement_80_the_primary_identity_is_among_those_that_are_listed() {
        let section =
            |primary: &str| json!({ "user_assigned": [ONE], "primary": primary, "system_datastores": "identity" });
        let workspace: Workspace = serde_json::from_value(json!(
            "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/ml/providers/Microsoft.MachineLearningServices/workspaces/acme"
        ))
        .expect("a workspace");
        let wanted = read(section(&ONE.to_uppercase())).expect("whatever its case").of(&workspace);
        assert_eq!(wanted.principals, [ONE]);
        assert_eq!(wanted.settings["primaryUserAssignedIdentity"], ONE.to_uppercase());
        assert_eq!(wanted.settings["systemDatastoresAuthMode"], "Identity");
        assert!(!wanted.gives_roles);
        let said = read(section(&ONE.replace("one", "two"))).expect_err("another");
        assert!(said.contains("isn't among `user_assigned`: add it there"), "{said}");
    }

    #[test]
    fn what_is_no_identity_or_says_nothing_is_refused() {
        for bad in [
            "one",
            "",
            &ONE.replace("userAssignedIdentities", "identities"),
            &format!("{ONE}/x"),
            &ONE.replace("/ml/", "//"),
        ] {
            let said = read(json!({ "user_assigned": [bad] })).expect_err(bad);
            assert!(said.contains("not the resource ID of a user-assigned identity"), "{said}");
        }
        let twice = read(json!({ "user_assigned": [ONE, ONE.to_lowercase()] })).expect_err("twice");
        assert!(twice.contains("twice"), "{twice}");
        assert!(read(json!({})).expect_err("nothing").contains("wants nothing of the workspace"));
        let roles = read(json!({ "roles": true, "system_datastores": "identity" })).expect_err("of nobody");
        assert!(roles.contains("there are none"), "{roles}");
        assert!(read(json!({ "system_datastores": "key" })).is_err());
    }
}
