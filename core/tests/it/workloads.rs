//! A platform whose scopes are workloads: read from its own keys, bound one by one, and beside no project or domain.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use cloudgrant_core::manifest::{Loaded, Overrides};
use cloudgrant_core::{
    Connect, ConnectPlatform, Desired, ExecutePermission, Intents, Platform, PlatformContext, Principal, Registration,
    Result, Scope, ScopeKind, Tenancy, Workload, register_platform,
};
use serde::Deserialize;

use crate::fake::Fake;

#[derive(Debug)]
struct Computes(Arc<Tenancy>);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    computes: BTreeMap<Workload, String>,
}

impl Platform for Computes {
    fn name(&self) -> &'static str {
        "Computes"
    }

    fn tenancy(&self) -> &Tenancy {
        &self.0
    }

    fn deliver(&self, _: &[Principal]) -> Result<Desired> {
        Ok(Desired::default())
    }

    fn kinds(&self) -> &'static [&'static str] {
        &[]
    }

    fn unbinding(&self, _: &[String]) -> String {
        String::new()
    }

    fn execute_permission(&self) -> ExecutePermission {
        ExecutePermission { action: None, summary: String::new() }
    }
}

impl ConnectPlatform for Computes {
    const ID: &'static str = "computes";
    const SUMMARY: &'static str = "runs each task on a compute";
    const HAS_WORKLOADS: bool = true;
    type Config = Keys;

    fn workloads(config: &Keys) -> Vec<Workload> {
        config.computes.keys().cloned().collect()
    }

    fn connect(context: PlatformContext, _: Keys) -> Self {
        Self(context.tenancy)
    }
}

register_platform!(Computes);

/// A manifest with two computes, and these lines of grants and keys of the platform.
fn manifest(platform: &str, grants: &str) -> String {
    format!(
        "version: 1\nstack: acme\nprovider: fake\nplatform:\n  kind: computes\n{platform}resources:\n  data: {{ fake: \"store://data\" }}\n\
         grants:\n{grants}"
    )
}

const COMPUTES: &str = "  computes: { training: cpu-cluster, scoring: gpu-cluster }\n";

fn intents(platform: &str, grants: &str) -> Result<Intents, Vec<String>> {
    let text = manifest(platform, grants);
    let told = |error: cloudgrant_core::Error| -> Vec<String> {
        error
            .problems()
            .iter()
            .map(|problem| format!("{}: {} … {:?}", problem.path, problem.message, problem.hint))
            .collect()
    };
    let loaded = Loaded::from_text(&text, Path::new("cloudgrant.yaml"), &Overrides::default()).map_err(told)?;
    assert!(loaded.manifest.platform.projects.is_empty() && loaded.manifest.platform.domains.is_empty());
    let (intents, problems) = cloudgrant_core::intents(&loaded.manifest, &Registration::of::<Fake>());
    if problems.is_empty() { Ok(intents) } else { Err(told(cloudgrant_core::Error::manifest(problems))) }
}

fn grant(name: &str, scope: &str) -> String {
    format!("  - {{ name: {name}, scope: {scope}, access: {{ data: read }} }}\n")
}

fn workload(name: &str) -> Scope {
    Scope::Workload { workload: Workload::parse(name).expect("a workload") }
}

#[test]
fn each_workload_has_a_principal_of_its_own_which_carries_what_all_are_granted() {
    let grants = grant("everywhere", "global") + &grant("of-one", "{ workload: training }");
    let intents = intents(COMPUTES, &grants).expect("sound");
    let carried: Vec<_> = intents
        .bindings
        .iter()
        .map(|binding| {
            assert!(binding.subjects.is_empty(), "nobody is trusted by way of a service account");
            (binding.scope.clone(), binding.grants.iter().map(|grant| grant.name.to_string()).collect::<Vec<_>>())
        })
        .collect();
    let both = vec!["everywhere".to_owned(), "of-one".to_owned()];
    assert_eq!(carried, [(workload("scoring"), vec![both[0].clone()]), (workload("training"), both)]);
    // No principal is that of all.
    let by = |name: &str| {
        intents.grants.iter().find(|grant| grant.name.as_str() == name).expect("a grant").carried_by.clone()
    };
    assert_eq!(by("everywhere")[..], [workload("scoring"), workload("training")]);
    assert_eq!(by("of-one")[..], [workload("training")]);
}

#[test]
fn a_grant_to_one_workload_binds_no_other() {
    let intents = intents(COMPUTES, &grant("of-one", "{ workload: scoring }")).expect("sound");
    assert_eq!(intents.bindings.iter().map(|binding| binding.scope.clone()).collect::<Vec<_>>(), [workload("scoring")]);
}

#[test]
fn what_isn_t_there_is_told_with_what_is() {
    for (platform, scope, expected) in [
        (COMPUTES, "{ workload: trainin }", "the platform has no workload `trainin` … Some(\"did you mean `training`?"),
        (
            COMPUTES,
            "{ domain: production }",
            "`computes` has no scopes of the kind domain … Some(\"supported: global, workload\"",
        ),
        (COMPUTES, "training", "`training` is not a scope"),
        (COMPUTES, "training", "write `{ workload: training }`"),
        ("  computes: { training: x }\n  projects: [vision]\n", "global", "platform.projects: unknown key `projects`"),
        ("  computes: { global: x }\n", "global", "a workload can't be called `global`"),
    ] {
        let problems = intents(platform, &grant("some", scope)).expect_err(scope);
        assert!(problems.iter().any(|problem| problem.contains(expected)), "{scope}: {expected}: {problems:#?}");
        assert_eq!(problems.len(), 1, "nothing else is said: {problems:#?}");
    }
}

/// The other way round: Flyte has no workloads, whatever a cloud could bind.
#[test]
fn a_platform_with_projects_and_domains_has_no_workloads() {
    let text = manifest("", &grant("some", "{ workload: training }"))
        .replace("kind: computes\n", "kind: flyte\n  projects: [vision]\n  domains: [production]\n");
    let error = Loaded::from_text(&text, Path::new("cloudgrant.yaml"), &Overrides::default())
        .and_then(|loaded| match cloudgrant_core::intents(&loaded.manifest, &Registration::of::<Fake>()) {
            (_, problems) if problems.is_empty() => Ok(()),
            (_, problems) => Err(cloudgrant_core::Error::manifest(problems)),
        })
        .expect_err("refused");
    let problem = &error.problems()[0];
    assert_eq!(problem.path, "grants[0].scope");
    assert_eq!(problem.message, "`flyte` has no scopes of the kind workload");
    assert!(Fake::CAPABILITIES.allows_scope(ScopeKind::Workload), "the cloud could");
}
