//! What grants that stay are of, and somebody deleted: it keeps nobody from taking something else away.

use cloudgrant_core::{ErrorKind, Plan, Silent};
use serde_json::json;

use crate::arm::GROUP;
use crate::revoking::revoke;
use crate::world::{Runs, World, flyte, said, union};

/// What is there of the stack, by its scope.
async fn scopes(world: &World) -> Vec<String> {
    let assignments = world.arm.assignments().await;
    let ours = assignments.iter().map(|one| &one["properties"]);
    let ours = ours.filter(|one| one["description"].as_str().is_some_and(|text| text.contains("cloudgrant")));
    ours.map(|one| one["scope"].as_str().unwrap_or_default().to_owned()).collect()
}

/// Two grants, of which one goes.
fn text(access: &str) -> String {
    union(&format!(
        "grants:\n\
         - {{ name: stays, scope: global, access: {{ {access} }} }}\n\
         - {{ name: goes, scope: global, access: {{ models: read }} }}"
    ))
}

fn is_warned(plan: &Plan, name: &str) -> bool {
    plan.notes.iter().any(|note| note.message.contains("there is no") && note.message.contains(name))
}

#[tokio::test]
async fn what_is_gone_is_in_the_way_of_nothing_but_what_is_to_be_made_on_it() {
    for (kind, name, access, other) in [
        ("Microsoft.KeyVault/vaults", "acme-vault", "token: read", "more: read"),
        ("Microsoft.ContainerRegistry/registries", "acmeimages", "images: pull", "more: read"),
        ("Microsoft.Storage/storageAccounts", "acmedata", "data: read", "token: read"),
    ] {
        let text = text(&format!("{access}, {other}"));
        let world = World::new(&text).await;
        world.converge(&text).await;
        world.arm.manage("delete", json!({ "id": format!("{GROUP}/providers/{kind}/{name}") })).await;
        let there = scopes(&world).await;
        // It is to be made again, and can't be.
        let error = world.plan(&text).await.expect_err("it is gone");
        assert!(error.kind() == ErrorKind::NotFound && said(&error).contains(name), "{name}: {}", said(&error));
        let session = world.session(&text).await.expect("a session");
        let drift = session.engine().only_looking().plan(&Silent).await.unwrap_or_else(|error| panic!("{error:?}"));
        let refusal = drift.refusal.as_ref().expect("an apply is refused").error();
        assert!(said(refusal).contains(name) && !drift.is_empty(), "{name}: {drift:#?}");
        let plan = revoke(&world, &text, "goes").await;
        assert!(plan.stays.is_empty() && is_warned(&plan, name), "{name}: {plan:#?}");
        let gone: Vec<_> = there.iter().filter(|scope| scope.contains("acmemodels")).cloned().collect();
        let left = scopes(&world).await;
        assert!(gone.len() == 1 && left.len() + 1 == there.len(), "{name}: {left:#?} of {there:#?}");
        // The others are as they should be.
        let others = text.replace(&format!("{access}, "), "").replace("{ models: read }", &format!("{{ {other} }}"));
        assert!(world.plan(&others).await.expect("a plan").is_empty(), "{name}");
        let report = world.revoke_all(&text).await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert!(report.is_success() && scopes(&world).await.is_empty(), "{name}: {report:#?}");
    }
}

/// What is only hidden from the caller is as it was: nothing of it is taken away, and nothing has to be made.
#[tokio::test]
async fn what_the_caller_can_not_see_keeps_what_is_on_it() {
    let text = text("token: read, more: read");
    let world = World::new(&text).await;
    world.converge(&text).await;
    let vault = format!("{GROUP}/providers/Microsoft.KeyVault/vaults/acme-vault");
    let id = format!("{vault}/providers/Microsoft.Authorization/denyAssignments/12345678-1234-1234-1234-123456789012");
    let everybody = [json!({ "id": "00000000-0000-0000-0000-000000000000" })];
    let permissions = [json!({ "actions": ["Microsoft.KeyVault/vaults/read"] })];
    let properties = json!({ "principals": everybody, "permissions": permissions });
    world.arm.manage("put", json!({ "id": id, "properties": properties })).await;
    assert!(!world.plan(&text).await.expect("a plan").has_drift());
    revoke(&world, &text, "goes").await;
    assert!(scopes(&world).await.iter().any(|scope| scope.contains("acme-vault")));
}

/// Nobody revoked the grant: whom it is for stays.
#[tokio::test]
async fn a_grant_of_nothing_but_what_is_gone_is_not_taken_for_revoked() {
    let text = flyte(
        "grants:\n\
         - { name: stays, scope: { domain: production }, access: { token: read } }\n\
         - { name: goes, scope: global, access: { models: read } }",
    );
    let world = World::new(&text).await;
    world.converge(&text).await;
    let vault = format!("{GROUP}/providers/Microsoft.KeyVault/vaults/acme-vault");
    world.arm.manage("delete", json!({ "id": vault })).await;
    let identities = world.arm.identities().await;
    let plan = revoke(&world, &text, "goes").await;
    assert!(plan.stays.is_empty() && is_warned(&plan, "acme-vault"), "{plan:#?}");
    assert_eq!(world.arm.identities().await, identities);
    assert_eq!(world.arm.credentials("cloudgrant_tests_production").await.len(), 2);
    assert!(scopes(&world).await.is_empty(), "what is revoked is gone, and the rest went with the vault");
}
