//! What is revoked and asked for by another grant as well, in another form: whoever takes it away is told by which.

use cloudgrant_core::{Level, Plan, Silent};
use serde_json::json;

use crate::arm::GROUP;
use crate::grants::put;
use crate::one_by_one::{Grant, PRODUCTION, granting, with_registry};
use crate::registries::registry;
use crate::revoking::apply;
use crate::world::{Runs, World, flyte};

/// The warning that says which grants give it.
fn givers(plan: &Plan) -> Vec<&str> {
    let says = "what is revoked can still be reached";
    let warnings = plan.notes.iter().filter(|note| note.level == Level::Warning && note.message.contains(says));
    warnings.map(|note| note.message.as_str()).collect()
}

#[tokio::test]
async fn a_grant_that_gives_it_too_is_named_though_something_else_of_that_is_not_applied() {
    let x = ("x", PRODUCTION, "models: read");
    let other = ("other", PRODUCTION, "models: read-write");
    let more = ("other", PRODUCTION, "models: read-write, a: read");
    // Another role on the same container gives it too; only a part of the other grant is there; nothing of it is.
    let cases: [(&[Grant], &[Grant], bool); 3] =
        [(&[x, other], &[x, other], true), (&[x, other], &[x, more], true), (&[x], &[x, more], false)];
    for (had, has, is_told) in cases {
        let world = with_registry(&granting(has)).await;
        apply(&world, &granting(had)).await;
        let session = world.session(&granting(has)).await.expect("a session");
        let engine = session.engine_without(Some(&["x".to_owned()])).expect("it is listed");
        let plan = engine.plan(&Silent).await.expect("a plan");
        let told = givers(&plan);
        assert_eq!(told.len(), usize::from(is_told), "{had:?}, {has:?}: {:#?}", plan.notes);
        assert!(told.iter().all(|told| told.contains("grant `other`")), "{told:#?}");
    }
}

/// Whether whoever revokes the grant `first` is told that the grant `second` gives some of that, too. `settings` are more of the provider's
/// section.
async fn is_told(first: (&str, &str), second: (&str, &str), settings: &str, by_repository: bool) -> bool {
    let text = flyte(&format!(
        "  one: {{ azure: \"{}\" }}\n  other: {{ azure: \"{}\" }}\ngrants:\n\
         - {{ name: first, scope: global, access: {{ one: {} }} }}\n\
         - {{ name: second, scope: global, access: {{ other: {} }} }}\n",
        first.0, second.0, first.1, second.1,
    ))
    .replace("  cluster:", &format!("{settings}  cluster:"));
    let world = World::new(&text).await;
    if by_repository {
        put(&world, &registry(), json!({ "roleAssignmentMode": "AbacRepositoryPermissions" })).await;
    }
    apply(&world, &text).await;
    let session = world.session(&text).await.expect("a session");
    let engine = session.engine_without(Some(&["first".to_owned()])).expect("it is listed");
    let plan = engine.plan(&Silent).await.unwrap_or_else(|error| panic!("{first:?}, {second:?}: {error:?}"));
    // Where both are one assignment, that is what is named.
    givers(&plan).iter().any(|told| told.contains("`second`") || told.contains("as other grants ask for the same"))
}

#[tokio::test]
async fn a_grant_that_gives_some_of_it_is_named_however_it_is_written() {
    const BLOB: &str = "https://acmedata.blob.core.windows.net/inputs";
    const DFS: &str = "abfss://inputs@acmedata.dfs.core.windows.net/";
    let container = format!("{GROUP}/providers/Microsoft.Storage/storageAccounts/ACMEDATA");
    let container = format!("{container}/blobServices/default/containers/inputs");
    let secret = format!("{GROUP}/providers/Microsoft.KeyVault/vaults/Acme-Vault/secrets/Token");
    let repository = format!("{}/repositories/team/a", registry());
    let blobs = |path: &str| format!("{BLOB}{path}");
    let cases: [(&str, &str, &str, &str, bool); 16] = [
        (BLOB, "read", DFS, "read-write", true),
        (&container, "read", DFS, "read", true),
        (DFS, "read", &container, "read", true),
        (&blobs("/raw/"), "read", DFS, "read", true),
        // A ready-made role on a container gives more than its level.
        (BLOB, "read", BLOB, "write", true),
        (BLOB, "list", DFS, "write", true),
        (BLOB, "write", DFS, "list", true),
        // With a prefix, there is a role of just the level.
        (&blobs("/raw/"), "read", &blobs("/raw/"), "write", false),
        (&blobs("/raw/"), "read", &blobs("/more/"), "read", false),
        (BLOB, "read", "https://acmedata.blob.core.windows.net/models", "read", false),
        (BLOB, "read", "https://acmemodels.blob.core.windows.net/inputs", "read", false),
        (&secret, "read", "https://acme-vault.vault.azure.net/secrets/token", "read", true),
        (&secret, "read", "https://acme-vault.vault.azure.net/secrets/other", "read", false),
        ("acmebase.azurecr.io/team/a", "pull", "acmebase.azurecr.io/team/b", "push", true),
        ("acmebase.azurecr.io/team/a", "pull", "acmeother.azurecr.io/team/a", "push", false),
        (&repository, "pull", "acmeimages.azurecr.io/team/a", "push", true),
    ];
    let mut wrong = Vec::new();
    for (first, of_first, second, of_second, expected) in cases {
        if is_told((first, of_first), (second, of_second), "", false).await != expected {
            wrong.push(format!("{first} {of_first}, {second} {of_second}: expected {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// With repository permissions, a role is for the repositories that its condition names.
#[tokio::test]
async fn repositories_of_a_registry_with_permissions_of_their_own_are_apart() {
    let mut wrong = Vec::new();
    for (second, expected) in [("team/a", true), ("team/b", false), ("team/a/b", false)] {
        let second = format!("acmeimages.azurecr.io/{second}");
        if is_told(("acmeimages.azurecr.io/team/a", "pull"), (&second, "push"), "", true).await != expected {
            wrong.push(format!("{second}: expected {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What a role that the manifest names gives counts, wherever it is assigned.
#[tokio::test]
async fn a_grant_with_a_named_role_is_named_where_that_role_gives_it() {
    const BLOB: &str = "https://acmedata.blob.core.windows.net/inputs";
    let account = format!("{GROUP}/providers/Microsoft.Storage/storageAccounts/acmedata");
    let other = format!("{GROUP}/providers/Microsoft.Storage/storageAccounts/acmeother");
    let roles = |roles: &str| format!("  roles: {{ {roles} }}\n");
    let cases: [(&str, &str, &str, &str, String, bool); 6] = [
        (BLOB, "read", &account, "read", roles("other: { read: Storage Blob Data Reader }"), true),
        (&account, "read", BLOB, "read", roles("one: { read: Storage Blob Data Reader }"), true),
        (BLOB, "read", &account, "write", roles("other: { write: Storage Blob Data Contributor }"), true),
        (BLOB, "read", &account, "read", roles("other: { read: Reader }"), false),
        (BLOB, "read", &other, "read", roles("other: { read: Storage Blob Data Reader }"), false),
        (BLOB, "write", BLOB, "read", roles("other: { read: Storage Blob Data Contributor }"), true),
    ];
    let mut wrong = Vec::new();
    for (first, of_first, second, of_second, settings, expected) in &cases {
        if is_told((first, of_first), (second, of_second), settings, false).await != *expected {
            wrong.push(format!("{first} {of_first}, {second} {of_second}, {settings}: expected {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
