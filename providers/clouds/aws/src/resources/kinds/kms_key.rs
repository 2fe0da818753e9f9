//! One key of KMS, for task code that encrypts and decrypts by itself.
//!
//! Source: the Service Authorization Reference for AWS KMS; AWS KMS developer guide, "Key policies in AWS KMS", "Allowing users in
//! other accounts to use a KMS key".

use cloudgrant_core::{Access, ClientCode, KindWords, RegisteredKind, ResourceKind};

use crate::resources::kinds::arn_kind::{ArnKind, Elsewhere, Item, Level, Rights, Wrong, levels_of, no_address};
use crate::resources::kms_key::DECRYPT;
use crate::resources::kms_key::is_id;

const LEVELS: [Level; 3] = [
    Level { access: Access::Read, rights: &[OPEN], on_key: &[] },
    Level { access: Access::Write, rights: &[SEAL], on_key: &[] },
    Level { access: Access::ReadWrite, rights: &[BOTH], on_key: &[] },
];

const OPEN: Rights = Rights { actions: &[DECRYPT, "kms:DescribeKey"], behind: &[""], only_where: None };
const SEAL: Rights = Rights {
    actions: &["kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"],
    behind: &[""],
    only_where: None,
};
const BOTH: Rights = Rights {
    actions: &[DECRYPT, "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"],
    behind: &[""],
    only_where: None,
};

pub(crate) static KIND: ArnKind = ArnKind {
    registered: RegisteredKind {
        kind: ResourceKind::new(&KindWords { id: "kms-key", noun: "KMS key", with_article: "a KMS key" }),
        levels: &levels_of(&LEVELS),
        locators: &["arn:aws:kms:REGION:ACCOUNT:key/ID"],
    },
    service: "kms",
    check,
    address: no_address,
    levels: &LEVELS,
    encrypted: None,
    elsewhere: Elsewhere::KeyPolicy,
    code,
};

fn check(resource: &str) -> Result<(), Wrong> {
    const HINT: &str = "write arn:aws:kms:REGION:ACCOUNT:key/ID";
    if resource.starts_with("alias/") {
        return Err((
            "is an alias, which a policy can't name",
            "write the ARN of the key (`aws kms describe-key --key-id ALIAS --query KeyMetadata.Arn`)",
        ));
    }
    let id = resource.strip_prefix("key/").ok_or(("is not a key's ARN", HINT))?;
    if is_id(id) { Ok(()) } else { Err(("names no key", HINT)) }
}

fn code(item: &Item, access: Access) -> ClientCode {
    let body = match access {
        Access::Read => vec![
            "client = boto3.client(\"kms\", region_name=<REGION>)",
            "# What was encrypted before, as bytes.",
            "sealed = b\"\"",
            "plain = client.decrypt(KeyId=<KEY>, CiphertextBlob=sealed)[\"Plaintext\"]",
            "print(len(plain))",
        ],
        _ => vec![
            "client = boto3.client(\"kms\", region_name=<REGION>)",
            "sealed = client.encrypt(KeyId=<KEY>, Plaintext=b\"hello\")[\"CiphertextBlob\"]",
            "print(len(sealed))",
        ],
    };
    ClientCode {
        packages: &["boto3"],
        imports: &["import boto3"],
        constants: vec![("KEY", item.arn()), ("REGION", item.region.clone())],
        body,
    }
}
