//! What grants are of and somebody deleted: `drift` tells it, whether Azure goes on listing the roles on it or not.

use cloudgrant_core::{Plan, Silent};
use serde_json::{Value, json};

use crate::arm::GROUP;
use crate::world::{Runs, World, flyte, said};

const HERE: &str = "00000000-0000-0000-0000-00000000000b";

async fn ours(world: &World) -> Vec<Value> {
    let mut all = world.arm.assignments_of(HERE).await;
    all.retain(|one| one["properties"]["description"].as_str().is_some_and(|text| text.contains("cloudgrant")));
    all
}

/// As `drift` looks.
async fn drift(world: &World, text: &str) -> Plan {
    let session = world.session(text).await.expect("a session");
    session.provider().look_again();
    session.engine().only_looking().plan(&Silent).await.unwrap_or_else(|error| panic!("{error:?}"))
}

fn told(plan: &Plan) -> String {
    let broken: Vec<_> = plan.broken.iter().map(|broken| broken.note.message.clone()).collect();
    let refusal = plan.refusal.as_ref().map(|why| said(why.error())).unwrap_or_default();
    format!("{} {refusal}", broken.join("; "))
}

fn at_home(resource: &str) -> String {
    format!("{GROUP}/providers/{resource}")
}

/// What is deleted, and a grant or registry of it.
fn cases() -> Vec<(&'static str, String, String)> {
    let grant = |locator: &str, access: &str| {
        let locator = locator.replace("GROUP", &format!("{GROUP}/providers"));
        flyte(&format!(
            "  it: {{ azure: \"{locator}\" }}\ngrants:\n- {{ name: it, scope: global, access: {{ it: {access} }} }}\n"
        ))
    };
    let containers = "Microsoft.Storage/storageAccounts/acmelost/blobServices/default/containers/inputs";
    let (account, vault) = ("Microsoft.Storage/storageAccounts/acmelost", "Microsoft.KeyVault/vaults/acme-lost");
    let registry = "Microsoft.ContainerRegistry/registries/acmelost";
    let nodes = |locator: &str| flyte(&format!("registries: [{{ name: it, access: pull, azure: \"{locator}\" }}]\n"));
    let workspace = "Microsoft.MachineLearningServices/workspaces/acmelost";
    let ml = grant(&format!("GROUP/{workspace}"), "read-write")
        .replace("  cluster:", "  roles: { it: { read-write: Reader } }\n  cluster:");
    let host = "https://acmelost.blob.core.windows.net/inputs";
    vec![
        ("inputs", at_home(containers), grant(host, "read")),
        ("inputs", at_home(containers), grant(&format!("{host}/raw/"), "read-write")),
        ("inputs", at_home(containers), grant(&format!("GROUP/{containers}"), "read")),
        ("acmelost", at_home(account), grant(host, "read")),
        ("acmelost", at_home(account), grant(&format!("GROUP/{containers}"), "read")),
        (
            "token",
            at_home(&format!("{vault}/secrets/token")),
            grant("https://acme-lost.vault.azure.net/secrets/token", "read"),
        ),
        ("token", at_home(&format!("{vault}/secrets/token")), grant(&format!("GROUP/{vault}/secrets/token"), "read")),
        ("acme-lost", at_home(vault), grant("https://acme-lost.vault.azure.net/secrets/token", "read")),
        ("acmelost", at_home(registry), grant("acmelost.azurecr.io/team/trainer", "pull")),
        ("acmelost", at_home(registry), grant(&format!("GROUP/{registry}"), "push")),
        ("acmelost", at_home(registry), nodes("acmelost.azurecr.io")),
        ("acmelost", at_home(registry), nodes(&at_home(registry))),
        ("acmelost", at_home(workspace), ml),
    ]
}

#[tokio::test]
async fn what_is_granted_and_gone_is_drift() {
    let mut wrong = Vec::new();
    for (name, id, text) in cases() {
        for is_listed in [true, false] {
            let world = World::new(&text).await;
            world.converge(&text).await;
            let before = drift(&world, &text).await;
            assert!(!before.has_drift(), "{id}: {before:#?}");
            let there = ours(&world).await;
            world.arm.manage("delete", json!({ "id": id })).await;
            for one in there.iter().filter(|_| is_listed) {
                world.arm.manage("put", one.clone()).await;
            }
            let plan = drift(&world, &text).await;
            let is_missing = !plan.is_empty() && !is_listed;
            if !plan.has_drift() || !(told(&plan).contains(name) || is_missing) {
                wrong.push(format!("{id}, listed {is_listed}: {plan:#?}"));
            }
            let report = world.revoke_all(&text).await.unwrap_or_else(|error| panic!("{id}: {error:?}"));
            assert!(report.is_success() && ours(&world).await.is_empty(), "{id}: {report:#?}");
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n\n"));
}

/// What nobody may look at may be gone: that there is no drift is nothing that anybody can say.
#[tokio::test]
async fn what_can_not_be_looked_at_is_told_as_not_searched() {
    for (name, read) in [
        ("inputs", "Microsoft.Storage/storageAccounts/blobServices/containers"),
        ("token", "Microsoft.KeyVault/vaults/secrets"),
        ("acmelost", "Microsoft.Authorization/permissions"),
    ] {
        let all = cases();
        let is_it =
            |(of, id, _): &&(&str, String, String)| *of == name && (id.contains("workspaces") || name != "acmelost");
        for (_, id, text) in all.iter().filter(is_it) {
            let world = World::new(text).await;
            world.converge(text).await;
            let there = ours(&world).await;
            world.arm.manage("delete", json!({ "id": id })).await;
            for one in &there {
                world.arm.manage("put", one.clone()).await;
            }
            world.arm.turn(&format!("deny={read}:read")).await;
            let plan = drift(&world, text).await;
            let [one] = plan.unsearched.as_slice() else { panic!("{id}: {plan:#?}") };
            assert!(one.place == "grant it" && one.reason.contains(name) && one.reason.contains(read), "{one:#?}");
            assert!(plan.has_drift() && plan.notes.iter().all(|note| note.message != one.reason), "{plan:#?}");
            // A plan goes on as before.
            let plan = world.plan(text).await.expect("a plan");
            assert!(plan.is_empty() && plan.unsearched.is_empty(), "{id}: {plan:#?}");
        }
    }
}

/// What is in the way of nothing is asked for by `drift` alone.
#[tokio::test]
async fn a_plan_with_nothing_to_do_asks_for_no_container() {
    let text = flyte("grants: [{ name: it, scope: global, access: { models: read, token: read } }]");
    let world = World::new(&text).await;
    world.converge(&text).await;
    let requests = async |looks: bool| {
        let session = world.session(&text).await.expect("a session");
        if looks {
            session.provider().look_again();
        }
        let plan = session.engine().only_looking().plan(&Silent).await.expect("a plan");
        assert!(!plan.has_drift(), "{plan:#?}");
        session.provider().requests().expect("counted")
    };
    let (looks, plans) = (requests(true).await, requests(false).await);
    // For a container, a secret, and the subscription's deny assignments.
    assert_eq!(looks, plans + 3);
}
