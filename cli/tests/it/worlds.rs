//! What a platform tells apart: a namespace for each project and domain, one for each domain, or one for all.

use std::process::Output;

use serde_json::Value;

use crate::json::assert_valid;
use crate::support::{Folder, MANIFEST, assert_looks};

const SETTINGS: &str = include_str!("../../../examples/settings/cloudgrant.yaml");

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[track_caller]
fn exits(folder: &Folder, arguments: &[&str], code: i32) -> String {
    let output = folder.output(&[arguments, &["--sandbox"]].concat());
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", said(&output));
    said(&output)
}

/// Union on AWS, with a grant for a domain, and some more lines of the platform.
fn union(platform: &str) -> String {
    let scoped = MANIFEST.replace("{ project: forecasting, domain: production }", "{ domain: production }");
    scoped.replace("  kind: union\n", &format!("  kind: union\n{platform}"))
}

/// A Flyte on Azure with so many projects, and a grant for one domain.
fn azure(projects: usize, platform: &str) -> String {
    let projects: Vec<_> = (0..projects).map(|at| format!("p{at}")).collect();
    format!(
        "version: 1\nstack: acme\nprovider: azure\n\
         platform:\n  kind: flyte\n  projects: [{}]\n  domains: [development, production]\n{platform}\
         azure:\n  tenant: 00000000-0000-0000-0000-00000000000a\n  subscription: 00000000-0000-0000-0000-00000000000b\n  \
         resource_group: acme-dataplane\n\
         resources:\n  inputs:\n    azure: https://acmetraining.blob.core.windows.net/inputs\n\
         grants:\n  - name: inputs\n    scope: {{ domain: production }}\n    access: {{ inputs: read }}\n",
        projects.join(", ")
    )
}

fn changes<'a>(plan: &'a Value, kind: &str) -> Vec<&'a Value> {
    plan["changes"].as_array().expect("a list").iter().filter(|change| change["kind"] == kind).collect()
}

fn names(plan: &Value, kind: &str) -> Vec<String> {
    changes(plan, kind).iter().map(|change| change["name"].as_str().expect("a name").to_owned()).collect()
}

/// How many identities task code runs as: beside these there is the mark of the cluster.
fn identities(plan: &Value) -> usize {
    names(plan, "managed-identity").iter().filter(|name| !name.contains("-place_")).count()
}

fn trusted(plan: &Value) -> Vec<Value> {
    let subject = "/after/trust/Statement/0/Condition/StringEquals/oidc.eks.us-west-2.amazonaws.com~1id~1EXAMPLE:sub";
    let of = |role: &&Value| role.pointer(subject).cloned().unwrap_or_else(|| panic!("{role:#}"));
    changes(plan, "iam-role").iter().map(of).collect()
}

fn warnings(plan: &Value) -> Vec<String> {
    let notes = plan["notes"].as_array().expect("a list").iter();
    notes.filter(|note| note["about"] == "isolation").map(|note| note["message"].to_string()).collect()
}

/// On AWS: one entry of the trust, one annotation, and yet a record for each pair.
#[test]
fn requirement_21_where_a_domain_has_one_namespace_its_role_trusts_one_service_account() {
    let folder = Folder::with(&union("  namespace: \"{domain}\"\n  delivery: kubernetes\n"));
    let plan = assert_valid(&folder, &["plan", "--sandbox"]);
    assert_eq!(trusted(&plan), [Value::from(vec!["system:serviceaccount:production:default"])]);
    assert_eq!(names(&plan, "service-account-annotation"), ["production/default"]);
    assert_eq!(warnings(&plan), [""; 0], "a domain's namespace is its own");
    exits(&folder, &["apply", "--yes"], 0);
    exits(&folder, &["plan", "--exit-code"], 0);
    exits(&folder, &["drift", "--exit-code"], 0);
    // A project more is no other service account.
    folder.write(
        "cloudgrant.yaml",
        union("  namespace: \"{domain}\"\n  delivery: kubernetes\n").replace("[forecasting, ", "[new, forecasting, "),
    );
    exits(&folder, &["plan", "--exit-code"], 0);
    exits(&folder, &["revoke", "--all", "--yes"], 0);

    let admin = Folder::with(&union("  namespace: \"{domain}\"\n  delivery: admin\n"));
    let plan = assert_valid(&admin, &["plan", "--sandbox"]);
    assert_eq!(
        names(&plan, "cluster-resource-attribute"),
        ["forecasting/production", "vision/production"],
        "each pair's record has the one value of its domain"
    );
    exits(&admin, &["apply", "--yes"], 0);
    exits(&admin, &["plan", "--exit-code"], 0);
}

/// Twenty federated credentials fit an identity; one service account is one of them, however many projects it is for.
#[test]
fn requirement_21_on_azure_a_domain_with_one_namespace_takes_one_federated_credential() {
    let own = assert_valid(&Folder::with(&azure(21, "")), &["plan", "--sandbox"]);
    assert_eq!((identities(&own), names(&own, "federated-credential").len()), (2, 21));

    let folder = Folder::with(&azure(21, "  namespace: \"{domain}\"\n  delivery: kubernetes\n"));
    let plan = assert_valid(&folder, &["plan", "--sandbox"]);
    assert_eq!(identities(&plan), 1);
    let credential = changes(&plan, "federated-credential");
    assert_eq!(credential.len(), 1, "{plan:#}");
    assert_eq!(credential[0]["after"]["subject"], "system:serviceaccount:production:default");
    assert_eq!(names(&plan, "service-account-annotation"), ["production/default"]);
    exits(&folder, &["apply", "--yes"], 0);
    exits(&folder, &["plan", "--exit-code"], 0);
    // Whichever project is listed first: the credential is the domain's.
    let turned = azure(21, "  namespace: \"{domain}\"\n  delivery: kubernetes\n").replace("[p0, p1, ", "[p1, ");
    folder.write("cloudgrant.yaml", turned);
    exits(&folder, &["plan", "--exit-code"], 0);
    exits(&folder, &["revoke", "--all", "--yes"], 0);
}

/// From a namespace for each pair to one for each domain, with the same stack: what the pairs had goes, and comes back.
#[test]
fn requirement_21_a_stack_moves_from_one_world_to_the_other_and_back() {
    for manifest in [azure as fn(usize, &str) -> String, |_, platform| union(platform)] {
        let of = |namespace: &str| manifest(3, &format!("  namespace: \"{namespace}\"\n  delivery: kubernetes\n"));
        let folder = Folder::with(&of("{project}-{domain}"));
        exits(&folder, &["apply", "--yes"], 0);
        for (namespace, annotated) in [("{domain}", 1), ("{project}-{domain}", 3)] {
            folder.write("cloudgrant.yaml", of(namespace));
            let plan = assert_valid(&folder, &["plan", "--sandbox"]);
            let made = changes(&plan, "service-account-annotation");
            let made = made.iter().filter(|change| change["action"] == "create").count();
            assert!(made == annotated || (made == 2 && annotated == 3), "{namespace}: {plan:#}");
            exits(&folder, &["apply", "--yes"], 0);
            exits(&folder, &["plan", "--exit-code"], 0);
        }
        exits(&folder, &["revoke", "--all", "--yes"], 0);
    }
}

#[test]
fn requirement_21_a_scope_that_the_platform_does_not_tell_apart_is_refused_at_its_place() {
    let pair = MANIFEST.replace("  kind: union\n", "  kind: union\n  namespace: \"{domain}\"\n");
    assert_looks!(Folder::with(&pair).run(&["plan", "--sandbox"]));
    for (platform, code) in [
        ("  low_privilege: true\n", 2),
        ("  low_privilege: true\n  service_account: \"{domain}\"\n", 0),
        ("  low_privilege: false\n", 0),
        ("  namespace: flyte\n", 2),
    ] {
        let said = exits(&Folder::with(&union(platform)), &["plan"], code);
        let told = said.contains("`scope: global` works, and reaches all task code");
        assert_eq!(told, code == 2, "{platform}: {said}");
        let account = if platform.contains("low") { "union:union" } else { "flyte:default" };
        assert_eq!(said.contains(&format!("runs as system:serviceaccount:{account}, and so does that of")), code == 2);
    }
    // A variable says it as well, and a binding that is written is refused at its own place.
    let bound = MANIFEST.split("grants:").next().expect("a manifest").to_owned()
        + "bindings:\n  - scope: { domain: production }\ngrants:\n  - name: all\n    scope: global\n    access: { training-data: read }\n";
    let folder = Folder::with(&bound).variable("CLOUDGRANT_PLATFORM__LOW_PRIVILEGE", "true");
    let refused = exits(&folder, &["plan"], 2);
    assert!(refused.contains("bindings[0].scope"), "{refused}");
    exits(&Folder::with(&bound), &["plan"], 0);
    let both = union("  low_privilege: true\n  namespace: \"{domain}\"\n");
    assert!(
        exits(&Folder::with(&both), &["plan"], 2).contains("`{domain}` is a template of several"),
        "the chart has one"
    );
    let flyte = Folder::with(&SETTINGS.replace("  namespace: flyte\n", "  low_privilege: true\n"));
    let refused = exits(&flyte, &["plan"], 2);
    for said in ["unknown key `low_privilege`", "it is a key of `kind: union` alone"] {
        assert!(refused.contains(said), "{said}: {refused}");
    }
}

/// Where service accounts alone tell scopes apart, the plan and `explain` say once that this is no wall.
#[test]
fn requirement_21_in_one_namespace_a_service_account_is_a_convenience_and_no_wall() {
    let folder = Folder::with(SETTINGS);
    let plan = assert_valid(&folder, &["plan", "--sandbox"]);
    let trusted: Vec<_> = trusted(&plan);
    let subject = |account: &str| format!("system:serviceaccount:flyte:{account}");
    assert!(
        trusted.contains(&vec![subject("forecasting-production"), subject("vision-production")].into()),
        "{trusted:?}"
    );
    assert!(trusted.contains(&vec![subject("vision-development")].into()), "{trusted:?}");
    assert_eq!(warnings(&plan).len(), 1, "{plan:#}");
    assert_looks!(folder.run(&["plan", "--sandbox"]));
    let explained = assert_valid(&folder, &["explain", "--sandbox"]);
    assert_eq!(warnings(&explained).len(), 1, "{explained:#}");
    assert!(
        explained["grants"].as_array().expect("a list").iter().all(|grant| grant["reaches"]["isolation"].is_string())
    );
    let own = SETTINGS.replace("  namespace: flyte\n  service_account: \"{project}-{domain}\"\n", "");
    let own = assert_valid(&Folder::with(&own), &["plan", "--sandbox"]);
    assert_eq!(warnings(&own), [""; 0], "each scope has namespaces of its own");
}

/// The sync of cluster resources annotates one service account in each namespace: where scopes share one, it can't say it.
#[test]
fn requirement_21_attributes_are_for_namespaces_of_a_scope_s_own() {
    let shared = |delivery: &str| {
        MANIFEST.replace(
            "  kind: union\n",
            &format!("  kind: union\n  namespace: \"{{domain}}\"\n  service_account: \"{{project}}\"\n{delivery}"),
        )
    };
    for delivery in ["  delivery: admin\n", ""] {
        let plan = assert_valid(&Folder::with(&shared(delivery)), &["plan", "--sandbox"]);
        assert_eq!(names(&plan, "cluster-resource-attribute"), [""; 0], "{delivery}");
        let handoffs: String =
            plan["changes"].as_array().expect("a list").iter().map(|it| it["handoff"].to_string()).collect();
        assert!(handoffs.contains("kubectl annotate serviceaccount forecasting --namespace production"), "{handoffs}");
        assert!(!handoffs.contains("cluster-resource-attribute"), "{handoffs}");
        let notes = plan["notes"].to_string();
        assert_eq!(notes.contains("no attribute can say it"), !delivery.is_empty(), "{notes}");
    }
    let annotated = Folder::with(&shared("  delivery: kubernetes\n"));
    exits(&annotated, &["apply", "--yes"], 0);
    exits(&annotated, &["plan", "--exit-code"], 0);
}

/// Whoever takes a role away hears of each project and domain that ran under it, or of the service accounts where these were annotated.
#[test]
fn what_is_to_be_unbound_first_is_what_was_bound() {
    let told = |manifest: &str| {
        let folder = Folder::with(manifest);
        exits(&folder, &["apply", "--yes"], 0);
        exits(&folder, &["revoke", "--all", "--dry-run"], 0).split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let attributes =
        "With `-p forecasting -d production`, `-p vision -d production`: where `uctl get cluster-resource-attribute`";
    let annotation = "`kubectl annotate serviceaccount ACCOUNT --namespace NAMESPACE eks.amazonaws.com/role-arn-`";
    for (platform, says) in [
        ("", [true, false]),
        ("  namespace: \"{domain}\"\n  service_account: \"{project}\"\n", [true, true]),
        ("  namespace: union\n  service_account: \"{domain}\"\n", [false, true]),
    ] {
        let told = told(&union(platform));
        assert_eq!([attributes, annotation].map(|what| told.contains(what)), says, "{platform}: {told}");
    }
}

/// Files for a repository: each service account once, and Union's chart told of the namespaces.
#[test]
fn requirement_21_files_name_each_service_account_once() {
    let folder = Folder::with(&union("  namespace: \"{domain}\"\n"));
    exits(&folder, &["export", "--to", "platform"], 0);
    let read = |name: &str| std::fs::read_to_string(folder.path().join("platform").join(name)).expect(name);
    let accounts = std::fs::read_dir(folder.path().join("platform/service-accounts")).expect("a folder");
    let accounts: Vec<_> = accounts.map(|entry| entry.expect("an entry").file_name()).collect();
    assert_eq!(accounts, ["production.default.yaml"]);
    assert_eq!(read("kustomization.yaml").matches("- path:").count(), 1);
    let values = read("helm/dataplane.values.yaml");
    assert!(
        values.contains("low_privilege: false\nnamespace_mapping:\n  template: \"{{ `{{ domain }}` }}\"\n"),
        "{values}"
    );
    assert!(read("cluster-resource-attributes/vision-production.yaml").contains("domain: \"production\""));
    let default = Folder::with(&union(""));
    exits(&default, &["export", "--to", "platform"], 0);
    let values = std::fs::read_to_string(default.path().join("platform/helm/dataplane.values.yaml")).expect("values");
    assert!(!values.contains("namespace_mapping"), "{values}");
}

/// The example's own script, all the way.
#[cfg(unix)]
#[test]
fn the_example_of_settings_proves_itself() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/settings/try.sh");
    let there =
        std::process::Command::new("curl").arg("--version").output().is_ok_and(|output| output.status.success());
    if !there {
        return crate::support::say_skipped("curl is not installed, so the script of examples/settings is not run");
    }
    let folder = Folder::empty();
    let output = std::process::Command::new("sh")
        .arg(script)
        .current_dir(folder.path())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", folder.path())
        .env("CLOUDGRANT", env!("CARGO_BIN_EXE_cloudgrant"))
        .output()
        .expect("the script runs");
    let said = said(&output);
    assert!(output.status.success() && said.contains("== Proved."), "{said}");
}
