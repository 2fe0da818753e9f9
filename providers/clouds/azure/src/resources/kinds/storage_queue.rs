//! One queue of a storage account. Who takes messages from a queue takes them off it: that is what reading one is; `list` only looks.
//!
//! Source: Azure documentation, "Azure built-in roles for Storage" and "Azure permissions for Storage"; REST reference, "Naming queues
//! and metadata".

use cloudgrant_core::{Access, ClientCode, KindWords, RegisteredKind, ResourceKind};

use crate::client::host::Service;
use crate::config::cloud::Hosts;
use crate::resources::built_in_roles::{Gives as Patterns, Role, Verdict, role};
use crate::resources::kinds::child_kind::{ChildKind, Gives, Holder, Level, Wrong, levels_of};
use crate::resources::place::Place;

const LOOK: &str = "Microsoft.Storage/storageAccounts/queueServices/queues/messages/read";
const TAKE: &str = "Microsoft.Storage/storageAccounts/queueServices/queues/messages/process/action";
const SEND: &str = "Microsoft.Storage/storageAccounts/queueServices/queues/messages/add/action";

const READER: Role =
    role("19e7f393-937e-4f77-808e-94535e297925", "Storage Queue Data Reader", Verdict::Fit, Patterns::Data(&[LOOK]));
const PROCESSOR: Role = role(
    "8a0f0c08-91a1-4084-bc3d-661d67233fed",
    "Storage Queue Data Message Processor",
    Verdict::Fit,
    Patterns::Data(&[LOOK, TAKE]),
);
const SENDER: Role = role(
    "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a",
    "Storage Queue Data Message Sender",
    Verdict::Fit,
    Patterns::Data(&[SEND]),
);

const LEVELS: [Level; 5] = [
    Level { access: Access::List, gives: Gives::Roles(&[READER]) },
    Level { access: Access::Read, gives: Gives::Roles(&[PROCESSOR]) },
    Level { access: Access::Write, gives: Gives::Roles(&[SENDER]) },
    Level { access: Access::ReadWrite, gives: Gives::Roles(&[PROCESSOR, SENDER]) },
    // The ready-made contributor deletes the queue itself as well.
    Level {
        access: Access::Manage,
        gives: Gives::DataActions(&[
            SEND,
            "Microsoft.Storage/storageAccounts/queueServices/queues/messages/delete",
            TAKE,
            LOOK,
            "Microsoft.Storage/storageAccounts/queueServices/queues/messages/write",
        ]),
    },
];

pub(crate) static KIND: ChildKind = ChildKind {
    registered: RegisteredKind {
        kind: ResourceKind::new(&KindWords {
            id: "storage-queue",
            noun: "storage queue",
            with_article: "a storage queue",
        }),
        levels: &levels_of(&LEVELS),
        locators: &["https://ACCOUNT.queue.core.windows.net/QUEUE"],
    },
    holder: Holder::StorageAccount,
    address: Some((Service::Queues, "")),
    below: "queueServices/default/queues",
    check,
    levels: &LEVELS,
    code: |queue, cloud, access| {
        let host = match &queue.holder {
            Place::Named(host) => host.text.clone(),
            Place::At(id) => format!("{}.{}", id.name(), Hosts::of(cloud).queue),
        };
        let body = match access {
            Access::Write => vec![
                "client = QueueClient(<ACCOUNT>, <QUEUE>, credential=DefaultAzureCredential())",
                "client.send_message(\"hello\")",
            ],
            Access::List => vec![
                "client = QueueClient(<ACCOUNT>, <QUEUE>, credential=DefaultAzureCredential())",
                "for message in client.peek_messages(max_messages=10):",
                "    print(message.content)",
            ],
            _ => vec![
                "client = QueueClient(<ACCOUNT>, <QUEUE>, credential=DefaultAzureCredential())",
                "for message in client.receive_messages(max_messages=10):",
                "    print(message.content)",
                "    client.delete_message(message)",
            ],
        };
        ClientCode {
            packages: &["azure-identity", "azure-storage-queue"],
            imports: &[
                "from azure.identity import DefaultAzureCredential",
                "from azure.storage.queue import QueueClient",
            ],
            constants: vec![("ACCOUNT", format!("https://{host}")), ("QUEUE", queue.name.clone())],
            body,
        }
    },
};

fn check(name: &str) -> Result<(), Wrong> {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let edge = |c: Option<char>| c.is_some_and(word);
    let fits = (3..=63).contains(&name.len())
        && name.chars().all(|c| word(c) || c == '-')
        && !name.contains("--")
        && edge(name.chars().next())
        && edge(name.chars().last());
    if fits {
        return Ok(());
    }
    Err((
        "names no queue",
        "a queue's name has 3 to 63 lower-case letters, digits and single dashes: \
         https://ACCOUNT.queue.core.windows.net/QUEUE",
    ))
}
