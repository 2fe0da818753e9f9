//! A platform that may not be looked at keeps nobody from taking back what is in the cloud: what the manifest names is read by its name,
//! and where not even that may be, the way on is told, and works.

use serde_json::Value;

use crate::delivery::{ONE_DOMAIN, annotations};
use crate::json::assert_valid;
use crate::support::{Folder, MANIFEST};

const EXAMPLE: &str = include_str!("../../../examples/flyte/cloudgrant.yaml");
const LIST: &str = "deny=serviceaccounts:list";
const ALL: &str = "deny=serviceaccounts:list,deny=serviceaccounts:get";
const HANDOFF: (&str, &str) = ("CLOUDGRANT_PLATFORM__DELIVERY", "handoff");

/// Everything that a run in the sandbox says, on one line, and how it ends.
fn run(folder: &Folder, arguments: &[&str], faults: &str, variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let mut command = folder.command(&[arguments, &["--sandbox"]].concat());
    if !faults.is_empty() {
        command.args(["--faults", faults]);
    }
    let output = command.envs(variables.iter().copied()).output().expect("the binary runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code(), said.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[track_caller]
fn exits(folder: &Folder, arguments: &[&str], faults: &str, code: i32) -> String {
    let (ended, said) = run(folder, arguments, faults, &[]);
    assert_eq!(ended, Some(code), "{arguments:?} {faults}: {said}");
    said
}

/// The objects of the only stack, and the places to which it wrote.
fn left(folder: &Folder) -> (Vec<String>, Vec<String>) {
    let document = assert_valid(folder, &["stacks", "--sandbox"]);
    let texts = |key: &str, of: &dyn Fn(&Value) -> Option<String>| {
        document["stacks"][0][key].as_array().into_iter().flatten().filter_map(of).collect::<Vec<_>>()
    };
    let objects = texts("objects", &|one| Some(format!("{} {}", one["kind"].as_str()?, one["name"].as_str()?)));
    (objects, texts("elsewhere", &|one| one.as_str().map(str::to_owned)))
}

/// A manifest that annotates, its cloud, and a grant of it with a principal of its own.
fn annotating() -> [(String, &'static str, &'static str); 2] {
    let on_aws = MANIFEST.replacen("kind: union\n", "kind: union\n  delivery: kubernetes\n", 1);
    [(ONE_DOMAIN.to_owned(), "azure", "inputs-production"), (on_aws, "aws", "forecasting-production")]
}

#[test]
fn whoever_may_list_no_service_accounts_takes_back_those_that_the_manifest_names() {
    for (manifest, cloud, grant) in annotating() {
        let folder = Folder::with(&manifest);
        exits(&folder, &["apply", "--yes"], LIST, 0);
        assert_eq!(annotations(&folder, cloud).len(), 1, "{cloud}");
        exits(&folder, &["plan", "--exit-code"], LIST, 0);
        exits(&folder, &["drift", "--exit-code"], LIST, 3);
        let look = exits(&folder, &["revoke", grant, "--dry-run"], LIST, 0);
        assert!(look.contains("- service-account-annotation "), "{cloud}: {look}");
        let listed = exits(&folder, &["stacks"], LIST, 0);
        assert!(listed.contains("not searched: what task code is told"), "{cloud}: {listed}");
        let revoked = exits(&folder, &["revoke", "--all", "--yes"], LIST, 1);
        let rule = "by a ClusterRole and a ClusterRoleBinding (`cloudgrant permissions --for cluster";
        assert!(revoked.contains("not searched: service accounts") && revoked.contains(rule), "{cloud}: {revoked}");
        assert!(annotations(&folder, cloud).is_empty(), "{cloud}");
        // What nobody looked at is found again.
        let (objects, elsewhere) = left(&folder);
        assert!(objects.len() == 1 && elsewhere.len() == 1, "{cloud}: {objects:?} {elsewhere:?}");
        exits(&folder, &["revoke", "--all", "--yes"], "", 0);
        assert_eq!(left(&folder), (Vec::new(), Vec::new()), "{cloud}");
    }
}

/// What goes with a grant goes also where nothing that stays is in its namespace.
#[test]
fn whoever_may_list_no_service_accounts_takes_a_grant_back_with_its_annotation() {
    for (manifest, cloud, grant) in annotating() {
        let folder = Folder::with(&manifest);
        exits(&folder, &["apply", "--yes"], "", 0);
        exits(&folder, &["revoke", grant, "--yes"], LIST, 0);
        assert!(annotations(&folder, cloud).is_empty(), "{cloud}");
    }
}

/// Of a grant that was taken out, no binding names the service account by then: the manifest's projects and domains do.
#[test]
fn whoever_may_list_no_service_accounts_loses_the_annotation_of_a_grant_that_was_taken_out() {
    for (manifest, cloud, grant) in annotating() {
        let folder = Folder::with(&manifest);
        exits(&folder, &["apply", "--yes"], "", 0);
        assert_eq!(annotations(&folder, cloud).len(), 1, "{cloud}");
        let (before, _) =
            manifest.split_once(&format!("  - name: {grant}\n")).expect("the grant, which is the last one");
        let none = before.strip_suffix("grants:\n").map(|before| format!("{before}grants: []\n"));
        folder.write("cloudgrant.yaml", none.as_deref().unwrap_or(before));
        let said = exits(&folder, &["apply", "--yes"], LIST, 0);
        assert!(annotations(&folder, cloud).is_empty(), "{cloud}: {said}");
    }
}

#[test]
fn where_nothing_may_be_looked_at_the_way_on_is_told_and_works() {
    let [azure, aws] = annotating().map(|(manifest, cloud, grant)| (manifest, cloud, grant, ALL));
    let admin = (EXAMPLE.to_owned(), "aws", "models-production", "deny=admin:ListMatchableAttributes");
    for (manifest, cloud, grant, denied) in [azure, aws, admin] {
        let folder = Folder::with(&manifest);
        exits(&folder, &["apply", "--yes"], "", 0);
        let before = left(&folder);
        for command in [
            &["revoke", "--all", "--yes"][..],
            &["revoke", grant, "--yes"],
            &["apply", "--yes"],
            &["plan"],
            &["drift", "--exit-code"],
        ] {
            let said = exits(&folder, command, denied, 1);
            assert!(said.contains("CLOUDGRANT_PLATFORM__DELIVERY=handoff"), "{cloud} {command:?}: {said}");
        }
        assert_eq!(left(&folder), before, "{cloud}: nothing was changed");
        let listed = exits(&folder, &["stacks"], denied, 0);
        assert!(listed.contains("not searched: what task code is told"), "{cloud}: {listed}");

        // As it was said: all that is in the cloud goes, and what it is that nobody looked at is told.
        let (ended, said) = run(&folder, &["revoke", "--all", "--yes"], denied, &[HANDOFF]);
        assert!(ended == Some(1) && said.contains("not searched: "), "{cloud}: {said}");
        let (objects, elsewhere) = left(&folder);
        let in_cloud: Vec<_> = objects
            .iter()
            .filter(|name| !name.starts_with("service-account") && !name.starts_with("cluster-"))
            .collect();
        assert!(in_cloud.len() == 1 && elsewhere.len() == 1, "{cloud}: {objects:?} {elsewhere:?}");
        exits(&folder, &["revoke", "--all", "--yes"], "", 0);
        assert_eq!(left(&folder), (Vec::new(), Vec::new()), "{cloud}");
    }
}
