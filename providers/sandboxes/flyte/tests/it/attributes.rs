use serde_json::json;

use crate::client::Flyte;
use crate::{CLUSTER, PAIR, cluster, of_cluster, values};

const PROJECT: &str = "/api/v1/project_attributes/flytesnacks";
const WORKFLOW: &str = "/api/v1/workflow_attributes/flytesnacks/development/train.main";

#[tokio::test]
async fn an_update_replaces_the_whole_map() {
    let flyte = Flyte::start().await;
    let read = format!("{PAIR}{CLUSTER}");
    flyte.get(&read).await.fails(
        404,
        5,
        "Resource [{Project:flytesnacks Domain:development Workflow: LaunchPlan: ResourceType:CLUSTER_RESOURCE}] not found",
    );
    assert_eq!(flyte.put(PAIR, cluster(json!({"quota": "5", "defaultIamRole": "a"}))).await.ok(), json!({}));
    flyte.put(PAIR, cluster(json!({"defaultIamRole": "b"}))).await.ok();
    let expected = json!({"attributes": {
        "project": "flytesnacks",
        "domain": "development",
        "matching_attributes": {"cluster_resource_attributes": {"attributes": {"defaultIamRole": "b"}}},
        "org": "",
    }});
    assert_eq!(flyte.get(&read).await.ok(), expected);
}

#[tokio::test]
async fn a_pair_falls_back_to_its_project_and_a_project_to_nothing() {
    let flyte = Flyte::start().await;
    flyte.put(PROJECT, cluster(json!({"from": "project"}))).await.ok();
    let fallen_back = flyte.get(&format!("{PAIR}{CLUSTER}")).await.ok();
    assert_eq!(values(&fallen_back), &json!({"from": "project"}));
    assert_eq!(fallen_back["attributes"]["domain"], "", "the answer says whose record it is");
    flyte.put(PAIR, cluster(json!({"from": "pair"}))).await.ok();
    assert_eq!(values(&flyte.get(&format!("{PAIR}{CLUSTER}")).await.ok()), &json!({"from": "pair"}));
    let fallen_back = flyte.get(&format!("{WORKFLOW}{CLUSTER}")).await.ok();
    assert_eq!((values(&fallen_back), &fallen_back["attributes"]["workflow"]), (&json!({"from": "pair"}), &json!("")));
    flyte.put(WORKFLOW, cluster(json!({"from": "workflow"}))).await.ok();
    let own = flyte.get(&format!("{WORKFLOW}{CLUSTER}")).await.ok();
    assert_eq!((values(&own), &own["attributes"]["workflow"]), (&json!({"from": "workflow"}), &json!("train.main")));

    let other = Flyte::start().await;
    other.put(PAIR, cluster(json!({"from": "pair"}))).await.ok();
    other.get(&format!("{PROJECT}{CLUSTER}")).await.fails(404, 5, "Project:flytesnacks Domain: ");
}

#[tokio::test]
async fn one_request_reads_every_record_exactly() {
    let flyte = Flyte::start().await;
    let list = format!("/api/v1/matchable_attributes{CLUSTER}");
    assert_eq!(flyte.get(&list).await.ok(), json!({"configurations": []}));
    for path in [PROJECT, PAIR, WORKFLOW] {
        flyte.put(path, cluster(json!({"path": path}))).await.ok();
    }
    let quota = json!({"attributes": {"matching_attributes": {"task_resource_attributes": {"limits": {"cpu": "2"}}}}});
    flyte.put(PAIR, quota).await.ok();
    let all = flyte.get(&list).await.ok();
    let place = |at: usize| {
        let one = &all["configurations"][at];
        json!([one["project"], one["domain"], one["workflow"], one["launch_plan"], one["org"]])
    };
    assert_eq!(all["configurations"].as_array().map(Vec::len), Some(3));
    assert_eq!(place(0), json!(["flytesnacks", "development", "train.main", "", ""]));
    assert_eq!(place(1), json!(["flytesnacks", "development", "", "", ""]));
    assert_eq!(place(2), json!(["flytesnacks", "", "", "", ""]));
    // Without a type, it is the first one.
    let tasks = flyte.get("/api/v1/matchable_attributes").await.ok();
    let limits = &tasks["configurations"][0]["attributes"]["task_resource_attributes"];
    let spec = json!({"cpu": "2", "gpu": "", "memory": "", "storage": "", "ephemeral_storage": ""});
    assert_eq!(limits, &json!({"defaults": null, "limits": spec}));
    flyte.get("/api/v1/matchable_attributes?resource_type=ROLE").await.fails(
        400,
        3,
        "parsing field \"resource_type\": \"ROLE\" is not a valid value",
    );
}

#[tokio::test]
async fn a_deletion_reads_its_type_from_the_body_and_nowhere_else() {
    let flyte = Flyte::start().await;
    flyte.put(PAIR, cluster(json!({"a": "b"}))).await.ok();
    let quota = json!({"attributes": {"matching_attributes": {"task_resource_attributes": {"limits": {"cpu": "2"}}}}});
    flyte.put(PAIR, quota).await.ok();
    // The type of the query isn't read: it is somebody's limits that go.
    flyte.delete(&format!("{PAIR}{CLUSTER}"), serde_json::Value::Null).await.ok();
    flyte.get(&format!("{PAIR}{CLUSTER}")).await.ok();
    flyte.get(&format!("{PAIR}?resource_type=TASK_RESOURCE")).await.fails(404, 5, "TASK_RESOURCE");
    assert_eq!(flyte.delete(PAIR, of_cluster()).await.ok(), json!({}));
    flyte.get(&format!("{PAIR}{CLUSTER}")).await.fails(404, 5, "not found");
    assert_eq!(flyte.delete(PAIR, json!({"resourceType": 1})).await.ok(), json!({}), "nothing was there");
}

#[tokio::test]
async fn a_deletion_takes_what_is_below_along() {
    let flyte = Flyte::start().await;
    for path in [PROJECT, PAIR, WORKFLOW] {
        flyte.put(path, cluster(json!({"path": path}))).await.ok();
    }
    flyte.delete(PROJECT, of_cluster()).await.ok();
    let all = flyte.get(&format!("/api/v1/matchable_attributes{CLUSTER}")).await.ok();
    assert_eq!(all, json!({"configurations": []}));
}

#[tokio::test]
async fn an_empty_map_is_a_record() {
    let flyte = Flyte::start().await;
    flyte.put(PROJECT, cluster(json!({"a": "b"}))).await.ok();
    flyte.put(PAIR, cluster(json!({}))).await.ok();
    let read = flyte.get(&format!("{PAIR}{CLUSTER}")).await.ok();
    assert_eq!((values(&read), &read["attributes"]["domain"]), (&json!({}), &json!("development")));
}

#[tokio::test]
async fn what_is_not_there_is_an_invalid_argument() {
    let flyte = Flyte::start().await;
    let nowhere = "/api/v1/project_domain_attributes/none/development";
    let message =
        "failed to validate that project [none] and domain [development] are registered, err: [project [none]";
    flyte.get(&format!("{nowhere}{CLUSTER}")).await.fails(400, 3, message);
    flyte.put(nowhere, cluster(json!({"a": "b"}))).await.fails(400, 3, message);
    flyte.delete(nowhere, of_cluster()).await.fails(400, 3, message);
    let domain = "/api/v1/project_domain_attributes/flytesnacks/none";
    flyte.put(domain, cluster(json!({}))).await.fails(400, 3, "domain [none] is unrecognized by system");
    let project = "/api/v1/project_attributes/none";
    flyte.get(&format!("{project}{CLUSTER}")).await.fails(400, 3, "project [none] exists");
    flyte.put(project, cluster(json!({}))).await.fails(400, 3, "project [none] is registered");
    let workflow = "/api/v1/workflow_attributes/flytesnacks/none/w";
    flyte.delete(workflow, of_cluster()).await.fails(400, 3, "domain [none]");
}

#[tokio::test]
async fn an_archived_project_takes_nothing() {
    let flyte = Flyte::start().await;
    flyte.put(PROJECT, cluster(json!({"a": "b"}))).await.ok();
    flyte.archive("flytesnacks").await;
    let refused = flyte.put(PAIR, cluster(json!({}))).await;
    refused.fails(400, 3, "project [flytesnacks] is not active");
    let inactive =
        json!([{"@type": "type.googleapis.com/flyteidl.admin.InactiveProject", "id": "flytesnacks", "org": ""}]);
    assert_eq!(refused.body["details"], inactive);
    flyte.get(&format!("{PAIR}{CLUSTER}")).await.fails(400, 3, "is not active");
    flyte.put(PROJECT, cluster(json!({}))).await.fails(400, 3, "is not active");
    flyte.delete(PROJECT, of_cluster()).await.fails(400, 3, "is not active");
    // Only the project's own record can be read.
    assert_eq!(values(&flyte.get(&format!("{PROJECT}{CLUSTER}")).await.ok()), &json!({"a": "b"}));
}

#[tokio::test]
async fn an_update_must_say_what() {
    let flyte = Flyte::start().await;
    flyte.put(PAIR, json!({})).await.fails(400, 3, "missing matching_attributes");
    flyte.put(PAIR, json!({"attributes": {"project": "another"}})).await.fails(400, 3, "missing matching_attributes");
    let nothing = json!({"attributes": {"matching_attributes": {}}});
    let message = "Unrecognized matching attributes type for request flytesnacks-development";
    flyte.put(PAIR, nothing).await.fails(400, 3, message);
    let quality = json!({"attributes": {"matching_attributes": {"quality_of_service": {"tier": "HIGH"}}}});
    flyte.put(PAIR, quality).await.fails(400, 3, message);
}

#[tokio::test]
async fn the_path_wins_over_the_body() {
    let flyte = Flyte::start().await;
    let mut body = cluster(json!({"a": "b"}));
    body["attributes"]["project"] = json!("another");
    body["attributes"]["domain"] = json!("staging");
    flyte.put(PAIR, body).await.ok();
    assert_eq!(flyte.get(&format!("{PAIR}{CLUSTER}")).await.ok()["attributes"]["domain"], "development");
}

#[tokio::test]
async fn a_project_s_execution_configuration_is_always_there() {
    let flyte = Flyte::start().await;
    let query = "?resource_type=WORKFLOW_EXECUTION_CONFIG";
    let read = flyte.get(&format!("{PROJECT}{query}")).await.ok();
    let config = &read["attributes"]["matching_attributes"]["workflow_execution_config"];
    assert_eq!((&config["max_parallelism"], &config["interruptible"]), (&json!(25), &json!(null)));
    flyte.get(&format!("{PAIR}{query}")).await.fails(404, 5, "not found");
}

/// An empty name is no condition, neither where the project is looked up nor where records are deleted.
#[tokio::test]
async fn a_path_that_ends_early_is_about_every_project() {
    let flyte = Flyte::start().await;
    flyte.put(PAIR, cluster(json!({"a": "b"}))).await.ok();
    let every = "/api/v1/project_attributes/";
    flyte.put(every, cluster(json!({}))).await.fails(400, 3, "missing and/or invalid parameters: {   ");
    flyte.delete(every, of_cluster()).await.ok();
    flyte.get(&format!("{PAIR}{CLUSTER}")).await.fails(404, 5, "not found");
}
