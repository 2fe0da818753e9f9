//! What whoever runs cloudgrant must be allowed in the cluster: a ClusterRole with the rules that are used, and no other.
//!
//! Source: Kubernetes documentation, "Using RBAC Authorization".

use std::collections::BTreeSet;

use cloudgrant_core::{Intents, PermissionDocument, Purpose};
use serde_json::json;

/// The word that chooses the document.
const NAME: &str = "cluster";

/// The document for a stack with this field manager.
pub(crate) fn document(manager: &str, intents: &Intents, purpose: Purpose) -> PermissionDocument {
    let subjects = intents.bindings.iter().flat_map(|binding| &binding.subjects);
    let accounts: BTreeSet<_> = subjects.map(|(_, subject)| subject.service_account()).collect();
    let mut rules = vec![
        json!({ "nonResourceURLs": ["/.well-known/openid-configuration"], "verbs": ["get"] }),
        json!({ "apiGroups": [""], "resources": ["serviceaccounts"], "verbs": ["list"] }),
        json!({ "apiGroups": [""], "resources": ["namespaces"], "verbs": ["list"] }),
    ];
    let mut name = manager.to_owned();
    let mut notes = Vec::new();
    match purpose {
        Purpose::Plan => name += ".plan",
        Purpose::Apply if accounts.is_empty() => {}
        Purpose::Apply => {
            let rule = |verb: &str| json!({ "apiGroups": [""], "resources": ["serviceaccounts"], "verbs": [verb] });
            let mut patch = rule("patch");
            patch["resourceNames"] = json!(accounts);
            rules.extend([patch, rule("create")]);
            notes.push(
                "`create` makes service accounts that aren't there, and no ClusterRole narrows it to names: leave that rule out where \
                 the platform makes all of them"
                    .to_owned(),
            );
            notes.push(
                "`patch` is for service accounts of the manifest's names alone: annotations of others, by a former `service_account`, are \
                 taken away with the document of that manifest"
                    .to_owned(),
            );
        }
    }
    notes.push(format!("bind it: `kubectl create clusterrolebinding {name} --clusterrole={name} --user=USER`"));
    let document = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": { "name": name },
        "rules": rules,
    });
    PermissionDocument {
        name: NAME.to_owned(),
        kind: "ClusterRole".to_owned(),
        holder: "whoever runs cloudgrant, in the data plane's cluster".to_owned(),
        document,
        notes,
    }
}
