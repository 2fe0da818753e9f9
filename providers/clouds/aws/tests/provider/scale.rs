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
    // The list of buckets, and how each is encrypted.
    assert!(fresh <= 800 + 8 + 1 + 200, "a fresh apply took {fresh} requests");
    let asked_of_s3 = || {
        let counts = world.running().counts().by_action;
        counts.into_iter().filter(|(action, _)| action.starts_with("s3:")).map(|(_, count)| count).sum::<u64>()
    };
    assert_eq!(asked_of_s3(), 1 + 200, "one list, and one read a new bucket");
    let plan = world.plan(&text).await.expect("a plan");
    assert!(plan.is_empty());
    let after = world.running().counts().total - fresh;
    assert!(after <= 5, "the plan after it took {after} requests");
    assert_eq!(asked_of_s3(), 1 + 200, "a plan with nothing to do asks no bucket");
    let report = world.apply(&text.replacen(": read", ": read-write", 1)).await.expect("applied");
    assert_eq!((report.is_success(), report.summary().update), (true, 1), "{:#?}", report.failed);
    assert_eq!(asked_of_s3(), 1 + 200, "nor does a change to one grant");
    assert!(world.revoke_all(&text).await.expect("revoked").is_success());
    assert_eq!(asked_of_s3(), 1 + 200, "nor does taking all away");
}
