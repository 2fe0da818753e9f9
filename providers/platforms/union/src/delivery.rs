//! How Union is told under which principal task code runs, and asked for one that only its team can make.

use std::fmt::Write as _;

use cloudgrant_core::{
    Asked, Desired, Domain, Handoff, HowAsked, Note, Object, ObjectId, Ownership, Principal, Result, Scope, Tenancy,
};
use cloudgrant_platform_kit::helm::{Chart, ChartAttribute, Templates};
use cloudgrant_platform_kit::{ClusterResourceAttributes, Delivery, FORM, PLATFORM_BINDING, PlatformDelivery};
use serde_json::Value;

/// Source: Union, "Enabling AWS resources"; its chart `dataplane`, `values.aws.yaml`, which annotates each namespace's service
/// account with that value.
pub(crate) const DELIVERY: Delivery = Delivery {
    attributes: ClusterResourceAttributes { tool: "uctl", key: "defaultUserRoleValue" },
    templated: "eks.amazonaws.com/role-arn",
    annotated: "azure.workload.identity/client-id",
    // Its chart has the annotation's key as a value, too, so that the same template serves all clouds.
    of_attributes: &["eks.amazonaws.com/role-arn", "azure.workload.identity/client-id"],
    charts: &[Chart {
        name: "dataplane",
        path: &["clusterresourcesync", "config", "cluster_resources", "customData"],
        attributes: &[of_chart("eks.amazonaws.com/role-arn"), of_chart("azure.workload.identity/client-id")],
        templates: Templates::List(&["clusterresourcesync", "additionalTemplates"]),
        pod_labels: &["config", "k8s", "plugins", "k8s", "default-labels"],
        maps_namespaces: true,
    }],
    untold: "task code of `global` runs under the platform's own role or identity, and the Union team itself binds those that it makes for \
             domains on Azure",
};

/// Its template has the annotation's key as a value.
const fn of_chart(annotation: &'static str) -> ChartAttribute {
    ChartAttribute {
        annotation,
        key: "defaultUserRoleValue",
        annotation_key: Some("defaultUserRoleKey"),
        is_shipped: true,
    }
}

/// Who makes what only the vendor can make.
const VENDOR: &str = "the Union team";

/// The object of the handoff by which the vendor is asked for a scope's principal.
pub(crate) fn asked_for(scope: &Scope) -> ObjectId {
    ObjectId::new(PLATFORM_BINDING, scope.slug())
}

/// How it is remembered that the vendor was asked.
pub(crate) fn asked_of_vendor() -> HowAsked {
    HowAsked::default().with(FORM, "identity")
}

/// How what somebody was asked for is taken back. Where it isn't remembered how it was asked for, the name of a domain may mean either:
/// the vendor was asked for its identity, or whoever administers the platform for the annotations that name one. Then both are told.
pub(crate) fn taken_back(tenancy: &Tenancy, kind: &str, name: &str, how: &HowAsked) -> Option<(ObjectId, Handoff)> {
    let by_vendor = taken_back_by_vendor(tenancy, name, how).filter(|_| kind == PLATFORM_BINDING);
    let Some(by_vendor) = by_vendor else { return DELIVERY.taken_back(tenancy, kind, name, how) };
    if how.get(FORM).is_some() {
        return Some(by_vendor);
    }
    let (id, by_administrator) = DELIVERY.taken_back(tenancy, kind, name, how)?;
    let by_vendor: String =
        by_vendor.1.document.lines().map(|line| format!("# {line}").trim_end().to_owned() + "\n").collect();
    let document = format!(
        "# Where service accounts were annotated so that they name an identity:\n{}\n\
         # Where {VENDOR} was asked to make the identity, ask them:\n#\n{by_vendor}",
        by_administrator.document
    );
    let to = format!("{}; {VENDOR}, where they made an identity", by_administrator.to);
    let task = format!("no longer let task code of domain {name} run under an identity of its own");
    Some((id, Handoff::unseen(to, task, document)))
}

/// What the vendor is asked for then. Where it isn't remembered how it was asked for: if a binding's name is that of a domain.
fn taken_back_by_vendor(tenancy: &Tenancy, name: &str, how: &HowAsked) -> Option<(ObjectId, Handoff)> {
    let may_be_meant = |domain: &Domain| match how.get(FORM) {
        Some(_) => *how == asked_of_vendor().with(HowAsked::PLATFORM, &tenancy.kind),
        None => tenancy.domains.contains(domain) || !name.contains('-'),
    };
    let domain = Domain::parse(name).ok().filter(may_be_meant)?;
    let whose = match tenancy.organization.as_str() {
        "" => String::new(),
        organization => format!("Organization: {organization}\n"),
    };
    let document = format!(
        "{whose}Domain:       {domain}\n\n\
         1. Take away every role that was assigned to the domain's managed identity for us.\n\
         2. Where nothing else uses that identity: delete it, with its federated credentials, and let the domain's task code run as \
         it did before.\n\
         3. Tell us, so that we take its name out of our manifest, if it is in there.\n"
    );
    let task = format!("take back the managed identity of domain {domain} and its roles");
    Some((asked_for(&Scope::Domain { domain }), Handoff::unseen(VENDOR, task, document)))
}

pub(crate) fn of(platform_delivery: &PlatformDelivery, tenancy: &Tenancy, principals: &[Principal]) -> Result<Desired> {
    platform_delivery.desired(&DELIVERY, principals, |principal, asked| Ok(ask_the_vendor(tenancy, principal, asked)))
}

/// Requirement 7: in a data plane that Union manages, its team makes a domain's identity.
fn ask_the_vendor(tenancy: &Tenancy, principal: &Principal, asked: &Asked) -> Desired {
    let mut desired = Desired::default();
    let domain = principal.scope.domain().map(ToString::to_string).unwrap_or_default();
    let mut attributes = serde_json::Map::from_iter([("domain".to_owned(), Value::from(domain.as_str()))]);
    attributes.extend(asked.attributes.as_object().cloned().unwrap_or_default());
    desired.objects.push(Object {
        depends_on: principal.depends_on.clone(),
        ownership: Ownership::Fragment { of: format!("the platform's binding of {}", principal.scope) },
        handoff: Some(
            Handoff::unseen(
                VENDOR,
                format!("bind domain {domain} to a managed identity of its own"),
                document(tenancy, principal, asked, &domain),
            )
            .asked_as(asked_of_vendor()),
        ),
        ..Object::new(
            asked_for(&principal.scope),
            principal.scope.clone(),
            principal.because.clone(),
            Value::Object(attributes),
        )
    });
    let Some(binding) = principal.because.first() else { return desired };
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
    desired
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
    for subject in principal.service_accounts() {
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cloudgrant_core::{Annotation, Identifier, Identity, IntentId, Naming, Pair, PlatformContext, Project, Stack};
    use cloudgrant_platform_kit::{DeliveryMethod, Keys};
    use serde_json::json;

    use super::*;

    fn pair(project: &str) -> Pair {
        let domain = Domain::parse("production").expect("a domain");
        Pair { project: Project::parse(project).expect("a project"), domain }
    }

    fn principal(identity: Identity) -> Principal {
        let scope = Scope::Domain { domain: Domain::parse("production").expect("a domain") };
        let serves =
            ["forecasting", "vision"].map(|project| (pair(project), Naming::default().subject(&pair(project))));
        let because = vec![IntentId::Binding(scope.clone())];
        Principal { scope, because, serves: serves.to_vec(), depends_on: Vec::new(), identity }
    }

    fn tenancy(organization: &str) -> Tenancy {
        Tenancy {
            workloads: None,
            kind: "union".to_owned(),
            organization: organization.to_owned(),
            projects: vec![pair("forecasting").project, pair("vision").project],
            domains: vec![pair("vision").domain],
            naming: Naming::default(),
        }
    }

    fn by_hand() -> PlatformDelivery {
        platform_delivery(Keys::default())
    }

    fn platform_delivery(keys: Keys) -> PlatformDelivery {
        let context = PlatformContext {
            tenancy: Arc::new(tenancy("acme")),
            stack: Stack::parse("acme").expect("a stack"),
            home: "home".to_owned(),
            is_cloud_in_sandbox: false,
            sandbox: None,
        };
        PlatformDelivery::new(keys, &context)
    }

    /// Its chart's template is the same on all clouds. What only the vendor can make is asked for all the same.
    #[test]
    fn union_s_control_plane_is_told_the_same_value_on_every_cloud() {
        let platform_delivery = platform_delivery(Keys { delivery: DeliveryMethod::Admin.into(), ..Keys::default() });
        for key in ["eks.amazonaws.com/role-arn", "azure.workload.identity/client-id"] {
            let value = Identifier::Known("arn:r".to_owned());
            let annotation = Annotation { key, value, pod_label: None };
            let known = Identity::Known { name: "r".to_owned(), annotation, issuers: Vec::new() };
            let told = of(&platform_delivery, &tenancy("acme"), &[principal(known)]).expect("told");
            let names: Vec<_> = told.objects.iter().map(|object| object.id.to_string()).collect();
            let expected =
                ["cluster-resource-attribute forecasting/production", "cluster-resource-attribute vision/production"];
            assert_eq!(names, expected, "{key}");
            let attributes = json!({ "attributes": { "defaultUserRoleValue": "arn:r" } });
            assert!(
                told.objects.iter().all(|object| object.attributes.value() == attributes && object.handoff.is_none())
            );
        }
        let asked = Asked {
            place: Vec::new(),
            kind: "user-assigned managed identity",
            issuers: Vec::new(),
            audience: String::new(),
            named_by: String::new(),
            permissions: Vec::new(),
            attributes: json!({}),
        };
        let told = of(&platform_delivery, &tenancy("acme"), &[principal(Identity::Asked(asked))]).expect("told");
        assert!(told.objects.iter().all(|object| object.handoff.is_some()), "{told:?}");
    }

    /// Its chart annotates on every cloud, and its pods need Azure's label there.
    #[test]
    fn union_s_chart_is_told_the_annotation_s_key_and_the_label_of_pods() {
        let pod_label = Some(("azure.workload.identity/use", "true"));
        for (key, pod_label) in [("eks.amazonaws.com/role-arn", None), ("azure.workload.identity/client-id", pod_label)]
        {
            let value = Identifier::Known("r".to_owned());
            let annotation = Annotation { key, value, pod_label };
            let known = Identity::Known { name: "r".to_owned(), annotation, issuers: Vec::new() };
            let files = DELIVERY.files(&tenancy("acme"), &[principal(known)]);
            let values = files.iter().find(|file| file.path == "helm/dataplane.values.yaml").expect("values");
            let domain = format!(
                "        - production:\n          - defaultUserRoleKey:\n              value: \"{key}\"\n          \
                 - defaultUserRoleValue:\n              value: \"r\"\n"
            );
            assert!(values.content.contains(&domain), "{}", values.content);
            let label = "  k8s:\n    plugins:\n      k8s:\n        default-labels:\n          - azure.workload.identity/use: \"true\"\n";
            assert_eq!(values.content.contains(label), pod_label.is_some(), "{}", values.content);
            assert!(!values.content.contains("additionalTemplates"), "its own template does: {}", values.content);
        }
    }

    /// The chart's template annotates `default`; of other accounts an export brings one, but where it would tell an account that has
    /// a principal of its own.
    #[test]
    fn accounts_that_the_chart_doesn_t_annotate_have_a_template() {
        let named = |scope: Scope| {
            let value = Identifier::Known("r".to_owned());
            let annotation = Annotation { key: "eks.amazonaws.com/role-arn", value, pod_label: None };
            let identity = Identity::Known { name: "r".to_owned(), annotation, issuers: Vec::new() };
            Principal { scope, ..principal(identity) }
        };
        let naming = Naming::new("{domain}", "{project}-tasks").expect("templates");
        let tenancy = Tenancy { naming, ..tenancy("acme") };
        let content = |principals: &[Principal]| {
            let files = DELIVERY.files(&tenancy, principals);
            let values = files.into_iter().find(|file| file.path == "helm/dataplane.values.yaml").expect("values");
            values.content
        };
        let domain = named(Scope::Domain { domain: pair("vision").domain });
        let template = "  additionalTemplates:\n    - key: \"cloudgrant_service_account\"\n      value: |\n        apiVersion: v1\n        \
                        kind: ServiceAccount\n        metadata:\n          name: \"{{ project }}-tasks\"\n          namespace: \
                        \"{{ namespace }}\"\n          annotations:\n            eks.amazonaws.com/role-arn: \
                        \"{{ defaultUserRoleValue }}\"\n";
        let told = content(std::slice::from_ref(&domain));
        assert!(told.contains(template), "{told}");
        assert!(
            told.starts_with("low_privilege: false\nnamespace_mapping:\n  template: \"{{ `{{ domain }}` }}\"\n"),
            "{told}"
        );
        let Pair { project, domain: of } = pair("vision");
        let told = content(&[domain, named(Scope::ProjectDomain { project, domain: of })]);
        assert!(!told.contains("additionalTemplates"), "{told}");
    }

    #[test]
    fn requirements_24_to_26_a_role_is_told_pair_by_pair() {
        let role = "arn:aws:iam::111122223333:role/r";
        let value = Identifier::Known(role.to_owned());
        let annotation = Annotation { key: "eks.amazonaws.com/role-arn", value, pod_label: None };
        let known = Identity::Known { name: "r".to_owned(), annotation, issuers: Vec::new() };
        let told = of(&by_hand(), &tenancy("acme"), &[principal(known)]).expect("told");
        let names: Vec<_> = told.objects.iter().map(|object| object.id.name.as_str()).collect();
        assert_eq!(names, ["forecasting-production", "vision-production"]);
        let document = &told.objects[1].handoff.as_ref().expect("a handoff").document;
        for line in [
            "project: \"vision\"\n",
            "domain: \"production\"\n",
            "attributes:\n  defaultUserRoleValue: \"arn:aws:iam::",
        ] {
            assert!(document.contains(line), "{document}");
        }
        assert!(document.contains("uctl update cluster-resource-attribute --attrFile"), "{document}");
    }

    #[test]
    fn requirement_7_the_vendor_is_asked_for_an_identity_of_exactly_these_service_accounts() {
        let asked = || Asked {
            place: vec![("Tenant", "t".to_owned()), ("Resource group", "g".to_owned())],
            kind: "user-assigned managed identity",
            issuers: vec!["https://one".to_owned(), "https://two".to_owned()],
            audience: "api://AzureADTokenExchange".to_owned(),
            named_by: "azure:\n  identities:\n    production: NAME\n".to_owned(),
            permissions: vec!["Reader (id)\non /x\n".to_owned()],
            attributes: json!({ "assignments": [] }),
        };
        let told = of(&by_hand(), &tenancy("acme"), &[principal(Identity::Asked(asked()))]).expect("told");
        let [object] = told.objects.as_slice() else { panic!("{told:?}") };
        assert_eq!(object.attributes.value(), json!({ "domain": "production", "assignments": [] }));
        let document = &object.handoff.as_ref().expect("a handoff").document;
        for line in [
            "Organization:   acme\nTenant:         t\nResource group: g\nDomain:         production\n",
            "for the tokens of every one of the issuers https://one and https://two",
            "   system:serviceaccount:forecasting-production:default\n   system:serviceaccount:vision-production:default\n",
            "   azure:\n     identities:\n       production: NAME\n",
            "   Reader (id)\n   on /x\n",
        ] {
            assert!(document.contains(line), "{document}");
        }
        // Whose data plane it is, the team must be told.
        assert_eq!(told.notes.len(), 1);
        let nameless = of(&by_hand(), &tenancy(""), &[principal(Identity::Asked(asked()))]).expect("told");
        assert!(nameless.notes[1].message.contains("set `platform.organization`"), "{:?}", nameless.notes);
    }

    /// One name stands for both, and only people know which of them it was.
    #[test]
    fn what_a_domain_s_binding_asked_for_is_taken_back_by_administrators_and_by_the_vendor() {
        let (id, handoff) =
            taken_back(&tenancy("acme"), PLATFORM_BINDING, "production", &HowAsked::default()).expect("known");
        assert_eq!(id, asked_for(&Scope::Domain { domain: Domain::parse("production").expect("a domain") }));
        for part in ["kubectl annotate serviceaccount default --namespace vision-production", "# Organization: acme\n"]
        {
            assert!(handoff.document.contains(part), "{}", handoff.document);
        }
        assert!(handoff.to.contains(VENDOR), "{}", handoff.to);
        // One of a pair was never the vendor's.
        let (_, of_pair) =
            taken_back(&tenancy("acme"), PLATFORM_BINDING, "vision-production", &HowAsked::default()).expect("known");
        assert!(!of_pair.to.contains(VENDOR) && !of_pair.document.contains("Organization"), "{}", of_pair.document);
    }
}
