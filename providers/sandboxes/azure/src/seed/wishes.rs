//! What is read from the manifest.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::locators::{self, Thing};
use crate::cloud::Cloud;
use crate::state::ids::is_guid;
use crate::{DEFAULT_GROUP, DEFAULT_SUBSCRIPTION, DEFAULT_TENANT};

/// What is read from the manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wishes {
    pub(crate) tenant: String,
    pub(crate) cloud: &'static Cloud,
    pub(crate) subscription: String,
    pub(crate) group: String,
    /// Names of managed identities in the group.
    pub(crate) identities: BTreeSet<String>,
    /// The service account whose tasks run under each of the identities that the manifest names, by name or ID.
    pub(crate) subjects: BTreeMap<String, String>,
    /// For whom the tokens of service accounts are.
    pub(crate) audience: String,
    /// The cluster's name. None where the manifest trusts issuers and Azure has made none of them: then the cluster is
    /// somewhere else.
    pub(crate) cluster: Option<String>,
    /// The OpenID Connect issuers of Azure's own clusters, each of a cluster of its own; without one, some issuer. A cluster
    /// has no issuer of somebody else's, as AKS makes each: that the manifest trusts a stranger's shows in the sandbox, too.
    pub(crate) issuers: Vec<String>,
    pub(crate) things: BTreeSet<Thing>,
    /// The workspace of Azure Machine Learning that tasks run in: a name, or an ID. None where the platform has none.
    pub(crate) workspace: Option<String>,
    /// The computes that the platform names in it.
    pub(crate) computes: Vec<String>,
}

impl Wishes {
    /// Reads them.
    pub(crate) fn read(config: &Value) -> Self {
        let text = |pointer: &str| {
            config.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let guid = |pointer: &str, default: &str| {
            text(pointer).filter(|id| is_guid(id)).unwrap_or_else(|| default.to_owned()).to_ascii_lowercase()
        };
        let objects = |pointer: &str| config.pointer(pointer).and_then(Value::as_object).into_iter().flatten();
        let mut identities: BTreeSet<String> = text("/azure/task_identity").into_iter().collect();
        if identities.is_empty() && text("/platform/kind").is_some_and(|kind| kind == "union") {
            identities.insert(match text("/platform/organization") {
                Some(organization) => format!("flyteuser-{organization}"),
                None => "flyteuser".to_owned(),
            });
        }
        identities.extend(objects("/azure/identities").filter_map(|(_, name)| name.as_str().map(str::to_owned)));
        let of_workspace = config.pointer("/platform/workspace_identity/user_assigned").and_then(Value::as_array);
        identities.extend(of_workspace.into_iter().flatten().filter_map(|id| id.as_str().map(str::to_owned)));
        let named = objects("/azure/identities").filter_map(|(domain, name)| Some((name.as_str()?, domain.as_str())));
        let domains: BTreeMap<&str, &str> = named.collect();
        let subject_of = |name: &String| (name.clone(), subject(config, domains.get(name.as_str()).copied()));
        let subjects = identities.iter().map(subject_of).collect();
        // A full id is somewhere else, perhaps.
        let (ids, identities): (Vec<String>, BTreeSet<String>) = {
            let (ids, names): (BTreeSet<_>, BTreeSet<_>) =
                identities.into_iter().partition(|name| name.starts_with('/'));
            (ids.into_iter().collect(), names)
        };
        let registries = config.pointer("/registries").and_then(Value::as_array).into_iter().flatten();
        let entries = objects("/resources").map(|(_, entry)| entry).chain(registries);
        let group = text("/azure/resource_group").unwrap_or_else(|| DEFAULT_GROUP.to_owned());
        let cloud = Cloud::named(&text("/azure/cloud").unwrap_or_default());
        let read = |text: &str| locators::read(text, cloud);
        let mut things: BTreeSet<Thing> = entries.flat_map(texts).filter_map(read).collect();
        things.extend(ids.iter().filter_map(|id| read(id)));
        let tenant = guid("/azure/tenant", DEFAULT_TENANT);
        let named = issuers(config.pointer("/azure/cluster/oidc_issuer"));
        let issuers: Vec<_> = named.iter().filter(|issuer| is_of_aks(issuer, cloud, &tenant)).cloned().collect();
        let is_elsewhere = issuers.is_empty() && !named.is_empty();
        let runs_in_workspace =
            text("/platform/kind").is_some_and(|kind| ["azureml", "zenml"].contains(&kind.as_str()));
        let workspace =
            runs_in_workspace.then(|| text("/platform/workspace").unwrap_or_else(|| format!("{}-ml", short(&group))));
        let computes = objects("/platform/computes").filter_map(|(_, name)| name.as_str().map(str::to_owned)).collect();
        let cluster = text("/azure/cluster/name").unwrap_or_else(|| format!("{}-aks", plain(&group)));
        Self {
            tenant,
            cloud,
            subscription: guid("/azure/subscription", DEFAULT_SUBSCRIPTION),
            cluster: (!is_elsewhere).then_some(cluster),
            issuers,
            group,
            identities,
            subjects,
            audience: text("/azure/cluster/audience").unwrap_or_else(|| "api://AzureADTokenExchange".to_owned()),
            things,
            workspace,
            computes,
        }
    }

    /// The names of the clusters: one for each issuer, or the only one.
    pub(crate) fn clusters(&self) -> impl Iterator<Item = String> {
        let named = |name: &String| {
            let others = (2..=self.issuers.len()).map(|number| format!("{name}-{number}"));
            std::iter::once(name.clone()).chain(others).collect::<Vec<_>>()
        };
        self.cluster.iter().flat_map(named)
    }
}

/// A service account of task code in a domain, or in the first one: that of the first project.
fn subject(config: &Value, domain: Option<&str>) -> String {
    let text = |pointer: &str| config.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
    let domain = domain.or_else(|| text("/platform/domains/0")).unwrap_or("development");
    let project = text("/platform/projects/0").unwrap_or("flytesnacks");
    let named = |pointer: &str, default: &str| {
        text(pointer).unwrap_or(default).replace("{project}", project).replace("{domain}", domain)
    };
    let namespace = named("/platform/namespace", "{project}-{domain}");
    format!("system:serviceaccount:{namespace}:{}", named("/platform/service_account", "default"))
}

/// A group's name as a part of other resources' names: Azure takes ASCII letters, digits, hyphens and underscores alone for
/// clusters and identities, and no more than 63 of them for clusters. Source: "Naming rules and restrictions for Azure
/// resources", Microsoft.ContainerService and Microsoft.ManagedIdentity.
fn plain(group: &str) -> String {
    let fits = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let word: String = group.chars().filter(fits).skip_while(|c| !c.is_ascii_alphanumeric()).take(48).collect();
    if word.is_empty() { "dataplane".to_owned() } else { word }
}

/// The same, short enough for the names of workspaces and of what they are put on.
pub(super) fn short(group: &str) -> String {
    plain(group).chars().take(18).collect::<String>().trim_end_matches(['-', '_']).to_owned()
}

/// One or several.
fn issuers(written: Option<&Value>) -> Vec<String> {
    let list = written.map(|written| written.as_array().map_or(std::slice::from_ref(written), Vec::as_slice));
    let texts = list.unwrap_or_default().iter().filter_map(Value::as_str).filter(|text| !text.is_empty());
    texts.map(str::to_owned).collect()
}

/// Whether an issuer is like `https://REGION.oic.prod-aks.azure.com/TENANT/CLUSTER/`, with or without its last slash. One of
/// another tenant is somebody else's cluster's; a word that is no tenant's id stands for the manifest's own. Source: Azure
/// documentation, "Create an OpenID Connect provider on Azure Kubernetes Service".
fn is_of_aks(issuer: &str, cloud: &Cloud, tenant: &str) -> bool {
    let Some((host, path)) = issuer.strip_prefix("https://").and_then(|rest| rest.split_once('/')) else {
        return false;
    };
    let region = host.strip_suffix(cloud.clusters).and_then(|rest| rest.strip_suffix(".oic."));
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let Some((of, cluster)) = path.strip_suffix('/').unwrap_or(path).split_once('/') else { return false };
    let is_ours = !is_guid(of) || of.eq_ignore_ascii_case(tenant);
    region.is_some_and(is_word) && is_word(of) && is_word(cluster) && is_ours
}

/// The texts of an entry that may be locators: its `azure` key's, or itself.
fn texts(entry: &Value) -> Vec<&str> {
    let value = if entry.is_string() { entry } else { &entry["azure"] };
    match value {
        Value::String(text) => vec![text],
        Value::Object(map) => map.values().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const AKS: &str = "https://westeurope.oic.prod-aks.azure.com/tenant/blue/";

    #[test]
    fn only_an_issuer_as_aks_makes_it_is_a_cluster_s() {
        let read = |issuers: Value| Wishes::read(&json!({"azure": {"cluster": {"oidc_issuer": issuers}}})).issuers;
        let green = AKS.replace("blue/", "green");
        assert_eq!(read(json!([AKS, "", "https://evil.example/oidc/", green, 7])), [AKS, &green]);
        let own = format!("https://westeurope.oic.prod-aks.azure.com/{DEFAULT_TENANT}/blue/");
        assert_eq!(read(json!(own)), [own]);
        let china = "https://chinanorth2.oic.prod-aks.azure.cn/tenant/blue/";
        let of_china = json!({"azure": {"cloud": "china", "cluster": {"oidc_issuer": china}}});
        assert_eq!(Wishes::read(&of_china).issuers, [china]);
        for stranger in [
            "https://evil.example/tenant/blue/",
            "https://westeurope.oic.prod-aks.azure.com.evil.example/tenant/blue/",
            "https://evil.example/.oic.prod-aks.azure.com/tenant/blue/",
            "https://evil.example#.oic.prod-aks.azure.com/tenant/blue/",
            "https://.oic.prod-aks.azure.com/tenant/blue/",
            "https://westeurope.oic.prod-aks.azure.com/tenant/",
            "https://westeurope.oic.prod-aks.azure.us/tenant/blue/",
            "https://westeurope.oic.prod-aks.azure.com/99999999-0000-0000-0000-000000000001/blue/",
            "http://westeurope.oic.prod-aks.azure.com/tenant/blue/",
        ] {
            assert!(read(json!(stranger)).is_empty(), "{stranger}");
        }
    }

    #[test]
    fn reads_a_manifest() {
        let wishes = Wishes::read(&json!({
            "platform": {"kind": "union", "organization": "acme"},
            "azure": {
                "resource_group": "acme-dataplane",
                "cluster": {"oidc_issuer": AKS},
                "identities": {"production": "acme-production"},
            },
            "resources": {
                "data": {"aws": "s3://x", "azure": "https://acme.blob.core.windows.net/inputs/"},
                "odd": {"azure": 7},
                "long": {"azure": {"locator": "https://v.vault.azure.net/secrets/s"}},
            },
            "registries": [{"name": "images", "azure": "acmeimages.azurecr.io"}],
        }));
        assert_eq!(wishes.identities, ["acme-production", "flyteuser-acme"].map(str::to_owned).into());
        assert_eq!((wishes.cluster.as_deref(), wishes.issuers), (Some("acme-dataplane-aks"), vec![AKS.to_owned()]));
        let subject = |domain: &str| format!("system:serviceaccount:flytesnacks-{domain}:default");
        let subjects = [("acme-production", "production"), ("flyteuser-acme", "development")];
        assert_eq!(wishes.subjects, subjects.map(|(name, domain)| (name.to_owned(), subject(domain))).into());
        assert_eq!(wishes.things.len(), 3);
        assert_eq!(wishes.tenant, DEFAULT_TENANT);
    }

    #[test]
    fn an_identity_trusts_the_service_account_that_the_templates_make() {
        let subject = |namespace: &str, account: &str| {
            let wishes = Wishes::read(&json!({
                "platform": {
                    "kind": "flyte", "projects": ["vision"], "domains": ["production"], "namespace": namespace,
                    "service_account": account,
                },
                "azure": {"identities": {"production": "of-production"}},
            }));
            wishes.subjects["of-production"].clone()
        };
        assert_eq!(subject("{domain}", "default"), "system:serviceaccount:production:default");
        assert_eq!(subject("flyte", "{project}.{domain}"), "system:serviceaccount:flyte:vision.production");
    }

    #[test]
    fn a_cluster_has_a_name_that_azure_takes_whatever_its_group_is_called() {
        for (group, cluster) in
            [("acme-dataplane", "acme-dataplane-aks"), ("データ", "dataplane-aks"), ("rg(prod).1", "rgprod1-aks")]
        {
            assert_eq!(Wishes::read(&json!({"azure": {"resource_group": group}})).cluster.as_deref(), Some(cluster));
        }
    }

    #[test]
    fn a_named_identity_replaces_the_conventional_one() {
        let wishes = Wishes::read(&json!({"platform": {"kind": "union"}, "azure": {"task_identity": "userflyterole"}}));
        assert_eq!(wishes.identities, ["userflyterole".to_owned()].into());
        let wishes = Wishes::read(&json!({"platform": {"kind": "union"}, "azure": {"tenant": "no guid"}}));
        assert_eq!(wishes.identities, ["flyteuser".to_owned()].into());
        assert_eq!(wishes.tenant, DEFAULT_TENANT);
        assert!(Wishes::read(&json!({})).identities.is_empty());
    }
}
