//! Identities that somebody deleted, the stack's own and those that the manifest names, and the resource group that they are in:
//! `drift` tells it, and `revoke --all` leaves nothing that Azure lists.

use cloudgrant_core::{Plan, Silent};
use serde_json::{Value, json};

use crate::arm::{GROUP, identity_id};
use crate::world::{Runs, World, flyte, said};

const HERE: &str = "00000000-0000-0000-0000-00000000000b";
const THERE: &str = "00000000-0000-0000-0000-0000000000cc";

async fn ours(world: &World) -> Vec<Value> {
    let mut all = world.arm.assignments_of(HERE).await;
    all.extend(world.arm.assignments_of(THERE).await);
    all.retain(|one| one["properties"]["description"].as_str().is_some_and(|text| text.contains("cloudgrant")));
    all
}

fn text() -> String {
    let there =
        format!("/subscriptions/{THERE}/resourceGroups/data/providers/Microsoft.Storage/storageAccounts/otherdata");
    flyte(&format!(
        "  there: {{ azure: {there}/blobServices/default/containers/inputs }}\n\
         grants:\n\
         - {{ name: all, scope: global, access: {{ models: read }} }}\n\
         - {{ name: dev, scope: {{ domain: development }}, access: {{ token: read }} }}\n\
         - {{ name: prod, scope: {{ domain: production }}, access: {{ there: read }} }}\n"
    ))
    .replace("  cluster:", "  identities: { development: acme-development }\n  cluster:")
}

/// The stack's own identities.
async fn own(world: &World) -> Vec<String> {
    let identities = world.arm.identities().await;
    let own = identities.iter().filter(|identity| identity["tags"]["cloudgrant:stack"].is_string());
    own.map(|identity| identity["name"].as_str().unwrap_or_default().to_owned()).collect()
}

fn told(plan: &Plan) -> String {
    let changes: Vec<_> = plan.changes.iter().map(|change| format!("{:?} {}", change.action, change.id)).collect();
    let broken: Vec<_> = plan.broken.iter().map(|broken| broken.note.message.clone()).collect();
    let refusal = plan.refusal.as_ref().map(|why| said(why.error())).unwrap_or_default();
    format!("{}\n{}\n{refusal}", changes.join("\n"), broken.join("\n"))
}

#[tokio::test]
async fn an_identity_that_somebody_deleted_is_drift() {
    let text = text();
    let mut lost = vec![vec!["flyte-tasks".to_owned()], vec!["acme-development".to_owned()]];
    let world = World::new(&text).await;
    world.converge(&text).await;
    let all = own(&world).await;
    assert_eq!(all.len(), 2, "of production, and of the other subscription: {all:?}");
    lost.extend(all.iter().map(|name| vec![name.clone()]));
    let every: Vec<_> = lost.iter().flatten().cloned().collect();
    lost.push(every);
    let mut wrong = Vec::new();
    for names in lost {
        for is_listed in [true, false] {
            let world = World::new(&text).await;
            world.converge(&text).await;
            let there = ours(&world).await;
            for name in &names {
                world.arm.manage("delete", json!({ "id": identity_id(name) })).await;
            }
            if names.len() > 1 {
                world.arm.manage("delete", json!({ "id": GROUP })).await;
            }
            let now = ours(&world).await;
            for one in there.iter().filter(|one| !now.contains(one)).filter(|_| is_listed) {
                world.arm.manage("put", one.clone()).await;
            }
            let what = format!("{names:?}, listed {is_listed}");
            let session = world.session(&text).await.expect("a session");
            session.provider().look_again();
            match session.engine().only_looking().plan(&Silent).await {
                Ok(plan) => {
                    let told = told(&plan);
                    let is_told = |name: &String| told.contains(name.as_str());
                    if !plan.has_drift() || !names.iter().all(is_told) {
                        wrong.push(format!("{what}: drift tells {told}"));
                    }
                }
                Err(error) => wrong.push(format!("{what}: drift fails: {error:?}")),
            }
            match world.revoke_all(&text).await {
                Ok(report) if report.is_success() => {}
                Ok(report) => wrong.push(format!("{what}: revoke --all: {report:#?}")),
                Err(error) => wrong.push(format!("{what}: revoke --all fails: {error:?}")),
            }
            let left = ours(&world).await;
            if !left.is_empty() || !own(&world).await.is_empty() {
                wrong.push(format!("{what}: left is {left:#?} {:?}", own(&world).await));
            }
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n\n"));
}
