//! What is named by its ID and somebody deleted, at home and in another subscription: the same as of what is named by its host.

use cloudgrant_core::{ErrorKind, Plan, Silent};
use serde_json::json;

use crate::arm::GROUP;
use crate::revoking::revoke;
use crate::world::{Runs, World, flyte, said};

const HERE: &str = "00000000-0000-0000-0000-00000000000b";
const THERE: &str = "00000000-0000-0000-0000-0000000000cc";
const ACCOUNT: &str = "Microsoft.Storage/storageAccounts/otherdata";

/// A group of each of the two subscriptions.
fn groups() -> [String; 2] {
    [format!("{GROUP}/providers"), format!("/subscriptions/{THERE}/resourceGroups/data/providers")]
}

/// What the stack has in both subscriptions: the scopes of its roles, its marks and its custom roles.
async fn left(world: &World) -> Vec<String> {
    let mut left = Vec::new();
    for subscription in [HERE, THERE] {
        let assignments = world.arm.assignments_of(subscription).await;
        let ours = assignments.iter().filter(|assignment| assignment["properties"]["description"].is_string());
        left.extend(ours.map(|assignment| assignment["properties"]["scope"].to_string()));
    }
    let identities = world.arm.identities().await;
    let ours = identities.iter().filter(|identity| identity["tags"]["cloudgrant:stack"].is_string());
    left.extend(ours.map(|identity| identity["name"].to_string()));
    left.extend(world.arm.custom_roles().await.iter().map(|role| role["properties"]["roleName"].to_string()));
    left
}

fn is_warned(plan: &Plan, name: &str) -> bool {
    plan.notes.iter().any(|note| note.message.contains("there is no") && note.message.contains(name))
}

/// Each kind of resource, with what a grant of it says, beside what else is in its subscription.
fn kinds() -> [(&'static str, String, &'static str); 5] {
    let container = format!("{ACCOUNT}/blobServices/default/containers/inputs");
    [
        (ACCOUNT, container.clone(), "access: { it: read }"),
        (ACCOUNT, container.clone(), "precise: true, access: { it: read-write }"),
        (ACCOUNT, format!("{container}/blobs/raw/"), "access: { it: read }"),
        (
            "Microsoft.KeyVault/vaults/other-vault",
            "Microsoft.KeyVault/vaults/other-vault/secrets/token".to_owned(),
            "access: { it: read }",
        ),
        (
            "Microsoft.ContainerRegistry/registries/otherimages",
            "Microsoft.ContainerRegistry/registries/otherimages".to_owned(),
            "access: { it: pull }",
        ),
    ]
}

#[tokio::test]
async fn what_is_named_by_its_id_and_gone_is_in_the_way_of_nothing_but_what_is_to_be_made_on_it() {
    for group in groups() {
        for (resource, locator, grant) in kinds() {
            let text = flyte(&format!(
                "  it: {{ azure: {group}/{locator} }}\n\
                 grants:\n\
                 - {{ name: lost, scope: global, {grant} }}\n\
                 - {{ name: goes, scope: global, access: {{ models: read }} }}\n"
            ));
            let name = resource.rsplit('/').next().expect("a name");
            let at = format!("{group}/{resource}: {grant}");
            let world = World::new(&text).await;
            world.converge(&text).await;
            world.arm.manage("delete", json!({ "id": format!("{group}/{resource}") })).await;

            let error = world.plan(&text).await.expect_err("it is gone");
            let told = said(&error);
            assert!(
                error.kind() == ErrorKind::NotFound && told.contains("there is no") && told.contains(name),
                "{told}"
            );
            assert!(!told.contains("ResourceNotFound"), "in the words of this program: {told}");
            let session = world.session(&text).await.expect("a session");
            let drift = session.engine().only_looking().plan(&Silent).await.unwrap_or_else(|error| panic!("{error:?}"));
            let refusal = said(drift.refusal.as_ref().expect("an apply is refused").error());
            assert!(refusal.contains("there is no") && refusal.contains(name) && !drift.is_empty(), "{at}: {drift:#?}");

            let plan = revoke(&world, &text, "goes").await;
            assert!(plan.stays.is_empty() && is_warned(&plan, name), "{at}: {plan:#?}");
            assert!(!left(&world).await.iter().any(|scope| scope.contains("acmemodels")), "{at}");
            let plan = revoke(&world, &text, "lost").await;
            assert!(plan.stays.is_empty(), "{at}: {plan:#?}");
            assert_eq!(left(&world).await, [""; 0], "{at}");
        }
    }
}

#[tokio::test]
async fn everything_goes_where_something_elsewhere_is_gone() {
    let [_, there] = groups();
    for (resource, locator, grant) in kinds() {
        let text = flyte(&format!(
            "  it: {{ azure: {there}/{locator} }}\n\
             grants:\n\
             - {{ name: lost, scope: global, {grant} }}\n\
             - {{ name: prod, scope: {{ domain: production }}, access: {{ models: read }} }}\n"
        ));
        let world = World::new(&text).await;
        world.converge(&text).await;
        world.arm.manage("delete", json!({ "id": format!("{there}/{resource}") })).await;
        let report = world.revoke_all(&text).await.unwrap_or_else(|error| panic!("{resource}: {error:?}"));
        assert!(report.is_success(), "{report:#?}");
        assert_eq!(left(&world).await, [""; 0], "{resource}");
    }
}

/// A grant of something that is gone goes although others are of other things that are gone too.
#[tokio::test]
async fn one_that_is_gone_is_not_in_the_way_of_another() {
    let text = flyte(
        "grants:\n\
         - { name: account, scope: global, access: { data: read } }\n\
         - { name: vault, scope: { domain: production }, access: { token: read } }\n\
         - { name: both, scope: global, access: { images: pull, models: read } }\n",
    );
    for grant in ["account", "vault", "both"] {
        let world = World::new(&text).await;
        world.converge(&text).await;
        for resource in [
            "Microsoft.Storage/storageAccounts/acmedata",
            "Microsoft.KeyVault/vaults/acme-vault",
            "Microsoft.ContainerRegistry/registries/acmeimages",
        ] {
            world.arm.manage("delete", json!({ "id": format!("{GROUP}/providers/{resource}") })).await;
        }
        let plan = revoke(&world, &text, grant).await;
        assert!(plan.stays.is_empty(), "{grant}: {plan:#?}");
        let report = world.revoke_all(&text).await.unwrap_or_else(|error| panic!("{grant}: {error:?}"));
        assert!(report.is_success(), "{report:#?}");
        assert_eq!(left(&world).await, [""; 0], "{grant}");
    }
}
