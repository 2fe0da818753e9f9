//! What the suite needs from whoever wants a platform tried.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cloudgrant_core::{
    ConnectPlatform, Naming, ObjectId, Pair, Platform, PlatformContext, PlatformRegistration, Result, Settings,
};
use serde_json::{Value, json};

use crate::fixture::{Fault, Hook, Requests};

/// What a platform is told of a principal: which annotation of service accounts names it, and with what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// The annotation's key.
    pub key: &'static str,
    /// The label that pods must carry, where there is one.
    pub pod_label: Option<(&'static str, &'static str)>,
    /// Whether the cloud chooses the value only when it makes the principal.
    pub is_chosen: bool,
}

impl Sample {
    /// A role of AWS's: its ARN is known before it is made.
    pub const ROLE: Self = Self { key: "eks.amazonaws.com/role-arn", pod_label: None, is_chosen: false };
    /// A managed identity of Azure's: its client ID is known only once it was made.
    pub const IDENTITY: Self = Self {
        key: "azure.workload.identity/client-id",
        pod_label: Some(("azure.workload.identity/use", "true")),
        is_chosen: true,
    };
}

/// A world in which a platform can be tried: an emulator of what it is told by, or nothing where people are asked to tell it.
///
/// The suite has a cloud of its own, makes principals in it, and looks at the world through [`snapshot`](Self::snapshot), which must not
/// go through the platform. Everything with a default is optional: cases that need it are skipped, which the fixture has to declare
/// ([`skipped`](Self::skipped)).
///
/// The projects are `forecasting` and `vision`, the domains `development` and `production`. A world has all four pairs, and its own
/// names are without these words.
#[async_trait]
pub trait PlatformFixture: Send + Sync + Sized + 'static {
    /// The platform. It doesn't have to be registered.
    type Platform: ConnectPlatform;

    /// The cases that this fixture can't show, or not wholly, as [`Fixture::SKIPPED`](crate::Fixture::SKIPPED).
    fn skipped() -> Vec<(&'static str, &'static str)> {
        Vec::new()
    }

    /// A new world, in which everything is there that the platform takes for granted, and nothing of any stack.
    async fn fresh() -> Self;

    /// The platform's own keys of the section `platform`.
    fn keys(&self) -> Value {
        json!({})
    }

    /// What the platform's sandbox says of where it is ([`PlatformContext::sandbox`]).
    fn sandbox(&self) -> Option<Value> {
        None
    }

    /// What principals are like.
    fn sample(&self) -> Sample {
        Sample::ROLE
    }

    /// The OpenID Connect issuers that principals trust.
    fn issuers(&self) -> Vec<String> {
        vec!["https://issuer.example/one".to_owned()]
    }

    /// How namespaces and service accounts are called.
    fn naming(&self) -> Naming {
        Naming::default()
    }

    /// How patient the engine is: by default as befits an emulator, with waits of milliseconds.
    fn settings(&self) -> Settings {
        Settings {
            concurrency: 4,
            patience: Duration::from_secs(20),
            settle: Duration::from_secs(10),
            first_wait: Duration::from_millis(5),
            longest_wait: Duration::from_millis(200),
            ..Settings::default()
        }
    }

    /// A new connection to this world, as a new run of the program would have it.
    ///
    /// # Errors
    /// The platform's keys are wrong.
    fn connect(&self, context: PlatformContext) -> Result<Arc<dyn Platform>> {
        PlatformRegistration::of::<Self::Platform>().connect(context, &self.keys())
    }

    /// Everything in this world that the platform's backend could change, in canonical form, as
    /// [`Fixture::snapshot`](crate::Fixture::snapshot): `{ kind: { name: what it is like } }`, without what is made up anew with each
    /// write. What is of a project and a domain names both.
    async fn snapshot(&self) -> Value {
        json!({})
    }

    /// Under what pods of a pair run that start now, by what the world itself says: the principal's value, the service account, or
    /// else the platform's default.
    async fn runs_under(&self, pair: &Pair) -> Option<String> {
        let _ = pair;
        None
    }

    /// What [`runs_under`](Self::runs_under) is where the platform was told of a principal by this value.
    fn told(&self, value: &str) -> String {
        value.to_owned()
    }

    /// How many requests the world has seen so far, from all connections.
    async fn requests(&self) -> Option<Requests> {
        None
    }

    /// Puts things of others into every place that the platform writes to, and beside these: other keys, other annotations, other
    /// settings. Called once a world, before or after the first apply; what is there already stays.
    async fn plant_foreign(&self) -> Hook {
        Hook::Missing
    }

    /// Puts a value of somebody else's where this object belongs: without our mark, and unlike what we want there.
    async fn occupy(&self, object: &ObjectId) -> Hook {
        let _ = object;
        Hook::Missing
    }

    /// Edits our value behind the backend's back, as somebody with the platform's own tool would.
    async fn tamper(&self, object: &ObjectId) -> Hook {
        let _ = object;
        Hook::Missing
    }

    /// Takes our value away behind the backend's back, as somebody with the platform's own tool would.
    async fn remove(&self, object: &ObjectId) -> Hook {
        let _ = object;
        Hook::Missing
    }

    /// Makes the world misbehave from now on.
    async fn fault(&self, fault: Fault) -> Hook {
        let _ = fault;
        Hook::Missing
    }

    /// The keys that whoever reads a [file](cloudgrant_core::DeliveryFile) takes, each as its path in the file with dots between:
    /// `metadata.name`. `*` is any one key; the items of a list have the path of the list. `None` for a file that nobody reads.
    fn keys_of_file(&self, path: &str) -> Option<Vec<&'static str>> {
        let _ = path;
        None
    }
}
