//! "Example Azure role assignment conditions for Blob Storage": network and time.

use super::{ask, case};

const FOUR: &str = "!(ActionMatches{'%B/read'}) AND !(ActionMatches{'%B/write'}) AND \
                    !(ActionMatches{'%B/add/action'}) AND !(ActionMatches{'%B/delete'})";
const NETWORK: &str =
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/example-group/providers/Microsoft.Network";

#[test]
fn after_a_moment() {
    let case = case(
        "( ( !(ActionMatches{'%B/read'}) ) OR \
           ( @Resource[%C:name] StringEquals 'container1' AND \
             @Environment[UtcNow] DateTimeGreaterThan '2023-05-01T13:00:00.000Z' ) )",
    );
    let read = |now: &str| ask("%B/read").resource("%C:name", "container1").environment("UtcNow", now);
    case.allows(&read("2023-05-01T13:00:00.001Z"));
    case.denies(&read("2023-05-01T13:00:00.000Z"));
    case.denies(&read("2023-05-01T12:59:59Z"));
    case.denies(&ask("%B/read").resource("%C:name", "container1"));
}

#[test]
fn from_a_subnet() {
    let subnet = format!("{NETWORK}/virtualNetworks/virtualnetwork1/subnets/default");
    // As on the page: no space before the first operator.
    let case = case(&format!(
        "(({FOUR}) OR (@Resource[%C:name]StringEquals 'container1' AND \
          @Environment[Microsoft.Network/virtualNetworks/subnets] StringEqualsIgnoreCase '{subnet}'))"
    ));
    let read = ask("%B/read").resource("%C:name", "container1");
    let name = "Microsoft.Network/virtualNetworks/subnets";
    case.allows(&read.clone().environment(name, subnet.to_uppercase()));
    case.denies(&read.clone().environment(name, subnet + "2"));
    case.denies(&read);
}

#[test]
fn high_sensitivity_over_private_links_only() {
    let case = case(
        "((!(ActionMatches{'%B/read'} AND NOT SubOperationMatches{'Blob.List'})) OR \
          ((@Resource[%B/tags:sensitivity<$>] StringEquals 'high' AND @Environment[isPrivateLink] BoolEquals true) OR \
           @Resource[%B/tags:sensitivity<$>] StringNotEquals 'high'))",
    );
    let read = |tag, link: bool| ask("%B/read").resource("%B/tags:sensitivity", tag).environment("isPrivateLink", link);
    case.allows(&read("high", true));
    case.denies(&read("high", false));
    case.allows(&read("low", true));
    case.allows(&read("low", false));
    case.denies(&ask("%B/read").environment("isPrivateLink", true));
}

#[test]
fn a_container_through_one_private_endpoint() {
    let endpoint = format!("{NETWORK}/privateEndpoints/privateendpoint1");
    for owner in ["", " AND !(ActionMatches{'%B/runAsSuperUser/action'})"] {
        let case = case(&format!(
            "(({FOUR}{owner}) OR \
              ((@Resource[%C:name] StringEquals 'container1' AND \
                @Environment[Microsoft.Network/privateEndpoints] StringEqualsIgnoreCase '{endpoint}') OR \
               @Resource[%C:name] StringNotEquals 'container1'))"
        ));
        let read = ask("%B/read").resource("%C:name", "container1");
        case.allows(&read.clone().environment("Microsoft.Network/privateEndpoints", endpoint.as_str()));
        case.denies(&read);
        case.allows(&ask("%B/read").resource("%C:name", "container2"));
    }
}

#[test]
fn high_sensitivity_for_marked_users_only() {
    let endpoint = format!("{NETWORK}/privateEndpoints/privateendpoint1");
    let case = case(&format!(
        "((!(ActionMatches{{'%B/read'}} AND NOT SubOperationMatches{{'Blob.List'}})) OR \
          ((@Principal[%P:sensitivity] StringEqualsIgnoreCase @Resource[%B/tags:sensitivity<$>] AND \
            @Environment[Microsoft.Network/privateEndpoints] StringEqualsIgnoreCase '{endpoint}') OR \
           @Resource[%B/tags:sensitivity<$>] StringNotEquals 'high'))"
    ));
    let read = ask("%B/read").resource("%B/tags:sensitivity", "high").principal("%P:sensitivity", "High");
    let inside = "Microsoft.Network/privateEndpoints";
    case.allows(&read.clone().environment(inside, endpoint.as_str()));
    case.denies(&read.clone());
    case.denies(&read.principal("%P:sensitivity", "low").environment(inside, endpoint.as_str()));
    case.allows(&ask("%B/read").resource("%B/tags:sensitivity", "low"));
}
