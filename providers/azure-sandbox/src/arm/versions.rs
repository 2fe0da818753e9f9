//! The api-versions that there are, by kind.
//!
//! Source: the repository Azure/azure-rest-api-specs, folders `stable` and `preview` of each resource provider.

use super::route::Kind;
use crate::errors::{Answer, ArmError};
use crate::query::Query;

const AUTHORIZATION: &[&str] = &[
    "2014-04-01-preview",
    "2014-07-01-preview",
    "2014-10-01-preview",
    "2015-05-01-preview",
    "2015-06-01",
    "2015-07-01",
    "2016-07-01",
    "2017-05-01",
    "2017-10-01-preview",
    "2018-01-01-preview",
    "2018-05-01-preview",
    "2018-07-01",
    "2018-09-01-preview",
    "2018-12-01-preview",
    "2019-04-01-preview",
    "2020-03-01-preview",
    "2020-04-01-preview",
    "2020-08-01-preview",
    "2020-10-01-preview",
    "2021-04-01-preview",
    "2022-01-01-preview",
    "2022-04-01",
];
const DEFINITIONS: &[&str] = &["2015-07-01", "2018-01-01-preview", "2018-07-01", "2022-04-01", "2022-05-01-preview"];
const DENIALS: &[&str] = &["2018-07-01-preview", "2022-04-01", "2024-07-01-preview"];
const IDENTITIES: &[&str] = &[
    "2015-08-31-preview",
    "2018-11-30",
    "2021-09-30-preview",
    "2022-01-31-preview",
    "2023-01-31",
    "2023-07-31-preview",
    "2024-11-30",
    "2025-01-31-preview",
    "2025-05-31-preview",
];
const CREDENTIALS: &[&str] = &[
    "2022-01-31-preview",
    "2023-01-31",
    "2023-07-31-preview",
    "2024-11-30",
    "2025-01-31-preview",
    "2025-05-31-preview",
];
const REGISTRIES: &[&str] = &[
    "2016-06-27-preview",
    "2017-03-01",
    "2017-06-01-preview",
    "2017-10-01",
    "2018-02-01-preview",
    "2018-09-01",
    "2019-05-01",
    "2019-05-01-preview",
    "2019-06-01-preview",
    "2019-12-01-preview",
    "2020-11-01-preview",
    "2021-06-01-preview",
    "2021-08-01-preview",
    "2021-09-01",
    "2021-12-01-preview",
    "2022-02-01-preview",
    "2022-12-01",
    "2023-01-01-preview",
    "2023-06-01-preview",
    "2023-07-01",
    "2023-08-01-preview",
    "2023-11-01-preview",
    "2024-11-01-preview",
    "2025-03-01-preview",
    "2025-04-01",
    "2025-05-01-preview",
    "2025-06-01-preview",
    "2025-11-01",
    "2026-01-01-preview",
    "2026-09-01-preview",
];
const STORAGE: &[&str] = &[
    "2015-05-01-preview",
    "2015-06-15",
    "2016-01-01",
    "2016-05-01",
    "2016-12-01",
    "2017-06-01",
    "2017-10-01",
    "2018-02-01",
    "2018-03-01-preview",
    "2018-07-01",
    "2018-11-01",
    "2019-04-01",
    "2019-06-01",
    "2020-08-01-preview",
    "2021-01-01",
    "2021-02-01",
    "2021-04-01",
    "2021-06-01",
    "2021-08-01",
    "2021-09-01",
    "2022-05-01",
    "2022-09-01",
    "2023-01-01",
    "2023-04-01",
    "2023-05-01",
    "2024-01-01",
    "2025-01-01",
    "2025-06-01",
    "2025-08-01",
];
const VAULTS: &[&str] = &[
    "2015-06-01",
    "2016-10-01",
    "2018-02-14",
    "2018-02-14-preview",
    "2019-09-01",
    "2020-04-01-preview",
    "2021-04-01-preview",
    "2021-06-01-preview",
    "2021-10-01",
    "2021-11-01-preview",
    "2022-02-01-preview",
    "2022-07-01",
    "2022-11-01",
    "2023-02-01",
    "2023-07-01",
    "2024-04-01-preview",
    "2024-11-01",
    "2024-12-01-preview",
    "2025-05-01",
];
const CLUSTERS: &[&str] = &[
    "2017-08-31",
    "2018-03-31",
    "2018-08-01-preview",
    "2019-02-01",
    "2019-04-01",
    "2019-06-01",
    "2019-08-01",
    "2019-10-01",
    "2019-11-01",
    "2020-01-01",
    "2020-02-01",
    "2020-03-01",
    "2020-04-01",
    "2020-06-01",
    "2020-07-01",
    "2020-09-01",
    "2020-11-01",
    "2020-12-01",
    "2021-02-01",
    "2021-03-01",
    "2021-05-01",
    "2021-07-01",
    "2021-08-01",
    "2021-09-01",
    "2021-10-01",
    "2022-01-01",
    "2022-02-01",
    "2022-03-01",
    "2022-04-01",
    "2022-06-01",
    "2022-07-01",
    "2022-08-01-preview",
    "2022-09-01",
    "2022-11-01",
    "2023-01-01",
    "2023-02-01",
    "2023-03-01",
    "2023-04-01",
    "2023-05-01",
    "2023-06-01",
    "2023-07-01",
    "2023-08-01",
    "2023-09-01",
    "2023-10-01",
    "2023-11-01",
    "2024-01-01",
    "2024-02-01",
    "2024-03-02-preview",
    "2024-05-01",
    "2024-06-02-preview",
    "2024-07-01",
    "2024-08-01",
    "2024-09-01",
    "2024-09-02-preview",
    "2024-10-01",
    "2025-01-01",
    "2025-02-01",
    "2025-03-01",
    "2025-04-01",
    "2025-05-01",
    "2025-06-02-preview",
    "2025-07-01",
    "2025-08-01",
    "2025-09-01",
    "2025-10-01",
];
const RESOURCES: &[&str] = &[
    "2014-04-01",
    "2014-04-01-preview",
    "2015-01-01",
    "2015-11-01",
    "2016-02-01",
    "2016-06-01",
    "2016-07-01",
    "2016-09-01",
    "2017-05-10",
    "2017-06-01",
    "2017-08-01",
    "2018-01-01",
    "2018-02-01",
    "2018-05-01",
    "2019-03-01",
    "2019-05-01",
    "2019-05-10",
    "2019-06-01",
    "2019-07-01",
    "2019-08-01",
    "2019-10-01",
    "2019-11-01",
    "2020-01-01",
    "2020-06-01",
    "2020-08-01",
    "2020-10-01",
    "2021-01-01",
    "2021-04-01",
    "2022-09-01",
    "2022-12-01",
    "2023-07-01",
    "2024-03-01",
    "2024-07-01",
    "2024-11-01",
    "2025-03-01",
    "2025-04-01",
];

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
