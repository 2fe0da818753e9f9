//! Statements of the stack's that name no bucket any more, as after an edit that made their resource a wildcard, and what still
//! says then whose a bucket was.
//!
//! A bucket that is granted is none that nobody knows only because somebody has edited what the stack wrote: who made it anew
//! in the meantime would be granted it. Which grant such a statement was for its Sid says; in a policy that scopes share it has none,
//! and may have been any grant's.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::GrantName;

use crate::config::AccountId;
use crate::inventory::bucket_statements::{bucket_of, named_owners};
use crate::inventory::lookups::buckets::bucket::{Bucket, Contradictions, Encryption, Owner};
use crate::inventory::own_statements;
use crate::inventory::places::{Marked, named};
use crate::inventory::snapshot::Snapshot;
use crate::names::Names;
use crate::policy::sids::{self, Purpose};
use crate::shared_document::shared::Shared;

/// What the stack's policies say of buckets.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Of those that they name.
    pub(crate) buckets: BTreeMap<String, Bucket>,
    pub(super) unplaced: Vec<Unplaced>,
    /// The owners of other accounts' buckets, as the stack's marks name them; read only where statements don't tell.
    pub(super) marked: BTreeMap<String, BTreeSet<AccountId>>,
}

/// A statement on objects that names no bucket.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unplaced {
    sid: String,
    /// The accounts that it names as owners.
    owners: BTreeSet<AccountId>,
}

impl Unplaced {
    fn may_be_of(&self, grants: &BTreeSet<GrantName>) -> bool {
        self.sid.is_empty() || grants.iter().any(|grant| sids::is_of(&self.sid, grant))
    }
}

impl Known {
    /// What is known of a bucket that grants name. Where a statement of theirs names no bucket any more, it may have been this
    /// one, which is asked anew then.
    pub(crate) fn of(&self, name: &str, grants: &BTreeSet<GrantName>) -> Option<Bucket> {
        let known = self.buckets.get(name).cloned();
        let mut unplaced = self.unplaced.iter().filter(|unplaced| unplaced.may_be_of(grants)).peekable();
        if known.as_ref().is_some_and(|bucket| bucket.account().is_some()) || unplaced.peek().is_none() {
            return known;
        }
        let mut bucket = known.unwrap_or_else(|| Bucket::new(Owner::Unknown, Encryption::Unknown));
        let nothing = || Contradictions { owners: BTreeSet::new(), has_several_keys: false };
        let said = bucket.contradictions.get_or_insert_with(nothing);
        said.owners.extend(unplaced.flat_map(|unplaced| unplaced.owners.clone()));
        said.owners.extend(self.marked.get(name).into_iter().flatten().cloned());
        Some(bucket)
    }
}

pub(super) fn of(text: &str, is_shared: bool) -> Vec<Unplaced> {
    let mut unplaced = Vec::new();
    own_statements::each(text, is_shared, |statement| {
        let names_one = statement.resource.each().any(|arn| bucket_of(arn).is_some());
        if !names_one && statement.is_ours(Purpose::is_of_objects, "s3") {
            let sid = statement.sid().unwrap_or_default().to_owned();
            unplaced.push(Unplaced { sid, owners: named_owners(statement).collect() });
        }
    });
    unplaced
}

/// The owners of buckets by the stack's marks.
pub(super) fn marked(names: &Names, snapshot: &Snapshot) -> BTreeMap<String, BTreeSet<AccountId>> {
    let mut owners: BTreeMap<String, BTreeSet<AccountId>> = BTreeMap::new();
    for one in named(names, snapshot).flat_map(|(_, named)| named) {
        if let Marked::One(Shared::Bucket(bucket)) = one {
            owners.entry(bucket.name).or_default().insert(bucket.account);
        }
    }
    owners
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn statement(sid: &str, resource: Value) -> String {
        let statement = json!({ "Sid": sid, "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": resource,
            "Condition": { "StringEquals": { "aws:ResourceAccount": ["444455556666"] } } });
        json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
    }

    #[test]
    fn what_names_no_bucket_is_its_grant_s() {
        let owner = AccountId::parse("444455556666").expect("an account");
        for resource in [json!("*"), json!(["arn:aws:s3:::*"]), json!("arn:aws:s3:::*/x"), json!([]), json!(7)] {
            let found = of(&statement("OneRead", resource.clone()), false);
            let expected = Unplaced { sid: "OneRead".to_owned(), owners: [owner.clone()].into() };
            assert_eq!(found, [expected], "{resource}");
            let known = Known { unplaced: found, ..Known::default() };
            let of = |grant: &str| known.of("acme", &[GrantName::parse(grant).expect("a name")].into());
            let said = of("one").and_then(|bucket| bucket.contradictions).expect("it is doubtful");
            assert_eq!(said.owners, [owner.clone()].into(), "{resource}");
            assert_eq!(of("two"), None, "{resource}");
        }
        assert_eq!(of(&statement("OneRead", json!(["*", "arn:aws:s3:::acme/*"])), false), []);
        // A person's own statement.
        assert_eq!(of(&statement("AuditReads", json!("*")).replace("Allow", "Deny"), false), []);
    }
}
