//! A value of a record as an object of a plan.

use cloudgrant_core::{
    Error, ErrorKind, Identifier, Identity, Object, Ownership, Principal, Reference, Result, redacted,
};
use serde_json::{Value, json};

use crate::mark::{Map, Mark};
use crate::names::{id, parts};

/// What the sync of cluster resources sets by itself; it fails where a record does (flyteadmin: `pkg/clusterresource/controller.go`).
const RESERVED: [&str; 3] = ["namespace", "project", "domain"];

/// Why an attribute can't have a principal's value; nothing where it can.
pub fn unfit_attribute(attribute: &str) -> Option<String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    if attribute.is_empty() || attribute.len() > 100 || !attribute.chars().all(fits) {
        return Some(
            "an attribute is letters, digits and `_-.`, up to 100, as in a template's `{{ defaultIamRole }}`"
                .to_owned(),
        );
    }
    let is_taken = RESERVED.contains(&attribute) || attribute.starts_with("cloudgrant.");
    is_taken.then(|| format!("`{attribute}` isn't free: the platform's sync, or cloudgrant, sets it by itself"))
}

/// The objects of a principal: the value of an attribute in the record of each project and domain whose task code is to run under
/// it. None where the cloud binds the principal by itself, or somebody has to make it.
///
/// # Errors
/// No template can take the value.
pub fn objects(principal: &Principal, attribute: &str) -> Result<Vec<Object>> {
    let Identity::Known { annotation, .. } = &principal.identity else { return Ok(Vec::new()) };
    let (value, references) = match &annotation.value {
        Identifier::Known(value) if fits_template(value) => (Value::from(value.as_str()), Vec::new()),
        Identifier::Known(value) => {
            let message = format!("`{}` can't stand in a template of the platform's", redacted(value));
            return Err(Error::new(ErrorKind::Unsupported, message)
                .hint("its sync puts values into YAML as they are: choose `platform.delivery: handoff`"));
        }
        Identifier::Chosen { object, output, .. } => {
            // As a JSON pointer has it (RFC 6901): an attribute has nothing that is written otherwise there.
            (
                Value::Null,
                vec![Reference { pointer: format!("/attributes/{attribute}"), object: object.clone(), output }],
            )
        }
    };
    let attributes = json!({ "attributes": { attribute: value } });
    let object = |pair: &cloudgrant_core::Pair| Object {
        references: references.clone(),
        depends_on: principal.depends_on.clone(),
        ownership: Ownership::Fragment { of: format!("the cluster resource attributes of {pair}") },
        ..Object::new(
            id(&format!("{}/{}", pair.project, pair.domain)),
            principal.scope.clone(),
            principal.because.clone(),
            &attributes,
        )
    };
    Ok(principal.serves.iter().map(|(pair, _)| object(pair)).collect())
}

/// Whether a value stays what it is where plain text is put into YAML.
pub(crate) fn fits_template(value: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || ":/_+=,.@-".contains(c);
    let begins = value.chars().next().is_some_and(|c| c.is_ascii_alphanumeric());
    begins
        && !value.ends_with(':')
        && value.chars().all(fits)
        && value.chars().any(|c| c.is_ascii_alphabetic() || c == '-')
}

/// The texts of a map in an object's attributes.
pub(crate) fn texts(attributes: Option<&Value>, key: &str) -> Map {
    let map = attributes.and_then(|attributes| attributes.get(key)?.as_object());
    let text = |(key, value): (&String, &Value)| Some((key.clone(), value.as_str()?.to_owned()));
    map.into_iter().flatten().filter_map(text).collect()
}

/// The commands that do the same with the platform's own tool, whose `update` replaces a record as a whole.
pub(crate) fn commands(tool: &str, mark: &Mark, object: &Object) -> Vec<String> {
    let (project, domain) = parts(&object.id.name);
    let attributes = object.attributes.value();
    let mut lines = Vec::new();
    for (attribute, value) in attributes["attributes"].as_object().into_iter().flatten() {
        let value = match object.references.first() {
            Some(reference) => format!("{} of {}", reference.output, reference.object),
            None => value.as_str().unwrap_or_default().to_owned(),
        };
        lines.push(format!("# add to its attributes: {attribute}: {value}"));
        let (key, marked) = mark.entry(&object.id.name, attribute, &value);
        lines.push(format!("# and, so that it is known as the stack's: {key}: {marked}"));
    }
    let mut commands =
        vec![format!("{tool} get cluster-resource-attribute -p {project} -d {domain} --attrFile attributes.yaml")];
    commands.extend(lines);
    commands.push(format!("{tool} update cluster-resource-attribute --attrFile attributes.yaml"));
    commands
}

#[cfg(test)]
mod tests {
    use cloudgrant_core::{Annotation, Domain, IntentId, Naming, ObjectId, Pair, Project, Scope, Stack};

    use super::*;

    fn principal(value: Identifier) -> Principal {
        let domain = Domain::parse("production").expect("a domain");
        let pair =
            |project: &str| Pair { project: Project::parse(project).expect("a project"), domain: domain.clone() };
        let serves =
            ["forecasting", "vision"].map(|project| (pair(project), Naming::default().subject(&pair(project))));
        let scope = Scope::Domain { domain: domain.clone() };
        let annotation = Annotation { key: "eks.amazonaws.com/role-arn", value, pod_label: None };
        Principal {
            because: vec![IntentId::Binding(scope.clone())],
            scope,
            serves: serves.to_vec(),
            depends_on: vec![ObjectId::new("identity", "tasks")],
            identity: Identity::Known { name: "tasks".to_owned(), annotation, issuers: Vec::new() },
        }
    }

    #[test]
    fn each_pair_has_an_object_and_what_the_cloud_chooses_is_referred_to() {
        let object = ObjectId::new("identity", "tasks");
        let chosen = Identifier::Chosen { object: object.clone(), output: "clientId", command: String::new() };
        let objects = objects(&principal(chosen), "defaultUserRoleValue").expect("objects");
        let names: Vec<_> = objects.iter().map(|object| object.id.name.as_str()).collect();
        assert_eq!(names, ["forecasting/production", "vision/production"]);
        let [reference] = objects[0].references.as_slice() else { panic!("{objects:?}") };
        assert_eq!(objects[0].attributes.value().pointer(&reference.pointer), Some(&Value::Null), "{reference:?}");
        assert_eq!(reference.object, object);
    }

    /// The sync puts values into YAML as they are.
    #[test]
    fn what_no_template_can_take_is_refused() {
        for value in ["arn:aws:iam::111122223333:role/a.b@c+d=e,f_g-h", "00000000-0000-0000-0000-00000000000a"] {
            assert!(fits_template(value), "{value}");
        }
        for value in ["", "12", "a: b", "a\nb", "{{ x }}", "a #b", "*a", "a:", "'a'", "-a"] {
            assert!(objects(&principal(Identifier::Known(value.to_owned())), "k").is_err(), "{value}");
        }
    }

    #[test]
    fn attributes_are_those_that_a_template_can_name_and_nobody_else_sets() {
        assert!(["defaultIamRole", "my_role.value-1"].iter().all(|name| unfit_attribute(name).is_none()));
        for name in ["", "a b", "a/b", "{{x}}", "namespace", "project", "domain", "cloudgrant.acme.0.x"] {
            assert!(unfit_attribute(name).is_some(), "{name}");
        }
    }

    #[test]
    fn the_commands_keep_what_is_there() {
        let value = Identifier::Known("arn:r".to_owned());
        let [first, _] = objects(&principal(value), "defaultIamRole").expect("objects").try_into().expect("two");
        let mark = Mark::of(&Stack::parse("acme").expect("a stack"), "home");
        let commands = commands("flytectl", &mark, &first).join("\n");
        assert!(
            commands.starts_with("flytectl get cluster-resource-attribute -p forecasting -d production --attrFile")
        );
        assert!(commands.contains("# add to its attributes: defaultIamRole: arn:r\n"), "{commands}");
        assert!(
            commands.contains(&format!("{}: forecasting/production=arn:r", mark.key("defaultIamRole"))),
            "{commands}"
        );
    }
}
