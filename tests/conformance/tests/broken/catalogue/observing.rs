//! Providers that observe wrongly.

use cloudgrant_conformance::reference::{Cloud, Kind};
use cloudgrant_core::{Confirmed, Desired, Found, HowAsked, ObjectId, Observed, Widening};
use serde_json::json;

use super::breakage;

breakage! {
    /// Deletes by itself what it finds unwanted.
    TidyingObserve {
        fn seen(&self, cloud: &Cloud, desired: &Desired, observed: &mut Observed) {
            let wanted = |id: &ObjectId| desired.objects.iter().any(|object| object.id == *id);
            for id in observed.objects.keys().filter(|id| id.kind == "policy" && !wanted(id)) {
                cloud.backstage(|world| world.items.get_mut(&Kind::Policy).map(|items| items.remove(&id.name)));
            }
        }
    }
}

breakage! {
    /// Doesn't say what of others it changes when it deletes.
    Heedless {
        fn seen(&self, _: &Cloud, _: &Desired, observed: &mut Observed) {
            observed.objects.values_mut().for_each(|found| found.touches.clear());
        }
    }
}

breakage! {
    /// Mends what it finds changed.
    MendingObserve {
        fn seen(&self, cloud: &Cloud, desired: &Desired, _: &mut Observed) {
            cloud.backstage(|world| {
                for object in desired.objects.iter().filter(|object| object.id.kind == "principal") {
                    let item = world.items.get_mut(&Kind::Principal).and_then(|items| items.get_mut(&object.id.name));
                    if let Some(item) = item {
                        item.body = object.attributes.value();
                    }
                }
            });
        }
    }
}

breakage! {
    /// Shows objects in another form than the verbs.
    OtherForm {
        fn seen(&self, _: &Cloud, _: &Desired, observed: &mut Observed) {
            observed.objects.values_mut().for_each(|found| found.attributes.change(|it| it["version"] = 1.into()));
        }
    }
}

/// Shows another form once the engine has looked often enough to be content.
#[derive(Debug, Default)]
pub(crate) struct Restless(std::sync::atomic::AtomicU64);

impl crate::breakage::Breakage for Restless {
    fn seen(&self, _: &Cloud, _: &Desired, observed: &mut Observed) {
        // The connection that applies looks three times, and sees itself succeed; a new one doesn't.
        let looks = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        if looks < 2 {
            observed.objects.values_mut().for_each(|found| found.attributes.change(|it| it["version"] = 1.into()));
        }
    }
}

breakage! {
    /// Only looks whether something is there, not what it is like.
    ExistenceOnly {
        fn seen(&self, _: &Cloud, desired: &Desired, observed: &mut Observed) {
            for object in &desired.objects {
                if let Some(found) = observed.objects.get_mut(&object.id) {
                    found.attributes = object.attributes.clone();
                }
            }
        }
    }
}

breakage! {
    /// Takes everything for changed when one thing was.
    Touchy {
        fn seen(&self, _: &Cloud, desired: &Desired, observed: &mut Observed) {
            let differs = desired.objects.iter().any(|object| {
                observed.objects.get(&object.id).is_some_and(|found| found.attributes != object.attributes)
            });
            if differs {
                observed.objects.values_mut().for_each(|found| found.attributes.change(|it| it["suspect"] = true.into()));
            }
        }
    }
}

breakage! {
    /// Where one attachment is, it takes the others for granted.
    Assuming {
        fn seen(&self, _: &Cloud, desired: &Desired, observed: &mut Observed) {
            if !observed.objects.keys().any(|id| id.kind == "attachment") {
                return;
            }
            for object in desired.objects.iter().filter(|object| object.id.kind == "attachment") {
                observed.objects.entry(object.id.clone()).or_insert(Found {
                    attributes: object.attributes.clone(),
                    owned: true,
                    depends_on: object.depends_on.clone(),
                    if_deleted: None,
                    touches: Vec::new(),
                });
            }
        }
    }
}

fn unwanted(desired: &Desired, observed: &mut Observed) {
    observed.objects.retain(|id, _| desired.objects.iter().any(|object| object.id == *id));
}

breakage! {
    /// Only looks for what is wanted.
    Forgetful {
        fn seen(&self, _: &Cloud, desired: &Desired, observed: &mut Observed) {
            unwanted(desired, observed);
        }
    }
}

breakage! {
    /// Cleans up only when nothing is wanted any more.
    Hoarding {
        fn seen(&self, _: &Cloud, desired: &Desired, observed: &mut Observed) {
            if !desired.objects.is_empty() {
                unwanted(desired, observed);
            }
        }
    }
}

breakage! {
    /// Takes everything for its own.
    Greedy {
        fn seen(&self, _: &Cloud, _: &Desired, observed: &mut Observed) {
            observed.objects.values_mut().for_each(|found| found.owned = true);
        }
    }
}

breakage! {
    /// Doesn't look at what isn't its own.
    Blind {
        fn seen(&self, _: &Cloud, _: &Desired, observed: &mut Observed) {
            observed.objects.retain(|_, found| found.owned);
        }
    }
}

breakage! {
    /// Takes marks for its own that only begin like its own.
    PrefixMark {
        fn seen(&self, cloud: &Cloud, _: &Desired, observed: &mut Observed) {
            let others = cloud.backstage(|world| world.items.get(&Kind::Policy).cloned().unwrap_or_default());
            for (name, item) in others {
                if item.owner.is_some_and(|owner| owner.starts_with("acme")) {
                    let found = Found { attributes: item.body.into(), owned: true, depends_on: Vec::new(), if_deleted: None, touches: Vec::new() };
                    observed.objects.entry(ObjectId::new("policy", name)).or_insert(found);
                }
            }
        }
    }
}

breakage! {
    /// Takes what carries its stack's name for its own, whatever the home.
    Homeless {
        fn seen(&self, cloud: &Cloud, _: &Desired, observed: &mut Observed) {
            let policies = cloud.backstage(|world| world.items.get(&Kind::Policy).cloned().unwrap_or_default());
            for (name, item) in policies {
                if item.owner.is_some_and(|owner| owner.split('@').next() == Some("acme")) {
                    let found = Found { attributes: item.body.into(), owned: true, depends_on: Vec::new(), if_deleted: None, touches: Vec::new() };
                    observed.objects.entry(ObjectId::new("policy", name)).or_insert(found);
                }
            }
        }
    }
}

breakage! {
    /// Looks at those documents only in which something is wanted.
    WantedPlaces {
        fn seen(&self, _: &Cloud, desired: &Desired, observed: &mut Observed) {
            let registry = |id: &ObjectId| id.name.split('#').next().map(str::to_owned);
            let wanted: Vec<_> = desired.objects.iter().map(|object| registry(&object.id)).collect();
            observed.objects.retain(|id, _| id.kind != "statement" || wanted.contains(&registry(id)));
        }
    }
}

breakage! {
    /// Takes no notice of what others add.
    Unalarmed {
        fn seen(&self, _: &Cloud, _: &Desired, observed: &mut Observed) {
            observed.widened.clear();
        }
    }
}

breakage! {
    /// Takes what the stack itself attached for somebody else's.
    Suspicious {
        fn seen(&self, _: &Cloud, _: &Desired, observed: &mut Observed) {
            let own: Vec<_> = observed.objects.keys().filter(|id| id.kind == "attachment").cloned().collect();
            observed.widened.extend(own.into_iter().map(|object| Widening {
                object,
                what: "is attached".to_owned(),
                remedy: "detach it".to_owned(),
            }));
        }
    }
}

breakage! {
    /// Takes away what others add.
    Possessive {
        fn seen(&self, _: &Cloud, _: &Desired, observed: &mut Observed) {
            for widening in &observed.widened {
                let found = Found {
                    attributes: json!({ "policy": "everything" }).into(),
                    owned: true,
                    depends_on: Vec::new(),
                    if_deleted: None,
                    touches: Vec::new(),
                };
                observed.objects.insert(ObjectId::new("attachment", format!("{}/everything", widening.object.name)), found);
            }
        }
    }
}

breakage! {
    /// Forgets what was confirmed.
    Unremembering {
        fn seen(&self, _: &Cloud, _: &Desired, observed: &mut Observed) {
            observed.confirmed.clear();
        }
    }
}

breakage! {
    /// Says always the same of what was confirmed.
    FirstWord {
        fn seen(&self, _: &Cloud, _: &Desired, observed: &mut Observed) {
            for says in observed.confirmed.values_mut().flatten() {
                says.document = "0".repeat(32);
            }
        }
    }
}

/// Whether a policy says that a handoff was confirmed.
fn is_confirmation(name: &str) -> bool {
    name.contains(".+confirmed-")
}

breakage! {
    /// Takes what others confirmed for its own.
    Listening {
        fn seen(&self, cloud: &Cloud, _: &Desired, observed: &mut Observed) {
            let all: Vec<_> = cloud.backstage(|world| {
                let policies = world.items.get(&Kind::Policy).into_iter().flatten();
                policies.filter(|(name, _)| is_confirmation(name)).map(|(name, item)| (name.clone(), item.body.clone())).collect()
            });
            for (name, body) in all {
                let text = |key: &str| body[key].as_str().unwrap_or_default();
                let how = HowAsked::parse_texts(text("how").lines()).unwrap_or_default();
                let says = Confirmed::parse(text("confirms"), text("document"), text("on"), how);
                let id = ObjectId::new("policy", name);
                observed.objects.entry(id.clone()).or_insert(Found {
                    attributes: body.into(),
                    owned: true,
                    depends_on: Vec::new(),
                    if_deleted: None,
                    touches: Vec::new(),
                });
                observed.confirmed.insert(id, says);
            }
        }
    }
}

breakage! {
    /// Remembers what was confirmed, and not how it was asked for.
    AskedSomehow {
        fn seen(&self, _: &Cloud, _: &Desired, observed: &mut Observed) {
            for says in observed.confirmed.values_mut().flatten() {
                says.how = HowAsked::default();
            }
        }
    }
}
