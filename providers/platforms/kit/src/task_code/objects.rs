//! Object stores.

use cloudgrant_core::Access;

use super::{Module, Sdk, behind_a_word, folder, literal};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    List,
    Read,
    Write,
    Delete,
}

/// What a level gives.
fn deeds(access: Access) -> &'static [Deed] {
    match access {
        Access::List => &[Deed::List],
        Access::Read => &[Deed::List, Deed::Read],
        Access::Write => &[Deed::Write],
        Access::ReadWrite => &[Deed::List, Deed::Read, Deed::Write],
        Access::Manage => &[Deed::List, Deed::Read, Deed::Write, Deed::Delete],
        // These are levels of registries.
        Access::Pull | Access::Push => &[],
    }
}

impl Deed {
    fn signature(self, word: &str) -> String {
        let word = behind_a_word(word);
        match self {
            Self::List => format!("def list_{word}() -> list[str]:"),
            Self::Read => format!("def read_{word}(name: str) -> int:"),
            Self::Write => format!("def write_{word}(name: str, text: str) -> None:"),
            Self::Delete => format!("def delete_{word}(name: str) -> None:"),
        }
    }
}

/// Objects that the SDK's own types reach by their URI.
pub(super) fn by_uri(sdk: Sdk, word: &str, access: Access, uri: &str) -> Module {
    let constant = format!("{}_URI", word.to_ascii_uppercase());
    let mut module = Module { imports: vec![sdk.import()], ..Module::default() };
    module.assigned.push(format!("{constant} = {}", folder(uri)));
    module.assigned.extend(sdk.environment(word));
    let deeds = deeds(access);
    let has = |deed| deeds.contains(&deed);
    let files = has(Deed::Read) || has(Deed::Write);
    module.imports.extend(
        match sdk {
            Sdk::Flytekit => [
                has(Deed::Delete).then_some("from flytekit.core.context_manager import FlyteContextManager"),
                has(Deed::List).then_some("from flytekit.types.directory import FlyteDirectory"),
                files.then_some("from flytekit.types.file import FlyteFile"),
            ],
            Sdk::Flyte => [
                (has(Deed::List) && !files).then_some("from flyte.io import Dir"),
                files.then_some(if has(Deed::List) {
                    "from flyte.io import Dir, File"
                } else {
                    "from flyte.io import File"
                }),
                has(Deed::Delete).then_some("from flyte.storage import get_underlying_filesystem"),
            ],
        }
        .into_iter()
        .flatten(),
    );
    for deed in deeds {
        let body = match sdk {
            Sdk::Flytekit => flytekit(*deed, &constant),
            Sdk::Flyte => flyte(*deed, &constant),
        };
        // Only what is awaited in makes a function `async`.
        let kind = if body.contains("async with") || body.contains("await ") { "async " } else { "" };
        module.functions.push(format!("{}\n{kind}{}\n{body}", sdk.decorator(word), deed.signature(word)));
    }
    module
}

fn flytekit(deed: Deed, uri: &str) -> String {
    match deed {
        Deed::List => format!(
            "    entries = FlyteDirectory.listdir(FlyteDirectory({uri}))\n    \
             return [str(entry.remote_source) for entry in entries]"
        ),
        Deed::Read => {
            format!("    with FlyteFile({uri} + name).open(\"rb\") as file:\n        return len(file.read())")
        }
        Deed::Write => {
            format!("    with FlyteFile({uri} + name).open(\"wb\") as file:\n        file.write(text.encode())")
        }
        Deed::Delete => format!(
            "    files = FlyteContextManager.current_context().file_access\n    \
             files.get_filesystem_for_path({uri}).rm({uri} + name)"
        ),
    }
}

fn flyte(deed: Deed, uri: &str) -> String {
    match deed {
        Deed::List => format!(
            "    files = await Dir.from_existing_remote({uri}).list_files()\n    return [file.path for file in files]"
        ),
        Deed::Read => format!(
            "    async with File.from_existing_remote({uri} + name).open(\"rb\") as file:\n        \
             return len(await file.read())"
        ),
        Deed::Write => format!(
            "    async with File.from_existing_remote({uri} + name).open(\"wb\") as file:\n        \
             await file.write(text.encode())"
        ),
        Deed::Delete => format!("    get_underlying_filesystem(path={uri}).rm({uri} + name)"),
    }
}

/// Objects of an account that may not be the platform's own: the SDK's types would look for them in that one.
pub(super) fn with_account(sdk: Sdk, word: &str, access: Access, [account, host, path]: [&str; 3]) -> Module {
    let (constant, files) = (format!("{}_PATH", word.to_ascii_uppercase()), format!("{word}_files()"));
    let mut module =
        Module { imports: vec!["from adlfs import AzureBlobFileSystem", sdk.import()], ..Module::default() };
    module.assigned.push("# The task's image needs the package adlfs.".to_owned());
    module.assigned.push(format!("{constant} = {}", folder(path)));
    module.assigned.extend(sdk.environment(word));
    module.functions.push(format!(
        "def {files} -> AzureBlobFileSystem:\n    return AzureBlobFileSystem(\n        account_name={},\n        \
         account_host={},\n        anon=False,  # signs in as the task's own identity\n    )",
        literal(account),
        literal(host)
    ));
    for deed in deeds(access) {
        let body = match deed {
            Deed::List => format!("    return {files}.ls({constant}, detail=False)"),
            Deed::Read => {
                format!("    with {files}.open({constant} + name, \"rb\") as file:\n        return len(file.read())")
            }
            Deed::Write => {
                format!("    with {files}.open({constant} + name, \"wb\") as file:\n        file.write(text.encode())")
            }
            Deed::Delete => format!("    {files}.rm({constant} + name)"),
        };
        module.functions.push(format!("{}\n{}\n{body}", sdk.decorator(word), deed.signature(word)));
    }
    module
}
