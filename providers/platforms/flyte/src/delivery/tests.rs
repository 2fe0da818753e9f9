use std::sync::Arc;

use cloudgrant_core::{
    Annotation, Domain, HowAsked, Identifier, Identity, IntentId, Naming, ObjectId, Pair, PlatformContext, Project,
    Scope, Stack, Tenancy,
};
use cloudgrant_platform_kit::{ControlPlane, Deliveries, DeliveryMethod, Keys, PLATFORM_BINDING, Who};
use serde_json::json;

use super::*;

/// As where somebody else tells the platform.
fn by_hand() -> PlatformDelivery {
    platform_delivery(Keys::default())
}

fn tenancy() -> Tenancy {
    Tenancy {
        workloads: None,
        kind: "flyte".to_owned(),
        organization: String::new(),
        projects: Vec::new(),
        domains: Vec::new(),
        naming: Naming::default(),
    }
}

fn platform_delivery(keys: Keys) -> PlatformDelivery {
    platform_delivery_of(tenancy(), keys)
}

fn platform_delivery_of(tenancy: Tenancy, keys: Keys) -> PlatformDelivery {
    let context = PlatformContext {
        tenancy: Arc::new(tenancy),
        stack: Stack::parse("acme").expect("a stack"),
        home: "home".to_owned(),
        is_cloud_in_sandbox: false,
        sandbox: None,
    };
    PlatformDelivery::new(keys, &context)
}

fn leaving_settings() -> PlatformDelivery {
    platform_delivery(Keys { delivery: DeliveryMethod::LeaveSettings.into(), ..Keys::default() })
}

fn principal(key: &'static str, name: &str, value: Identifier) -> Principal {
    let domain = Domain::parse("production").expect("a domain");
    let pair = Pair { project: Project::parse("vision").expect("a project"), domain: domain.clone() };
    let scope = Scope::Domain { domain };
    let annotation = Annotation { key, value, pod_label: Some(("example/use", "true")) };
    Principal {
        because: vec![IntentId::Binding(scope.clone())],
        scope,
        serves: vec![(pair.clone(), Naming::default().subject(&pair))],
        depends_on: Vec::new(),
        identity: Identity::Known { name: name.to_owned(), annotation, issuers: vec![format!("https://{name}")] },
    }
}

#[test]
fn a_value_that_is_known_goes_into_the_attributes_of_the_pair() {
    let told =
        of(&by_hand(), &[principal(DELIVERY.templated, "r", Identifier::Known("arn:r".to_owned()))]).expect("told");
    assert_eq!(told.objects[0].id.name, "vision-production");
    let document = &told.objects[0].handoff.as_ref().expect("a handoff").document;
    assert!(document.contains("attributes:\n  defaultIamRole: \"arn:r\"\n"), "{document}");
}

#[test]
fn one_that_the_cloud_chooses_goes_onto_the_service_accounts_and_never_empty() {
    let chosen = |name: &str| {
        let object = ObjectId::new("identity", name);
        principal(
            "example/client-id",
            name,
            Identifier::Chosen { object, output: "id", command: format!("show {name}") },
        )
    };
    let told = of(&by_hand(), &[chosen("one"), chosen("two")]).expect("told");
    let [object] = told.objects.as_slice() else { panic!("{told:?}") };
    let subject = "system:serviceaccount:vision-production:default";
    let identities = json!({ "one": [subject], "two": [subject] });
    assert_eq!(object.attributes.value(), json!({ "domain": "production", "identities": identities }));
    let document = &object.handoff.as_ref().expect("a handoff").document;
    let command = "client_id=$(show one)\ntest -n \"$client_id\" && kubectl annotate serviceaccount default --namespace \
                   vision-production --overwrite example/client-id=\"$client_id\"\n";
    assert!(document.contains(command), "{document}");
    assert!(document.contains("#   https://one\n#   https://two\n"), "{document}");
    assert!(document.ends_with("# Pods take part when they are labelled: example/use: \"true\"\n"), "{document}");
}

#[test]
fn what_cloudgrant_writes_by_itself_is_an_annotation_whatever_the_charts_have() {
    let platform_delivery = platform_delivery(Keys { delivery: DeliveryMethod::Kubernetes.into(), ..Keys::default() });
    for key in [DELIVERY.templated, "example/client-id"] {
        let told = of(&platform_delivery, &[principal(key, "r", Identifier::Known("v".to_owned()))]).expect("told");
        let [object] = told.objects.as_slice() else { panic!("{told:?}") };
        assert_eq!(
            (object.id.kind, object.id.name.as_str()),
            ("service-account-annotation", "vision-production/default")
        );
        assert_eq!(object.attributes.value(), json!({ "annotations": { key: "v" } }));
        assert!(object.handoff.is_none());
        assert!(told.notes[0].message.ends_with("labelled example/use: \"true\""), "{:?}", told.notes);
    }
}

/// Of Azure's annotation Flyte's charts make nothing, unless the manifest says which value its own templates take.
#[test]
fn flyte_admin_is_told_what_its_templates_take_and_the_rest_is_handed_off() {
    let of_key = |keys: Keys, key| {
        let told =
            of(&platform_delivery(keys), &[principal(key, "r", Identifier::Known("arn:r".to_owned()))]).expect("told");
        let [object] = told.objects.as_slice() else { panic!("{told:?}") };
        (object.id.to_string(), object.attributes.value(), object.handoff.is_some())
    };
    let keys = Keys { delivery: DeliveryMethod::Admin.into(), ..Keys::default() };
    let (id, attributes, handed_off) = of_key(keys.clone(), DELIVERY.templated);
    assert_eq!(id, "cluster-resource-attribute vision/production");
    assert_eq!((attributes, handed_off), (json!({ "attributes": { "defaultIamRole": "arn:r" } }), false));
    assert!(of_key(keys.clone(), "example/client-id").2, "nobody knows what the templates call it");
    let keys = Keys { attribute: Some(serde_json::from_value(json!("mine")).expect("an attribute")), ..keys };
    let (_, attributes, handed_off) = of_key(keys.clone(), "example/client-id");
    assert_eq!((attributes, handed_off), (json!({ "attributes": { "mine": "arn:r" } }), false));
    // Where cloudgrant sets none, it isn't passed over in silence.
    let keys = Keys { deployment: Some(serde_json::from_value(json!("flyte.example.com")).expect("a host")), ..keys };
    let principals = [principal(DELIVERY.templated, "r", Identifier::Known("arn:r".to_owned()))];
    for (way, told) in [
        (DeliveryMethod::Handoff, &["platform.attribute", "platform.deployment"][..]),
        (DeliveryMethod::Kubernetes, &["platform.attribute", "platform.deployment"]),
        (DeliveryMethod::Admin, &[]),
        (DeliveryMethod::LeaveAdmin, &["platform.attribute"]),
        (DeliveryMethod::Settings, &["platform.attribute"]),
    ] {
        let desired = of(&platform_delivery(Keys { delivery: way.into(), ..keys.clone() }), &principals).expect("told");
        let of_keys =
            desired.notes.iter().map(|note| note.about.as_str()).filter(|about| about.starts_with("platform."));
        assert_eq!(of_keys.collect::<Vec<_>>(), told, "{way:?}: {:?}", desired.notes);
    }
}

/// Which way is meant, nobody guesses: whoever has none and names a deployment is told what to write.
#[test]
fn whoever_names_a_deployment_and_no_way_is_told_the_line_that_is_missing() {
    let host = || Some(serde_json::from_value(json!("flyte.example.com")).expect("a host"));
    let attribute = || Some(serde_json::from_value(json!("ours")).expect("an attribute"));
    let shared = || Naming::new("flyte", "{project}-{domain}").expect("templates");
    let (first, second) = ("the first versions of Flyte and Union", "the second versions of Flyte and Union");
    let kubernetes = || DeliveryMethod::Kubernetes.into();
    for (keys, naming, line) in [
        (
            Keys { deployment: host(), ..Keys::default() },
            Naming::default(),
            Some(format!("write `delivery: admin` ({first}) or `delivery: settings` ({second})")),
        ),
        (
            Keys { deployment: host(), ..Keys::default() },
            shared(),
            Some(format!("write `delivery: settings` ({second})")),
        ),
        (
            Keys { deployment: host(), attribute: attribute(), ..Keys::default() },
            Naming::default(),
            Some(format!("write `delivery: admin` ({first})")),
        ),
        (
            Keys { deployment: host(), delivery: kubernetes(), ..Keys::default() },
            shared(),
            Some(format!("write `delivery: [settings, kubernetes]` ({second})")),
        ),
        (Keys { deployment: host(), delivery: DeliveryMethod::Settings.into(), ..Keys::default() }, shared(), None),
    ] {
        let tenancy = Tenancy { naming, ..tenancy() };
        let told = principal(DELIVERY.templated, "r", Identifier::Known("arn:r".to_owned()));
        let desired = of(&platform_delivery_of(tenancy, keys.clone()), &[told]).expect("told");
        let note = desired.notes.iter().find(|note| note.about == "platform.deployment");
        assert_eq!(note.is_some(), line.is_some(), "{keys:?}");
        let said = note.map(|note| note.message.as_str()).unwrap_or_default();
        assert!(said.ends_with(&line.unwrap_or_default()), "{keys:?}: {said}");
        // Nothing is written by it.
        let is_told = keys.delivery != Deliveries::default();
        assert!(is_told || desired.objects.iter().all(|object| object.handoff.is_some()), "{desired:?}");
    }
    // Where there is nobody to tell of, a line would have no effect, either.
    let none = of(&platform_delivery(Keys { deployment: host(), ..Keys::default() }), &[]).expect("told");
    assert!(none.notes.iter().all(|note| !note.message.contains("write")), "{:?}", none.notes);
}

/// Of two ways, the one that has nothing to do is told; where neither has, the key is.
#[test]
fn a_way_by_which_nothing_is_told_is_named() {
    let both = |by| Deliveries { control_plane: Some(by), cluster: Some(Who::Cloudgrant) };
    let (admin, settings) = (ControlPlane::Admin(Who::Cloudgrant), ControlPlane::Settings(Who::Cloudgrant));
    let templated = principal(DELIVERY.templated, "r", Identifier::Known("arn:r".to_owned()));
    let untemplated = principal("example/client-id", "r", Identifier::Known("r".to_owned()));
    let identity = Identity::BoundByCloud {
        name: "r".to_owned(),
        identifier: "arn:r".to_owned(),
        overridden: DELIVERY.templated,
        issuers: Vec::new(),
    };
    let bound = Principal { identity, ..templated.clone() };
    for (delivery, principals, said) in [
        (both(admin), vec![templated.clone()], Some("`kubernetes` has nothing to annotate here")),
        (
            both(admin),
            vec![untemplated.clone()],
            Some("`admin` has no effect here: no cluster resource attribute says"),
        ),
        (both(admin), vec![templated.clone(), untemplated], None),
        (both(settings), vec![bound.clone()], Some("`kubernetes` has no effect here: the cloud itself")),
        (both(settings), vec![bound.clone(), templated], None),
        (both(settings), vec![], Some("it has no effect here: task code of `global`")),
        (DeliveryMethod::Kubernetes.into(), vec![bound], Some("it has no effect here: the cloud itself")),
        (DeliveryMethod::Handoff.into(), vec![], None),
        (DeliveryMethod::LeaveKubernetes.into(), vec![], None),
    ] {
        let desired = of(&platform_delivery(Keys { delivery, ..Keys::default() }), &principals).expect("told");
        let notes = desired.notes.iter().filter(|note| note.about == "platform.delivery");
        let notes: Vec<_> = notes.map(|note| note.message.as_str()).collect();
        assert_eq!(notes.len(), usize::from(said.is_some()), "{delivery:?}: {notes:?}");
        assert!(said.is_none_or(|said| notes[0].starts_with(said)), "{delivery:?}: {notes:?}");
    }
}

/// A setting names an account, and only whoever runs the cluster can have that name its principal.
#[test]
fn the_settings_service_is_told_of_accounts_and_their_annotations_are_handed_off() {
    let platform_delivery = platform_delivery(Keys { delivery: DeliveryMethod::Settings.into(), ..Keys::default() });
    for key in [DELIVERY.templated, "example/client-id"] {
        let told = of(&platform_delivery, &[principal(key, "r", Identifier::Known("arn:r".to_owned()))]).expect("told");
        let [setting, account] = told.objects.as_slice() else { panic!("{told:?}") };
        assert_eq!(setting.id.to_string(), "service-account-setting vision/production");
        let attributes = json!({ "settings": { "security.service_account": "default" }, "principal": "arn:r" });
        assert_eq!((setting.attributes.value(), setting.handoff.is_some()), (attributes, false));
        let document = &account.handoff.as_ref().expect("a handoff").document;
        let command = "kubectl annotate serviceaccount default --namespace vision-production --overwrite ";
        assert!(document.contains(command), "{document}");
    }
    let leaving = leaving_settings();
    let told = of(&leaving, &[principal(DELIVERY.templated, "r", Identifier::Known("arn:r".to_owned()))]);
    assert!(told.expect("told").objects.iter().all(|object| object.handoff.is_some()));
}

/// Kubernetes makes `default` with each namespace, and no other: a step that names another one makes it first.
#[test]
fn an_account_that_nobody_makes_is_made_by_the_step_that_annotates_it() {
    let naming = Naming::new("{project}-{domain}", "tasks").expect("templates");
    let named = |one: &Principal| {
        let serves = one.serves.iter().map(|(pair, _)| (pair.clone(), naming.subject(pair)));
        Principal { serves: serves.collect(), ..one.clone() }
    };
    let usual = principal("example/client-id", "r", Identifier::Known("r".to_owned()));
    let ours = named(&usual);
    let get = "kubectl get serviceaccount tasks --namespace vision-production >/dev/null 2>&1";
    let create = format!("{get} || kubectl create serviceaccount tasks --namespace vision-production");
    for way in [DeliveryMethod::Settings, DeliveryMethod::Handoff, DeliveryMethod::LeaveKubernetes] {
        let platform_delivery = platform_delivery(Keys { delivery: way.into(), ..Keys::default() });
        let document = |one: &Principal| {
            let told = of(&platform_delivery, std::slice::from_ref(one)).expect("told");
            let documents = told.objects.into_iter().filter_map(|object| Some(object.handoff?.document));
            documents.collect::<String>()
        };
        let (usual, ours) = (document(&usual), document(&ours));
        assert!(ours.contains(&format!("{create}\nkubectl annotate serviceaccount tasks ")), "{way:?}: {ours}");
        assert!(usual.contains("kubectl annotate ") && !usual.contains("create serviceaccount"), "{way:?}: {usual}");
    }
    // Where the cloud binds the principal, no step annotates it, and a setting names it all the same.
    let identity = Identity::BoundByCloud {
        name: "r".to_owned(),
        identifier: "arn:r".to_owned(),
        overridden: DELIVERY.templated,
        issuers: Vec::new(),
    };
    for (one, told) in [(&usual, false), (&ours, true)] {
        let bound = Principal { identity: identity.clone(), ..one.clone() };
        let settings = platform_delivery(Keys { delivery: DeliveryMethod::Settings.into(), ..Keys::default() });
        let notes = of(&settings, &[bound]).expect("told").notes;
        assert_eq!(notes.iter().any(|note| note.message.contains(&create)), told, "{notes:?}");
    }
}

/// One apply serves both: nobody is asked for anything, and an account has its annotation before a setting names it.
#[test]
fn the_settings_service_and_the_cluster_are_told_together() {
    let delivery =
        Deliveries { control_plane: Some(ControlPlane::Settings(Who::Cloudgrant)), cluster: Some(Who::Cloudgrant) };
    let both = platform_delivery(Keys { delivery, ..Keys::default() });
    assert_eq!(both.sandboxes(), ["flyte", "kubernetes"]);
    for key in [DELIVERY.templated, "example/client-id"] {
        let told = of(&both, &[principal(key, "r", Identifier::Known("arn:r".to_owned()))]).expect("told");
        let [setting, annotation] = told.objects.as_slice() else { panic!("{told:?}") };
        assert_eq!(setting.id.to_string(), "service-account-setting vision/production");
        assert_eq!(annotation.id.to_string(), "service-account-annotation vision-production/default");
        assert!(setting.handoff.is_none() && annotation.handoff.is_none());
        assert_eq!(setting.depends_on, std::slice::from_ref(&annotation.id));
        assert!(told.takes_over.len() >= 2, "both handoffs were confirmed before: {:?}", told.takes_over);
    }
    // Who leaves one of them hands that off alone.
    let leaving = Deliveries { cluster: Some(Who::SomebodyElse), ..delivery };
    let leaving = platform_delivery(Keys { delivery: leaving, ..Keys::default() });
    let told = of(&leaving, &[principal(DELIVERY.templated, "r", Identifier::Known("arn:r".to_owned()))]);
    let handed_off: Vec<_> =
        told.expect("told").objects.into_iter().map(|object| (object.id.kind, object.handoff.is_some())).collect();
    assert_eq!(handed_off, [("service-account-setting", false), ("platform-binding", true)]);
    let unbinding = leaving.unbinding(&DELIVERY, &[]);
    assert!(unbinding.contains("The settings go first"), "{unbinding}");
    assert!(unbinding.contains("those of others stay until they take them off"), "{unbinding}");
}

/// What others wrote since they deliver, no run takes away.
#[test]
fn whoever_leaves_a_delivery_is_not_told_that_what_others_wrote_goes() {
    for control_plane in
        [None, Some(ControlPlane::Admin(Who::SomebodyElse)), Some(ControlPlane::Settings(Who::SomebodyElse))]
    {
        for cluster in [None, Some(Who::SomebodyElse)] {
            if control_plane.is_none() && cluster.is_none() {
                continue;
            }
            let keys = Keys { delivery: Deliveries { control_plane, cluster }, ..Keys::default() };
            for bound in [&[][..], &["-p vision -d production".to_owned()]] {
                let told = platform_delivery(keys.clone()).unbinding(&DELIVERY, bound);
                assert!(told.contains("that this stack") && told.contains("those of others stay"), "{told}");
                assert!(!told.contains("is back with its next sync"), "{told}");
            }
        }
    }
}

/// An attribute says what the templates take, and an annotation the rest: never both of one principal.
#[test]
fn what_flyte_admin_does_not_say_the_cluster_is_told() {
    let delivery =
        Deliveries { control_plane: Some(ControlPlane::Admin(Who::Cloudgrant)), cluster: Some(Who::Cloudgrant) };
    let both = platform_delivery(Keys { delivery, ..Keys::default() });
    for (key, kind) in
        [(DELIVERY.templated, "cluster-resource-attribute"), ("example/client-id", "service-account-annotation")]
    {
        let told = of(&both, &[principal(key, "r", Identifier::Known("arn:r".to_owned()))]).expect("told");
        let [object] = told.objects.as_slice() else { panic!("{told:?}") };
        assert_eq!((object.id.kind, object.handoff.is_some()), (kind, false));
    }
}

/// Nothing is written for what the cloud gives to pods by itself, but the account that a setting names; the cluster's backend is
/// told which annotation means nothing then.
#[test]
fn a_principal_that_the_cloud_binds_is_told_to_nobody() {
    let key = DELIVERY.templated;
    let one = principal(key, "r", Identifier::Known(String::new()));
    let identity = Identity::BoundByCloud {
        name: "r".to_owned(),
        identifier: "arn:r".to_owned(),
        overridden: key,
        issuers: Vec::new(),
    };
    let one = Principal { identity, ..one };
    for way in [
        DeliveryMethod::Handoff,
        DeliveryMethod::Kubernetes,
        DeliveryMethod::LeaveKubernetes,
        DeliveryMethod::Admin,
        DeliveryMethod::LeaveAdmin,
        DeliveryMethod::Settings,
        DeliveryMethod::LeaveSettings,
    ] {
        let platform_delivery = platform_delivery(Keys { delivery: way.into(), ..Keys::default() });
        let told = of(&platform_delivery, std::slice::from_ref(&one)).expect("told");
        let ids: Vec<_> = told.objects.iter().map(|object| object.id.to_string()).collect();
        let expected: &[&str] = match way {
            DeliveryMethod::Settings => &["service-account-setting vision/production"],
            // Somebody else sets it from now on.
            DeliveryMethod::LeaveSettings => &["platform-binding vision/production"],
            _ => &[],
        };
        assert_eq!(ids, expected, "{way:?}");
        // What cloudgrant sets by itself, nobody who confirmed it before is asked to take back.
        assert_eq!(!told.takes_over.is_empty(), way == DeliveryMethod::Settings, "{way:?}");
        let is_handed_off = way == DeliveryMethod::LeaveSettings;
        assert!(told.objects.iter().all(|object| object.handoff.is_some() == is_handed_off), "{way:?}");
        assert_eq!(told.overridden.values().collect::<Vec<_>>(), [&key], "{way:?}");
    }
    assert!(DELIVERY.files(&tenancy(), &[one]).is_empty());
}

/// Lists in sentences can be empty.
#[test]
fn how_pairs_are_unbound_is_a_sentence_also_where_none_is_named() {
    let bound = ["`-p vision -d production`".to_owned()];
    for way in [
        DeliveryMethod::Handoff,
        DeliveryMethod::Kubernetes,
        DeliveryMethod::LeaveKubernetes,
        DeliveryMethod::Admin,
        DeliveryMethod::LeaveAdmin,
        DeliveryMethod::Settings,
        DeliveryMethod::LeaveSettings,
    ] {
        let platform_delivery = platform_delivery(Keys { delivery: way.into(), ..Keys::default() });
        let [none, one] = [&[][..], &bound].map(|bound| platform_delivery.unbinding(&DELIVERY, bound));
        assert!(!none.contains("With :") && !none.contains("With `"), "{way:?}: {none}");
        let is_others = !matches!(way, DeliveryMethod::Kubernetes | DeliveryMethod::Admin | DeliveryMethod::Settings);
        let its_own =
            if way == DeliveryMethod::LeaveSettings { ", take `security.service_account` out" } else { ": where" };
        assert_eq!(one.contains(&format!("With `-p vision -d production`{its_own}")), is_others, "{way:?}: {one}");
        assert!(way != DeliveryMethod::LeaveSettings || !one.contains("flytectl"), "Flyte 2 has none: {one}");
        assert_eq!(none.contains(" first, in the same run"), way != DeliveryMethod::Handoff, "{way:?}: {none}");
    }
}

#[test]
fn a_principal_that_a_vendor_would_have_to_make_is_refused() {
    let asked = cloudgrant_core::Asked {
        place: Vec::new(),
        kind: "identity",
        issuers: Vec::new(),
        audience: String::new(),
        named_by: String::new(),
        permissions: Vec::new(),
        attributes: json!({}),
    };
    let one = Principal { identity: Identity::Asked(asked), ..principal("x", "x", Identifier::Known(String::new())) };
    assert!(of(&by_hand(), &[one]).is_err_and(|error| error.message().contains("Flyte has no vendor")));
}

/// Beside the annotation that was asked for, a service account may have another cloud's, which is somebody else's.
#[test]
fn only_the_annotation_that_was_asked_for_is_taken_back_and_both_where_a_mark_of_an_earlier_cloudgrant_doesn_t_say_which()
 {
    const AZURE: &str = "azure.workload.identity/client-id";
    let earlier = || HowAsked::default().with("form", "annotations").with(HowAsked::PLATFORM, "flyte");
    let tenancy = Tenancy {
        projects: vec![Project::parse("vision").expect("a project")],
        domains: vec![Domain::parse("production").expect("a domain")],
        ..tenancy()
    };
    let document = |how: &HowAsked| {
        let back = DELIVERY.taken_back(&tenancy, PLATFORM_BINDING, "production", how);
        back.map(|(_, handoff)| handoff.document)
    };
    for (how, aws, azure) in [
        (earlier(), true, true),
        (earlier().with(HowAsked::ANNOTATION, AZURE), false, true),
        (earlier().with(HowAsked::ANNOTATION, "eks.amazonaws.com/role-arn"), true, false),
    ] {
        let document = document(&how).expect("known");
        assert_eq!(document.contains("eks.amazonaws.com/role-arn-"), aws, "{document}");
        assert_eq!(document.contains("azure.workload.identity/client-id-"), azure, "{document}");
    }
    // Whoever edited a mark has no command made of that.
    assert_eq!(document(&earlier().with(HowAsked::ANNOTATION, "x; rm")), None);
}
