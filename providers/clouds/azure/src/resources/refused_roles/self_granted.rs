//! Rights that the holder of an action gives itself, in services that no list names: found by how Azure's actions end.
//!
//! Source: Azure documentation, "Azure permissions", where the same endings stand under many services
//! (`sqlRoleAssignments`, `cassandraRoleAssignments`, `accessPolicyAssignments`, `principalAssignments`, `WACloginAsAdmin`).

/// How such actions end, control and data alike, and what their holder could do.
const ENDINGS: [(&str, &str); 5] = [
    ("roleassignments/write", "give itself more in a service"),
    ("roleassignments/action", "give itself more in a service"),
    ("accesspolicyassignments/write", "give itself more in a service"),
    ("principalassignments/write", "give itself more in a service"),
    ("loginasadmin/action", "be the administrator of machines, and act as their managed identities"),
];

/// What the holder of an action could do; none if it gives itself nothing. A star in what an action ends in counts for
/// nothing here: that is for the lists, and for what hands out keys.
pub(super) fn self_granted(action: &str) -> Option<&'static str> {
    let action = action.to_ascii_lowercase();
    ENDINGS.iter().find(|(ending, _)| action.ends_with(ending)).map(|(_, why)| *why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_that_nobody_thought_of_have_rights_of_their_own_too() {
        for action in [
            "Microsoft.Compute/virtualMachines/WACloginAsAdmin/action",
            "Microsoft.AzureStackHCI/Clusters/WACloginAsAdmin/Action",
            "Microsoft.DocumentDB/databaseAccounts/cassandraRoleAssignments/write",
            "Microsoft.Cache/redisEnterprise/databases/accessPolicyAssignments/write",
            "Microsoft.Kusto/clusters/*/principalAssignments/write",
            "Contoso.Tomorrow/things/roleAssignments/write",
            "Contoso.Tomorrow/things/setRoleAssignments/action",
        ] {
            assert!(self_granted(action).is_some(), "{action}");
        }
        for fine in [
            "Microsoft.Authorization/roleAssignments/read",
            "Microsoft.Authorization/roleAssignments/delete",
            "Contoso.Tomorrow/things/assignments/write",
            "Contoso.Tomorrow/things/write",
            "Contoso.Tomorrow/things/*",
        ] {
            assert!(self_granted(fine).is_none(), "{fine}");
        }
    }
}
