//! Identities of online endpoints of Azure Machine Learning: chosen by whoever creates one, of a managed one never changed.

use cloudgrant_core::{Action, Change, Plan, Silent};
use reqwest::Method;
use serde_json::{Value, json};

use crate::arm::identity_id;
use crate::azureml::{WORKSPACE, manifest, on, read, send, write};
use crate::world::{Runs, World, said};

const ENDPOINTS: &str = "  endpoints: { scoring: churn }\n  computes: { training: train-cluster }";
const SCORING: &str = "{ name: score, scope: { workload: scoring }, access: { models: read } }";
const CHURN: &str = "/onlineEndpoints/churn";

fn of_kind(plan: &Plan) -> Vec<&Change> {
    plan.changes.iter().filter(|change| change.id.kind == "endpoint-identity").collect()
}

fn endpoint(identity: Value, properties: Value) -> Value {
    let mut all = json!({ "authMode": "Key" });
    if let (Some(all), Value::Object(more)) = (all.as_object_mut(), properties) {
        all.extend(more);
    }
    json!({ "location": "westeurope", "kind": "Managed", "tags": { "whose": "somebody's" }, "identity": identity, "properties": all })
}

fn under(ids: &[&str]) -> Value {
    let map: serde_json::Map<_, _> = ids.iter().map(|id| ((*id).to_owned(), json!({}))).collect();
    json!({ "type": "UserAssigned", "userAssignedIdentities": map })
}

/// The identity that a handoff's document names.
fn named(document: &str) -> String {
    let line = document.lines().find_map(|line| line.trim().strip_prefix("- resource_id: ")).expect("an identity");
    serde_json::from_str(line).expect("JSON, as YAML is")
}

#[tokio::test]
async fn requirement_89_whoever_creates_an_endpoint_is_told_its_identity_and_what_it_may_reach_goes_with_a_revoke() {
    let text = manifest(ENDPOINTS, SCORING);
    let world = World::new(&text).await;
    let plan = world.plan(&text).await.expect("nothing is in the way");
    let [change] = of_kind(&plan)[..] else { panic!("{:#?}", plan.changes) };
    assert_eq!(change.action, Action::Handoff);
    let handoff = change.handoff.as_ref().expect("for somebody");
    assert!(handoff.verifiable && handoff.task.contains("create the online endpoint churn"), "{handoff:?}");
    let identity = named(&handoff.document);
    world.apply(&text).await.expect("the identity and its role");
    // As the document says, by whoever deploys.
    write(&world, Method::PUT, CHURN, endpoint(under(&[&identity]), json!({}))).await;
    let before = read(&world, CHURN).await;
    let plan = world.plan(&text).await.expect("a plan");
    assert!(of_kind(&plan).is_empty() && plan.is_empty(), "{:#?}", plan.changes);
    let roles = world.arm.assignments().await;
    let reached = |roles: &[Value]| {
        roles.iter().filter(|one| one["properties"]["scope"].to_string().contains("/containers/models")).count()
    };
    assert_eq!(reached(&roles), 1);
    // It would be left without an identity that nobody can give back.
    world.revoke_all(&text).await.expect("a revoke");
    assert_eq!(reached(&world.arm.assignments().await), 0);
    assert_eq!(read(&world, CHURN).await, before);
    let kept = world.arm.identities().await;
    assert!(
        kept.iter().any(|one| one["id"].as_str().is_some_and(|id| id.eq_ignore_ascii_case(&identity))),
        "{kept:#?}"
    );
    world.arm.sure(Method::DELETE, &format!("{WORKSPACE}{CHURN}?api-version=2026-05-01"), None).await;
    for _ in 0..100 {
        let path = format!("{WORKSPACE}{CHURN}?api-version=2026-05-01");
        if world.arm.send(Method::GET, &path, None).await.0 == 404 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    world.revoke_all(&text).await.expect("a revoke");
    let left = world.arm.identities().await;
    assert!(
        !left.iter().any(|one| one["id"].as_str().is_some_and(|id| id.eq_ignore_ascii_case(&identity))),
        "{left:#?}"
    );
}

/// Nobody has created it, which can be seen: nothing has to be taken back.
#[tokio::test]
async fn a_revoke_says_nothing_of_an_endpoint_that_nobody_has_created() {
    let text = manifest(ENDPOINTS, SCORING);
    let world = World::new(&text).await;
    world.apply(&text).await.expect("the identity and its role");
    let session = world.session(&text).await.expect("a session");
    let plan = session.engine_without(None).expect("an engine").plan(&Silent).await.expect("a plan");
    assert!(plan.unsearched.is_empty() && of_kind(&plan).is_empty(), "{:#?}", plan.unsearched);
    world.revoke_all(&text).await.expect("a revoke");
    assert!(!world.arm.identities().await.iter().any(|one| one["name"].to_string().contains("cloudgrant_")));
}

#[tokio::test]
async fn requirement_89_a_managed_endpoint_that_is_there_is_told_before_anything_is_made() {
    let text = manifest(ENDPOINTS, SCORING);
    for identity in [json!({ "type": "SystemAssigned" }), under(&[&identity_id("somebodys")])] {
        let world = World::new(&text).await;
        world.arm.put_identity("somebodys", json!({})).await;
        write(&world, Method::PUT, CHURN, endpoint(identity, json!({}))).await;
        let error = world.plan(&text).await.expect_err("its identity was chosen");
        assert!(
            said(&error).contains("is chosen when the endpoint is created, and can't be changed"),
            "{}",
            said(&error)
        );
        assert!(
            said(&error).contains("name an endpoint in `platform.endpoints` that isn't there yet"),
            "{}",
            said(&error)
        );
        assert!(!world.arm.identities().await.iter().any(|one| one["name"].to_string().contains("cloudgrant_")));
    }
}

/// Requirement 79's kind: leaving an identity out takes it away.
#[tokio::test]
async fn requirement_89_an_endpoint_on_a_compute_keeps_identities_of_others_and_is_as_it_was_after_a_revoke() {
    let text = manifest(ENDPOINTS, SCORING);
    let world = World::new(&text).await;
    let other = identity_id("somebodys");
    world.arm.put_identity("somebodys", json!({})).await;
    let on_compute = json!({ "compute": format!("{WORKSPACE}/computes/train-cluster"), "description": "theirs" });
    write(&world, Method::PUT, CHURN, endpoint(under(&[&other]), on_compute)).await;
    let before = read(&world, CHURN).await;
    world.converge(&text).await;
    let after = read(&world, CHURN).await;
    assert!(on(&after).len() == 2 && on(&after).contains(&"somebodys".to_owned()), "{after:#}");
    for key in ["tags", "properties", "location"] {
        assert_eq!(after[key], before[key], "{key}");
    }
    // Somebody takes it off: drift, which an apply mends.
    write(&world, Method::PATCH, CHURN, json!({ "identity": under(&[&other]) })).await;
    assert_eq!(of_kind(&world.plan(&text).await.expect("a plan")).len(), 1);
    world.converge(&text).await;
    assert_eq!(on(&read(&world, CHURN).await).len(), 2);
    world.revoke_all(&text).await.expect("a revoke");
    assert_eq!(read(&world, CHURN).await, before);
}

/// What the documentation says of all endpoints, the sandbox says of managed ones.
#[tokio::test]
async fn the_sandbox_refuses_what_this_rests_on() {
    let text = manifest(ENDPOINTS, SCORING);
    let world = World::new(&text).await;
    world.arm.put_identity("somebodys", json!({})).await;
    write(&world, Method::PUT, CHURN, endpoint(json!({ "type": "SystemAssigned" }), json!({}))).await;
    let other = json!({ "identity": under(&[&identity_id("somebodys")]) });
    let (status, said) = send(&world, Method::PATCH, CHURN, other).await;
    assert_eq!((status.as_u16(), said["error"]["code"].as_str()), (400, Some("UnsupportedIdentityChange")), "{said}");
}
