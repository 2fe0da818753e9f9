//! A revoke beside edits that nobody applied, from seeds.
//!
//! A seed says what is applied, what of the manifest is edited then without an apply, and which grant is revoked. What came of it is
//! read from what the sandboxes keep, by an evaluator that knows nothing of plans: under which principal the pods of each project and
//! domain run, as the platform is told, whom that principal trusts, and what it may do by policies or role assignments.
//! `BESIDE_EDITS_SEED=N` tries one seed alone, `BESIDE_EDITS_SEEDS=N` so many.

pub mod access;
mod aws;
mod azure;
mod check;
mod seen;
mod trial;
mod world;

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;
use futures_util::stream::{self, StreamExt};
use serde_json::Value;

pub use self::aws::Aws;
pub use self::azure::Azure;
pub use self::check::{compare, left_by_all, wrong_with};
pub use self::seen::{Principal, Seen};
pub use self::trial::{Edit, Grant, Trial};
pub use self::world::{Doing, Ran, World};

/// How many seeds are tried at a time.
const AT_A_TIME: usize = 4;

/// How a platform is told under which principal task code runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Delivery {
    /// By a person, who does what the plans say.
    Handoff,
    /// By annotations of service accounts.
    Kubernetes,
    /// By Flyte admin's cluster resource attributes.
    Admin,
    /// By the settings service, which names the service accounts; a person annotates these, as the plans say.
    Settings,
}

impl Delivery {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Handoff, Self::Kubernetes, Self::Admin, Self::Settings];

    /// As manifests have it.
    pub fn written(self) -> &'static str {
        match self {
            Self::Handoff => "handoff",
            Self::Kubernetes => "kubernetes",
            Self::Admin => "admin",
            Self::Settings => "settings",
        }
    }
}

/// Where a trial is played.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// On which cloud.
    pub ground: &'static dyn Ground,
    /// How its platform is told.
    pub delivery: Delivery,
    /// Whether registries have permissions by repository, where the cloud has both.
    pub by_repository: bool,
}

/// A file of a sandbox's: its name, and what is in it.
pub type File = (String, Value);

/// A cloud on which this is played.
#[async_trait]
pub trait Ground: fmt::Debug + Sync {
    /// The provider's id.
    fn id(&self) -> &'static str;
    /// What the manifests begin with, without grants.
    fn head(&self, delivery: Delivery) -> String;
    /// The scopes of grants.
    fn scopes(&self) -> &'static [&'static str];
    /// The resources that are granted, and at which levels.
    fn resources(&self) -> &'static [(&'static str, &'static [&'static str])];
    /// Whether a grant can be precise.
    fn has_precise(&self) -> bool {
        false
    }
    /// The annotation by which a service account names its principal, and the attribute of which Flyte admin makes it.
    fn told_by(&self) -> (&'static str, &'static str);
    /// Makes of new sandboxes what a manifest alone doesn't: with `by_repository`, registries that have permissions by repository, where
    /// the cloud has both.
    async fn prepare(&self, _endpoint: &str, _by_repository: bool) {}
    /// What is in the cloud; `roles` are the definitions of its roles by their ids, where it has such.
    fn seen(&self, files: &[File], roles: &BTreeMap<String, Value>) -> Seen;
}

/// The seeds that the environment asks for, or so many.
///
/// # Panics
/// The environment asks for something that is no number.
pub fn seeds(usual: u64) -> Vec<u64> {
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a whole number"));
    match number("BESIDE_EDITS_SEED") {
        Some(seed) => vec![seed],
        None => (1..=number("BESIDE_EDITS_SEEDS").unwrap_or(usual)).collect(),
    }
}

/// Tries seeds on a cloud with a delivery.
///
/// # Panics
/// Something is wrong in one of them; the message has the seeds.
pub async fn from_seeds(ground: &'static dyn Ground, delivery: Delivery, seeds: Vec<u64>) -> String {
    let trials =
        seeds.into_iter().map(|seed| Trial::of(Place { ground, delivery, by_repository: seed % 2 == 0 }, seed));
    let count = trials.len();
    let results = stream::iter(trials).map(|trial| {
        // A task each, so that all cores take part.
        let seed = trial.seed;
        let attempt = tokio::spawn(async move {
            let wrong = wrong_with(&trial).await;
            if wrong.is_empty() { Ok(()) } else { Err(format!("{trial}\n{}", wrong.join("\n"))) }
        });
        async move { attempt.await.unwrap_or_else(|error| Err(format!("BESIDE_EDITS_SEED={seed}: {error}"))) }
    });
    let results: Vec<_> = results.buffer_unordered(AT_A_TIME).collect().await;
    let wrong: Vec<_> = results.into_iter().filter_map(Result::err).collect();
    let id = ground.id();
    assert!(
        wrong.is_empty(),
        "{id}, {delivery:?}: {} of {count} seeds are wrong:\n{}",
        wrong.len(),
        wrong.join("\n\n")
    );
    format!("{id}, {delivery:?}: {count} seeds as they should be")
}
