//! A deployment on loopback, and other people who change what is in it.

use cloudgrant_flyte_sandbox::{Domain, Seed, start_with};
use cloudgrant_sandbox_kit::{Running, Start};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The attribute that the tests are about, as flyte-core's chart on EKS has it.
pub(crate) const KEY: &str = "defaultIamRole";
pub(crate) const ROLE: &str = "arn:aws:iam::111122223333:role/tasks";
/// What Helm has for the domain.
pub(crate) const DEFAULT: &str = "arn:aws:iam::111122223333:role/default";

const PAIR: &str = "project_domain_attributes";

pub(crate) struct Deployment {
    pub(crate) running: Running,
    _folder: TempDir,
    http: Client,
}

impl Deployment {
    /// With both projects and a default role of the domain.
    pub(crate) async fn start() -> Self {
        Self::start_with(Self::seed(), "").await
    }

    pub(crate) fn seed() -> Seed {
        let of_domain = [(KEY.to_owned(), DEFAULT.to_owned())].into();
        Seed {
            projects: vec!["forecasting".to_owned(), "vision".to_owned()],
            domains: vec![Domain::new("development"), Domain::new("production")],
            custom_data: [("production".to_owned(), of_domain)].into(),
            ..Seed::default()
        }
    }

    pub(crate) async fn start_with(seed: Seed, knobs: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let begin = Start::new(folder.path()).knobs(knobs.parse().expect("knobs"));
        let running = start_with(begin, seed).await.expect("the sandbox starts");
        Self { running, _folder: folder, http: Client::builder().no_proxy().build().expect("a client") }
    }

    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let request = self.http.request(method, format!("{}{path}", self.running.endpoint()));
        let request = request.header("accept", "application/json").header("content-type", "application/json");
        let request = match body {
            Some(body) => request.body(body.to_string()),
            None => request,
        };
        let response = request.send().await.expect("an answer");
        let status = response.status();
        let text = response.text().await.expect("a body");
        assert!(status.is_success(), "{status}: {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// All records of a type: by `PROJECT/DOMAIN/WORKFLOW`, without the parts that are empty.
    pub(crate) async fn records_of(&self, kind: &str) -> Value {
        let all = self.send(Method::GET, &format!("/api/v1/matchable_attributes?resource_type={kind}"), None).await;
        let records = all["configurations"].as_array().expect("a list").iter().map(|one| {
            let parts = ["project", "domain", "workflow"].map(|part| one[part].as_str().unwrap_or_default().to_owned());
            let name = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/");
            (name, one["attributes"].clone())
        });
        records.collect()
    }

    /// The maps of all records.
    pub(crate) async fn records(&self) -> Value {
        let mut all = self.records_of("CLUSTER_RESOURCE").await;
        for record in all.as_object_mut().expect("a map").values_mut() {
            *record = record["cluster_resource_attributes"]["attributes"].take();
        }
        all
    }

    /// A record without what marks the stack's.
    pub(crate) async fn record(&self, name: &str) -> Value {
        let mut record = self.records().await[name].take();
        if let Some(map) = record.as_object_mut() {
            map.retain(|key, _| !key.starts_with("cloudgrant."));
        }
        record
    }

    /// As `flytectl update` does: the record is replaced.
    pub(crate) async fn put(&self, name: &str, attributes: Value) {
        let level = match name.split('/').count() {
            1 => "project_attributes",
            2 => PAIR,
            _ => "workflow_attributes",
        };
        let matching = json!({ "cluster_resource_attributes": { "attributes": attributes } });
        let body = json!({ "attributes": { "matching_attributes": matching } });
        self.send(Method::PUT, &format!("/api/v1/{level}/{name}"), Some(body)).await;
    }

    /// As somebody careful does: what is there stays.
    pub(crate) async fn add(&self, name: &str, attributes: Value) {
        let mut record = match self.records().await[name].take() {
            Value::Null => json!({}),
            record => record,
        };
        for (key, value) in attributes.as_object().expect("a map") {
            record[key] = value.clone();
        }
        self.put(name, record).await;
    }

    pub(crate) async fn put_limits(&self, name: &str) {
        let body =
            json!({"attributes": {"matching_attributes": {"task_resource_attributes": {"limits": {"cpu": "2"}}}}});
        self.send(Method::PUT, &format!("/api/v1/{PAIR}/{name}"), Some(body)).await;
    }

    pub(crate) async fn project(&self, id: &str, state: &str) {
        self.send(Method::PUT, &format!("/api/v1/projects/{id}"), Some(json!({ "state": state }))).await;
    }

    /// The role that a namespace's service account names after the next sync.
    pub(crate) async fn synced(&self, namespace: &str) -> String {
        let synced = self.send(Method::GET, &format!("/_sandbox/synced?namespace={namespace}"), None).await;
        let role = &synced["service_accounts"][0]["annotations"]["eks.amazonaws.com/role-arn"];
        role.as_str().unwrap_or_default().to_owned()
    }

    /// How often something was written.
    pub(crate) fn writes(&self) -> u64 {
        let counts = self.running.counts();
        let is_write = |action: &str| action.starts_with("admin:Update") || action.starts_with("admin:Delete");
        counts.by_action.iter().filter(|(action, _)| is_write(action)).map(|(_, times)| *times).sum()
    }

    pub(crate) fn calls(&self, action: &str) -> u64 {
        self.running.counts().by_action.get(action).copied().unwrap_or_default()
    }
}
