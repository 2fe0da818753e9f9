//! Datastores of Azure Machine Learning workspaces: where data is, and perhaps with which credentials it is read. They are looked at and never
//! written: whoever writes one as it is shown takes its secrets out.

use cloudgrant_core::Result;
use serde::Deserialize;

use crate::client::Arm;
use crate::error::call::Call;
use crate::names::resource_id::ResourceId;

/// That of computes.
const VERSION: &str = "2026-05-01";
pub(crate) const READ_DATASTORES: &str = "Microsoft.MachineLearningServices/workspaces/datastores/read";

/// A datastore, as far as it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Datastore {
    pub(crate) name: String,
    /// As Azure writes it: `AzureBlob`. It may be one that nobody here has heard of.
    pub(crate) datastore_type: String,
    /// The type of the credentials that it holds; none where it holds none, so that an identity reads it.
    pub(crate) credentials: Option<String>,
    /// The storage account and the container that it names.
    pub(crate) container: Option<(String, String)>,
    /// Whether the studio and other services read it under an identity of the workspace's, and not under that of whoever looks.
    pub(crate) read_by_workspace: bool,
}

#[derive(Deserialize)]
struct Sent {
    name: String,
    #[serde(default)]
    properties: Properties,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Properties {
    datastore_type: String,
    credentials: Option<Credentials>,
    account_name: Option<String>,
    container_name: Option<String>,
    filesystem: Option<String>,
    service_data_access_auth_identity: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Credentials {
    #[serde(default)]
    credentials_type: String,
}

/// What stands for no credentials, and for no identity of the workspace's.
const NONE: &str = "None";

impl From<Sent> for Datastore {
    fn from(Sent { name, properties }: Sent) -> Self {
        let container = properties.container_name.or(properties.filesystem);
        let is_some = |text: &String| !text.is_empty() && !text.eq_ignore_ascii_case(NONE);
        Self {
            name,
            datastore_type: properties.datastore_type,
            credentials: properties.credentials.map(|it| it.credentials_type).filter(is_some),
            container: properties.account_name.zip(container),
            read_by_workspace: properties.service_data_access_auth_identity.as_ref().is_some_and(is_some),
        }
    }
}

impl Arm {
    /// Those of a workspace.
    pub(crate) async fn datastores(&self, workspace: &ResourceId) -> Result<Vec<Datastore>> {
        let path = format!("{workspace}/datastores");
        let sent: Vec<Sent> = self.list(&Call::new(READ_DATASTORES, &path), VERSION).await?;
        Ok(sent.into_iter().map(Datastore::from).collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(properties: Value) -> Datastore {
        serde_json::from_value::<Sent>(json!({ "name": "d", "properties": properties })).expect("a datastore").into()
    }

    #[test]
    fn what_a_datastore_says_of_itself() {
        let there = read(json!({
            "datastoreType": "AzureBlob", "accountName": "acme", "containerName": "inputs", "heardOf": "never",
            "credentials": { "credentialsType": "AccountKey" }, "serviceDataAccessAuthIdentity": "None",
        }));
        assert_eq!(there.container, Some(("acme".to_owned(), "inputs".to_owned())));
        assert_eq!((there.credentials.as_deref(), there.read_by_workspace), (Some("AccountKey"), false));
        let there = read(json!({
            "datastoreType": "AzureDataLakeGen2", "accountName": "acme", "filesystem": "lake",
            "credentials": { "credentialsType": "None" }, "serviceDataAccessAuthIdentity": "WorkspaceSystemAssignedIdentity",
        }));
        assert_eq!(there.container, Some(("acme".to_owned(), "lake".to_owned())));
        assert_eq!((there.credentials, there.read_by_workspace), (None, true));
        let odd = read(json!({ "datastoreType": "Unheard", "credentials": null }));
        assert_eq!((odd.datastore_type.as_str(), odd.credentials, odd.container), ("Unheard", None, None));
    }
}
