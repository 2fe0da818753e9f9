//! The statements of grants.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use cloudgrant_core::{Access, Reach, Resource, TaskAccess, many};
use foldhash::{HashMap, HashSet};
use serde::Serialize;

use crate::actions;
use crate::locator::{Locator, Objects, Repository};
use crate::names::camel;
use crate::partition::Partition;
use crate::secrets::{Key, Resolved, Secrets};
use crate::statement::Statement;

/// The statements that grants come to. What they reach is looked at once: in a large manifest, very many reach the same.
pub(crate) struct Statements<'a>(HashMap<Reached<'a>, Vec<Untitled>>);

impl<'a> Statements<'a> {
    /// `partition` is the data plane's.
    pub(crate) fn new(grants: impl Iterator<Item = &'a TaskAccess>, partition: &str, secrets: &Secrets) -> Self {
        let reached: HashSet<_> = grants.map(|grant| Reached(&grant.reaches)).collect();
        let untitled =
            many::map(reached.into_iter().collect(), |reached| (reached, untitled(reached.0, partition, secrets)));
        Self(untitled.into_iter().collect())
    }

    /// Those of one of the grants, each with a Sid that names the grant.
    pub(crate) fn of(&self, grant: &'a TaskAccess) -> impl Iterator<Item = Statement> {
        let sid = camel(grant.name.as_str());
        let untitled = self.0.get(&Reached(&grant.reaches)).into_iter().flatten();
        untitled.map(move |untitled| untitled.statement.named([&sid, untitled.what].concat()))
    }
}

/// What a grant reaches: the same where it is the same resources, not only such as are alike.
#[derive(Clone, Copy)]
struct Reached<'a>(&'a [Reach]);

impl Reached<'_> {
    fn each(&self) -> impl Iterator<Item = (*const Resource, Access)> {
        self.0.iter().map(|reach| (Arc::as_ptr(&reach.resource), reach.access))
    }
}

impl PartialEq for Reached<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.each().eq(other.each())
    }
}

impl Eq for Reached<'_> {}

impl Hash for Reached<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.each().for_each(|one| one.hash(state));
    }
}

/// A statement before it is known whose it is.
struct Untitled {
    /// The end of its Sid.
    what: &'static str,
    statement: Statement,
}

fn untitled(reaches: &[Reach], partition: &str, secrets: &Secrets) -> Vec<Untitled> {
    let mut builder = Builder { partition, statements: Vec::new() };
    let (mut objects, mut repositories, mut resolved) = (Vec::new(), Vec::new(), Vec::new());
    for reach in reaches {
        // A locator that can't be parsed was refused with the manifest.
        match Locator::parse(&reach.resource.locator) {
            Ok(Locator::Objects(location)) => objects.push((location, reach.access)),
            Ok(Locator::Repository(repository)) => repositories.push((repository, reach.access)),
            Ok(Locator::Secret(secret)) => resolved.extend(secrets.get(&secret)),
            Err(_) => {}
        }
    }
    builder.objects(&objects);
    builder.repositories(&repositories);
    builder.secrets(&resolved);
    builder.statements
}

struct Builder<'a> {
    partition: &'a str,
    statements: Vec<Untitled>,
}

/// What a statement says, in canonical form: lists are sorted.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Allow<'a> {
    effect: &'static str,
    action: &'a [&'a str],
    resource: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    condition: Condition<'a>,
}

/// By the operator and the key.
type Condition<'a> = BTreeMap<&'a str, BTreeMap<&'a str, BTreeSet<String>>>;

impl Builder<'_> {
    /// The actions are sorted, as those of [`actions`] are.
    fn allow(&mut self, what: &'static str, actions: &[&str], mut resource: Vec<String>, condition: Condition<'_>) {
        if actions.is_empty() || resource.is_empty() {
            return;
        }
        resource.sort_unstable();
        resource.dedup();
        let says = Allow { effect: "Allow", action: actions, resource, condition };
        self.statements.push(Untitled { what, statement: Statement::new(String::new(), &says) });
    }

    fn bucket_arn(&self, bucket: &str) -> String {
        format!("arn:{}:s3:::{bucket}", self.partition)
    }

    fn objects_arn(&self, location: &Objects) -> String {
        format!("arn:{}:s3:::{}/{}*", self.partition, location.bucket, location.prefix)
    }

    /// Requirement 28: listing on the bucket, the rest on its objects, and a condition where a prefix is named.
    fn objects(&mut self, objects: &[(Objects, Access)]) {
        let listed = objects.iter().filter(|(_, access)| actions::lists(*access)).map(|(location, _)| location);
        let mut prefixes: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for location in listed {
            prefixes.entry(&location.bucket).or_default().insert(&location.prefix);
        }
        let whole =
            prefixes.iter().filter(|(_, prefixes)| prefixes.contains("")).map(|(bucket, _)| self.bucket_arn(bucket));
        let whole: Vec<_> = whole.collect();
        self.allow("List", &["s3:ListBucket"], whole, Condition::new());
        for (bucket, prefixes) in &prefixes {
            if prefixes.contains("") {
                continue;
            }
            // One statement a bucket: taken together, each bucket's prefixes would hold for the others as well.
            let patterns = prefixes.iter().flat_map(|prefix| [(*prefix).to_owned(), [prefix, "*"].concat()]).collect();
            let condition = Condition::from([("StringLike", BTreeMap::from([("s3:prefix", patterns)]))]);
            let arn = self.bucket_arn(bucket);
            self.allow("ListPrefix", &["s3:ListBucket"], vec![arn], condition);
        }
        for (what, level) in [
            ("Read", Access::Read),
            ("Write", Access::Write),
            ("ReadWrite", Access::ReadWrite),
            ("Manage", Access::Manage),
        ] {
            let located = objects.iter().filter(|(_, access)| *access == level);
            let arns: Vec<_> = located.map(|(location, _)| self.objects_arn(location)).collect();
            self.allow(what, actions::on_objects(level), arns, Condition::new());
        }
    }

    fn repositories(&mut self, repositories: &[(Repository, Access)]) {
        for (what, level) in [("Pull", Access::Pull), ("Push", Access::Push)] {
            let arns =
                repositories.iter().filter(|(_, access)| *access == level).map(|(repository, _)| repository.arn());
            let arns: Vec<_> = arns.collect();
            self.allow(what, actions::on_repository(level), arns, Condition::new());
        }
        if !repositories.is_empty() {
            self.allow("Login", &[actions::LOGIN], vec!["*".to_owned()], Condition::new());
        }
    }

    /// Requirements 37 to 39: the narrowest ARN, and the key where the secret has one of its own.
    fn secrets(&mut self, secrets: &[Resolved]) {
        let arns = secrets.iter().flat_map(|secret| secret.arns.clone()).collect();
        self.allow("Secrets", &[actions::READ_SECRET], arns, Condition::new());
        let mut by_key: BTreeMap<&Key, BTreeSet<String>> = BTreeMap::new();
        for secret in secrets {
            if let Some(key) = &secret.key {
                by_key.entry(key).or_default().extend(secret.arns.iter().cloned());
            }
        }
        for (key, arns) in by_key {
            // Only through Secrets Manager, and only for these secrets. Source: AWS Secrets Manager user guide,
            // "Secret encryption and decryption", encryption context.
            let service = format!("secretsmanager.{}.{}", key.region, service_domain(&key.region));
            let mut condition = Condition::from([
                ("StringEquals", BTreeMap::from([("kms:ViaService", BTreeSet::from([service]))])),
                ("StringLike", BTreeMap::from([("kms:EncryptionContext:SecretARN", arns)])),
            ]);
            if let Some(alias) = &key.alias {
                let aliases = BTreeMap::from([("kms:ResourceAliases", BTreeSet::from([alias.clone()]))]);
                condition.insert("ForAnyValue:StringEquals", aliases);
            }
            self.allow("Decrypt", &[actions::DECRYPT], vec![key.arn.clone()], condition);
        }
    }
}

fn service_domain(region: &str) -> &'static str {
    Partition::of_region(region).map_or("amazonaws.com", |partition| partition.dns_suffix)
}

#[cfg(test)]
mod tests {
    use cloudgrant_core::{GrantName, ResourceKind, ResourceName, Scope};

    use super::*;

    #[test]
    fn grants_of_one_resource_say_what_each_is_granted() {
        let resource = Arc::new(Resource {
            name: ResourceName::parse("data").expect("a name"),
            kind: ResourceKind::ObjectStore,
            locator: "s3://acme-data/in/".to_owned(),
            force: false,
        });
        let grant = |(name, access)| TaskAccess {
            name: GrantName::parse(name).expect("a name"),
            scope: Scope::Global,
            reaches: vec![Reach { resource: resource.clone(), access }],
            precise: false,
            carried_by: Arc::new([]),
        };
        let grants = [("one", Access::Read), ("other", Access::Read), ("more", Access::Write)].map(grant);
        let statements = Statements::new(grants.iter(), "aws", &Secrets::default());
        let [one, other, more] = grants.each_ref().map(|grant| statements.of(grant).collect::<Vec<_>>());
        assert_eq!(one.iter().map(Statement::sid).collect::<Vec<_>>(), ["OneListPrefix", "OneRead"]);
        assert_eq!(other.iter().map(Statement::sid).collect::<Vec<_>>(), ["OtherListPrefix", "OtherRead"]);
        assert!(one.iter().zip(&other).all(|(one, other)| one.meaning() == other.meaning()));
        assert_eq!(more.iter().map(Statement::sid).collect::<Vec<_>>(), ["MoreWrite"]);
    }
}
