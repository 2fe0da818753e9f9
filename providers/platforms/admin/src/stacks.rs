//! Which stacks have values in the records of a deployment, by the keys that mark these.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{Marked, ObjectId, Result, Stack};

use crate::mark::Mark;
use crate::names::id;
use crate::records::{Admin, Record};

pub(crate) async fn marked(admin: &Admin) -> Result<Vec<Marked>> {
    Ok(of(&admin.records().await?))
}

fn of(records: &[Record]) -> Vec<Marked> {
    let mut all: BTreeMap<String, (Stack, BTreeSet<ObjectId>)> = BTreeMap::new();
    for record in records {
        if record.project.is_empty() || record.domain.is_empty() || !record.below.is_empty() {
            continue;
        }
        let name = format!("{}/{}", record.project, record.domain);
        for (stack, mark, attribute) in record.attributes.keys().filter_map(|key| Mark::in_key(key)) {
            // What was copied from another record is nobody's.
            if mark.held(&name, &record.attributes).contains_key(attribute) {
                all.entry(mark.name().to_owned()).or_insert((stack, BTreeSet::new())).1.insert(id(&name));
            }
        }
    }
    let told = |(mark, (stack, objects))| {
        let remedy = format!(
            "or take the keys that begin with `{mark}.` out of these records, each with the attribute that it ends with"
        );
        Marked { stack, mark, objects, remedy }
    };
    all.into_iter().map(told).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(project: &str, below: &str, attributes: &[(&str, &str)]) -> Record {
        let attributes = attributes.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Record { project: project.to_owned(), domain: "d".to_owned(), below: below.to_owned(), attributes }
    }

    #[test]
    fn values_are_told_by_whose_they_are() {
        let mark = |stack: &str, home: &str| Mark::of(&Stack::parse(stack).expect("a stack"), home);
        let (acme, other) = (mark("acme", "one"), mark("acme", "two"));
        let (ours, theirs) = (acme.key("role"), other.key("iam.role"));
        let records = [
            record("a", "", &[("role", "r"), (&ours, "a/d=r"), ("quota", "4")]),
            // Somebody has set the value since, and it is known all the same.
            record("b", "", &[("role", "x"), (&ours, "b/d=r"), (&theirs, "b/d=r")]),
            record("copied", "", &[("role", "r"), (&ours, "a/d=r")]),
            record("a", "workflow w", &[("role", "r"), (&ours, "a/d=r")]),
            record(
                "none",
                "",
                &[("cloudgrant.acme.0.role", "none/d=r"), ("cloudgrant.No!.0123456701234567.role", "none/d=r")],
            ),
        ];
        let told: Vec<_> = of(&records)
            .into_iter()
            .map(|one| (one.mark, one.objects.into_iter().map(|object| object.name).collect::<Vec<_>>()))
            .collect();
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let mut right = [(acme.name().to_owned(), names(&["a/d", "b/d"])), (other.name().to_owned(), names(&["b/d"]))];
        right.sort();
        assert_eq!(told, right);
    }
}
