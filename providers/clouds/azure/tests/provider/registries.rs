//! Registries: requirements 9, 69, 101 and 104.

use cloudgrant_core::Level;
use serde_json::json;

use crate::arm::GROUP;
use crate::grants::put;
use crate::world::{Runs, World, flyte, said, union};

const PULL: &str = "7f951dda-4ed3-4680-a7ca-43fe172d538d";
const REPOSITORY_READER: &str = "b93aa761-3e63-49ed-ac28-beffa264f7ac";

pub(crate) fn registry() -> String {
    format!("{GROUP}/providers/Microsoft.ContainerRegistry/registries/acmeimages")
}

async fn roles_of(world: &World, identity: &str) -> Vec<(String, Option<String>)> {
    let principal = world.arm.principal(identity).await;
    let mut roles: Vec<_> = world
        .arm
        .assignments()
        .await
        .iter()
        .map(|assignment| assignment["properties"].clone())
        .filter(|properties| properties["principalId"] == principal.as_str())
        .map(|properties| {
            assert_eq!(properties["scope"], registry().as_str());
            let role = properties["roleDefinitionId"].as_str().unwrap_or_default();
            let role = role.rsplit('/').next().unwrap_or_default().to_owned();
            (role, properties["condition"].as_str().map(ToOwned::to_owned))
        })
        .collect();
    roles.sort();
    roles
}

#[tokio::test]
async fn a_group_may_be_called_in_any_script() {
    let grant = "grants: [{ name: prod, scope: { domain: production }, access: { models: read } }]";
    let text =
        flyte(&format!("registries: [{{ name: trainer, access: pull, azure: acmeimages.azurecr.io }}]\n{grant}"))
            .replace("resource_group: acme-dataplane", "resource_group: データ");
    let world = World::new(&text).await;
    world.converge(&text).await;
    world.revoke_all(&text).await.expect("revoked");
}

#[tokio::test]
async fn requirements_9_and_104_the_kubelet_s_identity_may_pull() {
    let text = union("registries: [{ name: trainer, access: pull, azure: acmeimages.azurecr.io }]");
    let world = World::new(&text).await;
    world.converge(&text).await;
    assert_eq!(roles_of(&world, "acme-dataplane-aks-agentpool").await, [(PULL.to_owned(), None)]);
    world.revoke_all(&text).await.expect("revoked");
    assert!(roles_of(&world, "acme-dataplane-aks-agentpool").await.is_empty());
}

#[tokio::test]
async fn a_registry_with_repository_permissions_gets_the_role_that_it_looks_at() {
    let text = union("registries: [{ name: trainer, access: pull, azure: acmeimages.azurecr.io/team/trainer }]");
    let world = World::new(&text).await;
    put(&world, &registry(), json!({ "roleAssignmentMode": "AbacRepositoryPermissions" })).await;
    world.converge(&text).await;
    let roles = roles_of(&world, "acme-dataplane-aks-agentpool").await;
    let [(role, Some(condition))] = roles.as_slice() else { panic!("{roles:?}") };
    assert_eq!(role, REPOSITORY_READER);
    assert!(condition.contains("repositories:name] StringEqualsIgnoreCase 'team/trainer'"), "{condition}");
    cloudgrant_azure_sandbox::condition::parse(condition).expect("it can be read");
}

#[tokio::test]
async fn a_mode_that_changes_changes_the_role() {
    let text = union("registries: [{ name: trainer, access: pull, azure: acmeimages.azurecr.io }]");
    let world = World::new(&text).await;
    world.converge(&text).await;
    put(&world, &registry(), json!({ "roleAssignmentMode": "AbacRepositoryPermissions" })).await;
    let report = world.converge(&text).await;
    assert_eq!((report.summary().create, report.summary().delete), (1, 1));
    assert_eq!(roles_of(&world, "acme-dataplane-aks-agentpool").await, [(REPOSITORY_READER.to_owned(), None)]);
}

#[tokio::test]
async fn requirement_101_an_admin_user_is_a_warning() {
    let text = union("registries: [{ name: trainer, access: pull, azure: acmeimages.azurecr.io }]");
    let world = World::new(&text).await;
    put(&world, &registry(), json!({ "adminUserEnabled": true })).await;
    let plan = world.plan(&text).await.expect("a plan");
    let warned = |note: &cloudgrant_core::Note| {
        note.level == Level::Warning && note.message.contains("az acr update --name acmeimages --admin-enabled false")
    };
    assert_eq!(plan.notes.iter().filter(|note| warned(note)).count(), 1, "{:#?}", plan.notes);
}

#[tokio::test]
async fn task_code_may_push_where_it_is_granted() {
    let text = flyte("grants: [{ name: push, scope: global, access: { images: push } }]");
    let world = World::new(&text).await;
    world.converge(&text).await;
    let push = "8311e382-0749-4cb8-b61a-304f252e45ec".to_owned();
    assert_eq!(roles_of(&world, "flyte-tasks").await, [(push, None)]);
}

/// A role that is named for a repository is for that one alone, as the one is that comes by itself.
#[tokio::test]
async fn a_role_that_is_named_for_a_repository_is_narrowed_to_it() {
    for (level, role, id) in [
        ("pull", "Container Registry Repository Reader", REPOSITORY_READER),
        ("push", "Container Registry Repository Writer", "2a1e307c-b015-4ebd-883e-5b7698a07328"),
    ] {
        let text = flyte(&format!("grants: [{{ name: images, scope: global, access: {{ images: {level} }} }}]"))
            .replace("  cluster:", &format!("  roles: {{ images: {{ {level}: {role} }} }}\n  cluster:"));
        let world = World::new(&text).await;
        put(&world, &registry(), json!({ "roleAssignmentMode": "AbacRepositoryPermissions" })).await;
        world.converge(&text).await;
        let roles = roles_of(&world, "flyte-tasks").await;
        let [(role, Some(condition))] = roles.as_slice() else { panic!("{roles:?}") };
        assert_eq!(role, id);
        assert!(condition.contains("repositories:name] StringEqualsIgnoreCase 'team/trainer'"), "{condition}");
        assert_eq!(condition.contains("content/write"), level == "push", "{condition}");
    }
}

#[tokio::test]
async fn a_registry_that_looks_at_roles_in_an_unknown_way_gets_none() {
    let text = union("registries: [{ name: trainer, access: pull, azure: acmeimages.azurecr.io }]");
    let world = World::new(&text).await;
    put(&world, &registry(), json!({ "roleAssignmentMode": "SomethingNew" })).await;
    let told = said(&world.plan(&text).await.expect_err("unknown"));
    assert!(told.contains("acmeimages looks at roles in a way that isn't known here: `SomethingNew`"), "{told}");
}
