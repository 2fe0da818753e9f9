//! How many requests it takes.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use cloudgrant_core::{Approval, Cancel, Silent};
use cloudgrant_sandbox_kit::Counts;
use serde_json::json;

use crate::world::{Runs, World, flyte, union};

/// Grants of a domain, each on a container of its own.
fn many(count: usize) -> String {
    let mut tail = String::new();
    for n in 0..count {
        _ = writeln!(tail, "  c{n}: {{ azure: \"https://acmedata.blob.core.windows.net/container-{n}\" }}");
    }
    tail.push_str("grants:\n");
    for n in 0..count {
        let domain = ["development", "production"][n % 2];
        _ = writeln!(tail, "- {{ name: g{n}, scope: {{ domain: {domain} }}, access: {{ c{n}: read }} }}");
    }
    flyte(&tail)
}

/// What each is for: who the caller is; which identities are the stack's and who the others are; what is assigned, in pages;
/// which of the stack's roles are left; whose tokens the identities take; where the accounts are, and whether they have
/// folders; whom each identity of the stack's trusts, which Azure lists for one identity at a time.
#[tokio::test]
async fn a_plan_with_nothing_to_do_reads_each_list_once_for_two_hundred_domain_grants() {
    let text = many(200);
    let world = World::new(&text).await;
    world.converge(&text).await;
    let session = world.session(&text).await.expect("a session");
    let before = world.running().counts();
    let plan = session.engine().plan(&Silent).await.expect("a plan");
    assert!(plan.is_empty(), "{:#?}", plan.changes);
    let after = world.running().counts();
    assert_eq!(session.provider().requests(), Some(after.total - before.total), "what is counted is what was sent");
    assert_eq!(
        asked(&world, &before),
        list(&[
            ("Microsoft.Authorization/roleAssignments/read", 2),
            ("Microsoft.Authorization/roleDefinitions/read", 1),
            ("Microsoft.ContainerService/managedClusters/read", 1),
            ("Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/read", 2),
            ("Microsoft.ManagedIdentity/userAssignedIdentities/read", 1),
            ("Microsoft.Storage/storageAccounts/read", 1),
            ("entra/token", 1),
        ])
    );
}

/// What was asked for since, and how often.
fn asked(world: &World, before: &Counts) -> Vec<(String, u64)> {
    let after = world.running().counts().by_action;
    let since = |action: &str, count: u64| count - before.by_action.get(action).copied().unwrap_or_default();
    let all = after.into_iter().map(|(action, count)| (since(&action, count), action));
    all.filter(|(count, _)| *count > 0).map(|(count, action)| (action, count)).collect()
}

fn list(of: &[(&str, u64)]) -> Vec<(String, u64)> {
    of.iter().map(|(action, count)| ((*action).to_owned(), *count)).collect()
}

/// One grant gets another level: one role assignment goes and one comes. What else there is was read a moment ago, and the container is
/// one of those on which the stack has roles. `docs/benchmarks.md` says what each is for.
#[tokio::test]
async fn a_change_looks_at_each_list_once_and_at_what_it_wrote_again() {
    // Of 260 grants there are two pages of role assignments, of which the look afterwards reads those of one identity.
    for (grants, assignments) in [(20, 1 + 1), (260, 2 + 1)] {
        let text = many(grants);
        let world = World::new(&text).await;
        world.converge(&text).await;
        let before = world.running().counts();
        let report = world.apply(&text.replace("{ c7: read }", "{ c7: read-write }")).await.expect("a report");
        assert!(report.is_success(), "{report:#?}");
        assert_eq!(
            asked(&world, &before),
            list(&[
                ("Microsoft.Authorization/denyAssignments/read", 1),
                ("Microsoft.Authorization/permissions/read", 1),
                ("Microsoft.Authorization/roleAssignments/delete", 1),
                ("Microsoft.Authorization/roleAssignments/read", assignments),
                ("Microsoft.Authorization/roleAssignments/write", 1),
                ("Microsoft.Authorization/roleDefinitions/read", 1),
                ("Microsoft.ContainerService/managedClusters/read", 1),
                ("Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/read", 2),
                ("Microsoft.ManagedIdentity/userAssignedIdentities/read", 1),
                ("Microsoft.Storage/storageAccounts/read", 1),
                ("entra/token", 1),
            ])
        );
    }
}

/// Whose the identities are by now, one list says for both of them. Accounts and clusters say what each object is for.
#[tokio::test]
async fn a_revoke_reads_what_is_there_and_what_keeps_it_from_going() {
    let text = many(20);
    let world = World::new(&text).await;
    world.converge(&text).await;
    let session = world.session(&text).await.expect("a session");
    let before = world.running().counts();
    let engine = session.engine_without(None).expect("an engine");
    let plan = engine.plan(&Silent).await.expect("a plan");
    let report = engine.apply(plan.approve(Approval::InAdvance), &Silent, &Cancel::default()).await.expect("a report");
    assert!(report.is_success(), "{report:#?}");
    assert_eq!(
        asked(&world, &before),
        list(&[
            ("Microsoft.Authorization/permissions/read", 1),
            ("Microsoft.Authorization/roleAssignments/delete", 20),
            ("Microsoft.Authorization/roleAssignments/read", 2),
            ("Microsoft.Authorization/roleDefinitions/read", 1),
            ("Microsoft.ContainerService/managedClusters/read", 1),
            ("Microsoft.ManagedIdentity/userAssignedIdentities/delete", 2),
            ("Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/read", 2 + 2),
            ("Microsoft.ManagedIdentity/userAssignedIdentities/read", 1 + 1 + 1),
            ("Microsoft.Resources/subscriptions/read", 1),
            ("Microsoft.Storage/storageAccounts/read", 1),
            ("entra/token", 1),
        ])
    );
}

/// Nothing of these waits for another's answer: all are under way before the first is answered.
#[tokio::test]
async fn a_plan_s_first_reads_are_made_side_by_side() {
    let text = union("grants: [{ name: all, scope: global, access: { models: read, token: read, images: pull } }]");
    let world = World::new(&text).await;
    let session = world.session(&text).await.expect("a session");
    // All but the login.
    world.arm.turn("hold-before=2").await;
    let plan = async { session.engine().plan(&Silent).await.expect("a plan") };
    let look = async {
        // Identities, assignments, roles, clusters, accounts, vaults and registries.
        let all = async {
            while world.arm.held().await < 7 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let in_time = tokio::time::timeout(Duration::from_secs(20), all).await.is_ok();
        let held = world.arm.held().await;
        world.arm.manage("release", json!({})).await;
        assert!(in_time && held == 7, "{held} at a time");
    };
    tokio::join!(plan, look);
}

/// The login; the lists; whom the stack's identities trust; what taking away needs. Each is as long as one answer, however
/// many are in it.
#[tokio::test]
async fn a_revoke_is_planned_in_the_time_of_four_answers() {
    let text = many(6);
    let world = World::new(&text).await;
    world.converge(&text).await;
    let session = world.session(&text).await.expect("a session");
    let engine = session.engine_without(None).expect("an engine");
    let answer = Duration::from_millis(1_500);
    world.arm.turn("latency=1500ms").await;
    let begun = Instant::now();
    let plan = engine.plan(&Silent).await.expect("a plan");
    let answers = begun.elapsed().as_secs_f64() / answer.as_secs_f64();
    assert_eq!(plan.summary().delete, 6 + 2, "{:#?}", plan.changes);
    assert!((4.0..5.0).contains(&answers), "{answers}");
}

#[tokio::test]
async fn a_first_apply_asks_for_all_containers_at_once_and_reads_no_new_credential() {
    let text = many(40);
    let world = World::new(&text).await;
    let before = world.running().counts().total;
    world.converge(&text).await;
    let seen = world.running().counts().total - before;
    // Two identities of two credentials each, and 40 assignments.
    let (writes, containers) = (2 + 4 + 40, 1);
    assert!(seen <= writes + containers + 26, "{seen}: {:#?}", world.running().counts());
}

/// However many grants there are: whom an identity trusts is one list.
#[tokio::test]
async fn whom_an_identity_of_others_trusts_is_asked_once_for_two_hundred_grants() {
    let text = many(200)
        .replace("kind: flyte", "kind: union")
        .replace("domain: development }", "domain: production }")
        .replace("\n  cluster:", "\n  identities: { production: theirs }\n  cluster:");
    let world = World::new(&text).await;
    world.converge(&text).await;
    let session = world.session(&text).await.expect("a session");
    let before = world.running().counts();
    let plan = session.engine().plan(&Silent).await.expect("a plan");
    assert!(plan.is_empty(), "{:#?}", plan.changes);
    let after = world.running().counts();
    let action = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/read";
    let asked = |counts: &Counts| counts.by_action.get(action).copied().unwrap_or_default();
    assert_eq!(asked(&after) - asked(&before), 1);
    let seen = after.total - before.total;
    assert!(seen <= 8, "{seen}: {after:#?}");
}
