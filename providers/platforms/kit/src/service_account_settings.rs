//! Service accounts by the settings service, set by somebody else: Flyte 2 has no cluster resource attributes, and its tool edits the
//! settings of a project and domain.
//!
//! Source: the Python package `flyte`, `flyte edit settings --help`.

use cloudgrant_core::{
    Domain, HandedOff, Handoff, HowAsked, Identity, Object, ObjectId, Ownership, Pair, Principal, Project, quoted,
};
use cloudgrant_platform_settings::SETTING;
use serde_json::json;

use crate::{ADMINISTRATOR, FORM, PLATFORM_BINDING};

/// How it is remembered that a setting was asked for.
const FORM_OF_SETTING: &str = "setting";

/// No domain is called so, of which the annotations are handed off beside this.
fn handed_off(pair: &Pair) -> HandedOff {
    let name = format!("{}/{}", pair.project, pair.domain);
    HandedOff { object: ObjectId::new(PLATFORM_BINDING, name), how: HowAsked::default().with(FORM, FORM_OF_SETTING) }
}

/// The handoffs by which somebody would be asked for what cloudgrant sets by itself.
pub(crate) fn all_handed_off(principal: &Principal) -> impl Iterator<Item = HandedOff> {
    principal.serves.iter().map(|(pair, _)| handed_off(pair))
}

/// An object for each pair that a principal serves: its settings name the service account. None where somebody has to make the
/// principal.
pub(crate) fn objects(principal: &Principal) -> Vec<Object> {
    if let Identity::Asked(_) = principal.identity {
        return Vec::new();
    }
    let objects = principal.serves.iter().map(|(pair, subject)| {
        let HandedOff { object, how } = handed_off(pair);
        let Pair { project, domain } = pair;
        let account = subject.service_account();
        let document = format!(
            "{}# Beside what is there, as the tool replaces all of it: {SETTING}: {account}\n{}",
            get(pair),
            edit(pair)
        );
        let task = format!("set the service account of project {project} in domain {domain} to {account}");
        Object {
            depends_on: principal.depends_on.clone(),
            ownership: Ownership::Fragment { of: format!("the settings of {pair}") },
            handoff: Some(Handoff::unseen(ADMINISTRATOR, task, document).asked_as(how)),
            ..Object::new(
                object,
                principal.scope.clone(),
                principal.because.clone(),
                json!({ "project": project, "domain": domain, "settings": { SETTING: account } }),
            )
        }
    });
    objects.collect()
}

/// How that is taken back, by what is remembered of it; `None` where something else was asked for.
pub(crate) fn taken_back(how: &HowAsked, name: &str) -> Option<Handoff> {
    how.get(FORM).filter(|form| *form == FORM_OF_SETTING)?;
    let (project, domain) = name.split_once('/')?;
    let pair = Pair { project: Project::parse(project).ok()?, domain: Domain::parse(domain).ok()? };
    let document = format!(
        "{}# Take {SETTING} out, unless somebody has set another account since, and keep the rest.\n{}",
        get(&pair),
        edit(&pair)
    );
    let task = format!("no longer set the service account of project {} in domain {}", pair.project, pair.domain);
    Some(Handoff::unseen(ADMINISTRATOR, task, document))
}

/// How somebody takes the accounts of these pairs away, each given as `-p PROJECT -d DOMAIN`: a sentence.
pub(crate) fn unbinding(bound: &[String]) -> String {
    let of = match bound {
        [] => "For each project and domain that has it".to_owned(),
        bound => format!("With {}", bound.join(", ")),
    };
    format!(
        "{of}, take `{SETTING}` out of what `flyte get settings` shows, and write the rest with `flyte edit settings --from-file FILE`"
    )
}

fn scope(pair: &Pair) -> String {
    format!("--domain {} --project {}", quoted(pair.domain.as_str()), quoted(pair.project.as_str()))
}

fn get(pair: &Pair) -> String {
    format!("flyte get settings {} --to-file settings.yaml\n", scope(pair))
}

fn edit(pair: &Pair) -> String {
    format!("flyte edit settings {} --from-file settings.yaml\n", scope(pair))
}
