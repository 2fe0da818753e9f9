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
const SKIPPED: [&str; 19] = [
    "revokes_in_turn_leave_nothing",
    "revokes_beside_edits_take_or_tell",
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

/// What is skipped has to be declared, with the reason that the suite gives.
mod declared {
    use super::{Bare, Fixture, Outcome, Reference, ReferenceWorld, Value, async_trait};

    const CASE: &str = "homes_stay_apart";
    const WHY: &str = "the fixture has only one home";

    macro_rules! declaring {
        ($name:ident: $skipped:expr) => {
            struct $name(Bare);

            #[async_trait]
            impl Fixture for $name {
                type Provider = Reference;
                const SKIPPED: &'static [(&'static str, &'static str)] = $skipped;
                async fn fresh() -> Self {
                    Self(Bare::fresh().await)
                }
                fn section(&self) -> Value {
                    self.0.section()
                }
                fn resources(&self) -> Vec<String> {
                    self.0.resources()
                }
                async fn snapshot(&self) -> Value {
                    self.0.snapshot().await
                }
            }
        };
    }

    declaring!(Declaring: &[(CASE, WHY)]);
    declaring!(Otherwise: &[(CASE, "it takes too long")]);
    declaring!(Unknown: &[("homes_stay_together", WHY)]);

    #[test]
    fn what_is_declared_is_skipped() {
        cloudgrant_conformance::run::<Declaring, _>(
            CASE,
            cloudgrant_conformance::cases::homes_stay_apart::<Declaring>(),
        );
    }

    #[test]
    #[should_panic(
        expected = "declare it in `Fixture::SKIPPED`: (\"homes_stay_apart\", \"the fixture has only one home\")"
    )]
    fn what_is_not_declared_fails() {
        cloudgrant_conformance::run::<Bare, _>(CASE, cloudgrant_conformance::cases::homes_stay_apart::<Bare>());
    }

    #[test]
    #[should_panic(expected = "for a reason that the fixture doesn't declare: the fixture has only one home")]
    fn another_reason_is_none() {
        cloudgrant_conformance::run::<Otherwise, _>(
            CASE,
            cloudgrant_conformance::cases::homes_stay_apart::<Otherwise>(),
        );
    }

    #[test]
    #[should_panic(expected = "isn't skipped, and the fixture declares that it is")]
    fn what_is_declared_must_be_skipped() {
        cloudgrant_conformance::run::<Declaring, _>(CASE, async { Ok(Outcome::Passed) });
    }

    #[test]
    #[should_panic(expected = "`homes_stay_together`, which is no case")]
    fn only_cases_are_declared() {
        cloudgrant_conformance::run::<Unknown, _>(CASE, async { Ok(Outcome::Skipped(WHY.to_owned())) });
    }

    #[test]
    fn with_every_hook_nothing_is_declared() {
        assert!(ReferenceWorld::SKIPPED.is_empty());
    }
}

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
