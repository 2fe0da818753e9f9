//! One table of a storage account.
//!
//! Source: Azure documentation, "Azure built-in roles for Storage" and "Azure permissions for Storage"; REST reference, "Understanding
//! the Table service data model".

use cloudgrant_core::{Access, ClientCode, KindWords, RegisteredKind, ResourceKind};

use crate::client::host::Service;
use crate::config::cloud::Hosts;
use crate::resources::built_in_roles::{Gives as Patterns, Role, Verdict, role};
use crate::resources::kinds::child_kind::{ChildKind, Gives, Holder, Level, Wrong, levels_of};
use crate::resources::place::Place;

const ADD: &str = "Microsoft.Storage/storageAccounts/tableServices/tables/entities/add/action";
const DELETE: &str = "Microsoft.Storage/storageAccounts/tableServices/tables/entities/delete";
const READ: &str = "Microsoft.Storage/storageAccounts/tableServices/tables/entities/read";
const UPDATE: &str = "Microsoft.Storage/storageAccounts/tableServices/tables/entities/update/action";
const WRITE: &str = "Microsoft.Storage/storageAccounts/tableServices/tables/entities/write";

const READER: Role =
    role("76199698-9eea-4c19-bc75-cec21354c6b6", "Storage Table Data Reader", Verdict::Fit, Patterns::Data(&[READ]));

// The ready-made contributor deletes the table itself as well.
const LEVELS: [Level; 4] = [
    Level { access: Access::Read, gives: Gives::Roles(&[READER]) },
    Level { access: Access::Write, gives: Gives::DataActions(&[ADD, UPDATE, WRITE]) },
    Level { access: Access::ReadWrite, gives: Gives::DataActions(&[ADD, READ, UPDATE, WRITE]) },
    Level { access: Access::Manage, gives: Gives::DataActions(&[ADD, DELETE, READ, UPDATE, WRITE]) },
];

pub(crate) static KIND: ChildKind = ChildKind {
    registered: RegisteredKind {
        kind: ResourceKind::new(&KindWords {
            id: "storage-table",
            noun: "storage table",
            with_article: "a storage table",
        }),
        levels: &levels_of(&LEVELS),
        locators: &["https://ACCOUNT.table.core.windows.net/TABLE"],
    },
    holder: Holder::StorageAccount,
    address: Some((Service::Tables, "")),
    below: "tableServices/default/tables",
    check,
    levels: &LEVELS,
    code: |table, cloud, access| {
        let host = match &table.holder {
            Place::Named(host) => host.text.clone(),
            Place::At(id) => format!("{}.{}", id.name(), Hosts::of(cloud).table),
        };
        let body = match access {
            Access::Write => vec![
                "client = TableClient(<ACCOUNT>, <TABLE>, credential=DefaultAzureCredential())",
                "client.upsert_entity({\"PartitionKey\": \"labels\", \"RowKey\": \"1\", \"label\": \"cat\"})",
            ],
            _ => vec![
                "client = TableClient(<ACCOUNT>, <TABLE>, credential=DefaultAzureCredential())",
                "for entity in client.list_entities(results_per_page=10):",
                "    print(entity)",
            ],
        };
        ClientCode {
            packages: &["azure-data-tables", "azure-identity"],
            imports: &[
                "from azure.data.tables import TableClient",
                "from azure.identity import DefaultAzureCredential",
            ],
            constants: vec![("ACCOUNT", format!("https://{host}")), ("TABLE", table.name.clone())],
            body,
        }
    },
};

fn check(name: &str) -> Result<(), Wrong> {
    let fits = (3..=63).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_alphanumeric())
        && name.chars().next().is_some_and(|c| c.is_ascii_alphabetic());
    if fits {
        return Ok(());
    }
    Err((
        "names no table",
        "a table's name has 3 to 63 letters and digits, a letter first: https://ACCOUNT.table.core.windows.net/TABLE",
    ))
}
