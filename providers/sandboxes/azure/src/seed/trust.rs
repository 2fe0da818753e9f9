//! Whom the identities trust that the manifest takes for granted: whoever installs the platform has them trust its clusters.

use cloudgrant_sandbox_kit::Result;
use serde_json::Value;

use super::wishes::Wishes;
use super::{LONG_AGO, once, provided};
use crate::services::arm::request::id::Id;
use crate::services::arm::request::route::Kind;
use crate::state::model::Credential;
use crate::state::{State, below};

/// The issuers of the data plane's clusters.
pub(super) fn issuers(state: &State, wishes: &Wishes, home: &Id) -> Vec<String> {
    let issuer = |cluster: String| {
        let there = state.resources.get(provided(home, Kind::Cluster, &cluster).key())?;
        Some(there.properties.get("oidcIssuerProfile")?["issuerURL"].as_str()?.to_owned())
    };
    wishes.clusters().filter_map(issuer).collect()
}

/// Has each of the identities trust one of its service accounts in each cluster of the data plane. Once for each issuer:
/// what somebody deletes stays deleted.
pub(super) fn seed(state: &mut State, wishes: &Wishes, home: &Id) -> Result<()> {
    for cluster in wishes.clusters() {
        let there = state.resources.get(provided(home, Kind::Cluster, &cluster).key());
        let profile = there.and_then(|it| it.properties.get("oidcIssuerProfile")).unwrap_or(&Value::Null);
        let Some(issuer) = profile["issuerURL"].as_str().map(str::to_owned) else { continue };
        for (name, subject) in &wishes.subjects {
            let identity = match name.starts_with('/') {
                true => Id::parse(name),
                false => Some(provided(home, Kind::Identity, name)),
            };
            let Some(identity) = identity else { continue };
            let id = identity.child(&format!("/federatedIdentityCredentials/{cluster}"));
            once(state, &format!("trust of {} in {issuer}", identity.key()), |state| {
                let inside = format!("{}/", identity.key());
                let is_same = |it: &Credential| it.issuer == issuer && it.subject == *subject;
                let is_there = below(&state.credentials, &inside).any(|(_, it)| is_same(it));
                // The identity may have been deleted since.
                if is_there || !state.identities.contains_key(identity.key()) {
                    return Ok(());
                }
                Ok(state.save(Credential {
                    id: id.text().to_owned(),
                    issuer: issuer.clone(),
                    subject: subject.clone(),
                    audiences: vec![wishes.audience.clone()],
                    changed: LONG_AGO,
                    name: None,
                    description: None,
                })?)
            })?;
        }
    }
    Ok(())
}
