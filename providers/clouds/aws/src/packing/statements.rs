//! The statements of grants.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};

use cloudgrant_core::{Access, Reach, TaskAccess, parallel};
use foldhash::{HashMap, HashSet};
use serde::Serialize;

use crate::config::{AccountId, Config};
use crate::inventory::bucket_statements::{CONTEXT, OWNER, READ, UNREAD};
use crate::inventory::known_secrets;
use crate::inventory::lookups::buckets::bucket::{Bucket, Buckets, Encryption};
use crate::inventory::lookups::reached::Reached;
use crate::inventory::lookups::secrets::Resolved;
use crate::policy::condition::Condition;
use crate::policy::sids::{self, Purpose};
use crate::policy::statement::Statement;
use crate::resources::by_arn;
use crate::resources::kinds::arn_kind::Item;
use crate::resources::kinds::object_store::{self, Objects};
use crate::resources::kinds::other_arn::OtherArn;
use crate::resources::kinds::registered::BY_ARN;
use crate::resources::kinds::repository::{self, Repository};
use crate::resources::kinds::secret;
use crate::resources::kms_key::DECRYPT;
use crate::resources::kms_key::{Key, through};
use crate::resources::locator::Locator;

/// The statements that grants come to. What they reach is looked at once: in a large manifest, very many reach the same.
pub(crate) struct Statements<'a>(HashMap<Reaches<'a>, Vec<Untitled>>);

impl<'a> Statements<'a> {
    pub(crate) fn new(grants: impl Iterator<Item = &'a TaskAccess>, config: &Config, reached: &Reached) -> Self {
        let reaches: HashSet<_> = grants.map(|grant| Reaches(&grant.reaches)).collect();
        let untitled =
            parallel::map(reaches.into_iter().collect(), |reaches| (reaches, untitled(reaches.0, config, reached)));
        Self(untitled.into_iter().collect())
    }

    /// Those of one of the grants, each with a Sid that names the grant.
    pub(crate) fn of(&self, grant: &'a TaskAccess) -> impl Iterator<Item = Statement> {
        let untitled = self.0.get(&Reaches(&grant.reaches)).into_iter().flatten();
        untitled.map(move |untitled| untitled.statement.named(sids::sid(&grant.name, untitled.what)))
    }
}

/// What a grant reaches.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Reaches<'a>(&'a [Reach]);

impl Hash for Reaches<'_> {
    /// Resources of one name are the same one, but for those that were edited since.
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.iter().for_each(|reach| (&reach.resource.name, reach.access).hash(state));
    }
}

/// A statement before it is known whose it is.
struct Untitled {
    what: Purpose,
    statement: Statement,
}

fn untitled(reaches: &[Reach], config: &Config, reached: &Reached) -> Vec<Untitled> {
    let partition = config.partition();
    let mut builder = Builder { partition, buckets: &reached.buckets, statements: Vec::new() };
    let (mut objects, mut repositories, mut resolved, mut items) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut others = Vec::new();
    for reach in reaches {
        match reach.resource.locator.parsed() {
            Locator::Objects(location) => objects.push((location.clone(), reach.access)),
            Locator::Repository(repository) => repositories.push((repository.clone(), reach.access)),
            Locator::Secret(secret) => resolved.extend(reached.secrets.get(secret)),
            Locator::Item(item) => {
                let key = by_arn::key_of(config, &reach.resource.name, item);
                items.push((item.clone(), reach.access, key));
            }
            Locator::Other(other) => {
                let actions = config.actions(&reach.resource.name, reach.access);
                others.push((other, reach.access, actions.unwrap_or_default()));
            }
        }
    }
    builder.objects(&objects);
    builder.repositories(&repositories);
    builder.secrets(&resolved);
    builder.items(&items);
    builder.others(&others);
    builder.statements
}

struct Builder<'a> {
    partition: &'a str,
    buckets: &'a Buckets,
    statements: Vec<Untitled>,
}

/// What a statement says, in canonical form: lists are sorted.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Allow<'a> {
    effect: &'static str,
    action: &'a [&'a str],
    resource: Vec<String>,
    #[serde(skip_serializing_if = "Condition::is_empty")]
    condition: Condition<'a>,
}

/// The condition key for what is listed of a bucket.
pub(crate) const PREFIX: &str = "s3:prefix";

/// What the statement of a level is for.
fn purpose(level: Access) -> Purpose {
    match level {
        Access::List => Purpose::List,
        Access::Read => Purpose::Read,
        Access::Write => Purpose::Write,
        Access::ReadWrite => Purpose::ReadWrite,
        Access::Manage => Purpose::Manage,
        Access::Pull => Purpose::Pull,
        Access::Push => Purpose::Push,
    }
}

/// Keeps out a bucket of the same name that somebody else made after this one was deleted.
pub(crate) fn owned<'a>(operator: &'a str, owner: Option<&str>) -> Condition<'a> {
    owner.map_or_else(Condition::default, |owner| Condition::of(operator, OWNER, [owner]))
}

fn was_read(bucket: &Bucket) -> bool {
    bucket.encryption != Encryption::Unknown
}

/// What S3 says to KMS that it encrypts or decrypts: the bucket where it has a bucket key, else the object.
pub(crate) fn contexts_of(partition: &str, location: &Objects) -> [String; 2] {
    let bucket = format!("arn:{partition}:s3:::{}", location.bucket);
    let objects = format!("{bucket}/{}*", location.prefix);
    [bucket, objects]
}

/// The condition under which a bucket's key may be used.
pub(crate) fn for_key(key: &Key, contexts: BTreeSet<String>) -> Condition<'static> {
    through("s3", key, CONTEXT, contexts)
}

/// The same for a key that encrypted the bucket before, said in such a way that the two are told apart.
pub(crate) fn for_former_key(key: &Key, contexts: BTreeSet<String>) -> Condition<'static> {
    for_key(key, contexts).with_operator("StringEquals", "StringLike")
}

/// The condition under which secrets' key may be used. Source: AWS Secrets Manager user guide, "Secret encryption and
/// decryption", encryption context.
pub(crate) fn for_secrets(key: &Key, arns: BTreeSet<String>) -> Condition<'static> {
    through("secretsmanager", key, known_secrets::CONTEXT, arns)
}

impl<'a> Builder<'a> {
    /// The actions are sorted, as those of [`actions`] are.
    fn allow(&mut self, what: Purpose, actions: &[&str], mut resource: Vec<String>, condition: Condition<'_>) {
        if actions.is_empty() || resource.is_empty() {
            return;
        }
        resource.sort_unstable();
        resource.dedup();
        let says = Allow { effect: "Allow", action: actions, resource, condition };
        self.statements.push(Untitled { what, statement: Statement::new(String::new(), &says) });
    }

    fn bucket_arn(&self, bucket: &str) -> String {
        format!("arn:{}:s3:::{bucket}", self.partition)
    }

    fn objects_arn(&self, location: &Objects) -> String {
        format!("arn:{}:s3:::{}/{}*", self.partition, location.bucket, location.prefix)
    }

    /// Requirement 28: listing on the bucket, the rest on its objects, and a condition where a prefix is named.
    fn objects(&mut self, objects: &[(Objects, Access)]) {
        let listed = objects.iter().filter(|(_, access)| object_store::lists(*access)).map(|(location, _)| location);
        let mut prefixes: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for location in listed {
            prefixes.entry(&location.bucket).or_default().insert(&location.prefix);
        }
        let whole = prefixes.iter().filter(|(_, prefixes)| prefixes.contains("")).map(|(bucket, _)| *bucket);
        let mut by_owner: BTreeMap<Option<&str>, Vec<String>> = BTreeMap::new();
        for bucket in whole {
            by_owner.entry(self.owner(bucket)).or_default().push(self.bucket_arn(bucket));
        }
        for (owner, arns) in by_owner {
            self.allow(Purpose::List, &[object_store::LIST_OBJECTS], arns, owned(READ, owner));
        }
        for (bucket, prefixes) in &prefixes {
            if prefixes.contains("") {
                continue;
            }
            // One statement a bucket: taken together, each bucket's prefixes would hold for the others as well.
            let patterns = prefixes.iter().flat_map(|prefix| [(*prefix).to_owned(), [prefix, "*"].concat()]);
            let condition = owned(READ, self.owner(bucket)).and("StringLike", PREFIX, patterns);
            let arn = self.bucket_arn(bucket);
            self.allow(Purpose::ListPrefix, &[object_store::LIST_OBJECTS], vec![arn], condition);
        }
        for level in Access::ALL {
            let located = objects.iter().filter(|(_, access)| *access == level).map(|(location, _)| location);
            let mut by_owner: BTreeMap<(Option<&str>, bool), Vec<String>> = BTreeMap::new();
            for location in located {
                let was_read = self.buckets.get(&location.bucket).is_some_and(was_read);
                let arns = by_owner.entry((self.owner(&location.bucket), was_read)).or_default();
                arns.push(self.objects_arn(location));
            }
            for ((owner, was_read), arns) in by_owner {
                let operator = if was_read { READ } else { UNREAD };
                self.allow(purpose(level), object_store::on_objects(level), arns, owned(operator, owner));
            }
        }
        self.bucket_keys(objects);
    }

    fn owner(&self, bucket: &str) -> Option<&'a str> {
        self.buckets.get(bucket)?.account().map(AccountId::as_str)
    }

    /// The keys of buckets that have keys of their own, only through S3, and only for these objects.
    fn bucket_keys(&mut self, objects: &[(Objects, Access)]) {
        let mut by_key: BTreeMap<(&Key, &'static [&'static str]), BTreeSet<String>> = BTreeMap::new();
        for (location, access) in objects {
            let Some(key) = self.buckets.get(&location.bucket).and_then(Bucket::key) else { continue };
            let actions = object_store::on_key(*access);
            if !actions.is_empty() {
                let contexts = by_key.entry((key, actions)).or_default();
                contexts.extend(contexts_of(self.partition, location));
            }
        }
        self.former_keys(objects);
        for ((key, actions), contexts) in by_key {
            let what = if actions.len() == 1 { Purpose::ReadKey } else { Purpose::WriteKey };
            self.allow(what, actions, vec![key.arn.clone()], for_key(key, contexts));
        }
    }

    /// What was written under another key stays under it, and is read with it.
    fn former_keys(&mut self, objects: &[(Objects, Access)]) {
        let mut by_key: BTreeMap<&Key, BTreeSet<String>> = BTreeMap::new();
        for (location, _) in objects.iter().filter(|(_, access)| object_store::reads(*access)) {
            for key in self.buckets.get(&location.bucket).into_iter().flat_map(|bucket| &bucket.former) {
                by_key.entry(key).or_default().extend(contexts_of(self.partition, location));
            }
        }
        for (key, contexts) in by_key {
            self.allow(Purpose::FormerKey, &[DECRYPT], vec![key.arn.clone()], for_former_key(key, contexts));
        }
    }

    fn repositories(&mut self, repositories: &[(Repository, Access)]) {
        for level in Access::ALL {
            let arns =
                repositories.iter().filter(|(_, access)| *access == level).map(|(repository, _)| repository.arn());
            let arns: Vec<_> = arns.collect();
            self.allow(purpose(level), repository::on_repository(level), arns, Condition::default());
        }
        if !repositories.is_empty() {
            self.allow(Purpose::Login, &[repository::LOGIN], vec!["*".to_owned()], Condition::default());
        }
    }

    /// Requirements 37 to 39: the narrowest ARN, and the key where the secret has one of its own.
    fn secrets(&mut self, secrets: &[Resolved]) {
        let arns = secrets.iter().flat_map(|secret| secret.arns.clone()).collect();
        self.allow(Purpose::Secrets, &[secret::READ_SECRET], arns, Condition::default());
        let mut by_key: BTreeMap<&Key, BTreeSet<String>> = BTreeMap::new();
        for secret in secrets {
            for key in &secret.keys {
                by_key.entry(key).or_default().extend(secret.arns.iter().cloned());
            }
        }
        for (key, arns) in by_key {
            self.allow(Purpose::Decrypt, &[DECRYPT], vec![key.arn.clone()], for_secrets(key, arns));
        }
    }

    /// Resources for which the manifest itself lists the actions.
    fn others(&mut self, others: &[(&OtherArn, Access, &[String])]) {
        let mut by_actions: BTreeMap<(Access, BTreeSet<&str>), Vec<String>> = BTreeMap::new();
        for (other, access, actions) in others {
            for (arn, actions) in other.by_arn(actions) {
                by_actions.entry((*access, actions)).or_default().push(arn);
            }
        }
        for ((access, actions), arns) in by_actions {
            let Some(purpose) = Purpose::on_resource(access) else { continue };
            let actions: Vec<_> = actions.into_iter().collect();
            self.allow(purpose, &actions, arns, Condition::default());
        }
    }

    /// What is granted on one ARN each, and the keys that encrypt it.
    fn items(&mut self, items: &[(Item, Access, Option<Key>)]) {
        for (kind, level) in BY_ARN.iter().flat_map(|kind| kind.levels.iter().map(move |level| (*kind, level))) {
            let Some(purpose) = Purpose::on_resource(level.access) else { continue };
            let at_level = || items.iter().filter(|(item, access, _)| item.kind == kind && *access == level.access);
            for rights in level.rights {
                let arns = at_level().flat_map(|(item, ..)| item.on(rights.behind)).collect();
                self.allow(purpose, rights.actions, arns, rights.condition());
            }
            let mut by_key: BTreeMap<&Key, BTreeSet<String>> = BTreeMap::new();
            for (item, _, key) in at_level() {
                if let (Some(key), Some(encrypted)) = (key, &kind.encrypted) {
                    by_key.entry(key).or_default().insert((encrypted.context.1)(item));
                }
            }
            for (key, contexts) in by_key {
                let condition = by_arn::for_key(kind, key, contexts);
                self.allow(Purpose::ResourceKey, level.on_key, vec![key.arn.clone()], condition);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cloudgrant_core::{GrantName, Resource, ResourceKind, ResourceName, Scope};

    use serde_json::json;

    use super::*;

    /// AWS's services call each other by the names of their hosts.
    #[test]
    fn a_key_is_used_through_the_service_s_host_of_each_partition() {
        for (region, partition, host) in [
            ("us-west-2", "aws", "s3.us-west-2.amazonaws.com"),
            ("cn-north-1", "aws-cn", "s3.cn-north-1.amazonaws.com.cn"),
            ("us-gov-west-1", "aws-us-gov", "s3.us-gov-west-1.amazonaws.com"),
            ("eusc-de-east-1", "aws-eusc", "s3.eusc-de-east-1.amazonaws.eu"),
            ("us-iso-east-1", "aws-iso", "s3.us-iso-east-1.c2s.ic.gov"),
            ("us-isob-east-1", "aws-iso-b", "s3.us-isob-east-1.sc2s.sgov.gov"),
            ("eu-isoe-west-1", "aws-iso-e", "s3.eu-isoe-west-1.cloud.adc-e.uk"),
            ("us-isof-south-1", "aws-iso-f", "s3.us-isof-south-1.csp.hci.ic.gov"),
        ] {
            let arn = format!("arn:{partition}:kms:{region}:111122223333:key/1234");
            let key = Key::granted("s3", Some(&arn), Some(host), None).unwrap_or_else(|| panic!("{host}"));
            let contexts = || BTreeSet::from([format!("arn:{partition}:s3:::acme")]);
            assert_eq!(json!(for_key(&key, contexts()))["StringEquals"]["kms:ViaService"], json!([host]));
            assert_eq!(json!(for_former_key(&key, contexts()))["StringLike"]["kms:ViaService"], json!([host]));
        }
    }

    fn located(text: &str) -> cloudgrant_core::Locator {
        cloudgrant_core::Locator::new(text, Locator::parse(text).expect("a locator"))
    }

    #[test]
    fn grants_of_one_resource_say_what_each_is_granted() {
        let resource = Arc::new(Resource {
            name: ResourceName::parse("data").expect("a name"),
            kind: ResourceKind::OBJECT_STORE,
            locator: located("s3://acme-data/in/"),
            force: false,
        });
        let grant = |(name, access)| TaskAccess {
            name: GrantName::parse(name).expect("a name"),
            scope: Scope::Global,
            reaches: vec![Reach { resource: resource.clone(), access }],
            precise: false,
            carried_by: Arc::new([]),
            beside_revoked: Arc::new([]),
        };
        let grants = [("one", Access::Read), ("other", Access::Read), ("more", Access::Write)].map(grant);
        let config = json!({ "region": "us-west-2", "account": "111122223333" });
        let config: Config = serde_json::from_value(config).expect("a section");
        let statements = Statements::new(grants.iter(), &config, &Reached::default());
        let [one, other, more] = grants.each_ref().map(|grant| statements.of(grant).collect::<Vec<_>>());
        assert_eq!(one.iter().map(Statement::sid).collect::<Vec<_>>(), ["OneListPrefix", "OneRead"]);
        assert_eq!(other.iter().map(Statement::sid).collect::<Vec<_>>(), ["OtherListPrefix", "OtherRead"]);
        assert!(one.iter().zip(&other).all(|(one, other)| one.meaning() == other.meaning()));
        assert_eq!(more.iter().map(Statement::sid).collect::<Vec<_>>(), ["MoreWrite"]);
    }
}
