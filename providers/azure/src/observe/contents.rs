//! Whether the containers and secrets on which roles are newly assigned are there: Azure assigns a role on a name that is
//! mistyped, too, and task code finds nothing.
//!
//! A repository of a registry is known to the registry's own API alone, which the deployer needs no rights on: its name
//! goes unchecked.

use std::collections::BTreeMap;

use cloudgrant_core::{Desired, Error, ErrorKind, IntentId, Note, Observed, Result};
use futures_util::stream::{self, StreamExt};

use crate::Azure;
use crate::arm::{READ_CONTAINER, READ_SECRET};
use crate::kinds;
use crate::resource_id::ResourceId;

/// How many are asked for at a time.
const AT_A_TIME: usize = 8;

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

/// Warns of each that isn't there. It costs a request for each that is new to the stack, and nothing where none is: neither
/// for what this run takes away.
pub(super) async fn add(azure: &Azure, desired: &Desired, observed: &mut Observed) -> Result<()> {
    let mut new: BTreeMap<ResourceId, (Content, IntentId)> = BTreeMap::new();
    let mut seen = azure.contents.lock().await;
    for object in desired.objects.iter().filter(|object| object.id.kind == kinds::ASSIGNMENT) {
        let scope = object.attributes.text("scope").and_then(|scope| ResourceId::parse(&scope).ok());
        let Some(scope) = scope else { continue };
        let Some(content) = Content::of(&scope) else { continue };
        if observed.objects.contains_key(&object.id) {
            seen.insert(scope);
        } else if let (false, Some(because)) = (seen.contains(&scope), object.because.first()) {
            new.entry(scope).or_insert_with(|| (content, because.clone()));
        }
    }
    let look = |(scope, (content, because)): (ResourceId, (Content, IntentId))| async move {
        let is_there = match content {
            Content::Container => azure.arm.has_container(&scope).await,
            Content::Secret => azure.arm.has_secret(&scope).await,
        };
        let note = note(&scope, content, because, is_there);
        (scope, note)
    };
    let looked: Vec<_> = stream::iter(new).map(look).buffered(AT_A_TIME).collect().await;
    for (scope, note) in looked {
        match note? {
            Some(note) => observed.notes.push(note),
            None => _ = seen.insert(scope),
        }
    }
    Ok(())
}

fn note(scope: &ResourceId, content: Content, because: IntentId, is_there: Result<bool>) -> Result<Option<Note>> {
    let (what, holder) = content.is();
    let typed = scope.typed();
    let parent = typed.as_ref().and_then(|(_, names)| names.first().copied()).unwrap_or_default();
    let name = scope.name();
    // Azure has codes of its own for some of them.
    let is_missing = match &is_there {
        Ok(is_there) => !is_there,
        Err(error) => error.kind() == ErrorKind::NotFound,
    };
    if is_missing {
        return Ok(Some(Note::warning(
            because,
            format!(
                "there is no {what} `{name}` in the {holder} {parent}: the role is given on that name, and reaches whatever is \
                 made under it; check the name"
            ),
        )));
    }
    Ok(match is_there {
        Ok(_) => None,
        Err(error) if is_no_answer(&error) => Some(Note::info(
            because,
            format!(
                "whether the {what} `{name}` is in the {holder} {parent} couldn't be read ({} {})",
                content.permission(),
                if error.kind() == ErrorKind::AccessDenied { "is denied" } else { "fails" },
            ),
        )),
        Err(error) => return Err(error),
    })
}

/// It is worth a note, and no reason for a plan to fail.
fn is_no_answer(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::AccessDenied | ErrorKind::Unexpected | ErrorKind::Unsupported)
}
