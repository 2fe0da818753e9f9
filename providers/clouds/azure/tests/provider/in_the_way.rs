//! Something of somebody else's in the place of what one grant needs, something of ours that nobody can tell from theirs, or
//! something that the caller may not do: whoever takes another grant away goes past it.

use cloudgrant_core::{Action, Approval, Cancel, Error, ErrorKind, Level, Note, Plan, Silent};
use reqwest::Method;
use serde_json::{Value, json};

use crate::arm::container;
use crate::world::{Runs, World, flyte, said, union};

const READER: &str = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1";
const THEIRS: &str = "12345678-1234-1234-1234-123456789012";
const PRODUCTION: &str = "cloudgrant_tests_production";

fn two_domains() -> String {
    flyte(
        "grants:\n\
         - { name: prod, scope: { domain: production }, access: { models: read } }\n\
         - { name: also, scope: { domain: production }, access: { token: read } }\n\
         - { name: dev, scope: { domain: development }, access: { data: read } }",
    )
}

/// Takes grants away, and answers with the plan.
async fn revoke(world: &World, text: &str, grants: &[&str]) -> Plan {
    let grants: Vec<_> = grants.iter().map(|&grant| grant.to_owned()).collect();
    let engine = world.session(text).await.expect("a session").engine_without(Some(&grants)).expect("they are listed");
    let plan = engine.plan(&Silent).await.unwrap_or_else(|error| panic!("{grants:?}: {error:?}"));
    let report = engine.apply(plan.clone().approve(Approval::InAdvance), &Silent, &Cancel::default()).await;
    let report = report.unwrap_or_else(|error| panic!("{grants:?}: {error:?}"));
    assert!(report.is_success(), "{grants:?}: {report:#?}");
    plan
}

/// What somebody sees of an identity: its tags, whom it trusts, and its roles.
async fn all_of(world: &World, identity: &str) -> Value {
    let identities = world.arm.identities().await;
    let there = identities.into_iter().find(|one| one["name"] == identity).expect("it is there");
    let principal = there["properties"]["principalId"].clone();
    let assignments = world.arm.assignments().await;
    let assignments = assignments.into_iter().filter(|one| one["properties"]["principalId"] == principal);
    json!([there, world.arm.credentials(identity).await, assignments.collect::<Vec<_>>()])
}

fn told<'a>(plan: &'a Plan, about: &str) -> Vec<&'a str> {
    plan.notes.iter().filter(|note| note.about == about).map(|note| note.message.as_str()).collect()
}

#[tokio::test]
async fn an_identity_without_its_tags_is_in_the_way_of_its_own_grants_alone() {
    let text = two_domains();
    let world = World::new(&text).await;
    world.converge(&text).await;
    world.arm.put_identity(PRODUCTION, json!({ "x": "y" })).await;
    let before = all_of(&world, PRODUCTION).await;
    let error = format!("{:?}", world.plan(&text).await.expect_err("it is in the way"));
    assert!(error.contains("grant prod, grant also") && !error.contains("grant dev"), "{error}");
    let plan = revoke(&world, &text, &["dev"]).await;
    assert!(plan.stays.is_empty() && told(&plan, "grant prod").is_empty(), "{plan:#?}");
    let deleted: Vec<_> = plan.changes.iter().map(|change| change.id.name.as_str()).collect();
    assert!(deleted.len() == 2 && deleted.iter().all(|name| name.contains("development")), "{deleted:?}");
    assert_eq!(all_of(&world, PRODUCTION).await, before);
    // One of its own grants: what that gave goes, and nothing else of it.
    let plan = revoke(&world, &text, &["also"]).await;
    assert_eq!(plan.changes.len(), 1, "{:#?}", plan.changes);
    let [note] = told(&plan, "grant also")[..] else { panic!("{:#?}", plan.notes) };
    assert!(note.contains(PRODUCTION) && note.ends_with("it is left as it is"), "{note}");
    let after = all_of(&world, PRODUCTION).await;
    assert_eq!((&after[0], &after[1], after[2].as_array().map(Vec::len)), (&before[0], &before[1], Some(1)));
    // All of them: the identity is told.
    let plan = revoke(&world, &text, &["prod", "also"]).await;
    let [stays] = plan.stays.as_slice() else { panic!("{:#?}", plan.stays) };
    assert!(stays.object.name == PRODUCTION && stays.reason.contains("az tag update"), "{stays:#?}");
    assert_eq!(told(&plan, "grant prod"), [""; 0], "told once");
    let after = all_of(&world, PRODUCTION).await;
    assert_eq!((&after[0], &after[1], &after[2]), (&before[0], &before[1], &json!([])));
}

/// Twenty service accounts to an identity: those of one that can't be told from somebody else's stay there.
#[tokio::test]
async fn nothing_moves_away_from_an_identity_without_its_tags() {
    let projects: Vec<_> = (0..25).map(|n| format!("project-{n:02}")).collect();
    let text = two_domains().replace("[forecasting, vision]", &format!("[{}]", projects.join(", ")));
    let world = World::new(&text).await;
    world.converge(&text).await;
    // There is room for those of the second one on the first one then.
    let fewer = text.replace(&projects.join(", "), &projects[10..].join(", "));
    world.converge(&fewer).await;
    world.arm.put_identity(&format!("{PRODUCTION}_2"), json!({ "x": "y" })).await;
    let error = world.plan(&fewer).await.expect_err("it is in the way");
    assert!(error.kind() == ErrorKind::Conflict && said(&error).contains("az tag update"), "{error:?}");
}

#[tokio::test]
async fn an_assignment_of_others_with_another_condition_is_in_the_way_of_its_own_grant_alone() {
    let text = union(
        "grants:\n\
         - { name: blocked, scope: global, access: { models: read } }\n\
         - { name: other, scope: global, access: { data: read } }",
    );
    let world = World::new(&text).await;
    let other = text.replace("- { name: blocked, scope: global, access: { models: read } }\n", "");
    world.converge(&other).await;
    let principal = world.arm.principal("flyteuser-acme").await;
    let condition =
        "@Resource[Microsoft.Storage/storageAccounts/blobServices/containers/blobs:path] StringStartsWith 'x/'";
    let condition = format!(
        "((!(ActionMatches{{'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read'}})) OR ({condition}))"
    );
    world.arm.assign(THEIRS, &container("acmemodels", "models"), READER, &principal, Some(&condition)).await;
    let error = world.plan(&text).await.expect_err("in the way");
    let all = format!("{error:?}");
    assert!(error.kind() == ErrorKind::Conflict && all.contains("grant blocked"), "{all}");
    let plan = revoke(&world, &text, &["blocked"]).await;
    assert!(plan.is_empty() && !told(&plan, "grant blocked").is_empty(), "{plan:#?}");
    let plan = revoke(&world, &text, &["other"]).await;
    assert_eq!(plan.changes.len(), 1, "{:#?}", plan.changes);
    let left = world.arm.assignments().await;
    let left: Vec<_> = left.iter().filter(|one| one["properties"]["principalId"] == principal.as_str()).collect();
    assert!(left.len() == 1 && left[0]["name"] == THEIRS, "{left:#?}");
}

fn with_a_role() -> String {
    flyte(
        "grants:\n\
         - { name: exact, scope: { domain: production }, precise: true, access: { models: write } }\n\
         - { name: dev, scope: { domain: development }, access: { data: read } }",
    )
}

/// As the portal does it.
async fn rename(world: &World, role: &Value, name: &str, description: &str) {
    let mut properties = role["properties"].clone();
    (properties["roleName"], properties["description"]) = (name.into(), description.into());
    let path = format!("{}?api-version=2022-04-01", role["id"].as_str().expect("an id"));
    let (status, answer) = world.arm.send(Method::PUT, &path, Some(json!({ "properties": properties }))).await;
    assert!(status.is_success(), "{answer}");
}

async fn only_role(world: &World) -> Value {
    let mut roles = world.arm.custom_roles().await;
    assert_eq!(roles.len(), 1, "{roles:#?}");
    roles.remove(0)
}

#[tokio::test]
async fn a_custom_role_that_somebody_renamed_is_in_the_way_of_its_own_grant_alone() {
    for description in [
        "Task code access, managed by cloudgrant (stack tests, home \
                         00000000-0000-0000-0000-00000000000b/acme-dataplane)",
        "ours by now",
    ] {
        let text = with_a_role();
        let world = World::new(&text).await;
        world.converge(&text).await;
        let made = only_role(&world).await;
        let guid = made["name"].as_str().expect("an id").to_owned();
        let former = made["properties"]["roleName"].as_str().map(str::to_owned);
        rename(&world, &made, "Blob writer", description).await;
        let renamed = only_role(&world).await;
        let error = world.plan(&text).await.expect_err("another name");
        let all = format!("{error:?}");
        assert_eq!(error.kind(), ErrorKind::Conflict, "{all}");
        for expected in ["Blob writer", "grant exact", "az rest --method put", &guid] {
            assert!(all.contains(expected), "{expected}: {all}");
        }
        let plan = revoke(&world, &text, &["dev"]).await;
        assert!(plan.stays.is_empty() && told(&plan, "grant exact").is_empty(), "{plan:#?}");
        assert_eq!(only_role(&world).await, renamed);
        let plan = revoke(&world, &text, &["exact"]).await;
        let [stays] = plan.stays.as_slice() else { panic!("{:#?}", plan.stays) };
        assert!(stays.is_empty && stays.reason.contains("`Blob writer`"), "{stays:#?}");
        assert_eq!((Some(stays.object.name.as_str()), told(&plan, "grant exact").len()), (former.as_deref(), 0));
        assert!(stays.reason.contains(&format!("az role definition delete --name {guid}")), "{stays:#?}");
        assert_eq!(only_role(&world).await, renamed);
        let ours = world.arm.assignments().await;
        assert!(ours.iter().all(|one| one["properties"]["description"].is_null()), "{ours:#?}");
    }
}

#[tokio::test]
async fn everything_goes_but_a_custom_role_that_somebody_renamed() {
    let text = with_a_role();
    let world = World::new(&text).await;
    world.converge(&text).await;
    let made = only_role(&world).await;
    rename(&world, &made, "Blob writer", "ours by now").await;
    // Also where the manifest has lost its domain: its assignments tell it then, as long as they are there.
    let lost = text.replace("[development, production]", "[development]");
    let lost = lost
        .replace("- { name: exact, scope: { domain: production }, precise: true, access: { models: write } }\n", "");
    let former = made["properties"]["roleName"].as_str().expect("a name");
    for (text, name) in [(lost.as_str(), "Blob writer"), (text.as_str(), former), (text.as_str(), former)] {
        let engine = world.session(text).await.expect("a session").engine_without(None).expect("an engine");
        let plan = engine.plan(&Silent).await.expect("a plan");
        let [stays] = plan.stays.as_slice() else { panic!("{:#?}", plan.stays) };
        assert!(stays.object.name == name && stays.reason.contains("az role definition delete"), "{stays:#?}");
        let report = engine.apply(plan.approve(Approval::InAdvance), &Silent, &Cancel::default()).await;
        assert!(report.expect("a report").is_success());
    }
    assert!(world.arm.identities().await.iter().all(|one| one["name"] != PRODUCTION));
    // Who lists the stacks hears of it, as of an identity without its tags, though nothing else is left.
    rename(&world, &made, "Blob writer", made["properties"]["description"].as_str().expect("text")).await;
    world.arm.put_identity(PRODUCTION, json!({ "x": "y" })).await;
    let stacks = world.session(&text).await.expect("a session").provider().stacks().await.expect("a list");
    let [stack] = stacks.found.as_slice() else { panic!("{stacks:#?}") };
    let owned: Vec<_> = stack.objects.iter().map(|object| object.name.as_str()).collect();
    assert!(stack.is_this && owned == ["Blob writer", PRODUCTION], "{owned:?}");
    let identities = world.arm.identities().await;
    let there = identities.iter().find(|one| one["name"] == PRODUCTION).expect("it is there");
    let path = format!("{}?api-version=2023-01-31", there["id"].as_str().expect("an id"));
    world.arm.send(Method::DELETE, &path, None).await;
    // Its name back, it goes.
    rename(&world, &made, former, "ours by now").await;
    world.revoke_all(&text).await.expect("revoked");
    assert!(world.arm.custom_roles().await.is_empty());
    // A copy of it is somebody's own.
    let mut copy = made.clone();
    copy["id"] = made["id"].as_str().expect("an id").replace(made["name"].as_str().expect("a name"), THEIRS).into();
    rename(&world, &copy, "Blob writer", made["properties"]["description"].as_str().expect("text")).await;
    let engine = world.session(&text).await.expect("a session").engine_without(None).expect("an engine");
    assert_eq!(engine.plan(&Silent).await.expect("a plan").stays, []);
}

/// Bicep derives ids as stacks do.
#[tokio::test]
async fn a_role_of_others_that_the_manifest_has_named_is_nobody_s_but_theirs() {
    let text = flyte("grants: [{ name: prod, scope: { domain: production }, access: { models: read } }]");
    let named = text.replace("  cluster:", "  roles: { models: { read: Blob reader } }\n  cluster:");
    let world = World::new(&text).await;
    let (subscription, guid) =
        ("/subscriptions/00000000-0000-0000-0000-00000000000b", "5df7d8e5-6d2f-5f3c-8f5a-1b2c3d4e5f60");
    let role = json!({
        "id": format!("{subscription}/providers/Microsoft.Authorization/roleDefinitions/{guid}"),
        "properties": {
            "type": "CustomRole",
            "permissions": [{
                "actions": [],
                "dataActions": ["Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"],
            }],
            "assignableScopes": [subscription],
        },
    });
    rename(&world, &role, "Blob reader", "").await;
    world.converge(&named).await;
    assert!(
        world
            .arm
            .assignments()
            .await
            .iter()
            .any(|one| one["properties"]["roleDefinitionId"].to_string().contains(guid))
    );
    for text in [&text, &named] {
        let engine = world.session(text).await.expect("a session").engine_without(None).expect("an engine");
        assert_eq!(engine.plan(&Silent).await.expect("a plan").stays, []);
        assert_eq!(world.plan(text).await.expect("a plan").stays, []);
    }
}

/// A revoke that is refused.
async fn not_revoked(world: &World, text: &str, grant: &str) -> Error {
    let engine = world.session(text).await.expect("a session").engine_without(Some(&[grant.to_owned()]));
    engine.expect("it is listed").plan(&Silent).await.expect_err("it can't go")
}

#[tokio::test]
async fn who_may_not_assign_roles_takes_away_all_that_takes_no_such_right() {
    for (right, pending, refusal) in [
        ("roleAssignments", "access: { token: read }", "the caller may not assign roles on"),
        ("roleDefinitions", "precise: true, access: { models: write }", "the caller may not make custom roles in"),
    ] {
        let applied = two_domains();
        let world = World::new(&applied).await;
        world.converge(&applied).await;
        let text = format!("{applied}\n- {{ name: pending, scope: {{ domain: development }}, {pending} }}");
        world.arm.turn(&format!("deny=Microsoft.Authorization/{right}:write")).await;
        let error = world.plan(&text).await.expect_err("it may not");
        let all = said(&error);
        assert!(error.kind() == ErrorKind::AccessDenied && all.contains(refusal), "{all}");
        assert!(all.contains("for: grant pending"), "{all}");
        for grant in ["also", "pending", "prod"] {
            let plan = revoke(&world, &text, &[grant]).await;
            assert!(plan.changes.iter().all(|change| change.action == Action::Delete), "{grant}: {:#?}", plan.changes);
            assert_eq!(plan.is_empty(), grant == "pending", "{grant}: {:#?}", plan.changes);
            let is_warning = |note: &&Note| note.about == "manifest" && note.level == Level::Warning;
            assert_eq!(plan.notes.iter().filter(is_warning).count(), 0, "{:#?}", plan.notes);
        }
    }
}

/// What is revoked and what stays is in the condition of one assignment.
#[tokio::test]
async fn a_revoke_that_takes_a_right_of_its_own_is_refused_without() {
    let text = union(
        "grants:\n\
         - { name: gone, scope: global, access: { data: read } }\n\
         - { name: stays, scope: global, access: { more: read } }\n\
         - { name: other, scope: global, access: { models: read } }",
    );
    let world = World::new(&text).await;
    world.converge(&text).await;
    let before = world.arm.assignments().await;
    world.arm.turn("deny=Microsoft.Authorization/roleAssignments:write").await;
    let error = not_revoked(&world, &text, "gone").await;
    let all = said(&error);
    assert!(error.kind() == ErrorKind::AccessDenied && all.contains("the caller may not assign roles on"), "{all}");
    assert!(all.contains("object: role-assignment") && all.contains("acmedata"), "{all}");
    assert_eq!(world.arm.assignments().await, before);
    assert_eq!(revoke(&world, &text, &["other"]).await.changes.len(), 1, "it is deleted");
}

#[tokio::test]
async fn a_revoke_that_may_delete_nothing_of_what_goes_is_refused() {
    let text = two_domains();
    let world = World::new(&text).await;
    world.converge(&text).await;
    let before = (world.arm.assignments().await, world.arm.identities().await);
    world.arm.turn("deny=Microsoft.Authorization/roleAssignments:delete").await;
    // The identity of the domain's only grant can't go before its role either.
    for grant in ["also", "dev"] {
        let error = not_revoked(&world, &text, grant).await;
        let all = said(&error);
        assert!(error.kind() == ErrorKind::AccessDenied && all.contains("may not delete role assignments on"), "{all}");
        assert!(all.contains("object: role-assignment") && all.contains(&format!("for: grant {grant}")), "{all}");
    }
    assert_eq!((world.arm.assignments().await, world.arm.identities().await), before);
    assert!(world.plan(&text).await.expect("a plan").is_empty(), "an apply makes nothing");
}

/// A condition has a longest length.
#[tokio::test]
async fn what_would_be_too_much_is_in_the_way_of_no_revoke() {
    let mut resources = String::new();
    let mut access = Vec::new();
    for n in 0..80 {
        resources.push_str(&format!(
            "  part-{n}: {{ azure: \"https://acmedata.blob.core.windows.net/inputs/{}/{n}/\" }}\n",
            "x".repeat(90)
        ));
        access.push(format!("part-{n}: read"));
    }
    let tail = |more: &str| {
        format!(
            "{resources}grants:\n- {{ name: gone, scope: global, access: {{ models: read }} }}\n\
             - {{ name: stays, scope: global, access: {{ token: read }} }}{more}"
        )
    };
    let applied = union(&tail(""));
    let text = union(&tail(&format!("\n- {{ name: pending, scope: global, access: {{ {} }} }}", access.join(", "))));
    let world = World::new(&applied).await;
    world.converge(&applied).await;
    assert_eq!(world.plan(&text).await.expect_err("too long").kind(), ErrorKind::Quota);
    assert_eq!(revoke(&world, &text, &["gone"]).await.changes.len(), 1);
}
