//! One secret of a key vault.
//!
//! Source: Azure documentation, "Azure built-in roles for Security".

use cloudgrant_core::{Access, Diagnostic, RegisteredKind, ResourceKind};

use crate::client::host::Host;
use crate::resources::built_in_roles::{Role, SECRETS_USER};
use crate::resources::place::Place;
use crate::resources::wrong_locator::wrong;

pub(crate) const REGISTERED: RegisteredKind = RegisteredKind::new(ResourceKind::SECRET, &[Access::Read])
    .located_by(&["https://VAULT.vault.azure.net/secrets/NAME"]);

/// The role for a level on a secret; `None` for what is no level of one.
pub(crate) fn role(access: Access) -> Option<Role> {
    match access {
        Access::Read => Some(SECRETS_USER),
        Access::List | Access::Write | Access::ReadWrite | Access::Manage | Access::Pull | Access::Push => None,
    }
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Secret {
    pub(crate) vault: Place,
    pub(crate) name: String,
}

/// Source: Azure documentation, "About keys, secrets, and certificates", object identifiers.
pub(crate) fn secret(text: &str, vault: Host, path: &str) -> Result<Secret, Diagnostic> {
    const HINT: &str = "write https://VAULT.vault.azure.net/secrets/NAME";
    if !(3..=24).contains(&vault.name.len()) {
        return Err(wrong(text, "names no key vault", HINT));
    }
    let parts: Vec<_> = path.trim_end_matches('/').split('/').collect();
    match parts.as_slice() {
        ["secrets", name] => secret_in(text, Place::Named(vault), name),
        ["secrets", _, _version] => Err(wrong(
            text,
            "names one version of a secret",
            "leave the version out: access is granted to a secret with all its versions",
        )),
        ["keys" | "certificates", ..] => Err(wrong(text, "is a key or a certificate, not a secret", HINT)),
        _ => Err(wrong(text, "names no secret", HINT)),
    }
}

pub(crate) fn secret_in(text: &str, vault: Place, name: &str) -> Result<Secret, Diagnostic> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if name.is_empty() || name.len() > 127 || !name.chars().all(word) {
        let hint = "a secret's name has 1 to 127 letters, digits and dashes";
        return Err(wrong(text, "names no secret", hint));
    }
    Ok(Secret { vault, name: name.to_owned() })
}
