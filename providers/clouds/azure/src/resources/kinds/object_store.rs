//! Objects of a container, or under a prefix of one: a ready-made role for each level, or the exact data actions of a custom one.
//!
//! Source: Azure documentation, "Azure permissions for Storage"; requirement 67.

use cloudgrant_core::{Access, CLEAR_PREFIX, Diagnostic, Inexact, RegisteredKind, ResourceKind, unclear_prefix};

use crate::client::host::Host;
use crate::policy::condition::Deed;
use crate::resources::built_in_roles::{BLOB_CONTRIBUTOR, BLOB_READER, Role};
use crate::resources::kinds::inexact::inexact;
use crate::resources::place::Place;
use crate::resources::wrong_locator::wrong;

pub(crate) const REGISTERED: RegisteredKind = RegisteredKind::new(
    ResourceKind::OBJECT_STORE,
    &[Access::List, Access::Read, Access::Write, Access::ReadWrite, Access::Manage],
)
.located_by(&["https://ACCOUNT.blob.core.windows.net/CONTAINER/PREFIX/"]);

/// What ready-made roles give besides their level.
pub(crate) const INEXACT: [Inexact; 3] = [
    inexact(
        ResourceKind::OBJECT_STORE,
        Access::Write,
        "lists, reads and deletes objects, and deletes the container, unless a prefix is named",
        true,
    ),
    inexact(
        ResourceKind::OBJECT_STORE,
        Access::ReadWrite,
        "deletes objects and the container, unless a prefix is named",
        true,
    ),
    inexact(ResourceKind::OBJECT_STORE, Access::Manage, "deletes the container itself, unless a prefix is named", true),
];

/// Whether no ready-made role gives a level on objects and nothing besides.
pub(crate) fn needs_custom_role(access: Access) -> bool {
    match access {
        Access::Write | Access::ReadWrite | Access::Manage => true,
        Access::List | Access::Read | Access::Pull | Access::Push => false,
    }
}

/// Whether a level on objects takes a role of the stack's own, where the manifest names none: of a grant that insists on
/// exactly its level, and with a prefix, past which a ready-made role's management actions (deleting the container, keys
/// that sign for others) would reach.
pub(crate) fn needs_own(precise: bool, access: Access, prefix: &str) -> bool {
    (precise || !prefix.is_empty()) && needs_custom_role(access)
}

/// What a level means on objects.
pub(crate) fn on_objects(access: Access) -> &'static [Deed] {
    match access {
        Access::List => &[Deed::List],
        Access::Read => &[Deed::Read, Deed::List],
        Access::Write => &[Deed::Write],
        Access::ReadWrite => &[Deed::Read, Deed::List, Deed::Write],
        Access::Manage => &Deed::ALL,
        Access::Pull | Access::Push => &[],
    }
}

/// The ready-made role that comes nearest to a level on objects, and what it allows; `None` for what is no level of theirs.
pub(crate) fn object_role(access: Access) -> Option<(Role, &'static [Deed])> {
    match access {
        Access::List | Access::Read => Some((BLOB_READER, &[Deed::Read, Deed::List])),
        Access::Write | Access::ReadWrite | Access::Manage => Some((BLOB_CONTRIBUTOR, &Deed::ALL)),
        Access::Pull | Access::Push => None,
    }
}

/// What a ready-made role allows on objects, where a condition can narrow all of that to a prefix. Storage Blob Data Owner
/// isn't one of these: on a hierarchical namespace it may do everything (`runAsSuperUser`).
pub(crate) fn deeds_of(role_id: &str) -> Option<&'static [Deed]> {
    [Access::Read, Access::Manage]
        .into_iter()
        .filter_map(object_role)
        .find(|(role, _)| role.id == role_id)
        .map(|(_, deeds)| deeds)
}

/// Containers that Azure makes for itself, or that mean something to it. Source: Azure documentation, "Naming and
/// referencing containers, blobs, and metadata"; "Storage analytics logging"; "Change feed"; "Static website hosting".
const SYSTEM_CONTAINERS: [&str; 4] = ["$root", "$web", "$logs", "$blobchangefeed"];

/// The most characters of a blob's name, and so of a prefix that begins some. Source: as for the containers.
const LONGEST_NAME: usize = 1_024;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Objects {
    pub(crate) account: Place,
    pub(crate) container: String,
    /// Empty for the whole container, else ends in `/`.
    pub(crate) prefix: String,
}

/// Source: Azure documentation, "Naming rules and restrictions for Azure resources", Microsoft.Storage.
pub(crate) fn objects(text: &str, account: Host, container: &str, prefix: &str) -> Result<Objects, Diagnostic> {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if !(3..=24).contains(&account.name.len()) || !account.name.chars().all(word) {
        let hint = "a storage account's name has 3 to 24 lower-case letters and digits";
        return Err(wrong(text, "names no storage account", hint));
    }
    objects_in(text, Place::Named(account), container, prefix)
}

pub(crate) fn objects_in(text: &str, account: Place, container: &str, prefix: &str) -> Result<Objects, Diagnostic> {
    if container.contains('*') || prefix.contains('*') {
        let hint = "name each container and prefix: a wildcard would reach what nobody named";
        return Err(wrong(text, "has a wildcard", hint));
    }
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let named = (3..=63).contains(&container.len())
        && container.chars().all(|c| word(c) || c == '-')
        && !container.contains("--")
        && container.chars().next().is_some_and(word)
        && container.chars().last().is_some_and(word);
    if !named && !SYSTEM_CONTAINERS.contains(&container) {
        let hint = "a container's name has 3 to 63 lower-case letters, digits and single dashes: \
            https://ACCOUNT.blob.core.windows.net/CONTAINER/PREFIX/";
        return Err(wrong(text, "names no container", hint));
    }
    if let Some(what) = unclear_prefix(prefix) {
        return Err(wrong(text, &what, CLEAR_PREFIX));
    }
    if prefix.chars().any(is_unclear) {
        // It becomes a text in a condition, where these would mean something else.
        let hint = "write the prefix as the objects have it, without quotes, backslashes and percent signs";
        return Err(wrong(text, "has a character in its prefix that can't be told apart in a condition", hint));
    }
    let prefix = match prefix {
        "" => String::new(),
        prefix => format!("{}/", prefix.trim_end_matches('/')),
    };
    if prefix.chars().count() > LONGEST_NAME {
        let hint = "the name of an object has 1,024 characters at most";
        return Err(wrong(text, "has a prefix that no object's name begins with", hint));
    }
    Ok(Objects { account, container: container.to_owned(), prefix })
}

/// Whether a character of a prefix could be taken for something else in a condition: what ends a text or escapes, and what a
/// URL encodes. Letters and digits of any script are as good as others. Source: Azure documentation, "Azure role assignment
/// condition format and syntax".
fn is_unclear(c: char) -> bool {
    matches!(c, '\'' | '\\' | '%')
}
