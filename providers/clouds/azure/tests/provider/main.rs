//! The Azure provider against a sandbox: what the requirements say, number by number.

#[path = "../support/arm.rs"]
mod arm;

mod azureml;
mod children;
mod computes;
mod datastores;
mod denials;
mod domains;
mod edited;
mod endpoints;
mod faults;
mod forged;
mod given_by_others;
mod goes_on;
mod gone;
mod gone_elsewhere;
mod gone_identities;
mod grants;
mod homes;
mod in_the_way;
mod issuers;
mod limited;
mod locators;
mod lost;
mod lost_identities;
mod offline;
mod one_by_one;
mod orphans;
mod others;
mod permissions;
mod places;
mod prefixes;
mod reaching_more;
mod registries;
mod renamed;
mod revoking;
mod revoking_beside;
mod rewritten;
mod scale;
mod trust;
mod unbound;
mod uncompared;
mod unusable;
mod workspaces;
mod world;
