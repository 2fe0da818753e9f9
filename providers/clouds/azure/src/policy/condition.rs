//! Conditions of role assignments: what narrows a role to prefixes of a container, or to a repository.
//!
//! Source: Azure documentation, "Azure role assignment condition format and syntax" and "Actions and attributes for
//! Azure role assignment conditions for Azure Blob Storage".

mod deed;

use std::collections::{BTreeMap, BTreeSet};

pub(crate) use crate::policy::condition::deed::Deed;

/// The version of the language that conditions are written in.
pub(crate) const VERSION: &str = "2.0";

/// The most bytes that a condition may have (8 KB). Source: Azure documentation, "Troubleshoot Azure role assignment
/// conditions" and "Azure RBAC limits".
pub(crate) const LONGEST: u64 = 8_192;

pub(super) const ATTRIBUTES: &str = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs";

/// How much of a container something is allowed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Extent {
    Whole,
    Prefixes(BTreeSet<String>),
}

/// What a condition of ours says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Says {
    /// Of deeds in a container: each that isn't named is allowed in all of it. And whether folders are named.
    Objects(BTreeMap<Deed, Extent>, bool),
    /// Of repositories, and whether the role writes.
    Repositories(BTreeSet<String>, bool),
}

/// What is allowed in a container, and where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Rules(BTreeMap<Deed, Extent>);

impl Rules {
    /// Allows something on a prefix; the empty one is the whole container.
    pub(crate) fn allow(&mut self, deed: Deed, prefix: &str) {
        let extent = self.0.entry(deed).or_insert_with(|| Extent::Prefixes(BTreeSet::new()));
        match extent {
            Extent::Whole => {}
            _ if prefix.is_empty() => *extent = Extent::Whole,
            // A prefix within another one adds nothing.
            Extent::Prefixes(prefixes) => {
                if !prefixes.iter().any(|known| prefix.starts_with(known.as_str())) {
                    prefixes.retain(|known| !known.starts_with(prefix));
                    prefixes.insert(prefix.to_owned());
                }
            }
        }
    }

    /// The condition under which a role that allows these deeds allows just what the rules do; none where the role
    /// needs no narrowing. With `hierarchical`, the folder that a prefix names belongs to it: a hierarchical namespace (Data
    /// Lake Storage) has the folder as a thing of its own, whose path has no slash at its end, and clients of the dfs endpoint
    /// ask for it when they list it, look whether it is there and make it. Source: Azure documentation, attribute "Blob
    /// path" ("path of a virtual directory, blob, folder or file resource") and "Blob prefix".
    pub(crate) fn condition(&self, role: &[Deed], hierarchical: bool) -> Option<String> {
        let clauses: Vec<_> = role.iter().filter_map(|deed| self.clause(*deed, hierarchical)).collect();
        (!clauses.is_empty()).then(|| clauses.join("\nAND\n"))
    }

    fn clause(&self, deed: Deed, hierarchical: bool) -> Option<String> {
        let others = other_than(deed);
        match self.0.get(&deed) {
            Some(Extent::Whole) => None,
            None => Some(format!("({others})")),
            Some(Extent::Prefixes(prefixes)) if prefixes.is_empty() => Some(format!("({others})")),
            Some(Extent::Prefixes(prefixes)) => {
                // What is listed is asked for by prefix; everything else has a path.
                let attribute = match deed {
                    Deed::List => format!("@Request[{ATTRIBUTES}:prefix]"),
                    Deed::Read | Deed::Write | Deed::Delete => format!("@Resource[{ATTRIBUTES}:path]"),
                };
                let mut within: Vec<_> =
                    prefixes.iter().map(|prefix| format!("{attribute} StringStartsWith '{prefix}'")).collect();
                if hierarchical {
                    let folder =
                        |prefix: &String| format!("{attribute} StringEquals '{}'", prefix.trim_end_matches('/'));
                    within.extend(prefixes.iter().map(folder));
                }
                Some(format!("(({others}) OR ({}))", within.join(" OR ")))
            }
        }
    }
}

impl Says {
    /// Understands what [`Rules::condition`] or [`on_repositories`] wrote, however Azure spaced it since; `None` for any
    /// other condition.
    pub(crate) fn parse(condition: &str) -> Option<Self> {
        let text = canonical(condition);
        let named = texts(&text);
        for writes in [false, true] {
            let repositories = named.iter().cloned().collect();
            if canonical(&on_repositories(&repositories, writes)) == text {
                return Some(Self::Repositories(repositories, writes));
            }
        }
        let (mut extents, mut hierarchical, mut rest) = (BTreeMap::new(), false, text.as_str());
        while !rest.is_empty() {
            let (deed, after) = Deed::ALL.into_iter().find_map(|deed| {
                let others = canonical(&other_than(deed));
                let whole = rest.strip_prefix(&format!("({others})")).map(|after| (deed, (false, after)));
                whole.or_else(|| rest.strip_prefix(&format!("(({others})OR(")).map(|after| (deed, (true, after))))
            })?;
            let (within, mut after) = match after {
                (true, after) => after.split_once("'))").map(|(within, after)| (format!("{within}'"), after))?,
                (false, after) => (String::new(), after),
            };
            hierarchical |= within.contains("]StringEquals'");
            let prefixes = within.split("'OR@").filter_map(|one| one.split_once("]StringStartsWith'"));
            let prefixes = prefixes.map(|(_, prefix)| prefix.trim_end_matches('\'').to_owned()).collect();
            extents.insert(deed, Extent::Prefixes(prefixes));
            if !after.is_empty() {
                after = after.strip_prefix("AND")?;
            }
            rest = after;
        }
        let says = Self::Objects(extents, hierarchical);
        (canonical(&says.condition().unwrap_or_default()) == text).then_some(says)
    }

    /// The condition that says it; none where nothing is narrowed.
    pub(crate) fn condition(&self) -> Option<String> {
        match self {
            Self::Objects(extents, hierarchical) => {
                let deeds: Vec<_> = extents.keys().copied().collect();
                Rules(extents.clone()).condition(&deeds, *hierarchical)
            }
            Self::Repositories(repositories, writes) => Some(on_repositories(repositories, *writes)),
        }
    }
}

/// The texts in a condition, without their quotes, but for those of actions.
fn texts(condition: &str) -> Vec<String> {
    let quoted = condition.split('\'').collect::<Vec<_>>();
    let texts = quoted.iter().enumerate().filter(|(at, _)| at % 2 == 1);
    texts.filter(|(at, _)| !quoted[at - 1].ends_with('{')).map(|(_, text)| (*text).to_owned()).collect()
}

/// Whether a condition lets the folder itself through that a prefix names: it was written for a hierarchical namespace.
pub(crate) fn names_folder(condition: &str, prefix: &str) -> bool {
    canonical(condition).contains(&canonical(&format!("StringEquals '{}'", prefix.trim_end_matches('/'))))
}

/// That an action is not this deed.
pub(super) fn other_than(deed: Deed) -> String {
    let listing = match deed {
        Deed::Read => " AND NOT SubOperationMatches{'Blob.List'}",
        Deed::List => " AND SubOperationMatches{'Blob.List'}",
        Deed::Write | Deed::Delete => "",
    };
    let actions = deed.data_actions();
    let not: Vec<_> = actions.iter().map(|action| format!("!(ActionMatches{{'{action}'}}{listing})")).collect();
    not.join(" AND ")
}

/// The condition under which a role on a registry is for these repositories only. Source: Azure documentation, "Azure
/// attribute-based access control for repository permissions in Azure Container Registry".
pub(crate) fn on_repositories(repositories: &BTreeSet<String>, writes: bool) -> String {
    const REPOSITORIES: &str = "Microsoft.ContainerRegistry/registries/repositories";
    let mut actions = vec!["content/read", "metadata/read"];
    if writes {
        actions.extend(["content/write", "metadata/write"]);
    }
    let not: Vec<_> = actions.iter().map(|action| format!("!(ActionMatches{{'{REPOSITORIES}/{action}'}})")).collect();
    let named: Vec<_> = repositories
        .iter()
        .map(|repository| format!("@Request[{REPOSITORIES}:name] StringEqualsIgnoreCase '{repository}'"))
        .collect();
    format!("(({}) OR ({}))", not.join(" AND "), named.join(" OR "))
}

/// A condition without what says nothing: blanks outside of texts.
pub(crate) fn canonical(condition: &str) -> String {
    let mut canonical = String::with_capacity(condition.len());
    let mut quoted = false;
    for c in condition.trim().chars() {
        if c == '\'' {
            quoted = !quoted;
        }
        if quoted || !c.is_whitespace() {
            canonical.push(c);
        }
    }
    canonical
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::built_in_roles::BLOB_READER;
    use crate::resources::kinds::object_store::{object_role, on_objects};
    use cloudgrant_core::Access;

    fn rules(of: &[(Access, &str)]) -> Rules {
        let mut rules = Rules::default();
        for (access, prefix) in of {
            on_objects(*access).iter().for_each(|deed| rules.allow(*deed, prefix));
        }
        rules
    }

    #[test]
    fn a_whole_container_needs_no_condition() {
        let (role, deeds) = object_role(Access::Read).expect("a level");
        assert_eq!(role, BLOB_READER);
        assert_eq!(rules(&[(Access::Read, "")]).condition(deeds, false), None);
        assert_eq!(rules(&[(Access::Read, "a/"), (Access::Read, "")]).condition(deeds, false), None);
    }

    #[test]
    fn a_prefix_is_for_paths_and_for_listings() {
        let condition = rules(&[(Access::Read, "inputs/")])
            .condition(object_role(Access::Read).expect("a level").1, false)
            .expect("narrowed");
        assert_eq!(condition.matches("StringStartsWith 'inputs/'").count(), 2, "{condition}");
        assert!(condition.contains("blobs:path] StringStartsWith") && condition.contains("blobs:prefix] StringStarts"));
        assert_eq!(condition.matches('(').count(), condition.matches(')').count());
    }

    #[test]
    fn a_folder_is_reachable_where_there_are_folders() {
        let rules = rules(&[(Access::Read, "raw/2026/")]);
        let deeds = object_role(Access::Read).expect("a level").1;
        let condition = rules.condition(deeds, true).expect("narrowed");
        assert!(condition.contains("blobs:path] StringEquals 'raw/2026'"), "{condition}");
        assert!(condition.contains("blobs:prefix] StringEquals 'raw/2026'"), "{condition}");
        assert!(names_folder(&condition, "raw/2026/") && !names_folder(&condition, "raw/"));
        let flat = rules.condition(deeds, false).expect("narrowed");
        assert!(!flat.contains("StringEquals") && !names_folder(&flat, "raw/2026/"));
    }

    #[test]
    fn prefixes_add_up_and_the_wider_wins() {
        let merged =
            rules(&[(Access::Read, "a/b/"), (Access::Read, "a/"), (Access::Read, "a/c/"), (Access::Read, "d/")]);
        assert_eq!(merged, rules(&[(Access::Read, "d/"), (Access::Read, "a/")]));
    }

    #[test]
    fn listing_alone_keeps_the_contents_closed() {
        let condition = rules(&[(Access::List, "")])
            .condition(object_role(Access::List).expect("a level").1, false)
            .expect("narrowed");
        assert!(condition.contains("NOT SubOperationMatches{'Blob.List'}"), "{condition}");
        assert!(!condition.contains("StringStartsWith"), "{condition}");
    }

    #[test]
    fn what_is_written_is_understood() {
        let all = object_role(Access::Manage).expect("a level").1;
        for of in [
            &[(Access::Read, "a/"), (Access::ReadWrite, "b c/"), (Access::List, "")][..],
            &[(Access::List, "")],
            &[(Access::Manage, "AND OR ("), (Access::Write, "x@y/")],
        ] {
            for hierarchical in [false, true] {
                let condition = rules(of).condition(all, hierarchical).expect("narrowed");
                let says = Says::parse(&condition).expect("ours");
                assert_eq!(says.condition().as_deref(), Some(condition.as_str()));
                assert_eq!(Says::parse(&condition.replace("\nAND\n", " AND ").replace(" OR @", "  OR @")), Some(says));
            }
        }
        for writes in [false, true] {
            let repositories = BTreeSet::from(["team/a".to_owned(), "team/b".to_owned()]);
            let condition = on_repositories(&repositories, writes);
            assert_eq!(Says::parse(&condition), Some(Says::Repositories(repositories, writes)));
        }
        for other in ["", "(1 StringEquals 'a')", "((!(ActionMatches{'x'})) OR (@Resource[y] StringStartsWith 'a/'))"] {
            assert_eq!(Says::parse(other).and_then(|says| says.condition()), None, "{other}");
        }
    }

    #[test]
    fn blanks_say_nothing_outside_of_texts() {
        assert_eq!(canonical(" (a  AND\n b) 'x y' "), canonical("( a AND b )'x y'"));
        assert_ne!(canonical("'x y'"), canonical("'xy'"));
    }
}
