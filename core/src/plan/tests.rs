//! What the tests of plans share.

use serde_json::Value;

use crate::contract::error::{ErrorKind, Result};
use crate::contract::object::{Object, ObjectId};
use crate::vocabulary::intent::IntentId;
use crate::vocabulary::names::{Domain, GrantName};
use crate::vocabulary::scope::Scope;

pub(super) fn grant(name: &str) -> IntentId {
    IntentId::Grant(GrantName::parse(name).expect("name"))
}

pub(super) fn production() -> Scope {
    Scope::Domain { domain: Domain::parse("production").expect("domain") }
}

pub(super) fn id(name: &str) -> ObjectId {
    ObjectId::new("thing", name)
}

pub(super) fn object(name: &str, attributes: Value) -> Object {
    Object::new(id(name), Scope::Global, vec![grant("all")], attributes)
}

pub(super) fn bug(result: Result<impl Sized>, says: &str) {
    let error = result.map(drop).expect_err("a bug of the provider");
    assert_eq!(error.kind(), ErrorKind::ProviderBug);
    assert!(error.message().starts_with("the provider `fake` broke its contract: "), "{error}");
    assert!(error.message().contains(says), "{error}");
    assert!(error.hint_text().is_some_and(|hint| hint.contains("report it to its author")));
}
