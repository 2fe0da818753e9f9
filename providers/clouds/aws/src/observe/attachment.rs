//! What roles and policies of the stack's are attached to: what the stack attached is the stack's, the rest is pointed out.

use cloudgrant_core::{Found, Note, ObjectId, Stays, Widening, quoted};
use foldhash::{HashMap, HashMapExt as _};

use crate::inventory::snapshot::{Policy, Role};
use crate::marks::attached_policies;
use crate::names::tags::{TASK_POLICY_TAG, tag_of};
use crate::names::whose::{Whose, put_back, whose};
use crate::objects::attachment::Attachment;
use crate::objects::{attachment, managed_policy, role};
use crate::observe::iam::Reader;
use crate::policy::document;

impl Reader<'_> {
    /// What a role of ours carries: what the stack attached is the stack's, the rest is pointed out.
    pub(in crate::observe) fn attachments_of_ours(&mut self, name: &str, role: &Role, wanted: bool) {
        for (arn, policy) in &role.attached {
            if self.gave(name, role, arn, policy) {
                let mark = self.existing.get(arn).cloned();
                let is_of_grant = || self.wanted.contains(&attached_policies::id(self.looking.names, arn, None));
                if !self.is_ours(arn) && mark.is_none() && !is_of_grant() {
                    self.observed.with_principals.insert(attachment::id(name, policy));
                }
                self.attached(attachment::id(name, policy), name, policy, arn, Vec::new(), mark);
            }
        }
        if wanted || self.looks {
            self.widened(name, role);
        }
        if wanted {
            return;
        }
        let foreign = self.foreign(name, role);
        if let Some((_, _, remedy)) = foreign.first() {
            let what = foreign.iter().map(|(what, ..)| what.as_str()).collect::<Vec<_>>().join(", ");
            let reason = if self.has_lost_its_tags(role) {
                format!(
                    "somebody has replaced its tags, so that nobody knows whether this stack gave it {what}, and IAM deletes no role \
                     that has anything. What this stack is known to have given it is taken away. If it gave that too, put the tags \
                     back and run this again: `{}`. If not, take the rest away (for example `{remedy}`) and run this again",
                    put_back(self.looking.names, name, self.task_policy_on(role))
                )
            } else {
                format!(
                    "this stack did not give it {what}, and IAM deletes no role that has anything. What this stack gave it is taken \
                     away; take the rest away too (for example `{remedy}`) and run this again"
                )
            };
            self.relied_on(role::id(name), role::id(name), reason);
        }
    }

    /// Whether the stack attached a policy to a role of its own, as far as marks say it: anybody can have copied these.
    fn gave(&self, name: &str, role: &Role, arn: &str, policy: &str) -> bool {
        let task_policy = tag_of(&role.tags, TASK_POLICY_TAG) == Some(arn);
        let is_wanted = self.wanted.contains(&attachment::id(name, policy));
        // Whoever replaced the tags took it from among them.
        self.is_ours(arn)
            || self.existing.contains_key(arn)
            || task_policy
            || is_wanted
            || self.alone && self.task_policy_on(role) == Some(arn)
    }

    /// Tells what somebody else gave to a role of ours.
    pub(in crate::observe) fn widened(&mut self, name: &str, role: &Role) {
        let id = role::id(name);
        // Of a role that goes, only its tag tells whether the stack gave it that one, which does no more than any task needs.
        let of_tasks = self.task_policy_on(role).map(|arn| detach(name, arn));
        for (what, denies, remedy) in self.foreign(name, role) {
            if of_tasks.as_ref() == Some(&remedy) {
                continue;
            }
            if denies {
                let message = format!("it has {what}, which this stack did not give it, and which only denies");
                self.observed.notes.push(Note::info(&id, message));
            } else {
                let what = format!("has {what}, which this stack did not give it");
                self.observed.widened.push(Widening { object: id.clone(), what, remedy });
            }
        }
        for (arn, policy) in &role.attached {
            if self.gave(name, role, arn, policy) {
                self.given_by_mark(name, role, arn, policy);
            }
        }
    }

    /// What a role has that the stack did not give it: what each is, whether it only denies, and the command that takes it away.
    fn foreign(&self, name: &str, role: &Role) -> Vec<(String, bool, String)> {
        let mut foreign = Vec::new();
        for (arn, policy) in role.attached.iter().filter(|(arn, policy)| !self.gave(name, role, arn, policy)) {
            // The documents of AWS's own policies aren't read.
            let denies =
                self.snapshot.policies.get(arn).is_some_and(|policy| document::only_denies(&policy.document()));
            foreign.push((format!("the policy {policy}"), denies, detach(name, arn)));
        }
        foreign.extend(role.inline.iter().map(|(policy, document)| {
            let remedy =
                format!("aws iam delete-role-policy --role-name {} --policy-name {}", quoted(name), quoted(policy));
            (format!("the inline policy {policy}"), document::only_denies(&document::from_iam(document)), remedy)
        }));
        foreign.extend(role.instance_profiles.iter().map(|profile| {
            let remedy = format!(
                "aws iam remove-role-from-instance-profile --instance-profile-name {} --role-name {}",
                quoted(profile),
                quoted(name)
            );
            (format!("the instance profile {profile}"), false, remedy)
        }));
        foreign.sort();
        foreign
    }

    /// Whether the tags of a role of ours don't tell any more what the stack gave it.
    fn has_lost_its_tags(&self, role: &Role) -> bool {
        let is_untold = whose(self.looking.names, &role.tags) == Whose::Untold;
        let names_none = tag_of(&role.tags, TASK_POLICY_TAG).is_none();
        names_none && (is_untold || self.task_policy_on(role).is_some())
    }

    /// The platform's task policy by the manifest, where a role has it.
    pub(in crate::observe) fn task_policy_on<'r>(&self, role: &'r Role) -> Option<&'r str> {
        let task_policy = self.looking.config.task_policy(self.looking.conventions)?;
        let mut attached = role.attached.iter();
        attached.find(|(arn, name)| **arn == task_policy || **name == task_policy).map(|(arn, _)| arn.as_str())
    }

    /// Our policies on roles that aren't ours: on the task role the stack attached them, elsewhere somebody did.
    pub(in crate::observe) fn attachments_elsewhere(&mut self) {
        let task_role = self.looking.config.task_role(self.looking.conventions);
        let protected = self.looking.config.protected(self.looking.conventions);
        let mut seen: HashMap<&str, usize> = HashMap::new();
        for (name, role) in &self.snapshot.roles {
            for (arn, policy) in &role.attached {
                if !self.is_ours(arn) {
                    continue;
                }
                *seen.entry(arn).or_default() += 1;
                if self.is_role_of_ours(name, role) && (self.alone || self.marked_by_others(role).is_none()) {
                    continue;
                }
                let id = attachment::id(name, policy);
                let is_task_role = task_role.as_deref() == Some(name);
                let is_ours = is_task_role || self.was_task_role(name, arn);
                if is_ours {
                    self.elsewhere_by_mark(name, arn, policy, is_task_role);
                }
                if let Some(new) = task_role.as_deref().filter(|_| is_ours && !is_task_role) {
                    self.moves(policy, name, new);
                }
                let pattern = protected.matching(name).filter(|_| is_ours && !self.wanted.contains(&id));
                if let Some(pattern) = pattern {
                    self.stays(&id, name, pattern, policy, arn);
                } else if is_ours || self.wanted.contains(&id) {
                    self.attached(id, name, policy, arn, vec![name.clone()], None);
                } else {
                    let remedy = detach(name, arn);
                    self.used_elsewhere(policy, &format!("role {name}"), remedy);
                }
            }
        }
        for (arn, policy) in &self.snapshot.policies {
            let known = seen.get(arn.as_str()).copied().unwrap_or_default();
            if self.is_ours(arn) && usize::try_from(policy.attachments).unwrap_or_default() > known {
                // Users and groups aren't read: a large account has very many.
                let remedy = format!("aws iam list-entities-for-policy --policy-arn {}", quoted(arn));
                self.used_elsewhere(&policy.name, "a user or a group", remedy);
            }
        }
    }

    /// Our policies that somebody made the permissions boundary of something: IAM deletes none of these either. Source: Amazon IAM API
    /// reference, `DeletePolicy` and `DeleteConflict`.
    pub(in crate::observe) fn boundaries(&mut self) {
        let mut seen: HashMap<&str, i32> = HashMap::new();
        for (name, role) in &self.snapshot.roles {
            let Some(arn) = role.boundary.as_deref().filter(|arn| self.is_ours(arn)) else { continue };
            *seen.entry(arn).or_default() += 1;
            let command = format!("aws iam put-role-permissions-boundary --role-name {}", quoted(name));
            self.bounds(arn, &format!("role {name}"), &format!("`{command} --permissions-boundary ARN`"));
        }
        for (arn, policy) in &self.snapshot.policies {
            if self.is_ours(arn) && policy.bounds > seen.get(arn.as_str()).copied().unwrap_or_default() {
                let command = "aws iam list-entities-for-policy --policy-usage-filter PermissionsBoundary --policy-arn";
                self.bounds(arn, "a user", &format!("`{command} {}` names it", quoted(arn)));
            }
        }
    }

    /// It isn't said how to take the boundary off: without one, its holder may do more.
    fn bounds(&mut self, arn: &str, whom: &str, remedy: &str) {
        let Some(policy) = self.snapshot.policies.get(arn) else { return };
        let object = managed_policy::id(&policy.name);
        if self.alone || self.wanted.contains(&object) {
            let message = format!(
                "somebody made it the permissions boundary of {whom}, which this stack did not do: what the stack writes into it \
                 decides what {whom} may do"
            );
            self.observed.notes.push(Note::warning(&object, message));
        } else {
            let reason = format!(
                "somebody made it the permissions boundary of {whom}, and IAM deletes no policy that is one: give {whom} another \
                 boundary ({remedy}) and run this again"
            );
            self.relied_on(object.clone(), object, reason);
        }
    }

    /// What the stack attached to a role before the manifest protected that one: it stays, and so does the policy, which
    /// can't go while it is attached. The rest is taken away.
    fn stays(&mut self, attachment: &ObjectId, role: &str, pattern: &str, policy: &str, arn: &str) {
        let reason = format!(
            "`{role}` is protected (`{pattern}`, `aws.protected`): take it away by hand (`{}`, then `aws iam delete-policy \
             --policy-arn {}`), or take the name off the protected list and run this again",
            detach(role, arn),
            quoted(arn)
        );
        let of_policy = managed_policy::id(policy);
        if !self.wanted.contains(&of_policy) {
            self.relied_on(of_policy, attachment.clone(), reason.clone());
        }
        self.left(attachment.clone(), reason);
    }

    /// Whether the stack attached a policy to a role, which was the task role before the manifest named another one.
    fn was_task_role(&self, name: &str, policy: &str) -> bool {
        self.of_policies.attached_to.get(policy).is_some_and(|roles| roles.contains(name))
    }

    /// Tells that a policy goes from one task role to another one: nobody can tell a data plane that is called otherwise from another
    /// one of the same account.
    fn moves(&mut self, policy: &str, from: &str, to: &str) {
        if !self.wanted.contains(&attachment::id(to, policy)) {
            return;
        }
        let message = format!(
            "it is taken from the task role {from} and given to {to}: that is right if the data plane's organization or task role \
             has changed. If {from} is that of another data plane of this account, this stack needs another name there or here, or a \
             cluster of its own (`aws.cluster`): otherwise each run takes from one what it gives to the other"
        );
        self.observed.notes.push(Note::of_access(managed_policy::id(policy), message));
    }

    fn used_elsewhere(&mut self, policy: &str, by: &str, remedy: String) {
        let object = managed_policy::id(policy);
        if self.alone || self.wanted.contains(&object) {
            let what = format!("is attached to {by}, which this stack did not do");
            self.observed.widened.push(Widening { object, what, remedy });
        } else {
            let reason = format!(
                "somebody attached it to {by}, and IAM deletes no policy that is attached: detach it (`{remedy}`) and run this \
                 again"
            );
            self.relied_on(object.clone(), object, reason);
        }
    }

    /// What can't be deleted as somebody else relies on it, and what is told to stay for that.
    fn relied_on(&mut self, object: ObjectId, told: ObjectId, reason: String) {
        let stays = Stays { object: told, reason, is_empty: false };
        self.observed.relied_on.entry(object).or_default().insert(stays);
    }

    /// `mark`: what says of an existing policy that the stack attached it, and goes after the attachment.
    pub(super) fn attached(
        &mut self,
        id: ObjectId,
        role: &str,
        policy: &str,
        arn: &str,
        touches: Vec<String>,
        mark: Option<ObjectId>,
    ) {
        let found = Found {
            attributes: Attachment::new(role, arn).into(),
            owned: true,
            depends_on: vec![role::id(role), mark.unwrap_or_else(|| managed_policy::id(policy))],
            if_deleted: None,
            touches,
        };
        self.found(id, found);
    }

    /// The path is the mark, below which the stack calls its roles in its own way: others can make some there as well.
    pub(in crate::observe) fn is_role_of_ours(&self, name: &str, role: &Role) -> bool {
        role.path == self.path && self.looking.names.is_name_of_role(name)
    }

    /// The path is the mark, below which the stack calls its policies in its own way.
    pub(in crate::observe) fn is_ours(&self, arn: &str) -> bool {
        let is_one = |policy: &Policy| policy.path == self.path && self.looking.names.is_name_of_policy(&policy.name);
        self.snapshot.policies.get(arn).is_some_and(is_one)
    }
}

pub(in crate::observe) fn detach(role: &str, policy: &str) -> String {
    format!("aws iam detach-role-policy --role-name {} --policy-arn {}", quoted(role), quoted(policy))
}
