//! Mistakes as people make them: each is refused at the line and the column where it stands, with words that help somebody
//! who has never seen a manifest, and without any word of a library.

use std::path::Path;

use cloudgrant_aws as _;
use cloudgrant_azure as _;
use cloudgrant_core::manifest::{Loaded, Overrides};
use cloudgrant_core::{Diagnostic, Error, Session, Settings};

use crate::support::{Folder, MANIFEST};

/// Words that a message must not have: names of libraries, and what they call things.
const NOT_OURS: [&str; 31] = [
    "serde",
    "saphyr",
    "figment",
    "granit",
    "invalid type",
    "invalid value",
    "expected a ",
    "expected struct",
    "struct ",
    "i64",
    "u64",
    "u32",
    "f64",
    "usize",
    "enum ",
    "variant",
    "a sequence",
    "a map,",
    "scalar",
    "deserial",
    "unit value",
    "Option",
    "eof",
    "EOF",
    "os error",
    "simple key",
    "mapping values",
    "flow ",
    "basic string",
    "literal string",
    "token ",
];

/// All that is said of a manifest.
fn problems(text: &str, file: &str) -> Vec<Diagnostic> {
    let loaded = Loaded::draft_from_text(text, Path::new(file), &Overrides::default());
    let opened = |loaded: Loaded| -> Result<(), Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(Session::open(loaded, Settings::default())).map(drop)
    };
    match loaded.and_then(opened) {
        Ok(()) => Vec::new(),
        Err(error) => error.problems().to_vec(),
    }
}

fn check(name: &str, found: &[Diagnostic], expected: &[(&str, u32, u32, &str)]) {
    let seen: Vec<_> = found.iter().map(|problem| format!("{problem} [{:?}]", problem.hint)).collect();
    let seen = seen.join("\n");
    assert_eq!(found.len(), expected.len(), "{name}:\n{seen}");
    for (problem, (path, line, column, words)) in found.iter().zip(expected) {
        let at = problem.place.as_ref().map(|place| (place.line, place.column));
        assert_eq!((problem.path.as_str(), at), (*path, Some((*line, *column))), "{name}:\n{seen}");
        let hint = problem.hint.as_deref().unwrap_or_default();
        let said = format!("{} {hint}", problem.message);
        assert!(words.split(" … ").all(|words| said.contains(words)), "{name}: no \"{words}\" in\n{seen}");
        for word in NOT_OURS {
            assert!(!said.contains(word), "{name}: \"{word}\" in\n{seen}");
        }
        // What would be right stands in the hint, or in the sentence itself.
        let right = ["write", "takes", "such as", "must be", "needs", "lower-case"];
        assert!(
            !hint.is_empty() || right.iter().any(|words| said.contains(words)),
            "{name} says not what would be right:\n{seen}"
        );
    }
}

/// What is said: key path, line, column, words.
type Told = (&'static str, u32, u32, &'static str);

/// A change of the manifest that is right: what is replaced, by what, and what is said: key path, line, column, words.
type Change = (&'static str, &'static str, &'static str, &'static [Told]);

const CHANGES: &[Change] = &[
    ("a key misspelt", "grants:", "grnats:", &[("grnats", 18, 1, "unknown key `grnats` … did you mean `grants`?")]),
    ("a key of the provider misspelt", "  region:", "  regoin:", &[("aws.regoin", 10, 3, "did you mean `region`?")]),
    (
        "a role's ARN with a part that leads above",
        "  cluster:",
        "  accounts:\n    \"444455556666\":\n      assume_role: arn:aws:iam::444455556666:role/../admin\n  cluster:",
        &[(
            "aws.accounts.444455556666.assume_role",
            14,
            7,
            "has a part `..` in its path … write arn:aws:iam::444455556666:role/NAME",
        )],
    ),
    (
        "a version in quotes",
        "version: 1",
        "version: \"1\"",
        &[("version", 1, 1, "`version` is a number, and stands here in quotes … write `version: 1`")],
    ),
    (
        "a key twice",
        "stack: acme-ml\n",
        "stack: acme-ml\nstack: other\n",
        &[("stack", 3, 1, "stands here twice, first in line 2 … keep one")],
    ),
    (
        "curly quotes",
        "region: us-west-2",
        "region: \u{201c}us-west-2\u{201d}",
        &[("aws.region", 10, 3, "plain quotes in place of the typographic ones")],
    ),
    (
        "a double quote that isn't closed",
        "region: us-west-2",
        "region: \"us-west-2",
        &[("", 10, 11, "this quote isn't closed … close the quote")],
    ),
    (
        "a sign that YAML keeps for itself",
        "region: us-west-2",
        "region: @us-west-2",
        &[("", 10, 11, "begins with a sign that means something else … quotes")],
    ),
    (
        "a level without its colon",
        "access: { training-data: read }",
        "access: { training-data read }",
        &[("grants[0].access.training-data read", 21, 15, "no value … `training-data: read`")],
    ),
    (
        "a key misspelt of which a name would follow",
        "organization:",
        "organisation:",
        &[("platform.organisation", 6, 3, "did you mean `organization`?")],
    ),
    ("a key without a value", "stack: acme-ml", "stack:", &[("stack", 2, 1, "`stack` has no value … write a value")]),
    (
        "a list without its entries",
        "projects: [forecasting, vision]",
        "projects:",
        &[("platform.projects", 7, 3, "has no value")],
    ),
    (
        "a list written as text",
        "projects: [forecasting, vision]",
        "projects: forecasting, vision",
        &[("platform.projects", 7, 3, "`projects` must be a list, and is a text … in brackets")],
    ),
    (
        "a text written as a list",
        "region: us-west-2",
        "region: [us-west-2]",
        &[("aws.region", 10, 3, "`region` must be a region such as us-west-2, and is a list")],
    ),
    (
        "a number for a name",
        "stack: acme-ml",
        "stack: 7",
        &[("stack", 2, 1, "must be a text, and is the number 7 … \"7\"")],
    ),
    (
        "a number for an account",
        "\"111122223333\"",
        "111122223333",
        &[("aws.account", 11, 3, "stands here as a number … in quotes … \"111122223333\"")],
    ),
    ("an account that lost its zero", "\"111122223333\"", "11122223333", &[("aws.account", 11, 3, "\"011122223333\"")]),
    (
        "an account by its name",
        "\"111122223333\"",
        "production",
        &[("aws.account", 11, 3, "not an AWS account id … twelve digits")],
    ),
    (
        "an account by an ARN",
        "\"111122223333\"",
        "\"arn:aws:iam::111122223333:root\"",
        &[("aws.account", 11, 3, "twelve digits and nothing else: write \"111122223333\"")],
    ),
    (
        "an account with dashes",
        "\"111122223333\"",
        "1111-2222-3333",
        &[("aws.account", 11, 3, "twelve digits and nothing else: write \"111122223333\"")],
    ),
    (
        "an account in typographic quotes",
        "\"111122223333\"",
        "\u{201c}111122223333\u{201d}",
        &[("aws.account", 11, 3, "twelve digits and nothing else: write \"111122223333\"")],
    ),
    (
        "a role for an OIDC provider",
        "oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE",
        "arn:aws:iam::111122223333:role/tasks",
        &[(
            "aws.cluster.oidc_provider",
            12,
            14,
            "not an OpenID Connect provider … oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE",
        )],
    ),
    (
        "a section that isn't one",
        "cluster: { oidc_provider: oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE }",
        "cluster: acme",
        &[("aws.cluster", 12, 3, "must be a mapping of keys to values, and is a text … oidc_provider")],
    ),
    (
        "a mapping written as a list",
        "cluster: { oidc_provider: oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE }",
        "cluster: [oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE]",
        &[("aws.cluster", 12, 3, "must be a mapping of keys to values, and is a list … oidc_provider")],
    ),
    (
        "yes for true",
        "    scope: global\n",
        "    scope: global\n    precise: yes\n",
        &[("grants[0].precise", 21, 5, "must be `true` or `false`, and is a text … `true`")],
    ),
    (
        "a quoted truth",
        "    scope: global\n",
        "    scope: global\n    precise: \"false\"\n",
        &[("grants[0].precise", 21, 5, "`false`, without quotes")],
    ),
    (
        "a time with its unit",
        "  region: us-west-2\n",
        "  region: us-west-2\n  request_timeout: 30s\n",
        &[("aws.request_timeout", 11, 3, "must be a number, and is a text … without a unit")],
    ),
    (
        "a time of nothing",
        "  region: us-west-2\n",
        "  region: us-west-2\n  request_timeout: 0\n",
        &[("aws.request_timeout", 11, 3, "above 0, such as 30")],
    ),
    (
        "a time without an end",
        "  region: us-west-2\n",
        "  region: us-west-2\n  request_timeout: .inf\n",
        &[("", 11, 20, "number such as 30")],
    ),
    (
        "a variable of the shell",
        "region: us-west-2",
        "region: ${AWS_REGION}",
        &[("aws.region", 10, 3, "isn't replaced … CLOUDGRANT_AWS__REGION")],
    ),
    (
        "a variable in a locator",
        "s3://acme-training/inputs/",
        "s3://${BUCKET}/inputs/",
        &[("resources.training-data.aws", 15, 5, "isn't replaced")],
    ),
    ("a scope of no kind", "scope: global", "scope: everything", &[("grants[0].scope", 20, 5, "write `global`")]),
    (
        "a scope as text",
        "{ project: forecasting, domain: production }",
        "production",
        &[("grants[1].scope", 23, 5, "`{ domain: D }`")],
    ),
    (
        "a scope as a list",
        "{ project: forecasting, domain: production }",
        "[forecasting, production]",
        &[("grants[1].scope", 23, 5, "`global`, `{ domain: D }`")],
    ),
    (
        "half a scope",
        "{ project: forecasting, domain: production }",
        "{ project: forecasting }",
        &[("grants[1].scope", 23, 5, "needs a domain as well")],
    ),
    (
        "a scope without its project's name",
        "{ project: forecasting, domain: production }",
        "{ project: , domain: production }",
        &[("grants[1].scope.project", 23, 14, "`project` has no value")],
    ),
    (
        "a domain that is no name",
        "{ project: forecasting, domain: production }",
        "{ domain: production_2 }",
        &[("grants[1].scope.domain", 23, 14, "`production_2` is not a valid domain")],
    ),
    (
        "a domain that isn't there",
        "domain: production }",
        "domain: prodution }",
        &[("grants[1].scope.domain", 23, 36, "did you mean `production`?")],
    ),
    (
        "a level that isn't one",
        "{ training-data: read }",
        "{ training-data: reed }",
        &[("grants[0].access.training-data", 21, 15, "did you mean `read`?")],
    ),
    (
        "an action for a level",
        "{ training-data: read }",
        "{ training-data: s3:GetObject }",
        &[("grants[0].access.training-data", 21, 15, "possible: list, read")],
    ),
    (
        "access as a list",
        "{ training-data: read }",
        "[training-data]",
        &[("grants[0].access", 21, 5, "must be a mapping")],
    ),
    (
        "a resource that isn't there",
        "{ training-data: read }",
        "{ trainings-data: read }",
        &[("grants[0].access.trainings-data", 21, 15, "did you mean `training-data`?")],
    ),
    (
        "a name with capitals",
        "name: training-data",
        "name: Training_Data",
        &[("grants[0].name", 19, 5, "lower-case letters, digits and dashes")],
    ),
    (
        "a grant as a list",
        "  - name: training-data\n    scope: global\n    access: { training-data: read }\n",
        "  - [training-data, global, { training-data: read }, false]\n",
        &[(
            "grants[0]",
            19,
            5,
            "this entry must be a mapping of keys to values, and is a list … name, scope, access, precise",
        )],
    ),
    (
        "grants as a mapping",
        "grants:\n  - name: training-data\n    scope: global\n    access: { training-data: read }\n  - name: forecasting-production\n    scope: { project: forecasting, domain: production }\n    access: { training-data: read-write, labels-token: read }\n",
        "grants: { training-data: read }\n",
        &[("grants", 18, 1, "must be a list … with a dash")],
    ),
    (
        "a bucket by its name alone",
        "s3://acme-training/inputs/",
        "acme-training",
        &[("resources.training-data.aws", 15, 5, "s3://")],
    ),
    (
        "a bucket of another cloud",
        "s3://acme-training/inputs/",
        "gs://acme-training/inputs/",
        &[("resources.training-data.aws", 15, 5, "s3://")],
    ),
    (
        "a secret by its name alone",
        "arn:aws:secretsmanager:us-west-2:111122223333:secret:labels-token-AbCdEf",
        "labels-token",
        &[("resources.labels-token.aws", 17, 5, "arn:aws:secretsmanager:")],
    ),
    (
        "a secret elsewhere",
        "secretsmanager:us-west-2",
        "secretsmanager:eu-west-1",
        &[("resources.labels-token.aws", 17, 5, "replicate")],
    ),
    ("a version that isn't one", "version: 1", "version: 1.0", &[("version", 1, 1, "write `version: 1`")]),
    (
        "a provider that isn't one",
        "provider: aws",
        "provider: amazon",
        &[("provider", 3, 1, "there is no provider `amazon` … aws")],
    ),
    (
        "a kind that isn't one",
        "kind: union",
        "kind: unionai",
        &[("platform.kind", 5, 3, "possible: azureml, flyte, union")],
    ),
    (
        "a tab",
        "    scope: global\n",
        "\tscope: global\n",
        &[("", 20, 1, "a tab, and YAML takes spaces alone … spaces")],
    ),
    ("two documents", "resources:\n", "---\nresources:\n", &[("", 13, 1, "a second document begins here … profiles")]),
    (
        "a bracket that isn't closed",
        "projects: [forecasting, vision]",
        "projects: [forecasting, vision",
        &[("", 7, 13, "bracket isn't closed")],
    ),
    ("a quote that isn't closed", "\"111122223333\"", "\"111122223333", &[("", 11, 12, "quote isn't closed")]),
    (
        "a pattern without quotes",
        "  region: us-west-2\n",
        "  region: us-west-2\n  protected: [*admin*]\n",
        &[("", 11, 15, "put the text in quotes")],
    ),
    ("a colon in a value", "stack: acme-ml", "stack: acme: ml", &[("", 2, 12, "colon … quotes")]),
    ("an indentation of its own", "  region: us-west-2", " region: us-west-2", &[("", 11, 10, "indent")]),
    (
        "a deeper line behind a comment",
        "  region: us-west-2\n",
        "  region: us-west-2 # Oregon\n    partition: aws\n",
        &[("", 10, 21, "indented unlike the lines")],
    ),
    (
        "a no-break space",
        "  region: us-west-2\n",
        "\u{a0}\u{a0}region: us-west-2\n",
        &[("", 10, 1, "only looks like a space … plain spaces")],
    ),
    (
        "a no-break space in a line that can be read",
        "    scope: global\n",
        "    scope: global\n    \u{a0}precise: true\n",
        &[("grants[0].\u{a0}precise", 21, 5, "only looks like a space … plain spaces")],
    ),
    (
        "a domain as a scope",
        "scope: global",
        "scope: production",
        &[(
            "grants[0].scope",
            20,
            5,
            "`production` is not a scope … did you mean the domain? … `{ domain: production }`",
        )],
    ),
    (
        "the global scope misspelt",
        "scope: global",
        "scope: gobal",
        &[("grants[0].scope", 20, 5, "`gobal` is not a scope … did you mean `global`?")],
    ),
    (
        "a domain misspelt as a scope",
        "scope: global",
        "scope: prodution",
        &[("grants[0].scope", 20, 5, "did you mean the domain? … `{ domain: production }`")],
    ),
    (
        "no space behind a colon",
        "access: { training-data: read }",
        "access: { training-data:read }",
        &[(
            "grants[0].access.training-data:read",
            21,
            15,
            "has no value … a space behind the colon … `training-data: read`",
        )],
    ),
    (
        "no space behind a colon, in a line of its own",
        "access: { training-data: read }",
        "access:\n      training-data:read",
        &[("grants[0].access", 21, 5, "is a text … a space behind the colon")],
    ),
    (
        "a number for a region",
        "region: us-west-2",
        "region: 12",
        &[("aws.region", 10, 3, "is the number 12 … such as us-west-2")],
    ),
    (
        "a project as a scope",
        "scope: global",
        "scope: vision",
        &[("grants[0].scope", 20, 5, "`{ project: vision, domain: staging }`")],
    ),
    (
        "a namespace as a scope",
        "scope: global",
        "scope: vision-production",
        &[("grants[0].scope", 20, 5, "`{ project: vision, domain: production }`")],
    ),
    ("a provider in capitals", "provider: aws", "provider: AWS", &[("provider", 3, 1, "did you mean `aws`?")]),
    (
        "a project twice",
        "projects: [forecasting, vision]",
        "projects: [forecasting, vision, vision]",
        &[("platform.projects[2]", 7, 35, "`vision` is listed twice … takes")],
    ),
    (
        "no domains",
        "domains: [staging, production]",
        "domains: []",
        &[("platform.domains", 8, 3, "`domains` is empty … list the platform's domains")],
    ),
    (
        "a locator for a resource",
        "  training-data:\n    aws: s3://acme-training/inputs/\n",
        "  training-data: s3://acme-training/inputs/\n",
        &[("resources.training-data", 14, 3, "write `training-data: { aws: s3://acme-training/inputs/ }`")],
    ),
    (
        "a grant without its access",
        "    scope: global\n    access: { training-data: read }\n",
        "    scope: global\n",
        &[("grants[0].access", 19, 5, "`access` is missing … write `access: { training-data: read }`")],
    ),
    ("a key without its colon", "stack: acme-ml", "stack acme-ml", &[("", 2, 1, "colon")]),
    ("a key of a section without its colon", "kind: union", "kind union", &[("", 5, 3, "no colon … `key: value`")]),
    ("a colon without its space", "kind: union", "kind:union", &[("", 5, 3, "colon … with a space behind")]),
    (
        "a level for the access",
        "{ training-data: read }",
        "read",
        &[("grants[0].access", 21, 5, "must be a mapping … `access: { training-data: read }` … `resources:")],
    ),
    (
        "a locator for the access",
        "{ training-data: read }",
        "s3://mybucket/foo",
        &[("grants[0].access", 21, 5, "must be a mapping … `access: { training-data: read }` … `resources:")],
    ),
    (
        "a locator for a resource's name",
        "{ training-data: read }",
        "{ s3://mybucket/foo: read }",
        &[(
            "grants[0].access.s3://mybucket/foo",
            21,
            15,
            "a grant names a resource: write where it is under `resources:",
        )],
    ),
    (
        "a longer word for a level",
        "{ training-data: read }",
        "{ training-data: readonly }",
        &[("grants[0].access.training-data", 21, 15, "did you mean `read`?")],
    ),
    (
        "a locator of another cloud",
        "s3://acme-training/inputs/",
        "https://acmetraining.blob.core.windows.net/inputs",
        &[("resources.training-data.aws", 15, 5, "that is azure's: write `azure: https://acmetraining")],
    ),
    (
        "no section of the provider",
        "aws:\n  region: us-west-2\n  account: \"111122223333\"\n  cluster: { oidc_provider: oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE }\n",
        "",
        &[("aws", 1, 1, "the section `aws` is missing … write `aws: { region: …, account: … }`")],
    ),
];

#[test]
fn every_mistake_is_told_where_it_stands_in_words_that_help() {
    let mut wrong = Vec::new();
    assert!(CHANGES.len() >= 45);
    assert_eq!(problems(MANIFEST, "m.yaml"), []);
    for (name, from, to, expected) in CHANGES {
        assert!(MANIFEST.contains(from), "{name}: the manifest has no {from}");
        let changed = MANIFEST.replacen(from, to, 1);
        for text in [changed.clone(), changed.replace('\n', "\r\n"), format!("\u{feff}{changed}")] {
            let found = problems(&text, "m.yaml");
            if std::panic::catch_unwind(|| check(name, &found, expected)).is_err() {
                wrong.push(*name);
                break;
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

const TOML: &str = "version = 1\nstack = \"acme-ml\"\nprovider = \"aws\"\n\n[platform]\nkind = \"union\"\norganization = \"acme\"\nprojects = [\"vision\"]\ndomains = [\"production\"]\n\n[aws]\nregion = \"us-west-2\"\naccount = \"111122223333\"\n";

const JSON: &str = "{\n  \"version\": 1,\n  \"stack\": \"acme-ml\",\n  \"provider\": \"aws\",\n  \"platform\": {\n    \"kind\": \"union\", \"organization\": \"acme\", \"projects\": [\"vision\"], \"domains\": [\"production\"]\n  },\n  \"aws\": { \"region\": \"us-west-2\", \"account\": \"111122223333\" }\n}\n";

#[test]
fn mistakes_of_the_other_notations_as_well() {
    let cases: &[(&str, &str, &str, &str, &[Told])] = &[
        ("m.toml", "a text without quotes", "\"us-west-2\"", "us-west-2", &[("", 12, 10, "text must stand in quotes")]),
        ("m.toml", "a quote that isn't closed", "\"acme-ml\"", "\"acme-ml", &[("", 2, 9, "quote … close")]),
        ("m.toml", "a colon", "stack = \"acme-ml\"", "stack: acme-ml", &[("", 2, 6, "colon … equals sign")]),
        (
            "m.toml",
            "a bracket that isn't closed",
            "[\"vision\"]",
            "[\"vision\"",
            &[("", 8, 12, "bracket isn't closed")],
        ),
        ("m.toml", "no value", " \"us-west-2\"", "", &[("", 12, 1, "no value behind its equals sign")]),
        ("m.toml", "no equals sign", " = \"us-west-2\"", "", &[("", 12, 1, "no equals sign")]),
        ("m.toml", "no first quote", "\"us-west-2\"", "us-west-2\"", &[("", 12, 10, "quote in front")]),
        ("m.toml", "three quotes", "\"us-west-2\"", "\"\"\"us-west-2\"", &[("", 12, 10, "three quotes")]),
        ("m.toml", "curly quotes", "\"us-west-2\"", "\u{201c}us-west-2\u{201d}", &[("", 12, 10, "typographic")]),
        (
            "m.toml",
            "a colon in braces",
            "region = \"us-west-2\"",
            "tags = { a: \"b\" }",
            &[("", 12, 11, "colon … equals sign")],
        ),
        ("m.toml", "a backslash", "us-west-2", "us\\west-2", &[("", 12, 14, "backslash")]),
        ("m.toml", "a header that isn't closed", "[aws]", "[aws", &[("", 11, 1, "bracket isn't closed")]),
        (
            "m.toml",
            "a key twice",
            "stack = \"acme-ml\"\n",
            "stack = \"acme-ml\"\nstack = \"b\"\n",
            &[("", 3, 1, "twice … keep one")],
        ),
        ("m.toml", "a number with a zero", "\"111122223333\"", "011122223333", &[("", 13, 11, "quotes")]),
        ("m.toml", "a number", "\"111122223333\"", "111122223333", &[("aws.account", 13, 1, "\"111122223333\"")]),
        ("m.toml", "no number", "version = 1", "version = nan", &[("version", 1, 1, "number")]),
        ("m.toml", "a key misspelt", "region =", "regoin =", &[("aws.regoin", 12, 1, "did you mean `region`?")]),
        ("m.json", "a text without quotes", "\"acme-ml\"", "acme-ml", &[("", 3, 12, "double quotes")]),
        ("m.json", "a comma too many", "\"111122223333\" }\n}", "\"111122223333\" },\n}", &[("", 9, 1, "comma")]),
        ("m.json", "a comma missing", "\"acme-ml\",", "\"acme-ml\"", &[("", 4, 3, "comma")]),
        ("m.json", "single quotes", "\"acme-ml\"", "'acme-ml'", &[("", 3, 12, "double quotes")]),
        ("m.json", "a comment", "  \"stack\"", "  // of ours\n  \"stack\"", &[("", 3, 3, "JSON has no comments")]),
        ("m.json", "the end missing", "}\n}\n", "}\n", &[("", 9, 1, "ends before")]),
        ("m.json", "null", "\"us-west-2\"", "null", &[("aws.region", 8, 12, "`region` has no value")]),
        ("m.json", "a key twice", "\"version\": 1,", "\"version\": 1, \"version\": 1,", &[("version", 2, 17, "twice")]),
    ];
    let mut wrong = Vec::new();
    for (file, name, from, to, expected) in cases {
        let text = if *file == "m.toml" { TOML } else { JSON };
        assert_eq!(problems(text, file), []);
        assert!(text.contains(from), "{name}: there is no {from}");
        let found = problems(&text.replacen(from, to, 1), file);
        if std::panic::catch_unwind(|| check(name, &found, expected)).is_err() {
            wrong.push(*name);
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
    check("YAML in a .json", &problems(MANIFEST, "m.json"), &[("", 1, 1, "doesn't look like JSON")]);
    check("YAML in a .toml", &problems(MANIFEST, "m.toml"), &[("", 1, 8, "colon … .yaml")]);
}

/// Of the core's keys, the provider's section, locators, references, scopes and what only the provider knows: all at once,
/// in the order of lines, and grants by their names.
#[test]
fn all_problems_come_at_once_in_the_order_of_lines() {
    let text = MANIFEST
        .replace("stack: acme-ml", "stack: Acme")
        .replace("kind: union", "kind: onion")
        .replace("region: us-west-2", "region: us-west-2\n  regoin: x\n  endpoint: 5\n  task_role: acme-adminflyterole")
        .replace("s3://acme-training/inputs/", "s3://acme-*")
        .replace("scope: global", "scope: global\n    precise: often")
        .replace("domain: production }", "domain: prod }")
        .replace("labels-token: read }", "labels-tokn: read }");
    let found = problems(&text, "m.yaml");
    let seen: Vec<_> = found
        .iter()
        .map(|problem| format!("{} {}", problem.place.as_ref().map_or(0, |place| place.line), problem.path))
        .collect();
    assert_eq!(
        seen,
        [
            "2 stack",
            "5 platform.kind",
            "11 aws.regoin",
            "12 aws.endpoint",
            "13 aws.task_role",
            "18 resources.training-data.aws",
            "24 grants[0].precise",
            "27 grants[1].scope.domain",
            "28 grants[1].access.labels-tokn",
        ],
        "{found:#?}"
    );
    assert!(found[6].to_string().contains("grants[0] (training-data).precise: "), "{}", found[6]);
    assert!(found[7].to_string().contains("grants[1] (forecasting-production).scope.domain: "), "{}", found[7]);
    assert_eq!(found[7].line.as_deref(), Some("    scope: { project: forecasting, domain: prod }"));
    assert_eq!(found[6].line.as_deref(), Some("    precise: often"));
}

/// What is wrong with the provider's name keeps nothing of the rest back.
#[test]
fn an_unknown_provider_hides_nothing() {
    let text = MANIFEST
        .replace("provider: aws", "provider: asw")
        .replace("s3://acme-training/inputs/", "s3://acme-*")
        .replace("domain: production }", "domain: prod }")
        .replace("labels-token: read }", "labels-tokn: read }");
    let paths: Vec<_> = problems(&text, "m.yaml").into_iter().map(|problem| problem.path).collect();
    assert_eq!(
        paths,
        ["provider", "resources.training-data.aws", "grants[1].scope.domain", "grants[1].access.labels-tokn"]
    );
}

/// A grant that can't be read moves no other one's place, and what is only missing for that isn't told.
#[test]
fn what_cannot_be_read_leaves_the_rest_where_it_is() {
    let text = MANIFEST
        .replace("  - name: training-data\n", "  - name: Training\n")
        .replace("domain: production }", "domain: prod }")
        .replace("  training-data:\n", "  Training-data:\n");
    let found = problems(&text, "m.yaml");
    let seen: Vec<_> = found.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(
        seen,
        [
            "resources.Training-data",
            "grants[0].name",
            "grants[0].access.training-data",
            "grants[1].scope.domain",
            "grants[1].access.training-data"
        ],
        "{found:#?}"
    );
}

#[test]
fn files_that_are_none() {
    for (bytes, words) in [
        (&b"version: 1\nstack: \xff\xfe\n"[..], "cloudgrant.yaml:2:8: this isn't text in UTF-8"),
        (b"\xff\xfev\0e\0r\0", "it looks like UTF-16"),
        (b"", "cloudgrant.yaml is empty"),
        (b"\xef\xbb\xbf", "cloudgrant.yaml is empty"),
        (b"# nothing\n", "cloudgrant.yaml"),
    ] {
        let said = Folder::with_file("cloudgrant.yaml", bytes).run(&["plan"]);
        assert!(said.contains("exit code: 2") && said.contains(words), "{said}");
    }
    let folder = Folder::empty();
    std::fs::create_dir(folder.path().join("manifests")).expect("a folder");
    let said = folder.run(&["plan", "--file", "manifests"]);
    assert!(
        said.contains("manifests is a folder, and no manifest") && said.contains("manifests/cloudgrant.yaml"),
        "{said}"
    );
    assert!(!said.contains("os error"), "{said}");
}

/// What isn't a file may never end, nor begin: it is refused. What a shell opens for the program is read as standard input is.
#[cfg(unix)]
#[test]
fn what_is_no_file_is_refused_and_does_not_hang() {
    let folder = Folder::with_file("manifest", MANIFEST);
    let made = std::process::Command::new("mkfifo").arg(folder.path().join("pipe")).status();
    assert!(made.is_ok_and(|status| status.success()));
    for file in ["pipe", "/dev/zero", "/dev/null", "/dev/tty"] {
        let said = folder.run(&["plan", "--file", file]);
        assert!(
            said.contains("exit code: 2") && said.contains(&format!("{file} is no file, and no manifest")),
            "{said}"
        );
    }
    let mut command = folder.command(&["explain", "--sandbox", "--file", "/dev/stdin"]);
    command.stdin(std::fs::File::open(folder.path().join("manifest")).expect("the manifest"));
    assert!(command.output().expect("the binary runs").status.success());
    let mut bash = std::process::Command::new("bash");
    let line = format!("{} explain --sandbox --file <(cat manifest)", env!("CARGO_BIN_EXE_cloudgrant"));
    let output =
        bash.args(["-c", &line]).current_dir(folder.path()).env("HOME", folder.path()).output().expect("bash runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn what_is_right_is_said_without_what_is_right_already() {
    let changed = MANIFEST.replacen("    scope: global\n", "    scope: global\n    precise: yes\n", 1);
    let hint = problems(&changed, "m.yaml")[0].hint.clone();
    assert_eq!(hint.as_deref(), Some("write `true`"), "it has no quotes");
}

#[test]
fn a_grant_where_nothing_is_defined_is_told_how_to() {
    let from = MANIFEST.find("resources:").expect("resources");
    let to = MANIFEST.find("grants:").expect("grants");
    let found = problems(&[&MANIFEST[..from], &MANIFEST[to..]].concat(), "m.yaml");
    let hints: Vec<_> = found.iter().filter_map(|problem| problem.hint.as_deref()).collect();
    assert!(hints.iter().any(|hint| hint.contains("write `resources: { training-data: { aws: … } }`")), "{hints:?}");
}

/// What is missing and only profiles have, and hints in the notation of the file.
#[test]
fn a_profile_that_sets_what_is_missing_is_named() {
    let text = TOML.replace("account = \"111122223333\"\n", "");
    let hint = |text: &str, file: &str| {
        let found = problems(text, file);
        assert_eq!((found.len(), found[0].path.as_str()), (1, "aws.account"), "{found:?}");
        found[0].hint.clone().unwrap_or_default()
    };
    assert_eq!(hint(&text, "m.toml"), "write `account = …` in `aws`");
    let one = format!("{text}\n[profiles.staging.aws]\naccount = \"111122223333\"\n[profiles.other]\naudit = \"x\"\n");
    assert_eq!(hint(&one, "m.toml"), "the profile staging sets it: choose it with --profile staging");
    let two = format!("{one}[profiles.production.aws]\naccount = \"444455556666\"\n");
    assert_eq!(hint(&two, "m.toml"), "the profiles production and staging set it: choose one with --profile");
    let json = JSON.replace(", \"account\": \"111122223333\"", "");
    assert_eq!(hint(&json, "m.json"), "write `\"account\": …` in `aws`");
}

/// What is wrong with each entry is said of each.
#[test]
fn a_list_whose_entries_are_wrong_is_not_empty() {
    let text = MANIFEST.replace("[forecasting, vision]", "[Forecasting, vi_sion]");
    let paths: Vec<_> = problems(&text, "m.yaml").into_iter().map(|problem| problem.path).collect();
    assert_eq!(paths[..2], ["platform.projects[0]", "platform.projects[1]"], "{paths:?}");
    assert!(!paths.iter().any(|path| path == "platform.projects"), "{paths:?}");
    let empty = problems(&MANIFEST.replace("[forecasting, vision]", "[]"), "m.yaml");
    assert!(empty.iter().any(|problem| problem.message.starts_with("`projects` is empty")), "{empty:?}");
}

#[test]
fn a_key_that_is_required_is_not_to_be_left_out() {
    for (given, key) in [
        ("stack: acme-ml", "stack"),
        ("projects: [forecasting, vision]", "projects"),
        ("scope: global", "scope"),
        ("name: training-data", "name"),
    ] {
        let found = problems(&MANIFEST.replace(given, &format!("{key}:")), "m.yaml");
        let hints: Vec<_> = found.iter().filter_map(|problem| problem.hint.as_deref()).collect();
        assert!(hints.contains(&format!("write a value behind `{key}`").as_str()), "{hints:?}");
    }
    let found = problems(&MANIFEST.replace("organization: acme", "namespace:"), "m.yaml");
    let hints: Vec<_> = found.iter().filter_map(|problem| problem.hint.as_deref()).collect();
    assert!(hints.contains(&"write a value behind `namespace`, or leave the key out"), "{hints:?}");
}

#[test]
fn a_platform_in_a_word_is_told_all_its_keys() {
    let begin = MANIFEST.find("platform:").expect("it is there");
    let end = MANIFEST.find("aws:").expect("it is there");
    let of = |platform: &str| {
        let text = format!("{}platform: {platform}\n{}", &MANIFEST[..begin], &MANIFEST[end..]);
        let found = problems(&text, "m.yaml").into_iter().find(|problem| problem.path == "platform");
        found.and_then(|problem| problem.hint).expect("a hint")
    };
    for platform in ["union", "cloud"] {
        let hint = of(platform);
        for key in ["kind", "projects", "delivery", "attribute", "deployment"] {
            assert!(hint.contains(key), "{platform}: {hint}");
        }
    }
}
