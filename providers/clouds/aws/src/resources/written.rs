//! Whether a statement is one that the stack writes, whichever grant's it is: in exactly that form, and in no other.
//!
//! It is taken apart into what a grant would name, and written again from that. What isn't the same then was written by somebody else.

use std::collections::BTreeSet;

use cloudgrant_core::Access;
use serde_json::{Value, json};

use crate::config::AccountId;
use crate::inventory::known_buckets::{self, OWNER, READ, UNREAD};
use crate::inventory::known_secrets;
use crate::inventory::own_statements::{ALIASES, VIA};
use crate::policy::document;
use crate::policy::sids::{self, Purpose};
use crate::resources::by_arn;
use crate::resources::kinds::BY_ARN;
use crate::resources::kinds::arn_kind::{ArnKind, Item, Rights};
use crate::resources::kinds::listed_actions;
use crate::resources::kinds::object_store::{self, Objects};
use crate::resources::kinds::{DECRYPT, repository, secret};
use crate::resources::kms_key::Key;
use crate::resources::locator::{Locator, partition};
use crate::resources::statements::{Condition, contexts_of, for_former_key, for_key, for_secrets, owned};

/// `partition` is the data plane's. Objects without their bucket's owner count as nobody's: whether nobody could tell it when that was
/// granted, nobody can tell now.
pub(crate) fn is_written(statement: &Value, partition: &str) -> bool {
    let statement = document::statement(statement);
    let sid = statement["Sid"].as_str().unwrap_or_default();
    let written = Written { statement: &statement, partition };
    let is_again = |actions: &[&str], condition: &Condition<'_>| {
        let resources = &statement["Resource"];
        let mut again = json!({ "Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources });
        if !condition.is_empty() {
            again["Condition"] = json!(condition);
        }
        document::statement(&again) == statement
    };
    sids::purposes(sid).any(|purpose| match actions_of(purpose) {
        Actions::All(actions) => written.condition(purpose).is_some_and(|condition| is_again(actions, &condition)),
        Actions::OfResource => {
            written.on_resources(purpose).any(|(actions, condition)| is_again(actions, &condition))
                || written.listed_actions().is_some_and(|actions| is_again(&actions, &Condition::new()))
        }
        Actions::OnItsKey => written.on_key_of_resources().any(|(actions, condition)| is_again(actions, &condition)),
    })
}

/// The same of what the stack may have written at any time: also in a policy that several scopes share, where nothing says whose a
/// statement is, and while nobody could tell whose a bucket is.
pub(crate) fn may_be_written(statement: &Value, partition: &str) -> bool {
    let mut owned = document::statement(statement);
    let Some(map) = owned.as_object_mut() else { return false };
    if let Some(conditions) = map.entry("Condition").or_insert_with(|| json!({})).as_object_mut()
        && let Some(keys) = conditions.entry(READ).or_insert_with(|| json!({})).as_object_mut()
    {
        keys.entry(OWNER).or_insert_with(|| json!(["111122223333"]));
    }
    let is_one = |statement: &Value| {
        if !statement["Sid"].as_str().unwrap_or_default().is_empty() {
            return is_written(statement, partition);
        }
        let mut named = statement.clone();
        sids::of_any_purpose().any(|sid| {
            named["Sid"] = sid.into();
            is_written(&named, partition)
        })
    };
    is_one(statement) || is_one(&owned)
}

/// What statements of a purpose allow.
enum Actions {
    /// All of these.
    All(&'static [&'static str]),
    /// What the level of a kind allows that is granted by its ARN.
    OfResource,
    /// What such a level takes of a key.
    OnItsKey,
}

fn actions_of(purpose: Purpose) -> Actions {
    Actions::All(match purpose {
        Purpose::List | Purpose::ListPrefix => &[object_store::LIST_OBJECTS],
        Purpose::Read => object_store::on_objects(Access::Read),
        Purpose::Write => object_store::on_objects(Access::Write),
        Purpose::ReadWrite => object_store::on_objects(Access::ReadWrite),
        Purpose::Manage => object_store::on_objects(Access::Manage),
        Purpose::Pull => repository::on_repository(Access::Pull),
        Purpose::Push => repository::on_repository(Access::Push),
        Purpose::Login => &[repository::LOGIN],
        Purpose::Secrets => &[secret::READ_SECRET],
        Purpose::Decrypt | Purpose::FormerKey | Purpose::ReadKey => &[DECRYPT],
        Purpose::WriteKey => object_store::on_key(Access::Write),
        Purpose::ListResource
        | Purpose::ManageResource
        | Purpose::ReadResource
        | Purpose::ReadWriteResource
        | Purpose::WriteResource => return Actions::OfResource,
        Purpose::ResourceKey => return Actions::OnItsKey,
    })
}

struct Written<'a> {
    statement: &'a Value,
    partition: &'a str,
}

impl Written<'_> {
    /// The condition that a statement of a purpose has, with what this one names. `None` where no grant names that.
    fn condition(&self, purpose: Purpose) -> Option<Condition<'static>> {
        let resources = texts(&self.statement["Resource"])?;
        let all = |is_one: &dyn Fn(&str) -> bool| resources.iter().all(|resource| is_one(resource));
        let nothing = || Some(Condition::new());
        match purpose {
            Purpose::List if all(&|arn| self.is_bucket(arn)) => self.owned(READ),
            Purpose::ListPrefix => {
                let [bucket] = resources.as_slice() else { return None };
                self.listed(bucket)
            }
            Purpose::Read | Purpose::Write | Purpose::ReadWrite | Purpose::Manage
                if all(&|arn| self.objects(arn).is_some()) =>
            {
                self.owned(READ).or_else(|| self.owned(UNREAD))
            }
            Purpose::Pull | Purpose::Push if all(&is_repository) => nothing(),
            Purpose::Login if resources == ["*"] => nothing(),
            Purpose::Secrets if all(&is_secret) => nothing(),
            Purpose::Decrypt => {
                let arns = self.compared("StringLike", known_secrets::CONTEXT)?;
                let key = self.key("secretsmanager", "StringEquals")?;
                let condition = || for_secrets(&key, arns.iter().map(|arn| (*arn).to_owned()).collect());
                arns.iter().all(|arn| is_secret(arn)).then(condition)
            }
            Purpose::ReadKey | Purpose::WriteKey => Some(for_key(&self.key("s3", "StringEquals")?, self.contexts()?)),
            Purpose::FormerKey => Some(for_former_key(&self.key("s3", "StringLike")?, self.contexts()?)),
            _ => None,
        }
    }

    /// What a statement for a level on these resources allows, and under which condition: of each kind of which they all are.
    fn on_resources(&self, purpose: Purpose) -> impl Iterator<Item = (&'static [&'static str], Condition<'static>)> {
        let resources = texts(&self.statement["Resource"]).unwrap_or_default();
        let levels = BY_ARN.iter().flat_map(|kind| kind.levels.iter().map(move |level| (*kind, level)));
        let levels = levels.filter(move |(_, level)| Purpose::on_resource(level.access) == Some(purpose));
        let rights = levels.flat_map(|(kind, level)| level.rights.iter().map(move |rights| (kind, rights)));
        let are_all = move |kind: &ArnKind, rights: &Rights| {
            let is_one = |arn: &&str| {
                let mut ends = rights.behind.iter().filter_map(|behind| arn.strip_suffix(behind));
                ends.any(|arn| self.is_item(kind, arn))
            };
            !resources.is_empty() && resources.iter().all(is_one)
        };
        rights
            .filter(move |(kind, rights)| are_all(kind, rights))
            .map(|(_, rights)| (rights.actions, rights.condition()))
    }

    /// The actions of a statement that a manifest may have listed, each for all of its resources.
    fn listed_actions(&self) -> Option<Vec<&str>> {
        let resources = texts(&self.statement["Resource"])?;
        let actions = texts(&self.statement["Action"])?;
        let is_fit = |arn: &&str| match Locator::parse(arn) {
            Ok(Locator::Other(other)) => {
                let is_here = partition(arn) == Some(self.partition);
                is_here && actions.iter().all(|action| listed_actions::refused(action, &other.service).is_none())
            }
            _ => false,
        };
        resources.iter().all(is_fit).then_some(actions)
    }

    fn is_item(&self, kind: &ArnKind, arn: &str) -> bool {
        let is_it = |item: &Item| item.kind == kind && item.arn() == arn && item.partition == self.partition;
        matches!(Locator::parse(arn), Ok(Locator::Item(item)) if is_it(&item))
    }

    /// What a statement for the key that encrypts resources allows, and under which condition.
    fn on_key_of_resources(&self) -> impl Iterator<Item = (&'static [&'static str], Condition<'static>)> {
        let kinds = BY_ARN.iter().filter_map(|kind| Some((*kind, kind.encrypted.as_ref()?)));
        let of_kind = kinds.filter_map(|(kind, encrypted)| {
            let key = self.key(kind.service, "StringEquals")?;
            let contexts = self.compared("StringLike", encrypted.context.0)?;
            let is_said = |said: &&str| !said.contains(['*', '?', '$']);
            let contexts =
                contexts.iter().all(is_said).then(|| contexts.iter().map(|said| (*said).to_owned()).collect());
            Some((kind, by_arn::for_key(kind, &key, contexts?)))
        });
        of_kind.flat_map(|(kind, condition)| kind.levels.iter().map(move |level| (level.on_key, condition.clone())))
    }

    fn is_bucket(&self, arn: &str) -> bool {
        self.objects(&format!("{arn}/*")).is_some_and(|objects| objects.prefix.is_empty())
    }

    /// What a grant names whose statement has the objects' ARN.
    fn objects(&self, arn: &str) -> Option<Objects> {
        let path = arn.strip_prefix(&format!("arn:{}:s3:::", self.partition))?.strip_suffix('*')?;
        let Ok(Locator::Objects(location)) = Locator::parse(&format!("s3://{path}")) else { return None };
        let [_, objects] = contexts_of(self.partition, &location);
        (objects == arn).then_some(location)
    }

    fn owned(&self, operator: &'static str) -> Option<Condition<'static>> {
        let owner = AccountId::parse(self.single(operator, OWNER)?).ok()?;
        Some(owned(operator, Some(owner.as_str())))
    }

    fn listed(&self, bucket: &str) -> Option<Condition<'static>> {
        const PREFIX: &str = "s3:prefix";
        let patterns = self.compared("StringLike", PREFIX)?;
        let folders: Vec<_> = patterns.into_iter().filter(|pattern| !pattern.ends_with('*')).collect();
        let is_folder = |folder: &&str| {
            let location = self.objects(&format!("{bucket}/{folder}*"));
            location.is_some_and(|location| !folder.is_empty() && location.prefix == **folder)
        };
        let are_fine = !folders.is_empty() && folders.iter().all(is_folder);
        let mut condition = self.owned(READ).filter(|_| are_fine)?;
        let patterns = folders.into_iter().flat_map(|folder| [folder.to_owned(), format!("{folder}*")]).collect();
        condition.entry("StringLike").or_default().insert(PREFIX, patterns);
        Some(condition)
    }

    /// `operator` is what compares the service.
    fn key(&self, service: &str, operator: &str) -> Option<Key> {
        let resources = texts(&self.statement["Resource"])?;
        let [arn] = resources.as_slice() else { return None };
        let alias = self.single("ForAnyValue:StringEquals", ALIASES);
        Key::granted(service, Some(arn), self.single(operator, VIA), alias)
    }

    /// The buckets and objects that a bucket's key is for.
    fn contexts(&self) -> Option<BTreeSet<String>> {
        let contexts = self.compared("StringLike", known_buckets::CONTEXT)?;
        let mut again = BTreeSet::new();
        for objects in contexts.into_iter().filter(|context| context.ends_with('*')) {
            again.extend(contexts_of(self.partition, &self.objects(objects)?));
        }
        Some(again)
    }

    fn compared(&self, operator: &str, key: &str) -> Option<Vec<&str>> {
        texts(&self.statement["Condition"][operator][key])
    }

    fn single(&self, operator: &str, key: &str) -> Option<&str> {
        let texts = self.compared(operator, key)?;
        if let [one] = texts.as_slice() { Some(one) } else { None }
    }
}

fn is_repository(arn: &str) -> bool {
    matches!(Locator::parse(arn), Ok(Locator::Repository(repository)) if repository.arn() == arn)
}

fn is_secret(arn: &str) -> bool {
    let named = Locator::parse(arn.strip_suffix("-??????").unwrap_or(arn));
    matches!(named, Ok(Locator::Secret(secret)) if secret.arns_or_patterns().iter().any(|one| one == arn))
}

/// A list of texts, and not an empty one.
fn texts(value: &Value) -> Option<Vec<&str>> {
    let texts: Option<Vec<_>> = value.as_array()?.iter().map(Value::as_str).collect();
    texts.filter(|texts| !texts.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    type Edit<'a> = &'a dyn Fn(&mut Value);

    fn one(sid: &str, actions: &[&str], resources: &[&str], condition: Value) -> Value {
        let mut one = json!({ "Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources });
        if !condition.is_null() {
            one["Condition"] = condition;
        }
        one
    }

    /// One of each form.
    fn all() -> Vec<Value> {
        let owned = |operator: &str| json!({ operator: { "aws:ResourceAccount": ["111122223333"] } });
        let via = |service: &str| json!([format!("{service}.us-west-2.amazonaws.com")]);
        let contexts = json!(["arn:aws:s3:::acme", "arn:aws:s3:::acme/in/*"]);
        let key = "arn:aws:kms:us-west-2:111122223333:key/12-ab";
        let any_key = "arn:aws:kms:us-west-2:111122223333:key/*";
        let repository = "arn:aws:ecr:us-west-2:444455556666:repository/team/x";
        let secret = |name: &str| format!("arn:aws:secretsmanager:us-west-2:111122223333:secret:{name}");
        let secrets = ["token-AbCdEf", "token-??????", "team/*"].map(secret);
        let secrets = secrets.each_ref().map(String::as_str);
        let read_key = json!({
            "StringEquals": { "kms:ViaService": via("s3") },
            "StringLike": { "kms:EncryptionContext:aws:s3:arn": contexts },
        });
        let mut by_alias = read_key.clone();
        by_alias["ForAnyValue:StringEquals"] = json!({ "kms:ResourceAliases": ["alias/mine"] });
        let former_key = json!({
            "StringLike": { "kms:EncryptionContext:aws:s3:arn": contexts, "kms:ViaService": via("s3") },
        });
        let decrypt = json!({
            "StringEquals": { "kms:ViaService": via("secretsmanager") },
            "StringLike": { "kms:EncryptionContext:SecretARN": secrets },
        });
        let listed = json!({
            "StringEquals": { "aws:ResourceAccount": ["111122223333"] },
            "StringLike": { "s3:prefix": ["in/", "in/*"] },
        });
        let [table, indexes] =
            ["labels", "labels/index/*"].map(|name| format!("arn:aws:dynamodb:us-west-2:111122223333:table/{name}"));
        let (table, indexes) = (table.as_str(), indexes.as_str());
        let queue = "arn:aws:sqs:us-west-2:111122223333:jobs";
        let stream = "arn:aws:kinesis:us-west-2:111122223333:stream/events";
        let nothing_seen = json!({ "StringEqualsIfExists": { "dynamodb:ReturnValues": ["NONE"] } });
        let of_parameter = json!({
            "StringEquals": { "kms:ViaService": via("ssm") },
            "StringLike": {
                "kms:EncryptionContext:PARAMETER_ARN": ["arn:aws:ssm:us-west-2:111122223333:parameter/token"],
            },
        });
        let objects: &[&str] = &["arn:aws:s3:::acme/*", "arn:aws:s3:::other/in/*"];
        vec![
            one("AList", &["s3:ListBucket"], &["arn:aws:s3:::acme"], owned("StringEquals")),
            one("AListPrefix", &["s3:ListBucket"], &["arn:aws:s3:::acme"], listed),
            one("ARead", &["s3:GetObject"], objects, owned("StringEquals")),
            one("ARead2", &["s3:GetObject"], objects, owned("StringLike")),
            one("AWriteAB", &["s3:AbortMultipartUpload", "s3:PutObject"], objects, owned("StringEquals")),
            one("AReadWrite", object_store::on_objects(Access::ReadWrite), objects, owned("StringEquals")),
            one("AManage", object_store::on_objects(Access::Manage), objects, owned("StringEquals")),
            one("APull", &repository::PULL, &[repository], Value::Null),
            one("APush", &repository::PUSH, &[repository], Value::Null),
            one("ALogin", &["ecr:GetAuthorizationToken"], &["*"], Value::Null),
            one("ASecrets", &["secretsmanager:GetSecretValue"], &secrets, Value::Null),
            one("ADecrypt", &["kms:Decrypt"], &[key], decrypt),
            one("AReadKey", &["kms:Decrypt"], &[key], read_key),
            one("AWriteKey", &["kms:Decrypt", "kms:GenerateDataKey"], &[any_key], by_alias),
            one("AFormerKey", &["kms:Decrypt"], &[key], former_key),
            one("AReadResource", &["dynamodb:Query", "dynamodb:Scan"], &[table, indexes], Value::Null),
            one("AWriteResource", &["dynamodb:PutItem", "dynamodb:UpdateItem"], &[table], nothing_seen),
            one("AWriteResource", &["sqs:GetQueueUrl", "sqs:SendMessage"], &[queue], Value::Null),
            one("AResourceKey", &["kms:Decrypt"], &[key], of_parameter),
            one("AReadResource", &["kinesis:GetRecords"], &[stream], Value::Null),
        ]
    }

    #[test]
    fn what_it_may_have_written_is_known_without_a_sid_and_without_an_owner() {
        for one in all() {
            let mut other = one.clone();
            assert!(may_be_written(&other, "aws"), "{one}");
            other.as_object_mut().expect("a statement").shift_remove("Sid");
            assert!(may_be_written(&other, "aws"), "{one}");
            let keys = other["Condition"]["StringEquals"].as_object_mut();
            if keys.is_some_and(|keys| keys.shift_remove("aws:ResourceAccount").is_some()) {
                assert!(may_be_written(&other, "aws"), "{one}");
            }
            other["Action"] = "*".into();
            assert!(!may_be_written(&other, "aws"), "{one}");
        }
        for other in [json!("x"), json!({}), json!({ "Condition": "x" }), json!({ "Condition": { "StringEquals": 1 } })]
        {
            assert!(!may_be_written(&other, "aws"), "{other}");
        }
    }

    #[test]
    fn what_the_stack_writes_is_known_again_and_nothing_beside_it() {
        let push = |list: &mut Value, text: &str| list.as_array_mut().expect("a list").push(text.into());
        let edits: [Edit<'_>; 11] = [
            &|one| one["Sid"] = "AElse".into(),
            &|one| _ = one.as_object_mut().map(|one| one.shift_remove("Sid")),
            &|one| one["Effect"] = "Deny".into(),
            &|one| one["NotResource"] = one.as_object_mut().and_then(|one| one.shift_remove("Resource")).into(),
            &|one| one["NotResource"] = "x".into(),
            &|one| one["Principal"] = "*".into(),
            &|one| one["Resource"] = json!([]),
            &|one| push(&mut one["Resource"], "arn:aws:s3:::*"),
            &|one| push(&mut one["Action"], "s3:PutBucketPolicy"),
            &|one| _ = one["Action"].as_array_mut().map(Vec::pop),
            &|one| one["Condition"]["Bool"] = json!({ "aws:SecureTransport": "true" }),
        ];
        for statement in all() {
            assert!(is_written(&statement, "aws"), "{statement:#}");
            for (at, edit) in edits.into_iter().enumerate() {
                let mut edited = statement.clone();
                edit(&mut edited);
                assert!(!is_written(&edited, "aws"), "{at}: {edited:#}");
            }
            let mut edited = statement.clone();
            if edited.as_object_mut().and_then(|one| one.shift_remove("Condition")).is_some() {
                assert!(!is_written(&edited, "aws"), "{edited:#}");
            }
        }
    }

    #[test]
    fn no_value_is_anything_but_what_a_grant_can_name() {
        for (from, to) in [
            ("\"arn:aws:s3:::acme\"", "\"arn:aws:s3:::*\""),
            ("\"arn:aws:s3:::acme\"", "\"arn:aws:s3:::acm?\""),
            ("arn:aws:s3:::acme/*", "arn:aws:s3:::*/*"),
            ("arn:aws:s3:::acme/*", "arn:aws:s3:::acme*"),
            ("arn:aws:s3:::acme/*", "arn:aws-cn:s3:::acme/*"),
            ("other/in/*", "other/in*"),
            ("other/in/*", "other/*/in/*"),
            ("acme/in/*", "acme/in*"),
            ("\"in/*\"", "\"in*\""),
            ("\"in/*\"", "\"*\""),
            ("\"in/\"", "\"\""),
            (":111122223333:", ":*:"),
            ("\"111122223333\"", "\"*\""),
            ("\"111122223333\"", "\"111122223333\",\"444455556666\""),
            (":us-west-2:", ":*:"),
            ("key/12-ab", "key/*"),
            ("repository/team/x", "repository/*"),
            ("repository/team/x", "repository/team/*"),
            ("secret:team/*", "secret:*/*"),
            ("token-??????", "token-?????"),
            ("alias/mine", "alias/*"),
            ("s3.us-west-2.amazonaws.com", "*"),
            ("secretsmanager.us-west-2.amazonaws.com", "s3.us-west-2.amazonaws.com"),
            ("StringLike", "StringNotLike"),
        ] {
            let mut changed = 0;
            for text in all().iter().map(Value::to_string) {
                let edited = text.replace(from, to);
                if edited != text {
                    changed += 1;
                    let edited: Value = serde_json::from_str(&edited).expect("JSON");
                    assert!(!is_written(&edited, "aws"), "{from} to {to}: {edited:#}");
                }
            }
            assert!(changed > 0, "{from}");
        }
    }
}
