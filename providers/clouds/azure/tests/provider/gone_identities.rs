//! Identities that the manifest names and somebody deleted: they keep nobody from taking away what others have.

use cloudgrant_core::{ErrorKind, Plan, Silent};
use serde_json::json;

use crate::arm::{GROUP, identity_id};
use crate::grants::assigned;
use crate::revoking::revoke;
use crate::world::{Runs, World, flyte, said, union};

const HERE: &str = "00000000-0000-0000-0000-00000000000b";
const THERE: &str = "00000000-0000-0000-0000-0000000000cc";
const READER: &str = "acdd72a7-3385-48ef-bd42-f606fba81ae7";
const GRANTS: &str = "grants:\n\
    - { name: all, scope: global, access: { models: read } }\n\
    - { name: prod, scope: { domain: production }, access: { token: read } }\n\
    - { name: dev, scope: { domain: development }, access: { images: pull } }\n\
    registries: [{ name: nodes, access: pull, azure: acmeimages.azurecr.io }]\n";

async fn principals(world: &World) -> Vec<String> {
    let mut all = world.arm.assignments_of(HERE).await;
    all.retain(|one| one["properties"]["description"].as_str().is_some_and(|text| text.contains("cloudgrant")));
    all.iter().map(|one| one["properties"]["principalId"].as_str().unwrap_or_default().to_owned()).collect()
}

/// What stays of identities that are there.
fn stays(plan: &Plan) -> usize {
    plan.stays.iter().filter(|stays| !stays.object.name.starts_with("unknown principal")).count()
}

/// A data plane whose identities are all there already.
fn of_vendor() -> String {
    let text = union(
        "grants:\n\
         - { name: all, scope: global, access: { models: read } }\n\
         - { name: dev, scope: { domain: development }, access: { images: pull } }\n",
    );
    text.replace("  cluster:", "  identities: { development: acme-development }\n  cluster:")
}

fn elsewhere(name: &str) -> String {
    let group = format!("/subscriptions/{THERE}/resourceGroups/people");
    format!("{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}")
}

#[tokio::test]
async fn an_identity_that_is_named_and_gone_is_in_the_way_of_nothing_but_what_is_given_to_it() {
    let named = |keys: String| flyte(GRANTS).replace("task_identity: flyte-tasks", &keys);
    let tasks = "task_identity: flyte-tasks";
    for (text, gone, of_it) in [
        (flyte(GRANTS), identity_id("flyte-tasks"), Some("all")),
        // By its name alone.
        (of_vendor(), identity_id("flyteuser-acme"), Some("all")),
        (
            named(format!("{tasks}\n  identities: {{ production: acme-production }}")),
            identity_id("acme-production"),
            Some("prod"),
        ),
        (named(format!("task_identity: {}", elsewhere("tasks"))), elsewhere("tasks"), Some("all")),
        (named(format!("{tasks}\n  kubelet_identity: pulling")), identity_id("pulling"), None),
    ] {
        let name = gone.rsplit('/').next().expect("a name").to_owned();
        let world = World::new(&text).await;
        world.arm.manage("put", json!({ "id": gone })).await;
        world.converge(&text).await;
        let before = principals(&world).await.len();
        world.arm.manage("delete", json!({ "id": gone })).await;

        let error = world.plan(&text).await.expect_err("it is gone");
        let like = if name.starts_with("flyteuser") { "flyteuser*" } else { &name };
        assert!(error.kind() == ErrorKind::NotFound && said(&error).contains(like), "{}", said(&error));
        let session = world.session(&text).await.expect("a session");
        let drift = session.engine().only_looking().plan(&Silent).await.unwrap_or_else(|error| panic!("{error:?}"));
        let refusal = said(drift.refusal.as_ref().unwrap_or_else(|| panic!("{drift:#?}")).error());
        assert!(refusal.contains("there is no managed identity") && refusal.contains(like), "{refusal}");

        let plan = revoke(&world, &text, "dev").await;
        let is_warned = plan
            .notes
            .iter()
            .any(|note| note.message.contains("there is no managed identity") && note.message.contains(like));
        // Its task code would be left to the identity that is gone, and lose what `all` gives it.
        let kept = usize::from(of_it == Some("all"));
        assert!((is_warned || !plan.stays.is_empty()) && stays(&plan) == kept, "{name}: {plan:#?}");
        let now = principals(&world).await.len();
        assert!(now < before, "{name}: {now} of {before}");
        if let Some(of_it) = of_it {
            let plan = revoke(&world, &text, of_it).await;
            assert!(stays(&plan) == 0 && principals(&world).await.len() < now, "{name}: {plan:#?}");
        }
        let report = world.revoke_all(&text).await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert!(report.is_success() && principals(&world).await.is_empty(), "{name}: {report:#?}");
    }
}

/// What the former one has is the stack's, and nobody asks for it any more.
#[tokio::test]
async fn a_changed_task_identity_takes_along_what_the_former_one_had() {
    let before = flyte(GRANTS);
    let after = before.replace("task_identity: flyte-tasks", "task_identity: flyte-others");
    let world = World::new(&before).await;
    world.arm.put_identity("flyte-others", json!({})).await;
    world.converge(&before).await;
    let [former, new] = [world.arm.principal("flyte-tasks").await, world.arm.principal("flyte-others").await];
    let had = assigned(&world, &former).await;
    assert!(!had.is_empty());
    assert!(assigned(&world, &new).await.is_empty());
    // Somebody else's stays with the former one.
    world.arm.assign("11111111-2222-3333-4444-777777777777", GROUP, READER, &former, None).await;
    world.converge(&after).await;
    assert_eq!(assigned(&world, &new).await, had);
    let left = assigned(&world, &former).await;
    assert!(matches!(left.as_slice(), [(role, ..)] if role == READER), "{left:#?}");
    let report = world.revoke_all(&after).await.expect("revoked");
    assert!(report.is_success(), "{report:#?}");
    assert!(assigned(&world, &new).await.is_empty());
    assert_eq!(assigned(&world, &former).await, left);
}
