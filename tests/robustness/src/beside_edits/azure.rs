//! Azure: the role assignments of managed identities, with their conditions, and whom the identities trust.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::access::{Access, Atom};
use super::{Delivery, File, Ground, Principal, Seen};
use crate::http;

/// The cloud.
#[derive(Debug)]
pub struct Azure;

const TENANT: &str = "00000000-0000-0000-0000-00000000000a";
const SUBSCRIPTION: &str = "/subscriptions/00000000-0000-0000-0000-00000000000b";
const REGISTRY: &str = "/subscriptions/00000000-0000-0000-0000-00000000000b/resourceGroups/acme-dataplane/providers/Microsoft.ContainerRegistry/registries/acmeimages";
/// The platform's identity of all tasks.
const TASKS: &str = "flyte-tasks";
/// What says of something that it is a stack's.
const STACK_TAG: &str = "cloudgrant:stack";

const HEAD: &str = r#"version: 1
stack: edits
provider: azure
platform:
  kind: flyte
  delivery: DELIVERY
  projects: [forecasting, vision]
  domains: [development, production]
azure:
  tenant: 00000000-0000-0000-0000-00000000000a
  subscription: 00000000-0000-0000-0000-00000000000b
  resource_group: acme-dataplane
  task_identity: flyte-tasks
  cluster: { oidc_issuer: "https://westeurope.oic.prod-aks.azure.com/a/c/" }
resources:
  inputs: { azure: "https://acmedata.blob.core.windows.net/inputs/raw/" }
  models: { azure: "https://acmemodels.blob.core.windows.net/models" }
  token: { azure: "https://acme-vault.vault.azure.net/secrets/token" }
  images: { azure: "acmeimages.azurecr.io/team/images" }
"#;

#[async_trait]
impl Ground for Azure {
    fn id(&self) -> &'static str {
        "azure"
    }

    fn head(&self, delivery: Delivery) -> String {
        let way = match delivery {
            Delivery::Admin => "admin\n  attribute: clientId",
            other => other.written(),
        };
        HEAD.replace("DELIVERY", way)
    }

    fn scopes(&self) -> &'static [&'static str] {
        &["global", "{ domain: production }", "{ domain: development }"]
    }

    fn resources(&self) -> &'static [(&'static str, &'static [&'static str])] {
        &[
            ("inputs", &["list", "read", "read-write"]),
            ("models", &["read", "write", "manage"]),
            ("token", &["read"]),
            ("images", &["pull", "push"]),
        ]
    }

    fn has_precise(&self) -> bool {
        true
    }

    fn told_by(&self) -> (&'static str, &'static str) {
        ("azure.workload.identity/client-id", "clientId")
    }

    async fn prepare(&self, endpoint: &str, by_repository: bool) {
        if by_repository {
            let properties = json!({ "roleAssignmentMode": "AbacRepositoryPermissions" });
            let put = json!({ "id": REGISTRY, "properties": properties });
            http::ask(endpoint, "POST", "/_sandbox/put", &put.to_string()).await;
        }
    }

    fn seen(&self, files: &[File], roles: &BTreeMap<String, Value>) -> Seen {
        let of = |kind: &str| {
            let kind = format!("{kind}/");
            files.iter().filter(move |(name, _)| name.starts_with(&kind)).map(|(_, entity)| entity)
        };
        let mut seen = Seen { default: TASKS.to_owned(), ..Seen::default() };
        let mut roles = roles.clone();
        let mut custom = BTreeMap::new();
        for role in of("role-definitions") {
            roles.insert(text(role, "name").to_lowercase(), role["permissions"].clone());
            custom.insert(text(role, "name").to_lowercase(), text(role, "role_name").to_owned());
        }
        let (mut holders, mut by_id) = (BTreeMap::new(), BTreeMap::new());
        for identity in of("identities") {
            let id = text(identity, "id").to_lowercase();
            let name = id.rsplit('/').next().unwrap_or_default().to_owned();
            holders.insert(text(identity, "principal").to_lowercase(), name.clone());
            by_id.insert(id, name.clone());
            let is_of_stack = identity["tags"][STACK_TAG] == "edits";
            if is_of_stack {
                seen.objects.insert(format!("identity {name}"));
            }
            let principal = Principal {
                reference: text(identity, "client").to_owned(),
                is_of_stack,
                trusts: is_of_stack.then(BTreeSet::new),
                may: Access::new(),
            };
            seen.principals.insert(name, principal);
        }
        for credential in of("federated-credentials") {
            let id = text(credential, "id").to_lowercase();
            let of = id.split("/federatedidentitycredentials/").next().unwrap_or_default();
            match by_id.get(of).and_then(|name| seen.principals.get_mut(name)) {
                Some(Principal { trusts: Some(trusts), .. }) => {
                    _ = trusts.insert(text(credential, "subject").to_owned())
                }
                Some(_) => {}
                None => _ = seen.dangling.insert(format!("{id}: its identity isn't there")),
            }
        }
        let known: BTreeSet<_> = of("principals").map(|one| text(one, "id").to_lowercase()).collect();
        let mut assigned = BTreeSet::new();
        for assignment in of("role-assignments") {
            let [principal, role] = ["principal", "role"].map(|key| text(assignment, key).to_lowercase());
            let scope = text(assignment, "scope").to_lowercase();
            assigned.insert(role.clone());
            if text(assignment, "description").contains("(stack edits") {
                seen.parts.insert(format!("assignment {}", text(assignment, "id")));
            }
            let Some(holder) = holders.get(&principal) else {
                if !known.contains(&principal) {
                    seen.dangling
                        .insert(format!("an assignment of {role} on {scope} names {principal}, which isn't there"));
                }
                continue;
            };
            let Some(permissions) = roles.get(&role) else {
                seen.dangling.insert(format!("an assignment on {scope} names the role {role}, which isn't there"));
                continue;
            };
            let may = atoms(permissions, &scope, text(assignment, "condition"));
            seen.principals.get_mut(holder).expect("a holder").may.extend(may);
        }
        for (role, name) in &custom {
            seen.parts.insert(format!("custom role {name}"));
            if !assigned.contains(role) {
                seen.objects.insert(format!("custom role {name}, assigned to nobody"));
            }
        }
        seen.principals.values_mut().for_each(|principal| {
            principal.may.sort();
            principal.may.dedup();
        });
        seen
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// What a role allows on a scope, as far as a condition does.
fn atoms(permissions: &Value, scope: &str, condition: &str) -> Access {
    let (clauses, on) = (clauses(condition), format!("{scope}/*"));
    let mut atoms = Access::new();
    for permission in permissions.as_array().into_iter().flatten() {
        let of = |key: &str| {
            let all = permission[key].as_array().into_iter().flatten().filter_map(Value::as_str);
            all.map(str::to_owned).collect::<Vec<_>>()
        };
        for action in of("actions") {
            atoms.push(Atom { by: "actions", action, on: on.clone(), only: BTreeMap::new() });
        }
        for action in of("dataActions") {
            // To read a blob and to list blobs are one action, and differ in its suboperation.
            let listing: &[Option<bool>] =
                if action.ends_with("/blobs/read") { &[Some(false), Some(true)] } else { &[None] };
            for lists in listing {
                let suffix = if *lists == Some(true) { "#Blob.List" } else { "" };
                let narrowed: Vec<_> = clauses.iter().filter(|clause| clause.is_about(&action, *lists)).collect();
                let mut only = vec![BTreeMap::new()];
                for (at, clause) in narrowed.iter().enumerate() {
                    only = only
                        .iter()
                        .flat_map(|only| {
                            clause.parts.iter().map(|part| {
                                let mut only = only.clone();
                                only.insert(format!("part {at}"), part.clone());
                                only
                            })
                        })
                        .collect();
                }
                atoms.extend(only.into_iter().map(|only| Atom {
                    by: "data actions",
                    action: format!("{action}{suffix}"),
                    on: on.clone(),
                    only,
                }));
            }
        }
    }
    atoms
}

/// A part of a condition: what it is about, and for which paths or names that is allowed.
#[derive(Debug)]
struct Clause {
    about: Vec<(String, Option<bool>)>,
    parts: Vec<String>,
}

impl Clause {
    fn is_about(&self, action: &str, lists: Option<bool>) -> bool {
        self.about.iter().any(|(named, listing)| named == action && (listing.is_none() || *listing == lists))
    }
}

/// The parts of a condition, which all have to hold.
fn clauses(condition: &str) -> Vec<Clause> {
    let (mut parts, mut depth, mut quoted, mut part) = (Vec::new(), 0, false, String::new());
    for c in condition.chars() {
        match c {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            _ => {}
        }
        part.push(c);
        if depth == 0 && !quoted && c == ')' {
            parts.push(std::mem::take(&mut part));
        }
    }
    assert!(part.trim().is_empty() && depth == 0, "a condition is understood: {condition}");
    parts.iter().map(|part| clause(part)).collect()
}

fn clause(text: &str) -> Clause {
    let (mut about, mut parts) = (Vec::<(String, Option<bool>)>::new(), Vec::new());
    let mut before = "";
    for (at, piece) in text.split('\'').enumerate() {
        if at % 2 == 1 {
            if before.ends_with("SubOperationMatches{") {
                let (_, lists) = about.last_mut().expect("an action before its suboperation");
                *lists = Some(!before.contains("NOT SubOperationMatches"));
            } else if before.ends_with("ActionMatches{") {
                about.push((piece.to_owned(), None));
            } else if before.contains("StringStartsWith") {
                parts.push(format!("{piece}*"));
            } else {
                assert!(before.contains("StringEquals"), "a condition is understood: {text}");
                parts.push(piece.to_lowercase());
            }
        }
        before = piece;
    }
    Clause { about, parts }
}

/// What Azure's own roles allow, by their IDs in lower case; nothing on other clouds.
pub(super) async fn roles(ground: &dyn Ground, endpoint: &str) -> BTreeMap<String, Value> {
    static ROLES: OnceCell<BTreeMap<String, Value>> = OnceCell::const_new();
    if ground.id() != "azure" {
        return BTreeMap::new();
    }
    let read = || async {
        let client = cloudgrant_azure_sandbox::CLIENT_ID;
        let scope = "scope=https%3A%2F%2Fmanagement.azure.com%2F.default";
        let form = format!("grant_type=client_credentials&client_id={client}&client_secret=sandbox&{scope}");
        let answer = http::form(endpoint, &format!("/{TENANT}/oauth2/v2.0/token"), &form).await;
        let path = format!("{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions?api-version=2022-04-01");
        let (status, all) = http::json(endpoint, "GET", &path, text(&answer, "access_token"), &Value::Null).await;
        assert!(status == 200 && all["nextLink"].is_null(), "{status} {all}");
        let all = all["value"].as_array().expect("a list").iter();
        all.map(|role| (text(role, "name").to_lowercase(), role["properties"]["permissions"].clone())).collect()
    };
    ROLES.get_or_init(read).await.clone()
}
