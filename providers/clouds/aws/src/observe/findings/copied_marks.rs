//! What is taken for the stack's because a mark says so, and is more than the stack could have given: anybody can copy a mark.
//!
//! An apply takes it away as something that nothing wants. Whoever looks for drift is told of it first. What an earlier manifest may
//! have asked for is an ordinary difference, as far as that can be told.

use std::collections::BTreeSet;

use cloudgrant_core::{Desired, ErrorKind, ObjectId, Observed, Result, Unsearched, Widening};
use foldhash::HashSet;
use futures_util::stream::{self, StreamExt};

use crate::client::AT_A_TIME;
use crate::config::arn::name_in;
use crate::inventory::policy_tags;
use crate::inventory::snapshot::{Role, Snapshot};
use crate::names::tags::TASK_POLICY_TAG;
use crate::names::whose::{Whose, whose};
use crate::objects::{attachment, managed_policy, role};
use crate::observe::attachment::detach;
use crate::observe::iam::Reader;
use crate::observe::looking::Looking;
use crate::observe::search;
use crate::packing::written::{Home, may_be_written};
use crate::policy::{beyond, document};

impl Reader<'_> {
    /// Tells what a role of the stack's has by a mark alone.
    pub(in crate::observe) fn given_by_mark(&mut self, name: &str, role: &Role, arn: &str, policy: &str) {
        let is_wanted = self.wanted.contains(&attachment::id(name, policy));
        if !self.looks || is_wanted || self.task_policy_on(role) == Some(arn) {
            return;
        }
        let remedy = detach(name, arn);
        if let Some(mark) = self.existing.get(arn) {
            let is_named = self.looking.config.policies.values().flat_map(|levels| levels.values()).any(|it| it == arn);
            let what = match is_named {
                // It would be wanted, if it were what its grants give.
                true => {
                    format!("has the policy {policy}, which `aws.policies` names and which isn't what its grants give")
                }
                false => format!("has the policy {policy}, which {mark} names and the manifest does not"),
            };
            self.told(role::id(name), &what, remedy);
        } else if !self.is_ours(arn) {
            let what =
                format!("has the policy {policy}, which its tag {TASK_POLICY_TAG} names and the manifest does not");
            self.told(role::id(name), &what, remedy);
        } else if let Some(what) = self.not_as_written(arn) {
            self.told(managed_policy::id(policy), &what, remedy);
        } else if !self.looking.names.may_carry(Some(name), policy) {
            let what = format!("has the policy {policy}, which is that of another scope");
            self.told(role::id(name), &what, remedy);
        }
    }

    /// Tells to which role of others a policy of the stack's is attached by a mark alone.
    pub(in crate::observe) fn elsewhere_by_mark(&mut self, name: &str, arn: &str, policy: &str, is_task_role: bool) {
        if !self.looks || self.wanted.contains(&attachment::id(name, policy)) {
            return;
        }
        let what = if !is_task_role {
            format!("is attached to role {name}, which the manifest does not name as the task role")
        } else if let Some(what) = self.not_as_written(arn) {
            what
        } else if !self.looking.names.may_carry(None, policy) {
            format!("is attached to role {name}, which carries what is granted globally and nothing else")
        } else {
            return;
        };
        self.told(managed_policy::id(policy), &what, detach(name, arn));
    }

    /// Where nothing can be compared, no apply gets as far as to mend it.
    fn told(&mut self, object: ObjectId, what: &str, remedy: String) {
        let told = match self.alone {
            true => Widening::edited(object, what, remedy),
            false => Widening::mended_by_apply(object, what),
        };
        self.observed.widened.push(told);
    }

    /// What a policy that is called as one of the stack's allows and no grant ever comes to; that it has no mark otherwise.
    fn not_as_written(&self, arn: &str) -> Option<String> {
        let policy = self.snapshot.policies.get(arn)?;
        // What is wanted is compared with that.
        if self.wanted.contains(&managed_policy::id(&policy.name)) {
            return None;
        }
        let (document, home) = (policy.document(), Home::of(self.looking.config));
        let mut strange = document::statements(&document).to_vec();
        strange.retain(|statement| !may_be_written(statement, home));
        let more = beyond::of(&strange, &[], |_| false).into_iter().next();
        let no_mark = || "is attached to a role of this stack and carries no mark of it".to_owned();
        more.or_else(|| self.of_policies.unmarked.contains(arn).then(no_mark))
    }
}

/// The policies that are called as the stack's, hang on roles of its, and carry no mark of it or another one; none of those that are
/// wanted. Asked only where somebody looks for drift, as IAM gives out the tags of one policy at a time.
pub(in crate::observe) async fn unmarked(
    looking: Looking<'_>,
    desired: &Desired,
    snapshot: &Snapshot,
    observed: &mut Observed,
) -> Result<BTreeSet<String>> {
    let (path, names) = (looking.names.path(), looking.names);
    let wanted: HashSet<_> = desired.objects.iter().map(|object| &object.id).collect();
    let roles = snapshot.roles.values().filter(|role| role.path == path);
    let attached: BTreeSet<_> = roles.flat_map(|role| role.attached.keys()).collect();
    let is_doubted = |arn: &&String| {
        let policy = snapshot.policies.get(*arn);
        policy.is_some_and(|policy| {
            policy.path == path
                && names.is_name_of_policy(&policy.name)
                && !wanted.contains(&managed_policy::id(&policy.name))
        })
    };
    let doubted: Vec<String> = attached.into_iter().filter(is_doubted).cloned().collect();
    let read = |arn: String| async move {
        let tags = policy_tags::of(looking.inventory, &arn).await;
        (arn, tags)
    };
    let read: Vec<_> = stream::iter(doubted).map(read).buffer_unordered(AT_A_TIME).collect().await;
    let mut unmarked = BTreeSet::new();
    for (arn, tags) in read {
        match tags {
            Ok(tags) => {
                if whose(names, &tags.into_iter().collect()) != Whose::Ours {
                    unmarked.insert(arn);
                }
            }
            Err(error) if error.kind() == ErrorKind::AccessDenied => {
                let place = format!("tags of the policy {}", name_in(&arn));
                observed.unsearched.push(Unsearched { place, reason: search::why(&error) });
            }
            Err(error) => return Err(error),
        }
    }
    Ok(unmarked)
}
