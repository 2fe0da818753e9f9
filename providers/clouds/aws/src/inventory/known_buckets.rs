//! What the stack's own policies say of buckets: whose they are, and under which keys.
//!
//! A bucket's owner stands in the condition `aws:ResourceAccount` of the statements that name it, its key in the statement
//! that allows using that key for its objects. Where the encryption couldn't be read, statements on objects compare the
//! owner with `StringLike` in place of `StringEquals`: both mean the same for twelve digits, and the bucket is asked again.
//! In the same way, a key that encrypted the bucket before is told from the one that does now by how its statement compares
//! the service.
//!
//! Only what is a statement of the stack's counts (see [`own_statements`]). Where those contradict each other, or one of them can't
//! be read any more, as after an edit of it, the bucket is asked anew. Where an edit has taken the bucket out of a statement, its
//! Sid still says for which grant it was (see [`unplaced`](super::unplaced)); where it has taken the owner out, the mark of another
//! account's bucket still says it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::parallel;

use crate::config::AccountId;
use crate::inventory::bucket_statements::{CONTEXT, OWNER, READ, UNREAD, bucket_of, named_owners};
use crate::inventory::lookups::buckets::bucket::{Bucket, Contradictions, Encryption, Owner};
use crate::inventory::own_statements::{self, ALIASES, Said as Compared, Statement, VIA};
use crate::inventory::snapshot::Snapshot;
use crate::inventory::unplaced::{self, Known};
use crate::names::Names;
use crate::policy::sids::Purpose;
use crate::resources::kms_key::Key;

/// What the policies say of each bucket.
pub(crate) fn known(names: &Names, snapshot: &Snapshot) -> Known {
    let ours = snapshot.policies.iter().filter(|(arn, _)| names.is_policy_of_ours(arn) && !names.is_mark(arn));
    // A bucket's statements may be in several policies, and its key in one that says nothing of owners.
    let says = |(_, text): &(bool, Cow<'_, str>)| text.contains("s3:") || text.contains(CONTEXT);
    let texts: Vec<_> = ours.map(|(arn, policy)| (names.is_shared_policy(arn), policy.text())).filter(says).collect();
    let read = parallel::map(texts, |(is_shared, text)| (said(&text, is_shared), unplaced::of(&text, is_shared)));
    let (mut facts, mut known) = (BTreeMap::<String, Facts>::new(), Known::default());
    for (said, unplaced) in read {
        for (bucket, said) in said {
            facts.entry(bucket).or_default().add(said);
        }
        known.unplaced.extend(unplaced);
    }
    if !known.unplaced.is_empty() || facts.values().any(Facts::lacks_owner) {
        known.marked = unplaced::marked(names, snapshot);
    }
    for (name, mut facts) in facts {
        if facts.lacks_owner() {
            facts.named.extend(known.marked.get(&name).into_iter().flatten().cloned());
            facts.is_unreadable |= !facts.named.is_empty();
        }
        if facts.says_something() {
            known.buckets.insert(name, facts.bucket(names.account()));
        }
    }
    known
}

/// What one statement says of a bucket.
enum Said {
    Owner(AccountId),
    /// And that its encryption was read.
    OwnerAndEncryption(AccountId),
    /// Nothing of owners, as where nobody knew whose it is.
    Nothing,
    Key(Key),
    /// One that encrypted it before.
    FormerKey(Key),
    /// What can't be read any more, as somebody has edited it. With the accounts that it names as owners.
    Unreadable(BTreeSet<AccountId>),
}

#[derive(Default)]
struct Facts {
    /// How many statements name each.
    owners: BTreeMap<AccountId, usize>,
    keys: BTreeSet<Key>,
    former: BTreeSet<Key>,
    encryption_was_read: bool,
    is_unreadable: bool,
    /// The owners that unreadable statements name.
    named: BTreeSet<AccountId>,
}

impl Facts {
    fn add(&mut self, said: Said) {
        match said {
            Said::Owner(owner) => self.own(owner),
            Said::OwnerAndEncryption(owner) => {
                self.encryption_was_read = true;
                self.own(owner);
            }
            Said::Nothing => {}
            Said::Key(key) => _ = self.keys.insert(key),
            Said::FormerKey(key) => _ = self.former.insert(key),
            Said::Unreadable(mut named) => {
                self.is_unreadable = true;
                self.named.append(&mut named);
            }
        }
    }

    fn lacks_owner(&self) -> bool {
        self.owners.is_empty() && self.named.is_empty()
    }

    fn says_something(&self) -> bool {
        !self.lacks_owner() || self.is_unreadable || !self.keys.is_empty() || !self.former.is_empty()
    }

    fn own(&mut self, owner: AccountId) {
        *self.owners.entry(owner).or_default() += 1;
    }

    /// Of several owners, the data plane's own account, or else the one that most statements name; of those that unreadable
    /// statements name, the only one; of several keys, all stay in use. Such a bucket is asked anew, and nothing is made of
    /// these where it can't be.
    fn bucket(mut self, own: &AccountId) -> Bucket {
        if let Some(only) = self.named.first().filter(|_| self.owners.is_empty() && self.named.len() == 1) {
            self.owners.insert(only.clone(), 1);
        }
        let is_doubtful = self.is_unreadable || self.owners.len() != 1 || self.keys.len() > 1;
        let most = self.owners.iter().max_by_key(|(owner, count)| (*owner == own, **count));
        let owner = most.map(|(owner, _)| owner.clone());
        let has_several_keys = self.keys.len() > 1;
        let key = self.keys.pop_first();
        self.former.append(&mut self.keys);
        let encryption = match key {
            Some(key) if !self.encryption_was_read => {
                self.former.insert(key);
                Encryption::Unknown
            }
            Some(key) => Encryption::Key(key),
            None if self.encryption_was_read => Encryption::NoKey,
            None => Encryption::Unknown,
        };
        let mut bucket = Bucket::new(owner.map_or(Owner::Unknown, Owner::Account), encryption);
        bucket.former = self.former;
        let owners = || self.owners.into_keys().chain(self.named).collect();
        bucket.contradictions = is_doubtful.then(|| Contradictions { owners: owners(), has_several_keys });
        bucket
    }
}

/// Statements have no Sid in a policy that scopes share, and only there.
fn said(text: &str, is_shared: bool) -> Vec<(String, Said)> {
    let mut said = Vec::new();
    own_statements::each(text, is_shared, |statement| said.extend(of_statement(statement)));
    said
}

fn of_statement(statement: &Statement<'_>) -> Vec<(String, Said)> {
    let mut said = Vec::new();
    let is_of_key = statement.is_ours(|of| matches!(of, Purpose::ReadKey | Purpose::WriteKey), "kms");
    let is_of_former_key = statement.is_ours(|of| of == Purpose::FormerKey, "kms");
    if is_of_key || is_of_former_key {
        for (operator, contexts) in statement.compared(CONTEXT) {
            for (bucket, _) in contexts.each().filter_map(bucket_of) {
                let key = key_of(statement, is_of_key, is_of_former_key).filter(|_| operator == "StringLike");
                said.push((bucket.to_owned(), key.unwrap_or_else(unreadable)));
            }
        }
    }
    if statement.is_ours(Purpose::is_of_objects, "s3") {
        for (bucket, has_objects) in statement.resource.each().filter_map(bucket_of) {
            said.push((bucket.to_owned(), owner_of(statement, has_objects)));
        }
    }
    said
}

fn unreadable() -> Said {
    Said::Unreadable(BTreeSet::new())
}

/// `None` where it can't be read any more.
fn key_of(statement: &Statement<'_>, is_of_key: bool, is_of_former_key: bool) -> Option<Said> {
    let alias = match statement.said(ALIASES) {
        Compared::Nothing => None,
        Compared::Is { operator: "ForAnyValue:StringEquals", text } => Some(text),
        Compared::Is { .. } | Compared::Unclear => return None,
    };
    let Compared::Is { operator, text: via } = statement.said(VIA) else { return None };
    let key = Key::granted("s3", statement.resource.single(), Some(via), alias)?;
    let now = (is_of_key && operator == "StringEquals").then(|| Said::Key(key.clone()));
    now.or_else(|| (is_of_former_key && operator == "StringLike").then_some(Said::FormerKey(key)))
}

fn owner_of(statement: &Statement<'_>, has_objects: bool) -> Said {
    let owner = match statement.said(OWNER) {
        Compared::Nothing => return Said::Nothing,
        Compared::Is { operator, text } => AccountId::parse(text).ok().map(|owner| (operator, owner)),
        Compared::Unclear => None,
    };
    match owner {
        Some((READ, owner)) if has_objects => Said::OwnerAndEncryption(owner),
        Some((READ | UNREAD, owner)) => Said::Owner(owner),
        Some(_) | None => Said::Unreadable(named_owners(statement).collect()),
    }
}

#[cfg(test)]
mod tests;
