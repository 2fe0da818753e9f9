//! How resources are named: by hosts of every form, and by resource IDs; and what is in a hierarchical namespace.

use cloudgrant_azure_sandbox::condition;
use cloudgrant_core::{Level, Silent};
use serde_json::json;

use crate::arm::{GROUP, SUBSCRIPTION, container};
use crate::grants::{BLOBS, access, assigned, put};
use crate::world::{Runs, World, refused, said, union};

const PULL: &str = "7f951dda-4ed3-4680-a7ca-43fe172d538d";
const OTHER: &str = "/subscriptions/00000000-0000-0000-0000-0000000000ff/resourceGroups/shared";

/// A grant of the global scope to one more resource.
fn granted(locator: &str, level: &str) -> String {
    union(&format!(
        "  one: {{ azure: \"{locator}\" }}\ngrants: [{{ name: all, scope: global, access: {{ one: {level} }} }}]"
    ))
}

/// Where the platform's identity has a role, after an apply that converges.
async fn scopes(world: &World, text: &str) -> Vec<String> {
    world.converge(text).await;
    let principal = world.arm.principal("flyteuser-acme").await;
    assigned(world, &principal).await.into_iter().map(|(_, scope, _)| scope).collect()
}

#[tokio::test]
async fn accounts_with_dns_zone_endpoints_are_found_by_them() {
    for host in ["acmezoned.z1.blob.storage.azure.net", "acmezoned.z42.dfs.storage.azure.net"] {
        let text = granted(&format!("https://{host}/inputs/raw/"), "read");
        let world = World::new(&text).await;
        assert_eq!(scopes(&world, &text).await, [container("acmezoned", "inputs")], "{host}");
        // The same account by its other service is the same; in another zone, or in none, it isn't.
        let (blob, dfs) = (host.replace(".dfs.", ".blob."), host.replace(".blob.", ".dfs."));
        for same in [blob, format!("ACMEZONED{}", dfs.trim_start_matches("acmezoned"))] {
            world.plan(&text.replace(host, &same)).await.expect("the same account");
        }
        for other in ["acmezoned.z7.blob.storage.azure.net", "acmezoned.blob.core.windows.net"] {
            let told = said(&world.plan(&text.replace(host, other)).await.expect_err(other));
            assert!(told.contains(&format!("the storage account `acmezoned` isn't at {other}")), "{told}");
            assert!(told.contains("may be somebody else's"), "{told}");
        }
    }
}

#[tokio::test]
async fn a_registry_is_found_by_its_login_server_and_by_its_id() {
    let host = "acmelabelled-a1b2c3d4e5f6g7h8.azurecr.io";
    let text = granted(&format!("{host}/team/trainer"), "pull");
    let world = World::new(&text).await;
    let id = format!("{GROUP}/providers/Microsoft.ContainerRegistry/registries/acmelabelled");
    assert_eq!(scopes(&world, &text).await, std::slice::from_ref(&id));
    let by_id = text.replace(&format!("{host}/team/trainer"), &id.to_uppercase().replace("ACMEDATA", "acmeData"));
    world.plan(&by_id).await.expect("in any letter case");
    for other in ["acmelabelled.azurecr.io", "acmelabelled-ffffffffffffffff.azurecr.io"] {
        let told = said(&world.plan(&text.replace(host, other)).await.expect_err(other));
        assert!(told.contains(&format!("`acmelabelled` isn't at {other}: its host is {host}")), "{told}");
    }
    let principal = world.arm.principal("flyteuser-acme").await;
    assert_eq!(assigned(&world, &principal).await[0].0, PULL);
}

#[tokio::test]
async fn resource_groups_have_letters_of_any_script() {
    let group = "données-機械_ハ(1).x";
    let text = union("grants: [{ name: all, scope: global, access: { models: write, data: write } }]")
        .replace("resource_group: acme-dataplane", &format!("resource_group: \"{group}\""));
    let world = World::new(&text).await;
    world.converge(&text).await;
    world.revoke_all(&text).await.expect("revoked");
    // By resource ID, in that group or another, which has capitals.
    let there = format!("{SUBSCRIPTION}/resourceGroups/ÉQUIPE-Ж");
    let account = format!("{there}/providers/Microsoft.Storage/storageAccounts/acmefar");
    let text = granted(&format!("{account}/blobServices/default/containers/inputs"), "read");
    let world = World::new(&text).await;
    assert_eq!(scopes(&world, &text).await, [format!("{account}/blobServices/default/containers/inputs")]);
    for bad in ["a b", "a/b", "ends.", "a%20b", "a'b", &"x".repeat(91)] {
        let text = union("grants: [{ name: all, scope: global, access: { models: read } }]")
            .replace("resource_group: acme-dataplane", &format!("resource_group: \"{bad}\""));
        let told = said(&refused(&text).await);
        assert!(told.contains("is not the name of a resource group"), "{bad}: {told}");
    }
}

#[tokio::test]
async fn azure_s_own_containers_have_urls_and_ids() {
    for name in ["$web", "$root", "$logs", "$blobchangefeed"] {
        let url = granted(&format!("https://acmedata.blob.core.windows.net/{name}"), "read");
        let world = World::new(&url).await;
        assert_eq!(scopes(&world, &url).await, [container("acmedata", name)], "{name}");
        let id = granted(&container("acmedata", name), "read");
        assert!(world.plan(&id).await.expect("a plan").is_empty(), "{name}: the ID is the same place");
        world.revoke_all(&id).await.expect("revoked");
    }
}

#[tokio::test]
async fn a_prefix_in_another_subscription_is_named_by_its_id() {
    let inputs =
        format!("{OTHER}/providers/Microsoft.Storage/storageAccounts/acmefar/blobServices/default/containers/inputs");
    let text = granted(&format!("{inputs}/blobs/raw/2026/"), "read-write");
    let world = World::new(&text).await;
    world.converge(&text).await;
    let principal = world.arm.principal("flyteuser-acme").await;
    let may = async |deed: &str, path: &str| {
        access(&world, &principal, &inputs, &format!("data_action={BLOBS}/{deed}&path={path}")).await
    };
    for deed in ["read", "write", "add/action"] {
        assert!(may(deed, "raw/2026/a").await && !may(deed, "raw/2025/a").await && !may(deed, "a").await, "{deed}");
    }
    assert!(!may("delete", "raw/2026/a").await);
    assert!(
        !access(&world, &principal, &inputs, "action=Microsoft.Storage/storageAccounts/blobServices/containers/delete")
            .await
    );
}

#[tokio::test]
async fn a_repository_in_another_subscription_is_named_by_its_id() {
    let id = format!("{OTHER}/providers/Microsoft.ContainerRegistry/registries/acmefar");
    let text = granted(&format!("{id}/repositories/team/trainer"), "pull");
    let world = World::new(&text).await;
    put(&world, &id, json!({ "roleAssignmentMode": "AbacRepositoryPermissions" })).await;
    world.converge(&text).await;
    let principal = world.arm.principal("flyteuser-acme").await;
    let pulls = async |repository: &str| {
        let action = "Microsoft.ContainerRegistry/registries/repositories/content/read";
        access(&world, &principal, &id, &format!("data_action={action}&repository={repository}")).await
    };
    assert!(pulls("team/trainer").await && !pulls("team/other").await);
}

#[tokio::test]
async fn the_folder_of_a_prefix_is_reachable_in_a_hierarchical_namespace() {
    let text = granted("abfss://lake@acmelake.dfs.core.windows.net/raw/2026/", "manage");
    let world = World::new(&text).await;
    let plan = world.plan(&text).await.expect("a plan");
    let warned = |note: &cloudgrant_core::Note| {
        note.level == Level::Warning && note.message.contains("acmelake has a hierarchical namespace")
    };
    assert_eq!(plan.notes.iter().filter(|note| warned(note)).count(), 1, "{:#?}", plan.notes);
    world.converge(&text).await;
    let principal = world.arm.principal("flyteuser-acme").await;
    let scope = container("acmelake", "lake");
    let assigned = assigned(&world, &principal).await;
    let [(_, _, Some(narrowed))] = assigned.as_slice() else { panic!("{assigned:?}") };
    condition::parse(narrowed).expect("it can be read");
    let may = async |asked: String| access(&world, &principal, &scope, &asked).await;
    for path in ["raw/2026", "raw/2026/a", "raw/2026/a/b"] {
        assert!(may(format!("data_action={BLOBS}/read&sub_operation=Blob.List&prefix={path}")).await, "list {path}");
        for deed in ["read", "write", "add/action", "delete", "move/action"] {
            assert!(may(format!("data_action={BLOBS}/{deed}&path={path}")).await, "{deed} {path}");
        }
    }
    for path in ["raw", "raw/20261", "raw/2025/a", ""] {
        assert!(!may(format!("data_action={BLOBS}/read&sub_operation=Blob.List&prefix={path}")).await, "list {path}");
        for deed in ["read", "write", "add/action", "delete", "move/action"] {
            assert!(!may(format!("data_action={BLOBS}/{deed}&path={path}")).await, "{deed} {path}");
        }
    }
}

/// In a flat namespace there are no folders, so that their names are those of other objects.
#[tokio::test]
async fn a_flat_namespace_has_no_folders_until_it_becomes_hierarchical() {
    let account = format!("{OTHER}/providers/Microsoft.Storage/storageAccounts/acmefar");
    let text = granted(&format!("{account}/blobServices/default/containers/inputs/blobs/raw"), "read");
    let world = World::new(&text).await;
    let plan = world.plan(&text).await.expect("a plan");
    assert!(!plan.notes.iter().any(|note| note.message.contains("hierarchical")), "{:#?}", plan.notes);
    world.converge(&text).await;
    let principal = world.arm.principal("flyteuser-acme").await;
    let scope = format!("{account}/blobServices/default/containers/inputs");
    let reads =
        async |path: &str| access(&world, &principal, &scope, &format!("data_action={BLOBS}/read&path={path}")).await;
    assert!(reads("raw/a").await && !reads("raw").await);
    // The account becomes hierarchical (it can be upgraded), and the next run sees it.
    put(&world, &account, json!({ "isHnsEnabled": true })).await;
    let report = world.converge(&text).await;
    assert_eq!(report.summary().update, 1);
    assert!(reads("raw").await);
}

#[tokio::test]
async fn prefixes_of_any_script_mean_themselves() {
    for prefix in ["données/été", "データ/生", "a \"b\"/c]", "x $y/z{1}", "it’s/ok"] {
        let yaml = prefix.replace('"', "\\\"");
        let text = granted(&format!("https://acmedata.blob.core.windows.net/inputs/{yaml}/"), "read");
        let world = World::new(&text).await;
        world.converge(&text).await;
        let principal = world.arm.principal("flyteuser-acme").await;
        let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
        let reads = async |path: &str| {
            let asked = format!("data_action={BLOBS}/read&path={}", encode(path));
            access(&world, &principal, &container("acmedata", "inputs"), &asked).await
        };
        assert!(reads(&format!("{prefix}/a")).await, "{prefix}");
        assert!(!reads("a").await && !reads(&format!("b/{prefix}/a")).await, "{prefix}");
    }
}

/// Azure counts bytes, of which most letters have several: what doesn't fit is said while planning.
#[tokio::test]
async fn a_condition_that_is_too_long_in_bytes_is_refused_while_planning() {
    let prefix = "データ".repeat(300);
    let text = granted(&format!("https://acmedata.blob.core.windows.net/inputs/{prefix}/"), "manage");
    let world = World::new(&text).await;
    let told = said(&world.plan(&text).await.expect_err("too long"));
    assert!(told.contains("bytes in the condition of"), "{told}");
}

#[tokio::test]
async fn the_platform_s_own_accounts_are_refused_however_they_are_written() {
    let account = format!("{GROUP}/providers/Microsoft.Storage/storageAccounts/UnionAIdata");
    let upper =
        account.to_uppercase().replace("00000000-0000-0000-0000-00000000000B", "00000000-0000-0000-0000-00000000000b");
    for locator in [
        "https://unionaidata.blob.core.windows.net/metadata".to_owned(),
        "https://UNIONAIDATA.blob.core.windows.net/metadata".to_owned(),
        "https://unionaidata.z1.blob.storage.azure.net/metadata".to_owned(),
        "abfss://metadata@unionaidata.dfs.core.windows.net/x".to_owned(),
        format!("{account}/blobServices/default/containers/metadata"),
        format!("{account}/blobServices/default/containers/metadata/blobs/x/"),
        format!("{upper}/BLOBSERVICES/DEFAULT/CONTAINERS/metadata"),
        account.clone(),
        upper,
        format!("{account}/queueServices/default/queues/jobs"),
        format!("{account}/blobServices/default"),
    ] {
        let text = granted(&locator, "read").replace("  cluster:", "  roles: { one: { read: Reader } }\n  cluster:");
        let told = said(&refused(&text).await);
        assert!(told.contains("`unionaidata` looks like one of the platform's own"), "{locator}: {told}");
        let own =
            text.replace("  cluster:", "  platform_accounts: [\"OWN*\"]\n  cluster:").replace("unionaidata", "owndata");
        if locator.contains("unionaidata") {
            assert!(said(&refused(&own).await).contains("`owndata` looks like"), "{locator}");
        }
    }
}

#[tokio::test]
async fn hosts_of_other_clouds_are_refused_and_never_replaced() {
    for (locator, level, cloud) in [
        ("https://acmedata.blob.core.usgovcloudapi.net/inputs", "read", "government"),
        ("abfss://inputs@acmedata.dfs.core.chinacloudapi.cn/x", "read", "china"),
        ("https://acmedata.z1.blob.storage.azure.us/inputs", "read", "government"),
        ("https://acme-vault.vault.azure.cn/secrets/token", "read", "china"),
        ("acmeimages.azurecr.us/team", "pull", "government"),
        ("acmeimages-a1b2.azurecr.cn", "pull", "china"),
    ] {
        let told = said(&refused(&granted(locator, level)).await);
        assert!(
            told.contains(&format!("is in Azure's cloud `{cloud}`, the data plane in `public`")),
            "{locator}: {told}"
        );
    }
    let text = union("registries: [{ name: r, access: pull, azure: acmeimages.azurecr.us }]");
    assert!(said(&refused(&text).await).contains("cloud `government`"));
}

#[tokio::test]
async fn the_sandbox_plays_every_cloud() {
    for (cloud, domain, storage, vault, registry) in [
        ("government", "usgovcloudapi.net", "core.usgovcloudapi.net", "vault.usgovcloudapi.net", "azurecr.us"),
        ("china", "chinacloudapi.cn", "core.chinacloudapi.cn", "vault.azure.cn", "azurecr.cn"),
    ] {
        let text = union("grants: [{ name: all, scope: global, access: { data: write, token: read, images: pull } }]")
            .replace("core.windows.net", storage)
            .replace("vault.azure.net", vault)
            .replace("azurecr.io", registry)
            .replace("  cluster:", &format!("  cloud: {cloud}\n  cluster:"));
        let world = World::in_cloud(&text, &format!("https://management.{domain}")).await;
        let report = world.converge(&text).await;
        assert_eq!(report.summary().create, 4, "{cloud}");
        world.revoke_all(&text).await.expect("revoked");
    }
}

/// What was learnt stands in the condition: a right to read that is lost changes nothing.
#[tokio::test]
async fn a_folder_stays_reachable_where_its_account_can_no_longer_be_read() {
    let account = format!("{OTHER}/providers/Microsoft.Storage/storageAccounts/acmefar");
    let text = granted(&format!("{account}/blobServices/default/containers/inputs/blobs/raw"), "read");
    let world = World::new(&text).await;
    put(&world, &account, json!({ "isHnsEnabled": true })).await;
    world.converge(&text).await;
    world.arm.turn("deny=Microsoft.Storage/storageAccounts:read").await;
    let plan = world.plan(&text).await.expect("a plan");
    assert!(plan.is_empty(), "{:#?}", plan.changes);
    world.revoke_all(&text).await.expect("revoked");
    let plan = world.plan(&text).await.expect("a plan");
    assert!(plan.notes.iter().any(|note| note.message.contains("has a hierarchical namespace can't be read")));
}

#[tokio::test]
async fn each_grant_of_what_is_missing_is_warned_and_azure_is_asked_once_a_run() {
    let text = |locator: &str| {
        union(&format!(
            "  one: {{ azure: \"{locator}\" }}\ngrants:\n\
             - {{ name: first, scope: global, access: {{ one: read }} }}\n\
             - {{ name: second, scope: global, access: {{ one: read }} }}"
        ))
    };
    let right = text("https://acmedata.blob.core.windows.net/inputs");
    let world = World::new(&right).await;
    let wrong = text("https://acmedata.blob.core.windows.net/imputs");
    let engine = world.session(&wrong).await.expect("a session").engine();
    let asked = || {
        let counts = world.running().counts().by_action;
        counts.get("Microsoft.Storage/storageAccounts/blobServices/containers/read").copied().unwrap_or_default()
    };
    let before = asked();
    for _ in 0..2 {
        let plan = engine.plan(&Silent).await.expect("a plan");
        let told = plan.notes.iter().filter(|note| note.message.starts_with("there is no container `imputs`"));
        assert_eq!(told.map(|note| note.about.as_str()).collect::<Vec<_>>(), ["grant first", "grant second"]);
        assert_eq!(asked() - before, 1);
    }
    // Of several, those that are there are on one list; what isn't is asked for by itself.
    let (both, before) = (
        wrong.replace("grants:", "  two: { azure: \"https://acmedata.blob.core.windows.net/inputs\" }\ngrants:"),
        asked(),
    );
    let plan = world.plan(&both.replace("{ one: read }", "{ one: read, two: read }")).await.expect("a plan");
    let told = plan.notes.iter().filter(|note| note.message.starts_with("there is no container"));
    assert_eq!(told.count(), 2, "{:#?}", plan.notes);
    assert_eq!(asked() - before, 2);
    // In an account that isn't there, nothing can be made.
    let error = world.plan(&text(&container("acmegone", "inputs"))).await.expect_err("no account");
    let told = said(&error);
    assert!(
        told.contains("there is no storage account `acmegone`") && told.contains("grant first, grant second"),
        "{told}"
    );
}

#[tokio::test]
async fn what_a_network_keeps_closed_is_told_where_it_is_read_anyway() {
    let told = |plan: &cloudgrant_core::Plan| {
        let closed = plan.notes.iter().filter(|note| note.message.starts_with("it answers some networks only"));
        closed.map(|note| (note.about.clone(), note.level)).collect::<Vec<_>>()
    };
    let text = union("grants: [{ name: all, scope: global, access: { models: read, token: read, images: pull } }]");
    let world = World::new(&text).await;
    assert_eq!(told(&world.plan(&text).await.expect("a plan")), []);
    let rules = json!({ "defaultAction": "Deny" });
    for (kind, name, properties) in [
        ("Microsoft.Storage/storageAccounts", "acmemodels", json!({ "networkAcls": rules })),
        ("Microsoft.KeyVault/vaults", "acme-vault", json!({ "publicNetworkAccess": "Disabled" })),
        ("Microsoft.ContainerRegistry/registries", "acmeimages", json!({ "networkRuleSet": rules })),
    ] {
        put(&world, &format!("{GROUP}/providers/{kind}/{name}"), properties).await;
    }
    let plan = world.plan(&text).await.expect("a plan");
    let expected = ["key vault acme-vault", "registry acmeimages", "storage account acmemodels"];
    let mut found = told(&plan);
    found.sort();
    assert_eq!(found, expected.map(|about| (about.to_owned(), Level::Info)), "{:#?}", plan.notes);
}

#[tokio::test]
async fn what_is_in_nobody_s_account_or_vault_is_warned_of_while_it_is_new() {
    let of = |plan: &cloudgrant_core::Plan, text: &str| {
        let said = plan.notes.iter().filter(|note| note.message.contains(text));
        said.map(|note| note.level).collect::<Vec<_>>()
    };
    for (right, wrong, missing, unread, read) in [
        (
            "https://acmedata.blob.core.windows.net/inputs",
            "https://acmedata.blob.core.windows.net/imputs",
            "there is no container `imputs` in the storage account acmedata",
            "whether the container `imputs` is in the storage account acmedata couldn't be read",
            "Microsoft.Storage/storageAccounts/blobServices/containers:read",
        ),
        (
            "https://acme-vault.vault.azure.net/secrets/labels-token",
            "https://acme-vault.vault.azure.net/secrets/labels-tokem",
            "there is no secret `labels-tokem` in the key vault acme-vault",
            "whether the secret `labels-tokem` is in the key vault acme-vault couldn't be read",
            "Microsoft.KeyVault/vaults/secrets:read",
        ),
    ] {
        let (right, text) = (granted(right, "read"), granted(wrong, "read"));
        let world = World::new(&right).await;
        assert_eq!(of(&world.plan(&right).await.expect("a plan"), "there is no "), []);
        let denied = World::with(&right, &format!("deny={read}")).await;
        let plan = denied.plan(&text).await.expect("a plan");
        assert_eq!(of(&plan, unread), [Level::Info], "{:#?}", plan.notes);
        let plan = world.plan(&text).await.expect("a plan");
        assert_eq!(of(&plan, missing), [Level::Warning], "{:#?}", plan.notes);
        world.converge(&text).await;
        let plan = world.plan(&text).await.expect("a plan");
        assert_eq!(of(&plan, missing), [], "nothing is asked of what is given already: {:#?}", plan.notes);
    }
}
