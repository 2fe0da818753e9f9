//! One queue of SQS. Who takes messages from a queue takes them off it: that is what reading one is.
//!
//! Source: the Service Authorization Reference for Amazon SQS; Amazon SQS developer guide, "Key management" (what producers and
//! consumers need of a key, and its encryption context), "Overview of managing access in Amazon SQS".

use cloudgrant_core::{Access, ClientCode, KindWords, RegisteredKind, ResourceKind, quoted};

use crate::config::partition::Partition;
use crate::resources::kinds::arn_kind::{
    ArnKind, Elsewhere, Encrypted, Item, Level, ResourcePolicy, Rights, Wrong, levels_of,
};
use crate::resources::kms_key::DECRYPT;

const ENCRYPT: &str = "kms:GenerateDataKey";

const LEVELS: [Level; 4] = [
    Level { access: Access::Read, rights: &[TAKE], on_key: &[DECRYPT] },
    Level { access: Access::Write, rights: &[SEND], on_key: &[DECRYPT, ENCRYPT] },
    Level { access: Access::ReadWrite, rights: &[SEND_AND_TAKE], on_key: &[DECRYPT, ENCRYPT] },
    Level { access: Access::Manage, rights: &[PURGE], on_key: &[DECRYPT, ENCRYPT] },
];

const TAKE: Rights = Rights {
    actions: &[
        "sqs:ChangeMessageVisibility",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:GetQueueUrl",
        "sqs:ReceiveMessage",
    ],
    behind: &[""],
    only_where: None,
};

const SEND: Rights = Rights { actions: &["sqs:GetQueueUrl", "sqs:SendMessage"], behind: &[""], only_where: None };

const SEND_AND_TAKE: Rights = Rights {
    actions: &[
        "sqs:ChangeMessageVisibility",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:GetQueueUrl",
        "sqs:ReceiveMessage",
        "sqs:SendMessage",
    ],
    behind: &[""],
    only_where: None,
};

const PURGE: Rights = Rights {
    actions: &[
        "sqs:ChangeMessageVisibility",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:GetQueueUrl",
        "sqs:PurgeQueue",
        "sqs:ReceiveMessage",
        "sqs:SendMessage",
    ],
    behind: &[""],
    only_where: None,
};

pub(crate) static KIND: ArnKind = ArnKind {
    registered: RegisteredKind {
        kind: ResourceKind::new(&KindWords { id: "sqs-queue", noun: "SQS queue", with_article: "an SQS queue" }),
        levels: &levels_of(&LEVELS),
        locators: &["arn:aws:sqs:REGION:ACCOUNT:NAME"],
    },
    service: "sqs",
    check,
    address,
    levels: &LEVELS,
    encrypted: Some(Encrypted { context: ("kms:EncryptionContext:aws:sqs:arn", Item::arn) }),
    elsewhere: Elsewhere::ResourcePolicy(ResourcePolicy {
        behind: &[""],
        commands: |item, file| {
            let at = format!("--region {} --queue-url {}", quoted(&item.region), quoted(&url(item)));
            [
                format!(
                    "aws sqs get-queue-attributes {at} --attribute-names Policy --query Attributes.Policy --output text"
                ),
                format!(
                    "aws sqs set-queue-attributes {at} --attributes \"$(jq -n --rawfile policy {file} '{{Policy: $policy}}')\""
                ),
                format!("aws sqs set-queue-attributes {at} --attributes Policy="),
            ]
        },
        besides: "",
    }),
    code,
};

/// Source: Amazon SQS developer guide, "Amazon SQS queue and message identifiers".
fn check(name: &str) -> Result<(), Wrong> {
    let plain = name.strip_suffix(".fifo").unwrap_or(name);
    let fits = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    match !plain.is_empty() && name.len() <= 80 && plain.chars().all(fits) {
        true => Ok(()),
        false => Err((
            "names no queue",
            "a queue's name has up to 80 letters, digits, dashes and underscores, and may end in .fifo: \
             arn:aws:sqs:REGION:ACCOUNT:NAME",
        )),
    }
}

/// `https://sqs.REGION.amazonaws.com/ACCOUNT/NAME`, as the console shows it.
fn address(text: &str) -> Option<[&str; 3]> {
    let (host, path) = text.strip_prefix("https://")?.split_once('/')?;
    let (region, suffix) = host.strip_prefix("sqs.")?.split_once('.')?;
    Partition::of_region(region).filter(|partition| partition.dns_suffix == suffix)?;
    let (account, name) = path.split_once('/')?;
    Some([region, account, name])
}

fn url(item: &Item) -> String {
    let suffix = Partition::named(&item.partition).map_or("amazonaws.com", |partition| partition.dns_suffix);
    format!("https://sqs.{}.{suffix}/{}/{}", item.region, item.account, item.resource)
}

fn code(item: &Item, access: Access) -> ClientCode {
    let body = match access {
        // Each message of a FIFO queue is of a group, and has an ID by which a second one is told, unless the queue makes that of its
        // content. Source: Amazon SQS API reference, SendMessage.
        Access::Write if item.resource.ends_with(".fifo") => vec![
            "client = boto3.client(\"sqs\", region_name=<REGION>)",
            "client.send_message(",
            "    QueueUrl=<URL>,",
            "    MessageBody=\"hello\",",
            "    MessageGroupId=\"greetings\",",
            "    MessageDeduplicationId=\"greeting-1\",",
            ")",
        ],
        Access::Write => vec![
            "client = boto3.client(\"sqs\", region_name=<REGION>)",
            "client.send_message(QueueUrl=<URL>, MessageBody=\"hello\")",
        ],
        _ => vec![
            "client = boto3.client(\"sqs\", region_name=<REGION>)",
            "answer = client.receive_message(QueueUrl=<URL>, WaitTimeSeconds=10)",
            "for message in answer.get(\"Messages\", []):",
            "    print(message[\"Body\"])",
            "    client.delete_message(QueueUrl=<URL>, ReceiptHandle=message[\"ReceiptHandle\"])",
        ],
    };
    ClientCode {
        packages: &["boto3"],
        imports: &["import boto3"],
        constants: vec![("REGION", item.region.clone()), ("URL", url(item))],
        body,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::locator::Locator;

    #[test]
    fn a_message_of_a_fifo_queue_has_a_group_and_that_of_another_has_none() {
        let body = |name: &str, access| {
            let arn = format!("arn:aws:sqs:us-west-2:111122223333:{name}");
            let Ok(Locator::Item(item)) = Locator::parse(&arn) else { panic!("{arn}") };
            code(&item, access).body.join("\n")
        };
        assert!(body("jobs.fifo", Access::Write).contains("MessageGroupId="));
        assert!(!body("jobs", Access::Write).contains("MessageGroupId="));
        assert!(body("jobs.fifo", Access::Read).contains("receive_message("));
    }
}
