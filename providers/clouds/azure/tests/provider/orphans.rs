//! Role assignments that Azure lists although what they are on, or whom they are for, is gone.

use cloudgrant_core::{Action, ErrorKind, Plan, Silent};
use serde_json::{Value, json};

use crate::arm::GROUP;
use crate::revoking::{apply, revoke};
use crate::world::{Runs, World, flyte, said};

const HERE: &str = "00000000-0000-0000-0000-00000000000b";
const THERE: &str = "00000000-0000-0000-0000-0000000000cc";

/// What is there of the stack in a subscription.
async fn ours(world: &World, subscription: &str) -> Vec<Value> {
    let mut assignments = world.arm.assignments_of(subscription).await;
    assignments.retain(|one| one["properties"]["description"].as_str().is_some_and(|text| text.contains("cloudgrant")));
    assignments
}

async fn principals(world: &World) -> Vec<String> {
    let ours = ours(world, HERE).await;
    ours.iter().map(|one| one["properties"]["principalId"].as_str().unwrap_or_default().to_owned()).collect()
}

/// Somebody deletes a resource, and Azure goes on listing the roles on it.
async fn lose(world: &World, id: &str, subscription: &str) {
    let there = ours(world, subscription).await;
    world.arm.manage("delete", json!({ "id": id })).await;
    let is_on_it = |one: &&Value| one["properties"]["scope"].as_str().is_some_and(|scope| scope.contains(id));
    let on_it: Vec<_> = there.iter().filter(is_on_it).collect();
    assert!(!on_it.is_empty(), "{id}: {there:#?}");
    for one in on_it {
        world.arm.manage("put", one.clone()).await;
    }
}

async fn drift(world: &World, text: &str) -> Plan {
    let session = world.session(text).await.expect("a session");
    session.engine().only_looking().plan(&Silent).await.unwrap_or_else(|error| panic!("{error:?}"))
}

#[tokio::test]
async fn roles_on_what_is_gone_are_told_and_go_with_their_grant() {
    let group = format!("/subscriptions/{THERE}/resourceGroups/data/providers");
    let account = format!("{group}/Microsoft.Storage/storageAccounts/otherdata");
    let at_home = |resource: &str| format!("{GROUP}/providers/{resource}");
    for (resource, subscription, access) in [
        (at_home("Microsoft.KeyVault/vaults/acme-vault"), HERE, "token: read"),
        (at_home("Microsoft.Storage/storageAccounts/acmedata"), HERE, "data: read"),
        (at_home("Microsoft.ContainerRegistry/registries/acmeimages"), HERE, "images: pull"),
        (account.clone(), THERE, "there: read"),
        (format!("{group}/Microsoft.KeyVault/vaults/other-vault"), THERE, "far: read"),
    ] {
        let text = flyte(&format!(
            "  there: {{ azure: {account}/blobServices/default/containers/inputs }}\n  \
               far: {{ azure: {group}/Microsoft.KeyVault/vaults/other-vault/secrets/token }}\n\
             grants:\n\
             - {{ name: lost, scope: global, access: {{ {access} }} }}\n\
             - {{ name: too, scope: {{ domain: production }}, access: {{ {access}, models: read }} }}\n\
             - {{ name: goes, scope: global, access: {{ models: read }} }}\n"
        ));
        let name = resource.rsplit('/').next().expect("a name");
        let world = World::new(&text).await;
        world.converge(&text).await;
        lose(&world, &resource, subscription).await;
        let on_it = async || {
            let ours = ours(&world, subscription).await;
            ours.iter().filter(|one| one["properties"]["scope"].to_string().contains(name)).count()
        };
        assert_eq!(on_it().await, 2, "{name}");

        let plan = drift(&world, &text).await;
        let refusal = said(plan.refusal.as_ref().unwrap_or_else(|| panic!("{name}: {plan:#?}")).error());
        assert!(plan.has_drift() && refusal.contains("there is no") && refusal.contains(name), "{refusal}");
        let told = plan.notes.iter().filter(|note| note.message.contains("isn't there any more, and Azure lists it"));
        assert_eq!(told.count(), 2, "{name}: {:#?}", plan.notes);
        let error = world.plan(&text).await.expect_err("it is gone");
        assert_eq!(error.kind(), ErrorKind::NotFound);

        revoke(&world, &text, "goes").await;
        assert_eq!(on_it().await, 2, "{name}: nobody revoked it");
        let plan = revoke(&world, &text, "lost").await;
        assert!(plan.stays.is_empty() && on_it().await == 1, "{name}: {plan:#?}");
        let report = world.revoke_all(&text).await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert!(report.is_success() && on_it().await == 0, "{name}: {report:#?}");
    }
}

/// The identity's roles are left by whoever deletes it: nothing tells whose they were but what they are.
#[tokio::test]
async fn what_an_identity_had_that_somebody_deleted_goes_with_its_grants() {
    const IDENTITY: &str = "cloudgrant_tests_production";
    let text = flyte(
        "grants:\n\
         - { name: prod, scope: { domain: production }, precise: true, access: { token: read, models: read-write } }\n\
         - { name: pulls, scope: { domain: production }, access: { images: pull } }\n\
         - { name: dev, scope: { domain: development }, access: { token: read } }\n\
         - { name: all, scope: global, access: { more: read } }\n",
    );
    let lost = async || {
        let world = World::new(&text).await;
        world.converge(&text).await;
        let principal = world.arm.principal(IDENTITY).await;
        world.arm.delete_identity(IDENTITY).await;
        (world, principal)
    };
    let left =
        async |world: &World, principal: &str| principals(world).await.iter().filter(|one| *one == principal).count();

    let (world, principal) = lost().await;
    let before = left(&world, &principal).await;
    assert!(before > 2, "what Azure keeps");
    let plan = drift(&world, &text).await;
    let of_it: Vec<_> = plan
        .changes
        .iter()
        .filter(|change| change.before.as_ref().and_then(|before| before.text("principal")) == Some(principal.clone()))
        .collect();
    assert!(of_it.len() == before && of_it.iter().all(|change| change.action == Action::Delete), "{plan:#?}");
    let warned = |text: &str| of_it.iter().all(|change| change.warning.as_ref().is_some_and(|one| one.contains(text)));
    assert!(warned("an identity that was deleted"), "{of_it:#?}");
    apply(&world, &text).await;
    assert_eq!(left(&world, &principal).await, 0);
    assert!(world.plan(&text).await.expect("a plan").is_empty());

    // Whoever revokes something else takes nothing of it, and whoever revokes it takes what it had.
    let (world, principal) = lost().await;
    let plan = revoke(&world, &text, "dev").await;
    assert!(left(&world, &principal).await == before, "{plan:#?}");
    revoke(&world, &text, "prod").await;
    // What is granted to all of its domain, or to everybody, is for the others.
    let rest = left(&world, &principal).await;
    assert!(rest > 0 && rest < before, "{rest} of {before}");
    assert!(world.arm.custom_roles().await.is_empty(), "nobody has it any more");
    revoke(&world, &text, "pulls").await;
    revoke(&world, &text, "all").await;
    // `dev` is still listed, and may have had its own identity's role on the secret: that gives nobody anything.
    assert!(left(&world, &principal).await <= 1);
    assert!(world.revoke_all(&text).await.expect("revoked").is_success());
    assert_eq!(left(&world, &principal).await, 0);

    let (world, principal) = lost().await;
    let report = world.revoke_all(&text).await.unwrap_or_else(|error| panic!("{error:?}"));
    assert!(report.is_success() && left(&world, &principal).await == 0, "{report:#?}");
    assert!(world.arm.custom_roles().await.is_empty());
}
