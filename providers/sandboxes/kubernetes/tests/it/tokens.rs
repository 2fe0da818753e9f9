//! Tokens of service accounts.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use cloudgrant_sandbox_kit::base64::decode;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Cluster, seed};
use crate::{NAMESPACE, account};

fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).expect("three parts");
    serde_json::from_slice(&decode(part).expect("base64")).expect("JSON")
}

async fn token(cluster: &Cluster, spec: Value) -> crate::client::Reply {
    cluster.post(&format!("{}/token", account("default")), &json!({"spec": spec})).await
}

#[tokio::test]
async fn a_token_is_signed_by_the_published_key() {
    let cluster = Cluster::start().await;
    let reply = token(&cluster, json!({"audiences": ["sts.amazonaws.com"], "expirationSeconds": 7200})).await.ok();
    let token = reply["status"]["token"].as_str().expect("a token");
    // Keys are sent in a format of their own, whichever is wanted.
    let keys = cluster.get_as("/openid/v1/jwks", "application/jwk-set+json").await;
    assert_eq!(keys.content_type, "application/jwk-set+json");
    let keys = keys.ok();
    let key = &keys["keys"][0];
    let part = |name: &str| decode(key[name].as_str().expect("text")).expect("base64");
    let (text, signature) = token.rsplit_once('.').expect("three parts");
    RsaPublicKeyComponents { n: part("n"), e: part("e") }
        .verify(&RSA_PKCS1_2048_8192_SHA256, text.as_bytes(), &decode(signature).expect("base64"))
        .expect("a good signature");
    let header: Value =
        serde_json::from_slice(&decode(token.split('.').next().expect("a part")).expect("base64")).expect("JSON");
    assert_eq!((&header["kid"], &header["alg"]), (&key["kid"], &json!("RS256")));
    let claims = claims(token);
    assert_eq!(claims["iss"], seed().issuer);
    assert_eq!(claims["aud"], json!(["sts.amazonaws.com"]));
    assert_eq!(claims["sub"], format!("system:serviceaccount:{NAMESPACE}:default"));
    assert_eq!(claims["exp"].as_i64().zip(claims["iat"].as_i64()).map(|(end, begin)| end - begin), Some(7200));
    // Not for the server itself, so it lets nobody in.
    let refused = cluster.send(Method::GET, "/version", token, "", String::new()).await;
    refused.fails(401, "Unauthorized");
}

#[tokio::test]
async fn a_token_for_the_server_logs_its_account_in() {
    let cluster = Cluster::start().await;
    let reply = token(&cluster, json!({})).await.ok();
    assert_eq!(reply["spec"], json!({"audiences": [seed().issuer], "expirationSeconds": 3600, "boundObjectRef": null}));
    let token = reply["status"]["token"].as_str().expect("a token");
    let own = |path: String| {
        let cluster = &cluster;
        async move { cluster.send(Method::GET, &path, token, "", String::new()).await }
    };
    own("/openid/v1/jwks".to_owned()).await.ok();
    let user = format!("User \"system:serviceaccount:{NAMESPACE}:default\" cannot get");
    own(account("default")).await.fails(403, &user);
    // Made anew, it is another account.
    cluster.delete(&account("default"), &Value::Null).await.ok();
    cluster.post(account("").trim_end_matches('/'), &json!({"metadata": {"name": "default"}})).await.ok();
    own("/version".to_owned()).await.fails(401, "Unauthorized");
    let forged = format!("{}A", &token[..token.len() - 1]);
    cluster.send(Method::GET, "/version", &forged, "", String::new()).await.fails(401, "Unauthorized");
}

#[tokio::test]
async fn tokens_that_cannot_be_are_refused() {
    let cluster = Cluster::start().await;
    token(&cluster, json!({"expirationSeconds": 5}))
        .await
        .fails(422, "spec.expirationSeconds: Invalid value: 5: may not specify a duration less than 10 minutes");
    let bound = json!({"boundObjectRef": {"kind": "Pod", "name": "x"}});
    token(&cluster, bound).await.fails(404, "pods \"x\" not found");
    cluster.post(&format!("{}/token", account("absent")), &json!({})).await.fails(404, "not found");
    cluster.get(&format!("{}/token", account("default"))).await.fails(405, "does not allow this method");
}
