//! Microsoft Graph: whoever can be given roles, applications, secrets.

mod applications;
mod secrets;

use cloudgrant_azure_sandbox::{CLIENT_ID, DEFAULT_TENANT, SECRET};
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Cloud, Reply};

/// Somebody who has logged in to Microsoft Graph.
#[derive(Clone)]
pub(super) struct Graph {
    pub(super) cloud: std::rc::Rc<Cloud>,
    token: String,
}

async fn log_in(cloud: &Cloud, client: &str) -> String {
    let form = format!(
        "grant_type=client_credentials&client_id={client}&client_secret={SECRET}&scope={}//.default",
        cloud.running.endpoint()
    );
    let body = cloud.ask_token(DEFAULT_TENANT, &form).await.is(200);
    body["access_token"].as_str().expect("a token").to_owned()
}

async fn start() -> (Cloud, String) {
    let cloud = Cloud::start("").await;
    let token = log_in(&cloud, CLIENT_ID).await;
    (cloud, token)
}

impl Graph {
    pub(super) async fn start(knobs: &str) -> Self {
        let cloud = Cloud::start(knobs).await;
        let token = log_in(&cloud, CLIENT_ID).await;
        Self { cloud: cloud.into(), token }
    }

    /// An application of its own that was granted these permissions.
    pub(super) async fn as_somebody_with(&self, permissions: &[&str]) -> Self {
        let client = crate::guid(u32::try_from(permissions.concat().len()).expect("few"));
        let principal = json!({"type": "ServicePrincipal", "appId": client, "graphPermissions": permissions});
        self.cloud.place(json!({"principal": principal})).await;
        Self { cloud: self.cloud.clone(), token: log_in(&self.cloud, &client).await }
    }

    async fn ask(&self, method: Method, path: &str, body: Value, prefers: &str) -> Reply {
        let url = format!("{}{path}", self.cloud.running.endpoint());
        let request = self.cloud.http.request(method, url).header("authorization", format!("Bearer {}", self.token));
        let request = if prefers.is_empty() { request } else { request.header("prefer", prefers) };
        let request = request.header("content-type", "application/json");
        crate::client::finish(if body.is_null() { request } else { request.body(body.to_string()) }).await
    }

    pub(super) async fn get(&self, path: &str) -> Reply {
        self.ask(Method::GET, path, Value::Null, "").await
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> Reply {
        self.ask(Method::POST, path, body, "").await
    }

    pub(super) async fn patch(&self, path: &str, body: Value) -> Reply {
        self.ask(Method::PATCH, path, body, "").await
    }

    /// A PATCH that makes what isn't there.
    pub(super) async fn upsert(&self, path: &str, body: Value) -> Reply {
        self.ask(Method::PATCH, path, body, "create-if-missing").await
    }

    pub(super) async fn delete(&self, path: &str) -> Reply {
        self.ask(Method::DELETE, path, Value::Null, "").await
    }

    /// A new application of a unique name.
    pub(super) async fn application(&self, name: &str) -> Value {
        let path = format!("/v1.0/applications(uniqueName='{name}')");
        self.upsert(&path, json!({"displayName": format!("Acme {name}")})).await.is(201)
    }

    /// The object id of a new service principal of an application.
    pub(super) async fn principal(&self, application: &Value) -> String {
        let made = self.post("/v1.0/servicePrincipals", json!({"appId": application["appId"]})).await.is(201);
        made["id"].as_str().expect("an id").to_owned()
    }
}

#[tokio::test]
async fn names_become_ids_and_ids_names() {
    let (cloud, token) = start().await;
    let get = async |path: &str| cloud.arm_as(&token, Method::GET, path, Value::Null).await;
    let (principal, client) = cloud.ids("flyteuser-acme").await;
    let filter = format!("/v1.0/servicePrincipals?$filter=servicePrincipalNames/any(c:c%20eq%20'{client}')");
    let body = get(&filter).await.is(200);
    assert_eq!(
        (&body["value"][0]["id"], &body["value"][0]["servicePrincipalType"]),
        (&json!(principal), &json!("ManagedIdentity"))
    );
    let body = get("/v1.0/users?$filter=userPrincipalName%20eq%20'x'").await.is(200);
    assert_eq!(body["value"], json!([]));
    let ids = json!({"ids": [principal, "aaaaaaaa-0000-4000-8000-00000000000a"], "types": ["user", "group",
                      "servicePrincipal"]});
    let body = cloud.arm_as(&token, Method::POST, "/v1.0/directoryObjects/getByIds", ids).await.is(200);
    assert_eq!(body["value"].as_array().map(Vec::len), Some(1));
    assert_eq!(body["value"][0]["@odata.type"], "#microsoft.graph.servicePrincipal");
    assert_eq!(get(&format!("/v1.0/servicePrincipals/{principal}")).await.is(200)["appId"], client);
    assert_eq!(get(&format!("/v1.0/servicePrincipals(appId='{client}')")).await.is(200)["id"], principal);
}

#[tokio::test]
async fn groups_are_followed() {
    let (cloud, token) = start().await;
    let (principal, _) = cloud.ids("flyteuser-acme").await;
    let group = "99999999-0000-4000-8000-000000000009";
    cloud
        .place(json!({"principal": {"id": group, "type": "Group", "displayName": "team", "members": [principal]}}))
        .await;
    let path = format!("/v1.0/servicePrincipals/{principal}/getMemberGroups");
    let body = cloud.arm_as(&token, Method::POST, &path, json!({"securityEnabledOnly": true})).await.is(200);
    assert_eq!(body["value"], json!([group]));
}

#[tokio::test]
async fn the_rest_is_refused() {
    let (cloud, token) = start().await;
    let get = async |path: &str| cloud.arm_as(&token, Method::GET, path, Value::Null).await;
    get("/v1.0/servicePrincipals/nobody").await.fails(404, "Request_ResourceNotFound", "nobody");
    get("/v1.0/servicePrincipals?$filter=owner%20eq%20'x'").await.fails(400, "Request_UnsupportedQuery", "owner");
    get("/v1.0/me").await.fails(400, "BadRequest", "delegated");
    get("/v1.0/sites").await.fails(400, "BadRequest", "sites");
    cloud.get("/v1.0/users").await.fails(401, "InvalidAuthenticationToken", "audience");
}
