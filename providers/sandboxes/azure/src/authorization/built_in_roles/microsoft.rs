//! The sandbox's roles against Microsoft's own definitions of them, action for action.
//!
//! `tests/third-party-azure/roles/built_in_roles.json` has ids, names and actions as Microsoft's documentation gives them; it says from
//! which commits they were taken.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::built_in;

const ROLES: &str = include_str!("../../../../../../tests/third-party-azure/roles/built_in_roles.json");

/// Microsoft's roles by their ids.
fn microsofts() -> BTreeMap<String, Value> {
    let all: Value = serde_json::from_str(ROLES).expect("JSON");
    let roles = all["roles"].as_array().expect("roles").iter();
    roles.map(|role| (role["id"].as_str().expect("an id").to_owned(), role.clone())).collect()
}

#[test]
fn roles_of_the_sandbox_are_microsofts_action_for_action() {
    let microsofts = microsofts();
    for (id, role) in built_in() {
        let theirs = microsofts.get(&id).unwrap_or_else(|| panic!("Microsoft has no role {id} ({})", role.role_name));
        assert_eq!(theirs["name"], *role.role_name, "{id}");
        let permission = &role.permissions[0];
        for (key, ours) in [
            ("actions", &permission.actions),
            ("notActions", &permission.not_actions),
            ("dataActions", &permission.data_actions),
            ("notDataActions", &permission.not_data_actions),
        ] {
            let of_microsoft = theirs[key].as_array().expect("actions").iter().filter_map(Value::as_str);
            let ours: BTreeSet<_> = ours.iter().map(String::as_str).collect();
            assert_eq!(ours, of_microsoft.collect(), "{key} of {}", role.role_name);
        }
    }
}
