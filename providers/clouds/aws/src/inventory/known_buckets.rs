//! What the stack's own policies say of buckets: whose they are, and under which keys.
//!
//! A bucket's owner stands in the condition `aws:ResourceAccount` of the statements that name it, its key in the statement
//! that allows using that key for its objects. Where the encryption couldn't be read, statements on objects compare the
//! owner with `StringLike` in place of `StringEquals`: both mean the same for twelve digits, and the bucket is asked again.
//! In the same way, a key that encrypted the bucket before is told from the one that does now by how its statement compares
//! the service.
//!
//! Only what is a statement of the stack's counts, by its Sid, its effect and its actions: what somebody else wrote into the policy,
//! a Deny above all, gives nothing away.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{Access, parallel};
use serde::Deserialize;

use crate::config::AccountId;
use crate::inventory::snapshot::Snapshot;
use crate::names::Names;
use crate::policy::sids::{self, Purpose};
use crate::resources::buckets::{Bucket, Encryption, Owner};
use crate::resources::kms_key::Key;
use crate::resources::levels;
use crate::resources::locator::is_bucket;

/// The condition key for the account that owns a resource.
pub(crate) const OWNER: &str = "aws:ResourceAccount";
/// The condition key for the bucket or the object that S3 encrypts: the bucket where it has a bucket key of its own. Source:
/// Amazon S3 user guide, "Using server-side encryption with AWS KMS keys", encryption context.
pub(crate) const CONTEXT: &str = "kms:EncryptionContext:aws:s3:arn";

/// Whether the encryption was read.
pub(crate) const READ: &str = "StringEquals";
pub(crate) const UNREAD: &str = "StringLike";

/// What the policies say of each bucket. Of a bucket of which they say several things, nothing.
pub(crate) fn known(names: &Names, snapshot: &Snapshot) -> BTreeMap<String, Bucket> {
    let ours = snapshot.policies.iter().filter(|(arn, _)| names.is_policy_of_ours(arn) && !names.is_mark(arn));
    // A bucket's statements may be in several policies, and its key in one that says nothing of owners.
    let says = |text: &Cow<'_, str>| text.contains(OWNER) || text.contains(CONTEXT);
    let texts: Vec<_> = ours.map(|(_, policy)| policy.text()).filter(says).collect();
    let mut facts: BTreeMap<String, Facts> = BTreeMap::new();
    for (bucket, said) in parallel::map(texts, |text| said(&text)).into_iter().flatten() {
        facts.entry(bucket).or_default().add(said);
    }
    facts.into_iter().filter_map(|(name, facts)| Some((name, facts.bucket()?))).collect()
}

/// What one statement says of a bucket.
enum Said {
    Owner(AccountId),
    /// And that its encryption was read.
    OwnerAndEncryption(AccountId),
    Key(Key),
    /// One that encrypted it before.
    FormerKey(Key),
    /// What none of ours says.
    Odd,
}

#[derive(Default)]
struct Facts {
    owner: Option<AccountId>,
    key: Option<Key>,
    former: BTreeSet<Key>,
    encryption_was_read: bool,
    is_odd: bool,
}

impl Facts {
    fn add(&mut self, said: Said) {
        match said {
            Said::Owner(owner) => self.own(owner),
            Said::OwnerAndEncryption(owner) => {
                self.encryption_was_read = true;
                self.own(owner);
            }
            Said::Key(key) => {
                self.is_odd |= self.key.as_ref().is_some_and(|known| *known != key);
                self.key = Some(key);
            }
            Said::FormerKey(key) => _ = self.former.insert(key),
            Said::Odd => self.is_odd = true,
        }
    }

    fn own(&mut self, owner: AccountId) {
        self.is_odd |= self.owner.as_ref().is_some_and(|known| *known != owner);
        self.owner = Some(owner);
    }

    fn bucket(self) -> Option<Bucket> {
        let owner = self.owner.filter(|_| !self.is_odd)?;
        let encryption = match self.key {
            _ if !self.encryption_was_read => Encryption::Unknown,
            Some(key) => Encryption::Key(key),
            None => Encryption::NoKey,
        };
        let mut bucket = Bucket::new(Owner::Account(owner), encryption);
        bucket.former = self.former;
        Some(bucket)
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

fn said(text: &str) -> Vec<(String, Said)> {
    let Ok(document) = serde_json::from_str::<Document<'_>>(text) else { return Vec::new() };
    document.statement.items().iter().flat_map(of_statement).collect()
}

impl Statement<'_> {
    /// Whether the stack writes such a statement for a purpose, with actions that it has then.
    fn is_ours<'b>(&self, fits: impl Fn(Purpose) -> bool, actions: impl IntoIterator<Item = &'b [&'b str]>) -> bool {
        let named: BTreeSet<_> = self.action.each().collect();
        self.effect.as_deref() == Some("Allow")
            // In a policy that several roles carry, statements have no Sid.
            && self.sid.as_deref().is_none_or(|sid| sids::purposes(sid).any(|of| of == Purpose::Kept || fits(of)))
            && actions.into_iter().any(|actions| actions.iter().copied().collect::<BTreeSet<_>>() == named)
    }

    fn is_of_objects(&self) -> bool {
        let of_levels = Access::ALL.into_iter().map(levels::on_objects).filter(|actions| !actions.is_empty());
        let listing: &[&str] = &[levels::LIST_OBJECTS];
        self.is_ours(Purpose::is_of_objects, of_levels.chain([listing]))
    }

    fn is_of_key(&self) -> bool {
        let of_levels = Access::ALL.into_iter().map(levels::on_key).filter(|actions| !actions.is_empty());
        self.is_ours(|purpose| matches!(purpose, Purpose::ReadKey | Purpose::WriteKey), of_levels)
    }

    fn is_of_former_key(&self) -> bool {
        let decrypting: &[&str] = &[levels::DECRYPT];
        self.is_ours(|purpose| purpose == Purpose::FormerKey, [decrypting])
    }
}

fn of_statement(statement: &Statement<'_>) -> Vec<(String, Said)> {
    let Condition { equals, like, any } = &statement.condition;
    let context: Vec<_> = like.context.each().filter_map(bucket_of).map(|(bucket, _)| bucket).collect();
    if !context.is_empty() {
        let key = |via| Key::granted("s3", statement.resource.single(), via, any.aliases.single());
        let said = |bucket: &&str| {
            let said = match (equals.via.single(), like.via.single()) {
                (via, None) if statement.is_of_key() => key(via).map(Said::Key),
                (None, via) if statement.is_of_former_key() => key(via).map(Said::FormerKey),
                (Some(_) | None, Some(_) | None) => None,
            };
            ((*bucket).to_owned(), said.unwrap_or(Said::Odd))
        };
        return context.iter().map(said).collect();
    }
    let (owner, was_read) = match (equals.owner.single(), like.owner.single()) {
        (Some(owner), None) => (owner, true),
        (None, Some(owner)) => (owner, false),
        _ => return Vec::new(),
    };
    let is_of_objects = statement.is_of_objects();
    let buckets = statement.resource.each().filter_map(bucket_of);
    let said = |(bucket, has_objects): (&str, bool)| {
        let said = match AccountId::parse(owner) {
            _ if !is_of_objects => Said::Odd,
            Ok(owner) if has_objects && was_read => Said::OwnerAndEncryption(owner),
            Ok(owner) => Said::Owner(owner),
            Err(_) => Said::Odd,
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

    fn facts(statements: Value) -> Vec<(String, Option<Bucket>)> {
        let document = json!({"Version": "2012-10-17", "Statement": statements});
        let mut facts: BTreeMap<String, Facts> = BTreeMap::new();
        for (bucket, said) in said(&document.to_string()) {
            facts.entry(bucket).or_default().add(said);
        }
        facts.into_iter().map(|(name, facts)| (name, facts.bucket())).collect()
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
        let bucket = |encryption| vec![("acme".to_owned(), Some(Bucket::new(account(), encryption)))];
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
        assert!(facts(json!([objects, former]))[0].1.as_ref().is_some_and(|bucket| bucket.former.len() == 1));
        for statement in [&objects, &key, &former] {
            for (part, value) in [
                ("Effect", json!("Deny")),
                ("Action", json!(["kms:*"])),
                ("Action", json!(["s3:*"])),
                ("Sid", json!("SecurityTeamStop")),
            ] {
                let odd = changed(statement, part, value);
                assert_eq!(facts(json!([objects, odd])), [("acme".to_owned(), None)], "{odd}");
            }
        }
    }

    #[test]
    fn what_none_of_ours_says_is_asked_anew() {
        let objects = on("arn:aws:s3:::acme/in/*", READ, "111122223333");
        let other = on("arn:aws:s3:::acme/out/*", READ, "444455556666");
        for odd in [
            json!([objects, other]),
            json!([on("arn:aws:s3:::acme/*", READ, "*")]),
            json!([objects, with_key("arn:aws:kms:us-west-2:111122223333:key/*", "us-west-2")]),
            json!([objects, with_key("*", "us-west-2")]),
            json!([objects, with_key(KEY, "eu-west-1")]),
            json!([
                objects,
                with_key(KEY, "us-west-2"),
                with_key("arn:aws:kms:us-west-2:111122223333:key/5", "us-west-2")
            ]),
        ] {
            assert_eq!(facts(odd.clone()), [("acme".to_owned(), None)], "{odd}");
        }
        assert_eq!(facts(json!([on("arn:aws:s3:::*/x", READ, "111122223333")])), []);
    }
}
