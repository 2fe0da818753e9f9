//! Homes and places: one stack name in several homes, and what the manifest has forgotten.

use cloudgrant_conformance::load;
use cloudgrant_core::{Approval, Cancel, Plan, Report, Session, Settings, Silent};

use crate::world::{Runs, World, assert_same, manifest, said};

const GRANTS: &str = "
grants:
  - { name: data, scope: { domain: production }, access: { data: read, elsewhere: pull } }
  - { name: models, scope: global, access: { models: read } }
registries: [{ name: theirs, aws: 444455556666.dkr.ecr.us-west-2.amazonaws.com/team/theirs }]
";

const EU: &str = "repository team/theirs of account 444455556666 in eu-west-1";

/// The manifest of a cluster.
fn of_cluster(id: &str, tail: &str) -> String {
    manifest(tail).replace("  home: account\n", "").replace("id/EXAMPLE", &format!("id/{id}"))
}

/// Both clusters, so that the sandbox has the provider of each.
async fn two_clusters() -> World {
    let mut world = World::new(&of_cluster("BLUE", GRANTS)).await;
    world.restart(&of_cluster("GREEN", GRANTS), "").await;
    world
}

/// Every run refuses a manifest whose home changed, also those that only take away.
async fn refused_everywhere(world: &World, text: &str, home: &str) {
    let before = world.everything();
    let nothing = text[..text.find("grants:").expect("grants")].to_owned() + "grants: []\n";
    let taking_away = async |names: Option<&[String]>| {
        let session = world.session_with(text, Settings::default()).await.expect("a session");
        session.engine_without(names).expect("an engine").plan(&Silent).await
    };
    let models = ["models".to_owned()];
    for plan in
        [world.plan(text).await, world.plan(&nothing).await, taking_away(None).await, taking_away(Some(&models)).await]
    {
        let error = said(&plan.expect_err("the stack is elsewhere"));
        assert!(error.contains(&format!("write `home: {home}` in `aws`")), "{error}");
        assert!(error.contains("cloudgrant stacks"), "{error}");
    }
    assert_same(&before, &world.everything());
}

/// Takes everything away.
async fn revoked(world: &World, text: &str) -> (Plan, Report) {
    let session = Session::open(load(text).overlaid(world.overlay(), "the test").expect("layers"), Settings::default());
    let engine = session.await.expect("a session").engine_without(None).expect("an engine");
    let plan = engine.plan(&Silent).await.unwrap_or_else(|error| panic!("{error:?}"));
    let approved = plan.clone().approve(Approval::InAdvance);
    let report = engine.apply(approved, &Silent, &Cancel::default()).await.unwrap_or_else(|error| panic!("{error:?}"));
    assert!(report.is_success(), "{report:#?}");
    (plan, report)
}

fn tells_of_another_home(plan: &Plan) -> bool {
    plan.notes.iter().filter(|note| note.about == "stack tests" && note.message.contains("another home")).count() == 1
}

#[tokio::test]
async fn two_clusters_of_one_account_leave_each_other_alone() {
    let world = two_clusters().await;
    let (blue, green) = (of_cluster("BLUE", GRANTS), of_cluster("GREEN", GRANTS));
    let before = world.everything();
    world.converge(&blue).await;
    let of_blue = world.everything();
    world.converge(&green).await;
    // Neither sees anything to do for what the other has made.
    for text in [&blue, &green] {
        let plan = world.plan(text).await.expect("a plan");
        assert!(plan.is_empty(), "{:#?}", plan.changes);
        assert!(tells_of_another_home(&plan), "{:#?}", plan.notes);
    }
    revoked(&world, &green).await;
    assert_same(&of_blue, &world.everything());
    assert!(world.plan(&blue).await.expect("a plan").is_empty());
    revoked(&world, &blue).await;
    assert_same(&before, &world.everything());
}

#[tokio::test]
async fn a_home_that_changes_with_the_manifest_is_refused_until_it_is_named() {
    let grants = "
grants:
  - { name: models, scope: global, access: { models: read } }
";
    let with = of_cluster("BLUE", grants);
    let cluster = with.lines().find(|line| line.contains("oidc_provider")).expect("a cluster").to_owned();
    let without = with.replace(&format!("{cluster}\n"), "");
    for (first, then, home) in [(&without, &with, "account"), (&with, &without, "ISSUER")] {
        let world = World::new(&with).await;
        world.converge(first).await;
        refused_everywhere(&world, then, home).await;
        let home = if home == "account" { home } else { "oidc.eks.us-west-2.amazonaws.com/id/BLUE" };
        let named = then.replace("aws:\n", &format!("aws:\n  home: {home}\n"));
        assert!(world.plan(&named).await.expect("a plan").is_empty());
        assert!(world.revoke_all(&named).await.expect("revoked").is_success());
    }
}

#[tokio::test]
async fn issuers_in_another_order_are_no_other_home_in_silence() {
    let blue = of_cluster("BLUE", GRANTS);
    let line = blue.lines().find(|line| line.contains("oidc_provider")).expect("a cluster");
    let (green, both) = ("oidc.eks.us-west-2.amazonaws.com/id/GREEN", "oidc.eks.us-west-2.amazonaws.com/id/BLUE");
    let listed = |issuers: [&str; 2]| {
        blue.replace(line, &format!("  cluster: {{ oidc_provider: [{}, {}] }}", issuers[0], issuers[1]))
    };
    let world = World::new(&listed([both, green])).await;
    world.converge(&listed([both, green])).await;
    refused_everywhere(&world, &listed([green, both]), both).await;
    // The first one is retired: the roles at its home trust the other one, too.
    refused_everywhere(&world, &blue.replace("id/BLUE", "id/GREEN"), both).await;
    let named = listed([green, both]).replace("aws:\n", &format!("aws:\n  home: {both}\n"));
    world.converge(&named).await;
}

#[tokio::test]
async fn whoever_takes_the_last_away_leaves_a_home_and_not_a_moved_one() {
    let world = two_clusters().await;
    let (of_account, green) = (manifest(GRANTS).replace("  home: account\n", ""), of_cluster("GREEN", GRANTS));
    let line = of_account.lines().find(|line| line.contains("oidc_provider")).expect("a cluster");
    let of_account = of_account.replace(&format!("{line}\n"), "").replace("{ domain: production }", "global");
    let before = world.everything();
    world.converge(&of_account).await;
    // Another home beside it, as it says that it is one.
    let written = green.replace("aws:\n", "aws:\n  home: oidc.eks.us-west-2.amazonaws.com/id/GREEN\n");
    world.converge(&written).await;
    revoked(&world, &of_account).await;
    revoked(&world, &written).await;
    assert_same(&before, &world.everything());
    // A cluster whose home is empty finds nothing to take away beside another one.
    world.converge(&of_cluster("BLUE", GRANTS)).await;
    let (plan, _) = revoked(&world, &green).await;
    assert!(plan.is_empty(), "{:#?}", plan.changes);
}

#[tokio::test]
async fn two_accounts_with_one_stack_name_leave_each_others_statements_alone() {
    let here = manifest(GRANTS);
    let mut world = World::new(&here).await;
    let there = here.replace("111122223333", "777788889999").replace("registry-admin", "registry-admin-of-theirs");
    world.restart(&there, "").await;
    world.converge(&here).await;
    let of_here = world.everything();
    world.converge(&there).await;
    let plan = world.plan(&here).await.expect("a plan");
    assert!(plan.is_empty(), "{:#?}", plan.changes);
    assert!(tells_of_another_home(&plan), "{:#?}", plan.notes);
    let (plan, _) = revoked(&world, &there).await;
    // The bucket is the first account's, whose owner was asked to add a statement to its policy: nobody can see from there whether it
    // names the role.
    let [stays] = plan.stays.as_slice() else { panic!("{:#?}", plan.stays) };
    assert!(stays.reason.contains("bucket acme-data"), "{stays:?}");
    world.converge(&there.replace(GRANTS, "")).await;
    assert_same(&of_here, &world.everything());
}

#[tokio::test]
async fn a_home_can_be_named_after_the_cluster_has_changed() {
    let world = two_clusters().await;
    world.converge(&of_cluster("BLUE", GRANTS)).await;
    // Another issuer and the same home: the roles trust the new one, and everything else stays.
    let moved = of_cluster("GREEN", GRANTS)
        .replace("  cluster:", "  home: https://oidc.eks.us-west-2.amazonaws.com/id/BLUE\n  cluster:");
    let plan = world.plan(&moved).await.expect("a plan");
    let kinds: Vec<_> = plan.work().map(|change| (change.action, change.id.kind)).collect();
    assert_eq!(kinds, [(cloudgrant_core::Action::Update, "iam-role")]);
}

#[tokio::test]
async fn what_the_manifest_has_forgotten_is_found_in_any_region() {
    // Another region than the data plane's, of an account of which nothing else is named.
    let text = manifest(&GRANTS.replace("444455556666.dkr.ecr.us-west-2", "444455556666.dkr.ecr.eu-west-1"));
    let world = World::new(&text).await;
    let before = world.everything();
    for forgotten in [manifest(""), text.clone()] {
        world.converge(&text).await;
        let (plan, _) = revoked(&world, &forgotten).await;
        assert!(plan.changes.iter().any(|change| change.id.name.contains("eu-west-1")), "{:#?}", plan.changes);
        assert_same(&before, &world.everything());
    }
    // Taken out of the manifest, and applied.
    world.converge(&text).await;
    world.converge(&manifest("")).await;
    assert_same(&before, &world.everything());
}

#[tokio::test]
async fn a_place_that_can_t_be_searched_is_named_and_remembered() {
    let text = manifest(&GRANTS.replace("444455556666.dkr.ecr.us-west-2", "444455556666.dkr.ecr.eu-west-1"));
    let mut world = World::new(&text).await;
    let before = world.everything();
    world.converge(&text).await;
    // The account has been forgotten together with its registry.
    let accounts = r#"{ "444455556666": { assume_role: "arn:aws:iam::444455556666:role/registry-admin" } }"#;
    let (plan, _) = revoked(&world, &manifest("").replace(accounts, "{}")).await;
    let places: Vec<_> = plan.unsearched.iter().map(|unsearched| unsearched.place.as_str()).collect();
    let expected = ["repository team/elsewhere of account 444455556666 in us-west-2", EU];
    assert_eq!(places, expected, "{:#?}", plan.unsearched);
    assert!(plan.unsearched[0].reason.contains("aws.accounts"), "{:#?}", plan.unsearched);
    // The policy there names the role of the domain: deleted, it would keep everybody from writing that policy.
    let role = "cloudgrant_tests_production";
    let stays = |plan: &Plan| plan.stays.iter().any(|stays| stays.object.name == role);
    assert!(stays(&plan), "{:#?}", plan.stays);
    assert!(plan.stays.iter().all(|stays| stays.reason.contains("can still assume it")), "{:#?}", plan.stays);
    assert_eq!(world.attached(role).await, ["userflyterole"], "what it gave is gone, and no more");
    // Reading is denied.
    for action in ["ecr:GetRepositoryPolicy", "ecr:DescribeRepositories"] {
        world.restart(&text, &format!("deny={action}")).await;
        let (plan, _) = revoked(&world, &manifest("")).await;
        assert!(!plan.unsearched.is_empty(), "{action}");
        assert!(plan.unsearched.iter().any(|unsearched| unsearched.reason.contains(action)), "{:#?}", plan.unsearched);
        world.restart(&text, "").await;
        if action == "ecr:GetRepositoryPolicy" {
            // The mark has stayed, and the statement goes as soon as it can be read.
            let (plan, _) = revoked(&world, &manifest("")).await;
            assert!(plan.changes.iter().any(|change| change.id.name.contains("eu-west-1")), "{:#?}", plan.changes);
            assert_same(&before, &world.everything());
            world.converge(&text).await;
        } else {
            // What is marked by name needs no list. Where nobody could look, somebody may have named the role by hand.
            assert!(plan.changes.iter().any(|change| change.id.name.contains("eu-west-1")), "{:#?}", plan.changes);
            assert!(stays(&plan) && world.attached(role).await == ["userflyterole"], "{:#?}", plan.stays);
            revoked(&world, &manifest("")).await;
            assert_same(&before, &world.everything());
        }
    }
}

#[tokio::test]
async fn the_mark_is_there_before_the_first_statement_and_goes_after_the_last() {
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    let at = |plan: &Plan, part: &str| {
        let mut places = plan.changes.iter().enumerate().filter(|(_, change)| change.id.name.contains(part));
        places.next().unwrap_or_else(|| panic!("no {part} in {:#?}", plan.changes)).0
    };
    let plan = world.plan(&text).await.expect("a plan");
    assert!(at(&plan, "place.ecr-nodes") < at(&plan, "team/theirs#"));
    assert!(at(&plan, "place.ecr-tasks") < at(&plan, "team/elsewhere#"));
    world.converge(&text).await;
    let (plan, _) = revoked(&world, &text).await;
    assert!(at(&plan, "place.ecr-nodes") > at(&plan, "team/theirs#"));
    assert!(at(&plan, "place.ecr-tasks") > at(&plan, "team/elsewhere#"));
}

#[tokio::test]
async fn the_protected_list_holds_when_taking_away() {
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    world.converge(&text).await;
    let protecting = |text: &str| text.replace("  home: account\n", "  home: account\n  protected: [team/theirs]\n");
    let before = world.ecr("444455556666").get_repository_policy().repository_name("team/theirs").send().await;
    let before = before.expect("a policy").policy_text;
    // What is protected stays, and the rest goes.
    let report = world.revoke_all(&protecting(&text)).await.expect("revoked");
    assert!(report.is_success(), "{report:#?}");
    let after = world.ecr("444455556666").get_repository_policy().repository_name("team/theirs").send().await;
    assert_eq!(after.expect("a policy").policy_text, before);
    assert!(world.iam().get_role().role_name("cloudgrant_tests_production").send().await.is_err());
    let plan = world.plan(&protecting(&manifest(""))).await.expect("a plan");
    assert!(plan.is_empty(), "{:#?}", plan.changes);
    let [stays] = plan.stays.as_slice() else { panic!("{:#?}", plan.stays) };
    assert!(stays.reason.contains("`team/theirs` is protected"), "{stays:?}");
    // It is found again by its mark, and goes once it may.
    world.converge(&manifest("")).await;
    let policies = world.iam().list_policies().path_prefix("/cloudgrant/").send().await.expect("policies");
    assert!(policies.policies().is_empty(), "{policies:?}");
    let left = world.ecr("444455556666").get_repository_policy().repository_name("team/theirs").send().await;
    assert!(!left.is_ok_and(|left| left.policy_text.is_some_and(|text| text.contains("Cloudgrant"))));
}

#[tokio::test]
async fn what_a_protected_task_role_carries_stays_and_the_rest_is_taken_away() {
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    world.converge(&text).await;
    let protecting = |text: &str| text.replace("  home: account\n", "  home: account\n  protected: ['acme-user*']\n");
    let error = world.plan(&protecting(&text)).await.expect_err("grants to a protected role");
    assert!(error.kind().is_usage() && said(&error).contains("`acme-userflyterole` is protected"), "{}", said(&error));
    let report = world.revoke_all(&protecting(&text)).await.expect("revoked");
    assert!(report.is_success(), "{report:#?}");
    let ours = "cloudgrant_tests_global".to_owned();
    assert!(world.attached("acme-userflyterole").await.contains(&ours));
    assert!(world.iam().get_role().role_name("cloudgrant_tests_production").send().await.is_err());
    let plan = world.plan(&protecting(&manifest(""))).await.expect("a plan");
    assert!(plan.is_empty(), "{:#?}", plan.changes);
    let [stays] = plan.stays.as_slice() else { panic!("{:#?}", plan.stays) };
    assert!(stays.reason.contains("is protected (`acme-user*`"), "{stays:?}");
    assert!(stays.reason.contains("aws iam detach-role-policy"), "{stays:?}");
    world.converge(&manifest("")).await;
    assert!(!world.attached("acme-userflyterole").await.contains(&ours));
}
