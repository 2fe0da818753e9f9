//! Federated identity credentials.

use serde_json::{Value, json};

use crate::client::Cloud;
use crate::{ISSUER, identity};

const VERSION: &str = "?api-version=2024-11-30";

/// What the platform's own identities begin with, named for its cluster.
const SEEDED: &str = "acme-dataplane-aks";

fn path(identity_name: &str, name: &str) -> String {
    format!("{}/federatedIdentityCredentials/{name}{VERSION}", identity(identity_name))
}

fn body(subject: &str) -> Value {
    json!({"properties": {"issuer": ISSUER, "subject": subject, "audiences": ["api://AzureADTokenExchange"]}})
}

#[tokio::test]
async fn a_credential_is_made_changed_listed_and_deleted() {
    let cloud = Cloud::start("").await;
    cloud.delete(&path("flyteuser-acme", SEEDED)).await.is(200);
    let one = path("flyteuser-acme", "one");
    let made = cloud.put(&one, body("a")).await.is(201);
    assert_eq!(made["type"], "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials");
    cloud.put(&one, body("a")).await.is(200);
    assert_eq!(cloud.put(&one, body("b")).await.is(200)["properties"]["subject"], "b");
    cloud.put(&path("flyteuser-acme", "two"), body("c")).await.is(201);
    let list = format!("{}/federatedIdentityCredentials{VERSION}", identity("flyteuser-acme"));
    assert_eq!(cloud.get(&list).await.names(), ["one", "two"]);
    let first = cloud.get(&format!("{list}&$top=1")).await.is(200);
    assert_eq!(first["value"].as_array().map(Vec::len), Some(1));
    let next =
        first["nextLink"].as_str().expect("a link").strip_prefix(cloud.running.endpoint()).expect("the same host");
    assert_eq!(cloud.get(next).await.names(), ["two"]);
    cloud.get(&format!("{list}&$top=x")).await.fails(400, "InvalidTopParameter", "x");
    cloud.delete(&one).await.is(200);
    cloud.delete(&one).await.is(204);
    cloud.get(&one).await.fails(404, "ResourceNotFound", "federatedIdentityCredentials/one");
    cloud.delete(&format!("{}{VERSION}", identity("flyteuser-acme"))).await.is(200);
    cloud.get(&list).await.fails(404, "ResourceNotFound", "flyteuser-acme");
}

#[tokio::test]
async fn credentials_are_checked() {
    let cloud = Cloud::start("quota.FederatedCredentialsPerIdentity=2").await;
    cloud.delete(&path("flyteuser-acme", SEEDED)).await.is(200);
    let put = async |name: &str, body: Value| cloud.put(&path("flyteuser-acme", name), body).await;
    put("ab", body("a")).await.fails(400, "InvalidFederatedIdentityCredential", "'ab'");
    put("a.bc", body("a")).await.fails(400, "InvalidFederatedIdentityCredential", "'a.bc'");
    for (name, value, why) in [
        ("issuer", json!("http://plain"), "https"),
        ("issuer", json!(null), "issuer"),
        ("subject", json!(""), "subject"),
        ("subject", json!("x".repeat(601)), "subject"),
        ("audiences", json!([]), "audience"),
        ("audiences", json!(["a", "b"]), "exactly one audience"),
    ] {
        let mut odd = body("a");
        odd["properties"][name] = value;
        put("abc", odd).await.fails(400, "InvalidFederatedIdentityCredential", why);
    }
    put("abc", json!({})).await.fails(400, "InvalidFederatedIdentityCredential", "properties");
    put("one", body("a")).await.is(201);
    let twice = put("two", body("a")).await;
    twice.fails(409, "FederatedIdentityCredentialsUniquenessViolation", "already exists for this Managed Identity");
    put("two", body("b")).await.is(201);
    put("three", body("c")).await.fails(400, "TooManyFederatedIdentityCredentials", "2");
    put("two", body("c")).await.is(200);
    cloud.put(&path("nobody", "one"), body("a")).await.fails(404, "ResourceNotFound", "userAssignedIdentities/nobody");
    cloud.put(&path("acme-production", "one"), body("a")).await.is(201);
}

#[tokio::test]
async fn writes_on_one_identity_clash() {
    let cloud = Cloud::start("latency=150ms").await;
    let (one, two, other) =
        (path("flyteuser-acme", "one"), path("flyteuser-acme", "two"), path("acme-production", "one"));
    let (a, b, c) = tokio::join!(cloud.put(&one, body("a")), cloud.put(&two, body("b")), cloud.put(&other, body("a")));
    let mut statuses = [a.status, b.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
    let clash = if a.status == 409 { a } else { b };
    clash.fails(
        409,
        "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity",
        &identity("flyteuser-acme").to_ascii_lowercase(),
    );
    assert_eq!(c.status, 201, "identities do not wait for each other");
    let (write, delete) = tokio::join!(cloud.put(&two, body("b")), cloud.delete(&one));
    assert!([write.status, delete.status].contains(&409), "deletes are writes, too");
    cloud.put(&path("flyteuser-acme", "three"), body("z")).await.is(201);
}

#[tokio::test]
async fn writes_clash_without_any_latency_too() {
    let cloud = Cloud::start("").await;
    // Warm connections, so that all requests are under way together.
    let paths: Vec<String> = (0..8).map(|n| path("flyteuser-acme", &format!("fic-{n}"))).collect();
    futures(&cloud, &paths).await;
    let clashes = futures(&cloud, &paths).await;
    assert!(clashes > 0, "eight writes at once within five milliseconds");
}

async fn futures(cloud: &Cloud, paths: &[String]) -> usize {
    let [a, b, c, d, e, f, g, h] = paths else { panic!("eight paths") };
    let put = async |path: &String| usize::from(cloud.put(path, body(path)).await.status == 409);
    let (a, b, c, d, e, f, g, h) = tokio::join!(put(a), put(b), put(c), put(d), put(e), put(f), put(g), put(h));
    a + b + c + d + e + f + g + h
}
