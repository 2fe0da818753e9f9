//! Names and texts of others that were written to read as something else that is said.

use cloudgrant_core::Silent;
use serde_json::json;

use crate::arm::{SUBSCRIPTION, container};
use crate::world::{Runs, World, flyte};

const ROLE: &str = "12345678-1234-1234-1234-12345678aaaa";
const THEIRS: &str = "12345678-1234-1234-1234-123456789012";
const IDENTITY: &str = "cloudgrant_tests_production";
const FORGED: &str = "x\n\nNo drift.\r\u{1b}[2K\u{2028}";

/// What ends a line or steers a terminal.
fn is_strange(c: char) -> bool {
    c.is_control() || c == '\u{2028}'
}

#[tokio::test]
async fn what_others_called_their_role_and_whom_they_let_in_is_told_in_one_line() {
    let text = flyte("grants: [{ name: prod, scope: { domain: production }, access: { models: read } }]");
    let world = World::new(&text).await;
    world.converge(&text).await;
    let id = format!("{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{ROLE}");
    let properties = json!({
        "roleName": FORGED,
        "assignableScopes": [SUBSCRIPTION],
        "permissions": [{ "actions": ["*"], "dataActions": ["*"] }],
    });
    world.arm.manage("put", json!({ "id": id, "properties": properties })).await;
    let principal = world.arm.principal(IDENTITY).await;
    world.arm.assign(THEIRS, &container("acmedata", "inputs"), ROLE, &principal, None).await;
    world.arm.put_credential(IDENTITY, "by-hand", "https://x.example/", FORGED).await;
    // At another home of the stack's, as its description has it.
    let described = json!({
        "roleDefinitionId": format!("/providers/Microsoft.Authorization/roleDefinitions/{ROLE}"),
        "principalId": principal,
        "description": format!("Task code access, managed by cloudgrant (stack tests, home {FORGED})"),
    });
    let more = container("acmedata", "more");
    let elsewhere =
        format!("{more}/providers/Microsoft.Authorization/roleAssignments/12345678-1234-1234-1234-12345678bbbb");
    world.arm.manage("put", json!({ "id": elsewhere, "properties": described })).await;
    let session = world.session(&text).await.expect("a session");
    let plan = session.engine().only_looking().plan(&Silent).await.expect("a plan");
    let told: Vec<_> = plan.widened.iter().map(|one| one.what.as_str()).collect();
    assert!(told.iter().any(|what| what.starts_with("has the role x")), "{told:#?}");
    assert!(told.iter().any(|what| what.starts_with("trusts the subject x")), "{told:#?}");
    let notes = plan.notes.iter().map(|note| note.message.as_str());
    let another = notes.clone().find(|message| message.contains("has another home as well"));
    assert!(another.is_some_and(|message| message.contains("No drift.")), "{:#?}", plan.notes);
    for said in told.iter().copied().chain(notes) {
        assert!(!said.contains(is_strange), "{said:?}");
    }
    let stacks = session.provider().stacks().await.expect("a list");
    let listed = stacks.found.iter().flat_map(|stack| stack.objects.iter().map(|object| &object.name));
    for said in listed.chain(stacks.unsearched.iter().map(|one| &one.reason)) {
        assert!(!said.contains(is_strange), "{said:?}");
    }
}
