//! IAM's limits: packed for, pruned for, or refused at plan time with the figure.

use std::fmt::Write;

use cloudgrant_core::ErrorKind;

use crate::world::{Runs, World, assert_same, manifest, policy_arn, refused, said};

/// A manifest with many buckets, all granted in one scope.
fn many(buckets: usize, scope: &str) -> String {
    let mut resources = String::from("resources:\n");
    let mut access = String::new();
    for i in 0..buckets {
        writeln!(resources, "  bucket-{i}: {{ aws: s3://acme-bucket-with-a-rather-long-name-{i}/prefix/ }}")
            .expect("text");
        write!(access, "bucket-{i}: read-write, ").expect("text");
    }
    manifest(&format!("grants: [{{ name: many, scope: {scope}, access: {{ {access} }} }}]"))
        .replace("resources:\n", &resources)
}

#[tokio::test]
async fn documents_beyond_the_limit_are_split() {
    let text = many(40, "{ domain: production }");
    let world = World::new(&text).await;
    world.converge(&text).await;
    let attached = world.attached("cloudgrant_tests_production").await;
    assert!(attached.contains(&"cloudgrant_tests_production+2".to_owned()), "{attached:?}");
    let mut all = String::new();
    for name in attached.iter().filter(|name| name.starts_with("cloudgrant")) {
        let document = world.document(name).await.to_string();
        assert!(document.len() <= 6_144, "{name} has {} characters", document.len());
        all.push_str(&document);
    }
    for i in 0..40 {
        assert!(all.contains(&format!("arn:aws:s3:::acme-bucket-with-a-rather-long-name-{i}/prefix/*")), "bucket {i}");
    }
    // Fewer are needed: the surplus goes.
    let fewer = many(2, "{ domain: production }");
    world.converge(&fewer).await;
    assert_eq!(world.attached("cloudgrant_tests_production").await, ["cloudgrant_tests_production", "userflyterole"]);
}

#[tokio::test]
async fn a_trust_policy_over_its_quota_is_refused_with_the_figure() {
    let projects: Vec<_> = (0..60).map(|i| format!("project-{i}")).collect();
    let text = manifest("grants: [{ name: mine, scope: { domain: production }, access: { data: read } }]")
        .replace("[forecasting, vision]", &format!("[{}]", projects.join(", ")));
    let mut world = World::new(&text).await;
    let before = world.everything();
    let error = refused(world.plan(&text).await);
    assert_eq!(error.kind(), ErrorKind::Quota);
    assert!(
        said(&error).contains("2048 allowed")
            && said(&error).contains("trust policy of role cloudgrant_tests_production"),
        "{}",
        said(&error)
    );
    assert!(error.hint_text().is_some_and(|hint| hint.contains("Service Quotas")));
    assert_same(&before, &world.everything());
    // The quota is read live: raised, it fits.
    world.restart(&text, "quota.AssumeRolePolicySizeQuota=4096").await;
    world.converge(&text).await;
}

#[tokio::test]
async fn attachments_over_the_quota_are_refused_with_the_figure() {
    let text = many(300, "global");
    let mut world = World::new(&text).await;
    let error = refused(world.plan(&text).await);
    assert_eq!(error.kind(), ErrorKind::Quota);
    assert!(
        said(&error).contains("attached to role acme-userflyterole") && said(&error).contains("10 allowed"),
        "{}",
        said(&error)
    );
    world.restart(&text, "quota.AttachedPoliciesPerRoleQuota=25").await;
    world.converge(&text).await;
}

#[tokio::test]
async fn versions_are_pruned_before_the_sixth() {
    let grant =
        |access: &str| manifest(&format!("grants: [{{ name: mine, scope: global, access: {{ models: {access} }} }}]"));
    let world = World::new(&grant("read")).await;
    for access in ["read", "write", "read-write", "manage", "list", "read", "write", "read-write"] {
        world.converge(&grant(access)).await;
    }
    let arn = policy_arn("cloudgrant_tests_global");
    let versions = world.iam().list_policy_versions().policy_arn(&arn).send().await.expect("versions");
    assert_eq!(versions.versions().len(), 5);
    let default = versions.versions().iter().find(|version| version.is_default_version).expect("one");
    assert_eq!(default.version_id(), Some("v8"));
    let report = world.revoke_all(&grant("read")).await.expect("revoked");
    assert!(report.is_success(), "{report:#?}");
}

/// Grants of one scope on so many buckets each.
fn grants(buckets: &[usize]) -> String {
    let (mut resources, mut grants) = (String::from("resources:\n"), String::from("grants:\n"));
    for (grant, count) in buckets.iter().enumerate() {
        let mut access = String::new();
        for n in 0..*count {
            let name = format!("bucket-{grant}-{n}");
            writeln!(resources, "  {name}: {{ aws: s3://acme-{name}-with-a-long-name }}").expect("text");
            write!(access, "{name}: read, ").expect("text");
        }
        writeln!(grants, "- {{ name: grant-{grant}, scope: {{ domain: production }}, access: {{ {access} }} }}")
            .expect("text");
    }
    manifest(&grants).replace("resources:\n", &resources)
}

#[tokio::test]
async fn what_has_to_move_is_there_before_it_goes() {
    let (before, after) = (grants(&[32, 22, 20]), grants(&[32, 42, 20]));
    let world = World::new(&after).await;
    world.converge(&before).await;
    // The second has grown: a part of it has to move into the other policy. The rest stays where it is.
    let plan = world.plan(&after).await.expect("a plan");
    let changes: Vec<_> = plan.work().collect();
    let names: Vec<_> = changes.iter().map(|change| change.id.name.as_str()).collect();
    assert_eq!(names, ["cloudgrant_tests_production+2", "cloudgrant_tests_production"], "{names:?}");
    let waits: Vec<_> = changes[1].depends_on.iter().map(ToString::to_string).collect();
    assert!(
        waits.contains(&"iam-role-attachment cloudgrant_tests_production/cloudgrant_tests_production+2".to_owned()),
        "{waits:?}"
    );
    let report = world.converge(&after).await;
    assert_eq!((report.summary().create, report.summary().update, report.summary().delete), (0, 2, 0));
    // And back again: nothing has to move, so that one policy changes where it is.
    let report = world.converge(&grants(&[32, 41, 20])).await;
    assert!(report.summary().create + report.summary().delete == 0, "{:?}", report.summary());
}
