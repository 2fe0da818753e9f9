use cloudgrant_flyte_sandbox::{Client, Seed, SignIn};
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Flyte, Reply, finish};
use crate::lifetime::again;
use crate::{CLUSTER, PAIR};

/// `cloudgrant:sandbox`, as HTTP's basic authentication has it.
const BASIC: &str = "Basic Y2xvdWRncmFudDpzYW5kYm94";

fn seed(client: Client) -> Seed {
    Seed { sign_in: SignIn::Client(client), ..Seed::default() }
}

async fn ask(flyte: &Flyte, basic: &str, form: &str) -> Reply {
    let request = flyte.request(Method::POST, "/oauth2/token").header("authorization", basic);
    finish(request.header("content-type", "application/x-www-form-urlencoded").body(form.to_owned())).await
}

async fn token(flyte: &Flyte) -> String {
    let answer = ask(flyte, BASIC, "grant_type=client_credentials&scope=all+offline").await.ok();
    answer["access_token"].as_str().expect("a token").to_owned()
}

async fn with(flyte: &Flyte, header: &str, value: &str) -> Reply {
    finish(flyte.request(Method::GET, "/api/v1/domains").header(header, value)).await
}

#[tokio::test]
async fn clients_are_told_how_to_sign_in() {
    let flyte = Flyte::with(seed(Client::default())).await;
    let base = flyte.running.endpoint().to_owned();
    let server = flyte.get("/.well-known/oauth-authorization-server").await.ok();
    let expected = json!({
        "issuer": base,
        "authorization_endpoint": format!("{base}/oauth2/authorize"),
        "token_endpoint": format!("{base}/oauth2/token"),
        "response_types_supported": ["code", "token", "code token"],
        "scopes_supported": ["all"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        "jwks_uri": format!("{base}/oauth2/jwks"),
        "code_challenge_methods_supported": ["S256"],
        "grant_types_supported": ["client_credentials", "refresh_token", "authorization_code"],
        "device_authorization_endpoint": "",
    });
    assert_eq!(server, expected);
    let client = flyte.get("/config/v1/flyte_client").await.ok();
    let expected = json!({
        "client_id": "flytectl",
        "redirect_uri": "http://localhost:53593/callback",
        "scopes": ["all", "offline"],
        "authorization_metadata_key": "flyte-authorization",
        "service_http_endpoint": "",
        "audience": "",
    });
    assert_eq!(client, expected);
    let camel = finish(flyte.request(Method::GET, "/config/v1/flyte_client")).await.ok();
    assert_eq!(camel["authorizationMetadataKey"], "flyte-authorization");
}

#[tokio::test]
async fn a_token_opens_the_api_in_the_header_that_is_told() {
    let flyte = Flyte::with(seed(Client::default())).await;
    let refused = flyte.get(&format!("{PAIR}{CLUSTER}")).await;
    refused.fails(401, 16, "token parse error");
    let told = refused.headers["www-authenticate"].to_str().expect("a text");
    assert!(told.contains("Request unauthenticated with Bearer"), "{told}");
    let bearer = format!("Bearer {}", token(&flyte).await);
    with(&flyte, "flyte-authorization", &bearer).await.ok();
    with(&flyte, "authorization", &bearer).await.ok();
    with(&flyte, "another-header", &bearer).await.fails(401, 16, "token parse error");
    with(&flyte, "flyte-authorization", &bearer.replace("Bearer", "Basic")).await.fails(401, 16, "unauthenticated");
    with(&flyte, "flyte-authorization", &format!("{bearer}x")).await.fails(401, 16, "signature is invalid");
    // The usual header counts first, also where it holds something else.
    let both = flyte.request(Method::GET, "/api/v1/domains").header("flyte-authorization", &bearer);
    finish(both.header("authorization", "Bearer of bad news")).await.fails(401, 16, "signature is invalid");
}

#[tokio::test]
async fn another_header_can_be_told() {
    let flyte = Flyte::with(seed(Client { header: "acme-authorization".to_owned(), ..Client::default() })).await;
    let told = flyte.get("/config/v1/flyte_client").await.ok();
    assert_eq!(told["authorization_metadata_key"], "acme-authorization");
    let bearer = format!("Bearer {}", token(&flyte).await);
    with(&flyte, "acme-authorization", &bearer).await.ok();
    with(&flyte, "flyte-authorization", &bearer).await.fails(401, 16, "token parse error");
}

#[tokio::test]
async fn tokens_expire_and_outlive_a_restart() {
    let flyte = Flyte::with(seed(Client::default())).await;
    let bearer = format!("Bearer {}", token(&flyte).await);
    let flyte = again(flyte, seed(Client::default())).await;
    with(&flyte, "flyte-authorization", &bearer).await.ok();
    flyte.knobs("quota.TokenSeconds=0").await;
    let expired = format!("Bearer {}", token(&flyte).await);
    with(&flyte, "flyte-authorization", &expired).await.fails(401, 16, "Token is expired");
    with(&flyte, "flyte-authorization", &bearer).await.ok();
}

#[tokio::test]
async fn a_token_without_the_scope_opens_nothing() {
    let flyte = Flyte::with(seed(Client::default())).await;
    let answer = ask(&flyte, BASIC, "grant_type=client_credentials&scope=offline").await.ok();
    let (kind, scope, seconds) = (&answer["token_type"], &answer["scope"], &answer["expires_in"]);
    assert_eq!((kind, scope, seconds), (&json!("bearer"), &json!("offline"), &json!(1800)));
    let bearer = format!("Bearer {}", answer["access_token"].as_str().expect("a token"));
    with(&flyte, "flyte-authorization", &bearer).await.fails(401, 16, "doesn't have required scope");
}

#[tokio::test]
async fn tokens_are_refused_as_oauth_refuses_them() {
    let flyte = Flyte::with(seed(Client::default())).await;
    let good = "grant_type=client_credentials&scope=all";
    // `cloudgrant:other`
    let other = "Basic Y2xvdWRncmFudDpvdGhlcg==";
    for (basic, form, status, error) in [
        (other, good, 401, "invalid_client"),
        ("Bearer x", good, 401, "invalid_client"),
        (BASIC, "scope=all", 400, "invalid_request"),
        (BASIC, "grant_type=password&scope=all", 400, "unsupported_grant_type"),
        (BASIC, "grant_type=client_credentials&scope=everything", 400, "invalid_scope"),
        (BASIC, "grant_type=client_credentials&scope=all&audience=x", 400, "invalid_request"),
    ] {
        let answer = ask(&flyte, basic, form).await;
        assert_eq!((answer.status, &answer.body["error"]), (status, &json!(error)), "{form}: {}", answer.body);
        assert!(answer.body["error_description"].is_string() && answer.body["access_token"].is_null());
    }
    flyte.knobs("deny=auth:Token").await;
    assert_eq!(ask(&flyte, BASIC, good).await.status, 401);
}

#[tokio::test]
async fn tokens_of_somebody_else_say_nothing_of_scopes() {
    let scope = "api://flyte/.default";
    let client = Client { scopes: vec![scope.to_owned()], audience: "api://flyte".to_owned(), ..Client::default() };
    let flyte = Flyte::with(seed(client)).await;
    let told = flyte.get("/config/v1/flyte_client").await.ok();
    assert_eq!((&told["scopes"], &told["audience"]), (&json!([scope]), &json!("api://flyte")));
    let form = "grant_type=client_credentials&scope=api%3A%2F%2Fflyte%2F.default&audience=api%3A%2F%2Fflyte";
    let answer = ask(&flyte, BASIC, form).await.ok();
    let bearer = format!("Bearer {}", answer["access_token"].as_str().expect("a token"));
    with(&flyte, "flyte-authorization", &bearer).await.ok();
}

#[tokio::test]
async fn where_nobody_signs_in_nothing_tells_how() {
    let paths = ["/.well-known/oauth-authorization-server", "/config/v1/flyte_client"];
    let flyte = Flyte::start().await;
    for path in paths {
        flyte.get(path).await.fails(404, 5, "Not Found");
    }
    flyte.get("/api/v1/domains").await.ok();
    assert_eq!(flyte.request(Method::POST, "/oauth2/token").send().await.expect("an answer").status(), 404);
    let flyte = Flyte::with(Seed { sign_in: SignIn::Unimplemented, ..Seed::default() }).await;
    for path in paths {
        flyte.get(path).await.fails(501, 12, "unknown service flyteidl.service.AuthMetadataService");
    }
    flyte.get("/api/v1/domains").await.ok();
}

#[tokio::test]
async fn what_the_gateway_refuses_is_refused_before_anybody_asks_who_calls() {
    let flyte = Flyte::with(seed(Client::default())).await;
    flyte.put(PAIR, json!({"colour": "red"})).await.fails(400, 3, "unknown field");
    flyte.put(PAIR, json!({})).await.fails(401, 16, "token parse error");
    assert_eq!(flyte.get("/healthcheck").await.ok(), Value::Null);
}
