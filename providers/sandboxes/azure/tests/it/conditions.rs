//! Conditions on what an administrator may assign.

use reqwest::Method;
use serde_json::json;

use crate::client::Cloud;
use crate::{BLOB_READER, GROUP, READER, SUBSCRIPTION, assignment, grant, guid};

const ADMINISTRATOR: &str = "f58310d9-a9f6-439a-9e8d-f62e7b41a168";

#[tokio::test]
async fn a_constrained_administrator_assigns_only_some_roles() {
    let cloud = Cloud::start("").await;
    let (admin, _) = cloud.ids("acme-production").await;
    let (task, _) = cloud.ids("flyteuser-acme").await;
    let condition = format!(
        "(!(ActionMatches{{'Microsoft.Authorization/roleAssignments/write'}})) OR \
         (@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{BLOB_READER}}})"
    );
    let mut body = grant(ADMINISTRATOR, &admin);
    body["properties"]["condition"] = json!(condition);
    body["properties"]["conditionVersion"] = json!("2.0");
    cloud.put(&assignment(SUBSCRIPTION, &guid(1)), body).await.is(201);
    let token = cloud.log_in_as("acme-production").await;
    let denied = cloud.arm_as(&token, Method::PUT, &assignment(GROUP, &guid(2)), grant(READER, &task)).await;
    denied.fails(403, "AuthorizationFailed", "Microsoft.Authorization/roleAssignments/write");
    cloud.arm_as(&token, Method::PUT, &assignment(GROUP, &guid(3)), grant(BLOB_READER, &task)).await.is(201);
}
