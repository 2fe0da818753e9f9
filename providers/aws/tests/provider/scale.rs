//! 200 project-domain grants: the requests that they may cost.

use std::fmt::Write;

use cloudgrant_core::Action;

use crate::world::{Runs, World, manifest};

#[tokio::test]
async fn two_hundred_grants_take_no_more_requests_than_promised() {
    let (mut projects, mut resources, mut grants) =
        (Vec::new(), String::from("resources:\n"), String::from("grants:\n"));
    for i in 0..200 {
        projects.push(format!("p{i}"));
        writeln!(resources, "  r{i}: {{ aws: s3://acme-data-{i}/in/ }}").expect("text");
        writeln!(
            grants,
            "  - {{ name: g{i}, scope: {{ project: p{i}, domain: production }}, access: {{ r{i}: read }} }}"
        )
        .expect("text");
    }
    let text = manifest(&grants)
        .replace("[forecasting, vision]", &format!("[{}]", projects.join(", ")))
        .replace("resources:\n", &resources)
        .replace(r#"{ "444455556666": { assume_role: "arn:aws:iam::444455556666:role/registry-admin" } }"#, "{}");
    let world = World::new(&text).await;
    let report = world.apply(&text).await.expect("applied");
    assert!(report.is_success(), "{:#?}", report.failed);
    let created = report.applied.iter().filter(|applied| applied.change.action == Action::Create).count();
    assert_eq!(created, 800, "a policy, a role and two attachments each");
    let fresh = world.running().counts().total;
    assert!(fresh <= 800 + 8, "a fresh apply took {fresh} requests");
    let plan = world.plan(&text).await.expect("a plan");
    assert!(plan.is_empty());
    let after = world.running().counts().total - fresh;
    assert!(after <= 5, "the plan after it took {after} requests");
}
