//! The public face of core: the engine over a provider that does as it is told, and manifests in all their layers.

use cloudgrant_azureml as _;
use cloudgrant_flyte as _;
use cloudgrant_union as _;

mod comparison;
mod config_formats;
mod config_hostile;
mod config_layers;
mod config_long;
mod confirming;
mod engine_order;
mod engine_outcome;
mod engine_platform;
mod engine_retry;
mod engine_revoke;
mod engine_shown;
mod engine_undone;
mod excerpts;
mod fake;
mod hostile_manifest;
mod scopes;
mod stranger;
mod workloads;

cloudgrant_core::register_provider!(fake::Fake);

// The same under another name, and less able.
cloudgrant_core::inventory::submit! { comparison::NEARLY }
