//! What the sandbox says that it answers of the Azure CLI's commands: each is one of a service that is there.

use crate::client::Cloud;
use crate::{SUBSCRIPTION, VERSION};

#[tokio::test]
async fn every_service_whose_commands_are_printed_answers() {
    let cloud = Cloud::start("").await;
    assert!(!cloud.running.commands().is_empty());
    for command in cloud.running.commands() {
        let list = match *command {
            "az acr" => "/providers/Microsoft.ContainerRegistry/registries?api-version=2023-07-01".to_owned(),
            "az group" => "/resourcegroups?api-version=2021-04-01".to_owned(),
            "az identity" => {
                "/providers/Microsoft.ManagedIdentity/userAssignedIdentities?api-version=2023-01-31".to_owned()
            }
            "az resource" => "/resources?api-version=2021-04-01".to_owned(),
            "az role" => format!("/providers/Microsoft.Authorization/roleAssignments{VERSION}"),
            other => panic!("nothing is known of `{other}`: ask its service here"),
        };
        let names = cloud.get(&format!("{SUBSCRIPTION}{list}")).await.names();
        assert!(!names.is_empty(), "{command}");
    }
    // All of them are of the tool that is set up.
    let tool = cloud.running.setup().expect("one").tool;
    assert!(cloud.running.commands().iter().all(|command| command.split(' ').next() == Some(tool)));
}
