//! What others do while a change is made, between one request and the next.

use std::path::Path;

use cloudgrant_core::config::{Loaded, Overrides};
use cloudgrant_core::{Connect, Context, ErrorKind};
use serde_json::{Value, json};

use super::{assignment, identity};
use crate::Azure;
use crate::client::loopback::{self, Loopback, SUBSCRIPTION, refusal};

const MANIFEST: &str = r#"
version: 1
stack: tests
provider: azure
platform: { kind: flyte, organization: acme, projects: [vision], domains: [production] }
azure:
  tenant: 00000000-0000-0000-0000-000000000001
  subscription: 00000000-0000-0000-0000-000000000002
  resource_group: dataplane
"#;
const ROLE: &str = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1";
const NAME: &str = "cloudgrant_tests_production";

async fn azure(cloud: &Loopback) -> Azure {
    let loaded = Loaded::from_text(MANIFEST, Path::new("cloudgrant.yaml"), &Overrides::default()).expect("a manifest");
    let manifest = loaded.manifest;
    let context = Context { stack: manifest.stack, platform: manifest.platform.into() };
    Azure::connect(context, cloud.config()).await.expect("connected")
}

fn group() -> String {
    format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/dataplane")
}

fn id() -> String {
    format!("{}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{NAME}", group())
}

fn ours(principal: usize) -> Value {
    json!({
        "id": id(), "name": NAME, "location": "westeurope", "tags": { "cloudgrant:stack": "tests", "cloudgrant:home": format!("{SUBSCRIPTION}/dataplane") },
        "properties": { "principalId": format!("00000000-0000-0000-0000-00000000000{principal}") },
    })
}

fn wanted() -> Value {
    json!({ "principal": id(), "role": "Reader", "role_id": ROLE, "scope": group() })
}

#[tokio::test]
async fn an_identity_that_was_made_anew_meanwhile_is_asked_for_again() {
    let cloud = Loopback::start(|request, nth| {
        if request.path == id() {
            return loopback::json(200, ours(nth));
        }
        let asked: Value = serde_json::from_slice(&request.body).expect("JSON");
        match asked["properties"]["principalId"].as_str() {
            Some(principal) if principal.ends_with('1') => {
                let made = json!({ "scope": group(), "roleDefinitionId": ROLE, "principalId": principal });
                loopback::json(201, json!({ "id": request.path, "name": "made", "properties": made }))
            }
            _ => refusal(400, "PrincipalNotFound"),
        }
    })
    .await;
    let azure = azure(&cloud).await;
    let error = assignment::put(&azure, None, &wanted()).await.expect_err("a principal of the past");
    assert_eq!(error.kind(), ErrorKind::NotYet, "{error:?}");
    assignment::put(&azure, None, &wanted()).await.expect("the principal of today");
}

#[tokio::test]
async fn somebody_else_s_assignment_that_is_gone_again_is_tried_again() {
    let cloud = Loopback::start(|request, _| match request.method.as_str() {
        "PUT" => refusal(409, "RoleAssignmentExists"),
        _ if request.path == id() => loopback::json(200, ours(0)),
        _ => loopback::json(200, json!({ "value": [] })),
    })
    .await;
    let error = assignment::put(&azure(&cloud).await, None, &wanted()).await.expect_err("in the way");
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
}

#[tokio::test]
async fn an_identity_that_somebody_relies_on_since_the_plan_is_not_deleted() {
    let cloud = Loopback::start(|request, _| match request.method.as_str() {
        "GET" if request.path == id() => loopback::json(200, ours(0)),
        "GET" => {
            let trusts = json!({ "issuer": "https://issuer", "subject": "theirs", "audiences": ["a"] });
            let names = ["by-hand", "cloudgrant_tests_vision_production"];
            let all: Vec<_> = names.iter().map(|name| json!({ "name": name, "properties": trusts })).collect();
            loopback::json(200, json!({ "value": all }))
        }
        _ => loopback::json(200, json!({})),
    })
    .await;
    let error = identity::delete(&azure(&cloud).await, NAME).await.expect_err("relied on");
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}");
    assert!(error.message().ends_with("trust: by-hand"), "{error}");
    assert!(cloud.seen().iter().all(|request| request.method == "GET"));
}
