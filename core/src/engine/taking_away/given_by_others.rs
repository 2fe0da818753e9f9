//! What is revoked and given by grants that stay as well: whoever takes access away must know that.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::contract::object::{Object, ObjectId};
use crate::contract::provider::Provider;
use crate::text::listed::listed;
use crate::vocabulary::checked::Checked;
use crate::vocabulary::intent::{Intent as _, IntentId, Intents, Reach, ScopeBinding, TaskAccess};
use crate::vocabulary::names::GrantName;
use crate::vocabulary::note::Note;

/// How many grants are named.
const NAMED: usize = 3;

/// The grants that stay and give something that is revoked, for the same task code, each with no more than that. `whole` is all that
/// the manifest asks for: whose task code a grant serves may follow from what is revoked.
pub(super) fn givers(provider: &dyn Provider, revoked: &Intents, whole: &Intents) -> Intents {
    let names: BTreeSet<_> = revoked.grants.iter().map(|grant| &grant.name).collect();
    let kept = whole.grants.iter().filter(|grant| !names.contains(&grant.name));
    let grants: Vec<_> = kept.filter_map(|grant| giving(provider, grant, revoked)).map(Arc::new).collect();
    let by_name: BTreeMap<_, _> = grants.iter().map(|grant| (&grant.name, grant)).collect();
    let bindings = whole.bindings.iter().filter_map(|binding| {
        let grants: Vec<_> =
            binding.grants.iter().filter_map(|grant| by_name.get(&grant.name).map(|one| (*one).clone())).collect();
        (!grants.is_empty()).then(|| binding.with(ScopeBinding { grants, ..ScopeBinding::clone(binding) }))
    });
    let bindings = bindings.collect();
    Intents { grants, registries: Vec::new(), bindings, is_part: whole.is_part }
}

/// What a grant gives of what is revoked, to the same task code.
fn giving(provider: &dyn Provider, grant: &Checked<TaskAccess>, revoked: &Intents) -> Option<Checked<TaskAccess>> {
    let is_same_code = |other: &TaskAccess| grant.carried_by.iter().any(|scope| other.carried_by.contains(scope));
    let others: Vec<&TaskAccess> =
        revoked.grants.iter().map(|other| &***other).filter(|one| is_same_code(one)).collect();
    let is_given = |reach: &&Reach| {
        let mut revoked = others.iter().flat_map(|other| other.reaches.iter().map(move |revoked| (*other, revoked)));
        revoked.any(|revoked| provider.gives_some_of((grant, reach), revoked))
    };
    let reaches: Vec<_> = grant.reaches.iter().filter(is_given).cloned().collect();
    (!reaches.is_empty()).then(|| grant.with(TaskAccess { reaches, ..TaskAccess::clone(grant) }))
}

/// Which grants give nothing, as all that is asked for them is somebody else's. That goes with no grant, and the provider tells it as
/// what it is. `gives` is whether it is an object itself that gives access, and not what that needs.
pub(super) fn of_others(
    objects: &[Object],
    theirs: &BTreeSet<ObjectId>,
    gives: impl Fn(&Object) -> bool,
) -> BTreeSet<IntentId> {
    let mut are_theirs: BTreeMap<&IntentId, bool> = BTreeMap::new();
    for object in objects.iter().filter(|object| gives(object)) {
        for intent in &object.because {
            *are_theirs.entry(intent).or_insert(true) &= theirs.contains(&object.id);
        }
    }
    are_theirs.into_iter().filter(|(_, are_theirs)| *are_theirs).map(|(intent, _)| intent.clone()).collect()
}

/// How much of a grant is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum There {
    /// All that the manifest asks for.
    Whole,
    /// Something: it was edited since, or isn't applied yet.
    Part,
    /// Nothing.
    Nothing,
}

/// Says which of the grants that stay give something that is revoked, but for those of which nothing is there.
pub(super) fn notes(revoked: &Intents, givers: &Intents, there: impl Fn(&IntentId) -> There) -> Vec<Note> {
    let of = |how_much| givers.grants.iter().filter(|grant| there(&grant.id()) == how_much).collect::<Vec<_>>();
    let (whole, part) = (of(There::Whole), of(There::Part));
    [still_given(revoked, &whole), given_by_an_apply(&part)].into_iter().flatten().collect()
}

/// Nobody knows what of such grants is there.
fn given_by_an_apply(givers: &[&Arc<Checked<TaskAccess>>]) -> Option<Note> {
    if givers.is_empty() {
        return None;
    }
    let listed = listed(givers.iter().map(|grant| format!("`{}`", grant.name)), NAMED);
    let grants = if givers.len() == 1 { "grant" } else { "grants" };
    let message = format!(
        "what is revoked can still be reached where {grants} {listed} gave it before, too. Not all of that is in the cloud as the manifest \
         has it: what of the revoked it asks for and doesn't have yet, the next `cloudgrant apply` gives it"
    );
    Some(Note::of_access("manifest", message))
}

fn still_given(revoked: &Intents, givers: &[&Arc<Checked<TaskAccess>>]) -> Option<Note> {
    if givers.is_empty() {
        return None;
    }
    let listed = listed(givers.iter().map(|grant| format!("`{}`", grant.name)), NAMED);
    let (grants, give) = if givers.len() == 1 { ("grant", "gives") } else { ("grants", "give") };
    let names: Vec<_> = revoked.grants.iter().chain(givers.iter().copied()).map(|grant| grant.name.as_str()).collect();
    let how = match names.len() {
        0..=6 => format!("`cloudgrant revoke {}`", names.join(" ")),
        _ => "`cloudgrant revoke` with all of their names".to_owned(),
    };
    let message = format!(
        "what is revoked can still be reached, as {grants} {listed} {give} it, or some of it, too: it goes when all of them are revoked \
         together, with {how} or `cloudgrant revoke --all`"
    );
    Some(Note::of_access("manifest", message))
}

/// Whether a grant gives something that one of the revoked gives, to whatever task code.
pub(super) fn overlaps(provider: &dyn Provider, kept: &Intents, revoked: &Intents, name: &GrantName) -> bool {
    let of_name = kept.grants.iter().filter(|grant| grant.name == *name);
    let reaches = |grant: &'_ TaskAccess, other: &'_ TaskAccess| {
        let is_given = |reach| other.reaches.iter().any(|given| provider.gives_some_of((grant, reach), (other, given)));
        grant.reaches.iter().any(is_given)
    };
    of_name.into_iter().any(|grant| revoked.grants.iter().any(|other| reaches(grant, other)))
}
