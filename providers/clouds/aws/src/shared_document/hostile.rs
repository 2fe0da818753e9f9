//! Repository policies in which others wrote anything: it stays, token by token.

use cloudgrant_core::shared_document::lossless_json::{LosslessJson, compact};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::policy::document;
use crate::resources::hostile::{any_json, cases, word};
use crate::shared_document::merge::{Policy, merged};

/// JSON as people and other programs write it, which no program reads alike: numbers of any length, escapes, keys that
/// come twice.
fn any_text(depth: u32) -> impl Strategy<Value = String> {
    let quoted = prop_oneof![word(), any::<String>()].prop_map(|text| Value::from(text).to_string());
    let leaf = prop_oneof![
        prop::sample::select(vec![
            "null",
            "true",
            "1.10",
            "-0",
            "1e400",
            "1E+2",
            "0.10",
            "\"\\u00e9\\/\"",
            "\"\\ud83d\\ude00\""
        ])
        .prop_map(str::to_owned),
        "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,12})?([eE][+-]?[0-9]{1,4})?",
        quoted.clone(),
    ];
    leaf.prop_recursive(depth, 40, 5, move |inner| {
        let entries = (word(), inner.clone()).prop_map(|(key, text)| format!("{} :{text}", Value::from(key)));
        prop_oneof![
            prop::collection::vec(inner, 0..5).prop_map(|items| format!("[{}]", items.join(", "))),
            prop::collection::vec(entries, 0..5).prop_map(|entries| format!("{{ {}}}", entries.join("\t, "))),
        ]
    })
}

/// A statement of somebody else's, as text.
fn foreign_text() -> impl Strategy<Value = String> {
    prop::collection::vec((word(), any_text(4)), 0..6).prop_map(|entries| {
        let mut sids = 0;
        let is_kept = |(key, text): &(String, String)| {
            sids += usize::from(key == "Sid");
            key != "Sid" || sids == 1 && text != "\"Ours\""
        };
        let entries: Vec<_> = entries.into_iter().filter(is_kept).collect();
        let entries: Vec<_> =
            entries.iter().map(|(key, text)| format!("{}: {text}", Value::from(key.as_str()))).collect();
        format!("{{{}}}", entries.join(" , "))
    })
}

proptest! {
    #![proptest_config(cases(128))]

    #[test]
    fn statements_of_others_survive(
        before in prop::collection::vec(foreign_text(), 0..5),
        alone in any::<bool>(),
        more in prop::collection::btree_map(prop::sample::select(vec!["Version", "Id", "Other"]), any_text(3), 0..3),
        place in any::<prop::sample::Index>(),
        ours_at in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let ours = json!({ "Sid": "Ours", "Effect": "Allow", "Principal": { "AWS": ["arn:aws:iam::111122223333:role/x"] } });
        let mut statements = before.clone();
        if let Some(at) = ours_at {
            statements.insert(at.index(statements.len() + 1), r#"{ "Sid": "Ours", "Effect": "Deny" }"#.to_owned());
        }
        // One statement may stand there without a list.
        let list = if alone && statements.len() == 1 { statements[0].clone() } else { format!("[{}]", statements.join(" ,\n")) };
        let mut entries: Vec<_> = more.iter().map(|(key, text)| format!("\"{key}\" : {text}")).collect();
        entries.insert(place.index(entries.len() + 1), format!("\"Statement\":{list}"));
        let text = format!("{{{} }}", entries.join(", "));
        let policy = Policy::parse(&text).expect("a policy");
        let with = merged(Some(policy), "Ours", Some(&ours)).expect("ours at least");
        // Token by token, and each where it stood.
        let mut wanted = before.clone();
        let at = ours_at.map_or(before.len(), |at| at.index(before.len() + 1));
        wanted.insert(at, ours.to_string());
        let with_list = |list: &[String]| {
            let mut entries: Vec<_> = more.iter().map(|(key, text)| format!("\"{key}\":{text}")).collect();
            entries.insert(place.index(entries.len() + 1), format!("\"Statement\":[{}]", list.join(",")));
            compact(&format!("{{{}}}", entries.join(",")))
        };
        prop_assert_eq!(with.to_string(), with_list(&wanted));
        prop_assert_eq!(&Policy::parse(&with.to_string()).expect("a policy"), &with);
        let without = merged(Some(with), "Ours", None);
        prop_assert_eq!(without.map(|policy| policy.to_string()), (!before.is_empty()).then(|| with_list(&before)));
    }

    #[test]
    fn what_is_no_policy_is_known_as_such(value in any_json()) {
        let listed = value.get("Statement").is_some_and(|_| document::statements(&value).iter().all(Value::is_object));
        let read = Policy::parse(&value.to_string());
        prop_assert_eq!(read.is_ok(), listed);
        if let Ok(policy) = read {
            drop(merged(Some(policy), "Ours", Some(&json!({ "Sid": "Ours" }))));
        }
    }

    #[test]
    fn any_text_as_a_repository_policy(text in any::<String>(), json in any_text(6)) {
        drop(Policy::parse(&text));
        drop(Policy::parse(&format!("{{\"Statement\":{text}}}")));
        // What says the same is equal, however it is written; and only what isn't usual JSON has no value.
        let exact = LosslessJson::parse(&json).expect("JSON");
        prop_assert_eq!(&LosslessJson::parse(&compact(&json)).expect("JSON"), &exact);
        if let Some(value) = exact.value() {
            prop_assert_eq!(LosslessJson::parse(&value.to_string()).expect("JSON"), exact);
        }
    }
}
