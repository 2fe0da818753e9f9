//! `export`: what the platform must be told, as files in a repository.

use std::fs;

use serde_json::Value;

use crate::json::assert_valid;
use crate::support::{Folder, assert_looks};

/// Union on AWS: a domain and a project with roles of their own.
const UNION: &str = r#"version: 1
stack: acme-ml
provider: aws
platform: { kind: union, organization: acme, projects: [forecasting, vision], domains: [staging, production] }
aws:
  region: us-west-2
  account: "111122223333"
  cluster: { oidc_provider: oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE }
resources:
  training-data: { aws: s3://acme-training/inputs/ }
grants:
  - { name: production, scope: { domain: production }, access: { training-data: read } }
  - { name: vision, scope: { project: vision, domain: staging }, access: { training-data: read-write } }
"#;

/// Flyte, run by oneself, on Azure.
const FLYTE: &str = include_str!("../../../examples/domains/cloudgrant.yaml");

fn said(folder: &Folder, arguments: &[&str]) -> (bool, String, String) {
    let output = folder.output(arguments);
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (output.status.success(), text(output.stdout), text(output.stderr))
}

fn export(folder: &Folder) -> (bool, String, String) {
    said(folder, &["export", "--sandbox", "--to", "delivery"])
}

fn read(folder: &Folder, path: &str) -> String {
    fs::read_to_string(folder.path().join("delivery").join(path)).expect(path)
}

/// Without the three lines of comments at the top.
fn content(folder: &Folder, path: &str) -> String {
    let text = read(folder, path);
    let mut lines = text.split_inclusive('\n');
    assert!(lines.by_ref().take(3).all(|line| line.starts_with("# ")), "{text}");
    lines.collect()
}

#[test]
fn requirement_24_union_s_attributes_are_what_its_tool_takes_strictly() {
    let folder = Folder::with(UNION);
    let (done, files, summary) = export(&folder);
    assert!(done, "{summary}");
    let role = "arn:aws:iam::111122223333:role/cloudgrant/acme-ml.";
    assert!(files.lines().all(|line| line.starts_with("+ ")), "{files}");
    let note = "and 5 more aren't as the manifest says yet: deliver these files after `cloudgrant apply --sandbox`";
    assert!(summary.contains(note), "{summary}");
    let attributes = content(&folder, "cluster-resource-attributes/vision-staging.yaml");
    let start = format!("project: \"vision\"\ndomain: \"staging\"\nattributes:\n  defaultUserRoleValue: \"{role}");
    assert!(attributes.starts_with(&start) && attributes.lines().count() == 4, "{attributes}");
    // Charts know domains alone.
    let values = content(&folder, "helm/dataplane.values.yaml");
    let start = "clusterresourcesync:\n  config:\n    cluster_resources:\n      customData:\n        - production:\n          - \
                 defaultUserRoleKey:\n              value: \"eks.amazonaws.com/role-arn\"\n          - defaultUserRoleValue:\n              value: \"arn:aws:iam::";
    assert!(values.starts_with(start) && !values.contains("staging"), "{values}");
    let account = content(&folder, "service-accounts/forecasting-production.default.yaml");
    assert!(account.contains("  annotations:\n    eks.amazonaws.com/role-arn: \"arn:aws:iam::"), "{account}");
    assert!(read(&folder, "kustomization.yaml").contains("- path: \"service-accounts/vision-staging.default.yaml\"\n"));
}

#[test]
fn only_what_was_written_for_the_stack_is_written_over_or_removed() {
    let folder = Folder::with(UNION);
    let (done, ..) = said(&folder, &["export", "--sandbox", "--to", "delivery", "--dry-run"]);
    assert!(done && !folder.path().join("delivery").exists(), "nothing is written");
    export(&folder);
    let (_, files, summary) = export(&folder);
    assert_eq!(files, "", "{summary}");
    // Somebody else's files stay, also such as another stack has.
    let others = read(&folder, "service-accounts/vision-staging.default.yaml")
        .replace("home 111122223333 oidc", "home 444455556666 oidc");
    assert!(others.contains("home 444455556666 oidc"), "{others}");
    for (path, text) in [("service-accounts/theirs.yaml", "kind: ServiceAccount\n"), ("helm/other.yaml", &others)] {
        fs::write(folder.path().join("delivery").join(path), text).expect("written");
    }
    folder.write(
        "cloudgrant.yaml",
        UNION.replace("project: vision, domain: staging", "project: vision, domain: production"),
    );
    let (_, files, _) = export(&folder);
    assert!(files.contains("- service-accounts/vision-staging.default.yaml\n"), "{files}");
    assert_eq!(read(&folder, "service-accounts/theirs.yaml"), "kind: ServiceAccount\n");
    assert_eq!(read(&folder, "helm/other.yaml"), others);
    // In whose place something else is, nothing at all is written.
    let values = folder.path().join("delivery/helm/dataplane.values.yaml");
    fs::write(&values, "mine: true\n").expect("written");
    folder.write("cloudgrant.yaml", UNION);
    let (done, files, error) = export(&folder);
    assert!(!done && files.is_empty() && error.contains("was not written by `cloudgrant export`"), "{error}");
    assert!(!folder.path().join("delivery/service-accounts/vision-staging.default.yaml").exists());
    fs::remove_file(&values).expect("removed");
    let document = assert_valid(&folder, &["export", "--sandbox", "--to", "delivery"]);
    let actions = |action: &str| {
        document["files"].as_array().into_iter().flatten().filter(|file| file["action"] == action).count()
    };
    assert_eq!((actions("create"), actions("delete")), (3, 0), "{document}");
}

#[test]
fn quietly_the_summary_is_the_result() {
    let folder = Folder::with(UNION);
    let (done, files, noted) = said(&folder, &["export", "--sandbox", "--to", "delivery", "-q"]);
    assert!(done && files.starts_with("delivery: ") && files.lines().count() == 1, "{files}");
    assert!(noted.contains(" more aren't as the manifest says yet"), "{noted}");
}

#[cfg(unix)]
#[test]
fn a_link_in_the_folder_leads_nowhere() {
    let folder = Folder::with(UNION);
    let elsewhere = folder.path().join("elsewhere");
    fs::create_dir_all(folder.path().join("delivery")).expect("made");
    fs::create_dir(&elsewhere).expect("made");
    std::os::unix::fs::symlink(&elsewhere, folder.path().join("delivery/helm")).expect("linked");
    let (done, _, error) = export(&folder);
    assert!(!done && error.contains("is a link"), "{error}");
    assert_eq!(fs::read_dir(&elsewhere).expect("a folder").count(), 0);
}

#[test]
fn what_azure_chose_for_an_identity_is_known_once_that_is_there() {
    let folder = Folder::with(FLYTE);
    let (done, _, error) = export(&folder);
    assert!(
        !done && error.contains("nobody knows its clientId") && error.contains("cloudgrant apply --sandbox"),
        "{error}"
    );
    let (_, before, _) = said(&folder, &["plan", "--sandbox", "--output", "json"]);
    assert!(before.contains("client_id=$(az identity show"), "{before}");
    let (done, _, error) = said(&folder, &["apply", "--sandbox", "--yes"]);
    assert!(done, "{error}");
    let (done, files, error) = export(&folder);
    assert!(done, "{error}");
    // Flyte's charts have no template for it, so that their values bring one. Its tool is told nothing.
    assert!(
        files.contains("+ helm/flyte-core.values.yaml\n") && !files.contains("cluster-resource-attributes/"),
        "{files}"
    );
    let template = "    azure.workload.identity/client-id: \"{{ defaultClientId }}\"\n";
    for chart in ["flyte-core", "flyte-binary"] {
        let values = content(&folder, &format!("helm/{chart}.values.yaml"));
        assert!(values.contains(template) && values.contains("- azure.workload.identity/use: \"true\"\n"), "{values}");
    }
    let account = content(&folder, "service-accounts/vision-production.default.yaml");
    let id = account.split("azure.workload.identity/client-id: \"").nth(1).and_then(|rest| rest.split('"').next());
    let id = id.unwrap_or_else(|| panic!("{account}"));
    assert_eq!(id.len(), 36, "a client ID: {id}");
    assert!(
        read(&folder, "service-accounts/vision-production.default.yaml")
            .contains("azure.workload.identity/use: \"true\"")
    );
    // And whoever is handed the plan finds it there, too.
    let after: Value =
        serde_json::from_str(&said(&folder, &["plan", "--sandbox", "--output", "json"]).1).expect("JSON");
    assert!(after.to_string().contains(&format!("azure.workload.identity/client-id={id}")), "{after:#}");
}

/// One domain's identity is there, and another one's isn't.
#[test]
fn what_is_known_is_written_and_what_isn_t_is_said() {
    let of_production =
        "  - name: models-production\n    scope: { domain: production }\n    access: { models: read }\n";
    let folder = Folder::with(FLYTE);
    let from = FLYTE.find("grants:").expect("grants");
    let production = format!("{}grants:\n{of_production}", &FLYTE[..from]);
    folder.write("cloudgrant.yaml", &production);
    said(&folder, &["apply", "--sandbox", "--yes"]);
    folder.write("cloudgrant.yaml", FLYTE);
    let run = |arguments: &[&str]| folder.output(&[&["export", "--sandbox", "--to", "delivery"], arguments].concat());
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    let first = run(&[]);
    let (files, error) = (text(&first.stdout), text(&first.stderr));
    assert_eq!(first.status.code(), Some(1), "{error}");
    assert!(files.contains("+ service-accounts/vision-production.default.yaml\n"), "{files}{error}");
    assert!(!files.contains("development") && !read(&folder, "kustomization.yaml").contains("development"), "{files}");
    assert!(
        error.contains("the principal of domain development, isn't there yet: nobody knows its clientId")
            && error.contains("`cloudgrant apply --sandbox`"),
        "{error}"
    );
    let document = assert_valid(&folder, &["export", "--sandbox", "--to", "delivery"]);
    assert_eq!(document["unknown"][0]["scope"]["domain"], "development", "{document:#}");
    assert_eq!(run(&["--output", "json"]).status.code(), Some(1));
    assert_eq!(run(&["--exit-code"]).status.code(), Some(1));
    // What an earlier run wrote of it stays.
    said(&folder, &["apply", "--sandbox", "--yes"]);
    let (done, _, error) = export(&folder);
    assert!(done, "{error}");
    let before = read(&folder, "service-accounts/vision-development.default.yaml");
    said(&folder, &["revoke", "--all", "--sandbox", "--yes"]);
    folder.write("cloudgrant.yaml", &production);
    said(&folder, &["apply", "--sandbox", "--yes"]);
    folder.write("cloudgrant.yaml", FLYTE);
    let (done, files, error) = export(&folder);
    assert!(!done && !files.contains("- "), "{files}{error}");
    assert_eq!(read(&folder, "service-accounts/vision-development.default.yaml"), before);
}

/// Two clusters of one account, and one stack name.
#[test]
fn another_home_of_the_stack_keeps_its_files() {
    let folder = Folder::with(UNION);
    export(&folder);
    let before = read(&folder, "kustomization.yaml");
    let green = UNION
        .replace("id/EXAMPLE", "id/GREEN")
        .replace("[forecasting, vision]", "[labels]")
        .replace("project: vision", "project: labels");
    folder.write("cloudgrant.yaml", green);
    let (done, files, error) = export(&folder);
    assert!(!done && files.is_empty(), "{files}");
    assert!(
        error.contains("was written for stack acme-ml, home 111122223333 oidc") && error.contains("EXAMPLE"),
        "{error}"
    );
    assert_eq!(read(&folder, "kustomization.yaml"), before);
    // Nothing of the other one's is taken for its own, either.
    let (done, files, error) = said(&folder, &["export", "--sandbox", "--to", "delivery/green"]);
    assert!(done && files.lines().all(|line| line.starts_with('+')), "{files}{error}");
    assert_eq!(read(&folder, "kustomization.yaml"), before);
}

/// As checkouts on Windows and formatters leave them, and with files that an earlier release wrote to other places.
#[test]
fn its_own_files_are_known_whatever_became_of_their_line_ends_and_places() {
    let folder = Folder::with(UNION);
    export(&folder);
    let delivery = folder.path().join("delivery");
    for path in ["kustomization.yaml", "helm/dataplane.values.yaml"] {
        let text = read(&folder, path);
        fs::write(delivery.join(path), text.replace('\n', "\r\n")).expect("written");
    }
    let values = read(&folder, "cluster-resource-attributes/vision-staging.yaml");
    fs::write(delivery.join("cluster-resource-attributes/vision-staging.yaml"), format!("---\n{values}"))
        .expect("written");
    // As an earlier release wrote it.
    fs::create_dir_all(delivery.join("argo/earlier")).expect("made");
    let earlier = values.replace("cluster-resource-attributes/vision-staging.yaml", "argo/earlier/old.yaml");
    fs::write(delivery.join("argo/earlier/old.yaml"), &earlier).expect("written");
    // Nobody's file beside them is touched.
    fs::write(delivery.join("kustomization.yaml.new"), "mine: true\n").expect("written");
    let (done, files, error) = export(&folder);
    assert!(done, "{error}");
    assert_eq!(files, "~ cluster-resource-attributes/vision-staging.yaml\n- argo/earlier/old.yaml\n", "{error}");
    assert!(error.contains("takes nothing away by itself"), "{error}");
    assert!(!delivery.join("argo").exists(), "empty folders go, too");
    assert_eq!(read(&folder, "kustomization.yaml.new"), "mine: true\n");
}

#[test]
fn where_files_go_is_a_folder() {
    let folder = Folder::with(UNION);
    folder.write("afile", "mine");
    for (to, says) in [("afile", "`afile` is a file, and no folder"), ("-", "`-` is no folder")] {
        let output = folder.output(&["export", "--sandbox", "--to", to]);
        let error = String::from_utf8(output.stderr).expect("text");
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains(says), "{error}");
    }
}

/// Whoever made the manifest's folder may have put links into it.
#[cfg(unix)]
#[test]
fn nothing_is_written_through_a_link_however_the_path_is_written() {
    let folder = Folder::with(UNION);
    let elsewhere = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("plain")).expect("made");
    std::os::unix::fs::symlink(elsewhere.path(), folder.path().join("delivery")).expect("linked");
    let absolute = folder.path().join("delivery/sub").display().to_string();
    for to in ["delivery", "delivery/", "delivery/.", "delivery/sub", "./plain/../delivery/sub/", &absolute] {
        let (done, _, error) = said(&folder, &["export", "--sandbox", "--to", to]);
        assert!(!done && error.contains("delivery` is a link"), "{to}: {error}");
        assert_eq!(fs::read_dir(elsewhere.path()).expect("a folder").count(), 0, "{to}");
    }
}

/// Such as those of another checkout below, or of another folder that was exported to.
#[test]
fn copies_of_its_files_below_the_folder_stay() {
    let folder = Folder::with(UNION);
    export(&folder);
    let copied = read(&folder, "service-accounts/forecasting-production.default.yaml");
    folder.write("backup.yaml", &copied);
    folder.write("cloudgrant.yaml", UNION.replace("[forecasting, vision]", "[vision]"));
    let (done, files, error) = said(&folder, &["export", "--sandbox", "--to", "."]);
    assert!(done && files.lines().all(|line| line.starts_with("+ ")), "{files}{error}");
    assert_eq!(read(&folder, "service-accounts/forecasting-production.default.yaml"), copied);
    assert!(folder.path().join("backup.yaml").exists());
    // What is where it was written goes.
    let (done, files, error) = export(&folder);
    assert!(done && files.contains("- service-accounts/forecasting-production.default.yaml\n"), "{files}{error}");
}

/// Anybody can give a file a name.
#[cfg(unix)]
#[test]
fn a_file_s_name_steers_no_terminal() {
    let folder = Folder::with(UNION);
    export(&folder);
    let values = read(&folder, "cluster-resource-attributes/vision-staging.yaml");
    let name = "a\u{1b}]0;title\u{7}\u{9b}2J\r\u{202e}.yaml";
    let text = values.replace("cluster-resource-attributes/vision-staging.yaml", name);
    fs::write(folder.path().join("delivery").join(name), text).expect("written");
    let dry_run = ["export", "--sandbox", "--to", "delivery", "--dry-run", "--color", "always"];
    let (done, files, error) = said(&folder, &dry_run);
    let shown = "- a\u{fffd}]0;title\u{fffd}\u{fffd}2J\u{fffd}\u{fffd}.yaml\n";
    assert!(done && files == shown, "{files:?}{error}");
    let document = folder.output(&[&dry_run[..], &["--output", "json"]].concat());
    let text = String::from_utf8(document.stdout).expect("text");
    assert!(!text.contains(|c: char| c.is_control() && c != '\n' || c == '\u{202e}'), "{text:?}");
    let document: Value = serde_json::from_str(&text).expect("JSON");
    let files = document["files"].as_array().expect("files");
    assert!(files.iter().any(|file| file["path"] == name), "{document:#}");
}

/// What is exported binds task code to: neither to somebody else's role, nor to one that doesn't trust it yet.
#[test]
fn what_an_apply_has_to_do_first_is_told_to_programs_too() {
    let folder = Folder::with(UNION);
    let run = |arguments: &[&str]| folder.output(&[&["export", "--sandbox", "--to", "delivery"], arguments].concat());
    assert_eq!(run(&["--exit-code"]).status.code(), Some(3));
    assert_eq!(run(&["--exit-code"]).status.code(), Some(3), "nothing was applied");
    said(&folder, &["apply", "--sandbox", "--yes"]);
    assert_eq!(run(&["--exit-code"]).status.code(), Some(0));
    // One more project, whose service account no role trusts yet.
    folder.write("cloudgrant.yaml", UNION.replace("[forecasting, vision]", "[forecasting, third, vision]"));
    let quiet = run(&["-q"]);
    let notes = String::from_utf8(quiet.stderr).expect("text");
    assert!(notes.contains("isn't as the manifest says yet"), "{notes}");
    let document = assert_valid(&folder, &["export", "--sandbox", "--to", "delivery"]);
    assert_eq!(document["pending"][0]["kind"], "iam-role", "{document}");
    assert_eq!(run(&["--exit-code", "--dry-run"]).status.code(), Some(3));
    said(&folder, &["apply", "--sandbox", "--yes"]);
    assert_eq!(run(&["--exit-code", "--dry-run"]).status.code(), Some(0));
}

/// What its plan hands off, an apply doesn't tell the platform.
#[test]
fn files_of_what_is_handed_off_are_not_said_to_be_told_by_apply() {
    const SETTINGS: &str = include_str!("../../../examples/settings/cloudgrant.yaml");
    const TOLD: &str = "`apply` tells the platform itself";
    let union = |delivery: &str| UNION.replace("kind: union,", &format!("kind: union, delivery: {delivery},"));
    for (manifest, is_told) in [
        (union("kubernetes"), true),
        (union("leave-kubernetes"), false),
        (union("leave-admin"), false),
        (SETTINGS.to_owned(), false),
    ] {
        let (_, files, notes) = export(&Folder::with(&manifest));
        assert!(
            files.contains("service-accounts/") || files.contains("cluster-resource-attributes/"),
            "{files}{notes}"
        );
        assert_eq!(notes.contains(TOLD) || files.contains(TOLD), is_told, "{files}{notes}");
    }
}

#[test]
fn the_cloud_s_objects_go_to_terraform_where_it_is_asked_for() {
    const PATH: &str = "terraform/cloudgrant.tf";
    let folder = Folder::with(UNION);
    let ask = |more: &[&str]| said(&folder, &[&["export", "--sandbox", "--to", "delivery"], more].concat());
    let (done, files, error) = ask(&["--terraform"]);
    assert!(done && files.contains(PATH), "{files}{error}");
    assert_looks!(content(&folder, PATH));
    // Its end would be the end of all that it makes: who doesn't ask for it doesn't ask for that.
    let (done, files, error) = ask(&[]);
    assert!(done && !files.contains(PATH), "{files}{error}");
    assert!(
        error.contains("terraform/cloudgrant.tf is there from an earlier export") && error.contains("add --terraform"),
        "{error}"
    );
    let (done, files, error) = ask(&["--terraform", "--dry-run", "--exit-code"]);
    assert!(
        !done && !files.contains(PATH),
        "an apply has to come first, and the file is as it should be: {files}{error}"
    );
}

#[test]
fn the_cloud_s_objects_are_commands_where_it_is_asked_for() {
    const PATH: &str = "commands/cloudgrant.sh";
    for manifest in [UNION, FLYTE] {
        let folder = Folder::with(manifest);
        let ask = |more: &[&str]| said(&folder, &[&["export", "--sandbox", "--to", "delivery"], more].concat());
        let (_, files, error) = ask(&["--commands"]);
        assert!(files.contains(PATH), "{files}{error}");
        assert_looks!(content(&folder, PATH));
        let (_, files, error) = ask(&[]);
        assert!(!files.contains(PATH), "a file that isn't asked for stays as it is: {files}{error}");
        // On Azure, the run ends before that, as nobody knows yet what the files say.
        assert_eq!(
            error.contains("commands/cloudgrant.sh is there from an earlier export"),
            manifest == UNION,
            "{error}"
        );
        // Azure's commands name their subscription; AWS's tool goes by the credentials alone.
        let script = content(&folder, PATH);
        assert_eq!(script.contains("aws sts get-caller-identity"), manifest == UNION, "{script}");
    }
}

#[test]
fn identities_and_roles_go_to_terraform() {
    let folder = Folder::with(FLYTE);
    let (_, files, error) = said(&folder, &["export", "--sandbox", "--to", "delivery", "--terraform"]);
    assert!(files.contains("terraform/cloudgrant.tf"), "{files}{error}");
    assert_looks!(content(&folder, "terraform/cloudgrant.tf"));
}

/// A script that leaves something out isn't done when it ends.
#[test]
fn commands_that_leave_something_out_say_so_and_fail() {
    let folder = Folder::with(include_str!("../../../examples/azureml/cloudgrant.yaml"));
    let output = folder.output(&["export", "--to", "delivery", "--commands", "--sandbox"]);
    assert!(output.status.code().is_some_and(|code| code < 2), "{output:?}");
    let script = std::fs::read_to_string(folder.path().join("delivery/commands/cloudgrant.sh")).expect("a script");
    assert!(
        script.contains("not made here, as there is no command for it: compute-identity acme/train-cluster/"),
        "{script}"
    );
    assert!(script.ends_with("exit 1\n"), "{script}");
    // Where all has a command, it ends as its last one does.
    let folder = Folder::with(UNION);
    folder.output(&["export", "--to", "delivery", "--commands", "--sandbox"]);
    let script = std::fs::read_to_string(folder.path().join("delivery/commands/cloudgrant.sh")).expect("a script");
    assert!(!script.contains("not made here") && !script.ends_with("exit 1\n"), "{script}");
}
