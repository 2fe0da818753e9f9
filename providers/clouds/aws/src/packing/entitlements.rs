//! What grants come to for each role, and what the stack's policies give it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cloudgrant_core::{Checked, Entitlement, Entitlements, GrantName, Result, Scope, TaskAccess, parallel};
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
    let scopes: BTreeMap<_, _> = roles.iter().map(|(scope, role)| (role, *scope)).collect();
    let there = There::of(aws, &snapshot, roles.values().chain(&former), &scopes);
    let is_foreign = |(scope, role): &(&&Scope, &Arc<str>)| {
        let found = snapshot.roles.get(&***role).filter(|_| ***scope != Scope::Global);
        found.is_some_and(|found| found.path != *aws.names.path() || whose(&aws.names, &found.tags) != Whose::Ours)
    };
    let foreign: BTreeSet<_> = roles.iter().filter(is_foreign).map(|(_, role)| role).collect();
    let mut permissions = Permissions::default();
    let nobody: Arc<str> = "".into();
    let mut entitlements = Entitlements::default();
    for grant in grants {
        let principals = grant.carried_by.iter().filter_map(|scope| roles.get(scope));
        let meanings: BTreeSet<_> = statements.of(grant).map(|statement| statement.meaning()).collect();
        let name: Arc<str> = grant.name.as_str().into();
        let of_role = |principal: &Arc<str>| {
            let one = |meaning: &Meaning| {
                let is_nameless = there.has_without_sid(principal, meaning);
                let whose = if is_nameless { nobody.clone() } else { name.clone() };
                Entitlement { principal: principal.clone(), permission: permissions.of(*meaning), whose }
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
        let permission = permissions.of(meaning);
        let of = |whose| Entitlement { principal: principal.clone(), permission: permission.clone(), whose };
        let nameless = of(nobody.clone());
        // Where it is there without a name as well, its grant asks for it as that.
        let asks = GrantName::parse(owner).ok().and_then(|name| entitlements.asked.get(&name));
        let is_both = asks.is_some_and(|asked| asked.contains(&nameless));
        entitlements.there.insert(if is_both { nameless } else { of(owner.into()) });
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

/// One text for each permission, however many roles have it.
#[derive(Default)]
struct Permissions(HashMap<Meaning, Arc<[u8]>>);

impl Permissions {
    fn of(&mut self, meaning: Meaning) -> Arc<[u8]> {
        self.0.entry(meaning).or_insert_with(|| meaning.as_slice().into()).clone()
    }
}

/// What the stack's policies say on each role: their statements' meanings, each with the Sids under which it is there.
struct There<'a> {
    roles: BTreeMap<&'a Arc<str>, HashMap<Meaning, BTreeSet<String>>>,
}

impl<'a> There<'a> {
    /// A scope's own policies count also where they aren't on its role: who took them off, or took the role away, revoked nothing.
    fn of(
        aws: &Aws,
        snapshot: &'a Snapshot,
        roles: impl Iterator<Item = &'a Arc<str>>,
        scopes: &BTreeMap<&Arc<str>, &Scope>,
    ) -> Self {
        let numbered = || snapshot.numbers.iter().filter_map(|number| number.checked_sub(1)).filter(|index| *index > 0);
        let own = |role: &Arc<str>| {
            let of_scope = |scope: &&Scope| {
                let arn = |index| aws.names.policy_arn(&aws.names.policy(scope, index));
                std::iter::once(0).chain(numbered()).map(arn).collect::<Vec<_>>()
            };
            scopes.get(role).map(of_scope).unwrap_or_default().into_iter()
        };
        let roles: Vec<_> = roles.collect();
        let attached = |role: &Arc<str>| {
            let attached = snapshot.roles.get(&**role).into_iter().flat_map(|role| role.attached.keys());
            let attached = attached.filter(|arn| is_ours(aws, arn)).map(String::as_str);
            let own = own(role).filter_map(|arn| snapshot.policies.get_key_value(&arn)).map(|(arn, _)| arn.as_str());
            attached.chain(own).collect::<BTreeSet<_>>()
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
