//! Client secrets and federated credentials of applications.

use cloudgrant_azure_sandbox::DEFAULT_TENANT;
use serde_json::{Value, json};

use super::Graph;
use crate::client::{assertion, assertion_form, form};

const ISSUER: &str = "https://token.actions.example";

#[tokio::test]
async fn a_secret_is_shown_once_and_logs_in_until_it_is_removed() {
    let graph = Graph::start("").await;
    let made = graph.application("cloudgrant-acme").await;
    graph.principal(&made).await;
    let (path, client) =
        (format!("/v1.0/applications/{}", made["id"].as_str().expect("an id")), made["appId"].as_str().expect("an id"));
    let wanted = json!({"passwordCredential": {"displayName": "first", "endDateTime": "2099-01-01T00:00:00Z"}});
    graph.cloud.post("/_sandbox/record", json!({"on": true})).await.is(200);
    let added = graph.post(&format!("{path}/addPassword"), wanted).await.is(200);
    let secret = added["secretText"].as_str().expect("a secret");
    assert_eq!((added["hint"].as_str(), &added["endDateTime"]), (secret.get(..3), &json!("2099-01-01T00:00:00Z")));
    let there = graph.get(&path).await.is(200);
    assert_eq!(there["passwordCredentials"][0]["keyId"], added["keyId"]);
    let recorded = graph.cloud.get("/_sandbox/recorded").await.is(200);
    let all = there.to_string() + &graph.cloud.state().await.to_string() + &recorded.to_string();
    assert!(!all.contains(secret), "{all}");
    let log_in =
        async |secret: &str| graph.cloud.ask_token(DEFAULT_TENANT, &form(client, &[("client_secret", secret)])).await;
    log_in(secret).await.is(200);
    assert!(log_in("sandbox").await.is(401).to_string().contains("AADSTS7000215"));
    // A second one for the time of the change, and then the first one goes.
    let second = graph.post(&format!("{path}/addPassword"), json!({})).await.is(200);
    log_in(second["secretText"].as_str().expect("a secret")).await.is(200);
    graph.post(&format!("{path}/removePassword"), json!({"keyId": added["keyId"]})).await.is(204);
    log_in(secret).await.is(401);
    let again = graph.post(&format!("{path}/removePassword"), json!({"keyId": added["keyId"]})).await;
    again.fails(400, "Request_BadRequest", "keyId");
    graph.cloud.knobs("replication=60m").await;
    assert!(log_in(second["secretText"].as_str().expect("a secret")).await.is(401).to_string().contains("7000215"));
}

#[tokio::test]
async fn a_secret_ends_after_it_begins_and_expires() {
    let graph = Graph::start("").await;
    let made = graph.application("cloudgrant-acme").await;
    graph.principal(&made).await;
    let path = format!("/v1.0/applications/{}/addPassword", made["id"].as_str().expect("an id"));
    let add = async |begins: &str, ends: &str| {
        graph.post(&path, json!({"passwordCredential": {"startDateTime": begins, "endDateTime": ends}})).await
    };
    add("2099-01-01T00:00:00Z", "2098-01-01T00:00:00Z").await.fails(400, "Request_BadRequest", "expiration");
    add("2000-01-01T00:00:00Z", "2001-01-01T00:00:00Z").await.fails(400, "Request_BadRequest", "expiration");
    add("2000-01-01T00:00:00Z", "soon").await.fails(400, "Request_BadRequest", "soon");
    let own = json!({"passwordCredential": {"secretText": "mine"}});
    graph.post(&path, own).await.fails(400, "Request_BadRequest", "secretText");
    // One that is good later is not good yet.
    let later = add("2098-01-01T00:00:00+00:00", "2099-01-01T00:00:00+00:00").await.is(200);
    let secret = later["secretText"].as_str().expect("a secret");
    let client = made["appId"].as_str().expect("an id");
    let refused = graph.cloud.ask_token(DEFAULT_TENANT, &form(client, &[("client_secret", secret)])).await.is(401);
    assert!(refused.to_string().contains("AADSTS7000222"), "{refused}");
}

#[tokio::test]
async fn a_tenant_may_forbid_secrets_or_cap_their_life() {
    let graph = Graph::start("").await;
    let made = graph.application("cloudgrant-acme").await;
    let path = format!("/v1.0/applications/{}/addPassword", made["id"].as_str().expect("an id"));
    let policy = async |restriction: Value| {
        let restrictions = json!({"passwordCredentials": [restriction]});
        graph
            .cloud
            .place(json!({"appManagementPolicy": {"isEnabled": true, "applicationRestrictions": restrictions}}))
            .await;
    };
    let until = |year: u32| json!({"passwordCredential": {"endDateTime": format!("{year}-01-01T00:00:00Z")}});
    policy(json!({"restrictionType": "passwordLifetime", "maxLifetime": "P9000D"})).await;
    let refused = graph.post(&path, until(2099)).await;
    refused.fails(400, "CredentialInvalidLifetimeAsPerAppPolicy", "max value allowed");
    graph.post(&path, json!({})).await.is(200);
    policy(json!({"restrictionType": "passwordAddition", "state": "enabled"})).await;
    graph.post(&path, json!({})).await.fails(400, "CredentialTypeNotAllowedAsPerAppPolicy", "assigned policy");
    let shown = graph.get("/v1.0/policies/defaultAppManagementPolicy").await.is(200);
    assert_eq!(shown["applicationRestrictions"]["passwordCredentials"][0]["restrictionType"], "passwordAddition");
    policy(json!({"restrictionType": "passwordAddition", "state": "disabled"})).await;
    graph.post(&path, json!({})).await.is(200);
}

fn trust(subject: &str) -> Value {
    json!({"issuer": ISSUER, "subject": subject, "audiences": ["api://AzureADTokenExchange"]})
}

#[tokio::test]
async fn a_federated_credential_is_made_by_name_and_logs_in() {
    let graph = Graph::start("").await;
    let made = graph.application("cloudgrant-acme").await;
    graph.principal(&made).await;
    let all = format!("/v1.0/applications/{}/federatedIdentityCredentials", made["id"].as_str().expect("an id"));
    let path = format!("{all}(name='main')");
    graph.patch(&path, trust("repo:acme/main")).await.is(404);
    let added = graph.upsert(&path, trust("repo:acme/main")).await.is(201);
    graph.upsert(&path, json!({"description": "of the main branch"})).await.is(204);
    let there = graph.get(&path).await.is(200);
    assert_eq!((&there["id"], &there["description"]), (&added["id"], &json!("of the main branch")));
    assert_eq!(graph.get(&all).await.is(200)["value"].as_array().map(Vec::len), Some(1));
    let client = made["appId"].as_str().expect("an id");
    let log_in = async |subject: &str| {
        let assertion = assertion(ISSUER, subject, "api://AzureADTokenExchange");
        graph.cloud.ask_token(DEFAULT_TENANT, &assertion_form(client, &assertion)).await
    };
    log_in("repo:acme/main").await.is(200);
    assert!(log_in("repo:acme/other").await.is(401).to_string().contains("AADSTS700213"));
    graph.patch(&path, json!({"name": "other"})).await.fails(400, "Request_BadRequest", "name");
    graph.delete(&format!("{all}/main")).await.is(204);
    graph.delete(&format!("{all}/main")).await.is(404);
    log_in("repo:acme/main").await.is(401);
}

#[tokio::test]
async fn federated_credentials_have_limits() {
    let graph = Graph::start("quota.FederatedCredentialsPerIdentity=2").await;
    let made = graph.application("cloudgrant-acme").await;
    let all = format!("/v1.0/applications/{}/federatedIdentityCredentials", made["id"].as_str().expect("an id"));
    let add = async |name: &str, body: Value| {
        let mut body = body;
        body["name"] = json!(name);
        graph.post(&all, body).await
    };
    let bad = "Request_BadRequest";
    add("a b", trust("s")).await.fails(400, bad, "'name'");
    add("one", trust(&"x".repeat(601))).await.fails(400, bad, "'subject'");
    for (name, value) in [
        ("issuer", json!("http://token.example")),
        ("audiences", json!(["a", "b"])),
        ("audiences", json!([])),
        ("claims", json!({})),
    ] {
        let mut odd = trust("s");
        odd[name] = value;
        add("one", odd).await.fails(400, bad, name);
    }
    add("one", trust(&"x".repeat(600))).await.is(201);
    let taken = "Request_MultipleObjectsWithSameKeyValue";
    add("one", trust("other")).await.fails(409, taken, "name one");
    add("two", trust(&"x".repeat(600))).await.fails(409, taken, "issuer and subject");
    add("two", trust("other")).await.is(201);
    graph.upsert(&format!("{all}(name='three')"), trust("third")).await.fails(400, bad, "No more than 2");
}
