//! Where on a platform a backend reads and writes.

/// A place on a platform at which a backend reads and writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlatformPlace {
    /// What it is called, for people, and the same in every run: `service accounts of the cluster with the issuer …`.
    pub name: String,
    /// The kinds of the objects that are there.
    pub kinds: &'static [&'static str],
}
