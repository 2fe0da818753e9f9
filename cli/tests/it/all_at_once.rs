//! All problems at once: none of them hides one of another layer.

use std::collections::BTreeSet;
use std::path::Path;

use cloudgrant_aws as _;
use cloudgrant_azure as _;
use cloudgrant_core::manifest::{Loaded, Overrides};
use cloudgrant_core::{Error, Session, Settings};

fn opened(loaded: Loaded) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(Session::open(loaded, Settings::default())).map(drop)
}

/// All that is said: the line, or the layer, and the key path.
fn told(text: &str, overrides: &Overrides) -> Vec<String> {
    let loaded = Loaded::draft_from_text(text, Path::new("m.yaml"), overrides);
    let problems = match loaded.and_then(opened) {
        Ok(()) => Vec::new(),
        Err(error) => error.problems().to_vec(),
    };
    let where_from =
        |line: Option<u32>, layer: Option<&str>| line.map_or(layer.unwrap_or("-").to_owned(), |line| line.to_string());
    let told = problems.iter().map(|problem| {
        format!(
            "{} {}",
            where_from(problem.place.as_ref().map(|place| place.line), problem.layer.as_deref()),
            problem.path
        )
    });
    told.collect()
}

/// The lines, numbered from 1, with a fault behind `#!`: the key path that is told of it.
fn faults(text: &str) -> Vec<String> {
    let marked = text.lines().enumerate().filter_map(|(at, line)| {
        let paths = line.split_once("#!")?.1;
        Some(paths.split_whitespace().map(move |path| format!("{} {path}", at + 1)))
    });
    marked.flatten().collect()
}

/// A fault of each layer that looks at a manifest: keys, values, the platform, the provider's section key by key and as a whole,
/// locators, names, scopes, references, levels, what only the provider knows of sound locators, and whose file may say what.
const AWS: &str = r#"
version: 2                                                          #! version
stack: Acme                                                         #! stack
provider: asw                                                       #! provider
unheard: of                                                         #! unheard
platform:
  kind: onion                                                       #! platform.kind
  organization: acme
  projects: [forecasting, forecasting, vision]                      #! platform.projects[1]
  domains: [production]
  service_account: ${ACCOUNT}                                       #! platform.service_account
audit: /etc/audit.jsonl                                             #! audit
aws:                                                                #! aws.cluster
  region: mars                                                      #! aws.region
  account: 11112222333                                              #! aws.account
  endpoint: https://elsewhere.example                               #! aws.endpoint
  regoin: x                                                         #! aws.regoin
  cluster_autoscaler: x                                             #! aws.cluster_autoscaler
  task_role: acme-adminflyterole                                    #! aws.task_role
  tags: { "aws:x": y }                                              #! aws.tags.aws:x
resources:
  Training: { aws: "s3:/acme" }                                     #! resources.Training resources.Training.aws
  platforms-own: { aws: s3://unionai-acme }                         #! resources.platforms-own.aws
  of-another-cloud: { aws: s3://acme/x, azure: "https://x" }        #! resources.of-another-cloud.azure
  a-text: s3://acme/y                                               #! resources.a-text
  odd-key: { aws: s3://acme/z, gcp: x }                             #! resources.odd-key.gcp
  odd-locator: { aws: s3://acme-* }                                 #! resources.odd-locator.aws
  long-hyphen: { aws: s3://acme/a–b }                               #! resources.long-hyphen.aws
  good: { aws: s3://acme/good/ }
grants:
  - name: One                                                       #! grants[0].name
    scope: { domain: staging }                                      #! grants[0].scope.domain
    access: { platforms-own: reed, none: read, good: pull }         #! grants[0].access.platforms-own grants[0].access.none grants[0].access.good
  - name: two
    scope: everything                                               #! grants[1].scope
    access: { platforms-own: read, nothing: read, a-text: read }    #! grants[1].access.nothing
  - name: two                                                       #! grants[2].name
    scope: { project: , domain: production }                        #! grants[2].scope.project
    access: { long-hyphen: read, odd-locator: read }
  - name: four
    scope: { project: fraud, domain: production }                   #! grants[3].scope.project
    access: {}                                                      #! grants[3].access
    precise: often                                                  #! grants[3].precise
  - scope: global                                                   #! grants[4].name
    access: { nobody: read }                                        #! grants[4].access.nobody
registries:
  - name: Base                                                      #! registries[0].name
    aws: s3://acme/                                                 #! registries[0].aws
  - name: images                                                    #! registries[1].aws
    access: reed                                                    #! registries[1].access
    azure: nowhere                                                  #! registries[1].azure
bindings:
  - scope: { domain: prodution }                                    #! bindings[0].scope.domain
"#;

const AZURE: &str = r#"
version: 1
stack: acme
provider: azure
platform: { kind: union, organization: acme, projects: [vision], domains: [production] }
azure:                                                              #! azure.roles.group.read
  subscription: 00000000-0000-0000-0000-000000000001
  tenant: acme                                                      #! azure.tenant
  resource_group: "acme."                                           #! azure.resource_group
  authority: https://elsewhere.example                              #! azure.authority
  identities: { production: one, other: one }                       #! azure.identities.production
  tags:
    azure-team: data                                                #! azure.tags.azure-team
    windows-team: data                                              #! azure.tags.windows-team
resources:
  platforms-own: { azure: https://unionacme.blob.core.windows.net/x } #! resources.platforms-own.azure
  china: { azure: https://acme.blob.core.chinacloudapi.cn/x }       #! resources.china.azure
  group: { azure: /subscriptions/00000000-0000-0000-0000-000000000001 } #! resources.group.azure
  aws-alone: { aws: s3://acme/x }                                   #! resources.aws-alone.azure
grants:
  - name: one
    scope: { project: vision, domain: production }                  #! grants[0].scope
    access: { platforms-own: read, china: read, aws-alone: read, group: own } #! grants[0].access.group
  - name: two
    scope: everything                                               #! grants[1].scope
    access: { group: read }
registries:
  - name: of-china
    azure: acme.azurecr.cn/x                                        #! registries[0].azure
"#;

#[test]
fn no_problem_hides_one_of_another_layer() {
    for text in [AWS, AZURE] {
        assert_eq!(told(text, &Overrides::default()), faults(text));
    }
}

/// Whoever has many grants finds the one that is meant by its name, whatever is wrong with it and whichever layer says so.
/// Faults of a grant: the key, and what stands there. Those of the access stand side by side in it.
const OF_A_GRANT: [(&str, &str); 13] = [
    ("name", "G!"),
    ("name", "[g]"),
    ("name", "first"),
    ("scope", "everything"),
    ("scope", "{ domain: staging }"),
    ("scope", "{ project: vision }"),
    ("precise", "sometimes"),
    ("precize", "true"),
    ("access", "data: reed"),
    ("access", "images: read"),
    ("access", "date: read"),
    ("access", "nothing: reed"),
    ("access", "Da_ta!: read"),
];

/// The same of a registry.
const OF_A_REGISTRY: [(&str, &str); 7] = [
    ("name", "G!"),
    ("name", "first-images"),
    ("access", "reed"),
    ("access", "read"),
    ("aws", "nowhere"),
    ("azure", "nowhere"),
    ("gcp", "nowhere"),
];

fn with_a_grant(faults: &[(&str, &str)]) -> String {
    let at = |key: &'static str| faults.iter().filter(move |(of, _)| *of == key).map(|(_, text)| *text);
    let or = |key, usual| at(key).next().unwrap_or(usual);
    let rest: String = ["precise", "precize"]
        .into_iter()
        .flat_map(|key| at(key).map(move |text| format!(", {key}: {text}")))
        .collect();
    let access: Vec<_> = ["data: read"]
        .into_iter()
        .filter(|_| !at("access").any(|text| text.starts_with("data:")))
        .chain(at("access"))
        .collect();
    format!(
        "grants:\n  - {{ name: first, scope: global, access: {{ data: read }} }}\n  \
         - {{ name: {}, scope: {}, access: {{ {} }}{rest} }}\n",
        or("name", "second"),
        or("scope", "global"),
        access.join(", "),
    )
}

fn with_a_registry(faults: &[(&str, &str)]) -> String {
    let or = |key: &str, usual| faults.iter().find(|(of, _)| *of == key).map_or(usual, |(_, text)| *text);
    let gcp: String = faults.iter().filter(|(of, _)| *of == "gcp").map(|(_, text)| format!(", gcp: {text}")).collect();
    let repository = "arn:aws:ecr:us-west-2:111122223333:repository/first";
    format!(
        "grants: []\nregistries:\n  - {{ name: first-images, aws: \"{repository}\" }}\n  \
         - {{ name: {}, access: {}, aws: \"{}\", azure: \"{}\"{gcp} }}\n",
        or("name", "second-images"),
        or("access", "pull"),
        or("aws", "arn:aws:ecr:us-west-2:111122223333:repository/second"),
        or("azure", "acmeimages.azurecr.io"),
    )
}

/// Nobody has to mend one thing of an entry to hear of the next.
#[test]
fn no_problem_of_an_entry_hides_another_one_of_it() {
    let said = |entries: &str| {
        let text = format!(
            "version: 1\nstack: acme-ml\nprovider: aws\n\
             platform: {{ kind: flyte, organization: acme, projects: [vision], domains: [production] }}\n\
             aws: {{ region: us-west-2, account: \"111122223333\", task_role: acme-tasks }}\n\
             resources:\n  data: {{ aws: \"s3://acme-data/\" }}\n  \
             images: {{ aws: \"arn:aws:ecr:us-west-2:111122223333:repository/images\" }}\n{entries}"
        );
        let loaded = Loaded::draft_from_text(&text, Path::new("m.yaml"), &Overrides::default());
        let problems = loaded.and_then(opened).err().map(|error| error.problems().to_vec()).unwrap_or_default();
        problems.iter().map(|problem| format!("{}: {}", problem.path, problem.message)).collect::<BTreeSet<_>>()
    };
    type Faults = &'static [(&'static str, &'static str)];
    type Write = fn(&[(&str, &str)]) -> String;
    // With the key that takes several.
    let kinds: [(Faults, Write, &str); 2] =
        [(&OF_A_GRANT, with_a_grant, "access"), (&OF_A_REGISTRY, with_a_registry, "")];
    for (faults, write, several) in kinds {
        assert!(said(&write(&[])).is_empty(), "{:?}", said(&write(&[])));
        let alone: Vec<_> = faults.iter().map(|fault| said(&write(&[*fault]))).collect();
        for (at, one) in faults.iter().enumerate() {
            assert!(!alone[at].is_empty(), "{one:?} is no fault");
            for (other_at, other) in faults.iter().enumerate().skip(at + 1) {
                if one.0 == other.0 && one.0 != several {
                    continue;
                }
                let expected: BTreeSet<_> = alone[at].union(&alone[other_at]).cloned().collect();
                let both = said(&write(&[*one, *other]));
                let hidden: Vec<_> = expected.difference(&both).collect();
                assert!(hidden.is_empty(), "{one:?} and {other:?} hide {hidden:#?}, and tell {both:#?}");
            }
        }
    }
    let nothing = said(&with_a_grant(&[("access", "nothing: reed")]));
    assert!(nothing.iter().any(|problem| problem.contains("there is no resource `nothing`")), "{nothing:?}");
    assert!(nothing.iter().any(|problem| problem.contains("reed")), "{nothing:?}");
}

#[test]
fn what_is_wrong_with_a_grant_names_it() {
    let manifest = |grant: &str| {
        format!(
            "version: 1\nstack: acme\nprovider: aws\n\
             platform: {{ kind: union, organization: acme, projects: [vision], domains: [production] }}\n\
             aws: {{ region: us-west-2, account: \"111122223333\" }}\n\
             resources:\n  data: {{ aws: s3://acme/data/ }}\n  token: {{ azure: https://acme.vault.azure.net/secrets/t }}\n\
             grants:\n  - {{ name: first, scope: global, access: {{ data: read }} }}\n  - {grant}\n"
        )
    };
    for (name, grant) in [
        ("a key twice", "{ name: second, scope: global, scope: global, access: { data: read } }"),
        ("a null", "{ name: second, scope: { project: , domain: production }, access: { data: read } }"),
        ("another null", "{ name: second, scope: ~, access: { data: read } }"),
        ("a variable", "{ name: second, scope: global, access: { data: \"${LEVEL}\" } }"),
        ("an unknown key", "{ name: second, scop: global, access: { data: read } }"),
        ("a key that is missing", "{ name: second, scope: global }"),
        ("another kind of value", "{ name: second, scope: global, access: read }"),
        ("no scope", "{ name: second, scope: everything, access: { data: read } }"),
        ("a scope that isn't listed", "{ name: second, scope: { domain: staging }, access: { data: read } }"),
        ("no level", "{ name: second, scope: global, access: { data: reed } }"),
        ("a level that the provider hasn't", "{ name: second, scope: global, access: { data: pull } }"),
        ("no resource", "{ name: second, scope: global, access: { date: read } }"),
        ("nothing reached", "{ name: second, scope: global, access: {} }"),
        ("a locator", "{ name: second, scope: global, access: { \"s3://acme/data/\": read } }"),
        ("the same name", "{ name: first, scope: global, access: { data: read } }"),
    ] {
        let loaded = Loaded::draft_from_text(&manifest(grant), Path::new("m.yaml"), &Overrides::default());
        let error = loaded.and_then(opened).expect_err(name);
        let told: Vec<_> = error.problems().iter().filter(|problem| problem.path.starts_with("grants[")).collect();
        assert!(!told.is_empty(), "{name}: {error:?}");
        for problem in told {
            let said = problem.to_string();
            assert!(said.contains("grants[1] (second)") || said.contains("grants[1] (first)"), "{name}: {said}");
        }
    }
}

/// S3, ECR and its hosts: what is wrong with one resource of a grant hides nothing of the others.
#[test]
fn a_refused_locator_hides_no_other_one() {
    let text = r#"version: 1
stack: acme-ml
provider: aws
platform: { kind: union, organization: acme, projects: [forecasting], domains: [production] }
aws: { region: us-west-2, account: "111122223333" }
resources:
  bucket: { aws: "arn:aws-us-gov:s3:::acme-gov/in/*" }                            #! resources.bucket.aws
  images: { aws: "arn:aws-cn:ecr:us-west-2:111122223333:repository/team/x" }      #! resources.images.aws
  host: { aws: "111122223333.dkr.ecr.us-west-2.amazonaws.com.cn/team/y" }         #! resources.host.aws
grants:
  - name: data
    scope: global
    access: { bucket: read, images: pull, host: pull }
"#;
    assert_eq!(told(text, &Overrides::default()), faults(text));
}

/// What is wrong with a resource is told at whatever level it is asked for.
#[test]
fn a_level_that_cannot_be_had_hides_nothing_of_its_resource() {
    let said = |token: &str, bucket: &str| {
        let text = format!(
            "version: 1\nstack: acme\nprovider: aws\n\
             platform: {{ kind: union, organization: acme, projects: [f], domains: [production] }}\n\
             aws: {{ region: us-west-2, account: \"111122223333\" }}\n\
             resources:\n  token: {{ aws: \"arn:aws:secretsmanager:eu-west-1:111122223333:secret:token-AbCdEf\" }}\n  \
             bucket: {{ aws: \"s3://unionai-acme-x\" }}\n\
             grants: [{{ name: a, scope: global, access: {{ token: {token}, bucket: {bucket} }} }}]\n"
        );
        let loaded = Loaded::draft_from_text(&text, Path::new("m.yaml"), &Overrides::default());
        let problems = loaded.and_then(opened).err().map(|error| error.problems().to_vec()).unwrap_or_default();
        problems.into_iter().map(|problem| problem.path).collect::<BTreeSet<_>>()
    };
    let of_resources = said("read", "read");
    assert_eq!(of_resources.len(), 2, "{of_resources:?}");
    let all = said("write", "pull");
    assert!(of_resources.is_subset(&all) && all.len() == 4, "{all:?}");
}
