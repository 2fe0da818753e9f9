//! Which scope is above which: what is listed for a subscription is above it, at it, or in it.

use crate::names::resource_id::{ResourceId, folded};

/// How a scope of a list lies to that of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lies {
    Above,
    Same,
    Elsewhere,
}

/// How `at`, a scope from the list of the object's subscription, lies to the object's.
pub(crate) fn lies(at: &str, object: &ResourceId) -> Lies {
    let (at, object) = (folded(at.trim_end_matches('/')), folded(object.as_str()));
    // Management groups and the root are in the lists of the subscriptions beneath them alone.
    let is_above_all = at.is_empty() || at.starts_with("/providers/microsoft.management/managementgroups/");
    if at == object {
        Lies::Same
    } else if is_above_all || object.strip_prefix(&at).is_some_and(|rest| rest.starts_with('/')) {
        Lies::Above
    } else {
        Lies::Elsewhere
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_above_what() {
        let group = "/subscriptions/00000000-0000-0000-0000-00000000000b/resourceGroups/Acme";
        let object = ResourceId::parse(group).expect("an id");
        for (at, expected) in [
            (group.to_uppercase().as_str(), Lies::Same),
            ("/", Lies::Above),
            ("/providers/Microsoft.Management/managementGroups/acme", Lies::Above),
            (&group[..52], Lies::Above),
            (&format!("{group}-2"), Lies::Elsewhere),
            (&group[..group.len() - 1], Lies::Elsewhere),
            (&format!("{group}/providers/Microsoft.KeyVault/vaults/v"), Lies::Elsewhere),
        ] {
            assert_eq!(lies(at, &object), expected, "{at}");
        }
    }
}
