//! Somebody else's client of the Resource Manager: what others see and do, not through the provider.
#![allow(dead_code, reason = "each of the tests that share it needs another part of it")]

use std::path::Path;

use reqwest::{Certificate, Client, Method, StatusCode};
use serde_json::{Value, json};

pub(crate) const TENANT: &str = "00000000-0000-0000-0000-00000000000a";
pub(crate) const SUBSCRIPTION: &str = "/subscriptions/00000000-0000-0000-0000-00000000000b";
pub(crate) const GROUP: &str = "/subscriptions/00000000-0000-0000-0000-00000000000b/resourceGroups/acme-dataplane";
const ASSIGNMENTS: &str = "providers/Microsoft.Authorization/roleAssignments";
const AUTHORIZATION: &str = "2022-04-01";
const IDENTITY: &str = "2023-01-31";

#[derive(Debug)]
pub(crate) struct Arm {
    client: Client,
    endpoint: String,
    token: String,
}

impl Arm {
    /// Logs in as the sandbox's own client.
    pub(crate) async fn connect(endpoint: &str, ca: &Path) -> Self {
        Self::connect_to(endpoint, ca, "https://management.azure.com").await
    }

    /// The same in another cloud.
    pub(crate) async fn connect_to(endpoint: &str, ca: &Path, audience: &str) -> Self {
        let ca = Certificate::from_pem(&std::fs::read(ca).expect("the authority")).expect("a certificate");
        let client = Client::builder().tls_certs_merge([ca]).no_proxy().build().expect("a client");
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret=sandbox&scope={}%2F.default",
            cloudgrant_azure_sandbox::CLIENT_ID,
            audience.replace(':', "%3A").replace('/', "%2F"),
        );
        let url = format!("{endpoint}/{TENANT}/oauth2/v2.0/token");
        let answer = client.post(url).header("content-type", "application/x-www-form-urlencoded").body(form);
        let text = answer.send().await.expect("answered").text().await.expect("a body");
        let answer: Value = serde_json::from_str(&text).expect("JSON");
        let token = answer["access_token"].as_str().unwrap_or_else(|| panic!("{text}")).to_owned();
        Self { client, endpoint: endpoint.to_owned(), token }
    }

    /// What it logged in for.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let mut request = self.client.request(method, format!("{}{path}", self.endpoint)).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.send().await.expect("answered");
        let status = answer.status();
        let text = answer.text().await.expect("a body");
        (status, if text.is_empty() { Value::Null } else { serde_json::from_str(&text).expect("JSON") })
    }

    pub(crate) async fn sure(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let (status, answer) = self.send(method.clone(), path, body).await;
        assert!(status.is_success(), "{method} {path}: {status} {answer}");
        answer
    }

    /// The sandbox's own management.
    pub(crate) async fn manage(&self, path: &str, body: Value) -> Value {
        self.sure(Method::POST, &format!("/_sandbox/{path}"), Some(body)).await
    }

    /// Turns the sandbox's knobs while it runs.
    pub(crate) async fn turn(&self, knobs: &str) {
        let request = self.client.post(format!("{}/_sandbox/knobs", self.endpoint)).body(knobs.to_owned());
        let answer = request.send().await.expect("answered");
        assert!(answer.status().is_success(), "{knobs}: {}", answer.text().await.unwrap_or_default());
    }

    /// How many requests the sandbox holds at this moment.
    pub(crate) async fn held(&self) -> usize {
        let held = self.sure(Method::GET, "/_sandbox/held", None).await;
        held["held"].as_array().expect("a list").len()
    }

    async fn list(&self, path: &str) -> Vec<Value> {
        let mut all = Vec::new();
        let mut next = Some(path.to_owned());
        while let Some(path) = next {
            let page = self.sure(Method::GET, &path, None).await;
            all.extend(page["value"].as_array().expect("a list").clone());
            next = page["nextLink"].as_str().map(|link| link.trim_start_matches(&self.endpoint).to_owned());
        }
        all
    }

    pub(crate) async fn assignments(&self) -> Vec<Value> {
        self.list(&format!("{SUBSCRIPTION}/{ASSIGNMENTS}?api-version={AUTHORIZATION}")).await
    }

    pub(crate) async fn assignments_of(&self, subscription: &str) -> Vec<Value> {
        self.of(subscription, ASSIGNMENTS, AUTHORIZATION).await
    }

    pub(crate) async fn identities_of(&self, subscription: &str) -> Vec<Value> {
        self.of(subscription, "providers/Microsoft.ManagedIdentity/userAssignedIdentities", IDENTITY).await
    }

    /// Of a subscription that may not be there.
    async fn of(&self, subscription: &str, path: &str, version: &str) -> Vec<Value> {
        let (status, _) =
            self.send(Method::GET, &format!("/subscriptions/{subscription}?api-version=2022-12-01"), None).await;
        match status.is_success() {
            true => self.list(&format!("/subscriptions/{subscription}/{path}?api-version={version}")).await,
            false => Vec::new(),
        }
    }

    pub(crate) async fn custom_roles(&self) -> Vec<Value> {
        let filter = "%24filter=type%20eq%20%27CustomRole%27";
        let path = "providers/Microsoft.Authorization/roleDefinitions";
        self.list(&format!("{SUBSCRIPTION}/{path}?api-version={AUTHORIZATION}&{filter}")).await
    }

    pub(crate) async fn identities(&self) -> Vec<Value> {
        let path = "providers/Microsoft.ManagedIdentity/userAssignedIdentities";
        self.list(&format!("{SUBSCRIPTION}/{path}?api-version={IDENTITY}")).await
    }

    pub(crate) async fn credentials(&self, identity: &str) -> Vec<Value> {
        self.credentials_of(&identity_id(identity)).await
    }

    /// Of an identity anywhere, by its ID.
    pub(crate) async fn credentials_of(&self, id: &str) -> Vec<Value> {
        self.list(&format!("{id}/federatedIdentityCredentials?api-version={IDENTITY}")).await
    }

    /// The principal of an identity in the data plane's resource group.
    pub(crate) async fn principal(&self, identity: &str) -> String {
        let identity = self.sure(Method::GET, &format!("{}?api-version={IDENTITY}", identity_id(identity)), None).await;
        identity["properties"]["principalId"].as_str().expect("a principal").to_owned()
    }

    pub(crate) async fn put_identity(&self, name: &str, tags: Value) -> Value {
        let body = json!({ "location": "westeurope", "tags": tags });
        self.sure(Method::PUT, &format!("{}?api-version={IDENTITY}", identity_id(name)), Some(body)).await
    }

    pub(crate) async fn delete_identity(&self, name: &str) {
        self.sure(Method::DELETE, &format!("{}?api-version={IDENTITY}", identity_id(name)), None).await;
    }

    pub(crate) async fn put_credential(&self, identity: &str, name: &str, issuer: &str, subject: &str) {
        let body = json!({ "properties": {
            "issuer": issuer, "subject": subject, "audiences": ["api://AzureADTokenExchange"],
        }});
        let path = format!("{}/federatedIdentityCredentials/{name}?api-version={IDENTITY}", identity_id(identity));
        self.sure(Method::PUT, &path, Some(body)).await;
    }

    pub(crate) async fn delete_credential(&self, identity: &str, name: &str) {
        let path = format!("{}/federatedIdentityCredentials/{name}?api-version={IDENTITY}", identity_id(identity));
        self.sure(Method::DELETE, &path, None).await;
    }

    /// Assigns a role under a name of one's own.
    pub(crate) async fn assign(&self, name: &str, scope: &str, role: &str, principal: &str, condition: Option<&str>) {
        let mut properties = json!({
            "roleDefinitionId": format!("{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{role}"),
            "principalId": principal,
            "principalType": "ServicePrincipal",
        });
        if let Some(condition) = condition {
            properties["condition"] = condition.into();
            properties["conditionVersion"] = "2.0".into();
        }
        let path = format!("{scope}/{ASSIGNMENTS}/{name}?api-version={AUTHORIZATION}");
        self.sure(Method::PUT, &path, Some(json!({ "properties": properties }))).await;
    }

    pub(crate) async fn delete(&self, id: &str, version: &str) {
        self.sure(Method::DELETE, &format!("{id}?api-version={version}"), None).await;
    }
}

pub(crate) fn identity_id(name: &str) -> String {
    format!("{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}")
}

pub(crate) fn container(account: &str, name: &str) -> String {
    let account = format!("{GROUP}/providers/Microsoft.Storage/storageAccounts/{account}");
    format!("{account}/blobServices/default/containers/{name}")
}
