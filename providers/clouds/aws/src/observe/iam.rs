//! What of IAM is the stack's, and what of it is as it should be.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{
    Action, Desired, Error, ErrorKind, Found, Limit, Note, ObjectId, Observed, Obstacle, Stays, Unmakeable, Widening,
    listed, quoted, redacted,
};
use foldhash::{HashMap, HashSet};
use serde_json::Value;

use crate::inventory::snapshot::{Quotas, Role, Snapshot};
use crate::inventory::task_roles::AttachedTo;
use crate::names::tags::{HOME_TAG, SCOPE_TAG, STACK_TAG, TASK_POLICY_TAG, tag_of};
use crate::names::whose::{Whose, put_back, whose};
use crate::objects::attachment::Attachment;
use crate::objects::managed_policy::ManagedPolicy;
use crate::objects::{Tags, attachment, managed_policy, raw, role};
use crate::observe::Looking;
use crate::observe::findings::other_homes::OtherHomes;
use crate::observe::findings::unbinding::Unbinding;
use crate::observe::wanted_roles;
use crate::policy::document;

/// The tags that say something about the stack; all others are somebody else's.
const OUR_TAGS: [&str; 4] = [STACK_TAG, HOME_TAG, SCOPE_TAG, TASK_POLICY_TAG];

/// Said of what is below the path and isn't the stack's by its name.
const NOT_CALLED_AS_OURS: &str =
    "it is below this stack's path, and isn't called as anything that this stack makes: it is left as it is";

/// What the account's list doesn't have of the stack's policies, by their ARNs.
#[derive(Debug)]
pub(in crate::observe) struct OfPolicies {
    /// Where the manifest names any.
    pub(in crate::observe) tags: BTreeMap<String, Tags>,
    pub(in crate::observe) attached_to: AttachedTo,
    /// Those that nothing wants, and that hang on roles of the stack's without a mark of its own.
    pub(in crate::observe) unmarked: BTreeSet<String>,
}

pub(in crate::observe) fn add(
    looking: Looking<'_>,
    desired: &Desired,
    snapshot: &Snapshot,
    of_policies: &OfPolicies,
    quotas: Quotas,
    others: &mut OtherHomes,
    observed: &mut Observed,
) {
    let wanted = desired.objects.iter().map(|object| &object.id).collect();
    let path = looking.names.path();
    let of_others = |path: &str| looking.names.is_path_of_another_home(path);
    for policy in snapshot.policies.values().filter(|policy| of_others(&policy.path)) {
        others.add(managed_policy::id(&policy.name).to_string());
    }
    for (name, _) in snapshot.roles.iter().filter(|(_, role)| of_others(&role.path)) {
        others.add(role::id(name).to_string());
    }
    let looks = looking.inventory.looks_again();
    let mut reader = Reader { looking, desired, wanted, path, snapshot, of_policies, observed, alone: false, looks };
    reader.policies();
    reader.boundary();
    reader.roles();
    reader.attachments_elsewhere();
    reader.boundaries();
    reader.limits(quotas);
}

/// What others added to the stack's roles, and to which roles they attached its policies, whatever is wanted of them. Which roles have
/// its policies by its own doing isn't always known.
pub(in crate::observe) fn widened(
    looking: Looking<'_>,
    snapshot: &Snapshot,
    attached_to: Option<AttachedTo>,
) -> Vec<Widening> {
    let (desired, mut observed) = (Desired::default(), Observed::default());
    let knows_attachments = attached_to.is_some();
    let attached_to = attached_to.unwrap_or_default();
    let of_policies = &OfPolicies { tags: BTreeMap::new(), attached_to, unmarked: BTreeSet::new() };
    let (path, wanted) = (looking.names.path(), HashSet::default());
    let (desired, told) = (&desired, &mut observed);
    let mut reader =
        Reader { looking, desired, wanted, path, snapshot, of_policies, observed: told, alone: true, looks: true };
    for (name, role) in &snapshot.roles {
        if reader.is_role_of_ours(name, role) {
            reader.widened(name, role);
        }
    }
    if knows_attachments {
        reader.attachments_elsewhere();
    }
    observed.widened.sort();
    observed.widened.dedup();
    observed.widened
}

/// Tags that others added to roles. Many organizations tag whatever is there, for costs or owners, so that it is no drift; but policies
/// may let in whoever has a tag, which nobody can tell from here. Source: IAM user guide, "Attribute-based access control".
fn strange_tags(keys: &BTreeMap<&str, BTreeSet<&str>>) -> Note {
    const NAMED: usize = 3;
    let each = keys.iter().map(|(key, roles)| format!("{} (role {})", redacted(key), listed(roles, NAMED)));
    let message = format!(
        "roles of this stack carry tags that it did not write: {}. That is fine where nothing goes by them; a policy whose conditions \
         name `aws:PrincipalTag` may let these roles in by them. `aws.tags` names those that are to be there",
        listed(each, NAMED)
    );
    Note::warning("tags of roles", message)
}

pub(in crate::observe) struct Reader<'a> {
    pub(in crate::observe) looking: Looking<'a>,
    pub(in crate::observe) desired: &'a Desired,
    pub(in crate::observe) wanted: HashSet<&'a ObjectId>,
    pub(in crate::observe) path: String,
    pub(in crate::observe) snapshot: &'a Snapshot,
    pub(in crate::observe) of_policies: &'a OfPolicies,
    pub(in crate::observe) observed: &'a mut Observed,
    /// Whether nobody knows what is wanted.
    pub(in crate::observe) alone: bool,
    /// Whether somebody looks for drift. To whoever plans an apply, what the stack takes away is shown as a change.
    pub(in crate::observe) looks: bool,
}

impl Reader<'_> {
    pub(in crate::observe) fn found(&mut self, id: ObjectId, found: Found) {
        self.observed.objects.insert(id, found);
    }

    /// Leaves what can't go where it is, and says why; the rest can go.
    pub(in crate::observe) fn left(&mut self, object: ObjectId, reason: String) {
        self.observed.objects.remove(&object);
        self.observed.stays.push(Stays { object, reason, is_empty: false });
    }

    /// Names are unique in an account, whatever the path: one of ours elsewhere is somebody else's.
    fn policies(&mut self) {
        for (arn, policy) in &self.snapshot.policies {
            let id = managed_policy::id(&policy.name);
            let owned = self.is_ours(arn);
            if policy.path == self.path && !owned {
                self.observed.notes.push(Note::warning(&id, NOT_CALLED_AS_OURS));
            }
            if owned || self.wanted.contains(&id) {
                let document = raw(&policy.document());
                let tags = self.of_policies.tags.get(arn).cloned();
                let attributes = ManagedPolicy { path: policy.path.as_str().into(), document: &document, tags };
                let attributes = attributes.attributes();
                self.found(
                    id,
                    Found { attributes, owned, depends_on: Vec::new(), if_deleted: None, touches: Vec::new() },
                );
            }
        }
    }

    /// A role with a boundary that isn't there can't be made.
    fn boundary(&mut self) {
        let own = format!("::{}:policy/", self.looking.config.account);
        let Some(boundary) = self.looking.config.permissions_boundary.as_ref().filter(|arn| arn.contains(&own)) else {
            return;
        };
        if !self.snapshot.policies.contains_key(boundary) {
            let error = Error::new(ErrorKind::NotFound, format!("the permissions boundary `{boundary}` isn't there"));
            let why = error.hint("name a policy that is there: `aws.permissions_boundary`");
            // One that is there is changed without it.
            let objects = wanted_roles(self.desired);
            self.observed.unmakeable.push(Unmakeable {
                why,
                actions: &[Action::Create],
                objects,
                obstacle: Obstacle::Certain,
            });
        }
    }

    fn roles(&mut self) {
        let of_kind = |kind| self.desired.objects.iter().filter(move |object| object.id.kind == kind);
        let wanted_roles: HashMap<_, _> = of_kind(role::KIND).map(|object| (object.id.clone(), object)).collect();
        let unbinding = Unbinding::new(self.looking, &self.desired.objects);
        let mut strange: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (name, role) in &self.snapshot.roles {
            let id = role::id(name);
            if let Some(others) = self.marked_by_others(role) {
                self.of_others(id, name, role, &others);
                continue;
            }
            let owned = self.is_role_of_ours(name, role);
            if role.path == self.path && !owned {
                self.observed.notes.push(Note::warning(&id, NOT_CALLED_AS_OURS));
            }
            if !owned && !self.wanted.contains(&id) {
                continue;
            }
            let own = OUR_TAGS.into_iter().chain(self.looking.config.tags.keys().map(String::as_str));
            let tags: Tags =
                own.filter_map(|key| Some((key.to_owned(), Value::from(tag_of(&role.tags, key)?)))).collect();
            let mut named_boundary = None;
            match (&self.looking.config.permissions_boundary, &role.boundary) {
                (Some(_), Some(boundary)) => named_boundary = Some(boundary.as_str().into()),
                // Nobody knows whether the stack set it or somebody else did, and to take it off widens.
                (None, Some(boundary)) if owned => {
                    let message = format!(
                        "it has a permissions boundary, {boundary}, which the manifest doesn't name \
                         (`aws.permissions_boundary`); it stays, as without it the role may do more. Whoever wants that: \
                         `aws iam delete-role-permissions-boundary --role-name {}`",
                        quoted(name)
                    );
                    self.observed.notes.push(Note::info(&id, message));
                }
                _ => {}
            }
            let trust = role.trust();
            let wanted = self.wanted.contains(&id);
            let if_deleted = (!wanted).then(|| unbinding.if_deleted(name, &trust));
            if owned && let Some(object) = wanted_roles.get(&id) {
                let will_be = role::Role::of(&object.attributes).map(|role| role.trust()).unwrap_or_default();
                let warning = unbinding.if_updated(name, &trust, &will_be);
                self.observed.if_updated.extend(warning.map(|warning| (id.clone(), warning)));
            }
            let trust = raw(&trust);
            let attributes =
                role::Role { path: role.path.as_str().into(), tags, trust: &trust, boundary: named_boundary }
                    .attributes();
            if owned {
                for key in role.tags.keys().filter(|key| !self.is_own_tag(key)) {
                    strange.entry(key).or_default().insert(name);
                }
                self.observed.principals.insert(role.arn.clone(), id.clone());
            }
            self.found(id, Found { attributes, owned, depends_on: Vec::new(), if_deleted, touches: Vec::new() });
            if owned {
                self.attachments_of_ours(name, role, wanted);
            }
        }
        if self.looks && !strange.is_empty() {
            self.observed.notes.push(strange_tags(&strange));
        }
    }

    /// Whether the stack writes a tag of that key, or AWS itself does. Keys of roles that differ in case alone are the same.
    fn is_own_tag(&self, key: &str) -> bool {
        let is_it = |own: &str| own.eq_ignore_ascii_case(key);
        OUR_TAGS.into_iter().any(is_it)
            || self.looking.config.tags.keys().any(|own| is_it(own))
            || key.starts_with("aws:")
    }

    /// Whose a role below the stack's path is, where its tags say that it is somebody else's.
    pub(in crate::observe) fn marked_by_others(&self, role: &Role) -> Option<String> {
        match whose(self.looking.names, &role.tags) {
            Whose::Others(others) if role.path == self.path => Some(others),
            Whose::Ours | Whose::Untold | Whose::Others(_) => None,
        }
    }

    /// In the way of whoever wants a role of that name; anybody else leaves it alone.
    fn of_others(&mut self, id: ObjectId, name: &str, role: &Role, others: &str) {
        let message = format!("{id} exists below this stack's path, and its tags say that it is of {others}");
        self.observed.notes.push(Note::warning(&id, format!("{message}: it is left as it is")));
        let is_wanted = self.wanted.contains(&id);
        // Whoever made it look like another's may have added something to it as well.
        if is_wanted || self.looks {
            self.widened(name, role);
        }
        if is_wanted {
            let error = Error::new(ErrorKind::Conflict, message).with("role", &role.arn).hint(format!(
                "if somebody has replaced the tags of the stack's role, put them back: `{}`; if it is somebody else's, rename the \
                 stack, or remove what is in the way; cloudgrant never takes over what it did not make",
                put_back(self.looking.names, name, None)
            ));
            self.observed.conflicts.insert(id, error);
        }
    }

    fn limits(&mut self, quotas: Quotas) {
        let mut limits = Vec::new();
        let mut attached: BTreeMap<Cow<'_, str>, BTreeSet<Cow<'_, str>>> = BTreeMap::new();
        let mut attachments: BTreeMap<Cow<'_, str>, BTreeSet<ObjectId>> = BTreeMap::new();
        let (mut new_roles, mut new_policies) = (BTreeSet::new(), BTreeSet::new());
        for object in &self.desired.objects {
            let new = !self.observed.objects.contains_key(&object.id);
            match object.id.kind {
                role::KIND => {
                    new_roles.extend(new.then(|| object.id.clone()));
                    limits.push(Limit {
                        what: format!("characters in the trust policy of role {}", object.id.name),
                        quota: quotas.trust_size,
                        needed: role::Role::of(&object.attributes)
                            .map(|role| document::counted(role.trust.get()) as u64)
                            .unwrap_or_default(),
                        hint: "use project-domain scopes, which need a subject each, or ask AWS for a higher quota \
                               (Service Quotas, IAM, role trust policy length: up to 4,096)"
                            .to_owned(),
                        objects: [object.id.clone()].into(),
                    });
                }
                managed_policy::KIND => new_policies.extend(new.then(|| object.id.clone())),
                attachment::KIND => {
                    if let Ok(Attachment { role, policy }) = Attachment::of(&object.attributes) {
                        attachments.entry(role.clone()).or_default().insert(object.id.clone());
                        attached.entry(role).or_default().insert(policy);
                    }
                }
                _ => {}
            }
        }
        for (role, mut policies) in attached {
            let there = self.snapshot.roles.get(&*role).into_iter().flat_map(|role| role.attached.keys());
            let there: BTreeSet<Cow<'_, str>> = there.map(|arn| arn.as_str().into()).collect();
            let mut what = format!("managed policies attached to role {role}");
            // What the stack attached and no longer wants goes; everything else stays.
            policies.extend(there.iter().filter(|arn| !self.is_ours(arn)).cloned());
            if !policies.is_subset(&there) {
                // But it goes only when what comes is there.
                let wanted = policies.len();
                policies.extend(there);
                if policies.len() > wanted {
                    what.push_str(", until those that it no longer needs are detached");
                }
            }
            limits.push(Limit {
                what,
                quota: quotas.attached_per_role,
                needed: policies.len() as u64,
                hint: "grant less, detach what nobody needs, or ask AWS for a higher quota (Service Quotas, IAM, \
                       managed policies per role: up to 25)"
                    .to_owned(),
                objects: attachments.remove(&role).unwrap_or_default(),
            });
        }
        let account = &self.looking.config.account;
        let (roles, policies) = (self.snapshot.roles.len(), self.snapshot.policies.len());
        for (what, quota, there, objects) in [
            ("roles", quotas.roles, roles, new_roles),
            ("customer-managed policies", quotas.policies, policies, new_policies),
        ] {
            limits.push(Limit {
                what: format!("{what} in account {account}"),
                quota,
                needed: (there + objects.len()) as u64,
                hint: "use fewer and wider scopes, or ask AWS for a higher quota (Service Quotas, IAM)".to_owned(),
                objects,
            });
        }
        self.observed.limits.extend(limits);
    }
}
