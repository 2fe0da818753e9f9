//! Whether the containers and secrets on which roles are assigned are there: Azure assigns a role on a name that is mistyped, too, and
//! lists it where what it is on was deleted, and task code finds nothing.
//!
//! A repository of a registry is known to the registry's own API alone, which the deployer needs no rights on: its name
//! goes unchecked.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{Broken, Desired, Diagnostic, Error, ErrorKind, IntentId, Note, ObjectId, Observed, Result};
use futures_util::future::{join_all, try_join_all};

use crate::client::Arm;
use crate::client::Presence;
use crate::client::arm::{READ_CONTAINER, READ_SECRET};
use crate::inventory::cache::Inventory;
use crate::inventory::lookups::absence;
use crate::inventory::snapshot::Snapshot;
use crate::names::resource_id::{ResourceId, is_within};
use crate::objects::role_assignment::{self, RoleAssignment};

/// What is in a storage account or a key vault, or is a resource by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    Container,
    Secret,
    /// Asked for only where somebody looks again.
    Other,
}

impl Content {
    /// None for registries: they are looked up by a list of all.
    fn of(id: &ResourceId) -> Option<Self> {
        let Some((kind, _)) = id.typed() else { return Some(Self::Other) };
        if kind.eq_ignore_ascii_case("Microsoft.Storage/storageAccounts/blobServices/containers") {
            Some(Self::Container)
        } else if kind.eq_ignore_ascii_case("Microsoft.KeyVault/vaults/secrets") {
            Some(Self::Secret)
        } else {
            (!kind.eq_ignore_ascii_case("Microsoft.ContainerRegistry/registries")).then_some(Self::Other)
        }
    }

    fn permission(self) -> &'static str {
        match self {
            Self::Container => READ_CONTAINER,
            Self::Secret => READ_SECRET,
            Self::Other => "Microsoft.Authorization/permissions/read",
        }
    }

    /// Which one, for people: `container inputs`.
    fn named(self, scope: &ResourceId) -> String {
        match self {
            Self::Container => format!("container `{}`", scope.name()),
            Self::Secret => format!("secret `{}`", scope.name()),
            Self::Other => format!("resource `{}`", scope.name()),
        }
    }

    /// Where it is.
    fn holder(self, scope: &ResourceId) -> String {
        let typed = scope.typed();
        let parent = typed.as_ref().and_then(|(_, names)| names.first().copied()).unwrap_or_default();
        match self {
            Self::Container => format!("storage account {parent}"),
            Self::Secret => format!("key vault {parent}"),
            Self::Other => format!("subscription {}", scope.subscription()),
        }
    }

    async fn look(self, client: &Arm, snapshot: &Snapshot, scope: &ResourceId) -> Result<Presence> {
        match self {
            Self::Container => client.container(scope).await,
            Self::Secret => client.secret(scope).await,
            Self::Other => match snapshot.permissions(scope.as_str()).await {
                Ok(_) => Ok(Presence::There),
                Err(error) if absence::is_told_by(&error) => Ok(Presence::Missing),
                Err(error) => Err(error),
            },
        }
    }
}

/// What roles are assigned on.
#[derive(Debug)]
struct Asked {
    content: Content,
    /// For whom a role is new on it.
    new: BTreeSet<IntentId>,
    /// The roles that are there as they are wanted, and for whom.
    there: BTreeSet<ObjectId>,
    has: BTreeSet<IntentId>,
}

/// Warns of each that isn't there, once for each grant that is of it, and remembers the accounts and vaults that aren't there
/// either. It costs a request for each that is new to the stack and to this run, of several containers of an account one for all, and nothing where none is: neither for another level on
/// what the stack has roles on, nor for what this run takes away. Whoever [looks again](cloudgrant_core::Backend::look_again) asks for all of them: what is granted already on one
/// that is gone is told as what doesn't work.
pub(crate) async fn read(
    client: &Arm,
    inventory: &Inventory,
    desired: &Desired,
    snapshot: &Snapshot,
    observed: &Observed,
) -> Result<Read> {
    let looks_again = inventory.looks_again();
    let mut all: BTreeMap<ResourceId, Asked> = BTreeMap::new();
    let unusable = snapshot.unusable().of_assignments();
    let is_unusable = |scope: &str| unusable.keys().any(|id| is_within(scope, id));
    let mut seen = inventory.contents.lock().await;
    if !looks_again {
        let roles = observed.objects.iter().filter(|(id, found)| id.kind == role_assignment::KIND && found.owned);
        for (_, found) in roles {
            seen.insert(RoleAssignment::of(&found.attributes)?.scope_id()?, Presence::There);
        }
    }
    for assignment in role_assignment::among(&desired.objects) {
        let (object, assignment) = assignment?;
        let scope = assignment.scope_id()?;
        let Some(content) = Content::of(&scope).filter(|_| !is_unusable(scope.as_str())) else { continue };
        let is_there = observed.objects.contains_key(&object.id);
        if is_there && !looks_again {
            seen.insert(scope, Presence::There);
            continue;
        }
        if !is_there && content == Content::Other {
            continue;
        }
        let new = || Asked { content, new: BTreeSet::new(), there: BTreeSet::new(), has: BTreeSet::new() };
        let asked = all.entry(scope).or_insert_with(new);
        let because = object.because.iter().filter(|intent| !matches!(intent, IntentId::Binding(_))).cloned();
        if is_there {
            asked.there.insert(object.id.clone());
            asked.has.extend(because);
        } else {
            asked.new.extend(because);
        }
    }
    let mut asked: BTreeMap<_, _> = all.iter().map(|(scope, asked)| (scope.clone(), asked.content)).collect();
    asked.retain(|scope, _| looks_again || !seen.contains_key(scope));
    for container in listed(client, &asked).await? {
        asked.remove(&container);
        seen.insert(container, Presence::There);
    }
    let look = |(scope, content): (ResourceId, Content)| async move {
        let presence = content.look(client, snapshot, &scope).await;
        (scope, presence)
    };
    // How many are asked for at a time, the client knows.
    let looked = join_all(asked.into_iter().map(look)).await;
    let (mut unread, mut holders) = (BTreeMap::new(), BTreeMap::new());
    for (scope, presence) in looked {
        match presence {
            // Nothing can be made there until it is, which is said of all that is in it; the next plan looks again.
            Ok(Presence::HolderMissing) => {
                let Some((holder, why)) = absence::of_scope(&scope) else { continue };
                snapshot.is_absent(&holder, why.clone());
                holders.insert(scope, why);
            }
            Ok(presence) => _ = seen.insert(scope, presence),
            Err(error) if is_no_answer(&error) => _ = unread.insert(scope, error),
            Err(error) => return Err(error),
        }
    }
    let mut read = Read::default();
    for (scope, asked) in &all {
        let missing = match (unread.get(scope), holders.get(scope), seen.get(scope)) {
            (Some(error), ..) => {
                let grants = asked.new.union(&asked.has);
                let notes: Vec<_> = grants.map(|grant| asked.content.unread(scope, error, grant)).collect();
                read.unread.extend(notes.iter().filter(|_| !asked.there.is_empty()).cloned());
                read.notes.extend(notes);
                continue;
            }
            (None, Some(why), _) => Diagnostic::new("", why.message.clone()),
            (None, None, Some(Presence::Missing)) => {
                read.notes.extend(asked.new.iter().map(|grant| asked.content.missing(scope, grant)));
                let (what, holder) = (asked.content.named(scope), asked.content.holder(scope));
                Diagnostic::new("", format!("there is no {what} in the {holder}"))
            }
            (None, None, Some(Presence::There | Presence::HolderMissing) | None) => continue,
        };
        read.broken.extend((!asked.there.is_empty()).then(|| asked.broken(scope, &missing.message)));
    }
    Ok(read)
}

/// Those of several containers of an account that Azure lists, which costs fewer requests than asking for each. Whatever isn't on the
/// pages that were read, or can't be listed, is asked for by itself.
async fn listed(client: &Arm, asked: &BTreeMap<ResourceId, Content>) -> Result<Vec<ResourceId>> {
    let mut of_accounts: BTreeMap<ResourceId, Vec<&ResourceId>> = BTreeMap::new();
    for (scope, _) in asked.iter().filter(|(_, content)| **content == Content::Container) {
        if let Some(account) = scope.outermost() {
            of_accounts.entry(account).or_default().push(scope);
        }
    }
    of_accounts.retain(|_, containers| containers.len() > 1);
    let list = of_accounts.into_iter().map(|(account, containers)| async move {
        let there: BTreeSet<_> = match client.containers(&account, containers.len() - 1).await {
            Ok(there) => there.into_iter().collect(),
            Err(error) if is_no_answer(&error) => BTreeSet::new(),
            Err(error) => return Err(error),
        };
        Ok(containers.into_iter().filter(|container| there.contains(container.name())).cloned().collect::<Vec<_>>())
    });
    Ok(try_join_all(list).await?.concat())
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Read {
    pub(crate) notes: Vec<Note>,
    /// Of the notes, those of what couldn't be read and has roles on it as they are wanted.
    pub(crate) unread: Vec<Note>,
    pub(crate) broken: Vec<Broken>,
}

impl Asked {
    fn broken(&self, scope: &ResourceId, missing: &str) -> Broken {
        let grants: Vec<_> = self.has.iter().map(ToString::to_string).collect();
        let message = format!(
            "{missing}: what is granted on it ({}) gives nothing, until somebody makes one of that name in that place. Make it again if \
             it is missed; if not, take it out of the manifest and apply",
            grants.join(", ")
        );
        Broken { note: Note::warning(self.content.named(scope).replace('`', ""), message), objects: self.there.clone() }
    }
}

impl Content {
    fn missing(self, scope: &ResourceId, because: &IntentId) -> Note {
        let message = format!(
            "there is no {} in the {}: the role is given on that name, and reaches whatever is made under it; check the name",
            self.named(scope),
            self.holder(scope)
        );
        Note::warning(because, message)
    }

    fn unread(self, scope: &ResourceId, error: &Error, because: &IntentId) -> Note {
        let message = format!(
            "whether the {} is in the {} couldn't be read ({} {})",
            self.named(scope),
            self.holder(scope),
            self.permission(),
            if error.kind() == ErrorKind::AccessDenied { "is denied" } else { "fails" },
        );
        Note::info(because, message)
    }
}

/// It is worth a note, and no reason for a plan to fail.
fn is_no_answer(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::AccessDenied
            | ErrorKind::NotFound
            | ErrorKind::Unexpected
            | ErrorKind::Unsupported
            | ErrorKind::WrongAccount
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::loopback::{Loopback, SUBSCRIPTION, json, refusal};
    use crate::tests::connected;

    fn container(account: &str, name: &str) -> ResourceId {
        let group = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/dataplane");
        let account = format!("{group}/providers/Microsoft.Storage/storageAccounts/{account}");
        ResourceId::parse(&format!("{account}/blobServices/default/containers/{name}")).expect("an ID")
    }

    #[tokio::test]
    async fn several_containers_of_an_account_are_asked_for_together_where_they_can_be_listed() {
        for refused in [None, Some((403, "AuthorizationFailed")), Some((404, "ResourceNotFound"))] {
            let cloud = Loopback::start(move |_, _| match refused {
                Some((status, code)) => refusal(status, code),
                None => {
                    json(200, serde_json::json!({ "value": [{ "name": "a" }, { "name": "c" }], "nextLink": "more" }))
                }
            })
            .await;
            let azure = connected("flyte", cloud.config()).await;
            let several = [container("one", "a"), container("one", "b"), container("two", "a")];
            let asked = several.clone().map(|id| (id, Content::Container)).into();
            let there = listed(&azure.client, &asked).await.expect("an answer");
            // What isn't on the pages that two are worth may be on another one, and one alone is asked for as it was.
            assert_eq!(there, if refused.is_none() { vec![several[0].clone()] } else { Vec::new() });
            let paths: Vec<_> = cloud.seen().into_iter().map(|request| request.path).collect();
            let lists =
                paths.iter().filter(|path| path.ends_with("/storageAccounts/one/blobServices/default/containers"));
            assert_eq!(lists.count(), 1, "{paths:?}");
            assert!(!paths.iter().any(|path| path.contains("/storageAccounts/two/")), "{paths:?}");
        }
    }
}
