//! Kinds that are one thing in an account, a vault or a namespace: which roles each level comes to, and where they are assigned.

use std::collections::BTreeSet;

use cloudgrant_core::{Access, ErrorKind, Purpose, ResourceKind, providers};
use reqwest::Method;
use serde_json::Value;

use crate::arm::{GROUP, SUBSCRIPTION};
use crate::grants::assigned;
use crate::world::{Runs, World, refused, said, union};

const LEVELS: [&str; 5] = ["list", "read", "write", "read-write", "manage"];

/// A manifest with one resource, that everybody is granted at a level.
fn granting(locator: &str, level: &str, more: &str) -> String {
    let grant = format!("grants: [{{ name: all, scope: global, access: {{ thing: {level} }}{more} }}]");
    union(&format!("  thing: {{ azure: \"{locator}\" }}\n{grant}"))
}

type Row = (String, String, Vec<(&'static str, BTreeSet<String>)>);

/// What the README has of these kinds: the noun, the locator, and the backquoted roles or data actions of each level.
fn documented() -> Vec<Row> {
    let readme = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../README.md");
    let readme = std::fs::read_to_string(readme).expect("the README");
    let (_, table) = readme.split_once("| granted by a role |").expect("the table");
    let quoted = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<BTreeSet<_>>();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with("| "));
    let row = |row: &str| {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let levels = LEVELS.into_iter().zip(&cells[3..]);
        let levels = levels.map(|(level, cell)| (level, quoted(cell))).filter(|(_, given)| !given.is_empty());
        let locator = quoted(cells[2]).pop_first().expect("a locator");
        (cells[1].to_owned(), locator, levels.collect())
    };
    rows.map(row).collect()
}

/// A resource of a locator's form.
fn sample(locator: &str) -> String {
    let named = locator.replace("ACCOUNT", "acmedata").replace("VAULT", "acme-vault").replace("NAMESPACE", "acme-bus");
    let named = named.replace('…', GROUP);
    ["QUEUE", "TABLE", "NAME"].into_iter().fold(named, |text, word| text.replace(word, "thing"))
}

/// The names of ready-made roles that a principal has, and the data actions of custom ones; and on which scopes.
async fn given(world: &World, principal: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut given, mut scopes) = (BTreeSet::new(), BTreeSet::new());
    for (role, scope, condition) in assigned(world, principal).await {
        assert_eq!(condition, None);
        scopes.insert(scope);
        let path =
            format!("{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{role}?api-version=2022-04-01");
        let definition = world.arm.sure(Method::GET, &path, None).await;
        let properties = &definition["properties"];
        if properties["type"] != "CustomRole" {
            given.insert(properties["roleName"].as_str().expect("a name").to_owned());
            continue;
        }
        for set in properties["permissions"].as_array().expect("permissions") {
            assert_eq!(set["actions"].as_array().map(Vec::len), Some(0), "{set}");
            let actions = set["dataActions"].as_array().expect("data actions").iter();
            given.extend(actions.filter_map(Value::as_str).map(str::to_owned));
        }
    }
    (given, scopes)
}

/// Each row of the README is a kind that is registered, and the other way round; and each level comes to just what stands there, on
/// that one thing.
#[tokio::test]
async fn each_level_on_a_thing_comes_to_the_documented_roles_and_no_others() {
    let linked = providers().expect("providers");
    let azure = linked.iter().find(|provider| provider.id == "azure").expect("it is linked in");
    let looked_up = [ResourceKind::OBJECT_STORE, ResourceKind::SECRET, ResourceKind::REGISTRY, ResourceKind::OTHER];
    let registered = azure.capabilities.registered_kinds().iter().filter(|one| !looked_up.contains(&one.kind));
    let registered: Vec<_> = registered.collect();
    let documented = documented();
    let nouns: Vec<_> = documented.iter().map(|(noun, ..)| noun.clone()).collect();
    assert_eq!(nouns, registered.iter().map(|one| one.kind.to_string()).collect::<Vec<_>>());
    for ((noun, locator, levels), registered) in documented.iter().zip(registered) {
        assert_eq!(registered.locators, [locator], "{noun}");
        let of_table: Vec<_> = levels.iter().map(|(level, _)| (*level).to_owned()).collect();
        assert_eq!(registered.levels.iter().map(Access::to_string).collect::<Vec<_>>(), of_table, "{noun}");
        for (level, wanted) in levels {
            let text = granting(&sample(locator), level, "");
            let world = World::new(&text).await;
            world.converge(&text).await;
            let principal = world.arm.principal("flyteuser-acme").await;
            let (there, scopes) = given(&world, &principal).await;
            assert_eq!(there, *wanted, "{level} on {noun}");
            assert!(scopes.len() == 1 && scopes.iter().all(|scope| scope.ends_with("/thing")), "{noun}: {scopes:?}");
            // What is exact needs no other role to be precise.
            let precise = world.plan(&granting(&sample(locator), level, ", precise: true")).await.expect("a plan");
            assert!(precise.is_empty(), "{:#?}", precise.changes);
            let report = world.revoke_all(&text).await.expect("revoked");
            assert!(report.is_success() && given(&world, &principal).await.0.is_empty(), "{report:#?}");
        }
        let error = refused(&granting(&sample(locator), "pull", "")).await;
        assert!(said(&error).contains("no access level `pull`"), "{noun}: {}", said(&error));
    }
}

/// Named by its ID, it is the same thing.
#[tokio::test]
async fn a_thing_is_named_by_its_address_or_by_its_id() {
    let account = format!("{GROUP}/providers/Microsoft.Storage/storageAccounts/acmedata");
    let id = format!("{account}/queueServices/default/queues/jobs");
    let text = granting("https://acmedata.queue.core.windows.net/jobs", "write", "");
    let world = World::new(&text).await;
    world.converge(&text).await;
    for other in [id.clone(), id.replace("queueServices", "QUEUESERVICES"), id.clone() + ""] {
        let plan = world.plan(&granting(&other, "write", "")).await.expect("a plan");
        assert!(plan.is_empty(), "{other}: {:#?}", plan.changes);
    }
}

#[tokio::test]
async fn what_a_locator_names_is_looked_at_before_anything_is_asked() {
    for (locator, part) in [
        ("https://acmedata.queue.core.windows.net/Jobs", "names no queue"),
        ("https://acmedata.queue.core.windows.net/jobs/messages", "names no queue"),
        ("https://acmedata.queue.core.windows.net/*", "has a wildcard"),
        ("https://unionmetaacme.queue.core.windows.net/jobs", "the platform's own storage accounts"),
        ("https://acmedata.queue.core.chinacloudapi.cn/jobs", "in Azure's cloud `china`"),
    ] {
        let error = refused(&granting(locator, "read", "")).await;
        assert_eq!(error.kind(), ErrorKind::Manifest, "{locator}");
        assert!(said(&error).contains(part), "{locator}: {}", said(&error));
    }
}

/// An account that isn't there: told, as for containers.
#[tokio::test]
async fn an_account_that_isnt_there_is_told() {
    let world = World::new(&union("")).await;
    let error =
        world.plan(&granting("https://acmenowhere.queue.core.windows.net/jobs", "read", "")).await.expect_err("gone");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(said(&error).contains("there is no storage account `acmenowhere`"), "{}", said(&error));
}

/// Whoever insists on exactly a level and names a wider role is told what would be done without that role, which isn't always a custom one.
#[tokio::test]
async fn who_names_a_wider_role_for_exactly_a_level_is_told_which_one_it_would_be() {
    let locator = "https://acmedata.queue.core.windows.net/jobs";
    for (level, hint) in [
        ("read", "cloudgrant assigns Storage Queue Data Message Processor, which is exactly `read`"),
        ("manage", "cloudgrant makes one of exactly `manage`"),
    ] {
        let text = granting(locator, level, ", precise: true").replace(
            "  resource_group: ",
            &format!("  roles: {{ thing: {{ {level}: Storage Queue Data Contributor }} }}\n  resource_group: "),
        );
        let error = refused(&text).await;
        assert!(said(&error).contains(hint), "{level}: {}", said(&error));
    }
}

/// Clients write a slash in a queue's name, and Resource Manager a tilde.
#[tokio::test]
async fn a_queue_of_service_bus_in_a_folder_is_one_by_host_and_by_id() {
    let text = granting("acme-bus.servicebus.windows.net/orders/created", "write", "");
    let world = World::new(&text).await;
    let plan = world.plan(&text).await.expect("a plan");
    let scopes = format!("{:?}", plan.changes);
    assert!(scopes.contains("/namespaces/acme-bus/queues/orders~created"), "{scopes}");
    world.converge(&text).await;
    let id = format!("{GROUP}/providers/Microsoft.ServiceBus/namespaces/acme-bus/queues/orders~created");
    assert!(world.plan(&granting(&id, "write", "")).await.expect("a plan").is_empty());
    for odd in ["orders//created", "/orders", "orders~/created"] {
        refused(&granting(&format!("acme-bus.servicebus.windows.net/{odd}"), "write", "")).await;
    }
    assert!(world.revoke_all(&text).await.expect("revoked").is_success());
}

/// Named by its host, as clients name it, or by its ID: the namespace is looked up for the one and not for the other.
#[tokio::test]
async fn a_queue_of_service_bus_is_named_by_its_host_or_by_its_id() {
    const READ: &str = "Microsoft.ServiceBus/namespaces/read";
    let host = "acme-bus.servicebus.windows.net/jobs";
    let text = granting(host, "write", "");
    let world = World::new(&text).await;
    let looked = || world.running().counts().by_action.get(READ).copied().unwrap_or_default();
    world.converge(&text).await;
    let before = looked();
    assert!(before > 0);
    let id = format!("{GROUP}/providers/Microsoft.ServiceBus/namespaces/acme-bus/queues/jobs");
    assert!(world.plan(&granting(&id, "write", "")).await.expect("a plan").is_empty());
    assert_eq!(looked(), before, "an ID says all");
    for same in [format!("sb://{host}"), format!("https://{host}"), host.replace("acme-bus", "ACME-bus") + "/"] {
        let plan = world.plan(&granting(&same, "write", "")).await.expect("a plan");
        assert!(plan.is_empty(), "{same}: {:#?}", plan.changes);
    }
    let session = world.session(&text).await.expect("a session");
    for purpose in [Purpose::Plan, Purpose::Apply] {
        let printed = session.provider().permissions(session.intents(), purpose);
        assert!(printed[0].document["Actions"].to_string().contains(READ), "{printed:?}");
    }
    let by_id = world.session(&granting(&id, "write", "")).await.expect("a session");
    let printed = by_id.provider().permissions(by_id.intents(), Purpose::Apply);
    assert!(!printed[0].document["Actions"].to_string().contains(READ), "{printed:?}");
    // Perhaps a namespace of Event Hubs, which has the same hosts.
    let error = world.plan(&granting("acme-nowhere.servicebus.windows.net/jobs", "write", "")).await.expect_err("gone");
    assert!(said(&error).contains("there is no Service Bus namespace `acme-nowhere`"), "{}", said(&error));
    let error = refused(&granting("acme-bus.servicebus.windows.net/a*", "write", "")).await;
    assert!(said(&error).contains("has a wildcard"), "{}", said(&error));
    let report = world.revoke_all(&text).await.expect("revoked");
    assert!(report.is_success(), "{report:#?}");
}
