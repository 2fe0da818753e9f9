//! `platform.delivery: [settings, kubernetes]`: one apply sets the service accounts of tasks by the settings service, and annotates them in
//! the cluster.

use std::collections::BTreeMap;

use serde_json::json;

use crate::delivery::{annotations, exits, in_cluster};
use crate::json::assert_valid;
use crate::settings::accounts;
use crate::support::{Folder, assert_looks};

const EXAMPLE: &str = include_str!("settings.yaml");
const DOMAINS: &str = include_str!("../../../examples/domains/cloudgrant.yaml");
const ROLE: &str = "eks.amazonaws.com/role-arn";
const CLIENT_ID: &str = "azure.workload.identity/client-id";

fn both() -> String {
    EXAMPLE.replacen("delivery: settings", "delivery: [settings, kubernetes]", 1)
}

#[test]
fn requirements_25_and_26_one_apply_sets_the_account_and_annotates_it() {
    let folder = Folder::with(&both())
        .variable("KUBECONFIG", "/a/real/one")
        .variable("FLYTE_PLATFORM_URL", "https://real.example");
    let plan = exits(&folder, &["plan", "--exit-code"], 3);
    assert!(plan.contains("0 handoffs"), "{plan}");
    assert_valid(&folder, &["plan", "--sandbox"]);
    assert!(annotations(&folder, "aws").is_empty() && accounts(&folder, "aws") == json!({}), "planning writes nothing");
    exits(&folder, &["apply", "--yes"], 0);
    exits(&folder, &["plan", "--exit-code"], 0);
    exits(&folder, &["drift", "--exit-code"], 0);
    let three = ["forecasting/production", "vision/development", "vision/production"];
    assert_eq!(
        accounts(&folder, "aws"),
        three.map(|pair| (pair.to_owned(), "tasks")).into_iter().collect::<serde_json::Value>()
    );
    let there = annotations(&folder, "aws");
    let namespaces: Vec<_> = there.keys().map(|namespace| namespace.replacen('-', "/", 1)).collect();
    assert_eq!(namespaces, three);
    assert_eq!(there["forecasting-production"][ROLE], there["vision-production"][ROLE], "one role for the domain");

    // What somebody does on either side is drift, and an apply puts it back.
    in_cluster(&folder, "aws", async |cluster| {
        cluster.annotate_account("vision-production", "tasks", json!({ ROLE: null })).await;
    });
    let drift = exits(&folder, &["drift", "--exit-code"], 3);
    assert!(drift.contains("service-account-annotation vision-production/tasks"), "{drift}");
    assert!(!drift.contains("service-account-setting"), "{drift}");
    exits(&folder, &["apply", "--yes"], 0);
    assert_eq!(annotations(&folder, "aws"), there);

    // A grant that goes takes what only it needed along, on both sides; so does all.
    exits(&folder, &["revoke", "vision-development", "--yes"], 0);
    assert_eq!(accounts(&folder, "aws").as_object().map(serde_json::Map::len), Some(2));
    assert!(!annotations(&folder, "aws").contains_key("vision-development"));
    exits(&folder, &["revoke", "--all", "--yes"], 0);
    assert_eq!((accounts(&folder, "aws"), annotations(&folder, "aws")), (json!({}), BTreeMap::new()));
    assert!(exits(&folder, &["revoke", "--all", "--yes"], 0).contains("Nothing to do"));
    let stacks = assert_valid(&folder, &["stacks", "--sandbox"]);
    assert_eq!(stacks["stacks"], json!([]), "the marks of both places went along");
}

#[test]
fn what_azure_chooses_is_on_both_sides_in_the_run_that_makes_it() {
    let manifest = DOMAINS.replacen("kind: flyte\n", "kind: flyte\n  delivery: [settings, kubernetes]\n", 1);
    let folder = Folder::with(&manifest);
    exits(&folder, &["apply", "--yes"], 0);
    exits(&folder, &["drift", "--exit-code"], 0);
    let there = annotations(&folder, "azure");
    assert!(there.len() == 4 && there.values().all(|one| one[CLIENT_ID].is_string()), "{there:?}");
    assert_eq!(accounts(&folder, "azure").as_object().map(serde_json::Map::len), Some(4));
    exits(&folder, &["revoke", "--all", "--yes"], 0);
    assert_eq!((accounts(&folder, "azure"), annotations(&folder, "azure")), (json!({}), BTreeMap::new()));
}

/// Each place has a mark of its own at home.
#[test]
fn what_was_told_on_each_side_is_not_forgotten_with_the_manifest() {
    let folder = Folder::with(&both());
    exits(&folder, &["apply", "--yes"], 0);
    let known = assert_valid(&folder, &["stacks", "--sandbox"]);
    assert!(known["unsearched"].as_array().is_none_or(Vec::is_empty), "{known:#}");
    let take_back = known["stacks"][0]["take_back"].as_str().expect("a command").to_owned();
    assert!(!take_back.contains("CLOUDGRANT_PLATFORM__DELIVERY"), "this manifest leads to both: {take_back}");
    for (left, forgotten, other) in [
        ("settings", "service accounts of the cluster", "settings of "),
        ("kubernetes", "settings of ", "service accounts of the cluster"),
    ] {
        folder.write("cloudgrant.yaml", both().replace("[settings, kubernetes]", left));
        let unsearched = assert_valid(&folder, &["stacks", "--sandbox"])["unsearched"].to_string();
        assert!(unsearched.contains(forgotten) && !unsearched.contains(&format!("\"{other}")), "{left}: {unsearched}");
    }
    // By way of leaving one of them, that alone goes.
    folder.write("cloudgrant.yaml", both().replace("[settings, kubernetes]", "[settings, leave-kubernetes]"));
    exits(&folder, &["apply", "--yes"], 0);
    assert!(annotations(&folder, "aws").is_empty());
    assert_eq!(accounts(&folder, "aws").as_object().map(serde_json::Map::len), Some(3));
    folder.write("cloudgrant.yaml", EXAMPLE);
    exits(&folder, &["revoke", "--all", "--yes"], 0);
}

#[test]
fn what_whoever_runs_it_must_be_allowed_is_said_for_both() {
    let folder = Folder::with(&both());
    let all = assert_valid(&folder, &["permissions"]);
    let names = all["permissions"].as_array().into_iter().flatten().filter_map(|one| one["name"].as_str());
    let names: Vec<_> = names.filter(|name| ["settings", "cluster"].contains(name)).collect();
    assert_eq!(names, ["settings", "cluster"], "{all:#}");
}

#[test]
fn a_list_that_no_deployment_has_is_refused() {
    for (written, why) in [
        ("[admin, settings]", "two ways of which one deployment has one"),
        ("[handoff, kubernetes]", "is handed off anyway"),
        ("[]", "a list of no way"),
        ("[settings, kubernets]", "did you mean `kubernetes`?"),
    ] {
        let folder = Folder::with(&both().replace("[settings, kubernetes]", written));
        let refused = exits(&folder, &["plan"], 2);
        assert!(refused.contains(why) && refused.contains("cloudgrant.yaml:11:"), "{written}: {refused}");
    }
    let folder = Folder::with(EXAMPLE).variable("CLOUDGRANT_PLATFORM__DELIVERY", r#"["settings", "kubernetes"]"#);
    assert!(exits(&folder, &["plan"], 0).contains("0 handoffs"));
}

#[test]
fn a_plan_that_tells_both() {
    assert_looks!(Folder::with(&both()).run(&["plan", "--sandbox"]));
}

/// A setting would have runs start under an account that names nobody yet: it comes after the annotation, and not without it.
#[test]
fn no_setting_names_an_account_that_could_not_be_annotated() {
    let folder = Folder::with(&both());
    let failed = exits(&folder, &["apply", "--yes", "--faults", "deny=serviceaccounts:patch"], 1);
    assert!(failed.contains("service-account-annotation"), "{failed}");
    assert_eq!(accounts(&folder, "aws"), json!({}), "no account is set");
    assert!(annotations(&folder, "aws").is_empty());
    // The other way round, what is annotated harms nobody.
    exits(&folder, &["apply", "--yes", "--faults", "deny=settings:CreateSettings"], 1);
    assert_eq!((annotations(&folder, "aws").len(), accounts(&folder, "aws")), (3, json!({})));
    exits(&folder, &["apply", "--yes"], 0);
    assert_eq!(accounts(&folder, "aws").as_object().map(serde_json::Map::len), Some(3));
    exits(&folder, &["plan", "--exit-code"], 0);
}
