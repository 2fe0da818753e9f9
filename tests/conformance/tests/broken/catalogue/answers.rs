//! Verbs that answer wrongly, or do more than answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cloudgrant_conformance::reference::{Cloud, Item, Kind};
use cloudgrant_core::{
    Access, Capabilities, Checked, Desired, Domain, GrantName, Intent, IntentId, Naming, Note, Object, Pair,
    Permissions, Principal, Protected, RegisteredKind, ResourceKind, Scope, ScopeKind, TaskAccess,
};
use serde_json::json;

use crate::breakage::{Breakage, Verb};

use super::breakage;

breakage! {
    /// Looks whether the cloud is there before anybody asks.
    EagerConnection {
        fn connected(&self, cloud: &Cloud) {
            cloud.backstage(|world| world.requests.reads += 1);
        }
    }
}

fn write_something(cloud: &Cloud) {
    let item = Item { owner: None, body: json!({}) };
    cloud.backstage(|world| world.items.entry(Kind::Policy).or_default().insert("prepared".to_owned(), item));
}

breakage! {
    /// Prepares something while it is only asked.
    WritingVerb {
        fn wanted(&self, cloud: &Cloud, _: Verb, _: &mut Desired) {
            write_something(cloud);
        }
    }
}

breakage! {
    /// Mends what it finds changed.
    RepairingVerb {
        fn wanted(&self, cloud: &Cloud, _: Verb, answer: &mut Desired) {
            cloud.backstage(|world| {
                for object in answer.objects.iter().filter(|object| object.id.kind == "policy") {
                    let item = world.items.get_mut(&Kind::Policy).and_then(|items| items.get_mut(&object.id.name));
                    if let Some(item) = item {
                        item.body = object.attributes.value();
                    }
                }
            });
        }
    }
}

breakage! {
    /// Gives with each grant what all of a batch give, as the manifest has it by now.
    Together {
        fn wanted(&self, _: &Cloud, _: Verb, answer: &mut Desired) {
            let policies = || answer.objects.iter().filter(|object| object.id.kind == "policy");
            let all: Vec<_> = policies().map(|object| object.attributes.value()["allows"].clone()).collect();
            for object in answer.objects.iter_mut().filter(|object| object.id.kind == "policy") {
                object.attributes = json!({ "allows": all }).into();
            }
        }
    }
}

breakage! {
    /// Says of its policies that they are as they are less what is revoked, and gives what the manifest newly says.
    Forward {
        fn wanted(&self, _: &Cloud, _: Verb, answer: &mut Desired) {
            let policies = answer.objects.iter().filter(|object| object.id.kind == "policy");
            let policies: Vec<_> = policies.map(|object| object.id.clone()).collect();
            answer.less_revoked.extend(policies);
        }
    }
}

/// Answers differently each time.
#[derive(Debug, Default)]
pub(crate) struct CountingVerb(AtomicU64);

impl Breakage for CountingVerb {
    fn wanted(&self, _: &Cloud, _: Verb, answer: &mut Desired) {
        for object in &mut answer.objects {
            let serial = self.0.fetch_add(1, Ordering::Relaxed);
            object.attributes.change(|it| it["serial"] = serial.into());
        }
    }
}

/// Answers in another order each time, as one that iterates over a hash map does.
#[derive(Debug, Default)]
pub(crate) struct ShufflingVerb(AtomicU64);

impl Breakage for ShufflingVerb {
    fn wanted(&self, _: &Cloud, _: Verb, answer: &mut Desired) {
        if self.0.fetch_add(1, Ordering::Relaxed) >= 3 {
            answer.objects.reverse();
        }
    }
}

static CONNECTIONS: AtomicU64 = AtomicU64::new(0);

/// Makes up names for each connection.
#[derive(Debug)]
pub(crate) struct Nameless(u64);

impl Default for Nameless {
    fn default() -> Self {
        Self(CONNECTIONS.fetch_add(1, Ordering::Relaxed))
    }
}

impl Breakage for Nameless {
    fn wanted(&self, _: &Cloud, _: Verb, answer: &mut Desired) {
        for object in &mut answer.objects {
            object.id.name = format!("{}-{}", object.id.name, self.0);
        }
    }
}

breakage! {
    /// Says something about nothing.
    Chatter {
        fn wanted(&self, _: &Cloud, _: Verb, answer: &mut Desired) {
            answer.notes.push(Note::info("the cloud", "it is there"));
        }
    }
}

breakage! {
    /// Gives everybody what one asked for.
    Widened {
        fn wanted(&self, _: &Cloud, _: Verb, answer: &mut Desired) {
            for object in &mut answer.objects {
                object.scope = Scope::Global;
            }
        }
    }
}

breakage! {
    /// Has all task code do what one scope was granted.
    WidePermission {
        fn permitted(&self, grants: &[Arc<Checked<TaskAccess>>], permissions: &mut Permissions) {
            for grant in grants.iter().filter(|grant| grant.scope != Scope::Global) {
                permissions.add(Scope::Global, vec![grant.id()], "everything");
            }
        }
    }
}

breakage! {
    /// Tells the platform of a principal as if it were everybody's.
    WidePrincipal {
        fn told(&self, principals: &mut Vec<Principal>) {
            for principal in principals {
                principal.scope = Scope::Global;
            }
        }
    }
}

breakage! {
    /// Tells the platform that a principal is for the neighbour, too.
    NeighbourServed {
        fn told(&self, principals: &mut Vec<Principal>) {
            for principal in principals {
                let domain = Domain::parse("development").expect("a domain");
                let served = principal.serves.iter().filter(|(pair, _)| pair.domain != domain);
                let moved = |(pair, _): &(Pair, _)| {
                    let pair = Pair { project: pair.project.clone(), domain: domain.clone() };
                    (pair.clone(), Naming::default().subject(&pair))
                };
                principal.serves = served.map(moved).collect();
            }
        }
    }
}

breakage! {
    /// Makes something for a grant that isn't there.
    Orphan {
        fn wanted(&self, _: &Cloud, verb: Verb, answer: &mut Desired) {
            if verb == Verb::GrantTaskAccess && let Some(object) = answer.objects.first_mut() {
                object.because = vec![IntentId::Grant(GrantName::parse("nobody").expect("name"))];
            }
        }
    }
}

fn trust(answer: &mut Desired, change: impl Fn(&mut Vec<serde_json::Value>)) {
    for object in answer.objects.iter_mut().filter(|object| object.id.kind == "principal") {
        object.attributes.change(|it| change(it["trusts"].as_array_mut().expect("trusts")));
    }
}

breakage! {
    /// Trusts a pattern besides.
    PatternTrust {
        fn wanted(&self, _: &Cloud, _: Verb, answer: &mut Desired) {
            trust(answer, |trusts| trusts.push("system:serviceaccount:*:default".into()));
        }
    }
}

breakage! {
    /// Trusts every project of a domain.
    NeighbourTrust {
        fn wanted(&self, _: &Cloud, _: Verb, answer: &mut Desired) {
            trust(answer, |trusts| trusts.push("system:serviceaccount:vision-production:default".into()));
        }
    }
}

breakage! {
    /// Trusts nobody.
    NoTrust {
        fn wanted(&self, _: &Cloud, _: Verb, answer: &mut Desired) {
            trust(answer, Vec::clear);
        }
    }
}

breakage! {
    /// Trusts a service account once a pair.
    TwiceTrusted {
        fn wanted(&self, _: &Cloud, _: Verb, answer: &mut Desired) {
            trust(answer, |trusts| trusts.extend(trusts.first().cloned()));
        }
    }
}

breakage! {
    /// Makes a principal for each pair.
    PairByPair {
        fn wanted(&self, _: &Cloud, _: Verb, answer: &mut Desired) {
            let principals = answer.objects.iter().filter(|object| object.id.kind == "principal");
            let mut more: Vec<_> = principals.cloned().collect();
            more.iter_mut().for_each(|object| object.id.name.push_str(".2"));
            answer.objects.extend(more);
        }
    }
}

breakage! {
    /// A narrower principal lacks what the wider scopes grant.
    OwnGrantsOnly {
        fn wanted(&self, _: &Cloud, _: Verb, answer: &mut Desired) {
            let objects = std::mem::take(&mut answer.objects);
            let later = |at: usize, object: &Object| {
                object.id.kind == "attachment" && objects[at + 1..].iter().any(|other| {
                    other.attributes.text("principal") == object.attributes.text("principal")
                })
            };
            // The scope's own grants come last.
            answer.objects = objects.iter().enumerate().filter(|(at, o)| !later(*at, o)).map(|(_, o)| o.clone()).collect();
        }
    }
}

breakage! {
    /// Declares secrets, and does nothing for them.
    SecretsForgotten {
        fn wanted(&self, _: &Cloud, _: Verb, answer: &mut Desired) {
            answer.objects.retain(|object| !object.attributes.to_string().contains("secret://"));
        }
    }
}

breakage! {
    /// Doesn't say why it binds no narrow scopes.
    NoReason {
        const CAPABILITIES: Capabilities = Capabilities::none()
            .scopes(&[ScopeKind::Global, ScopeKind::Domain], "")
            .kinds(&[RegisteredKind::new(ResourceKind::OBJECT_STORE, &[Access::Read])]);
    }
}

breakage! {
    /// Knows the commands for half of what it makes.
    HalfDocumented {
        fn equivalent(&self, object: &Object, commands: Vec<String>) -> Vec<String> {
            if object.id.kind == "principal" { commands } else { Vec::new() }
        }
    }
}

breakage! {
    /// Gives the principal another name whenever it carries another number of grants.
    Renaming {
        fn wanted(&self, _: &Cloud, verb: Verb, answer: &mut Desired) {
            if verb != Verb::BindScope {
                return;
            }
            let principals = answer.objects.iter().filter(|object| object.id.kind == "principal");
            let names: Vec<_> = principals.map(|object| object.id.name.clone()).collect();
            for name in names {
                let mine = |object: &&mut Object| object.attributes.text("principal").as_deref() == Some(&name);
                let count = answer.objects.iter_mut().filter(mine).count();
                let other = format!("{name}-{count}");
                for object in &mut answer.objects {
                    if object.attributes.text("principal").as_deref() == Some(&name) {
                        object.attributes.change(|it| it["principal"] = other.clone().into());
                    }
                    object.id.name = object.id.name.replace(&name, &other);
                    for needed in &mut object.depends_on {
                        needed.name = needed.name.replace(&name, &other);
                    }
                }
            }
        }
    }
}

breakage! {
    /// Doesn't say what of others it changes.
    Secretive {
        fn wanted(&self, _: &Cloud, _: Verb, answer: &mut Desired) {
            answer.objects.iter_mut().for_each(|object| object.touches.clear());
        }
    }
}

breakage! {
    /// Doesn't tell core what is protected.
    Unprotected {
        fn protected(&self, _: Protected) -> Protected {
            Protected::default()
        }
    }
}
