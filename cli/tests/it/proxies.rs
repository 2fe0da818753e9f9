//! A proxy that the environment names is never on the way to the sandbox, which none could reach.

use crate::support::{Folder, QUICKSTART};

/// Where nobody listens.
const PROXY: &str = "http://127.0.0.1:9";

fn behind_a_proxy() -> Folder {
    let folder = Folder::with(QUICKSTART);
    ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
        .into_iter()
        .fold(folder, |folder, name| folder.variable(name, PROXY))
}

#[test]
fn the_sandbox_is_reached_without_a_proxy() {
    for provider in ["aws", "azure"] {
        let output = behind_a_proxy().output(&["plan", "-q", "--sandbox", "--provider", provider]);
        assert!(output.status.success(), "{provider}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// The client of Kubernetes knows proxies in its own way.
#[test]
fn neither_is_a_cluster_in_the_sandbox() {
    let manifest = include_str!("../../../examples/domains/cloudgrant.yaml");
    let manifest = manifest.replacen("kind: flyte\n", "kind: flyte\n  delivery: kubernetes\n", 1);
    let folder = behind_a_proxy();
    folder.write("cloudgrant.yaml", manifest);
    let output = folder.output(&["plan", "-q", "--sandbox"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn what_runs_in_the_sandbox_uses_none_either() {
    let folder = behind_a_proxy().variable("NO_PROXY", "corp.example");
    for provider in ["aws", "azure"] {
        let output = folder.output(&["sandbox", "-q", "--provider", provider, "--", "env"]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        for name in ["NO_PROXY", "no_proxy"] {
            let line = format!("{name}=corp.example,127.0.0.1");
            assert!(said.lines().any(|said| said == line), "{provider}: {said}");
        }
        assert!(said.contains(&format!("HTTP_PROXY={PROXY}")), "{provider}: what else it reaches goes as before");
    }
}
