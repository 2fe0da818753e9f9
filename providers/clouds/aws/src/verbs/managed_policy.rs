//! What permissions come to on AWS: a managed policy, of the stack's or of others.

use cloudgrant_core::ObjectId;

use crate::marks::attached_policies::ExistingPolicy;

/// What a scope's principals may do by a managed policy that they carry.
#[derive(Debug)]
pub(crate) enum ManagedPolicy {
    /// One of the stack's.
    Own(ObjectId),
    /// One that others keep.
    Existing(ExistingPolicy),
}
