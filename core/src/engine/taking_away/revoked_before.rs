//! Grants that the manifest lists and of which the cloud has nothing: they were revoked before, or never applied.
//!
//! Whoever revokes another grant takes them for what they are in the cloud: nothing. Held against a manifest that still has
//! them, what they share with the revoked grant would stay, as if they needed it.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::contract::entitlements::{Entitlement, Entitlements};
use crate::contract::error::Result;
use crate::engine::cancel::Cancel;
use crate::engine::watch::Watch;
use crate::engine::{Engine, retry};
use crate::vocabulary::intent::Intents;
use crate::vocabulary::names::GrantName;
use crate::vocabulary::note::Note;

/// The kept intents and the baseline, both without some grants.
pub(in crate::engine) type Relink = dyn Fn(&BTreeSet<GrantName>) -> [Intents; 2] + Send + Sync;

/// What a plan that takes grants away is made of.
pub(in crate::engine) struct Taking {
    /// The kept intents and the baseline; `None` where these are as the manifest has them.
    pub(in crate::engine) without_gone: Option<[Intents; 2]>,
    pub(in crate::engine) note: Option<Note>,
    /// The principals that have something which grants that stay may have had before they were edited.
    pub(in crate::engine) former: BTreeSet<Arc<str>>,
    /// Grants that stay and aren't there as a whole.
    pub(in crate::engine) lacking: Vec<Lacking>,
}

/// A grant that stays and isn't there as a whole: it was edited since the last apply, was never applied, or was revoked before.
#[derive(Debug)]
pub(in crate::engine) struct Lacking {
    pub(in crate::engine) name: GrantName,
    /// Whether it is taken for revoked before.
    pub(in crate::engine) is_gone: bool,
    /// What is there of what it asks for.
    has: BTreeSet<Entitlement>,
    /// Whether all that it asks for is there on some principal: then it only lacks principals, such as one of a new grant's.
    has_each: bool,
    /// Whether a revoked grant has one of its principals.
    is_beside_revoked: bool,
}

impl Lacking {
    /// Whether what is taken from a revoked grant may have been for this one as well.
    pub(super) fn may_lose(&self) -> bool {
        self.is_beside_revoked && !self.has_each
    }

    /// Whether it has something on a principal, and on none but those that go as well.
    pub(super) fn loses(&self, principal: &str, is_going: impl Fn(&str) -> bool) -> bool {
        let is_elsewhere = |one: &Entitlement| {
            self.has.iter().any(|other| other.permission == one.permission && !is_going(&other.principal))
        };
        self.has.iter().any(|one| *one.principal == *principal && !is_elsewhere(one))
    }
}

impl Engine {
    /// What is kept and the baseline, without what was revoked before.
    pub(in crate::engine) async fn less_revoked_before(
        &self,
        baseline: &Intents,
        watch: &dyn Watch,
        cancel: &Cancel,
    ) -> Result<Taking> {
        let mut taking = Taking { without_gone: None, note: None, former: BTreeSet::new(), lacking: Vec::new() };
        let Some(relink) = &self.relink else { return Ok(taking) };
        let kept: BTreeSet<_> = self.intents.grants.iter().map(|grant| &grant.name).collect();
        let (mut all_gone, mut edited) = (BTreeSet::new(), BTreeSet::new());
        let mut before: Option<(Entitlements, BTreeSet<GrantName>)> = None;
        loop {
            let without_gone = taking.without_gone.as_ref().map_or(baseline, |[_, baseline]| baseline);
            let ask = || self.provider.entitlements(&without_gone.grants);
            let entitlements = match retry::reading(&self.settings, watch, cancel, ask).await {
                Ok(Some(entitlements)) => entitlements,
                Ok(None) => return Ok(taking),
                // It may be a grant of something that is gone: then the baseline can't be planned either, and that is told.
                Err(error) if error.kind().is_of_the_intents() => return Ok(taking),
                Err(error) => return Err(error),
            };
            if before.is_none() && all_gone.is_empty() && edited.is_empty() {
                taking.lacking = lacking(&entitlements, &kept);
            }
            let left_over = before.take().map(|(before, gone)| of_orphans(&before, &gone, &entitlements));
            if let Some(left_over) = left_over.filter(|left_over| !left_over.is_empty()) {
                tracing::debug!(grants = ?left_over, "grants were edited, as what only they ask for is there");
                all_gone.retain(|name| !left_over.contains(name));
                edited.extend(left_over);
            } else {
                let mut gone = gone(&entitlements, &kept);
                gone.retain(|name| !edited.contains(name));
                if gone.is_empty() {
                    taking.note = given_by_others(&entitlements, &kept);
                    taking.former = former(&entitlements, &kept);
                    taking.lacking.iter_mut().for_each(|grant| grant.is_gone = all_gone.contains(&grant.name));
                    return Ok(taking);
                }
                tracing::debug!(grants = ?gone, "the manifest lists grants of which the cloud has nothing");
                all_gone.extend(gone.iter().cloned());
                before = Some((entitlements, gone));
            }
            // Without them, others may have fewer principals: those that had them go on theirs alone.
            taking.without_gone = (!all_gone.is_empty()).then(|| {
                let [kept, baseline] = relink(&all_gone);
                [kept.beside_revoked_of(&baseline), baseline]
            });
        }
    }
}

/// Of some grants that seem to be gone, those for which a principal is there that nobody has without them: had they been revoked,
/// it would have gone, too.
fn of_orphans(before: &Entitlements, gone: &BTreeSet<GrantName>, without: &Entitlements) -> BTreeSet<GrantName> {
    let asked: BTreeSet<_> = without.asked.values().flatten().map(|one| &one.principal).collect();
    let there = before.there.iter().map(|one| &one.principal);
    let orphans: BTreeSet<_> = there.filter(|principal| !asked.contains(principal)).collect();
    let is_for_one = |name: &&GrantName| {
        before.asked.get(*name).is_some_and(|asked| asked.iter().any(|one| orphans.contains(&one.principal)))
    };
    gone.iter().filter(is_for_one).cloned().collect()
}

/// The kept grants that aren't there as a whole, and of which nothing is there that the others don't account for: all that
/// there is, is as if these weren't in the manifest.
///
/// Where something is there that no grant of the manifest accounts for, on whatever principal, there are none: it may be what a
/// missing grant had before it was edited. One that was moved to another scope has nothing on the principals that it asks for
/// now.
fn gone(entitlements: &Entitlements, kept: &BTreeSet<&GrantName>) -> BTreeSet<GrantName> {
    let Entitlements { asked, there } = entitlements;
    if unaccounted(entitlements).next().is_some() {
        return BTreeSet::new();
    }
    let is_missing = |name: &GrantName, asked: &BTreeSet<Entitlement>| kept.contains(name) && !asked.is_subset(there);
    let (missing, others): (Vec<_>, Vec<_>) = asked.iter().partition(|(name, asked)| is_missing(name, asked));
    let accounted: BTreeSet<_> = others.into_iter().flat_map(|(_, asked)| asked).collect();
    let unaccounted: BTreeSet<_> =
        there.iter().filter(|one| !accounted.contains(one)).map(|one| &one.principal).collect();
    let is_gone = |(_, asked): &(&GrantName, &BTreeSet<Entitlement>)| {
        !asked.iter().any(|one| unaccounted.contains(&one.principal)) && !has_any(asked, there)
    };
    missing.into_iter().filter(is_gone).map(|(name, _)| name.clone()).collect()
}

/// Whether something that a grant asks for is on all principals on which it asks for that: then it is more than what other
/// grants give to some of these. A grant to which something was added has what it had before.
fn has_any(asked: &BTreeSet<Entitlement>, there: &BTreeSet<Entitlement>) -> bool {
    let missing: BTreeSet<_> = asked.difference(there).map(|one| &one.permission).collect();
    asked.iter().any(|one| !missing.contains(&one.permission))
}

/// What is there and no grant of the manifest asks for.
fn unaccounted(entitlements: &Entitlements) -> impl Iterator<Item = &Entitlement> {
    let asked: BTreeSet<_> = entitlements.asked.values().flatten().collect();
    entitlements.there.iter().filter(move |one| !asked.contains(one))
}

/// The grants that stay and aren't there as a whole.
fn lacking(entitlements: &Entitlements, kept: &BTreeSet<&GrantName>) -> Vec<Lacking> {
    let Entitlements { asked, there } = entitlements;
    let revoked: BTreeSet<_> = asked
        .iter()
        .filter(|(name, _)| !kept.contains(name))
        .flat_map(|(_, asked)| asked.iter().map(|one| &one.principal))
        .collect();
    let lacks = |(name, asked): &(&GrantName, &BTreeSet<Entitlement>)| kept.contains(name) && !asked.is_subset(there);
    let lacking = |(name, asked): (&GrantName, &BTreeSet<Entitlement>)| Lacking {
        name: name.clone(),
        is_gone: false,
        has: asked.intersection(there).cloned().collect(),
        has_each: {
            let has: BTreeSet<_> = asked.intersection(there).map(|one| &one.permission).collect();
            asked.iter().all(|one| has.contains(&one.permission))
        },
        is_beside_revoked: asked.iter().any(|one| revoked.contains(&one.principal)),
    };
    asked.iter().filter(lacks).map(lacking).collect()
}

/// The principals that have something which grants that stay may have had before they were edited: it is there, and no grant of
/// the manifest asks for it. Where only revoked grants lack something, it was theirs.
fn former(entitlements: &Entitlements, kept: &BTreeSet<&GrantName>) -> BTreeSet<Arc<str>> {
    let lacking = entitlements.asked.iter().filter(|(_, asked)| !asked.is_subset(&entitlements.there));
    let (of_kept, of_revoked): (Vec<_>, Vec<_>) = lacking.partition(|(name, _)| kept.contains(name));
    match of_kept.is_empty() && !of_revoked.is_empty() {
        true => BTreeSet::new(),
        false => unaccounted(entitlements).map(|one| one.principal.clone()).collect(),
    }
}

/// Said of what is revoked and stays all the same, as a kept grant that is there asks for the same.
fn given_by_others(entitlements: &Entitlements, kept: &BTreeSet<&GrantName>) -> Option<Note> {
    const NAMED: usize = 3;
    let Entitlements { asked, there } = entitlements;
    let is_kept = |name: &GrantName| kept.contains(name);
    let revoked = asked.iter().filter(|(name, _)| !is_kept(name));
    let given: BTreeSet<_> = revoked.clone().flat_map(|(_, asked)| asked).filter(|one| there.contains(one)).collect();
    let gives = |asked: &BTreeSet<Entitlement>| given.iter().any(|one| asked.contains(*one));
    let givers = asked.iter().filter(|(name, asked)| is_kept(name) && gives(asked));
    let givers: Vec<_> = givers.map(|(name, _)| name.as_str()).collect();
    if givers.is_empty() {
        return None;
    }
    let names: Vec<_> = revoked.map(|(name, _)| name.as_str()).chain(givers.iter().copied()).collect();
    let how = match names.len() {
        0..=6 => format!("`cloudgrant revoke {}`", names.join(" ")),
        _ => "`cloudgrant revoke` with all of their names".to_owned(),
    };
    let more = givers.len().checked_sub(NAMED).filter(|more| *more > 0).map(|more| format!(" and {more} more"));
    let some: Vec<_> = givers.iter().take(NAMED).map(|name| format!("`{name}`")).collect();
    let (grants, ask) = if givers.len() == 1 { ("grant", "asks") } else { ("grants", "ask") };
    let message = format!(
        "what is revoked can still be reached as far as {grants} {}{} {ask} for the same: it goes when all of them are revoked \
         together, with {how} or `cloudgrant revoke --all`",
        some.join(", "),
        more.unwrap_or_default()
    );
    Some(Note::warning("manifest", message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(name: &str) -> GrantName {
        GrantName::parse(name).expect("a name")
    }

    /// `task:data prod:data`
    fn all(text: &str) -> BTreeSet<Entitlement> {
        let one = |text: &str| {
            let (principal, permission) = text.split_once(':').expect("two halves");
            Entitlement { principal: principal.into(), permission: permission.as_bytes().into(), whose: "".into() }
        };
        text.split_whitespace().map(one).collect()
    }

    fn entitlements(asked: &[(&str, &str)], there: &str) -> Entitlements {
        Entitlements {
            asked: asked.iter().map(|(grant, asked)| (name(grant), all(asked))).collect(),
            there: all(there),
        }
    }

    /// Which are gone where `kept` are kept.
    fn gone_of(entitlements: &Entitlements, kept: &[&str]) -> Vec<String> {
        let kept: Vec<_> = kept.iter().map(|kept| name(kept)).collect();
        gone(entitlements, &kept.iter().collect()).iter().map(ToString::to_string).collect()
    }

    const SHARED: [(&str, &str); 4] =
        [("a", "task:a prod:a"), ("b", "task:b prod:b"), ("p", "prod:a"), ("r", "prod:b")];

    #[test]
    fn what_was_revoked_before_is_gone_and_what_others_need_is_not() {
        let whole = entitlements(&SHARED, "task:a task:b prod:a prod:b");
        assert!(gone_of(&whole, &["b", "p", "r"]).is_empty());
        let without_a_and_p = entitlements(&SHARED, "task:b prod:b");
        assert_eq!(gone_of(&without_a_and_p, &["a", "p", "r"]), ["a", "p"]);
        // Something was added to it: what it had before is there, and another one asks for that as well.
        let added = [("mine", "dev:a"), ("theirs", "dev:a dev:b")];
        assert!(gone_of(&entitlements(&added, "dev:a"), &["theirs"]).is_empty());
        // Of `b`, only what `r` gives is there.
        let only_r = entitlements(&SHARED, "prod:b");
        assert_eq!(gone_of(&only_r, &["a", "p", "b"]), ["a", "b", "p"]);
    }

    #[test]
    fn a_grant_that_was_edited_is_not_gone() {
        // Nothing accounts for what one role has: it may be the former form of any of them.
        let former = entitlements(&SHARED, "task:old task:b prod:b");
        assert!(gone_of(&former, &["a", "p", "b"]).is_empty());
        // An apply that failed halfway.
        let half = entitlements(&SHARED, "task:b prod:a");
        assert_eq!(gone_of(&half, &["a", "b", "r"]), ["r"]);
    }

    /// It has nothing on the principal that it asks for now, and all that it had is on another one.
    #[test]
    fn a_grant_that_was_moved_is_not_gone() {
        let moved = entitlements(&[("a", "prod:a"), ("b", "task:b prod:b")], "prod:a dev:b");
        assert!(gone_of(&moved, &["b"]).is_empty());
        let former = |kept: &[&str]| {
            let kept: Vec<_> = kept.iter().map(|kept| name(kept)).collect();
            former(&moved, &kept.iter().collect()).iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(former(&["b"]), ["dev"]);
        // What is revoked itself was moved.
        assert!(former(&["a"]).is_empty());
    }

    /// What is global is given on a domain's principal as long as something else needs that.
    #[test]
    fn a_grant_whose_principal_is_there_for_nobody_else_was_edited() {
        let before = entitlements(&[("a", "domain:new"), ("c", "task:all domain:all")], "task:all domain:all");
        let gone = BTreeSet::from([name("a")]);
        let without = entitlements(&[("c", "task:all")], "task:all");
        assert_eq!(of_orphans(&before, &gone, &without), gone);
        let still_needed = entitlements(&[("c", "task:all domain:all")], "task:all domain:all");
        assert!(of_orphans(&before, &gone, &still_needed).is_empty());
    }

    #[test]
    fn a_kept_grant_that_gives_the_same_is_named() {
        let whole = entitlements(&SHARED, "task:a task:b prod:a prod:b");
        let kept = [name("a"), name("p"), name("b")];
        let note = given_by_others(&whole, &kept.iter().collect()).expect("a note");
        assert!(note.message.contains("as far as grant `b` asks") && note.message.contains("`cloudgrant revoke r b`"));
        let kept = [name("a"), name("p")];
        assert_eq!(given_by_others(&whole, &kept.iter().collect()), None);
    }
}
