//! Worlds for the conformance suite: each platform of this repository, told by each way that it has, of each kind of principal.
//!
//! `Admin<Union, Role>` is Union's own control plane, told of roles of AWS's.

mod admin;
mod handoff;
mod kubernetes;
mod settings;
mod settings_and_kubernetes;

use std::fmt::Debug;

use cloudgrant_conformance::platforms::Sample;
use cloudgrant_core::{ConnectPlatform, ObjectId, Pair};
use cloudgrant_flyte::Flyte;
use cloudgrant_flyte_sandbox::Chart;
use cloudgrant_union::Union;

pub use admin::Admin;
pub use handoff::Handoff;
pub use kubernetes::Kubernetes;
pub use settings::Settings;
pub use settings_and_kubernetes::SettingsAndKubernetes;

/// A platform of this repository.
pub trait Known: ConnectPlatform {
    /// The attribute of which its charts make annotations.
    const ATTRIBUTE: &'static str;
    /// The chart that its control plane's templates are of.
    const CHART: Chart;
    /// Whether its vendor makes principals.
    const HAS_VENDOR: bool;
    /// The keys of its charts' values that an export has, by the names of its files.
    const VALUES: &'static [(&'static str, &'static [&'static str])];
}

impl Known for Flyte {
    const ATTRIBUTE: &'static str = "defaultIamRole";
    const CHART: Chart = Chart::FlyteCoreEks;
    const HAS_VENDOR: bool = false;
    const VALUES: &'static [(&'static str, &'static [&'static str])] = &[
        (
            "helm/flyte-core.values.yaml",
            &[
                "cluster_resource_manager.config.cluster_resources.customData.*.defaultIamRole.value",
                "cluster_resource_manager.config.cluster_resources.customData.*.defaultClientId.value",
                "cluster_resource_manager.templates.key",
                "cluster_resource_manager.templates.value",
                "configmap.k8s.plugins.k8s.default-labels.*",
            ],
        ),
        (
            "helm/flyte-binary.values.yaml",
            &[
                "configuration.inline.cluster_resources.customData.*.defaultIamRole.value",
                "configuration.inline.cluster_resources.customData.*.defaultClientId.value",
                "clusterResourceTemplates.inline.*",
                "configuration.inline.plugins.k8s.default-labels.*",
            ],
        ),
    ];
}

impl Known for Union {
    const ATTRIBUTE: &'static str = "defaultUserRoleValue";
    const CHART: Chart = Chart::UnionDataplane;
    const HAS_VENDOR: bool = true;
    const VALUES: &'static [(&'static str, &'static [&'static str])] = &[(
        "helm/dataplane.values.yaml",
        &[
            "clusterresourcesync.config.cluster_resources.customData.*.defaultUserRoleKey.value",
            "clusterresourcesync.config.cluster_resources.customData.*.defaultUserRoleValue.value",
            "clusterresourcesync.additionalTemplates.key",
            "clusterresourcesync.additionalTemplates.value",
            "config.k8s.plugins.k8s.default-labels.*",
        ],
    )];
}

/// What a platform is told of.
pub trait Principals: Debug + Send + Sync + 'static {
    /// What they are like.
    const SAMPLE: Sample;
}

/// Roles of AWS's, by their ARNs.
#[derive(Debug)]
pub struct Role;

impl Principals for Role {
    const SAMPLE: Sample = Sample::ROLE;
}

/// Managed identities of Azure's, by the client IDs that Azure gives them when they are made.
#[derive(Debug)]
pub struct ClientId;

impl Principals for ClientId {
    const SAMPLE: Sample = Sample::IDENTITY;
}

/// What can't be shown of a platform and its principals; where its backend tells all, nobody is asked for anything.
fn skipped<P: Known, T: Principals>(is_anybody_asked: bool) -> Vec<(&'static str, &'static str)> {
    let mut skipped = Vec::new();
    if !T::SAMPLE.is_chosen {
        skipped.push(("chosen_values_are_referred_to", "what principals are told by is known beforehand"));
    }
    if !P::HAS_VENDOR {
        skipped.push(("vendors_are_asked_completely", "the platform has no vendor who makes principals"));
    }
    if !is_anybody_asked {
        const NOBODY: &str = "nobody is asked for anything";
        skipped.extend([("handoffs_are_complete", NOBODY), ("asked_for_is_taken_back", NOBODY)]);
    }
    skipped
}

/// The keys that whoever reads the files of an export takes: Kubernetes, kustomize, the tools of both platforms, and Helm.
fn keys_of_file<P: Known>(path: &str) -> Option<Vec<&'static str>> {
    const ACCOUNT: &[&str] = &["apiVersion", "kind", "metadata.name", "metadata.namespace", "metadata.annotations.*"];
    const COMPONENT: &[&str] = &["apiVersion", "kind", "patches.path"];
    let folder = path.split_once('/').map_or(path, |(folder, _)| folder);
    match folder {
        "service-accounts" => Some(ACCOUNT.to_vec()),
        "kustomization.yaml" => Some(COMPONENT.to_vec()),
        "cluster-resource-attributes" => match P::ATTRIBUTE {
            "defaultIamRole" => Some(vec!["project", "domain", "attributes.defaultIamRole"]),
            _ => Some(vec!["project", "domain", "attributes.defaultUserRoleValue"]),
        },
        _ => P::VALUES.iter().find(|(name, _)| *name == path).map(|(_, keys)| keys.to_vec()),
    }
}

/// The name of a pair, as the control planes have it.
fn name(pair: &Pair) -> String {
    format!("{}/{}", pair.project, pair.domain)
}

/// All pairs of the suite's.
const PAIRS: [&str; 4] =
    ["forecasting/development", "forecasting/production", "vision/development", "vision/production"];

/// The pairs of the suite's in which others have something.
const FOREIGN: [&str; 3] = ["forecasting/development", "forecasting/production", "vision/production"];

/// The name of an object of this kind.
fn of_kind<'a>(object: &'a ObjectId, kind: &str) -> Option<&'a str> {
    (object.kind == kind).then_some(object.name.as_str())
}
