//! The kinds of resource that can be granted: one file a kind, with its locator and its levels as a table to the exact actions.

pub(crate) mod object_store;
pub(crate) mod repository;
pub(crate) mod secret;

use cloudgrant_core::{Access, Capabilities, ScopeKind};

/// What this provider can do.
pub(crate) const CAPABILITIES: Capabilities = Capabilities::none()
    .scopes(&ScopeKind::ALL, "")
    .kinds(&[object_store::REGISTERED, secret::REGISTERED, repository::REGISTERED])
    .registry(&[Access::Pull]);

/// Decrypting what was encrypted under a customer-managed key (requirement 37).
pub(crate) const DECRYPT: &str = "kms:Decrypt";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_sorted_as_documents_have_them() {
        for level in Access::ALL {
            for actions in
                [object_store::on_objects(level), repository::on_repository(level), object_store::on_key(level)]
            {
                assert!(actions.is_sorted(), "{level}: {actions:?}");
            }
        }
    }

    /// The capability check lets a level through where a table has something for it, and nowhere else.
    #[test]
    fn the_levels_of_a_kind_are_those_of_its_table() {
        for level in Access::ALL {
            let gives = object_store::lists(level) || !object_store::on_objects(level).is_empty();
            assert_eq!(object_store::REGISTERED.levels.contains(&level), gives, "{level}");
            let gives = !repository::on_repository(level).is_empty();
            assert_eq!(repository::REGISTERED.levels.contains(&level), gives, "{level}");
        }
    }
}
