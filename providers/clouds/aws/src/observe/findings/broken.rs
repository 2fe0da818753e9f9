//! What is there as it is wanted and gives nothing: what it is for is gone, is somebody else's by now, or can't be used.

use std::collections::BTreeSet;

use cloudgrant_core::{Broken, Desired, Note, Object, ObjectId, Observed};

use crate::inventory::lookups::repositories::absent::For;
use crate::inventory::reading::Reading;
use crate::observe::findings::keys;
use crate::observe::looking::Looking;
use crate::resources::kms_key::Key;

/// What couldn't be looked at of what the wanted objects are for.
pub(in crate::observe) fn unread(
    looking: Looking<'_>,
    desired: &Desired,
    reading: &Reading,
    keys: &[Note],
) -> Vec<Note> {
    let all = looking
        .inventory
        .secrets
        .unread()
        .into_iter()
        .chain(looking.inventory.buckets.unread())
        .chain(reading.absent_repositories.unread());
    // What is revoked meanwhile nobody asks for any more.
    all.filter(|note| desired.notes.contains(note)).chain(keys.iter().cloned()).collect()
}

/// As far as it was asked. A plan with nothing to do takes the policies' word for buckets; `drift` asks.
pub(in crate::observe) fn of(
    looking: Looking<'_>,
    desired: &Desired,
    reading: &Reading,
    unusable: Vec<(Key, Note)>,
    observed: &Observed,
) -> Vec<Broken> {
    let naming = |parts: &[String]| -> BTreeSet<ObjectId> {
        let is_there = |object: &&Object| {
            let is_named = |text: &str| parts.iter().any(|part| text.contains(part.as_str()));
            looking.is_policy(object)
                && is_named(object.attributes.as_str())
                && observed.objects.get(&object.id).is_some_and(|found| is_named(found.attributes.as_str()))
        };
        desired.objects.iter().filter(is_there).map(|object| object.id.clone()).collect()
    };
    let (mut all, mut of_nodes) = (Vec::new(), Vec::new());
    let mut tell = |note: Note, parts: &[String]| {
        let objects: BTreeSet<_> = naming(parts);
        all.extend((!objects.is_empty()).then_some(Broken { note, objects }));
    };
    for (arns, note) in looking.inventory.secrets.unreadable() {
        tell(note, &arns.iter().map(|arn| format!("\"{arn}\"")).collect::<Vec<_>>());
    }
    for (name, note) in looking.inventory.buckets.reaching_nothing() {
        let arn = format!("\"arn:{}:s3:::{name}", looking.config.partition());
        tell(note, &[format!("{arn}\""), format!("{arn}/")]);
    }
    for (key, note) in unusable {
        tell(note, &[keys::named(&key)]);
    }
    // What is revoked meanwhile nobody asks for any more.
    let absent = reading.absent_repositories.all();
    for (repository, whom, note) in absent.into_iter().filter(|(_, _, note)| desired.notes.contains(note)) {
        match whom {
            For::Tasks => tell(note, &[format!("\"{}\"", repository.arn())]),
            For::Nodes => of_nodes.push(Broken { note, objects: BTreeSet::new() }),
        }
    }
    all.extend(of_nodes);
    all
}
