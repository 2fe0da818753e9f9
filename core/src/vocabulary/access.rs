//! Access levels: how much of a resource a grant gives.

use serde::{Deserialize, Serialize};

/// How much of a resource a grant gives. Each provider has one table from (resource kind, level) to the
/// exact actions or role of its cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Access {
    /// See which objects there are.
    List,
    /// List, and read what is in them. For a secret: read its value.
    Read,
    /// Add and overwrite objects, without seeing them.
    Write,
    /// Read and write.
    ReadWrite,
    /// Read, write and delete.
    Manage,
    /// Pull images from a registry.
    Pull,
    /// Push images to a registry, and pull them.
    Push,
}

impl Access {
    /// Every level, in the order of this documentation.
    pub const ALL: [Self; 7] =
        [Self::List, Self::Read, Self::Write, Self::ReadWrite, Self::Manage, Self::Pull, Self::Push];

    /// Whether two levels on the same resource give something in common.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        let sees = |access| matches!(access, Self::List | Self::Read);
        match (self, other) {
            (Self::Write, other) | (other, Self::Write) => !sees(other),
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Access;

    #[test]
    fn to_write_without_seeing_overlaps_with_no_level_that_only_sees() {
        for access in Access::ALL {
            assert!(access.overlaps(access) && access.overlaps(Access::Manage) && Access::Manage.overlaps(access));
        }
        assert!(!Access::Write.overlaps(Access::Read) && !Access::List.overlaps(Access::Write));
        assert!(Access::ReadWrite.overlaps(Access::Write) && Access::ReadWrite.overlaps(Access::List));
    }
}
