//! Resource IDs of the Resource Manager: `/subscriptions/…/resourceGroups/…/providers/NAMESPACE/TYPE/NAME/…`.
//!
//! Their letters' case says nothing (Azure documentation, "Resource functions, resourceId", and its REST conventions):
//! two that differ only in it are one.

use std::fmt;
use std::hash::{Hash, Hasher};

use crate::config::Guid;

/// The longest scope that a role assignment takes a part of; far more than any real one has, in characters.
const LONGEST: usize = 2_048;

/// A resource ID, with the case in which it was written.
#[derive(Debug, Clone)]
pub(crate) struct ResourceId(String);

impl ResourceId {
    /// Parses the ID of a subscription, a resource group, or a resource.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let segments: Vec<_> = text.strip_prefix('/').ok_or("it doesn't begin with `/`")?.split('/').collect();
        let key = |at: usize, word: &str| segments.get(at).is_some_and(|part| part.eq_ignore_ascii_case(word));
        let fits = |(at, part): (usize, &&str)| match at {
            3 if key(2, "resourceGroups") => is_group_name(part),
            // Storage's own containers: `$web`.
            _ if at > 0 && key(at - 1, "containers") => is_plain(part.strip_prefix('$').unwrap_or(part)),
            // A slash in the name of a queue of Service Bus.
            _ if at > 0 && key(at - 1, "queues") => is_plain(&part.replace('~', "-")),
            _ => is_plain(part),
        };
        if !key(0, "subscriptions") || segments.get(1).is_none_or(|id| id.is_empty()) {
            return Err("it doesn't begin with /subscriptions/ID");
        }
        if segments.get(1).is_none_or(|id| Guid::parse(id).is_err()) {
            return Err(
                "after /subscriptions/ it takes the subscription's ID, a GUID, and not its name (`az account list`)",
            );
        }
        if segments.last().is_some_and(|last| last.is_empty()) {
            return Err("it ends in `/`");
        }
        if segments.contains(&"") {
            return Err("it has two slashes in a row");
        }
        if text.len() > LONGEST {
            return Err("it is longer than any ID");
        }
        if !segments.iter().enumerate().all(fits) {
            return Err("it has characters that no resource's name has");
        }
        let rest = match &segments[2..] {
            [] => return Ok(Self(text.to_owned())),
            [_] if key(2, "resourceGroups") => return Err("the resource group's name is missing"),
            [_, _] if key(2, "resourceGroups") => return Ok(Self(text.to_owned())),
            [_, _, rest @ ..] if key(2, "resourceGroups") => rest,
            rest if key(2, "providers") => rest,
            _ => return Err("after the subscription's ID it takes /resourceGroups/NAME"),
        };
        match rest {
            [providers, _, types @ ..]
                if providers.eq_ignore_ascii_case("providers") && types.len() >= 2 && types.len() % 2 == 0 =>
            {
                Ok(Self(text.to_owned()))
            }
            [providers, ..] if providers.eq_ignore_ascii_case("providers") => {
                Err("each type after the namespace takes a name: /providers/NAMESPACE/TYPE/NAME")
            }
            _ => Err("after the resource group it takes /providers/NAMESPACE/TYPE/NAME"),
        }
    }

    /// A part of this resource, such as a container of a storage account.
    pub(crate) fn child(&self, path: &str) -> Self {
        Self(format!("{}/{path}", self.0))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The subscription's id, in lower case.
    pub(crate) fn subscription(&self) -> String {
        self.0.split('/').nth(2).unwrap_or_default().to_ascii_lowercase()
    }

    pub(crate) fn resource_group(&self) -> Option<&str> {
        let mut parts = self.0.split('/').skip(3);
        parts.next().filter(|word| word.eq_ignore_ascii_case("resourceGroups"))?;
        parts.next()
    }

    /// The last name in it.
    pub(crate) fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// A resource's type and the names in it: `Microsoft.Storage/storageAccounts` and `[acme]`, for a container of it
    /// `Microsoft.Storage/storageAccounts/blobServices/containers` and `[acme, default, inputs]`.
    pub(crate) fn typed(&self) -> Option<(String, Vec<&str>)> {
        let parts: Vec<_> = self.0.split('/').skip(1).collect();
        let at = parts.iter().position(|part| part.eq_ignore_ascii_case("providers"))?;
        let (namespace, rest) = parts.get(at + 1..)?.split_first()?;
        let types: Vec<_> = rest.iter().step_by(2).copied().collect();
        let names = rest.iter().skip(1).step_by(2).copied().collect();
        Some((format!("{namespace}/{}", types.join("/")), names))
    }

    /// Whether the last one of its types is this: `computes`.
    pub(crate) fn is_of_type(&self, last: &str) -> bool {
        self.typed().is_some_and(|(types, _)| types.rsplit('/').next().is_some_and(|it| it.eq_ignore_ascii_case(last)))
    }

    /// The resource that holds this one, or that it is itself: the storage account of a container. None for a group or a
    /// subscription.
    pub(crate) fn outermost(&self) -> Option<Self> {
        let parts: Vec<_> = self.0.split('/').collect();
        let at = parts.iter().position(|part| part.eq_ignore_ascii_case("providers"))?;
        // Its provider's namespace, its type and its name.
        Some(Self(parts.get(..at + 4)?.join("/")))
    }

    /// Short, for people: `acme/inputs` for a container, `acme-vault/labels-token` for a secret, else the whole ID.
    pub(crate) fn short(&self) -> String {
        let Some((kind, names)) = self.typed() else { return self.0.clone() };
        match (kind.to_ascii_lowercase().as_str(), names.as_slice()) {
            ("microsoft.storage/storageaccounts/blobservices/containers", [account, _, container]) => {
                format!("{account}/{container}")
            }
            ("microsoft.keyvault/vaults/secrets", [vault, secret]) => format!("{vault}/{secret}"),
            // Their names are unique in all of Azure.
            (
                "microsoft.storage/storageaccounts"
                | "microsoft.keyvault/vaults"
                | "microsoft.containerregistry/registries",
                [name],
            ) => (*name).to_owned(),
            _ => self.0.clone(),
        }
    }
}

/// Programs take the parts `.` and `..` of a path away before they ask. Source: RFC 3986, section 5.2.4.
pub(crate) fn is_plain(part: &str) -> bool {
    let fine = |c: char| c.is_ascii_alphanumeric() || "-._()".contains(c);
    !part.is_empty() && part.chars().all(fine) && !matches!(part, "." | "..")
}

/// Source: Azure documentation, "Naming rules and restrictions for Azure resources", Microsoft.Resources: letters and digits
/// as `Char.IsLetterOrDigit` has them, of any script. Marks that only combine with others pass here too: no group has any,
/// so that none is found.
pub(crate) fn is_group_name(part: &str) -> bool {
    let fine = |c: char| c.is_alphanumeric() || "-._()".contains(c);
    (1..=90).contains(&part.chars().count()) && !part.ends_with('.') && part.chars().all(fine)
}

/// The small letter of a character, where that is one character and no ASCII letter takes part in it otherwise: so two IDs
/// that are one have as many characters, and one in ASCII is never one with another that isn't.
fn small(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    let mut lower = c.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(small), None) if !small.is_ascii() => small,
        _ => c,
    }
}

/// A name or an ID in the one form that all that are the same have.
pub(crate) fn folded(text: &str) -> String {
    text.chars().map(small).collect()
}

/// Whether two names, or IDs as Azure writes them, are one.
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other) || folded(one) == folded(other)
}

impl PartialEq for ResourceId {
    fn eq(&self, other: &Self) -> bool {
        if self.0.is_ascii() {
            return self.0.eq_ignore_ascii_case(&other.0);
        }
        self.0.chars().map(small).eq(other.0.chars().map(small))
    }
}

impl Eq for ResourceId {}

impl PartialOrd for ResourceId {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ResourceId {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        if self.0.is_ascii() && other.0.is_ascii() {
            let lower = |byte: u8| byte.to_ascii_lowercase();
            return self.0.bytes().map(lower).cmp(other.0.bytes().map(lower));
        }
        self.0.chars().map(small).cmp(other.0.chars().map(small))
    }
}

impl Hash for ResourceId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        if !self.0.is_ascii() {
            return self.0.chars().map(small).for_each(|c| c.hash(state));
        }
        // Piece by piece, without another text of it all.
        for piece in self.0.as_bytes().chunks(64) {
            let mut lower = [0; 64];
            let lower = &mut lower[..piece.len()];
            lower.copy_from_slice(piece);
            lower.make_ascii_lowercase();
            state.write(lower);
        }
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether what has an ID, as Azure writes it, is another one or lies below it.
pub(crate) fn is_within(id: &str, other: &str) -> bool {
    let (id, other) = (folded(id), folded(other));
    id.strip_prefix(other.trim_end_matches('/')).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const SUBSCRIPTION: &str = "/subscriptions/00000000-0000-0000-0000-00000000000b";

    #[test]
    fn ids_that_differ_in_case_are_one() {
        let id = |text: &str| ResourceId::parse(&format!("{SUBSCRIPTION}{text}")).expect("an ID");
        assert_eq!(id("/resourceGroups/acme"), id("/resourcegroups/ACME"));
        assert_eq!(id("/resourceGroups/acme").resource_group(), Some("acme"));
        let long = "a".repeat(90);
        let all = HashSet::from([
            id(&format!("/resourceGroups/{long}")),
            id("/resourceGroups/Beta"),
            id("/resourceGroups/b"),
        ]);
        assert!(
            all.contains(&id(&format!("/RESOURCEGROUPS/{}", long.to_uppercase())))
                && !all.contains(&id("/resourceGroups/a"))
        );
        assert!(
            id("/resourceGroups/acme") < id("/resourceGroups/BETA")
                && id("/resourceGroups/BETA") < id("/resourceGroups/gamma")
        );
        let container = id("/resourceGroups/acme/providers/Microsoft.Storage/storageAccounts/data")
            .child("blobServices/default/containers/inputs");
        assert_eq!(container.short(), "data/inputs");
        assert_eq!(container.name(), "inputs");
    }

    #[test]
    fn groups_have_letters_of_any_script_and_storage_has_containers_of_its_own() {
        let id = |text: &str| ResourceId::parse(&format!("{SUBSCRIPTION}/resourceGroups/{text}"));
        let group = id("Données_機械-1(x).y").expect("a group");
        assert_eq!(group.resource_group(), Some("Données_機械-1(x).y"));
        let all = HashSet::from([group.clone(), id("ÉQUIPE-Ж").expect("a group")]);
        assert!(all.contains(&id("dONNÉES_機械-1(X).Y").expect("the same")));
        assert!(all.contains(&id("équipe-ж").expect("the same")) && !all.contains(&id("equipe-ж").expect("another")));
        // The Kelvin sign's small letter is `k`, but it is no `K`.
        assert_ne!(id("\u{212a}").expect("a group"), id("k").expect("a group"));
        assert!(id("a").expect("a group") < id("é").expect("a group"));
        let service = "acme/providers/Microsoft.Storage/storageAccounts/data/blobServices/default";
        assert!(id(&format!("{service}/containers/$web")).is_ok());
        for bad in [
            format!("{service}/containers/$"),
            format!("{service}/containers/a$web"),
            format!("{service}/queues/$web"),
            "$web".to_owned(),
            "ends.".to_owned(),
            "a b".to_owned(),
            "x".repeat(91),
            "acme/providers/Microsoft.Storage/storageAccounts/données".to_owned(),
        ] {
            assert!(id(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for bad in [
            "",
            "/",
            "subscriptions/00000000-0000-0000-0000-00000000000b",
            "/subscriptions/acme",
            "/subscriptions/00000000-0000-0000-0000-00000000000b/",
            "/subscriptions/00000000-0000-0000-0000-00000000000b/resourceGroups",
            "/subscriptions/00000000-0000-0000-0000-00000000000b/resourceGroups/a/providers/Microsoft.Storage",
            "/subscriptions/00000000-0000-0000-0000-00000000000b/resourceGroups/a/providers/Microsoft.Storage/storageAccounts",
            "/subscriptions/00000000-0000-0000-0000-00000000000b/resourceGroups/a?x=y",
            "/subscriptions/00000000-0000-0000-0000-00000000000b/resourceGroups/a/../b/c",
            "/subscriptions/00000000-0000-0000-0000-00000000000b/resourceGroups/a/providers/Microsoft.Storage/storageAccounts/..",
            "/subscriptions/00000000-0000-0000-0000-00000000000b/resourceGroups/a/providers/Microsoft.Storage/../x",
            "/subscriptions/00000000-0000-0000-0000-00000000000b/resourceGroups/a/providers/./b/c",
            "/subscriptions/00000000-0000-0000-0000-00000000000b/resourceGroups/./providers/Microsoft.Storage/b/c",
        ] {
            assert!(ResourceId::parse(bad).is_err(), "{bad}");
        }
    }
}
