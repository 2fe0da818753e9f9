//! The statements of the stack in documents that others write too: the policies of repositories, buckets and keys.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{
    Action, Desired, ErrorKind, Found, IntentId, Limit, Note, Object, ObjectId, Observed, Obstacle, Result, Stays,
    Unmakeable, Unsearched, redacted,
};
use foldhash::HashSet;
use futures_util::stream::{self, StreamExt};
use serde_json::json;

use crate::client::AT_A_TIME;
use crate::config::arn::{Arn, name_in};
use crate::inventory::places::{Marked, Place};
use crate::marks::places::Mark;
use crate::objects::policy_statement::{PolicyStatement, sid};
use crate::objects::role;
use crate::objects::statement_kinds;
use crate::observe::findings::other_homes::OtherHomes;
use crate::observe::findings::staying::Wanted;
use crate::observe::findings::{lost, staying};
use crate::observe::lists;
use crate::observe::looking::Looking;
use crate::observe::search::{self, HandedOff, Search};
use crate::shared_document::merge::{self, Policy, Statement};
use crate::shared_document::shared::Shared;

/// What the policies say, of those that are wanted and those that are searched.
#[derive(Debug, Default)]
pub(super) struct Policies {
    documents: BTreeMap<Shared, Option<Policy>>,
    /// What can't be written, as its document isn't there.
    missing: Vec<Unmakeable>,
    unsearched: Vec<Unsearched>,
    /// The intents that name something in a place that wasn't searched.
    unsearched_for: BTreeMap<String, BTreeSet<IntentId>>,
    /// What others were asked to write of what is taken away.
    handed_off: Vec<HandedOff>,
    /// The marks of places, and whether all that each of them names was searched.
    marks: Vec<(Mark, bool)>,
    notes: Vec<Note>,
    /// Where a statement may name a role and nobody could look, each place with why.
    unsearched_for_roles: BTreeSet<String>,
}

pub(super) async fn read(looking: Looking<'_>, desired: &Desired) -> Result<Policies> {
    let mut wanted: BTreeMap<Shared, Vec<&Object>> = BTreeMap::new();
    for (shared, object) in statements(desired) {
        wanted.entry(shared).or_default().push(object);
    }
    let Search { documents, marks, mut unread, mut unsearched, notes } =
        search::places(looking, desired, wanted.keys().cloned().collect()).await?;
    let reading = looking.inventory.reading().await;
    let read = |shared: Shared| {
        let reading = &reading;
        async move {
            let document = reading.bucket_policies.read(looking.clients, &shared).await;
            (shared, document)
        }
    };
    let read: Vec<_> = stream::iter(documents).map(read).buffer_unordered(AT_A_TIME).collect().await;
    let mut policies = Policies { notes, ..Policies::default() };
    for (shared, document) in read {
        let error = match document {
            Ok(document) => {
                policies.documents.insert(shared, document);
                continue;
            }
            Err(error) => error,
        };
        if let Some(objects) = wanted.get(&shared) {
            let why = lost::why(looking, &shared, objects, error)?;
            if desired.thorough {
                policies.notes.push(lost::note(&shared, &why));
            }
            let objects = objects.iter().map(|object| object.id.clone()).collect();
            let actions = &[Action::Create, Action::Update];
            policies.missing.push(Unmakeable { why, actions, objects, obstacle: Obstacle::PerhapsHidden });
            continue;
        }
        match error.kind() {
            // Where it is gone, so is our statement.
            ErrorKind::NotFound => {}
            ErrorKind::AccessDenied => {
                if is_gone(looking, &shared).await {
                    policies.notes.push(lost::left(&shared));
                } else {
                    let one = Marked::One(shared);
                    unsearched.push(Unsearched { place: one.to_string(), reason: search::why(&error) });
                    unread.insert(one);
                }
            }
            _ => return Err(error),
        }
    }
    let is_complete = |mark: &Mark| {
        !mark.names.iter().any(|named| match named {
            Marked::One(_) => unread.contains(named),
            Marked::All(_) => unread.iter().any(|unread| named.meets(unread)),
        })
    };
    // Where the stack only told nodes, nobody can name its roles without credentials for it. Where there are such, everything is
    // searched for what was put there by hand.
    let may_name_roles = |place: &Marked| {
        let names_it = |mark: &Mark| mark.names.iter().any(|named| named.meets(place));
        looking.clients.can_reach(place.account())
            || marks.iter().any(|mark| mark.is_for_tasks && !is_complete(mark) && names_it(mark))
    };
    let for_roles: BTreeSet<_> = unread.iter().filter(|place| may_name_roles(place)).map(ToString::to_string).collect();
    let for_roles = unsearched.iter().filter(|one| for_roles.contains(&one.place));
    policies.unsearched_for_roles = for_roles.map(|one| format!("{} ({})", one.place, one.reason)).collect();
    policies.marks = marks.into_iter().map(|mark| (is_complete(&mark), mark)).map(|(all, mark)| (mark, all)).collect();
    policies.unsearched = unsearched;
    policies.handed_off = search::handed_off(looking, desired).await?;
    let named = if unread.is_empty() { Vec::new() } else { search::named(looking, &desired.baseline).await? };
    for place in &unread {
        let intents = named.iter().filter(|(_, document)| place.meets(document)).map(|(intent, _)| intent.clone());
        policies.unsearched_for.insert(place.to_string(), intents.collect());
    }
    Ok(policies)
}

/// Whether a bucket that may not be looked at is none of its account any more: S3 says the same of one that somebody else
/// has made under its name since.
async fn is_gone(looking: Looking<'_>, shared: &Shared) -> bool {
    let Shared::Bucket(_) = shared else { return false };
    lists::all(looking, &Place::of(shared)).await.is_ok_and(|all| !all.contains(shared))
}

/// The wanted statements that we can write, with the documents that they are for.
fn statements(desired: &Desired) -> impl Iterator<Item = (Shared, &Object)> {
    let is_ours = |object: &&Object| statement_kinds::WRITTEN.contains(&object.id.kind) && object.handoff.is_none();
    let ours = desired.objects.iter().filter(is_ours);
    ours.filter_map(|object| Some((statement_kinds::document(object.id.kind, &object.attributes)?, object)))
}

/// The roles that a statement names: it goes before they do, or it would name the dead.
fn principals(statement: &Statement) -> impl Iterator<Item = ObjectId> {
    let paths = statement.principals().filter_map(|arn| Arn::parse(arn)?.in_iam("role"));
    paths.map(|path| role::id(name_in(path)))
}

pub(super) fn add(
    looking: Looking<'_>,
    desired: &Desired,
    policies: Policies,
    others: &mut OtherHomes,
    observed: &mut Observed,
) {
    let (mark, protected) = (looking.names.mark(), looking.config.protected(looking.conventions));
    let wanted: HashSet<_> = desired.objects.iter().map(|object| &object.id).collect();
    let mut stay = Vec::new();
    let mut naming: BTreeMap<ObjectId, Vec<String>> = BTreeMap::new();
    for (shared, document) in &policies.documents {
        let one = Marked::One(shared.clone());
        for statement in document.iter().flat_map(|document| &document.statements) {
            let sid = statement.sid().unwrap_or_default();
            if looking.names.is_sid_of_another_home(sid) {
                others.add(statement_kinds::id(shared, sid).to_string());
            }
            if !sid.contains(&mark) {
                let named = still_named(statement, &wanted, observed);
                if !named.is_empty() {
                    stay.push(one.clone());
                }
                for role in named {
                    naming.entry(role).or_default().push(said(&one, sid));
                }
                continue;
            }
            let id = statement_kinds::id(shared, sid);
            if let Some(pattern) = protected.matching(shared.name()).filter(|_| !wanted.contains(&id)) {
                let reason = format!(
                    "`{}` is protected (`{pattern}`, `aws.protected`): take it out by hand, or take the name off the protected \
                     list and run this again",
                    shared.name()
                );
                observed.stays.push(Stays { object: id, reason, is_empty: false });
                for role in still_named(statement, &wanted, observed) {
                    naming.entry(role).or_default().push(said(&one, sid));
                }
                stay.push(one.clone());
                continue;
            }
            // It goes before the mark that says where it is.
            let marks = policies.marks.iter().filter(|(mark, _)| mark.names.iter().any(|named| named.meets(&one)));
            let marks = marks.map(|(mark, _)| mark.policy.clone());
            // None of ours is such that it could not be read as usual: it is equal to nothing that is wanted.
            let unlike_ours = || json!({ "Sid": sid, "Text": statement.text() });
            let read = statement.canonical().cloned().unwrap_or_else(unlike_ours);
            let found = Found {
                attributes: statement_kinds::attributes(shared, &read),
                owned: true,
                depends_on: principals(statement).chain(marks).collect(),
                if_deleted: None,
                touches: vec![shared.name().to_owned()],
            };
            observed.objects.insert(id, found);
        }
    }
    limits(desired, &policies.documents, observed);
    // What names a place that could not be searched stays: it is all that later runs know of it. So does what names a
    // statement that stays.
    let stays = |mark: &Mark| mark.names.iter().any(|named| stay.iter().any(|one| named.meets(one)));
    for (mark, _) in policies.marks.iter().filter(|(mark, is_complete)| !is_complete || stays(mark)) {
        if !desired.objects.iter().any(|object| object.id == mark.policy) {
            observed.objects.remove(&mark.policy);
        }
    }
    let wanted = Wanted { names: looking.names, objects: &wanted };
    staying::named(wanted, naming, observed);
    staying::handed_off(wanted, &policies.handed_off, observed);
    staying::perhaps_named(wanted, &policies.unsearched_for_roles, observed);
    observed.unsearched.extend(policies.unsearched);
    observed.unsearched_for.extend(policies.unsearched_for);
    observed.unmakeable.extend(policies.missing);
    observed.notes.extend(policies.notes);
}

/// The roles of the stack that nothing wants any more, and that a statement names which stays as it is.
fn still_named(statement: &Statement, wanted: &HashSet<&ObjectId>, observed: &Observed) -> BTreeSet<ObjectId> {
    let roles = statement.named().filter_map(|arn| observed.principals.get(arn));
    roles.filter(|role| !wanted.contains(role)).cloned().collect()
}

/// A statement and where it is, for people.
fn said(place: &Marked, sid: &str) -> String {
    let statement =
        if sid.is_empty() { "a statement without a Sid".to_owned() } else { format!("statement `{}`", redacted(sid)) };
    format!("{statement} of {place}")
}

fn limits(desired: &Desired, documents: &BTreeMap<Shared, Option<Policy>>, observed: &mut Observed) {
    let mut after = documents.clone();
    let mut counted: BTreeMap<Shared, BTreeSet<ObjectId>> = BTreeMap::new();
    for (shared, object) in statements(desired) {
        let Ok(PolicyStatement { statement }) = PolicyStatement::of(&object.attributes) else { continue };
        let before = after.remove(&shared).flatten();
        counted.entry(shared.clone()).or_default().insert(object.id.clone());
        after.insert(shared, merge::merged(before, sid(&statement), Some(&statement)));
    }
    for (shared, document) in after {
        if document == documents.get(&shared).cloned().flatten() {
            continue;
        }
        observed.limits.push(Limit {
            what: format!("characters in the policy of {} {}", shared.noun(), shared.name()),
            quota: shared.largest() as u64,
            needed: document.map_or(0, |document| document.to_string().len()) as u64,
            hint: format!("take statements out of the {}'s policy that nobody needs any more", shared.noun()),
            objects: counted.remove(&shared).unwrap_or_default(),
        });
    }
}
