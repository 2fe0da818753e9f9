//! One table of DynamoDB, with its indexes.
//!
//! Source: the Service Authorization Reference for Amazon DynamoDB; Amazon DynamoDB developer guide, "Using IAM policy conditions for
//! fine-grained access control" (`dynamodb:ReturnValues`), "Resource-based policies for DynamoDB", "DynamoDB encryption at rest".

use cloudgrant_core::{Access, ClientCode, KindWords, RegisteredKind, ResourceKind, quoted};

use crate::resources::kinds::arn_kind::{
    ArnKind, Elsewhere, Encrypted, Item, Level, ResourcePolicy, Rights, Wrong, levels_of, no_address,
};
use crate::resources::kms_key::DECRYPT;

const LEVELS: [Level; 4] = [
    Level { access: Access::Read, rights: &[READ, QUERY], on_key: &[DECRYPT] },
    Level { access: Access::Write, rights: &[WRITE], on_key: &[DECRYPT] },
    Level { access: Access::ReadWrite, rights: &[READ_WRITE, QUERY], on_key: &[DECRYPT] },
    Level { access: Access::Manage, rights: &[MANAGE, QUERY], on_key: &[DECRYPT] },
];

const READ: Rights = Rights {
    actions: &["dynamodb:BatchGetItem", "dynamodb:ConditionCheckItem", "dynamodb:DescribeTable", "dynamodb:GetItem"],
    behind: &[""],
    only_where: None,
};

/// Of the table, and of its indexes.
const QUERY: Rights =
    Rights { actions: &["dynamodb:Query", "dynamodb:Scan"], behind: &["", "/index/*"], only_where: None };

/// What was there before isn't given back by a write that is carried out. One whose condition fails gives it back when asked
/// (`ReturnValuesOnConditionCheckFailure`), for which there is no condition key. Writing in batches deletes as well, and so is no part of it.
const WRITE: Rights = Rights {
    actions: &["dynamodb:PutItem", "dynamodb:UpdateItem"],
    behind: &[""],
    only_where: Some(("StringEqualsIfExists", "dynamodb:ReturnValues", &["NONE"])),
};

const READ_WRITE: Rights = Rights {
    actions: &[
        "dynamodb:BatchGetItem",
        "dynamodb:ConditionCheckItem",
        "dynamodb:DescribeTable",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
    ],
    behind: &[""],
    only_where: None,
};

const MANAGE: Rights = Rights {
    actions: &[
        "dynamodb:BatchGetItem",
        "dynamodb:BatchWriteItem",
        "dynamodb:ConditionCheckItem",
        "dynamodb:DeleteItem",
        "dynamodb:DescribeTable",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
    ],
    behind: &[""],
    only_where: None,
};

pub(crate) static KIND: ArnKind = ArnKind {
    registered: RegisteredKind {
        kind: ResourceKind::new(&KindWords {
            id: "dynamodb-table",
            noun: "DynamoDB table",
            with_article: "a DynamoDB table",
        }),
        levels: &levels_of(&LEVELS),
        locators: &["arn:aws:dynamodb:REGION:ACCOUNT:table/NAME"],
    },
    service: "dynamodb",
    check,
    address: no_address,
    levels: &LEVELS,
    encrypted: Some(Encrypted {
        context: ("kms:EncryptionContext:aws:dynamodb:tableName", |item| item.name().to_owned()),
    }),
    elsewhere: Elsewhere::ResourcePolicy(ResourcePolicy {
        behind: &["", "/index/*"],
        commands: |item, file| {
            let at = format!("--region {} --resource-arn {}", quoted(&item.region), quoted(&item.arn()));
            [
                format!("aws dynamodb get-resource-policy {at} --query Policy --output text"),
                format!("aws dynamodb put-resource-policy {at} --policy file://{file}"),
                format!("aws dynamodb delete-resource-policy {at}"),
            ]
        },
        besides: "task code names the table by its whole ARN, and a table under the key that AWS manages for DynamoDB is \
                  reached from no other account",
    }),
    code,
};

/// Source: Amazon DynamoDB developer guide, "Supported data types and naming rules in Amazon DynamoDB".
fn check(resource: &str) -> Result<(), Wrong> {
    const HINT: &str = "write arn:aws:dynamodb:REGION:ACCOUNT:table/NAME; its indexes come with it";
    let name = resource.strip_prefix("table/").ok_or(("is not a table's ARN", HINT))?;
    if name.contains('/') {
        return Err(("names something in a table", HINT));
    }
    let fits = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    match (3..=255).contains(&name.len()) && name.chars().all(fits) {
        true => Ok(()),
        false => Err(("names no table", "a table's name has 3 to 255 letters, digits and _-.")),
    }
}

fn code(item: &Item, access: Access) -> ClientCode {
    let body = match access {
        Access::Write => vec![
            "table = boto3.resource(\"dynamodb\", region_name=<REGION>).Table(<TABLE>)",
            "# With the table's own key, and what else is to be stored.",
            "table.put_item(Item={\"id\": \"1\", \"label\": \"cat\"})",
        ],
        _ => vec![
            "table = boto3.resource(\"dynamodb\", region_name=<REGION>).Table(<TABLE>)",
            "for item in table.scan(Limit=10)[\"Items\"]:",
            "    print(item)",
        ],
    };
    ClientCode {
        packages: &["boto3"],
        imports: &["import boto3"],
        constants: vec![("REGION", item.region.clone()), ("TABLE", item.arn())],
        body,
    }
}
