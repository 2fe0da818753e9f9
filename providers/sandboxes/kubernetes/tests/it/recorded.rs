//! What a real API server (1.36.2) was asked and answered, asked again of the sandbox.
//!
//! `recorded.jsonl` has one request a line, in order, on one fresh server. The sandbox must answer alike but for what is new
//! each time: uids, versions, times and tokens. Of these it must be consistent: where the real server told the same uid
//! or version twice, the sandbox must, and versions must grow with its.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Cluster, Reply, events};

#[tokio::test]
async fn a_real_server_s_answers_are_given_again() {
    let cluster = Cluster::start_in(tempfile::tempdir().expect("a folder")).await;
    let mut known = Known::default();
    let mut limited = "without";
    for line in include_str!("recorded.jsonl").lines() {
        let recorded: Value = serde_json::from_str(line).expect("JSON");
        let text = |name: &str| recorded[name].as_str().unwrap_or_default();
        let note = text("note");
        // The recorder gave these rights between two requests.
        if note.starts_with("with get, list, watch, patch") {
            limited = "with";
        }
        let token = match (note, text("as")) {
            ("a wrong token", _) => "wrong",
            (_, "administrator") => "sandbox",
            _ => limited,
        };
        let body = match &recorded["body"] {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            object => known.translated(object).to_string(),
        };
        let method: Method = text("method").parse().expect("a method");
        let reply = cluster.send(method, text("path"), token, text("content_type"), body).await;
        let expected_status = recorded["status"].as_u64().expect("a status");
        assert_eq!(u64::from(reply.status), expected_status, "{note}: {}", reply.body);
        compare(&mut known, note, &recorded["answer"], reply);
    }
    assert!(known.versions.len() > 10 && known.uids.len() >= 3, "{known:?}");
}

fn compare(known: &mut Known, note: &str, expected: &Value, reply: Reply) {
    let is = reply.body;
    match note {
        "version" => {
            for field in ["major", "minor", "emulationMinor", "minCompatibilityMinor"] {
                assert_eq!(is[field], expected[field], "{field}");
            }
            let version = expected["gitVersion"].as_str().expect("a version");
            assert!(is["gitVersion"].as_str().is_some_and(|is| is.starts_with(&format!("{version}+"))), "{is}");
        }
        // The words behind the line are the parser's own.
        "an apply that isn't YAML" => {
            let begin = "error decoding YAML: error converting YAML to JSON: yaml: line 1: ";
            assert!(is["message"].as_str().is_some_and(|message| message.starts_with(begin)), "{is}");
            assert_eq!((&is["reason"], &is["details"]), (&expected["reason"], &Value::Null));
        }
        "discovery of the issuer" => {
            let path = |of: &Value| of["jwks_uri"].as_str().map(|uri| uri[uri.len() - 15..].to_owned());
            assert_eq!(path(&is), path(expected));
            let rest = |of: &Value| [&of["issuer"], &of["id_token_signing_alg_values_supported"]].map(Value::clone);
            assert_eq!(rest(&is), rest(expected));
        }
        "resources of v1 (discovery)" => resources(expected, &is),
        "aggregated discovery" => assert_eq!(is["versions"], expected["versions"]),
        note if note.starts_with("watch ") => {
            let (mut expected, mut is) = (expected.clone(), Value::Array(events(&is)));
            // A real server writes of its own accord as well: how far it has seen is no object's version.
            for event in [&mut expected, &mut is].into_iter().flat_map(|all| all.as_array_mut().expect("events")) {
                if event["type"] == "BOOKMARK" {
                    let seen = event["object"]["metadata"]["resourceVersion"].take();
                    assert!(seen.as_str().is_some_and(|seen| seen.parse::<u64>().is_ok()), "{event}");
                }
            }
            known.same(note, "", &expected, &is);
        }
        _ => known.same(note, "", expected, &is),
    }
}

/// What there is, is as a real server has it, but for verbs that the sandbox leaves out.
fn resources(expected: &Value, is: &Value) {
    let mut compared = 0;
    for one in is["resources"].as_array().expect("a list") {
        let real = expected["resources"].as_array().expect("a list").iter().find(|real| real["name"] == one["name"]);
        let mut real = real.expect("a real server has it").clone();
        let verbs = one["verbs"].as_array().expect("a list");
        let all = real["verbs"].as_array().expect("a list");
        assert!(verbs.iter().all(|verb| all.contains(verb)), "{one}");
        let missing: Vec<&Value> = all.iter().filter(|verb| !verbs.contains(verb)).collect();
        assert!(missing.iter().all(|verb| **verb == "deletecollection"), "{missing:?}");
        real["verbs"] = one["verbs"].clone();
        assert_eq!(*one, real);
        compared += 1;
    }
    assert_eq!(compared, 4);
}

/// What stands here for what was recorded.
#[derive(Debug, Default)]
struct Known {
    uids: BTreeMap<String, String>,
    versions: BTreeMap<u64, u64>,
}

impl Known {
    /// A recorded body with the uids and versions of here.
    fn translated(&self, recorded: &Value) -> Value {
        let mut body = recorded.clone();
        if let Some(version) = body["metadata"]["resourceVersion"].as_str() {
            let version: u64 = version.parse().expect("a number");
            body["metadata"]["resourceVersion"] = json!(self.versions[&version].to_string());
        }
        let mut text = body.to_string();
        for (recorded, is) in &self.uids {
            text = text.replace(recorded, is);
        }
        serde_json::from_str(&text).expect("JSON")
    }

    fn same(&mut self, note: &str, path: &str, expected: &Value, is: &Value) {
        let told = format!("{note}: {path}");
        let name = path.rsplit('.').next().unwrap_or_default();
        match (name, expected, is) {
            ("uid", Value::String(expected), Value::String(is)) => {
                let before = self.uids.insert(expected.clone(), is.clone());
                assert!(before.is_none_or(|before| before == *is), "{told}");
            }
            ("resourceVersion", Value::String(expected), Value::String(is)) => self.version(&told, expected, is),
            ("time" | "creationTimestamp" | "expirationTimestamp", Value::String(_), Value::String(is)) => {
                assert!(is.len() == 20 && is.ends_with('Z'), "{told}: {is}");
            }
            ("continue" | "token", Value::String(_), Value::String(is)) => assert!(is.len() > 20, "{told}"),
            ("managedFields", Value::Array(expected), Value::Array(is)) => {
                let (mut expected, mut is) = (expected.clone(), is.clone());
                // Within a second the order is certain; beyond it depends on when the requests came.
                if is.iter().any(|entry| entry["time"].as_str() != is[0]["time"].as_str()) {
                    let order = |entry: &Value| (entry["operation"].to_string(), entry["manager"].to_string());
                    expected.sort_by_key(order);
                    is.sort_by_key(order);
                }
                self.items(note, path, &expected, &is);
            }
            (_, Value::Object(expected), Value::Object(is)) => {
                let names = |of: &serde_json::Map<String, Value>| of.keys().cloned().collect::<Vec<_>>();
                assert_eq!(names(is), names(expected), "{told}");
                for (name, expected) in expected {
                    self.same(note, &format!("{path}.{name}"), expected, &is[name]);
                }
            }
            (_, Value::Array(expected), Value::Array(is)) => self.items(note, path, expected, is),
            (_, Value::String(expected), Value::String(is)) => {
                let mut expected = expected.clone();
                for (recorded, here) in &self.uids {
                    expected = expected.replace(recorded, here);
                }
                assert_eq!(*is, expected, "{told}");
            }
            _ => assert_eq!(is, expected, "{told}"),
        }
    }

    fn items(&mut self, note: &str, path: &str, expected: &[Value], is: &[Value]) {
        assert_eq!(is.len(), expected.len(), "{note}: {path}: {is:?}");
        for (at, expected) in expected.iter().enumerate() {
            self.same(note, &format!("{path}.{at}"), expected, &is[at]);
        }
    }

    fn version(&mut self, told: &str, expected: &str, is: &str) {
        let number = |text: &str| text.parse::<u64>().expect("a number");
        let (expected, is) = (number(expected), number(is));
        let before = self.versions.insert(expected, is);
        assert!(before.is_none_or(|before| before == is), "{told}: {is}, and before {before:?}");
        let all: Vec<u64> = self.versions.values().copied().collect();
        assert!(all.is_sorted_by(|a, b| a < b), "{told}: {:?}", self.versions);
    }
}
