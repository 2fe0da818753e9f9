//! Whether a statement is one that the stack writes, whichever grant's it is: in exactly that form, and in no other.
//!
//! It is taken apart into what a grant would name, and written again from that. What isn't the same then was written by somebody else.

use std::collections::BTreeSet;

use cloudgrant_core::Access;
use serde_json::{Value, json};

use crate::config::arn::Arn;
use crate::config::{AccountId, Config};
use crate::inventory::bucket_statements::{self, OWNER, READ, UNREAD};
use crate::inventory::known_secrets;
use crate::inventory::own_statements::{ALIASES, VIA};
use crate::packing::statements::{PREFIX, contexts_of, for_former_key, for_key, for_secrets, owned};
use crate::policy::condition::Condition;
use crate::policy::document;
use crate::policy::sids::{self, Purpose};
use crate::resources::by_arn;
use crate::resources::kinds::arn_kind::{ArnKind, Elsewhere, Item, Rights};
use crate::resources::kinds::listed_actions;
use crate::resources::kinds::object_store::{self, Objects};
use crate::resources::kinds::other_arn::OtherArn;
use crate::resources::kinds::registered::BY_ARN;
use crate::resources::kinds::{repository, secret};
use crate::resources::kms_key::DECRYPT;
use crate::resources::kms_key::Key;
use crate::resources::locator::{Locator, partition};

/// Where the stack is at home: the partition and the account of the data plane.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Home<'a> {
    pub(crate) partition: &'a str,
    pub(crate) account: &'a AccountId,
}

impl<'a> Home<'a> {
    pub(crate) fn of(config: &'a Config) -> Self {
        Self { partition: config.partition(), account: &config.account }
    }
}

/// Objects without their bucket's owner count as nobody's: whether nobody could tell it when that was
/// granted, nobody can tell now. Actions that a manifest may have listed count as nobody's, too: it no longer says which they were,
/// and anybody can write a statement of that form.
pub(crate) fn is_written(statement: &Value, home: Home<'_>) -> bool {
    is_of_form(statement, home, Listed::IsNobodys)
}

/// Whether actions are looked for that a manifest may have listed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Listed {
    IsNobodys,
    MayBe,
}

fn is_of_form(statement: &Value, home: Home<'_>, listed: Listed) -> bool {
    let statement = document::statement(statement);
    let sid = statement["Sid"].as_str().unwrap_or_default();
    let written = Written { statement: &statement, partition: home.partition, account: home.account };
    let is_again = |actions: &[&str], condition: &Condition<'_>| {
        let resources = &statement["Resource"];
        let mut again = json!({ "Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources });
        condition.put_into(&mut again);
        document::statement(&again) == statement
    };
    sids::purposes(sid).any(|purpose| match actions_of(purpose) {
        Actions::All(actions) => written.condition(purpose).is_some_and(|condition| is_again(actions, &condition)),
        Actions::OfResource => {
            written.on_resources(purpose).any(|(actions, condition)| is_again(actions, &condition))
                || listed == Listed::MayBe
                    && written.listed_actions().is_some_and(|actions| is_again(&actions, &Condition::default()))
        }
        Actions::OnItsKey => written.on_key_of_resources().any(|(actions, condition)| is_again(actions, &condition)),
    })
}

/// The same of what the stack may have written at any time: also actions that a manifest may have listed, in a policy that several scopes share, where nothing says whose a
/// statement is, and while nobody could tell whose a bucket is.
pub(crate) fn may_be_written(statement: &Value, home: Home<'_>) -> bool {
    let mut owned = document::statement(statement);
    let Some(map) = owned.as_object_mut() else { return false };
    if let Some(conditions) = map.entry("Condition").or_insert_with(|| json!({})).as_object_mut()
        && let Some(keys) = conditions.entry(READ).or_insert_with(|| json!({})).as_object_mut()
    {
        keys.entry(OWNER).or_insert_with(|| json!(["111122223333"]));
    }
    let is_one = |statement: &Value| {
        if !statement["Sid"].as_str().unwrap_or_default().is_empty() {
            return is_of_form(statement, home, Listed::MayBe);
        }
        let mut named = statement.clone();
        sids::of_any_purpose().any(|sid| {
            named["Sid"] = sid.into();
            is_of_form(&named, home, Listed::MayBe)
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
    account: &'a AccountId,
}

impl Written<'_> {
    /// The condition that a statement of a purpose has, with what this one names. `None` where no grant names that.
    fn condition(&self, purpose: Purpose) -> Option<Condition<'static>> {
        let resources = texts(&self.statement["Resource"])?;
        let all = |is_one: &dyn Fn(&str) -> bool| resources.iter().all(|resource| is_one(resource));
        match purpose {
            Purpose::List => all(&|arn| self.is_bucket(arn)).then(|| self.owned(READ)).flatten(),
            Purpose::ListPrefix => {
                let [bucket] = resources.as_slice() else { return None };
                self.listed(bucket)
            }
            Purpose::Read | Purpose::Write | Purpose::ReadWrite | Purpose::Manage => {
                let are_objects = all(&|arn| self.objects(arn).is_some());
                are_objects.then(|| self.owned(READ).or_else(|| self.owned(UNREAD))).flatten()
            }
            Purpose::Pull | Purpose::Push => all(&is_repository).then(Condition::default),
            Purpose::Login => (resources == ["*"]).then(Condition::default),
            Purpose::Secrets => all(&is_secret).then(Condition::default),
            Purpose::Decrypt => {
                let arns = self.compared("StringLike", known_secrets::CONTEXT)?;
                let key = self.key("secretsmanager", "StringEquals")?;
                let condition = || for_secrets(&key, arns.iter().map(|arn| (*arn).to_owned()).collect());
                arns.iter().all(|arn| is_secret(arn)).then(condition)
            }
            Purpose::ReadKey | Purpose::WriteKey => Some(for_key(&self.key("s3", "StringEquals")?, self.contexts()?)),
            Purpose::FormerKey => Some(for_former_key(&self.key("s3", "StringLike")?, self.contexts()?)),
            // Of these there are several conditions: see `on_resources` and `on_key_of_resources`.
            Purpose::ListResource
            | Purpose::ManageResource
            | Purpose::ReadResource
            | Purpose::ReadWriteResource
            | Purpose::ResourceKey
            | Purpose::WriteResource => None,
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
        let is_named = |named: &str, resource: &str| match Locator::parse(named) {
            Ok(Locator::Other(other)) => {
                // Of another account's, none is granted.
                let is_own = other.account.as_ref().is_none_or(|account| account == self.account);
                let is_here = partition(named) == Some(self.partition);
                // Each was on the ARN named before it was on the one that its service asks for.
                let is_listed = |action: &&str| {
                    listed_actions::refused(action, &other.service).is_none()
                        && (named == resource || other.acted_on(action) == resource)
                };
                is_own && is_here && actions.iter().all(is_listed)
            }
            _ => false,
        };
        let is_fit = |resource: &&str| OtherArn::named_for(resource).iter().any(|named| is_named(named, resource));
        resources.iter().all(is_fit).then_some(actions)
    }

    fn is_item(&self, kind: &ArnKind, arn: &str) -> bool {
        let is_granted =
            |item: &Item| item.account == *self.account || !matches!(item.kind.elsewhere, Elsewhere::Never(_));
        let is_it = |item: &Item| {
            item.kind == kind && item.arn() == arn && item.partition == self.partition && is_granted(item)
        };
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
        let path = Arn::parse(arn).filter(|arn| arn.partition == self.partition)?.in_s3()?.strip_suffix('*')?;
        let Ok(Locator::Objects(location)) = Locator::parse(&format!("s3://{path}")) else { return None };
        let [_, objects] = contexts_of(self.partition, &location);
        (objects == arn).then_some(location)
    }

    fn owned(&self, operator: &'static str) -> Option<Condition<'static>> {
        let owner = AccountId::parse(self.single(operator, OWNER)?).ok()?;
        Some(owned(operator, Some(owner.as_str())))
    }

    fn listed(&self, bucket: &str) -> Option<Condition<'static>> {
        let patterns = self.compared("StringLike", PREFIX)?;
        let folders: Vec<_> = patterns.into_iter().filter(|pattern| !pattern.ends_with('*')).collect();
        let is_folder = |folder: &&str| {
            let location = self.objects(&format!("{bucket}/{folder}*"));
            location.is_some_and(|location| !folder.is_empty() && location.prefix == **folder)
        };
        let are_fine = !folders.is_empty() && folders.iter().all(is_folder);
        let condition = self.owned(READ).filter(|_| are_fine)?;
        let patterns = folders.into_iter().flat_map(|folder| [folder.to_owned(), format!("{folder}*")]);
        Some(condition.and("StringLike", PREFIX, patterns))
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
        let contexts = self.compared("StringLike", bucket_statements::CONTEXT)?;
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
mod tests;
