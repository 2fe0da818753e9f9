//! The Sids of the statements in the stack's own policies: the name of a grant, and what the statement is for.

use cloudgrant_core::{Access, GrantName};

use crate::names::{name_in_sid, spelled_out};

/// One list for what is written and what is found again: a statement whose Sid nobody knows would stay when its grant is
/// revoked.
macro_rules! purposes {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// What a statement is for: the end of its Sid.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Purpose {
            $($(#[$doc])* $name,)+
        }

        impl Purpose {
            const ALL: &[Self] = &[$(Self::$name),+];

            fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)+
                }
            }
        }
    };
}

purposes! {
    /// The keys of secrets.
    Decrypt,
    /// Keys that a bucket had before.
    FormerKey,
    List,
    ListPrefix,
    ListResource,
    Login,
    Manage,
    ManageResource,
    Pull,
    Push,
    Read,
    ReadKey,
    ReadResource,
    ReadWrite,
    ReadWriteResource,
    /// The key that encrypts a resource.
    ResourceKey,
    Secrets,
    Write,
    WriteKey,
    WriteResource,
}

/// The Sid of a grant's statement.
pub(crate) fn sid(grant: &GrantName, purpose: Purpose) -> String {
    subject(grant) + purpose.as_str()
}

/// The grant in its statements' Sids, so that no two grants have one: a name that ends as one purpose begins which ends in
/// another is spelled out (`ReadWrite` of `data`, `Write` of `data-read`).
fn subject(grant: &GrantName) -> String {
    let name = name_in_sid(grant.as_str());
    let purposes = || Purpose::ALL.iter().map(|purpose| purpose.as_str());
    let mut heads = purposes().flat_map(|longer| purposes().filter_map(move |end| longer.strip_suffix(end)));
    if heads.any(|head| !head.is_empty() && name.ends_with(head)) { spelled_out(&[grant.as_str()]) } else { name }
}

impl Purpose {
    /// For a level on a resource that is granted by its ARN; `None` for what is no level of such.
    pub(crate) fn on_resource(access: Access) -> Option<Self> {
        match access {
            Access::List => Some(Self::ListResource),
            Access::Read => Some(Self::ReadResource),
            Access::Write => Some(Self::WriteResource),
            Access::ReadWrite => Some(Self::ReadWriteResource),
            Access::Manage => Some(Self::ManageResource),
            Access::Pull | Access::Push => None,
        }
    }

    /// Whether it is to list, read or write objects.
    pub(crate) fn is_of_objects(self) -> bool {
        match self {
            Self::List | Self::ListPrefix | Self::Manage | Self::Read | Self::ReadWrite | Self::Write => true,
            Self::Decrypt
            | Self::FormerKey
            | Self::ListResource
            | Self::Login
            | Self::ManageResource
            | Self::Pull
            | Self::Push
            | Self::ReadKey
            | Self::ReadResource
            | Self::ReadWriteResource
            | Self::ResourceKey
            | Self::Secrets
            | Self::WriteKey
            | Self::WriteResource => false,
        }
    }
}

/// What a statement with that Sid may be for, whichever grant's it is.
pub(crate) fn purposes(sid: &str) -> impl Iterator<Item = Purpose> {
    let sid = without_apart(sid);
    Purpose::ALL.iter().copied().filter(move |purpose| sid.ends_with(purpose.as_str()))
}

/// A Sid for each purpose, of no grant.
pub(crate) fn of_any_purpose() -> impl Iterator<Item = &'static str> {
    Purpose::ALL.iter().map(|purpose| purpose.as_str())
}

/// A Sid without what sets it apart from others of the same grant for the same purpose, and without the part of a statement.
pub(crate) fn without_apart(sid: &str) -> &str {
    sid.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, 'A' | 'B'))
}

/// Whether a Sid is that of a grant's statement, whatever it is for, with what sets it apart from others in a document (a
/// number) or says which part of a statement it is (letters).
pub(crate) fn is_of(sid: &str, grant: &GrantName) -> bool {
    let Some(rest) = sid.strip_prefix(&subject(grant)) else { return false };
    let is_apart = |rest: &str| rest.bytes().all(|byte| matches!(byte, b'A' | b'B' | b'0'..=b'9'));
    Purpose::ALL.iter().any(|purpose| rest.strip_prefix(purpose.as_str()).is_some_and(is_apart))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_found_again() {
        let name = |name: &str| GrantName::parse(name).expect("a name");
        // Each name, and it with the words of each purpose behind it: where one ends and the other begins is in no Sid.
        let words = |purpose: &Purpose| {
            let words =
                purpose.as_str().chars().flat_map(|c| c.is_ascii_uppercase().then_some('-').into_iter().chain([c]));
            words.collect::<String>().to_lowercase()
        };
        let plain = ["training-data", "training", "stage-1", "stage1", "2", "a"].into_iter();
        let longer =
            plain.clone().flat_map(|name| Purpose::ALL.iter().map(move |purpose| format!("{name}{}", words(purpose))));
        let heads = ["training-read", "training-write", "training-former", "read", "a-b"].map(str::to_owned);
        let names: Vec<_> = plain
            .map(str::to_owned)
            .chain(longer)
            .chain(heads)
            .collect::<std::collections::BTreeSet<_>>()
            .iter()
            .map(|text| name(text))
            .collect();
        for (grant, other) in names.iter().flat_map(|grant| names.iter().map(move |other| (grant, other))) {
            for (purpose, apart) in Purpose::ALL.iter().flat_map(|one| ["", "2", "AB", "12"].map(|apart| (*one, apart)))
            {
                let sid = sid(grant, purpose) + apart;
                assert_eq!(is_of(&sid, other), grant == other, "{sid}");
            }
        }
        let grant = &name("training-data");
        assert!(!is_of("TrainingDataSomethingElse", grant) && !is_of("TrainingData", grant));
    }
}
