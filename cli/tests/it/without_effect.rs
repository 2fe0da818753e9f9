//! A key that changes nothing in a plan is named in it, with why; and none that changes something is called without effect.

use serde_json::Value;

use crate::support::Folder;

/// Who task code of a manifest runs as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RunsAs {
    /// Under the platform's own role or identity alone.
    ThePlatforms,
    /// Under a role or an identity that the stack makes; on Union on Azure, the vendor is asked for it.
    ItsOwn,
    /// On AWS under a role that EKS gives to pods; on Azure under an identity that the manifest names.
    Another,
}

/// A manifest of one grant, with more lines of the platform's and of the cloud's cluster.
fn manifest(platform: &str, cloud: &str, runs_as: RunsAs, keys: &str, cluster: &str) -> String {
    let scope = if runs_as == RunsAs::ThePlatforms { "global" } else { "{ domain: production }" };
    let organization = if platform == "union" { "  organization: acme\n" } else { "" };
    let section = match cloud {
        "aws" => {
            let binding = if runs_as == RunsAs::Another { "  binding: pod-identity\n" } else { "" };
            let name = if runs_as == RunsAs::Another { "    name: blue\n" } else { "" };
            format!(
                "aws:\n  region: us-west-2\n  account: \"111122223333\"\n  task_role: tasks\n{binding}  cluster:\n    \
                 oidc_provider: oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE\n{name}{cluster}"
            )
        }
        _ => {
            let named = if runs_as == RunsAs::Another { "  identities: { production: of-production }\n" } else { "" };
            format!(
                "azure:\n  tenant: 00000000-0000-0000-0000-00000000000a\n  subscription: 00000000-0000-0000-0000-00000000000b\n  \
                 resource_group: acme-dataplane\n  task_identity: flyteuser-tasks\n{named}  cluster:\n    oidc_issuer: \
                 https://westeurope.oic.prod-aks.azure.com/00000000-0000-0000-0000-00000000000a/00000000-0000-0000-0000-00000000000c/\n\
                 {cluster}"
            )
        }
    };
    format!(
        "version: 1\nstack: acme\nprovider: {cloud}\nplatform:\n  kind: {platform}\n{organization}  projects: [vision]\n  \
         domains: [production]\n{keys}{section}resources:\n  inputs:\n    aws: s3://acme-inputs\n    azure: \
         https://acmeinputs.blob.core.windows.net/inputs\ngrants:\n  - name: inputs\n    scope: {scope}\n    access: {{ inputs: read }}\n"
    )
}

#[track_caller]
fn plan(manifest: &str) -> Value {
    let output = Folder::with(manifest).output(&["plan", "--sandbox", "-o", "json"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}: {manifest}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// What is said of a key that has no effect.
fn said_of<'a>(plan: &'a Value, key: &str) -> Vec<&'a str> {
    let notes = plan["notes"].as_array().expect("notes").iter().filter(|note| note["about"] == key);
    notes.filter_map(|note| note["message"].as_str()).collect()
}

/// What a plan says of everything else: a key may change what somebody is told to do.
fn said_of_others<'a>(plan: &'a Value, key: &str) -> Vec<&'a Value> {
    plan["notes"].as_array().expect("notes").iter().filter(|note| note["about"] != key).collect()
}

/// Holds a plan with a key against the one without it.
#[track_caller]
fn assert_told(with: &Value, without: &Value, key: &str, case: &str) {
    let said = said_of(with, key);
    let of_all = said.iter().filter(|said| said.contains("has no effect")).count();
    let is_told = of_all > 0 && !said.iter().any(|said| said.starts_with('`'));
    let is_same = said_of_others(with, key) == said_of_others(without, key);
    let changes_nothing = with["changes"] == without["changes"] && (is_same || key.starts_with("platform."));
    assert_eq!(is_told, changes_nothing, "{case}: {key}: {said:?}: {}", with["changes"]);
}

fn keys_of(platform: &str, cloud: &str, runs_as: RunsAs) {
    const WAYS: [&str; 4] = ["kubernetes", "admin", "settings", "[settings, kubernetes]"];
    let case = format!("{platform} on {cloud}, {runs_as:?}");
    let of = |keys: &str, cluster: &str| plan(&manifest(platform, cloud, runs_as, keys, cluster));
    let bare = of("", "");
    assert!(
        bare["notes"].as_array().expect("notes").iter().all(|note| !note["message"].to_string().contains("no effect"))
    );
    for way in WAYS {
        let case = format!("{case}, {way}");
        let delivery = format!("  delivery: {way}\n");
        let told = of(&delivery, "");
        assert_told(&told, &bare, "platform.delivery", &case);
        if way == "admin" {
            let attribute = of(&format!("{delivery}  attribute: ours\n"), "");
            assert_told(&attribute, &told, "platform.attribute", &case);
        }
    }
    // One plan has several of them, each with a note of its own.
    let organization = if platform == "flyte" { "  organization: acme\n" } else { "" };
    let mut several = vec!["platform.attribute", "platform.deployment"];
    several.extend((platform == "flyte").then_some("platform.organization"));
    let told = of(&format!("  attribute: ours\n  deployment: flyte.acme.example\n{organization}"), "");
    for key in several {
        assert_told(&told, &bare, key, &case);
    }
    // Under the platform's own, nothing that trusts anybody is made yet; with it, whoever owns a named identity is told what it lacks.
    if runs_as != RunsAs::ThePlatforms && (platform, cloud, runs_as) != ("flyte", "azure", RunsAs::Another) {
        let audience = of("", "    audience: ours\n");
        assert_told(&audience, &bare, &format!("{cloud}.cluster.audience"), &case);
    }
    if cloud == "aws" && runs_as != RunsAs::Another {
        assert_told(&of("", "    name: blue\n"), &bare, "aws.cluster.name", &case);
    }
}

macro_rules! combinations {
    ($($name:ident: $platform:literal, $cloud:literal, $runs_as:ident;)*) => {
        $(#[test]
        fn $name() {
            keys_of($platform, $cloud, RunsAs::$runs_as);
        })*
    };
}

combinations! {
    union_on_aws_under_the_task_role: "union", "aws", ThePlatforms;
    union_on_aws_under_a_role_of_its_own: "union", "aws", ItsOwn;
    union_on_aws_by_pod_identity: "union", "aws", Another;
    union_on_azure_under_the_platform_s_identity: "union", "azure", ThePlatforms;
    union_on_azure_under_an_identity_that_the_vendor_is_asked_for: "union", "azure", ItsOwn;
    union_on_azure_under_an_identity_that_the_vendor_made: "union", "azure", Another;
    flyte_on_aws_under_the_task_role: "flyte", "aws", ThePlatforms;
    flyte_on_aws_under_a_role_of_its_own: "flyte", "aws", ItsOwn;
    flyte_on_aws_by_pod_identity: "flyte", "aws", Another;
    flyte_on_azure_under_the_platform_s_identity: "flyte", "azure", ThePlatforms;
    flyte_on_azure_under_an_identity_of_its_own: "flyte", "azure", ItsOwn;
    flyte_on_azure_under_a_named_identity: "flyte", "azure", Another;
}

/// Whoever takes access away isn't told that a key has no effect: what it told may be what goes.
#[test]
fn a_revoke_says_nothing_of_keys() {
    let folder = Folder::with(&manifest("flyte", "aws", RunsAs::ItsOwn, "  delivery: kubernetes\n", ""));
    let run = |arguments: &[&str]| {
        let output = folder.output(&[arguments, &["--sandbox"]].concat());
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    };
    run(&["apply", "--yes"]);
    let revoked = run(&["revoke", "--all", "--yes"]);
    assert!(revoked.contains("service-account-annotation") && !revoked.contains("no effect"), "{revoked}");
}

/// A key by which something was told isn't without effect until that is taken back: whoever took it out would leave service accounts and
/// records that name what is gone.
#[test]
fn a_key_by_which_something_was_told_is_needed_until_that_is_taken_back() {
    let deliveries = ["kubernetes", "admin"];
    for (delivery, moved_to) in deliveries.iter().flat_map(|it| [(it, RunsAs::ThePlatforms), (it, RunsAs::Another)]) {
        let keys = match *delivery {
            "kubernetes" => "  delivery: kubernetes\n",
            _ => "  delivery: admin\n",
        };
        let folder = Folder::with(&manifest("flyte", "aws", RunsAs::ItsOwn, keys, ""));
        let run = |arguments: &[&str]| folder.output(&[arguments, &["--sandbox", "-o", "json"]].concat());
        assert_eq!(run(&["apply", "--yes"]).status.code(), Some(0), "{delivery}");
        folder.write("cloudgrant.yaml", manifest("flyte", "aws", moved_to, keys, ""));
        let plan: Value = serde_json::from_slice(&run(&["plan"]).stdout).expect("JSON");
        let taken_back = plan["changes"].as_array().expect("changes").iter().filter(|change| {
            change["action"] == "delete"
                && ["service-account-annotation", "cluster-resource-attribute"]
                    .contains(&change["kind"].as_str().unwrap_or_default())
        });
        assert!(taken_back.count() > 0, "{delivery} {moved_to:?}: {plan:#}");
        let said = said_of(&plan, "platform.delivery");
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].contains("leave it until that is done"), "{said:?}");
        assert_eq!(run(&["apply", "--yes"]).status.code(), Some(0), "{delivery}");
        let plan: Value = serde_json::from_slice(&run(&["plan"]).stdout).expect("JSON");
        assert!(said_of(&plan, "platform.delivery").iter().any(|it| it.contains("no effect here")), "{plan:#}");
    }
}
