//! What of IAM is the stack's, and what of it is as it should be.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{Desired, Found, ObjectId, Observed, Stays, Widening};
use foldhash::HashSet;

use crate::inventory::snapshot::{Quotas, Snapshot};
use crate::inventory::task_roles::AttachedTo;
use crate::marks::attached_policies;
use crate::objects::tags::Tags;
use crate::objects::{managed_policy, role};
use crate::observe::findings::other_homes::OtherHomes;
use crate::observe::looking::Looking;

/// Said of what is below the path and isn't the stack's by its name.
pub(in crate::observe) const NOT_CALLED_AS_OURS: &str =
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
    let existing = attached_policies::on_own_roles(looking.names, snapshot);
    let mut reader =
        Reader { looking, desired, wanted, path, snapshot, of_policies, existing, observed, alone: false, looks };
    reader.policies();
    reader.boundary();
    reader.roles();
    reader.attachments_elsewhere();
    reader.existing_policies();
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
    let existing = attached_policies::on_own_roles(looking.names, snapshot);
    let (alone, looks) = (true, true);
    let mut reader =
        Reader { looking, desired, wanted, path, snapshot, of_policies, existing, observed: told, alone, looks };
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

pub(in crate::observe) struct Reader<'a> {
    pub(in crate::observe) looking: Looking<'a>,
    pub(in crate::observe) desired: &'a Desired,
    pub(in crate::observe) wanted: HashSet<&'a ObjectId>,
    pub(in crate::observe) path: String,
    pub(in crate::observe) snapshot: &'a Snapshot,
    pub(in crate::observe) of_policies: &'a OfPolicies,
    /// The existing policies that the stack attached to roles of its own, each with the mark that says so.
    pub(in crate::observe) existing: BTreeMap<String, ObjectId>,
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
}
