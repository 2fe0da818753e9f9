//! Limited administrators: what the conditions of their own roles refuse is told while planning, and only that.

use cloudgrant_core::{Level, Plan, Purpose, Report, Silent};
use reqwest::Method;
use serde_json::{Value, json};

use crate::arm::{SUBSCRIPTION, container};
use crate::world::{Runs, World, flyte, said};

const A: &str = "Microsoft.Authorization/roleAssignments";
const ADMINISTRATOR: &str = "f58310d9-a9f6-439a-9e8d-f62e7b41a168";
const CONTRIBUTOR: &str = "b24988ac-6180-42a0-ab88-20f7382dd24c";
const OWNER: &str = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";
const READER: &str = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1";
const SECRETS: &str = "4633458b-17de-408a-b874-0445c86b69e6";
const PULL: &str = "7f951dda-4ed3-4680-a7ca-43fe172d538d";

/// A container, a secret and a registry, for the platform's identity and one of the stack's own.
fn text() -> String {
    flyte(
        "registries: [{ name: base, access: pull, azure: acmeimages.azurecr.io/team/base }]
grants:
  - { name: all, scope: global, access: { models: read } }
  - { name: production, scope: { domain: production }, access: { token: read, models: read } }
",
    )
}

/// The documented form of such conditions.
fn guarded(expression: &str) -> String {
    let part = |action: &str, source: &str| {
        let expression = expression.replace("@?", &format!("@{source}")).replace("%A", A);
        format!("((!(ActionMatches{{'{A}/{action}'}})) OR ({expression}))")
    };
    format!("{} AND {}", part("write", "Request"), part("delete", "Resource"))
}

/// The object ID of whoever runs cloudgrant.
async fn caller(world: &World) -> String {
    let all = world.arm.assignments().await;
    let owner = all.iter().find(|one| one["properties"]["scope"] == SUBSCRIPTION).expect("an owner");
    owner["properties"]["principalId"].as_str().expect("an id").to_owned()
}

pub(crate) async fn give(world: &World, role: &str, principal: &str, condition: Option<&str>) {
    let name = format!("99999999-0000-0000-0000-{}", &role[24..]);
    let properties = json!({
        "roleDefinitionId": format!("{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{role}"),
        "principalId": principal,
        "condition": condition,
        "conditionVersion": condition.map(|_| "2.0"),
    });
    let id = format!("{SUBSCRIPTION}/providers/{A}/{name}");
    world.arm.manage("put", json!({ "id": id, "properties": properties })).await;
}

/// Takes the caller's role away, which can do everything.
pub(crate) async fn depose(world: &World) -> String {
    let caller = caller(world).await;
    for one in world.arm.assignments().await {
        if one["properties"]["principalId"] == caller.as_str() {
            world.arm.manage("delete", json!({ "id": one["id"] })).await;
        }
    }
    caller
}

/// Makes the role of a document that is printed for the Azure CLI. Answers with its name.
pub(crate) async fn define(world: &World, role: &Value) -> String {
    let custom = "77777777-0000-0000-0000-000000000001";
    let properties = json!({
        "roleName": role["Name"],
        "permissions": [{
            "actions": role["Actions"], "notActions": role["NotActions"],
            "dataActions": role["DataActions"], "notDataActions": role["NotDataActions"],
        }],
        "assignableScopes": role["AssignableScopes"],
    });
    let id = format!("{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{custom}");
    world.arm.manage("put", json!({ "id": id, "properties": properties })).await;
    custom.to_owned()
}

/// In its place, what makes everything but role assignments, and those under a condition.
async fn limit(world: &World, condition: &str) -> String {
    let caller = depose(world).await;
    give(world, CONTRIBUTOR, &caller, None).await;
    give(world, ADMINISTRATOR, &caller, Some(condition)).await;
    caller
}

fn told(plan: &Plan) -> Vec<&str> {
    let ours = plan.notes.iter().filter(|note| note.about == "the caller" && note.level == Level::Warning);
    ours.map(|note| note.message.as_str()).collect()
}

/// What is told is refused, and what is made wasn't told. An apply begins nothing new after a failure, so that one says
/// nothing of the rest.
fn agrees(plan: &Plan, report: &Report, expected: usize) {
    let message = told(plan).join("\n");
    let is_told = |name: &str| message.contains(&format!("{name} (role "));
    for failed in &report.failed {
        let name = &failed.change.id.name;
        assert!(said(&failed.error).contains("limited administrator"), "{}", said(&failed.error));
        assert!(is_told(name), "{name} failed, and wasn't told: {message}");
    }
    for applied in &report.applied {
        let name = &applied.change.id.name;
        assert!(!is_told(name), "{name} was made, and was told: {message}");
    }
    assert_eq!(message.matches(" (role ").count(), expected, "{message}");
    assert_eq!(report.failed.is_empty(), expected == 0, "{report:#?}");
    if expected > 0 {
        assert!(message.contains("Role Based Access Control Administrator on /subscriptions/"), "{message}");
        assert!(!message.contains("can't be told"), "{message}");
    }
}

async fn tells_what_fails(condition: &str, expected: usize) {
    let world = World::new(&text()).await;
    let caller = limit(&world, condition).await;
    let plan = world.plan(&text()).await.expect("a plan");
    agrees(&plan, &world.apply(&text()).await.expect("a report"), expected);
    // And so it is when it is taken away.
    give(&world, OWNER, &caller, None).await;
    world.converge(&text()).await;
    limit(&world, condition).await;
    let engine = world.session(&text()).await.expect("a session").engine_without(None).expect("an engine");
    let plan = engine.plan(&Silent).await.expect("a plan");
    agrees(&plan, &world.revoke_all(&text()).await.expect("a report"), expected);
}

#[tokio::test]
async fn constrained_roles() {
    let roles = |roles: &str| guarded(&format!("@?[%A:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{roles}}}"));
    tells_what_fails(&roles(&format!("{READER}, {SECRETS}, {PULL}")), 0).await;
    tells_what_fails(&roles(READER), 2).await;
}

#[tokio::test]
async fn constrained_roles_and_principal_types() {
    let types = |types: &str| {
        guarded(&format!(
            "@?[%A:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{READER}, {SECRETS}, {PULL}}} AND \
             @?[%A:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {{{types}}}"
        ))
    };
    tells_what_fails(&types("'User', 'Group'"), 4).await;
    tells_what_fails(&types("'ServicePrincipal'"), 0).await;
}

#[tokio::test]
async fn constrained_roles_and_principals() {
    let world = World::new(&text()).await;
    let tasks = world.arm.principal("flyte-tasks").await;
    let condition = guarded(&format!(
        "@?[%A:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{READER}, {SECRETS}}} AND @?[%A:PrincipalId] \
         ForAnyOfAnyValues:GuidEquals {{{tasks}}}"
    ));
    limit(&world, &condition).await;
    let plan = world.plan(&text()).await.expect("a plan");
    let message = told(&plan).join("\n");
    // The stack's own identity isn't there yet; the node pool's isn't named.
    assert_eq!(message.matches("a principal that isn't there yet").count(), 2, "{message}");
    assert_eq!(message.matches(PULL).count(), 1, "{message}");
    assert!(!message.contains("flyte-tasks"), "{message}");
    // Once it is named, nothing is said of it.
    let identities = world.arm.identities().await;
    let kubelet = identities.iter().find(|one| one["name"].as_str().is_some_and(|name| name.contains("agentpool")));
    let kubelet = kubelet.expect("the node pool's")["properties"]["principalId"].as_str().expect("an id").to_owned();
    let condition = condition.replace(&tasks, &format!("{tasks}, {kubelet}")).replace(SECRETS, PULL);
    limit(&world, &condition).await;
    let plan = world.plan(&text()).await.expect("a plan");
    assert!(!told(&plan).join("\n").contains(PULL), "{:#?}", told(&plan));
}

#[tokio::test]
async fn all_roles_but_some() {
    let except = |roles: &str| guarded(&format!("@?[%A:RoleDefinitionId] ForAnyOfAllValues:GuidNotEquals {{{roles}}}"));
    tells_what_fails(&except(&format!("{OWNER}, {ADMINISTRATOR}")), 0).await;
    tells_what_fails(&except(&format!("{OWNER}, {SECRETS}")), 1).await;
}

#[tokio::test]
async fn what_cannot_be_told_is_said_to_be_so() {
    let world = World::new(&text()).await;
    let condition = guarded(&format!(
        "@?[%A:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{READER}, {PULL}}} AND @Environment[UtcNow] \
         DateTimeGreaterThan '2020-01-01T00:00:00.0Z'"
    ));
    limit(&world, &condition).await;
    let plan = world.plan(&text()).await.expect("a plan");
    let messages = told(&plan);
    let [unclear, certain] = messages.as_slice() else { panic!("{messages:#?}") };
    assert!(unclear.contains("can't be told") && unclear.matches(READER).count() == 2, "{unclear}");
    assert!(certain.contains("Azure will refuse to write") && certain.contains(SECRETS), "{certain}");
}

#[tokio::test]
async fn another_right_of_the_caller_s_counts_as_well_and_so_do_those_of_its_groups() {
    let condition = guarded(&format!("@?[%A:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{READER}}}"));
    let world = World::new(&text()).await;
    let caller = limit(&world, &condition).await;
    // Somebody else's rights are of no use to the caller.
    give(&world, OWNER, "11111111-2222-3333-4444-555555555555", None).await;
    assert!(!told(&world.plan(&text()).await.expect("a plan")).is_empty());
    let group = "11111111-2222-3333-4444-555555555556";
    world.arm.manage("put", json!({ "principal": { "id": group, "type": "Group", "members": [caller] } })).await;
    give(&world, OWNER, group, None).await;
    let plan = world.plan(&text()).await.expect("a plan");
    assert!(told(&plan).is_empty(), "{:#?}", told(&plan));
    world.converge(&text()).await;
}

#[tokio::test]
async fn nobody_s_condition_costs_nothing() {
    let world = World::new(&text()).await;
    let requests = async || {
        let before = world.running().counts().by_action.get("Microsoft.Authorization/roleAssignments/read").copied();
        world.plan(&text()).await.expect("a plan");
        let after = world.running().counts().by_action.get("Microsoft.Authorization/roleAssignments/read").copied();
        after.unwrap_or_default() - before.unwrap_or_default()
    };
    assert_eq!(requests().await, 1);
    let condition = guarded(&format!("@?[%A:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{READER}}}"));
    limit(&world, &condition).await;
    assert_eq!(requests().await, 2);
}

/// All that a manifest can come to: an identity of its own, every kind of resource, custom roles, another subscription.
fn broad(tail: &str) -> String {
    let there = "/subscriptions/00000000-0000-0000-0000-0000000000cc/resourceGroups/data/providers";
    flyte(&format!(
        "  far: {{ azure: {there}/Microsoft.Storage/storageAccounts/otherdata/blobServices/default/containers/inputs/blobs/y/ }}
registries: [{{ name: base, access: pull, azure: acmeimages.azurecr.io/team/base }}]
{tail}"
    ))
}

fn before() -> String {
    broad(
        "grants:
  - { name: all, scope: global, access: { models: read, data: write, far: read-write } }
  - { name: production, scope: { domain: production }, access: { token: read, models: read-write, images: push } }
  - { name: narrow, scope: { domain: development }, access: { models: write, data: manage }, precise: true }
",
    )
}

/// The same with less, and with more of what is there already.
fn after() -> String {
    broad(
        "grants:
  - { name: all, scope: global, access: { models: read, data: write, more: write, far: read-write } }
  - { name: narrow, scope: { domain: development }, access: { models: write, token: read }, precise: true }
",
    )
}

#[tokio::test]
async fn a_deployer_with_what_is_printed_runs_the_manifest_and_assigns_nothing_else() {
    let world = World::new(&before()).await;
    let session = world.session(&before()).await.expect("a session");
    let printed = session.provider().permissions(session.intents(), Purpose::Apply);
    let [role, administrator] = printed.as_slice() else { panic!("{printed:#?}") };
    let (role, administrator) = (&role.document, &administrator.document);
    let caller = depose(&world).await;
    for one in world.arm.assignments_of("00000000-0000-0000-0000-0000000000cc").await {
        world.arm.manage("delete", json!({ "id": one["id"] })).await;
    }
    let custom = define(&world, role).await;
    let custom = custom.as_str();
    let scopes: Vec<_> =
        role["AssignableScopes"].as_array().expect("scopes").iter().filter_map(Value::as_str).collect();
    assert_eq!(scopes.len(), 2, "{scopes:?}");
    for (n, scope) in scopes.iter().enumerate() {
        let at = |role: &str, condition: &Value| {
            let id = format!("{scope}/providers/{A}/88888888-000{n}-0000-0000-{}", &role[24..]);
            let definition = format!("{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{role}");
            let version = condition.as_str().map(|_| "2.0");
            json!({ "id": id, "properties": {
                "roleDefinitionId": definition, "principalId": caller, "condition": condition, "conditionVersion": version,
            }})
        };
        world.arm.manage("put", at(custom, &Value::Null)).await;
        assert_eq!(administrator["roleDefinitionId"], ADMINISTRATOR);
        world.arm.manage("put", at(ADMINISTRATOR, &administrator["condition"])).await;
    }
    let nobody = |plan: &Plan| assert!(told(plan).is_empty(), "{:#?}", told(plan));
    nobody(&world.plan(&before()).await.expect("a plan"));
    world.converge(&before()).await;
    assert_eq!(world.arm.custom_roles().await.len(), 4 + 1);
    nobody(&world.plan(&after()).await.expect("a plan"));
    let changed = world.converge(&after()).await;
    assert!(changed.summary().delete > 3 && changed.summary().create > 0, "{:?}", changed.summary());
    refuses_all_else(&world, &caller).await;
    let revoked = world.revoke_all(&after()).await.expect("revoked");
    assert!(revoked.is_success(), "{revoked:#?}");
    assert_eq!(world.arm.custom_roles().await.len(), 1);
}

/// No role but the manifest's, and none to people.
async fn refuses_all_else(world: &World, caller: &str) {
    let tasks = world.arm.principal("flyte-tasks").await;
    let user = "11111111-2222-3333-4444-555555555557";
    world.arm.manage("put", json!({ "principal": { "id": user, "type": "User" } })).await;
    let at = [SUBSCRIPTION.to_owned(), container("acmemodels", "models")];
    let asked = [
        (OWNER, tasks.as_str(), "ServicePrincipal"),
        (CONTRIBUTOR, tasks.as_str(), "ServicePrincipal"),
        (ADMINISTRATOR, caller, "ServicePrincipal"),
        ("18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", caller, "ServicePrincipal"),
        ("b7e6dc6d-f1e8-4753-8033-0f276bb0955b", tasks.as_str(), "ServicePrincipal"),
        (READER, user, "User"),
    ];
    for (n, (role, principal, kind)) in asked.into_iter().enumerate() {
        for scope in &at {
            let definition = format!("{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{role}");
            let body = json!({ "properties": {
                "roleDefinitionId": definition, "principalId": principal, "principalType": kind,
            }});
            let path = format!("{scope}/providers/{A}/12345678-0000-0000-0000-00000000000{n}?api-version=2022-04-01");
            let (status, answer) = world.arm.send(Method::PUT, &path, Some(body)).await;
            assert_eq!(status, 403, "{role} to {principal} on {scope}: {answer}");
        }
    }
    // Nor does it take away what others gave.
    give(world, "acdd72a7-3385-48ef-bd42-f606fba81ae7", &tasks, None).await;
    let theirs = format!("{SUBSCRIPTION}/providers/{A}/99999999-0000-0000-0000-f606fba81ae7?api-version=2022-04-01");
    let (status, answer) = world.arm.send(Method::DELETE, &theirs, None).await;
    assert_eq!(status, 403, "{answer}");
}
