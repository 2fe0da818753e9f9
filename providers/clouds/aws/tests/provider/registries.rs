//! Registries: requirements 11 and 30 to 34.

use cloudgrant_core::Action;
use serde_json::{Value, json};

use crate::world::{Runs, World, assert_same, manifest, refused, said};

const THEIRS: &str = "registries: [{ name: theirs, aws: 444455556666.dkr.ecr.us-west-2.amazonaws.com/team/theirs }]";

async fn policy(world: &World) -> Value {
    let answer = world.ecr("444455556666").get_repository_policy().repository_name("team/theirs").send().await;
    serde_json::from_str(answer.expect("a policy").policy_text().expect("text")).expect("JSON")
}

#[tokio::test]
async fn requirement_11_nothing_to_do_in_the_own_account() {
    let text = manifest("registries: [{ name: own, aws: 111122223333.dkr.ecr.us-west-2.amazonaws.com/own }]");
    let world = World::new(&text).await;
    let plan = world.plan(&text).await.expect("a plan");
    assert!(plan.changes.is_empty(), "{:#?}", plan.changes);
    assert!(plan.notes.iter().any(|note| note.about == "registry own" && note.message.contains("nothing to do")));
}

#[tokio::test]
async fn requirements_30_to_33_one_statement_and_all_others_stay() {
    let text = manifest(THEIRS);
    let world = World::new(&text).await;
    let before = policy(&world).await;
    world.converge(&text).await;
    let after = policy(&world).await;
    let statements = after["Statement"].as_array().expect("statements");
    assert_eq!(statements.len(), 2, "{after}");
    assert_eq!(statements[0], before["Statement"][0], "the one made by hand");
    let ours = &statements[1];
    assert!(ours["Sid"].as_str().is_some_and(|sid| sid.starts_with("AllowPull")), "{ours}");
    assert_eq!(
        ours["Principal"],
        json!({"AWS": ["arn:aws:iam::111122223333:role/unionai-acme-flyteworker-node-group"]})
    );
    assert_eq!(
        ours["Action"],
        json!(["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"])
    );
    assert_eq!(ours.as_object().map(serde_json::Map::len), Some(4), "{ours}");
    // Taken out of the manifest, it is found by its mark and goes; the other stays.
    world.converge(&manifest("")).await;
    assert_eq!(policy(&world).await, before);
}

#[tokio::test]
async fn requirement_34_without_credentials_it_is_handed_off() {
    let text = manifest(THEIRS);
    let world = World::new(&text).await;
    let before = world.everything();
    let without =
        text.replace(r#"{ "444455556666": { assume_role: "arn:aws:iam::444455556666:role/registry-admin" } }"#, "{}");
    let report = world.converge(&without).await;
    assert_eq!(report.handoffs.len(), 1);
    let handoff = report.handoffs[0].handoff.as_ref().expect("a handoff");
    assert_eq!(report.handoffs[0].action, Action::Handoff);
    for needed in [
        "444455556666",
        "team/theirs",
        "us-west-2",
        "ecr:BatchGetImage",
        "arn:aws:iam::111122223333:role/unionai-acme-flyteworker-node-group",
        "set-repository-policy",
        // Another step may be for the same policy.
        "unless other steps of the plan are for it too",
    ] {
        assert!(handoff.document.contains(needed), "{needed} in {}", handoff.document);
    }
    assert_same(&before, &world.everything());
}

#[tokio::test]
async fn a_repository_that_is_not_there() {
    let text = manifest(THEIRS);
    let world = World::new(&text).await;
    world
        .ecr("444455556666")
        .delete_repository()
        .repository_name("team/theirs")
        .force(true)
        .send()
        .await
        .expect("deleted");
    let error = refused(world.plan(&text).await);
    assert!(said(&error).contains("team/theirs") && said(&error).contains("create the repository"), "{}", said(&error));
}

#[tokio::test]
async fn task_code_may_pull_from_another_account() {
    let text = manifest("grants: [{ name: pulls, scope: { domain: production }, access: { elsewhere: pull } }]");
    let world = World::new(&text).await;
    world.converge(&text).await;
    let answer = world.ecr("444455556666").get_repository_policy().repository_name("team/elsewhere").send().await;
    let policy = answer.expect("a policy").policy_text.expect("text");
    assert!(policy.contains("arn:aws:iam::111122223333:role/cloudgrant/tests/cloudgrant_tests_production"), "{policy}");
    let document = world.document("cloudgrant_tests_production").await.to_string();
    assert!(document.contains("arn:aws:ecr:us-west-2:444455556666:repository/team/elsewhere"), "{document}");
}

#[tokio::test]
async fn pushing_is_for_task_code() {
    let text = manifest(&THEIRS.replace("name: theirs,", "name: theirs, access: push,"));
    let world = World::new(&manifest("")).await;
    let error = refused(world.plan(&text).await);
    assert!(error.kind().is_usage() && said(&error).contains("no access level `push`"), "{}", said(&error));
}

#[tokio::test]
async fn a_repository_behind_a_pull_through_cache_takes_more() {
    let text = manifest(
        "registries: [{ name: own, aws: 111122223333.dkr.ecr.us-west-2.amazonaws.com/docker-hub/library/nginx }]",
    );
    let mut world = World::new(&text).await;
    let told = async |world: &World| {
        let plan = world.plan(&text).await.expect("a plan");
        assert!(plan.changes.is_empty(), "{:#?}", plan.changes);
        plan.notes.iter().find(|note| note.about == "registry own").expect("a note").message.clone()
    };
    assert!(told(&world).await.contains("nothing to do"));
    let rule = world.ecr("111122223333").create_pull_through_cache_rule().ecr_repository_prefix("docker-hub");
    rule.upstream_registry_url("registry-1.docker.io").send().await.expect("made");
    // It is a step for somebody else, and nothing that a plan passes over.
    let plan = world.plan(&text).await.expect("a plan");
    assert_eq!(plan.summary().handoff, 1, "{:#?}", plan.changes);
    assert!(!plan.notes.iter().any(|note| note.message.contains("nothing to do")), "{:#?}", plan.notes);
    let step = plan.changes[0].handoff.as_ref().expect("a handoff");
    assert!(step.task.contains("rule `docker-hub`") && step.to.contains("account 111122223333"), "{step:#?}");
    let arn = "arn:aws:ecr:us-west-2:111122223333:repository/docker-hub/library/nginx";
    for part in ["ecr:BatchImportUpstreamImage", "ecr:CreateRepository", "unionai-acme-flyteworker-node-group", arn] {
        assert!(step.document.contains(part), "{part} in {}", step.document);
    }
    world.restart(&text, "deny=ecr:DescribePullThroughCacheRules").await;
    let message = told(&world).await;
    assert!(message.contains("couldn't be read") && !message.contains("nothing to do"), "{message}");
}

#[tokio::test]
async fn repositories_that_are_too_many_to_search_are_told_once_an_account() {
    let text = manifest(THEIRS);
    let world = World::new(&text).await;
    let about = "account 444455556666";
    let told = async || {
        let plan = world.plan(&text).await.expect("a plan");
        let notes = plan.notes.into_iter().filter(|note| note.about == about);
        notes.map(|note| note.message).collect::<Vec<_>>()
    };
    world.converge(&text).await;
    assert!(told().await.is_empty());
    for at in 0..120 {
        let ecr = world.ecr("444455556666");
        ecr.create_repository().repository_name(format!("many/{at}")).send().await.expect("made");
    }
    let notes = told().await;
    // The one that the manifest names is looked at in any case.
    assert!(notes.len() == 1 && notes[0].contains(" of its repositories were not searched"), "{notes:#?}");
    // Whoever takes everything away has all searched.
    let session = world.session(&text).await.expect("a session");
    let plan = session.engine_without(None).expect("an engine").plan(&cloudgrant_core::Silent).await.expect("a plan");
    assert!(!plan.notes.iter().any(|note| note.about == about), "{:#?}", plan.notes);
}

#[tokio::test]
async fn a_new_role_is_waited_for_in_older_words_as_well() {
    let text = manifest("grants: [{ name: pulls, scope: { domain: production }, access: { elsewhere: pull } }]");
    let world = World::with(&text, "replication=400ms,wording=older").await;
    world.converge(&text).await;
}

#[tokio::test]
async fn a_dead_principal_of_others_is_named() {
    for knobs in ["", "wording=older"] {
        names_a_dead_principal_of_others(knobs).await;
    }
}

async fn names_a_dead_principal_of_others(knobs: &str) {
    let text = manifest("grants: [{ name: pulls, scope: { domain: production }, access: { elsewhere: pull } }]");
    let world = World::with(&text, knobs).await;
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    world.iam().create_role().role_name("gone").assume_role_policy_document(trust).send().await.expect("made");
    let theirs = json!({"Version": "2012-10-17", "Statement": [{
        "Sid": "Theirs", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/gone"}, "Action": "ecr:BatchGetImage",
    }]});
    let set = world.ecr("444455556666").set_repository_policy().repository_name("team/elsewhere");
    set.policy_text(theirs.to_string()).send().await.expect("set");
    world.iam().delete_role().role_name("gone").send().await.expect("deleted");
    let answer = world.ecr("444455556666").get_repository_policy().repository_name("team/elsewhere").send().await;
    let before = answer.expect("a policy").policy_text.expect("text");
    assert!(before.contains("\"AROA"), "AWS shows the id of who is gone: {before}");
    let report = world.apply(&text).await.expect("a report");
    let error = &report.failed[0].error;
    assert_eq!(error.kind(), cloudgrant_core::ErrorKind::Conflict, "{}", said(error));
    assert!(said(error).contains("its statement `Theirs`"), "{}", said(error));
    let answer = world.ecr("444455556666").get_repository_policy().repository_name("team/elsewhere").send().await;
    assert_eq!(answer.expect("a policy").policy_text, Some(before), "{knobs}");
}

#[tokio::test]
async fn names_that_come_near_each_other_each_have_their_statement() {
    let tail = "
grants:
  - { name: a, scope: { domain: production }, access: { b-c: pull } }
  - { name: a-b, scope: { domain: production }, access: { c: pull } }
registries:
  - { name: stage-1, aws: 444455556666.dkr.ecr.us-west-2.amazonaws.com/team/elsewhere }
  - { name: stage1, aws: 444455556666.dkr.ecr.us-west-2.amazonaws.com/team/elsewhere }
";
    let resource = "{ aws: \"444455556666.dkr.ecr.us-west-2.amazonaws.com/team/elsewhere\" }";
    let text = manifest(tail).replace("resources:\n", &format!("resources:\n  b-c: {resource}\n  c: {resource}\n"));
    let world = World::new(&text).await;
    world.converge(&text).await;
    let answer = world.ecr("444455556666").get_repository_policy().repository_name("team/elsewhere").send().await;
    let policy: Value = serde_json::from_str(answer.expect("a policy").policy_text().expect("text")).expect("JSON");
    assert_eq!(policy["Statement"].as_array().map(Vec::len), Some(5), "{policy:#}");
}
