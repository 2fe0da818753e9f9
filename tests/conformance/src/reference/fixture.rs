//! The fixture: a world of the reference provider, with every hook.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use cloudgrant_core::ObjectId;
use serde_json::{Value, json};

use super::cloud::{Cloud, Code, Item, Kind, Statement, World};
use super::provider::{ATTACHMENT, POLICY, PRINCIPAL, Reference, STATEMENT};
use crate::fixture::{Fault, Fixture, Hook, Requests};

/// A value that no provider has any business to know.
pub const SECRET: &str = "hunter2-correct-horse";

const TASKS: &str = "platform-tasks";
const TRAINER: &str = "ours/trainer";

/// A world of the reference provider.
#[derive(Debug)]
pub struct ReferenceWorld {
    name: String,
    /// The cloud.
    pub cloud: Cloud,
}

#[async_trait]
impl Fixture for ReferenceWorld {
    type Provider = Reference;

    async fn fresh() -> Self {
        static WORLDS: AtomicU64 = AtomicU64::new(0);
        let name = format!("world-{}", WORLDS.fetch_add(1, Ordering::Relaxed));
        let cloud = Cloud::named(&name);
        cloud.backstage(|world| {
            put(world, Kind::Principal, TASKS, None, json!({ "trusts": ["the platform"] }));
            world.secrets.insert("labels-token".to_owned(), SECRET.to_owned());
        });
        Self { name, cloud }
    }

    fn section(&self) -> Value {
        json!({ "cloud": self.name, "task_principal": TASKS })
    }

    fn resources(&self) -> Vec<String> {
        ["store://training-data", "store://models", "secret://labels-token", "registry://ours/base"]
            .map(str::to_owned)
            .to_vec()
    }

    fn access(&self, snapshot: &Value) -> Option<BTreeSet<String>> {
        let mut access = BTreeSet::new();
        for (principal, policies) in snapshot["attached"].as_object()? {
            for policy in policies.as_array()?.iter().filter_map(Value::as_str) {
                for allowed in snapshot["policy"][policy]["body"]["allows"].as_array().into_iter().flatten() {
                    access.insert(format!("{principal} {allowed}"));
                }
            }
        }
        Some(access)
    }

    fn another_home(&self) -> Option<Value> {
        Some(json!({ "cloud": self.name, "task_principal": TASKS, "home": "second" }))
    }

    fn elsewhere(&self) -> Vec<String> {
        vec!["registry://ours/far".to_owned()]
    }

    async fn snapshot(&self) -> Value {
        self.cloud.backstage(|world| {
            world.items.retain(|_, items| !items.is_empty());
            serde_json::to_value(&*world).unwrap_or_default()
        })
    }

    fn registries(&self) -> Vec<String> {
        vec![format!("registry://{TRAINER}"), "registry://theirs/base".to_owned()]
    }

    async fn requests(&self) -> Option<Requests> {
        Some(self.cloud.backstage(|world| world.requests))
    }

    async fn plant_foreign(&self) -> Hook {
        self.cloud.backstage(|world| {
            put(world, Kind::Principal, "acme.auditor", None, json!({ "trusts": ["auditors"] }));
            put(world, Kind::Policy, "acme.audit", None, json!({ "allows": [] }));
            put(world, Kind::Policy, "acme-2.other", Some("acme-2"), json!({ "allows": [] }));
            for principal in [TASKS, "acme.auditor"] {
                world.attached.entry(principal.to_owned()).or_default().insert("acme.audit".to_owned());
            }
            let statement = Statement { id: "operators/push".to_owned(), may: "push".to_owned() };
            world.documents.entry(TRAINER.to_owned()).or_default().push(statement);
        });
        Hook::Done
    }

    async fn occupy(&self, object: &ObjectId) -> Hook {
        let Some(kind) = kind(object) else { return Hook::Missing };
        self.cloud.backstage(|world| put(world, kind, &object.name, None, json!({ "by": "somebody else" })));
        Hook::Done
    }

    async fn tamper(&self, object: &ObjectId) -> Hook {
        self.cloud.backstage(|world| match object.kind {
            PRINCIPAL | POLICY => {
                let items = kind(object).and_then(|kind| world.items.get_mut(&kind));
                let Some(item) = items.and_then(|items| items.get_mut(&object.name)) else { return Hook::Missing };
                item.body = json!({ "trusts": ["everybody"], "allows": ["everything"] });
                Hook::Done
            }
            STATEMENT => match statement(world, object) {
                Some((document, at)) => {
                    document[at].may = "everything".to_owned();
                    Hook::Done
                }
                None => Hook::Missing,
            },
            // An attachment is there or it isn't.
            _ => Hook::Missing,
        })
    }

    async fn widen(&self, object: &ObjectId) -> Hook {
        if object.kind != PRINCIPAL {
            return Hook::Missing;
        }
        self.cloud.backstage(|world| {
            put(world, Kind::Policy, "everything", None, json!({ "allows": ["everything"] }));
            world.attached.entry(object.name.clone()).or_default().insert("everything".to_owned());
        });
        Hook::Done
    }

    async fn remove(&self, object: &ObjectId) -> Hook {
        self.cloud.backstage(|world| {
            match object.kind {
                PRINCIPAL => drop(world.attached.remove(&object.name)),
                POLICY => detach_all(world, |_, policy| policy == object.name),
                ATTACHMENT => detach_all(world, |principal, policy| format!("{principal}/{policy}") == object.name),
                _ => {}
            }
            if let Some(items) = kind(object).and_then(|kind| world.items.get_mut(&kind)) {
                items.remove(&object.name);
            }
            if let Some((document, at)) = statement(world, object) {
                document.remove(at);
            }
        });
        Hook::Done
    }

    async fn fault(&self, fault: Fault) -> Hook {
        self.cloud.backstage(|world| match fault {
            Fault::Throttle(requests) => world.failing = Some((requests, Code::SlowDown)),
            Fault::Fail(requests) => world.failing = Some((requests, Code::Broken)),
            Fault::DenyWrites => world.read_only = true,
            Fault::DelayPrincipals => world.lag = 5,
            Fault::Withhold => drop(world.items.remove(&Kind::Principal)),
        });
        Hook::Done
    }

    fn protecting(&self, name: &str) -> Option<Value> {
        Some(json!({ "cloud": self.name, "task_principal": TASKS, "protected": [name] }))
    }

    fn secret(&self) -> Option<String> {
        Some(SECRET.to_owned())
    }
}

fn put(world: &mut World, kind: Kind, name: &str, owner: Option<&str>, body: Value) {
    let item = Item { owner: owner.map(str::to_owned), body };
    world.items.entry(kind).or_default().insert(name.to_owned(), item);
}

fn kind(object: &ObjectId) -> Option<Kind> {
    match object.kind {
        PRINCIPAL => Some(Kind::Principal),
        POLICY => Some(Kind::Policy),
        _ => None,
    }
}

/// The document in which a statement stands, and at which place.
fn statement<'a>(world: &'a mut World, object: &ObjectId) -> Option<(&'a mut Vec<Statement>, usize)> {
    let (registry, id) = object.name.split_once('#').filter(|_| object.kind == STATEMENT)?;
    let document = world.documents.get_mut(registry)?;
    let at = document.iter().position(|statement| statement.id == id)?;
    Some((document, at))
}

fn detach_all(world: &mut World, which: impl Fn(&str, &str) -> bool) {
    for (principal, policies) in &mut world.attached {
        let kept: BTreeSet<_> = policies.iter().filter(|policy| !which(principal, policy)).cloned().collect();
        *policies = kept;
    }
    world.attached.retain(|_, policies| !policies.is_empty());
}
