//! A service account's annotation as an object of a plan.

use cloudgrant_core::{Annotation, Identifier, Identity, Object, ObjectId, Ownership, Principal, Reference, quoted};
use serde_json::{Value, json};

use crate::names::{id, parts};

/// The objects of a principal: an annotation of each service account whose task code is to run under it. None where the
/// cloud binds the principal by itself, or somebody has to make it.
pub fn objects(principal: &Principal) -> Vec<Object> {
    let Identity::Known { annotation, .. } = &principal.identity else { return Vec::new() };
    let (value, chosen) = value_of(annotation);
    // As a JSON pointer has it (RFC 6901).
    let key = annotation.key.replace('~', "~0").replace('/', "~1");
    let reference = |(object, output)| Reference { pointer: format!("/annotations/{key}"), object, output };
    let references = Vec::from_iter(chosen.map(reference));
    let attributes = json!({ "annotations": { annotation.key: value } });
    let account = |namespace: &str, account: &str| {
        let name = format!("{namespace}/{account}");
        Object {
            ownership: Ownership::Fragment { of: format!("service account {name}") },
            references: references.clone(),
            depends_on: principal.depends_on.clone(),
            ..Object::new(id(&name), principal.scope.clone(), principal.because.clone(), &attributes)
        }
    };
    let accounts = principal.service_accounts().into_iter();
    accounts.map(|subject| account(subject.namespace(), subject.service_account())).collect()
}

/// What an annotation says: null as long as the cloud has yet to choose it, and what chooses it then.
pub(crate) fn value_of(annotation: &Annotation) -> (Value, Option<(ObjectId, &'static str)>) {
    match &annotation.value {
        Identifier::Known(value) => (Value::from(value.as_str()), None),
        Identifier::Chosen { object, output, .. } => (Value::Null, Some((object.clone(), *output))),
    }
}

/// The configuration that is applied. It has nothing but what is the stack's: what it leaves out, the stack gives up.
pub(crate) fn configuration(name: &str, annotations: &Value, uid: Option<&str>) -> Value {
    let (namespace, account) = parts(name);
    let mut metadata = json!({ "name": account, "namespace": namespace });
    if let Some(uid) = uid {
        metadata["uid"] = uid.into();
    }
    if annotations.as_object().is_some_and(|map| !map.is_empty()) {
        metadata["annotations"] = annotations.clone();
    }
    json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata })
}

/// The command that does the same with `kubectl`.
pub(crate) fn commands(manager: &str, object: &Object) -> Vec<String> {
    let mut annotations = object.attributes.value()["annotations"].take();
    for reference in &object.references {
        let key = reference.pointer.trim_start_matches("/annotations/").replace("~1", "/").replace("~0", "~");
        annotations[key] = format!("{} of {}", reference.output, reference.object).into();
    }
    let configuration = configuration(&object.id.name, &annotations, None).to_string();
    let manager = quoted(manager);
    vec![format!("echo {} | kubectl apply --server-side --field-manager {manager} -f -", quoted(&configuration))]
}

#[cfg(test)]
mod tests {
    use cloudgrant_core::{Domain, IntentId, Naming, Pair, Project, Scope};

    use super::*;

    fn principal(value: Identifier) -> Principal {
        let domain = Domain::parse("production").expect("a domain");
        let pair = |project: &str| Pair {
            project: Project::parse(project).expect("a project"),
            domain: Domain::parse("production").expect("a domain"),
        };
        let serves = ["forecasting", "vision"].map(|project| {
            let pair = pair(project);
            let subject = Naming::default().subject(&pair);
            (pair, subject)
        });
        let scope = Scope::Domain { domain };
        let annotation = Annotation { key: "azure.workload.identity/client-id", value, pod_label: None };
        Principal {
            because: vec![IntentId::Binding(scope.clone())],
            scope,
            serves: serves.to_vec(),
            depends_on: vec![ObjectId::new("identity", "tasks")],
            identity: Identity::Known { name: "tasks".to_owned(), annotation, issuers: Vec::new() },
        }
    }

    #[test]
    fn each_service_account_has_an_object_and_what_the_cloud_chooses_is_referred_to() {
        let object = ObjectId::new("identity", "tasks");
        let chosen = Identifier::Chosen { object: object.clone(), output: "clientId", command: String::new() };
        let objects = objects(&principal(chosen));
        let names: Vec<_> = objects.iter().map(|object| object.id.name.as_str()).collect();
        assert_eq!(names, ["forecasting-production/default", "vision-production/default"]);
        let [reference] = objects[0].references.as_slice() else { panic!("{objects:?}") };
        let tree = objects[0].attributes.value();
        assert_eq!(tree.pointer(&reference.pointer), Some(&Value::Null), "{reference:?}");
        assert_eq!((&reference.object, objects[0].depends_on.as_slice()), (&object, std::slice::from_ref(&object)));
        let of = "service account forecasting-production/default".to_owned();
        assert_eq!(objects[0].ownership, Ownership::Fragment { of });
    }

    #[test]
    fn the_command_applies_the_same_configuration() {
        let [first, _] = objects(&principal(Identifier::Known("c-1".to_owned()))).try_into().expect("two");
        let commands = commands("cloudgrant.acme.0", &first);
        let configuration = configuration(&first.id.name, &first.attributes.value()["annotations"], None);
        assert_eq!(
            commands,
            [format!("echo '{configuration}' | kubectl apply --server-side --field-manager cloudgrant.acme.0 -f -")]
        );
    }
}
