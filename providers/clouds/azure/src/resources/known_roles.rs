//! The ready-made roles that are known without asking.

use crate::resources::built_in_roles::{KNOWN, Role};
use crate::resources::kinds::registered;

#[cfg(test)]
mod microsoft;

/// All of them: those of the table, and those of the kinds that have roles of their own.
pub(crate) fn all() -> impl Iterator<Item = Role> {
    KNOWN.into_iter().chain(registered::roles())
}

/// A role by its name or its id, where it is known without asking.
pub(crate) fn known(name_or_id: &str) -> Option<Role> {
    let same = |role: &Role| role.id.eq_ignore_ascii_case(name_or_id) || role.name.eq_ignore_ascii_case(name_or_id);
    all().find(same)
}
