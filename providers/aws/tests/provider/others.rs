//! What is somebody else's stays as it is.

use cloudgrant_core::{ErrorKind, Level};

use crate::world::{Runs, World, assert_same, manifest, policy_arn, refused, said};

const GRANTS: &str = "
grants:
  - { name: a, scope: global, access: { data: read } }
  - { name: b, scope: { domain: production }, access: { models: read, token: read, elsewhere: pull } }
registries: [{ name: theirs, aws: 444455556666.dkr.ecr.us-west-2.amazonaws.com/team/elsewhere }]
";

#[tokio::test]
async fn revoking_everything_leaves_the_world_as_it_was() {
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    world.plan(&text).await.expect("a plan");
    let before = world.everything();
    world.converge(&text).await;
    assert!(before != world.everything());
    let report = world.revoke_all(&text).await.expect("revoked");
    assert!(report.is_success(), "{report:#?}");
    assert_same(&before, &world.everything());
}

#[tokio::test]
async fn a_role_of_our_name_elsewhere_is_a_conflict() {
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    let name = "cloudgrant_tests_production";
    world.iam().create_role().role_name(name).assume_role_policy_document(trust).send().await.expect("somebody's role");
    let before = world.everything();
    let error = refused(world.plan(&text).await);
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(said(&error).contains(name), "{}", said(&error));
    assert_same(&before, &world.everything());
}

#[tokio::test]
async fn what_others_attached_to_our_role_is_pointed_out_and_kept() {
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    world.converge(&text).await;
    let role = "cloudgrant_tests_production";
    let theirs = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
    world.iam().attach_role_policy().role_name(role).policy_arn(theirs).send().await.expect("attached");
    world.iam().tag_role().role_name(role).tags(tag("team", "ml")).send().await.expect("tagged");
    let plan = world.plan(&text).await.expect("a plan");
    assert!(plan.is_empty(), "{:#?}", plan.changes);
    assert!(
        plan.notes.iter().any(|note| note.level == Level::Warning && note.message.contains("AmazonS3ReadOnlyAccess"))
    );
    // Not even when everything is revoked: then it is in the way, and said so.
    let error = refused(world.revoke_all(&text).await);
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(said(&error).contains("AmazonS3ReadOnlyAccess"), "{}", said(&error));
    assert!(world.attached(role).await.contains(&"AmazonS3ReadOnlyAccess".to_owned()));
}

#[tokio::test]
async fn our_policy_on_somebody_elses_role_keeps_it_from_being_deleted() {
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    world.converge(&text).await;
    let arn = policy_arn("cloudgrant_tests_global");
    let role = "unionai-acme-flyteworker-node-group";
    world.iam().attach_role_policy().role_name(role).policy_arn(&arn).send().await.expect("attached");
    let plan = world.plan(&text).await.expect("a plan");
    assert!(plan.is_empty() && plan.notes.iter().any(|note| note.message.contains(role)), "{:#?}", plan.notes);
    let error = refused(world.revoke_all(&text).await);
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(said(&error).contains(role), "{}", said(&error));
    assert!(world.attached(role).await.contains(&"cloudgrant_tests_global".to_owned()));
}

#[tokio::test]
async fn two_stacks_do_not_see_each_other() {
    let text = manifest(GRANTS);
    let other = text.replace("stack: tests", "stack: tests-too");
    let world = World::new(&text).await;
    world.converge(&text).await;
    world.converge(&other).await;
    assert!(world.plan(&text).await.expect("a plan").is_empty());
    assert!(world.revoke_all(&text).await.expect("revoked").is_success());
    assert!(world.plan(&other).await.expect("a plan").is_empty());
}

fn tag(key: &str, value: &str) -> aws_sdk_iam::types::Tag {
    aws_sdk_iam::types::Tag::builder().key(key).value(value).build().expect("a tag")
}
