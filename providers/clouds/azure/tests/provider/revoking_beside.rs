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
