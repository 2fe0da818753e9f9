//! Where what there is can't be held against the manifest: what others added is told all the same.

use std::collections::HashSet;

use crate::contract::error::{Error, ErrorKind, Result};
use crate::contract::object::observed::Widened;
use crate::engine::cancel::Cancel;
use crate::engine::retry;
use crate::engine::setup::Engine;
use crate::engine::watch::Watch;
use crate::plan::Plan;
use crate::vocabulary::intent::Intents;
use crate::vocabulary::note::Note;

impl Engine {
    /// Where what there is can't be held against the manifest, such as for a secret that is gone or a read that is denied: what
    /// others added to what there is. Whoever did must not be able to hide it by that.
    pub(in crate::engine) async fn widened_alone(
        &self,
        refusal: Error,
        watch: &dyn Watch,
        cancel: &Cancel,
    ) -> Result<Plan> {
        if !may_hide(refusal.kind()) {
            return Err(refusal);
        }
        if refusal.kind().is_retryable() {
            // It was tried for long enough.
            cancel.cancel();
        }
        let told = retry::reading(&self.settings, watch, cancel, || self.provider.widened(&self.named)).await;
        let mut plan = match told {
            Ok(Some(Widened { mut widened, unsearched })) => {
                widened.sort();
                widened.dedup();
                let plan = Plan::new(self.id, self.stack.clone(), Vec::new(), 0, Vec::new());
                Plan { widened, unsearched, ..plan }
            }
            Ok(None) if refusal.kind().is_of_the_intents() => {
                self.plan_for(&Intents::default(), watch, cancel, &HashSet::new()).await?.0
            }
            // What keeps the one from being read keeps the other.
            Ok(None) | Err(_) => return Err(refusal),
        };
        // Whether what is there should be there isn't known.
        plan.changes.clear();
        plan.stays.clear();
        plan.unchanged = 0;
        plan.is_compared = false;
        plan.notes = vec![Note::warning("manifest", NOT_COMPARED)];
        plan.refusal = Some(refusal.into());
        Ok(plan)
    }
}

/// Said where only what others added was looked for.
const NOT_COMPARED: &str = "what there is couldn't be held against the manifest, as told below: what else differs isn't known. What \
                            others added to the stack's own objects was looked for all the same";

/// Whether a failure may hide what others added. It may be the platform's: a cluster out of reach says nothing of the cloud.
fn may_hide(kind: ErrorKind) -> bool {
    !matches!(kind, ErrorKind::ProviderBug | ErrorKind::Cancelled | ErrorKind::Usage)
}
