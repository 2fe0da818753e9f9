//! Kinds that are granted on one ARN: a table of levels, and what else a grant of them needs. A kind of this form is its file here,
//! its line in [`BY_ARN`](super::BY_ARN), its row in the documentation and its tests.

use std::fmt;

use cloudgrant_core::{Access, ClientCode, Diagnostic, RegisteredKind, ResourceKind};

use crate::config::AccountId;
use crate::resources::wrong_locator::{account_of, region_of, wrong};

/// A kind that is granted on one ARN.
pub(crate) struct ArnKind {
    pub(crate) registered: RegisteredKind,
    /// The service in its ARNs.
    pub(crate) service: &'static str,
    /// Looks at the last part of an ARN.
    pub(crate) check: fn(&str) -> Result<(), Wrong>,
    /// Reads an address that people copy in place of an ARN: the region, the account and the last part of the ARN. `None` where
    /// it is none of this kind's.
    pub(crate) address: fn(&str) -> Option<[&str; 3]>,
    pub(crate) levels: &'static [Level],
    /// How a customer-managed key is used that encrypts one; `None` where a key is no matter of its users.
    pub(crate) encrypted: Option<Encrypted>,
    pub(crate) elsewhere: Elsewhere,
    /// What the cloud's client does with one. The level is one of the table's.
    pub(crate) code: fn(&Item, Access) -> ClientCode,
}

/// What an ARN is instead of one of the kind's, and what to do: the end of a sentence that begins with it, and a hint.
pub(crate) type Wrong = (&'static str, &'static str);

/// What a level allows.
pub(crate) struct Level {
    pub(crate) access: Access,
    pub(crate) rights: &'static [Rights],
    /// What it takes of the customer-managed key that encrypts the resource.
    pub(crate) on_key: &'static [&'static str],
}

/// Actions, and on what.
pub(crate) struct Rights {
    /// Sorted, as documents have them.
    pub(crate) actions: &'static [&'static str],
    /// What stands behind the ARN: nothing for the resource itself, `/index/*` for what is in it.
    pub(crate) behind: &'static [&'static str],
    /// An operator, a key and its values.
    pub(crate) only_where: Option<(&'static str, &'static str, &'static [&'static str])>,
}

/// How the key that encrypts a resource is used: through the service, and only for that resource.
pub(crate) struct Encrypted {
    /// What the service says to KMS that it encrypts or decrypts: the condition key, and its value for a resource.
    pub(crate) context: (&'static str, fn(&Item) -> String),
}

/// What it takes besides to reach one of another account.
pub(crate) enum Elsewhere {
    /// A statement in the resource's own policy.
    ResourcePolicy(ResourcePolicy),
    /// A statement in the key's policy: it is a key itself.
    KeyPolicy,
    /// It can't be: why not, as the end of a sentence, and what to do.
    Never(Wrong),
}

/// How whoever administers a resource gets at its policy.
pub(crate) struct ResourcePolicy {
    /// What the statement names: the resource itself, and what is in it.
    pub(crate) behind: &'static [&'static str],
    /// The commands that read it, that write it out of a file, and that delete it.
    pub(crate) commands: fn(&Item, file: &str) -> [String; 3],
    /// What else has to hold there; empty for nothing.
    pub(crate) besides: &'static str,
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

/// For kinds that have no address but their ARN.
pub(crate) fn no_address(_: &str) -> Option<[&str; 3]> {
    None
}

impl ArnKind {
    pub(crate) fn kind(&self) -> ResourceKind {
        self.registered.kind
    }

    /// What a level allows. The capability check refuses a level that isn't in the table.
    pub(crate) fn level(&self, access: Access) -> Option<&'static Level> {
        self.levels.iter().find(|level| level.access == access)
    }

    /// One of this kind. `text` is what the manifest says.
    ///
    /// # Errors
    /// It is none.
    pub(crate) fn item(
        &'static self,
        text: &str,
        partition: &str,
        [region, account, resource]: [&str; 3],
    ) -> Result<Item, Diagnostic> {
        if resource.contains(['*', '?']) {
            let hint = "name each one: a wildcard would reach what nobody named";
            return Err(wrong(text, "has a wildcard", hint));
        }
        // It stands in policies, where this would be a variable, and in commands for people to run.
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_./:=+@".contains(c);
        if !resource.chars().all(fits) {
            let hint = "its name has letters, digits and some of -_./:=+@";
            return Err(wrong(
                text,
                &format!("has a character that is in no name of {}", self.kind().with_article()),
                hint,
            ));
        }
        (self.check)(resource).map_err(|(what, hint)| wrong(text, what, hint))?;
        Ok(Item {
            kind: self,
            partition: partition.to_owned(),
            region: region_of(text, region)?,
            account: account_of(text, account)?,
            resource: resource.to_owned(),
        })
    }
}

impl PartialEq for ArnKind {
    fn eq(&self, other: &Self) -> bool {
        self.kind() == other.kind()
    }
}

impl Eq for ArnKind {}

impl fmt::Debug for ArnKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind().fmt(f)
    }
}

/// One resource, by its ARN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) kind: &'static ArnKind,
    pub(crate) partition: String,
    pub(crate) region: String,
    pub(crate) account: AccountId,
    /// The last part of its ARN.
    pub(crate) resource: String,
}

impl Item {
    pub(crate) fn arn(&self) -> String {
        let Self { kind, partition, region, account, resource } = self;
        format!("arn:{partition}:{}:{region}:{account}:{resource}", kind.service)
    }

    /// Its name: what stands behind the type in its ARN, or all of the last part where there is none.
    pub(crate) fn name(&self) -> &str {
        self.resource.split_once('/').map_or(&self.resource, |(_, name)| name)
    }

    /// What a right is on.
    pub(crate) fn on(&self, behind: &'static [&'static str]) -> impl Iterator<Item = String> {
        let arn = self.arn();
        behind.iter().map(move |behind| format!("{arn}{behind}"))
    }
}
