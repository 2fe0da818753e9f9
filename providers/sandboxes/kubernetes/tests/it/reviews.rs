//! Rights, asked beforehand and held to.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::Cluster;
use crate::{NAMESPACE, account};

const OWN: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
const ANY: &str = "/apis/authorization.k8s.io/v1/subjectaccessreviews";

#[tokio::test]
async fn reviews_say_what_rules_allow() {
    let cluster = Cluster::start().await;
    let attributes = json!({"namespace": NAMESPACE, "verb": "patch", "resource": "serviceaccounts"});
    let asked = json!({"spec": {"user": "somebody", "groups": ["annotators"], "resourceAttributes": attributes}});
    let review = cluster.post(ANY, &asked).await.ok();
    assert_eq!(
        review["status"],
        json!({
            "allowed": true,
            "reason": r#"RBAC: allowed by ClusterRoleBinding "annotators" of ClusterRole "annotators" to Group "annotators""#,
        })
    );
    // A verb and a resource that no API has are a matter of rules, too.
    let odd = json!({"verb": "use-managed-identity", "group": "cid.wi.aks.azure.com", "resource": "c10d9a27"});
    for (user, allowed) in [("system:serviceaccount:a:b", true), ("system:serviceaccount:a:c", false)] {
        let asked = json!({"spec": {"user": user, "resourceAttributes": odd}});
        assert_eq!(cluster.post(ANY, &asked).await.ok()["status"]["allowed"], allowed, "{user}");
    }
    let path = json!({"spec": {"user": "x", "nonResourceAttributes": {"path": "/metrics", "verb": "get"}}});
    assert_eq!(cluster.post(ANY, &path).await.ok()["status"]["allowed"], false);
    cluster
        .post(OWN, &json!({"spec": {}}))
        .await
        .fails(422, "exactly one of nonResourceAttributes or resourceAttributes");
    cluster.post(ANY, &json!({"spec": {"resourceAttributes": odd}})).await.fails(422, "at least one of user or group");
    let refused = cluster.send(Method::POST, ANY, "with", "application/json", asked.to_string()).await;
    refused.fails(
        403,
        "subjectaccessreviews.authorization.k8s.io is forbidden: User \"cloudgrant\" cannot create resource",
    );
}

#[tokio::test]
async fn somebody_may_act_as_somebody_else() {
    let cluster = Cluster::start().await;
    let attributes = json!({"namespace": NAMESPACE, "verb": "patch", "resource": "serviceaccounts"});
    let asked = json!({"spec": {"resourceAttributes": attributes}});
    let own = cluster.post(OWN, &asked).await.ok();
    let other = cluster.post_as("sandbox", "nobody", OWN, &asked).await.ok();
    assert_eq!([&own["status"]["allowed"], &other["status"]["allowed"]], [true, false]);
    let refused = cluster.post_as("with", "nobody", OWN, &asked).await;
    refused.fails(403, "users \"nobody\" is forbidden: User \"cloudgrant\" cannot impersonate resource \"users\"");
}

#[tokio::test]
async fn refusals_say_where() {
    let cluster = Cluster::start().await;
    let get = |token: &'static str, path: String| {
        let cluster = &cluster;
        async move { cluster.send(Method::GET, &path, token, "", String::new()).await }
    };
    get("", account("default")).await.fails(401, "Unauthorized");
    get("with", account("default")).await.ok();
    get("with", "/api/v1/namespaces".to_owned())
        .await
        .fails(403, "cannot list resource \"namespaces\" in API group \"\" at the cluster scope");
    get("with", format!("/api/v1/namespaces/{NAMESPACE}"))
        .await
        .fails(403, "in the namespace \"forecasting-development\"");
    get("with", "/metrics".to_owned()).await.fails(403, "forbidden: User \"cloudgrant\" cannot get path \"/metrics\"");
    get("with", "/version".to_owned()).await.ok();
    let body = Value::Null;
    assert_eq!(cluster.delete("/api/v1/namespaces/absent", &body).await.status, 404);
}

#[tokio::test]
async fn knobs_refuse_and_fail() {
    let cluster = Cluster::start().await;
    let turn = |knobs: &'static str| {
        let cluster = &cluster;
        async move { cluster.send(Method::POST, "/_sandbox/knobs", "", "", knobs.to_owned()).await }
    };
    turn("deny=serviceaccounts:get").await.ok();
    cluster.get(&account("default")).await.fails(403, "cannot get resource \"serviceaccounts\"");
    turn("throttle-next=1,errors-next=1").await.ok();
    cluster.get(&account("default")).await.fails(429, "too many requests");
    cluster.get(&account("default")).await.fails(500, "Internal error occurred");
    cluster.get(&account("default")).await.ok();
    assert_eq!(turn("quota.Roles=1").await.status, 400, "there are no quotas");
    let counted = cluster.get("/_sandbox/requests").await.ok();
    assert_eq!(counted["by_action"]["serviceaccounts:get"], 4);
    let log = cluster.get("/_sandbox/log").await.ok();
    assert_eq!(log.as_array().and_then(|lines| lines.last()).map(|line| &line["status"]), Some(&json!(200)));
    assert_eq!(cluster.get("/_sandbox/nothing").await.status, 404);
}
