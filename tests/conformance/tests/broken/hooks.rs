//! A fixture that has no hooks: what can't be told is skipped with a reason, and never passed.

use async_trait::async_trait;
use cloudgrant_conformance::reference::{Reference, ReferenceWorld};
use cloudgrant_conformance::{Fixture, Outcome};
use serde_json::Value;

struct Bare(ReferenceWorld);

#[async_trait]
impl Fixture for Bare {
    type Provider = Reference;
    async fn fresh() -> Self {
        Self(ReferenceWorld::fresh().await)
    }
    fn section(&self) -> Value {
        self.0.section()
    }
    fn resources(&self) -> Vec<String> {
        vec!["store://training-data".to_owned()]
    }
    async fn snapshot(&self) -> Value {
        self.0.snapshot().await
    }
}

/// The cases that need a hook.
const SKIPPED: [&str; 17] = [
    "connecting_sends_nothing",
    "capabilities_are_served",
    "tampering_is_seen_and_mended",
    "losses_are_seen_and_mended",
    "neighbours_survive",
    "foreign_objects_are_conflicts",
    "homes_stay_apart",
    "what_is_forgotten_is_found",
    "widened_objects_are_told",
    "stacks_are_listed",
    "touched_things_are_named",
    "protected_names_are_refused",
    "missing_prerequisites_are_not_found",
    "refusals_name_the_operation",
    "passing_failures_are_waited_out",
    "slow_principals_are_waited_for",
    "secrets_stay_secret",
];

macro_rules! each {
    ([] $($module:ident::$name:ident $sentence:literal)*) => {
        $(
            #[tokio::test]
            async fn $name() {
                let outcome = cloudgrant_conformance::cases::$name::<Bare>().await.expect("the reference provider is sound");
                let skipped = matches!(&outcome, Outcome::Skipped(why) if !why.is_empty());
                assert_eq!(skipped, SKIPPED.contains(&stringify!($name)), "{outcome:?}");
            }
        )*
    };
}

cloudgrant_conformance::with_cases! { [] each }

/// With every hook, nothing is skipped.
mod all {
    use super::{Outcome, ReferenceWorld};

    macro_rules! each {
        ([] $($module:ident::$name:ident $sentence:literal)*) => {
            $(
                #[tokio::test]
                async fn $name() {
                    let outcome = cloudgrant_conformance::cases::$name::<ReferenceWorld>().await;
                    assert_eq!(outcome, Ok(Outcome::Passed));
                }
            )*
        };
    }

    cloudgrant_conformance::with_cases! { [] each }
}
