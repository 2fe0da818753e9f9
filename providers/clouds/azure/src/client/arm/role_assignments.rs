//! Role assignments, through the SDK's crate for authorization.

use azure_mgmt_authorization::package_2022_04_01::models;
use cloudgrant_core::Result;
use futures_util::TryStreamExt;
use models::role_assignment_properties::PrincipalType;

use crate::client::arm::one_line::one_line;
use crate::client::bridge;
use crate::client::{Arm, check_path, unreadable};
use crate::error::call::Call;
use crate::names::Names;

/// A role assignment as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RoleAssignment {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) scope: String,
    pub(crate) role_definition_id: String,
    pub(crate) principal_id: String,
    pub(crate) principal_type: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) condition: Option<String>,
    pub(crate) condition_version: Option<String>,
}

impl RoleAssignment {
    /// The id of its role, in lower case.
    pub(crate) fn role(&self) -> String {
        self.role_definition_id.rsplit('/').next().unwrap_or_default().to_ascii_lowercase()
    }

    /// Whether it is a stack's. Its name is derived from what it assigns; or else somebody made it with the commands that
    /// `explain` prints, where the principal isn't known yet, so that its description alone is the mark. That of a user or a
    /// group is none: the stack gives no roles to either, so that the text was copied.
    pub(crate) fn is_of(&self, names: &Names) -> bool {
        let derived = || names.assignment(&self.scope, &self.role(), &self.principal_id);
        let kind = self.principal_type.as_deref();
        let is_described = self.description.as_deref() == Some(names.description().as_str());
        (is_described && kind.is_none_or(|kind| kind == "ServicePrincipal"))
            || self.name.eq_ignore_ascii_case(&derived())
    }
}

/// A role assignment to make. The principal is always a service principal.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewRoleAssignment<'a> {
    pub(crate) role_definition_id: &'a str,
    pub(crate) principal_id: &'a str,
    pub(crate) description: &'a str,
    pub(crate) condition: Option<&'a str>,
}

impl Arm {
    /// All role assignments at a subscription, and above and below it.
    pub(crate) async fn role_assignments(&self, subscription: &str) -> Result<Vec<RoleAssignment>> {
        self.role_assignments_where(subscription, None).await
    }

    /// Those of a principal itself, as it is in Microsoft Entra. Source: Azure documentation, "List Azure role assignments using the REST
    /// API".
    pub(crate) async fn role_assignments_of(&self, subscription: &str, principal: &str) -> Result<Vec<RoleAssignment>> {
        self.role_assignments_where(subscription, Some(format!("principalId eq '{principal}'"))).await
    }

    /// Those of a principal and of the groups that it is in.
    pub(crate) async fn role_assignments_to(&self, subscription: &str, principal: &str) -> Result<Vec<RoleAssignment>> {
        self.role_assignments_where(subscription, Some(format!("assignedTo('{principal}')"))).await
    }

    async fn role_assignments_where(&self, subscription: &str, filter: Option<String>) -> Result<Vec<RoleAssignment>> {
        let scope = format!("/subscriptions/{subscription}");
        let call = Call::new("Microsoft.Authorization/roleAssignments/read", &scope);
        check_path(&scope)?;
        let mut list = self.authorization(&call).role_assignments_client().list_for_subscription(subscription);
        if let Some(filter) = filter {
            list = list.filter(filter);
        }
        let mut pages = list.into_stream();
        let mut assignments = Vec::new();
        while let Some(page) = pages.try_next().await.map_err(|error| bridge::failed(&call, &error))? {
            for assignment in page.value {
                assignments.push(RoleAssignment::read(&call, assignment)?);
            }
        }
        Ok(assignments)
    }

    /// Makes a role assignment, or changes its description or condition.
    pub(crate) async fn put_role_assignment(
        &self,
        scope: &str,
        name: &str,
        new: &NewRoleAssignment<'_>,
    ) -> Result<RoleAssignment> {
        let id = format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{name}");
        let call = Call::new("Microsoft.Authorization/roleAssignments/write", &id);
        check_path(&id)?;
        let client = self.authorization(&call).role_assignments_client();
        let answer = client.create(scope.trim_start_matches('/'), name, new.parameters()).await;
        RoleAssignment::read(&call, answer.map_err(|error| bridge::failed(&call, &error))?)
    }

    /// Deletes a role assignment. It is no error if there is none.
    pub(crate) async fn delete_role_assignment(&self, scope: &str, name: &str) -> Result<()> {
        let id = format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{name}");
        let call = Call::new("Microsoft.Authorization/roleAssignments/delete", &id);
        check_path(&id)?;
        let client = self.authorization(&call).role_assignments_client();
        // Only `send` takes an answer without a body, which is what comes if there is none.
        let answer = client.delete(scope.trim_start_matches('/'), name).send().await;
        answer.map(|_| ()).map_err(|error| bridge::failed(&call, &error))
    }
}

impl NewRoleAssignment<'_> {
    fn parameters(&self) -> models::RoleAssignmentCreateParameters {
        let mut properties =
            models::RoleAssignmentProperties::new(self.role_definition_id.to_owned(), self.principal_id.to_owned());
        // Without its type, a principal made a moment ago isn't found (Azure RBAC, troubleshoot).
        properties.principal_type = Some(PrincipalType::ServicePrincipal);
        properties.description = Some(self.description.to_owned());
        properties.condition = self.condition.map(ToOwned::to_owned);
        properties.condition_version = self.condition.map(|_| "2.0".to_owned());
        models::RoleAssignmentCreateParameters::new(properties)
    }
}

impl RoleAssignment {
    fn read(call: &Call<'_>, assignment: models::RoleAssignment) -> Result<Self> {
        let lacking = |field: &str| unreadable(call, &format!("a role assignment without `{field}`"));
        let properties = assignment.properties.ok_or_else(|| lacking("properties"))?;
        Ok(Self {
            name: assignment.name.ok_or_else(|| lacking("name"))?,
            id: assignment.id.ok_or_else(|| lacking("id"))?,
            scope: properties.scope.ok_or_else(|| lacking("scope"))?,
            role_definition_id: properties.role_definition_id,
            principal_id: properties.principal_id,
            principal_type: properties.principal_type.map(|kind| match kind {
                PrincipalType::User => "User".to_owned(),
                PrincipalType::Group => "Group".to_owned(),
                PrincipalType::ServicePrincipal => "ServicePrincipal".to_owned(),
                PrincipalType::ForeignGroup => "ForeignGroup".to_owned(),
                PrincipalType::Device => "Device".to_owned(),
                PrincipalType::UnknownValue(other) => other,
            }),
            description: properties.description.filter(|text| !text.is_empty()).map(one_line),
            condition: properties.condition.filter(|text| !text.is_empty()),
            condition_version: properties.condition_version.filter(|text| !text.is_empty()),
        })
    }
}

#[cfg(test)]
mod tests {
    use cloudgrant_core::Stack;

    use super::*;

    #[test]
    fn an_assignment_is_the_stack_s_by_its_derived_name_or_by_its_description() {
        let home = "00000000-0000-0000-0000-00000000000b/acme";
        let names = Names::at(Stack::parse("acme").expect("a stack"), home).expect("a home");
        let of = |name: &str, kind: Option<&str>, description: &str| RoleAssignment {
            name: name.to_owned(),
            id: "i".to_owned(),
            scope: "s".to_owned(),
            role_definition_id: "/roleDefinitions/R".to_owned(),
            principal_id: "p".to_owned(),
            principal_type: kind.map(ToOwned::to_owned),
            description: Some(description.to_owned()),
            condition: None,
            condition_version: None,
        };
        let described = names.description();
        let derived = names.assignment("s", "r", "p");
        assert!(of("by-hand", Some("ServicePrincipal"), &described).is_of(&names));
        assert!(of("by-hand", None, &described).is_of(&names));
        for (kind, description) in
            [("User", described.as_str()), ("Group", described.as_str()), ("ServicePrincipal", "theirs")]
        {
            assert!(!of("by-hand", Some(kind), description).is_of(&names), "{kind} {description}");
            assert!(of(&derived, Some(kind), description).is_of(&names), "{kind} {description}");
        }
    }
}
