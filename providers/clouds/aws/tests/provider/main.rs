//! The AWS provider against a sandbox: what the requirements say, number by number.

#[path = "../support/clients.rs"]
mod clients;

mod buckets;
mod by_arn;
mod changed_hands;
mod clouds;
mod confirming;
mod copied_marks;
mod denied;
mod edited_by_hand;
mod existing_policies;
mod faults;
mod foreign_buckets;
mod given_by_others;
mod gives_nothing;
mod grants;
mod homes;
mod in_the_way;
mod issuers;
mod limits;
mod one_by_one;
mod others;
mod own_repositories;
mod permissions;
mod pod_identity;
mod pod_identity_moves;
mod pull_through;
mod registries;
mod relied_on;
mod revoking;
mod revoking_beside;
mod revoking_repacks;
mod revoking_shared;
mod scale;
mod secrets;
mod setup;
mod sharing;
mod still_named;
mod uncompared;
mod world;
