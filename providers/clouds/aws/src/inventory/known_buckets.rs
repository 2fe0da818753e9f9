//! What the stack's own policies say of buckets: whose they are, and under which keys.
//!
//! A bucket's owner stands in the condition `aws:ResourceAccount` of the statements that name it, its key in the statement
//! that allows using that key for its objects. Where the encryption couldn't be read, statements on objects compare the
//! owner with `StringLike` in place of `StringEquals`: both mean the same for twelve digits, and the bucket is asked again.
//! In the same way, a key that encrypted the bucket before is told from the one that does now by how its statement compares
//! the service.
//!
//! Only what is a statement of the stack's counts, by its Sid, its effect and its service. What somebody else wrote into the policy, a
//! Deny above all, gives nothing away, and takes nothing from what the stack's own statements say. Where those contradict each
//! other, as after an edit of one of them, the bucket is asked anew.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::parallel;
use serde::Deserialize;

use crate::config::AccountId;
use crate::inventory::snapshot::Snapshot;
use crate::names::Names;
use crate::policy::sids::{self, Purpose};
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

/// What the policies say of each bucket.
pub(crate) fn known(names: &Names, snapshot: &Snapshot) -> BTreeMap<String, Bucket> {
    let ours = snapshot.policies.iter().filter(|(arn, _)| names.is_policy_of_ours(arn) && !names.is_mark(arn));
    // A bucket's statements may be in several policies, and its key in one that says nothing of owners.
    let says = |(_, text): &(bool, Cow<'_, str>)| text.contains(OWNER) || text.contains(CONTEXT);
    let texts: Vec<_> = ours.map(|(arn, policy)| (names.is_shared_policy(arn), policy.text())).filter(says).collect();
    let mut facts: BTreeMap<String, Facts> = BTreeMap::new();
    for (bucket, said) in parallel::map(texts, |(is_shared, text)| said(&text, is_shared)).into_iter().flatten() {
        facts.entry(bucket).or_default().add(said);
    }
    facts.into_iter().map(|(name, facts)| (name, facts.bucket(names.account()))).collect()
}

/// What one statement says of a bucket.
enum Said {
    Owner(AccountId),
    /// And that its encryption was read.
    OwnerAndEncryption(AccountId),
    Key(Key),
    /// One that encrypted it before.
    FormerKey(Key),
    /// What can't be read any more, as somebody has edited it.
    Unreadable,
}

#[derive(Default)]
struct Facts {
    /// How many statements name each.
    owners: BTreeMap<AccountId, usize>,
    keys: BTreeSet<Key>,
    former: BTreeSet<Key>,
    encryption_was_read: bool,
    is_unreadable: bool,
}

impl Facts {
    fn add(&mut self, said: Said) {
        match said {
            Said::Owner(owner) => self.own(owner),
            Said::OwnerAndEncryption(owner) => {
                self.encryption_was_read = true;
                self.own(owner);
            }
            Said::Key(key) => _ = self.keys.insert(key),
            Said::FormerKey(key) => _ = self.former.insert(key),
            Said::Unreadable => self.is_unreadable = true,
        }
    }

    fn own(&mut self, owner: AccountId) {
        *self.owners.entry(owner).or_default() += 1;
    }

    /// Of several owners, the data plane's own account, or else the one that most statements name; of several keys, all stay in
    /// use. Such a bucket is asked anew, and nothing is made of these where it can't be.
    fn bucket(mut self, own: &AccountId) -> Bucket {
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
        let owners = || self.owners.into_keys().collect();
        bucket.contradictions = is_doubtful.then(|| Contradictions { owners: owners(), has_several_keys });
        bucket
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Document<'a> {
    #[serde(borrow)]
    statement: OneOrMany<Statement<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Statement<'a> {
    #[serde(borrow)]
    sid: Option<Cow<'a, str>>,
    #[serde(borrow)]
    effect: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    action: Texts<'a>,
    #[serde(borrow, default)]
    resource: Texts<'a>,
    #[serde(borrow, default)]
    condition: Condition<'a>,
}

#[derive(Default, Deserialize)]
struct Condition<'a> {
    #[serde(borrow, default, rename = "StringEquals")]
    equals: Keys<'a>,
    #[serde(borrow, default, rename = "StringLike")]
    like: Keys<'a>,
    #[serde(borrow, default, rename = "ForAnyValue:StringEquals")]
    any: Keys<'a>,
}

#[derive(Default, Deserialize)]
struct Keys<'a> {
    #[serde(borrow, default, rename = "aws:ResourceAccount")]
    owner: Texts<'a>,
    #[serde(borrow, default, rename = "kms:ViaService")]
    via: Texts<'a>,
    #[serde(borrow, default, rename = "kms:EncryptionContext:aws:s3:arn")]
    context: Texts<'a>,
    #[serde(borrow, default, rename = "kms:ResourceAliases")]
    aliases: Texts<'a>,
}

type Texts<'a> = OneOrMany<Text<'a>>;

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    Many(Vec<T>),
    One(T),
}

impl<T> Default for OneOrMany<T> {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl<T> OneOrMany<T> {
    fn items(&self) -> &[T] {
        match self {
            Self::Many(items) => items,
            Self::One(item) => std::slice::from_ref(item),
        }
    }
}

impl Texts<'_> {
    fn each(&self) -> impl Iterator<Item = &str> {
        self.items().iter().map(|text| &*text.0)
    }

    /// The only one.
    fn single(&self) -> Option<&str> {
        let mut each = self.each();
        each.next().filter(|_| each.next().is_none())
    }
}

/// Statements have no Sid in a policy that scopes share, and only there.
fn said(text: &str, is_shared: bool) -> Vec<(String, Said)> {
    let Ok(document) = serde_json::from_str::<Document<'_>>(text) else { return Vec::new() };
    let statements = document.statement.items().iter().filter(|statement| statement.sid.is_none() == is_shared);
    statements.flat_map(of_statement).collect()
}

impl Statement<'_> {
    /// Whether it is a statement that the stack writes for a purpose, with actions of a service. Somebody may have edited the
    /// actions, and other versions of this program have others for a level.
    fn is_ours(&self, fits: impl Fn(Purpose) -> bool, service: &str) -> bool {
        self.effect.as_deref() == Some("Allow")
            && self.sid.as_deref().is_none_or(|sid| sids::purposes(sid).any(|of| of == Purpose::Kept || fits(of)))
            && self.action.each().all(|action| action.starts_with(service))
    }

    fn is_of_objects(&self) -> bool {
        self.is_ours(Purpose::is_of_objects, "s3:")
    }

    fn is_of_key(&self) -> bool {
        self.is_ours(|purpose| matches!(purpose, Purpose::ReadKey | Purpose::WriteKey), "kms:")
    }

    fn is_of_former_key(&self) -> bool {
        self.is_ours(|purpose| purpose == Purpose::FormerKey, "kms:")
    }
}

fn of_statement(statement: &Statement<'_>) -> Vec<(String, Said)> {
    let Condition { equals, like, any } = &statement.condition;
    let context: Vec<_> = like.context.each().filter_map(bucket_of).map(|(bucket, _)| bucket).collect();
    if !context.is_empty() {
        let key = |via| Key::granted("s3", statement.resource.single(), via, any.aliases.single());
        let (now, before) = (equals.via.single(), like.via.single());
        let said = || match (now, before) {
            (via, None) if statement.is_of_key() => Some(key(via).map_or(Said::Unreadable, Said::Key)),
            (None, via) if statement.is_of_former_key() => Some(key(via).map_or(Said::Unreadable, Said::FormerKey)),
            (Some(_), Some(_)) if statement.is_of_key() || statement.is_of_former_key() => Some(Said::Unreadable),
            (Some(_) | None, Some(_) | None) => None,
        };
        return context.iter().filter_map(|bucket| Some(((*bucket).to_owned(), said()?))).collect();
    }
    if !statement.is_of_objects() {
        return Vec::new();
    }
    let (owner, was_read) = match (equals.owner.single(), like.owner.single()) {
        (Some(owner), None) => (owner, true),
        (None, Some(owner)) => (owner, false),
        _ => return Vec::new(),
    };
    let buckets = statement.resource.each().filter_map(bucket_of);
    let said = |(bucket, has_objects): (&str, bool)| {
        let said = match AccountId::parse(owner) {
            Ok(owner) if has_objects && was_read => Said::OwnerAndEncryption(owner),
            Ok(owner) => Said::Owner(owner),
            Err(_) => Said::Unreadable,
        };
        (bucket.to_owned(), said)
    };
    buckets.map(said).collect()
}

/// The bucket in an ARN, and whether it names objects of it.
fn bucket_of(arn: &str) -> Option<(&str, bool)> {
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
        facts.into_iter().map(|(name, facts)| (name, facts.bucket(&own))).collect()
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
