//! Existing policies that the stack attached, by its marks. What no mark names, somebody else attached.

use cloudgrant_core::{Note, Unsearched, quoted};

use crate::marks::attached_policies::{Said, marked, of_another_stack};
use crate::objects::{attachment, managed_policy};
use crate::observe::attachment::detach;
use crate::observe::iam::Reader;

impl Reader<'_> {
    /// On roles of others; those on roles of the stack are found with what else these carry.
    pub(in crate::observe) fn existing_policies(&mut self) {
        let protected = self.looking.config.protected(self.looking.conventions);
        let task_role = self.looking.config.task_role(self.looking.conventions);
        for (mark, said) in marked(self.looking.names, self.snapshot) {
            let Some(Said { policy: arn, role, .. }) = said else {
                if !self.wanted.contains(&mark) {
                    self.unknown(&mark.name);
                }
                continue;
            };
            let Some(role) = role else { continue };
            let there = self.snapshot.roles.get(&role).and_then(|there| there.attached.get(&arn));
            let Some(name) = there else { continue };
            let id = attachment::id(&role, name);
            let is_wanted = self.wanted.contains(&id);
            // Anybody can write a mark, and name any role in it.
            if task_role.as_deref() != Some(&*role) && !is_wanted {
                let reason = format!(
                    "it says that this stack attached {arn} to {role}, which the manifest doesn't name as the task role (`aws.task_role`): \
                     if that is so, take it away by hand (`{}`) and run this again",
                    detach(&role, &arn)
                );
                self.left(mark, reason);
                continue;
            }
            let other = of_another_stack(self.looking.names, self.snapshot, &arn, &role).filter(|_| !is_wanted);
            if let Some(other) = other {
                let message = format!(
                    "{arn} stays on {role}: {} says that another stack attached it as well (`cloudgrant stacks` names it), which detaches it \
                     once it is the last",
                    other.name
                );
                self.observed.notes.push(Note::of_access(&mark, message));
                continue;
            }
            let pattern = protected.matching(&role).filter(|_| !is_wanted);
            self.attached(id.clone(), &role, name, &arn, vec![role.clone()], Some(mark.clone()));
            if let Some(pattern) = pattern {
                let reason = format!(
                    "`{role}` is protected (`{pattern}`, `aws.protected`): take it away by hand (`{}`), or take the name off the \
                     protected list and run this again",
                    detach(&role, &arn)
                );
                self.left(id, reason.clone());
                self.left(mark, reason);
            }
        }
    }

    /// What it named may still be attached somewhere: the mark stays until somebody has looked.
    fn unknown(&mut self, mark: &str) {
        self.observed.objects.remove(&managed_policy::id(mark));
        let reason = format!(
            "nobody knows which policy it was: have that policy as it was, or delete it (`aws iam delete-policy --policy-arn {}`) once no \
             role has what this stack attached",
            quoted(&self.looking.names.policy_arn(mark))
        );
        let place = format!("attachments of an existing policy whose name somebody took out of {mark}");
        self.observed.unsearched.push(Unsearched { place, reason });
    }
}
