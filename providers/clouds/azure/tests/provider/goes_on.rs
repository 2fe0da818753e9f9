//! What is revoked and goes on all the same: somebody else's wider role gives it, or one on a scope above.

use cloudgrant_core::{Level, Note, Plan, Silent};
use serde_json::json;

use crate::arm::{GROUP, SUBSCRIPTION, container};
use crate::world::{Runs, World, flyte, union};

const READER: &str = "acdd72a7-3385-48ef-bd42-f606fba81ae7";
const CONTRIBUTOR: &str = "b24988ac-6180-42a0-ab88-20f7382dd24c";
const OWNER: &str = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";
const ACCESS_ADMINISTRATOR: &str = "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9";
const BLOB_READER: &str = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1";
const BLOB_CONTRIBUTOR: &str = "ba92f5b4-2d11-453d-a403-e96b0029c9fe";
const SECRETS_OFFICER: &str = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7";
const ACR_PUSH: &str = "8311e382-0749-4cb8-b61a-304f252e45ec";
const THEIRS: &str = "12345678-1234-1234-1234-123456789012";

/// What whoever revokes one grant, or everything, is told of somebody else's assignment.
async fn told(world: &World, text: &str, revoked: Option<&str>) -> Vec<String> {
    let session = world.session(text).await.expect("a session");
    let revoked = revoked.map(|name| vec![name.to_owned()]);
    let plan: Plan = session.engine_without(revoked.as_deref()).expect("the rest").plan(&Silent).await.expect("a plan");
    let notes = plan.notes.iter().filter(|note| note.message.contains(&format!("roleAssignments/{THEIRS}`")));
    let (warnings, others): (Vec<_>, Vec<_>) = notes.partition(|note| note.level == Level::Warning);
    assert!(others.is_empty(), "{others:#?}");
    warnings.into_iter().map(|note| note.message.clone()).collect()
}

fn account(name: &str) -> String {
    format!("{GROUP}/providers/Microsoft.Storage/storageAccounts/{name}")
}

fn under(prefix: &str) -> String {
    let blobs = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs";
    let is_reading = format!("ActionMatches{{'{blobs}/read'}}");
    let is_listing = "SubOperationMatches{'Blob.List'}";
    format!(
        "((!({is_reading} AND NOT {is_listing})) OR (@Resource[{blobs}:path] StringStartsWith '{prefix}'))\nAND\n\
         ((!({is_reading} AND {is_listing})) OR (@Request[{blobs}:prefix] StringStartsWith '{prefix}'))"
    )
}

#[tokio::test]
async fn a_wider_role_of_somebody_else_s_and_one_from_above_are_told_by_whoever_revokes() {
    let text = union(
        "grants:\n\
         - { name: stays, scope: global, access: { models: read } }\n\
         - { name: goes, scope: global, access: { data: read } }\n\
         - { name: secret, scope: global, access: { token: read } }\n\
         - { name: pulls, scope: global, access: { images: pull } }",
    );
    const GIVES: &str = "which gives what is revoked on `data`, or some of it";
    let vault = format!("{GROUP}/providers/Microsoft.KeyVault/vaults/acme-vault");
    let registry = format!("{GROUP}/providers/Microsoft.ContainerRegistry/registries/acmeimages");
    let inputs = container("acmedata", "inputs");
    let (raw, other) = (under("raw/2026/"), under("other/"));
    let unknown = under("raw/").replace("StringStartsWith", "StringLike");
    // A role, its scope and its condition; what is revoked; and what is told.
    type Case<'a> = (&'a str, &'a str, Option<&'a str>, &'a str, Option<&'a str>);
    let cases: [Case<'_>; 19] = [
        (BLOB_CONTRIBUTOR, &inputs, None, "goes", Some(GIVES)),
        (BLOB_READER, &account("acmedata"), None, "goes", Some(GIVES)),
        (BLOB_READER, GROUP, None, "goes", Some(GIVES)),
        (BLOB_CONTRIBUTOR, SUBSCRIPTION, None, "goes", Some(GIVES)),
        (CONTRIBUTOR, SUBSCRIPTION, None, "goes", Some("which opens `data` with the keys of its storage account")),
        (OWNER, &account("acmedata"), None, "goes", Some("with the keys of its storage account")),
        (ACCESS_ADMINISTRATOR, GROUP, None, "goes", Some("with which it can give itself what is revoked on `data`")),
        (BLOB_CONTRIBUTOR, &inputs, Some(&raw), "goes", Some(GIVES)),
        (BLOB_READER, &inputs, Some(&unknown), "goes", Some("as far as its condition lets it")),
        (BLOB_CONTRIBUTOR, &inputs, Some(&unknown), "goes", Some("as far as its condition lets it")),
        // Neither of it is of what is revoked.
        (BLOB_CONTRIBUTOR, &inputs, Some(&other), "goes", None),
        (BLOB_READER, &inputs, Some(&other), "goes", None),
        (BLOB_READER, &account("acmemodels"), None, "goes", None),
        (READER, SUBSCRIPTION, None, "goes", None),
        (SECRETS_OFFICER, &vault, None, "goes", None),
        (SECRETS_OFFICER, &vault, None, "secret", Some("which gives what is revoked on `token`, or some of it")),
        (OWNER, &vault, None, "secret", Some("with which it can give itself what is revoked on `token`")),
        (ACR_PUSH, &registry, None, "pulls", Some("which gives what is revoked on `images`, or some of it")),
        (READER, SUBSCRIPTION, None, "pulls", Some("which gives what is revoked on `images`, or some of it")),
    ];
    let world = World::new(&text).await;
    let principal = world.arm.principal("flyteuser-acme").await;
    let mut wrong = Vec::new();
    for (role, scope, condition, revoked, expected) in cases {
        world.arm.assign(THEIRS, scope, role, &principal, condition).await;
        let told = told(&world, &text, Some(revoked)).await;
        let is_right = match expected {
            Some(expected) => told.len() == 1 && told[0].contains(expected) && told[0].contains(scope),
            None => told.is_empty(),
        };
        if !is_right {
            wrong.push(format!("{role} on {scope} ({condition:?}), {revoked}: {told:?} and not {expected:?}"));
        }
        let id = format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{THEIRS}");
        world.arm.delete(&id, "2022-04-01").await;
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn what_is_inherited_from_a_management_group_is_told_and_what_stays_is_not_taken_for_revoked() {
    let text = union(
        "grants:\n\
         - { name: stays, scope: global, access: { models: read } }\n\
         - { name: goes, scope: global, access: { data: read } }",
    );
    let world = World::new(&text).await;
    let principal = world.arm.principal("flyteuser-acme").await;
    let group = "/providers/Microsoft.Management/managementGroups/00000000-0000-0000-0000-00000000000a";
    let id = format!("{group}/providers/Microsoft.Authorization/roleAssignments/{THEIRS}");
    let properties = json!({
        "roleDefinitionId": format!("/providers/Microsoft.Authorization/roleDefinitions/{BLOB_CONTRIBUTOR}"),
        "principalId": principal,
        "principalType": "ServicePrincipal",
    });
    world.arm.manage("put", json!({ "id": id, "properties": properties })).await;
    let said = told(&world, &text, Some("goes")).await;
    assert!(said.len() == 1 && said[0].contains(group) && said[0].contains("`data`"), "{said:#?}");
    assert!(said[0].contains("not made by this stack"), "{said:#?}");
    let properties = json!({
        "roleDefinitionId": format!("/providers/Microsoft.Authorization/roleDefinitions/{BLOB_CONTRIBUTOR}"),
        "principalId": principal,
        "principalType": "ServicePrincipal",
        "description": "Task code access, managed by cloudgrant (stack others, home \
                        00000000-0000-0000-0000-00000000000b/acme-dataplane)",
    });
    world.arm.manage("put", json!({ "id": id, "properties": properties })).await;
    let said = told(&world, &text, Some("goes")).await;
    assert!(said.len() == 1 && said[0].contains("made by stack others"), "{said:#?}");
    // What the grant that stays has from others as well is nothing that is revoked.
    let world = World::new(&text).await;
    let principal = world.arm.principal("flyteuser-acme").await;
    world.arm.assign(THEIRS, &account("acmemodels"), BLOB_READER, &principal, None).await;
    assert_eq!(told(&world, &text, Some("goes")).await, Vec::<String>::new());
    let said = told(&world, &text, None).await;
    assert!(said.len() == 1 && said[0].contains("what is revoked on `models`"), "{said:#?}");
}

/// An identity of the stack's own, of which a grant stays: what others gave it is told, whatever is revoked.
#[tokio::test]
async fn what_others_gave_to_an_identity_of_the_stack_s_own_is_told_in_a_revoke() {
    let text = flyte(
        "grants:\n\
         - { name: stays, scope: { domain: production }, access: { models: read } }\n\
         - { name: goes, scope: { domain: production }, access: { data: read } }",
    );
    let world = World::new(&text).await;
    world.converge(&text).await;
    let principal = world.arm.principal("cloudgrant_tests_production").await;
    world.arm.assign(THEIRS, GROUP, BLOB_READER, &principal, None).await;
    let session = world.session(&text).await.expect("a session");
    let plan =
        session.engine_without(Some(&["goes".to_owned()])).expect("the rest").plan(&Silent).await.expect("a plan");
    let [widening] = plan.widened.as_slice() else { panic!("{:#?}", plan.widened) };
    assert!(widening.what.contains(GROUP) && widening.remedy.contains(THEIRS), "{widening:#?}");
}

/// Whether a resource is in a group can't be told where its account can't be read: what may be is told as that.
#[tokio::test]
async fn what_can_t_be_looked_up_is_told_as_what_may_be() {
    let text = union("grants: [{ name: goes, scope: global, access: { data: read } }]");
    let world = World::new(&text).await;
    let principal = world.arm.principal("flyteuser-acme").await;
    world.arm.assign(THEIRS, SUBSCRIPTION, BLOB_READER, &principal, None).await;
    world.arm.turn("deny=Microsoft.Storage/storageAccounts:read").await;
    let said = told(&world, &text, None).await;
    assert!(said.len() == 1 && said[0].contains("if that is in there"), "{said:#?}");
}

/// What somebody else made under another name is nobody's grant, and no other grant has to be revoked for it.
#[tokio::test]
async fn what_somebody_else_made_in_the_place_of_ours_is_not_told_as_what_other_grants_give() {
    let text = union("grants: [{ name: goes, scope: global, access: { models: read } }]");
    let world = World::new(&text).await;
    let principal = world.arm.principal("flyteuser-acme").await;
    world.arm.assign(THEIRS, &container("acmemodels", "models"), BLOB_READER, &principal, None).await;
    assert_eq!(told(&world, &text, Some("goes")).await.len(), 1);
    let names = [String::from("goes")];
    let session = world.session(&text).await.expect("a session");
    let plan = session.engine_without(Some(&names)).expect("the rest").plan(&Silent).await.expect("a plan");
    assert!(plan.notes.iter().all(|note| !note.message.contains("other grants")), "{:#?}", plan.notes);
}

/// A grant that stays asks for it, and what gives it is somebody else's: it goes with no grant, and is told by its own name. What the
/// stack made is told by the grants that have it.
#[tokio::test]
async fn what_a_grant_that_stays_asks_for_and_somebody_else_made_is_told_as_theirs() {
    let granting = |scope: &str, other: &str| {
        flyte(&format!(
            "grants:\n\
             - {{ name: goes, scope: {scope}, access: {{ models: read }} }}\n\
             - {{ name: other, scope: {scope}, access: {{ {other} }} }}"
        ))
    };
    let (global, production) = ("global", "{ domain: production }");
    let (models, none) = (container("acmemodels", "models"), None);
    let account = account("acmemodels");
    // The scope, what the grant that stays gives, somebody else's role and where; and whether that, and the grant, is told.
    type Case<'a> = (&'a str, &'a str, Option<(&'a str, &'a str)>, bool, bool);
    let cases: [Case<'_>; 9] = [
        (global, "models: read-write", Some((BLOB_CONTRIBUTOR, &models)), true, false),
        (production, "models: read-write", Some((BLOB_CONTRIBUTOR, &models)), true, false),
        (production, "models: read-write, token: read", Some((BLOB_CONTRIBUTOR, &models)), true, false),
        (global, "models: read", Some((BLOB_READER, &models)), true, false),
        (production, "models: read", Some((BLOB_READER, &models)), true, false),
        // The stack's own.
        (global, "models: read-write", none, false, true),
        (production, "models: read-write, token: read", none, false, true),
        // One of either's.
        (global, "models: read-write", Some((BLOB_READER, &account)), true, true),
        // Nothing of it is of what is revoked.
        (global, "token: read", none, false, false),
    ];
    let mut wrong = Vec::new();
    for (scope, other, theirs, is_theirs_told, is_grant_told) in cases {
        let text = granting(scope, other);
        let world = World::new(&text).await;
        let identity = if scope == global { "flyte-tasks" } else { "cloudgrant_tests_production" };
        if scope == production {
            // The identity is there, and has nothing of that yet.
            world
                .converge(&text.replace("models: read-write", "data: read").replace("models: read", "data: read"))
                .await;
        }
        let principal = world.arm.principal(identity).await;
        if let Some((role, on)) = theirs {
            world.arm.assign(THEIRS, on, role, &principal, None).await;
        }
        world.converge(&text).await;
        let told = told(&world, &text, Some("goes")).await;
        let session = world.session(&text).await.expect("a session");
        let engine = session.engine_without(Some(&["goes".to_owned()])).expect("the rest");
        let plan = engine.plan(&Silent).await.expect("a plan");
        let says = |note: &&Note| note.message.contains("what is revoked can still be reached");
        let of_grants: Vec<_> = plan.notes.iter().filter(says).map(|note| &note.message).collect();
        let is_asked = theirs.is_some_and(|(_, on)| on == models);
        let is_right = told.len() == usize::from(is_theirs_told)
            && told.iter().all(|told| told.contains("not made by this stack") && told.contains(identity))
            && told.iter().all(|told| told.contains("grant other asks for it as well") == is_asked)
            && of_grants.len() == usize::from(is_grant_told)
            && of_grants.iter().all(|told| told.contains("`other`"));
        if !is_right {
            wrong.push(format!("{scope}, {other}, {theirs:?}: {told:#?}, {of_grants:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What stands in the way of an assignment is somebody else's as well, with another condition: no grant gives it.
#[tokio::test]
async fn what_is_there_with_another_condition_is_given_by_no_grant() {
    let keep = "- { name: keep, scope: { domain: production }, access: { models: read } }";
    let text = flyte(&format!("grants:\n{keep}"));
    let world = World::new(&text).await;
    world.converge(&text).await;
    let principal = world.arm.principal("cloudgrant_tests_production").await;
    let inputs = container("acmedata", "inputs");
    world.arm.assign(THEIRS, &inputs, BLOB_READER, &principal, Some(&under("elsewhere/"))).await;
    let goes = |name: &str| format!("- {{ name: {name}, scope: {{ domain: production }}, access: {{ data: read }} }}");
    for others in [vec![keep.to_owned()], vec![keep.to_owned(), goes("other")]] {
        let text = flyte(&format!("grants:\n{}\n{}", goes("goes"), others.join("\n")));
        let session = world.session(&text).await.expect("a session");
        let plan = session.engine_without(Some(&["goes".to_owned()])).expect("the rest").plan(&Silent).await;
        let plan = plan.expect("a plan");
        let is_given = |note: &Note| note.message.contains("other grants ask for the same");
        assert!(!plan.notes.iter().any(is_given), "{:#?}", plan.notes);
        let left = |note: &Note| note.message.contains("is there with another condition");
        assert!(plan.notes.iter().any(left), "{:#?}", plan.notes);
    }
}
