//! What a seed stands for: a manifest, an edit of it that nobody applies, and the grant that is revoked.

use std::fmt::{self, Write as _};

use super::{Ground, Place};
use crate::random::Random;

/// A grant of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Its name.
    pub name: String,
    /// Its scope, as it is written.
    pub scope: &'static str,
    /// Names of resources, and levels.
    pub access: Vec<(&'static str, &'static str)>,
    /// Whether nothing more than its level is given.
    pub precise: bool,
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let access: Vec<_> = self.access.iter().map(|(resource, level)| format!("{resource}: {level}")).collect();
        let precise = if self.precise { ", precise: true" } else { "" };
        write!(f, "- {{ name: {}, scope: {}{precise}, access: {{ {} }} }}", self.name, self.scope, access.join(", "))
    }
}

/// What is done to a manifest, and not applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Edit {
    /// Nothing.
    Nothing,
    /// A grant has another scope.
    Scope,
    /// A grant gives something else.
    Access,
    /// A grant has another name.
    Name,
    /// A grant is taken out.
    Out,
    /// There is a new grant.
    New,
    /// None; a grant was revoked before, and is still listed.
    Revoked,
}

/// What a renamed grant is called.
pub(super) const RENAMED: &str = "renamed";

/// What a seed stands for.
#[derive(Debug, Clone)]
pub struct Trial {
    /// The seed.
    pub seed: u64,
    /// Where it is played.
    pub place: Place,
    /// The grants that are applied.
    pub had: Vec<Grant>,
    /// The grants of the manifest at the revoke.
    pub has: Vec<Grant>,
    /// What is different in it.
    pub edit: Edit,
    /// The name of the grant that is edited, as it was.
    pub edited: String,
    /// The grant that is revoked.
    pub revoked: String,
}

impl Trial {
    /// What a seed stands for somewhere.
    pub fn of(place: Place, seed: u64) -> Self {
        let ground = place.ground;
        let mut random = Random::new(seed);
        let count = 3 + random.below(3);
        let had: Vec<_> = (1..=count).map(|at| grant(ground, &mut random, format!("g{at}"))).collect();
        let mut has = had.clone();
        let at = random.below(count);
        let edited = had[at].name.clone();
        let edit = *random.pick(&[
            Edit::Nothing,
            Edit::Scope,
            Edit::Scope,
            Edit::Access,
            Edit::Name,
            Edit::Out,
            Edit::New,
            Edit::Revoked,
        ]);
        match edit {
            Edit::Nothing | Edit::Revoked => {}
            Edit::Scope => has[at].scope = *random.pick::<&'static str>(ground.scopes()),
            Edit::Access => has[at] = Grant { scope: had[at].scope, ..grant(ground, &mut random, edited.clone()) },
            Edit::Name => has[at].name = RENAMED.to_owned(),
            Edit::Out => _ = has.remove(at),
            Edit::New => has.push(grant(ground, &mut random, "new".to_owned())),
        }
        let revoked = random.pick(&has).name.clone();
        Self { seed, place, had, has, edit, edited, revoked }
    }

    /// The grants that stay.
    pub fn kept(&self) -> Vec<Grant> {
        self.has.iter().filter(|grant| grant.name != self.revoked).cloned().collect()
    }
}

impl fmt::Display for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, place, had, has, edit, edited, revoked } = self;
        writeln!(f, "BESIDE_EDITS_SEED={seed} {:?}; applied:\n{}", place.delivery, listed(had).trim_end())?;
        match edit {
            Edit::Nothing => writeln!(f, "nothing is edited")?,
            Edit::Revoked => writeln!(f, "revoked before: {edited}")?,
            Edit::New => write!(f, "new, not applied: {}", listed(&has[had.len()..]))?,
            Edit::Out => writeln!(f, "taken out, not applied: {edited}")?,
            Edit::Scope | Edit::Access | Edit::Name => {
                let new: Vec<_> = has.iter().filter(|grant| !had.contains(grant)).cloned().collect();
                write!(f, "edit of {edited}, not applied ({edit:?}): {}", listed(&new))?;
            }
        }
        write!(f, "revoke {revoked}")
    }
}

/// Grants, as a manifest has them.
pub(super) fn listed(grants: &[Grant]) -> String {
    let mut text = String::new();
    for grant in grants {
        _ = writeln!(text, "{grant}");
    }
    text
}

fn grant(ground: &dyn Ground, random: &mut Random, name: String) -> Grant {
    let resources = ground.resources();
    let first = random.below(resources.len());
    let mut chosen = vec![first];
    if random.below(3) == 0 {
        chosen.push((first + 1 + random.below(resources.len() - 1)) % resources.len());
    }
    let access: Vec<_> = chosen.into_iter().map(|at| (resources[at].0, *random.pick(resources[at].1))).collect();
    let scope = *random.pick::<&'static str>(ground.scopes());
    let can_be = ground.has_precise() && access.iter().all(|(resource, _)| *resource != "images");
    let precise = random.below(4) == 0 && can_be;
    Grant { name, scope, access, precise }
}
