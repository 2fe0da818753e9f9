//! What each kind of objects can do.

use async_trait::async_trait;
use cloudgrant_core::{Change, Object, Outcome, Result, TerraformBlock};

use crate::inventory::written::List;
use crate::objects::handles::Handles;

/// A kind of objects.
#[async_trait]
pub(crate) trait ObjectKind: Sync {
    /// What plans call it.
    fn id(&self) -> &'static str;

    /// The lists that are read anew once one of them is written to.
    fn lists(&self) -> &'static [List];

    /// Makes one change. Making it again does no harm.
    ///
    /// # Errors
    /// Azure refuses it, or what is there is somebody else's.
    async fn apply(&self, handles: Handles<'_>, change: &Change) -> Result<Outcome>;

    /// What a person would type to make an object: for review, and for those who may only do it by hand.
    fn commands(&self, handles: Handles<'_>, object: &Object) -> Vec<String>;

    /// The blocks with which Terraform would make an object, where it can.
    fn terraform(&self, handles: Handles<'_>, object: &Object) -> Option<Vec<TerraformBlock>>;
}
