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
use crate::inventory::own_statements::{self, ALIASES, Said as Compared, Statement, VIA};
use crate::inventory::snapshot::Snapshot;
use crate::inventory::unplaced::{self, Known};
use crate::names::Names;
use crate::policy::sids::Purpose;
use crate::resources::buckets::{Bucket, Contradictions, Encryption, Owner};
use crate::resources::kms_key::Key;
use crate::resources::locator::is_bucket;

/// The condition key for the account that owns a resource.
pub(crate) const OWNER: &str = "aws:ResourceAccount";
/// The condition key for the bucket or the object that S3 encrypts: the bucket where it has a bucket key of its own. Source:
/// Amazon S3 user guide, "Using server-side encryption with AWS KMS keys", encryption context.
pub(crate) const CONTEXT: &str = "kms:EncryptionContext:aws:s3:arn";

/// Whether the encryption was read.
pub(crate) const READ: &str = "StringEquals";
pub(crate) const UNREAD: &str = "StringLike";
/// The operators that say which account it is.
const NAMES: [&str; 3] = [READ, UNREAD, "StringEqualsIgnoreCase"];

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

/// The accounts that a statement names as owners, however it compares them.
pub(super) fn named_owners(statement: &Statement<'_>) -> impl Iterator<Item = AccountId> {
    let compared = statement.compared(OWNER).filter(|(operator, _)| NAMES.contains(operator));
    compared.flat_map(|(_, texts)| texts.each()).filter_map(|text| AccountId::parse(text).ok())
}

/// The bucket in an ARN, and whether it names objects of it.
pub(super) fn bucket_of(arn: &str) -> Option<(&str, bool)> {
    let (_, path) = arn.strip_prefix("arn:")?.split_once(":s3:::")?;
    let (bucket, objects) = path.split_once('/').map_or((path, false), |(bucket, _)| (bucket, true));
    is_bucket(bucket).then_some((bucket, objects))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn facts(statements: Value) -> Vec<(String, Bucket)> {
        let document = json!({"Version": "2012-10-17", "Statement": statements});
        let mut facts: BTreeMap<String, Facts> = BTreeMap::new();
        for (bucket, said) in said(&document.to_string(), false) {
            facts.entry(bucket).or_default().add(said);
        }
        let own = AccountId::parse("111122223333").expect("an account");
        let facts = facts.into_iter().filter(|(_, facts)| facts.says_something());
        facts.map(|(name, facts)| (name, facts.bucket(&own))).collect()
    }

    fn on(resource: &str, operator: &str, owner: &str) -> Value {
        let (sid, action) =
            if resource.contains('/') { ("OneRead", "s3:GetObject") } else { ("OneList", "s3:ListBucket") };
        json!({"Sid": sid, "Effect": "Allow", "Action": [action], "Resource": [resource],
               "Condition": {operator: {"aws:ResourceAccount": [owner]}}})
    }

    fn with_key(key: &str, region: &str) -> Value {
        json!({"Sid": "OneReadKey", "Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": [key], "Condition": {
            "StringEquals": {"kms:ViaService": [format!("s3.{region}.amazonaws.com")]},
            "StringLike": {"kms:EncryptionContext:aws:s3:arn": ["arn:aws:s3:::acme", "arn:aws:s3:::acme/in/*"]},
        }})
    }

    const KEY: &str = "arn:aws:kms:us-west-2:111122223333:key/1234";

    #[test]
    fn what_was_found_out_stands_in_the_policy() {
        let account = || Owner::Account(AccountId::parse("111122223333").expect("an account"));
        let objects = on("arn:aws:s3:::acme/in/*", READ, "111122223333");
        let bucket = |encryption| vec![("acme".to_owned(), Bucket::new(account(), encryption))];
        assert_eq!(facts(json!([objects])), bucket(Encryption::NoKey));
        let key = Key { arn: KEY.to_owned(), alias: None, region: "us-west-2".to_owned() };
        assert_eq!(facts(json!([objects, with_key(KEY, "us-west-2")])), bucket(Encryption::Key(key)));
        // Whoever only lists didn't ask; what couldn't be read isn't taken for no key.
        for unread in [on("arn:aws:s3:::acme", READ, "111122223333"), on("arn:aws:s3:::acme/*", UNREAD, "111122223333")]
        {
            assert_eq!(facts(json!([unread])), bucket(Encryption::Unknown));
        }
    }

    /// What somebody wrote into the policy, to stop the use of a key above all, is no key of the bucket's.
    #[test]
    fn what_is_no_statement_of_ours_says_nothing_of_a_bucket() {
        let objects = on("arn:aws:s3:::acme/in/*", READ, "111122223333");
        let changed = |of: &Value, key: &str, value: Value| {
            let mut changed = of.clone();
            changed[key] = value;
            changed
        };
        let key = with_key(KEY, "us-west-2");
        let mut former = changed(&key, "Sid", json!("OneFormerKey"));
        let via = former["Condition"]["StringEquals"].take();
        former["Condition"]["StringLike"]["kms:ViaService"] = via["kms:ViaService"].clone();
        former["Condition"].as_object_mut().expect("a map").remove("StringEquals");
        let undisturbed = facts(json!([objects, key, former]));
        assert!(undisturbed[0].1.former.len() == 1 && undisturbed[0].1.contradictions.is_none());
        for statement in [&objects, &key, &former] {
            for (part, value) in [
                ("Effect", json!("Deny")),
                ("Action", json!(["iam:*"])),
                ("Action", json!(["*"])),
                ("Sid", json!("SecurityTeamStop")),
                ("Sid", Value::Null),
            ] {
                let odd = changed(statement, part, value);
                assert_eq!(facts(json!([objects, key, former, odd])), undisturbed, "{odd}");
            }
        }
        // Its actions may be edited, or another version's.
        for (statement, action) in [(&objects, "s3:GetObjectTagging"), (&key, "kms:DescribeKey"), (&former, "kms:*")] {
            let edited = changed(statement, "Action", json!([statement["Action"][0], action]));
            let with = |one: &Value| if one == statement { edited.clone() } else { one.clone() };
            assert_eq!(facts(json!([with(&objects), with(&key), with(&former)])), undisturbed, "{edited}");
        }
    }

    /// Somebody may edit a condition so that nobody can tell any more whose the bucket is: that isn't that nothing was said.
    #[test]
    fn an_owner_that_cant_be_read_is_no_new_bucket() {
        let (own, other, third) = ("111122223333", "444455556666", "000011112222");
        let objects = |condition: Value| {
            json!({"Sid": "OneWrite", "Effect": "Allow", "Action": ["s3:PutObject"],
                   "Resource": ["arn:aws:s3:::acme/*"], "Condition": condition})
        };
        let compared = |operator: &str, value: Value| json!({operator: {"aws:ResourceAccount": value}});
        let both = json!({READ: {"aws:ResourceAccount": other}, UNREAD: {"aws:ResourceAccount": [other]}});
        let excluded = json!({READ: {"aws:ResourceAccount": other}, "StringNotEquals": {"aws:ResourceAccount": own}});
        for (condition, owner, named) in [
            (compared(READ, json!([other, third])), None, vec![third, other]),
            (compared(UNREAD, json!([other, third])), None, vec![third, other]),
            (compared("StringEqualsIgnoreCase", json!(other)), Some(other), vec![other]),
            (both, Some(other), vec![other]),
            (excluded, Some(other), vec![other]),
            (compared("StringNotEquals", json!(other)), None, vec![]),
            (compared("ArnLike", json!([other])), None, vec![]),
            (compared("StringEqualsIfExists", json!([other])), None, vec![]),
            (compared(READ, json!(444_455_556_666_u64)), None, vec![]),
            (compared(READ, json!([other, 1, null])), Some(other), vec![other]),
            (compared(READ, json!([])), None, vec![]),
            (compared(READ, json!(["*"])), None, vec![]),
            (compared(READ, json!(["44445555????"])), None, vec![]),
        ] {
            let found = facts(json!([objects(condition.clone())]));
            let [(name, bucket)] = found.as_slice() else { panic!("{condition}: {found:?}") };
            let said: Vec<_> =
                bucket.contradictions.iter().flat_map(|said| &said.owners).map(AccountId::as_str).collect();
            assert!(name == "acme" && bucket.contradictions.is_some(), "{condition}: {bucket:?}");
            assert_eq!((bucket.account().map(AccountId::as_str), said), (owner, named), "{condition}");
        }
        // Keys of conditions are the same in any case, and so are actions; one of another service beside changes nothing.
        let mut spelled = objects(json!({READ: {"AWS:resourceAccount": other}}));
        spelled["Action"] = json!(["S3:putobject", "kms:Decrypt"]);
        let [(_, bucket)] = &facts(json!([spelled]))[..] else { panic!("one") };
        assert!(bucket.account().is_some_and(|owner| owner.as_str() == other) && bucket.contradictions.is_none());
        // This is what is written where nobody knows whose it is.
        for condition in [json!({}), json!({"Bool": {"aws:SecureTransport": true}})] {
            assert_eq!(facts(json!([objects(condition)])), []);
        }
        let [(_, bucket)] = &facts(json!([objects(json!({})), on("arn:aws:s3:::acme", READ, other)]))[..] else {
            panic!("one")
        };
        assert!(bucket.account().is_some_and(|owner| owner.as_str() == other) && bucket.contradictions.is_none());
    }

    /// The same of a key: it is asked for anew, and nothing goes for an edit.
    #[test]
    fn a_key_that_cant_be_read_is_not_no_key() {
        let objects = on("arn:aws:s3:::acme/in/*", READ, "111122223333");
        let context = |operator: &str| json!({operator: {"kms:EncryptionContext:aws:s3:arn": ["arn:aws:s3:::acme"]}});
        let via = json!(["s3.us-west-2.amazonaws.com"]);
        let edited = [
            ("StringLike", json!({"StringEqualsIgnoreCase": {"kms:ViaService": via}})),
            ("StringLike", json!({"StringLike": {"kms:ViaService": via}})),
            ("StringLike", json!({"StringEquals": {"kms:ViaService": ["s3.us-west-2.amazonaws.com", "x"]}})),
            ("StringLike", json!({})),
            ("ArnLike", json!({"StringEquals": {"kms:ViaService": via}})),
        ];
        for (operator, compared) in edited {
            let mut key = with_key(KEY, "us-west-2");
            key["Condition"] = context(operator);
            for (operator, keys) in compared.as_object().expect("a map") {
                for (of, value) in keys.as_object().expect("a map") {
                    key["Condition"][operator][of] = value.clone();
                }
            }
            let [(_, bucket)] = &facts(json!([objects, key]))[..] else { panic!("{key}") };
            assert!(bucket.contradictions.is_some() && bucket.account().is_some(), "{key}: {bucket:?}");
        }
    }

    #[test]
    fn statements_have_no_sid_in_a_policy_that_scopes_share() {
        let mut objects = on("arn:aws:s3:::acme/in/*", READ, "111122223333");
        let text = |statement: &Value| json!({"Statement": [statement]}).to_string();
        assert_eq!((said(&text(&objects), false).len(), said(&text(&objects), true).len()), (1, 0));
        objects["Sid"].take();
        assert_eq!((said(&text(&objects), false).len(), said(&text(&objects), true).len()), (0, 1));
    }

    /// Whoever it is asked of then decides, among those that were named: nothing that is in use goes for a contradiction.
    #[test]
    fn where_statements_of_ours_contradict_each_other_the_bucket_is_asked_anew() {
        let objects = on("arn:aws:s3:::acme/in/*", READ, "111122223333");
        let other = on("arn:aws:s3:::acme/out/*", READ, "444455556666");
        let key = with_key(KEY, "us-west-2");
        let second = with_key("arn:aws:kms:us-west-2:111122223333:key/5", "us-west-2");
        for (statements, owners, keys) in [
            (json!([other, objects, other]), vec!["111122223333", "444455556666"], 0),
            (json!([on("arn:aws:s3:::acme/*", READ, "*")]), vec![], 0),
            (json!([on("arn:aws:s3:::acme/*", READ, "*"), key]), vec![], 1),
            (
                json!([objects, with_key("arn:aws:kms:us-west-2:111122223333:key/*", "us-west-2")]),
                vec!["111122223333"],
                0,
            ),
            (json!([objects, with_key("*", "us-west-2")]), vec!["111122223333"], 0),
            (json!([objects, with_key(KEY, "eu-west-1")]), vec!["111122223333"], 0),
            (json!([objects, key, second]), vec!["111122223333"], 2),
        ] {
            let found = facts(statements.clone());
            let [(name, bucket)] = found.as_slice() else { panic!("{statements}: {found:?}") };
            assert_eq!(name, "acme");
            let named = bucket.contradictions.iter().flat_map(|contradictions| &contradictions.owners);
            let named: Vec<_> = named.map(AccountId::as_str).collect();
            assert!(bucket.contradictions.is_some() && named == owners, "{statements}: {bucket:?}");
            assert_eq!(bucket.account().map(AccountId::as_str), owners.first().copied(), "{statements}");
            assert_eq!(bucket.former.len() + usize::from(bucket.key().is_some()), keys, "{statements}");
        }
        assert_eq!(facts(json!([on("arn:aws:s3:::*/x", READ, "111122223333")])), []);
    }
}
