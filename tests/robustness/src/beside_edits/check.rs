//! What has to hold of a revoke.

use std::collections::BTreeSet;

use cloudgrant_core::Stays;

use super::access::{Atom, beyond, common};
use super::seen::NAMESPACES;
use super::trial::{Edit, Grant, RENAMED};
use super::world::{Doing, Ran};
use super::{Seen, Trial, World};

/// Plays a trial, and says what is wrong.
pub async fn wrong_with(trial: &Trial) -> Vec<String> {
    let mut wrong = Vec::new();
    if let Err(error) = play(trial, &mut wrong).await {
        wrong.push(format!("FAILED: {error}"));
    }
    wrong
}

async fn play(trial: &Trial, wrong: &mut Vec<String>) -> Result<(), String> {
    let Trial { place, has, revoked, .. } = trial;
    let mut world = World::start(*place).await;
    let begin = world.seen();
    world.run(&trial.had, Doing::Apply).await.map_err(|error| format!("apply: {error}"))?;
    if trial.edit == Edit::Revoked {
        world.run(has, Doing::Revoke(&trial.edited)).await.map_err(|error| format!("revoked before: {error}"))?;
    }
    let before = world.seen();
    let planned = world.plan(has, Doing::Revoke(revoked)).await?;
    let ran = world.run(has, Doing::Revoke(revoked)).await.map_err(|error| format!("revoke: {error}"))?;
    let after = world.seen();
    let kept = World::with(*place, &trial.kept()).await.map_err(|error| format!("kept: {error}"))?.seen();
    let said = format!("exit {}, {}", i32::from(!ran.is_done), told(&ran.plan.stays));
    if (&planned.stays, &planned.changes) != (&ran.plan.stays, &ran.plan.changes) {
        wrong.push(format!("PLANNED: {} and then {said}", told(&planned.stays)));
    }
    let found = judge(trial, [&before, &after, &kept], &ran).await?;
    wrong.extend(found.into_iter().map(|one| format!("{one}\n    {said}")));

    // Once more: what was told to stay is told again as long as it is there.
    let again = world.run(has, Doing::Revoke(revoked)).await.map_err(|error| format!("revoke again: {error}"))?;
    if !again.plan.is_empty() {
        let changes = again.plan.work().map(|change| {
            let [from, to] = [&change.before, &change.after].map(|one| one.as_ref().map(|one| one.value().to_string()));
            format!("{:?} {} from {from:?} to {to:?}", change.action, change.id)
        });
        let changes: Vec<_> = changes.collect();
        wrong.push(format!("AGAIN: the same revoke finds more to do: {}\n    first {said}", changes.join(", ")));
    }
    if again.is_done && !ran.is_done {
        let found = judge(trial, [&after, &world.seen(), &kept], &again).await?;
        wrong.extend(found.into_iter().map(|one| format!("AGAIN {one}\n    first {said}, then exit 0")));
    }

    let all = world.run(has, Doing::RevokeAll).await.map_err(|error| format!("revoke --all: {error}"))?;
    let end = world.seen();
    if !all.is_done {
        wrong.push(format!("ALL: revoke --all ends with 1, {}", told(&all.plan.stays)));
    }
    wrong.extend(left_by_all(&begin, &end));
    Ok(())
}

/// What is wrong with what there was before, after, and would be if only what stays had been applied, as far as nobody is told and no
/// apply makes it good.
async fn judge(trial: &Trial, [before, after, kept]: [&Seen; 3], ran: &Ran) -> Result<Vec<String>, String> {
    let mut found = compare(before, after, kept, ran.is_done);
    if found.iter().any(|one| [LOST, LEFT, OBJECTS, TOLD].iter().any(|what| one.starts_with(what))) {
        let formerly = Formerly::of(trial).await?;
        found = formerly.retain(before, after, kept, found);
        let stays = trial.kept().iter().any(|grant| grant.name == trial.edited);
        if trial.edit == Edit::Scope && stays {
            formerly.retain_moved(&mut found);
        }
    }
    found.retain(|one| !names_what_is_told(one, &ran.plan.stays));
    Ok(found)
}

/// Whether a policy names somebody who is gone in what is told to stay there.
fn names_what_is_told(found: &str, stays: &[Stays]) -> bool {
    let Some(policy) = found.strip_prefix("  GONE: the policy of ").filter(|_| !found.contains("; ")) else {
        return false;
    };
    let of = policy.split(' ').nth(1).unwrap_or_default();
    stays.iter().any(|stays| stays.object.name.contains(&format!("{of}#")))
}

const LEFT: &str = "  LEFT: ";
const LOST: &str = "  LOST: ";
const OBJECTS: &str = "  OBJECTS: ";
const TOLD: &str = "  TOLD: ";

/// What grants had as they were applied.
struct Formerly {
    /// Those that stay, where they weren't revoked before.
    kept: Seen,
    /// The one that is edited.
    edited: Seen,
    /// The one that is revoked.
    revoked: Seen,
}

impl Formerly {
    async fn of(trial: &Trial) -> Result<Self, String> {
        let had = |name: &str| trial.had.iter().find(|grant| grant.name == name).cloned();
        let formerly = |name: &str| match name {
            RENAMED => had(&trial.edited),
            name if trial.edit == Edit::Revoked && name == trial.edited => None,
            name => had(name),
        };
        let kept: Vec<_> = trial.kept().iter().filter_map(|grant| formerly(&grant.name)).collect();
        let kept = World::with(trial.place, &kept).await.map_err(|error| format!("formerly: {error}"))?.seen();
        let alone = async |grant: Option<Grant>| {
            let world = World::with(trial.place, &Vec::from_iter(grant)).await;
            world.map(|world| world.seen()).map_err(|error| format!("alone: {error}"))
        };
        let revoked = if trial.revoked == RENAMED { had(&trial.edited) } else { had(&trial.revoked) };
        Ok(Self { kept, edited: alone(had(&trial.edited)).await?, revoked: alone(revoked).await? })
    }

    /// Of what was found, that which isn't for an apply to make good: what is asked for and only the revoked grant gave, and what the
    /// edited grant alone had. `BESIDE_EDITS_STRICT` has it told as well.
    fn retain(&self, before: &Seen, after: &Seen, kept: &Seen, mut found: Vec<String>) -> Vec<String> {
        let is_strict = std::env::var_os("BESIDE_EDITS_STRICT").is_some();
        let mut for_apply = |begin: String, what: &str| match is_strict {
            true => {
                found.iter_mut().filter(|one| one.starts_with(&begin)).for_each(|one| *one = format!("  ({what}){one}"))
            }
            false => found.retain(|one| !one.starts_with(&begin)),
        };
        for namespace in NAMESPACES {
            let lost = beyond(&common(before.may(namespace), kept.may(namespace)), after.may(namespace));
            let theirs = common(&lost, self.kept.may(namespace));
            if theirs.is_empty() {
                for_apply(format!("{LOST}{namespace} "), "only asked for");
            } else if beyond(&theirs, self.revoked.may(namespace)).is_empty() {
                for_apply(format!("{LOST}{namespace} "), "given by the revoked one as well");
            }
        }
        for (name, principal) in &after.principals {
            let asks = kept.principals.get(name).map(|principal| principal.may.as_slice()).unwrap_or_default();
            let left = beyond(&principal.may, asks);
            let under: Vec<_> =
                NAMESPACES.into_iter().filter(|namespace| after.runs_under(namespace) == name).collect();
            let whose = if under.is_empty() { NAMESPACES.to_vec() } else { under };
            let had_it = |namespace: &&str| beyond(&left, self.edited.may(namespace)).is_empty();
            let revoked_too = |namespace: &&str| !common(&left, self.revoked.may(namespace)).is_empty();
            if whose.iter().any(had_it) && !whose.iter().any(revoked_too) {
                for_apply(format!("{LEFT}{name}:"), "of the edited one");
            }
        }
        found
    }

    /// What a grant that was moved and stays still has, and the revoked one hadn't: a principal, and what the platform is told of it, are
    /// for an apply to take away, and no failure.
    fn retain_moved(&self, found: &mut Vec<String>) {
        let told = |seen: &Seen| seen.told.iter().map(|(namespace, name)| told_of(namespace, name)).collect();
        let is_own = |what: &str, one: &str| {
            let has = |seen: &Seen| match what {
                OBJECTS => seen.objects.contains(one),
                _ => BTreeSet::<String>::contains(&told(seen), one),
            };
            has(&self.edited) && !has(&self.revoked)
        };
        for what in [OBJECTS, TOLD] {
            found.retain_mut(|line| {
                let Some(names) = line.strip_prefix(what) else { return true };
                let others: Vec<_> = names.split("; ").filter(|one| !is_own(what, one)).map(str::to_owned).collect();
                *line = format!("{what}{}", others.join("; "));
                !others.is_empty()
            });
        }
    }
}

fn told_of(namespace: &str, name: &str) -> String {
    format!("{namespace} is told of {name}")
}

fn told(stays: &[Stays]) -> String {
    let stays: Vec<_> = stays.iter().map(|stays| stays.object.to_string()).collect();
    format!("stays: [{}]", stays.join(", "))
}

/// What is wrong with what there was before a revoke, what is there after it, and what would be there if only the grants that stay had
/// been applied.
pub fn compare(before: &Seen, after: &Seen, kept: &Seen, is_done: bool) -> Vec<String> {
    let mut wrong = Vec::new();
    for namespace in NAMESPACES {
        let [had, has, asks] = [before, after, kept].map(|seen| seen.may(namespace));
        let whom = |seen: &Seen| seen.runs_under(namespace).to_owned();
        wrong.extend(some("GIVEN", &format!("{namespace} ({} > {})", whom(before), whom(after)), &beyond(has, had)));
        let lost = beyond(&common(had, asks), has);
        wrong.extend(some("LOST", &format!("{namespace} ({} > {})", whom(before), whom(after)), &lost));
    }
    wrong.extend(named("GONE", &after.gone().difference(&before.gone()).cloned().collect()));
    if !is_done {
        return wrong;
    }
    for (name, principal) in &after.principals {
        let asks = kept.principals.get(name).map(|principal| principal.may.as_slice()).unwrap_or_default();
        wrong.extend(some("LEFT", name, &beyond(&principal.may, asks)));
    }
    wrong.extend(named("OBJECTS", &after.objects.difference(&kept.objects).cloned().collect()));
    // A narrower grant that isn't applied has no principal of its own yet: what was told before may stay in its place.
    let is_asked = |namespace: &str, name: &String| match kept.told.get(namespace) {
        None => false,
        Some(asked) => asked == name || before.told.get(namespace) == Some(name),
    };
    let told = after.told.iter().filter(|(namespace, name)| !is_asked(namespace, name));
    let told = told.map(|(namespace, name)| told_of(namespace, name)).collect();
    wrong.extend(named("TOLD", &told));
    wrong
}

/// What is wrong once everything of a stack was taken away.
pub fn left_by_all(begin: &Seen, end: &Seen) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, principal) in &end.principals {
        let had = begin.principals.get(name).map(|principal| principal.may.as_slice()).unwrap_or_default();
        wrong.extend(some("ALL: left", name, &beyond(&principal.may, had)));
    }
    for (name, principal) in &begin.principals {
        let has = end.principals.get(name).map(|principal| principal.may.as_slice()).unwrap_or_default();
        wrong.extend(some("ALL: lost", name, &beyond(&principal.may, has)));
    }
    wrong.extend(named("ALL: objects", &end.objects));
    wrong.extend(named("ALL: parts", &end.parts));
    wrong.extend(named("ALL: gone", &end.gone()));
    wrong.extend(named("ALL: told", &end.told.keys().cloned().collect()));
    wrong
}

const MOST: usize = 4;

fn some(what: &str, whom: &str, atoms: &[Atom]) -> Option<String> {
    let shown: Vec<_> = atoms.iter().take(MOST).map(|one| format!("\n      {one}")).collect();
    let more = if atoms.len() > MOST { format!("\n      and {} more", atoms.len() - MOST) } else { String::new() };
    (!atoms.is_empty()).then(|| format!("  {what}: {whom}:{}{more}", shown.concat()))
}

fn named(what: &str, names: &BTreeSet<String>) -> Option<String> {
    (!names.is_empty()).then(|| format!("  {what}: {}", names.iter().cloned().collect::<Vec<_>>().join("; ")))
}
