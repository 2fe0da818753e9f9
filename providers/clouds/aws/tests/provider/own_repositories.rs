//! Repositories of the data plane's own account that aren't there.

use std::fmt::Write;

use cloudgrant_core::{Level, Note};

use crate::world::{Runs, World, manifest};

const OWN: &str = "111122223333";

async fn delete(world: &World, name: &str) {
    let request = world.ecr(OWN).delete_repository().repository_name(name).force(true);
    request.send().await.expect("deleted");
}

/// Also of what is granted and gives nothing.
async fn told(world: &World, text: &str, about: &str) -> Vec<Note> {
    let plan = world.plan(text).await.expect("a plan");
    let all = plan.notes.into_iter().chain(plan.broken.into_iter().map(|one| one.note));
    all.filter(|note| note.about == about).collect()
}

#[tokio::test]
async fn a_registry_that_is_not_there_is_said() {
    let text = manifest("registries: [{ name: own, aws: 111122223333.dkr.ecr.us-west-2.amazonaws.com/team/tpyo }]");
    let mut world = World::new(&text).await;
    let note = async |world: &World| told(world, &text, "registry own").await.remove(0);
    assert_eq!(note(&world).await.level, Level::Info);
    delete(&world, "team/tpyo").await;
    let missing = note(&world).await;
    assert_eq!(missing.level, Level::Warning, "{}", missing.message);
    for part in ["no repository team/tpyo", OWN, "us-west-2", "aws ecr create-repository"] {
        assert!(missing.message.contains(part), "{part} in {}", missing.message);
    }
    assert!(!missing.message.contains("nothing to do"), "{}", missing.message);
    // A rule makes it with the first pull.
    let rule = world.ecr(OWN).create_pull_through_cache_rule().ecr_repository_prefix("team");
    rule.upstream_registry_url("registry-1.docker.io").send().await.expect("made");
    let plan = world.plan(&text).await.expect("a plan");
    let behind = plan.changes[0].handoff.as_ref().expect("a step for somebody else");
    assert!(behind.task.contains("rule `team`") && behind.document.contains("isn't there yet"), "{behind:#?}");
    let rule = world.ecr(OWN).delete_pull_through_cache_rule().ecr_repository_prefix("team");
    rule.send().await.expect("deleted");
    world.restart(&text, "deny=ecr:DescribeRepositories").await;
    let denied = note(&world).await;
    assert_eq!(denied.level, Level::Info);
    assert!(denied.message.contains("ecr:DescribeRepositories is denied"), "{}", denied.message);
    assert!(!denied.message.contains("nothing to do"), "{}", denied.message);
}

/// A rule that isn't seen is a step that nobody takes, and pulls that fail.
#[tokio::test]
async fn rules_that_may_not_be_read_are_warned_of() {
    let text = manifest("registries: [{ name: own, aws: 111122223333.dkr.ecr.us-west-2.amazonaws.com/team/own }]");
    for denied in ["", ",deny=ecr:DescribeRepositories"] {
        let knobs = format!("deny=ecr:DescribePullThroughCacheRules{denied}");
        let world = World::with(&text, &knobs).await;
        let note = told(&world, &text, "registry own").await.remove(0);
        assert_eq!(note.level, Level::Warning, "{}", note.message);
        for part in ["ecr:DescribePullThroughCacheRules is denied", "ecr:BatchImportUpstreamImage", "fails"] {
            assert!(note.message.contains(part), "{part} in {}", note.message);
        }
        assert!(!note.message.contains("nothing to do"), "{}", note.message);
    }
}

#[tokio::test]
async fn what_task_code_is_granted_on_a_repository_that_is_not_there_is_said() {
    let text = manifest(
        "grants:
  - { name: pulls, scope: global, access: { images: pull } }
  - { name: pushes, scope: { domain: production }, access: { images: push } }
",
    );
    let mut world = World::new(&text).await;
    assert!(told(&world, &text, "repository team/images").await.is_empty());
    delete(&world, "team/images").await;
    let notes = told(&world, &text, "repository team/images").await;
    assert_eq!(notes.len(), 1, "{notes:#?}");
    assert_eq!(notes[0].level, Level::Warning);
    for part in ["no repository team/images", OWN, "us-west-2", "grants: pulls, pushes"] {
        assert!(notes[0].message.contains(part), "{part} in {}", notes[0].message);
    }
    world.restart(&text, "deny=ecr:DescribeRepositories").await;
    assert!(told(&world, &text, "repository team/images").await.is_empty());
    let denied = told(&world, &text, "repositories of account 111122223333").await;
    assert_eq!(denied.len(), 1, "{denied:#?}");
    assert_eq!(denied[0].level, Level::Info);
    assert!(denied[0].message.contains("is denied: team/images"), "{}", denied[0].message);
}

#[tokio::test]
async fn of_many_repositories_those_that_are_missing_are_found_with_few_requests() {
    let (mut resources, mut grants) = (String::from("resources:\n"), String::from("grants:\n"));
    for i in 0..200 {
        let locator = format!("111122223333.dkr.ecr.us-west-2.amazonaws.com/many/r{i}");
        writeln!(resources, "  r{i}: {{ aws: {locator} }}").expect("text");
        // A role carries ten policies at most.
        let project = ["forecasting", "vision"][i % 2];
        let scope = format!("{{ project: {project}, domain: production }}");
        writeln!(grants, "  - {{ name: g{i}, scope: {scope}, access: {{ r{i}: pull }} }}").expect("text");
    }
    let text = manifest(&grants)
        .replace("resources:\n", &resources)
        .replace(r#"{ "444455556666": { assume_role: "arn:aws:iam::444455556666:role/registry-admin" } }"#, "{}");
    let world = World::new(&text).await;
    world.converge(&text).await;
    let total = || world.running().counts().total;
    let before = total();
    assert!(world.plan(&text).await.expect("a plan").is_empty());
    assert!(total() - before <= 6, "a plan with nothing to do took {} requests", total() - before);
    delete(&world, "many/r17").await;
    delete(&world, "many/r142").await;
    let asked = || world.running().counts().by_action.get("ecr:DescribeRepositories").copied().unwrap_or_default();
    let before = asked();
    let plan = world.plan(&text).await.expect("a plan");
    let missing: Vec<_> = plan.broken.iter().map(|one| &one.note.about).collect();
    assert_eq!(missing, ["repository many/r142", "repository many/r17"]);
    assert!(asked() - before <= 30, "{} requests", asked() - before);
}
