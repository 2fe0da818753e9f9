use std::collections::BTreeMap;

use super::*;
use crate::client::loopback::{Loopback, TOKEN, json};

fn login(cloud: &Loopback, choice: Credentials, env: &[(&str, &str)]) -> Login {
    let mut config = cloud.config();
    config.credentials = choice;
    let place = Place::of(&config).expect("a place");
    // Without the metadata service: whether this machine has one must not matter.
    let transport = Arc::new(Transport::new(vec![place.endpoint.clone()], config.ca_certificate.clone()));
    let env: BTreeMap<_, _> = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Login::with_env(&config, &place, transport, Arc::new(move |name| env.get(name).cloned()))
}

async fn token(login: &Login) -> Result<String, Error> {
    let token = login.get_token(&["https://management.azure.com/.default"], None).await;
    token.map(|token| token.token.secret().to_owned()).map_err(|error| Carried::find(&error).expect("our error"))
}

async fn cloud() -> Loopback {
    Loopback::start(|_, _| json(404, serde_json::json!({}))).await
}

#[tokio::test]
async fn the_environment_comes_first_and_is_kept() {
    let cloud = cloud().await;
    let login = login(&cloud, Credentials::Default, &[("AZURE_CLIENT_ID", "c"), ("AZURE_CLIENT_SECRET", "hidden")]);
    assert_eq!(token(&login).await.expect("a token"), TOKEN);
    assert_eq!(token(&login).await.expect("a token"), TOKEN);
    assert_eq!(cloud.logins(), 1);
    assert!(!format!("{login:?}").contains("hidden"), "{login:?}");
}

#[tokio::test]
async fn what_is_not_set_up_is_said_with_its_reason() {
    let cloud = cloud().await;
    let error = token(&login(&cloud, Credentials::Environment, &[])).await.expect_err("nothing");
    assert_eq!(error.kind(), ErrorKind::Credentials);
    assert!(error.to_string().contains("environment: AZURE_CLIENT_SECRET is not set"), "{error}");
    let certificate = [("AZURE_CLIENT_CERTIFICATE_PATH", "/c.pem"), ("AZURE_CLIENT_ID", "c")];
    let error = token(&login(&cloud, Credentials::Environment, &certificate)).await.expect_err("a certificate");
    assert!(error.to_string().contains("can't log in with a certificate"), "{error}");
    let file = [("AZURE_FEDERATED_TOKEN_FILE", "/nowhere/token"), ("AZURE_CLIENT_ID", "c")];
    let error = token(&login(&cloud, Credentials::WorkloadIdentity, &file)).await.expect_err("no file");
    assert!(error.to_string().contains("/nowhere/token"), "{error}");
    assert_eq!(cloud.logins(), 0);
}

#[tokio::test]
async fn a_source_that_somebody_set_up_is_not_passed_over() {
    let cloud = Loopback::start_without_login(|_, _| {
        json(401, serde_json::json!({ "error": "invalid_client", "error_codes": [7_000_215], "error_description": "AADSTS7000215: wrong" }))
    })
    .await;
    let login = login(&cloud, Credentials::Default, &[("AZURE_CLIENT_ID", "c"), ("AZURE_CLIENT_SECRET", "hidden")]);
    let error = token(&login).await.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Credentials, "{error:?}");
    assert!(error.to_string().contains("credentials: environment"), "{error}");
    assert!(!format!("{error:?}").contains("hidden") && error.hint_text().is_some(), "{error:?}");
    assert_eq!(cloud.logins(), 1);
}

#[tokio::test]
async fn workload_identity_sends_the_pods_token() {
    let cloud = cloud().await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("token");
    std::fs::write(&file, "hidden-assertion").expect("a file");
    let env = [("AZURE_FEDERATED_TOKEN_FILE", file.to_str().expect("a path")), ("AZURE_CLIENT_ID", "c")];
    let login = login(&cloud, Credentials::Default, &env);
    assert_eq!(token(&login).await.expect("a token"), TOKEN);
    assert_eq!(cloud.logins(), 1);
}

#[tokio::test]
async fn without_a_metadata_service_managed_identity_is_not_there() {
    let cloud = cloud().await;
    let started = std::time::Instant::now();
    let error = token(&login(&cloud, Credentials::ManagedIdentity, &[])).await.expect_err("none");
    assert_eq!(error.kind(), ErrorKind::Credentials, "{error}");
    assert!(error.to_string().contains("managed identity: this machine has none"), "{error}");
    assert!(started.elapsed().as_secs() < 3);
}

#[test]
fn the_sandbox_and_its_credentials_agree() {
    assert_eq!(SANDBOX_CLIENT, cloudgrant_azure_sandbox::CLIENT_ID);
    assert_eq!(SANDBOX_SECRET, cloudgrant_azure_sandbox::SECRET);
}
