//! Data planes of several clusters.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{ErrorKind, Note};
use serde_json::{Value, json};

use crate::arm::GROUP;
use crate::world::{Runs, World, flyte, said, union};

const PRODUCTION: &str = "grants: [{ name: prod, scope: { domain: production }, access: { models: read } }]";
const ISSUER: &str = "https://westeurope.oic.prod-aks.azure.com/a/c/";
const BLUE: &str = "https://westeurope.oic.prod-aks.azure.com/a/blue/";
const GREEN: &str = "https://westeurope.oic.prod-aks.azure.com/a/green/";

fn trusting(text: &str, issuers: &[&str]) -> String {
    text.replace(&format!("\"{ISSUER}\""), &serde_json::to_string(issuers).expect("JSON"))
}

/// The issuers and subjects that an identity trusts, and under which names.
async fn trusted(world: &World) -> BTreeMap<(String, String), String> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let credentials = world.arm.credentials("cloudgrant_tests_production").await;
    let of = |it: &Value| ((text(&it["properties"]["issuer"]), text(&it["properties"]["subject"])), text(&it["name"]));
    credentials.iter().map(of).collect()
}

#[tokio::test]
async fn several_clusters_are_trusted_each_by_a_credential_of_its_own() {
    let both = trusting(&flyte(PRODUCTION), &[BLUE, GREEN]);
    let world = World::new(&both).await;
    let plan = world.plan(&both).await.expect("a plan");
    assert!(!plan.notes.iter().any(|note| note.message.contains("no managed cluster")), "{:#?}", plan.notes);
    let documents = plan.changes.iter().filter_map(|change| Some(change.handoff.as_ref()?.document.as_str()));
    let handoff = documents.collect::<String>();
    assert!(handoff.contains(BLUE) && handoff.contains(GREEN), "{handoff}");
    assert_eq!(handoff.matches("kubectl annotate serviceaccount").count(), 2, "{handoff}");
    world.converge(&both).await;
    let of_both = trusted(&world).await;
    let subjects =
        ["forecasting", "vision"].map(|project| format!("system:serviceaccount:{project}-production:default"));
    let expected: BTreeSet<_> =
        [BLUE, GREEN].into_iter().flat_map(|issuer| subjects.clone().map(|it| (issuer.to_owned(), it))).collect();
    assert_eq!(of_both.keys().cloned().collect::<BTreeSet<_>>(), expected);
    // Blue is taken down: nobody trusts it any more, and green's stay as they are.
    let green = trusting(&flyte(PRODUCTION), &[GREEN]);
    let report = world.converge(&green).await;
    assert_eq!((report.summary().create, report.summary().update, report.summary().delete), (0, 0, 2), "{report:#?}");
    let of_green: BTreeMap<_, _> = of_both.into_iter().filter(|((issuer, _), _)| issuer == GREEN).collect();
    assert_eq!(trusted(&world).await, of_green);
    // One that no cluster has is told, and one that differs in its last slash is refused.
    let red = trusting(&flyte(PRODUCTION), &[GREEN, "https://oidc.example/red"]);
    let plan = world.plan(&red).await.expect("a plan");
    let told = |note: &Note| note.message.contains("has the issuer https://oidc.example/red,");
    assert!(plan.notes.iter().any(told), "{:#?}", plan.notes);
    let misspelled = trusting(&flyte(PRODUCTION), &[GREEN, BLUE.trim_end_matches('/')]);
    let error = world.plan(&misspelled).await.expect_err("another slash");
    assert!(said(&error).contains(&format!("write `{BLUE}` in `azure.cluster.oidc_issuer`")), "{}", said(&error));
    // A stranger's beside the cluster's own is warned of alone, and is in the plan as what is trusted.
    let stranger = trusting(&flyte(PRODUCTION), &[GREEN, "https://evil.example/oidc/"]);
    let plan = world.plan(&stranger).await.expect("a plan");
    let warned: Vec<_> = plan.notes.iter().filter(|note| note.message.contains("can make tokens")).collect();
    assert_eq!(warned.len(), 1, "{:#?}", plan.notes);
    assert!(warned[0].message.contains("has the issuer https://evil.example/oidc/,"), "{warned:#?}");
    let new = plan.changes.iter().filter(|change| change.id.kind == "federated-credential");
    let shown = new.filter(|change| format!("{change:?}").contains("https://evil.example/oidc/")).count();
    assert_eq!(shown, 2, "{:#?}", plan.changes);
    // All of it goes.
    let report = world.revoke_all(&both).await.expect("revoked");
    assert!(report.is_success(), "{report:#?}");
    assert!(!world.arm.identities().await.iter().any(|identity| identity["name"] == "cloudgrant_tests_production"));
}

/// Microsoft Entra compares issuers to the last slash: alone as in a list, both spellings are said, the manifest's and the cluster's.
#[tokio::test]
async fn a_last_slash_alone_is_another_issuer() {
    let world = World::new(&flyte(PRODUCTION)).await;
    for issuers in [&[ISSUER.trim_end_matches('/')][..], &[ISSUER.trim_end_matches('/'), GREEN]] {
        let text = trusting(&flyte(PRODUCTION), issuers);
        let told = said(&world.plan(&text).await.expect_err("another slash"));
        assert!(told.contains(ISSUER), "the cluster's: {told}");
        let without = told.replace(ISSUER, "");
        assert!(without.contains(ISSUER.trim_end_matches('/')), "the manifest's: {told}");
        assert!(told.contains("exactly like this"), "{told}");
    }
    // As it is written it is taken.
    world.plan(&flyte(PRODUCTION)).await.expect("a plan");
}

/// As whoever runs `plan --sandbox` with a stranger's manifest first: the sandbox is made from that very manifest.
#[tokio::test]
async fn a_stranger_s_issuer_is_warned_of_in_a_sandbox_that_is_made_from_its_manifest() {
    const STRANGER: &str = "https://evil.example/oidc/";
    for issuers in [&[STRANGER][..], &[GREEN, STRANGER], &[STRANGER, GREEN]] {
        let text = trusting(&flyte(PRODUCTION), issuers);
        let world = World::new(&text).await;
        let plan = world.plan(&text).await.expect("a plan");
        let warned: Vec<_> = plan.notes.iter().filter(|note| note.message.contains("can make tokens")).collect();
        assert_eq!(warned.len(), 1, "{:#?}", plan.notes);
        assert!(warned[0].message.contains(&format!("has the issuer {STRANGER},")), "{warned:#?}");
    }
}

#[tokio::test]
async fn a_project_that_leaves_is_told_to_unbind_its_service_account() {
    let both = flyte(PRODUCTION);
    let world = World::new(&both).await;
    world.converge(&both).await;
    let fewer = both.replace("[forecasting, vision]", "[vision]");
    let plan = world.plan(&fewer).await.expect("a plan");
    let gone: Vec<_> = plan.changes.iter().filter(|change| change.id.kind == "federated-credential").collect();
    let [one] = gone.as_slice() else { panic!("{:#?}", plan.changes) };
    let told = one.warning.as_deref().expect("a warning");
    let command =
        "kubectl annotate serviceaccount default --namespace forecasting-production azure.workload.identity/client-id-";
    assert!(told.contains(command) && !told.contains("vision"), "{told}");
}

#[tokio::test]
async fn more_credentials_than_an_identity_takes_are_counted_while_planning() {
    let projects: Vec<_> = (0..15).map(|n| format!("project-{n:02}")).collect();
    let text = flyte(PRODUCTION).replace("[forecasting, vision]", &format!("[{}]", projects.join(", ")));
    let both = trusting(&text, &[ISSUER, GREEN]);
    let world = World::new(&both).await;
    world.converge(&text).await;
    let error = world.plan(&both).await.expect_err("too many");
    assert_eq!(error.kind(), ErrorKind::Quota, "{error}");
    let told = said(&error);
    assert!(told.contains("would need 30: 2 issuers times 15 service accounts"), "{told}");
    assert!(told.contains("platform.projects") && told.contains("serves 10 or fewer"), "{told}");
    // As the hint says.
    let fewer = text.replace(&projects[10..].join(", "), "").replace(", ]", "]");
    world.converge(&fewer).await;
    world.converge(&both).await;
    let mut sizes = Vec::new();
    for name in ["", "_2"] {
        sizes.push(world.arm.credentials(&format!("cloudgrant_tests_production{name}")).await.len());
    }
    assert_eq!(sizes, [20, 10]);
}

/// The stack makes no credential of its own there, and the manifest's issuer is looked at all the same.
#[tokio::test]
async fn requirement_10_an_issuer_that_no_cluster_has_is_told_where_every_identity_is_somebody_else_s() {
    const GLOBAL: &str = "grants: [{ name: all, scope: global, access: { models: read } }]";
    let named = union(PRODUCTION).replace("  cluster:", "  identities: { production: theirs }\n  cluster:");
    for text in [union(GLOBAL), flyte(GLOBAL), named] {
        let world = World::new(&text).await;
        let told = async |text: &str, words: &str| {
            let plan = world.plan(text).await.expect("a plan");
            plan.notes.into_iter().map(|note| note.message).filter(|it| it.contains(words)).collect::<Vec<_>>()
        };
        const STRANGE: &str = "no managed cluster in resource group acme-dataplane has the issuer";
        assert_eq!(told(&text, STRANGE).await, [""; 0]);
        for issuers in [&["https://evil.example/"][..], &[ISSUER, "https://evil.example/"], &[GREEN]] {
            let warned = told(&trusting(&text, issuers), STRANGE).await;
            let [one] = warned.as_slice() else { panic!("{issuers:?}: {warned:#?}") };
            let expected = format!("{STRANGE} {} (what is there has {ISSUER})", issuers[issuers.len() - 1]);
            assert!(one.starts_with(&expected), "{one}");
        }
        // A slip hides nothing that is wrong with the cluster.
        let cluster = format!("{GROUP}/providers/Microsoft.ContainerService/managedClusters/acme-dataplane-aks");
        let off = json!({ "securityProfile": { "workloadIdentity": { "enabled": false } } });
        world.arm.manage("put", json!({ "id": cluster, "properties": off })).await;
        for issuers in [&[ISSUER][..], &[GREEN]] {
            let off = told(&trusting(&text, issuers), "workload identity is off").await;
            assert_eq!(off.len(), 1, "{issuers:?}: {off:#?}");
        }
    }
    // Nodes log in without it.
    let nodes = union("registries: [{ name: trainer, access: pull, azure: acmeimages.azurecr.io }]");
    let world = World::new(&nodes).await;
    let plan = world.plan(&trusting(&nodes, &[GREEN])).await.expect("a plan");
    assert!(!plan.notes.iter().any(|note| note.message.contains("no managed cluster")), "{:#?}", plan.notes);
}

/// Who may not read the cluster grants nevertheless, and is told that nobody looked at the issuer.
#[tokio::test]
async fn requirement_10_an_issuer_that_may_not_be_looked_at_is_warned_of() {
    let text = flyte(PRODUCTION);
    let world = World::with(&text, "deny=Microsoft.ContainerService/managedClusters:read").await;
    let plan = world.plan(&text).await.expect("a plan");
    let warned: Vec<_> = plan.notes.iter().filter(|note| note.message.contains("nobody could check")).collect();
    let [one] = warned.as_slice() else { panic!("{:#?}", plan.notes) };
    assert!(one.message.contains("can't be read") && one.message.contains(ISSUER), "{one:?}");
    world.converge(&text).await;
    let short = trusting(&text, &[ISSUER.trim_end_matches('/')]);
    let error = world.plan(&short).await.expect_err("no issuer of AKS");
    assert!(said(&error).contains(&format!("write `{ISSUER}`")), "{}", said(&error));
    // Without an issuer the cluster is what says which it is.
    let none = text.replace(&format!("oidc_issuer: \"{ISSUER}\""), "name: acme-dataplane-aks");
    let error = world.plan(&none).await.expect_err("nothing says whose tokens");
    assert!(said(&error).contains("Microsoft.ContainerService/managedClusters/read"), "{}", said(&error));
}
