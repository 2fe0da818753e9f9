//! Grants to a prefix of a container: what is allowed inside, and that nothing reaches out of it.

use cloudgrant_core::{Level, Plan, Silent};
use serde_json::json;

use crate::arm::{GROUP, SUBSCRIPTION, container};
use crate::grants::{BLOBS, access, assigned};
use crate::world::{Runs, World, union};

const CONTRIBUTOR: &str = "ba92f5b4-2d11-453d-a403-e96b0029c9fe";
const STORAGE: &str = "Microsoft.Storage/storageAccounts/blobServices";

/// What a principal may do to `inputs` of `acmedata`: reading, listing, writing and deleting, at a path.
async fn deeds(world: &World, principal: &str, path: &str) -> [bool; 4] {
    let scope = container("acmedata", "inputs");
    let may = async |asked: String| access(world, principal, &scope, &asked).await;
    [
        may(format!("data_action={BLOBS}/read&path={path}")).await,
        may(format!("data_action={BLOBS}/read&sub_operation=Blob.List&prefix={path}")).await,
        may(format!("data_action={BLOBS}/write&path={path}")).await
            && may(format!("data_action={BLOBS}/add/action&path={path}")).await,
        may(format!("data_action={BLOBS}/delete&path={path}")).await
            && may(format!("data_action={BLOBS}/move/action&path={path}")).await,
    ]
}

/// Whether a principal may delete the container, or get keys that sign for others.
async fn manages(world: &World, principal: &str) -> bool {
    let scope = container("acmedata", "inputs");
    let account = format!("{GROUP}/providers/Microsoft.Storage/storageAccounts/acmedata");
    access(world, principal, &scope, &format!("action={STORAGE}/containers/delete")).await
        || access(world, principal, &scope, &format!("action={STORAGE}/containers/write")).await
        || access(world, principal, &account, &format!("action={STORAGE}/generateUserDelegationKey/action")).await
}

#[tokio::test]
async fn writing_to_a_prefix_reaches_nothing_else_at_any_level() {
    for (level, inside) in [
        ("write", [false, false, true, false]),
        ("read-write", [true, true, true, false]),
        ("manage", [true, true, true, true]),
    ] {
        let text = union(&format!("grants: [{{ name: all, scope: global, access: {{ data: {level} }} }}]"));
        let world = World::new(&text).await;
        let plan = world.plan(&text).await.expect("a plan");
        let warned: Vec<_> = plan.notes.iter().filter(|note| note.level == Level::Warning).collect();
        assert!(warned.is_empty(), "it is exact: {warned:?}");
        world.converge(&text).await;
        let principal = world.arm.principal("flyteuser-acme").await;
        assert_eq!(deeds(&world, &principal, "raw/a.csv").await, inside, "{level}");
        for outside in ["other/a.csv", "rawer/a.csv", "raw", "a/raw/b"] {
            assert_eq!(deeds(&world, &principal, outside).await, [false; 4], "{level} {outside}");
        }
        assert!(!manages(&world, &principal).await, "{level}");
        world.revoke_all(&text).await.expect("revoked");
        assert!(world.arm.custom_roles().await.is_empty(), "{level}");
    }
}

/// A condition that names only some of a role's actions leaves the others open, and listing is told apart by the prefix that is
/// asked for, not by a path.
#[tokio::test]
async fn each_action_of_a_role_for_a_prefix_has_a_clause() {
    const PATH: &str = "@Resource[Microsoft.Storage/storageAccounts/blobServices/containers/blobs:path]";
    const PREFIX: &str = "@Request[Microsoft.Storage/storageAccounts/blobServices/containers/blobs:prefix]";
    let deeds = |action: &str| format!("ActionMatches{{'{BLOBS}/{action}'}}");
    for (level, named, expected) in [
        ("write", "", &["write", "add/action"][..]),
        ("read-write", "", &["read", "write", "add/action"]),
        (
            "read-write",
            "  roles: { data: { read-write: Storage Blob Data Contributor } }\n",
            &["read", "write", "add/action", "delete", "move/action"],
        ),
    ] {
        let text = union(&format!("grants: [{{ name: all, scope: global, access: {{ data: {level} }} }}]"))
            .replace("  cluster:", &format!("{named}  cluster:"));
        let world = World::new(&text).await;
        world.converge(&text).await;
        let principal = world.arm.principal("flyteuser-acme").await;
        let assigned = assigned(&world, &principal).await;
        let [(_, _, Some(condition))] = assigned.as_slice() else { panic!("{level}: {assigned:#?}") };
        for action in ["read", "write", "add/action", "delete", "move/action"] {
            assert_eq!(condition.contains(&deeds(action)), expected.contains(&action), "{level} {action}: {condition}");
        }
        assert!(condition.contains(&format!("{PATH} StringStartsWith 'raw/'")), "{level}: {condition}");
        let lists = expected.contains(&"read");
        assert_eq!(condition.contains("SubOperationMatches{'Blob.List'}"), lists, "{level}: {condition}");
        assert_eq!(condition.contains(&format!("{PREFIX} StringStartsWith 'raw/'")), lists, "{level}: {condition}");
    }
}

#[tokio::test]
async fn a_ready_made_role_for_a_prefix_needs_an_explicit_word_and_is_warned_of() {
    let text = union("grants: [{ name: all, scope: global, access: { data: read-write } }]")
        .replace("  cluster:", "  roles: { data: { read-write: Storage Blob Data Contributor } }\n  cluster:");
    let world = World::new(&text).await;
    let plan = world.plan(&text).await.expect("a plan");
    let warned = plan.notes.iter().any(|note| {
        note.level == Level::Warning && note.message.contains("also deletes the container acmedata/inputs")
    });
    assert!(warned, "{:#?}", plan.notes);
    world.converge(&text).await;
    let principal = world.arm.principal("flyteuser-acme").await;
    assert_eq!(assigned(&world, &principal).await[0].0, CONTRIBUTOR);
    assert_eq!(deeds(&world, &principal, "raw/a.csv").await, [true; 4]);
    assert_eq!(deeds(&world, &principal, "other/a.csv").await, [false; 4]);
    assert!(manages(&world, &principal).await, "that is what the warning is about");
}

/// Azure takes one assignment for a role, a scope and a principal: what is named and what comes by itself must add up.
#[tokio::test]
async fn a_role_that_is_named_for_a_container_isnt_narrowed_by_a_grant_to_a_prefix_of_it() {
    let text = union(
        "  all: { azure: \"https://acmedata.blob.core.windows.net/inputs\" }\n\
         grants: [{ name: all, scope: global, access: { data: read, all: read } }]",
    )
    .replace("  cluster:", "  roles: { all: { read: Storage Blob Data Reader } }\n  cluster:");
    let world = World::new(&text).await;
    world.converge(&text).await;
    let principal = world.arm.principal("flyteuser-acme").await;
    assert_eq!(deeds(&world, &principal, "other/a.csv").await, [true, true, false, false]);
}

#[tokio::test]
async fn who_may_not_make_custom_roles_hears_it_before_anything_is_changed() {
    let text = union("grants: [{ name: all, scope: global, access: { data: write } }]");
    let world = World::with(&text, "deny=Microsoft.Authorization/roleDefinitions:write").await;
    let told = crate::world::said(&world.plan(&text).await.expect_err("may not"));
    assert!(told.contains(&format!("the caller may not make custom roles in {SUBSCRIPTION}")), "{told}");
    assert!(told.contains("User Access Administrator") && told.contains("Storage Blob Data Contributor"), "{told}");
    // A ready-made role needs no definition.
    let named = text.replace("  cluster:", "  roles: { data: { write: Storage Blob Data Contributor } }\n  cluster:");
    world.converge(&named).await;
}

/// A container of another subscription of the tenant, by its ID.
fn elsewhere() -> (String, String) {
    let subscription = "/subscriptions/00000000-0000-0000-0000-0000000000ff".to_owned();
    let group = format!("{subscription}/resourceGroups/shared");
    let account = format!("{group}/providers/Microsoft.Storage/storageAccounts/acmeshared");
    (subscription, format!("{account}/blobServices/default/containers/results"))
}

#[tokio::test]
async fn a_custom_role_for_another_subscription_converges_and_goes() {
    let (subscription, container) = elsewhere();
    let text = union(&format!(
        "  results: {{ azure: \"{container}\" }}\n\
         grants: [{{ name: all, scope: global, precise: true, access: {{ results: read-write }} }}]"
    ));
    let world = World::new(&text).await;
    world.converge(&text).await;
    let roles = world.arm.custom_roles().await;
    assert_eq!(roles.len(), 1, "it is found at home");
    assert_eq!(roles[0]["properties"]["assignableScopes"], json!([SUBSCRIPTION, subscription]));
    let principal = world.arm.principal("flyteuser-acme").await;
    assert!(access(&world, &principal, &container, &format!("data_action={BLOBS}/write&path=a")).await);
    assert!(!access(&world, &principal, &container, &format!("data_action={BLOBS}/delete&path=a")).await);
    world.revoke_all(&text).await.expect("revoked");
    assert!(world.arm.custom_roles().await.is_empty());
    assert!(!access(&world, &principal, &container, &format!("data_action={BLOBS}/write&path=a")).await);
}

/// Azure takes no scope from a role that is assigned in it: the assignment goes first, though deletions come last.
#[tokio::test]
async fn a_custom_role_leaves_the_subscription_that_the_manifest_leaves() {
    let (subscription, container) = elsewhere();
    let second = container.replace("results", "inputs");
    let manifest = |access: &str| {
        union(&format!(
            "  results: {{ azure: \"{container}\" }}\n  inputs: {{ azure: \"{second}\" }}\n  \
               own: {{ azure: \"https://acmedata.blob.core.windows.net/inputs\" }}\n\
             grants: [{{ name: all, scope: global, precise: true, access: {{ {access} }} }}]"
        ))
    };
    let world = World::new(&manifest("own: read-write, results: read-write, inputs: read-write")).await;
    let scopes = async || world.arm.custom_roles().await[0]["properties"]["assignableScopes"].clone();
    world.converge(&manifest("own: read-write, results: read-write, inputs: read-write")).await;
    assert_eq!(scopes().await, json!([SUBSCRIPTION, subscription]));
    let principal = world.arm.principal("flyteuser-acme").await;
    world.converge(&manifest("own: read-write, inputs: read-write")).await;
    assert_eq!(scopes().await, json!([SUBSCRIPTION, subscription]), "it is still assigned there");
    world.converge(&manifest("own: read-write")).await;
    assert_eq!(scopes().await, json!([SUBSCRIPTION]));
    assert!(!access(&world, &principal, &second, &format!("data_action={BLOBS}/write&path=a")).await);
    // One of two goes as well where the other one stays at home, and both go at once.
    world.converge(&manifest("own: read-write, results: read-write, inputs: read-write")).await;
    world.converge(&manifest("own: read-write")).await;
    assert_eq!(scopes().await, json!([SUBSCRIPTION]));
    // Not so where somebody else has assigned it there.
    world.converge(&manifest("own: read-write, results: read-write")).await;
    let role = world.arm.custom_roles().await[0]["name"].as_str().expect("a name").to_owned();
    let theirs = format!(
        "{subscription}/providers/Microsoft.Authorization/roleAssignments/11111111-2222-3333-4444-777777777777"
    );
    let definition = format!("{subscription}/providers/Microsoft.Authorization/roleDefinitions/{role}");
    let body = json!({ "properties": { "roleDefinitionId": definition, "principalId": principal, "principalType": "ServicePrincipal" } });
    let (status, answer) =
        world.arm.send(reqwest::Method::PUT, &format!("{theirs}?api-version=2022-04-01"), Some(body)).await;
    assert!(status.is_success(), "{answer}");
    let plan = world.plan(&manifest("own: read-write")).await.expect("a plan");
    let told = |plan: &Plan| plan.notes.iter().map(|note| note.message.clone()).collect::<String>();
    let command = format!("az role assignment delete --ids {theirs}");
    assert!(told(&plan).contains("it stays assignable in") && told(&plan).contains(&command), "{:#?}", plan.notes);
    world.converge(&manifest("own: read-write")).await;
    assert_eq!(scopes().await, json!([SUBSCRIPTION, subscription]));
    let engine =
        world.session(&manifest("own: read-write")).await.expect("a session").engine_without(None).expect("an engine");
    let plan = engine.plan(&Silent).await.expect("a plan");
    assert!(plan.stays.iter().any(|stays| stays.reason.contains(&command)), "{:#?}", plan.stays);
    // Once it is gone, so is the scope, and then the role.
    let (status, answer) =
        world.arm.send(reqwest::Method::DELETE, &format!("{theirs}?api-version=2022-04-01"), None).await;
    assert!(status.is_success(), "{answer}");
    world.converge(&manifest("own: read-write")).await;
    assert_eq!(scopes().await, json!([SUBSCRIPTION]));
    world.revoke_all(&manifest("own: read-write")).await.expect("revoked");
    assert!(world.arm.custom_roles().await.is_empty());
}

/// A custom role is the tenant's, but only to be assigned, and listed, in the subscriptions that it names.
#[tokio::test]
async fn a_custom_role_that_is_named_is_looked_up_where_it_is_to_be_assigned() {
    let (subscription, container) = elsewhere();
    let text = union(&format!(
        "  results: {{ azure: \"{container}\" }}\n\
         grants: [{{ name: all, scope: global, access: {{ results: read }} }}]"
    ))
    .replace("  cluster:", "  roles: { results: { read: Results Reader } }\n  cluster:");
    let world = World::new(&text).await;
    let define = async |name: &str, id: &str, scope: &str| {
        let body = json!({ "properties": {
            "roleName": name, "description": "", "type": "CustomRole", "assignableScopes": [scope],
            "permissions": [{ "dataActions": [format!("{BLOBS}/read")] }],
        }});
        let path = format!("{scope}/providers/Microsoft.Authorization/roleDefinitions/{id}?api-version=2022-04-01");
        let (status, answer) = world.arm.send(reqwest::Method::PUT, &path, Some(body)).await;
        assert!(status.is_success(), "{answer}");
    };
    define("Results Reader", "11111111-2222-3333-4444-555555555555", &subscription).await;
    define("Home Reader", "11111111-2222-3333-4444-666666666666", SUBSCRIPTION).await;
    world.converge(&text).await;
    let principal = world.arm.principal("flyteuser-acme").await;
    assert!(access(&world, &principal, &container, &format!("data_action={BLOBS}/read&path=a")).await);
    let by_id = text.replace("Results Reader", "11111111-2222-3333-4444-555555555555");
    assert!(world.plan(&by_id).await.expect("a plan").is_empty(), "its id names the same role");
    for home in ["Home Reader", "11111111-2222-3333-4444-666666666666"] {
        let error = world.plan(&text.replace("Results Reader", home)).await.expect_err("not there");
        let told = crate::world::said(&error);
        assert!(told.contains(home) && told.contains("in subscription 00000000-0000-0000-0000-0000000000ff"), "{told}");
    }
}
