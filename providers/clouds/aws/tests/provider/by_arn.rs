//! Kinds that are granted on one ARN: what each level comes to, and what a grant needs besides.

use std::collections::BTreeSet;

use cloudgrant_core::{Access, Action, ErrorKind, Level, Plan, ResourceKind, Silent, providers};
use serde_json::{Value, json};

use crate::world::{HEAD, Runs, World, manifest, refused, said};

const OTHER: &str = "444455556666";
const TASK_ROLE: &str = "arn:aws:iam::111122223333:role/acme-userflyterole";

/// A manifest with one resource, that everybody is granted at a level.
fn granting(locator: &str, level: &str, section: &str) -> String {
    let head = HEAD.replace("resources:\n", &format!("resources:\n  thing: {{ aws: \"{locator}\" }}\n"));
    let head = head.replace("  home: account\n", &format!("  home: account\n{section}"));
    format!("{head}grants: [{{ name: all, scope: global, access: {{ thing: {level} }} }}]")
}

/// Each level with its actions.
type Levels = Vec<(&'static str, BTreeSet<String>)>;

/// What the README has of these kinds: the noun, the locator, and the backquoted actions of each level.
fn documented() -> Vec<(String, String, Levels)> {
    let readme = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../README.md");
    let readme = std::fs::read_to_string(readme).expect("the README");
    let (_, table) = readme.split_once("| granted on one ARN |").expect("the table");
    let quoted = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<BTreeSet<_>>();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with("| "));
    let row = |row: &str| {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let levels = ["read", "write", "read-write", "manage"].into_iter().zip(&cells[3..]);
        let levels = levels.map(|(level, cell)| (level, quoted(cell))).filter(|(_, actions)| !actions.is_empty());
        let locator = quoted(cells[2]).pop_first().expect("a locator");
        (cells[1].to_owned(), locator, levels.collect())
    };
    rows.map(row).collect()
}

/// A resource of a locator's form.
fn sample(locator: &str, account: &str) -> String {
    let named = locator.replace("REGION", "us-west-2").replace("ACCOUNT", account);
    named.replace("/ID", "/1234abcd-12ab-34cd-56ef-1234567890ab").replace("NAME", "thing")
}

/// Each row of the README is a kind that is registered, and the other way round; and each level comes to just what stands there.
#[tokio::test]
async fn each_level_on_an_arn_comes_to_the_documented_actions_and_no_others() {
    let linked = providers().expect("providers");
    let aws = linked.iter().find(|provider| provider.id == "aws").expect("it is linked in");
    let looked_up = [ResourceKind::OBJECT_STORE, ResourceKind::SECRET, ResourceKind::REGISTRY, ResourceKind::OTHER];
    let registered = aws.capabilities.registered_kinds().iter().filter(|one| !looked_up.contains(&one.kind));
    let registered: Vec<_> = registered.collect();
    let documented = documented();
    let nouns: Vec<_> = documented.iter().map(|(noun, ..)| noun.clone()).collect();
    assert_eq!(nouns, registered.iter().map(|one| one.kind.to_string()).collect::<Vec<_>>());
    for ((noun, locator, levels), registered) in documented.iter().zip(registered) {
        assert_eq!(registered.locators, [locator], "{noun}");
        let of_table: Vec<_> = levels.iter().map(|(level, _)| (*level).to_owned()).collect();
        assert_eq!(registered.levels.iter().map(Access::to_string).collect::<Vec<_>>(), of_table, "{noun}");
        for (level, wanted) in levels {
            let arn = sample(locator, "111122223333");
            let text = granting(&arn, level, "");
            let world = World::new(&text).await;
            world.converge(&text).await;
            let document = world.document("cloudgrant_tests_global").await;
            let statements = document["Statement"].as_array().expect("statements");
            let texts = |key: &str| {
                let all = statements.iter().flat_map(|one| one[key].as_array().expect("a list"));
                all.map(|one| one.as_str().expect("text").to_owned()).collect::<BTreeSet<_>>()
            };
            assert_eq!(texts("Action"), *wanted, "{level} on {noun}");
            assert!(texts("Resource").iter().all(|one| one.starts_with(&arn)), "{document}");
            assert!(texts("Resource").contains(&arn), "{document}");
            // Nothing is asked of the service itself, in this run or the next.
            assert!(world.plan(&text).await.expect("a plan").is_empty(), "{level} on {noun}");
            let asked = world.running().counts().by_action;
            let of_service =
                |action: &String| ["dynamodb:", "sqs:", "ssm:", "kms:"].iter().any(|it| action.starts_with(it));
            assert!(!asked.keys().any(of_service), "{asked:?}");
        }
        let report =
            World::new(&manifest("")).await.plan(&granting(&sample(locator, "111122223333"), "pull", "")).await;
        assert!(said(&refused(report)).contains("no access level `pull`"), "{noun}");
    }
}

#[tokio::test]
async fn a_table_is_written_without_being_seen_and_read_with_its_indexes() {
    let arn = "arn:aws:dynamodb:us-west-2:111122223333:table/labels";
    let statements = async |level: &str| {
        let text = granting(arn, level, "");
        let world = World::new(&text).await;
        world.converge(&text).await;
        world.document("cloudgrant_tests_global").await["Statement"].clone()
    };
    assert_eq!(
        statements("write").await,
        json!([{
            "Sid": "AllWriteResource", "Effect": "Allow", "Action": ["dynamodb:PutItem", "dynamodb:UpdateItem"],
            "Resource": [arn], "Condition": {"StringEqualsIfExists": {"dynamodb:ReturnValues": ["NONE"]}},
        }])
    );
    let read = statements("read").await;
    let query = read.as_array().expect("statements").iter().find(|one| one["Action"][0] == "dynamodb:Query");
    assert_eq!(query.expect("a statement")["Resource"], json!([arn, format!("{arn}/index/*")]));
}

#[tokio::test]
async fn a_customer_managed_key_is_used_through_the_service_and_for_the_resource_alone() {
    let key = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let arn = |rest: &str| format!("arn:aws:{}", rest.replace('@', "us-west-2:111122223333"));
    let decrypt = &["kms:Decrypt"][..];
    for (locator, service, context, said, actions) in [
        (arn("ssm:@:parameter/team/token"), "ssm", "PARAMETER_ARN", arn("ssm:@:parameter/team/token"), decrypt),
        (arn("sqs:@:jobs"), "sqs", "aws:sqs:arn", arn("sqs:@:jobs"), decrypt),
        (arn("dynamodb:@:table/labels"), "dynamodb", "aws:dynamodb:tableName", "labels".to_owned(), decrypt),
    ] {
        let text = granting(&locator, "read", &format!("  keys: {{ thing: \"{key}\" }}\n"));
        let world = World::new(&text).await;
        let plan = world.plan(&text).await.expect("a plan");
        assert!(plan.notes.iter().all(|note| !note.message.contains("isn't looked up")), "{:#?}", plan.notes);
        world.converge(&text).await;
        let document = world.document("cloudgrant_tests_global").await;
        let statements = document["Statement"].as_array().expect("statements");
        let of_key = statements.iter().find(|one| one["Sid"] == "AllResourceKey").expect("a statement");
        assert_eq!(
            *of_key,
            json!({
                "Sid": "AllResourceKey", "Effect": "Allow", "Action": actions, "Resource": [key],
                "Condition": {
                    "StringEquals": {"kms:ViaService": [format!("{service}.us-west-2.amazonaws.com")]},
                    "StringLike": {format!("kms:EncryptionContext:{context}"): [said]},
                },
            })
        );
        // Without the key it is told that nobody looked.
        let plan = world.plan(&granting(&locator, "read", "")).await.expect("a plan");
        let told = plan.notes.iter().find(|note| note.message.contains("isn't looked up")).expect("a note");
        assert!(told.level == Level::Info && told.message.contains("aws.keys: { thing: KEY_ARN }"), "{told:#?}");
    }
    let queue = arn("sqs:@:jobs");
    for (locator, named, part) in [
        (queue.as_str(), "thing: nonsense/x", "no key that could be used there"),
        (&queue, "thing: alias/aws/sqs", "a key that AWS manages"),
        (&queue, "thing: 'arn:aws:kms:eu-west-1:111122223333:key/1'", "no key that could be used there"),
        (&queue, "models: '1234'", "no grant reaches `models`"),
        ("s3://acme-models", "thing: '1234'", "whose key is looked up"),
        ("111122223333.dkr.ecr.us-west-2.amazonaws.com/team/images", "thing: '1234'", "takes nothing of a key"),
    ] {
        let level = if locator.contains("ecr") { "pull" } else { "read" };
        let text = granting(locator, level, &format!("  keys: {{ {named} }}\n"));
        let error = refused(World::new(&manifest("")).await.plan(&text).await);
        assert!(error.kind().is_usage() && said(&error).contains(part), "{named}: {}", said(&error));
    }
}

fn handoffs(plan: &Plan) -> Vec<(&str, &str)> {
    let steps = plan.changes.iter().filter(|change| change.action == Action::Handoff);
    let steps = steps.filter_map(|change| Some((change.id.name.as_str(), change.handoff.as_ref()?.document.as_str())));
    steps.collect()
}

#[tokio::test]
async fn a_resource_of_another_account_takes_a_statement_there_which_is_handed_off_whole() {
    for (locator, read, write) in [
        ("arn:aws:sqs:eu-west-1:444455556666:jobs", "get-queue-attributes", "set-queue-attributes"),
        ("arn:aws:dynamodb:us-west-2:444455556666:table/labels", "get-resource-policy", "put-resource-policy"),
    ] {
        let text = granting(locator, "write", "");
        let world = World::new(&text).await;
        world.converge(&text).await;
        let plan = world.plan(&text).await.expect("a plan");
        let [(name, document)] = handoffs(&plan)[..] else { panic!("{:#?}", plan.changes) };
        assert!(name.starts_with(locator), "{name}");
        for part in [locator, OTHER, TASK_ROLE, read, write, "\"Version\"", "unless other steps of the plan are for it"]
        {
            assert!(document.contains(part), "{part} in {document}");
        }
        // Its own account lets the role do the same.
        let own = world.document("cloudgrant_tests_global").await;
        assert_eq!(own["Statement"][0]["Resource"], json!([locator]), "{own}");
        // Whether it was done, nobody here can see when it is to go.
        let session = world.session(&text).await.expect("a session");
        let revoke = session.engine_without(None).expect("an engine").plan(&Silent).await.expect("a plan");
        let places: Vec<_> = revoke.unsearched.iter().map(|one| one.place.as_str()).collect();
        assert!(places.iter().any(|place| place.contains("the policy of")), "{places:?}");
    }
}

#[tokio::test]
async fn a_key_of_another_account_gets_its_statement_where_there_are_credentials() {
    let world = World::new(&manifest("")).await;
    let key = crate::buckets::key(&world, OTHER).await;
    let text = granting(&key, "read-write", "");
    world.converge(&text).await;
    let id = key.rsplit('/').next().expect("an id");
    let policy = async |world: &World| {
        let answer = world.kms(OTHER).get_key_policy().key_id(id).send().await.expect("a policy");
        serde_json::from_str::<Value>(&answer.policy.expect("text")).expect("JSON")
    };
    let there = policy(&world).await;
    let statements = there["Statement"].as_array().expect("statements");
    let ours = statements.iter().find(|one| one["Principal"]["AWS"] == json!([TASK_ROLE])).expect("ours");
    assert!(ours.get("Condition").is_none() && ours["Action"][0] == "kms:Decrypt", "{ours}");
    assert!(statements.len() > 1, "what was there stays: {there}");
    let report = world.revoke_all(&text).await.expect("revoked");
    assert!(report.is_success(), "{report:#?}");
    assert!(!policy(&world).await.to_string().contains(TASK_ROLE));
}

#[tokio::test]
async fn a_parameter_of_another_account_is_refused_with_the_reason() {
    let text = granting("arn:aws:ssm:us-west-2:444455556666:parameter/token", "read", "");
    let error = refused(World::new(&manifest("")).await.plan(&text).await);
    assert!(error.kind().is_usage() && said(&error).contains("Resource Access Manager"), "{}", said(&error));
}

#[tokio::test]
async fn what_an_arn_names_is_looked_at_before_anything_is_asked() {
    let world = World::new(&manifest("")).await;
    for (locator, part) in [
        ("arn:aws:dynamodb:us-west-2:111122223333:table/*", "has a wildcard"),
        ("arn:aws:dynamodb:us-west-2:111122223333:table/labels/index/by-day", "names something in a table"),
        ("arn:aws:dynamodb:us-west-2:111122223333:table/ab", "names no table"),
        ("arn:aws:dynamodb:us-west-2:11112222333:table/labels", "names no account"),
        ("arn:aws:dynamodb:nowhere:111122223333:table/labels", "names no region"),
        ("arn:aws-cn:dynamodb:cn-north-1:111122223333:table/labels", "of the partition aws-cn"),
        ("arn:aws:sqs:us-west-2:111122223333:", "names no queue"),
        ("arn:aws:sqs:us-west-2:111122223333:a/b", "names no queue"),
        ("https://sqs.us-west-2.amazonaws.com/111122223333/jo*bs", "has a wildcard"),
        ("arn:aws:ssm:us-west-2:111122223333:document/run", "is not a parameter's ARN"),
        ("arn:aws:ssm:us-west-2:111122223333:parameter/token:3", "one version"),
        ("arn:aws:ssm:us-west-2:111122223333:parameter//token", "names no parameter"),
        ("arn:aws:kms:us-west-2:111122223333:alias/mine", "which a policy can't name"),
        ("arn:aws:kms:us-west-2:111122223333:key/", "names no key"),
    ] {
        let error = refused(world.plan(&granting(locator, "read", "")).await);
        assert!(error.kind().is_usage() && said(&error).contains(part), "{locator}: {}", said(&error));
    }
    assert_eq!(world.running().counts().total, 0, "refused before anything was called");
}

/// As the console shows it.
#[tokio::test]
async fn a_queue_is_named_by_its_url_too() {
    let text = granting("https://sqs.us-west-2.amazonaws.com/111122223333/jobs", "write", "");
    let world = World::new(&text).await;
    world.converge(&text).await;
    let document = world.document("cloudgrant_tests_global").await;
    assert_eq!(document["Statement"][0]["Resource"], json!(["arn:aws:sqs:us-west-2:111122223333:jobs"]));
}

const STREAM: &str = "arn:aws:kinesis:us-west-2:111122223333:stream/events";

#[tokio::test]
async fn any_other_arn_is_granted_with_the_actions_that_the_manifest_lists() {
    let actions = "  actions: { thing: { read: ['kinesis:GetShardIterator', 'kinesis:GetRecords'] } }\n";
    let text = granting(STREAM, "read", actions);
    let world = World::new(&text).await;
    world.converge(&text).await;
    assert_eq!(
        world.document("cloudgrant_tests_global").await["Statement"],
        json!([{
            "Sid": "AllReadResource", "Effect": "Allow", "Action": ["kinesis:GetRecords", "kinesis:GetShardIterator"],
            "Resource": [STREAM],
        }])
    );
    assert!(world.plan(&text).await.expect("a plan").is_empty());
    // What leaves the list, leaves the policy.
    let fewer = granting(STREAM, "read", "  actions: { thing: { read: ['kinesis:GetRecords'] } }\n");
    world.converge(&fewer).await;
    assert_eq!(
        world.document("cloudgrant_tests_global").await["Statement"][0]["Action"],
        json!(["kinesis:GetRecords"])
    );
    let report = world.revoke_all(&fewer).await.expect("revoked");
    assert!(report.is_success(), "{report:#?}");
}

#[tokio::test]
async fn an_action_is_granted_where_its_service_asks_for_it_and_told_where_it_asks_for_nothing() {
    let domain = "arn:aws:es:us-west-2:111122223333:domain/logs";
    let text = granting(domain, "read", "  actions: { thing: { read: ['es:DescribeDomain', 'es:ESHttpGet'] } }\n");
    let world = World::new(&text).await;
    world.converge(&text).await;
    let document = world.document("cloudgrant_tests_global").await;
    let mut granted: Vec<_> = document["Statement"].as_array().expect("statements").clone();
    granted.sort_by_key(|one| one["Action"].to_string());
    let of = |one: &Value| (one["Action"].clone(), one["Resource"].clone());
    assert_eq!(
        granted.iter().map(of).collect::<Vec<_>>(),
        [(json!(["es:DescribeDomain"]), json!([domain])), (json!(["es:ESHttpGet"]), json!([format!("{domain}/*")])),]
    );
    assert!(world.plan(&text).await.expect("a plan").is_empty());
    let idle =
        granting(STREAM, "read", "  actions: { thing: { read: ['kinesis:ListStreams', 'kinesis:GetRecords'] } }\n");
    let plan = World::new(&idle).await.plan(&idle).await.expect("a plan");
    let told: Vec<_> = plan.notes.iter().map(|note| note.message.as_str()).collect();
    assert!(told.iter().any(|it| it.starts_with("kinesis:ListStreams gives nothing on a resource")), "{told:?}");
}

/// A statement for one resource can't be parted, and a policy has its size.
#[tokio::test]
async fn more_actions_than_a_policy_holds_are_refused_before_anything_is_asked() {
    let many = |count: usize| {
        let all: Vec<_> = (0..count).map(|at| format!("'kinesis:GetRecordsOfAVeryLongName{at:03}'")).collect();
        format!("  actions: {{ thing: {{ read: [{}] }} }}\n", all.join(", "))
    };
    let world = World::new(&manifest("")).await;
    let error = refused(world.plan(&granting(STREAM, "read", &many(200))).await);
    assert!(error.kind().is_usage() && said(&error).contains("aws.actions.thing.read"), "{}", said(&error));
    assert!(said(&error).contains("one has at most 6144"), "{}", said(&error));
    assert_eq!(world.running().counts().total, 0, "refused before anything was called");
    let fits = granting(STREAM, "read", &many(150));
    world.converge(&fits).await;
}

/// Whoever moves an action from one level's list to another's, or a grant from one level to another, keeps the rest all the time.
#[tokio::test]
async fn what_moves_between_lists_and_levels_is_never_more_nor_missing() {
    let lists = |read: &str, write: &str| format!("  actions: {{ thing: {{ read: [{read}], write: [{write}] }} }}\n");
    let both = |section: &str| {
        granting(STREAM, "read", section)
            .replace("grants: [{", "grants: [{ name: more, scope: global, access: { thing: write } }, {")
    };
    let (get, put, list) = ("'kinesis:GetRecords'", "'kinesis:PutRecord'", "'kinesis:ListShards'");
    let before = both(&lists(&format!("{get}, {list}"), put));
    let after = both(&lists(get, &format!("{put}, {list}")));
    let allowed = async |world: &World| {
        let document = world.document("cloudgrant_tests_global").await;
        let statements = document["Statement"].as_array().expect("statements").clone();
        let actions = |one: &Value| one["Action"].as_array().expect("a list").iter().map(Value::to_string).collect();
        statements.iter().flat_map(actions as fn(&Value) -> Vec<String>).collect::<BTreeSet<_>>()
    };
    let world = World::new(&before).await;
    world.converge(&before).await;
    let first = allowed(&world).await;
    assert_eq!(first.len(), 3);
    // One change of one document: nobody is without it in between, and nobody has more.
    let plan = world.plan(&after).await.expect("a plan");
    let changed: Vec<_> = plan.work().map(|change| (change.action, change.id.kind)).collect();
    assert_eq!(changed, [(Action::Update, "iam-policy")]);
    world.converge(&after).await;
    assert_eq!(allowed(&world).await, first);
    assert!(world.plan(&after).await.expect("a plan").is_empty());
}

#[tokio::test]
async fn nothing_is_listed_that_shares_hands_out_or_acts_as_somebody_else() {
    let world = World::new(&manifest("")).await;
    for (section, part) in [
        ("", "`read` on `thing` has no meaning for a resource of this kind"),
        ("  actions: { thing: { read: [] } }\n", "has no meaning for a resource of this kind"),
        ("  actions: { thing: { read: ['*'] } }\n", "has a wildcard"),
        ("  actions: { thing: { read: ['kinesis:*'] } }\n", "has a wildcard"),
        ("  actions: { thing: { read: ['kinesis:Get*'] } }\n", "has a wildcard"),
        ("  actions: { thing: { read: ['kinesis:PutResourcePolicy'] } }\n", "manages who has access"),
        ("  actions: { thing: { read: ['iam:PassRole'] } }\n", "is no action of kinesis"),
        ("  actions: { thing: { read: ['sts:AssumeRole'] } }\n", "is no action of kinesis"),
        ("  actions: { thing: { write: ['kinesis:PutRecord'] } }\n", "no grant gives `write` on `thing`"),
        (
            "  actions: { thing: { read: ['kinesis:GetRecords'] }, models: { read: ['s3:PutBucketPolicy'] } }\n",
            "no grant gives `read` on `models`",
        ),
    ] {
        let error = refused(world.plan(&granting(STREAM, "read", section)).await);
        assert!(error.kind().is_usage() && said(&error).contains(part), "{section}: {}", said(&error));
    }
    for (locator, part) in [
        ("arn:aws:iam::111122223333:role/admin", "decides who may do what"),
        ("arn:aws:sts::111122223333:assumed-role/a/b", "hands out credentials"),
        ("arn:aws:kinesis:us-west-2:444455556666:stream/events", "that account would have to agree"),
        ("arn:aws:kinesis:us-west-2:111122223333:stream/*", "has a wildcard"),
    ] {
        let text = granting(locator, "read", "  actions: { thing: { read: ['kinesis:GetRecords'] } }\n");
        let error = refused(world.plan(&text).await);
        assert!(error.kind().is_usage() && said(&error).contains(part), "{locator}: {}", said(&error));
    }
    // A kind that has levels takes no other list: the levels say what they allow.
    let text = granting("s3://acme-models", "read", "  actions: { thing: { read: ['s3:PutBucketPolicy'] } }\n");
    let error = refused(world.plan(&text).await);
    assert_eq!(error.kind(), ErrorKind::Manifest);
    assert!(said(&error).contains("whose levels say what they allow"), "{}", said(&error));
}
