//! Domains: requirements 5, 7, 10 and 87.

use std::time::{Duration, Instant};

use cloudgrant_core::{Action, ErrorKind};
use serde_json::json;

use crate::arm::{GROUP, identity_id};
use crate::world::{Runs, World, flyte, said, union};

const PRODUCTION: &str = "grants: [{ name: prod, scope: { domain: production }, access: { models: read } }]";
const ISSUER: &str = "https://westeurope.oic.prod-aks.azure.com/a/c/";

#[tokio::test]
async fn the_union_team_s_document_has_no_empty_line_for_an_organization_that_nobody_named() {
    let named = union("grants: [{ name: prod, scope: { domain: production }, access: { models: read } }]");
    for (text, is_named) in [(named.clone(), true), (named.replace("  organization: acme\n", ""), false)] {
        let world = World::new(&text).await;
        let plan = world.plan(&text).await.expect("a plan");
        let document =
            plan.changes.iter().find_map(|change| Some(change.handoff.as_ref()?.document.clone())).expect("one");
        assert_eq!(document.contains("Organization:"), is_named, "{document}");
        let warned = plan.notes.iter().any(|note| note.message.contains("set `platform.organization`"));
        assert_eq!(warned, !is_named, "{:#?}", plan.notes);
    }
}

#[tokio::test]
async fn requirement_7_on_union_a_domain_is_handed_off_with_all_they_need() {
    let text = union(PRODUCTION);
    let world = World::new(&text).await;
    let plan = world.plan(&text).await.expect("a plan");
    let [change] = plan.changes.as_slice() else { panic!("{:#?}", plan.changes) };
    assert_eq!(change.action, Action::Handoff);
    let handoff = change.handoff.as_ref().expect("a handoff");
    assert_eq!(handoff.to, "the Union team");
    for expected in [
        "system:serviceaccount:forecasting-production:default",
        "system:serviceaccount:vision-production:default",
        "Storage Blob Data Reader",
        "containers/models",
        "production: NAME",
        "00000000-0000-0000-0000-00000000000a",
    ] {
        assert!(handoff.document.contains(expected), "{expected}: {}", handoff.document);
    }
    // Requirement 5: what the wider choice would newly reach.
    assert!(plan.notes.iter().any(|note| note.message.contains("reaches task code of development, production")));
    // Done, it is seen: the manifest names the identity that they made.
    world.arm.put_identity("union-production", json!({})).await;
    let named = text.replace("  cluster:", "  identities: { production: union-production }\n  cluster:");
    let report = world.converge(&named).await;
    assert_eq!((report.summary().create, report.handoffs.len()), (1, 0));
    let principal = world.arm.principal("union-production").await;
    assert!(world.arm.assignments().await.iter().any(|it| it["properties"]["principalId"] == principal.as_str()));
}

/// Union's team knows what it has made. Everybody else has to be told of an identity that the manifest names.
#[tokio::test]
async fn a_platform_without_a_vendor_is_told_of_a_named_identity() {
    let text = flyte(PRODUCTION).replace("  cluster:", "  identities: { production: theirs }\n  cluster:");
    let world = World::new(&text).await;
    world.arm.put_identity("theirs", json!({})).await;
    let plan = world.plan(&text).await.expect("a plan");
    let told = plan.changes.iter().find_map(|change| change.handoff.as_ref()).expect("a handoff");
    let identities = world.arm.identities().await;
    let identity = identities.iter().find(|one| one["name"] == "theirs").expect("it is there");
    let id = identity["properties"]["clientId"].as_str().expect("a client ID");
    for namespace in ["forecasting-production", "vision-production"] {
        let annotated = format!(
            "kubectl annotate serviceaccount default --namespace {namespace} --overwrite azure.workload.identity/client-id={id}"
        );
        assert!(told.document.contains(&annotated), "{}", told.document);
    }
    // Nothing of the stack's own is made for it.
    assert!(plan.work().all(|change| change.id.kind == "role-assignment"), "{plan:#?}");
}

#[tokio::test]
async fn a_domain_gets_an_identity_that_trusts_exactly_its_service_accounts() {
    let text = flyte(
        "grants:\n\
         - { name: all, scope: global, access: { data: read } }\n\
         - { name: prod, scope: { domain: production }, access: { models: read } }",
    );
    let world = World::new(&text).await;
    world.converge(&text).await;
    let mut subjects: Vec<_> = world
        .arm
        .credentials("cloudgrant_tests_production")
        .await
        .iter()
        .map(|credential| {
            assert_eq!(credential["properties"]["issuer"], ISSUER);
            assert_eq!(credential["properties"]["audiences"], json!(["api://AzureADTokenExchange"]));
            credential["properties"]["subject"].as_str().expect("a subject").to_owned()
        })
        .collect();
    subjects.sort();
    assert_eq!(
        subjects,
        ["system:serviceaccount:forecasting-production:default", "system:serviceaccount:vision-production:default"]
    );
    // Scopes add up: the domain's identity carries what is granted globally as well.
    let principal = world.arm.principal("cloudgrant_tests_production").await;
    let carried = world.arm.assignments().await;
    let carried = carried.iter().filter(|assignment| assignment["properties"]["principalId"] == principal.as_str());
    assert_eq!(carried.count(), 2);
    let report = world.revoke_all(&text).await.expect("revoked");
    assert!(report.is_success(), "{report:#?}");
    assert!(!world.arm.identities().await.iter().any(|identity| identity["name"] == "cloudgrant_tests_production"));
    assert!(world.arm.assignments().await.iter().all(|it| it["properties"]["description"].is_null()));
}

#[tokio::test]
async fn twenty_projects_to_an_identity_and_nothing_moves_that_needn_t() {
    let projects = |range: std::ops::Range<usize>| {
        let names: Vec<_> = range.map(|n| format!("project-{n:02}")).collect();
        names.join(", ")
    };
    let with = |projects: &str| flyte(PRODUCTION).replace("[forecasting, vision]", &format!("[{projects}]"));
    let before = with(&projects(0..45));
    let world = World::new(&before).await;
    world.converge(&before).await;
    let sizes = async || {
        let mut sizes = Vec::new();
        for name in ["", "_2", "_3"] {
            sizes.push(world.arm.credentials(&format!("cloudgrant_tests_production{name}")).await.len());
        }
        sizes
    };
    assert_eq!(sizes().await, [20, 20, 5]);
    // One of the first goes, one comes: one credential is deleted, one made, on the last; the others stay.
    let after = with(&format!("{}, {}", projects(1..45), "project-99"));
    let report = world.converge(&after).await;
    assert_eq!((report.summary().create, report.summary().update, report.summary().delete), (1, 0, 1));
    assert_eq!(sizes().await, [19, 20, 6]);
}

#[tokio::test]
async fn requirement_10_the_cluster_s_issuer_must_be_the_manifest_s() {
    let text = flyte(PRODUCTION);
    let world = World::new(&text).await;
    let other = text.replace("prod-aks.azure.com/a/c/", "prod-aks.azure.com/a/other/");
    let error = world.plan(&other).await.expect_err("another issuer");
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(said(&error).contains(ISSUER), "{}", said(&error));
    let cluster = format!("{GROUP}/providers/Microsoft.ContainerService/managedClusters/acme-dataplane-aks");
    let off = json!({ "id": cluster, "properties": {
        "oidcIssuerProfile": { "enabled": true, "issuerURL": ISSUER },
        "securityProfile": { "workloadIdentity": { "enabled": false } },
    }});
    world.arm.manage("put", off).await;
    let plan = world.plan(&text).await.expect("a plan");
    assert!(plan.notes.iter().any(|note| note.message.contains("workload identity is off")), "{:#?}", plan.notes);
    let off = json!({ "id": cluster, "properties": { "oidcIssuerProfile": { "enabled": false } } });
    world.arm.manage("put", off).await;
    let told = said(&world.plan(&text).await.expect_err("no issuer"));
    assert!(told.contains("--enable-oidc-issuer"), "{told}");
}

#[tokio::test]
async fn requirement_87_a_new_identity_is_waited_for() {
    let text = flyte(PRODUCTION);
    let world = World::with(&text, "replication=400ms").await;
    let begun = Instant::now();
    world.converge(&text).await;
    assert!(begun.elapsed() >= Duration::from_millis(400));
}

#[tokio::test]
async fn a_principal_that_is_unknown_for_good_fails_at_once() {
    let text = union("grants: [{ name: all, scope: global, access: { models: read } }]");
    let world = World::new(&text).await;
    // Its service principal is gone, although the identity is there.
    let principal = world.arm.principal("flyteuser-acme").await;
    world.arm.manage("delete", json!({ "principal": principal })).await;
    let begun = Instant::now();
    let report = world.apply(&text).await.expect("a report");
    assert!(begun.elapsed() < Duration::from_secs(5));
    let [failed] = report.failed.as_slice() else { panic!("{report:#?}") };
    assert_eq!(failed.error.kind(), ErrorKind::NotFound);
    let told = said(&failed.error);
    assert!(told.contains(&principal) && told.contains("az ad sp show"), "{told}");
}

#[tokio::test]
async fn an_identity_of_somebody_else_in_our_place_is_left_alone() {
    let text = flyte(PRODUCTION);
    let world = World::new(&text).await;
    world.arm.put_identity("cloudgrant_tests_production", json!({ "owner": "somebody" })).await;
    let error = world.plan(&text).await.expect_err("in the way");
    assert_eq!(error.kind(), ErrorKind::Conflict);
    let path = format!("{}?api-version=2023-01-31", identity_id("cloudgrant_tests_production"));
    let (_, identity) = world.arm.send(reqwest::Method::GET, &path, None).await;
    assert_eq!(identity["tags"], json!({ "owner": "somebody" }));
}

/// As `az identity update --tags` does it. Nobody knows any more whether it is the stack's, and nobody may forget it.
#[tokio::test]
async fn an_identity_whose_tags_somebody_replaced_is_told_with_the_way_back() {
    let text = flyte(PRODUCTION);
    let world = World::new(&text).await;
    world.converge(&text).await;
    let identity = "cloudgrant_tests_production";
    world.arm.put_identity(identity, json!({ "x": "y" })).await;
    let error = world.plan(&text).await.expect_err("it is in the way");
    assert!(error.kind() == ErrorKind::Conflict && format!("{error:?}").contains("az tag update"), "{error:?}");
    let engine = world.session(&text).await.expect("a session").engine_without(None).expect("an engine");
    let plan = engine.plan(&cloudgrant_core::Silent).await.expect("a plan");
    let [stays] = plan.stays.as_slice() else { panic!("{:#?}", plan.stays) };
    let home = "00000000-0000-0000-0000-00000000000b/acme-dataplane";
    let marks = format!("--tags cloudgrant:stack=tests cloudgrant:home={home}");
    assert!(stays.object.to_string().contains(identity) && stays.reason.contains(&marks), "{stays:#?}");
    assert!(plan.changes.iter().all(|change| change.id != stays.object), "{:#?}", plan.changes);
    let tags = json!({ "x": "y", "cloudgrant:stack": "tests", "cloudgrant:home": home });
    world.arm.put_identity(identity, tags).await;
    world.revoke_all(&text).await.expect("revoked");
    assert!(world.arm.identities().await.iter().all(|one| one["name"] != identity));
    // Somebody else's is theirs.
    world.arm.put_identity(identity, json!({ "cloudgrant:stack": "another" })).await;
    let engine = world.session(&text).await.expect("a session").engine_without(None).expect("an engine");
    assert_eq!(engine.plan(&cloudgrant_core::Silent).await.expect("a plan").stays, []);
}

#[tokio::test]
async fn tags_of_others_on_our_identity_stay() {
    let text = flyte(PRODUCTION);
    let world = World::new(&text).await;
    world.converge(&text).await;
    let home = "00000000-0000-0000-0000-00000000000b/acme-dataplane";
    let mut tags = json!({
        "cloudgrant:stack": "tests", "cloudgrant:home": home, "cloudgrant:scope": "another", "owner": "somebody",
    });
    world.arm.put_identity("cloudgrant_tests_production", tags.clone()).await;
    let report = world.converge(&text).await;
    assert_eq!(report.summary().update, 1);
    let path = format!("{}?api-version=2023-01-31", identity_id("cloudgrant_tests_production"));
    let (_, identity) = world.arm.send(reqwest::Method::GET, &path, None).await;
    tags["cloudgrant:scope"] = "domain production".into();
    assert_eq!(identity["tags"], tags);
}

/// On Union, the identity of all task code is found by its name.
#[tokio::test]
async fn a_domain_s_identity_that_is_found_to_be_everybody_s_is_refused() {
    let text = union(PRODUCTION).replace("  cluster:", "  identities: { production: flyteuser-acme }\n  cluster:");
    let world = World::new(&text).await;
    let told = said(&world.plan(&text).await.expect_err("everybody's"));
    assert!(told.contains("`flyteuser-acme` is the identity of `all task code` as well"), "{told}");
    assert!(told.contains("azure.identities.production"), "{told}");
}
