//! Federated tokens in exchange for those of managed identities.

use cloudgrant_azure_sandbox::DEFAULT_TENANT;
use serde_json::json;

use crate::client::{Cloud, assertion, assertion_form, assertion_of};
use crate::{ISSUER, SUBSCRIPTION, identity};

const AUDIENCE: &str = "api://AzureADTokenExchange";
const SUBJECT: &str = "system:serviceaccount:forecasting-production:default";

async fn with_credential(knobs: &str) -> (Cloud, String) {
    let cloud = Cloud::start(knobs).await;
    let path = format!("{}/federatedIdentityCredentials/pods?api-version=2023-01-31", identity("acme-production"));
    let body = json!({"properties": {"issuer": ISSUER, "subject": SUBJECT, "audiences": [AUDIENCE]}});
    cloud.put(&path, body).await.is(201);
    let (_, client) = cloud.ids("acme-production").await;
    (cloud, client)
}

#[tokio::test]
async fn issuer_subject_and_audience_must_match() {
    let (cloud, client) = with_credential("").await;
    let upper = SUBJECT.to_uppercase();
    for (issuer, subject, audience, code) in [
        (ISSUER, SUBJECT, AUDIENCE, 0),
        (ISSUER.trim_end_matches('/'), SUBJECT, AUDIENCE, 700_211),
        (ISSUER, SUBJECT, "api://other", 700_212),
        (ISSUER, "system:serviceaccount:forecasting-staging:default", AUDIENCE, 700_213),
        (ISSUER, upper.as_str(), AUDIENCE, 7_002_138),
    ] {
        let form = assertion_form(&client, &assertion(issuer, subject, audience));
        let reply = cloud.ask_token(DEFAULT_TENANT, &form).await;
        if code == 0 {
            reply.is(200);
        } else {
            assert_eq!(reply.status, 401, "{}", reply.body);
            assert_eq!(reply.body["error_codes"][0], code, "{}", reply.body);
        }
    }
}

#[tokio::test]
async fn an_identity_without_credentials_is_told_so() {
    let cloud = Cloud::start("").await;
    let (_, client) = cloud.ids("flyteuser-acme").await;
    // The one that it begins with.
    let seeded = format!("{}/federatedIdentityCredentials/acme-dataplane-aks", identity("flyteuser-acme"));
    cloud.delete(&format!("{seeded}?api-version=2023-01-31")).await.is(200);
    let reply = cloud.ask_token(DEFAULT_TENANT, &assertion_form(&client, &assertion(ISSUER, SUBJECT, AUDIENCE))).await;
    assert_eq!(reply.body["error_codes"][0], 70_025, "{}", reply.body);
    let reply = cloud.ask_token(DEFAULT_TENANT, &assertion_form(&client, "nonsense")).await;
    assert_eq!(reply.body["error_codes"][0], 50_027, "{}", reply.body);
}

#[tokio::test]
async fn an_expired_assertion_is_refused() {
    let (cloud, client) = with_credential("").await;
    let late = assertion_of(&json!({"iss": ISSUER, "sub": SUBJECT, "aud": AUDIENCE, "exp": 1_600_000_000}));
    let reply = cloud.ask_token(DEFAULT_TENANT, &assertion_form(&client, &late)).await;
    assert_eq!(reply.body["error_codes"][0], 700_024, "{}", reply.body);
}

#[tokio::test]
async fn a_new_credential_takes_a_while_to_be_known() {
    let (cloud, client) = with_credential("replication=600ms").await;
    let form = assertion_form(&client, &assertion(ISSUER, SUBJECT, AUDIENCE));
    let reply = cloud.ask_token(DEFAULT_TENANT, &form).await;
    assert_eq!((reply.status, reply.body["error_codes"][0].as_u64()), (400, Some(70_021)), "{}", reply.body);
    assert!(reply.body["error_description"].as_str().expect("a text").contains(SUBJECT));
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    cloud.ask_token(DEFAULT_TENANT, &form).await.is(200);
}

#[tokio::test]
async fn the_identity_may_do_what_its_roles_say() {
    let cloud = Cloud::start("").await;
    let token = cloud.log_in_as("acme-production").await;
    let path = format!("{SUBSCRIPTION}/resourceGroups?api-version=2021-04-01");
    let denied = cloud.arm_as(&token, reqwest::Method::GET, &path, serde_json::Value::Null).await;
    let (principal, client) = cloud.ids("acme-production").await;
    denied.fails(403, "AuthorizationFailed", &format!("The client '{client}' with object id '{principal}'"));
    denied.fails(403, "AuthorizationFailed", "'Microsoft.Resources/subscriptions/resourceGroups/read'");
    let seen = cloud
        .arm_as(&token, reqwest::Method::GET, "/subscriptions?api-version=2022-12-01", serde_json::Value::Null)
        .await;
    assert_eq!(seen.is(200)["value"], json!([]));
    cloud.put(&crate::assignment(SUBSCRIPTION, &crate::guid(1)), crate::grant(crate::READER, &principal)).await.is(201);
    cloud.arm_as(&token, reqwest::Method::GET, &path, serde_json::Value::Null).await.is(200);
    let write = cloud
        .arm_as(
            &token,
            reqwest::Method::DELETE,
            &format!("{}?api-version=2023-01-31", identity("acme-production")),
            serde_json::Value::Null,
        )
        .await;
    write.fails(403, "AuthorizationFailed", "userAssignedIdentities/delete");
}
