//! A revoke beside grants that were moved or taken out and not applied, or revoked before: what these have, and what they have it as, stays.

use cloudgrant_core::{Plan, Silent};

use crate::in_the_way::deleted;
use crate::one_by_one::besides_kept_roles;
use crate::sharing::{FORECASTING, TRIAL, VISION, allowed, apply, granting, revoke};
use crate::world::{Runs, World};

const GLOBAL: &str = "global";
const PRODUCTION: &str = "{ domain: production }";

type Grant = (&'static str, &'static str, &'static str);

/// What a revoke of one grant is planned to do, and is done.
async fn revoking(world: &World, text: &str, name: &str) -> Plan {
    let session = world.session(text).await.expect("a session");
    let plan = session.engine_without(Some(&[name.to_owned()])).expect("it is listed").plan(&Silent).await;
    revoke(world, text, &[name]).await;
    plan.expect("a plan")
}

/// What gives access to something, and as which role.
fn having(world: &World, what: &str) -> Vec<String> {
    let all = allowed(world);
    let has = all.iter().filter(|(_, statements)| statements.iter().any(|one| one.contains(what)));
    has.map(|(role, _)| role.clone()).collect()
}

#[tokio::test]
async fn what_a_moved_or_taken_out_grant_has_goes_with_no_other_one() {
    const ROLE: &str = "cloudgrant_tests_vision_production";
    let cases: [(&[Grant], &[Grant], &str); 5] = [
        // In a policy that scopes share no Sid says whose a statement is.
        (
            &[("c", VISION, "data: read"), ("d", FORECASTING, "data: read")],
            &[("c", PRODUCTION, "data: read"), ("d", FORECASTING, "data: read")],
            "acme-data",
        ),
        (
            &[("c", VISION, "data: read"), ("d", FORECASTING, "data: read")],
            &[("d", FORECASTING, "data: read")],
            "acme-data",
        ),
        // In one of a scope's own, the Sid does, also where what is revoked asks for the same.
        (
            &[("c", VISION, "data: read"), ("d", VISION, "data: read, models: list")],
            &[("c", FORECASTING, "data: read"), ("d", VISION, "data: read, models: list")],
            "acme-data",
        ),
        (
            &[("c", VISION, "data: read, token: read"), ("d", VISION, "data: read, models: list")],
            &[("c", FORECASTING, "data: read, token: read"), ("d", VISION, "data: read, models: list")],
            "acme-data",
        ),
        (
            &[("d", VISION, "models: read, token: read"), ("c", VISION, "models: read")],
            &[("d", VISION, "models: read, token: read"), ("c", PRODUCTION, "models: read")],
            "acme-models",
        ),
    ];
    for (had, has, what) in cases {
        let world = World::new(&granting(had)).await;
        apply(&world, &granting(had)).await;
        assert!(having(&world, what).contains(&ROLE.to_owned()), "{had:?}");
        let plan = revoking(&world, &granting(has), "d").await;
        assert!(having(&world, what).contains(&ROLE.to_owned()), "{had:?}, {has:?}: {plan:#?}");
        assert!(!plan.stays.is_empty(), "{had:?}, {has:?}: {plan:#?}");
        world.revoke_all(&granting(has)).await.expect("revoked");
    }
}

/// What was revoked before is still listed, and asks for the same: what is there under the revoked one's name goes all the same.
#[tokio::test]
async fn grants_that_overlap_and_are_revoked_in_turn_leave_nothing() {
    for (one, other) in [("models: read-write", "models: read-write"), ("models: read-write", "models: read")] {
        for scope in [GLOBAL, VISION] {
            for first in ["one", "other"] {
                let text = granting(&[("one", scope, one), ("other", scope, other), ("stays", scope, "token: read")]);
                let world = World::new(&text).await;
                apply(&world, &text).await;
                let second = if first == "one" { "other" } else { "one" };
                let plan = revoking(&world, &text, first).await;
                assert!(plan.notes.iter().any(|note| note.message.contains("can still be reached")), "{plan:#?}");
                let plan = revoking(&world, &text, second).await;
                assert!(having(&world, "acme-models").is_empty(), "{one}, {other}, {scope}: {plan:#?}");
                assert!(!plan.notes.iter().any(|note| note.message.contains("can still be reached")), "{plan:#?}");
                assert!(!having(&world, "token").is_empty());
            }
        }
    }
}

/// What gives the same is named, whatever else of that grant isn't applied.
#[tokio::test]
async fn who_gives_the_same_is_named_also_with_an_edit_that_is_not_applied() {
    let text = |more: &str| {
        granting(&[
            ("gone", VISION, "models: read-write, token: read"),
            ("also", VISION, &format!("models: read{more}")),
        ])
    };
    let world = World::new(&text("")).await;
    apply(&world, &text("")).await;
    let plan = revoking(&world, &text(", data: read"), "gone").await;
    let is_said =
        plan.notes.iter().any(|note| note.message.contains("can still be reached") && note.message.contains("`also`"));
    assert!(is_said, "{:#?}", plan.notes);
}

/// A mark says where to look, and is nobody's: statements at its place don't go with it.
#[tokio::test]
async fn a_statement_elsewhere_does_not_go_with_the_mark_of_its_place() {
    let had = granting(&[("c", VISION, "elsewhere: pull"), ("d", FORECASTING, "elsewhere: pull")]);
    let has = granting(&[("c", VISION, "models: read"), ("d", FORECASTING, "elsewhere: pull")]);
    let world = World::new(&had).await;
    apply(&world, &had).await;
    let sids = async || {
        let request = world.ecr("444455556666").get_repository_policy().repository_name("team/elsewhere");
        let text = request.send().await.ok().and_then(|answer| answer.policy_text).unwrap_or_default();
        (text.contains("CElsewhere"), text.contains("DElsewhere"))
    };
    assert_eq!(sids().await, (true, true));
    let plan = revoking(&world, &has, "d").await;
    assert_eq!(sids().await, (true, false), "{plan:#?}");
    world.revoke_all(&has).await.expect("revoked");
    assert_eq!(sids().await, (false, false));
}

/// A wider scope's own role isn't there: what is on the roles of narrower ones is theirs all the same.
#[tokio::test]
async fn what_narrower_scopes_share_is_not_the_wider_one_s_whose_role_is_gone() {
    const SHARED: [&str; 2] = ["cloudgrant_tests_forecasting_production", "cloudgrant_tests_vision_production"];
    let (v, f, other) = (("v", VISION, "data: read"), ("f", FORECASTING, "data: read"), ("o", TRIAL, "token: read"));
    let both = [("v2", VISION, "token: read"), ("f2", FORECASTING, "token: read")];
    for (wide, role) in [
        (("wide", PRODUCTION, "models: read"), "cloudgrant_tests_production"),
        (("wide", GLOBAL, "models: read"), "acme-userflyterole"),
    ] {
        // Never applied; deleted by hand.
        for had in [&[v, f, other][..], &[wide, v, f, other]] {
            let (world, text) = (World::new(&granting(had)).await, granting(&[wide, v, f, other]));
            apply(&world, &granting(had)).await;
            if had.contains(&wide) || wide.1 == GLOBAL {
                deleted(&world, role).await;
            }
            // The role of what is revoked goes.
            let others = || {
                let roles = having(&world, "models").into_iter();
                roles.filter(|role| !role.contains("development")).collect::<Vec<_>>()
            };
            let before = others();
            let plan = revoking(&world, &text, "o").await;
            let told = besides_kept_roles(&plan);
            assert!(told.is_empty(), "{wide:?}, {had:?}: {told:#?}");
            assert!(plan.changes.iter().all(|change| change.id.name.contains("development")), "{:#?}", plan.changes);
            assert_eq!(having(&world, "acme-data"), SHARED, "{wide:?}, {had:?}");
            assert_eq!(others(), before, "{wide:?}, {had:?}");
            let plan = revoking(&world, &text, "v").await;
            let told = besides_kept_roles(&plan);
            assert!(told.is_empty(), "{wide:?}, {had:?}: {told:#?}");
            assert_eq!(having(&world, "acme-data"), SHARED[..1], "{wide:?}, {had:?}");
        }
        // What is revoked of both is nobody's, and goes.
        let grants = [wide, v, f, both[0], both[1]];
        let world = World::new(&granting(&grants)).await;
        apply(&world, &granting(&grants)).await;
        deleted(&world, role).await;
        let session = world.session(&granting(&grants)).await.expect("a session");
        let engine = session.engine_without(Some(&["v".to_owned(), "f".to_owned()])).expect("they are listed");
        let plan = engine.plan(&Silent).await.expect("a plan");
        let told = besides_kept_roles(&plan);
        assert!(told.is_empty(), "{wide:?}: {told:#?}");
        revoke(&world, &granting(&grants), &["v", "f"]).await;
        assert!(having(&world, "acme-data").is_empty(), "{wide:?}");
        assert_eq!(having(&world, "secret:token"), SHARED, "{wide:?}");
    }
}
