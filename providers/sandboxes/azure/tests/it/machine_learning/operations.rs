//! What takes its time: links, states on the way, and failures at the end.

use serde_json::{Value, json};

use super::{API, body, cluster, inside, workspace};
use crate::client::Cloud;

#[tokio::test]
async fn it_is_busy_until_it_has_ended() {
    let cloud = Cloud::with_workspace().await;
    cloud.knobs("quota.OperationSeconds=3600").await;
    let path = inside("computes/cpu");
    let made = cloud.put(&path, cluster(Value::Null)).await;
    let status = made.link("azure-asyncoperation");
    assert!(status.contains("/locations/westeurope/computeOperationsStatus/"), "{status}");
    assert_eq!(cloud.follow(&status).await.is(200)["status"], "InProgress");
    assert_eq!(cloud.read(&path).await["properties"]["provisioningState"], "Creating");
    cloud.put(&path, cluster(Value::Null)).await.fails(409, "Conflict", "in progress");
    cloud.delete(&format!("{path}&underlyingResourceAction=Delete")).await.fails(409, "Conflict", "in progress");
    let changed = cloud.put(&format!("{}{API}", workspace("acme-ml")), body()).await;
    let (result, wait) = (changed.link("location"), changed.link("retry-after"));
    assert_eq!(wait, "3600");
    let still = cloud.follow(&result).await;
    assert_eq!((still.link("location"), still.link("retry-after")), (result, wait));
    still.is(202);
    assert_eq!(
        cloud.read(&format!("{}{API}", workspace("acme-ml"))).await["properties"]["provisioningState"],
        "Updating"
    );
}

#[tokio::test]
async fn it_ends_by_itself_and_is_over_once() {
    let cloud = Cloud::with_workspace().await;
    cloud.knobs("quota.OperationSeconds=1").await;
    let made = cloud.put(&inside("computes/cpu"), cluster(Value::Null)).await;
    let status = made.link("azure-asyncoperation");
    let begun = std::time::Instant::now();
    let ended = loop {
        let said = cloud.follow(&status).await.is(200);
        if said["status"] != "InProgress" || begun.elapsed().as_secs() > 20 {
            break said;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    assert!(ended["status"] == "Succeeded" && ended["endTime"].is_string(), "{ended}");
    assert_eq!(cloud.read(&inside("computes/cpu")).await["properties"]["provisioningState"], "Succeeded");
}

#[tokio::test]
async fn it_may_fail_at_its_end() {
    let cloud = Cloud::with_workspace().await;
    let path = inside("computes/cpu");
    let failure = json!({"code": "ClusterCoreQuotaReached", "message": "Operation results in exceeding quota limits"});
    cloud.place(json!({"id": format!("{}/computes/cpu", workspace("acme-ml")), "fails": failure})).await;
    let made = cloud.put(&path, cluster(Value::Null)).await;
    let said = cloud.follow(&made.link("azure-asyncoperation")).await.is(200);
    made.is(201);
    assert_eq!((&said["status"], &said["error"]), (&json!("Failed"), &failure));
    let there = cloud.read(&path).await["properties"].clone();
    assert_eq!(there["provisioningState"], "Failed");
    assert_eq!(there["provisioningErrors"][0]["error"]["code"], "ClusterCoreQuotaReached");
    // The next one goes well.
    cloud.put(&path, cluster(Value::Null)).await.is(200);
    let there = cloud.read(&path).await["properties"].clone();
    assert_eq!((&there["provisioningState"], &there["provisioningErrors"]), (&json!("Succeeded"), &Value::Null));
    cloud.place(json!({"id": workspace("acme-ml"), "fails": {"code": "Odd", "message": "why"}})).await;
    let changed = cloud.put(&format!("{}{API}", workspace("acme-ml")), body()).await;
    cloud.follow(&changed.link("location")).await.fails(409, "Odd", "why");
}

#[tokio::test]
async fn it_is_remembered_when_the_sandbox_ends() {
    let cloud = Cloud::with_workspace().await;
    cloud.put(&inside("computes/cpu"), cluster(Value::Null)).await.is(201);
    let Cloud { running, folder, .. } = cloud;
    running.stop().await;
    let cloud = Cloud::start_in(folder, "").await;
    assert_eq!(cloud.read(&inside("computes/cpu")).await["properties"]["provisioningState"], "Succeeded");
}
