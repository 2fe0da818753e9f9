//! What is somebody else's stays as it is.

use cloudgrant_core::{ErrorKind, Level};

use crate::world::{Runs, World, assert_same, manifest, policy_arn, refused, said};

const GRANTS: &str = "
grants:
  - { name: a, scope: global, access: { data: read } }
  - { name: b, scope: { domain: production }, access: { models: read, token: read, elsewhere: pull } }
registries: [{ name: theirs, aws: 444455556666.dkr.ecr.us-west-2.amazonaws.com/team/elsewhere }]
";

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

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
    let name = "cloudgrant_tests_production";
    world.iam().create_role().role_name(name).assume_role_policy_document(TRUST).send().await.expect("somebody's role");
    let before = world.everything();
    let error = refused(world.plan(&text).await);
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(said(&error).contains(name), "{}", said(&error));
    assert_same(&before, &world.everything());
}

#[tokio::test]
async fn what_others_attached_to_our_role_is_drift_and_kept() {
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    world.converge(&text).await;
    let role = "cloudgrant_tests_production";
    let theirs = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
    world.iam().attach_role_policy().role_name(role).policy_arn(theirs).send().await.expect("attached");
    world.iam().tag_role().role_name(role).tags(tag("team", "ml")).send().await.expect("tagged");
    let plan = world.plan(&text).await.expect("a plan");
    assert!(plan.is_empty(), "{:#?}", plan.changes);
    let [widening] = plan.widened.as_slice() else { panic!("{:#?}", plan.widened) };
    assert_eq!(widening.object.to_string(), format!("iam-role {role}"));
    assert_eq!(widening.what, "has the policy AmazonS3ReadOnlyAccess, which this stack did not give it");
    assert_eq!(widening.remedy, format!("aws iam detach-role-policy --role-name {role} --policy-arn {theirs}"));
    assert!(plan.has_drift());
    // Not even when everything is revoked: then it is in the way, and said so.
    let error = refused(world.revoke_all(&text).await);
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(said(&error).contains("AmazonS3ReadOnlyAccess"), "{}", said(&error));
    assert!(world.attached(role).await.contains(&"AmazonS3ReadOnlyAccess".to_owned()));
}

#[tokio::test]
async fn whatever_widens_what_is_ours_is_drift_and_a_denial_is_not() {
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    world.converge(&text).await;
    let (iam, role) = (world.iam(), "cloudgrant_tests_production");
    let document = |effect: &str| {
        format!(r#"{{"Version":"2012-10-17","Statement":{{"Effect":"{effect}","Action":"*","Resource":"*"}}}}"#)
    };
    for (name, effect) in [("admin", "Allow"), ("quarantine", "Deny")] {
        let request = iam.put_role_policy().role_name(role).policy_name(name).policy_document(document(effect));
        request.send().await.expect("an inline policy");
    }
    let listed = iam.list_attached_role_policies().role_name(role).send().await.expect("policies");
    let ours = listed
        .attached_policies()
        .iter()
        .filter_map(|policy| policy.policy_arn())
        .find(|arn| arn.contains(":policy/cloudgrant/"));
    let ours = ours.expect("a policy of ours").to_owned();
    let theirs = iam.create_role().role_name("theirs").assume_role_policy_document(TRUST).send().await;
    theirs.expect("a role");
    iam.attach_role_policy().role_name("theirs").policy_arn(&ours).send().await.expect("attached");
    let plan = world.plan(&text).await.expect("a plan");
    let told: Vec<_> = plan.widened.iter().map(|widening| format!("{} {}", widening.object, widening.what)).collect();
    let policy = ours.rsplit('/').next().unwrap_or_default();
    assert_eq!(
        told,
        [
            format!("iam-policy {policy} is attached to role theirs, which this stack did not do"),
            format!("iam-role {role} has the inline policy admin, which this stack did not give it"),
        ]
    );
    let denies = plan.notes.iter().filter(|note| note.message.contains("quarantine"));
    assert_eq!(denies.map(|note| note.level).collect::<Vec<_>>(), [Level::Info]);
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
    assert!(plan.is_empty() && plan.has_drift(), "{:#?}", plan.changes);
    assert!(plan.widened.iter().any(|widening| widening.what.contains(role)), "{:#?}", plan.widened);
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
