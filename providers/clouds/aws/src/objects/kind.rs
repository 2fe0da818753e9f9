//! What each kind of objects knows to do.

use async_trait::async_trait;
use cloudgrant_core::{Change, Object, Outcome, Result, TerraformBlock};

use crate::objects::handles::Handles;

/// A kind of objects.
#[async_trait]
pub(crate) trait ObjectKind: Sync {
    /// What plans call it.
    fn id(&self) -> &'static str;

    /// Makes one change. Making it again does no harm.
    ///
    /// # Errors
    /// AWS refuses it, or what is there is somebody else's.
    async fn apply(&self, handles: Handles<'_>, change: &Change) -> Result<Outcome>;

    /// What a person would type to make an object: for review, and for those who may only do it by hand.
    fn commands(&self, handles: Handles<'_>, object: &Object) -> Vec<String>;

    /// The blocks with which Terraform would make an object, where it can. Of a document that others write to, it would own everything.
    fn terraform(&self, _: Handles<'_>, _: &Object) -> Option<Vec<TerraformBlock>> {
        None
    }
}
