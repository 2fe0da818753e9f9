//! What passes is waited out.

use crate::world::{World, manifest};

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
