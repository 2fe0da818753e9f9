//! Secrets: requirements 35 to 39 and 42.

use cloudgrant_core::{Action, Approval, Cancel, Level, Note, Plan, Settings, Silent};
use serde_json::{Value, json};

use crate::buckets::edit;
use crate::world::{Runs, World, manifest, refused, said};

const GRANTS: &str = "grants: [{ name: reads, scope: global, access: { token: read } }]";

fn with_token(arn: &str) -> String {
    manifest(GRANTS).replace("arn:aws:secretsmanager:us-west-2:111122223333:secret:token-AbCdEf", arn)
}

#[tokio::test]
async fn requirement_38_only_the_value_of_only_that_secret() {
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    world.converge(&text).await;
    assert_eq!(
        world.document("cloudgrant_tests_global").await["Statement"],
        json!([{"Sid": "ReadsSecrets", "Effect": "Allow", "Action": ["secretsmanager:GetSecretValue"],
                "Resource": ["arn:aws:secretsmanager:us-west-2:111122223333:secret:token-AbCdEf"]}])
    );
}

#[tokio::test]
async fn requirement_40_the_arn_is_split_once_the_whole_of_it_is_known() {
    let world = World::new(&manifest(GRANTS)).await;
    world.secrets().create_secret().name("team/plain").secret_string("x").send().await.expect("created");
    let text = with_token("arn:aws:secretsmanager:us-west-2:111122223333:secret:team/plain");
    let session = world.session_with(&text, Settings::default()).await.expect("a session");
    let secret = session.intents().grants[0].reaches[0].resource.clone();
    assert!(session.provider().in_task_code(&secret).is_empty(), "nothing was looked up yet");
    session.engine().desired(&Silent).await.expect("an answer");
    let [(group, before), (key, name)] = session.provider().in_task_code(&secret).try_into().expect("two names");
    assert_eq!((group, key), ("SECRET_GROUP", "SECRET_KEY"));
    assert_eq!(before, "arn:aws:secretsmanager:us-west-2:111122223333:secret:");
    let whole = world.secrets().describe_secret().secret_id("team/plain").send().await.expect("described").arn;
    assert_eq!(Some(format!("{before}{name}")), whole);
    assert!(name.starts_with("team/plain-") && name.len() == "team/plain-".len() + 6, "{name}");
}

#[tokio::test]
async fn requirement_39_the_suffix_is_looked_up() {
    let world = World::new(&manifest(GRANTS)).await;
    world.secrets().create_secret().name("plain").secret_string("x").send().await.expect("created");
    let text = with_token("arn:aws:secretsmanager:us-west-2:111122223333:secret:plain");
    world.converge(&text).await;
    let arn =
        world.secrets().describe_secret().secret_id("plain").send().await.expect("described").arn.expect("an ARN");
    let document = world.document("cloudgrant_tests_global").await;
    assert_eq!(document["Statement"][0]["Resource"], json!([arn]));
}

#[tokio::test]
async fn requirement_37_the_customers_key() {
    let world = World::new(&manifest(GRANTS)).await;
    let key = "arn:aws:kms:us-west-2:111122223333:key/12345678-1234-1234-1234-123456789012";
    world.secrets().create_secret().name("locked").secret_string("x").kms_key_id(key).send().await.expect("created");
    let text = with_token("arn:aws:secretsmanager:us-west-2:111122223333:secret:locked");
    world.converge(&text).await;
    let document = world.document("cloudgrant_tests_global").await;
    let decrypt = &document["Statement"][0];
    assert_eq!(decrypt["Action"], json!(["kms:Decrypt"]));
    assert_eq!(decrypt["Resource"], json!([key]));
    let via = &decrypt["Condition"]["StringEquals"]["kms:ViaService"];
    assert_eq!(*via, json!(["secretsmanager.us-west-2.amazonaws.com"]));
}

#[tokio::test]
async fn requirement_36_key_value_secrets_are_refused_where_values_may_be_read() {
    let world = World::new(&manifest(GRANTS)).await;
    let value = r#"{"user":"ann","password":"hunter2-marker"}"#;
    world.secrets().create_secret().name("pairs").secret_string(value).send().await.expect("created");
    let text = with_token("arn:aws:secretsmanager:us-west-2:111122223333:secret:pairs");
    assert!(world.plan(&text).await.is_ok(), "values aren't read unless the manifest says so");
    let inspecting = text.replace("  region: us-west-2", "  region: us-west-2\n  inspect_secrets: true");
    let error = refused(world.plan(&inspecting).await);
    assert!(said(&error).contains("key/value secret"), "{}", said(&error));
    assert!(!said(&error).contains("hunter2-marker") && !said(&error).contains("password"), "{}", said(&error));
}

#[tokio::test]
async fn requirement_35_the_region() {
    let world = World::new(&manifest(GRANTS)).await;
    let error = refused(world.plan(&with_token("arn:aws:secretsmanager:eu-west-1:111122223333:secret:x-AbCdEf")).await);
    assert!(error.kind().is_usage(), "{}", said(&error));
    assert!(said(&error).contains("the secret is in eu-west-1, the data plane in us-west-2"), "{}", said(&error));
    assert_eq!(error.problems()[0].place.as_ref().map(|place| place.line), Some(19), "{}", said(&error));
    assert_eq!(world.running().counts().total, 0);
}

/// What can't be read any more is no reason to take a key away, nor to widen an ARN to a pattern.
#[tokio::test]
async fn a_denied_read_changes_nothing_of_what_is_granted() {
    let mut world = World::new(&manifest(GRANTS)).await;
    let key = "arn:aws:kms:us-west-2:111122223333:key/12345678-1234-1234-1234-123456789012";
    world.secrets().create_secret().name("locked").secret_string("x").kms_key_id(key).send().await.expect("created");
    let text = with_token("arn:aws:secretsmanager:us-west-2:111122223333:secret:locked");
    world.converge(&text).await;
    world.restart(&text, "deny=secretsmanager:DescribeSecret").await;
    let plan = world.plan(&text).await.expect("a plan");
    assert!(plan.changes.is_empty(), "{:#?}", plan.changes);
    assert!(plan.notes.iter().any(|note| note.message.contains("stays as it is")), "{:#?}", plan.notes);
}

/// What somebody wrote into the stack's policy goes, whether secrets can be asked for or not.
#[tokio::test]
async fn a_denied_read_makes_nothing_of_somebody_else_s_statements_the_stack_s_own() {
    let mut world = World::new(&manifest(GRANTS)).await;
    let key = "arn:aws:kms:us-west-2:111122223333:key/12345678-1234-1234-1234-123456789012";
    world.secrets().create_secret().name("locked").secret_string("x").kms_key_id(key).send().await.expect("created");
    let text = with_token("arn:aws:secretsmanager:us-west-2:111122223333:secret:locked");
    world.converge(&text).await;
    let before = world.document("cloudgrant_tests_global").await;
    // Another secret, whose name begins alike, and its key.
    let other = "arn:aws:secretsmanager:us-west-2:111122223333:secret:locked-ZZZZZZ";
    let its_key = "arn:aws:kms:us-west-2:111122223333:key/00000000-0000-0000-0000-0000000000aa";
    edit(&world, |statements| {
        statements.push(json!({"Sid": "SomebodyElse", "Effect": "Allow", "Action": "secretsmanager:GetSecretValue",
                               "Resource": other}));
        statements.push(json!({"Sid": "SomebodyElses", "Effect": "Allow", "Action": "kms:*", "Resource": its_key,
        "Condition": {
            "StringEquals": {"kms:ViaService": "secretsmanager.us-west-2.amazonaws.com"},
            "StringLike": {"kms:EncryptionContext:SecretARN": other},
        }}));
    })
    .await;
    for denied in ["", "deny=secretsmanager:DescribeSecret"] {
        world.restart(&text, denied).await;
        let plan = world.plan(&text).await.expect("a plan");
        let after: Vec<_> =
            plan.changes.iter().filter_map(|change| change.after.as_ref()).map(|after| after.value()).collect();
        assert!(
            after.len() == 1 && after[0]["document"]["Statement"] == before["Statement"],
            "{denied}: {:#?}",
            plan.changes
        );
    }
    world.converge(&text).await;
    assert_eq!(world.document("cloudgrant_tests_global").await, before);
}

#[tokio::test]
async fn a_secret_that_is_scheduled_for_deletion_is_warned_of() {
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    world.secrets().delete_secret().secret_id("token").recovery_window_in_days(7).send().await.expect("scheduled");
    let plan = world.plan(&text).await.expect("a plan");
    let note = plan.notes.iter().find(|note| note.message.contains("scheduled for deletion")).expect("a warning");
    assert!(note.message.contains("it is gone on 20") && plan.broken.is_empty(), "{note:?}");
    // Once it is granted, nothing is to do, and the grant gives nothing.
    world.converge(&text).await;
    let plan = world.plan(&text).await.expect("a plan");
    assert!(plan.is_empty() && plan.has_drift(), "{plan:#?}");
    is_told_once(&plan, "scheduled for deletion");
    world.secrets().restore_secret().secret_id("token").send().await.expect("restored");
    assert!(!world.plan(&text).await.expect("a plan").has_drift());
}

/// As what doesn't work, and not as a note besides.
fn is_told_once(plan: &Plan, says: &str) {
    let [one] = plan.broken.as_slice() else { panic!("{plan:#?}") };
    assert!(one.note.message.contains(says), "{one:#?}");
    let is_about_it = |note: &&Note| note.level == Level::Warning && note.about == one.note.about;
    assert_eq!(plan.notes.iter().find(is_about_it), None, "{plan:#?}");
    assert!(one.objects.iter().any(|object| object.name == "cloudgrant_tests_global"), "{one:#?}");
    assert!(!plan.notes.iter().any(|note| note.message.contains(says)), "{plan:#?}");
}

#[tokio::test]
async fn a_pattern_is_warned_of_and_takes_force_unless_it_is_a_folder() {
    let world = World::new(&manifest(GRANTS)).await;
    let pattern = |name: &str| with_token(&format!("arn:aws:secretsmanager:us-west-2:111122223333:secret:{name}"));
    let mut fine = vec![pattern("team/*"), pattern("team/prod/*")];
    for (name, reached) in [
        ("*", "the platform's own too"),
        ("a*", "whose name begins with `a`, whatever follows (`ax` and `a/x` as well)"),
        ("prod-*", "whose name begins with `prod-`"),
        ("team/prod*", "whose name begins with `team/prod`"),
    ] {
        let error = refused(world.plan(&pattern(name)).await);
        let said = said(&error);
        assert!(error.kind().is_usage() && said.contains("every secret of account 111122223333"), "{said}");
        assert!(said.contains(reached), "{said}");
        let (plain, forced) = (format!("secret:{name}\" }}"), format!("secret:{name}\", force: true }}"));
        fine.push(pattern(name).replace(&plain, &forced));
    }
    for text in fine {
        let plan = world.plan(&text).await.expect("a plan");
        let told = plan.notes.iter().any(|note| note.message.contains("every secret whose name begins so"));
        assert!(told, "{:#?}", plan.notes);
    }
}

#[tokio::test]
async fn a_secret_that_is_not_there_and_one_that_may_not_be_described() {
    let mut world = World::new(&manifest(GRANTS)).await;
    let absent = with_token("arn:aws:secretsmanager:us-west-2:111122223333:secret:absent");
    let error = refused(world.plan(&absent).await);
    assert!(said(&error).contains("there is no secret `absent`"), "{}", said(&error));
    world.restart(&manifest(GRANTS), "deny=secretsmanager:DescribeSecret").await;
    let plan = world.plan(&absent).await.expect("a plan");
    assert!(plan.notes.iter().any(|note| note.message.contains("DescribeSecret is denied")), "{:#?}", plan.notes);
    let after = plan.changes[0].after.as_ref().expect("a policy").value();
    let resource = &after["document"]["Statement"][0]["Resource"];
    assert_eq!(*resource, json!(["arn:aws:secretsmanager:us-west-2:111122223333:secret:absent-??????"]));
}

#[tokio::test]
async fn many_secrets_are_looked_up_in_the_list_of_all() {
    let (mut resources, mut access) = (String::from("resources:\n"), String::new());
    for i in 0..150 {
        let arn = format!("arn:aws:secretsmanager:us-west-2:111122223333:secret:many-{i}-AbCdEf");
        resources.push_str(&format!("  many-{i}: {{ aws: '{arn}' }}\n"));
        access.push_str(&format!("many-{i}: read, "));
    }
    let text = manifest(&format!("grants: [{{ name: reads, scope: global, access: {{ {access} }} }}]"));
    let text = text.replace("resources:\n", &resources);
    let mut world = World::new(&text).await;
    let plan = world.plan(&text).await.expect("a plan");
    let counts = world.running().counts();
    assert_eq!(counts.by_action.get("secretsmanager:ListSecrets"), Some(&2), "{counts:?}");
    assert_eq!(counts.by_action.get("secretsmanager:DescribeSecret"), None, "{counts:?}");
    // Whoever may not list asks for each, and comes to the same.
    world.restart(&text, "deny=secretsmanager:ListSecrets").await;
    assert_eq!(world.plan(&text).await.expect("a plan").changes, plan.changes);
    assert_eq!(world.running().counts().by_action.get("secretsmanager:DescribeSecret"), Some(&150));
}

/// The manifest, where a grant reads a secret that isn't there, too.
fn absent_to(grant: &str, text: &str) -> String {
    let at = "  absent: { aws: 'arn:aws:secretsmanager:us-west-2:111122223333:secret:absent' }\n";
    let (from, to) = (format!("{grant}, access: {{"), format!("{grant}, access: {{ absent: read, "));
    assert!(text.contains(&from), "{text}");
    text.replace("resources:\n", &format!("resources:\n{at}")).replace(&from, &to)
}

/// Neither one that is gone since nor one that never was.
#[tokio::test]
async fn a_secret_that_is_not_there_keeps_nobody_from_taking_other_grants_away() {
    let text = manifest(
        "grants:
  - { name: gone, scope: global, access: { data: read } }
  - { name: token, scope: global, access: { token: read } }
  - { name: also, scope: { domain: production }, access: { models: read } }
  - { name: more, scope: { domain: production }, access: { data: read } }
",
    );
    for is_granted in [true, false] {
        let world = World::new(&text).await;
        world.converge(&text).await;
        let text = if is_granted {
            let delete = world.secrets().delete_secret().secret_id("token").force_delete_without_recovery(true);
            delete.send().await.expect("deleted");
            text.clone()
        } else {
            absent_to("token, scope: global", &text)
        };
        let before = world.document("cloudgrant_tests_global").await.to_string();
        for grant in ["gone", "also"] {
            let session = world.session(&text).await.expect("connected");
            let engine = session.engine_without(Some(&[grant.to_owned()])).expect("the grant is listed");
            let plan = engine.plan(&Silent).await.expect("a plan");
            assert_eq!(plan.changes.len(), 1, "{grant}: {:#?}", plan.changes);
            let approved = plan.approve(Approval::InAdvance);
            let report = engine.apply(approved, &Silent, &Cancel::default()).await.expect("applied");
            assert!(report.is_success(), "{report:#?}");
        }
        let after = world.document("cloudgrant_tests_global").await.to_string();
        assert!(before.contains("acme-data") && !after.contains("acme-data"), "{after}");
        assert!(after.contains("secret:token-") && !after.contains("absent"), "{after}");
    }
}

#[tokio::test]
async fn a_grant_of_a_secret_that_is_gone_can_be_taken_away() {
    let text = manifest(
        "grants:
  - { name: reads, scope: global, access: { token: read } }
  - { name: data, scope: { domain: production }, access: { data: read } }
",
    );
    let world = World::new(&text).await;
    world.converge(&text).await;
    let delete = world.secrets().delete_secret().secret_id("token").force_delete_without_recovery(true);
    delete.send().await.expect("deleted");
    // What is granted stays granted, and everybody is told, once: it is drift that no run mends.
    let plan = world.plan(&text).await.expect("a plan");
    assert!(plan.is_empty() && plan.has_drift(), "{plan:#?}");
    is_told_once(&plan, "there is no secret `token");
    // To somebody new it isn't granted: nobody knows its ARN.
    let more = absent_to("data, scope: { domain: production }", &text);
    let error = refused(world.plan(&more).await);
    assert!(
        said(&error).contains("there is no secret `absent`") && said(&error).contains("for: grant data"),
        "{error:?}"
    );
    let session = world.session(&text).await.expect("connected");
    let engine = session.engine_without(Some(&["reads".to_owned()])).expect("the grant is listed");
    let plan = engine.plan(&Silent).await.expect("a plan");
    assert!(!plan.is_empty() && plan.work().all(|change| change.action == Action::Delete), "{:#?}", plan.changes);
    let report = engine.apply(plan.approve(Approval::InAdvance), &Silent, &Cancel::default()).await.expect("applied");
    assert!(report.is_success(), "{report:#?}");
    assert_eq!(world.attached("cloudgrant_tests_production").await, ["cloudgrant_tests_production", "userflyterole"]);
}

#[tokio::test]
async fn a_name_that_ends_like_a_whole_arn_is_granted_as_either_where_nobody_may_ask() {
    let text = with_token("arn:aws:secretsmanager:us-west-2:111122223333:secret:forecast/xyz-secret");
    let world = World::with(&text, "deny=secretsmanager:DescribeSecret").await;
    let plan = world.plan(&text).await.expect("a plan");
    let after = plan.changes[0].after.as_ref().expect("a policy").value();
    let arn = "arn:aws:secretsmanager:us-west-2:111122223333:secret:forecast/xyz-secret";
    assert_eq!(after["document"]["Statement"][0]["Resource"], json!([arn, format!("{arn}-??????")]));
    let warned = plan.notes.iter().any(|note| note.message.contains("either is granted"));
    assert!(warned, "{:#?}", plan.notes);
}

#[tokio::test]
async fn a_name_that_ends_like_a_whole_arn_is_found_one_by_one_and_in_the_list() {
    let world = World::new(&manifest(GRANTS)).await;
    let name = "forecast/xyz-secret";
    let created = world.secrets().create_secret().name(name).secret_string("x").send().await.expect("created");
    let arn = created.arn.expect("an ARN");
    let written = format!("arn:aws:secretsmanager:us-west-2:111122223333:secret:{name}");
    let asked = world.secrets().describe_secret().secret_id(&written).send().await;
    assert!(asked.is_err(), "AWS takes the end of an ARN for the six characters");
    let text = with_token(&written);
    world.converge(&text).await;
    assert_eq!(world.document("cloudgrant_tests_global").await["Statement"][0]["Resource"], json!([arn]));
    // Among many, it is looked for in the list: the same comes of it.
    let (mut resources, mut access) = (String::from("resources:\n"), String::from("token: read"));
    for i in 0..20 {
        world.secrets().create_secret().name(format!("many-{i}")).secret_string("x").send().await.expect("created");
        resources.push_str(&format!(
            "  many-{i}: {{ aws: 'arn:aws:secretsmanager:us-west-2:111122223333:secret:many-{i}' }}\n"
        ));
        access.push_str(&format!(", many-{i}: read"));
    }
    let many = text.replace("resources:\n", &resources).replace("token: read", &access);
    let plan = world.plan(&many).await.expect("a plan");
    let resources =
        plan.changes[0].after.as_ref().expect("a policy").value()["document"]["Statement"][0]["Resource"].clone();
    assert!(resources.as_array().is_some_and(|all| all.contains(&json!(arn))), "{resources}");
    // What isn't there at all is said as before.
    let error = refused(world.plan(&with_token(&format!("{written}-absent"))).await);
    assert!(said(&error).contains("there is no secret"), "{}", said(&error));
}

#[tokio::test]
async fn a_secret_of_another_service_is_key_value() {
    let arn = "arn:aws:secretsmanager:us-west-2:111122223333:secret:rds!db-0a1b2c3d-AbCdEf";
    let text = with_token(arn);
    let world = World::new(&text).await;
    world.converge(&text).await;
    assert_eq!(world.document("cloudgrant_tests_global").await["Statement"][0]["Resource"], json!([arn]));
    let plan = world.plan(&text).await.expect("a plan");
    let warned = plan.notes.iter().any(|note| note.message.contains("managed by another service (rds)"));
    assert!(warned, "{:#?}", plan.notes);
}

#[tokio::test]
async fn requirement_37_a_key_of_another_account_is_half_of_it() {
    let world = World::new(&manifest(GRANTS)).await;
    let key = crate::buckets::key(&world, "444455556666").await;
    world.secrets().create_secret().name("locked").secret_string("x").kms_key_id(&key).send().await.expect("created");
    let text = with_token("arn:aws:secretsmanager:us-west-2:111122223333:secret:locked");
    world.converge(&text).await;
    assert_eq!(world.document("cloudgrant_tests_global").await["Statement"][0]["Resource"], json!([key]));
    // The other half is a statement in that key's policy.
    let ours = async || {
        let answer = world.kms("444455556666").get_key_policy().key_id(&key).send().await.expect("a policy");
        let policy: Value = serde_json::from_str(answer.policy().expect("text")).expect("JSON");
        let statements = policy["Statement"].as_array().expect("statements").clone();
        assert_eq!(statements[0]["Sid"], "Enable IAM User Permissions", "{policy:#}");
        statements[1..].to_vec()
    };
    let mut statements = ours().await;
    assert_eq!(statements.len(), 1, "{statements:#?}");
    let sid = statements[0].as_object_mut().and_then(|statement| statement.remove("Sid")).expect("a Sid");
    assert!(sid.as_str().is_some_and(|sid| sid.starts_with("AllowKey")), "{sid}");
    let arn = world.secrets().describe_secret().secret_id("locked").send().await.expect("described").arn;
    let role = "arn:aws:iam::111122223333:role/acme-userflyterole";
    assert_eq!(
        statements[0],
        json!({"Effect": "Allow", "Principal": {"AWS": [role]}, "Action": ["kms:Decrypt"], "Resource": ["*"],
               "Condition": {
                   "StringEquals": {"kms:ViaService": ["secretsmanager.us-west-2.amazonaws.com"]},
                   "StringLike": {"kms:EncryptionContext:SecretARN": [arn.expect("an ARN")]}}})
    );
    // The manifest forgets it.
    world.converge(&manifest("")).await;
    assert!(ours().await.is_empty());
}

#[tokio::test]
async fn requirement_37_a_key_of_an_account_without_credentials_is_handed_off() {
    let world = World::new(&manifest(GRANTS)).await;
    let role = "arn:aws:iam::111122223333:role/acme-userflyterole";
    for (name, key, called) in [
        (
            "locked",
            "arn:aws:kms:us-west-2:777788889999:key/12345678-1234",
            "arn:aws:kms:us-west-2:777788889999:key/12345678-1234",
        ),
        ("behind", "arn:aws:kms:us-west-2:444455556666:alias/theirs", "alias/theirs"),
    ] {
        world.secrets().create_secret().name(name).secret_string("x").kms_key_id(key).send().await.expect("created");
        let text = with_token(&format!("arn:aws:secretsmanager:us-west-2:111122223333:secret:{name}"));
        let report = world.converge(&text).await;
        assert_eq!(report.handoffs.len(), 1, "{:#?}", report.handoffs);
        let handoff = report.handoffs[0].handoff.as_ref().expect("a handoff");
        for needed in [called, role, "kms:Decrypt", "put-key-policy", "keep the others", "us-west-2", "kms:ViaService"]
        {
            assert!(handoff.document.contains(needed), "{needed} in {}", handoff.document);
        }
    }
}

#[tokio::test]
async fn requirement_36_json_that_is_plaintext_passes_and_force_insists() {
    let world = World::new(&manifest(GRANTS)).await;
    let config = r#"{"auths":{"ghcr.io":{"auth":"x"}}}"#;
    world.secrets().create_secret().name("nested").secret_string(config).send().await.expect("created");
    let pairs = r#"{"type":"service_account","private_key":"marker"}"#;
    world.secrets().create_secret().name("pairs").secret_string(pairs).send().await.expect("created");
    let inspecting = |name: &str| {
        let text = with_token(&format!("arn:aws:secretsmanager:us-west-2:111122223333:secret:{name}"));
        text.replace("  region: us-west-2", "  region: us-west-2\n  inspect_secrets: true")
    };
    assert!(world.plan(&inspecting("nested")).await.is_ok());
    let error = refused(world.plan(&inspecting("pairs")).await);
    assert!(error.hint_text().is_some_and(|hint| hint.contains("force: true")), "{}", said(&error));
    let forced = inspecting("pairs").replace("secret:pairs\" }", "secret:pairs\", force: true }");
    assert!(world.plan(&forced).await.is_ok());
}

#[tokio::test]
async fn requirement_43_the_platforms_own_secrets_manager_comes_first() {
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    for (text, own) in [(text.clone(), "Union has a secrets manager"), (text.replace("union", "flyte"), "Flyte mounts")]
    {
        let text = text.replace("  region: us-west-2", "  region: us-west-2\n  task_role: acme-userflyterole");
        let plan = world.plan(&text).await.expect("a plan");
        assert_eq!(plan.notes.iter().filter(|note| note.message.contains(own)).count(), 1, "{:#?}", plan.notes);
    }
}
