//! What somebody changed in the stack's own objects so that they reach more: whoever looks for drift is told of it first, and an
//! apply puts it back.

use cloudgrant_core::{Action, Plan, Silent};
use reqwest::Method;
use serde_json::{Value, json};

use crate::arm::identity_id;
use crate::world::{Runs, World, flyte};

const IDENTITY: &str = "cloudgrant_tests_production";

fn manifest() -> String {
    flyte("grants: [{ name: prod, scope: { domain: production }, access: { data: read, more: write } }]")
}

async fn looked(world: &World) -> Plan {
    let session = world.session(&manifest()).await.expect("a session");
    session.provider().look_again();
    session.engine().only_looking().plan(&Silent).await.expect("a plan")
}

/// Changes something of the stack's own, with the tools of its cloud.
async fn edit(world: &World, path: &str, version: &str, change: impl Fn(&mut Value)) {
    let path = format!("{path}?api-version={version}");
    let mut body = world.arm.sure(Method::GET, &path, None).await;
    change(&mut body["properties"]);
    world.arm.sure(Method::PUT, &path, Some(json!({ "properties": body["properties"] }))).await;
}

/// Says what has to be told of the one object, and that an apply mends it.
async fn is_told(world: &World, kind: &str, expected: Option<&str>) {
    let plan = looked(world).await;
    let changed: Vec<_> = plan.work().map(|change| (change.action, change.id.kind)).collect();
    assert_eq!(changed, [(Action::Update, kind)], "{expected:?}: {:#?}", plan.changes);
    let told: Vec<_> = plan.widened.iter().map(|one| (one.object.kind, one.what.as_str())).collect();
    match expected {
        None => assert!(told.is_empty(), "{told:#?}"),
        Some(what) => {
            assert!(told.len() == 1 && told[0].0 == kind && told[0].1.contains(what), "{what}: {told:#?}");
            // Of an edit in the cloud and one of the manifest, the cloud looks the same.
            assert!(
                told[0].1.ends_with("; or the manifest asked for it before, and was not applied since"),
                "{told:#?}"
            );
            assert_eq!(plan.widened[0].remedy, "cloudgrant apply");
        }
    }
    // To whoever applies, it is a change.
    assert!(world.plan(&manifest()).await.expect("a plan").widened.is_empty());
    world.converge(&manifest()).await;
    let plan = looked(world).await;
    assert!(plan.is_empty() && plan.widened.is_empty(), "{expected:?}: {plan:#?}");
}

#[tokio::test]
async fn a_condition_that_lets_more_through_is_told_first() {
    let world = World::new(&manifest()).await;
    world.converge(&manifest()).await;
    let all = world.arm.assignments().await;
    let principal = world.arm.principal(IDENTITY).await;
    let of = |prefix: &str| {
        let is_it = |one: &&Value| {
            let condition = one["properties"]["condition"].as_str().unwrap_or_default();
            one["properties"]["principalId"] == principal.as_str() && condition.contains(prefix)
        };
        all.iter().find(is_it).and_then(|one| one["id"].as_str()).expect("it is there").to_owned()
    };
    let (read, write) = (of("raw/"), of("more/"));
    let with = |from: &str, to: &str| {
        let (from, to) = (from.to_owned(), to.to_owned());
        move |it: &mut Value| it["condition"] = it["condition"].as_str().expect("one").replace(&from, &to).into()
    };
    let out = |it: &mut Value| {
        it["condition"] = Value::Null;
        it["conditionVersion"] = Value::Null;
    };
    for id in [&read, &write] {
        edit(&world, id, "2022-04-01", out).await;
        is_told(&world, "role-assignment", Some("is there without the condition")).await;
    }
    edit(&world, &read, "2022-04-01", with("'raw/'", "'r'")).await;
    is_told(&world, "role-assignment", Some("also lets task code read `r`, list `r`")).await;
    edit(&world, &write, "2022-04-01", with("'more/'", "'m'")).await;
    is_told(&world, "role-assignment", Some("also lets task code write `m`")).await;
    edit(&world, &read, "2022-04-01", with("StringStartsWith 'raw/'", "StringLike '*'")).await;
    is_told(&world, "role-assignment", Some("also lets task code read everything, list everything")).await;
    edit(&world, &read, "2022-04-01", with("StringStartsWith 'raw/'", "StringLike '*.csv'")).await;
    is_told(
        &world,
        "role-assignment",
        Some("another condition, which this stack did not write, so that nobody can tell"),
    )
    .await;
    // What is narrower is a change, however somebody wrote it.
    edit(&world, &read, "2022-04-01", with("'raw/'", "'raw/part/'")).await;
    is_told(&world, "role-assignment", None).await;
    edit(&world, &read, "2022-04-01", with("StringStartsWith 'raw/'", "StringLike 'raw/*.csv'")).await;
    is_told(&world, "role-assignment", None).await;
    let also = |it: &mut Value| {
        let condition = it["condition"].as_str().expect("one");
        let path = "@Resource[Microsoft.Storage/storageAccounts/blobServices/containers/blobs:path]";
        it["condition"] = format!("({condition}) AND ({path} StringNotStartsWith 'raw/secret/')").into();
    };
    edit(&world, &read, "2022-04-01", also).await;
    is_told(&world, "role-assignment", None).await;
}

#[tokio::test]
async fn a_custom_role_that_allows_more_is_told_first() {
    let world = World::new(&manifest()).await;
    world.converge(&manifest()).await;
    let roles = world.arm.custom_roles().await;
    let [role] = roles.as_slice() else { panic!("{roles:#?}") };
    let id = role["id"].as_str().expect("an ID");
    let blobs = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs";
    let delete = format!("{blobs}/delete");
    let adding = |key: &'static str, action: &str| {
        let action = action.to_owned();
        move |it: &mut Value| it["permissions"][0][key].as_array_mut().expect("a list").push(action.clone().into())
    };
    edit(&world, id, "2022-04-01", adding("dataActions", &delete)).await;
    is_told(&world, "custom-role", Some(&format!("also allows {delete}"))).await;
    edit(&world, id, "2022-04-01", adding("actions", "Microsoft.Storage/*/read")).await;
    is_told(&world, "custom-role", Some("also allows Microsoft.Storage/*/read")).await;
    edit(&world, id, "2022-04-01", adding("notDataActions", &format!("{blobs}/write"))).await;
    is_told(&world, "custom-role", None).await;
}

#[tokio::test]
async fn a_federated_credential_that_trusts_somebody_else_is_told_first() {
    let world = World::new(&manifest()).await;
    world.converge(&manifest()).await;
    let credentials = world.arm.credentials(IDENTITY).await;
    let name = credentials[0]["name"].as_str().expect("a name");
    let id = format!("{}/federatedIdentityCredentials/{name}", identity_id(IDENTITY));
    for (key, value) in [
        ("subject", json!("system:serviceaccount:kube-system:default")),
        ("issuer", json!("https://x.example/")),
        ("audiences", json!(["api://x"])),
    ] {
        edit(&world, &id, "2023-01-31", |it| it[key] = value.clone()).await;
        is_told(&world, "federated-credential", Some("trusts the subject ")).await;
    }
    // Nor does it hide behind other tags, which keep the identity from being compared.
    world.arm.put_identity(IDENTITY, json!({})).await;
    assert!(looked(&world).await.widened.is_empty());
    edit(&world, &id, "2023-01-31", |it| it["issuer"] = "https://x.example/".into()).await;
    let plan = looked(&world).await;
    let [told] = plan.widened.as_slice() else { panic!("{:#?}", plan.widened) };
    assert!(told.what.contains("of https://x.example/ (audience"), "{}", told.what);
    assert!(told.remedy.starts_with("az identity federated-credential delete"), "{}", told.remedy);
}

/// What a role is for is in its name: nothing that keeps the manifest from being compared hides what else it allows.
#[tokio::test]
async fn a_custom_role_that_allows_more_is_told_where_nothing_else_can_be_compared() {
    let world = World::new(&manifest()).await;
    world.converge(&manifest()).await;
    let roles = world.arm.custom_roles().await;
    let id = roles[0]["id"].as_str().expect("an ID");
    world.arm.turn("deny=Microsoft.Storage/storageAccounts:read").await;
    let plan = looked(&world).await;
    assert!(!plan.is_compared && plan.widened.is_empty(), "{:#?}", plan.widened);
    edit(&world, id, "2022-04-01", |it| it["permissions"][0]["actions"] = json!(["*"])).await;
    let plan = looked(&world).await;
    let [told] = plan.widened.as_slice() else { panic!("{:#?}", plan.widened) };
    assert!(told.object.kind == "custom-role" && told.what.contains("also allows *,"), "{told:?}");
    assert!(!plan.is_compared && plan.has_drift());
}

/// Anybody can copy the stack's mark. What no stack gives, and whom the manifest knows no cluster of, it hides neither where all can be
/// compared nor where nothing can.
#[tokio::test]
async fn a_copied_mark_hides_nothing() {
    const OWNER: &str = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";
    let world = World::new(&manifest()).await;
    world.converge(&manifest()).await;
    let all = world.arm.assignments().await;
    let ours = all.iter().find(|one| one["properties"]["description"].is_string()).expect("one of the stack's");
    let subscription = ours["properties"]["scope"].as_str().expect("a scope").split('/').take(3).collect::<Vec<_>>();
    let subscription = subscription.join("/");
    let copied = json!({
        "id": format!("{subscription}/providers/Microsoft.Authorization/roleAssignments/00000000-0000-0000-0000-0000000000e1"),
        "properties": {
            "roleDefinitionId": format!("{subscription}/providers/Microsoft.Authorization/roleDefinitions/{OWNER}"),
            "principalId": ours["properties"]["principalId"],
            "principalType": "ServicePrincipal",
            "scope": subscription,
            "description": ours["properties"]["description"],
        },
    });
    let name = format!("{}x", world.arm.credentials(IDENTITY).await[0]["name"].as_str().expect("a name"));
    let credential = format!("{}/federatedIdentityCredentials/{name}?api-version=2023-01-31", identity_id(IDENTITY));
    let stranger = json!({ "properties": {
        "issuer": "https://token.actions.githubusercontent.com",
        "subject": "repo:somebody/else:ref:refs/heads/main",
        "audiences": ["api://AzureADTokenExchange"],
    } });
    world.arm.manage("put", copied).await;
    world.arm.sure(Method::PUT, &credential, Some(stranger)).await;
    for fault in ["", "deny=Microsoft.Storage/storageAccounts:read"] {
        if !fault.is_empty() {
            world.arm.turn(fault).await;
        }
        let plan = looked(&world).await;
        assert_eq!(plan.is_compared, fault.is_empty(), "{plan:#?}");
        for what in ["has the role Owner on ", "trusts the subject repo:somebody/else:"] {
            let told: Vec<_> = plan.widened.iter().filter(|one| one.what.contains(what)).collect();
            assert!(told.len() == 1 && told[0].object.kind == "managed-identity", "{fault}: {:#?}", plan.widened);
        }
        assert_eq!(plan.widened.len(), 2, "{fault}: {:#?}", plan.widened);
    }
}
