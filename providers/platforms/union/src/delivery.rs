//! How Union is told under which principal task code runs, and asked for one that only its team can make.

use std::fmt::Write as _;

use cloudgrant_core::{
    AnnotationValue, Asked, Desired, Handoff, Identity, Note, Object, ObjectId, Ownership, Principal, Result, Tenancy,
};
use cloudgrant_platform_kit::{ClusterResourceAttributes, PLATFORM_BINDING, by_scope, service_accounts};
use serde_json::Value;

/// Source: Union, "Enabling AWS resources"; its data plane's Helm chart annotates each namespace's service account with that
/// value.
pub(crate) const ATTRIBUTES: ClusterResourceAttributes =
    ClusterResourceAttributes { tool: "uctl", key: "defaultUserRoleValue" };

pub(crate) fn of(tenancy: &Tenancy, principals: &[Principal]) -> Result<Desired> {
    let mut desired = Desired::default();
    for (scope, principals) in by_scope(principals) {
        let mut chosen = Vec::new();
        for principal in principals {
            match &principal.identity {
                Identity::Known { annotation, .. } => match &annotation.value {
                    AnnotationValue::Known(value) => desired.objects.extend(ATTRIBUTES.objects(principal, value)),
                    AnnotationValue::Chosen { .. } => chosen.push(principal),
                },
                Identity::Asked(asked) => ask_the_vendor(tenancy, principal, asked, &mut desired),
            }
        }
        desired.objects.extend(service_accounts::object(scope, &chosen));
    }
    Ok(desired)
}

/// Requirement 7: in a data plane that Union manages, its team makes a domain's identity.
fn ask_the_vendor(tenancy: &Tenancy, principal: &Principal, asked: &Asked, desired: &mut Desired) {
    let domain = principal.scope.domain().map(ToString::to_string).unwrap_or_default();
    let mut attributes = serde_json::Map::from_iter([("domain".to_owned(), Value::from(domain.as_str()))]);
    attributes.extend(asked.attributes.as_object().cloned().unwrap_or_default());
    desired.objects.push(Object {
        id: ObjectId::new(PLATFORM_BINDING, principal.scope.slug()),
        scope: principal.scope.clone(),
        attributes: Value::Object(attributes).into(),
        depends_on: principal.depends_on.clone(),
        because: principal.because.clone(),
        ownership: Ownership::Fragment { of: format!("the platform's binding of {}", principal.scope) },
        touches: Vec::new(),
        handoff: Some(Handoff {
            to: "the Union team".to_owned(),
            task: format!("bind domain {domain} to a managed identity of its own"),
            document: document(tenancy, principal, asked, &domain),
            verifiable: false,
        }),
    });
    let Some(binding) = principal.because.first() else { return };
    // Requirement 5.
    let all: Vec<_> = tenancy.domains.iter().map(ToString::to_string).collect();
    let message = format!(
        "only the Union team can bind a domain on Azure; `scope: global` needs nobody else, and reaches task code of {}",
        all.join(", ")
    );
    desired.notes.push(Note::info(binding, message));
    if tenancy.organization.is_empty() {
        let message =
            "the Union team isn't told whose data plane it is: set `platform.organization`, Union's name for you";
        desired.notes.push(Note::warning(binding, message));
    }
}

fn document(tenancy: &Tenancy, principal: &Principal, asked: &Asked, domain: &str) -> String {
    let issuers = match asked.issuers.as_slice() {
        [] | [_] => String::new(),
        several => format!(", each for the tokens of every one of the issuers {}", several.join(" and ")),
    };
    let mut place: Vec<(&str, &str)> = asked.place.iter().map(|(what, which)| (*what, which.as_str())).collect();
    // It may be left out of a manifest, which is warned of.
    if !tenancy.organization.is_empty() {
        place.insert(0, ("Organization", &tenancy.organization));
    }
    place.push(("Domain", domain));
    let widest = place.iter().map(|(what, _)| what.len()).max().unwrap_or_default();
    let mut document = String::new();
    for (what, which) in place {
        _ = writeln!(document, "{:<1$} {which}", format!("{what}:"), widest + 1);
    }
    _ = write!(
        document,
        "\n1. Bind the domain to a {} of its own, which trusts these service accounts and no others (audience {}){issuers}:\n",
        asked.kind, asked.audience
    );
    for (_, subject) in &principal.serves {
        _ = writeln!(document, "   {subject}");
    }
    document.push_str(
        "\n2. Tell us the identity's name. We then set it in the manifest, and cloudgrant assigns its roles:\n\n",
    );
    for line in asked.named_by.lines() {
        _ = writeln!(document, "   {line}");
    }
    document.push_str("\n   These are the roles; if it suits you better, assign them yourselves:\n");
    for permission in &asked.permissions {
        document.push('\n');
        for line in permission.lines() {
            _ = writeln!(document, "   {line}");
        }
    }
    document
}
