//! Which api-versions a kind has, and the one that a request asks for.

use super::known_versions::{
    AUTHORIZATION, CLUSTERS, CREDENTIALS, DEFINITIONS, DENIALS, IDENTITIES, MACHINE_LEARNING, NAMESPACES, REGISTRIES,
    RESOURCES, STORAGE, VAULTS,
};
use super::route::Kind;
use crate::protocol::errors::{Answer, ArmError};
use crate::protocol::query::Query;

/// The versions of a kind, oldest first.
pub(crate) fn of(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::RoleAssignment | Kind::Permission => AUTHORIZATION,
        Kind::RoleDefinition => DEFINITIONS,
        Kind::DenyAssignment => DENIALS,
        Kind::Identity => IDENTITIES,
        Kind::Credential => CREDENTIALS,
        Kind::Registry => REGISTRIES,
        Kind::StorageAccount | Kind::BlobService | Kind::Container => STORAGE,
        Kind::Vault | Kind::Secret => VAULTS,
        Kind::Cluster => CLUSTERS,
        Kind::Namespace => NAMESPACES,
        Kind::Workspace
        | Kind::Compute
        | Kind::Datastore
        | Kind::OnlineEndpoint
        | Kind::OnlineDeployment
        | Kind::Operation => MACHINE_LEARNING,
        Kind::Subscription | Kind::Tenant | Kind::Location | Kind::ResourceGroup | Kind::Resource | Kind::Provider => {
            RESOURCES
        }
    }
}

/// The version that a request asks for.
pub(crate) fn check(kind: Kind, query: &Query) -> Answer<&str> {
    let Some(version) = query.get("api-version") else {
        return Err(ArmError::bad_request(
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        ));
    };
    let known = of(kind);
    if known.contains(&version) {
        return Ok(version);
    }
    let (namespace, name) = kind.full_type().split_once('/').unwrap_or_default();
    let newest: Vec<&str> = known.iter().rev().copied().collect();
    if !is_version(version) || namespace == "Microsoft.Resources" {
        return Err(ArmError::bad_request(
            "InvalidApiVersionParameter",
            format!("The api-version '{version}' is invalid. The supported versions are '{}'.", newest.join(",")),
        ));
    }
    Err(ArmError::bad_request(
        "NoRegisteredProviderFound",
        format!(
            "No registered resource provider found for location '' and API version '{version}' for type '{name}'. The \
             supported api-versions are '{}'.",
            newest.join(", ")
        ),
    ))
}

/// `YYYY-MM-DD`, perhaps with `-preview` behind it.
fn is_version(text: &str) -> bool {
    let date = text.strip_suffix("-preview").unwrap_or(text);
    date.len() == 10
        && date
            .bytes()
            .enumerate()
            .all(|(at, byte)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_text(kind: Kind, query: &str) -> Result<String, &'static str> {
        check(kind, &Query::parse(query)).map(str::to_owned).map_err(|error| error.code)
    }

    #[test]
    fn versions_in_use_are_known() {
        for (kind, version) in [
            (Kind::RoleAssignment, "2022-04-01"),
            (Kind::RoleDefinition, "2022-05-01-preview"),
            (Kind::Identity, "2025-05-31-preview"),
            (Kind::Identity, "2024-11-30"),
            (Kind::Credential, "2025-01-31-preview"),
            (Kind::Registry, "2026-09-01-preview"),
            (Kind::Registry, "2025-11-01"),
        ] {
            assert_eq!(check_text(kind, &format!("api-version={version}")).as_deref(), Ok(version));
        }
    }

    #[test]
    fn others_are_refused_with_a_list() {
        assert_eq!(check_text(Kind::Identity, ""), Err("MissingApiVersionParameter"));
        assert_eq!(check_text(Kind::Identity, "api-version=soon"), Err("InvalidApiVersionParameter"));
        assert_eq!(check_text(Kind::Identity, "api-version=2024-12-31"), Err("NoRegisteredProviderFound"));
        assert_eq!(check_text(Kind::Subscription, "api-version=2024-12-31"), Err("InvalidApiVersionParameter"));
    }
}
