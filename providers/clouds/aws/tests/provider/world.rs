//! A data plane in a sandbox, and the provider connected to it.

use async_trait::async_trait;
use cloudgrant_aws as _;
pub(crate) use cloudgrant_conformance::Runs;
use cloudgrant_conformance::load;
use cloudgrant_core::{Error, Result, Session, Settings};
use cloudgrant_sandbox_kit::{Running, Start};
use serde_json::Value;

use crate::clients::Clients;

/// What every manifest of these tests begins with. Its home is the whole account, so that the names of what is made are
/// short; `homes.rs` is about others.
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
  home: account
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

/// [`HEAD`] and what comes after it.
pub(crate) fn manifest(tail: &str) -> String {
    format!("{HEAD}{tail}")
}

#[async_trait]
impl Runs for World {
    fn overlay(&self) -> &Value {
        self.running().settings()
    }
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
        let config = load(manifest).value();
        let knobs = if knobs.is_empty() { Default::default() } else { knobs.parse().expect("knobs") };
        let start = Start::new(self.folder.path()).config(config).knobs(knobs);
        self.running = Some(cloudgrant_aws_sandbox::start(start).await.expect("the sandbox starts"));
    }

    pub(crate) fn running(&self) -> &Running {
        self.running.as_ref().expect("it runs")
    }

    /// Somebody else's clients.
    fn clients(&self) -> Clients<'_> {
        Clients { endpoint: self.running().endpoint() }
    }

    pub(crate) async fn session_with(&self, manifest: &str, settings: Settings) -> Result<Session> {
        Session::open(load(manifest).overlaid(self.overlay(), "the test")?, settings).await
    }

    pub(crate) fn iam(&self) -> aws_sdk_iam::Client {
        self.clients().iam()
    }

    pub(crate) fn iam_of(&self, account: &str) -> aws_sdk_iam::Client {
        self.clients().iam_of(account)
    }

    pub(crate) fn ecr(&self, account: &str) -> aws_sdk_ecr::Client {
        self.clients().ecr(account)
    }

    pub(crate) fn s3(&self, account: &str) -> aws_sdk_s3::Client {
        self.s3_in(account, "us-west-2")
    }

    pub(crate) fn s3_in(&self, account: &str, region: &str) -> aws_sdk_s3::Client {
        self.clients().s3(account, region)
    }

    pub(crate) fn kms(&self, account: &str) -> aws_sdk_kms::Client {
        self.clients().kms(account)
    }

    pub(crate) fn eks(&self) -> aws_sdk_eks::Client {
        self.eks_in("us-west-2")
    }

    pub(crate) fn eks_in(&self, region: &str) -> aws_sdk_eks::Client {
        self.clients().eks_in(region)
    }

    pub(crate) fn secrets(&self) -> aws_sdk_secretsmanager::Client {
        self.clients().secrets()
    }

    /// The default document of a policy of the stack.
    pub(crate) async fn document(&self, policy: &str) -> Value {
        self.document_of(&policy_arn(policy)).await
    }

    /// The default document of any policy.
    pub(crate) async fn document_of(&self, arn: &str) -> Value {
        let client = self.iam();
        let policy = client.get_policy().policy_arn(arn).send().await.expect("the policy").policy.expect("a policy");
        let version = policy.default_version_id.expect("a version");
        let answer = client.get_policy_version().policy_arn(arn).version_id(version).send().await.expect("a version");
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
