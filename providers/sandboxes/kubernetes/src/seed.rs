//! What a cluster has when it begins: who may log in, who may do what, and namespaces.

use std::collections::HashSet;

use cloudgrant_sandbox_kit::{Result, SandboxError, Store, oidc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::authorization::caller::User;
use crate::authorization::rules::Rule;
use crate::services::objects::{make_account, make_namespace};
use crate::state::resources::SERVICE_ACCOUNTS;
use crate::state::{State, now};

/// The namespaces of every cluster.
const EVERY: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

/// The administrator, who is there where the seed names no user. May do everything.
const ADMINISTRATOR: &str = "administrator";

/// The service account of every namespace.
const DEFAULT: &str = "default";

/// What a cluster begins with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Seed {
    /// What tokens call their issuer.
    pub issuer: String,
    /// Who may log in.
    pub users: Vec<User>,
    /// Who may do what, beside what everybody may. Who is in the group `system:masters` may do everything.
    pub rules: Vec<Rule>,
    /// Namespaces beside those of every cluster. Each has the service account `default`.
    pub namespaces: Vec<String>,
    /// Service accounts beside those, each as `NAMESPACE/NAME` of one of the namespaces.
    pub service_accounts: Vec<String>,
}

impl Default for Seed {
    fn default() -> Self {
        Self {
            issuer: oidc::OF_NO_CLOUD.to_owned(),
            users: vec![User {
                name: ADMINISTRATOR.to_owned(),
                token: "sandbox".to_owned(),
                groups: vec!["system:masters".to_owned()],
            }],
            rules: Vec::new(),
            namespaces: Vec::new(),
            service_accounts: Vec::new(),
        }
    }
}

impl Seed {
    /// Reads a seed from JSON.
    ///
    /// # Errors
    /// When it has a key that no seed has, or a value of another type.
    pub fn read(value: &Value) -> Result<Self> {
        serde_json::from_value(value.clone())
            .map_err(|error| SandboxError::new("read what the Kubernetes sandbox begins with").source(error))
    }

    /// What a manifest takes for granted of its cluster: the namespaces of all pairs with their service accounts, and an issuer
    /// that the manifest trusts. Where it names none, `issuer` beside its keys may say what the cloud calls its cluster's. Fields that
    /// are missing or odd are skipped: judging the manifest is somebody else's business.
    pub fn of_manifest(manifest: &Value) -> Self {
        let platform = &manifest["platform"];
        let names = |field: &str| platform[field].as_array().into_iter().flatten().filter_map(Value::as_str);
        let namespace = platform["namespace"].as_str().unwrap_or("{project}-{domain}");
        let account = platform["service_account"].as_str().unwrap_or(DEFAULT);
        let mut seed = Self::default();
        // Several pairs may share a namespace, and a service account as well.
        let mut seen = HashSet::new();
        for project in names("projects") {
            for domain in names("domains") {
                let named = |template: &str| template.replace("{project}", project).replace("{domain}", domain);
                let (namespace, account) = (named(namespace), named(account));
                let name = format!("{namespace}/{account}");
                if seen.insert(namespace.clone()) {
                    seed.namespaces.push(namespace);
                }
                if account != DEFAULT && seen.insert(name.clone()) {
                    seed.service_accounts.push(name);
                }
            }
        }
        if let Some(issuer) = oidc::named_in(manifest) {
            seed.issuer = issuer;
        }
        seed
    }
}

/// Whether a manifest says which issuer the cluster has.
pub(crate) fn names_issuer(manifest: &Value) -> bool {
    oidc::named_in(manifest).is_some()
}

/// What the folder keeps of the cluster itself.
#[derive(Serialize, Deserialize)]
struct StoredCluster {
    issuer: String,
}

/// Keeps the issuer in the folder where somebody names one. Where nobody does, it is the one that was kept: a cluster has the same
/// issuer all along.
pub(crate) fn keep_issuer(store: &Store, issuer: &mut String, is_named: bool) -> Result<()> {
    let kept = store.load::<StoredCluster>("cluster")?.pop();
    match kept {
        Some(kept) if !is_named => *issuer = kept.issuer,
        Some(kept) if kept.issuer == *issuer => {}
        _ if is_named => store.put(&["cluster", "issuer"], &StoredCluster { issuer: issuer.clone() })?,
        _ => {}
    }
    Ok(())
}

/// Makes what isn't there and never was.
pub(crate) fn seed(state: &mut State, seed: &Seed) -> Result<()> {
    let now = now();
    for namespace in EVERY.into_iter().chain(seed.namespaces.iter().map(String::as_str)) {
        let mark = format!("namespace {namespace}");
        if !state.history.is_seeded(&mark) {
            make_namespace(state, namespace, &now)?;
            state.mark_seeded(mark)?;
        }
    }
    for account in &seed.service_accounts {
        let mark = format!("service account {account}");
        let Some((namespace, name)) = account.split_once('/').filter(|_| !state.history.is_seeded(&mark)) else {
            continue;
        };
        if state.get(&SERVICE_ACCOUNTS, namespace, name).is_none() {
            make_account(state, namespace, name, &now)?;
        }
        state.mark_seeded(mark)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_manifest_names_namespaces_service_accounts_and_the_issuer() {
        let platform = json!({ "projects": ["vision", 5], "domains": ["production"], "service_account": "tasks" });
        let of = |more: Value| {
            let mut manifest = json!({ "provider": "azure", "platform": platform });
            manifest.as_object_mut().expect("a map").extend(more.as_object().expect("a map").clone());
            Seed::of_manifest(&manifest)
        };
        let seed = of(
            json!({ "azure": { "cluster": { "oidc_issuer": ["https://a/", "https://b/"] } }, "issuer": "https://c/" }),
        );
        assert_eq!(
            (seed.namespaces, seed.service_accounts),
            (vec!["vision-production".to_owned()], vec!["vision-production/tasks".to_owned()])
        );
        assert_eq!(seed.issuer, "https://a/");
        assert_eq!(of(json!({ "issuer": "https://c/" })).issuer, "https://c/", "where the manifest names none");
        let aws = json!({ "provider": "aws", "aws": { "cluster": { "oidc_provider": "oidc.example/id/1" } } });
        assert_eq!(of(aws).issuer, "https://oidc.example/id/1");
        assert_eq!(Seed::of_manifest(&json!(null)), Seed::default());
    }

    /// Once each: as the platform has them, pairs share what its templates don't tell apart.
    #[test]
    fn what_pairs_share_is_there_once() {
        let of = |namespace: &str, account: &str| {
            let platform = json!({
                "projects": ["a", "b"], "domains": ["x", "y"], "namespace": namespace, "service_account": account,
            });
            let seed = Seed::of_manifest(&json!({ "platform": platform }));
            (seed.namespaces.join(" "), seed.service_accounts.join(" "))
        };
        let expected = |namespaces: &str, accounts: &str| (namespaces.to_owned(), accounts.to_owned());
        assert_eq!(of("{domain}", "default"), expected("x y", ""));
        assert_eq!(of("union", "union"), expected("union", "union/union"));
        assert_eq!(of("flyte", "{project}-{domain}"), expected("flyte", "flyte/a-x flyte/a-y flyte/b-x flyte/b-y"));
        assert_eq!(of("{domain}", "tasks"), expected("x y", "x/tasks y/tasks"));
    }

    #[test]
    fn an_issuer_that_nobody_names_is_the_last_one_that_was_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let issuer = |named: Option<&str>| {
            let store = Store::open(folder.path(), "kubernetes").expect("opens");
            let mut issuer = named.unwrap_or("default").to_owned();
            keep_issuer(&store, &mut issuer, named.is_some()).expect("kept");
            issuer
        };
        let all = [None, Some("a"), None, None, Some("b"), Some("b"), None];
        assert_eq!(all.map(issuer), ["default", "a", "a", "a", "b", "b", "b"]);
    }
}
