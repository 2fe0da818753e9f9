use serde_json::{Value, json};

use crate::PAIR;
use crate::client::Flyte;

const WORKFLOW: &str = "/api/v1/workflow_attributes/flytesnacks/development/train.main";
const LIST: &str = "/api/v1/matchable_attributes?resource_type=PLUGIN_OVERRIDE";

fn overrides(of: &[(&str, &str)]) -> Value {
    let overrides: Vec<Value> =
        of.iter().map(|(kind, plugin)| json!({"task_type": kind, "plugin_id": [plugin]})).collect();
    json!({"attributes": {"matching_attributes": {"plugin_overrides": {"overrides": overrides}}}})
}

async fn listed(flyte: &Flyte) -> Vec<(String, Vec<String>)> {
    let all = flyte.get(LIST).await.ok();
    let configurations = all["configurations"].as_array().expect("a list").iter().map(|one| {
        let overrides = one["attributes"]["plugin_overrides"]["overrides"].as_array().expect("a list");
        let shown =
            overrides.iter().map(|one| format!("{}={}", one["task_type"], one["plugin_id"][0]).replace('"', ""));
        (one["workflow"].as_str().expect("a text").to_owned(), shown.collect())
    });
    configurations.collect()
}

#[tokio::test]
async fn overrides_are_merged_by_task_type() {
    let flyte = Flyte::start().await;
    flyte.put(PAIR, overrides(&[("a", "1"), ("b", "1")])).await.ok();
    flyte.put(PAIR, overrides(&[("b", "2"), ("c", "2")])).await.ok();
    let merged = ["a=1", "b=2", "c=2"].map(str::to_owned).to_vec();
    assert_eq!(listed(&flyte).await, [(String::new(), merged)]);
}

#[tokio::test]
async fn the_oddities_of_the_merge_are_kept() {
    let flyte = Flyte::start().await;
    flyte.put(WORKFLOW, overrides(&[("a", "1")])).await.ok();
    // The pair has no record, and the lookup finds the workflow's.
    flyte.put(PAIR, overrides(&[("b", "2")])).await.ok();
    assert_eq!(listed(&flyte).await, [("train.main".to_owned(), ["a=1", "b=2"].map(str::to_owned).to_vec())]);
    let project = "/api/v1/project_attributes/flytesnacks";
    flyte.put(project, overrides(&[("a", "1")])).await.fails(
        500,
        13,
        "missing and/or invalid parameters: {flytesnacks",
    );
}
