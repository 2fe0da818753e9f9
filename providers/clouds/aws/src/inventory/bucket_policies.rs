//! The policies of other accounts' buckets, as far as a plan has read them before it observes.
//!
//! Whether a bucket is still whose it was when it was granted only its account's credentials tell. A plan reads the bucket's
//! policy with them in any case: it does so first, and looks at what it has read later.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use cloudgrant_core::{ErrorKind, Result};

use crate::client::Clients;
use crate::shared_document::merge::Policy;
use crate::shared_document::shared::{OwnedBucket, Shared};

#[derive(Debug, Default)]
pub(crate) struct BucketPolicies(Mutex<HashMap<Shared, Result<Option<Policy>>>>);

impl BucketPolicies {
    /// Whether S3 refuses a bucket to the account that is said to own it: that account may not read its policy, or doesn't own
    /// it any more. What fails for other reasons says nothing.
    pub(crate) async fn is_refused(&self, clients: &Clients, bucket: OwnedBucket) -> bool {
        let shared = Shared::Bucket(bucket);
        let is_denied = |read: &Result<_>| read.as_ref().is_err_and(|error| error.kind() == ErrorKind::AccessDenied);
        if let Some(read) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&shared) {
            return is_denied(read);
        }
        let read = Box::pin(shared.read(clients)).await;
        let is_refused = is_denied(&read);
        let is_known = read.as_ref().err().is_none_or(|error| is_refused || error.kind() == ErrorKind::NotFound);
        if is_known {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(shared, read);
        }
        is_refused
    }

    /// The policy of a document, which is read unless that was done already. Once: whoever looks again reads again.
    pub(crate) async fn read(&self, clients: &Clients, shared: &Shared) -> Result<Option<Policy>> {
        let read = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(shared);
        match read {
            Some(read) => read,
            None => shared.read(clients).await,
        }
    }
}
