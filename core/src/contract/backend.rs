//! The contract: what whoever has objects must do, a cloud or a platform.

pub(crate) mod group;
pub(crate) mod of_plan;
pub(crate) mod platform_place;
pub(crate) mod protected;
pub(crate) mod stacks;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;

pub use crate::contract::backend::platform_place::PlatformPlace;
use crate::contract::backend::protected::Protected;
use crate::contract::backend::stacks::Marked;
use crate::contract::error::Result;
use crate::contract::object::change::Approved;
use crate::contract::object::desired::Desired;
use crate::contract::object::observed::Observed;
use crate::contract::object::remainder::{Remainder, Shares};
use crate::contract::object::terraform::TerraformBlock;
use crate::contract::object::{Object, ObjectId};
use crate::pace::Pace;
use crate::vocabulary::names::Stack;

/// Whoever has objects: a cloud, or a platform that is told by cloudgrant itself.
///
/// [`observe`](Self::observe) says which objects there are; [`apply`](Self::apply) makes one change. Everything between, the
/// difference, order, concurrency, retries, approval, verification, is core's. The objects of all backends stand in one plan.
///
/// Every answer follows from the arguments and what is there alone: asked twice, a backend answers the same.
#[async_trait]
pub trait Backend: Debug + Send + Sync {
    /// What is there now: the wanted objects, and those that this stack owns and no longer wants.
    ///
    /// # Behavior
    /// - Never writes.
    /// - Gives attributes in the same canonical form as the verbs: equal means nothing to do.
    /// - Says `owned` only of what carries the stack's mark, and leaves out foreign objects that nobody wants.
    /// - Reports the limits that the wanted objects have to keep.
    /// - Says by object what is in the way of it ([`Observed::conflicts`]), so that it keeps nobody from taking other grants
    ///   away, and so it says what can't be made ([`Observed::unmakeable`]); a [problem](Observed::problems) keeps everybody
    ///   from everything.
    ///
    /// # Errors
    /// The cloud doesn't answer. Absence is no error.
    async fn observe(&self, desired: &Desired) -> Result<Observed>;

    /// Makes one change. The only writer.
    ///
    /// # Behavior
    /// - Idempotent: made again after a lost answer, it succeeds.
    /// - Changes the object of the change and nothing else; documents that others write too are read, merged
    ///   and written.
    /// - Says [`ErrorKind::NotYet`](crate::ErrorKind::NotYet) where waiting for the cloud helps; core waits.
    ///
    /// # Errors
    /// What was attempted, on which object, and what the cloud said.
    async fn apply(&self, change: Approved<'_>) -> Result<Outcome>;

    /// Where the stack's own objects are, in the cloud's words, for whoever reads a plan and approves it: `account
    /// 111122223333`.
    fn place(&self) -> String {
        "its cloud".to_owned()
    }

    /// Whether it works in a sandbox, with credentials that only a sandbox knows, and not in a real cloud: then plans, questions
    /// and the audit trail say so.
    fn is_in_sandbox(&self) -> bool {
        false
    }

    /// How long the cloud may take until it shows, and knows everywhere, what was changed, by its own documentation or by
    /// the manifest; in place of [`Settings::settle`](crate::Settings::settle) and
    /// [`Settings::propagation`](crate::Settings::propagation).
    fn settle_timeout(&self) -> Option<Duration> {
        None
    }

    /// Names that are never touched.
    fn protected(&self) -> Protected {
        Protected::default()
    }

    /// What is left of an object that is for several grants, where some of these are taken away. Asked only where what is
    /// there differs from the baseline: others were edited since and not applied, or taken away before.
    ///
    /// # Behavior
    /// - Gives nothing that isn't there: what an earlier revoke took doesn't come back.
    /// - Says [`Remainder::Unreadable`] where somebody else wrote what is there in a form whose parts it doesn't tell apart.
    fn remainder(&self, object: &ObjectId, shares: &Shares<'_>) -> Remainder {
        let _ = (object, shares);
        Remainder::Untold
    }

    /// The blocks with which Terraform would make an object; `None` where it can't without owning what is somebody else's too, such as
    /// a document that others write to.
    ///
    /// # Behavior
    /// - Refers to an object of the stack's by its block, where the object [depends on it](Object::depends_on).
    /// - What Terraform makes of it, an observation takes for the object.
    fn terraform(&self, object: &Object) -> Option<Vec<TerraformBlock>> {
        let _ = object;
        None
    }

    /// The commands with which a person would make an object with the cloud's own tool.
    fn equivalent(&self, object: &Object) -> Vec<String> {
        let _ = object;
        Vec::new()
    }

    /// The command with which a script of [such commands](Self::equivalent) ends where it would run at another place than the stack's, such
    /// as in another account; `None` where each of them names its place.
    fn place_guard(&self) -> Option<String> {
        None
    }

    /// The pace of its client, for the engine to begin as many changes as the cloud takes at the moment. Where there is
    /// none, a fixed number is under way.
    fn pace(&self) -> Option<&Pace> {
        None
    }

    /// Has plans ask anew for what they otherwise take from what the stack's own objects say. `drift` wants it, and
    /// an `apply` that finds nothing else to do: somebody may have changed that beside the stack.
    fn look_again(&self) {}

    /// What stacks have here, whatever their names and homes, by the marks that they leave. Core asks a platform's backend; which
    /// stacks there are in a cloud, [`Provider::stacks`](crate::Provider::stacks) says.
    ///
    /// # Behavior
    /// - Never writes. Tells of each stack and home once.
    ///
    /// # Errors
    /// Nobody can look. It is told beside the cloud's stacks, as what was not searched.
    async fn marked(&self) -> Result<Vec<Marked>> {
        Ok(Vec::new())
    }

    /// The places on a platform at which it reads and writes: a cluster, a deployment. The home gets a mark that names each
    /// ([`Provider::platform_place`](crate::Provider::platform_place)) before anything is written there, so that what is there isn't
    /// forgotten with the manifest. Empty where nothing has to be found again.
    ///
    /// # Behavior
    /// - They follow from what the manifest and whoever runs it say of the way there. No mark leads anywhere.
    /// - The objects of a kind are at one of them.
    ///
    /// # Errors
    /// Nobody says where one is, or it doesn't answer.
    async fn reached(&self) -> Result<Vec<PlatformPlace>> {
        Ok(Vec::new())
    }

    /// The mark of a stack at a home, as [`marked`](Self::marked) tells it.
    fn mark(&self, stack: &Stack, home: &str) -> String {
        let _ = (stack, home);
        String::new()
    }

    /// How many requests were sent so far, retries included, where the provider counts them.
    fn requests(&self) -> Option<u64> {
        None
    }
}

/// What came of a change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What the cloud calls the object, such as an ARN, where it has such a name.
    pub identifier: Option<String>,
    /// What the cloud chose for the object, by what it calls that: core puts it in where other objects
    /// [refer](crate::Reference) to it.
    pub outputs: BTreeMap<&'static str, String>,
    /// What else was done or seen that the plan didn't show, such as an edit of somebody else's that was put back.
    pub remarks: Vec<String>,
}
