//! Whom identities trust that are somebody else's.

use cloudgrant_core::{Level, Plan};
use serde_json::json;

use crate::world::{Runs, World, union};

const PRODUCTION: &str = "grants: [{ name: prod, scope: { domain: production }, access: { models: read } }]";
const GLOBAL: &str = "grants: [{ name: all, scope: global, access: { models: read } }]";
const ISSUER: &str = "https://westeurope.oic.prod-aks.azure.com/a/c/";
const SUBJECT: &str = "system:serviceaccount:forecasting-production:default";

fn named(tail: &str) -> String {
    union(tail).replace("  cluster:", "  identities: { production: theirs }\n  cluster:")
}

fn told(plan: &Plan, identity: &str) -> Vec<(Level, String)> {
    let about = format!("identity {identity}");
    let notes = plan.notes.iter().filter(|note| note.about == about);
    notes.map(|note| (note.level, note.message.clone())).collect()
}

#[tokio::test]
async fn requirement_10_whom_a_named_identity_trusts_is_looked_at() {
    for (text, identity) in [(named(PRODUCTION), "theirs"), (union(GLOBAL), "flyteuser-acme")] {
        let world = World::new(&text).await;
        assert_eq!(told(&world.plan(&text).await.expect("a plan"), identity), []);
        let [seeded] = world.arm.credentials(identity).await.try_into().expect("one credential");
        world.arm.delete_credential(identity, seeded["name"].as_str().expect("a name")).await;
        let none = told(&world.plan(&text).await.expect("a plan"), identity);
        let [(Level::Warning, message)] = none.as_slice() else { panic!("{none:#?}") };
        assert!(message.starts_with(&format!("it has no federated credential of the issuer {ISSUER}")), "{message}");
        let add = format!("--identity-name {identity} --name NAME --issuer {ISSUER} --subject system:serviceaccount:");
        assert!(message.contains(&add), "{message}");
        // A stranger's alone: nobody of the data plane's can log in, and somebody else can.
        world.arm.put_credential(identity, "evil", "https://evil.example/", SUBJECT).await;
        let both = told(&world.plan(&text).await.expect("a plan"), identity);
        let [(Level::Warning, lacks), (Level::Warning, strange)] = both.as_slice() else { panic!("{both:#?}") };
        assert_eq!(lacks, message);
        assert!(strange.starts_with(&format!("it trusts the subject {SUBJECT} of https://evil.example/")), "{strange}");
        assert!(strange.contains("az identity federated-credential delete") && strange.contains("--name evil"));
        world.arm.put_credential(identity, "tasks", ISSUER, SUBJECT).await;
        let one = told(&world.plan(&text).await.expect("a plan"), identity);
        assert_eq!(one, both[1..]);
        // Who may not read it is told, and plans all the same.
        let kind = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials";
        world.arm.turn(&format!("deny={kind}:read")).await;
        let denied = told(&world.plan(&text).await.expect("a plan"), identity);
        let [(Level::Info, message)] = denied.as_slice() else { panic!("{denied:#?}") };
        assert!(message.contains("nobody looked whom it trusts"), "{message}");
    }
}

/// A service account names one identity, on whichever of the clusters it runs.
#[tokio::test]
async fn an_identity_of_others_trusts_every_cluster_of_the_data_plane() {
    let green = "https://westeurope.oic.prod-aks.azure.com/a/green/";
    let text = named(PRODUCTION).replace(&format!("\"{ISSUER}\""), &json!([ISSUER, green]).to_string());
    let world = World::new(&text).await;
    assert_eq!(told(&world.plan(&text).await.expect("a plan"), "theirs"), []);
    for credential in world.arm.credentials("theirs").await {
        if credential["properties"]["issuer"] == green {
            world.arm.delete_credential("theirs", credential["name"].as_str().expect("a name")).await;
        }
    }
    let lacking = told(&world.plan(&text).await.expect("a plan"), "theirs");
    let [(Level::Warning, message)] = lacking.as_slice() else { panic!("{lacking:#?}") };
    assert!(message.contains(&format!("of the issuer {green},")), "{message}");
}

/// Nodes pull images without a federated credential, whether the cluster tells their identity or the manifest does.
#[tokio::test]
async fn an_identity_of_nodes_needs_to_trust_nobody() {
    let nodes = union("registries: [{ name: trainer, access: pull, azure: acmeimages.azurecr.io }]");
    let configured = nodes.replace("  cluster:", "  kubelet_identity: nodes\n  cluster:");
    for (text, identity) in [(nodes, "acme-dataplane-aks-agentpool"), (configured, "nodes")] {
        let world = World::new(&text).await;
        world.arm.put_identity("nodes", json!({})).await;
        assert_eq!(told(&world.plan(&text).await.expect("a plan"), identity), []);
    }
}
