//! Which stacks have set service accounts in a deployment, by the annotations that mark these.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{Marked, ObjectId, Result, Stack};

use crate::mark::Mark;
use crate::names::{SETTING, id};
use crate::record::Record;
use crate::records::SettingsService;

pub(crate) async fn marked(service: &SettingsService) -> Result<Vec<Marked>> {
    let projects = service.projects().await?;
    let pairs = projects.into_iter().flat_map(|project| {
        let name = project.id;
        project.domains.into_iter().map(move |(domain, _)| (name.clone(), domain))
    });
    let mut records = Vec::new();
    for ((project, domain), read) in service.records(pairs.collect()).await {
        records.push((format!("{project}/{domain}"), read?.own));
    }
    Ok(of(&records))
}

fn of(records: &[(String, Record)]) -> Vec<Marked> {
    let mut all: BTreeMap<String, (Stack, BTreeSet<ObjectId>)> = BTreeMap::new();
    for (name, record) in records {
        for (stack, mark) in record.all_annotations().filter_map(|(key, _)| Mark::in_key(key)) {
            // What was copied from another record is nobody's.
            if mark.held(name, record).is_some() {
                all.entry(mark.name().to_owned()).or_insert((stack, BTreeSet::new())).1.insert(id(name));
            }
        }
    }
    let told = |(mark, (stack, objects))| {
        let remedy = format!(
            "or take `{}` out of these settings (`flyte edit settings`), and the annotation that begins with `{mark}/`",
            SETTING
        );
        Marked { stack, mark, objects, remedy }
    };
    all.into_iter().map(told).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::mark::Named;
    use crate::record::tests::record;

    #[test]
    fn settings_are_told_by_whose_they_are() {
        let mark = |stack: &str, home: &str| Mark::of(&Stack::parse(stack).expect("a stack"), home);
        let named = Named { account: "tasks".to_owned(), principal: "arn:r".to_owned() };
        let written =
            |mark: &Mark, name: &str| mark.with(&record(json!({})), &named, None, name).expect("nobody is in the way");
        let (acme, other) = (mark("acme", "one"), mark("acme", "two"));
        let of_a = written(&acme, "a/d");
        let records = [
            ("a/d".to_owned(), of_a.clone()),
            // Somebody has set the account since, and it is known all the same.
            ("b/d".to_owned(), written(&acme, "b/d").with_account(Some("theirs"))),
            ("c/d".to_owned(), written(&other, "c/d")),
            ("copied/d".to_owned(), of_a),
            ("none/d".to_owned(), record(json!({}))),
        ];
        let told: Vec<_> = of(&records)
            .into_iter()
            .map(|one| (one.mark, one.objects.into_iter().map(|object| object.name).collect::<Vec<_>>()))
            .collect();
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let mut right = [(acme.name().to_owned(), names(&["a/d", "b/d"])), (other.name().to_owned(), names(&["c/d"]))];
        right.sort();
        assert_eq!(told, right);
    }
}
