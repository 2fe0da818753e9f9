//! `platform.delivery: leave-kubernetes`: the way from cloudgrant's annotations to somebody else's.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::delivery::{KEY, ONE_DOMAIN, VISION, annotations, exits, in_cluster};
use crate::json::assert_valid;
use crate::support::{Folder, MANIFEST};

fn leaving(manifest: &str) -> String {
    assert!(manifest.contains("delivery: kubernetes"), "{manifest}");
    manifest.replace("delivery: kubernetes", "delivery: leave-kubernetes")
}

/// Two domains, and a grant in each.
fn two_domains() -> String {
    let development = "  - name: inputs-development
    scope: { domain: development }
    access: { inputs: read }
";
    ONE_DOMAIN.replace("domains: [production]", "domains: [development, production]") + development
}

/// The same on AWS.
fn two_domains_on_aws() -> String {
    let head = MANIFEST.split("grants:").next().expect("a head").replacen(
        "kind: union\n",
        "kind: union\n  delivery: kubernetes\n",
        1,
    );
    let head = head.replacen("domains: [staging, production]", "domains: [development, production]", 1);
    let grant = |domain: &str| {
        format!("  - name: inputs-{domain}\n    scope: {{ domain: {domain} }}\n    access: {{ training-data: read }}\n")
    };
    format!("{head}grants:\n{}{}", grant("production"), grant("development"))
}

/// Whoever delivers from now on has the annotation as well, or it goes.
#[test]
fn what_cloudgrant_annotated_goes_when_somebody_else_is_to_deliver() {
    let folder = Folder::with(ONE_DOMAIN);
    exits(&folder, &["apply", "--yes"], 0);
    in_cluster(&folder, "azure", async |cluster| cluster.annotate(VISION, json!({ "by-hand": "1" })).await);
    folder.write("cloudgrant.yaml", leaving(ONE_DOMAIN));
    let plan = exits(&folder, &["plan", "--exit-code"], 3);
    assert!(plan.contains("- service-account-annotation vision-production/default"), "{plan}");
    assert!(plan.contains("1 handoff"), "{plan}");
    exits(&folder, &["apply", "--yes"], 0);
    assert_eq!(annotations(&folder, "azure"), BTreeMap::from([(VISION.to_owned(), json!({ "by-hand": "1" }))]));
    assert!(exits(&folder, &["plan"], 0).contains("0 to create, 0 to update, 0 to delete"));
}

/// The annotations of an identity that goes go with it; those of others are for `apply`.
#[test]
fn one_grant_that_is_revoked_takes_the_annotations_of_its_principal_along_and_no_others() {
    for (manifest, cloud) in [(two_domains(), "azure"), (two_domains_on_aws(), "aws")] {
        let folder = Folder::with(&manifest);
        exits(&folder, &["apply", "--yes"], 0);
        let all = annotations(&folder, cloud);
        let of = |domain: &str| all.keys().filter(|name| name.ends_with(domain)).cloned().collect::<Vec<_>>();
        let (mut gone, others) = (of("-production"), of("-development"));
        gone.sort();
        assert!(!gone.is_empty() && !others.is_empty(), "{cloud}: {all:?}");
        folder.write("cloudgrant.yaml", leaving(&manifest));
        let look = exits(&folder, &["revoke", "inputs-production", "--dry-run"], 0);
        for namespace in &gone {
            assert!(look.contains(&format!("- service-account-annotation {namespace}/default")), "{cloud}: {look}");
        }
        assert!(others.iter().all(|namespace| !look.contains(namespace)), "{cloud}: {look}");
        assert!(!look.contains("With :"), "{cloud}: {look}");
        exits(&folder, &["revoke", "inputs-production", "--yes"], 0);
        assert_eq!(annotations(&folder, cloud).into_keys().collect::<Vec<_>>(), others, "{cloud}");
        // Once more: nothing is left of it, and nothing else goes.
        let again = exits(&folder, &["revoke", "inputs-production", "--yes"], 0);
        assert!(others.iter().all(|namespace| !again.contains(namespace)), "{cloud}: {again}");
        assert_eq!(annotations(&folder, cloud).into_keys().collect::<Vec<_>>(), others, "{cloud}");
        exits(&folder, &["revoke", "--all", "--yes"], 0);
        assert!(annotations(&folder, cloud).is_empty(), "{cloud}");
    }
}

/// Server-side apply leaves what another manager has as well.
#[test]
fn an_annotation_that_somebody_else_has_as_well_stays_and_that_is_told() {
    let folder = Folder::with(ONE_DOMAIN);
    exits(&folder, &["apply", "--yes"], 0);
    let client_id = annotations(&folder, "azure")[VISION][KEY].clone();
    let theirs = json!({ KEY: client_id });
    in_cluster(&folder, "azure", async |cluster| cluster.apply(VISION, "helm", theirs.clone()).await);
    let look = exits(&folder, &["revoke", "--all", "--dry-run"], 1);
    assert!(look.contains("stays: service-account-annotation vision-production/default"), "{look}");
    assert!(look.contains("`helm`"), "{look}");
    let document = assert_valid(&folder, &["revoke", "--all", "--dry-run", "--sandbox"]);
    assert_eq!(document["stays"][0]["name"], "vision-production/default", "{document:#}");
    let one = exits(&folder, &["revoke", "inputs-production", "--dry-run"], 1);
    assert!(one.contains("stays: service-account-annotation vision-production/default"), "{one}");
    // Whoever leaves the annotation to somebody else has reached that, as long as its identity stays.
    folder.write("cloudgrant.yaml", leaving(ONE_DOMAIN));
    let plan = exits(&folder, &["plan"], 0);
    assert!(plan.contains("it stays: `helm` has it as well"), "{plan}");
    assert!(!plan.contains("stays: service-account-annotation"), "{plan}");
    let one = exits(&folder, &["revoke", "inputs-production", "--dry-run"], 1);
    assert!(one.contains("stays: service-account-annotation vision-production/default"), "{one}");
    let revoked = exits(&folder, &["revoke", "inputs-production", "--yes"], 1);
    assert!(
        revoked.contains("The manifest still lists inputs-production: the next apply would bring it back"),
        "{revoked}"
    );
    assert_eq!(annotations(&folder, "azure"), BTreeMap::from([(VISION.to_owned(), theirs)]));
}

/// The handoffs of a plan that are open, and the annotations that come of each, by service account.
fn open(plan: &Value) -> BTreeMap<String, Value> {
    let changes = plan["changes"].as_array().expect("changes").iter();
    let handoffs = changes.filter(|change| change["action"] == "handoff");
    handoffs.map(|one| (one["name"].to_string(), one["after"]["service_accounts"].clone())).collect()
}

/// The cluster is read for what cloudgrant takes away there: what somebody else has done in it, a plan sees by itself.
#[test]
fn what_somebody_else_annotates_is_seen_and_what_they_take_off_is_to_be_done_again() {
    const SEEN: &str = "somebody else has done it, as the service accounts show";
    for (manifest, cloud) in [(two_domains(), "azure"), (two_domains_on_aws(), "aws")] {
        let folder = Folder::with(&manifest);
        exits(&folder, &["apply", "--yes"], 0);
        // What is there is cloudgrant's, and goes.
        folder.write("cloudgrant.yaml", leaving(&manifest));
        let asked = open(&assert_valid(&folder, &["plan", "--sandbox"]));
        assert!(!asked.is_empty(), "{cloud}");
        exits(&folder, &["apply", "--yes"], 0);
        assert!(annotations(&folder, cloud).is_empty(), "{cloud}");
        let plan = assert_valid(&folder, &["plan", "--sandbox"]);
        assert_eq!(open(&plan), asked, "{cloud}");
        assert!(!plan["notes"].to_string().contains(SEEN), "{cloud}: {}", plan["notes"]);
        let name = asked.keys().next().expect("a step").trim_matches('"').to_owned();
        let said = exits(&folder, &["done", &name, "--yes"], 2);
        assert!(said.contains("needs nobody's word"), "{cloud}: {said}");

        let by_hand = async |cluster: crate::delivery::Cluster, is_there: bool| {
            for (name, annotations) in asked.values().flat_map(|accounts| accounts.as_object().expect("accounts")) {
                let (namespace, account) = name.split_once('/').expect("a namespace");
                let keys = annotations.as_object().expect("annotations").iter();
                let value = |value: &Value| if is_there { value.clone() } else { Value::Null };
                let set: serde_json::Map<_, _> = keys.map(|(key, it)| (key.clone(), value(it))).collect();
                assert!(is_there != set.values().any(Value::is_null), "{set:?}");
                cluster.annotate_account(namespace, account, set.into()).await;
            }
        };
        in_cluster(&folder, cloud, async |cluster| by_hand(cluster, true).await);
        let plan = assert_valid(&folder, &["plan", "--sandbox"]);
        assert!(open(&plan).is_empty(), "{cloud}: {plan:#}");
        let notes = plan["notes"].as_array().expect("notes").iter();
        assert_eq!(notes.filter(|note| note["message"] == SEEN).count(), asked.len(), "{cloud}: {}", plan["notes"]);
        assert!(!plan["notes"].to_string().contains("can take it off"), "it is as asked: {cloud}: {}", plan["notes"]);
        let changes = "service accounts are changed in";
        assert!(!plan["notes"].to_string().contains(changes), "nothing is: {cloud}: {}", plan["notes"]);
        exits(&folder, &["drift", "--exit-code"], 0);
        exits(&folder, &["apply", "--yes"], 0);
        assert_eq!(
            annotations(&folder, cloud).len(),
            asked.values().flat_map(|it| it.as_object()).map(|it| it.len()).sum::<usize>()
        );

        in_cluster(&folder, cloud, async |cluster| by_hand(cluster, false).await);
        assert_eq!(open(&assert_valid(&folder, &["plan", "--sandbox"])), asked, "{cloud}");
        exits(&folder, &["revoke", "--all", "--yes"], 0);
    }
}

/// What was confirmed while nobody could see it is seen from then on.
#[test]
fn a_step_that_was_confirmed_before_is_seen_from_now_on() {
    let handed_off = ONE_DOMAIN.replace("delivery: kubernetes", "delivery: handoff");
    let folder = Folder::with(&handed_off);
    exits(&folder, &["apply", "--yes"], 0);
    let asked = assert_valid(&folder, &["plan", "--sandbox"]);
    let name = asked["changes"]
        .as_array()
        .expect("changes")
        .iter()
        .find(|one| one["action"] == "handoff")
        .expect("a step")["name"]
        .clone();
    exits(&folder, &["done", name.as_str().expect("a name"), "--yes"], 0);
    exits(&folder, &["plan", "--exit-code"], 0);
    folder.write("cloudgrant.yaml", leaving(ONE_DOMAIN));
    let plan = assert_valid(&folder, &["plan", "--sandbox"]);
    assert_eq!(open(&plan).len(), 1, "nobody has annotated anything: {plan:#}");
    assert!(plan.to_string().contains("doesn't show that it is done"), "{plan:#}");
}

/// Another value than the one that is asked for is what is there, and no more.
#[test]
fn an_annotation_of_somebody_else_s_that_names_another_principal_is_not_taken_for_done() {
    let folder = Folder::with(&leaving(ONE_DOMAIN));
    exits(&folder, &["apply", "--yes"], 0);
    in_cluster(&folder, "azure", async |cluster| cluster.annotate(VISION, json!({ KEY: "another" })).await);
    let plan = assert_valid(&folder, &["plan", "--sandbox"]);
    assert_eq!(open(&plan).len(), 1, "{plan:#}");
    let there = plan["changes"].as_array().expect("changes").iter().find(|change| change["action"] == "handoff");
    let there = &there.expect("a handoff")["before"]["service_accounts"]["vision-production/default"][KEY];
    assert_eq!(there, "another", "{plan:#}");
}
