//! Who signs in how, and where credentials go.

use std::sync::{Arc, Mutex};

use cloudgrant_core::ErrorKind;
use cloudgrant_flyte_sandbox::{Client, Seed, SignIn};
use cloudgrant_sandbox_kit::{Handler, Plain, Request, Response, Server, async_trait};
use serde_json::json;

use crate::deployment::{Deployment, KEY, ROLE};
use crate::stack::{Run, Runs as _};

const SECRET: &str = "s e/c:r+et%";

async fn with(client: Client, knobs: &str) -> Deployment {
    Deployment::start_with(Seed { sign_in: SignIn::Client(client), ..Deployment::seed() }, knobs).await
}

fn client() -> Client {
    Client { secret: SECRET.to_owned(), ..Client::default() }
}

fn signed_in(flyte: &Deployment, secret: &str) -> Run<'static> {
    let mut run = Run::of(flyte);
    run.variables.push(("FLYTE_CREDENTIALS_CLIENT_ID", "cloudgrant".to_owned()));
    run.variables.push(("FLYTE_CREDENTIALS_CLIENT_SECRET", secret.to_owned()));
    run
}

#[tokio::test]
async fn a_client_signs_in_once_a_run() {
    for client in [
        client(),
        Client { header: "x-token".to_owned(), ..client() },
        Client { scopes: vec!["api://flyte/.default".to_owned()], audience: "flyte".to_owned(), ..client() },
    ] {
        let flyte = with(client.clone(), "").await;
        let report = signed_in(&flyte, SECRET).apply().await;
        assert!(report.is_success(), "{client:?}: {report:?}");
        assert_eq!(flyte.calls("auth:Token"), 1);
    }
}

#[tokio::test]
async fn who_does_not_sign_in_is_told_how() {
    let flyte = with(client(), "").await;
    for run in [Run::of(&flyte), signed_in(&flyte, "wrong")] {
        let refused = run.plan().await.expect_err("nobody");
        assert_eq!(refused.kind(), ErrorKind::Credentials);
        assert!(!format!("{refused:?}").contains("wrong"), "{refused:?}");
    }
    // With a token that the deployment no longer takes, it is got anew, and once alone.
    let flyte = with(client(), "quota.TokenSeconds=0").await;
    let refused = signed_in(&flyte, SECRET).plan().await.expect_err("expired");
    assert_eq!((refused.kind(), flyte.calls("auth:Token")), (ErrorKind::Credentials, 2));
}

#[tokio::test]
async fn a_command_gives_the_token() {
    let flyte = with(client(), "").await;
    // Whoever signs in, for the test.
    let token = {
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let form = format!(
            "grant_type=client_credentials&scope=all&client_id=cloudgrant&client_secret={}",
            "s%20e%2Fc%3Ar%2Bet%25"
        );
        let request = http.post(format!("{}/oauth2/token", flyte.running.endpoint())).body(form);
        let text = request.send().await.expect("an answer").text().await.expect("a body");
        let answer: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        answer["access_token"].as_str().unwrap_or_else(|| panic!("{text}")).to_owned()
    };
    let mut run = Run::of(&flyte);
    run.variables.push(("FLYTE_CREDENTIALS_COMMAND", format!("echo {token}")));
    assert!(run.apply().await.is_success());
}

/// A deployment without authentication answers the calls that tell of it with 404 or 501, and gets no token.
#[tokio::test]
async fn where_nobody_signs_in_nothing_is_sent() {
    for sign_in in [SignIn::Nobody, SignIn::Unimplemented] {
        let flyte = Deployment::start_with(Seed { sign_in, ..Deployment::seed() }, "").await;
        assert!(signed_in(&flyte, SECRET).apply().await.is_success());
        assert_eq!(flyte.record("vision/production").await, json!({ KEY: ROLE }));
        assert_eq!(flyte.calls("auth:Token"), 0);
    }
}

/// A deployment that names somebody else's server for tokens; and whoever listens there.
#[derive(Debug, Default)]
struct Elsewhere {
    token_endpoint: Mutex<String>,
    heard: Mutex<Vec<String>>,
}

#[async_trait]
impl Handler for Elsewhere {
    async fn handle(&self, request: Request) -> Response {
        let authorization = request.header("authorization").or_else(|| request.header("flyte-authorization"));
        self.heard.lock().expect("a lock").push(format!("{} {}", request.path, authorization.unwrap_or("nothing")));
        let endpoint = self.token_endpoint.lock().expect("a lock").clone();
        let body = match request.path.as_str() {
            "/.well-known/oauth-authorization-server" => json!({ "issuer": endpoint, "token_endpoint": endpoint }),
            "/config/v1/flyte_client" => json!({ "scopes": ["all"] }),
            "/moved" => json!({ "access_token": "a-token" }),
            _ => json!({ "configurations": [], "projects": [], "token": "" }),
        };
        Response::new(reqwest::StatusCode::OK, body.to_string())
    }
}

#[tokio::test]
async fn a_secret_goes_to_no_other_site_unless_a_person_names_it() {
    let start = async || {
        let handler = Arc::new(Elsewhere::default());
        let address = "127.0.0.1:0".parse().expect("an address");
        let server = Server::start(address, Plain, handler.clone()).await.expect("a server");
        (handler, server)
    };
    let ((deployment, server), (other, others)) = (start().await, start().await);
    let place = format!("http://{}/moved", others.address());
    deployment.token_endpoint.lock().expect("a lock").clone_from(&place);
    let mut run = Run::at(&format!("http://{}", server.address()));
    run.projects = &[];
    run.variables.push(("FLYTE_CREDENTIALS_CLIENT_ID", "cloudgrant".to_owned()));
    run.variables.push(("FLYTE_CREDENTIALS_CLIENT_SECRET", SECRET.to_owned()));
    let refused = run.plan().await.expect_err("another place");
    assert_eq!(refused.kind(), ErrorKind::Credentials);
    assert!(refused.hint_text().is_some_and(|hint| hint.contains(&format!("TOKEN_URL={place}"))), "{refused:?}");
    assert!(other.heard.lock().expect("a lock").is_empty());
    let heard = deployment.heard.lock().expect("a lock").join("\n");
    assert!(!heard.contains("Basic") && heard.contains("nothing"), "{heard}");
    // Named, it gets the secret, and the deployment the token and nothing else.
    run.variables.push(("FLYTE_CREDENTIALS_TOKEN_URL", place));
    assert!(run.plan().await.expect("a plan").is_empty());
    assert!(other.heard.lock().expect("a lock").iter().all(|line| line.starts_with("/moved Basic ")));
    let heard = deployment.heard.lock().expect("a lock").join("\n");
    assert!(!heard.contains("Basic") && heard.contains("/api/v1/matchable_attributes Bearer a-token"), "{heard}");
}

/// As flytectl reads it.
#[tokio::test]
async fn a_configuration_of_flyte_s_own_tools_leads_there_and_signs_in() {
    let flyte = with(client(), "").await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("config.yaml");
    std::fs::write(folder.path().join("secret"), format!("{SECRET}\n")).expect("written");
    let address = flyte.running.endpoint().trim_start_matches("http://");
    let of = |section: &str| {
        let text = format!("admin:\n  endpoint: dns:///{address}\n  insecure: true\n{section}logger:\n  level: 0\n");
        std::fs::write(&file, text).expect("written");
        let mut run = Run::of(&flyte);
        run.variables = vec![("FLYTECTL_CONFIG", file.display().to_string()), ("OF_MINE", SECRET.to_owned())];
        run
    };
    let client = "  authType: ClientSecret\n  clientId: cloudgrant\n";
    for section in [
        format!("{client}  clientSecretLocation: {}\n", folder.path().join("secret").display()),
        format!("{client}  clientSecretEnvVar: OF_MINE\n  scopes: [all]\n"),
    ] {
        assert!(of(&section).apply().await.is_success(), "{section}");
    }
    let person = of("  authType: Pkce\n").plan().await.expect_err("nobody is here");
    assert!(person.message().contains("takes a person at a browser"), "{person}");
    let refused =
        of("  authType: ExternalCommand\n  command: [echo, not-a-token]\n").plan().await.expect_err("no token");
    assert_eq!(refused.kind(), ErrorKind::Credentials);
}
