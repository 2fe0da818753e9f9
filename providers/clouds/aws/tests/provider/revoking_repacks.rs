//! What a revoke writes into a policy of which something stays: what is there less what is revoked.

use cloudgrant_core::{Plan, Silent};
use serde_json::Value;

use crate::sharing::{FORECASTING, TRIAL, VISION, apply, granting, revoke};
use crate::world::{Runs, World};

const ROLE: &str = "cloudgrant_tests_vision_production";
const OTHER_ROLE: &str = "cloudgrant_tests_forecasting_production";

type Grant = (&'static str, &'static str, &'static str);

async fn statements(world: &World, policy: &str) -> Vec<Value> {
    world.document(policy).await["Statement"].as_array().expect("statements").clone()
}

/// What a wider scope shares with another one is on the roles of narrower ones, and isn't theirs.
#[tokio::test]
async fn a_revoke_writes_nothing_of_what_wider_scopes_share_into_a_scope_s_own_policy() {
    const G: Grant = ("g", VISION, "token: read");
    const K: Grant = ("k", VISION, "models: read");
    const V: Grant = ("v", TRIAL, "data: read");
    let production = "{ domain: production }";
    for wide in ["global", production] {
        let had = granting(&[G, K, V, ("w", wide, "data: read")]);
        // It was taken out; moved; edited.
        for has in [
            granting(&[G, K, V]),
            granting(&[G, K, V, ("w", FORECASTING, "data: read")]),
            granting(&[G, K, V, ("w", wide, "images: pull")]),
        ] {
            let world = World::new(&had).await;
            apply(&world, &had).await;
            let attached = world.attached(ROLE).await;
            assert!(attached.iter().any(|policy| policy.contains("shared")), "{attached:?}");
            let before = statements(&world, ROLE).await;
            let plan: Plan = {
                let session = world.session(&has).await.expect("a session");
                let engine = session.engine_without(Some(&["g".to_owned()])).expect("it is listed");
                engine.plan(&Silent).await.expect("a plan")
            };
            revoke(&world, &has, &["g"]).await;
            let kept: Vec<_> = before.into_iter().filter(|one| !one.to_string().contains("secret:token")).collect();
            assert_eq!(statements(&world, ROLE).await, kept, "{plan:#?}");
            assert_eq!(world.attached(ROLE).await, attached);
            assert!(!plan.stays.is_empty(), "nobody asks for what is shared: {plan:#?}");
        }
    }
}

/// What no Sid says whose it is has none in a scope's own policy either.
#[tokio::test]
async fn what_was_shared_has_no_sid_or_one_that_names_its_grant() {
    let had = [("c", VISION, "data: read"), ("d", VISION, "models: read"), ("x", VISION, "token: read")];
    let others =
        [("e", FORECASTING, "data: read"), ("f", FORECASTING, "models: read"), ("y", FORECASTING, "token: read")];
    for moved in [TRIAL, FORECASTING] {
        let has = granting(&[&[("c", moved, "data: read")], &had[1..], &others].concat());
        let had = granting(&[had, others].concat());
        let world = World::new(&had).await;
        apply(&world, &had).await;
        assert!(!world.attached(ROLE).await.contains(&ROLE.to_owned()), "they share");
        revoke(&world, &has, &["d"]).await;
        let left = statements(&world, ROLE).await;
        assert!(having(&left, "acme-data") == 2 && having(&left, "acme-models") == 0, "{left:#?}");
        let sids: Vec<_> = left.iter().filter_map(|one| one["Sid"].as_str()).collect();
        assert_eq!(sids, ["XSecrets"], "{left:#?}");
    }
}

/// A scope that a revoke leaves with what another one has could share with it: that is for an apply.
#[tokio::test]
async fn a_revoke_moves_no_other_scope_into_a_shared_policy() {
    let text =
        granting(&[("g", VISION, "models: read"), ("k", VISION, "token: read"), ("v", FORECASTING, "token: read")]);
    let mut world = World::new(&text).await;
    apply(&world, &text).await;
    let attached = async |world: &World| (world.attached(ROLE).await, world.attached(OTHER_ROLE).await);
    let before = attached(&world).await;
    assert!(before.0.contains(&ROLE.to_owned()) && before.1.contains(&OTHER_ROLE.to_owned()), "{before:?}");
    world.restart(&text, "deny=iam:CreatePolicy").await;
    revoke(&world, &text, &["g"]).await;
    assert_eq!(attached(&world).await, before);
    let left = statements(&world, ROLE).await;
    assert!(having(&left, "acme-models") == 0 && having(&left, "secret:token") == 1, "{left:#?}");
}

fn having(statements: &[Value], what: &str) -> usize {
    statements.iter().filter(|one| one.to_string().contains(what)).count()
}
