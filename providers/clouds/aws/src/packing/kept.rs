//! Policies hold what several grants give. Where some of these are taken away, the others give what they give now, even if the
//! manifest says otherwise by now: that is for `apply` to change.
//!
//! Whose a statement is, its Sid says. In a policy that scopes share it has none: there, what the revoked grants come to and
//! no other grant does goes, and the rest stays. A Sid that names no grant of the manifest is of one that was renamed or taken
//! out: what the revoked grants come to as well goes with them.
//!
//! A policy that is on all roles of a scope is one that it shares. Where its own role isn't there, what is on the others may be shared
//! by narrower scopes alone: what these ask for on each of them, and the scope doesn't, is theirs.
//!
//! A policy that scopes share and of which a scope is granted nothing, and nothing is revoked, is of a wider scope, or of a grant
//! that was edited: it stays where it is, and nothing of it is written anywhere else.
//!
//! What stays and no grant that stays asks for is told ([`Scoped::unasked`]).

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{ObjectId, Result, Scope};
use foldhash::{HashMap, HashMapExt as _, HashSet};

use crate::inventory::lookups::reached::Reached;
use crate::packing::granted::Granted;
use crate::packing::revoked::{Grants, Revoked, is_any_s, is_its};
use crate::packing::scoped::{PackingInput, Scoped};
use crate::packing::there::There;
use crate::policy::statement::Meaning;

/// Has each scope granted what it has now, less what is revoked. Answers with the policies and attachments that were looked at for
/// that: what nothing is granted for any more of these gave what is revoked.
pub(crate) async fn keep(
    input: &PackingInput<'_>,
    scopes: &mut [Scoped<'_>],
    revoked: Grants<'_>,
    of_revoked: impl Future<Output = Result<Reached>>,
) -> Result<BTreeSet<ObjectId>> {
    let PackingInput { names, snapshot, .. } = input;
    let mut there: Vec<_> = scopes.iter().map(|scope| There::of(names, snapshot, scope)).collect();
    let held_against = |there: &[There]| there.iter().flat_map(There::objects).cloned().collect();
    if scopes.iter().zip(&there).all(|(scope, there)| there.is_unedited(scope, revoked)) {
        return Ok(held_against(&there));
    }
    let revoked = Revoked::look_up(input, revoked, of_revoked).await?;
    for (scope, there) in scopes.iter().zip(&mut there) {
        let asked: HashSet<_> = scope.granted.iter().map(|granted| granted.statement.meaning()).collect();
        there.leave_out_policies(|meaning| {
            asked.contains(meaning) || scope.roles.iter().any(|role| revoked.may_ask_on(role, meaning))
        });
    }
    let held_against = held_against(&there);
    let named: Vec<_> = scopes.iter().map(|scope| revoked.named_beside(scope, scopes)).collect();
    let asked_by = AskedBy::of(scopes);
    for (scope, there) in scopes.iter().zip(&mut there).filter(|(_, there)| there.lacks_own_role) {
        let is_others = |role: &str, meaning: &Meaning| {
            asked_by.others(scope.scope, role, meaning) || revoked.asks_on(role, meaning)
        };
        there.leave_out(|meaning| !asked_by.scope(scope.scope, meaning), is_others);
    }
    let all_kept: BTreeSet<_> = scopes.iter().flat_map(|scope| &scope.granted).map(|one| one.intent.clone()).collect();
    for ((scope, there), named) in scopes.iter_mut().zip(there).zip(named) {
        let intents: Vec<_> = scope.granted.iter().map(|granted| granted.intent.clone()).collect();
        let asked: HashSet<_> = scope.granted.iter().map(|granted| granted.statement.meaning()).collect();
        let is_asked = |meaning: &Meaning| asked.contains(meaning) || named.wider.contains(meaning);
        let missing =
            scope.granted.iter().filter(|granted| !there.has(granted, &revoked)).map(|granted| granted.intent.clone());
        scope.unapplied = missing.collect();
        scope.granted.retain(|granted| there.has(granted, &revoked));
        scope.present = scope.granted.iter().map(|granted| granted.intent.clone()).collect();
        let stays: HashSet<_> = scope.granted.iter().map(|granted| granted.statement.meaning()).collect();
        for statement in there.statements {
            let (sid, meaning) = (statement.sid().to_owned(), statement.meaning());
            let sid = sid.as_str();
            let intent = intents.iter().find(|intent| is_its(sid, intent));
            let is_kept = if sid.is_empty() {
                !stays.contains(&meaning) && !named.has(&meaning)
            } else if is_any_s(sid, revoked.grants) {
                false
            } else if intent.is_some() {
                !stays.contains(&meaning)
            } else if all_kept.iter().any(|intent| is_its(sid, intent)) {
                // Its grant was moved.
                true
            } else {
                // Its grant was renamed or taken out: nobody asks for it but what is revoked.
                !stays.contains(&meaning) && (is_asked(&meaning) || !named.revoked.contains(&meaning))
            };
            // What names none of the scope's grants is any one's.
            let Some(intent) = intent.or(intents.first()).filter(|_| is_kept).cloned() else { continue };
            // Sharing would take the names away.
            scope.is_apart |= !statement.sid().is_empty();
            // A Sid that names a grant which stays says whose it is: that alone is for `apply`. But what is revoked must not
            // stay given under another's name unless that is told.
            let is_known_s = !sid.is_empty() && all_kept.iter().any(|intent| is_its(sid, intent));
            let gives_revoked = || named.on_its_roles.contains(&meaning) || named.gives_some_of_it(&statement);
            if !is_asked(&meaning) && (!is_known_s || gives_revoked()) {
                scope.unasked.insert(meaning);
            }
            scope.granted.push(Granted { intent, statement });
        }
    }
    Ok(held_against)
}

/// What the grants that stay ask for.
struct AskedBy<'a> {
    by_scope: BTreeMap<&'a Scope, HashSet<Meaning>>,
    /// The scopes that each role carries.
    on_role: HashMap<String, Vec<&'a Scope>>,
}

impl<'a> AskedBy<'a> {
    fn of(scopes: &[Scoped<'a>]) -> Self {
        let (mut by_scope, mut on_role) = (BTreeMap::new(), HashMap::<_, Vec<_>>::new());
        for one in scopes {
            by_scope.insert(one.scope, one.granted.iter().map(|granted| granted.statement.meaning()).collect());
            for role in &one.roles {
                on_role.entry(role.clone()).or_default().push(one.scope);
            }
        }
        Self { by_scope, on_role }
    }

    fn scope(&self, scope: &Scope, meaning: &Meaning) -> bool {
        self.by_scope.get(scope).is_some_and(|asked| asked.contains(meaning))
    }

    /// Whether scopes beside one ask for that on a role.
    fn others(&self, scope: &Scope, role: &str, meaning: &Meaning) -> bool {
        let mut carried = self.on_role.get(role).into_iter().flatten();
        carried.any(|other| *other != scope && self.scope(other, meaning))
    }
}
