//! EKS Pod Identity beside IRSA, as people meet it: what is planned, told to platforms, listed and taken back.

use std::collections::BTreeMap;

use serde_json::json;

use crate::delivery::{annotations, exits, in_cluster};
use crate::json::assert_valid;
use crate::support::{Folder, MANIFEST};

const KEY: &str = "eks.amazonaws.com/role-arn";
const NAMESPACE: &str = "forecasting-production";
const ASSOCIATION: &str = "eks-pod-identity-association us-west-2/blue/forecasting-production/default";

fn by(delivery: &str) -> String {
    MANIFEST.replacen("kind: union\n", &format!("kind: union\n  delivery: {delivery}\n"), 1)
}

/// The same with EKS Pod Identity; the issuer stays the stack's home.
fn bound(manifest: &str) -> String {
    let manifest = manifest.replacen("cluster: { oidc", "binding: pod-identity\n  cluster: { name: blue, oidc", 1);
    assert!(manifest.contains("name: blue"), "{manifest}");
    manifest
}

/// What cloudgrant annotated goes once EKS gives the role, and comes back before EKS no longer does.
#[test]
fn a_stack_moves_from_annotations_to_associations_and_back() {
    let irsa = by("kubernetes");
    let folder = Folder::with(&irsa);
    exits(&folder, &["apply", "--yes"], 0);
    let annotated = annotations(&folder, "aws");
    assert_eq!(annotated.keys().collect::<Vec<_>>(), [NAMESPACE]);

    folder.write("cloudgrant.yaml", bound(&irsa));
    let plan = exits(&folder, &["plan", "--exit-code"], 3);
    for line in [&format!("+ {ASSOCIATION}"), "- service-account-annotation forecasting-production/default"] {
        assert!(plan.contains(line), "{line}: {plan}");
    }
    assert!(plan.contains("by EKS Pod Identity from now on"), "{plan}");
    assert!(plan.contains(" 0 handoffs"), "{plan}");
    assert_valid(&folder, &["plan", "--sandbox"]);
    exits(&folder, &["apply", "--yes"], 0);
    assert!(annotations(&folder, "aws").is_empty());
    exits(&folder, &["drift", "--exit-code"], 0);
    let explained = exits(&folder, &["explain"], 0);
    assert!(
        explained.contains("aws eks create-pod-identity-association --region us-west-2 --cluster-name blue"),
        "{explained}"
    );
    let stacks = exits(&folder, &["stacks"], 0);
    assert!(stacks.contains("pod identity associations of EKS cluster blue"), "{stacks}");

    folder.write("cloudgrant.yaml", &irsa);
    let plan = exits(&folder, &["plan", "--exit-code"], 3);
    for line in [&format!("- {ASSOCIATION}"), "+ service-account-annotation forecasting-production/default"] {
        assert!(plan.contains(line), "{line}: {plan}");
    }
    exits(&folder, &["apply", "--yes"], 0);
    assert_eq!(annotations(&folder, "aws"), annotated);
    exits(&folder, &["drift", "--exit-code"], 0);
    exits(&folder, &["revoke", "--all", "--yes"], 0);
    assert!(annotations(&folder, "aws").is_empty());
}

/// The association wins, whatever is annotated; whoever reads the account would think otherwise.
#[test]
fn an_account_with_both_is_told_and_left_alone() {
    let manifest = bound(&by("kubernetes"));
    let folder = Folder::with(&manifest);
    exits(&folder, &["apply", "--yes"], 0);
    let theirs = json!({ KEY: "arn:aws:iam::111122223333:role/theirs" });
    in_cluster(&folder, "aws", async |cluster| cluster.annotate(NAMESPACE, theirs.clone()).await);
    let plan = exits(&folder, &["plan", "--exit-code"], 0);
    assert!(plan.contains("service account forecasting-production/default has the annotation"), "{plan}");
    assert!(plan.contains("role/theirs), which means nothing"), "{plan}");
    assert!(
        plan.contains(&format!("kubectl annotate serviceaccount default --namespace {NAMESPACE} {KEY}-")),
        "{plan}"
    );
    exits(&folder, &["revoke", "--all", "--yes"], 0);
    assert_eq!(annotations(&folder, "aws"), BTreeMap::from([(NAMESPACE.to_owned(), theirs)]));
}

#[test]
fn nothing_is_handed_off_and_nothing_exported() {
    let folder = Folder::with(&bound(MANIFEST));
    let plan = exits(&folder, &["plan"], 0);
    assert!(!plan.contains("platform-binding") && plan.contains(ASSOCIATION), "{plan}");
    exits(&folder, &["apply", "--yes"], 0);
    let exported = exits(&folder, &["export", "--to", "out", "--exit-code"], 0);
    assert!(exported.contains("the cloud itself gives the principals of"), "{exported}");
    assert!(!folder.path().join("out").exists());
    exits(&folder, &["revoke", "forecasting-production", "--yes"], 0);
    let plan = exits(&folder, &["plan", "--exit-code"], 3);
    assert!(plan.contains(&format!("+ {ASSOCIATION}")), "{plan}");
}

/// The platform still says which service account task code runs as, and nobody annotates it.
#[test]
fn with_settings_the_account_is_set_and_not_annotated() {
    let folder = Folder::with(&bound(&by("settings")));
    let plan = exits(&folder, &["plan"], 0);
    assert!(plan.contains("+ service-account-setting forecasting/production"), "{plan}");
    assert!(!plan.contains("platform-binding"), "{plan}");
    exits(&folder, &["apply", "--yes"], 0);
    exits(&folder, &["drift", "--exit-code"], 0);
    exits(&folder, &["revoke", "--all", "--yes"], 0);
}
