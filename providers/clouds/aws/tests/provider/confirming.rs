//! Handoffs that somebody confirmed, and what became of the roles that they name.

use cloudgrant_core::{Action, Approval, Cancel, Plan, Said, Silent};

use crate::world::{Runs, World, assert_same, manifest};

const NODES: &str = "unionai-acme-flyteworker-node-group";
const CREDENTIALS: &str = r#"{ "444455556666": { assume_role: "arn:aws:iam::444455556666:role/registry-admin" } }"#;

/// A statement for the nodes in the policy of another account's repository, with and without credentials for that account.
fn manifests() -> (String, String) {
    let with =
        manifest("registries: [{ name: theirs, aws: 444455556666.dkr.ecr.us-west-2.amazonaws.com/team/theirs }]");
    (with.replace(CREDENTIALS, "{}"), with)
}

/// Says of the only handoff of a plan that it was done, or that it wasn't.
async fn say(world: &World, text: &str, said: Said) {
    let engine = world.session(text).await.expect("a session").engine();
    let plan = engine.plan(&Silent).await.expect("a plan");
    let asked = plan.changes.iter().find(|change| change.action == Action::Handoff).map(|change| &change.id);
    let id = asked.or(plan.confirmed.first().map(|one| &one.object)).expect("a handoff");
    let confirming = engine.confirming(&plan, id, said).expect("it can be said").expect("it is news");
    let report = engine.confirm(confirming, Approval::InAdvance, &Silent, &Cancel::default()).await;
    assert!(report.expect("a report").is_success());
}

/// How many handoffs are to be done, and how many are.
async fn told(world: &World, text: &str) -> (usize, usize, Plan) {
    let plan = world.plan(text).await.expect("a plan");
    (plan.summary().handoff, plan.confirmed.len(), plan)
}

#[tokio::test]
async fn what_was_confirmed_for_the_nodes_role_is_void_once_that_is_made_anew() {
    let (without, _) = manifests();
    let world = World::new(&without).await;
    let before = world.everything();
    assert_eq!(told(&world, &without).await.0, 1);
    say(&world, &without, Said::Done).await;
    let (open, done, plan) = told(&world, &without).await;
    assert_eq!((open, done), (0, 1), "{plan:#?}");
    assert!(plan.is_empty() && !plan.has_drift());

    // Under its name there is another role. A statement that names a role means the one that there was.
    let iam = world.iam();
    let role = iam.get_role().role_name(NODES).send().await.expect("the role").role.expect("a role");
    for policy in world.attached(NODES).await {
        let all = iam.list_attached_role_policies().role_name(NODES).send().await.expect("a list");
        let arn = all.attached_policies().iter().find(|one| one.policy_name.as_ref() == Some(&policy));
        let arn = arn.and_then(|one| one.policy_arn.clone()).expect("an ARN");
        iam.detach_role_policy().role_name(NODES).policy_arn(arn).send().await.expect("detached");
    }
    let profiles = iam.list_instance_profiles_for_role().role_name(NODES).send().await;
    for profile in profiles.map(|answer| answer.instance_profiles).unwrap_or_default() {
        let name = profile.instance_profile_name;
        let gone = iam.remove_role_from_instance_profile().instance_profile_name(name).role_name(NODES).send().await;
        gone.expect("removed");
    }
    iam.delete_role().role_name(NODES).send().await.expect("deleted");
    let trust = percent_encoding::percent_decode_str(&role.assume_role_policy_document.expect("a document"))
        .decode_utf8()
        .expect("UTF-8")
        .into_owned();
    iam.create_role().role_name(NODES).assume_role_policy_document(trust).send().await.expect("made");
    let (open, done, plan) = told(&world, &without).await;
    assert_eq!((open, done), (1, 0), "{plan:#?}");
    say(&world, &without, Said::Done).await;
    assert_eq!(told(&world, &without).await.1, 1);
    say(&world, &without, Said::NotDone).await;
    let of_policies = |all: Vec<(String, serde_json::Value)>| {
        all.into_iter().filter(|(name, _)| name.contains("polic")).collect::<Vec<_>>()
    };
    assert_same(&of_policies(before), &of_policies(world.everything()));
}

#[tokio::test]
async fn what_cloudgrant_writes_by_itself_from_now_on_is_nobody_s_to_take_back() {
    let (without, with) = manifests();
    let world = World::new(&with).await;
    say(&world, &without, Said::Done).await;
    let (open, done, plan) = told(&world, &with).await;
    assert_eq!((open, done), (0, 0), "{plan:#?}");
    assert!(plan.stays.is_empty(), "{:#?}", plan.stays);
    assert!(plan.changes.last().is_some_and(|change| change.action == Action::Delete), "the mark goes last: {plan:#?}");
    world.converge(&with).await;
    // And back: the statement that the stack wrote can't be seen without credentials, and nobody has confirmed it.
    assert_eq!(told(&world, &without).await.1, 0);
}

#[tokio::test]
async fn what_nothing_wants_any_more_is_asked_back_by_the_name_of_the_statement() {
    let (without, _) = manifests();
    let world = World::new(&without).await;
    let before = world.everything();
    say(&world, &without, Said::Done).await;
    let (open, done, plan) = told(&world, &manifest("")).await;
    assert_eq!((open, done), (1, 0), "{plan:#?}");
    let asked = plan.changes[0].handoff.as_ref().expect("a handoff");
    for needed in ["444455556666", "team/theirs", "us-west-2", "delete-repository-policy", "Sid AllowPull"] {
        assert!(asked.document.contains(needed), "{needed} in {}", asked.document);
    }
    assert_eq!(plan.stays.len(), 1);
    let report = world.revoke_all(&without).await.expect("a report");
    assert!(report.is_success());
    say(&world, &manifest(""), Said::Done).await;
    assert_same(&before, &world.everything());
}
