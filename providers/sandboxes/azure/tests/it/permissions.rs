//! What the caller may do.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::Cloud;
use crate::{GROUP, READER, SUBSCRIPTION, VERSION, account, assignment, grant, guid};

#[tokio::test]
async fn the_callers_permissions_are_listed() {
    let cloud = Cloud::start("").await;
    let path = format!("{}/providers/Microsoft.Authorization/permissions{VERSION}", account());
    let body = cloud.get(&path).await.is(200);
    assert_eq!(body["value"], json!([{"actions": ["*"], "notActions": [], "dataActions": [], "notDataActions": []}]));
    let token = cloud.log_in_as("flyteuser-acme").await;
    let mine = async || cloud.arm_as(&token, Method::GET, &path, Value::Null).await.is(200)["value"].clone();
    assert_eq!(mine().await, json!([]));
    let (principal, _) = cloud.ids("flyteuser-acme").await;
    cloud.put(&assignment(GROUP, &guid(1)), grant(READER, &principal)).await.is(201);
    assert_eq!(mine().await[0]["actions"], json!(["*/read"]));
    let nowhere = format!("{SUBSCRIPTION}/resourceGroups/nope/providers/Microsoft.Authorization/permissions{VERSION}");
    cloud.get(&nowhere).await.fails(404, "ResourceGroupNotFound", "nope");
}
