//! What passes is waited out.

use cloudgrant_core::ErrorKind;

use crate::world::{Runs, World, manifest, refused, said};

const GRANTS: &str = "
grants:
  - { name: a, scope: global, access: { data: read } }
  - { name: b, scope: { domain: production }, access: { models: read, token: read, elsewhere: pull } }
  - { name: c, scope: { project: vision, domain: production }, access: { models: read-write } }
registries: [{ name: theirs, aws: 444455556666.dkr.ecr.us-west-2.amazonaws.com/team/theirs }]
";

#[tokio::test]
async fn throttling_errors_and_dropped_connections_are_got_through() {
    let text = manifest(GRANTS);
    for seed in 1..=5 {
        let knobs = format!("throttle=0.1,errors=0.1,drop=0.1,seed={seed}");
        let world = World::with(&text, &knobs).await;
        world.converge(&text).await;
        let report = world.revoke_all(&text).await.expect("revoked");
        assert!(report.is_success(), "seed {seed}: {report:#?}");
    }
}

#[tokio::test]
async fn a_new_role_is_no_principal_yet() {
    let text = manifest(GRANTS);
    let world = World::with(&text, "replication=600ms").await;
    let report = world.converge(&text).await;
    assert!(
        report.elapsed.as_millis() >= 600,
        "the repository's statement had to wait for the role: {:?}",
        report.elapsed
    );
}

#[tokio::test]
async fn answers_that_are_cut_or_not_aws_s_are_never_believed() {
    let text = manifest(GRANTS);
    let world = async |knobs: &str| {
        let world = World::with(&text, knobs).await;
        let error = refused(world.plan(&text).await);
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{}", said(&error));
    };
    tokio::join!(world("cut=1"), world("garbage=1"));
}

#[tokio::test]
async fn a_request_that_hangs_is_sent_again_after_its_timeout() {
    let text = manifest(GRANTS).replace("  region: us-west-2", "  region: us-west-2\n  request_timeout: 0.3");
    let world = World::with(&text, "hang=0.08,late=0.05,lateness=400ms,seed=4").await;
    world.converge(&text).await;
    let error = refused(world.plan(&text.replace("request_timeout: 0.3", "request_timeout: 0")).await);
    assert!(said(&error).contains("seconds above 0"), "{}", said(&error));
}
