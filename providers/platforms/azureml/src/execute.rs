//! What whoever submits jobs must be allowed.

use cloudgrant_core::ExecutePermission;

/// Source: Azure Machine Learning documentation, "Manage access to Azure Machine Learning workspaces": *AzureML Data Scientist* submits
/// jobs, *AzureML Compute Operator* starts and stops computes (requirement 66).
pub(crate) fn permission() -> ExecutePermission {
    ExecutePermission {
        action: None,
        summary: "whoever submits jobs needs the role `AzureML Data Scientist` on the workspace; a job can take the identity of its \
                  compute without any right to that identity, so that whoever may submit to a compute has what is granted to it"
            .to_owned(),
    }
}
