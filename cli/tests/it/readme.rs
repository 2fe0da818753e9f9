//! What the README shows is what one sees.

use serde_json::{Value, json};

use crate::support::Folder;

const README: &str = include_str!("../../../README.md");
const FIRST: &str = include_str!("../../../examples/first/cloudgrant.yaml");

/// What stands between two marks.
fn block(name: &str) -> &'static str {
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let from = README.find(&begin).expect("the mark is there") + begin.len();
    let to = README[from..].find(&end).expect("the block ends") + from;
    &README[from..to]
}

#[test]
fn the_manifest_is_the_examples() {
    assert_eq!(block("manifest"), format!("```yaml\n{FIRST}```\n"));
}

#[test]
fn the_plan_is_what_one_sees() {
    let folder = Folder::with_file("cloudgrant.yaml", FIRST);
    let output = folder.output(&["plan", "--sandbox"]);
    let seen = String::from_utf8(output.stdout).expect("text");
    assert_eq!(block("plan"), format!("```diff\n{seen}```\n"));
}

#[test]
fn the_list_of_stacks_is_what_one_sees() {
    let folder = Folder::with(crate::support::QUICKSTART);
    let apply = || assert_eq!(folder.output(&["apply", "--sandbox", "--yes", "-q"]).status.code(), Some(0));
    apply();
    folder.write("cloudgrant.yaml", crate::support::QUICKSTART.replace("stack: acme-ml ", "stack: acme-new "));
    apply();
    let seen = String::from_utf8(folder.output(&["stacks", "--sandbox"]).stdout).expect("text");
    assert_eq!(block("stacks"), format!("```\n{seen}```\n"));
}

#[test]
fn the_matrix_is_what_providers_says() {
    let output = Folder::empty().output(&["providers"]);
    let seen = String::from_utf8(output.stdout).expect("text");
    assert_eq!(block("providers"), format!("```\n{seen}```\n"));
}

/// The keys that the table of the manifest calls required: without any condition.
fn required() -> Vec<String> {
    let rows = README.lines().skip_while(|line| !line.starts_with("| key | required | default |")).skip(2);
    let mut keys = Vec::new();
    for row in rows.take_while(|line| line.starts_with('|')) {
        let mut columns = row.split('|').map(str::trim).skip(1);
        let (names, required) = (columns.next().unwrap_or_default(), columns.next().unwrap_or_default());
        let mut parent = String::new();
        for name in names.split(", ").map(|name| name.trim_matches('`')) {
            // `.scope` stands beside `grants[].name`.
            let name = if name.starts_with('.') { format!("{parent}{name}") } else { name.to_owned() };
            parent = name.rsplit_once('.').map(|(parent, _)| parent.to_owned()).unwrap_or_default();
            if required.starts_with("yes") {
                keys.push(name);
            }
        }
    }
    keys
}

/// A manifest of what is required, and nothing else.
fn smallest(provider: &str) -> Value {
    let mut manifest = json!({
        "version": 1,
        "stack": "acme",
        "provider": provider,
        "platform": { "kind": "union", "organization": "acme", "projects": ["p"], "domains": ["d"] },
        "aws": { "region": "us-west-2", "account": "111122223333" },
        "azure": {
            "tenant": "00000000-0000-0000-0000-00000000000a",
            "subscription": "00000000-0000-0000-0000-00000000000b",
            "resource_group": "acme"
        },
        "resources": { "data": { "aws": "s3://acme-data/", "azure": "https://acmedata.blob.core.windows.net/data/" } },
        "grants": [{ "name": "data", "scope": "global", "access": { "data": "read" } }],
        "registries": [{ "name": "base", "access": "pull" }],
        "bindings": [{ "scope": "global" }],
    });
    manifest["registries"][0][provider] = match provider {
        "aws" => "111122223333.dkr.ecr.us-west-2.amazonaws.com/base".into(),
        _ => "acmebase.azurecr.io".into(),
    };
    manifest
}

/// Takes the key away, and says whether it was there.
fn remove(manifest: &mut Value, key: &str) -> bool {
    let (parents, last) = key.rsplit_once('.').unwrap_or(("", key));
    let mut at = manifest;
    for parent in parents.split('.').filter(|parent| !parent.is_empty()) {
        at = match parent.strip_suffix("[]") {
            Some(list) => &mut at[list][0],
            None => &mut at[parent],
        };
    }
    at.as_object_mut().is_some_and(|map| map.remove(last).is_some())
}

#[test]
fn what_is_called_required_is_required_and_nothing_else_is() {
    for provider in ["aws", "azure"] {
        let run = |manifest: &Value| {
            let folder = Folder::with_file("cloudgrant.json", manifest.to_string());
            let output = folder.output(&["plan", "--sandbox"]);
            (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
        };
        let (code, said) = run(&smallest(provider));
        assert_eq!(code, Some(0), "{said}");
        let mut tried = 0;
        for key in required() {
            let mut manifest = smallest(provider);
            if !remove(&mut manifest, &key) {
                continue;
            }
            let of_another_cloud = ["aws", "azure"].iter().any(|other| *other != provider && key.starts_with(other));
            let (code, said) = run(&manifest);
            let expected = if of_another_cloud { Some(0) } else { Some(2) };
            assert_eq!(code, expected, "{provider} without {key}: {said}");
            tried += usize::from(!of_another_cloud);
        }
        assert!(tried > 10, "{tried} keys were tried: is the table still there?");
    }
}

#[test]
fn every_link_within_leads_somewhere() {
    let headings: Vec<_> = README
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .map(|title| title.to_lowercase().replace(' ', "-"))
        .collect();
    for link in README.split("](#").skip(1).filter_map(|rest| rest.split(')').next()) {
        assert!(headings.iter().any(|heading| heading == link), "#{link}: {headings:?}");
    }
}

/// As they are typed, one after the other, and none of them in a real cloud.
#[test]
fn the_commands_to_try_work_as_they_stand() {
    let folder = Folder::empty();
    std::fs::create_dir_all(folder.path().join("examples/quickstart")).expect("a folder");
    folder.write("examples/quickstart/cloudgrant.yaml", crate::support::QUICKSTART);
    let section = README.split("\n## ").find(|section| section.starts_with("Try it\n")).expect("the section");
    let lines: Vec<_> = section.lines().filter_map(|line| line.strip_prefix("cargo run -- ")).collect();
    assert_eq!(lines.len(), 5, "{lines:?}");
    for line in lines {
        let words: Vec<_> = line.split(' ').collect();
        assert!(words.iter().any(|word| word.ends_with("sandbox")), "in a real cloud: {line}");
        // Another program, with a line of its own that goes on below.
        let own: Vec<_> = words.iter().copied().take_while(|word| *word != "--").collect();
        let words = if own.len() < words.len() { [own, vec!["--", "true"]].concat() } else { words };
        let output = folder.output(&words);
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// What the first real run takes: the commands of ours stand in the table as they are typed.
#[test]
fn the_documents_for_the_caller_are_made_as_the_table_says() {
    let section =
        README.split("\n## ").find(|section| section.starts_with("Your first real run\n")).expect("the section");
    for (provider, names) in [("aws", ["111122223333", "444455556666"]), ("azure", ["role", "assignment"])] {
        let folder = crate::support::Folder::with(crate::support::QUICKSTART);
        for name in names {
            let told = format!("`cloudgrant permissions --for {}", if provider == "aws" { "ACCOUNT" } else { name });
            assert!(section.contains(&told), "{told}");
            let output = folder.output(&["permissions", "--for", name, "--provider", provider]);
            let document: Value = serde_json::from_slice(&output.stdout).expect("JSON");
            match name {
                "role" => {
                    assert!(document["Name"].is_string() && document["AssignableScopes"].is_array(), "{document}")
                }
                "assignment" => {
                    assert_eq!(document["roleName"], "Role Based Access Control Administrator");
                    assert_eq!(document["conditionVersion"], "2.0");
                    assert!(document["condition"].is_string(), "{document}");
                }
                _ => assert!(document["Statement"].is_array(), "{document}"),
            }
        }
    }
}
