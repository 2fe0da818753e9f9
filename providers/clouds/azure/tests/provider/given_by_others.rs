//! What is revoked and asked for by another grant as well, in another form: whoever takes it away is told by which.

use cloudgrant_core::{Level, Plan, Silent};

use crate::one_by_one::{Grant, PRODUCTION, granting, with_registry};
use crate::revoking::apply;
use crate::world::Runs;

/// The warning that says which grants give it.
fn givers(plan: &Plan) -> Vec<&str> {
    let says = "what is revoked can still be reached as far as";
    let warnings = plan.notes.iter().filter(|note| note.level == Level::Warning && note.message.contains(says));
    warnings.map(|note| note.message.as_str()).collect()
}

#[tokio::test]
async fn a_grant_that_gives_it_too_is_named_though_something_else_of_that_is_not_applied() {
    let x = ("x", PRODUCTION, "models: read");
    let other = ("other", PRODUCTION, "models: read-write");
    let more = ("other", PRODUCTION, "models: read-write, a: read");
    // Another role on the same container gives it too; only a part of the other grant is there; nothing of it is.
    let cases: [(&[Grant], &[Grant], bool); 3] =
        [(&[x, other], &[x, other], true), (&[x, other], &[x, more], true), (&[x], &[x, more], false)];
    for (had, has, is_told) in cases {
        let world = with_registry(&granting(has)).await;
        apply(&world, &granting(had)).await;
        let session = world.session(&granting(has)).await.expect("a session");
        let engine = session.engine_without(Some(&["x".to_owned()])).expect("it is listed");
        let plan = engine.plan(&Silent).await.expect("a plan");
        let told = givers(&plan);
        assert_eq!(told.len(), usize::from(is_told), "{had:?}, {has:?}: {:#?}", plan.notes);
        assert!(told.iter().all(|told| told.contains("grant `other` asks for it")), "{told:#?}");
    }
}
