//! A deployment of Flyte 2, or of Union 2, whose settings service says under which account tasks run.

use std::marker::PhantomData;

use async_trait::async_trait;
use cloudgrant_conformance::platforms::{PlatformFixture, Sample};
use cloudgrant_conformance::{Fault, Hook, Requests};
use cloudgrant_core::{Naming, ObjectId, Pair};
use cloudgrant_platform_settings::SERVICE_ACCOUNT_SETTING;
use serde_json::{Map, Value, json};

use super::{FOREIGN, Known, PAIRS, Principals, keys_of_file, name, of_kind, skipped};
use crate::settings::{ACCOUNT, Deployment, account, text};

/// A deployment.
#[derive(Debug)]
pub struct Settings<P, T> {
    deployment: Deployment,
    of: PhantomData<fn() -> (P, T)>,
}

impl<P, T> Settings<P, T> {
    async fn set(&self, object: &ObjectId, value: Option<&str>) -> Hook {
        let Some(name) = of_kind(object, SERVICE_ACCOUNT_SETTING) else { return Hook::Missing };
        match value {
            Some(value) => self.deployment.set_account(name, value).await,
            None => self.deployment.edit(name, |settings| _ = settings.remove("security")).await,
        }
        Hook::Done
    }
}

#[async_trait]
impl<P: Known, T: Principals> PlatformFixture for Settings<P, T> {
    type Platform = P;

    fn skipped() -> Vec<(&'static str, &'static str)> {
        skipped::<P, T>(true)
    }

    /// One domain has an account of its own, which each of its projects takes over.
    async fn fresh() -> Self {
        let deployment = Deployment::start_with(Deployment::seed(), "").await;
        deployment.put("production", &account("of-domain")).await;
        Self { deployment, of: PhantomData }
    }

    fn keys(&self) -> Value {
        json!({ "delivery": "settings" })
    }

    fn sandbox(&self) -> Option<Value> {
        Some(self.deployment.running.settings().clone())
    }

    fn sample(&self) -> Sample {
        T::SAMPLE
    }

    fn naming(&self) -> Naming {
        Naming::new(Naming::default().template(), ACCOUNT).expect("names")
    }

    async fn snapshot(&self) -> Value {
        let mut all = Map::new();
        for scope in PAIRS.into_iter().chain(["development", "production"]) {
            let settings = self.deployment.settings(scope).await;
            if settings.as_object().is_some_and(|settings| !settings.is_empty()) {
                all.insert(scope.to_owned(), settings);
            }
        }
        json!({ "settings": all })
    }

    async fn runs_under(&self, pair: &Pair) -> Option<String> {
        let account = self.deployment.runs_under(&name(pair)).await;
        Some(account.as_str().unwrap_or("the platform's own").to_owned())
    }

    /// What is told is the account; whoever annotates it says what that runs as.
    fn told(&self, _: &str) -> String {
        ACCOUNT.to_owned()
    }

    async fn requests(&self) -> Option<Requests> {
        let writes = ["settings:CreateSettings", "settings:UpdateSettings"];
        Some(self.deployment.requests(|action| !writes.contains(&action)))
    }

    async fn plant_foreign(&self) -> Hook {
        for name in FOREIGN {
            self.deployment
                .edit(name, |settings| {
                    settings.insert("run".to_owned(), json!({ "defaultQueue": text("gpu") }));
                })
                .await;
            self.deployment.annotate(name, "team").await;
        }
        Hook::Done
    }

    async fn occupy(&self, object: &ObjectId) -> Hook {
        self.set(object, Some("theirs")).await
    }

    async fn tamper(&self, object: &ObjectId) -> Hook {
        self.set(object, Some("edited")).await
    }

    async fn remove(&self, object: &ObjectId) -> Hook {
        self.set(object, None).await
    }

    async fn fault(&self, fault: Fault) -> Hook {
        let knobs = match fault {
            Fault::Throttle(count) => format!("throttle-next={count}"),
            Fault::Fail(count) => format!("errors-next={count}"),
            Fault::DenyWrites => "deny=settings:CreateSettings,deny=settings:UpdateSettings".to_owned(),
            Fault::DelayPrincipals | Fault::Withhold => return Hook::Missing,
        };
        self.deployment.turn(&knobs).await;
        Hook::Done
    }

    fn keys_of_file(&self, path: &str) -> Option<Vec<&'static str>> {
        keys_of_file::<P>(path)
    }
}
