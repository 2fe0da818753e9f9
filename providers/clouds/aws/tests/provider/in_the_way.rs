//! Something of somebody else's in the place of what one grant needs: whoever takes another grant away goes past it.

use aws_sdk_iam::types::Tag;
use cloudgrant_core::{Approval, Cancel, ErrorKind, Plan, Settings, Silent};

use crate::world::{Runs, World, manifest, policy_arn, refused, said};

const GRANTS: &str = "
grants:
  - { name: all, scope: global, access: { data: read } }
  - { name: prod, scope: { domain: production }, access: { models: read, elsewhere: pull } }
  - { name: also, scope: { domain: production }, access: { token: read } }
  - { name: dev, scope: { domain: development }, access: { models: read } }
registries: [{ name: theirs, aws: 444455556666.dkr.ecr.us-west-2.amazonaws.com/team/elsewhere }]
";
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
const ROLE: &str = "cloudgrant_tests_production";

/// Takes grants away, and answers with the plan.
async fn revoke(world: &World, text: &str, grants: &[&str]) -> Plan {
    let grants: Vec<_> = grants.iter().map(|&grant| grant.to_owned()).collect();
    let session = world.session_with(text, Settings::default()).await.expect("a session");
    let engine = session.engine_without(Some(&grants)).expect("they are listed");
    let plan = engine.plan(&Silent).await.unwrap_or_else(|error| panic!("{grants:?}: {error:?}"));
    let report = engine.apply(plan.clone().approve(Approval::InAdvance), &Silent, &Cancel::default()).await;
    let report = report.unwrap_or_else(|error| panic!("{grants:?}: {error:?}"));
    assert!(report.is_success(), "{grants:?}: {report:#?}");
    plan
}

fn told<'a>(plan: &'a Plan, about: &str) -> Vec<&'a str> {
    plan.notes.iter().filter(|note| note.about == about).map(|note| note.message.as_str()).collect()
}

/// Somebody deletes a role of the stack's, and makes one of the same name for something else.
async fn taken_over(world: &World) {
    let iam = world.iam();
    let attached = iam.list_attached_role_policies().role_name(ROLE).send().await.expect("policies");
    for policy in attached.attached_policies() {
        let arn = policy.policy_arn().expect("an ARN");
        iam.detach_role_policy().role_name(ROLE).policy_arn(arn).send().await.expect("detached");
    }
    iam.delete_role().role_name(ROLE).send().await.expect("deleted");
    iam.create_role().role_name(ROLE).assume_role_policy_document(TRUST).send().await.expect("theirs");
    let theirs = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
    iam.attach_role_policy().role_name(ROLE).policy_arn(theirs).send().await.expect("attached");
}

#[tokio::test]
async fn a_role_of_somebody_else_is_in_the_way_of_its_own_grants_alone() {
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    world.converge(&text).await;
    taken_over(&world).await;
    let theirs = async || {
        let role = world.iam().get_role().role_name(ROLE).send().await.expect("theirs").role.expect("a role");
        (role.arn, role.role_id, role.assume_role_policy_document, world.attached(ROLE).await)
    };
    let before = theirs().await;
    let error = refused(world.plan(&text).await);
    let all = said(&error);
    assert!(error.kind() == ErrorKind::Conflict && all.contains("grant prod") && !all.contains("grant dev"), "{all}");
    for other in ["dev", "all"] {
        let plan = revoke(&world, &text, &[other]).await;
        assert!(plan.stays.is_empty() && told(&plan, "grant prod").is_empty(), "{plan:#?}");
        assert!(plan.changes.iter().all(|change| !change.id.name.contains("production")), "{:#?}", plan.changes);
    }
    // One of its own, and both of them.
    for (own, first) in [(&["also"][..], "grant also"), (&["prod", "also"], "grant prod")] {
        let plan = revoke(&world, &text, own).await;
        let expected = format!("iam-role {ROLE} exists, and is not this stack's: it is left as it is");
        assert_eq!(told(&plan, first), [expected], "{:#?}", plan.notes);
        assert_eq!(theirs().await, before, "{own:?}");
    }
    // The rest of it is gone.
    let ours = world.iam().list_policies().path_prefix("/cloudgrant/").send().await.expect("policies");
    assert!(ours.policies().iter().all(|policy| policy.policy_name() != Some(ROLE)), "{ours:?}");
    let statements = world.ecr("444455556666").get_repository_policy().repository_name("team/elsewhere").send().await;
    let statements = statements.ok().and_then(|policy| policy.policy_text).unwrap_or_default();
    assert!(!statements.contains(ROLE), "{statements}");
}

#[tokio::test]
async fn nothing_is_attached_to_a_role_of_somebody_else_that_carries_what_is_revoked() {
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    world.converge(&text).await;
    taken_over(&world).await;
    world.iam().attach_role_policy().role_name(ROLE).policy_arn(policy_arn(ROLE)).send().await.expect("attached");
    let before = world.attached(ROLE).await;
    for grants in [&["dev"][..], &["all"], &["also"]] {
        revoke(&world, &text, grants).await;
        let now = world.attached(ROLE).await;
        assert!(now.iter().all(|name| before.contains(name)), "{grants:?}: {now:?}");
    }
}

#[tokio::test]
async fn a_policy_of_somebody_else_is_in_the_way_of_its_own_grant_alone() {
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    let iam = world.iam();
    let document = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#;
    let theirs = iam.create_policy().policy_name(ROLE).policy_document(document).send().await.expect("a policy");
    let dev = "  - { name: dev, scope: { domain: development }, access: { models: read } }\n";
    let (before, _) = GRANTS.split_once("  - { name: prod").expect("several");
    world.converge(&manifest(&format!("{before}{dev}"))).await;
    let error = refused(world.plan(&text).await);
    assert!(error.kind() == ErrorKind::Conflict && said(&error).contains("grant prod"), "{error:?}");
    let plan = revoke(&world, &text, &["dev"]).await;
    assert!(!plan.is_empty() && plan.stays.is_empty() && told(&plan, "manifest").is_empty(), "{plan:#?}");
    let arn = theirs.policy.and_then(|policy| policy.arn).expect("an ARN");
    let policy = iam.get_policy().policy_arn(arn).send().await.expect("there").policy.expect("a policy");
    assert_eq!(policy.attachment_count, Some(0));
}

/// Its path says that it is the stack's: tags are only what people read.
#[tokio::test]
async fn a_role_of_ours_without_its_tags_is_in_nobody_s_way() {
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    world.converge(&text).await;
    let (iam, tags) = (world.iam(), ["cloudgrant:stack", "cloudgrant:home", "cloudgrant:scope"]);
    let keys = tags.map(str::to_owned).to_vec();
    iam.untag_role().role_name(ROLE).set_tag_keys(Some(keys)).send().await.expect("untagged");
    let tag = Tag::builder().key("x").value("y").build().expect("a tag");
    iam.tag_role().role_name(ROLE).tags(tag).send().await.expect("tagged");
    let plan = revoke(&world, &text, &["dev"]).await;
    assert!(plan.changes.iter().all(|change| !change.id.name.contains("production")), "{:#?}", plan.changes);
    let plan = world.plan(&text).await.expect("a plan");
    assert!(plan.changes.iter().any(|change| change.id.to_string() == format!("iam-role {ROLE}")), "{plan:#?}");
    assert!(world.revoke_all(&text).await.expect("revoked").is_success());
    assert!(iam.get_role().role_name(ROLE).send().await.is_err());
}
