//! What is refused without a request.

use std::time::Duration;

use cloudgrant_conformance::{load, nearby};
use cloudgrant_core::{ErrorKind, Session};

use crate::world::{Runs, World, flyte, refused, said, union};

#[tokio::test]
async fn requirement_4_project_domain_is_refused_with_the_nearest_scope_that_works() {
    let text =
        union("grants: [{ name: mine, scope: { project: vision, domain: production }, access: { data: read } }]");
    let error = refused(&text).await;
    assert!(error.kind().is_usage(), "{error:?}");
    let said = said(&error);
    assert!(said.contains("azure can't bind project vision in domain production"), "{said}");
    assert!(said.contains("`scope: { domain: production }` works, and reaches every project in production"), "{said}");
}

#[tokio::test]
async fn requirement_71_roles_that_are_too_much_are_refused() {
    for role in [
        "Owner",
        "contributor",
        "User Access Administrator",
        "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
        "Managed Identity Operator",
        "Storage Blob Data Owner",
        "Reader and Data Access",
    ] {
        let text = union("grants: [{ name: all, scope: global, access: { models: read } }]")
            .replace("  cluster:", &format!("  roles: {{ models: {{ read: {role} }} }}\n  cluster:"));
        let error = refused(&text).await;
        assert!(said(&error).contains("is too much for task code"), "{role}: {}", said(&error));
        assert_eq!(error.problems()[0].path, "azure.roles.models.read");
    }
}

#[tokio::test]
async fn a_role_of_ones_own_can_t_be_narrowed_to_a_prefix() {
    let text = union("grants: [{ name: all, scope: global, access: { data: read } }]")
        .replace("  cluster:", "  roles: { data: { read: Key Vault Reader } }\n  cluster:");
    let said = said(&refused(&text).await);
    assert!(said.contains("the role `Key Vault Reader` can't be narrowed to `raw/`"), "{said}");
    assert!(said.contains("Storage Blob Data Contributor can be narrowed"), "{said}");
}

#[tokio::test]
async fn a_role_for_what_nobody_is_granted_is_a_typing_error() {
    let text = union("grants: [{ name: all, scope: global, access: { models: read } }]")
        .replace("  cluster:", "  roles: { modells: { read: Storage Blob Data Owner } }\n  cluster:");
    assert!(said(&refused(&text).await).contains("no grant gives `read` on `modells`"));
}

#[tokio::test]
async fn any_other_resource_needs_a_role() {
    let group = "/subscriptions/00000000-0000-0000-0000-00000000000b/resourceGroups/acme-dataplane";
    let text = union(&format!(
        "  ml: {{ azure: {group}/providers/Microsoft.MachineLearningServices/workspaces/ml }}\n\
         grants: [{{ name: all, scope: global, access: {{ ml: read-write }} }}]"
    ));
    let said = said(&refused(&text).await);
    assert!(said.contains("`azure: { roles: { ml: { read-write: ROLE } } }`"), "{said}");
}

#[tokio::test]
async fn global_grants_on_a_platform_of_ones_own_need_its_identity() {
    let text = flyte("grants: [{ name: all, scope: global, access: { models: read } }]")
        .replace("  task_identity: flyte-tasks\n", "");
    let said = said(&refused(&text).await);
    assert!(said.contains("set `azure.task_identity: NAME`"), "{said}");
}

#[tokio::test]
async fn the_platform_s_own_accounts_are_refused_unless_forced() {
    let text = union(
        "  own: { azure: \"https://unionaidata.blob.core.windows.net/metadata\" }\n\
                      grants: [{ name: all, scope: global, access: { own: read } }]",
    );
    let said = said(&refused(&text).await);
    assert!(said.contains("looks like one of the platform's own") && said.contains("force: true"), "{said}");
}

#[tokio::test]
async fn precise_where_nothing_is_precise_enough_is_refused() {
    let text = union("grants: [{ name: all, scope: global, precise: true, access: { images: pull } }]");
    let error = refused(&text).await;
    assert!(said(&error).contains("precise"), "{}", said(&error));
}

#[tokio::test]
async fn other_clouds_and_wrong_sections_are_refused_all_at_once() {
    let text = union("grants: [{ name: all, scope: global, access: { models: read } }]")
        .replace("acmemodels.blob.core.windows.net", "acmemodels.blob.core.chinacloudapi.cn");
    assert!(said(&refused(&text).await).contains("cloud `china`"));
    let text = union("grants: [{ name: all, scope: global, access: { models: read } }]")
        .replace("tenant: 00000000-0000-0000-0000-00000000000a", "tenant: acme.example")
        .replace("https://westeurope", "http://westeurope")
        .replace("resource_group:", "resource_grup: x\n  resource_group:");
    let error = refused(&text).await;
    assert_eq!(error.kind(), ErrorKind::Manifest);
    let said = said(&error);
    for expected in ["`acme.example` is not an id", "is not an OpenID Connect issuer", "resource_group"] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
}

#[tokio::test]
async fn sandbox_credentials_are_for_a_sandbox() {
    let text = union("grants: [{ name: all, scope: global, access: { models: read } }]")
        .replace("  cluster:", "  credentials: sandbox\n  cluster:");
    assert!(said(&refused(&text).await).contains("need a sandbox's `endpoint` on this machine"));
    let text =
        text.replace("  cluster:", "  endpoint: https://example.com\n  authority: http://127.0.0.1:1\n  cluster:");
    let said = said(&refused(&text).await);
    assert!(
        said.contains("on this machine") && said.contains("is not an address that a token may be sent to"),
        "{said}"
    );
}

#[tokio::test]
async fn azure_is_waited_for_as_long_as_it_allows_itself() {
    let settle = async |text: &str| {
        let session = Session::open(load(text), nearby()).await.expect("a session");
        session.provider().settle_timeout()
    };
    let text = flyte("grants: []");
    assert_eq!(settle(&text).await, Some(Duration::from_secs(600)));
    let said = text.replace("  cluster:", "  settle_timeout: 5\n  cluster:");
    assert_eq!(settle(&said).await, Some(Duration::from_secs(5)));
    // A sandbox isn't Azure.
    let world = World::new(&text).await;
    assert_eq!(world.session(&text).await.expect("a session").provider().settle_timeout(), None);
}

/// Where the manifest names a role for a level on a resource.
fn named(text: &str, resource: &str, level: &str, role: &str) -> String {
    text.replace("  cluster:", &format!("  roles: {{ {resource}: {{ {level}: {role} }} }}\n  cluster:"))
}

#[tokio::test]
async fn precise_with_a_role_that_isnt_exactly_the_level_is_refused_where_it_is_named() {
    for (resource, level, role) in [
        ("models", "write", "Storage Blob Data Contributor"),
        ("models", "list", "Storage Blob Data Reader"),
        ("models", "manage", "Storage Blob Data Contributor"),
        ("models", "read", "Some Role Of Theirs"),
        ("token", "read", "Key Vault Reader"),
    ] {
        let text = union(&format!(
            "grants: [{{ name: all, scope: global, precise: true, access: {{ {resource}: {level} }} }}]"
        ));
        let error = refused(&named(&text, resource, level, role)).await;
        assert_eq!(error.problems()[0].path, format!("azure.roles.{resource}.{level}"));
        let told = said(&error);
        assert!(told.contains(&format!("`{role}` isn't exactly `{level}`")) && told.contains("grant all"), "{told}");
    }
}

#[tokio::test]
async fn a_role_that_can_t_be_narrowed_to_a_repository_is_refused() {
    let text = union("grants: [{ name: all, scope: global, access: { images: pull } }]");
    for role in ["Container Registry Repository Contributor", "Reader", "AcrPull"] {
        let error = refused(&named(&text, "images", "pull", role)).await;
        assert_eq!(error.problems()[0].path, "azure.roles.images.pull");
        let told = said(&error);
        assert!(told.contains(&format!("the role `{role}` can't be narrowed to `team/trainer`")), "{told}");
    }
}

#[tokio::test]
async fn requirement_3_what_holds_other_resources_takes_force_and_is_warned_of() {
    let subscription = "/subscriptions/00000000-0000-0000-0000-00000000000b";
    for (id, what) in [
        (subscription.to_owned(), "a subscription"),
        (format!("{subscription}/resourceGroups/acme-dataplane"), "a resource group"),
    ] {
        let text = |more: &str| {
            let grants = "grants: [{ name: all, scope: global, access: { all: read } }]";
            named(&union(&format!("  all: {{ azure: {id}{more} }}\n{grants}")), "all", "read", "Reader")
        };
        let error = refused(&text("")).await;
        assert_eq!(error.problems()[0].path, "resources.all.azure");
        let told = said(&error);
        assert!(told.contains(&format!("is {what}, not a resource")) && told.contains("`force: true`"), "{told}");
        let insists = text(", force: true");
        let world = World::new(&insists).await;
        let plan = world.plan(&insists).await.expect("a plan");
        let warning = format!("its role is on {what}: on everything in");
        assert!(plan.notes.iter().any(|note| note.message.starts_with(&warning)), "{:#?}", plan.notes);
    }
}

#[tokio::test]
async fn one_identity_for_two_scopes_is_refused() {
    let id = "/SUBSCRIPTIONS/00000000-0000-0000-0000-00000000000B/resourcegroups/ACME-dataplane/providers/\
              microsoft.managedidentity/USERASSIGNEDIDENTITIES/Shared-ID";
    let grants = "grants: [{ name: prod, scope: { domain: production }, access: { models: read } }]";
    for (keys, path, other) in [
        (
            "identities: { development: shared-id, production: shared-id }".to_owned(),
            "production",
            "azure.identities.development",
        ),
        (
            format!("identities: {{ development: shared-id, production: {id} }}"),
            "production",
            "azure.identities.development",
        ),
        (
            format!("task_identity: {id}\n  identities: {{ production: SHARED-id }}"),
            "production",
            "azure.task_identity",
        ),
        (
            format!("kubelet_identity: {id}\n  identities: {{ development: shared-id }}"),
            "development",
            "azure.kubelet_identity",
        ),
    ] {
        let error = refused(&union(grants).replace("  cluster:", &format!("  {keys}\n  cluster:"))).await;
        assert_eq!(error.problems()[0].path, format!("azure.identities.{path}"), "{keys}");
        assert!(said(&error).contains(&format!("is the identity of `{other}` as well")), "{}", said(&error));
    }
}

/// Everything that the section names, with what no such thing can be called.
#[tokio::test]
async fn what_can_be_no_name_and_no_id_is_refused_with_its_place() {
    let group = "/subscriptions/00000000-0000-0000-0000-00000000000b/resourceGroups";
    let identity = "providers/Microsoft.ManagedIdentity/userAssignedIdentities";
    let above = format!("{group}/acme-dataplane/{identity}/..");
    let other = format!("{group}/acme-dataplane/providers/Microsoft.Storage/storageAccounts/x");
    let grants = "grants: [{ name: all, scope: global, access: { models: read } }]";
    for (key, path) in [
        (format!("task_identity: {above}"), "azure.task_identity"),
        (format!("task_identity: {other}"), "azure.task_identity"),
        ("task_identity: '..'".to_owned(), "azure.task_identity"),
        ("task_identity: 'a b'".to_owned(), "azure.task_identity"),
        (format!("kubelet_identity: {above}"), "azure.kubelet_identity"),
        (format!("identities: {{ production: {above} }}"), "azure.identities.production"),
        ("identities: { production: a/b }".to_owned(), "azure.identities.production"),
    ] {
        let error = refused(&union(grants).replace("  cluster:", &format!("  {key}\n  cluster:"))).await;
        let paths: Vec<_> = error.problems().iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(paths, [path], "{key}: {}", said(&error));
        assert!(error.problems()[0].place.is_some() && error.kind().is_usage(), "{key}");
    }
    for (from, to, path) in [
        (
            "resource_group: acme-dataplane",
            "resource_group: a/providers/Microsoft.Storage/storageAccounts/x",
            "azure.resource_group",
        ),
        ("resource_group: acme-dataplane", "resource_group: ..", "azure.resource_group"),
        ("  cluster: {", "  cluster: { resource_group: ../x,", "azure.cluster.resource_group"),
        ("  cluster: {", "  cluster: { name: ../x,", "azure.cluster.name"),
    ] {
        let text = union(grants);
        assert!(text.contains(from), "{text}");
        let error = refused(&text.replacen(from, to, 1)).await;
        assert_eq!(error.problems()[0].path, path, "{to}: {}", said(&error));
    }
}
