//! Packing statements into as few managed policies as hold them.

use std::collections::{BTreeMap, BTreeSet};
use std::iter;

use cloudgrant_core::{IntentId, Scope};
use foldhash::{HashMap, HashMapExt as _, HashSet, HashSetExt as _};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::inventory::snapshot::{Policy as Managed, Snapshot};
use crate::names::Names;
use crate::packing::granted::Granted;
use crate::policy::document::{self, POLICY_SIZE};
use crate::policy::statement::{self, Meaning, Statement};

/// One managed policy of a scope.
#[derive(Debug)]
pub(crate) struct Policy {
    pub(crate) name: String,
    pub(crate) document: Box<RawValue>,
    /// The grants whose statements are in it.
    pub(crate) because: Vec<IntentId>,
    /// The policies that take something over from this one: they come first, so that nobody is without it in between.
    pub(crate) after: Vec<String>,
    /// Whether it gives something that no grant that stays asks for ([`Scoped::unasked`](super::scoped::Scoped::unasked)).
    pub(crate) has_unasked: bool,
}

impl Policy {
    /// What it allows, statement by statement.
    pub(crate) fn gives(&self) -> HashSet<Meaning> {
        statement::meanings(&serde_json::from_str(self.document.get()).unwrap_or_default())
    }
}

/// A statement on its way into a policy, and whose it is.
struct Piece<T = IntentId> {
    intent: T,
    statement: Statement,
    size: usize,
    /// The policy that has it now.
    at: Option<usize>,
}

/// The policies of a scope: one, unless the statements don't fit; as few as hold them, and with as few statements as
/// possible in another one than now. `snapshot` says where they are now, on one of `roles`.
pub(crate) fn policies(
    names: &Names,
    scope: &Scope,
    granted: &[Granted],
    roles: &[String],
    snapshot: &Snapshot,
) -> Vec<Policy> {
    let room = POLICY_SIZE - statement::beside();
    let mut pieces: Vec<_> = distinct(granted).flat_map(|(intent, statement)| split(intent, statement, room)).collect();
    apart(&mut pieces);
    if pieces.is_empty() {
        return Vec::new();
    }
    if pieces.iter().map(|piece| piece.size).sum::<usize>() > room {
        locate(names, scope, roles, snapshot, &mut pieces);
    }
    let bins = packed(&pieces, room);
    let moves = moves(&pieces, &bins);
    let name = |index: usize| names.policy(scope, index);
    bins.iter()
        .map(|(index, places)| {
            let mut because: Vec<_> = places.iter().map(|place| pieces[*place].intent.clone()).collect();
            because.dedup();
            Policy {
                name: name(*index),
                document: statement::document(places.iter().map(|place| pieces[*place].statement.clone())),
                because,
                after: moves.get(index).into_iter().flatten().map(|other| name(*other)).collect(),
                has_unasked: false,
            }
        })
        .collect()
}

/// The documents that hold statements, whoever's they are, and the places of the statements in each. They follow from
/// the statements alone, so that scopes that are granted the same come to the same.
pub(crate) fn documents(statements: &[Statement]) -> Vec<(Box<RawValue>, Vec<usize>)> {
    let room = POLICY_SIZE - statement::beside();
    let statements = statements.iter().cloned().enumerate();
    let pieces: Vec<_> = statements.flat_map(|(place, statement)| split(place, statement, room)).collect();
    let bins = fresh(&pieces, room);
    bins.into_values()
        .map(|places| {
            let mut held: Vec<_> = places.iter().map(|place| pieces[*place].intent).collect();
            held.dedup();
            (statement::document(places.iter().map(|place| pieces[*place].statement.clone())), held)
        })
        .collect()
}

/// Finds out which policy of the scope has which statement now. One that others have and none of its roles is no place of anything.
fn locate(names: &Names, scope: &Scope, roles: &[String], snapshot: &Snapshot, pieces: &mut [Piece]) {
    let roles: Vec<_> = roles.iter().filter_map(|role| snapshot.roles.get(role)).collect();
    let mut places: HashMap<String, usize> = HashMap::new();
    // Numbered from 2 on, with gaps where one was taken away.
    let numbered = snapshot.numbers.iter().filter_map(|number| number.checked_sub(1)).filter(|index| *index > 0);
    for index in iter::once(0).chain(numbered) {
        let arn = names.policy_arn(&names.policy(scope, index));
        let is_on_one = || roles.iter().any(|role| role.attached.contains_key(&arn));
        let is_its = |policy: &&Managed| policy.attachments == 0 || is_on_one();
        let Some(policy) = snapshot.policies.get(&arn).filter(is_its) else { continue };
        for statement in document::statements(&policy.document()) {
            if let Some(sid) = statement["Sid"].as_str() {
                places.insert(sid.to_owned(), index);
            }
        }
    }
    for piece in pieces {
        piece.at = places.get(piece.statement.sid()).copied();
    }
}

/// Which pieces go into which policy.
type Bins = BTreeMap<usize, Vec<usize>>;

fn packed(pieces: &[Piece], room: usize) -> Bins {
    let fewest = fresh(pieces, room);
    // Where nothing has to move for it, what is there stays where it is.
    let staying = staying(pieces, room, usize::MAX);
    if staying.len() <= fewest.len() {
        return staying;
    }
    // Else those that are too many are emptied, if the others have room.
    let squeezed = self::staying(pieces, room, fewest.len());
    if squeezed.len() <= fewest.len() { squeezed } else { fewest }
}

/// The largest first, each where it first fits: within two ninths of the fewest that there can be.
fn fresh<T>(pieces: &[Piece<T>], room: usize) -> Bins {
    let mut order: Vec<_> = (0..pieces.len()).collect();
    order.sort_by_key(|place| std::cmp::Reverse(pieces[*place].size));
    let mut filling = Filling::new(room);
    order.into_iter().for_each(|place| filling.add_anywhere(place, pieces[place].size));
    filling.bins()
}

/// Each where it is, as long as that is one of the first `most` policies and has room; the rest where it first fits.
fn staying(pieces: &[Piece], room: usize, most: usize) -> Bins {
    let mut filling = Filling::new(room);
    let mut homeless = Vec::new();
    for (place, piece) in pieces.iter().enumerate() {
        match piece.at.filter(|at| *at < most) {
            Some(at) if filling.fits(at, piece.size) => filling.add(at, place, piece.size),
            _ => homeless.push(place),
        }
    }
    homeless.sort_by_key(|place| std::cmp::Reverse(pieces[*place].size));
    homeless.into_iter().for_each(|place| filling.add_anywhere(place, pieces[place].size));
    filling.bins()
}

struct Filling {
    room: usize,
    used: BTreeMap<usize, usize>,
    places: Bins,
}

impl Filling {
    fn new(room: usize) -> Self {
        Self { room, used: BTreeMap::new(), places: Bins::new() }
    }

    fn fits(&self, bin: usize, size: usize) -> bool {
        // What is larger than a policy is refused by IAM, whatever one does: let it have one of its own.
        self.used.get(&bin).is_none_or(|used| used + size <= self.room)
    }

    fn add(&mut self, bin: usize, place: usize, size: usize) {
        *self.used.entry(bin).or_default() += size;
        self.places.entry(bin).or_default().push(place);
    }

    fn add_anywhere(&mut self, place: usize, size: usize) {
        let bin = (0..).find(|bin| self.fits(*bin, size)).unwrap_or_default();
        self.add(bin, place, size);
    }

    fn bins(mut self) -> Bins {
        // In the order of the grants, however they came here.
        self.places.values_mut().for_each(|places| places.sort_unstable());
        self.places
    }
}

/// For each policy that loses statements to others, these. No circles: of two that give to each other, one would have to
/// be changed twice.
fn moves(pieces: &[Piece], bins: &Bins) -> BTreeMap<usize, BTreeSet<usize>> {
    let mut moves: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for (to, places) in bins {
        for from in places.iter().filter_map(|place| pieces[*place].at).filter(|from| from != to) {
            if !reaches(&moves, *to, from) {
                moves.entry(from).or_default().insert(*to);
            }
        }
    }
    moves
}

fn reaches(moves: &BTreeMap<usize, BTreeSet<usize>>, from: usize, to: usize) -> bool {
    from == to || moves.get(&from).is_some_and(|next| next.iter().any(|next| reaches(moves, *next, to)))
}

/// The statements of all grants, with Sids that differ: IAM wants them unique within a document, and two names
/// may come to one Sid. What has none stays without one: nobody can tell whose it is.
fn distinct(granted: &[Granted]) -> impl Iterator<Item = (IntentId, Statement)> {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    granted.iter().map(move |granted| {
        let statement = &granted.statement;
        if statement.sid().is_empty() {
            return (granted.intent.clone(), statement.clone());
        }
        let count = seen.entry(statement.sid()).and_modify(|count| *count += 1).or_insert(1);
        let statement = match *count {
            1 => statement.clone(),
            more => statement.named(format!("{}{more}", statement.sid())),
        };
        (granted.intent.clone(), statement)
    })
}

/// Tells parts apart that came to one Sid: what is there in parts already, and what was taken apart just now.
fn apart(pieces: &mut [Piece]) {
    let mut sids: HashSet<&str> = HashSet::new();
    if pieces.iter().map(|piece| piece.statement.sid()).all(|sid| sid.is_empty() || sids.insert(sid)) {
        return;
    }
    let mut seen: HashSet<String> = pieces.iter().map(|piece| piece.statement.sid().to_owned()).collect();
    let mut first: HashSet<String> = HashSet::new();
    for piece in pieces {
        let sid = piece.statement.sid().to_owned();
        if sid.is_empty() || first.insert(sid.clone()) {
            continue;
        }
        let free = (2_usize..).map(|number| format!("{sid}{number}")).find(|sid| seen.insert(sid.clone()));
        let named = piece.statement.named(free.unwrap_or(sid));
        piece.size += named.size().saturating_sub(piece.statement.size());
        piece.statement = named;
    }
}

/// Halves a statement by its resources until each part fits.
fn split<T: Clone>(intent: T, statement: Statement, room: usize) -> Vec<Piece<T>> {
    let size = statement.size();
    // One character is the comma's.
    let whole = |intent, statement| vec![Piece { intent, statement, size: size + 1, at: None }];
    if size < room {
        return whole(intent, statement);
    }
    let value = statement.value();
    let resources = value["Resource"].as_array().map_or(&[][..], Vec::as_slice);
    if resources.len() < 2 {
        return whole(intent, statement);
    }
    let (left, right) = resources.split_at(resources.len() / 2);
    let half = |resources: &[Value], part: &str| {
        let mut half = value.clone();
        half["Resource"] = resources.into();
        let mut half = Statement::of(&half);
        if !statement.sid().is_empty() {
            half = half.named(format!("{}{part}", statement.sid()));
        }
        split(intent.clone(), half, room)
    };
    let mut parts = half(left, "A");
    parts.extend(half(right, "B"));
    parts
}

#[cfg(test)]
mod tests {
    use aws_sdk_iam::types::{AttachedPolicy, ManagedPolicyDetail, PolicyVersion, RoleDetail};
    use cloudgrant_core::{GrantName, Stack};
    use serde_json::json;

    use super::*;
    use crate::config::AccountId;

    fn pieces(sizes: &[(usize, Option<usize>)]) -> Vec<Piece> {
        let intent = IntentId::Grant(GrantName::parse("grant").expect("a name"));
        let piece = |(size, at): &(usize, Option<usize>)| Piece {
            intent: intent.clone(),
            statement: Statement::of(&Value::Null),
            size: *size,
            at: *at,
        };
        sizes.iter().map(piece).collect()
    }

    fn bins(pieces: &[Piece]) -> Vec<(usize, Vec<usize>)> {
        packed(pieces, 10).into_iter().collect()
    }

    #[test]
    fn a_statement_is_found_whatever_the_number_of_its_policy() {
        let stack = Stack::parse("acme").expect("a stack");
        let names = Names::new(stack, "aws", AccountId::parse("111122223333").expect("an account"), None);
        let mut snapshot = Snapshot::default();
        // The first, and one that stayed when those before it were taken away.
        for (index, sid) in [(0, "AllowFirst"), (41, "AllowLast")] {
            let name = names.policy(&Scope::Global, index);
            let document = json!({ "Version": "2012-10-17", "Statement": [{ "Sid": sid, "Effect": "Allow" }] });
            let version = PolicyVersion::builder().is_default_version(true).document(document.to_string()).build();
            let policy =
                ManagedPolicyDetail::builder().arn(names.policy_arn(&name)).policy_name(name).attachment_count(1);
            snapshot.add_policy(policy.path(names.path()).policy_version_list(version).build());
        }
        let mut pieces = pieces(&[(1, None), (1, None), (1, None)]);
        for (piece, sid) in pieces.iter_mut().zip(["AllowLast", "AllowNew", "AllowFirst"]) {
            piece.statement = Statement::of(&json!({ "Sid": sid, "Effect": "Allow" }));
        }
        let roles = ["theirs".to_owned(), "tasks".to_owned()];
        locate(&names, &Scope::Global, &roles, &snapshot, &mut pieces);
        assert!(pieces.iter().all(|piece| piece.at.is_none()), "only others have them");
        let attached = [0, 41].map(|index| names.policy_arn(&names.policy(&Scope::Global, index)));
        let attached = attached.map(|arn| AttachedPolicy::builder().policy_name("it").policy_arn(arn).build());
        let role =
            RoleDetail::builder().role_name("tasks").path("/").set_attached_managed_policies(Some(attached.into()));
        snapshot.add_role(role.build());
        locate(&names, &Scope::Global, &roles, &snapshot, &mut pieces);
        assert_eq!(pieces.iter().map(|piece| piece.at).collect::<Vec<_>>(), [Some(41), None, Some(0)]);
    }

    #[test]
    fn parts_that_come_to_one_sid_are_told_apart() {
        let mut pieces = pieces(&[(1, None); 5]);
        for (piece, sid) in pieces.iter_mut().zip(["ReadA", "ReadA", "ReadA2", "", ""]) {
            piece.statement = Statement::of(&json!({ "Sid": sid, "Effect": "Allow" }));
        }
        apart(&mut pieces);
        let sids: Vec<_> = pieces.iter().map(|piece| piece.statement.sid()).collect();
        assert_eq!(sids, ["ReadA", "ReadA3", "ReadA2", "", ""]);
    }

    #[test]
    fn as_few_as_hold_them() {
        // In the order in which they come, it would take three.
        let pieces = pieces(&[(4, None), (4, None), (6, None), (6, None)]);
        assert_eq!(bins(&pieces), [(0, vec![0, 2]), (1, vec![1, 3])]);
    }

    #[test]
    fn what_is_there_stays_where_it_is() {
        let pieces = pieces(&[(3, Some(1)), (3, Some(0)), (3, Some(0)), (4, None), (3, Some(1))]);
        assert_eq!(bins(&pieces), [(0, vec![1, 2, 3]), (1, vec![0, 4])]);
        assert!(moves(&pieces, &packed(&pieces, 10)).is_empty());
    }

    #[test]
    fn those_that_are_too_many_are_emptied() {
        let pieces = pieces(&[(3, Some(0)), (3, Some(1)), (3, Some(2))]);
        assert_eq!(bins(&pieces), [(0, vec![0, 1, 2])]);
    }

    #[test]
    fn what_gives_waits_for_what_takes() {
        // The second has grown, and has to leave the first.
        let pieces = pieces(&[(6, Some(0)), (6, Some(0)), (3, Some(1))]);
        let packed = packed(&pieces, 10);
        assert_eq!(packed, BTreeMap::from([(0, vec![0]), (1, vec![1, 2])]));
        assert_eq!(moves(&pieces, &packed), BTreeMap::from([(0, BTreeSet::from([1]))]));
    }

    #[test]
    fn no_circles() {
        let pieces = pieces(&[(1, Some(0)), (1, Some(1))]);
        let swapped = BTreeMap::from([(0, vec![1]), (1, vec![0])]);
        let moves = moves(&pieces, &swapped);
        assert_eq!(moves.values().map(BTreeSet::len).sum::<usize>(), 1);
    }
}
