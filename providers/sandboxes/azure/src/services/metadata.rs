//! What a cloud is made of, for clients that are told its address only: `az cloud register`, Terraform, SDKs.
//!
//! Source: what these programs read from `/metadata/endpoints`, version 2022-09-01.

use cloudgrant_sandbox_kit::Request;
use serde_json::{Value, json};

use crate::cloud::Cloud;
use crate::protocol::query::Query;

/// The endpoints of this cloud. Older versions of the API answer with a list of clouds.
pub(crate) fn endpoints(of: &Cloud, base: &str, request: &Request) -> Value {
    let slash = format!("{base}/");
    let cloud = json!({
        "name": "cloudgrant-sandbox",
        "portal": slash,
        "authentication": {
            "loginEndpoint": base,
            "audiences": of.management.map(|audience| format!("{audience}/")),
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "resourceManager": slash,
        "graph": format!("{}/", of.graph[0]),
        "graphAudience": format!("{}/", of.graph[0]),
        "microsoftGraphResourceId": slash,
        "gallery": "https://gallery.azure.com/",
        "batch": "https://batch.core.windows.net/",
        "media": "https://rest.media.azure.net",
        "sqlManagement": format!("{}:8443/", of.management[0]),
        "vmImageAliasDoc": "",
        "activeDirectoryDataLake": "https://datalake.azure.net/",
        "appInsightsResourceId": "https://api.applicationinsights.io",
        "appInsightsTelemetryChannelResourceId": "https://dc.applicationinsights.azure.com/v2/track",
        "attestationResourceId": "https://attest.azure.net",
        "synapseAnalyticsResourceId": "https://dev.azuresynapse.net",
        "logAnalyticsResourceId": "https://api.loganalytics.io",
        "ossrDbmsResourceId": "https://ossrdbms-aad.database.windows.net",
        "suffixes": {
            "storage": of.storage,
            "keyVaultDns": of.vault,
            "acrLoginServer": of.registry,
            "sqlServerHostname": of.database,
            "azureDataLakeStoreFileSystem": "azuredatalakestore.net",
            "azureDataLakeAnalyticsCatalogAndJob": "azuredatalakeanalytics.net",
            "azureFrontDoorEndpointSuffix": "azurefd.net",
            "storageSyncEndpointSuffix": "afs.azure.net",
            "mhsmDns": "managedhsm.azure.net",
            "mysqlServerEndpoint": "mysql.database.azure.com",
            "postgresqlServerEndpoint": "postgres.database.azure.com",
            "mariadbServerEndpoint": "mariadb.database.azure.com",
            "synapseAnalytics": "dev.azuresynapse.net",
            "attestationEndpoint": "attest.azure.net",
        },
    });
    let query = Query::parse(&request.query);
    // 2015-01-01 knows one cloud, 2018-05-01 to 2020-06-01 a list, since 2022-09-01 it is one again.
    match query.get("api-version") {
        Some(version) if version > "2015-01-01" && version < "2022-09-01" => json!([cloud]),
        _ => cloud,
    }
}
