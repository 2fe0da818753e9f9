//! How the stack's statements are named: in its own policies, and in documents that others write too. A Sid takes letters and digits only.

use cloudgrant_core::digest::digest;
use cloudgrant_core::{Access, GrantName};

use crate::names::Names;

/// What is in the Sid of every stack's statements, within somebody else's document.
pub(crate) const STACK: &str = "Cloudgrant";

/// What the Sids of registries' statements say that they are for; those of grants say something else.
const PULL: &str = "Pull";

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

/// What a statement of a grant is for within somebody else's document: the beginning of its Sid, behind `Allow`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InOthers {
    /// In the policy of a key.
    Key,
    /// In that of a bucket, on the bucket.
    List,
    /// In that of a bucket, on its objects.
    Objects,
    /// In that of a resource that is granted by its ARN.
    Resource,
    /// In that of a repository, for task code.
    Task,
}

impl InOthers {
    fn as_str(self) -> &'static str {
        match self {
            Self::Key => "Key",
            Self::List => "List",
            Self::Objects => "Objects",
            Self::Resource => "Resource",
            Self::Task => "Task",
        }
    }
}

impl Names {
    /// What marks a statement within somebody else's document as the stack's at this home. Stacks and homes are told apart by digests:
    /// no stack's mark begins like another's.
    pub(crate) fn mark(&self) -> String {
        format!("{}{}", self.stack_mark(), digest(&self.home()))
    }

    /// The part of the mark that all homes of the stack share.
    fn stack_mark(&self) -> String {
        format!("{STACK}{}", digest(self.stack().as_str()))
    }

    /// Whether a Sid is that of the same stack at another home.
    pub(crate) fn is_sid_of_another_home(&self, sid: &str) -> bool {
        sid.contains(&self.stack_mark()) && !sid.contains(&self.mark())
    }

    /// The Sid of the statement for the nodes that pull the images of a registry: `AllowPull` (requirement 31), the mark, and
    /// the registry's name.
    pub(crate) fn sid_of_registry(&self, registry: &str) -> String {
        format!("Allow{PULL}{}{}", self.mark(), name_in_sid(registry))
    }

    /// That of a statement of a grant for one of its resources, by the names of both. `before` is how many others it has there for the
    /// same.
    pub(crate) fn sid_of_two(&self, what: InOthers, before: usize, grant: &str, resource: &str) -> String {
        let number = if before == 0 { String::new() } else { (before + 1).to_string() };
        format!("Allow{}{number}{}{}", what.as_str(), self.mark(), names_in_sid(grant, resource))
    }

    /// Whether a Sid is one that [`sid_of_two`](Self::sid_of_two) makes of that first name, whatever its verb and the other name.
    pub(crate) fn is_sid_of_first(&self, sid: &str, one: &str) -> bool {
        let is_registry_s = |verb: &str| verb.strip_prefix("Allow") == Some(PULL);
        sid.split_once(&self.mark()).is_some_and(|(verb, names)| !is_registry_s(verb) && begins_with(names, one))
    }
}

/// A name within a Sid, so that no two names come to the same: as [`camel`] has it, unless a word begins with a digit, which
/// has no capital form (`stage-1` and `stage1`).
fn name_in_sid(name: &str) -> String {
    let is_plain = name.split('-').all(|word| word.starts_with(|c: char| c.is_ascii_lowercase()));
    if is_plain { camel(name) } else { spelled_out(&[name]) }
}

/// Two names within a Sid. Which words are whose is only clear where each is one word (`a` with `b-c`, and `a-b` with `c`).
fn names_in_sid(one: &str, other: &str) -> String {
    let is_word = |name: &str| name.starts_with(|c: char| c.is_ascii_lowercase()) && !name.contains('-');
    if is_word(one) && is_word(other) { camel(&format!("{one}-{other}")) } else { spelled_out(&[one, other]) }
}

/// Whether [`names_in_sid`] made that of a first name and another one.
fn begins_with(names: &str, one: &str) -> bool {
    let is_word = |rest: &str| {
        let mut chars = rest.chars();
        chars.next().is_some_and(|first| first.is_ascii_uppercase()) && !chars.any(|c| c.is_ascii_uppercase())
    };
    let spelled_out = format!("{}N", spelled_out(&[one]));
    let is_plain = one.starts_with(|c: char| c.is_ascii_lowercase()) && !one.contains('-');
    names.strip_prefix(&spelled_out).is_some_and(|rest| !rest.is_empty())
        || is_plain && names.strip_prefix(&camel(one)).is_some_and(is_word)
}

/// Names that are lower-case have capitals to spare: `D` is a dash, `N` begins the next name. What [`camel`] makes begins
/// with a capital or a digit, this with a small letter.
fn spelled_out(names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| name.replace('-', "D")).collect();
    format!("x{}", names.join("N"))
}

/// `training-data` becomes `TrainingData`.
fn camel(name: &str) -> String {
    let mut upper = true;
    let mut camel = String::with_capacity(name.len());
    for c in name.chars() {
        if !c.is_ascii_alphanumeric() {
            upper = true;
        } else if std::mem::take(&mut upper) {
            camel.extend(c.to_uppercase());
        } else {
            camel.push(c);
        }
    }
    camel
}

#[cfg(test)]
mod tests;
