//! Statements in the policies of other accounts' repositories, buckets and keys: there, a policy of the roles alone isn't
//! enough. Source: IAM user guide, "Cross-account policy evaluation logic"; AWS KMS developer guide, "Allowing users in other
//! accounts to use a KMS key".

mod handoffs;

use std::collections::BTreeSet;

use cloudgrant_core::{
    Access, Attributes, Checked, Desired, Handoff, Intent, Object, ObjectId, Ownership, Reach, Result, TaskAccess,
};
use serde_json::{Value, json};

use crate::config::AccountId;
use crate::config::partition::Partition;
use crate::inventory::bucket_statements::CONTEXT;
use crate::inventory::lookups::buckets::bucket::{Bucket, Encryption, Owner};
use crate::inventory::lookups::reached::Reached;
use crate::inventory::lookups::secrets::Resolved;
use crate::inventory::own_statements::VIA;
use crate::marks::places::Places;
use crate::objects::policy_statement::sid;
use crate::objects::statement_kinds;
use crate::objects::{bucket_statement, key_statement, resource_statement};
use crate::packing::statements::{PREFIX, contexts_of, for_key, for_secrets};
use crate::policy::condition::Condition;
use crate::policy::document;
use crate::policy::sids::InOthers;
use crate::resources::by_arn;
use crate::resources::kinds::arn_kind::{Elsewhere, Item, Level, ResourcePolicy};
use crate::resources::kinds::object_store::{self, Objects};
use crate::resources::kinds::repository::{self, Repository};
use crate::resources::kinds::secret::Secret;
use crate::resources::kms_key::DECRYPT;
use crate::resources::kms_key::Key;
use crate::resources::locator::Locator;
use crate::shared_document::shared::{CustomerKey, OwnedBucket, Shared};
use crate::verbs::enable_registry;
use crate::verbs::handles::Handles;
use crate::verbs::principals::principals;
use crate::verbs::resource_policies::handoffs::{for_bucket, for_key_of_others, for_resource};

/// What a grant needs in other accounts.
pub(crate) async fn wanted(
    handles: Handles<'_>,
    grant: &Checked<TaskAccess>,
    reached: &Reached,
    places: &mut Places,
    desired: &mut Desired,
) -> Result<()> {
    for reach in &grant.reaches {
        let Some(needed) = Needed::of(handles, reach, reached) else { continue };
        let (principals, depends_on) = principals(handles, &grant.carried_by).await?;
        let resource = reach.resource.name.as_str();
        let mut part = Part { handles, grant, access: reach.access, resource, principals, depends_on, places };
        match needed {
            Needed::Repository(repository) => desired.objects.push(part.in_repository(repository)),
            Needed::Objects { location, bucket, is_foreign, keys } => {
                if is_foreign {
                    desired.objects.extend(part.in_bucket(&location, &bucket));
                }
                for (key, actions) in &keys {
                    let contexts: BTreeSet<String> = contexts_of(handles.config.partition(), &location).into();
                    desired.objects.push(part.in_key(key, actions, &for_key(key, contexts), 0));
                }
            }
            Needed::Item { item, policy, key } => {
                desired.objects.extend(policy.into_iter().flat_map(|policy| part.in_policy_of(&item, policy)));
                if let (Some(key), Some(level)) = (key, item.kind.level(reach.access)) {
                    desired.objects.extend(part.in_key_of(&item, &key, level));
                }
            }
            Needed::Secret { resolved, keys } => {
                let arns: BTreeSet<_> = resolved.arns.into_iter().collect();
                for key in &keys {
                    desired.objects.push(part.in_key(key, &[DECRYPT], &for_secrets(key, arns.clone()), 0));
                }
            }
        }
    }
    Ok(())
}

/// What of it is in other accounts.
enum Needed {
    Repository(Repository),
    Objects {
        location: Objects,
        bucket: Box<Bucket>,
        is_foreign: bool,
        /// With what is needed of each.
        keys: Vec<(Key, &'static [&'static str])>,
    },
    /// A resource that is granted by its ARN.
    Item {
        item: Item,
        /// Where it is another account's, and has a policy of its own.
        policy: Option<&'static ResourcePolicy>,
        /// The key of another account that encrypts it, or that it is.
        key: Option<Key>,
    },
    /// A secret of the own account under a key of another one (requirement 37).
    Secret {
        resolved: Resolved,
        keys: Vec<Key>,
    },
}

impl Needed {
    fn of(handles: Handles<'_>, reach: &Reach, reached: &Reached) -> Option<Self> {
        let own = &handles.config.account;
        match reach.resource.locator.parsed() {
            Locator::Repository(repository) => {
                (repository.account != *own).then(|| Self::Repository(repository.clone()))
            }
            Locator::Objects(location) => {
                let bucket = reached.buckets.get(&location.bucket)?;
                let is_foreign = match &bucket.owner {
                    Owner::Account(account) => account != own,
                    Owner::Elsewhere => true,
                    Owner::Unknown => false,
                };
                let now = bucket.key().map(|key| (key, object_store::on_key(reach.access)));
                let former = bucket.former.iter().filter(|_| object_store::reads(reach.access));
                let former = former.map(|key| (key, object_store::on_key(Access::Read)));
                let used =
                    now.into_iter().chain(former).filter(|(key, needed)| !needed.is_empty() && key.account != *own);
                let keys: Vec<_> = used.map(|(key, needed)| (key.clone(), needed)).collect();
                (is_foreign || !keys.is_empty()).then(|| Self::Objects {
                    location: location.clone(),
                    bucket: Box::new(bucket.clone()),
                    is_foreign,
                    keys,
                })
            }
            Locator::Secret(secret) => Self::key_of(own, reached, secret),
            Locator::Other(_) => None,
            Locator::Item(item) => {
                let policy = match &item.kind.elsewhere {
                    Elsewhere::ResourcePolicy(policy) if item.account != *own => Some(policy),
                    Elsewhere::ResourcePolicy(_) | Elsewhere::KeyPolicy | Elsewhere::Never(_) => None,
                };
                let key = by_arn::key_elsewhere(handles.config, &reach.resource.name, item);
                (policy.is_some() || key.is_some()).then(|| Self::Item { item: item.clone(), policy, key })
            }
        }
    }

    fn key_of(own: &AccountId, reached: &Reached, secret: &Secret) -> Option<Self> {
        let resolved = reached.secrets.get(secret)?;
        let keys: Vec<_> = resolved.keys.iter().filter(|key| key.account != *own).cloned().collect();
        (!keys.is_empty()).then_some(Self::Secret { resolved, keys })
    }
}

/// What a grant needs of one resource.
struct Part<'a> {
    handles: Handles<'a>,
    grant: &'a Checked<TaskAccess>,
    access: Access,
    resource: &'a str,
    principals: Vec<String>,
    depends_on: Vec<ObjectId>,
    places: &'a mut Places,
}

impl Part<'_> {
    fn in_repository(&mut self, repository: Repository) -> Object {
        let sid = self.handles.names.sid_of_two(InOthers::Task, 0, self.grant.name.as_str(), self.resource);
        let actions = repository::on_repository(self.access);
        let object = enable_registry::statement_object(
            self.handles,
            &repository,
            &sid,
            &self.principals,
            actions,
            self.grant.id(),
        );
        let mut depends_on = self.depends_on.clone();
        if object.handoff.is_none() {
            depends_on.push(self.marked(&Shared::Repository(repository)));
        }
        Object { scope: self.grant.scope.clone(), depends_on, ..object }
    }

    /// Listing is allowed on the bucket, the rest on its objects.
    fn in_bucket(&mut self, location: &Objects, bucket: &Bucket) -> Vec<Object> {
        let arn = format!("arn:{}:s3:::{}", self.handles.config.partition(), location.bucket);
        let mut statements = Vec::new();
        if object_store::lists(self.access) {
            let mut statement = self.statement(InOthers::List, 0, &[object_store::LIST_OBJECTS], &arn);
            if !location.prefix.is_empty() {
                let prefixes = [location.prefix.clone(), format!("{}*", location.prefix)];
                Condition::of("StringLike", PREFIX, prefixes).put_into(&mut statement);
            }
            statements.push(statement);
        }
        let on_objects = object_store::on_objects(self.access);
        if !on_objects.is_empty() {
            statements.push(self.statement(InOthers::Objects, 0, on_objects, &format!("{arn}/{}*", location.prefix)));
        }
        let shared = bucket.account().map(|account| {
            let (partition, name) = (self.handles.config.partition().to_owned(), location.bucket.clone());
            Shared::Bucket(OwnedBucket { account: account.clone(), partition, name })
        });
        // Nobody could ask for the key that may encrypt it.
        let on_key = object_store::on_key(self.access);
        let is_unknown = bucket.encryption == Encryption::Unknown && !on_key.is_empty();
        let of_key = is_unknown.then(|| self.in_whatever_key(on_key, location));
        let object = |statement: Value| {
            let of_key = of_key.as_ref().filter(|_| statement["Action"] != json!([object_store::LIST_OBJECTS]));
            let statement = document::statement(&statement);
            match shared.as_ref().filter(|shared| self.handles.clients.can_reach(shared.account())) {
                Some(shared) => self.written(shared, &statement),
                None => {
                    let attributes = bucket_statement::attributes(&arn, bucket.account(), &statement);
                    let id = bucket_statement::id(&arn, sid(&statement));
                    let handoff = for_bucket(&location.bucket, bucket.account(), &statement, of_key);
                    let handoff = handoff.naming(self.principals.iter().cloned());
                    self.object(id, attributes, "bucket", &location.bucket, Some(handoff))
                }
            }
        };
        statements.into_iter().map(object).collect()
    }

    /// What a level allows is in one statement: on the resource, and on what is in it. What it allows under another condition is in
    /// another one.
    fn in_policy_of(&self, item: &Item, policy: &ResourcePolicy) -> Vec<Object> {
        let rights = item.kind.level(self.access).map_or(&[][..], |level| level.rights);
        let object = |(before, (condition, actions)): (usize, (Condition<'_>, BTreeSet<&str>))| {
            let actions: Vec<_> = actions.into_iter().collect();
            let mut statement = self.statement(InOthers::Resource, before, &actions, "");
            statement["Resource"] = item.on(policy.behind).collect::<Vec<_>>().into();
            condition.put_into(&mut statement);
            let statement = document::statement(&statement);
            let attributes = resource_statement::attributes(item, &statement);
            let id = resource_statement::id(&item.arn(), sid(&statement));
            let handoff = for_resource(item, policy, &statement).naming(self.principals.iter().cloned());
            self.object(id, attributes, item.kind.registered.kind.noun(), item.name(), Some(handoff))
        };
        by_arn::by_condition(rights).into_iter().enumerate().map(object).collect()
    }

    /// The key of another account that a resource is, or that encrypts it.
    fn in_key_of(&mut self, item: &Item, key: &Key, level: &Level) -> Vec<Object> {
        let Some(encrypted) = &item.kind.encrypted else {
            let each = by_arn::by_condition(level.rights).into_iter().enumerate();
            return each
                .map(|(before, (condition, actions))| {
                    self.in_key(key, &actions.into_iter().collect::<Vec<_>>(), &condition, before)
                })
                .collect();
        };
        let contexts = [(encrypted.context.1)(item)].into();
        vec![self.in_key(key, level.on_key, &by_arn::for_key(item.kind, key, contexts), 0)]
    }

    /// Where a key isn't known by its id, the statement has no place that we could find.
    fn in_key(&mut self, key: &Key, actions: &[&str], condition: &Condition<'_>, before: usize) -> Object {
        let mut statement = self.statement(InOthers::Key, before, actions, "*");
        condition.put_into(&mut statement);
        let statement = document::statement(&statement);
        let known = CustomerKey::parse(&key.arn);
        let called = key.alias.as_deref().unwrap_or(&key.arn);
        let name = known.as_ref().map_or(called, |key| &key.id);
        if let Some(key) = known.as_ref().filter(|key| self.handles.clients.can_reach(&key.account)) {
            return self.written(&Shared::Key(key.clone()), &statement);
        }
        let attributes = key_statement::attributes(&key.arn, &statement);
        let handoff = for_key_of_others(key, &statement).naming(self.principals.iter().cloned());
        self.object(key_statement::id(called, sid(&statement)), attributes, "key", name, Some(handoff))
    }

    /// For the key of a bucket of which only its account knows the key, and where it is.
    fn in_whatever_key(&self, actions: &[&str], location: &Objects) -> Value {
        let partition = self.handles.config.partition();
        let suffix = Partition::named(partition).map_or("amazonaws.com", |partition| partition.dns_suffix);
        let mut statement = self.statement(InOthers::Key, 0, actions, "*");
        Condition::of("StringLike", VIA, [format!("s3.*.{suffix}")])
            .and("StringLike", CONTEXT, contexts_of(partition, location))
            .put_into(&mut statement);
        document::statement(&statement)
    }

    /// `before` is how many statements the grant has there for the same.
    fn statement(&self, what: InOthers, before: usize, actions: &[&str], resource: &str) -> Value {
        json!({
            "Sid": self.handles.names.sid_of_two(what, before, self.grant.name.as_str(), self.resource),
            "Effect": "Allow",
            "Principal": { "AWS": self.principals },
            "Action": actions,
            "Resource": resource,
        })
    }

    /// The mark that has to be there before a statement is.
    fn marked(&mut self, shared: &Shared) -> ObjectId {
        self.places.note(self.handles.names, "tasks", shared, &self.grant.scope, self.grant.id())
    }

    fn written(&mut self, shared: &Shared, statement: &Value) -> Object {
        let mut depends_on = self.depends_on.clone();
        depends_on.push(self.marked(shared));
        let (id, attributes) = statement_kinds::wanted(shared, statement);
        Object { depends_on, ..self.object(id, attributes, shared.noun(), shared.name(), None) }
    }

    fn object(&self, id: ObjectId, attributes: Attributes, noun: &str, name: &str, handoff: Option<Handoff>) -> Object {
        Object {
            id,
            scope: self.grant.scope.clone(),
            attributes,
            references: Vec::new(),
            depends_on: self.depends_on.clone(),
            because: vec![self.grant.id()],
            ownership: Ownership::Fragment { of: format!("the policy of {noun} {name}") },
            touches: vec![name.to_owned()],
            handoff,
        }
    }
}
