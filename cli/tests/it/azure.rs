//! Whole ways through Azure's sandbox.

use std::net::TcpListener;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::json::assert_valid;
use crate::support::{Folder, QUICKSTART, assert_looks};

const DOMAINS: &str = include_str!("../../../examples/domains/cloudgrant.yaml");
const PROJECTS: &str = include_str!("../../../examples/project-domain/cloudgrant.yaml");

fn applied(manifest: &str) -> Folder {
    let folder = Folder::with(manifest);
    let output = folder.output(&["apply", "--provider", "azure", "--sandbox", "--yes"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    folder
}

#[test]
fn one_manifest_on_two_clouds() {
    for provider in ["aws", "azure"] {
        let folder = Folder::with(QUICKSTART);
        let run = |arguments: &[&str]| folder.output(&[arguments, &["--provider", provider, "--sandbox"]].concat());
        let made = run(&["apply", "--yes"]);
        assert!(made.status.success(), "{provider}: {}", String::from_utf8_lossy(&made.stderr));
        assert_eq!(run(&["plan", "--exit-code"]).status.code(), Some(0), "{provider}");
        assert_eq!(run(&["drift", "--exit-code"]).status.code(), Some(0), "{provider}");
        // On Azure, whether the vendor has bound a domain, nobody can see.
        let code = i32::from(provider == "azure");
        assert_eq!(run(&["revoke", "--all", "--yes"]).status.code(), Some(code), "{provider}");
        assert_eq!(run(&["plan", "--exit-code"]).status.code(), Some(3), "{provider}");
    }
}

#[test]
fn the_quickstart_applied_on_azure() {
    assert_looks!(Folder::with(QUICKSTART).run(&["apply", "--provider", "azure", "--sandbox", "--yes", "-q"]));
}

#[test]
fn plan_of_the_domains() {
    assert_looks!(Folder::with(DOMAINS).run(&["plan", "--sandbox", "--exit-code"]));
}

#[test]
fn explain_of_a_domain_s_grant() {
    assert_looks!(Folder::with(DOMAINS).run(&["explain", "models-production", "--sandbox"]));
}

#[test]
fn nothing_is_left_to_do_on_azure() {
    assert_looks!(applied(DOMAINS).run(&["plan", "--sandbox", "--exit-code", "-q"]));
}

#[test]
fn revoking_a_grant_takes_just_that() {
    assert_looks!(applied(DOMAINS).run(&["revoke", "models-production", "--sandbox", "--yes", "-q"]));
}

/// As whoever may only plan: the plan is somebody else's to apply.
#[test]
fn a_caller_who_may_not_apply_is_shown_the_plan_and_told() {
    const DENIED: &str = "deny=Microsoft.Authorization/roleAssignments:write";
    let folder = Folder::with(DOMAINS);
    let run = |command: &[&str]| {
        let output = folder.output(&[command, &["--sandbox", "--faults", DENIED]].concat());
        let [told, error] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).expect("text"));
        (output.status.code(), told, error)
    };
    for (command, code) in
        [(&["plan"][..], 0), (&["plan", "--exit-code"], 3), (&["drift"], 0), (&["drift", "--exit-code"], 3)]
    {
        let (exit, told, error) = run(command);
        assert_eq!(exit, Some(code), "{command:?}: {error}");
        assert!(told.contains("role-assignment flyte-tasks"), "{command:?}: {told}");
        assert!(error.contains("warning: an apply of yours would be refused: the caller may not assign"), "{error}");
        assert!(!error.contains("To make these changes") && !error.contains("To put it right"), "{error}");
    }
    let (exit, told, error) = run(&["plan", "-q"]);
    assert!(exit == Some(0) && told.lines().count() == 1 && error.contains("would be refused"), "{told}{error}");
    let document = assert_valid(&folder, &["plan", "--sandbox", "--faults", DENIED]);
    assert_eq!(document["refusal"]["of_caller"], true, "{document:#}");
    assert_eq!(document["refusal"]["kind"], "access-denied", "{document:#}");
    let (exit, _, error) = run(&["apply", "--yes"]);
    assert!(exit == Some(1) && error.contains("error: the caller may not assign roles on"), "{error}");
}

#[test]
fn a_dry_run_ends_as_the_revoke_would() {
    let folder = applied(DOMAINS);
    let denied = ["--sandbox", "--faults", "deny=Microsoft.Authorization/roleAssignments:delete"];
    for (what, code) in [("--dry-run", 1), ("--yes", 1)] {
        let output = folder.output(&[&["revoke", "--all", what], &denied[..]].concat());
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{what}: {error}");
        assert!(what == "--yes" || error.contains("You may not delete all of it"), "{error}");
    }
    assert!(folder.output(&["revoke", "--all", "--dry-run", "--sandbox"]).status.success());
}

#[test]
fn documents_fit_the_schema() {
    let folder = Folder::with(DOMAINS);
    for command in [&["plan"][..], &["apply", "--yes"], &["explain"], &["drift"], &["revoke", "--all", "--yes"]] {
        assert_valid(&folder, &[command, &["--sandbox"]].concat());
    }
}

/// A server that counts who comes, and says nothing.
fn counting() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let came = Arc::new(AtomicUsize::new(0));
    let counter = came.clone();
    std::thread::spawn(move || {
        for _ in listener.incoming() {
            counter.fetch_add(1, Ordering::SeqCst);
        }
    });
    (format!("https://{address}"), came)
}

/// A data plane behind an address, with credentials that are set up.
fn behind(endpoint: &str, manifest: &str) -> Folder {
    Folder::with(manifest)
        .variable("CLOUDGRANT_AZURE__ENDPOINT", endpoint)
        .variable("CLOUDGRANT_AZURE__AUTHORITY", endpoint)
        .variable("AZURE_TENANT_ID", "00000000-0000-0000-0000-00000000000a")
        .variable("AZURE_CLIENT_ID", "00000000-0000-0000-0000-00000000000d")
        .variable("AZURE_CLIENT_SECRET", "not-a-secret")
}

#[test]
fn what_azure_can_t_do_is_refused_without_a_request() {
    let (endpoint, came) = counting();
    let arguments = ["apply", "--provider", "azure", "--yes"];
    let refused = behind(&endpoint, PROJECTS).output(&arguments);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert_eq!(said.matches("azure can't bind project").count(), 3, "{said}");
    assert!(said.contains("`scope: { domain: production }` works, and"), "{said}");
    assert_eq!(came.load(Ordering::SeqCst), 0);
    // It would have been noticed: what isn't refused comes here.
    let folder = behind(&endpoint, QUICKSTART);
    let mut sent = folder.command(&arguments).stderr(Stdio::null()).spawn().expect("it runs");
    let begun = Instant::now();
    while came.load(Ordering::SeqCst) == 0 && begun.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(20));
    }
    sent.kill().expect("it still waits");
    sent.wait().expect("it ended");
    assert!(came.load(Ordering::SeqCst) > 0);
}

/// Each cloud has hosts, audiences and an issuer of its own; the sandbox plays the one that the manifest names.
#[test]
fn the_quickstart_on_every_cloud_of_azure() {
    for (cloud, storage, vault, registry, clusters) in [
        ("government", "core.usgovcloudapi.net", "vault.usgovcloudapi.net", "azurecr.us", "prod-aks.azure.us"),
        ("china", "core.chinacloudapi.cn", "vault.azure.cn", "azurecr.cn", "prod-aks.azure.cn"),
    ] {
        let manifest = QUICKSTART
            .replace("core.windows.net", storage)
            .replace("vault.azure.net", vault)
            .replace("azurecr.io", registry)
            .replace("prod-aks.azure.com", clusters)
            .replace("azure:\n  tenant:", &format!("azure:\n  cloud: {cloud}\n  tenant:"));
        let folder = Folder::with(&manifest);
        let run = |arguments: &[&str]| folder.output(&[arguments, &["--provider", "azure", "--sandbox"]].concat());
        let made = run(&["apply", "--yes"]);
        assert!(made.status.success(), "{cloud}: {}", String::from_utf8_lossy(&made.stderr));
        assert_eq!(run(&["plan", "--exit-code"]).status.code(), Some(0), "{cloud}");
    }
}
