use crate::resources::locator::*;

const GROUP: &str = "/subscriptions/00000000-0000-0000-0000-00000000000b/resourceGroups/acme";

fn objects(text: &str) -> Objects {
    match Locator::parse(text) {
        Ok(Locator::Objects(objects)) => objects,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn containers_and_prefixes() {
    for text in [
        "https://acmetraining.blob.core.windows.net/inputs/raw",
        "https://acmetraining.dfs.core.windows.net/inputs/raw/",
        "abfss://inputs@acmetraining.dfs.core.windows.net/raw/",
        "wasbs://inputs@acmetraining.blob.core.windows.net/raw",
    ] {
        let Objects { account, container, prefix } = objects(text);
        assert_eq!((account.name(), container.as_str(), prefix.as_str()), ("acmetraining", "inputs", "raw/"));
    }
    assert_eq!(objects("https://acmetraining.blob.core.windows.net/inputs/").prefix, "");
    let id = format!(
        "{GROUP}/providers/Microsoft.Storage/storageAccounts/acmetraining/blobServices/default/containers/inputs"
    );
    let account = Place::At(
        ResourceId::parse(&format!("{GROUP}/providers/Microsoft.Storage/storageAccounts/acmetraining")).expect("an ID"),
    );
    assert_eq!(objects(&id), Objects { account, container: "inputs".to_owned(), prefix: String::new() });
}

#[test]
fn what_is_in_a_container_or_a_registry_comes_after_its_id() {
    let account = format!("{GROUP}/providers/Microsoft.Storage/storageAccounts/acmetraining");
    let container = format!("{account}/blobServices/default/containers/inputs");
    for (text, prefix) in [
        (container.clone(), ""),
        (format!("{container}/"), ""),
        (format!("{container}/blobs"), ""),
        (format!("{container}/blobs/raw"), "raw/"),
        (format!("{container}/BLOBS/données/2026/"), "données/2026/"),
        (container.replace("containers", "CONTAINERS") + "/blobs/blobs/a", "blobs/a/"),
    ] {
        let objects = objects(&text);
        assert_eq!(objects.prefix, prefix, "{text}");
        assert_eq!(objects.account, Place::At(ResourceId::parse(&account).expect("an ID")), "{text}");
    }
    let registry = format!("{GROUP}/providers/Microsoft.ContainerRegistry/registries/images");
    match Locator::parse(&format!("{registry}/repositories/team/trainer")) {
        Ok(Locator::Registry(it)) => {
            assert_eq!((it.registry.name(), it.repository.as_deref()), ("images", Some("team/trainer")));
        }
        other => panic!("{other:?}"),
    }
    for (text, said) in [
        (format!("{container}/raw/2026"), "Azure has no word for"),
        (format!("{container}/blobs//raw"), "empty part"),
        (format!("{container}/blobs/a'b"), "condition"),
        (format!("{container}/blobs/*"), "wildcard"),
        (format!("{container}/blobs/x?sig=hidden"), "query"),
        (format!("{registry}/repositories"), "names no repository"),
        (format!("{registry}/repositories/team:latest"), "names no repository"),
    ] {
        let refusal = Locator::parse(&text).expect_err(&text);
        assert!(refusal.message.contains(said), "{text}: {}", refusal.message);
        assert!(!refusal.message.contains("hidden"), "{}", refusal.message);
    }
    // A part of a registry that is a resource of its own.
    let hook = Locator::parse(&format!("{registry}/webhooks/builds")).expect("a resource");
    assert_eq!(hook.kind(), ResourceKind::OTHER);
}

#[test]
fn every_kind_has_its_form() {
    for (text, kind) in [
        ("https://acme-vault.vault.azure.net/secrets/labels-token", ResourceKind::SECRET),
        ("acmeimages.azurecr.io/team/trainer", ResourceKind::REGISTRY),
        ("acmeimages.azurecr.io", ResourceKind::REGISTRY),
        ("ACMEimages-a1b2c3d4.azurecr.io/team/trainer", ResourceKind::REGISTRY),
        (&format!("{GROUP}/providers/Microsoft.KeyVault/vaults/v/secrets/s"), ResourceKind::SECRET),
        (&format!("{GROUP}/providers/Microsoft.ContainerRegistry/registries/images"), ResourceKind::REGISTRY),
        (&format!("{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/ml"), ResourceKind::OTHER),
    ] {
        assert_eq!(Locator::parse(text).expect(text).kind(), kind, "{text}");
    }
}

#[test]
fn what_is_no_locator_is_refused() {
    for (text, said) in [
        ("https://acmetraining.blob.core.windows.net", "names no container"),
        ("https://acmetraining.blob.core.windows.net/In", "names no container"),
        ("https://acmetraining.blob.core.windows.net/in*", "wildcard"),
        ("https://acme-training.blob.core.windows.net/inputs", "names no storage account"),
        ("https://acmetraining.blob.core.windows.net/inputs/a//b", "empty part"),
        ("https://acmetraining.blob.core.windows.net/inputs/a'b", "condition"),
        ("https://acmetraining.blob.core.windows.net/inputs?sig=abc", "query"),
        ("acmetraining.blob.core.windows.net/inputs", "no locator that Azure knows"),
        ("abfss://acmetraining.dfs.core.windows.net/x", "names no container"),
        ("https://acme-vault.vault.azure.net/secrets/a/0123", "one version"),
        ("https://acme-vault.vault.azure.net/keys/a/0123", "one version"),
        ("https://acme-vault.vault.azure.net/certificates/a", "not a secret"),
        ("https://acme-vault.vault.azure.net/", "names no secret"),
        ("https://acmetraining.blob.core.windows.net/inputs/../x", "a part `..`"),
        ("https://acmetraining.blob.core.windows.net/inputs/a/./x/", "a part `.`"),
        ("https://acmetraining.blob.core.windows.net/inputs/a\u{200b}b", "U+200B"),
        ("https://acmetraining.blob.core.windows.net/inputs/a\u{202e}b", "U+202E"),
        ("https://acmetraining.blob.core.windows.net/inputs/a\nb", "U+000A"),
        ("https://acmetraining.blob.core.windows.net/inputs/a%20b", "condition"),
        ("https://acmetraining.blob.core.windows.net/inputs/a\u{a0}b", "U+00A0"),
        ("abfss://inputs@acmetraining.dfs.core.windows.net/\u{3000}/", "U+3000"),
        ("https://acmetraining.blob.core.windows.net/inputs/a\u{2800}b", "U+2800"),
        ("https://acmetraining.blob.core.windows.net/$other", "names no container"),
        ("https://acmetraining.z123.blob.storage.azure.net/inputs", "no locator that Azure knows"),
        ("acmeimages.azurecr.io/team:latest", "names no repository"),
        ("acmeimages.azurecr.io/team/../x", "names no repository"),
        ("acmeimages.azurecr.io/team//x", "names no repository"),
        ("ab.azurecr.io", "names no registry"),
        ("acme-a1b2c3d4.azurecr.io", "names no registry"),
        ("acmeimages-.azurecr.io", "names no registry"),
        ("acmeimages-a1b2-c3d4.azurecr.io", "names no registry"),
        ("s3://acme-training", "no locator that Azure knows"),
        ("/subscriptions/acme", "no resource ID"),
        ("/providers/Microsoft.Management/managementGroups/acme", "no resource ID"),
        (
            "/subscriptions/00000000-0000-0000-0000-00000000000b/providers/Microsoft.Management/managementGroups/acme",
            "holds other resources",
        ),
        ("", "no locator"),
    ] {
        let refusal = Locator::parse(text).expect_err(text);
        assert!(refusal.message.contains(said), "{text}: {}", refusal.message);
        assert!(refusal.hint.is_some(), "{text}");
        assert!(!refusal.message.contains("sig="), "{text}");
    }
}

/// What isn't there is no name for what is there under another one.
#[test]
fn a_storage_account_has_one_service_of_each_kind() {
    let account = format!("{GROUP}/providers/Microsoft.Storage/storageAccounts/acmetraining");
    for below in ["queueServices/@/queues/jobs", "tableServices/@/tables/labels", "blobServices/@/containers/inputs"] {
        let named = |service: &str| Locator::parse(&format!("{account}/{}", below.replace('@', service)));
        assert_eq!(named("Default").expect(below), named("default").expect(below));
        let refusal = named("foo").expect_err(below);
        assert!(refusal.message.contains("names a service `foo`"), "{}", refusal.message);
    }
}

/// Ten ways to get a resource ID wrong: each is told what is wrong with it, and how it should look.
#[test]
fn a_resource_id_with_a_slip_is_told_where_the_slip_is() {
    let workspace = format!("{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/ml");
    let id = "00000000-0000-0000-0000-00000000000b";
    for (text, said) in [
        (workspace.replace(id, "Acme Production"), "the subscription's ID, a GUID, and not its name"),
        (workspace.replace(id, "acme"), "the subscription's ID, a GUID, and not its name"),
        (workspace.replacen("/subscriptions", "subscriptions", 1), "without its first `/`"),
        (workspace.replacen(&format!("/subscriptions/{id}"), "", 1), "doesn't begin with /subscriptions/ID"),
        (format!("{workspace}/"), "ends in `/`"),
        (workspace.replace("acme/providers", "acme//providers"), "two slashes in a row"),
        (workspace.replace("resourceGroups", "resourceGroup"), "takes /resourceGroups/NAME"),
        (workspace.replace("/acme", ""), "after the resource group it takes /providers/"),
        (workspace.replace("/providers", ""), "after the resource group it takes /providers/"),
        (workspace.replace("/ml", ""), "each type after the namespace takes a name"),
        (workspace.replace("ml", "m l"), "characters that no resource's name has"),
        (format!("https://portal.azure.com/#@acme.example/resource{workspace}/overview"), "address of a page"),
        (format!("https://management.azure.com{workspace}?api-version=2022-04-01&sig=hidden"), "address of a page"),
    ] {
        let refusal = Locator::parse(&text).expect_err(&text);
        assert!(refusal.message.contains(said), "{text}: {}", refusal.message);
        let hint = refusal.hint.expect("a hint");
        assert!(hint.contains("/subscriptions/ID/resourceGroups/NAME/providers/NAMESPACE/TYPE/NAME"), "{text}: {hint}");
        assert!(!refusal.message.contains("hidden"), "{}", refusal.message);
    }
}
