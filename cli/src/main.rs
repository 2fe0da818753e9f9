//! The `cloudgrant` command, with the clouds and platforms that come with it.

#[cfg(feature = "aws")]
use cloudgrant_aws as _;
#[cfg(feature = "aws")]
use cloudgrant_aws_sandbox as _;
#[cfg(feature = "azure")]
use cloudgrant_azure as _;
#[cfg(feature = "azure")]
use cloudgrant_azure_sandbox as _;
#[cfg(feature = "azureml")]
use cloudgrant_azureml as _;
#[cfg(feature = "flyte")]
use cloudgrant_flyte as _;
#[cfg(any(feature = "flyte", feature = "union"))]
use cloudgrant_flyte_sandbox as _;
#[cfg(any(feature = "flyte", feature = "union"))]
use cloudgrant_kubernetes_sandbox as _;
#[cfg(feature = "union")]
use cloudgrant_union as _;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    cloudgrant_cli::main()
}
