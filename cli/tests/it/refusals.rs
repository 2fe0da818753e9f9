//! Every bad input: refused before anything is sent, with its place and what would be right.

use crate::support::{Folder, MANIFEST, assert_looks};

fn replaced(from: &str, to: &str) -> Folder {
    assert!(MANIFEST.contains(from), "the manifest has no {from}");
    Folder::with(&MANIFEST.replace(from, to))
}

macro_rules! refusals {
    ($($name:ident: $from:expr => $to:expr;)*) => {
        $(
            #[test]
            fn $name() {
                assert_looks!(replaced($from, $to).run(&["plan"]));
            }
        )*
    };
}

refusals! {
    unknown_key: "grants:" => "grnats:";
    unknown_key_of_the_provider: "region:" => "regoin:";
    unknown_key_of_a_grant: "scope: global" => "scop: global";
    duplicate_key: "stack: acme-ml\n" => "stack: acme-ml\nstack: other\n";
    duplicate_key_in_a_grant: "    scope: global\n" => "    scope: global\n    scope: { domain: staging }\n";
    unknown_provider: "provider: aws" => "provider: asw";
    missing_provider: "provider: aws\n" => "";
    malformed_arn: "arn:aws:secretsmanager:us-west-2:111122223333:secret:labels-token-AbCdEf" => "arn:aws:secretsmanager:us-west-2:secret:labels-token";
    malformed_url: "s3://acme-training/inputs/" => "s3:/acme-training";
    locator_of_another_cloud: "s3://acme-training/inputs/" => "https://acmetraining.blob.core.windows.net/inputs";
    domain_not_listed: "domain: production }" => "domain: prodution }";
    project_not_listed: "project: forecasting," => "project: fraud,";
    a_scope_with_a_project_of_none: "projects: [forecasting, vision]" => "projects: []";
    half_a_scope: "{ project: forecasting, domain: production }" => "{ project: forecasting }";
    scope_of_no_kind: "scope: global" => "scope: everything";
    account_without_its_zero: "\"111122223333\"" => "11122223333";
    account_in_quotes_without_its_zero: "\"111122223333\"" => "\"11122223333\"";
    wildcard_bucket: "s3://acme-training/inputs/" => "s3://acme-*";
    secret_in_another_region: "secretsmanager:us-west-2" => "secretsmanager:eu-west-1";
    reference_to_nothing: "labels-token: read" => "label-token: read";
    unknown_access_level: "{ training-data: read }" => "{ training-data: reed }";
    level_that_a_secret_has_not: "labels-token: read" => "labels-token: manage";
    two_grants_of_one_name: "name: forecasting-production" => "name: training-data";
    a_name_with_capitals: "name: training-data" => "name: Training_Data";
    yaml_syntax: "scope: global" => "scope: [global";
    yaml_indentation: "  region: us-west-2" => " region: us-west-2";
    not_a_version: "version: 1" => "version: 2";
    grants_are_no_list: "grants:\n  - name: training-data\n    scope: global\n    access: { training-data: read }\n  - name: forecasting-production\n    scope: { project: forecasting, domain: production }\n    access: { training-data: read-write, labels-token: read }\n" => "grants: { training-data: read }\n";
    an_empty_value: "stack: acme-ml" => "stack:";
    a_domain_called_global: "[staging, production]" => "[staging, production, global]";
}

#[test]
fn several_problems_in_one_go() {
    let text = MANIFEST
        .replace("kind: union", "kind: onion")
        .replace("\"111122223333\"", "11122223333")
        .replace("scope: global", "scope: everything")
        .replace("labels-token: read", "labels-tokn: reed")
        .replace("s3://acme-training/inputs/", "s3://acme-*");
    assert_looks!(Folder::with(&text).run(&["plan"]));
}

#[test]
fn several_problems_that_only_the_provider_knows() {
    let text = MANIFEST
        .replace("s3://acme-training/inputs/", "s3://acme-*")
        .replace("secretsmanager:us-west-2", "secretsmanager:eu-west-1")
        .replace("domain: production }", "domain: prod }");
    assert_looks!(Folder::with(&text).run(&["plan"]));
}

#[test]
fn several_problems_as_json() {
    let text = MANIFEST.replace("scope: global", "scope: everything").replace("version: 1", "version: 7");
    assert_looks!(Folder::with(&text).run(&["plan", "--output", "json"]));
}

#[test]
fn an_empty_file() {
    assert_looks!(Folder::with("").run(&["plan"]));
}

#[test]
fn a_file_of_comments() {
    assert_looks!(Folder::with("# nothing yet\n").run(&["plan"]));
}

#[test]
fn a_list_instead_of_a_mapping() {
    assert_looks!(Folder::with("- version: 1\n").run(&["plan"]));
}

#[test]
fn ten_megabytes() {
    let line = "# a comment that makes the file longer\n";
    assert_looks!(Folder::with(&line.repeat((10 << 20) / line.len())).run(&["plan"]));
}

#[test]
fn a_binary_file() {
    assert_looks!(Folder::with_file("cloudgrant.yaml", b"version: 1\nstack: \xff\xfe\n").run(&["plan"]));
}

#[test]
fn a_missing_file() {
    assert_looks!(Folder::empty().run(&["plan", "--file", "elsewhere.yaml"]));
}

#[test]
fn a_folder_instead_of_a_file() {
    let folder = Folder::empty();
    std::fs::create_dir(folder.path().join("manifests")).expect("a folder");
    assert_looks!(folder.run(&["plan", "--file", "manifests"]));
}

#[test]
fn no_manifest_here() {
    assert_looks!(Folder::empty().run(&["plan"]));
}

#[test]
fn no_manifest_here_as_json() {
    assert_looks!(Folder::empty().run(&["plan", "--output", "json"]));
}

#[test]
fn toml_syntax() {
    assert_looks!(
        Folder::with_file("cloudgrant.toml", "version = 1\nstack = \"acme\nprovider = \"aws\"\n").run(&["plan"])
    );
}

#[test]
fn toml_duplicate_key() {
    assert_looks!(Folder::with_file("cloudgrant.toml", "version = 1\nstack = \"a\"\nstack = \"b\"\n").run(&["plan"]));
}

#[test]
fn toml_unknown_key() {
    let text = "version = 1\nstack = \"acme\"\nprovider = \"aws\"\n\n[platfrom]\nkind = \"union\"\n";
    assert_looks!(Folder::with_file("cloudgrant.toml", text).run(&["plan"]));
}

#[test]
fn json_syntax() {
    assert_looks!(Folder::with_file("cloudgrant.json", "{\n  \"version\": 1,\n  \"stack\": acme\n}\n").run(&["plan"]));
}

#[test]
fn json_duplicate_key() {
    let text = "{\n  \"version\": 1,\n  \"stack\": \"a\",\n  \"stack\": \"b\"\n}\n";
    assert_looks!(Folder::with_file("cloudgrant.json", text).run(&["plan"]));
}

#[test]
fn unknown_profile() {
    let text = format!("{MANIFEST}profiles:\n  production: {{ aws: {{ region: eu-west-1 }} }}\n");
    assert_looks!(Folder::with(&text).run(&["plan", "--profile", "prodution"]));
}

#[test]
fn profile_of_a_manifest_without_any() {
    assert_looks!(Folder::with(MANIFEST).run(&["plan", "--profile", "production"]));
}

#[test]
fn a_problem_in_a_profile() {
    let text = format!("{MANIFEST}profiles:\n  production:\n    aws:\n      account: 11122223333\n");
    assert_looks!(Folder::with(&text).run(&["plan", "--profile", "production"]));
}

#[test]
fn a_problem_in_a_profile_that_is_not_selected() {
    let text = format!("{MANIFEST}profiles:\n  production:\n    awss:\n      region: eu-west-1\n");
    assert_looks!(Folder::with(&text).run(&["plan"]));
}

#[test]
fn unknown_provider_by_flag() {
    assert_looks!(Folder::with(MANIFEST).run(&["plan", "--provider", "azur"]));
}

#[test]
fn unknown_provider_by_variable() {
    assert_looks!(Folder::with(MANIFEST).variable("CLOUDGRANT_PROVIDER", "gcp").run(&["plan"]));
}

#[test]
fn a_problem_in_a_variable() {
    let folder = Folder::with(MANIFEST).variable("CLOUDGRANT_AWS__ACCOUNT", "1111");
    assert_looks!(folder.run(&["plan"]));
}

#[test]
fn an_unknown_variable() {
    assert_looks!(Folder::with(MANIFEST).variable("CLOUDGRANT_AWS__REGOIN", "eu-west-1").run(&["plan"]));
}

#[test]
fn apply_without_a_terminal() {
    let folder = Folder::with(crate::support::QUICKSTART);
    assert_looks!(folder.run(&["apply", "--sandbox"]));
    let plan = folder.output(&["plan", "--sandbox", "--output", "json"]).stdout;
    let plan: serde_json::Value = serde_json::from_slice(&plan).expect("a document");
    assert_eq!(plan["summary"]["unchanged"], 0, "nothing was made: {plan:#}");
}

#[test]
fn revoke_without_a_name() {
    assert_looks!(Folder::with(MANIFEST).run(&["revoke"]));
}

#[test]
fn revoke_of_a_grant_that_is_not_there() {
    assert_looks!(Folder::with(MANIFEST).run(&["revoke", "training", "--yes"]));
}

#[test]
fn explain_of_a_grant_that_is_not_there() {
    assert_looks!(Folder::with(MANIFEST).run(&["explain", "traning-data"]));
}

/// What is refused starts nothing: not even the sandbox's folder.
#[test]
fn a_refusal_starts_no_sandbox() {
    let folder = replaced("scope: global", "scope: everything");
    assert_eq!(folder.output(&["plan", "--sandbox"]).status.code(), Some(2));
    assert!(!folder.path().join(".cloudgrant").exists());
}

#[test]
fn a_domain_without_projects() {
    let manifest = MANIFEST
        .replace("projects: [forecasting, vision]", "projects: []")
        .replace("{ project: forecasting, domain: production }", "{ domain: production }");
    assert_looks!(Folder::with(&manifest).run(&["plan"]));
}

/// Whoever has one in a URL has it in every log of a library that prints where it goes.
#[test]
fn a_user_in_an_endpoint_s_url_is_refused_and_in_no_log() {
    let aws = ("CLOUDGRANT_AWS__ENDPOINT", MANIFEST.to_owned());
    let azure = include_str!("../../../examples/quickstart/cloudgrant.yaml").to_owned();
    for (variable, manifest) in [aws, ("CLOUDGRANT_AZURE__ENDPOINT", azure)] {
        for url in ["http://ann:hunter2@127.0.0.1:9", "https://ann:hunter2@localhost:9/", "https://hunter2@127.0.0.1:9"]
        {
            let provider = if variable.contains("AZURE") { "azure" } else { "aws" };
            let folder = Folder::with(&manifest).variable(variable, url);
            let output = folder.output(&["plan", "-vvv", "--provider", provider]);
            let all = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).expect("text")).concat();
            assert_eq!(output.status.code(), Some(2), "{all}");
            assert!(all.contains(&format!("{provider}.endpoint")), "{all}");
            assert!(!all.contains("hunter2"), "{all}");
        }
    }
}
