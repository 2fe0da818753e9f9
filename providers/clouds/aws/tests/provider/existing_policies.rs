//! Existing policies in place of listed actions (`aws.policies`): judged as such a list is, attached and detached, and never changed.

use std::collections::BTreeSet;

use cloudgrant_core::{Action, Level, Plan, Silent};
use serde_json::json;

use crate::buckets::drift;
use crate::sharing::revoke;
use crate::world::{HEAD, Runs, World, refused, said};

const STREAM: &str = "arn:aws:kinesis:us-west-2:111122223333:stream/events";
const READER: &str = "arn:aws:iam::111122223333:policy/data/events-reader";
const TASK_ROLE: &str = "acme-userflyterole";
const PRODUCTION: &str = "cloudgrant_tests_production";

/// A manifest in which a stream is read by an existing policy.
fn granting(policy: &str, grants: &str) -> String {
    let head = HEAD.replace("resources:\n", &format!("resources:\n  events: {{ aws: \"{STREAM}\" }}\n"));
    let section = format!("  home: account\n  policies: {{ events: {{ read: \"{policy}\" }} }}\n");
    format!("{}grants:\n{grants}", head.replace("  home: account\n", &section))
}

const GLOBAL: &str = "- { name: all, scope: global, access: { events: read } }\n";
const DOMAIN: &str = "- { name: production, scope: { domain: production }, access: { events: read } }\n";

fn document(action: &str, resource: &str) -> String {
    let statement = json!({ "Sid": "Events", "Effect": "Allow", "Action": action, "Resource": resource });
    json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
}

/// Somebody else makes a policy below `/data/`.
async fn make(world: &World, name: &str, document: &str) {
    let request = world.iam().create_policy().policy_name(name).path("/data/").policy_document(document);
    request.send().await.expect("a policy");
}

/// Somebody else changes it.
async fn change(world: &World, arn: &str, document: &str) {
    let request = world.iam().create_policy_version().policy_arn(arn).policy_document(document).set_as_default(true);
    request.send().await.expect("a version");
}

async fn with_reader(text: &str) -> World {
    let world = World::new(text).await;
    make(&world, "events-reader", &document("kinesis:GetRecords", STREAM)).await;
    world
}

fn work(plan: &Plan) -> Vec<(Action, String)> {
    plan.work().map(|change| (change.action, change.id.to_string())).collect()
}

async fn is_there(world: &World, arn: &str) -> bool {
    world.iam().get_policy().policy_arn(arn).send().await.is_ok()
}

#[tokio::test]
async fn an_existing_policy_is_attached_to_the_scopes_role_and_detached_again() {
    let text = granting(READER, &[GLOBAL, DOMAIN].concat());
    let world = with_reader(&text).await;
    let before = world.document_of(READER).await;
    world.converge(&text).await;
    for role in [TASK_ROLE, PRODUCTION] {
        assert!(world.attached(role).await.contains(&"events-reader".to_owned()), "{role}");
    }
    let plan = world.plan(&text).await.expect("a plan");
    assert!(plan.is_empty(), "{:?}", work(&plan));
    let stacks = world.session(&text).await.expect("a session").provider().stacks().await.expect("stacks");
    let owned: BTreeSet<_> = stacks.found.iter().flat_map(|stack| &stack.objects).map(ToString::to_string).collect();
    for role in [TASK_ROLE, PRODUCTION] {
        assert!(owned.contains(&format!("iam-role-attachment {role}/events-reader")), "{owned:?}");
    }
    // What the domain isn't granted any more, it still has by the wider scope.
    let fewer = granting(READER, GLOBAL);
    world.converge(&fewer).await;
    assert!(world.attached(TASK_ROLE).await.contains(&"events-reader".to_owned()));
    let report = world.revoke_all(&fewer).await.expect("revoked");
    assert!(report.is_success(), "{report:#?}");
    assert!(!world.attached(TASK_ROLE).await.contains(&"events-reader".to_owned()));
    // The policy is as it was, and nothing of the stack's is left.
    assert_eq!(world.document_of(READER).await, before);
    let tags = world.iam().list_policy_tags().policy_arn(READER).send().await.expect("tags");
    assert!(tags.tags().is_empty(), "{tags:?}");
    let all = world.iam().list_policies().path_prefix("/cloudgrant/").send().await.expect("policies");
    assert!(all.policies().is_empty(), "{:?}", all.policies());
}

#[tokio::test]
async fn another_policy_takes_the_place_of_the_first_which_is_detached() {
    let text = granting(READER, &[GLOBAL, DOMAIN].concat());
    let world = with_reader(&text).await;
    let other = "arn:aws:iam::111122223333:policy/data/events-other";
    make(&world, "events-other", &document("kinesis:ListShards", STREAM)).await;
    world.converge(&text).await;
    let other_text = granting(other, &[GLOBAL, DOMAIN].concat());
    world.converge(&other_text).await;
    for role in [TASK_ROLE, PRODUCTION] {
        let attached = world.attached(role).await;
        assert!(attached.contains(&"events-other".to_owned()), "{role}: {attached:?}");
        assert!(!attached.contains(&"events-reader".to_owned()), "{role}: {attached:?}");
    }
    assert!(world.plan(&other_text).await.expect("a plan").is_empty());
    assert!(is_there(&world, READER).await);
}

#[tokio::test]
async fn one_grant_of_several_is_revoked_and_the_rest_keeps_its_policy() {
    let both = "- { name: more, scope: { domain: production }, access: { data: read } }\n";
    let text = granting(READER, &[DOMAIN, both].concat());
    let world = with_reader(&text).await;
    world.converge(&text).await;
    revoke(&world, &text, &["production"]).await;
    let attached = world.attached(PRODUCTION).await;
    assert!(!attached.contains(&"events-reader".to_owned()), "{attached:?}");
    assert!(attached.iter().any(|name| name.starts_with("cloudgrant_tests")), "{attached:?}");
    assert!(is_there(&world, READER).await);
    // The other way round, whatever the policy has become meanwhile.
    let world = with_reader(&text).await;
    world.converge(&text).await;
    change(&world, READER, &document("kinesis:*", "*")).await;
    revoke(&world, &text, &["more"]).await;
    assert!(world.attached(PRODUCTION).await.contains(&"events-reader".to_owned()));
}

#[tokio::test]
async fn a_policy_that_allows_more_than_its_grant_gives_is_refused_at_its_place() {
    let text = granting(READER, GLOBAL);
    for (document, part) in [
        (document("kinesis:*", STREAM), "has a wildcard"),
        (document("kinesis:GetRecords", "*"), "reaches `*`"),
        (document("iam:PassRole", STREAM), "is no action of kinesis"),
        (document("kinesis:PutResourcePolicy", STREAM), "manages who has access"),
        (document("kinesis:GetRecords", "arn:aws:kinesis:us-west-2:111122223333:stream/events*"), "reaches `"),
    ] {
        let world = World::new(&text).await;
        make(&world, "events-reader", &document).await;
        let error = refused(world.plan(&text).await);
        let said = said(&error);
        assert!(error.kind().is_usage() && said.contains("aws.policies.events.read"), "{said}");
        assert!(said.contains(part) && said.contains("statement Events"), "{said}");
        assert!(!world.attached(TASK_ROLE).await.contains(&"events-reader".to_owned()));
    }
}

/// Of AWS's own, most allow what they allow on everything.
#[tokio::test]
async fn policies_of_aws_are_read_and_judged_alike() {
    for (name, part) in [("AmazonS3ReadOnlyAccess", "reaches `*`"), ("PowerUserAccess", "has `NotAction`")] {
        let text = granting(&format!("arn:aws:iam::aws:policy/{name}"), GLOBAL);
        let world = World::new(&text).await;
        let said = said(&refused(world.plan(&text).await));
        assert!(said.contains(part) && said.contains("aws.policies.events.read"), "{said}");
        let asked = world.running().counts().by_action;
        assert!(asked.contains_key("iam:GetPolicy") && asked.contains_key("iam:GetPolicyVersion"), "{asked:?}");
    }
    for missing in ["arn:aws:iam::aws:policy/NoSuchPolicy", READER] {
        let text = granting(missing, GLOBAL);
        let world = World::new(&text).await;
        assert!(said(&refused(world.plan(&text).await)).contains("it isn't there"), "{missing}");
    }
}

#[tokio::test]
async fn what_can_be_told_without_asking_is_told_before_anything_is_asked() {
    let world = World::new(&granting(READER, GLOBAL)).await;
    let of_stack = "arn:aws:iam::111122223333:policy/cloudgrant/other/x";
    for (policy, part) in [
        ("arn:aws:iam::444455556666:policy/x", "the policy is in account 444455556666"),
        ("arn:aws-cn:iam::111122223333:policy/x", "of the partition aws-cn"),
        ("events-reader", "is not a policy's ARN"),
        ("arn:aws:iam::111122223333:role/x", "is not a policy's ARN"),
        (of_stack, "is one that cloudgrant makes itself"),
    ] {
        let error = refused(world.plan(&granting(policy, GLOBAL)).await);
        assert!(error.kind().is_usage() && said(&error).contains(part), "{policy}: {}", said(&error));
        assert!(said(&error).contains("aws.policies.events.read"), "{}", said(&error));
    }
    for (text, part) in [
        (
            granting(READER, GLOBAL)
                .replace("  policies:", "  actions: { events: { read: ['kinesis:GetRecords'] } }\n  policies:"),
            "lists the actions of `read` on `events` as well",
        ),
        (
            granting(READER, "- { name: all, scope: global, access: { data: read } }\n"),
            "no grant gives `read` on `events`",
        ),
        (granting(READER, GLOBAL).replace(STREAM, "s3://acme-events"), "whose levels say what they allow"),
        (
            granting(READER, GLOBAL).replace(STREAM, &STREAM.replace("111122223333", "444455556666")),
            "that account would have to agree",
        ),
    ] {
        let error = refused(world.plan(&text).await);
        assert!(error.kind().is_usage() && said(&error).contains(part), "{part}: {}", said(&error));
    }
    assert_eq!(world.running().counts().total, 0, "refused before anything was called");
}

#[tokio::test]
async fn what_somebody_detached_or_changed_since_is_told() {
    let text = granting(READER, &[GLOBAL, DOMAIN].concat());
    let world = with_reader(&text).await;
    world.converge(&text).await;
    for role in [TASK_ROLE, PRODUCTION] {
        world.iam().detach_role_policy().role_name(role).policy_arn(READER).send().await.expect("detached");
    }
    let plan = world.plan(&text).await.expect("a plan");
    let attachments = [TASK_ROLE, PRODUCTION].map(|role| format!("iam-role-attachment {role}/events-reader"));
    let mut expected = attachments.map(|id| (Action::Create, id)).to_vec();
    expected.sort_by(|a, b| a.1.cmp(&b.1));
    let mut found = work(&plan);
    found.sort_by(|a, b| a.1.cmp(&b.1));
    assert_eq!(found, expected);
    world.converge(&text).await;
    // Another document that is fine: the marks say what was agreed to.
    change(&world, READER, &document("kinesis:ListShards", STREAM)).await;
    let plan = world.plan(&text).await.expect("a plan");
    let found = work(&plan);
    assert!(
        !found.is_empty()
            && found.iter().all(|(action, id)| *action == Action::Update && id.contains("_place.attached.")),
        "{found:?}"
    );
    let told = "it newly allows kinesis:listshards, and kinesis:getrecords no more";
    assert!(
        plan.notes.iter().any(|note| note.level == Level::Warning && note.message.contains(told)),
        "{:?}",
        plan.notes
    );
    // Its owner changed it, and no mark gives anybody anything.
    assert!(drift(&world, &text).await.widened.is_empty());
    world.converge(&text).await;
    let plan = world.plan(&text).await.expect("a plan");
    assert!(
        plan.is_empty() && !plan.notes.iter().any(|note| note.message.contains("newly allows")),
        "{:?}",
        plan.notes
    );
    // And one that is not.
    change(&world, READER, &document("kinesis:*", "*")).await;
    let said = said(&refused(world.plan(&text).await));
    assert!(said.contains("aws.policies.events.read"), "{said}");
    let session = world.session(&text).await.expect("a session");
    let widened = session.engine().only_looking().plan(&Silent).await.expect("what differs").widened;
    assert!(!widened.is_empty() && widened.iter().all(|it| !it.what.contains("the manifest does not")), "{widened:?}");
    assert!(widened.iter().any(|it| it.what.contains("`aws.policies` names")), "{widened:?}");
}

/// Each has a mark of its own, and the last one to go detaches it.
#[tokio::test]
async fn two_stacks_with_one_policy_on_the_task_role_take_nothing_from_each_other() {
    let one = granting(READER, GLOBAL);
    let two = one.replace("stack: tests", "stack: others");
    assert_ne!(one, two);
    let world = with_reader(&one).await;
    world.converge(&one).await;
    let plan = world.plan(&two).await.expect("a plan");
    assert!(work(&plan).iter().any(|(_, id)| id.contains("_place.attached.")), "{:?}", work(&plan));
    world.converge(&two).await;
    let (report, rest) = (world.revoke_all(&one).await.expect("revoked"), world.plan(&two).await.expect("a plan"));
    assert!(report.is_success() && rest.is_empty(), "{report:#?} {:?}", work(&rest));
    assert!(world.attached(TASK_ROLE).await.contains(&"events-reader".to_owned()));
    let report = world.revoke_all(&two).await.expect("revoked");
    assert!(
        report.is_success() && !world.attached(TASK_ROLE).await.contains(&"events-reader".to_owned()),
        "{report:#?}"
    );
    let all = world.iam().list_policies().path_prefix("/cloudgrant/").send().await.expect("policies");
    assert!(all.policies().is_empty(), "{:?}", all.policies());
}

#[tokio::test]
async fn what_somebody_else_attached_to_the_task_role_is_never_detached() {
    let text = granting(READER, GLOBAL);
    let world = with_reader(&text).await;
    world.iam().attach_role_policy().role_name(TASK_ROLE).policy_arn(READER).send().await.expect("attached");
    let plan = world.plan(&text).await.expect("a plan");
    assert!(plan.is_empty(), "{:?}", work(&plan));
    let is_told =
        plan.notes.iter().any(|note| note.message.contains("somebody else attached") && note.message.contains(READER));
    assert!(is_told, "{:?}", plan.notes);
    let report = world.revoke_all(&text).await.expect("revoked");
    assert!(report.is_success(), "{report:#?}");
    assert!(world.attached(TASK_ROLE).await.contains(&"events-reader".to_owned()));
}

/// Without its mark nobody knows whose an attachment is.
#[tokio::test]
async fn an_edited_mark_stays_until_somebody_has_looked() {
    let text = granting(READER, GLOBAL);
    let world = with_reader(&text).await;
    world.converge(&text).await;
    let all = world.iam().list_policies().path_prefix("/cloudgrant/").send().await.expect("policies");
    let mark =
        all.policies().iter().find(|one| one.policy_name().is_some_and(|name| name.contains("_place.attached.")));
    let mark = mark.and_then(|mark| mark.arn()).expect("a mark").to_owned();
    change(&world, &mark, &document("sts:GetCallerIdentity", "*")).await;
    // What is wanted is put back.
    let plan = world.plan(&text).await.expect("a plan");
    assert!(work(&plan).iter().any(|(action, _)| *action == Action::Update), "{:?}", work(&plan));
    // What isn't, stays, and is told.
    let nothing = granting(READER, "- { name: all, scope: global, access: { data: read } }\n");
    let nothing = nothing.replace(&format!("  policies: {{ events: {{ read: \"{READER}\" }} }}\n"), "");
    let report = world.revoke_all(&nothing).await;
    drop(report);
    assert!(is_there(&world, &mark).await);
    assert!(world.attached(TASK_ROLE).await.contains(&"events-reader".to_owned()));
}

/// Anybody can write a mark, and name any role in it: nothing is taken from a role that the manifest doesn't name.
#[tokio::test]
async fn a_mark_of_another_role_than_the_task_role_takes_nothing_away() {
    let text = granting(READER, GLOBAL);
    let world = with_reader(&text).await;
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    world.iam().create_role().role_name("tasks").assume_role_policy_document(trust).send().await.expect("a role");
    world.converge(&text).await;
    let moved = text.replace("  home: account\n", "  home: account\n  task_role: tasks\n");
    world.apply(&moved).await.expect("applied");
    for role in ["tasks", TASK_ROLE] {
        assert!(world.attached(role).await.contains(&"events-reader".to_owned()), "{role}");
    }
    let plan = world.plan(&moved).await.expect("a plan");
    let told =
        plan.stays.iter().any(|stays| stays.reason.contains(TASK_ROLE) && stays.reason.contains("detach-role-policy"));
    assert!(plan.is_empty() && told, "{:?} {:?}", work(&plan), plan.stays);
    // Once somebody has taken it away, the mark goes.
    world.iam().detach_role_policy().role_name(TASK_ROLE).policy_arn(READER).send().await.expect("detached");
    world.converge(&moved).await;
    let plan = world.plan(&moved).await.expect("a plan");
    assert!(plan.is_empty() && plan.stays.is_empty(), "{:?} {:?}", work(&plan), plan.stays);
}

/// On a role of the stack's, what the manifest doesn't name and no mark does is somebody else's, and told.
#[tokio::test]
async fn what_others_attach_to_a_role_of_the_stack_is_still_told() {
    let text = granting(READER, DOMAIN);
    let world = with_reader(&text).await;
    make(&world, "foreign", &document("kinesis:PutRecord", STREAM)).await;
    world.converge(&text).await;
    let foreign = "arn:aws:iam::111122223333:policy/data/foreign";
    world.iam().attach_role_policy().role_name(PRODUCTION).policy_arn(foreign).send().await.expect("attached");
    let plan = drift(&world, &text).await;
    let widened = format!("{:?}", plan.widened);
    assert!(widened.contains("the policy foreign, which this stack did not give it"), "{widened}");
    assert!(!widened.contains("events-reader"), "{widened}");
}
