//! A container registry, or one repository of it.

use cloudgrant_core::{Access, Diagnostic, Inexact, RegisteredKind, ResourceKind};

use crate::resources::built_in_roles::{ACR_PULL, ACR_PUSH, REPOSITORY_READER, REPOSITORY_WRITER, Role};
use crate::resources::kinds::inexact::inexact;
use crate::resources::place::Place;
use crate::resources::wrong_locator::wrong;

pub(crate) const REGISTERED: RegisteredKind =
    RegisteredKind::new(ResourceKind::REGISTRY, &[Access::Pull, Access::Push])
        .located_by(&["REGISTRY.azurecr.io/REPOSITORY"]);

/// What roles on a registry give besides their level.
pub(crate) const INEXACT: [Inexact; 2] = [
    inexact(ResourceKind::REGISTRY, Access::Pull, WHOLE_REGISTRY, false),
    inexact(ResourceKind::REGISTRY, Access::Push, WHOLE_REGISTRY, false),
];

const WHOLE_REGISTRY: &str = "reaches every repository of the registry, unless it has repository permissions (ABAC)";

/// The roles for a level on a registry: which of them counts depends on how the registry looks at its roles. Source: Azure
/// documentation, "Azure Container Registry Microsoft Entra permissions and role assignments".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Roles {
    of_registry: Role,
    of_repositories: Role,
}

impl Roles {
    /// `None` for what is no level of a registry.
    pub(crate) fn of(access: Access) -> Option<Self> {
        match access {
            Access::Pull => Some(Self { of_registry: ACR_PULL, of_repositories: REPOSITORY_READER }),
            Access::Push => Some(Self { of_registry: ACR_PUSH, of_repositories: REPOSITORY_WRITER }),
            Access::List | Access::Read | Access::Write | Access::ReadWrite | Access::Manage => None,
        }
    }

    /// The one that counts; `abac` says whether the registry has repository permissions.
    pub(crate) fn where_abac_is(self, abac: bool) -> Role {
        if abac { self.of_repositories } else { self.of_registry }
    }

    /// Both.
    pub(crate) fn each(self) -> [Role; 2] {
        [self.of_repositories, self.of_registry]
    }
}

/// Whether a role is for the repositories of a registry, so that a condition can narrow it to one. Source: as above.
pub(crate) fn is_of_repositories(role: Role) -> bool {
    [REPOSITORY_READER, REPOSITORY_WRITER].contains(&role)
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Registry {
    pub(crate) registry: Place,
    pub(crate) repository: Option<String>,
}

/// Source: Azure documentation, "Naming rules", Microsoft.ContainerRegistry; repositories as the OCI distribution
/// specification has them.
pub(crate) fn registry(text: &str, place: Place, repository: Option<&str>) -> Result<Registry, Diagnostic> {
    let name = place.name();
    // A login server may carry a domain name label: `acme-a1b2c3d4e5f6g7h8.azurecr.io`.
    let (own, label) = name.split_once('-').unwrap_or((name, "x"));
    let is_word = |word: &str| word.chars().all(|c| c.is_ascii_alphanumeric());
    if !(5..=50).contains(&own.len()) || !is_word(own) || label.is_empty() || !is_word(label) {
        let hint = "a registry's name has 5 to 50 letters and digits: REGISTRY.azurecr.io/REPOSITORY";
        return Err(wrong(text, "names no registry", hint));
    }
    if let Some(repository) = repository {
        let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-/".contains(c);
        // Each part begins and ends with a letter or digit: none is empty, nor `..`.
        let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        let is_part = |part: &str| edge(part.chars().next()) && edge(part.chars().last());
        if repository.len() > 256 || !repository.chars().all(fine) || !repository.split('/').all(is_part) {
            let hint = "name one repository, without a tag: lower-case letters, digits and ._-/ between them";
            return Err(wrong(text, "names no repository", hint));
        }
    }
    Ok(Registry { registry: place, repository: repository.map(ToOwned::to_owned) })
}
