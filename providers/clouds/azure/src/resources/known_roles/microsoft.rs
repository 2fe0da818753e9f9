//! What levels give, and what is refused, against Microsoft's own definitions of its roles.
//!
//! `tests/third-party-azure/roles/built_in_roles.json` has ids, names and actions as Microsoft's documentation gives them; it says from
//! which commits they were taken. Every built-in role of a subscription, as `az role definition list` writes them, is looked at as well
//! where `AZURE_ROLES` names such a file, or `../shared/specs/azure-roles/built-in-roles.json` beside the repository is one.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;

use cloudgrant_core::{Access, matches};
use serde::Deserialize;

use crate::client::arm::Permission;
use crate::resources::built_in_roles::{ASSIGN, Gives, Verdict};
use crate::resources::kinds::child_kind::Gives as LevelGives;
use crate::resources::kinds::registered::IN_HOLDER;
use crate::resources::kinds::registry::Roles;
use crate::resources::kinds::{object_store, secret};
use crate::resources::known_roles::all;
use crate::resources::refused_roles;

const ROLES: &str = include_str!("../../../../../../tests/third-party-azure/roles/built_in_roles.json");

/// A role of Microsoft's.
struct Microsofts {
    id: String,
    name: String,
    sets: Vec<Permission>,
}

/// Those that are named here or in the sandbox, and some that are privileged.
fn documented() -> Vec<Microsofts> {
    #[derive(Deserialize)]
    struct File {
        roles: Vec<Role>,
    }
    #[derive(Deserialize)]
    struct Role {
        id: String,
        name: String,
        #[serde(flatten)]
        set: Permission,
    }
    let file: File = serde_json::from_str(ROLES).expect("roles");
    file.roles.into_iter().map(|Role { id, name, set }| Microsofts { id, name, sets: vec![set] }).collect()
}

/// All of them, where they are there.
fn of_subscription() -> Option<Vec<Microsofts>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Role {
        name: String,
        role_name: String,
        permissions: Vec<Permission>,
    }
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let named = std::env::var_os("AZURE_ROLES").map(|file| root.join(file));
    let file = named.unwrap_or_else(|| root.join("../shared/specs/azure-roles/built-in-roles.json"));
    let Ok(text) = std::fs::read_to_string(file) else {
        let notice = "notice: AZURE_ROLES names no file with the built-in roles of a subscription, and \
                      ../shared/specs/azure-roles has none: only those of the documentation are looked at\n";
        std::io::stderr().write_all(notice.as_bytes()).expect("standard error");
        return None;
    };
    let roles: Vec<Role> = serde_json::from_str(&text).expect("roles as `az role definition list` writes them");
    let role = |role: Role| Microsofts { id: role.name, name: role.role_name, sets: role.permissions };
    Some(roles.into_iter().map(role).collect())
}

fn microsofts(id: &str) -> Microsofts {
    let found = documented().into_iter().find(|role| role.id == id);
    found.unwrap_or_else(|| panic!("Microsoft has no role {id}"))
}

fn set(texts: &[&str]) -> BTreeSet<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

impl Microsofts {
    fn of_sets(&self, list: impl Fn(&Permission) -> &Vec<String>) -> BTreeSet<String> {
        self.sets.iter().flat_map(list).cloned().collect()
    }

    fn data_actions(&self) -> BTreeSet<String> {
        assert_eq!(self.of_sets(|set| &set.not_data_actions), set(&[]), "{}", self.name);
        self.of_sets(|set| &set.data_actions)
    }

    fn actions(&self) -> BTreeSet<String> {
        self.of_sets(|set| &set.actions)
    }

    /// Whether one of its sets gives an action on the control plane.
    fn allows(&self, action: &str) -> bool {
        let any = |patterns: &[String]| patterns.iter().any(|pattern| matches(pattern, action));
        self.sets.iter().any(|set| any(&set.actions) && !any(&set.not_actions))
    }
}

/// A wrong id here and in the sandbox alike would pass every other test, and assign another role in Azure.
#[test]
fn roles_are_microsofts_by_id_and_name_and_give_what_is_said() {
    for role in all() {
        let theirs = microsofts(role.id);
        assert_eq!(theirs.name, role.name, "{}", role.id);
        let (given, patterns) = match role.gives {
            Gives::Control(patterns) => (theirs.actions(), patterns),
            Gives::Data(patterns) => (theirs.data_actions(), patterns),
        };
        for pattern in patterns {
            // A role may be named for one action of a pattern that it gives.
            let is_given = given.iter().any(|given| matches(&given.replace("/*/", "/*"), pattern));
            assert!(is_given, "{} doesn't give {pattern}", role.name);
        }
    }
}

#[test]
fn levels_of_things_in_a_holder_give_exactly_the_data_actions_of_their_roles() {
    for kind in IN_HOLDER {
        for level in kind.levels {
            let LevelGives::Roles(roles) = level.gives else { continue };
            for role in roles {
                let theirs = microsofts(role.id);
                let Gives::Data(said) = role.gives else { panic!("{} is for data", role.name) };
                assert_eq!(theirs.data_actions(), set(said), "{}", role.name);
                // On the control plane it looks at most.
                assert!(theirs.actions().iter().all(|action| action.ends_with("/read")), "{}", role.name);
            }
        }
    }
}

#[test]
fn levels_of_objects_secrets_and_registries_give_exactly_what_is_said() {
    for access in Access::ALL {
        if let Some((role, deeds)) = object_store::object_role(access) {
            let said: BTreeSet<_> = deeds.iter().flat_map(|deed| deed.data_actions()).collect();
            assert_eq!(microsofts(role.id).data_actions(), said, "{access} on objects");
        }
        if let Some(role) = secret::role(access) {
            let secrets = "Microsoft.KeyVault/vaults/secrets";
            let said = ["getSecret", "readMetadata"].map(|action| format!("{secrets}/{action}/action"));
            assert_eq!(microsofts(role.id).data_actions(), said.into(), "{access} on secrets");
            assert_eq!(microsofts(role.id).actions(), set(&[]));
        }
        if let Some(roles) = Roles::of(access) {
            let [of_repositories, of_registry] = roles.each().map(|role| microsofts(role.id));
            let registries = "Microsoft.ContainerRegistry/registries";
            let verbs: &[&str] = if access == Access::Pull { &["read"] } else { &["read", "write"] };
            let each = |verb: &&str| ["content", "metadata"].map(|it| format!("{registries}/repositories/{it}/{verb}"));
            assert_eq!(of_repositories.data_actions(), verbs.iter().flat_map(each).collect(), "{access}");
            assert_eq!(of_repositories.actions(), set(&[]));
            let whole: &[&str] = if access == Access::Pull { &["pull/read"] } else { &["pull/read", "push/write"] };
            assert_eq!(of_registry.actions(), whole.iter().map(|it| format!("{registries}/{it}")).collect());
            assert_eq!(of_registry.data_actions(), set(&[]));
        }
    }
}

/// In a custom role of ours, a name that Azure doesn't know gives nothing, and a control action among data actions is refused by Azure.
#[test]
fn custom_roles_have_data_actions_that_microsoft_writes_out_as_such() {
    let known: BTreeSet<_> = documented().iter().flat_map(|role| role.of_sets(|set| &set.data_actions)).collect();
    let control: BTreeSet<_> = documented().iter().flat_map(Microsofts::actions).collect();
    let of_objects = Access::ALL.into_iter().flat_map(object_store::on_objects).flat_map(|deed| deed.data_actions());
    let of_children = IN_HOLDER.into_iter().flat_map(|kind| kind.levels).flat_map(|level| match level.gives {
        LevelGives::DataActions(actions) => actions.iter().map(|action| (*action).to_owned()).collect(),
        LevelGives::Roles(_) => Vec::new(),
    });
    let mut looked_at = 0;
    for action in of_objects.chain(of_children) {
        assert!(known.contains(&action), "no role of Microsoft's has the data action {action}");
        assert!(!control.contains(&action), "{action} is an action of the control plane");
        looked_at += 1;
    }
    assert!(looked_at > 20, "{looked_at}");
}

#[test]
fn requirement_71_verdicts_are_what_microsofts_own_definitions_come_to() {
    for role in all() {
        let by_definition = refused_roles::defined(&microsofts(role.id).sets);
        assert_eq!(by_definition.is_some(), role.verdict != Verdict::Fit, "{}: {by_definition:?}", role.name);
    }
}

/// Not the lists of what is refused, but what Microsoft writes of privileged roles: "Privileged administrator roles" of "Azure roles,
/// Microsoft Entra roles, and classic subscription administrator roles", and of keys: "Prevent Shared Key authorization".
fn privileged(role: &Microsofts) -> Option<&'static str> {
    [
        ASSIGN,
        "Microsoft.Authorization/roleDefinitions/write",
        "Microsoft.Authorization/elevateAccess/Action",
        "Microsoft.Storage/storageAccounts/listKeys/action",
        "Microsoft.Storage/storageAccounts/regenerateKey/action",
        "Microsoft.Storage/storageAccounts/listServiceSas/action",
        "Microsoft.KeyVault/vaults/accessPolicies/write",
        "Microsoft.ContainerRegistry/registries/listCredentials/action",
        "Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action",
        "Microsoft.Kubernetes/connectedClusters/listClusterUserCredential/action",
        "Microsoft.CognitiveServices/accounts/listKeys/action",
        "Microsoft.DocumentDB/databaseAccounts/readonlykeys/action",
        "Microsoft.ServiceBus/namespaces/authorizationRules/listkeys/action",
        "Microsoft.EventHub/namespaces/authorizationRules/listKeys/action",
        "Microsoft.Relay/namespaces/authorizationRules/listkeys/action",
        "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write",
        "Microsoft.Compute/virtualMachines/runCommand/action",
        "Microsoft.Compute/virtualMachines/DiagnosticRunCommands/write",
        "Microsoft.ComputeSchedule/locations/virtualMachinesExecuteCreate/action",
        "Microsoft.HybridCompute/machines/addExtensions/action",
        "Microsoft.HDInsight/clusterPools/clusters/runjob/action",
        "Microsoft.Databricks/workspaces/assignWorkspaceAdmin/action",
        "Microsoft.Mission/virtualEnclaves/setEnclaveRoleAssignments/action",
        "Microsoft.Web/sites/config/list/action",
        "Microsoft.MachineLearningServices/workspaces/listKeys/action",
    ]
    .into_iter()
    .find(|action| role.allows(action))
}

#[test]
fn requirement_71_no_privileged_role_of_microsofts_gets_through() {
    let documented = documented();
    for name in
        ["Owner", "Reservations Administrator", "User Access Administrator", "Key Vault Data Access Administrator"]
    {
        let role = documented.iter().find(|role| role.name == name).expect(name);
        assert_eq!(privileged(role), Some(ASSIGN), "{name}");
    }
    let (mut refused, mut let_through) = (0, Vec::new());
    for role in documented.iter().chain(of_subscription().iter().flatten()) {
        let Some(action) = privileged(role) else { continue };
        match refused_roles::defined(&role.sets) {
            Some(_) => refused += 1,
            None => let_through.push(format!("{} ({}): {action}", role.name, role.id)),
        }
    }
    assert!(let_through.is_empty(), "{let_through:#?}");
    assert!(refused > 15, "{refused}");
}

/// What a subscription answers today, where it is there, is what the documentation said.
#[test]
fn roles_of_a_subscription_are_those_of_the_documentation() {
    let Some(of_subscription) = of_subscription() else { return };
    for role in all() {
        let (documented, today) = (microsofts(role.id), of_subscription.iter().find(|today| today.id == role.id));
        let today = today.unwrap_or_else(|| panic!("{} is gone", role.name));
        assert_eq!(today.name, documented.name);
        assert_eq!(today.data_actions(), documented.data_actions(), "{}", role.name);
        assert_eq!(today.actions(), documented.actions(), "{}", role.name);
    }
}
