//! A revoke of a scope's last grant, where something is left on the scope's identity: tasks go on as that, and keep what others grant.

use crate::one_by_one::{Grant, PRODUCTION, beyond, given, granting, with_registry};
use crate::revoking::{apply, revoke};
use crate::world::Runs as _;

const GLOBAL: &str = "global";

#[tokio::test]
async fn what_others_grant_stays_on_an_identity_that_stays() {
    let cases: [(&[Grant], &[Grant], &str); 4] = [
        // Taken out; in the same container, so that it is in one assignment; narrowed; moved to another scope.
        (
            &[("g", GLOBAL, "a: read"), ("r", PRODUCTION, "a: read"), ("o", PRODUCTION, "models: read")],
            &[("g", GLOBAL, "a: read"), ("r", PRODUCTION, "a: read")],
            "a/",
        ),
        (
            &[("g", GLOBAL, "a: read"), ("r", PRODUCTION, "a: read"), ("o", PRODUCTION, "b: read")],
            &[("g", GLOBAL, "a: read"), ("r", PRODUCTION, "a: read")],
            "a/",
        ),
        (
            &[("g", GLOBAL, "a: read"), ("r", PRODUCTION, "a: read, models: read-write")],
            &[("g", GLOBAL, "a: read"), ("r", PRODUCTION, "a: read")],
            "a/",
        ),
        (
            &[("g", GLOBAL, "a: read"), ("r", PRODUCTION, "a: read"), ("o", PRODUCTION, "b: read")],
            &[("g", GLOBAL, "a: read"), ("r", PRODUCTION, "a: read"), ("o", "{ domain: development }", "b: read")],
            "a/",
        ),
    ];
    for (had, has, part) in cases {
        let world = with_registry(&granting(had)).await;
        apply(&world, &granting(had)).await;
        let before = given(&world).await;
        let is_it = |(whom, one): &&(String, String)| whom.contains("production") && one == part;
        let kept: std::collections::BTreeSet<_> = before.iter().filter(is_it).cloned().collect();
        assert!(!kept.is_empty(), "{had:?}: {before:#?}");
        let plan = revoke(&world, &granting(has), "r").await;
        let after = given(&world).await;
        let lost = beyond(&kept, &after);
        assert!(lost.is_empty(), "{had:?}, {has:?}: {lost:#?} {plan:#?}");
        assert!(beyond(&after, &before).is_empty(), "{had:?}, {has:?}: {after:#?}");
        world.revoke_all(&granting(has)).await.expect("revoked");
        assert!(given(&world).await.is_empty(), "{had:?}, {has:?}");
    }
}

/// What task code can do as a principal that goes by a revoke, it would have to go without until somebody applies: a grant that was
/// moved gives it there alone.
#[tokio::test]
async fn what_a_moved_grant_gives_only_there_stays_until_an_apply() {
    let moved = "grant g isn't in the cloud as the manifest has it";
    for (had, has, is_lost) in [
        // Moved to global, and not there yet.
        ([("g", PRODUCTION, "a: read"), ("r", PRODUCTION, "b: read")], ("g", GLOBAL, "a: read"), true),
        ([("g", PRODUCTION, "a: read"), ("r", PRODUCTION, "a: read")], ("g", GLOBAL, "a: read"), true),
        // Global since it was applied: task code goes on with that.
        ([("g", GLOBAL, "a: read"), ("r", PRODUCTION, "b: read")], ("g", GLOBAL, "a: read"), false),
    ] {
        let what = format!("{had:?}, {has:?}");
        let world = with_registry(&granting(&had)).await;
        apply(&world, &granting(&had)).await;
        let before = given(&world).await;
        let text = granting(&[has, had[1]]);
        let plan = revoke(&world, &text, "r").await;
        let after = given(&world).await;
        let of_production = |given: &crate::one_by_one::Given| {
            given.iter().any(|(whom, part)| whom.contains("production") && part == "a/")
        };
        assert!(of_production(&before) && of_production(&after) == is_lost, "{what}: {after:#?} {plan:#?}");
        assert!(beyond(&after, &before).is_empty(), "{what}: {after:#?}");
        assert!(!after.iter().any(|(_, part)| part == "b/"), "{what}: {after:#?}");
        let told: Vec<_> = plan.stays.iter().map(|stays| stays.reason.as_str()).collect();
        assert!(
            told.iter().any(|told| told.starts_with(moved)) == is_lost && told.len() == usize::from(is_lost),
            "{what}: {told:#?}"
        );
        // As the sentence says.
        let kept = granting(&[has]);
        apply(&world, &kept).await;
        let applied = given(&world).await;
        assert!(!of_production(&applied) && applied.iter().any(|(_, part)| part == "a/"), "{what}: {applied:#?}");
        assert!(revoke(&world, &text, "r").await.stays.is_empty(), "{what}");
        world.revoke_all(&kept).await.expect("revoked");
        assert!(given(&world).await.is_empty(), "{what}");
    }
}
