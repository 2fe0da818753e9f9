//! Whether the containers and secrets on which roles are newly assigned are there: Azure assigns a role on a name that is
//! mistyped, too, and task code finds nothing.
//!
//! A repository of a registry is known to the registry's own API alone, which the deployer needs no rights on: its name
//! goes unchecked.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{Desired, Error, ErrorKind, IntentId, Note, Observed, Result};
use futures_util::future::join_all;

use crate::Azure;
use crate::client::Presence;
use crate::client::arm::{READ_CONTAINER, READ_SECRET};
use crate::inventory::snapshot::Snapshot;
use crate::objects::kinds;
use crate::resources::absence;
use crate::resources::resource_id::{ResourceId, is_within};

/// What is in a storage account or a key vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    Container,
    Secret,
}

impl Content {
    /// Of what is a whole resource, nothing is asked here.
    fn of(id: &ResourceId) -> Option<Self> {
        let (kind, _) = id.typed()?;
        if kind.eq_ignore_ascii_case("Microsoft.Storage/storageAccounts/blobServices/containers") {
            Some(Self::Container)
        } else if kind.eq_ignore_ascii_case("Microsoft.KeyVault/vaults/secrets") {
            Some(Self::Secret)
        } else {
            None
        }
    }

    fn is(self) -> (&'static str, &'static str) {
        match self {
            Self::Container => ("container", "storage account"),
            Self::Secret => ("secret", "key vault"),
        }
    }

    fn permission(self) -> &'static str {
        match self {
            Self::Container => READ_CONTAINER,
            Self::Secret => READ_SECRET,
        }
    }
}

/// Warns of each that isn't there, once for each grant that is of it, and remembers the accounts and vaults that aren't there
/// either. It costs a request for each that is new to the stack and to this run, and nothing where none is: neither for what this
/// run takes away.
pub(super) async fn notes(
    azure: &Azure,
    desired: &Desired,
    snapshot: &Snapshot,
    observed: &Observed,
) -> Result<Vec<Note>> {
    let mut new: BTreeMap<ResourceId, (Content, BTreeSet<IntentId>)> = BTreeMap::new();
    let unusable = snapshot.unusable().of_assignments();
    let is_unusable = |scope: &str| unusable.keys().any(|id| is_within(scope, id));
    let mut seen = azure.contents.lock().await;
    for object in desired.objects.iter().filter(|object| object.id.kind == kinds::ASSIGNMENT) {
        let scope = object.attributes.text("scope").and_then(|scope| ResourceId::parse(&scope).ok());
        let Some(scope) = scope else { continue };
        let Some(content) = Content::of(&scope).filter(|_| !is_unusable(scope.as_str())) else { continue };
        if observed.objects.contains_key(&object.id) {
            seen.insert(scope, Presence::There);
        } else {
            let because = &mut new.entry(scope).or_insert_with(|| (content, BTreeSet::new())).1;
            because.extend(object.because.iter().filter(|intent| !matches!(intent, IntentId::Binding(_))).cloned());
        }
    }
    let asked: Vec<_> = new.iter().filter(|(scope, _)| !seen.contains_key(scope)).collect();
    let look = |(scope, (content, _)): (&ResourceId, &(Content, BTreeSet<IntentId>))| {
        let (scope, content) = (scope.clone(), *content);
        async move {
            let presence = match content {
                Content::Container => azure.arm.container(&scope).await,
                Content::Secret => azure.arm.secret(&scope).await,
            };
            (scope, presence)
        }
    };
    // How many are asked for at a time, the client knows.
    let looked = join_all(asked.into_iter().map(look)).await;
    let mut unread = BTreeMap::new();
    for (scope, presence) in looked {
        match presence {
            // Nothing can be made there until it is, which is said of all that is in it; the next plan looks again.
            Ok(Presence::HolderMissing) => {
                absence::of_scope(&scope).into_iter().for_each(|(holder, why)| snapshot.is_absent(&holder, why));
            }
            Ok(presence) => _ = seen.insert(scope, presence),
            Err(error) if is_no_answer(&error) => _ = unread.insert(scope, error),
            Err(error) => return Err(error),
        }
    }
    let mut notes = Vec::new();
    for (scope, (content, because)) in &new {
        let message = match (unread.get(scope), seen.get(scope)) {
            (Some(error), _) => Message::Unread(error),
            (None, Some(Presence::Missing)) => Message::Missing,
            (None, Some(Presence::There | Presence::HolderMissing) | None) => continue,
        };
        notes.extend(because.iter().map(|grant| message.note(scope, *content, grant.clone())));
    }
    Ok(notes)
}

/// What there is to say of one.
#[derive(Debug, Clone, Copy)]
enum Message<'a> {
    Missing,
    Unread(&'a Error),
}

impl Message<'_> {
    fn note(self, scope: &ResourceId, content: Content, because: IntentId) -> Note {
        let (what, holder) = content.is();
        let typed = scope.typed();
        let parent = typed.as_ref().and_then(|(_, names)| names.first().copied()).unwrap_or_default();
        let name = scope.name();
        match self {
            Self::Missing => Note::warning(
                because,
                format!(
                    "there is no {what} `{name}` in the {holder} {parent}: the role is given on that name, and reaches whatever \
                     is made under it; check the name"
                ),
            ),
            Self::Unread(error) => Note::info(
                because,
                format!(
                    "whether the {what} `{name}` is in the {holder} {parent} couldn't be read ({} {})",
                    content.permission(),
                    if error.kind() == ErrorKind::AccessDenied { "is denied" } else { "fails" },
                ),
            ),
        }
    }
}

/// It is worth a note, and no reason for a plan to fail.
fn is_no_answer(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::AccessDenied | ErrorKind::NotFound | ErrorKind::Unexpected | ErrorKind::Unsupported
    )
}
