//! Role definitions.

use serde_json::{Value, json};

use crate::client::Cloud;
use crate::{BLOB_READER, GROUP, SUBSCRIPTION, account, assignment, grant, guid, in_group};

const DEFINITIONS: &str = "/providers/Microsoft.Authorization/roleDefinitions";
const VERSION: &str = "?api-version=2022-04-01";

fn custom(name: &str, scopes: &[&str]) -> Value {
    json!({"properties": {
        "roleName": name,
        "description": "for a test",
        "type": "CustomRole",
        "permissions": [{"actions": ["Microsoft.Storage/storageAccounts/read"], "notActions": []}],
        "assignableScopes": scopes,
    }})
}

#[tokio::test]
async fn built_in_roles_are_found_by_name_and_id() {
    let cloud = Cloud::start("").await;
    let by_name = format!("{SUBSCRIPTION}{DEFINITIONS}{VERSION}&$filter=roleName eq 'storage blob data reader'");
    let body = cloud.get(&by_name).await.is(200);
    let found = &body["value"][0];
    assert_eq!(found["name"], BLOB_READER);
    assert_eq!(found["id"], format!("{SUBSCRIPTION}{DEFINITIONS}/{BLOB_READER}"));
    assert_eq!(found["properties"]["type"], "BuiltInRole");
    let data = &found["properties"]["permissions"][0]["dataActions"];
    assert_eq!(*data, json!(["Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"]));
    let at_tenant = cloud.get(&format!("{DEFINITIONS}/{BLOB_READER}{VERSION}")).await.is(200);
    assert_eq!(at_tenant["id"], format!("{DEFINITIONS}/{BLOB_READER}"));
    let unknown = cloud.get(&format!("{SUBSCRIPTION}{DEFINITIONS}/{}{VERSION}", guid(1))).await;
    unknown.fails(404, "RoleDefinitionDoesNotExist", "");
    assert!(cloud.get(&format!("{SUBSCRIPTION}{DEFINITIONS}{VERSION}")).await.names().len() >= 21);
    cloud.get(&format!("{SUBSCRIPTION}{DEFINITIONS}{VERSION}&$filter=x eq 'y'")).await.fails(
        400,
        "InvalidFilterInQueryString",
        "x",
    );
}

#[tokio::test]
async fn a_custom_role_lives_in_its_scopes() {
    let cloud = Cloud::start("").await;
    let path = format!("{SUBSCRIPTION}{DEFINITIONS}/{}{VERSION}", guid(7));
    let made = cloud.put(&path, custom("Lister", &[&account()])).await.is(201);
    assert_eq!(made["properties"]["type"], "CustomRole");
    let filter = "$filter=type eq 'CustomRole'";
    let list =
        async |scope: &str, filter: &str| cloud.get(&format!("{scope}{DEFINITIONS}{VERSION}&{filter}")).await.names();
    assert_eq!(list(&account(), filter).await, [guid(7)]);
    assert!(list(GROUP, filter).await.is_empty(), "not assignable there");
    assert_eq!(list(GROUP, "$filter=atScopeAndBelow() and type eq 'CustomRole'").await, [guid(7)]);
    let (principal, _) = cloud.ids("flyteuser-acme").await;
    let outside = cloud.put(&assignment(GROUP, &guid(1)), grant(&guid(7), &principal)).await;
    outside.fails(400, "RoleDefinitionNotAssignable", "assignable scopes");
    cloud.put(&assignment(&account(), &guid(1)), grant(&guid(7), &principal)).await.is(201);
    cloud.delete(&path).await.fails(400, "RoleDefinitionHasAssignments", "existing role assignments");
    let elsewhere = cloud.put(&path, custom("Lister", &[&in_group("Microsoft.KeyVault/vaults/acme-vault")])).await;
    elsewhere.fails(400, "RoleScopeBeingRemovedContainsAssignments", &account());
    cloud.put(&path, custom("Lister", &[SUBSCRIPTION])).await.is(201);
    cloud.delete(&assignment(&account(), &guid(1))).await.is(200);
    cloud.delete(&path).await.is(200);
    cloud.delete(&path).await.is(204);
}

#[tokio::test]
async fn custom_roles_are_checked() {
    let cloud = Cloud::start("quota.CustomRolesPerTenant=1").await;
    let path = |n| format!("{SUBSCRIPTION}{DEFINITIONS}/{}{VERSION}", guid(n));
    let put = async |n, body| cloud.put(&path(n), body).await;
    put(1, custom("", &[SUBSCRIPTION])).await.fails(400, "RoleDefinitionNameNullOrEmpty", "name");
    put(1, custom("One", &[])).await.fails(400, "MissingAssignableScopes", "assignable scope");
    put(1, custom("One", &["/"])).await.fails(400, "InvalidAssignableScopes", "'/'");
    let nowhere = "/subscriptions/aaaaaaaa-0000-4000-8000-00000000000a";
    put(1, custom("One", &[nowhere])).await.fails(401, "LinkedInvalidAuthenticationTokenTenant", nowhere);
    let mut empty = custom("One", &[SUBSCRIPTION]);
    empty["properties"]["permissions"] = json!([{"actions": []}]);
    put(1, empty).await.fails(400, "InvalidActionOrNotAction", "at least one");
    let mut built_in = custom("One", &[SUBSCRIPTION]);
    built_in["properties"]["type"] = json!("BuiltInRole");
    put(1, built_in).await.fails(400, "InvalidRoleDefinitionType", "CustomRole");
    let odd = format!("{SUBSCRIPTION}{DEFINITIONS}/lister{VERSION}");
    cloud.put(&odd, custom("One", &[SUBSCRIPTION])).await.fails(400, "InvalidRoleDefinitionId", "GUID");

    put(1, custom("One", &[SUBSCRIPTION])).await.is(201);
    put(2, custom("ONE", &[SUBSCRIPTION])).await.fails(409, "RoleDefinitionWithSameNameExists", "same name");
    put(2, custom("reader", &[SUBSCRIPTION])).await.fails(409, "RoleDefinitionWithSameNameExists", "same name");
    put(2, custom("Two", &[SUBSCRIPTION])).await.fails(400, "RoleDefinitionLimitExceeded", "1");
    put(1, custom("Uno", &[SUBSCRIPTION])).await.is(201);
    let built_in = format!("{SUBSCRIPTION}{DEFINITIONS}/{BLOB_READER}{VERSION}");
    cloud.put(&built_in, custom("Two", &[SUBSCRIPTION])).await.fails(400, "RoleDefinitionCannotBeChanged", "built-in");
    cloud.delete(&built_in).await.fails(400, "RoleDefinitionCannotBeChanged", "built-in");
}
