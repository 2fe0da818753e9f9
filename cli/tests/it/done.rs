//! `cloudgrant done`: somebody says that a handoff was carried out, and the cloud remembers exactly that.

use serde_json::Value;

use crate::delivery::ONE_DOMAIN;
use crate::json::assert_valid;
use crate::support::{Folder, QUICKSTART};

/// A role of the stack's own, which a statement in another account and two records on the platform name.
pub(crate) const ON_AWS: &str = r#"version: 1
stack: acme-done
provider: aws
platform:
  kind: union
  organization: acme
  projects: [forecasting, vision]
  domains: [production]
aws:
  region: us-west-2
  account: "111122223333"
  cluster: { oidc_provider: oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE }
resources:
  trainer:
    aws: 444455556666.dkr.ecr.us-west-2.amazonaws.com/team/trainer
  models:
    aws: s3://acme-models
grants:
  - name: models-production
    scope: { domain: production }
    access: { models: read-write }
  - name: trainer-production
    scope: { domain: production }
    access: { trainer: pull }
"#;

const TRAINER: &str =
    "  - name: trainer-production\n    scope: { domain: production }\n    access: { trainer: pull }\n";

fn on_azure() -> String {
    ONE_DOMAIN.replace("  delivery: kubernetes\n", "")
}

/// A domain that the Union team binds, with two grants.
pub(crate) fn by_the_vendor() -> String {
    let at = QUICKSTART.find("\nregistries:").expect("registries");
    let more = "\n  - name: training-production\n    scope: { domain: production }\n    access:\n      training-data: read-write\n";
    QUICKSTART[..at].replace("provider: aws ", "provider: azure ") + more
}

const OF_VENDOR: &str = "\n  - name: training-production\n    scope: { domain: production }\n    access:\n      training-data: read-write\n";

#[track_caller]
pub(crate) fn exits(folder: &Folder, arguments: &[&str], code: i32) -> String {
    let output = folder.output(&[arguments, &["--sandbox"]].concat());
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    said
}

/// As one line, however it was wrapped.
pub(crate) fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[track_caller]
pub(crate) fn plan(folder: &Folder) -> Value {
    assert_valid(folder, &["plan", "--sandbox"])
}

fn names(of: &Value) -> Vec<String> {
    let all = of.as_array().expect("a list").iter();
    all.map(|one| format!("{} {}", one["kind"], one["name"]).replace('"', "")).collect()
}

/// The handoffs that are to be done, or to be taken back.
fn handoffs(plan: &Value) -> Vec<String> {
    let changes = plan["changes"].as_array().expect("changes").iter();
    names(&changes.filter(|change| change["action"] == "handoff").cloned().collect::<Vec<_>>().into())
}

fn confirmed(plan: &Value) -> Vec<String> {
    names(&plan["confirmed"])
}

/// Of a manifest, what is handed off first: the shortest name that `done` takes, and what a plan calls it.
fn first_handoff(folder: &Folder) -> (String, String) {
    let all = handoffs(&plan(folder));
    let one = all.first().expect("a handoff").clone();
    let name = one.rsplit([' ', '#']).next().expect("a name").to_owned();
    (name, one)
}

#[test]
fn a_confirmed_handoff_has_a_line_and_no_other_is_taken_for_done() {
    for manifest in [ON_AWS.to_owned(), on_azure(), by_the_vendor()] {
        let folder = Folder::with(&manifest);
        exits(&folder, &["apply", "--yes"], 0);
        let (name, id) = first_handoff(&folder);
        let before = handoffs(&plan(&folder));
        assert!(confirmed(&plan(&folder)).is_empty());
        // Nobody is asked, and nobody said so in advance.
        let said = exits(&folder, &["done", &name], 2);
        assert!(flat(&said).contains("nobody is here to approve"), "{said}");
        assert_eq!(handoffs(&plan(&folder)), before, "{id}");

        let said = exits(&folder, &["done", &name, "--yes"], 0);
        assert!(said.contains("who:") && said.contains("counts as done"), "it shows what it confirms: {said}");
        let after = plan(&folder);
        assert_eq!(confirmed(&after), [id.as_str()]);
        let left: Vec<_> = before.iter().filter(|one| **one != id).cloned().collect();
        assert_eq!(handoffs(&after), left, "one turns no others green");
        assert_eq!(after["summary"]["handoff"], left.len());
        let shown = flat(&exits(&folder, &["plan", "--exit-code"], 0));
        assert!(shown.contains(&format!("= {id}: done, confirmed on 20")), "{shown}");
        exits(&folder, &["apply", "--yes"], 0);
        exits(&folder, &["drift", "--exit-code"], 0);
        let again = exits(&folder, &["done", &name, "--yes"], 0);
        assert!(again.contains("already: nothing was changed"), "{again}");

        // Taken away again, it is shown again.
        let undone = exits(&folder, &["done", &name, "--undo", "--yes"], 0);
        assert!(undone.contains("no longer counts as done") && undone.contains("shows it again"), "{undone}");
        assert_eq!(handoffs(&plan(&folder)), before);
        assert!(confirmed(&plan(&folder)).is_empty());
        let again = exits(&folder, &["done", &name, "--undo", "--yes"], 0);
        assert!(again.contains("doesn't count as done"), "{again}");
    }
}

#[test]
fn what_names_a_principal_is_done_after_the_apply_that_makes_it() {
    for manifest in [ON_AWS.to_owned(), on_azure()] {
        let folder = Folder::with(&manifest);
        let (name, id) = first_handoff(&folder);
        let said = flat(&exits(&folder, &["done", &name, "--yes"], 1));
        assert!(said.contains("apply first: `cloudgrant apply --sandbox`"), "{said}");
        exits(&folder, &["apply", "--yes"], 0);
        let now = plan(&folder);
        assert!(handoffs(&now).contains(&id) && confirmed(&now).is_empty(), "{now:#}");
    }
}

#[test]
fn what_names_a_principal_that_was_made_anew_is_asked_for_again() {
    // A role that a statement elsewhere may name stays in a revoke.
    for manifest in [ON_AWS.replace(TRAINER, ""), on_azure()] {
        let folder = Folder::with(&manifest);
        exits(&folder, &["apply", "--yes"], 0);
        for _ in 0..handoffs(&plan(&folder)).len() {
            let (name, _) = first_handoff(&folder);
            exits(&folder, &["done", &name, "--yes"], 0);
        }
        let all = confirmed(&plan(&folder));
        assert!(!all.is_empty() && handoffs(&plan(&folder)).is_empty());
        // Everything goes and comes back. What was done names what is gone.
        let revoked = exits(&folder, &["revoke", "--all", "--yes"], 1);
        assert!(flat(&revoked).contains("which was confirmed on 20"), "{revoked}");
        exits(&folder, &["apply", "--yes"], 0);
        let now = plan(&folder);
        assert!(confirmed(&now).is_empty(), "{now:#}");
        let mut seen = handoffs(&now);
        let mut expected = all.clone();
        seen.sort();
        expected.sort();
        assert_eq!(seen, expected);
        let shown = flat(&exits(&folder, &["plan", "-v"], 0));
        assert!(shown.contains("it was confirmed on 20") && shown.contains("it is to be done again"), "{shown}");
    }
}

/// The manifest still asks for it: whoever had it taken back is told how to say that.
#[test]
fn after_a_revoke_of_everything_done_says_how_to_say_that_it_was_taken_back() {
    for manifest in [ON_AWS.to_owned(), ON_AWS.replace(TRAINER, ""), on_azure(), by_the_vendor()] {
        let folder = Folder::with(&manifest);
        exits(&folder, &["apply", "--yes"], 0);
        let (name, id) = first_handoff(&folder);
        exits(&folder, &["done", &name, "--yes"], 0);
        exits(&folder, &["revoke", "--all", "--yes"], 1);
        let output = folder.output(&["done", &name, "--yes", "--sandbox"]);
        let said = flat(&(String::from_utf8_lossy(&output.stdout) + &*String::from_utf8_lossy(&output.stderr)));
        assert!(said.contains("taken back") && said.contains(" --undo"), "{id}: {said}");
        assert!(!said.contains("counts as done"), "{id}: {said}");
        exits(&folder, &["done", &name, "--undo", "--yes"], 0);
        // Others may have been asked for more, of which nobody said anything.
        let output = folder.output(&["revoke", "--all", "--yes", "--sandbox"]);
        let again = flat(&(String::from_utf8_lossy(&output.stdout) + &*String::from_utf8_lossy(&output.stderr)));
        assert!(!again.contains("was confirmed on 20"), "{id}: {again}");
    }
}

#[test]
fn what_was_done_for_a_grant_that_is_gone_is_to_be_taken_back() {
    for (manifest, without) in [
        (ON_AWS.to_owned(), ON_AWS.replace(TRAINER, "")),
        (on_azure(), on_azure().split("grants:").next().expect("a beginning").to_owned() + "grants: []\n"),
        (by_the_vendor(), {
            let all = by_the_vendor();
            let at = all.find("  # Only tasks in production").expect("a grant");
            all[..at].to_owned()
        }),
    ] {
        let folder = Folder::with(&manifest);
        exits(&folder, &["apply", "--yes"], 0);
        let all = handoffs(&plan(&folder));
        let id = all.iter().find(|id| id.contains("ecr")).or_else(|| all.first()).expect("one").clone();
        let name = id.rsplit([' ', '#']).next().expect("a name");
        exits(&folder, &["done", name, "--yes"], 0);

        folder.write("cloudgrant.yaml", &without);
        let planned = plan(&folder);
        let asked = planned["changes"]
            .as_array()
            .expect("changes")
            .iter()
            .filter(|change| change["handoff"]["takes_back"] == true);
        assert_eq!(names(&asked.cloned().collect::<Vec<_>>().into()), [id.as_str()], "{planned:#}");
        assert_eq!(names(&planned["stays"]), [id.as_str()]);
        let applied = flat(&exits(&folder, &["apply", "--yes"], 1));
        let command = format!("cloudgrant done {name} --sandbox");
        assert!(applied.contains("For somebody else to do") && applied.contains(&command), "{applied}");
        // It isn't forgotten by that.
        exits(&folder, &["apply", "--yes"], 1);
        exits(&folder, &["drift", "--exit-code"], 3);
        let taken = exits(&folder, &["done", name, "--yes"], 0);
        assert!(taken.contains("counts as taken back"), "{taken}");
        exits(&folder, &["apply", "--yes"], 0);
        exits(&folder, &["drift", "--exit-code"], 0);
        let now = plan(&folder);
        assert!(handoffs(&now).iter().all(|one| *one != id) && names(&now["stays"]).is_empty(), "{now:#}");
    }
}

#[test]
fn nothing_is_left_of_what_was_taken_back() {
    for manifest in [ON_AWS.replace(TRAINER, ""), on_azure()] {
        let folder = Folder::with(&manifest);
        exits(&folder, &["apply", "--yes"], 0);
        let (name, id) = first_handoff(&folder);
        exits(&folder, &["done", &name, "--yes"], 0);
        // The manifest lists it still, and so does a plan of it.
        let told = flat(&exits(&folder, &["revoke", "--all", "--yes"], 1));
        assert!(told.contains(&format!("`cloudgrant done {name} --undo --sandbox`")), "{told}");
        exits(&folder, &["done", &name, "--undo", "--yes"], 0);
        let stacks = exits(&folder, &["stacks"], 0);
        assert!(stacks.contains("No stacks") || stacks.contains("0 stacks"), "{id}: {stacks}");
    }
}

#[test]
fn a_revoke_beside_a_document_that_was_confirmed_with_more_in_it_is_no_success() {
    let folder = Folder::with(&by_the_vendor());
    exits(&folder, &["apply", "--yes"], 0);
    exits(&folder, &["done", "production", "--yes"], 0);
    for last in ["--dry-run", "--yes", "--yes"] {
        let said = exits(&folder, &["revoke", "training-production", last], 1);
        let said = flat(&said);
        assert!(said.contains("with what is revoked in it"), "{last}: {said}");
        assert!(said.contains("cloudgrant done production --sandbox"), "{last}: {said}");
        // The new document has the other grants' roles, and not that of the one that goes.
        assert!(said.contains("Storage Blob Data Contributor (ba92f5b4"), "{last}: {said}");
        assert_eq!(said.matches("Storage Blob Data Contributor (ba92f5b4").count(), 1, "{last}: {said}");
    }
    let document = assert_valid(&folder, &["revoke", "training-production", "--dry-run", "--sandbox"]);
    assert_eq!(names(&document["stays"]), ["platform-binding production"]);
    // Nor does one end well that takes the rest of it.
    exits(&folder, &["revoke", "models-production", "training-production", "--dry-run"], 1);

    folder.write("cloudgrant.yaml", by_the_vendor().replace(OF_VENDOR, "\n"));
    let now = plan(&folder);
    assert_eq!(handoffs(&now), ["platform-binding production"]);
    assert!(confirmed(&now).is_empty());
    exits(&folder, &["done", "production", "--yes"], 0);
    assert_eq!(confirmed(&plan(&folder)), ["platform-binding production"]);
    exits(&folder, &["drift", "--exit-code"], 0);
}

#[test]
fn what_the_vendor_has_made_and_the_manifest_names_is_not_to_be_taken_back() {
    let folder = Folder::with(&by_the_vendor());
    exits(&folder, &["apply", "--yes"], 0);
    exits(&folder, &["done", "production", "--yes"], 0);
    let named = by_the_vendor().replace(
        "  resource_group: acme-dataplane\n",
        "  resource_group: acme-dataplane\n  identities: { production: acme-production }\n",
    );
    folder.write("cloudgrant.yaml", named);
    let planned = plan(&folder);
    assert!(handoffs(&planned).is_empty() && names(&planned["stays"]).is_empty(), "{planned:#}");
    // Which roles its maker gave it, nobody sees.
    assert!(planned["notes"].to_string().contains("for a step that was confirmed on 20"), "{planned:#}");
    exits(&folder, &["apply", "--yes"], 0);
    exits(&folder, &["plan", "--exit-code"], 0);
    // Without the name, it is what was confirmed; without the grants, it is to be taken back.
    folder.write("cloudgrant.yaml", by_the_vendor());
    let now = plan(&folder);
    assert!(handoffs(&now).is_empty() && confirmed(&now) == ["platform-binding production"], "{now:#}");
}

#[test]
fn another_delivery_forgets_only_what_it_does_by_itself() {
    // Attributes are set by Union's tool; annotations in the cluster are something else.
    let folder = Folder::with(ON_AWS);
    exits(&folder, &["apply", "--yes"], 0);
    for pair in ["forecasting-production", "vision-production"] {
        exits(&folder, &["done", pair, "--yes"], 0);
    }
    let by = |delivery: &str| ON_AWS.replace("kind: union\n", &format!("kind: union\n  delivery: {delivery}\n"));
    let both = ["platform-binding forecasting-production", "platform-binding vision-production"];
    folder.write("cloudgrant.yaml", by("kubernetes"));
    let told = exits(&folder, &["apply", "--yes"], 1);
    assert!(flat(&told).contains("cloudgrant done vision-production --sandbox"), "{told}");
    assert_eq!(names(&plan(&folder)["stays"]), both);
    // And back.
    folder.write("cloudgrant.yaml", by("leave-kubernetes"));
    exits(&folder, &["apply", "--yes"], 0);
    // The cluster is looked at by now, and no sync has annotated anything there.
    let now = plan(&folder);
    assert!(
        confirmed(&now).is_empty() && both.iter().all(|one| handoffs(&now).contains(&(*one).to_owned())),
        "{now:#}"
    );

    // Flyte admin gets the same attributes from cloudgrant.
    folder.write("cloudgrant.yaml", by("admin"));
    exits(&folder, &["apply", "--yes"], 0);
    let now = plan(&folder);
    assert!(names(&now["stays"]).is_empty() && confirmed(&now).is_empty(), "{now:#}");
    folder.write("cloudgrant.yaml", by("leave-admin"));
    exits(&folder, &["apply", "--yes"], 0);
    let now = plan(&folder);
    assert!(confirmed(&now).is_empty(), "cloudgrant took away what it wrote: {now:#}");
    assert!(both.iter().all(|one| handoffs(&now).contains(&(*one).to_owned())), "{now:#}");

    // On Azure, annotations are what was asked for.
    let folder = Folder::with(&on_azure());
    exits(&folder, &["apply", "--yes"], 0);
    exits(&folder, &["done", "production", "--yes"], 0);
    folder.write("cloudgrant.yaml", ONE_DOMAIN);
    exits(&folder, &["apply", "--yes"], 0);
    let now = plan(&folder);
    assert!(names(&now["stays"]).is_empty() && confirmed(&now).is_empty(), "{now:#}");
    folder.write("cloudgrant.yaml", ONE_DOMAIN.replace("delivery: kubernetes", "delivery: leave-kubernetes"));
    exits(&folder, &["apply", "--yes"], 0);
    assert_eq!(handoffs(&plan(&folder)), ["platform-binding production"]);
}

#[test]
fn a_name_that_means_none_or_several_is_told_which_there_are() {
    let folder = Folder::with(ON_AWS);
    exits(&folder, &["apply", "--yes"], 0);
    let said = flat(&exits(&folder, &["done", "vision-prodction", "--yes"], 2));
    assert!(said.contains("`vision-prodction` is no handoff of this manifest's plan"), "{said}");
    assert!(said.contains("did you mean `vision-production`?") && said.contains("forecasting-production"), "{said}");
    // The grant has a statement, and its binding two records.
    let said = flat(&exits(&folder, &["done", "trainer-production", "--yes"], 2));
    assert!(said.contains("may be any of 3 handoffs") && said.contains("name one of them: "), "{said}");
    let none = Folder::with(include_str!("../../../examples/first/cloudgrant.yaml"));
    let said = flat(&exits(&none, &["done", "training-data", "--yes"], 2));
    assert!(said.contains("this manifest's plan has none"), "{said}");
}

#[test]
fn what_is_confirmed_is_in_the_trail_and_in_the_document() {
    let folder = Folder::with(ON_AWS);
    exits(&folder, &["apply", "--yes"], 0);
    let arguments = ["done", "vision-production", "--yes", "--audit", "audit.jsonl", "--sandbox"];
    let document = assert_valid(&folder, &arguments);
    assert_eq!((&document["command"], &document["counts_as_done"]), (&"done".into(), &true.into()));
    assert_eq!(document["handoff"]["name"], "vision-production");
    assert!(
        document["handoff"]["handoff"]["document"].as_str().is_some_and(|text| text.contains("defaultUserRoleValue"))
    );
    let trail = std::fs::read_to_string(folder.path().join("audit.jsonl")).expect("a trail");
    let lines: Vec<Value> = trail.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let events: Vec<_> = lines.iter().map(|line| line["event"].as_str().expect("an event")).collect();
    assert_eq!(events, ["begin", "confirm", "attempt", "applied", "end"]);
    assert!(lines[0]["actor"]["host"].is_string() && lines[0]["caller"]["principal"].is_string(), "{trail}");
    assert_eq!(lines[1]["handoff"]["name"], "vision-production");
    assert_eq!(lines[1]["done"], true);
    exits(&folder, &["audit", "verify", "audit.jsonl"], 0);

    let again = assert_valid(&folder, &["done", "vision-production", "--yes", "--sandbox"]);
    assert!(again.get("result").is_none() && again["counts_as_done"] == true, "{again:#}");
    let undone = assert_valid(&folder, &["done", "vision-production", "--undo", "--yes", "--sandbox"]);
    assert_eq!(undone["counts_as_done"], false);
}

#[test]
fn whoever_may_only_plan_confirms_nothing() {
    let folder = Folder::with(ON_AWS);
    exits(&folder, &["apply", "--yes"], 0);
    let said = exits(&folder, &["done", "vision-production", "--yes", "--faults", "deny=iam:CreatePolicy"], 1);
    assert!(said.contains("iam:CreatePolicy") && !said.contains("counts as done"), "{said}");
    assert!(confirmed(&plan(&folder)).is_empty());
    let folder = Folder::with(&on_azure());
    exits(&folder, &["apply", "--yes"], 0);
    let denied = "deny=Microsoft.ManagedIdentity/userAssignedIdentities:write";
    let said = exits(&folder, &["done", "production", "--yes", "--faults", denied], 1);
    assert!(!said.contains("counts as done"), "{said}");
    assert!(confirmed(&plan(&folder)).is_empty());
}
