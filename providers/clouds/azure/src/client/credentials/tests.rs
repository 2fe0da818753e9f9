use std::collections::BTreeMap;

use crate::client::credentials::source::{SANDBOX_CLIENT, SANDBOX_SECRET};
use crate::client::credentials::*;
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
    assert!(
        error.to_string().contains("environment: neither AZURE_CLIENT_SECRET nor AZURE_CLIENT_CERTIFICATE_PATH is set"),
        "{error}"
    );
    // A certificate that can't be used is not passed over for whom else there is.
    let certificate = [("AZURE_CLIENT_CERTIFICATE_PATH", "/nowhere/c.pem"), ("AZURE_CLIENT_ID", "c")];
    for choice in [Credentials::Environment, Credentials::Default] {
        let error = token(&login(&cloud, choice, &certificate)).await.expect_err("a certificate");
        assert!(error.to_string().contains("/nowhere/c.pem can't be read"), "{error}");
    }
    let [path, client] = certificate;
    let encrypted = [path, client, ("AZURE_CLIENT_CERTIFICATE_PASSWORD", "hidden")];
    let error = token(&login(&cloud, Credentials::Environment, &encrypted)).await.expect_err("a password");
    assert!(error.to_string().contains("openssl pkcs12 -in /nowhere/c.pem -nodes"), "{error}");
    assert!(!format!("{error:?}").contains("hidden"), "{error:?}");
    let file = [("AZURE_FEDERATED_TOKEN_FILE", "/nowhere/token"), ("AZURE_CLIENT_ID", "c")];
    let error = token(&login(&cloud, Credentials::WorkloadIdentity, &file)).await.expect_err("no file");
    assert!(error.to_string().contains("/nowhere/token"), "{error}");
    assert_eq!(cloud.logins(), 0);
}

/// A manifest without `cloud` means the public one: what is for another cloud's Microsoft Entra isn't sent there, and nobody else
/// is tried.
#[tokio::test]
async fn what_the_environment_has_for_another_cloud_is_not_sent() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("token");
    std::fs::write(&file, "hidden").expect("a file");
    let file = file.to_str().expect("text").to_owned();
    for (sent, source) in [
        (("AZURE_CLIENT_SECRET", "hidden"), "environment"),
        (("AZURE_FEDERATED_TOKEN_FILE", file.as_str()), "workload identity"),
    ] {
        let cloud = cloud().await;
        let config = Config { authority: None, ..cloud.config() };
        let place = Place::of(&config).expect("a place");
        // Whatever goes out is answered by the transport: no host is allowed but this machine's.
        let transport =
            Arc::new(Transport::new(vec![Url::parse(&cloud.url()).expect("a URL")], config.ca_certificate.clone()));
        let env: BTreeMap<_, _> =
            [("AZURE_CLIENT_ID", "c"), sent, ("AZURE_AUTHORITY_HOST", "https://login.chinacloudapi.cn/")]
                .map(|(name, value)| (name, value.to_owned()))
                .into();
        let env: Env = Arc::new(move |name| env.get(name).cloned());
        let login = Login::with_env(&Config { credentials: Credentials::Default, ..config }, &place, transport, env);
        let error = token(&login).await.expect_err("not sent");
        let said = format!("{error}");
        assert!(said.contains("AZURE_AUTHORITY_HOST is of the cloud `china`"), "{said}");
        assert!(said.contains(&format!("credentials: {source}")) && !said.contains("hidden"), "{said}");
        assert!(error.hint_text().is_some_and(|hint| hint.contains("CLOUDGRANT_AZURE__CLOUD=china")), "{error:?}");
    }
    // One that the person put elsewhere is nobody's of Azure's.
    let cloud = self::cloud().await;
    let public = ("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.com/");
    let login =
        login(&cloud, Credentials::Default, &[("AZURE_CLIENT_ID", "c"), ("AZURE_CLIENT_SECRET", "hidden"), public]);
    assert_eq!(token(&login).await.expect("a token"), TOKEN);
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

/// A certificate and its key, and a sandbox whose application has the certificates.
async fn certified(folder: &std::path::Path, registered: &[&str]) -> (cloudgrant_sandbox_kit::Running, Config) {
    let config = serde_json::json!({ "azure": {
        "tenant": TENANT, "subscription": "00000000-0000-0000-0000-00000000000b", "resource_group": "acme",
    }});
    let running = cloudgrant_azure_sandbox::start(cloudgrant_sandbox_kit::Start::new(folder).config(config)).await;
    let running = running.expect("the sandbox starts");
    let ca =
        reqwest::Certificate::from_pem(&std::fs::read(folder.join("ca.pem")).expect("a file")).expect("a certificate");
    let client = reqwest::Client::builder().tls_certs_merge([ca]).no_proxy().build().expect("a client");
    let principal = serde_json::json!({ "principal": {
        "id": "12345678-1234-1234-1234-123456789012", "type": "ServicePrincipal", "appId": APP, "certificates": registered,
    }});
    let put = client.post(format!("{}/_sandbox/put", running.endpoint())).body(principal.to_string());
    let answer = put.send().await.expect("answered");
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap_or_default());
    let section = running.settings()["azure"].clone();
    let mut config: Config = serde_json::from_value(serde_json::json!({
        "tenant": TENANT, "subscription": "00000000-0000-0000-0000-00000000000b", "resource_group": "acme",
        "endpoint": section["endpoint"], "authority": section["authority"], "ca_certificate": section["ca_certificate"],
    }))
    .expect("a section");
    config.credentials = Credentials::Environment;
    (running, config)
}

const TENANT: &str = "00000000-0000-0000-0000-00000000000a";
const APP: &str = "87654321-1234-1234-1234-123456789012";

async fn with_certificate(config: &Config, client: &str, file: &std::path::Path) -> Result<String, Error> {
    let place = Place::of(config).expect("a place");
    let transport = Arc::new(Transport::new(vec![place.endpoint.clone()], config.ca_certificate.clone()));
    let (client, file) = (client.to_owned(), file.to_str().expect("a path").to_owned());
    let env = move |name: &str| match name {
        "AZURE_CLIENT_ID" => Some(client.clone()),
        "AZURE_CLIENT_CERTIFICATE_PATH" => Some(file.clone()),
        _ => None,
    };
    token(&Login::with_env(config, &place, transport, Arc::new(env))).await
}

#[tokio::test]
async fn an_application_logs_in_with_its_certificate() {
    let folder = tempfile::tempdir().expect("a folder");
    let pair = || {
        let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).expect("a key");
        (rcgen::CertificateParams::default().self_signed(&key).expect("a certificate").pem(), key.serialize_pem())
    };
    let ((mine, key), (other, other_key)) = (pair(), pair());
    let sandbox = folder.path().join("sandbox");
    std::fs::create_dir(&sandbox).expect("a folder");
    let (running, mut config) = certified(&sandbox, &[&mine]).await;
    let file = folder.path().join("app.pem");
    std::fs::write(&file, format!("{key}{mine}")).expect("written");
    let given = with_certificate(&config, APP, &file).await.unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(claims::caller(&given).expect("claims").application.as_deref(), Some(APP));
    // The certificate of somebody else isn't registered; an application that isn't the certificate's has none.
    std::fs::write(&file, format!("{other_key}{other}")).expect("written");
    let error = with_certificate(&config, APP, &file).await.expect_err("not registered");
    assert!(error.to_string().contains("The key was not found"), "{error}");
    assert!(error.hint_text().is_some_and(|hint| hint.contains("az ad app credential reset")), "{error:?}");
    std::fs::write(&file, format!("{key}{mine}")).expect("written");
    with_certificate(&config, SANDBOX_CLIENT, &file).await.expect_err("another application");
    // What the key has signed for another tenant is good for nothing here.
    config.tenant = crate::config::Guid::parse("00000000-0000-0000-0000-00000000000f").expect("a tenant");
    with_certificate(&config, APP, &file).await.expect_err("another tenant");
    drop(running);
}
