//! What whoever runs cloudgrant must be allowed by the settings service: the calls that are made, and no other.

use std::collections::BTreeSet;

use cloudgrant_core::{Intents, PermissionDocument, Purpose};
use serde_json::json;

/// The word that chooses the document.
pub(crate) const NAME: &str = "settings";

/// Source of the rights: Union, "Settings", permissions.
pub(crate) fn document(intents: &Intents, purpose: Purpose) -> PermissionDocument {
    let mut calls = vec!["ProjectService/ListProjects", "SettingsService/GetSettingsForEdit"];
    let mut rights = vec!["view_flyte_inventory"];
    let pairs = intents.bindings.iter().flat_map(|binding| &binding.subjects);
    let pairs: BTreeSet<_> = pairs.map(|(pair, _)| (pair.project.as_str(), pair.domain.as_str())).collect();
    let mut document =
        json!({ "services": ["flyteidl2.settings.SettingsService", "flyteidl2.project.ProjectService"] });
    if purpose == Purpose::Apply {
        calls.extend(["SettingsService/CreateSettings", "SettingsService/UpdateSettings"]);
        rights.push("register_flyte_inventory");
        let pair = |(project, domain): &(&str, &str)| json!({ "project": project, "domain": domain });
        document["changes"] = pairs.iter().map(pair).collect();
    }
    document["calls"] = json!(calls);
    document["union"] = json!(rights);
    PermissionDocument {
        name: NAME.to_owned(),
        kind: "calls of the settings service".to_owned(),
        holder: "whoever runs cloudgrant, on the platform's control plane".to_owned(),
        document,
        notes: vec![
            "open-source Flyte asks nobody for a right: whoever may sign in may set anything".to_owned(),
            "on Union, an application of its own with an API key, whose role has these rights (`union` above): the first in all \
             projects and domains, or what is left elsewhere isn't found, the second in those of `changes`"
                .to_owned(),
        ],
    }
}
