//! What the sandbox says that it answers of kubectl's commands: what each of them asks for, it does.

use serde_json::{Value, json};

use crate::client::Cluster;
use crate::{NAMESPACE, account};

#[tokio::test]
async fn every_command_that_is_printed_is_answered() {
    let cluster = Cluster::start().await;
    let named = |kind: &str, name: &str| json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name}});
    let accounts = format!("/api/v1/namespaces/{NAMESPACE}/serviceaccounts");
    assert!(!cluster.running.commands().is_empty());
    cluster.post(&accounts, &named("ServiceAccount", "first")).await.ok();
    for command in cluster.running.commands() {
        let reply = match *command {
            "kubectl annotate" => {
                cluster.merge(&account("first"), &json!({"metadata": {"annotations": {"a": "1"}}})).await
            }
            "kubectl apply" => cluster.apply("applied", "fieldManager=kubectl", json!({})).await,
            "kubectl auth can-i" => {
                let attributes = json!({"namespace": NAMESPACE, "verb": "get", "resource": "serviceaccounts"});
                let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
                cluster.post(path, &json!({"spec": {"resourceAttributes": attributes}})).await
            }
            "kubectl create namespace" => cluster.post("/api/v1/namespaces", &named("Namespace", "made")).await,
            "kubectl create serviceaccount" => cluster.post(&accounts, &named("ServiceAccount", "made")).await,
            "kubectl delete" => {
                cluster.post(&accounts, &named("ServiceAccount", "deleted")).await.ok();
                cluster.delete(&account("deleted"), &Value::Null).await
            }
            "kubectl get" => cluster.get(&accounts).await,
            other => panic!("nothing is known of `{other}`: ask for it here"),
        };
        assert!((200..300).contains(&reply.status), "{command}: {}", reply.body);
    }
}
