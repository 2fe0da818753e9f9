use std::collections::BTreeMap;

use cloudgrant_flyte_sandbox::{Chart, Domain, Seed};
use serde_json::{Value, json};

use crate::client::Flyte;
use crate::{PAIR, cluster, of_cluster};

const ROLE: &str = "arn:aws:iam::111122223333:role/acme-vision";
const DEFAULT: &str = "arn:aws:iam::111122223333:role/flyte-user-role";

fn custom_data(values: &[(&str, &str)]) -> BTreeMap<String, BTreeMap<String, String>> {
    let values: BTreeMap<String, String> =
        values.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    ["development", "staging", "production"].map(|domain| (domain.to_owned(), values.clone())).into()
}

/// What the account of the pair's namespace is annotated with.
async fn account(flyte: &Flyte) -> Value {
    let all = flyte.get("/_sandbox/synced?namespace=flytesnacks-development").await.ok();
    assert_eq!(all["service_accounts"].as_array().map(Vec::len), Some(1), "{all}");
    all["service_accounts"][0].clone()
}

#[tokio::test]
async fn a_record_lies_over_the_domain_s_values() {
    let flyte = Flyte::with(Seed { custom_data: custom_data(&[("defaultIamRole", DEFAULT)]), ..Seed::default() }).await;
    let annotated = |role: &str| json!({"eks.amazonaws.com/role-arn": role});
    let first = account(&flyte).await;
    assert_eq!((&first["annotations"], &first["applies"]), (&annotated(DEFAULT), &json!(true)));
    flyte.put(PAIR, cluster(json!({"projectQuotaCpu": "5"}))).await.ok();
    assert_eq!(account(&flyte).await["annotations"], annotated(DEFAULT), "other keys leave it");
    flyte.put(PAIR, cluster(json!({"defaultIamRole": ROLE}))).await.ok();
    assert_eq!(account(&flyte).await["annotations"], annotated(ROLE));
    flyte.delete(PAIR, of_cluster()).await.ok();
    assert_eq!(account(&flyte).await["annotations"], annotated(DEFAULT), "the default comes back");
    flyte.put("/api/v1/project_attributes/flytesnacks", cluster(json!({"defaultIamRole": ROLE}))).await.ok();
    assert_eq!(account(&flyte).await["annotations"], annotated(ROLE), "the project's record holds for its domains");
}

#[tokio::test]
async fn on_union_the_annotation_is_a_value_too() {
    let values = [("defaultUserRoleKey", "azure.workload.identity/client-id"), ("defaultUserRoleValue", "none")];
    let seed = Seed { chart: Chart::UnionDataplane, custom_data: custom_data(&values), ..Seed::default() };
    let flyte = Flyte::with(seed).await;
    flyte.put(PAIR, cluster(json!({"defaultUserRoleValue": "0b0c"}))).await.ok();
    assert_eq!(account(&flyte).await["annotations"], json!({"azure.workload.identity/client-id": "0b0c"}));
    flyte.put(PAIR, cluster(json!({"defaultUserRoleKey": "eks.amazonaws.com/role-arn"}))).await.ok();
    assert_eq!(account(&flyte).await["annotations"], json!({"eks.amazonaws.com/role-arn": "none"}));
}

#[tokio::test]
async fn a_key_without_a_value_stays_as_it_is_written() {
    let flyte = Flyte::start().await;
    let account = account(&flyte).await;
    assert_eq!(account["annotations"], json!({"eks.amazonaws.com/role-arn": "{{ defaultIamRole }}"}));
    assert_eq!(account["applies"], false, "in YAML, that is no text");
    assert!(account["problem"].is_string(), "{account}");
}

#[tokio::test]
async fn values_are_plain_text_in_the_template() {
    let flyte = Flyte::start().await;
    let value = format!("{ROLE}\n    another: annotation");
    flyte.put(PAIR, cluster(json!({"defaultIamRole": value}))).await.ok();
    let injected = account(&flyte).await;
    assert_eq!(injected["annotations"], json!({"eks.amazonaws.com/role-arn": ROLE, "another": "annotation"}));
    flyte.put(PAIR, cluster(json!({"defaultIamRole": "123"}))).await.ok();
    let number = account(&flyte).await;
    assert_eq!(
        (&number["applies"], &number["annotations"]["eks.amazonaws.com/role-arn"]),
        (&json!(false), &json!("123"))
    );
    // The record's values come before those of the system, which don't protect their names from it.
    flyte.put(PAIR, cluster(json!({"defaultIamRole": "x", "namespace": "kube-system"}))).await.ok();
    let manifest = account(&flyte).await["manifest"].clone();
    assert!(manifest.as_str().is_some_and(|text| text.contains("namespace: kube-system")), "{manifest}");
}

#[tokio::test]
async fn namespaces_are_called_after_the_domain_s_name_and_archived_projects_have_none() {
    let seed = Seed {
        projects: vec!["vision".to_owned(), "speech".to_owned()],
        domains: vec![Domain { id: "prod".to_owned(), name: "production".to_owned() }],
        custom_data: BTreeMap::from([(
            "prod".to_owned(),
            BTreeMap::from([("defaultIamRole".to_owned(), ROLE.to_owned())]),
        )]),
        namespace_template: "{{ domain }}-x-{{ project }}".to_owned(),
        ..Seed::default()
    };
    let flyte = Flyte::with(seed).await;
    let names = |all: &Value| -> Vec<String> {
        let accounts = all["service_accounts"].as_array().expect("a list").iter();
        accounts.map(|one| one["namespace"].as_str().expect("a text").to_owned()).collect()
    };
    let all = flyte.get("/_sandbox/synced").await.ok();
    assert_eq!(names(&all), ["production-x-speech", "production-x-vision"]);
    assert_eq!(
        (&all["service_accounts"][0]["domain"], &all["service_accounts"][0]["applies"]),
        (&json!("prod"), &json!(true))
    );
    flyte.archive("vision").await;
    assert_eq!(names(&flyte.get("/_sandbox/synced").await.ok()), ["production-x-speech"]);
}
