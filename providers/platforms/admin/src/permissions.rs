//! What whoever runs cloudgrant must be allowed by Flyte admin: the calls that are made, and no other.

use std::collections::BTreeSet;

use cloudgrant_core::{Intents, PermissionDocument, Purpose};
use serde_json::json;

/// The word that chooses the document.
const NAME: &str = "admin";

pub(crate) fn document(intents: &Intents, purpose: Purpose) -> PermissionDocument {
    let mut calls = vec!["AdminService/ListMatchableAttributes", "AdminService/ListProjects"];
    let pairs = intents.bindings.iter().flat_map(|binding| &binding.subjects);
    let pairs: BTreeSet<_> = pairs.map(|(pair, _)| (pair.project.as_str(), pair.domain.as_str())).collect();
    let mut document = json!({ "service": "flyteidl.service.AdminService", "resource_type": "CLUSTER_RESOURCE" });
    if purpose == Purpose::Apply {
        calls.extend([
            "AdminService/GetProjectDomainAttributes",
            "AdminService/UpdateProjectDomainAttributes",
            "AdminService/DeleteProjectDomainAttributes",
        ]);
        let pair = |(project, domain): &(&str, &str)| json!({ "project": project, "domain": domain });
        document["changes"] = pairs.iter().map(pair).collect();
    }
    document["calls"] = json!(calls);
    PermissionDocument {
        name: NAME.to_owned(),
        kind: "calls of Flyte admin".to_owned(),
        holder: "whoever runs cloudgrant, on the platform's control plane".to_owned(),
        document,
        notes: vec![
            "open-source Flyte has nothing narrower than the scope `all`: a client of its own for cloudgrant, with a secret, at least \
             tells its calls from those of others"
                .to_owned(),
            "on Union, an application of its own with an API key; its role needs no more than these calls".to_owned(),
        ],
    }
}
