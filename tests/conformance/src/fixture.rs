//! What the suite needs from whoever wants a provider tried.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cloudgrant_core::{Access, Connect, Context, ObjectId, Provider, Registration, Result, Settings};
use serde_json::{Value, json};

/// A world in which a provider can be tried: an emulator of its cloud, or an account that is there for tests.
///
/// The suite writes manifests, connects the provider, and looks at the world through [`snapshot`](Self::snapshot), which
/// must not go through the provider. Everything with a default is optional: cases that need it are skipped, which the
/// fixture has to declare ([`SKIPPED`](Self::SKIPPED)).
///
/// The provider must be registered in the test's binary
/// ([`register_provider!`](cloudgrant_core::register_provider), or `use` of the crate that does so).
#[async_trait]
pub trait Fixture: Send + Sync + Sized + 'static {
    /// The provider.
    type Provider: Connect;

    /// The cases that this fixture can't show, or not wholly: the name of each, and the reason that the suite gives. A case
    /// that is skipped for any other reason fails, and so does one that is declared and isn't skipped: what was skipped
    /// once isn't forgotten.
    const SKIPPED: &'static [(&'static str, &'static str)] = &[];

    /// A new world, in which everything is there that the provider takes for granted, and nothing of any stack.
    ///
    /// Each case asks for one or more. Worlds don't share anything that a case could change.
    async fn fresh() -> Self;

    /// The provider's section of the manifest, fit for this world.
    fn section(&self) -> Value;

    /// A section with what a manifest has to say in it of what is granted there: each resource by its name in the manifest,
    /// with its locator and a level. For providers whose section has keys by resource and level, all of which have to be
    /// used.
    fn section_of(&self, section: Value, granted: &[(String, String, Access)]) -> Value {
        let _ = granted;
        section
    }

    /// Locators of what task code can be granted: at least one for each resource kind that the provider declares, and
    /// better two for one of them. Without the words `forecasting`, `vision`, `development` and `production`, of which
    /// the suite makes projects and domains.
    fn resources(&self) -> Vec<String>;

    /// Everything in this world that a provider could change, in canonical form: `{ kind: { name: what it is like } }`.
    ///
    /// Documents that several parties write are parsed, their statements a list. Left out is what the cloud makes up or
    /// changes by itself (random ids, times, versions), so that two equal worlds have equal snapshots, and what isn't
    /// there: no `null`, no empty placeholder that comes with a first write and stays.
    async fn snapshot(&self) -> Value;

    /// Who may do what in a world, by its snapshot: a sentence for each principal and each thing that the stack lets it do,
    /// whatever objects say so, and nothing that others give.
    fn access(&self, snapshot: &Value) -> Option<BTreeSet<String>> {
        let _ = snapshot;
        None
    }

    /// The provider's section for another home in this world, such as another cluster's, in which everything is there that
    /// the provider takes for granted as well. It can write to the same documents of others as [`section`](Self::section).
    fn another_home(&self) -> Option<Value> {
        None
    }

    /// Locators of what is outside the stack's home, and to which the provider can write all the same: where a statement
    /// or an assignment would be found by nobody who only looks at home, nor by who looks where the manifest says.
    fn elsewhere(&self) -> Vec<String> {
        Vec::new()
    }

    /// Locators of registries that the platform's infrastructure can be given: one in the provider's own account, and
    /// one in an account that it can't write to, if there are such.
    fn registries(&self) -> Vec<String> {
        Vec::new()
    }

    /// The manifest's `platform`, without projects and domains.
    fn platform(&self) -> Value {
        json!({ "kind": "union", "organization": "acme" })
    }

    /// How patient the engine is: by default as befits an emulator, with waits of milliseconds.
    fn settings(&self) -> Settings {
        Settings {
            concurrency: 4,
            patience: Duration::from_secs(20),
            settle: Duration::from_secs(20),
            first_wait: Duration::from_millis(5),
            longest_wait: Duration::from_millis(200),
            ..Settings::default()
        }
    }

    /// A new connection to this world, as a new run of the program would have it.
    ///
    /// # Errors
    /// The provider's.
    async fn connect(&self, context: Context, section: Value) -> Result<Arc<dyn Provider>> {
        Registration::of::<Self::Provider>().connect(context, section).await
    }

    /// How many requests the cloud has seen so far, from all connections.
    async fn requests(&self) -> Option<Requests> {
        None
    }

    /// Puts things of others next to ours: objects without our mark, best with names that look like ours, and a
    /// statement in every document that the provider writes to for [`registries`](Self::registries). Called once a
    /// world, before or after the first apply.
    async fn plant_foreign(&self) -> Hook {
        Hook::Missing
    }

    /// Makes an object of this kind and name that isn't ours, and unlike what we want there.
    async fn occupy(&self, object: &ObjectId) -> Hook {
        let _ = object;
        Hook::Missing
    }

    /// Changes an object of ours behind the provider's back; it keeps its mark.
    async fn tamper(&self, object: &ObjectId) -> Hook {
        let _ = object;
        Hook::Missing
    }

    /// Adds something of somebody else's to an object of ours, so that it reaches more or more can use it: a policy to a
    /// role, an assignment to an identity. The object itself stays as it is.
    async fn widen(&self, object: &ObjectId) -> Hook {
        let _ = object;
        Hook::Missing
    }

    /// Removes an object of ours behind the provider's back, as the cloud's own console would.
    async fn remove(&self, object: &ObjectId) -> Hook {
        let _ = object;
        Hook::Missing
    }

    /// Makes the cloud misbehave from now on.
    async fn fault(&self, fault: Fault) -> Hook {
        let _ = fault;
        Hook::Missing
    }

    /// [`section`](Self::section) with a name added to the list of those that must never be touched.
    fn protecting(&self, name: &str) -> Option<Value> {
        let _ = name;
        None
    }

    /// A secret value that is stored in this world and that the provider can come across: behind one of the
    /// [`resources`](Self::resources), or among its credentials. Not a part of any name.
    fn secret(&self) -> Option<String> {
        None
    }
}

/// Whether a fixture could do what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Hook {
    /// It did.
    Done,
    /// It can't, or not with this object.
    Missing,
}

/// A misbehaviour of the cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The next so many requests are told to slow down.
    Throttle(u32),
    /// The next so many requests fail on the cloud's side.
    Fail(u32),
    /// Every request that would write is refused: the caller may not.
    DenyWrites,
    /// Principals that are made from now on are not known everywhere at once.
    DelayPrincipals,
    /// Something that the provider takes for granted is gone.
    Withhold,
}

/// How many requests a cloud has seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Requests {
    /// Those that only read.
    pub reads: u64,
    /// Those that write, or would.
    pub writes: u64,
}

impl Requests {
    /// From the number of each action, and which of them only read.
    pub fn of(by_action: &BTreeMap<String, u64>, only_reads: impl Fn(&str) -> bool) -> Self {
        by_action.iter().fold(Self::default(), |mut all, (action, count)| {
            *if only_reads(action) { &mut all.reads } else { &mut all.writes } += count;
            all
        })
    }
}
