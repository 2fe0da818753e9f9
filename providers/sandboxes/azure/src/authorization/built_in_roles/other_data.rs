//! Roles for data other than blobs, secrets and images: queues, tables, keys, certificates, event hubs, service buses,
//! databases. A grant can give them on a resource by its id, where the manifest names them.
//!
//! Cosmos DB's own data roles are none of Azure RBAC's: they aren't listed here, as Azure doesn't list them either.

use super::{Role, role};

const QUEUES: &str = "Microsoft.Storage/storageAccounts/queueServices/queues/read";
const READ_MESSAGES: &str = "Microsoft.Storage/storageAccounts/queueServices/queues/messages/read";
const PROCESS_MESSAGES: &str = "Microsoft.Storage/storageAccounts/queueServices/queues/messages/process/action";
const READ_ENTITIES: &str = "Microsoft.Storage/storageAccounts/tableServices/tables/entities/read";

/// What sees the queues and topics of a service bus.
const BUSES: &[&str] = &[
    "Microsoft.ServiceBus/*/queues/read",
    "Microsoft.ServiceBus/*/topics/read",
    "Microsoft.ServiceBus/*/topics/subscriptions/read",
];

pub(super) const ROLES: &[Role] = &[
    Role {
        actions: &[QUEUES],
        data_actions: &[READ_MESSAGES],
        ..role("19e7f393-937e-4f77-808e-94535e297925", "Storage Queue Data Reader", "Reads queues and messages.")
    },
    Role {
        actions: &[
            "Microsoft.Storage/storageAccounts/queueServices/queues/delete",
            QUEUES,
            "Microsoft.Storage/storageAccounts/queueServices/queues/write",
        ],
        data_actions: &[
            "Microsoft.Storage/storageAccounts/queueServices/queues/messages/delete",
            READ_MESSAGES,
            "Microsoft.Storage/storageAccounts/queueServices/queues/messages/write",
            PROCESS_MESSAGES,
        ],
        ..role(
            "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
            "Storage Queue Data Contributor",
            "Reads, writes and deletes queues and messages.",
        )
    },
    Role {
        data_actions: &[READ_MESSAGES, PROCESS_MESSAGES],
        ..role(
            "8a0f0c08-91a1-4084-bc3d-661d67233fed",
            "Storage Queue Data Message Processor",
            "Takes messages from queues.",
        )
    },
    Role {
        data_actions: &["Microsoft.Storage/storageAccounts/queueServices/queues/messages/add/action"],
        ..role("c6a89b2d-59bc-44d0-9896-0f6e12d7b80a", "Storage Queue Data Message Sender", "Adds messages to queues.")
    },
    Role {
        actions: &["Microsoft.Storage/storageAccounts/tableServices/tables/read"],
        data_actions: &[READ_ENTITIES],
        ..role("76199698-9eea-4c19-bc75-cec21354c6b6", "Storage Table Data Reader", "Reads tables.")
    },
    Role {
        actions: &[
            "Microsoft.Storage/storageAccounts/tableServices/tables/read",
            "Microsoft.Storage/storageAccounts/tableServices/tables/write",
            "Microsoft.Storage/storageAccounts/tableServices/tables/delete",
        ],
        data_actions: &[
            READ_ENTITIES,
            "Microsoft.Storage/storageAccounts/tableServices/tables/entities/write",
            "Microsoft.Storage/storageAccounts/tableServices/tables/entities/delete",
            "Microsoft.Storage/storageAccounts/tableServices/tables/entities/add/action",
            "Microsoft.Storage/storageAccounts/tableServices/tables/entities/update/action",
        ],
        ..role(
            "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
            "Storage Table Data Contributor",
            "Reads, writes and deletes tables and what is in them.",
        )
    },
    Role {
        data_actions: &["Microsoft.Storage/storageAccounts/fileServices/fileshares/files/read"],
        ..role("aba4ae5f-2193-4029-9191-0cb91df5e314", "Storage File Data SMB Share Reader", "Reads file shares.")
    },
    Role {
        data_actions: &[
            "Microsoft.KeyVault/vaults/keys/read",
            "Microsoft.KeyVault/vaults/keys/update/action",
            "Microsoft.KeyVault/vaults/keys/backup/action",
            "Microsoft.KeyVault/vaults/keys/encrypt/action",
            "Microsoft.KeyVault/vaults/keys/decrypt/action",
            "Microsoft.KeyVault/vaults/keys/wrap/action",
            "Microsoft.KeyVault/vaults/keys/unwrap/action",
            "Microsoft.KeyVault/vaults/keys/sign/action",
            "Microsoft.KeyVault/vaults/keys/verify/action",
        ],
        ..role("12338af0-0e69-4776-bea7-57ae8d297424", "Key Vault Crypto User", "Encrypts and signs with keys.")
    },
    Role {
        data_actions: &[
            "Microsoft.KeyVault/vaults/certificates/read",
            "Microsoft.KeyVault/vaults/secrets/getSecret/action",
            "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
            "Microsoft.KeyVault/vaults/keys/read",
        ],
        ..role(
            "db79e9a7-68ee-4b58-9aeb-b90e7c24fcba",
            "Key Vault Certificate User",
            "Reads certificates, their secrets included.",
        )
    },
    Role {
        actions: &["Microsoft.EventHub/*"],
        data_actions: &["Microsoft.EventHub/*"],
        ..role(
            "f526a384-b230-433a-b45c-95f59c4a2dec",
            "Azure Event Hubs Data Owner",
            "Everything with event hubs, their keys included.",
        )
    },
    Role {
        actions: &["Microsoft.EventHub/*/eventhubs/consumergroups/read"],
        data_actions: &["Microsoft.EventHub/*/receive/action"],
        ..role("a638d3c7-ab3a-418d-83e6-5f17a39d4fde", "Azure Event Hubs Data Receiver", "Receives events.")
    },
    Role {
        actions: &["Microsoft.EventHub/*/eventhubs/read"],
        data_actions: &["Microsoft.EventHub/*/send/action"],
        ..role("2b629674-e913-4c01-ae53-ef4638d8f975", "Azure Event Hubs Data Sender", "Sends events.")
    },
    Role {
        actions: &["Microsoft.ServiceBus/*"],
        data_actions: &["Microsoft.ServiceBus/*"],
        ..role(
            "090c5cfd-751d-490a-894a-3ce6f1109419",
            "Azure Service Bus Data Owner",
            "Everything with service buses, their keys included.",
        )
    },
    Role {
        actions: BUSES,
        data_actions: &["Microsoft.ServiceBus/*/receive/action"],
        ..role("4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0", "Azure Service Bus Data Receiver", "Receives messages.")
    },
    Role {
        actions: BUSES,
        data_actions: &["Microsoft.ServiceBus/*/send/action"],
        ..role("69a216fc-b8fb-44d8-bc22-1f3c2cd27a39", "Azure Service Bus Data Sender", "Sends messages.")
    },
    Role {
        actions: &[
            "Microsoft.Authorization/*/read",
            "Microsoft.DocumentDB/*/read",
            "Microsoft.DocumentDB/databaseAccounts/readonlykeys/action",
            "Microsoft.Insights/MetricDefinitions/read",
            "Microsoft.Insights/Metrics/read",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
            "Microsoft.Support/*",
        ],
        ..role(
            "fbdf93bf-df7d-467e-a4d2-9458aa1360c8",
            "Cosmos DB Account Reader Role",
            "Reads database accounts and their read-only keys.",
        )
    },
];
