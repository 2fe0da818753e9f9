//! Resource ids and scopes, parsed once.
//!
//! Azure Resource Manager compares ids without regard to case and keeps them as they were written; clients mix
//! `resourcegroups` and `resourceGroups`. So an [`Id`] has its text and a key in lower case.

use std::fmt;

/// A resource's id, or a scope. The scope of the whole tenant is `/`, with an empty key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Id {
    text: String,
    key: String,
}

const PROVIDERS: &str = "/providers/";

impl Id {
    /// The scope of the whole tenant.
    pub(crate) fn root() -> Self {
        Self { text: "/".to_owned(), key: String::new() }
    }

    /// Reads an id: slashes at the end don't count, one at the start may be missing (as in the ids that clients put into
    /// a path), and empty segments are no id.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let inner = text.trim_matches('/');
        if inner.is_empty() {
            return Some(Self::root());
        }
        if inner.split('/').any(str::is_empty) {
            return None;
        }
        let text = format!("/{inner}");
        let key = folded(&text);
        let id = Self { text, key };
        id.is_well_formed().then_some(id)
    }

    /// A subscription's id.
    pub(crate) fn subscription_of(subscription: &str) -> Self {
        Self::join("", &format!("/subscriptions/{subscription}"))
    }

    /// A resource group's id.
    pub(crate) fn group_of(subscription: &str, group: &str) -> Self {
        Self::join("", &format!("/subscriptions/{subscription}/resourceGroups/{group}"))
    }

    /// An id below this one; `more` starts with a slash.
    pub(crate) fn child(&self, more: &str) -> Self {
        Self::join(if self.is_root() { "" } else { &self.text }, more)
    }

    fn join(before: &str, after: &str) -> Self {
        let text = format!("{before}{after}");
        let key = folded(&text);
        Self { text, key }
    }

    fn is_well_formed(&self) -> bool {
        let mut segments = self.key.split('/').skip(1).peekable();
        if segments.next_if_eq(&"subscriptions").is_some() {
            if segments.next().is_none() {
                return false;
            }
            if segments.next_if_eq(&"resourcegroups").is_some() && segments.next().is_none() {
                return false;
            }
        }
        // What follows are providers, each with a namespace and pairs of type and name.
        let rest: Vec<_> = segments.collect();
        rest.is_empty() || rest[0] == "providers" && rest.len() % 2 == 0
    }

    /// As it was written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// In lower case, to compare and to look up.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// Whether this is the whole tenant.
    pub(crate) fn is_root(&self) -> bool {
        self.key.is_empty()
    }

    /// The last segment.
    pub(crate) fn name(&self) -> &str {
        self.text.rsplit('/').next().unwrap_or_default()
    }

    /// The subscription, as it was written.
    pub(crate) fn subscription(&self) -> Option<&str> {
        self.segment("/subscriptions/", 0)
    }

    /// The resource group, as it was written.
    pub(crate) fn group(&self) -> Option<&str> {
        self.subscription()?;
        let mut segments = self.text.split('/').skip(3);
        segments.next().filter(|word| word.eq_ignore_ascii_case("resourceGroups"))?;
        segments.next()
    }

    fn segment(&self, prefix: &str, at: usize) -> Option<&str> {
        self.key.strip_prefix(prefix)?;
        self.text.get(prefix.len()..)?.split('/').nth(at)
    }

    /// What follows the last `/providers/`: namespace and pairs of type and name.
    fn provider(&self) -> Option<Vec<&str>> {
        let at = self.key.rfind(PROVIDERS)?;
        // Only ASCII letters are put in lower case, so both texts have the same length.
        let text = self.text.get(at + PROVIDERS.len()..)?;
        Some(text.split('/').collect())
    }

    /// The full type, as in `Microsoft.Storage/storageAccounts/blobServices`.
    pub(crate) fn resource_type(&self) -> Option<String> {
        let segments = self.provider()?;
        let (namespace, rest) = segments.split_first()?;
        let types: Vec<&str> = rest.iter().copied().step_by(2).collect();
        Some(format!("{namespace}/{}", types.join("/")))
    }

    /// The outermost resource that this one is a part of: `…/storageAccounts/a` for one of its containers. Extension
    /// resources have none of their own.
    pub(crate) fn top_level(&self) -> Option<Self> {
        let at = self.key.find(PROVIDERS)? + PROVIDERS.len();
        let end = at + self.text.get(at..)?.split('/').take(3).map(|segment| segment.len() + 1).sum::<usize>() - 1;
        Self::parse(self.text.get(..end)?)
    }

    /// What it lies in: the resource around a nested one, the group or subscription around others, nothing for those.
    pub(crate) fn parent(&self) -> Option<Self> {
        let segments = self.provider()?;
        let cut = if segments.len() > 3 {
            segments[segments.len() - 2..].iter().map(|segment| segment.len() + 1).sum::<usize>()
        } else {
            self.text.len() - self.key.rfind(PROVIDERS)?
        };
        Self::parse(&self.text[..self.text.len() - cut])
    }

    /// The keys of this scope and of all above it, outermost first. Above a subscription is the tenant's root management
    /// group, which has the tenant's id for a name, and above that the tenant.
    pub(crate) fn lineage(&self, tenant: &str) -> Vec<String> {
        let mut keys = vec![String::new()];
        if self.is_root() {
            return keys;
        }
        let root_group = root_group(tenant);
        if self.key != root_group {
            keys.push(root_group);
        }
        let mut ends = Vec::new();
        let segments: Vec<&str> = self.key.split('/').skip(1).collect();
        let mut at = 0;
        let mut length = 0;
        while at < segments.len() {
            // A provider's first resource has a namespace before its type and name.
            let take = if segments[at] == "providers" { 4 } else { 2 };
            length += segments[at..].iter().take(take).map(|segment| segment.len() + 1).sum::<usize>();
            at += take;
            ends.push(length);
        }
        keys.extend(ends.into_iter().filter_map(|end| self.key.get(..end)).map(str::to_owned));
        keys
    }

    /// Whether this is `other` or lies below it.
    pub(crate) fn is_within(&self, other: &Self) -> bool {
        self.key.strip_prefix(other.key.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// Names of resource groups may have letters of any script, whose case says nothing either.
pub(crate) fn folded(text: &str) -> String {
    text.chars()
        .map(|c| {
            let mut lower = c.to_lowercase();
            lower.next().filter(|_| lower.next().is_none()).unwrap_or(c)
        })
        .collect()
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The key of a tenant's root management group.
pub(crate) fn root_group(tenant: &str) -> String {
    format!("/providers/microsoft.management/managementgroups/{}", tenant.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTAINER: &str = "/subscriptions/S/resourcegroups/G/providers/Microsoft.Storage/storageAccounts/a/blobServices/default/containers/Inputs";

    fn id(text: &str) -> Id {
        Id::parse(text).expect("an id")
    }

    #[test]
    fn takes_ids_apart() {
        let container = id(CONTAINER);
        assert_eq!((container.subscription(), container.group(), container.name()), (Some("S"), Some("G"), "Inputs"));
        assert_eq!(
            container.resource_type().as_deref(),
            Some("Microsoft.Storage/storageAccounts/blobServices/containers")
        );
        let top = container.top_level().expect("an account");
        assert!(top.text().ends_with("/storageAccounts/a"), "{top}");
        assert!(container.parent().expect("a parent").text().ends_with("/blobServices/default"));
        assert_eq!(top.parent().expect("a parent").text(), "/subscriptions/S/resourcegroups/G");
        assert_eq!(id("/subscriptions/S/").text(), "/subscriptions/S");
        assert_eq!(id("subscriptions/S").key(), "/subscriptions/s");
    }

    #[test]
    fn lineage_goes_from_the_tenant_down() {
        let keys = id(CONTAINER).lineage("T");
        assert_eq!(keys.len(), 7);
        assert_eq!((keys[0].as_str(), keys[2].as_str()), ("", "/subscriptions/s"));
        assert_eq!(keys[1], "/providers/microsoft.management/managementgroups/t");
        assert!(keys[4].ends_with("/storageaccounts/a") && keys[6].ends_with("/containers/inputs"), "{keys:?}");
        assert_eq!(Id::root().lineage("T"), [""]);
    }

    #[test]
    fn names_that_begin_alike_are_apart() {
        assert!(id("/subscriptions/s/resourceGroups/ab").is_within(&id("/subscriptions/S")));
        assert!(!id("/subscriptions/s/resourceGroups/ab").is_within(&id("/subscriptions/s/resourceGroups/a")));
        assert!(id("/subscriptions/s").is_within(&Id::root()));
    }

    #[test]
    fn nonsense_is_no_id() {
        for text in [
            "/subscriptions",
            "/subscriptions/s/resourceGroups",
            "/subscriptions//x",
            "/x/y",
            "/subscriptions/s/providers/n/t",
        ] {
            assert_eq!(Id::parse(text), None, "{text}");
        }
    }
}
