//! What goes wrong on request, and what is counted.

use crate::client::Client;
use crate::{ACCOUNT, SERVICE_TRUST, create_role, with_sandbox};
use serde_json::json;
use std::time::{Duration, Instant};

#[test]
fn faults_come_on_request() {
    with_sandbox("throttle=1", |endpoint| {
        let mut client = Client::new(endpoint, ACCOUNT);
        let reply = client.iam("ListRoles", &[]);
        reply.fails(400, "Throttling", "Rate exceeded");
        assert_eq!(reply.element("Type"), Some("Sender"));
        client.ecr("DescribeRepositories", json!({})).fails(400, "ThrottlingException", "Rate exceeded");
    });
    with_sandbox("errors=1,latency=30ms", |endpoint| {
        let begun = Instant::now();
        Client::new(endpoint, ACCOUNT).iam("ListRoles", &[]).fails(500, "ServiceFailure", "");
        assert!(begun.elapsed() >= Duration::from_millis(30));
    });
    with_sandbox("deny=iam:CreateRole", |endpoint| {
        create_role(&mut Client::new(endpoint, ACCOUNT), "one", SERVICE_TRUST).fails(
            403,
            "AccessDenied",
            "User: arn:aws:iam::111122223333:user/sandbox is not authorized to perform: iam:CreateRole on resource: \
             arn:aws:iam::111122223333:role/one because no identity-based policy allows the iam:CreateRole action",
        );
    });
    with_sandbox("drop=1", |endpoint| {
        assert!(Client::new(endpoint, ACCOUNT).raw("POST", "/", "", "Action=ListRoles").is_none());
        let log = Client::new(endpoint, ACCOUNT).raw("GET", "/_sandbox/log", "", "").expect("never dropped");
        assert_eq!(log.json().as_array().map(Vec::len), Some(1));
    });
}

#[test]
fn requests_are_counted_and_logged() {
    with_sandbox("", |endpoint| {
        let mut client = Client::new(endpoint, ACCOUNT);
        client.iam("GetRole", &[("RoleName", "no")]);
        client.sts("GetCallerIdentity", &[]).ok();
        let counts = client.raw("GET", "/_sandbox/requests", "", "").expect("an answer").ok().json();
        assert_eq!(counts, json!({"total": 2, "by_action": {"iam:GetRole": 1, "sts:GetCallerIdentity": 1}}));
        let log = client.raw("GET", "/_sandbox/log", "", "").expect("an answer").ok().json();
        let key = format!("AKIASANDBOX0{ACCOUNT}");
        let line = json!({
            "sequence": 1, "turn": 1, "at_us": log[0]["at_us"], "account": ACCOUNT, "key": key, "action": "iam:GetRole", "status": 404
        });
        assert_eq!(log[0], line);
        client.raw("POST", "/_sandbox/reset", "", "").expect("an answer").ok();
        assert_eq!(client.raw("GET", "/_sandbox/requests", "", "").expect("an answer").json()["total"], 0);
    });
}
