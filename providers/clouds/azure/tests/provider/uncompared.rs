//! What others added to the stack's own identities is told also where the manifest as a whole can't be held against the cloud:
//! whoever adds it would hide it by that.

use cloudgrant_core::{Plan, Result, Silent};
use serde_json::json;

use crate::arm::{GROUP, container};
use crate::world::{Runs, World, flyte};

const OWNER: &str = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b";
const THEIRS: &str = "12345678-1234-1234-1234-123456789012";
const IDENTITY: &str = "cloudgrant_tests_production";

/// What keeps the manifest from being compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    VaultIsGone,
    AccountIsGone,
    Denied(&'static str),
    TaggedAsOthers,
    Untagged,
}

const STATES: [State; 7] = [
    State::VaultIsGone,
    State::AccountIsGone,
    State::Denied("Microsoft.Storage/storageAccounts:read"),
    State::Denied("Microsoft.KeyVault/vaults:read"),
    State::Denied("Microsoft.ContainerRegistry/registries:read"),
    State::TaggedAsOthers,
    State::Untagged,
];

fn manifest() -> String {
    flyte(
        "grants: [{ name: prod, scope: { domain: production }, access: { models: read, token: read, images: pull } }]",
    )
}

async fn world_in(state: State) -> World {
    let world = World::new(&manifest()).await;
    world.converge(&manifest()).await;
    match state {
        State::VaultIsGone => {
            let vault = format!("{GROUP}/providers/Microsoft.KeyVault/vaults/acme-vault");
            world.arm.manage("delete", json!({ "id": vault })).await;
        }
        State::AccountIsGone => {
            let account = format!("{GROUP}/providers/Microsoft.Storage/storageAccounts/acmemodels");
            world.arm.manage("delete", json!({ "id": account })).await;
        }
        State::Denied(action) => world.arm.turn(&format!("deny={action}")).await,
        State::TaggedAsOthers => _ = world.arm.put_identity(IDENTITY, json!({ "cloudgrant:stack": "another" })).await,
        State::Untagged => _ = world.arm.put_identity(IDENTITY, json!({})).await,
    }
    world
}

async fn looked(world: &World) -> Result<Plan> {
    let session = world.session(&manifest()).await.expect("a session");
    session.engine().only_looking().plan(&Silent).await
}

#[tokio::test]
async fn admin_rights_are_told_whatever_keeps_the_rest_from_being_compared() {
    let mut hidden = Vec::new();
    for state in STATES {
        let world = world_in(state).await;
        if let Ok(clean) = looked(&world).await {
            assert!(clean.widened.is_empty(), "{state:?}: {:#?}", clean.widened);
            assert!(clean.refusal.is_some(), "{state:?}: {clean:#?}");
        }
        let principal = world.arm.principal(IDENTITY).await;
        world.arm.assign(THEIRS, &container("acmedata", "inputs"), OWNER, &principal, None).await;
        let subject = "system:serviceaccount:by-hand:default";
        world.arm.put_credential(IDENTITY, "by-hand", "https://x.example/", subject).await;
        let plan = match looked(&world).await {
            Ok(plan) => plan,
            Err(error) => {
                hidden.push(format!("{state:?}: {error}"));
                continue;
            }
        };
        let told: Vec<_> = plan.widened.iter().map(|one| format!("{} {}", one.object, one.what)).collect();
        assert!(told.iter().all(|told| told.starts_with(&format!("managed-identity {IDENTITY} "))), "{told:#?}");
        for what in ["has the role Storage Blob Data Owner on".to_owned(), format!("trusts the subject {subject}")] {
            if !told.iter().any(|told| told.contains(&what)) {
                hidden.push(format!("{state:?}: {what}"));
            }
        }
        assert!(told.len() <= 2, "{state:?}: {told:#?}");
        assert!(plan.refusal.is_some() && (plan.has_drift() || !hidden.is_empty()), "{state:?}");
    }
    assert!(hidden.is_empty(), "{hidden:#?}");
}
