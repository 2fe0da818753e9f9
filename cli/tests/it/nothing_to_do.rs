//! A plan with nothing to do is short, however many grants there are; and each cloud's sandbox has its own folder.

use std::fmt::Write as _;

use crate::json::assert_valid;
use crate::support::{Folder, QUICKSTART};

const GRANTS: usize = 40;

/// Half of the grants are of a domain that somebody else has to bind on Azure, and each level is one that Azure gives only
/// nearly.
fn many() -> String {
    let mut manifest = String::from(
        r#"version: 1
stack: many
provider: azure
platform: { kind: union, organization: acme, projects: [p1, p2], domains: [development, production] }
azure:
  tenant: 11111111-1111-1111-1111-111111111111
  subscription: 22222222-2222-2222-2222-222222222222
  resource_group: acme
resources:
"#,
    );
    for at in 0..GRANTS {
        writeln!(manifest, "  r{at:02}: {{ azure: \"https://acmedata.blob.core.windows.net/c{at:02}/\" }}")
            .expect("text");
    }
    manifest.push_str("grants:\n");
    for at in 0..GRANTS {
        let scope = if at % 2 == 0 { "global" } else { "{ domain: production }" };
        writeln!(manifest, "  - {{ name: g{at:02}, scope: {scope}, access: {{ r{at:02}: write }} }}").expect("text");
    }
    manifest
}

fn out(folder: &Folder, arguments: &[&str]) -> String {
    let output = folder.output(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn a_plan_with_nothing_to_do_fits_a_screen() {
    let folder = Folder::with(&many());
    let first = out(&folder, &["apply", "--sandbox", "--yes"]);
    assert_eq!(first.matches("\nwarning: grant g").count(), GRANTS, "what is approved is told whole: {first}");
    assert!(first.contains("Bind the domain to a user-assigned managed identity"), "{first}");
    for command in ["plan", "drift", "apply"] {
        let arguments: &[&str] =
            if command == "apply" { &["apply", "--sandbox", "--yes"] } else { &[command, "--sandbox"] };
        let seen = out(&folder, arguments);
        assert!(seen.lines().count() < 20, "{seen}");
        assert!(seen.contains("warning: grant g00") && seen.contains("and 36 more"), "{seen}");
        assert!(seen.contains("> platform-binding production: bind domain production"), "{seen}");
        assert!(!seen.contains("Resource group:"), "{seen}");
    }
    let verbose = out(&folder, &["plan", "--sandbox", "-v"]);
    assert_eq!(verbose.matches("warning: grant g").count(), GRANTS, "{verbose}");
    assert!(verbose.contains("Bind the domain to a user-assigned managed identity"), "{verbose}");
    assert!(out(&folder, &["explain", "g01", "--sandbox"]).contains("managed identity"));
    let document = assert_valid(&folder, &["plan", "--sandbox"]);
    let warnings = document["notes"].as_array().expect("notes").iter().filter(|note| note["level"] == "warning");
    assert_eq!(warnings.count(), GRANTS);
    assert!(
        document["changes"][0]["handoff"]["document"].as_str().is_some_and(|text| text.contains("managed identity"))
    );
}

#[test]
fn a_manifest_of_nothing_but_handoffs_shows_them() {
    let all_in_domain = many().replace("scope: global", "scope: { domain: production }");
    let seen = out(&Folder::with(&all_in_domain), &["plan", "--sandbox"]);
    assert!(seen.contains("Bind the domain to a user-assigned managed identity"), "{seen}");
}

#[test]
fn what_goes_is_shown_with_what_it_gave_and_to_whom() {
    let folder = Folder::with(QUICKSTART);
    out(&folder, &["apply", "--sandbox", "--yes"]);
    // By name: the manifest still says what it was for.
    let seen = out(&folder, &["revoke", "models-production", "--sandbox", "--yes"]);
    let header = "- iam-policy cloudgrant_acme-ml.a96e55e9_production   (was for grant models-production)\n";
    let (_, shown) = seen.split_once(header).unwrap_or_else(|| panic!("{seen}"));
    let shown = shown.split("\n\n").next().unwrap_or_default();
    assert!(shown.contains("s3:PutObject") && shown.contains("arn:aws:s3:::acme-models/*"), "{shown}");
    assert!(seen.contains("deleted iam-policy"), "{seen}");
    // Out of the manifest: nothing there wants it.
    out(&folder, &["apply", "--sandbox", "--yes"]);
    let from = QUICKSTART.find("  - name: models-production").expect("the grant");
    let to = QUICKSTART.find("\nregistries:").expect("what follows");
    folder.write("cloudgrant.yaml", [&QUICKSTART[..from], &QUICKSTART[to..]].concat());
    let seen = out(&folder, &["plan", "--sandbox"]);
    assert!(seen.contains("   (for nothing in the manifest any more)\n    path: "), "{seen}");
}

#[test]
fn each_cloud_has_a_sandbox_of_its_own() {
    let folder = Folder::with(QUICKSTART);
    for provider in ["aws", "azure", "aws"] {
        out(&folder, &["apply", "--provider", provider, "--sandbox", "--yes"]);
        assert!(folder.path().join(".cloudgrant/sandbox").join(provider).is_dir(), "{provider}");
    }
    out(&folder, &["sandbox", "--provider", "azure", "--", "true"]);
    assert_eq!(std::fs::read_dir(folder.path().join(".cloudgrant/sandbox")).expect("folders").count(), 2);
}
