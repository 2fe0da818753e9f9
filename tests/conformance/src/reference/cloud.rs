//! The cloud: what it keeps, and how it answers.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::fixture::Requests;

/// A cloud in memory. Clones share it.
#[derive(Clone, Default)]
pub struct Cloud(Arc<Mutex<World>>);

/// A connection shows nothing of what is stored behind it, secrets least of all.
impl fmt::Debug for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cloud")
    }
}

/// What has a name, an owner and a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Under which task code runs; the body says whom it trusts.
    Principal,
    /// What may be done; the body says it.
    Policy,
}

/// A principal or a policy.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Item {
    /// The mark of the stack that made it; none on what people made.
    pub owner: Option<String>,
    /// What it is like.
    pub body: Value,
}

/// A statement in a registry's document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// Its name, by which whoever wrote it finds it again.
    pub id: String,
    /// What the platform's nodes may do.
    pub may: String,
}

/// Everything in the cloud.
#[derive(Debug, Default, Serialize)]
pub struct World {
    /// Principals and policies by name.
    #[serde(flatten)]
    pub items: BTreeMap<Kind, BTreeMap<String, Item>>,
    /// The policies of each principal.
    pub attached: BTreeMap<String, BTreeSet<String>>,
    /// The registries' documents.
    pub documents: BTreeMap<String, Vec<Statement>>,
    /// Secret values. No part of what a provider could change.
    #[serde(skip)]
    pub secrets: BTreeMap<String, String>,
    /// How many requests came.
    #[serde(skip)]
    pub requests: Requests,
    /// How many of the next requests fail, and how.
    #[serde(skip)]
    pub failing: Option<(u32, Code)>,
    /// Whether the caller may not write.
    #[serde(skip)]
    pub read_only: bool,
    /// For how many requests a new principal stays unknown.
    #[serde(skip)]
    pub lag: u32,
    /// The principals that aren't known everywhere yet, and for how many requests.
    #[serde(skip)]
    pub lagging: BTreeMap<String, u32>,
}

/// Why the cloud refuses a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The request.
    pub operation: &'static str,
    /// Why.
    pub code: Code,
}

/// Why the cloud refuses a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// Too many requests.
    SlowDown,
    /// The cloud's own fault.
    Broken,
    /// The caller may not.
    Forbidden,
    /// There is no such thing.
    Missing,
    /// There is one already.
    Exists,
    /// Something still needs it.
    InUse,
    /// Somebody else wrote in the meantime.
    Outdated,
}

type Answer<T> = Result<T, Refusal>;

/// Where `connect` finds the clouds that a manifest names.
static CLOUDS: LazyLock<Mutex<BTreeMap<String, Cloud>>> = LazyLock::new(Mutex::default);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Cloud {
    /// The cloud of a name; a new one where there is none yet.
    pub fn named(name: &str) -> Self {
        lock(&CLOUDS).entry(name.to_owned()).or_default().clone()
    }

    /// Looks or reaches into the cloud, past its interface.
    pub fn backstage<T>(&self, with: impl FnOnce(&mut World) -> T) -> T {
        with(&mut lock(&self.0))
    }

    fn request<T>(
        &self,
        operation: &'static str,
        writes: bool,
        serve: impl FnOnce(&mut World) -> Result<T, Code>,
    ) -> Answer<T> {
        self.backstage(|world| {
            match writes {
                true => world.requests.writes += 1,
                false => world.requests.reads += 1,
            }
            if let Some((left, code)) = &mut world.failing
                && *left > 0
            {
                *left -= 1;
                return Err(*code);
            }
            if writes && world.read_only {
                return Err(Code::Forbidden);
            }
            serve(world)
        })
        .map_err(|code| Refusal { operation, code })
    }

    /// A principal or policy.
    pub(super) fn get(&self, kind: Kind, name: &str) -> Answer<Option<Item>> {
        self.request("Get", false, |world| {
            let known = world.knows(kind, name);
            Ok(world.items.get(&kind).and_then(|items| items.get(name)).filter(|_| known).cloned())
        })
    }

    /// All of a kind that carry a mark.
    pub(super) fn list(&self, kind: Kind, owner: &str) -> Answer<Vec<(String, Item)>> {
        self.request("List", false, |world| {
            let items = world.items.get(&kind).into_iter().flatten();
            let marked = items.filter(|(_, item)| item.owner.as_deref() == Some(owner));
            Ok(marked.map(|(name, item)| (name.clone(), item.clone())).collect())
        })
    }

    /// All of a kind, whosever they are.
    pub(super) fn all(&self, kind: Kind) -> Answer<Vec<(String, Item)>> {
        self.request("ListAll", false, |world| {
            let items = world.items.get(&kind).into_iter().flatten();
            Ok(items.map(|(name, item)| (name.clone(), item.clone())).collect())
        })
    }

    pub(super) fn create(&self, kind: Kind, name: &str, item: Item) -> Answer<()> {
        self.request("Create", true, |world| {
            let items = world.items.entry(kind).or_default();
            if items.contains_key(name) {
                return Err(Code::Exists);
            }
            items.insert(name.to_owned(), item);
            if kind == Kind::Principal {
                world.lagging.insert(name.to_owned(), world.lag);
            }
            Ok(())
        })
    }

    pub(super) fn replace(&self, kind: Kind, name: &str, body: Value) -> Answer<()> {
        self.request("Replace", true, |world| {
            let item = world.items.get_mut(&kind).and_then(|items| items.get_mut(name)).ok_or(Code::Missing)?;
            item.body = body;
            Ok(())
        })
    }

    /// Refused while something is attached.
    pub(super) fn delete(&self, kind: Kind, name: &str) -> Answer<()> {
        self.request("Delete", true, |world| {
            let used = match kind {
                Kind::Principal => world.attached.contains_key(name),
                Kind::Policy => world.attached.values().any(|policies| policies.contains(name)),
            };
            if used {
                return Err(Code::InUse);
            }
            world.items.get_mut(&kind).and_then(|items| items.remove(name)).map(drop).ok_or(Code::Missing)
        })
    }

    /// The principals that have a policy.
    pub(super) fn holders(&self, policy: &str) -> Answer<Vec<String>> {
        self.request("ListHolders", false, |world| {
            let holders = world.attached.iter().filter(|(_, policies)| policies.contains(policy));
            Ok(holders.map(|(principal, _)| principal.clone()).collect())
        })
    }

    /// The policies that a principal has.
    pub(super) fn policies_of(&self, principal: &str) -> Answer<Vec<String>> {
        self.request("ListPolicies", false, |world| {
            Ok(world.attached.get(principal).into_iter().flatten().cloned().collect())
        })
    }

    pub(super) fn attach(&self, principal: &str, policy: &str) -> Answer<()> {
        self.request("Attach", true, |world| {
            let there = |kind, name: &str| world.items.get(&kind).is_some_and(|items| items.contains_key(name));
            if !there(Kind::Principal, principal)
                || !there(Kind::Policy, policy)
                || !world.knows(Kind::Principal, principal)
            {
                return Err(Code::Missing);
            }
            world.attached.entry(principal.to_owned()).or_default().insert(policy.to_owned());
            Ok(())
        })
    }

    pub(super) fn detach(&self, principal: &str, policy: &str) -> Answer<()> {
        self.request("Detach", true, |world| {
            let policies = world.attached.get_mut(principal).ok_or(Code::Missing)?;
            if !policies.remove(policy) {
                return Err(Code::Missing);
            }
            if policies.is_empty() {
                world.attached.remove(principal);
            }
            Ok(())
        })
    }

    /// Every registry that has a document.
    pub(super) fn registries(&self) -> Answer<Vec<String>> {
        self.request("ListDocuments", false, |world| Ok(world.documents.keys().cloned().collect()))
    }

    pub(super) fn read(&self, registry: &str) -> Answer<Vec<Statement>> {
        self.request("ReadDocument", false, |world| Ok(world.documents.get(registry).cloned().unwrap_or_default()))
    }

    /// Writes a registry's document, unless it no longer is what the writer had read. An empty one goes.
    pub(super) fn write(&self, registry: &str, read: &[Statement], statements: Vec<Statement>) -> Answer<()> {
        self.request("WriteDocument", true, |world| {
            if world.documents.get(registry).map_or(&[][..], Vec::as_slice) != read {
                return Err(Code::Outdated);
            }
            match statements.is_empty() {
                true => drop(world.documents.remove(registry)),
                false => drop(world.documents.insert(registry.to_owned(), statements)),
            }
            Ok(())
        })
    }
}

impl World {
    /// Whether a request finds a principal: not at once after it was made, if the cloud lags.
    fn knows(&mut self, kind: Kind, name: &str) -> bool {
        match self.lagging.get_mut(name).filter(|_| kind == Kind::Principal) {
            Some(left) if *left > 0 => {
                *left -= 1;
                false
            }
            _ => true,
        }
    }
}
