//! Who may do what in a workspace.

use reqwest::Method;
use serde_json::{Value, json};

use super::{API, body, cluster, inside, users, workspace};
use crate::client::Cloud;
use crate::{assignment, grant, guid, identity};

const DATA_SCIENTIST: &str = "f6c7c914-8db3-469d-8ca1-694a8f32e121";
const COMPUTE_OPERATOR: &str = "e503ece1-11d0-4e8e-8e2c-7a6c3bf38815";
const IDENTITY_OPERATOR: &str = "f1a07417-d97a-45cb-824c-7a7467783830";

/// Somebody who has a role at the workspace.
async fn with_role(cloud: &Cloud, role: &str) -> String {
    let (principal, _) = cloud.ids("flyteuser-acme").await;
    cloud.put(&assignment(&workspace("acme-ml"), &guid(1)), grant(role, &principal)).await.is(201);
    cloud.log_in_as("flyteuser-acme").await
}

#[tokio::test]
async fn a_reader_sees_no_secrets_and_changes_nothing() {
    let cloud = Cloud::with_workspace().await;
    let token = with_role(&cloud, crate::READER).await;
    let ask = async |method: Method, path: &str, body: Value| cloud.arm_as(&token, method, path, body).await;
    ask(Method::GET, &inside("datastores/workspaceblobstore"), Value::Null).await.is(200);
    let secrets = inside("datastores/workspaceblobstore/listSecrets");
    let failed = "AuthorizationFailed";
    ask(Method::POST, &secrets, json!({})).await.fails(403, failed, "datastores/listSecrets/action");
    ask(Method::PUT, &inside("computes/cpu"), cluster(Value::Null)).await.fails(
        403,
        failed,
        "workspaces/computes/write",
    );
    ask(Method::PUT, &format!("{}{API}", workspace("acme-ml")), body()).await.fails(403, failed, "workspaces/write");
}

#[tokio::test]
async fn a_data_scientist_reads_secrets_and_makes_no_computes() {
    let cloud = Cloud::with_workspace().await;
    let token = with_role(&cloud, DATA_SCIENTIST).await;
    let ask = async |method: Method, path: &str, body: Value| cloud.arm_as(&token, method, path, body).await;
    ask(Method::POST, &inside("datastores/workspaceblobstore/listSecrets"), json!({})).await.is(200);
    let compute = inside("computes/cpu");
    ask(Method::PUT, &compute, cluster(Value::Null)).await.fails(403, "AuthorizationFailed", "computes/write");
    let patch = json!({"tags": {}});
    ask(Method::PATCH, &format!("{}{API}", workspace("acme-ml")), patch).await.fails(
        403,
        "AuthorizationFailed",
        "workspaces/write",
    );
}

/// The caller's right at the compute is not enough: it takes one at each identity that is attached anew.
#[tokio::test]
async fn attaching_an_identity_takes_a_role_at_it() {
    let cloud = Cloud::with_workspace().await;
    let token = with_role(&cloud, COMPUTE_OPERATOR).await;
    let put = async |names: &[&str]| {
        cloud.arm_as(&token, Method::PUT, &inside("computes/cpu"), cluster(users("UserAssigned", names))).await
    };
    let assign = "userAssignedIdentities/assign/action";
    put(&["acme-production"]).await.fails(403, "LinkedAuthorizationFailed", assign);
    let (principal, _) = cloud.ids("flyteuser-acme").await;
    let at = assignment(&identity("acme-production"), &guid(2));
    cloud.put(&at, grant(IDENTITY_OPERATOR, &principal)).await.is(201);
    let made = put(&["acme-production"]).await;
    // Whoever began it may see how it goes.
    let status = made.link("azure-asyncoperation");
    let status = status.strip_prefix(cloud.running.endpoint()).expect("a link to the sandbox");
    made.is(201);
    cloud.arm_as(&token, Method::GET, status, Value::Null).await.is(200);
    put(&["acme-production", "acme-dataplane-aks-agentpool"]).await.fails(
        403,
        "LinkedAuthorizationFailed",
        "agentpool",
    );
    // What is attached already is not asked about again.
    cloud.delete(&at).await.is(200);
    put(&["acme-production"]).await.is(200);
    cloud.knobs("deny=Microsoft.ManagedIdentity/userAssignedIdentities/assign:action").await;
    let refused = cloud.put(&inside("computes/gpu"), cluster(users("UserAssigned", &["acme-production"]))).await;
    refused.fails(403, "LinkedAuthorizationFailed", assign);
}

#[tokio::test]
async fn a_stranger_sees_no_operation_of_others() {
    let cloud = Cloud::with_workspace().await;
    let made = cloud.put(&inside("computes/cpu"), cluster(Value::Null)).await;
    let status = made.link("azure-asyncoperation");
    let status = status.strip_prefix(cloud.running.endpoint()).expect("a link to the sandbox");
    let token = cloud.log_in_as("flyteuser-acme").await;
    let refused = cloud.arm_as(&token, Method::GET, status, Value::Null).await;
    refused.fails(403, "AuthorizationFailed", "OperationsStatus/read");
}
