//! Secrets. What a task reads it never returns (requirement 42).

use super::{Module, Sdk, behind_a_word, environment_name, literal};

const USE: &str = "    if not value:\n        raise ValueError(\"the secret is empty\")\n    # Use the value here.";

/// A secret that the platform mounts. As a file: its names don't fit the name of a variable.
///
/// Source: Union, "Enabling AWS Secrets Manager"; the `Secret` of flytekit and of flyte; where the file is, flyteorg/flyte,
/// `executor/pkg/webhook/aws_secret_manager.go`.
pub(super) fn mounted(sdk: Sdk, word: &str, group: &str, key: &str) -> Module {
    let upper = word.to_ascii_uppercase();
    let mut module = Module {
        assigned: vec![format!("{upper}_GROUP = {}", literal(group)), format!("{upper}_KEY = {}", literal(key))],
        ..Module::default()
    };
    let (decorator, value) = match sdk {
        Sdk::Flytekit => {
            module.imports.push("from flytekit import Secret, current_context, task");
            module.assigned.push(format!(
                "{upper} = Secret(\n    group={upper}_GROUP,\n    key={upper}_KEY,\n    \
                 mount_requirement=Secret.MountType.FILE,\n)"
            ));
            let value = format!("current_context().secrets.get({upper}_GROUP, {upper}_KEY)");
            (format!("@task(secret_requests=[{upper}])"), value)
        }
        Sdk::Flyte => {
            module.standard.push("from pathlib import Path");
            module.imports.push("import flyte");
            module.assigned.push(format!(
                "{upper}_MOUNT = Path(\"/etc/flyte/secrets\")\n{word}_env = flyte.TaskEnvironment(\n    name={},\n    \
                 secrets=[flyte.Secret(key={upper}_KEY, group={upper}_GROUP, mount={upper}_MOUNT)],\n)",
                literal(&environment_name(word))
            ));
            // The platform makes the file's names of these, in lower case.
            let value = format!("({upper}_MOUNT / {upper}_GROUP.lower() / {upper}_KEY.lower()).read_text()");
            (sdk.decorator(word), value)
        }
    };
    let word = behind_a_word(word);
    module.functions.push(format!("{decorator}\ndef use_{word}() -> None:\n    value = {value}\n{USE}"));
    module
}

/// A secret that task code asks a vault for, under its own identity: the platform mounts none of another vault.
pub(super) fn in_vault(sdk: Sdk, word: &str, vault: &str, name: &str) -> Module {
    let upper = word.to_ascii_uppercase();
    let mut assigned = vec![
        "# The task's image needs the packages azure-identity and azure-keyvault-secrets.".to_owned(),
        format!("{upper}_VAULT = {}", literal(vault)),
        format!("{upper}_NAME = {}", literal(name)),
    ];
    assigned.extend(sdk.environment(word));
    Module {
        standard: Vec::new(),
        imports: vec![
            "from azure.identity import DefaultAzureCredential",
            "from azure.keyvault.secrets import SecretClient",
            sdk.import(),
        ],
        assigned,
        functions: vec![format!(
            "{}\ndef use_{}() -> None:\n    client = SecretClient({upper}_VAULT, DefaultAzureCredential())\n    \
             value = client.get_secret({upper}_NAME).value\n{USE}",
            sdk.decorator(word),
            behind_a_word(word)
        )],
    }
}
