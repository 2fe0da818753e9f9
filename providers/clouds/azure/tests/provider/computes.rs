//! Identities on computes of Azure Machine Learning: put on and taken off, and nothing else of a compute changed.

use cloudgrant_azureml as _;
use cloudgrant_core::{Action, Level, Plan};
use reqwest::Method;
use serde_json::{Value, json};

use crate::arm::{GROUP, identity_id};
use crate::world::{Runs, World, said};

const WORKSPACE: &str = "/subscriptions/00000000-0000-0000-0000-00000000000b/resourceGroups/acme-dataplane/providers/\
                         Microsoft.MachineLearningServices/workspaces/acme";
const COMPUTES: &str = "{ training: train-cluster, scoring: score-cluster }";
const ACR_PULL: &str = "7f951dda-4ed3-4680-a7ca-43fe172d538d";
const NAME: &str = "12345678-1234-1234-1234-123456789012";
const VERSION: &str = "2026-05-01";

fn manifest(computes: &str, grants: &str) -> String {
    format!(
        r#"
version: 1
stack: tests
provider: azure
platform:
  kind: azureml
  workspace: {WORKSPACE}
  computes: {computes}
azure:
  tenant: 00000000-0000-0000-0000-00000000000a
  subscription: 00000000-0000-0000-0000-00000000000b
  resource_group: acme-dataplane
  location: westeurope
resources:
  data: {{ azure: "https://acmedata.blob.core.windows.net/inputs/raw/" }}
  models: {{ azure: "https://acmemodels.blob.core.windows.net/models" }}
grants: [{grants}]
"#
    )
}

const EVERYWHERE: &str = "{ name: all, scope: global, access: { data: read } }";
const TRAINING: &str = "{ name: train, scope: { workload: training }, access: { models: read } }";

fn path(compute: &str) -> String {
    format!("{WORKSPACE}/computes/{compute}?api-version={VERSION}")
}

/// All of a compute, but for when it was changed.
async fn compute(world: &World, name: &str) -> Value {
    let (status, mut there) = world.arm.send(Method::GET, &path(name), None).await;
    assert!(status.is_success(), "{there}");
    if let Some(properties) = there["properties"].as_object_mut() {
        properties.remove("modifiedOn");
    }
    if let Some(map) = there.as_object_mut() {
        map.remove("systemData");
    }
    there
}

fn but_for_identities(mut compute: Value) -> Value {
    compute.as_object_mut().map(|compute| compute.remove("identity"));
    compute
}

/// As somebody else writes it: all of it, with other identities. Waits until that is carried out.
async fn with_identity(world: &World, name: &str, identity: Value) {
    let mut there = compute(world, name).await;
    there["identity"] = identity;
    let (status, said) = world.arm.send(Method::PUT, &path(name), Some(there)).await;
    assert!(status.is_success(), "{status} {said}");
    for _ in 0..100 {
        if compute(world, name).await["properties"]["provisioningState"] == "Succeeded" {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{name} is never done");
}

fn on(compute: &Value) -> Vec<String> {
    let map = compute["identity"]["userAssignedIdentities"].as_object();
    map.into_iter().flatten().map(|(id, _)| id.rsplit('/').next().unwrap_or_default().to_owned()).collect()
}

fn warned(plan: &Plan, text: &str) -> bool {
    plan.notes.iter().any(|note| note.level == Level::Warning && note.message.contains(text))
}

#[tokio::test]
async fn requirements_88_and_89_each_compute_gets_an_identity_of_its_own_and_is_as_it_was_after_a_revoke() {
    let text = manifest(COMPUTES, &format!("{EVERYWHERE}, {TRAINING}"));
    let world = World::new(&text).await;
    let before = [compute(&world, "train-cluster").await, compute(&world, "score-cluster").await];
    world.converge(&text).await;
    let after = [compute(&world, "train-cluster").await, compute(&world, "score-cluster").await];
    let [training, scoring] = after.each_ref().map(on);
    assert!(training.len() == 1 && scoring.len() == 1 && training != scoring, "{training:?} {scoring:?}");
    let stacks = world.session(&text).await.expect("a session").provider().stacks().await.expect("stacks");
    let listed = stacks.found[0].objects.iter().filter(|object| object.kind == "compute-identity").count();
    assert_eq!(listed, 2, "what is on computes is the stack's, and they aren't: {:?}", stacks.found[0].objects);
    for (one, was) in after.into_iter().zip(&before) {
        assert_eq!(but_for_identities(one), *was, "nothing else of it has changed");
    }
    // What all are granted, each one's identity has; what one is granted, that one's alone.
    let roles = world.arm.assignments().await;
    let of = |scope: &str| {
        roles.iter().filter(|one| one["properties"]["scope"].as_str().is_some_and(|at| at.contains(scope))).count()
    };
    assert_eq!((of("/containers/inputs"), of("/containers/models")), (2, 1));
    world.revoke_all(&text).await.expect("a revoke");
    for (name, was) in ["train-cluster", "score-cluster"].iter().zip(&before) {
        let now = compute(&world, name).await;
        assert!(on(&now).is_empty(), "{now}");
        assert_eq!(but_for_identities(now), *was);
    }
}

/// Requirement 79's kind: leaving an identity out takes it away.
#[tokio::test]
async fn requirement_85_identities_of_others_stay_and_are_told() {
    let text = manifest(COMPUTES, TRAINING);
    let world = World::new(&text).await;
    let others: Vec<_> = ["one", "two", "three"].map(identity_id).to_vec();
    for id in &others {
        world.arm.put_identity(id.rsplit('/').next().expect("a name"), json!({})).await;
    }
    let identities: Value = others.iter().map(|id| (id.clone(), json!({}))).collect::<serde_json::Map<_, _>>().into();
    with_identity(&world, "train-cluster", json!({ "type": "UserAssigned", "userAssignedIdentities": identities }))
        .await;
    assert!(warned(&world.plan(&text).await.expect("a plan"), "`DEFAULT_IDENTITY_CLIENT_ID` may name any of them"));
    world.converge(&text).await;
    let there = on(&compute(&world, "train-cluster").await);
    assert!(
        there.len() == 4 && ["one", "two", "three"].iter().all(|name| there.contains(&(*name).to_owned())),
        "{there:?}"
    );
    world.revoke_all(&text).await.expect("a revoke");
    assert_eq!(on(&compute(&world, "train-cluster").await).len(), 3);
}

#[tokio::test]
async fn requirements_83_and_84_a_compute_that_can_t_have_it_is_told_before_anything_is_made() {
    let text = manifest(COMPUTES, TRAINING);
    let world = World::new(&text).await;
    with_identity(&world, "train-cluster", json!({ "type": "SystemAssigned" })).await;
    let error = world.plan(&text).await.expect_err("it has one of its own");
    assert!(said(&error).contains("a compute has either that or user-assigned ones"), "{}", said(&error));
    let missing = manifest("{ training: nowhere }", TRAINING);
    let world = World::new(&text).await;
    let error = world.plan(&missing).await.expect_err("it isn't there");
    assert!(said(&error).contains("there is no compute nowhere"), "{}", said(&error));
}

/// Requirement 103: Azure Machine Learning lets each compute pull from the registry of its workspace.
#[tokio::test]
async fn requirement_103_what_a_compute_s_own_images_take_is_no_drift() {
    let text = manifest(COMPUTES, TRAINING);
    let world = World::new(&text).await;
    world.converge(&text).await;
    let pulls = world.arm.assignments().await;
    let is_pull =
        |one: &&Value| one["properties"]["roleDefinitionId"].as_str().is_some_and(|id| id.ends_with(ACR_PULL));
    assert_eq!(pulls.iter().filter(is_pull).count(), 3, "the two clusters that are there, and this one");
    let plan = world.plan(&text).await.expect("a plan");
    assert!(plan.widened.is_empty(), "{:#?}", plan.widened);
    // On another registry it is.
    let identity = on(&compute(&world, "train-cluster").await).remove(0);
    let principal = world.arm.principal(&identity).await;
    let registry = format!("{GROUP}/providers/Microsoft.ContainerRegistry/registries/somebodys");
    world.arm.manage("put", json!({ "id": registry })).await;
    world.arm.assign(NAME, &registry, ACR_PULL, &principal, None).await;
    let plan = world.plan(&text).await.expect("a plan");
    assert_eq!(plan.widened.len(), 1, "{:#?}", plan.widened);
}

#[tokio::test]
async fn a_workload_on_another_compute_leaves_the_first_one() {
    let text = manifest(COMPUTES, TRAINING);
    let world = World::new(&text).await;
    world.converge(&text).await;
    let moved = manifest("{ training: score-cluster }", TRAINING);
    let plan = world.plan(&moved).await.expect("a plan");
    let of_kind = |action| {
        plan.changes.iter().filter(|change| change.id.kind == "compute-identity" && change.action == action).count()
    };
    assert_eq!((of_kind(Action::Create), of_kind(Action::Delete)), (1, 1));
    world.converge(&moved).await;
    assert!(on(&compute(&world, "train-cluster").await).is_empty());
    assert_eq!(on(&compute(&world, "score-cluster").await).len(), 1);
}

#[tokio::test]
async fn requirements_102_to_104_a_compute_that_may_not_pull_its_images_is_told_with_the_command() {
    let text = manifest(COMPUTES, TRAINING);
    let world = World::new(&text).await;
    world.converge(&text).await;
    assert!(!warned(&world.plan(&text).await.expect("a plan"), "may not pull from the registry"));
    // As if the registry had come later.
    let identity = on(&compute(&world, "train-cluster").await).remove(0);
    let principal = world.arm.principal(&identity).await;
    for one in world.arm.assignments().await {
        let is_pull = one["properties"]["roleDefinitionId"].as_str().is_some_and(|id| id.ends_with(ACR_PULL));
        if is_pull && one["properties"]["principalId"] == principal.as_str() {
            world.arm.manage("delete", json!({ "id": one["id"] })).await;
        }
    }
    let plan = world.plan(&text).await.expect("a plan");
    assert!(warned(&plan, "may not pull from the registry"), "{:#?}", plan.notes);
    assert!(
        warned(&plan, &format!("--assignee-object-id {principal}")) && warned(&plan, "--role AcrPull --scope /sub")
    );
    // As the command does, which is no widening.
    let registry = read_registry(&world).await;
    world.arm.assign(NAME, &registry, ACR_PULL, &principal, None).await;
    let plan = world.plan(&text).await.expect("a plan");
    assert!(!warned(&plan, "may not pull from the registry") && plan.widened.is_empty(), "{:#?}", plan.notes);
}

async fn read_registry(world: &World) -> String {
    let (_, there) = world.arm.send(Method::GET, &format!("{WORKSPACE}?api-version={VERSION}"), None).await;
    there["properties"]["containerRegistry"].as_str().expect("a registry").to_owned()
}

#[tokio::test]
async fn requirement_99_an_instance_that_stops_when_idle_is_warned_of() {
    let text = manifest("{ training: notebook }", TRAINING);
    let world = World::new(&text).await;
    for (idle, told) in [(None, false), (Some("PT30M"), true)] {
        let instance = json!({
            "location": "westeurope",
            "properties": {
                "computeType": "ComputeInstance",
                "properties": { "vmSize": "STANDARD_DS3_V2", "idleTimeBeforeShutdown": idle },
            },
        });
        world.arm.send(Method::DELETE, &format!("{}&underlyingResourceAction=Delete", path("notebook")), None).await;
        for _ in 0..100 {
            if world.arm.send(Method::GET, &path("notebook"), None).await.0 == 404 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        let (status, said) = world.arm.send(Method::PUT, &path("notebook"), Some(instance)).await;
        assert!(status.is_success(), "{said}");
        let plan = world.plan(&text).await.expect("a plan");
        assert_eq!(warned(&plan, "has Contributor on the workspace"), told, "{:#?}", plan.notes);
    }
}

/// The identity of the stack's that a compute has.
async fn identity_on(world: &World, name: &str) -> (String, Value) {
    let there = compute(world, name).await;
    let map = there["identity"]["userAssignedIdentities"].as_object().cloned().unwrap_or_default();
    map.into_iter().next().expect("an identity")
}

/// Jobs on the other compute would reach what was granted to this one's.
#[tokio::test]
async fn an_identity_of_the_stack_s_on_another_compute_of_its_is_drift_and_goes_with_a_revoke() {
    let text = manifest(COMPUTES, &format!("{EVERYWHERE}, {TRAINING}"));
    let world = World::new(&text).await;
    world.converge(&text).await;
    let (training, _) = identity_on(&world, "train-cluster").await;
    let (scoring, _) = identity_on(&world, "score-cluster").await;
    let both = json!({ "type": "UserAssigned", "userAssignedIdentities": { &training: {}, &scoring: {} } });
    with_identity(&world, "score-cluster", both.clone()).await;
    let plan = world.plan(&text).await.expect("a plan");
    let [change] = &plan.changes[..] else { panic!("{:#?}", plan.changes) };
    assert!(change.action == Action::Delete && change.id.name.starts_with("acme/score-cluster/"), "{change:#?}");
    assert!(!warned(&plan, "other user-assigned identities"), "it is no other's");
    world.converge(&text).await;
    assert_eq!(on(&compute(&world, "score-cluster").await), [scoring.rsplit('/').next().expect("a name")]);
    with_identity(&world, "score-cluster", both).await;
    world.revoke_all(&text).await.expect("a revoke");
    assert!(on(&compute(&world, "score-cluster").await).is_empty());
}

/// The tag is not the only memory: the manifest names the computes.
#[tokio::test]
async fn an_identity_whose_tag_is_gone_is_taken_off_its_compute_before_it_goes() {
    let text = manifest(COMPUTES, TRAINING);
    let world = World::new(&text).await;
    world.converge(&text).await;
    let (id, _) = identity_on(&world, "train-cluster").await;
    let at = format!("{id}?api-version=2023-01-31");
    for to in [None, Some(format!("{WORKSPACE}/computes/score-cluster"))] {
        let mut identity = world.arm.sure(Method::GET, &at, None).await;
        let tags = identity["tags"].as_object_mut().expect("tags");
        let unit = tags.keys().find(|key| key.ends_with(":unit")).expect("the compute's tag").clone();
        match to {
            None => drop(tags.remove(&unit)),
            Some(other) => drop(tags.insert(unit, other.into())),
        }
        let body = json!({ "location": identity["location"], "tags": identity["tags"] });
        world.arm.sure(Method::PUT, &at, Some(body)).await;
        world.revoke_all(&text).await.expect("a revoke");
        assert!(on(&compute(&world, "train-cluster").await).is_empty());
        world.converge(&text).await;
    }
}

/// Source: Azure documentation, "Managed identities for Azure resources FAQ".
#[tokio::test]
async fn an_identity_that_was_made_anew_is_put_on_again() {
    let text = manifest(COMPUTES, TRAINING);
    let world = World::new(&text).await;
    world.converge(&text).await;
    let (id, was) = identity_on(&world, "train-cluster").await;
    let at = format!("{id}?api-version=2023-01-31");
    let identity = world.arm.sure(Method::GET, &at, None).await;
    world.arm.send(Method::DELETE, &at, None).await;
    let body = json!({ "location": identity["location"], "tags": identity["tags"] });
    world.arm.sure(Method::PUT, &at, Some(body)).await;
    assert_eq!(identity_on(&world, "train-cluster").await.1, was, "the compute has the one that is gone");
    assert!(warned(&world.plan(&text).await.expect("a plan"), "which is another principal"));
    world.converge(&text).await;
    let (_, is) = identity_on(&world, "train-cluster").await;
    let identity = world.arm.sure(Method::GET, &at, None).await;
    assert_eq!(is["principalId"], identity["properties"]["principalId"]);
    assert_ne!(is, was);
}

#[tokio::test]
async fn a_compute_in_another_case_is_the_same() {
    let text = manifest(COMPUTES, TRAINING);
    let world = World::new(&text).await;
    world.converge(&text).await;
    let other = manifest(&COMPUTES.replace("train-cluster", "Train-Cluster"), TRAINING);
    let plan = world.plan(&other).await.expect("a plan");
    let on_computes: Vec<_> = plan.changes.iter().filter(|change| change.id.kind == "compute-identity").collect();
    assert!(on_computes.is_empty(), "{on_computes:#?}");
    world.converge(&other).await;
    assert_eq!(on(&compute(&world, "train-cluster").await).len(), 1);
}

/// Azure takes identities only with all the rest, and gives nobody the rest's secrets.
#[tokio::test]
async fn what_a_write_can_t_repeat_is_told_where_there_is_one_to_make() {
    let text = manifest(COMPUTES, TRAINING);
    let world = World::new(&text).await;
    let told = "the write can't repeat the password or key in `userAccountCredentials`";
    assert!(!warned(&world.plan(&text).await.expect("a plan"), told));
    let mut there = compute(&world, "train-cluster").await;
    there["properties"]["properties"]["userAccountCredentials"] =
        json!({ "adminUserName": "ann", "adminUserPassword": "Sup3rS3cret!" });
    world.arm.send(Method::DELETE, &format!("{}&underlyingResourceAction=Delete", path("train-cluster")), None).await;
    for _ in 0..100 {
        let (status, _) = world.arm.send(Method::PUT, &path("train-cluster"), Some(there.clone())).await;
        if status.is_success() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    for _ in 0..100 {
        if compute(&world, "train-cluster").await["properties"]["provisioningState"] == "Succeeded" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(warned(&world.plan(&text).await.expect("a plan"), told));
    world.converge(&text).await;
    assert!(!warned(&world.plan(&text).await.expect("a plan"), told), "nothing is to be written");
}

/// The nodes of whatever cluster is in the group are nobody of the workspace's.
#[tokio::test]
async fn registries_are_for_nodes_and_a_workspace_has_none() {
    let text =
        manifest(COMPUTES, TRAINING) + "registries: [{ name: base, access: pull, azure: acmebase.azurecr.io }]\n";
    let error = World::new(&manifest(COMPUTES, TRAINING)).await.plan(&text).await.expect_err("no nodes");
    assert!(said(&error).contains("has no nodes that pull for its workloads"), "{}", said(&error));
    assert!(said(&error).contains("grant `pull` to the workloads"), "{}", said(&error));
}
