//! Grants to the platform's own identity: requirements 2 to 6, 67 to 71.

use cloudgrant_azure_sandbox::condition;
use cloudgrant_core::{ErrorKind, Level};
use serde_json::{Value, json};

use crate::arm::{GROUP, SUBSCRIPTION, container};
use crate::world::{Runs, World, flyte, said, union};

const READER: &str = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1";
pub(crate) const BLOBS: &str = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs";
const CONTRIBUTOR: &str = "ba92f5b4-2d11-453d-a403-e96b0029c9fe";

/// The assignments of a principal as (role, scope, condition), without what nobody can foresee.
pub(crate) async fn assigned(world: &World, principal: &str) -> Vec<(String, String, Option<String>)> {
    let mut assigned: Vec<_> = world
        .arm
        .assignments()
        .await
        .iter()
        .map(|assignment| &assignment["properties"])
        .filter(|properties| properties["principalId"] == principal)
        .map(|properties| {
            let text = |key: &str| properties[key].as_str().unwrap_or_default().to_owned();
            let role = text("roleDefinitionId").rsplit('/').next().unwrap_or_default().to_owned();
            (role, text("scope"), properties["condition"].as_str().map(ToOwned::to_owned))
        })
        .collect();
    assigned.sort();
    assigned
}

#[tokio::test]
async fn requirements_2_and_3_global_grants_go_to_the_identity_that_is_found() {
    let text = union("grants: [{ name: all, scope: global, access: { models: read, token: read } }]");
    let world = World::new(&text).await;
    let report = world.converge(&text).await;
    assert_eq!(report.summary().create, 2);
    let principal = world.arm.principal("flyteuser-acme").await;
    let vault = format!("{GROUP}/providers/Microsoft.KeyVault/vaults/acme-vault/secrets/token");
    assert_eq!(
        assigned(&world, &principal).await,
        [
            (READER.to_owned(), container("acmemodels", "models"), None),
            ("4633458b-17de-408a-b874-0445c86b69e6".to_owned(), vault, None),
        ]
    );
    // They say whose they are, and that they are for a program.
    for assignment in world.arm.assignments().await {
        let properties = &assignment["properties"];
        if properties["principalId"] == principal.as_str() {
            let home = "00000000-0000-0000-0000-00000000000b/acme-dataplane";
            let mark = format!("Task code access, managed by cloudgrant (stack tests, home {home})");
            assert_eq!(properties["description"], mark.as_str());
            assert_eq!(properties["principalType"], "ServicePrincipal");
        }
    }
}

#[tokio::test]
async fn requirement_2_none_or_several_are_listed() {
    let text = union("grants: [{ name: all, scope: global, access: { models: read } }]");
    let world = World::new(&text).await;
    world.arm.put_identity("userflyterole-acme", json!({})).await;
    let error = world.plan(&text).await.expect_err("two");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let told = said(&error);
    assert!(told.contains("flyteuser-acme, userflyterole-acme") && told.contains("azure.task_identity"), "{told}");
    let named = text.replace("  cluster:", "  task_identity: userflyterole-acme\n  cluster:");
    world.converge(&named).await;
    for name in ["userflyterole-acme", "flyteuser-acme"] {
        world.arm.delete_identity(name).await;
    }
    // A name that only ends so is somebody else's.
    world.arm.put_identity("backup-flyteuser", json!({})).await;
    world.arm.put_identity("acme-userflyterole", json!({})).await;
    let told = said(&world.plan(&text).await.expect_err("none"));
    assert!(told.contains("there is no managed identity named flyteuser* or userflyterole*"), "{told}");
}

#[tokio::test]
async fn a_prefix_becomes_a_condition_that_means_it() {
    let text = union("grants: [{ name: all, scope: global, access: { data: read } }]");
    let world = World::new(&text).await;
    world.converge(&text).await;
    let principal = world.arm.principal("flyteuser-acme").await;
    let assigned = assigned(&world, &principal).await;
    let (role, scope, text) = &assigned[0];
    assert_eq!((role.as_str(), scope), (READER, &container("acmedata", "inputs")));
    condition::parse(text.as_deref().expect("a condition")).expect("it can be read");
    let may = async |path: &str, listing: bool| allowed(&world, &principal, "read", path, listing).await;
    assert!(may("raw/a.csv", false).await);
    assert!(!may("other/a.csv", false).await);
    assert!(!may("rawer/a.csv", false).await);
    assert!(may("raw/", true).await);
    assert!(!may("", true).await);
    assert!(!allowed(&world, &principal, "write", "raw/a.csv", false).await);
}

/// What the sandbox says of an access to the container `inputs`: an evaluation of its own.
async fn allowed(world: &World, principal: &str, deed: &str, path: &str, listing: bool) -> bool {
    let more = if listing { format!("sub_operation=Blob.List&prefix={path}") } else { format!("path={path}") };
    access(world, principal, &container("acmedata", "inputs"), &format!("data_action={BLOBS}/{deed}&{more}")).await
}

/// The same for anything at any scope; what is asked as the sandbox's query takes it.
pub(crate) async fn access(world: &World, principal: &str, scope: &str, asked: &str) -> bool {
    let query = format!("/_sandbox/access?principal={principal}&scope={scope}&{asked}");
    let (status, answer) = world.arm.send(reqwest::Method::GET, &query, None).await;
    assert!(status.is_success(), "{answer}");
    answer["allowed"].as_bool().expect("yes or no")
}

#[tokio::test]
async fn what_several_grants_give_on_a_container_is_one_assignment() {
    let text = union(
        "grants:\n\
         - { name: one, scope: global, access: { data: read } }\n\
         - { name: two, scope: global, access: { more: list } }\n\
         - { name: three, scope: global, access: { more: read-write } }",
    );
    let world = World::new(&text).await;
    world.converge(&text).await;
    let principal = world.arm.principal("flyteuser-acme").await;
    let roles: Vec<_> = assigned(&world, &principal).await.into_iter().map(|(role, ..)| role).collect();
    // A ready-made one for reading, and one of the stack's own for writing.
    assert!(roles.len() == 2 && roles.iter().any(|role| role == READER), "{roles:?}");
    assert!(!roles.iter().any(|role| role == CONTRIBUTOR), "{roles:?}");
    assert!(allowed(&world, &principal, "read", "raw/a", false).await);
    assert!(allowed(&world, &principal, "write", "more/a", false).await);
    assert!(!allowed(&world, &principal, "write", "raw/a", false).await);
    assert!(!allowed(&world, &principal, "read", "others/a", false).await);
}

#[tokio::test]
async fn what_azure_can_t_express_is_told_and_precise_gives_just_that() {
    let text = union("grants: [{ name: all, scope: global, access: { models: read-write } }]");
    let world = World::new(&text).await;
    let plan = world.plan(&text).await.expect("a plan");
    let warned = plan.notes.iter().any(|note| note.level == Level::Warning && note.message.contains("deletes objects"));
    assert!(warned, "{:#?}", plan.notes);
    world.converge(&text).await;
    let principal = world.arm.principal("flyteuser-acme").await;
    let scope = container("acmemodels", "models");
    let may =
        async |deed: &str| access(&world, &principal, &scope, &format!("data_action={BLOBS}/{deed}&path=a")).await;
    assert!(may("delete").await);
    let precise = text.replace("scope: global", "scope: global, precise: true");
    let plan = world.plan(&precise).await.expect("a plan");
    assert!(!plan.notes.iter().any(|note| note.message.contains("deletes objects")), "{:#?}", plan.notes);
    let report = world.converge(&precise).await;
    assert_eq!((report.summary().create, report.summary().delete), (2, 1));
    assert!(may("write").await && !may("delete").await);
    let roles = world.arm.custom_roles().await;
    let blobs = BLOBS;
    assert_eq!(roles.len(), 1);
    assert_eq!(roles[0]["properties"]["assignableScopes"], json!([SUBSCRIPTION]));
    assert_eq!(
        roles[0]["properties"]["permissions"][0]["dataActions"],
        json!([format!("{blobs}/add/action"), format!("{blobs}/read"), format!("{blobs}/write")])
    );
    world.revoke_all(&precise).await.expect("revoked");
    assert!(world.arm.custom_roles().await.is_empty());
    // Who may only write may neither read nor delete.
    world.converge(&precise.replace("read-write", "write")).await;
    let roles = world.arm.custom_roles().await;
    assert_eq!(
        roles[0]["properties"]["permissions"][0]["dataActions"],
        json!([format!("{blobs}/add/action"), format!("{blobs}/write")])
    );
    let principal = world.arm.principal("flyteuser-acme").await;
    for (deed, allowed) in [("write", true), ("add/action", true), ("read", false), ("delete", false)] {
        let asked = format!("data_action={BLOBS}/{deed}&path=a");
        assert_eq!(access(&world, &principal, &scope, &asked).await, allowed, "{deed}");
    }
}

#[tokio::test]
async fn listing_alone_keeps_contents_closed() {
    let text = union("grants: [{ name: all, scope: global, access: { data: list } }]");
    let world = World::new(&text).await;
    world.converge(&text).await;
    let principal = world.arm.principal("flyteuser-acme").await;
    assert!(allowed(&world, &principal, "read", "raw/", true).await);
    assert!(!allowed(&world, &principal, "read", "raw/a", false).await);
}

#[tokio::test]
async fn any_resource_with_a_role_by_name_or_id() {
    let workspace = format!("{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/ml");
    let text = union(&format!(
        "  ml: {{ azure: {workspace} }}\ngrants: [{{ name: all, scope: global, access: {{ ml: read-write }} }}]"
    ))
    .replace("  cluster:", "  roles: { ml: { read-write: Reader } }\n  cluster:");
    let world = World::new(&text).await;
    world.converge(&text).await;
    let principal = world.arm.principal("flyteuser-acme").await;
    let reader = "acdd72a7-3385-48ef-bd42-f606fba81ae7".to_owned();
    assert_eq!(assigned(&world, &principal).await, [(reader, workspace, None)]);
    // A name that isn't known without asking is looked up, and what it stands for is looked at.
    let asked = text.replace("read-write: Reader", "read-write: No Such Role");
    let told = said(&world.plan(&asked).await.expect_err("no role"));
    assert!(told.contains("there is no role `No Such Role`"), "{told}");
    // These run programs on a workspace's computes, as the computes' identities.
    for ready_made in ["AzureML Data Scientist", "AzureML Compute Operator"] {
        let text = text.replace("read-write: Reader", &format!("read-write: {ready_made}"));
        let told = said(&world.plan(&text).await.expect_err("too much"));
        assert!(told.contains(&format!("the role `{ready_made}` is too much for task code")), "{told}");
    }
}

#[tokio::test]
async fn requirement_71_a_custom_role_that_is_too_much_is_refused() {
    let text = union("grants: [{ name: all, scope: global, access: { models: read } }]")
        .replace("  cluster:", "  roles: { models: { read: Anything Goes } }\n  cluster:");
    let world = World::new(&text).await;
    let id = "11111111-2222-3333-4444-555555555555";
    let body = json!({ "properties": {
        "roleName": "Anything Goes", "description": "", "type": "CustomRole", "assignableScopes": [SUBSCRIPTION],
        "permissions": [{ "actions": ["Microsoft.Authorization/*"], "notActions": [] }],
    }});
    let path = format!("{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{id}?api-version=2022-04-01");
    let (status, answer) = world.arm.send(reqwest::Method::PUT, &path, Some(body)).await;
    assert!(status.is_success(), "{answer}");
    let told = said(&world.plan(&text).await.expect_err("too much"));
    let why = "it allows `Microsoft.Authorization/roleAssignments/write`, so that its holder could assign roles";
    assert!(told.contains(&format!("the role `Anything Goes` is too much for task code: {why}")), "{told}");
    // A ready-made one whose name says nothing of keys.
    let told =
        said(&world.plan(&text.replace("Anything Goes", "Storage Account Contributor")).await.expect_err("keys"));
    assert!(told.contains("`Microsoft.Storage/storageAccounts/listKeys/action`"), "{told}");
}

/// What a role allows stands in no manifest: a sandbox that had every role that one names would have made its rights up.
#[tokio::test]
async fn a_role_that_the_sandbox_does_not_know_is_refused_with_what_makes_it_known() {
    let named = |role: &str| {
        union("grants: [{ name: all, scope: global, access: { models: read } }]")
            .replace("  cluster:", &format!("  roles: {{ models: {{ read: {role} }} }}\n  cluster:"))
    };
    let world = World::new(&named("Ours")).await;
    let id = "11111111-2222-3333-4444-555555555555";
    for (role, told) in [
        ("Ours", "there is no role `Ours`"),
        (id, "there is no custom role with the id 11111111-2222-3333-4444-555555555555"),
    ] {
        let said = said(&world.plan(&named(role)).await.expect_err("no such role"));
        assert!(said.contains(told) && said.contains("the sandbox doesn't know this role"), "{said}");
        assert!(said.contains("_sandbox/put") && said.contains("\"permissions\""), "{said}");
    }
    let read = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read";
    let body = json!({
        "id": format!("{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{id}"),
        "properties": {
            "roleName": "Ours",
            "assignableScopes": [SUBSCRIPTION],
            "permissions": [{ "actions": [], "dataActions": [read] }],
        },
    });
    world.arm.manage("put", body).await;
    world.converge(&named("Ours")).await;
    let principal = world.arm.principal("flyteuser-acme").await;
    let container = format!(
        "{GROUP}/providers/Microsoft.Storage/storageAccounts/acmemodels/blobServices/default/containers/models"
    );
    assert!(access(&world, &principal, &container, &format!("data_action={read}&path=a")).await);
}

#[tokio::test]
async fn roles_for_other_data_are_azure_s_own_in_the_sandbox() {
    for (role, fits) in [
        ("Storage Queue Data Reader", true),
        ("Storage Table Data Contributor", true),
        ("Key Vault Crypto User", true),
        ("Azure Event Hubs Data Sender", true),
        ("Azure Service Bus Data Receiver", true),
        // They hand out keys.
        ("Azure Event Hubs Data Owner", false),
        ("Azure Service Bus Data Owner", false),
    ] {
        let text = union("grants: [{ name: all, scope: global, access: { models: read } }]")
            .replace("  cluster:", &format!("  roles: {{ models: {{ read: {role} }} }}\n  cluster:"));
        let world = World::new(&text).await;
        match world.plan(&text).await {
            Ok(_) => assert!(fits, "{role} is taken"),
            Err(error) => {
                let told = said(&error);
                assert!(!fits && told.contains("is too much for task code"), "{role}: {told}");
            }
        }
    }
}

/// Two permission sets: what one takes away, the other one gives.
#[tokio::test]
async fn requirement_71_each_permission_set_counts_by_itself() {
    let text = union("grants: [{ name: all, scope: global, access: { models: read } }]")
        .replace("  cluster:", "  roles: { models: { read: Two Sets } }\n  cluster:");
    let world = World::new(&text).await;
    let id = "11111111-2222-3333-4444-777777777777";
    let body = json!({ "properties": {
        "roleName": "Two Sets", "description": "", "type": "CustomRole", "assignableScopes": [SUBSCRIPTION],
        "permissions": [
            { "actions": ["*/read"], "notActions": ["Microsoft.Authorization/*"] },
            { "actions": ["microsoft.authorization/ROLEDEFINITIONS/write"], "notActions": [] },
        ],
    }});
    let path = format!("{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{id}?api-version=2022-04-01");
    let (status, answer) = world.arm.send(reqwest::Method::PUT, &path, Some(body)).await;
    assert!(status.is_success(), "{answer}");
    let told = said(&world.plan(&text).await.expect_err("too much"));
    assert!(told.contains("`Microsoft.Authorization/roleDefinitions/write`"), "{told}");
}

#[tokio::test]
async fn a_role_that_is_named_is_what_the_plan_tells_of() {
    let text = union("grants: [{ name: all, scope: global, access: { models: write } }]");
    let world = World::new(&text).await;
    let told = async |role: &str| {
        let named = text.replace("  cluster:", &format!("  roles: {{ models: {{ write: {role} }} }}\n  cluster:"));
        let plan = world.plan(&named).await.expect("a plan");
        let warned = plan.notes.iter().filter(|note| note.level == Level::Warning);
        warned.map(|note| note.message.clone()).collect::<Vec<_>>()
    };
    let begin = |role: &str| format!("`azure.roles` names {role} for `write` on `models`");
    assert_eq!(
        told("Storage Blob Data Reader").await,
        [format!("{}, which also read, list objects; does not write objects", begin("Storage Blob Data Reader"))]
    );
    let contributor = format!(
        "{}, which also read, list, delete objects; can delete the container",
        begin("Storage Blob Data Contributor")
    );
    assert_eq!(told("Storage Blob Data Contributor").await, [contributor]);
    let reader = told("Reader").await;
    assert!(reader.len() == 1 && reader[0].contains("whatever the level says"), "{reader:?}");
}

#[tokio::test]
async fn a_vault_with_access_policies_is_refused() {
    let text = union("grants: [{ name: all, scope: global, access: { token: read } }]");
    let world = World::new(&text).await;
    let vault = format!("{GROUP}/providers/Microsoft.KeyVault/vaults/acme-vault");
    put(&world, &vault, json!({ "enableRbacAuthorization": false })).await;
    let told = said(&world.plan(&text).await.expect_err("access policies"));
    assert!(told.contains("looks at access policies, not at roles") && told.contains("az keyvault update"), "{told}");
}

/// A subscription that has moved takes its vaults along, which go on trusting the former tenant.
#[tokio::test]
async fn a_vault_that_trusts_another_tenant_is_refused() {
    let text = union("grants: [{ name: all, scope: global, access: { token: read } }]");
    let world = World::new(&text).await;
    let vault = format!("{GROUP}/providers/Microsoft.KeyVault/vaults/acme-vault");
    put(&world, &vault, json!({ "tenantId": "00000000-0000-0000-0000-0000000000ee" })).await;
    let told = said(&world.plan(&text).await.expect_err("another tenant"));
    assert!(told.contains("acme-vault trusts the tenant 00000000-0000-0000-0000-0000000000ee"), "{told}");
    assert!(told.contains("az keyvault update --name acme-vault --set properties.tenantId="), "{told}");
}

/// Changes a resource behind everybody's back.
pub(crate) async fn put(world: &World, id: &str, properties: Value) {
    world.arm.manage("put", json!({ "id": id, "properties": properties })).await;
}

#[tokio::test]
async fn what_isn_t_there_is_told_all_at_once() {
    let text = union(
        "  lost: { azure: \"https://acmelost.blob.core.windows.net/inputs\" }\n  \
         gone: { azure: \"https://acme-gone.vault.azure.net/secrets/x\" }\n\
         grants: [{ name: all, scope: global, access: { lost: read, gone: read, models: read } }]",
    );
    let seeded = union("grants: [{ name: all, scope: global, access: { models: read } }]");
    let world = World::new(&seeded).await;
    let told = said(&world.plan(&text).await.expect_err("absent"));
    assert!(told.contains("no storage account `acmelost`") && told.contains("no key vault `acme-gone`"), "{told}");
    assert!(told.contains("write its resource ID"), "{told}");
}

#[tokio::test]
async fn requirement_6_another_tenant_is_refused() {
    let elsewhere = "/subscriptions/00000000-0000-0000-0000-0000000000ff/resourceGroups/theirs";
    let container =
        format!("{elsewhere}/providers/Microsoft.Storage/storageAccounts/theirs/blobServices/default/containers/data");
    let text = union(&format!(
        "  theirs: {{ azure: {container} }}\ngrants: [{{ name: all, scope: global, access: {{ theirs: read }} }}]"
    ));
    let world = World::new(&text).await;
    // Seeded in this tenant: fine.
    world.converge(&text).await;
    let subscription = json!({
        "id": "/subscriptions/00000000-0000-0000-0000-0000000000ff",
        "tenantId": "99999999-9999-9999-9999-999999999999",
    });
    world.arm.manage("put", subscription).await;
    let error = world.plan(&text).await.expect_err("another tenant");
    assert_eq!(error.kind(), ErrorKind::WrongAccount, "{error:?}");
    assert!(said(&error).contains("a managed identity works in its own tenant only"), "{}", said(&error));
}

#[tokio::test]
async fn requirement_107_who_may_not_assign_roles_hears_it_before_anything_is_changed() {
    let text = flyte("grants: [{ name: all, scope: { domain: production }, access: { models: read } }]");
    let world = World::with(&text, "deny=Microsoft.Authorization/roleAssignments:write").await;
    let error = world.plan(&text).await.expect_err("may not");
    assert_eq!(error.kind(), ErrorKind::AccessDenied, "{error:?}");
    assert!(said(&error).contains("Role Based Access Control Administrator"), "{}", said(&error));
    assert!(!world.arm.identities().await.iter().any(|identity| identity["name"] == "cloudgrant_tests_production"));
}
