//! A deployment of Flyte 2 on loopback, and other people who change what is in it.

use cloudgrant_flyte_sandbox::{Domain, Seed, Services};
use reqwest::{Method, StatusCode};
use serde_json::{Map, Value, json};

use crate::flyte::Flyte;

/// The account that tasks are to run under.
pub const ACCOUNT: &str = "tasks";
/// The role that the account is annotated with.
pub const ROLE: &str = "arn:aws:iam::111122223333:role/tasks";

/// One pair, as settings have it.
pub const VISION: &str = "vision/production";
/// Another one.
pub const FORECASTING: &str = "forecasting/production";

/// A deployment of Flyte 2.
#[derive(Debug)]
pub struct Deployment(Flyte);

impl std::ops::Deref for Deployment {
    type Target = Flyte;

    fn deref(&self) -> &Flyte {
        &self.0
    }
}

/// A setting that has a value, as the service writes it.
pub fn text(value: &str) -> Value {
    json!({ "state": "SETTING_STATE_VALUE", "stringValue": value })
}

/// Settings with this service account.
pub fn account(name: &str) -> Value {
    json!({ "security": { "serviceAccount": text(name) } })
}

/// Annotations of pods.
pub fn entries(entries: &Value) -> Value {
    json!({ "state": "SETTING_STATE_VALUE", "mapValue": { "entries": entries } })
}

impl Deployment {
    /// A Flyte 2 with both projects.
    pub async fn start() -> Self {
        Self::start_with(Self::seed(), "").await
    }

    /// What it begins with.
    pub fn seed() -> Seed {
        Seed {
            projects: vec!["forecasting".to_owned(), "vision".to_owned()],
            domains: vec![Domain::new("development"), Domain::new("production")],
            services: Services::Settings,
            ..Seed::default()
        }
    }

    /// The same with another seed, and with faults.
    pub async fn start_with(seed: Seed, knobs: &str) -> Self {
        Self(Flyte::start(seed, knobs).await)
    }

    /// A call, as somebody else makes it.
    pub async fn call(&self, service: &str, method: &str, body: &Value) -> (StatusCode, Value) {
        self.exchange(Method::POST, &format!("/flyteidl2.{service}/{method}"), Some(body)).await
    }

    /// The levels of a scope, `PROJECT/DOMAIN` or `DOMAIN`: the last is its own.
    async fn own(&self, scope: &str) -> Value {
        let body = json!({ "key": key(scope) });
        let (status, answer) = self.call("settings.SettingsService", "GetSettingsForEdit", &body).await;
        assert_eq!(status, 200, "{answer}");
        answer["levels"].as_array().and_then(|levels| levels.last()).cloned().expect("a level")
    }

    /// Which version of its settings a scope has; 0 where there are none.
    pub async fn version(&self, scope: &str) -> u64 {
        self.own(scope).await["version"].as_str().map_or(0, |version| version.parse().expect("a version"))
    }

    /// What is set for a scope.
    pub async fn settings(&self, scope: &str) -> Value {
        self.own(scope).await["settings"].take()
    }

    /// The same without what marks a stack's.
    pub async fn unmarked(&self, scope: &str) -> Value {
        let mut settings = self.settings(scope).await;
        if let Some(entries) = settings.pointer_mut("/annotations/mapValue/entries").and_then(Value::as_object_mut) {
            entries.retain(|key, _| !key.starts_with("cloudgrant."));
            if entries.is_empty() {
                settings.as_object_mut().expect("settings").remove("annotations");
            }
        }
        settings
    }

    /// Replaces what is set for a scope, as `flyte edit settings --from-file` does, with the version that is there.
    pub async fn put(&self, scope: &str, settings: &Value) {
        let version = self.version(scope).await;
        let (status, answer) = self.put_over(scope, settings, version).await;
        assert_eq!(status, 200, "{answer}");
    }

    /// The same with the version that somebody read.
    pub async fn put_over(&self, scope: &str, settings: &Value, version: u64) -> (StatusCode, Value) {
        let mut body = json!({ "key": key(scope), "settings": settings });
        let method = if version == 0 { "CreateSettings" } else { "UpdateSettings" };
        if version != 0 {
            body["version"] = version.to_string().into();
        }
        self.call("settings.SettingsService", method, &body).await
    }

    /// Changes what is set for a scope, as somebody careful does: what is there stays.
    pub async fn edit(&self, scope: &str, change: impl Fn(&mut Map<String, Value>)) {
        for _ in 0..100 {
            let own = self.own(scope).await;
            let version = own["version"].as_str().map_or(0, |version| version.parse().expect("a version"));
            let mut settings = own["settings"].clone();
            change(settings.as_object_mut().expect("settings"));
            if self.put_over(scope, &settings, version).await.0 == 200 {
                return;
            }
        }
        panic!("somebody else is always quicker");
    }

    /// Adds an annotation of pods beside those that are there.
    pub async fn annotate(&self, scope: &str, key: &str) {
        self.edit(scope, |settings| {
            let there = settings.get("annotations").and_then(|of| of.pointer("/mapValue/entries")).cloned();
            let mut all = there.unwrap_or_else(|| json!({}));
            all[key] = "1".into();
            settings.insert("annotations".to_owned(), entries(&all));
        })
        .await;
    }

    /// Sets another service account, and leaves alone what is beside it.
    pub async fn set_account(&self, scope: &str, name: &str) {
        self.edit(scope, |settings| _ = settings.insert("security".to_owned(), account(name)["security"].clone()))
            .await;
    }

    /// Under which account the next run of a project and domain has its pods.
    pub async fn runs_under(&self, name: &str) -> Value {
        let all = self.send(Method::GET, "/_sandbox/run_accounts", None).await;
        let (project, domain) = name.split_once('/').expect("a project and domain");
        let mut all = all["run_accounts"].as_array().expect("a list").iter();
        let one = all.find(|one| one["project"] == project && one["domain"] == domain).expect("one");
        one["service_account"].clone()
    }

    /// How often something was written.
    pub fn writes(&self) -> u64 {
        self.calls("settings:CreateSettings") + self.calls("settings:UpdateSettings")
    }
}

fn key(scope: &str) -> Value {
    match scope.split_once('/') {
        Some((project, domain)) => json!({ "project": project, "domain": domain }),
        None => json!({ "domain": scope }),
    }
}
