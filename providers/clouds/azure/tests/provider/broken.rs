//! Everything of the stack's is as the manifest says, and gives nothing.

use cloudgrant_core::Silent;
use serde_json::json;

use crate::arm::GROUP;
use crate::world::{Runs, World, union};

/// Azure lists a role assignment on after its resource is gone, or when only this caller can't see that.
#[tokio::test]
async fn an_assignment_on_what_is_gone_is_told_as_what_does_not_work() {
    for (kind, name, access) in [
        ("Microsoft.KeyVault/vaults", "acme-vault", "token: read"),
        ("Microsoft.ContainerRegistry/registries", "acmeimages", "images: pull"),
    ] {
        let text = union(&format!("grants: [{{ name: uses, scope: global, access: {{ {access} }} }}]"));
        let world = World::new(&text).await;
        world.converge(&text).await;
        assert!(!world.plan(&text).await.expect("a plan").has_drift(), "{name}");
        let assigned = world.arm.assignments().await;
        world.arm.manage("delete", json!({ "id": format!("{GROUP}/providers/{kind}/{name}") })).await;
        for one in assigned.iter().filter(|one| one["properties"]["scope"].to_string().contains(name)) {
            world.arm.manage("put", one.clone()).await;
        }
        let session = world.session(&text).await.expect("a session");
        let drift = session.engine().only_looking().plan(&Silent).await.expect("a plan");
        for plan in [world.plan(&text).await.expect("a plan"), drift] {
            assert!(plan.is_empty() && plan.refusal.is_none() && plan.has_drift(), "{name}: {plan:#?}");
            let [one] = plan.broken.as_slice() else { panic!("{name}: {plan:#?}") };
            assert_eq!(one.note.about, "grant uses");
            assert!(one.note.message.contains("there is no") && one.note.message.contains(name), "{one:#?}");
            assert!(
                !one.objects.is_empty() && one.objects.iter().all(|object| object.kind == "role-assignment"),
                "{one:#?}"
            );
        }
        // It is in nobody's way who takes away.
        assert!(world.revoke_all(&text).await.expect("revoked").is_success(), "{name}");
    }
}
