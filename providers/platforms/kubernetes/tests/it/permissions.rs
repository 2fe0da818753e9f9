//! The ClusterRole that `permissions` prints is enough, and each of its rules is needed.

use cloudgrant_core::{Purpose, Stack};
use cloudgrant_kubernetes_sandbox::Rule;
use cloudgrant_platform_kubernetes::ServiceAccounts;

use crate::cluster::Cluster;
use crate::stack::{Run, Runs as _, intents_of};

/// The rules of the document, given to whoever calls.
fn rules(purpose: Purpose) -> Vec<Rule> {
    let stack = Stack::parse("acme").expect("a stack");
    let intents = intents_of(&["forecasting", "vision", "labels"]);
    let document = ServiceAccounts::new(&stack, "home").permissions(&intents, purpose).document;
    assert_eq!(
        (&document["apiVersion"], &document["kind"]),
        (&"rbac.authorization.k8s.io/v1".into(), &"ClusterRole".into())
    );
    let rules = document["rules"].as_array().expect("rules").iter().enumerate();
    let given = |(at, rule): (usize, &serde_json::Value)| {
        let rule: Rule = serde_json::from_value(rule.clone()).expect("a rule as Kubernetes has it");
        Rule { name: format!("rule-{at}"), users: vec!["caller".to_owned()], ..rule }
    };
    rules.map(given).collect()
}

/// What doesn't work with these rules. One account isn't there yet, and one namespace isn't.
async fn missing(rules: &[Rule]) -> Vec<&'static str> {
    let cluster = Cluster::start_with("", rules).await;
    cluster.delete("vision-production").await;
    let mut missing = Vec::new();
    let run = Run::of(&cluster);
    if run.plan().await.is_err() {
        return vec!["plan"];
    }
    let labels = Run { projects: &["labels"], ..Run::of(&cluster) };
    let told = labels.plan().await.err().map(|error| error.to_string()).unwrap_or_default();
    if !told.contains("the namespace labels-production isn't there") {
        missing.push("namespace");
    }
    if !run.apply().await.is_success() {
        missing.push("apply");
    }
    if !run.revoke().await.is_success() {
        missing.push("revoke");
    }
    missing
}

#[tokio::test]
async fn the_rules_are_enough_and_with_one_less_they_aren_t() {
    let all = rules(Purpose::Apply);
    assert_eq!(missing(&all).await, [""; 0]);
    for at in 0..all.len() {
        let mut less = all.clone();
        let without = less.remove(at);
        assert_ne!(missing(&less).await, [""; 0], "without {without:?}");
    }
}

#[tokio::test]
async fn those_for_planning_write_nothing() {
    let all = rules(Purpose::Plan);
    assert_eq!(missing(&all).await, ["apply"], "and nothing is there to be revoked");
    for at in 0..all.len() {
        let mut less = all.clone();
        less.remove(at);
        assert_ne!(missing(&less).await, ["apply"]);
    }
}
