//! The service account of a project and domain as an object of a plan.

use cloudgrant_core::{
    Attributes, Identifier, Identity, Object, Ownership, Principal, Reference, Remainder, Shares, quoted,
};
use serde_json::{Value, json};

use crate::mark::{Mark, Named};
use crate::names::{SETTING, id, parts};

/// Where attributes have the settings, and the principal of the account's pods.
pub(crate) const SETTINGS: &str = "settings";
pub(crate) const PRINCIPAL: &str = "principal";

/// The objects of a principal: the service account of each project and domain whose task code is to run under it. None where somebody
/// has to make the principal.
pub fn objects(principal: &Principal) -> Vec<Object> {
    let known = |value: &String| (Value::from(value.as_str()), Vec::new());
    let (value, references) = match &principal.identity {
        Identity::BoundByCloud { identifier, .. } => known(identifier),
        Identity::Known { annotation, .. } => match &annotation.value {
            Identifier::Known(value) => known(value),
            Identifier::Chosen { object, output, .. } => {
                (Value::Null, vec![Reference { pointer: format!("/{PRINCIPAL}"), object: object.clone(), output }])
            }
        },
        Identity::Presented { .. } | Identity::Asked(_) => return Vec::new(),
    };
    let objects = principal.serves.iter().map(|(pair, subject)| Object {
        references: references.clone(),
        depends_on: principal.depends_on.clone(),
        ownership: Ownership::Fragment { of: format!("the settings of {pair}") },
        ..Object::new(
            id(&format!("{}/{}", pair.project, pair.domain)),
            principal.scope.clone(),
            principal.because.clone(),
            attributes(Some(subject.service_account()), &value),
        )
    });
    objects.collect()
}

pub(crate) fn attributes(account: Option<&str>, principal: &Value) -> Value {
    let settings = account.map_or_else(|| json!({}), |account| json!({ SETTING: account }));
    json!({ SETTINGS: settings, PRINCIPAL: principal })
}

/// The account in an object's attributes, where they have one.
pub(crate) fn account(attributes: &Value) -> Option<&str> {
    attributes[SETTINGS][SETTING].as_str()
}

/// The account that attributes want, with its principal, where both are known.
pub(crate) fn named(attributes: Option<&Attributes>) -> Option<Named> {
    let attributes = attributes?.value();
    let principal = attributes[PRINCIPAL].as_str()?.to_owned();
    Some(Named { account: account(&attributes)?.to_owned(), principal })
}

/// Where the attributes of what is there say what was written, if somebody has put something else in its place.
pub(crate) const WRITTEN: &str = "written";

/// What is left where grants are taken away: what changes by that becomes what is wanted, and all else stays for an apply. What
/// somebody else has put in the place of what was written isn't cloudgrant's to take, nor to write over.
pub(crate) fn remainder(shares: &Shares<'_>) -> Remainder {
    let changed = shares.wanted.filter(|wanted| *wanted != shares.baseline);
    if shares.there.get(WRITTEN).is_some() {
        return match (shares.wanted, changed) {
            (None, _) => Remainder::Untold,
            (Some(_), None) => Remainder::Left(shares.there.clone()),
            (Some(_), Some(_)) => Remainder::Unreadable,
        };
    }
    let Some(wanted) = changed else { return Remainder::Untold };
    let mut left = shares.there.clone();
    for key in [SETTINGS, PRINCIPAL] {
        if wanted[key] != shares.baseline[key] {
            left[key] = wanted[key].clone();
        }
    }
    Remainder::Left(left)
}

/// The commands that do the same with the platform's own tool, which replaces the settings of a scope as a whole.
pub(crate) fn commands(mark: &Mark, object: &Object) -> Vec<String> {
    let (project, domain) = parts(&object.id.name);
    let attributes = object.attributes.value();
    let account = account(&attributes).unwrap_or_default().to_owned();
    let principal = match object.references.first() {
        Some(reference) => format!("{} of {}", reference.output, reference.object),
        None => attributes[PRINCIPAL].as_str().unwrap_or_default().to_owned(),
    };
    let (key, marked) = mark.entry(&object.id.name, &Named { account: account.clone(), principal });
    let scope = format!("--domain {} --project {}", quoted(domain), quoted(project));
    vec![
        format!("flyte get settings {scope} --to-file settings.yaml"),
        format!("# add to its local overrides: {SETTING}: {account}"),
        format!("# and to its annotations, so that it is known as the stack's: {{{key}: {marked}}}"),
        format!("flyte edit settings {scope} --from-file settings.yaml"),
    ]
}

#[cfg(test)]
mod tests {
    use cloudgrant_core::{Annotation, Domain, IntentId, Naming, ObjectId, Pair, Project, Scope, Stack};

    use super::*;

    fn principal(value: Identifier) -> Principal {
        let domain = Domain::parse("production").expect("a domain");
        let naming = Naming::new("{project}-{domain}", "tasks").expect("names");
        let pair =
            |project: &str| Pair { project: Project::parse(project).expect("a project"), domain: domain.clone() };
        let serves = ["forecasting", "vision"].map(|project| (pair(project), naming.subject(&pair(project))));
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
    fn each_pair_has_an_object_with_its_account_and_what_the_cloud_chooses_is_referred_to() {
        let object = ObjectId::new("identity", "tasks");
        let chosen = Identifier::Chosen { object: object.clone(), output: "clientId", command: String::new() };
        let objects = objects(&principal(chosen));
        let names: Vec<_> = objects.iter().map(|object| object.id.name.as_str()).collect();
        assert_eq!(names, ["forecasting/production", "vision/production"]);
        let [reference] = objects[0].references.as_slice() else { panic!("{objects:?}") };
        let attributes = objects[0].attributes.value();
        assert_eq!((account(&attributes), attributes.pointer(&reference.pointer)), (Some("tasks"), Some(&Value::Null)));
        assert_eq!((&reference.object, named(Some(&objects[0].attributes))), (&object, None));
    }

    #[test]
    fn the_commands_keep_what_is_there() {
        let value = Identifier::Known("arn:r".to_owned());
        let [first, _] = objects(&principal(value)).try_into().expect("two");
        let mark = Mark::of(&Stack::parse("acme").expect("a stack"), "home");
        let commands = commands(&mark, &first).join("\n");
        assert!(
            commands.starts_with("flyte get settings --domain production --project forecasting --to-file "),
            "{commands}"
        );
        assert!(commands.contains("# add to its local overrides: security.service_account: tasks\n"), "{commands}");
        assert!(commands.contains("/service-account: forecasting/production=tasks arn:r}\n"), "{commands}");
    }

    /// Where an earlier edit of the manifest wasn't applied, a revoke writes what it takes along and nothing of that.
    #[test]
    fn a_revoke_changes_the_principal_that_goes_and_writes_over_no_edit() {
        let of = |account: &str, principal: &str| attributes(Some(account), &json!(principal));
        let (there, baseline) = (of("old", "narrow"), of("new", "narrow"));
        let shares = |there, wanted| Shares {
            there,
            baseline: &baseline,
            wanted,
            revoked: None,
            are_others_edited: false,
            kept: &[],
        };
        let wanted = of("new", "wide");
        assert_eq!(remainder(&shares(&there, Some(&wanted))), Remainder::Left(of("old", "wide")));
        assert_eq!(remainder(&shares(&there, Some(&baseline))), Remainder::Untold);
        assert_eq!(remainder(&shares(&there, None)), Remainder::Untold);
        let mut edited = there.clone();
        edited[WRITTEN] = json!({ SETTING: "old" });
        assert_eq!(remainder(&shares(&edited, Some(&wanted))), Remainder::Unreadable);
        assert_eq!(remainder(&shares(&edited, Some(&baseline))), Remainder::Left(edited.clone()));
    }
}
