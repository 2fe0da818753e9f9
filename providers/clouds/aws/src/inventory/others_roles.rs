//! Roles of the platform's that grants take for granted: the task role and the role of the nodes.

use cloudgrant_core::{Error, ErrorKind, Note, Result};

use crate::inventory::cache::Inventory;

/// A role that others own and that must be there already (requirements 13 and 30).
#[derive(Debug)]
pub(crate) struct OthersRole {
    pub(crate) name: String,
    /// Where it isn't there, the one that it would have without a path.
    pub(crate) arn: String,
    /// Said where it isn't there: nothing can be attached to it, and no policy of another account can name it.
    pub(crate) missing: Option<Error>,
}

impl OthersRole {
    /// For whoever reads its ARN in what is wanted.
    pub(crate) fn note(&self, key: &str) -> Option<Note> {
        let missing = self.missing.as_ref()?;
        let message = format!("{}: where its ARN is needed, it is taken to be {}", missing.message(), self.arn);
        Some(Note::warning(format!("aws.{key}"), message))
    }
}

impl Inventory {
    /// The platform's task role.
    pub(crate) async fn task_role(&self) -> Result<OthersRole> {
        let name = self.config.task_role(&self.conventions).unwrap_or_default();
        self.others_role(name, "the role of task code", "task_role", "userflyterole").await
    }

    /// The role of the nodes.
    pub(crate) async fn node_role(&self) -> Result<OthersRole> {
        let name = self.config.node_role(&self.conventions).unwrap_or_default();
        self.others_role(name, "the role of the nodes", "node_role", "flyteworker-node-group").await
    }

    /// Its path is whatever it is, so that it has to be looked up.
    async fn others_role(&self, name: String, what: &str, key: &str, like: &str) -> Result<OthersRole> {
        let snapshot = self.snapshot().await?;
        if let Some(role) = snapshot.roles.get(&name) {
            return Ok(OthersRole { name, arn: role.arn.clone(), missing: None });
        }
        let mut similar: Vec<_> =
            snapshot.roles.keys().filter(|role| role.contains(like)).map(String::as_str).collect();
        similar.sort_unstable();
        let found = match similar.as_slice() {
            [] => format!("no role of account {} has `{like}` in its name", self.config.account),
            some => format!("roles with `{like}` in their names: {}", some.join(", ")),
        };
        let missing = Error::new(ErrorKind::NotFound, format!("{what}, `{name}`, isn't there"))
            .with("account", &self.config.account)
            .with("found", found)
            .hint(self.role_hint(key));
        Ok(OthersRole { arn: self.names.role_arn_without_path(&name), name, missing: Some(missing) })
    }
}
