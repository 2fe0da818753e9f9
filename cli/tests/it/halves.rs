//! Whom access reaches, and both halves of it: requirements 1, 5, 8, 40, 42 and 44.

use serde_json::json;

use crate::json::assert_valid;
use crate::support::{Folder, QUICKSTART};

const DOMAINS: &str = include_str!("../../../examples/domains/cloudgrant.yaml");
const PROJECTS: &str = include_str!("../../../examples/project-domain/cloudgrant.yaml");

fn out(folder: &Folder, arguments: &[&str]) -> String {
    let output = folder.output(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// The lines of a text that begin so.
fn lines<'a>(text: &'a str, begin: &str) -> Vec<&'a str> {
    text.lines().filter_map(|line| line.strip_prefix(begin)).collect()
}

#[test]
fn requirement_1_a_plan_and_explain_tell_infrastructure_access_from_task_access() {
    let folder = Folder::with(QUICKSTART);
    let plan = out(&folder, &["plan", "--sandbox"]);
    let infrastructure = lines(&plan, "note: infrastructure access: ");
    assert_eq!(infrastructure.len(), 1, "{plan}");
    let nodes = "the nodes of the data plane may pull from registries base-images, trainer-images, for whatever task";
    assert!(infrastructure[0].starts_with(nodes), "{plan}");
    assert!(lines(&plan, "note: task access: ").iter().all(|line| !line.contains("registry")), "{plan}");
    let explained = out(&folder, &["explain", "--sandbox"]);
    assert!(explained.contains("grant training-data   (task access)\n"), "{explained}");
    assert!(explained.contains("registry trainer-images   (infrastructure access)\n"), "{explained}");
}

#[test]
fn requirement_5_a_plan_says_whom_each_scope_that_is_new_reaches_and_a_converged_one_does_not() {
    let whole = QUICKSTART.find("  # Only tasks in production").expect("the second grant");
    let rest = QUICKSTART.find("registries:").expect("the registries");
    let folder = Folder::with(&[&QUICKSTART[..whole], &QUICKSTART[rest..]].concat());
    let global = "global reaches every task of acme, in all 2 projects and 3 domains. The platform recommends this";
    let domain = "domain production reaches the tasks of all its projects (2 of 6 pairs): \
                  forecasting-production, vision-production";
    let plan = out(&folder, &["apply", "--sandbox", "--yes"]);
    let said = lines(&plan, "note: task access: ");
    assert!(said.len() == 1 && said[0].starts_with(global), "{plan}");
    // Only what is new.
    folder.write("cloudgrant.yaml", QUICKSTART);
    let plan = out(&folder, &["apply", "--sandbox", "--yes"]);
    let said = lines(&plan, "note: task access: ");
    assert_eq!(said, [domain], "{plan}");
    assert_eq!(lines(&plan, "note: execute permission: ").len(), 1, "{plan}");
    for command in ["plan", "drift"] {
        let converged = out(&folder, &[command, "--sandbox"]);
        for about in ["task access", "infrastructure access", "execute permission", "secrets"] {
            assert!(!converged.contains(&format!(": {about}: ")), "{converged}");
        }
    }
    // What takes away reaches nobody.
    assert!(!out(&folder, &["revoke", "models-production", "--sandbox", "--yes"]).contains("task access"));
}

#[test]
fn requirement_5_each_choice_shows_what_it_newly_reaches_on_both_clouds() {
    let folder = Folder::with(PROJECTS);
    let pair = out(&folder, &["explain", "vision-production", "--sandbox"]);
    assert!(
        pair.contains("reaches the tasks of project vision in domain production, and no others (1 of 6 pairs)"),
        "{pair}"
    );
    assert!(pair.contains("global would newly reach 5 more pairs, and is what the platform recommends"), "{pair}");
    assert!(pair.contains("a domain would newly reach 1 more pair"), "{pair}");
    // Azure has no scope of single projects to offer, and refuses one with whom the nearest would newly reach.
    let document =
        assert_valid(&Folder::with(DOMAINS), &["explain", "models-production", "training-data", "--sandbox"]);
    let reaches = |at: usize| document["grants"][at]["reaches"].clone();
    assert_eq!(
        reaches(0)["others"],
        json!([{"kind": "domain", "pairs": 2, "newly": 0, "recommended": false}]),
        "{document:#}"
    );
    assert_eq!(reaches(1)["others"], json!([{"kind": "global", "pairs": 4, "newly": 2, "recommended": true}]));
    assert_eq!((&reaches(1)["pairs"], &reaches(1)["of"]), (&json!(2), &json!(4)));
    let refused = folder.output(&["plan", "--provider", "azure"]);
    let refused = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        refused.contains("reaches every project in production; newly reached: forecasting-production"),
        "{refused}"
    );
}

#[test]
fn requirement_5_a_grant_without_a_scope_hears_which_one_is_recommended() {
    let folder = Folder::with(&QUICKSTART.replace("    scope: global\n", ""));
    let output = folder.output(&["plan", "--sandbox"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("`global`, which the platform recommends for most uses and which reaches every task"),
        "{said}"
    );
}

#[test]
fn requirements_8_and_44_explain_shows_both_halves() {
    let folder = Folder::with(QUICKSTART);
    let text = out(&folder, &["explain", "--sandbox"]);
    assert_eq!(text.matches("  the cloud's half:\n").count(), 2, "{text}");
    assert_eq!(text.matches("  the platform's half:\n").count(), 2, "{text}");
    assert_eq!(text.matches("flyte create policy acme-ml-runner --file policy.yaml").count(), 1, "{text}");
    let document = assert_valid(&folder, &["explain", "models-production", "--sandbox"]);
    let execute = &document["execute"];
    assert_eq!((&execute["platform"], &execute["action"]), (&json!("union"), &json!("create_flyte_executions")));
    assert_eq!(execute["pairs"].as_array().map(Vec::len), Some(2), "{execute:#}");
    assert!(execute["handoff"]["to"].as_str().is_some_and(|to| to.contains("of acme on Union")), "{execute:#}");
    assert_eq!(assert_valid(&folder, &["explain", "base-images", "--sandbox"])["execute"], json!(null));
}

#[test]
fn requirements_8_and_44_where_flyte_has_no_such_permission_a_plan_says_so() {
    let folder = Folder::with(DOMAINS);
    let plan = out(&folder, &["plan", "--sandbox"]);
    let said = lines(&plan, "note: execute permission: ");
    assert!(said.len() == 1 && said[0].starts_with("open-source Flyte has no such permission"), "{plan}");
    let execute = &assert_valid(&folder, &["explain", "--sandbox"])["execute"];
    assert_eq!((&execute["action"], execute.get("handoff")), (&json!(null), None));
}

#[test]
fn requirement_40_explain_splits_a_secret_s_arn_as_task_code_wants_it() {
    let folder = Folder::with(QUICKSTART);
    let text = out(&folder, &["explain", "models-production", "--sandbox"]);
    for name in [
        "SECRET_GROUP = \"arn:aws:secretsmanager:us-west-2:111122223333:secret:\"",
        "SECRET_KEY = \"labels-token-AbCdEf\"",
    ] {
        assert!(text.contains(&format!("in task code: {name}\n")), "{text}");
    }
    let document = assert_valid(&folder, &["explain", "models-production", "--sandbox"]);
    let access = document["grants"][0]["access"].as_array().expect("a list");
    let token = access.iter().find(|reach| reach["kind"] == "secret").expect("the secret");
    let group = "arn:aws:secretsmanager:us-west-2:111122223333:secret:";
    assert_eq!(token["in_task_code"], json!({"SECRET_GROUP": group, "SECRET_KEY": "labels-token-AbCdEf"}));
    assert!(access.iter().all(|reach| reach["kind"] == "secret" || reach.get("in_task_code").is_none()));
}

#[test]
fn requirement_41_explain_shows_the_lines_of_task_code_for_each_sdk() {
    for (manifest, sdks, secret) in [
        (QUICKSTART, ["Union 1 (flytekit)", "Union 2 (flyte)"], "mount_requirement=Secret.MountType.FILE"),
        (DOMAINS, ["Flyte 1 (flytekit)", "Flyte 2 (flyte)"], "SecretClient(LABELS_TOKEN_VAULT"),
    ] {
        let folder = Folder::with(manifest);
        let text = out(&folder, &["explain", "--code", "models-production", "--sandbox"]);
        for wanted in sdks.into_iter().chain([secret]) {
            assert!(text.contains(wanted), "{wanted}: {text}");
        }
        assert_eq!(text.matches("never return a secret's value").count(), 1, "{text}");
        let document = assert_valid(&folder, &["explain", "--code", "models-production", "--sandbox"]);
        let code = document["grants"][0]["code"].as_array().expect("a list");
        assert!(code.iter().all(|one| one["snippets"].as_array().is_some_and(|made| made.len() == 2)), "{code:#?}");
        let without = assert_valid(&folder, &["explain", "models-production", "--sandbox"]);
        assert_eq!(without["grants"][0].get("code"), None);
    }
}

/// However the manifest writes a prefix, task code is told the place that the grant gives.
#[test]
fn task_code_has_the_place_that_is_granted() {
    for (written, place) in [
        ("s3://acme-training/inputs/", "s3://acme-training/inputs/"),
        ("s3://acme-training/inputs/*", "s3://acme-training/inputs/"),
        ("s3://acme-training/inputs", "s3://acme-training/inputs/"),
        ("s3://acme-training/*", "s3://acme-training/"),
        ("arn:aws:s3:::acme-training/inputs/*", "s3://acme-training/inputs/"),
    ] {
        let folder = Folder::with(&QUICKSTART.replace("s3://acme-training/inputs/", written));
        let text = out(&folder, &["explain", "--code", "training-data", "--sandbox"]);
        let uris: Vec<_> = text.lines().filter_map(|line| line.trim().strip_prefix("TRAINING_DATA_URI = ")).collect();
        assert!(!uris.is_empty() && uris.iter().all(|uri| *uri == format!("\"{place}\"")), "{written}: {uris:?}");
    }
}

/// A delivery says which version of the platform there is, and lines for another one would help nobody.
#[test]
fn only_the_sdk_of_the_version_that_is_told_is_shown() {
    for (manifest, delivery, sdk) in [
        (DOMAINS, "admin", Some("Flyte 1 (flytekit)")),
        (DOMAINS, "settings", Some("Flyte 2 (flyte)")),
        (QUICKSTART, "settings", Some("Union 2 (flyte)")),
        (QUICKSTART, "admin", None),
    ] {
        let folder = Folder::with(manifest).variable("CLOUDGRANT_PLATFORM__DELIVERY", delivery);
        let document = assert_valid(&folder, &["explain", "--code", "training-data", "--sandbox"]);
        let code = document["grants"][0]["code"].as_array().expect("a list");
        let sdks = code.iter().flat_map(|one| one["snippets"].as_array().into_iter().flatten());
        let sdks: std::collections::BTreeSet<_> = sdks.filter_map(|snippet| snippet["sdk"].as_str()).collect();
        match sdk {
            Some(sdk) => assert_eq!(sdks.into_iter().collect::<Vec<_>>(), [sdk], "{delivery}"),
            None => assert_eq!(sdks.len(), 2, "{delivery}"),
        }
    }
}

#[test]
fn requirement_42_secrets_are_warned_of_once_on_both_clouds_and_only_where_there_are_any() {
    let warned = |folder: &Folder, arguments: &[&str]| {
        lines(&out(folder, arguments), "warning: secrets: never return a secret's value from a task").len()
    };
    for manifest in [QUICKSTART, DOMAINS] {
        let folder = Folder::with(manifest);
        assert_eq!(warned(&folder, &["plan", "--sandbox"]), 1);
        assert_eq!(warned(&folder, &["explain", "models-production", "--sandbox"]), 1);
        assert_eq!(warned(&folder, &["explain", "training-data", "--sandbox"]), 0);
    }
}
