//! What `cloudgrant permissions` prints is enough for all that a stack goes through, and holds nothing idle.

use std::collections::BTreeSet;

use cloudgrant_core::{Approval, Cancel, Purpose, Result, Silent};
use serde_json::Value;

use crate::limited::{define, depose, give};
use crate::world::{Runs, World, flyte, said};

/// A domain with an identity of its own, and every kind of resource.
fn first() -> String {
    flyte(
        "registries: [{ name: base, access: pull, azure: acmeimages.azurecr.io/team/base }]
grants:
  - { name: all, scope: global, access: { models: read } }
  - { name: production, scope: { domain: production }, access: { token: read, models: read-write, images: pull } }
  - { name: narrow, scope: { domain: development }, access: { models: write }, precise: true }
",
    )
}

/// Actions that the way below doesn't need, and what does.
const ONLY_SOMETIMES: [(&str, &str); 6] = [
    ("Microsoft.Authorization/denyAssignments/read", "without it, a plan doesn't say what a deny assignment forbids"),
    ("Microsoft.KeyVault/vaults/secrets/read", "without it, a plan says that nobody looked whether a secret is there"),
    (
        "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/delete",
        "a pair leaves a domain; with its identity, all of its credentials go",
    ),
    ("Microsoft.Resources/subscriptions/read", "what is in other subscriptions is looked for"),
    ("Microsoft.Resources/subscriptions/resourceGroups/read", "nothing says where new identities go"),
    (
        "Microsoft.Storage/storageAccounts/blobServices/containers/read",
        "without it, a plan says that nobody looked whether a container is there",
    ),
];

async fn printed(world: &World, purpose: Purpose) -> (BTreeSet<String>, Vec<Value>) {
    let session = world.session(&first()).await.expect("a session");
    let all = session.provider().permissions(session.intents(), purpose);
    let actions = all[0].document["Actions"].as_array().expect("actions").iter();
    let actions = actions.map(|action| action.as_str().expect("text").to_owned()).collect();
    (actions, all.into_iter().map(|one| one.document).collect())
}

async fn life(world: &World) -> Result<bool> {
    let made = world.apply(&first()).await?;
    Ok(made.is_success() && world.revoke_all(&first()).await?.is_success())
}

/// What the sandbox was asked for, but for tokens.
fn asked(world: &World) -> BTreeSet<String> {
    let counts = world.running().counts();
    counts.by_action.keys().filter(|action| !action.starts_with("entra/")).cloned().collect()
}

#[tokio::test]
async fn what_is_printed_is_enough_and_nothing_in_it_is_idle() {
    let world = World::new(&first()).await;
    let (role, documents) = printed(&world, Purpose::Apply).await;
    assert!(life(&world).await.unwrap_or_else(|error| panic!("{error:?}")));
    let assigned = ["delete", "write"].map(|verb| format!("Microsoft.Authorization/roleAssignments/{verb}"));
    let condition = documents[1]["condition"].as_str().expect("a condition");
    assert!(assigned.iter().all(|action| condition.contains(action)), "{condition}");
    let allowed: BTreeSet<_> = role.iter().cloned().chain(assigned).map(|action| action.to_lowercase()).collect();
    let more: Vec<_> = asked(&world).into_iter().filter(|action| !allowed.contains(&action.to_lowercase())).collect();
    assert!(more.is_empty(), "asked for, and not printed: {more:#?}");
    let mut idle = Vec::new();
    for action in &role {
        let world = World::new(&first()).await;
        let (kind, verb) = action.rsplit_once('/').expect("an action");
        world.arm.turn(&format!("deny={kind}:{verb}")).await;
        if matches!(life(&world).await, Ok(true)) {
            idle.push(action.as_str());
        }
    }
    assert_eq!(idle, ONLY_SOMETIMES.map(|(action, _)| action));
}

#[tokio::test]
async fn what_planning_takes_changes_nothing() {
    let world = World::new(&first()).await;
    let (role, documents) = printed(&world, Purpose::Plan).await;
    assert_eq!(documents.len(), 1);
    assert!(role.iter().all(|action| action.ends_with("/read")), "{role:#?}");
    world.plan(&first()).await.expect("a plan");
    let more: Vec<_> = asked(&world).into_iter().filter(|action| !role.contains(action)).collect();
    assert!(more.is_empty(), "asked for, and not printed: {more:#?}");
}

/// Whoever may only plan sees the plan that somebody else is to apply, and what the caller may not.
#[tokio::test]
async fn what_planning_takes_is_enough_to_plan() {
    let text = first();
    let world = World::new(&text).await;
    let expected = world.plan(&text).await.expect("a plan").changes;
    let (_, documents) = printed(&world, Purpose::Plan).await;
    let caller = depose(&world).await;
    let custom = define(&world, &documents[0]).await;
    give(&world, &custom, &caller, None).await;
    let session = world.session(&text).await.expect("a session");
    let plan = session.engine().only_showing().plan(&Silent).await.expect("a plan");
    assert_eq!(plan.changes, expected);
    let refusal = plan.refusal.clone().expect("it may not apply");
    assert!(refusal.is_of_caller(), "{refusal:?}");
    for told in ["the caller may not assign roles on", "the caller may not make custom roles in"] {
        assert!(said(refusal.error()).contains(told), "{}", said(refusal.error()));
    }
    let error = world.plan(&text).await.expect_err("an apply is refused");
    assert_eq!(said(&error), said(refusal.error()));
    let session = world.session(&text).await.expect("a session");
    let engine = session.engine();
    engine.principals(&Silent).await.expect("a reader reads what is there");
    let refused = engine.apply(plan.approve(Approval::Person), &Silent, &Cancel::default()).await;
    assert_eq!(said(&refused.expect_err("it has a refusal")), said(&error));
    assert!(world.arm.identities().await.iter().all(|one| !one["name"].to_string().contains("cloudgrant_")));
}

/// What is printed follows from what is made: of a role of the stack's own, its id; of a ready-made one, no right to define.
#[tokio::test]
async fn what_is_printed_is_for_the_roles_that_are_given() {
    let of = async |level: &str, resource: &str, precise: bool| {
        let text = flyte(&format!(
            "grants: [{{ name: all, scope: global, precise: {precise}, access: {{ {resource}: {level} }} }}]\n"
        ));
        let world = World::new(&text).await;
        let session = world.session(&text).await.expect("a session");
        let all = session.provider().permissions(session.intents(), Purpose::Apply);
        let defines = all[0].document["Actions"].to_string().contains("roleDefinitions/write");
        let condition = all[1].document["condition"].as_str().expect("a condition").to_owned();
        world.converge(&text).await;
        let roles = world.arm.custom_roles().await;
        let own = roles.first().map(|role| role["name"].as_str().expect("a name").to_lowercase());
        (defines, condition.to_lowercase(), own)
    };
    let contributor = "ba92f5b4-2d11-453d-a403-e96b0029c9fe";
    for (level, resource, precise) in [("write", "data", false), ("write", "models", true)] {
        let (defines, condition, own) = of(level, resource, precise).await;
        let own = own.expect("a role of its own");
        assert!(defines && condition.contains(&own) && !condition.contains(contributor), "{own}: {condition}");
    }
    let (defines, _, own) = of("read", "models", true).await;
    assert!(!defines && own.is_none(), "reading precisely takes a ready-made role");
}
