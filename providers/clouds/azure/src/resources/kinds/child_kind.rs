//! Kinds that are one named thing in a storage account, a key vault or a namespace, and on which roles are assigned. A kind of this
//! form is its file here, its line in [`IN_HOLDER`](super::IN_HOLDER), its row in the documentation and its tests.

use std::fmt;

use cloudgrant_core::{Access, ClientCode, Diagnostic, RegisteredKind, ResourceKind};

use crate::client::host::{Host, Service};
use crate::config::Cloud;
use crate::names::resource_id::ResourceId;
use crate::resources::built_in_roles::Role;
use crate::resources::place::Place;
use crate::resources::wrong_locator::wrong;

/// A kind of thing in a [`Holder`].
pub(crate) struct ChildKind {
    pub(crate) registered: RegisteredKind,
    pub(crate) holder: Holder,
    /// What its addresses begin with: the service of the host, and the path before its name. `None` where a resource ID alone names
    /// one.
    pub(crate) address: Option<(Service, &'static str)>,
    /// Its type behind the holder's, as it stands in a resource ID before its name: `queueServices/default/queues`.
    pub(crate) below: &'static str,
    /// Looks at a name.
    pub(crate) check: fn(&str) -> Result<(), Wrong>,
    pub(crate) levels: &'static [Level],
    /// What the cloud's client does with one. The level is one of the table's.
    pub(crate) code: fn(&Child, Cloud, Access) -> ClientCode,
}

/// What a name is instead of one of the kind's, and what to do: the end of a sentence that begins with the locator, and a hint.
pub(crate) type Wrong = (&'static str, &'static str);

/// What a slash in a name is in a resource ID.
pub(crate) const IN_ID: &str = "~";

/// What holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holder {
    StorageAccount,
    Vault,
    /// A namespace of Service Bus.
    Namespace,
}

/// What a level gives.
pub(crate) struct Level {
    pub(crate) access: Access,
    pub(crate) gives: Gives,
}

pub(crate) enum Gives {
    /// These ready-made roles, each of which is a part of the level and nothing else.
    Roles(&'static [Role]),
    /// A custom role of exactly these data actions, sorted, as no ready-made one gives just that.
    DataActions(&'static [&'static str]),
}

/// The levels of a table, for registering it.
pub(crate) const fn levels_of<const N: usize>(table: &[Level; N]) -> [Access; N] {
    let mut levels = [Access::List; N];
    let mut at = 0;
    while at < N {
        levels[at] = table[at].access;
        at += 1;
    }
    levels
}

impl Holder {
    /// Its type.
    pub(crate) const fn resource_type(self) -> &'static str {
        match self {
            Self::StorageAccount => "Microsoft.Storage/storageAccounts",
            Self::Vault => "Microsoft.KeyVault/vaults",
            Self::Namespace => "Microsoft.ServiceBus/namespaces",
        }
    }

    /// What it is called, for people.
    pub(crate) const fn noun(self) -> &'static str {
        match self {
            Self::StorageAccount => "storage account",
            Self::Vault => "key vault",
            Self::Namespace => "Service Bus namespace",
        }
    }
}

impl ChildKind {
    pub(crate) fn kind(&self) -> ResourceKind {
        self.registered.kind
    }

    /// What a level gives. The capability check refuses a level that isn't in the table.
    pub(crate) fn gives(&self, access: Access) -> Option<&'static Gives> {
        self.levels.iter().find(|level| level.access == access).map(|level| &level.gives)
    }

    /// One of this kind, by its name. `text` is what the manifest says.
    ///
    /// # Errors
    /// It is none.
    pub(crate) fn child(&'static self, text: &str, holder: Place, name: &str) -> Result<Child, Diagnostic> {
        if name.contains(['*', '?']) {
            return Err(wrong(text, "has a wildcard", "name each one: a wildcard would reach what nobody named"));
        }
        (self.check)(name).map_err(|(what, hint)| wrong(text, what, hint))?;
        Ok(Child { kind: self, holder, name: name.to_owned() })
    }

    /// One by its address.
    ///
    /// # Errors
    /// It is one of this kind's service, and names none.
    pub(crate) fn addressed(&'static self, text: &str, host: &Host, path: &str) -> Option<Result<Child, Diagnostic>> {
        let (_, before) = self.address.filter(|(service, _)| *service == host.service)?;
        let name = path.trim_end_matches('/').strip_prefix(before)?;
        Some(self.child(text, Place::Named(host.clone()), name))
    }
}

impl PartialEq for ChildKind {
    fn eq(&self, other: &Self) -> bool {
        self.kind() == other.kind()
    }
}

impl Eq for ChildKind {}

impl PartialOrd for ChildKind {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ChildKind {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.kind().cmp(&other.kind())
    }
}

impl fmt::Debug for ChildKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind().fmt(f)
    }
}

/// One thing in a holder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Child {
    pub(crate) kind: &'static ChildKind,
    pub(crate) holder: Place,
    pub(crate) name: String,
}

impl Child {
    /// What comes behind the ID of its holder. Resource Manager writes `~` for a slash in a name, which queues of Service Bus can have.
    /// Source: Azure/azure-resource-manager-schemas#230.
    pub(crate) fn path(&self) -> String {
        format!("{}/{}", self.kind.below, self.name.replace('/', IN_ID))
    }

    /// Its resource ID.
    pub(crate) fn within(&self, holder: &ResourceId) -> ResourceId {
        holder.child(&self.path())
    }
}
