//! Logging in.

use cloudgrant_azure_sandbox::{CLIENT_ID, DEFAULT_TENANT, SECRET};

use crate::client::{Cloud, Reply, form};

#[track_caller]
fn refused(reply: &Reply, status: u16, error: &str, code: u64) {
    assert_eq!(reply.status, status, "{}", reply.body);
    assert_eq!(reply.body["error"], error, "{}", reply.body);
    assert_eq!(reply.body["error_codes"][0], code, "{}", reply.body);
    let text = reply.body["error_description"].as_str().expect("a description");
    assert!(text.starts_with(&format!("AADSTS{code}: ")) && text.contains("Trace ID: "), "{text}");
    assert!(!text.contains(SECRET.repeat(2).as_str()), "secrets are not repeated");
}

#[tokio::test]
async fn the_client_gets_a_token() {
    let cloud = Cloud::start("").await;
    let reply = cloud.ask_token(DEFAULT_TENANT, &form(CLIENT_ID, &[("client_secret", SECRET)])).await.is(200);
    assert_eq!((&reply["token_type"], &reply["expires_in"]), (&"Bearer".into(), &3599.into()));
    assert_eq!(reply["access_token"].as_str().map(|token| token.split('.').count()), Some(3));
    // The first version of the protocol names a resource and answers with texts.
    let url = format!("{}/{DEFAULT_TENANT}/oauth2/token", cloud.running.endpoint());
    let body = format!(
        "grant_type=client_credentials&client_id={CLIENT_ID}&client_secret={SECRET}&resource=https://management.core.windows.net/"
    );
    let reply = cloud.http.post(url).body(body).send().await.expect("an answer").text().await.expect("a body");
    assert!(
        reply.contains(r#""resource":"https://management.core.windows.net/""#)
            && reply.contains(r#""expires_in":"3599""#),
        "{reply}"
    );
}

#[tokio::test]
async fn wrong_credentials_are_refused() {
    let cloud = Cloud::start("").await;
    let bad = form(CLIENT_ID, &[("client_secret", "guessguess")]);
    let reply = cloud.ask_token(DEFAULT_TENANT, &bad).await;
    refused(&reply, 401, "invalid_client", 7_000_215);
    assert!(!reply.body.to_string().contains("guessguess"), "a secret is not repeated");

    let unknown = form("aaaaaaaa-0000-4000-8000-000000000000", &[("client_secret", SECRET)]);
    refused(&cloud.ask_token(DEFAULT_TENANT, &unknown).await, 400, "unauthorized_client", 700_016);

    let good = form(CLIENT_ID, &[("client_secret", SECRET)]);
    let stranger = "aaaaaaaa-0000-4000-8000-000000000000";
    refused(&cloud.ask_token(stranger, &good).await, 400, "invalid_request", 90_002);
    refused(&cloud.ask_token("nonsense", &good).await, 400, "invalid_request", 900_023);

    refused(&cloud.ask_token(DEFAULT_TENANT, &form(CLIENT_ID, &[])).await, 401, "invalid_client", 7_000_216);
    refused(&cloud.ask_token(DEFAULT_TENANT, "").await, 400, "invalid_request", 900_144);
    let password = "grant_type=password&client_id=x";
    refused(&cloud.ask_token(DEFAULT_TENANT, password).await, 400, "unsupported_grant_type", 70_003);
}

#[tokio::test]
async fn scopes_are_checked() {
    let cloud = Cloud::start("").await;
    let ask = |scope: &str| {
        format!("grant_type=client_credentials&client_id={CLIENT_ID}&client_secret={SECRET}&scope={scope}")
    };
    let plain = cloud.ask_token(DEFAULT_TENANT, &ask("https://management.azure.com/")).await;
    refused(&plain, 400, "invalid_scope", 1_002_012);
    let unknown = cloud.ask_token(DEFAULT_TENANT, &ask("https://example.com/.default")).await;
    refused(&unknown, 400, "invalid_resource", 500_011);
    cloud.ask_token(DEFAULT_TENANT, &ask("https://storage.azure.com/.default")).await.is(200);
    cloud.ask_token(DEFAULT_TENANT, &ask(&format!("{}/.default", cloud.running.endpoint()))).await.is(200);
    refused(&cloud.ask_token(DEFAULT_TENANT, &ask("")).await, 400, "invalid_request", 900_144);
}

#[tokio::test]
async fn a_managed_identity_has_no_secret() {
    let cloud = Cloud::start("").await;
    let (_, client) = cloud.ids("flyteuser-acme").await;
    let reply = cloud.ask_token(DEFAULT_TENANT, &form(&client, &[("client_secret", SECRET)])).await;
    refused(&reply, 401, "invalid_client", 7_000_215);
}

#[tokio::test]
async fn endpoints_are_discovered() {
    let cloud = Cloud::start("").await;
    let endpoint = cloud.running.endpoint().to_owned();
    for (path, token) in [
        (format!("/{DEFAULT_TENANT}/v2.0/.well-known/openid-configuration"), "oauth2/v2.0/token"),
        (format!("/{DEFAULT_TENANT}/.well-known/openid-configuration"), "oauth2/token"),
    ] {
        let body = cloud.send(reqwest::Method::GET, &path, None, String::new()).await.is(200);
        assert_eq!(body["token_endpoint"], format!("{endpoint}/{DEFAULT_TENANT}/{token}"));
    }
    let path = "/common/discovery/instance?api-version=1.1&authorization_endpoint=https://x/common/oauth2/authorize";
    let body = cloud.send(reqwest::Method::GET, path, None, String::new()).await.is(200);
    assert_eq!(body["metadata"][0]["preferred_network"], endpoint.trim_start_matches("https://"));
    let path = "/aaaaaaaa-0000-4000-8000-000000000000/v2.0/.well-known/openid-configuration";
    refused(&cloud.send(reqwest::Method::GET, path, None, String::new()).await, 400, "invalid_request", 90_002);
    let body = cloud
        .send(reqwest::Method::GET, "/metadata/endpoints?api-version=2022-09-01", None, String::new())
        .await
        .is(200);
    assert_eq!(body["authentication"]["loginEndpoint"], endpoint);
    assert_eq!(body["microsoftGraphResourceId"], format!("{endpoint}/"));
}
