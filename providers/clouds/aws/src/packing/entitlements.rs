//! What grants come to for each role, and what the stack's policies give it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cloudgrant_core::{Checked, Entitlement, Entitlements, Result, Scope, TaskAccess, parallel};
use foldhash::HashMap;

use crate::Aws;
use crate::inventory::snapshot::{Role, Snapshot};
use crate::objects::marks::{Whose, whose};
use crate::policy::document;
use crate::policy::sids;
use crate::policy::statement::{Meaning, Statement};
use crate::resources::buckets::Purpose;
use crate::resources::statements::Statements;

pub(crate) async fn of(aws: &Aws, grants: &[Arc<Checked<TaskAccess>>]) -> Result<Entitlements> {
    let (inventory, snapshot) = tokio::try_join!(aws.inventory_for(grants, Purpose::Keeping), aws.snapshot())?;
    let statements = Statements::new(grants.iter().map(|grant| &***grant), aws.config.partition(), &inventory);
    let scopes: BTreeSet<_> = grants.iter().flat_map(|grant| grant.carried_by.iter()).collect();
    let roles: BTreeMap<_, Arc<str>> = scopes.into_iter().map(|scope| (scope, aws.role_of(scope).into())).collect();
    let former = former_roles(aws, &snapshot, &roles.values().map(|role| &**role).collect());
    let there = There::of(aws, &snapshot, roles.values().chain(&former));
    let is_foreign = |(scope, role): &(&&Scope, &Arc<str>)| {
        let found = snapshot.roles.get(&***role).filter(|_| ***scope != Scope::Global);
        found.is_some_and(|found| found.path != *aws.names.path() || whose(&aws.names, &found.tags) != Whose::Ours)
    };
    let foreign: BTreeSet<_> = roles.iter().filter(is_foreign).map(|(_, role)| role).collect();
    let mut permissions = Permissions::default();
    let mut entitlements = Entitlements::default();
    for grant in grants {
        let principals = grant.carried_by.iter().filter_map(|scope| roles.get(scope));
        let meanings: BTreeSet<_> = statements.of(grant).map(|statement| statement.meaning()).collect();
        let of_role = |principal: &Arc<str>| {
            let one = |meaning: &Meaning| {
                let whose = if there.has_without_sid(principal, meaning) { "" } else { grant.name.as_str() };
                let permission = permissions.of(*meaning, whose);
                Entitlement { principal: principal.clone(), permission }
            };
            meanings.iter().map(one).collect::<Vec<_>>()
        };
        let asked: BTreeSet<_> = principals.flat_map(of_role).collect();
        // What is theirs on a role that isn't the stack's can't be told: it isn't taken for revoked.
        entitlements.there.extend(asked.iter().filter(|one| foreign.contains(&one.principal)).cloned());
        entitlements.asked.insert(grant.name.clone(), asked);
    }
    let mut owners: HashMap<&str, &str> = HashMap::default();
    for (principal, meaning, sid) in there.all() {
        let owner = *owners.entry(sid).or_insert_with(|| {
            let owner = grants.iter().find(|grant| sids::is_of(sid, &grant.name));
            owner.map_or(sid, |grant| grant.name.as_str())
        });
        let of = |permission| Entitlement { principal: principal.clone(), permission };
        let (named, nameless) = (of(permissions.of(meaning, owner)), of(permissions.of(meaning, "")));
        // Where it is there without a name as well, its grant asks for it as that.
        let asks = grants
            .iter()
            .find(|grant| grant.name.as_str() == owner)
            .and_then(|grant| entitlements.asked.get(&grant.name));
        let is_both = asks.is_some_and(|asked| asked.contains(&nameless));
        entitlements.there.insert(if is_both { nameless } else { named });
    }
    Ok(entitlements)
}

/// The other roles with policies of the stack's: what these give may be what a grant had before it was moved to another scope.
fn former_roles(aws: &Aws, snapshot: &Snapshot, asked: &BTreeSet<&str>) -> Vec<Arc<str>> {
    let has_ours = |role: &Role| {
        let is_others = role.path == *aws.names.path() && matches!(whose(&aws.names, &role.tags), Whose::Others(_));
        !is_others && role.attached.keys().any(|arn| is_ours(aws, arn))
    };
    let roles = snapshot.roles.iter().filter(|(name, role)| !asked.contains(name.as_str()) && has_ours(role));
    roles.map(|(name, _)| name.as_str().into()).collect()
}

fn is_ours(aws: &Aws, arn: &str) -> bool {
    aws.names.is_policy_of_ours(arn) && !aws.names.is_mark(arn)
}

/// One text for each permission, however many roles have it. A statement whose Sid names a grant is that grant's alone; one
/// without is everybody's who comes to the same.
#[derive(Default)]
struct Permissions(HashMap<(Meaning, String), Arc<[u8]>>);

impl Permissions {
    fn of(&mut self, meaning: Meaning, whose: &str) -> Arc<[u8]> {
        let text = || [meaning.as_slice(), whose.as_bytes()].concat().into();
        self.0.entry((meaning, whose.to_owned())).or_insert_with(text).clone()
    }
}

/// What the stack's policies say on each role: their statements' meanings, each with the Sids under which it is there.
struct There<'a> {
    roles: BTreeMap<&'a Arc<str>, HashMap<Meaning, BTreeSet<String>>>,
}

impl<'a> There<'a> {
    fn of(aws: &Aws, snapshot: &Snapshot, roles: impl Iterator<Item = &'a Arc<str>>) -> Self {
        let roles: Vec<_> = roles.collect();
        let attached = |role: &Arc<str>| {
            let attached = snapshot.roles.get(&**role).into_iter().flat_map(|role| role.attached.keys());
            attached.filter(|arn| is_ours(aws, arn)).collect::<Vec<_>>()
        };
        let policies: BTreeSet<_> = roles.iter().flat_map(|role| attached(role)).collect();
        let policies: Vec<_> =
            policies.into_iter().filter_map(|arn| Some((arn, snapshot.policies.get(arn)?))).collect();
        let policies: HashMap<_, Vec<_>> = parallel::map(policies, |(arn, policy)| {
            let document = policy.document();
            (arn, document::statements(&document).iter().map(Statement::of).collect())
        })
        .into_iter()
        .collect();
        let of_role = |role: &'a Arc<str>| {
            let mut there: HashMap<Meaning, BTreeSet<String>> = HashMap::default();
            for statement in attached(role).into_iter().filter_map(|arn| policies.get(arn)).flatten() {
                there.entry(statement.meaning()).or_default().insert(statement.sid().to_owned());
            }
            (role, there)
        };
        Self { roles: roles.into_iter().map(of_role).collect() }
    }

    fn has_without_sid(&self, role: &Arc<str>, meaning: &Meaning) -> bool {
        let sids = self.roles.get(role).and_then(|there| there.get(meaning));
        sids.is_some_and(|sids| sids.contains(""))
    }

    fn all(&self) -> impl Iterator<Item = (&'a Arc<str>, Meaning, &str)> {
        self.roles.iter().flat_map(|(role, there)| {
            let all = there.iter().flat_map(|(meaning, sids)| sids.iter().map(move |sid| (*meaning, sid.as_str())));
            all.map(move |(meaning, sid)| (*role, meaning, sid))
        })
    }
}
