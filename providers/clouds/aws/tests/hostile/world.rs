//! A manifest and an honest AWS, of which each test makes one part hostile.

use std::path::Path;
use std::time::Duration;

use cloudgrant_aws as _;
use cloudgrant_core::manifest::{Loaded, Overrides};
use cloudgrant_core::{Engine, Error, Plan, Result, Session, Settings, Silent};
use serde_json::{Value, json};

use crate::server::{Answer, Server};

const HEAD: &str = r#"
version: 1
stack: tests
provider: aws
platform: { kind: union, organization: acme, projects: [forecasting], domains: [production] }
aws:
  region: us-west-2
  account: "111122223333"
  accounts: { "444455556666": { assume_role: "arn:aws:iam::444455556666:role/registry-admin" } }
"#;

/// A registry of another account.
pub(crate) const REGISTRY: &str =
    "registries: [{ name: images, aws: 444455556666.dkr.ecr.us-west-2.amazonaws.com/team/images }]\n";

const STREAM: &str = "arn:aws:kinesis:us-west-2:111122223333:stream/events";
const OF_AWS: &str = "arn:aws:iam::aws:policy/Events";

/// A stream, which all tasks read by a policy of AWS's.
pub(crate) fn existing_policy() -> String {
    format!(
        "resources: {{ events: {{ aws: '{STREAM}' }} }}\ngrants: [{{ name: all, scope: global, access: {{ events: read }} }}]\n"
    )
}

/// The document of a policy with which records of a resource are read.
pub(crate) fn allows(resource: &str) -> String {
    let statement = json!({ "Effect": "Allow", "Action": "kinesis:GetRecords", "Resource": resource });
    json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
}

/// A version of a policy, as IAM gives it out.
pub(crate) fn version(document: &str) -> String {
    let document = document.replace('%', "%25").replace('<', "%3C").replace('&', "%26");
    format!("<PolicyVersion><VersionId>v1</VersionId><Document>{document}</Document></PolicyVersion>")
}

/// So many secrets, for all tasks.
pub(crate) fn secrets(count: usize) -> String {
    let arn = |at: usize| format!("arn:aws:secretsmanager:us-west-2:111122223333:secret:s{at}-AbCdEf");
    let resources: Vec<_> = (0..count).map(|at| format!("  s{at}: {{ aws: '{}' }}", arn(at))).collect();
    let access: Vec<_> = (0..count).map(|at| format!("s{at}: read")).collect();
    let (resources, access) = (resources.join("\n"), access.join(", "));
    format!("resources:\n{resources}\ngrants: [{{ name: all, scope: global, access: {{ {access} }} }}]\n")
}

/// An action's answer around a result.
pub(crate) fn xml(action: &str, result: &str) -> Answer {
    Answer::ok(format!("<{action}Response><{action}Result>{result}</{action}Result></{action}Response>"))
}

/// The roles that a data plane has, and what is said after them.
pub(crate) fn details(trust: &str, rest: &str) -> Answer {
    let role = |name: &str| {
        format!(
            "<member><RoleName>{name}</RoleName><Arn>arn:aws:iam::111122223333:role/{name}</Arn><Path>/</Path>\
             <AssumeRolePolicyDocument>{trust}</AssumeRolePolicyDocument></member>"
        )
    };
    let roles = [role("unionai-acme-flyteworker-node-group"), role("acme-userflyterole")].concat();
    xml("GetAccountAuthorizationDetails", &format!("<RoleDetailList>{roles}</RoleDetailList>{rest}"))
}

/// What an honest AWS says.
pub(crate) fn honest(action: &str, body: &str) -> Answer {
    match action {
        "GetCallerIdentity" => {
            let account = "<Account>111122223333</Account>";
            xml(action, &format!("<Arn>arn:aws:iam::111122223333:user/ann</Arn><UserId>A</UserId>{account}"))
        }
        "AssumeRole" => xml(
            action,
            "<Credentials><AccessKeyId>ASIAEXAMPLE</AccessKeyId><SecretAccessKey>hidden-key</SecretAccessKey>\
             <SessionToken>hidden-token</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration></Credentials>",
        ),
        "GetPolicy" => {
            xml(action, &format!("<Policy><Arn>{OF_AWS}</Arn><DefaultVersionId>v1</DefaultVersionId></Policy>"))
        }
        "GetPolicyVersion" => xml(action, &version(&allows(STREAM))),
        "GetAccountSummary" => xml(action, "<SummaryMap/>"),
        "GetAccountAuthorizationDetails" => details("%7B%7D", "<IsTruncated>false</IsTruncated>"),
        "DescribePullThroughCacheRules" => Answer::ok(json!({ "pullThroughCacheRules": [] }).to_string()),
        "DescribeRepositories" => Answer::ok(json!({ "repositories": [] }).to_string()),
        "ListSecrets" => Answer::ok(json!({ "SecretList": [] }).to_string()),
        "DescribeSecret" => {
            let asked: Value = serde_json::from_str(body).expect("JSON");
            Answer::ok(json!({ "ARN": asked["SecretId"] }).to_string())
        }
        "GetRepositoryPolicy" => Answer::Body(
            400,
            String::new(),
            br#"{"__type":"RepositoryPolicyNotFoundException","message":"none"}"#.to_vec(),
        ),
        other => panic!("{other} isn't asked for"),
    }
}

/// Plans against a server. The engine waits little.
pub(crate) async fn plan(server: &Server, tail: &str) -> Result<Plan> {
    plan_within(server, tail, 30.0).await
}

/// The same with so many seconds for a request.
pub(crate) async fn plan_within(server: &Server, tail: &str, seconds: f64) -> Result<Plan> {
    engine(server, tail, seconds).await?.plan(&Silent).await
}

/// The engine for a manifest, with so many seconds for a request.
pub(crate) async fn engine(server: &Server, tail: &str, seconds: f64) -> Result<Engine> {
    let flag = |key: &str, value: &str| (key.to_owned(), Value::from(value), "the test".to_owned());
    let mut flags = vec![flag("aws.endpoint", &server.endpoint()), flag("aws.credentials", "sandbox")];
    flags.push(("aws.request_timeout".to_owned(), seconds.into(), "the test".to_owned()));
    let overrides = Overrides { flags, ..Overrides::default() };
    // What no grant comes to, no manifest may name.
    let policies = if tail == existing_policy() {
        format!("  policies: {{ events: {{ read: '{OF_AWS}' }} }}\n")
    } else {
        String::new()
    };
    let loaded = Loaded::from_text(&format!("{HEAD}{policies}{tail}"), Path::new("m.yaml"), &overrides)?;
    let settings = Settings {
        patience: Duration::from_millis(100),
        first_wait: Duration::from_millis(20),
        longest_wait: Duration::from_millis(50),
        ..Settings::default()
    };
    Ok(Session::open(loaded, settings).await?.engine())
}

/// The same where one action is hostile: the error, and all that is said of it.
pub(crate) async fn refused(server: &Server, tail: &str) -> (Error, String) {
    let error = plan(server, tail).await.expect_err("refused");
    let said = said(&error);
    (error, said)
}

/// All that is said of an error: not much, and no credential.
pub(crate) fn said(error: &Error) -> String {
    let causes = std::iter::successors(std::error::Error::source(error), |error| error.source());
    let said = format!("{error:?} {:?}", causes.map(ToString::to_string).collect::<Vec<_>>());
    assert!(said.len() < 20_000, "{} bytes of complaint", said.len());
    assert!(!said.contains("hidden-"), "{said}");
    said
}
