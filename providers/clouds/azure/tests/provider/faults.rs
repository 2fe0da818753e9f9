//! What passes is waited out.

use cloudgrant_core::ErrorKind;

use crate::world::{Runs, World, flyte, refused, said};

const GRANTS: &str = "
grants:
  - { name: a, scope: global, access: { data: read } }
  - { name: b, scope: { domain: production }, access: { models: read, token: read, images: pull } }
  - { name: c, scope: { domain: development }, precise: true, access: { models: read-write } }
registries: [{ name: images, access: pull, azure: acmeimages.azurecr.io }]
";

#[tokio::test]
async fn throttling_errors_and_dropped_connections_are_got_through() {
    let text = flyte(GRANTS);
    for seed in [1, 3, 4] {
        let knobs = format!("throttle=0.02,errors=0.1,drop=0.1,seed={seed}");
        let world = World::new(&text).await;
        world.arm.turn(&knobs).await;
        world.converge(&text).await;
        let report = world.revoke_all(&text).await.expect("revoked");
        assert!(report.is_success(), "seed {seed}: {report:#?}");
    }
}

#[tokio::test]
async fn answers_that_are_cut_or_not_azures_are_never_believed() {
    let text = flyte(GRANTS);
    let world = async |knobs: &str| {
        let world = World::new(&text).await;
        world.arm.turn(knobs).await;
        let error = world.plan(&text).await.expect_err("no answer to believe");
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{}", said(&error));
    };
    tokio::join!(world("cut=1"), world("garbage=1"));
}

#[tokio::test]
async fn a_request_that_hangs_is_sent_again_after_its_timeout() {
    let text = flyte(GRANTS).replace("  resource_group:", "  request_timeout: 0.4\n  resource_group:");
    let world = World::new(&text).await;
    world.arm.turn("hang=0.08,late=0.05,lateness=500ms,seed=4").await;
    world.converge(&text).await;
    let error = refused(&text.replace("request_timeout: 0.4", "request_timeout: 0")).await;
    assert!(said(&error).contains("seconds above 0"), "{}", said(&error));
}
