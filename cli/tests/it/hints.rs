//! What is said beside what is wrong: the next thing to write.

use crate::support::{Folder, MANIFEST, QUICKSTART};

fn refused(folder: &Folder, arguments: &[&str]) -> String {
    let output = folder.output(arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    String::from_utf8(output.stderr).expect("text")
}

#[test]
fn revoke_without_a_name_names_those_that_there_are() {
    let folder = Folder::with(QUICKSTART);
    let told = refused(&folder, &["revoke"]);
    assert!(told.contains("training-data, models-production, base-images, trainer-images"), "{told}");
    assert!(told.contains("--all"), "{told}");
    folder.write("other.yaml", "grants: [{ name: elsewhere }]");
    let told = refused(&folder, &["revoke", "--file", "other.yaml"]);
    assert!(told.contains("elsewhere") && !told.contains("training-data"), "{told}");
    let told = refused(&Folder::empty(), &["revoke"]);
    assert!(!told.contains("tip:"), "{told}");
}

#[test]
fn a_file_is_no_folder_of_the_sandbox() {
    let folder = Folder::with(QUICKSTART);
    folder.write("notes.txt", "x");
    for (arguments, instead) in [
        (&["plan", "--sandbox=cloudgrant.yaml"][..], "--sandbox --file cloudgrant.yaml"),
        (&["sandbox", "--folder", "notes.txt", "--", "true"], "--sandbox=DIR"),
        (&["plan", "--sandbox=notes.txt/in"], "--sandbox=DIR"),
    ] {
        let told = refused(&folder, arguments);
        assert!(told.contains("is a file, and the sandbox keeps its state in a folder"), "{told}");
        assert!(told.contains(instead) && !told.contains("os error"), "{told}");
    }
    let told = refused(&folder.variable("CLOUDGRANT_SANDBOX", "notes.txt"), &["plan"]);
    assert!(told.contains("notes.txt is a file"), "{told}");
}

/// Of a variable that is set to nothing, nobody sees that in a line of a file.
#[test]
fn an_empty_variable_is_unset_or_given_a_value() {
    for (variable, value) in [("STACK", ""), ("AWS__REGION", " "), ("PROVIDER", ""), ("FILE", ""), ("PROFILE", "")] {
        let variable: &'static str = Box::leak(format!("CLOUDGRANT_{variable}").into());
        let told = refused(&Folder::with(MANIFEST).variable(variable, value), &["plan", "--sandbox"]);
        assert!(told.contains(variable) && told.contains("unset it or give it a value"), "{told}");
    }
    // Who writes the option means it.
    let told = refused(&Folder::with(MANIFEST), &["plan", "--profile="]);
    assert!(!told.contains("unset"), "{told}");
}

#[test]
fn a_variable_with_one_underscore_is_told_of_two() {
    for (variable, meant) in [
        ("CLOUDGRANT_AWS_REGION", "did you mean CLOUDGRANT_AWS__REGION?"),
        ("CLOUDGRANT_AZURE_TENANT", "did you mean CLOUDGRANT_AZURE__TENANT?"),
        ("CLOUDGRANT_PLATFORM_PROJECTS", "did you mean CLOUDGRANT_PLATFORM__PROJECTS?"),
        ("CLOUDGRANT_PROFIL", "did you mean CLOUDGRANT_PROFILE?"),
    ] {
        let told = refused(&Folder::with(MANIFEST).variable(variable, "x"), &["plan", "--sandbox"]);
        assert!(told.contains(meant), "{told}");
    }
    let told = refused(&Folder::empty().variable("CLOUDGRANT_AWS_REGION", "x"), &["stacks", "--provider", "aws"]);
    assert!(told.contains("did you mean CLOUDGRANT_AWS__REGION?"), "{told}");
}

/// Whoever has set a flag or a variable looks for nothing in the file.
#[test]
fn what_has_a_problem_is_named() {
    let folder = || Folder::with(QUICKSTART);
    let headline = |folder: &Folder, arguments: &[&str]| {
        refused(folder, arguments).lines().find(|line| line.starts_with("error: ")).expect("an error").to_owned()
    };
    let of_variable = |variable: &'static str, value: &str| headline(&folder().variable(variable, value), &["plan"]);
    for (told, expected) in [
        (headline(&folder(), &["plan", "--provider", "gcp"]), "the flag --provider has a problem"),
        (headline(&folder(), &["revoke", "--all", "--stack", "No stack"]), "the flag --stack has a problem"),
        (headline(&folder(), &["plan", "--profile", "other"]), "the flag --profile has a problem"),
        (of_variable("CLOUDGRANT_PROFILE", "other"), "the environment variable CLOUDGRANT_PROFILE has a problem"),
        (of_variable("CLOUDGRANT_PROVIDER", "gcp"), "the environment variable CLOUDGRANT_PROVIDER has a problem"),
        (of_variable("CLOUDGRANT_AWS__REGOIN", "x"), "the environment variable CLOUDGRANT_AWS__REGOIN has a problem"),
        (of_variable("CLOUDGRANT_AWS__ACCOUNT", "1"), "the environment variable CLOUDGRANT_AWS__ACCOUNT has a problem"),
        (
            headline(
                &Folder::with(&QUICKSTART.replace("version: 1", "version: 2")).variable("CLOUDGRANT_AWS__ACCOUNT", "1"),
                &["plan"],
            ),
            "the manifest and the environment variable CLOUDGRANT_AWS__ACCOUNT have 2 problems",
        ),
        (
            headline(
                &folder().variable("CLOUDGRANT_AWS__ACCOUNT", "1").variable("CLOUDGRANT_AWS__REGOIN", "x"),
                &["plan"],
            ),
            "the environment variable CLOUDGRANT_AWS__ACCOUNT and the environment variable CLOUDGRANT_AWS__REGOIN have 2 problems",
        ),
        (
            headline(&Folder::with(&QUICKSTART.replace("version: 1", "version: 2")), &["plan"]),
            "the manifest has a problem",
        ),
        // There is no manifest.
        (headline(&Folder::empty(), &["stacks", "--provider", "gcp"]), "the flag --provider has a problem"),
        (
            headline(&Folder::empty().variable("CLOUDGRANT_PROVIDER", "gcp"), &["stacks"]),
            "the environment variable CLOUDGRANT_PROVIDER has a problem",
        ),
    ] {
        assert_eq!(told, format!("error: {expected}"));
    }
    let region = Folder::empty().variable("AWS_REGION", "mars").variable("CLOUDGRANT_AWS__ACCOUNT", "111122223333");
    let told = refused(&region, &["stacks", "--provider", "aws"]);
    assert!(told.contains("environment variable AWS_REGION: aws.region: "), "{told}");
}

fn hinted(manifest: &str) -> String {
    refused(&Folder::with(manifest), &["plan", "--sandbox"])
}

#[test]
fn a_locator_that_is_not_indented_is_told_to_be() {
    let locator = "  training-data:\n    aws: s3://acme-training/inputs/";
    let told = hinted(&MANIFEST.replace(locator, &locator.replace("    aws", "  aws")));
    assert!(told.contains("hint: indent `aws` below `training-data`"), "{told}");
    assert!(!told.contains("resources.aws"), "told once: {told}");
}

#[test]
fn a_registry_is_told_how_a_registry_is_written() {
    for (provider, form) in
        [("aws", "ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY"), ("azure", "REGISTRY.azurecr.io/")]
    {
        let told = hinted(&format!("{MANIFEST}registries:\n  - {{ name: images, {provider}: foo/bar }}\n"));
        assert!(told.contains(form) && !told.contains("s3://BUCKET") && !told.contains("vault"), "{told}");
    }
}

/// Reading and writing has a level of its own, and what is in a folder is the folder.
#[test]
fn lists_of_levels_and_wildcards_are_told_how_they_are_written() {
    let told = hinted(&MANIFEST.replace("training-data: read-write", "training-data: [write, read]"));
    assert!(told.contains("hint: write one word, without brackets: `read-write`"), "{told}");
    assert!(told.contains("cloudgrant.yaml:24"), "{told}");
    for (locator, says) in [
        ("\"s3://acme-training/inputs/ \"", "begins or ends with a blank"),
        ("s3://acme-training/inputs//", "has an empty part in its prefix"),
        ("s3://acme-training/in*", "has a wildcard"),
    ] {
        let told = hinted(&MANIFEST.replace("s3://acme-training/inputs/", locator));
        assert!(told.contains(says) && told.contains("cloudgrant.yaml:15"), "{told}");
    }
}

/// What another kind of resource takes is no choice here.
#[test]
fn a_misspelt_level_is_told_those_that_its_resource_takes() {
    for (from, to, hint) in [
        ("labels-token: read }", "labels-token: wrte }", "hint: possible: read\n"),
        ("labels-token: read }", "labels-token: raed }", "hint: did you mean `read`? possible: read\n"),
        (
            "{ training-data: read }",
            "{ training-data: raed }",
            "hint: did you mean `read`? possible: list, read, write, read-write, manage\n",
        ),
        // Of what isn't defined, nobody knows the kind.
        (
            "{ training-data: read }",
            "{ nothing: raed }",
            "hint: did you mean `read`? possible: list, read, write, read-write, manage, pull, push\n",
        ),
    ] {
        let told = hinted(&MANIFEST.replace(from, to));
        assert!(told.contains(hint), "{to}: {told}");
    }
    let head = QUICKSTART.split("resources:").next().expect("the head");
    for (provider, registry) in
        [("aws", "111122223333.dkr.ecr.us-west-2.amazonaws.com/base"), ("azure", "acmebase.azurecr.io/base")]
    {
        let registry = format!("registries:\n  - {{ name: images, access: pul, {provider}: {registry} }}\n");
        let told = refused(&Folder::with(&format!("{head}{registry}")), &["plan", "--provider", provider]);
        assert!(told.contains("hint: did you mean `pull`? possible: pull\n"), "{provider}: {told}");
    }
}

/// Only what may be a secret is masked.
#[test]
fn the_value_of_a_misspelt_key_is_shown_unless_nobody_knows_what_it_is() {
    for (from, to, shown) in [
        ("  region: us-west-2\n", "  regoin: us-west-2\n", "|   regoin: us-west-2\n"),
        ("  organization: acme\n", "  organisation: acme\n", "|   organisation: acme\n"),
        ("    scope: global\n", "    scope: { domian: staging }\n", "|     scope: { domian: staging }\n"),
        (
            "  projects: [forecasting, vision]\n",
            "  projects: forecasting vision\n",
            "|   projects: forecasting vision\n",
        ),
        ("  region: us-west-2\n", "  region: us-west-2\n  pin: hidden\n", "|   pin: …\n"),
        ("  region: us-west-2\n", "  region: us-west-2\n  acount_key: hidden\n", "|   acount_key: …\n"),
        ("    access: { training-data: read }\n", "    access: hidden\n", "|     access: …\n"),
    ] {
        assert!(MANIFEST.contains(from), "{from}");
        let told = hinted(&MANIFEST.replace(from, to));
        assert!(told.contains(shown) && !told.contains("hidden"), "{to}: {told}");
    }
}

#[test]
fn a_variable_takes_a_list_as_json() {
    let told = refused(&Folder::with(MANIFEST).variable("CLOUDGRANT_GRANTS", "["), &["plan", "--sandbox"]);
    assert!(told.contains("as JSON has it") && !told.contains("dash"), "{told}");
}

#[test]
fn a_name_that_nobody_can_have_is_told_which_is_meant() {
    let told = hinted(&MANIFEST.replace("access: { training-data: read }", "access: { training_data: read }"));
    assert!(told.contains("not a valid resource name") && told.contains("did you mean `training-data`?"), "{told}");
    let told = hinted(&MANIFEST.replace("domain: production }", "domain: prod }"));
    assert!(told.contains("did you mean `production`?"), "{told}");
}

#[test]
fn a_platform_with_nothing_in_it_is_not_missing() {
    let (before, rest) = MANIFEST.split_once("platform:\n").expect("a platform");
    let (_, after) = rest.split_once("aws:\n").expect("a section");
    let told = hinted(&format!("{before}platform: {{}}\naws:\n{after}"));
    assert!(told.contains("`platform` lacks `kind`, `projects` and `domains`"), "{told}");
    assert!(!told.contains("`platform` is missing"), "{told}");
}

/// The program says which there are.
#[test]
fn a_platform_without_a_kind_is_told_every_platform() {
    let told = hinted(&MANIFEST.replace("  kind: union\n", ""));
    assert!(told.contains("hint: write `kind: azureml` or `kind: flyte` or `kind: union` in `platform`"), "{told}");
    let told = hinted(&MANIFEST.replace("kind: union", "kind: [union]"));
    assert!(!told.contains("write `kind: azureml` or"), "it isn't missing: {told}");
}

/// clap takes a variable for an option that was written, and what was written for required.
#[test]
fn usage_asks_for_no_option_that_a_variable_gives() {
    let folder = Folder::with(MANIFEST).variable("CLOUDGRANT_PROFILE", "x").variable("CLOUDGRANT_OUTPUT", "text");
    let told = refused(&folder, &["plan", "--nonsense"]);
    assert!(told.contains("Usage: cloudgrant plan [OPTIONS]\n"), "{told}");
    let told = refused(&folder, &["audit", "verify"]);
    assert!(told.contains("Usage: cloudgrant audit verify [OPTIONS] <FILE>\n"), "{told}");
}

#[test]
fn what_only_profiles_set_says_to_choose_one() {
    let folder = Folder::with_file("cloudgrant.toml", include_str!("../../../examples/profiles/cloudgrant.toml"));
    let said = folder.run(&["plan", "--sandbox"]);
    assert!(said.contains("aws.account") && said.contains("aws.cluster"), "{said}");
    assert_eq!(
        said.matches("the profiles production and staging set it: choose one with --profile").count(),
        2,
        "{said}"
    );
}
