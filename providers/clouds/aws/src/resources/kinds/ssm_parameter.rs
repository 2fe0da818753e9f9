//! One parameter of Systems Manager's Parameter Store.
//!
//! Source: the Service Authorization Reference for AWS Systems Manager; AWS Systems Manager user guide, "AWS KMS encryption for AWS
//! Systems Manager Parameter Store SecureString parameters" (what a key is used for, and its encryption context), "Working with shared
//! parameters in Parameter Store".

use cloudgrant_core::{Access, ClientCode, KindWords, RegisteredKind, ResourceKind};

use crate::resources::kinds::arn_kind::{
    ArnKind, Elsewhere, Encrypted, Item, Level, Rights, Wrong, levels_of, no_address,
};
use crate::resources::kms_key::DECRYPT;

/// A standard parameter is encrypted by the key itself, an advanced one by a data key.
const ENCRYPT: [&str; 2] = ["kms:Encrypt", "kms:GenerateDataKey"];
const BOTH: [&str; 3] = [DECRYPT, ENCRYPT[0], ENCRYPT[1]];

const LEVELS: [Level; 4] = [
    Level { access: Access::Read, rights: &[READ], on_key: &[DECRYPT] },
    Level { access: Access::Write, rights: &[WRITE], on_key: &ENCRYPT },
    Level { access: Access::ReadWrite, rights: &[READ_WRITE], on_key: &BOTH },
    Level { access: Access::Manage, rights: &[MANAGE], on_key: &BOTH },
];

const READ: Rights = Rights { actions: &["ssm:GetParameter", "ssm:GetParameters"], behind: &[""], only_where: None };
const WRITE: Rights = Rights { actions: &["ssm:PutParameter"], behind: &[""], only_where: None };
const READ_WRITE: Rights =
    Rights { actions: &["ssm:GetParameter", "ssm:GetParameters", "ssm:PutParameter"], behind: &[""], only_where: None };
const MANAGE: Rights = Rights {
    actions: &[
        "ssm:DeleteParameter",
        "ssm:DeleteParameters",
        "ssm:GetParameter",
        "ssm:GetParameters",
        "ssm:PutParameter",
    ],
    behind: &[""],
    only_where: None,
};

pub(crate) static KIND: ArnKind = ArnKind {
    registered: RegisteredKind {
        kind: ResourceKind::new(&KindWords {
            id: "ssm-parameter",
            noun: "SSM parameter",
            with_article: "an SSM parameter",
        }),
        levels: &levels_of(&LEVELS),
        locators: &["arn:aws:ssm:REGION:ACCOUNT:parameter/NAME"],
    },
    service: "ssm",
    check,
    address: no_address,
    levels: &LEVELS,
    encrypted: Some(Encrypted { context: ("kms:EncryptionContext:PARAMETER_ARN", Item::arn) }),
    elsewhere: Elsewhere::Never((
        "and no policy lets another account reach a parameter: its account can only share one of the advanced tier, by AWS \
         Resource Access Manager, to be read",
        "keep the parameter in the data plane's account, or keep the value in Secrets Manager",
    )),
    code,
};

/// Source: AWS Systems Manager API reference, PutParameter, `Name`.
fn check(resource: &str) -> Result<(), Wrong> {
    const HINT: &str = "write arn:aws:ssm:REGION:ACCOUNT:parameter/NAME; of a parameter /a/b, NAME is a/b";
    let name = resource.strip_prefix("parameter/").ok_or(("is not a parameter's ARN", HINT))?;
    if name.contains(':') {
        return Err((
            "names one version or one label of a parameter",
            "leave it out: access is granted to a parameter with all its versions",
        ));
    }
    let fits = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    let is_part = |part: &str| !part.is_empty();
    match name.len() <= 1_011 && name.chars().all(fits) && name.split('/').all(is_part) && name.split('/').count() <= 15
    {
        true => Ok(()),
        false => Err((
            "names no parameter",
            "a parameter's name has letters, digits and _-. in up to 15 parts between slashes",
        )),
    }
}

/// What clients call it: within a hierarchy, with the slash at its beginning. Source: AWS Systems Manager user guide, "Working with
/// parameter hierarchies".
fn name(item: &Item) -> String {
    let name = item.name();
    if name.contains('/') { format!("/{name}") } else { name.to_owned() }
}

fn code(item: &Item, access: Access) -> ClientCode {
    let body = match access {
        Access::Write => vec![
            "client = boto3.client(\"ssm\", region_name=<REGION>)",
            "client.put_parameter(Name=<PARAMETER>, Value=\"hello\", Overwrite=True)",
        ],
        _ => vec![
            "client = boto3.client(\"ssm\", region_name=<REGION>)",
            "answer = client.get_parameter(Name=<PARAMETER>, WithDecryption=True)",
            "value = answer[\"Parameter\"][\"Value\"]",
            "if not value:",
            "    raise ValueError(\"the parameter is empty\")",
            "# Use the value here, and never return one that is secret.",
        ],
    };
    ClientCode {
        packages: &["boto3"],
        imports: &["import boto3"],
        constants: vec![("PARAMETER", name(item)), ("REGION", item.region.clone())],
        body,
    }
}
