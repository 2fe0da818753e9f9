//! The roles that are there: the stack's by their path and name, and whatever is called as one that is wanted.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{
    Action, Error, ErrorKind, Found, Note, ObjectId, Obstacle, Unmakeable, listed, quoted, redacted,
};
use foldhash::HashMap;
use serde_json::Value;

use crate::inventory::snapshot::Role;
use crate::names::tags::{HOME_TAG, SCOPE_TAG, STACK_TAG, TASK_POLICY_TAG, tag_of};
use crate::names::whose::{Whose, put_back, whose};
use crate::objects::attributes::raw;
use crate::objects::role;
use crate::objects::tags::Tags;
use crate::observe::findings::unbinding::Unbinding;
use crate::observe::iam::{NOT_CALLED_AS_OURS, Reader};

/// The tags that say something about the stack; all others are somebody else's.
const OUR_TAGS: [&str; 4] = [STACK_TAG, HOME_TAG, SCOPE_TAG, TASK_POLICY_TAG];

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

impl Reader<'_> {
    /// A role with a boundary that isn't there can't be made.
    pub(in crate::observe) fn boundary(&mut self) {
        let own = format!("::{}:policy/", self.looking.config.account);
        let Some(boundary) = self.looking.config.permissions_boundary.as_ref().filter(|arn| arn.contains(&own)) else {
            return;
        };
        if !self.snapshot.policies.contains_key(boundary) {
            let error = Error::new(ErrorKind::NotFound, format!("the permissions boundary `{boundary}` isn't there"));
            let why = error.hint("name a policy that is there: `aws.permissions_boundary`");
            // One that is there is changed without it.
            let objects = role::wanted(self.desired);
            self.observed.unmakeable.push(Unmakeable {
                why,
                actions: &[Action::Create],
                objects,
                obstacle: Obstacle::Certain,
            });
        }
    }

    pub(in crate::observe) fn roles(&mut self) {
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
}
