//! "Microsoft Entra repository permissions in Azure Container Registry".

use super::{ask, case};

const READ: &str = "!(ActionMatches{'%R/content/read'}) AND !(ActionMatches{'%R/metadata/read'})";

#[test]
fn one_repository() {
    let case = case(&format!("( ( {READ} ) OR ( @Request[%R:name] StringEqualsIgnoreCase 'nginx' ))"));
    for action in ["%R/content/read", "%R/metadata/read"] {
        case.allows(&ask(action).request("%R:name", "nginx"));
        case.denies(&ask(action).request("%R:name", "nginx/other"));
        case.denies(&ask(action));
    }
    case.allows(&ask("%R/content/write").request("%R:name", "other"));
}

#[test]
fn repositories_below_a_prefix() {
    let case = case(&format!("( ( {READ} ) OR ( @Request[%R:name] StringStartsWithIgnoreCase 'backend/' ))"));
    case.allows(&ask("%R/content/read").request("%R:name", "backend/nginx"));
    case.denies(&ask("%R/content/read").request("%R:name", "backend-infra/k8s"));
}

#[test]
fn repositories_below_two_prefixes() {
    let case = case(&format!(
        "( ( {READ} ) OR ( @Request[%R:name] StringStartsWithIgnoreCase 'backend/' OR \
         @Request[%R:name] StringStartsWithIgnoreCase 'frontend/js/' ))"
    ));
    case.allows(&ask("%R/content/read").request("%R:name", "backend/nginx"));
    case.allows(&ask("%R/content/read").request("%R:name", "frontend/js/react"));
    case.denies(&ask("%R/content/read").request("%R:name", "frontend/css"));
}
