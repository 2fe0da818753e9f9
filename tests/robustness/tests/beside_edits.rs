//! Revokes beside edits that nobody applied, and whether the evaluator sees what goes wrong.

use cloudgrant_robustness::beside_edits::{
    Aws, Azure, Delivery, Doing, Grant, Ground, Place, Seen, World, compare, from_seeds, left_by_all, seeds,
};
use cloudgrant_robustness::output::say;
use serde_json::{Value, json};

/// How many seeds each of them tries.
const USUAL: u64 = 8;

async fn all(ground: &'static dyn Ground, delivery: Delivery) {
    say(&from_seeds(ground, delivery, seeds(USUAL)).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_revoke_beside_edits_on_aws_with_handoffs() {
    all(&Aws, Delivery::Handoff).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_revoke_beside_edits_on_aws_in_a_cluster() {
    all(&Aws, Delivery::Kubernetes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_revoke_beside_edits_on_aws_with_flyte_admin() {
    all(&Aws, Delivery::Admin).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_revoke_beside_edits_on_aws_with_settings() {
    all(&Aws, Delivery::Settings).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_revoke_beside_edits_on_azure_with_handoffs() {
    all(&Azure, Delivery::Handoff).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_revoke_beside_edits_on_azure_in_a_cluster() {
    all(&Azure, Delivery::Kubernetes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_revoke_beside_edits_on_azure_with_flyte_admin() {
    all(&Azure, Delivery::Admin).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_revoke_beside_edits_on_azure_with_settings() {
    all(&Azure, Delivery::Settings).await;
}

const PRODUCTION: &str = "{ domain: production }";

fn grant(name: &str, scope: &'static str, access: &[(&'static str, &'static str)]) -> Grant {
    Grant { name: name.to_owned(), scope, access: access.to_vec(), precise: false }
}

/// A breach, made by hand in what a sandbox keeps: in which files, what is done there, and what is seen of it. A file of which
/// nothing is left is deleted.
type Breach = (&'static str, fn(&mut Value), &'static [&'static str]);

/// What is seen where somebody does that to the files of a world.
fn seen_with(world: &World, (kind, breach, _): &Breach) -> Seen {
    let mut changed = Vec::new();
    world.files(&mut |path, mut value| {
        let before = value.clone();
        if path.to_string_lossy().contains(&format!("/{kind}/")) {
            breach(&mut value);
        }
        if value != before {
            changed.push((path.to_owned(), before));
            match value {
                Value::Null => std::fs::remove_file(path).expect("deleted"),
                value => std::fs::write(path, value.to_string()).expect("written"),
            }
        }
    });
    assert!(!changed.is_empty(), "{kind}: there is something to break");
    let seen = world.seen();
    for (path, before) in changed {
        std::fs::write(path, before.to_string()).expect("written");
    }
    seen
}

async fn sees(ground: &'static dyn Ground, breaches: &[Breach]) {
    let place = Place { ground, delivery: Delivery::Kubernetes, by_repository: false };
    let grants = [
        grant("g1", PRODUCTION, &[("inputs", "read"), ("images", "pull")]),
        grant("g2", "global", &[("token", "read")]),
    ];
    let mut world = World::start(place).await;
    let begin = world.seen();
    world.run(&grants, Doing::Apply).await.expect("applied");
    let there = world.seen();
    assert_eq!(compare(&there, &there, &there, true), Vec::<String>::new());
    for breach in breaches {
        let wrong = compare(&there, &seen_with(&world, breach), &there, true);
        let found = |what: &&&str| wrong.iter().any(|one| one.starts_with(&format!("  {what}: ")));
        let missed: Vec<_> = breach.2.iter().filter(|what| !found(what)).collect();
        assert!(missed.is_empty(), "{} {}: {missed:?} is missed in {wrong:#?}", ground.id(), breach.0);
    }
    // And what a revoke of everything would have left.
    let left = left_by_all(&begin, &there);
    for what in ["left", "objects", "parts", "told"] {
        assert!(left.iter().any(|one| one.starts_with(&format!("  ALL: {what}"))), "{what} is missed in {left:#?}");
    }
}

fn is_ours(value: &Value) -> bool {
    value["path"].as_str().is_some_and(|path| path.starts_with("/cloudgrant/"))
}

#[tokio::test]
async fn a_breach_on_aws_is_seen() {
    let breaches: [Breach; 8] = [
        (
            "policies",
            |policy| {
                if is_ours(policy) {
                    *policy = Value::Null
                }
            },
            &["LOST", "GONE"],
        ),
        (
            "policies",
            |policy| {
                let versions = policy["versions"].as_object_mut().expect("versions");
                for version in versions.values_mut() {
                    let text = version["document"].as_str().expect("a document").replace("s3:GetObject", "s3:*");
                    version["document"] = text.into();
                }
            },
            &["GIVEN", "LEFT"],
        ),
        (
            "roles",
            |role| {
                let document = r#"{"Statement":{"Effect":"Allow","Action":"s3:PutObject","Resource":"*"}}"#;
                role["inline"]["by-hand"] = document.into();
            },
            &["GIVEN", "LEFT"],
        ),
        (
            "roles",
            |role| {
                if is_ours(role) {
                    *role = Value::Null
                }
            },
            &["LOST", "GONE"],
        ),
        ("roles", |role| role["attached"] = json!({}), &["LOST"]),
        (
            "roles",
            |role| {
                let text =
                    role["trust"]["text"].as_str().expect("a document").replace("vision-production", "vision-staging");
                role["trust"]["text"] = text.into();
            },
            &["LOST", "GONE"],
        ),
        ("repositories", |repository| repository["policy"] = Value::Null, &["LOST"]),
        (
            "serviceaccounts",
            |account| {
                if account["metadata"]["namespace"] == "vision-development" {
                    let arn = "arn:aws:iam::111122223333:role/by-hand";
                    account["metadata"]["annotations"] = json!({ "eks.amazonaws.com/role-arn": arn });
                }
            },
            &["LOST", "GONE", "TOLD"],
        ),
    ];
    sees(&Aws, &breaches).await;
}

#[tokio::test]
async fn a_breach_on_azure_is_seen() {
    let breaches: [Breach; 7] = [
        ("role-assignments", |assignment| *assignment = Value::Null, &["LOST"]),
        ("role-assignments", |assignment| assignment["condition"] = Value::Null, &["GIVEN", "LEFT"]),
        (
            "role-assignments",
            |assignment| {
                let scope = assignment["scope"].as_str().expect("a scope");
                assignment["scope"] = scope.split("/blobServices/").next().expect("an account").into();
            },
            &["GIVEN", "LEFT"],
        ),
        (
            "role-assignments",
            |assignment| assignment["principal"] = "00000000-0000-0000-0000-0000000000ff".into(),
            &["LOST", "GONE"],
        ),
        ("federated-credentials", |credential| *credential = Value::Null, &["LOST", "GONE"]),
        (
            "identities",
            |identity| {
                if !identity["tags"]["cloudgrant:stack"].is_null() {
                    *identity = Value::Null
                }
            },
            &["LOST", "GONE"],
        ),
        (
            "serviceaccounts",
            |account| {
                if account["metadata"]["namespace"] == "vision-development" {
                    account["metadata"]["annotations"] = json!({ "azure.workload.identity/client-id": "nobody" });
                }
            },
            &["LOST", "GONE", "TOLD"],
        ),
    ];
    sees(&Azure, &breaches).await;
}
