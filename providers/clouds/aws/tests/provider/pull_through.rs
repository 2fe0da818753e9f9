//! Repositories that pull-through cache rules fill: what task code can't do there, and what nobody gave it.

use cloudgrant_core::Plan;

use crate::buckets::{drift, warnings};
use crate::world::{Runs, World, manifest};

const OWN: &str = "111122223333";
const OTHER: &str = "444455556666";
const NAME: &str = "docker-hub/library/nginx";
const ABOUT: &str = "repository docker-hub/library/nginx";
const IMPORT: &str = "ecr:BatchImportUpstreamImage";
const RULES: &str = "ecr:DescribePullThroughCacheRules";
const TASK_ROLE: &str = "arn:aws:iam::111122223333:role/acme-userflyterole";
const DOMAIN_ROLE: &str = "arn:aws:iam::111122223333:role/cloudgrant/tests/cloudgrant_tests_production";

fn text(account: &str, tail: &str) -> String {
    let hub = format!("  hub: {{ aws: \"{account}.dkr.ecr.us-west-2.amazonaws.com/{NAME}\" }}\n");
    let grants = "
grants:
  - { name: all, scope: global, access: { hub: pull } }
  - { name: mine, scope: { domain: production }, access: { hub: pull } }
";
    manifest(&format!("{grants}{tail}")).replace("resources:\n", &format!("resources:\n{hub}"))
}

async fn make_rule(world: &World, account: &str) {
    let rule = world.ecr(account).create_pull_through_cache_rule().ecr_repository_prefix("docker-hub");
    rule.upstream_registry_url("registry-1.docker.io").send().await.expect("made");
}

fn told(plan: &Plan) -> Vec<&str> {
    warnings(plan, ABOUT).into_iter().map(|note| note.message.as_str()).collect()
}

fn asked_for_rules(world: &World) -> u64 {
    world.running().counts().by_action.get(RULES).copied().unwrap_or_default()
}

#[tokio::test]
async fn task_code_that_pulls_through_a_cache_of_the_own_account_is_told_what_that_takes() {
    let text = text(OWN, "");
    let world = World::new(&text).await;
    assert!(told(&world.plan(&text).await.expect("a plan")).is_empty());
    make_rule(&world, OWN).await;
    let before = asked_for_rules(&world);
    let plan = world.plan(&text).await.expect("a plan");
    assert_eq!(asked_for_rules(&world), before + 1, "once a region");
    let [note] = told(&plan)[..] else { panic!("{:#?}", plan.notes) };
    for part in [
        "rule `docker-hub`",
        "what is in it can be pulled",
        IMPORT,
        "ecr:CreateRepository",
        "put-registry-policy",
        TASK_ROLE,
        DOMAIN_ROLE,
    ] {
        assert!(note.contains(part), "{part} in {note}");
    }
    // Filling is not pulling, and nobody gets it with that.
    world.converge(&text).await;
    let attached = world.attached("cloudgrant_tests_production").await;
    let ours: Vec<_> = attached.iter().filter(|policy| policy.starts_with("cloudgrant_")).collect();
    assert!(!ours.is_empty(), "{attached:?}");
    for policy in ours {
        let document = world.document(policy).await.to_string();
        assert!(document.contains("ecr:BatchGetImage") && !document.contains(IMPORT), "{document}");
    }
    // A plan with nothing to do asks nothing; who looks at everything anew is told again.
    let before = asked_for_rules(&world);
    assert!(world.plan(&text).await.expect("a plan").is_empty());
    assert_eq!(asked_for_rules(&world), before);
    assert_eq!(told(&drift(&world, &text).await), [note]);
    // What isn't there yet comes with the first pull: it isn't missing.
    world.ecr(OWN).delete_repository().repository_name(NAME).force(true).send().await.expect("deleted");
    let plan = world.plan(&text).await.expect("a plan");
    let [note] = told(&plan)[..] else { panic!("{:#?}", plan.notes) };
    assert!(note.contains("the first pull makes it") && !note.contains("there is no repository"), "{note}");
    assert!(plan.broken.is_empty(), "{:#?}", plan.broken);
    let rule = world.ecr(OWN).delete_pull_through_cache_rule().ecr_repository_prefix("docker-hub");
    rule.send().await.expect("deleted");
    let plan = world.plan(&text).await.expect("a plan");
    assert_eq!(plan.broken.len(), 1, "without the rule, it is missing: {:#?}", plan.notes);
}

#[tokio::test]
async fn caches_of_other_accounts_are_looked_at_where_there_are_credentials() {
    let registry = "registries: [{ name: far, aws: 444455556666.dkr.ecr.us-west-2.amazonaws.com/docker-hub/pypi }]";
    let text = text(OTHER, registry);
    let mut world = World::new(&text).await;
    make_rule(&world, OTHER).await;
    let plan = world.plan(&text).await.expect("a plan");
    let [of_tasks] = told(&plan)[..] else { panic!("{:#?}", plan.notes) };
    let of_nodes = warnings(&plan, "repository docker-hub/pypi");
    let [of_nodes] = of_nodes[..] else { panic!("{:#?}", plan.notes) };
    let nodes = "arn:aws:iam::111122223333:role/unionai-acme-flyteworker-node-group";
    for (note, role) in [(of_tasks, TASK_ROLE), (of_tasks, DOMAIN_ROLE), (of_nodes.message.as_str(), nodes)] {
        for part in ["in account 444455556666", "rule `docker-hub`", IMPORT, "in a policy of their own", role] {
            assert!(note.contains(part), "{part} in {note}");
        }
    }
    assert_eq!(asked_for_rules(&world), 1);
    world.converge(&text).await;
    let policy = world.ecr(OTHER).get_repository_policy().repository_name(NAME).send().await;
    assert!(!policy.expect("a policy").policy_text.expect("text").contains(IMPORT));
    let before = asked_for_rules(&world);
    assert!(world.plan(&text).await.expect("a plan").is_empty());
    assert_eq!(asked_for_rules(&world), before, "a plan with nothing to do asks nothing");
    // Nobody may look: that is said, and what was granted stays.
    world.restart(&text, &format!("deny={RULES}")).await;
    let plan = drift(&world, &text).await;
    assert!(plan.is_empty() && told(&plan).is_empty(), "{:#?}", plan.changes);
    let unread = warnings(&plan, "repositories of account 444455556666");
    assert_eq!(unread.len(), 2, "{:#?}", plan.notes);
    for (note, name) in unread.into_iter().zip([NAME, "docker-hub/pypi"]) {
        for part in [RULES, "is denied", name, IMPORT] {
            assert!(note.message.contains(part), "{part} in {}", note.message);
        }
    }
    // Without credentials, nobody looks.
    world.restart(&text, "").await;
    let accounts = r#"{ "444455556666": { assume_role: "arn:aws:iam::444455556666:role/registry-admin" } }"#;
    let before = asked_for_rules(&world);
    let plan = drift(&world, &text.replace(accounts, "{}")).await;
    assert!(told(&plan).is_empty() && asked_for_rules(&world) == before, "{:#?}", plan.notes);
}

/// A role has one inline policy of a name: of two steps for one role, the second may not put its policy in the place of the first's.
#[tokio::test]
async fn steps_for_several_repositories_name_several_policies() {
    let registries = "registries:
  - { name: one, aws: 111122223333.dkr.ecr.us-west-2.amazonaws.com/docker-hub/one }
  - { name: two, aws: 111122223333.dkr.ecr.us-west-2.amazonaws.com/docker-hub/two }
";
    let text = manifest(registries);
    let world = World::new(&text).await;
    make_rule(&world, OWN).await;
    let plan = world.plan(&text).await.expect("a plan");
    let steps = || plan.changes.iter().filter_map(|change| change.handoff.as_ref());
    // For which role it was asked for is remembered once it is confirmed.
    let role = "unionai-acme-flyteworker-node-group";
    assert!(steps().all(|step| step.how.get("role") == Some(role)), "{:#?}", plan.changes);
    let names: Vec<_> = steps()
        .filter_map(|step| step.document.split_once("--policy-name "))
        .filter_map(|(_, rest)| rest.split_whitespace().next())
        .collect();
    let [one, two] = names.as_slice() else { panic!("{:#?}", plan.changes) };
    assert!(one != two && [one, two].iter().all(|name| name.starts_with("pull-through-cache-")), "{names:?}");
}
