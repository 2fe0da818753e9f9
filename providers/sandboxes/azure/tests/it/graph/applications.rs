//! Applications and their service principals.

use serde_json::{Value, json};

use super::Graph;
use crate::{READER, account, assignment, guid};

const NAME: &str = "/v1.0/applications(uniqueName='cloudgrant-acme')";

#[tokio::test]
async fn one_is_made_or_found_by_its_unique_name() {
    let graph = Graph::start("").await;
    let body = json!({"displayName": "Acme", "tags": ["cloudgrant:stack=acme"], "notes": "made by a program"});
    graph.patch(NAME, body.clone()).await.fails(404, "Request_ResourceNotFound", "cloudgrant-acme");
    let made = graph.upsert(NAME, body.clone()).await.is(201);
    assert_eq!((&made["uniqueName"], &made["signInAudience"]), (&json!("cloudgrant-acme"), &json!("AzureADMyOrg")));
    graph.upsert(NAME, json!({"notes": "again"})).await.is(204);
    let there = graph.get(NAME).await.is(200);
    assert_eq!((&there["id"], &there["notes"], &there["tags"]), (&made["id"], &json!("again"), &body["tags"]));
    let client = made["appId"].as_str().expect("an id");
    assert_eq!(graph.get(&format!("/v1.0/applications(appId='{client}')")).await.is(200)["id"], made["id"]);
    let short = graph.get(&format!("{NAME}?$select=id,appId")).await.is(200);
    assert_eq!((short["appId"].as_str(), &short["displayName"]), (Some(client), &Value::Null));
    graph.patch(NAME, json!({"uniqueName": "other"})).await.fails(400, "Request_BadRequest", "read-only");
    graph.patch(NAME, json!({"passwordCredentials": []})).await.fails(400, "Request_BadRequest", "addPassword");
    graph.patch(NAME, json!({"colour": "blue"})).await.fails(400, "Request_BadRequest", "colour");
    let other = "/v1.0/applications(uniqueName='other')";
    graph.upsert(other, json!({})).await.fails(400, "Request_BadRequest", "displayName");
    graph.upsert(other, json!({"displayName": "x".repeat(257)})).await.fails(400, "Request_BadRequest", "displayName");
    graph.upsert(other, json!({"displayName": "x", "tags": "t"})).await.fails(400, "Request_BadRequest", "tags");
    let odd = json!({"displayName": "x", "signInAudience": "Everybody"});
    graph.upsert(other, odd).await.fails(400, "Request_BadRequest", "signInAudience");
}

#[tokio::test]
async fn a_deleted_one_keeps_its_name_until_it_is_gone_for_good() {
    let graph = Graph::start("").await;
    let made = graph.application("cloudgrant-acme").await;
    let principal = graph.principal(&made).await;
    let id = made["id"].as_str().expect("an id");
    graph.delete(&format!("/v1.0/applications/{id}")).await.is(204);
    graph.get(NAME).await.is(404);
    graph.get(&format!("/v1.0/servicePrincipals/{principal}")).await.is(404);
    let again = graph.upsert(NAME, json!({"displayName": "Acme"})).await;
    again.fails(400, "Request_BadRequest", "uniqueName already exists");
    assert_eq!(again.body["error"]["details"][0]["code"], "ObjectConflict");
    let deleted = "/v1.0/directory/deletedItems";
    let all = graph.get(&format!("{deleted}/microsoft.graph.application")).await.is(200);
    assert_eq!(all["value"][0]["id"], id);
    graph.post(&format!("{deleted}/{id}/restore"), json!({})).await.is(200);
    assert_eq!(graph.get(NAME).await.is(200)["id"], id);
    graph.get(&format!("/v1.0/servicePrincipals/{principal}")).await.is(200);
    graph.delete(&format!("/v1.0/applications/{id}")).await.is(204);
    graph.delete(&format!("{deleted}/{id}")).await.is(204);
    graph.delete(&format!("{deleted}/{id}")).await.is(404);
    graph.upsert(NAME, json!({"displayName": "Acme"})).await.is(201);
}

#[tokio::test]
async fn a_service_principal_needs_its_application() {
    let graph = Graph::start("").await;
    let all = "/v1.0/servicePrincipals";
    let nobody = guid(9);
    let refused = graph.post(all, json!({"appId": nobody})).await;
    refused.fails(400, "Request_BadRequest", "does not reference a valid application object");
    assert_eq!(refused.body["error"]["details"][0]["code"], "NoBackingApplicationObject");
    let made = graph.application("cloudgrant-acme").await;
    let client = made["appId"].as_str().expect("an id");
    let path = format!("{all}(appId='{client}')");
    graph.get(&path).await.fails(404, "Request_ResourceNotFound", client);
    graph.patch(&path, json!({})).await.is(404);
    let principal = graph.upsert(&path, json!({"tags": ["mine"]})).await.is(201);
    assert_eq!((&principal["appId"], &principal["displayName"]), (&json!(client), &made["displayName"]));
    graph.post(all, json!({"appId": client})).await.fails(409, "Request_MultipleObjectsWithSameKeyValue", client);
    graph.upsert(&path, json!({"notes": "n"})).await.is(204);
    let there = graph.get(&path).await.is(200);
    assert_eq!((&there["tags"], &there["notes"]), (&json!(["mine"]), &json!("n")));
    graph.upsert(&path, json!({"colour": "blue"})).await.fails(400, "Request_BadRequest", "colour");
    let id = principal["id"].as_str().expect("an id");
    let role = assignment(&account(), &guid(1));
    graph.cloud.put(&role, crate::grant(READER, id)).await.is(201);
    graph.delete(&format!("{all}/{id}")).await.is(204);
    graph.get(NAME).await.is(200);
    // Managed identities are Azure's to change.
    let (identity, _) = graph.cloud.ids("flyteuser-acme").await;
    graph.delete(&format!("{all}/{identity}")).await.fails(403, "Authorization_RequestDenied", "privileges");
}

#[tokio::test]
async fn what_is_new_is_not_known_everywhere_at_once() {
    let graph = Graph::start("replication=60m").await;
    let made = graph.application("cloudgrant-acme").await;
    let (id, client) = (made["id"].as_str().expect("an id"), made["appId"].as_str().expect("an id"));
    graph.get(NAME).await.fails(404, "Request_ResourceNotFound", "cloudgrant-acme");
    graph.post(&format!("/v1.0/applications/{id}/addPassword"), json!({})).await.is(404);
    // Whoever asks again for what it made finds it.
    graph.upsert(NAME, json!({"displayName": "Acme"})).await.is(204);
    let principals = "/v1.0/servicePrincipals";
    let early = graph.post(principals, json!({"appId": client})).await;
    early.fails(400, "Request_BadRequest", "valid application object");
    graph.cloud.knobs("replication=0s").await;
    let principal = graph.principal(&made).await;
    graph.cloud.knobs("replication=60m").await;
    graph.get(&format!("{principals}/{principal}")).await.is(404);
    let role = assignment(&account(), &guid(1));
    graph.cloud.put(&role, crate::grant(READER, &principal)).await.fails(400, "PrincipalNotFound", "replication");
    graph.cloud.knobs("replication=0s").await;
    graph.cloud.put(&role, crate::grant(READER, &principal)).await.is(201);
}

#[tokio::test]
async fn lists_come_in_pages_and_are_filtered() {
    let graph = Graph::start("").await;
    for name in ["one", "two", "three"] {
        graph.application(name).await;
    }
    let mut ids = std::collections::BTreeSet::new();
    let mut path = "/v1.0/applications?$top=2".to_owned();
    let mut pages = 0;
    loop {
        let page = graph.get(&path).await.is(200);
        ids.extend(page["value"].as_array().expect("a list").iter().map(|one| one["id"].to_string()));
        pages += 1;
        let Some(next) = page["@odata.nextLink"].as_str() else { break };
        path = next.strip_prefix(graph.cloud.running.endpoint()).expect("a link to the sandbox").to_owned();
    }
    assert_eq!((ids.len(), pages), (3, 2));
    let names = async |filter: &str| {
        let body = graph.get(&format!("/v1.0/applications?$filter={filter}")).await.is(200);
        body["value"].as_array().expect("a list").iter().map(|one| one["uniqueName"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(names("uniqueName%20eq%20'two'").await, [json!("two")]);
    assert_eq!(names("startswith(displayName,'Acme%20t')").await.len(), 2);
    assert_eq!(names("tags/any(t:t%20eq%20'nothing')").await.len(), 0);
    graph.get("/v1.0/applications?$top=0").await.fails(400, "Request_BadRequest", "page size");
    graph.get("/v1.0/applications?$filter=owner%20eq%20'x'").await.fails(400, "Request_UnsupportedQuery", "owner");
}

#[tokio::test]
async fn whoever_may_write_its_own_writes_no_others() {
    let graph = Graph::start("").await;
    let others = graph.application("of-others").await;
    let restricted = graph.as_somebody_with(&["Application.ReadWrite.OwnedBy"]).await;
    let denied = "Authorization_RequestDenied";
    let path = "/v1.0/applications(uniqueName='of-others')";
    restricted.get(path).await.is(200);
    restricted.patch(path, json!({"notes": "mine"})).await.fails(403, denied, "privileges");
    let id = others["id"].as_str().expect("an id");
    restricted.post(&format!("/v1.0/applications/{id}/addPassword"), json!({})).await.fails(403, denied, "privileges");
    restricted.delete(&format!("/v1.0/applications/{id}")).await.fails(403, denied, "privileges");
    let federation = format!("/v1.0/applications/{id}/federatedIdentityCredentials");
    restricted.post(&federation, json!({})).await.fails(403, denied, "privileges");
    let client = &others["appId"];
    restricted.post("/v1.0/servicePrincipals", json!({"appId": client})).await.fails(403, denied, "privileges");
    let unknown = json!({"appId": guid(7)});
    restricted.post("/v1.0/servicePrincipals", unknown).await.fails(403, denied, "backing application");
    let own = restricted.application("own").await;
    restricted.principal(&own).await;
    restricted.patch("/v1.0/applications(uniqueName='own')", json!({"notes": "mine"})).await.is(204);
    let owners = restricted.get(&format!("/v1.0/applications/{}/owners", own["id"].as_str().expect("an id"))).await;
    assert_eq!(owners.is(200)["value"].as_array().map(Vec::len), Some(1));

    let reader = graph.as_somebody_with(&["Application.Read.All"]).await;
    reader.get(path).await.is(200);
    let new = "/v1.0/applications(uniqueName='new')";
    reader.upsert(new, json!({"displayName": "x"})).await.fails(403, denied, "privileges");
    let nobody = graph.as_somebody_with(&[]).await;
    nobody.get(path).await.fails(403, denied, "privileges");
    nobody.get("/v1.0/applications").await.fails(403, denied, "privileges");
}

#[tokio::test]
async fn requests_are_throttled_and_refused_in_graph_s_form() {
    let graph = Graph::start("").await;
    graph.cloud.knobs("throttle=1").await;
    let refused = graph.get("/v1.0/applications").await;
    refused.fails(429, "TooManyRequests", "retry");
    assert!(refused.header("retry-after").is_some() && refused.body["error"]["innerError"]["request-id"].is_string());
    graph.cloud.knobs("deny=graph/applications:write").await;
    graph.upsert(NAME, json!({"displayName": "x"})).await.fails(403, "Authorization_RequestDenied", "privileges");
    graph.get("/v1.0/applications").await.is(200);
}
