//! One queue of a Service Bus namespace.
//!
//! Source: Azure documentation, "Azure built-in roles for Integration"; "Naming rules and restrictions for Azure resources",
//! Microsoft.ServiceBus.

use cloudgrant_core::{Access, ClientCode, KindWords, RegisteredKind, ResourceKind};

use crate::client::host::Service;
use crate::config::cloud::Hosts;
use crate::resources::built_in_roles::{Gives as Patterns, Role, Verdict, role};
use crate::resources::kinds::child_kind::{ChildKind, Gives, Holder, Level, Wrong, levels_of};

const RECEIVER: Role = role(
    "4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0",
    "Azure Service Bus Data Receiver",
    Verdict::Fit,
    Patterns::Data(&["Microsoft.ServiceBus/*/receive/action"]),
);
const SENDER: Role = role(
    "69a216fc-b8fb-44d8-bc22-1f3c2cd27a39",
    "Azure Service Bus Data Sender",
    Verdict::Fit,
    Patterns::Data(&["Microsoft.ServiceBus/*/send/action"]),
);

// The ready-made owner changes the queue and sees its keys as well.
const LEVELS: [Level; 3] = [
    Level { access: Access::Read, gives: Gives::Roles(&[RECEIVER]) },
    Level { access: Access::Write, gives: Gives::Roles(&[SENDER]) },
    Level { access: Access::ReadWrite, gives: Gives::Roles(&[RECEIVER, SENDER]) },
];

pub(crate) static KIND: ChildKind = ChildKind {
    registered: RegisteredKind {
        kind: ResourceKind::new(&KindWords {
            id: "service-bus-queue",
            noun: "Service Bus queue",
            with_article: "a Service Bus queue",
        }),
        levels: &levels_of(&LEVELS),
        locators: &["NAMESPACE.servicebus.windows.net/QUEUE"],
    },
    holder: Holder::Namespace,
    address: Some((Service::Bus, "")),
    below: "queues",
    check,
    levels: &LEVELS,
    code: |queue, cloud, access| {
        let body = match access {
            Access::Write => vec![
                "with ServiceBusClient(<NAMESPACE>, DefaultAzureCredential()) as client:",
                "    with client.get_queue_sender(<QUEUE>) as sender:",
                "        sender.send_messages(ServiceBusMessage(\"hello\"))",
            ],
            _ => vec![
                "with ServiceBusClient(<NAMESPACE>, DefaultAzureCredential()) as client:",
                "    with client.get_queue_receiver(<QUEUE>, max_wait_time=10) as receiver:",
                "        for message in receiver:",
                "            print(str(message))",
                "            receiver.complete_message(message)",
            ],
        };
        ClientCode {
            packages: &["azure-identity", "azure-servicebus"],
            imports: match access {
                Access::Write => &[
                    "from azure.identity import DefaultAzureCredential",
                    "from azure.servicebus import ServiceBusClient, ServiceBusMessage",
                ],
                _ => &[
                    "from azure.identity import DefaultAzureCredential",
                    "from azure.servicebus import ServiceBusClient",
                ],
            },
            constants: vec![
                ("NAMESPACE", format!("{}.{}", queue.holder.name(), Hosts::of(cloud).service_bus)),
                ("QUEUE", queue.name.clone()),
            ],
            body,
        }
    },
};

fn check(name: &str) -> Result<(), Wrong> {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let fits = (1..=260).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c))
        && !name.contains("//")
        && edge(name.chars().next())
        && edge(name.chars().last());
    if fits { Ok(()) } else { Err(("names no queue", "a queue's name has up to 260 letters, digits and -_./")) }
}
