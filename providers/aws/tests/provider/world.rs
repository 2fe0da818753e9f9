//! A data plane in a sandbox, and the provider connected to it.

use std::path::Path;
use std::time::Duration;

use aws_sdk_iam::config::{BehaviorVersion, Credentials, Region};
use cloudgrant_aws as _;
use cloudgrant_core::config::{Loaded, Overrides};
use cloudgrant_core::{Approval, Cancel, Error, Plan, Report, Result, Session, Settings, Silent};
use cloudgrant_sandbox_kit::{Running, Start};
use serde_json::Value;

/// What every manifest of these tests begins with.
pub(crate) const HEAD: &str = r#"
version: 1
stack: tests
provider: aws
platform:
  kind: union
  organization: acme
  projects: [forecasting, vision]
  domains: [development, production]
aws:
  region: us-west-2
  account: "111122223333"
  cluster: { oidc_provider: oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE }
  accounts: { "444455556666": { assume_role: "arn:aws:iam::444455556666:role/registry-admin" } }
resources:
  data: { aws: "s3://acme-data/inputs/" }
  models: { aws: "s3://acme-models" }
  token: { aws: "arn:aws:secretsmanager:us-west-2:111122223333:secret:token-AbCdEf" }
  images: { aws: "111122223333.dkr.ecr.us-west-2.amazonaws.com/team/images" }
  elsewhere: { aws: "444455556666.dkr.ecr.us-west-2.amazonaws.com/team/elsewhere" }
"#;

/// A sandbox, seeded from a manifest.
pub(crate) struct World {
    folder: tempfile::TempDir,
    running: Option<Running>,
}

/// The engine waits little, as the sandbox is near.
pub(crate) fn settings() -> Settings {
    Settings {
        patience: Duration::from_secs(10),
        settle: Duration::from_secs(5),
        first_wait: Duration::from_millis(20),
        longest_wait: Duration::from_millis(200),
        ..Settings::default()
    }
}

/// [`HEAD`] and what comes after it.
pub(crate) fn manifest(tail: &str) -> String {
    format!("{HEAD}{tail}")
}

fn load(text: &str, overrides: &Overrides) -> Loaded {
    Loaded::from_text(text, Path::new("cloudgrant.yaml"), overrides).unwrap_or_else(|error| panic!("{error:?}"))
}

impl World {
    pub(crate) async fn new(manifest: &str) -> Self {
        Self::with(manifest, "").await
    }

    /// With knobs, as `sandbox --faults` takes them.
    pub(crate) async fn with(manifest: &str, knobs: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut world = Self { folder, running: None };
        world.restart(manifest, knobs).await;
        world
    }

    /// The same world with other knobs.
    pub(crate) async fn restart(&mut self, manifest: &str, knobs: &str) {
        if let Some(running) = self.running.take() {
            running.stop().await;
        }
        let config = load(manifest, &Overrides::default()).value;
        let knobs = if knobs.is_empty() { Default::default() } else { knobs.parse().expect("knobs") };
        let start = Start::new(self.folder.path()).config(config).knobs(knobs);
        self.running = Some(cloudgrant_aws_sandbox::start(start).await.expect("the sandbox starts"));
    }

    pub(crate) fn running(&self) -> &Running {
        self.running.as_ref().expect("it runs")
    }

    /// The provider, connected anew.
    pub(crate) async fn session(&self, manifest: &str) -> Result<Session> {
        self.session_with(manifest, settings()).await
    }

    pub(crate) async fn session_with(&self, manifest: &str, settings: Settings) -> Result<Session> {
        let flag = |key: &str, value: &str| (key.to_owned(), Value::from(value), "the test".to_owned());
        let flags = vec![flag("aws.endpoint", self.running().endpoint()), flag("aws.credentials", "sandbox")];
        let overrides = Overrides { flags, ..Overrides::default() };
        Session::open(load(manifest, &overrides), settings).await
    }

    pub(crate) async fn plan(&self, manifest: &str) -> Result<Plan> {
        self.session(manifest).await?.engine().plan(&Silent).await
    }

    pub(crate) async fn apply(&self, manifest: &str) -> Result<Report> {
        let engine = self.session(manifest).await?.engine();
        let plan = engine.plan(&Silent).await?;
        engine.apply(plan.approve(Approval::InAdvance), &Silent, &Cancel::default()).await
    }

    /// Applies, and expects that everything was made and verified, and that nothing is left to do.
    pub(crate) async fn converge(&self, manifest: &str) -> Report {
        let report = self.apply(manifest).await.unwrap_or_else(|error| panic!("{error:?}"));
        assert!(report.is_success(), "{report:#?}");
        let plan = self.plan(manifest).await.unwrap_or_else(|error| panic!("{error:?}"));
        assert!(plan.is_empty(), "{:#?}", plan.changes);
        report
    }

    /// Takes everything of the stack away.
    pub(crate) async fn revoke_all(&self, manifest: &str) -> Result<Report> {
        let engine = self.session(manifest).await?.engine_without(None)?;
        let plan = engine.plan(&Silent).await?;
        engine.apply(plan.approve(Approval::InAdvance), &Silent, &Cancel::default()).await
    }

    fn credentials(account: &str) -> Credentials {
        Credentials::new(format!("AKIASANDBOX0{account}"), "sandbox", None, None, "test")
    }

    /// Somebody else's client.
    pub(crate) fn iam(&self) -> aws_sdk_iam::Client {
        let config = aws_sdk_iam::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-west-2"))
            .credentials_provider(Self::credentials("111122223333"))
            .endpoint_url(self.running().endpoint());
        aws_sdk_iam::Client::from_conf(config.build())
    }

    pub(crate) fn ecr(&self, account: &str) -> aws_sdk_ecr::Client {
        let config = aws_sdk_ecr::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-west-2"))
            .credentials_provider(Self::credentials(account))
            .endpoint_url(self.running().endpoint());
        aws_sdk_ecr::Client::from_conf(config.build())
    }

    pub(crate) fn secrets(&self) -> aws_sdk_secretsmanager::Client {
        let config = aws_sdk_secretsmanager::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-west-2"))
            .credentials_provider(Self::credentials("111122223333"))
            .endpoint_url(self.running().endpoint());
        aws_sdk_secretsmanager::Client::from_conf(config.build())
    }

    /// The default document of a policy of the stack.
    pub(crate) async fn document(&self, policy: &str) -> Value {
        let arn = policy_arn(policy);
        let client = self.iam();
        let policy = client.get_policy().policy_arn(&arn).send().await.expect("the policy").policy.expect("a policy");
        let version = policy.default_version_id.expect("a version");
        let answer = client.get_policy_version().policy_arn(&arn).version_id(version).send().await.expect("a version");
        decoded(&answer.policy_version.and_then(|version| version.document).expect("a document"))
    }

    /// The trust policy of a role.
    pub(crate) async fn trust(&self, role: &str) -> Value {
        let role = self.iam().get_role().role_name(role).send().await.expect("the role").role.expect("a role");
        decoded(&role.assume_role_policy_document.expect("a document"))
    }

    /// The names of the policies that a role has.
    pub(crate) async fn attached(&self, role: &str) -> Vec<String> {
        let answer = self.iam().list_attached_role_policies().role_name(role).send().await.expect("the role");
        let mut names: Vec<_> = answer.attached_policies().iter().filter_map(|p| p.policy_name.clone()).collect();
        names.sort();
        names
    }

    /// Everything that is in the sandbox, as it lies in its folder; not the sessions of assumed roles, which are the
    /// sandbox's own memory.
    pub(crate) fn everything(&self) -> Vec<(String, Value)> {
        let mut files = Vec::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|ending| ending == "json") {
                    let text = std::fs::read_to_string(&path).expect("a file");
                    files.push((path.display().to_string(), serde_json::from_str(&text).expect("JSON")));
                }
            }
        }
        files.retain(|(name, _)| !name.contains("/sessions/") && !name.contains("/meta/"));
        files.sort_by(|a, b| a.0.cmp(&b.0));
        files
    }
}

pub(crate) fn policy_arn(name: &str) -> String {
    format!("arn:aws:iam::111122223333:policy/cloudgrant/tests/{name}")
}

fn decoded(document: &str) -> Value {
    let text = percent_encoding::percent_decode_str(document).decode_utf8().expect("UTF-8");
    serde_json::from_str(&text).expect("JSON")
}

/// The error of something that must fail.
pub(crate) fn refused<T>(result: Result<T>) -> Error {
    match result {
        Ok(_) => panic!("it should have been refused"),
        Err(error) => error,
    }
}

/// All that an error says.
pub(crate) fn said(error: &Error) -> String {
    format!("{error:?}")
}

/// Names what differs, not the whole world.
#[track_caller]
pub(crate) fn assert_same(before: &[(String, Value)], after: &[(String, Value)]) {
    let gone = before.iter().filter(|entity| !after.contains(entity));
    let new = after.iter().filter(|entity| !before.contains(entity));
    let differs: Vec<_> = gone.chain(new).map(|(name, value)| format!("{name}: {value}")).collect();
    assert!(differs.is_empty(), "the world changed:\n{}", differs.join("\n"));
}
