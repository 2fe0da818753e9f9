//! What the cloud has by now that the manifest can't use: it stands in the way of what is newly given there, of nothing that goes,
//! and is told.

use std::collections::BTreeSet;

use cloudgrant_core::{Note, Plan, Silent};
use serde_json::{Value, json};

use crate::arm::{GROUP, SUBSCRIPTION, identity_id};
use crate::revoking::revoke;
use crate::world::{Runs, World, flyte, said, union};

const HERE: &str = "00000000-0000-0000-0000-00000000000b";
const THERE: &str = "00000000-0000-0000-0000-0000000000cc";
const ISSUER: &str = "https://westeurope.oic.prod-aks.azure.com/a/c/";
const ROLE: &str = "11111111-2222-3333-4444-555555555555";

/// The stack's assignments, in both subscriptions.
async fn ours(world: &World) -> BTreeSet<String> {
    let mut all = world.arm.assignments_of(HERE).await;
    all.extend(world.arm.assignments_of(THERE).await);
    all.retain(|one| one["properties"]["description"].as_str().is_some_and(|text| text.contains("cloudgrant")));
    let of = |one: &Value| ["scope", "principalId", "roleDefinitionId"].map(|key| one["properties"][key].to_string());
    all.iter().map(|one| of(one).join(" ")).collect()
}

/// The stack's own identities, each with what it trusts.
async fn identities(world: &World) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for identity in world.arm.identities().await {
        if identity["tags"]["cloudgrant:stack"].is_string() {
            let name = identity["name"].as_str().unwrap_or_default();
            all.insert(format!("{name} {:?}", world.arm.credentials(name).await));
        }
    }
    all
}

fn told(plan: &Plan) -> String {
    let broken = plan.broken.iter().map(|broken| &broken.note);
    let notes: Vec<_> = plan.notes.iter().chain(broken).map(|note: &Note| note.message.clone()).collect();
    format!("{} {}", notes.join("\n"), plan.refusal.as_ref().map(|why| said(why.error())).unwrap_or_default())
}

/// What is changed behind everybody's back.
enum Change {
    Put(Value),
    Delete(String),
}

/// One grant or registry, `it`, of what can't be used any more, beside others.
struct Case {
    text: String,
    changes: Vec<Change>,
    needle: &'static str,
}

const OTHERS: &str = "- { name: goes, scope: global, access: { models: read } }
- { name: stays, scope: { domain: development }, access: { extra: read } }
";
const EXTRA: &str = "  extra: { azure: \"https://acmeextra.blob.core.windows.net/extra\" }\n";

/// The same where everything is global.
const BESIDE: &str = "- { name: goes, scope: global, access: { models: read } }
- { name: stays, scope: global, access: { token: read } }
";

fn granting(scope: &str, access: &str) -> String {
    flyte(&format!("{EXTRA}grants:\n- {{ name: it, scope: {scope}, access: {{ {access} }} }}\n{OTHERS}"))
}

fn put(id: &str, properties: Value) -> Change {
    Change::Put(json!({ "id": format!("{GROUP}/providers/{id}"), "properties": properties }))
}

fn at_home(id: &str) -> String {
    format!("{GROUP}/providers/{id}")
}

async fn change(world: &World, changes: &[Change]) {
    for change in changes {
        match change {
            Change::Put(body) => world.arm.manage("put", body.clone()).await,
            Change::Delete(id) => world.arm.manage("delete", json!({ "id": id })).await,
        };
    }
}

/// It is told while looking and applying, a grant of something else goes and takes nothing along, this one goes, and all of it.
async fn goes(Case { text, changes, needle }: &Case) {
    let world = World::new(text).await;
    if text.contains("token: { read:") {
        world.arm.manage("put", role("Ours", &["Microsoft.KeyVault/vaults/read"])).await;
    }
    if text.contains("resource_group: clusters") {
        let properties = json!({ "oidcIssuerProfile": { "enabled": true, "issuerURL": ISSUER } });
        let id = at_home(CLUSTER).replace("/acme-dataplane/", "/clusters/");
        world.arm.manage("put", json!({ "id": id, "properties": properties })).await;
    }
    world.converge(text).await;
    let (before, had) = (ours(&world).await, identities(&world).await);
    change(&world, changes).await;
    let listed = ours(&world).await;

    let session = world.session(text).await.expect("a session");
    let drift = session.engine().only_looking().plan(&Silent).await;
    let drift = drift.unwrap_or_else(|error| panic!("{needle}: {error:?}"));
    assert!(drift.has_drift() && told(&drift).contains(needle), "{needle}: {drift:#?}");
    let error = world.plan(text).await.expect_err(needle);
    assert!(said(&error).contains(needle), "{needle}: {}", said(&error));

    let plan = revoke(&world, text, "goes").await;
    assert!(plan.stays.is_empty(), "{needle}: {plan:#?}");
    let left = ours(&world).await;
    assert!(left.is_subset(&before), "{needle}: {left:#?}");
    let gone: Vec<_> = listed.difference(&left).collect();
    assert!(!gone.is_empty() && gone.iter().all(|one| one.contains("acmemodels")), "{needle}: {gone:#?}");
    assert!(!left.iter().any(|one| one.contains("acmemodels")), "{needle}: {left:#?}");
    let now = identities(&world).await;
    assert!(had == now || changes.iter().any(|one| matches!(one, Change::Put(_))), "{needle}: {had:#?}, {now:#?}");

    let plan = revoke(&world, text, "it").await;
    assert!(plan.stays.is_empty(), "{needle}: {plan:#?}");
    let left = ours(&world).await;
    assert!(left.len() == 1 && left.iter().all(|one| one.contains("acmeextra")), "{needle}: {left:#?}");
    let report = world.revoke_all(text).await.unwrap_or_else(|error| panic!("{needle}: {error:?}"));
    assert!(report.is_success() && ours(&world).await.is_empty(), "{needle}: {report:#?}");
    assert!(identities(&world).await.is_empty(), "{needle}");
}

fn role(name: &str, actions: &[&str]) -> Value {
    let id = format!("{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{ROLE}");
    let permissions = json!([{ "actions": actions, "dataActions": [] }]);
    json!({ "id": id, "properties": { "roleName": name, "assignableScopes": [SUBSCRIPTION], "permissions": permissions } })
}

#[tokio::test]
async fn a_resource_that_can_not_be_used_any_more_keeps_nothing_from_going() {
    let vault = "Microsoft.KeyVault/vaults/acme-vault";
    let account = "Microsoft.Storage/storageAccounts/acmedata";
    let elsewhere = json!({ "blob": "https://acmedata.z7.blob.core.windows.net/", "dfs": null });
    let registry = "Microsoft.ContainerRegistry/registries/acmeimages";
    for (access, id, properties, needle) in [
        ("token: read", vault, json!({ "enableRbacAuthorization": false }), "looks at access policies"),
        (
            "token: read",
            vault,
            json!({ "tenantId": "00000000-0000-0000-0000-0000000000ee" }),
            "acme-vault trusts the tenant 00000000-0000-0000-0000-0000000000ee",
        ),
        ("more: read", account, json!({ "primaryEndpoints": elsewhere }), "its host is acmedata.z7.blob"),
        (
            "images: pull",
            registry,
            json!({ "roleAssignmentMode": "SomethingNew" }),
            "looks at roles in a way that isn't known here",
        ),
        ("images: pull", registry, json!({ "loginServer": "acmeimages-x.azurecr.io" }), "its host is acmeimages-x"),
    ] {
        for scope in ["global", "{ domain: production }"] {
            goes(&Case { text: granting(scope, access), changes: vec![put(id, properties.clone())], needle }).await;
        }
    }
}

#[tokio::test]
async fn a_role_that_can_not_be_used_any_more_keeps_nothing_from_going() {
    let text =
        granting("global", "token: read").replace("  cluster:", "  roles: { token: { read: Ours } }\n  cluster:");
    let by_id = text.replace("Ours }", &format!("{ROLE} }} # Ours"));
    let too_much = || vec![Change::Put(role("Ours", &["Microsoft.Authorization/*"]))];
    let renamed = || vec![Change::Put(role("Theirs", &["Microsoft.KeyVault/vaults/read"]))];
    for (text, changes, needle) in [
        (&text, too_much(), "the role `Ours` is too much for task code"),
        (&by_id, too_much(), "the role `Ours` is too much for task code"),
        (&text, renamed(), "there is no role `Ours`"),
    ] {
        goes(&Case { text: text.replace(" # Ours }", " }").replace("# Ours", ""), changes, needle }).await;
    }
}

const CLUSTER: &str = "Microsoft.ContainerService/managedClusters/acme-dataplane-aks";

#[tokio::test]
async fn a_cluster_that_can_not_be_used_any_more_keeps_nothing_from_going() {
    let text = granting("{ domain: production }", "more: read");
    let config = format!("{{ oidc_issuer: \"{ISSUER}\" }}");
    let issuer = |url: &str, enabled: bool| {
        vec![put(CLUSTER, json!({ "oidcIssuerProfile": { "enabled": enabled, "issuerURL": url } }))]
    };
    let gone = || vec![Change::Delete(at_home(CLUSTER))];
    let other = "https://westeurope.oic.prod-aks.azure.com/a/other/";
    let another = format!("{GROUP}/providers/Microsoft.ContainerService/managedClusters/another");
    for (cluster, changes, needle) in [
        (config.as_str(), issuer(other, true), "has another issuer than the manifest"),
        (&config, issuer(ISSUER, false), "issues no tokens that Azure could trust"),
        ("{ name: acme-dataplane-aks }", issuer(ISSUER, false), "issues no tokens that Azure could trust"),
        ("{ name: acme-dataplane-aks }", gone(), "there is no managed cluster `acme-dataplane-aks`"),
        ("{}", gone(), "the issuer of the cluster's tokens isn't known"),
        ("{}", vec![Change::Put(json!({ "id": another }))], "several managed clusters"),
        ("{ resource_group: clusters }", vec![Change::Delete(GROUP.replace("acme-dataplane", "clusters"))], "clusters"),
    ] {
        let text = text.replace(&config, cluster);
        goes(&Case { text, changes, needle }).await;
    }
}

/// Those whom the nodes' identity lets pull.
#[tokio::test]
async fn nodes_that_nobody_knows_any_more_keep_nothing_from_going() {
    let registry = "registries: [{ name: it, access: pull, azure: acmeimages.azurecr.io }]\n";
    let another = format!("{GROUP}/providers/Microsoft.ContainerService/managedClusters/another");
    for (cluster, changes, needle) in [
        ("{ name: acme-dataplane-aks }", vec![Change::Delete(at_home(CLUSTER))], "there is no managed cluster"),
        ("{}", vec![Change::Delete(at_home(CLUSTER))], "the cluster's nodes pull images isn't known"),
        ("{}", vec![Change::Put(json!({ "id": another }))], "several managed clusters"),
    ] {
        let text = flyte(&format!("grants:\n{}{registry}", BESIDE));
        let text = text.replace(&format!("{{ oidc_issuer: \"{ISSUER}\" }}"), cluster);
        let world = World::new(&text).await;
        world.converge(&text).await;
        let before = ours(&world).await;
        change(&world, &changes).await;
        let error = world.plan(&text).await.map(|plan| told(&plan)).unwrap_or_else(|error| said(&error));
        assert!(error.contains(needle), "{needle}: {error}");
        let plan = revoke(&world, &text, "goes").await;
        assert!(plan.stays.is_empty(), "{needle}: {plan:#?}");
        assert_eq!(before.len(), ours(&world).await.len() + 1, "{needle}");
        let plan = revoke(&world, &text, "it").await;
        assert!(plan.stays.is_empty() && ours(&world).await.len() == 1, "{needle}: {plan:#?}");
        let report = world.revoke_all(&text).await.unwrap_or_else(|error| panic!("{needle}: {error:?}"));
        assert!(report.is_success() && ours(&world).await.is_empty(), "{needle}: {report:#?}");
    }
}

/// An identity of all task code that is found by its name, beside which somebody made another one.
#[tokio::test]
async fn a_second_identity_of_the_name_keeps_nothing_from_going() {
    let text = union(&format!("grants:\n- {{ name: it, scope: global, access: {{ more: read }} }}\n{}", BESIDE));
    let world = World::new(&text).await;
    world.converge(&text).await;
    let before = ours(&world).await;
    world.arm.manage("put", json!({ "id": identity_id("flyteuser-other") })).await;
    let needle = "several managed identities are named";
    let error = world.plan(&text).await.map(|plan| told(&plan)).unwrap_or_else(|error| said(&error));
    assert!(error.contains(needle), "{error}");
    let plan = revoke(&world, &text, "stays").await;
    assert!(plan.stays.is_empty(), "{plan:#?}");
    assert_eq!(before.len(), ours(&world).await.len() + 1);
    revoke(&world, &text, "it").await;
    let report = world.revoke_all(&text).await.unwrap_or_else(|error| panic!("{error:?}"));
    assert!(report.is_success() && ours(&world).await.is_empty(), "{report:#?}");
}

/// What somebody else lets an identity trust takes the place of what the manifest wants there by now.
#[tokio::test]
async fn an_identity_that_is_full_keeps_nothing_from_going() {
    let text = granting("{ domain: production }", "more: read");
    let world = World::new(&text).await;
    world.converge(&text).await;
    for at in 0..18 {
        let name = format!("theirs-{at}");
        world.arm.put_credential("cloudgrant_tests_production", &name, ISSUER, &format!("theirs:{at}")).await;
    }
    let both = text.replace(&format!("\"{ISSUER}\""), &format!("[\"{ISSUER}\", \"https://oidc.example/green\"]"));
    let needle = "takes 20 federated credentials";
    let error = world.plan(&both).await.expect_err("too many");
    assert!(said(&error).contains(needle), "{}", said(&error));
    let plan = revoke(&world, &both, "goes").await;
    let left = ours(&world).await;
    assert!(plan.stays.is_empty() && !left.iter().any(|one| one.contains("acmemodels")), "{plan:#?}");
    assert_eq!(left.len(), 2, "{left:#?}");
    revoke(&world, &both, "it").await;
    assert!(ours(&world).await.iter().all(|one| one.contains("acmeextra")));
}

/// A subscription that went to another tenant, that is gone, or that the caller sees no more.
#[tokio::test]
async fn a_subscription_that_can_not_be_used_any_more_keeps_nothing_from_going() {
    let group = format!("/subscriptions/{THERE}/resourceGroups/data/providers");
    let container =
        format!("{group}/Microsoft.Storage/storageAccounts/otherdata/blobServices/default/containers/inputs");
    let secret = format!("{group}/Microsoft.KeyVault/vaults/other-vault/secrets/token");
    let images = format!("{group}/Microsoft.ContainerRegistry/registries/otherimages");
    let there = format!("/subscriptions/{THERE}");
    let tenant = "99999999-9999-9999-9999-999999999999";
    for (locator, access) in [
        (container.clone(), "there: read"),
        (format!("{container}/blobs/raw/"), "there: read"),
        (secret, "there: read"),
        (images, "there: pull"),
    ] {
        for (change, needle) in [
            (Change::Put(json!({ "id": there, "tenantId": tenant })), "belongs to"),
            (Change::Delete(there.clone()), THERE),
        ] {
            let text = flyte(&format!(
                "{EXTRA}  there: {{ azure: {locator} }}\ngrants:\n- {{ name: it, scope: global, access: {{ {access} }} }}\n{OTHERS}"
            ));
            let world = World::new(&text).await;
            world.converge(&text).await;
            match change {
                Change::Put(body) => world.arm.manage("put", body).await,
                Change::Delete(id) => world.arm.manage("delete", json!({ "id": id })).await,
            };
            let what = format!("{locator}, {needle}");
            let error = world.plan(&text).await.expect_err("it can't be used");
            assert!(said(&error).contains(needle), "{what}: {}", said(&error));
            let session = world.session(&text).await.expect("a session");
            let drift = session.engine().only_looking().plan(&Silent).await;
            let drift = drift.unwrap_or_else(|error| panic!("{what}: {error:?}"));
            assert!(drift.refusal.is_some() && told(&drift).contains(needle), "{what}: {drift:#?}");
            revoke(&world, &text, "goes").await;
            let models = ours(&world).await.iter().filter(|one| one.contains("acmemodels")).count();
            assert_eq!(models, 0, "{what}");
            let plan = revoke(&world, &text, "it").await;
            assert!(!plan.unsearched.is_empty(), "what may be there is told: {what}: {plan:#?}");
        }
    }
}
