//! Whether what one grant gives is some of what another one gives: on what their roles allow, and on what these are assigned, whatever
//! the levels say.

use cloudgrant_core::{Reach, TaskAccess, matches};

use crate::client::arm::{Mode, Permission, Registry};
use crate::client::host::Host;
use crate::config::Config;
use crate::names::Names;
use crate::resources::built_in_roles::{self, Gives, Verdict};
use crate::resources::known_roles;
use crate::resources::locator::Locator;
use crate::resources::place::Place;
use crate::resources::role_choice::{self, Choice, role_for};

/// Whether two reaches, each of its grant, give something in common. Nothing is asked: where Azure alone could tell, they do.
/// `registries` are those that were read.
pub(crate) fn overlap(
    config: &Config,
    names: &Names,
    registries: &[Registry],
    one: (&TaskAccess, &Reach),
    other: (&TaskAccess, &Reach),
) -> bool {
    let of = |reach, locator| Given::of(config, names, registries, reach, locator);
    let (here, there) = (Locator::of(one.1), Locator::of(other.1));
    let (one, other) = (of(one, here), of(other, there));
    are_nested(here, there) && are_actions_in_common(&one, &other) && is_content_in_common(&one, &other)
}

/// What a reach gives.
#[derive(Debug)]
struct Given<'a> {
    locator: &'a Locator,
    /// What its role allows; none where that isn't known here.
    actions: Option<Vec<Action>>,
    /// Whether a condition narrows the role to the prefix or the repository.
    is_narrowed: bool,
    /// Whether its role can delete the container, and what is in it, whatever a condition says.
    deletes_container: bool,
}

/// A pattern of what a role allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    Control(String),
    Data(String),
}

impl<'a> Given<'a> {
    fn of(
        config: &Config,
        names: &Names,
        registries: &[Registry],
        (grant, reach): (&TaskAccess, &Reach),
        locator: &'a Locator,
    ) -> Self {
        let choice = role_for(config, names, grant, reach, locator);
        let role = match &choice {
            Choice::Named(name) => known_roles::known(name),
            Choice::ReadyMade(role) => Some(*role),
            Choice::Own(_) | Choice::Several(_) | Choice::OfRegistry(_) | Choice::Nothing => None,
        };
        // Keys open everything in an account.
        let is_keys = role.is_some_and(|role| matches!(role.verdict, Verdict::Keys(_)));
        let actions = actions_of(&choice).filter(|_| !is_keys);
        let is_narrowed = match (&choice, locator) {
            (Choice::Named(name), _) => role_choice::can_be_narrowed(name, locator),
            (_, Locator::Registry(registry)) => has_repository_permissions(registries, &registry.registry),
            (_, Locator::Objects(_) | Locator::Secret(_) | Locator::Child(_) | Locator::Resource(_)) => true,
        };
        Self { locator, actions, is_narrowed, deletes_container: role == Some(built_in_roles::BLOB_CONTRIBUTOR) }
    }
}

/// Whether a registry is known to look at roles for repositories, so that a role for one is for no other.
pub(crate) fn has_repository_permissions(known: &[Registry], place: &Place) -> bool {
    let is_it = |registry: &Registry| match place {
        Place::Named(host) => registry.login_server.eq_ignore_ascii_case(&host.text),
        Place::At(id) => registry.id.eq_ignore_ascii_case(id.as_str()),
    };
    known.iter().any(|registry| is_it(registry) && registry.mode == Mode::Repositories)
}

/// What the role of a reach allows; `None` where that isn't known without asking.
pub(crate) fn actions_of(choice: &Choice<'_>) -> Option<Vec<Action>> {
    match choice {
        Choice::Named(name) => known_roles::known(name).map(|role| of_role(role.gives)),
        Choice::ReadyMade(role) => Some(of_role(role.gives)),
        Choice::Several(roles) => Some(roles.iter().flat_map(|role| of_role(role.gives)).collect()),
        Choice::Own(role) => Some(role.data_actions.iter().cloned().map(Action::Data).collect()),
        // Which of the two it is, the registry's own setting says.
        Choice::OfRegistry(roles) => Some(roles.each().into_iter().flat_map(|role| of_role(role.gives)).collect()),
        Choice::Nothing => None,
    }
}

/// Whether a permission set of a role allows something that matches a pattern. What it takes away again counts where that is all of it.
pub(crate) fn allows_some(set: &Permission, action: &Action) -> bool {
    let (patterns, but, action) = match action {
        Action::Control(action) => (&set.actions, &set.not_actions, action),
        Action::Data(action) => (&set.data_actions, &set.not_data_actions, action),
    };
    let folded = action.to_ascii_lowercase();
    let allows = |pattern: &String| have_match_in_common(pattern.to_ascii_lowercase().as_bytes(), folded.as_bytes());
    patterns.iter().any(allows) && !but.iter().any(|but| matches(but, action))
}

fn of_role(gives: Gives) -> Vec<Action> {
    match gives {
        Gives::Control(patterns) => patterns.iter().map(|pattern| Action::Control((*pattern).to_owned())).collect(),
        Gives::Data(patterns) => patterns.iter().map(|pattern| Action::Data((*pattern).to_owned())).collect(),
    }
}

/// Whether there is an action that both allow.
fn are_actions_in_common(one: &Given<'_>, other: &Given<'_>) -> bool {
    let (Some(one), Some(other)) = (&one.actions, &other.actions) else { return true };
    one.iter().any(|one| {
        other.iter().any(|other| match (one, other) {
            (Action::Control(one), Action::Control(other)) | (Action::Data(one), Action::Data(other)) => {
                have_match_in_common(one.to_ascii_lowercase().as_bytes(), other.to_ascii_lowercase().as_bytes())
            }
            (Action::Control(_), Action::Data(_)) | (Action::Data(_), Action::Control(_)) => false,
        })
    })
}

/// Whether two patterns match a text in common: `*` stands for any text.
fn have_match_in_common(one: &[u8], other: &[u8]) -> bool {
    // From the ends: whether what is left of both has one. Patterns are others' too, so that each pair of ends is looked at once.
    let mut below = vec![false; other.len() + 1];
    for here in (0..=one.len()).rev() {
        let mut row = vec![false; other.len() + 1];
        for there in (0..=other.len()).rev() {
            let right = row.get(there + 1).copied().unwrap_or_default();
            row[there] = match (one.get(here), other.get(there)) {
                (None, None) => true,
                // The star ends here, or stands for what is next in the other one as well.
                (Some(b'*'), _) | (_, Some(b'*')) => below[there] || right,
                (Some(a), Some(b)) => a == b && below.get(there + 1).copied().unwrap_or_default(),
                (None, Some(_)) | (Some(_), None) => false,
            };
        }
        below = row;
    }
    below[0]
}

/// Whether two roles on one container or registry, or on what holds it, are for objects or repositories in common.
fn is_content_in_common(one: &Given<'_>, other: &Given<'_>) -> bool {
    let is_narrowed = one.is_narrowed && other.is_narrowed;
    match (one.locator, other.locator) {
        (Locator::Objects(here), Locator::Objects(there)) => {
            let deletes = one.deletes_container && other.deletes_container;
            let prefix =
                |given: &Given<'_>, prefix: &str| if given.is_narrowed { prefix.to_owned() } else { String::new() };
            let (one, other) = (prefix(one, &here.prefix), prefix(other, &there.prefix));
            deletes || one.starts_with(&other) || other.starts_with(&one)
        }
        (Locator::Registry(one), Locator::Registry(other)) if is_narrowed => match (&one.repository, &other.repository)
        {
            (Some(one), Some(other)) => one == other,
            (None, _) | (_, None) => true,
        },
        _ => true,
    }
}

/// What a role is assigned on, as a path: the subscription and the resource group, where they are known, and what comes after them.
#[derive(Debug)]
struct Path<'a> {
    group: Option<Vec<String>>,
    rest: Vec<String>,
    host: Option<&'a Host>,
}

impl<'a> Path<'a> {
    fn of(locator: &'a Locator) -> Self {
        match locator {
            Locator::Objects(objects) => {
                let path = format!("blobServices/default/containers/{}", objects.container);
                Self::in_place(&objects.account, "Microsoft.Storage/storageAccounts", &path)
            }
            Locator::Secret(secret) => {
                Self::in_place(&secret.vault, "Microsoft.KeyVault/vaults", &format!("secrets/{}", secret.name))
            }
            Locator::Registry(registry) => {
                Self::in_place(&registry.registry, "Microsoft.ContainerRegistry/registries", "")
            }
            Locator::Child(child) => Self::in_place(&child.holder, child.kind.holder.resource_type(), &child.path()),
            Locator::Resource(id) => Self::of_id(id.as_str()),
        }
    }

    fn in_place(place: &'a Place, kind: &str, below: &str) -> Self {
        match place {
            Place::At(id) => Self::of_id(&format!("{}/{below}", id.as_str())),
            Place::Named(host) => {
                // A registry's host may have a label behind its name; no other name of these has a dash that says nothing.
                let name = match kind {
                    "Microsoft.ContainerRegistry/registries" => host.name.split('-').next().unwrap_or_default(),
                    _ => &host.name,
                };
                let rest = segments(&format!("providers/{kind}/{name}/{below}"));
                Self { group: None, rest, host: Some(host) }
            }
        }
    }

    fn of_id(id: &str) -> Self {
        let mut group = segments(id);
        let at = group.iter().position(|segment| segment == "providers").unwrap_or(group.len());
        let rest = group.split_off(at);
        Self { group: Some(group), rest, host: None }
    }
}

/// The letters' case says nothing in an ID.
fn segments(path: &str) -> Vec<String> {
    path.split('/').filter(|segment| !segment.is_empty()).map(str::to_ascii_lowercase).collect()
}

/// Whether a role on what one names reaches what the other one does, or the other way round. What is named by its host may be in any
/// group.
fn are_nested(one: &Locator, other: &Locator) -> bool {
    let (one, other) = (Path::of(one), Path::of(other));
    if let (Some(one), Some(other)) = (one.host, other.host)
        && !one.is_same_account(other)
    {
        return false;
    }
    let begin_alike = |one: &[String], other: &[String]| one.iter().zip(other).all(|(one, other)| one == other);
    match (&one.group, &other.group) {
        (Some(group), Some(others)) => {
            begin_alike(&[&group[..], &one.rest].concat(), &[&others[..], &other.rest].concat())
        }
        (None, _) | (_, None) => begin_alike(&one.rest, &other.rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_that_have_an_action_in_common() {
        for (one, other, expected) in [
            ("a/read", "a/read", true),
            ("*/read", "a/b/read", true),
            ("*/read", "a/b/write", false),
            ("*/read", "a/*", true),
            ("*/read", "a/*/write", false),
            ("*", "", true),
            ("a", "", false),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxbyy", false),
            // However many stars somebody writes.
            (&format!("{}z", "*".repeat(60)), &format!("{}y", "*".repeat(60)), false),
            (&format!("{}z", "a*".repeat(60)), &format!("{}z", "*a".repeat(60)), true),
        ] {
            for (one, other) in [(one, other), (other, one)] {
                assert_eq!(have_match_in_common(one.as_bytes(), other.as_bytes()), expected, "{one} {other}");
            }
        }
    }

    #[test]
    fn what_a_role_on_one_place_reaches() {
        const GROUP: &str = "/subscriptions/00000000-0000-0000-0000-00000000000b/resourceGroups/acme";
        const SUBSCRIPTION: &str = "/subscriptions/00000000-0000-0000-0000-00000000000b";
        const OTHER: &str = "/subscriptions/00000000-0000-0000-0000-00000000000b/resourceGroups/other";
        const ACCOUNT: &str = "providers/Microsoft.Storage/storageAccounts/acmedata";
        const REGISTRY: &str = "providers/Microsoft.ContainerRegistry/registries/acmeimages";
        const BLOB: &str = "https://acmedata.blob.core.windows.net/inputs";
        let container = format!("{ACCOUNT}/blobServices/default/containers/inputs");
        let cases = [
            (BLOB.to_owned(), "abfss://inputs@acmedata.dfs.core.windows.net/raw/".to_owned(), true),
            (BLOB.to_owned(), format!("{GROUP}/{container}"), true),
            (BLOB.to_owned(), GROUP.to_owned(), true),
            (BLOB.to_owned(), format!("{GROUP}/{ACCOUNT}"), true),
            (BLOB.to_owned(), format!("{GROUP}/{ACCOUNT}/fileServices/default"), false),
            (BLOB.to_owned(), "https://acmedata.z12.blob.storage.azure.net/inputs".to_owned(), false),
            (format!("{GROUP}/{ACCOUNT}"), "https://acmedata.z12.blob.storage.azure.net/inputs".to_owned(), true),
            (format!("{GROUP}/{container}"), format!("{OTHER}/{container}"), false),
            (format!("{GROUP}/{container}"), OTHER.to_owned(), false),
            (format!("{GROUP}/{container}"), GROUP.to_ascii_lowercase(), true),
            (GROUP.to_owned(), SUBSCRIPTION.to_owned(), true),
            (OTHER.to_owned(), GROUP.to_owned(), false),
            (format!("{GROUP}/{REGISTRY}"), "acmeimages.azurecr.io/team/a".to_owned(), true),
            (format!("{GROUP}/{REGISTRY}"), "acmeimages-a1b2c3.azurecr.io/team/a".to_owned(), true),
            ("acmeimages.azurecr.io/a".to_owned(), "acmeimages-a1b2c3.azurecr.io/a".to_owned(), false),
            (format!("{GROUP}/{REGISTRY}"), BLOB.to_owned(), false),
            (
                "https://acme-vault.vault.azure.net/secrets/token".to_owned(),
                format!("{GROUP}/providers/Microsoft.KeyVault/vaults/Acme-Vault"),
                true,
            ),
        ];
        let parsed = |text: &str| Locator::parse(text).unwrap_or_else(|problem| panic!("{text}: {problem:?}"));
        for (one, other, expected) in &cases {
            for (one, other) in [(one, other), (other, one)] {
                assert_eq!(are_nested(&parsed(one), &parsed(other)), *expected, "{one} {other}");
            }
        }
    }
}
