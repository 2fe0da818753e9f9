//! What can be done to objects, as conditions tell it apart.

const BLOBS: &str = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs";

/// What can be done to objects, as conditions tell it apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Deed {
    Read,
    List,
    Write,
    Delete,
}

impl Deed {
    pub(crate) const ALL: [Self; 4] = [Self::Read, Self::List, Self::Write, Self::Delete];

    /// What it is called where a sentence goes on.
    pub(crate) fn verb(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::List => "list",
            Self::Write => "write",
            Self::Delete => "delete",
        }
    }

    /// The data actions for it. Listing is a way of reading. Source: Azure documentation, "Actions and attributes for
    /// Azure role assignment conditions for Azure Blob Storage".
    pub(crate) fn data_actions(self) -> Vec<String> {
        let of = |names: &[&str]| names.iter().map(|name| format!("{BLOBS}/{name}")).collect();
        match self {
            Self::Read | Self::List => of(&["read"]),
            Self::Write => of(&["write", "add/action"]),
            Self::Delete => of(&["delete", "move/action"]),
        }
    }
}
