//! The built binary, run as people run it: exit code, standard output and standard error in one snapshot.

// For the tests that read a manifest by themselves.
use cloudgrant_flyte as _;
use cloudgrant_union as _;

mod admin;
mod all_at_once;
mod audit;
mod azure;
mod beside_moved;
mod charts;
mod completion;
mod credentials;
mod delivery;
mod deployer;
mod done;
mod done_remembered;
mod drift;
mod examples;
mod export;
mod first_steps;
mod halves;
mod handed_off;
mod help;
mod hints;
mod json;
mod later;
mod leaving_kubernetes;
mod mistakes;
mod moving;
mod nothing_to_do;
mod nulls;
mod old_manifests;
mod pasted;
mod paths;
mod platform_denied;
mod platform_places;
mod pod_identity;
mod proxies;
mod readme;
mod refusals;
mod renamed_delivery;
mod revoked_principals;
mod sandbox;
mod sandbox_or_not;
#[cfg(unix)]
mod sandbox_tools;
mod settings;
mod settings_and_kubernetes;
mod stacks;
mod stranger;
mod support;
mod taking_away;
mod terminal;
mod unreachable;
mod where_from;
mod without_effect;
mod worlds;
