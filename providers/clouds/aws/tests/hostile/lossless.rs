//! What others wrote into a repository's policy goes back as they wrote it.

use std::sync::{Arc, Mutex};

use cloudgrant_core::{Approval, Cancel, Silent};
use serde_json::{Value, json};

use crate::server::{Answer, Server};
use crate::world::{REGISTRY, details, engine, honest, xml};

/// Numbers of many digits, escapes, a key that comes twice, and keys that nobody knows; and what is rare but right: letters of
/// other alphabets, a service beside accounts, truth values and numbers in conditions.
const THEIRS: &str = r#"{"Sid":"By hand","Effect":"Deny","Principal":"*","Action":"ecr:*","Condition":{"NumericLessThan":{"a":12345678901234567890123,"b":1.10,"c":1e400},"StringEquals":{"x":"\u00e9\/","x":"y"}},"Unknown":[1.0]},{"Sid":"Übung 北京","Effect":"Allow","Principal":{"Service":["lambda.amazonaws.com"],"AWS":["*"]},"Action":"ecr:BatchGetImage","Condition":{"Bool":{"aws:SecureTransport":true},"NumericEquals":{"aws:MultiFactorAuthAge":3}}}"#;

#[tokio::test(flavor = "multi_thread")]
async fn what_others_wrote_goes_back_to_the_digit() {
    let before = format!(r#"{{"Version":"2008-10-17","Id":1.50,"Statement":[{THEIRS}]}}"#);
    let policy = Arc::new(Mutex::new(before.clone()));
    let kept = policy.clone();
    // The policy that says at home where the statement is.
    let mark = Mutex::new(String::new());
    let server = Server::start(move |action, body, _| {
        let (mut policy, mut mark) = (kept.lock().expect("a lock"), mark.lock().expect("a lock"));
        match action {
            "CreatePolicy" => {
                let field = |name: &str| body.split('&').find_map(|pair| pair.strip_prefix(name)).expect("a field");
                let (name, document) = (field("PolicyName="), field("PolicyDocument="));
                let arn = format!("arn:aws:iam::111122223333:policy/cloudgrant/tests/{name}");
                *mark = format!(
                    "<Policies><member><PolicyName>{name}</PolicyName><Arn>{arn}</Arn><Path>/cloudgrant/tests/</Path>\
                     <PolicyVersionList><member><Document>{document}</Document><IsDefaultVersion>true</IsDefaultVersion>\
                     </member></PolicyVersionList></member></Policies>"
                );
                xml(action, &format!("<Policy><Arn>{arn}</Arn></Policy>"))
            }
            "DeletePolicy" => {
                mark.clear();
                xml(action, "")
            }
            "GetAccountAuthorizationDetails" => details("%7B%7D", &format!("{mark}<IsTruncated>false</IsTruncated>")),
            "GetRepositoryPolicy" => Answer::ok(json!({ "policyText": *policy }).to_string()),
            "SetRepositoryPolicy" => {
                let asked: Value = serde_json::from_str(body).expect("JSON");
                *policy = asked["policyText"].as_str().expect("a text").to_owned();
                Answer::ok("{}")
            }
            action => honest(action, body),
        }
    })
    .await;
    let apply = async |tail: &str, changes: usize| {
        let engine = engine(&server, tail, 30.0).await.expect("a session");
        let plan = engine.plan(&Silent).await.unwrap_or_else(|error| panic!("{error:?}"));
        let report = engine.apply(plan.approve(Approval::InAdvance), &Silent, &Cancel::default()).await;
        let report = report.unwrap_or_else(|error| panic!("{error:?}"));
        assert!(report.is_success(), "{report:#?}");
        assert_eq!(report.applied.len(), changes, "{report:#?}");
        policy.lock().expect("a lock").clone()
    };
    let with = apply(REGISTRY, 2).await;
    let theirs = before.strip_suffix("]}").expect("the end of the statements");
    let ours = with.strip_prefix(theirs).unwrap_or_else(|| panic!("{with}"));
    assert!(ours.starts_with(r#",{"Sid":"AllowPull"#) && ours.ends_with("}]}"), "{ours}");
    // A statement of ours with something in it that no statement of ours has is made anew, and theirs stays.
    let tampered = with.replace(r#""Sid":"AllowPull"#, r#""Condition":{"NumericEquals":{"x":1e400}},"Sid":"AllowPull"#);
    let tamper = || *policy.lock().expect("a lock") = tampered.clone();
    tamper();
    assert_eq!(apply(REGISTRY, 1).await, with);
    // It goes by its mark, whatever is in it.
    tamper();
    let renamed = apply(&REGISTRY.replace("name: images", "name: others"), 2).await;
    assert!(renamed.starts_with(theirs), "{renamed}");
    assert!(renamed.matches("AllowPull").count() == 1 && renamed.contains("Others"), "{renamed}");
    // Once ours are gone, theirs stand alone, as they were.
    assert_eq!(apply("", 2).await, before);
}
